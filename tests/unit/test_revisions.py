"""The revision triangle and its statistics, on figures small enough to do by hand."""

import json
import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory import revisions
from observatory.errors import UsageError


def release(folder: Path, name: str, rows: list[dict[str, object]], table: str = "share") -> None:
    """A release directory with one indicator, as far as reading it back needs one."""
    folder.joinpath(name).mkdir(parents=True)
    resource = {"name": table, "path": f"{table}.parquet", "relation": f"indicators.{table}", "title": "A share"}
    folder.joinpath(name, "datapackage.json").write_text(json.dumps({"resources": [resource]}), "utf-8")
    base = {"variant": "v", "geo": "ES21", "activity": "NACE2:J", "comparator": None, "unit": "percent"}
    pq.write_table(pa.Table.from_pylist([base | row for row in rows]), folder / name / f"{table}.parquet")


@pytest.fixture
def three(tmp_path: Path) -> Path:
    release(tmp_path, "2025Q4.0", [{"period": "2020", "value": 1.0}, {"period": "2021", "value": None}])
    release(tmp_path, "2026Q1.0", [{"period": "2020", "value": 1.5}, {"period": "2021", "value": 2.0}])
    release(tmp_path, "2026Q3.0", [{"period": p, "value": v} for p, v in (("2020", 1.5), ("2021", 2.5), ("2022", 3.0))])
    return tmp_path


def test_the_triangle_has_a_row_a_period_and_a_column_a_release(three: Path) -> None:
    table, title = revisions.triangle(three, "share", {"geo": ["ES21"]})
    assert table.column_names[:6] == ["variant", "geo", "activity", "comparator", "unit", "period"]
    assert table.column_names[6:] == ["2025Q4.0", "2026Q1.0", "2026Q3.0"]
    figures = [list(row.values())[5:] for row in table.to_pylist()]
    assert figures == [["2020", 1.0, 1.5, 1.5], ["2021", None, 2.0, 2.5], ["2022", None, None, 3.0]]
    assert title == "A share: reference period by release"


def test_first_published_stands_against_latest_and_each_release_against_the_next(three: Path) -> None:
    rows = revisions.statistics(revisions.triangle(three, "share", {})[0]).to_pylist()
    assert [(r["earlier"], r["later"], r["n"]) for r in rows] == [
        ("first", "2026Q3.0", 2),
        ("2025Q4.0", "2026Q1.0", 1),
        ("2026Q1.0", "2026Q3.0", 2),
    ]
    first = rows[0]
    assert (first["mean_earlier"], first["mean_later"]) == (1.5, 2.0)
    assert first["mean_revision"] == first["mean_absolute_revision"] == 0.5
    assert first["relative_pct"] == pytest.approx(100 * 1.0 / 3.0)
    assert first["t"] is None and first["p"] is None  # both revisions are 0.5: nothing scatters
    assert rows[2]["mean_revision"] == 0.25 and rows[2]["largest_period"] == "2021"
    assert rows[2]["t"] == pytest.approx(1.0)  # revisions 0 and 0.5: mean 0.25, standard error 0.25
    assert rows[2]["p"] == pytest.approx(0.5)  # Student's t with one degree of freedom: 1 - 2 atan(1) / pi


def test_a_change_of_unit_is_another_series_and_an_old_table_may_lack_a_column(tmp_path: Path) -> None:
    release(tmp_path, "2026Q1.0", [{"period": "2020", "value": 0.5, "unit": "ratio"}])
    release(tmp_path, "2026Q2.0", [{"period": "2020", "value": 50.0}])
    path = tmp_path / "2026Q1.0" / "share.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["comparator"]), path)
    table, _ = revisions.triangle(tmp_path, "share", {})
    assert [(r["unit"], r["2026Q1.0"], r["2026Q2.0"]) for r in table.to_pylist()] == [
        ("percent", None, 50.0),
        ("ratio", 0.5, None),
    ]
    assert revisions.statistics(table).num_rows == 0


def test_what_no_release_has_is_wrong_use_and_names_what_there_is(three: Path) -> None:
    with pytest.raises(UsageError, match="none of 3 releases has an indicator 'rate'"):
        revisions.triangle(three, "rate", {})
    with pytest.raises(UsageError, match=r"share has no geo ES99 in any release\. It has: ES21"):
        revisions.triangle(three, "share", {"geo": ["ES99"]})


def test_as_of_is_the_last_release_of_the_quarter_or_before(three: Path) -> None:
    release(three, "2026Q1.10", [])
    release(three, "2026Q1.9", [])
    assert revisions.as_of(three, "2026Q1").name == "2026Q1.10"
    assert revisions.as_of(three, "2026Q2").name == "2026Q1.10"
    assert revisions.as_of(three, "2026Q4").name == "2026Q3.0"
    with pytest.raises(UsageError, match="no release stood in 2025Q3"):
        revisions.as_of(three, "2025Q3")
    with pytest.raises(UsageError, match="not a quarter"):
        revisions.as_of(three, "2026")


def test_the_test_of_bias_is_the_sum_over_lags_where_years_are_many_and_plain_where_few() -> None:
    values = np.array([0.3, 0.1, -0.2, 0.4, 0.5, 0.2, -0.1, 0.0, 0.3, 0.6, 0.1])
    n, apart = len(values), values - values.mean()
    lag = 2  # floor(4 * 0.11 ** (2 / 9)) = floor(2.45)
    sums = apart @ apart + 2 * sum((1 - k / (lag + 1)) * (apart[k:] @ apart[:-k]) for k in (1, 2))
    t, p, used = revisions.bias(values, [str(2008 + i) for i in range(n)])
    assert used == lag and t == pytest.approx(values.mean() / math.sqrt(sums / (n * (n - 1))))
    assert p is not None and 0 < p < 1
    few, _, none = revisions.bias(values[:9], [str(2008 + i) for i in range(9)])
    assert none == 0 and few == pytest.approx(values[:9].mean() / (values[:9].std(ddof=1) / 3))
    windows, _, none = revisions.bias(values, [f"{2008 + i}/2020" for i in range(n)])
    assert none == 0 and windows == pytest.approx(values.mean() / (values.std(ddof=1) / math.sqrt(n)))


def test_a_gap_in_the_years_stays_a_gap() -> None:
    values = [0.3, 0.1, -0.2, 0.4, 0.5, 0.2, -0.1, 0.0, 0.3, 0.6]
    apart_in_time = [str(1900 + 10 * i) for i in range(10)]
    t, _, lag = revisions.bias(values, apart_in_time)
    assert lag == 2
    assert t == pytest.approx(np.mean(values) / (np.std(values, ddof=1) / math.sqrt(10)))


@pytest.mark.parametrize("values", [[0.2], [0.2, 0.2, 0.2], [0.0, 0.0]])
def test_revisions_that_do_not_scatter_are_not_tested(values: list[float]) -> None:
    assert revisions.bias(values, ["2001", "2002", "2003"][: len(values)]) == (None, None, 0)


@given(st.dictionaries(st.integers(1990, 2030).map(str), st.tuples(*[st.floats(0.1, 100)] * 2), min_size=1))
def test_statistics_keep_their_identities(pairs: dict[str, tuple[float, float]]) -> None:
    found = revisions.summarise(pairs)
    assert found.n == len(pairs)
    assert found.mean_later - found.mean_earlier == pytest.approx(found.mean_revision, abs=1e-9)
    assert abs(found.mean_revision) <= found.mean_absolute_revision + 1e-12
    assert found.mean_absolute_revision <= abs(found.largest_revision) + 1e-12
    assert found.p is None or 0 <= found.p <= 1
