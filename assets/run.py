"""Running the refresh job in this process, as the command line does.

Belongs here: one execution of the job, and reading how it ended. Does not belong here: what is printed (cli.py).
"""

import os
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg

import assets
from observatory import metrics, quality, releases, runs
from observatory.build import Workspace
from observatory.errors import CheckFailed, ObservatoryError, StorageError

STORAGE = {"OSError", "PermissionError", "FileNotFoundError", "StorageError"}
DOCTOR = "Free space or mend the folder (`observatory doctor` looks), and run again; what stood before still stands"


@dataclass(frozen=True)
class Outcome:
    """How a refresh ended. ``failures`` holds every table that could not be made or published."""

    is_new: bool
    release: str | None
    failures: dict[str, ObservatoryError]
    checks: list[quality.Result]


def refresh(ws: Workspace, quarter: str | None = None) -> Outcome:
    """Build, check and publish what is not up to date. Where all is, nothing runs and Dagster is not asked.

    Run history is kept where DAGSTER_HOME says; without it, only for the length of the run.
    """
    run = str(uuid.uuid4())
    begun = runs.begin(ws.settings, run, "refresh")
    outcome = _refresh(ws, quarter, run)
    failures = {name: str(error) for name, error in outcome.failures.items()}
    runs.end(ws.settings, begun, ok=not failures, release=outcome.release, failures=failures)
    metrics.write(ws)
    return outcome


def _refresh(ws: Workspace, quarter: str | None, run: str) -> Outcome:
    definitions = assets.build(ws)
    before = releases.latest(ws.settings.releases)
    instance = dg.DagsterInstance.get() if os.environ.get("DAGSTER_HOME") else dg.DagsterInstance.ephemeral()
    with instance:
        result = definitions.resolve_job_def("refresh").execute_in_process(
            run_config={
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
                "ops": {"release": {"config": {"quarter": quarter or ""}}},
            },
            instance=instance,
            run_id=run,
            raise_on_error=False,
        )
    checks = quality.results(ws, complete=False)
    failures = dict(ws.failures)
    for step in result.get_failed_step_keys() if not failures else ():
        # a step that the operating system stopped (checks, database, release) says where and why
        failure = result.failure_data_for_node(step)
        cause = failure.error if failure else None
        while cause is not None and cause.cls_name not in STORAGE:
            cause = cause.cause
        if cause is not None:
            failures[step] = StorageError(f"{step}: {' '.join(cause.message.split())}", remedy=DOCTOR)
    if not result.success and not failures:
        failures = _unexplained(result, checks)
    after = releases.latest(ws.settings.releases)
    return Outcome(after != before, after.name if after else None, failures, checks)


def _unexplained(result: dg.ExecuteInProcessResult, checks: list[quality.Result]) -> dict[str, ObservatoryError]:
    """What stopped a run in which every table could be made: failed critical checks, or a fault of ours."""
    found: dict[str, ObservatoryError] = {}
    for check in checks:
        if not check.passed and check.severity == "critical":
            found[f"{check.table}: {check.name}"] = CheckFailed(f"{check.meaning}: {check.observed} {check.sample}")
    for event in result.get_failed_step_keys() if not found else ():
        found[event] = ObservatoryError(f"step {event} failed", remedy="Read the log above")
    return found


def in_progress() -> list[dict[str, str | None]]:
    """Runs that the storage of DAGSTER_HOME knows to be queued or to go on, newest first."""
    from dagster._core.storage.dagster_run import IN_PROGRESS_RUN_STATUSES

    statuses = [dg.DagsterRunStatus.QUEUED, *IN_PROGRESS_RUN_STATUSES]
    with dg.DagsterInstance.get() as instance:
        records = instance.get_run_records(dg.RunsFilter(statuses=statuses))
    return [
        {
            "run": record.dagster_run.run_id,
            "command": f"{record.dagster_run.job_name} ({record.dagster_run.status.value.lower()})",
            "started_at": iso(record.start_time) if record.start_time else None,
        }
        for record in records
    ]


def iso(moment: float) -> str:
    """Seconds since 1970 as ISO in UTC."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
