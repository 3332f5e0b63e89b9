"""Straight lines through annual series, with breaks and weak observations kept out.

Belongs here: slopes and their intervals, the rule which observations count, and the grouping of a long table
into series. Does not belong here: comparing two places (convergence.py) and rates between two years (SQL).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from observatory.errors import DataError
from observatory.estimators import require
from observatory.estimators.intervals import LEVEL, finite, normal_quantile

MINIMUM = 3  # observations that leave a line one degree of freedom
WEAK = frozenset("UMC")  # low reliability, missing, confidential (domain rules: drawn, but not in slopes)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """A fitted line y = intercept + slope * t; ``lower``, ``upper``: t-interval of the slope, HAC."""

    slope: float
    intercept: float
    se: float
    se_hac: float
    residual_sd: float
    lower: float
    upper: float
    n: int
    lag: int


@dataclass(frozen=True)
class Slope:
    """A slope with its interval; an infinite bound where the level cannot be had from so few observations."""

    slope: float
    lower: float
    upper: float
    n: int


@dataclass(frozen=True)
class Growth:
    """Growth per unit of time as a fraction (0.01 = 1 %), with its interval, and the line through ln y."""

    rate: float
    lower: float
    upper: float
    line: Line


def t_quantile(df: float, level: float = LEVEL) -> float:
    """The t with ``level`` of Student's distribution with ``df`` degrees of freedom between -t and t."""
    from scipy.special import stdtrit

    return float(stdtrit(df, (1 + level) / 2))


def ols(t: npt.ArrayLike, y: npt.ArrayLike, level: float = LEVEL) -> Line:
    """Ordinary least squares of ``y`` on ``t``, with classical and HAC standard errors of the slope.

    HAC: var = n / (n - 2) * sum_ij k_ij c_i u_i c_j u_j / Sxx² with c = t - mean(t), u the residuals and
    Bartlett's k_ij = max(0, 1 - |t_i - t_j| / (L + 1)), L = floor(4 (n / 100)^(2/9)). Lags are counted on the
    time axis in its smallest step, so that a gap stays a gap; without gaps it is the textbook sum over lags.
    Interval: slope ± t(n - 2) * HAC. Source: Newey and West 1987, Econometrica 55; lag rule and n / (n - 2)
    as in common use. Raises DataError for fewer than three observations or a single time.
    """
    t, y = _pair(t, y)
    n = t.size
    centred = t - t.mean()
    sxx = float(centred @ centred)
    slope = float(centred @ (y - y.mean())) / sxx
    residuals = y - y.mean() - slope * centred
    residual_sd = float(np.sqrt(residuals @ residuals / (n - 2)))
    lag = int(4 * (n / 100) ** (2 / 9))
    gaps = np.abs(t[:, None] - t[None, :])
    kernel = np.maximum(0.0, 1 - gaps / gaps[gaps > 0].min() / (lag + 1))
    scores = centred * residuals
    # Bartlett's kernel is positive semi-definite; the maximum only takes off arithmetic.
    se_hac = float(np.sqrt(max(scores @ kernel @ scores, 0.0) * n / (n - 2))) / sxx
    half = t_quantile(n - 2, level) * se_hac
    return Line(
        slope=slope,
        intercept=float(y.mean() - slope * t.mean()),
        se=residual_sd / float(np.sqrt(sxx)),
        se_hac=se_hac,
        residual_sd=residual_sd,
        lower=slope - half,
        upper=slope + half,
        n=n,
        lag=lag,
    )


def theil_sen(t: npt.ArrayLike, y: npt.ArrayLike, level: float = LEVEL) -> Slope:
    """Median of the slopes of all pairs, with Sen's interval.

    With N pair slopes in order and C = z sqrt(V), V Kendall's variance with ties,
    V = (n(n-1)(2n+5) - sum over ties of k(k-1)(2k+5), in t and in y) / 18, the bounds are the slopes of rank
    (N - C) / 2 and (N + C) / 2 + 1. Where that rank is below 1 (n <= 4 at 95 %) the bound is infinite.
    Source: Theil 1950; Sen 1968, JASA 63. Raises DataError as ``ols`` does.
    """
    t, y = _pair(t, y)
    first, second = np.triu_indices(t.size, k=1)
    run = t[second] - t[first]
    apart = run != 0
    slopes = np.sort((y[second] - y[first])[apart] / run[apart])
    spread = normal_quantile(level) * np.sqrt((_kendall(t.size) - _ties(t) - _ties(y)) / 18)
    rank = int(np.round((slopes.size - spread) / 2))
    lower, upper = (slopes[rank - 1], slopes[-rank]) if rank >= 1 else (-np.inf, np.inf)
    return Slope(float(np.median(slopes)), float(lower), float(upper), t.size)


def log_linear(t: npt.ArrayLike, y: npt.ArrayLike, level: float = LEVEL) -> Growth:
    """Mean growth per unit of ``t``: exp(slope of ln y on t) - 1, interval from ``ols`` on ln y.

    Raises DataError as ``ols`` does, and for a ``y`` that is not positive.
    """
    y = np.asarray(y, dtype=np.float64)
    if not (y > 0).all():
        raise DataError(f"log_linear: expected positive values, found {y.min()}", remedy="Use the linear slope")
    line = ols(t, np.log(y), level)
    return Growth(float(np.expm1(line.slope)), float(np.expm1(line.lower)), float(np.expm1(line.upper)), line)


def segments(periods: Sequence[str], statuses: Sequence[str | None]) -> list[list[int]]:
    """Positions of the observations in order of period, cut into unbroken segments.

    A B in the status starts a new segment, whether or not that observation has a value: the break is there.
    """
    found: list[list[int]] = []
    for position in sorted(range(len(periods)), key=periods.__getitem__):
        if not found or "B" in (statuses[position] or ""):
            found.append([])
        found[-1].append(position)
    return found


def usable(periods: Sequence[str], values: Floats, statuses: Sequence[str | None]) -> tuple[list[int], str]:
    """The positions that count in a trend, and the status letters that a figure from them carries.

    They are the observations of the last segment that have a value and none of U, M and C. The letters are
    theirs, with B where the segment begins at a break.
    """
    if not len(periods):
        return [], ""
    last = segments(periods, statuses)[-1]
    kept = [i for i in last if np.isfinite(values[i]) and not WEAK.intersection(statuses[i] or "")]
    opening = "B" if "B" in (statuses[last[0]] or "") else ""
    return kept, letters([*(statuses[i] for i in kept), opening])


def slope(table: pa.Table) -> pa.Table:
    """Estimator of trends: slopes of annual series in units of ``value`` a year.

    Input: variant, geo, activity, period (``YYYY``), value, status, provenance, sources; optional window_from
    and window_to (``YYYY``, both included, empty or null for no limit), one pair of output rows for each
    window. Output, two rows for each series and window: variant ``<variant>:ols`` (interval from the HAC
    standard error) and ``<variant>:theil_sen`` (Sen's interval), without the colon where the input variant is
    empty; period ``first/last`` year used; value, lower, upper (95 %), n (years used), status, provenance,
    sources. With fewer than three usable years: no value, status M, period as given. Windows that leave the
    same years give one row. Raises DataError for a period that is not a year or stands twice in a series.
    """
    rows = []
    for key, series in series_of(table, ("variant", "geo", "activity"), ("value",), "trend.slope"):
        kept, status = usable(series["period"], series["value"], series["status"])
        for method, fit in (("ols", ols), ("theil_sen", theil_sen)):
            row = key | {"variant": joined_variant(key["variant"], method)} | summary(series, kept, status)
            if len(kept) >= MINIMUM:
                found = fit(years(series["period"])[kept], series["value"][kept])
                row |= {"value": found.slope, "lower": found.lower, "upper": found.upper}
            rows.append(row)
    return result(rows, ("variant", "geo", "activity", "period"))


def series_of(
    table: pa.Table, key: tuple[str, ...], numbers: tuple[str, ...], estimator: str
) -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
    """The series of a long table in order of key and window: key, and columns in order of period.

    Columns in ``numbers`` come as float64 arrays (NaN for null), all others as lists; rows outside their
    window are left out. Raises DataError for a missing column, a period that is not a year, or one that
    stands twice.
    """
    require(table, (*key, "period", *numbers, "status", "provenance", "sources"), estimator)
    windows = [column for column in ("window_from", "window_to") if column in table.column_names]
    kinds = {column: pa.float64() if column in numbers else pa.string() for column in table.column_names}
    table = pa.table({column: table[column].cast(kind) for column, kind in kinds.items()})
    table = table.sort_by([(column, "ascending") for column in (*key, *windows, "period")])
    columns = {c: table[c].to_numpy() if c in numbers else table[c].to_pylist() for c in table.column_names}
    marks = list(zip(*(columns[column] for column in (*key, *windows)), strict=True))
    for mark, positions in groupby(range(table.num_rows), key=marks.__getitem__):
        start, *rest = positions
        end = rest[-1] + 1 if rest else start + 1
        series = {column: values[start:end] for column, values in columns.items()}
        place = f"{estimator}: {'/'.join(str(part) for part in mark)}"
        _check_periods(series["period"], place)
        begin, finish = (series[w][0] if w in windows else "" for w in ("window_from", "window_to"))
        inside = [i for i, p in enumerate(series["period"]) if p >= (begin or p) and p <= (finish or p)]
        if inside:
            cut = slice(inside[0], inside[-1] + 1)
            yield (
                dict(zip(key, mark, strict=False)),
                {column: values[cut] for column, values in series.items()},
            )


def years(periods: Sequence[str]) -> Floats:
    """Periods ``YYYY`` as numbers."""
    return np.array(periods, dtype=np.float64)


def summary(series: dict[str, Any], kept: Sequence[int], status: str) -> dict[str, Any]:
    """Period, n, status, provenance and sources of a series whose positions ``kept`` are used.

    With fewer than three of them the row is a missing one: all its inputs are named and the status gains M.
    """
    enough = len(kept) >= MINIMUM
    named = kept if enough else range(len(series["period"]))
    return {
        "period": f"{series['period'][named[0]]}/{series['period'][named[-1]]}",
        "n": len(kept),
        "status": status if enough else letters([*series["status"], "M"]),
        "provenance": _distinct(series["provenance"][i] for i in named),
        "sources": _distinct(series["sources"][i] for i in named),
    }


def joined_variant(*parts: str | None) -> str:
    """The parts of a variant that say something, joined with a colon."""
    return ":".join(part for part in parts if part)


def letters(statuses: Iterable[str | None]) -> str:
    """The status letters in ``statuses``, each once."""
    return "".join(sorted(set("".join(status or "" for status in statuses))))


def result(rows: Iterable[dict[str, Any]], key: tuple[str, ...]) -> pa.Table:
    """Rows as a table with the columns ``key``, value, lower, upper, n, status, provenance, sources.

    Of rows with the same key, which come from windows that leave the same years, the first stays. A number
    that is not finite becomes a null.
    """
    unique: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        unique.setdefault(tuple(row[column] for column in key), row)
    kept = list(unique.values())
    texts = (*key, "status", "provenance", "sources")
    columns = {column: pa.array([row[column] for row in kept], pa.string()) for column in texts}
    columns |= {name: finite([row.get(name, np.nan) for row in kept]) for name in ("value", "lower", "upper")}
    columns["n"] = pa.array([row["n"] for row in kept], pa.int64())
    return pa.table(columns)


def _check_periods(periods: Sequence[str], place: str) -> None:
    """Raise DataError unless the sorted ``periods`` are years, each once."""
    for previous, period in zip(["", *periods], periods, strict=False):
        if not (isinstance(period, str) and len(period) == 4 and period.isdigit()):
            raise DataError(f"{place}: expected a year YYYY, found {period!r}", remedy="Select annual series")
        if period == previous:
            raise DataError(f"{place}: period {period} stands twice", remedy="Select one row for each key and period")


def _distinct(texts: Iterable[str | None]) -> str:
    return ";".join(sorted({part for text in texts for part in (text or "").split(";") if part}))


def _pair(t: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
    t, y = np.asarray(t, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if t.shape != y.shape or t.size < MINIMUM or not np.ptp(t) > 0:
        raise DataError(
            f"trend: expected {MINIMUM} observations or more, at more than one time, found {t.size} times, "
            f"{y.size} values",
            remedy="Widen the window",
        )
    return t, y


def _kendall(counts: npt.ArrayLike) -> int:
    """Sum of k (k - 1) (2k + 5) over ``counts``."""
    k = np.asarray(counts, dtype=np.int64)
    return int(np.sum(k * (k - 1) * (2 * k + 5)))


def _ties(values: Floats) -> int:
    return _kendall(np.unique(values, return_counts=True)[1])
