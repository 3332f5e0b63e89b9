"""Service revenue in turnover: Spain's published figure, sums of branches, a table without a line for services."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from observatory.build import Workspace
from observatory.settings import Settings
from observatory.snapshots import Store
from tests.models.modelling import run

ACCOUNT = "eustat_industry_accounts"


def rows(ws: Workspace, **wanted: str) -> list[dict[str, object]]:
    table = pq.read_table(ws.path("indicators.serv_pl_share")).to_pylist()
    return [row for row in table if all(row[k] == v for k, v in wanted.items())]


def test_spain_2018_is_7_41_percent_of_official_provenance(built: Workspace) -> None:
    """INE table 28384: services rendered 48,671,488 of a net turnover of 657,218,953 thousand euro."""
    (row,) = rows(built, geo="ES", variant="industry", period="2018")
    assert row["value"] == pytest.approx(100 * 48_671_488 / 657_218_953) == pytest.approx(7.41, abs=0.005)
    assert (row["provenance"], row["status"], row["sources"]) == ("official", "A", "ine_industry_structure")


def test_years_without_turnover_are_missing_and_not_nought(built: Workspace) -> None:
    found = rows(built, geo="ES", variant="industry")
    assert {row["period"]: (row["value"], row["status"]) for row in found if row["period"] != "2018"} == {
        "2016": (None, "M"),
        "2017": (None, "M"),
    }
    assert rows(built, geo="ES", variant="manufacturing") == []


def test_manufacturing_is_the_turnover_weighted_sum_of_its_branches(built: Workspace) -> None:
    account = pq.read_table(built.path("core.industry_accounts")).to_pylist()
    lines = {
        (r["activity"], r["line"]): r["value"]
        for r in account
        if (r["geo"], r["period"], r["source"]) == ("ES21", "2017", ACCOUNT)
    }
    making = [code for code in {a for a, _ in lines} if code != "TOTAL" and "05" <= code <= "42"]
    for variant, codes in (
        ("manufacturing", making),
        ("manufacturing_without_repair", [c for c in making if c != "42"]),
    ):
        expected = (
            100 * sum(lines[c, "services_rendered"] for c in codes) / sum(lines[c, "net_turnover"] for c in codes)
        )
        (row,) = rows(built, geo="ES21", variant=variant, period="2017")
        assert row["value"] == pytest.approx(expected, rel=1e-12)
    assert len(making) == 34


def test_made_up_figures_say_so_and_follow_the_journal(built: Workspace) -> None:
    (making,) = rows(built, geo="ES21", variant="manufacturing", period="2017")
    (tools,) = rows(built, geo="ES21", variant="branch", activity="A86:36", period="2017")
    assert making["value"] == pytest.approx(2, abs=0.05) and tools["value"] == pytest.approx(5, abs=0.05)
    assert {making["provenance"], tools["provenance"]} == {"synthetic"}


def test_the_letters_of_both_lines_stay(built: Workspace, tmp_path: Path) -> None:
    """Neither the letters of services nor those of turnover win: a figure has what its inputs have."""
    common = {
        "geo": "ES21",
        "classification": "Eustat",
        "version": "A86",
        "level": "a86",
        "activity": "36",
        "source": "x",
    }
    lines = [
        common | {"line": line, "period": period, "value": value, "status": status, "provenance": "official"}
        for line, period, value, status in (
            ("net_turnover", "2021", 10.0, "E"),
            ("services_rendered", "2021", 1.0, "P"),
            ("net_turnover", "2022", 10.0, "P"),
            ("services_rendered", "2022", 1.0, "EP"),
            ("net_turnover", "2023", 10.0, "A"),
            ("services_rendered", "2023", 1.0, "A"),
        )
    ]
    found = run(built, tmp_path, "indicators.serv_pl_share", {"core.industry_accounts": lines})
    statuses = {row["period"]: row["status"] for row in found if row["variant"] == "branch"}
    assert statuses == {"2021": "EP", "2022": "EP", "2023": "A"}


def test_without_a_line_for_services_the_indicator_says_which_lines_were_found(tmp_path: Path) -> None:
    ws = Workspace(Settings(data=tmp_path))
    pin = ws.pins[ACCOUNT]
    data = pin.read().replace(b"-Prestaciones de servicios", b"-Trabajos realizados para otros")
    data = data.replace(b"-Zerbitzu-emateak", b"-Beste lan batzuk").replace(
        b"-Services rendered", b"-Work for others  "
    )
    import hashlib

    digest = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    Store(ws.settings.snapshots, "local").add(ACCOUNT, data, pin.entry.model_copy(update=digest))
    ws = Workspace(Settings(data=tmp_path))
    for relation in (*ws.catalogue_tables, f"raw.{ACCOUNT}", "raw.ine_industry_structure", "core.industry_accounts"):
        ws.make(relation)
    ws.make("indicators.serv_pl_share")
    found = rows(ws, geo="ES21", variant="manufacturing", period="2017")
    assert [(row["value"], row["status"]) for row in found] == [(None, "M")]
    assert "not published: no line for services among" in str(found[0]["sources"])
    assert "Trabajos realizados para otros" in str(found[0]["sources"])


def test_the_trend_has_an_interval_for_machine_tools_and_manufacturing(built: Workspace) -> None:
    table = pq.read_table(built.path("indicators.serv_pl_slope")).to_pylist()
    kept = [r for r in table if r["geo"] == "ES21" and r["activity"] in {"NACE2:C", "A86:36"}]
    assert {r["activity"] for r in kept} == {"NACE2:C", "A86:36"}
    assert all(r["lower"] <= r["value"] <= r["upper"] for r in kept)
