"""Reading published figures back from a release.

Belongs here: choosing rows of a release's tables. Does not belong here: printing (tables.py) or the build.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from observatory.errors import UsageError
from observatory.releases import manifest

if TYPE_CHECKING:
    import pyarrow as pa


def indicator(release: Path, name: str, wanted: Mapping[str, Sequence[str]]) -> tuple[pa.Table, str]:
    """Rows of one indicator whose columns have the wanted values, and a title with unit and release.

    Raises UsageError for an indicator or a value that the release does not have, naming those it has.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    found = {r["name"]: r for r in manifest(release)["resources"] if r["relation"].startswith("indicators.")}
    if name not in found:
        raise UsageError(f"no indicator {name!r} in release {release.name}", remedy=f"Indicators: {', '.join(found)}")
    table = pq.read_table(release / found[name]["path"])
    for column, values in wanted.items():
        known = sorted(set(table[column].to_pylist()) - {None})
        if unknown := [v for v in values if v not in known]:
            raise UsageError(
                f"{name} has no {column} {', '.join(unknown)}", remedy=f"It has: {', '.join(known) or 'none'}"
            )
        table = table.filter(pc.is_in(table[column], value_set=pa.array(list(values))))
    return table.combine_chunks().replace_schema_metadata(None), (
        f"{found[name]['title']} ({found[name]['unit']}), release {release.name}"
    )
