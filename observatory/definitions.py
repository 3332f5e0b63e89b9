"""The Dagster entry point: one function that loads the assets when somebody asks for them.

Belongs here: nothing else. Importing this module loads neither assets nor data.
"""

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """All assets, checks, jobs and schedules of the observatory."""
    from assets import build
    from observatory.build import Workspace

    return build(Workspace())
