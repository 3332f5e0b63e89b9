"""An estimator's formula with the numbers of one figure filled in.

Belongs here: for estimators that take many rows together, the few lines of arithmetic that a reader can follow with a
pocket calculator, from the rows of the model's SELECT. Does not belong here: the estimators (their modules), formulas
of one row (FORMULAS), and what only a matrix says: inverses, eigenvectors, drawn weights.

Each line is worked out anew and kept only if it gives the figure, so that what is told is what was computed. Numbers
are written as SQL, in full: whoever pastes them into DuckDB has the value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, pairwise
from statistics import fmean, median, stdev
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """``name`` = ``expression`` = ``numbers`` = ``value``."""

    name: str
    expression: str
    numbers: str
    value: float


def worked(estimator: str, rows: Sequence[Row], figure: Row) -> list[Line]:
    """The line of the figure's value and then those of its parts; none where no rule below gives it.

    ``rows`` may hold more than the figure needs; ``figure`` has the key and the value of the indicator's row.
    """
    rule = RULES.get(estimator)
    if rule is None or figure["value"] is None:
        return []
    plain = [{c: float(v) if isinstance(v, Decimal) else v for c, v in row.items()} for row in rows]
    try:
        lines = rule(plain, figure)
    except (ArithmeticError, LookupError, TypeError, ValueError):  # rows that the rule does not fit
        return []
    is_it = bool(lines) and math.isclose(lines[-1].value, figure["value"], rel_tol=1e-9, abs_tol=1e-12)
    return [lines[-1], *lines[:-1]] if is_it else []


def _said(number: float) -> str:
    text = f"{Decimal(repr(float(number) + 0.0)):f}".removesuffix(".0")  # no exponent, no minus before a nought
    return f"({text})" if text.startswith("-") else text


def _list(numbers: Sequence[float]) -> str:
    return f"[{', '.join(_said(n) for n in numbers)}]"


def _sum(numbers: Sequence[float]) -> str:
    return " + ".join(_said(n) for n in numbers)


def _mean(name: str, numbers: Sequence[float]) -> Line:
    return Line(name, "mean", f"({_sum(numbers)}) / {len(numbers)}", fmean(numbers))


def _same(rows: Sequence[Row], figure: Row, *columns: str) -> list[Row]:
    return [row for row in rows if all(row[column] == figure[column] for column in columns)]


def _split(figure: Row) -> tuple[str, str]:
    """The variant of the SELECT's rows and the word that the estimator put after it."""
    before, _, after = figure["variant"].rpartition(":")
    return before, after


# straight lines ------------------------------------------------------------------------------------------------------


def _ols(x: Sequence[float], y: Sequence[float], x_name: str, y_name: str, name: str = "value") -> list[Line]:
    """Least squares: the means, then sum((x - mean x) (y - mean y)) / sum((x - mean x)²)."""
    mean_x, mean_y = fmean(x), fmean(y)
    above = [(a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)]
    below = [(a - mean_x) ** 2 for a in x]
    up, down = f"sum(({x_name} - mean {x_name}) * ({y_name} - mean {y_name}))", f"sum(({x_name} - mean {x_name})²)"
    return [
        _mean(f"mean {x_name}", x),
        _mean(f"mean {y_name}", y),
        Line(up, up, _sum(above), math.fsum(above)),
        Line(down, down, _sum(below), math.fsum(below)),
        Line(
            name,
            f"{up} / {down}",
            f"{_said(math.fsum(above))} / {_said(math.fsum(below))}",
            math.fsum(above) / math.fsum(below),
        ),
    ]


def _years(rows: Sequence[Row], figure: Row, *numbers: str) -> list[tuple[float, ...]]:
    """Year and numbers of the rows between the figure's first and last year that count in a trend, in order."""
    first, last = figure["period"].split("/")
    kept = {}
    for row in rows:
        letters = (row["status"] or "") + (row.get("comparator_status") or "")
        values = [row[number] for number in numbers]
        if first <= row["period"] <= last and None not in values and not set("UMC").intersection(letters):
            kept[row["period"]] = (float(row["period"]), *values)
    return [kept[period] for period in sorted(kept)]


def _slope(rows: Sequence[Row], figure: Row) -> list[Line]:
    """``trend.slope``: the least-squares line, or the median of the slopes between all pairs of years."""
    before, method = _split(figure)
    series = [row for row in rows if (row["variant"] or "") == before and _same([row], figure, "geo", "activity")]
    points = _years(series, figure, "value")
    if method == "ols":
        return _ols([t for t, _ in points], [y for _, y in points], "year", "y")
    slopes = sorted((b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(points, 2))
    return [Line("value", "median of (y_j - y_i) / (t_j - t_i)", f"list_median({_list(slopes)})", median(slopes))]


def _beta(rows: Sequence[Row], figure: Row) -> list[Line]:
    """``convergence.beta_rows``: growth on the initial level over regions, then the speed and the half-life."""
    before, measure = _split(figure)
    first, last = figure["period"].split("/")
    span = float(last) - float(first)
    regions = [r for r in _same(rows, figure, "geo", "activity") if r["variant"] == before]
    regions = [r for r in regions if (r["period"], r["last_period"]) == (first, last)]
    x = [math.log(r["first_value"]) for r in regions]
    y = [math.log(r["last_value"] / r["first_value"]) / span for r in regions]
    lines = _ols(x, y, "ln s0", "growth", "beta")
    beta = lines[-1].value
    if measure == "beta":
        return lines
    speed = -math.log(1 + beta * span) / span
    lines.append(Line("speed", "-ln(1 + beta * years) / years", f"-ln(1 + {_said(beta)} * {span:g}) / {span:g}", speed))
    if measure == "half_life":
        lines.append(Line("half_life", "ln(2) / speed", f"ln(2) / {_said(speed)}", math.log(2) / speed))
    return lines


def _catch_up(rows: Sequence[Row], figure: Row) -> list[Line]:
    """``convergence.catchup_years``: the gap in the last year over the slope at which it closes."""
    before, method = _split(figure)
    series = [r for r in _same(rows, figure, "geo", "comparator", "activity") if (r["variant"] or "") == before]
    points = _years(series, figure, "value", "comparator_value")
    years, own, other = ([point[i] for point in points] for i in range(3))
    if method == "geometric_moving":
        own, other = [math.log(v) for v in own], [math.log(v) for v in other]
    gap = other[-1] - own[-1]
    name = "ln share" if method == "geometric_moving" else "share"
    lead = own if method == "linear_frozen" else [a - b for a, b in zip(own, other, strict=True)]
    lines = _ols(years, lead, "year", name if method == "linear_frozen" else f"{name} - comparator's", "speed")
    speed = lines[-1].value
    return [
        *lines,
        Line("gap", f"comparator's {name} - {name}, last year", f"{_said(other[-1])} - {_said(own[-1])}", gap),
        Line("value", "gap / speed", f"{_said(gap)} / {_said(speed)}", gap / speed),
    ]


# the hub -------------------------------------------------------------------------------------------------------------


def _index(rows: Sequence[Row], figure: Row) -> list[Line]:
    """``hub_rows.index``: pillars between their goalposts, and their weighted geometric mean."""
    before, *measure = figure["variant"].split(":")
    pillars = sorted((r for r in _same(rows, figure, "geo", "period") if r["variant"] == before), key=_pillar)
    if measure[0] == "pillar":
        pillars = [row for row in pillars if row["pillar"] == measure[1]]
    lines = []
    for row in pillars:
        low, high, value = row["low"], row["high"], row["value"]
        scaled = 100 * min(max((value - low) / (high - low), 0.0), 1.0)
        part = f"({_said(value)} - {_said(low)}) / ({_said(high)} - {_said(low)})"
        told = f"100 * least(greatest({part}, 0), 1)"
        lines.append(Line(row["pillar"], "100 * (value - low) / (high - low), cut at 0 and 100", told, scaled))
    if measure[0] == "pillar":
        return lines
    whole = math.fsum(row["weight"] for row in pillars)
    parts = [(line.value, row["weight"] / whole) for line, row in zip(lines, pillars, strict=True)]
    told = " * ".join(f"{_said(value)}^{_said(weight)}" for value, weight in parts)
    return [*lines, Line("value", "product of pillar^weight", told, math.prod(v**w for v, w in parts))]


def _pillar(row: Row) -> str:
    return str(row["pillar"])


def _distance(rows: Sequence[Row], figure: Row) -> list[Line]:
    """``hub_rows.distance``: the weighted root mean square of differences in standard deviations over all places."""
    before, _ = _split(figure)
    cells = [row for row in _same(rows, figure, "period") if row["variant"] == before]
    values: dict[str, dict[str, float]] = {}
    weights = {}
    for row in cells:
        values.setdefault(row["geo"], {})[row["variable"]] = row["value"]
        weights[row["variable"]] = row["weight"]
    complete = [one for one in values.values() if len(one) == len(weights) and None not in one.values()]
    own, other = values[figure["geo"]], values[figure["comparator"]]
    terms, told = [], []
    for name in sorted(weights):
        spread = stdev(one[name] for one in complete)
        share = weights[name] / math.fsum(weights.values())
        terms.append(share * ((other[name] - own[name]) / spread) ** 2 if spread else 0.0)
        told.append(f"{_said(share)} * (({_said(other[name])} - {_said(own[name])}) / {_said(spread)})^2")
    expression = "sqrt(sum of weight * ((other - own) / standard deviation over places)²)"
    return [Line("value", expression, f"sqrt({' + '.join(told)})", math.sqrt(math.fsum(terms)))]


def _standardised(rows: Sequence[Row], figure: Row) -> list[Line]:
    """``structure_rows.standardised``: ln LQ against the mean and the spread of the set of places."""
    places = _same(rows, figure, "variant", "comparator", "activity", "period")
    logs = [math.log(row["value"]) for row in places if row["value"] is not None and row["value"] > 0]
    (own,) = [math.log(row["value"]) for row in places if row["geo"] == figure["geo"]]
    mean, spread = fmean(logs), stdev(logs)
    return [
        _mean("mean of ln LQ", logs),
        Line("sd of ln LQ", "standard deviation (n - 1)", f"list_stddev_samp({_list(logs)})", spread),
        Line(
            "value",
            "(ln LQ - mean) / sd",
            f"({_said(own)} - {_said(mean)}) / {_said(spread)}",
            (own - mean) / spread,
        ),
    ]


# shift-share ---------------------------------------------------------------------------------------------------------


def _shift_share(rows: Sequence[Row], figure: Row) -> list[Line]:
    """``shift_share.components``: one part of the change, of an activity or summed over activities and steps."""
    before, method, part = figure["variant"].rsplit(":", 2)
    first, last = figure["period"].split("/")
    cells: dict[str, dict[str, Row]] = {}
    for row in _same(rows, figure, "geo", "comparator"):
        if row["variant"] == before and first <= row["period"] <= last:
            cells.setdefault(row["period"], {})[row["activity"]] = row
    periods = sorted(cells) if method == "dynamic" else [first, last]
    terms, told = [], []
    for old, new in pairwise(periods):
        n0, n1, e0 = (
            math.fsum(row[c] for row in cells[p].values())
            for p, c in ((old, "reference"), (new, "reference"), (old, "value"))
        )
        for activity in sorted(cells[old]):
            if figure["activity"] in (activity, f"{activity.rpartition(':')[0]}:TOTAL".lstrip(":")):
                was, now = cells[old][activity], cells[new][activity]
                own, theirs = now["value"] / was["value"] - 1, now["reference"] / was["reference"] - 1
                mixed = e0 * was["reference"] / n0  # the amount under the comparator's mix
                bases = {"competitive": mixed, "allocation": was["value"] - mixed}
                base = bases[part] if part in bases else was["value"]
                growths = {"national": (n1 / n0 - 1, 0.0), "mix": (theirs, n1 / n0 - 1)}
                growth, less = growths.get(part, (own, theirs))
                terms.append(base * (growth - less))
                apart = f"({_said(growth)} - {_said(less)})" if less else _said(growth)
                told.append(f"{_said(base)} * {apart}")
    return [Line("value", PARTS[part], " + ".join(told), math.fsum(terms))]


PARTS = {
    "national": "base * growth of the comparator",
    "mix": "base * (growth of the activity in the comparator - growth of the comparator)",
    "regional": "base * (growth of the activity in the place - its growth in the comparator)",
    "competitive": "base under the comparator's mix * (growth in the place - growth in the comparator)",
    "allocation": "(base - base under the comparator's mix) * (growth in the place - growth in the comparator)",
}


# the programme -------------------------------------------------------------------------------------------------------


def _pace(rows: Sequence[Row], figure: Row) -> list[Line]:
    """``programme.pace``: what part of the target over what part of the time."""
    from observatory.estimators.programme import day

    name = figure["variant"].removesuffix(":at_least")
    (row,) = [r for r in _same(rows, figure, "period") if r["variant"] == name]
    done = row["actual"] if figure["variant"] == name else row["at_least"]
    start, due, now = day(row["starts_on"], last=False), day(row["due_on"], last=True), day(row["as_of"], last=True)
    past, whole = min(max((now - start).days, 0), (due - start).days), (due - start).days
    time = past / whole
    return [
        Line("time", "days elapsed / days in all", f"{past} / {whole}", time),
        Line(
            "value",
            "(actual / target) / time",
            f"({_said(done)} / {_said(row['target'])}) / {_said(time)}",
            done / row["target"] / time,
        ),
    ]


def _funnel(rows: Sequence[Row], figure: Row) -> list[Line]:
    """``programme.funnel``: cases that reached a stage, or of those decided the part that went on."""
    from observatory.estimators.programme import STEPS

    cohort, measure, stage = figure["variant"].split(":")
    cases = [row for row in _same(rows, figure, "period") if row["variant"] == cohort]
    depth = [STEPS + 1 if row["is_signed"] else int(row["furthest"]) for row in cases]
    at = {"opened": 0, "signed": STEPS + 1}.get(stage) if "=" not in stage else int(stage.partition("=")[2])
    if at is None:
        return []
    here = [index for index, reached in enumerate(depth) if reached >= at]
    if measure == "reached":
        return [Line("value", f"of {len(cases)} cases those that reached it", f"{len(here)}", float(len(here)))]
    on = sum(depth[index] > at for index in here)
    out = sum(depth[index] == at and not cases[index]["is_open"] for index in here)
    return [Line("value", "100 * went on / (went on + stopped)", f"100 * {on} / ({on} + {out})", 100 * on / (on + out))]


def _step_time(rows: Sequence[Row], figure: Row) -> list[Line]:
    """``programme.step_time``: the median of days of which some still run."""
    from observatory.estimators.programme import day, median_time

    done: list[float] = []
    running: list[float] = []
    for row in _same(rows, figure, "variant", "period"):
        days = float((day(row["left_on"] or row["as_of"], last=True) - day(row["entered_on"], last=False)).days)
        (done if row["left_on"] else running).append(days)
    value = median_time(done, running)
    expression = (
        f"median of days, Kaplan and Meier: ended {_list(sorted(done))}, still running {_list(sorted(running))}"
    )
    return [] if value is None else [Line("value", expression, _said(value), value)]


def _reach(rows: Sequence[Row], figure: Row) -> list[Line]:
    (row,) = _same(rows, figure, "variant", "period")
    return [Line("value", "distinct firms", _said(row["n"]), float(row["n"]))]


RULES: Mapping[str, Callable[[Sequence[Row], Row], list[Line]]] = {
    "convergence.beta_rows": _beta,
    "convergence.catchup_years": _catch_up,
    "hub_rows.distance": _distance,
    "hub_rows.index": _index,
    "programme.funnel": _funnel,
    "programme.pace": _pace,
    "programme.reach": _reach,
    "programme.step_time": _step_time,
    "shift_share.components": _shift_share,
    "structure_rows.standardised": _standardised,
    "trend.slope": _slope,
}
