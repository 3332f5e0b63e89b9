"""The Dagster side: assets, checks, jobs, schedules and sensors, each in the module that its name says.

Belongs here: how Dagster sees the observatory. Does not belong here: any work; every asset calls one function of
the library. Asset key = schema and table name, in the release as in the files.
"""

import dagster as dg

from assets import checks, core, executor, fetch, indicators, ingest, release, schedules, sensors
from observatory.build import Workspace


def build(ws: Workspace) -> dg.Definitions:
    """Definitions of one workspace."""
    fetching = fetch.job(ws)
    return dg.Definitions(
        assets=[*ingest.assets(ws), *core.assets(ws), *indicators.assets(ws), *release.assets(ws)],
        asset_checks=checks.checks(ws),
        jobs=[schedules.refresh, fetching],
        schedules=schedules.schedules(ws, fetching),
        sensors=sensors.sensors(ws, fetching),
        executor=executor.executor(ws),
    )
