"""Tables with all their margins as linear sums of their innermost cells.

Belongs here: which published cell is the sum of which inner ones. Does not belong here: what is unsafe (rules.py).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from observatory.disclosure.rules import Cell, Floats

ALL = "*"
Key = tuple[str, ...]


@dataclass(frozen=True)
class Firms:
    """Contributions: categories of each firm by dimension, its unit (holding or firm), value and weight."""

    categories: Mapping[str, Sequence[str]]
    units: Sequence[str]
    values: Sequence[float]
    weights: Sequence[float] | None = None


@dataclass(frozen=True)
class Layout:
    """Published cells of a table: every combination of categories in which ``shown`` sets of dimensions stand and
    the others are summed. ``shown`` None is all of them: the table with every margin."""

    dimensions: dict[str, tuple[str, ...]]
    shown: tuple[frozenset[str], ...] | None = None

    @cached_property
    def inner(self) -> list[Key]:
        """Innermost cells."""
        return list(itertools.product(*self.dimensions.values()))

    @cached_property
    def cells(self) -> list[Key]:
        """Published cells; ``*`` stands for all categories of a dimension."""
        every = list(itertools.product(*((*codes, ALL) for codes in self.dimensions.values())))
        if self.shown is None:
            return every
        names = list(self.dimensions)
        return [key for key in every if frozenset(n for n, c in zip(names, key, strict=True) if c != ALL) in self.shown]

    @cached_property
    def sums(self) -> Floats:
        """Matrix (cells × inner): 1 where an inner cell belongs to a published one."""
        return np.array([[float(self.holds(cell, inner)) for inner in self.inner] for cell in self.cells])

    @staticmethod
    def holds(cell: Key, inner: Key) -> bool:
        """Whether an inner cell belongs to a cell."""
        return all(c in (ALL, i) for c, i in zip(cell, inner, strict=True))

    def fill(self, firms: Firms) -> dict[Key, Cell]:
        """Contributions of every published cell, weighted where there are weights."""
        weights = firms.weights if firms.weights is not None else [1.0] * len(firms.values)
        places = list(zip(*(firms.categories[name] for name in self.dimensions), strict=True))
        found = {}
        for cell in self.cells:
            here = [at for at, place in enumerate(places) if self.holds(cell, place)]
            found[cell] = Cell.of([firms.values[at] * weights[at] for at in here], [firms.units[at] for at in here])
        return found
