"""`python -m tests.audit`: whether the dependencies are what CONTRIBUTING.md promises. Offline, in about a second.

Every requirement of a lock is pinned to one version with at least one sha256 hash, and no lock names an index; every
dependency that pyproject.toml declares is in requirements.lock, or in requirements-extras.lock if it is an extra's, and
the two agree where both name a package; every installed distribution has a licence of ALLOWED,
by its own metadata, or stands in EXCEPTIONS with the licence that a person read and the reason why it may be used.

Does not belong here: known vulnerabilities, which need a network (CONTRIBUTING.md says who looks, and when).
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "requirements-extras.lock", "tests/bench/peers.lock", "tests/fuzz/engine.lock")

ALLOWED = frozenset(
    {
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CC0-1.0",
        "ISC",
        "MIT",
        "MIT-0",
        "MIT-CMU",
        "MPL-2.0",
        "PSF-2.0",
        "Python-2.0",
        "Unlicense",
        "W3C-20150513",
        "Zlib",
    }
)
"""Licences, as SPDX names them, that let the observatory be used, changed and passed on under the MIT licence. MPL-2.0
asks for the source of changed files alone, and no file of a dependency is changed here."""

EXCEPTIONS = {
    "antlr4-python3-runtime": (
        "BSD-3-Clause",
        "its metadata say BSD without the number of clauses; its repository, three",
    ),
    "axe-playwright-python": ("MIT", "its metadata name no licence; the file beside them is the MIT licence"),
    "docutils": (
        "BSD-2-Clause",
        "public domain and BSD; its few files under the GPL are an editor's and never imported",
    ),
    "psycopg2-binary": (
        "LGPL-3.0-or-later",
        "its metadata name no version; an extra, imported as it comes, neither changed nor passed on with a release",
    ),
    "pymrio": ("LGPL-3.0-only", "imported as it comes, neither changed nor passed on with a release"),
    "text-unidecode": ("Artistic-1.0-Perl", "offered under the Artistic licence too; comes with python-slugify"),
}
"""Distributions whose metadata are not enough: the licence that was read, and why it may be used."""

NAMES = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache 2.0": "Apache-2.0",
    "apache license version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
}
"""What metadata call a licence, in small letters, and its SPDX name. A bare BSD counts as three clauses."""


def lock_problems(text: str, name: str) -> Iterator[str]:
    """What is wrong with a lock."""
    if re.search(r"://|^\s*-{1,2}(?!hash=)\w", text, re.MULTILINE):
        yield f"{name}: an address or an option; a lock names packages and hashes alone"
    for requirement in _requirements(text):
        pinned = re.match(r"([A-Za-z0-9][\w.-]*)(\[[\w,-]+\])?==[^\s;*]+(?=[\s;]|$)", requirement)
        hashes = re.findall(r"--hash=(\S+)", requirement)
        shown = requirement.split()[0]
        if not pinned:
            yield f"{name}: {shown}: expected name==version"
        if not hashes or not all(re.fullmatch(r"sha256:[0-9a-f]{64}", found) for found in hashes):
            yield f"{name}: {shown}: expected at least one sha256 hash, and no other kind"


def _requirements(text: str) -> list[str]:
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")]
    return [line.strip() for line in lines]


def locked(text: str) -> set[str]:
    """Normalised names of a lock's requirements."""
    return {normal(re.split(r"[\s=<>!~;\[]", requirement)[0]) for requirement in _requirements(text)}


def normal(name: str) -> str:
    """A package's name as indices compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _pins(text: str) -> Iterator[tuple[str, str]]:
    """Names and versions of a lock; where markers give a package several versions, all of them in one text."""
    found: dict[str, list[str]] = {}
    for requirement in _requirements(text):
        name, _, version = requirement.split()[0].partition("==")
        found.setdefault(normal(name), []).append(version)
    return ((name, ", ".join(sorted(versions))) for name, versions in found.items())


def declared(pyproject: str) -> tuple[set[str], set[str]]:
    """Normalised names of what pyproject.toml asks for: to run, build and develop; and for the extras."""
    content = tomllib.loads(pyproject)
    project = content["project"]
    always = [
        project["dependencies"],
        content["build-system"]["requires"],
        *content.get("dependency-groups", {}).values(),
    ]
    extras = project.get("optional-dependencies", {}).values()
    return _names(always), _names(extras)


def _names(groups: Iterable[list[str]]) -> set[str]:
    return {normal(re.split(r"[\s=<>!~;\[]", entry)[0]) for group in groups for entry in group}


def licence(distribution: Distribution) -> str:
    """The licence as an SPDX expression where the metadata say one, else in their own words; empty if they do not."""
    metadata = distribution.metadata
    if expression := metadata.get("License-Expression"):
        return str(expression)
    classifiers = [entry for entry in metadata.get_all("Classifier") or [] if entry.startswith("License :: ")]
    words = [entry.rpartition(" :: ")[2] for entry in classifiers if entry != "License :: OSI Approved"]
    own = (metadata.get("License") or "").strip()
    if not words or own in ALLOWED or own.lower() in NAMES:
        words = [own.splitlines()[0][:80]] if own else words
    return " OR ".join(NAMES.get(word.lower(), word) for word in words)


def is_allowed(expression: str) -> bool:
    """Whether an SPDX expression (without brackets) leaves a choice of allowed licences."""
    terms = [
        [NAMES.get(t.strip().lower(), t.strip()) for t in choice.split(" AND ")] for choice in expression.split(" OR ")
    ]
    return any(all(term in ALLOWED for term in choice) for choice in terms)


def licence_problems(installed: Iterable[Distribution]) -> Iterator[str]:
    """Distributions that may not be used as far as their metadata tell, and exceptions that are not needed."""
    for distribution in installed:
        name = normal(distribution.metadata["Name"])
        said = licence(distribution)
        if name in EXCEPTIONS:
            if said in ALLOWED:
                yield f"{name}: its metadata say {said} by now; remove it from EXCEPTIONS"
        elif not is_allowed(said):
            yield f"{name}: licence {said or 'not stated'}: read it, then add it to EXCEPTIONS or do without"


def problems(root: Path = ROOT) -> list[str]:
    """All that is wrong."""
    found: list[str] = []
    for name in LOCKS:
        found += lock_problems((root / name).read_text("utf-8"), name)
    asked, asked_by_extras = declared((root / "pyproject.toml").read_text("utf-8"))
    for lock, names in zip(LOCKS[:2], (asked, asked_by_extras), strict=True):
        missing = names - locked((root / lock).read_text("utf-8"))
        found += [
            f"{lock}: {name} is declared in pyproject.toml and not in it; run `make lock`" for name in sorted(missing)
        ]
    pins, of_extras = (dict(_pins((root / lock).read_text("utf-8"))) for lock in LOCKS[:2])
    found += [
        f"{LOCKS[1]}: {name} {of_extras[name]}, and {pins[name]} in {LOCKS[0]}; run `make lock`"
        for name in sorted(pins.keys() & of_extras.keys())
        if pins[name] != of_extras[name]
    ]
    return found + sorted(licence_problems(distributions()))


def main() -> int:
    """Print what is wrong; 1 if anything is."""
    found = problems()
    for problem in found:
        print(f"error: {problem}", file=sys.stderr)
    if not found:
        count = len(locked((ROOT / LOCKS[0]).read_text("utf-8")))
        print(f"{count} dependencies pinned with hashes, all licences known")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
