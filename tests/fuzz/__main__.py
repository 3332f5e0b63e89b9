"""`make fuzz`: every parser in turn, each in a process of its own, FUZZ_SECONDS each (600 by default).

    python -m tests.fuzz [NAME …]               fuzz all parsers, or those named
    python -m tests.fuzz --replay NAME FILE     run one saved input again, with its traceback

Prints executions, coverage and peak memory, and for each failure the command that replays it. Ends with 1 if there was
one. The guided engine (atheris) is installed by this command alone, into data/build/fuzz/engine, with pinned hashes;
where it cannot be had the loop of loop.py takes its place, and the report says so.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.fuzz import harness
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "data" / "build" / "fuzz"
LOCK = Path(__file__).parent / "engine.lock"
RESTARTS = 50


def install_engine() -> str:
    """Put atheris where children find it; returns the path to add, empty where it cannot be had."""
    place = WORK / "engine"
    stamp = place / LOCK.name
    if not stamp.exists() or stamp.read_bytes() != LOCK.read_bytes():
        words = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "--only-binary",
            ":all:",
            "--upgrade",
        ]
        command = [sys.executable, *words, "--target", str(place), "--requirement", str(LOCK)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            print("atheris cannot be installed here: the slower loop takes its place", file=sys.stderr)
            return ""
        stamp.write_bytes(LOCK.read_bytes())
    return str(place)


def fuzz(name: str, seconds: float, engine: str) -> dict[str, object]:
    """Run one parser for its time, started again after each input that ended its process."""
    folder = WORK / name
    folder.mkdir(parents=True, exist_ok=True)
    executions, peak, found, restarts = 0, 0, {}, 0
    end = time.monotonic() + seconds
    said = ""
    while (left := end - time.monotonic()) > 0.5 and restarts <= RESTARTS:
        (folder / "state.json").unlink(missing_ok=True)
        command = [sys.executable, "-m", "tests.fuzz.child", name, f"{left:.1f}", str(folder)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), engine)))}
        log_path = folder / f"log-{restarts}.txt"
        with log_path.open("wb") as log:
            done = subprocess.run(command, cwd=ROOT, env=environment, stdout=log, stderr=log, check=False)
        log_text = log_path.read_text("utf-8", "replace")
        state = json.loads((folder / "state.json").read_text("utf-8")) if (folder / "state.json").exists() else {}
        units = re.search(r"number_of_executed_units: (\d+)", log_text)
        executions += int(units[1]) if units else int(state.get("executions", 0))
        peak = max(peak, int(state.get("peak", 0)))
        found |= {what: folder / file for what, file in state.get("found", {}).items()}
        reached = re.findall(r"cov: (\d+)", log_text)
        said = state.get("coverage") or (f"{reached[-1]} edges" if reached else said)
        if done.returncode == 0:
            break
        if not state:
            raise SystemExit(f"{name}: the process ended before it began; see {log_path}")
        restarts += 1
        if done.returncode != 3:
            path = folder / f"crash-end-{restarts}"
            path.write_bytes(harness.left_at_work(folder))
            found[f"the process ended with {done.returncode} ({log_path.name})"] = path
    return {"executions": executions, "coverage": said, "peak": peak, "found": found}


def replay(name: str, path: Path) -> None:
    """Run one input and let its error through."""
    TARGETS[name].parse(path.read_bytes())
    print(f"{name}: {path.name}: returned")


def main(arguments: list[str]) -> int:
    """Fuzz the parsers named, or all."""
    if arguments[:1] == ["--replay"]:
        replay(arguments[1], Path(arguments[2]))
        return 0
    seconds = float(os.environ.get("FUZZ_SECONDS", "600"))
    engine = install_engine()
    print(f"{'parser':15} {'executions':>11}  {'coverage':>12}  {'peak':>8}  failures", flush=True)
    failed = 0
    for name in arguments or TARGETS:
        result = fuzz(name, seconds, engine)
        found = result["found"]
        assert isinstance(found, dict) and isinstance(result["peak"], int)
        memory = f"{result['peak'] >> 20} MiB"
        print(f"{name:15} {result['executions']:>11}  {result['coverage']:>12}  {memory:>8}  {len(found)}", flush=True)
        for what, path in found.items():
            print(f"  {what}\n    {sys.executable} -m tests.fuzz --replay {name} {path}", flush=True)
        failed += len(found)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
