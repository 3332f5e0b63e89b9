"""A survey file as rows of cells: what kind of file the bytes are, their letters, their separators.

Belongs here: sniffing by bytes, decoding line by line, splitting into cells. Does not belong here: the inside of a
workbook (survey_workbook.py), which row is the header (survey_columns.py), what a cell means.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from observatory.codebook import File
from observatory.formats.survey_cells import LOST, Value
from observatory.formats.survey_report import Finding

MAX_BYTES = 50_000_000
MAX_ROWS = 200_000
SEPARATORS = (";", ",", "\t", "|")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ENDS = re.compile(r"\r\n|\r|\n")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FOREIGN = ((b"%PDF", "PDF"), (b"\x89PNG", "PNG"), (b"\xff\xd8\xff", "JPEG"), (b"{\\rtf", "RTF"), (b"\x1f\x8b", "gzip"))
_SHOWN = {";": "; ", ",": ", ", "\t": "tab", "|": "| "}


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
    percent: frozenset[tuple[int, int]] = frozenset()
    merged: tuple[tuple[int, int, int, int], ...] = ()


@dataclass(frozen=True)
class Opened:
    """A file's sheets, or the readings of a text file under each separator, with what was noticed on the way."""

    kind: str
    sheets: tuple[Sheet, ...]
    notes: tuple[Finding, ...] = ()
    encoding: str = ""


def open_bytes(data: bytes, file: File, name: str) -> Opened:
    """Tell what the bytes are and split them into cells. Raises Unreadable."""
    if len(data) > MAX_BYTES:
        raise Unreadable("too_big", size=f"{len(data) / 1e6:.0f}", limit=f"{MAX_BYTES / 1e6:.0f}")
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise Unreadable("empty_file")
    if data.startswith(_OLE):
        raise Unreadable("password" if "EncryptedPackage".encode("utf-16-le") in data else "old_excel")
    ending = name.lower().rpartition(".")[2]
    if data.startswith(b"PK\x03\x04"):
        from observatory.formats import survey_workbook

        notes = (Finding("really_workbook", "note"),) if ending in {"csv", "txt", "tsv"} else ()
        return Opened("xlsx", survey_workbook.sheets(data), notes)
    for start, kind in _FOREIGN:
        if data.startswith(start):
            raise Unreadable("not_a_table", kind=kind)
    head = data[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype html", b"<html", b"<head", b"<table", b"<?xml", b"<meta")):
        raise Unreadable("web_page")
    notes = (Finding("really_text", "note"),) if ending in {"xlsx", "xls", "xlsm", "ods"} else ()
    text, encoding, lines = decoded(data, file.encoding)
    if text.count("\x00") > len(text) / 100:
        raise Unreadable("not_a_table", kind="?")
    if lines:
        rule = "mixed_encodings" if encoding == "mixed" else "windows_letters"
        notes = (*notes, Finding(rule, "note", facts={"lines": _numbers(sorted(lines))}))
    directive = re.match(r"sep=(.)\s*?(?:\r\n|\r|\n)", text, re.IGNORECASE)
    tried = [file.separator] if file.separator else [directive[1]] if directive else list(SEPARATORS)
    mixed = lines if encoding == "mixed" else frozenset()
    return Opened("csv", tuple(split(text, separator, mixed) for separator in tried), notes, encoding)


def decoded(data: bytes, stated: str | None = None) -> tuple[str, str, frozenset[int]]:
    """Text, its encoding, and the lines (from 1) that are not UTF-8 and were read as windows-1252.

    A byte order mark wins over the codebook, the codebook over guessing. A byte that stands for no letter becomes
    U+FFFD; its cell is refused later.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace"), encoding, frozenset()
    if stated:
        try:
            return data.decode(stated, "replace"), stated, frozenset()
        except LookupError:
            raise Unreadable("unknown_encoding", encoding=stated) from None
    zeros = (data[0:2000:2].count(0), data[1:2000:2].count(0))
    if max(zeros) > len(data[:2000]) / 5:
        encoding = "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
        return data.decode(encoding, "replace"), encoding, frozenset()
    try:
        return data.decode("utf-8"), "utf-8", frozenset()
    except UnicodeDecodeError:
        return _line_by_line(data)


def _line_by_line(data: bytes) -> tuple[str, str, frozenset[int]]:
    texts: list[str] = []
    western: set[int] = set()
    has_utf8 = False
    for number, line in enumerate(re.split(rb"(?<=\n)|(?<=\r)(?!\n)", data), start=1):
        try:
            texts.append(line.decode("utf-8"))
            has_utf8 = has_utf8 or not line.isascii()
        except UnicodeDecodeError:
            texts.append(line.decode("cp1252", "replace"))
            western.add(number)
    return "".join(texts), "mixed" if has_utf8 else "windows-1252", frozenset(western)


def split(text: str, separator: str, mixed: frozenset[int] = frozenset()) -> Sheet:
    """Cells of a text file. Where quotation marks do not close, each line is split alone and the bad ones marked."""
    try:
        rows = _whole(text, separator, mixed)
    except csv.Error:
        rows = _by_line(text, separator, mixed)
    if len(rows) > MAX_ROWS:
        raise Unreadable("too_many_rows", rows=str(len(rows)), limit=str(MAX_ROWS))
    return Sheet(_SHOWN.get(separator, separator).strip(), rows)


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


def has_lost(row: SheetRow) -> bool:
    """Whether a letter of a row could not be read."""
    return any(isinstance(cell, str) and LOST in cell for cell in row.cells)


def _numbers(lines: Sequence[int]) -> str:
    shown = ", ".join(map(str, lines[:8]))
    return f"{shown} …" if len(lines) > 8 else shown
