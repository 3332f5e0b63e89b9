"""Structure of places in SQL: against published examples, the formulas in Python and the embedded accounts."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from observatory.build import Workspace
from observatory.estimators import structure
from tests.models.modelling import run

ES21, ES = "ES21", "ES"


def near(value: float) -> Any:
    return pytest.approx(value, rel=1e-9, abs=1e-9)


def parts(amounts: dict[str, dict[str, float | None]], breakdown: str = "six_parts") -> list[dict[str, Any]]:
    """core.structure with amounts by place and activity; the section is the first letter."""
    return [
        {
            "measure": "employment",
            "breakdown": breakdown,
            "system": "eurostat",
            "geo": geo,
            "classification": "NACE2",
            "activity": activity,
            "section": activity[0],
            "period": "2020",
            "value": value,
            "share": None if None in row.values() else value / sum(row.values()),
            "unit": "persons",
            "status": "A" if value is not None else "M",
            "provenance": "official",
            "source": "accounts",
        }
        for geo, row in amounts.items()
        for activity, value in row.items()
    ]


def given(amounts: dict[str, dict[str, float | None]], breakdown: str = "six_parts") -> dict[str, Any]:
    rows = parts(amounts, breakdown)
    return {"core.structure": rows, "core.structure_shares": rows}


def figures(rows: list[dict[str, Any]], **wanted: str) -> dict[str, float | None]:
    chosen = [row for row in rows if all(row[k] == v for k, v in wanted.items())]
    return {row["variant"]: row["value"] for row in chosen}


@pytest.fixture(scope="module")
def checks(shared: Path) -> dict[str, Any]:
    content = json.loads((shared / "reference" / "crosschecks.json").read_text("utf-8"))
    return {check["id"]: check for check in content["checks"]}


def test_krugman_at_its_bound(built: Workspace, tmp_path: Path, checks: dict[str, Any]) -> None:
    check = checks["krugman_max"]
    names = "ABCDE"
    amounts = {ES21: dict(zip(names, check["inputs"]["a"], strict=True))}
    amounts[ES] = dict(zip(names, check["inputs"]["b"], strict=True))
    rows = run(built, tmp_path, "indicators.spec_krugman", given(amounts))
    assert figures(rows, geo=ES21, comparator=ES)["six_parts"] == pytest.approx(
        check["expected"]["krugman_0_2"], abs=check["abs_tol"]
    )


def test_five_regions_of_econgeo(built: Workspace, tmp_path: Path, checks: dict[str, Any]) -> None:
    check = checks["econgeo_5x5"]
    matrix, tolerance = check["inputs"]["regions_x_industries"], check["abs_tol"]
    whole = [sum(column) for column in zip(*matrix, strict=True)]
    for i, row in enumerate(matrix):
        amounts = {ES21: dict(zip("ABCDE", row, strict=True)), ES: dict(zip("ABCDE", whole, strict=True))}
        tables = given(amounts)
        (krugman,) = figures(run(built, tmp_path, "indicators.spec_krugman", tables), geo=ES21).values()
        assert krugman == pytest.approx(check["expected"]["krugman_0_2"][i], abs=tolerance)
        herfindahl = figures(run(built, tmp_path, "indicators.div_hhi", tables), geo=ES21)
        assert herfindahl["six_parts"] == pytest.approx(check["expected"]["hhi"][i], abs=tolerance)
        assert herfindahl["six_parts:equivalent_number"] == near(1 / structure.hhi(row))
        entropy = figures(run(built, tmp_path, "indicators.div_entropy", tables), geo=ES21)["six_parts"]
        assert entropy == pytest.approx(check["expected"]["shannon_bits_rounded3"][i], abs=5.1e-4)
        assert entropy == near(structure.entropy(row))


def test_variety_within_and_across_sections(built: Workspace, tmp_path: Path) -> None:
    amounts: dict[str, float | None] = {"CA": 15, "CB": 5, "J": 70, "MA": 7, "MB": 0, "MC": 3}
    rows = run(built, tmp_path, "indicators.div_entropy", given({ES21: amounts}, "a38"))
    expected = structure.variety([15, 5, 70, 7, 0, 3], ["C", "C", "J", "M", "M", "M"])
    found = figures(rows)
    assert found["a38"] == near(expected.entropy)
    assert found["a38:unrelated"] == near(expected.unrelated)
    assert found["a38:related"] == near(expected.related)


def test_a_missing_part_leaves_no_figure_and_says_so(built: Workspace, tmp_path: Path) -> None:
    tables = given({ES21: {"A": 1.0, "B": None}, ES: {"A": 1.0, "B": 2.0}})
    for name in ("spec_krugman", "div_hhi", "div_entropy"):
        rows = [r for r in run(built, tmp_path, f"indicators.{name}", tables) if r["geo"] == ES21]
        assert rows and all(row["value"] is None and "M" in row["status"] for row in rows), name


def test_parts_leave_nothing_out_on_the_embedded_accounts(built: Workspace) -> None:
    """Shares of the Basque Country of 2024, from the accounts' figures alone."""
    rows = pq.read_table(built.path("core.structure")).to_pylist()
    own = {
        r["activity"]: r["value"]
        for r in rows
        if (r["breakdown"], r["geo"], r["period"]) == ("six_parts", ES21, "2024")
    }
    accounts = {
        r["activity"]: r["value"] * 1000
        for r in pq.read_table(built.path("core.employment")).to_pylist()
        if (r["geo"], r["period"]) == (ES21, "2024")
    }
    assert sum(own.values()) == near(accounts["TOTAL"])
    assert own["G-I"] == near(accounts["G-J"] - accounts["J"])
    assert set(own) == {"C", "G-I", "J", "K", "M_N", "OTHER"}


def test_structural_change_is_that_of_the_accounts(built: Workspace) -> None:
    amounts: dict[str, list[float]] = {}
    for row in pq.read_table(built.path("core.structure")).to_pylist():
        if (row["breakdown"], row["geo"]) == ("six_parts", "ES30") and row["period"] in ("2000", "2024"):
            amounts.setdefault(row["period"], []).append(row["value"])
    (found,) = [
        row["value"]
        for row in pq.read_table(built.path("indicators.spec_krugman")).to_pylist()
        if (row["variant"], row["geo"], row["period"]) == ("six_parts:change", "ES30", "2000/2024")
    ]
    assert found == near(structure.krugman(amounts["2000"], amounts["2024"]))
    assert 0.2 < found < 0.35


def municipalities(kibs: dict[str, float], total: dict[str, float]) -> list[dict[str, Any]]:
    shared = {"classification": "CNAE", "version": "2009", "period": "2020", "unit": "establishments", "status": "A"}
    shared |= {"provenance": "synthetic", "source": "eustat_establishments_municipality_cnae"}
    divisions = ("69", "70", "73")
    cells = [(geo, division, value / 3) for geo, value in kibs.items() for division in divisions]
    cells += [(geo, "TOTAL", value) for geo, value in total.items()]
    return [shared | {"geo": geo, "activity": activity, "value": value, "level": "x"} for geo, activity, value in cells]


def test_theil_of_reats_example_and_its_parts(built: Workspace, tmp_path: Path, checks: dict[str, Any]) -> None:
    check = checks["theil_vs_mld"]
    names = ("01001", "01002", "20001", "48001", "48002")
    kibs = dict(zip(names, (3.0 * x for x in check["inputs"]["x"]), strict=True))
    total = dict(zip(names, (100.0, 200.0, 300.0, 150.0, 250.0), strict=True))
    rows = run(built, tmp_path, "indicators.conc_theil", {"core.establishments": municipalities(kibs, total)})
    found = figures(rows)
    assert found["p_kibs"] == pytest.approx(check["expected"]["theil_T"], abs=check["abs_tol"])
    assert found["p_kibs"] != pytest.approx(check["expected"]["mld_theil_L"], abs=1e-3)
    territories = [name[:2] for name in names]
    plain = structure.theil_t_decomposition(list(kibs.values()), territories)
    relative = structure.theil_t_decomposition(list(kibs.values()), territories, list(total.values()))
    for variant, expected in (("p_kibs", plain), ("p_kibs:relative", relative)):
        assert found[f"{variant}:between"] == near(expected.between)
        assert found[f"{variant}:within"] == near(expected.within)
        assert found[variant] == near(expected.total)


def test_hoover_of_econgeos_example(built: Workspace, tmp_path: Path, checks: dict[str, Any]) -> None:
    check = checks["econgeo_hoover"]
    names = ("48001", "48002", "48003", "48004", "48005")
    kibs = dict(zip(names, (3.0 * x for x in check["inputs"]["ind"]), strict=True))
    total = dict(zip(names, (float(x) for x in check["inputs"]["pop"]), strict=True))
    rows = run(built, tmp_path, "indicators.conc_hoover", {"core.establishments": municipalities(kibs, total)})
    assert figures(rows, geo=ES21)["p_kibs"] == pytest.approx(check["expected"]["hoover_pct"] / 100, abs=1e-9)
    assert figures(rows, geo="ES213") == figures(rows, geo=ES21), "all stand in one territory"


def test_sigma_of_the_nine_benchmarks(built: Workspace, tmp_path: Path, checks: dict[str, Any]) -> None:
    """The eight regions of the fixed set out of the published nine, with the formula written out again."""
    check = checks["sigma_beta_benchmarks"]["inputs"]
    given = dict(zip(check["region"], zip(check["y2008"], check["y2018"], strict=True), strict=True))
    given["NL36"] = given.pop("NL33")
    del given["UKD3"]
    shared = {"indicator": "ict_emp_share", "variant": "section_j", "activity": "NACE2:J", "unit": "percent"}
    shared |= {"status": "A", "provenance": "official", "sources": "accounts"}
    rows = [
        shared | {"geo": geo, "period": period, "value": value}
        for geo, pair in given.items()
        for period, value in zip(("2008", "2018"), pair, strict=True)
    ]
    tables = {"indicators.ict_emp_share": rows, "indicators.kibs_emp_share": []}
    found = run(built, tmp_path, "indicators.conv_sigma", tables)
    for period, i in (("2008", 0), ("2018", 1)):
        logs = [math.log(pair[i]) for pair in given.values()]
        mean = sum(logs) / len(logs)
        expected = math.sqrt(sum((x - mean) ** 2 for x in logs) / (len(logs) - 1))
        assert figures(found, period=period)["section_j"] == near(expected)
    assert all(row["n"] == 8 for row in found)
    del rows[0]
    gone = run(built, tmp_path, "indicators.conv_sigma", tables)
    assert figures(gone, period="2008")["section_j"] is None, "a fixed set: a region less and there is no figure"


def test_the_mean_and_the_median_region_are_told_apart(built: Workspace) -> None:
    """Benchmarks together and their median, from core.kibs by a few lines of arithmetic."""
    regions = ("CZ06", "EE00", "NL36", "ITH5", "DK04", "FI19")
    cells = {
        row["geo"]: (row["value"], row["total"])
        for row in pq.read_table(built.path("core.kibs")).to_pylist()
        if (row["measure"], row["variant"], row["system"], row["period"])
        == ("employment", "kibs_jkmn", "eurostat", "2022")
    }
    mean = 100 * sum(cells[g][0] for g in regions) / sum(cells[g][1] for g in regions)
    shares = sorted(100 * cells[g][0] / cells[g][1] for g in regions)
    middle = (shares[2] + shares[3]) / 2
    own = 100 * cells[ES21][0] / cells[ES21][1]
    rows = [
        row
        for row in pq.read_table(built.path("indicators.bench_gap_pp")).to_pylist()
        if (row["variant"], row["geo"], row["period"]) == ("kibs_jkmn:employment", ES21, "2022")
    ]
    found = {row["comparator"]: row["value"] for row in rows}
    assert found == {"BENCHMARKS": near(own - mean), "BENCHMARKS_MEDIAN": near(own - middle)}
    assert own < mean and own > middle, "low against the sum, not against the region in the middle"
