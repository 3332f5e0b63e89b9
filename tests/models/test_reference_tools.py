"""Our formulas beside the tools of the field, on the same numbers in one run, and where those tools mislead."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from observatory.estimators import input_output as io
from observatory.estimators import relatedness, structure

inequality_gini = pytest.importorskip("inequality.gini")
inequality_theil = pytest.importorskip("inequality.theil")
pymrio = pytest.importorskip("pymrio")
ecomplexity = pytest.importorskip("ecomplexity")

RNG = np.random.default_rng(20260101)
AMOUNTS = RNG.integers(1, 500, 60).astype(float)
GROUPS = [f"g{i % 7}" for i in range(60)]


def flows(n: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """A productive economy of n sectors: flows and outputs."""
    z = RNG.uniform(0, 10, (n, n))
    return z, z.sum(axis=1) + RNG.uniform(20, 60, n)


def test_theil_and_its_parts_beside_pysal() -> None:
    assert structure.theil_t(AMOUNTS) == pytest.approx(inequality_theil.Theil(AMOUNTS).T, rel=1e-12)
    ours = structure.theil_t_decomposition(AMOUNTS, GROUPS)
    theirs = inequality_theil.TheilD(AMOUNTS, np.array(GROUPS))
    assert ours.total == pytest.approx(float(np.ravel(theirs.T)[0]), rel=1e-12)
    assert ours.between == pytest.approx(float(np.ravel(theirs.bg)[0]), rel=1e-9)
    assert ours.within == pytest.approx(float(np.ravel(theirs.wg)[0]), rel=1e-9)


def test_gini_beside_pysal() -> None:
    assert structure.gini(AMOUNTS) == pytest.approx(inequality_gini.Gini(AMOUNTS).g, rel=1e-12)


def test_coefficients_and_inverses_beside_pymrio() -> None:
    z, x = flows()
    sectors = [f"s{i}" for i in range(len(x))]
    frame, output = pd.DataFrame(z, sectors, sectors), pd.DataFrame({"indout": x}, sectors)
    a = pymrio.calc_A(frame, output)
    assert io.technical_coefficients(z, x) == pytest.approx(a.to_numpy(), rel=1e-12)
    assert io.leontief_inverse(a.to_numpy()) == pytest.approx(pymrio.calc_L(a).to_numpy(), rel=1e-10)
    b = pymrio.calc_B(frame, output)
    assert io.allocation_coefficients(z, x) == pytest.approx(b.to_numpy(), rel=1e-12)
    assert io.ghosh_inverse(b.to_numpy()) == pytest.approx(pymrio.calc_G(b).to_numpy(), rel=1e-10)


def trade(places: int = 9, products: int = 14) -> tuple[np.ndarray, pd.DataFrame]:
    """Amounts of places and products, and the same as the long table that ecomplexity takes."""
    amounts = RNG.gamma(0.6, 100, (places, products)) + 1
    long = [(2020, f"p{i:02}", f"a{j:02}", amounts[i, j]) for i in range(places) for j in range(products)]
    return amounts, pd.DataFrame(long, columns=["t", "place", "activity", "value"])


COLUMNS = {"time": "t", "loc": "place", "prod": "activity", "val": "value"}


def matrix(amounts: np.ndarray) -> np.ndarray:
    quotients = (amounts / amounts.sum(1, keepdims=True)) / (amounts.sum(0) / amounts.sum())
    return relatedness.specialised(quotients)


def test_proximity_density_and_complexity_beside_py_ecomplexity() -> None:
    amounts, long = trade()
    m = matrix(amounts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = ecomplexity.ecomplexity(long, COLUMNS).sort_values(["place", "activity"])
        near = ecomplexity.proximity(long, COLUMNS)
    assert theirs["mcp"].to_numpy().reshape(m.shape) == pytest.approx(m)
    phi = relatedness.proximity(m)
    for row in near.itertuples():
        i, j = int(row.activity_1[1:]), int(row.activity_2[1:])
        if i != j:
            assert row.proximity == pytest.approx(phi[i, j], rel=1e-12)
    ours = relatedness.eci_eigenvector(m)
    eci = theirs.groupby("place")["eci"].first().to_numpy()
    assert abs(np.corrcoef(ours, eci)[0, 1]) == pytest.approx(1, abs=1e-9)


def test_trap_py_ecomplexitys_density_holds_the_activity_itself() -> None:
    amounts, long = trade()
    m = matrix(amounts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = ecomplexity.ecomplexity(long, COLUMNS).sort_values(["place", "activity"])
    theirs = theirs["density"].to_numpy().reshape(m.shape)
    phi = relatedness.proximity(m)
    with_itself = (m @ phi) / phi.sum(axis=0)
    ours = relatedness.density(m)
    assert theirs == pytest.approx(with_itself, rel=1e-9), "it is the same formula with the diagonal in it"
    own, other = (theirs - ours)[m == 1], (theirs - ours)[m == 0]
    assert (own >= -1e-12).all() and own.max() > 0.01, "what a place has already looks nearer than it is"
    assert (other <= 1e-12).all() and other.min() < -0.01


# R's leontief, as its documentation says what it computes; R itself is not needed to see what goes wrong


def test_trap_rs_forward_linkage_is_the_row_sum_of_the_input_coefficients() -> None:
    """Its unit is euro of product i in one euro of every output: no Ghosh, no Rasmussen, and other products lead."""
    z, x = flows()
    a = io.technical_coefficients(z, x)
    as_in_r = a.sum(axis=1)
    ghosh = io.ghosh_forward(io.ghosh_inverse(io.allocation_coefficients(z, x)))
    rows = io.rasmussen_forward_leontief(io.leontief_inverse(a))
    assert list(np.argsort(as_in_r)) != list(np.argsort(ghosh))
    assert not np.allclose(as_in_r / as_in_r.mean(), rows) and not np.allclose(ghosh, rows)


def test_trap_the_coefficient_of_variation_of_a_column_needs_the_mean_of_that_column() -> None:
    """Dispersion of a column over the mean of a row, as where axes are mixed, changes with who else is in the table."""
    inverse = io.leontief_inverse(io.technical_coefficients(*flows()))
    right = inverse.std(axis=0, ddof=1) / inverse.mean(axis=0)
    mixed = inverse.std(axis=0, ddof=1) / inverse.mean(axis=1)
    assert not np.allclose(right, mixed)
    doubled = inverse * np.where(np.arange(len(inverse)) == 3, 2.0, 1.0)[None, :]
    assert (doubled.std(axis=0, ddof=1) / doubled.mean(axis=0))[3] == pytest.approx(right[3]), "a unit is no matter"
    assert (doubled.std(axis=0, ddof=1) / doubled.mean(axis=1))[3] != pytest.approx(mixed[3])


def test_trap_what_is_called_final_total_demand_is_total_output() -> None:
    """A name: dividing flows by final demand, as it invites to, gives coefficients above what output can pay for."""
    z, x = flows()
    final = x - z.sum(axis=1)
    a = io.technical_coefficients(z, x)
    wrong = z / final
    assert (a.sum(axis=0) < 1).any() and (wrong.sum(axis=0) > a.sum(axis=0)).all()
    assert x == pytest.approx(io.required_output(a, final)), "output is L f, not f"


def test_trap_an_index_of_agglomeration_beyond_1_is_none() -> None:
    """REAT's example of ellison.c returns 12.07; gamma of plants all in one place cannot pass 1 over (1 - X)."""
    reference = {"a": 100.0, "b": 200.0, "c": 700.0}
    found = structure.ellison_glaeser([10.0, 20.0, 30.0, 40.0], ["a"] * 4, reference)
    x2 = sum((v / 1000) ** 2 for v in reference.values())
    assert found.gamma <= (found.g / (1 - x2) - found.plant_hhi) / (1 - found.plant_hhi) + 1e-12 < 12.07
