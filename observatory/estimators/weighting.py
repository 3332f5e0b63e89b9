"""Survey weights: post-stratification, raking, trimming, and what unequal weights cost.

Belongs here: turning weights into other weights, and Kish's measures of them. Does not belong here: what is
estimated with the weights (survey.py) and its variance (survey_variance.py).

Calibrated weights are taken as given by the variances: the gain in precision through calibration is not
counted, so intervals are on the wide side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from observatory.errors import DataError
from observatory.estimators import require

Floats = npt.NDArray[np.float64]
MARGINS_AGREE = 1e-6  # relative difference of the sums of two margins that is still rounding


@dataclass(frozen=True)
class Margin:
    """What is known of the population: the category of every firm of the sample, and the total per category."""

    name: str
    categories: npt.ArrayLike
    totals: Mapping[str, float]


@dataclass(frozen=True)
class Raked:
    """Weights after raking. ``worst``: largest relative distance of a weighted margin from its total."""

    weights: Floats
    iterations: int
    converged: bool
    worst: float


@dataclass(frozen=True)
class Trimmed:
    """Weights after trimming: how many firms were cut, and the share (0..1) of all weight that was moved."""

    weights: Floats
    firms: int
    moved: float


def n_eff(weights: npt.ArrayLike) -> float:
    """Effective sample size (sum w)² / sum w², in firms; NaN without any weight. Source: Kish 1965."""
    w = np.asarray(weights, dtype=np.float64)
    squares = float(w @ w)
    return float(w.sum()) ** 2 / squares if squares > 0 else float("nan")


def kish_deff(weights: npt.ArrayLike) -> float:
    """Design effect of unequal weights, n sum w² / (sum w)²: how much larger the variance of a mean gets.

    It knows nothing of gains by stratification or calibration. Source: Kish 1965.
    """
    return float(np.size(weights)) / n_eff(weights)


def post_stratify(weights: npt.ArrayLike, cells: npt.ArrayLike, totals: Mapping[str, float]) -> Floats:
    """Weights (n,) that sum to the known total in every cell: w * total / weighted sum of its cell.

    Raises DataError naming the cell that has no firm, no total, or no weight.
    """
    w = _weights(weights, "post_stratify")
    codes, targets = _coded(Margin("cells", cells, totals), w, "post_stratify")
    return np.asarray(w * (targets / np.bincount(codes, w, targets.size))[codes], dtype=np.float64)


def rake(weights: npt.ArrayLike, margins: Sequence[Margin], tolerance: float = 1e-8, iterations: int = 1000) -> Raked:
    """Weights (n,) whose margins meet known totals, by iterative proportional fitting.

    Each round multiplies the weights to one margin after the other; it ends when every weighted total is
    within ``tolerance`` of its own (relative), or after ``iterations`` rounds with ``converged`` False, as
    happens where empty combinations make the margins contradict each other. Source: Deming and Stephan 1940.
    Raises DataError naming the category that has no firm or no total, or the margins whose sums differ.
    """
    w = _weights(weights, "rake").copy()
    if not margins:
        raise DataError("rake: expected at least one margin, found none", remedy="Name the margins to rake to")
    coded = [_coded(margin, w, "rake") for margin in margins]
    sums = [float(targets.sum()) for _, targets in coded]
    for margin, total in zip(margins[1:], sums[1:], strict=True):
        if abs(total - sums[0]) > MARGINS_AGREE * sums[0]:
            raise DataError(
                f"rake: expected margins of one sum, found {margins[0].name} = {sums[0]:g}, {margin.name} = {total:g}",
                remedy="Take the margins from one population, or scale them to one sum",
            )
    worst, done = _worst(w, coded), 0
    while worst > tolerance and done < iterations:
        for codes, targets in coded:
            w *= (targets / np.bincount(codes, w, targets.size))[codes]
        done += 1
        worst = _worst(w, coded)
    return Raked(w, done, worst <= tolerance, worst)


def trim(weights: npt.ArrayLike, most: float = 5.0) -> Trimmed:
    """Cut weights at ``most`` times their median, and spread what was cut over the others in proportion.

    The sum stays as it was; spreading is repeated until no weight is above the cap. Trimming exchanges a
    little bias for less variance, so the moved share of the weight is told. Raises DataError for ``most`` <= 1
    and where even all firms at the cap would not reach the sum.
    """
    w = _weights(weights, "trim")
    cap, total = most * float(np.median(w)), float(w.sum())
    if most <= 1 or cap * w.size < total:
        raise DataError(
            f"trim: expected a cap above the mean weight {total / w.size:g}, found {most:g} x median = {cap:g}",
            remedy="Raise the cap",
        )
    cut, result = w > cap, w.copy()
    while True:
        result[cut] = cap
        rest = float(result[~cut].sum())
        if not cut.any() or rest == 0:
            break
        result[~cut] *= (total - cap * int(cut.sum())) / rest
        again = cut | (result > cap * (1 + 1e-12))
        if (again == cut).all():
            break
        cut = again
    return Trimmed(result, int((w > cap).sum()), float(np.maximum(w - result, 0.0).sum()) / total)


def calibrate(
    table: pa.Table, margins: pa.Table, *, tolerance: float = 1e-8, iterations: int = 1000, most: float | None = None
) -> tuple[pa.Table, pa.Table]:
    """Rake the microdata of each wave to its margins; the table with new ``weight``, and a report per wave.

    ``table``: wave, weight (null counts as 1), and a column for every margin. ``margins``: wave, margin (a
    column of ``table``), category, total (firms). With ``most`` the weights are trimmed and raked again, once;
    what the second raking lifts above the cap stays. Report: wave, iterations, converged, worst (relative),
    firms_trimmed, weight_moved (0..1), n_eff (firms), kish_deff. Raises DataError as ``rake`` does, and for a
    wave without margins.
    """
    require(table, ("wave", "weight"), "weighting.calibrate")
    require(margins, ("wave", "margin", "category", "total"), "weighting.calibrate")
    weights = pc.fill_null(table["weight"].cast(pa.float64()), 1.0).to_numpy().copy()
    waves = np.asarray(table["wave"].cast(pa.string()).to_pylist(), dtype=object)
    known = margins.set_column(margins.column_names.index("wave"), "wave", margins["wave"].cast(pa.string()))
    rows: list[dict[str, Any]] = []
    for wave in sorted(set(waves)):
        here = np.flatnonzero(waves == wave)
        own = known.filter(pc.equal(known["wave"], wave)).to_pylist()
        names = sorted({row["margin"] for row in own})
        require(table, names, f"weighting.calibrate: wave {wave}")
        to = [
            Margin(
                name,
                table[name].take(pa.array(here)).to_pylist(),
                {row["category"]: row["total"] for row in own if row["margin"] == name},
            )
            for name in names
        ]
        trimmed = Trimmed(weights[here], 0, 0.0)
        raked = rake(weights[here], to, tolerance, iterations)
        if most is not None:
            trimmed = trim(raked.weights, most)
            raked = rake(trimmed.weights, to, tolerance, iterations)
        weights[here] = raked.weights
        rows.append(
            {
                "wave": wave,
                "iterations": raked.iterations,
                "converged": raked.converged,
                "worst": raked.worst,
                "firms_trimmed": trimmed.firms,
                "weight_moved": trimmed.moved,
                "n_eff": n_eff(raked.weights),
                "kish_deff": kish_deff(raked.weights),
            }
        )
    return table.set_column(table.column_names.index("weight"), "weight", pa.array(weights)), pa.Table.from_pylist(rows)


def _weights(weights: npt.ArrayLike, place: str) -> Floats:
    w = np.asarray(weights, dtype=np.float64)
    if w.ndim != 1 or w.size == 0 or not (np.isfinite(w) & (w > 0)).all():
        raise DataError(
            f"{place}: expected a row of weights above 0, found {w.size} of which {int((~(w > 0)).sum())} are not",
            remedy="Give every firm a weight; a firm that does not count does not belong in the sample",
        )
    return w


def _coded(margin: Margin, weights: Floats, place: str) -> tuple[npt.NDArray[np.int64], Floats]:
    """The number of each firm's category, and the totals in that order. Raises DataError naming what is missing."""
    names = sorted(margin.totals)
    numbers = {name: number for number, name in enumerate(names)}
    found = list(np.asarray(margin.categories, dtype=object))
    if len(found) != weights.size:
        raise DataError(
            f"{place}: {margin.name}: expected {weights.size} categories, one a weight, found {len(found)}",
            remedy="Give every firm its category",
        )
    if unknown := sorted({str(name) for name in set(found) - set(names)}):
        raise DataError(
            f"{place}: {margin.name}: expected a total for every category, found none for {', '.join(unknown)}",
            remedy="Add the total, or recode the firms",
        )
    if empty := sorted(set(names) - set(found)):
        raise DataError(
            f"{place}: {margin.name}: expected firms in every category, found none in {', '.join(empty)}",
            remedy="Merge the category with a neighbour, in the sample and in the totals",
        )
    targets = np.asarray([margin.totals[name] for name in names], dtype=np.float64)
    if not (np.isfinite(targets) & (targets > 0)).all():
        name = names[int(np.argmin(np.where(np.isfinite(targets), targets, -np.inf)))]
        raise DataError(
            f"{place}: {margin.name}: expected totals above 0, found {margin.totals[name]} for {name}",
            remedy="Correct the total, or take the category's firms out",
        )
    return np.fromiter((numbers[name] for name in found), dtype=np.int64, count=len(found)), targets


def _worst(weights: Floats, coded: Sequence[tuple[npt.NDArray[np.int64], Floats]]) -> float:
    return max(float(np.abs(np.bincount(codes, weights, targets.size) / targets - 1).max()) for codes, targets in coded)
