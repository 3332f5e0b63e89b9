"""The ends of the flow: the DuckDB file for analysts and the release.

Belongs here: these two assets. Does not belong here: what a release holds (releases.py).
"""

from typing import Any

import dagster as dg

from assets.tables import OWNERS, key
from observatory import releases
from observatory.build import Workspace


class ReleaseConfig(dg.Config):
    """Which quarter to publish under; empty for the present one."""

    quarter: str = ""


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
        for relation in ws.relations:
            # a table fetched for the first time is in the lock before it is in the graph of a server that runs on
            if not ws.path(relation).exists():
                ws.make(relation)
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
        outcome = releases.publish(ws, config.quarter or None)
        return dg.MaterializeResult(
            metadata={"release": outcome.release, "path": str(outcome.path), "is_new": outcome.is_new}
        )

    return [database, release]
