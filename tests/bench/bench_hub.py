"""Budgets of the hub and structure indicators: every NUTS 3 region, 64 branches, 25 years (made up, 2.4 million cells).

Each model is run as it is, on made-up tables in the place of its inputs, in a process of its own with DuckDB held to a
gigabyte: the peak is that of the worst. The same measures in pandas, by groupby and merge, are the other side.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.bench.chain import budget

PLACES, BRANCHES, YEARS = 1514, 64, 25
NUTS2 = 0.16  # part of the places that count as regions of NUTS 2
MOST_MEMORY = 4096.0  # MiB, of which DuckDB may take a quarter; the shift-share account gives six million rows
WHOLE = "EU27_2020"
MODELS = (
    "spec_krugman",
    "div_hhi",
    "div_entropy",
    "conc_theil",
    "conc_hoover",
    "hub_lq",
    "hub_slq",
    "bench_distance",
    "rel_density",
    "eci_region",
    "shift_share",
)
ORDER = sorted(MODELS, key=lambda model: model != "hub_lq")
"""The models, those first that others read."""
TRIES = 3  # of which the quickest counts, on both sides
PANDAS = ("spec_krugman", "div_hhi", "div_entropy", "hub_lq")


def cells(places: int = PLACES) -> pd.DataFrame:
    """Amounts by place, branch and year from a seed, with the sum of all places as a place of its own."""
    random = np.random.default_rng(20260101)
    size = random.lognormal(10, 1, (places, 1, 1))
    mix = random.gamma(0.8, 1, (places, BRANCHES, 1)) * random.lognormal(0, 1, (1, BRANCHES, 1))
    growth = np.cumprod(1 + random.normal(0.01, 0.02, (places, BRANCHES, YEARS)), axis=2)
    amounts = np.rint(size * mix * growth) + 1
    amounts = np.concatenate([amounts, amounts.sum(axis=0, keepdims=True)])
    geo = np.array([*(f"N{i:04}" for i in range(places)), WHOLE])
    names = np.array(["C", "J", "K", "M_N", *(f"B{j:02}" for j in range(BRANCHES - 4))])
    years = np.array([str(2000 + t) for t in range(YEARS)])
    axes = np.meshgrid(geo, names, years, indexing="ij")
    columns = dict(zip(("geo", "activity", "period"), (axis.ravel() for axis in axes), strict=True))
    return pd.DataFrame(columns | {"value": amounts.ravel()})


def write(folder: Path, frame: pd.DataFrame) -> None:
    """The made-up tables as Parquet; ``given.json`` says per model which relations they stand for."""
    import duckdb

    from observatory.build import Workspace

    database = duckdb.connect()
    database.register("cells", frame)
    ws = Workspace()

    def put(name: str, sql: str) -> str:
        database.execute(f"copy ({sql}) to '{folder / name}.parquet' (format parquet)")
        return str(folder / f"{name}.parquet")

    parts = """
        select 'employment' as measure, '{}' as breakdown, 'eurostat' as system, geo, 'NACE2' as classification,
          {} as activity, left(activity, 1) as section, period, value,
          value / sum(value) over (partition by geo, period) as share, 'persons' as unit,
          'A' as status, 'synthetic' as provenance, 'made_up' as source
        from cells left join members on branch = activity"""
    members = [m.activity for m in ws.catalogue.kibs_members if (m.variant, m.breakdown) == ("kibs_wide", "a88")]
    named = ", ".join(f"('B{i:02}', '{activity}')" for i, activity in enumerate(members))
    database.execute(f"create table members as select * from (values {named}) m(branch, division)")
    six = put("six", parts.format("six_parts", "activity"))
    divisions = put(
        "divisions",
        parts.format("a88_establishments", "coalesce(division, activity)") + f" where geo <> '{WHOLE}'",
    )
    accounts = """
        select geo, 'NACE' as classification, '2' as version, 'x' as level, {} as activity, period,
          {} / 1000 as value, 'A' as status, 'synthetic' as provenance, 'made_up' as source
        from cells {}"""
    employment = put(
        "employment",
        accounts.format("activity", "value", "where activity in ('C', 'J', 'K', 'M_N')")
        + " union all "
        + accounts.format("'TOTAL'", "sum(value)", "group by geo, period"),
    )
    directory = """
        select case when ascii(right(geo, 1)) % 2 = 0 then '01' else '48' end || geo as geo, 'CNAE' as classification,
          '2009' as version, 'x' as level, {} as activity, period, {} as value, 'A' as status,
          'synthetic' as provenance, 'eustat_establishments_municipality_cnae' as source
        from cells {}"""
    establishments = put(
        "establishments",
        directory.format("division", "value", f"join members on branch = activity where geo <> '{WHOLE}'")
        + " union all "
        + directory.format("'TOTAL'", "sum(value)", f"where geo <> '{WHOLE}' group by geo, period"),
    )
    nuts3 = f"N{int(NUTS2 * frame['geo'].nunique()):04}"
    geographies = put(
        "geographies",
        f"""select distinct geo, case when geo < '{nuts3}' then 'nuts2' else 'nuts3' end as level, 'region' as kind,
          '' as parent, geo as nuts2024 from cells""",
    )
    groups = put("groups", f"select 'comparator' as grp, '{WHOLE}' as geo")
    ancestors = put(
        "ancestors",
        f"select distinct geo, '{WHOLE}' as ancestor, 1 as distance from cells where geo <> '{WHOLE}'",
    )
    kibs = put(
        "kibs",
        """select * from (values ('', '', '', '', '', '', 0.0, 0.0, '', '', '', '')) t(measure, variant, geo, activity,
          period, source, value, total, unit, system, status, provenance) where false""",
    )
    places = {
        "catalogue.geographies": geographies,
        "catalogue.geography_groups": groups,
        "catalogue.geography_ancestors": ancestors,
        "core.establishments": establishments,
        "core.employment": employment,
        "core.kibs": kibs,
    }
    lq = str(folder / "hub_lq.parquet")
    given = {}
    for name in MODELS:
        structure = divisions if name in ("rel_density", "eci_region") else six
        given[name] = places | {
            "core.structure": structure,
            "core.structure_shares": structure,
            "indicators.hub_lq": lq,
        }
    (folder / "given.json").write_text(json.dumps(given))


def child(folder: Path, name: str) -> None:
    """Run one model on the made-up tables; prints CPU seconds, rows and peak MiB."""
    import pyarrow.parquet as pq

    from observatory.build import Workspace
    from observatory.estimators import resolve
    from observatory.models import finish
    from observatory.settings import Settings

    ws = Workspace(Settings(memory_limit="1GB", data=folder / "data"))
    given = json.loads((folder / "given.json").read_text())[name]
    model = ws.models[f"indicators.{name}"]
    for relation in model.inputs:
        if relation not in given:
            ws.make(relation)
    views = {r: Path(given[r]) if r in given else ws.path(r) for r in model.inputs}
    seconds = []
    for _ in range(TRIES if name in PANDAS else 1):
        start = time.process_time()
        found = ws.engine.to_arrow(model.sql, views, name=name)
        if model.header.estimator:
            found = resolve(model.header.estimator)(found)
        made = finish(found, model)
        seconds.append(time.process_time() - start)
    if name == "hub_lq":
        pq.write_table(made, folder / "hub_lq.parquet")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": min(seconds), "rows": made.num_rows, "peak": peak}))


def in_pandas(frame: pd.DataFrame) -> dict[str, Callable[[], Any]]:
    """The same measures as an analyst would write them who keeps status, provenance and source, as the models do."""
    frame = frame.assign(status="A", provenance="synthetic", source="made_up")
    regions = frame[frame["geo"] != WHOLE]
    letters = ["status", "provenance", "source"]

    def shares(of: pd.DataFrame) -> pd.Series:
        return of["value"] / of.groupby(["geo", "period"])["value"].transform("sum")

    def summed(rows: pd.DataFrame) -> pd.DataFrame:
        groups = rows.groupby(["geo", "period"])
        return groups["value"].sum().to_frame().join(groups[letters].max())

    def krugman() -> pd.DataFrame:
        own, whole = regions.assign(s=shares(regions)), frame[frame["geo"] == WHOLE]
        whole = whole.assign(b=shares(whole))[["activity", "period", "b"]]
        pairs = own.merge(whole, on=["activity", "period"])
        first = own[own["period"] == "2000"][["geo", "activity", "s"]].rename(columns={"s": "f"})
        change = own[own["period"] > "2000"].merge(first, on=["geo", "activity"])
        pairs["value"] = (pairs["s"] - pairs["b"]).abs()
        change["value"] = (change["s"] - change["f"]).abs()
        return pd.concat([summed(pairs), summed(change)])

    def herfindahl() -> pd.DataFrame:
        return summed(frame.assign(value=shares(frame) ** 2))

    def entropy() -> pd.DataFrame:
        s = shares(frame)
        return summed(frame.assign(value=-s * np.log2(s)))

    def quotients() -> pd.Series:
        wanted = frame[frame["activity"].isin(["C", "J", "K", "M_N"])]
        total = frame.groupby(["geo", "period"])["value"].sum().rename("total").reset_index()
        joined = wanted.merge(total, on=["geo", "period"])
        whole = joined[joined["geo"] == WHOLE][["activity", "period", "value", "total"]]
        pairs = joined.merge(whole, on=["activity", "period"], suffixes=("", "_b"))
        return (pairs["value"] / pairs["total"]) / (pairs["value_b"] / pairs["total_b"])

    return {"spec_krugman": krugman, "div_hhi": herfindahl, "div_entropy": entropy, "hub_lq": quotients}


def measure() -> list[dict[str, Any]]:
    """Rows of the table of budgets."""
    with tempfile.TemporaryDirectory() as name:
        frame = cells()
        write(Path(name), frame)
        found = {}
        for model in ORDER:
            words = [sys.executable, "-m", "tests.bench.bench_hub", name, model]
            done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
            found[model] = json.loads(done.stdout)
            print(f"  {model}: {found[model]}", file=sys.stderr, flush=True)
    rows = []
    ours = theirs = 0.0
    for model, function in in_pandas(frame).items():
        seconds = []
        for _ in range(TRIES):
            start = time.process_time()
            function()
            seconds.append(time.process_time() - start)
        theirs += min(seconds)
        ours += found[model]["seconds"]
    note = f"{', '.join(PANDAS)}: {ours:.1f} s against {theirs:.1f} s CPU, {len(frame):,} cells"
    # the models read Parquet, add decimals so that every run gives the same, and make intervals; pandas does not
    rows.append(budget("hub and structure: SQL / the same in pandas, CPU", ours / theirs, 2.0, note))
    worst = max(found, key=lambda model: found[model]["peak"])
    total = sum(one["seconds"] for one in found.values())
    note = f"worst is {worst} with {found[worst]['peak']:.0f} MiB; {len(found)} models, {total:.0f} s CPU"
    peak = found[worst]["peak"] / MOST_MEMORY
    rows.append(budget(f"hub and structure: peak memory / {MOST_MEMORY:.0f} MiB", peak, 1.0, note))
    return rows


if __name__ == "__main__":
    if len(sys.argv) == 3:
        child(Path(sys.argv[1]), sys.argv[2])
    else:
        for line in measure():
            print(line)
