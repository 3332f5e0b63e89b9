"""Strict models of the reference tables in ``data/catalogue``.

Belongs here: the shape of one row, and what all models share. Does not belong here: contracts (contract_models.py),
reading the files and what must hold between them (catalogue.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _words(value: object) -> object:
    """A CSV cell or YAML scalar that lists words becomes a tuple."""
    return tuple(value.split()) if isinstance(value, str) else value


def _number(value: object) -> object:
    return None if value == "" else value


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Number = Annotated[float | None, BeforeValidator(_number)]
Text = Annotated[str, Field(min_length=1)]


def written_out(words: Iterable[str]) -> frozenset[str]:
    """Divisions with ranges (``58-63``) written out."""
    found: set[str] = set()
    for word in words:
        first, _, last = word.partition("-")
        found.update(f"{n:02d}" for n in range(int(first), int(last or first) + 1))
    return frozenset(found)


class Strict(BaseModel):
    """Base of all models: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Names(Strict):
    """A name in the three languages."""

    en: Text
    es: Text
    eu: Text


class Row(Strict):
    """A row of a reference CSV; an empty cell is the empty string, or no number."""


class Geography(Row):
    """A place. ``geo`` is its NUTS 2024 code if it has one, else the last code it had, else the national one.

    ``parent`` is the smallest listed place of the line that holds it, ``also_in`` further places outside that
    line. Columns named after a scheme hold the place's codes in it, separated by blanks.
    """

    geo: Text
    level: Literal["agg", "nuts0", "nuts1", "nuts2", "nuts3", "comarca", "lau"]
    kind: Text
    parent: str
    also_in: Words
    groups: Words
    name_en: Text
    name_es: Text
    name_eu: Text
    nuts2016: Words
    nuts2021: Words
    nuts2024: Words
    itl2021: Words
    eustat: Words
    note: str


class GeographyBreak(Row):
    """A recoding: ``from_geo``, coded ``from_code``, became ``to_geo``, coded ``to_code``."""

    from_geo: Text
    to_geo: Text
    from_code: Text
    to_code: Text
    version: Text
    territory: Literal["identical", "changed"]
    first_period: Text
    note: Text


class Activity(Row):
    """An item of an activity or product classification.

    ``code`` is unique within classification and version. ``divisions`` are the two-digit codes it is made of
    (``58-63`` is a range), empty where it is not a union of divisions; ``breakdowns`` the standard lists that
    have it as an item.
    """

    classification: Text
    version: Text
    level: Literal["total", "a6", "a10", "section", "a38", "a64", "a86", "division", "group", "class"]
    code: Text
    parent: str
    divisions: Words
    breakdowns: Words
    eurostat_nace_r2: Words
    cpa_2_1: Words
    eustat_a38: Words
    name_en: Text
    name_es: Text
    name_eu: Text

    def parts(self) -> frozenset[str]:
        """Divisions with ranges written out."""
        return written_out(self.divisions)


class Classification(Row):
    """A version of a classification of activities or products.

    ``divisions_of`` is the version of NACE whose two-digit codes it has: only what has the same divisions may be
    joined on a code.
    """

    classification: Text
    version: Text
    divisions_of: Text
    note: str


class BridgeRow(Row):
    """One step from a version of a classification to another; codes of several divisions are joined by ``+``.

    ``kind`` is division (one to one), set (several divisions carried as one) or aggregate (two sums that are reported
    side by side because no weights are known; ``leaks`` names the classes that leave or enter). ``weight`` is the
    part of ``from_code`` that goes to ``to_code``: 1 where ``is_closed``, else an estimate from ``weight_source`` for
    ``weight_year``, and empty while there is none.
    """

    from_classification: Text
    from_version: Text
    from_code: Text
    to_classification: Text
    to_version: Text
    to_code: Text
    kind: Literal["division", "set", "aggregate"]
    is_closed: bool
    weight: Number
    weight_source: str
    weight_year: Annotated[str, Field(pattern=r"^(\d{4})?$")]
    leaks: Words
    note: str

    @property
    def old(self) -> frozenset[str]:
        """Divisions of ``from_code``."""
        return frozenset(self.from_code.split("+"))

    @property
    def new(self) -> frozenset[str]:
        """Divisions of ``to_code``."""
        return frozenset(self.to_code.split("+"))


class Municipality(Row):
    """A municipality of the Basque Country with its national code of five digits, its territory and its district.

    ``district`` is Eustat's comarca, empty where it is not listed; a listed one has all its municipalities.
    """

    code: Annotated[str, Field(pattern=r"^\d{5}$")]
    name: Text
    territory: Text
    district: str
    note: str


class EsaItem(Row):
    """An item of the supply and use tables that is no activity or product: a final use, a valuation …"""

    code: Text
    kind: Literal["final_use", "import", "valuation", "total", "balance"]
    name_en: Text
    name_es: Text
    name_eu: Text


class KibsVariant(Row):
    """What a KIBS variant is for. ``is_headline`` is true of one."""

    variant: Text
    is_headline: bool
    name_en: Text
    name_es: Text
    name_eu: Text
    use: Text
    status: Text
    note: str


class KibsMember(Row):
    """An activity of a KIBS variant, in the breakdown in which the variant is defined."""

    variant: Text
    grp: Literal[
        "ict",
        "finance",
        "professional_rd",
        "support",
        "professional_and_support",
        "knowledge_services",
        "technology",
        "professional",
    ]
    classification: Text
    version: Text
    breakdown: Text
    activity: Text


class ServiceGroup(Row):
    """A group of service products in a service set, as divisions (``58-63`` is a range)."""

    service_set: Text
    grp: Literal["ict", "finance", "real_estate", "professional", "rental_and_staff", "support", "repair", "trade"]
    classification: Text
    version: Text
    divisions: Annotated[Words, Field(min_length=1)]
    note: str

    def parts(self) -> frozenset[str]:
        """Divisions with ranges written out."""
        return written_out(self.divisions)


class Flag(Row):
    """A publisher's mark on a figure and the SDMX observation status it stands for.

    ``combines`` is true of letters that a publisher writes together as one word.
    """

    publisher: Text
    flag: Text
    status: Annotated[str, Field(pattern=r"^[ABCDEFPUNM]$")]
    combines: bool
    meaning_en: Text
    meaning_es: Text
    meaning_eu: Text
    note: str


class Claim(Row):
    """One figure of one published statement, beside what would count as reproducing it.

    ``low`` and ``high`` bound the accepted value and are accepted themselves; both empty: the figure is
    reported, not judged. ``period`` is a year or a span (``2008/2015``: every year of it), empty where the
    statement names none. ``value`` is empty where the statement gives a range or no number.
    ``earlier_value`` is the figure of an older vintage of the likely source, ``earlier_vintage`` says which.
    """

    claim: int = Field(ge=1)
    part: Annotated[str, Field(pattern=r"^[a-z]$")]
    statement_en: Text
    statement_es: Text
    statement_eu: Text
    value: Number
    low: Number
    high: Number
    unit: Text
    period: Annotated[str, Field(pattern=r"^(\d{4}(/\d{4})?)?$")]
    geo: Text
    indicator: Text
    variant: str
    activity: str
    comparator: str
    likely_source: Text
    earlier_vintage: str
    earlier_value: Number
    section: Text
    note: str


class Window(Row):
    """A span of years over which trends are measured; an empty ``to_period`` is the last year published."""

    window: Text
    from_period: Text
    to_period: str
    note: str


class HubThreshold(Row):
    """A parameter of the rule that classes a hub; none of them is a standard."""

    threshold: Text
    value: float
    meaning: Text


class HubGoalpost(Row):
    """A pillar of the hub index with its fixed goalposts and weight; none of them is a standard."""

    variant: Text
    pillar: Text
    low: float
    high: float
    weight: float = Field(gt=0)
    meaning: Text


class SizeClass(Row):
    """How many persons stand for an establishment of a size class, where only classes are published."""

    size: Text
    persons: float = Field(gt=0)
    note: Text
