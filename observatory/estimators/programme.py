"""What the registers of a programme give beyond counting: exact intervals, pace, the funnel, time, small cells.

Belongs here: these formulas, and rows of cases in and out. Does not belong here: reading registers,
sums and shares that a SELECT says (sql/).
"""

from __future__ import annotations

import calendar
from datetime import date
from typing import Any

import pyarrow as pa

from observatory.errors import DataError
from observatory.estimators import require
from observatory.estimators.intervals import LEVEL, Proportion
from observatory.estimators.slicing import gathered, groups_of
from observatory.estimators.trend import result

STEPS = 5
FEW = 3
"""Firms below which a part of a breakdown could be told apart."""
KEY = ("variant", "geo", "activity", "period")
NAMED = ("provenance", "sources")
NONE = float("nan")


def clopper_pearson(k: int, n: int, level: float = LEVEL) -> Proportion:
    """The exact interval of a proportion, ``k`` of ``n`` cases; bounds 0..1.

    Quantiles of the beta distribution: lower B(a/2; k, n-k+1), upper B(1-a/2; k+1, n-k). Source: Clopper and Pearson
    1934, Biometrika 26. Raises DataError unless 0 <= k <= n and n > 0.
    """
    if not (n > 0 and 0 <= k <= n):
        raise DataError(
            f"clopper_pearson: expected 0 <= k <= n and n > 0, found k = {k}, n = {n}", remedy="Check counts"
        )
    from scipy.stats import binomtest

    found = binomtest(k, n).proportion_ci(level, "exact")
    return Proportion(k / n, float(found.low), float(found.high))


def garwood(k: int, level: float = LEVEL) -> tuple[float, float]:
    """The exact interval of the mean of a Poisson count ``k``: chi2(a/2; 2k) / 2 and chi2(1-a/2; 2k+2) / 2.

    Source: Garwood 1936, Biometrika 28.
    """
    from scipy.stats import chi2

    tail = (1 - level) / 2
    return (float(chi2.ppf(tail, 2 * k)) / 2 if k else 0.0, float(chi2.ppf(1 - tail, 2 * k + 2)) / 2)


def median_time(days: list[float], censored: list[float]) -> float | None:
    """The median of times some of which are still running (``censored``), None while it is not reached.

    The shortest time at which the product-limit estimate of those not done falls to a half or below. Source: Kaplan and
    Meier 1958, JASA 53.
    """
    if not days:
        return None
    from scipy.stats import CensoredData, ecdf

    left = ecdf(CensoredData(uncensored=days, right=censored)).sf
    reached = [float(t) for t, share in zip(left.quantiles, left.probabilities, strict=True) if share <= 0.5]
    return min(reached) if reached else None


def day(text: str, *, last: bool) -> date:
    """The first or last day of a day, month or year in ISO."""
    year, month, number = ([int(part) for part in text.split("-")] + [0, 0])[:3]
    month = month or (12 if last else 1)
    return date(year, month, number or (calendar.monthrange(year, month)[1] if last else 1))


def elapsed(starts_on: str, due_on: str, as_of: str) -> float:
    """The part of the time to a target that is over at the end of ``as_of``, 0..1; 1 once it is due."""
    start, due, now = day(starts_on, last=False), day(due_on, last=True), day(as_of, last=True)
    if due <= start:
        raise DataError(
            f"a target due on {due_on} that starts on {starts_on}", remedy="Correct the register of targets"
        )
    return min(max((now - start).days / (due - start).days, 0.0), 1.0)


def shares(table: pa.Table) -> pa.Table:
    """``k`` of ``n`` firms in percent with the exact interval; input has the key, k, n, provenance, sources.

    None of none is missing; of fewer than three firms the share is confidential, status C.
    """
    require(table, (*KEY, "k", "n", *NAMED), "programme.shares")
    rows = []
    for row in table.to_pylist():
        made = {name: row[name] for name in (*KEY, "n", *NAMED)}
        if row["n"] >= FEW:
            rows.append(made | _percent(int(row["k"]), int(row["n"])))
        else:
            rows.append(made | {"value": NONE, "n": None, "status": "C" if row["n"] else "M"})
    return result(rows, KEY)


def _percent(k: int, n: int) -> dict[str, Any]:
    found = clopper_pearson(k, n)
    bounds = {"value": found.value, "lower": found.lower, "upper": found.upper}
    return {name: 100 * bound for name, bound in bounds.items()} | {"status": "A"}


def pace(table: pa.Table) -> pa.Table:
    """(actual / target) / (elapsed / total time) of each target.

    Input, one row a target: the key (variant is the indicator), actual (null where the registers do not count in full),
    at_least (what they hold all the same), is_count, target, starts_on, due_on, as_of, provenance, sources. A count has
    the exact Poisson interval. Where only a floor is known, the pace is missing and variant ``<indicator>:at_least``
    has the floor with status U.
    """
    columns = ("actual", "at_least", "is_count", "target", "starts_on", "due_on", "as_of")
    require(table, (*KEY, *columns, *NAMED), "programme.pace")
    rows = []
    for row in table.to_pylist():
        made = {name: row[name] for name in (*KEY, *NAMED)} | {"n": None}
        per = row["target"] * elapsed(row["starts_on"], row["due_on"], row["as_of"])
        if row["actual"] is None or not per:
            rows.append(made | {"value": NONE, "status": "M"})
            if row["at_least"] and per:
                floor = {"value": row["at_least"] / per, "lower": row["at_least"] / per, "status": "U"}
                rows.append(made | floor | {"variant": f"{row['variant']}:at_least"})
            continue
        found = made | {"value": row["actual"] / per, "status": "A", "n": round(row["actual"])}
        if row["is_count"]:
            low, high = garwood(round(row["actual"]))
            found |= {"lower": low / per, "upper": high / per}
        rows.append(found)
    return result(rows, KEY)


def funnel(table: pa.Table) -> pa.Table:
    """How many cases reached each stage, and of those that were decided how many went on.

    Input, one row a case: the key (variant is the cohort), furthest (step reached, 0..5), is_signed, is_open,
    provenance, sources. Output: ``<cohort>:reached:<stage>`` in cases, ``<cohort>:went_on:<stage>`` in percent with the
    exact interval, n the decided cases. An open case that has not gone on is undecided (censored): status P while there
    is one, M while none is decided or none has come there.
    """
    require(table, (*KEY, "furthest", "is_signed", "is_open", *NAMED), "programme.funnel")
    stages = ["opened", *(f"step={k}" for k in range(1, STEPS + 1)), "signed"]
    rows = []
    for _, cases in groups_of(table, KEY):
        made = {name: cases[0][name] for name in KEY} | gathered(cases) | {"n": None}
        depth = [STEPS + 1 if case["is_signed"] else int(case["furthest"]) for case in cases]
        cohort = made["variant"]
        for at, stage in enumerate(stages):
            here = [index for index, reached in enumerate(depth) if reached >= at]
            row = made | {
                "variant": f"{cohort}:reached:{stage}",
                "value": float(len(here)),
                "unit": "cases",
                "status": "A",
            }
            rows.append(row)
            if at == len(stages) - 1:
                continue
            on = sum(depth[index] > at for index in here)
            decided = on + sum(depth[index] == at and not cases[index]["is_open"] for index in here)
            share = _percent(on, decided) if decided else {"value": NONE, "status": "M"}
            if decided and decided < len(here):
                share["status"] = "P"
            rows.append(made | share | {"variant": f"{cohort}:went_on:{stage}", "n": decided, "unit": "percent"})
    return result(rows, (*KEY, "unit"))


def step_time(table: pa.Table) -> pa.Table:
    """Median days in each step, with the cases that are still in it counted as such.

    Input, one row a case and step: the key (variant is the step), entered_on, left_on (null while the case is in it),
    as_of, provenance, sources. Only dates to the day count; without any, the median is missing.
    """
    require(table, (*KEY, "entered_on", "left_on", "as_of", *NAMED), "programme.step_time")
    rows = []
    for _, cases in groups_of(table, KEY):
        done: list[float] = []
        running: list[float] = []
        for case in cases:
            if len(case["entered_on"] or "") != len("2019-03-31") or len(case["left_on"] or case["as_of"]) != 10:
                continue
            until = day(case["left_on"] or case["as_of"], last=True)
            (done if case["left_on"] else running).append(float((until - day(case["entered_on"], last=False)).days))
        value = median_time(done, running)
        made = {name: cases[0][name] for name in KEY} | gathered(cases)
        status = "M" if value is None else "P" if running else "A"
        rows.append(made | {"value": value, "status": status, "n": len(done) + len(running)})
    return result(rows, KEY)


def reach(table: pa.Table) -> pa.Table:
    """Firms by part of a breakdown, without parts that would tell a firm apart.

    Input: the key (variant ``all`` or ``<breakdown>=<part>``), n (firms), provenance, sources. A part of fewer than
    three firms is confidential, status C; where it is the only one of its breakdown and period the next smallest is
    closed too: the total would give it away.
    """
    require(table, (*KEY, "n", *NAMED), "programme.reach")
    rows = table.to_pylist()
    closed = {at for at, row in enumerate(rows) if 0 < row["n"] < FEW}
    breakdowns: dict[tuple[str, ...], list[int]] = {}
    for at, row in enumerate(rows):
        if "=" in row["variant"]:
            kind = row["variant"].partition("=")[0]
            breakdowns.setdefault((kind, row["geo"], row["activity"], row["period"]), []).append(at)
    for parts in breakdowns.values():
        others = sorted((rows[at]["n"], at) for at in parts if at not in closed and rows[at]["n"])
        if len(closed.intersection(parts)) == 1 and others:
            closed.add(others[0][1])
    made = []
    for at, row in enumerate(rows):
        shown = {"value": NONE, "n": None, "status": "C"} if at in closed else {"value": float(row["n"]), "status": "A"}
        made.append({name: row[name] for name in (*KEY, "n", *NAMED)} | shown)
    return result(made, KEY)
