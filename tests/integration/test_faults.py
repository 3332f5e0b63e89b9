"""Faults that are provoked really, and what is left on disk: of `doctor`, of two runs at once, of a full disk."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer.testing

from observatory import catalogue, doctor, releases, running, snapshots
from observatory.build import Workspace
from observatory.cli import app, main
from observatory.errors import StorageError, UsageError
from observatory.settings import REPOSITORY, Settings
from tests.integration import crashing


@pytest.fixture(scope="module")
def known() -> catalogue.Catalogue:
    return catalogue.load(REPOSITORY)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, known: catalogue.Catalogue) -> Path:
    """A small home with one release."""
    folder = tmp_path_factory.mktemp("small")
    crashing.work(crashing.home(folder), known)
    return folder


@pytest.fixture
def small(finished: Path, tmp_path: Path) -> Settings:
    shutil.copytree(finished, tmp_path / "small", symlinks=True)
    return Settings(home=tmp_path / "small" / "home", data=tmp_path / "small" / "data")


def told(settings: Settings) -> list[doctor.Finding]:
    return [found for found in doctor.examine(settings) if "left on its disk" not in found.fault]


def flip(path: Path) -> None:
    """One bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def local_snapshot(settings: Settings) -> Path:
    """A table fetched to the local store: the embedded bytes, said to be fetched."""
    embedded = snapshots.Store(settings.embedded, "embedded")
    entry = embedded.lock().tables["eurostat_nama_10r_3gva"]
    store = snapshots.Store(settings.snapshots, "local")
    store.add("eurostat_nama_10r_3gva", embedded.read("eurostat_nama_10r_3gva", entry), entry)
    return store.path(entry)


def test_a_whole_home_has_nothing_wrong(small: Settings) -> None:
    assert told(small) == []


def _parquet(settings: Settings) -> Path:
    return settings.build / "indicators" / "figure.parquet"


FAULTS: dict[str, tuple[Callable[[Settings], object], str, bool]] = {
    "a flipped bit in a table": (lambda s: flip(_parquet(s)), "bytes have changed since it was made", True),
    "a table's description cut short": (
        lambda s: _parquet(s).with_suffix(".json").write_text("{"),
        "cannot be read",
        True,
    ),
    "a flipped bit in the database": (lambda s: flip(s.database), "bytes have changed since it was made", True),
    "a vanished snapshot": (lambda s: local_snapshot(s).unlink(), "cannot be read", True),
    "a flipped bit in a snapshot": (lambda s: flip(local_snapshot(s)), "has changed: sha256", True),
    "a lock that is none": (
        lambda s: (local_snapshot(s), (s.snapshots / "lock.yaml").write_text("tables: [")),
        "not a valid lock file",
        True,
    ),
    "a flipped bit in a release": (
        lambda s: flip(s.releases / "2026Q4.0" / "figure.parquet"),
        "the release is not whole",
        False,
    ),
    "no pointer": (lambda s: (s.releases / "latest.json").unlink(), "is missing", True),
    "a pointer to nowhere": (
        lambda s: (s.releases / "latest.json").write_text('{"release": "2030Q1.0"}'),
        "points to 2030Q1.0, which is not there",
        True,
    ),
    "a pointer that is none": (lambda s: (s.releases / "latest.json").write_text("{"), "not a release pointer", True),
    "a draft of a run that was killed": (
        lambda s: (s.releases / ".2026Q4.1.999999.part").mkdir(),
        "was left half written",
        True,
    ),
    "a link where a table should be": (
        lambda s: (_parquet(s).rename(s.data_dir / "elsewhere"), _parquet(s).symlink_to(s.data_dir / "elsewhere")),
        "is a symbolic link",
        True,
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_doctor_finds_a_fault_and_a_refresh_follows_its_repair(
    small: Settings, known: catalogue.Catalogue, fault: str
) -> None:
    provoke, words, mends = FAULTS[fault]
    provoke(small)
    found = [f for f in told(small) if words in f.fault]
    assert found and all(f.place and f.remedy for f in found), told(small)
    done = doctor.repair(small, told(small))
    assert bool(done) == mends
    if mends:
        assert told(small) == []
        crashing.change(small, 1)
        crashing.work(small, known)
        assert told(small) == [] and crashing.faults(small) == []
        assert releases.names(small.releases) == ["2026Q4.0", "2026Q4.1"], "the repair took no release away"
    else:
        assert told(small) and (small.releases / "2026Q4.0").is_dir()


def test_what_is_damaged_is_kept_beside(small: Settings) -> None:
    path = local_snapshot(small)
    flip(path)
    doctor.repair(small, told(small))
    assert path.with_name(path.name + ".damaged").exists() and not path.exists()
    assert snapshots.Store(small.snapshots, "local").lock().tables == {}


def test_a_lock_is_made_again_from_the_newest_release_and_the_bytes(
    small: Settings, known: catalogue.Catalogue
) -> None:
    local_snapshot(small)
    crashing.change(small, 1)
    crashing.work(small, known)
    whole = snapshots.Store(small.snapshots, "local").lock()
    (small.snapshots / "lock.yaml").write_bytes(b"\xff\xfe")
    doctor.repair(small, told(small))
    assert snapshots.Store(small.snapshots, "local").lock() == whole
    assert (small.snapshots / "lock.yaml.damaged").read_bytes() == b"\xff\xfe"


def test_a_clock_set_back_is_seen_and_publishes_no_earlier_quarter(small: Settings, known: catalogue.Catalogue) -> None:
    early = datetime(2025, 1, 5, tzinfo=UTC)
    assert any("after today" in found.fault for found in doctor.examine(small, early))
    crashing.change(small, 1)
    ws = Workspace(small)
    for relation in ws.relations:
        ws.make(relation)
        crashing.quality.run(ws, relation)
    with pytest.raises(UsageError, match=r"2025Q1 by this machine's clock, and release 2026Q4\.0 stands.*--quarter"):
        releases.publish(ws, None, early)
    assert releases.names(small.releases) == ["2026Q4.0"]


def test_two_runs_at_once_and_the_second_names_the_first(small: Settings) -> None:
    code = (
        "import sys; from pathlib import Path; from observatory import running\n"
        "with running.alone(Path(sys.argv[1]), 'observatory refresh'):\n"
        "    print('held', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", code, str(small.data_dir)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        named = pytest.raises(StorageError, match=rf"refresh is under way since .* \(pid {other.pid}\)")
        with named, running.alone(small.data_dir, "another"):
            raise AssertionError("both hold the lock")
        assert any(f"pid {other.pid}" in found.fault for found in doctor.examine(small))
        with pytest.raises(StorageError):
            doctor.repair(small, [])
        other.kill()
        other.wait()
    assert running.holder(small.data_dir) is None, "the lock goes with its process"
    with running.alone(small.data_dir, "another"):
        pass


def test_a_reader_that_holds_every_file_open_disturbs_nothing(small: Settings, known: catalogue.Catalogue) -> None:
    held = [path.open("rb") for path in small.data_dir.rglob("*") if path.is_file()]
    before = {handle.name: handle.read() for handle in held}
    crashing.change(small, 1)
    crashing.work(small, known)
    for handle in held:
        handle.seek(0)
        assert handle.read() == before[handle.name] or handle.name.endswith(".run.lock"), handle.name
        handle.close()
    assert told(small) == []


@pytest.fixture
def full_disk(tmp_path: Path) -> Path:
    """A disk of four MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(words, check=False).returncode:
        pytest.skip("needs the right to mount a small file system")
    return folder


def test_a_full_disk_leaves_what_stood_before(small: Settings, full_disk: Path, known: catalogue.Catalogue) -> None:
    try:
        data = full_disk / "data"
        shutil.copytree(small.data_dir, data, ignore=shutil.ignore_patterns("*.duckdb", "build"))
        settings = Settings(home=small.home, data=data)
        shutil.copytree(small.build, data / "build", ignore=shutil.ignore_patterns("core", "indicators"))
        with (full_disk / "ballast").open("wb") as ballast:
            free = shutil.disk_usage(full_disk).free
            ballast.write(b"\0" * max(free - 8192, 0))
        crashing.change(small, 1)
        with pytest.raises((StorageError, OSError), match=r"[Nn]o space left"):
            crashing.work(settings, known)
        assert (
            releases.names(data / "releases") == ["2026Q4.0"] and releases.verify(data / "releases" / "2026Q4.0") == []
        )
        assert any("left on its disk" in found.fault for found in doctor.examine(settings))
        (full_disk / "ballast").unlink()
        subprocess.run(["mount", "-o", "remount,size=64m", str(full_disk)], check=True)
        crashing.work(settings, known)
        assert releases.names(data / "releases") == ["2026Q4.0", "2026Q4.1"]
    finally:
        subprocess.run(["umount", "--lazy", str(full_disk)], check=False)


def test_a_read_only_folder_is_said_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(words, check=False).returncode:
        pytest.skip("needs the right to mount a small file system")
    try:
        monkeypatch.setenv("OBSERVATORY_DATA", str(folder))
        with pytest.raises(SystemExit) as ended:
            main(["fetch", "ine_industry_structure"])
        said = capsys.readouterr().err
        assert ended.value.code == 2 and "Read-only file system" in said and "OBSERVATORY_DATA" in said
        assert any("cannot be written to" in found.fault for found in doctor.examine(Settings()))
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def test_runs_killed_at_any_moment_leave_whole_releases() -> None:
    """A few moments here; `make crash` has two hundred."""
    words = [sys.executable, "-m", "tests.integration.crashing", os.environ.get("OBSERVATORY_CRASHES", "5")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    outcome = json.loads(done.stdout)
    assert outcome["problems"] == [] and outcome["killed"] == outcome["times"] and outcome["changes"] > 100


def test_the_command_says_what_is_wrong_and_ends_with_one(small: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBSERVATORY_HOME", str(small.home))
    monkeypatch.setenv("OBSERVATORY_DATA", str(small.data_dir))
    (small.releases / "latest.json").unlink()
    runner = typer.testing.CliRunner()
    found = runner.invoke(app, ["doctor"])
    assert found.exit_code == 1 and "latest.json: is missing. A repair points to 2026Q4.0." in found.output
    mended = runner.invoke(app, ["doctor", "--repair"])
    if shutil.disk_usage(small.data_dir).free >= doctor.LEAST_SPACE:
        assert mended.exit_code == 0 and "Nothing is wrong." in mended.output
    assert releases.latest(small.releases) is not None
