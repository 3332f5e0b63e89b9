"""What the observatory waits for: a table that moved, a fetch that ended, a release, data that is late, a run that failed.

Belongs here: the sensors, their cursors, and what they tell. Does not belong here: what moved means (watching.py), how
people are told (notices.py), fixed times (schedules.py). Each sensor reads the workspace anew: the lock moves while
the code server runs.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from assets.run import iso
from observatory.build import Workspace

DAY = 86_400
SOON = 60


def sensors(ws: Workspace, fetch: dg.JobDefinition) -> list[dg.SensorDefinition]:
    """All sensors; they run from the start where the settings say automation."""
    on = dg.DefaultSensorStatus.RUNNING if ws.settings.automation else dg.DefaultSensorStatus.STOPPED
    return [
        _updates(ws, fetch, on),
        *_fetched(ws, fetch, on),
        _released(ws, on),
        _late(ws, on),
        _ended(ws, on),
        _failed(ws, on),
    ]


def _updates(ws: Workspace, fetch: dg.JobDefinition, on: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    @dg.sensor(
        name="publishers_updates",
        job=fetch,
        minimum_interval_seconds=ws.settings.watch_seconds,
        default_status=on,
        description="Asks publishers' catalogues what moved and has only those tables fetched",
    )
    def updates(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return look(Workspace(ws.settings), context.cursor)

    return updates


def look(ws: Workspace, cursor: str | None) -> dg.SensorResult:
    """One look at the publishers' catalogues: a request for the sources whose stamp moved, and the next cursor.

    The first look starts from the stamps of the editions in the local store. A table that failed at its publisher is
    asked for again once a day; one that was refused is not, until its stamp moves. The run key names tables, stamps
    and day of a second try, so a lost cursor asks for nothing twice.
    """
    from observatory import fetching, watching

    chosen = {source.id: source for source in fetching.choose(ws, [])}
    # no second try within a look: the next one comes soon, and a look must end within Dagster's minute
    clients = fetching.publishers(ws.settings.model_copy(update={"retries": 0}))
    answer = clients.updated([source.asked() for source in chosen.values()])
    confirmed = fetching.known_stamps(ws)
    known = json.loads(cursor) if cursor else {s.table: confirmed[s.id] for s in chosen.values() if s.id in confirmed}
    seen = watching.look([source.table for source in chosen.values()], known, answer)
    wanted = {source.id: seen.moved[source.table] for source in chosen.values() if source.table in seen.moved}
    wanted |= _again(ws, seen.cursor, {source.id: source.table for source in chosen.values()})
    after = json.dumps(seen.cursor, sort_keys=True)
    if not wanted:
        unstamped = f", {len(seen.silent)} without a stamp" if seen.silent else ""
        return dg.SensorResult(skip_reason=f"{len(chosen)} tables, none moved{unstamped}", cursor=after)
    key = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:32]
    config = {"ops": {"choose": {"config": {"sources": sorted(wanted)}}}}
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=key, run_config=config, tags={"observatory/tables": str(len(wanted))})],
        cursor=after,
    )


def _again(ws: Workspace, stamps: dict[str, str], tables: dict[str, str]) -> dict[str, str]:
    """Sources whose last fetch failed at the publisher on a day before this one."""
    from observatory import fetching

    today = datetime.now(UTC).date().isoformat()
    return {
        source: f"{stamps.get(tables[source], '')} again on {today}"
        for source, said in fetching.recorded(ws.settings).items()
        if source in tables and said.get("state") == "failed" and said.get("at", today)[:10] < today
    }


def _fetched(ws: Workspace, fetch: dg.JobDefinition, on: dg.DefaultSensorStatus) -> Iterator[dg.SensorDefinition]:
    """A fetch that ended, well or not, is followed by a refresh if anything came."""
    for name, status in (("fetched", dg.DagsterRunStatus.SUCCESS), ("fetched_in_part", dg.DagsterRunStatus.FAILURE)):

        @dg.run_status_sensor(
            run_status=status,
            name=name,
            monitored_jobs=[fetch],
            request_jobs=["refresh"],
            minimum_interval_seconds=SOON,
            default_status=on,
            description="Has what a fetch brought built, checked and published",
        )
        def after(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
            from observatory import releases

            if releases.up_to_date(Workspace(ws.settings)):
                return dg.SkipReason("nothing came that is new")
            return dg.RunRequest(run_key=f"after {context.dagster_run.run_id}", job_name="refresh")

        yield after


def _released(ws: Workspace, on: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    @dg.sensor(
        name="releases",
        minimum_interval_seconds=SOON,
        default_status=on,
        description="Tells of every new release, whoever published it",
    )
    def released(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        from observatory import releases
        from observatory.notices import Notice

        standing = releases.latest(ws.settings.releases)
        if standing is None or standing.name == context.cursor:
            return dg.SensorResult(skip_reason="no new release")
        facts = {"release": standing.name, "tables": len(releases.manifest(standing)["resources"])}
        text = f"{facts['tables']} tables. What differs from the release before stands in {standing / 'diff.md'}."
        _tell(ws, context.log, Notice("release", standing.name, text, facts))
        return dg.SensorResult(skip_reason=f"told of {standing.name}", cursor=standing.name)

    return released


def _late(ws: Workspace, on: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    @dg.sensor(
        name="late_and_refused",
        minimum_interval_seconds=min(DAY, ws.settings.watch_seconds),
        default_status=on,
        description="Tells once of each table that is late by its contract, or refused",
    )
    def late(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        told = json.loads(context.cursor) if context.cursor else {}
        fresh = Workspace(ws.settings)
        cursor = _tell_of_tables(fresh, context.log, told)
        return dg.SensorResult(
            skip_reason=f"{len(cursor)} tables late or refused, {len(set(cursor) - set(told))} of them newly",
            cursor=json.dumps(cursor, sort_keys=True),
        )

    return late


def _tell_of_tables(ws: Workspace, log: dg.DagsterLogManager, told: dict[str, str]) -> dict[str, str]:
    """Tell of tables whose trouble is not the one told of before; returns what has been told by now."""
    from observatory import status
    from observatory.notices import Notice

    now = {t.source: t for t in status.table_states(ws, datetime.now(UTC).date()) if t.state in {"late", "refused"}}
    for source, table in now.items():
        if told.get(source) != f"{table.state}: {table.detail}":
            facts = {"source": source, "publisher": table.publisher, "table": table.table, "updated": table.updated}
            kind = "late" if table.state == "late" else "refused"
            _tell(ws, log, Notice(kind, f"{source} ({table.table})", table.detail, facts))
    return {source: f"{table.state}: {table.detail}" for source, table in now.items()}


def _ended(ws: Workspace, on: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="refreshed",
        monitored_jobs=[dg.JobSelector(location_name="", job_name="refresh")],
        minimum_interval_seconds=SOON,
        default_status=on,
        description="Keeps how a refresh ended, for `observatory status` and the monitor",
    )
    def ended(context: dg.RunStatusSensorContext) -> None:
        _keep(ws, context, {})

    return ended


def _failed(ws: Workspace, on: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    @dg.run_failure_sensor(
        name="failed_runs",
        minimum_interval_seconds=SOON,
        default_status=on,
        description="Tells of every run that failed, with its reasons",
    )
    def failed(context: dg.RunFailureSensorContext) -> None:
        from observatory.notices import Notice

        reasons = {event.step_key or "run": _reason(event) for event in context.get_step_failure_events()} or {
            "run": context.failure_event.message or "no reason was given"
        }
        run = context.dagster_run
        if run.job_name == "refresh":
            _keep(ws, context, reasons)
        text = "\n".join(f"{name}: {reason}" for name, reason in reasons.items())
        facts = {"run": run.run_id, "job": run.job_name, "failures": reasons}
        _tell(ws, context.log, Notice("run failed", f"{run.job_name} {run.run_id[:8]}", text, facts))

    return failed


def _reason(event: dg.DagsterEvent) -> str:
    """What a step failed of: the innermost cause, which is the sentence that our errors say."""
    data = event.step_failure_data
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return error.message.strip() if error is not None else (event.message or "no reason was given")


def _keep(ws: Workspace, context: dg.RunStatusSensorContext, failures: dict[str, str]) -> None:
    from observatory import metrics, releases, runs

    fresh, run = Workspace(ws.settings), context.dagster_run
    stats = context.instance.get_run_stats(run.run_id)
    started = stats.start_time or stats.launch_time or stats.enqueued_time or 0.0
    begun = runs.Run(run.run_id, run.job_name, iso(started), ended_at=iso(stats.end_time or started))
    standing = releases.latest(ws.settings.releases)
    runs.end(ws.settings, begun, ok=not failures, release=standing.name if standing else None, failures=failures)
    metrics.write(fresh)


def _tell(ws: Workspace, log: dg.DagsterLogManager, notice: "Notice") -> None:
    from observatory import notices

    for problem in notices.send(notice, notices.sinks(ws.settings)):
        log.error(str(problem))
