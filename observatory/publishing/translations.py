"""Spanish and Basque for texts that are written in English where they are used.

Belongs here: reading the catalogues ``locale/<language>/LC_MESSAGES/methods.po``, whose message ids are the English
texts of model headers, checks, verdicts and comparisons of releases. Does not belong here: gathering those texts
(extraction.py), words of pages (site_messages.yaml) or of the workbook (messages.py), and names, which stand in three
languages where they are.

Releases hold English alone; a text that a release words otherwise than today has no translation and stays English.
A message id with words in braces stands for every text made from it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from observatory.errors import DataError
from observatory.publishing.site_messages import fields

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

LANGUAGES = ("es", "eu")
FOLDER = Path(__file__).with_name("locale")
DECIMAL_POINT = re.compile(r"(?<=\d)\.(?=\d)")


def path_of(language: str, folder: Path = FOLDER) -> Path:
    """Where the catalogue of a language lies."""
    return folder / language / "LC_MESSAGES" / "methods.po"


def read(language: str, folder: Path = FOLDER) -> Catalog:
    """The catalogue of a language as it lies in its file. Raises DataError where it cannot be read."""
    from babel.messages.pofile import PoFileError, read_po

    path = path_of(language, folder)
    try:
        with path.open("rb") as stream:
            return read_po(stream, locale=language, abort_invalid=True)
    except (OSError, ValueError, PoFileError) as error:
        raise DataError(f"{path}: no readable catalogue: {error}", remedy="Restore the file") from error


@functools.cache
def load(language: str) -> Mapping[str, str]:
    """Translations by English text; those that are missing or doubtful (fuzzy) are left out."""
    return {str(one.id): str(one.string) for one in read(language) if one.id and one.string and not one.fuzzy}


@functools.cache
def _patterns(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Message ids with words in braces as patterns of the texts made from them, the wordiest first."""
    made = {said: meant for said, meant in load(language).items() if fields(said)}
    wordiest = sorted(made, key=lambda said: -len(re.sub(r"\{\w+\}", "", said)))
    return tuple((_pattern(said), made[said]) for said in wordiest)


def _pattern(said: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", said)
    return re.compile("".join(f"(?P<{part}>.+?)" if at % 2 else re.escape(part) for at, part in enumerate(parts)))


def translated(language: str, text: str, names: Mapping[str, str] | None = None) -> str | None:
    """An English text in Spanish or Basque, None where the catalogue has it not; in English as it is.

    ``names`` are words for what the places of a message id hold, e.g. for codes.
    """
    if language not in LANGUAGES:
        return text
    known = load(language)
    if text in known:
        return known[text]
    for pattern, meant in _patterns(language):
        if match := pattern.fullmatch(text):
            words = {**known, **(names or {})}
            return meant.format(**{name: words.get(value, value) for name, value in match.groupdict().items()})
    return None


def sentence(language: str, text: str, names: Mapping[str, str] | None = None) -> str | None:
    """A sentence of parts between semicolons, each translated, with decimal commas; None where a part is missing."""
    if language not in LANGUAGES:
        return text
    parts = [translated(language, part, names) for part in text.split("; ")]
    known = [part for part in parts if part is not None]
    return DECIMAL_POINT.sub(",", "; ".join(known)) if len(known) == len(parts) else None


def markdown(language: str, text: str) -> str:
    """A Markdown page of a release with what can be translated in the language: headings, heads and cells of tables,
    items (``kind: what``) and paragraphs, line by line; the rest stays as it is."""
    if language not in LANGUAGES:
        return text
    return "\n".join(_line(language, line) for line in text.split("\n"))


def _line(language: str, line: str) -> str:
    known = load(language)
    if line.startswith("|"):
        cells = (", ".join(known.get(part, part) for part in cell.split(", ")) for cell in line[2:-2].split(" | "))
        return line if line.startswith("|-") else f"| {' | '.join(cells)} |"
    mark, start, rest = line.partition(" ")
    if not start or mark.strip("#-"):
        return translated(language, line) or line
    kind, colon, what = rest.partition(": ")
    if mark == "-" and colon and kind in known:
        return f"- {known[kind]}: {translated(language, what) or what}"
    return f"{mark} {translated(language, rest) or rest}"
