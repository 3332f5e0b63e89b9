"""The audit of dependencies: what it finds, and that this environment passes it."""

from __future__ import annotations

import subprocess
import sys
from email.message import Message
from importlib.metadata import Distribution, PackageMetadata
from pathlib import Path

import pytest

from tests import audit

INDEX = "index" + "-url"
HASH = "--hash=sha256:" + "0a" * 32


class Fake(Distribution):
    """A distribution of metadata alone."""

    def __init__(self, name: str, **fields: str | list[str]) -> None:
        self._message = Message()
        self._message["Name"] = name
        for key, values in fields.items():
            for value in [values] if isinstance(values, str) else values:
                self._message[key.replace("_", "-")] = value

    @property
    def metadata(self) -> PackageMetadata:
        return self._message

    def read_text(self, filename: str) -> str | None:
        return None

    def locate_file(self, path: object) -> Path:
        raise NotImplementedError


def test_this_environment_passes(root: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "tests.audit"], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "dependencies pinned with hashes" in done.stdout


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"a>=1 \\\n    {HASH}\n", "expected name==version"),
        (f"a==1.* \\\n    {HASH}\n", "expected name==version"),
        (f"a \\\n    {HASH}\n", "expected name==version"),
        (f"a @ git+ssh://example.invalid/a \\\n    {HASH}\n", "an address"),
        ("a==1\n", "at least one sha256 hash"),
        ("a==1 \\\n    --hash=md5:" + "0a" * 16 + "\n", "at least one sha256 hash"),
        (f"a==1 \\\n    {HASH} \\\n    --hash=sha256:short\n", "at least one sha256 hash"),
        (f"--{INDEX} x\na==1 \\\n    {HASH}\n", "an address or an option"),
        (f"-f folder\na==1 \\\n    {HASH}\n", "an address or an option"),
        (f"--extra-{INDEX}=https://example.invalid\na==1 \\\n    {HASH}\n", "an address or an option"),
    ],
)
def test_what_a_lock_may_not_hold(text: str, says: str) -> None:
    assert any(says in problem for problem in audit.lock_problems(text, "some.lock"))


def test_a_sound_lock_has_no_problem() -> None:
    text = f"# words\na-b.c[x]==1.0.post1 ; python_version < '3.12' \\\n    {HASH} \\\n    {HASH}\nd==2 {HASH}\n"
    assert list(audit.lock_problems(text, "some.lock")) == []
    assert audit.locked(text) == {"a-b-c", "d"}


def test_a_declared_dependency_that_is_not_locked_is_named(tmp_path: Path) -> None:
    for lock in audit.LOCKS:
        (tmp_path / lock).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / lock).write_text(f"a==1 {HASH}\n", "utf-8")
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools>=77"]\n'
        '[project]\nname = "x"\ndependencies = ["A>=1", "b_c[d]>=2; x"]\n'
        '[project.optional-dependencies]\nf = ["a", "g"]\n[dependency-groups]\ndev = ["e"]\n',
        "utf-8",
    )
    (tmp_path / "requirements-extras.lock").write_text(f"a==2 {HASH}\n", "utf-8")
    found = [problem for problem in audit.problems(tmp_path) if "make lock" in problem]
    assert [problem.split()[1] for problem in found] == ["b-c", "e", "setuptools", "g", "a"]
    assert found[-1] == "requirements-extras.lock: a 2, and 1 in requirements.lock; run `make lock`"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"License_Expression": "MIT OR GPL-3.0-only"}, True),
        ({"License_Expression": "MIT AND GPL-3.0-only"}, False),
        ({"License_Expression": "AGPL-3.0-or-later"}, False),
        ({"License": "MIT"}, True),
        (
            {"License": "Copyright of somebody\nand much text", "Classifier": "License :: OSI Approved :: MIT License"},
            True,
        ),
        ({"License": "Proprietary"}, False),
        ({"License": "UNKNOWN", "Classifier": ["Topic :: X", "License :: OSI Approved :: ISC License (ISCL)"]}, True),
        ({"Classifier": "License :: OSI Approved :: GNU General Public License v3 (GPLv3)"}, False),
        ({"Classifier": "License :: OSI Approved"}, False),
        ({}, False),
    ],
)
def test_licences_are_read_from_metadata(fields: dict[str, str | list[str]], expected: bool) -> None:
    problems = list(audit.licence_problems([Fake("some-package", **fields)]))
    assert (not problems) == expected
    assert expected or "some-package" in problems[0]


def test_an_exception_that_is_not_needed_any_more_is_named() -> None:
    (problem,) = audit.licence_problems([Fake("pymrio", License_Expression="MIT")])
    assert "remove it from EXCEPTIONS" in problem
    assert list(audit.licence_problems([Fake("pymrio", License="LGPLv3")])) == []


def test_every_exception_has_its_reason() -> None:
    for name, (licence, reason) in audit.EXCEPTIONS.items():
        assert name == audit.normal(name) and licence and len(reason.split()) > 3
