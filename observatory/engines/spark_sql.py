"""A DuckDB SELECT as Spark says it: the table of rewrites, and the constructs that Spark has nothing for.

Belongs here: SQL in, SQL out, and the line of whatever cannot be said. Does not belong here: sessions, files, Arrow
(spark.py).

sqlglot knows how the two dialects spell things. What it does not know is where the same spelling means something else;
each such difference is one function of ``REWRITES``, which makes Spark do what DuckDB does, to the last rule (nulls,
noughts, rounding). The order of the sums of floats is nobody's promise, so results agree within 1e-9 relative. Sources:
DuckDB's documentation of functions and Spark's SQL reference (ANSI compliance), both tried out side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from observatory.errors import DataError

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(frozen=True)
class Lack:
    """Something that Spark cannot do: the line within the SELECT (from 1), the construct, and what to write instead."""

    line: int
    construct: str
    remedy: str


class NotPortable(DataError):
    """A SELECT that does not run on Spark; ``lacks`` says where and why."""

    def __init__(self, place: str, lacks: list[Lack]) -> None:
        self.lacks = lacks
        said = "; ".join(f"line {lack.line} of the SELECT: {lack.construct}" for lack in lacks)
        super().__init__(f"{place}: Spark cannot run this: {said}", remedy=lacks[0].remedy)


def view_name(relation: str) -> str:
    """The temporary view that stands for ``schema.table`` in a session."""
    return relation.replace(".", "__", 1)


def transpile(sql: str, place: str) -> str:
    """The SELECT in Spark's dialect, over views named by :func:`view_name`. Raises NotPortable."""
    tree = parsed(sql)
    if lacks := sorted(_lacks(tree), key=lambda lack: lack.line):
        raise NotPortable(place, lacks)
    return written(rewritten(tree), place)


def parsed(sql: str) -> exp.Query:
    """The syntax tree of a SELECT in DuckDB's dialect."""
    import sqlglot

    return cast("exp.Query", sqlglot.parse_one(sql, dialect="duckdb"))


def rewritten(tree: exp.Query) -> exp.Query:
    """``tree`` after all rewrites, innermost expressions first; changes ``tree``."""
    for rewrite in REWRITES:
        for node in reversed(list(tree.find_all(*rewrite.kinds()))):
            if (other := rewrite(node)) is not None:
                node.replace(other)
    return tree


def written(tree: exp.Query, place: str) -> str:
    """``tree`` in Spark's dialect. Raises NotPortable for what sqlglot cannot say in it."""
    from sqlglot import ErrorLevel
    from sqlglot.errors import UnsupportedError

    try:
        return tree.sql(dialect="spark", unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        lack = Lack(line_of(tree), str(error), "Write it with functions that both engines have")
        raise NotPortable(place, [lack]) from error


def line_of(node: exp.Expr) -> int:
    """First line of the SELECT that ``node`` stands on, as far as the parser has kept it; 1 if it has not."""
    return min((part.meta["line"] for part in node.walk() if "line" in part.meta), default=1)


def locate(sql: str, fragment: str, at: int) -> int:
    """The line of ``sql`` (DuckDB's) from which Spark's text at ``at`` came: that of the smallest expression around it.

    ``fragment`` is what Spark quotes; empty where it only tells the place.
    """
    tree = rewritten(parsed(sql))
    whole = tree.sql(dialect="spark")
    found: tuple[int, int] | None = None
    for node in tree.walk():
        text = node.sql(dialect="spark")
        where = whole.find(text, max(0, at - len(text) + 1))
        # an expression that was made by a rewrite has the line of what stands within it
        if text and 0 <= where <= at < where + len(text) and len(text) >= len(fragment):
            found = min(found, (len(text), line_of(node))) if found else (len(text), line_of(node))
    return found[1] if found else 1


# -- what Spark has nothing for -------------------------------------------------------------------------------------


def _lacks(tree: exp.Query) -> Iterator[Lack]:
    from sqlglot import exp

    for node in tree.walk():
        if isinstance(node, exp.Star) and node.args.get("replace"):
            yield Lack(line_of(node), "* replace (…)", "List the columns instead of replacing one in a star")
        elif isinstance(node, exp.Columns):
            yield Lack(line_of(node), "columns(…)", "List the columns")
        elif isinstance(node, exp.Cast) and node.is_type("HUGEINT", "INT128", "UHUGEINT", "UINT128", "UBIGINT"):
            yield Lack(line_of(node), f"cast to {node.to.sql('duckdb').lower()}", "Cast to decimal(38, 0)")
        elif isinstance(node, exp.Cast) and node.is_type("BIGINT"):
            yield Lack(line_of(node), "cast to bigint", "Spark cuts where DuckDB rounds: cast to decimal(18, 0)")
        elif isinstance(node, exp.Select):
            places = [at for at, projection in enumerate(node.expressions) if _is_unnest(projection)]
            if places and places[-1] - places[0] >= len(places):
                line = line_of(node.expressions[places[-1]])
                yield Lack(line, "unnest(…) in columns apart", "Put the columns that are unnested side by side")


def _is_unnest(projection: exp.Expr) -> bool:
    from sqlglot import exp

    return isinstance(projection.unalias(), exp.Explode)


# -- rewrites -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rewrite:
    """One difference between the dialects. ``change`` returns what takes the node's place, None to leave it."""

    name: str
    why: str
    nodes: tuple[str, ...]
    change: Callable[[exp.Expr], exp.Expr | None]

    def kinds(self) -> list[type[exp.Expr]]:
        """The classes of expressions that it looks at."""
        from sqlglot import exp

        return [getattr(exp, name) for name in self.nodes]

    def __call__(self, node: exp.Expr) -> exp.Expr | None:
        """Apply it."""
        return self.change(node)


def _relation(table: exp.Expr) -> None:
    from sqlglot import exp

    if table.args.get("db"):
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
        name = view_name(f"{table.args['db'].name}.{table.name}")
        table.set("this", exp.to_identifier(name, quoted=True))
        table.set("db", None)


def _spark(template: str, **parts: exp.Expr) -> exp.Expr:
    """An expression written in Spark's dialect, with ``:name`` where the parts go."""
    import sqlglot
    from sqlglot import exp

    tree = sqlglot.parse_one(template, dialect="spark")
    return exp.replace_placeholders(tree, **{name: part.copy() for name, part in parts.items()})


def _double(node: exp.Expr) -> exp.Expr:
    from sqlglot import exp

    inner = node.unnest()
    return inner if isinstance(inner, exp.Cast) and inner.is_type("DOUBLE") else _spark("CAST(:x AS DOUBLE)", x=inner)


def _division(node: exp.Expr) -> exp.Expr:
    from sqlglot import exp

    above, below = _double(node.this), _double(node.expression)
    divisor = node.expression.unnest()
    while isinstance(divisor, exp.Cast):
        divisor = divisor.this.unnest()
    if isinstance(divisor, exp.Nullif) or (isinstance(divisor, exp.Literal) and float(divisor.this)):
        return _spark("(:a / :b)", a=above, b=below)
    return _spark("CASE WHEN :b = 0 THEN :a * CAST('Infinity' AS DOUBLE) ELSE :a / :b END", a=above, b=below)


def _average(node: exp.Expr) -> None:
    from sqlglot import exp

    if not isinstance(node.this, exp.Distinct):
        node.set("this", _double(node.this))


def _logarithm(node: exp.Expr) -> exp.Expr:
    from sqlglot import exp

    of = node.args.get("expression") or node.this
    if isinstance(node, exp.Log) and of is node.this:
        # without a base DuckDB means ten, Spark e
        node = _spark("LOG(10, :x)", x=of)
    return _spark(
        "CASE WHEN :x = 0 THEN CAST('-Infinity' AS DOUBLE) "
        "WHEN :x < 0 THEN RAISE_ERROR('logarithm of a negative number') ELSE :log END",
        x=of,
        log=node,
    )


def _unordered(node: exp.Expr) -> None:
    from sqlglot import exp

    if isinstance(node.this, exp.Order):
        node.set("this", node.this.this)


def _extreme(node: exp.Expr) -> exp.Expr | None:
    from sqlglot import exp

    if isinstance(node.parent, exp.Filter):
        where = node.parent.expression
        where.set("this", _spark("(:was) AND NOT :x IS NULL", was=where.this, x=node.this))
        return None
    return exp.Filter(this=node.copy(), expression=exp.Where(this=_spark("NOT :x IS NULL", x=node.this)))


def _whole_number(node: exp.Expr) -> None:
    if node.is_type("INT", "SMALLINT", "TINYINT") and not node.this.is_int:
        node.set("this", _spark("RINT(:x)", x=node.this))


def _parallel(node: exp.Expr) -> None:
    from sqlglot import exp

    found = [(at, e) for at, e in enumerate(node.expressions) if _is_unnest(e)]
    if len(found) > 1:
        zipped = exp.func("arrays_zip", *(e.unalias().this.copy() for _, e in found))
        names = [exp.to_identifier(e.output_name or f"unnest_{at}", quoted=True) for at, e in found]
        first, last = found[0][0], found[-1][0]
        rows = exp.Aliases(this=exp.func("inline", zipped), expressions=names)
        node.set("expressions", [*node.expressions[:first], rows, *node.expressions[last + 1 :]])


def _subquery(node: exp.Expr) -> exp.Expr | None:
    from sqlglot import exp

    select = node.parent_select
    if select is None or not select.args.get("group") or not _in_projection(node, select):
        return None
    if node.find_ancestor(exp.AggFunc, exp.Select) is not select or not isinstance(node.this, exp.Select):
        return None
    own = {source.alias_or_name for source in node.find_all(exp.Table, exp.Subquery)}
    if any(column.table and column.table not in own for column in node.find_all(exp.Column)):
        return exp.AnyValue(this=node.copy())
    return None


def _in_projection(node: exp.Expr, select: exp.Expr) -> bool:
    parent = node
    while parent.parent is not None and parent.parent is not select:
        parent = parent.parent
    return parent.arg_key == "expressions"


def _before(keys: list[exp.Expr]) -> str:
    """Spark's comparison of two structures by their fields ``k0``, ``k1`` …: -1, 0 or 1."""
    cases = []
    for at, key in enumerate(keys):
        less, more = (1, -1) if key.args.get("desc") else (-1, 1)
        missing, there = (-1, 1) if key.args.get("nulls_first") else (1, -1)
        cases += [
            f"WHEN l.k{at} IS NULL AND NOT r.k{at} IS NULL THEN {missing}",
            f"WHEN NOT l.k{at} IS NULL AND r.k{at} IS NULL THEN {there}",
            f"WHEN l.k{at} < r.k{at} THEN {less} WHEN l.k{at} > r.k{at} THEN {more}",
        ]
    return f"CASE {' '.join(cases)} ELSE 0 END"


def _row_in_rows(node: exp.Expr) -> exp.Expr | None:
    from sqlglot import exp

    rows = node.args.get("expressions") or []
    if not isinstance(node.this, exp.Tuple) or not all(isinstance(row, exp.Tuple) for row in rows):
        return None
    same = [
        exp.and_(*(exp.NullSafeEQ(this=a.copy(), expression=b.copy()) for a, b in zip(node.this, row, strict=True)))
        for row in rows
    ]
    return exp.paren(exp.or_(*same))


def _quantile(node: exp.Expr) -> exp.Expr | None:
    if node.args.get("expression") is None:
        return None
    return _spark("PERCENTILE(:x, :q)", x=_double(node.this), q=node.expression)


def _joined(node: exp.Expr) -> exp.Expr | None:
    """Texts put together: a sorted set where DISTINCT is asked for, else in the order of the keys."""
    from sqlglot import exp

    inner, keys = node.this, []
    if isinstance(inner, exp.Order):
        inner, keys = inner.this, inner.expressions
    separator = node.args.get("separator") or exp.Literal.string(",")
    parent = node.parent
    if isinstance(parent, exp.Window):
        return None
    where = parent.expression.this if isinstance(parent, exp.Filter) else exp.true()
    if isinstance(inner, exp.Distinct):
        text = _spark("CASE WHEN :w THEN :x END", w=where, x=inner.expressions[0])
        whole = "CASE WHEN COUNT(:x) > 0 THEN ARRAY_JOIN(ARRAY_SORT(COLLECT_SET(:x)), :sep) END"
        made = _spark(whole, x=text, sep=separator)
    else:
        fields = "".join(f":k{at} AS k{at}, " for at in range(len(keys)))
        row = f"STRUCT({fields}:x AS text)"
        parts = {f"k{at}": key.this for at, key in enumerate(keys)}
        rows = _spark(f"CASE WHEN :w AND NOT :x IS NULL THEN {row} END", w=exp.paren(where), x=inner, **parts)
        ordered = f"ARRAY_SORT(COLLECT_LIST(:r), (l, r) -> {_before(keys)})" if keys else "COLLECT_LIST(:r)"
        whole = f"CASE WHEN COUNT(:r) > 0 THEN ARRAY_JOIN(TRANSFORM({ordered}, e -> e.text), :sep) END"
        made = _spark(whole, r=rows, sep=separator)
    if isinstance(parent, exp.Filter):
        parent.replace(made)
        return None
    return made


REWRITES: tuple[Rewrite, ...] = (
    Rewrite("relations", "a relation is a temporary view: a session has one namespace for them", ("Table",), _relation),
    Rewrite(
        "subqueries of a group",
        "Spark takes a correlated subquery beside GROUP BY only within an aggregate",
        ("Subquery",),
        _subquery,
    ),
    Rewrite(
        "several unnest",
        "DuckDB walks through lists side by side, Spark would cross them",
        ("Select",),
        _parallel,
    ),
    Rewrite(
        "division",
        "DuckDB divides as doubles, and by nought to infinity or NaN; Spark keeps decimals and stops",
        ("Div",),
        _division,
    ),
    Rewrite(
        "a row among rows",
        "Spark compares rows only where all their types are the same",
        ("In",),
        _row_in_rows,
    ),
    Rewrite(
        "order within a sum",
        "only texts and lists depend on it in Spark's grammar; sums agree within 1e-9",
        ("Sum", "Avg", "Stddev", "StddevSamp", "StddevPop", "Variance", "VariancePop", "Count", "Min", "Max"),
        _unordered,
    ),
    Rewrite("averages", "DuckDB's average is a double; Spark's of decimals is a decimal", ("Avg",), _average),
    Rewrite(
        "logarithms",
        "of nought DuckDB says minus infinity, of less it stops; Spark says null",
        ("Ln", "Log"),
        _logarithm,
    ),
    Rewrite(
        "value at the extreme",
        "DuckDB's arg_min and arg_max pass over rows without a value",
        ("ArgMin", "ArgMax"),
        _extreme,
    ),
    Rewrite("whole numbers", "DuckDB rounds where Spark cuts", ("Cast",), _whole_number),
    Rewrite(
        "texts put together",
        "listagg within group stops beside a second DISTINCT (Spark 4.3), and has no place in Spark 3",
        ("GroupConcat",),
        _joined,
    ),
    Rewrite("quantiles", "quantile_cont is percentile in Spark", ("PercentileCont",), _quantile),
)
"""Applied in this order; each has a test that runs both engines."""
