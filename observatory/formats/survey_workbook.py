"""The inside of an XLSX workbook: its sheets' cells, and what the cell reader does not tell.

Belongs here: sheets as rows of values; formula errors, formulas without a result, percent formats and merged cells,
which the reader gives as blanks or bare numbers and which are taken from the sheets' own XML. Does not belong here:
which sheet is meant (survey_columns.py), what a cell means.
"""

from __future__ import annotations

import html
import io
import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass

from observatory.formats.survey_cells import ERROR, UNSAVED, Value
from observatory.formats.survey_sheet import MAX_ROWS, Sheet, SheetRow, Unreadable

MAX_UNPACKED = 400_000_000
MAX_COLUMNS = 2_000
_ATTRIBUTE = re.compile(rb'([\w:]+)\s*=\s*(?:"([^"]*)"|\'([^\']*)\')')
_CELL = re.compile(rb"<(?:\w+:)?c\b((?:[^>\"']|\"[^\"]*\"|'[^']*')*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^>]*>(.*?)</(?:\w+:)?v>", re.DOTALL)
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")
_PERCENT_FORMATS = (9, 10)
"""The two built-in number formats with a percent sign (ECMA-376, part 1, 18.8.30)."""


@dataclass(frozen=True)
class Marks:
    """What the XML of a sheet says of cells, by (row from 1, column from 0)."""

    texts: dict[tuple[int, int], str]
    percent: frozenset[tuple[int, int]]
    merged: tuple[tuple[int, int, int, int], ...]


def sheets(data: bytes) -> tuple[Sheet, ...]:
    """All worksheets with cells, in the workbook's order. Raises Unreadable for what is no sound workbook."""
    marks = read_marks(data)
    import python_calamine

    found: list[Sheet] = []
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        for name in workbook.sheet_names:
            if name in marks:
                rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
                found.append(_sheet(name, rows, marks[name]))
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise Unreadable("broken_workbook") from error
    return tuple(found)


def _sheet(name: str, rows: list[list[Value]], marks: Marks) -> Sheet:
    height = max([len(rows), *(row for row, _ in marks.texts)])
    if height > MAX_ROWS:
        raise Unreadable("too_many_rows", rows=str(height), limit=str(MAX_ROWS))
    listed: list[SheetRow] = []
    told: dict[int, dict[int, str]] = {}
    for (number, column), text in marks.texts.items():
        told.setdefault(number, {})[column] = text
    for number in range(1, height + 1):
        cells = list(rows[number - 1]) if number <= len(rows) else []
        for column, text in told.get(number, {}).items():
            cells += [""] * (column + 1 - len(cells))
            cells[column] = text
        listed.append(SheetRow(number, tuple(cells)))
    return Sheet(name, listed, "", marks.percent, marks.merged)


def read_marks(data: bytes) -> dict[str, Marks]:
    """What the XML says of cells, by sheet. Raises Unreadable for what is no sound workbook, or too large unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            if "xl/workbook.xml" not in names:
                kind = "ods" if "content.xml" in names else "xlsb" if "xl/workbook.bin" in names else "zip"
                raise Unreadable("not_workbook", kind=kind)
            size = sum(part.file_size for part in archive.infolist())
            if size > MAX_UNPACKED:
                raise Unreadable("too_big", size=f"{size / 1e6:.0f}", limit=f"{MAX_UNPACKED / 1e6:.0f}")
            styles = _percent_styles(archive.read("xl/styles.xml")) if "xl/styles.xml" in names else frozenset()
            return {
                name: _of_sheet(archive.read(part), styles) for name, part in _parts(archive).items() if part in names
            }
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, OSError, RuntimeError, ValueError) as error:
        raise Unreadable("broken_workbook") from error


def _parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """The part of the archive that holds each worksheet, by the sheet's name."""
    targets: dict[str, str] = {}
    for tag in re.findall(rb"<(?:\w+:)?Relationship\b[^>]*>", archive.read("xl/_rels/workbook.xml.rels")):
        found = _attributes(tag)
        if found.get("Type", "").endswith("/worksheet"):
            targets[found["Id"]] = posixpath.normpath(posixpath.join("/xl", found["Target"])).lstrip("/")
    parts: dict[str, str] = {}
    for tag in re.findall(rb"<(?:\w+:)?sheet\b[^>]*>", archive.read("xl/workbook.xml")):
        found = _attributes(tag)
        relation = next((text for key, text in found.items() if key.endswith(":id")), "")
        if relation in targets:
            parts[found["name"]] = targets[relation]
    return parts


def _of_sheet(xml: bytes, percent_styles: frozenset[int]) -> Marks:
    texts: dict[tuple[int, int], str] = {}
    percent: set[tuple[int, int]] = set()
    for found in _CELL.finditer(xml):
        attributes = _attributes(found[1])
        body = found[2] or b""
        value = _VALUE.search(body)
        text = ""
        if attributes.get("t") == "e":
            text = html.unescape(value[1].decode("utf-8", "replace")) if value else ERROR
        elif _FORMULA.search(body) and value is None:
            text = UNSAVED
        is_percent = int(attributes.get("s", "0")) in percent_styles and attributes.get("t", "n") == "n"
        if not (text or is_percent):
            continue
        # Some writers leave addresses out; a spreadsheet puts them in when it saves the workbook again.
        if "r" not in attributes:
            raise Unreadable("broken_workbook")
        place = _place(attributes["r"])
        if text:
            texts[place] = text
        if is_percent:
            percent.add(place)
    merged = []
    for tag in re.findall(rb"<(?:\w+:)?mergeCell\b[^>]*>", xml):
        first, _, last = _attributes(tag)["ref"].partition(":")
        top, left = _place(first)
        bottom, right = _place(last or first)
        merged.append((top, left, bottom, right))
    return Marks(texts, frozenset(percent), tuple(merged))


def _percent_styles(xml: bytes) -> frozenset[int]:
    """Indices of cell styles whose number format shows a percent sign."""
    formats = set(_PERCENT_FORMATS)
    for tag in re.findall(rb"<(?:\w+:)?numFmt\b[^>]*>", xml):
        found = _attributes(tag)
        if "%" in re.sub(r'"[^"]*"|\\.', "", found.get("formatCode", "")):
            formats.add(int(found["numFmtId"]))
    styles = re.search(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", xml, re.DOTALL)
    used = re.findall(rb"<(?:\w+:)?xf\b[^>]*>", styles[0]) if styles else []
    return frozenset(at for at, tag in enumerate(used) if int(_attributes(tag).get("numFmtId", "0")) in formats)


def _attributes(tag: bytes) -> dict[str, str]:
    return {
        key.decode(): html.unescape((double or single).decode("utf-8", "replace"))
        for key, double, single in _ATTRIBUTE.findall(tag)
    }


def _place(address: str) -> tuple[int, int]:
    """Row from 1 and column from 0 of an address such as ``B7``. Raises ValueError for what is none."""
    found = re.fullmatch(r"\$?([A-Z]{1,3})\$?(\d{1,7})", address)
    if not found:
        raise ValueError("not the address of a cell")
    column = 0
    for character in found[1]:
        column = 26 * column + ord(character) - 64
    if column > MAX_COLUMNS:
        raise ValueError("a cell beyond the last column read")
    return int(found[2]), column - 1
