"""Benchmarks that stand made-up tables in the place of models' inputs still fit those models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench import bench_hub


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
