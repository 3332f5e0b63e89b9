"""Measures of structure against published worked examples, the traps between libraries, and identities."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory.errors import DataError
from observatory.estimators import structure
from observatory.estimators.intervals import lq
from observatory.estimators.structure import (
    dissimilarity,
    ellison_glaeser,
    entropy,
    gini,
    hachman,
    hhi,
    hoover,
    krugman,
    locational_gini,
    mean_log_deviation,
    mean_log_deviation_decomposition,
    standardised_lq,
    theil_t,
    theil_t_decomposition,
    variety,
)

# Five regions by five industries, 100 jobs each way: the example matrix of the R package EconGeo.
FIVE = np.array(
    [[100, 0, 0, 0, 0], [0, 15, 5, 70, 10], [0, 20, 10, 20, 50], [0, 25, 30, 5, 40], [0, 40, 55, 5, 0]], dtype=float
)
# Farhauer and Kroell, examples of the R package REAT 3.0.3.
CONCENTRATION = ([500, 500, 1000, 7000, 1000], [20000, 15000, 20000, 40000, 5000])
SPECIALISATION = ([700, 600, 500, 10000, 40000], [30000, 15000, 10000, 60000, 50000])
PLANTS = [200, 650, 12000, 100, 50, 16000, 13000, 1500, 1500, 25000]
PLACES = ["Wien"] * 5 + ["Linz"] * 4 + ["Graz"]
EMPLOYMENT = {"Wien": 500_000, "Linz": 400_000, "Graz": 100_000}
STOERMANN = [10, 10, 10, 20, 50]

amounts = st.lists(st.integers(1, 10**6), min_size=2, max_size=12)


def checks(shared: Path) -> dict[str, dict[str, Any]]:
    text = (shared / "reference" / "crosschecks.json").read_text(encoding="utf-8")
    return {check["id"]: check for check in json.loads(text)["checks"]}


def near(expected: Any, tolerance: float = 1e-9) -> Any:
    return pytest.approx(expected, abs=tolerance)


# ---- published figures


def test_specialisation_of_econgeos_five_regions() -> None:
    whole = FIVE.sum(axis=0)
    assert [krugman(row, whole) for row in FIVE] == near([1.6, 1.0, 0.6, 0.7, 1.1])
    assert [dissimilarity(row, whole) for row in FIVE] == near([0.8, 0.5, 0.3, 0.35, 0.55])
    expected = [0.2, 0.380952381, 0.5882352941, 0.6349206349, 0.4301075269]
    assert [hachman(row, whole) for row in FIVE] == near(expected)
    assert [1 / hachman(row, whole) for row in FIVE] == near([5, 2.625, 1.7, 1.575, 2.325])


def test_diversity_of_econgeos_five_regions() -> None:
    assert [hhi(row) for row in FIVE] == near([1, 0.525, 0.34, 0.315, 0.465])
    assert [round(entropy(row), 3) for row in FIVE] == [0, 1.319, 1.761, 1.766, 1.219]


def test_krugmans_index_is_2_where_nothing_is_shared() -> None:
    """REAT krugman.spec, documented 2."""
    assert krugman([20, 10, 70, 0, 0], [0, 0, 0, 60, 40]) == near(2, 1e-12)
    assert dissimilarity([20, 10, 70, 0, 0], [0, 0, 0, 60, 40]) == near(1, 1e-12)


def test_hoover_and_ginis_of_econgeos_example() -> None:
    industry, population = [0, 10, 10, 30, 50], [10, 15, 20, 25, 30]
    assert hoover(industry, population) == near(0.25)
    assert locational_gini(industry, population) == near(0.31)
    assert gini(industry) == near(0.48)


def test_gini_of_grouped_incomes() -> None:
    """Doersam 2004 in REAT gini(weighting =), documented 0.5278."""
    assert gini([500, 1500, 2500, 4000, 7500, 15000], [1000, 1200, 1600, 400, 200, 600]) == near(0.527826086957)


def test_ellison_and_glaeser_of_ten_plants() -> None:
    """REAT ellison.a (Farhauer and Kroell 2014), documented 0.05990628."""
    found = ellison_glaeser(PLANTS, PLACES, EMPLOYMENT)
    assert found.gamma == near(0.0599062841165)
    assert (found.g, found.plant_hhi) == near((0.168163265306, 0.24468877551))
    assert found.z == near(0.195900197026)
    assert found.plants == 10


def test_structure_of_the_crosschecks(shared: Path) -> None:
    every = checks(shared)
    case = every["krugman_max"]
    assert krugman(case["inputs"]["a"], case["inputs"]["b"]) == near(case["expected"]["krugman_0_2"], case["abs_tol"])
    case = every["theil_vs_mld"]
    found = [function(case["inputs"]["x"]) for function in (mean_log_deviation, theil_t, gini)]
    assert found == near([case["expected"][key] for key in ("mld_theil_L", "theil_T", "gini")], case["abs_tol"])
    case = every["econgeo_hoover"]
    industry, population = case["inputs"]["ind"], case["inputs"]["pop"]
    found = [100 * hoover(industry, population), locational_gini(industry, population), gini(industry)]
    expected = [case["expected"][key] for key in ("hoover_pct", "hoover_gini", "gini_unweighted")]
    assert found == near(expected, case["abs_tol"])
    case = every["gini_weighted"]
    assert gini(case["inputs"]["x"], case["inputs"]["w"]) == near(case["expected"]["gini"], case["abs_tol"])
    case = every["econgeo_5x5"]
    matrix = np.array(case["inputs"]["regions_x_industries"], dtype=float)
    quotients = lq(matrix, matrix.sum(axis=1)[:, None], matrix.sum(axis=0), matrix.sum())
    assert quotients.value == near(np.array(case["expected"]["lq"]), case["abs_tol"])
    for function, key in ((krugman, "krugman_0_2"), (dissimilarity, "spec_coeff_0_1"), (hachman, "hachman")):
        assert [function(row, matrix.sum(axis=0)) for row in matrix] == near(case["expected"][key], case["abs_tol"])
    for name, inputs, key, weighted in (
        ("gini_conc", ("e_ij", "e_j"), "gini_conc", False),
        ("gini_conc", ("e_ij", "e_j"), "lq_weighted_locational_gini", True),
        ("gini_spec", ("e_ij", "e_i"), "gini_spec", False),
        ("gini_spec", ("e_ij", "e_i"), "weighted", True),
    ):
        case = every[name]
        assert locational_gini(*(case["inputs"][i] for i in inputs), weighted=weighted) == near(
            case["expected"][key], case["abs_tol"]
        )
    case = every["ellison_glaeser"]
    index = ellison_glaeser(case["inputs"]["plants"], case["inputs"]["region"], case["inputs"]["region_emp"])
    expected = [case["expected"][key] for key in ("gamma", "G", "plant_hhi", "z_G", "K")]
    assert [index.gamma, index.g, index.plant_hhi, index.z, index.plants] == near(expected, case["abs_tol"])


# ---- traps


def test_trap_reats_theil_is_the_mean_log_deviation() -> None:
    """REAT documents theil(c(10, 10, 10, 20, 50)) = 0.2326302 (Stoermann 2009): that is L, and T is another figure."""
    assert mean_log_deviation(STOERMANN) == near(0.232630161961)
    assert theil_t(STOERMANN) == near(0.250201211769)
    assert round(mean_log_deviation(STOERMANN), 7) == 0.2326302 != round(theil_t(STOERMANN), 7)


def test_trap_a_zero_is_harmless_in_t_and_infinite_in_l() -> None:
    assert theil_t([0, 10]) == near(np.log(2))
    with pytest.raises(DataError, match=r"mean_log_deviation: position 0 has an amount of 0.*Use theil_t"):
        mean_log_deviation([0, 10])


def test_trap_reats_gini_conc_and_spec_count_every_quotient_once() -> None:
    assert locational_gini(*CONCENTRATION, weighted=False) == near(0.406896551724)
    assert locational_gini(*CONCENTRATION) == near(0.3725)
    assert locational_gini(*SPECIALISATION, weighted=False) == near(0.622222222222)
    assert locational_gini(*SPECIALISATION) == near(0.5228735228735)


def test_trap_unweighted_ginis_change_when_a_place_is_split_in_two() -> None:
    """Two halves of one place, of one structure, are the same map: only the weighted index says so."""
    jobs, total = [500, 500, 1000, 7000, 500, 500], [20000, 15000, 20000, 40000, 2500, 2500]
    assert locational_gini(jobs, total) == near(locational_gini(*CONCENTRATION))
    assert abs(locational_gini(jobs, total, weighted=False) - locational_gini(*CONCENTRATION, weighted=False)) > 0.04


def test_trap_econgeos_locational_gini_ends_at_a_half() -> None:
    """EconGeo gives 0.4, 0.18, 0.27, 0.31, 0.28 on Krugman's scale; ours end at 1."""
    jobs = FIVE.sum(axis=1)
    ours = [locational_gini(column, jobs) for column in FIVE.T]
    assert [value / 2 for value in ours] == near([0.4, 0.18, 0.27, 0.31, 0.28])


def test_trap_entropy_is_in_bits_and_not_rounded() -> None:
    """EconGeo takes log2, adds 1e-9 and rounds to three decimals; scipy and vegan take natural logarithms."""
    assert entropy([1, 1, 1, 1]) == 2.0 != pytest.approx(np.log(4))
    assert entropy(FIVE[1]) != round(entropy(FIVE[1]), 3)
    assert entropy([5, 0, 0]) == 0


def test_trap_ellison_glaeser_is_about_0_for_plants_thrown_at_random() -> None:
    """REAT's ellison.c example gives 12.07, outside any sensible range: chance gives 0 on average, and 0.06 is high."""
    random, places = np.random.default_rng(11), list(EMPLOYMENT)
    weights = np.array([EMPLOYMENT[place] for place in places]) / 1e6
    thrown = [
        ellison_glaeser(PLANTS, [places[i] for i in random.choice(3, len(PLANTS), p=weights)], EMPLOYMENT)
        for _ in range(4000)
    ]
    assert np.mean([found.gamma for found in thrown]) == near(0, 0.01)
    assert np.std([found.z for found in thrown]) == near(1, 0.05)


def test_trap_the_benchmark_that_contains_the_place_is_nearer() -> None:
    """EconGeo's benchmark contains the region; without it the distance is larger by whole / rest."""
    whole = FIVE.sum(axis=0)
    assert krugman(FIVE[1], whole - FIVE[1]) == near(krugman(FIVE[1], whole) * 500 / 400)


def test_trap_letters_joined_across_nace_versions_give_finance_for_ict() -> None:
    """One place, coded twice: by division its structure is the same, by letter K is finance and then ICT."""
    rev2 = {"62": "J", "64-66": "K", "68": "L", "69-75": "M"}
    rev21 = {"62": "K", "64-66": "L", "68": "M", "69-75": "N"}
    jobs = {"62": 21.0, "64-66": 30.0, "68": 8.0, "69-75": 80.0}
    old, new = ({letters[d]: jobs[d] for d in jobs} for letters in (rev2, rev21))
    assert (old["K"], new["K"]) == (jobs["64-66"], jobs["62"])
    assert old["K"] == new["L"], "finance is K before and L after"
    every = sorted({*old, *new})
    by_letter = krugman([old.get(letter, 0) for letter in every], [new.get(letter, 0) for letter in every])
    assert by_letter > 0.5 > krugman(list(jobs.values()), list(jobs.values())) == 0
    with pytest.raises(DataError, match=r"one classification and version, found NACE2, NACE2\.1"):
        structure.one_classification(["NACE2:K", "NACE2.1:K"], "ES21")


# ---- identities


@given(st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from("ABCD")), min_size=1, max_size=20))
def test_unrelated_and_related_variety_add_to_the_entropy(cells: list[tuple[int, str]]) -> None:
    values, groups = [count for count, _ in cells] + [1], [group for _, group in cells] + ["A"]
    found = variety(values, groups)
    assert found.unrelated + found.related == near(found.entropy)
    assert 0 <= found.unrelated <= np.log2(len(set(groups))) + 1e-9 and found.related >= -1e-12


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 10**6), st.sampled_from("ABC")), min_size=1))
def test_between_and_within_add_to_both_theils(cells: list[tuple[int, int, str]]) -> None:
    values, sizes, groups = ([cell[i] for cell in cells] for i in range(3))
    for decomposed, plain in (
        (theil_t_decomposition, theil_t),
        (mean_log_deviation_decomposition, mean_log_deviation),
    ):
        found = decomposed(values, groups, sizes)
        assert found.between + found.within == near(found.total)
        assert found.total == near(plain(values, sizes))
        assert found.between >= 0 and found.within >= 0


def test_between_of_two_equal_groups_is_nothing() -> None:
    found = theil_t_decomposition([1, 3, 3, 1], ["Araba", "Araba", "Bizkaia", "Bizkaia"])
    assert (found.between, found.within) == near((0, found.total)) and found.total > 0.1


@given(amounts, st.data())
def test_bounds_and_scale(values: list[int], data: st.DataObject) -> None:
    other = data.draw(st.lists(st.integers(1, 10**6), min_size=len(values), max_size=len(values)))
    n, scaled = len(values), [7 * value for value in values]
    assert 0 <= krugman(values, other) <= 2 and krugman(scaled, values) == near(0)
    assert krugman(values, other) == near(krugman(other, values))
    assert 1 / n - 1e-12 <= hhi(values) <= 1
    assert -1e-12 <= entropy(values) <= np.log2(n) + 1e-9
    assert 0 <= theil_t(values) <= np.log(n) and theil_t(scaled, other) == near(theil_t(values, other))
    assert 0 <= gini(values) <= 1 - 1 / n + 1e-12
    assert 0 <= locational_gini(values, other) <= 1 and locational_gini(scaled, values) == near(0)
    assert 0 < hachman(values, other) <= 1 + 1e-12
    assert hoover(values, other) <= locational_gini(values, other) + 1e-12  # Hoover is the Lorenz curve's height


@given(amounts)
def test_gini_is_the_mean_difference_over_twice_the_mean(values: list[int]) -> None:
    x = np.array(values, dtype=float)
    assert gini(values) == near(np.abs(x[:, None] - x).mean() / (2 * x.mean()))


def test_standardised_quotients_have_mean_0_and_sd_1_and_leave_out_what_has_no_logarithm() -> None:
    found = standardised_lq([0.5, 1.0, 2.0, 0.0, np.nan, 8.0])
    assert found.n == 4 and np.isnan(found.z[[3, 4]]).all()
    used = found.z[[0, 1, 2, 5]]
    assert (used.mean(), used.std(ddof=1)) == near((0, 1))
    logs = np.log([0.5, 1, 2, 8])
    assert found.z[5] == near((logs[3] - logs.mean()) / logs.std(ddof=1))


def test_standardised_quotients_say_when_they_are_not_normal() -> None:
    random = np.random.default_rng(3)
    assert standardised_lq(np.exp(random.normal(size=200))).normality_p > 0.05
    assert standardised_lq(np.exp(random.exponential(size=200) ** 2)).normality_p < 0.001


# ---- refusals


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: hhi([]), "hhi: expected numbers of 0 or more"),
        (lambda: hhi([1, np.nan]), "hhi: expected numbers of 0 or more"),
        (lambda: entropy([1, -1]), "entropy: expected numbers of 0 or more"),
        (lambda: entropy([0, 0]), "entropy: all 2 amounts are 0"),
        (lambda: krugman([1, 2], [1, 2, 3]), "krugman: expected vectors of one length, found 2 and 3"),
        (lambda: variety([1, 2], ["A"]), "variety: expected vectors of one length, found 2 and 1"),
        (lambda: hachman([1, 2], [1, 0]), "hachman: position 1 has an amount and a reference of 0"),
        (lambda: theil_t([1, 2], [1, 0]), "theil_t: position 1 has an amount and a reference of 0"),
        (lambda: locational_gini([1, 0], [1, 0], weighted=False), "position 1 has a reference of 0"),
        (lambda: gini([0, 1], [1, 0]), "gini: every value with a weight is 0"),
        (lambda: ellison_glaeser([1, 2], ["A", "Z"], {"A": 1, "B": 1}), "no total employment for Z"),
        (lambda: ellison_glaeser([1, 2], ["A"], {"A": 1, "B": 1}), "expected vectors of one length, found 2 and 1"),
        (lambda: ellison_glaeser([5], ["A"], {"A": 1, "B": 1}), "not defined for one plant or one place"),
        (lambda: standardised_lq([1, 2, 0]), r"three quotients above 0 that differ, found \[1.0, 2.0\]"),
    ],
)
def test_refusals_say_what_was_found(call: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        call()


# ---- estimator
