"""An attack with linear programs that share no code with the protection: what all published margins, of this release
and of the last, tell of a suppressed cell."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from observatory.disclosure import Firms, Layout, Published, Rules, protect

P = 12.0
RULES = Rules(min_frequency=3, p_percent=P)


def survey(seed: int) -> tuple[Layout, Firms]:
    rng = np.random.default_rng(seed)
    sizes = (3, 2, 2) if seed % 10 == 0 else (int(rng.integers(2, 5)), int(rng.integers(2, 4)))
    dims = {f"d{n}": tuple(f"{n}{chr(97 + c)}" for c in range(size)) for n, size in enumerate(sizes)}
    count = int(rng.integers(12, 60))
    categories = {name: [codes[i] for i in rng.integers(0, len(codes), count)] for name, codes in dims.items()}
    values = np.round(np.exp(rng.normal(3, 1.2, count)), 1) * (rng.random(count) > 0.15)
    units = [f"h{rng.integers(0, 4)}" if rng.random() < 0.1 else f"f{n}" for n in range(count)]
    return Layout(dims), Firms(categories, units, values.tolist())


def later(firms: Firms, layout: Layout, seed: int) -> Firms:
    """The next release: some firms in one cell changed, the others as they were."""
    rng = np.random.default_rng(seed + 10_000)
    first = {name: codes[0] for name, codes in layout.dimensions.items()}
    values = list(firms.values)
    for n, value in enumerate(values):
        if all(firms.categories[d][n] == code for d, code in first.items()):
            values[n] = round(value * float(rng.uniform(0.7, 1.5)), 1)
    return Firms(firms.categories, firms.units, values)


def totals(layout: Layout, firms: Firms) -> dict[tuple[str, ...], float]:
    found: dict[tuple[str, ...], float] = {}
    for n, value in enumerate(firms.values):
        place = tuple(firms.categories[d][n] for d in layout.dimensions)
        for mask in itertools.product((True, False), repeat=len(place)):
            key = tuple(c if keep else "*" for c, keep in zip(place, mask, strict=True))
            found[key] = found.get(key, 0.0) + value
    return found


def attack(
    layout: Layout, target: tuple[str, ...], published: list[dict[tuple[str, ...], float]], moved: set[tuple[str, ...]]
) -> tuple[float, float]:
    """Bounds of a cell of the last release; inner cells in ``moved`` differ between releases, the others are equal."""
    inner = list(itertools.product(*layout.dimensions.values()))
    last = len(published) - 1
    column: dict[tuple[int, tuple[str, ...]], int] = {}
    for release in range(len(published)):
        for key in inner:
            own = release if key in moved else last
            column.setdefault((own, key), len(column))

    def row(release: int, key: tuple[str, ...]) -> np.ndarray:
        made = np.zeros(len(column))
        for one in inner:
            if all(k in ("*", c) for k, c in zip(key, one, strict=True)):
                made[column[release if one in moved else last, one]] = 1
        return made

    equations = [(row(r, key), value) for r, shown in enumerate(published) for key, value in shown.items()]
    left = np.array([e[0] for e in equations]).reshape(len(equations), len(column))
    right = np.array([e[1] for e in equations])
    goal = row(last, target)
    ends = []
    for sign in (1, -1):
        answer = linprog(
            sign * goal, A_eq=left if len(left) else None, b_eq=right if len(left) else None, method="highs"
        )
        ends.append(np.inf if answer.status == 3 else sign * answer.fun)
    return float(ends[0]), float(ends[1])


def recomputed(low: float, high: float, true: float) -> bool:
    """Whether bounds pin a figure to within p% of it on either side."""
    margin = P / 100 * true * (1 - 1e-5)
    return true > 0 and (high - true < margin or true - low < margin)


@pytest.mark.parametrize("start", [0, *(pytest.param(s, marks=pytest.mark.thorough) for s in (50, 100, 150))])
def test_no_suppressed_cell_of_200_surveys_can_be_computed_back_from_two_releases(start: int) -> None:
    suppressed = shown = 0
    for seed in range(start, start + 50):
        layout, first = survey(seed)
        before = protect(layout, first, RULES)
        known = {key: value for key, value in before.values.items() if value is not None}
        one = totals(layout, first)
        for key in before.reasons:
            assert not recomputed(*attack(layout, key, [known], set()), one.get(key, 0.0)), (seed, key)
        second = later(first, layout, seed)
        after = protect(layout, second, RULES, Published(layout, known, layout.fill(first)))
        two = totals(layout, second)
        moved = {key for key in itertools.product(*layout.dimensions.values()) if one.get(key, 0) != two.get(key, 0)}
        told = {key: value for key, value in after.values.items() if value is not None}
        for key, why in after.reasons.items():
            if "published before" not in why:
                assert not recomputed(*attack(layout, key, [known, told], moved), two.get(key, 0.0)), (seed, key, why)
        suppressed += len(before.reasons) + len(after.reasons)
        shown += len(known) + len(told)
    assert suppressed > 250 and shown > 250, (suppressed, shown)
