"""Rows and columns are followed through SQL of every shape the models use."""

import duckdb
import pytest

from observatory.lineage_formula import steps
from observatory.lineage_replay import alike, groups, narrow, words
from observatory.lineage_sql import TRACE, Untraceable, column_lineage, trace

COLUMNS = {"core.a": ["k", "v", "s"], "core.b": ["k", "w"], "catalogue.c": ["k", "grp"]}


@pytest.fixture
def db() -> duckdb.DuckDBPyConnection:
    """Two tables whose rows carry their numbers (a: 0 to 3, b: 10 to 12), and one of definitions."""
    connection = duckdb.connect()
    connection.execute(
        f"""
        create schema core; create schema catalogue;
        create table plain_a as select * from
            (values ('x', 1.0, 'A'), ('x', 2.0, 'B'), ('y', 4.0, 'A'), ('z', 8.0, 'A')) t(k, v, s);
        create table plain_b as select * from (values ('x', 10.0), ('y', 20.0), ('w', 30.0)) t(k, w);
        create view core.a as select *, [rowid::bigint] as {TRACE} from plain_a;
        create view core.b as select *, [10 + rowid::bigint] as {TRACE} from plain_b;
        create table catalogue.c as select * from (values ('x', 'g'), ('y', 'g')) t(k, grp)
        """
    )
    return connection


def followed(db: duckdb.DuckDBPyConnection, sql: str) -> dict[str, list[int]]:
    """Rows behind each result, by its first column."""
    traced = trace(sql, ("core.a", "core.b"))
    rows = db.sql(traced.sql).to_arrow_table().to_pylist()
    assert list(rows[0])[-1] == TRACE
    return {str(next(iter(row.values()))): sorted(row[TRACE]) for row in rows}


@pytest.mark.parametrize(
    ("sql", "expected", "is_plain"),
    [
        ("select a.k || a.s as k, v from core.a a order by 1", {"xA": [0], "xB": [1], "yA": [2], "zA": [3]}, True),
        ("select a.s, a.k from core.a a join core.b b using (k) where a.s = 'B' order by 1", {"B": [1, 10]}, True),
        ("select a.k from core.a a left join core.b b on b.k = a.k where a.k = 'z' order by 1", {"z": [3]}, True),
        ("select k, sum(v) as v from core.a group by k order by k", {"x": [0, 1], "y": [2], "z": [3]}, False),
        ("select k, sum(v) as v from core.a group by all order by k", {"x": [0, 1], "y": [2], "z": [3]}, False),
        ("select count(*) as n from core.a order by 1", {"4": [0, 1, 2, 3]}, False),
        ("select distinct k from core.a order by k", {"x": [0, 1], "y": [2], "z": [3]}, False),
        (
            "with p as (select *, s as t from core.a), q as (select p.* from p join core.b b on b.k = p.k) "
            "select t || k as id, v from q order by 1",
            {"Ax": [0, 10], "Bx": [1, 10], "Ay": [2, 11]},
            True,
        ),
        (
            "select k, v from core.a where k = 'y' union all select k, w from core.b where k = 'w' order by 1",
            {"y": [2], "w": [12]},
            True,
        ),
        (
            "select m.k from (select k, max(v) as v from core.a group by k) m where k = 'x' order by 1",
            {"x": [0, 1]},
            False,
        ),
        (
            "select k || s as id, lag(v) over (partition by k order by v) as w from core.a order by 1",
            {"xA": [0, 1], "xB": [0, 1], "yA": [2], "zA": [3]},
            False,
        ),
        (
            "with n(k, x) as (values ('y', 'q')) select n.x from core.a a join n on n.k = a.k order by 1",
            {"q": [2]},
            True,
        ),
        (
            "with s as (select k from catalogue.c union select grp from catalogue.c) "
            "select a.k from core.a a join s on s.k = a.k where a.k = 'y' order by 1",
            {"y": [2]},
            True,
        ),
    ],
)
def test_rows_are_followed(
    db: duckdb.DuckDBPyConnection, sql: str, expected: dict[str, list[int]], is_plain: bool
) -> None:
    assert followed(db, sql) == expected
    assert trace(sql, ("core.a", "core.b")).is_plain is is_plain


def test_a_sub_select_in_an_expression_is_told_apart(db: duckdb.DuckDBPyConnection) -> None:
    reads = "select k, v / (select sum(w) from core.b) as share from core.a order by k"
    assert not trace(reads, ("core.a", "core.b")).is_whole
    through = "with t as (select sum(w) as w from core.b) select k from core.a where v < (select w from t) order by k"
    assert not trace(through, ("core.a", "core.b")).is_whole
    defines = "select k from core.a where k in (select k from catalogue.c) order by k"
    assert trace(defines, ("core.a", "core.b")).is_whole


@pytest.mark.parametrize(
    "sql",
    [
        "select k from core.a union select k from core.b order by 1",
        "select k from core.a except select k from core.b order by 1",
        "with recursive r as (select k from core.a union all select k from r) select k from r order by 1",
    ],
)
def test_what_cannot_be_followed_says_so(sql: str) -> None:
    with pytest.raises(Untraceable):
        trace(sql, ("core.a", "core.b"))


def test_columns_are_followed_through_stars_unions_and_aggregates() -> None:
    sql = (
        "with p as (select * from core.a union all select k, w, 'A' from core.b) "
        "select k, 100 * sum(v) as share, max(s) || 'x' as status, 'fixed' as unit from p group by k order by k"
    )
    assert column_lineage(sql, COLUMNS) == {
        "k": {("core.a", "k"), ("core.b", "k")},
        "share": {("core.a", "v"), ("core.b", "w")},
        "status": {("core.a", "s")},
        "unit": set(),
    }


def test_a_formula_shows_the_branch_taken_the_terms_of_its_sums_and_no_casts(db: duckdb.DuckDBPyConnection) -> None:
    sql = (
        "with s as (select k, sum(cast(v as decimal(28, 6))) as total, count(*) as n from core.a group by k) "
        "select s.k, case when s.n = 1 then null else 100 * cast(s.total as double) / nullif(b.w, 0) end as value "
        "from s join core.b b on b.k = s.k order by k"
    )

    def run(query: str) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = db.sql(query).to_arrow_table().to_pylist()
        return rows

    figure, total = steps(sql, {"k": "x"}, run)
    assert (figure.expression, figure.numbers, figure.value) == ("100 * s.total / b.w", "100 * 3 / 10", 30.0)
    assert (total.name, total.expression, sorted(t for t in total.terms if t)) == ("s.total", "sum(v)", [1.0, 2.0])
    (missing,) = steps(sql, {"k": "y"}, run)
    assert (missing.expression, missing.value) == ("NULL", None)


def test_a_formula_keeps_its_brackets_and_looks_into_what_it_hands_on(db: duckdb.DuckDBPyConnection) -> None:
    sql = (
        "with r as (select a.k, a.v / nullif(b.w / nullif(a.v, 0), 0) as ratio from core.a a join core.b b using (k)) "
        "select k, ratio as value from r where k = 'y' order by k"
    )
    handed, ratio = steps(sql, {"k": "y"}, lambda query: db.sql(query).to_arrow_table().to_pylist())
    assert (handed.name, handed.expression, handed.value) == ("value", "ratio", 0.8)
    assert (ratio.name, ratio.expression, ratio.numbers) == ("ratio", "a.v / (b.w / a.v)", "4 / (20 / 4)")


def test_a_column_handed_on_by_a_union_has_no_formula(db: duckdb.DuckDBPyConnection) -> None:
    sql = "with u as (select k, v from core.a union all select k, w from core.b) select k, v as value from u order by k"
    assert steps(sql, {"k": "z"}, lambda query: db.sql(query).to_arrow_table().to_pylist()) == []


def test_a_key_says_its_words_whole_and_in_parts() -> None:
    row = {"activity": "NACE2:J+M_N", "period": "2008/2015", "comparator": None}
    assert {"NACE2:J+M_N", "J", "M_N", "2008", "2015"} <= words([row], row)


def test_narrowing_keeps_what_is_needed_and_years_between() -> None:
    geo = {i: ("ES21", "ES")[i % 2] for i in range(20)}
    period = {i: str(2005 + i // 2) for i in range(20)}
    needed = {i for i in range(20) if geo[i] == "ES21" and "2008" <= period[i] <= "2010"}
    kept = narrow(set(range(20)), {"geo": geo, "period": period}, {"ES21", "2008", "2010"}, lambda rest: needed <= rest)
    assert kept == needed


def test_groups_are_those_of_the_column_with_most_values() -> None:
    columns = {"one": dict.fromkeys(range(4), "a"), "two": {0: "a", 1: "a", 2: "b", 3: "c"}}
    assert groups({0, 1, 2, 3}, columns) == [{0, 1}, {2}, {3}]


def test_a_row_is_alike_but_for_the_last_digits() -> None:
    target = {"k": "x", "value": 0.1 + 0.2, "n": None}
    assert alike({"k": "x", "value": 0.3, "n": None}, target)
    assert not alike({"k": "x", "value": 0.3001, "n": None}, target)
    assert not alike({"k": "x", "value": None, "n": None}, target)
    assert not alike(None, target)
