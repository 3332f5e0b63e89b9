"""Suppression: the unsafe cells, what else must go so that they cannot be computed back, and the bounds that prove it.

Belongs here: protecting one table, with what an earlier release told. Does not belong here: the rules on one cell.

A suppressed cell is safe if the smallest and largest value that all published figures allow are both further from it
than p% of it, for an outsider, and for each unit that knows a suppressed cell because it stands in it alone. The bounds
are linear programs over the innermost cells, none of which is negative.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from observatory.disclosure.rules import Cell, Floats, Rules, primary
from observatory.disclosure.tables import ALL, Firms, Key, Layout

SMALL = 1e-7


@dataclass(frozen=True)
class Published:
    """What a release told of a table: its layout, the figures it showed, and the units behind every cell."""

    layout: Layout
    values: dict[Key, float]
    cells: dict[Key, Cell]


@dataclass(frozen=True)
class Protected:
    """A table that may be published: values (None where suppressed), reasons by suppressed cell, proven bounds.

    ``log`` says which cell was suppressed and by which kind of rule, and no figure.
    """

    values: dict[Key, float | None]
    reasons: dict[Key, tuple[str, ...]]
    bounds: dict[Key, tuple[float, float]] = field(repr=False)

    @property
    def log(self) -> list[str]:
        """One line a suppressed cell."""
        return [f"{' / '.join(key)}: {', '.join(why)}" for key, why in sorted(self.reasons.items())]


def protect(layout: Layout, firms: Firms, rules: Rules, earlier: Published | None = None) -> Protected:
    """Suppress what is unsafe in a table with margins and all that would give it away.

    The rules are applied to raw and to weighted contributions. ``earlier`` is what the release before showed of the
    same firms: its figures count as known, a cell that differs from one of them by too few units is unsafe
    (``differencing``), and what it showed of the very same firms cannot be protected any more (``published before``).
    """
    cells = layout.fill(firms)
    raw = layout.fill(Firms(firms.categories, firms.units, firms.values))
    shown = {} if earlier is None else {key: earlier.cells[key] for key in earlier.values}
    told = {key for key, cell in cells.items() if shown.get(key) == cell}
    reasons: dict[Key, tuple[str, ...]] = {}
    for key, cell in cells.items():
        why = list(dict.fromkeys([*primary(raw[key], rules), *primary(cell, rules)]))
        if earlier is not None:
            why += _differencing(key, cell, earlier, rules)
        if why and key in told:
            why.append("published before")
        if why:
            reasons[key] = tuple(why)
    attack = _Attack(layout, cells, earlier)
    hidden = set(reasons)
    proven: set[Pair] = set()
    weakest = _weakest(attack, hidden, told, cells, rules, proven)
    while weakest is not None:
        added = _next(layout, cells, hidden, told, weakest)
        if added is None:
            rest = [key for key in cells if key not in hidden]
            if not rest:
                break
            added = max(rest, key=lambda k: (cells[k].total, k))
        hidden.add(added)
        reasons[added] = ("secondary",)
        weakest = _weakest(attack, hidden, told, cells, rules, proven)
    bounds = {key: attack.bounds(key, hidden) for key in sorted(hidden)}
    values = {key: None if key in hidden else cell.total for key, cell in cells.items()}
    return Protected(values, reasons, bounds)


def _differencing(key: Key, cell: Cell, earlier: Published, rules: Rules) -> list[str]:
    """Unsafe because the release before showed nearly the same units."""
    before = earlier.cells.get(key)
    if before is None or key not in earlier.values:
        return []
    moved = set(cell.units) ^ set(before.units)
    return ["differencing"] if 0 < len(moved) < rules.min_frequency else []


class _Attack:
    """Bounds that published figures put on a cell. Inner cells whose units and values have not changed since the
    earlier release are one variable in both."""

    def __init__(self, layout: Layout, cells: Mapping[Key, Cell], earlier: Published | None) -> None:
        self.layout, self.cells = layout, cells
        self.order = layout.cells
        self.place = {key: at for at, key in enumerate(self.order)}
        self.totals = np.array([cells[key].total for key in self.order])
        self.known, self.known_values = self._earlier(earlier)
        width = max(self.known.shape[1], len(layout.inner))
        self.sums = np.zeros((len(self.order), width))
        self.sums[:, : len(layout.inner)] = layout.sums
        self.scale = float(self.totals.max(initial=1.0)) or 1.0

    def _earlier(self, earlier: Published | None) -> tuple[Floats, Floats]:
        inner = self.layout.inner
        if earlier is None or earlier.layout.dimensions != self.layout.dimensions:
            return np.zeros((0, len(inner))), np.zeros(0)
        now = {key: self.cells[key] for key in inner if key in self.cells}
        same = [key in now and now[key] == earlier.cells.get(key) for key in inner]
        column = {}
        width = len(inner)
        for at, key in enumerate(inner):
            column[key] = at if same[at] else width
            width += 0 if same[at] else 1
        rows, values = [], []
        for key, value in earlier.values.items():
            row = np.zeros(width)
            for one in inner:
                if self.layout.holds(key, one):
                    row[column[one]] = 1
            rows.append(row)
            values.append(value)
        return np.array(rows).reshape(len(rows), width), np.array(values)

    def bounds(self, target: Key, hidden: set[Key], also: frozenset[Key] = frozenset()) -> tuple[float, float]:
        """Smallest and largest value of a cell, given all that is not hidden, and the cells of ``also``."""
        from scipy.optimize import linprog

        open_ = [self.place[key] for key in self.order if key not in hidden or key in also]
        width = self.sums.shape[1]
        known = np.zeros((len(self.known), width))
        known[:, : self.known.shape[1]] = self.known
        left = np.vstack([self.sums[open_], known])
        right = np.concatenate([self.totals[open_], self.known_values]) / self.scale
        goal = self.sums[self.place[target]]
        found = []
        for sign in (1.0, -1.0):
            answer = linprog(sign * goal, A_eq=left, b_eq=right, bounds=(0, None), method="highs")
            if answer.status == 3:
                found.append(np.inf)
            elif answer.status == 0:
                found.append(sign * float(answer.fun) * self.scale)
            else:
                found.append(float(self.totals[self.place[target]]))
        return found[0], found[1]


Pair = tuple[Key, frozenset[Key]]


def _weakest(
    attack: _Attack, hidden: set[Key], told: set[Key], cells: Mapping[Key, Cell], rules: Rules, proven: set[Pair]
) -> Key | None:
    """A hidden cell whose bounds are too near, or None. Every unit that stands alone in a hidden cell attacks too.

    ``proven`` gathers what holds: to hide more never narrows a bound, so nothing is proven twice.
    """
    alone = [key for key in sorted(hidden) if len(cells[key].units) == 1]
    for key in sorted(hidden, key=lambda k: (cells[k].total, k)):
        total = cells[key].total
        if total <= SMALL or key in told:
            continue
        need = max(rules.p_percent / 100 * total, cells[key].upper_needed(rules))
        attackers = [frozenset[Key](), *(frozenset({one}) for one in alone if one != key)]
        for also in attackers:
            if (key, also) in proven:
                continue
            low, high = attack.bounds(key, hidden, also)
            if total - low < min(need, total) * (1 - 1e-6) or high - total < need * (1 - 1e-6):
                return key
            proven.add((key, also))
    return None


def _next(layout: Layout, cells: Mapping[Key, Cell], hidden: set[Key], told: set[Key], weak: Key) -> Key | None:
    """What to hide next, cheapest first: a cell that closes a line in which a hidden one stands alone, preferring one
    that leaves no other line open; else any that shares a sum with the weak cell. Noughts hide nothing."""
    lines = _lines(layout)
    open_lines = [line for line in lines if len(hidden.intersection(line)) == 1]
    free = {key for key in layout.cells if key not in hidden and key not in told and cells[key].total > SMALL}

    def opened(key: Key) -> int:
        return sum(key in line and not hidden.intersection(line) for line in lines)

    near = [key for line in open_lines for key in line if key in free]
    if not near:
        near = [key for line in lines if weak in line for key in line if key in free]
    return min(near, key=lambda k: (opened(k), cells[k].total, k), default=None)


def _lines(layout: Layout) -> list[tuple[Key, ...]]:
    """Sums of the published table along one dimension: a margin and the cells it is the sum of, where all are shown."""
    shown = set(layout.cells)
    found = []
    for key in layout.cells:
        for at, codes in enumerate(layout.dimensions.values()):
            if key[at] == ALL:
                line = (key, *((*key[:at], code, *key[at + 1 :]) for code in codes))
                if shown.issuperset(line):
                    found.append(line)
    return found
