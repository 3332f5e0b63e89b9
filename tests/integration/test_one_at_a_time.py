"""Several processes in one data folder: a second refresh, a run of Dagster, one that is killed, a reader.

Does not belong here: damage to what is on disk (test_faults.py).
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from observatory import catalogue, doctor, releases, running
from observatory.errors import StorageError
from observatory.settings import REPOSITORY, Settings
from tests.integration import crashing
from tests.integration.small_home import digests, told, work


def start(small: Settings, *words: str, **more: str) -> subprocess.Popen[str]:
    """A process of its own on the small home."""
    own = {"OBSERVATORY_HOME": str(small.home), "OBSERVATORY_DATA": str(small.data_dir), **more}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen([sys.executable, *words], text=True, env=os.environ | own, cwd=REPOSITORY, **pipes)


@pytest.fixture
def first(small: Settings) -> Iterator[subprocess.Popen[str]]:
    """A refresh that has something to publish, stopped while it is under way."""
    crashing.change(small, 1)
    with start(small, "-m", "observatory", "refresh", "--quarter", "2026Q4") as process:
        while (running.holder(small.data_dir) or {}).get("pid") != process.pid:
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.05)
        process.send_signal(signal.SIGSTOP)
        yield process
        process.kill()


def test_of_two_refreshes_at_once_the_second_leaves_and_names_the_first(
    small: Settings, first: subprocess.Popen[str]
) -> None:
    before = digests(small.data_dir)
    with start(small, "-m", "observatory", "refresh") as second:
        said, _ = second.communicate()
    assert second.returncode == 2
    assert "observatory refresh is under way since 20" in said and f"(pid {first.pid})" in said
    assert digests(small.data_dir) == before, "the second has changed something"
    assert any(f"pid {first.pid}" in found.fault for found in doctor.examine(small))
    with pytest.raises(StorageError, match=rf"pid {first.pid}"):
        doctor.repair(small, [])
    first.send_signal(signal.SIGCONT)
    said, _ = first.communicate()
    assert first.returncode == 0 and "Published release 2026Q4.1" in said
    assert running.holder(small.data_dir) is None and told(small) == [] and crashing.faults(small) == []


def test_one_that_only_looks_who_runs_stops_no_run(small: Settings) -> None:
    """A look takes the lock for a moment, together with others that look; a run waits for that moment to pass."""
    with (small.data_dir / running.NAME).open("rb") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        passed = threading.Timer(0.2, fcntl.flock, (looking, fcntl.LOCK_UN))
        passed.start()
        with running.alone(small.data_dir, "a run"):
            assert (running.holder(small.data_dir) or {}).get("pid") == os.getpid()
        passed.join()


def test_the_lock_goes_with_a_process_that_is_killed(small: Settings, first: subprocess.Popen[str]) -> None:
    first.kill()
    first.wait()
    assert running.holder(small.data_dir) is None
    with running.alone(small.data_dir, "another"):
        pass
    assert crashing.faults(small) == []


@pytest.mark.thorough
def test_a_run_of_dagster_waits_for_a_refresh_and_a_refresh_leaves_one_of_dagster(
    small: Settings, first: subprocess.Popen[str], tmp_path: Path
) -> None:
    (tmp_path / "dagster.yaml").write_text("telemetry:\n  enabled: false\n", "utf-8")
    words = ["-m", "dagster", "job", "execute", "-m", "observatory.definitions", "-j", "refresh"]
    with start(small, *words, DAGSTER_HOME=str(tmp_path)) as other:
        assert other.stdout is not None
        waits = next(line for line in other.stdout if "waiting: " in line)
        assert "observatory refresh is under way since 20" in waits and f"(pid {first.pid})" in waits
        first.send_signal(signal.SIGCONT)
        said, _ = first.communicate()
        assert first.returncode == 0 and "Published release 2026Q4.1" in said
        while "Dagster's run of refresh" not in str(running.holder(small.data_dir)):
            assert other.poll() is None
            time.sleep(0.05)
        other.send_signal(signal.SIGSTOP)
        with start(small, "-m", "observatory", "fetch", "--dry-run", "ine_industry_structure") as third:
            said, _ = third.communicate()
        assert third.returncode == 2 and f"(pid {other.pid})" in said and "Dagster's run of refresh" in said
        other.send_signal(signal.SIGCONT)
        said, _ = other.communicate()
    assert other.returncode == 0 and "RUN_SUCCESS" in said
    assert releases.names(small.releases) == ["2026Q4.0", "2026Q4.1"], "the second had nothing new to publish"
    assert told(small) == [] and crashing.faults(small) == []


READER = """
import sys, duckdb
from pathlib import Path
data = Path(sys.argv[1])
base = duckdb.connect(data / "observatory.duckdb", read_only=True)
count = "select count(*), sum(value) from indicators.figure"
first = base.sql(count).fetchall()
held = {path: path.open("rb") for path in data.rglob("*") if path.is_file() and path.name != ".run.lock"}
before = {path: handle.read() for path, handle in held.items()}
print("holds", len(held), flush=True)
sys.stdin.read()
assert base.sql(count).fetchall() == first
for path, handle in held.items():
    handle.seek(0)
    assert handle.read() == before[path] or path.suffix == ".jsonl", path
print("reads on", flush=True)
"""


def test_a_reader_that_holds_every_file_open_disturbs_nothing(small: Settings, known: catalogue.Catalogue) -> None:
    words = [sys.executable, "-c", READER, str(small.data_dir)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None and int(reader.stdout.readline().split()[1]) > 100
        crashing.change(small, 1)
        work(small, known)
        said, _ = reader.communicate("")
    assert reader.returncode == 0 and said == "reads on\n"
    assert told(small) == [] and releases.names(small.releases) == ["2026Q4.0", "2026Q4.1"]
    assert crashing.faults(small) == []
