"""Models outside a refresh: whether they would run on an engine, and running some over other tables.

Belongs here: checking every model against an engine without running it, and running model files on tables that are
named, such as a panel of firms. Does not belong here: the build (build.py), what an engine is (engines/).
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from observatory import models as model_files
from observatory.build import Workspace, carry_out
from observatory.engines import engine_of
from observatory.engines.spark_sql import NotPortable
from observatory.errors import DataError, UsageError
from observatory.models import Model

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Verdict:
    """A model file and what an engine has against it, a line each: ``file:line: construct. remedy``."""

    model: Model
    faults: tuple[str, ...]


def check(ws: Workspace, wanted: Sequence[str] = ()) -> Iterator[Verdict]:
    """Whether the models (all, or those of these names) would run on the engine of the settings; nothing is run.

    Raw tables are needed for their columns and made where they are missing. Raises UsageError for an unknown name.
    """
    names = {model.name for model in ws.models.values()}
    if unknown := sorted(set(wanted) - names):
        raise UsageError(f"no model named {', '.join(unknown)}", remedy=f"Models: {', '.join(sorted(names))}")
    engine, schemas = ws.runner, dict[str, "pa.Schema"]()
    for relation, model in ws.models.items():
        faults: tuple[str, ...] = ()
        given = {name: _schema(ws, name, schemas) for name in model.inputs}
        try:
            bound = ws.engine.check(model.sql, given, name=str(model.path))
            if model.schema == "core" and model.header.estimator is None:
                schemas[relation] = bound
            if not wanted or model.name in wanted:
                engine.check(model.sql, given, name=str(model.path))
        except NotPortable as error:
            first = model.text[: model.text.index(model.sql)].count("\n")
            faults = tuple(f"{model.path}:{first + lack.line}: {lack.construct}. {lack.remedy}" for lack in error.lacks)
        except DataError as error:
            faults = (str(error),)
        if not wanted or model.name in wanted:
            yield Verdict(model, faults)


def _schema(ws: Workspace, relation: str, known: Mapping[str, pa.Schema]) -> pa.Schema:
    """Columns of a relation: said by the binder, common to indicators, or those of the table, made if need be."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if relation in known:
        return known[relation]
    if relation in ws.catalogue_tables:
        return ws.catalogue_tables[relation].schema
    if relation.startswith("indicators."):
        return model_files.finish(pa.table({}), ws.models[relation]).schema
    if ws.made(relation) is None:
        for name in ws.inputs(relation):
            _schema(ws, name, {})
        ws.make(relation)
    return pq.read_schema(ws.path(relation))


def run(ws: Workspace, files: Sequence[Path], tables: Mapping[str, Path], output: Path) -> dict[str, Path]:
    """Run model files in the order of their dependencies on the engine of the settings.

    A relation is what ``tables`` names (a Parquet file or a folder of them), else what an earlier file of the same run
    made, else the table of the build. Returns the Parquet file of each model, ``<output>/<schema>/<table>.parquet``.
    Raises DataError for a model that reads what is not there.
    """
    models = {model.relation: model for model in map(model_files.parse, files)}
    if missing := [str(path) for path in tables.values() if not path.exists()]:
        raise UsageError(f"{', '.join(missing)}: no such file or folder", remedy="Give the path of a Parquet table")
    graph = {name: [r for r in model.inputs if r in models] for name, model in models.items()}
    engine, made = engine_of(ws.settings), dict[str, Path]()
    ws.settings.build.mkdir(parents=True, exist_ok=True)  # where engines spill; they make no folder above their own
    for name in graphlib.TopologicalSorter(graph).static_order():
        model = models[name]
        given = dict(tables) | made
        views = {r: given[r] for r in model.inputs if r in given}
        for relation in set(model.inputs).intersection(ws.catalogue_tables) - set(views):
            ws.make(relation)
        target = output / model.schema / f"{model.name}.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        carry_out(engine, model, views | ws.views(r for r in model.inputs if r not in views), target)
        ws.progress(f"{name}: {target}")
        made[name] = target
    return made
