"""The command `observatory status`.

Belongs here: what is printed of how things stand, and the exit code for a monitor. Does not belong here: the verdict
(status.py).
"""

from __future__ import annotations

import json
import os
from typing import Annotated, Any, Literal

import typer

from observatory.build import Workspace
from observatory.safe_text import json_escapes
from observatory.tables import tell


def status(
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="text or json")] = "text",
) -> None:
    """What is fresh, late, refused and running, and which release stands.

    Ends with 0 if all is fine, with 1 if something is late, refused or failed, with 3 if there is no release. The
    keys of the JSON are the fields of observatory/status.py.
    """
    from observatory.status import TROUBLE, gather

    ws = Workspace()
    found = gather(ws, elsewhere=_dagster_runs())
    if form == "json":
        tell(json_escapes(json.dumps(found.document(), ensure_ascii=False, indent=1)))
        raise typer.Exit(found.exit_code)
    tell(f"{found.verdict}: " + (f"release {found.release} of {found.published_at}" if found.release else "none"))
    if (run := found.last_run) is not None:
        tell(f"last run: {'ended well' if run.ok else 'failed'}, {run.ended_at}, {run.seconds:.0f} s, {run.run}")
    for going in found.running:
        tell(f"running: {going['command']} since {going['started_at'] or 'not yet'}, {going['run']}")
    tell(f"{len(found.tables)} tables: " + ", ".join(f"{n} {state}" for state, n in found.counts().items()))
    for line in found.trouble:
        tell(f"attention: {line}", err=True)
    if any(table.state in TROUBLE for table in found.tables):
        tell("`observatory sources show ID` says what a contract promises.", err=True)
    raise typer.Exit(found.exit_code)


def _dagster_runs() -> list[dict[str, Any]]:
    """Runs that Dagster's storage knows to go on; none where no DAGSTER_HOME is set, and Dagster is not loaded."""
    if not os.environ.get("DAGSTER_HOME"):
        return []
    from assets.run import in_progress

    return in_progress()
