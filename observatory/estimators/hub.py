"""Is a city a hub, of what reach, and among whom: the class, its sensitivity, the index, the structural peers.

Belongs here: the rule that gives a class, how the class hangs on its thresholds, the composite index with its rank
range, and the distance that chooses peers. Does not belong here: the figures that go in (location quotients, sales
shares; SQL and intervals.py), and the choice of thresholds, goalposts and variables (tables).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from observatory.errors import DataError
from observatory.estimators import require
from observatory.estimators.intervals import LEVEL
from observatory.estimators.structure import marked
from observatory.estimators.trend import Floats, joined_variant, result

CLASSES = ("local", "regional", "national", "international")
UNDETERMINED = "undetermined"
CHANGE = 0.2
KEY = ("variant", "geo", "period")
OPTIONAL_KEY = ("activity", "comparator")


@dataclass(frozen=True)
class Inputs:
    """What the rule looks at; None or NaN is missing.

    a, b: lower 95 % bound and value of LQ(city vs region), which is also the primacy ratio; c: lower bound of
    LQ(region or functional area vs country); d: per cent of KIBS output sold outside the region; e: lower bound
    of LQ(vs EU27_2020); f: per cent of KIBS output sold abroad.
    """

    a: float | None = None
    b: float | None = None
    c: float | None = None
    d: float | None = None
    e: float | None = None
    f: float | None = None


@dataclass(frozen=True)
class Thresholds:
    """The rule's parameters; none is a standard. Quotients are ratios, sales shares per cent."""

    primacy_lower: float = 1.0
    primacy: float = 1.25
    national_lower: float = 1.0
    national_sales: float = 25.0
    international_lower: float = 1.0
    international_sales: float = 15.0


@dataclass(frozen=True)
class Step:
    """One class tried: ``passed`` None where missing inputs leave it open."""

    name: str
    passed: bool | None
    reason: str
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """The class (``CLASSES`` or ``UNDETERMINED``) and the steps that led to it, the last one being decisive."""

    name: str
    steps: tuple[Step, ...]

    @property
    def rank(self) -> int | None:
        """0 local to 3 international; None if undetermined."""
        return CLASSES.index(self.name) if self.name in CLASSES else None

    @property
    def missing(self) -> tuple[str, ...]:
        """Inputs whose lack left the class undetermined."""
        return () if self.rank is not None else self.steps[-1].missing

    @property
    def reason(self) -> str:
        """The steps in words."""
        return f"{self.name}: {', '.join(step.reason for step in self.steps)}"


@dataclass(frozen=True)
class Variation:
    """The verdict with one threshold at ``value`` instead of its own; ``name`` such as ``primacy-20%``."""

    name: str
    value: float
    verdict: Verdict


@dataclass(frozen=True)
class HubIndex:
    """Index 0 to 100 of each place, its rank (1 highest), and the range of its rank over the drawn weights.

    ``pillars`` are the normalised pillars behind it (0 to 100), to be shown with it. NaN for a place without one.
    """

    value: Floats
    rank: Floats
    rank_lower: Floats
    rank_upper: Floats
    pillars: Floats


def classify(inputs: Inputs, thresholds: Thresholds | None = None) -> Verdict:
    """The hub class of a city, from the lowest step up; own rule.

    regional if a > primacy_lower and b >= primacy; national if also c > national_lower and d >= national_sales;
    international if also e > international_lower and f >= international_sales. A step not passed leaves the class
    below it (local below regional, whether a or b fails). An input missing leaves it undetermined, unless the
    step's other condition fails anyway: then no figure in its place could change the class.
    """
    limits = thresholds or Thresholds()
    steps: list[Step] = []
    for step in _steps(inputs, limits):
        steps.append(step)
        if step.passed is None:
            return Verdict(UNDETERMINED, tuple(steps))
        if not step.passed:
            break
    return Verdict(CLASSES[sum(bool(step.passed) for step in steps)], tuple(steps))


def sensitivity(inputs: Inputs, thresholds: Thresholds | None = None, by: float = CHANGE) -> tuple[Variation, ...]:
    """The verdict with each threshold in turn lowered and raised by the part ``by`` (0.2 = 20 %), others as they are.

    Raises DataError unless 0 < by < 1.
    """
    if not 0 < by < 1:
        raise DataError(f"sensitivity: expected a part between 0 and 1, found {by}", remedy="Write 20 % as 0.2")
    limits = thresholds or Thresholds()
    changed = []
    for parameter in fields(Thresholds):
        for change in (-by, by):
            value = getattr(limits, parameter.name) * (1 + change)
            verdict = classify(inputs, replace(limits, **{parameter.name: value}))
            changed.append(Variation(f"{parameter.name}{100 * change:+g}%", value, verdict))
    return tuple(changed)


def hub_index(
    pillars: npt.ArrayLike,
    goalposts: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    *,
    draws: int = 10_000,
    seed: int = 0,
    level: float = LEVEL,
) -> HubIndex:
    """Weighted geometric mean of pillars normalised between fixed goalposts, with a rank range over weights.

    ``pillars`` places by pillars, in their own units; ``goalposts`` a (low, high) for each pillar, fixed beforehand,
    so that a place's index does not move with those it stands beside: 100 (x - low) / (high - low), cut at 0 and
    100; ``weights`` one for each pillar, equal if not given. A pillar at its low goalpost makes the index 0, for the
    geometric mean lets no pillar make up for another. Rank range: the central ``level`` of the ranks under
    ``draws`` weights from a Dirichlet distribution centred on ``weights`` (on equal ones: every weighting as
    likely). A place that lacks a pillar has no index and takes no rank; equal places share the better rank.
    Source: OECD and JRC 2008, Handbook on Constructing Composite Indicators. Raises DataError for shapes that do
    not fit, a high goalpost not above the low one, or a weight not above 0.
    """
    x, posts = np.asarray(pillars, dtype=np.float64), np.asarray(goalposts, dtype=np.float64)
    w = np.ones(x.shape[-1]) if weights is None else np.asarray(weights, dtype=np.float64)
    if x.ndim != 2 or posts.shape != (x.shape[1], 2) or w.shape != (x.shape[1],):
        raise DataError(
            f"hub_index: expected places by pillars, (low, high) and a weight for each pillar, found shapes {x.shape}, "
            f"{posts.shape}, {w.shape}",
            remedy="Give every pillar its goalposts and weight",
        )
    if not ((posts[:, 1] > posts[:, 0]).all() and (w > 0).all()):
        raise DataError(
            f"hub_index: expected low < high and weights above 0, found {posts.tolist()}, {w.tolist()}",
            remedy="Leave out a pillar that is not to count",
        )
    w = w / w.sum()
    scaled = 100 * np.clip((x - posts[:, 0]) / (posts[:, 1] - posts[:, 0]), 0.0, 1.0)
    whole = np.asarray(np.isfinite(scaled).all(axis=1))
    with np.errstate(divide="ignore"):
        logs = np.log(scaled[whole])
    drawn = np.random.default_rng(seed).dirichlet(w * len(w), size=draws)
    ranks = _ranks(_means(logs, drawn))
    tails = [(1 - level) / 2, (1 + level) / 2]
    # Ranks are whole: the bounds are ranks that occurred.
    low, high = np.quantile(ranks, tails, axis=0, method="inverted_cdf")
    value = np.exp(_means(logs, w[None, :]))
    index, rank, lower, upper = (_filled(whole, column) for column in (value[0], _ranks(value)[0], low, high))
    return HubIndex(index, rank, lower, upper, scaled)


def structural_distance(profile: npt.ArrayLike, others: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> Floats:
    """Distance of a region's structure to each of ``others``: sqrt(sum_k w_k (z_k - z'_k)²), weights adding to 1.

    ``profile`` one value for each structural variable (size, sector shares, firm size, demography, accessibility),
    ``others`` regions by variables. z are the variables standardised over all regions, the profile's included (n -
    1); one that is the same everywhere says nothing and adds nothing. Keep performance out of the variables, else
    peers are those who do as well, and not those in the same position. NaN for a region that lacks a variable.
    Source: Navarro et al. 2014, Regional benchmarking in the smart specialisation process, S3 working paper 3/2014.
    Raises DataError for shapes that do not fit, a gap in ``profile``, or weights that are negative or all 0.
    """
    own, rest = np.asarray(profile, dtype=np.float64), np.asarray(others, dtype=np.float64)
    w = np.ones(own.shape) if weights is None else np.asarray(weights, dtype=np.float64)
    if own.ndim != 1 or rest.ndim != 2 or rest.shape[1:] != own.shape or w.shape != own.shape or not len(rest):
        raise DataError(
            f"structural_distance: expected variables of one number, found shapes {own.shape}, {rest.shape}, {w.shape}",
            remedy="Give every region and the weights the same variables",
        )
    if not (np.isfinite(own).all() and (w >= 0).all() and w.sum() > 0):
        raise DataError(
            f"structural_distance: expected a profile without gaps and weights of 0 or more, found {own.tolist()}, "
            f"{w.tolist()}",
            remedy="Leave out the variable",
        )
    complete = np.asarray(np.isfinite(rest).all(axis=1))
    found = np.vstack([own, rest[complete]])
    spread = found.std(axis=0, ddof=1) if len(found) > 1 else np.zeros(own.shape)
    z = np.divide(rest[complete] - own, spread, out=np.zeros_like(rest[complete]), where=spread > 0)
    return _filled(complete, np.sqrt(z**2 @ (w / w.sum())))


def peers(distances: npt.ArrayLike, count: int = 30, excluded: Iterable[int] = ()) -> list[int]:
    """Positions of the ``count`` nearest regions, nearest first; ``excluded`` positions (own country) left out.

    Regions without a distance are no peers. Thirty is the group of Orkestra's regional observatory.
    """
    d, out = np.asarray(distances, dtype=np.float64), set(excluded)
    order = np.argsort(d, kind="stable").tolist()
    return [i for i in order if np.isfinite(d[i]) and i not in out][:count]


def class_rows(table: pa.Table) -> pa.Table:
    """Estimator of hub classes: a row with the class and one for each threshold lowered and raised by 20 %.

    Input, one row for each place and period: variant, geo, period, a to f (``Inputs``, null where missing), the
    thresholds (columns named as in ``Thresholds``), status, provenance, sources; activity and comparator if there
    are any. Output: variant ``<variant>:class``, ``<variant>:primacy-20%`` and so on; the key, value (0 local, 1
    regional, 2 national, 3 international; none and status M if undetermined), n (inputs that are there), status,
    provenance, sources. Texts having no column of their own, the reason stands in parentheses among the sources.
    Raises DataError naming the row for a threshold without a value, or a row that stands twice.
    """
    inputs, limits = ([field.name for field in fields(kind)] for kind in (Inputs, Thresholds))
    require(table, (*KEY, *inputs, *limits, "status", "provenance", "sources"), "hub.class_rows")
    key = (*KEY, *(column for column in OPTIONAL_KEY if column in table.column_names))
    rows, seen = [], set()
    for line in table.to_pylist():
        place = "/".join(str(line[column]) for column in key)
        if place in seen:
            raise DataError(f"hub.class_rows: {place} stands twice", remedy="Select one row for each place and period")
        seen.add(place)
        figures = Inputs(**{name: _figure(line[name]) for name in inputs})
        parameters = Thresholds(**_limits(line, limits, place))
        base = {column: line[column] for column in (*key, "provenance")}
        base["n"] = sum(getattr(figures, name) is not None for name in inputs)
        verdicts = [("class", classify(figures, parameters))]
        verdicts += [(changed.name, changed.verdict) for changed in sensitivity(figures, parameters)]
        for name, verdict in verdicts:
            value = float("nan") if verdict.rank is None else float(verdict.rank)
            row = {"variant": joined_variant(line["variant"], name), "value": value}
            row["status"] = marked([line["status"]], value)
            row["sources"] = ";".join(part for part in (line["sources"], f"({verdict.reason})") if part)
            rows.append(base | row)
    return result(rows, key)


def _figure(value: Any) -> float | None:
    return float(value) if value is not None and isfinite(value) else None


def _limits(line: dict[str, Any], names: Sequence[str], place: str) -> dict[str, float]:
    found = {name: _figure(line[name]) for name in names}
    if lost := [name for name, value in found.items() if value is None]:
        raise DataError(
            f"hub.class_rows: {place}: no value for threshold {', '.join(lost)}", remedy="Select every threshold"
        )
    return {name: value for name, value in found.items() if value is not None}


def _steps(inputs: Inputs, limits: Thresholds) -> Iterable[Step]:
    ladder = (
        ("regional", ("a", limits.primacy_lower, False), ("b", limits.primacy, True)),
        ("national", ("c", limits.national_lower, False), ("d", limits.national_sales, True)),
        ("international", ("e", limits.international_lower, False), ("f", limits.international_sales, True)),
    )
    for name, *conditions in ladder:
        met: list[bool | None] = []
        words, missing = [], []
        for letter, limit, reaching in conditions:
            value = _figure(getattr(inputs, letter))
            if value is None:
                met.append(None)
                missing.append(letter)
                words.append(f"{letter} missing")
                continue
            met.append(value >= limit if reaching else value > limit)
            sign = (">=" if reaching else ">") if met[-1] else ("<" if reaching else "<=")
            words.append(f"{letter} {value:.4g} {sign} {limit:.4g}")
        passed = False if False in met else None if None in met else True
        said = {True: name, False: f"not {name}", None: f"{name} open"}[passed]
        yield Step(name, passed, f"{said} as {' and '.join(words)}", tuple(missing))


def _means(logs: Floats, weights: Floats) -> Floats:
    """Weighted means of logarithms, weightings by places; minus infinity (a pillar at 0) stays what it is."""
    floor = np.isneginf(logs)
    means = weights @ np.where(floor, 0.0, logs).T
    means[:, floor.any(axis=1)] = -np.inf
    # Places with the same pillars must tie, and products of matrices need not give them the same last bit.
    return np.asarray(means.round(12))


def _ranks(values: Floats) -> Floats:
    """Rank of each place in each row, 1 for the highest; equal ones share the better rank."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(-values, method="min", axis=1), dtype=np.float64)


def _filled(whole: npt.NDArray[np.bool_], values: Floats) -> Floats:
    """``values`` at the places in ``whole``, NaN at the others."""
    filled = np.full(whole.shape, np.nan)
    filled[whole] = values
    return filled
