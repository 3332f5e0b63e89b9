"""The bridge from CNAE-2009 to CNAE-2025 on a made-up directory year that is coded both ways.

The year is a specimen for tests: nobody has published one. Its moves are those that the correspondence names, in
numbers of our own, so that what is exact and what is not can be told apart.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory import catalogue, estimators
from observatory.errors import DataError
from observatory.estimators import bridge

OLD = {
    "47": 9000.0, "52": 400.0, "58": 110.0, "59": 150.0, "60": 40.0, "61": 60.0, "62": 900.0, "63": 120.0,
    "64": 700.0, "65": 90.0, "66": 1100.0, "69": 8000.0, "70": 1500.0, "71": 5000.0, "72": 300.0, "73": 1200.0,
    "74": 2500.0, "75": 260.0, "78": 130.0, "80": 140.0, "82": 1700.0,
}  # fmt: skip
MOVES = {
    ("47", "60"): 18.0, ("52", "63"): 4.0, ("63", "60"): 24.0, ("70", "73"): 90.0, ("74", "18"): 200.0,
    ("74", "80"): 50.0, ("82", "61"): 17.0,
}  # fmt: skip


def recoded(old: Mapping[str, float] = OLD) -> dict[str, float]:
    """The same establishments in CNAE-2025."""
    new = dict(old)
    for (source, target), n in MOVES.items():
        new[source] -= n
        new[target] = new.get(target, 0.0) + n
    return new


def series(cells: Mapping[str, float | None], coding: tuple[str, str] = ("CNAE", "2009"), **more: Any) -> pa.Table:
    """One place and year as a series of divisions."""
    fixed = {"geo": "48020", "period": "2025", "status": "A", "provenance": "synthetic", "sources": f"t{coding[1]}"}
    return pa.Table.from_pylist(
        [
            fixed | {"classification": coding[0], "version": coding[1], "activity": code, "value": value} | more
            for code, value in cells.items()
        ]
    )


def values(table: pa.Table) -> dict[str, float | None]:
    return {row["activity"]: row["value"] for row in table.to_pylist()}


@functools.cache
def _tables() -> dict[str, pa.Table]:
    return catalogue.load(Path(__file__).resolve().parents[2]).tables()


@pytest.fixture(scope="module")
def tables() -> dict[str, pa.Table]:
    return _tables()


@pytest.fixture(scope="module")
def steps() -> pa.Table:
    return _tables()["activity_bridge"]


@pytest.fixture(scope="module")
def weighted(steps: pa.Table) -> pa.Table:
    """The bridge with weights from the specimen, as a directory year coded both ways would give them."""
    rows = steps.to_pylist()
    for row in rows:
        if row["kind"] == "division" and not row["is_closed"]:
            old, new = row["from_code"], row["to_code"]
            left = OLD[old] - sum(n for (source, _), n in MOVES.items() if source == old)
            row |= {"weight": (left if old == new else MOVES[old, new]) / OLD[old]}
            row |= {"weight_source": "specimen", "weight_year": "2025"}
    return pa.Table.from_pylist(rows, steps.schema)


KEY = ("geo", "period")
CLOSED = ("58", "59", "62", "64", "65", "66", "69", "71", "72", "75", "78")


# --- exact


def test_division_62_is_division_62(steps: pa.Table) -> None:
    [row] = bridge.carry(series({"62": 900.0}), steps, KEY).to_pylist()
    assert (row["classification"], row["version"], row["activity"]) == ("CNAE", "2025", "62")
    assert (row["value"], row["how"], row["status"]) == (900.0, "closed", "A")
    assert (row["sources"], row["provenance"]) == ("t2009", "synthetic")


def test_section_k_of_2009_is_section_l_of_2025(tables: dict[str, pa.Table]) -> None:
    """Finance: what was K is L to the last establishment, and what is K now is ICT."""
    steps, divisions = tables["activity_bridge"], tables["activity_divisions"]
    finance = OLD["64"] + OLD["65"] + OLD["66"]
    carried = bridge.carry(series({"K": finance}, ("NACE", "2")), steps, KEY, divisions).to_pylist()
    assert [(r["version"], r["activity"], r["value"], r["how"]) for r in carried] == [("2.1", "L", finance, "closed")]
    of_divisions = values(bridge.carry(series({c: OLD[c] for c in ("64", "65", "66")}), steps, KEY))
    assert sum(v or 0 for v in of_divisions.values()) == sum(recoded()[c] for c in ("64", "65", "66")) == finance


def test_every_closed_division_and_the_pair_are_those_of_the_specimen(steps: pa.Table) -> None:
    carried = bridge.carry(series({code: OLD[code] for code in (*CLOSED, "70", "73")}), steps, KEY)
    new = recoded()
    assert values(carried) == {code: new[code] for code in CLOSED} | {"70+73": new["70"] + new["73"]}
    assert set(carried["how"].to_pylist()) == {"closed"} and set(carried["status"].to_pylist()) == {"A"}


@given(st.dictionaries(st.sampled_from((*CLOSED, "70", "73")), st.integers(0, 10**9), min_size=1))
def test_what_is_carried_exactly_keeps_its_sum(cells: dict[str, int]) -> None:
    """An identity of closed sets: nothing enters, nothing leaves."""
    if ("70" in cells) != ("73" in cells):
        cells |= {"70": cells.get("70", 0), "73": cells.get("73", 0)}
    steps = _tables()["activity_bridge"]
    carried = values(bridge.carry(series({code: float(n) for code, n in cells.items()}), steps, KEY))
    assert sum(v or 0 for v in carried.values()) == sum(cells.values())


def test_the_total_is_the_total(steps: pa.Table) -> None:
    assert values(bridge.carry(series({"TOTAL": 5.0, "62": 1.0}), steps, KEY)) == {"TOTAL": 5.0, "62": 1.0}


def test_a_part_without_a_value_leaves_its_sum_without_one(steps: pa.Table) -> None:
    [row] = bridge.carry(series({"70": None, "73": 3.0}), steps, KEY).to_pylist()
    assert (row["value"], row["status"]) == (None, "M")


# --- refused


@pytest.mark.parametrize("code", ["60", "61", "63", "74", "80", "70", "73"])
def test_what_needs_a_weight_is_refused_by_name(steps: pa.Table, code: str) -> None:
    with pytest.raises(DataError) as caught:
        bridge.carry(series({code: OLD[code], "62": 900.0}), steps, KEY)
    text = str(caught.value)
    assert f"no weights for {code} (" in text and f"1 row(s) cannot be carried: {code} 48020 2025" in text
    assert f"{code}>{code}" in text and "activity_bridge.csv" in text


def test_a_division_that_the_bridge_does_not_know_is_refused(steps: pa.Table) -> None:
    with pytest.raises(DataError, match=r"84 \(84>\?\)"):
        bridge.carry(series({"84": 1.0}), steps, KEY)


@pytest.mark.parametrize(("letter", "leak"), [("J", "47.91>60.39 leaks"), ("M", "74.20>18.12 leaks")])
def test_a_section_that_is_not_closed_is_refused(tables: dict[str, pa.Table], letter: str, leak: str) -> None:
    with pytest.raises(DataError, match=f"{letter} .*{leak}"):
        bridge.carry(series({letter: 1.0}, ("NACE", "2")), tables["activity_bridge"], KEY, tables["activity_divisions"])


def test_letters_joined_over_versions_give_finance_for_ict_and_are_refused(steps: pa.Table) -> None:
    """The trap: K of both versions in one series is 1,890 firms of finance, then 1,077 of ICT."""
    old, new = recoded(), recoded()
    joined = {"2009": sum(OLD[c] for c in ("64", "65", "66")), "2025": sum(new[c] for c in ("61", "62", "63"))}
    assert joined == {"2009": 1890.0, "2025": 1077.0} and old["62"] == 900.0
    both = pa.concat_tables(
        series({"K": joined[v]}, ("NACE", {"2009": "2", "2025": "2.1"}[v]), period=v) for v in ("2009", "2025")
    )
    with pytest.raises(DataError) as caught:
        bridge.carry(both, steps, KEY)
    assert "expected one version, found 2: NACE 2: K 48020 2009; NACE 2.1: K 48020 2025" in str(caught.value)


def test_a_version_without_a_bridge_is_refused(steps: pa.Table) -> None:
    with pytest.raises(DataError, match=r"expected one bridge for NACE 1\.1 .*found none"):
        bridge.carry(series({"72": 1.0}, ("NACE", "1.1")), steps, KEY)


def test_a_cell_that_stands_twice_is_named(steps: pa.Table) -> None:
    with pytest.raises(DataError, match=r"1 cell\(s\) stand twice: 62 48020 2025"):
        bridge.carry(pa.concat_tables([series({"62": 1.0})] * 2), steps, KEY)


# --- weighted


def test_weights_give_what_the_specimen_counts(weighted: pa.Table) -> None:
    """With the weights of the year itself the carried year is the year coded anew, division by division."""
    carried = bridge.carry(series(OLD), weighted, KEY)
    new = recoded()
    expected = {code: new[code] for code in (*CLOSED, "60", "61", "63", "74", "80")}
    expected["70+73"] = new["70"] + new["73"]
    assert values(carried) == {code: pytest.approx(v, rel=1e-12) for code, v in expected.items()}
    rows = {row["activity"]: row for row in carried.to_pylist()}
    assert (rows["60"]["how"], rows["60"]["status"], rows["60"]["weight_sources"]) == ("weighted", "E", "specimen 2025")
    assert rows["74"]["leaks"] == "74>18"  # the rest of 18 is not in the bridge
    assert (rows["62"]["how"], rows["62"]["weight_sources"]) == ("closed", "")


def test_a_weighted_division_needs_every_division_that_flows_into_it(weighted: pa.Table) -> None:
    with pytest.raises(DataError, match=r"63 .*47 is not in the series"):
        bridge.carry(series({code: OLD[code] for code in ("52", "60", "63")}), weighted, KEY)


# --- aggregates


def test_without_weights_the_aggregates_are_reported_in_both_codings(steps: pa.Table) -> None:
    new = recoded()
    before = {r["activity"]: r for r in bridge.aggregates(series(OLD), steps, KEY).to_pylist()}
    after = {r["activity"]: r for r in bridge.aggregates(series(new, ("CNAE", "2025")), steps, KEY).to_pylist()}
    ict, professional = "58+59+60+61+62+63", "69+70+71+72+73+74+75"
    assert set(before) == set(after) == {ict, professional}
    assert (before[ict]["value"], after[ict]["value"]) == (1380.0, 1380.0 + 18 + 4 + 17)
    assert (before[professional]["value"], after[professional]["value"]) == (18760.0, 18760.0 - 200 - 50)
    assert before[ict]["against"] == f"CNAE 2025: {ict}" and after[ict]["against"] == f"CNAE 2009: {ict}"
    assert before[ict]["leaks"] == "47.91>60.39 52.10>63.10 82.99>61.20"
    assert before[professional]["leaks"] == after[professional]["leaks"] == "74.20>18.12 74.90>80.09"


# --- the changeover


def years(cells: Mapping[str, float | None], source: str = "t", status: str = "A") -> pa.Table:
    rows = [
        {"geo": "48020", "period": p, "value": v, "status": status, "provenance": "official", "sources": source}
        for p, v in cells.items()
    ]
    kinds = {"geo": pa.string(), "period": pa.string(), "value": pa.float64(), "status": pa.string()}
    return pa.Table.from_pylist(rows, pa.schema(kinds | {"provenance": pa.string(), "sources": pa.string()}))


def told(table: pa.Table) -> list[tuple[str, float | None, str]]:
    return [(r["period"], r["value"], r["status"]) for r in table.to_pylist()]


def test_the_past_is_multiplied_by_the_ratio_of_the_overlap() -> None:
    before, after = (
        years({"2023": 80.0, "2024": 90.0, "2025": 100.0}, "old"),
        years({"2025": 120.0, "2026": 126.0}, "new"),
    )
    [ratio] = bridge.overlap_ratio(before, after, ("geo",)).to_pylist()
    assert (ratio["period"], ratio["before"], ratio["after"], ratio["ratio"]) == ("2025", 100.0, 120.0, 1.2)
    assert ratio["sources"] == "new;old"
    found = bridge.splice(before, after, ("geo",))
    assert told(found) == [("2023", 96.0, "E"), ("2024", 108.0, "E"), ("2025", 120.0, "B"), ("2026", 126.0, "A")]
    rows = found.to_pylist()
    assert [r["as_published"] for r in rows] == [80.0, 90.0, 120.0, 126.0]
    assert {(r["ratio"], r["ratio_period"]) for r in rows} == {(1.2, "2025")}
    assert [r["sources"] for r in rows] == ["new;old", "new;old", "new", "new"]


def test_growth_before_the_break_is_that_of_the_old_coding() -> None:
    before = {"2022": 7.0, "2023": 9.5, "2024": 11.0, "2025": 13.0}
    found = {p: v for p, v, _ in told(bridge.splice(years(before), years({"2025": 10.0}), ("geo",)))}
    assert [found["2024"] / found["2022"], found["2023"] / found["2022"]] == pytest.approx([11 / 7, 9.5 / 7])


def test_closed_sets_are_not_scaled() -> None:
    before, after = years({"2024": 90.0, "2025": 100.0}), years({"2025": 100.0, "2026": 101.0})
    found = told(bridge.splice(before, after, ("geo",), exact=True))
    assert found == [("2024", 90.0, "A"), ("2025", 100.0, "B"), ("2026", 101.0, "A")]


@pytest.mark.parametrize("overlap", [{}, {"2025": None}, {"2025": 0.0}])
def test_without_an_overlap_nothing_is_scaled_and_the_past_is_marked(overlap: dict[str, float | None]) -> None:
    found = bridge.splice(years({"2024": 90.0} | overlap), years({"2025": 120.0}), ("geo",))
    assert told(found) == [("2024", 90.0, "D"), ("2025", 120.0, "B")]
    assert found["ratio"].to_pylist() == [None, None]


def test_missing_years_stay_missing_and_keep_their_reason() -> None:
    before = pa.concat_tables(
        [years({"2023": None}, status="C"), years({"2024": None}, status="M"), years({"2025": 5.0})]
    )
    found = told(bridge.splice(before, years({"2025": 10.0}), ("geo",)))
    assert found == [("2023", None, "C"), ("2024", None, "M"), ("2025", 10.0, "B")]


def test_a_series_in_one_coding_is_handed_on() -> None:
    assert told(bridge.splice(years({"2024": 9.0}), years({}), ("geo",))) == [("2024", 9.0, "A")]
    assert told(bridge.splice(years({}), years({"2026": 9.0}), ("geo",))) == [("2026", 9.0, "A")]


def test_the_model_estimator_says_coding_ratio_and_way() -> None:
    def rows(side: str, how: str, cells: dict[str, float]) -> list[dict[str, Any]]:
        fixed = {"measure": "establishments", "variant": how, "geo": "48020", "unit": "u", "side": side, "how": how}
        fixed |= {"leaks": "a>b" if how == "aggregate" else "", "activity": side, "status": "A"}
        fixed |= {"provenance": "official", "sources": side}
        return [fixed | {"period": p, "value": v} for p, v in cells.items()]

    both = [("from", {"2024": 90.0, "2025": 100.0}), ("to", {"2025": 110.0, "2026": 121.0})]
    given = [row for how in ("aggregate", "closed") for side, cells in both for row in rows(side, how, cells)]
    found = estimators.resolve("bridge.linked")(pa.Table.from_pylist(given)).to_pylist()
    assert list(found[0]) == list(bridge.LINKED)
    assert [(r["variant"], r["period"], r["value"], r["activity"], r["status"]) for r in found] == [
        ("aggregate", "2024", pytest.approx(99.0), "to", "E"),
        ("aggregate", "2025", 110.0, "to", "B"),
        ("aggregate", "2026", 121.0, "to", "A"),
        ("closed", "2024", 90.0, "to", "A"),
        ("closed", "2025", 110.0, "to", "B"),
        ("closed", "2026", 121.0, "to", "A"),
    ]
    # what is not equal in a closed set shows in its ratio, which a check of the model holds to 1
    assert {r["ratio"] for r in found} == {1.1} and {r["leaks"] for r in found} == {"a>b", ""}
