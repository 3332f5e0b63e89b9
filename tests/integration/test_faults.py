"""Faults of disk, files and clock that are provoked really, what `doctor` says of them, and what is left.

Does not belong here: several processes at once (test_one_at_a_time.py).
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer.testing

from observatory import catalogue, doctor, releases, snapshots
from observatory.cli import app, main
from observatory.settings import REPOSITORY, Settings
from tests.integration import crashing
from tests.integration.small_home import digests, told, work


def refresh(settings: Settings, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """The command itself; returns its exit code."""
    monkeypatch.setenv("OBSERVATORY_HOME", str(settings.home))
    monkeypatch.setenv("OBSERVATORY_DATA", str(settings.data_dir))
    with pytest.raises(SystemExit) as ended:
        main(["refresh", *words])
    return int(ended.value.code or 0)


def flip(path: Path) -> None:
    """One bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


TABLE = "eurostat_nama_10r_3gva"


def swap(old: str, new: str) -> Callable[[Settings], object]:
    """A lock in which a word has changed."""

    def change(settings: Settings) -> None:
        local_snapshot(settings)
        path = settings.snapshots / "lock.yaml"
        text = path.read_text("utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), "utf-8")

    return change


def linked(folder: Path) -> None:
    """A link in place of a folder; what was in it lies elsewhere."""
    elsewhere = folder.with_name(f"{folder.name}.elsewhere")
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)


def local_snapshot(settings: Settings) -> Path:
    """A table fetched to the local store: the embedded bytes, said to be fetched."""
    embedded = snapshots.Store(settings.embedded, "embedded")
    entry = embedded.lock().tables[TABLE]
    store = snapshots.Store(settings.snapshots, "local")
    store.add(TABLE, embedded.read(TABLE, entry), entry)
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
    "a flipped bit in a lock's hash": (
        lambda s: swap(f"sha256: {local_snapshot(s).stem}", f"sha256: {local_snapshot(s).stem[:-1]}g")(s),
        "not a valid lock file",
        True,
    ),
    "a flipped bit in a lock's words": (
        swap("publisher: eurostat", "publisher: eurostau"),
        "publisher: not wh",
        True,
    ),
    "a flipped bit in a lock's name of a table": (swap(f"{TABLE}:", f"{TABLE[:-1]}i:"), "has under eurostat", True),
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
    "a link where a folder of tables should be": (
        lambda s: linked(s.build / "indicators"),
        "is a symbolic link",
        True,
    ),
    "a link where a release should be": (
        lambda s: linked(s.releases / "2026Q4.0"),
        "is a symbolic link",
        False,
    ),
    "a link where a snapshot should be": (
        lambda s: (path := local_snapshot(s), path.rename(s.data_dir / "x"), path.symlink_to(s.data_dir / "x")),
        "is a symbolic link",
        False,
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
        work(small, known)
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
    work(small, known)
    whole = snapshots.Store(small.snapshots, "local").lock()
    (small.snapshots / "lock.yaml").write_bytes(b"\xff\xfe")
    doctor.repair(small, told(small))
    assert snapshots.Store(small.snapshots, "local").lock() == whole
    assert (small.snapshots / "lock.yaml.damaged").read_bytes() == b"\xff\xfe"


def test_no_flipped_bit_of_a_lock_goes_unseen(small: Settings) -> None:
    """Any bit: the lock cannot be read, names other bytes, says something else than a release, or is the same lock."""
    local_snapshot(small)
    path = small.snapshots / "lock.yaml"
    whole = path.read_bytes()
    lock = snapshots.Store(small.snapshots, "local").lock()
    store = snapshots.Store(small.snapshots, "local")
    draw = random.Random(6)
    for place in draw.sample(range(len(whole) * 8), 200):
        data = bytearray(whole)
        data[place // 8] ^= 1 << place % 8
        path.write_bytes(data)
        if not list(doctor._store(small, store)):
            now = store.lock().tables
            said = {name: entry.model_dump(exclude={"retrieved_at"}) for name, entry in now.items()}
            assert said == {name: e.model_dump(exclude={"retrieved_at"}) for name, e in lock.tables.items()}, place
            assert all(entry.retrieved_at >= lock.tables[name].retrieved_at for name, entry in now.items())


def test_a_clock_set_back_is_seen_and_publishes_no_earlier_quarter(
    small: Settings, known: catalogue.Catalogue, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A release of 2041 was made while the clock was ahead; the command's own clock is the machine's."""
    crashing.change(small, 1)
    work(small, known, "2041Q1", datetime(2041, 1, 5, tzinfo=UTC))
    assert any(f.place.endswith("2041Q1.0") and "after today" in f.fault for f in told(small))
    before = digests(small.releases)
    crashing.change(small, 2)
    assert refresh(small, monkeypatch) == 2
    said = capsys.readouterr().err
    assert "by this machine's clock, and release 2041Q1.0 stands already" in said and "--quarter" in said
    assert digests(small.releases) == before
    assert refresh(small, monkeypatch, "--quarter", "soon") == 2
    assert capsys.readouterr().err == "error: 'soon' is not a quarter. Write it like 2026Q4\n"
    assert refresh(small, monkeypatch, "--quarter", "2041Q1") == 0
    assert releases.names(small.releases) == ["2026Q4.0", "2041Q1.0", "2041Q1.1"] and crashing.faults(small) == []


@pytest.fixture
def full_disk(tmp_path: Path) -> Path:
    """A disk of four MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(words, check=False).returncode:
        pytest.skip("needs the right to mount a small file system")
    return folder


@pytest.mark.parametrize("kib", [pytest.param(8, marks=pytest.mark.thorough), 96])
def test_a_full_disk_leaves_what_stood_before(
    small: Settings, full_disk: Path, kib: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        data = full_disk / "data"
        shutil.copytree(small.data_dir, data, ignore=shutil.ignore_patterns("*.duckdb", "build"))
        settings = Settings(home=small.home, data=data)
        shutil.copytree(small.build, data / "build", ignore=shutil.ignore_patterns("core", "indicators"))
        with (full_disk / "ballast").open("wb") as ballast:
            free = shutil.disk_usage(full_disk).free
            ballast.write(b"\0" * max(free - kib * 1024, 0))
        crashing.change(small, 1)
        before = digests(data / "releases")
        assert refresh(settings, monkeypatch, "--quarter", "2026Q4") == 2
        said = capsys.readouterr().err
        assert "o space left" in said and "tand" in said, said
        assert digests(data / "releases") == before and crashing.faults(settings) == []
        assert any("left on its disk" in found.fault for found in doctor.examine(settings))
        (full_disk / "ballast").unlink()
        subprocess.run(["mount", "-o", "remount,size=64m", str(full_disk)], check=True)
        assert refresh(settings, monkeypatch, "--quarter", "2026Q4") == 0
        assert releases.names(data / "releases") == ["2026Q4.0", "2026Q4.1"] and crashing.faults(settings) == []
    finally:
        subprocess.run(["umount", "--lazy", str(full_disk)], check=False)


@pytest.mark.parametrize(
    "part",
    [
        "releases",
        pytest.param("build/indicators", marks=pytest.mark.thorough),
        pytest.param("state", marks=pytest.mark.thorough),
    ],
)
def test_a_read_only_folder_leaves_what_stood_before(
    small: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], part: str
) -> None:
    folder = small.data_dir / part
    folder.mkdir(exist_ok=True)
    words = ["mount", "--bind", str(folder), str(folder)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(words, check=False).returncode:
        pytest.skip("needs the right to mount a folder")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        crashing.change(small, 1)
        before = digests(small.releases)
        assert refresh(small, monkeypatch, "--quarter", "2026Q4") == 2
        said = capsys.readouterr().err
        assert "ead-only file system" in said and "Traceback" not in said
        assert digests(small.releases) == before
        if part != "state":
            assert any(f.place == str(folder) and "cannot be written to" in f.fault for f in told(small))
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)
    assert refresh(small, monkeypatch, "--quarter", "2026Q4") == 0
    assert told(small) == [] and releases.names(small.releases) == ["2026Q4.0", "2026Q4.1"]


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


def test_refreshes_killed_at_any_moment_leave_whole_releases() -> None:
    """One whose pointer was about to move, and a few moments more; `make crash` has two hundred."""
    words = [sys.executable, "-m", "tests.integration.crashing", os.environ.get("OBSERVATORY_CRASHES", "5")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    outcome = json.loads(done.stdout)
    assert outcome["problems"] == [] and outcome["killed"] == outcome["times"]
    assert outcome["changes"] > 50 and outcome["moments"] > 500


def test_a_refresh_with_nothing_left_to_do_clears_away_what_a_killed_one_left(small: Settings) -> None:
    """One that was killed after it had published left a draft of its metrics; what follows finds nothing new."""
    assert crashing.forked(small).code == 0
    draft = small.data_dir / ".metrics.prom.999999.part"
    draft.write_text("half")
    assert [found.place for found in told(small)] == [str(draft)]
    stood = crashing.sums(small)
    assert crashing.forked(small).code == 0
    assert crashing.sums(small) == stood, "there was nothing to publish"
    assert not draft.exists() and told(small) == []


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
