"""Servitization of Spanish manufacturing and the clients of ICT services, from the supply and use tables of 2022.

The expected figures were worked out by hand from Eurostat's tables (supply naio_10_cp15, use naio_10_cp16, data update
of July 2026).
"""

import csv
from collections.abc import Iterable
from itertools import product
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from observatory import quality, reading, releases
from observatory.build import Workspace

Cells = dict[tuple[str, str], float]


def values(ws: Workspace, name: str) -> Cells:
    """(variant, activity) → figure of Spain in 2022; a missing one stops the test that asks for it."""
    table, _ = reading.indicator(releases.find(ws.settings.releases), name, {"geo": ["ES"], "period": ["2022"]})
    return {(row["variant"], row["activity"]): row["value"] for row in table.to_pylist() if row["value"] is not None}


def published(root: Path, dataflow: str) -> Cells:
    """(column, product) → million euro, read from the embedded file by the few lines a sceptic would write."""
    for path in (root / "data" / "embedded").rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            found = list(csv.DictReader(file))
        if dataflow in found[0]["DATAFLOW"]:
            column, row = (c for c in found[0] if c.startswith(("ind_", "prd_")))
            return {(r[column], r[row]): float(r["OBS_VALUE"]) for r in found if r["OBS_VALUE"]}
    raise AssertionError("the embedded tables are not there")


@pytest.fixture(scope="module")
def supply(root: Path) -> Cells:
    return published(root, "NAIO_10_CP15")


@pytest.fixture(scope="module")
def use(root: Path) -> Cells:
    return published(root, "NAIO_10_CP16")


BRANCHES = [f"C{part}" for part in ("10-12", "13-15", *range(16, 31), "31_32", 33)]


def total(cells: Cells, branches: Iterable[str], letters: str, *also: str) -> float:
    """Sum over branches of the products of the sections in ``letters`` and those in ``also``."""
    products = {p for _, p in cells if p[:4] == "CPA_" and p != "CPA_TOTAL" and (p[4] in letters or p in also)}
    return sum(cells[pair] for pair in product(branches, sorted(products)))


# --- services that manufacturers make


@pytest.mark.parametrize(
    ("variant", "activity", "share"),
    [
        ("S_core", "NACE2:C", 4.12),
        ("S_core", "NACE2:28", 4.76),
        ("S_core:without_33", "NACE2:C", 4.13),
        ("S_plus_repair", "NACE2:C", 8.64),
        ("S_plus_repair", "NACE2:28", 29.92),
        ("S_margin", "NACE2:C", 5.09),
        ("S_margin", "NACE2:28", 5.71),
        ("S_plus_repair_margin", "NACE2:C", 9.60),
        ("S_plus_repair_margin", "NACE2:28", 30.86),
    ],
)
def test_services_in_manufacturing_output(built: Workspace, variant: str, activity: str, share: float) -> None:
    assert values(built, "serv_supply_share")[variant, activity] == pytest.approx(share, abs=0.005)


def test_numerator_and_denominator_are_the_published_cells(built: Workspace, supply: Cells) -> None:
    services, output = total(supply, BRANCHES, "JKLMN"), sum(supply[b, "CPA_TOTAL"] for b in BRANCHES)
    assert (services, output) == (pytest.approx(28_233.3), pytest.approx(684_705))
    share = values(built, "serv_supply_share")
    assert share["S_core", "NACE2:C"] == pytest.approx(100 * services / output)
    for branch in BRANCHES:
        code = f"NACE2:{branch[1:].replace('_', '-')}"
        expected = 100 * total(supply, [branch], "JKLMN", "CPA_C33") / supply[branch, "CPA_TOTAL"]
        assert share["S_plus_repair", code] == pytest.approx(expected), branch


def test_what_the_services_of_manufacturing_are(built: Workspace) -> None:
    share = values(built, "serv_supply_share")
    groups = {v.removeprefix("type:"): x for (v, a), x in share.items() if v.startswith("type:") and a == "NACE2:C"}
    assert groups["support"] / share["S_core", "NACE2:C"] == pytest.approx(0.61, abs=0.005)
    assert groups["ict"] + groups["professional"] == pytest.approx(1.44, abs=0.005)
    machinery = {v: x for (v, a), x in share.items() if v.startswith("type:") and a == "NACE2:28"}
    assert max(machinery, key=machinery.__getitem__) == "type:repair"


def test_every_branch_has_every_set_and_manufacturing_has_each_twice(built: Workspace) -> None:
    share = values(built, "serv_supply_share")
    activities = {activity for _, activity in share}
    assert len(activities) == 20 and "NACE2:C" in activities
    sets = {variant for variant, activity in share if activity == "NACE2:28"}
    assert {v for v in sets if v.startswith("S_")} == {"S_core", "S_plus_repair", "S_margin", "S_plus_repair_margin"}
    assert len(sets) == 12
    assert {v for v, a in share if a == "NACE2:C"} == sets | {f"{v}:without_33" for v in sets}


def test_knowledge_intensive_part_of_the_services(built: Workspace, supply: Cells) -> None:
    part = values(built, "serv_supply_kibs_part")
    services, knowledge = total(supply, BRANCHES, "JKLMN"), total(supply, BRANCHES, "JKM")
    research, software = (sum(supply[b, p] for b in BRANCHES) for p in ("CPA_M72", "CPA_J62_63"))
    expected = {
        "kibs_seed_sections:S_core": knowledge / services,
        "kibs_seed_sections:S_core:without_72": (knowledge - research) / (services - research),
        "kibs_seed_sections:S_core:without_62-63_72": (knowledge - research - software)
        / (services - research - software),
        "kibs_seed_sections:S_plus_repair": knowledge / total(supply, BRANCHES, "JKLMN", "CPA_C33"),
        "kibs_core:S_core": total(supply, BRANCHES, "", "CPA_J62_63", "CPA_M69_70", "CPA_M71", "CPA_M72", "CPA_M73")
        / services,
    }
    for variant, fraction in expected.items():
        assert part[variant, "NACE2:C"] == pytest.approx(100 * fraction), variant
    assert part["kibs_seed_sections:S_core", "NACE2:C"] == pytest.approx(100 * 1.4369 / 4.1234, abs=0.01)


# --- services that manufacturers buy


def test_service_inputs_per_unit_of_output(built: Workspace, use: Cells) -> None:
    found = values(built, "serv_input_intensity")
    bought, output = total(use, BRANCHES, "JKLMN"), sum(use[b, "P1"] for b in BRANCHES)
    assert output == pytest.approx(684_705)
    assert found["S_core", "NACE2:C"] == pytest.approx(100 * bought / output)
    assert found["S_core", "NACE2:28"] == pytest.approx(100 * total(use, ["C28"], "JKLMN") / use["C28", "P1"])
    assert found["kibs_seed_sections", "NACE2:C"] == pytest.approx(100 * total(use, BRANCHES, "JKM") / output)


def test_sets_that_the_use_table_does_not_show_have_no_row(built: Workspace) -> None:
    variants = {variant for variant, _ in values(built, "serv_input_intensity")}
    assert "S_core" in variants
    assert not {v for v in variants if v.startswith(("S_plus", "S_margin", "type:repair", "type:trade"))}


# --- who buys ICT services


def test_ict_services_sell_to_services_not_to_manufacturing(built: Workspace, use: Cells) -> None:
    found = {variant: x for (variant, a), x in values(built, "ict_client_ratio").items() if a == "CPA2.1:62-63"}
    services = {b for b, _ in use if b[0] in "GHIJKLMNOQRSTU" and b not in {"TOTAL", "TFU", "TU"}} | {"P"}
    to_services = sum(use[b, "CPA_J62_63"] for b in services)
    to_manufacturing = sum(use[b, "CPA_J62_63"] for b in BRANCHES)
    assert (to_services, to_manufacturing) == (pytest.approx(17_930.3), pytest.approx(975.1))
    assert found["with_own_use"] == pytest.approx(18.4, abs=0.05)
    assert found["without_own_use"] == pytest.approx(11.8, abs=0.05)
    assert found["with_own_use"] == pytest.approx(to_services / to_manufacturing)
    assert found["without_own_use"] == pytest.approx((to_services - use["J62_63", "CPA_J62_63"]) / to_manufacturing)
    without_state = (to_services - use["O", "CPA_J62_63"]) / to_manufacturing
    assert found["without_public_administration"] == pytest.approx(without_state)
    output_of_services, output = (sum(use[b, "P1"] for b in block) for block in (services, BRANCHES))
    assert found["services_intensity"] == pytest.approx(to_services / output_of_services)
    assert found["manufacturing_intensity"] == pytest.approx(to_manufacturing / output)
    assert found["intensity_ratio"] == pytest.approx(found["services_intensity"] / found["manufacturing_intensity"])
    all_bought = values(built, "ict_client_ratio")["all_purchases", "CPA2.1:TOTAL"]
    everything = [sum(use[b, "CPA_TOTAL"] for b in block) for block in (services, BRANCHES)]
    assert all_bought == pytest.approx(everything[0] / everything[1])


def test_all_ict_products_have_a_ratio_of_their_own(built: Workspace, use: Cells) -> None:
    found = values(built, "ict_client_ratio")
    own = [b for b, p in use if p == "P1" and b[0] == "J"]
    services = [b for b, p in use if p == "P1" and b[0] in "GHIJKLMNOPQRSTU" and b != "TOTAL"]
    ratio = total(use, set(services) - set(own), "J") / total(use, BRANCHES, "J")
    assert found["without_own_use", "CPA2.1:58+59-60+61+62-63"] == pytest.approx(ratio)


# --- the tables themselves


def core(ws: Workspace, name: str) -> list[dict[str, object]]:
    rows = pq.read_table(ws.path(f"core.{name}")).to_pylist()
    return [row for row in rows if row["geo"] == "ES"]


def test_core_tables_hold_every_published_cell(built: Workspace, supply: Cells, use: Cells) -> None:
    for name, cells in (("supply", supply), ("use", use)):
        rows = core(built, name)
        assert len([r for r in rows if r["value"] is not None]) == len(cells)
        assert sum(r["value"] for r in rows if r["value"] is not None) == pytest.approx(sum(cells.values()))
    unpublished = [r for r in core(built, "use") if r["value"] is None]
    assert len(unpublished) == 76 and {r["status"] for r in unpublished} == {"MC"}
    assert {r["branch"] for r in unpublished} == {"P6_U2", "P6_U3", "P52", "P53"}


def test_supply_at_purchasers_prices_is_total_use_of_every_service(built: Workspace) -> None:
    supplied = {r["product"]: r["value"] for r in core(built, "supply") if r["branch"] == "TS_PP"}
    used = {r["product"]: r["value"] for r in core(built, "use") if r["branch"] == "TU"}
    shared = supplied.keys() & used.keys()
    assert len(shared) == 19
    assert {p: supplied[p] for p in shared} == {p: pytest.approx(used[p], abs=0.05) for p in shared}


def test_exports_of_software_and_information_services(built: Workspace, supply: Cells) -> None:
    rows = {r["branch"]: r["value"] for r in core(built, "use") if r["product"] == "62-63"}
    assert 100 * rows["P6"] / rows["TU"] == pytest.approx(28.2, abs=0.05)
    assert 100 * rows["P6"] / supply["TOTAL", "CPA_J62_63"] == pytest.approx(35.9, abs=0.05)


@pytest.mark.parametrize(
    ("table", "branch", "item", "failing"),
    [
        ("supply", "28", "62-63", {"products_add_up", "branches_add_up"}),
        ("supply", "TOTAL", "62-63", {"products_add_up", "branches_add_up", "supply_closes"}),
        ("supply", "P7", "62-63", {"supply_closes"}),
        ("supply", "OTTM", "58", {"supply_closes"}),
        ("use", "28", "62-63", {"branches_add_up"}),
        ("use", "28", "B1G", {"branches_add_up", "branches_close"}),
        ("use", "P6", "62-63", {"uses_add_up"}),
    ],
)
def test_one_wrong_cell_fails_the_sums_it_is_in(
    copy: Workspace, table: str, branch: str, item: str, failing: set[str]
) -> None:
    path = copy.path(f"core.{table}")
    read = pq.read_table(path)
    rows = read.to_pylist()
    [cell] = [r for r in rows if (r["geo"], r["branch"], r["product"]) == ("ES", branch, item)]
    cell["value"] += 10
    pq.write_table(pa.Table.from_pylist(rows, schema=read.schema), path)
    assert {r.name for r in quality.run(copy, f"core.{table}") if not r.passed} == failing
