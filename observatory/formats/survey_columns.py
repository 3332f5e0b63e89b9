"""Where the header of a survey extract is, which column of it is which of ours, and which sheet is meant.

Belongs here: matching headers with the codebook's spellings. Does not belong here: cells below the header.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from observatory.codebook import Codebook, Ours, plain
from observatory.formats.survey_cells import Value, clean, shown
from observatory.formats.survey_file import Opened
from observatory.formats.survey_report import Finding
from observatory.formats.survey_sheet import Sheet, SheetRow, Unreadable, letter

SEARCHED = 40
"""Rows from the top among which the header is looked for."""


@dataclass(frozen=True)
class Layout:
    """A sheet whose header is known. ``at`` is the header's place in ``sheet.rows``, ``places`` our columns' places."""

    sheet: Sheet
    at: int
    places: dict[str, int]
    doubled: dict[str, tuple[int, ...]]

    @cached_property
    def header(self) -> tuple[str, ...]:
        """Texts of the header row, empty ones at its end left out."""
        texts = header_texts(self.sheet.rows[self.at])
        while texts and not texts[-1]:
            texts = texts[:-1]
        return texts

    def label(self, ours: str) -> str:
        """How the file calls a column of ours."""
        return self.header[self.places[ours]]


def header_texts(row: SheetRow) -> tuple[str, ...]:
    """A row's cells as texts without what cannot be seen."""
    return tuple(clean(shown_whole(cell)).text for cell in row.cells)


def shown_whole(cell: Value) -> str:
    """A cell as text, not shortened."""
    return cell if isinstance(cell, str) else shown(cell)


def choose(opened: Opened, book: Codebook) -> tuple[Layout, list[Finding]]:
    """The layout to read, and notes on the choice. Raises Unreadable naming sheets, or headers and candidates."""
    sheets = list(opened.sheets)
    names = ", ".join(f"«{sheet.name}»" for sheet in sheets)
    if opened.kind == "xlsx" and book.file.sheet:
        sheets = [sheet for sheet in sheets if plain(sheet.name) == plain(book.file.sheet)]
        if not sheets:
            raise Unreadable("sheet_unknown", sheet=book.file.sheet, sheets=names)
    found = [_layout(sheet, book) for sheet in sheets]
    fitting = [layout for layout in found if layout and not _lacking(layout, book)]
    if opened.kind == "csv":
        fitting = sorted(fitting, key=lambda layout: -len(layout.places))[:1]
    if len(fitting) > 1:
        fit = ", ".join(f"«{layout.sheet.name}»" for layout in fitting)
        raise Unreadable("sheets_several", sheets=fit)
    if not fitting:
        raise _unreadable(sheets, [layout for layout in found if layout], book)
    layout = fitting[0]
    if layout.doubled:
        ours, places = next(iter(layout.doubled.items()))
        columns = ", ".join(letter(place) for place in places)
        raise Unreadable("column_twice", ours=ours, columns=columns)
    notes = _notes(layout, book)
    if opened.kind == "xlsx" and len(opened.sheets) > 1:
        notes.insert(0, Finding("sheet_chosen", "note", facts={"sheet": layout.sheet.name, "sheets": names}))
    return layout, notes


def _layout(sheet: Sheet, book: Codebook) -> Layout | None:
    """The row that looks most like the header: with the column of firms and most of the others; the first of equals."""
    spellings = {plain(header): ours for ours, column in book.columns.items() for header in column.header}
    best: Layout | None = None
    for at, row in enumerate(sheet.rows[: max(SEARCHED, book.file.header_row or 0)]):
        if book.file.header_row and row.number != book.file.header_row:
            continue
        hits: dict[str, list[int]] = {}
        for place, text in enumerate(header_texts(row)):
            if text and (ours := spellings.get(plain(text))):
                hits.setdefault(ours, []).append(place)
        doubled = {ours: tuple(places) for ours, places in hits.items() if len(places) > 1}
        layout = Layout(sheet, at, {ours: places[0] for ours, places in hits.items()}, doubled)
        if hits and (best is None or len(hits) > len(best.places)):
            best = layout
    return best


def _lacking(layout: Layout, book: Codebook) -> list[Ours]:
    needed: list[Ours] = [ours for ours, column in book.columns.items() if column.required or ours == "firm"]
    by = book.design.by
    if len(book.design.strata) > 1 and by not in needed:
        needed.append(by)
    return [ours for ours in needed if ours not in layout.places]


def _unreadable(sheets: Sequence[Sheet], found: Sequence[Layout], book: Codebook) -> Unreadable:
    """Why no sheet fits: no header at all, or columns that lack, with the headers that come near."""
    if not any(not row.is_blank for sheet in sheets for row in sheet.rows):
        return Unreadable("empty_file")
    wanted = ", ".join(f"«{column.header[0]}»" for column in book.columns.values())
    if not found:
        return Unreadable("no_header", wanted=wanted, rows=str(book.file.header_row or f"1-{SEARCHED}"))
    best = max(found, key=lambda layout: len(layout.places))
    lacking = _lacking(best, book)
    free = [text for place, text in enumerate(best.header) if text and place not in best.places.values()]
    near: list[str] = []
    for ours in lacking:
        folded = {plain(text): text for text in free}
        for header in book.columns[ours].header:
            near += [folded[hit] for hit in difflib.get_close_matches(plain(header), list(folded), 3, 0.5)]
    candidates = ", ".join(f"«{text}»" for text in dict.fromkeys(near or free[:12])) or "-"
    named = ", ".join(f"«{book.columns[ours].header[0]}»" for ours in lacking)
    row = str(best.sheet.rows[best.at].number)
    return Unreadable("column_missing", columns=named, ours=", ".join(lacking), row=row, candidates=candidates)


def _notes(layout: Layout, book: Codebook) -> list[Finding]:
    notes: list[Finding] = []
    above = [row for row in layout.sheet.rows[: layout.at] if not row.is_blank]
    if above:
        notes.append(Finding("title_rows", "note", facts={"rows": _listed(row.number for row in above)}))
    ignored = [text for place, text in enumerate(layout.header) if text and place not in layout.places.values()]
    if ignored:
        notes.append(Finding("column_ignored", "note", facts={"columns": ", ".join(f"«{text}»" for text in ignored)}))
    absent = [f"«{c.header[0]}»" for ours, c in book.columns.items() if ours not in layout.places]
    if absent:
        notes.append(Finding("column_absent", "note", facts={"columns": ", ".join(absent)}))
    return notes


def _listed(numbers: Iterable[int]) -> str:
    texts = [str(number) for number in numbers]
    return ", ".join(texts[:12]) + (" …" if len(texts) > 12 else "")
