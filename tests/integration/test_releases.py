"""Releases: immutable, whole, comparable."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import frictionless
import pyarrow.parquet as pq
import pytest

from observatory import quality, releases
from observatory.build import Workspace
from observatory.differences import compare, render
from observatory.errors import CheckFailed, DataError, UsageError
from observatory.settings import Settings

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def revised(ws: Workspace, folder: Path, old: str, new: str) -> Workspace:
    """A workspace over the same data folder whose share model is changed in one place."""
    home = folder / "home"
    for part in ("sql", "data/catalogue", "data/embedded"):
        shutil.copytree(ws.settings.home / part, home / part)
    model = home / "sql" / "indicators" / "ict_emp_share.sql"
    text = model.read_text("utf-8")
    assert old in text
    model.write_text(text.replace(old, new), "utf-8")
    other = Workspace(Settings(home=home, data=ws.settings.data_dir))
    for relation in other.relations:
        other.make(relation)
        quality.run(other, relation, releases.latest(other.settings.releases))
    return other


def test_a_release_holds_tables_manifest_checks_differences_and_sums(built: Workspace) -> None:
    release = releases.find(built.settings.releases)
    assert release.name == "2026Q3.0"
    present = {p.name for p in release.iterdir()}
    assert {"datapackage.json", "checks.json", "claims.json", "diff.md", "lock.yaml", "SHA256SUMS"} <= present
    assert {f"{m.name}.parquet" for m in built.models.values()} <= present
    assert releases.verify(release) == []
    metadata = pq.read_schema(release / "ict_emp_share.parquet").metadata
    assert (
        metadata[b"indicator"] == b"ict_emp_share" and metadata[b"release"] == b"2026Q3.0" and metadata[b"git_commit"]
    )


def test_frictionless_validates_the_package(built: Workspace) -> None:
    """Small tables whole, with their bytes; of large ones the schema and the first rows: a row takes a millisecond."""
    package = frictionless.Package(str(releases.find(built.settings.releases) / "datapackage.json"))
    assert len(package.resources) == len(built.models)
    whole = 0
    for resource in package.resources:
        made = built.made(next(name for name in built.models if name.endswith(f".{resource.name}")))
        assert made is not None
        is_small = made.rows <= 1_000
        report = resource.validate() if is_small else resource.validate(limit_rows=200)
        assert report.valid, (resource.name, report.flatten(["type", "message"]))
        whole += is_small
    assert whole >= 10


def test_publishing_the_same_again_publishes_nothing(copy: Workspace) -> None:
    outcome = releases.publish(copy, "2026Q4", NOW)
    assert (outcome.release, outcome.is_new) == ("2026Q3.0", False)
    assert releases.names(copy.settings.releases) == ["2026Q3.0"]
    assert releases.up_to_date(copy)


def test_a_revision_is_published_compared_and_the_release_before_stays(copy: Workspace, tmp_path: Path) -> None:
    before = {p.name: p.read_bytes() for p in releases.find(copy.settings.releases).iterdir()}
    other = revised(copy, tmp_path, "100 * j.value", "case when j.geo = 'ES21' then 101 else 100 end * j.value")
    outcome = releases.publish(other, None, NOW)
    assert outcome.is_new and outcome.release == "2026Q4.0"
    found = {d.table: d for d in outcome.differences}
    assert found["ict_emp_share"].revised == 25 - 0 and found["ict_emp_share"].largest[0]["geo"] == "ES21"
    assert found["mfg_gva_share"].is_empty
    assert "ict_emp_share: largest revisions" in (outcome.path / "diff.md").read_text("utf-8")
    assert {p.name: p.read_bytes() for p in releases.find(copy.settings.releases, "2026Q3.0").iterdir()} == before
    assert releases.before(outcome.path) == releases.find(copy.settings.releases, "2026Q3.0")
    again = compare(copy.engine, releases.before(outcome.path), outcome.path, releases.manifest)
    assert again == outcome.differences


def test_a_second_release_of_a_quarter_is_a_patch(copy: Workspace, tmp_path: Path) -> None:
    other = revised(copy, tmp_path, "100 * j.value", "100.1 * j.value")
    assert releases.publish(other, "2026Q3", NOW).release == "2026Q3.1"


def test_a_failed_critical_check_refuses_the_release(copy: Workspace, tmp_path: Path) -> None:
    other = revised(copy, tmp_path, "100 * j.value", "10_000 * j.value")
    with pytest.raises(CheckFailed, match="ict_emp_share"):
        releases.publish(other, "2026Q4", NOW)
    assert releases.names(copy.settings.releases) == ["2026Q3.0"]
    assert not [p for p in copy.settings.releases.iterdir() if p.name.endswith(".part")]


def test_a_large_move_against_the_release_before_is_a_warning(copy: Workspace, tmp_path: Path) -> None:
    other = revised(copy, tmp_path, "100 * j.value", "200 * j.value")
    found = {r.name: r for r in quality.results(other) if r.table == "indicators.ict_emp_share"}
    assert not found["against_last_release"].passed
    assert found["against_last_release"].severity == "warning"
    assert releases.publish(other, "2026Q4", NOW).is_new


def test_a_release_is_never_overwritten(copy: Workspace) -> None:
    with pytest.raises(DataError, match="exists"):
        releases.write(copy, copy.settings.releases, "2026Q3.0", None, [], NOW)


def test_a_failure_while_writing_leaves_nothing(copy: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(releases, "render", full)
    with pytest.raises(OSError, match="No space"):
        releases.write(copy, copy.settings.releases, "2026Q4.0", None, [], NOW)
    assert sorted(p.name for p in copy.settings.releases.iterdir()) == ["2026Q3.0", "latest.json"]


@pytest.mark.parametrize("name", ["ict_emp_share.parquet", "datapackage.json", "diff.md"])
def test_verify_finds_a_changed_and_a_vanished_file(copy: Workspace, name: str) -> None:
    release = releases.find(copy.settings.releases)
    path = release / name
    data = bytearray(path.read_bytes())
    data[10] ^= 1
    path.write_bytes(data)
    assert releases.verify(release) == [f"{path}: bytes differ from SHA256SUMS"]
    path.unlink()
    assert releases.verify(release) == [f"{path}: missing"]
    (release / "extra.txt").write_text("x")
    assert f"{release / 'extra.txt'}: not listed in SHA256SUMS" in releases.verify(release)


def test_a_pointer_to_nothing_is_said(copy: Workspace) -> None:
    pointer = copy.settings.releases / "latest.json"
    pointer.write_text(json.dumps({"release": "2020Q1.0"}))
    with pytest.raises(DataError, match=r"2020Q1\.0"):
        releases.latest(copy.settings.releases)


@pytest.mark.parametrize("quarter", ["2026Q5", "26Q1", "2026Q1.0", "../x"])
def test_a_malformed_quarter_is_wrong_use(copy: Workspace, quarter: str) -> None:
    with pytest.raises(UsageError, match="not a quarter"):
        releases.publish(copy, quarter, NOW)


def test_an_unknown_release_is_wrong_use_and_names_the_known(built: Workspace) -> None:
    with pytest.raises(UsageError, match=r"2026Q3\.0"):
        releases.find(built.settings.releases, "2019Q1.0")


def test_the_first_release_says_that_it_is_the_first() -> None:
    assert "first release" in render([], None, "2026Q4.0")
