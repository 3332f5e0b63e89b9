"""Survey estimators against published and recomputed figures, and what must hold for any sample."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory.errors import DataError
from observatory.estimators import survey_statistics as stats
from observatory.estimators.weighting import Margin, calibrate, kish_deff, n_eff, post_stratify, rake, trim

# A made-up sample of 56 firms: 11 without service revenue, 8 at a fifth or more (check survey_56_synthetic).
SHARES = np.repeat([0, 1, 2, 3, 5, 8, 10, 15, 20, 30, 45, 60], [11, 8, 6, 5, 6, 4, 5, 3, 3, 2, 2, 1]).astype(float)
TURNOVER = np.arange(1.0, 57.0)


def check(shared: Path, name: str) -> dict[str, Any]:
    checks = json.loads((shared / "reference" / "crosschecks.json").read_text(encoding="utf-8"))["checks"]
    return next(c for c in checks if c["id"] == name)


def test_statistics_of_the_56_firms() -> None:
    assert stats.mean(SHARES) == pytest.approx(8.25, abs=1e-9)
    assert stats.mean(SHARES, TURNOVER) == pytest.approx(13.61591478696742, abs=1e-9)
    assert stats.ratio(SHARES * TURNOVER / 100, TURNOVER) == pytest.approx(0.1361591478696742, abs=1e-9)
    assert stats.quantile(SHARES, 0.5) == 3.0
    assert (stats.quantile(SHARES, 0.1), stats.quantile(SHARES, 0.9)) == (0.0, 20.0)
    assert stats.mean(SHARES == 0) == pytest.approx(0.1964285714, abs=1e-9)
    assert stats.mean(SHARES >= 20) == pytest.approx(0.1428571429, abs=1e-9)
    assert stats.gini(SHARES) == pytest.approx(0.6620284477427, abs=1e-9)
    assert stats.gini(SHARES, corrected=True) == pytest.approx(0.6740653286108, abs=1e-9)


def test_the_56_firms_are_those_of_the_crosschecks(shared: Path) -> None:
    case = check(shared, "survey_56_synthetic")
    assert case["inputs"]["share_pct"] == SHARES.tolist()
    assert stats.gini(SHARES) == pytest.approx(case["expected"]["gini"], abs=case["abs_tol"])


def test_gini_of_grouped_data_of_doersam() -> None:
    """Doersam 2004, as documented in the R package REAT."""
    found = stats.gini([500, 1500, 2500, 4000, 7500, 15000], [1000, 1200, 1600, 400, 200, 600])
    assert found == pytest.approx(0.527826086957, abs=1e-9)


def test_gini_has_no_value_where_nothing_is_shared() -> None:
    assert np.isnan(stats.gini([0.0, 0.0]))
    assert stats.gini([0.0, 0.0, 0.0, 9.0]) == pytest.approx(0.75)


def test_quantile_is_the_middle_of_two_where_the_weight_meets_it() -> None:
    assert stats.quantile([4.0, 1.0, 3.0, 2.0], 0.5) == 2.5
    assert stats.quantile([1.0, 2.0, 10.0], 0.5, [1, 1, 2]) == 6.0
    assert stats.quantile([1.0, 2.0, 10.0], 0.5, [1, 1, 3]) == 10.0


def test_balances() -> None:
    answers = ["++", "++", "+", "=", "-", "--", "dk", None]
    assert stats.balance(answers) == pytest.approx(100 * (3 - 2) / 6)
    assert stats.balance(answers, five=True) == pytest.approx(100 * (2 + 0.5 - 0.5 - 1) / 6)
    assert stats.balance(["+", "-"], [3, 1]) == pytest.approx(50)
    with pytest.raises(DataError, match="found up"):
        stats.balance(["up"])


@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(1, 9)), min_size=3, max_size=30).filter(
        lambda rows: sum(x > 0 for x, _ in rows) > 1
    )
)
def test_a_weight_is_as_good_as_that_many_firms(rows: list[tuple[int, int]]) -> None:
    x, w = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    long = np.repeat(x, w.astype(int))
    assert stats.gini(x, w) == pytest.approx(stats.gini(long), abs=1e-12)
    assert stats.mean(x, w) == pytest.approx(stats.mean(long))
    assert stats.quantile(x, 0.9, w) == stats.quantile(long, 0.9)
    assert 0 <= stats.gini(x, w) + 1e-12 <= 1


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 4), st.integers(1, 3)), min_size=3, max_size=12).filter(
        lambda rows: sum(x > 0 for x, _, _ in rows) > 2
    )
)
def test_leaving_one_out_is_leaving_one_out(rows: list[tuple[int, int, int]]) -> None:
    x, w, size = (np.array(column, dtype=float) for column in zip(*sorted(rows), strict=True))
    size = size.astype(int)
    long_x, long_w = np.repeat(x, size), np.repeat(w, size)
    first = np.cumsum(size) - size
    others = [(np.delete(long_x, at), np.delete(long_w, at)) for at in first]
    assert stats.without_one_gini(x, w, size) == pytest.approx([stats.gini(*other) for other in others], abs=1e-9)
    for q in (0.1, 0.5, 0.9):
        wanted = [stats.quantile(one, q, weights) for one, weights in others]
        assert stats.without_one_quantile(x, w, size, q) == pytest.approx(wanted)
    ratios = stats.without_one_ratio(w * x, w, size)
    assert ratios == pytest.approx([stats.mean(*other) for other in others])


def test_raking_as_in_r_survey() -> None:
    """R survey 4.1-1, rake(); the weights, the weighted mean, Kish's design effect and n_eff."""
    margins = [
        Margin("size", ["S", "S", "L", "L", "S", "L"], {"L": 20, "S": 80}),
        Margin("sector", ["A", "B", "A", "B", "A", "B"], {"A": 45, "B": 55}),
    ]
    raked = rake(np.ones(6), margins)
    wanted = [20.430258442, 39.139483115, 4.139483115, 7.930258442, 20.430258442, 7.930258442]
    assert raked.converged
    assert raked.worst <= 1e-8
    assert raked.weights == pytest.approx(wanted, abs=1e-6)
    assert stats.mean([0.0, 0.1, 0.2, 0.3, 0.05, 0.4], raked.weights) == pytest.approx(0.11314539, abs=1e-6)
    assert kish_deff(raked.weights) == pytest.approx(1.5057620261980642, abs=1e-6)
    assert n_eff(raked.weights) == pytest.approx(3.9846933948450993, abs=1e-6)


def test_raking_that_cannot_meet_its_margins_says_so() -> None:
    """With all small firms in A and all large ones in B the two margins contradict each other."""
    margins = [Margin("size", ["S", "L"], {"S": 80, "L": 20}), Margin("sector", ["A", "B"], {"A": 45, "B": 55})]
    raked = rake([1.0, 1.0], margins, iterations=50)
    assert (raked.converged, raked.iterations) == (False, 50)
    assert raked.worst > 0.1


def test_raking_refuses_what_it_cannot_rake() -> None:
    with pytest.raises(DataError, match="size: expected firms in every category, found none in L"):
        rake([1.0], [Margin("size", ["S"], {"S": 80, "L": 20})])
    with pytest.raises(DataError, match="expected a total for every category, found none for M"):
        rake([1.0, 1.0], [Margin("size", ["S", "M"], {"S": 80})])
    with pytest.raises(DataError, match=r"one sum, found a = 1, b = 2"):
        rake([1.0], [Margin("a", ["x"], {"x": 1}), Margin("b", ["x"], {"x": 2})])
    with pytest.raises(DataError, match="totals above 0, found 0 for x"):
        rake([1.0], [Margin("a", ["x"], {"x": 0})])
    with pytest.raises(DataError, match="weights above 0"):
        rake([0.0], [Margin("a", ["x"], {"x": 1})])


def test_post_stratification_meets_its_totals_and_is_raking_to_one_margin() -> None:
    weights, cells, totals = [1.0, 2.0, 3.0], ["a", "a", "b"], {"a": 30.0, "b": 6.0}
    found = post_stratify(weights, cells, totals)
    assert found == pytest.approx([10, 20, 6])
    assert rake(weights, [Margin("cells", cells, totals)]).weights == pytest.approx(found)


@given(st.lists(st.floats(0.1, 1000), min_size=4, max_size=40), st.floats(3, 20))
def test_trimming_keeps_the_sum_and_the_cap(weights: list[float], most: float) -> None:
    cap = most * float(np.median(weights))
    if cap * len(weights) < sum(weights):
        with pytest.raises(DataError, match="Raise the cap"):
            trim(weights, most)
        return
    found = trim(weights, most)
    assert found.weights.sum() == pytest.approx(sum(weights))
    assert found.weights.max() <= cap * (1 + 1e-9)
    assert found.firms == sum(w > cap for w in weights)
    assert (found.moved > 0) == (found.firms > 0)


def test_calibration_of_a_table_reports_per_wave() -> None:
    table = pa.table({"wave": ["1", "1", "2"], "weight": [None, None, 1.0], "size": ["S", "L", "S"]})
    rows = [("1", "size", "S", 8.0), ("1", "size", "L", 2.0), ("2", "size", "S", 5.0)]
    margins = pa.table(
        dict(zip(("wave", "margin", "category", "total"), map(list, zip(*rows, strict=True)), strict=True))
    )
    found, report = calibrate(table, margins)
    assert found["weight"].to_pylist() == pytest.approx([8, 2, 5])
    assert report["wave"].to_pylist() == ["1", "2"]
    assert report["converged"].to_pylist() == [True, True]
    assert report["kish_deff"].to_pylist() == pytest.approx([2 * 68 / 100, 1])
