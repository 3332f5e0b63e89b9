"""The hub class and what it hangs on, the index with its rank range, and the choice of peers."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import permutations
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory.errors import DataError
from observatory.estimators.hub import (
    CLASSES,
    Inputs,
    Thresholds,
    class_rows,
    classify,
    hub_index,
    peers,
    sensitivity,
    structural_distance,
)

REGIONAL = {"a": 1.18, "b": 1.3}
NATIONAL = REGIONAL | {"c": 1.05, "d": 30.0}
INTERNATIONAL = NATIONAL | {"e": 1.02, "f": 15.0}


def near(expected: Any, tolerance: float = 1e-9) -> Any:
    return pytest.approx(expected, abs=tolerance)


# ---- class


@pytest.mark.parametrize(
    ("inputs", "name", "missing"),
    [
        (INTERNATIONAL, "international", ()),
        (INTERNATIONAL | {"f": 14.9}, "national", ()),
        (INTERNATIONAL | {"e": 1.0}, "national", ()),
        (INTERNATIONAL | {"d": 25.0}, "international", ()),
        (INTERNATIONAL | {"d": 24.9}, "regional", ()),
        (INTERNATIONAL | {"c": 1.0}, "regional", ()),
        (INTERNATIONAL | {"b": 1.25}, "international", ()),
        (INTERNATIONAL | {"b": 1.24}, "local", ()),
        (INTERNATIONAL | {"a": 1.0}, "local", ()),
        ({"a": 0.9}, "local", ()),
        ({}, "undetermined", ("a", "b")),
        ({"a": 1.1}, "undetermined", ("b",)),
        ({"b": 1.3}, "undetermined", ("a",)),
        (REGIONAL, "undetermined", ("c", "d")),
        (REGIONAL | {"c": 1.1}, "undetermined", ("d",)),
        (REGIONAL | {"d": 30.0}, "undetermined", ("c",)),
        (NATIONAL | {"f": 20.0}, "undetermined", ("e",)),
        (NATIONAL | {"e": float("nan"), "f": 20.0}, "undetermined", ("e",)),
    ],
)
def test_class(inputs: dict[str, float], name: str, missing: tuple[str, ...]) -> None:
    found = classify(Inputs(**inputs))
    assert (found.name, found.missing) == (name, missing)
    assert found.rank == (None if name == "undetermined" else CLASSES.index(name))
    assert found.reason.startswith(f"{name}: ") and ";" not in found.reason


def test_a_city_above_its_region_in_a_region_below_its_country_is_a_regional_hub() -> None:
    """What the observatory's founding document says of Bilbao; the sales share, not known, could not change it."""
    found = classify(Inputs(**REGIONAL, c=0.84))
    assert (found.name, found.rank, found.missing) == ("regional", 1, ())
    assert found.steps[-1].missing == ("d",)
    assert found.reason == (
        "regional: regional as a 1.18 > 1 and b 1.3 >= 1.25, not national as c 0.84 <= 1 and d missing"
    )


def test_the_reason_says_what_is_missing() -> None:
    found = classify(Inputs(**REGIONAL, d=30))
    assert found.reason.endswith("national open as c missing and d 30 >= 25")
    assert [step.passed for step in found.steps] == [True, None]


def test_thresholds_are_parameters() -> None:
    strict = Thresholds(primacy=1.5)
    assert classify(Inputs(**INTERNATIONAL), strict).name == "local"
    assert classify(Inputs(**NATIONAL, e=0.9, f=0.0), Thresholds(national_sales=31)).name == "regional"


figure = st.one_of(st.none(), st.floats(0, 3))
share = st.one_of(st.none(), st.floats(0, 100))
any_inputs = st.builds(Inputs, a=figure, b=figure, c=figure, d=share, e=figure, f=share)


@given(any_inputs, st.sampled_from([field.name for field in fields(Thresholds)]), st.floats(1, 3))
def test_a_higher_threshold_never_gives_a_higher_class(inputs: Inputs, name: str, times: float) -> None:
    before, limits = classify(inputs), Thresholds()
    after = classify(inputs, replace(limits, **{name: times * getattr(limits, name)}))
    if before.rank is not None and after.rank is not None:
        assert after.rank <= before.rank


@given(any_inputs, st.sampled_from("abcdef"), st.floats(0, 200))
def test_a_missing_figure_that_settles_nothing_changes_no_class(inputs: Inputs, letter: str, filled: float) -> None:
    found = classify(inputs)
    if getattr(inputs, letter) is None and found.rank is not None:
        assert classify(replace(inputs, **{letter: filled})).name == found.name


@given(any_inputs)
def test_undetermined_says_what_could_settle_it(inputs: Inputs) -> None:
    found = classify(inputs)
    assert (found.rank is None) == bool(found.missing)
    if found.missing:
        low, high = (dict.fromkeys(found.missing, value) for value in (0.0, 1000.0))
        assert classify(replace(inputs, **low)).name != classify(replace(inputs, **high)).name


# ---- sensitivity


def test_sensitivity_moves_each_threshold_both_ways() -> None:
    found = {changed.name: changed for changed in sensitivity(Inputs(**NATIONAL, e=1.02, f=13.0))}
    assert len(found) == 12
    assert found["primacy-20%"].value == near(1.0) and found["primacy+20%"].value == near(1.5)
    assert found["international_sales-20%"].value == near(12)
    verdicts = {name: changed.verdict.name for name, changed in found.items()}
    assert {name for name, verdict in verdicts.items() if verdict != "national"} == {
        "primacy_lower+20%",
        "primacy+20%",
        "national_lower+20%",
        "international_sales-20%",
    }
    assert verdicts["primacy+20%"] == verdicts["primacy_lower+20%"] == "local"
    assert (verdicts["national_lower+20%"], verdicts["international_sales-20%"]) == ("regional", "international")
    assert verdicts["national_sales+20%"] == "national", "30 reaches 25 + 20 % exactly"


def test_sensitivity_takes_other_thresholds_and_changes() -> None:
    found = sensitivity(Inputs(**REGIONAL), Thresholds(primacy=2.0), by=0.07)
    assert [changed.name for changed in found[2:4]] == ["primacy-7%", "primacy+7%"]
    assert found[2].value == near(1.86) and found[2].verdict.name == "local"
    for by in (0.0, 1.0, 20.0):
        with pytest.raises(DataError, match=f"a part between 0 and 1, found {by}"):
            sensitivity(Inputs(**REGIONAL), by=by)


# ---- index

POSTS = [(0.0, 100.0), (0.5, 1.5)]


def test_index_is_the_geometric_mean_between_the_goalposts() -> None:
    found = hub_index([[40.0, 1.4], [90.0, 0.9]], POSTS)
    assert found.pillars == near(np.array([[40, 90], [90, 40]]))
    assert list(found.value) == near([60, 60]) and list(found.rank) == [1, 1]
    weighted = hub_index([[40.0, 1.4], [90.0, 0.9]], POSTS, [2, 1])
    assert list(weighted.value) == near([(40 * 40 * 90) ** (1 / 3), (90 * 90 * 40) ** (1 / 3)])
    assert list(weighted.rank) == [2, 1]


def test_rank_range_is_wide_where_weights_decide_and_narrow_where_they_do_not() -> None:
    found = hub_index([[40.0, 1.4], [90.0, 0.9], [10.0, 0.6], [95.0, 1.45]], POSTS)
    assert list(found.rank) == [2, 2, 4, 1]
    assert list(found.rank_lower) == [2, 2, 4, 1] and list(found.rank_upper) == [3, 3, 4, 1]


def test_rank_range_is_that_of_the_weights() -> None:
    """The first place leads where its pillar weighs more than 1/2; that weight is Beta(1/2, 3/2) here."""
    from scipy.stats import beta

    pillars, weights = [[90.0, 0.9], [40.0, 1.4]], [1.0, 3.0]
    chance = float(beta(0.5, 1.5).sf(0.5))
    assert 0.1 < chance < 0.2
    inside, outside = (hub_index(pillars, POSTS, weights, level=1 - 2 * tail) for tail in (chance / 2, chance * 1.2))
    assert (inside.rank_lower[0], inside.rank_upper[0]) == (1, 2)
    assert (outside.rank_lower[0], outside.rank_upper[0]) == (2, 2)


def test_index_is_the_same_every_time_and_draws_hang_on_the_seed_alone() -> None:
    pillars = np.random.default_rng(2).uniform(0.5, 1.5, (9, 4))
    posts = [(0.0, 2.0)] * 4
    first, again, other = (hub_index(pillars, posts, seed=seed, draws=500) for seed in (1, 1, 2))
    assert np.array_equal(first.rank_lower, again.rank_lower) and np.array_equal(first.rank_upper, again.rank_upper)
    assert np.array_equal(first.value, other.value)
    assert (first.rank_lower <= first.rank_upper).all()


def test_places_tie_whose_pillars_are_the_same_in_another_order() -> None:
    turned = [list(order) for order in permutations((0.13, 0.37, 0.71, 0.91, 0.59))]
    found = hub_index(turned, [(0, 1)] * 5, draws=10)
    assert set(found.rank) == {1.0}


def test_trap_goalposts_taken_from_the_set_move_a_place_that_stands_still() -> None:
    three = np.array([[40.0, 1.4], [90.0, 0.9], [60.0, 1.0]])
    four = np.vstack([three, [99.0, 0.6]])
    assert hub_index(four, POSTS).value[:3] == near(hub_index(three, POSTS).value)
    own = [np.column_stack([x.min(axis=0), x.max(axis=0)]) for x in (three, four)]
    moved = [hub_index(x, posts).value for x, posts in zip((three, four), own, strict=True)]
    assert moved[0][2] != near(moved[1][2], 1)
    assert moved[0][0] == 0, "and the lowest of the set in any pillar has no index at all"


def test_trap_an_arithmetic_mean_lets_one_pillar_make_up_for_another() -> None:
    found = hub_index([[100.0, 0.5], [45.0, 0.95]], POSTS)
    assert list(found.pillars.mean(axis=1)) == near([50, 45])
    assert list(found.value) == near([0, 45]) and list(found.rank) == [2, 1]


def test_a_place_without_a_pillar_has_no_index_and_takes_no_rank() -> None:
    found = hub_index([[40.0, 1.4], [np.nan, 1.5], [10.0, 0.6]], POSTS)
    assert np.isnan([found.value[1], found.rank[1], found.rank_lower[1], found.rank_upper[1]]).all()
    assert list(found.rank[[0, 2]]) == [1, 2]
    assert np.isnan(hub_index([[np.nan, 1.0]], POSTS).rank).all()


@given(st.lists(st.lists(st.floats(-1, 2), min_size=3, max_size=3), min_size=1, max_size=6))
def test_index_is_between_its_lowest_and_highest_pillar(pillars: list[list[float]]) -> None:
    found = hub_index(pillars, [(0, 1)] * 3, draws=50)
    assert (found.value >= found.pillars.min(axis=1) - 1e-6).all()
    assert (found.value <= found.pillars.max(axis=1) + 1e-6).all()
    assert ((found.rank >= 1) & (found.rank <= len(pillars))).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1.0, 2.0]], [(0, 1)]), r"found shapes \(1, 2\), \(1, 2\), \(2,\)"),
        (([[1.0, 2.0]], POSTS, [1.0]), r"\(2, 2\), \(1,\)"),
        (([[1.0]], [(1, 1)]), "low < high"),
        (([[1.0, 1.0]], POSTS, [1.0, 0.0]), r"weights above 0, found .* \[1.0, 0.0\]"),
    ],
)
def test_index_refuses_what_does_not_fit(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        hub_index(*arguments)


# ---- peers


def test_distance_worked_by_hand() -> None:
    """Variables 0, 2, 4 (sd 2) and 0, 0, 3 (sd sqrt 3): z differ by 1 and 0, by 2 and sqrt 3."""
    found = structural_distance([0, 0], [[2, 0], [4, 3]])
    assert list(found) == near([np.sqrt(1 / 2), np.sqrt((4 + 3) / 2)])
    weighted = structural_distance([0, 0], [[2, 0], [4, 3]], [3, 1])
    assert list(weighted) == near([np.sqrt(3 / 4), np.sqrt((3 * 4 + 3) / 4)])


def test_trap_without_standardising_the_largest_unit_chooses_the_peers() -> None:
    """Population in persons, share of industry in per cent: raw distance sees nothing but population."""
    own, others = np.array([2.2e6, 25.0]), np.array([[2.25e6, 6.0], [2.6e6, 24.0], [6.7e6, 9.0], [0.5e6, 35.0]])
    raw = np.sqrt(((others - own) ** 2).sum(axis=1))
    assert raw.argmin() == 0 and structural_distance(own, others).argmin() == 1
    assert structural_distance(own / [1e6, 1], others / [1e6, 1]) == near(structural_distance(own, others))


def test_trap_a_performance_variable_chooses_those_who_do_as_well() -> None:
    structure, performance = [[25.0, 2.2], [24.0, 2.4], [8.0, 6.5], [15.0, 4.0]], [30.0, 90.0, 80.0, 31.0]
    both = np.column_stack([structure, performance])
    assert peers(structural_distance(structure[0], structure[1:]), 1) == [0]
    assert peers(structural_distance(both[0], both[1:]), 1) == [2]


def test_a_variable_that_is_the_same_everywhere_adds_nothing_and_a_gap_gives_no_distance() -> None:
    found = structural_distance([1, 5], [[2, 5], [np.nan, 5], [1, 5]])
    assert found[0] > 0 and np.isnan(found[1]) and found[2] == 0
    assert peers(found, 5) == [2, 0] and peers(found, 1) == [2] and peers(found, excluded=[2]) == [0]
    assert np.isnan(structural_distance([1], [[np.nan]])).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 2], [[1, 2, 3]]), r"variables of one number, found shapes \(2,\), \(1, 3\), \(2,\)"),
        (([1, 2], np.empty((0, 2))), r"found shapes \(2,\), \(0, 2\)"),
        (([1, np.nan], [[1, 2]]), "a profile without gaps"),
        (([1, 2], [[1, 2]], [0, 0]), "weights of 0 or more"),
    ],
)
def test_distance_refuses_what_does_not_fit(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        structural_distance(*arguments)


# ---- estimator


def rows(*lines: dict[str, Any], **columns: list[Any]) -> pa.Table:
    limits = Thresholds()
    base = {"variant": "kibs_jkmn", "geo": "ES-BI", "activity": "NACE2:J+K+M_N", "status": "AA"}
    base |= {"provenance": "official", "sources": "b;a"}
    base |= {field.name: getattr(limits, field.name) for field in fields(Thresholds)}
    filled = [base | {"period": str(2020 + i)} | dict.fromkeys("abcdef") | line for i, line in enumerate(lines)]
    return pa.table({name: [line[name] for line in filled] for name in filled[0]} | columns)


def test_rows_give_the_class_as_a_number_and_the_reason_among_the_sources() -> None:
    found = class_rows(rows(NATIONAL | {"e": 0.7, "f": 3.0})).to_pylist()
    every = {row["variant"]: row for row in found}
    assert len(every) == len(found) == 13
    row = every["kibs_jkmn:class"]
    assert (row["value"], row["n"], row["status"], row["period"]) == (2.0, 6, "A", "2020")
    assert (row["geo"], row["activity"], row["provenance"]) == ("ES-BI", "NACE2:J+K+M_N", "official")
    assert row["sources"].startswith("b;a;(national: regional as a 1.18 > 1 and b 1.3 >= 1.25, national as c 1.05")
    assert row["sources"].endswith("not international as e 0.7 <= 1 and f 3 < 15)")
    assert every["kibs_jkmn:primacy+20%"]["value"] == 0.0
    assert "b 1.3 < 1.5" in every["kibs_jkmn:primacy+20%"]["sources"]


def test_rows_without_a_class_are_missing_and_say_why() -> None:
    first, second = (r for r in class_rows(rows(REGIONAL, {"a": 0.8})).to_pylist() if r["variant"].endswith("class"))
    assert (first["value"], first["status"], first["n"]) == (None, "AM", 2)
    assert first["sources"].endswith("national open as c missing and d missing)")
    assert (second["value"], second["status"], second["n"]) == (0.0, "A", 1)


def test_a_class_that_does_not_hang_on_the_missing_input_is_not_missing() -> None:
    found = class_rows(rows(REGIONAL | {"c": 0.84}, status=["PMC"])).to_pylist()
    assert [(r["value"], r["status"]) for r in found if r["variant"].endswith("class")] == [(1.0, "P")]


def test_rows_take_the_thresholds_of_their_line() -> None:
    found = class_rows(rows(REGIONAL | {"c": 0.8, "primacy": 1.4})).to_pylist()
    values = {row["variant"]: row["value"] for row in found}
    assert values["kibs_jkmn:class"] == 0.0 and values["kibs_jkmn:primacy-20%"] == 1.0


def test_rows_refused() -> None:
    with pytest.raises(DataError, match=r"kibs_jkmn/ES-BI/2020/.*no value for threshold primacy"):
        class_rows(rows(REGIONAL, primacy=pa.array([None], pa.float64())))
    with pytest.raises(DataError, match=r"kibs_jkmn/ES-BI/2020/.* stands twice"):
        class_rows(rows(REGIONAL, REGIONAL, period=["2020", "2020"]))
    with pytest.raises(DataError, match=r"hub\.class_rows: expected column d, national_sales"):
        class_rows(rows(REGIONAL).drop_columns(["d", "national_sales"]))
    assert class_rows(rows(REGIONAL).slice(0, 0)).num_rows == 0
