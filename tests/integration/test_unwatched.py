"""Nobody watching: the real daemon and web server as processes on a home of their own, seen through GraphQL alone.

A schedule ticks, a sensor asks for the table that moved, a release appears; then everything is killed in the middle of
a run and started again. On SQLite and on PostgreSQL, both with the repository's own dagster.yaml.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from observatory import releases
from observatory.settings import Settings
from observatory.snapshots import Store
from tests.servers import EurostatServer, PxWebServer
from tests.servers.base import free_port
from tests.servers.postgres import postgres

TABLE, SOURCE = "PX_222315_ceit_tic04", "eustat_ict_jobs"
MODELS = ("core/employment", "indicators/ict_emp_share")
"""As few as make a release: what is tested is who starts a run, not what a run makes."""
RUNS = """
query ($filter: RunsFilter) {
  runsOrError(filter: $filter, limit: 50) {
    __typename
    ... on Runs { results { runId jobName status parentRunId tags { key value } } }
    ... on PythonError { message }
  }
}"""
RELEASES = """
{ assetOrError(assetKey: {path: ["release"]}) {
    ... on Asset { assetMaterializations(limit: 10) {
      runId metadataEntries { label ... on TextMetadataEntry { text } }
    } }
} }"""
STOP = """
query { scheduleOrError(scheduleSelector: {
  scheduleName: "quarterly", repositoryName: "__repository__", repositoryLocationName: "observatory.definitions"
}) { ... on Schedule { scheduleState { id status ticks(limit: 20) { status runIds } } } } }"""
STOPPED = "mutation ($id: String!) { stopRunningSchedule(id: $id) { __typename } }"


class Services:
    """Daemon and web server, and what GraphQL says of them."""

    def __init__(self, root: Path, home: Path, environment: dict[str, str]) -> None:
        self.root, self.home, self.environment = root, home, environment
        self.port = free_port()
        self.going: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        code = ["--module-name", "observatory.definitions"]
        web = ["dagster_webserver", "--host", "127.0.0.1", "--port", str(self.port), *code]
        for name, words in (("daemon", ["dagster._daemon", "run", *code]), ("web", web)):
            with (self.home / f"{name}.log").open("ab") as log:
                self.going.append(
                    subprocess.Popen(
                        [sys.executable, "-m", *words],
                        cwd=self.root,
                        env=self.environment,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                    )
                )

    def kill(self) -> None:
        """As when the machine dies: both services, their code servers and the process of the run."""
        for process in self.going:
            # also where the service itself has ended: what it started may live
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.going.clear()

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        address = f"http://127.0.0.1:{self.port}/graphql"
        answer = requests.post(address, json={"query": query, "variables": variables}, timeout=60).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def runs(self, **filters: object) -> list[dict[str, Any]]:
        found = self.ask(RUNS, filter=filters)["runsOrError"]
        assert found["__typename"] == "Runs", found
        return [run | {"tags": {t["key"]: t["value"] for t in run["tags"]}} for run in found["results"]]

    def until(self, look: Callable[[], Any]) -> Any:
        """Wait as long as the services live; one that ended ends the wait."""
        while True:
            for process, name in zip(self.going, ("daemon", "web"), strict=True):
                said = (self.home / f"{name}.log").read_text("utf-8", "replace")
                assert process.poll() is None, said[-4000:]
            try:
                if found := look():
                    return found
            except requests.ConnectionError:
                pass
            time.sleep(0.2)

    def ended(self, **tags: str) -> list[dict[str, Any]]:
        """Wait for a run with these tags to end; all that have."""
        wanted = [{"key": f"dagster/{key}", "value": value} for key, value in tags.items()]
        return self.until(lambda: self.runs(tags=wanted, statuses=["SUCCESS", "FAILURE", "CANCELED"]))


@contextmanager
def database(kind: str) -> Iterator[dict[str, str]]:
    """What the environment says of Dagster's storage."""
    if kind == "sqlite":
        yield {}
        return
    pytest.importorskip("dagster_postgres", reason="needs `make extras`")
    with postgres() as address:
        yield {"OBSERVATORY_DAGSTER_POSTGRES": address}


@pytest.fixture
def bank() -> Iterator[PxWebServer]:
    store = Store(Settings().embedded, "embedded")
    data = store.read(SOURCE, store.lock().tables[SOURCE])
    with PxWebServer({TABLE: data}, {TABLE: "2026-11-02T09:05:00"}) as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.thorough)])
def services(request: pytest.FixtureRequest, tmp_path: Path, root: Path, bank: PxWebServer) -> Iterator[Services]:
    home = tmp_path / "home"
    for model in MODELS:
        (home / "sql" / model).parent.mkdir(parents=True)
        shutil.copy(root / "sql" / f"{model}.sql", home / "sql" / f"{model}.sql")
    for folder in ("catalogue", "embedded"):
        shutil.copytree(root / "data" / folder, home / "data" / folder)
    shutil.copy(root / "dagster.yaml", home)
    with database(request.param) as storage, EurostatServer([]) as eurostat:
        environment = {
            **os.environ,
            "DAGSTER_HOME": str(home),
            "PYTHONPATH": str(root),
            "OBSERVATORY_HOME": str(home),
            "OBSERVATORY_DATA": str(tmp_path / "data"),
            "OBSERVATORY_AUTOMATION": "true",
            "OBSERVATORY_REFRESH_AT": "* * * * *",
            "OBSERVATORY_WATCH_SECONDS": "30",
            "OBSERVATORY_EUSTAT_API": bank.base,
            "OBSERVATORY_EUSTAT_FILES": bank.files,
            "OBSERVATORY_EUROSTAT_STATISTICS": f"{eurostat.base}/statistics/1.0",
            "OBSERVATORY_EUROSTAT_SDMX": f"{eurostat.base}/sdmx/2.1",
            "OBSERVATORY_EUROSTAT_ASYNC": f"{eurostat.base}/1.0/async",
            **storage,
        }
        found = Services(root, home, environment)
        try:
            yield found
        finally:
            found.kill()


def fetched(services: Services) -> list[tuple[str, str, str]]:
    """Run, source and outcome of every fetch, as the structured log has them."""
    settings = Settings(data=Path(services.environment["OBSERVATORY_DATA"]))
    lines = [
        json.loads(line) for path in settings.logs.glob("*.jsonl") for line in path.read_text("utf-8").splitlines()
    ]
    return [(said["run"], said["source"], said["state"]) for said in lines if said.get("event") == "table fetched"]


def published(services: Services) -> dict[str, str]:
    """Names of releases by the run that published them, as Dagster shows them."""
    asset = services.ask(RELEASES)["assetOrError"]
    return {
        made["runId"]: next(entry["text"] for entry in made["metadataEntries"] if entry["label"] == "release")
        for made in asset.get("assetMaterializations", [])
    }


def test_nobody_watches_and_a_machine_that_dies_in_a_run_goes_on_from_there(
    services: Services, bank: PxWebServer, tmp_path: Path
) -> None:
    folder = tmp_path / "data" / "releases"
    services.start()

    (asked, *_) = services.ended(sensor_name="publishers_updates")
    assert (asked["jobName"], asked["status"]) == ("fetch", "SUCCESS")
    assert fetched(services) == [(asked["runId"], SOURCE, "fetched")]
    ticked = services.ended(schedule_name="quarterly")
    assert {(run["jobName"], run["status"]) for run in ticked} == {("refresh", "SUCCESS")}
    state = services.ask(STOP)["scheduleOrError"]["scheduleState"]
    assert ticked[-1]["runId"] in [run for tick in state["ticks"] for run in tick["runIds"]]
    services.ask(STOPPED, id=state["id"])
    services.until(lambda: not services.runs(statuses=["QUEUED", "STARTING", "STARTED"]))
    first = releases.latest(folder)
    assert first is not None and first.name in published(services).values()

    bank.tables[TABLE] = bank.tables[TABLE].replace(b'"20260211"', b'"20261103"')
    bank.updated[TABLE] = "2026-11-03T09:05:00"
    (hit, *_) = services.until(
        lambda: services.runs(tags=[{"key": "dagster/sensor_name", "value": "fetched"}], statuses=["STARTED"])
    )
    services.kill()
    assert releases.latest(folder) == first, "the release that stood still stands"

    services.start()
    (again,) = services.until(
        lambda: services.runs(
            tags=[{"key": "dagster/parent_run_id", "value": hit["runId"]}], statuses=["SUCCESS", "FAILURE"]
        )
    )
    assert again["status"] == "SUCCESS"
    (broken,) = services.runs(runIds=[hit["runId"]])
    assert broken["status"] == "FAILURE"
    assert [source for _, source, _ in fetched(services)] == [SOURCE, SOURCE], "asked for at its two moves alone"
    latest = releases.latest(folder)
    assert latest is not None and published(services)[again["runId"]] == latest.name
    for release in [folder / name for name in releases.names(folder)]:
        assert not releases.verify(release)
