"""Releases in a store that machines share: bringing them here, and publishing them whole.

Belongs here: the pointer, the folders of releases, the order in which objects are written. Does not belong here:
asking a store (objects.py, buckets.py), snapshots and built tables (sharing_inputs.py), what a release holds
(releases.py).

``releases/latest.json`` is the only object that changes. It names every release with the SHA-256 of its
``SHA256SUMS``, and those sums name every file: whoever trusts the pointer can prove all bytes. A release lies under
``releases/<id>-<first twelve digits of that hash>/``, so two publishers never write the same objects unless the bytes
are the same. All objects are written and read back before the pointer moves, and the pointer moves only if it is the
one that the run began with. What no pointer names was left by a publisher that was killed: nobody reads it, and a
repair removes it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from observatory import atomic
from observatory.errors import DataError, StorageError, UsageError
from observatory.objects import Folder, Moved, Objects, each
from observatory.settings import Settings

POINTER = "releases/latest.json"
PROBE = "releases/.conditional"
NEVER = "1111111111111111"  # a tag, and a generation, that no object has
SUMS = "SHA256SUMS"
LAST = ("datapackage.json", SUMS)
LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9_][A-Za-z0-9_.-]{0,199})")
FOLDER = re.compile(r"releases/\d{4}Q[1-4]\.\d+-[0-9a-f]{12}/")
DRAFT = re.compile(r"(^|/)\.[^/]*\.\d+\.part$")
SCHEMES = {"s3": "s3", "gs": "gs", "gcs": "gs", "az": "az", "abfs": "az", "abfss": "az", "file": "file"}
ADDRESS = re.compile(r"(?:(?P<scheme>[a-z0-9]+)://)?(?P<path>[^@?#\s\\]+)")

Id = Annotated[str, StringConstraints(pattern=r"^\d{4}Q[1-4]\.\d+$")]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Pointer(BaseModel):
    """What ``releases/latest.json`` of a store says; ``releases`` holds the hash of each release's SHA256SUMS."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    release: Id
    published_at: str
    releases: dict[Id, Hash]


class Lost(StorageError):
    """Another publisher was first; nothing of ours is to be seen (exit 2)."""


def opened(address: str) -> Objects:
    """The store at an address: ``s3://bucket/prefix``, ``gs://…``, ``az://container/…``, ``file:///…`` or a path.

    Raises UsageError for any other, and for one that holds a log-in; the address is then not repeated.
    """
    found = ADDRESS.fullmatch(address)
    scheme = SCHEMES.get(found["scheme"] or "file") if found else None
    if found is None or scheme is None or (scheme == "file" and not found["path"].startswith("/")):
        raise UsageError(
            "OBSERVATORY_STORE is not the address of a store",
            remedy="Write s3://bucket/prefix, gs://bucket/prefix, az://container/prefix or file:///folder; a log-in "
            "does not belong there but in the environment (AWS_*, GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_*)",
        )
    path = found["path"].rstrip("/")
    if scheme == "file":
        return Folder(Path(path))
    from observatory.buckets import Bucket

    return Bucket(scheme, path)


def store(settings: Settings) -> Objects | None:
    """The shared store of these settings; None where there is none. Raises UsageError as ``opened`` does."""
    return opened(settings.store) if settings.store else None


def pointer(objects: Objects) -> tuple[Pointer | None, str | None]:
    """The pointer and its version; None and None before the first release. Raises DataError if it is no pointer."""
    seen = objects.read(POINTER)
    return (None, None) if seen is None else (_parsed(objects, seen.data), seen.version)


def _parsed(objects: Objects, data: bytes) -> Pointer:
    try:
        found = Pointer.model_validate_json(data)
        if found.release not in found.releases:
            raise ValueError("the latest release is not among the releases")
    except (ValidationError, ValueError) as error:
        raise DataError(
            f"{objects.where(POINTER)}: expected a pointer to releases, found something else",
            remedy="Restore the object from its versions in the store, or from a copy",
        ) from error
    return found


def place(release: str, digest: str) -> str:
    """Key of a release's folder, with the slash at its end."""
    return f"releases/{release}-{digest[:12]}/"


def releases(settings: Settings, wanted: Sequence[str] | None = None) -> Path:
    """The folder of releases to read from; with a shared store, first bring what it names and is not here.

    ``wanted`` are ids, all by default, the latest for an empty list. Raises UsageError for an id that the store does
    not have, DataError naming the object that is not what it should be, StorageError if the store does not answer.
    """
    objects = store(settings)
    if objects is not None:
        mirror(settings, objects, wanted)
    return settings.releases


def mirror(settings: Settings, objects: Objects, wanted: Sequence[str] | None = None) -> None:
    """Bring releases from a store to this machine, each whole and verified, and then its pointer."""
    found, version = pointer(objects)
    folder = settings.releases
    if found is None:
        if (folder / "latest.json").exists():
            raise DataError(
                f"{objects.where(POINTER)}: there is no pointer, and releases of this store are in {folder}",
                remedy="Restore the object from its versions in the store; to begin a new store, move that folder away",
            )
        if wanted is None:
            _remember(settings, None, None)
        return
    if unknown := [name for name in wanted or () if name not in found.releases]:
        raise UsageError(
            f"no release {', '.join(unknown)} in {objects.url}", remedy=f"It has: {', '.join(found.releases)}"
        )
    for release in found.releases if wanted is None else wanted or [found.release]:
        bring(objects, release, found.releases[release], folder)
    if (folder / found.release).is_dir():
        said = {"release": found.release, "published_at": found.published_at}
        atomic.write_text(folder / "latest.json", json.dumps(said, indent=1) + "\n")
    if wanted is None:  # who has not seen all releases cannot number the next
        _remember(settings, found.release, version)


def bring(objects: Objects, release: str, digest: str, folder: Path) -> None:
    """Bring one release, if it is not here. Raises DataError for an object that is absent or has other bytes."""
    target = folder / release
    if (target / SUMS).is_file() and atomic.sha256(target / SUMS) == digest:
        return
    if target.exists():
        raise DataError(
            f"{target}: not the {release} of {objects.url}",
            remedy="Move this directory away; what the store holds is brought anew",
        )
    draft = folder / f".{release}.{os.getpid()}.part"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    prefix = place(release, digest)
    try:
        objects.fetch(prefix + SUMS, draft / SUMS, digest)
        each(lambda one: objects.fetch(prefix + one[0], draft / one[0], one[1]), sums(draft / SUMS).items())
        atomic.sync_directory(draft)
        try:
            draft.rename(target)
        except OSError:
            if not (target / SUMS).is_file():  # else another process has just brought it
                raise
        atomic.sync_directory(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def sums(path: Path) -> dict[str, str]:
    """Hash of every file that a release's SHA256SUMS names. Raises DataError if a line says something else."""
    found = {}
    for line in path.read_text("utf-8").splitlines():
        match = LINE.fullmatch(line)
        if match is None:
            raise DataError(
                f"{path}: expected a hash and a file's name, found {line!r:.100}", remedy="Restore the file"
            )
        found[match[2]] = match[1]
    return found


def _remember(settings: Settings, release: str | None, version: str | None) -> None:
    """Keep which pointer this machine's next publication may replace."""
    atomic.write_text(settings.shared / "seen.json", json.dumps({"release": release, "version": version}) + "\n")


def _remembered(settings: Settings) -> str | None:
    try:
        version = json.loads((settings.shared / "seen.json").read_text("utf-8"))["version"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return None if version is None else str(version)


def drafts(settings: Settings) -> Path:
    """An empty folder where a release is written before the store has it; readers of this machine do not look there."""
    folder = settings.shared / "drafts"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def publish(settings: Settings, objects: Objects, draft: Path, published_at: str) -> None:
    """Send a release, read every object back, move the pointer if it is still the one this run began with.

    Raises Lost, naming the release of the publisher that was first; then no object of ours is left. The release then
    lies with the others on this machine.
    """
    release, begun = draft.name, _remembered(settings)
    digest = atomic.sha256(draft / SUMS)
    prefix = place(release, digest)
    found, version = pointer(objects)
    if version != begun:
        raise _lost(objects, found, release)
    _send(objects, draft, prefix)
    _insist(objects)
    known = dict(found.releases) if found else {}
    new = Pointer(release=release, published_at=published_at, releases={**known, release: digest})
    try:
        version = objects.replace(POINTER, (new.model_dump_json(indent=1) + "\n").encode(), begun)
    except Moved:
        found, _ = pointer(objects)
        if found is None or found.releases.get(release) != digest:
            _clear(objects, prefix)
        raise _lost(objects, found, release) from None
    target = settings.releases / release
    target.parent.mkdir(parents=True, exist_ok=True)
    draft.rename(target)
    atomic.sync_directory(target.parent)
    said = {"release": release, "published_at": published_at}
    atomic.write_text(target.parent / "latest.json", json.dumps(said, indent=1) + "\n")
    _remember(settings, release, version)


def _lost(objects: Objects, found: Pointer | None, release: str) -> Lost:
    other = f"{found.release} of {found.published_at}" if found else "none"
    return Lost(
        f"{objects.where(POINTER)}: {release} was not published: since this run began the pointer has moved, "
        f"and release {other} of another publisher stands there",
        remedy="Run `observatory refresh` again: it begins with that release and publishes only what differs from it",
    )


def _send(objects: Objects, draft: Path, prefix: str) -> None:
    """All files, the manifest and the sums last; each is read back, those too that were there from a run before."""
    names = sums(draft / SUMS)
    there = objects.entries(prefix)

    def send(name: str) -> None:
        path, key = draft / name, prefix + name
        expected = atomic.sha256(path)
        if names.get(name, expected) != expected:
            raise DataError(f"{path}: bytes differ from {SUMS}", remedy="Refresh again; the release was not published")
        if not (key in there and there[key].size == path.stat().st_size and objects.digest(key) == expected):
            objects.send(path, key)
            objects.check(key, objects.digest(key), expected)

    each(send, sorted(set(names) - set(LAST)))
    for name in LAST:
        send(name)
    found = {key.removeprefix(prefix) for key in objects.entries(prefix)}
    if missing := sorted({*names, *LAST} - found):
        raise DataError(
            f"{objects.where(prefix)}: {', '.join(missing)} went while the release was sent",
            remedy="Find out what deletes objects there, and refresh again; the pointer has not moved",
        )


def _insist(objects: Objects) -> None:
    """Raise StorageError if the store writes where it should refuse: two publishers could overwrite each other."""
    try:
        objects.replace(PROBE, b"", NEVER)
    except Moved:
        return
    objects.delete(PROBE)
    raise StorageError(
        f"{objects.url}: this store does not keep to conditions on a write (If-Match), so nothing was published",
        remedy="Use a service that does: Amazon S3, Google, Azure, Ceph, or a folder",
    )


def _clear(objects: Objects, prefix: str) -> None:
    """Remove a folder of a release that no pointer names."""
    for key in objects.entries(prefix):
        objects.delete(key)


def problems(objects: Objects, wanted: Sequence[str] | None = None) -> list[tuple[str, str]]:
    """Key and fault of everything that is wrong with the releases the pointer names; reads every byte."""
    found, _ = pointer(objects)
    faults: list[tuple[str, str]] = []
    for release, digest in (found.releases if found else {}).items():
        if wanted is None or release in wanted:
            faults += _problems(objects, place(release, digest), digest)
    return faults


def _problems(objects: Objects, prefix: str, digest: str) -> list[tuple[str, str]]:
    seen = objects.read(prefix + SUMS)
    if seen is None:
        return [(prefix + SUMS, "there is no such object")]
    if hashlib.sha256(seen.data).hexdigest() != digest:
        return [(prefix + SUMS, "its bytes have changed")]
    faults: list[tuple[str, str]] = []

    def look(line: str) -> None:
        expected, _, name = line.partition("  ")
        try:
            objects.check(prefix + name, objects.digest(prefix + name), expected)
        except DataError as error:
            faults.append((prefix + name, error.message.removeprefix(f"{objects.where(prefix + name)}: ")))

    each(look, seen.data.decode().splitlines())
    return sorted(faults)


def leftovers(objects: Objects, before: datetime) -> list[str]:
    """Keys, or folders of releases, that publishers which were killed left behind: no pointer names them.

    Only what was last written ``before`` that moment: younger ones may be on their way.
    """
    found, _ = pointer(objects)
    named = {place(release, digest) for release, digest in (found.releases if found else {}).items()}
    entries = objects.entries("")
    latest: dict[str, datetime] = {}
    for key, entry in entries.items():
        match = FOLDER.match(key)
        if match and match[0] not in named:
            unit = match[0]
        elif DRAFT.search(key) or key == PROBE:
            unit = key
        else:
            continue
        latest[unit] = max(latest.get(unit, entry.changed or before), entry.changed or before)
    return sorted(unit for unit, changed in latest.items() if changed < before)


def discard(objects: Objects, unit: str) -> None:
    """Remove what ``leftovers`` found, unless a pointer has come to name it since."""
    found, _ = pointer(objects)
    if unit.endswith("/") and unit not in {place(*named) for named in (found.releases if found else {}).items()}:
        _clear(objects, unit)
    elif not unit.endswith("/"):
        objects.delete(unit)


def mend(settings: Settings, objects: Objects, key: str) -> bool:
    """Send an object of a release again from this machine's copy, if that has the right bytes; returns whether it had.

    The right bytes are those that the pointer and the sums of the copy name.
    """
    found, _ = pointer(objects)
    for release, digest in (found.releases if found else {}).items():
        prefix, copy = place(release, digest), settings.releases / release
        if not key.startswith(prefix) or not (copy / SUMS).is_file() or atomic.sha256(copy / SUMS) != digest:
            continue
        name = key.removeprefix(prefix)
        expected = {**sums(copy / SUMS), SUMS: digest}.get(name)
        if (copy / name).is_file() and atomic.sha256(copy / name) == expected:
            objects.send(copy / name, key)
            objects.check(key, objects.digest(key), str(expected))
            return True
    return False
