"""The commands about model files: would they run, and running some of them.

Belongs here: words on the command line and what is printed. Does not belong here: the work (trials.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from observatory.build import Workspace
from observatory.errors import UsageError
from observatory.settings import Settings
from observatory.tables import tell

Engine = Literal["duckdb", "spark"]
EngineOption = Annotated[
    Engine | None, typer.Option("--engine", help="what runs the models; OBSERVATORY_ENGINE or duckdb by default")
]
models_app = typer.Typer(no_args_is_help=True, help="The SQL files behind core tables and indicators.")


def chosen(engine: Engine | None) -> Settings:
    """The settings of a command that may name an engine."""
    return Settings(engine=engine) if engine else Settings()


@models_app.command("check", epilog="Example: observatory models check --engine spark")
def models_check(
    model: Annotated[list[str] | None, typer.Argument(help="names of models; all by default")] = None,
    engine: EngineOption = None,
) -> None:
    """Whether every model would run on an engine: parsed, bound to the columns it reads, and run on none.

    Ends with 4 and names file, line, construct and remedy where one would not.
    """
    from observatory import trials

    ws, good, bad = Workspace(chosen(engine)), 0, 0
    for verdict in trials.check(ws, model or []):
        for fault in verdict.faults:
            tell(f"error: {fault}", err=True)
        good, bad = good + (not verdict.faults), bad + bool(verdict.faults)
    tell(f"{good} of {good + bad} models run on {ws.settings.engine}.")
    raise typer.Exit(4 if bad else 0)


@models_app.command(
    "run",
    epilog="Example: observatory models run sql/indicators/serv_pl_share.sql "
    "--table core.industry_accounts=accounts.parquet --output figures",
)
def models_run(
    file: Annotated[list[Path], typer.Argument(help="model files, <schema>/<table>.sql")],
    output: Annotated[Path, typer.Option(help="folder for <schema>/<table>.parquet")],
    table: Annotated[
        list[str] | None,
        typer.Option(help="schema.table=PATH: a Parquet file, or a folder of partitioned ones, in a relation's place"),
    ] = None,
    engine: EngineOption = None,
) -> None:
    """Run model files over tables that you name, for example a panel of firms; nothing is published.

    What they read is a table named here, else made by another of the files, else of the present build. Microdata stay
    where they are, but what comes out is not under disclosure control: keep it as you keep them.
    """
    from observatory import trials

    given = dict(pair.split("=", 1) for pair in table or [] if "=" in pair)
    if len(given) != len(table or []):
        raise UsageError(f"--table: expected schema.table=PATH, found {table}", remedy="Name each relation once")
    ws = Workspace(chosen(engine), progress=tell)
    trials.run(ws, file, {relation: Path(path) for relation, path in given.items()}, output)
