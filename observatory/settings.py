"""Where things are and how much a run may use, read from the environment.

Belongs here: paths and limits, typed. Does not belong here: anything about the data (catalogue.py) or about one
publisher (data/catalogue/sources/*.yaml).

Every field can be set by a variable ``OBSERVATORY_<FIELD>``, for example ``OBSERVATORY_DATA=/srv/observatory``.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

REPOSITORY = Path(__file__).resolve().parents[1]
CRON = r"^\S+( \S+){4}$"


class Settings(BaseSettings):
    """Paths and limits of one run."""

    model_config = SettingsConfigDict(env_prefix="OBSERVATORY_", extra="ignore", frozen=True)

    home: Path = Field(default=REPOSITORY, description="the repository: catalogue, embedded snapshots and sql/")
    data: Path | None = Field(default=None, description="where runs write; default: <home>/data")
    threads: int | None = Field(default=None, ge=1, description="DuckDB's threads; default: all cores")
    memory_limit: str | None = Field(
        default=None,
        description="DuckDB's memory before it spills to the build folder, and a local Spark's heap, e.g. 4GB",
    )
    engine: Literal["duckdb", "spark"] = Field(default="duckdb", description="what runs the models")
    spark_master: str | None = Field(
        default=None, description="master of a Spark cluster; Spark within the run if absent"
    )
    spark_remote: str | None = Field(
        default=None,
        validation_alias=AliasChoices("spark_remote", "OBSERVATORY_SPARK_REMOTE", "SPARK_REMOTE"),
        description="address of a Spark Connect server, sc://…; goes before the master",
    )
    spark_shared: bool = Field(default=False, description="the cluster reads the data folder under the same path")
    contact: str = Field(default="no contact given", description="who to write to; told to publishers on fetching")
    retries: int = Field(default=5, ge=0, description="how often a publisher is asked again after a passing fault")
    eustat_api: str | None = Field(default=None, description="address of Eustat's bank, to use a mirror")
    eustat_files: str | None = Field(default=None, description="address of Eustat's PX files")
    eurostat_statistics: str | None = Field(default=None, description="address of Eurostat's statistics API")
    eurostat_sdmx: str | None = Field(default=None, description="address of Eurostat's SDMX 2.1 service")
    eurostat_async: str | None = Field(default=None, description="address of Eurostat's asynchronous service")
    ine: str | None = Field(default=None, description="address of INE's site")
    automation: bool = Field(default=False, description="schedules and sensors run as soon as the daemon does")
    watch_seconds: int = Field(default=3600, ge=30, description="how often publishers' catalogues are looked at")
    fetch_at: str = Field(
        default="30 9 15 1,4,7,10 *",
        pattern=CRON,
        description="when all publishers are asked, in Madrid: minute, hour, day, month and weekday",
    )
    refresh_at: str = Field(
        default="0 10 15 1,4,7,10 *", pattern=CRON, description="when the quarterly release is made, likewise"
    )
    log: Literal["file", "stderr", "off"] = Field(default="file", description="where the lines of the log go")
    notify_email: str | None = Field(default=None, description="who is written to, with commas between")
    notify_webhook: SecretStr | None = Field(default=None, description="address that notices are posted to")
    smtp_host: str = Field(default="127.0.0.1", description="mail server")
    smtp_port: int = Field(default=25, ge=1, le=65_535, description="its port")
    smtp_security: Literal["none", "starttls", "tls"] = Field(default="none", description="how the line is secured")
    smtp_user: str | None = Field(default=None, description="log-in at the mail server")
    smtp_password: SecretStr | None = Field(default=None, description="its password")
    smtp_from: str = Field(default="observatory@localhost", description="sender of notices")
    dagster_postgres: SecretStr | None = Field(
        default=None,
        description="address of a PostgreSQL database for run history; SQLite under data/.dagster if absent",
    )
    pseudonym_key: SecretStr | None = Field(
        default=None, min_length=16, description="secret that turns names in a programme's registers into pseudonyms"
    )
    store: str | None = Field(
        default=None,
        description="a store that machines share: s3://, gs:// or az:// with bucket and prefix, or file:///folder",
    )
    disclosure_rules: Path | None = Field(
        default=None, description="file with the parameters of disclosure control, outside the repository"
    )

    @cached_property
    def data_dir(self) -> Path:
        """Folder that runs write to."""
        return (self.data or self.home / "data").resolve()

    @property
    def key(self) -> bytes | None:
        """The secret of pseudonyms."""
        return self.pseudonym_key.get_secret_value().encode() if self.pseudonym_key else None

    @property
    def embedded(self) -> Path:
        """Snapshots that come with the repository; never written by a run."""
        return self.home / "data" / "embedded"

    @property
    def snapshots(self) -> Path:
        """Snapshots fetched on this machine."""
        return self.data_dir / "snapshots"

    @property
    def restricted(self) -> Path:
        """Microdata of firm surveys; readable by its owner alone, never published, never in the database."""
        return self.data_dir / "restricted"

    @property
    def build(self) -> Path:
        """Tables of the current build; may be deleted at any time."""
        return self.data_dir / "build"

    @property
    def shared(self) -> Path:
        """What this machine holds of the shared store: each store has a folder of its own, so that none mix."""
        return self.data_dir / "stores" / hashlib.sha256((self.store or "").encode()).hexdigest()[:12]

    @property
    def releases(self) -> Path:
        """Published releases; a directory here never changes again. With a shared store those that came from it."""
        return (self.shared if self.store else self.data_dir) / "releases"

    @property
    def logs(self) -> Path:
        """Lines of the log, a file a day, and the notices."""
        return self.data_dir / "log"

    @property
    def state(self) -> Path:
        """What is running and how the last run ended."""
        return self.data_dir / "state"

    @property
    def metrics(self) -> Path:
        """Figures of the last run for a monitor, in Prometheus' text format."""
        return self.data_dir / "metrics.prom"

    @property
    def database(self) -> Path:
        """The DuckDB file for analysts, a copy of the build."""
        return self.data_dir / "observatory.duckdb"
