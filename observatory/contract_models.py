"""Strict models of a contract with a publisher (``data/catalogue/sources/*.yaml``).

Belongs here: the shape of one contract. Does not belong here: rows of reference tables (catalogue_models.py), what
must hold between contracts (catalogue.py), applying the rules to a table (resolution.py).
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from observatory.catalogue_models import Names, Strict, Text, Words


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return value


Pattern = Annotated[str, Field(min_length=1), AfterValidator(_pattern)]
Codes = tuple[Text, ...]

HOMES = {"eustat": "es", "ine": "es", "eurostat": "en", "survey": "es", "programme": "en"}
"""The language in which a publisher's own labels come."""


class Labels(Strict):
    """Regular expressions for a label, by language; searched without regard to case, blanks at the end cut."""

    es: Pattern | None = None
    eu: Pattern | None = None
    en: Pattern | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.patterns():
            raise ValueError("a label needs a pattern in at least one language")
        return self

    def patterns(self) -> dict[str, str]:
        """Patterns by language, the canonical language first (Eustat's Basque and English labels err)."""
        return {k: v for k, v in (("es", self.es), ("eu", self.eu), ("en", self.en)) if v}


class Rule(Strict):
    """How one code that cannot be known in advance is recognised, and what it is called here (``as``).

    ``codes`` are candidates; where the table has labels, one must fit ``label`` as well. Without a candidate
    the label alone decides. ``unit`` is the unit of the figures under it, where it is not the table's first.
    """

    name: Text = Field(alias="as")
    codes: Codes = ()
    label: Labels | None = None
    unit: str | None = None
    optional: bool = False

    @model_validator(mode="after")
    def _recognisable(self) -> Self:
        if not self.codes and self.label is None:
            raise ValueError("a rule needs codes, a label or both")
        return self


class Order(Strict):
    """A classification recognised by position: the codes left by the rules are ``items`` in this order.

    Taken only if there are as many (``absent`` names items that may be missing, all together) and the labels at
    the positions of ``labels`` fit.
    """

    items: Words = Field(min_length=2)
    labels: dict[str, Labels] = Field(min_length=1)
    absent: Words = ()

    @model_validator(mode="after")
    def _listed(self) -> Self:
        if strange := sorted({*self.labels, *self.absent} - set(self.items)):
            raise ValueError(f"not among the items: {', '.join(strange)}")
        return self


class Dimension(Strict):
    """One dimension of a publisher's table, under the publisher's own name.

    What is known in advance: ``codes`` is the full list of codes the table must have, ``scheme`` names the code
    lists of the catalogue in which every code must be found (one or several), ``exclude`` lists codes left out on
    purpose, ``first`` and ``last`` are periods it must reach. What is resolved at run time (resolution.py):
    ``resolve`` codes one by one, ``order`` a classification by position, ``same`` codes that stand for themselves
    (with ``*``, ``?`` and ``[0-9]``). With ``complete`` a code that none of these explains is an error.
    ``classification`` is that of the resolved activities.
    """

    code: Text
    role: Literal["geo", "activity", "time", "measure", "unit", "other"]
    codes: tuple[str, ...] = ()
    scheme: Words = ()
    exclude: tuple[str, ...] = ()
    first: str | None = None
    last: str | None = None
    classification: str = ""
    resolve: tuple[Rule, ...] = ()
    order: Order | None = None
    same: Words = ()
    complete: bool = False

    @property
    def is_resolved(self) -> bool:
        """Whether codes of it are mapped to ours at run time."""
        return bool(self.resolve or self.order or self.same)

    def names(self) -> list[str]:
        """What its codes are called after resolution, as far as that is known in advance."""
        return [rule.name for rule in self.resolve] + list(self.order.items if self.order else ())

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if twice := [name for name, n in Counter(self.names()).items() if n > 1]:
            raise ValueError(f"more than one rule for {', '.join(twice)}")
        if self.complete and not self.is_resolved:
            raise ValueError("complete needs resolve, order or same")
        return self


class Top(Strict):
    """The newest ``top`` values of a time dimension."""

    top: int = Field(ge=1)


class PxWebRequest(Strict):
    """A question to Eustat's bank; the keys are those of sources/pxweb.py."""

    service: Literal["pxweb"]
    route: Literal["auto", "file", "api"] = "auto"
    language: Literal["es", "eu", "en"] | None = None
    selection: dict[Text, Codes | Top] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.route == "file" and self.selection:
            raise ValueError("the file always holds the whole table: select with route api")
        for name, wanted in self.selection.items():
            if isinstance(wanted, Top):
                continue
            patterned = sum("*" in code for code in wanted)
            if not wanted or len(set(wanted)) < len(wanted) or patterned not in {0, len(wanted)}:
                raise ValueError(f"{name}: give codes once each, or patterns with *, not both")
        return self


class EurostatRequest(Strict):
    """A question to Eurostat; the keys are those of sources/eurostat.py."""

    service: Literal["eurostat"]
    route: Literal["tsv", "json"]
    selection: dict[Text, Codes] = Field(default_factory=dict)
    probe: dict[Text, Codes] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.route == "tsv" and self.selection:
            raise ValueError("only route json can select")
        if bad := [name for name, codes in self.selection.items() if not codes or len(set(codes)) < len(codes)]:
            raise ValueError(f"{', '.join(bad)}: give each code once")
        return self


class FileRequest(Strict):
    """A file by address; the keys are those of sources/files.py."""

    service: Literal["file"]
    publisher: Text
    address: Text
    format: Text


Request = Annotated[PxWebRequest | EurostatRequest | FileRequest, Field(discriminator="service")]


class Addition(Strict):
    """A sum that must hold: ``total`` is the sum of ``parts`` along ``dimension``.

    Codes are our own names where the dimension is resolved, else the publisher's. ``all`` parts are all codes but
    the total. ``where`` limits it to some codes of other dimensions; ``tolerance`` is in units of the table. A nil
    counts as zero; a sum with a missing part is not judged.
    """

    dimension: Text
    total: Text
    parts: Literal["all"] | Codes
    tolerance: float = Field(ge=0)
    where: dict[Text, Codes] = Field(default_factory=dict)


class Splice(Strict):
    """How this table continues another base of its series: from period ``at``, in the way ``by``.

    ``ratio`` multiplies the earlier base by this one over it in period ``at``; ``none`` sets them side by side.
    Either way ``at`` is a break.
    """

    after: Text
    by: Literal["ratio", "none"]
    at: Text
    reason: Text


class Series(Strict):
    """The long series a table is one base of. Bases are joined only as ``splice`` says."""

    name: Text
    base: Text
    splice: Splice | None = None


class Coverage(Strict):
    """The least a table must hold: ``rows`` as read (one row a cell) and, if stated, ``series``."""

    rows: int = Field(ge=0)
    series: int | None = Field(default=None, ge=1)


class Update(Strict):
    """When the publisher is expected to re-issue the table."""

    period: Literal["annual", "quarterly", "monthly", "irregular"]
    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = ()


class Source(Strict):
    """A contract: what one table of one publisher is, and what must be true of it.

    ``format`` is that of the publisher's whole file or of the embedded snapshot; the entry in the lock says which
    format a snapshot really has, and that one decides. ``request`` is what the publisher's client is asked (see
    sources/), without the table's id; absent for a table that is not fetched. The first of ``units`` is the
    table's unit unless a unit dimension or a rule says otherwise.
    """

    id: Text
    publisher: Literal["eurostat", "eustat", "ine", "survey", "programme"]
    table: Text
    title: Names
    what: Text
    format: Literal["px", "jsonstat", "eurostat_tsv", "sdmx_csv", "ine_csv", "survey", "register"]
    units: dict[str, Text] = Field(min_length=1)
    dimensions: tuple[Dimension, ...] = Field(min_length=1)
    coverage: Coverage
    update: Update
    licence: Text
    citation: Text
    url: Text
    quirks: tuple[Text, ...] = ()
    adds_up: tuple[Addition, ...] = ()
    series: Series | None = None
    request: Request | None = None

    def asked(self) -> dict[str, Any]:
        """The request as the clients of sources/ take it, empty if the table is not fetched."""
        if self.request is None:
            return {}
        given = self.request.model_dump(mode="json", exclude_none=True)
        return {"table": self.table, **{key: value for key, value in given.items() if value != {}}}
