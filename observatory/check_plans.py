"""Which checks every table has, and what each means in words.

Belongs here: turning contracts, headers of models and the common shape of indicators into checks. Does not belong
here: running them (quality.py), Great Expectations, sums within a table (additions.py).

Kinds of check: ``contract`` and ``header`` (from data), ``sums`` (additions.py), ``schema`` (the common shape of
indicators), ``sql`` (a SELECT whose rows are the bad ones), ``magnitude`` (against the release before). ``meaning``
always says what must not be there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from observatory.build import Workspace
from observatory.engines.duckdb import literal, quote, relation
from observatory.models import KEY, Model
from observatory.snapshots import PROVENANCES

MAGNITUDE_LIMIT = 0.5
UNIT_LIMIT = 5.0
BELOW = "a figure below {low} in {column}"
ABOVE = "a figure above {high} in {column}"
OUTSIDE = "a figure below {low} or above {high} in {column}"
TWICE = "two rows with the same {columns}"
AGAINST = "anything against “{rule}” ({arguments})"
FEW_ROWS = "fewer rows than the contract of {source} promises"
NO_SUM = "parts that do not add up to their total as the contract of {source} promises"
OTHER_CODE = "a code of {dimension} that the contract of {source} does not list, or one that is gone"
NO_PERIOD = "a period that the contract of {source} promises is not there"
MOVED = "a figure of the release before that is gone, or moved by more than {limit}"
GONE = "figures of the release before are gone: no figure is left of a combination of {columns}"
OTHER_UNIT = "a source whose figures moved at the median by a factor beyond {factor}: another unit?"
FAULTS = {
    "incomplete key": "geo is null or variant is null or activity is null or period is null or indicator is null",
    "double key": f"count(*) over (partition by {', '.join(KEY)}) > 1",
    "no source": "coalesce(sources, '') = ''",
    "unknown provenance": f"provenance is null or provenance not in ({', '.join(literal(p) for p in PROVENANCES)})",
    "unknown status": "status is null or not regexp_matches(status, '^(A|[BCDEFMNPU]+)$')",
    "no figure and no reason": "value is null and not regexp_matches(status, '[MC]')",
    "a figure said to be missing": "value is not null and regexp_matches(status, '[MC]')",
    "not a finite number": "isinf(value) or isnan(value)",
    "outside its own interval": "value < lower or value > upper",
}
SHAPE = f"a row with one of: {', '.join(FAULTS)}; or no row at all"
WORDS = (BELOW, ABOVE, OUTSIDE, TWICE, AGAINST, FEW_ROWS, NO_SUM, OTHER_CODE, NO_PERIOD, MOVED, GONE, OTHER_UNIT, SHAPE)
"""Meanings that are made here, with places to fill in: the message ids of their translations."""
COVERAGE = {"source", "measure", "indicator", "variant", "line", "geo", "period", "wave"}
QUALIFIED = re.compile(r"\b(?:raw|catalogue|core|indicators)\.\w+")


@dataclass(frozen=True)
class Check:
    """A check that a table will have: an expectation with arguments, or SQL that returns the bad rows."""

    name: str
    kind: Literal["contract", "schema", "header", "sql", "sums", "magnitude"]
    severity: Literal["critical", "warning"]
    meaning: str
    expectation: str = ""
    kwargs: dict[str, Any] = field(default_factory=dict)
    sql: str = ""


def planned(ws: Workspace, name: str) -> list[Check]:
    """All checks of relation ``name``, in order; needs neither the data nor great_expectations."""
    schema, table = name.split(".", 1)
    if schema == "raw":
        return _contract(ws, table)
    if schema == "catalogue":
        return []
    model = ws.models[name]
    checks = _schema(name) if schema == "indicators" else []
    for spec in model.header.checks:
        if spec.sql:
            checks.append(Check(spec.name, "sql", spec.severity, spec.meaning, sql=spec.sql.strip()))
        else:
            label = spec.name or "_".join([str(spec.expectation).removeprefix("expect_"), *_target(spec.kwargs)])
            expectation, kwargs = str(spec.expectation), spec.kwargs
            meaning = spec.meaning or in_words(expectation, kwargs)
            checks.append(Check(label, "header", spec.severity, meaning, expectation=expectation, kwargs=kwargs))
    checks += _magnitude(name) if schema == "indicators" else _against(model)
    return _numbered(checks)


def looks_at(ws: Workspace, name: str) -> list[str]:
    """Other tables that checks of ``name`` read, beside those it is made from; they must be made before.

    Found by their spelling and not by parsing: Dagster asks for them whenever it loads the definitions.
    """
    spelt = {word for check in planned(ws, name) for word in QUALIFIED.findall(check.sql)}
    return sorted(spelt.intersection(ws.relations) - {name, *ws.inputs(name)})


def in_words(expectation: str, kwargs: dict[str, Any]) -> str:
    """What breaks an expectation, as plain as the meaning of an SQL check; its own name where it is a rare one."""
    column = f"`{kwargs.get('column', '')}`"
    if expectation == "expect_column_values_to_be_between":
        low, high = (kwargs.get(bound) for bound in ("min_value", "max_value"))
        bounds = {name: f"{bound:g}" for name, bound in (("low", low), ("high", high)) if bound is not None}
        if bounds:
            said = OUTSIDE if len(bounds) == 2 else BELOW if "low" in bounds else ABOVE
            return said.format(column=column, **bounds)
    if expectation == "expect_compound_columns_to_be_unique":
        return TWICE.format(columns=", ".join(kwargs["column_list"]))
    rule = expectation.removeprefix("expect_").replace("_", " ")
    return AGAINST.format(rule=rule, arguments=", ".join(f"{k} = {v}" for k, v in kwargs.items()))


def _target(kwargs: dict[str, Any]) -> list[str]:
    return [str(kwargs[key]) for key in ("column",) if key in kwargs]


def _numbered(checks: list[Check]) -> list[Check]:
    """Names are unique within a table: a second of the same name gets a number."""
    seen: dict[str, int] = {}
    unique = []
    for check in checks:
        seen[check.name] = seen.get(check.name, 0) + 1
        suffix = f"_{seen[check.name]}" if seen[check.name] > 1 else ""
        unique.append(Check(**{**asdict(check), "name": check.name + suffix}))
    return unique


def _contract(ws: Workspace, source: str) -> list[Check]:
    """Row count, codes, periods and sums that the source's contract promises."""
    contract = ws.catalogue.sources[source]
    table = relation(f"raw.{source}")
    few = f"select count(*) as n from {table} having count(*) < {contract.coverage.rows} order by n"
    checks = [Check("row_count", "contract", "critical", FEW_ROWS.format(source=source), sql=few)]
    if contract.adds_up:
        checks.append(Check("adds_up", "sums", "critical", NO_SUM.format(source=source)))
    for dimension in contract.dimensions:
        slug = re.sub(r"\W+", "_", dimension.code).strip("_").lower()
        column = quote(dimension.code)
        have = f"select distinct cast({column} as varchar) as code from {table}"
        if dimension.codes:
            promised = _listed(str(code) for code in dimension.codes)
            sql = (
                f"select code, 'not listed' as fault from ({have}) h where code not in (select code from {promised}) "
                f"union all select code, 'gone' from {promised} where code not in ({have}) order by 1"
            )
            meaning = OTHER_CODE.format(dimension=repr(dimension.code), source=source)
            checks.append(Check(f"{slug}_codes", "contract", "critical", meaning, sql=sql))
        if periods := [str(p) for p in (dimension.first, dimension.last) if p is not None]:
            sql = f"select code from {_listed(periods)} where code not in ({have}) order by 1"
            meaning = NO_PERIOD.format(source=source)
            checks.append(Check(f"{slug}_coverage", "contract", "critical", meaning, sql=sql))
    return checks


def _listed(codes: Iterable[str]) -> str:
    return f"(values {', '.join(f'({literal(code)})' for code in codes)}) promised(code)"


def _schema(name: str) -> list[Check]:
    """The common shape of indicators (design §4); their columns need no check, for models.finish makes them."""
    key = ", ".join(KEY)
    cases = " ".join(f"when {condition} then {literal(fault)}" for fault, condition in FAULTS.items())
    columns = f"{key}, value, lower, upper, status, provenance"
    sql = (
        f"with judged as (select {columns}, case {cases} end as fault from {name}) "
        "select * from judged where fault is not null "
        f"union all by name select 'no rows' as fault from (select count(*) as n from {name}) t where n = 0 "
        "order by all"
    )
    return [Check("common_shape", "schema", "critical", SHAPE, sql=sql)]


def _magnitude(name: str) -> list[Check]:
    """Figures against the release before: moved too far, or gone."""
    table = name.split(".", 1)[1]
    on = " and ".join(f"n.{c} is not distinct from o.{c}" for c in KEY)
    keys = ", ".join(f"o.{c}" for c in KEY)
    sql = (
        f"select {keys}, o.value as before, n.value as now from earlier.{table} o left join {name} n on {on} "
        f"where o.value is not null and (n.value is null or o.value <> 0 and abs(n.value / o.value - 1) > "
        f"{MAGNITUDE_LIMIT}) order by all"
    )
    meaning = MOVED.format(limit=f"{MAGNITUDE_LIMIT:.0%}")
    return [Check("against_last_release", "magnitude", "warning", meaning, sql=sql)]


def _against(model: Model) -> list[Check]:
    """A core table against the release before: series that have gone, and a source that moved as a whole.

    A register has rows and no values: all of its key counts, but for the date of the extract.
    """
    if "source" not in model.columns:
        return []
    name, table = model.relation, f"earlier.{model.name}"
    has_values = "value" in model.columns
    series = ", ".join(c for c in model.key if (c in COVERAGE if has_values else c != "as_of"))
    there = "where value is not null" if has_values else ""
    gone = (
        f"with had as (select distinct {series} from {table} {there}), "
        f"have as (select distinct {series} from {name} {there}) "
        f"select * from had except select * from have order by all"
    )
    lost = Check("coverage_against_last_release", "magnitude", "warning", GONE.format(columns=series), sql=gone)
    if not has_values:
        return [lost]
    on = " and ".join(f"n.{quote(c)} is not distinct from o.{quote(c)}" for c in model.key)
    factor = "median(n.value / o.value)"
    moved = (
        f"select n.source, {factor} as factor, count(*) as n from {table} o join {name} n on {on} "
        f"where o.value <> 0 and n.value <> 0 group by n.source "
        f"having {factor} not between {1 / UNIT_LIMIT} and {UNIT_LIMIT} order by n.source"
    )
    unit = OTHER_UNIT.format(factor=f"{UNIT_LIMIT:g}")
    return [lost, Check("unit_against_last_release", "magnitude", "warning", unit, sql=moved)]
