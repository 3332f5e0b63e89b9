"""Structure of a place or an activity: specialisation, diversity, inequality, concentration.

Belongs here: closed formulas on one or two vectors of amounts (persons, euros). Does not belong here: their rows
(structure_rows.py; the simple ones are SQL, held against these in the tests), location quotients and their intervals
(intervals.py), what links activities to one another (relatedness.py), change over time (shift_share.py), and which
activities make KIBS (catalogue).

Vectors are one-dimensional, not negative and not all 0; order within a vector is the caller's. Names say the
formula because libraries differ: what REAT calls theil() is ``mean_log_deviation`` here, its gini.conc() and
gini.spec() are ``locational_gini(..., weighted=False)``, and EconGeo's locational.Gini is half of the weighted one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from observatory.errors import DataError
from observatory.estimators.trend import Floats, letters


@dataclass(frozen=True)
class Variety:
    """Entropy over activities in bits, and its parts: ``entropy`` = ``unrelated`` + ``related``."""

    entropy: float
    unrelated: float
    related: float


@dataclass(frozen=True)
class Decomposition:
    """An inequality in nats and its parts: ``total`` = ``between`` + ``within``."""

    total: float
    between: float
    within: float


@dataclass(frozen=True)
class Agglomeration:
    """Ellison and Glaeser's index with what it is made of, over ``plants`` plants; ``z`` tests G against chance."""

    gamma: float
    g: float
    plant_hhi: float
    z: float
    plants: int


@dataclass(frozen=True)
class StandardisedQuotients:
    """z of ln LQ over places (NaN where LQ is 0 or missing), the ``n`` places used, and Shapiro and Wilk's p."""

    z: Floats
    n: int
    normality_p: float


def krugman(place: npt.ArrayLike, benchmark: npt.ArrayLike) -> float:
    """Krugman's specialisation index sum |s_i - b_i| of two vectors of activities, 0 (alike) to 2 (nothing shared).

    Grows with the number of activities, and is smaller where ``benchmark`` contains the place. Source: Krugman
    1991, Geography and Trade. Raises DataError as all functions here for vectors of unlike length or no shares.
    """
    s, b = _paired_shares("krugman", place, benchmark)
    return float(np.abs(s - b).sum())


def dissimilarity(place: npt.ArrayLike, benchmark: npt.ArrayLike) -> float:
    """Half of ``krugman``, 0 to 1: the share of jobs that would have to change activity (EconGeo's spec.coeff)."""
    return krugman(place, benchmark) / 2


def hachman(place: npt.ArrayLike, benchmark: npt.ArrayLike) -> float:
    """Hachman's index 1 / sum(s_i² / b_i), 1 where the place has the benchmark's structure, towards 0 if special.

    The denominator is the place's mean LQ weighted with its own shares. Raises DataError for an activity that
    the place has and the benchmark has not.
    """
    s, b = _paired_shares("hachman", place, benchmark)
    quotients = _quotients("hachman", s, b)
    return float(1 / (s @ np.nan_to_num(quotients)))


def hhi(amounts: npt.ArrayLike) -> float:
    """Herfindahl and Hirschman's sum of squared shares, 1 / n (even) to 1 (one activity). Not REAT's 0-10,000."""
    s = _shares("hhi", amounts)
    return float(s @ s)


def entropy(amounts: npt.ArrayLike) -> float:
    """Shannon's entropy sum s_i log2(1 / s_i) in bits, 0 (one activity) to log2 n (all alike)."""
    s = _shares("entropy", amounts)
    s = s[s > 0]
    return float(-(s @ np.log2(s)))


def variety(amounts: npt.ArrayLike, groups: Sequence[str]) -> Variety:
    """Entropy of activities in bits, split over ``groups`` (the section of each activity).

    Unrelated variety is the entropy of the groups' shares S_g; related variety sum S_g H_g, H_g the entropy
    within group g. Source: Frenken, Van Oort and Verburg 2007, Regional Studies 41. Raises DataError for a
    group missing.
    """
    s = _shares("variety", amounts)
    members = _members("variety", groups, s.size)
    sums = np.array([s[member].sum() for member in members])
    related = sum(size * entropy(s[member]) for size, member in zip(sums, members, strict=True) if size > 0)
    return Variety(entropy(s), entropy(sums), float(related))


def theil_t(amounts: npt.ArrayLike, sizes: npt.ArrayLike | None = None) -> float:
    """Theil's T, sum s_i ln(s_i / p_i) in nats: 0 (even) to ln n (all in one unit).

    s_i shares of ``amounts``, p_i shares of ``sizes`` (population, area; the same for every unit if not given).
    Source: Theil 1967. Not what REAT's theil() returns: see ``mean_log_deviation``.
    """
    return theil_t_decomposition(amounts, [""] * np.size(amounts), sizes).total


def mean_log_deviation(amounts: npt.ArrayLike, sizes: npt.ArrayLike | None = None) -> float:
    """Theil's L, sum p_i ln(p_i / s_i) in nats, shares as in ``theil_t``; REAT's theil() is this one.

    Raises DataError where a unit that has a size has an amount of 0: L is infinite then.
    """
    return mean_log_deviation_decomposition(amounts, [""] * np.size(amounts), sizes).total


def theil_t_decomposition(
    amounts: npt.ArrayLike, groups: Sequence[str], sizes: npt.ArrayLike | None = None
) -> Decomposition:
    """``theil_t`` between and within ``groups``: sum S_g ln(S_g / P_g) and sum S_g T_g. Source: Theil 1967."""
    return _spread("theil_t", amounts, sizes, groups)


def mean_log_deviation_decomposition(
    amounts: npt.ArrayLike, groups: Sequence[str], sizes: npt.ArrayLike | None = None
) -> Decomposition:
    """``mean_log_deviation`` between and within ``groups``: sum P_g ln(P_g / S_g) and sum P_g L_g."""
    return _spread("mean_log_deviation", amounts, sizes, groups)


def hoover(amounts: npt.ArrayLike, sizes: npt.ArrayLike) -> float:
    """Hoover's index sum |s_i - p_i| / 2, 0 to 1: the share of ``amounts`` to be moved to be spread as ``sizes``.

    EconGeo's Hoover.index is the same in per cent. Source: Hoover 1936, Review of Economics and Statistics 18.
    """
    s, p = _paired_shares("hoover", amounts, sizes)
    return float(np.abs(s - p).sum() / 2)


def gini(values: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> float:
    """Gini coefficient of ``values`` (levels), 0 to 1 - 1/n; sum_ij w_i w_j |x_i - x_j| / (2 mean), sum w = 1.

    ``weights`` are how many cases have each value (one each if not given). No correction for small n.
    """
    x = _vector("gini", values)
    w = _shares("gini", np.ones_like(x) if weights is None else weights)
    _same_length("gini", x.size, w)
    order = np.argsort(x, kind="stable")
    x, w = x[order], w[order]
    lorenz = np.cumsum(x * w)
    if not lorenz[-1] > 0:
        raise DataError("gini: every value with a weight is 0", remedy="Leave the activity out")
    lorenz = lorenz / lorenz[-1]
    return float(max(1 - w @ (lorenz + np.concatenate(([0.0], lorenz[:-1]))), 0.0))


def locational_gini(amounts: npt.ArrayLike, reference: npt.ArrayLike, *, weighted: bool = True) -> float:
    """Gini of the quotients (s_i / p_i) of ``amounts`` over ``reference``, 0 to 1.

    ``weighted``: each quotient counts by p_i, the usual locational Gini; EconGeo's locational.Gini is half of it (0
    to 0.5, Krugman's scale). Not weighted: each place counts once, however small, REAT's gini.conc (one activity
    over places, ``reference`` their employment) and gini.spec (one place over activities). Raises DataError for
    a place that has an amount and no reference, or, not weighted, neither.
    """
    s, p = _paired_shares("locational_gini", amounts, reference)
    quotients = _quotients("locational_gini", s, p)
    empty = np.isnan(quotients)
    if empty.any() and not weighted:
        raise DataError(
            f"locational_gini: position {np.flatnonzero(empty)[0]} has a reference of 0: no quotient to count",
            remedy="Leave it out",
        )
    return gini(quotients[~empty], p[~empty] if weighted else None)


def ellison_glaeser(plants: npt.ArrayLike, places: Sequence[str], reference: Mapping[str, float]) -> Agglomeration:
    """Ellison and Glaeser's gamma of one activity: (G - (1 - X) H) / ((1 - X)(1 - H)), X = sum x_r².

    ``plants`` persons of each plant, ``places`` where it stands, ``reference`` total employment of every place, also
    those without a plant. G = sum (s_r - x_r)², H the plants' Herfindahl. 0 is what throwing plants at random gives,
    above 0.05 is commonly called high. z = (G - (1 - X) H) / sd(G) under chance. Source: Ellison and Glaeser 1997,
    Journal of Political Economy 105. Raises DataError for a place without reference, a single plant or place.
    """
    z = _shares("ellison_glaeser", plants)
    names = sorted(reference)
    if unknown := sorted(set(places) - set(names)):
        raise DataError(
            f"ellison_glaeser: no total employment for {', '.join(unknown)}", remedy="Give every place its total"
        )
    _same_length("ellison_glaeser", z.size, places)
    x = _shares("ellison_glaeser", [reference[name] for name in names])
    s = np.bincount([names.index(place) for place in places], weights=z, minlength=len(names))
    h, x2, x3 = float(z @ z), float(x @ x), float((x**3).sum())
    if not (h < 1 and x2 < 1):
        raise DataError(
            f"ellison_glaeser: not defined for one plant or one place (plant Herfindahl {h}, places' {x2})",
            remedy="Leave the activity out",
        )
    g = float(((s - x) ** 2).sum())
    chance = (1 - x2) * h
    variance = 2 * (h * h * (x2 - 2 * x3 + x2 * x2) - float((z**4).sum()) * (x2 - 4 * x3 + 3 * x2 * x2))
    score = (g - chance) / np.sqrt(variance) if variance > 0 else np.nan
    return Agglomeration((g - chance) / ((1 - x2) * (1 - h)), g, h, float(score), z.size)


def standardised_lq(quotients: npt.ArrayLike) -> StandardisedQuotients:
    """z of the logarithm of one activity's location quotients over places, (ln LQ - mean) / sd (n - 1).

    A z above 1.96 marks a place off the others only if ln LQ is about normal: look at ``normality_p`` (Shapiro and
    Wilk), and at ``n``, for it takes a wide set of places. A quotient of 0 or NaN has no z. Source: O'Donoghue and
    Gleave 2004, Regional Studies 38; logarithm as Tian 2013. Raises DataError for fewer than three quotients
    above 0 or no spread.
    """
    from scipy.stats import shapiro

    lq = np.asarray(quotients, dtype=np.float64)
    usable = np.isfinite(lq) & (lq > 0)
    logs = np.log(lq[usable])
    if logs.size < 3 or not np.ptp(logs) > 0:
        raise DataError(
            f"standardised_lq: expected three quotients above 0 that differ, found {lq[usable].tolist()}",
            remedy="Widen the set of places",
        )
    z = np.full(lq.shape, np.nan)
    z[usable] = (logs - logs.mean()) / logs.std(ddof=1)
    return StandardisedQuotients(z, int(logs.size), float(shapiro(logs).pvalue))


def one_classification(activities: Sequence[str | None], place: str) -> str:
    """The total of ``activities`` as an activity, ``<classification>:TOTAL`` (``TOTAL`` if they name none).

    Raises DataError naming ``place`` for one that stands twice, is a total already, or is of another classification.
    """
    prefixes = {str(activity).rpartition(":")[0] for activity in activities}
    if len(prefixes) > 1:
        raise DataError(
            f"{place}: expected activities of one classification and version, found {', '.join(sorted(prefixes))}",
            remedy="Bring them to one version with a named bridge; a letter is not the same activity in both",
        )
    for previous, activity in zip([None, *activities], activities, strict=False):
        if activity is None or activity == previous or activity.rpartition(":")[2] == "TOTAL":
            raise DataError(
                f"{place}: activity {activity} is missing, stands twice, or is the total of the others",
                remedy="Select each activity once, without their total",
            )
    return ":".join(part for part in (*prefixes, "TOTAL") if part)


def marked(statuses: Sequence[str | None], value: float) -> str:
    """Status letters of a figure from inputs with ``statuses``: with M if there is no value, else without M and C."""
    if not np.isfinite(value):
        return letters([*statuses, "M"])
    return "".join(letter for letter in letters(statuses) if letter not in "MC")


def _vector(name: str, amounts: npt.ArrayLike) -> Floats:
    """``amounts`` as float64; raise DataError unless it is one-dimensional, finite and not negative."""
    x = np.asarray(amounts, dtype=np.float64)
    if x.ndim != 1 or not x.size or not np.isfinite(x).all() or (x < 0).any():
        raise DataError(
            f"{name}: expected numbers of 0 or more in one dimension, found {x.tolist()}",
            remedy="Leave out what is missing, and say so",
        )
    return x


def _shares(name: str, amounts: npt.ArrayLike) -> Floats:
    x = _vector(name, amounts)
    if not x.sum() > 0:
        raise DataError(f"{name}: all {x.size} amounts are 0: no shares", remedy="Leave the place or activity out")
    return np.asarray(x / x.sum())


def _same_length(name: str, n: int, second: Sequence[Any] | Floats) -> None:
    if n != len(second):
        raise DataError(
            f"{name}: expected vectors of one length, found {n} and {len(second)}", remedy="Join them by code"
        )


def _paired_shares(name: str, first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[Floats, Floats]:
    s, b = _shares(name, first), _shares(name, second)
    _same_length(name, s.size, b)
    return s, b


def _quotients(name: str, s: Floats, p: Floats) -> Floats:
    """s / p, NaN where both are 0; raise DataError where only p is."""
    if (alone := np.flatnonzero((s > 0) & (p == 0))).size:
        raise DataError(
            f"{name}: position {alone[0]} has an amount and a reference of 0",
            remedy="Take a reference that contains it",
        )
    return np.divide(s, p, out=np.full_like(s, np.nan), where=p > 0)


def _spread(name: str, amounts: npt.ArrayLike, sizes: npt.ArrayLike | None, groups: Sequence[str]) -> Decomposition:
    """Theil's T or, with the shares in each other's place, L, over and inside groups (chain rule of entropy)."""
    s, p = _paired_shares(name, amounts, np.ones(np.shape(amounts)) if sizes is None else sizes)
    _quotients(name, s, p)
    if name == "mean_log_deviation":
        if (empty := np.flatnonzero((s == 0) & (p > 0))).size:
            raise DataError(f"{name}: position {empty[0]} has an amount of 0: it is infinite", remedy="Use theil_t")
        s, p = p, s
    members = _members(name, groups, s.size)
    over, under = (np.array([x[member].sum() for member in members]) for x in (s, p))
    parts = zip(over, under, members, strict=True)
    within = sum(size * _divergence(s[m] / size, p[m] / base) for size, base, m in parts if size > 0)
    return Decomposition(_divergence(s, p), _divergence(over, under), float(within))


def _divergence(s: Floats, p: Floats) -> float:
    """Sum s ln(s / p), terms with s = 0 being 0; never below 0 but for the arithmetic."""
    inside = s > 0
    return max(float(s[inside] @ np.log(s[inside] / p[inside])), 0.0)


def _members(name: str, groups: Sequence[str], n: int) -> list[npt.NDArray[np.bool_]]:
    """Masks of the groups in order of name; raise DataError unless each of ``n`` positions has one."""
    _same_length(name, n, groups)
    for i, group in enumerate(groups):
        if group is None:
            raise DataError(f"{name}: position {i} has no group", remedy="Give every activity its section")
    return [np.array([member == group for member in groups]) for group in sorted(set(groups))]
