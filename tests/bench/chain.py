"""Budgets of the chain itself: importing, a cold refresh, an unchanged refresh, growth with the data.

Each figure is CPU time (user + system, children included) of a fresh process, so that a busy machine does not
change the ratios.
"""

from __future__ import annotations

import csv
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
PAIRWISE = ("bench_distance.sql",)
"""Left out of the growth: its rows are pairs of regions, the square of their number. bench_hub measures it at 242."""


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
    """A copy of the repository's data in which every place stands ``factor`` times (made up, and marked so)."""
    from datetime import UTC, datetime
    from hashlib import sha256

    from observatory.snapshots import Store

    home = folder / f"home{factor}"
    shutil.copytree(ROOT / "sql", home / "sql", ignore=shutil.ignore_patterns(*PAIRWISE))
    shutil.copytree(ROOT / "data" / "catalogue", home / "data" / "catalogue")
    _more_places(home / "data" / "catalogue" / "geographies.csv", factor)
    embedded = Store(ROOT / "data" / "embedded", "embedded")
    store = Store(home / "data" / "embedded", "embedded")
    for source, entry in embedded.lock().tables.items():
        data = embedded.read(source, entry)
        if entry.format == "eurostat_tsv":
            data = _more_series(data, factor)
        changed = {
            "sha256": sha256(data).hexdigest(),
            "bytes": len(data),
            "provenance": "synthetic",
            "acquired": "generated",
            "retrieved_at": datetime(2026, 1, 1, tzinfo=UTC),
        }
        store.add(source, data, entry.model_copy(update=changed))
    return home


def _more_places(path: Path, factor: int) -> None:
    """Add copies of every place under other codes; copies belong to no group, so nothing is compared with them."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    schemes = ("nuts2016", "nuts2021", "nuts2024", "itl2021", "eustat", "lau")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        for copy in range(1, factor):
            for row in rows:
                codes = {s: " ".join(f"{code}x{copy}" for code in row[s].split()) for s in schemes if s in row}
                writer.writerow(row | codes | {"geo": f"{row['geo']}x{copy}", "groups": ""})


def _more_series(data: bytes, factor: int) -> bytes:
    """Repeat every series for the copies of its place."""
    head, *rows = data.decode().splitlines()
    copies = [row.replace("\t", f"x{copy}\t", 1) for copy in range(1, factor) for row in rows]
    return ("\n".join([head, *rows, *copies]) + "\n").encode()


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
