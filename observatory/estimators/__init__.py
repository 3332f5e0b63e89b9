"""Mathematics that SQL cannot do: pure functions, Arrow in and Arrow out, on plain numpy functions.

Belongs here: the table of estimators a model header may name, and the check of an estimator's input columns.
Does not belong here: I/O, settings, anything a SELECT can say, and the finishing of the common columns
(models.py).

An estimator takes what the SELECT assembled and returns rows with those of the common columns that apply; it
may concatenate the status letters of its inputs, and their provenance and sources with ``;``. What has no
value has a row all the same, with a null and status M.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, cast

from observatory.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

    Estimator = Callable[[pa.Table], pa.Table]

ESTIMATORS = (
    "bridge.linked",
    "convergence.beta_rows",
    "convergence.catchup_years",
    "hub.class_rows",
    "hub_rows.distance",
    "hub_rows.index",
    "input_output.embodied_services",
    "intervals.location_quotient",
    "linkages.backward",
    "linkages.forward",
    "programme.funnel",
    "programme.pace",
    "programme.reach",
    "programme.shares",
    "programme.step_time",
    "relatedness_rows.complexity",
    "relatedness_rows.density",
    "shift_share.components",
    "structure_rows.agglomeration",
    "structure_rows.standardised",
    "trend.slope",
)

_SE = (
    "sqrt((1 - e_ij / e_j) / e_ij + (1 - e_i / e) / e_i - "
    "(case when part_whole then 2 * (1 - e_ij / e_j) / e_i else 0 end))"
)
_LQ = "(e_ij / e_j) / (e_i / e)"
FORMULAS = {
    "intervals.location_quotient": {
        "value": _LQ,
        "lower": f"{_LQ} * exp(-1.959963984540054 * {_SE})",
        "upper": f"{_LQ} * exp(1.959963984540054 * {_SE})",
    },
    "programme.shares": {"value": "100 * k / n"},
}
"""What estimators that take each row of the SELECT by itself compute from its columns, to be told with the numbers."""


def resolve(name: str) -> Estimator:
    """The estimator that a model header names, ``<module>.<function>``.

    Raises DataError, listing what there is, for any other name.
    """
    if name not in ESTIMATORS:
        raise DataError(
            f"estimator: expected one of {', '.join(ESTIMATORS)}, found {name!r}",
            remedy="Correct `estimator` in the header of the model file, or add it to observatory/estimators",
        )
    module, function = name.split(".")
    return cast("Estimator", getattr(importlib.import_module(f"{__name__}.{module}"), function))


def require(table: pa.Table, columns: Iterable[str], estimator: str) -> None:
    """Raise DataError naming the columns that an estimator needs and ``table`` has not."""
    if missing := [column for column in columns if column not in table.column_names]:
        raise DataError(
            f"{estimator}: expected column {', '.join(missing)}, found {', '.join(table.column_names)}",
            remedy="Select it in the model file",
        )
