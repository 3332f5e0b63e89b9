"""Where a model's SELECT runs.

Belongs here: one module an engine, all with the same verbs, ``to_arrow``, ``to_parquet`` and ``check``, and which of
them the settings ask for. Does not belong here: which models there are or in which order they run (models.py,
build.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from observatory.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa


class Engine(Protocol):
    """What an engine does with one SELECT; ``views`` are Parquet files, or folders of them, by relation."""

    def to_arrow(self, sql: str, views: Mapping[str, Path], *, name: str) -> pa.Table:
        """Its rows, in its order."""

    def to_parquet(self, sql: str, views: Mapping[str, Path], target: Path, *, name: str) -> None:
        """Its rows in a file, whole or not at all."""

    def check(self, sql: str, schemas: Mapping[str, pa.Schema], *, name: str) -> Any:
        """Raise DataError unless it would run over tables of these schemas."""


def engine_of(settings: Settings) -> Engine:
    """The engine that runs models: DuckDB, or Spark where the settings say so."""
    from observatory.engines.duckdb import DuckDB

    spill = settings.build / "spill"
    if settings.engine == "duckdb":
        return DuckDB(spill, settings.threads, settings.memory_limit)
    from observatory.engines.spark import Spark

    master = settings.spark_master or f"local[{settings.threads or '*'}]"
    return Spark(spill, master, settings.spark_remote, settings.spark_shared, settings.memory_limit)
