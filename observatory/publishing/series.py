"""Which series of an indicator a chart shows: one variant, one activity, the headline places.

Belongs here: choosing and ordering rows. Does not belong here: drawing (workbook.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

PLACES = ("48020", "ES213", "ES21", "ES30", "ES", "EU27_2020")
"""Places that a chart shows where they have figures: the city first, the benchmark last."""
HEADLINES = ("kibs_seed_sections", "kibs_jkmn", "section_j", "section_c", "manufacturing")
"""Variants preferred for a chart; where an indicator has none of them, that with the most figures is shown."""
YEAR = re.compile(r"^\d{4}$")
ORDER = ("variant", "activity", "comparator", "geo", "period")


@dataclass(frozen=True)
class Series:
    """A run of rows of one place: ``first`` and ``last`` count from 0, both are part of it."""

    place: str
    first: int
    last: int
    made_up: bool


def arranged(rows: pa.Table) -> pa.Table:
    """Rows of an indicator with every series in one piece, in the order of its periods."""
    return rows.sort_by([(name, "ascending") for name in ORDER])


def headline(rows: list[Mapping[str, Any]]) -> list[Series]:
    """Series to show of arranged rows; none where no place has two yearly figures.

    Preferred are, in this order: a headline variant, the most places, the most figures, the first in order.
    """
    groups: dict[tuple[Any, ...], dict[str, list[int]]] = {}
    for at, row in enumerate(rows):
        if row["geo"] in PLACES and YEAR.match(row["period"]):
            found = groups.setdefault((row["variant"], row["activity"], row["comparator"]), {})
            found.setdefault(row["geo"], []).append(at)
    best: tuple[tuple[int, int, int], dict[str, list[int]]] | None = None
    for (variant, *_), places in groups.items():
        figures = {geo: [at for at in run if rows[at]["value"] is not None] for geo, run in places.items()}
        shown = {geo: run for geo, run in places.items() if len(figures[geo]) > 1}
        rank = len(HEADLINES) - HEADLINES.index(variant) if variant in HEADLINES else 0
        score = (rank, len(shown), sum(len(figures[geo]) for geo in shown))
        if shown and (best is None or score > best[0]):
            best = score, shown
    if best is None:
        return []
    return [
        Series(geo, run[0], run[-1], any(rows[at]["provenance"] == "synthetic" for at in run))
        for geo, run in sorted(best[1].items(), key=lambda item: PLACES.index(item[0]))
    ]
