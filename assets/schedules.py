"""When the observatory runs by itself.

Belongs here: jobs and schedules. Does not belong here: what a run does, and what a run waits for (sensors.py).
"""

import dagster as dg

from observatory.build import Workspace

TIMEZONE = "Europe/Madrid"

refresh = dg.define_asset_job("refresh", selection=dg.AssetSelection.all(), description="Build, check and publish")


def schedules(ws: Workspace, fetch: dg.JobDefinition) -> list[dg.ScheduleDefinition]:
    """The quarterly fetch and refresh. One run goes at a time (dagster.yaml), so the refresh waits for the fetch."""
    status = dg.DefaultScheduleStatus.RUNNING if ws.settings.automation else dg.DefaultScheduleStatus.STOPPED
    return [
        dg.ScheduleDefinition(
            name="quarterly_fetch",
            job=fetch,
            # the publishers load between 09:00 and 09:20 local time
            cron_schedule=ws.settings.fetch_at,
            execution_timezone=TIMEZONE,
            default_status=status,
            description="Ask for all tables before the quarterly release, those without a stamp as well",
        ),
        dg.ScheduleDefinition(
            name="quarterly",
            job=refresh,
            cron_schedule=ws.settings.refresh_at,
            execution_timezone=TIMEZONE,
            default_status=status,
            description="The quarterly release; by default on the 15th of January, April, July and October",
        ),
    ]
