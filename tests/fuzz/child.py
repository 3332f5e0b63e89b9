"""One parser, one process: runs until its time is over and writes down what it did.

`python -m tests.fuzz.child NAME SECONDS FOLDER` is what __main__.py starts. It takes atheris (libFuzzer over Python's
bytecode) where it is installed, else the loop of loop.py.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import time
from pathlib import Path

INSTRUMENTED = ["observatory", "tests.fuzz.targets"]


def main(name: str, seconds: float, folder: Path) -> None:
    """Fuzz one parser; ``folder/state.json`` always holds the latest figures."""
    is_guided = importlib.util.find_spec("atheris") is not None
    if is_guided:
        import atheris

        with atheris.instrument_imports(include=INSTRUMENTED):
            from tests.fuzz.targets import TARGETS
    else:
        from tests.fuzz.targets import TARGETS
    from tests.fuzz import harness, loop, targets

    target = TARGETS[name]
    watch = harness.Watch(target, folder)
    started = time.process_time()

    def write(**more: object) -> None:
        found = {what: path.name for what, path in watch.found.items()}
        state = {"executions": watch.count, "peak": harness.peak(), "cpu": time.process_time() - started}
        (folder / "state.json").write_text(json.dumps({**state, "found": found, **more}), "utf-8")

    watch.on_failure = lambda what, path: write()
    end = time.monotonic() + seconds
    written = time.monotonic()

    def run(data: bytes) -> None:
        nonlocal written
        watch.run(data)
        if time.monotonic() - written > 1:
            written = time.monotonic()
            write()

    if not is_guided:
        coverage = loop.go_on(
            run, targets.seeds(target), target.words, seed=int(end), more=lambda count: time.monotonic() < end
        )
        write(engine="loop", coverage=f"{len(coverage.lines)} lines")
        return
    words = folder / "words.txt"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words), "utf-8")
    corpus = folder / "corpus"
    corpus.mkdir(exist_ok=True)
    options = {
        "max_total_time": max(1, int(seconds)),
        "max_len": harness.LONGEST,
        "timeout": 86_400,  # by the clock, so a busy machine would be a failure: harness.py counts processor time
        "rss_limit_mb": 0,
        "dict": words,
        "artifact_prefix": f"{folder}/libfuzzer-",
        "print_final_stats": 1,
    }
    write(engine="atheris")
    atheris.Setup(
        [sys.argv[0], *(f"-{key}={value}" for key, value in options.items()), str(corpus), str(targets.CORPUS / name)],
        run,
        internal_libfuzzer=True,
    )
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    """A word as libFuzzer's dictionaries write it."""
    return re.sub(rb"[^ !#-\[\]-~]", lambda found: b"\\x%02X" % found[0][0], word).decode()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3]))
