"""Chart specifications: how an interval, a flag and a break look, and the language of the axes."""

import json
from typing import Any

from observatory.publishing import site_charts


def layers(view: site_charts.View) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = site_charts.specifications("es", "ratio")[view]["layer"]
    return found


def test_a_view_draws_from_the_named_data_and_holds_no_figure() -> None:
    for view in site_charts.VIEWS:
        names = {layer["data"]["name"] for layer in layers(view)}
        assert {"points", "marks"} <= names <= {"points", "segments", "bands", "marks", "reference"}


def test_numbers_and_units_are_those_of_the_language() -> None:
    spanish, english = (site_charts.specifications(lang, "%")["series"] for lang in ("es", "en"))
    signs = [
        tuple(one["config"]["locale"]["number"][k] for k in ("decimal", "thousands")) for one in (spanish, english)
    ]
    assert signs == [(",", "."), (".", ",")]
    text = json.dumps(spanish)
    assert site_charts.UNIT not in text and '"title": "%"' in text
    points = next(one for one in spanish["layer"] if "tooltip" in one.get("encoding", {}))
    assert [one["title"] for one in points["encoding"]["tooltip"]] == [
        *("title", "Periodo", "Valor", "Intervalo", "Estado"),
    ]


def test_provisional_is_dashed_and_unreliable_hollow() -> None:
    text = json.dumps(layers("series"))
    assert '"test": "datum.provisional", "value": [5, 4]' in text
    assert '"fill": "white"' in text and '"filter": "datum.hollow"' in text
    bars = json.dumps(layers("rank"))
    assert '"hollow"' in bars and '"datum.provisional"' in bars


def test_the_scripts_are_one_classic_script() -> None:
    script = site_charts.bundle()
    assert script.startswith("/* vl-convert-python") and "window.vegaEmbed" in script
    assert len(script) < 1_200_000 and script.rstrip().endswith("})();")
