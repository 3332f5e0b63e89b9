"""Intervals of shares and of ratios of shares.

Belongs here: closed formulas for proportions and location quotients. Does not belong here: intervals of
slopes (trend.py) and of years to catch up (convergence.py), and survey designs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from observatory.errors import DataError
from observatory.estimators import require

LEVEL = 0.95
KEY = ("variant", "geo", "comparator", "activity", "period")
COUNTS = ("e_ij", "e_j", "e_i", "e")


@dataclass(frozen=True)
class Proportion:
    """A share of cases, 0..1, with its interval."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Quotient:
    """Location quotients with the standard error of their logarithm and their interval; all of one shape."""

    value: npt.NDArray[np.float64]
    se_log: npt.NDArray[np.float64]
    lower: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]


def normal_quantile(level: float) -> float:
    """The z with ``level`` of the normal distribution between -z and z."""
    from scipy.special import ndtri

    return float(ndtri((1 + level) / 2))


def wilson(k: float, n: float, level: float = LEVEL) -> Proportion:
    """Wilson's score interval of a proportion, ``k`` of ``n`` cases.

    centre = (p + z²/2n) / (1 + z²/n); half-width = z / (1 + z²/n) * sqrt(p(1-p)/n + z²/4n²).
    Source: Wilson 1927, JASA 22. Raises DataError unless 0 <= k <= n and n > 0.
    """
    if not (n > 0 and 0 <= k <= n):
        raise DataError(f"wilson: expected 0 <= k <= n and n > 0, found k = {k}, n = {n}", remedy="Check the counts")
    p, z2 = k / n, normal_quantile(level) ** 2
    stretch = 1 + z2 / n
    centre = (p + z2 / (2 * n)) / stretch
    half = np.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / stretch
    # The bounds are exact at no case and at all cases; arithmetic would leave them a hair beside.
    lower = 0.0 if k == 0 else float(max(centre - half, 0.0))
    upper = 1.0 if k == n else float(min(centre + half, 1.0))
    return Proportion(p, lower, upper)


def lq(
    e_ij: npt.ArrayLike,
    e_j: npt.ArrayLike,
    e_i: npt.ArrayLike,
    e: npt.ArrayLike,
    part_whole: npt.ArrayLike = False,
    *,
    level: float = LEVEL,
) -> Quotient:
    """Location quotient (e_ij / e_j) / (e_i / e) with an interval by the delta method on its logarithm.

    ``e_ij``, ``e_j``: persons in the activity and in all activities of the place; ``e_i``, ``e``: the same of
    the benchmark. With p_r = e_ij / e_j and p_b = e_i / e, var(ln LQ) = (1 - p_r) / e_ij + (1 - p_b) / e_i
    for independent counts. Where the benchmark contains the place (``part_whole``), cov(p_r, p_b) = p_r (1 -
    p_r) / e, so 2 cov / (p_r p_b) = 2 (1 - p_r) / e_i is taken off. Bounds: LQ * exp(± z se). Arrays
    broadcast; NaN where a count is missing or a denominator is 0; at e_ij = 0 the quotient is 0 and has no
    interval. Source: Beyene and Moineddin 2005, BMC Medical Research Methodology 5:32.
    """
    e_ij, e_j, e_i, e = (np.asarray(x, dtype=np.float64) for x in (e_ij, e_j, e_i, e))
    with np.errstate(divide="ignore", invalid="ignore"):
        p_r, p_b = e_ij / e_j, e_i / e
        value = np.where(p_b > 0, p_r / p_b, np.nan)
        variance = (1 - p_r) / e_ij + (1 - p_b) / e_i - np.where(part_whole, 2 * (1 - p_r) / e_i, 0.0)
        # A place that is all of its benchmark has variance 0, give or take the arithmetic.
        se = np.sqrt(np.maximum(variance, 0.0))
        se = np.where(np.isfinite(se) & np.isfinite(value), se, np.nan)
        factor = np.exp(normal_quantile(level) * se)
        return Quotient(value, se, value / factor, value * factor)


def location_quotient(table: pa.Table) -> pa.Table:
    """Estimator of location quotients, one output row for one input row.

    Input: variant, geo, comparator, activity, period, e_ij, e_j, e_i, e (persons, as in ``lq``), part_whole
    (bool), status, provenance, sources. Output: the key, value (ratio), lower, upper (95 %), n (e_ij,
    persons), status, provenance, sources; status gains M where there is no value.

    Accounts employment is no sample: the interval is super-population noise, how far chance alone would move
    a place of this size, and knows nothing of the estimation error of the accounts. Raises DataError naming
    the row where an activity is larger than its whole or a count is negative.
    """
    require(table, (*KEY, *COUNTS, "part_whole", "status", "provenance", "sources"), "intervals.location_quotient")
    e_ij, e_j, e_i, e = (_floats(table[column]) for column in COUNTS)
    _refuse(table, (e_ij < 0) | (e_i < 0) | (e_ij > e_j) | (e_i > e))
    inside = pc.fill_null(table["part_whole"].cast(pa.bool_()), False).to_numpy()
    quotient = lq(e_ij, e_j, e_i, e, inside)
    status = pc.fill_null(table["status"].cast(pa.string()), "")
    marked = pc.binary_join_element_wise(status, "M", "")
    return pa.table(
        {column: table[column] for column in KEY}
        | {name: finite(getattr(quotient, name)) for name in ("value", "lower", "upper")}
        | {
            "n": pc.round(finite(e_ij)).cast(pa.int64()),
            "status": pc.if_else(pa.array(np.isfinite(quotient.value)), status, marked),
            "provenance": table["provenance"],
            "sources": table["sources"],
        }
    )


def finite(values: npt.ArrayLike) -> pa.Array:
    """Doubles with a null wherever a number is not finite (no value, no bound)."""
    array = np.asarray(values, dtype=np.float64)
    return pa.array(array, mask=~np.isfinite(array))


def _floats(column: Any) -> npt.NDArray[np.float64]:
    """A numeric column as float64, NaN for null."""
    return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)


def _refuse(table: pa.Table, wrong: npt.NDArray[np.bool_]) -> None:
    if wrong.any():
        row = table.slice(int(wrong.argmax()), 1).to_pylist()[0]
        place = ", ".join(f"{column} {row[column]}" for column in KEY)
        counts = ", ".join(f"{column} = {row[column]}" for column in COUNTS)
        raise DataError(
            f"intervals.location_quotient: {place}: expected 0 <= e_ij <= e_j, 0 <= e_i <= e, found {counts}",
            remedy="Check the activity totals of the place and of its comparator",
        )
