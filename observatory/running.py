"""One run at a time in a data folder.

Belongs here: the lock that a run holds, and who holds it. Does not belong here: what a run does, and what a run that
was killed left behind (doctor.py). The lock is the kernel's (flock): it goes with the process that held it, however
that ends, so that nothing has to be deleted by hand.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from observatory.errors import StorageError

NAME = ".run.lock"
LOOK_SECONDS = 1.0
"""How often one that waits looks whether the other has ended."""


def holder(folder: Path) -> dict[str, Any] | None:
    """Who runs in ``folder`` now: pid, started, what; None if nobody does."""
    path = folder / NAME
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        try:
            found = json.loads(path.read_text("utf-8"))
        except ValueError:
            found = {}
        return {"pid": None, "started": "just now", "what": "a run"} | (found if isinstance(found, dict) else {})
    finally:
        os.close(handle)
    return None


@contextlib.contextmanager
def alone(folder: Path, what: str, waiting: Callable[[str], object] | None = None) -> Iterator[None]:
    """Run while nobody else does. Where somebody is, wait if ``waiting`` is given, which is told for whom.

    Raises StorageError naming the other's pid and start if not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        told = None
        while (other := _take(folder, handle)) is not None:
            if waiting is None:
                raise StorageError(other, remedy="Wait until it has ended and run again; nothing was changed")
            if other != told:
                waiting(other)
            told = other
            time.sleep(LOOK_SECONDS)
        said = {"pid": os.getpid(), "started": datetime.now(UTC).isoformat(timespec="seconds"), "what": what}
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(said).encode(), 0)
        yield
    finally:
        os.close(handle)


def _take(folder: Path, handle: int) -> str | None:
    """Take the lock; where another has it, who that is. One that only looks, or has just ended, is waited for."""
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if (other := holder(folder)) is None:
                time.sleep(0.01)
                continue
            return f"{folder}: {other['what']} is under way since {other['started']} (pid {other['pid']})"
        return None
