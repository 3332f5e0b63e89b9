"""Input-output mathematics: who needs whom, directly and through others.

Belongs here: coefficients and inverses of Leontief and Ghosh, multipliers and linkages, symmetric tables from make
and use tables, and the services embodied in manufactured goods. Does not belong here: shares that a SELECT can say
(sql/), the choice of service products (the catalogue), balancing or updating of tables.

Matrices are float64 with sellers in rows and buyers in columns; ``z`` holds flows, ``x`` outputs, ``a`` the input
coefficients z_ij / x_j. ``names`` label the sectors in messages. Source, unless said otherwise: Miller and Blair
2009, Input-Output Analysis, second edition, chapters 2, 5 and 12.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from observatory.errors import DataError
from observatory.estimators import require
from observatory.estimators.intervals import finite

Floats = npt.NDArray[np.float64]
Names = Sequence[str] | None

EMBODIED = "input_output.embodied_services"
KEY = ("variant", "geo", "period")
CELL = ("row", "col", "value", "kind", "is_service", "is_manufacturing")
# A published row may miss its total by the rounding of its cells and by this part of it.
BALANCE = 1e-3


def technical_coefficients(z: npt.ArrayLike, x: npt.ArrayLike, names: Names = None) -> Floats:
    """Input coefficients A = Z diag(x)^-1 (euro of input per euro of output), n × n from Z (n × n) and x (n).

    A sector without output keeps its place with coefficients of nought. Raises DataError naming a sector with
    negative output, or with inputs and no output. ``z`` may have other rows than sectors (primary inputs).
    """
    z, x = _flows(z, x, 1)
    for j in np.flatnonzero((x < 0) | ((x == 0) & (z != 0).any(axis=0))):
        raise _refusal(
            "technical_coefficients", names, j, "a positive output", f"{x[j]:g} with inputs {z[:, j].sum():g}"
        )
    return np.divide(z, x, out=np.zeros_like(z), where=x > 0)


def allocation_coefficients(z: npt.ArrayLike, x: npt.ArrayLike, names: Names = None) -> Floats:
    """Output coefficients B = diag(x)^-1 Z of Ghosh (part of a sector's output that goes to each buyer), n × n.

    Sectors without output and errors as in ``technical_coefficients``, with sales in the place of inputs.
    """
    z, x = _flows(z, x, 0)
    for i in np.flatnonzero((x < 0) | ((x == 0) & (z != 0).any(axis=1))):
        raise _refusal("allocation_coefficients", names, i, "a positive output", f"{x[i]:g} with sales {z[i].sum():g}")
    return np.divide(z, x[:, None], out=np.zeros_like(z), where=x[:, None] > 0)


def check_productive(a: npt.ArrayLike, names: Names = None) -> Floats:
    """``a`` itself if each euro of final demand needs a finite output, else DataError naming the largest buyer.

    The condition is a spectral radius below 1, for a non-negative matrix the same as that of Hawkins and Simon 1949
    (all leading principal minors of I - A positive).
    """
    a = _square(a, "check_productive")
    radius = float(np.abs(np.linalg.eigvals(a)).max(initial=0.0)) if np.isfinite(a).all() else np.nan
    if not radius < 1:
        j = int(np.argmax(np.nan_to_num(a.sum(axis=0), nan=np.inf)))
        found = f"{radius:.6g}; its inputs are {a[:, j].sum():.6g} per euro of output"
        raise _refusal("check_productive", names, j, "a spectral radius below 1", found)
    return a


def check_final_demand(f: npt.ArrayLike, names: Names = None) -> Floats:
    """``f`` itself as numbers, or DataError naming the first sector whose final demand is negative or missing."""
    f = np.asarray(f, dtype=np.float64)
    for i in np.flatnonzero(~(f >= 0)):
        raise _refusal("check_final_demand", names, i, "a final demand of nought or more", f"{f[i]:g}")
    return f


def leontief_inverse(a: npt.ArrayLike, names: Names = None) -> Floats:
    """L = (I - A)^-1 (output of i per euro of final demand for j), n × n.

    For the whole matrix only; ``required_output`` and ``embodied`` solve for what they need. Raises DataError as
    ``check_productive``.
    """
    a = check_productive(a, names)
    return _solve(np.eye(len(a)) - a, np.eye(len(a)))


def ghosh_inverse(b: npt.ArrayLike, names: Names = None) -> Floats:
    """G = (I - B)^-1 (output of j per euro of primary input into i), n × n; errors as ``leontief_inverse``."""
    return leontief_inverse(b, names)


def required_output(a: npt.ArrayLike, f: npt.ArrayLike, names: Names = None) -> Floats:
    """Output x = L f (n) that the final demand ``f`` (n) needs, in the unit of f.

    Raises DataError as ``check_productive`` and ``check_final_demand``.
    """
    a = check_productive(a, names)
    return _solve(np.eye(len(a)) - a, check_final_demand(f, names))


def embodied(coefficients: npt.ArrayLike, a: npt.ArrayLike, names: Names = None) -> Floats:
    """c' L (n): what one euro of final demand for each sector holds of a primary input, directly and indirectly.

    ``coefficients`` (n) are that input per euro of output (value added of services, jobs, imports). With ``a``
    domestic, the coefficients of all primary inputs, imports included, add up to 1 for every sector.
    """
    a = check_productive(a, names)
    return _solve((np.eye(len(a)) - a).T, np.asarray(coefficients, dtype=np.float64))


def output_multipliers(inverse: npt.ArrayLike) -> Floats:
    """Output of all sectors per euro of final demand for each: column sums of L (n)."""
    return _square(inverse, "output_multipliers").sum(axis=0)


def rasmussen_backward(inverse: npt.ArrayLike) -> Floats:
    """Power of dispersion (n): column mean of L over the mean of all its cells; above 1 pulls more than the average.

    Source: Rasmussen 1957, Studies in Inter-Sectoral Relations.
    """
    return _normalised(output_multipliers(inverse))


def rasmussen_forward_leontief(inverse: npt.ArrayLike) -> Floats:
    """Sensitivity of dispersion (n): row mean of L over the mean of all its cells.

    Source: Rasmussen 1957. It weighs a euro of demand for every sector alike; ``ghosh_forward`` is the usual choice.
    """
    return _normalised(_square(inverse, "rasmussen_forward_leontief").sum(axis=1))


def ghosh_forward(inverse: npt.ArrayLike) -> Floats:
    """Forward linkage (n): row mean of the Ghosh inverse G over the mean of all its cells. Source: Beyers 1976."""
    return _normalised(_square(inverse, "ghosh_forward").sum(axis=1))


@dataclass(frozen=True)
class MakeUse:
    """A make table ``v`` (industries × commodities) and a use table ``u`` (commodities × industries), one unit.

    Commodity technology: a product is made alike wherever it is made; it needs as many commodities as industries
    and may give negative coefficients, which are returned as they are. Industry technology: an industry makes all
    its products alike. Raises DataError for shapes that do not fit, and naming a commodity or industry with use and
    no output.
    """

    v: Floats
    u: Floats
    industries: Names = None
    commodities: Names = None

    def __post_init__(self) -> None:
        v, u = np.asarray(self.v, dtype=np.float64), np.asarray(self.u, dtype=np.float64)
        if v.ndim != 2 or u.shape != v.T.shape:
            raise DataError(
                f"make and use: expected a use table of the shape {v.T.shape}, found {u.shape}",
                remedy="The make table is industry by commodity, the use table commodity by industry",
            )
        object.__setattr__(self, "v", v)
        object.__setattr__(self, "u", u)

    @property
    def commodity_output(self) -> Floats:
        """q: output of each commodity."""
        return self.v.sum(axis=0)

    @property
    def industry_output(self) -> Floats:
        """g (x in the second edition): output of each industry."""
        return self.v.sum(axis=1)

    @property
    def final_demand(self) -> Floats:
        """e: output of each commodity that no industry uses."""
        return self.commodity_output - self.u.sum(axis=1)

    @property
    def value_added(self) -> Floats:
        """Output of each industry less what it uses."""
        return self.industry_output - self.u.sum(axis=0)

    @cached_property
    def b(self) -> Floats:
        """B = U diag(g)^-1: commodity per euro of industry output."""
        return technical_coefficients(self.u, self.industry_output, self.industries)

    @cached_property
    def d(self) -> Floats:
        """D = V diag(q)^-1, market shares: industry per euro of commodity output."""
        return technical_coefficients(self.v, self.commodity_output, self.commodities)

    @cached_property
    def c(self) -> Floats:
        """C = V' diag(g)^-1, product mix: commodity per euro of industry output."""
        return technical_coefficients(self.v.T, self.industry_output, self.industries)

    def commodity_by_commodity_industry_technology(self) -> Floats:
        """A = B D."""
        return self.b @ self.d

    def industry_by_industry_industry_technology(self) -> Floats:
        """A = D B."""
        return self.d @ self.b

    def commodity_by_commodity_commodity_technology(self) -> Floats:
        """A = B C^-1."""
        return _solve(self._product_mix().T, self.b.T).T

    def industry_by_industry_commodity_technology(self) -> Floats:
        """A = C^-1 B."""
        return _solve(self._product_mix(), self.b)

    def industry_by_commodity_requirements(self) -> Floats:
        """D (I - B D)^-1: output of each industry per euro of final demand for each commodity."""
        a = check_productive(self.commodity_by_commodity_industry_technology(), self.commodities)
        return _solve((np.eye(len(a)) - a).T, self.d.T).T

    def secondary_share(self) -> Floats:
        """Part of each industry's output (0..1) outside its own commodity, the one of the same position."""
        return np.where(self.industry_output > 0, 1 - np.diagonal(self.c), 0.0)

    def _product_mix(self) -> Floats:
        rows, columns = self.v.shape
        if rows != columns:
            raise DataError(
                f"make and use: expected as many commodities as industries, found {columns} and {rows}",
                remedy="Aggregate both tables to one list, or take industry technology",
            )
        if np.linalg.matrix_rank(self.c) < rows:
            raise DataError(
                "make and use: the product mix of the industries cannot be inverted",
                remedy="Take industry technology, or aggregate industries with the same mix",
            )
        return self.c


def embodied_services(table: pa.Table) -> pa.Table:
    """Estimator of the services value added in a euro of final demand for each manufactured product: 100 s' L e_j.

    Input, one DOMESTIC symmetric table for each variant, geo and period: source, provenance, row, col, value, kind
    (``intermediate``; ``value_added`` and ``output``, whose rows have any name and whose values are summed by col;
    ``final``, whose columns are summed by row), is_service (of the row's product, read on intermediate rows),
    is_manufacturing (of the col); optional status. The products are those with an output; cells that are not there
    are nought. Output: variant, geo,
    comparator null, activity (the manufacturing col), period, value (percent), status, provenance, sources.

    A product without output here has no value and status M, and so has every product of a table with an empty
    cell. A table with imports in it shows in its rows: where final demand is given, intermediate and final sales
    must add up to output. A negative final demand (stocks) does not enter the formula. Raises DataError naming the
    table and the sector where a cell stands twice, output or the value added of a service is not there, sales miss
    output, or the table is not productive.
    """
    require(table, (*KEY, "source", "provenance", *CELL), EMBODIED)
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in table.to_pylist():
        groups.setdefault(tuple(row[column] for column in KEY), []).append(row)
    rows: list[dict[str, Any]] = []
    for mark in sorted(groups, key=str):
        cells = groups[mark]
        place = f"{EMBODIED}: {'/'.join(str(part) for part in mark)}"
        about = dict(zip(KEY, mark, strict=True)) | {
            "status": "".join(sorted(set("".join(c.get("status") or "" for c in cells)))) or "A",
            "provenance": _distinct(c["provenance"] for c in cells),
            "sources": _distinct(c["source"] for c in cells),
        }
        for activity, value in _embodied_table(cells, place).items():
            missing = "" if np.isfinite(value) else "M"
            rows.append(about | {"activity": activity, "value": value, "status": about["status"] + missing})
    texts = ("variant", "geo", "comparator", "activity", "period", "status", "provenance", "sources")
    columns = {column: pa.array([row.get(column) for row in rows], pa.string()) for column in texts}
    return pa.table(columns | {"value": finite([row["value"] for row in rows])})


def _embodied_table(cells: Sequence[dict[str, Any]], place: str) -> dict[str, float]:
    """Percent of services in each manufactured product of one table; NaN where there is none."""
    inner = [c for c in cells if c["kind"] == "intermediate"]
    sectors = sorted({c["col"] for c in cells if c["kind"] == "output"})
    _check_cells(cells, sectors, place)
    at = {name: i for i, name in enumerate(sectors)}
    services = np.zeros(len(sectors), dtype=np.bool_)
    services[[at[c["row"]] for c in inner if c["is_service"]]] = True
    z = np.zeros((len(sectors), len(sectors)))
    for c in inner:
        z[at[c["row"]], at[c["col"]]] = _number(c)
    x, added = (_vector(cells, kind, "col", at) for kind in ("output", "value_added"))
    for j in np.flatnonzero(services & np.isinf(added)):
        raise _refusal(place, sectors, j, "the value added of a service", "no such row")
    made = sorted({c["col"] for c in cells if c["is_manufacturing"] and c["kind"] != "final"})
    if not (np.isfinite(z).all() and np.isfinite(x).all() and np.isfinite(added[services]).all()):
        return dict.fromkeys(made, float("nan"))
    if any(c["kind"] == "final" for c in cells):
        _check_sales(z, x, _vector(cells, "final", "row", at), sectors, place)
    try:
        a = technical_coefficients(z, x, sectors)
        coefficients = technical_coefficients(np.where(services, added, 0.0)[None, :], x, sectors)[0]
        share = embodied(coefficients, a, sectors)
    except DataError as error:
        raise DataError(f"{place}: {error.message}", remedy=error.remedy) from error
    return {name: float(100 * share[at[name]]) if x[at[name]] > 0 else float("nan") for name in made}


def _check_cells(cells: Sequence[dict[str, Any]], sectors: Sequence[str], place: str) -> None:
    """Raise DataError unless kinds are known, cells stand once and are those of products with an output."""
    known, seen = set(sectors), set()
    sides = {"intermediate": ("row", "col"), "final": ("row",), "value_added": ("col",), "output": ("col",)}
    for c in cells:
        cell = (c["kind"], c["row"], c["col"])
        if c["kind"] not in sides:
            raise DataError(
                f"{place}: expected the kinds {', '.join(sides)}, found {c['kind']}",
                remedy="Correct `kind` in the model file",
            )
        if cell in seen:
            raise DataError(
                f"{place}: cell {'/'.join(map(str, cell))} stands twice", remedy="Select one table a variant"
            )
        seen.add(cell)
        for sector in (c[side] for side in sides[c["kind"]] if c[side] not in known):
            raise DataError(
                f"{place}: sector {sector}: expected an output, found no such row",
                remedy="Select output for every product, and no totals or valuation rows as intermediate",
            )


def _check_sales(z: Floats, x: Floats, final: Floats, sectors: Sequence[str], place: str) -> None:
    """Raise DataError naming the product whose intermediate and final sales are not its output."""
    sales = z.sum(axis=1) + np.where(np.isinf(final), 0.0, final)
    rounding = 0.5 * (len(x) + 1)
    for i in np.flatnonzero(np.abs(sales - x) > BALANCE * np.abs(x) + rounding):
        found = f"sales of {sales[i]:.6g} and an output of {x[i]:.6g}"
        raise _refusal(place, sectors, i, "intermediate and final sales equal to output, as in a domestic table", found)


def _vector(cells: Sequence[dict[str, Any]], kind: str, side: str, at: dict[str, int]) -> Floats:
    """Sums of one kind by sector: infinite where no cell is there, NaN where one is empty."""
    total, seen = np.zeros(len(at)), np.zeros(len(at), dtype=np.bool_)
    for c in (c for c in cells if c["kind"] == kind):
        total[at[c[side]]] += _number(c)
        seen[at[c[side]]] = True
    return np.where(seen, total, np.inf)


def _number(cell: dict[str, Any]) -> float:
    return float("nan") if cell["value"] is None else float(cell["value"])


def _distinct(texts: Any) -> str:
    return ";".join(sorted({part for text in texts for part in (text or "").split(";") if part}))


def _flows(z: npt.ArrayLike, x: npt.ArrayLike, axis: int) -> tuple[Floats, Floats]:
    z, x = np.asarray(z, dtype=np.float64), np.asarray(x, dtype=np.float64)
    if z.ndim != 2 or x.ndim != 1 or z.shape[axis] != x.size:
        raise DataError(
            f"input_output: expected flows with one {('row', 'column')[axis]} for each of {x.size} outputs, "
            f"found the shape {z.shape}",
            remedy="Give flows and outputs of the same sectors",
        )
    return z, x


def _square(matrix: npt.ArrayLike, place: str) -> Floats:
    matrix = np.asarray(matrix, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise DataError(
            f"{place}: expected a square matrix, found the shape {matrix.shape}",
            remedy="Give one row and one column for each sector",
        )
    return matrix


def _solve(matrix: Floats, right: Floats) -> Floats:
    return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)


def _normalised(sums: Floats) -> Floats:
    return sums / sums.mean()


def _refusal(place: str, names: Names, position: int | np.intp, expected: str, found: str) -> DataError:
    sector = names[int(position)] if names is not None else f"number {int(position) + 1}"
    return DataError(
        f"{place}: sector {sector}: expected {expected}, found {found}",
        remedy="Check the table for totals among the sectors, units that differ, or imports counted as domestic",
    )
