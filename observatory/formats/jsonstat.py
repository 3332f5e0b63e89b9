"""JSON-stat 1.2 and 2.0: one dataset, dense or sparse, with its statuses.

Belongs here: what the members of a dataset mean, and a fast way for its cells. Does not belong here: the
table's layout (cube.py), a cube in several answers (parts.py), asking for it or judging an answer without
values (sources/). Facts: JSON-stat format, Badosa; the answers of PxWeb and of Eurostat's statistics API.

The standard library decodes all but the cells: a Python object a cell costs several times the file. Where
``value`` and ``status`` are plainly flat they are cut out of the bytes and read by Arrow; the decoder then
proves that the rest is JSON with a hole just there. Anything unusual is decoded whole.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

from observatory.errors import FormatError
from observatory.formats import cube, text
from observatory.formats.cube import KIND_MISSING, KIND_NIL, Dimension
from observatory.formats.px_data import SPARSE_FREE_CELLS, SPARSE_RATIO

WHAT = "a JSON-stat dataset"
NIL = "-"

_HOLES = {"value": "NaN", "status": "Infinity"}  # constants that JSON does not have
_OPENING = re.compile(rb"[ \t\r\n]*:[ \t\r\n]*[\[{]")
_SPLIT = re.compile(rb'[\w".+-][ \t\r\n]+[\w".+-]')  # a blank inside a token or in place of a comma
_NUMERIC = b'0123456789+-.eE":,' + b"nul"
_COMMA_TO_LINE = bytes.maketrans(b",", b"\n")
_POSITION = re.compile(r" *[0-9]{1,18} *")  # with blanks, as Arrow would take them
_OWN = {"dimension", "id", "size", "role", "label", "updated", "version", "class"}

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class _Cells:
    """Cells in file order: doubles (NaN for null), or places in ``texts`` (-1 for null).

    ``at``: row-major positions, None for all cells in that order. ``first``, ``end``: their place in the file.
    """

    member: str
    at: Array | None
    entries: Array
    texts: Sequence[str] = ()
    first: int = 0
    end: int = 0


def read(data: bytes, *, name: str) -> pa.Table:
    """Read an answer (UTF-8, with or without BOM, possibly gzip) into a long table, one row a cell.

    Dimensions stand in the order of ``id``, every published one is kept (``ContentsCode`` too). A cell that a
    sparse ``value`` leaves out is ``missing``; null with status ``-`` is ``nil``; a status beside a number
    never takes it away; ``flag`` is the status verbatim. ``about``: format, version, title, updated (null for
    the year 9999, which PxWeb writes for a date it cannot read), role, dimensions (label, unit, extension and
    the like of each), and all other members of the dataset under their own names. Raises FormatError.
    """
    data = text.gunzip(data, name)
    text.refuse_html(data, name, WHAT)
    dataset = _decode(data, name)
    outer = _member(dataset, "dimension", "dimension", name)
    frame = dataset if "id" in dataset else outer  # version 1 keeps id, size and role inside dimension
    dimensions = _dimensions(frame, outer, name)
    values = _values(dataset.pop("value", None), dimensions, name)
    index, texts = _flags(dataset.pop("status", None), dimensions, name)
    is_empty = np.isnan(values)
    valid = pa.py_buffer(np.packbits(~is_empty, bitorder="little"))
    column = pa.Array.from_buffers(pa.float64(), len(values), [valid, pa.py_buffer(values)])
    kinds = is_empty.astype(np.int8) * np.int8(KIND_MISSING)
    if NIL in texts:
        kinds[is_empty & (index == texts.index(NIL))] = KIND_NIL
    about = _about(dataset, frame, outer)
    try:
        return cube.build(dimensions, column, (index, texts) if texts else None, kinds, about, name)
    except RecursionError as error:
        raise FormatError(name, "document", expected="members a few levels deep", found="hundreds of levels") from error


def _decode(data: bytes, name: str) -> dict[str, Any]:
    """The dataset; flat ``value`` and ``status`` are arrays in it, the rest is as ``json`` gives it."""
    values = _flat(data, "value")
    cut = sorted((c for c in (values, _flat(data, "status", values)) if c), key=lambda c: c.first)
    shell, start = b"", 0
    for cells in cut:
        shell += data[start : cells.first] + _HOLES[cells.member].encode()
        start = cells.end
    try:
        holes: dict[str, Any] = {_HOLES[cells.member]: cells for cells in cut}
        dataset = _dataset(_loads(shell + data[start:], holes, name), name)
        if all(dataset.get(cells.member) is cells for cells in cut):
            return dataset
    except FormatError:
        pass  # not flat after all, or no dataset: the whole file says which, and where
    return _dataset(_loads(data, {}, name), name)


def _loads(data: bytes, holes: dict[str, Any], name: str) -> Any:
    """Decode JSON, ``holes`` filled once each. Raises FormatError; also for NaN and for keys that repeat."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            double = cube.repeated(key for key, _ in pairs)[0]
            where, beside = f"key {double!r:.60}", ", ".join(map(repr, list(found)[:3]))
            raise FormatError(name, where, expected="every key once", found=f"two beside {beside:.90} …")
        return found

    def constant(token: str) -> Any:
        if token not in holes:
            raise ValueError(f"{token}, which is no number in JSON")
        return holes.pop(token)

    try:
        document = json.loads(text.decode(data, name), object_pairs_hook=unique, parse_constant=constant)
        if b"\\u" in data:
            json.dumps(document, ensure_ascii=False, default=str).encode()  # refuses half of a surrogate pair
        return document
    except json.JSONDecodeError as error:
        where, near = f"character {error.pos + 1}", error.doc[max(0, error.pos - 20) : error.pos + 20]
        raise FormatError(name, where, expected="whole JSON", found=f"{error.msg} in {near!r}") from error
    except (ValueError, RecursionError) as error:
        raise FormatError(name, "JSON", expected="whole JSON", found=f"{error!s:.200}") from error


def _flat(data: bytes, member: str, done: _Cells | None = None) -> _Cells | None:
    """Cells of the longest ``member`` outside those ``done``; None where it is not plainly flat."""
    first, end, at, mark = 0, 0, 0, f'"{member}"'.encode()
    skip = (done.first, done.end) if done else (0, 0)
    while at >= 0:
        before = data.find(mark, at, skip[0]) if at < skip[0] else -1
        at = before if before >= 0 else data.find(mark, max(at, skip[1]))
        opening = _OPENING.match(data, at + len(mark)) if at >= 0 else None
        if opening:
            at = _closing(data, opening.end() - 1)
            if at - opening.end() >= end - first:
                first, end = opening.end() - 1, at
        elif at >= 0:
            at += len(mark)
    if end - first <= 2:
        return None
    inside, is_list = slice(first + 1, end - 1), data[first : first + 1] == b"["
    cells = (_numbers if member == "value" else _marks)(data[inside], is_list)
    return cells and replace(cells, first=first, end=end)


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
        body = b"" if _SPLIT.search(body) else body.translate(None, b" \t\r\n")
    return b"" if body.translate(None, _NUMERIC) else body


def _numbers(body: bytes, is_list: bool) -> _Cells | None:
    """The inside of an array, or of an object by position, of numbers and nulls; None if it is something else."""
    body = _compact(body)
    rows = body.count(b",") + 1
    # As many quotes, colons and commas as the pairs need, each beside the other, leave no room for more.
    needed = {b'"': 0, b":": 0} if is_list else {b'"': 2 * rows, b":": rows, b'":': rows, b',"': rows - 1}
    if not body or any(body.count(mark) != times for mark, times in needed.items()):
        return None
    is_loose = not is_list and (body[:1] != b'"' or b'"-' in body)
    if is_loose or _has_odd_number(body):
        return None
    types = {"value": np.float64} if is_list else {"at": np.int32, "value": np.float64}
    body = body.translate(_COMMA_TO_LINE, b"" if is_list else b'"')
    columns = _columns(body, rows, types)
    return _Cells("value", None if is_list else columns[0], columns[-1]) if columns else None


def _has_odd_number(body: bytes, block: int = 1 << 18) -> bool:
    """Whether a number is written as Arrow takes it and JSON does not: ``01``, ``+1``, ``.5``, ``5.``."""
    has_dot, has_minus, has_plus = (mark in body for mark in (b".", b"-", b"+"))
    start = 0
    while start < len(body):
        end = body.find(b",", start + block)
        end = len(body) if end < 0 else end
        part = np.frombuffer(b"," + body[start:end] + b",", dtype=np.uint8)
        is_digit = (part - np.uint8(ord("0"))) < 10
        begins = (part == ord(",")) | (part == ord(":"))
        if has_minus:
            begins[1:] |= begins[:-1] & (part[1:] == ord("-"))
        is_odd = begins[:-2] & (part[1:-1] == ord("0")) & is_digit[2:]
        if has_plus:
            is_odd |= begins[:-2] & (part[1:-1] == ord("+"))
        if has_dot:
            is_odd |= (part[1:-1] == ord(".")) & (begins[:-2] | ~is_digit[2:])
        if is_odd.any():
            return True
        start = end + 1
    return False


def _marks(body: bytes, is_list: bool) -> _Cells | None:
    """The inside of an object of texts without escapes, by position; None if it is something else."""
    quotes = body.count(b'"')
    rows = quotes // 4
    is_plain = b"\\" not in body and np.frombuffer(body, dtype=np.uint8).min() >= 32
    if is_list or not is_plain or quotes % 4 or body.count(b'":"') != rows or body[:1] + body[-1:] != b'""':
        return None
    body = body.replace(b'","', b'"\n"')
    texts: dict[str, int] = {}
    columns = _columns(body, rows, {"at": np.int32, "status": np.int32}, texts)
    is_torn = any("\n" in entry or '"' in entry for entry in texts)  # a comma alone, a blank after the colon
    return _Cells("status", columns[0], columns[1], list(texts)) if columns and not is_torn else None


def _columns(
    lines: bytes, rows: int, types: Mapping[str, type], texts: dict[str, int] | None = None
) -> list[Array] | None:
    """Columns between colons, one row a line: null as NaN, ``status`` as its place in ``texts``, which grows.

    None if a line is not of these types. Arrow's CSV reader is the fastest parser of numbers at hand; read
    block by block it takes no memory beside the result.
    """
    found: list[Array] = [np.empty(rows, dtype=kind) for kind in types.values()]
    in_arrow = {key: pa.from_numpy_dtype(kind) for key, kind in types.items()}
    in_arrow |= {"status": pa.dictionary(pa.int32(), pa.string())} if texts is not None else {}
    form = {"delimiter": ":", "double_quote": False, "escape_char": False, "ignore_empty_lines": False}
    start = 0
    try:
        blocks = csv.open_csv(
            pa.BufferReader(lines),
            read_options=csv.ReadOptions(column_names=list(types), block_size=1 << 20, use_threads=False),
            parse_options=csv.ParseOptions(quote_char=False if texts is None else '"', **form),
            convert_options=csv.ConvertOptions(column_types=in_arrow, null_values=["null"]),
        )
        for block in blocks:
            for target, column in zip(found, block.columns, strict=True):
                part = target[start : start + len(column)]
                if texts is not None and pa.types.is_dictionary(column.type):
                    places = [texts.setdefault(entry, len(texts)) for entry in column.dictionary.to_pylist()]
                    part[:] = np.array(places)[column.indices.to_numpy()]
                elif column.null_count and part.dtype != np.float64:
                    return None
                else:
                    part[:] = column.to_numpy(zero_copy_only=False)
            start += block.num_rows
    except ValueError:  # ArrowInvalid is one; so are more rows than there should be
        return None
    pa.default_memory_pool().release_unused()  # the blocks, which it would keep
    return found if start == rows else None


def _dataset(document: Any, name: str) -> dict[str, Any]:
    """The one dataset of a document: the document itself, or the only member that is one."""
    if not isinstance(document, dict):
        raise FormatError(name, "document", expected=WHAT, found=f"{document!r:.80}")
    for key in ("error", "warning"):
        if key in document and "value" not in document:
            raise FormatError(name, "document", expected=WHAT, found=f"the {key} {document[key]!r:.300}")
    if document.get("class", "dataset") != "dataset":
        raise FormatError(name, "class", expected="dataset", found=f"{document['class']!r:.60}")
    inner = [found for found in document.values() if isinstance(found, dict) and "dimension" in found]
    datasets = [document] if "dimension" in document else inner
    if len(datasets) != 1:
        found = f"{len(datasets)} in the members {', '.join(map(repr, document))!s:.200}"
        raise FormatError(name, "document", expected="one dataset with its dimension", found=found)
    return datasets[0]


def _member(parent: Mapping[str, Any], key: str, where: str, name: str) -> dict[str, Any]:
    if not isinstance(found := parent.get(key), dict):
        raise FormatError(name, where, expected=f"an object {key!r}", found=f"{found!r:.60}")
    return found


def _dimensions(frame: Mapping[str, Any], outer: Mapping[str, Any], name: str) -> list[Dimension]:
    ids, sizes = frame.get("id"), frame.get("size")
    if not isinstance(ids, list) or not all(isinstance(code, str) for code in ids):
        raise FormatError(name, "id", expected="a list of dimension names", found=f"{ids!r:.80}")
    if not isinstance(sizes, list) or len(sizes) != len(ids):
        raise FormatError(name, "size", expected=f"a list of {len(ids)} sizes", found=f"{sizes!r:.80}")
    if further := [key for key, entry in outer.items() if isinstance(entry, dict) and key not in [*ids, "role"]]:
        raise FormatError(name, "id", expected="all members of dimension", found=f"none of {further[0]!r}")
    dimensions = [_dimension(code, size, outer, name) for code, size in zip(ids, sizes, strict=True)]
    cube.check_size([len(d.codes) for d in dimensions], name, where="size")
    return dimensions


def _dimension(code: str, size: Any, outer: Mapping[str, Any], name: str) -> Dimension:
    """Codes in the order of ``category.index`` (an object of positions, or a list) and their labels."""
    where = f"dimension {code!r}"
    category = _member(_member(outer, code, where, name), "category", where, name)
    index, labels = category.get("index"), category.get("label") or {}
    if not isinstance(labels, dict) or not all(isinstance(label, str) for label in labels.values()):
        raise FormatError(name, where, expected="an object of labels", found=f"{labels!r:.60}")
    if isinstance(index, dict):
        positions = [position if type(position) is int else -1 for position in index.values()]
        if sorted(positions) != list(range(len(index))):
            expected = f"positions 0 to {len(index) - 1}, each once"
            raise FormatError(name, where, expected=expected, found=f"{list(index.values())!r:.60}")
        codes = sorted(index, key=index.__getitem__)
    elif isinstance(index, list) and all(isinstance(entry, str) for entry in index):
        codes = index
    elif index is None and len(labels) == 1:
        codes = list(labels)
    else:
        raise FormatError(name, where, expected="an index of codes", found=f"{index!r:.60}")
    if type(size) is not int or size != len(codes):
        raise FormatError(name, where, expected=f"{size!r:.20} categories, its size", found=f"{len(codes)}")
    return Dimension(code, codes, {"": [labels.get(entry, entry) for entry in codes]} if labels else {})


def _values(found: Any, dimensions: Sequence[Dimension], name: str) -> Array:
    """A double a cell, NaN where there is none."""
    sizes = [len(d.codes) for d in dimensions]
    cells = _checked(found, "value", dimensions, name)
    if cells.at is None:
        cube.check_size(sizes, name, len(cells.entries), where="value")
    elif math.prod(sizes) > max(SPARSE_FREE_CELLS, SPARSE_RATIO * len(cells.at)):
        expected = f"at least one in {SPARSE_RATIO} of {math.prod(sizes)} cells ({' x '.join(map(str, sizes))})"
        raise FormatError(name, "value", expected=expected, found=f"{len(cells.at)} cells")
    values = _spread(cells, math.prod(sizes), np.nan, np.dtype(np.float64), name)
    if np.isinf(values).any():
        where = _cell("value", int(np.isinf(values).argmax()), dimensions)
        raise FormatError(name, where, expected="a number", found="one beyond any range")
    return values


def _flags(found: Any, dimensions: Sequence[Dimension], name: str) -> tuple[Array, Sequence[str]]:
    """Per cell a place in the texts, -1 for none; a text, or a list of one, is that of every cell."""
    count = math.prod(len(d.codes) for d in dimensions)
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if found is None or found == "":
        return np.zeros(0, dtype=np.int8), ()
    if isinstance(found, str):
        return np.zeros(count, dtype=np.int8), [found]
    cells = _checked(found, "status", dimensions, name)
    if cells.at is None and len(cells.entries) != count:
        raise FormatError(name, "status", expected=f"{count} statuses, one a cell", found=f"{len(cells.entries)}")
    index = _spread(cells, count, -1, np.min_scalar_type(-max(len(cells.texts), 1)), name)
    if "" in cells.texts:
        index[index == cells.texts.index("")] = -1
    return index, cells.texts


def _checked(found: Any, member: str, dimensions: Sequence[Dimension], name: str) -> _Cells:
    """The cells of a member; those that the decoder gave are looked at one by one."""
    if isinstance(found, _Cells):
        return found
    if not isinstance(found, (dict, list)):
        raise FormatError(name, member, expected="an array or an object of cells", found=f"{found!r:.60}")
    at, entries = None, found
    if isinstance(found, dict):
        if strange := [key for key in found if not _POSITION.fullmatch(key)]:
            raise FormatError(name, member, expected="positions of cells as keys", found=f"{strange[0]!r:.60}")
        at, entries = np.array([int(key) for key in found], dtype=np.int64), list(found.values())
    what, types = ("a number or null", (int, float)) if member == "value" else ("a text", (str,))
    for n, entry in enumerate(entries):
        if entry is not None and (isinstance(entry, bool) or not isinstance(entry, types)):
            where = _cell(member, n if at is None else int(at[n]), dimensions)
            raise FormatError(name, where, expected=what, found=f"{entry!r:.60}")
    if member == "status":
        texts = {entry: n for n, entry in enumerate(dict.fromkeys(entry for entry in entries if entry is not None))}
        return _Cells(member, at, np.array([texts.get(entry, -1) for entry in entries], dtype=np.int32), list(texts))
    # An integer may be too long for a double.
    numbers = [math.nan if v is None else float(v) if abs(v) < 10**308 else math.inf for v in entries]
    return _Cells(member, at, np.array(numbers, dtype=np.float64))


def _spread(cells: _Cells, count: int, fill: float, dtype: np.dtype[Any], name: str) -> Array:
    """Cells at their positions, ``fill`` elsewhere. Raises FormatError for a position outside, or used twice."""
    if cells.at is None:
        return cells.entries.astype(dtype, copy=False)
    outside = cells.at[(cells.at < 0) | (cells.at >= count)]
    if len(outside):
        raise FormatError(name, cells.member, expected=f"positions 0 to {count - 1}", found=f"position {outside[0]}")
    is_seen = np.zeros(count, dtype=bool)
    is_seen[cells.at] = True
    if np.count_nonzero(is_seen) < len(cells.at):
        used, times = np.unique(cells.at, return_counts=True)
        raise FormatError(name, cells.member, expected="every position once", found=f"{used[times > 1][0]} again")
    spread = np.full(count, fill, dtype=dtype)
    spread[cells.at] = cells.entries
    return spread


def _cell(member: str, at: int, dimensions: Sequence[Dimension]) -> str:
    """A cell in words: its position and ``dimension=code`` for each dimension."""
    sizes = [len(d.codes) for d in dimensions]
    if at >= math.prod(sizes):
        return f"{member}, cell {at} (beyond the last)"
    codes = [f"{d.code}={d.codes[int(n)]}" for d, n in zip(dimensions, np.unravel_index(at, sizes), strict=True)]
    return f"{member}, cell {at} ({', '.join(codes)})"


def _about(dataset: Mapping[str, Any], frame: Mapping[str, Any], outer: Mapping[str, Any]) -> dict[str, Any]:
    updated, described = dataset.get("updated"), {}
    for code in frame["id"]:
        members = {**outer[code]["category"], "label": None, **outer[code]}
        described[code] = {key: member for key, member in members.items() if key not in {"index", "category"}}
    return {
        **{key: member for key, member in dataset.items() if key not in _OWN},
        "format": "JSON-stat",
        "version": dataset.get("version", "2.0" if frame is dataset else "1.2"),
        "title": dataset.get("label"),
        "updated": updated if isinstance(updated, str) and not updated.startswith("9999") else None,
        "role": frame.get("role") or {},
        "dimensions": described,
    }
