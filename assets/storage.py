"""Where Dagster keeps what it knows of runs: under ``<data>/.dagster``, or in PostgreSQL where the settings name one.

Belongs here: these places, for dagster.yaml, so that they follow OBSERVATORY_DATA and not the folder that a process
was started in. Does not belong here: anything about the data itself; run history may go without losing a release.

The classes are what dagster.yaml needs; what they make are objects of Dagster's own classes.
"""

import fcntl
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._core.storage.root import LocalArtifactStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData

from observatory.errors import UsageError
from observatory.settings import Settings


class Artifacts(LocalArtifactStorage):
    """Files that Dagster keeps of runs."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """No configuration: the settings say it all."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Any:
        """A folder."""
        return LocalArtifactStorage(str(_folder()), inst_data)


class Output(LocalComputeLogManager):
    """What steps write to standard output and error."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """No configuration: the settings say it all."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Any:
        """Files, two a step."""
        return LocalComputeLogManager(str(_folder() / "output"), inst_data=inst_data)


class Storage(DagsterSqliteStorage):
    """Runs, events and ticks."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """No configuration: the settings say it all."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Any:
        """SQLite, or the PostgreSQL that OBSERVATORY_DAGSTER_POSTGRES names.

        Raises UsageError where PostgreSQL is asked for and its driver is not installed.
        """
        settings = Settings()
        with (_folder() / "making.lock").open("w") as one_at_a_time:
            # daemon, web server and code server start together, and tables made twice are a broken history
            fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
            if settings.dagster_postgres is None:
                return DagsterSqliteStorage.from_local(str(_folder()), inst_data)
            return _postgres(settings.dagster_postgres.get_secret_value(), inst_data)


def _postgres(address: str, inst_data: ConfigurableClassData | None) -> Any:
    try:
        from dagster_postgres import DagsterPostgresStorage
    except ImportError as error:
        raise UsageError(
            "OBSERVATORY_DAGSTER_POSTGRES is set, and dagster-postgres is not installed",
            remedy="Install the version that goes with Dagster's: pip install 'dagster-postgres>=0.29.27,<0.30'",
        ) from error
    # dagster-postgres comes with psycopg2, and SQLAlchemy 2.1 takes an address without a driver for psycopg 3's
    with_driver = re.sub(r"^postgres(ql)?://", "postgresql+psycopg2://", address)
    return DagsterPostgresStorage(postgres_url=with_driver, should_autocreate_tables=True, inst_data=inst_data)


def _folder() -> Path:
    folder = Settings().data_dir / ".dagster"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
