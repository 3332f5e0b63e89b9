"""Backward and forward linkages of the products of a symmetric table.

Belongs here: long tables in and out. Does not belong here: inverses and their means (input_output.py), services
embodied in manufactures (there too).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from observatory.errors import DataError
from observatory.estimators import input_output as io
from observatory.estimators import require
from observatory.estimators.slicing import gathered, groups_of
from observatory.estimators.structure import marked
from observatory.estimators.trend import Floats, result

KEY = ("variant", "geo", "period")


def backward(table: pa.Table) -> pa.Table:
    """Estimator of backward linkages: what a euro of demand for a product pulls, over the mean of all products.

    Input, one domestic symmetric table for each variant, geo and period: row, col, value (million euro), kind
    (``intermediate``, or ``output`` with any row), status, provenance, sources. Output: variant ``<variant>:rasmussen``
    (column mean of L, power of dispersion) and ``<variant>:direct`` (column sum of A over its mean); geo, activity (the
    product), period, value (1 is the average), n (products), status, provenance, sources. A table with an empty cell
    has no values, status M. Source: Rasmussen 1957; Miller and Blair 2009, chapter 12.
    """

    def measures(z: Floats, x: Floats, names: list[str]) -> dict[str, Floats]:
        a = io.technical_coefficients(z, x, names)
        pulled = a.sum(axis=0)
        return {"rasmussen": io.rasmussen_backward(io.leontief_inverse(a, names)), "direct": pulled / pulled.mean()}

    return _rows(table, measures, ("rasmussen", "direct"), "linkages.backward")


def forward(table: pa.Table) -> pa.Table:
    """Estimator of forward linkages: to how much of the economy a product goes, over the mean of all products.

    Input and output as ``backward``; variants ``<variant>:ghosh`` (row mean of Ghosh's G, the preferred one),
    ``:rasmussen_row`` (row mean of L, sensitivity of dispersion: demand of one euro for every product) and ``:direct``
    (row sum of the output coefficients over its mean). The three differ a lot; none is a version of another. Source:
    Beyers 1976 and Jones 1976 (Ghosh); Rasmussen 1957 (row); Miller and Blair 2009, chapter 12.
    """

    def measures(z: Floats, x: Floats, names: list[str]) -> dict[str, Floats]:
        b = io.allocation_coefficients(z, x, names)
        leontief = io.leontief_inverse(io.technical_coefficients(z, x, names), names)
        sold = b.sum(axis=1)
        return {
            "ghosh": io.ghosh_forward(io.ghosh_inverse(b, names)),
            "rasmussen_row": io.rasmussen_forward_leontief(leontief),
            "direct": sold / sold.mean(),
        }

    return _rows(table, measures, ("ghosh", "rasmussen_row", "direct"), "linkages.forward")


def _rows(
    table: pa.Table,
    measures: Callable[[Floats, Floats, list[str]], dict[str, Floats]],
    names: tuple[str, ...],
    what: str,
) -> pa.Table:
    require(table, (*KEY, "row", "col", "value", "kind", "status", "provenance", "sources"), what)
    rows = []
    for key, cells in groups_of(table, KEY):
        place = f"{what}: {'/'.join(str(part) for part in key.values())}"
        products, z, x = _table(cells, place)
        found = {name: np.full(len(products), np.nan) for name in names}
        if np.isfinite(z).all() and np.isfinite(x).all():
            try:
                found = measures(z, x, products)
            except DataError as error:
                raise DataError(f"{place}: {error.message}", remedy=error.remedy) from error
        status = sorted({cell["status"] for cell in cells})
        about = key | gathered(cells) | {"n": len(products)}
        for name, values in found.items():
            for product, value in zip(products, values, strict=True):
                row = {"variant": f"{key['variant']}:{name}", "activity": product, "value": float(value)}
                rows.append(about | row | {"status": marked(status, float(value))})
    return result(rows, ("variant", "geo", "activity", "period"))


def _table(cells: list[dict[str, Any]], place: str) -> tuple[list[str], Floats, Floats]:
    """Products in order, flows between them and their outputs; NaN where a cell is empty, 0 where it is not there."""
    outputs = [(cell["col"], cell["value"]) for cell in cells if cell["kind"] == "output"]
    products = sorted(dict(outputs))
    at = {product: i for i, product in enumerate(products)}
    inner = [cell for cell in cells if cell["kind"] == "intermediate"]
    unknown = sorted({cell[side] for cell in inner for side in ("row", "col")} - set(at))
    if len(outputs) != len(products) or unknown or len({(c["row"], c["col"]) for c in inner}) != len(inner):
        raise DataError(
            f"{place}: expected one output for every product and one cell for every pair, found {len(outputs)} outputs "
            f"of {len(products)} products, no output for {', '.join(unknown) or 'none'}",
            remedy="Select one table a variant, without totals",
        )
    z, x = np.zeros((len(at), len(at))), np.array([np.nan if v is None else v for _, v in sorted(outputs)])
    for cell in inner:
        z[at[cell["row"]], at[cell["col"]]] = np.nan if cell["value"] is None else cell["value"]
    return products, z, np.asarray(x, dtype=np.float64)
