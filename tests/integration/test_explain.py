"""Every published figure leads to cells of a publisher from which it can be computed again by other means."""

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from typing import Any

import dagster as dg
import duckdb
import numpy as np
import pandas as pd
import pytest

import assets
from observatory import releases
from observatory.build import Workspace
from observatory.errors import DataError, UsageError
from observatory.estimators import worked
from observatory.lineage import explain
from observatory.lineage_text import lines
from observatory.settings import Settings

Z = 1.959963984540054
LONG = {"conc_theil", "eci_region", "rel_density", "hub_slq"}
"""Figures made of thousands of cells, told in a quarter of a minute each: `make thorough` asks for them too."""


def cells(document: dict[str, Any]) -> pd.DataFrame:
    """The cells of an explanation, a column for each dimension of the publisher, in our name of the code if any."""
    assert document["is_traced"] and document["differences"] == []
    rows = [
        {d["dimension"]: d["name"] or d["code"] for d in c["dimensions"]} | {"value": c["value"]}
        for c in document["cells"]
    ]
    return pd.DataFrame(rows)


def eurostat(table: pd.DataFrame) -> pd.DataFrame:
    """Years and places in rows, activities in columns."""
    return table.pivot(index=["TIME_PERIOD", "geo"], columns="nace_r2", values="value")


def test_a_share_is_two_cells(built: Workspace) -> None:
    document = explain(built, "ict_emp_share", {"geo": "ES21", "period": "2015"})
    wide = eurostat(cells(document))
    assert wide.shape == (1, 2)
    assert (100 * wide["J"] / wide["TOTAL"]).item() == pytest.approx(document["figure"]["value"], rel=1e-14)
    (step,) = document["formula"]
    assert step["numbers"] == f"100 * {wide['J'].item()} / {wide['TOTAL'].item()}"
    assert step["value"] == document["figure"]["value"]


def test_the_cells_stand_so_in_the_publishers_bytes(built: Workspace) -> None:
    document = explain(built, "ict_emp_share", {"geo": "ES21", "period": "2015"})
    snapshot = document["snapshots"]["eurostat_nama_10r_3empers"]
    data = built.pins["eurostat_nama_10r_3empers"].read()
    assert hashlib.sha256(data).hexdigest() == snapshot["sha256"] and snapshot["retrieved_at"]
    published = pd.read_csv(io.BytesIO(data), sep="\t", dtype=str)
    published.columns = [str(c).strip() for c in published.columns]
    published = published.set_index(published.columns[0])
    for cell in document["cells"]:
        *series, period = [d["code"] for d in cell["dimensions"]]
        assert float(published.loc[",".join(series), period].split()[0]) == cell["value"]


def test_a_sum_is_all_its_parts(built: Workspace) -> None:
    asked = {"geo": "ES21", "period": "2020", "variant": "kibs_jkmn"}
    document = explain(built, "kibs_gva_share", asked)
    wide = eurostat(cells(document))
    assert set(wide.columns) == {"J", "K", "M_N", "TOTAL"}
    share = 100 * wide[["J", "K", "M_N"]].sum(axis=1) / wide["TOTAL"]
    assert share.item() == pytest.approx(document["figure"]["value"], rel=1e-12)
    total = next(step for step in document["formula"] if step["terms"])
    assert sorted(total["terms"]) == sorted(wide[["J", "K", "M_N"]].to_numpy()[0])


def test_industry_is_what_its_variant_says(built: Workspace) -> None:
    for variant, activity in (("section_c", "C"), ("industry_b_e", "B-E")):
        document = explain(built, "mfg_gva_share", {"geo": "ES21", "period": "2015", "variant": variant})
        wide = eurostat(cells(document))
        assert set(wide.columns) == {activity, "TOTAL"}
        assert (100 * wide[activity] / wide["TOTAL"]).item() == pytest.approx(document["figure"]["value"], rel=1e-14)


def test_a_quotient_and_its_interval(built: Workspace) -> None:
    asked = {"geo": "ES21", "period": "2020", "variant": "kibs_jkmn", "comparator": "ES"}
    document = explain(built, "hub_lq", asked)
    persons = eurostat(cells(document)).droplevel("TIME_PERIOD") * 1000
    part, whole = persons[["J", "K", "M_N"]].sum(axis=1), persons["TOTAL"]
    share = part / whole
    quotient = share["ES21"] / share["ES"]
    own = 1 - share["ES21"]
    se = np.sqrt(own / part["ES21"] + (1 - share["ES"]) / part["ES"] - 2 * own / part["ES"])
    figure = document["figure"]
    assert quotient == pytest.approx(figure["value"], rel=1e-12)
    assert quotient * np.exp(-Z * se) == pytest.approx(figure["lower"], rel=1e-9)
    assert quotient * np.exp(Z * se) == pytest.approx(figure["upper"], rel=1e-9)
    assert len(document["cells"]) == 8 and document["model"]["estimator"] == "intervals.location_quotient"
    told = {step["name"]: step for step in document["formula"]}
    numbers = [f"{float(n):.15g}" for n in (part["ES21"], whole["ES21"], part["ES"], whole["ES"])]
    assert told["value"]["numbers"] == "({} / {}) / ({} / {})".format(*numbers)
    for name in ("value", "lower", "upper"):
        assert told[name]["value"] == pytest.approx(figure[name], rel=1e-9)
    assert "value = (e_ij / e_j) / (e_i / e) = (159600 / 990600)" in "\n".join(lines(document))


def test_a_survey_mean_is_that_of_the_answers_in_the_named_snapshot(built: Workspace) -> None:
    """A wave leads to its estimates; the answers are those of the snapshot whose hash is told."""
    document = explain(built, "svy_mean_share", {"geo": "ES21", "period": "2018", "variant": "unweighted"})
    snapshot = document["snapshots"]["survey_servitization_2018"]
    data = built.pins["survey_servitization_2018"].read()
    assert hashlib.sha256(data).hexdigest() == snapshot["sha256"] and snapshot["provenance"] == "synthetic"
    answers = pd.read_csv(io.BytesIO(data), sep=";", skiprows=2, encoding="cp1252", decimal=",")
    share = answers["Ingresos por servicios (%)"]
    assert len(share) == document["figure"]["n"] == 56
    assert share.mean() == pytest.approx(document["figure"]["value"], rel=1e-9)
    assert [cell["value"] for cell in document["cells"]] == [document["figure"]["value"]]


def test_a_class_is_the_rule_on_cells_of_four_tables(built: Workspace) -> None:
    asked = {"geo": "48020", "period": "2022", "variant": "kibs_seed_sections:class"}
    document = explain(built, "hub_class", asked)
    by_source: dict[str, list[dict[str, Any]]] = {}
    for cell in document["cells"]:
        names = [d["name"] or d["code"] for d in cell["dimensions"]]
        by_source.setdefault(cell["source"], []).append({"names": names, "value": cell["value"]})

    def share(cells: list[dict[str, Any]], place: str, scale: float = 1.0) -> tuple[float, float]:
        own = [cell for cell in cells if place in cell["names"]]
        total = sum(cell["value"] for cell in own if "TOTAL" in cell["names"][:4] and not _branch(cell["names"]))
        return scale * sum(cell["value"] for cell in own if _branch(cell["names"])), scale * total

    def lowest(part: tuple[float, float], whole: tuple[float, float]) -> tuple[float, float]:
        own, other = part[0] / part[1], whole[0] / whole[1]
        se = np.sqrt((1 - own) / part[0] + (1 - other) / whole[0] - 2 * (1 - own) / whole[0])
        return own / other, own / other * np.exp(-Z * se)

    accounts = by_source["eurostat_nama_10r_3empers"]
    city = share(by_source["eustat_capitals_employment"], "48020")
    region = share(by_source["eustat_employment_a38"], "ES21")
    b, a = lowest(city, region)
    _, c = lowest(share(accounts, "ES21", 1000), share(accounts, "ES", 1000))
    _, e = lowest(share(accounts, "ES21", 1000), share(accounts, "EU27_2020", 1000))
    sold = {
        use: sum(cell["value"] for cell in by_source["eustat_use"] if use in cell["names"])
        for use in ("exports_rest_of_spain", "exports_abroad", "TOTAL")
    }
    d = 100 * (sold["exports_rest_of_spain"] + sold["exports_abroad"]) / sold["TOTAL"]
    f = 100 * sold["exports_abroad"] / sold["TOTAL"]
    rank = 0
    if a > 1 and b >= 1.25:
        rank = 1
        if c > 1 and d >= 25:
            rank = 3 if e > 1 and f >= 15 else 2
    assert document["figure"]["value"] == rank
    for letter, value in (("a", a), ("b", b), ("c", c), ("d", d)):
        assert f"{letter} {value:.4g} " in document["figure"]["sources"], letter


def _branch(names: list[str]) -> bool:
    return bool({"J", "K", "M_N", "JA", "JB", "JC", "MA", "MB", "MC"} & set(names))


def test_a_slope_is_its_whole_series_and_no_more(built: Workspace) -> None:
    asked = {"geo": "ES21", "period": "2008/2015", "variant": "section_j:ols"}
    document = explain(built, "ict_trend_slope", asked)
    wide = eurostat(cells(document)).droplevel("geo")
    assert list(wide.index) == [str(year) for year in range(2008, 2016)]
    slope = np.polyfit(wide.index.astype(int) - 2008, 100 * wide["J"] / wide["TOTAL"], 1)[0]
    assert slope == pytest.approx(document["figure"]["value"], rel=1e-9)
    told = {step["name"]: step["numbers"] for step in document["formula"]}
    assert told["mean year"].startswith("(2008 + 2009 + 2010")
    assert " / 42" in told["value"], "the squares of eight years add up to 42"
    relations = [row["relation"] for row in document["rows"]]
    assert relations == ["indicators.ict_trend_slope"] + ["indicators.ict_emp_share"] * 8 + ["core.employment"] * 16


def test_a_sum_over_branches_leads_to_the_banks_own_labels(built: Workspace) -> None:
    asked = {"geo": "ES21", "period": "2018", "variant": "manufacturing"}
    document = explain(built, "serv_pl_share", asked)
    table = cells(document)
    wide = table.pivot(index="sector (A86)", columns="cuenta de perdidas y ganancias", values="value")
    assert set(wide.columns) == {"net_turnover", "services_rendered"} and not wide.isna().any(axis=None)
    assert not {"TOTAL", "04"} & set(wide.index) and {"05", "36", "42"} <= set(wide.index)
    share = 100 * wide["services_rendered"].sum() / wide["net_turnover"].sum()
    assert share == pytest.approx(document["figure"]["value"], rel=1e-12)
    labels = {d["label"] for c in document["cells"] for d in c["dimensions"]}
    assert "C.A. de Euskadi" in labels
    assert document["snapshots"]["eustat_industry_accounts"]["provenance"] == "synthetic"


def test_years_that_only_set_a_window_apart_are_not_inputs(built: Workspace) -> None:
    asked = {"geo": "ES21", "period": "2008/2015", "variant": "section_c:range"}
    document = explain(built, "mfg_gva_stability", asked)
    wide = eurostat(cells(document)).droplevel("geo")
    assert list(wide.index) == [str(year) for year in range(2008, 2016)]
    share = 100 * wide["C"] / wide["TOTAL"]
    assert share.max() - share.min() == pytest.approx(document["figure"]["value"], rel=1e-9)


def test_a_missing_figure_leads_to_the_cells_of_its_place_and_period(built: Workspace) -> None:
    rows = pd.read_parquet(releases.find(built.settings.releases) / "serv_pl_share.parquet")
    gap = rows[rows["value"].isna() & (rows["variant"] == "branch")].iloc[0]
    document = explain(built, "serv_pl_share", {c: gap[c] for c in ("geo", "variant", "period", "activity")})
    assert document["figure"]["value"] is None and "M" in document["figure"]["status"]
    own = [c for c in document["cells"] if gap["activity"].endswith(f":{c['dimensions'][1]['name']}")]
    assert {c["dimensions"][2]["name"] for c in own} >= {"net_turnover", "services_rendered"}
    assert {c["dimensions"][3]["code"] for c in document["cells"]} == {gap["period"]}


@pytest.mark.parametrize(
    "indicator",
    [
        pytest.param(name, marks=[pytest.mark.thorough] if name in LONG else [])
        for name in (model.removeprefix("indicators.") for model in Workspace().models if "indicators." in model)
    ],
)
def test_every_indicator_can_be_explained(built: Workspace, indicator: str) -> None:
    rows = pd.read_parquet(releases.find(built.settings.releases) / f"{indicator}.parquet")
    rows = rows[rows["value"].notna() | rows["value"].isna().all()]
    row = rows.iloc[len(rows) // 3]
    asked = {c: row[c] for c in ("variant", "geo", "activity", "period", "comparator") if isinstance(row[c], str)}
    document = explain(built, indicator, asked)
    assert document["is_traced"] and document["cells"]
    known = {(row["relation"], row["row"]) for row in (*document["rows"], *document["cells"])}
    reached = {tuple(one) for row in document["rows"] for one in row["inputs"]}
    assert reached == known - {(document["rows"][0]["relation"], document["rows"][0]["row"])}
    said = {source.split(" (")[0] for source in row["sources"].split(";") if not source.startswith("(")}
    reached_sources = {cell["source"] for cell in document["cells"]}
    if said != reached_sources:  # a register in which nothing was found to count has no cell to lead to
        nothing = {source for source in said - reached_sources if source.startswith("programme_")}
        assert said - nothing <= reached_sources
        assert nothing or not all(row["is_least"] for row in document["rows"])
    assert all(check["passed"] for check in document["checks"] if check["severity"] == "critical")
    tables = {check["table"] for check in document["checks"]}
    assert {f"indicators.{indicator}", *(f"raw.{source}" for source in document["snapshots"])} <= tables
    text = "\n".join(lines(document))
    assert document["model"]["sha256"] in text and "Cells of" in text
    for step in document["formula"]:
        if step["value"] is not None:
            computed = duckdb.sql("select " + re.sub(r"(\d+(\.\d+)?)", r"\1::double", step["numbers"])).fetchall()
            assert computed == [(pytest.approx(step["value"], rel=1e-12),)], step
    own = [step for step in document["formula"] if "[" not in step["name"]]
    if own and own[0]["value"] is None:
        assert pd.isna(row["value"])
    else:
        assert not own or own[0]["value"] == pytest.approx(row["value"], rel=1e-12)
    json.dumps(document)
    is_told = document["model"]["estimator"] in worked.RULES and not pd.isna(row["value"])
    assert own or not is_told or str(row["variant"]).endswith((":rank", ":reached"))


def test_the_model_file_is_named_by_hash(built: Workspace, root: Any) -> None:
    model = explain(built, "ict_emp_share", {"geo": "ES21", "period": "2015"})["model"]
    assert model["path"] == "sql/indicators/ict_emp_share.sql"
    assert model["sha256"] == hashlib.sha256((root / model["path"]).read_bytes()).hexdigest()
    assert model["commit"] == "unknown" or len(model["commit"]) == 40


@pytest.mark.parametrize(
    ("indicator", "asked", "says"),
    [
        ("ict_emp_shar", {}, "Nearest: ict_emp_share"),
        ("ict_gap_pp", {}, " figures, which differ in geo, period, comparator. Say which: --geo "),
        ("ict_emp_share", {"geo": "ES2", "period": "2015"}, "--geo ES21 --activity NACE2:J --period 2015"),
        ("ict_gap_pp", {"geo": "ES21", "comparator": "ES"}, "which differ in period. Say which: --period "),
    ],
)
def test_what_there_is_not_names_the_nearest(
    built: Workspace, indicator: str, asked: dict[str, str | None], says: str
) -> None:
    with pytest.raises(UsageError) as caught:
        explain(built, indicator, asked)
    assert says in str(caught.value)


def test_of_several_series_the_headline_is_explained_and_the_others_named(built: Workspace) -> None:
    document = explain(built, "hub_lq", {"geo": "ES21", "period": "2024"})
    asked = {"variant": "kibs_jkmn", "geo": "ES21", "period": "2024"}
    assert document["figure"] == explain(built, "hub_lq", asked | {"comparator": "ES"})["figure"]
    assert "--variant kibs_jkmn --activity NACE2:J+K+M_N --comparator EU27_2020" in document["others"]
    said = "\n".join(lines(document))
    assert f"the first of {len(document['others']) + 1} that fit; the others: --variant" in said
    # the words that name another figure choose it
    words = dict(zip(*[iter(document["others"][-1].replace("--", "").split())] * 2, strict=True))
    other = explain(built, "hub_lq", {"geo": "ES21", "period": "2024"} | words)
    assert other["others"] == [] and other["figure"].items() >= words.items()


def changed_home(ws: Workspace, old: str, new: str) -> Workspace:
    """The same data with a home in which one model is another."""
    home = ws.settings.data_dir.parent / "home"
    for part in ("sql", "data/catalogue", "data/embedded"):
        shutil.copytree(ws.settings.home / part, home / part)
    model = home / "sql" / "indicators" / "ict_emp_share.sql"
    text = model.read_text("utf-8")
    assert old in text
    model.write_text(text.replace(old, new), "utf-8")
    return Workspace(Settings(home=home, data=ws.settings.data_dir))


def test_a_release_of_another_build_is_not_followed(copy: Workspace) -> None:
    ws = changed_home(copy, "100 * j.value", "1000 * j.value")
    ws.make("indicators.ict_emp_share")
    document = explain(ws, "ict_emp_share", {"geo": "ES21", "period": "2015"}, "2026Q3.0")
    assert not document["is_traced"] and document["figure"]["value"] == pytest.approx(2.096, abs=0.0005)
    assert document["rows"] == document["cells"] == document["formula"] == []
    assert any("indicators.ict_emp_share: the release has" in line for line in document["differences"])
    text = "\n".join(lines(document))
    assert "is not the one this release was made from" in text and document["release"]["git_commit"] in text
    assert all(snapshot["sha256"] in text for snapshot in document["snapshots"].values()) and document["snapshots"]


def test_a_release_from_other_bytes_is_not_followed(copy: Workspace) -> None:
    path = releases.find(copy.settings.releases) / "datapackage.json"
    entry = copy.pins["eurostat_nama_10r_3empers"].entry
    path.write_text(path.read_text("utf-8").replace(entry.sha256, "0" * 64), "utf-8")
    document = explain(copy, "ict_emp_share", {"geo": "ES21", "period": "2015"})
    assert not document["is_traced"]
    assert document["differences"] == [
        f"snapshot of eurostat nama_10r_3empers: the release has 000000000000…, the lock {entry.sha256[:12]}…"
    ]


def test_a_model_that_no_longer_gives_its_table_is_an_error(copy: Workspace) -> None:
    """The build is that of the release, the file is not: what it says now did not make the figure."""
    ws = changed_home(copy, "100 * j.value", "1000 * j.value")
    with pytest.raises(DataError, match=r"ict_emp_share.sql: run again, the model does not give"):
        explain(ws, "ict_emp_share", {"geo": "ES21", "period": "2015"})


def test_the_command_prints_text_and_json(built: Workspace) -> None:
    def run(*words: str) -> str:
        environment = {**os.environ, "OBSERVATORY_DATA": str(built.settings.data_dir)}
        command = [sys.executable, "-m", "observatory", "explain", "ict_emp_share", "--geo", "ES21", "--period", "2015"]
        done = subprocess.run([*command, *words], env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    document = json.loads(run("--format", "json"))
    assert list(document) == [
        *("figure", "others", "release", "is_traced", "differences", "formula", "rows", "cells", "name", "definition"),
        *("reference", "caveats", "model", "definitions", "snapshots", "checks"),
    ]
    text = run()
    assert "value = 100 * j.value / t.value = 100 * 20.3 / 968.7 = 2.09559" in text
    assert "nace_r2 TOTAL, geo ES21, TIME_PERIOD 2015: 968.7" in text
    assert document["snapshots"]["eurostat_nama_10r_3empers"]["sha256"] in text


def test_dagster_shows_the_columns_behind_a_column(built: Workspace) -> None:
    (asset,) = [a for a in assets.indicators.assets(built) if a.key == dg.AssetKey(["indicators", "ict_emp_share"])]
    result = dg.materialize([asset], selection=[asset.key])
    (event,) = result.asset_materializations_for_node(asset.node_def.name)
    behind = event.metadata["dagster/column_lineage"].value.deps_by_column
    employment = dg.AssetKey(["core", "employment"])
    assert behind["value"] == [dg.TableColumnDep(employment, "value")]
    assert behind["geo"] == [dg.TableColumnDep(employment, "geo")]
