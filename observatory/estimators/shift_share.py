"""Shift-share: what part of a place's change its comparator, its mix of activities and the place itself account for.

Belongs here: the classic, the Esteban-Marquillas and the dynamic accounts, and their rows. Does not belong here:
location quotients (intervals.py), the distance between structures (structure.py), and any claim of cause: these are
identities, and the part called regional is what the mix does not explain.

Notation: e_i amount (persons, euros) of activity i in the place, n_i in the comparator; g_i = n_i1 / n_i0 - 1, g the
same over all activities, r_i = e_i1 / e_i0 - 1. The activities are parts of one whole. Whether the comparator
contains the place is the caller's to say: with it the regional part is nearer 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from observatory.errors import DataError
from observatory.estimators import require
from observatory.estimators.slicing import joined, slices
from observatory.estimators.structure import marked, one_classification
from observatory.estimators.trend import Floats, joined_variant, result, series_of, years

PAIR = ("variant", "geo", "comparator")
NAME = "shift_share.components"


@dataclass(frozen=True)
class Shift:
    """Parts of the change of each activity, in the unit of the amounts; they add to e_i1 - e_i0."""

    national: Floats
    mix: Floats
    regional: Floats


@dataclass(frozen=True)
class Homothetic:
    """Parts of the change of each activity with the regional part split: ``competitive`` and ``allocation``."""

    national: Floats
    mix: Floats
    competitive: Floats
    allocation: Floats


@dataclass(frozen=True)
class Chain:
    """The classic parts of each step from one period to the next, and their sums over the steps."""

    steps: tuple[Shift, ...]
    total: Shift


def classic(
    e0: npt.ArrayLike, e1: npt.ArrayLike, n0: npt.ArrayLike, n1: npt.ArrayLike, names: Sequence[str] | None = None
) -> Shift:
    """Classic account: national e_i0 g, mix e_i0 (g_i - g), regional e_i0 (r_i - g_i).

    Vectors of one length, ``names`` the activities for messages. Source: Dunn 1960, Papers in Regional Science 6.
    Raises DataError naming the activity for a base of 0 in the place or the comparator: it has no rate of growth.
    """
    e0, e1, n0, n1 = _vectors(e0, e1, n0, n1)
    _refuse_zero_base(e0, n0, names)
    growth, overall = n1 / n0 - 1, n1.sum() / n0.sum() - 1
    return Shift(e0 * overall, e0 * (growth - overall), e1 - e0 * (1 + growth))


def esteban_marquillas(
    e0: npt.ArrayLike, e1: npt.ArrayLike, n0: npt.ArrayLike, n1: npt.ArrayLike, names: Sequence[str] | None = None
) -> Homothetic:
    """Classic account with the regional part split by h_i = e_0 n_i0 / n_0, the amount under the comparator's mix.

    Competitive h_i (r_i - g_i), free of the place's mix; allocation (e_i0 - h_i)(r_i - g_i), positive where the
    place is specialised in what grows faster there. Source: Esteban-Marquillas 1972, Regional and Urban Economics
    2. Raises DataError as ``classic`` does.
    """
    base = classic(e0, e1, n0, n1, names)
    e0, e1, n0, n1 = _vectors(e0, e1, n0, n1)
    advantage = base.regional / e0
    homothetic = e0.sum() * n0 / n0.sum()
    return Homothetic(base.national, base.mix, homothetic * advantage, (e0 - homothetic) * advantage)


def dynamic(
    e: npt.ArrayLike, n: npt.ArrayLike, names: Sequence[str] | None = None, periods: Sequence[str] | None = None
) -> Chain:
    """Dynamic account: the classic one from each period to the next, re-based every time, and added up.

    ``e`` and ``n`` are periods by activities, at least two periods in order, one step apart. Source: Barff and
    Knight 1988, Growth and Change 19. Raises DataError as ``classic`` does, naming the period too.
    """
    e, n = np.asarray(e, dtype=np.float64), np.asarray(n, dtype=np.float64)
    if e.ndim != 2 or e.shape != n.shape or len(e) < 2:
        raise DataError(
            f"dynamic: expected two tables of two periods or more by activity, found shapes {e.shape} and {n.shape}",
            remedy="Select the same activities and periods for both",
        )
    steps = []
    for i in range(len(e) - 1):
        try:
            steps.append(classic(e[i], e[i + 1], n[i], n[i + 1], names))
        except DataError as error:
            raise DataError(
                f"{periods[i] if periods else f'step {i}'}: {error.message}", remedy=error.remedy
            ) from error
    sums = (np.sum([getattr(step, part.name) for step in steps], axis=0) for part in fields(Shift))
    return Chain(tuple(steps), Shift(*sums))


def components(table: pa.Table) -> pa.Table:
    """Estimator of the three accounts: one row for each activity, method and part, and for the sum of activities.

    Input, annual: variant, geo, comparator, activity (``<classification>:<code>``, parts of one whole), period
    (``YYYY``), value and reference (amounts of place and comparator, one unit), status, provenance, sources;
    optional reference_status, and window_from and window_to as in ``trend.slope``. A break (B) in any activity begins
    the account anew: only years from the last one on are used. Output: variant ``<variant>:<method>:<part>``, parts
    of classic and dynamic national, mix, regional, of esteban_marquillas national, mix, competitive, allocation; geo,
    comparator, activity (``<classification>:TOTAL`` for the sum), period ``first/last``, value (unit of the input), n
    (years used), status, provenance, sources.

    No value and status M where an amount is missing for any activity in a year the method uses (first and last;
    every year for dynamic, which also needs each year between them), or where a single year is left. Raises
    DataError naming place, activity and year for a base of 0, and as ``structure.one_classification``.
    """
    require(table, (*PAIR, "reference"), NAME)
    parts = (_components(part) for _, part in slices(table, PAIR))
    return joined(parts, lambda: result([], (*PAIR, "activity", "period")))


def _components(table: pa.Table) -> pa.Table:
    """Rows of one place and comparator; of windows that leave the same years one stays."""
    rows = []
    for key, mark, series in _groups(table):
        place = f"{NAME}: {mark}"
        names = [activity for activity, _ in series]
        whole = one_classification(names, place)
        periods, cells = _cells([columns for _, columns in series])
        own, reference = (np.array([[cell[c] for cell in line] for line in cells]) for c in ("value", "reference"))
        for method, used in (("classic", (0, -1)), ("esteban_marquillas", (0, -1)), ("dynamic", range(len(periods)))):
            chosen = sorted({range(len(periods))[i] for i in used})
            lines = [cell for i in chosen for cell in cells[i]]
            parts = _parts(method, own[chosen], reference[chosen], names, [periods[i] for i in chosen], place)
            base = key | {"period": f"{periods[0]}/{periods[-1]}", "n": len(chosen)}
            base |= {c: ";".join(sorted({cell[c] for cell in lines} - {""})) for c in ("provenance", "sources")}
            inputs = {name: [line[j]["status"] for line in (cells[i] for i in chosen)] for j, name in enumerate(names)}
            inputs[whole] = [cell["status"] for cell in lines]
            status = {
                (name, ok): marked(given, 0.0 if ok else np.nan) for name, given in inputs.items() for ok in (0, 1)
            }
            for part, amounts in parts.items():
                variant = joined_variant(key["variant"], method, part)
                for activity, amount in zip([*names, whole], [*amounts.tolist(), float(amounts.sum())], strict=True):
                    row = {"variant": variant, "activity": activity, "value": amount}
                    rows.append(base | row | {"status": status[activity, int(np.isfinite(amount))]})
    return result(rows, (*PAIR, "activity", "period"))


def _groups(table: pa.Table) -> Iterator[tuple[dict[str, str], str, list[tuple[str, dict[str, Any]]]]]:
    """The activities of each variant, place, comparator and window: key, name of the group, (activity, columns)."""
    found: dict[tuple[Any, ...], list[tuple[str, dict[str, Any]]]] = {}
    for key, series in series_of(table, (*PAIR, "activity"), ("value", "reference"), NAME):
        window = tuple(series[w][0] for w in ("window_from", "window_to") if w in series)
        found.setdefault((*(key[column] for column in PAIR), *window), []).append((key["activity"], series))
    for mark, series_list in found.items():
        yield dict(zip(PAIR, mark, strict=False)), "/".join(str(part) for part in mark), series_list


def _cells(series: list[dict[str, Any]]) -> tuple[list[str], list[list[dict[str, Any]]]]:
    """The years from the last break on, and for each a cell of every activity; one not there is missing (M)."""
    by_period: list[dict[str, dict[str, Any]]] = []
    for columns in series:
        others = columns.get("reference_status", [""] * len(columns["period"]))
        by_period.append(
            {
                period: {
                    "activity": columns["activity"][i],
                    "value": columns["value"][i],
                    "reference": columns["reference"][i],
                    "status": (columns["status"][i] or "") + (others[i] or ""),
                    "provenance": columns["provenance"][i] or "",
                    "sources": columns["sources"][i] or "",
                }
                for i, period in enumerate(columns["period"])
            }
        )
    periods = sorted({period for cells in by_period for period in cells})
    breaks = [p for p in periods if any("B" in cells[p]["status"] for cells in by_period if p in cells)]
    periods = [period for period in periods if not breaks or period >= breaks[-1]]
    empty = {"value": np.nan, "reference": np.nan, "status": "M", "provenance": "", "sources": ""}
    return periods, [
        [
            cells.get(p, empty | {"activity": columns["activity"][0]})
            for cells, columns in zip(by_period, series, strict=True)
        ]
        for p in periods
    ]


def _parts(
    method: str, own: Floats, reference: Floats, names: Sequence[str], periods: Sequence[str], place: str
) -> dict[str, Floats]:
    """Parts of the change by activity; NaN where a year or an amount is missing."""
    kind = Homothetic if method == "esteban_marquillas" else Shift
    complete = len(periods) > 1 and bool(np.isfinite(own).all() and np.isfinite(reference).all())
    if not complete or (method == "dynamic" and (np.diff(years(periods)) != 1).any()):
        return {part.name: np.full(len(names), np.nan) for part in fields(kind)}
    try:
        if method == "dynamic":
            found: Shift | Homothetic = dynamic(own, reference, names, periods).total
        else:
            account = classic if method == "classic" else esteban_marquillas
            found = account(own[0], own[1], reference[0], reference[1], names)
    except DataError as error:
        where = place if method == "dynamic" else f"{place}: {periods[0]}"
        raise DataError(f"{where}: {error.message}", remedy=error.remedy) from error
    return {part.name: getattr(found, part.name) for part in fields(kind)}


def _vectors(*columns: npt.ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
    e0, e1, n0, n1 = (np.asarray(column, dtype=np.float64) for column in columns)
    every = (e0, e1, n0, n1)
    if e0.ndim != 1 or not e0.size or len({x.shape for x in every}) > 1 or not all(np.isfinite(x).all() for x in every):
        raise DataError(
            f"shift-share: expected four vectors of one length without gaps, found {[x.tolist() for x in every]}",
            remedy="Select the same activities in place, comparator and both years",
        )
    return e0, e1, n0, n1


def _refuse_zero_base(e0: Floats, n0: Floats, names: Sequence[str] | None) -> None:
    for where, base in (("place", e0), ("comparator", n0)):
        if (empty := np.flatnonzero(~(base > 0))).size:
            lost = ", ".join(names[i] if names else f"position {i}" for i in empty.tolist())
            raise DataError(
                f"shift-share: expected a base above 0, found {base[empty[0]]:g} in the {where} for {lost}",
                remedy="Merge it with a neighbouring activity, in place and comparator alike",
            )
