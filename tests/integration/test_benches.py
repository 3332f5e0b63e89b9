"""Benchmarks that stand made-up tables in the place of models' inputs still fit those models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench import bench_hub, bench_spark
from tests.bench.bench_spark import Used


def test_the_made_up_regions_fit_the_hub_and_structure_models(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench_hub.write(tmp_path, bench_hub.cells(30))
    rows = {}
    for name in bench_hub.ORDER:
        bench_hub.child(tmp_path, name)
        rows[name] = json.loads(capsys.readouterr().out)["rows"]
    assert all(rows.values()), rows
    assert rows["hub_lq"] >= 30 * 25, "a quotient of every place and year at least"


def test_where_spark_draws_level_follows_from_the_start_and_the_slope_of_each() -> None:
    def line(start: float, slope: float) -> dict[int, Used]:
        return {rows * 1_000_000: Used(0, start + slope * rows, 0) for rows in (1, 10, 50)}

    assert bench_spark.cost(line(5, 2)) == pytest.approx((5, 2))
    fewer = bench_spark.crossing(line(4, 3), line(100, 1))
    assert str(fewer["note"]).endswith("level at 48 M rows") and fewer["ratio"] == 3
    never = bench_spark.crossing(line(4, 2), line(100, 7))
    assert str(never["note"]).endswith("and on 4 such machines at the earliest") and never["met"]
