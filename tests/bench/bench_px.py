"""Budgets of the PX reader: at least 30 times as fast as pyaxis on 2.8 M cells, and linear in cells.

The cube has the shape of Eustat's largest table of interest (municipality x CNAE class x year, three languages,
nil cells in quotes), made in memory from a seed. Both readers get the same file in one run, in turn; the least
wall time of each counts. Ours parses numbers on all cores, pyaxis uses one.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from observatory.formats import px

SHAPE = (252, 630, 18)  # 2,857,680 cells
TENTH = (252, 63, 18)
LEAST_SPEEDUP = 30.0
MOST_GROWTH = 1.5  # a tenth of the cells fits the processor's cache, a quadratic reader would show 10


def specimen(shape: tuple[int, int, int]) -> bytes:
    """A PX file of Eustat's kind: stub of two dimensions, one line a row, three cells in ten nil."""
    names = {"": ("municipio", "CNAE-2009", "periodo"), "[eu]": ("udalerria", "EJSN-2009", "aldia")}
    names["[en]"] = ("municipality", "NACE", "period")
    lines = ['CHARSET="ANSI";', 'LANGUAGE="es";', 'LANGUAGES="es","eu","en";', 'TITLE="Establecimientos";']
    for tongue, own in names.items():
        lines += [f'STUB{tongue}="{own[0]}","{own[1]}";', f'HEADING{tongue}="{own[2]}";']
        for name, size in zip(own, shape, strict=True):
            lines.append(f'VALUES{tongue}("{name}")={",".join(f"{chr(34)}{name} {n}{chr(34)}" for n in range(size))};')
            lines.append(f'CODES{tongue}("{name}")={",".join(f"{chr(34)}{n:05d}{chr(34)}" for n in range(size))};')
    lines += ["DECIMALS=0;", 'DATASYMBOL1=":";', "DATA="]
    random = np.random.default_rng(20260101)
    cells = random.integers(0, 10_000, np.prod(shape)).astype("U5")
    cells[random.random(cells.size) < 0.3] = '"-"'
    rows = cells.reshape(-1, shape[-1]).tolist()
    return ("\n".join(lines) + "\n" + " \n".join(map(" ".join, rows)) + ";\n").encode("cp1252")


def measure() -> list[dict[str, object]]:
    """The two budgets; ``ratio`` is pyaxis' time over ours, and our time per cell against a tenth of the cells."""
    parse = _peer()
    whole, tenth = specimen(SHAPE), specimen(TENTH)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cube.px"
        path.write_bytes(whole)
        ours, theirs = px.read(whole, name="cube.px"), parse(path)
        if ours["flag"].to_pylist().count("-") != int((theirs == '"-"').sum()) or ours.num_rows != len(theirs):
            raise AssertionError("pyaxis and this reader do not see the same cells")
        times: dict[str, list[float]] = {"ours": [], "theirs": [], "tenth": []}
        for _ in range(3):
            times["theirs"].append(_seconds(lambda: parse(path)))
            times["ours"] += [_seconds(lambda: px.read(whole, name="cube.px")) for _ in range(5)]
            times["tenth"] += [_seconds(lambda: px.read(tenth, name="tenth.px")) for _ in range(10)]
    least = {name: min(found) for name, found in times.items()}
    speedup = least["theirs"] / least["ours"]
    growth = (least["ours"] / np.prod(SHAPE)) / (least["tenth"] / np.prod(TENTH))
    return [
        {
            "budget": "PX, 2.8 M cells: pyaxis / ours (at least)",
            "ratio": round(speedup, 1),
            "limit": LEAST_SPEEDUP,
            "met": bool(speedup >= LEAST_SPEEDUP),
            "note": f"{least['theirs']:.2f} s against {least['ours']:.3f} s",
        },
        {
            "budget": "PX, time per cell at 2.8 M / at 0.28 M",
            "ratio": round(float(growth), 2),
            "limit": MOST_GROWTH,
            "met": bool(growth <= MOST_GROWTH),
            "note": f"{least['ours'] / np.prod(SHAPE) * 1e9:.0f} ns a cell",
        },
    ]


def _peer() -> Callable[[Path], Any]:
    """pyaxis as a function of a path, to its column of cells. Raises ImportError saying how to get it."""
    try:
        from pyaxis import pyaxis
    except ImportError as error:
        raise ImportError("bench_px needs pyaxis, which `make bench` installs for itself: run that") from error
    logging.getLogger().setLevel(logging.WARNING)  # pyaxis turns the root logger to INFO when imported
    return lambda path: pyaxis.parse(str(path), encoding="windows-1252")["DATA"]["DATA"]


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
