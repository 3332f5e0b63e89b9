"""Versions that meet in a SELECT are found, however they are joined; what keeps them apart is left alone."""

from __future__ import annotations

import pytest

from observatory.versions_sql import Coding, meetings

OLD = Coding("NACE 2", {"classification": "CNAE", "version": "2009"})
NEW = Coding("NACE 2.1", {"classification": "CNAE", "version": "2025"})
ACCOUNTS = Coding("NACE 2", {"classification": "NACE", "version": "2"})
LETTERS = Coding("NACE 2.1", {"classification": "NACE", "version": "2.1"})
PRODUCTS = Coding("NACE 2", {"classification": "CPA", "version": "2.1"})
HELD = {
    "core.firms": [OLD, NEW],
    "core.accounts": [ACCOUNTS],
    "core.recoded": [LETTERS],
    "core.products": [PRODUCTS],
    "catalogue.activities": [ACCOUNTS, LETTERS],
    "catalogue.lists": [
        Coding("NACE 2", {"classification": "NACE", "version": "2", "breakdown": "a88"}),
        Coding("NACE 2.1", {"classification": "NACE", "version": "2.1", "breakdown": "a87"}),
    ],
}


def names(sql: str) -> list[dict[str, set[str]]]:
    return [{name: set(of) for name, of in found.versions.items()} for found in meetings(sql, HELD)]


@pytest.mark.parametrize(
    "sql",
    [
        # the letter K of one version beside the letter K of another
        "select a.geo from core.accounts a join core.recoded b using (geo, activity, period) order by 1",
        "select a.geo from core.accounts a, core.recoded b where a.activity = b.activity order by 1",
        "select geo, sum(value) as v from core.firms group by geo order by geo",
        "select geo, activity from core.accounts union all select geo, activity from core.recoded order by 1",
        "with a as (select geo, activity, value from core.accounts), b as (select * from core.recoded) "
        "select a.geo from a join b using (geo, activity) order by 1",
        # a name looked up by letter
        "select a.geo, n.name_en from core.accounts a join catalogue.activities n on n.code = a.activity order by 1",
        # 2.1 of CPA and 2.1 of NACE are two things
        "select p.geo from core.products p join core.recoded r using (version, activity) order by 1",
        # said on one side alone
        "select f.geo from core.firms f join core.accounts a using (geo) where a.version = '2' order by 1",
        "select geo from (select geo, activity, version from core.firms) t order by geo",
        "select geo, (select sum(value) from core.firms) as v from core.accounts order by geo",
    ],
)
def test_versions_that_meet_are_found(sql: str) -> None:
    assert names(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "select sum(value) as v from core.firms where classification = 'CNAE' and version = '2009' order by v",
        "select geo, version, sum(value) as v from core.firms group by all order by geo",
        "select f.geo from core.firms f join core.accounts a using (geo) where f.version = '2009' order by 1",
        "select a.geo from core.firms a join core.firms b using (geo, classification, version, activity) order by 1",
        "select a.geo from core.firms a join core.firms b on b.version = a.version and b.geo = a.geo order by 1",
        "select a.geo, n.name_en from core.accounts a join catalogue.activities n "
        "on n.code = a.activity and n.version = a.version and n.classification = a.classification order by 1",
        "select f.geo from core.firms f join catalogue.lists l on l.activity = f.activity "
        "where l.breakdown = 'a88' and f.version = '2009' order by 1",
        "select f.geo from core.firms f join catalogue.lists l on l.activity = f.activity "
        "where (l.breakdown, l.classification) in (('a88', 'NACE')) and f.version in ('2009') order by 1",
        "select * from core.firms order by geo",
        "select geo, version from core.accounts union all select geo, version from core.recoded order by 1",
        "select code from catalogue.activities order by code",
        "select geo from core.accounts order by geo",
        "select geo from core.unknown order by geo",
    ],
)
def test_what_keeps_versions_apart_is_left_alone(sql: str) -> None:
    assert names(sql) == []


def test_the_tables_are_named_with_what_they_bring() -> None:
    sql = "select a.geo from core.accounts a join core.firms f using (geo, activity) order by 1"
    assert names(sql) == [{"core.accounts": {"NACE 2"}, "core.firms": {"NACE 2", "NACE 2.1"}}]
