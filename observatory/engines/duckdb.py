"""DuckDB, the default engine: in memory, one connection a model, over views on Parquet files.

Belongs here: connections, views, COPY. Does not belong here: any SQL about the subject.

A shared database file fails once a write lasts seconds or an analyst has it open; in-memory connections over
Parquet never lock. Memory beyond the limit spills to a temporary folder.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from observatory import atomic
from observatory.errors import DataError, StorageError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


def quote(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def relation(name: str) -> str:
    """``schema.table`` as quoted identifiers."""
    return ".".join(quote(part) for part in name.split(".", 1))


@contextlib.contextmanager
def refusals(name: str) -> Iterator[None]:
    """Turn what DuckDB refuses into a DataError that names the model or check."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        if isinstance(error, duckdb.IOException) and ("No space left" in str(error) or "Read-only" in str(error)):
            said = " ".join(str(error).split())
            raise StorageError(
                f"{name}: {said}", remedy="Free space or make the folder writable, and run again"
            ) from error
        if isinstance(error, duckdb.OutOfMemoryException):
            raise StorageError(
                f"{name}: {str(error).splitlines()[0]}",
                remedy="Raise OBSERVATORY_MEMORY_LIMIT, lower OBSERVATORY_THREADS, or free space for the spill",
            ) from error
        raise DataError(f"{name}: DuckDB refused the query: {error}", remedy="Mend the SQL of this file") from error


@dataclass(frozen=True)
class DuckDB:
    """How to open a connection: threads, memory before spilling, where to spill."""

    spill: Path
    threads: int | None = None
    memory_limit: str | None = None

    def connect(self, views: Mapping[str, Path]) -> duckdb.DuckDBPyConnection:
        """Open a connection in which each relation of ``views`` (``schema.table`` → Parquet) is a view.

        Connections of one process share an instance that holds nothing but such views: opening one costs 20 ms.
        """
        connection = _instance(self).cursor()
        for schema in sorted({name.split(".", 1)[0] for name in views}):
            connection.execute(f"create schema if not exists {quote(schema)}")
        for name, path in views.items():
            connection.execute(f"create or replace view {relation(name)} as select * from {_files(path)}")
        return connection

    def open(self, database: Path | None = None) -> duckdb.DuckDBPyConnection:
        """Open a database of its own, in memory or in a file, with this machine's limits."""
        import duckdb

        connection = duckdb.connect(str(database) if database else ":memory:")
        connection.execute(f"set temp_directory = {literal(str(self.spill))}")
        connection.execute("set preserve_insertion_order = true")
        # a name is a view or nothing: never a variable of ours, and no extension comes from the network to read a file
        connection.execute("set python_enable_replacements = false")
        connection.execute("set autoinstall_known_extensions = false")
        connection.execute("set allow_community_extensions = false")
        # a table that was built again has another content under the same name
        connection.execute("set enable_external_file_cache = false")
        if self.threads:
            connection.execute(f"set threads = {int(self.threads)}")
        if self.memory_limit:
            connection.execute(f"set memory_limit = {literal(self.memory_limit)}")
        return connection

    def to_arrow(self, sql: str, views: Mapping[str, Path], *, name: str) -> pa.Table:
        """Rows of ``sql`` as one Arrow table. Raises DataError naming the model if the engine refuses."""
        with self.connect(views) as connection, refusals(name):
            return connection.sql(sql).to_arrow_table()

    def schema(self, sql: str, views: Mapping[str, Path], *, name: str) -> pa.Schema:
        """Names and Arrow types of what ``sql`` gives; no row is read. Raises DataError if the engine refuses."""
        return self.to_arrow(f"select * from ({sql.rstrip().rstrip(';')}\n) limit 0", views, name=name).schema

    def check(self, sql: str, schemas: Mapping[str, pa.Schema], *, name: str) -> pa.Schema:
        """Bind ``sql`` over empty tables of these schemas; returns that of its rows. Raises DataError."""
        with self.open() as connection, refusals(name):
            for at, (found, schema) in enumerate(schemas.items()):
                connection.register(f"empty_{at}", schema.empty_table())
                connection.execute(f"create schema if not exists {quote(found.split('.', 1)[0])}")
                connection.execute(f"create view {relation(found)} as select * from empty_{at}")
            return connection.sql(sql).limit(0).to_arrow_table().schema

    def to_parquet(self, sql: str, views: Mapping[str, Path], target: Path, *, name: str) -> None:
        """Rows of ``sql`` in a Parquet file, streamed, in the order of the SELECT, whole or not at all.

        Row groups have a fixed size, so the bytes do not depend on the number of threads.
        """
        with self.connect(views) as connection, atomic.aside(target) as draft:
            copy = (
                f"copy ({sql.rstrip().rstrip(';')}) to {literal(str(draft))} "
                "(format parquet, compression zstd, row_group_size 122880)"
            )
            with refusals(name):
                connection.execute(copy)


def _files(path: Path) -> str:
    """A Parquet file, or a folder of them whose subfolders ``column=value`` are columns of text."""
    if not path.is_dir():
        return f"read_parquet({literal(str(path))})"
    every = literal(str(path / "**" / "*.parquet"))
    return f"read_parquet({every}, hive_partitioning = true, hive_types_autocast = false)"


@functools.cache
def _instance(engine: DuckDB) -> duckdb.DuckDBPyConnection:
    return engine.open()
