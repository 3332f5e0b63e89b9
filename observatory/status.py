"""How the observatory stands, as one document: the release, the last run, what runs, and every contracted table.

Belongs here: gathering what other modules have left on disk, and the verdict. Does not belong here: printing
(cli_status.py), figures for a monitor (metrics.py), mending anything.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

from observatory import fetching, releases, runs, watching
from observatory.build import Workspace
from observatory.runs import Run

State = Literal["fresh", "late", "refused", "failed", "made up", "never fetched", "not fetched"]
STATES: tuple[State, ...] = get_args(State)
TROUBLE: tuple[State, ...] = ("late", "refused", "failed")
SILENCE = timedelta(days=100)
"""Longest time between two runs of a quarterly observatory: the longest quarter and eight days."""


@dataclass(frozen=True)
class Table:
    """A contracted table. ``updated`` is the publisher's stamp of the edition in use, ``detail`` why and since when."""

    source: str
    publisher: str
    table: str
    state: State
    updated: str | None
    detail: str = ""


@dataclass(frozen=True)
class Status:
    """``verdict`` says in a word what ``trouble`` says in sentences; ``exit_code`` is the command's."""

    at: str
    release: str | None
    published_at: str | None
    tables: list[Table]
    last_run: Run | None
    running: list[dict[str, Any]]
    trouble: list[str]

    @property
    def verdict(self) -> Literal["fine", "attention", "no release"]:
        """``no release`` before the first, ``attention`` while something is late, refused or failed."""
        if self.release is None:
            return "no release"
        return "attention" if self.trouble else "fine"

    @property
    def exit_code(self) -> int:
        """0 fine, 1 attention, 3 no release."""
        return {"fine": 0, "attention": 1, "no release": 3}[self.verdict]

    def counts(self) -> dict[str, int]:
        """Tables by state, commonest first."""
        return dict(Counter(table.state for table in self.tables).most_common())

    def document(self) -> dict[str, Any]:
        """Everything as JSON holds it: the fields, ``verdict`` and ``counts``."""
        return {"verdict": self.verdict, "exit_code": self.exit_code, "counts": self.counts(), **asdict(self)}


def gather(ws: Workspace, now: datetime | None = None, elsewhere: Sequence[dict[str, Any]] = ()) -> Status:
    """Read how things stand; nothing is written and no publisher asked.

    ``elsewhere`` are runs that Dagster's storage knows to go on. Raises DataError where the pointer to the latest
    release or a lock cannot be read.
    """
    now = now or datetime.now(UTC)
    standing = releases.latest(ws.settings.releases)
    alive, broken = runs.running(ws.settings)
    last = runs.last(ws.settings)
    tables = table_states(ws, now.date())
    going = [{"run": r.run, "command": r.command, "started_at": r.started_at} for r in alive]
    return Status(
        at=now.isoformat(timespec="seconds"),
        release=standing.name if standing else None,
        published_at=published_at(ws.settings.releases) if standing else None,
        tables=tables,
        last_run=last,
        running=[*going, *elsewhere],
        trouble=[*_run_trouble(last, broken, now), *(_words(t) for t in tables if t.state in TROUBLE)],
    )


def published_at(folder: Path) -> str | None:
    """When the pointer to the latest release last moved."""
    pointer = folder / "latest.json"
    found = json.loads(pointer.read_text("utf-8")).get("published_at") if pointer.exists() else None
    return str(found) if found else None


def table_states(ws: Workspace, today: date) -> list[Table]:
    """The state of every contract, in the catalogue's order.

    Refused and failed speak of the last fetch; late of the contract's update period, for tables that stand on a
    publisher's stamp. A made-up table is never late: no publisher has promised it.
    """
    recorded, confirmed = fetching.recorded(ws.settings), fetching.known_stamps(ws)
    states = []
    for source in ws.catalogue.sources.values():
        pin = ws.pins.get(source.id)
        updated = confirmed.get(source.id) or (pin.entry.updated if pin else None)
        said = recorded.get(source.id, {})
        state: State = "fresh"
        detail = ""
        if said.get("state") in fetching.FAILED:
            state = "refused" if said["state"] == "refused" else "failed"
            detail = f"{said.get('at', '')}: {said.get('detail', '')}"
        elif pin is None:
            state = "never fetched" if source.asked() else "not fetched"
        elif pin.entry.provenance == "synthetic":
            state, updated = "made up", None
        elif promise := watching.late(source, updated, today):
            state = "late"
            detail = f"an edition of {promise.since} or later was to be out by {promise.by}; the last is of {updated}"
        states.append(Table(source.id, source.publisher, source.table, state, updated, detail))
    return states


def _run_trouble(last: Run | None, broken: Sequence[Run], now: datetime) -> list[str]:
    trouble = [f"run {run.run} ({run.command}) of {run.started_at} broke off: its process is gone" for run in broken]
    if last is None:
        return trouble
    if last.ok is False:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in last.failures.items())
        trouble.append(f"the last run ({last.run}, {last.ended_at}) failed: {reasons or 'no reason was kept'}")
    if last.ended_at and now - datetime.fromisoformat(last.ended_at) > SILENCE:
        trouble.append(f"no run has ended since {last.ended_at}: is the daemon running?")
    return trouble


def _words(table: Table) -> str:
    return f"{table.source} ({table.table}) is {table.state}: {table.detail}"
