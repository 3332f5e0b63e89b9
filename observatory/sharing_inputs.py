"""Snapshots and built tables in a store that machines share.

Belongs here: bringing and sending them. Does not belong here: releases and the pointer to them (sharing.py), the
stores of snapshots on this machine (snapshots.py). Embedded snapshots come with the repository and microdata stay
where they are: neither is sent.

Snapshots and tables are written once, under their hash. The lock of the store changes; each source in it has the
entry that was retrieved last, so machines that send at the same time lose nothing of each other. A built table is
found by the fingerprint of everything it is made from; it is a cache: what is missing or damaged there is made again.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from observatory import atomic, sharing, snapshots
from observatory.build import Made, Workspace
from observatory.errors import DataError, StorageError
from observatory.objects import Entry, Moved, Objects, each
from observatory.settings import Settings
from observatory.snapshots import Lock, LockEntry

LOCK = "snapshots/lock.yaml"
TRIES = 20


def pull(ws: Workspace) -> int:
    """Before a run: bring releases, then the snapshots and the built tables that this machine has not.

    Returns how many tables were taken: those that another machine built from the same inputs with the same code. One
    that is damaged in the store is said and left to be built. Nothing without a shared store. Raises DataError naming
    the object of a release or a snapshot that is not what it should be.
    """
    objects = sharing.store(ws.settings)
    if objects is None:
        return 0
    sharing.mirror(ws.settings, objects)
    if _pull_snapshots(objects, _local(ws.settings)):
        ws.forget_pins()
    there = objects.entries("build/")
    return sum(_pull_table(objects, ws, name, there) for name in ws.relations)


def push(ws: Workspace) -> None:
    """After a run: send the snapshots and the built tables that the store has not. Nothing without a shared store."""
    objects = sharing.store(ws.settings)
    if objects is not None:
        push_snapshots(objects, ws.settings)
        _push_tables(objects, ws)


def _local(settings: Settings) -> snapshots.Store:
    return snapshots.Store(settings.snapshots, "local")


def key(entry: LockEntry) -> str:
    """Key of a snapshot: the path that it has in the store on disk."""
    return f"snapshots/{entry.sha256[:2]}/{entry.sha256}.{snapshots.EXTENSIONS[entry.format]}"


def lock(objects: Objects) -> tuple[Lock, str | None]:
    """The store's lock and its version. Raises DataError if the object is no lock."""
    seen = objects.read(LOCK)
    return (Lock(), None) if seen is None else (snapshots.parse(seen.data, objects.where(LOCK)), seen.version)


def _pull_snapshots(objects: Objects, local: snapshots.Store) -> bool:
    """Bring what was retrieved later than what is here; returns whether anything was."""
    shared, _ = lock(objects)
    found = False
    mine = local.lock().tables
    for source, entry in shared.tables.items():
        known = mine.get(source)
        if known is not None and known.retrieved_at >= entry.retrieved_at:
            continue
        if not local.path(entry).exists():
            objects.fetch(key(entry), local.path(entry), entry.sha256)
        local.add(source, local.read(source, entry), entry)
        found = True
    return found


def push_snapshots(objects: Objects, settings: Settings) -> None:
    """Send what the store has not, then the lock. Raises DataError for bytes that are not what the lock says."""
    local = _local(settings)
    mine = local.lock().tables
    if not mine:
        return
    there = objects.entries("snapshots/")
    for source, entry in mine.items():
        if key(entry) not in there or there[key(entry)].size != entry.bytes:
            local.read(source, entry)
            objects.send(local.path(entry), key(entry))
            objects.check(key(entry), objects.digest(key(entry)), entry.sha256)
    for _ in range(TRIES):
        shared, version = lock(objects)
        newer = {
            source: entry
            for source, entry in mine.items()
            if source not in shared.tables or shared.tables[source].retrieved_at < entry.retrieved_at
        }
        if not newer:
            return
        merged = Lock(tables=dict(sorted((shared.tables | newer).items())))
        try:
            objects.replace(LOCK, snapshots.dump(merged).encode(), version)
        except Moved:
            continue
        return
    raise StorageError(
        f"{objects.where(LOCK)}: other machines changed it {TRIES} times while this one tried",
        remedy="Run again when they have ended; snapshots are in the store, the lock does not name them yet",
    )


def _pull_table(objects: Objects, ws: Workspace, name: str, there: dict[str, Entry]) -> bool:
    wanted = ws.fingerprint(name)
    if wanted is None or f"build/{wanted}.json" not in there or not _shareable(ws, name):
        return False
    made = ws.made(name)
    if made is not None and made.fingerprint == wanted:
        return False
    path = ws.path(name)
    try:
        made = _described(objects, wanted)
        objects.fetch(f"build/{made.sha256}.parquet", path, made.sha256)
    except DataError as error:
        ws.progress(f"{error.message}: {name} is built here")
        return False
    atomic.write_text(path.with_suffix(".json"), json.dumps(asdict(made), indent=1, ensure_ascii=False))
    return True


def _described(objects: Objects, fingerprint: str) -> Made:
    place = f"build/{fingerprint}.json"
    seen = objects.read(place)
    try:
        made = Made(**json.loads(seen.data if seen else b""))
        if made.fingerprint != fingerprint:
            raise ValueError("it describes another table")
    except (ValueError, TypeError) as error:
        raise DataError(f"{objects.where(place)}: not the description of a table", remedy="It is made again") from error
    return made


def _shareable(ws: Workspace, name: str) -> bool:
    """Not what is made from microdata directly."""
    schema, table = name.split(".", 1)
    return not (schema == "raw" and ws.pins[table].store.private)


def _push_tables(objects: Objects, ws: Workspace) -> None:
    there = objects.entries("build/")
    ws.settings.shared.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ws.settings.shared) as folder:
        for name in ws.relations:
            made = ws.made(name)
            if made is None or not _shareable(ws, name):
                continue
            place, description = f"build/{made.sha256}.parquet", f"build/{made.fingerprint}.json"
            if place in there and description in there:
                continue
            if place not in there or there[place].size != ws.path(name).stat().st_size:
                objects.send(ws.path(name), place)
                objects.check(place, objects.digest(place), made.sha256)
            described = Path(folder) / "made.json"
            described.write_text(json.dumps(asdict(made), ensure_ascii=False), "utf-8")
            objects.send(described, description)


def problems(objects: Objects) -> list[tuple[str, str]]:
    """Key and fault of every snapshot of the store's lock and of every built table that is not what it should be."""
    shared, _ = lock(objects)
    expected = {key(entry): entry.sha256 for entry in shared.tables.values()}
    faults: list[tuple[str, str]] = []
    there = objects.entries("build/")
    for place in (one for one in there if one.endswith(".json")):
        try:
            made = _described(objects, Path(place).stem)
        except DataError as error:
            faults.append((place, error.message.removeprefix(f"{objects.where(place)}: ")))
            continue
        expected[f"build/{made.sha256}.parquet"] = made.sha256

    def look(one: tuple[str, str]) -> None:
        try:
            objects.check(one[0], objects.digest(one[0]), one[1])
        except DataError as error:
            faults.append((one[0], error.message.removeprefix(f"{objects.where(one[0])}: ")))

    each(look, expected.items())
    return sorted(faults)


def mend(settings: Settings, objects: Objects, place: str) -> bool:
    """Put an object right that ``problems`` found; returns whether it could be.

    A table is forgotten and made again by whoever needs it; a snapshot is sent again if this machine has its bytes.
    """
    if place.startswith("build/"):
        objects.delete(place)
        return True
    shared, _ = lock(objects)
    for entry in shared.tables.values():
        copy = _local(settings).path(entry)
        if key(entry) == place and copy.is_file() and atomic.sha256(copy) == entry.sha256:
            objects.send(copy, place)
            objects.check(place, objects.digest(place), entry.sha256)
            return True
    return False
