"""Small pictures that need no script: the course of a figure over time.

Belongs here: inline SVG from rows, with a text alternative. Does not belong here: charts with axes (site_charts.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from observatory.publishing.site_content import Row

WIDTH, HEIGHT, EDGE = 120, 28, 4


def runs(rows: Sequence[Row]) -> list[list[tuple[int, float]]]:
    """Positions and values of stretches without a gap: a missing figure and a break each end one."""
    found: list[list[tuple[int, float]]] = [[]]
    for place, row in enumerate(rows):
        if row["value"] is None or "B" in row["status"]:
            found.append([])
        if row["value"] is not None:
            found[-1].append((place, row["value"]))
    return [run for run in found if run]


def sparkline(rows: Sequence[Row], alternative: str) -> Markup:
    """The values of rows, oldest first, as a line with gaps; empty for fewer than two values or for windows."""
    known = [row["value"] for row in rows if row["value"] is not None]
    if len(known) < 2 or any("/" in row["period"] for row in rows):
        return Markup("")
    low, high = min(known), max(known)

    def x(place: int) -> float:
        return EDGE + (WIDTH - 2 * EDGE) * place / max(len(rows) - 1, 1)

    def y(value: float) -> float:
        return HEIGHT / 2 if high == low else HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * (value - low) / (high - low)

    lines = [" ".join(f"{x(place):.1f},{y(value):.1f}" for place, value in run) for run in runs(rows)]
    drawn = Markup("").join(Markup('<polyline points="{}"/>').format(line) for line in lines)
    last, value = runs(rows)[-1][-1]
    return Markup(
        '<svg class="spark" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">{}'
        '<circle cx="{}" cy="{}" r="2.5"/></svg>'
    ).format(alternative, WIDTH, HEIGHT, WIDTH, HEIGHT, drawn, f"{x(last):.1f}", f"{y(value):.1f}")
