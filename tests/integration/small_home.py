"""The small home of crashing.py with a release in it, and what tests ask of it.

Belongs here: one run of it, and comparing what is on disk. Does not belong here: damage (test_faults.py).
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from observatory import catalogue, doctor, quality, releases, running
from observatory.build import Workspace
from observatory.settings import Settings

DAY = datetime(2026, 10, 1, tzinfo=UTC)


def work(settings: Settings, known: catalogue.Catalogue, quarter: str = "2026Q4", now: datetime = DAY) -> None:
    """What a refresh does, without what it takes to start one."""
    ws = Workspace(settings)
    ws.__dict__["catalogue"] = known
    with running.alone(settings.data_dir, "a run of the tests"):
        doctor.sweep(settings)
        for relation in ws.relations:
            ws.make(relation)
            quality.run(ws, relation, releases.latest(settings.releases))
        ws.make_database()
        releases.publish(ws, quarter, now)


def digests(folder: Path) -> dict[str, str]:
    """Every file of a folder with its hash, and every link with where it leads."""
    return {
        str(path.relative_to(folder)): str(path.readlink())
        if path.is_symlink()
        else hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def told(settings: Settings) -> list[doctor.Finding]:
    return [found for found in doctor.examine(settings) if "left on its disk" not in found.fault]
