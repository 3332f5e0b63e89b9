"""The command `observatory export`.

Belongs here: words on the command line and what is printed of exports. Does not belong here: any work; exit codes are
those of cli.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from observatory import releases as rel
from observatory import sharing
from observatory.publishing.edition import Language, opened
from observatory.publishing.exports import Format
from observatory.settings import Settings

EXAMPLE = "Example: observatory export --format xlsx --language eu --indicator ict_emp_share --output figures"


def export(
    form: Annotated[Format, typer.Option("--format", help="what to write")],
    release: Annotated[str | None, typer.Option(help="a release id; the latest by default")] = None,
    indicator: Annotated[list[str] | None, typer.Option(help="id; may be repeated; all by default")] = None,
    language: Annotated[Language, typer.Option(help="of the workbook and of labels: es, eu or en")] = "es",
    output: Annotated[Path | None, typer.Option(help="folder to write to; data/exports/<release>/<format>")] = None,
    base: Annotated[str, typer.Option(help="dcat: address of the folder of the release, ending in /")] = "",
) -> None:
    """Write a release as a workbook, or in an open format.

    xlsx is one workbook; csv a file a table, csvw the same with its metadata; jsonstat and sdmx-csv a file an
    indicator, the latter with the structure message; dcat a DCAT-AP catalogue (JSON-LD and Turtle); citation is
    CITATION.cff, llms the catalogue as text. csv, csvw and dcat hold the core tables too.
    """
    from observatory.publishing import exports

    settings = Settings()
    edition = opened(rel.find(sharing.releases(settings, [release] if release else []), release), settings.home)
    folder = output or settings.data_dir / "exports" / edition.release / form
    for path in exports.export(edition, form, folder, indicator or [], language, base):
        typer.echo(path)
