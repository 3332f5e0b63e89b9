"""Chart specifications, made with Altair, and the scripts that draw them.

Belongs here: what marks an interval, a flag and a break have; the bundle of Vega's scripts. Does not belong here: the
figures, which the browser binds to the named data sets below (static/chart.js), and words.

Data sets: ``points`` (one row a figure), ``segments`` (one row a stretch of line; none across a gap), ``bands`` (bounds
of intervals, one row a figure and stretch), ``marks`` (one row with the word for made-up figures, if any is shown).
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
from collections.abc import Mapping
from typing import Any, Literal

from observatory.publishing import numbers
from observatory.publishing import site_messages as messages
from observatory.publishing.site_messages import Language

View = Literal["series", "rank", "dots"]
VIEWS: tuple[View, ...] = ("series", "rank", "dots")
COLOURS = ["#0b4f8a", "#b3450b", "#0f6b5c", "#9d174d", "#5b21b6", "#6b5900", "#1f2937", "#a11212"]
SHAPES = ["circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "triangle-right", "triangle-left"]
FONT = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"
DASH = [5, 4]
UNIT = "@unit@"
TIPS = {"period": "column.period", "shown": "column.value", "interval": "column.interval", "status": "column.status"}
"""What is said of a point, below its name, and the message that heads it."""


def specifications(language: Language, unit: str) -> Mapping[View, dict[str, Any]]:
    """The specification of each view in a language, for figures of a unit."""
    decimal, thousands = numbers.symbols(language)
    locale = {"decimal": decimal, "thousands": thousands, "grouping": [3], "currency": ["", "€"]}
    words = {UNIT: unit} | {f"@{name}@": messages.text(language, message) for name, message in TIPS.items()}
    found: dict[View, dict[str, Any]] = {}
    for view in VIEWS:
        text = _specification(view)
        for stand_in, word in words.items():
            text = text.replace(json.dumps(stand_in), json.dumps(word))
        found[view] = json.loads(text)
        found[view]["config"]["locale"] = {"number": locale}
    return found


@functools.cache
def _specification(view: View) -> str:
    """A view's specification with stand-ins for words: making one takes Altair a tenth of a second."""
    chart = _series(UNIT) if view == "series" else _rank(UNIT) if view == "rank" else _dots(UNIT)
    size: dict[str, Any] = {"width": "container", "height": 340}
    if view != "series":
        size |= {"height": {"step": 26}, "autosize": {"type": "fit-x", "contains": "padding"}}
    chart = chart.properties(title=_title(), **size)
    return json.dumps(_configured(chart).to_dict())


def _title() -> Any:
    import altair as alt

    return alt.TitleParams(
        text="", subtitle=[""], anchor="start", fontSize=15, subtitleFontSize=12, subtitleColor="#333"
    )


def _configured(chart: Any) -> Any:
    return (
        chart.configure(font=FONT, background="white", aria=False)
        .configure_axis(labelFontSize=12, titleFontSize=12, labelColor="#222", titleColor="#222", gridColor="#e5e7eb")
        .configure_legend(orient="bottom", columns=2, labelFontSize=12, labelLimit=230, title=None, symbolSize=90)
        .configure_view(stroke=None)
    )


def _watermark() -> Any:
    """The word for made-up figures across the plot, so that a picture of it carries the mark."""
    import altair as alt

    return (
        alt.Chart(alt.NamedData("marks"))
        .mark_text(fontSize=34, fontWeight="bold", angle=340, opacity=0.2, color="#a11212")
        .encode(x=_place("width / 2"), y=_place("height / 2"), text=alt.Text("word:N"))
    )


def _place(expression: str) -> Any:
    import altair as alt

    return alt.value(alt.expr(expression))


def _tips() -> list[Any]:
    import altair as alt

    name = alt.Tooltip("label:N", title="title")  # shown as the heading of the others
    return [name, *(alt.Tooltip(f"{one}:N", title=f"@{one}@") for one in TIPS)]


def _looks(points: Any, **where: Any) -> list[Any]:
    """Points: filled, or hollow where reliability is low."""
    import altair as alt

    shape = alt.Shape("label:N", scale=alt.Scale(range=SHAPES), sort=None)
    told = {"color": _colour(), "shape": shape, "tooltip": _tips(), **where}
    firm = points.transform_filter(~alt.datum.hollow).mark_point(filled=True, size=55, opacity=1)
    weak = points.transform_filter(alt.datum.hollow).mark_point(filled=False, fill="white", size=75, opacity=1)
    return [firm.encode(**told), weak.encode(**told)]


def _colour() -> Any:
    """Colour of a place. The browser gives colour and shape the same domain, so that they share one legend."""
    import altair as alt

    legend = alt.Legend(symbolOpacity=1, symbolStrokeWidth=1)
    return alt.Color("label:N", scale=alt.Scale(range=COLOURS), sort=None, legend=legend)


def _series(unit: str) -> Any:
    import altair as alt

    x = alt.X("period:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap="greedy", labelSeparation=6))
    axis = alt.Axis(titleAngle=0, titleAlign="left", titleY=-10, titleX=0)
    y = alt.Y("value:Q", title=unit, scale=alt.Scale(zero=False), axis=axis)
    points = alt.Chart(alt.NamedData("points"))
    band = (
        alt.Chart(alt.NamedData("bands"))
        .mark_area(opacity=0.13)
        .encode(x=x, y=alt.Y("lower:Q", title=unit), y2="upper:Q", color=_colour(), detail="run:N")
    )
    whiskers = points.mark_rule(opacity=0.55).encode(x=x, y=alt.Y("lower:Q", title=unit), y2="upper:Q", color=_colour())
    lines = (
        alt.Chart(alt.NamedData("segments"))
        .mark_rule(strokeWidth=2)
        .encode(
            x=x,
            y=y,
            x2="period2:O",
            y2="value2:Q",
            color=_colour(),
            strokeDash=alt.condition(alt.datum.provisional, alt.value(DASH), alt.value([1, 0])),
        )
    )
    letters = points.mark_text(dy=-11, fontSize=10, fontWeight="bold").encode(
        x=x, y=y, text="letters:N", color=_colour()
    )
    return alt.layer(band, whiskers, lines, *_looks(points, x=x, y=y), letters, _watermark())


def _rank(unit: str) -> Any:
    import altair as alt

    points = alt.Chart(alt.NamedData("points"))
    x = alt.X("value:Q", title=unit)
    scale = alt.Scale(paddingInner=0.3, paddingOuter=0.2)
    y = alt.Y("label:N", title=None, sort=None, scale=scale, axis=alt.Axis(labelLimit=190))
    bars = points.mark_bar(stroke="#0b4f8a", strokeWidth=1.5).encode(
        x=x,
        y=y,
        fill=_fill(),
        strokeDash=alt.condition(alt.datum.provisional, alt.value(DASH), alt.value([1, 0])),
        tooltip=_tips(),
    )
    return alt.layer(bars, *_bounds(points, y, unit), _shown(points, y, unit, 7), *_reference(unit), _watermark())


def _dots(unit: str) -> Any:
    import altair as alt

    points = alt.Chart(alt.NamedData("points"))
    y = alt.Y("label:N", title=None, sort=None, axis=alt.Axis(labelLimit=190, grid=True))
    ring = points.transform_filter(alt.datum.provisional).mark_point(
        size=330, shape="circle", filled=False, color="#333", strokeDash=[3, 2], opacity=1
    )
    dots = points.mark_point(size=110, strokeWidth=2, opacity=1, stroke="#0b4f8a").encode(
        x=alt.X("value:Q", title=unit, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=7, labelOverlap="greedy")),
        y=y,
        fill=_fill(),
        shape=alt.Shape("level:N", scale=alt.Scale(range=SHAPES), sort=None, legend=alt.Legend()),
        tooltip=_tips(),
    )
    return alt.layer(
        *_bounds(points, y, unit),
        ring.encode(x=alt.X("value:Q", title=unit), y=y),
        dots,
        _shown(points, y, unit, 15),
        *_reference(unit),
        _watermark(),
    )


def _fill() -> Any:
    """Chosen places dark, others light, unreliable figures hollow."""
    import altair as alt

    scale = alt.Scale(domain=["chosen", "other", "hollow"], range=["#0b4f8a", "#c5d8ea", "white"])
    return alt.Fill("look:N", scale=scale, legend=None)


def _bounds(points: Any, y: Any, unit: str) -> list[Any]:
    """The interval, dark on a white edge: it must be seen on a dark bar as on a light one."""
    import altair as alt

    looks = ({"strokeWidth": 5, "color": "white"}, {"strokeWidth": 2, "color": "#333"})
    place = {"x": alt.X("lower:Q", title=unit), "x2": "upper:Q", "y": y}
    return [points.mark_rule(**look).encode(**place) for look in looks]


def _shown(points: Any, y: Any, unit: str, away: int) -> Any:
    import altair as alt

    return points.mark_text(align="left", dx=away, fontSize=11, color="#111").encode(
        x=alt.X("far:Q", title=unit), y=y, text="told:N"
    )


def _reference(unit: str) -> tuple[Any, Any]:
    """A line at the figure of the place compared with, named."""
    import altair as alt

    base = alt.Chart(alt.NamedData("reference"))
    x = alt.X("value:Q", title=unit)
    rule = base.mark_rule(strokeDash=[2, 3], strokeWidth=2, color="#a11212").encode(x=x)
    name = base.mark_text(align="left", baseline="bottom", dx=4, color="#a11212", fontSize=11)
    return rule, name.encode(x=x, y=alt.value(0), text="label:N")


def bundle_version() -> str:
    """What the drawing scripts are, for the line at their top and to tell whether a copy is the present one."""
    return f"vl-convert-python {importlib.metadata.version('vl-convert-python')}: Vega, Vega-Lite, BSD-3-Clause"


def bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one classic script that names only ``vegaEmbed``."""
    import vl_convert

    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return f"/* {bundle_version()} */\n(()=>{{{script}\n}})();\n"
