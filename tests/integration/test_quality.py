"""Checks: every name exists, every kind can fail, results are kept."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from observatory import check_plans, quality
from observatory.build import Workspace
from observatory.errors import DataError


def test_every_expectation_named_in_the_repository_exists(built: Workspace) -> None:
    planned = [check for relation in built.relations for check in check_plans.planned(built, relation)]
    assert len(planned) > 60
    assert all(quality.expectation_class(check.expectation) for check in planned if check.expectation)


def test_a_typo_in_a_check_name_is_an_error() -> None:
    with pytest.raises(DataError, match="expect_column_valeus_to_be_unique"):
        quality.expectation_class("expect_column_valeus_to_be_unique")


def test_check_names_are_unique_within_a_table(built: Workspace) -> None:
    for relation in built.relations:
        names = [check.name for check in check_plans.planned(built, relation)]
        assert len(names) == len(set(names)), relation


def test_all_checks_pass_on_the_real_figures(built: Workspace) -> None:
    assert [r for r in quality.results(built) if not r.passed] == []


def damage(ws: Workspace, relation: str, change: dict[str, object]) -> dict[str, quality.Result]:
    """Set columns of the first row of a table and run its checks."""
    path = ws.path(relation)
    table = pq.read_table(path)
    for column, value in change.items():
        array = pa.array([value, *table[column].to_pylist()[1:]], table.schema.field(column).type)
        table = table.set_column(table.column_names.index(column), column, array)
    pq.write_table(table, path)
    return {r.name: r for r in quality.run(ws, relation)}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"value": None, "status": "A"}, "no figure and no reason"),
        ({"value": 1.0, "status": "M"}, "a figure said to be missing"),
        ({"value": float("inf")}, "not a finite number"),
        ({"value": 2.0, "lower": 3.0, "upper": 4.0}, "outside its own interval"),
        ({"status": "Z"}, "unknown status"),
        ({"provenance": "guess"}, "unknown provenance"),
        ({"sources": ""}, "no source"),
        ({"geo": None}, "incomplete key"),
    ],
)
def test_each_fault_of_the_common_shape_is_found(copy: Workspace, change: dict[str, object], fault: str) -> None:
    found = damage(copy, "indicators.ict_emp_share", change)["common_shape"]
    assert not found.passed and found.severity == "critical"
    assert fault in {row["fault"] for row in found.sample}


def test_a_double_key_is_found(copy: Workspace) -> None:
    second = pq.read_table(copy.path("indicators.ict_emp_share")).slice(1, 1).to_pylist()[0]
    found = damage(copy, "indicators.ict_emp_share", {"period": second["period"], "geo": second["geo"]})
    assert "double key" in {row["fault"] for row in found["common_shape"].sample}


def test_provinces_that_do_not_add_up_are_found_with_their_rows(copy: Workspace) -> None:
    path = copy.path("core.employment")
    rows = pq.read_table(path).to_pylist()
    row = next(r for r in rows if (r["geo"], r["activity"], r["period"]) == ("ES213", "TOTAL", "2015"))
    row["value"] += 1
    pq.write_table(pa.Table.from_pylist(rows, pq.read_schema(path)), path)
    found = {r.name: r for r in quality.run(copy, "core.employment")}["children_add_to_parent"]
    assert not found.passed and found.sample[0]["geo"] == "ES21" and found.sample[0]["period"] == "2015"


def test_a_lost_period_breaks_the_contract(copy: Workspace) -> None:
    path = copy.path("raw.eurostat_nama_10r_3gva")
    table = pq.read_table(path)
    pq.write_table(table.filter(pa.compute.not_equal(table["TIME_PERIOD"].cast(pa.string()), "2024")), path)
    found = {r.name: r for r in quality.run(copy, "raw.eurostat_nama_10r_3gva")}
    assert not found["time_period_coverage"].passed and not found["row_count"].passed


def test_results_are_kept_until_something_changes(copy: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("checks ran again")

    monkeypatch.setattr(quality, "expect", never)
    assert quality.run(copy, "core.gva") == [r for r in quality.results(copy) if r.table == "core.gva"]


def test_a_table_that_was_not_checked_is_not_published(copy: Workspace) -> None:
    (copy.settings.build / "checks" / "core.gva.json").unlink()
    with pytest.raises(DataError, match=r"core\.gva has not been checked"):
        quality.results(copy)
