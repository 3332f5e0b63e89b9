"""DuckDB beside Spark on a panel of firms: the servitization SQL of the repository at 1, 10 and 50 million rows.

The panel is made up from a seed and says so (column ``provenance``, metadata of every file): partitioned by year, two
rows a firm and year, turnover and services. Two models of ``panel/core`` make of it the tables that the repository's
own indicators read, and those run as they are. Each engine is a process of its own with two threads and the same limit
of memory, through `observatory models run`; its time and the peak of its tree of processes (Java among them) are read
from /proc while it runs. What both make must agree within 1e-9. From the smallest and the largest panel follows what an
engine costs at the start and for each further million rows, and from that where Spark would draw level.
"""

from __future__ import annotations

import importlib.util
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.bench.chain import ROOT, budget
from tests.parity import differences

ROWS = (1_000_000, 10_000_000, 50_000_000)
YEARS = tuple(str(year) for year in range(2004, 2024))
CHUNK = 250_000  # firms made at once
SEED = 20_260_101
MEMORY = "1GB"
MOST_MEMORY = 1_536.0  # MiB of DuckDB's process: its limit, Python and its libraries
SERVITIZATION = (
    "serv_pl_share",
    "serv_pl_slope",
    "svy_mean_share",
    "svy_tw_share",
    "svy_zero_share",
    "svy_frontrunner_share",
    "svy_gini",
    "svy_bridge",
)
SIZES = ("0-9", "10-49", "50-249", "250-")
TERRITORIES = ("ES211", "ES212", "ES213")
MARK = {b"provenance": b"synthetic", b"made_by": b"tests/bench/bench_spark.py"}


@dataclass(frozen=True)
class Used:
    """Seconds on the clock and of CPU, and the sum of the peaks of all processes in MiB."""

    wall: float
    cpu: float
    peak: float


def panel(folder: Path, rows: int) -> Path:
    """Write the panel of about ``rows`` rows, chunk by chunk, as ``period=<year>/part-<n>.parquet``."""
    from observatory.build import Workspace

    divisions = Workspace().catalogue_tables["catalogue.activity_divisions"].to_pylist()
    branches = sorted({d["activity"] for d in divisions if d["level"] == "a86" and "10" <= d["division"] <= "33"})
    firms = rows // 2 // len(YEARS)
    for at, year in enumerate(YEARS):
        target = folder / f"period={year}"
        target.mkdir(parents=True)
        for first in range(0, firms, CHUNK):
            table = _chunk(first, min(CHUNK, firms - first), at, branches)
            pq.write_table(table, target / f"part-{first // CHUNK}.parquet", compression="zstd")
    return folder


def _chunk(first: int, firms: int, year: int, branches: list[str]) -> pa.Table:
    """Firms ``first`` onwards in one year; what a firm is does not change from year to year."""
    lasting = np.random.default_rng([SEED, first])
    branch, territory = lasting.integers(0, len(branches), firms), lasting.integers(0, 3, firms)
    scale, share = lasting.lognormal(7, 1.6, firms), np.minimum(lasting.lognormal(1.5, 1.3, firms), 95.0)
    share[lasting.random(firms) < 0.2] = 0.0
    size = np.searchsorted([500.0, 4_000.0, 30_000.0], scale)
    random = np.random.default_rng([SEED, first, year])
    turnover = np.round(scale * 1.02**year * random.lognormal(0, 0.2, firms) + 0.001, 3)
    services = np.round(turnover * share / 100 * random.uniform(0.8, 1.05, firms), 3)
    unknown = random.random(firms) < 0.01
    status = np.where(unknown, 2, 1 if year == len(YEARS) - 1 else 0)

    def twice(codes: np.ndarray, names: tuple[str, ...] | list[str]) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(np.repeat(codes, 2).astype(np.int32)), pa.array(names))

    values = np.column_stack([turnover, services]).ravel()
    hidden = np.column_stack([np.zeros(firms, bool), unknown]).ravel()
    names = pa.array([f"F{number:08}" for number in range(first, first + firms)])
    letters = np.column_stack([np.where(unknown, 0, status), status]).ravel().astype(np.int32)
    columns = {
        "firm": names.take(pa.array(np.repeat(np.arange(firms), 2))),
        "territory": twice(territory, TERRITORIES),
        "branch": twice(branch, branches),
        "size": twice(size, SIZES),
        "line": pa.DictionaryArray.from_arrays(
            pa.array(np.tile(np.array([0, 1], np.int32), firms)), pa.array(["net_turnover", "services_rendered"])
        ),
        "value": pa.array(values, mask=hidden),
        "status": pa.DictionaryArray.from_arrays(pa.array(letters), pa.array(["A", "P", "M"])),
        "provenance": twice(np.zeros(firms), ["synthetic"]),
    }
    return pa.table(columns).replace_schema_metadata(MARK)


def files() -> list[str]:
    """The models: two that read the panel, and the repository's own."""
    own = sorted((Path(__file__).parent / "panel" / "core").glob("*.sql"))
    return [*map(str, own), *(str(ROOT / "sql" / "indicators" / f"{name}.sql") for name in SERVITIZATION)]


def run(engine: str, source: Path, work: Path) -> Used:
    """Run the models in a process of its own, and read what its tree uses five times a second."""
    words = ["-m", "observatory", "models", "run", *files(), "--table", f"raw.firm_panel={source}"]
    words += ["--output", str(work / engine), "--engine", engine]
    limits = {"OBSERVATORY_MEMORY_LIMIT": MEMORY, "OBSERVATORY_THREADS": "2", "OBSERVATORY_DATA": str(work / "data")}
    start = time.monotonic()
    with tempfile.TemporaryFile("w+") as said:
        child = subprocess.Popen([sys.executable, *words], cwd=ROOT, env=os.environ | limits, stdout=said, stderr=said)
        seen: dict[int, tuple[float, float]] = {}
        try:
            while child.poll() is None:
                seen |= tree(child.pid)
                time.sleep(0.2)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        wall = time.monotonic() - start
        if child.returncode:
            said.seek(0)
            raise RuntimeError(f"{engine} ended with {child.returncode}: {said.read()[-3000:]}")
    return Used(wall, sum(cpu for cpu, _ in seen.values()), sum(peak for _, peak in seen.values()))


def tree(root: int) -> dict[int, tuple[float, float]]:
    """CPU seconds and peak MiB of a process and all below it, by number."""
    parents, found = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
                status = (folder / "status").read_text().split()
            except OSError:  # it has ended meanwhile
                continue
            if "VmHWM:" in status:
                number = int(folder.name)
                parents[number] = int(fields[1])
                ticks = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
                found[number] = (ticks, int(status[status.index("VmHWM:") + 1]) / 1024)
    below = {root}
    while more := {n for n, parent in parents.items() if parent in below} - below:
        below |= more
    return {number: used for number, used in found.items() if number in below}


def disagreement(work: Path) -> list[str]:
    """What the two engines do not agree in, over all tables that were made."""
    lines = []
    for path in sorted((work / "duckdb").rglob("*.parquet")):
        expected, found = pq.read_table(path), pq.read_table(work / "spark" / path.relative_to(work / "duckdb"))
        lines += [f"{path.stem}: {line}" for line in differences(_plain(expected), _plain(found))]
    return lines


def _plain(table: pa.Table) -> pa.Table:
    """Without what Parquet says of nulls; letters of a status as a set, whose order nothing states."""
    columns = {name: pa.chunked_array(table[name].chunks, table[name].type) for name in table.column_names}
    columns["status"] = pa.chunked_array([["".join(sorted(text)) for text in table["status"].to_pylist()]])
    return pa.table(columns)


def cost(used: Mapping[int, Used]) -> tuple[float, float]:
    """Seconds of CPU at the start and for each further million rows, by the smallest and the largest panel."""
    small, large = min(used), max(used)
    slope = (used[large].cpu - used[small].cpu) / (large - small) * 1e6
    return used[small].cpu - slope * small / 1e6, slope


def crossing(duckdb: Mapping[int, Used], spark: Mapping[int, Used]) -> dict[str, object]:
    """Where Spark draws level with DuckDB: at a size on this machine, or on how many such machines and no fewer."""
    (start, slope), (late, steep) = cost(duckdb), cost(spark)
    said = f"DuckDB {start:.0f} s CPU and {slope:.2f} s a million rows, Spark {late:.0f} and {steep:.2f}; "
    if steep < slope:
        said += f"level at {(late - start) / (slope - steep):.0f} M rows"
    else:
        machines = math.floor(steep / slope) + 1
        said += f"level at no size on this machine, and on {machines} such machines at the earliest"
    return budget("firm panel: DuckDB / Spark, CPU for each further row", slope / steep, 1.0, said)


def measure() -> list[dict[str, object]]:
    """Rows of the table of budgets; without pyspark or Java DuckDB stands alone."""
    has_spark = importlib.util.find_spec("pyspark") is not None and shutil.which("java") is not None
    found = []
    used: dict[str, dict[int, Used]] = {"duckdb": {}, "spark": {}}
    for rows in [int(os.environ["BENCH_PANEL_ROWS"])] if "BENCH_PANEL_ROWS" in os.environ else ROWS:
        with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
            work = Path(folder)
            source = panel(work / "firm_panel", rows)
            name = f"firm panel, {rows / 1e6:g} M rows"
            duckdb = used["duckdb"][rows] = run("duckdb", source, work)
            said = f"{duckdb.wall:.0f} s, {duckdb.cpu:.0f} s CPU, {duckdb.peak:.0f} MiB"
            print(f"  {name}: DuckDB {said}", file=sys.stderr, flush=True)
            peak = duckdb.peak / MOST_MEMORY
            found.append(budget(f"{name}: DuckDB's peak / {MOST_MEMORY:.0f} MiB", peak, 1.0, f"DuckDB {said}"))
            if not has_spark:
                continue
            spark = used["spark"][rows] = run("spark", source, work)
            also = f"{spark.wall:.0f} s, {spark.cpu:.0f} s CPU, {spark.peak:.0f} MiB"
            print(f"  {name}: Spark {also}", file=sys.stderr, flush=True)
            note = f"DuckDB {said}; Spark {also}"
            found.append(budget(f"{name}: DuckDB / Spark, time", duckdb.wall / spark.wall, 1.0, note))
            lines = disagreement(work)
            tables = 2 + len(SERVITIZATION)
            note = "; ".join(lines[:3]) or f"{tables} tables agree within 1e-9"
            found.append(budget(f"{name}: tables in which the engines differ", float(len(lines)), 0.0, note))
    if len(used["spark"]) > 1:
        found.append(crossing(used["duckdb"], used["spark"]))
    return found


if __name__ == "__main__":
    for line in measure():
        print(line)
