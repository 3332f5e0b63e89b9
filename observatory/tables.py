"""Rows for people and programs: a table on a terminal, CSV, JSON or Parquet in a pipe.

Belongs here: turning an Arrow table into text. Does not belong here: choosing rows.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pyarrow as pa

Format = Literal["table", "csv", "json", "parquet"]


def show(table: pa.Table, form: Format, title: str = "") -> None:
    """Write a table to standard output. Numbers keep all their digits everywhere but in the terminal table."""
    if form == "parquet":
        import pyarrow.parquet as pq

        sink = io.BytesIO()
        pq.write_table(table, sink, compression="zstd")
        sys.stdout.buffer.write(sink.getvalue())
    elif form == "json":
        json.dump(table.to_pylist(), sys.stdout, ensure_ascii=False, indent=1, default=str)
        sys.stdout.write("\n")
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(table.column_names)
        for row in table.to_pylist():
            writer.writerow(["" if v is None else v for v in row.values()])
    else:
        _terminal(table, title)


def _terminal(table: pa.Table, title: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = [c for c in table.column_names if table[c].null_count < table.num_rows or table.num_rows == 0]
    grid = Table(title=title or None, title_justify="left")
    for column in shown:
        grid.add_column(
            column, justify="right" if str(table.schema.field(column).type) in {"double", "int64"} else "left"
        )
    for row in table.select(shown).to_pylist():
        grid.add_row(*(Text(_cell(value)) for value in row.values()))
    console = Console()
    if not console.is_terminal:
        console = Console(width=240)
    console.print(grid)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,.3f}" if isinstance(value, float) else str(value)
