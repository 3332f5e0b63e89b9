"""Catching up with a comparator, and convergence over a set of regions.

Belongs here: years to catch up with their interval, sigma and the speed of beta convergence. Does not belong
here: the fitting of lines (trend.py), gaps and relative levels (SQL).

Everything about catching up is done on the gap s_b - s_r between the comparator b and the region r, in
percentage points (linear) or in logarithms (geometric), and on the speed at which it closes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from observatory.errors import DataError
from observatory.estimators import require, trend
from observatory.estimators.intervals import LEVEL
from observatory.estimators.trend import Floats

LINEAR_MOVING, LINEAR_FROZEN, GEOMETRIC_MOVING = METHODS = (
    "linear_moving",
    "linear_frozen",
    "geometric_moving",
)
PAIR = ("variant", "geo", "comparator", "activity")
# Slopes that differ by less than this part of the level a year differ only by the arithmetic.
ARITHMETIC = 1e-12


@dataclass(frozen=True)
class CatchUp:
    """Years to catch up: 0 where reached, infinite where diverging. An infinite bound is no bound."""

    years: float
    lower: float
    upper: float
    n: int

    @property
    def note(self) -> str:
        """``reached``, ``diverging`` or nothing."""
        return {0.0: "reached", np.inf: "diverging"}.get(self.years, "")


@dataclass(frozen=True)
class Speed:
    """Speed of beta convergence a year, and the years that halve a difference (infinite if none do)."""

    lambda_: float
    half_life: float


@dataclass(frozen=True)
class Beta:
    """Slope of mean annual ln growth on the initial ln level, with its interval, its standard error and n."""

    slope: float
    lower: float
    upper: float
    se: float
    n: int


def cagr(s0: float, s_t: float, years: float) -> float:
    """Compound annual growth rate as a fraction: (s_t / s0)^(1 / years) - 1.

    Raises DataError unless ``s0`` and ``years`` are positive and ``s_t`` is not negative.
    """
    if not (s0 > 0 and s_t >= 0 and years > 0):
        raise DataError(
            f"cagr: expected s0 > 0, s_t >= 0 and years > 0, found {s0}, {s_t}, {years}",
            remedy="Check the end points",
        )
    return float((s_t / s0) ** (1 / years) - 1)


def catchup_linear(s_r: float, s_b: float, g_r: float, g_b: float = 0.0) -> float:
    """Years until ``s_r`` reaches ``s_b``: (s_b - s_r) / (g_r - g_b), slopes in units a year.

    Own formula. 0 where the region is there already, infinite where the gap does not close. ``g_b`` = 0 is a
    frozen benchmark.
    """
    if s_r >= s_b:
        return 0.0
    return (s_b - s_r) / (g_r - g_b) if g_r > g_b else float("inf")


def catchup_geometric(s_r: float, s_b: float, c_r: float, c_b: float = 0.0) -> float:
    """Years until ``s_r`` reaches ``s_b``: ln(s_b / s_r) / ln((1 + c_r) / (1 + c_b)).

    Rates a year as fractions; own formula. 0 where the region is there already, infinite where the gap does
    not close. Raises DataError for a share that is not positive or a rate of -1 or less.
    """
    if not (min(s_r, s_b) > 0 and min(c_r, c_b) > -1):
        raise DataError(
            f"catchup_geometric: expected shares > 0 and rates > -1, found {s_r}, {s_b}, {c_r}, {c_b}",
            remedy="Use the linear method",
        )
    return catchup_linear(np.log(s_r), np.log(s_b), np.log1p(c_r), np.log1p(c_b))


def catchup_interval(gap: tuple[float, float], speed: tuple[float, float], margin: float = 0.0) -> tuple[float, float]:
    """Lower and upper years from the (lowest, highest) that rounding leaves to ``gap`` and ``speed``.

    ``margin`` = t * se(speed) adds the sampling error of the speed: with the gap as observed, Fieller's set
    of a ratio is gap / (speed ± margin), without an upper bound as soon as speed - margin <= 0. Rounding is
    not random: its corners are taken, so the interval is at least as wide as its level. The lower bound is 0
    where the gap may be closed, infinite where even the highest speed does not close it. Source: Fieller
    1954, JRSS B 16; corners own.
    """
    fastest, slowest = speed[1] + margin, speed[0] - margin
    return catchup_linear(0.0, gap[0], fastest), catchup_linear(0.0, gap[1], slowest)


def slope_range(t: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike) -> tuple[float, float]:
    """Lowest and highest least-squares slope of the series between ``low`` and ``high`` at each ``t``.

    The slope is sum(w y), w = (t - mean(t)) / Sxx: its extremes take one or the other bound by w's sign.
    """
    t, low, high = (np.asarray(x, dtype=np.float64) for x in (t, low, high))
    centred = t - t.mean()
    weights = centred / (centred @ centred)
    return (
        float(weights @ np.where(weights > 0, low, high)),
        float(weights @ np.where(weights > 0, high, low)),
    )


def catch_up(
    t: npt.ArrayLike,
    region: npt.ArrayLike,
    benchmark: npt.ArrayLike,
    method: str = LINEAR_MOVING,
    *,
    half_width: npt.ArrayLike = 0.0,
    benchmark_half_width: npt.ArrayLike = 0.0,
    level: float = LEVEL,
) -> CatchUp | None:
    """Years from the last observation until the region reaches the benchmark, by one of ``METHODS``.

    ``t`` ascending, in years; shares of one length, at least three; half-widths of their rounding, in the
    unit of the shares. linear_moving: observed gap over the slope at which it closes, so that what moves both
    places alike has no part in the standard error (HAC, ``trend.ols``); linear_frozen: the same gap over the
    region's own slope; geometric_moving: as linear_moving on logarithms. None for a share within rounding of
    0, which has no growth rate.
    """
    t, r, b, hr, hb = np.broadcast_arrays(
        *(np.asarray(x, dtype=np.float64) for x in (t, region, benchmark, half_width, benchmark_half_width))
    )
    if method == GEOMETRIC_MOVING and not (min((r - hr).min(), (b - hb).min()) > 0):
        return None
    scale = np.log if method == GEOMETRIC_MOVING else np.positive
    r, r_low, r_high = scale(r), scale(r - hr), scale(r + hr)
    b, b_low, b_high = scale(b), scale(b - hb), scale(b + hb)
    moves = method != LINEAR_FROZEN
    lead: Floats = r - b if moves else r
    line = trend.ols(t, lead, level)
    lead_low, lead_high = (r_low - b_high, r_high - b_low) if moves else (r_low, r_high)
    noise = ARITHMETIC * max(np.abs(r).max(), np.abs(b).max())
    speed, slowest, fastest, margin = (
        x if abs(x) > noise else 0.0
        for x in (line.slope, *slope_range(t, lead_low, lead_high), line.slope - line.lower)
    )
    years = catchup_linear(r[-1], b[-1], speed)
    gap = (b_low[-1] - r_high[-1], b_high[-1] - r_low[-1])
    lower, upper = catchup_interval(gap, (slowest, fastest), margin)
    # Without rounding and scatter the bounds are the value itself, give or take the arithmetic.
    return CatchUp(years, min(lower, years), max(upper, years), line.n)


def catchup_years(table: pa.Table) -> pa.Table:
    """Estimator of the years a region needs to reach a comparator, three methods for each pair and window.

    Input, annual: variant, geo, comparator, activity, period (``YYYY``), value, comparator_value (shares, one
    unit), status, comparator_status, provenance, sources; optional window_from and window_to (as in
    ``trend.slope``), rounding_half_width and comparator_rounding_half_width (unit of the shares; none means
    exact figures, and the comparator's default to the region's, as for percentages of one table). A break in
    either place starts a segment and only years that both places have are used.

    Output: variant ``<variant>:<method>``, with ``:diverging`` or ``:reached`` after it where that is so (the
    common columns have no room for a note); geo, comparator, activity, period ``first/last`` year used, value
    (years after the last), lower, upper (95 %, a null is no bound), n (years used), status, provenance,
    sources. A diverging pair has no value and status M, in SDMX a value that cannot exist; its lower bound,
    if any, is the soonest the interval allows. With fewer than three common years, or a geometric rate from a
    share of 0: no value, status M.
    """
    require(table, ("comparator_status",), "convergence.catchup_years")
    optional = ("rounding_half_width", "comparator_rounding_half_width")
    numbers = ("value", "comparator_value", *(c for c in optional if c in table.column_names))
    rows = []
    for key, series in trend.series_of(table, PAIR, numbers, "convergence.catchup_years"):
        region, benchmark = series["value"], series["comparator_value"]
        half = np.nan_to_num(series.get("rounding_half_width", np.zeros_like(region)))
        other = np.nan_to_num(series.get("comparator_rounding_half_width", half))
        pairs = zip(series["status"], series["comparator_status"], strict=True)
        series["status"] = [trend.letters(pair) for pair in pairs]
        kept, status = trend.usable(series["period"], region + benchmark, series["status"])
        time, region, benchmark, half, other = (
            column[kept] for column in (trend.years(series["period"]), region, benchmark, half, other)
        )
        for method in METHODS:
            found = None
            if len(kept) >= trend.MINIMUM:
                found = catch_up(time, region, benchmark, method, half_width=half, benchmark_half_width=other)
            row = key | trend.summary(series, kept, status)
            row["variant"] = trend.joined_variant(key["variant"], method, found.note if found else "")
            if found:
                row |= {"value": found.years, "lower": found.lower, "upper": found.upper}
            if found is None or not np.isfinite(found.years):
                row["status"] = trend.letters([row["status"], "M"])
            rows.append(row)
    return trend.result(rows, (*PAIR, "period"))


def sigma(values: Sequence[float] | Floats) -> float:
    """Sigma convergence: standard deviation (n - 1) of the logarithms of positive ``values`` over regions.

    Source: Barro and Sala-i-Martin 1992; as REAT's sigmaconv. Raises DataError for fewer than two or one not
    positive.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.size < 2 or not (array > 0).all():
        raise DataError(
            f"sigma: expected two positive values or more, found {array.tolist()}",
            remedy="Leave out empty regions",
        )
    return float(np.log(array).std(ddof=1))


def beta_speed(beta: float, t: float) -> Speed:
    """Speed lambda = -ln(1 + beta t) / t and half-life ln 2 / lambda of beta convergence over ``t`` years.

    ``beta`` is the slope of mean annual ln growth on the initial ln level. Source: Barro and Sala-i-Martin
    1992; as REAT's betaconv.speed. Raises DataError where 1 + beta t <= 0, for which no speed is defined.
    """
    if not (t > 0 and 1 + beta * t > 0):
        raise DataError(
            f"beta_speed: expected t > 0 and 1 + beta t > 0, found beta = {beta}, t = {t}",
            remedy="Check the span",
        )
    speed = float(-np.log1p(beta * t) / t)
    return Speed(speed, float(np.log(2) / speed) if speed > 0 else float("inf"))


def beta(first: npt.ArrayLike, last: npt.ArrayLike, span: float, level: float = LEVEL) -> Beta:
    """Beta convergence of regions from ``first`` to ``last``, ``span`` years apart.

    Least squares of (1 / span) ln(last / first) on ln(first) with a constant; interval from Student's t with n - 2.
    Source: Barro and Sala-i-Martin 1992; as REAT's betaconv.ols. Raises DataError for fewer than three regions, a value
    that is not positive, or regions that all begin alike.
    """
    from scipy import stats

    s0, s1 = np.asarray(first, dtype=np.float64), np.asarray(last, dtype=np.float64)
    if s0.shape != s1.shape or s0.size < 3 or not ((s0 > 0).all() and (s1 > 0).all() and span > 0 and np.ptp(s0) > 0):
        raise DataError(
            f"beta: expected three positive pairs or more that begin apart, found {s0.tolist()} and {s1.tolist()}",
            remedy="Leave out empty regions",
        )
    line = stats.linregress(np.log(s0), np.log(s1 / s0) / span)
    margin = float(stats.t.ppf((1 + level) / 2, s0.size - 2) * line.stderr)
    slope = float(line.slope)
    return Beta(slope, slope - margin, slope + margin, float(line.stderr), int(s0.size))


def beta_rows(table: pa.Table) -> pa.Table:
    """Estimator of beta convergence: for each variant and pair of years the slope, the speed and the half-life.

    Input, one row for each region: variant, geo (the set), region, activity, period (first year), last_period,
    first_value, last_value (shares, one unit), status, provenance, sources. Output: variant ``<variant>:beta`` (per
    year, with its interval), ``:speed`` (per year) and ``:half_life`` (years; none and status M where regions diverge);
    geo, activity, period ``first/last``, value, lower, upper, unit, n (regions), status, provenance, sources. A region
    without a value, or with none above 0, leaves all three without one.
    """
    columns = ("variant", "geo", "region", "activity", "period", "last_period", "first_value", "last_value")
    require(table, (*columns, "status", "provenance", "sources"), "convergence.beta_rows")
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in table.to_pylist():
        key = tuple(row[c] for c in ("variant", "geo", "activity", "period", "last_period"))
        groups.setdefault(key, []).append(row)
    rows = []
    for (variant, geo, activity, begin, end), regions in sorted(groups.items()):
        base = {"geo": geo, "activity": activity, "period": f"{begin}/{end}", "n": len(regions)}
        base |= {c: ";".join(sorted({row[c] or "" for row in regions} - {""})) for c in ("provenance", "sources")}
        pairs = np.array([(row["first_value"], row["last_value"]) for row in regions], dtype=np.float64)
        span = float(end) - float(begin)
        found = dict.fromkeys(("beta", "speed", "half_life"), float("nan"))
        bounds: dict[str, float] = {}
        if np.isfinite(pairs).all() and (pairs > 0).all() and span > 0:
            line = beta(pairs[:, 0], pairs[:, 1], span)
            found["beta"], bounds = line.slope, {"lower": line.lower, "upper": line.upper}
            if 1 + line.slope * span > 0:
                speed = beta_speed(line.slope, span)
                found |= {"speed": speed.lambda_, "half_life": speed.half_life}
        for measure, value in found.items():
            row = base | {"variant": f"{variant}:{measure}", "value": value}
            row |= bounds if measure == "beta" else {}
            missing = [] if np.isfinite(value) else ["M"]
            rows.append(row | {"status": trend.letters([*(r["status"] for r in regions), *missing])})
    made = trend.result(rows, ("variant", "geo", "activity", "period"))
    units = ["years" if variant.endswith(":half_life") else "per year" for variant in made["variant"].to_pylist()]
    return made.append_column("unit", pa.array(units, pa.string()))
