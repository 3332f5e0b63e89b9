"""The formats that a release can be had in, and the files that each one makes.

Belongs here: from the name of a format to files in a folder. Does not belong here: any one format, words on the
command line (cli_exports.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, get_args

from observatory import atomic
from observatory.errors import UsageError
from observatory.publishing.edition import Edition, Language, Table

Format = Literal["xlsx", "csv", "csvw", "jsonstat", "sdmx-csv", "dcat", "citation", "llms"]
FORMATS: tuple[str, ...] = get_args(Format)
WHOLE = ("citation",)
"""Formats that describe the release as a whole: they take no choice of indicators."""
CORE = ("csv", "csvw", "dcat")
"""Formats of any table of the release, core tables too; the others hold indicators."""


def export(
    edition: Edition,
    form: str,
    folder: Path,
    names: Sequence[str] = (),
    language: Language = "es",
    base: str = "",
) -> list[Path]:
    """Write a release in a format into ``folder``, each file whole or not at all; returns the files written.

    ``names`` chooses tables, all by default. Raises UsageError for a format or a table that does not exist.
    """
    if form not in FORMATS:
        raise UsageError(f"no format {form!r}", remedy=f"Formats: {', '.join(FORMATS)}")
    if form in WHOLE and names:
        raise UsageError(f"{form} describes the whole release", remedy="Leave out --indicator")
    tables = edition.chosen(names, core=form in CORE)
    written = []
    for name, content in files(edition, form, tables, language, base):
        atomic.write_bytes(folder / name, content)
        written.append(folder / name)
    return written


def files(
    edition: Edition, form: str, tables: Sequence[Table], language: Language = "es", base: str = ""
) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of the files of a format, one at a time."""
    from observatory.publishing import citation, csvw, dcat, jsonstat, llms, sdmx_csv, sdmx_structure, workbook

    if form == "xlsx":
        yield f"kibs-{edition.release}-{language}.xlsx", workbook.workbook(edition, tables, language)
    elif form in {"csv", "csvw"}:
        for table in tables:
            yield f"{table.name}.csv", csvw.table(table)
        if form == "csvw":
            yield csvw.METADATA, _json(csvw.metadata(edition, tables))
    elif form == "jsonstat":
        for table in tables:
            yield f"{table.name}.json", jsonstat.document(edition, table, language)
    elif form == "sdmx-csv":
        yield "structure.xml", sdmx_structure.message(edition, tables)
        for table in tables:
            yield f"{table.name}.csv", sdmx_csv.message(table)
    elif form == "dcat":
        document = dcat.catalogue(edition, tables, base)
        yield "dcat.jsonld", _json(document)
        yield "dcat.ttl", dcat.turtle(document).encode()
    elif form == "citation":
        yield "CITATION.cff", citation.cff(edition).encode()
    else:
        yield "llms.txt", llms.text(edition, tables).encode()


def _json(content: object) -> bytes:
    return json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n"
