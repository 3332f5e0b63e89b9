"""What the site takes from a release: indicators with their rows, default series, latest figures.

Belongs here: reading release directories and choosing rows, with no word of a language. Does not belong here: names
(site_labels.py), sentences (site_sentences.py), pages (site_pages.py).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from observatory import releases
from observatory.headline import HOME, SYNTHETIC, Key, default_series, key, latest, span
from observatory.models import Header

Row = Mapping[str, Any]

TOPICS = ("serv", "svy", "ict", "kibs", "hub", "spec", "div", "conc", "conv", "bench", "rel", "io", "mfg", "pm")
RELATED = {"shift": "conv", "eci": "rel", "agg": "conc", "client": "io"}
"""Prefixes of names that belong to the topic of another prefix."""
FOCUS = (*HOME, "ES", "EU27_2020")
PEERS = ("ES30",)
"""Beside whom a place stands that is set against a comparator: the journal compares with Madrid."""
DWARFED = 10
"""How many times smaller than the largest a figure may be and still be seen in one chart."""


@dataclass(frozen=True)
class Indicator:
    """One indicator of a release: the manifest's resource, and the model header while it still says the same."""

    resource: Mapping[str, Any]
    folder: Path
    header: Header | None
    variants: Sequence[str]

    @property
    def name(self) -> str:
        """Id of the indicator."""
        return str(self.resource["name"])

    @property
    def path(self) -> Path:
        """The Parquet file."""
        return self.folder / str(self.resource["path"])

    @property
    def topic(self) -> str:
        """Topic by the prefix of the name; ``other`` for one that is not known."""
        prefix = self.name.split("_")[0]
        prefix = RELATED.get(prefix, prefix)
        return prefix if prefix in TOPICS else "other"

    @cached_property
    def columns(self) -> Mapping[str, Sequence[Any]]:
        """Columns as plain lists, as in the release."""
        import pyarrow.parquet as pq

        found: Mapping[str, Sequence[Any]] = pq.read_table(self.path).to_pydict()
        return found

    @cached_property
    def rows(self) -> Sequence[Row]:
        """All rows, as in the release."""
        names = list(self.columns)
        return [dict(zip(names, values, strict=True)) for values in zip(*self.columns.values(), strict=True)]

    @cached_property
    def words(self) -> Mapping[str, set[str]]:
        """Distinct codes of the columns that a reader chooses from; an empty text for none."""
        chosen = ("variant", "geo", "activity", "comparator", "period")
        return {name: {value or "" for value in self.columns[name]} for name in chosen}

    @cached_property
    def is_synthetic(self) -> bool:
        """Whether a row is made up."""
        return any(row["provenance"] == SYNTHETIC for row in self.rows)

    @cached_property
    def by_activity(self) -> frozenset[str]:
        """Variants that have figures of several activities, so that a figure must name its own."""
        pairs = set(zip(self.columns["variant"], self.columns["activity"], strict=True))
        counts = Counter(variant or "" for variant, _ in pairs)
        return frozenset(variant for variant, count in counts.items() if count > 1)

    @cached_property
    def by_place(self) -> Mapping[str, Sequence[Row]]:
        """Rows by place."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row["geo"], []).append(row)
        return found

    @cached_property
    def main_series(self) -> Key | None:
        """The series shown first."""
        return default_series(self.rows, self.variants)

    @cached_property
    def main_figures(self) -> Mapping[str, tuple[Row, Sequence[Row]]]:
        """By place, the newest row of its main series with a value (else the newest row), and the whole series."""
        found = {}
        for geo, mine in self.by_place.items():
            if (series := default_series(mine, self.variants)) is not None:
                rows = of_series(mine, series)
                found[geo] = latest(rows) or rows[-1], rows
        return found


@dataclass(frozen=True)
class Release:
    """A release directory as the site sees it."""

    folder: Path
    manifest: Mapping[str, Any]
    indicators: Mapping[str, Indicator]

    @property
    def name(self) -> str:
        """Release id."""
        return self.folder.name

    def json(self, name: str) -> list[dict[str, Any]]:
        """A JSON list kept beside the tables; empty if the release has none."""
        path = self.folder / name
        found: list[dict[str, Any]] = json.loads(path.read_text("utf-8")) if path.exists() else []
        return found

    def text(self, name: str) -> str:
        """A text kept beside the tables; empty if the release has none."""
        path = self.folder / name
        return path.read_text("utf-8") if path.exists() else ""

    @cached_property
    def places(self) -> Sequence[str]:
        """Codes of all places that have a row."""
        return sorted({row["geo"] for one in self.indicators.values() for row in one.rows})


def read(folder: Path, variants: Sequence[str], headers: Mapping[str, Header] | None = None) -> Release:
    """A release directory. ``variants`` are the KIBS variants, the headline first, ``headers`` today's model headers by
    indicator, used only while the definition is the release's. Raises DataError if the manifest cannot be read."""
    content = releases.manifest(folder)
    found = {}
    for resource in content["resources"]:
        if resource["relation"].startswith("indicators."):
            header = (headers or {}).get(resource["name"])
            same = header is not None and header.definition == resource["description"]
            found[resource["name"]] = Indicator(resource, folder, header if same else None, variants)
    ordered = sorted(found.values(), key=lambda one: ((*TOPICS, "other").index(one.topic), one.name))
    return Release(folder, content, {one.name: one for one in ordered})


def up_to(folder: Path, release: Path) -> list[Path]:
    """Directories of all releases up to ``release``, the newest first."""
    known = releases.names(folder)
    return [folder / name for name in reversed(known[: known.index(release.name) + 1])]


def of_series(rows: Sequence[Row], series: Key) -> list[Row]:
    """Rows of one series, oldest period first."""
    return sorted((row for row in rows if key(row) == series), key=lambda row: span(row["period"])[::-1])


def default_view(rows: Sequence[Row], series: Key) -> str:
    """A course needs two periods: a series of one place and one period opens as bars, beside the other variants."""
    mine = [row for row in rows if key(row) == series]
    is_single = len({row["geo"] for row in mine}) == len({row["period"] for row in mine}) == 1
    return "rank" if is_single and len({row["variant"] for row in rows}) > 1 else "series"


def default_places(rows: Sequence[Row], series: Key) -> list[str]:
    """Places shown first: those in focus that have the series, with a peer instead of what the comparator is part of;
    else the first ones.

    A place whose figure is so large that the first one's line would lie flat beside it is left out.
    """
    newest = {row["geo"]: row["value"] for row in of_series(rows, series) if row["value"] is not None}
    known = sorted(newest)
    comparator = series[2]
    if comparator not in FOCUS:
        chosen = [geo for geo in FOCUS if geo in known] or known[:3]
        return [
            geo for geo in chosen if abs(newest[geo]) <= DWARFED * abs(newest[chosen[0]]) or min(newest.values()) <= 0
        ]
    inside = [geo for geo in FOCUS[: FOCUS.index(comparator)] if geo in known]
    return [*inside, *(geo for geo in PEERS if geo in known)] if inside else known[:3]
