"""A release as exports see it: its tables with what the manifest says of each, and names for its codes.

Belongs here: opening a release directory for reading, choosing tables, names of places. Does not belong here: any
format, releases themselves (releases.py), words that exports add (messages.py).

A release names places by code. Their names, and the reference of an indicator, stand in the repository; where it is not
at hand the code is its own name and the reference is empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from observatory import releases
from observatory.errors import DataError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

Language = Literal["es", "eu", "en"]
LANGUAGES: tuple[Language, ...] = ("es", "eu", "en")
MADE_UP = "synthetic"
MEASURES = ("value", "lower", "upper", "n")
KEY = ("variant", "geo", "activity", "period", "comparator")


@dataclass(frozen=True)
class Source:
    """A publisher's table behind a table of the release, as the manifest cites it."""

    title: str
    address: str
    citation: str
    licence: str
    updated: str
    provenance: str


@dataclass(frozen=True)
class Table:
    """A table of a release. ``fields`` are those of Frictionless: name, type, description."""

    name: str
    relation: str
    titles: Mapping[str, str]
    definition: str
    unit: str
    caveats: tuple[str, ...]
    reference: str
    fields: tuple[Mapping[str, str], ...]
    key: tuple[str, ...]
    sources: tuple[Source, ...]
    rows: int
    path: Path

    @property
    def is_indicator(self) -> bool:
        """Whether it has the common columns of indicators."""
        return self.relation.startswith("indicators.")

    @cached_property
    def content(self) -> pa.Table:
        """All rows, without metadata."""
        import pyarrow.parquet as pq

        return pq.read_table(self.path).replace_schema_metadata(None).combine_chunks()

    def title(self, language: str) -> str:
        """Name in a language, else in English, else the id."""
        return self.titles.get(language) or self.titles.get("en") or self.name

    @property
    def updated(self) -> str:
        """The day (ISO 8601) of the latest stamp of its sources, or an empty string."""
        return max((source.updated[:10] for source in self.sources), default="")

    @property
    def publishers(self) -> tuple[Source, ...]:
        """Its sources that a publisher stands behind: a made-up table is nobody's."""
        return tuple(source for source in self.sources if source.provenance != MADE_UP)

    @cached_property
    def provenances(self) -> tuple[str, ...]:
        """The different provenances of its rows, sorted."""
        return tuple(sorted(self.content["provenance"].unique().to_pylist()))

    @cached_property
    def made_up(self) -> int:
        """How many of its rows are made up."""
        return sum(kind == MADE_UP for kind in self.content["provenance"].to_pylist())


@dataclass(frozen=True)
class Edition:
    """A release opened for publishing. ``places`` and ``variants`` (of KIBS) are names by code and language."""

    folder: Path
    manifest: Mapping[str, Any]
    tables: Mapping[str, Table]
    places: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    variants: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def release(self) -> str:
        """Id of the release."""
        return str(self.manifest["version"])

    @property
    def created(self) -> str:
        """When it was published, ISO 8601."""
        return str(self.manifest["created"])

    @property
    def title(self) -> str:
        """Title of the observatory, as the manifest gives it."""
        return str(self.manifest["title"])

    @property
    def licence(self) -> tuple[str, str]:
        """Name and address of the licence of the release."""
        first = self.manifest["licenses"][0]
        return str(first["name"]), str(first["path"])

    @property
    def indicators(self) -> list[Table]:
        """Its indicators, by id."""
        return sorted((t for t in self.tables.values() if t.is_indicator), key=lambda t: t.name)

    @property
    def citation(self) -> str:
        """How to cite the release, in one line."""
        return f"{self.title}, release {self.release}, {self.created[:10]}, {self.licence[0]}"

    def place(self, code: str | None, language: str) -> str:
        """Name of a place in a language; its code where no name is known."""
        names = self.places.get(code or "", {})
        return names.get(language) or names.get("en") or (code or "")

    def names(self, language: str) -> dict[str, str]:
        """Names of places and KIBS variants in a language, by code."""
        return {code: names[language] for code, names in [*self.places.items(), *self.variants.items()]}

    def chosen(self, names: Sequence[str] = (), *, core: bool = False) -> list[Table]:
        """Indicators of these ids, all by default; with ``core`` any table of the release.

        Raises UsageError for an id that the release does not have, naming those it has.
        """
        known = {t.name: t for t in (self.tables.values() if core else self.indicators)}
        if unknown := [name for name in names if name not in known]:
            what = "table" if core else "indicator"
            raise UsageError(
                f"no {what} {', '.join(map(repr, unknown))} in release {self.release}",
                remedy=f"It has: {', '.join(sorted(known))}",
            )
        return [known[name] for name in dict.fromkeys(names)] if names else list(known.values())


def opened(folder: Path, home: Path | None = None) -> Edition:
    """Open a release directory; names of places and references come from the repository at ``home``.

    Raises DataError where the manifest or a file of the catalogue cannot be read.
    """
    manifest = releases.manifest(folder)
    references = {} if home is None else _references(home)
    tables = {r["name"]: _table(folder, r, references) for r in manifest["resources"]}
    return Edition(folder, manifest, tables, *(() if home is None else _names(home)))


def _table(folder: Path, resource: Mapping[str, Any], references: Mapping[tuple[str, str], str]) -> Table:
    return Table(
        name=resource["name"],
        relation=resource["relation"],
        titles=resource["titles"],
        definition=resource["description"],
        unit=resource["unit"],
        caveats=tuple(resource["caveats"]),
        reference=references.get((resource["name"], resource["description"]), ""),
        fields=tuple(resource["schema"]["fields"]),
        key=tuple(resource["schema"]["primaryKey"]),
        sources=tuple(
            Source(s["title"], s["path"], s["citation"], s["licence"], s["updated"], s["provenance"])
            for s in resource["sources"]
        ),
        rows=resource["rows"],
        path=folder / resource["path"],
    )


def _references(home: Path) -> dict[tuple[str, str], str]:
    """References by id and definition: a model that has changed since the release says nothing of it."""
    from observatory import models

    found = (models.parse(path) for path in sorted((home / "sql" / "indicators").glob("*.sql")))
    return {(m.name, m.header.definition): m.header.reference for m in found}


def _names(home: Path) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
    """Names of places, and of KIBS variants."""
    from observatory import catalogue_files
    from observatory.catalogue import FOLDER
    from observatory.catalogue_models import Geography, KibsVariant

    problems: list[str] = []
    places = catalogue_files.rows(home / FOLDER / "geographies.csv", Geography, problems)
    variants = catalogue_files.rows(home / FOLDER / "kibs_variants.csv", KibsVariant, problems)
    if problems:
        raise DataError("; ".join(problems), remedy="Mend the file named")
    return (
        {p.geo: {"es": p.name_es, "eu": p.name_eu, "en": p.name_en} for p in places},
        {v.variant: {"es": v.name_es, "eu": v.name_eu, "en": v.name_en} for v in variants},
    )
