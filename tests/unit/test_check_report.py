"""The page of checks: what stands first, in which words, and that nothing breaks its tables."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from observatory import check_plans, check_report
from observatory.errors import DataError
from observatory.quality import Result

SUM = Result("core.use", "uses_add_up", "sql", "critical", "a product whose uses do not add up", True, "0 bad rows", [])
JUMP = Result(
    "indicators.share",
    "against_last_release",
    "magnitude",
    "warning",
    "a figure that moved by more than 50%",
    False,
    "2 bad rows",
    [{"geo": "ES21", "before": 1.25, "now": None}, {"geo": "a|b", "before": 2.0, "now": 9.123456789}],
)
BOUND = Result("indicators.share", "between", "header", "critical", "a figure below 0", False, "3 of 9 values", [-1.5])


def test_counts_come_first_then_failures_then_warnings_then_everything() -> None:
    text = check_report.render([SUM, JUMP, BOUND], "2026Q4.0", {"indicators.share": "Share of KIBS"})
    assert "| critical | 2 | 1 | 1 |" in text and "| warning | 1 | 0 | 1 |" in text
    parts = [
        "# Checks of release 2026Q4.0",
        "## To look at",
        "### indicators.share: between (failure)",
        "### indicators.share: against_last_release (warning)",
        "## All checks",
        "### core.use\n",
        "### indicators.share: Share of KIBS",
    ]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_a_failure_says_what_was_found_in_which_rows_and_what_to_do() -> None:
    text = check_report.render([JUMP, BOUND], "2026Q4.0", {})
    assert "A figure that moved by more than 50%. Found: 2 bad rows." in text
    assert "| geo | before | now |\n|---|---|---|\n| ES21 | 1.25 | – |\n| a\\|b | 2 | 9.12346 |" in text
    assert "- -1.5\n" in text
    assert "What to do: Read the causes of this table in diff.md" in text
    assert "mend sql/indicators/share.sql" in text


def test_a_cell_of_a_publisher_cannot_act_on_its_reader_or_break_the_table() -> None:
    text = check_report.render([replace(JUMP, sample=[{"label": "\x1b[2J one\ntwo|three"}])], "2026Q4.0", {})
    assert "| \\x1b\\[2J one two\\|three |" in text


def test_every_check_of_every_table_has_a_line() -> None:
    text = check_report.render([SUM, JUMP], "2026Q4.0", {})
    assert "| uses_add_up | a product whose uses do not add up | critical | passed |" in text
    assert "| against_last_release | a figure that moved by more than 50% | warning | **failed**: 2 bad rows |" in text


def test_nothing_to_look_at_is_said() -> None:
    assert "Nothing: every check passed." in check_report.render([SUM], "2026Q4.0", {})


@pytest.mark.parametrize("kind", ["contract", "schema", "header", "sql", "sums", "magnitude"])
def test_every_kind_of_check_has_a_remedy_that_names_the_file(kind: str) -> None:
    text = check_report.render([replace(JUMP, kind=kind, table="raw.accounts")], "2026Q4.0", {})
    (line,) = [line for line in text.splitlines() if line.startswith("What to do: ")]
    assert "{" not in line and (".yaml" in line or ".sql" in line or "diff.md" in line)


def test_kept_results_are_read_again_and_a_broken_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "checks.json").write_text(json.dumps([asdict(JUMP)]), "utf-8")
    assert check_report.read(tmp_path) == [JUMP]
    for broken in ("[{}]", "no json"):
        (tmp_path / "checks.json").write_text(broken, "utf-8")
        with pytest.raises(DataError, match=r"checks\.json: no readable check results"):
            check_report.read(tmp_path)


@pytest.mark.parametrize(
    ("expectation", "kwargs", "words"),
    [
        ("column_values_to_be_between", {"column": "value", "min_value": 0}, "a figure below 0 in `value`"),
        ("column_values_to_be_between", {"column": "value", "max_value": 2.5}, "a figure above 2.5 in `value`"),
        (
            "column_values_to_be_between",
            {"column": "value", "min_value": 0, "max_value": 100},
            "a figure below 0 or above 100 in `value`",
        ),
        ("compound_columns_to_be_unique", {"column_list": ["geo", "period"]}, "two rows with the same geo, period"),
        (
            "column_values_to_be_in_set",
            {"column": "geo", "value_set": ["ES"]},
            "anything against “column values to be in set” (column = geo, value_set = ['ES'])",
        ),
    ],
)
def test_an_expectation_is_said_in_plain_words(expectation: str, kwargs: dict[str, object], words: str) -> None:
    assert check_plans.in_words(f"expect_{expectation}", kwargs) == words
