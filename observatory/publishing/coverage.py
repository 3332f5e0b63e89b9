"""What a table covers in time and space, for descriptions of it.

Belongs here: first and last year, places. Does not belong here: how a description writes them (dcat.py, schema_org.py).
"""

from __future__ import annotations

import re

from observatory.publishing.edition import Table

_YEARS = re.compile(r"\d{4}")


def years(table: Table) -> tuple[str, str] | None:
    """First and last year of its periods, or None where it has none."""
    if "period" not in table.content.column_names:
        return None
    found = [year for period in table.content["period"].unique().to_pylist() for year in _YEARS.findall(period)]
    return (min(found), max(found)) if found else None


def places(table: Table) -> list[str]:
    """Codes of its places, sorted."""
    if "geo" not in table.content.column_names:
        return []
    return sorted(table.content["geo"].unique().to_pylist())


def made_up(table: Table) -> str:
    """A sentence on rows that are made up; empty if none is."""
    return (
        f"{table.made_up} of its {table.rows} rows are made-up data and evidence of nothing." if table.made_up else ""
    )
