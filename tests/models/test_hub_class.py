"""The class of a hub: the rule written out again from the published inputs, its reasons, its sensitivity, its mark."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from observatory.build import Workspace


def rows(ws: Workspace, indicator: str, **wanted: str) -> list[dict[str, object]]:
    table = pq.read_table(ws.path(f"indicators.{indicator}")).to_pylist()
    return [row for row in table if all(row[k] == v for k, v in wanted.items())]


def figure(ws: Workspace, indicator: str, column: str = "value", **wanted: str) -> float:
    (found,) = rows(ws, indicator, **wanted)
    return float(str(found[column]))


@pytest.mark.parametrize("period", ["2015", "2018", "2022"])
@pytest.mark.parametrize("city", ["48020", "20069", "01059"])
def test_the_class_follows_from_the_rule_and_its_published_inputs(built: Workspace, city: str, period: str) -> None:
    headline = {"variant": "kibs_seed_sections", "period": period}
    own = headline | {"geo": city, "comparator": "ES21"}
    a, b = figure(built, "hub_lq", "lower", **own), figure(built, "hub_lq", **own)
    wide = {"variant": "kibs_jkmn", "geo": "ES21", "period": period}
    c = figure(built, "hub_lq", "lower", comparator="ES", **wide)
    e = figure(built, "hub_lq", "lower", comparator="EU27_2020", **wide)
    d = figure(built, "hub_extraregional_share", geo="ES21", **headline)
    f = figure(built, "hub_export_share", geo="ES21", **headline)
    rank = 0
    if a > 1 and b >= 1.25:
        rank = 1
        if c > 1 and d >= 25:
            rank = 3 if e > 1 and f >= 15 else 2
    assert figure(built, "hub_class", variant="kibs_seed_sections:class", geo=city, period=period) == rank


def test_bilbao_is_a_regional_hub_on_the_made_up_tables_and_the_reason_is_given(built: Workspace) -> None:
    (row,) = rows(built, "hub_class", variant="kibs_seed_sections:class", geo="48020", period="2022")
    assert (row["value"], row["status"], row["provenance"]) == (1, "D", "synthetic")
    assert "(regional: regional as a " in str(row["sources"]) and "not national as c " in str(row["sources"])


def test_every_threshold_is_lowered_and_raised(built: Workspace) -> None:
    found = {str(r["variant"]) for r in rows(built, "hub_class", geo="48020", period="2022")}
    names = (
        "primacy_lower",
        "primacy",
        "national_lower",
        "national_sales",
        "international_lower",
        "international_sales",
    )
    moved = {f"kibs_seed_sections:{name}{by}" for name in names for by in ("-20%", "+20%")}
    assert found == moved | {"kibs_seed_sections:class"}
