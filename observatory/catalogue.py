"""The catalogue: contracts with publishers and the reference tables that figures are joined to.

Belongs here: the one place that loads and cross-checks ``data/catalogue``. Does not belong here: reading one file
(catalogue_files.py), the shape of a row (catalogue_models.py) or of a contract (contract_models.py), relations that
follow from rows (catalogue_tables.py), bytes (snapshots.py, formats/), how a publisher is asked (sources/), figures
of any kind.

Reference tables are CSV files, contracts YAML files. Nothing is guessed: an unknown column or key, a code twice
or a name that points nowhere stops the load, and all problems are reported at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from observatory import catalogue_bridge as bridges
from observatory import catalogue_files as files
from observatory import catalogue_surveys as surveys
from observatory import catalogue_tables as derive
from observatory import catalogue_traps as traps
from observatory import corrections, register_book
from observatory.catalogue_models import (
    Activity,
    BridgeRow,
    Claim,
    Classification,
    EsaItem,
    Flag,
    Geography,
    GeographyBreak,
    HubGoalpost,
    HubThreshold,
    KibsMember,
    KibsVariant,
    Municipality,
    ServiceGroup,
    SizeClass,
    Window,
)
from observatory.codebook import Codebook
from observatory.contract_models import Dimension, Source
from observatory.corrections import Correction, Corrections
from observatory.errors import DataError
from observatory.register_book import Register

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER = Path("data") / "catalogue"
SPLIT = {"a86"}
"""Breakdowns whose items may be parts of one division; together they are all divisions."""

__all__ = ["Catalogue", "Source", "load"]


@dataclass(frozen=True)
class Catalogue:
    """All of ``data/catalogue``, checked."""

    sources: Mapping[str, Source]
    codebooks: Mapping[str, Codebook]
    registers: Mapping[str, Register]
    geographies: Sequence[Geography]
    geography_breaks: Sequence[GeographyBreak]
    municipalities: Sequence[Municipality]
    classifications: Sequence[Classification]
    activities: Sequence[Activity]
    activity_bridge: Sequence[BridgeRow]
    esa_items: Sequence[EsaItem]
    kibs_variants: Sequence[KibsVariant]
    kibs_members: Sequence[KibsMember]
    service_groups: Sequence[ServiceGroup]
    flags: Sequence[Flag]
    claims: Sequence[Claim]
    windows: Sequence[Window]
    thresholds: Sequence[HubThreshold]
    goalposts: Sequence[HubGoalpost]
    size_classes: Sequence[SizeClass]
    corrections: Sequence[Correction]

    @property
    def variants(self) -> list[str]:
        """Ids of KIBS variants in the order in which they are shown: the headline first."""
        return [one.variant for one in sorted(self.kibs_variants, key=lambda one: not one.is_headline)]

    def corrected(self, source: str, provenance: str) -> tuple[Correction, ...]:
        """Corrections of a table's snapshot; a made-up one has no errors of a publisher."""
        return tuple(c for c in self.corrections if c.source == source and provenance == "official")

    def schemes(self) -> dict[str, frozenset[str]]:
        """Codes of every scheme that a contract may name."""
        codes: dict[str, set[str]] = {"esa2010": {item.code for item in self.esa_items}}
        codes["municipality"] = {town.code for town in self.municipalities}
        for scheme, code, _, _ in derive.geography_codes(self.geographies, self.geography_breaks):
            codes.setdefault(scheme, set()).add(code)
        for scheme, code, *_ in derive.activity_codes(self.activities):
            codes.setdefault(scheme, set()).add(code)
        return {scheme: frozenset(found) for scheme, found in codes.items()}

    def unmapped(self, source: Source, raw: pa.Table) -> list[str]:
        """Codes of ``raw`` that are neither in the scheme nor in the list of their dimension, nor excluded.

        ``raw`` is as a reader gives it. Returns ``dimension: code`` for all of them, in the contract's order, and
        then ``flag: mark`` for marks on figures that ``observation_flags`` does not explain.
        """
        schemes = self.schemes()
        missing: list[str] = []
        for dimension in source.dimensions:
            if not (dimension.scheme or dimension.codes):
                continue
            known = set(dimension.exclude)
            if dimension.scheme:
                known.update(*(schemes[scheme] for scheme in dimension.scheme))
            else:
                known.update(dimension.codes)
            found = {str(code) for code in raw[dimension.code].unique().to_pylist()}
            missing += [f"{dimension.code}: {code}" for code in sorted(found - known)]
        if "flag" in raw.column_names:
            rows = derive.observation_flags(self.flags)
            known = {str(row["flag"]) for row in rows if row["publisher"] == source.publisher}
            found = {str(flag) for flag in raw["flag"].unique().to_pylist() if flag is not None}
            missing += [f"flag: {flag}" for flag in sorted(found - known)]
        return missing

    def tables(self) -> dict[str, pa.Table]:
        """The reference tables as relations ``catalogue.<name>``.

        Text is never null: what does not apply is the empty string. Lists are text separated by blanks; where
        a join needs them there is a long table.
        """
        import pyarrow as pa

        named = derive.named
        bridge = bridges.twins(self.activity_bridge, self.classifications)
        rows = {
            "geographies": derive.records(self.geographies),
            "geography_codes": named(
                ("scheme", "code", "geo", "territory_changed"),
                derive.geography_codes(self.geographies, self.geography_breaks),
            ),
            "geography_groups": named(("grp", "geo"), ((g, p.geo) for p in self.geographies for g in p.groups)),
            "geography_ancestors": named(("geo", "ancestor"), derive.geography_ancestors(self.geographies)),
            "geography_breaks": derive.records(self.geography_breaks),
            "municipalities": derive.records(self.municipalities),
            "classifications": derive.records(self.classifications),
            "activities": derive.records(self.activities),
            "activity_bridge": derive.records(bridge),
            "kibs_bridge": bridges.kibs_bridge(self.kibs_members, bridge, self.classifications),
            "activity_codes": named(("scheme", "code", *derive.ACTIVITY), derive.activity_codes(self.activities)),
            "activity_breakdowns": named(
                ("breakdown", *derive.ACTIVITY),
                ((b, *derive.key(a)) for a in self.activities for b in a.breakdowns),
            ),
            "activity_divisions": named(
                (*derive.ACTIVITY, "division"),
                ((*derive.key(a), d) for a in self.activities for d in sorted(a.parts())),
            ),
            "branch_blocks": derive.branch_blocks(self.activities),
            "esa_items": derive.records(self.esa_items),
            "kibs_variants": derive.records(self.kibs_variants),
            "kibs_definitions": derive.kibs_definitions(self.activities, self.kibs_variants, self.kibs_members),
            "service_sets": derive.service_sets(self.activities, self.service_groups),
            "observation_flags": derive.observation_flags(self.flags),
            "published_claims": derive.records(self.claims),
            "analysis_windows": derive.records(self.windows),
            "hub_thresholds": derive.records(self.thresholds),
            "hub_goalposts": derive.records(self.goalposts),
            "size_classes": derive.records(self.size_classes),
        }
        return {name: pa.Table.from_pylist(records) for name, records in rows.items()}


def load(root: Path) -> Catalogue:
    """Read ``root/data/catalogue`` and check that its files agree.

    Raises DataError that lists every problem found, each with its file and line or key.
    """
    folder = root / FOLDER
    problems: list[str] = []
    codebooks = surveys.load(folder / "surveys", problems)
    registers = register_book.load(folder / register_book.FOLDER, problems)
    derived = {source: surveys.contract(source, book) for source, book in codebooks.items()}
    derived |= {source: register_book.contract(source, book) for source, book in registers.items()}
    mends = files.document(folder / corrections.FILE, corrections.FILE, Corrections, problems)
    catalogue = Catalogue(
        sources=dict(sorted({**_sources(folder / "sources", problems), **derived}.items())),
        codebooks=codebooks,
        registers=registers,
        geographies=files.rows(folder / "geographies.csv", Geography, problems),
        geography_breaks=files.rows(folder / "geography_breaks.csv", GeographyBreak, problems),
        municipalities=files.rows(folder / "municipalities.csv", Municipality, problems),
        classifications=files.rows(folder / bridges.CLASSIFICATIONS, Classification, problems),
        activities=files.rows(folder / "activities.csv", Activity, problems),
        activity_bridge=files.rows(folder / bridges.FILE, BridgeRow, problems),
        esa_items=files.rows(folder / "esa_items.csv", EsaItem, problems),
        kibs_variants=files.rows(folder / "kibs_variants.csv", KibsVariant, problems),
        kibs_members=files.rows(folder / "kibs_definitions.csv", KibsMember, problems),
        service_groups=files.rows(folder / "service_sets.csv", ServiceGroup, problems),
        flags=files.rows(folder / "observation_flags.csv", Flag, problems),
        claims=files.rows(folder / "published_claims.csv", Claim, problems),
        windows=files.rows(folder / "analysis_windows.csv", Window, problems),
        thresholds=files.rows(folder / "hub_thresholds.csv", HubThreshold, problems),
        goalposts=files.rows(folder / "hub_goalposts.csv", HubGoalpost, problems),
        size_classes=files.rows(folder / "size_classes.csv", SizeClass, problems),
        corrections=() if mends is None else mends.corrections,
    )
    # A file that was not read whole would make everything that points into it look lost.
    problems += [] if problems else disagreements(catalogue)
    if problems:
        raise DataError(
            f"{FOLDER.as_posix()}: {len(problems)} problem(s):\n- " + "\n- ".join(problems),
            remedy="Mend the files named; CONTRIBUTING.md shows a source and an indicator",
        )
    return catalogue


def _sources(folder: Path, problems: list[str]) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    for path in sorted(folder.glob("*.yaml")):
        if source := files.document(path, f"sources/{path.name}", Source, problems):
            if source.id != path.stem:
                problems.append(f"sources/{path.name}: id: expected {path.stem!r}, found {source.id!r}")
            sources[source.id] = source
    if not sources:
        problems.append("sources: no contract found")
    return sources


def disagreements(catalogue: Catalogue) -> list[str]:
    """What the files of a catalogue say against each other, each with the file it stands in."""
    return [
        *_geographies(catalogue),
        *_activities(catalogue),
        *bridges.disagreements(
            catalogue.activity_bridge, catalogue.classifications, catalogue.activities, catalogue.kibs_members
        ),
        *_kibs(catalogue),
        *_service_sets(catalogue),
        *_others(catalogue),
        *_contracts(catalogue),
        *corrections.disagreements(catalogue.corrections, catalogue.sources),
    ]


def _twice(file: str, what: str, keys: Iterable[Hashable]) -> list[str]:
    return [f"{file}: {what} {key} stands {n} times" for key, n in Counter(keys).items() if n > 1]


def _unknown(file: str, what: str, names: Iterable[str], known: Container[str]) -> list[str]:
    return [f"{file}: unknown {what} {name!r}" for name in dict.fromkeys(names) if name and name not in known]


def _geographies(c: Catalogue) -> Iterator[str]:
    file, places = "geographies.csv", {p.geo for p in c.geographies}
    yield from _twice(file, "place", (p.geo for p in c.geographies))
    yield from _unknown(file, "parent", (p.parent for p in c.geographies), places)
    yield from _unknown(file, "place in also_in", (g for p in c.geographies for g in p.also_in), places)
    codes = list(derive.geography_codes(c.geographies, c.geography_breaks))
    yield from _twice(file, "code", (f"{scheme} {code}" for scheme, code, *_ in codes))
    ancestors = list(derive.geography_ancestors(c.geographies))
    yield from (f"{file}: {a} and {b} hold each other" for a, b in ancestors if a < b and (b, a) in ancestors)
    file, known = "geography_breaks.csv", {code for _, code, *_ in codes}
    for b in c.geography_breaks:
        yield from _unknown(file, "place", (b.from_geo, b.to_geo), places)
        yield from _unknown(file, "code", (b.from_code, b.to_code), known)


def _activities(c: Catalogue) -> Iterator[str]:
    file = "activities.csv"
    yield from _twice(file, "activity", (f"{a.classification} {a.version} {a.code}" for a in c.activities))
    yield from _twice(file, "code", (f"{scheme} {code}" for scheme, code, *_ in derive.activity_codes(c.activities)))
    lists: dict[tuple[str, str, str], list[str]] = {}
    divisions: dict[tuple[str, str], frozenset[str]] = {}
    for of in dict.fromkeys((a.classification, a.version) for a in c.activities):
        members = [a for a in c.activities if (a.classification, a.version) == of]
        parents = (a.parent for a in members)
        yield from _unknown(file, f"parent in {' '.join(of)}", parents, {a.code for a in members})
        divisions[of] = frozenset().union(*(a.parts() for a in members if a.code == "TOTAL"))
        for a in members:
            for breakdown in a.breakdowns:
                have = lists.setdefault((*of, breakdown), [])
                have.extend(sorted(a.parts() - set(have) if breakdown in SPLIT else a.parts()))
    for (classification, version, breakdown), parts in lists.items():
        if sorted(parts) != sorted(divisions[classification, version]):
            wrong = set(parts) ^ divisions[classification, version] or {p for p in parts if parts.count(p) > 1}
            yield (
                f"{file}: the items of {breakdown} in {classification} {version} are not all divisions once: "
                f"see {', '.join(sorted(wrong))}"
            )


def _kibs(c: Catalogue) -> Iterator[str]:
    file, variants = "kibs_definitions.csv", {v.variant for v in c.kibs_variants}
    yield from _twice("kibs_variants.csv", "variant", (v.variant for v in c.kibs_variants))
    if (n := sum(v.is_headline for v in c.kibs_variants)) != 1:
        yield f"kibs_variants.csv: {n} headline variants, expected one"
    yield from _unknown(file, "variant", (m.variant for m in c.kibs_members), variants)
    yield from _unknown(
        "kibs_variants.csv", "variant without a row in " + file, variants, {m.variant for m in c.kibs_members}
    )
    yield from _twice(file, "activity", (f"{m.variant} {m.breakdown} {m.activity}" for m in c.kibs_members))
    items = {(a.classification, a.version, a.code): a.breakdowns for a in c.activities}
    for m in c.kibs_members:
        breakdowns = items.get((m.classification, m.version, m.activity))
        if breakdowns is None:
            place = f"{m.classification} {m.version} in activities.csv"
            yield f"{file}: {m.variant}: {m.activity} is no activity of {place}"
        elif m.breakdown not in (*breakdowns, "as_written"):
            yield f"{file}: {m.variant}: {m.activity} is no item of {m.breakdown}"
    yield from (f"{file}: {text}" for text in traps.merged(c.activities, c.kibs_members, c.kibs_variants))


def _service_sets(c: Catalogue) -> Iterator[str]:
    file = "service_sets.csv"
    parts = ((g.service_set, division) for g in c.service_groups for division in sorted(g.parts()))
    yield from _twice(file, "division", (f"{name} {division}" for name, division in parts))
    for g in c.service_groups:
        own = [a for a in c.activities if (a.classification, a.version) == (g.classification, g.version)]
        if not derive.compose(g.parts(), [a for a in own if derive.PRODUCTS in a.breakdowns]):
            place = f"{derive.PRODUCTS} in {g.classification} {g.version}"
            yield f"{file}: {g.service_set}: {g.grp}: {' '.join(g.divisions)} are no items of {place}"


def _others(c: Catalogue) -> Iterator[str]:
    yield from _twice("esa_items.csv", "code", (i.code for i in c.esa_items))
    yield from _twice("observation_flags.csv", "flag", (f"{f.publisher} {f.flag}" for f in c.flags))
    yield from _twice("analysis_windows.csv", "window", (w.window for w in c.windows))
    yield from _twice("hub_goalposts.csv", "pillar", (f"{g.variant} {g.pillar}" for g in c.goalposts))
    yield from _twice("size_classes.csv", "size", (s.size for s in c.size_classes))
    file, places = "published_claims.csv", {p.geo for p in c.geographies}
    yield from _twice(file, "part", (f"{claim.claim}{claim.part}" for claim in c.claims))
    yield from _unknown(file, "place", (name for claim in c.claims for name in (claim.geo, claim.comparator)), places)
    for claim in c.claims:
        if claim.low is not None and claim.high is not None and claim.low > claim.high:
            yield f"{file}: {claim.claim}{claim.part}: low {claim.low} and high {claim.high} are no range"


def _contracts(c: Catalogue) -> Iterator[str]:
    schemes = c.schemes()
    tables: dict[tuple[str, str], str] = {}
    for source in c.sources.values():
        file = f"sources/{source.id}.yaml"
        first = tables.setdefault((source.publisher, source.table), source.id)
        yield from () if first == source.id else (f"{file}: table {source.table} is that of {first}",)
        yield from _twice(file, "dimension", (d.code for d in source.dimensions))
        for d in source.dimensions:
            place = f"{file}: dimensions.{d.code}"
            yield from _unknown(place, "scheme", d.scheme, schemes)
            yield from _twice(place, "code", d.codes)
            if d.scheme and (known := set(d.exclude).union(*(schemes.get(s, frozenset()) for s in d.scheme))):
                yield from _unknown(place, f"code in {' '.join(d.scheme)}", d.codes, known)
            if d.role == "unit" and (wordless := sorted(set(d.codes) - set(source.units))):
                yield f"{place}: no words in `units` for {', '.join(wordless)}"
            yield from _unknown(place, "unit", (rule.unit or "" for rule in d.resolve), source.units)
            yield from _unknown(place, "name in resolve", d.names(), _names_of(c, d))
        yield from _sums(source, file)
        yield from _series(c, source, file)


def _names_of(c: Catalogue, d: Dimension) -> Container[str]:
    """What codes of a dimension may be called: places and NACE activities are those of the catalogue.

    Words in lower case (``gdp``) are names of the contract's own and no codes.
    """
    words = {name for name in d.names() if name.islower()}
    if d.role == "geo":
        return words | {place.geo for place in c.geographies}
    classification, _, version = d.classification.partition(" ")
    if d.role == "activity" and (known := _items(c, classification, version)):
        return words | known | {item.code for item in c.esa_items}
    return set(d.names())


def _items(c: Catalogue, classification: str, version: str) -> set[str]:
    return {a.code for a in c.activities if (a.classification, a.version) == (classification, version)}


def _sums(source: Source, file: str) -> Iterator[str]:
    """Dimensions and codes that sums name and the contract does not have."""
    dimensions = {d.code: d for d in source.dimensions}
    for number, rule in enumerate(source.adds_up):
        parts = () if rule.parts == "all" else rule.parts
        named = [(rule.dimension, (rule.total, *parts)), *rule.where.items()]
        for name, codes in named:
            place = f"{file}: adds_up.{number}"
            if name not in dimensions:
                yield f"{place}: unknown dimension {name!r}"
            elif listed := {*dimensions[name].names(), *dimensions[name].codes}:
                loose = dimensions[name].same or not (dimensions[name].is_resolved or dimensions[name].codes)
                yield from () if loose else _unknown(f"{place}.{name}", "code", codes, listed)


def _series(c: Catalogue, source: Source, file: str) -> Iterator[str]:
    """Splices that lead nowhere, or to a table of another series."""
    splice = source.series.splice if source.series else None
    if source.series is None or splice is None:
        return
    before = c.sources.get(splice.after)
    if before is None or before.series is None or before.series.name != source.series.name or before is source:
        yield f"{file}: series.splice.after: {splice.after!r} is no other base of {source.series.name!r}"
    elif before.series.base == source.series.base:
        yield f"{file}: series.splice.after: {splice.after!r} has the same base {source.series.base!r}"
    else:
        for pair in traps.spliced(before, source, c.geography_breaks):
            yield f"{file}: series.splice.after: {pair} would be one series"
