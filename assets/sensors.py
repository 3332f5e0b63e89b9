"""What the observatory waits for: a table that moved, a run that ended, a release, data that is late.

Belongs here: the sensors, their cursors, and what they tell. Does not belong here: what moved means (watching.py), how
people are told (notices.py), fixed times (schedules.py). Each sensor reads the workspace anew: the lock moves while
the code server runs.
"""

import hashlib
import json
import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime

import dagster as dg

from assets.run import iso
from assets.schedules import refresh
from observatory.build import Workspace
from observatory.notices import Notice
from observatory.sources import same_stamp

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


def look(ws: Workspace, cursor: str | None, today: date | None = None) -> dg.SensorResult:
    """One look at the publishers' catalogues: requests for the sources whose stamp moved, and the next cursor.

    The first look starts from the stamps of the editions in the local store. A table that was asked for and did not
    come is asked for again once a day, by a request of its own; one that was refused is not, until its stamp moves.
    The run key names tables, stamps and the day of a second try, so a lost cursor asks for nothing twice.
    """
    from observatory import fetching, watching

    day = (today or datetime.now(UTC).date()).isoformat()
    chosen = fetching.choose(ws, [])
    tables = {source.id: source.table for source in chosen}
    # no second try within a look: the next one comes soon, and a look must end within Dagster's minute
    clients = fetching.publishers(ws.settings.model_copy(update={"retries": 0}))
    answer = clients.updated([source.asked() for source in chosen])
    confirmed = {tables[s]: stamp for s, stamp in fetching.known_stamps(ws).items() if s in tables}
    refused = {tables[s] for s, said in fetching.recorded(ws.settings).items() if s in tables and is_refused(said)}
    before = json.loads(cursor) if cursor else {"stamps": confirmed, "asked": {}}
    seen = watching.look(tables.values(), before["stamps"], answer)
    again = watching.unanswered(before["asked"], seen, confirmed, refused, day)
    asked = {**before["asked"], **dict.fromkeys([*seen.moved, *again], day)}
    open_ones = {t: asked[t] for t in asked if t in seen.moved or not same_stamp(seen.cursor.get(t), confirmed.get(t))}
    after = json.dumps({"stamps": seen.cursor, "asked": open_ones}, sort_keys=True)
    wanted = [seen.moved, {table: f"{seen.cursor[table]} again on {day}" for table in again}]
    requests = [_request(tables, group) for group in wanted if group]
    skipped = f"{len(tables)} tables, none moved, {len(seen.silent)} without a stamp" if not requests else None
    return dg.SensorResult(run_requests=requests, skip_reason=skipped, cursor=after)


def is_refused(said: dict[str, str]) -> bool:
    """Whether the last fetch of a table was refused for what came."""
    return said.get("state") == "refused"


def _request(tables: dict[str, str], wanted: dict[str, str]) -> dg.RunRequest:
    sources = sorted(source for source, table in tables.items() if table in wanted)
    key = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:32]
    config = {"ops": {"choose": {"config": {"sources": sources}}}}
    return dg.RunRequest(run_key=key, run_config=config, tags={"observatory/tables": str(len(sources))})


def _fetched(ws: Workspace, fetch: dg.JobDefinition, on: dg.DefaultSensorStatus) -> Iterator[dg.SensorDefinition]:
    """A fetch that ended, well or not, is followed by a refresh if anything came."""
    for name, status in (("fetched", dg.DagsterRunStatus.SUCCESS), ("fetched_in_part", dg.DagsterRunStatus.FAILURE)):

        @dg.run_status_sensor(
            run_status=status,
            name=name,
            monitored_jobs=[fetch],
            request_jobs=[refresh],
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


def _tell_of_tables(ws: Workspace, log: logging.Logger, told: dict[str, str]) -> dict[str, str]:
    """Tell of tables whose trouble is not the one told of before; returns what has been told by now."""
    from observatory import status

    now = {t.source: t for t in status.table_states(ws, datetime.now(UTC).date()) if t.state in {"late", "refused"}}
    for source, table in now.items():
        if told.get(source) != f"{table.state}: {table.detail}":
            facts = {"source": source, "publisher": table.publisher, "table": table.table, "updated": table.updated}
            subject = f"{source} ({table.table})"
            _tell(ws, log, Notice("late" if table.state == "late" else "refused", subject, table.detail, facts))
    return {source: f"{table.state}: {table.detail}" for source, table in now.items()}


def _ended(ws: Workspace, on: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="refreshed",
        monitored_jobs=[refresh],
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
    """What a step failed of: the error within Dagster's own, which is the sentence that our errors say."""
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return data.user_failure_data.description
    error = data.error.cause or data.error if data.error is not None else None
    if error is None:
        return event.message or "no reason was given"
    return error.message.strip().removeprefix(f"observatory.errors.{error.cls_name}: ")


def _keep(ws: Workspace, context: dg.RunStatusSensorContext, failures: dict[str, str]) -> None:
    from observatory import metrics, releases, runs

    fresh, run = Workspace(ws.settings), context.dagster_run
    stats = context.instance.get_run_stats(run.run_id)
    started = stats.start_time or stats.launch_time or stats.enqueued_time or 0.0
    begun = runs.Run(run.run_id, run.job_name, iso(started), ended_at=iso(stats.end_time or started))
    standing = releases.latest(ws.settings.releases)
    runs.end(ws.settings, begun, ok=not failures, release=standing.name if standing else None, failures=failures)
    metrics.write(fresh)


def _tell(ws: Workspace, log: logging.Logger, notice: Notice) -> None:
    from observatory import notices

    for problem in notices.send(notice, notices.sinks(ws.settings)):
        log.error(str(problem))
