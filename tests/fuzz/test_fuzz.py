"""The corpus through every parser, and a few seconds of mutations of it; `make fuzz` goes on from there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from observatory.errors import DataError
from tests.fuzz import harness, loop
from tests.fuzz.targets import HERE, TARGETS, Target, seeds

EXECUTIONS = 150


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_is_small_and_read_or_refused(name: str) -> None:
    inputs = seeds(TARGETS[name])
    assert inputs, f"no corpus for {name}"
    assert sum(map(len, inputs)) < 64_000
    for data in inputs:
        assert harness.failure(TARGETS[name], data) is None


@pytest.mark.parametrize("name", TARGETS)
def test_mutations_are_read_or_refused(name: str) -> None:
    target = TARGETS[name]

    def run(data: bytes) -> None:
        error = harness.failure(target, data)
        assert error is None, f"{harness.place(error)}: {data!r}"

    coverage = loop.go_on(run, seeds(target), target.words, seed=1, more=lambda count: count < EXECUTIONS)
    assert coverage.lines, "nothing of the library was reached"


def _parse(data: bytes) -> object:
    if data.startswith(b"bad"):
        raise KeyError("bad")
    if data.startswith(b"refused"):
        raise DataError("refused", remedy="none")
    return None


def test_a_failure_is_told_from_a_refusal_and_named_by_its_place() -> None:
    target = Target("toy", _parse)
    assert harness.failure(target, b"good") is None
    assert harness.failure(target, b"refused") is None
    error = harness.failure(target, b"bad")
    assert error is not None and harness.place(error) == "KeyError at outside"


def test_the_loop_finds_what_lies_behind_a_branch() -> None:
    met: list[bytes] = []
    loop.go_on(met.append, [b"good"], [b"bad"], seed=2, more=lambda count: count < 300)
    assert len(met) == 300 and met[0] == b"good"
    assert any(data.startswith(b"bad") for data in met)


WATCHED = """
import sys, time
from pathlib import Path
from tests.fuzz import harness
from tests.fuzz.targets import Target
harness.CPU_SECONDS, harness.MEMORY = 2, 400 * 1024 * 1024
def parse(data):
    if data == b"hang":
        while True: pass
    if data == b"keyerror": {}[data]
    if data == b"memory": bytearray(500_000_000)
watch = harness.Watch(Target("toy", parse), Path(sys.argv[1]))
watch.on_failure = lambda what, path: print(what, path.read_bytes(), flush=True)
for data in (b"fine", b"hang", b"keyerror", b"fine", b"memory"): watch.run(data)
"""


def test_hangs_errors_and_memory_are_failures_that_stay_on_disk(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WATCHED, str(tmp_path)]
    done = subprocess.run(command, cwd=HERE.parents[1], capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert lines == ["HangError at outside b'hang'", "KeyError at outside b'keyerror'", "more than 400 MiB b'memory'"]
    assert done.returncode == 3
    assert harness.left_at_work(tmp_path) == b"memory"
    assert sorted(path.read_bytes() for path in tmp_path.glob("crash-*")) == [b"hang", b"keyerror", b"memory"]
