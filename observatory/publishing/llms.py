"""llms.txt: the catalogue of a release in plain Markdown, for programs that read text.

Belongs here: that one text. Does not belong here: descriptions with a vocabulary (dcat.py, schema_org.py, csvw.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from observatory.publishing import coverage
from observatory.publishing.dcat import DESCRIPTIONS
from observatory.publishing.edition import Edition, Table
from observatory.publishing.messages import STATUSES, TOPICS, topic, words


def text(edition: Edition, indicators: Sequence[Table]) -> str:
    """What the release holds, how to read a row, and a line an indicator, by topic."""
    letters = ", ".join(f"{letter} {words(meaning, 'en')}" for letter, meaning in STATUSES.items())
    fields = indicators[0].fields if indicators else ()
    lines = [
        f"# {edition.title}",
        "",
        f"> {DESCRIPTIONS['en']} Release {edition.release} of {edition.created[:10]}, {edition.licence[0]}.",
        "",
        f"Cite as: {edition.citation}.",
        "",
        "## How to read a row",
        "",
        *(f"- `{field['name']}`: {field['description']}" for field in fields),
        f"- Letters of `status`: {letters}.",
        "- Rows whose `provenance` is `synthetic` are made-up data: never quote them as facts.",
        "- A missing figure has a row, an empty `value` and a status.",
        "",
        "## Files",
        "",
        "- [Manifest](datapackage.json): every table with unit, definition, caveats, sources and hash",
        "- [Checks](checks.json): what was checked and found; [the same for people](checks.md)",
        "- [Differences](diff.md): what changed since the release before",
    ]
    for name, title in TOPICS.items():
        if found := [table for table in indicators if topic(table.name) == name]:
            lines += ["", f"## {words(title, 'en')}", "", *(_line(table) for table in found)]
    return "\n".join(lines) + "\n"


def _line(table: Table) -> str:
    span = coverage.years(table)
    facts = [f"Unit: {table.unit}.", f"{table.rows} rows, {len(coverage.places(table))} places"]
    if span:
        facts[-1] += f", {span[0]} to {span[1]}"
    words_of = f"{table.definition.rstrip('.')}. {' '.join(facts)}. {coverage.made_up(table)}".strip()
    return f"- [{table.name}]({table.path.name}): {table.title('en')}. {words_of}"
