"""Files that appear whole or not at all: written aside, synced, renamed.

Belongs here: the few lines every writer of the project shares. Does not belong here: what is written.
POSIX ``rename`` replaces the target in one step; the directory is synced so that the name survives a power cut.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path


def sync_directory(folder: Path) -> None:
    """Make the names in ``folder`` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Make the bytes of ``path`` durable."""
    with path.open("rb") as handle:
        os.fsync(handle.fileno())


@contextlib.contextmanager
def aside(target: Path, *, private: bool = False) -> Iterator[Path]:
    """Give a path beside ``target`` to write to; on success it takes the target's place, on failure it goes.

    A ``private`` file can be read by its owner alone, from its first byte on, and so can a folder made for it.
    """
    if private:
        private_folder(target.parent)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        if private:
            draft.touch(mode=0o600)
            draft.chmod(0o600)
        yield draft
        sync_file(draft)
        draft.replace(target)
        sync_directory(target.parent)
    finally:
        draft.unlink(missing_ok=True)


def private_folder(folder: Path) -> None:
    """Make a folder, and what is missing above it, that only its owner can enter."""
    for missing in reversed([f for f in (folder, *folder.parents) if not f.exists()]):
        missing.mkdir(mode=0o700)
        missing.chmod(0o700)


def write_bytes(target: Path, data: bytes, *, private: bool = False) -> None:
    """Write ``data`` to ``target`` whole or not at all."""
    with aside(target, private=private) as draft:
        draft.write_bytes(data)


def write_text(target: Path, text: str, *, private: bool = False) -> None:
    """Write UTF-8 ``text`` to ``target`` whole or not at all."""
    write_bytes(target, text.encode(), private=private)


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
