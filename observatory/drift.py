"""What changed between two snapshots of one table, and whether the new one can be believed.

Belongs here: the comparison of two raw tables, pure. Does not belong here: fetching (fetching.py), what a contract
demands (build.check_contract, resolution.py), differences between releases (differences.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from observatory.engines.duckdb import DuckDB, quote

if TYPE_CHECKING:
    import pyarrow as pa

JUMP = 5.0
"""A median change beyond this factor is a change of unit, not of the economy."""
SHOWN = 8


@dataclass(frozen=True)
class Drift:
    """Cells added, revised, unchanged and withdrawn, and what became of codes, labels and magnitude."""

    added: int = 0
    revised: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    codes_gone: dict[str, list[str]] = field(default_factory=dict)
    codes_new: dict[str, list[str]] = field(default_factory=dict)
    labels_moved: list[str] = field(default_factory=list)
    labels_reworded: int = 0
    magnitude: float | None = None

    def objections(self, required: Mapping[str, Sequence[str]], periods: str | None) -> list[str]:
        """Why the new snapshot is not to be believed, in words; empty if it is.

        ``required`` are codes per dimension that the contract needs, ``periods`` the name of the time dimension.
        A code that nobody needs may go; a period that was there may not.
        """
        found = []
        for dimension, codes in self.codes_gone.items():
            needed = codes if dimension == periods else [c for c in codes if c in required.get(dimension, ())]
            if needed:
                found.append(f"{dimension!r} has lost {', '.join(needed[:SHOWN])}{' …' if len(needed) > SHOWN else ''}")
        found += self.labels_moved
        if self.magnitude is not None and not 1 / JUMP <= self.magnitude <= JUMP:
            found.append(f"the figures changed by a factor of {self.magnitude:.3g} at the median: another unit?")
        return found


def compare(old: pa.Table, new: pa.Table, dimensions: Sequence[str], engine: DuckDB) -> Drift:
    """Compare two raw tables that have the same dimensions, cell by cell.

    A cell is revised if its value, flag or kind differs.
    """
    gone, come = {}, {}
    for dimension in dimensions:
        before, now = set(old[dimension].unique().to_pylist()), set(new[dimension].unique().to_pylist())
        if before - now:
            gone[dimension] = sorted(before - now)
        if now - before:
            come[dimension] = sorted(now - before)
    moved, reworded = [], 0
    for dimension in dimensions:
        dimension_moved, dimension_reworded = _labels(old, new, dimension)
        moved += dimension_moved
        reworded += dimension_reworded
    cells = _cells(old, new, dimensions, engine)
    return Drift(
        added=int(cells["added"] or 0),
        revised=int(cells["revised"] or 0),
        unchanged=int(cells["unchanged"] or 0),
        withdrawn=int(cells["withdrawn"] or 0),
        codes_gone=gone,
        codes_new=come,
        labels_moved=moved,
        labels_reworded=reworded,
        magnitude=cells["magnitude"],
    )


def _labels(old: pa.Table, new: pa.Table, dimension: str) -> tuple[list[str], int]:
    """Labels that now stand on another code, in words, and how many were merely reworded.

    Publishers reword labels (titles of periods, spellings); a label that moves to another code changes what every
    figure under it means.
    """
    column = f"{dimension}__label"
    if column not in old.column_names or column not in new.column_names:
        return [], 0
    before, now = _pairs(old, dimension, column), _pairs(new, dimension, column)
    home = {label: code for code, label in before.items()}
    moved = [
        f"{dimension!r}: the label {label!r} has moved from code {home[label]} to {code}"
        for code, label in now.items()
        if label in home and home[label] != code and now.get(home[label]) != label
    ]
    return moved, sum(1 for code, label in now.items() if code in before and before[code] != label)


def _pairs(table: pa.Table, dimension: str, column: str) -> dict[str, str]:
    pairs = table.select([dimension, column]).group_by([dimension, column]).aggregate([])
    return {code: str(label).strip() for code, label in zip(*(c.to_pylist() for c in pairs.columns), strict=True)}


def _cells(old: pa.Table, new: pa.Table, dimensions: Sequence[str], engine: DuckDB) -> dict[str, float | None]:
    measures = ("value", "flag", "kind")
    on = " and ".join(f"o.{quote(d)} = n.{quote(d)}" for d in dimensions)
    differs = " or ".join(f"o.{m} is distinct from n.{m}" for m in measures)
    query = f"""
        select
          count(*) filter (where o._there is null) as added,
          count(*) filter (where n._there is null) as withdrawn,
          count(*) filter (where o._there and n._there and ({differs})) as revised,
          count(*) filter (where o._there and n._there and not ({differs})) as unchanged,
          median(n.value / o.value) filter (where o.value <> 0 and n.value <> 0) as magnitude
        from (select *, true as _there from old) o full join (select *, true as _there from new) n on {on}
    """
    columns = [*dimensions, *measures]
    with engine.connect({}) as connection:
        connection.register("old", old.select(columns))
        connection.register("new", new.select(columns))
        row: dict[str, float | None] = connection.sql(query).to_arrow_table().to_pylist()[0]
    return row
