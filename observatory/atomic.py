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
def aside(target: Path) -> Iterator[Path]:
    """Give a path beside ``target`` to write to; on success it takes the target's place, on failure it goes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        yield draft
        sync_file(draft)
        draft.replace(target)
        sync_directory(target.parent)
    finally:
        draft.unlink(missing_ok=True)


def write_bytes(target: Path, data: bytes) -> None:
    """Write ``data`` to ``target`` whole or not at all."""
    with aside(target) as draft:
        draft.write_bytes(data)


def write_text(target: Path, text: str) -> None:
    """Write UTF-8 ``text`` to ``target`` whole or not at all."""
    write_bytes(target, text.encode())


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
