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
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from observatory.errors import StorageError

NAME = ".run.lock"


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
def alone(folder: Path, what: str) -> Iterator[None]:
    """Run while nobody else does. Raises StorageError naming the other's pid and start where somebody is."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            other = holder(folder) or {"pid": "just ended", "started": "before", "what": "a run"}
            raise StorageError(
                f"{folder}: {other['what']} is under way since {other['started']} (pid {other['pid']})",
                remedy="Wait until it has ended and run again; nothing was changed",
            ) from error
        said = {"pid": os.getpid(), "started": datetime.now(UTC).isoformat(timespec="seconds"), "what": what}
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(said).encode(), 0)
        yield
    finally:
        os.close(handle)
