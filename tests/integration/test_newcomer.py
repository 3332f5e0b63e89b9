"""A newcomer's half hour: clone, `make refresh`, read the README's examples, and each runs as it is written there."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

NEEDS = ("make", "git", "sh", "sha256sum")


@dataclass(frozen=True)
class Newcomer:
    """Somebody in a fresh clone. It borrows this environment's packages: installing them needs a package index."""

    clone: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("OBSERVATORY_", "DAGSTER_", "PYTEST_"))}
        environment["PYTHONPATH"] = str(self.clone)
        environment["PYTEST_ADDOPTS"] = "-p no:cacheprovider tests/unit/test_snapshots.py"
        return subprocess.run(words, cwd=self.clone, env=environment, capture_output=True, text=True, check=False)

    def make(self, target: str) -> subprocess.CompletedProcess[str]:
        return self.run("make", "-o", ".venv/.ready", target)

    def data(self) -> dict[Path, int]:
        """The files that runs leave, and when each was written."""
        return {p: p.stat().st_mtime_ns for p in (self.clone / "data").rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def newcomer(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Newcomer:
    if missing := [name for name in NEEDS if shutil.which(name) is None]:
        pytest.skip(f"needs {', '.join(missing)}")
    if not (root / ".git").exists():
        pytest.skip("needs a git checkout")
    clone = tmp_path_factory.mktemp("newcomer") / "clone"
    subprocess.run(["git", "clone", "--quiet", str(root), str(clone)], check=True)
    (clone / ".venv").symlink_to(Path(sys.executable).parent.parent)
    return Newcomer(clone)


@pytest.fixture(scope="module")
def refreshed(newcomer: Newcomer) -> subprocess.CompletedProcess[str]:
    return newcomer.make("refresh")


def block(root: Path, section: str, language: str) -> str:
    """The first block of code of a language in a section of the README."""
    text = (root / "README.md").read_text("utf-8").split(f"\n## {section}\n")[1].split("\n## ")[0]
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found is not None, f"{section} has no {language}"
    return found[1]


def test_the_first_command_publishes_a_release(newcomer: Newcomer, refreshed: subprocess.CompletedProcess[str]) -> None:
    assert refreshed.returncode == 0, refreshed.stderr
    assert "core.employment: 2,475 rows" in refreshed.stderr
    assert "Published release " in refreshed.stdout and "checks passed, 0 warnings" in refreshed.stdout
    releases = newcomer.clone / "data" / "releases"
    name = json.loads((releases / "latest.json").read_text("utf-8"))["release"]
    sums = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=releases / name, check=False)
    assert sums.returncode == 0 and name.endswith(".0")


@pytest.mark.usefixtures("refreshed")
def test_the_examples_run_as_they_are_written(newcomer: Newcomer, root: Path) -> None:
    lines = block(root, "Five examples", "sh").splitlines()
    commands = [line.split("  #")[0].strip() for line in lines]
    assert len(commands) == 5
    printed = []
    for command in commands:
        done = newcomer.run("sh", "-c", command)
        assert done.returncode == 0, (command, done.stderr)
        assert done.stdout.strip() and "Traceback" not in done.stderr, command
        printed.append(done.stdout)
    ict, lq, _, explained, claims = printed
    rows = list(csv.DictReader(io.StringIO(ict)))
    assert [row["period"] for row in rows] == [str(year) for year in range(2000, 2025)]
    assert "0.885" in lq and "percent" not in lq
    assert "2.0955" in explained and "eurostat_nama_10r_3empers" in explained
    assert "not tested on real data" in claims


@pytest.mark.usefixtures("refreshed")
def test_the_release_is_read_as_it_is_written(newcomer: Newcomer, root: Path) -> None:
    program = f"{block(root, 'Five examples', 'python')}\nprint(len(frame), frame.attrs['unit'])"
    done = newcomer.run(".venv/bin/python", "-c", program)
    assert done.stdout.splitlines()[-1] == "25 percent", done.stderr
    folder = next((newcomer.clone / "data" / "releases").glob("*.0"))
    query = f"import duckdb; print(len(duckdb.sql({block(root, 'Five examples', 'sql')!r}).fetchall()))"
    asked = subprocess.run([sys.executable, "-c", query], cwd=folder, capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == "25"


@pytest.mark.usefixtures("refreshed")
def test_a_second_call_finds_nothing_to_do_and_touches_nothing(newcomer: Newcomer) -> None:
    before = newcomer.data()
    again = newcomer.make("refresh")
    assert again.returncode == 0 and "Nothing has changed since release" in again.stdout
    after = newcomer.data()
    noted = {p for p in after if {"log", "state"} & set(p.parts) or p.name == "metrics.prom"}
    assert {p: t for p, t in after.items() if p not in noted} == {p: t for p, t in before.items() if p not in noted}


@pytest.mark.usefixtures("refreshed")
def test_the_tests_run_and_nothing_is_left_for_git(newcomer: Newcomer) -> None:
    tested = newcomer.make("test")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert " passed" in tested.stdout
    assert newcomer.run("git", "status", "--porcelain").stdout == ""
