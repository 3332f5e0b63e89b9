"""Which versions of a classification meet in a SELECT, read with sqlglot.

Belongs here: following the versions of the tables that a SELECT reads through its joins, unions and common tables. Does
not belong here: what a table holds and what is said of a fault (versions.py).

A version is kept apart where the SELECT says so: by an equality with a constant (version, classification, or a list of
one version: breakdown, scheme), by an equality of two version columns, or by a version in USING. What a SELECT says
nothing of may be any version that its tables hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp, parse_one

DIALECT = "duckdb"
NAMING = ("classification", "version", "breakdown", "scheme")
"""Columns (with any prefix) whose constants say which version is meant."""


@dataclass(frozen=True)
class Coding:
    """One coding that a table holds: the version whose divisions it has, and the columns that say so."""

    divisions_of: str
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Meeting:
    """Tables whose versions meet in one SELECT, by name, each with the versions it brings."""

    versions: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class _Source:
    name: str
    codings: tuple[Coding, ...]
    is_open: bool  # still has a column that says the version
    is_reference: bool = False

    @property
    def versions(self) -> frozenset[str]:
        return frozenset(c.divisions_of for c in self.codings)


def meetings(sql: str, codings: Mapping[str, Sequence[Coding]]) -> list[Meeting]:
    """Places of a SELECT where versions meet unnamed; ``codings`` says by relation (``schema.table``) what it holds.

    A reference table (``catalogue.…``) by itself holds all versions and is no fault; read beside figures it must be
    kept to theirs.
    """
    reader = _Reader(codings)
    reader.query(parse_one(sql, dialect=DIALECT), {})
    return reader.found


class _Reader:
    def __init__(self, codings: Mapping[str, Sequence[Coding]]) -> None:
        self.codings = codings
        self.found: list[Meeting] = []

    def query(self, node: exp.Expr, known: Mapping[str, _Source]) -> _Source:
        """What a query brings: the codings that its rows may have."""
        known = dict(known)
        if (with_ := node.args.get("with_")) is not None:
            for cte in with_.expressions:
                known[cte.alias] = replace(self.query(cte.this, known), name=cte.alias)
        if isinstance(node, exp.Subquery):
            return self.query(node.this, known)
        if isinstance(node, exp.SetOperation):
            return self._union([self.query(side, known) for side in (node.left, node.right)])
        return self._select(node, known) if isinstance(node, exp.Select) else _Source("", (), True)

    def _union(self, sides: Sequence[_Source]) -> _Source:
        coded = [side for side in sides if side.codings]
        is_open = all(side.is_open for side in coded)
        if not is_open and not all(side.is_reference for side in coded):
            self._meet(coded)
        return _joined(" and ".join(side.name for side in coded), coded, is_open)

    def _select(self, select: exp.Select, known: Mapping[str, _Source]) -> _Source:
        sources = {alias: source for alias, source in self._sources(select, known) if source.codings}
        names = [c for c in select.find_all(exp.Column) if c.parent_select is select]
        constants = list(_constants(select))
        for alias, source in sources.items():
            said = [(column, values) for table, column, values in constants if table in {"", alias}]
            sources[alias] = replace(source, codings=tuple(c for c in source.codings if _fits(c, said)))
        for group in (g for g in _linked(select, list(sources)) if len(g) > 1):
            # what is joined on an equal version has the versions that all of them hold
            common = frozenset.intersection(*(sources[alias].versions for alias in group))
            if not common and frozenset.intersection(*(_texts(sources[alias]) for alias in group)):
                self._meet(sources[alias] for alias in group)  # 2.1 of CPA and 2.1 of NACE are two things
            for alias in group:
                kept = tuple(c for c in sources[alias].codings if c.divisions_of in common)
                sources[alias] = replace(sources[alias], codings=kept)
        groups = _linked(select, list(sources))
        coded = list(sources.values())
        says = any(c.name.endswith("version") for c in names) or any(select.find_all(exp.Star))
        if len(groups) > 1:
            if not all(source.is_reference for source in coded):
                self._meet(coded)
        elif len(coded) == 1 and not coded[0].is_reference and not says and coded[0].is_open:
            self._meet(coded)
        keeps = any(_keeps(e) for e in select.expressions)
        return _joined("+".join(source.name for source in coded), coded, keeps)

    def _sources(self, select: exp.Select, known: Mapping[str, _Source]) -> Iterator[tuple[str, _Source]]:
        from_ = select.args.get("from_")
        for source in [*([from_.this] if from_ else []), *(j.this for j in select.args.get("joins") or [])]:
            if isinstance(source, exp.Table) and source.db:
                name = f"{source.db}.{source.name}"
                reference = source.db == "catalogue"
                yield source.alias_or_name, _Source(name, tuple(self.codings.get(name, ())), True, reference)
            elif isinstance(source, exp.Table) and source.name in known:
                yield source.alias_or_name, known[source.name]
            elif isinstance(source, exp.Subquery):
                yield source.alias_or_name, replace(self.query(source.this, known), name=source.alias_or_name)
        for inner in _inner(select):
            self.query(inner, known)

    def _meet(self, sources: Iterable[_Source]) -> None:
        versions: dict[str, frozenset[str]] = {}
        for source in sources:
            versions[source.name] = versions.get(source.name, frozenset()) | source.versions
        if len(frozenset().union(*versions.values())) > 1:
            self.found.append(Meeting(versions))


def _joined(name: str, sources: Sequence[_Source], is_open: bool) -> _Source:
    codings = {(c.divisions_of, *sorted(c.columns.items())): c for source in sources for c in source.codings}
    return _Source(name, tuple(codings.values()), is_open, all(source.is_reference for source in sources))


def _inner(select: exp.Select) -> Iterator[exp.Expr]:
    """Queries in the expressions of a SELECT: neither its tables nor those it is made with."""
    for query in select.find_all(exp.Select, exp.SetOperation):
        if query is not select and query.parent_select is select and not isinstance(query.parent, exp.CTE):
            top: exp.Expr = query
            while isinstance(top.parent, exp.Subquery | exp.SetOperation):
                top = top.parent
            if not isinstance(top.parent, exp.From | exp.Join | exp.CTE) and not isinstance(
                query.parent, exp.SetOperation
            ):
                yield query


def _constants(select: exp.Select) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Table, column and constants of every equality that holds of all rows of a SELECT, or of those it joins."""
    conditions = [select.args.get("where"), *(j.args.get("on") for j in select.args.get("joins") or [])]
    for condition in conditions:
        whole = condition.this if isinstance(condition, exp.Where) else condition
        for part in whole.flatten() if isinstance(whole, exp.And) else [whole] if whole is not None else []:
            inner = part.unnest()
            if isinstance(inner, exp.EQ):
                for column, value in ((inner.left, inner.right), (inner.right, inner.left)):
                    if isinstance(column, exp.Column) and isinstance(value, exp.Literal):
                        yield column.table, column.name, frozenset({value.name})
            elif isinstance(inner, exp.In):
                yield from _listed(inner)


def _listed(condition: exp.In) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Column and constants of ``a in (…)``, and of each part of ``(a, b) in ((…), (…))``."""
    columns = condition.this.expressions if isinstance(condition.this, exp.Tuple) else [condition.this]
    rows = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in condition.expressions]
    for at, column in enumerate(columns):
        values = [row[at] for row in rows if len(row) == len(columns)]
        if isinstance(column, exp.Column) and values and all(isinstance(value, exp.Literal) for value in values):
            yield column.table, column.name, frozenset(value.name for value in values)


def _fits(coding: Coding, said: Iterable[tuple[str, frozenset[str]]]) -> bool:
    return all(coding.columns[column] in values for column, values in said if column in coding.columns)


def _linked(select: exp.Select, aliases: Sequence[str]) -> list[list[str]]:
    """Tables of a SELECT in groups within which versions are equal."""
    group = {alias: {alias} for alias in aliases}

    def link(one: str, other: str) -> None:
        if one in group and other in group:
            both = group[one] | group[other]
            for alias in both:
                group[alias] = both

    for equality in select.find_all(exp.EQ):
        left, right = equality.left, equality.right
        sides = [c for c in (left, right) if isinstance(c, exp.Column) and c.name.endswith("version")]
        if len(sides) == 2 and equality.parent_select is select:
            link(sides[0].table, sides[1].table)
    from_ = select.args.get("from_")
    earlier = [from_.this.alias_or_name] if from_ else []
    for join in select.args.get("joins") or []:
        using = {column.name for column in join.args.get("using") or []}
        if any(name.endswith("version") for name in using):
            for alias in earlier:
                link(alias, join.this.alias_or_name)
        earlier.append(join.this.alias_or_name)
    return [list(names) for names in {frozenset(found) for found in group.values()}]


def _keeps(projection: exp.Expr) -> bool:
    """Whether a column that is selected is the version, or a star."""
    star = projection.this if isinstance(projection, exp.Column) else projection
    return isinstance(star, exp.Star) or projection.alias_or_name.endswith("version")


def _texts(source: _Source) -> frozenset[str]:
    """What stands in the columns that say the version."""
    return frozenset(v for c in source.codings for name, v in c.columns.items() if name.endswith("version"))
