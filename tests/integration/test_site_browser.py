"""The site in a browser, opened from its folder with the network off."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest
import python_calamine

from observatory.publishing.site_messages import LANGUAGES
from tests.integration.conftest import EARLIER, LATER, REVISED, Site

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"needs Chromium at {CHROMIUM}")
DRAWN = "#picture[data-drawn]"
SHORTEN = "for (const body of document.querySelectorAll('tbody')) [...body.rows].slice(9).forEach(row => row.remove())"
SAMPLE = [
    "index.html",
    "indicators.html",
    "places.html",
    "compare.html",
    "claims.html",
    "releases.html",
    "sources.html",
    "place/48020.html",
    f"indicator/{REVISED}.html",
    "indicator/hub_lq.html",
    "indicator/hub_class.html",
    "indicator/serv_supply_share.html",
    "indicator/svy_mean_share.html",
    "indicator/svy_response_rate.html",
    "indicator/pm_funnel.html",
]

ALIKE = {"places.html", "indicator/hub_lq.html", "indicator/serv_supply_share.html", "indicator/svy_mean_share.html"}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


class Reader:
    """A reader's window without a network, and the errors that it met."""

    def __init__(self, chromium: Any, made: Site, width: int = 1200) -> None:
        self.context = chromium.new_context(viewport={"width": width, "height": 900}, offline=True)
        self.page = self.context.new_page()
        self.root = made.folder.as_uri()
        self.errors: list[str] = []
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("requestfailed", lambda request: self.errors.append(request.url))

    def open(self, path: str) -> Any:
        self.page.goto(f"{self.root}/{path}")
        if "/indicator/" in path or "compare" in path:
            self.page.wait_for_selector(DRAWN)
        return self.page

    def settle(self, change: Any) -> None:
        """Do something and wait until the chart was drawn anew."""
        before = self.page.get_attribute(DRAWN, "data-drawn")
        change()
        self.page.wait_for_function("before => document.getElementById('picture').dataset.drawn !== before", arg=before)

    def state(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.page.url.partition("#")[2]).items()}

    def cells(self) -> list[list[str]]:
        found: list[list[str]] = self.page.eval_on_selector_all(
            "#table tbody tr", "rows => rows.map(r => [...r.children].map(c => c.innerText))"
        )
        return found

    def download(self, button: str) -> bytes:
        with self.page.expect_download() as waiting:
            self.page.click(button)
        return Path(waiting.value.path()).read_bytes()


@pytest.fixture
def reader(chromium: Any, made_site: Site) -> Iterator[Reader]:
    made = Reader(chromium, made_site)
    yield made
    made.context.close()


def faults(axe: Any, page: Any) -> list[tuple[str, str]]:
    """What axe finds against WCAG 2.2 AA, with the first place of each."""
    options = {
        "preload": False,
        "resultTypes": ["violations"],
        "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
    # rows of a table are alike, and looking at hundreds takes axe half a minute
    page.evaluate(SHORTEN)
    found = axe.run(page, options=options).response["violations"]
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in found]


@pytest.mark.thorough
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_opens_without_errors_accessibly_and_on_a_phone(
    reader: Reader, chromium: Any, made_site: Site, language: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    axe, found = Axe(), []
    phone = Reader(chromium, made_site, width=390)
    paths = sorted(
        path.relative_to(made_site.folder).as_posix() for path in made_site.folder.glob(f"{language}/**/*.html")
    )
    assert len(paths) > 90
    for path in paths:
        found += [(path, *fault) for fault in faults(axe, reader.open(path))]
        if phone.open(path).evaluate("document.documentElement.scrollWidth") > 390:
            found.append((path, "scrolls sideways", ""))
    phone.context.close()
    assert found == [] and reader.errors == phone.errors == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_open_from_the_folder_without_errors_and_accessibly(reader: Reader, language: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    axe = Axe()
    thorough = [path for path in SAMPLE if path not in ALIKE]
    wanted = thorough if language == "en" else ["index.html", f"indicator/{REVISED}.html"]
    for path in wanted:
        page = reader.open(f"{language}/{path}")
        assert page.get_attribute("html", "lang") == language
        assert (path, faults(axe, page)) == (path, [])
    assert reader.errors == []


def test_the_first_page_leads_to_a_language(reader: Reader) -> None:
    reader.page.goto(f"{reader.root}/index.html")
    reader.page.wait_for_url("**/en/index.html")


def test_a_phone_never_scrolls_sideways(chromium: Any, made_site: Site) -> None:
    phone = Reader(chromium, made_site, width=390)
    for path in [*SAMPLE, "indicator/serv_supply_share.html#view=rank&by=activity"]:
        page = phone.open(f"eu/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        # the tables that are not drawn by a script have nothing beyond the edge, the mark of made-up rows least of all
        wide = "all => all.filter(box => box.scrollWidth > box.clientWidth).length"
        assert page.eval_on_selector_all(".stack", wide) == 0, path
    assert phone.errors == []
    phone.context.close()


def test_choices_change_chart_table_and_address_and_the_address_restores_them(
    reader: Reader, chromium: Any, made_site: Site
) -> None:
    page = reader.open(f"es/indicator/{REVISED}.html")
    before = (page.inner_html("#chart"), reader.cells())
    reader.settle(lambda: page.check("#geo-ITH5"))
    assert any(row[0] == "Emilia-Romaña" for row in reader.cells()) and "Emilia-Romaña" in page.inner_html("#chart")
    reader.settle(lambda: page.select_option("#comparator", "ES30"))
    assert any(row[0] == "Comunidad de Madrid" for row in reader.cells())
    reader.settle(lambda: page.select_option("#from", "2012"))
    later = [row for row in reader.cells() if row[:2] == ["País Vasco", "2015"]]
    reader.settle(lambda: page.select_option("#release", EARLIER))
    earlier = [row for row in reader.cells() if row[:2] == ["País Vasco", "2015"]]
    assert float(later[0][2].replace(",", ".")) == pytest.approx(
        float(earlier[0][2].replace(",", ".")) + 0.5, abs=0.011
    )
    assert EARLIER in page.inner_html("#chart") and before != (page.inner_html("#chart"), reader.cells())
    reader.settle(lambda: page.check("#view-rank"))
    reader.settle(lambda: page.select_option("#at", "2015"))
    assert all(row[1] == "2015" for row in reader.cells()) and len(reader.cells()) > 10

    link = page.get_attribute("#permalink", "href")
    other = Reader(chromium, made_site)
    other.open(f"es/indicator/{REVISED}.html{link}")
    assert other.state() == reader.state()
    assert other.cells() == reader.cells()
    assert other.page.inner_text("#chart") == page.inner_text("#chart")
    other.page.click("a[data-language][hreflang=en]")
    other.page.wait_for_selector(DRAWN)
    assert other.state() == reader.state() and other.page.get_attribute("html", "lang") == "en"
    assert other.errors == reader.errors == []
    other.context.close()


def test_the_csv_is_the_release_and_the_pictures_are_the_screen(reader: Reader, made_site: Site) -> None:
    page = reader.open(f"en/indicator/{REVISED}.html#geo=ES21,ITH5&from=2008&to=2020")
    got = list(csv.DictReader(io.StringIO(reader.download("#csv").decode("utf-8"))))
    rows = pq.read_table(made_site.releases / LATER / f"{REVISED}.parquet").to_pylist()
    want = [r for r in rows if r["geo"] in {"ES21", "ITH5"} and "2008" <= r["period"] <= "2020"]
    assert len(got) == len(want) == len(reader.cells()) == 26

    def plain(row: dict[str, Any]) -> tuple[Any, ...]:
        numbers = tuple(float(row[c]) if row[c] not in {None, ""} else None for c in ("value", "lower", "upper", "n"))
        words = (
            "indicator",
            "variant",
            "geo",
            "activity",
            "period",
            "unit",
            "status",
            "comparator",
            "provenance",
            "sources",
        )
        return *numbers, *(row[c] or "" for c in words)

    assert sorted(map(plain, got), key=repr) == sorted(map(plain, want), key=repr)
    assert {row["release"] for row in got} == {LATER}
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(reader.download("#xlsx")))
    heads, *lines = book.get_sheet_by_name(REVISED).to_python()
    written = [dict(zip(heads, line, strict=True)) for line in lines]
    assert {type(row["value"]) for row in written} == {float}
    assert sorted(map(plain, written), key=repr) == sorted(map(plain, want), key=repr)
    assert any(LATER in str(line[0]) for line in book.get_sheet_by_index(1).to_python())
    figures = pq.read_table(io.BytesIO(reader.download("#parquet")))
    assert [str(figures.schema.field(name).type) for name in ("period", "value", "n")] == ["string", "double", "double"]
    assert sorted(map(plain, figures.to_pylist()), key=repr) == sorted(map(plain, want), key=repr)
    assert set(figures["comparator"].to_pylist()) == {None} and LATER in figures.schema.metadata[b"notes"].decode()
    assert reader.download("#png").startswith(b"\x89PNG")
    svg = reader.download("#svg").decode("utf-8")
    assert svg.startswith("<svg") and "Emilia-Romagna" in svg and LATER in svg
    shown = page.eval_on_selector_all("#chart text", "all => all.map(t => t.textContent)")
    told = {"".join(one.itertext()) for one in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")}
    assert set(shown) <= told and len(told) > 10
    assert reader.errors == []


def test_the_parquet_of_a_large_view_has_every_row_with_its_texts_and_gaps(reader: Reader, made_site: Site) -> None:
    """More rows than a byte of flags and than a byte of length hold; letters beyond ASCII; figures that lack."""
    reader.open("es/indicator/kibs_emp_share.html#variant=kibs_seed_sections")
    boxes = reader.page.eval_on_selector_all("#controls input[type=checkbox]", "all => all.map(e => e.value)")
    reader.open(f"es/indicator/kibs_emp_share.html#variant=kibs_seed_sections&geo={','.join(boxes[:8])}")
    reader.page.reload()
    reader.page.wait_for_selector(DRAWN)
    figures = pq.read_table(io.BytesIO(reader.download("#parquet")))
    state = reader.state()
    rows = pq.read_table(made_site.releases / LATER / "kibs_emp_share.parquet").to_pylist()
    chosen = ("variant", "activity")
    want = [r for r in rows if all(r[c] == state[c] for c in chosen) and r["geo"] in state["geo"].split(",")]
    names = [name for name in figures.column_names if name != "release"]
    assert len(want) > 128 and figures.num_rows == len(want)
    got = figures.select(names).to_pylist()
    assert sorted(map(repr, got)) == sorted(repr({name: row[name] for name in names}) for row in want)
    about = figures.schema.metadata
    assert "Peso del empleo KIBS" in about[b"title"].decode() and "inventada" in about[b"notes"].decode()
    assert reader.errors == []


def test_where_no_figure_is_known_it_is_said_and_there_is_no_picture_to_save(reader: Reader) -> None:
    page = reader.open("en/indicator/svy_response_rate.html")
    assert "missing or not published" in page.inner_text("#chart") and reader.cells()
    assert page.is_disabled("#png") and page.is_disabled("#svg") and page.is_enabled("#csv")
    assert reader.errors == []


def test_classes_and_intervals_can_be_read_off_the_picture(reader: Reader) -> None:
    page = reader.open("en/indicator/hub_class.html")
    assert {"local", "regional", "national", "international"} <= set(
        page.eval_on_selector_all("#chart text", "all => all.map(t => t.textContent)")
    )
    reader.open("en/indicator/svy_mean_share.html")
    strokes = page.eval_on_selector_all("#chart .mark-rule line", "all => all.map(e => e.getAttribute('stroke'))")
    assert strokes.count("white") == strokes.count("#333") > 2


def test_flags_and_breaks_are_drawn(reader: Reader) -> None:
    page = reader.open(f"en/indicator/{REVISED}.html#geo=ES21")
    segments = page.evaluate(
        "OBS.view.data('segments').map(({period, period2, provisional}) => [period, period2, provisional])"
    )
    pairs = {(first, second) for first, second, _ in segments}
    assert ("2009", "2010") not in pairs and ("2010", "2011") in pairs
    assert [second for _, second, provisional in segments if provisional] == ["2023", "2024"]
    dashed = page.eval_on_selector_all(
        "#chart [stroke-dasharray]", "all => all.map(e => e.getAttribute('stroke-dasharray'))"
    )
    assert sum(dash == "5,4" for dash in dashed) == 2
    hollow = page.eval_on_selector_all("#chart path[fill='white'][stroke]", "all => all.length")
    assert hollow >= 1
    letters = page.eval_on_selector_all("#chart text", "all => all.map(t => t.textContent)")
    assert {"B", "U", "P"} <= set(letters)
    said = [row for row in reader.cells() if row[1] in {"2010", "2012"}]
    assert "B break in the series" in said[0] and "U low reliability" in said[1]


def test_what_is_made_up_is_marked_in_the_picture_and_in_every_row(reader: Reader) -> None:
    page = reader.open("en/indicator/hub_class.html")
    assert "SYNTHETIC" in page.inner_text("#chart")
    assert all(row[-1] == "SYNTHETIC" for row in reader.cells()) and reader.cells()
    assert "SYNTHETIC" in reader.download("#svg").decode("utf-8")
    reader.open(f"en/indicator/{REVISED}.html")
    assert "SYNTHETIC" not in page.inner_text("#chart")


def test_the_variants_of_one_place_stand_side_by_side_in_their_order(reader: Reader, made_site: Site) -> None:
    page = reader.open("en/indicator/pm_funnel.html")
    stages = ["opened", *(f"step: {number}" for number in range(1, 6)), "signed"]
    assert [row[0].split(" · ")[-1] for row in reader.cells()] == stages
    assert [row[2] for row in reader.cells()] == ["3"] * 4 + ["0"] * 3
    title = page.inner_text("#chart")
    assert "Bilbao" in title and reader.state()["view"] == "rank" and reader.state()["by"] == "variant"
    reader.settle(lambda: page.select_option("#variant", "first:went_on:opened"))
    got = list(csv.DictReader(io.StringIO(reader.download("#csv").decode("utf-8"))))
    rows = pq.read_table(made_site.releases / LATER / "pm_funnel.parquet").to_pylist()
    shares = {row["variant"]: row["value"] for row in rows if row["unit"] == "percent"}
    assert {row["variant"]: float(row["value"]) if row["value"] else None for row in got} == shares and len(got) == 6
    assert any("29.2 – 100" in cell for row in reader.cells() for cell in row)
    reader.open("en/indicator/serv_supply_share.html#view=rank&by=activity&geo=ES")
    assert "Spain" in page.inner_text("#chart") and "Spain" not in {row[0] for row in reader.cells()}
    assert reader.errors == []


def test_the_keyboard_alone_is_enough(reader: Reader) -> None:
    page = reader.open(f"en/indicator/{REVISED}.html")

    def tab_to(selector: str) -> None:
        for _ in range(80):
            if page.evaluate("s => document.activeElement.matches(s)", selector):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"the tabulator never reaches {selector}")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    tab_to("#view-series")
    reader.settle(lambda: page.keyboard.press("ArrowRight"))
    assert reader.state()["view"] == "rank" and page.evaluate("document.activeElement.id") == "view-rank"
    tab_to("#at")
    reader.settle(lambda: page.keyboard.press("ArrowUp"))
    assert reader.state()["at"] == "2023"
    tab_to("#geo-ITH5")
    reader.settle(lambda: page.keyboard.press("Space"))
    assert "ITH5" in reader.state()["geo"]
    tab_to("#csv")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    assert waiting.value.suggested_filename == f"{REVISED}_{LATER}.csv"
    tab_to("#table")
    assert reader.errors == []


def test_places_are_compared_side_by_side(reader: Reader) -> None:
    page = reader.open("eu/compare.html#geo=48020,ES21")
    heads = page.eval_on_selector_all("#table thead th", "all => all.map(e => e.innerText)")
    assert heads[1:] == ["Bilbo", "Euskadi"]
    rows = page.eval_on_selector_all("#table tbody tr", "all => all.map(r => [...r.children].map(c => c.innerText))")
    assert len(rows) > 10 and all(cell != "–" for row in rows for cell in row[1:])
    assert page.inner_text("#alone").rstrip(".").split()[-1].isdecimal()
    reader.settle(lambda: page.check("#geo-ES213"))
    assert page.eval_on_selector_all("#table thead th", "all => all.map(e => e.innerText)")[3] == "Bizkaia"
    reader.settle(lambda: page.select_option("#indicator", "kibs_emp_share"))
    assert "KIBSen pisua enpleguan" in page.inner_text("#chart") and "Bilbo" in page.get_attribute(
        "#picture", "aria-label"
    )
    assert reader.errors == []


def test_a_page_is_usable_within_a_moment(reader: Reader) -> None:
    """Counted in work, not in seconds: controls and figures stand before the engine that draws is even read."""
    page = reader.page
    page.add_init_script(
        "new MutationObserver(() => { const c = document.getElementById('csv'), s = document.getElementById('variant');"
        "if (c && s && document.querySelector('#table tbody tr') && window.first === undefined)"
        "window.first = !window.vegaEmbed; })"
        ".observe(document, {subtree: true, childList: true});"
    )
    reader.open("en/indicator/serv_input_intensity.html")
    assert page.evaluate("window.first") is True
