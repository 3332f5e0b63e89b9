"""Checks at both ends: what came in has the shape its contract says, what goes out adds up.

Belongs here: which checks a table has, running them, their results on disk. This is the only module that imports
great_expectations, and only when a suite really runs (importing it takes seconds). Does not belong here: stopping a
run (Dagster blocks on critical checks) or refusing a release (releases.py reads the results).

Kinds of check: ``contract`` and ``header`` (Great Expectations suites built from data), ``sums`` (additions.py),
``schema`` (the common shape of indicators), ``sql`` (a SELECT whose rows are the bad ones), ``magnitude`` (against the
release before).
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from observatory import additions, atomic
from observatory.build import Workspace
from observatory.engines.duckdb import literal, quote, refusals, relation
from observatory.errors import DataError
from observatory.models import KEY, Model, references
from observatory.snapshots import PROVENANCES

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SAMPLE = 5
MAGNITUDE_LIMIT = 0.5
UNIT_LIMIT = 5.0
QUALIFIED = re.compile(r"\b(?:raw|catalogue|core|indicators)\.\w+")
COVERAGE = {"source", "measure", "indicator", "variant", "line", "geo", "period", "wave"}


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


@dataclass(frozen=True)
class Result:
    """What a check found. ``observed`` is one line; ``sample`` holds up to five bad rows or values."""

    table: str
    name: str
    kind: str
    severity: str
    meaning: str
    passed: bool
    observed: str
    sample: list[Any]


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
            checks.append(
                Check(
                    label, "header", spec.severity, spec.meaning, expectation=str(spec.expectation), kwargs=spec.kwargs
                )
            )
    checks += _magnitude(name) if schema == "indicators" else _against(model)
    return _numbered(checks)


def looks_at(ws: Workspace, name: str) -> list[str]:
    """Other tables that checks of ``name`` read, beside those it is made from; they must be made before.

    Found by their spelling and not by parsing: Dagster asks for them whenever it loads the definitions.
    """
    spelt = {word for check in planned(ws, name) for word in QUALIFIED.findall(check.sql)}
    return sorted(spelt.intersection(ws.relations) - {name, *ws.inputs(name)})


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
    what, table = f"contract of {source}", relation(f"raw.{source}")
    few = f"select count(*) as n from {table} having count(*) < {contract.coverage.rows} order by n"
    checks = [Check("row_count", "contract", "critical", f"fewer rows than the {what} promises", sql=few)]
    if contract.adds_up:
        checks.append(
            Check("adds_up", "sums", "critical", f"parts that do not add up to their total as the {what} promises")
        )
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
            meaning = f"a code of {dimension.code!r} that the {what} does not list, or one that is gone"
            checks.append(Check(f"{slug}_codes", "contract", "critical", meaning, sql=sql))
        if periods := [str(p) for p in (dimension.first, dimension.last) if p is not None]:
            sql = f"select code from {_listed(periods)} where code not in ({have}) order by 1"
            meaning = f"a period that the {what} promises is not there"
            checks.append(Check(f"{slug}_coverage", "contract", "critical", meaning, sql=sql))
    return checks


def _listed(codes: Iterable[str]) -> str:
    return f"(values {', '.join(f'({literal(code)})' for code in codes)}) promised(code)"


def _sums(ws: Workspace, name: str, check: Check) -> Result:
    """The sums that a contract promises, on the raw table."""
    import pyarrow.parquet as pq

    contract = ws.catalogue.sources[name.removeprefix("raw.")]
    skip = {"flag", "source", "provenance"}
    wanted = [c for c in pq.ParquetFile(ws.path(name)).schema_arrow.names if c not in skip and not c.endswith("__as")]
    bad = additions.broken(contract, pq.read_table(ws.path(name), columns=wanted), ws.engine)
    told = (check.severity, check.meaning, not bad, f"{len(bad)} sums do not hold", bad[:SAMPLE])
    return Result(name, check.name, check.kind, *told)


def _schema(name: str) -> list[Check]:
    """The common shape of indicators (design §4); their columns need no check, for models.finish makes them."""
    key = ", ".join(KEY)
    known = ", ".join(literal(p) for p in PROVENANCES)
    faults = {
        "incomplete key": "geo is null or variant is null or activity is null or period is null or indicator is null",
        "double key": f"count(*) over (partition by {key}) > 1",
        "no source": "coalesce(sources, '') = ''",
        "unknown provenance": f"provenance is null or provenance not in ({known})",
        "unknown status": "status is null or not regexp_matches(status, '^(A|[BCDEFMNPU]+)$')",
        "no figure and no reason": "value is null and not regexp_matches(status, '[MC]')",
        "a figure said to be missing": "value is not null and regexp_matches(status, '[MC]')",
        "not a finite number": "isinf(value) or isnan(value)",
        "outside its own interval": "value < lower or value > upper",
    }
    cases = " ".join(f"when {condition} then {literal(fault)}" for fault, condition in faults.items())
    columns = f"{key}, value, lower, upper, status, provenance"
    meaning = f"a row with one of: {', '.join(faults)}; or no row at all"
    sql = (
        f"with judged as (select {columns}, case {cases} end as fault from {name}) "
        "select * from judged where fault is not null "
        f"union all by name select 'no rows' as fault from (select count(*) as n from {name}) t where n = 0 "
        "order by all"
    )
    return [Check("common_shape", "schema", "critical", meaning, sql=sql)]


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
    meaning = f"a figure of the release before that is gone, or moved by more than {MAGNITUDE_LIMIT:.0%}"
    return [Check("against_last_release", "magnitude", "warning", meaning, sql=sql)]


def _against(model: Model) -> list[Check]:
    """A core table against the release before: series that have gone, and a source that moved as a whole."""
    if not {"value", "source"} <= set(model.columns):
        return []
    name, table = model.relation, f"earlier.{model.name}"
    series = ", ".join(c for c in model.key if c in COVERAGE)
    gone = (
        f"with had as (select distinct {series} from {table} where value is not null), "
        f"have as (select distinct {series} from {name} where value is not null) "
        f"select * from had except select * from have order by all"
    )
    on = " and ".join(f"n.{quote(c)} is not distinct from o.{quote(c)}" for c in model.key)
    factor = "median(n.value / o.value)"
    moved = (
        f"select n.source, {factor} as factor, count(*) as n from {table} o join {name} n on {on} "
        f"where o.value <> 0 and n.value <> 0 group by n.source "
        f"having {factor} not between {1 / UNIT_LIMIT} and {UNIT_LIMIT} order by n.source"
    )
    lost = f"figures of the release before are gone: no figure is left of a combination of {series}"
    unit = f"a source whose figures moved at the median by a factor beyond {UNIT_LIMIT:g}: another unit?"
    return [
        Check("coverage_against_last_release", "magnitude", "warning", lost, sql=gone),
        Check("unit_against_last_release", "magnitude", "warning", unit, sql=moved),
    ]


def run(ws: Workspace, name: str, earlier: Path | None = None) -> list[Result]:
    """Run the checks of one table, or return the stored results where nothing they look at has changed.

    ``earlier`` is the directory of the release before, if there is one; without it the checks against it pass and
    say so.
    """
    checks = planned(ws, name)
    views = _views(ws, name, checks, earlier)
    digest = hashlib.sha256(ws.code_fingerprint.encode())
    for check in checks:
        digest.update(json.dumps(asdict(check), sort_keys=True).encode())
    for view, path in sorted(views.items()):
        made = ws.made(view)
        digest.update(f"{view}={made.sha256 if made else atomic.sha256(path)}".encode())
    stored = _stored_path(ws, name)
    if stored.exists():
        content = json.loads(stored.read_text("utf-8"))
        if content["fingerprint"] == digest.hexdigest():
            return [Result(**result) for result in content["results"]]
    suite = [check for check in checks if check.expectation]
    found = dict(zip([c.name for c in suite], expect(name, suite, _frame(ws.path(name), suite)), strict=True))
    if sums := [check for check in checks if check.kind == "sums"]:
        found |= {sums[0].name: _sums(ws, name, sums[0])}
    found |= _bad_rows(ws, name, [check for check in checks if check.sql], views)
    results = [found[check.name] for check in checks]
    content = {"fingerprint": digest.hexdigest(), "results": [asdict(result) for result in results]}
    atomic.write_text(stored, json.dumps(content, indent=1, ensure_ascii=False, default=str))
    return results


def results(ws: Workspace, *, complete: bool = True) -> list[Result]:
    """Stored results of all tables. Raises DataError for a table whose checks never ran, unless not ``complete``."""
    found: list[Result] = []
    for name in ws.relations:
        stored = _stored_path(ws, name)
        if stored.exists():
            found += [Result(**r) for r in json.loads(stored.read_text("utf-8"))["results"]]
        elif complete and planned(ws, name):
            raise DataError(f"{name} has not been checked", remedy="Run `observatory refresh`")
    return found


def _stored_path(ws: Workspace, name: str) -> Path:
    return ws.settings.build / "checks" / f"{name}.json"


def _views(ws: Workspace, name: str, checks: list[Check], earlier: Path | None) -> dict[str, Path]:
    wanted = {name}
    for check in checks:
        if check.sql:
            wanted.update(references(check.sql, f"{name}: check {check.name}"))
    before = {view for view in wanted if view.startswith("earlier.")}
    views = ws.views(sorted(wanted - before))
    files = {view: earlier / f"{view.split('.', 1)[1]}.parquet" for view in sorted(before) if earlier is not None}
    # a table that had other columns cannot be compared; diff.md says so
    key = set(ws.models[name].key) | {"value"} if files else set()
    return views | {view: path for view, path in files.items() if path.exists() and key <= _columns(path)}


def _columns(path: Path) -> set[str]:
    import pyarrow.parquet as pq

    return set(pq.ParquetFile(path).schema_arrow.names)


def _frame(path: Path, checks: list[Check]) -> pd.DataFrame | None:
    """The columns that a suite looks at, as pandas; codes as categories, so that large tables stay small."""
    if not checks:
        return None
    import pyarrow.parquet as pq

    whole = any(check.expectation.startswith("expect_table_columns") for check in checks)
    named: set[str] = set()
    for check in checks:
        named.update([str(check.kwargs[key]) for key in ("column", "column_A", "column_B") if key in check.kwargs])
        named.update(check.kwargs.get("column_list", []))
    columns = None if whole else [c for c in pq.ParquetFile(path).schema_arrow.names if c in named]
    if columns == []:
        columns = pq.ParquetFile(path).schema_arrow.names[:1]
    table: pa.Table = pq.read_table(path, columns=columns)
    return table.to_pandas(strings_to_categorical=True)


def expectation_class(name: str) -> Any:
    """The Great Expectations class of a check named ``expect_…``.

    Raises DataError for a name that does not exist, so that a typo never passes for a check.
    """
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations.expectations as gxe

    found = getattr(gxe, "".join(part.capitalize() for part in name.split("_")), None)
    if found is None:
        raise DataError(f"no expectation is called {name!r}", remedy="See the gallery of Great Expectations")
    return found


@functools.cache
def _frames() -> Any:
    """Where frames are handed to Great Expectations: one ephemeral context for all suites, nothing of it is kept."""
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return (
        context.data_sources.add_pandas("memory")
        .add_dataframe_asset("table")
        .add_batch_definition_whole_dataframe("whole")
    )


def expect(name: str, checks: list[Check], frame: pd.DataFrame | None) -> list[Result]:
    """Validate a frame against the expectation checks of table ``name``, in one ephemeral suite."""
    if not checks:
        return []
    classes = [expectation_class(check.expectation) for check in checks]
    import great_expectations as gx

    batch = _frames().get_batch({"dataframe": frame})
    # the order of results is not promised, so each expectation carries the name of its check
    expectations = [cls(**check.kwargs, meta={"check": check.name}) for cls, check in zip(classes, checks, strict=True)]
    outcome = batch.validate(gx.ExpectationSuite(name=name, expectations=expectations), result_format="SUMMARY")
    by_name = {r.expectation_config.meta["check"]: r for r in outcome.results}
    return [_expected(name, check, by_name[check.name]) for check in checks]


def _expected(name: str, check: Check, outcome: Any) -> Result:
    detail = outcome.result or {}
    sample = list(detail.get("partial_unexpected_list", []))[:SAMPLE]
    if (outcome.exception_info or {}).get("raised_exception"):
        observed = f"could not be evaluated: {outcome.exception_info.get('exception_message', '')}"
    elif "unexpected_count" in detail:
        observed = f"{detail['unexpected_count']} of {detail.get('element_count')} values do not meet it"
    else:
        observed = str(detail.get("observed_value", ""))[:300]
    meaning = check.meaning or f"{check.expectation} {json.dumps(check.kwargs)}"
    return Result(name, check.name, check.kind, check.severity, meaning, bool(outcome.success), observed, sample)


def _bad_rows(ws: Workspace, name: str, checks: list[Check], views: dict[str, Path]) -> dict[str, Result]:
    """Run the SQL checks of a table over one connection; a check whose earlier release is absent passes."""
    found = {}
    with ws.engine.connect(views) as connection:
        for check in checks:
            place = f"{name}: check {check.name}"
            if set(references(check.sql, place)) <= set(views):
                with refusals(place):
                    rows = connection.sql(check.sql).to_arrow_table()
                observed, sample = f"{rows.num_rows} bad rows", rows.slice(0, SAMPLE).to_pylist()
            else:
                observed, sample = "no earlier release has this table with these columns", []
            told = (check.name, check.kind, check.severity, check.meaning, not sample, observed, sample)
            found[check.name] = Result(name, *told)
    return found
