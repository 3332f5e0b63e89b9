"""Publishers' bytes, stored by content hash, and the lock that says which bytes a build stands on.

Belongs here: the store, the lock, and the choice between the local and the embedded lock. Does not belong here:
how bytes are asked for (sources/) or read (formats/).

A store is a folder with ``lock.yaml`` and one file a snapshot, ``<first two hex digits>/<sha256>.<extension>``.
Bytes are verified on every read: a changed byte stops the run and names the file.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from observatory import atomic, strict_yaml
from observatory.errors import DataError

EXTENSIONS = {
    "px": "px",
    "jsonstat": "json",
    "jsonstat_parts": "tar",
    "eurostat_tsv": "tsv",
    "sdmx_csv": "csv",
    "ine_csv": "csv",
    "survey": "survey",
    "register": "register",
    "survey_estimates": "parquet",
}
PROVENANCES = ("official", "survey", "programme", "synthetic")  # strongest first


def _known(form: str) -> str:
    if form not in EXTENSIONS:
        raise ValueError(f"a format is one of {', '.join(EXTENSIONS)}")
    return form


class LockEntry(BaseModel):
    """One table's snapshot: what was asked of whom, when, and which bytes came back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    publisher: str
    table: str
    request: str
    retrieved_at: datetime
    updated: str | None = Field(description="the publisher's own stamp")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)
    format: Annotated[str, AfterValidator(_known)]
    licence: str
    citation: str
    provenance: Literal["official", "survey", "programme", "synthetic"]
    acquired: Literal["fetched", "transcribed", "provided", "generated"]
    note: str = ""


class Lock(BaseModel):
    """All snapshots of a store, by source id."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tables: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,100}$")], LockEntry] = {}


class Store:
    """A folder of snapshots with its lock. A ``private`` one is readable by its owner alone: it holds microdata."""

    def __init__(self, root: Path, name: str, *, private: bool = False) -> None:
        self.root = root
        self.name = name
        self.private = private

    @property
    def lock_path(self) -> Path:
        """The lock file of this store."""
        return self.root / "lock.yaml"

    def lock(self) -> Lock:
        """Read the lock; an absent file is an empty lock.

        Raises DataError if the file is not a lock.
        """
        if not self.lock_path.exists():
            return Lock()
        if self.private:
            self._check_private()
        return parse(self.lock_path.read_bytes(), str(self.lock_path))

    def _check_private(self) -> None:
        for path in (self.root, *self.root.rglob("*")):
            if path.lstat().st_mode & 0o077:
                raise DataError(
                    f"{path}: microdata that others on this machine can read",
                    remedy=f"Run `chmod -R go-rwx {self.root}` and find out who has read it",
                )

    def path(self, entry: LockEntry) -> Path:
        """Where the bytes of ``entry`` lie."""
        return self.root / entry.sha256[:2] / f"{entry.sha256}.{EXTENSIONS[entry.format]}"

    def read(self, source: str, entry: LockEntry) -> bytes:
        """Bytes of a snapshot, verified against the lock.

        Raises DataError naming the file if it is absent or one byte differs.
        """
        path = self.path(entry)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise DataError(
                f"{path}: the snapshot of {source} cannot be read ({error.strerror})",
                remedy="Restore it from version control or run `observatory fetch` for this source",
            ) from error
        found = hashlib.sha256(data).hexdigest()
        if found != entry.sha256:
            raise DataError(
                f"{path}: the snapshot of {source} has changed: sha256 {found[:12]}…, "
                f"the lock says {entry.sha256[:12]}…",
                remedy="Restore the file from version control or fetch the table again; never edit a snapshot",
            )
        return data

    def add(self, source: str, data: bytes, entry: LockEntry) -> bool:
        """Store bytes and point the lock at them; returns False and leaves the lock alone if nothing changed.

        The bytes are durable before the lock names them, so a lock never points at nothing.
        """
        lock = self.lock()
        known = lock.tables.get(source)
        if known is not None and known.sha256 == entry.sha256 and self.path(known).exists():
            return False
        if hashlib.sha256(data).hexdigest() != entry.sha256 or len(data) != entry.bytes:
            raise DataError(f"{source}: the lock entry does not describe these bytes", remedy="Report this as a bug")
        atomic.write_bytes(self.path(entry), data, private=self.private)
        self._write({**lock.tables, source: entry})
        return True

    def remove(self, source: str) -> LockEntry | None:
        """Take a source out of the lock, then its bytes out of the store; returns the entry that went."""
        tables = dict(self.lock().tables)
        entry = tables.pop(source, None)
        if entry is not None:
            self._write(tables)
            if all(other.sha256 != entry.sha256 for other in tables.values()):
                self.path(entry).unlink(missing_ok=True)
        return entry

    def _write(self, tables: dict[str, LockEntry]) -> None:
        text = dump(Lock(tables=dict(sorted(tables.items()))))
        atomic.write_text(self.lock_path, text, private=self.private)


def parse(data: bytes, name: str) -> Lock:
    """The lock in the bytes of a file. Raises DataError that names the file if it is none."""
    try:
        return Lock.model_validate(strict_yaml.load(data.decode("utf-8")) or {})
    except (yaml.YAMLError, ValidationError, UnicodeDecodeError) as error:
        raise DataError(
            f"{name}: not a valid lock file: {error}",
            remedy="Restore the file from version control or fetch the tables again",
        ) from error


def dump(lock: Lock) -> str:
    """The lock as YAML, keys in a fixed order so that a diff shows only what changed."""
    return yaml.safe_dump(lock.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=120)


@dataclass(frozen=True)
class Pin:
    """The snapshot a build uses for one source, and the store that holds it."""

    source: str
    entry: LockEntry
    store: Store

    def read(self) -> bytes:
        """Verified bytes."""
        return self.store.read(self.source, self.entry)


def resolve(*stores: Store) -> dict[str, Pin]:
    """For every source the snapshot of the last store that has one."""
    pins: dict[str, Pin] = {}
    for store in stores:
        for source, entry in store.lock().tables.items():
            pins[source] = Pin(source, entry, store)
    return dict(sorted(pins.items()))
