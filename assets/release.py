"""The ends of the flow: the DuckDB file for analysts and the release.

Belongs here: these two assets. Does not belong here: what a release holds (releases.py).
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets.tables import OWNERS, key
from observatory import check_plans, quality, releases
from observatory.build import Workspace
from observatory.errors import ObservatoryError


class ReleaseConfig(dg.Config):
    """Which quarter to publish under; empty for the present one."""

    quarter: str = ""


def complete(ws: Workspace) -> list[str]:
    """Make and check what is in the lock and not in the graph; returns those relations.

    A table fetched for the first time is in the lock at once, and in the graph of a code server when that starts again.
    """
    checked = {result.table for result in quality.results(ws, complete=False)}
    known = {relation for relation in ws.relations if ws.path(relation).exists()}
    new = [r for r in ws.relations if r not in known or (r not in checked and check_plans.planned(ws, r))]
    for relation in new:
        ws.make(relation)
        quality.run(ws, relation, releases.latest(ws.settings.releases))
    return new


@contextlib.contextmanager
def reasons(ws: Workspace, step: str) -> Iterator[None]:
    """Keep why a step failed, as making a table does: Dagster hands on no exception, only its text."""
    try:
        yield
    except ObservatoryError as error:
        if error not in ws.failures.values():
            ws.failures[step] = error
        raise


def assets(ws: Workspace) -> list[dg.AssetsDefinition]:
    """The database and the release."""
    everything = [key(relation) for relation in ws.relations]
    published = [key(relation) for relation in ws.models]

    @dg.asset(
        key="database",
        deps=everything,
        group_name="release",
        kinds={"duckdb"},
        owners=OWNERS,
        description="observatory.duckdb: raw, catalogue, core and indicators, every table and column commented",
    )
    def database() -> dg.MaterializeResult[Any]:
        with reasons(ws, "database"):
            complete(ws)
            is_new = ws.make_database()
        return dg.MaterializeResult(metadata={"path": str(ws.settings.database), "made_now": is_new})

    @dg.asset(
        key="release",
        deps=published,
        group_name="release",
        kinds={"parquet"},
        owners=OWNERS,
        description="The immutable quarterly release of core and indicator tables",
    )
    def release(config: ReleaseConfig) -> dg.MaterializeResult[Any]:
        with reasons(ws, "release"):
            complete(ws)
            outcome = releases.publish(ws, config.quarter or None)
        return dg.MaterializeResult(
            metadata={"release": outcome.release, "path": str(outcome.path), "is_new": outcome.is_new}
        )

    return [database, release]
