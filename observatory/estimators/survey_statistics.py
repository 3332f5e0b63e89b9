"""The statistics of a survey of shares: means, ratios, quantiles, Gini, balances, and their leave-one-out values.

Belongs here: point estimates on weights, one row of weights (n,) or many at once (replicates, n). Does not
belong here: intervals (survey_variance.py, survey_bootstrap.py), tables and the quality gate (survey.py).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from observatory.errors import DataError

Floats = npt.NDArray[np.float64]
SCORES = {"++": 1.0, "+": 0.5, "=": 0.0, "-": -0.5, "--": -1.0}  # the five-point weights of a balance
AT_STEP = 1e-12  # relative distance at which a cumulated weight counts as the step itself


def mean(values: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Weighted mean sum w x / sum w of ``values`` (n,), in their unit. Raises DataError without any weight."""
    x, w = _pair(values, weights, "mean")
    return float(w @ x / w.sum())


def ratio(numerator: npt.ArrayLike, denominator: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Ratio of totals sum w y / sum w x, e.g. service turnover over turnover. Source: Cochran 1977, ch. 6."""
    y, w = _pair(numerator, weights, "ratio")
    x, _ = _pair(denominator, weights, "ratio")
    return float(w @ y / (w @ x)) if w @ x > 0 else float("nan")


def quantile(values: npt.ArrayLike, q: float, weights: npt.ArrayLike | None = None) -> float:
    """Weighted quantile: the smallest value whose cumulated weight reaches ``q`` of the total.

    Where it meets ``q`` exactly, the mean of that value and the next (type 2 of Hyndman and Fan 1996): the
    usual median, without interpolation elsewhere. ``values`` (n,) need no order.
    """
    x, w = _pair(values, weights, "quantile")
    order = np.argsort(x, kind="stable")
    return float(quantiles(x[order], np.cumsum(w[order])[None, :], q)[0])


def gini(values: npt.ArrayLike, weights: npt.ArrayLike | None = None, *, corrected: bool = False) -> float:
    """Gini coefficient of values (n,) >= 0 with zeros in, sum w x (2 C - w) / (sum w sum w x) - 1.

    C is the weight cumulated in order of the values. Unweighted this is sum (2i - n - 1) x_(i) / (n sum x);
    ``corrected`` multiplies by n / (n - 1). 0 to 1, NaN where all values are 0. Source: Doersam 2004.
    """
    x, w = _pair(values, weights, "gini")
    order = np.argsort(x, kind="stable")
    x, w = x[order], w[order]
    found = float(ginis(x, w[None, :], np.cumsum(w)[None, :])[0])
    return found * x.size / (x.size - 1) if corrected and x.size > 1 else found


def balance(expectations: npt.ArrayLike, weights: npt.ArrayLike | None = None, *, five: bool = False) -> float:
    """Balance of expectations in percentage points, -100 to 100; above 0 more firms expect a rise.

    Three-point: 100 (P_up - P_down); five-point: 100 (PP + P/2 - M/2 - MM). Whoever does not know or did not
    answer is outside of the denominator. Source: European Commission, Joint Harmonised EU Programme of
    Business and Consumer Surveys, user guide.
    """
    y = scores(expectations, five=five)
    known = np.isfinite(y)
    w = np.ones(y.size) if weights is None else np.asarray(weights, dtype=np.float64)
    return 100 * mean(y[known], w[known])


def scores(expectations: npt.ArrayLike, *, five: bool) -> Floats:
    """Each answer's weight in the balance, -1 to 1; NaN for don't know and no answer. Raises DataError for others."""
    answers = np.asarray(expectations, dtype=object)
    if strange := {str(a) for a in set(answers.tolist()) - {None, "dk", *SCORES}}:
        raise DataError(
            f"expectation: expected {', '.join(SCORES)}, dk or null, found {', '.join(sorted(strange))}",
            remedy="Recode the answers",
        )
    found = np.asarray([SCORES.get(a, np.nan) for a in answers.tolist()], dtype=np.float64)
    return found if five else np.sign(found)


def quantiles(x: Floats, cumulated: Floats, q: float) -> Floats:
    """Quantiles (replicates,) of values ``x`` (n,) in order, for cumulated weights (replicates, n)."""
    target = q * cumulated[:, -1:]
    first = np.count_nonzero(cumulated < target * (1 - AT_STEP), axis=1)
    beyond = np.count_nonzero(cumulated <= target * (1 + AT_STEP), axis=1)
    last = x.size - 1
    return np.asarray((x[np.minimum(first, last)] + x[np.minimum(beyond, last)]) / 2, dtype=np.float64)


def ginis(x: Floats, weights: Floats, cumulated: Floats) -> Floats:
    """Gini coefficients (replicates,) of values ``x`` (n,) in order, for weights (replicates, n) and their cumulation.

    sum w x (2 C - w) needs two products with x; NaN where the weighted sum is 0.
    """
    total, sums = cumulated[:, -1], np.einsum("ij,j->i", weights, x)  # no BLAS: threads would change the last digits
    twice = 2 * np.einsum("ij,ij,j->i", weights, cumulated, x) - np.einsum("ij,ij,j->i", weights, weights, x)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(sums > 0, twice / (total * sums) - 1, np.nan), dtype=np.float64)


def without_one_ratio(numerator: Floats, denominator: Floats, size: npt.NDArray[np.int64]) -> Floats:
    """Ratios of totals (n,) when one unit is left out, each row standing for ``size`` equal units."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((size @ numerator - numerator) / (size @ denominator - denominator), dtype=np.float64)


def without_one_gini(x: Floats, weights: Floats, size: npt.NDArray[np.int64]) -> Floats:
    """Gini coefficients (n,) when one unit is left out; ``x`` in order, each row standing for ``size`` equal units.

    With T = sum W x (2 C - W) over the rows, W = size * weight: the unit's own part leaves, and every row
    above it loses 2 w of its C. Within a row of equal units the formula is the same for each.
    """
    mass = weights * size
    cumulated, value = np.cumsum(mass), mass * x
    above = value.sum() - np.cumsum(value)
    twice = float((value * (2 * cumulated - mass)).sum())
    left = mass - weights
    own = value * (2 * cumulated - mass) - left * x * (2 * (cumulated - weights) - left)
    total, sums = mass.sum() - weights, value.sum() - weights * x
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((twice - own - 2 * weights * above) / (total * sums) - 1, dtype=np.float64)


def without_one_quantile(x: Floats, weights: Floats, size: npt.NDArray[np.int64], q: float) -> Floats:
    """Quantiles (n,) when one unit is left out; ``x`` in order, each row standing for ``size`` equal units."""
    cumulated = np.cumsum(weights * size)
    target, rows, last = q * (cumulated[-1] - weights), np.arange(x.size), x.size - 1
    sides: tuple[tuple[Literal["left", "right"], float], ...] = (("left", 1 - AT_STEP), ("right", 1 + AT_STEP))
    found = np.zeros(x.size)
    for side, nudge in sides:
        before = np.searchsorted(cumulated, target * nudge, side=side)
        after = np.searchsorted(cumulated, target * nudge + weights, side=side)
        found += x[np.minimum(np.where(before < rows, before, after), last)] / 2
    return found


def _pair(values: npt.ArrayLike, weights: npt.ArrayLike | None, place: str) -> tuple[Floats, Floats]:
    """Values and weights as float64 of one length. Raises DataError for other lengths and without any weight."""
    x = np.asarray(values, dtype=np.float64)
    w = np.ones(x.size) if weights is None else np.asarray(weights, dtype=np.float64)
    if x.ndim != 1 or x.shape != w.shape or not w.sum() > 0:
        raise DataError(
            f"{place}: expected values and weights of one length, some above 0, found {x.shape} and {w.shape}",
            remedy="Give every value a weight",
        )
    return x, w
