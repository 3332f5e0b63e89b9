"""From core tables to indicators: one asset a file of ``sql/indicators``.

Belongs here: nothing but that; a new indicator needs no change here.
"""

import dagster as dg

from assets import core
from observatory.build import Workspace


def assets(ws: Workspace) -> list[dg.AssetsDefinition]:
    """One asset for each indicator."""
    return core.assets(ws, "indicators")
