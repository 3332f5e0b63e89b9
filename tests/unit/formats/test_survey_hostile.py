"""Every file of ``hostile/`` ends in the report that its table says, in three languages."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from observatory import codebook
from observatory.formats import survey
from observatory.formats.survey_frame import LANGUAGES

FOLDER = Path(__file__).parent / "hostile"
BOOK = codebook.read((FOLDER / "codebook.yaml").read_bytes(), name="codebook.yaml")
EXPECTED: dict[str, Any] = yaml.safe_load((FOLDER / "expected.yaml").read_text("utf-8"))
FILES = sorted(p.name for p in FOLDER.iterdir() if p.suffix in {".csv", ".xlsx", ".xls"})
FIGURES = ("share_pct", "turnover", "service_turnover", "expectation", "weight")


def read(name: str) -> survey.Report:
    """A file's report; files that reach the reader of workbooks need it installed."""
    path = FOLDER / name
    if zipfile.is_zipfile(path) and "xl/workbook.xml" in zipfile.ZipFile(path).namelist():
        pytest.importorskip("python_calamine", reason="reads XLSX workbooks")
    return survey.read(path.read_bytes(), BOOK, name=name)


def test_every_file_is_described() -> None:
    described = re.findall(r"^\| `([^`]+)` \|", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(described) == FILES == sorted(EXPECTED)
    assert len(FILES) >= 60


@pytest.mark.parametrize("name", FILES)
def test_report_is_as_described(name: str) -> None:
    report, expected = read(name), EXPECTED[name]
    assert [finding.rule for finding in report.problems if finding.rule != "column_absent"] == expected["problems"]
    assert [row.row for row in report.rows] == list(expected["rows"])
    taken = {record["row"]: record for record in report.accepted.to_pylist()}
    for row in report.rows:
        wanted = expected["rows"][row.row]
        rules = [f"{f.cell}:{f.rule}" if f.cell else f.rule for f in row.findings]
        assert (row.state, rules) == (wanted["state"], wanted.get("rules", [])), row.row
        figures = {name: taken[row.row][name] for name in FIGURES} if row.row in taken else {}
        assert {name: figure for name, figure in figures.items() if figure is not None} == wanted.get("values", {})


@pytest.mark.parametrize("name", FILES)
def test_report_can_be_acted_on(name: str) -> None:
    report = read(name)
    assert report.accepted.schema == survey.SCHEMA
    for language in LANGUAGES:
        text = survey.render(report, language)
        assert not re.search(r"\{\w*\}", text)
        for finding in [*report.problems, *(f for row in report.rows for f in row.findings)]:
            assert finding.text(language)
            assert finding.text(language) in text
            assert finding.level != "refused" or finding.remedy(language) in text
            assert finding.level != "refused" or finding.remedy(language)


@pytest.mark.parametrize("name", FILES)
def test_no_answer_leaves_by_a_representation(name: str) -> None:
    report = read(name)
    taken = report.accepted.select(["firm", "turnover"]).to_pylist()
    cells = {str(value) for record in taken for value in record.values()}
    cells |= {finding.found for row in report.rows for finding in row.findings if len(finding.found) > 3}
    shown = repr(report)
    assert not [cell for cell in cells - {"None", "7.0", "900.0"} if f"'{cell}'" in shown]
