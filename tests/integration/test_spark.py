"""Spark says what DuckDB says: rewrites one by one, what Spark lacks and on which line, and models on the build."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from observatory import estimators, models, trials
from observatory.build import Workspace
from observatory.cli import app
from observatory.engines import engine_of, spark, spark_sql
from observatory.engines.duckdb import DuckDB
from observatory.engines.spark import Spark
from observatory.errors import DataError, UsageError
from observatory.settings import Settings
from tests.parity import differences
from tests.servers import spark as servers

SOME = ("indicators.serv_pl_share", "indicators.svy_bridge", "indicators.pm_funnel")
"""SQL alone, SQL on sums of others, and an estimator; `make thorough` runs all."""

CELLS = pa.table(
    {
        "k": ["a", "a", "a", "b", "b", None, "c"],
        "t": ["y", "x", "x", None, "z", "w", None],
        "d": [1.5, 2.5, -2.5, 0.0, float("nan"), None, 1e300],
        "n": pa.array([1, 2, 3, 0, 5, None, 7], pa.int64()),
        "m": pa.array([None, "1.10", "2.25", "0.05", "9.99", "1.00", "3.33"]).cast(pa.decimal128(10, 2)),
    }
)
CASES = Path(__file__).with_name("spark_cases.sql")


def cases(kind: str) -> dict[str, str]:
    """SELECTs of spark_cases.sql by name: those for a ``rewrite``, and those that need ``none``."""
    parts = re.split(r"^-- (rewrite|none): (.*)$", CASES.read_text("utf-8"), flags=re.MULTILINE)
    found = zip(parts[1::3], parts[2::3], parts[3::3], strict=True)
    return {name: sql.strip() for one, name, sql in found if one == kind}


REWRITTEN, PORTABLE = cases("rewrite"), cases("none")
LACKING = {
    "select k,\n  * exclude (k) replace (n + 1 as n)\nfrom core.cells order by 1": (2, "* replace"),
    "select k,\n  n,\n  cast(n as hugeint) as h\nfrom core.cells order by 1": (3, "int128"),
    "select k,\n  cast(d as bigint) as h\nfrom core.cells order by 1": (2, "bigint"),
    "select k,\n\n  list_has_all([k], [t]) as h\nfrom core.cells order by 1": (3, "LIST_HAS_ALL"),
    "select k,\n  unnest([1]) as a, n, unnest([2]) as b\nfrom core.cells order by 1": (2, "unnest"),
    "with a as (\n  select k, n from core.cells\n)\n"
    "select k, sum(n) as n,\n  damerau_levenshtein(k, 'b') as b\nfrom a\ngroup by k, n\norder by 1": (
        5,
        "DAMERAU_LEVENSHTEIN",
    ),
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    """One local Spark for all tests of this file."""
    pytest.importorskip("pyspark", reason="needs pyspark (make extras)")
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("needs Java for a local Spark")
    yield Spark(tmp_path_factory.mktemp("spark"), "local[2]", memory="1GB")
    spark.stop()


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    path = tmp_path_factory.mktemp("cells") / "cells.parquet"
    pq.write_table(CELLS, path)
    return {"core.cells": path}


def test_every_rewrite_has_its_test() -> None:
    assert list(REWRITTEN) == [rewrite.name for rewrite in spark_sql.REWRITES]


@pytest.mark.parametrize("name", REWRITTEN)
def test_a_rewrite_makes_spark_say_what_duckdb_says(name: str, engine: Spark, cells: dict[str, Path]) -> None:
    sql = REWRITTEN[name]
    (rewrite,) = (r for r in spark_sql.REWRITES if r.name == name)
    tree = spark_sql.parsed(sql)
    assert any(isinstance(node, tuple(rewrite.kinds())) for node in tree.walk())
    expected = DuckDB(engine.spill).to_arrow(sql, cells, name=name)
    assert differences(expected, engine.to_arrow(sql, cells, name=name)) == []


@pytest.mark.parametrize("name", PORTABLE)
def test_what_needs_no_rewrite_is_the_same_too(name: str, engine: Spark, cells: dict[str, Path]) -> None:
    expected = DuckDB(engine.spill).to_arrow(PORTABLE[name], cells, name=name)
    assert differences(expected, engine.to_arrow(PORTABLE[name], cells, name=name)) == []


@pytest.mark.parametrize("sql", LACKING)
def test_what_spark_lacks_is_refused_with_its_line(sql: str, engine: Spark, cells: dict[str, Path]) -> None:
    line, construct = LACKING[sql]
    with pytest.raises(spark_sql.NotPortable) as refused:
        engine.check(sql, {"core.cells": CELLS.schema}, name="made up")
    (lack,) = refused.value.lacks
    assert lack.line == line
    assert construct in lack.construct
    assert lack.remedy


def test_a_failure_at_work_is_told_with_its_cause(engine: Spark, cells: dict[str, Path]) -> None:
    sql = "select cast(t as integer) as n from core.cells order by 1"
    with pytest.raises(DataError, match=r"some model: Spark failed: .*CAST_INVALID_INPUT"):
        engine.to_arrow(sql, cells, name="some model")
    with pytest.raises(DataError, match="logarithm of a negative number"):
        engine.to_arrow("select ln(n - 5) as n from core.cells order by 1", cells, name="some model")


def test_a_folder_of_partitions_is_one_table(engine: Spark, tmp_path: Path) -> None:
    panel = tmp_path / "panel"
    for year, values in (("2019", [1.0, 2.0]), ("2020", [3.0, None])):
        (panel / f"period={year}").mkdir(parents=True)
        pq.write_table(pa.table({"firm": ["F1", "F2"], "value": values}), panel / f"period={year}" / "part-0.parquet")
    sql = "select period, firm, value from core.panel where period = '2019' or value > 2 order by period, firm"
    expected = DuckDB(engine.spill).to_arrow(sql, {"core.panel": panel}, name="panel")
    assert expected["period"].to_pylist() == ["2019", "2019", "2020"]
    assert differences(expected, engine.to_arrow(sql, {"core.panel": panel}, name="panel")) == []


def test_a_table_made_again_under_the_same_name_is_read_again(engine: Spark, tmp_path: Path) -> None:
    views = {"core.once": tmp_path / "once.parquet"}
    for rows in (["a"], ["b", "c"]):
        pq.write_table(pa.table({"k": rows}), views["core.once"])
        assert engine.to_arrow("select k from core.once order by k", views, name="once")["k"].to_pylist() == rows


@pytest.mark.thorough
def test_every_model_would_run(engine: Spark, built: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Workspace, "runner", property(lambda self: engine))
    verdicts = list(trials.check(built))
    assert len(verdicts) == len(built.models)
    assert [fault for verdict in verdicts for fault in verdict.faults] == []


def test_a_model_that_would_not_is_named_with_file_and_line(
    engine: Spark, built: Workspace, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    shutil.copytree(root / "sql", home / "sql")
    (home / "data").mkdir()
    for name in ("catalogue", "embedded"):
        (home / "data" / name).symlink_to(root / "data" / name)
    path = home / "sql" / "indicators" / "ict_emp_share.sql"
    text = path.read_text("utf-8").replace("100 * j.value", "list_sum([100]) * j.value")
    path.write_text(text, "utf-8")
    line = next(at for at, row in enumerate(text.splitlines(), 1) if "list_sum" in row)
    monkeypatch.setenv("OBSERVATORY_HOME", str(home))
    monkeypatch.setenv("OBSERVATORY_DATA", str(built.settings.data_dir))
    monkeypatch.setattr("observatory.build.engine_of", lambda settings: engine)
    done = CliRunner().invoke(app, ["models", "check", "ict_emp_share", "kibs_gva", "--engine", "spark"])
    assert done.exit_code == 4
    assert "1 of 2 models run on spark." in done.stdout
    assert f"error: {path}:{line}: LIST_SUM(ARRAY(100))" in done.stderr
    assert "functions that both engines have" in done.stderr


def parity(name: str, engine: Spark, ws: Workspace) -> list[str]:
    """Differences between a table of the build and the same model run on Spark over the same inputs."""
    model = ws.models[name]
    table = engine.to_arrow(model.sql, ws.views(model.inputs), name=name)
    if model.header.estimator:
        table = estimators.resolve(model.header.estimator)(table)
    if model.schema == "indicators":
        table = models.finish(table, model)
    return differences(pq.read_table(ws.path(name)), table)


@pytest.mark.parametrize("name", SOME)
def test_some_models_of_each_kind(name: str, engine: Spark, built: Workspace) -> None:
    assert parity(name, engine, built) == []


@pytest.mark.thorough
def test_every_model(engine: Spark, built: Workspace) -> None:
    found = {}
    for name in built.models:
        try:
            found[name] = parity(name, engine, built)
        except DataError as error:
            found[name] = [str(error)]
    assert len(found) == len(built.models) > 90
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_a_model_file_runs_over_a_table_that_is_named(
    engine: Spark, built: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = pq.read_table(built.path("core.industry_accounts"))
    other = tmp_path / "accounts.parquet"
    pq.write_table(accounts.filter(pa.compute.equal(accounts["geo"], "ES")), other)
    files = [
        str(built.settings.home / "sql" / "indicators" / f"{name}.sql") for name in ("serv_pl_slope", "serv_pl_share")
    ]
    monkeypatch.setenv("OBSERVATORY_DATA", str(built.settings.data_dir))
    monkeypatch.setattr(
        "observatory.trials.engine_of", lambda settings: engine if settings.engine == "spark" else engine_of(settings)
    )
    found = {}
    for name in ("duckdb", "spark"):
        words = [
            "models",
            "run",
            *files,
            "--table",
            f"core.industry_accounts={other}",
            "--output",
            str(tmp_path / name),
        ]
        assert CliRunner().invoke(app, [*words, "--engine", name]).exit_code == 0
        found[name] = [pq.read_table(tmp_path / name / "indicators" / f"{Path(file).stem}.parquet") for file in files]
    assert set(found["duckdb"][1]["geo"].to_pylist()) == {"ES"}
    for expected, other_one in zip(found["duckdb"], found["spark"], strict=True):
        assert differences(expected, other_one) == []


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["connect", "master"])
def test_spark_elsewhere_says_what_duckdb_says(
    kind: str, engine: Spark, built: Workspace, root: Path, tmp_path: Path
) -> None:
    """Through the command, on a server that is sent the tables; one of them, a register, has no rows."""
    names = ("pm_kpi_attainment", "pm_funnel", "serv_pl_share")
    empty = built.path("core.programme_kpi")
    assert pq.read_metadata(empty).num_rows == 0
    with getattr(servers, kind)(tmp_path) as address:
        settings = {"OBSERVATORY_HOME": str(root), "OBSERVATORY_DATA": str(built.settings.data_dir)}

        def observatory(*words: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-m", "observatory", "models", *words, "--engine", "spark"]
            return subprocess.run(
                command, env=os.environ | settings | address, cwd=tmp_path, capture_output=True, text=True, check=False
            )

        checked = observatory("check", *names)
        assert (checked.returncode, checked.stderr) == (0, "") and "3 of 3 models run on spark." in checked.stdout
        files = [str(built.settings.home / "sql" / "indicators" / f"{name}.sql") for name in names]
        made = observatory("run", *files, "--table", f"core.programme_kpi={empty}", "--output", str(tmp_path / "out"))
        assert made.returncode == 0, made.stderr
    for name in names:
        expected = pq.read_table(built.path(f"indicators.{name}"))
        assert differences(expected, pq.read_table(tmp_path / "out" / "indicators" / f"{name}.parquet")) == []


def test_the_engine_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(engine_of(Settings()), DuckDB)
    monkeypatch.setenv("OBSERVATORY_ENGINE", "spark")
    monkeypatch.setenv("OBSERVATORY_THREADS", "3")
    found = engine_of(Settings())
    assert isinstance(found, Spark)
    assert (found.master, found.is_local) == ("local[3]", True)
    monkeypatch.setenv("SPARK_REMOTE", "sc://cluster:15002")
    found = engine_of(Settings())
    assert isinstance(found, Spark)
    assert (found.remote, found.is_local) == ("sc://cluster:15002", False)


def test_a_heap_is_said_in_javas_way() -> None:
    assert [spark.heap(text) for text in ("4GB", "512MiB", "1.5 g", "2048kb")] == ["4096m", "512m", "1536m", "2m"]
    with pytest.raises(UsageError, match="expected an amount such as 4GB, found 'much'"):
        spark.heap("much")


def test_without_pyspark_the_remedy_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(UsageError, match="make extras"):
        Spark(tmp_path, "local[1]").check("select 1 as a order by 1", {}, name="nothing")
