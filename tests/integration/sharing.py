"""Machines that share a store: small homes with a data folder each, and publishers that are killed.

Belongs here: making such machines, running and killing a publisher. Does not belong here: what is expected of them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from observatory import quality, releases, sharing, sharing_inputs
from observatory.build import Workspace
from observatory.catalogue import Catalogue
from observatory.catalogue import load as load_catalogue
from observatory.errors import ObservatoryError
from observatory.objects import Objects
from observatory.settings import REPOSITORY as ROOT
from observatory.settings import Settings
from tests.integration import crashing

DAY = datetime(2026, 10, 1, tzinfo=UTC)


def machine(folder: Path, home: Path, store: str, version: int | None = None, *, is_empty: bool = True) -> Settings:
    """A machine with an empty data folder, or with what was built beside ``home``.

    With a ``version`` it has models of its own, else those of ``home``.
    """
    if not is_empty:
        shutil.copytree(home.parent / "data" / "build", folder / "data" / "build")
    if version is not None:
        shutil.copytree(home, folder / "home", symlinks=True)
        crashing.change(Settings(home=folder / "home", data=folder / "data"), version)
        home = folder / "home"
    return Settings(home=home, data=folder / "data", store=store)


def workspace(settings: Settings, known: Catalogue) -> Workspace:
    ws = Workspace(settings)
    ws.__dict__["catalogue"] = known
    return ws


def make(settings: Settings, known: Catalogue) -> int:
    """What a refresh does before it publishes; returns how many tables came from the store."""
    ws = workspace(settings, known)
    taken = sharing_inputs.pull(ws)
    for relation in ws.relations:
        _, is_new = ws.make(relation)
        if is_new or taken:
            quality.run(ws, relation, releases.latest(settings.releases))
    return taken


def publish(settings: Settings, known: Catalogue, now: datetime = DAY) -> releases.Published:
    return releases.publish(workspace(settings, known), "2026Q4", now)


def refresh(settings: Settings, known: Catalogue, now: datetime = DAY) -> releases.Published:
    make(settings, known)
    return publish(settings, known, now)


class Publishers:
    """Starts processes that publish, each forked from one that has imported everything and started no thread.

    A process that has asked a store has threads, and what is forked from it may wait for ever on a lock of theirs.
    """

    def __init__(self) -> None:
        words = [sys.executable, "-m", "tests.integration.sharing"]
        self.process = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Publishers:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def _ask(self, **command: object) -> Any:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def start(self, settings: Settings, key: str, when: str, now: datetime = DAY, meeting: Path | None = None) -> int:
        """Publish in a process that kills itself, or waits for ``meeting``/go, when it writes an object; its pid."""
        said = {"home": str(settings.home), "data": str(settings.data), "store": settings.store}
        meets = None if meeting is None else str(meeting)
        environment = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        moment = {"key": key, "when": when, "now": now.isoformat(), "meeting": meets, "environment": environment}
        return int(self._ask(settings=said, **moment))

    def ended(self, pid: int) -> tuple[int, str]:
        """How a process ended (its exit code, or minus the signal), and the words of the error on which it did."""
        code, words = self._ask(pid=pid)
        return int(code), str(words)

    def killed(self, settings: Settings, key: str, when: str, now: datetime = DAY) -> int:
        """How a publisher ended that kills itself before or after it writes an object."""
        return self.ended(self.start(settings, key, when, now))[0]


def meet(objects: type[Objects], key: str, when: str, act: Callable[[], None]) -> None:
    """Have ``act`` called before or after an object whose key matches is written, in this process."""
    send, replace = objects.send, objects.replace

    def around(found: str, write: Callable[[], Any]) -> Any:
        matches = re.search(key, found) is not None
        if matches and when == "before":
            act()
        result = write()
        if matches and when == "after":
            act()
        return result

    def sending(self: Objects, source: Path, found: str) -> None:
        around(found, lambda: send(self, source, found))

    def replacing(self: Objects, found: str, data: bytes, version: str | None) -> str:
        return str(around(found, lambda: replace(self, found, data, version)))

    objects.send, objects.replace = sending, replacing


def _work(command: Mapping[str, Any], known: Catalogue) -> None:
    os.environ.update(command["environment"])
    settings = Settings(**command["settings"])
    objects = sharing.store(settings)
    assert objects is not None

    def act() -> None:
        if command["meeting"] is None:
            os.kill(os.getpid(), signal.SIGKILL)
        meeting = Path(command["meeting"])
        (meeting / str(os.getpid())).touch()
        while not (meeting / "go").exists():
            time.sleep(0.01)

    meet(type(objects), command["key"], command["when"], act)
    publish(settings, known, datetime.fromisoformat(command["now"]))


def _forked(command: Mapping[str, Any], known: Catalogue) -> tuple[int, int]:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            _work(command, known)
            code = 0
        except ObservatoryError as error:
            os.write(writer, str(error).encode())
            code = error.exit_code
        finally:
            os._exit(code)
    os.close(writer)
    return pid, reader


def _serve() -> None:
    known, readers = load_catalogue(ROOT), dict[int, int]()
    for line in sys.stdin:
        command = json.loads(line)
        if "pid" not in command:
            pid, reader = _forked(command, known)
            readers[pid] = reader
            print(pid, flush=True)
            continue
        _, status = os.waitpid(command["pid"], 0)
        with os.fdopen(readers.pop(command["pid"]), "rb") as handle:
            print(json.dumps([os.waitstatus_to_exitcode(status), handle.read().decode()]), flush=True)


if __name__ == "__main__":
    _serve()
