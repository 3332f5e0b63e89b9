"""What the interactive pages hand to their scripts: names, usual choices, vintages, chart specifications.

Belongs here: plain dictionaries that become JSON. Does not belong here: figures (site_data.py), markup (templates/).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from observatory.headline import SYNTHETIC, Key, key, latest
from observatory.publishing import numbers, site_charts, site_content, site_data
from observatory.publishing import site_messages as messages
from observatory.publishing.site_content import Indicator, Release
from observatory.publishing.site_labels import CLASSES, Labels, variant_order


def _common(labels: Labels) -> dict[str, Any]:
    language = labels.language
    decimal, group = numbers.symbols(language)
    return {
        "text": messages.section(language, "script"),
        "statuses": messages.section(language, "status"),
        "provenances": messages.section(language, "provenance"),
        "classes": messages.section(language, "class"),
        "classUnit": CLASSES,
        "counted": list(numbers.COUNTED),
        "decimal": decimal,
        "group": group,
        "percent": numbers.with_sign(language, "{n}", "%"),
    }


def _places(labels: Labels, codes: Iterable[str]) -> dict[str, dict[str, Any]]:
    ordered = sorted(codes, key=labels.order)
    return {
        geo: {
            "name": labels.place(geo),
            "level": messages.known(labels.language, f"level.{labels.level(geo)}") or "",
            "order": place,
        }
        for place, geo in enumerate(ordered)
    }


def data_file(one: Indicator) -> str:
    """Name of the data file that holds an indicator's rows."""
    return site_data.file_name(one.name, str(one.resource["content"]))


def _words(vintages: Sequence[Indicator], *columns: str) -> set[str]:
    found: set[str] = set()
    for one in vintages:
        for column in columns:
            found.update(one.words[column])
    return found - {""}


def indicator(one: Indicator, vintages: Sequence[Release], labels: Labels) -> dict[str, Any]:
    """What an indicator's page needs; the vintages are those that have the indicator, the newest first."""
    language = labels.language
    having = [release for release in vintages if one.name in release.indicators]
    found = [release.indicators[one.name] for release in having]
    variant, activity, comparator = one.main_series or ("", "", "")
    name = str(one.resource["titles"][language])
    unit = labels.unit(str(one.resource["unit"]))
    units = {code for one in found for code in one.columns["unit"]}
    cite = messages.text(language, "indicator.cite", title=name, year=_year(having[0]), release="{release}")
    return _common(labels) | {
        "id": one.name,
        "title": name,
        "unit": unit,
        "root": "../../",
        "cite": cite,
        "views": list(site_charts.VIEWS),
        "specs": site_charts.specifications(language, unit),
        "releases": [{"name": release.name, "file": data_file(release.indicators[one.name])} for release in having],
        "order": sorted(_words(found, "variant"), key=variant_order),
        "defaults": {
            "view": site_content.default_view(one.rows, (variant, activity, comparator)),
            "variant": variant,
            "activity": activity,
            "comparator": comparator,
            "geo": site_content.default_places(one.rows, (variant, activity, comparator)),
        },
        "labels": {
            "geo": _places(labels, _words(found, "geo", "comparator")),
            "activity": {code: labels.activity(code) for code in sorted(_words(found, "activity"))},
            "variant": {code: labels.variant(code) for code in sorted(_words(found, "variant"))},
            "unit": {code: labels.unit(code) for code in sorted(units)},
        },
    }


def _year(release: Release) -> str:
    return str(release.manifest["created"])[:4]


def compare(release: Release, labels: Labels) -> dict[str, Any]:
    """What the comparison page needs."""
    language = labels.language
    known = release.places
    indicators = {
        one.name: {
            "title": str(one.resource["titles"][language]),
            "unit": labels.unit(str(one.resource["unit"])),
            "series": [_series_name(series, labels) for series in shared_series(one)],
        }
        for one in release.indicators.values()
    }
    cite = messages.text(
        language,
        "indicator.cite",
        title=messages.text(language, "compare.title"),
        year=_year(release),
        release="{release}",
    )
    return _common(labels) | {
        "root": "../",
        "file": compare_file(release),
        "release": release.name,
        "cite": cite,
        "caption": messages.text(language, "place.intro"),
        "alone": messages.text(language, "compare.alone", n="{n}"),
        "chartOf": messages.text(language, "compare.chart_of"),
        "indicators": indicators,
        "specs": {"dots": site_charts.specifications(language, "")["dots"]},
        "labels": {"geo": _places(labels, known)},
        "defaults": {
            "geo": [geo for geo in site_content.FOCUS if geo in known] or list(known[:3]),
            "indicator": _telling(release),
        },
    }


def _telling(release: Release) -> str:
    """The indicator to begin with: real figures of its first series for the most places in focus, then for the most."""

    def order(one: Indicator) -> tuple[Any, ...]:
        reached = {geo for series, geo in _real(one) if series == one.main_series}
        return -len(reached & set(site_content.FOCUS)), -len(reached), one.name

    return min(release.indicators.values(), key=order).name if release.indicators else ""


def _real(one: Indicator) -> set[tuple[Key, str]]:
    """Series and places of figures that are not made up."""
    known = (row for row in one.rows if row["value"] is not None and row["provenance"] != SYNTHETIC)
    return {(key(row), row["geo"]) for row in known}


def compare_file(release: Release) -> str:
    """Name of the comparison page's data file."""
    return f"places.{release.name}.{site_data.CODE}.js"


def shared_series(one: Indicator) -> list[Key]:
    """Series that are some place's main one, those of the most places first: only within one are places comparable."""
    main = Counter(key(row) for row, _ in one.main_figures.values())
    return sorted(main, key=lambda series: (-main[series], series))


def _series_name(series: Key, labels: Labels) -> str:
    variant, activity, comparator = series
    against = f"{messages.text(labels.language, 'column.comparator')}: {labels.place(comparator)}" if comparator else ""
    return " · ".join(part for part in (labels.variant(variant), labels.activity(activity), against) if part)


def side_by_side(release: Release) -> Mapping[str, list[Mapping[str, Mapping[str, Any]]]]:
    """For the comparison page: by indicator, for each shared series the newest figure of every place that has it."""
    kept = ("geo", "period", "value", "lower", "upper", "unit", "status", "provenance")
    found: dict[str, list[Mapping[str, Mapping[str, Any]]]] = {}
    for one in release.indicators.values():
        found[one.name] = []
        for series in shared_series(one):
            newest = {geo: latest(site_content.of_series(mine, series)) for geo, mine in one.by_place.items()}
            found[one.name].append(
                {geo: {name: row[name] for name in kept} for geo, row in sorted(newest.items()) if row is not None}
            )
    return found
