"""Formulas with numbers: they are those of the estimator, and nothing is told that does not give the figure."""

from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from observatory.estimators import trend, worked

SERIES = [
    {"variant": "v", "geo": "ES21", "activity": "NACE2:J", "period": str(year), "value": value, "status": status}
    for year, value, status in [
        (2008, 2.0, "A"),
        (2009, 2.5, "A"),
        (2010, 9.0, "U"),
        (2011, 2.0, "P"),
        (2012, 4.0, "A"),
    ]
]


def slopes() -> dict[str, dict[str, Any]]:
    table = pa.Table.from_pylist([row | {"provenance": "official", "sources": "x"} for row in SERIES])
    return {row["variant"]: row for row in trend.slope(table).to_pylist()}


@pytest.mark.parametrize("variant", ["v:ols", "v:theil_sen"])
def test_the_numbers_of_the_first_line_give_the_figure(variant: str) -> None:
    figure = slopes()[variant]
    first, *parts = worked.worked("trend.slope", SERIES, figure)
    assert first.name == "value" and first.value == pytest.approx(figure["value"], rel=1e-12)
    for line in (first, *parts):
        assert duckdb.sql(f"select ({line.numbers})::double").fetchall() == [(pytest.approx(line.value),)], line


def test_what_does_not_give_the_figure_is_not_told() -> None:
    figure = slopes()["v:ols"]
    assert worked.worked("trend.slope", SERIES[1:], figure) == []
    assert worked.worked("trend.slope", [{"variant": "v"}], figure) == [], "rows without the columns"
    assert worked.worked("linkages.backward", SERIES, figure) == [], "an inverse is not told in a few lines"
    assert worked.worked("trend.slope", SERIES, figure | {"value": None}) == []


def test_decimals_count_as_numbers() -> None:
    pillars = [
        {"variant": "v", "geo": "ES21", "period": "2024", "pillar": name, "value": Decimal(value), "low": 0, "high": 10,
         "weight": Decimal("1.0")}
        for name, value in (("a", "2.5"), ("b", "40"))
    ]  # fmt: skip
    figure = {"variant": "v:index", "geo": "ES21", "period": "2024", "value": 50.0}
    told = worked.worked("hub_rows.index", pillars, figure)
    assert [(line.name, line.value) for line in told] == [("value", pytest.approx(50)), ("a", 25), ("b", 100)]
    assert told[2].numbers == "100 * least(greatest((40 - 0) / (10 - 0), 0), 1)"
