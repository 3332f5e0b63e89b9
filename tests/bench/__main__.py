"""`make bench`: every budget as a ratio in one run, printed as a table and kept in data/build/bench.json.

Peers are installed by this command alone, into data/build/peers, with pinned hashes.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

from tests.bench import bench_hub, bench_jsonstat, bench_px, bench_site, bench_spark, bench_survey, chain

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "data" / "build" / "peers"
LOCK = Path(__file__).parent / "peers.lock"


def install_peers() -> None:
    """Put the peers on the path; installs nothing if they are there."""
    stamp = PEERS / LOCK.name
    if not stamp.exists() or stamp.read_bytes() != LOCK.read_bytes():
        words = ["-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--upgrade"]
        subprocess.run([sys.executable, *words, "--target", str(PEERS), "--requirement", str(LOCK)], check=True)
        stamp.write_bytes(LOCK.read_bytes())
    sys.path.append(str(PEERS))
    importlib.invalidate_caches()


def main() -> None:
    """Measure, print, keep."""
    install_peers()
    rows = []
    parts = (
        ("formats: PX", bench_px),
        ("formats: JSON-stat", bench_jsonstat),
        ("the survey", bench_survey),
        ("hub and structure", bench_hub),
        ("the site", bench_site),
        ("the chain", chain),
        ("DuckDB and Spark", bench_spark),
    )
    target = ROOT / "data" / "build" / "bench.json"
    for name, part in parts:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        rows += part.measure()
        target.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    width = max(len(str(row["budget"])) for row in rows)
    print(f"{'budget':{width}}  {'measured':>9}  {'limit':>7}  met  note")
    for row in rows:
        met = "yes" if row["met"] else "NO"
        print(f"{row['budget']:{width}}  {row['ratio']:>9}  {row['limit']:>7}  {met:3}  {row.get('note', '')}")


if __name__ == "__main__":
    main()
