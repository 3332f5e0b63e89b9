"""Shift-share against the worked examples of Farhauer and Kroell, its identities, and its rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory.errors import DataError
from observatory.estimators.shift_share import classic, components, dynamic, esteban_marquillas

# Farhauer and Kroell 2013, the regions A and B of REAT's shift(), four industries; a third year for shiftd().
A = ([90, 20, 10, 60], [100, 40, 10, 55], [105, 45, 15, 60])
B = ([60, 30, 30, 40], [85, 55, 40, 35])
NATION = ([400, 150, 150, 400], [440, 210, 135, 480], [460, 230, 155, 500])


def near(expected: Any, tolerance: float = 1e-9) -> Any:
    return pytest.approx(expected, abs=tolerance)


def totals(shift: Any) -> list[float]:
    return [float(part.sum()) for part in vars(shift).values()]


def test_classic_account_of_region_a() -> None:
    found = classic(A[0], A[1], NATION[0], NATION[1])
    assert totals(found) == near([27, 1, -3])
    assert list(found.national) == near([13.5, 3, 1.5, 9])
    assert list(found.mix) == near([-4.5, 5, -2.5, 3])
    assert list(found.regional) == near([1, 12, 1, -17])


def test_classic_account_of_region_b() -> None:
    assert totals(classic(B[0], B[1], NATION[0], NATION[1])) == near([24, -1, 32])


def test_dynamic_account_of_region_a() -> None:
    found = dynamic(A, NATION)
    assert totals(found.steps[0]) == near([27, 1, -3], 1e-8)
    assert totals(found.steps[1]) == near([12.96442687747, -0.836300374344, 7.871873496873], 1e-8)
    assert totals(found.total) == near([39.96442687747, 0.163699625656, 4.871873496873], 1e-8)


def test_esteban_marquillas_of_region_a_worked_by_hand() -> None:
    """h = 180 * (400, 150, 150, 400) / 1100, r - g = (1/90, 0.6, 0.1, -17/60): e. g. h_2 (r_2 - g_2) = 270/11 * 0.6."""
    found = esteban_marquillas(A[0], A[1], NATION[0], NATION[1])
    assert list(found.competitive) == near([8 / 11, 162 / 11, 27 / 11, -204 / 11])
    assert list(found.allocation) == near([3 / 11, -30 / 11, -16 / 11, 17 / 11])
    assert totals(found) == near([27, 1, -7 / 11, -26 / 11])


def test_shift_share_of_the_crosschecks(shared: Path) -> None:
    text = (shared / "reference" / "crosschecks.json").read_text(encoding="utf-8")
    every = {check["id"]: check for check in json.loads(text)["checks"]}
    for name in ("shiftshare_dunn", "shiftshare_dunn_B"):
        inputs, expected, tolerance = (every[name][part] for part in ("inputs", "expected", "abs_tol"))
        found = classic(inputs["A0"], inputs["A1"], inputs["N0"], inputs["N1"])
        assert totals(found) == near([expected[k] for k in ("national", "industry_mix", "regional")], tolerance)
        for part, values in expected.get("by_industry", {}).items():
            assert list(getattr(found, part)) == near(values, tolerance)
    inputs, expected, tolerance = (every["shiftshare_dynamic"][part] for part in ("inputs", "expected", "abs_tol"))
    chain = dynamic([inputs[f"A{i}"] for i in range(3)], [inputs[f"N{i}"] for i in range(3)])
    assert totals(chain.total) == near([expected[k] for k in ("national", "industry_mix", "regional")], tolerance)
    for step, name in zip(chain.steps, ("step1", "step2"), strict=True):
        assert [sum(totals(step)), *totals(step)] == near(expected[name], tolerance)


def test_trap_reat_prints_national_and_mix_of_an_industry_as_one() -> None:
    """REAT's shifti gives 9, 8, -1, 12 for the industries of region A: both parts, which are of opposite sign."""
    found = classic(A[0], A[1], NATION[0], NATION[1])
    assert list(found.national + found.mix) == near([9, 8, -1, 12])
    assert (np.sign(found.national) != np.sign(found.mix)).any()


def test_trap_the_two_ends_are_split_otherwise_than_the_chain() -> None:
    ends, chain = classic(A[0], A[2], NATION[0], NATION[2]), dynamic(A, NATION).total
    assert sum(totals(ends)) == near(sum(totals(chain))) == 45
    assert totals(ends) != near(totals(chain), 0.1)


def test_trap_a_nation_that_contains_the_region_hides_part_of_its_own_growth() -> None:
    inside = classic(B[0], B[1], NATION[0], NATION[1])
    rest = [np.subtract(nation, region) for nation, region in zip(NATION, B, strict=False)]
    assert sum(totals(inside)) == near(sum(totals(classic(B[0], B[1], *rest))))
    assert classic(B[0], B[1], *rest).regional.sum() > inside.regional.sum() + 4


# Amounts of four activities at two or more dates, for a place and for its comparator.
table = st.lists(st.lists(st.integers(1, 10**6), min_size=4, max_size=4), min_size=2, max_size=5)


@given(st.data(), table)
def test_parts_add_to_the_change_of_each_activity(data: st.DataObject, e: list[list[int]]) -> None:
    n = data.draw(st.lists(st.lists(st.integers(1, 10**6), min_size=4, max_size=4), min_size=len(e), max_size=len(e)))
    changed = np.subtract(e[1], e[0])
    first = (e[0], e[1], n[0], n[1])
    plain, split = classic(*first), esteban_marquillas(*first)
    scale = 1e-9 * max(float(np.abs(part).max()) for part in (*vars(plain).values(), *vars(split).values(), changed))
    tolerance = max(scale, 1e-6)
    assert plain.national + plain.mix + plain.regional == near(changed, tolerance)
    assert split.competitive + split.allocation == near(plain.regional, tolerance)
    chain = dynamic(e, n)
    whole = chain.total.national + chain.total.mix + chain.total.regional
    sizes = [np.abs(part).max() for step in chain.steps for part in vars(step).values()]
    assert whole == near(np.subtract(e[-1], e[0]), 1e-9 * float(max(sizes)) + 1e-6)


@given(table, st.integers(2, 9))
def test_a_place_that_is_its_comparator_in_small_has_no_mix_and_no_regional_part(
    e: list[list[int]], times: int
) -> None:
    found = esteban_marquillas(e[0], e[1], np.multiply(times, e[0]), np.multiply(times, e[1]))
    size = 1e-9 * max(float(np.abs(found.national).max()), float(np.abs(found.mix).max()), 1.0)
    assert found.mix.sum() == near(0, size)
    assert found.competitive == near(np.zeros(4), size) and found.allocation == near(np.zeros(4), size)


@given(table)
def test_allocation_is_nothing_under_the_comparators_mix(e: list[list[int]]) -> None:
    found = esteban_marquillas(e[0], e[1], np.multiply(3, e[0]), [10, 20, 30, 40])
    assert found.allocation == near(np.zeros(4), 1e-9 * max(float(np.abs(found.competitive).max()), 1.0))


def test_a_base_of_0_names_the_activity_and_says_to_merge() -> None:
    names = ["62", "63", "72", "75"]
    with pytest.raises(DataError, match=r"base above 0, found 0 in the place for 63, 75\. Merge it with a neigh"):
        classic([90, 0, 10, 0], A[1], NATION[0], NATION[1], names)
    with pytest.raises(DataError, match=r"found 0 in the comparator for 72\. Merge"):
        esteban_marquillas(A[0], A[1], [400, 150, 0, 400], NATION[1], names)
    with pytest.raises(DataError, match=r"2009: .* in the place for 62\. Merge"):
        dynamic([A[0], [0, 40, 10, 55], A[2]], NATION, names, ["2008", "2009", "2010"])
    assert classic(A[0], [0, 40, 10, 55], NATION[0], NATION[1]).regional[0] == near(-99)


def test_refusals_of_shapes() -> None:
    with pytest.raises(DataError, match="four vectors of one length"):
        classic([1, 2], [1, 2], [1, 2, 3], [1, 2])
    with pytest.raises(DataError, match="without gaps"):
        classic([1, 2], [1, np.nan], [1, 2], [1, 2])
    with pytest.raises(DataError, match=r"two periods or more by activity, found shapes \(1, 2\)"):
        dynamic([[1, 2]], [[1, 2]])


# ---- estimator


def rows(own: Any = A, nation: Any = NATION, **columns: list[Any]) -> pa.Table:
    """Region A of the example from 2008 on, one row for each year and industry."""
    cells = [(str(2008 + t), f"NACE2:{62 + i}", t, i) for t in range(len(own)) for i in range(len(own[0]))]
    n = len(cells)
    return pa.table(
        {
            "variant": ["a38"] * n,
            "geo": ["ES21"] * n,
            "comparator": ["ES"] * n,
            "activity": [activity for _, activity, _, _ in cells],
            "period": [period for period, _, _, _ in cells],
            "value": [own[t][i] for _, _, t, i in cells],
            "reference": [nation[t][i] for _, _, t, i in cells],
            "status": ["A"] * n,
            "provenance": ["official"] * n,
            "sources": ["eurostat_accounts"] * n,
        }
        | columns
    )


def found(table: pa.Table) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["variant"], row["activity"]): row for row in components(table).to_pylist()}


def test_components_are_rows_by_activity_and_their_sum() -> None:
    every = found(rows())
    assert len(every) == (3 + 4 + 3) * 5
    total = {variant: row["value"] for (variant, activity), row in every.items() if activity == "NACE2:TOTAL"}
    ends, chain = classic(A[0], A[2], NATION[0], NATION[2]), dynamic(A, NATION).total
    split = esteban_marquillas(A[0], A[2], NATION[0], NATION[2])
    for method, shift in (("classic", ends), ("dynamic", chain), ("esteban_marquillas", split)):
        for part, values in vars(shift).items():
            assert total[f"a38:{method}:{part}"] == near(values.sum())
            assert every[f"a38:{method}:{part}", "NACE2:63"]["value"] == near(values[1])
    row = every["a38:dynamic:mix", "NACE2:62"]
    assert (row["geo"], row["comparator"], row["period"], row["n"]) == ("ES21", "ES", "2008/2010", 3)
    assert every["a38:classic:mix", "NACE2:62"]["n"] == 2
    assert (row["status"], row["provenance"], row["sources"]) == ("A", "official", "eurostat_accounts")


def test_components_in_any_order_and_with_another_place_beside() -> None:
    table = rows()
    shuffled = pa.concat_tables([table, rows(geo=["ES30"] * 12)]).take(np.random.default_rng(5).permutation(24))
    of_es21 = {k: v for k, v in ((r["variant"], r) for r in components(shuffled).to_pylist()) if v["geo"] == "ES21"}
    assert of_es21["a38:dynamic:mix"] == {r["variant"]: r for r in components(table).to_pylist()}["a38:dynamic:mix"]


def test_a_missing_amount_takes_away_the_methods_that_need_its_year() -> None:
    own = [*A[:1], [100, None, 10, 55], *A[2:]]
    status = ["A"] * 5 + ["C"] + ["A"] * 6
    every = found(rows(own, status=status))
    assert every["a38:classic:regional", "NACE2:63"]["value"] is not None
    assert every["a38:classic:regional", "NACE2:63"]["status"] == "A"
    lost = [row for (variant, _), row in every.items() if variant.startswith("a38:dynamic")]
    assert {row["value"] for row in lost} == {None} and all("M" in row["status"] for row in lost)
    assert every["a38:dynamic:mix", "NACE2:63"]["status"] == "ACM"


def test_a_row_that_is_not_there_is_missing() -> None:
    every = found(rows().slice(1))  # industry 62 begins in 2009
    assert {row["value"] for row in every.values()} == {None}
    assert every["a38:classic:mix", "NACE2:62"]["status"] == "AM"


def test_a_chain_over_a_gap_is_no_annual_chain() -> None:
    years = [year for year in ("2008", "2009", "2011") for _ in range(4)]
    every = found(rows(period=years))
    assert every["a38:dynamic:mix", "NACE2:TOTAL"]["value"] is None
    assert every["a38:classic:mix", "NACE2:TOTAL"]["value"] is not None


def test_a_break_begins_the_account_anew() -> None:
    every = found(rows(status=["A"] * 4 + ["A", "B", "A", "A"] + ["P"] * 4))
    expected = classic(A[1], A[2], NATION[1], NATION[2])
    row = every["a38:classic:regional", "NACE2:63"]
    assert (row["period"], row["status"], row["value"]) == ("2009/2010", "BP", near(expected.regional[1]))
    alone = found(rows(reference_status=["A"] * 8 + ["B"] * 4))
    assert {(row["value"], row["period"]) for row in alone.values()} == {(None, "2010/2010")}


def test_windows_give_an_account_each() -> None:
    table = rows()
    windows = [table.append_column("window_from", pa.array([start] * 12)) for start in ("", "2009")]
    periods = components(pa.concat_tables(windows))["period"].to_pylist()
    assert sorted(set(periods)) == ["2008/2010", "2009/2010"] and len(periods) == 100


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"own": [[90, 0, 10, 60], *A[1:]]}, r"a38/ES21/ES: 2008: .* in the place for NACE2:63\. Merge"),
        ({"own": [A[0], [100, 40, 10, 0], A[2]]}, r"a38/ES21/ES: 2009: .* in the place for NACE2:65\. Merge"),
        ({"activity": ["NACE2:J", "NACE2:K", "NACE2.1:K", "NACE2:M"] * 3}, "one classification and version"),
        ({"activity": ["NACE2:J", "NACE2:K", "NACE2:M", "NACE2:TOTAL"] * 3}, "is the total of the others"),
        ({"period": ["2008"] * 12}, "period 2008 stands twice"),
    ],
)
def test_components_name_the_place_they_refuse(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        components(rows(**columns))


def test_components_accept_no_rows_but_not_the_lack_of_a_column() -> None:
    assert components(rows().slice(0, 0)).num_rows == 0
    with pytest.raises(DataError, match=r"shift_share\.components: expected column reference"):
        components(rows().drop_columns(["reference"]))
