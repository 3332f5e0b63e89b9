"""The build: every table of raw, catalogue, core and indicators as Parquet, made only when something changed.

Belongs here: what each table is made from, whether it is fresh, and making it. Does not belong here: the order in
which a run makes them (assets/, Dagster), what is checked (quality.py), what is published (releases.py).

Beside ``<schema>/<table>.parquet`` lies ``<table>.json``: the fingerprint of everything the table was made from and
the hash of what came out. A table is fresh while both still hold, so an unchanged input ends the work there.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from observatory import atomic, catalogue_traps, corrections, resolution, snapshots, surveys, versions
from observatory import models as model_files
from observatory.catalogue import Catalogue, Source
from observatory.catalogue import load as load_catalogue
from observatory.engines import Engine, engine_of
from observatory.engines.duckdb import DuckDB, literal, quote, relation
from observatory.errors import DataError, ObservatoryError, of_storage
from observatory.formats import register as registers
from observatory.models import Model
from observatory.settings import Settings
from observatory.versions_sql import Coding

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

CODE = Path(__file__).resolve().parent
READERS = {"jsonstat_parts": "parts"}
TIME_NAMES = {"time", "TIME_PERIOD"}
CORRECTIONS = "corrections"


@dataclass(frozen=True)
class Made:
    """What stands beside a built table; ``corrections`` are those that a raw table has had, ``codings`` the versions of
    classifications that a core table holds, each with the columns that say so.
    """

    fingerprint: str
    sha256: str
    rows: int
    columns: dict[str, str]
    corrections: list[dict[str, Any]] = field(default_factory=list)
    codings: list[dict[str, Any]] = field(default_factory=list)


class Workspace:
    """One repository with its catalogue, lock, models and build folder."""

    def __init__(self, settings: Settings | None = None, progress: Callable[[str], None] | None = None) -> None:
        self.settings = settings or Settings()
        self.progress = progress or (lambda line: None)
        self.failures: dict[str, ObservatoryError] = {}

    @cached_property
    def catalogue(self) -> Catalogue:
        """Source contracts and reference tables."""
        return load_catalogue(self.settings.home)

    @cached_property
    def catalogue_tables(self) -> dict[str, pa.Table]:
        """Reference tables by relation, ``catalogue.geographies`` and so on."""
        return {f"catalogue.{name}": table for name, table in self.catalogue.tables().items()}

    @cached_property
    def pins(self) -> dict[str, snapshots.Pin]:
        """The snapshot used for each contracted source; sources without a snapshot are not in it."""
        embedded = snapshots.Store(self.settings.embedded, "embedded")
        local = snapshots.Store(self.settings.snapshots, "local")
        restricted = snapshots.Store(self.settings.restricted, "restricted", private=True)
        pins = snapshots.resolve(embedded, local, restricted)
        if unknown := sorted(set(pins) - set(self.catalogue.sources)):
            raise DataError(
                f"{', '.join(pins[u].store.lock_path.name + ': ' + u for u in unknown)}: no contract of that name",
                remedy="Add data/catalogue/sources/<id>.yaml or remove the entry from the lock",
            )
        return pins

    def forget_pins(self) -> None:
        """Read the locks again when next asked: snapshots came from elsewhere."""
        for name in ("pins", "sources", "models"):
            self.__dict__.pop(name, None)

    @cached_property
    def sources(self) -> list[str]:
        """Snapshots that a refresh turns into tables: all real ones, and of the made-up ones those that a model reads.

        Any other is made into a table when it is asked for (``make``).
        """
        read = {name for model in self.models.values() for name in model.inputs}
        return [s for s, pin in self.pins.items() if pin.entry.provenance != "synthetic" or f"raw.{s}" in read]

    @cached_property
    def models(self) -> dict[str, Model]:
        """Models by relation, in running order."""
        known = [*self.catalogue_tables, *(f"raw.{source}" for source in self.pins)]
        return model_files.load(self.settings.home / "sql", known)

    @property
    def relations(self) -> list[str]:
        """Every table of the build, in an order in which they can be made."""
        return [*self.catalogue_tables, *(f"raw.{source}" for source in self.sources), *self.models]

    @property
    def engine(self) -> DuckDB:
        """DuckDB with this machine's limits: for everything but models, which ``runner`` runs."""
        return DuckDB(self.settings.build / "spill", self.settings.threads, self.settings.memory_limit)

    @property
    def runner(self) -> Engine:
        """The engine that runs models. It does not make a table stale: figures are the same within 1e-9."""
        return engine_of(self.settings)

    def path(self, name: str) -> Path:
        """Parquet file of relation ``schema.table``."""
        schema, table = name.split(".", 1)
        return self.settings.build / schema / f"{table}.parquet"

    def inputs(self, name: str) -> tuple[str, ...]:
        """Relations that ``name`` is made from."""
        return self.models[name].inputs if name in self.models else ()

    def made(self, name: str) -> Made | None:
        """What was last made for ``name``, or None if it is absent or its file no longer has those bytes."""
        path = self.path(name)
        try:
            found = Made(**json.loads(path.with_suffix(".json").read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return found if path.exists() and atomic.sha256(path) == found.sha256 else None

    def views(self, names: Iterable[str]) -> dict[str, Path]:
        """Parquet paths of relations. Raises DataError for one that has not been made."""
        paths = {name: self.path(name) for name in names}
        for name, path in paths.items():
            if not path.exists():
                raise DataError(f"{path}: {name} has not been built", remedy="Run `observatory refresh`")
        return paths

    @cached_property
    def code_fingerprint(self) -> str:
        """Hash of the library's own source: any change of it makes every table stale."""
        digest = hashlib.sha256()
        for path in sorted(CODE.rglob("*.py")):
            digest.update(path.relative_to(CODE).as_posix().encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    def fingerprint(self, name: str) -> str | None:
        """Hash of everything ``name`` is made from; None while an input has not been made."""
        parts = [self.code_fingerprint, name]
        schema, table = name.split(".", 1)
        if schema == "raw":
            pin = self.pins[table]
            parts += [pin.entry.model_dump_json(), self.catalogue.sources[table].model_dump_json()]
            parts += [c.model_dump_json() for c in self.catalogue.corrected(table, pin.entry.provenance)]
            if book := self.catalogue.codebooks.get(table):
                rules = self.settings.disclosure_rules
                parts += [book.model_dump_json(), atomic.sha256(rules) if rules and rules.exists() else ""]
            if register := self.catalogue.registers.get(table):
                parts += [register.model_dump_json(), hashlib.sha256(self.settings.key or b"").hexdigest()]
        elif schema == "catalogue":
            parts += [_table_hash(self.catalogue_tables[name])]
        else:
            parts.append(self.models[name].code_version)
            for source in self.inputs(name):
                made = self.made(source)
                if made is None:
                    return None
                parts.append(f"{source}={made.sha256}")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def stale(self) -> list[str]:
        """Relations that a refresh would make again, in order. Reads files, writes nothing."""
        stale: list[str] = []
        for name in self.relations:
            made = self.made(name)
            if made is None or set(self.inputs(name)).intersection(stale) or made.fingerprint != self.fingerprint(name):
                stale.append(name)
        return stale

    def make(self, name: str) -> tuple[Made, bool]:
        """Make one table if it is not fresh; returns what stands there and whether it was made now.

        A failure is kept in ``failures`` so that a run of many tables can report all of them. Raises DataError where
        bytes, codes or SQL are not what they should be; then nothing has changed on disk.
        """
        wanted = self.fingerprint(name)
        made = self.made(name)
        if made is not None and made.fingerprint == wanted:
            return made, False
        schema, table = name.split(".", 1)
        try:
            if schema in {"raw", "catalogue"}:
                write(self._raw(table) if schema == "raw" else self.catalogue_tables[name], self.path(name))
            else:
                self._run(self.models[name])
            made = self._describe(name, wanted or "")
        except ObservatoryError as error:
            self.failures[name] = error
            raise
        except OSError as error:
            self.failures[name] = of_storage(error)
            raise self.failures[name] from error
        self.progress(f"{name}: {made.rows:,} rows")
        return made, True

    def _raw(self, source: str) -> pa.Table:
        import pyarrow as pa

        pin = self.pins[source]
        if book := self.catalogue.codebooks.get(source):
            table = surveys.table(pin.read(), pin.entry.format, book, source, self.settings.disclosure_rules)
        elif register := self.catalogue.registers.get(source):
            table = registers.table(pin.read(), register, name=source, key=self.settings.key)
        else:
            contract, entry = self.catalogue.sources[source], pin.entry
            table = read_snapshot(contract, pin.read(), entry.format, self.catalogue, entry.provenance)
        for column, text in (("source", source), ("provenance", pin.entry.provenance)):
            codes = pa.repeat(pa.scalar(0, pa.int32()), table.num_rows)
            table = table.append_column(column, pa.DictionaryArray.from_arrays(codes, pa.array([text])))
        return table

    def _run(self, model: Model) -> None:
        views = self.views(model.inputs)
        versions.check_reads(model, {name: found for name in views if (found := self._codings(name))}, views)
        carry_out(self.runner, model, views, self.path(model.relation))

    def _codings(self, name: str) -> list[Coding]:
        """Versions of classifications in a reference or core table, as they were when it was made."""
        if name in self.catalogue_tables:
            return self._catalogue_codings.get(name, [])
        if name not in self.models:
            return []
        stored = json.loads(self.path(name).with_suffix(".json").read_text("utf-8"))
        return [Coding(**coding) for coding in stored["codings"]]

    @cached_property
    def _catalogue_codings(self) -> dict[str, list[Coding]]:
        return versions.of_catalogue(self.catalogue_tables, self.catalogue.classifications)

    def _describe(self, name: str, fingerprint: str) -> Made:
        import pyarrow.parquet as pq

        path = self.path(name)
        meta = pq.ParquetFile(path)
        columns = {f.name: str(getattr(f.type, "value_type", f.type)) for f in meta.schema_arrow}
        if missing := [c for c in columns if name in self.models and c not in self.models[name].columns]:
            raise DataError(
                f"{self.models[name].path}: undescribed column {', '.join(missing)}",
                remedy="Describe it under `columns` in the header",
            )
        corrected = json.loads((meta.schema_arrow.metadata or {}).get(CORRECTIONS.encode(), b"[]"))
        own = versions.check_rows(self.models[name], path, self.catalogue) if name.startswith("core.") else []
        codings = [asdict(coding) for coding in own]
        made = Made(fingerprint, atomic.sha256(path), meta.metadata.num_rows, columns, corrected, codings)
        atomic.write_text(path.with_suffix(".json"), json.dumps(asdict(made), indent=1, ensure_ascii=False))
        return made

    def column_comments(self, name: str) -> dict[str, str]:
        """What each column of a relation means, for the database, the manifest and Dagster."""
        schema, table = name.split(".", 1)
        if name in self.models:
            return self.models[name].columns
        if schema == "raw":
            return raw_comments(self.catalogue.sources[table], self.made(name))
        made = self.made(name)
        return {column: f"{column} of {name}" for column in (made.columns if made else {})}

    def table_comment(self, name: str) -> str:
        """One line on what a relation holds."""
        schema, table = name.split(".", 1)
        if name in self.models:
            header = self.models[name].header
            return f"{header.name.en}. {header.definition} Unit: {header.unit}. One row: {header.row}."
        if schema == "raw":
            source = self.catalogue.sources[table]
            return f"{source.title.en}, as published. {source.citation}"
        return f"Reference table {table} of the catalogue (data/catalogue)"

    def database_fingerprint(self) -> str:
        """Hash of all tables that the database holds."""
        parts = [f"{name}={made.sha256 if (made := self.made(name)) else ''}" for name in self.relations]
        return hashlib.sha256("\n".join([self.code_fingerprint, *parts]).encode()).hexdigest()

    def database_fresh(self) -> bool:
        """Whether ``observatory.duckdb`` was built from the present tables."""
        stamp = self.settings.build / "database.json"
        if not (stamp.exists() and self.settings.database.exists()):
            return False
        return bool(json.loads(stamp.read_text("utf-8")).get("fingerprint") == self.database_fingerprint())

    def make_database(self) -> bool:
        """Rebuild ``observatory.duckdb`` aside and swap it in; returns whether it was rebuilt.

        A reader that holds the old file open keeps the old content. What publishers sent (``raw``) stands in it as
        views on the Parquet files of the build: copied, those tables were four fifths of the time a database took.
        """
        if self.database_fresh():
            return False
        with atomic.aside(self.settings.database) as draft:
            with self.engine.open(draft) as connection:
                connection.execute("begin")
                for name in self.relations:
                    self._load(connection, name)
                connection.execute("commit")
            draft.with_name(draft.name + ".wal").unlink(missing_ok=True)
        stamp = json.dumps(
            {"fingerprint": self.database_fingerprint(), "sha256": atomic.sha256(self.settings.database)}
        )
        atomic.write_text(self.settings.build / "database.json", stamp)
        self.progress(f"{self.settings.database.name}: {len(self.relations)} tables")
        return True

    def _load(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        schema = name.split(".", 1)[0]
        connection.execute(f"create schema if not exists {quote(schema)}")
        kind = "view" if schema == "raw" else "table"
        connection.execute(
            f"create {kind} {relation(name)} as select * from read_parquet({literal(str(self.path(name)))})"
        )
        comments = [f"comment on {kind} {relation(name)} is {literal(self.table_comment(name))}"]
        for column, text in self.column_comments(name).items():
            comments.append(f"comment on column {relation(name)}.{quote(column)} is {literal(text)}")
        connection.execute("; ".join(comments))

    def clear(self) -> None:
        """Delete the build; the next refresh makes everything again from the snapshots."""
        shutil.rmtree(self.settings.build, ignore_errors=True)


def carry_out(engine: Engine, model: Model, views: Mapping[str, Path], target: Path) -> None:
    """Run one model over the tables of ``views`` into the Parquet file ``target``, whole or not at all."""
    if model.schema == "core" and model.header.estimator is None:
        engine.to_parquet(model.sql, views, target, name=str(model.path))
        return
    table = engine.to_arrow(model.sql, views, name=str(model.path))
    if model.header.estimator:
        from observatory import estimators

        table = estimators.resolve(model.header.estimator)(table)
    write(model_files.finish(table, model) if model.schema == "indicators" else table, target)


def write(table: pa.Table, target: Path) -> None:
    """A table as a Parquet file, whole or not at all."""
    import pyarrow.parquet as pq

    with atomic.aside(target) as draft:
        pq.write_table(table, draft, compression="zstd", row_group_size=122_880)


def read_snapshot(contract: Source, data: bytes, form: str, catalogue: Catalogue, provenance: str) -> pa.Table:
    """A snapshot's bytes as the table that its contract describes, in the publisher's codes, with ``<dimension>__as``
    columns that hold our name of a code where the contract resolves it from the table itself.

    ``form`` is the format of these bytes, which may differ from one snapshot of a table to the next (bulk file or
    API). Known errors of an official table are put right (corrections.py); the table's metadata ``corrections`` holds
    what was. Raises FormatError for bytes that cannot be read, DataError for a table that breaks the contract and for
    a correction that no longer holds.
    """
    reader = importlib.import_module(f"observatory.formats.{READERS.get(form, form)}")
    table = reader.read(data, name=f"{contract.publisher}/{contract.table}")
    # Eurostat calls one dimension TIME_PERIOD in TSV and SDMX and time in JSON-stat
    expected = {d.code for d in contract.dimensions if d.role == "time"}
    names = [next(iter(expected)) if n in TIME_NAMES and expected & TIME_NAMES else n for n in table.column_names]
    table = table.rename_columns(names)
    check_contract(contract, table, catalogue)
    known = catalogue.corrected(contract.id, provenance)
    table, applied = corrections.apply(table, known, contract.publisher)
    if applied:
        said = json.dumps([c.model_dump(mode="json") for c in applied], ensure_ascii=False)
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), CORRECTIONS: said})
    resolved = resolution.of_table(contract, table)
    for column, array in resolution.columns(resolved, table).items():
        table = table.append_column(column, array)
    return table


def check_contract(contract: Source, table: pa.Table, catalogue: Catalogue) -> None:
    """Stop at a table whose dimensions or codes the contract and catalogue do not know; all are listed at once.

    Raises DataError naming the contract.
    """
    place = f"data/catalogue/sources/{contract.id}.yaml"
    tail = {"value", "flag", "kind"}
    resolution.check_dimensions(contract, [c for c in table.column_names if c not in tail and "__label" not in c])
    if pairs := catalogue_traps.beside(contract, table, catalogue.geography_breaks):
        raise DataError(
            f"{place}: {contract.table}: codes that are no one series stand together: {'; '.join(pairs)}",
            remedy="Ask for one of them, or list the other under `exclude` in the contract",
        )
    if unmapped := catalogue.unmapped(contract, table):
        raise DataError(
            f"{place}: {len(unmapped)} code(s) of {contract.table} are not in the catalogue: {'; '.join(unmapped)}",
            remedy="Add each to data/catalogue (geographies.csv, activities.csv …) or to `exclude` in the contract",
        )


def raw_comments(contract: Source, made: Made | None) -> dict[str, str]:
    """Column descriptions of a raw table."""
    fixed = {
        "value": "As published; null where nil or missing",
        "flag": "The publisher's own mark, verbatim",
        "kind": "value, nil (none) or missing (not available)",
        "source": "Id of the source contract",
        "provenance": ", ".join(snapshots.PROVENANCES),
    }
    fixed |= {f"{d.code}__as": f"Our name of the code of {d.code}, null where none" for d in contract.dimensions}
    return {
        column: fixed.get(column, f"Dimension {column} of {contract.publisher} {contract.table}")
        for column in (made.columns if made else {})
    }


def _table_hash(table: pa.Table) -> str:
    return hashlib.sha256(repr(table.schema).encode() + repr(table.to_pydict()).encode()).hexdigest()
