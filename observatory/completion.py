"""What the shell offers when a word of the command line is half written.

Belongs here: ids of indicators, sources, places and releases by their beginning. Does not belong here: the commands
(cli*.py). Read from file names and one column of a list, so that a key press answers at once.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable

from observatory.settings import Settings


def indicators(incomplete: str) -> list[str]:
    """Ids of indicators: the names of their files."""
    return _beginning(incomplete, (path.stem for path in (Settings().home / "sql" / "indicators").glob("*.sql")))


def sources(incomplete: str) -> list[str]:
    """Ids of sources: the names of their contracts."""
    folder = Settings().home / "data" / "catalogue" / "sources"
    return _beginning(incomplete, (path.stem for path in folder.glob("*.yaml")))


def places(incomplete: str) -> list[str]:
    """Codes of places."""
    path = Settings().home / "data" / "catalogue" / "geographies.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        return _beginning(incomplete, (row["geo"] for row in csv.DictReader(lines)))


def releases(incomplete: str) -> list[str]:
    """Ids of published releases."""
    folder = Settings().releases
    return _beginning(incomplete, (path.name for path in folder.glob("*Q*") if path.is_dir()))


def _beginning(incomplete: str, words: Iterable[str]) -> list[str]:
    return sorted(word for word in words if word.startswith(incomplete))
