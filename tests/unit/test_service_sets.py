"""Service sets and blocks of branches: what the catalogue makes of them and what it refuses."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from observatory import catalogue
from observatory.errors import DataError


@pytest.fixture(scope="module")
def tables() -> dict[str, list[dict[str, Any]]]:
    loaded = catalogue.load(Path(__file__).resolve().parents[2]).tables()
    return {name: loaded[name].to_pylist() for name in ("service_sets", "branch_blocks", "activities")}


def products(tables: dict[str, list[dict[str, Any]]], name: str) -> set[str]:
    rows = [r for r in tables["service_sets"] if r["classification"] == "CPA"]
    return {r["activity"] for r in rows if r["service_set"] == name}


def test_sets_are_carried_to_the_products_of_supply_and_use_tables(tables: dict[str, list[dict[str, Any]]]) -> None:
    core = products(tables, "S_core")
    assert len(core) == 19 and {"62-63", "80-82", "68", "68A", "68B"} <= core
    assert products(tables, "S_plus_repair") - core == {"33"}
    assert products(tables, "S_margin") - core == {"45", "46", "47"}
    assert products(tables, "S_plus_repair_margin") == core | {"33", "45", "46", "47"}
    whole = {r["activity"]: r["whole"] for r in tables["service_sets"] if r["classification"] == "CPA"}
    assert {whole["68"], whole["68A"], whole["68B"]} == {"68"} and whole["72"] == "72"


def test_blocks_hold_their_divisions_once_at_each_level(tables: dict[str, list[dict[str, Any]]]) -> None:
    a64 = {
        a["code"]
        for a in tables["activities"]
        if (a["classification"], a["version"]) == ("NACE", "2") and "a64" in a["breakdowns"].split()
    }
    for block, part, divisions, branches in (("C", "", 24, 19), ("C", "without_33", 23, 18), ("G-U", "", 48, 37)):
        blocks = [r for r in tables["branch_blocks"] if r["classification"] == "NACE"]
        rows = [r for r in blocks if (r["block"], r["part"]) == (block, part)]
        items = [r for r in rows if r["activity"] in a64]
        assert len({r["activity"] for r in items}) == len(items) == branches
        assert sum(r["n_divisions"] for r in items) == divisions == rows[0]["n_block"]
    halves = [r["n_divisions"] for r in tables["branch_blocks"] if r["activity"] in {"68A", "68B"}]
    assert halves == [0.5, 0.5]
    single = [r for r in tables["branch_blocks"] if r["block"] == "28" and r["classification"] == "NACE"]
    assert [(r["activity"], r["n_block"], r["n_divisions"]) for r in single] == [("28", 1.0, 1.0)]


def test_branches_of_a86_that_share_a_division_count_as_parts_of_it(tables: dict[str, list[dict[str, Any]]]) -> None:
    rows = [
        r for r in tables["branch_blocks"] if r["classification"] == "Eustat" and (r["block"], r["part"]) == ("C", "")
    ]
    assert len(rows) == 34 and sum(r["n_divisions"] for r in rows) == pytest.approx(24) == rows[0]["n_block"]
    food = [r["n_divisions"] for r in rows if r["activity"] in {"05", "06", "07", "08", "09"}]
    assert food == [0.2] * 5


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("S_core,ict,CPA,2.1,58-63,", "S_core,ict,CPA,2.1,58-62,", "S_core: ict: 58-62 are no items of a64 in CPA 2.1"),
        ("S_core,finance,CPA,2.1,64-66,", "S_core,finance,CPA,2.1,63-66,", "division S_core 63 stands 2 times"),
        ("S_margin,trade,CPA,2.1,45-47,", "S_margin,trade,CPA,2.1,,", "line 21: divisions: "),
        ("S_margin,trade,", "S_margin,shops,", "line 21: grp: "),
    ],
)
def test_a_set_that_a_table_could_not_add_up_is_refused(
    root: Path, tmp_path: Path, old: str, new: str, said: str
) -> None:
    shutil.copytree(root / catalogue.FOLDER, tmp_path / catalogue.FOLDER)
    path = tmp_path / catalogue.FOLDER / "service_sets.csv"
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(DataError, match=r"service_sets\.csv") as caught:
        catalogue.load(tmp_path)
    assert said in caught.value.message
