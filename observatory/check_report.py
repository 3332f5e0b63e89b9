"""The page of checks that lies in every release: what was checked, and what deserves a look.

Belongs here: check results as Markdown for people. Does not belong here: running checks (quality.py), which there are
(check_plans.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from observatory.errors import DataError
from observatory.quality import Result
from observatory.safe_text import markdown

FILE = "checks.md"
RESULTS = "checks.json"
SEVERITIES = {"critical": "A failure stops the release", "warning": "A failure is published with this page"}
REMEDIES = {
    "contract": "Compare the publisher's page with data/catalogue/sources/{table}.yaml; amend the contract if the "
    "table really changed, else keep the snapshot before",
    "sums": "Compare the cells with the publisher's page; a known error of theirs goes into "
    "data/catalogue/corrections.yaml, a wider rounding into `adds_up` of data/catalogue/sources/{table}.yaml",
    "schema": "Mend sql/{schema}/{table}.sql or its estimator",
    "header": "Follow the figure with `observatory explain`; mend sql/{schema}/{table}.sql, or the bound in its header "
    "if the figure is right",
    "sql": "Look the rows up at the publisher; a known error of theirs goes into data/catalogue/corrections.yaml, else "
    "mend sql/{schema}/{table}.sql",
    "magnitude": "Read the causes of this table in diff.md; a revision of the publisher's needs nothing, a change of "
    "unit or a loss of figures does",
}


def read(release: Path) -> list[Result]:
    """Results that a release keeps. Raises DataError where the file is not there or not one of results."""
    path = release / RESULTS
    try:
        return [Result(**found) for found in json.loads(path.read_text("utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path}: no readable check results", remedy="Restore the release directory") from error


def render(results: Sequence[Result], release: str, titles: Mapping[str, str]) -> str:
    """Counts by severity, then what failed with rows and remedy, then every check of every table in plain words.

    ``titles`` are names of tables by relation; a table without one goes by its relation alone.
    """
    failed = sorted((r for r in results if not r.passed), key=lambda r: (r.severity != "critical", r.table, r.name))
    lines = [f"# Checks of release {release}", "", *_counts(results), "", "## To look at", ""]
    lines += [line for r in failed for line in _failure(r)] or ["Nothing: every check passed.", ""]
    lines += ["## All checks", "", "A check passes when what its line says was found nowhere.", ""]
    for table in dict.fromkeys(r.table for r in results):
        lines += _table([r for r in results if r.table == table], titles.get(table, ""))
    return "\n".join(lines)


def _counts(results: Sequence[Result]) -> list[str]:
    lines = ["| severity | checks | passed | failed | |", "|---|---:|---:|---:|---|"]
    for severity, says in SEVERITIES.items():
        own = [r.passed for r in results if r.severity == severity]
        lines.append(f"| {severity} | {len(own)} | {sum(own)} | {len(own) - sum(own)} | {says} |")
    return lines


def _failure(r: Result) -> list[str]:
    schema, table = r.table.split(".", 1)
    lines = [f"### {r.table}: {r.name} ({'failure' if r.severity == 'critical' else 'warning'})", ""]
    lines += [f"{_sentence(r.meaning)} Found: {markdown(r.observed)}.", ""]
    if r.sample:
        lines += [*_sample(r.sample), ""]
    return [*lines, f"What to do: {REMEDIES[r.kind].format(schema=schema, table=table)}.", ""]


def _sample(sample: Sequence[Any]) -> list[str]:
    """Bad rows as a table, bad values as a list."""
    if not all(isinstance(row, Mapping) for row in sample):
        return [f"- {_cell(value)}" for value in sample]
    columns = list(dict.fromkeys(column for row in sample for column in row))
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return lines + ["| " + " | ".join(_cell(row.get(c)) for c in columns) + " |" for row in sample]


def _table(results: Sequence[Result], title: str) -> list[str]:
    name = results[0].table
    lines = [
        f"### {name}" + (f": {title}" if title else ""),
        "",
        "| check | must not be there | severity | |",
        "|---|---|---|---|",
    ]
    for r in results:
        outcome = "passed" if r.passed else f"**failed**: {_cell(r.observed)}"
        lines.append(f"| {r.name} | {_cell(r.meaning)} | {r.severity} | {outcome} |")
    return [*lines, ""]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}".rstrip(".") + "."


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return markdown(text)
