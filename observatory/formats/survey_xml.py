"""The XML inside a workbook: cells that the cell reader does not tell of, and how far a sheet reaches.

Belongs here: walking the parts element by element, in time and memory that grow with their size. Does not belong here:
the archive and the cell reader (survey_workbook.py), what a cell means.

Document types are refused: a workbook has none, and their entities can stand for any amount of text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from observatory.formats import survey_sheet
from observatory.formats.survey_cells import ERROR, UNSAVED
from observatory.formats.survey_sheet import Unreadable

MAX_MERGED = 1_000
MAX_DEPTH = 64
_PERCENT_FORMATS = (9, 10)
"""The two built-in number formats with a percent sign (ECMA-376, part 1, 18.8.30)."""
_PLACE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")

Attributes = Mapping[str, str]


@dataclass(frozen=True)
class Marks:
    """What the XML of a sheet says of cells, by (row from 1, column from 0)."""

    texts: dict[tuple[int, int], str]
    percent: frozenset[tuple[int, int]]
    merged: tuple[tuple[int, int, int, int], ...]


class Reader:
    """Calls ``start`` and ``end`` with names without prefix. Raises Unreadable for what is no sound XML."""

    def read(self, xml: bytes) -> None:
        """Walk a part of the archive."""
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self.text
        parser.StartDoctypeDeclHandler = self._doctype
        self.depth = 0
        try:
            parser.Parse(xml, True)
        except (expat.ExpatError, ValueError, KeyError) as error:
            raise Unreadable("broken_workbook") from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Unreadable("broken_workbook")
        self.start(name.rpartition(":")[2], attributes)

    def _end(self, name: str) -> None:
        self.depth -= 1
        self.end(name.rpartition(":")[2])

    def _doctype(self, *_: object) -> None:
        raise Unreadable("broken_workbook")

    def start(self, name: str, attributes: Attributes) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """A piece of text."""


@dataclass
class Sheet(Reader):
    """Marks of one worksheet. Raises Unreadable where it reaches further than is read (survey_sheet.py)."""

    percent_styles: frozenset[int]
    texts: dict[tuple[int, int], str] = field(default_factory=dict)
    percent: set[tuple[int, int]] = field(default_factory=set)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    place: tuple[int, int] = (0, -1)
    rows: int = 0
    columns: int = 0
    cell: Attributes | None = None
    value: list[str] | None = None
    has: frozenset[str] = frozenset()
    is_value: bool = False

    def start(self, name: str, attributes: Attributes) -> None:
        """Rows without address follow the one before, as cells do."""
        if name == "row":
            self.place = (int(attributes.get("r", self.place[0] + 1)), -1)
        elif name == "c":
            self.cell, self.value, self.has = attributes, None, frozenset()
            row, column = self.place
            self.place = address(attributes["r"]) if "r" in attributes else (row, column + 1)
        elif name == "mergeCell":
            self._merge(attributes["ref"])
        elif name == "v" and self.cell is not None:
            self.value, self.is_value = [], True
        if self.cell is not None and name in {"v", "f", "is"}:
            self.has |= {name}

    def text(self, text: str) -> None:
        """Only the text of a value counts."""
        if self.is_value and self.value is not None:
            self.value.append(text)

    def end(self, name: str) -> None:
        """A cell is judged when it ends."""
        if name == "v":
            self.is_value = False
        elif name == "c" and self.cell is not None:
            self._judge(self.cell)
            self.cell = None

    def _judge(self, cell: Attributes) -> None:
        if self.has:
            self.rows, self.columns = max(self.rows, self.place[0]), max(self.columns, self.place[1] + 1)
            survey_sheet.check_area(self.rows, self.columns)
        text, kind = "", cell.get("t", "n")
        if kind == "e":
            text = "".join(self.value or ()) or ERROR
        elif "f" in self.has and self.value is None:
            text = UNSAVED
        is_percent = kind == "n" and int(cell.get("s", "0")) in self.percent_styles
        # Some writers leave addresses out; a spreadsheet puts them in when it saves the workbook again.
        if (text or is_percent) and "r" not in cell:
            raise Unreadable("broken_workbook")
        if text:
            survey_sheet.check_area(*(max(1, n) for n in (self.place[0], self.place[1] + 1)))
            self.texts[self.place] = text
        if is_percent:
            self.percent.add(self.place)

    def _merge(self, area: str) -> None:
        first, _, last = area.partition(":")
        self.merged.append((*address(first), *address(last or first)))
        if len(self.merged) > MAX_MERGED:
            raise Unreadable("too_many_merged", limit=str(MAX_MERGED))

    def marks(self) -> Marks:
        """What was found."""
        return Marks(self.texts, frozenset(self.percent), tuple(self.merged))


class Styles(Reader):
    """Indices of cell styles whose number format shows a percent sign."""

    def __init__(self) -> None:
        self.formats = set(_PERCENT_FORMATS)
        self.percent: set[int] = set()
        self.at = -1
        self.is_cells = False

    def start(self, name: str, attributes: Attributes) -> None:
        """Number formats stand before the styles that use them."""
        if name == "numFmt" and "%" in re.sub(r'"[^"]*"|\\.', "", attributes.get("formatCode", "")):
            self.formats.add(int(attributes["numFmtId"]))
        elif name == "cellXfs":
            self.is_cells = True
        elif name == "xf" and self.is_cells:
            self.at += 1
            if int(attributes.get("numFmtId", "0")) in self.formats:
                self.percent.add(self.at)

    def end(self, name: str) -> None:
        """Other lists of styles count for themselves."""
        if name == "cellXfs":
            self.is_cells = False


class Listed(Reader):
    """The attributes of all elements of one name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.found: list[dict[str, str]] = []

    def start(self, name: str, attributes: Attributes) -> None:
        """Keep those of the name."""
        if name == self.name:
            self.found.append({key.rpartition(":")[2]: value for key, value in attributes.items()})


def listed(xml: bytes, name: str) -> list[dict[str, str]]:
    """Attributes, without prefixes, of the elements of one name."""
    reader = Listed(name)
    reader.read(xml)
    return reader.found


def percent_styles(xml: bytes) -> frozenset[int]:
    """Indices of the cell styles that show a percent sign."""
    reader = Styles()
    reader.read(xml)
    return frozenset(reader.percent)


def marks(xml: bytes, styles: frozenset[int]) -> Marks:
    """Marks of a worksheet."""
    reader = Sheet(styles)
    reader.read(xml)
    return reader.marks()


def address(text: str) -> tuple[int, int]:
    """Row from 1 and column from 0 of an address such as ``B7``. Raises ValueError for what is none."""
    found = _PLACE.fullmatch(text)
    if not found:
        raise ValueError("not the address of a cell")
    column = 0
    for character in found[1]:
        column = 26 * column + ord(character) - 64
    return int(found[2]), column - 1
