"""The fuzzing loop that needs nothing but Python: mutate, run, keep what reaches new lines.

Belongs here: mutation, coverage by ``sys.settrace``, the choice of the next input. Does not belong here: what a failure
is (harness.py). It is some fifty times slower than atheris, which child.py takes where it is installed; the test suite
uses it for its few seconds, and a platform without atheris for everything.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

from tests.fuzz.harness import LONGEST

Line = tuple[str, int]


def mutate(data: bytes, words: Sequence[bytes], others: Sequence[bytes], chance: random.Random) -> bytes:
    """One to four changes: bytes, words of the language, parts doubled, cut, moved, taken from another input."""
    body = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        at = chance.randrange(len(body) + 1)
        end = min(len(body), at + chance.choice((1, 1, 2, 4, 16, 64)))
        kind = chance.randrange(8)
        if kind == 0 and body:
            body[at % len(body)] = chance.randrange(256)
        elif kind == 1 and body:
            body[at % len(body)] ^= 1 << chance.randrange(8)
        elif kind == 2:
            del body[at:end]
        elif kind in {3, 4} and words:
            body[at : at if kind == 3 else end] = chance.choice(words)
        elif kind == 5:
            body[at:at] = body[at:end] * chance.choice((1, 2, 8, 64))
        elif kind == 6 and others:
            other = chance.choice(others)
            start = chance.randrange(len(other) + 1)
            body[at:end] = other[start : start + chance.choice((4, 16, 64, 256))]
        elif kind == 7:
            body[at:at] = str(chance.choice((0, -1, 255, 65_536, 2**31, 2**63, 10**18))).encode()
    return bytes(body[:LONGEST])


class Coverage:
    """Lines of ours that an input reached, told by the interpreter."""

    def __init__(self) -> None:
        self.lines: set[Line] = set()

    def reached(self, run: Callable[[bytes], None], data: bytes) -> int:
        """Run an input; returns how many lines were reached for the first time."""
        before = len(self.lines)
        sys.settrace(self._enter)
        try:
            run(data)
        finally:
            sys.settrace(None)
        return len(self.lines) - before

    def _enter(self, frame: FrameType, _: str, __: Any) -> Any:
        return self._step if "/observatory/" in frame.f_code.co_filename else None

    def _step(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            self.lines.add((frame.f_code.co_filename, frame.f_lineno))
        return self._step


def go_on(
    run: Callable[[bytes], None],
    seeds: Sequence[bytes],
    words: Sequence[bytes],
    *,
    seed: int,
    more: Callable[[int], bool],
) -> Coverage:
    """Run the seeds, then mutations of what reached something new, while ``more(executions)``."""
    chance = random.Random(seed)
    coverage = Coverage()
    kept: list[bytes] = []
    for data in seeds:
        coverage.reached(run, data)
        kept.append(data)
    count = len(kept)
    while more(count):
        data = mutate(chance.choice(kept) if kept else b"", words, kept, chance)
        if coverage.reached(run, data):
            kept.append(data)
        count += 1
    return coverage
