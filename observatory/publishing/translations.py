"""Spanish and Basque for texts that are written in English where they are used.

Belongs here: reading the catalogues ``locale/<language>/LC_MESSAGES/methods.po``, whose message ids are the English
texts of model headers, checks and verdicts, and finding those texts in the repository. Does not belong here: words of
pages (site_messages.yaml) or of the workbook (messages.py), and names, which stand in three languages where they are.

Releases hold English alone; a text that a release words otherwise than today has no translation and stays English.
A message id with words in braces stands for every text made from it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from observatory import atomic, check_plans, claims, models, quality
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


def extracted(home: Path) -> dict[str, set[str]]:
    """Every English text of the repository at ``home`` that readers see, with the files that hold it.

    Raises DataError where a model cannot be read.
    """
    found: dict[str, set[str]] = {}
    for text, place in _texts(home):
        found.setdefault(text, set()).add(place)
    return found


def _texts(home: Path) -> Iterator[tuple[str, str]]:
    for schema in models.SCHEMAS:
        for path in sorted((home / "sql" / schema).glob("*.sql")):
            header, place = models.parse(path).header, path.relative_to(home).as_posix()
            said = [check.meaning for check in header.checks]
            if schema == "indicators":
                said += [header.question, header.definition, header.reference, *header.caveats]
            yield from ((text, place) for text in said if text)
    for module, texts in ((check_plans, check_plans.WORDS), (claims, claims.WORDS), (quality, quality.WORDS)):
        yield from ((text, f"{module.__name__.replace('.', '/')}.py") for text in texts)


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
    made = [(_pattern(said), meant) for said, meant in load(language).items() if fields(said)]
    return tuple(sorted(made, key=lambda one: -len(one[0].pattern)))


def _pattern(said: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", said)
    return re.compile("".join(f"(?P<{part}>.+?)" if at % 2 else re.escape(part) for at, part in enumerate(parts)))


def translated(language: str, text: str) -> str | None:
    """An English text in Spanish or Basque, None where the catalogue has it not; in English as it is."""
    if language not in LANGUAGES:
        return text
    known = load(language)
    if text in known:
        return known[text]
    for pattern, meant in _patterns(language):
        if match := pattern.fullmatch(text):
            return meant.format(**{name: known.get(value, value) for name, value in match.groupdict().items()})
    return None


def sentence(language: str, text: str) -> str | None:
    """A sentence of parts between semicolons, each translated, with decimal commas; None where a part is missing."""
    if language not in LANGUAGES:
        return text
    parts = [translated(language, part) for part in text.split("; ")]
    known = [part for part in parts if part is not None]
    return DECIMAL_POINT.sub(",", "; ".join(known)) if len(known) == len(parts) else None


def problems(home: Path, folder: Path = FOLDER) -> list[str]:
    """What the catalogues lack of the repository at ``home``, hold in vain, or fill in otherwise."""
    wanted, wrong = extracted(home), []
    for language in LANGUAGES:
        catalog = read(language, folder)
        known = {str(one.id): one for one in catalog if one.id}
        for text, places in wanted.items():
            one = known.get(text)
            if one is None or not one.string or one.fuzzy:
                wrong.append(f"{language} has no text for {text!r} ({', '.join(sorted(places))})")
            elif fields(text) != fields(str(one.string)):
                wrong.append(f"{language} fills in other words than {text!r}")
        wrong += [f"{language} has a text that nothing says: {text!r}" for text in known if text not in wanted]
    return wrong


def update(home: Path, folder: Path = FOLDER) -> list[str]:
    """Bring the catalogues to the texts of the repository at ``home``, keeping what is translated; what is missing then.

    Messages stand in the order of the files that hold them; a text that was reworded keeps its translation, marked
    fuzzy. Only a file whose content changes is written.
    """
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import write_po

    template = Catalog()
    for text, places in extracted(home).items():
        template.add(text, locations=[(place, 0) for place in sorted(places)])
    for language in LANGUAGES:
        catalog = read(language, folder)
        catalog.update(template, update_header_comment=False, update_creation_date=False)
        sink = BytesIO()
        write_po(sink, catalog, width=120, sort_by_file=True, include_lineno=False, ignore_obsolete=True)
        path = path_of(language, folder)
        if not path.is_file() or path.read_bytes() != sink.getvalue():
            atomic.write_bytes(path, sink.getvalue())
    return problems(home, folder)


def main() -> int:
    """Update the catalogues of the working directory and print what is missing; 1 if anything is."""
    missing = update(Path.cwd())
    for line in missing:
        print(line)
    return 1 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
