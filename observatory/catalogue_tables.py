"""Relations that follow from the catalogue's rows: long tables for joins, carried variants, combined flags.

Belongs here: pure functions from rows of the catalogue to rows of a relation. Does not belong here: files and
what must hold between them (catalogue.py).
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from observatory.catalogue_models import (
    Activity,
    Flag,
    Geography,
    GeographyBreak,
    KibsMember,
    KibsVariant,
    Row,
    ServiceGroup,
    written_out,
)

ACTIVITY = ("classification", "version", "level", "activity")
FINEST = "a88"
"""The breakdown in which KIBS variants are written down; those of coarser ones follow from it."""
PRODUCTS = "a64"
"""The breakdown of supply and use tables, to which service sets are carried."""
NACE = ("NACE", "2")
A86 = (("Eustat", "A86"), "a86")
"""Eustat's list of products and branches, with its breakdown."""
ALIGNED = {NACE: {NACE, ("CPA", "2.1"), ("Eustat", "A86")}}
"""Lists of items made of the same divisions: products are, by design, those of the activities that make them."""
BLOCKS = (
    ("C", "", written_out(["10-33"])),
    ("C", "without_33", written_out(["10-32"])),
    ("G-U", "", written_out(["45-99"])),
)
"""Blocks of branches by which supply and use tables are read: code, what is left out, divisions."""
GEO_SCHEMES = ("nuts2016", "nuts2021", "nuts2024", "itl2021", "eustat")
ACTIVITY_SCHEMES = ("eurostat_nace_r2", "cpa_2_1", "eustat_a38")


def key(activity: Activity) -> tuple[str, str, str, str]:
    """Classification, version, level and code of an activity."""
    return activity.classification, activity.version, activity.level, activity.code


def named(names: Sequence[str], rows: Iterable[Sequence[object]]) -> list[dict[str, Any]]:
    """Rows as records under ``names``."""
    return [dict(zip(names, row, strict=True)) for row in rows]


def records(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Rows as records; lists become text separated by blanks."""
    return [{k: " ".join(v) if isinstance(v, tuple) else v for k, v in row.model_dump().items()} for row in rows]


def geography_codes(
    geographies: Sequence[Geography], breaks: Sequence[GeographyBreak]
) -> Iterator[tuple[str, str, str, bool]]:
    """Scheme, code, place, and whether the code once stood for other borders than the place has now."""
    moved = {(b.from_code, b.to_geo) for b in breaks if b.territory == "changed"}
    for place in geographies:
        for scheme in GEO_SCHEMES:
            for code in getattr(place, scheme):
                yield scheme, code, place.geo, (code, place.geo) in moved


def geography_ancestors(geographies: Sequence[Geography]) -> Iterator[tuple[str, str]]:
    """Every place with each larger one that holds it, through any number of parents."""
    above = {p.geo: tuple(filter(None, (p.parent, *p.also_in))) for p in geographies}
    for geo, nearest in above.items():
        found: dict[str, None] = {}
        queue = list(nearest)
        while queue:
            ancestor = queue.pop(0)
            if ancestor not in found and ancestor != geo:
                found[ancestor] = None
                queue += above.get(ancestor, ())
        yield from ((geo, ancestor) for ancestor in found)


def activity_codes(activities: Sequence[Activity]) -> Iterator[tuple[str, str, str, str, str, str]]:
    """Scheme and code as the publisher spells it, with the activity it stands for."""
    for activity in activities:
        for scheme in ACTIVITY_SCHEMES:
            for code in getattr(activity, scheme):
                yield (scheme, code, *key(activity))


def kibs_definitions(
    activities: Sequence[Activity], variants: Sequence[KibsVariant], members: Sequence[KibsMember]
) -> list[dict[str, Any]]:
    """Activities of every KIBS variant, one set of rows a breakdown; a join must name its table's breakdown.

    A variant written in divisions is carried to every coarser breakdown, of activities or aligned products,
    whose items make up each of its groups exactly, and to no other: A*10 merges M with N, so it has no row of
    the headline.
    """
    items = {(a.classification, a.version, a.code): a for a in activities}
    about = {v.variant: v for v in variants}
    lists: dict[tuple[str, str, str], list[Activity]] = {}
    for activity in activities:
        for breakdown in activity.breakdowns:
            lists.setdefault((activity.classification, activity.version, breakdown), []).append(activity)
    written: dict[tuple[str, str, str, str], dict[str, list[str]]] = {}
    for m in members:
        groups = written.setdefault((m.variant, m.classification, m.version, m.breakdown), {})
        groups.setdefault(m.grp, []).append(m.activity)
    rows: list[dict[str, Any]] = []
    for (variant, classification, version, breakdown), groups in written.items():
        sets = [
            (
                breakdown,
                {g: [items[classification, version, c] for c in codes] for g, codes in groups.items()},
            )
        ]
        if breakdown == FINEST:
            for (of, at, coarser), candidates in lists.items():
                if coarser != FINEST and (of, at) in ALIGNED.get((classification, version), ()):
                    sets.append((coarser, {g: compose(frozenset(c), candidates) for g, c in groups.items()}))
        rows += [
            {"variant": variant, "grp": grp, "breakdown": name}
            | dict(zip(ACTIVITY, key(a), strict=True))
            | {"use": about[variant].use, "status": about[variant].status}
            for name, parts in sets
            if all(parts.values())
            for grp, found in parts.items()
            for a in found
        ]
    return rows


def service_sets(activities: Sequence[Activity], groups: Sequence[ServiceGroup]) -> list[dict[str, Any]]:
    """Products of every service set at the level of supply and use tables.

    An item that a table may split is there beside its parts (68 beside 68A and 68B), all with the same ``whole``;
    a table has either.
    """
    rows: list[dict[str, Any]] = []
    for group in groups:
        for of, breakdown in (((group.classification, group.version), PRODUCTS), A86):
            own = [a for a in activities if (a.classification, a.version) == of]
            for item in compose(group.parts(), [a for a in own if breakdown in a.breakdowns]):
                rows += [
                    {"service_set": group.service_set, "grp": group.grp}
                    | dict(zip(ACTIVITY, key(a), strict=True))
                    | {"whole": item.code}
                    for a in (item, *_split(item, own))
                ]
    return rows


def branch_blocks(activities: Sequence[Activity]) -> list[dict[str, Any]]:
    """Branches of the blocks that supply and use tables are read by, at every level of NACE Rev. 2.

    Blocks are manufacturing (C, with and without repair), services (G-U) and every manufacturing branch by itself.
    ``n_divisions`` is what a branch holds, ``n_block`` what its block holds: where the first do not add up to the
    second a table lacks a branch or has it twice. A part of a division (68A) is a fraction of it.
    """
    own = [a for a in activities if (a.classification, a.version) == NACE]
    everything = frozenset().union(*(a.parts() for a in own if a.code == "TOTAL"))
    rows = _a86_blocks([a for a in activities if A86[1] in a.breakdowns])
    for block, part, divisions in BLOCKS:
        whole = everything & divisions
        for activity in (a for a in own if a.parts() and a.parts() <= whole):
            for member, n in _members(activity, own):
                branch = dict(zip(ACTIVITY, key(member), strict=True)) | {"n_divisions": n}
                rows.append({"block": block, "part": part, "n_block": float(len(whole))} | branch)
                if (block, part) == BLOCKS[0][:2] and member.code != block:
                    rows.append({"block": member.code, "part": "", "n_block": n} | branch)
    return rows


def _a86_blocks(own: Sequence[Activity]) -> list[dict[str, Any]]:
    """The blocks in branches of A86, several of which may share a division: each counts as its part of it."""
    holders = Counter(division for a in own for division in a.parts())
    size = {a.code: sum(1 / holders[division] for division in a.parts()) for a in own}
    rows: list[dict[str, Any]] = []
    for block, part, divisions in BLOCKS:
        inside = [a for a in own if a.parts() <= divisions]
        whole = round(sum(size[a.code] for a in inside), 9)
        for a in inside:
            branch = dict(zip(ACTIVITY, key(a), strict=True)) | {"n_divisions": size[a.code]}
            rows.append({"block": block, "part": part, "n_block": whole} | branch)
            if (block, part) == BLOCKS[0][:2]:
                rows.append({"block": a.code, "part": "", "n_block": size[a.code]} | branch)
    return rows


def _members(activity: Activity, own: Sequence[Activity]) -> list[tuple[Activity, float]]:
    """An activity with its number of divisions, and the parts that a table may show in its place."""
    parts = _split(activity, own)
    return [(activity, float(len(activity.parts()))), *((part, 1 / len(parts)) for part in parts)]


def _split(item: Activity, own: Sequence[Activity]) -> list[Activity]:
    """Parts of a division that supply and use tables may show in its place."""
    return [a for a in own if a.level == PRODUCTS and not a.divisions and a.parent == item.code]


def compose(divisions: frozenset[str], candidates: Iterable[Activity]) -> list[Activity]:
    """Items that make up ``divisions`` exactly, or none."""
    inside = [a for a in candidates if a.parts() and a.parts() <= divisions]
    return inside if frozenset().union(*(a.parts() for a in inside)) == divisions else []


def observation_flags(flags: Sequence[Flag]) -> list[dict[str, Any]]:
    """Flags with the combinations that a publisher may write as one word, so that a join takes it verbatim.

    These are alphabetical combinations of two and three letters, and of up to two with a confidentiality mark
    (``|C``) behind them. The status of a combination is the set of its letters; A (normal) only stands alone.
    """
    rows = [f.model_dump(exclude={"combines"}) for f in flags]
    for publisher in dict.fromkeys(f.publisher for f in flags):
        own = [f for f in flags if f.publisher == publisher]
        letters = sorted((f for f in own if f.combines), key=lambda f: f.flag)
        words = [word for size in (1, 2, 3) for word in itertools.combinations(letters, size)]
        marks = [f for f in own if f.flag.startswith("|")]
        marked = [(*word, mark) for mark in marks for word in words if len(word) < 3]
        rows += [_word(publisher, word) for word in [w for w in words if len(w) > 1] + marked]
    return rows


def _word(publisher: str, flags: Sequence[Flag]) -> dict[str, Any]:
    status = "".join(sorted({f.status for f in flags} - {"A"})) or "A"
    row = {"publisher": publisher, "flag": "".join(f.flag for f in flags), "status": status}
    for field in ("meaning_en", "meaning_es", "meaning_eu", "note"):
        row[field] = "; ".join(filter(None, (getattr(f, field) for f in flags)))
    return row
