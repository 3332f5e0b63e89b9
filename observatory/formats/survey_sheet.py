"""A survey file as rows of cells: the shape of a sheet, and a text split at its separators.

Belongs here: rows under the numbers that a spreadsheet shows, quotation marks, separators. Does not belong here: bytes
(survey_file.py), workbooks (survey_workbook.py), which row is the header (survey_columns.py), what a cell means.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from observatory.formats.survey_cells import Value
from observatory.formats.survey_report import Finding

MAX_ROWS = 200_000
SEPARATORS = (";", ",", "\t", "|")
_ENDS = re.compile(r"\r\n|\r|\n")
_SHOWN = {";": ";", ",": ",", "\t": "tab", "|": "|"}


class Unreadable(Exception):
    """The file is no table we can read; ``finding`` says why and what to do, without any cell of it."""

    def __init__(self, rule: str, **facts: str) -> None:
        self.finding = Finding(rule, "refused", facts=facts)
        super().__init__(rule)


@dataclass(frozen=True)
class SheetRow:
    """A row of cells under its number in the spreadsheet. ``rules`` were needed to read the line at all."""

    number: int
    cells: tuple[Value, ...] = field(repr=False)
    rules: tuple[str, ...] = ()

    @property
    def is_blank(self) -> bool:
        """Whether no cell holds anything."""
        return not any(str(cell).strip(" \t\r\n\u00a0'\"") for cell in self.cells)


@dataclass(frozen=True)
class Sheet:
    """Rows of one sheet, or of a text file under one separator. ``percent`` are cells shown as percent (row, column).

    ``merged`` are areas of merged cells (first row, first column, last row, last column), all counted from 1 and 0.
    """

    name: str
    rows: Sequence[SheetRow]
    separator: str = ""
    percent: frozenset[tuple[int, int]] = frozenset()
    merged: tuple[tuple[int, int, int, int], ...] = ()


def split(text: str, separator: str, mixed: frozenset[int] = frozenset()) -> Sheet:
    """Cells of a text file. Where quotation marks do not close, each line is split alone and the bad ones marked."""
    try:
        rows = _whole(text, separator, mixed)
    except csv.Error:
        rows = _by_line(text, separator, mixed)
    if len(rows) > MAX_ROWS:
        raise Unreadable("too_many_rows", rows=str(len(rows)), limit=str(MAX_ROWS))
    return Sheet(_SHOWN.get(separator, separator), rows, separator)


def _whole(text: str, separator: str, mixed: frozenset[int]) -> list[SheetRow]:
    rows: list[SheetRow] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    before = 0
    for number, cells in enumerate(reader, start=1):
        lines = set(range(before + 1, reader.line_num + 1))
        rows.append(SheetRow(number, tuple(cells), ("mixed_encodings",) if lines & mixed else ()))
        before = reader.line_num
    return rows


def _by_line(text: str, separator: str, mixed: frozenset[int]) -> list[SheetRow]:
    rows: list[SheetRow] = []
    for number, line in enumerate(_ENDS.split(text), start=1):
        rules = ("mixed_encodings",) if number in mixed else ()
        try:
            cells = tuple(next(csv.reader([line], delimiter=separator, strict=True), []))
        except csv.Error:
            cells = tuple(line.replace('"', "").split(separator))
            rules = (*rules, "broken_quotes")
        rows.append(SheetRow(number, cells, rules))
    return rows


def letter(column: int) -> str:
    """A column's letter in a spreadsheet, from 0."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
