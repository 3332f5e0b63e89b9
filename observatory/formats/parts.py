"""A cube that a publisher gave in several JSON-stat answers: the answers as they came, and their table.

Belongs here: the container (an uncompressed tar, the same bytes for the same answers) and the assembly by
code, which proves that the parts neither overlap nor leave a gap. Does not belong here: JSON-stat itself
(jsonstat.py) or how a cube is divided (sources/).
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from observatory.errors import FormatError
from observatory.formats import cube, jsonstat

_MEMBER = re.compile(r"part-(\d{5})-of-(\d{5})\.json")
_MEASURES = ("value", "flag", "kind")


@dataclass(frozen=True)
class _Axis:
    """One dimension over all parts: codes in order of first appearance, labels per language."""

    codes: dict[str, int]
    labels: dict[str, list[str]]


def pack(parts: Sequence[bytes]) -> bytes:
    """Put answers into one tar, in order, unchanged; equal answers give equal bytes (no times, no owners)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for number, part in enumerate(parts, start=1):
            member = tarfile.TarInfo(f"part-{number:05d}-of-{len(parts):05d}.json")
            member.size = len(part)
            archive.addfile(member, io.BytesIO(part))
    return buffer.getvalue()


def unpack(data: bytes, name: str) -> list[bytes]:
    """The answers in a container, in order. Raises FormatError if one is missing, double or cut."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            members = archive.getmembers()
            plain = all(m.isreg() and not m.issparse() and m.size <= len(data) for m in members)
            found = [(m.name, _content(archive, m)) for m in members] if plain else []
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise FormatError(name, "container", expected="a tar of answers", found=str(error)) from error
    expected = [f"part-{n:05d}-of-{len(found):05d}.json" for n in range(1, len(found) + 1)]
    names = [member for member, _ in found]
    if not found or names != expected:
        numbers = _MEMBER.fullmatch(names[0]) if names else None
        wanted = f"parts 1 to {int(numbers[2])}" if numbers else "files named part-00001-of-…"
        raise FormatError(name, "container", expected=wanted, found=", ".join(names[:5]) or "no plain files")
    return [content for _, content in found]


def read(data: bytes, *, name: str) -> pa.Table:
    """Read a container into the one table of its cube, rows in row-major order of all codes.

    Codes stand in the order in which the parts bring them, which is the publisher's where the parts are runs
    of it. Raises FormatError unless the parts hold as many cells as the codes multiply to and none twice:
    then none is missing either.
    """
    tables = [
        jsonstat.read(part, name=f"{name}, part {number}") for number, part in enumerate(unpack(data, name), start=1)
    ]
    dimensions = _dimensions(tables[0])
    for number, table in enumerate(tables, start=1):
        if table.column_names != tables[0].column_names:
            expected, found = ", ".join(dimensions), ", ".join(_dimensions(table))
            raise FormatError(name, f"part {number}", expected=f"dimensions {expected}", found=found)
    axes = {dimension: _axis(tables, dimension) for dimension in dimensions}
    rows = sum(table.num_rows for table in tables)
    shape = [len(axis.codes) for axis in axes.values()]
    # The product is huge where parts do not fit together: compare before taking memory for it.
    if cube.check_size(shape, name) != rows:
        sizes = " x ".join(map(str, shape))
        raise FormatError(name, "parts", expected=f"one cell for each of {sizes} codes", found=f"{rows} cells")
    return _assemble(tables, axes, rows, name)


def _assemble(tables: list[pa.Table], axes: dict[str, _Axis], rows: int, name: str) -> pa.Table:
    values = np.full(rows, np.nan)
    kinds = np.zeros(rows, dtype=np.int8)
    flags = np.full(rows, -1, dtype=np.int32)
    texts: dict[str, int] = {}
    filled = np.zeros(rows, dtype=bool)
    for number, table in enumerate(tables, start=1):
        at = _positions(table, axes)
        if filled[at].any():
            taken = int(at[filled[at]][0])
            raise FormatError(name, f"part {number}", expected="cells of its own", found=f"{_cell(taken, axes)} again")
        filled[at] = True
        values[at] = table.column("value").to_numpy()
        kinds[at] = _indices(table.column("kind"), {kind: n for n, kind in enumerate(cube.KINDS)})
        flags[at] = _indices(table.column("flag"), texts)
    about = {**cube.about(tables[0]), "parts": len(tables)}
    dimensions = [cube.Dimension(code, list(axis.codes), axis.labels) for code, axis in axes.items()]
    return cube.build(dimensions, values, (flags, list(texts)), kinds, about, name)


def _dimensions(table: pa.Table) -> list[str]:
    """Names of the code columns: not the measures, not the labels of a code column before them."""
    names: list[str] = []
    for column in table.column_names:
        if column not in _MEASURES and not any(column.startswith(f"{code}__label") for code in names):
            names.append(column)
    return names


def _axis(tables: list[pa.Table], dimension: str) -> _Axis:
    """Codes and labels of one dimension over all parts."""
    codes: dict[str, int] = {}
    prefix = f"{dimension}__label"
    languages = [c.removeprefix(prefix).removeprefix("_") for c in tables[0].column_names if c.startswith(prefix)]
    labels: dict[str, list[str]] = {language: [] for language in languages}
    for table in tables:
        column = _encoded(table.column(dimension))
        used, first = np.unique(column.indices.to_numpy(), return_index=True)
        for index, row in zip(used, first, strict=True):
            code = column.dictionary[int(index)].as_py()
            if code not in codes:
                codes[code] = len(codes)
                for language, texts in labels.items():
                    source = f"{prefix}_{language}" if language else prefix
                    texts.append(table.column(source)[int(row)].as_py())
    return _Axis(codes, labels)


def _positions(table: pa.Table, axes: dict[str, _Axis]) -> npt.NDArray[np.int64]:
    """Row-major position of each row of a part in the whole cube."""
    at = np.zeros(table.num_rows, dtype=np.int64)
    for dimension, axis in axes.items():
        at = at * len(axis.codes) + _indices(table.column(dimension), axis.codes)
    return at


def _indices(column: pa.ChunkedArray, places: dict[str, int]) -> npt.NDArray[np.int64]:
    """Place of each entry of a dictionary column, -1 for null; new texts are added to ``places``."""
    encoded = _encoded(column)
    lookup = np.array([places.setdefault(t, len(places)) for t in encoded.dictionary.to_pylist()], dtype=np.int64)
    index = pc.fill_null(encoded.indices.cast(pa.int64()), -1).to_numpy()
    return np.append(lookup, -1)[index]


def _encoded(column: pa.ChunkedArray) -> Any:
    array = column.combine_chunks()
    return array if pa.types.is_dictionary(array.type) else array.dictionary_encode()


def _cell(position: int, axes: dict[str, _Axis]) -> str:
    """A cell in words: ``dimension=code`` for each dimension."""
    marks = []
    for dimension, axis in reversed(axes.items()):
        position, index = divmod(position, len(axis.codes))
        marks.append(f"{dimension}={list(axis.codes)[index]}")
    return ", ".join(reversed(marks))


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = archive.extractfile(member)
    content = stream.read() if stream else b""
    if len(content) != member.size:
        raise EOFError(f"{member.name} is cut")
    return content
