"""Model files: header, dependencies, order, and the common shape of indicators."""

from pathlib import Path

import pyarrow as pa
import pytest

from observatory import models
from observatory.errors import DataError

HEADER = """/*
name: {en: N, es: N, eu: N}
definition: d
unit: percent
row: one place
columns: {geo: place}
*/
"""


def write(folder: Path, name: str, sql: str, header: str = HEADER) -> Path:
    path = folder / f"{name}.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(header + sql, "utf-8")
    return path


def test_the_path_names_the_table_and_the_select_its_inputs(tmp_path: Path) -> None:
    write(
        tmp_path,
        "core/b",
        "with x as (select geo from raw.t) select geo from x join catalogue.g using (geo) order by geo",
    )
    write(tmp_path, "indicators/a", "select geo from core.b order by geo")
    loaded = models.load(tmp_path, ["raw.t", "catalogue.g"])
    assert list(loaded) == ["core.b", "indicators.a"]
    assert loaded["core.b"].inputs == ("catalogue.g", "raw.t")
    assert loaded["core.b"].key == ("geo",)
    assert models.downstream(loaded, "raw.t") == ["core.b", "indicators.a"]


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("select geo from raw.nowhere order by geo", "unknown relation raw.nowhere"),
        ("select geo from t order by geo", "unqualified name 't'"),
        ("select geo from raw.t", "no ORDER BY"),
        ("create table x as select 1", "expected one SELECT"),
        ("select 1 as geo order by geo; select 2 as geo order by geo", "expected one SELECT, found 2"),
        ("select geo from read_parquet('x') order by geo", "table function"),
        ("select geo frm raw.t order by", "does not parse"),
    ],
)
def test_a_wrong_select_is_an_error_that_names_the_file(tmp_path: Path, sql: str, says: str) -> None:
    write(tmp_path, "core/b", sql)
    with pytest.raises(DataError, match=says) as caught:
        [model.inputs for model in models.load(tmp_path, ["raw.t"]).values()]
    assert "b.sql" in str(caught.value)


def test_a_cycle_names_the_files(tmp_path: Path) -> None:
    write(tmp_path, "core/a", "select geo from core.b order by geo")
    write(tmp_path, "core/b", "select geo from core.a order by geo")
    with pytest.raises(DataError, match=r"in a circle: .*\.sql → .*\.sql"):
        models.load(tmp_path, [])


def test_two_tables_of_one_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "core/a", "select geo from raw.t order by geo")
    write(tmp_path, "indicators/a", "select geo from raw.t order by geo")
    with pytest.raises(DataError, match="two tables named 'a'"):
        models.load(tmp_path, ["raw.t"])


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("", "no header"),
        ("/* name: [ */", "header is not valid"),
        (HEADER.replace("unit: percent", "units: percent"), "units"),
        (HEADER.replace("eu: N", "fr: N"), "fr"),
        (HEADER.replace("columns: {geo: place}\n", ""), "no `columns`"),
        (HEADER.replace("*/", "checks: [{sql: select 1}]\n*/"), "meaning"),
        (HEADER.replace("*/", "checks: [{name: x}]\n*/"), "either `expectation` or `sql`"),
    ],
)
def test_a_wrong_header_is_an_error_that_names_the_file(tmp_path: Path, header: str, says: str) -> None:
    path = write(tmp_path, "core/a", "select 1 as geo order by geo", header)
    with pytest.raises(DataError, match=says) as caught:
        models.parse(path)
    assert str(path) in str(caught.value)


def indicator(tmp_path: Path) -> models.Model:
    return models.parse(write(tmp_path, "indicators/share", "select geo from raw.t order by geo"))


def test_finish_gives_the_common_columns_in_order_and_sorts(tmp_path: Path) -> None:
    rows = pa.table(
        {
            "geo": ["ES30", "ES21"],
            "value": [2.0, None],
            "status": ["PAP", "CMA"],
            "provenance": ["official;synthetic", "official;survey"],
            "sources": ["b;a;b", "a"],
        }
    )
    done = models.finish(rows, indicator(tmp_path))
    assert done.column_names == list(models.INDICATOR_COLUMNS)
    assert done["geo"].to_pylist() == ["ES21", "ES30"]
    assert done["status"].to_pylist() == ["C", "P"]
    assert done["provenance"].to_pylist() == ["survey", "synthetic"]
    assert done["sources"].to_pylist() == ["a", "a;b"]
    assert set(done["indicator"].to_pylist()) == {"share"} and set(done["unit"].to_pylist()) == {"percent"}
    assert done.schema.field("value").type == pa.float64() and done.schema.field("n").type == pa.float64()


def test_finish_refuses_columns_that_are_not_common(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="unknown column shade"):
        models.finish(pa.table({"shade": ["x"]}), indicator(tmp_path))


@pytest.mark.parametrize(("text", "letters"), [("AA", "A"), ("", "A"), ("PA", "P"), ("BUP", "BPU"), ("MCU", "CU")])
def test_status_letters(text: str, letters: str) -> None:
    assert models.status_letters(text) == letters


def test_every_model_of_the_repository_names_its_inputs_in_three_languages(root: Path) -> None:
    files = sorted((root / "sql").rglob("*.sql"))
    assert len(files) >= 15
    for path in files:
        model = models.parse(path)
        assert model.inputs, path
        assert all(model.header.name.model_dump().values()), path
        assert model.header.checks, f"{path}: a table without a check of its own"
