"""Strata of a survey, and the variance and intervals that follow from the design in closed form.

Belongs here: strata with their sizes, the rule for lonely strata, the stratified variance of a mean with finite
population correction, and intervals of means and shares. Does not belong here: resampling
(survey_bootstrap.py), weights (weighting.py), and the question whether a figure may be shown (survey.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from observatory.errors import DataError
from observatory.estimators.intervals import LEVEL, Proportion, wilson
from observatory.estimators.trend import t_quantile

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Interval:
    """Bounds and standard error, all in the unit of the estimate; NaN where there are none."""

    lower: float
    upper: float
    se: float


@dataclass(frozen=True)
class Strata:
    """Strata for variances. ``of_firm`` (n,): the stratum of each firm; the others one entry a stratum (H,).

    ``sampled``: firms of the sample; ``population``: firms in the population, NaN if unknown; ``designed``:
    drawn by design; ``lonely``: strata of one firm that were collapsed into this one.
    """

    of_firm: Ints
    sampled: Ints
    population: Floats
    designed: npt.NDArray[np.bool_]
    lonely: Ints

    @property
    def fraction(self) -> Floats:
        """Sampling fractions n_h / N_h (H,); 0 where the population is unknown, so that nothing is corrected."""
        return np.nan_to_num(self.sampled / self.population)


def strata(
    codes: npt.ArrayLike,
    population: npt.ArrayLike,
    designed: npt.ArrayLike,
    waves: npt.ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> Strata:
    """The strata of a sample, lonely ones collapsed.

    ``codes`` (n,): number of each firm's stratum, 0 to H - 1, in order of wave and name; ``population`` (n,):
    firms N_h in that stratum, NaN if unknown; ``designed`` (n,); ``waves`` (H,): the wave of each stratum.
    Rule: a stratum of one firm that is not the whole of its population has no variance of its own, so it is
    joined to the stratum before it in that order (the first of a wave to the next), and their sizes are
    added. Raises DataError naming the stratum with two populations or with fewer firms than were sampled.
    """
    code, size = np.asarray(codes, dtype=np.int64), np.asarray(population, dtype=np.float64)
    count = np.bincount(code)
    low, high = np.full(count.size, np.inf), np.full(count.size, -np.inf)
    known = np.isfinite(size)
    np.minimum.at(low, code[known], size[known])
    np.maximum.at(high, code[known], size[known])
    partly = np.isfinite(low) & (np.bincount(code, known, count.size) < count)
    if (wrong := np.isfinite(low) & ((low != high) | partly | (high < count))).any():
        at = int(wrong.argmax())
        raise DataError(
            f"stratum {names[at] if names else at}: expected one population of at least the {count[at]} firms sampled, "
            f"found {low[at]:g} to {high[at]:g}{' and none' if partly[at] else ''}",
            remedy="Give every firm of a stratum the number of firms that stratum has in the directory",
        )
    whole = np.where(np.isfinite(low), low, np.nan)
    wave = np.zeros(count.size, dtype=np.int64) if waves is None else np.asarray(waves)
    lonely = (count == 1) & ~(whole == 1)
    same = np.append(False, wave[1:] == wave[:-1])
    first_lonely = np.append(False, (lonely & ~same)[:-1])
    group = np.cumsum(~(same & (lonely | first_lonely))) - 1
    undesigned = np.bincount(group[code], ~np.asarray(designed, dtype=np.bool_))
    groups = int(group[-1]) + 1 if group.size else 0
    joined = np.bincount(group, minlength=groups) > 1
    return Strata(
        of_firm=group[code],
        sampled=np.bincount(group, count, groups).astype(np.int64),
        population=np.asarray(np.bincount(group, whole, groups), dtype=np.float64),
        designed=undesigned == 0,
        lonely=np.where(joined, np.bincount(group, lonely, groups), 0).astype(np.int64),
    )


def stratified_variance(
    values: npt.ArrayLike,
    weights: npt.ArrayLike,
    of_firm: npt.ArrayLike,
    sampled: npt.ArrayLike,
    fraction: npt.ArrayLike,
) -> tuple[float, int]:
    """Variance of the weighted mean of a domain under stratified sampling, and its degrees of freedom.

    ``values``, ``weights``, ``of_firm`` (n,) are those of the domain alone; ``sampled`` and ``fraction`` (H,)
    those of the whole strata, whose other firms enter as zeros. With z = w (y - mean) / sum w,
    var = sum_h (1 - f_h) n_h / (n_h - 1) (sum z² - (sum z)² / n_h); degrees of freedom sum_h (n_h - 1) over the
    strata touched. For one stratum of equal weights it is (1 - f) s² / n. NaN if a stratum of one firm is
    left that is no census. Source: Särndal, Swensson and Wretman 1992, ch. 5; Cochran 1977, ch. 5.
    """
    y, w = np.asarray(values, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    code, n = np.asarray(of_firm, dtype=np.int64), np.asarray(sampled, dtype=np.float64)
    z = w * (y - w @ y / w.sum()) / w.sum()
    sums, squares = np.bincount(code, z, n.size), np.bincount(code, z * z, n.size)
    touched = np.bincount(code, minlength=n.size) > 0
    open_share = 1 - np.asarray(fraction, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(open_share > 0, open_share * n / (n - 1) * np.maximum(squares - sums**2 / n, 0.0), 0.0)
    return float(part[touched].sum()), int((n - 1)[touched].sum())


def mean_interval(value: float, variance: float, df: int, level: float = LEVEL) -> Interval:
    """``value`` ± t(df) sqrt(variance); no bounds without degrees of freedom, unless the variance is 0 (a census)."""
    se = float(np.sqrt(variance))
    if se == 0 or (np.isfinite(se) and df > 0):
        half = t_quantile(df, level) * se if se else 0.0
        return Interval(value - half, value + half, se)
    return Interval(float("nan"), float("nan"), se)


def effective_wilson(share: float, size: float, level: float = LEVEL) -> Proportion:
    """Wilson's interval of a weighted share (0..1) as if it came from ``size`` effective firms.

    An infinite size (a census has no sampling error) gives the share itself.
    """
    share = min(max(share, 0.0), 1.0)  # a weighted sum can leave a hair beyond
    return Proportion(share, share, share) if np.isinf(size) else wilson(share * size, size, level)


def effective_size(share: float, variance: float, fallback: float) -> float:
    """Firms of a simple sample with the same variance of a share (0..1): p (1 - p) / variance.

    ``fallback`` (Kish's n_eff) stands in where no firm or every firm has the feature, and where there is no
    variance to be had. Infinite for a census. Source: Korn and Graubard 1998, Survey Methodology 24.
    """
    spread = share * (1 - share)
    if spread <= 0 or not np.isfinite(variance):
        return fallback
    return spread / variance if variance > 0 else float("inf")
