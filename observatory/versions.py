"""Versions of a classification never meet unnamed: a letter or division of one is not that of another.

Belongs here: what codings a table holds, and stopping a model that brings two versions together without naming the
bridge between them. Does not belong here: the bridge (catalogue_bridge.py, estimators/bridge.py), following a SELECT
(versions_sql.py), codes that nobody knows (catalogue.py).

A model names the bridge by reading ``catalogue.activity_bridge`` or ``catalogue.kibs_bridge``, or by an estimator of
estimators/bridge.py. For any other, three things must hold: the rows of one source have one version; it is the version
that the source's contract states; and what its SELECT joins or unites has one version or says which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from observatory.catalogue import Catalogue, Source
from observatory.catalogue_models import Classification
from observatory.catalogue_tables import activity_codes
from observatory.errors import DataError
from observatory.models import Model
from observatory.versions_sql import NAMING, Coding, meetings

if TYPE_CHECKING:
    import pyarrow as pa

BRIDGES = ("catalogue.activity_bridge", "catalogue.kibs_bridge")
NO_DIVISIONS = ""
"""Lists without activities (final uses, balances) stand beside any version."""
SAMPLE = 3
REMEDY = (
    "Keep to one version, or name the bridge: read catalogue.activity_bridge or catalogue.kibs_bridge and carry with "
    "estimators/bridge.py"
)


def names_the_bridge(model: Model) -> bool:
    """Whether a model says by what it crosses from one version to another."""
    estimator = model.header.estimator or ""
    return bool(set(BRIDGES) & set(model.inputs)) or estimator.startswith("bridge.")


def prefixes(columns: Sequence[str]) -> list[str]:
    """What stands before ``classification`` and ``version`` in the names of a table's columns (``product_`` …)."""
    ends = (c.removesuffix("classification") for c in columns if c.endswith("classification"))
    return [prefix for prefix in ends if f"{prefix}version" in columns]


def codings(table: pa.Table, classifications: Sequence[Classification]) -> list[Coding]:
    """The codings that a table holds, each once. Raises DataError for a version that the catalogue does not know."""
    known = {(c.classification, c.version): c.divisions_of for c in classifications}
    found: list[Coding] = []
    for prefix in prefixes(table.column_names):
        columns = [prefix + name for name in NAMING if prefix + name in table.column_names]
        for row in table.select(columns).group_by(columns).aggregate([]).to_pylist():
            coding = str(row[f"{prefix}classification"]), str(row[f"{prefix}version"])
            if coding not in known and coding[0] != "ESA":
                raise DataError(
                    f"{' '.join(coding)}: no such version in classifications.csv",
                    remedy="Add it to data/catalogue/classifications.csv with the divisions it has",
                )
            if of := known.get(coding, NO_DIVISIONS):
                found.append(Coding(of, {name: str(value) for name, value in row.items()}))
    return sorted(found, key=lambda c: (c.divisions_of, sorted(c.columns.items())))


def check_rows(model: Model, path: Path, catalogue: Catalogue) -> list[Coding]:
    """The codings of a table that a model has made. Raises DataError naming the rows where they are not sound."""
    import pyarrow.parquet as pq

    names = pq.read_schema(path).names
    own = prefixes(names)
    if not own:
        return []
    keys = [f"{prefix}{name}" for prefix in own for name in ("classification", "version")]
    keys += ["source"] if "source" in names else []
    read = pq.read_table(path, columns=keys, read_dictionary=keys).unify_dictionaries()
    combined = read.group_by(keys).aggregate([])
    found = codings(combined, catalogue.classifications)
    if "source" not in names or names_the_bridge(model):
        return found
    known = {(c.classification, c.version): c.divisions_of for c in catalogue.classifications}
    seen: dict[str, dict[str, dict[str, str]]] = {}
    for group in combined.to_pylist():
        for prefix in own:
            picked = {f"{prefix}{name}": str(group[f"{prefix}{name}"]) for name in ("classification", "version")}
            if of := known.get((picked[f"{prefix}classification"], picked[f"{prefix}version"])):
                source = str(group["source"])
                seen.setdefault(source, {}).setdefault(of, picked | {"source": source})
    stated = {s: declared(c, catalogue) for s in seen if (c := catalogue.sources.get(s))}
    if bad := {s: v for s, v in seen.items() if len(v) > 1 or (stated.get(s) and not set(v) <= stated[s])}:
        table = pq.read_table(path)
        told = [_said(source, versions, stated.get(source, frozenset()), table) for source, versions in bad.items()]
        raise DataError(f"{model.path}: two versions of a classification meet: {'; '.join(told)}", remedy=REMEDY)
    return found


def _said(source: str, versions: Mapping[str, Mapping[str, str]], stated: frozenset[str], table: pa.Table) -> str:
    rows = "; ".join(f"{of}: {_rows(table, picked)}" for of, picked in sorted(versions.items()))
    if len(versions) > 1:
        return f"{source} has rows of {' and '.join(sorted(versions))} ({rows})"
    return f"{source} is coded in {' and '.join(sorted(stated))} by its contract, its rows say {rows}"


def declared(source: Source, catalogue: Catalogue) -> frozenset[str]:
    """Versions whose divisions a contract says its activities have; none if it does not say."""
    known = {f"{c.classification} {c.version}": c.divisions_of for c in catalogue.classifications}
    schemes: dict[str, set[str]] = {}
    for scheme, _, classification, version, *_ in activity_codes(catalogue.activities):
        schemes.setdefault(scheme, set()).add(known[f"{classification} {version}"])
    found: set[str] = set()
    for dimension in source.dimensions:
        if dimension.role == "activity":
            found |= {known[dimension.classification]} if dimension.classification in known else set()
            found |= set().union(*(schemes.get(scheme, set()) for scheme in dimension.scheme))
    return frozenset(found)


def check_reads(model: Model, held: Mapping[str, Sequence[Coding]], views: Mapping[str, Path]) -> None:
    """Stop a model in whose SELECT versions meet unnamed; ``held`` says by relation which codings it holds.

    Raises DataError that names the model, the tables with their versions, and rows of each.
    """
    own = {c.divisions_of for name, found in held.items() if name.startswith("core.") for c in found}
    if not own or names_the_bridge(model):
        return
    if found := meetings(model.sql, held):
        meeting = found[0]
        told = [f"{name} ({', '.join(sorted(versions))})" for name, versions in meeting.versions.items()]
        raise DataError(
            f"{model.path}: versions of a classification meet unnamed in {' and '.join(told)}; "
            f"{_examples(held, views)}",
            remedy=REMEDY,
        )


def _examples(held: Mapping[str, Sequence[Coding]], views: Mapping[str, Path]) -> str:
    """Rows of every version in the core tables that a model reads."""
    import pyarrow.parquet as pq

    told = []
    for name, found in held.items():
        if name.startswith("core.") and found:
            table = pq.read_table(views[name])
            firsts = {c.divisions_of: c for c in reversed(found)}
            told += [f"{name} in {of}: {_rows(table, c.columns)}" for of, c in sorted(firsts.items())]
    return "rows are " + "; ".join(told)


def _rows(table: pa.Table, picked: Mapping[str, Any]) -> str:
    """A few rows of a table with some values, and how many there are."""
    import pyarrow.compute as pc

    mask = None
    for column, value in picked.items():
        same = pc.equal(table[column].cast("string"), value)
        mask = same if mask is None else pc.and_(mask, same)
    rows = table if mask is None else table.filter(mask)
    hints = [c for c in ("source", "geo", "activity", "product", "branch", "period") if c in table.column_names]
    shown = [" ".join(str(row[c]) for c in hints) for row in rows.select(hints).slice(0, SAMPLE).to_pylist()]
    return f"{rows.num_rows} rows such as {', '.join(shown)}"


def of_catalogue(tables: Mapping[str, pa.Table], classifications: Iterable[Classification]) -> dict[str, list[Coding]]:
    """The codings of every reference table that has any."""
    known = list(classifications)
    return {name: found for name, table in tables.items() if (found := codings(table, known))}
