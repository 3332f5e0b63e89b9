"""Input-output mathematics against worked examples of Miller and Blair, and identities of any table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from observatory.errors import DataError
from observatory.estimators import input_output as io


def check(shared: Path, name: str) -> dict[str, Any]:
    checks = json.loads((shared / "reference" / "crosschecks.json").read_text(encoding="utf-8"))["checks"]
    return next(c for c in checks if c["id"] == name)


Z = [[150.0, 500.0], [200.0, 100.0]]
X = [1000.0, 2000.0]


def test_miller_and_blair_table_2_3() -> None:
    a = io.technical_coefficients(Z, X)
    np.testing.assert_allclose(a, [[0.15, 0.25], [0.2, 0.05]])
    np.testing.assert_allclose(io.leontief_inverse(a), [[1.2541, 0.3300], [0.2640, 1.1221]], atol=5e-5)
    np.testing.assert_allclose(io.required_output(a, [600, 1500]), [1247.5, 1841.6], atol=0.05)


def test_two_sectors_of_the_crosschecks(shared: Path) -> None:
    case = check(shared, "mb_2x2")
    given_, wanted = case["inputs"], case["expected"]
    a = io.technical_coefficients(given_["Z"], given_["x"])
    b = io.allocation_coefficients(given_["Z"], given_["x"])
    inverse, ghosh = io.leontief_inverse(a), io.ghosh_inverse(b)
    new = io.required_output(a, given_["f_new"])
    found = {
        "A": a,
        "L": inverse,
        "x_new": new,
        "B_ghosh": b,
        "G": ghosh,
        "output_mult": io.output_multipliers(inverse),
        "rasmussen_backward": io.rasmussen_backward(inverse),
        "rasmussen_forward_Lrow": io.rasmussen_forward_leontief(inverse),
        "ghosh_forward_norm": io.ghosh_forward(ghosh),
        "labour_new": np.array(given_["labour_coef"]) * new,
    }
    assert found.keys() == wanted.keys()
    for name, value in found.items():
        np.testing.assert_allclose(value, wanted[name], rtol=0, atol=case["abs_tol"], err_msg=name)
    labour = io.embodied(given_["labour_coef"], a) @ np.array(given_["f_new"])
    assert labour == pytest.approx(sum(wanted["labour_new"]))


def test_make_and_use_of_the_crosschecks(shared: Path) -> None:
    case = check(shared, "mb_make_use")
    wanted = case["expected"]
    tables = io.MakeUse(case["inputs"]["V_industry_x_commodity"], case["inputs"]["U_commodity_x_industry"])
    a_cc = tables.commodity_by_commodity_industry_technology()
    a_ii = tables.industry_by_industry_industry_technology()
    found = {
        "q": tables.commodity_output,
        "g": tables.industry_output,
        "e": tables.final_demand,
        "va": tables.value_added,
        "B": tables.b,
        "D": tables.d,
        "C": tables.c,
        "A_cc_industry_tech": a_cc,
        "L_cc": io.leontief_inverse(a_cc),
        "A_ii_industry_tech": a_ii,
        "L_ii": io.leontief_inverse(a_ii),
        "TR_ic": tables.industry_by_commodity_requirements(),
        "A_cc_commodity_tech": tables.commodity_by_commodity_commodity_technology(),
        "secondary_output_share_by_industry": tables.secondary_share(),
    }
    assert found.keys() == wanted.keys()
    for name, value in found.items():
        np.testing.assert_allclose(value, wanted[name], rtol=0, atol=case["abs_tol"], err_msg=name)


def test_both_technologies_agree_where_every_industry_makes_its_own_product_alone() -> None:
    tables = io.MakeUse(np.diag(X), np.array(Z))
    for symmetric in (
        tables.commodity_by_commodity_industry_technology(),
        tables.industry_by_industry_industry_technology(),
        tables.commodity_by_commodity_commodity_technology(),
        tables.industry_by_industry_commodity_technology(),
    ):
        np.testing.assert_allclose(symmetric, io.technical_coefficients(Z, X))
    assert tables.secondary_share().tolist() == [0, 0]


def test_commodity_technology_leaves_output_of_commodities_as_it_was() -> None:
    """Both commodity-technology tables need, for the observed final demand, the observed output."""
    tables = io.MakeUse(np.array([[90.0, 0.0], [10.0, 100.0]]), np.array([[12.0, 8.0], [10.0, 7.0]]))
    a_cc, a_ii = (
        tables.commodity_by_commodity_commodity_technology(),
        tables.industry_by_industry_commodity_technology(),
    )
    np.testing.assert_allclose(io.required_output(a_cc, tables.final_demand), tables.commodity_output)
    industry_demand = np.linalg.solve(tables.c, tables.final_demand)
    np.testing.assert_allclose(io.required_output(a_ii, industry_demand), tables.industry_output)


def test_more_commodities_than_industries_leave_industry_technology() -> None:
    tables = io.MakeUse(np.array([[80.0, 20.0, 0.0], [0.0, 30.0, 70.0]]), np.array([[9.0, 8], [7.0, 6], [5.0, 4]]))
    a = tables.industry_by_industry_industry_technology()
    np.testing.assert_allclose(io.required_output(a, tables.d @ tables.final_demand), tables.industry_output)
    with pytest.raises(DataError, match="as many commodities as industries, found 3 and 2"):
        tables.commodity_by_commodity_commodity_technology()
    with pytest.raises(DataError, match=r"use table of the shape \(3, 2\), found \(2, 3\)"):
        io.MakeUse(tables.v, tables.v)


def test_industries_with_the_same_mix_cannot_be_told_apart() -> None:
    tables = io.MakeUse(np.array([[50.0, 50.0], [10.0, 10.0]]), np.array([[1.0, 1.0], [1.0, 1.0]]))
    with pytest.raises(DataError, match="cannot be inverted"):
        tables.commodity_by_commodity_commodity_technology()


def test_a_sector_without_output_keeps_its_place() -> None:
    a = io.technical_coefficients([[10.0, 0.0], [5.0, 0.0]], [100.0, 0.0])
    assert a.tolist() == [[0.1, 0.0], [0.05, 0.0]]
    assert io.allocation_coefficients([[10.0, 5.0], [0.0, 0.0]], [100.0, 0.0]).tolist() == [[0.1, 0.05], [0, 0]]
    assert io.leontief_inverse(a)[:, 1].tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: io.technical_coefficients([[1.0, 2.0]], [5.0, 0.0], ["28", "62-63"]), "sector 62-63.*found 0 with"),
        (lambda: io.technical_coefficients(Z, [1000.0, -1.0]), "sector number 2: expected a positive output"),
        (lambda: io.allocation_coefficients(Z, [0.0, 2000.0], ["a", "b"]), "sector a.*sales 650"),
        (lambda: io.leontief_inverse([[0.5, 0.3], [0.6, 0.9]], ["28", "62-63"]), "sector 62-63.*spectral radius"),
        (lambda: io.required_output([[0.1]], [-3.0], ["28"]), "sector 28: expected a final demand.*found -3"),
        (lambda: io.check_final_demand([1.0, float("nan")]), "sector number 2"),
        (lambda: io.check_productive([[float("nan"), 0.0], [0.0, 0.0]], ["28", "72"]), "sector 28"),
        (lambda: io.technical_coefficients(Z, [1.0]), r"one column for each of 1 outputs, found the shape \(2, 2\)"),
        (lambda: io.leontief_inverse([[0.1, 0.2]]), r"square matrix, found the shape \(1, 2\)"),
    ],
)
def test_refusals_name_the_sector(call: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        call()


@given(st.data(), st.integers(1, 7))
def test_identities_of_any_balanced_table(data: st.DataObject, n: int) -> None:
    """Flows, imports and value added drawn; output closes the columns and final demand the rows."""
    cells = st.floats(0, 100, allow_nan=False)
    z = data.draw(arrays(np.float64, (n, n), elements=cells))
    imports = data.draw(arrays(np.float64, n, elements=cells))
    x = np.maximum(z.sum(axis=0) + imports, z.sum(axis=1)) + data.draw(
        arrays(np.float64, n, elements=st.floats(1, 100))
    )
    value_added, final = x - z.sum(axis=0) - imports, x - z.sum(axis=1)
    a, b = io.technical_coefficients(z, x), io.allocation_coefficients(z, x)
    inverse = io.leontief_inverse(a)
    np.testing.assert_allclose(inverse @ final, x)
    np.testing.assert_allclose(io.required_output(a, final), x)
    np.testing.assert_allclose((value_added + imports) @ io.ghosh_inverse(b), x)
    np.testing.assert_allclose(io.embodied(value_added / x, a) + io.embodied(imports / x, a), 1)
    np.testing.assert_allclose(io.ghosh_inverse(b), inverse * x / x[:, None], atol=1e-9)
    for linkage in (io.rasmussen_backward(inverse), io.rasmussen_forward_leontief(inverse)):
        assert linkage.mean() == pytest.approx(1)
    assert (inverse >= np.eye(n) - 1e-12).all()


SECTORS = ("28", "62-63", "72")
FLOWS = np.array([[20.0, 5.0, 1.0], [10.0, 30.0, 4.0], [6.0, 2.0, 0.0]])
OUTPUT = np.array([100.0, 80.0, 20.0])
IMPORTS = np.array([24.0, 3.0, 1.0])
ADDED = OUTPUT - FLOWS.sum(axis=0) - IMPORTS


def symmetric(flows: Any = FLOWS, output: Any = OUTPUT, added: Any = ADDED, **changes: Any) -> list[dict[str, Any]]:
    """A symmetric table as the estimator takes it; ``changes`` are columns with one value."""
    cells: list[tuple[str, str, float | None, str]] = []
    for i, row in enumerate(SECTORS):
        cells += [(row, col, float(flows[i][j]), "intermediate") for j, col in enumerate(SECTORS)]
        cells.append((row, "P3", float(output[i] - np.sum(flows[i])) / 2, "final"))
        cells.append((row, "P6", float(output[i] - np.sum(flows[i])) / 2, "final"))
        cells += [("B1G", row, float(added[i]), "value_added"), ("P1", row, float(output[i]), "output")]
    about = {"variant": "S_core", "geo": "ES", "period": "2022", "source": "s", "provenance": "official"}
    return [
        about
        | dict(zip(("row", "col", "value", "kind"), cell, strict=True))
        | {"is_service": cell[0] != "28", "is_manufacturing": cell[1] == "28"}
        | changes
        for cell in cells
    ]


def test_embodied_services_of_a_small_table() -> None:
    found = io.embodied_services(pa.Table.from_pylist(symmetric())).to_pylist()
    inverse = np.linalg.inv(np.eye(3) - FLOWS / OUTPUT)
    expected = 100 * (np.array([0, ADDED[1] / 80, ADDED[2] / 20]) @ inverse)[0]
    assert len(found) == 1
    assert found[0] == {
        "variant": "S_core",
        "geo": "ES",
        "comparator": None,
        "activity": "28",
        "period": "2022",
        "value": pytest.approx(expected),
        "status": "A",
        "provenance": "official",
        "sources": "s",
    }


def test_embodied_services_of_two_tables_in_any_order() -> None:
    rows = symmetric(status="P") + symmetric(FLOWS / 2, geo="DE", status="A", source="t;s", provenance="synthetic")
    found = io.embodied_services(pa.Table.from_pylist(rows[::-1])).to_pylist()
    assert [(r["geo"], r["status"], r["sources"]) for r in found] == [("DE", "A", "s;t"), ("ES", "P", "s")]
    assert found[0]["value"] < found[1]["value"]


def test_a_product_that_nobody_makes_and_a_table_with_an_empty_cell_have_no_value() -> None:
    flows, output, added = FLOWS.copy(), OUTPUT.copy(), ADDED.copy()
    flows[:, 0] = flows[0] = output[0] = added[0] = 0
    empty = symmetric(geo="DE")
    empty[1]["value"] = None
    found = io.embodied_services(pa.Table.from_pylist([*symmetric(flows, output, added), *empty])).to_pylist()
    assert [(r["geo"], r["value"], r["status"]) for r in found] == [("DE", None, "AM"), ("ES", None, "AM")]


def without(rows: list[dict[str, Any]], kind: str, sector: str) -> list[dict[str, Any]]:
    return [r for r in rows if not (r["kind"] == kind and r["col"] == sector)]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (lambda: symmetric(FLOWS * 3), "S_core/ES/2022: .*sector 62-63: expected a spectral radius below 1"),
        (lambda: symmetric(output=[0.0, 80.0, 20.0]), "S_core/ES/2022: .*sector 28: .*found 0 with inputs 36"),
        (lambda: [r for r in symmetric() if r["row"] != "72"], "sector 72: expected intermediate and final sales"),
        (lambda: symmetric() + symmetric()[:1], "cell intermediate/28/28 stands twice"),
        (lambda: without(symmetric(), "output", "28"), "sector 28: expected an output, found no such row"),
        (lambda: without(symmetric(), "value_added", "72"), "sector 72: expected the value added of a service"),
        (lambda: symmetric(kind="use"), "found use"),
    ],
)
def test_embodied_services_names_table_and_sector(rows: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        io.embodied_services(pa.Table.from_pylist(rows()))


def test_a_table_with_imports_among_the_flows_is_refused() -> None:
    rows = symmetric()
    for row in rows:
        if row["kind"] == "intermediate" and row["row"] == "28":
            row["value"] += 10
    with pytest.raises(DataError, match=r"S_core/ES/2022: sector 28: .*as in a domestic table, found sales of 130"):
        io.embodied_services(pa.Table.from_pylist(rows))


def test_totals_among_the_sectors_are_refused() -> None:
    output, cell = symmetric()[-1] | {"col": "TOTAL", "value": 200.0}, symmetric()[0] | {"col": "TU"}
    with pytest.raises(DataError, match="sector TOTAL: expected intermediate and final sales equal to output"):
        io.embodied_services(pa.Table.from_pylist([*symmetric(), output]))
    with pytest.raises(DataError, match="sector TU: expected an output, found no such row"):
        io.embodied_services(pa.Table.from_pylist([*symmetric(), cell]))


def test_cells_that_are_not_there_are_nought() -> None:
    flows = FLOWS.copy()
    flows[2] = 0
    rows = symmetric(flows)
    sparse = [r for r in rows if r["kind"] != "intermediate" or r["value"]]
    assert len(sparse) == len(rows) - 3
    assert io.embodied_services(pa.Table.from_pylist(sparse)) == io.embodied_services(pa.Table.from_pylist(rows))


def test_no_rows_give_no_rows() -> None:
    table = pa.Table.from_pylist(symmetric()).slice(0, 0)
    assert io.embodied_services(table).num_rows == 0
    with pytest.raises(DataError, match=r"embodied_services: expected column is_service"):
        io.embodied_services(table.drop_columns(["is_service"]))
