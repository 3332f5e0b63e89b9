"""From raw tables to core tables in our codes: one asset a file of ``sql/core``.

Belongs here: nothing but that. Does not belong here: the SQL, or the indicators.
"""

import dagster as dg

from assets.tables import key, table_asset
from observatory.build import Workspace


def assets(ws: Workspace, schema: str = "core") -> list[dg.AssetsDefinition]:
    """One asset for each model of ``schema``."""
    return [
        table_asset(
            ws,
            relation,
            deps=[key(source) for source in model.inputs],
            kinds={"sql", "duckdb", "parquet"},
            code_version=model.code_version,
            metadata={
                "definition": model.header.definition,
                "unit": model.header.unit,
                "row": model.header.row,
                "sql": dg.MetadataValue.md(f"```sql\n{model.sql}\n```"),
            },
        )
        for relation, model in ws.models.items()
        if model.schema == schema
    ]
