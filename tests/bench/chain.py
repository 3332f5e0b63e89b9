"""Budgets of the chain itself: importing, a cold refresh, an unchanged refresh, growth with the data.

Each figure is CPU time (user + system, children included) of a fresh process, so that a busy machine does not
change the ratios.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMPORTS = "import dagster, great_expectations, duckdb, pandas, pyarrow"
REPEATS = 3


@dataclass(frozen=True)
class Spent:
    """CPU seconds and peak resident memory (MiB) of one process."""

    cpu: float
    peak: float


def spent(arguments: Sequence[str], **environment: str) -> Spent:
    """Run a Python process and measure it. Fails loudly if the process fails."""
    code = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)\n"
        "use = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "sys.stderr.buffer.write(done.stderr[-2000:] if done.returncode else b'')\n"
        "print(use.ru_utime + use.ru_stime, use.ru_maxrss / 1024)\n"
        "sys.exit(done.returncode)\n"
    )
    words = [sys.executable, "-c", code, sys.executable, *arguments]
    found = subprocess.run(
        words, env={**os.environ, **environment}, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    cpu, peak = found.stdout.split()
    return Spent(float(cpu), float(peak))


def best(arguments: Sequence[str], **environment: str) -> float:
    """Least CPU seconds of a few runs: the run that was disturbed least."""
    return min(spent(arguments, **environment).cpu for _ in range(REPEATS))


def budget(name: str, ratio: float, limit: float, note: str = "") -> dict[str, object]:
    """One row of the result."""
    return {"budget": name, "ratio": round(ratio, 3), "limit": limit, "met": ratio <= limit, "note": note}


def measure() -> list[dict[str, object]]:
    """All budgets of the chain."""
    importing = best(["-c", IMPORTS])
    dagster = best(["-c", "import dagster"])
    ours = best(["-c", "import observatory.definitions"])
    colds, unchanged = [], []
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory() as data:
            refresh = ["-m", "observatory", "refresh"]
            colds.append(spent(refresh, OBSERVATORY_DATA=data).cpu)
            unchanged.append(spent(refresh, OBSERVATORY_DATA=data).cpu)
    cold, again = min(colds), min(unchanged)
    return [
        budget("cold refresh / importing the core", cold / importing, 2.0, f"{cold:.1f} s CPU"),
        budget("unchanged refresh / cold refresh", again / cold, 0.35, f"{again:.1f} s CPU"),
        budget("import observatory.definitions / import dagster", ours / dagster, 1.5, f"{ours:.2f} s CPU"),
        *growth(),
    ]


def scaled_home(folder: Path, factor: int) -> Path:
    """A copy of the repository's data whose embedded tables have ``factor`` times the periods (synthetic)."""
    from datetime import UTC, datetime
    from hashlib import sha256

    from observatory.snapshots import Store

    home = folder / f"home{factor}"
    shutil.copytree(ROOT / "sql", home / "sql")
    shutil.copytree(ROOT / "data" / "catalogue", home / "data" / "catalogue")
    embedded = Store(ROOT / "data" / "embedded", "embedded")
    store = Store(home / "data" / "embedded", "embedded")
    for source, entry in embedded.lock().tables.items():
        data = embedded.read(source, entry)
        if entry.format == "eurostat_tsv" and factor > 1:
            data = _stretch(data, factor)
        changed = {
            "sha256": sha256(data).hexdigest(),
            "bytes": len(data),
            "provenance": "synthetic",
            "acquired": "generated",
            "retrieved_at": datetime(2026, 1, 1, tzinfo=UTC),
        }
        store.add(source, data, entry.model_copy(update=changed))
    return home


def _stretch(data: bytes, factor: int) -> bytes:
    """Repeat the values of every series ``factor`` times over as many further years."""
    head, *rows = data.decode().splitlines()
    dimensions, *periods = head.split("\t")
    first = int(periods[0])
    years = [f"{year} " for year in range(first, first + factor * len(periods))]
    lines = ["\t".join([dimensions, *years])]
    for row in rows:
        key, *cells = row.split("\t")
        lines.append("\t".join([key, *cells * factor]))
    return ("\n".join(lines) + "\n").encode()


def growth() -> list[dict[str, object]]:
    """The whole chain without Dagster at 1, 10 and 100 times the default observations."""
    code = (
        "from observatory.build import Workspace\n"
        "ws = Workspace()\n"
        "for relation in ws.relations: ws.make(relation)\n"
        "ws.make_database()"
    )
    found: dict[int, Spent] = {}
    with tempfile.TemporaryDirectory() as folder:
        for factor in (1, 10, 100):
            home = scaled_home(Path(folder), factor)
            found[factor] = spent(["-c", code], OBSERVATORY_HOME=str(home), OBSERVATORY_MEMORY_LIMIT="1GB")
    rows = []
    for small, large in ((1, 10), (10, 100)):
        grown = found[large].cpu / found[small].cpu
        rows.append(
            budget(
                f"chain at {large} x the data / at {small} x, per unit of data",
                grown / (large / small),
                1.0,
                f"{found[large].cpu:.1f} s CPU, peak {found[large].peak:.0f} MiB",
            )
        )
    return rows


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(measure())
