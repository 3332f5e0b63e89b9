"""What is wrong with a data folder, what to do about it, and what can be put right by itself.

Belongs here: looking at stores, build, database, releases and the machine, and repairs that lose nothing. Does not
belong here: making tables (a refresh does), and anything about figures (quality.py). A repair deletes only what a
refresh makes again from snapshots, and what a killed run left half written; it never deletes a snapshot, a release or
microdata.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from observatory import atomic, releases, running, sharing, sharing_inputs, snapshots
from observatory.errors import DataError, ObservatoryError
from observatory.processes import lives
from observatory.settings import Settings

LEAST_SPACE = 1024**3
DRAFT = re.compile(r"^\..*\.(\d+)\.part(\.wal)?$")
AHEAD = timedelta(days=1)
YOUNG = timedelta(days=1)
AGAIN = "A repair sends it again if this machine has the right bytes; else restore it from a copy"


@dataclass(frozen=True)
class Finding:
    """One fault: where, what, what to do; ``repair`` where it can be put right without loss."""

    place: str
    fault: str
    remedy: str
    repair: Callable[[], object] | None = None


def examine(settings: Settings, now: datetime | None = None) -> list[Finding]:
    """Everything that is wrong, in the order in which data flows. Reads every byte of stores, build and releases."""
    now = now or datetime.now(UTC)
    looks = (_machine, _links, _leftovers, _stores, _build, _database, _releases)
    found = [finding for look in looks for finding in look(settings)]
    return [*found, *_clock(settings, now), *_shared(settings, now)]


def repair(settings: Settings, findings: list[Finding]) -> list[str]:
    """Put right what can be; returns a line for each thing done.

    Raises StorageError if a run is under way.
    """
    done = []
    with running.alone(settings.data_dir, "observatory doctor --repair"):
        for finding in findings:
            if finding.repair is not None:
                if finding.repair() is False:  # there was nothing here to put it right with
                    continue
                done.append(f"{finding.place}: {finding.fault}: put right")
    return done


def sweep(settings: Settings) -> None:
    """Delete what runs that were killed left half written; a run does so at its start, while it holds the lock."""
    for finding in _leftovers(settings):
        if finding.repair is not None:
            finding.repair()


def sweep_if_any(settings: Settings) -> None:
    """The same, taking the lock for it, where there is something; raises StorageError while another run has it."""
    if any(_leftovers(settings)):
        with running.alone(settings.data_dir, "clearing away what a killed run left"):
            sweep(settings)


def _machine(settings: Settings) -> Iterator[Finding]:
    """The folders and the disk."""
    folder = settings.data_dir
    parts = sorted(path for path in settings.build.glob("*") if path.is_dir()) if settings.build.is_dir() else []
    kept = (settings.releases, settings.snapshots, settings.restricted, settings.state, settings.logs)
    for place in (folder, settings.build, *parts, *kept):
        if place.exists() and not place.is_dir():
            yield Finding(str(place), "is not a folder", "Move the file away and run `observatory refresh`")
        elif place.is_dir() and not _writable(place):
            yield Finding(str(place), "cannot be written to", "Give this user the right, or set OBSERVATORY_DATA")
    if not folder.exists():
        return
    free = shutil.disk_usage(folder).free
    if free < LEAST_SPACE:
        yield Finding(str(folder), f"{free // 1024**2} MiB are left on its disk", "Free space before the next refresh")
    if other := running.holder(folder):
        words = f"{other['what']} is under way since {other['started']} (pid {other['pid']})"
        yield Finding(str(folder), words, "Wait until it has ended; what it writes may look like a fault until then")


def _writable(folder: Path) -> bool:
    """Whether a file can be made there: rights alone do not say, on a read-only file system."""
    probe = folder / f".probe.{os.getpid()}.part"
    try:
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


def _kept(settings: Settings) -> list[Path]:
    return [p for p in (settings.snapshots, settings.restricted, settings.build, settings.releases) if p.is_dir()]


def _links(settings: Settings) -> Iterator[Finding]:
    """Symbolic links where files should be: what they point to can change behind a release's back."""
    found = [path for folder in _kept(settings) for path in sorted(folder.rglob("*")) if path.is_symlink()]
    found += [settings.database] if settings.database.is_symlink() else []
    for path in found:
        ours = settings.build in path.parents or path == settings.database
        remedy = "A repair removes the link, and a refresh makes the file" if ours else "Put the file itself there"
        yield Finding(str(path), "is a symbolic link", remedy, path.unlink if ours else None)


def _leftovers(settings: Settings) -> Iterator[Finding]:
    """Drafts of runs that were killed; those of a living process are none."""
    places = [settings.data_dir.glob(".*.part*"), *(folder.rglob(".*.part*") for folder in _kept(settings))]
    for path in sorted({path for found in places for path in found}):
        match = DRAFT.match(path.name)
        if match and not lives(int(match[1])):
            remove = partial(shutil.rmtree, path, ignore_errors=True) if path.is_dir() else path.unlink
            yield Finding(str(path), "was left half written by a run that ended", "A repair deletes it", remove)


def _stores(settings: Settings) -> Iterator[Finding]:
    """Locks and the bytes that they name."""
    for store in (
        snapshots.Store(settings.embedded, "embedded"),
        snapshots.Store(settings.snapshots, "local"),
        snapshots.Store(settings.restricted, "restricted", private=True),
    ):
        yield from _store(settings, store)


def _store(settings: Settings, store: snapshots.Store) -> Iterator[Finding]:
    try:
        lock = store.lock()
    except ObservatoryError as error:
        mend = partial(_restore_lock, settings, store) if store.name == "local" else None
        remedy = error.remedy if mend is None else "A repair makes it again from the latest release and the bytes"
        yield Finding(str(store.lock_path), error.message, remedy, mend)
        return
    yield from _altered(settings, store, lock)
    for source, entry in lock.tables.items():
        try:
            store.read(source, entry)
        except DataError as error:
            drop = partial(_set_aside, store, source) if store.name == "local" else None
            remedy = error.remedy if drop is None else f"Fetch it again: `observatory fetch {source}`"
            yield Finding(str(store.path(entry)), error.message.partition(": ")[2], remedy, drop)


def _altered(settings: Settings, store: snapshots.Store, lock: snapshots.Lock) -> Iterator[Finding]:
    """Entries of a lock that say of the same bytes something else than the newest release does: a lock never changes
    without them. A later retrieval is none: the same bytes may have come again.
    """
    release, said = _last_lock(settings)
    for source, entry in lock.tables.items():
        known = said.get(entry.sha256, {})
        if not known:
            continue
        own = known.get(source)
        if own is None:
            words = f"has under {source} the bytes that release {release} has under {', '.join(sorted(known))}"
        else:
            differing = [field for field, value in own if value != getattr(entry, field)]
            if not differing or (differing == ["retrieved_at"] and entry.retrieved_at > own.retrieved_at):
                continue
            words = f"{source}: {', '.join(differing)}: not what release {release} says of the same bytes"
            known = {source: own}
        mend = partial(_as_released, store, source, known) if store.name == "local" else None
        remedy = "A repair takes the words of the release" if mend else "Restore the file from version control"
        yield Finding(str(store.lock_path), words, remedy, mend)


def _last_lock(settings: Settings) -> tuple[str, dict[str, dict[str, snapshots.LockEntry]]]:
    """The newest release with a lock that can be read, and its entries by hash and source."""
    for name in reversed(releases.names(settings.releases)):
        path = settings.releases / name / "lock.yaml"
        try:
            tables = snapshots.parse(path.read_bytes(), str(path)).tables
        except (OSError, ObservatoryError):
            continue
        found: dict[str, dict[str, snapshots.LockEntry]] = {}
        for source, entry in tables.items():
            found.setdefault(entry.sha256, {})[source] = entry
        return name, found
    return "", {}


def _as_released(store: snapshots.Store, source: str, known: dict[str, snapshots.LockEntry]) -> None:
    """Put what a release says of some bytes in the place of the entry ``source``."""
    tables = {name: entry for name, entry in store.lock().tables.items() if name != source} | known
    atomic.write_text(store.lock_path, snapshots.dump(snapshots.Lock(tables=dict(sorted(tables.items())))))


def _restore_lock(settings: Settings, store: snapshots.Store) -> None:
    """Keep the unreadable lock beside, and name again what the newest whole release says of bytes that are there."""
    store.lock_path.replace(store.lock_path.with_name("lock.yaml.damaged"))
    known: dict[str, snapshots.LockEntry] = {}
    for name in releases.names(settings.releases):
        path = settings.releases / name / "lock.yaml"
        if path.is_file():
            known |= snapshots.parse(path.read_bytes(), str(path)).tables
    kept = {}
    for source, entry in known.items():
        path = store.path(entry)
        if path.is_file() and atomic.sha256(path) == entry.sha256:
            kept[source] = entry
    atomic.write_text(store.lock_path, snapshots.dump(snapshots.Lock(tables=dict(sorted(kept.items())))))


def _set_aside(store: snapshots.Store, source: str) -> None:
    """Take a damaged snapshot out of the lock and keep its bytes under another name."""
    tables = dict(store.lock().tables)
    entry = tables.pop(source)
    path = store.path(entry)
    if path.is_file():
        path.replace(path.with_name(path.name + ".damaged"))
    atomic.write_text(store.lock_path, snapshots.dump(snapshots.Lock(tables=tables)))


def _build(settings: Settings) -> Iterator[Finding]:
    """Tables of the build whose bytes are not those that were made."""
    remedy = "A repair deletes it, and the next `observatory refresh` makes it again"
    for path in sorted(settings.build.glob("*/*.parquet")) if settings.build.is_dir() else ():
        try:
            said = json.loads(path.with_suffix(".json").read_text("utf-8"))["sha256"]
        except FileNotFoundError:
            said = None
        except (OSError, ValueError, KeyError, TypeError):
            yield Finding(str(path.with_suffix(".json")), "cannot be read", remedy, partial(_forget, path))
            continue
        if said is not None and atomic.sha256(path) != said:
            yield Finding(str(path), "its bytes have changed since it was made", remedy, partial(_forget, path))


def _forget(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_suffix(".json").unlink(missing_ok=True)


def _database(settings: Settings) -> Iterator[Finding]:
    stamp = settings.build / "database.json"
    if not (settings.database.is_file() and stamp.is_file()):
        return
    try:
        said = json.loads(stamp.read_text("utf-8")).get("sha256")
    except (OSError, ValueError, AttributeError):
        said = ""
    if said != atomic.sha256(settings.database):
        remedy = "A repair deletes it, and the next `observatory refresh` makes it again; keep notes in another file"
        yield Finding(
            str(settings.database),
            "its bytes have changed since it was made",
            remedy,
            partial(_forget_database, settings.database, stamp),
        )


def _forget_database(database: Path, stamp: Path) -> None:
    database.unlink(missing_ok=True)
    stamp.unlink(missing_ok=True)


def _releases(settings: Settings) -> Iterator[Finding]:
    """Releases that are not whole, and the pointer."""
    import pyarrow as pa

    folder = settings.releases
    whole = []
    for name in releases.names(folder):
        try:
            problems = releases.verify(folder / name)
        except (ObservatoryError, OSError, ValueError, KeyError, pa.ArrowException) as error:
            problems = [f"{folder / name}: cannot be verified: {error}"]
        if not problems:
            whole.append(name)
        for problem in problems:
            yield Finding(problem, "the release is not whole", "Restore this release from a copy; never edit it")
    pointer = folder / "latest.json"
    newest = whole[-1] if whole else None
    mend = partial(_point, pointer, newest) if newest else None
    try:
        standing = releases.latest(folder)
    except DataError as error:
        yield Finding(str(pointer), error.message.partition(": ")[2], f"A repair points to {newest}", mend)
        return
    if standing is None and newest:
        yield Finding(str(pointer), "is missing", f"A repair points to {newest}", mend)
    elif standing is not None and standing.name not in whole:
        words = f"points to {standing.name}, which is not whole"
        yield Finding(str(pointer), words, f"A repair points to {newest}" if newest else "Refresh", mend)
    elif standing is not None:
        yield from _unannounced(pointer, standing, [folder / name for name in whole])


def _unannounced(pointer: Path, standing: Path, whole: list[Path]) -> Iterator[Finding]:
    """A release that was made after the one that is pointed to: its publication ended before the pointer moved."""
    made = {path.name: str(releases.manifest(path)["created"]) for path in whole}
    last = max(whole, key=lambda path: made[path.name])
    if made[last.name] > made[standing.name]:
        words = f"points to {standing.name}, and {last.name} was made after it: its publishing was broken off"
        remedy = f"A repair points to {last.name}; a refresh publishes what is new since {standing.name} under a new id"
        yield Finding(str(pointer), words, remedy, partial(_point, pointer, last.name))


def _point(pointer: Path, release: str) -> None:
    created = releases.manifest(pointer.parent / release)["created"]
    atomic.write_text(pointer, json.dumps({"release": release, "published_at": created}, indent=1) + "\n")


def _shared(settings: Settings, now: datetime) -> Iterator[Finding]:
    """The shared store: objects that are not what they should be, and what publishers that were killed left there."""
    try:
        objects = sharing.store(settings)
        if objects is None:
            return
        for unit in sharing.leftovers(objects, now - YOUNG):
            words = "was left by a publisher that ended before its release was published"
            yield Finding(objects.where(unit), words, "A repair removes it", partial(sharing.discard, objects, unit))
        for key, fault in sharing.problems(objects):
            mend = partial(sharing.mend, settings, objects, key)
            yield Finding(objects.where(key), fault, AGAIN, mend)
        for key, fault in sharing_inputs.problems(objects):
            mend = partial(sharing_inputs.mend, settings, objects, key)
            yield Finding(objects.where(key), fault, AGAIN, mend)
    except ObservatoryError as error:
        place, _, fault = error.message.rpartition(": ")
        yield Finding(place or "OBSERVATORY_STORE", fault, error.remedy)


def _clock(settings: Settings, now: datetime) -> Iterator[Finding]:
    """What is dated after now: the clock was set back, or was wrong before."""
    remedy = "Set this machine's clock; a refresh does not publish an earlier quarter by itself"
    for name in releases.names(settings.releases):
        try:
            created = datetime.fromisoformat(str(releases.manifest(settings.releases / name)["created"]))
        except (ObservatoryError, ValueError, KeyError):
            continue
        if created > now + AHEAD:
            yield Finding(str(settings.releases / name), f"is dated {created:%Y-%m-%d}, after today", remedy)
    try:
        tables = snapshots.Store(settings.snapshots, "local").lock().tables
    except ObservatoryError:
        return
    for source, entry in tables.items():
        if entry.retrieved_at > now + AHEAD:
            words = f"was retrieved on {entry.retrieved_at:%Y-%m-%d}, after today"
            yield Finding(f"snapshot of {source}", words, remedy)
