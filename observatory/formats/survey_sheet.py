"""A survey file as rows of cells: the shape of a sheet, and a text split at its separators.

Belongs here: rows under the numbers that a spreadsheet shows, quotation marks, separators. Does not belong here: bytes
(survey_file.py), workbooks (survey_workbook.py), which row is the header (survey_columns.py), what a cell means.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from observatory.formats.survey_cells import Value
from observatory.formats.survey_report import Finding

MAX_ROWS = 200_000
MAX_COLUMNS = 2_000
MAX_CELLS = 2_000_000
MAX_LINE = 1_000_000
"""Most cells read, in a workbook its whole area: a wave of all firms of the region has a tenth of it."""

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
    return Sheet(_SHOWN.get(separator, separator), rows, separator)


def check_area(rows: int, columns: int) -> None:
    """Refuse what reaches beyond the rows, columns and cells that are read. Raises Unreadable."""
    if rows > MAX_ROWS:
        raise Unreadable("too_many_rows", rows=str(rows), limit=str(MAX_ROWS))
    if columns > MAX_COLUMNS or rows * columns > MAX_CELLS:
        raise Unreadable(
            "too_wide", cell=f"{letter(columns - 1)}{rows}", columns=str(MAX_COLUMNS), limit=str(MAX_CELLS)
        )


def _check_text(row: int, columns: int, filled: int) -> None:
    """As :func:`check_area`, for rows that need not be equally long; ``filled`` counts the cells so far."""
    check_area(row, 1)
    check_area(1, columns)
    if filled > MAX_CELLS:
        raise Unreadable("too_wide", cell=f"{letter(columns - 1)}{row}", columns=str(MAX_COLUMNS), limit=str(MAX_CELLS))


def _lines(text: str) -> Iterator[str]:
    """Lines with their ends. A line longer than any row is refused before it becomes millions of cells."""
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
        if len(line) > MAX_LINE:
            raise Unreadable("too_wide", cell=f"A{number}", columns=str(MAX_COLUMNS), limit=str(MAX_CELLS))
        yield line


def _whole(text: str, separator: str, mixed: frozenset[int]) -> list[SheetRow]:
    rows: list[SheetRow] = []
    reader = csv.reader(_lines(text), delimiter=separator, strict=True)
    before, filled = 0, 0
    for number, cells in enumerate(reader, start=1):
        filled += len(cells)
        _check_text(number, len(cells), filled)
        lines = set(range(before + 1, reader.line_num + 1))
        rows.append(SheetRow(number, tuple(cells), ("mixed_encodings",) if lines & mixed else ()))
        before = reader.line_num
    return rows


def _by_line(text: str, separator: str, mixed: frozenset[int]) -> list[SheetRow]:
    rows: list[SheetRow] = []
    check_area(max(text.count(end) for end in "\n\r"), 1)
    filled = 0
    for number, line in enumerate(_ENDS.split(text), start=1):
        filled += line.count(separator) + 1
        _check_text(number, line.count(separator) + 1, filled)
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
