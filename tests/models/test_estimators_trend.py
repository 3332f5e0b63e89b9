"""Slopes against real series and independent computations, and the rule which observations count."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from observatory.errors import DataError
from observatory.estimators.trend import Line, log_linear, ols, segments, slope, theil_sen, usable

YEARS = np.arange(2008, 2019)
KIS_HTC_ES21 = np.array([3.1, 3.0, 3.0, 3.2, 3.4, 2.9, 2.9, 2.9, 3.1, 3.2, 3.1])  # htec_emp_reg2, 2008-2018
values = st.floats(-1e3, 1e3).map(lambda x: round(x, 3))
series = st.lists(values, min_size=3, max_size=30)


def newey_west(t: np.ndarray, y: np.ndarray, lag: int) -> float:
    """Standard error of the slope in matrix form, sum over lags, times n / (n - 2)."""
    x = np.column_stack([np.ones_like(t, dtype=float), t - t[0]])
    bread = np.linalg.inv(x.T @ x)
    u = y - x @ (bread @ x.T @ y)
    meat = (x * u[:, None]).T @ (x * u[:, None])
    for k in range(1, lag + 1):
        cross = (x[k:] * u[k:, None]).T @ (x[:-k] * u[:-k, None])
        meat += (1 - k / (lag + 1)) * (cross + cross.T)
    return float(np.sqrt((bread @ meat @ bread)[1, 1] * len(t) / (len(t) - 2)))


def kis_htc(shared: Path, geo: str) -> tuple[np.ndarray, np.ndarray]:
    path = shared / "extracts" / "eurostat" / "htec_emp_reg2.benchmarks_2008_2018.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["NUTS_ID"] == geo]
    return np.array([int(r["YEAR"]) for r in rows]), np.array([float(r["KIS_HTC"]) for r in rows])


def test_basque_high_tech_services_do_not_move() -> None:
    line = ols(YEARS, KIS_HTC_ES21)
    assert round(line.slope, 2) == 0.00
    assert round(line.residual_sd, 2) == 0.16
    assert line.lower < 0 < line.upper
    assert (line.n, line.lag) == (11, 2)


def test_slopes_of_the_published_panel(shared: Path) -> None:
    basque, madrid = ols(*kis_htc(shared, "ES21")), ols(*kis_htc(shared, "ES30"))
    assert basque == ols(YEARS, KIS_HTC_ES21)
    assert (round(basque.slope, 2), round(basque.residual_sd, 2)) == (0.00, 0.16)
    assert round(madrid.slope, 2) == 0.11


def test_line_is_that_of_linregress() -> None:
    rng = np.random.default_rng(3)
    y = 2 + 0.04 * YEARS + rng.normal(size=11)
    line, other = ols(YEARS, y), stats.linregress(YEARS, y)
    assert line.slope == pytest.approx(other.slope, rel=1e-10)
    assert line.intercept == pytest.approx(other.intercept, rel=1e-10)
    assert line.se == pytest.approx(other.stderr, rel=1e-9)


@pytest.mark.parametrize("n", [3, 5, 11, 25, 60])
def test_hac_error_is_the_matrix_form(n: int) -> None:
    rng = np.random.default_rng(n)
    t = np.arange(n) + 1995.0
    line = ols(t, rng.normal(size=n).cumsum())
    y = np.random.default_rng(n).normal(size=n).cumsum()
    assert line.lag == int(np.floor(4 * (n / 100) ** (2 / 9)))
    assert line.se_hac == pytest.approx(newey_west(t, y, line.lag), rel=1e-9)
    half = stats.t.ppf(0.975, n - 2) * line.se_hac
    assert (line.lower, line.upper) == pytest.approx((line.slope - half, line.slope + half), rel=1e-9)


def test_a_gap_in_the_years_stays_a_gap() -> None:
    """Residuals either side of a gap longer than the lag do not count as neighbours."""
    t = np.array([2000.0, 2001, 2002, 2012, 2013, 2014])
    y = np.array([1.0, 3.0, 2.5, 0.5, 2.0, 1.0])
    x = np.column_stack([np.ones(6), t - t[0]])
    bread = np.linalg.inv(x.T @ x)
    u = y - x @ (bread @ x.T @ y)
    weight = np.array([[max(0.0, 1 - abs(a - b) / 3) for b in t] for a in t])  # lag 2
    meat = (x * u[:, None]).T @ weight @ (x * u[:, None])
    assert ols(t, y).lag == 2
    assert ols(t, y).se_hac == pytest.approx(float(np.sqrt((bread @ meat @ bread)[1, 1] * 6 / 4)), rel=1e-9)


@pytest.mark.parametrize("n", [5, 8, 11, 25])
@pytest.mark.parametrize("digits", [1, 8])
def test_theil_sen_is_that_of_scipy(n: int, digits: int) -> None:
    y = np.random.default_rng(n).normal(size=n).round(digits)  # one digit gives ties
    found, other = theil_sen(np.arange(n), y), stats.theilslopes(y, np.arange(n), 0.95)
    assert found.slope == pytest.approx(other.slope, abs=1e-12)
    assert (found.lower, found.upper) == pytest.approx((other.low_slope, other.high_slope), abs=1e-12)


def test_theil_sen_does_not_heed_one_wild_year() -> None:
    wild = KIS_HTC_ES21.copy()
    wild[-1] = 30.0
    assert abs(theil_sen(YEARS, wild).slope) < 0.1 < ols(YEARS, wild).slope


def test_four_years_are_too_few_for_sens_interval() -> None:
    found = theil_sen([1, 2, 3, 4], [1.0, 2.0, 4.0, 3.0])
    assert found.slope == pytest.approx(5 / 6)
    assert (found.lower, found.upper) == (-np.inf, np.inf)


def test_growth_of_a_geometric_series_is_its_rate() -> None:
    growth = log_linear(YEARS, 1.9 * 1.0144 ** (YEARS - 2008))
    assert (growth.rate, growth.lower, growth.upper) == pytest.approx((0.0144,) * 3, abs=1e-9)
    with pytest.raises(DataError, match="expected positive values, found 0"):
        log_linear([1, 2, 3], [1.0, 0.0, 2.0])


def test_beta_regression_of_the_crosschecks(shared: Path) -> None:
    checks = json.loads((shared / "reference" / "crosschecks.json").read_text(encoding="utf-8"))["checks"]
    case = next(c for c in checks if c["id"] == "sigma_beta_benchmarks")
    first, last = (np.log(case["inputs"][year]) for year in ("y2008", "y2018"))
    line, expected = ols(first, (last - first) / case["inputs"]["T"]), case["expected"]
    assert line.slope == pytest.approx(expected["beta_slope"], abs=case["abs_tol"])
    assert line.intercept == pytest.approx(expected["beta_intercept"], abs=case["abs_tol"])
    assert line.se == pytest.approx(expected["beta_se"], abs=case["abs_tol"])
    assert 2 * stats.t.sf(abs(line.slope / line.se), 7) == pytest.approx(expected["beta_p"], abs=case["abs_tol"])


@pytest.mark.parametrize("fit", [ols, theil_sen])
@given(y=series, shift=values, scale=st.floats(0.01, 100))
def test_shift_leaves_a_slope_and_scale_scales_it(fit: Any, y: list[float], shift: float, scale: float) -> None:
    t = np.arange(len(y))
    base, moved = fit(t, y), fit(t + 2000, (np.array(y) + shift) * scale)
    for bound in ("slope", "lower", "upper"):
        wanted = getattr(base, bound) * scale
        assert getattr(moved, bound) == pytest.approx(wanted, rel=1e-6, abs=1e-6 * scale)
    assert base.lower <= base.slope <= base.upper


@given(y=series)
def test_turning_a_series_round_turns_its_slope(y: list[float]) -> None:
    t = np.arange(len(y))
    forward, back = ols(t, y), ols(t, y[::-1])
    assert forward.slope == pytest.approx(-back.slope, abs=1e-9)
    assert forward.se_hac == pytest.approx(back.se_hac, rel=1e-6, abs=1e-9)


@given(level=values, gain=st.floats(-10, 10), n=st.integers(3, 30))
def test_a_straight_line_is_found_without_error(level: float, gain: float, n: int) -> None:
    t = np.arange(n)
    for found in (ols(t, level + gain * t), theil_sen(t, level + gain * t)):
        assert found.slope == pytest.approx(gain, abs=1e-9)
        if isinstance(found, Line):
            assert found.residual_sd == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("t", [[1, 2], [1, 1, 1], []])
def test_a_line_needs_three_observations_at_two_times(t: list[int]) -> None:
    for fit in (ols, theil_sen):
        with pytest.raises(DataError, match="expected 3 observations or more"):
            fit(t, [1.0] * len(t))


def test_a_break_starts_a_segment_in_order_of_period() -> None:
    assert segments(["2003", "2001", "2002", "2004"], ["BP", "A", None, "A"]) == [[1, 2], [0, 3]]
    assert segments(["2001", "2002"], ["B", "A"]) == [[0, 1]]
    assert segments([], []) == []


@given(st.lists(st.sampled_from(["A", "B", "BP", "U", "M", None]), max_size=12))
def test_segments_hold_every_observation_once(statuses: list[str | None]) -> None:
    found = segments([str(2000 + i) for i in range(len(statuses))], statuses)
    assert [i for part in found for i in part] == list(range(len(statuses)))
    assert all("B" not in (statuses[i] or "") for part in found for i in part[1:])


def test_weak_and_missing_observations_stay_out_and_the_break_is_told() -> None:
    periods = [str(year) for year in range(2000, 2008)]
    statuses = ["A", "A", "BM", "A", "P", "U", "C", "E"]
    kept, status = usable(periods, np.array([1, 2, np.nan, 4, 5, 6, 7, 8.0]), statuses)
    assert kept == [3, 4, 7]
    assert status == "ABEP"
    assert usable([], np.array([]), []) == ([], "")


def table(rows: list[tuple[str, str, float | None, str]], **more: list[str]) -> pa.Table:
    geo, period, value, status = (list(column) for column in zip(*rows, strict=True))
    n = len(rows)
    columns = {"variant": ["section_j"] * n, "geo": geo, "activity": ["NACE2:J"] * n, "period": period}
    columns |= {
        "value": pa.array(value, pa.float64()),
        "status": status,
        "provenance": ["official;official"] * n,
    }
    return pa.table(columns | {"sources": ["estat/a;estat/b"] * n} | more)


def test_estimator_gives_both_methods_for_each_series() -> None:
    rows = [("ES21", str(t), v, "A") for t, v in zip(YEARS, KIS_HTC_ES21, strict=True)]
    found = slope(table(rows[::-1] + [("ES30", str(t), 7.0, "P") for t in YEARS])).to_pylist()
    assert [(r["variant"], r["geo"]) for r in found] == [
        ("section_j:ols", "ES21"), ("section_j:theil_sen", "ES21"),
        ("section_j:ols", "ES30"), ("section_j:theil_sen", "ES30"),
    ]  # fmt: skip
    line, sen = ols(YEARS, KIS_HTC_ES21), theil_sen(YEARS, KIS_HTC_ES21)
    assert [found[0][c] for c in ("value", "lower", "upper")] == [line.slope, line.lower, line.upper]
    assert [found[1][c] for c in ("value", "lower", "upper")] == [sen.slope, sen.lower, sen.upper]
    assert {(r["period"], r["n"]) for r in found} == {("2008/2018", 11)}
    assert [r["status"] for r in found] == ["A", "A", "P", "P"]
    assert found[0]["provenance"] == "official" and found[0]["sources"] == "estat/a;estat/b"


def test_estimator_without_input_variant_names_the_method_alone() -> None:
    rows = table([("ES21", str(t), 1.0, "A") for t in YEARS])
    rows = rows.set_column(0, "variant", pa.array([""] * len(YEARS)))
    assert slope(rows)["variant"].to_pylist() == ["ols", "theil_sen"]


def test_estimator_uses_the_last_segment_and_says_so() -> None:
    rows = [("ES21", str(2000 + i), float(i), "A") for i in range(5)]
    rows += [("ES21", "2005", 20.0, "B"), ("ES21", "2006", 19.0, "A"), ("ES21", "2007", 18.0, "P")]
    found = slope(table(rows)).to_pylist()[0]
    assert (found["period"], found["n"], found["status"]) == ("2005/2007", 3, "ABP")
    assert found["value"] == pytest.approx(-1)


def test_estimator_gives_a_row_to_a_series_too_short() -> None:
    rows = [("ES211", "2008", 1.0, "A"), ("ES211", "2009", None, "M"), ("ES211", "2010", 2.0, "AU")]
    for row in slope(table(rows)).to_pylist():
        assert [row[c] for c in ("value", "lower", "upper")] == [None] * 3
        assert (row["period"], row["n"], row["status"]) == ("2008/2010", 1, "AMU")


def test_four_years_give_a_slope_without_sens_interval() -> None:
    row = slope(table([("EE00", str(2000 + i), v, "A") for i, v in enumerate((1, 2, 4, 3))])).to_pylist()[1]
    assert (row["value"], row["lower"], row["upper"]) == (pytest.approx(5 / 6), None, None)


def test_one_row_for_each_window_and_none_twice() -> None:
    rows = [("ES21", str(2000 + i), float(i * i), "A") for i in range(8)]
    windows = [("", ""), ("2004", ""), ("2000", "2007"), ("", "2003")]
    crossed = [(row, window) for row in rows for window in windows]
    given_table = table(
        [row for row, _ in crossed],
        window_from=[w[0] for _, w in crossed],
        window_to=[w[1] for _, w in crossed],
    )
    found = {r["period"]: r["value"] for r in slope(given_table).to_pylist() if r["variant"].endswith("ols")}
    assert found == pytest.approx({"2000/2007": 7, "2004/2007": 11, "2000/2003": 3})
    assert slope(given_table).num_rows == 6


def test_rows_outside_their_window_do_not_count() -> None:
    rows = [("ES21", str(2000 + i), float(i), "A") for i in range(6)]
    found = slope(table(rows, window_from=["2001"] * 6, window_to=["2004"] * 6)).to_pylist()
    assert {(r["period"], r["n"]) for r in found} == {("2001/2004", 4)}


def test_estimator_names_the_series_with_a_wrong_period() -> None:
    with pytest.raises(DataError, match=r"trend.slope: section_j/ES21/NACE2:J: period 2008 stands twice"):
        slope(table([("ES21", "2008", 1.0, "A"), ("ES21", "2008", 2.0, "A")]))
    with pytest.raises(DataError, match=r"ES21.*expected a year YYYY, found '2008-Q1'"):
        slope(table([("ES21", "2008-Q1", 1.0, "A")]))
    with pytest.raises(DataError, match="expected column status"):
        slope(table([("ES21", "2008", 1.0, "A")]).drop_columns(["status"]))


def test_order_of_rows_does_not_matter() -> None:
    rng = np.random.default_rng(1)
    rows = [(geo, str(t), float(rng.normal()), "A") for geo in ("ES21", "ES30") for t in YEARS]
    shuffled = [rows[i] for i in rng.permutation(len(rows))]
    assert slope(table(rows)).equals(slope(table(shuffled)))


@given(y=series)
def test_estimator_says_what_the_plain_function_says(y: list[float]) -> None:
    assume(np.ptp(y) > 0)
    found = slope(table([("ES21", str(2000 + i), v, "A") for i, v in enumerate(y)])).to_pylist()
    assert found[0]["value"] == ols(np.arange(len(y)) + 2000, y).slope
