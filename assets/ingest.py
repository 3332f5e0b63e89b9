"""From snapshots and the catalogue's files to raw and reference tables.

Belongs here: the assets ``snapshots/*`` (external: fetching moves the lock, not a run), ``raw/*`` and
``catalogue/*``. Does not belong here: our codes (core.py).
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets.tables import OWNERS, key, result, table_asset
from observatory.build import Workspace


def assets(ws: Workspace) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """Snapshots as external assets, one raw asset a source, and the catalogue's tables in one step."""
    return [*_snapshots(ws), *(_raw(ws, source) for source in ws.sources), _catalogue(ws)]


def _snapshots(ws: Workspace) -> list[dg.AssetSpec]:
    specs = []
    for source in ws.sources:
        pin = ws.pins[source]
        entry = pin.entry
        specs.append(
            dg.AssetSpec(
                key=["snapshots", source],
                group_name="snapshots",
                owners=OWNERS,
                kinds={entry.publisher, "file"},
                description=entry.citation,
                metadata={
                    "request": entry.request,
                    "updated": entry.updated or "",
                    "retrieved_at": entry.retrieved_at.isoformat(),
                    "sha256": entry.sha256,
                    "bytes": entry.bytes,
                    "licence": entry.licence,
                    "provenance": entry.provenance,
                    "acquired": entry.acquired,
                    "store": pin.store.name,
                },
            )
        )
    return specs


def _raw(ws: Workspace, source: str) -> dg.AssetsDefinition:
    contract = ws.catalogue.sources[source]
    return table_asset(
        ws,
        f"raw.{source}",
        deps=[dg.AssetKey(["snapshots", source])],
        kinds={contract.publisher, "parquet"},
        code_version=ws.code_fingerprint[:16],
        metadata={"dagster/url": dg.MetadataValue.url(contract.url)},
    )


def _catalogue(ws: Workspace) -> dg.AssetsDefinition:
    relations = list(ws.catalogue_tables)
    specs = [
        dg.AssetSpec(
            key=key(relation),
            group_name="catalogue",
            owners=OWNERS,
            kinds={"csv", "parquet"},
            description=ws.table_comment(relation),
        )
        for relation in relations
    ]

    @dg.multi_asset(name="catalogue", specs=specs)
    def catalogue(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        for relation in relations:
            yield result(ws, relation, context.run.run_id)

    return catalogue
