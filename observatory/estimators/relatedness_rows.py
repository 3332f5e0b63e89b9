"""Rows of relatedness density and of economic complexity.

Belongs here: long tables in and out. Does not belong here: the formulas (relatedness.py), location quotients (sql/).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa

from observatory.errors import DataError
from observatory.estimators import require
from observatory.estimators.relatedness import density as density_of
from observatory.estimators.relatedness import eci_eigenvector, specialised
from observatory.estimators.slicing import groups_of, joined
from observatory.estimators.structure import marked
from observatory.estimators.structure_rows import FEW
from observatory.estimators.trend import Floats, letters, result

KEY = ("variant", "geo", "activity", "period")


@dataclass(frozen=True)
class _Matrix:
    """Places by activities of one variant and period: 1 where specialised, and the row behind every cell."""

    m: Floats
    cells: dict[tuple[str, str], dict[str, Any]]
    places: list[str]
    activities: list[str]


def density(table: pa.Table) -> pa.Table:
    """Estimator of ``relatedness.density``: for each place shown and activity, how near its specialisations are.

    Input, one row for each place and activity: variant, geo, activity (``<classification>:<code>``), period, value
    (LQ), is_shown (place), is_asked (activity), status, provenance, sources. Output: variant ``<variant>:present``
    where the place is specialised in the activity already and ``<variant>:absent`` where it is not; geo, activity,
    period, value (0 to 1), n (places), status, provenance, sources. An activity near no other has no value, status M;
    activities with a missing quotient are left out of the matrix.
    """
    parts = (_density(matrix) for matrix in _matrices(table, "relatedness_rows.density"))
    return joined(parts, lambda: result([], KEY))


def complexity(table: pa.Table) -> pa.Table:
    """Estimator of ``relatedness.eci_eigenvector``: complexity of each place that is shown, in standard deviations.

    Input as ``density``. Output: variant, geo, activity (``<classification>:TOTAL``), period, value (z over the
    places), n (places), status with U below 30 places, provenance, sources. A matrix without a second eigenvector of
    its own, or in parts, gives no value, status M, its reason in parentheses among the sources.
    """
    parts = (_complexity(matrix) for matrix in _matrices(table, "relatedness_rows.complexity"))
    return joined(parts, lambda: result([], KEY))


def _density(matrix: _Matrix) -> pa.Table:
    near = density_of(matrix.m)
    rows = []
    for (i, place), (j, activity) in product(enumerate(matrix.places), enumerate(matrix.activities)):
        cell = matrix.cells[place, activity]
        if cell["is_shown"] and cell["is_asked"]:
            variant = f"{cell['variant']}:{'present' if matrix.m[i, j] else 'absent'}"
            row = {c: cell[c] for c in ("geo", "activity", "period", "provenance", "sources")} | {"variant": variant}
            row |= {"value": float(near[i, j]), "n": len(matrix.places)}
            rows.append(row | {"status": marked([cell["status"]], float(near[i, j]))})
    return result(rows, KEY)


def _complexity(matrix: _Matrix) -> pa.Table:
    try:
        value, why = eci_eigenvector(matrix.m), ""
    except DataError as error:
        value, why = np.full(len(matrix.places), np.nan), f";({error.message.replace(';', ',')})"
    few = "U" if len(matrix.places) < FEW else ""
    rows = []
    for place, z in zip(matrix.places, value, strict=True):
        own = matrix.cells[place, matrix.activities[0]]
        if own["is_shown"]:
            row = {c: own[c] for c in ("variant", "geo", "period", "provenance")} | {"sources": own["sources"] + why}
            row |= {"activity": own["activity"].rpartition(":")[0] + ":TOTAL", "value": float(z)}
            rows.append(row | {"n": len(matrix.places), "status": letters([marked([own["status"]], float(z)), few])})
    return result(rows, KEY)


def _matrices(table: pa.Table, name: str) -> Iterator[_Matrix]:
    require(table, (*KEY, "value", "is_shown", "is_asked", "status", "provenance", "sources"), name)
    for _, rows in groups_of(table, ("variant", "period")):
        cells = {(row["geo"], row["activity"]): row for row in rows}
        lacking = {row["activity"] for row in rows if row["value"] is None}
        activities = sorted({row["activity"] for row in rows} - lacking)
        places = sorted({row["geo"] for row in rows})
        lq = np.array([[cells[p, a]["value"] if (p, a) in cells else np.nan for a in activities] for p in places])
        if activities and np.isfinite(lq).all():
            yield _Matrix(specialised(lq), cells, places, activities)
