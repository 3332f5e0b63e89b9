"""The figures of one domain of the survey, each with its interval.

Belongs here: which statistic gets which interval. Does not belong here: the formulas (survey_statistics.py,
survey_variance.py, survey_bootstrap.py, weighting.py), when a figure may be shown (survey_gate.py), and tables
(survey.py).

Only firms drawn by design have intervals that speak of sampling. All others are resampled as if they were a
simple sample, and every method of theirs ends with 'model-based, indicative'.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from observatory.estimators import survey_bootstrap as boot
from observatory.estimators import survey_statistics as stats
from observatory.estimators import survey_variance as variance
from observatory.estimators.intervals import wilson
from observatory.estimators.survey_gate import NONE, Figure, Gate
from observatory.estimators.weighting import kish_deff, n_eff

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
INDICATIVE = ", model-based, indicative"


@dataclass(frozen=True)
class Answers:
    """Microdata as columns (n,): share in percent, turnover and service turnover in one currency, NaN for no answer.

    ``three`` and ``five``: scores of the expectation (survey_statistics.scores); ``unsure``: don't know;
    ``is_five``: the firm's wave asked with five points. ``strata``: as in survey_variance.
    """

    share: Floats
    turnover: Floats
    service: Floats
    three: Floats
    five: Floats
    unsure: Bools
    is_five: Bools
    strata: variance.Strata


@dataclass(frozen=True)
class Settings:
    """How figures are made: replicates, their seed, the level of intervals, the gate, the front-runners' percent."""

    replicates: int
    seed: int
    level: float
    gate: Gate
    frontrunner: float


@dataclass(frozen=True)
class Cell:
    """The firms of one domain, by their numbers (m,) in the microdata, with one kind of weights (m,).

    ``weighting``: unweighted, design or calibrated; ``label``: the domain's name, which seeds its replicates.
    """

    answers: Answers
    settings: Settings
    firms: Ints
    weight: Floats
    weighting: str
    label: str

    @property
    def is_designed(self) -> bool:
        """Whether all strata of the firms were drawn by design."""
        return bool(self.answers.strata.designed[self.answers.strata.of_firm[self.firms]].all())

    def part(self, keep: Bools) -> Cell:
        """The cell with only some of its firms, as those that answered."""
        return replace(self, firms=self.firms[keep], weight=self.weight[keep])

    def variant(self, name: str = "") -> str:
        """The weighting, and what else sets the figure apart; ``unweighted`` is only said where it stands alone."""
        return name if name and self.weighting == "unweighted" else f"{self.weighting}_{name}".rstrip("_")


@dataclass(frozen=True)
class Draw:
    """The design as it concerns a cell: a plan for resampling, the stratum of each firm in it, and remarks."""

    plan: boot.Plan
    of_firm: Ints
    sampled: Ints
    fraction: Floats
    is_designed: bool
    is_rao_wu: bool
    notes: tuple[str, ...]

    @property
    def has_variance(self) -> bool:
        """False if a stratum of one firm is left that could be joined to no other and is no census."""
        return not (self.is_rao_wu and bool(((self.sampled == 1) & (self.fraction < 1)).any()))


def figures(cell: Cell) -> Iterator[Figure]:
    """All figures of a cell, in the order of the catalogue."""
    answers, firms = cell.answers, cell.firms
    shares, expects = np.isfinite(answers.share[firms]), np.isfinite(answers.three[firms])
    money = np.isfinite(answers.turnover[firms]) & np.isfinite(answers.service[firms])
    told, out = cell.part(shares), int((~shares).sum())
    left_out = (f"left out: {out} without a share",) if out else ()
    share = answers.share[told.firms]
    yield from _mean(told, "svy_mean_share", "", share, (0.0, 100.0), left_out, out)
    yield from _turnover_weighted(cell.part(money), int((~money).sum()))
    yield from _shares(told, "svy_zero_share", share == 0, left_out, out)
    yield from _shares(told, "svy_frontrunner_share", share >= cell.settings.frontrunner, left_out, out)
    yield from _distribution(told, share, left_out, out)
    answered, unsure = cell.part(expects), int(answers.unsure[firms].sum())
    silent = int((~expects).sum()) - unsure
    left_out = (f"left out: {unsure} don't know, {silent} without an answer",) if unsure + silent else ()
    for name, column in (("three_point", answers.three), ("five_point", answers.five)):
        if name == "three_point" or answers.is_five[firms].any():
            points = 100 * column[answered.firms]
            bounds = (-100.0, 100.0)
            yield from _mean(answered, "svy_expectation_balance", name, points, bounds, left_out, unsure + silent)
    no_rise = answers.three[answered.firms] <= 0
    yield from _shares(answered, "svy_no_increase_share", no_rise, left_out, unsure + silent)
    yield from _sizes(cell)


def _mean(
    cell: Cell,
    indicator: str,
    name: str,
    values: Floats,
    bounds: tuple[float, float],
    notes: tuple[str, ...],
    excluded: int,
) -> Iterator[Figure]:
    """A weighted mean: stratified variance with FPC by design, else BCa.

    A balance can be 0 without being badly known, so its CV divides by the distance from its lowest value.
    """
    if not values.size:
        yield Figure(indicator, cell.variant(name), NONE, 0, NONE, notes=notes, excluded=excluded)
        return
    value, draw = stats.mean(values, cell.weight), _draw(cell)
    if draw.is_designed:
        spread, df = variance.stratified_variance(values, cell.weight, draw.of_firm, draw.sampled, draw.fraction)
        found = variance.mean_interval(value, spread, df, cell.settings.level)
        method = "stratified FPC" if (draw.fraction > 0).any() else "stratified, population unknown"
    else:
        found, method = _ratio_interval(cell, draw, f"{indicator} {name}", values * cell.weight, cell.weight, value)
    yield Figure(
        indicator,
        cell.variant(name),
        value,
        values.size,
        n_eff(cell.weight),
        max(found.lower, bounds[0]) if np.isfinite(found.lower) else NONE,
        min(found.upper, bounds[1]) if np.isfinite(found.upper) else NONE,
        found.se,
        base=value - bounds[0],
        method=method,
        notes=notes + draw.notes,
        excluded=excluded,
    )


def _turnover_weighted(cell: Cell, excluded: int) -> Iterator[Figure]:
    """Ratio of weighted totals; its n_eff counts turnover as weight, so that a dominating firm shows."""
    service, turnover = (column[cell.firms] * cell.weight for column in (cell.answers.service, cell.answers.turnover))
    notes = (f"left out: {excluded} without turnover or share",) if excluded else ()
    figure = Figure("svy_tw_share", cell.variant("turnover_weighted"), NONE, turnover.size, NONE, excluded=excluded)
    if not turnover.sum() > 0:
        yield replace(figure, notes=notes)
        return
    value, draw = 100 * stats.ratio(service, turnover), _draw(cell)
    found, method = _ratio_interval(cell, draw, "svy_tw_share", 100 * service, turnover, value)
    yield replace(
        figure,
        value=value,
        n_eff=n_eff(turnover),
        lower=found.lower,
        upper=found.upper,
        se=found.se,
        method=method,
        notes=notes + draw.notes,
    )


def _shares(cell: Cell, indicator: str, has: Bools, notes: tuple[str, ...], excluded: int) -> Iterator[Figure]:
    """A share of firms in percent with Wilson's interval.

    Weighted, the cases are as many as the effective size: that of the stratified variance by design, else
    Kish's.
    """
    n, cases, level = has.size, int(has.sum()), cell.settings.level
    if not n:
        yield Figure(indicator, cell.variant(), NONE, 0, NONE, notes=notes, excluded=excluded)
        return
    draw, effective = _draw(cell), n_eff(cell.weight)
    p = stats.mean(has, cell.weight) if 0 < cases < n else cases / n  # exactly 0 or 1, whatever the weights
    if cell.weighting == "unweighted":
        found, se, method = wilson(cases, n, level), float(np.sqrt(p * (1 - p) / n)), "Wilson"
    elif draw.is_designed:
        spread, _ = variance.stratified_variance(has, cell.weight, draw.of_firm, draw.sampled, draw.fraction)
        effective = variance.effective_size(p, spread, effective)
        found, se = variance.effective_wilson(p, effective, level), float(np.sqrt(spread))
        method = "Wilson, n_eff of the stratified FPC variance"
    else:
        found, se = variance.effective_wilson(p, effective, level), float(np.sqrt(p * (1 - p) / effective))
        method = "Wilson, Kish n_eff"
    method += "" if draw.is_designed else INDICATIVE
    yield Figure(
        indicator,
        cell.variant(),
        100 * p,
        n,
        effective,
        100 * found.lower,
        100 * found.upper,
        100 * se if 0 < cases < n else NONE,
        method=method,
        notes=notes + draw.notes,
        excluded=excluded,
        cases=cases,
    )


def _distribution(cell: Cell, share: Floats, notes: tuple[str, ...], excluded: int) -> Iterator[Figure]:
    """Median, P90 - P10 and Gini on the same replicates."""
    weights, names = cell.weight, ("svy_median_share", "svy_p90_p10_gap", "svy_gini")
    if not share.size:
        yield from (Figure(name, cell.variant(), NONE, 0, NONE, notes=notes, excluded=excluded) for name in names)
        return
    q10, q50, q90 = (stats.quantile(share, q, weights) for q in (0.1, 0.5, 0.9))
    values = (q50, q90 - q10, stats.gini(share, weights))
    draw, replicates = _draw(cell), None
    if share.size >= cell.settings.gate.minimum and draw.has_variance:
        rng = _rng(cell, "distribution")
        replicates = boot.rank_replicates(share, weights, draw.of_firm, draw.plan, cell.settings.replicates, rng)
    for k, (name, value) in enumerate(zip(names, values, strict=True)):
        found, method = _resampled(cell, draw, replicates, k, value)
        figure = Figure(
            name,
            cell.variant(),
            value,
            share.size,
            n_eff(weights),
            found.lower,
            found.upper,
            found.se,
            method=method,
            notes=notes + draw.notes,
            excluded=excluded,
            is_percentile=name != "svy_gini",
        )
        yield figure
        if name == "svy_gini" and cell.weighting == "unweighted" and share.size > 1:
            scale = share.size / (share.size - 1)
            yield replace(
                figure,
                variant=cell.variant("corrected"),
                value=scale * value,
                lower=scale * found.lower,
                upper=scale * found.upper,
                se=scale * found.se,
            )


def _sizes(cell: Cell) -> Iterator[Figure]:
    """Effective sample size and Kish's design effect of the weights of all firms of the cell."""
    n, effective = cell.firms.size, n_eff(cell.weight)
    figure = Figure("svy_neff", cell.variant(), effective, n, effective, method="Kish", is_judged=False)
    yield figure
    if cell.weighting != "unweighted":
        yield replace(figure, variant=cell.variant("kish_deff"), value=kish_deff(cell.weight))


def _draw(cell: Cell) -> Draw:
    """Rao-Wu where there are strata or a population to correct for, else a simple sample."""
    strata = cell.answers.strata
    of_firm = strata.of_firm[cell.firms]
    is_touched = np.bincount(of_firm, minlength=strata.sampled.size) > 0
    touched, of_firm = np.flatnonzero(is_touched), (np.cumsum(is_touched) - 1)[of_firm]
    sampled, fraction, is_designed = strata.sampled[touched], strata.fraction[touched], cell.is_designed
    is_rao_wu = is_designed and bool(touched.size > 1 or (fraction > 0).any())
    lonely = int(strata.lonely[touched].sum()) if is_designed else 0
    notes = [f"{lonely} lonely strata collapsed"] if lonely else []
    if is_designed and bool(((sampled == 1) & (fraction < 1)).any()):
        notes.append("no interval: a stratum of one firm with no other to join")
    if is_rao_wu:
        plan = boot.rao_wu_plan(sampled, fraction)
        return Draw(plan, of_firm, sampled, fraction, True, True, tuple(notes))
    plan, here = boot.simple_plan(cell.firms.size), np.zeros(cell.firms.size, dtype=np.int64)
    return Draw(plan, here, sampled[:1] if is_designed else plan.pool, fraction[:1], is_designed, False, tuple(notes))


def _ratio_interval(
    cell: Cell, draw: Draw, what: str, numerator: Floats, denominator: Floats, value: float
) -> tuple[variance.Interval, str]:
    replicates = None
    if numerator.size >= cell.settings.gate.minimum and draw.has_variance:
        times, rng = cell.settings.replicates, _rng(cell, what)
        replicates = boot.ratio_replicates(numerator, denominator, draw.of_firm, draw.plan, times, rng)
    return _resampled(cell, draw, replicates, 0, value)


def _resampled(
    cell: Cell, draw: Draw, found: boot.Replicates | None, k: int, value: float
) -> tuple[variance.Interval, str]:
    """Interval of statistic ``k``, moved by what joining firms to units moved the estimate, and its name."""
    method = "Rao-Wu bootstrap, percentile" if draw.is_rao_wu else "BCa bootstrap"
    method += "" if draw.is_designed else INDICATIVE
    if found is None:
        return variance.Interval(NONE, NONE, NONE), method
    level, point, draws = cell.settings.level, float(found.point[k]), found.draws[k]
    if draw.is_rao_wu:
        interval = boot.percentile(draws, level)
    else:
        interval = boot.bca(point, draws, found.without_one[k], found.size, level)
    return replace(interval, lower=interval.lower + value - point, upper=interval.upper + value - point), method


def _rng(cell: Cell, what: str) -> np.random.Generator:
    """Random numbers of the figure's own: it does not change when another cell comes or goes."""
    return np.random.default_rng([cell.settings.seed, zlib.crc32(f"{cell.label}|{what}".encode())])
