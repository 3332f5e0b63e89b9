"""Rows of structure, hub, relatedness and linkages: against the formulas, and what becomes of gaps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from observatory.errors import DataError
from observatory.estimators import (
    convergence,
    hub,
    hub_rows,
    linkages,
    relatedness,
    relatedness_rows,
    structure,
    structure_rows,
)
from observatory.estimators import input_output as io

ABOUT = {"status": "A", "provenance": "official", "sources": "accounts", "period": "2020", "activity": "NACE2:J"}


def table(rows: list[dict[str, Any]], **about: Any) -> pa.Table:
    return pa.Table.from_pylist([ABOUT | about | row for row in rows])


def by(found: pa.Table, *key: str) -> dict[Any, dict[str, Any]]:
    return {tuple(row[k] for k in key) if len(key) > 1 else row[key[0]]: row for row in found.to_pylist()}


@pytest.fixture(scope="module")
def checks(shared: Path) -> dict[str, Any]:
    content = json.loads((shared / "reference" / "crosschecks.json").read_text("utf-8"))
    return {check["id"]: check for check in content["checks"]}


# ---- convergence


def test_beta_of_the_nine_benchmarks(checks: dict[str, Any]) -> None:
    check = checks["sigma_beta_benchmarks"]
    given, expected, tolerance = check["inputs"], check["expected"], check["abs_tol"]
    line = convergence.beta(given["y2008"], given["y2018"], given["T"])
    assert (line.slope, line.se, line.n) == (
        pytest.approx(expected["beta_slope"], abs=tolerance),
        pytest.approx(expected["beta_se"], abs=tolerance),
        9,
    )
    pairs = zip(given["region"], given["y2008"], given["y2018"], strict=True)
    rows = [{"region": r, "first_value": a, "last_value": b} for r, a, b in pairs]
    found = by(
        convergence.beta_rows(table(rows, variant="htec", geo="BENCHMARKS", period="2008", last_period="2018")),
        "variant",
    )
    assert found["htec:speed"]["value"] == pytest.approx(expected["lambda_"], abs=tolerance)
    assert found["htec:half_life"]["value"] == pytest.approx(expected["half_life"], abs=1e-4)
    assert found["htec:beta"]["lower"] < found["htec:beta"]["value"] < found["htec:beta"]["upper"] < 0
    assert found["htec:beta"]["period"] == "2008/2018"


def test_beta_without_a_region_or_without_convergence() -> None:
    rows = [{"region": r, "first_value": a, "last_value": b} for r, a, b in (("a", 1, 1), ("b", 2, 3), ("c", 3, 6))]
    about = {"variant": "x", "geo": "BENCHMARKS", "period": "2008", "last_period": "2018"}
    apart = by(convergence.beta_rows(table(rows, **about)), "variant")
    assert apart["x:beta"]["value"] > 0 > apart["x:speed"]["value"]
    assert (apart["x:half_life"]["value"], apart["x:half_life"]["status"]) == (None, "AM")
    rows[1]["last_value"] = None
    assert {r["value"] for r in convergence.beta_rows(table(rows, **about)).to_pylist()} == {None}
    with pytest.raises(DataError, match="begin apart"):
        convergence.beta([1.0, 1.0, 1.0], [1.0, 2.0, 3.0], 5)


# ---- structure


def quotients(values: list[float | None], **about: Any) -> pa.Table:
    rows = [{"geo": f"g{i:02}", "value": value, "is_shown": i == 0} for i, value in enumerate(values)]
    return table(rows, **({"variant": "set", "comparator": "EU27_2020"} | about))


def test_only_places_that_are_asked_for_are_shown_and_few_are_marked() -> None:
    rng = np.random.default_rng(5)
    many = [float(x) for x in np.exp(rng.normal(0, 0.3, 40))]
    (row,) = structure_rows.standardised(quotients(many)).to_pylist()
    logs = np.log(many)
    assert row["value"] == pytest.approx((logs[0] - logs.mean()) / logs.std(ddof=1))
    assert (row["geo"], row["n"], row["status"]) == ("g00", 40, "A")
    assert row["sources"].startswith("accounts;(40 places, Shapiro-Wilk p ")
    (few,) = structure_rows.standardised(quotients(many[:8])).to_pylist()
    assert "U" in few["status"]
    skewed = structure_rows.standardised(
        quotients([float(np.exp(np.exp(x))) for x in rng.normal(0, 1, 60)])
    ).to_pylist()
    assert "U" in skewed[0]["status"], "many places and not normal"
    (none,) = structure_rows.standardised(quotients([None, 1.0, 2.0])).to_pylist()
    assert none["value"] is None and set("MU") <= set(none["status"])


def test_plants_of_size_classes_give_ellison_and_glaesers_index(checks: dict[str, Any]) -> None:
    check = checks["ellison_glaeser"]
    given = check["inputs"]
    rows = [
        {"place": place, "persons": float(size), "value": 1.0, "reference": float(given["region_emp"][place])}
        for size, place in zip(given["plants"], given["region"], strict=True)
    ]
    found = by(structure_rows.agglomeration(table(rows, variant="x", geo="ES21")), "variant")
    for measure, name in (("gamma", "gamma"), ("g", "G"), ("plant_herfindahl", "plant_hhi"), ("z", "z_G")):
        assert found[f"x:{measure}"]["value"] == pytest.approx(check["expected"][name], abs=check["abs_tol"])
    assert {(row["n"], row["status"]) for row in found.values()} == {(10, "AE")}, "classes stand for sizes"
    rows[0]["value"] = None
    gone = structure_rows.agglomeration(table(rows, variant="x", geo="ES21")).to_pylist()
    assert {row["value"] for row in gone} == {None} and all("M" in row["status"] for row in gone)


def test_two_plants_of_a_class_are_two_plants() -> None:
    rows = [
        {"place": "a", "persons": 5.0, "value": 3.0, "reference": 100.0},
        {"place": "b", "persons": 20.0, "value": 2.0, "reference": 300.0},
    ]
    found = by(structure_rows.agglomeration(table(rows, variant="x", geo="ES21")), "variant")
    expected = structure.ellison_glaeser([5, 5, 5, 20, 20], ["a", "a", "a", "b", "b"], {"a": 100.0, "b": 300.0})
    assert found["x:gamma"]["value"] == pytest.approx(expected.gamma)


# ---- hub


def pillars(values: dict[str, tuple[float | None, float]]) -> pa.Table:
    posts = {"size": (0.0, 1000.0, 1.0), "focus": (0.5, 1.5, 1.0)}
    rows = [
        {"geo": geo, "pillar": name, "value": value, "low": low, "high": high, "weight": weight}
        for geo, pair in values.items()
        for (name, (low, high, weight)), value in zip(posts.items(), pair, strict=True)
    ]
    return table(rows, variant="two")


def test_the_index_is_the_geometric_mean_and_comes_with_its_pillars() -> None:
    found = by(hub_rows.index(pillars({"a": (500.0, 1.0), "b": (1000.0, 0.75), "c": (None, 1.2)})), "variant", "geo")
    assert found["two:index", "a"]["value"] == pytest.approx(50)
    assert found["two:index", "b"]["value"] == pytest.approx(np.sqrt(100 * 25))
    assert found["two:pillar:size", "a"]["value"] == pytest.approx(50)
    assert found["two:pillar:focus", "c"]["value"] == pytest.approx(70), "a pillar that is there is shown"
    assert (found["two:index", "c"]["value"], found["two:index", "c"]["status"]) == (None, "AM")
    rank = found["two:rank", "a"]
    assert rank["lower"] == 1 and rank["upper"] == 2 and rank["unit"] == "rank" and rank["n"] == 2
    own = hub.hub_index([[500, 1.0], [1000, 0.75]], [(0, 1000), (0.5, 1.5)])
    assert rank["value"] == own.rank[0]


def test_goalposts_are_the_same_for_every_place() -> None:
    rows = pillars({"a": (1.0, 1.0), "b": (2.0, 1.0)}).to_pylist()
    rows[0]["high"] = 900.0
    with pytest.raises(DataError, match="one pair of goalposts for each of 2 pillars"):
        hub_rows.index(pa.Table.from_pylist(rows))


def test_distances_are_those_of_the_formula_and_ranked() -> None:
    profiles = {"a": (1.0, 10.0), "b": (2.0, 30.0), "c": (1.5, 11.0), "d": (None, 12.0)}
    rows = [
        {"geo": geo, "variable": name, "value": value, "weight": 1.0}
        for geo, pair in profiles.items()
        for name, value in zip(("x", "y"), pair, strict=True)
    ]
    found = by(hub_rows.distance(table(rows, variant="set")), "variant", "geo", "comparator")
    others = [[2.0, 30.0], [1.5, 11.0], [np.nan, 12.0]]
    expected = hub.structural_distance([1.0, 10.0], others)
    assert found["set:distance", "a", "b"]["value"] == pytest.approx(expected[0])
    assert found["set:rank", "a", "c"]["value"] == 1 and found["set:rank", "a", "b"]["value"] == 2
    assert found["set:distance", "a", "d"]["value"] is None and "M" in found["set:distance", "a", "d"]["status"]
    assert found["set:distance", "d", "a"]["value"] is None


# ---- relatedness


def matrix_rows(quotient: np.ndarray) -> pa.Table:
    rows = [
        {
            "geo": f"p{i}",
            "activity": f"NACE2:{j:02}",
            "value": float(quotient[i, j]),
            "is_shown": i == 0,
            "is_asked": j < 2,
        }
        for i in range(quotient.shape[0])
        for j in range(quotient.shape[1])
    ]
    return table(rows, variant="set")


def test_density_and_complexity_in_rows() -> None:
    quotient = np.random.default_rng(3).gamma(1.0, 1.0, (9, 7))
    m = relatedness.specialised(quotient)
    near = relatedness.density(m)
    found = relatedness_rows.density(matrix_rows(quotient)).to_pylist()
    assert [row["value"] for row in found] == pytest.approx(list(near[0, :2]))
    assert [row["variant"] for row in found] == [f"set:{'present' if m[0, j] else 'absent'}" for j in (0, 1)]
    (eci,) = relatedness_rows.complexity(matrix_rows(quotient)).to_pylist()
    assert eci["value"] == pytest.approx(relatedness.eci_eigenvector(m)[0])
    assert (eci["activity"], eci["status"], eci["n"]) == ("NACE2:TOTAL", "AU", 9)


def test_a_matrix_in_two_parts_says_why_it_has_no_complexity() -> None:
    (row,) = relatedness_rows.complexity(matrix_rows(np.array([[2.0, 0.1], [0.1, 2.0]]))).to_pylist()
    assert row["value"] is None and "M" in row["status"] and "share no activity" in row["sources"]


# ---- linkages


def symmetric(z: np.ndarray, x: np.ndarray) -> pa.Table:
    names = [f"A86:{i}" for i in range(len(x))]
    cells = [
        {"row": names[i], "col": names[j], "value": float(z[i, j]), "kind": "intermediate"}
        for i in range(len(x))
        for j in range(len(x))
    ]
    cells += [{"row": "P1", "col": name, "value": float(v), "kind": "output"} for name, v in zip(names, x, strict=True)]
    return table(cells, variant="t", geo="ES21")


def test_linkages_of_miller_and_blair(checks: dict[str, Any]) -> None:
    check = checks["mb_2x2"]
    z, x, expected = np.array(check["inputs"]["Z"], float), np.array(check["inputs"]["x"], float), check["expected"]
    back = by(linkages.backward(symmetric(z, x)), "variant", "activity")
    ahead = by(linkages.forward(symmetric(z, x)), "variant", "activity")
    for i in range(2):
        name = f"A86:{i}"
        for found, variant, key in (
            (back, "rasmussen", "rasmussen_backward"),
            (ahead, "rasmussen_row", "rasmussen_forward_Lrow"),
            (ahead, "ghosh", "ghosh_forward_norm"),
        ):
            assert found[f"t:{variant}", name]["value"] == pytest.approx(expected[key][i], abs=check["abs_tol"])
    direct = np.array(expected["A"]).sum(axis=0)
    assert back["t:direct", "A86:0"]["value"] == pytest.approx(direct[0] / direct.mean())
    sold = np.array(expected["B_ghosh"]).sum(axis=1)
    assert ahead["t:direct", "A86:1"]["value"] == pytest.approx(sold[1] / sold.mean())


def test_a_cell_without_a_figure_leaves_the_table_without_linkages() -> None:
    rows = symmetric(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 20.0])).to_pylist()
    rows[0]["value"] = None
    found = linkages.backward(pa.Table.from_pylist(rows)).to_pylist()
    assert {row["value"] for row in found} == {None} and all("M" in row["status"] for row in found)


def test_a_product_without_an_output_is_named() -> None:
    rows = symmetric(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 20.0])).to_pylist()
    with pytest.raises(DataError, match="no output for A86:1"):
        linkages.forward(pa.Table.from_pylist(rows[:-1]))
    assert io.ghosh_forward(np.eye(2)) == pytest.approx([1, 1])
