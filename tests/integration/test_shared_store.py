"""A store that machines share: what readers see while publishers publish, are killed, race, and while bytes rot.

Tests run on a folder and on a real S3 server (Ceph's radosgw on 127.0.0.1, tests/servers/s3.py); the latter skip where
the server is not installed.
"""

from __future__ import annotations

import hashlib
import signal
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer.testing

import observatory as ob
from observatory import catalogue, doctor, releases, sharing, sharing_inputs, snapshots
from observatory.cli import app
from observatory.errors import DataError, StorageError
from observatory.objects import Folder, Objects
from observatory.settings import Settings
from tests.integration import crashing
from tests.integration.sharing import DAY, Publishers, machine, make, publish, refresh, workspace
from tests.servers import s3

LATER = DAY + timedelta(hours=1)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, known: catalogue.Catalogue) -> Path:
    """Two models, built and checked once."""
    settings = crashing.home(tmp_path_factory.mktemp("shared"))
    make(settings, known)
    return settings.home


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[s3.Ceph]:
    pytest.importorskip("s3fs", reason="needs the extra `cloud`: make extras")
    if absent := s3.missing():
        pytest.skip(
            f"needs a real S3 server: Debian's radosgw, ceph-mon, ceph-osd, ceph-common ({absent[0]} is absent)"
        )
    with s3.Ceph(tmp_path_factory.mktemp("ceph") / "c") as running:
        yield running


@pytest.fixture(scope="module")
def publishers() -> Iterator[Publishers]:
    with Publishers() as running:
        yield running


@dataclass
class Shared:
    """A store of one test: its address, and a way to its objects that is not ours."""

    address: str
    objects: Objects

    def flip(self, key: str) -> None:
        """One bit in the middle of an object."""
        seen = self.objects.read(key)
        assert seen is not None
        data = bytearray(seen.data)
        data[len(data) // 2] ^= 1
        self.put(key, bytes(data))

    def put(self, key: str, data: bytes) -> None:
        seen = self.objects.read(key)
        self.objects.replace(key, data, seen.version if seen else None)

    def keys(self, prefix: str = "") -> list[str]:
        return [key for key in self.objects.entries("") if key.startswith(prefix)]


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.thorough)])
def shared(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shared:
    if request.param == "folder":
        address = (tmp_path / "store").as_uri()
    else:
        address = f"s3://{s3.BUCKET}/{uuid.uuid4().hex}"
        for name, value in request.getfixturevalue("server").environment.items():
            monkeypatch.setenv(name, value)
    return Shared(address, sharing.opened(address))


def whole(settings: Settings) -> str:
    """The latest release that a machine reads from the store, proved byte for byte."""
    folder = sharing.releases(settings)
    for name in releases.names(folder):
        assert releases.verify(folder / name) == []
    return releases.find(folder).name


def definition(settings: Settings) -> str:
    folder = sharing.releases(settings)
    (found,) = [r for r in releases.manifest(releases.find(folder))["resources"] if r["name"] == "figure"]
    return str(found["description"])


def test_an_empty_machine_has_everything_from_the_store(
    shared: Shared, home: Path, known: catalogue.Catalogue, tmp_path: Path
) -> None:
    first = machine(tmp_path / "first", home, shared.address, is_empty=False)
    published = refresh(first, known)
    second = machine(tmp_path / "second", home, shared.address)
    assert make(second, known) == len(workspace(second, known).relations)
    again = publish(second, known)
    assert (again.release, again.is_new) == ("2026Q4.0", False)
    for path in published.path.iterdir():
        assert (again.path / path.name).read_bytes() == path.read_bytes()
    assert again.path != published.path
    (prefix,) = {key.rpartition("/")[0] for key in shared.keys("releases/") if not key.endswith(".json") or "-" in key}
    assert prefix.startswith("releases/2026Q4.0-")


READERS_SEE_THE_OLD = [
    (r"^build/", "before"),
    (r"releases/.*/small\.parquet$", "before"),
    (r"releases/.*/figure\.parquet$", "after"),
    (r"releases/.*/datapackage\.json$", "before"),
    (r"releases/.*/datapackage\.json$", "after"),
    (r"releases/.*/SHA256SUMS$", "after"),
    (r"releases/latest\.json$", "before"),
]


def test_a_publisher_killed_between_objects_is_not_seen(
    shared: Shared,
    publishers: Publishers,
    home: Path,
    known: catalogue.Catalogue,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refresh(machine(tmp_path / "old", home, shared.address, is_empty=False), known)
    settings = machine(tmp_path / "new", home, shared.address, version=1, is_empty=False)
    make(settings, known)
    for number, (key, when) in enumerate(READERS_SEE_THE_OLD):
        assert publishers.killed(settings, key, when, DAY + timedelta(minutes=number)) == -signal.SIGKILL
        reader = machine(tmp_path / f"reader{number}", home, shared.address)
        assert (whole(reader), definition(reader)) == ("2026Q4.0", "Version 0"), (key, when)
    monkeypatch.setenv("OBSERVATORY_STORE", shared.address)
    monkeypatch.setenv("OBSERVATORY_DATA", str(tmp_path / "lists"))
    listed = typer.testing.CliRunner().invoke(app, ["releases", "list"])
    assert listed.exit_code == 0
    assert listed.output.startswith("2026Q4.0 ") and "2026Q4.1" not in listed.output
    make(settings, known)
    assert publish(settings, known, LATER).release == "2026Q4.1"
    reader = machine(tmp_path / "reader", home, shared.address)
    assert (whole(reader), definition(reader)) == ("2026Q4.1", "Version 1")

    half = {key.split("/")[1] for key in shared.keys("releases/2026Q4.1")}
    assert len(half) > 2
    assert [f for f in doctor.examine(settings) if "was left by a publisher" in f.fault] == []
    tomorrow = datetime.now(UTC) + timedelta(days=2)
    left = [f for f in doctor.examine(settings, tomorrow) if "was left by a publisher" in f.fault]
    assert {f.place.rstrip("/").rpartition("/")[2] for f in left} < half
    doctor.repair(settings, left)
    assert sharing.leftovers(shared.objects, tomorrow) == []
    (kept,) = {key.split("/")[1] for key in shared.keys("releases/2026Q4.1")}
    assert kept in half
    assert whole(machine(tmp_path / "after", home, shared.address)) == "2026Q4.1"


def test_a_publisher_killed_after_the_pointer_has_published(
    shared: Shared, publishers: Publishers, home: Path, known: catalogue.Catalogue, tmp_path: Path
) -> None:
    refresh(machine(tmp_path / "old", home, shared.address, is_empty=False), known)
    settings = machine(tmp_path / "new", home, shared.address, version=1, is_empty=False)
    make(settings, known)
    assert publishers.killed(settings, r"releases/latest\.json$", "after") == -signal.SIGKILL
    assert whole(machine(tmp_path / "reader", home, shared.address)) == "2026Q4.1"
    again = refresh(settings, known)
    assert (again.release, again.is_new) == ("2026Q4.1", False)


def test_a_later_run_completes_what_a_killed_one_sent(
    shared: Shared, publishers: Publishers, home: Path, known: catalogue.Catalogue, tmp_path: Path
) -> None:
    refresh(machine(tmp_path / "old", home, shared.address, is_empty=False), known)
    settings = machine(tmp_path / "new", home, shared.address, version=1, is_empty=False)
    make(settings, known)
    assert publishers.killed(settings, r"releases/.*/SHA256SUMS$", "before") == -signal.SIGKILL
    half = shared.keys("releases/2026Q4.1")
    (figure,) = [key for key in half if key.endswith("/figure.parquet")]
    shared.flip(figure)  # and what it sent has rotted since
    assert refresh(settings, known).release == "2026Q4.1"
    assert set(half) < set(shared.keys("releases/2026Q4.1"))
    assert sharing.problems(shared.objects) == []


def test_of_two_publishers_one_wins_and_the_other_says_so(
    shared: Shared, publishers: Publishers, home: Path, known: catalogue.Catalogue, tmp_path: Path
) -> None:
    refresh(machine(tmp_path / "old", home, shared.address, is_empty=False), known)
    machines = [machine(tmp_path / f"m{n}", home, shared.address, version=n, is_empty=False) for n in (1, 2)]
    for settings in machines:
        make(settings, known)
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    pids = [publishers.start(one, r"releases/latest\.json$", "before", LATER, meeting) for one in machines]
    while {str(pid) for pid in pids} != {path.name for path in meeting.iterdir()}:
        time.sleep(0.01)
    (meeting / "go").touch()
    outcomes = [publishers.ended(pid) for pid in pids]
    assert sorted(code for code, _ in outcomes) == [0, 2]
    winner, loser = sorted(range(2), key=lambda n: outcomes[n][0])
    words = outcomes[loser][1]
    assert "2026Q4.1 was not published" in words and f"release 2026Q4.1 of {LATER.isoformat()} of another" in words
    assert "Run `observatory refresh` again" in words and shared.address in words
    reader = machine(tmp_path / "reader", home, shared.address)
    assert (whole(reader), definition(reader)) == ("2026Q4.1", f"Version {winner + 1}")
    assert len({key.split("/")[1] for key in shared.keys("releases/2026Q4.1")}) == 1, "the loser's objects are gone"
    assert not (machines[loser].releases / "2026Q4.1").exists()
    second = refresh(machines[loser], known, LATER)
    assert (second.release, second.is_new) == ("2026Q4.2", True)
    assert definition(reader) == f"Version {loser + 1}"


def test_a_machine_that_has_not_looked_does_not_overwrite(
    shared: Shared, home: Path, known: catalogue.Catalogue, tmp_path: Path
) -> None:
    late = machine(tmp_path / "late", home, shared.address, version=1, is_empty=False)
    make(late, known)
    refresh(machine(tmp_path / "first", home, shared.address, is_empty=False), known)
    before = shared.keys("releases/")
    with pytest.raises(sharing.Lost, match=r"release 2026Q4\.0 of .* of another publisher") as caught:
        publish(late, known)
    assert caught.value.exit_code == 2
    assert shared.keys("releases/") == before


def test_a_wrong_bit_is_found_where_it_is_read_and_mended_by_who_has_the_right_one(
    shared: Shared, home: Path, known: catalogue.Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = machine(tmp_path / "publisher", home, shared.address, is_empty=False)
    refresh(publisher, known)
    (figure,) = [key for key in shared.keys("releases/") if key.endswith("/figure.parquet")]
    (sums,) = [key for key in shared.keys("releases/") if key.endswith("/SHA256SUMS")]
    for number, key in enumerate((figure, sums)):
        shared.flip(key)
        monkeypatch.setenv("OBSERVATORY_DATA", str(tmp_path / f"reader{number}"))
        with pytest.raises(DataError) as caught:
            ob.load("figure", store=shared.address)
        assert f"{shared.address}/{key}: its bytes have changed" in str(caught.value)
        assert "doctor --repair" in str(caught.value)
        monkeypatch.setenv("OBSERVATORY_DATA", str(publisher.data_dir))
        monkeypatch.setenv("OBSERVATORY_STORE", shared.address)
        verified = typer.testing.CliRunner().invoke(app, ["releases", "verify"])
        assert verified.exit_code == 4 and key in verified.output
        (found,) = [f for f in doctor.examine(publisher) if key in f.place]
        doctor.repair(publisher, [found])
        assert sharing.problems(shared.objects) == []
        monkeypatch.setenv("OBSERVATORY_DATA", str(tmp_path / f"reader{number}"))
        assert ob.load("figure", store=shared.address).attrs["release"] == "2026Q4.0"
    shared.put(sharing.POINTER, b"{}")
    with pytest.raises(DataError, match=r"latest\.json: expected a pointer"):
        ob.load("figure", store=shared.address)


def test_a_wrong_bit_in_a_built_table_costs_a_build(
    shared: Shared, home: Path, known: catalogue.Catalogue, tmp_path: Path
) -> None:
    publisher = machine(tmp_path / "publisher", home, shared.address, is_empty=False)
    refresh(publisher, known)
    made = workspace(publisher, known).made("indicators.figure")
    assert made is not None
    place = f"build/{made.sha256}.parquet"
    shared.flip(place)
    second = machine(tmp_path / "second", home, shared.address)
    assert make(second, known) == len(workspace(second, known).relations) - 1
    assert publish(second, known).is_new is False
    (found,) = [f for f in doctor.examine(publisher) if place in f.place]
    doctor.repair(publisher, [found])
    sharing_inputs.push(workspace(publisher, known))
    assert sharing_inputs.problems(shared.objects) == []


def fetched(settings: Settings, source: str, day: int) -> snapshots.LockEntry:
    """A table as if fetched that day: the embedded bytes, with a line of that day's behind them."""
    embedded = snapshots.Store(settings.embedded, "embedded")
    entry = embedded.lock().tables[source]
    data = embedded.read(source, entry) + b"\n" * day
    said = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "retrieved_at": datetime(2026, 11, day, tzinfo=UTC),
    }
    entry = entry.model_copy(update=said)
    snapshots.Store(settings.snapshots, "local").add(source, data, entry)
    return entry


def test_snapshots_of_two_machines_meet(shared: Shared, home: Path, known: catalogue.Catalogue, tmp_path: Path) -> None:
    gva, jobs = "eurostat_nama_10r_3gva", "eurostat_nama_10r_3empers"
    one, two, empty = (machine(tmp_path / name, home, shared.address) for name in ("one", "two", "empty"))
    fetched(one, gva, 1)
    newest = fetched(two, gva, 2)
    other = fetched(one, jobs, 3)
    for settings in (two, one, two):
        sharing_inputs.push_snapshots(shared.objects, settings)
    workspace_ = workspace(empty, known)
    sharing_inputs.pull(workspace_)
    local = snapshots.Store(empty.snapshots, "local")
    assert local.lock().tables == {gva: newest, jobs: other}
    assert [workspace_.pins[s].store.name for s in (gva, jobs)] == ["local", "local"]
    assert all(local.read(source, entry) for source, entry in local.lock().tables.items())
    sharing_inputs.pull(workspace(one, known))
    assert snapshots.Store(one.snapshots, "local").lock().tables[gva] == newest
    place = sharing_inputs.key(newest)
    shared.flip(place)
    with pytest.raises(DataError, match="its bytes have changed") as caught:
        sharing_inputs.pull(workspace(machine(tmp_path / "fourth", home, shared.address), known))
    assert place in str(caught.value)
    (found,) = [f for f in doctor.examine(one) if place in f.place]
    doctor.repair(one, [found])
    assert sharing_inputs.problems(shared.objects) == []


class Careless(Folder):
    """A store that writes whatever the condition says."""

    def replace(self, key: str, data: bytes, version: str | None) -> str:
        seen = self.read(key)
        return super().replace(key, data, seen.version if seen else None)


def test_a_store_without_conditions_gets_no_release(
    home: Path, known: catalogue.Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = machine(tmp_path / "machine", home, (tmp_path / "store").as_uri(), is_empty=False)
    make(settings, known)
    monkeypatch.setattr(sharing, "opened", lambda address: Careless(tmp_path / "store"))
    with pytest.raises(StorageError, match="does not keep to conditions"):
        publish(settings, known)
    assert not (tmp_path / "store" / sharing.POINTER).exists()
    assert not (tmp_path / "store" / sharing.PROBE).exists()


@pytest.mark.thorough
def test_errors_of_the_service_hold_no_secret(
    server: s3.Ceph, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3fs = pytest.importorskip("s3fs")
    monkeypatch.setattr(s3fs.S3FileSystem, "cachable", False)
    for name, value in (server.environment | {"AWS_SECRET_ACCESS_KEY": "not-the-right-secret"}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StorageError) as caught:
        sharing.releases(machine(tmp_path / "m", home, f"s3://{s3.BUCKET}/x"))
    assert caught.value.exit_code == 2
    assert f"s3://{s3.BUCKET}/x/releases/latest.json" in str(caught.value)
    assert not any(secret in str(caught.value) for secret in ("not-the-right-secret", s3.KEY, s3.SECRET))
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
