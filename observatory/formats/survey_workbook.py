"""The inside of an XLSX workbook: its sheets' cells, and what the cell reader does not tell.

Belongs here: sheets as rows of values; formula errors, formulas without a result, percent formats and merged cells,
which the reader gives as blanks or bare numbers and which are taken from the sheets' own XML. Does not belong here:
which sheet is meant (survey_columns.py), what a cell means.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib

from observatory.formats import survey_sheet, survey_xml
from observatory.formats.survey_cells import Value
from observatory.formats.survey_sheet import Sheet, SheetRow, Unreadable
from observatory.formats.survey_xml import Marks

MAX_UNPACKED = 30_000_000
"""Largest sum of all parts, unpacked: some 60 000 rows of a survey. The cell reader takes ten times as much."""


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
    survey_sheet.check_area(height, 1)
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
            # The cell reader takes names without regard to case: no part may hide behind another.
            if len({_folded(name) for name in names}) < len(archive.infolist()):
                raise Unreadable("broken_workbook")
            if "xl/workbook.xml" not in names:
                kind = "ods" if "content.xml" in names else "xlsb" if "xl/workbook.bin" in names else "zip"
                raise Unreadable("not_workbook", kind=kind)
            size = sum(part.file_size for part in archive.infolist())
            if size > MAX_UNPACKED:
                raise Unreadable("too_big", size=f"{size / 1e6:.0f}", limit=f"{MAX_UNPACKED / 1e6:.0f}")
            styles = (
                survey_xml.percent_styles(archive.read("xl/styles.xml")) if "xl/styles.xml" in names else frozenset()
            )
            # Every part is looked at, lest the cell reader find a sheet by another way than we do.
            looked = {
                _folded(part): survey_xml.marks(archive.read(part), styles)
                for part in names
                if _folded(part).endswith(".xml")
            }
            return {name: looked[part] for name, part in _parts(archive).items() if part in looked}
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, OSError, RuntimeError, ValueError) as error:
        raise Unreadable("broken_workbook") from error


def _folded(name: str) -> str:
    """A part's name as the cell reader compares it."""
    return name.replace("\\", "/").lstrip("/").lower()


def _parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """The part of the archive that holds each worksheet, by the sheet's name, each known by one name and one id."""
    targets: dict[str, str] = {}
    relations = survey_xml.listed(archive.read("xl/_rels/workbook.xml.rels"), "Relationship")
    for found in relations:
        if found.get("Type", "").endswith("/worksheet"):
            targets[found["Id"]] = _folded(posixpath.normpath(posixpath.join("/xl", found["Target"])))
            if not targets[found["Id"]].endswith(".xml"):
                raise Unreadable("broken_workbook")
    sheets = survey_xml.listed(archive.read("xl/workbook.xml"), "sheet")
    # The cell reader must not find another part under a name than the one looked at here.
    if len({r["Id"] for r in relations}) < len(relations) or len({s["name"] for s in sheets}) < len(sheets):
        raise Unreadable("broken_workbook")
    return {found["name"]: targets[found["id"]] for found in sheets if found.get("id") in targets}
