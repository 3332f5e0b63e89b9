"""A site with two vintages, built once from the `built` release; a small home with one, copied for each test."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from observatory import catalogue
from observatory.build import Workspace
from observatory.catalogue import Catalogue
from observatory.models import Header
from observatory.publishing import site
from observatory.settings import REPOSITORY, Settings
from tests.integration import crashing
from tests.integration.small_home import work

REVISED = "ict_emp_share"
EARLIER, LATER = "2026Q3.0", "2026Q4.0"


@dataclass(frozen=True)
class Site:
    """Folders and inputs of the site under test."""

    releases: Path
    folder: Path
    catalogue: Catalogue
    headers: Mapping[str, Header]

    def build(self, folder: Path | None = None, release: str | None = None) -> site.Built:
        return site.build(self.releases, folder or self.folder, self.catalogue, self.headers, release)


def revise(release: Path) -> None:
    """A later vintage: one figure revised, a break in 2010 and a figure of low reliability in 2012 (Basque Country)."""
    path = release / f"{REVISED}.parquet"
    table = pq.read_table(path)
    rows = table.to_pylist()
    for row in rows:
        if row["geo"] == "ES21" and row["period"] == "2015":
            row["value"] += 0.5
        if row["geo"] == "ES21" and row["period"] in {"2010", "2012"}:
            row["status"] = {"2010": "B", "2012": "U"}[row["period"]]
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)
    manifest = json.loads((release / "datapackage.json").read_text("utf-8"))
    manifest["version"] = release.name
    for resource in manifest["resources"]:
        if resource["name"] == REVISED:
            resource["content"] = "0123456789abcdef" * 4
    (release / "datapackage.json").write_text(json.dumps(manifest), "utf-8")
    (release / "diff.md").write_text(
        f"# From {EARLIER} to {LATER}\n\n| table |\n|---|\n| <b>{REVISED}</b> |\n", "utf-8"
    )


@pytest.fixture(scope="session")
def made_site(built: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Site:
    base = tmp_path_factory.mktemp("site")
    for name in (EARLIER, LATER):
        shutil.copytree(built.settings.releases / "2026Q3.0", base / "releases" / name)
    revise(base / "releases" / LATER)
    (base / "releases" / "latest.json").write_text(json.dumps({"release": LATER}), "utf-8")
    headers = {model.name: model.header for model in built.models.values() if model.schema == "indicators"}
    made = Site(base / "releases", base / "site", built.catalogue, headers)
    made.build()
    return made


@pytest.fixture(scope="module")
def known() -> Catalogue:
    return catalogue.load(REPOSITORY)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, known: Catalogue) -> Path:
    """A small home with one release."""
    folder = tmp_path_factory.mktemp("small")
    work(crashing.home(folder), known)
    return folder


@pytest.fixture
def small(finished: Path, tmp_path: Path) -> Settings:
    shutil.copytree(finished, tmp_path / "small", symlinks=True)
    return Settings(home=tmp_path / "small" / "home", data=tmp_path / "small" / "data")
