"""What the SELECT of a model or a check may do: read relations, and nothing else.

Belongs here: the refusal of statements, table functions, files and functions that look beyond the relations, and the
list of what is read. Does not belong here: the header and order of models (models.py), running (engines/).

A figure must follow from the snapshots alone. So a SELECT may not reach files or the network, change anything, or ask
the clock, the environment, the settings or chance; DuckDB is told the same where it has a setting for it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from observatory.errors import DataError

if TYPE_CHECKING:
    from sqlglot import exp

MAX_LENGTH = 100_000
"""Longest SELECT taken, in characters: ten times the longest of ours."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ENGINE = """
    getenv getvariable current_setting read_text read_blob read_csv read_csv_auto read_json read_json_auto read_ndjson
    read_parquet parquet_scan glob sniff_csv query query_table sleep_ms stats write_log current_user session_user user
    current_role current_catalog current_database current_schema current_schemas in_search_path current_query
    current_query_id current_connection_id current_transaction_id txid_current version
"""
_CLOCK = """
    now today current_date current_time current_timestamp current_timestamp_ltz current_datetime current_localtime
    current_localtimestamp localtime localtimestamp get_current_time get_current_timestamp transaction_timestamp
    utc_date utc_time utc_timestamp
"""
_CHANCE = """
    random rand randn randstr setseed uuid uuidv4 uuidv7 gen_random_uuid generate_uuid nextval currval setval
    next_value_for
"""
_OUTSIDE = frozenset(f"{_ENGINE} {_CLOCK} {_CHANCE}".split())
_REMEDY = "Models read relations only; files become relations through a source contract"


def relations(sql: str, place: str) -> tuple[str, ...]:
    """Relations that one SELECT reads, as ``schema.table``, sorted.

    Raises DataError naming ``place`` for anything but a single SELECT that ends with ORDER BY, for an unqualified
    name, and for whatever would read or change something else.
    """
    try:
        query = _parsed(sql, place)
        return _read(query, place)
    except RecursionError as error:
        raise DataError(
            f"{place}: expected a SELECT that people can read, found hundreds of levels within each other",
            remedy="Write it in steps, with common table expressions",
        ) from error


def _parsed(sql: str, place: str) -> exp.Query:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    if len(sql) > MAX_LENGTH:
        raise DataError(
            f"{place}: expected a SELECT of at most {MAX_LENGTH} characters, found {len(sql)}",
            remedy="Put lists of codes into a table of the catalogue",
        )
    try:
        statements = sqlglot.parse(sql, dialect="duckdb")  # None between two semicolons
    except (SqlglotError, ValueError) as error:
        raise DataError(f"{place}: the SQL does not parse: {error}", remedy="Mend the statement") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise DataError(
            f"{place}: expected one SELECT, found {len(statements)} statement(s) "
            f"({', '.join(type(s).__name__ for s in statements)})",
            remedy="A model is a single SELECT without DDL",
        )
    query = statements[0]
    if query.args.get("order") is None:
        raise DataError(f"{place}: the SELECT has no ORDER BY", remedy="End it with ORDER BY its full key")
    return query


def _read(query: exp.Query, place: str) -> tuple[str, ...]:
    from sqlglot import exp

    # A common table expression may be of any name that is not a file's: DuckDB opens "x.csv" where none is in reach.
    local = {cte.alias for cte in query.find_all(exp.CTE) if _NAME.fullmatch(cte.alias)}
    found = set()
    for node in query.walk():
        if isinstance(node, exp.Table):
            found.add(_relation(node, local, place))
        elif isinstance(node, exp.DML | exp.DDL | exp.Command | exp.Describe) and not isinstance(node, exp.Query):
            raise DataError(
                f"{place}: {type(node).__name__} inside the SELECT", remedy="A model is a single SELECT without DDL"
            )
        elif isinstance(node, exp.Lateral) and not isinstance(node.this, exp.Subquery | exp.Unnest):
            raise DataError(f"{place}: table function {node.this.sql(dialect='duckdb')!r:.100}", remedy=_REMEDY)
        elif isinstance(node, exp.TableSample):
            raise DataError(f"{place}: a random sample of rows", remedy="Choose the rows by what they are")
        elif isinstance(node, exp.Func):
            _refuse_outside(node, place)
    return tuple(sorted(found - {""}))


def _relation(table: exp.Table, local: set[str], place: str) -> str:
    """``schema.table``, empty for a common table expression."""
    from sqlglot import exp

    if isinstance(table.this, exp.Func):
        raise DataError(f"{place}: table function {table.sql(dialect='duckdb')!r:.100}", remedy=_REMEDY)
    if table.catalog:
        raise DataError(f"{place}: a relation of another database: {table.sql()!r:.100}", remedy="Write schema.table")
    if table.db:
        return f"{table.db}.{table.name}"
    if table.name not in local:
        raise DataError(
            f"{place}: unqualified name {table.name!r}", remedy="Write schema.table (raw, catalogue, core …)"
        )
    return ""


def _refuse_outside(function: exp.Func, place: str) -> None:
    from sqlglot import exp

    names = [function.name] if isinstance(function, exp.Anonymous) else function.sql_names()
    if asked := sorted({name.lower() for name in names} & _OUTSIDE):
        raise DataError(
            f"{place}: function {asked[0]}: a figure follows from its relations alone",
            remedy="Take what it would say from a table (data/catalogue)",
        )
