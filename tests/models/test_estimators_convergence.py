"""Years to catch up against the journal's figures, their interval, and convergence against R's results."""

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
from observatory.estimators.convergence import (
    GEOMETRIC_MOVING,
    LINEAR_FROZEN,
    LINEAR_MOVING,
    METHODS,
    beta_speed,
    cagr,
    catch_up,
    catchup_geometric,
    catchup_interval,
    catchup_linear,
    catchup_years,
    sigma,
    slope_range,
)
from observatory.estimators.trend import ols, t_quantile

INF = float("inf")
BENCHMARKS_2008 = [2.3, 2.5, 2.2, 3.1, 7.1, 2.8, 1.5, 3.9, 2.8]  # KIS_HTC of nine NUTS 2 regions
BENCHMARKS_2018 = [3.3, 3.5, 4.3, 3.1, 7.1, 3.4, 2.3, 3.8, 3.9]
shares = st.floats(0.5, 20)
slopes = st.floats(-0.5, 0.5)


def check(shared: Path, name: str) -> dict[str, Any]:
    checks = json.loads((shared / "reference" / "crosschecks.json").read_text(encoding="utf-8"))["checks"]
    return next(c for c in checks if c["id"] == name)


def rounded_range(first: float, last: float, benchmark: float, years: float, half: float) -> tuple[float, float]:
    """Range of the years to catch up with a frozen, exact benchmark when both end points are rounded."""
    ends = np.array([first, last])
    gap = (benchmark - last - half, benchmark - last + half)
    return catchup_interval(gap, slope_range([0, years], ends - half, ends + half))


def test_the_journals_catch_up_with_spain_and_the_eu15() -> None:
    speed, rate = 0.2 / 7, cagr(1.9, 2.1, 7)
    assert rate == pytest.approx(0.014400337, abs=1e-8)
    assert catchup_linear(2.1, 2.4, speed) == pytest.approx(10.5)
    assert catchup_linear(2.1, 3.0, speed) == pytest.approx(31.5)
    assert catchup_geometric(2.1, 2.4, rate) == pytest.approx(9.3394, abs=1e-4)
    assert catchup_geometric(2.1, 3.0, rate) == pytest.approx(24.9464, abs=1e-4)
    assert rounded_range(1.9, 2.1, 2.4, 7, 0.05) == pytest.approx((5.8333, 24.5), abs=1e-4)
    assert rounded_range(1.9, 2.1, 3.0, 7, 0.05) == pytest.approx((19.8333, 66.5), abs=1e-4)


def test_the_journals_catch_up_of_the_crosschecks(shared: Path) -> None:
    case = check(shared, "seed_ict_catchup")
    given_, expected, tolerance = case["inputs"], case["expected"], case["abs_tol"]
    (first, last), years, half = given_["basque"], given_["years"], given_["rounding_half_width"]
    rate = cagr(first, last, years)
    assert rate == pytest.approx(expected["cagr_basque"], abs=1e-8)
    assert cagr(*given_["madrid"], years) == pytest.approx(expected["cagr_madrid"], abs=1e-8)
    for place in ("spain", "eu15"):
        benchmark = given_[f"{place}_2015"]
        linear = catchup_linear(last, benchmark, (last - first) / years)
        assert linear == pytest.approx(expected[f"years_linear_{place}"], abs=tolerance)
        geometric = catchup_geometric(last, benchmark, rate)
        assert geometric == pytest.approx(expected[f"years_exp_{place}"], abs=tolerance)
        found = rounded_range(first, last, benchmark, years, half)
        assert list(found) == pytest.approx(expected[f"years_linear_{place}_range"], abs=tolerance)


def test_madrid_moves_away() -> None:
    assert catchup_linear(2.1, 6.3, 0.2 / 7, 1.1 / 7) == INF
    assert catchup_geometric(2.1, 6.3, cagr(1.9, 2.1, 7), cagr(5.2, 6.3, 7)) == INF


@given(shares, shares, slopes)
def test_equal_slopes_never_catch_up(s_r: float, s_b: float, g: float) -> None:
    wanted = 0.0 if s_r >= s_b else INF
    assert catchup_linear(s_r, s_b, g, g) == wanted
    assert catchup_geometric(s_r, s_b, g, g) == wanted


@given(st.tuples(shares, shares), st.tuples(slopes, slopes), st.floats(0.01, 100), st.floats(-50, 50))
def test_years_do_not_depend_on_unit_or_origin(
    levels: tuple[float, float], speeds: tuple[float, float], scale: float, shift: float
) -> None:
    (s_r, s_b), (g_r, g_b) = levels, speeds
    years = catchup_linear(s_r, s_b, g_r, g_b)
    assert years >= 0
    if abs(s_b - s_r) > 1e-6 and abs(g_r - g_b) > 1e-6:
        moved = catchup_linear(scale * s_r + shift, scale * s_b + shift, scale * g_r, scale * g_b)
        assert moved == pytest.approx(years, rel=1e-5)
        if 0 < years < INF:
            assert s_r + g_r * years == pytest.approx(s_b + g_b * years, rel=1e-9, abs=1e-9 * years)


@given(shares, shares, st.floats(0, 0.2), st.floats(0, 0.2))
def test_geometric_years_meet_where_they_say(s_r: float, s_b: float, c_r: float, c_b: float) -> None:
    years = catchup_geometric(s_r, s_b, c_r, c_b)
    if 0 < years < 1000:
        assert s_r * (1 + c_r) ** years == pytest.approx(s_b * (1 + c_b) ** years, rel=1e-6)


def test_plain_functions_refuse_what_has_no_meaning() -> None:
    for wrong in ((0, 1, 1), (1, -1, 1), (1, 1, 0)):
        with pytest.raises(DataError, match="cagr: expected s0 > 0"):
            cagr(*wrong)
    with pytest.raises(DataError, match="catchup_geometric: expected shares > 0"):
        catchup_geometric(0.0, 1.0, 0.1)
    with pytest.raises(DataError, match="sigma: expected two positive values"):
        sigma([1.0, 0.0])
    with pytest.raises(DataError, match="beta_speed: expected"):
        beta_speed(-1.0, 2)


def test_interval_has_no_upper_bound_where_the_speed_may_be_nought() -> None:
    assert catchup_interval((0.3, 0.3), (0.02, 0.02), 0.01) == pytest.approx((10, 30))
    assert catchup_interval((0.3, 0.3), (0.02, 0.02), 0.02) == (pytest.approx(7.5), INF)
    assert catchup_interval((0.3, 0.3), (-0.02, -0.02), 0.01) == (INF, INF)
    assert catchup_interval((-0.1, 0.1), (0.02, 0.02)) == (0, pytest.approx(5))


@given(
    st.lists(st.tuples(shares, st.floats(0, 0.3), st.floats(-1, 1)), min_size=2, max_size=12),
)
def test_slope_range_holds_every_series_between_the_bounds(points: list[tuple[float, float, float]]) -> None:
    t = np.arange(len(points), dtype=float)
    y, half, where = (np.array(column) for column in zip(*points, strict=True))
    low, high = slope_range(t, y - half, y + half)
    inside = float(np.polyfit(t, y + where * half, 1)[0])
    assert low - 1e-9 <= inside <= high + 1e-9


T = np.arange(2008, 2020)
NOISE = np.random.default_rng(5).normal(scale=0.05, size=(2, T.size))


def test_linear_years_are_the_last_gap_over_the_difference_of_slopes() -> None:
    region, benchmark = 2 + 0.06 * (T - 2008) + NOISE[0], 4 + 0.01 * (T - 2008) + NOISE[1]
    gap = benchmark[-1] - region[-1]
    g_r, g_b = ols(T, region).slope, ols(T, benchmark).slope
    moving, frozen = (catch_up(T, region, benchmark, method) for method in (LINEAR_MOVING, LINEAR_FROZEN))
    assert moving is not None and frozen is not None
    assert moving.years == pytest.approx(gap / (g_r - g_b))
    assert frozen.years == pytest.approx(gap / g_r)
    margin = t_quantile(T.size - 2) * ols(T, region - benchmark).se_hac
    assert (moving.lower, moving.upper) == pytest.approx((gap / (g_r - g_b + margin), gap / (g_r - g_b - margin)))
    assert moving.n == T.size and moving.note == ""


def test_geometric_years_are_those_of_the_mean_growth_rates() -> None:
    region, benchmark = 2 * 1.03 ** (T - 2008) + NOISE[0], 4 * 1.01 ** (T - 2008) + NOISE[1]
    c_r, c_b = (np.expm1(ols(T, np.log(s)).slope) for s in (region, benchmark))
    found = catch_up(T, region, benchmark, GEOMETRIC_MOVING)
    assert found is not None
    assert found.years == pytest.approx(catchup_geometric(region[-1], benchmark[-1], c_r, c_b))
    assert found.lower < found.years < found.upper


def test_rounding_widens_the_interval_and_slope_error_takes_its_upper_bound() -> None:
    region, benchmark = 2 + 0.06 * (T - 2008) + NOISE[0], 4 + 0.01 * (T - 2008) + NOISE[1]
    exact = catch_up(T, region, benchmark)
    rounded = catch_up(T, region, benchmark, half_width=0.02, benchmark_half_width=0.02)
    coarse = catch_up(T, region, benchmark, half_width=0.5, benchmark_half_width=0.5)
    assert exact is not None and rounded is not None and coarse is not None
    assert rounded.lower < exact.lower < exact.years == rounded.years < exact.upper < rounded.upper < INF
    assert coarse.upper == INF


def test_published_rounding_lies_within_the_interval_it_leads_to() -> None:
    """Shares rounded to one decimal, with their half-width, cover the years of the unrounded lines."""
    region, benchmark = 2.13 + 0.061 * (T - 2008), 4.07 + 0.012 * (T - 2008)
    for method in METHODS:
        true = catch_up(T, region, benchmark, method)
        seen = catch_up(T, region.round(1), benchmark.round(1), method, half_width=0.05, benchmark_half_width=0.05)
        assert true is not None and seen is not None
        assert seen.lower <= true.years <= seen.upper


def test_common_shocks_have_no_part_in_the_error_of_the_moving_method() -> None:
    shock = 10 * NOISE[0]
    region, benchmark = 2 + 0.06 * (T - 2008) + shock, 4 + 0.01 * (T - 2008) + shock
    moving, frozen = (catch_up(T, region, benchmark, method) for method in (LINEAR_MOVING, LINEAR_FROZEN))
    assert moving is not None and frozen is not None
    assert (moving.lower, moving.upper) == pytest.approx((moving.years, moving.years), rel=1e-6)
    assert frozen.upper - frozen.lower > 1


@given(shares, shares, slopes, st.integers(3, 20))
def test_parallel_series_diverge(first: float, gap: float, g: float, n: int) -> None:
    t = np.arange(n) + 2000
    region = first + 12 + g * (t - 2000)
    found = catch_up(t, region, region + gap)
    assert found is not None
    assert (found.years, found.lower, found.upper, found.note) == (INF, INF, INF, "diverging")
    reached = catch_up(t, region + gap, region)
    assert reached is not None and (reached.years, reached.note) == (0, "reached")


@given(st.lists(st.tuples(shares, shares), min_size=3, max_size=15), st.floats(0, 0.1), st.sampled_from(METHODS))
def test_interval_contains_the_years(pairs: list[tuple[float, float]], half: float, method: str) -> None:
    region, benchmark = zip(*pairs, strict=True)
    found = catch_up(np.arange(len(pairs)), region, benchmark, method, half_width=half, benchmark_half_width=half)
    assert found is not None
    assert 0 <= found.lower <= found.years <= found.upper


def test_a_share_of_nought_has_no_growth_rate() -> None:
    assert catch_up([1, 2, 3], [0.0, 0.1, 0.2], [1.0, 1.0, 1.0], GEOMETRIC_MOVING) is None
    assert catch_up([1, 2, 3], [0.1, 0.1, 0.2], [1.0] * 3, GEOMETRIC_MOVING, half_width=0.1) is None


def table(region: Any, benchmark: Any, **more: list[Any]) -> pa.Table:
    n = len(region)
    texts = {"variant": "section_j", "geo": "ES21", "comparator": "ES", "activity": "NACE2:J"}
    texts |= {"status": "A", "comparator_status": "A", "provenance": "official;official", "sources": "b;a"}
    columns: dict[str, Any] = {name: [text] * n for name, text in texts.items()}
    columns |= {"period": [str(2008 + i) for i in range(n)]}
    columns |= {
        "value": pa.array(region, pa.float64()),
        "comparator_value": pa.array(benchmark, pa.float64()),
    }
    return pa.table(columns | more)


def by_variant(found: pa.Table) -> dict[str, dict[str, Any]]:
    return {row["variant"]: row for row in found.to_pylist()}


def test_estimator_gives_three_methods() -> None:
    found = by_variant(catchup_years(table([2.0, 2.1, 2.2, 2.3], [3.0, 3.05, 3.1, 3.15])))
    assert set(found) == {f"section_j:{method}" for method in METHODS}
    row = found["section_j:linear_moving"]
    assert [row[c] for c in ("value", "lower", "upper")] == pytest.approx([17.0] * 3)
    assert (row["period"], row["n"], row["status"]) == ("2008/2011", 4, "A")
    assert (row["comparator"], row["provenance"], row["sources"]) == ("ES", "official", "a;b")
    assert found["section_j:linear_frozen"]["value"] == pytest.approx(8.5)


def test_a_diverging_pair_is_said_to_diverge() -> None:
    found = by_variant(catchup_years(table([2.0, 2.1, 2.2, 2.3], [3.0, 3.2, 3.4, 3.6])))
    row = found["section_j:linear_moving:diverging"]
    assert [row[c] for c in ("value", "lower", "upper")] == [None] * 3
    assert row["status"] == "AM" and row["n"] == 4
    assert found["section_j:linear_frozen"]["value"] == pytest.approx(13)


def test_a_diverging_pair_keeps_the_soonest_year_that_its_scatter_allows() -> None:
    row = by_variant(catchup_years(table([2.0, 2.4, 1.9, 2.3, 2.0], [3.0, 3.1, 3.0, 3.1, 3.1])))
    diverging = row["section_j:linear_moving:diverging"]
    assert diverging["value"] is None and diverging["upper"] is None
    assert diverging["lower"] > 0


def test_a_place_ahead_has_reached_its_comparator() -> None:
    found = by_variant(catchup_years(table([3.0, 3.1, 3.2], [2.0, 2.2, 2.4])))
    assert set(found) == {f"section_j:{method}:reached" for method in METHODS}
    assert all((r["value"], r["lower"], r["status"]) == (0, 0, "A") for r in found.values())


def test_estimator_uses_common_years_after_the_last_break_of_either_place() -> None:
    region = [9.0, 2.0, 2.1, 2.2, None, 2.4, 5.0]
    benchmark = [1.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0]
    found = by_variant(
        catchup_years(
            table(
                region,
                benchmark,
                status=["A", "A", "A", "A", "M", "P", "U"],
                comparator_status=["A", "B", *"AAAAA"],
            )
        )
    )
    row = found["section_j:linear_moving"]
    assert (row["period"], row["n"], row["status"]) == ("2009/2013", 4, "ABP")
    assert row["value"] == pytest.approx(6)


def test_estimator_gives_a_row_where_years_are_too_few_or_a_share_is_nought() -> None:
    short = by_variant(catchup_years(table([2.0, 2.1, None], [3.0, 3.0, 3.0], status=["A", "A", "C"])))
    assert set(short) == {f"section_j:{method}" for method in METHODS}
    assert all((r["value"], r["status"], r["period"]) == (None, "ACM", "2008/2010") for r in short.values())
    nought = by_variant(catchup_years(table([0.0, 0.1, 0.2], [3.0, 3.0, 3.0])))
    assert nought["section_j:geometric_moving"]["status"] == "AM"
    assert nought["section_j:linear_moving"]["value"] == pytest.approx(28)


def test_estimator_takes_rounding_from_its_columns() -> None:
    region, benchmark = [2.0, 2.1, 2.2, 2.3], [3.0, 3.0, 3.0, 3.0]
    half = {"rounding_half_width": [0.01] * 4}
    none = {"comparator_rounding_half_width": [0.0] * 4}
    exact, one, both = (
        by_variant(catchup_years(table(region, benchmark, **more)))["section_j:linear_moving"]
        for more in ({}, half | none, half)
    )
    assert exact["value"] == one["value"] == both["value"] == pytest.approx(7)
    assert both["lower"] < one["lower"] < exact["lower"] <= exact["upper"] < one["upper"] < both["upper"]


def test_estimator_gives_rows_for_each_window() -> None:
    region, benchmark = [1.0, 1.0, 2.0, 2.1, 2.2], [3.0] * 5
    found = catchup_years(
        pa.concat_tables(
            table(region, benchmark, window_from=[start] * 5, window_to=[""] * 5) for start in ("2008", "2010")
        )
    )
    assert sorted(set(found["period"].to_pylist())) == ["2008/2012", "2010/2012"]
    assert found.num_rows == 6


def test_estimator_names_a_missing_column_and_a_double_year() -> None:
    with pytest.raises(DataError, match=r"convergence\.catchup_years: expected column comparator_status"):
        catchup_years(table([1.0], [1.0]).drop_columns(["comparator_status"]))
    with pytest.raises(DataError, match="section_j/ES21/ES/NACE2:J: period 2008 stands twice"):
        catchup_years(pa.concat_tables([table([1.0], [1.0])] * 2))


def test_sigma_and_speed_of_the_nine_benchmarks() -> None:
    assert sigma(BENCHMARKS_2008) == pytest.approx(0.4303007, abs=1e-6)
    assert sigma(BENCHMARKS_2018) == pytest.approx(0.3023757, abs=1e-6)
    found = beta_speed(-0.008070533, 1)
    assert found.lambda_ == pytest.approx(0.00810327603963, abs=1e-8)
    assert found.half_life == pytest.approx(85.53912975069, abs=1e-8)
    assert beta_speed(0.01, 10).half_life == INF


def test_sigma_and_speed_of_the_crosschecks(shared: Path) -> None:
    speed = check(shared, "beta_speed")
    found = beta_speed(speed["inputs"]["beta"], speed["inputs"]["T"])
    assert found.lambda_ == pytest.approx(speed["expected"]["lambda_"], abs=speed["abs_tol"])
    assert found.half_life == pytest.approx(speed["expected"]["half_life"], abs=speed["abs_tol"])
    panel = check(shared, "sigma_beta_benchmarks")
    expected = panel["expected"]
    for year in ("2008", "2018"):
        wanted = pytest.approx(expected[f"sd_ln_{year}"], abs=panel["abs_tol"])
        assert sigma(panel["inputs"][f"y{year}"]) == wanted
    found = beta_speed(expected["beta_slope"], panel["inputs"]["T"])  # the published speed is of the rounded slope
    assert found.lambda_ == pytest.approx(expected["lambda_"], abs=panel["abs_tol"])
    assert found.half_life == pytest.approx(expected["half_life"], abs=panel["abs_tol"])


@given(st.lists(shares, min_size=2, max_size=20), st.floats(0.1, 10))
def test_sigma_does_not_depend_on_the_unit(values: list[float], scale: float) -> None:
    assert sigma([scale * v for v in values]) == pytest.approx(sigma(values), abs=1e-9)
