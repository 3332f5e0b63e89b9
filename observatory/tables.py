"""Rows for people and programs: a table on a terminal, CSV in a pipe, JSON or Parquet where asked for.

Belongs here: turning an Arrow table into text, and a line into one that is safe on a terminal. Does not belong here:
choosing rows.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import TYPE_CHECKING, Literal

from observatory.errors import UsageError
from observatory.safe_text import cell, json_escapes, visible

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.table import Table
    from rich.text import Text

Format = Literal["table", "csv", "json", "parquet"]


def tell(text: str, *, err: bool = False) -> None:
    """Print a line; what acts on a terminal is written out."""
    print(visible(text), file=sys.stderr if err else sys.stdout, flush=True)


def usual() -> Format:
    """The form of figures for which none is asked: a table on a terminal, CSV in a pipe."""
    return "table" if sys.stdout.isatty() else "csv"


def show(table: pa.Table, form: Format | None, title: str = "") -> None:
    """Write a table to standard output; without a form as a table on a terminal and as CSV in a pipe.

    Numbers keep all their digits everywhere but in the terminal table, which shows three decimals, and none in a column
    of whole numbers.

    Characters that act instead of being read (control, direction of writing) are written out on a terminal and in CSV,
    and escaped in JSON. In CSV, text that a spreadsheet would take for a formula gets an apostrophe (safe_text.cell);
    numbers never do. Parquet and JSON hold the text as published. Raises UsageError for Parquet on a terminal.
    """
    form = form or usual()
    if form == "parquet" and sys.stdout.isatty():
        raise UsageError(
            "Parquet is for programs and this is a terminal", remedy="Send it to a file: … > figures.parquet"
        )
    if form == "parquet":
        import pyarrow.parquet as pq

        sink = io.BytesIO()
        pq.write_table(table, sink, compression="zstd")
        sys.stdout.buffer.write(sink.getvalue())
    elif form == "json":
        sys.stdout.write(json_escapes(json.dumps(table.to_pylist(), ensure_ascii=False, indent=1, default=str)) + "\n")
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow([cell(name) for name in table.column_names])
        for row in table.to_pylist():
            writer.writerow([cell(value) for value in row.values()])
    else:
        _terminal(table, title)


def _terminal(table: pa.Table, title: str) -> None:
    """The table, as wide as a pipe needs it; on a terminal that is too narrow, what all rows share stands below it."""
    from rich.console import Console

    shown = [c for c in table.column_names if table[c].null_count < table.num_rows or table.num_rows == 0]
    console = Console()
    if not console.is_terminal:
        console = Console(width=240)
    grid = _grid(table, shown, title)
    shared = [c for c in shown if c != "value" and len(table[c].unique()) == 1]
    if Console(width=10_000, height=25).measure(grid).maximum <= console.width or len(shared) == len(shown):
        console.print(grid)
        return
    if title:
        console.print(_text(title))
    console.print(_grid(table, [c for c in shown if c not in shared], ""))
    console.print(_text(" · ".join(f"{column}: {_cell(table[column][0].as_py(), 3)}" for column in shared)))


def _grid(table: pa.Table, shown: list[str], title: str) -> Table:
    from rich.table import Table

    grid = Table(title=_text(title) if title else None, title_justify="left")
    for at, column in enumerate(shown):
        right = str(table.schema.field(column).type) in {"double", "int64"}
        grid.add_column(_text(column), justify="right" if right else "left", overflow="fold", no_wrap=at == 0)
    columns = [table[column].to_pylist() for column in shown]
    whole = [all(not isinstance(value, float) or value.is_integer() for value in values) for values in columns]
    for row in zip(*columns, strict=True):
        grid.add_row(*(_text(_cell(value, 0 if is_whole else 3)) for value, is_whole in zip(row, whole, strict=True)))
    return grid


def _text(text: str) -> Text:
    from rich.text import Text

    return Text(visible(text))


def _cell(value: object, decimals: int) -> str:
    if value is None:
        return ""
    return f"{value:,.{decimals}f}" if isinstance(value, float) else visible(str(value))
