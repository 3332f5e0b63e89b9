"""An indicator as a JSON-stat 2.0 dataset.

Belongs here: writing. Does not belong here: reading, which is ``formats/jsonstat.py``; a dataset written here reads
back there to the same figures and statuses. Facts: JSON-stat format 2.0, Badosa.

The dimensions are the key of indicators, the provenance of the row, and the measure (figure, bounds, cases). Cells are
sparse: one that is named in ``status`` and not in ``value`` is a row without a figure, one that is named in neither is
no row.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from observatory.errors import DataError
from observatory.publishing import numbers
from observatory.publishing.edition import KEY, MEASURES, Edition, Table
from observatory.publishing.messages import COLUMNS, PROVENANCES, STATUSES, words

NONE = "_Z"
"""Code of a dimension that does not apply to a row; the one of SDMX."""
DIMENSIONS = (*KEY, "provenance")


def dataset(edition: Edition, table: Table, language: str = "en") -> dict[str, Any]:
    """One indicator; labels in ``language``. Raises DataError for two rows of one key and for a row without status."""
    rows = table.content
    measures = [m for m in MEASURES if m == "value" or rows[m].null_count < rows.num_rows]
    codes = {name: sorted(set(_text(rows, name))) for name in DIMENSIONS}
    sizes = [*(len(found) for found in codes.values()), len(measures)]
    at = np.zeros(rows.num_rows, dtype=np.int64)
    for name, found in codes.items():
        place = {code: n for n, code in enumerate(found)}
        at = at * len(found) + np.array([place[code] for code in _text(rows, name)], dtype=np.int64)
    if len(np.unique(at)) < len(at):
        raise DataError(
            f"{table.path}: two rows of one key", remedy="Restore the release: `observatory releases verify`"
        )
    values, statuses = _cells(table, rows, at * len(measures), measures)
    return {
        "version": "2.0",
        "class": "dataset",
        "label": table.title(language),
        "source": "; ".join(source.citation for source in table.sources),
        "updated": edition.created,
        "note": [table.definition, *table.caveats],
        "id": [*codes, "measure"],
        "size": sizes,
        "role": {"time": ["period"], "geo": ["geo", "comparator"], "metric": ["measure"]},
        "dimension": {
            **{name: _dimension(edition, name, found, language) for name, found in codes.items()},
            "measure": {
                "label": words(COLUMNS["measure"], language),
                "category": {
                    "index": measures,
                    "label": {m: words(COLUMNS[m], language) for m in measures},
                    "unit": {m: _unit(table.unit if m != "n" else "cases") for m in measures},
                },
            },
        },
        "value": values,
        "status": statuses,
        "extension": {
            "indicator": table.name,
            "release": edition.release,
            "unit": table.unit,
            "definition": table.definition,
            "provenances": list(table.provenances),
            "licence": edition.licence[1],
            "citation": edition.citation,
            "status": {"label": {letter: words(text, language) for letter, text in STATUSES.items()}},
        },
    }


def _unit(unit: str) -> dict[str, Any]:
    """A unit; the format asks for the decimals that its figures are shown with."""
    return {"label": unit, "decimals": numbers.unit_decimals(unit)}


def document(edition: Edition, table: Table, language: str = "en") -> bytes:
    """The dataset as UTF-8 JSON. Raises DataError also for a figure that is not finite, which JSON does not have."""
    try:
        text = json.dumps(dataset(edition, table, language), ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise DataError(f"{table.path}: {error}", remedy="Mend the model: a missing figure is null") from error
    return text.encode() + b"\n"


def _text(rows: pa.Table, name: str) -> list[str]:
    return [NONE if code is None else str(code) for code in rows[name].to_pylist()]


def _cells(
    table: Table, rows: pa.Table, first: npt.NDArray[np.int64], measures: list[str]
) -> tuple[dict[str, float], dict[str, str]]:
    """Numbers and statuses by position; ``first`` is the position of each row's first measure."""
    values: dict[str, float] = {}
    statuses: dict[str, str] = {}
    marks = rows["status"].to_pylist()
    if not all(marks):
        raise DataError(f"{table.path}: a row without status", remedy="Mend the model: A is the normal status")
    for n, measure in enumerate(measures):
        for at, number, mark in zip(first.tolist(), rows[measure].to_pylist(), marks, strict=True):
            if number is not None:
                values[str(at + n)] = number
            if number is not None or measure == "value":
                statuses[str(at + n)] = mark
    return values, statuses


def _dimension(edition: Edition, name: str, codes: list[str], language: str) -> dict[str, Any]:
    labels = {code: code for code in codes}
    if name in {"geo", "comparator"}:
        labels = {code: edition.place(code, language) for code in codes}
    if name == "provenance":
        labels = {code: words(PROVENANCES[code], language) for code in codes}
    if NONE in labels:
        labels[NONE] = words(COLUMNS["not_applicable"], language)
    return {"label": words(COLUMNS[name], language), "category": {"index": codes, "label": labels}}
