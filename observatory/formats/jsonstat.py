"""JSON-stat 1.2 and 2.0: one dataset, dense or sparse, with its statuses.

Belongs here: what the members of a dataset mean, and a fast way for its cells. Does not belong here: the
table's layout (cube.py), a cube in several answers (parts.py), asking for it or judging an answer without
values (sources/). Facts: JSON-stat format, Badosa; the answers of PxWeb and of Eurostat's statistics API.

The standard library decodes all but the cells: a Python object a cell costs ten times the memory of the
file. ``value`` and ``status`` are cut out of the bytes where they are flat, and read by Arrow; the decoder
then proves that what is left is JSON with a hole just there. Anything unusual is decoded whole.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from observatory.errors import FormatError
from observatory.formats import cube, text
from observatory.formats.cube import KIND_MISSING, KIND_NIL, Dimension
from observatory.formats.px_data import SPARSE_FREE_CELLS, SPARSE_RATIO

WHAT = "a JSON-stat dataset"
NIL = "-"

_HOLES = {"value": "NaN", "status": "Infinity"}  # constants that JSON does not have
_OPENING = re.compile(rb"[ \t\r\n]*:[ \t\r\n]*[\[{]")
_BLANKS = b" \t\r\n"
_SPLIT = re.compile(rb'[\w".+-][ \t\r\n]+[\w".+-]')  # a blank inside a token or in place of a comma
_NUMERIC = b"0123456789+-.eE" + b"nul"
_COMMA_TO_LINE = bytes.maketrans(b",", b"\n")
_CONTROL = bytes(range(32))
_POSITION = re.compile(r"[0-9]{1,18}")
_NOT_ABOUT = {"value", "status", "dimension", "id", "size", "role", "label", "updated", "version", "class"}


@dataclass(frozen=True)
class _Pairs:
    """Cells of a sparse member: row-major positions and their entries (doubles, or texts), in file order."""

    at: npt.NDArray[np.integer[Any]]
    entries: pa.Array


def read(data: bytes, *, name: str) -> pa.Table:
    """Read an answer (UTF-8, with or without BOM, possibly gzip) into a long table, one row a cell.

    Dimensions stand in the order of ``id`` and keep every one that was published (``ContentsCode`` too). A
    cell that a sparse ``value`` leaves out is ``missing``; null with status ``-`` is ``nil``; a status beside
    a number never takes it away. ``flag`` is the status verbatim. ``about``: format, version, title, updated
    (null for the year 9999, which PxWeb writes for an unreadable date), role, dimensions (label, unit and
    extension of each), and all other members of the dataset under their own names. Raises FormatError.
    """
    data = text.gunzip(data, name)
    text.refuse_html(data, name, WHAT)
    dataset = _dataset(_decode(data, name), name)
    outer = _member(dataset, "dimension", "dimension", name)
    frame = dataset if "id" in dataset else outer  # version 1 keeps id, size and role inside dimension
    dimensions = _dimensions(frame, outer, name)
    values = _values(dataset.get("value"), dimensions, name)
    index, texts = _flags(dataset.get("status"), dimensions, name)
    is_empty = values.is_null().to_numpy(zero_copy_only=False)
    kinds = is_empty.astype(np.int8) * np.int8(KIND_MISSING)
    if NIL in texts:
        kinds[is_empty & (index == texts.index(NIL))] = KIND_NIL
    del is_empty
    about = _about(dataset, frame, outer, dimensions)
    try:
        return cube.build(dimensions, values, (index, texts) if texts else None, kinds, about, name)
    except (UnicodeEncodeError, RecursionError) as error:
        found = "half of a surrogate pair" if isinstance(error, UnicodeError) else "members nested too deeply"
        raise FormatError(name, "texts", expected="Unicode texts", found=found) from error


def _decode(data: bytes, name: str) -> Any:
    """The document; flat ``value`` and ``status`` are Arrow data in it, the rest Python objects."""
    cut: dict[str, tuple[int, int, Any]] = {}
    for key in _HOLES:
        cells = _flat(data, key, cut.get("value", (0, 0))[:2])
        if cells:
            cut[key] = cells
    if cut:
        pieces, start = [], 0
        for key, (first, end, _) in sorted(cut.items(), key=lambda item: item[1][0]):
            pieces += [data[start:first], _HOLES[key].encode()]
            start = end
        holes = {_HOLES[key]: cells for key, (_, _, cells) in cut.items()}
        try:
            document = _loads(b"".join([*pieces, data[start:]]), holes, name)
        except FormatError:
            document = None  # not flat after all, or no JSON: the whole file says which, and where
        objects = [document, *document.values()] if isinstance(document, dict) else []
        datasets = [d for d in objects if isinstance(d, dict)]
        if all(any(d.get(key) is cells for d in datasets) for key, (_, _, cells) in cut.items()):
            return document
    return _loads(data, {}, name)


def _loads(data: bytes, holes: dict[str, Any], name: str) -> Any:
    """Decode JSON, ``holes`` filled once each. Raises FormatError; also for NaN and for keys that repeat."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            double = cube.repeated(key for key, _ in pairs)[0]
            beside = ", ".join(map(repr, list(found)[:3]))
            raise FormatError(
                name, f"key {double!r:.60}", expected="every key once", found=f"two in the object of {beside:.90}, …"
            )
        return found

    def constant(token: str) -> Any:
        if token not in holes:
            raise ValueError(f"{token}, which is no number in JSON")
        return holes.pop(token)

    try:
        document = json.loads(text.decode(data, name), object_pairs_hook=unique, parse_constant=constant)
    except json.JSONDecodeError as error:
        near = error.doc[max(0, error.pos - 20) : error.pos + 20]
        where = f"character {error.pos + 1}"
        raise FormatError(name, where, expected="whole JSON", found=f"{error.msg} in {near!r}") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(name, "JSON", expected="whole JSON", found=str(error)[:200]) from error
    if holes:
        raise FormatError(name, "JSON", expected="value and status as members", found="them in a text")
    return document


def _flat(data: bytes, key: str, done: tuple[int, int]) -> tuple[int, int, Any] | None:
    """Begin, end and cells of the longest member ``key`` outside ``done``; None where it is not plainly flat."""
    best, at, member = (0, 0), 0, f'"{key}"'.encode()
    while at >= 0:
        found = data.find(member, at, done[0]) if at < done[0] else -1
        at = found if found >= 0 else data.find(member, max(at, done[1]))
        opening = _OPENING.match(data, at + len(member)) if at >= 0 else None
        if opening:
            at = _closing(data, opening.end() - 1)
            best = max(best, (opening.end() - 1, at), key=lambda span: span[1] - span[0])
        elif at >= 0:
            at += len(member)
    first, end = best
    if end - first <= 2:
        return None
    inside, is_list = slice(first + 1, end - 1), data[first : first + 1] == b"["
    if key == "status":
        cells = None if is_list else _text_pairs(data[inside])
    else:
        cells = _numbers(data[inside]) if is_list else _number_pairs(data[inside])
    return None if cells is None else (first, end, cells)


def _closing(data: bytes, opening: int) -> int:
    """Place after the bracket that closes a flat array or object, -1 if there is none."""
    if data[opening : opening + 1] == b"[":
        return data.find(b"]", opening) + 1 or -1
    quotes, start = 0, opening
    while (end := data.find(b"}", start)) >= 0:
        quotes += data.count(b'"', start, end)
        if quotes % 2 == 0:
            return end + 1
        start = end + 1  # that brace stands in a text
    return -1


def _compact(body: bytes) -> bytes:
    """Numbers, commas and keys without blanks between them; empty if there is anything else."""
    if any(blank in body for blank in (b" ", b"\n", b"\t", b"\r")):
        if _SPLIT.search(body):
            return b""
        body = body.translate(None, _BLANKS)
    return b"" if body.translate(None, _NUMERIC + b'":,') else body


def _numbers(body: bytes) -> pa.Array | None:
    """The inside of an array of numbers and nulls as doubles, None if it is something else."""
    body = _compact(body)
    if not body or b'"' in body or b":" in body:
        return None
    body = body.translate(_COMMA_TO_LINE)
    columns = _csv(body, {"value": pa.float64()})
    return columns[0].combine_chunks() if columns else None


def _number_pairs(body: bytes) -> _Pairs | None:
    """The inside of an object of positions and numbers or nulls, None if it is something else."""
    body = _compact(body)
    pairs = body.count(b":")
    # As many quotes, colons and commas as the pairs need, each beside the other, leave no room for more.
    needed = {b'"': 2 * pairs, b'":': pairs, b",": pairs - 1, b',"': pairs - 1}
    if body[:1] != b'"' or any(body.count(mark) != times for mark, times in needed.items()):
        return None
    body = body.translate(_COMMA_TO_LINE, b'"')
    return _pairs(_csv(body, {"at": pa.int32(), "value": pa.float64()}), pairs)


def _text_pairs(body: bytes) -> _Pairs | None:
    """The inside of an object of positions and texts without escapes, None if it is something else."""
    quotes = body.count(b'"')
    pairs = quotes // 4
    is_plain = b"\\" not in body and np.frombuffer(body, dtype=np.uint8).min() >= 32
    if not is_plain or quotes % 4 or body.count(b'":"') != pairs or body[:1] + body[-1:] != b'""':
        return None
    # A text that is one comma would be torn apart here; then the rows are more than the pairs.
    body = body.replace(b'","', b'"\n"')
    return _pairs(_csv(body, {"at": pa.int32(), "status": pa.dictionary(pa.int32(), pa.string())}), pairs)


def _pairs(columns: list[pa.ChunkedArray] | None, pairs: int) -> _Pairs | None:
    if not columns or len(columns[0]) != pairs or columns[0].null_count:
        return None
    return _Pairs(columns[0].to_numpy(), columns[1].combine_chunks())


def _csv(lines: bytes, types: Mapping[str, pa.DataType]) -> list[pa.ChunkedArray] | None:
    """Columns between colons, one row a line, ``null`` as null; None if a line is not of these types.

    Arrow's CSV reader is the fastest parser of numbers at hand.
    """
    quote = '"' if len(types) > 1 else False
    try:
        table = csv.read_csv(
            pa.BufferReader(lines),
            memory_pool=pa.system_memory_pool(),
            read_options=csv.ReadOptions(column_names=list(types), block_size=1 << 20),
            parse_options=csv.ParseOptions(
                delimiter=":", quote_char=quote, double_quote=False, escape_char=False, ignore_empty_lines=False
            ),
            convert_options=csv.ConvertOptions(column_types=dict(types), null_values=["null"]),
        )
    except pa.ArrowInvalid:
        return None
    return list(table.unify_dictionaries().columns)


def _dataset(document: Any, name: str) -> dict[str, Any]:
    """The one dataset of a document: the document itself, or the only member that is one."""
    if not isinstance(document, dict):
        raise FormatError(name, "document", expected=WHAT, found=f"{type(document).__name__} {document!r:.60}")
    if "value" not in document:
        for key in ("error", "warning"):
            if key in document:
                raise FormatError(
                    name,
                    "answer",
                    expected=WHAT,
                    found=f"an {key} message: {_message(document[key])}".replace("an w", "a w"),
                    remedy="Ask again later, or for fewer cells; the message is the publisher's",
                )
    kind = document.get("class", "dataset")
    if kind != "dataset":
        raise FormatError(name, "class", expected="dataset", found=f"{kind!r:.60}")
    if "dimension" in document:
        return document
    inner = {key: d for key, d in document.items() if isinstance(d, dict) and "dimension" in d}
    if len(inner) != 1:
        found = f"{len(inner)} datasets among {', '.join(map(repr, document))!s:.200}"
        raise FormatError(name, "document", expected="one dataset with its dimension", found=found)
    return next(iter(inner.values()))


def _message(entries: Any) -> str:
    """What an error body says: a text, an object with ``label``, or a list of either."""
    said = []
    for entry in entries if isinstance(entries, list) else [entries]:
        label = entry.get("label", entry) if isinstance(entry, dict) else entry
        status = f" (status {entry['status']})" if isinstance(entry, dict) and "status" in entry else ""
        said.append(f"{str(label).rstrip('.')!r}{status}")
    return "; ".join(said)[:400]


def _member(parent: Mapping[str, Any], key: str, where: str, name: str) -> dict[str, Any]:
    found = parent.get(key)
    if not isinstance(found, dict):
        raise FormatError(name, where, expected=f"an object {key!r}", found=f"{found!r:.60}")
    return found


def _dimensions(frame: Mapping[str, Any], outer: Mapping[str, Any], name: str) -> list[Dimension]:
    ids, sizes = frame.get("id"), frame.get("size")
    if not isinstance(ids, list) or not all(isinstance(code, str) for code in ids):
        raise FormatError(name, "id", expected="a list of dimension names", found=f"{ids!r:.80}")
    if not isinstance(sizes, list) or len(sizes) != len(ids):
        raise FormatError(name, "size", expected=f"a list of {len(ids)} sizes, one a dimension", found=f"{sizes!r:.80}")
    if doubles := cube.repeated(ids):
        raise FormatError(name, "id", expected="every dimension once", found=f"{doubles[0]!r} again")
    further = [
        key for key, entry in outer.items() if key not in ids and isinstance(entry, dict) and "category" in entry
    ]
    if further:
        raise FormatError(name, "id", expected="all members of dimension", found=f"none of {further[0]!r}")
    dimensions = [_dimension(code, size, outer, name) for code, size in zip(ids, sizes, strict=True)]
    for dimension in dimensions:
        cube.check_dimension(dimension, name)
    cube.check_size([len(d.codes) for d in dimensions], name, where="size")
    return dimensions


def _dimension(code: str, size: Any, outer: Mapping[str, Any], name: str) -> Dimension:
    """Codes in the order of ``category.index`` (an object of positions, or a list) and their labels."""
    where = f"dimension {code!r}"
    category = _member(_member(outer, code, where, name), "category", where, name)
    index, labels = category.get("index"), category.get("label") or {}
    if not isinstance(labels, dict) or not all(isinstance(label, str) for label in labels.values()):
        raise FormatError(name, where, expected="an object of labels", found=f"{labels!r:.60}")
    codes: list[str]
    if isinstance(index, dict):
        if sorted(p if type(p) is int else -1 for p in index.values()) != list(range(len(index))):
            found = f"{list(index.values())!r:.60}"
            raise FormatError(name, where, expected=f"positions 0 to {len(index) - 1}, each once", found=found)
        codes = sorted(index, key=index.__getitem__)
    elif index is None and len(labels) == 1:
        codes = list(labels)
    elif isinstance(index, list) and all(isinstance(c, str) for c in index):
        codes = index
    else:
        raise FormatError(name, where, expected="an index of codes", found=f"{index!r:.60}")
    if type(size) is not int or size != len(codes):
        raise FormatError(name, where, expected=f"{size!r:.20} categories, its size", found=f"{len(codes)}")
    return Dimension(code, codes, {"": [labels.get(c, c) for c in codes]} if labels else {})


def _values(found: Any, dimensions: Sequence[Dimension], name: str) -> pa.Array:
    """A double a cell, null where there is none."""
    sizes = [len(d.codes) for d in dimensions]
    if isinstance(found, (pa.Array, list)):
        cube.check_size(sizes, name, len(found), where="value")
    if isinstance(found, (dict, list)):
        found = _checked(found, "value", dimensions, name)
    if isinstance(found, _Pairs):
        found = _spread(found, sizes, name)
    elif not isinstance(found, pa.Array):
        raise FormatError(name, "value", expected="an array or an object of cells", found=f"{found!r:.60}")
    if not all(math.isfinite(end or 0.0) for end in pc.min_max(found).as_py().values()):
        at = pc.index(pc.is_inf(found), True).as_py()
        raise FormatError(name, _cell(at, dimensions), expected="a number", found="one beyond any range")
    return found


def _checked(found: dict[str, Any] | list[Any], member: str, dimensions: Sequence[Dimension], name: str) -> _Pairs:
    """Cells that the decoder gave, looked at one by one."""
    what, types = ("a number or null", (int, float)) if member == "value" else ("a text", str)
    at = np.arange(len(found))
    if isinstance(found, dict):
        if strange := [key for key in found if not _POSITION.fullmatch(key)]:
            raise FormatError(name, member, expected="positions of cells as keys", found=f"{strange[0]!r:.60}")
        at = np.array([int(key) for key in found], dtype=np.int64)
        found = list(found.values())
    for n, entry in enumerate(found):
        if entry is not None and (isinstance(entry, bool) or not isinstance(entry, types)):
            where = f"{member}, {_cell(int(at[n]), dimensions)}"
            raise FormatError(name, where, expected=what, found=f"{entry!r:.60}")
    if member == "status":
        return _Pairs(at, pa.array(found, pa.string()).dictionary_encode())
    # An integer may be too long for a double.
    numbers = [v if v is None else float(v) if abs(v) < 10**308 else math.inf for v in found]
    return _Pairs(at, pa.array(numbers, pa.float64()))


def _spread(found: _Pairs, sizes: Sequence[int], name: str) -> pa.Array:
    cells = math.prod(sizes)
    if cells > SPARSE_FREE_CELLS and len(found.at) * SPARSE_RATIO < cells:
        shape = " x ".join(map(str, sizes))
        expected = f"at least one value in {SPARSE_RATIO} cells"
        raise FormatError(name, "value", expected=expected, found=f"{len(found.at)} in {cells} ({shape})")
    _check_positions(found.at, cells, "value", name)
    numbers = np.zeros(cells)
    numbers[found.at] = found.entries.fill_null(0.0).to_numpy()
    is_there = np.zeros(cells, dtype=bool)
    is_there[found.at] = found.entries.is_valid().to_numpy(zero_copy_only=False)
    bits = np.packbits(is_there, bitorder="little")
    return pa.Array.from_buffers(pa.float64(), cells, [pa.py_buffer(bits), pa.py_buffer(numbers)])


def _flags(found: Any, dimensions: Sequence[Dimension], name: str) -> tuple[npt.NDArray[Any], list[str]]:
    """Per cell an index into the texts, -1 for none; a single text, or a list of one, is that of all cells."""
    cells = math.prod(len(d.codes) for d in dimensions)
    if found is None:
        return np.zeros(0, dtype=np.int8), []
    if isinstance(found, str) or (isinstance(found, list) and len(found) == 1):
        found = [found] * cells if isinstance(found, str) else found * cells
    if isinstance(found, list) and len(found) != cells:
        raise FormatError(name, "status", expected=f"{cells} statuses, one a cell", found=f"{len(found)}")
    if isinstance(found, (dict, list)):
        found = _checked(found, "status", dimensions, name)
    if not isinstance(found, _Pairs):
        raise FormatError(name, "status", expected="an object, an array or a text", found=f"{found!r:.60}")
    _check_positions(found.at, cells, "status", name)
    texts = found.entries.dictionary.to_pylist()
    marks = found.entries.indices.fill_null(-1).to_numpy()
    if "" in texts:
        marks = np.where(marks == texts.index(""), -1, marks)
    index = np.full(cells, -1, dtype=np.min_scalar_type(-max(len(texts), 1)))
    index[found.at] = marks
    return index, texts


def _check_positions(at: npt.NDArray[np.integer[Any]], cells: int, member: str, name: str) -> None:
    outside = at[(at < 0) | (at >= cells)]
    if len(outside):
        raise FormatError(name, member, expected=f"positions 0 to {cells - 1}", found=f"position {outside[0]}")
    seen = np.zeros(cells, dtype=bool)
    seen[at] = True
    if np.count_nonzero(seen) < len(at):
        order = np.sort(at)
        double = order[1:][np.diff(order) == 0][0]
        raise FormatError(name, member, expected="every position once", found=f"{double} again")


def _cell(at: int, dimensions: Sequence[Dimension]) -> str:
    """A cell in words: its position and ``dimension=code`` for each dimension."""
    marks, rest = [], at
    for dimension in reversed(dimensions):
        rest, place = divmod(rest, len(dimension.codes))
        marks.append(f"{dimension.code}={dimension.codes[place]}")
    return f"cell {at}" + (f" ({', '.join(reversed(marks))})" if not rest else " (beyond the last)")


def _about(
    dataset: Mapping[str, Any], frame: Mapping[str, Any], outer: Mapping[str, Any], dimensions: Sequence[Dimension]
) -> dict[str, Any]:
    updated = dataset.get("updated")
    described = {}
    for dimension in dimensions:
        entry = outer[dimension.code]
        own = {key: member for key, member in entry.items() if key != "category"}
        described[dimension.code] = {**_without(entry["category"], {"index", "label"}), **own}
    return {
        **_without(dataset, _NOT_ABOUT),
        "format": "JSON-stat",
        "version": dataset.get("version", "2.0" if frame is dataset else "1.2"),
        "title": dataset.get("label"),
        "updated": updated if isinstance(updated, str) and not updated.startswith("9999") else None,
        "role": frame.get("role") or {},
        "dimensions": described,
    }


def _without(members: Mapping[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: member for key, member in members.items() if key not in keys}
