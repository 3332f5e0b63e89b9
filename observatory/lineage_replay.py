"""Which rows of its inputs a row of a model was made from, proved by making it again from those rows alone.

Belongs here: following rows through one SELECT, running it on part of its inputs, taking away what does not matter.
Does not belong here: the rewriting of SQL (lineage_sql.py) and the walk from model to model (lineage.py).

The rewritten SELECT names candidates; the model, its estimator included, is run on the candidates alone and must give
the published rows, else every row of the inputs is a candidate. Where a SELECT aggregates, its candidates are cut down:
a row stays if the figure changes without it, or if the figure changes with its numbers (a nought in a sum stays so).
Of an estimator's series nothing is cut. Rows of the catalogue are definitions, not observations: all are always there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from observatory import models as model_files
from observatory.engines.duckdb import literal, quote, refusals, relation
from observatory.errors import DataError
from observatory.lineage_sql import TRACE, Untraceable, trace

if TYPE_CHECKING:
    import pyarrow as pa

    from observatory.build import Workspace
    from observatory.models import Model

Row = dict[str, Any]
Id = tuple[str, int]  # a relation and the number of a row in its Parquet file, from 0

STRIDE = 1 << 40  # row numbers of one relation, where those of several stand in one list
LIMIT = 400  # rows up to which any are tried; of more it is told that they are enough, not that each matters
SINGLY = 40  # rows up to which each is tried by itself, more by the values of a column
CHOICES = 12  # values of a column that are tried one by one
BUMP = "* 1.25 + 1"  # moves every number, nought included
YEAR = re.compile(r"^\d{4}$")
PARTS = re.compile(r"[:;/+, ]+")
NOT_KEYS = frozenset({"status", "provenance", "sources", "source", "kind", "flag"})


@dataclass(frozen=True)
class Made:
    """For each asked row of a model the rows of its inputs; ``is_least`` if each of them is known to matter."""

    rows: list[list[Id]]
    is_least: bool


class Replay:
    """One model, run again on some rows of its inputs. Close it (``with``) to let go of memory."""

    def __init__(self, ws: Workspace, model: Model, targets: Sequence[Row]) -> None:
        self.ws = ws
        self.model = model
        self.targets = list(targets)
        self.tracked = tuple(name for name in model.inputs if not name.startswith("catalogue."))
        self.place = str(model.path)
        self._where: str | None = None
        self.connection = ws.engine.open()
        self.connection.execute("create schema base; create table kept (id bigint); create table changed (id bigint)")
        for name in model.inputs:
            self.connection.execute(f"create schema if not exists {quote(name.split('.', 1)[0])}")
        for name, path in ws.views(model.inputs).items():
            if name not in self.tracked:
                self.connection.execute(
                    f"create view {relation(name)} as select * from read_parquet({literal(str(path))})"
                )

    def __enter__(self) -> Replay:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def made_from(self) -> Made:
        """The rows of the inputs behind each target; what was loaded last stays loaded.

        Raises DataError if the model does not give the targets from the present inputs.
        """
        named, is_plain, is_whole = self._named()
        candidates = set().union(*named)
        self._load(candidates)
        if not named or not self.same(candidates):
            # where rows that are not behind a figure set it apart from another, they are there and not told
            candidates, is_plain = self._load(None), False
            if not named or not is_whole:
                named = [candidates] * len(self.targets)
            if not self.same(candidates):
                raise DataError(
                    f"{self.place}: run again, the model does not give the figures of its table",
                    remedy="Run `observatory refresh`: the build is not what the model makes now",
                )
        kept, is_least = (candidates, True) if is_plain else self._matter(candidates)
        self.keep(kept)
        return Made([self._decode(kept & rows) for rows in named], is_least)

    def _decode(self, rows: Iterable[int]) -> list[Id]:
        return [(self.tracked[row // STRIDE], row % STRIDE) for row in sorted(rows)]

    # what the rewritten SELECT names ---------------------------------------------------------------------------------

    def _named(self) -> tuple[list[set[int]], bool, bool]:
        """Rows that the rewritten SELECT names for each target (nothing if it cannot tell), whether it is plain, and
        whether it can name all."""
        try:
            traced = trace(self.model.sql, self.tracked)
        except Untraceable:
            return [], False, False
        with refusals(self.place):
            for position, name in enumerate(self.tracked):
                self.connection.execute(
                    f"create view {relation(name)} as select * exclude (file_row_number), "
                    f"[{position * STRIDE}::bigint + file_row_number] as {TRACE} from {self._numbered(name)}"
                )
            table = self._select(traced.sql)
            for name in self.tracked:
                self.connection.execute(f"drop view {relation(name)}")
        rows = table[TRACE].to_pylist()
        find = self._by_key if self.model.header.estimator is None else self._by_series
        return find(table.drop_columns([TRACE]), rows), traced.is_plain, traced.is_whole

    def _by_key(self, table: pa.Table, rows: list[list[int]]) -> list[set[int]]:
        found: dict[tuple[Any, ...], set[int]] = {}
        fixed = {"indicator": self.model.name}
        for row, ids in zip(table.to_pylist(), rows, strict=True):
            found.setdefault(self._key(fixed | row), set()).update(ids)
        asked = [found.get(self._key(target)) for target in self.targets]
        return [] if None in asked else [ids for ids in asked if ids is not None]

    def _by_series(self, table: pa.Table, rows: list[list[int]]) -> list[set[int]]:
        """The rows of the SELECT that an estimator took for each target: its whole series."""
        import pyarrow as pa

        columns = {
            name: dict(enumerate(table[name].to_pylist()))
            for name in table.column_names
            if name not in NOT_KEYS and not pa.types.is_floating(table[name].type)
        }
        found = []
        for target in self.targets:

            def gives(kept: set[int], target: Row = target) -> bool:
                return self._gives(table.take(pa.array(sorted(kept), pa.int64())), [target])

            everything = set(range(table.num_rows))
            kept = narrow(everything, columns, words([target], self.model.key), gives, one_by_one=not_periods(columns))
            if kept == everything and not gives(everything):
                return []
            found.append({row for position in kept for row in rows[position]})
        return found

    # running the model -----------------------------------------------------------------------------------------------

    def _numbered(self, name: str) -> str:
        return f"read_parquet({literal(str(self.ws.path(name)))}, file_row_number = true)"

    def _load(self, rows: set[int] | None) -> set[int]:
        """Load rows of the inputs (None: all) for the model to run on; returns them."""
        self.keep(rows or ())
        loaded: set[int] = set()
        for position, name in enumerate(self.tracked):
            number = f"{position * STRIDE}::bigint + file_row_number"
            chosen = "" if rows is None else f"where {number} in (select id from kept)"
            here = f"base.{quote(name)}"
            self.connection.execute(
                f"create or replace table {here} as select * exclude (file_row_number), {number} as {TRACE} "
                f"from {self._numbered(name)} {chosen} order by {TRACE}"
            )
            table = self.connection.table(f"base.{quote(name)}")
            numbers = [c for c, kind in zip(table.columns, table.types, strict=True) if str(kind) == "DOUBLE"]
            moved = ", ".join(
                f"case when {TRACE} in (select id from changed) then {c} {BUMP} else {c} end as {c}"
                for c in map(quote, numbers)
            )
            self.connection.execute(
                f"create or replace view {relation(name)} as select * exclude ({TRACE}) "
                f"{f'replace ({moved})' if moved else ''} from {here} where {TRACE} in (select id from kept)"
            )
            loaded.update(row[0] for row in self.connection.execute(f"select {TRACE} from {here}").fetchall())
        self.keep(loaded)
        return loaded

    def keep(self, rows: Iterable[int], changed: Iterable[int] = ()) -> None:
        """Let the model see only these of the loaded rows, the numbers of some of them changed."""
        import pyarrow as pa

        for name, ids in (("kept", rows), ("changed", changed)):
            self.connection.register("ids", pa.table({"id": pa.array(sorted(ids), pa.int64())}))
            self.connection.execute(f"delete from {name}; insert into {name} select id from ids")
        self.connection.unregister("ids")

    def same(self, rows: Iterable[int], changed: Iterable[int] = ()) -> bool:
        """Whether the model gives the targets from these of the loaded rows."""
        import duckdb

        self.keep(rows, changed)
        try:
            return self._gives(self._select(self.model.sql), self.targets)
        except duckdb.Error:
            return False

    def rows(self, sql: str) -> list[Row]:
        """Rows of any SELECT over the rows kept last."""
        with refusals(self.place):
            found: list[Row] = self.connection.sql(sql).to_arrow_table().to_pylist()
        return found

    def _select(self, sql: str) -> pa.Table:
        """Rows of a SELECT; without an estimator only those whose key may be a target's."""
        if self._where is None:
            columns = self.connection.sql(sql).columns
            conditions = []
            for column in self.model.key if self.model.header.estimator is None else ():
                values = {target[column] for target in self.targets}
                if column in columns and None not in values:
                    conditions.append(f"{quote(column)} in ({', '.join(literal(str(v)) for v in sorted(values))})")
            self._where = " and ".join(conditions) or "true"
        return self.connection.sql(f"select * from ({sql}\n) rows_of_model where {self._where}").to_arrow_table()

    def _gives(self, table: pa.Table, targets: Sequence[Row]) -> bool:
        """Whether rows of the SELECT lead to the targets; an estimator that refuses them does not."""
        try:
            if self.model.header.estimator:
                from observatory import estimators

                table = estimators.resolve(self.model.header.estimator)(table)
            table = model_files.finish(table, self.model) if self.model.schema == "indicators" else table
        except DataError:
            return False
        found = {self._key(row): row for row in table.to_pylist()}
        return all(alike(found.get(self._key(target)), target) for target in targets)

    def _key(self, row: Row) -> tuple[Any, ...]:
        return tuple(row.get(column) for column in self.model.key)

    # what matters ----------------------------------------------------------------------------------------------------

    def _matter(self, candidates: set[int]) -> tuple[set[int], bool]:
        """Of rows that are enough those that matter; and whether each was tried by itself."""
        kept, columns = candidates, dict[str, dict[int, Any]]()
        # of a missing figure every part is told, not the one that would do for it to be missing
        is_missing = any(target.get("value") is None for target in self.targets)
        if len(candidates) > CHOICES:
            columns = self._columns()
            one_by_one = set[str]() if is_missing else None
            kept = narrow(candidates, columns, words(self.targets, self.model.key), self.same, one_by_one=one_by_one)
        if is_missing or len(kept) > LIMIT:
            return kept, False
        self._load(kept)  # of fewer rows every trial takes less time
        parts = [{row} for row in sorted(kept)] if len(kept) <= SINGLY else groups(kept, columns)
        needed = set(kept)
        for part in parts:
            if self.same(needed - part):
                needed -= part
        self._load(candidates)
        return needed | self._sensitive(candidates, candidates - needed), len(kept) <= SINGLY

    def _columns(self) -> dict[str, dict[int, Any]]:
        """Texts of the loaded rows, by relation and column."""
        found = {}
        for name in self.tracked:
            table = self.connection.table(f"base.{quote(name)}").to_arrow_table()
            ids = table[TRACE].to_pylist()
            for column in table.column_names:
                if str(getattr(table[column].type, "value_type", table[column].type)) in {"string", "large_string"}:
                    found[f"{name}.{column}"] = dict(zip(ids, table[column].to_pylist(), strict=True))
        return found

    def _sensitive(self, rows: set[int], spare: set[int]) -> set[int]:
        """Of rows that can be left out those whose numbers count all the same."""
        if not spare or self.same(rows, spare):
            return set()
        if len(spare) == 1:
            return spare
        first, second = _parts(sorted(spare), -(-len(spare) // 2))
        return self._sensitive(rows, set(first)) | self._sensitive(rows, set(second))


def _parts(items: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (items[start : start + size] for start in range(0, len(items), max(size, 1)))


def groups(items: set[int], columns: Mapping[str, Mapping[int, Any]]) -> list[set[int]]:
    """Items by the value of the column that has most values, but not more than can be tried; nothing if none has."""
    found: list[set[int]] = []
    for values in columns.values():
        parts: dict[Any, set[int]] = {}
        for item in items & set(values):
            parts.setdefault(values[item], set()).add(item)
        if len(found) < len(parts) <= 2 * SINGLY:
            found = [parts[value] for value in sorted(parts, key=str)]
    return found


def not_periods(columns: Iterable[str]) -> set[str]:
    """Columns that are no series of periods: of a series no period is taken out for making no difference."""
    return {column for column in columns if column != "period"}


def words(rows: Sequence[Row], key: Iterable[str]) -> set[str]:
    """Texts in the keys of rows, whole and in parts: ``NACE2:J+K`` also says J and K."""
    texts = {str(row[column]) for row in rows for column in key if row.get(column) is not None}
    return texts | {part for text in texts for part in PARTS.split(text) if part}


def narrow(
    items: set[int],
    columns: Mapping[str, Mapping[int, Any]],
    wanted: set[str],
    gives: Callable[[set[int]], bool],
    one_by_one: set[str] | None = None,
) -> set[int]:
    """Take away items by their values in one column after the other, as long as ``gives`` holds for the rest.

    First all whose value is not a wanted word (or not a year between wanted years); else, for columns with few values
    (those of ``one_by_one``, default all), value by value.
    """
    kept = items
    for name, values in columns.items():
        present = {values[item] for item in kept if item in values}
        for choice in _choices(present, wanted):
            rest = {item for item in kept if item not in values or values[item] in choice}
            if gives(rest):
                kept = rest
                break
        else:
            if not 1 < len(present) <= CHOICES or (one_by_one is not None and name not in one_by_one):
                continue
            for value in sorted(present, key=str):
                rest = {item for item in kept if item not in values or values[item] != value}
                if rest and gives(rest):
                    kept = rest
    return kept


def _choices(present: set[Any], wanted: set[str]) -> Iterator[set[Any]]:
    chosen = {value for value in present if value in wanted}
    if chosen and chosen != present:
        yield chosen
    years = sorted(word for word in wanted if YEAR.match(word))
    if len(years) > 1 and all(YEAR.match(str(value)) for value in present):
        between = {value for value in present if years[0] <= str(value) <= years[-1]}
        if between and between not in (present, chosen):
            yield between


def alike(found: Row | None, target: Row) -> bool:
    """Whether a row made again is the target; numbers may differ in the last digits that a sum's order decides."""
    return found is not None and all(
        math.isclose(found[c], v, rel_tol=1e-12, abs_tol=1e-15)
        if isinstance(v, float) and isinstance(found[c], float)
        else found[c] == v
        for c, v in target.items()
    )
