"""What changed between two releases: schema, rows, added, revised and withdrawn cells.

Belongs here: comparing two release directories and saying it in Markdown. Does not belong here: publishing, why a
table changed (causes.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from observatory import causes
from observatory.causes import Cause
from observatory.engines.duckdb import DuckDB, quote
from observatory.safe_text import markdown

LARGEST = 20
MEASURES = ("value", "status", "lower", "upper", "total", "n", "provenance")
COLUMN_WAS = "{column} was {before}, now {now}"
KEY_WAS = "key was {before}; now {now}"
UNIT_WAS, DEFINITION_WAS = "unit was “{before}”, now “{now}”", "definition was “{before}”, now “{now}”"
DESCRIBED = {"unit": UNIT_WAS, "description": DEFINITION_WAS}
FIRST, FROM_TO, DIFFER = "Release {release}", "From {before} to {now}", "{changed} of {all} tables differ."
NO_EARLIER = "The first release; there is nothing to compare it with."
HEADS = ("table", "rows before", "rows now", "added", "revised", "withdrawn", "cause")
NEW_TABLE, TABLE_GONE, NOT_KNOWN = "new table", "table given up", "not known"
COLUMNS, CAUSES, MOST_REVISED = "{table}: columns", "{table}: causes", "{table}: largest revisions"
COME_GONE = "Added: {come}. Removed: {gone}."
NONE = "none"
WORDS = (
    COLUMN_WAS,
    KEY_WAS,
    UNIT_WAS,
    DEFINITION_WAS,
    FIRST,
    FROM_TO,
    DIFFER,
    NO_EARLIER,
    *HEADS,
    "rows",
    NEW_TABLE,
    TABLE_GONE,
    NOT_KNOWN,
    COLUMNS,
    CAUSES,
    MOST_REVISED,
    COME_GONE,
    NONE,
)
"""What the comparison says, with places to fill in: the message ids of their translations."""
Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """One table in two releases.

    A cell is added if it has a figure where there was none or no row, withdrawn the other way round, revised if both
    have it, or neither, and a measure differs. ``largest`` holds the cells revised most, first the largest.
    """

    table: str
    rows_before: int | None
    rows_now: int | None
    columns_added: list[str] = field(default_factory=list)
    columns_removed: list[str] = field(default_factory=list)
    redescribed: list[str] = field(default_factory=list)
    added: int = 0
    withdrawn: int = 0
    revised: int = 0
    largest: list[dict[str, Any]] = field(default_factory=list)
    why: tuple[Cause, ...] = ()

    @property
    def cells(self) -> int:
        """How many cells changed."""
        return self.added + self.withdrawn + self.revised

    @property
    def is_empty(self) -> bool:
        """Whether the table is the same in both."""
        schema = self.columns_added or self.columns_removed or self.redescribed
        return self.rows_before == self.rows_now and not (schema or self.cells)


def compare(
    engine: DuckDB, before: Path | None, now: Path, manifest: Callable[[Path], dict[str, Any]]
) -> list[Difference]:
    """Differences of every table of two release directories; ``before`` is None for a first release.

    Cells are matched by the table's primary key. A table that changed comes with the causes of it (causes.py).
    """
    old_manifest, new_manifest = manifest(before) if before else {"resources": []}, manifest(now)
    old = {r["name"]: r for r in old_manifest["resources"]}
    new = {r["name"]: r for r in new_manifest["resources"]}
    found = []
    for table in sorted(set(old) | set(new)):
        if table not in new or table not in old:
            rows_before = old.get(table, {}).get("rows")
            rows_now = new.get(table, {}).get("rows")
            found.append(Difference(table, rows_before, rows_now, added=rows_now or 0, withdrawn=rows_before or 0))
        elif before is not None:
            difference = _table(engine, before, now, old[table], new[table])
            if not difference.is_empty:
                why = causes.find(old_manifest, new_manifest, new[table]["relation"])
                difference = replace(difference, why=why)
            found.append(difference)
    return found


def _table(engine: DuckDB, before: Path, now: Path, old: Manifest, new: Manifest) -> Difference:
    table = str(new["name"])
    columns = {name: [f["name"] for f in r["schema"]["fields"]] for name, r in (("old", old), ("new", new))}
    shared = [c for c in columns["new"] if c in columns["old"]]
    key = [c for c in new["schema"]["primaryKey"] if c in shared]
    measures = [c for c in MEASURES if c in shared]
    joined = _joined(table, key, measures)
    views = {f"before.{table}": before / old["path"], f"now.{table}": now / new["path"]}
    counts = engine.to_arrow(
        f"select count(*) filter (where change = 'added') as added, "
        f"count(*) filter (where change = 'withdrawn') as withdrawn, "
        f"count(*) filter (where change = 'revised') as revised from ({joined})",
        views,
        name=f"diff of {table}",
    ).to_pylist()[0]
    largest: list[dict[str, Any]] = []
    if counts["revised"]:
        size = ["abs(now_value - before_value) desc nulls last"] if "value" in measures else []
        largest = engine.to_arrow(
            f"select * exclude (change) from ({joined}) where change = 'revised' "
            f"order by {', '.join([*size, *map(quote, key)])} limit {LARGEST}",
            views,
            name=f"diff of {table}",
        ).to_pylist()
    return Difference(
        table,
        old["rows"],
        new["rows"],
        [c for c in columns["new"] if c not in shared],
        [c for c in columns["old"] if c not in shared],
        list(_redescribed(old, new)),
        largest=largest,
        **counts,
    )


def _joined(table: str, key: Sequence[str], measures: Sequence[str]) -> str:
    """Query for all cells of both releases with ``change``: added, withdrawn, revised or null."""
    on = " and ".join(f"n.{quote(c)} is not distinct from o.{quote(c)}" for c in key)
    differs = " or ".join(f"n.{quote(c)} is distinct from o.{quote(c)}" for c in measures) or "false"
    keys = ", ".join(f"coalesce(n.{quote(c)}, o.{quote(c)}) as {quote(c)}" for c in key)
    pairs = "".join(f", o.{quote(c)} as before_{c}, n.{quote(c)} as now_{c}" for c in measures)
    come, gone = "o._there is null", "n._there is null"
    if "value" in measures:
        come += " or (n._there and o.value is null and n.value is not null)"
        gone += " or (o._there and n.value is null and o.value is not null)"
    change = f"case when {come} then 'added' when {gone} then 'withdrawn' when {differs} then 'revised' end"
    return (
        f"select {keys}{pairs}, {change} as change "
        f"from (select *, true as _there from before.{quote(table)}) o "
        f"full join (select *, true as _there from now.{quote(table)}) n on {on}"
    )


def _redescribed(old: Manifest, new: Manifest) -> Iterator[str]:
    """What the manifest says otherwise of the same table: types, key, unit, definition."""
    types = {f["name"]: f["type"] for f in old["schema"]["fields"]}
    for column in new["schema"]["fields"]:
        if (before := types.get(column["name"], column["type"])) != column["type"]:
            yield COLUMN_WAS.format(column=column["name"], before=before, now=column["type"])
    if old["schema"]["primaryKey"] != new["schema"]["primaryKey"]:
        keys = [", ".join(r["schema"]["primaryKey"]) for r in (old, new)]
        yield KEY_WAS.format(before=keys[0], now=keys[1])
    for entry, words in DESCRIBED.items():
        if old[entry] != new[entry]:
            yield words.format(before=old[entry], now=new[entry])


def render(differences: list[Difference], before: str | None, now: str) -> str:
    """The comparison as Markdown, tables with changes first."""
    if before is None:
        lines = [f"# {FIRST.format(release=now)}", "", NO_EARLIER, ""]
        lines += ["| table | rows |", "|---|---:|"]
        return "\n".join([*lines, *(f"| {d.table} | {d.rows_now} |" for d in differences), ""])
    changed = sorted((d for d in differences if not d.is_empty), key=lambda d: (-d.cells, d.table))
    same = [d for d in differences if d.is_empty]
    said = DIFFER.format(changed=len(changed), all=len(differences))
    lines = [f"# {FROM_TO.format(before=before, now=now)}", "", said, "", f"| {' | '.join(HEADS)} |"]
    lines += ["|---|---:|---:|---:|---:|---:|---|"]
    for d in (*changed, *same):
        counts = (d.rows_before, d.rows_now, d.added, d.revised, d.withdrawn)
        cells = " | ".join("–" if n is None else str(n) for n in counts)
        lines.append(f"| {d.table} | {cells} | {_kinds(d)} |")
    for d in changed:
        lines += _details(d)
    return "\n".join([*lines, ""])


def _kinds(d: Difference) -> str:
    if d.is_empty:
        return ""
    if d.rows_before is None or d.rows_now is None:
        return NEW_TABLE if d.rows_before is None else TABLE_GONE
    return ", ".join(dict.fromkeys(cause.kind for cause in d.why)) or NOT_KNOWN


def _details(d: Difference) -> list[str]:
    """What is to be said of one table: its schema, why it changed, the cells revised most."""
    lines: list[str] = []
    if d.columns_added or d.columns_removed or d.redescribed:
        gone, come = ", ".join(d.columns_removed) or NONE, ", ".join(d.columns_added) or NONE
        lines += ["", f"## {COLUMNS.format(table=d.table)}", "", COME_GONE.format(come=come, gone=gone)]
        lines += [f"- {text}" for text in d.redescribed]
    if d.why:
        lines += ["", f"## {CAUSES.format(table=d.table)}", "", *(f"- {cause.kind}: {cause.what}" for cause in d.why)]
    if d.largest:
        columns = [c for c in d.largest[0] if _is_told(c, d.largest)]
        lines += ["", f"## {MOST_REVISED.format(table=d.table)}", "", "| " + " | ".join(columns) + " |"]
        lines.append("|" + "---|" * len(columns))
        lines += ["| " + " | ".join(_cell(row[c]) for c in columns) + " |" for row in d.largest]
    return lines


def _is_told(column: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a column says something: the value always, another measure where it moved, a key where it is set."""
    side, _, measure = column.partition("_")
    if side in {"before", "now"} and measure in MEASURES:
        return measure == "value" or any(row[f"before_{measure}"] != row[f"now_{measure}"] for row in rows)
    return any(row[column] is not None for row in rows)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.6g}" if isinstance(value, float) else markdown(str(value))
