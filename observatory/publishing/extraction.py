"""Gathering the English texts that readers see into the catalogues of translations, and what those lack.

Belongs here: which texts of the repository are translated, bringing ``locale`` up to them, its gaps. Does not belong
here: looking a translation up (translations.py).

``python -m observatory.publishing.extraction`` writes the catalogues of this directory and prints what they lack.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from observatory import atomic, catalogue, causes, check_plans, claims, differences, models, quality, releases
from observatory.publishing.site_messages import fields
from observatory.publishing.translations import FOLDER, LANGUAGES, path_of, read
from observatory.synthetic import embed


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
    for module in (causes, check_plans, claims, differences, quality, embed):
        texts: tuple[str, ...] = module.WORDS
        yield from ((text, f"{module.__name__.replace('.', '/')}.py") for text in texts)
    yield releases.TITLE, "observatory/releases.py"
    known = catalogue.load(home)
    for source in known.sources.values():
        yield source.licence, "data/catalogue/sources"
    for claim in known.claims:
        if claim.earlier_vintage:
            yield claim.earlier_vintage, "data/catalogue/published_claims.csv"


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
    """Bring the catalogues up to the texts of the repository at ``home`` and return what they lack then.

    Messages stand in the order of the files that hold them; a text that was reworded keeps its translation, marked
    fuzzy until somebody has looked at it. Only a file whose content changes is written.
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
