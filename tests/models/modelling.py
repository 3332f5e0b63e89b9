"""Runs one model of sql/ on tables that a test writes down."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from observatory.build import Workspace
from observatory.estimators import resolve
from observatory.models import finish

Rows = Sequence[Mapping[str, Any]]


def run(ws: Workspace, folder: Path, name: str, tables: Mapping[str, Rows]) -> list[dict[str, Any]]:
    """Rows of model ``name`` with ``tables`` in the place of relations of those names, else those of ``ws``."""
    model = ws.models[name]
    views = dict(ws.views(model.inputs))
    for relation, rows in tables.items():
        made = pq.read_schema(ws.path(relation))
        columns = {
            field.name: pa.array([row.get(field.name) for row in rows], field.type)
            for field in made
            if not pa.types.is_null(field.type)
        }
        pq.write_table(pa.table(columns), folder / f"{relation}.parquet")
        views[relation] = folder / f"{relation}.parquet"
    found = ws.engine.to_arrow(model.sql, views, name=name)
    if model.header.estimator:
        found = resolve(model.header.estimator)(found)
    return finish(found, model).to_pylist() if name.startswith("indicators.") else found.to_pylist()
