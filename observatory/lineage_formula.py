"""The expression behind a figure, filled with the numbers it was computed from.

Belongs here: finding the expression in a model's SELECT and asking the engine for its parts. Does not belong here:
which rows stand behind the figure (lineage_replay.py).

The numbers come from running the model's own SELECT with further columns, so what is shown is what was computed. CASE
shows the branch that was taken; casts and the guard against dividing by nought are left out, as they change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlglot import exp, parse_one

from observatory.engines.duckdb import literal, quote
from observatory.lineage_sql import DIALECT

DEPTH = 3
Run = Callable[[str], list[dict[str, Any]]]


@dataclass(frozen=True)
class Step:
    """``name`` = ``expression`` = ``numbers`` = ``value``; ``terms`` are those of a sum, in no particular order."""

    name: str
    expression: str
    numbers: str
    value: float | None
    terms: list[float | None] = field(default_factory=list)


@dataclass
class _Parts:
    """Parts of an expression whose values are asked for: numbers, sums, conditions of CASE."""

    atoms: list[exp.Expr] = field(default_factory=list)
    conditions: list[exp.Expr] = field(default_factory=list)

    def columns(self) -> Iterator[tuple[str, exp.Expr]]:
        """Further columns of the SELECT, with their names."""
        for i, atom in enumerate(self.atoms):
            yield f"__a{i}", atom
            if (terms := _terms(atom)) is not None:
                yield f"__t{i}", terms
        for i, condition in enumerate(self.conditions):
            yield f"__c{i}", condition


def steps(sql: str, row: Mapping[str, Any], run: Run, column: str = "value") -> list[Step]:
    """The steps that lead to ``column`` of the row of a SELECT that has the texts of ``row``; nothing if they cannot
    be told (a star). The first is the figure, further ones its parts. Of a union the SELECT that has the row is told.
    ``run`` gives the rows of a SELECT.
    """
    for select in _selects(parse_one(sql, dialect=DIALECT)):
        found = list(_steps(select, row, run, column, column, DEPTH))
        # a column that is only handed on says nothing
        if found and (len(found) > 1 or found[0].numbers != _number(found[0].value) or found[0].terms):
            return found
    return []


def _selects(query: exp.Expr) -> Iterator[exp.Select]:
    """The SELECTs of a union, each able to run by itself under the names of the first."""
    if isinstance(query, exp.Select):
        yield query
    elif isinstance(query, exp.Union):
        names = query.named_selects
        with_ = query.args.get("with_")
        for side in (query.left, query.right):
            for select in _selects(side):
                alone = select.copy()
                alone.set(
                    "expressions", [exp.alias_(e.unalias(), n) for e, n in zip(alone.selects, names, strict=True)]
                )
                if with_ is not None and alone.args.get("with_") is None:
                    alone.set("with_", with_.copy())
                yield alone


def _steps(select: exp.Select, row: Mapping[str, Any], run: Run, column: str, name: str, depth: int) -> Iterator[Step]:
    projection = next((e for e in select.expressions if e.alias_or_name == column), None)
    if projection is None:
        return
    expression = _plain(projection.unalias())
    parts = _Parts()
    _collect(expression, parts)
    sources = _sources(select)
    only = next(iter(sources)) if len(sources) == 1 and not select.args.get("joins") else ""
    owners = {id(a): a.table or only for a in parts.atoms if isinstance(a, exp.Column)}
    inner = {
        alias: [n for n in sources[alias].named_selects if n != "*"] for alias in owners.values() if alias in sources
    }
    asked = dict(parts.columns()) | {
        f"__r_{alias}_{n}": exp.column(n, table=alias, quoted=True) for alias, names in inner.items() for n in names
    }
    found = run(_asking(select, asked, row))
    if not found or any(other != found[0] for other in found[1:]):
        return
    values = found[0]
    conditions = {id(node): bool(values[f"__c{i}"]) for i, node in enumerate(parts.conditions)}
    chosen = _choose(expression, conditions)
    position = {id(atom): i for i, atom in enumerate(parts.atoms)}
    numbers = _fill(chosen, position, values)
    terms = values.get(f"__t{position.get(id(chosen), '')}") or []
    if terms:
        numbers = " + ".join(_number(t) for t in terms)
    if isinstance(values[column], str):
        return
    yield Step(name, _text(chosen), numbers, _float(values[column]), [_float(t) for t in terms])
    shown = [a for a in parts.atoms if any(a is node for node in chosen.walk())]
    for atom in shown:
        alias = owners.get(id(atom), "")
        if alias in sources and depth:
            within = {n: values[f"__r_{alias}_{n}"] for n in inner[alias]}
            yield from _steps(sources[alias], within, run, atom.name, _text(atom), depth - 1)
        elif atom is not chosen and values.get(f"__t{position[id(atom)]}"):
            own = values[f"__t{position[id(atom)]}"]
            value = values[f"__a{position[id(atom)]}"]
            yield Step(_text(atom), _text(atom), " + ".join(map(_number, own)), _float(value), [_float(t) for t in own])


def _asking(select: exp.Select, asked: Mapping[str, exp.Expr], row: Mapping[str, Any]) -> str:
    """The SELECT with further columns, cut down to the row that has the texts of ``row``."""
    asking = select.copy()
    asking.set("order", None)
    names = set(asking.named_selects)
    for name, expression in asked.items():
        asking.select(exp.alias_(expression.copy(), name, quoted=True), copy=False)
    texts = {n: v for n, v in row.items() if isinstance(v, str) and n in names}
    where = " and ".join(f"{quote(n)} = {literal(v)}" for n, v in texts.items()) or "true"
    return f"select * from ({asking.sql(DIALECT)}) asked where {where}"


def _sources(select: exp.Select) -> dict[str, exp.Select]:
    """SELECTs named in WITH that this one reads, by alias, each able to run by itself."""
    with_ = select.args.get("with_")
    ctes = {cte.alias: cte for cte in with_.expressions} if with_ else {}
    found = {}
    from_ = select.args.get("from_")
    joined = [join.this for join in select.args.get("joins") or []]
    for table in [*([from_.this] if from_ else []), *joined]:
        cte = ctes.get(table.name) if isinstance(table, exp.Table) and not table.db else None
        if cte is not None and isinstance(cte.this, exp.Select) and cte.this.args.get("with_") is None:
            before = [c.copy() for c in ctes.values() if c is not cte]
            inner = cte.this.copy()
            inner.set("with_", exp.With(expressions=before[: list(ctes).index(cte.alias)]) if before else None)
            found[table.alias_or_name] = inner
    return found


def _plain(expression: exp.Expr) -> exp.Expr:
    """Without casts and without the guard against dividing by nought."""

    def simpler(node: exp.Expr) -> exp.Expr:
        for child in list(node.iter_expressions()):
            child.replace(simpler(child))
        if isinstance(node, exp.Cast) or (isinstance(node, exp.Nullif) and node.expression.sql() == "0"):
            inner = node.this
            return exp.paren(inner) if isinstance(inner, exp.Binary) else inner
        return node

    return simpler(expression.copy())


def _collect(node: exp.Expr, parts: _Parts) -> None:
    if isinstance(node, (exp.Column, exp.Window, exp.AggFunc, exp.Filter, exp.Query)):
        parts.atoms.append(node)
    elif isinstance(node, exp.Case):
        for branch in node.args["ifs"]:
            parts.conditions.append(_condition(node, branch))
            branch.meta["condition"] = parts.conditions[-1]
            _collect(branch.args["true"], parts)
        if node.args.get("default") is not None:
            _collect(node.args["default"], parts)
    else:
        for child in node.iter_expressions():
            _collect(child, parts)


def _condition(case: exp.Case, branch: exp.If) -> exp.Expr:
    if case.this is None:
        return branch.this
    return exp.EQ(this=case.this.copy(), expression=branch.this.copy())


def _terms(atom: exp.Expr) -> exp.Expr | None:
    """What a sum adds, as a list; None for anything but a sum."""
    total = atom.this if isinstance(atom, exp.Filter) else atom
    if not isinstance(total, exp.Sum):
        return None
    terms = exp.ArrayAgg(this=total.this.copy())
    return exp.Filter(this=terms, expression=atom.expression.copy()) if isinstance(atom, exp.Filter) else terms


def _choose(node: exp.Expr, conditions: Mapping[int, bool]) -> exp.Expr:
    """The expression with every CASE replaced by its branch that was taken; nodes stay the same objects."""
    if isinstance(node, exp.Case):
        for branch in node.args["ifs"]:
            if conditions[id(branch.meta["condition"])]:
                return _choose(branch.args["true"], conditions)
        default = node.args.get("default")
        return exp.Null() if default is None else _choose(default, conditions)
    if not isinstance(node, (exp.Column, exp.Window, exp.AggFunc, exp.Filter, exp.Query)):
        for key, child in list(node.args.items()):
            if isinstance(child, exp.Expr):
                node.set(key, _choose(child, conditions))
            elif isinstance(child, list):
                node.set(key, [_choose(c, conditions) if isinstance(c, exp.Expr) else c for c in child])
    return node


def _fill(node: exp.Expr, position: Mapping[int, int], values: Mapping[str, Any]) -> str:
    """The expression as text, atoms replaced by their values."""
    marks = {}
    for atom in [n for n in node.walk() if id(n) in position]:
        marks[f"__mark{position[id(atom)]}__"] = _number(values[f"__a{position[id(atom)]}"])
    filled = _marked(node, position)
    text = _text(filled)
    for mark, number in marks.items():
        text = text.replace(mark, number)
    return text


def _marked(node: exp.Expr, position: Mapping[int, int]) -> exp.Expr:
    if id(node) in position:
        return exp.column(f"__mark{position[id(node)]}__")
    copy = node.copy()
    for mine, theirs in zip(list(node.iter_expressions()), list(copy.iter_expressions()), strict=True):
        theirs.replace(_marked(mine, position))
    return copy


def _text(node: exp.Expr) -> str:
    return node.sql(DIALECT, normalize_functions="lower")


def _number(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return value if value.isdigit() else literal(value)
    text = f"{value.normalize():f}" if isinstance(value, Decimal) else str(value).removesuffix(".0")
    return f"({text})" if text.startswith("-") else text


def _float(value: Any) -> float | None:
    return None if value is None or isinstance(value, str) else float(value)
