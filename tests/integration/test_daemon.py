"""The real daemon, as a process on a home of its own: a sensor sees that a publisher moved, and a run fetches it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from observatory.build import Workspace
from observatory.settings import Settings
from observatory.snapshots import Store
from tests.servers import EurostatServer, PxWebServer

TABLE, SOURCE, STAMP = "PX_222315_ceit_tic04", "eustat_ict_jobs", "2026-11-02T09:05:00"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    home = tmp_path_factory.mktemp("home")
    shutil.copy(root / "dagster.yaml", home)
    return home


@pytest.fixture(scope="module")
def bank() -> Iterator[PxWebServer]:
    store = Store(Settings().embedded, "embedded")
    data = store.read(SOURCE, store.lock().tables[SOURCE])
    with PxWebServer({TABLE: data}, {TABLE: STAMP}) as server:
        yield server


@pytest.fixture(scope="module")
def environment(home: Path, bank: PxWebServer, root: Path) -> Iterator[dict[str, str]]:
    with EurostatServer([]) as eurostat:
        yield {
            **os.environ,
            "DAGSTER_HOME": str(home),
            "PYTHONPATH": str(root),
            "OBSERVATORY_DATA": str(home / "data"),
            "OBSERVATORY_AUTOMATION": "true",
            "OBSERVATORY_WATCH_SECONDS": "30",
            "OBSERVATORY_EUSTAT_API": bank.base,
            "OBSERVATORY_EUSTAT_FILES": bank.files,
            "OBSERVATORY_EUROSTAT_STATISTICS": f"{eurostat.base}/statistics/1.0",
            "OBSERVATORY_EUROSTAT_SDMX": f"{eurostat.base}/sdmx/2.1",
            "OBSERVATORY_EUROSTAT_ASYNC": f"{eurostat.base}/1.0/async",
        }


@pytest.fixture
def daemon(environment: dict[str, str], home: Path, root: Path) -> Iterator[subprocess.Popen[bytes]]:
    words = [sys.executable, "-m", "dagster._daemon", "run", "--module-name", "observatory.definitions"]
    with (home / "daemon.log").open("wb") as log:
        process = subprocess.Popen(
            words, cwd=root, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield process
        finally:
            # the whole session: the daemon, its code server and the workers of runs
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def until(found: Callable[[], object], process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait as long as the daemon lives; a daemon that ended, or a test run that is stopped, ends the wait."""
    while not found():
        assert process.poll() is None, log.read_text("utf-8", "replace")[-4000:]
        time.sleep(0.5)


def test_the_daemon_lets_a_sensor_ask_for_the_table_that_moved(
    daemon: subprocess.Popen[bytes],
    environment: dict[str, str],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OBSERVATORY_DATA", environment["OBSERVATORY_DATA"])
    finished = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    with dg.DagsterInstance.from_config(str(home)) as instance:
        ended = dg.RunsFilter(job_name="fetch", statuses=finished)
        until(lambda: instance.get_runs_count(ended), daemon, home / "daemon.log")
        (run,) = instance.get_runs(dg.RunsFilter(job_name="fetch"))
        log = [entry.user_message for entry in instance.all_logs(run.run_id)]
    assert run.status == dg.DagsterRunStatus.SUCCESS, log
    assert run.tags["dagster/sensor_name"] == "publishers_updates"
    assert run.run_config == {"ops": {"choose": {"config": {"sources": [SOURCE]}}}}
    ws = Workspace(Settings(data=home / "data"))
    assert ws.pins[SOURCE].entry.provenance == "official" and ws.pins[SOURCE].entry.updated == STAMP
    lines = [json.loads(line) for path in ws.settings.logs.glob("*.jsonl") for line in path.read_text().splitlines()]
    assert [(e["run"], e["event"], e["source"], e["state"]) for e in lines] == [
        (run.run_id, "table fetched", SOURCE, "fetched")
    ]
