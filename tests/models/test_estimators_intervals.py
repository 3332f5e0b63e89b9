"""Wilson intervals and location quotients against published figures, and what must hold for any counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory import estimators
from observatory.errors import DataError
from observatory.estimators.intervals import location_quotient, lq, wilson

FARHAUER_KROELL = (1714, 79006, 879213, 15593224)
LEVEL_OF_196 = 0.950004209703559  # the published bounds take z = 1.96 and not the quantile 1.959964


def check(shared: Path, name: str) -> dict[str, Any]:
    checks = json.loads((shared / "reference" / "crosschecks.json").read_text(encoding="utf-8"))["checks"]
    return next(c for c in checks if c["id"] == name)


def test_wilson_of_the_survey_of_56_firms() -> None:
    zero, no_increase = wilson(11, 56), wilson(34, 56)
    assert zero.value == pytest.approx(11 / 56)
    assert (zero.lower, zero.upper) == pytest.approx((0.1133859567, 0.3184460763), abs=1e-8)
    assert (no_increase.lower, no_increase.upper) == pytest.approx((0.476334028, 0.7241958427), abs=1e-8)


def test_wilson_of_the_crosschecks(shared: Path) -> None:
    case = check(shared, "survey_56_shares")
    n, expected = case["inputs"]["n"], case["expected"]
    for count, wanted in (("k_zero", "wilson_zero"), ("k_no_increase", "wilson_noinc")):
        found = wilson(case["inputs"][count], n)
        assert [found.lower, found.upper] == pytest.approx(expected[wanted], abs=case["abs_tol"])


def test_wilson_refuses_more_cases_than_there_are() -> None:
    with pytest.raises(DataError, match=r"0 <= k <= n .* found k = 5, n = 4"):
        wilson(5, 4)
    with pytest.raises(DataError, match="n = 0"):
        wilson(0, 0)


@given(st.data(), st.integers(1, 10**6), st.floats(0.5, 0.999))
def test_wilson_stays_in_0_1_contains_the_share_and_mirrors(data: st.DataObject, n: int, level: float) -> None:
    k = data.draw(st.integers(0, n))
    found, mirror = wilson(k, n, level), wilson(n - k, n, level)
    assert 0 <= found.lower <= found.value <= found.upper <= 1
    assert (found.lower, found.upper) == pytest.approx((1 - mirror.upper, 1 - mirror.lower), abs=1e-12)


def test_quotient_of_farhauer_and_kroell() -> None:
    apart, inside = (lq(*FARHAUER_KROELL, part_whole, level=LEVEL_OF_196) for part_whole in (False, True))
    assert apart.value == pytest.approx(0.384762342301, abs=1e-8)
    assert apart.se_log == pytest.approx(0.0239133134, abs=1e-8)
    assert (apart.lower, apart.upper) == pytest.approx((0.36714459, 0.40322549), abs=1e-8)
    assert inside.se_log == pytest.approx(0.0238667372, abs=1e-8)
    assert (inside.lower, inside.upper) == pytest.approx((0.36717811, 0.40318869), abs=1e-8)
    default = lq(*FARHAUER_KROELL)
    assert default.upper == pytest.approx(0.384762342301 * np.exp(1.959963984540 * 0.0239133134), abs=1e-8)


def test_quotient_of_the_crosschecks(shared: Path) -> None:
    case = check(shared, "lq_farhauer_kroell")
    expected = case["expected"]
    for part_whole, kind in ((False, "indep"), (True, "partwhole")):
        found = lq(**case["inputs"], part_whole=part_whole, level=LEVEL_OF_196)
        assert found.value == pytest.approx(expected["lq"], abs=case["abs_tol"])
        assert found.se_log == pytest.approx(expected[f"log_se_{kind}"], abs=case["abs_tol"])
        assert [found.lower, found.upper] == pytest.approx(expected[f"ci95_{kind}"], abs=case["abs_tol"])


def test_part_whole_variance_is_that_of_drawn_counts() -> None:
    """The formula against 200,000 draws of a multinomial in which the place is a third of its benchmark."""
    cells = np.array([300, 2700, 1000, 5000])  # in the place: activity, rest; elsewhere: activity, rest
    draws = np.random.default_rng(7).multinomial(cells.sum(), cells / cells.sum(), 200_000).astype(float)
    place, whole = draws[:, 0] / (draws[:, 0] + draws[:, 1]), (draws[:, 0] + draws[:, 2]) / cells.sum()
    found = lq(300, 3000, 1300, 9000, True)
    assert float(np.log(place / whole).std()) == pytest.approx(float(found.se_log), rel=0.02)


counts = st.tuples(st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**6), st.integers(1, 10**6))


@given(counts, st.booleans())
def test_interval_contains_the_quotient_and_swapping_inverts_it(cells: tuple[int, ...], part_whole: bool) -> None:
    in_place, rest, elsewhere, other = cells
    e_ij, e_j = in_place, in_place + rest
    e_i, e = (in_place + elsewhere, e_j + elsewhere + other) if part_whole else (elsewhere, elsewhere + other)
    found = lq(e_ij, e_j, e_i, e, part_whole)
    assert found.lower <= found.value <= found.upper
    if not part_whole:
        inverse = lq(e_i, e, e_ij, e_j)
        assert inverse.value == pytest.approx(1 / found.value)
        assert inverse.lower == pytest.approx(1 / found.upper)


@given(st.integers(1, 10**5), st.integers(0, 10**6), st.integers(1, 500))
def test_equal_shares_give_1(e_ij: int, rest: int, times: int) -> None:
    found = lq(e_ij, e_ij + rest, times * e_ij, times * (e_ij + rest), True)
    assert found.value == pytest.approx(1)
    assert found.lower <= 1 <= found.upper or found.se_log == pytest.approx(0, abs=1e-6)


def test_scaling_all_counts_keeps_the_quotient_and_narrows_the_interval() -> None:
    small, large = lq(20, 1000, 2400, 100_000, True), lq(2000, 100_000, 240_000, 10_000_000, True)
    assert small.value == pytest.approx(large.value)
    assert small.se_log == pytest.approx(10 * large.se_log)


def rows(**columns: list[Any]) -> pa.Table:
    n = len(columns["e_ij"])
    texts = {"variant": "single", "geo": "ES21", "comparator": "ES", "activity": "NACE2:J", "status": "AAAA"}
    texts |= {"provenance": "official", "sources": "estat/nama_10r_3empers"}
    table = {name: [text] * n for name, text in texts.items()} | {"period": [str(2000 + i) for i in range(n)]}
    table |= {"e_j": [1000.0] * n, "e_i": [5000.0] * n, "e": [100_000.0] * n, "part_whole": [True] * n}
    return pa.table(table | columns)


def test_estimator_keeps_every_row_and_marks_those_without_a_value() -> None:
    found = location_quotient(
        rows(
            e_ij=[50.0, None, 0.0, 49.6],
            status=["AAPA", "CAAA", "AAAA", "AAAA"],
            e_i=[5000.0, 5000.0, 5000.0, 0.0],
        )
    ).to_pylist()
    assert [row["value"] for row in found] == [pytest.approx(1.0), None, 0.0, None]
    assert [row["status"] for row in found] == ["AAPA", "CAAAM", "AAAA", "AAAAM"]
    assert [row["n"] for row in found] == [50, None, 0, 50]
    assert found[0]["lower"] == pytest.approx(float(lq(50, 1000, 5000, 100_000, True).lower))
    assert found[0]["lower"] < 1 < found[0]["upper"]
    assert [(row["lower"], row["upper"]) for row in found[1:]] == [(None, None)] * 3
    assert found[0]["comparator"] == "ES" and found[0]["sources"] == "estat/nama_10r_3empers"


def test_estimator_takes_part_and_whole_row_by_row() -> None:
    found = location_quotient(rows(e_ij=[400.0, 400.0], part_whole=[True, False]))
    widths = [row["upper"] - row["lower"] for row in found.to_pylist()]
    assert widths[0] < widths[1]


def test_estimator_names_the_row_whose_activity_is_larger_than_its_whole() -> None:
    with pytest.raises(DataError, match=r"geo ES21.*period 2001.*e_ij = 1001\.0, e_j = 1000\.0"):
        location_quotient(rows(e_ij=[1.0, 1001.0]))


def test_estimator_names_a_missing_column() -> None:
    with pytest.raises(DataError, match=r"intervals\.location_quotient: expected column part_whole"):
        location_quotient(rows(e_ij=[1.0]).drop_columns(["part_whole"]))


def test_estimator_accepts_no_rows() -> None:
    assert location_quotient(rows(e_ij=[1.0]).slice(0, 0)).num_rows == 0


@pytest.mark.parametrize("name", estimators.ESTIMATORS)
def test_every_listed_estimator_is_there(name: str) -> None:
    assert estimators.resolve(name).__name__ == name.split(".")[1]


@pytest.mark.parametrize("name", ["trend.slop", "intervals.lq", "slope", "", "os.system"])
def test_an_unknown_estimator_is_refused_with_the_list(name: str) -> None:
    with pytest.raises(DataError, match=r"expected one of .*convergence\.catchup_years.*trend\.slope, found"):
        estimators.resolve(name)
