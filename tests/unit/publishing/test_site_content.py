"""What the site takes from a release, the sentences it writes, and that text stays text."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from observatory import catalogue, headline
from observatory.publishing import site_content, site_data, site_meta, site_svg
from observatory.publishing.site_labels import Labels, code_set, variant_order
from observatory.publishing.site_pages import Edition, markdown, pages
from observatory.publishing.site_sentences import answers, direction

COLUMNS = {
    **dict.fromkeys(("indicator", "variant", "geo", "activity", "period"), pa.string()),
    "value": pa.float64(),
    **dict.fromkeys(("unit", "status"), pa.string()),
    **dict.fromkeys(("lower", "upper", "n"), pa.float64()),
    **dict.fromkeys(("comparator", "provenance", "sources"), pa.string()),
}


def row(indicator: str, **given: Any) -> dict[str, Any]:
    words = {"indicator": indicator, "variant": "section_j", "geo": "ES21", "activity": "NACE2:J", "period": "2020"}
    bounds: dict[str, Any] = dict.fromkeys(("lower", "upper", "n", "comparator"))
    usual = {"value": 2.5, "unit": "percent", "status": "A", "provenance": "official", "sources": "x"}
    return words | bounds | usual | given


def release(folder: Path, rows: list[dict[str, Any]], said: str = "what it is") -> site_content.Release:
    folder.mkdir()
    resources = []
    for name in sorted({one["indicator"] for one in rows}):
        mine = [one for one in rows if one["indicator"] == name]
        pq.write_table(pa.Table.from_pylist(mine, schema=pa.schema(COLUMNS)), folder / f"{name}.parquet")
        titles = dict.fromkeys(("es", "eu", "en"), f"{name} {said}")
        words = {"title": name, "titles": titles, "description": said, "caveats": [said], "unit": mine[0]["unit"]}
        files = {"path": f"{name}.parquet", "relation": f"indicators.{name}", "content": "ab" * 32, "sources": []}
        resources.append({"name": name} | words | files)
    content = {"created": "2026-08-01T00:00:00+00:00", "resources": resources, "sources": [], "git_commit": "0" * 40}
    (folder / "datapackage.json").write_text(json.dumps(content), "utf-8")
    return site_content.read(folder, ["kibs_seed_sections"])


@pytest.fixture(scope="module")
def english(root: Path) -> Labels:
    return Labels("en", catalogue.load(root))


def trend(value: float, lower: float | None, upper: float | None, **given: Any) -> dict[str, Any]:
    unit = "percentage points per year"
    return row("ict_trend_slope", variant="section_j:ols", unit=unit, value=value, lower=lower, upper=upper, **given)


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        (
            trend(0.05, 0.01, 0.09),
            "Basque Country: the ICT share of employment grows: 0.050 percentage points per year",
        ),
        (trend(-0.05, -0.09, -0.01), "falls: −0.050 percentage points per year"),
        (trend(0.05, -0.01, 0.11), "does not change distinguishably from zero: 0.050"),
        (trend(0.05, None, None), "grows: 0.050"),
    ],
)
def test_the_sentence_follows_the_interval(tmp_path: Path, english: Labels, figure: dict[str, Any], said: str) -> None:
    answer = answers(release(tmp_path / "2026Q3.0", [figure]), "en", english)[1]
    assert said in answer.sentence
    assert direction(figure) in {"up", "down", "flat"} and not answer.is_synthetic
    wanted = "no interval published" if figure["lower"] is None else "interval"
    assert wanted in answer.sentence and "official" in answer.sentence


def test_a_sentence_says_period_flags_and_what_is_made_up(tmp_path: Path, english: Labels) -> None:
    figures = [
        trend(0.05, 0.01, 0.09, period="2008/2015"),
        trend(0.07, 0.02, 0.12, period="2008/2024", status="P", provenance="synthetic"),
        trend(0.09, 0.02, 0.16, period="2015/2024"),
    ]
    answer = answers(release(tmp_path / "2026Q3.0", figures), "en", english)[1]
    assert "(2008–2024; interval 0.020 to 0.120, provisional, SYNTHETIC)" in answer.sentence
    assert answer.is_synthetic


def test_without_figures_the_answer_says_so(tmp_path: Path, english: Labels) -> None:
    found = answers(release(tmp_path / "2026Q3.0", [row("other_thing")]), "en", english)
    assert [one.sentence for one in found] == ["This release holds no figure to answer with."] * 3


def test_the_hub_answer_counts_the_variations(tmp_path: Path, english: Labels) -> None:
    base = {"geo": "48020", "unit": "class from 0 to 3"}
    figures = [row("hub_class", variant="kibs_seed_sections:class", value=1.0, **base)]
    figures += [row("hub_class", variant=f"kibs_seed_sections:{v}", value=v, **base) for v in (1.0, 1.0, 2.0)]
    for place, figure in enumerate(figures[1:]):
        figure["variant"] = f"kibs_seed_sections:v{place}"
    said = answers(release(tmp_path / "2026Q3.0", figures), "en", english)[2].sentence
    assert said.startswith("Bilbao is a regional hub") and "1 of 3 variations" in said


def test_real_figures_and_the_headline_come_first() -> None:
    rows = [
        row("a", variant="kibs_core", provenance="official"),
        row("a", variant="kibs_seed_sections", provenance="synthetic"),
        row("a", variant="kibs_jkmn:ict", provenance="official"),
    ]
    assert headline.default_series(rows, ["kibs_seed_sections"]) == ("kibs_core", "NACE2:J", "")
    assert headline.default_series(rows[1:2], ["kibs_seed_sections"]) == ("kibs_seed_sections", "NACE2:J", "")
    assert headline.default_series([], []) is None


def test_one_figure_opens_beside_the_other_variants_and_a_course_as_a_course() -> None:
    one = ("a", "NACE2:J", "")
    rows = [row("pm_x", variant=variant, comparator="") for variant in ("a", "b")]
    assert site_content.default_view(rows, one) == "rank"
    assert site_content.default_view(rows[:1], one) == "series", "there is no other variant"
    for other in ({"geo": "ES"}, {"period": "2021"}):
        more = [*rows, row("pm_x", variant="a", comparator="", **other)]
        assert site_content.default_view(more, one) == "series"


def test_variants_stand_in_the_order_of_their_numbers_and_the_end_comes_last() -> None:
    wanted = ["x:opened", "x:step=2", "x:step=10", "x:signed"]
    assert sorted([*wanted[2:], *wanted[:2]], key=variant_order) == wanted


def test_the_latest_figure_is_the_newest_with_a_value() -> None:
    rows = [row("a", period="2019"), row("a", period="2020"), row("a", period="2021", value=None, status="M")]
    assert headline.latest(rows) == rows[1] and headline.latest(rows[2:]) is None


def test_a_course_has_gaps_at_breaks_and_missing_figures() -> None:
    values = [(1.0, "A"), (2.0, "A"), (None, "M"), (3.0, "A"), (4.0, "B"), (5.0, "P")]
    rows = [row("a", period=str(2000 + i), value=v, status=s) for i, (v, s) in enumerate(values)]
    assert [[place for place, _ in run] for run in site_svg.runs(rows)] == [[0, 1], [3], [4, 5]]
    assert 'aria-label="a &lt;b&gt;"' in site_svg.sparkline(rows, "a <b>")
    assert site_svg.sparkline(rows[:1], "one") == ""


def test_a_figure_of_one_activity_among_several_names_it(tmp_path: Path, english: Labels) -> None:
    rows = [row("serv_x", activity="NACE2:C"), row("serv_x", activity="NACE2:J"), row("ict_y")]
    made = release(tmp_path / "2026Q3.0", rows)
    assert made.indicators["serv_x"].by_activity == {"section_j"} and not made.indicators["ict_y"].by_activity
    text = dict(pages(Edition("en", made, [made], english)))["en/place/ES21.html"]
    assert (
        text.count("Section J · J Information and communication") == 1 and text.count("<small>Section J</small>") == 1
    )


def test_only_figures_of_one_series_stand_side_by_side(tmp_path: Path) -> None:
    rows = [
        row("div_x", variant="a38"),
        row("div_x", variant="a88", geo="48020"),
        row("div_x", variant="a38", geo="ES"),
    ]
    rows.append(row("div_x", variant="a88", value=9.0) | {"provenance": "synthetic"})
    made = release(tmp_path / "2026Q3.0", rows)
    assert site_meta.shared_series(made.indicators["div_x"]) == [("a38", "NACE2:J", ""), ("a88", "NACE2:J", "")]
    first, second = site_meta.side_by_side(made)["div_x"]
    assert set(first) == {"ES", "ES21"} and set(second) == {"48020", "ES21"} and second["ES21"]["value"] == 9.0


def test_packing_loses_nothing() -> None:
    rows = [row("a", value=0.1 + 0.2, comparator="ES"), row("a", value=None, geo="ES", status="M")]
    table = {name: [one[name] for one in rows] for name in COLUMNS}
    text = site_data.script("a.js", site_data.pack(table))
    packed = json.loads(text.removeprefix('OBS.take("a.js",').removesuffix(");\n"))
    back = [
        {name: packed[name]["words"][packed[name]["codes"][i]] or None for name in site_data.CODED}
        | {name: packed[name][i] for name in site_data.NUMBERS}
        for i in range(2)
    ]
    assert back == [{k: v for k, v in one.items() if k != "indicator"} for one in rows]


def test_html_in_a_release_is_shown_as_text(tmp_path: Path, english: Labels) -> None:
    bad = '<script>alert(1)</script> & "it\'s"'
    made = release(tmp_path / "2026Q3.0", [row("ict_emp_share", geo="<i>", unit="<u>"), row("ict_emp_share")], bad)
    found = dict(pages(Edition("en", made, [made], english)))
    for path, text in found.items():
        assert "<script>alert" not in text and "<i>" not in text and "<u>" not in text, path
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in found["en/indicator/ict_emp_share.html"]
    assert "\\u003cscript\\u003e" in found["en/indicator/ict_emp_share.html"]
    assert "<script>" not in markdown("# a\n\n<script>x</script>\n\n| <b> |\n|---|\n| 1 |\n", "<r>")


def test_codes_without_a_name_are_shown_as_they_are(english: Labels) -> None:
    assert english.place("XX99") == "XX99" and english.activity("A86:99") == "A86 99"
    assert english.unit("furlongs") == "furlongs"
    assert english.variant("kibs_core:size=small:new_thing") == "KIBS core of the literature · size: small · new thing"
    assert english.variant("unweighted:territory=ES213") == "Unweighted · territory: Bizkaia"
    assert english.status("PU") == "P provisional, U low reliability" and english.status("A") == ""


def test_runs_of_divisions_are_drawn_together() -> None:
    assert code_set("58+59-60+61+62-63+69+71+72") == "58–63 + 69 + 71–72"
    assert code_set("J+K+M_N") == "J + K + M_N" and code_set("C") == "C"


def test_a_place_that_would_flatten_the_first_ones_line_is_left_out() -> None:
    series = ("section_j", "NACE2:J", "")
    people = [row("jobs", geo=geo, value=value) for geo, value in (("ES21", 180.0), ("ES", 3900.0), ("EU27_2020", 4e4))]
    assert site_content.default_places(people, series) == ["ES21"]
    shares = [one | {"value": value} for one, value in zip(people, (16.5, 18.1, 18.7), strict=True)]
    assert site_content.default_places(shares, series) == ["ES21", "ES", "EU27_2020"]
    slopes = [one | {"value": value} for one, value in zip(people, (-0.01, 0.5, 0.7), strict=True)]
    assert site_content.default_places(slopes, series) == ["ES21", "ES", "EU27_2020"]


def test_the_headline_against_the_usual_comparator_comes_first_where_it_speaks_of_the_region() -> None:
    def years(scenario: str, comparator: str, geo: str = "ES21") -> dict[str, Any]:
        return row("years", variant=f"section_j:{scenario}", comparator=comparator, geo=geo)

    frozen = [years("linear_frozen", "ES30", geo) for geo in ("ES21", "ES", "EU27_2020")]
    moving = [years("linear_moving", "ES", "ITH5"), years("linear_moving", "EU27_2020")]
    chosen = headline.default_series([*frozen, *moving], [])
    assert chosen == ("section_j:linear_moving", "NACE2:J", "EU27_2020")
    assert headline.default_series([*frozen, years("linear_frozen", "ES")], [])[2] == "ES"
