"""Where things are and how much a run may use, read from the environment.

Belongs here: paths and limits, typed. Does not belong here: anything about the data (catalogue.py) or about one
publisher (data/catalogue/sources/*.yaml).

Every field can be set by a variable ``OBSERVATORY_<FIELD>``, for example ``OBSERVATORY_DATA=/srv/observatory``.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

REPOSITORY = Path(__file__).resolve().parents[1]


class Settings(BaseSettings):
    """Paths and limits of one run."""

    model_config = SettingsConfigDict(env_prefix="OBSERVATORY_", extra="ignore", frozen=True)

    home: Path = Field(default=REPOSITORY, description="the repository: catalogue, embedded snapshots and sql/")
    data: Path | None = Field(default=None, description="where runs write; default: <home>/data")
    threads: int | None = Field(default=None, ge=1, description="DuckDB's threads; default: all cores")
    memory_limit: str | None = Field(default=None, description="DuckDB's memory before it spills, e.g. 4GB")
    contact: str = Field(default="no contact given", description="who to write to; told to publishers on fetching")
    retries: int = Field(default=5, ge=0, description="how often a publisher is asked again after a passing fault")
    eustat_api: str | None = Field(default=None, description="address of Eustat's bank, to use a mirror")
    eustat_files: str | None = Field(default=None, description="address of Eustat's PX files")
    eurostat_statistics: str | None = Field(default=None, description="address of Eurostat's statistics API")
    eurostat_sdmx: str | None = Field(default=None, description="address of Eurostat's SDMX 2.1 service")
    eurostat_async: str | None = Field(default=None, description="address of Eurostat's asynchronous service")
    ine: str | None = Field(default=None, description="address of INE's site")
    disclosure_rules: Path | None = Field(
        default=None, description="file with the parameters of disclosure control, outside the repository"
    )

    @cached_property
    def data_dir(self) -> Path:
        """Folder that runs write to."""
        return (self.data or self.home / "data").resolve()

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
    def releases(self) -> Path:
        """Published releases; a directory here never changes again."""
        return self.data_dir / "releases"

    @property
    def database(self) -> Path:
        """The DuckDB file for analysts, a copy of the build."""
        return self.data_dir / "observatory.duckdb"
