"""The commands `observatory releases …`.

Belongs here: words on the command line and what is printed of releases. Does not belong here: any work; exit codes are
those of cli.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from observatory import completion, sharing
from observatory import releases as rel
from observatory.build import Workspace
from observatory.errors import UsageError
from observatory.tables import Format, show, tell, usual

releases_app = typer.Typer(no_args_is_help=True, help="Published releases.")
FormatOption = Annotated[
    Format | None,
    typer.Option("--format", help="table, csv, json or parquet; a table on a terminal and CSV in a pipe by default"),
]


@releases_app.command("list", epilog="Example: observatory releases list")
def releases_list() -> None:
    """All releases, the latest marked."""
    ws = Workspace()
    folder = sharing.releases(ws.settings)
    current = rel.latest(folder)
    for name in rel.names(folder):
        content = rel.manifest(folder / name)
        mark = "  (latest)" if current is not None and current.name == name else ""
        tell(f"{name}  {content['created']}  {len(content['resources'])} tables{mark}")


@releases_app.command("diff", epilog="Example: observatory releases diff 2026Q3.0 2026Q4.0")
def releases_diff(
    before: Annotated[str, typer.Argument(help="earlier release", autocompletion=completion.releases)],
    now: Annotated[str | None, typer.Argument(help="later release; the latest by default")] = None,
) -> None:
    """What changed between two releases, in which cells most, and why."""
    from observatory.differences import compare, render

    ws = Workspace()
    old, new = rel.find(sharing.releases(ws.settings), before), rel.find(sharing.releases(ws.settings), now)
    tell(render(compare(ws.engine, old, new, rel.manifest), old.name, new.name))


@releases_app.command("revisions", epilog="Example: observatory releases revisions ict_emp_share --geo ES21")
def releases_revisions(
    indicator: Annotated[str, typer.Argument(help="id of an indicator", autocompletion=completion.indicators)],
    geo: Annotated[list[str] | None, typer.Option(help="place, e.g. ES21; may be repeated")] = None,
    variant: Annotated[list[str] | None, typer.Option(help="variant; may be repeated")] = None,
    activity: Annotated[list[str] | None, typer.Option(help="activity, e.g. NACE2:J; may be repeated")] = None,
    statistics: Annotated[
        bool, typer.Option("--statistics", help="only how much was revised, and whether to one side")
    ] = False,
    form: FormatOption = None,
) -> None:
    """What every release said of each period (the revision triangle), and how much was revised.

    On a terminal the statistics follow the triangle; in the other formats they come with --statistics.
    """
    from observatory import revisions

    ws = Workspace()
    wanted = {"geo": geo, "variant": variant, "activity": activity}
    chosen = {column: values for column, values in wanted.items() if values}
    triangle, title = revisions.triangle(sharing.releases(ws.settings), indicator, chosen)
    if not statistics:
        show(triangle, form, title)
    if statistics or (form or usual()) == "table":
        show(revisions.statistics(triangle), form, "Revisions: the later figure minus the earlier one")


@releases_app.command("checks", epilog="Example: observatory releases checks 2026Q4.0 --data-docs docs")
def releases_checks(
    release: Annotated[str | None, typer.Argument(help="a release id; the latest by default")] = None,
    data_docs: Annotated[
        Path | None,
        typer.Option("--data-docs", help="write Great Expectations Data Docs there; its styles need a network"),
    ] = None,
) -> None:
    """What was checked: counts, failures and warnings with rows and remedy, then every check in plain words.

    Data Docs run the expectations of the present models again, on the tables of the release.
    """
    from observatory import check_report, quality

    ws = Workspace()
    folder = rel.find(sharing.releases(ws.settings), release)
    found = check_report.read(folder)
    if data_docs is not None:
        if data_docs.exists() and (not data_docs.is_dir() or any(data_docs.iterdir())):
            raise UsageError(f"{data_docs} is not an empty folder", remedy="Name a folder that does not exist yet")
        tell(str(quality.data_docs(ws, folder, found, data_docs)))
        return
    titles = {r["relation"]: r["title"] for r in rel.manifest(folder)["resources"]}
    tell(check_report.render(found, folder.name, titles))


@releases_app.command("verify", epilog="Example: observatory releases verify 2026Q4.0")
def releases_verify(
    release: Annotated[str | None, typer.Argument(help="a release id; all of them by default")] = None,
) -> None:
    """Whether releases are whole: every byte, row count and critical check; of a shared store every object as well."""
    ws = Workspace()
    folder = sharing.releases(ws.settings)
    chosen = [rel.find(folder, release)] if release else [folder / name for name in rel.names(folder)]
    problems = [problem for path in chosen for problem in rel.verify(path)]
    if (store := sharing.store(ws.settings)) is not None:
        faults = sharing.problems(store, [path.name for path in chosen])
        problems += [f"{store.where(key)}: {fault}" for key, fault in faults]
    for problem in problems:
        tell(f"error: {problem}. Restore the directory from a copy; a release is never edited", err=True)
    if problems:
        raise typer.Exit(4)
    tell(f"{len(chosen)} release(s) whole: {', '.join(path.name for path in chosen)}")
