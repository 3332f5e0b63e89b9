"""Rows for people and programs: a table on a terminal, CSV, JSON or Parquet in a pipe.

Belongs here: turning an Arrow table into text, and a line into one that is safe on a terminal. Does not belong here:
choosing rows.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import TYPE_CHECKING, Literal

from observatory.safe_text import cell, json_escapes, visible

if TYPE_CHECKING:
    import pyarrow as pa

Format = Literal["table", "csv", "json", "parquet"]


def tell(text: str, *, err: bool = False) -> None:
    """Print a line; what acts on a terminal is written out."""
    print(visible(text), file=sys.stderr if err else sys.stdout, flush=True)


def show(table: pa.Table, form: Format, title: str = "") -> None:
    """Write a table to standard output. Numbers keep all their digits everywhere but in the terminal table,
    which shows three decimals, and none in a column of whole numbers.

    Characters that act instead of being read (control, direction of writing) are written out on a terminal and in CSV,
    and escaped in JSON. In CSV, text that a spreadsheet would take for a formula gets an apostrophe (safe_text.cell);
    numbers never do. Parquet and JSON hold the text as published.
    """
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
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = [c for c in table.column_names if table[c].null_count < table.num_rows or table.num_rows == 0]
    grid = Table(title=Text(visible(title)) if title else None, title_justify="left")
    for column in shown:
        grid.add_column(
            Text(visible(column)),
            justify="right" if str(table.schema.field(column).type) in {"double", "int64"} else "left",
        )
    columns = [table[column].to_pylist() for column in shown]
    whole = [all(not isinstance(value, float) or value.is_integer() for value in values) for values in columns]
    for row in zip(*columns, strict=True):
        grid.add_row(*(Text(_cell(value, 0 if is_whole else 3)) for value, is_whole in zip(row, whole, strict=True)))
    console = Console()
    if not console.is_terminal:
        console = Console(width=240)
    console.print(grid)


def _cell(value: object, decimals: int) -> str:
    if value is None:
        return ""
    return f"{value:,.{decimals}f}" if isinstance(value, float) else visible(str(value))
