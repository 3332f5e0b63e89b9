"""Which domains of a survey may be estimated: the one-way margins of turnover and of service turnover.

Belongs here: from accepted firms to closed domains. Does not belong here: the estimates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from observatory.disclosure.rules import Rules
from observatory.disclosure.suppression import protect
from observatory.disclosure.tables import Firms, Layout

if TYPE_CHECKING:
    import pyarrow as pa

UNKNOWN = "?"


def closed_domains(firms: pa.Table, domains: Sequence[str], rules: Rules) -> frozenset[tuple[str, str]]:
    """Domains (dimension, category) that may not be shown: unsafe in turnover or in service turnover, or needed to
    protect one that is. The whole of the survey is shown with each dimension beside it.

    A ratio is closed with either of its sides, so a domain is closed for all its figures. Firms without an answer count
    in no variable; holdings count as one unit.
    """
    rows = firms.select(
        [*domains, "firm", "holding", "turnover", "service_turnover", "share_pct", "weight"]
    ).to_pylist()
    used = [d for d in domains if any(row[d] is not None for row in rows)]
    closed: set[tuple[str, str]] = set()
    for variable in ("turnover", "services"):
        kept = [(row, value) for row in rows if (value := _value(row, variable)) is not None]
        for dimension in used:
            column = [str(row[dimension] or UNKNOWN) for row, _ in kept]
            layout = Layout({dimension: tuple(dict.fromkeys(sorted(column)))})
            table = Firms(
                {dimension: column},
                [str(row["holding"] or row["firm"]) for row, _ in kept],
                [value for _, value in kept],
                [float(row["weight"] or 1.0) for row, _ in kept],
            )
            done = protect(layout, table, rules)
            closed |= {(dimension, key[0]) for key in done.reasons if key[0] != "*"}
    return frozenset(closed)


def _value(row: dict[str, object], variable: str) -> float | None:
    turnover, services, share = row["turnover"], row["service_turnover"], row["share_pct"]
    if variable == "turnover":
        return float(str(turnover)) if turnover is not None else None
    if services is not None:
        return float(str(services))
    return float(str(turnover)) * float(str(share)) / 100 if turnover is not None and share is not None else None
