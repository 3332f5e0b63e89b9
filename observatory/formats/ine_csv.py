"""INE's long CSV (``csv_bdsc``): one row a figure, ``;`` between fields, points between thousands.

Belongs here: the columns and numbers of such a file. Does not belong here: its address (the contract), asking for it
(sources/files.py), what an activity or a result is called here (resolution.py).

The header names the dimensions; the last column is the figure and is called ``Total``. There are no codes, so the
texts are codes and labels both. Encoded as UTF-8 with or without a byte order mark, else windows-1252.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from observatory.errors import FormatError
from observatory.formats import cube, text

WHAT = "an INE file with fields between semicolons"
MAX_LINE = 100_000
FIGURE = "Total"
MISSING = ("", ".", "..", "...")
NUMBER = r"^-?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]+)?$"


def read(data: bytes, *, name: str) -> pa.Table:
    """One row a figure, in the file's order; dimensions as the header names them, then value, flag and kind.

    Points separate thousands and a comma the decimals. An empty figure or dots are missing; dots stay in ``flag``.
    Raises FormatError naming row and column, and for a row that stands twice.
    """
    data = text.gunzip(data, name)
    text.refuse_html(data, name, WHAT)
    body, encoding = _decoded(data, name)
    header, rows = _rows(body, name)
    cube.check_size([len(rows)], name)
    _refuse_doubles(rows, name)
    texts = list(zip(*rows, strict=True)) or [()] * len(header)
    columns: dict[str, pa.Array] = {}
    for column, entries in zip(header[:-1], texts, strict=False):
        columns[column] = columns[f"{column}__label"] = pa.array(entries, pa.string())
    value, flag, kinds = _figures(pa.array(texts[-1], pa.string()), name)
    about = {"format": "ine_csv", "encoding": encoding, "language": "es"}
    return cube.from_rows(columns, value, flag, kinds, about, name=name)


def _decoded(data: bytes, name: str) -> tuple[str, str]:
    try:
        return data.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        return text.decode(data, name, "cp1252"), "cp1252"


def _rows(body: str, name: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows, each field without blanks around it; empty lines do not count."""
    header: list[str] = []
    rows: list[list[str]] = []
    reader = csv.reader(_lines(body, name), delimiter=";", strict=True)
    try:
        for fields in reader:
            stripped = [field.strip() for field in fields]
            if not any(stripped):
                continue
            if not header:
                header = _checked(stripped, name)
            elif len(stripped) != len(header):
                expected, found = f"{len(header)} fields", f"{len(stripped)} fields"
                raise FormatError(name, f"line {reader.line_num}", expected=expected, found=found)
            else:
                rows.append(stripped)
    except csv.Error as error:
        raise FormatError(name, f"line {reader.line_num}", expected=WHAT, found=str(error)) from error
    if not rows:
        raise FormatError(name, "rows", expected="at least one figure", found="none")
    return header, rows


def _lines(body: str, name: str) -> Iterator[str]:
    """Lines with their ends. One that is longer than any row is refused before it becomes millions of fields."""
    for number, line in enumerate(io.StringIO(body, newline=""), start=1):
        if len(line) > MAX_LINE:
            raise FormatError(name, f"line {number}", expected=f"at most {MAX_LINE} characters", found=f"{len(line)}")
        yield line


def _checked(header: list[str], name: str) -> list[str]:
    if len(header) < 2 or header[-1] != FIGURE:
        found = "; ".join(header[:8])[:200]
        remedy = "INE offers several layouts of a table: take the address with csv_bdsc in it"
        raise FormatError(name, "header", expected=f"dimensions and a last column {FIGURE}", found=found, remedy=remedy)
    if len(header) > cube.MAX_DIMENSIONS:
        raise FormatError(name, "header", expected=f"at most {cube.MAX_DIMENSIONS} columns", found=f"{len(header)}")
    if wrong := cube.repeated(header) or [column for column in header if not column]:
        raise FormatError(name, "header", expected="every column named, and once", found=repr(wrong[0]))
    return header


def _refuse_doubles(rows: list[list[str]], name: str) -> None:
    if doubles := cube.repeated(";".join(row[:-1]) for row in rows):
        raise FormatError(name, f"row {doubles[0]}", expected="every figure once", found="it stands twice")


def _figures(texts: pa.Array, name: str) -> tuple[pa.Array, pa.Array, np.ndarray]:
    is_missing = pc.is_in(texts, pa.array(MISSING))
    sound = pc.or_(is_missing, pc.match_substring_regex(texts, NUMBER))
    if not pc.all(sound, min_count=0).as_py():
        found = repr(texts[pc.index(sound, False).as_py()].as_py())
        row = pc.index(sound, False).as_py() + 1
        expected = "a number such as 1.234,5, dots or nothing"
        raise FormatError(name, f"figure {row}, {FIGURE}", expected=expected, found=found)
    nothing = pa.scalar(None, pa.string())
    plain = pc.replace_substring(pc.replace_substring(texts, ".", ""), ",", ".")
    value = pc.if_else(is_missing, nothing, plain).cast(pa.float64())
    flag = pc.if_else(pc.and_(is_missing, pc.not_equal(texts, "")), texts, nothing).dictionary_encode()
    kinds = np.where(is_missing.to_numpy(zero_copy_only=False), cube.KIND_MISSING, cube.KIND_VALUE)
    return value, flag, kinds.astype(np.int8)
