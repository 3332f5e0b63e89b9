"""Spark: the same SELECTs on any Spark cluster, or on a Spark within this process.

Belongs here: the session, what stands as a view in it, results as Arrow, and what Spark refuses. Does not belong here:
how SQL is rewritten (spark_sql.py), any SQL about the subject.

A result is given the Arrow types that DuckDB's binder says for the same SELECT, so that files, checks and releases do
not depend on the engine; the last digits of floats may (1e-9 relative), and with them a table's hash.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from observatory import atomic
from observatory.engines import spark_sql
from observatory.engines.duckdb import DuckDB
from observatory.engines.spark_sql import Lack, NotPortable
from observatory.errors import DataError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

BYTES_A_PARTITION = 32 << 20
FEWEST_PARTITIONS, MOST_PARTITIONS = 2, 400
_POSITION = re.compile(r"pos (\d+)")
_HEAP = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt])i?b?\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Spark:
    """Where Spark is and what it may use.

    ``master`` is a master's address or ``local[n]``; ``remote`` the address of a Spark Connect server (``sc://…``),
    which goes before. Tables of the build are read by their paths where Spark runs on this machine or ``is_shared``
    says that the cluster sees the same storage; otherwise they are sent. A folder of partitioned Parquet is always
    read by its path. ``spill`` is Spark's scratch folder on this machine, ``memory`` the heap of a local Spark.
    """

    spill: Path
    master: str = "local[*]"
    remote: str | None = None
    is_shared: bool = False
    memory: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether Spark runs within this process."""
        return not self.remote and self.master.startswith("local")

    @property
    def types(self) -> DuckDB:
        """The engine that says the types of a result."""
        return DuckDB(self.spill, threads=1)

    def to_arrow(self, sql: str, views: Mapping[str, Path], *, name: str) -> pa.Table:
        """Rows of ``sql`` as one Arrow table, in the order of the SELECT and with DuckDB's types.

        Raises NotPortable for what Spark cannot run, DataError for what fails while it runs.
        """
        schema = self.types.schema(sql, views, name=name)
        text = spark_sql.transpile(sql, name)
        session = _session(self)
        for relation, path in views.items():
            self._view(session, relation, path)
        if self.is_local:
            parts = _partitions(views)
            session.conf.set("spark.sql.shuffle.partitions", str(parts))
            # plans that change while they run cost small tables more than they save
            session.conf.set("spark.sql.adaptive.enabled", str(parts > FEWEST_PARTITIONS).lower())
        with _quiet():
            try:
                found = session.sql(text).toArrow()
            except _errors() as error:
                raise _refusal(error, sql, name) from error
        return _as(found, schema)

    def to_parquet(self, sql: str, views: Mapping[str, Path], target: Path, *, name: str) -> None:
        """Rows of ``sql`` in a Parquet file, in the order of the SELECT, whole or not at all."""
        import pyarrow.parquet as pq

        table = self.to_arrow(sql, views, name=name)
        with atomic.aside(target) as draft:
            pq.write_table(table, draft, compression="zstd", row_group_size=122_880)

    def check(self, sql: str, schemas: Mapping[str, pa.Schema], *, name: str) -> None:
        """Have Spark analyse ``sql`` over empty tables of these schemas; nothing is run. Raises NotPortable."""
        text = spark_sql.transpile(sql, name)
        session = _session(self)
        for relation, schema in schemas.items():
            _known(session).pop(relation, None)
            _frame(session, schema.empty_table()).createOrReplaceTempView(spark_sql.view_name(relation))
        with _quiet():
            try:
                _ = session.sql(text).schema
            except _errors() as error:
                raise _refusal(error, sql, name) from error

    def _view(self, session: Any, relation: str, path: Path) -> None:
        """Register one relation, unless the same file stands there already."""
        import pyarrow.parquet as pq

        state = path.stat()
        known, stamp = _known(session), (str(path), state.st_mtime_ns, state.st_size)
        if known.get(relation) == stamp:
            return
        if self.is_local or self.is_shared or path.is_dir():
            frame = session.read.parquet(str(path.resolve()))
        else:
            frame = _frame(session, pq.read_table(path))
        frame.createOrReplaceTempView(spark_sql.view_name(relation))
        known[relation] = stamp


def heap(limit: str) -> str:
    """DuckDB's way to say an amount of memory (``4GB``, ``512MiB``) as Java's (``4096m``). Raises UsageError."""
    match = _HEAP.fullmatch(limit)
    if match is None:
        raise UsageError(f"memory: expected an amount such as 4GB, found {limit!r}", remedy="Write a number and a unit")
    factor = {"k": 1 / 1024, "m": 1, "g": 1024, "t": 1024 * 1024}[match[2].lower()]
    return f"{max(int(float(match[1]) * factor), 1)}m"


def stop() -> None:
    """End the session of this process, if there is one."""
    if _session.cache_info().currsize:
        from pyspark.sql import SparkSession

        session = SparkSession.getActiveSession()
        if session is not None:
            session.stop()
        _session.cache_clear()
        _VIEWS.clear()


_VIEWS: dict[int, dict[str, tuple[str, int, int]]] = {}


def _known(session: Any) -> dict[str, tuple[str, int, int]]:
    """Files that stand as views in a session."""
    return _VIEWS.setdefault(id(session), {})


@functools.cache
def _session(engine: Spark) -> Any:
    """The session of this process. Raises UsageError where pyspark, Java or the cluster is not there."""
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise UsageError(
            "the Spark engine needs pyspark, which is not installed", remedy="Run `make extras`, or use --engine duckdb"
        ) from error
    builder = SparkSession.builder.appName("observatory")
    for key, value in _options(engine).items():
        builder = builder.config(key, value)
    if engine.remote:
        with _unwarned():
            builder = builder.remote(engine.remote)
    else:
        # a variable of this name would choose a server, whatever the builder says
        os.environ.pop("SPARK_REMOTE", None)
        if engine.is_local:
            os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
        builder = builder.master(engine.master)
    for logger in ("py4j", "SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    try:
        with _unwarned() if engine.remote else _apart(engine.spill / "spark" / "spark.log"):
            session = builder.getOrCreate()
    except _errors(OSError, RuntimeError) as error:
        said = str(error).strip().splitlines()
        raise UsageError(
            f"Spark at {engine.remote or engine.master} does not start: {said[0] if said else type(error).__name__}",
            remedy="Install Java 17 (default-jre-headless) for a local Spark, or correct SPARK_REMOTE and "
            "OBSERVATORY_SPARK_MASTER",
        ) from error
    return session


@contextlib.contextmanager
def _unwarned() -> Iterator[None]:
    """Without what pyspark says of pandas while it is imported: no pandas frame passes here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _apart(log: Path) -> Iterator[None]:
    """While Java starts, let standard error be a file: Java keeps it, and its lines are no part of a command's."""
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stderr.flush()
    own = os.dup(2)
    try:
        with log.open("wb") as file, _unwarned():
            os.dup2(file.fileno(), 2)
            yield
    finally:
        os.dup2(own, 2)
        os.close(own)


def _options(engine: Spark) -> dict[str, str]:
    """Settings of a session: what makes figures the same anywhere, and for a local Spark where it keeps itself."""
    options = {
        # what is no number, overflows or lies outside stops the query, as it does in DuckDB
        "spark.sql.ansi.enabled": "true",
        # a product of decimals keeps all its digits or fails; it is never rounded
        "spark.sql.decimalOperations.allowPrecisionLoss": "false",
        "spark.sql.session.timeZone": "UTC",
        # the names of partitions' folders are texts, as periods are
        "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
    }
    if not engine.remote:
        # the driver is here: it opens no page to a network, and says nothing between the lines of a command
        options |= {
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.log.level": "ERROR",
        }
    if engine.is_local:
        scratch = (engine.spill / "spark").resolve()
        options |= {
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.maxResultSize": "0",
            "spark.driver.memory": heap(engine.memory or "2GB"),
            "spark.local.dir": str(scratch),
            "spark.sql.warehouse.dir": str(scratch / "warehouse"),
            "spark.sql.catalogImplementation": "in-memory",
        }
    return options


def _partitions(views: Mapping[str, Path]) -> int:
    """Into how many parts a local Spark shuffles: by the size of what is read, so that small tables are quick."""
    files = [f for path in views.values() for f in (path.rglob("*.parquet") if path.is_dir() else [path])]
    size = sum(file.stat().st_size for file in files)
    return min(max(FEWEST_PARTITIONS, size // BYTES_A_PARTITION), MOST_PARTITIONS)


def _frame(session: Any, table: pa.Table) -> Any:
    """A table as Spark's. Spark Connect takes none without rows, so such a one gets a row that nobody reads."""
    import pyarrow as pa

    plain = _plain(table)
    if plain.num_rows:
        return session.createDataFrame(plain)
    row = pa.table([pa.nulls(1, field.type) for field in plain.schema], names=plain.column_names)
    return session.createDataFrame(row).limit(0)


def _plain(table: pa.Table) -> pa.Table:
    """A table without dictionaries, which Spark does not take."""
    import pyarrow as pa

    fields = [pa.field(f.name, getattr(f.type, "value_type", f.type)) for f in table.schema]
    return table.cast(pa.schema(fields))


def _as(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """``table`` with the names and types of ``schema``, column by column."""
    return table.rename_columns(schema.names).cast(schema)


def _errors(*others: type[Exception]) -> tuple[type[Exception], ...]:
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    return PySparkException, Py4JError, *others


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence of Spark's own lines while a query runs; what it says is in the error that is raised."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _cause(error: Exception) -> str:
    """What lies at the bottom of an error: Java wraps it several times."""
    said, inner = str(error), getattr(error, "java_exception", None)
    while inner is not None:
        said, inner = f"{inner.getClass().getSimpleName()}: {inner.getMessage()}", inner.getCause()
    return said


def _refusal(error: Exception, sql: str, name: str) -> DataError:
    """What Spark said of a SELECT: NotPortable with the line if it does not even read it, else a failure at work."""
    from pyspark.errors import AnalysisException, ParseException

    said = " ".join(_cause(error).split("\n\nJVM")[0].split("== SQL")[0].split(";\n")[0].split())
    if not isinstance(error, AnalysisException | ParseException):
        return DataError(f"{name}: Spark failed: {said:.600}", remedy="Run it with --engine duckdb to compare")
    fragment, at = "", 0
    contexts = [c for c in error.getQueryContext() or [] if c.contextType().name == "SQL"]
    if contexts:
        fragment, at = contexts[0].fragment(), contexts[0].startIndex()
    elif match := _POSITION.search(str(error)):
        at = int(match[1])
    line = spark_sql.locate(sql, fragment, at)
    construct = f"{fragment}: {said}" if fragment else said
    return NotPortable(name, [Lack(line, f"{construct:.400}", "Write it with functions that both engines have")])
