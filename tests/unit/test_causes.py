"""Causes of a change, read from two manifests."""

import copy
from typing import Any

import pytest

from observatory import causes
from observatory.causes import Cause

CORRECTION = {
    "source": "accounts",
    "where": {"geo": "ES21", "time": "2015"},
    "field": "value",
    "published": 21.0,
    "right": 12.0,
    "reason": "Digits changed places",
    "evidence": "The publisher's table of 2016",
}


def manifest() -> dict[str, Any]:
    """Two tables: ``share`` from ``core.work`` from the source ``accounts``, ``other`` from a source of its own."""
    snapshot = {
        "sha256": "a",
        "provenance": "official",
        "reading": "r",
        "corrections": [],
        "periods": {"2014": "x", "2015": "y"},
    }
    return {
        "git_commit": "c1",
        "library_sha256": "l1",
        "tools": {"duckdb": "2.0.0"},
        "snapshots": {"accounts": copy.deepcopy(snapshot), "supply": copy.deepcopy(snapshot)},
        "lineage": {
            "indicators.share": {"version": "1", "made_from": ["core.work", "catalogue.places"]},
            "core.work": {"version": "1", "made_from": ["raw.accounts", "catalogue.places"]},
            "catalogue.places": {"version": "1", "made_from": []},
            "indicators.other": {"version": "1", "made_from": ["raw.supply"]},
        },
        "resources": [
            {
                "relation": f"indicators.{name}",
                "sources": [{"title": title, "sha256": "a"}],
            }
            for name, title in (("share", "Office accounts"), ("other", "Office supply"))
        ],
    }


def found(change: dict[str, Any], table: str = "indicators.share") -> list[Cause]:
    """Causes after ``change``: new content by path, e.g. ``snapshots/accounts/sha256``."""
    now = manifest()
    for path, content in change.items():
        *way, last = path.split("/")
        at = now
        for step in way:
            at = at[step]
        at[last] = content
    return list(causes.find(manifest(), now, table))


def test_nothing_upstream_is_no_cause() -> None:
    assert found({}) == []
    elsewhere = {"snapshots/supply/sha256": "b", "snapshots/supply/periods": {"2014": "x", "2015": "z"}}
    assert found(elsewhere) == []
    assert [c.kind for c in found(elsewhere, "indicators.other")] == ["revised source"]


@pytest.mark.parametrize(
    ("change", "kind", "what"),
    [
        ({"periods": {"2014": "x", "2015": "y", "2016": "z"}}, "new data", "accounts: new periods 2016"),
        (
            {"periods": {"2014": "q", "2015": "y"}},
            "revised source",
            "accounts: 1 of 2 periods hold other figures or cells (2014)",
        ),
        ({"periods": {"2015": "y"}}, "revised source", "accounts: periods withdrawn 2014"),
        ({"provenance": "survey"}, "new data", "accounts: survey figures in place of official ones"),
    ],
)
def test_other_bytes_are_new_or_revised_by_period(change: dict[str, Any], kind: Any, what: str) -> None:
    paths = {f"snapshots/accounts/{key}": content for key, content in change.items()}
    assert found({"snapshots/accounts/sha256": "b", **paths}) == [Cause(kind, what)]


def test_other_bytes_with_the_same_figures_are_no_cause() -> None:
    assert found({"snapshots/accounts/sha256": "b"}) == []


def test_made_up_figures_made_anew_are_a_method() -> None:
    before, now = manifest(), manifest()
    for content in (before, now):
        content["snapshots"]["accounts"]["provenance"] = "synthetic"
    now["snapshots"]["accounts"]["sha256"] = "b"
    assert [c.kind for c in causes.find(before, now, "indicators.share")] == ["changed method"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"lineage/core.work/version": "2"}, "core.work: its definition changed"),
        ({"lineage/catalogue.places/version": "2"}, "catalogue.places: its definition changed"),
        ({"library_sha256": "l2", "git_commit": "c2"}, "the library changed (commit c1, now c2)"),
        ({"tools/duckdb": "2.1.0"}, "the version of duckdb was 2.0.0, now 2.1.0"),
        ({"tools/scipy": "1.16"}, "the version of scipy was –, now 1.16"),
        ({"snapshots/accounts/reading": "s"}, "accounts: its contract reads the table in another way"),
    ],
)
def test_what_computes_a_figure_is_its_method(change: dict[str, Any], what: str) -> None:
    assert found(change) == [Cause("changed method", what)]


def test_a_source_taken_in_or_left_out_is_a_method() -> None:
    way = "lineage/core.work/made_from"
    both = found({way: ["raw.accounts", "raw.supply", "catalogue.places"], "lineage/core.work/version": "2"})
    assert [c.what for c in both] == ["core.work: its definition changed"], (
        "a source that both releases have is no new one"
    )
    new = {"snapshots/third": manifest()["snapshots"]["supply"], way: ["raw.accounts", "raw.third"]}
    assert Cause("changed method", "third is used for the first time") in found(new)


def test_a_correction_that_comes_or_goes_is_a_corrected_error() -> None:
    come = found({"snapshots/accounts/corrections": [CORRECTION]})
    assert [c.kind for c in come] == ["corrected error"]
    assert come[0].what.startswith("corrected: value of accounts at geo = ES21, time = 2015, published 21.0, right 12")
    before = manifest()
    before["snapshots"]["accounts"]["corrections"] = [CORRECTION]
    (gone,) = causes.find(before, manifest(), "indicators.share")
    assert gone.kind == "corrected error" and gone.what.startswith("no longer corrected: value of accounts")


def test_a_correction_whose_reason_is_worded_anew_is_no_cause() -> None:
    before, now = manifest(), manifest()
    before["snapshots"]["accounts"]["corrections"] = [CORRECTION]
    now["snapshots"]["accounts"]["corrections"] = [CORRECTION | {"reason": "Two digits were exchanged"}]
    assert causes.find(before, now, "indicators.share") == ()


def test_all_that_changed_is_named_in_the_order_of_the_flow() -> None:
    several = {
        "library_sha256": "l2",
        "lineage/indicators.share/version": "2",
        "snapshots/accounts/sha256": "b",
        "snapshots/accounts/periods": {"2014": "q", "2015": "y", "2016": "z"},
        "snapshots/accounts/corrections": [CORRECTION],
    }
    assert [c.kind for c in found(several)] == [
        "corrected error",
        "new data",
        "revised source",
        "changed method",
        "changed method",
    ]


def test_an_earlier_manifest_without_lineage_is_compared_by_its_hashes() -> None:
    before, now = manifest(), manifest()
    for kept in ("lineage", "snapshots", "library_sha256"):
        del before[kept]
    assert causes.find(before, now, "indicators.share") == ()
    now["resources"][0]["sources"][0]["sha256"] = "b"
    (cause,) = causes.find(before, now, "indicators.share")
    assert cause.kind == "new data" and cause.what.startswith("Office accounts: another snapshot")


@pytest.mark.parametrize(
    ("periods", "text"),
    [
        (["2015"], "2015"),
        (["2015", "2016"], "2015, 2016"),
        (["2014", "2015", "2016"], "2014–2016"),
        (["2014", "2016", "2018"], "2014, 2016, 2018"),
        ([f"2015Q{q}" for q in (1, 2, 3)], "2015Q1, 2015Q2, 2015Q3"),
        ([str(year) for year in range(2000, 2020, 2)], "2000, 2002, 2004, 2006, 2008, 2010, 2012, 2014 …"),
    ],
)
def test_periods_in_few_words(periods: list[str], text: str) -> None:
    assert causes.listed(periods) == text
