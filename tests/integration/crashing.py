"""Kills a refresh at counted moments and looks at what is left on disk: `make crash`, and a few moments in the tests.

The command's own `refresh` runs on a small home (two models on the real accounts) in a process forked from one that has
imported everything. It counts what it asks of the file system in the data folder (opening, renaming, removing, listing,
making folders, locking, syncing) and kills itself, as with kill -9: first when the files of a release are there and the
pointer is about to move, then at moments that are drawn, every other one among those that change something. After each,
every release must be whole by our own word and by that of `sha256sum -c`, none that stood may have changed, the pointer
must point to a whole one, and the next refresh must publish what changed with nothing done by hand.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from observatory import cli, doctor, releases
from observatory.settings import REPOSITORY, Settings

SEED = 20260101
READING = {"os.listdir", "os.scandir"}
CHANGING = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod", "fcntl.flock"}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
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


@dataclass(frozen=True)
class Moment:
    """Something asked of the file system: its number, that among those that change something, what, and of what."""

    number: int
    change: int
    is_change: bool
    event: str
    path: str


@dataclass(frozen=True)
class Ended:
    """How a refresh ended: 0 or another exit code, or minus the signal; how many moments it had, how many of them that
    change something, and which was its last.
    """

    code: int
    moments: int
    changes: int
    last: str
    said: str


def refresh(settings: Settings) -> int:
    """`observatory refresh` in this process; returns its exit code."""
    os.environ.update(OBSERVATORY_HOME=str(settings.home), OBSERVATORY_DATA=str(settings.data_dir))
    try:
        cli.main(["refresh", "--quarter", "2026Q4"])
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    return 0


def forked(settings: Settings, fatal: Callable[[Moment], bool] = lambda moment: False) -> Ended:
    """Refresh in a process that kills itself at the first moment that is ``fatal``."""
    reader, writer = os.pipe()
    folder = settings.data_dir.parent
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            with (folder / "said.txt").open("wb") as said:
                os.dup2(said.fileno(), 1)
                os.dup2(said.fileno(), 2)
            tempfile.tempdir = str(folder / "scratch")
            Path(tempfile.tempdir).mkdir(exist_ok=True)
            say = _counting(settings.data_dir, fatal, writer)
            code = refresh(settings)
            say("the end")
            (folder / "modules.txt").write_text("\n".join(sys.modules), "utf-8")
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    os.close(writer)
    _, status = os.waitpid(pid, 0)
    moments, changes, last = [*os.read(reader, 4096).decode(errors="replace").split(" ", 2), 0, 0, ""][:3]
    os.close(reader)
    said = (folder / "said.txt").read_text("utf-8", errors="replace")
    shutil.rmtree(folder / "scratch", ignore_errors=True)
    return Ended(os.waitstatus_to_exitcode(status), int(moments or 0), int(changes), str(last), said)


def _counting(data: Path, fatal: Callable[[Moment], bool], writer: int) -> Callable[[str], object]:
    """Count the moments of this process from now on and kill it at one; returns what says how many there were."""
    moments, changes, inside, sync = 0, 0, f"{data}{os.sep}", os.fsync

    def say(last: str) -> None:
        os.write(writer, f"{moments} {changes} {last}"[:4000].encode(errors="replace"))

    def one(event: str, path: object, is_change: bool) -> None:
        nonlocal moments, changes
        moments, changes = moments + 1, changes + is_change
        if fatal(Moment(moments, changes, is_change, event, str(path))):
            say(f"{event} {path}")
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" or event in READING or event in CHANGING:
            path = os.fsdecode(arguments[0]) if isinstance(arguments[0], str | bytes | os.PathLike) else ""
            # names without a folder are those of a folder that is being removed
            if not path.startswith(os.sep) or f"{path}{os.sep}".startswith(inside):
                one(event, path, event in CHANGING or (event == "open" and bool(arguments[2] & WRITES)))

    def fsync(handle: int) -> None:
        one("os.fsync", Path(f"/proc/self/fd/{handle}").readlink(), True)
        sync(handle)

    os.fsync = fsync
    sys.addaudithook(watch)
    return say


def import_what_it_imported(folder: Path) -> None:
    """Import here what a refresh imported, so that those that follow are forked with everything in place."""
    for name in (folder / "modules.txt").read_text("utf-8").split():
        if name not in sys.modules:
            with contextlib.suppress(Exception):
                importlib.import_module(name)


def faults(settings: Settings, stood: dict[str, bytes] | None = None) -> list[str]:
    """What is wrong with the releases: not whole by either word, changed since ``stood``, a pointer to none."""
    found = []
    for name in releases.names(settings.releases):
        folder = settings.releases / name
        found += releases.verify(folder)
        done = subprocess.run(
            ["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        found += [f"{name}: sha256sum: {done.stdout}{done.stderr}"] if done.returncode else []
    now = sums(settings)
    found += [f"{name}: not what it was" for name, before in (stood or {}).items() if now.get(name) != before]
    if releases.latest(settings.releases) is None:
        found.append("no release stands")
    return found


def sums(settings: Settings) -> dict[str, bytes]:
    """Hashes of all files of every release, by its id."""
    return {name: (settings.releases / name / "SHA256SUMS").read_bytes() for name in releases.names(settings.releases)}


def published(settings: Settings) -> str:
    """What the latest release says of its indicator: the number given to ``change``."""
    content = releases.manifest(releases.find(settings.releases))
    return next(r["description"] for r in content["resources"] if r["name"] == "figure").removeprefix("Version ")


def after(settings: Settings, number: int, stood: dict[str, bytes]) -> list[str]:
    """What is wrong after a kill, and after the refresh that follows it."""
    problems = faults(settings, stood)
    again = forked(settings)
    if again.code != 0:
        problems.append(f"the next refresh ended with {again.code}: {again.said[-2000:]}")
    elif published(settings) != str(number):
        problems.append(f"the next refresh published version {published(settings)}, not {number}")
    problems += [f"after the next refresh: {fault}" for fault in faults(settings, stood)]
    looked = doctor.examine(settings)
    return problems + [f"{f.place}: {f.fault}" for f in looked if "left on its disk" not in f.fault]


def crash(times: int, folder: Path) -> dict[str, Any]:
    """Kill ``times`` refreshes; returns what happened, ``problems`` empty if all was well each time."""
    settings = home(folder)
    first = forked(settings)
    problems = [] if first.code == 0 else [f"the first refresh ended with {first.code}: {first.said[-2000:]}"]
    import_what_it_imported(folder)
    change(settings, 1)
    second = forked(settings)
    problems += [] if second.code == 0 else [f"the second refresh ended with {second.code}: {second.said[-2000:]}"]
    draw, killed, moments, changes = random.Random(SEED), 0, second.moments, second.changes
    places: Counter[str] = Counter()
    number = 1
    while killed < times and not problems:
        number += 1
        change(settings, number)
        stood = sums(settings)
        ended = forked(settings, _fatal(draw, moments, changes, number) if killed else _pointer_moves)
        if ended.code == -signal.SIGKILL:
            killed += 1
            places[_part(settings, ended.last)] += 1
            print(f"{killed} of {times}: killed at moment {ended.moments}, {ended.last}", file=sys.stderr, flush=True)
        elif ended.code == 0:  # it had less to do than the one that was counted
            moments, changes = min(moments, ended.moments), min(changes, ended.changes)
        else:
            problems.append(f"version {number}: ended with {ended.code}: {ended.said[-2000:]}")
        if killed == 1 and not any("publishing was broken off" in f.fault for f in doctor.examine(settings)):
            problems.append("the doctor did not see that the pointer had not moved")
        problems += [f"killed at {ended.moments} ({ended.last}): {one}" for one in after(settings, number, stood)]
        for name in releases.names(settings.releases)[:-3]:
            shutil.rmtree(settings.releases / name)
    counted = {"moments": moments, "changes": changes, "places": dict(places.most_common())}
    return {"times": times, "killed": killed, **counted, "problems": problems}


def _pointer_moves(moment: Moment) -> bool:
    return moment.event == "os.rename" and Path(moment.path).name.startswith(".latest.json.")


def _fatal(draw: random.Random, moments: int, changes: int, number: int) -> Callable[[Moment], bool]:
    if number % 2:
        change = draw.randint(1, changes)
        return lambda moment: moment.is_change and moment.change == change
    any_ = draw.randint(1, moments)
    return lambda moment: moment.number == any_


def _part(settings: Settings, last: str) -> str:
    """The part of the data folder in which a moment lay: build, releases, state and so on."""
    path = last.partition(" ")[2]
    inside = Path(path).relative_to(settings.data_dir).parts if path.startswith(str(settings.data_dir)) else ()
    return inside[0] if len(inside) > 1 else "the data folder" if inside or path == str(settings.data_dir) else "open"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        outcome = crash(int(sys.argv[1]), Path(name).resolve())
    print(json.dumps(outcome))
    sys.exit(bool(outcome["problems"]))
