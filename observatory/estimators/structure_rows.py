"""Rows of structure that take more than SQL: standardised location quotients, agglomeration of plants.

Belongs here: long tables in and out. Does not belong here: the formulas (structure.py), and measures that a SELECT says
(Krugman, Herfindahl, entropy, Theil and Hoover are models in sql/).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from observatory.errors import DataError
from observatory.estimators import require
from observatory.estimators.slicing import gathered, groups_of
from observatory.estimators.structure import ellison_glaeser, marked, standardised_lq
from observatory.estimators.trend import letters, result

FEW = 30
NORMAL = 0.05


def standardised(table: pa.Table) -> pa.Table:
    """Estimator of ``structure.standardised_lq`` over a set of places: z of ln LQ for each place that is shown.

    Input, one row for each place of the set: variant, geo, comparator, activity, period, value (LQ, ratio), is_shown,
    status, provenance, sources. Output: variant, geo, comparator, activity, period, value (z), n (places with a
    quotient), status, provenance, sources. A set of fewer than 30 places, or one whose ln LQ is not normal (Shapiro and
    Wilk, p below 0.05), gives status U: 1.96 says little there; n and p stand in parentheses among the sources. Where
    no z can be had (fewer than three quotients above 0, or all alike) there is no value, status M.
    """
    columns = ("variant", "geo", "comparator", "activity", "period", "value", "is_shown", "status")
    require(table, (*columns, "provenance", "sources"), "structure_rows.standardised")
    rows = []
    for key, places in groups_of(table, ("variant", "comparator", "activity", "period")):
        quotients = np.array([place["value"] for place in places], dtype=np.float64)
        try:
            found = standardised_lq(quotients)
            z, n, p = found.z, found.n, found.normality_p
        except DataError:
            z, n, p = np.full(len(places), np.nan), int(np.count_nonzero(quotients > 0)), float("nan")
        weak = n < FEW or not p >= NORMAL
        for place, value in zip(places, z, strict=True):
            if place["is_shown"]:
                note = f"({n} places, Shapiro-Wilk p {p:.2g})" if np.isfinite(p) else f"({n} places)"
                row = key | {"geo": place["geo"], "value": float(value), "n": n, "provenance": place["provenance"]}
                row["status"] = letters([marked([place["status"]], float(value)), "U" if weak else ""])
                rows.append(row | {"sources": f"{place['sources']};{note}"})
    return result(rows, ("variant", "geo", "comparator", "activity", "period"))


def agglomeration(table: pa.Table) -> pa.Table:
    """Estimator of ``structure.ellison_glaeser`` from numbers of plants by place and size class.

    Input, one row for each place and size class: variant, geo (the whole), activity, period, place, persons (per plant
    of the class), value (plants), reference (total employment of the place), status, provenance, sources. Output:
    variant ``<variant>:gamma``, ``:g`` (spatial Gini), ``:plant_herfindahl`` and ``:z``; geo, activity, period, value,
    n (plants), status (with E: a class stands for the sizes in it), provenance, sources. A class or reference that is
    missing, or fewer than two plants, leaves no value, status M.
    """
    columns = ("variant", "geo", "activity", "period", "place", "persons", "value", "reference", "status")
    require(table, (*columns, "provenance", "sources"), "structure_rows.agglomeration")
    rows = []
    for key, cells in groups_of(table, ("variant", "geo", "activity", "period")):
        measures = dict.fromkeys(("gamma", "g", "plant_herfindahl", "z"), float("nan"))
        counts = np.array([cell["value"] for cell in cells], dtype=np.float64)
        n = int(np.nansum(counts))
        reference = {cell["place"]: cell["reference"] for cell in cells}
        if np.isfinite(counts).all() and None not in reference.values() and n > 1:
            whole = counts.astype(np.int64)
            plants = np.repeat(np.array([cell["persons"] for cell in cells], dtype=np.float64), whole)
            where = [cell["place"] for cell, count in zip(cells, whole, strict=True) for _ in range(count)]
            found = ellison_glaeser(plants, where, reference)
            measures = {"gamma": found.gamma, "g": found.g, "plant_herfindahl": found.plant_hhi, "z": found.z}
        status = [cell["status"] for cell in cells]
        for measure, value in measures.items():
            row = key | gathered(cells) | {"variant": f"{key['variant']}:{measure}", "value": value, "n": n}
            rows.append(row | {"status": letters([marked(status, value), "E"])})
    return result(rows, ("variant", "geo", "activity", "period"))
