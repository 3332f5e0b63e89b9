"""What changed between two snapshots of a table, and what makes a new one unbelievable."""

from pathlib import Path

import pyarrow as pa
import pytest

from observatory.drift import Drift, compare
from observatory.engines.duckdb import DuckDB

DIMENSIONS = ["geo", "time"]


def table(cells: dict[tuple[str, str], float | None], labels: dict[str, str] | None = None) -> pa.Table:
    columns = {
        "geo": [geo for geo, _ in cells],
        "geo__label": [(labels or {}).get(geo, geo.lower()) for geo, _ in cells],
        "time": [time for _, time in cells],
        "value": pa.array(list(cells.values()), pa.float64()),
        "flag": pa.nulls(len(cells), pa.string()),
        "kind": ["missing" if v is None else "value" for v in cells.values()],
    }
    return pa.table(columns)


def drift(old: pa.Table, new: pa.Table, tmp_path: Path) -> Drift:
    return compare(old, new, DIMENSIONS, DuckDB(tmp_path))


OLD = {("A", "2020"): 1.0, ("A", "2021"): 2.0, ("B", "2020"): 3.0, ("B", "2021"): None}


def test_cells_are_counted_and_a_missing_cell_that_arrives_is_a_revision(tmp_path: Path) -> None:
    new = {("A", "2020"): 1.0, ("A", "2021"): 2.5, ("B", "2020"): 3.0, ("B", "2021"): 4.0, ("A", "2022"): 5.0}
    found = drift(table(OLD), table(new), tmp_path)
    assert (found.added, found.revised, found.unchanged, found.withdrawn) == (1, 2, 2, 0)
    assert found.codes_new == {"time": ["2022"]} and found.codes_gone == {}
    assert found.objections({"geo": ("A", "B")}, "time") == []


def test_a_lost_period_or_needed_code_is_objected_to_another_code_is_not(tmp_path: Path) -> None:
    gone = drift(table(OLD), table({k: v for k, v in OLD.items() if k[0] == "A"}), tmp_path)
    assert gone.withdrawn == 2
    assert gone.objections({"geo": ("A", "B")}, "time") == ["'geo' has lost B"]
    assert gone.objections({"geo": ("A",)}, "time") == []
    shorter = drift(table(OLD), table({k: v for k, v in OLD.items() if k[1] == "2020"}), tmp_path)
    assert shorter.objections({}, "time") == ["'time' has lost 2021"]


def test_a_label_that_moves_to_another_code_is_objected_to_a_reworded_one_is_not(tmp_path: Path) -> None:
    before = table(OLD, {"A": "Textiles", "B": "Wood"})
    moved = drift(before, table(OLD, {"A": "Wood", "B": "Paper"}), tmp_path)
    assert moved.objections({}, "time") == ["'geo': the label 'Wood' has moved from code B to A"]
    reworded = drift(before, table(OLD, {"A": "Textiles and clothing", "B": "Wood "}), tmp_path)
    assert reworded.objections({}, "time") == [] and reworded.labels_reworded == 1


@pytest.mark.parametrize(("factor", "objects"), [(1000.0, True), (0.001, True), (1.3, False)])
def test_a_change_of_unit_is_objected_to(tmp_path: Path, factor: float, objects: bool) -> None:
    new = {key: None if value is None else value * factor for key, value in OLD.items()}
    found = drift(table(OLD), table(new), tmp_path)
    assert found.magnitude == pytest.approx(factor)
    assert bool(found.objections({}, "time")) is objects
