"""Relatedness and complexity against matrices worked by hand, and the traps of other libraries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from observatory.errors import DataError
from observatory.estimators.intervals import lq
from observatory.estimators.relatedness import density, eci_eigenvector, eci_iterations, proximity, specialised

# Three places, three activities; ubiquities 2, 3, 2. The second place has all of them.
CHAIN = np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1]], dtype=float)
# Each place has what the next one has and one more.
NESTED = np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=float)
# The example matrix of the R package EconGeo: its first region shares no industry with the others.
FIVE = np.array(
    [[100, 0, 0, 0, 0], [0, 15, 5, 70, 10], [0, 20, 10, 20, 50], [0, 25, 30, 5, 40], [0, 40, 55, 5, 0]], dtype=float
)
binary = hnp.arrays(np.float64, st.tuples(st.integers(2, 8), st.integers(2, 8)), elements=st.sampled_from((0.0, 1.0)))


def near(expected: Any, tolerance: float = 1e-9) -> Any:
    return pytest.approx(expected, abs=tolerance)


def with_self(m: np.ndarray, phi: np.ndarray) -> np.ndarray:
    """Density as py-ecomplexity has it: the activity's own proximity of 1 in both sums."""
    return np.asarray(m @ phi / phi.sum(axis=0))


def random_matrices(count: int) -> list[np.ndarray]:
    random = np.random.default_rng(17)
    return [(random.random((14, 25)) < np.linspace(0.2, 0.8, 14)[:, None]).astype(float) for _ in range(count)]


def test_specialised_takes_the_threshold_as_reached() -> None:
    quotients = lq(FIVE, FIVE.sum(axis=1)[:, None], FIVE.sum(axis=0), FIVE.sum()).value
    expected = [[1, 0, 0, 0, 0], [0, 0, 0, 1, 0], [0, 1, 0, 1, 1], [0, 1, 1, 0, 1], [0, 1, 1, 0, 0]]
    assert specialised(quotients).tolist() == expected
    assert specialised(quotients, 1.5).sum() == 7


def test_proximity_worked_by_hand() -> None:
    assert proximity(CHAIN) == near(np.array([[1, 2 / 3, 1 / 2], [2 / 3, 1, 2 / 3], [1 / 2, 2 / 3, 1]]))


def test_proximity_is_the_smaller_conditional_share() -> None:
    for m in random_matrices(3):
        conditional = (m.T @ m) / m.sum(axis=0)
        assert proximity(m) == near(np.minimum(conditional, conditional.T))


def test_density_worked_by_hand() -> None:
    expected = [[4 / 7, 1 / 2, 1], [1, 1, 1], [1, 1 / 2, 4 / 7]]
    assert density(CHAIN) == near(np.array(expected))


def test_trap_py_ecomplexitys_density_lets_an_activity_speak_for_itself() -> None:
    phi = proximity(CHAIN)
    assert with_self(CHAIN, phi)[0, 0] == near(10 / 13) != density(CHAIN, phi)[0, 0]
    without = CHAIN.copy()
    without[0, 0] = 0
    assert density(without, phi)[0, 0] == density(CHAIN, phi)[0, 0]
    assert with_self(without, phi)[0, 0] == near(with_self(CHAIN, phi)[0, 0] - 6 / 13)


@given(binary, st.data())
def test_density_around_an_activity_does_not_look_at_the_activity(m: np.ndarray, data: st.DataObject) -> None:
    place, activity = (data.draw(st.integers(0, n - 1)) for n in m.shape)
    phi, other = proximity(m), m.copy()
    other[place, activity] = 1 - m[place, activity]
    found = density(m, phi)
    assert np.array_equal(found[place, activity], density(other, phi)[place, activity], equal_nan=True)
    assert ((found >= 0) & (found <= 1 + 1e-12) | np.isnan(found)).all()


@given(binary)
def test_proximity_is_symmetric_between_0_and_1(m: np.ndarray) -> None:
    phi = proximity(m)
    assert np.array_equal(phi, phi.T) and ((phi >= 0) & (phi <= 1)).all()
    assert np.array_equal(np.diag(phi), (m.sum(axis=0) > 0).astype(float))


def test_an_activity_near_no_other_has_no_density() -> None:
    found = density([[1, 1, 0], [0, 0, 1], [1, 1, 0]])
    assert np.isnan(found[:, 2]).all() and found[:, 0].tolist() == [1, 0, 1]


def test_complexity_of_nested_places_worked_by_hand() -> None:
    """D = (3, 2, 1), U = (3, 2, 1); eigenvalues 1, 1/4, 1/9, and to 1/4 belongs (2, -1, -4)."""
    expected = np.sqrt(1.5) * np.array([1, 0, -1])
    assert eci_eigenvector(NESTED) == near(expected)
    assert eci_iterations(NESTED) == near(expected)


@pytest.mark.parametrize("m", random_matrices(8), ids=lambda m: f"{int(m.sum())}")
def test_eigenvector_and_iterations_agree_and_go_up_with_diversity(m: np.ndarray) -> None:
    found = eci_eigenvector(m)
    assert eci_iterations(m) == near(found, 1e-7)
    assert (found.mean(), found.std()) == near((0, 1))
    assert np.corrcoef(found, m.sum(axis=1))[0, 1] > 0
    order = np.random.default_rng(1).permutation(len(m))
    assert eci_eigenvector(m[order]) == near(found[order])
    assert eci_eigenvector(np.hstack([m, np.zeros((len(m), 1))])) == near(found)


@pytest.mark.parametrize("m", random_matrices(3), ids=lambda m: f"{int(m.sum())}")
def test_complexity_is_an_eigenvector_but_for_its_mean(m: np.ndarray) -> None:
    step = (m / m.sum(axis=0)) @ m.T / m.sum(axis=1)[:, None]
    values = np.sort(np.linalg.eigvals(step).real)
    k = eci_eigenvector(m)
    moved = step @ k
    assert moved - moved.mean() == near(values[-2] * k)


def test_trap_an_odd_number_of_reflections_runs_the_other_way() -> None:
    """After one reflection a place has the mean ubiquity of what it does: rare things, low figure."""
    ubiquity = NESTED @ NESTED.sum(axis=0) / NESTED.sum(axis=1)
    assert np.corrcoef(ubiquity, eci_iterations(NESTED))[0, 1] < -0.9


def test_trap_reflections_miss_what_diversity_has_no_part_in() -> None:
    """CHAIN reads the same from both ends, and so does diversity: the second eigenvector (1, 0, -1) does not."""
    assert eci_eigenvector(CHAIN) == near(np.sqrt(1.5) * np.array([1, 0, -1]))
    assert eci_iterations(CHAIN) == near(np.array([-1, 2, -1]) / np.sqrt(2))
    assert eci_eigenvector(CHAIN[::-1]) == near(np.sqrt(1.5) * np.array([1, 0, -1])), "the first one off 0 is positive"


def test_trap_a_matrix_in_two_parts_has_no_complexity() -> None:
    quotients = lq(FIVE, FIVE.sum(axis=1)[:, None], FIVE.sum(axis=0), FIVE.sum()).value
    with pytest.raises(DataError, match=r"parts that share no activity: places \[0\] and \[1, 2, 3, 4\]"):
        eci_eigenvector(specialised(quotients))
    found = eci_eigenvector(specialised(quotients)[1:])
    assert eci_iterations(specialised(quotients)[1:]) == near(found, 1e-7)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: specialised([[1.0, np.nan]]), r"without gaps, found shape \(1, 2\), 1 missing"),
        (lambda: proximity([[1, 2]]), "places by activities of 0 and 1"),
        (lambda: proximity([1, 0]), r"of 0 and 1, found shape \(2,\)"),
        (lambda: density(CHAIN, np.ones((2, 2))), r"proximities of 3 activities, found shape \(2, 2\)"),
        (lambda: eci_eigenvector([[1, 1], [0, 0]]), "found 2 places, nothing at position 1"),
        (lambda: eci_iterations([[1, 1]]), "found 1 places"),
        (lambda: eci_eigenvector([[1, 1], [1, 1]]), "second and third eigenvalue are alike"),
        (lambda: eci_iterations([[1, 1, 0], [0, 1, 1]]), "equally diverse: reflections do not move"),
        (lambda: eci_iterations(random_matrices(1)[0], most=2), "not settled after 2 steps"),
    ],
)
def test_refusals_say_what_was_found(call: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        call()
