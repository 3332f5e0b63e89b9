"""When the observatory runs by itself.

Belongs here: jobs and schedules. Does not belong here: what a run does.
"""

import dagster as dg

refresh = dg.define_asset_job("refresh", selection=dg.AssetSelection.all(), description="Build, check and publish")

quarterly = dg.ScheduleDefinition(
    name="quarterly",
    job=refresh,
    # the publishers load between 09:00 and 09:20 local time; the regional accounts of a year appear within a quarter
    cron_schedule="0 10 15 1,4,7,10 *",
    execution_timezone="Europe/Madrid",
    description="The quarterly release, on the 15th of January, April, July and October",
)
