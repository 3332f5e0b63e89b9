"""Which of several figures is shown first where nobody said which: real before made-up, the headline before variants.

Belongs here: choosing among rows of one indicator, with no word of a language. Does not belong here: reading a release,
or what is written about the choice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
Key = tuple[str, str, str]
"""A series within an indicator: variant, activity, comparator (empty where there is none)."""

HOME = ("48020", "ES213", "ES21")
COMPARATORS = ("ES21", "ES", "EU27_2020")
BRANCHES = ("NACE2:J", "A86:36", "A86:62")
"""Of figures by single activity those that the journal speaks of come first: ICT, machine tools, computer services."""
HEADLINES = ("linear_moving",)
"""Parts of names of variants that their model calls its headline."""
DOMAIN = "="
"""In a variant's name: a part of the survey's firms."""
SYNTHETIC = "synthetic"
OWN = "region"
"""Of variants that split by origin, the part that is the place's own comes first."""


def key(row: Row) -> Key:
    """The series that a row belongs to."""
    return row["variant"] or "", row["activity"] or "", row["comparator"] or ""


def span(period: str) -> tuple[str, str]:
    """First and last year of a period; the same for a single one."""
    first, _, last = period.partition("/")
    return first, last or first


def _recency(row: Row) -> tuple[str, int]:
    first, last = span(row["period"])
    return last, -int(first) if first.isdigit() else 0


def latest(rows: Sequence[Row]) -> Row | None:
    """The row of the newest period that has a value; of windows that end together the longest."""
    known = [row for row in rows if row["value"] is not None]
    return max(known, key=_recency) if known else None


def default_series(rows: Sequence[Row], variants: Sequence[str]) -> Key | None:
    """The series of some rows that is shown first; None without a row.

    Real figures before made-up ones, then the variants in their order (the headline first), the plainest name, those
    that speak of the Basque Country, sections before divisions, the activities that the journal names, the usual
    comparator, the most rows. A part of a survey's firms never stands for all of them.
    """
    whole = [row for row in rows if DOMAIN not in (row["variant"] or "")] or rows
    known = [row for row in whole if row["value"] is not None] or whole
    real = [row for row in known if row["provenance"] != SYNTHETIC]
    counts = Counter(key(row) for row in real or known)
    at_home = {key(row) for row in real or known if row["geo"] in HOME}
    if not counts:
        return None

    def order(one: Key) -> tuple[Any, ...]:
        variant, activity, comparator = one
        is_part = any(sign.isdigit() for sign in activity.partition(":")[2])
        usual = COMPARATORS.index(comparator) if comparator in COMPARATORS else len(COMPARATORS)
        first = variant.split(":")[0]
        rank = variants.index(first) if first in variants else len(variants)
        named = BRANCHES.index(activity) if activity in BRANCHES else len(BRANCHES)
        parts = variant.split(":")
        headline = not any(part in HEADLINES for part in parts)
        away = one not in at_home
        return rank, OWN not in parts, len(parts), headline, away, is_part, named, usual, -counts[one], one

    return min(counts, key=order)
