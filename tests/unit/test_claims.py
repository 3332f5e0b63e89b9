"""The ledger of statements: verdicts, what stands in a row, and which verdicts changed."""

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from observatory import catalogue, claims
from observatory.catalogue_models import Claim
from observatory.errors import DataError


def claim(**change: Any) -> Claim:
    said = "ICT services were 2.1 % of employment"
    row: dict[str, Any] = {
        "claim": 1,
        "part": "a",
        "statement_en": said,
        "statement_es": said,
        "statement_eu": said,
        "value": 2.1,
        "low": 2.05,
        "high": 2.15,
        "unit": "percent",
        "period": "2015",
        "geo": "ES21",
        "indicator": "share",
        "variant": "",
        "activity": "",
        "comparator": "",
        "likely_source": "Office table",
        "earlier_vintage": "",
        "earlier_value": None,
        "section": "3",
        "note": "",
    }
    return Claim.model_validate(row | change)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A release directory with one figure, 2.1 for ES21 in 2015, and a lock."""
    folder = tmp_path / "2026Q4.0"
    folder.mkdir()
    figure(folder, 2.1)
    entry = {"publisher": "eurostat", "table": "t", "request": "r", "retrieved_at": "2026-10-05T00:00:00Z"}
    entry |= {"updated": None, "sha256": "a" * 64, "bytes": 1, "format": "px", "licence": "l", "citation": "c"}
    entry |= {"provenance": "official", "acquired": "fetched"}
    lock = {"tables": {"accounts": entry | {"updated": "2026-07-31T23:00:00+02:00"}, "jobs": entry}}
    (folder / "lock.yaml").write_text(json.dumps(lock), "utf-8")
    return folder


def figure(folder: Path, value: float | None, provenance: str = "official") -> None:
    row = {
        "indicator": "share",
        "geo": "ES21",
        "variant": "",
        "activity": "",
        "comparator": None,
        "period": "2015",
        "value": value,
        "status": "M" if value is None else "A",
        "provenance": provenance,
        "sources": "accounts;jobs",
    }
    pq.write_table(pa.Table.from_pylist([row]), folder / "share.parquet")


@pytest.mark.parametrize(
    ("change", "value", "verdict"),
    [
        ({}, 2.1, claims.REPRODUCED),
        ({}, 2.05, claims.REPRODUCED),
        ({}, 2.16, claims.MISSED),
        ({"earlier_value": 2.12, "earlier_vintage": "2020"}, 2.3, claims.REVISED),
        ({"earlier_value": 1.9, "earlier_vintage": "2020"}, 2.3, claims.MISSED),
        ({"low": None, "high": None}, 2.3, claims.REPORTED),
        ({"low": 1, "high": None}, 900.0, claims.REPRODUCED),
        ({}, None, claims.UNTESTED),
        ({"period": "2016"}, 2.1, claims.UNTESTED),
        ({"indicator": "absent"}, 2.1, claims.UNTESTED),
    ],
)
def test_the_verdict_on_one_figure(release: Path, change: dict[str, Any], value: float | None, verdict: str) -> None:
    figure(release, value)
    (found,) = claims.judge([claim(**change)], release)
    assert found.verdict == verdict and found.why


def test_made_up_figures_prove_nothing(release: Path) -> None:
    figure(release, 2.1, "synthetic")
    (found,) = claims.judge([claim()], release)
    assert (found.verdict, found.ours, found.source) == (claims.UNTESTED, None, "Office table")


def test_a_row_says_source_tolerance_figure_vintage_verdict_and_why(release: Path) -> None:
    (verdict,) = claims.judge([claim()], release)
    row = claims.row(verdict)
    assert row["source"] == "accounts; jobs" and row["tolerance"] == "2.05 to 2.15"
    assert row["ours"] == 2.1 and row["verdict"] == "reproduced"
    assert row["vintage"] == "accounts of 2026-07-31; jobs of 2026-10-05"
    assert row["why"] == "2.100 (status A); accepted 2.05 to 2.15"
    (open_,) = claims.judge([claim(low=None, high=None)], release)
    assert claims.row(open_)["tolerance"] == "not judged"


def test_the_row_of_every_real_statement_is_complete(root: Path, release: Path) -> None:
    verdicts = claims.judge(catalogue.load(root).claims, release)
    for row in map(claims.row, verdicts):
        assert row["source"] and row["tolerance"] and row["verdict"] and row["why"], row["claim"]


def test_a_new_statement_is_a_row_of_the_file(root: Path, tmp_path: Path, release: Path) -> None:
    shutil.copytree(root / "data" / "catalogue", tmp_path / "data" / "catalogue")
    path = tmp_path / "data" / "catalogue" / "published_claims.csv"
    lines = path.read_text("utf-8").splitlines()
    first = next(line for line in lines if line.startswith("13,b,"))
    path.write_text("\n".join([*lines, first.replace("13,b,", "20,a,").replace("ict_emp_share", "share"), ""]), "utf-8")
    found = claims.judge(catalogue.load(tmp_path).claims, release)[-1]
    assert found.key == "20a" and found.claim.indicator == "share"


def test_a_changed_verdict_and_a_vanished_statement_are_told_and_a_new_one_is_not(release: Path) -> None:
    ledger = [claim(), claim(part="b", period="2016")]
    claims.write(release, ledger)
    later = release.parent / "2027Q1.0"
    shutil.copytree(release, later)
    figure(later, 2.3)
    now = claims.judge([claim(), claim(part="c")], later)
    first, gone = claims.changed(release, now)
    assert first.startswith("1a: reproduced in 2026Q4.0, now not reproduced: 2.300 (status A)")
    assert gone == "1b: not tested on real data in 2026Q4.0, no longer in the ledger"
    assert claims.changed(release, claims.judge(ledger, release)) == []


def test_without_kept_verdicts_nothing_is_compared(release: Path) -> None:
    verdicts = claims.judge([claim()], release)
    assert claims.changed(None, verdicts) == []
    assert claims.changed(release, verdicts) == []


def test_kept_verdicts_that_cannot_be_read_are_said(release: Path) -> None:
    (release / claims.FILE).write_text(json.dumps([{"claim": "1a"}]), "utf-8")
    with pytest.raises(DataError, match=r"claims\.json: not the verdicts"):
        claims.changed(release, [])


def test_a_statement_that_fits_several_series_is_an_error(release: Path) -> None:
    rows = pq.read_table(release / "share.parquet").to_pylist()
    pq.write_table(pa.Table.from_pylist([*rows, rows[0] | {"variant": "wide"}]), release / "share.parquet")
    with pytest.raises(DataError, match="fits several series"):
        claims.judge([claim()], release)
