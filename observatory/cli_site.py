"""The commands `observatory site …`.

Belongs here: words on the command line and what is printed of the site. Does not belong here: any work; exit codes are
those of cli.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from observatory import sharing
from observatory.build import Workspace
from observatory.errors import UsageError

site_app = typer.Typer(no_args_is_help=True, help="The site: plain files that open without a server.")
OutputOption = Annotated[Path | None, typer.Option("--output", help="folder of the site; <data>/site by default")]


@site_app.command("build", epilog="Example: observatory site build --release 2026Q4.0")
def site_build(
    release: Annotated[str | None, typer.Option("--release", help="a release id; the latest by default")] = None,
    output: OutputOption = None,
) -> None:
    """Build the site of a release in Spanish, Basque and English; only files that changed are written."""
    from observatory.progress import lines
    from observatory.publishing import site

    ws = Workspace()
    headers = {model.name: model.header for model in ws.models.values() if model.schema == "indicators"}
    with lines() as say:
        folder = (output or ws.settings.data_dir / "site").resolve()
        built = site.build(sharing.releases(ws.settings), folder, ws.catalogue, headers, release, say)
    typer.echo(f"Site of release {built.release}: {built.folder / 'index.html'}")


@site_app.command("serve", epilog="Example: observatory site serve --port 8000")
def site_serve(
    output: OutputOption = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="port on 127.0.0.1")] = 8000,
) -> None:
    """Show the site that was built on http://127.0.0.1; it can also be opened from its folder."""
    import functools
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    folder = (output or Workspace().settings.data_dir / "site").resolve()
    if not (folder / "index.html").is_file():
        raise UsageError(f"{folder}: no site", remedy="Run `observatory site build` first")
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        typer.echo(f"http://127.0.0.1:{server.server_port}/  (Ctrl+C ends)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            typer.echo("")
