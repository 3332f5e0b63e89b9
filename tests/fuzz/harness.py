"""One input through one parser under watch: what is a failure, and the proof of it on disk.

A parser must return, or raise an ObservatoryError. Failures are: any other exception, more than MEMORY bytes in use,
more than CPU_SECONDS of processor time (a hang, however busy the machine), and the end of the process. The input
at work stands in a file of its own, so that even a process that was killed leaves what killed it.

Does not belong here: where inputs come from (loop.py, child.py).
"""

from __future__ import annotations

import hashlib
import mmap
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from observatory.errors import ObservatoryError
from tests.fuzz.targets import Target

MEMORY = 512 * 1024 * 1024
ADDRESS_SPACE = 6 * 1024 * 1024 * 1024
CPU_SECONDS = 10.0
LONGEST = 64 * 1024
SLOT = LONGEST * 4


class HangError(Exception):
    """A parser took more processor time than any input may."""


def peak() -> int:
    """Most bytes that this process has had in memory.

    Of the program that runs, where the system tells it: getrusage counts what the process was before it ran it, which
    is the size of the one that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024


def failure(target: Target, data: bytes) -> BaseException | None:
    """What a parser did wrong with an input, or None."""
    try:
        target.parse(data)
    except ObservatoryError:
        return None
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of a Rust library is no Exception
        return error
    return None


def place(error: BaseException) -> str:
    """Type and last line of ours that a failure went through: failures of one place are one failure."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "observatory" in Path(f.filename).parts]
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "outside"
    return f"{type(error).__name__} at {where}"


@dataclass
class Watch:
    """Runs inputs in this process, keeps failures in ``folder`` and goes on."""

    target: Target
    folder: Path
    count: int = 0
    found: dict[str, Path] = field(default_factory=dict)
    on_failure: Callable[[str, Path], None] = lambda what, path: None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._slot = _slot(self.folder / "at-work")
        if sys.platform == "linux":  # others refuse the limit, or do not hold it
            resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
        signal.signal(signal.SIGPROF, _hang)
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)

    def run(self, data: bytes) -> None:
        """Run one input. A hang inside C code cannot be interrupted by us: a second timer ends the process."""
        data = data[:LONGEST]
        self._slot[:8] = len(data).to_bytes(8, "little")
        self._slot[8 : 8 + len(data)] = data
        self.count += 1
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        signal.setitimer(signal.ITIMER_VIRTUAL, 2 * CPU_SECONDS)
        try:
            error = failure(self.target, data)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if error is not None:
            self.keep(place(error), data)
        if peak() > MEMORY:
            self.keep(f"more than {MEMORY >> 20} MiB", data)
            sys.exit(3)

    def keep(self, what: str, data: bytes) -> None:
        """Save the shortest input of each failure."""
        path = self.found.get(what)
        if path is None or len(data) < path.stat().st_size:
            new = self.folder / f"crash-{hashlib.sha256(data).hexdigest()[:12]}"
            new.write_bytes(data)
            if path is not None:
                path.unlink(missing_ok=True)
            self.found[what] = new
            self.on_failure(what, new)


def left_at_work(folder: Path) -> bytes:
    """The input that a process was at when it ended."""
    content = (folder / "at-work").read_bytes()
    return content[8 : 8 + int.from_bytes(content[:8], "little")]


def _slot(path: Path) -> mmap.mmap:
    path.write_bytes(bytes(SLOT))
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), SLOT)


def _hang(_: int, frame: FrameType | None) -> None:
    raise HangError(f"more than {CPU_SECONDS:g} s of processor time")
