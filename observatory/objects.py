"""A shared store as objects under keys, and the store that is a folder.

Belongs here: what every store can do (read, send, list, delete, write on a condition), and doing it in a folder. Does
not belong here: services that are asked over a network (buckets.py), which objects there are and in what order they
are written (sharing.py, sharing_inputs.py).

An object appears whole or not at all, and ``replace`` writes only if the object is still the one that was read.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from observatory import atomic
from observatory.errors import DataError

WORKERS = 8
Item = TypeVar("Item")


@dataclass(frozen=True)
class Seen:
    """An object's bytes and the mark of this version of it."""

    data: bytes
    version: str


@dataclass(frozen=True)
class Entry:
    """What a listing says of an object: bytes, and when it was written if that is known."""

    size: int
    changed: datetime | None


class Moved(Exception):
    """A conditional write found another version than the one that was read; nothing was written."""


class Objects(ABC):
    """Objects by key, ``a/b/c``; ``url`` is shown to people and holds no secret."""

    url: str

    def where(self, key: str) -> str:
        """Address of an object, for messages."""
        return f"{self.url}/{key}"

    @abstractmethod
    def read(self, key: str) -> Seen | None:
        """Bytes and version of one moment, or None if there is no such object."""

    @abstractmethod
    def get(self, key: str, target: Path) -> None:
        """Bring the bytes to a file, unproved. Raises DataError if there is no such object."""

    @abstractmethod
    def send(self, source: Path, key: str) -> None:
        """Write a file's bytes, whatever was there."""

    @abstractmethod
    def replace(self, key: str, data: bytes, version: str | None) -> str:
        """Write if the object still has this version (None: if it does not exist); returns the new version.

        Raises Moved if it has another.
        """

    @abstractmethod
    def entries(self, prefix: str) -> dict[str, Entry]:
        """Objects whose key begins with ``prefix``, a folder ending in ``/``, sorted."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no fault."""

    def digest(self, key: str) -> str:
        """Hexadecimal SHA-256 of an object's bytes, read back. Raises DataError if there is no such object."""
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "copy"
            self.get(key, copy)
            return atomic.sha256(copy)

    def fetch(self, key: str, target: Path, sha256: str) -> None:
        """Bring an object to a file, whole or not at all. Raises DataError naming the object if its hash is another."""
        with atomic.aside(target) as draft:
            self.get(key, draft)
            self.check(key, atomic.sha256(draft), sha256)

    def check(self, key: str, found: str, expected: str) -> None:
        """Raise DataError naming the object if two hashes differ."""
        if found != expected:
            raise DataError(
                f"{self.where(key)}: its bytes have changed: sha256 {found[:12]}…, expected {expected[:12]}…",
                remedy="Run `observatory doctor --repair` on a machine that holds the data, or restore it from a copy",
            )

    def missing(self, key: str) -> DataError:
        """The error of an object that should be there."""
        return DataError(
            f"{self.where(key)}: there is no such object",
            remedy="Run `observatory doctor --repair` on a machine that holds the data, or restore it from a copy",
        )


def each(work: Callable[[Item], object], items: Iterable[Item]) -> None:
    """Do something with every item, several at a time: most of it is waiting. Raises the first error of all."""
    with ThreadPoolExecutor(WORKERS) as pool:
        for _ in pool.map(work, items):
            pass


class Folder(Objects):
    """A folder, on this machine or on a file system that several machines mount and that knows flock and rename."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.url = root.as_uri() if root.is_absolute() else str(root)

    def _path(self, key: str) -> Path:
        return self.root / key

    def read(self, key: str) -> Seen | None:
        """The bytes; their hash is the version."""
        try:
            data = self._path(key).read_bytes()
        except FileNotFoundError:
            return None
        return Seen(data, hashlib.sha256(data).hexdigest())

    def get(self, key: str, target: Path) -> None:
        """Copy the file."""
        if not self._path(key).is_file():
            raise self.missing(key)
        shutil.copyfile(self._path(key), target)

    def send(self, source: Path, key: str) -> None:
        """Copy aside and rename."""
        with atomic.aside(self._path(key)) as draft:
            shutil.copyfile(source, draft)

    def replace(self, key: str, data: bytes, version: str | None) -> str:
        """Compare and rename while nobody else does."""
        self.root.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            standing = self.read(key)
            if (standing.version if standing else None) != version:
                raise Moved(key)
            atomic.write_bytes(self._path(key), data)
        finally:
            os.close(handle)
        return hashlib.sha256(data).hexdigest()

    def entries(self, prefix: str) -> dict[str, Entry]:
        """Files below the folder; drafts among them, under their own names."""
        found = {}
        for path in sorted(self._path(prefix).rglob("*")):
            with contextlib.suppress(FileNotFoundError):  # renamed or removed since the listing
                said = path.stat()
                if path.is_file():
                    changed = datetime.fromtimestamp(said.st_mtime, UTC)
                    found[path.relative_to(self.root).as_posix()] = Entry(said.st_size, changed)
        return found

    def delete(self, key: str) -> None:
        """Remove the file, and the folders that it leaves empty."""
        path = self._path(key)
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == self.root or not folder.is_dir() or any(folder.iterdir()):
                break
            with contextlib.suppress(OSError):  # somebody has just put a file there
                folder.rmdir()
