"""A release as one XLSX workbook.

Belongs here: the workbook as a whole and the sheets of topics with their figures and charts. Does not belong here: the
sheets of words (workbook_notes.py), which series a chart shows (series.py), any computing: a cell holds a figure of the
release or nothing.

No text can become a formula or a link. Numbers are numbers; XLSX keeps 16 significant digits of them. The same release
gives the same bytes.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from observatory.errors import DataError
from observatory.publishing import numbers, series, site_messages, translations
from observatory.publishing.edition import MADE_UP, Edition, Language, Table
from observatory.publishing.messages import COLUMNS, TOPICS, WORKBOOK, topic, words
from observatory.publishing.site_labels import variant_words

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": False,
}
FIGURES = (
    *("indicator", "variant", "geo", "place", "activity", "period", "value", "unit", "lower", "upper", "n", "status"),
    *("comparator", "provenance", "sources", "mark"),
)
WIDTHS = (24, 26, 13, 26, 22, 11, 13, 22, 13, 13, 13, 9, 14, 13, 34, 14)
NUMBERS = ("value", "lower", "upper", "n")
"""Of the columns of figures, in characters, unless their texts need more."""
WIDEST = 70
"""From here on a text wraps."""
HEAD = 4
"""Row of the column heads; figures begin in the row after it."""
TWO_LINES = 31
"""Height of a row of heads: Excel does not grow a row by itself."""
A3 = 8
"""Number of the paper: on a smaller one a line of figures and its chart would be too small to read."""
ORANGE = "#FCE4D6"
CHART_ROWS = 18


@dataclass
class Pen:
    """What all sheets share: the workbook, its language and formats, and where each indicator stands."""

    book: Workbook
    edition: Edition
    language: Language
    formats: dict[tuple[str, ...], Format] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def look(self, number: str = "", *styles: str) -> Format:
        """A cell format: a number format, and any of bold, wrap, head, orange, large, warning."""
        key = (number, *styles)
        if key not in self.formats:
            looks: dict[str, dict[str, Any]] = {
                "bold": {"bold": True},
                "wrap": {"text_wrap": True, "valign": "top"},
                "head": {"bold": True, "bottom": 1, "bg_color": "#DDEBF7", "text_wrap": True, "valign": "top"},
                "orange": {"bg_color": ORANGE},
                "large": {"bold": True, "font_size": 14},
                "warning": {"bold": True, "bg_color": ORANGE},
            }
            chosen: dict[str, Any] = {"num_format": number} if number else {}
            for style in styles:
                chosen |= looks[style]
            self.formats[key] = self.book.add_format(chosen)
        return self.formats[key]

    def say(self, name: str, **facts: object) -> str:
        """Words of the workbook in its language."""
        return words(WORKBOOK[name], self.language, **facts)

    def unit(self, unit: str) -> str:
        """A unit in Spanish or Basque words; as the model says it in English or where the messages have none."""
        found = None if self.language == "en" else site_messages.known(self.language, f"unit.{unit}")
        return found or unit

    def text(self, text: str) -> str:
        """A text that the release holds in English in this language; itself where it has no translation."""
        return translations.translated(self.language, text) or text

    @property
    def citation(self) -> str:
        """How to cite the release, in this language."""
        release = self.say("release", release=self.edition.release, day=self.edition.created[:10])
        return ", ".join((self.text(self.edition.title), release, self.edition.licence[0]))


def number_format(unit: str) -> str:
    """How figures of a unit are shown: with its decimals, and with thousands marks where they are large."""
    places = numbers.unit_decimals(unit)
    return ("#,##0" if places < 2 else "0") + (f".{'0' * places}" if places else "")


def workbook(edition: Edition, indicators: Sequence[Table], language: Language = "es") -> bytes:
    """The workbook of these indicators: contents, a sheet a topic, definitions, flags; words in ``language``.

    Raises DataError for a figure that is not finite.
    """
    import xlsxwriter

    from observatory.publishing import workbook_notes as notes

    sink = BytesIO()
    book = xlsxwriter.Workbook(sink, OPTIONS)
    pen = Pen(book, edition, language)
    created = datetime.fromisoformat(edition.created).replace(tzinfo=None)
    book.set_properties({"title": pen.text(edition.title), "comments": pen.citation, "created": created})
    contents = book.add_worksheet(pen.say("contents"))
    topics: dict[str, list[Table]] = {name: [] for name in TOPICS}
    for table in indicators:
        topics[topic(table.name)].append(table)
    sheets = {name: tables for name, tables in topics.items() if tables}
    for name, tables in sheets.items():
        _topic(pen, words(TOPICS[name], language), tables)
    notes.definitions(pen, book.add_worksheet(pen.say("definitions")), indicators)
    notes.flags(pen, book.add_worksheet(pen.say("flags")), indicators)
    notes.contents(pen, contents, sheets)
    book.close()
    return sink.getvalue()


def head(pen: Pen, sheet: Worksheet, title: str, made_up: int, rows: int) -> None:
    """The lines above a table: title, release, how much is made up, the way back to the contents."""
    sheet.write_string(0, 0, title, pen.look("", "large"))
    sheet.write_string(1, 0, pen.say("release", release=pen.edition.release, day=pen.edition.created[:10]))
    if made_up:
        sheet.write_string(2, 0, pen.say("made_up", rows=made_up, all=rows), pen.look("", "warning"))
    else:
        sheet.write_string(2, 0, pen.say("all_real"))
    printing(pen, sheet)
    sheet.write_url(3, 0, f"internal:'{pen.say('contents')}'!A1", string=pen.say("back"))


def height(text: str, width: int) -> int:
    """Points that a text needs when it wraps in a column of so many characters; no program is left to guess it."""
    return 15 * sum(len(textwrap.wrap(line, width - 2)) or 1 for line in text.split("\n"))


def breadth(text: str) -> int:
    """Characters of average width that a text takes: a plus sign is a third wider than a digit in many fonts."""
    return len(text) + -(-text.count("+") // 3)


def widths(pen: Pen, tables: Sequence[Table]) -> list[int]:
    """Widths of the columns of figures: a text that its neighbour cut off would be lost on paper."""
    said = {"place": ("geo", lambda code: pen.edition.place(code, pen.language)), "unit": ("unit", pen.unit)}
    found = []
    for name, least in zip(FIGURES, WIDTHS, strict=True):
        column, told = said.get(name, (name, str))
        known = tables if name not in (*NUMBERS, "mark") else ()
        texts = (told(text) for table in known for text in table.content[column].unique().to_pylist() if text)
        longest = max(map(breadth, texts), default=0)
        found.append(max(least, min(longest + 2, WIDEST)))
    return found


def printing(pen: Pen, sheet: Worksheet, heads: int | None = HEAD) -> None:
    """On paper and as PDF: lying, as wide as one page, heads on each, named and numbered."""
    sheet.set_landscape()
    sheet.set_paper(A3)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    if heads is not None:
        sheet.repeat_rows(heads)
    sheet.set_footer(f"&L{pen.citation.replace('&', '&&')}&R&A · &P / &N")


def _topic(pen: Pen, title: str, tables: Sequence[Table]) -> None:
    """A sheet with the blocks of a topic's indicators one below the other under one head, charts beside them."""
    sheet = pen.book.add_worksheet(title)
    head(pen, sheet, title, sum(t.made_up for t in tables), sum(t.rows for t in tables))
    for column, (name, width) in enumerate(zip(FIGURES, widths(pen, tables), strict=True)):
        sheet.write_string(HEAD, column, words(COLUMNS[name], pen.language), pen.look("", "head"))
        sheet.set_column(column, column, width)
    sheet.set_row(HEAD, TWO_LINES)
    sheet.freeze_panes(HEAD + 1, 0)
    first, charts = HEAD + 1, 0
    for table in tables:
        rows = series.arranged(table.content).to_pylist()
        block(pen, sheet, table, rows, first)
        last = max(first + len(rows) - 1, first)
        pen.places[table.name] = f"'{title}'!A{first + 1}"
        area = f"='{title}'!$A${first + 1}:${chr(ord('A') + len(FIGURES) - 1)}${last + 1}"
        if pen.book.define_name(table.name, area):
            raise DataError(f"{table.name}: no name for a range of cells", remedy="Rename the indicator")
        charts += _chart(pen, sheet, table, rows, first, HEAD + 1 + charts * CHART_ROWS)
        first = last + 1
    sheet.autofilter(HEAD, 0, first - 1, len(FIGURES) - 1)


def block(pen: Pen, sheet: Worksheet, table: Table, rows: Sequence[Mapping[str, Any]], first: int) -> None:
    """The rows of one indicator from row ``first`` on (counted from 0). Years are numbers, windows text."""
    for at, row in enumerate(rows, start=first):
        style, mark = (("orange",), pen.say("mark")) if row["provenance"] == MADE_UP else ((), "")
        plain, year = pen.look("", *style) if style else None, pen.look("0", *style)
        wrapped = pen.look("", "wrap", *style)
        figure, count = pen.look(number_format(row["unit"]), *style), pen.look("#,##0", *style)
        for column, name in enumerate(FIGURES):
            if name == "place":
                sheet.write_string(at, column, pen.edition.place(row["geo"], pen.language), plain)
            elif name == "mark":
                sheet.write_string(at, column, mark, plain)
            elif name == "unit":
                sheet.write_string(at, column, pen.unit(row[name]), plain)
            elif (found := row[name]) is None:
                sheet.write_blank(at, column, None, plain)
            elif name in NUMBERS:
                try:
                    sheet.write_number(at, column, found, count if name == "n" else figure)
                except TypeError as error:
                    raise DataError(
                        f"{table.path}: {name} of {row['geo']} {row['period']}: {found} is no finite number",
                        remedy="Mend the model: a missing figure is null",
                    ) from error
            elif name == "period" and series.YEAR.match(found):
                sheet.write_number(at, column, int(found), year)
            elif breadth(found) > WIDEST - 2:
                sheet.write_string(at, column, found, wrapped)
                sheet.set_row(at, height(found, WIDEST))
            else:
                sheet.write_string(at, column, found, plain)


def _chart(pen: Pen, sheet: Worksheet, table: Table, rows: list[Mapping[str, Any]], first: int, at: int) -> bool:
    """A native chart of the headline places beside the figures, if there is a series in time; whether there is one."""
    shown = series.headline(rows)
    if not shown:
        return False
    chart = pen.book.add_chart({"type": "scatter", "subtype": "straight"})
    name, period, value = sheet.get_name(), FIGURES.index("period"), FIGURES.index("value")
    for line in shown:
        chart.add_series(
            {
                "name": pen.edition.place(line.place, pen.language),
                "categories": [name, first + line.first, period, first + line.last, period],
                "values": [name, first + line.first, value, first + line.last, value],
            }
        )
    title = table.title(pen.language)
    if any(line.made_up for line in shown):
        title = pen.say("chart_made_up", title=title)
    chart.set_title({"name": title, "name_font": {"size": 11}, "overlay": False})
    years = [int(rows[at]["period"]) for line in shown for at in (line.first, line.last)]
    chart.set_x_axis({"num_format": "0", "min": min(years), "max": max(years), "major_gridlines": {"visible": False}})
    chart.set_y_axis({"name": pen.unit(table.unit), "num_format": "General"})
    chart.set_legend({"position": "bottom"})
    chart.show_blanks_as("gap")
    chart.show_hidden_data()
    chart.set_size({"width": 620, "height": CHART_ROWS * 20 - 10})
    variant = variant_words(pen.language, rows[shown[0].first]["variant"], pen.edition.names(pen.language))
    words_of = f"{title}: {variant}, {rows[shown[0].first]['activity']}, {pen.unit(table.unit)}"
    sheet.insert_chart(at, len(FIGURES) + 1, chart, {"object_position": 3, "description": words_of})
    return True
