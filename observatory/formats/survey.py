"""Firm survey extracts as people send them: bytes and a codebook in, accepted rows and a report of every row out.

Belongs here: the way from cells to rows. Does not belong here: what a file is (survey_sheet.py), columns
(survey_columns.py), cells (survey_values.py), rules between fields and rows (survey_rules.py), words
(survey_messages.py), estimates (estimators/).

Every row below the header that holds anything is accepted, repaired under a named rule, or refused; nothing else
happens to it. A cell that could be two numbers is never guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from observatory.codebook import NUMERIC, Codebook, plain
from observatory.formats import survey_columns, survey_file, survey_rules, survey_values
from observatory.formats.survey_columns import Layout
from observatory.formats.survey_file import Opened
from observatory.formats.survey_report import ColumnReport, Finding, Report, RowReport, State, render
from observatory.formats.survey_sheet import SheetRow, Unreadable, letter
from observatory.formats.survey_values import Answer, Place

__all__ = ["SCHEMA", "Report", "read", "render"]

SCHEMA = pa.schema(
    [
        ("firm", pa.string()),
        ("holding", pa.string()),
        ("wave", pa.string()),
        ("branch", pa.string()),
        ("size", pa.string()),
        ("territory", pa.string()),
        ("stratum", pa.string()),
        ("population", pa.int64()),
        ("weight", pa.float64()),
        ("share_pct", pa.float64()),
        ("turnover", pa.float64()),
        ("service_turnover", pa.float64()),
        ("expectation", pa.string()),
        ("designed", pa.bool_()),
        ("row", pa.int64()),
    ]
)
"""Accepted rows: share_pct in percent, turnover and service_turnover in thousand euro, population in firms."""

WHOLE = "all"
"""The stratum of every firm where the codebook names none."""


def read(data: bytes, book: Codebook, *, name: str) -> Report:
    """Validate an extract. Never raises for what a file holds: what cannot be read is said in the report.

    ``accepted`` follows SCHEMA, in the order of the file. A file that is no table, or whose columns cannot be told,
    gives a report without rows whose ``problems`` say why (``is_read`` is False).
    """
    try:
        opened = survey_file.open_bytes(data, book.file, name)
        layout, notes = survey_columns.choose(opened, book)
    except Unreadable as reason:
        return Report(name, book.survey, book.wave, SCHEMA.empty_table(), problems=(reason.finding,))
    body = [row for row in layout.sheet.rows[layout.at + 1 :] if not row.is_blank]
    problems = [*opened.notes, *notes, *_unnamed(body, layout), *_blank_rows(layout)]
    if not body:
        problems.append(Finding("no_rows", "refused"))
    findings: dict[int, list[Finding]] = {row.number: [] for row in body}
    firms = [row for row in body if not _structure(row, layout, opened, findings[row.number])]
    answers, columns = _columns(firms, layout, book)
    contents = _contents(firms, answers)
    names = {row: name for row, (name, _) in contents.items()}
    for number, finding in [*survey_rules.doubles(contents).items(), *survey_rules.similar(names).items()]:
        findings[number].append(finding)
    records: list[dict[str, Any]] = []
    for at, row in enumerate(firms):
        mine = {ours: column[at] for ours, column in answers.items()}
        record = _record(row, mine, layout, book, findings[row.number])
        if not any(finding.level == "refused" for finding in findings[row.number]):
            records.append(record)
    rows = tuple(_row_report(row.number, findings[row.number]) for row in body)
    about = {"kind": opened.kind, "encoding": opened.encoding, "sheet": layout.sheet.name}
    if opened.kind == "csv":
        about = {"kind": "csv", "encoding": opened.encoding, "separator": layout.sheet.name}
    accepted = pa.Table.from_pylist(records, schema=SCHEMA)
    return Report(name, book.survey, book.wave, accepted, rows, columns, tuple(problems), about)


def _blank_rows(layout: Layout) -> list[Finding]:
    """Blank rows between rows, not those at the end."""
    rows = layout.sheet.rows[layout.at + 1 :]
    last = max((at for at, row in enumerate(rows) if not row.is_blank), default=0)
    blank = [str(row.number) for row in rows[:last] if row.is_blank]
    if not blank:
        return []
    listed = ", ".join(blank[:12]) + (" …" if len(blank) > 12 else "")
    return [Finding("blank_rows", "note", facts={"rows": listed})]


def _unnamed(body: Sequence[SheetRow], layout: Layout) -> list[Finding]:
    """Columns that hold something under an empty title."""
    empty = [place for place, text in enumerate(layout.header) if not text]
    used = [letter(p) for p in empty if any(p < len(row.cells) and str(row.cells[p]).strip() for row in body)]
    return [Finding("column_unnamed", "note", facts={"columns": ", ".join(used)})] if used else []


def _structure(row: SheetRow, layout: Layout, opened: Opened, findings: list[Finding]) -> bool:
    """Add what is to be said of a row as a whole; True if that refuses it."""
    findings += [Finding(rule, "refused" if rule == "broken_quotes" else "repaired") for rule in row.rules]
    texts = survey_columns.header_texts(row)
    width = len(layout.header)
    # Between commas a blank cell too many tells of a decimal comma that split a figure: 12,5 became 12 and 5.
    spare = len(layout.sheet.rows[layout.at].cells) if layout.sheet.separator == "," else len(texts)
    if any(texts[width:]) or len(texts) > spare:
        findings.append(Finding("too_many_cells", "refused", facts={"cells": str(len(texts)), "expected": str(width)}))
    for top, left, bottom, right in layout.sheet.merged:
        inside = [p for p in layout.places.values() if left <= p <= right and (row.number, p) != (top, left)]
        if top <= row.number <= bottom and inside:
            address = f"{letter(left)}{top}:{letter(right)}{bottom}"
            findings.append(Finding("merged_cells", "refused", layout.header[inside[0]], address))
    firm_at = layout.places["firm"]
    firm = texts[firm_at] if firm_at < len(texts) else ""
    # The lower part of merged cells is blank because it is merged, not because nobody wrote a name.
    if any(finding.rule == "merged_cells" for finding in findings):
        return True
    if rule := survey_rules.row_without_firm(texts, firm, layout.header, list(layout.places.values())):
        findings.append(Finding(rule, "refused", layout.label("firm") if rule == "firm_missing" else ""))
    elif opened.kind == "csv" and len(texts) < width:
        findings.append(Finding("too_few_cells", "refused", facts={"cells": str(len(texts)), "expected": str(width)}))
    return any(finding.level == "refused" for finding in findings)


def _columns(
    rows: Sequence[SheetRow], layout: Layout, book: Codebook
) -> tuple[dict[str, list[Answer]], dict[str, ColumnReport]]:
    """The answers of each column of ours that the file has, in the order of ``rows``."""
    answers: dict[str, list[Answer]] = {}
    reports: dict[str, ColumnReport] = {}
    for ours, column in book.columns.items():
        if ours not in layout.places:
            continue
        place = layout.places[ours]
        found = [
            (
                Place(row.number, f"{letter(place)}{row.number}", (row.number, place) in layout.sheet.percent),
                row.cells[place] if place < len(row.cells) else "",
            )
            for row in rows
        ]
        label = layout.label(ours)
        reading = survey_values.read(ours, column, label, found, book.number_format)
        answers[ours] = reading.answers
        missing = Counter(answer.missing for answer in reading.answers if answer.missing)
        values = sum(answer.value is not None for answer in reading.answers)
        convention = reading.convention if column.unit in NUMERIC and reading.convention else ""
        reports[ours] = ColumnReport(ours, label, letter(place), column.unit, convention, values, dict(missing))
    return answers, reports


def _contents(rows: Sequence[SheetRow], answers: dict[str, list[Answer]]) -> dict[int, tuple[str, tuple[object, ...]]]:
    """By row, the firm's name and all that was read of the row, refused cells as they stand."""
    found: dict[int, tuple[str, tuple[object, ...]]] = {}
    for at, row in enumerate(rows):
        firm = answers["firm"][at]
        if isinstance(firm.value, str):
            others = [column[at] for ours, column in answers.items() if ours != "firm"]
            found[row.number] = (firm.value, tuple(a.raw if a.is_refused else (a.value, a.missing) for a in others))
    return found


def _record(
    row: SheetRow, mine: dict[str, Answer], layout: Layout, book: Codebook, findings: list[Finding]
) -> dict[str, Any]:
    """The row's values; adds to ``findings`` what its cells, its fields together and its stratum say."""
    for answer in mine.values():
        findings += answer.findings
    values = {ours: answer.value for ours, answer in mine.items()}
    if mine["firm"].value is None and not mine["firm"].is_refused:
        findings.append(Finding("firm_missing", "refused", layout.label("firm")))
    labels = {ours: layout.label(ours) for ours in mine}
    places = {ours: f"{letter(layout.places[ours])}{row.number}" for ours in mine}
    findings += survey_rules.between_fields(values, labels, places)
    design = book.design
    stratum = values.get(design.by) if design.by in book.columns else None
    if len(design.strata) == 1 and design.by not in mine:
        stratum = next(iter(design.strata))
    elif design.strata:
        known = {plain(name): name for name in design.strata}
        stratum = known.get(plain(str(stratum))) if stratum is not None else None
        if stratum is None and not (design.by in mine and mine[design.by].is_refused):
            facts = {"expected": ", ".join(f"«{name}»" for name in design.strata)}
            findings.append(
                Finding("unknown_stratum", "refused", labels.get(design.by, ""), places.get(design.by, ""), facts=facts)
            )
    return {
        **values,
        "wave": book.wave,
        "stratum": WHOLE if stratum is None else stratum,
        "population": design.strata.get(str(stratum)),
        "designed": design.is_designed,
        "row": row.number,
    }


def _row_report(number: int, findings: Sequence[Finding]) -> RowReport:
    levels = {finding.level for finding in findings}
    state: State = "refused" if "refused" in levels else "repaired" if "repaired" in levels else "accepted"
    return RowReport(number, state, tuple(findings))
