"""Asset checks: one step a table, a check of severity critical blocks what comes after.

Belongs here: telling Dagster what quality.py found. Does not belong here: what is checked.
"""

from collections.abc import Iterator

import dagster as dg

from assets.tables import key
from observatory import check_plans, quality, releases
from observatory.build import Workspace


def checks(ws: Workspace) -> list[dg.AssetChecksDefinition]:
    """One multi-check for each table that has checks."""
    return [_table(ws, relation, found) for relation in ws.relations if (found := check_plans.planned(ws, relation))]


def _table(ws: Workspace, relation: str, planned: list[check_plans.Check]) -> dg.AssetChecksDefinition:
    others = [key(other) for other in check_plans.looks_at(ws, relation)]
    specs = [
        dg.AssetCheckSpec(
            check.name,
            asset=key(relation),
            description=check.meaning,
            blocking=check.severity == "critical",
            additional_deps=others,
            metadata={"kind": check.kind},
        )
        for check in planned
    ]

    @dg.multi_asset_check(name=f"check_{relation.replace('.', '__')}", specs=specs)
    def check() -> Iterator[dg.AssetCheckResult]:
        for found in quality.run(ws, relation, releases.latest(ws.settings.releases)):
            severity = dg.AssetCheckSeverity.ERROR if found.severity == "critical" else dg.AssetCheckSeverity.WARN
            yield dg.AssetCheckResult(
                asset_key=key(relation),
                check_name=found.name,
                passed=found.passed,
                severity=severity,
                description=found.meaning,
                metadata={"observed": found.observed, "sample": dg.MetadataValue.json(found.sample)},
            )

    return check
