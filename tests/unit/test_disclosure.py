"""Disclosure control: the rules on published examples, holdings, recoding, suppression, differencing, silence."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory.disclosure import (
    Cell,
    Firms,
    Layout,
    Published,
    Rules,
    closed_domains,
    primary,
    protect,
    recode,
    unsafe_ratio,
)
from observatory.disclosure.rules import Dominance
from observatory.errors import DataError

# made up, as are all parameters here: the real ones are confidential
RULES = Rules(min_frequency=3, p_percent=10)
BOTH = Rules(min_frequency=3, p_percent=10, dominance=Dominance(n=2, k=85))


def cell(*values: float) -> Cell:
    return Cell.of(values, [f"f{n}" for n in range(len(values))])


# ESS handbook on statistical disclosure control, ch. 4: definitions and its example 1; the other cells are made up.
@pytest.mark.parametrize(
    ("values", "frequency", "dominance", "p_percent"),
    [
        ((50_000, 49_000, 500, 500), False, True, True),
        ((540, 10, 10), False, True, True),
        ((60, 30, 10), False, True, False),
        ((100, 80, 9), False, True, True),
        ((40, 35, 25), False, False, False),
        ((70, 30), True, True, True),
        ((100,), True, True, True),
    ],
)
def test_primary_rules_on_the_handbooks_cells(
    values: tuple[float, ...], frequency: bool, dominance: bool, p_percent: bool
) -> None:
    found = primary(cell(*values), BOTH)
    assert ("frequency" in found, "dominance" in found, "p_percent" in found) == (frequency, dominance, p_percent)


@pytest.mark.parametrize(("p", "k"), [(5, 95.238), (10, 90.909), (15, 86.957), (25, 80.0)])
def test_p_percent_and_the_dominance_of_two_correspond(p: float, k: float) -> None:
    """k = 100 * 100 / (100 + p): a cell of two units just above that share of the rest breaks both rules."""
    assert 100 * 100 / (100 + p) == pytest.approx(k, abs=5e-4)


def test_firms_of_one_holding_are_one_unit() -> None:
    separate = Cell.of([40, 35, 25], ["a", "b", "c"])
    together = Cell.of([40, 35, 25], ["a", "a", "c"])
    assert primary(separate, RULES) == []
    assert together.values == (75, 25) and primary(together, RULES) == ["frequency", "p_percent"]


def test_noughts_empty_cells_and_negative_contributions() -> None:
    assert primary(cell(), RULES) == []
    assert primary(cell(0, 0, 0), RULES) == [] and primary(cell(0, 0), RULES) == ["frequency"]
    with pytest.raises(DataError, match="negative contribution"):
        cell(5, -1)


def test_a_ratio_falls_with_either_of_its_sides() -> None:
    assert unsafe_ratio(["p_percent"], []) == ["numerator p_percent"]
    assert unsafe_ratio([], ["frequency"]) == ["denominator frequency"] and unsafe_ratio([], []) == []


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=8), st.floats(1, 50))
def test_a_cell_that_is_safe_at_p_is_safe_at_any_smaller_p(values: list[float], p: float) -> None:
    if "p_percent" not in primary(cell(*values), Rules(min_frequency=3, p_percent=p)):
        assert "p_percent" not in primary(cell(*values), Rules(min_frequency=3, p_percent=p / 2))


def grid() -> tuple[Layout, Firms]:
    """Three branches by two sizes; one cell has two firms, the others are safe."""
    places = (
        [("a", "s")] * 4 + [("a", "l")] * 4 + [("b", "s")] * 2 + [("b", "l")] * 4 + [("c", "s")] * 5 + [("c", "l")] * 4
    )
    values = [10 + n % 3 for n in range(len(places))]
    layout = Layout({"branch": ("a", "b", "c"), "size": ("s", "l")})
    categories = {"branch": [p[0] for p in places], "size": [p[1] for p in places]}
    return layout, Firms(categories, [f"f{n}" for n in range(len(places))], values)


def test_one_unsafe_cell_takes_others_with_it_until_it_cannot_be_computed_back() -> None:
    layout, firms = grid()
    done = protect(layout, firms, RULES)
    assert done.reasons["b", "s"] == ("frequency", "p_percent")
    assert len(done.reasons) >= 4 and {("secondary",)} == {w for k, w in done.reasons.items() if k != ("b", "s")}
    total = layout.fill(firms)["b", "s"].total
    low, high = done.bounds["b", "s"]
    assert low <= total * 0.9 and high >= total * 1.1
    assert done.values["b", "s"] is None and done.values["*", "*"] == pytest.approx(sum(firms.values))


def test_a_safe_table_is_left_alone() -> None:
    _, firms = grid()
    kept = [n for n, b in enumerate(firms.categories["branch"]) if b != "b"]
    smaller = Firms(
        {d: [c[n] for n in kept] for d, c in firms.categories.items()},
        [firms.units[n] for n in kept],
        [firms.values[n] for n in kept],
    )
    done = protect(Layout({"branch": ("a", "c"), "size": ("s", "l")}), smaller, RULES)
    assert done.reasons == {} and None not in done.values.values()


def test_weights_count_and_so_do_raw_contributions() -> None:
    layout = Layout({"branch": ("a",)}, (frozenset({"branch"}),))
    raw = Firms({"branch": ["a"] * 4}, list("wxyz"), [10, 10, 10, 10])
    assert protect(layout, raw, RULES).reasons == {}
    weighted = Firms(raw.categories, raw.units, raw.values, [100, 1, 1, 1])
    assert "p_percent" in protect(layout, weighted, RULES).reasons["a",]
    hidden_by_weights = Firms({"branch": ["a"] * 3}, list("xyz"), [1000, 1, 1], [1, 500, 500])
    assert "p_percent" in protect(layout, hidden_by_weights, RULES).reasons["a",]


def test_size_classes_are_joined_before_anything_is_suppressed() -> None:
    layout, firms = grid()
    joined, renamed, became = recode(layout, firms, RULES, "branch")
    assert became == {"a": "a+b", "b": "a+b", "c": "c"}
    assert protect(joined, renamed, RULES).reasons == {}


def test_a_cell_that_differs_from_the_last_release_by_one_firm_is_not_shown() -> None:
    layout = Layout({"branch": ("a", "b")})
    before = Firms({"branch": ["a"] * 5 + ["b"] * 5}, [f"f{n}" for n in range(10)], [10.0] * 10)
    cells = layout.fill(before)
    earlier = Published(layout, {key: one.total for key, one in cells.items()}, cells)
    after = Firms({"branch": ["a"] * 6 + ["b"] * 5}, [*before.units[:5], "new", *before.units[5:]], [10.0] * 11)
    done = protect(layout, after, RULES, earlier)
    assert "differencing" in done.reasons["a",] and "differencing" in done.reasons["*",]
    assert protect(layout, after, RULES).reasons == {}


def test_what_was_published_before_is_said_to_be_beyond_protection() -> None:
    layout = Layout({"branch": ("a", "b")})
    firms = Firms({"branch": ["a"] * 2 + ["b"] * 5}, [f"f{n}" for n in range(7)], [10.0] * 7)
    cells = layout.fill(firms)
    earlier = Published(layout, {key: one.total for key, one in cells.items()}, cells)
    assert protect(layout, firms, RULES, earlier).reasons["a",] == ("frequency", "p_percent", "published before")


def test_the_log_names_cells_and_kinds_of_rules_and_no_figure() -> None:
    layout, firms = grid()
    values = [value + 7919 for value in firms.values]
    done = protect(layout, Firms(firms.categories, firms.units, values), RULES)
    text = "\n".join(done.log)
    assert "b / s: frequency" in text and "79" not in text and "f8" not in text
    assert "7919" not in repr(done.log) and "bounds" not in repr(done)


def test_rules_come_from_a_file_and_a_wrong_one_shows_no_value(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("min_frequency: 4\np_percent: 17.25\ndominance: {n: 2, k: 77.5}\n", "utf-8")
    assert Rules.load(path).dominance == Dominance(n=2, k=77.5)
    path.write_text("min_frequency: 4\np_percent: 1725\nother: 3\n", "utf-8")
    with pytest.raises(DataError) as caught:
        Rules.load(path)
    assert "p_percent" in str(caught.value) and "1725" not in str(caught.value)
    with pytest.raises(DataError, match="cannot be read"):
        Rules.load(tmp_path / "none.yaml")


def test_a_domain_is_closed_with_its_turnover_or_its_services() -> None:
    answers = [("a", 5.0)] * 6 + [("b", 5.0)] * 6 + [("c", 0.1)] * 5 + [("c", 90.0)]
    same = {"holding": None, "turnover": 100.0, "service_turnover": None, "weight": None}
    rows = [
        {"firm": f"f{n}", "branch": branch, "share_pct": share, **same} for n, (branch, share) in enumerate(answers)
    ]
    table = pa.Table.from_pylist(rows)
    closed = closed_domains(table, ["branch"], RULES)
    assert ("branch", "c") in closed and len(closed) >= 2, "one firm has nearly all services of c; another protects it"
