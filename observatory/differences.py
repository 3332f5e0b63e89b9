"""What changed between two releases: schema, rows, added, revised and withdrawn cells.

Belongs here: comparing two release directories and saying it in Markdown. Does not belong here: publishing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from observatory.engines.duckdb import DuckDB, quote

LARGEST = 20
MEASURES = ("value", "status", "lower", "upper")


@dataclass(frozen=True)
class Difference:
    """One table in two releases. ``largest`` holds the cells that moved most, first the largest."""

    table: str
    rows_before: int | None
    rows_now: int | None
    columns_added: list[str] = field(default_factory=list)
    columns_removed: list[str] = field(default_factory=list)
    added: int = 0
    withdrawn: int = 0
    revised: int = 0
    largest: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether the table is the same in both."""
        return (
            self.rows_before == self.rows_now
            and not (self.columns_added or self.columns_removed)
            and not (self.added or self.withdrawn or self.revised)
        )


def compare(
    engine: DuckDB, before: Path | None, now: Path, manifest: Callable[[Path], dict[str, Any]]
) -> list[Difference]:
    """Differences of every table of two release directories; ``before`` is None for a first release.

    Cells are matched by the table's primary key; a cell is revised if its value, interval or status differs.
    """
    old = {r["name"]: r for r in manifest(before)["resources"]} if before else {}
    new = {r["name"]: r for r in manifest(now)["resources"]}
    found = []
    for table in sorted(set(old) | set(new)):
        if table not in new or table not in old:
            rows_before = old.get(table, {}).get("rows")
            rows_now = new.get(table, {}).get("rows")
            found.append(Difference(table, rows_before, rows_now, added=rows_now or 0, withdrawn=rows_before or 0))
        elif before is not None:
            found.append(_table(engine, before, now, old[table], new[table]))
    return found


def _table(engine: DuckDB, before: Path, now: Path, old: dict[str, Any], new: dict[str, Any]) -> Difference:
    table = str(new["name"])
    columns = {name: [f["name"] for f in r["schema"]["fields"]] for name, r in (("old", old), ("new", new))}
    key = [c for c in new["schema"]["primaryKey"] if c in columns["old"]]
    measures = [c for c in MEASURES if c in columns["old"] and c in columns["new"]]
    on = " and ".join(f"n.{quote(c)} is not distinct from o.{quote(c)}" for c in key)
    differs = " or ".join(f"n.{quote(c)} is distinct from o.{quote(c)}" for c in measures) or "false"
    keys = ", ".join(f"coalesce(n.{quote(c)}, o.{quote(c)}) as {quote(c)}" for c in key)
    pairs = ", ".join(f"o.{quote(c)} as before_{c}, n.{quote(c)} as now_{c}" for c in measures)
    joined = (
        f"select {keys}, {pairs}, o._there is null as is_added, n._there is null as is_withdrawn, "
        f"o._there and n._there and ({differs}) as is_revised "
        f"from (select *, true as _there from before.{quote(table)}) o "
        f"full join (select *, true as _there from now.{quote(table)}) n on {on}"
    )
    order = ", ".join(quote(c) for c in key)
    views = {f"before.{table}": before / old["path"], f"now.{table}": now / new["path"]}
    counts = engine.to_arrow(
        f"select count(*) filter (where is_added) as added, count(*) filter (where is_withdrawn) as withdrawn, "
        f"count(*) filter (where is_revised) as revised from ({joined})",
        views,
        name=f"diff of {table}",
    ).to_pylist()[0]
    largest = engine.to_arrow(
        f"select * exclude (is_added, is_withdrawn, is_revised) from ({joined}) where is_revised "
        f"order by abs(now_value - before_value) desc nulls first, {order} limit {LARGEST}"
        if "value" in measures
        else f"select * from ({joined}) where is_revised order by {order} limit {LARGEST}",
        views,
        name=f"diff of {table}",
    ).to_pylist()
    return Difference(
        table,
        old["rows"],
        new["rows"],
        [c for c in columns["new"] if c not in columns["old"]],
        [c for c in columns["old"] if c not in columns["new"]],
        counts["added"],
        counts["withdrawn"],
        counts["revised"],
        largest,
    )


def render(differences: list[Difference], before: str | None, now: str) -> str:
    """The comparison as Markdown, tables with changes first."""
    if before is None:
        lines = [f"# Release {now}", "", "The first release; there is nothing to compare it with.", ""]
        lines += ["| table | rows |", "|---|---:|"]
        return "\n".join([*lines, *(f"| {d.table} | {d.rows_now} |" for d in differences), ""])
    changed = [d for d in differences if not d.is_empty]
    lines = [f"# From {before} to {now}", "", f"{len(changed)} of {len(differences)} tables differ.", ""]
    lines += ["| table | rows before | rows now | added | revised | withdrawn |", "|---|---:|---:|---:|---:|---:|"]
    for d in sorted(differences, key=lambda d: (d.is_empty, d.table)):
        before_rows, now_rows = ("–" if n is None else n for n in (d.rows_before, d.rows_now))
        lines.append(f"| {d.table} | {before_rows} | {now_rows} | {d.added} | {d.revised} | {d.withdrawn} |")
    for d in changed:
        if d.columns_added or d.columns_removed:
            gone, come = ", ".join(d.columns_removed) or "none", ", ".join(d.columns_added) or "none"
            lines += ["", f"## {d.table}: columns", "", f"Added: {come}. Removed: {gone}."]
        if d.largest:
            columns = list(d.largest[0])
            lines += ["", f"## {d.table}: largest revisions", "", "| " + " | ".join(columns) + " |"]
            lines.append("|" + "---|" * len(columns))
            lines += ["| " + " | ".join(_cell(row[c]) for c in columns) + " |" for row in d.largest]
    return "\n".join([*lines, ""])


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.6g}" if isinstance(value, float) else str(value).replace("|", "\\|")
