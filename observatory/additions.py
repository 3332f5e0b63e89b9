"""Whether the sums that a contract promises hold in a raw table.

Belongs here: evaluating the ``adds_up`` rules of a contract. Does not belong here: which codes a rule means
(resolution.py), sums between tables (checks in the headers of models).

A nil counts as nought; a sum with a missing part or total is not judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from observatory import resolution
from observatory.catalogue import Source
from observatory.engines.duckdb import DuckDB, literal, quote

if TYPE_CHECKING:
    import pyarrow as pa


def broken(source: Source, table: pa.Table, engine: DuckDB) -> list[dict[str, Any]]:
    """Sums that do not hold: the other coordinates, the total as published, the sum of the parts, the tolerance."""
    codes = {d.code: [str(c) for c in table[d.code].unique().to_pylist()] for d in source.dimensions}
    rules = resolution.sums(source, resolution.of_table(source, table), codes)
    if not rules:
        return []
    dimensions = [d.code for d in source.dimensions]
    found: list[dict[str, Any]] = []
    with engine.connect({}) as connection:
        connection.register("cells", table.select([*dimensions, "value", "kind"]))
        for rule in rules:
            found += connection.sql(_query(rule, dimensions)).to_arrow_table().to_pylist()
    return found


def _query(rule: resolution.Sum, dimensions: list[str]) -> str:
    def among(dimension: str, codes: tuple[str, ...]) -> str:
        return f"{quote(dimension)} in ({', '.join(literal(code) for code in codes)})"

    others = [quote(d) for d in dimensions if d != rule.dimension]
    where = " and ".join(among(d, codes) for d, codes in rule.where.items()) or "true"
    is_total, is_part = among(rule.dimension, (rule.total,)), among(rule.dimension, rule.parts)
    exact = "cast(case kind when 'nil' then 0 else value end as decimal(28, 6))"
    return f"""
        select {", ".join(others)}, {literal(rule.dimension)} as summed, {literal(rule.total)} as total_code,
          cast(sum({exact}) filter (where {is_total}) as double) as total,
          cast(sum({exact}) filter (where {is_part}) as double) as parts, {rule.tolerance} as tolerance
        from cells
        where {where} and ({is_total} or {is_part})
        group by {", ".join(others)}
        having count(*) filter (where {is_total}) = 1 and count(*) filter (where kind = 'missing') = 0
          and count(*) filter (where {is_part}) = {len(rule.parts)}
          and abs(sum({exact}) filter (where {is_total}) - sum({exact}) filter (where {is_part}))
            > {rule.tolerance} + 1e-6
        order by {", ".join(others)}
    """
