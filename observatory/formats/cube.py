"""The one table shape of all readers, built from a dense cube or from rows.

Belongs here: dimensions, the column layout that the package promises, the guard on size and on duplicate
codes, and the file's own description in the schema metadata. Does not belong here: the syntax of any format.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from observatory.errors import FormatError

MAX_DIMENSIONS = 64
MAX_CELLS = 100_000_000
"""Largest cube taken, in cells: some 35 times the largest table of interest (2.86 M)."""

KINDS = ("value", "nil", "missing")
KIND_VALUE, KIND_NIL, KIND_MISSING = range(3)
METADATA_KEY = b"observatory"
_MEASURES = ("value", "flag", "kind")

IntArray = npt.NDArray[np.integer[Any]]
Flags = tuple[IntArray, Sequence[str]]


@dataclass(frozen=True)
class Dimension:
    """One axis of a cube: its own name, its codes, its labels per language (key ``""``: the default one)."""

    code: str
    codes: Sequence[str]
    labels: Mapping[str, Sequence[str]]


def build(
    dimensions: Sequence[Dimension],
    values: npt.NDArray[np.float64] | pa.Array,
    flags: Flags | pa.Array | None,
    kinds: npt.NDArray[np.int8],
    about: Mapping[str, Any],
    name: str,
) -> pa.Table:
    """Lay a full row-major cube (last dimension fastest) out as a long table, one row a cell.

    ``values``: float64 of shape (cells,); of a NumPy array the cells whose kind is not 0 become null, an
    Arrow array must be null exactly there. ``flags``: indices into a list of texts (-1: no flag), an Arrow
    dictionary array, or None. ``kinds``: int8, an index into ``KINDS``. Raises FormatError for duplicate
    codes or names, labels that do not match the codes, and a cell count other than the product of the sizes.
    """
    for dimension in dimensions:
        check_dimension(dimension, name)
    sizes = [len(d.codes) for d in dimensions]
    cells = check_size(sizes, name, len(values))
    columns: dict[str, pa.Array] = {}
    inner = cells
    for dimension, size in zip(dimensions, sizes, strict=True):
        inner = inner // size if size else 0
        _add_dimension(columns, dimension, _axis_index(size, inner, cells), name)
    return _table(columns, values, flags, kinds, about, name=name)


def from_rows(
    columns: Mapping[str, pa.Array],
    value: npt.NDArray[np.float64] | pa.Array,
    flag: Flags | pa.Array | None,
    kind: npt.NDArray[np.int8],
    about: Mapping[str, Any],
    *,
    name: str = "table",
) -> pa.Table:
    """Give row-wise data the same shape; text columns become dictionaries, order and names stay.

    ``value``, ``flag`` and ``kind`` are as in :func:`build`, one entry a row.
    """
    encoded = {}
    for column, array in columns.items():
        is_text = pa.types.is_string(array.type) or pa.types.is_large_string(array.type)
        encoded[column] = array.dictionary_encode() if is_text else array
    return _table(encoded, value, flag, kind, about, name=name)


def check_size(sizes: Iterable[int], name: str, cells_found: int | None = None, where: str = "number of cells") -> int:
    """Return the number of cells that ``sizes`` declare; call it before memory is taken for them.

    Raises FormatError above ``MAX_CELLS`` or ``MAX_DIMENSIONS``, for a negative size, and, for a dense cube,
    when ``cells_found`` differs.
    """
    sizes = list(sizes)
    shape = " x ".join(map(str, sizes)) or "no dimension"
    if len(sizes) > MAX_DIMENSIONS:
        expected = f"at most {MAX_DIMENSIONS} dimensions"
        raise FormatError(name, where, expected=expected, found=f"{len(sizes)} dimensions")
    if any(size < 0 for size in sizes):
        raise FormatError(name, "dimension sizes", expected="sizes of 0 or more", found=shape)
    cells = math.prod(sizes)
    if cells_found is not None and cells_found != cells:
        expected = f"{cells} cells ({shape})"
        raise FormatError(name, where, expected=expected, found=f"{cells_found} cells")
    if cells > MAX_CELLS:
        raise FormatError(
            name,
            where,
            expected=f"at most {MAX_CELLS} cells",
            found=f"{cells} declared ({shape})",
            remedy="Ask the publisher for fewer cells, in several requests",
        )
    return cells


def check_dimension(dimension: Dimension, name: str) -> None:
    """Raise FormatError when a code stands twice or a language has another number of labels than of codes."""
    where = f"dimension {dimension.code!r}"
    doubles = repeated(dimension.codes)
    if doubles:
        shown = ", ".join(map(repr, doubles[:5]))
        raise FormatError(name, where, expected="every code once", found=f"{len(doubles)} repeated: {shown}")
    for language, labels in dimension.labels.items():
        if len(labels) != len(dimension.codes):
            tongue = f" in language {language!r}" if language else ""
            expected = f"{len(dimension.codes)} labels, one a code{tongue}"
            raise FormatError(name, where, expected=expected, found=f"{len(labels)} labels")


def repeated(codes: Iterable[str]) -> list[str]:
    """Return the codes that occur more than once, in order of first appearance."""
    return [code for code, times in Counter(codes).items() if times > 1]


def about(table: pa.Table) -> dict[str, Any]:
    """Return what the file said of itself (empty when the table did not come from a reader)."""
    metadata = table.schema.metadata or {}
    found: dict[str, Any] = json.loads(metadata.get(METADATA_KEY, b"{}"))
    return found


def _axis_index(size: int, inner: int, cells: int) -> pa.Array:
    """Indices of one axis over all cells, in the smallest integer type; code and label columns share them."""
    positions = np.arange(size, dtype=_index_type(size))
    if not cells:
        return pa.array(positions[:0])
    outer = cells // (size * inner)
    return pa.array(np.broadcast_to(positions[None, :, None], (outer, size, inner)).reshape(-1))


def _index_type(size: int) -> type[np.signedinteger[Any]]:
    return np.int8 if size <= 127 else np.int16 if size <= 32_767 else np.int32


def _add_dimension(columns: dict[str, pa.Array], dimension: Dimension, index: pa.Array, name: str) -> None:
    texts = {dimension.code: dimension.codes}
    for language, labels in dimension.labels.items():
        suffix = f"_{language}" if language else ""
        texts[f"{dimension.code}__label{suffix}"] = labels
    for column, entries in texts.items():
        if column in columns:
            raise FormatError(name, f"dimension {column!r}", expected="a name used once", found="it stands twice")
        columns[column] = _dictionary(index, entries)


def _dictionary(index: pa.Array, entries: Sequence[str]) -> pa.Array:
    """Dictionary column; labels may repeat, dictionary entries may not (pandas refuses them)."""
    unique = dict.fromkeys(entries)
    if len(unique) < len(entries):
        place = {entry: at for at, entry in enumerate(unique)}
        remap = np.array([place[entry] for entry in entries], dtype=_index_type(len(unique)))
        index = pa.array(remap).take(index)
    # The indices are our own, so Arrow need not look at each of them again.
    return pa.DictionaryArray.from_arrays(index, pa.array(list(unique), type=pa.string()), safe=False)


def _table(
    columns: dict[str, pa.Array],
    values: npt.NDArray[np.float64] | pa.Array,
    flags: Flags | pa.Array | None,
    kinds: npt.NDArray[np.int8],
    about: Mapping[str, Any],
    *,
    name: str,
) -> pa.Table:
    for measure in _MEASURES:
        if measure in columns:
            expected = f"a dimension name other than {', '.join(_MEASURES)}"
            raise FormatError(name, f"dimension {measure!r}", expected=expected, found=repr(measure))
    if len(kinds) and not 0 <= kinds.min() <= kinds.max() < len(KINDS):
        raise ValueError(f"kinds {kinds.min()} to {kinds.max()} of {len(KINDS)} kinds")
    columns["value"] = _value_column(values, kinds)
    columns["flag"] = _flag_column(flags, len(kinds))
    codes = pa.array(np.ascontiguousarray(kinds, dtype=np.int8))
    columns["kind"] = _dictionary(codes, KINDS)
    try:
        metadata = {METADATA_KEY: json.dumps(about, ensure_ascii=False, allow_nan=False).encode()}
    except ValueError as error:
        # 2e308 is JSON, and infinite once read
        expected = "finite numbers in what the file says of itself"
        raise FormatError(name, "metadata", expected=expected, found="one beyond 1.8e308") from error
    return pa.table(columns).replace_schema_metadata(metadata)


def _value_column(values: npt.NDArray[np.float64] | pa.Array, kinds: npt.NDArray[np.int8]) -> pa.Array:
    empty = kinds != KIND_VALUE
    if not isinstance(values, np.ndarray):
        if values.null_count != np.count_nonzero(empty):
            raise ValueError(f"{values.null_count} null values, {np.count_nonzero(empty)} cells of kind nil or missing")
        return values
    return _masked(np.asarray(values, dtype=np.float64), ~empty)


def _flag_column(flags: Flags | pa.Array | None, rows: int) -> pa.Array:
    if flags is None:
        return pa.DictionaryArray.from_arrays(pa.nulls(rows, pa.int8()), pa.array([], type=pa.string()))
    if not isinstance(flags, tuple):
        return flags if pa.types.is_dictionary(flags.type) else flags.dictionary_encode()
    index, texts = flags
    if len(index) and index.max() >= len(texts):
        raise ValueError(f"flag {index.max()} of {len(texts)} flags")
    index = index.astype(_index_type(len(texts)), copy=False)
    return _dictionary(_masked(index, index >= 0), texts)


def _masked(entries: npt.NDArray[Any], valid: npt.NDArray[np.bool_]) -> pa.Array:
    """An Arrow array over the same memory, null where not valid."""
    bits = None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))
    buffers = [bits, pa.py_buffer(np.ascontiguousarray(entries))]
    return pa.Array.from_buffers(pa.from_numpy_dtype(entries.dtype), len(entries), buffers)
