"""Codes that look alike and are not: renumbered places, and activities that merge what a variant keeps apart.

Belongs here: finding such codes in rows of the catalogue and in the codes of a table. Does not belong here: versions of
classifications (versions.py, catalogue_bridge.py), codes that nobody knows (catalogue.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from observatory.catalogue_bridge import ranges
from observatory.catalogue_models import Activity, GeographyBreak, KibsMember, KibsVariant
from observatory.contract_models import Source

if TYPE_CHECKING:
    import pyarrow as pa

APPROXIMATION = "named approximation"
"""The status of a variant that may be made of an activity wider than it."""
RENUMBERED = "NUTS"


def renumbered(codes: Collection[str], breaks: Sequence[GeographyBreak]) -> list[str]:
    """Pairs of codes of one renumbered region with other borders, as ``NL33 and NL36 (…)``: never one series."""
    return [
        f"{b.from_code} and {b.to_code} ({b.version}: {b.note})"
        for b in breaks
        if b.version.startswith(RENUMBERED) and b.territory == "changed" and {b.from_code, b.to_code} <= set(codes)
    ]


def beside(source: Source, raw: pa.Table, breaks: Sequence[GeographyBreak]) -> list[str]:
    """Such pairs in the places of a table as a reader gives it, each with its dimension."""
    geos = [d for d in source.dimensions if d.role == "geo"]
    found = {d.code: {str(code) for code in raw[d.code].unique().to_pylist()} - set(d.exclude) for d in geos}
    return [f"{name}: {pair}" for name, codes in found.items() for pair in renumbered(codes, breaks)]


def spliced(before: Source, after: Source, breaks: Sequence[GeographyBreak]) -> list[str]:
    """Such pairs on either side of a splice of two tables."""
    geos = {code for source in (before, after) for d in source.dimensions if d.role == "geo" for code in d.codes}
    return renumbered(geos, breaks)


def merged(
    activities: Sequence[Activity], members: Sequence[KibsMember], variants: Sequence[KibsVariant]
) -> Iterator[str]:
    """Members of variants that are wider than the section they stand for: A*10 merges M with N, and so on.

    Only a named approximation may have them, for no other breakdown can take out again what they merge.
    """
    allowed = {v.variant for v in variants if v.status == APPROXIMATION}
    items = {(a.classification, a.version, a.code): a for a in activities}
    sections = [a for a in activities if a.level == "section"]
    for m in members:
        item = items.get((m.classification, m.version, m.activity))
        if item is None or m.variant in allowed:
            continue
        own = [s for s in sections if (s.classification, s.version) == (m.classification, m.version)]
        into = [s.code for s in own if s.parts() & item.parts()]
        if len(into) > 1:
            yield (
                f"{m.variant}: {m.breakdown} {m.activity} ({ranges(item.parts())}) merges the sections "
                f"{' and '.join(into)}: only {', '.join(sorted(allowed)) or 'a named approximation'} may be made of it"
            )
