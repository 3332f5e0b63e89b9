"""A table and a chart for notebooks and reports that carry their source and their mark along.

Belongs here: showing a frame of ``ob.load``. Does not belong here: the site's charts (site_charts.py), workbooks.
Heavy imports stand in the functions, as a notebook may want one of the two alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from observatory.errors import UsageError

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

MARKS = {
    "synthetic": "MADE-UP FIGURES: no evidence of anything",
    "survey": "Survey figures: what firms say",
    "programme": "Programme figures: what the registers of the programme say",
    "official": "",
}
NEEDED = ("geo", "period", "value", "status", "provenance")


def mark(frame: pd.DataFrame) -> str:
    """What must be said of where the figures come from; the weakest provenance speaks. Empty for official figures."""
    found = set(frame["provenance"]) if "provenance" in frame else set(frame.attrs.get("provenance", ()))
    return next((words for provenance, words in MARKS.items() if provenance in found), "")


def source(frame: pd.DataFrame) -> str:
    """The line below a table or chart: citation with its release. Raises UsageError for a frame that has none."""
    citation = frame.attrs.get("citation")
    if not citation:
        raise UsageError("this frame does not say where it comes from", remedy="Take it from ob.load(...)")
    return str(citation)


class Shown:
    """A table as HTML in a notebook and as text elsewhere, with title, unit, mark and source."""

    def __init__(self, frame: pd.DataFrame, columns: Sequence[str] | None = None) -> None:
        self.title = str(frame.attrs.get("name", ""))
        self.unit = str(frame.attrs.get("unit", ""))
        self.mark, self.source = mark(frame), source(frame)
        self.frame = frame[list(columns)] if columns else frame.dropna(axis=1, how="all")

    def _repr_html_(self) -> str:
        rows = self.frame.to_html(index=False, escape=True, na_rep="", border=0)
        warning = f'<strong style="color:#b35900">{escape(self.mark)}</strong><br>' if self.mark else ""
        head = f"<strong>{escape(self.title)}</strong> ({escape(self.unit)})<br>{warning}"
        return f"<div>{head}{rows}<small>{escape(self.source)}</small></div>"

    def __repr__(self) -> str:
        lines = [f"{self.title} ({self.unit})", self.mark, self.frame.to_string(index=False, na_rep=""), self.source]
        return "\n".join(line for line in lines if line)


def table(frame: pd.DataFrame, columns: Sequence[str] | None = None) -> Shown:
    """``frame`` (or some of its columns) with its title, unit, mark and source.

    Raises UsageError for a frame that does not say where it comes from.
    """
    return Shown(frame, columns)


def chart(frame: pd.DataFrame, width: int = 480, height: int = 280) -> alt.LayerChart:
    """Lines by place over years: intervals as bands, low reliability hollow, provisional smaller, a break as a gap.

    Needs the columns geo, period, value, status and provenance, one row for each place and year. The mark and the
    source are part of the picture. Raises UsageError for columns missing or a place and year that stands twice.
    """
    import altair as alt

    if missing := [column for column in NEEDED if column not in frame]:
        raise UsageError(f"a chart needs the column {', '.join(missing)}", remedy="Take the frame from ob.load(...)")
    if frame.duplicated(["geo", "period"]).any():
        raise UsageError(
            "a place and year stands twice in this frame",
            remedy="Choose one variant, activity and comparator: ob.load(name, variant=...)",
        )
    data = frame.sort_values(["geo", "period"]).copy()
    data["segment"] = data["status"].str.contains("B").groupby(data["geo"]).cumsum().astype(str)
    data["low"] = data["status"].str.contains("U")
    data["provisional"] = data["status"].str.contains("P")
    below = [source(frame)] if not mark(frame) else [mark(frame), source(frame)]
    title: Any = alt.TitleParams(str(frame.attrs["name"]), subtitle=below, anchor="start", subtitleFontSize=10)
    base = alt.Chart(data).encode(
        x=alt.X("period:O", title=None),
        y=alt.Y("value:Q", title=str(frame.attrs["unit"]), scale=alt.Scale(zero=False)),
        color=alt.Color("geo:N", title=None),
        detail="segment:N",
    )
    line = base.mark_line()
    points = base.mark_point(size=40).encode(
        fillOpacity=alt.condition("datum.low", alt.value(0), alt.value(1)),
        size=alt.condition("datum.provisional", alt.value(15), alt.value(40)),
        fill="geo:N",
        tooltip=["geo", "period", "value", "status", "provenance"],
    )
    layers = [line, points]
    if data["lower"].notna().any() if "lower" in data else False:
        layers.insert(0, base.mark_area(opacity=0.15).encode(y="lower:Q", y2="upper:Q"))
    return alt.LayerChart(layer=layers).properties(title=title, width=width, height=height)
