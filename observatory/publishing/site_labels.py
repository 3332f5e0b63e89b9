"""Names of places, activities, variants, units and statuses in a language.

Belongs here: turning codes of a release into words, from the catalogue and the messages. A code that nothing names is
shown as it is. Does not belong here: choosing figures (site_content.py) or laying out pages (site_pages.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from observatory.catalogue import Catalogue
from observatory.catalogue_models import Geography
from observatory.publishing import numbers
from observatory.publishing import site_messages as messages
from observatory.publishing.grammar import PlaceName
from observatory.publishing.site_content import Row
from observatory.publishing.site_messages import Language

LEVELS = ("lau", "comarca", "nuts3", "nuts2", "nuts1", "nuts0", "agg")
CLASSES = "class from 0 to 3"
UNCODED = ("OTHER", "TOTAL")
ENDS = ("signed",)
MOVED = re.compile(r"(\w+?)([+-]\d+%)")
"""A threshold and by how much a variant moves it."""


def variant_words(language: Language, code: str, names: Mapping[str, str]) -> str:
    """A variant's parts in words; ``names`` are those of KIBS variants and places. A dash for no variant."""

    def said(part: str) -> str:
        if found := names.get(part) or messages.known(language, f"variant.{part}"):
            return found
        kind, sign, value = part.partition("=")
        if sign:
            return f"{said(kind)}: {said(value)}"
        if moved := MOVED.fullmatch(part):
            return f"{said(moved[1])} {moved[2]}"
        whole, _, suffix = part.rpartition("_")
        return f"{names[whole]}, {said(suffix)}" if whole in names else part.replace("_", " ")

    return " · ".join(said(part) for part in code.split(":")) if code else "–"


def code_set(items: str) -> str:
    """A sum of codes with its runs of divisions drawn together: ``58+59-60+61+64`` as ``58–61 + 64``."""
    runs: list[list[str]] = []
    for item in items.split("+"):
        first, last = item.partition("-")[0], item.rpartition("-")[2]
        if runs and first.isdecimal() and runs[-1][1].isdecimal() and int(first) == int(runs[-1][1]) + 1:
            runs[-1][1] = last
        else:
            runs.append([first, last])
    return " + ".join(first if first == last else f"{first}–{last}" for first, last in runs)


def variant_order(code: str) -> list[tuple[bool, str, int, str]]:
    """Sorts variants part by part: numbers by size (``step=2`` before ``step=10``), what ends a course last."""
    parts = [(part, *part.partition("=")) for part in code.split(":")]
    return [(part in ENDS, kind, int(value) if value.isdecimal() else 0, value) for part, kind, _, value in parts]


@dataclass(frozen=True)
class Labels:
    """Words of one language for the codes of the catalogue."""

    language: Language
    catalogue: Catalogue

    @cached_property
    def _geographies(self) -> Mapping[str, Geography]:
        return {one.geo: one for one in self.catalogue.geographies}

    @cached_property
    def _activities(self) -> Mapping[tuple[str, str], str]:
        found: dict[tuple[str, str], str] = {}
        for one in self.catalogue.activities:
            found.setdefault((f"{one.classification}{one.version}", one.code), self._name(one))
            if one.classification == "Eustat":
                found.setdefault((one.level.upper(), one.code), self._name(one))
        return found

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Names of places and KIBS variants by code."""
        known = {one.geo: self._name(one) for one in self.catalogue.geographies}
        return known | {one.variant: self._name(one) for one in self.catalogue.kibs_variants}

    def _name(self, one: object) -> str:
        return str(getattr(one, f"name_{self.language}"))

    def place(self, geo: str) -> PlaceName:
        """Name of a place, in the form that a sentence asks for; its code if the catalogue has none."""
        one = self._geographies.get(geo)
        return PlaceName(self._name(one) if one else geo, self.language)

    def level(self, geo: str) -> str:
        """Level of a place, e.g. ``nuts2``; ``agg`` for one that is not in the catalogue."""
        one = self._geographies.get(geo)
        return one.level if one else "agg"

    def parent(self, geo: str) -> str:
        """Code of the place that holds this one; empty if none."""
        one = self._geographies.get(geo)
        return (one.parent or "") if one else ""

    def order(self, geo: str) -> tuple[int, int, str]:
        """Sorts places: Basque ones, those compared with, all others; each from the municipality up, then by name."""
        one = self._geographies.get(geo)
        groups = one.groups if one else ()
        level = self.level(geo)
        nearness = 0 if "basque" in groups or "focus" in groups else 1 if "comparator" in groups else 2
        return nearness, LEVELS.index(level) if level in LEVELS else len(LEVELS), self.place(geo)

    def activity(self, code: str) -> str:
        """``NACE2:J`` as ``J Information and communication``; a sum of codes keeps them."""
        scheme, _, items = code.partition(":")
        if not items:
            return code or "–"
        name = self._activities.get((scheme, items)) or messages.known(self.language, f"activity.{items}")
        return (name if items in UNCODED else f"{items} {name}") if name else f"{scheme} {code_set(items)}"

    def variant(self, code: str) -> str:
        """A variant's parts in words, e.g. ``KIBS: sections J + K + M, ICT``."""
        return variant_words(self.language, code, self.names)

    def unit(self, unit: str) -> str:
        """A unit in words; as the model says it if the messages have none."""
        return messages.known(self.language, f"unit.{unit}") or unit

    def status(self, letters: str) -> str:
        """``PU`` as ``P provisional, U low reliability``; empty for a normal figure."""
        return ", ".join(
            f"{letter} {messages.known(self.language, f'status.{letter}') or ''}".strip()
            for letter in letters
            if letter != "A"
        )

    def value(self, value: float | None, unit: str) -> str:
        """A figure with its unit where the unit is a sign; classes in words."""
        if value is None:
            return messages.text(self.language, "script.missing")
        if unit == CLASSES and (word := messages.known(self.language, f"class.{value:.0f}")):
            return word
        shown = numbers.number(self.language, value, unit=unit)
        return numbers.with_sign(self.language, shown, self.unit(unit)) if unit.startswith("percent") else shown

    def interval(self, row: Row) -> str:
        """The bounds of a row's interval, or an en dash."""
        if row["lower"] is None or row["upper"] is None:
            return "–"
        lower, upper = (numbers.number(self.language, row[side], unit=row["unit"]) for side in ("lower", "upper"))
        return f"{lower} – {upper}"
