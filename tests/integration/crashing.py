"""Kills a run at counted moments and looks at what is left on disk: `make crash`, and a few moments in the tests.

A small home (two models on the real accounts) is built, checked and published in a forked process that counts what it
asks of the file system (opening, renaming, removing, listing, making folders) and kills itself, as with kill -9, at the
one that was drawn. After each, every release must be whole, the pointer must point to a whole one, and the next run
must succeed with nothing done by hand.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from observatory import catalogue, doctor, quality, releases, running
from observatory.build import Workspace
from observatory.settings import REPOSITORY, Settings

SEED = 20260101
EVENTS = {"open", "os.listdir", "os.scandir", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}
HEAD = """/*
name: {{en: Small, es: Pequeño, eu: Txikia}}
definition: {definition}
unit: percent
row: one place and year
{columns}checks:
  - name: none_below_nought
    meaning: a figure below nought
    sql: select * from {table} where value < 0 order by all
*/
"""
COLUMNS = """columns: {geo: Place, period: Year, value: Figure, status: Status, provenance: Provenance, source: Source}
"""
CORE = """select geo, "TIME_PERIOD" as period, max(value) as value, 'A' as status, max(provenance) as provenance,
  max(source) as source
from raw.eurostat_nama_10r_3gva where nace_r2 = 'TOTAL' group by geo, "TIME_PERIOD" order by geo, period
"""
INDICATOR = """select 'all' as variant, geo, 'NACE2:TOTAL' as activity, period, value, status, provenance,
  source as sources
from core.small where value is not null order by variant, geo, activity, period
"""


def home(folder: Path) -> Settings:
    """A repository with two models; data beside it."""
    for part in ("catalogue", "embedded"):
        (folder / "home" / "data").mkdir(parents=True, exist_ok=True)
        (folder / "home" / "data" / part).symlink_to(REPOSITORY / "data" / part)
    for schema in ("core", "indicators"):
        (folder / "home" / "sql" / schema).mkdir(parents=True)
    settings = Settings(home=folder / "home", data=folder / "data")
    change(settings, 0)
    return settings


def change(settings: Settings, number: int) -> None:
    """Another definition, so that there is something to make and to publish."""
    sql = settings.home / "sql"
    core = HEAD.format(definition="Total value added", columns=COLUMNS, table="core.small") + CORE
    (sql / "core" / "small.sql").write_text(core, "utf-8")
    text = HEAD.format(definition=f"Version {number}", columns="", table="indicators.figure") + INDICATOR
    (sql / "indicators" / "figure.sql").write_text(text, "utf-8")


def work(settings: Settings, known: catalogue.Catalogue) -> None:
    """One run: make, check, database, publish."""
    ws = Workspace(settings)
    ws.__dict__["catalogue"] = known
    with running.alone(settings.data_dir, "a run that is killed"):
        doctor.sweep(settings)
        for relation in ws.relations:
            ws.make(relation)
            quality.run(ws, relation, releases.latest(settings.releases))
        ws.make_database()
        releases.publish(ws, "2026Q4", datetime(2026, 10, 1, tzinfo=UTC))


def forked(settings: Settings, known: catalogue.Catalogue, moment: int = 0) -> tuple[int, int]:
    """Run in a process that kills itself at the ``moment``-th change of the file system (0: never).

    Returns how it ended (0, or minus the signal) and how many times it asked something of the file system.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        count = 0

        def watch(event: str, _: tuple[Any, ...]) -> None:
            nonlocal count
            if event in EVENTS:
                count += 1
                if count == moment:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(watch)
        code = 1
        try:
            work(settings, known)
            code = 0
        finally:
            os.write(writer, str(count).encode())
            os._exit(code)
    os.close(writer)
    _, status = os.waitpid(pid, 0)
    said = os.read(reader, 20)
    os.close(reader)
    return os.waitstatus_to_exitcode(status), int(said or 0)


def faults(settings: Settings) -> list[str]:
    """What is wrong after a run that was killed: releases that are not whole, a pointer to one."""
    found = [p for name in releases.names(settings.releases) for p in releases.verify(settings.releases / name)]
    standing = releases.latest(settings.releases)
    if standing is None:
        found.append("no release stands")
    return found


def crash(times: int, folder: Path) -> dict[str, Any]:
    """Kill ``times`` runs; returns what happened, ``problems`` empty if all was well each time."""
    settings = home(folder)
    known = catalogue.load(settings.home)
    ended, _ = forked(settings, known)
    problems = [] if ended == 0 else ["the first run failed"]
    change(settings, 1)
    ended, changes = forked(settings, known)
    draw = random.Random(SEED)
    killed = number = 0
    while killed < times:
        number += 1
        change(settings, number + 2)
        moment = draw.randint(1, changes)
        ended, count = forked(settings, known, moment)
        killed += ended == -signal.SIGKILL
        # a run that had less to do than the first ended before its moment: draw from what it did
        changes = changes if ended else min(changes, count)
        problems += [f"killed at {moment}: {fault}" for fault in faults(settings)]
        again, _ = forked(settings, known)
        if again != 0:
            problems.append(f"killed at {moment}: the next run ended with {again}")
        problems += [f"after the run that followed {moment}: {fault}" for fault in faults(settings)]
        problems += [
            f"{moment}: {f.place}: {f.fault}" for f in doctor.examine(settings) if "left on its disk" not in f.fault
        ]
        keep = releases.names(settings.releases)[-3:]
        for name in set(releases.names(settings.releases)) - set(keep):
            shutil.rmtree(settings.releases / name)
    return {"times": times, "killed": killed, "changes": changes, "problems": problems}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        outcome = crash(int(sys.argv[1]), Path(name))
    print(json.dumps(outcome))
    sys.exit(bool(outcome["problems"]))
