"""Rows of the hub index and of the structural distances.

Belongs here: long tables in and out. Does not belong here: the formulas and the rule of classes (hub.py), the pillars,
goalposts and variables (sql/ and the catalogue).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from observatory.errors import DataError
from observatory.estimators import require
from observatory.estimators.hub import hub_index, structural_distance
from observatory.estimators.slicing import Row, gathered, groups_of, joined
from observatory.estimators.structure import marked
from observatory.estimators.trend import letters, result

PAIR = ("variant", "geo", "comparator", "activity", "period")


def index(table: pa.Table) -> pa.Table:
    """Estimator of ``hub.hub_index``: the index, its rank with the range over weights, and the pillars behind it.

    Input, one row for each place and pillar: variant, geo, period, pillar, value (in the pillar's own unit), low, high
    (goalposts), weight, status, provenance, sources; every place has every pillar, null where missing. Output: variant
    ``<variant>:index`` (0 to 100), ``:rank`` (1 highest, with lower and upper over the drawn weights) and
    ``:pillar:<pillar>`` (0 to 100); geo, activity null, period, value, lower, upper, unit, n (places with an index),
    status, provenance, sources. Raises DataError for a pillar whose goalposts or weight differ between places.
    """
    columns = ("variant", "geo", "activity", "period", "pillar", "value", "low", "high", "weight", "status")
    require(table, (*columns, "provenance", "sources"), "hub_rows.index")
    rows = []
    for key, cells in groups_of(table, ("variant", "activity", "period")):
        pillars = sorted({cell["pillar"] for cell in cells})
        places = sorted({cell["geo"] for cell in cells})
        rule = {(cell["pillar"], cell["low"], cell["high"], cell["weight"]) for cell in cells}
        if len(rule) != len(pillars) or len(cells) != len(pillars) * len(places):
            raise DataError(
                f"hub_rows.index: {'/'.join(map(str, key.values()))}: expected one pair of goalposts for each of "
                f"{len(pillars)} pillars and a row for each of {len(places)} places, found {len(rule)} pairs and "
                f"{len(cells)} rows",
                remedy="Join every place with every pillar of the catalogue",
            )
        by_cell = {(cell["geo"], cell["pillar"]): cell for cell in cells}
        values = np.array([[by_cell[g, p]["value"] for p in pillars] for g in places], dtype=np.float64)
        posts = {p: (low, high, weight) for p, low, high, weight in rule}
        found = hub_index(values, [posts[p][:2] for p in pillars], [posts[p][2] for p in pillars])
        n = int(np.isfinite(found.value).sum())
        for i, geo in enumerate(places):
            own = [by_cell[geo, pillar] for pillar in pillars]
            base = key | gathered(own) | {"geo": geo, "n": n}
            figures = {"index": (found.value[i], np.nan, np.nan)}
            figures["rank"] = (found.rank[i], found.rank_lower[i], found.rank_upper[i])
            figures |= {f"pillar:{p}": (found.pillars[i, j], np.nan, np.nan) for j, p in enumerate(pillars)}
            for measure, (value, lower, upper) in figures.items():
                used = [by_cell[geo, measure.removeprefix("pillar:")]] if measure.startswith("pillar:") else own
                row = base | {"variant": f"{key['variant']}:{measure}", "value": value, "lower": lower, "upper": upper}
                rows.append(row | gathered(used) | {"status": marked([cell["status"] for cell in used], value)})
    made = result(rows, ("variant", "geo", "activity", "period"))
    units = ["rank" if variant.endswith(":rank") else "0-100" for variant in made["variant"].to_pylist()]
    return made.append_column("unit", pa.array(units, pa.string()))


def distance(table: pa.Table) -> pa.Table:
    """Estimator of ``hub.structural_distance`` between every two places of a set.

    Input, one row for each place and variable: variant, geo, activity, period, variable, value, weight, status,
    provenance, sources. Output: variant ``<variant>:distance`` (standard deviations) and ``<variant>:rank`` (1
    nearest); geo, comparator (the other place), activity, period, value, unit, n (variables), status, provenance,
    sources. A place that lacks a variable has no distance to any, status M.
    """
    columns = ("variant", "geo", "activity", "period", "variable", "value", "weight", "status")
    require(table, (*columns, "provenance", "sources"), "hub_rows.distance")
    made = joined(
        (_distances(key, cells) for key, cells in groups_of(table, ("variant", "activity", "period"))),
        lambda: result([], PAIR),
    )
    units = ["rank" if v.endswith(":rank") else "standard deviations" for v in made["variant"].to_pylist()]
    return made.append_column("unit", pa.array(units, pa.string()))


def _distances(key: Row, cells: list[Row]) -> pa.Table:
    variables = sorted({cell["variable"] for cell in cells})
    own: dict[str, dict[str, Row]] = {}
    for cell in cells:
        own.setdefault(cell["geo"], {})[cell["variable"]] = cell
    places = sorted(own)
    weights = [next(cell["weight"] for cell in cells if cell["variable"] == v) for v in variables]
    values = np.array([[_number(own[g].get(v)) for v in variables] for g in places])
    about = {g: gathered(own[g].values()) | {"status": letters(c["status"] for c in own[g].values())} for g in places}
    rows = []
    for i, geo in enumerate(places):
        others = [j for j in range(len(places)) if j != i]
        away = np.full(len(others), np.nan)
        if np.isfinite(values[i]).all() and others:
            away = structural_distance(values[i], values[others], weights)
        order = np.argsort(np.argsort(np.where(np.isfinite(away), away, np.inf), kind="stable"), kind="stable") + 1
        for j, far, place in zip(others, away, order, strict=True):
            pair = [about[geo], about[places[j]]]
            base = key | gathered(pair) | {"geo": geo, "comparator": places[j], "n": len(variables)}
            for measure, value in (("distance", far), ("rank", float(place) if np.isfinite(far) else np.nan)):
                row = base | {"variant": f"{key['variant']}:{measure}", "value": value}
                rows.append(row | {"status": marked([one["status"] for one in pair], float(value))})
    return result(rows, PAIR)


def _number(cell: Row | None) -> float:
    return float("nan") if cell is None or cell["value"] is None else float(cell["value"])
