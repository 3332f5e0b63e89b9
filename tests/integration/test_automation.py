"""What runs by itself: the sensors and the fetch job against servers that hold every contract."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

import assets
from assets import fetch, release, sensors
from observatory import catalogue, fetching, quality
from observatory.build import Workspace
from observatory.settings import Settings
from observatory.snapshots import Store
from tests.integration.publishers import STAMP, Publishers, every_contract

CONTRACTS = catalogue.load(Settings().home)
GVA, ENTERPRISES, ACCOUNTS = "PX_170112_cpib_pib_a_01", "PX_222315_ceit_tic01", "PX_112311_cindus_ind02"
AT_ONCE = dg.RetryPolicy(max_retries=2)


@pytest.fixture
def publishers() -> Iterator[Publishers]:
    with every_contract(CONTRACTS) as running:
        yield running


def workspace(publishers: Publishers, data: Path) -> Workspace:
    addresses = {k.removeprefix("OBSERVATORY_").lower(): v for k, v in publishers.environment.items()}
    return Workspace(Settings(data=data, retries=0, **addresses))


def wanted(result: dg.SensorResult) -> list[list[str]]:
    return [r.run_config["ops"]["choose"]["config"]["sources"] for r in result.run_requests or []]


def sensor(ws: Workspace, name: str) -> dg.SensorDefinition:
    return next(found for found in sensors.sensors(ws, fetch.job(ws)) if found.name == name)


def told(ws: Workspace) -> list[dict[str, Any]]:
    """The notices so far."""
    path = ws.settings.logs / "notices.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def confirm(ws: Workspace, bank: dict[str, str], sources: list[str]) -> None:
    """Leave what a fetch leaves when the editions of these sources have come."""
    known = {s: bank[CONTRACTS.sources[s].table] for s in sources}
    path = ws.settings.snapshots / fetching.STAMPS
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps((json.loads(path.read_text()) if path.exists() else {}) | known))


def an_hour_later(stamp: str) -> str:
    return (datetime.fromisoformat(stamp) + timedelta(hours=1)).isoformat()


@pytest.mark.parametrize("every_day", [False, pytest.param(True, marks=pytest.mark.thorough)])
def test_the_real_visits_put_to_the_bank_have_the_sensor_ask_for_exactly_what_changed(
    publishers: Publishers, tmp_path: Path, shared: Path, every_day: bool
) -> None:
    """The sensor itself, evaluated as the daemon does, on the days of a change or on every day of the five months."""
    (file,) = (shared / "extracts" / "eustat").glob("catalogue_update_history_*.csv")
    sources = {s.table: s.id for s in CONTRACTS.sources.values() if s.publisher == "eustat"}
    with file.open(encoding="utf-8", newline="") as lines:
        seen = [row | {"table": row["id"].removesuffix(".px")} for row in csv.DictReader(lines)]
    changes = [(row["first_seen_date"], row["table"], row["updated_stamp"]) for row in seen if row["table"] in sources]
    bank, ws = publishers.bank.updated, workspace(publishers, tmp_path)
    first, clock, last = date(2026, 3, 9), "2026-03-29", date(2026, 8, 22)
    days = [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
    watch, cursor, asked, keys = sensor(ws, "publishers_updates"), None, [], []
    for day in days if every_day else sorted({day for day, *_ in changes} | {clock, days[-1]}):
        if day == clock:
            bank |= {table: an_hour_later(bank[table]) for table in sources}
        bank |= {table: stamp for changed, table, stamp in changes if changed == day}
        result = watch(dg.build_sensor_context(cursor=cursor))
        cursor = result.cursor
        keys += [request.run_key for request in result.run_requests or []]
        for ids in wanted(result):
            asked += [(day, source) for source in ids if CONTRACTS.sources[source].publisher == "eustat"]
            confirm(ws, bank | {CONTRACTS.sources[s].table: STAMP for s in ids if s.startswith("euros")}, ids)
    assert sorted(asked) == sorted((day, sources[table]) for day, table, _ in changes)
    assert len(set(keys)) == len(keys) == 5, "one request on each day with a change, and no key twice"
    assert len([source for day, source in asked if day == days[0]]) == len(sources) == 40
    assert [(day, source) for day, source in asked if day != days[0]] == [
        ("2026-03-11", "eustat_gva_a38"),
        ("2026-03-13", "eustat_gva_a38"),
        ("2026-06-01", "eustat_services_accounts"),
        ("2026-06-01", "eustat_services_aggregates"),
        ("2026-07-03", "eustat_selected_services_accounts"),
        ("2026-07-03", "eustat_selected_services_aggregates"),
    ]


def test_what_was_asked_for_and_did_not_come_is_asked_for_again_the_next_day_and_what_was_refused_is_not(
    publishers: Publishers, tmp_path: Path
) -> None:
    ws = workspace(publishers, tmp_path)
    confirm(ws, dict.fromkeys(publishers.bank.updated, STAMP), [s for s in CONTRACTS.sources if s.startswith("eustat")])
    first = sensors.look(ws, None, date(2026, 11, 20))
    assert all(source.startswith("eurostat") for sources in wanted(first) for source in sources)
    publishers.bank.updated |= {GVA: "2026-11-20T09:05:00", ENTERPRISES: "2026-11-20T09:06:00"}
    moved = sensors.look(ws, first.cursor, date(2026, 11, 20))
    assert wanted(moved) == [["eustat_gva_a38", "eustat_ict_enterprises"]]
    same_day = sensors.look(ws, moved.cursor, date(2026, 11, 20))
    assert wanted(same_day) == [] and "none moved" in str(same_day.skip_reason)

    (ws.settings.snapshots / fetching.OUTCOMES).write_text('{"eustat_ict_enterprises": {"state": "refused"}}')
    again = sensors.look(ws, same_day.cursor, date(2026, 11, 21))
    (eustat,) = [[s for s in sources if s.startswith("eustat")] for sources in wanted(again)]
    assert eustat == ["eustat_gva_a38"]
    confirm(ws, publishers.bank.updated, ["eustat_gva_a38"])
    later = sensors.look(ws, again.cursor, date(2026, 11, 22))
    assert [s for sources in wanted(later) for s in sources if s.startswith("eustat")] == []
    keys = [r.run_key for r in [*(moved.run_requests or []), *(again.run_requests or [])]]
    assert len(set(keys)) == len(keys) == 2
    lost = sensors.look(ws, first.cursor, date(2026, 11, 22))
    assert keys[0] in {r.run_key for r in lost.run_requests or []}, "Dagster drops a request whose key it has had"


def test_a_publisher_that_fails_is_asked_again_a_table_that_is_refused_is_not(
    publishers: Publishers, tmp_path: Path
) -> None:
    ws = workspace(publishers, tmp_path)
    sound = publishers.bank.tables[ACCOUNTS]
    assert isinstance(sound, bytes)
    publishers.bank.tables[ACCOUNTS] = sound.replace(b"cuenta de perdidas y ganancias", b"cuenta de resultados")
    del publishers.bank.tables[GVA]
    sources = ["eustat_gva_a38", "eustat_industry_accounts", "eustat_ict_jobs"]
    with dg.DagsterInstance.ephemeral() as instance:
        done = fetch.job(ws, AT_ONCE).execute_in_process(
            run_config={"ops": {"choose": {"config": {"sources": sources}}}}, raise_on_error=False, instance=instance
        )
        log = instance.all_logs(done.run_id)
        (failure,) = [e.dagster_event for e in log if e.dagster_event_type == dg.DagsterEventType.RUN_FAILURE]
        run = instance.get_run_by_id(done.run_id)
        context = dg.build_run_status_sensor_context("failed_runs", failure, instance, run).for_run_failure()
        sensor(ws, "failed_runs")(context)
    assert not done.success
    (notice,) = told(ws)
    assert notice["kind"] == "run failed" and notice["subject"] == f"fetch {done.run_id[:8]}"
    refusal = notice["facts"]["failures"]["fetch_table[eustat_industry_accounts]"]
    assert refusal.startswith("eustat_industry_accounts: ") and "cuenta de resultados" in refusal
    assert notice["facts"]["failures"]["fetch_table[eustat_gva_a38]"].startswith("Eustat table PX_170112_cpib_pib_a_01")
    retried = [e.step_key for e in log if e.dagster_event_type == dg.DagsterEventType.STEP_UP_FOR_RETRY]
    assert retried == ["fetch_table[eustat_gva_a38]"] * 2
    failed = {e.step_key for e in log if e.dagster_event_type == dg.DagsterEventType.STEP_FAILURE}
    assert failed == {"fetch_table[eustat_gva_a38]", "fetch_table[eustat_industry_accounts]"}
    assert set(Store(tmp_path / "snapshots", "local").lock().tables) == {"eustat_ict_jobs"}
    assert {s: o["state"] for s, o in fetching.recorded(ws.settings).items()} == {
        "eustat_gva_a38": "failed",
        "eustat_industry_accounts": "refused",
        "eustat_ict_jobs": "fetched",
    }
    assert [e.dagster_event.asset_key.path for e in log if e.dagster_event and e.dagster_event.asset_key] == [
        ["snapshots", "eustat_ict_jobs"]
    ]


def test_automation_is_off_until_the_settings_say_so(built: Workspace) -> None:
    off = assets.build(built)
    assert {s.default_status.value for s in [*off.sensors, *off.schedules]} == {"STOPPED"}
    on = assets.build(Workspace(built.settings.model_copy(update={"automation": True})))
    assert {s.default_status.value for s in [*on.sensors, *on.schedules]} == {"RUNNING"}
    assert {(s.name, s.cron_schedule, s.execution_timezone) for s in on.schedules} == {
        ("quarterly_fetch", "30 9 15 1,4,7,10 *", "Europe/Madrid"),
        ("quarterly", "0 10 15 1,4,7,10 *", "Europe/Madrid"),
    }


def test_a_table_fetched_for_the_first_time_is_made_and_checked_though_the_graph_lacks_it(copy: Workspace) -> None:
    jobs = "raw.eustat_ict_jobs"
    assert jobs not in copy.relations and release.complete(copy) == []
    pin = copy.pins["eustat_ict_jobs"]
    entry = pin.entry.model_copy(update={"provenance": "official", "acquired": "fetched"})
    Store(copy.settings.snapshots, "local").add("eustat_ict_jobs", pin.read(), entry)
    after = Workspace(copy.settings)
    assert release.complete(after) == [jobs] and release.complete(after) == []
    assert {found.table for found in quality.results(after)} >= {jobs}


def test_a_release_is_told_of_once(built: Workspace, tmp_path: Path) -> None:
    ws = Workspace(Settings(data=tmp_path))
    releases = sensor(ws, "releases")
    nothing = releases(dg.build_sensor_context())
    assert nothing.cursor is None and told(ws) == []
    (tmp_path / "releases").symlink_to(built.settings.releases)
    first = releases(dg.build_sensor_context())
    second = releases(dg.build_sensor_context(cursor=first.cursor))
    assert first.cursor == "2026Q3.0" and "no new release" in str(second.skip_reason)
    (notice,) = told(ws)
    assert (notice["kind"], notice["subject"], notice["facts"]["tables"]) == ("release", "2026Q3.0", len(built.models))


def test_a_refused_table_is_told_of_once_and_again_when_the_reason_is_another(tmp_path: Path) -> None:
    ws = Workspace(Settings(data=tmp_path))
    watch = sensor(ws, "late_and_refused")
    cursor = None
    for detail, times in (("no ES21", 1), ("no ES21", 1), ("no ES212", 2)):
        said = {"eustat_gva_a38": {"state": "refused", "detail": detail, "at": "2026-11-20"}}
        ws.settings.snapshots.mkdir(exist_ok=True)
        (ws.settings.snapshots / fetching.OUTCOMES).write_text(json.dumps(said))
        cursor = watch(dg.build_sensor_context(cursor=cursor)).cursor
        refused = [notice for notice in told(ws) if notice["kind"] == "refused"]
        assert len(refused) == times and refused[-1]["text"].endswith(detail)
        assert refused[-1]["facts"]["table"] == GVA


def test_a_notice_that_does_not_arrive_stops_no_sensor(built: Workspace, tmp_path: Path) -> None:
    ws = Workspace(Settings(data=tmp_path, notify_email="ana@example.org", smtp_port=1))
    (tmp_path / "releases").symlink_to(built.settings.releases)
    assert sensor(ws, "releases")(dg.build_sensor_context()).cursor == "2026Q3.0"
    assert len(told(ws)) == 1
