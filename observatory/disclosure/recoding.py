"""Recoding: categories joined until no inner cell is unsafe, before anything is suppressed.

Belongs here: joining categories of one dimension. Does not belong here: suppression.
"""

from __future__ import annotations

from collections.abc import Sequence

from observatory.disclosure.rules import Rules, primary
from observatory.disclosure.tables import Firms, Layout

JOINT = "+"


def recode(layout: Layout, firms: Firms, rules: Rules, dimension: str) -> tuple[Layout, Firms, dict[str, str]]:
    """Join neighbouring categories of a dimension (in its order: size classes, branches of a classification) until no
    inner cell is unsafe or two are left; returns the table, the firms and what became of each category.

    The category with fewest units goes to its smaller neighbour.
    """
    joined = {code: code for code in layout.dimensions[dimension]}
    while len(layout.dimensions[dimension]) > 2:
        cells = layout.fill(firms)
        if not any(primary(cells[key], rules) for key in layout.inner):
            break
        codes = layout.dimensions[dimension]
        units = {code: _units(firms, dimension, code) for code in codes}
        least = min(codes, key=lambda code: (units[code], code))
        at = codes.index(least)
        other = min((codes[n] for n in (at - 1, at + 1) if 0 <= n < len(codes)), key=lambda code: (units[code], code))
        pair = sorted((least, other), key=codes.index)
        name = JOINT.join(pair)
        kept = tuple(name if code == pair[0] else code for code in codes if code != pair[1])
        layout = Layout({**layout.dimensions, dimension: kept}, layout.shown)
        firms = _renamed(firms, dimension, pair, name)
        joined = {code: name if now in pair else now for code, now in joined.items()}
    return layout, firms, joined


def _units(firms: Firms, dimension: str, code: str) -> int:
    return len({unit for unit, own in zip(firms.units, firms.categories[dimension], strict=True) if own == code})


def _renamed(firms: Firms, dimension: str, pair: Sequence[str], name: str) -> Firms:
    column = [name if code in pair else code for code in firms.categories[dimension]]
    return Firms({**firms.categories, dimension: column}, firms.units, firms.values, firms.weights)
