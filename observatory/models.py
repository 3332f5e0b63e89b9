"""Model files: one SELECT each, with a header that says what it means.

Belongs here: reading ``sql/``, the header's shape, dependencies, order, and the common shape of indicators. Does
not belong here: running (engines/), freshness (build.py), what a check does (quality.py).

A file ``sql/core/employment.sql`` is the table ``core.employment``: the path decides. The header is YAML in the
leading block comment. Dependencies are parsed with sqlglot, never declared.
"""

from __future__ import annotations

import functools
import graphlib
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from observatory import sql_rules, strict_yaml
from observatory.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

HEADER = re.compile(r"\A\s*/\*(.*?)\*/", re.DOTALL)
SCHEMAS = ("core", "indicators")
INDICATOR_COLUMNS = {
    "indicator": "Id of the indicator, the name of its file",
    "variant": "Which of the indicator's definitions: activity set, method, window",
    "geo": "Place (see catalogue.geographies)",
    "activity": "Activity with its classification, e.g. NACE2:J",
    "period": "Reference period: a year, or first/last year of a window",
    "value": "The figure, in `unit`; null where status says missing or confidential",
    "unit": "Unit of value, lower and upper",
    "status": "SDMX observation status: A normal, or letters of B D E F P U M C N",
    "lower": "Lower bound of the interval that the definition states",
    "upper": "Upper bound of that interval",
    "n": "Observations, cases or jobs behind the figure, where it has meaning",
    "comparator": "Place compared with, where there is one",
    "provenance": "Weakest provenance of the inputs: official, survey, programme or synthetic",
    "sources": "Ids of the source tables, separated by ;",
}
KEY = ("indicator", "variant", "geo", "activity", "period", "comparator")


class Text(BaseModel):
    """A name in the three languages of the observatory."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    es: str
    eu: str
    en: str


class CheckSpec(BaseModel):
    """A check declared by a model: a Great Expectations expectation, or SQL whose rows are the bad ones."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    expectation: str | None = None
    kwargs: dict[str, Any] = {}
    sql: str | None = None
    name: str = ""
    meaning: str = Field(default="", description="what a returned row means")
    severity: Literal["critical", "warning"] = "critical"

    @model_validator(mode="after")
    def _one_kind(self) -> CheckSpec:
        if (self.expectation is None) == (self.sql is None):
            raise ValueError("a check has either `expectation` or `sql`")
        if self.sql is not None and not (self.name and self.meaning):
            raise ValueError("an SQL check has a `name` and a `meaning` (what a returned row means)")
        return self


class Header(BaseModel):
    """The header of a model file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text
    question: str = ""
    definition: str
    unit: str
    row: str
    sources_note: str = ""
    caveats: list[str] = []
    reference: str = ""
    columns: dict[str, str] = {}
    estimator: str | None = None
    checks: list[CheckSpec] = []


@dataclass(frozen=True)
class Model:
    """One SQL file."""

    path: Path
    schema: str
    name: str
    header: Header
    sql: str
    text: str

    @property
    def relation(self) -> str:
        """``schema.table``."""
        return f"{self.schema}.{self.name}"

    @cached_property
    def code_version(self) -> str:
        """Hash of the file's bytes."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """Relations the SELECT reads, sorted."""
        return references(self.sql, self.path)

    @cached_property
    def key(self) -> tuple[str, ...]:
        """Columns that identify a row: the common key of indicators, the ORDER BY of a core table."""
        return KEY if self.schema == "indicators" else ordering(self.sql)

    @property
    def columns(self) -> dict[str, str]:
        """Column descriptions: the common ones for an indicator, the header's for a core table."""
        return INDICATOR_COLUMNS if self.schema == "indicators" else self.header.columns


@functools.cache
def references(sql: str, place: Path | str) -> tuple[str, ...]:
    """Relations that one SELECT reads, as ``schema.table``.

    Raises DataError naming ``place`` for anything but a single SELECT, and for an unqualified name.
    """
    return sql_rules.relations(sql, str(place))


def ordering(sql: str) -> tuple[str, ...]:
    """Columns of the ORDER BY that ends a SELECT, in order."""
    import sqlglot
    from sqlglot import exp

    order = sqlglot.parse_one(sql, dialect="duckdb").args["order"]
    return tuple(column.name for ordered in order.expressions for column in ordered.find_all(exp.Column))


def parse(path: Path) -> Model:
    """Read one model file. Raises DataError naming the file, and the header's key where one is wrong."""
    try:
        return read(path.read_text("utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}", remedy="Save it as UTF-8 text") from error


def read(text: str, path: Path) -> Model:
    """As :func:`parse`, for the text of a file."""
    match = HEADER.match(text)
    if match is None:
        raise DataError(f"{path}: no header", remedy="Begin the file with /* name: {{es, eu, en}} … */")
    try:
        header = Header.model_validate(strict_yaml.load(match[1]) or {})
    except (yaml.YAMLError, ValidationError) as error:
        raise DataError(
            f"{path}: the header is not valid: {error}", remedy="See CONTRIBUTING.md for the keys"
        ) from error
    schema = path.parent.name
    if schema == "core" and not header.columns:
        raise DataError(f"{path}: the header has no `columns`", remedy="Describe every column of a core table")
    return Model(path, schema, path.stem, header, text[match.end() :].strip().rstrip(";"), text)


def load(folder: Path, known: Iterable[str]) -> dict[str, Model]:
    """All models below ``folder`` in the order in which they can run.

    ``known`` are the relations that exist besides models (raw and catalogue tables). Raises DataError for a relation
    nobody makes, two models of one name, or a cycle; the message names the files.
    """
    models = {m.relation: m for m in (parse(p) for s in SCHEMAS for p in sorted((folder / s).glob("*.sql")))}
    names: dict[str, Path] = {}
    for model in models.values():
        if model.name in names:
            raise DataError(
                f"{model.path} and {names[model.name]}: two tables named {model.name!r}",
                remedy="Rename one: a release holds one file per table name",
            )
        names[model.name] = model.path
    exists = set(known) | set(models)
    for model in models.values():
        if unknown := [r for r in model.inputs if r not in exists]:
            raise DataError(
                f"{model.path}: unknown relation {', '.join(unknown)}",
                remedy=f"Known are: {', '.join(sorted(exists))}",
            )
    graph = {name: [r for r in model.inputs if r in models] for name, model in models.items()}
    try:
        order = list(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as error:
        raise DataError(
            f"the models read each other in a circle: {' → '.join(str(models[r].path) for r in error.args[1])}",
            remedy="Break the circle",
        ) from error
    return {name: models[name] for name in order}


def downstream(models: Mapping[str, Model], relation: str) -> list[str]:
    """Models that read ``relation``, directly or through others, in running order."""
    reached = {relation}
    for name, model in models.items():
        if reached.intersection(model.inputs):
            reached.add(name)
    return [name for name in models if name in reached and name != relation]


def finish(table: pa.Table, model: Model) -> pa.Table:
    """Give an indicator's rows the common columns (design §4).

    A SELECT or estimator may leave out ``indicator`` and ``unit`` (taken from the file) and columns it has no use
    for. ``status`` may be the letters of several inputs: they become the sorted set, ``A`` only where it stands
    alone. ``provenance`` becomes the weakest of those named, ``sources`` the sorted set; both separated by ``;``.
    Rows are sorted by the full key. Raises DataError for a column that is not one of the common ones.
    """
    import pyarrow as pa

    if extra := [c for c in table.column_names if c not in INDICATOR_COLUMNS]:
        raise DataError(
            f"{model.path}: unknown column {', '.join(extra)}", remedy=f"Columns: {', '.join(INDICATOR_COLUMNS)}"
        )
    numbers = ("value", "lower", "upper", "n")
    types = {column: pa.float64() if column in numbers else pa.string() for column in INDICATOR_COLUMNS}
    fixed = {"indicator": model.name, "unit": model.header.unit}
    columns = {}
    for column, kind in types.items():
        if column in table.column_names:
            columns[column] = table[column].cast(kind)
        else:
            columns[column] = pa.chunked_array([pa.repeat(pa.scalar(fixed.get(column), kind), table.num_rows)])
    for column, reduce in (("status", status_letters), ("provenance", weakest), ("sources", distinct)):
        columns[column] = _map_unique(columns[column], reduce)
    return pa.table(columns).sort_by([(column, "ascending") for column in KEY])


def status_letters(text: str) -> str:
    """The set of SDMX status letters in ``text``, sorted; A (normal) only if there is no other.

    A confidential value is missing by that reason: M beside C is dropped.
    """
    letters = set(text) - {"A", ";", " "}
    if "C" in letters:
        letters.discard("M")
    return "".join(sorted(letters)) or "A"


def weakest(text: str) -> str:
    """The weakest of the provenances named in ``text``, separated by ``;``."""
    from observatory.snapshots import PROVENANCES

    return max(text.split(";"), key=PROVENANCES.index)


def distinct(text: str) -> str:
    """The sorted set of the parts of ``text``, separated by ``;``."""
    return ";".join(sorted(set(text.split(";")) - {""}))


def _map_unique(column: pa.ChunkedArray, function: Any) -> pa.ChunkedArray:
    """Apply ``function`` once to each distinct text of a column."""
    import pyarrow as pa

    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    mapped = pa.array([function(text) for text in encoded.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([mapped.take(encoded.indices)])
