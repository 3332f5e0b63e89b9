"""What every table asset has in common: key, deps, and the result that Dagster shows.

Belongs here: the one factory behind ingest.py, core.py and indicators.py. Does not belong here: which tables
there are.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg

from observatory import lineage
from observatory.build import Workspace

OWNERS = ["team:observatory"]


def key(relation: str) -> dg.AssetKey:
    """Asset key of ``schema.table``."""
    return dg.AssetKey(relation.split(".", 1))


def result(ws: Workspace, relation: str) -> dg.MaterializeResult[Any]:
    """Make a table and describe what stands there: rows, columns and what they come from, whether it was made
    now, its content hash.
    """
    made, is_new = ws.make(relation)
    comments = ws.column_comments(relation)
    columns = [dg.TableColumn(name, kind, description=comments.get(name)) for name, kind in made.columns.items()]
    behind = {
        column: [dg.TableColumnDep(asset_key=key(source), column_name=name) for source, name in sources]
        for column, sources in lineage.columns_behind(ws, relation).items()
    }
    return dg.MaterializeResult(
        asset_key=key(relation),
        metadata={
            "dagster/row_count": made.rows,
            "dagster/column_schema": dg.TableSchema(columns),
            "dagster/uri": ws.path(relation).as_uri(),
            "made_now": is_new,
            **({"dagster/column_lineage": dg.TableColumnLineage(deps_by_column=behind)} if behind else {}),
        },
        data_version=dg.DataVersion(made.sha256),
    )


def table_asset(
    ws: Workspace,
    relation: str,
    *,
    deps: Iterable[dg.AssetKey],
    kinds: set[str],
    code_version: str,
    metadata: Mapping[str, Any],
) -> dg.AssetsDefinition:
    """The asset of one table."""

    @dg.asset(
        key=key(relation),
        deps=list(deps),
        group_name=relation.split(".", 1)[0],
        kinds=kinds,
        owners=OWNERS,
        code_version=code_version,
        description=ws.table_comment(relation),
        metadata=metadata,
    )
    def table() -> dg.MaterializeResult[Any]:
        return result(ws, relation)

    return table
