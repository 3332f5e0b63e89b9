"""The codebook of a firm survey: what its extract's columns are called, counted in and coded as, and its design.

Belongs here: the strict shape of the YAML, its reading, and what must hold inside it. Does not belong here: reading
an extract (formats/survey.py), estimating from it (estimators/), where the file lies.

Every plain scalar of the YAML is text except ``true``, ``false`` and ``null``: a label ``No``, a size ``01`` and the
expectation ``=`` stay what was written.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from typing import Annotated, Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator

from observatory import strict_yaml
from observatory.catalogue_models import Names, Strict, Text
from observatory.errors import DataError

Ours = Literal[
    "firm",
    "holding",
    "branch",
    "size",
    "territory",
    "share_pct",
    "turnover",
    "service_turnover",
    "expectation",
    "weight",
    "stratum",
]
Unit = Literal["percent", "share", "euro", "thousand_euro", "million_euro", "number", "text", "category", "yes_no"]
MONEY = ("euro", "thousand_euro", "million_euro")
NUMERIC = ("percent", "share", "number", *MONEY)
EXPECTATIONS = ("++", "+", "=", "-", "--", "dk")

_TEXTS = ("text", "category", "yes_no")
_UNITS: dict[str, tuple[str, ...]] = {
    "firm": ("text",),
    "holding": ("text",),
    "branch": _TEXTS,
    "size": _TEXTS,
    "territory": _TEXTS,
    "stratum": _TEXTS,
    "share_pct": ("percent", "share"),
    "turnover": MONEY,
    "service_turnover": MONEY,
    "expectation": ("category",),
    "weight": ("number",),
}
_STANDINS = {"ñ": "\ue000", "ç": "\ue001"}  # letters of their own, not letters with an accent
_BACK = {mark: letter for letter, mark in _STANDINS.items()}
_KEPT, _KEPT_BACK = re.compile("[ñç]"), re.compile("[\ue000\ue001]")
_Shape = TypeVar("_Shape", bound=BaseModel)
_REMEDY = "Mend the codebook; a label that YAML could take for something else, such as -, goes between quotes"


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Texts = Annotated[tuple[Text, ...], BeforeValidator(_listed)]


class File(Strict):
    """What is known of the file: all of it optional, and believed where given. ``header_row`` counts from 1."""

    encoding: str | None = None
    separator: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    sheet: str | None = None
    header_row: Annotated[int, Field(ge=1)] | None = None


class Column(Strict):
    """One column of ours in the extract.

    ``header`` lists accepted spellings (case, accents and blanks do not matter), ``scale`` maps the labels of the
    questionnaire to our codes (codes stand for themselves), ``missing`` lists marks for "no answer" beyond the usual
    ones. ``required``: the column must be there and every firm must have a value in it.
    """

    header: Texts = Field(min_length=1)
    unit: Unit
    required: bool = False
    scale: dict[Text, Text] = Field(default_factory=dict)
    missing: Texts = ()

    @model_validator(mode="after")
    def _coded(self) -> Self:
        if self.unit == "category" and not self.scale:
            raise ValueError("a column of unit category needs a scale (label: code)")
        if self.scale and self.unit != "category":
            raise ValueError(f"a scale is for unit category, not {self.unit}")
        return self


class Response(Strict):
    """The fieldwork: how many firms were invited."""

    invited: Annotated[int, Field(ge=1)]


class Design(Strict):
    """How the firms came into the sample.

    ``strata`` gives the number of firms in the population of each stratum; ``by`` names the column of ours whose
    code is the stratum (not needed for a single one). ``fpc``: the finite population correction applies.
    """

    kind: Literal["probability", "list", "census"]
    strata: dict[Text, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    by: Literal["stratum", "size", "branch", "territory"] = "stratum"
    fpc: bool = False
    response: Response | None = None

    @property
    def is_designed(self) -> bool:
        """Whether the inclusion of a firm has a known probability."""
        return self.kind in {"probability", "census"}


class Codebook(Strict):
    """A survey wave and the columns of its extract. ``number_format``: es is 1.234,5 and en is 1,234.5."""

    survey: Text
    wave: Text
    title: Names
    provenance: Literal["survey", "synthetic"]
    language: Literal["es", "eu", "en"]
    file: File = File()
    number_format: Literal["es", "en"] | None = None
    columns: dict[Ours, Column]
    design: Design

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if "firm" not in self.columns:
            raise ValueError("columns: the column firm is needed, to tell rows apart")
        for ours, column in self.columns.items():
            if column.unit not in _UNITS[ours]:
                raise ValueError(f"columns.{ours}: unit {column.unit} is not one of {', '.join(_UNITS[ours])}")
        used = Counter(plain(h) for c in self.columns.values() for h in {plain(h): h for h in c.header}.values())
        if twice := [header for header, times in used.items() if times > 1]:
            raise ValueError(f"columns: the header {twice[0]!r} is listed under two of them")
        answers = self.columns.get("expectation")
        if answers and (strange := sorted(set(answers.scale.values()) - set(EXPECTATIONS))):
            raise ValueError(f"columns.expectation.scale: {strange[0]!r} is not one of {' '.join(EXPECTATIONS)}")
        for ours, column in self.columns.items():
            folded: dict[str, str] = {}
            for label, code in column.scale.items():
                if folded.setdefault(plain(label), code) != code:
                    raise ValueError(f"columns.{ours}.scale: {label!r} has two codes")
        if len(self.design.strata) > 1 and self.design.by not in self.columns:
            raise ValueError(f"design: several strata, but there is no column {self.design.by} to tell them by")
        return self


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """A header or label without case, accents (ñ and ç stay), line breaks, doubled blanks and marks at its end."""
    marked = _KEPT.sub(lambda found: _STANDINS[found[0]], unicodedata.normalize("NFKC", text).casefold())
    bare = "".join(c for c in unicodedata.normalize("NFD", marked) if not unicodedata.combining(c))
    words = " ".join(_KEPT_BACK.sub(lambda found: _BACK[found[0]], bare).split())
    return words.rstrip(" .:*") or words


class _Loader(yaml.SafeLoader):
    """YAML 1.2's true, false and null; all else is text; a key given twice is an error."""


_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^(?:null|~|)$"), ["n", "~", ""])
_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, strict_yaml.mapping)


def read(data: bytes, *, name: str) -> Codebook:
    """Parse a codebook. Raises DataError that lists every field that is wrong, each with its place in the file."""
    return document(data, Codebook, name=name)


def document(data: bytes, shape: type[_Shape], *, name: str) -> _Shape:
    """A YAML file with the scalars of a codebook, as a strict model. Raises DataError as :func:`read` does."""
    try:
        content = strict_yaml.load(data.decode("utf-8-sig"), _Loader)
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"{name}: cannot be read as YAML: {error}", remedy=_REMEDY) from error
    try:
        return shape.model_validate(content)
    except ValidationError as error:
        said = [f"{'.'.join(map(str, e['loc'])) or 'codebook'}: {e['msg']}" for e in error.errors()]
        problems = "\n  ".join(said)
        raise DataError(f"{name}: {len(said)} problem(s)\n  {problems}", remedy=_REMEDY) from error
