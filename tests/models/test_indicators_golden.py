"""Indicators on the embedded real figures: published values and independent computations.

The expected figures are those that the transcribers of the accounts verified by hand from Eurostat's tables
(employment nama_10r_3empers and gross value added nama_10r_3gva, data update of July 2026).
"""

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from observatory import reading, releases
from observatory.build import Workspace

Rows = dict[tuple[str, ...], dict[str, object]]


def rows(ws: Workspace, name: str, *key: str, **wanted: str) -> Rows:
    release = releases.find(ws.settings.releases)
    table, _ = reading.indicator(release, name, {column: [value] for column, value in wanted.items()})
    return {tuple(str(row[k]) for k in key): row for row in table.to_pylist()}


def value(found: Rows, *key: str) -> float:
    figure = found[key]["value"]
    assert isinstance(figure, float)
    return figure


def published(root: Path, table: str) -> dict[tuple[str, str, str], float | None]:
    """(activity, geo, period) → figure, read from the embedded file by the few lines a sceptic would write."""
    for path in (root / "data" / "embedded").rglob("*.tsv"):
        head, *lines = path.read_text("utf-8").splitlines()
        if ("wstatus" in head) == (table == "employment"):
            periods = [p.strip() for p in head.split("\t")[1:]]
            found = {}
            for line in lines:
                series, *cells = line.split("\t")
                *_, activity, geo = series.split(",")
                for period, cell in zip(periods, cells, strict=True):
                    number = cell.split()[0]
                    found[activity, geo, period] = None if number == ":" else float(number)
            return found
    raise AssertionError("the embedded tables are not there")


@pytest.mark.parametrize(
    ("geo", "period", "share"),
    [
        ("ES21", "2008", 2.118),
        ("ES21", "2015", 2.096),
        ("ES21", "2023", 2.756),
        ("ES21", "2024", 2.963),
        ("ES30", "2008", 5.71),
        ("ES30", "2015", 6.174),
        ("ES", "2008", 2.12),
        ("ES", "2015", 2.336),
    ],
)
def test_ict_share_is_the_published_one(built: Workspace, geo: str, period: str, share: float) -> None:
    found = rows(built, "ict_emp_share", "geo", "period")
    assert value(found, geo, period) == pytest.approx(share, abs=0.005)
    assert found[geo, period]["provenance"] == "official"


def test_the_last_two_years_are_provisional(built: Workspace) -> None:
    found = rows(built, "ict_emp_share", "geo", "period", geo="ES21")
    assert {p: found["ES21", p]["status"] for p in ("2008", "2015", "2023", "2024")} == {
        "2008": "A",
        "2015": "A",
        "2023": "P",
        "2024": "P",
    }


def test_every_share_equals_an_independent_computation(built: Workspace, root: Path) -> None:
    source = published(root, "employment")
    found = rows(built, "ict_emp_share", "geo", "period")
    assert len(found) == len([1 for activity, *_ in source if activity == "J"])
    for (geo, period), row in found.items():
        part, total = source["J", geo, period], source["TOTAL", geo, period]
        if part is None or total is None:
            assert row["value"] is None and "M" in str(row["status"])
        else:
            assert row["value"] == pytest.approx(100 * part / total, rel=1e-12)


@pytest.mark.parametrize(
    ("variant", "period", "share"),
    [
        ("section_c", "2008", 23.48),
        ("section_c", "2015", 21.02),
        ("industry_b_e", "2008", 26.38),
        ("industry_b_e", "2015", 24.17),
    ],
)
def test_industry_share_is_the_published_one(built: Workspace, variant: str, period: str, share: float) -> None:
    found = rows(built, "mfg_gva_share", "variant", "period", geo="ES21")
    assert value(found, variant, period) == pytest.approx(share, abs=0.005)


def test_stability_is_that_of_the_share(built: Workspace) -> None:
    share = rows(built, "mfg_gva_share", "period", geo="ES21", variant="industry_b_e")
    series = np.array([value(share, str(year)) for year in range(2008, 2016)])
    found = rows(built, "mfg_gva_stability", "variant", "period", geo="ES21")
    assert value(found, "industry_b_e:range", "2008/2015") == pytest.approx(np.ptp(series))
    assert value(found, "industry_b_e:sd_change", "2008/2015") == pytest.approx(np.diff(series).std(ddof=1))
    assert value(found, "industry_b_e:change", "2008/2015") == pytest.approx(series[-1] - series[0])
    assert found["industry_b_e:change", "2008/2015"]["n"] == 8


def test_index_growth_gap_and_relative_level_follow_from_the_shares(built: Workspace, root: Path) -> None:
    source = published(root, "employment")
    index = rows(built, "ict_emp_index", "geo", "period")
    jobs = {year: source["J", "ES21", year] for year in ("2008", "2015")}
    assert value(index, "ES21", "2015") == pytest.approx(100 * jobs["2015"] / jobs["2008"])
    assert value(index, "ES21", "2008") == 100
    share = rows(built, "ict_emp_share", "geo", "period")
    growth = rows(built, "ict_share_cagr", "geo", "period")
    ratio = value(share, "ES30", "2015") / value(share, "ES30", "2008")
    assert value(growth, "ES30", "2008/2015") == pytest.approx(100 * (ratio ** (1 / 7) - 1))
    gap = rows(built, "ict_gap_pp", "geo", "comparator", "period")
    level = rows(built, "ict_rel_level", "geo", "comparator", "period")
    here, there = value(share, "ES21", "2015"), value(share, "ES", "2015")
    assert value(gap, "ES21", "ES", "2015") == pytest.approx(here - there)
    assert value(level, "ES21", "ES", "2015") == pytest.approx(100 * here / there)


def test_trend_has_both_methods_and_the_ols_slope_of_the_shares(built: Workspace) -> None:
    share = rows(built, "ict_emp_share", "geo", "period")
    years = np.arange(2008, 2016)
    series = [value(share, "ES21", str(year)) for year in years]
    found = rows(built, "ict_trend_slope", "variant", "geo", "period")
    ols = found["section_j:ols", "ES21", "2008/2015"]
    assert ols["value"] == pytest.approx(np.polyfit(years, series, 1)[0], abs=1e-12)
    assert ols["lower"] < ols["value"] < ols["upper"]
    pairs = [(series[j] - series[i]) / (j - i) for i in range(8) for j in range(i + 1, 8)]
    assert found["section_j:theil_sen", "ES21", "2008/2015"]["value"] == pytest.approx(np.median(pairs))


def test_a_place_that_falls_behind_is_diverging_not_negative(built: Workspace) -> None:
    found = rows(built, "ict_catchup_years", "variant", "geo", "comparator", "period")
    stated = found["section_j:linear_moving:diverging", "ES21", "ES", "2008/2015"]
    assert stated["value"] is None and "M" in str(stated["status"])
    assert all(row["value"] is None or row["value"] >= 0 for row in found.values())
    slow = next(r for k, r in found.items() if k == ("section_j:linear_moving", "ES21", "EU27_2020", "2015/2024"))
    assert slow["lower"] < slow["value"] and slow["upper"] is None


def test_kibs_shares_sum_their_activities_and_say_when_one_is_missing(built: Workspace, root: Path) -> None:
    for table, name in (("employment", "kibs_emp_share"), ("gva", "kibs_gva_share")):
        source = published(root, table)
        found = rows(built, name, "geo", "period", variant="kibs_jkmn")
        assert found
        for (geo, period), row in found.items():
            parts = [source[activity, geo, period] for activity in ("J", "K", "M_N")]
            if None in parts:
                assert row["value"] is None and "M" in str(row["status"])
            else:
                assert row["value"] == pytest.approx(100 * math.fsum(parts) / source["TOTAL", geo, period])


def test_productivity_is_value_added_over_persons(built: Workspace, root: Path) -> None:
    jobs, added = published(root, "employment"), published(root, "gva")
    found = rows(built, "kibs_productivity", "variant", "geo", "period")
    parts = ("J", "K", "M_N")
    expected = sum(added[p, "ES21", "2019"] for p in parts) / sum(jobs[p, "ES21", "2019"] for p in parts)
    assert value(found, "kibs_jkmn", "ES21", "2019") == pytest.approx(expected)
    assert value(found, "kibs_jkmn:ict", "ES21", "2019") == pytest.approx(
        added["J", "ES21", "2019"] / jobs["J", "ES21", "2019"]
    )


def test_location_quotient_and_its_interval(built: Workspace, root: Path) -> None:
    source = published(root, "employment")
    found = rows(built, "hub_lq", "variant", "activity", "geo", "comparator", "period")
    row = found["single", "NACE2:J", "ES21", "ES", "2022"]
    here, there = (1000 * source["J", geo, "2022"] for geo in ("ES21", "ES"))
    all_here, all_there = (1000 * source["TOTAL", geo, "2022"] for geo in ("ES21", "ES"))
    p, q = here / all_here, there / all_there
    assert row["value"] == pytest.approx(p / q)
    independent = math.sqrt((1 - p) / here + (1 - q) / there)
    width = math.log(row["upper"] / row["lower"]) / (2 * 1.959963984540054)
    assert 0.9 * independent < width < 1.1 * independent
    assert row["lower"] < row["value"] < row["upper"] and row["n"] == round(here)
    assert ("kibs_jkmn", "NACE2:J+K+M_N", "ES21", "EU27_2020", "2022") in found


def test_no_figure_is_infinite_and_every_missing_one_says_why(built: Workspace) -> None:
    release = releases.find(built.settings.releases)
    for model in built.models.values():
        if model.schema == "indicators":
            for row in reading.indicator(release, model.name, {})[0].to_pylist():
                assert (row["value"] is None) == bool(set("MC") & set(row["status"])), row
                assert row["value"] is None or math.isfinite(row["value"])


def test_the_journal_is_judged_as_the_figures_allow(built: Workspace) -> None:
    from observatory import claims

    verdicts = {v.key: v for v in claims.judge(built.catalogue.claims, releases.find(built.settings.releases))}
    assert {v.claim.claim for v in verdicts.values()} == set(range(1, 20))
    with (built.settings.home / "data" / "catalogue" / "published_claims.csv").open(encoding="utf-8") as file:
        by_figure = {
            (r["geo"], r["period"], r["indicator"], r["variant"]): f"{r['claim']}{r['part']}"
            for r in csv.DictReader(file)
        }

    def verdict(geo: str, period: str, indicator: str = "ict_emp_share", variant: str = "section_j") -> str:
        return verdicts[by_figure[geo, period, indicator, variant]].verdict

    assert verdict("ES21", "2015") == claims.REPRODUCED
    assert verdict("ES21", "2008") == claims.MISSED
    assert verdict("ES30", "2008") == claims.MISSED
    assert verdict("ES30", "2015") == claims.REVISED
    assert verdict("ES", "2015") == claims.REVISED
    assert verdict("EU15", "2015") == claims.UNTESTED
