"""The lines a run leaves: a structured log with the run's id, what is running, and how the last run ended.

Belongs here: these files. Does not belong here: what a run does, what is made of the lines (status.py, metrics.py).

``data/log/<day>.jsonl`` holds one JSON object a line: ``at``, ``run``, ``event`` and the event's own facts. Lines are
appended whole, so that several processes may write. ``data/state/last_run.json`` is the last run that ended, and
``data/state/running.<id>.json`` one that has not.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from observatory import atomic
from observatory.processes import lives
from observatory.settings import Settings

KEEP = timedelta(days=400)
"""How long daily log files are kept: more than a year, so that a run can be set beside that of a year ago."""


@dataclass(frozen=True)
class Run:
    """One run of the refresh. Times are ISO in UTC; ``failures`` holds the reason by table or check."""

    run: str
    command: str
    started_at: str
    pid: int = 0
    host: str = ""
    ended_at: str | None = None
    ok: bool | None = None
    release: str | None = None
    failures: dict[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> float | None:
        """How long it took, None before its end."""
        if self.ended_at is None:
            return None
        return (datetime.fromisoformat(self.ended_at) - datetime.fromisoformat(self.started_at)).total_seconds()


def now() -> str:
    """The present time, ISO in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def write(settings: Settings, run: str, event: str, **facts: object) -> None:
    """One line of the log, to where the settings say."""
    if settings.log == "off":
        return
    at = now()
    line = json.dumps({"at": at, "run": run, "event": event, **facts}, ensure_ascii=False, default=str) + "\n"
    if settings.log == "stderr":
        sys.stderr.write(line)
        sys.stderr.flush()
        return
    settings.logs.mkdir(parents=True, exist_ok=True)
    with (settings.logs / f"{at[:10]}.jsonl").open("ab", buffering=0) as log:
        log.write(line.encode())


def lines(settings: Settings, run: str) -> Iterator[dict[str, Any]]:
    """The lines of one run, oldest first; a line that is cut off, as after a full disk, is left out."""
    for path in sorted(settings.logs.glob("????-??-??.jsonl")):
        with path.open(encoding="utf-8", errors="replace") as log:
            for text in log:
                if run not in text:
                    continue
                try:
                    found = json.loads(text)
                except ValueError:
                    continue
                if isinstance(found, dict) and found.get("run") == run:
                    yield found


def begin(settings: Settings, run: str, command: str) -> Run:
    """Say that a run of this process has begun."""
    begun = Run(run, command, now(), os.getpid(), socket.gethostname())
    _keep(_running(settings, run), begun)
    write(settings, run, "run began", command=command, pid=begun.pid)
    _forget(settings)
    return begun


def end(
    settings: Settings, begun: Run, *, ok: bool, release: str | None, failures: Mapping[str, str] | None = None
) -> Run:
    """Say how a run ended; it is the last run from now on."""
    ended = replace(begun, ended_at=begun.ended_at or now(), ok=ok, release=release, failures=dict(failures or {}))
    _keep(settings.state / "last_run.json", ended)
    _running(settings, begun.run).unlink(missing_ok=True)
    facts = {"ok": ok, "seconds": ended.seconds, "release": release, "failures": ended.failures}
    write(settings, begun.run, "run ended", **facts)
    return ended


def last(settings: Settings) -> Run | None:
    """The last run that ended, None before the first."""
    return _read(settings.state / "last_run.json")


def running(settings: Settings) -> tuple[list[Run], list[Run]]:
    """Runs of the command line that go on, and runs that broke off: their process on this machine is gone."""
    found = [run for path in sorted(settings.state.glob("running.*.json")) if (run := _read(path)) is not None]
    alive = [
        run
        for run in found
        if run.host != socket.gethostname() or lives(run.pid, datetime.fromisoformat(run.started_at).timestamp())
    ]
    return alive, [run for run in found if run not in alive]


def _running(settings: Settings, run: str) -> Path:
    return settings.state / f"running.{run}.json"


def _keep(path: Path, run: Run) -> None:
    atomic.write_text(path, json.dumps(asdict(run), indent=1, ensure_ascii=False) + "\n")


def _read(path: Path) -> Run | None:
    try:
        return Run(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _forget(settings: Settings) -> None:
    """Remove daily logs that are too old, and the marks of runs that broke off before the last run ended."""
    oldest = (datetime.now(UTC) - KEEP).date().isoformat()
    for path in settings.logs.glob("????-??-??.jsonl"):
        if path.stem < oldest:
            path.unlink(missing_ok=True)
    for gone in running(settings)[1]:
        _running(settings, gone.run).unlink(missing_ok=True)
