"""Checks at both ends: what came in has the shape its contract says, what goes out adds up.

Belongs here: running checks, their results on disk, Data Docs. This is the only module that imports
great_expectations, and only when a suite really runs (importing it takes seconds). Does not belong here: which checks
a table has (check_plans.py), the page of checks (check_report.py), stopping a run (Dagster blocks on critical checks)
or refusing a release (releases.py reads the results).
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from observatory import additions, atomic
from observatory.build import Workspace
from observatory.check_plans import Check, planned
from observatory.engines.duckdb import refusals
from observatory.errors import DataError
from observatory.models import references

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SAMPLE = 5
MAGNITUDE_LIMIT = 0.5
UNIT_LIMIT = 5.0
QUALIFIED = re.compile(r"\b(?:raw|catalogue|core|indicators)\.\w+")
COVERAGE = {"source", "measure", "indicator", "variant", "line", "geo", "period", "wave"}
OPEN_SUMS = "{n} sums do not hold"
UNMET = "{n} of {all} values do not meet it"
BAD_ROWS = "{n} bad rows"
NOTHING_EARLIER = "no earlier release has this table with these columns"
FAILED = "could not be evaluated: {reason}"
WORDS = (OPEN_SUMS, UNMET, BAD_ROWS, NOTHING_EARLIER, FAILED)
"""What a check found, with places to fill in: the message ids of their translations."""


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


def _sums(ws: Workspace, name: str, check: Check) -> Result:
    """The sums that a contract promises, on the raw table."""
    import pyarrow.parquet as pq

    contract = ws.catalogue.sources[name.removeprefix("raw.")]
    skip = {"flag", "source", "provenance"}
    wanted = [c for c in pq.ParquetFile(ws.path(name)).schema_arrow.names if c not in skip and not c.endswith("__as")]
    bad = additions.broken(contract, pq.read_table(ws.path(name), columns=wanted), ws.engine)
    told = (check.severity, check.meaning, not bad, OPEN_SUMS.format(n=len(bad)), bad[:SAMPLE])
    return Result(name, check.name, check.kind, *told)


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


def data_docs(ws: Workspace, release: Path, found: Sequence[Result], target: Path) -> Path:
    """Write Great Expectations Data Docs of a release into ``target``; returns the page to open.

    Expectations in the headers of models run again, on the release's own tables. Every other kept result stands as a
    count of bad rows (0 passes; 1 stands for a failure that was not counted), in a suite beside the table's.
    """
    import great_expectations as gx
    import pandas as pd

    gx_context = gx.get_context(mode="ephemeral")
    gx_context.variables.progress_bars = {"globally": False}
    for site in list(gx_context.get_config().data_docs_sites or {}):
        gx_context.delete_data_docs_site(site)
    backend = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(target.resolve())}
    index = {"class_name": "DefaultSiteIndexBuilder"}
    gx_context.add_data_docs_site(
        release.name, {"class_name": "SiteBuilder", "store_backend": backend, "site_index_builder": index}
    )
    memory = gx_context.data_sources.add_pandas(release.name)

    def validate(name: str, frame: pd.DataFrame | None, expectations: list[Any]) -> None:
        batch = memory.add_dataframe_asset(name).add_batch_definition_whole_dataframe(release.name)
        suite = gx_context.suites.add(gx.ExpectationSuite(name=name, expectations=expectations))
        run = gx.ValidationDefinition(name=name, data=batch, suite=suite)
        gx_context.validation_definitions.add(run).run(
            batch_parameters={"dataframe": _as_text(frame)}, result_format="SUMMARY"
        )

    for name in dict.fromkeys(result.table for result in found):
        path = release / f"{name.split('.', 1)[1]}.parquet"
        suite = [c for c in planned(ws, name) if c.expectation] if name in ws.models and path.exists() else []
        if suite:
            validate(name, _frame(path, suite), [_expectation(c.expectation, c.kwargs, c) for c in suite])
        kept = {r.name: r for r in found if r.table == name and not (suite and r.kind == "header")}
        counts = pd.DataFrame([{check: _bad(r) for check, r in kept.items()}])
        none = {check: {"column": check, "max_value": 0} for check in kept}
        rule = "expect_column_values_to_be_between"
        if kept:
            validate(f"{name}.rows", counts, [_expectation(rule, none[check], r) for check, r in kept.items()])
    gx_context.build_data_docs()
    return target / "index.html"


def _expectation(name: str, kwargs: dict[str, Any], of: Check | Result) -> Any:
    """The expectation, said in Data Docs as what its check is called and what it must not find."""
    said = _as_text(f"{of.name} ({of.severity}): there must not be {of.meaning}")
    return expectation_class(name)(**_as_text(kwargs), description=said, severity=of.severity)


def _as_text(shown: Any) -> Any:
    """Texts, also those in lists, mappings and frames, without the start of a tag: Data Docs take what they show for
    HTML, a publisher's label, too.
    """
    import pandas as pd

    if isinstance(shown, str):
        return shown.replace("<", "&lt;")
    if isinstance(shown, dict):
        return {key: _as_text(value) for key, value in shown.items()}
    if isinstance(shown, list):
        return [_as_text(value) for value in shown]
    if isinstance(shown, pd.DataFrame):
        return shown.apply(lambda column: column if pd.api.types.is_numeric_dtype(column) else column.map(_as_text))
    return shown


def _bad(result: Result) -> int:
    """How many bad rows a kept result counts."""
    counted = re.match(r"\d+", result.observed)
    return 0 if result.passed else max(1, int(counted[0]) if counted else 1)


def _expected(name: str, check: Check, outcome: Any) -> Result:
    detail = outcome.result or {}
    sample = list(detail.get("partial_unexpected_list", []))[:SAMPLE]
    if (outcome.exception_info or {}).get("raised_exception"):
        observed = FAILED.format(reason=outcome.exception_info.get("exception_message", ""))
    elif "unexpected_count" in detail:
        observed = UNMET.format(n=detail["unexpected_count"], all=detail.get("element_count"))
    else:
        observed = str(detail.get("observed_value", ""))[:300]
    return Result(name, check.name, check.kind, check.severity, check.meaning, bool(outcome.success), observed, sample)


def _bad_rows(ws: Workspace, name: str, checks: list[Check], views: dict[str, Path]) -> dict[str, Result]:
    """Run the SQL checks of a table over one connection; a check whose earlier release is absent passes."""
    found = {}
    with ws.engine.connect(views) as connection:
        for check in checks:
            place = f"{name}: check {check.name}"
            if set(references(check.sql, place)) <= set(views):
                with refusals(place):
                    rows = connection.sql(check.sql).to_arrow_table()
                observed, sample = BAD_ROWS.format(n=rows.num_rows), rows.slice(0, SAMPLE).to_pylist()
            else:
                observed, sample = NOTHING_EARLIER, []
            told = (check.name, check.kind, check.severity, check.meaning, not sample, observed, sample)
            found[check.name] = Result(name, *told)
    return found
