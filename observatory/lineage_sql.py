"""What a model's SELECT says about where rows, columns and numbers come from, read with sqlglot.

Belongs here: rewriting a SELECT so that every row it returns carries the rows it was made from, the columns behind a
column, and the steps of the expression behind a figure. Does not belong here: running any of it (lineage_replay.py)
or what is told of it (lineage.py).

The rewriting is the usual one for why-provenance: a relation brings a list with its row's number, a join joins the
lists, an aggregate gathers those of its group, a window those of its partition. Rows that a sub-select in an expression
reads are not carried; whoever uses the lists must check that they are enough.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

if TYPE_CHECKING:
    from sqlglot.lineage import Node

TRACE = "__rows"
DIALECT = "duckdb"
NO_ROWS = "cast([] as bigint[])"


class Untraceable(Exception):
    """A statement whose rows cannot be followed by rewriting; the caller falls back on trying."""


@dataclass(frozen=True)
class Traced:
    """A SELECT with a last column ``__rows`` (bigint[]); ``is_plain`` if every row is made of exactly those rows,
    without aggregates, windows or duplicates taken out; ``is_whole`` if no sub-select in an expression reads more."""

    sql: str
    is_plain: bool
    is_whole: bool


@functools.cache
def trace(sql: str, tracked: tuple[str, ...]) -> Traced:
    """Rewrite a SELECT so that its rows carry those of the ``tracked`` relations (``schema.table``).

    Each of these must have a column ``__rows`` with a list of row numbers. Raises Untraceable.
    """
    query = _parsed(sql)
    query.set("order", None)
    tracer = _Tracer(frozenset(tracked))
    tracer.query(query, {})
    return Traced(query.sql(dialect=DIALECT), tracer.is_plain, tracer.is_whole)


def _parsed(sql: str) -> exp.Query:
    query = parse_one(sql, dialect=DIALECT)
    if not isinstance(query, exp.Query):
        raise Untraceable(type(query).__name__)
    return query


class _Tracer:
    def __init__(self, tracked: frozenset[str]) -> None:
        self.tracked = tracked
        self.is_plain = True
        self.is_whole = True
        self.carrying: set[str] = set()

    def query(self, query: exp.Expr, known: Mapping[str, bool]) -> bool:
        """Add the column of rows to a query in place; whether it now has one (a list of VALUES has none)."""
        known = {**known, **self._ctes(query, known)}
        if isinstance(query, exp.Subquery):
            return self.query(query.this, known)
        if isinstance(query, exp.Union):
            sides = [self.query(side, known) for side in (query.left, query.right)]
            if not all(sides) or (query.args.get("distinct") and self._reads(query)):
                raise Untraceable("a union that takes out duplicates")
            return True
        if not isinstance(query, exp.Select):
            raise Untraceable(type(query).__name__)
        self._select(query, known)
        return True

    def _ctes(self, query: exp.Expr, known: Mapping[str, bool]) -> dict[str, bool]:
        found: dict[str, bool] = {}
        with_ = query.args.get("with_")
        if with_ is None:
            return found
        if with_.args.get("recursive"):
            raise Untraceable("a recursive table")
        for cte in with_.expressions:
            names = cte.args["alias"].args.get("columns") or []
            if names and not self._reads(cte.this):
                found[cte.alias] = False
                continue
            if self._reads(cte.this):
                self.carrying.add(cte.alias)
            found[cte.alias] = self.query(cte.this, {**known, **found})
            if names:
                cte.args["alias"].append("columns", exp.to_identifier(TRACE))
        return found

    def _reads(self, tree: exp.Expr) -> bool:
        return any(
            f"{table.db}.{table.name}" in self.tracked if table.db else table.name in self.carrying
            for table in tree.find_all(exp.Table)
        )

    def _select(self, select: exp.Select, known: Mapping[str, bool]) -> None:
        if any(self._reads(query) for query in _expression_queries(select)):
            self.is_whole = False
        carriers = [alias for alias, carries in self._sources(select, known) if carries]
        select.set("expressions", [_without_rows(e, carriers) for e in select.expressions])
        lists = [f'coalesce("{alias}".{TRACE}, {NO_ROWS})' for alias in carriers]
        rows = functools.reduce(lambda a, b: f"list_concat({a}, {b})", lists) if lists else NO_ROWS
        windows = [w for w in select.find_all(exp.Window) if w.parent_select is select]
        grouped = select.args.get("group") is not None or any(_aggregates(select))
        if lists and (grouped or windows or select.args.get("distinct")):
            self.is_plain = False
        if select.args.get("distinct") and lists:
            if grouped:
                raise Untraceable("duplicates taken out of groups")
            select.set("distinct", None)
            select.set("group", exp.Group(all=True))
            grouped = True
        if grouped:
            rows = f"list_distinct(flatten(list({rows})))"
        elif windows and lists:
            # a window that names another has its partition, and that one is among them
            parts = [_partition(window) for window in windows if window.args.get("alias") is None]
            gathered = [f"flatten(list({rows}) over ({part}))" for part in dict.fromkeys(parts)]
            rows = f"list_distinct({functools.reduce(lambda a, b: f'list_concat({a}, {b})', gathered)})"
        select.select(parse_one(f"{rows} as {TRACE}", dialect=DIALECT), copy=False)

    def _sources(self, select: exp.Select, known: Mapping[str, bool]) -> Iterator[tuple[str, bool]]:
        from_ = select.args.get("from_")
        for source in [from_.this] if from_ else []:
            yield source.alias_or_name, self._source(source, known)
        for join in select.args.get("joins") or []:
            yield join.this.alias_or_name, self._source(join.this, known)

    def _source(self, source: exp.Expr, known: Mapping[str, bool]) -> bool:
        if isinstance(source, exp.Table):
            if source.args.get("joins"):
                raise Untraceable("joins in brackets")
            return f"{source.db}.{source.name}" in self.tracked if source.db else known.get(source.name, False)
        if isinstance(source, exp.Subquery):
            return self.query(source.this, known)
        return False


def _without_rows(projection: exp.Expr, carriers: Collection[str]) -> exp.Expr:
    """A star that leaves out the lists of rows of the relations it spans."""
    star = projection.this if isinstance(projection, exp.Column) else projection
    if not isinstance(star, exp.Star):
        return projection
    table = projection.args.get("table") if isinstance(projection, exp.Column) else None
    if carriers if table is None else table.name in carriers:
        star.set("except_", [*(star.args.get("except_") or []), exp.column(TRACE)])
    return projection


def _aggregates(select: exp.Select) -> Iterator[exp.Expr]:
    """Aggregates of this SELECT itself, the outermost ones, not those that stand over a window."""
    for node in select.find_all(exp.AggFunc):
        if node.parent_select is select and not _inside(node, (exp.Window, exp.AggFunc), select):
            yield node


def _expression_queries(select: exp.Select) -> Iterator[exp.Expr]:
    """Sub-selects in the expressions of a SELECT: neither its tables nor what it is made with."""
    for part in (*select.expressions, *(select.args.get(a) for a in ("where", "having", "qualify", "group"))):
        if part is not None:
            yield from part.find_all(exp.Query)
    for join in select.args.get("joins") or []:
        if join.args.get("on") is not None:
            yield from join.args["on"].find_all(exp.Query)


def _inside(node: exp.Expr, kinds: tuple[type[exp.Expr], ...], top: exp.Expr) -> bool:
    parent = node.parent
    while parent is not None and parent is not top:
        if isinstance(parent, kinds):
            return True
        parent = parent.parent
    return False


def _partition(window: exp.Window) -> str:
    by = ", ".join(e.sql(dialect=DIALECT) for e in window.args.get("partition_by") or [])
    return f"partition by {by}" if by else ""


def named_columns(sql: str) -> list[str]:
    """Names of the columns of a SELECT, as it says them."""
    query = parse_one(sql, dialect=DIALECT)
    return list(query.named_selects) if isinstance(query, exp.Query) else []


def column_lineage(sql: str, columns: Mapping[str, Collection[str]]) -> dict[str, set[tuple[str, str]]]:
    """For every column that a SELECT returns the columns (relation, column) that its value is computed from.

    ``columns`` are those of the relations it reads. Conditions of joins and filters choose rows and are not counted.
    Raises Untraceable where sqlglot cannot resolve the statement.
    """
    from sqlglot.lineage import lineage

    schema: dict[str, dict[str, dict[str, str]]] = {}
    for relation, names in columns.items():
        folder, table = relation.split(".", 1)
        schema.setdefault(folder, {})[table] = {
            exp.to_identifier(name, quoted=True).sql(DIALECT): "text" for name in names
        }
    try:
        nodes = lineage(None, _parsed(sql), schema, dialect=DIALECT, trim_selects=False, copy=False)
    except SqlglotError as error:
        raise Untraceable(str(error)) from error
    assert isinstance(nodes, dict)
    return {name: _leaves(node) for name, node in nodes.items()}


def _leaves(node: Node) -> set[tuple[str, str]]:
    """Columns of relations at the ends of a graph in which nodes have several parents."""
    found, seen, waiting = set(), set(), [node]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        waiting += node.downstream
        if not node.downstream and isinstance(node.source, exp.Table) and node.source.db:
            found.add((f"{node.source.db}.{node.source.name}", _column_name(node.name)))
    return found


def _column_name(name: str) -> str:
    return exp.to_column(name, dialect=DIALECT).name
