"""The sheets of words in a workbook: contents, definitions, flags and columns.

Belongs here: what these sheets say and where. Does not belong here: figures and charts (workbook.py), the words
themselves (messages.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from observatory.publishing.edition import LANGUAGES, MADE_UP, Table
from observatory.publishing.messages import ABOUT_COLUMNS, COLUMNS, PROVENANCES, STATUSES, TOPICS, words
from observatory.publishing.site_labels import variant_words
from observatory.publishing.workbook import FIGURES, HEAD, TWO_LINES, Pen, head, height, printing

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet


def _heads(pen: Pen, sheet: Worksheet, row: int, names: Sequence[str], widths: Sequence[int]) -> None:
    sheet.set_row(row, TWO_LINES)
    for column, (name, width) in enumerate(zip(names, widths, strict=True)):
        sheet.write_string(row, column, name, pen.look("", "head"))
        sheet.set_column(column, column, width)


def contents(pen: Pen, sheet: Worksheet, sheets: Mapping[str, Sequence[Table]]) -> None:
    """Title, release, licence and citation; then a line an indicator with links to its block and definition."""
    edition, tables = pen.edition, [t for tables in sheets.values() for t in tables]
    made_up, rows = sum(t.made_up for t in tables), sum(t.rows for t in tables)
    sheet.write_string(0, 0, pen.text(edition.title), pen.look("", "large"))
    sheet.write_string(1, 0, pen.say("release", release=edition.release, day=edition.created[:10]))
    warning = pen.say("made_up", rows=made_up, all=rows) if made_up else pen.say("all_real")
    sheet.write_string(2, 0, warning, pen.look("", *(["warning"] if made_up else [])))
    facts = {
        "licence": " ".join(edition.licence),
        "cite": pen.citation,
        "commit": str(edition.manifest["git_commit"]),
    }
    for row, (name, text) in enumerate(facts.items(), start=3):
        sheet.write_string(row, 0, pen.say(name), pen.look("", "bold"))
        sheet.write_string(row, 1, text)
    sheet.write_string(6, 0, pen.say("named"))
    for column, name in enumerate(("definitions", "flags")):
        sheet.write_url(7, column, f"internal:'{pen.say(name)}'!A1", string=pen.say(name))
    names = [pen.say("topic"), words(COLUMNS["indicator"], pen.language), pen.say("name")]
    names += [words(COLUMNS["unit"], pen.language), pen.say("rows"), pen.say("made_up_rows"), pen.say("updated")]
    _heads(pen, sheet, 9, names, (26, 30, 52, 30, 10, 12, 20))
    at = 10
    for name, found in sheets.items():
        title = words(TOPICS[name], pen.language)
        for table in found:
            orange = ("orange",) if table.made_up else ()
            sheet.write_url(at, 0, f"internal:'{title}'!A1", string=title)
            sheet.write_url(at, 1, f"internal:{pen.places[table.name]}", string=table.name)
            sheet.write_string(at, 2, table.title(pen.language), pen.look("", *orange))
            sheet.write_string(at, 3, pen.unit(table.unit), pen.look("", *orange))
            sheet.write_number(at, 4, table.rows, pen.look("#,##0", *orange))
            sheet.write_number(at, 5, table.made_up, pen.look("#,##0", *orange))
            _day(pen, sheet, at, 6, table.updated, *orange)
            at += 1
    printing(pen, sheet, 9)
    sheet.freeze_panes(10, 0)
    sheet.autofilter(9, 0, max(at - 1, 10), len(names) - 1)


def _day(pen: Pen, sheet: Worksheet, row: int, column: int, text: str, *styles: str) -> None:
    """A day as a date, or as the publisher wrote it where it is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        sheet.write_string(row, column, text, pen.look("", *styles))
    else:
        sheet.write_datetime(row, column, day, pen.look("yyyy-mm-dd", *styles))


def definitions(pen: Pen, sheet: Worksheet, tables: Sequence[Table]) -> None:
    """A line an indicator: names in three languages, definition, unit, caveats, reference, sources, last update."""
    head(pen, sheet, pen.say("definitions"), sum(t.made_up for t in tables), sum(t.rows for t in tables))
    names = [words(COLUMNS["indicator"], pen.language), *(f"{pen.say('name')} ({x})" for x in LANGUAGES)]
    names += [pen.say("definition"), words(COLUMNS["unit"], pen.language), pen.say("caveats"), pen.say("reference")]
    names += [words(COLUMNS[x], pen.language) for x in ("sources", "provenance")] + [pen.say("updated")]
    widths = (28, 32, 32, 32, 60, 22, 60, 34, 50, 24, 14)
    _heads(pen, sheet, HEAD, names, widths)
    for at, table in enumerate(tables, start=HEAD + 1):
        style = ("wrap", "orange") if table.made_up else ("wrap",)
        sheet.write_url(at, 0, f"internal:{pen.places[table.name]}", string=table.name)
        texts = [*(table.title(language) for language in LANGUAGES), pen.text(table.definition), pen.unit(table.unit)]
        texts += ["\n".join(pen.text(caveat) for caveat in table.caveats), pen.text(table.reference)]
        texts.append("\n".join(pen.text(source.citation) for source in table.sources))
        texts.append(", ".join(words(PROVENANCES[p], pen.language) for p in table.provenances))
        for column, text in enumerate(texts, start=1):
            sheet.write_string(at, column, text, pen.look("", *style))
        sheet.set_row(at, max(map(height, texts, widths[1:])))
        _day(pen, sheet, at, len(names) - 1, table.updated, *style)
    sheet.freeze_panes(HEAD + 1, 1)
    sheet.autofilter(HEAD, 0, max(HEAD + len(tables), HEAD + 1), len(names) - 1)


def flags(pen: Pen, sheet: Worksheet, tables: Sequence[Table]) -> None:
    """Letters of status, kinds of provenance, columns and the variants of these tables, each with its meaning."""
    names = pen.edition.names(pen.language)
    codes = sorted({code for table in tables for code in table.content["variant"].unique().to_pylist()})
    sheet.write_string(0, 0, pen.say("flags"), pen.look("", "large"))
    sheet.write_url(1, 0, f"internal:'{pen.say('contents')}'!A1", string=pen.say("back"))
    letters = [(letter, words(text, pen.language)) for letter, text in STATUSES.items()]
    kinds = [(kind, words(text, pen.language)) for kind, text in PROVENANCES.items()]
    columns = [(words(COLUMNS[name], pen.language), words(ABOUT_COLUMNS[name], pen.language)) for name in FIGURES]
    blocks = {
        pen.say("letter"): [*letters, ("", pen.say("several"))],
        words(COLUMNS["provenance"], pen.language): kinds,
        pen.say("column"): columns,
        words(COLUMNS["variant"], pen.language): [(code, variant_words(pen.language, code, names)) for code in codes],
    }
    at = 3
    for title, lines in blocks.items():
        _heads(pen, sheet, at, (title, pen.say("meaning")), (46, 100))
        for name, meaning in lines:
            at += 1
            sheet.write_string(at, 0, name, pen.look("", *(["orange"] if name == MADE_UP else [])))
            sheet.write_string(at, 1, meaning, pen.look("", "wrap"))
            sheet.set_row(at, height(meaning, 100))
        at += 2
    printing(pen, sheet, None)
    sheet.freeze_panes(4, 0)
