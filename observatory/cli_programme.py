"""Commands of `observatory programme`: extracts of the programme's registers.

Belongs here: arguments, words and exit codes. Does not belong here: reading an extract (formats/register.py), the store
(survey_store.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from observatory.build import Workspace
from observatory.errors import DataError
from observatory.tables import tell

app = typer.Typer(no_args_is_help=True, help="Registers of the programme: checking extracts and taking them in.")
RegisterArgument = Annotated[str, typer.Argument(help="register: target, case, session, alliance, …")]
FileArgument = Annotated[Path, typer.Argument(help="the extract: CSV or XLSX")]


@app.command("validate", epilog="Example: observatory programme validate session sessions.xlsx")
def validate(register: RegisterArgument, file: FileArgument) -> None:
    """Say of every cell that does not fit the register's codebook where it stands and what to do; nothing is stored.

    Ends with 4 if anything is wrong. A cell is never repeated: it may name somebody.
    """
    from observatory import survey_store
    from observatory.formats import register as registers

    ws = Workspace()
    source, book = survey_store.register(ws, register)
    rows, problems = registers.read(survey_store.extract(file), book, name=file.name, key=ws.settings.key)
    for problem in problems:
        tell(str(problem), err=True)
    if problems:
        raise DataError(f"{file.name}: {len(problems)} problem(s)", remedy="Mend them and validate again")
    tell(f"{file.name}: {rows.num_rows} rows fit {source}")


@app.command("add", epilog="Example: observatory programme add session sessions.xlsx")
def add(register: RegisterArgument, file: FileArgument) -> None:
    """Take an extract in, in place of the one before; the next refresh computes from it.

    It is kept in the private store, readable by its owner alone; names leave it as pseudonyms.
    """
    from observatory import survey_store

    ws = Workspace()
    rows = survey_store.add_register(ws, register, survey_store.extract(file), file.name)
    tell(f"{file.name}: {rows} rows kept in {ws.settings.restricted}; run `observatory refresh`")
