"""SDMX-CSV as Eurostat writes it: one row an observation, columns by name.

Belongs here: the columns of an SDMX-CSV 1.0 message. Does not belong here: asking for it (sources/eurostat.py).

``DATAFLOW`` and ``LAST UPDATE`` say what and when; OBS_FLAG and CONF_STATUS may be absent (older extracts, Comext). A
missing OBS_VALUE is empty or ``:``. ``flag`` is OBS_FLAG verbatim, with ``|`` and CONF_STATUS after it where that is
given, as Eurostat's JSON-stat writes the pair.
"""

from __future__ import annotations

import re
from csv import Error as CsvError
from csv import reader as csv_reader
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from observatory.errors import FormatError
from observatory.formats import cube, text

WHAT = "an SDMX-CSV message"
REQUIRED = ("DATAFLOW", "TIME_PERIOD", "OBS_VALUE")
NOT_DIMENSIONS = ("DATAFLOW", "LAST UPDATE", "OBS_VALUE", "OBS_FLAG", "CONF_STATUS")
COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_ :()-]{0,100}")
NUMBER = r"^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$"


def read(data: bytes, *, name: str) -> pa.Table:
    """One row an observation, in the file's order; dimensions as the header names them, then value, flag, kind.

    ``data`` may be gzipped. Raises FormatError naming row and column, and for an observation given twice.
    """
    data = text.gunzip(data, name)
    text.refuse_html(data, name, WHAT)
    body = text.decode(data, name)
    head, ended, _ = body.partition("\n")
    header = _header(head.rstrip("\r"), name)
    if lacking := [column for column in REQUIRED if column not in header]:
        raise FormatError(name, "row 1", expected=f"a column {lacking[0]}", found=f"{header[:20]}")
    if len(header) > cube.MAX_DIMENSIONS:
        expected = f"at most {cube.MAX_DIMENSIONS} columns"
        raise FormatError(name, "row 1", expected=expected, found=f"{len(header)}")
    if not ended or not body.endswith("\n"):
        # A number that lost its last digits would pass for a number.
        found = repr(body.rsplit("\n", 1)[-1][-60:])
        raise FormatError(name, "end of file", expected="a whole last row and its line end", found=found)
    table = _table(body, header, name)
    cube.check_size([table.num_rows], name)
    dimensions = [column for column in header if column not in NOT_DIMENSIONS]
    columns = {d: table[d].combine_chunks().dictionary_encode() for d in dimensions}
    for dimension, codes in columns.items():
        if (at := pc.index(codes.dictionary, "").as_py()) >= 0:
            where = f"row {pc.index(codes.indices, pa.scalar(at, pa.int32())).as_py() + 2}, {dimension}"
            raise FormatError(name, where, expected="a code", found="nothing")
    _refuse_doubles(table.select(dimensions), name)
    value, kinds = _values(table["OBS_VALUE"].combine_chunks(), name)
    return cube.from_rows(columns, value, _flags(table), kinds, _about(table, name), name=name)


def _header(head: str, name: str) -> list[str]:
    """The names of the columns; Arrow takes a name such as ``..a`` for a path."""
    try:
        header = next(csv_reader([head], strict=True), [])
    except CsvError as error:
        raise FormatError(name, "row 1", expected="names of columns", found=str(error)) from error
    if strange := [column for column in header if not COLUMN.fullmatch(column)]:
        raise FormatError(name, "row 1", expected="names of columns", found=f"{strange[0]!r:.60}")
    if doubles := cube.repeated(header):
        raise FormatError(name, "row 1", expected="every column once", found=f"{doubles[0]!r} twice")
    return header


def _table(body: str, header: list[str], name: str) -> pa.Table:
    wrong: list[csv.InvalidRow] = []

    def note(row: csv.InvalidRow) -> str:
        wrong.append(row)
        return "skip"

    try:
        table = csv.read_csv(
            pa.py_buffer(body.encode()),
            read_options=csv.ReadOptions(use_threads=False, column_names=header, skip_rows=1),
            parse_options=csv.ParseOptions(invalid_row_handler=note, ignore_empty_lines=False),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()),
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        raise FormatError(name, "rows", expected="rows of at most a megabyte", found=f"{error!s:.120}") from error
    if wrong:
        where = f"row {wrong[0].number}"
        raise FormatError(name, where, expected=f"{len(header)} fields", found=f"{wrong[0].actual_columns} fields")
    return table


def _refuse_doubles(keys: pa.Table, name: str) -> None:
    counted = keys.group_by(keys.column_names).aggregate([([], "count_all")])
    if counted.num_rows < keys.num_rows:
        double = counted.filter(pc.greater(counted.columns[-1], 1)).slice(0, 1).columns[:-1]
        where = f"observation {','.join(str(code[0].as_py()) for code in double)}"
        raise FormatError(name, where, expected="every observation once", found="it stands twice")


def _values(texts: pa.Array, name: str) -> tuple[pa.Array, np.ndarray]:
    texts = pc.utf8_trim_whitespace(texts)
    is_missing = pc.or_(pc.equal(texts, ""), pc.equal(texts, ":"))
    is_number = pc.match_substring_regex(texts, NUMBER)
    value = pc.if_else(is_number, texts, pa.scalar(None, pa.string())).cast(pa.float64())
    is_sound = pc.or_(is_missing, pc.fill_null(pc.is_finite(value), False))
    if (at := pc.index(is_sound, False).as_py()) >= 0:
        found = f"{texts[at].as_py()!r}"
        raise FormatError(name, f"row {at + 2}, OBS_VALUE", expected="a number, ':' or nothing", found=found)
    kinds = np.where(is_missing.to_numpy(zero_copy_only=False), cube.KIND_MISSING, cube.KIND_VALUE)
    return value, kinds.astype(np.int8)


def _flags(table: pa.Table) -> pa.Array:
    def column(label: str) -> pa.Array:
        if label in table.column_names:
            return pc.utf8_trim_whitespace(table[label].combine_chunks())
        return pa.repeat("", table.num_rows)

    flag, status = column("OBS_FLAG"), column("CONF_STATUS")
    both = pc.if_else(pc.equal(status, ""), flag, pc.binary_join_element_wise(flag, status, "|"))
    return pc.if_else(pc.equal(both, ""), pa.scalar(None, pa.string()), both).dictionary_encode()


def _about(table: pa.Table, name: str) -> dict[str, str | None]:
    """The dataset and the latest stamp (``DD/MM/YY HH:MM:SS`` becomes ISO 8601; local time, no zone given)."""
    flows = table["DATAFLOW"].unique().to_pylist()
    if len(flows) > 1:
        raise FormatError(name, "column DATAFLOW", expected="one dataset", found=f"{len(flows)}: {flows[:3]}")
    stamps = table["LAST UPDATE"].unique().to_pylist() if "LAST UPDATE" in table.column_names else []
    try:
        updated = max((datetime.strptime(stamp, "%d/%m/%y %H:%M:%S").isoformat() for stamp in stamps), default=None)
    except ValueError:
        updated = max(stamps) or None  # another form of date: as it is
    return {"format": "sdmx_csv", "dataflow": flows[0] if flows else None, "updated": updated}
