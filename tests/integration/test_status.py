"""How things stand: the verdict for a monitor, the metrics file, the lines of the log."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

import assets
from observatory import atomic, fetching, metrics, runs, status
from observatory.build import Workspace
from observatory.runs import Run
from observatory.settings import Settings

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ACCOUNTS = "eurostat_nama_10r_3empers"
SAMPLE = re.compile(
    r'observatory_[a-z_]+(\{[a-z]+="(?:[^"\\\n]|\\[\\"n])*"(?:,[a-z]+="(?:[^"\\\n]|\\[\\"n])*")*\})? \S+'
)


@pytest.fixture
def ws(built: Workspace, tmp_path: Path) -> Workspace:
    """The built workspace's files under another folder, whose small state files a test may write."""
    for name in ("build", "releases", "observatory.duckdb"):
        (tmp_path / name).symlink_to(built.settings.data_dir / name)
    return Workspace(Settings(data=tmp_path))


def outcomes(ws: Workspace, **states: str) -> None:
    said = {s: {"state": state, "detail": "why", "at": "2026-11-20T09:00:00+00:00"} for s, state in states.items()}
    atomic.write_text(ws.settings.snapshots / fetching.OUTCOMES, json.dumps(said))


def command(data: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "DAGSTER_HOME"} | {"OBSERVATORY_DATA": str(data)} | more
    line = [sys.executable, "-m", "observatory", *words]
    return subprocess.run(line, env=environment, capture_output=True, text=True, check=False)


def samples(text: str) -> dict[str, float]:
    """Sample lines of the text format; every other line must be a HELP or a TYPE that belongs to what follows."""
    found, typed = {}, set()
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            typed.add(line.split()[2])
        elif not line.startswith("# HELP "):
            assert SAMPLE.fullmatch(line), line
            name, value = line.rsplit(" ", 1)
            assert name.split("{")[0] in typed
            found[name] = float(value)
    return found


def test_a_release_and_no_trouble_is_fine(ws: Workspace) -> None:
    found = status.gather(ws, NOW)
    assert (found.verdict, found.exit_code, found.release) == ("fine", 0, "2026Q3.0")
    assert found.published_at == "2026-08-01T00:00:00+00:00" and found.trouble == []
    assert len(found.tables) == len(ws.catalogue.sources)
    states = {table.source: table.state for table in found.tables}
    assert states[ACCOUNTS] == "fresh" and states["eustat_gva_a38"] == "made up"
    assert states["eurostat_lfst_r_lfe2en2"] == "never fetched"


def test_the_command_ends_with_3_before_the_first_release_and_its_json_is_the_document(tmp_path: Path) -> None:
    done = command(tmp_path, "status", "--format", "json")
    document = json.loads(done.stdout)
    assert done.returncode == document["exit_code"] == 3 and document["verdict"] == "no release"
    assert sum(document["counts"].values()) == len(document["tables"]) > 50
    assert list(tmp_path.iterdir()) == [], "looking writes nothing"


def test_a_refused_table_needs_attention_and_is_named(ws: Workspace) -> None:
    outcomes(ws, eustat_gva_a38="refused", eustat_ict_jobs="failed", eustat_use="fetched")
    found = status.gather(ws, NOW)
    assert (found.verdict, found.exit_code) == ("attention", 1)
    assert found.counts()["refused"] == found.counts()["failed"] == 1
    assert found.trouble[0].startswith("eustat_gva_a38 (PX_170112_cpib_pib_a_01) is refused: 2026-11-20")
    done = command(ws.settings.data_dir, "status")
    assert done.returncode == 1 and done.stdout.startswith("attention: release 2026Q3.0 of 2026-08-01")
    assert "attention: eustat_ict_jobs (PX_222315_ceit_tic04) is failed: " in done.stderr


def test_a_table_is_late_a_month_after_its_contracts_window(ws: Workspace) -> None:
    def late(day: datetime) -> dict[str, str]:
        return {table.source: table.detail for table in status.gather(ws, day).tables if table.state == "late"}

    assert ACCOUNTS not in late(datetime(2027, 8, 31, tzinfo=UTC))
    detail = late(datetime(2027, 9, 1, tzinfo=UTC))[ACCOUNTS]
    assert detail.startswith("an edition of 2027-03-31 or later was to be out by 2027-07-31; the last is of 2026-07-31")


def test_runs_that_go_on_broke_off_or_failed(ws: Workspace) -> None:
    settings = ws.settings
    runs.begin(settings, "here", "refresh")
    found = status.gather(ws, NOW, [{"run": "there", "command": "fetch (started)", "started_at": None}])
    assert [going["run"] for going in found.running] == ["here", "there"] and found.verdict == "fine"

    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    gone = Run("gone", "refresh", "2026-11-23T09:00:00.000+00:00", child.pid, socket.gethostname())
    atomic.write_text(settings.state / "running.gone.json", json.dumps(vars(gone)))
    elsewhere = Run("far", "refresh", "2026-11-23T09:00:00.000+00:00", child.pid, "another-machine")
    atomic.write_text(settings.state / "running.far.json", json.dumps(vars(elsewhere)))
    found = status.gather(ws, NOW)
    assert {going["run"] for going in found.running} == {"here", "far"}
    assert found.trouble == ["run gone (refresh) of 2026-11-23T09:00:00.000+00:00 broke off: its process is gone"]

    runs.begin(settings, "next", "refresh")
    assert not (settings.state / "running.gone.json").exists(), "a run that begins clears what broke off"
    begun = Run("bad", "refresh", "2026-11-23T09:00:00.000+00:00")
    runs.end(settings, begun, ok=False, release="2026Q3.0", failures={"core.gva": "no such code"})
    (trouble,) = status.gather(ws, NOW).trouble
    assert "the last run (bad, " in trouble and trouble.endswith("failed: core.gva: no such code")


def test_a_quarter_without_a_run_needs_attention(ws: Workspace) -> None:
    ended = Run("old", "refresh", "2026-08-01T09:00:00.000+00:00", ended_at="2026-08-01T09:02:00.000+00:00")
    runs.end(ws.settings, ended, ok=True, release="2026Q3.0")
    assert status.gather(ws, datetime(2026, 11, 9, 9, 2, tzinfo=UTC)).trouble == []
    (trouble,) = status.gather(ws, datetime(2026, 11, 9, 9, 3, tzinfo=UTC)).trouble
    assert trouble == "no run has ended since 2026-08-01T09:02:00.000+00:00: is the daemon running?"


def test_a_refresh_that_finds_nothing_to_do_leaves_metrics_and_lines(ws: Workspace) -> None:
    outcomes(ws, eustat_gva_a38="refused")
    done = command(ws.settings.data_dir, "refresh")
    assert done.returncode == 0 and "Nothing has changed since release 2026Q3.0" in done.stdout, done.stderr
    found = samples(ws.settings.metrics.read_text("utf-8"))
    assert found["observatory_refresh_success"] == 1 and found["observatory_refresh_failures"] == 0
    assert found["observatory_refresh_duration_seconds"] >= 0
    assert found['observatory_sources{state="refused"}'] == found['observatory_source_refused{source="eustat_gva_a38"}']
    assert found["observatory_last_release_timestamp_seconds"] == datetime(2026, 8, 1, tzinfo=UTC).timestamp()
    assert found['observatory_last_release_info{release="2026Q3.0"}'] == 1
    made = ws.made("core.gva")
    assert made is not None and found['observatory_table_rows{table="core.gva"}'] == made.rows
    assert len([name for name in found if name.startswith("observatory_table_rows")]) == len(ws.relations)
    assert (
        found['observatory_checks_failed{severity="critical"}']
        == 0
        < found['observatory_checks_passed{severity="critical"}']
    )
    last = runs.last(ws.settings)
    assert last is not None and last.ok and last.release == "2026Q3.0"
    assert [line["event"] for line in runs.lines(ws.settings, last.run)] == ["run began", "run ended"]


def test_labels_are_escaped() -> None:
    text = metrics.family("x", "Says", [({"table": 'a"b\\c\nd'}, 0.1)])
    assert text.splitlines()[-1] == r'observatory_x{table="a\"b\\c\nd"} 0.10000000000000001'
    assert samples(text) == {r'observatory_x{table="a\"b\\c\nd"}': 0.1} and metrics.family("x", "Says", []) == ""


def test_a_table_that_is_made_or_fails_has_a_line_with_the_runs_id(copy: Workspace) -> None:
    copy.path("core.gva").unlink()
    (asset,) = [a for a in assets.core.assets(copy) if a.key == dg.AssetKey(["core", "gva"])]
    result = dg.materialize([asset], selection=[asset.key])
    (line,) = runs.lines(copy.settings, result.run_id)
    assert (line["event"], line["table"], line["rows"]) == ("table made", "core.gva", 2475) and line["seconds"] > 0
    assert datetime.fromisoformat(line["at"]).tzinfo is not None
    runs.end(copy.settings, Run(result.run_id, "refresh", line["at"]), ok=True, release="2026Q3.0")
    found = samples(metrics.write(copy).read_text("utf-8"))
    assert found['observatory_table_duration_seconds{table="core.gva"}'] == line["seconds"]

    copy.path("core.gva").unlink()
    copy.path("raw.eurostat_nama_10r_3gva").unlink()
    failed = dg.materialize([asset], selection=[asset.key], raise_on_error=False)
    (line,) = runs.lines(copy.settings, failed.run_id)
    assert line["event"] == "table failed" and "raw.eurostat_nama_10r_3gva has not been built" in line["reason"]


@pytest.mark.parametrize(("log", "files", "errors"), [("file", 1, 0), ("stderr", 0, 1), ("off", 0, 0)])
def test_the_settings_say_where_lines_go(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], log: Any, files: int, errors: int
) -> None:
    settings = Settings(data=tmp_path, log=log)
    runs.write(settings, "r", "table made", table="núcleo\n", seconds=0.5)
    assert len(list(settings.logs.glob("*.jsonl"))) == files
    said = capsys.readouterr().err
    assert len(said.splitlines()) == errors
    text = said or "".join(path.read_text("utf-8") for path in settings.logs.glob("*.jsonl"))
    assert not text or json.loads(text)["table"] == "núcleo\n"


def test_lines_that_are_cut_off_are_left_out_and_old_files_go(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    settings.logs.mkdir()
    old, young = settings.logs / "2024-01-01.jsonl", settings.logs / "2999-01-01.jsonl"
    old.write_text("{}\n")
    young.write_text('{"run": "r", "event": "a"}\n{"run": "r", "ev\n{"run": "other", "event": "r"}\n')
    runs.begin(settings, "r", "refresh")
    assert [line["event"] for line in runs.lines(settings, "r")] == ["run began", "a"]
    assert not old.exists()
