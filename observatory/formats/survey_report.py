"""What a survey extract's validation says: findings, rows, columns, and the report in words.

Belongs here: the shape of the report and its plain text. Does not belong here: the wording of a rule
(survey_messages.py), finding anything (survey.py and its rules).

A report may show a firm's own answer: it is made for whoever holds the file. ``repr`` never shows one, so that
neither an exception nor a log line carries an answer away.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

from observatory.formats.survey_frame import FRAME, MISSING, Language
from observatory.formats.survey_messages import message

Level = Literal["note", "flagged", "repaired", "refused"]
_FIGURE = re.compile(r"-?\d+\.\d+")

State = Literal["accepted", "repaired", "refused"]


@dataclass(frozen=True)
class Finding:
    """One rule that applied. ``found`` is the cell's own text, ``made`` what it was read as, ``facts`` further words.

    Levels: note (nothing to do), flagged (kept, to be looked at), repaired (read under the rule), refused.
    """

    rule: str
    level: Level
    column: str = ""
    cell: str = ""
    found: str = field(default="", repr=False)
    made: str = field(default="", repr=False)
    facts: Mapping[str, str] = field(default_factory=dict, repr=False)

    def text(self, language: Language) -> str:
        """What happened, in words."""
        return message(self.rule, language)[0].format_map(self._words(language))

    def remedy(self, language: Language) -> str:
        """What to do about it, in words; empty where there is nothing to do."""
        return message(self.rule, language)[1].format_map(self._words(language))

    def _words(self, language: Language) -> dict[str, str]:
        """Words of the message; our own figures with the decimal mark of the language, the cell's text as it is."""
        own = {"made": self.made, **self.facts}
        if language != "en":
            own = {key: text.replace(".", ",") if _FIGURE.fullmatch(text) else text for key, text in own.items()}
        own["made"] = MISSING[language].get(own["made"], own["made"])
        return {"column": self.column, "cell": self.cell, "found": self.found, **own}


@dataclass(frozen=True)
class RowReport:
    """A row below the header, by its number in the spreadsheet (blank rows count, a quoted line break does not)."""

    row: int
    state: State
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class ColumnReport:
    """A column of ours as it was found: its header and letter in the file, and how its numbers were read."""

    ours: str
    header: str
    letter: str
    unit: str
    convention: Literal["", "es", "en"] = ""
    values: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """All that is said of one file. ``accepted`` holds the rows accepted or repaired (see survey.SCHEMA)."""

    name: str
    survey: str
    wave: str
    accepted: pa.Table = field(repr=False)
    rows: tuple[RowReport, ...] = ()
    columns: Mapping[str, ColumnReport] = field(default_factory=dict)
    problems: tuple[Finding, ...] = ()
    opened: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_read(self) -> bool:
        """Whether the file could be read as a table at all; if not, ``problems`` says why."""
        return not any(finding.level == "refused" for finding in self.problems)

    def count(self, state: State) -> int:
        """Rows in a state."""
        return sum(row.state == state for row in self.rows)


def render(report: Report, language: Language) -> str:
    """The report as plain text for somebody who has the file open in a spreadsheet."""
    say = FRAME[language]
    lines = [say["title"].format(name=report.name, survey=report.survey, wave=report.wave), ""]
    if report.is_read:
        counts = {state: report.count(state) for state in ("accepted", "repaired", "refused")}
        lines += [say["counts"].format(rows=len(report.rows), **counts)]
    else:
        lines += [say["unread"]]
    lines += [f"  {say[key]}: {value}" for key, value in report.opened.items() if value]
    if report.problems:
        lines += ["", say["file"]]
        for finding in report.problems:
            lines += _said(finding, language)
    if report.columns:
        lines += ["", say["columns"], *(_column(column, language) for column in report.columns.values())]
    for state in ("refused", "repaired", "accepted"):
        chosen = [row for row in report.rows if row.state == state and row.findings]
        if chosen:
            lines += ["", say[state]]
        for row in chosen:
            lines += [f"  {say['row']} {row.row}"]
            for finding in row.findings:
                lines += _said(finding, language, "    ")
    if rules := _summary(report.rows):
        lines += ["", say["rules"], *(f"  {rule}: {times}" for rule, times in rules)]
    return "\n".join(lines) + "\n"


def _said(finding: Finding, language: Language, indent: str = "  ") -> list[str]:
    say = FRAME[language]
    place = " ".join(word for word in (finding.cell, f"({finding.column})" if finding.column else "") if word)
    head = f"{indent}{say[finding.level]} [{finding.rule}] " + (f"{place}: " if place else "")
    lines = [head + finding.text(language)]
    if remedy := finding.remedy(language):
        lines.append(f"{indent}  → {remedy}")
    return lines


def _column(column: ColumnReport, language: Language) -> str:
    say = FRAME[language]
    how = f", {say['numbers_' + column.convention]}" if column.convention else ""
    gaps = ", ".join(f"{MISSING[language][kind]}: {times}" for kind, times in column.missing.items())
    line = f"  {column.letter} «{column.header}» → {column.ours}{how}; {say['values']}: {column.values}"
    return f"{line}; {gaps}" if gaps else line


def _summary(rows: Sequence[RowReport]) -> list[tuple[str, int]]:
    """How many findings there are under each rule, the most frequent first."""
    times = Counter(finding.rule for row in rows for finding in row.findings)
    return sorted(times.items(), key=lambda item: (-item[1], item[0]))
