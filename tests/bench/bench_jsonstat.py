"""Budgets of the JSON-stat reader: speed against pyjstat and against decoding alone, and peak memory.

The cube has the shape of Eustat's largest table of interest (municipality x CNAE class x year), made from a seed,
in the three shapes in which answers come: dense with nulls, dense with a status for every null (PxWeb), and
sparse with unsorted keys (Eurostat). Times are CPU seconds of this process, the least of a few runs taken in
turn, so that a busy machine does not change the ratios; pyjstat takes some 11 s and is run once, on the whole
dense cube. Memory is the peak of a fresh process, above what it held before it opened the file.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from observatory.formats import jsonstat

ROOT = Path(__file__).resolve().parents[2]
SHAPE = (252, 630, 18)  # 2,857,680 cells
LEAST_SPEEDUP = 50.0
MOST_OF_DECODING = 1.5
MOST_MEMORY = 1.0
REPEATS = 5

_MEMORY = """
import sys
from pathlib import Path
from observatory.formats import jsonstat
def status(field):
    words = Path('/proc/self/status').read_text().split()
    return int(words[words.index(field) + 1]) * 1024
one = b'{"id":["a"],"size":[1],"dimension":{"a":{"category":{"index":["x"]}}},"value":[1],"status":{"0":"p"}}'
jsonstat.read(one, name="one cell")
before = status('VmRSS:')
data = Path(sys.argv[1]).read_bytes()
table = jsonstat.read(data, name="cube")
print(status('VmHWM:') - before, len(data), table.get_total_buffer_size())
"""  # from /proc: the peak that getrusage tells begins with that of the parent process


def specimens() -> dict[str, bytes]:
    """Three answers of 2.8 M cells: half of the dense cells are null, three in ten of the sparse ones absent."""
    random = np.random.default_rng(20260101)
    cells = int(np.prod(SHAPE))
    numbers = random.integers(0, 5_000, cells).tolist()
    is_null = random.random(cells) < 0.5
    dense = [None if null else number for number, null in zip(numbers, is_null.tolist(), strict=True)]
    status = {str(at): "-" for at in np.flatnonzero(is_null).tolist()}
    kept = random.permutation(cells)[: cells * 7 // 10].tolist()
    dimension = {
        name: {
            "label": name,
            "category": {
                "index": {f"{n:05d}": n for n in range(size)},
                "label": {f"{n:05d}": f"{name} {n}" for n in range(size)},
            },
        }
        for name, size in zip(("municipio", "CNAE-2009", "periodo"), SHAPE, strict=True)
    }
    head = {"version": "2.0", "class": "dataset", "id": list(dimension), "size": SHAPE, "dimension": dimension}
    bodies: dict[str, dict[str, Any]] = {
        "dense": {"value": dense},
        "dense with status": {"value": dense, "status": status},
        "sparse": {"value": {str(at): numbers[at] for at in kept}},
    }
    return {name: json.dumps(head | body, separators=(",", ":")).encode() for name, body in bodies.items()}


def measure() -> list[dict[str, object]]:
    """The three budgets; ratios are pyjstat's time over ours, ours over json.loads, peak over what is allowed."""
    parse = _peer()
    answers = specimens()
    theirs_seen, decoding, memory = [], [], []
    ours_dense = 0.0
    for name, data in answers.items():
        times: dict[str, list[float]] = {"decode": [], "ours": []}
        for _ in range(REPEATS):
            times["decode"].append(_seconds(lambda data=data: json.loads(data)))
            times["ours"].append(_seconds(lambda data=data: jsonstat.read(data, name="cube")))
        decode, ours = min(times["decode"]), min(times["ours"])
        ours_dense = ours_dense or ours
        decoding.append((ours / decode, f"{name} {ours:.2f} s against {decode:.2f} s"))
        peak, allowed = _memory(data)
        memory.append((peak / allowed, f"{name} {peak / 1e6:.0f} MB of {allowed / 1e6:.0f} MB"))
    theirs = _seconds(lambda: theirs_seen.append(parse(answers["dense"].decode())))
    table = jsonstat.read(answers["dense"], name="cube")
    total = sum(value for value in table["value"].to_pylist() if value is not None)
    if (len(theirs_seen[0]), theirs_seen[0].sum()) != (table.num_rows, total):
        raise AssertionError("pyjstat and this reader do not see the same cells")
    speedup = theirs / ours_dense
    return [
        {
            "budget": "JSON-stat, 2.8 M cells: pyjstat / ours (at least)",
            "ratio": round(speedup, 1),
            "limit": LEAST_SPEEDUP,
            "met": bool(speedup >= LEAST_SPEEDUP),
            "note": f"{theirs:.2f} s against {ours_dense:.3f} s CPU",
        },
        _worst("JSON-stat, 2.8 M cells: ours / json.loads alone", decoding, MOST_OF_DECODING),
        _worst("JSON-stat, 2.8 M cells: peak memory / (3 x payload + table)", memory, MOST_MEMORY),
    ]


def _worst(budget: str, found: list[tuple[float, str]], limit: float) -> dict[str, object]:
    """One row of the result: the worst ratio, and all of them in words."""
    ratio = max(ratio for ratio, _ in found)
    return {
        "budget": budget,
        "ratio": round(ratio, 2),
        "limit": limit,
        "met": bool(ratio <= limit),
        "note": "; ".join(words for _, words in found),
    }


def _peer() -> Callable[[str], Any]:
    """pyjstat as a function of an answer, to its column of values. Raises ImportError saying how to get it."""
    try:
        from pyjstat import pyjstat
    except ImportError as error:
        raise ImportError("bench_jsonstat needs pyjstat, which `make bench` installs for itself: run that") from error
    return lambda answer: pyjstat.Dataset.read(answer).write("dataframe")["value"]


def _memory(data: bytes) -> tuple[int, int]:
    """Peak bytes of a fresh process that reads an answer, and the bytes it may take."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        Path(file.name).write_bytes(data)
        words = [sys.executable, "-c", _MEMORY, file.name]
        found = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    peak, payload, table = map(int, found.split())
    return peak, 3 * payload + table


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
