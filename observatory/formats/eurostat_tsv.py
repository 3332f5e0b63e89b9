"""Eurostat's bulk TSV, in the shape of the old facility and of the present one.

Belongs here: header, series and cells of a TSV file. Does not belong here: asking for it (sources/eurostat.py).

The first field of the header joins the dimensions with commas and ends in ``\\time`` (old, newest period first) or
``\\TIME_PERIOD`` (present, oldest first, leading ``freq``). Every period and cell may have a trailing blank. A cell
is a number or ``:`` (not available), each with an optional blank and flags, e.g. ``5.2 u``, ``: c``, ``: bu``.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from observatory.errors import FormatError
from observatory.formats import cube, text

CELL = r"^(?P<number>:|[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)(?:[ ]+(?P<flag>[A-Za-z]+))?$"
WHAT = "a Eurostat TSV file"
MAX_PERIODS = 20_000
"""Most periods of a row: days of half a century."""


def read(data: bytes, *, name: str) -> pa.Table:
    """One row a series and period, series in the file's order, periods in the file's order.

    ``data`` may be gzipped. The period column is called as the file calls it. ``flag`` holds the flags verbatim;
    a ``:`` is ``missing`` whatever its flags. Raises FormatError naming row and period.
    """
    data = text.gunzip(data, name)
    text.refuse_html(data, name, WHAT)
    head, ended, body = text.decode(data, name).partition("\n")
    dimensions, periods = _header(head.rstrip("\r"), name)
    if not ended or (body and not body.endswith("\n")):
        # A number that lost its last digits would pass for a number.
        last = (body or head).rsplit("\n", 1)[-1]
        raise FormatError(name, "end of file", expected="a whole last row and its line end", found=f"{last[-60:]!r}")
    table = _fields(body, len(periods) + 1, name)
    cube.check_size([table.num_rows, len(periods)], name)
    columns = _series(table.column(0), dimensions[:-1], len(periods), name)
    rows = table.num_rows
    order = np.tile(np.arange(len(periods), dtype=np.int32), rows)
    columns[dimensions[-1]] = pa.DictionaryArray.from_arrays(order, pa.array(periods, pa.string()))
    value, flag, kind = _cells(table, periods, name)
    return cube.from_rows(columns, value, flag, kind, {"format": "eurostat_tsv"}, name=name)


def _header(head: str, name: str) -> tuple[list[str], list[str]]:
    first, *periods = head.split("\t")
    joined, backslash, time = first.strip().partition("\\")
    dimensions = [d.strip() for d in joined.split(",")]
    if not backslash or not time.strip() or not all(dimensions):
        raise FormatError(name, "row 1", expected="dimensions joined by commas, \\ and time", found=f"{first[:80]!r}")
    periods = [p.strip() for p in periods]
    if not periods or not all(periods):
        raise FormatError(name, "row 1", expected="at least one period, none empty", found=f"{periods[:5]}")
    if len(periods) > MAX_PERIODS or len(dimensions) >= cube.MAX_DIMENSIONS:
        expected = f"at most {cube.MAX_DIMENSIONS} dimensions and {MAX_PERIODS} periods"
        raise FormatError(name, "row 1", expected=expected, found=f"{len(dimensions)} and {len(periods)}")
    for what, names in (("dimension", [*dimensions, time.strip()]), ("period", periods)):
        if doubles := cube.repeated(names):
            raise FormatError(name, "row 1", expected=f"every {what} once", found=f"{doubles[0]!r} twice")
    return [*dimensions, time.strip()], periods


def _fields(body: str, width: int, name: str) -> pa.Table:
    """The tab-separated fields of all rows as text columns."""
    columns = [str(i) for i in range(width)]
    if not body:
        return pa.table({c: pa.array([], pa.string()) for c in columns})
    wrong: list[csv.InvalidRow] = []

    def note(row: csv.InvalidRow) -> str:
        wrong.append(row)
        return "skip"

    try:
        table = csv.read_csv(
            pa.py_buffer(body.encode()),
            # With several threads the reader does not know the number of a wrong row.
            read_options=csv.ReadOptions(column_names=columns, use_threads=False),
            parse_options=csv.ParseOptions(
                delimiter="\t", quote_char=False, double_quote=False, ignore_empty_lines=False, invalid_row_handler=note
            ),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()),
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        raise FormatError(name, "rows", expected="rows of at most a megabyte", found=f"{error!s:.120}") from error
    if wrong:
        where, found = f"row {wrong[0].number + 1}", f"{wrong[0].actual_columns} fields"
        raise FormatError(name, where, expected=f"{width} fields", found=found)
    return table.combine_chunks()


def _series(keys: pa.ChunkedArray, dimensions: list[str], periods: int, name: str) -> dict[str, pa.Array]:
    """Codes of each dimension, repeated over the periods."""
    keys = keys.combine_chunks() if isinstance(keys, pa.ChunkedArray) else keys
    parts = pc.split_pattern(keys, ",")
    lengths = pc.list_value_length(parts).to_numpy(zero_copy_only=False)
    if (bad := np.flatnonzero(lengths != len(dimensions))).size:
        at = int(bad[0])
        expected = f"{len(dimensions)} codes ({', '.join(dimensions)})"
        raise FormatError(name, f"row {at + 2}", expected=expected, found=f"{keys[at].as_py()!r}")
    if len(keys) != pc.count_distinct(keys).as_py():
        double = cube.repeated(keys.to_pylist())[0]
        raise FormatError(name, f"series {double!r}", expected="every series once", found="it stands twice")
    flat = pc.utf8_trim_whitespace(parts.flatten())
    columns = {}
    for at, dimension in enumerate(dimensions):
        codes = flat.take(pa.array(np.arange(at, len(flat), len(dimensions)))).dictionary_encode()
        index = np.repeat(codes.indices.to_numpy(), periods)
        columns[dimension] = pa.DictionaryArray.from_arrays(pa.array(index), codes.dictionary)
    return columns


def _cells(table: pa.Table, periods: list[str], name: str) -> tuple[pa.Array, pa.Array, np.ndarray]:
    """Value, flag and kind of all cells, series by series; each text that occurs is looked at once."""
    rows, width = table.num_rows, len(periods)
    stacked = pa.chunked_array([chunk for c in table.columns[1:] for chunk in c.chunks], pa.string()).combine_chunks()
    encoded = stacked.dictionary_encode()
    index = encoded.indices.to_numpy().reshape(width, rows).T.reshape(-1)
    found = pc.extract_regex(pc.utf8_trim_whitespace(encoded.dictionary), CELL)
    number, flag = found.field("number"), found.field("flag")
    is_missing, is_strange = pc.equal(number, ":"), pc.is_null(found)
    value = pc.if_else(pc.or_(is_missing, is_strange), pa.scalar(None, pa.string()), number).cast(pa.float64())
    is_wrong = pc.or_(is_strange, pc.fill_null(pc.is_inf(value), False)).to_numpy(zero_copy_only=False)
    if is_wrong.any():
        at = int(is_wrong[index].argmax())
        where = f"row {at // width + 2}, period {periods[at % width]}"
        cell = encoded.dictionary[int(index[at])].as_py().strip()
        raise FormatError(name, where, expected="a number or ':' with flags", found=repr(cell))
    kinds = np.where(is_missing.to_numpy(zero_copy_only=False), cube.KIND_MISSING, cube.KIND_VALUE).astype(np.int8)
    flags = pc.if_else(pc.equal(flag, ""), pa.scalar(None, pa.string()), flag).dictionary_encode()
    order = pa.array(index)
    return value.take(order), flags.take(order), kinds[index]
