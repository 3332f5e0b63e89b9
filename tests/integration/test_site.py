"""The site's files: whole, linked, light, in three languages, and written only when they change."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from html.parser import HTMLParser
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from observatory import catalogue
from observatory.errors import UsageError
from observatory.publishing import site_messages as messages
from observatory.publishing.site_labels import Labels, variant_words
from observatory.publishing.site_messages import LANGUAGES, Language
from tests.integration.conftest import EARLIER, LATER, REVISED, Site


class Page(HTMLParser):
    """Addresses, ids and languages of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: set[str] = set()
        self.language = ""
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "html":
            self.language = named.get("lang") or ""
        if found := named.get("id"):
            self.ids.add(found)
        self.addresses += [found for name in ("href", "src") if (found := named.get(name))]


def pages(folder: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in folder.rglob("*.html")}


def test_every_page_stands_in_every_language_and_says_so(made_site: Site) -> None:
    paths = {
        lang: {p.relative_to(made_site.folder / lang) for p in (made_site.folder / lang).rglob("*.html")}
        for lang in LANGUAGES
    }
    assert paths["es"] == paths["eu"] == paths["en"]
    names = {str(path) for path in paths["es"]}
    indicators = {path.stem for path in (made_site.releases / LATER).glob("*.parquet")} & set(made_site.headers)
    assert {f"indicator/{name}.html" for name in indicators} <= names and len(indicators) >= 40
    assert {"place/48020.html", "place/ES213.html", "place/ES21.html", "place/ITH5.html"} <= names
    for path, page in pages(made_site.folder).items():
        if path.parent != made_site.folder:
            assert page.language == path.relative_to(made_site.folder).parts[0]


def test_every_link_leads_somewhere(made_site: Site) -> None:
    found = pages(made_site.folder)
    broken = []
    for path, page in found.items():
        for address in page.addresses:
            if address.startswith(("https://", "http://", "data:")):
                continue
            target, _, anchor = address.partition("#")
            file = (path.parent / target).resolve() if target else path
            if not file.is_file() or (anchor and "=" not in anchor and file in found and anchor not in found[file].ids):
                broken.append(f"{path.relative_to(made_site.folder)}: {address}")
    assert broken == []


def test_no_page_loads_anything_from_elsewhere(made_site: Site) -> None:
    for path in made_site.folder.rglob("*.html"):
        text = path.read_text("utf-8")
        loaded = re.findall(
            r'<(?:script|img|iframe)[^>]*src="([^"]+)"|<link rel="(?:stylesheet|icon)" href="([^"]+)"', text
        )
        assert not [a or b for a, b in loaded if (a or b).startswith(("http", "//"))], path


def test_the_home_page_is_light_and_draws_nothing(made_site: Site) -> None:
    for language in LANGUAGES:
        home = made_site.folder / language / "index.html"
        own = [a for a in Page(home).addresses if a.startswith("../assets/")]
        files = [home, *((home.parent / address) for address in own)]
        assert sum(file.stat().st_size for file in files) < 200_000
        assert not any("vega" in address for address in own)


def test_the_three_answers_are_the_figures(made_site: Site) -> None:
    rows = pq.read_table(made_site.releases / LATER / "ict_emp_share.parquet").to_pylist()
    newest = max((r for r in rows if r["geo"] == "ES21" and r["value"] is not None), key=lambda r: r["period"])
    texts = {lang: (made_site.folder / lang / "index.html").read_text("utf-8") for lang in LANGUAGES}
    assert f"{newest['value']:.2f}%" in texts["en"]
    assert f"{newest['value']:.2f}\u00a0%".replace(".", ",") in texts["es"] and "Euskadi" in texts["eu"]
    assert texts["en"].count('class="said"') == 3
    assert "SYNTHETIC" in texts["en"] and "SINTÉTICO" in texts["es"] and "SINTETIKOA" in texts["eu"]


def test_every_made_up_row_of_a_place_is_marked(made_site: Site) -> None:
    text = (made_site.folder / "en" / "place" / "48020.html").read_text("utf-8")
    lines = re.findall(r"<tr class=\"synthetic\">.*?</tr>", text, re.DOTALL)
    assert len(lines) >= 10 and all(">SYNTHETIC<" in line for line in lines)


def test_an_indicator_says_what_it_is(made_site: Site) -> None:
    text = (made_site.folder / "es" / "indicator" / f"{REVISED}.html").read_text("utf-8")
    for said in ("Peso del empleo en servicios TIC", "nama_10r_3empers", "Cómo citar", "31 de julio de 2026", LATER):
        assert said in text
    for release in (EARLIER, LATER):
        copy = made_site.folder / "parquet" / release / f"{REVISED}.parquet"
        assert copy.read_bytes() == (made_site.releases / release / f"{REVISED}.parquet").read_bytes()
        assert f"parquet/{release}/{REVISED}.parquet" in text


def test_the_differences_are_shown_as_text(made_site: Site) -> None:
    text = (made_site.folder / "en" / "releases.html").read_text("utf-8")
    assert f"From {EARLIER} to {LATER}" in text
    assert f"&lt;b&gt;{REVISED}&lt;/b&gt;" in text and f"<b>{REVISED}</b>" not in text


def test_checks_and_claims_are_all_there(made_site: Site) -> None:
    release = made_site.releases / LATER
    checks = json.loads((release / "checks.json").read_text("utf-8"))
    claims = json.loads((release / "claims.json").read_text("utf-8"))
    folder = made_site.folder / "eu"
    assert (folder / "sources.html").read_text("utf-8").count("gaindituta</td>") + (folder / "sources.html").read_text(
        "utf-8"
    ).count("gaindituta <small") == len(checks)
    page = (folder / "claims.html").read_text("utf-8")
    assert page.count('<tr><th scope="row">') == len(claims)
    assert "Zerbitzuek euskal manufaktura-industriaren diru-sarreren" in page


def test_spanish_and_basque_readers_find_no_english_but_differences_and_citations(made_site: Site) -> None:
    """English is marked wherever it is left; what is not marked differs from the English page by being translated."""
    seen, citations = 0, ("Source: Eurostat", "Source: registers of")
    for language in ("es", "eu"):
        for path in (made_site.folder / language).rglob("*.html"):
            seen += 1
            text = path.read_text("utf-8")
            left = re.findall(r'<(?:span|div|td|dd|small) lang="en">([^<]*)', text)
            allowed = path.name == "releases.html"
            assert allowed or not [one for one in left if not one.startswith(citations)], path
    assert seen > 150
    assert "se acepta de 1,85 a 1,95" in (made_site.folder / "es" / "claims.html").read_text("utf-8")
    assert "Forma parte del País Vasco." in (made_site.folder / "es" / "place" / "ES213.html").read_text("utf-8")
    assert "Euskadiren parte da." in (made_site.folder / "eu" / "place" / "ES213.html").read_text("utf-8")


@pytest.mark.parametrize("language", ["es", "eu"])
def test_every_part_of_a_variant_and_every_unit_has_words(made_site: Site, root: Path, language: Language) -> None:
    names = Labels(language, catalogue.load(root)).names
    units, parts = set(), set()
    for name in made_site.headers:
        if (path := made_site.releases / LATER / f"{name}.parquet").exists():
            table = pq.read_table(path, columns=["variant", "unit"])
            units |= set(table["unit"].unique().to_pylist())
            parts |= {part for variant in table["variant"].unique().to_pylist() for part in re.split("[:=]", variant)}
    assert {unit for unit in units if not messages.known(language, f"unit.{unit}")} == set()
    # numbers, cases and organisations by their pseudonyms; the challenges have words with their number
    coded = re.compile(r"\d+|[CO]\d+|challenge")
    unsaid = {p for p in parts if not coded.fullmatch(p) and not messages.known(language, f"variant.{p}")}
    assert {part for part in unsaid if variant_words(language, part, names) == part.replace("_", " ")} == set()
    assert len(units) > 20 and len(parts) > 150


def test_vintages_share_the_data_that_did_not_change(made_site: Site) -> None:
    files = [path.name for path in (made_site.folder / "data").iterdir()]
    assert len([name for name in files if name.startswith(f"{REVISED}.")]) == 2
    assert len([name for name in files if name.startswith("ict_gap_pp.")]) == 1


def test_a_second_build_writes_nothing(made_site: Site) -> None:
    before = {path: path.stat().st_mtime_ns for path in made_site.folder.rglob("*") if path.is_file()}
    again = made_site.build()
    assert (again.written, again.removed) == (0, 0)
    assert {path: path.stat().st_mtime_ns for path in made_site.folder.rglob("*") if path.is_file()} == before


def test_only_what_differs_is_written_and_what_is_gone_removed(made_site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    shutil.copytree(made_site.folder, folder)
    page, stale = folder / "eu" / "claims.html", folder / "data" / "old.js"
    page.unlink()
    stale.write_text("old", "utf-8")
    record = json.loads((folder / "site.json").read_text("utf-8"))
    record["files"]["data/old.js"] = "0"
    (folder / "site.json").write_text(json.dumps(record), "utf-8")
    done = made_site.build(folder)
    assert (done.written, done.removed) == (1, 1)
    assert page.read_bytes() == (made_site.folder / "eu" / "claims.html").read_bytes() and not stale.exists()
    assert (folder / "site.json").read_bytes() == (made_site.folder / "site.json").read_bytes()


def observatory(made_site: Site, *words: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "OBSERVATORY_DATA": str(made_site.releases.parent)}
    command = [sys.executable, "-m", "observatory", "site", *words]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_the_commands_build_and_serve(made_site: Site, tmp_path: Path) -> None:
    with observatory(made_site, "build") as built:
        said, progress = built.communicate()
    assert built.returncode == 0 and f"Site of release {LATER}: {made_site.folder / 'index.html'}" in said
    assert "nothing has changed" in progress
    with observatory(made_site, "serve", "--output", str(tmp_path)) as refused:
        _, error = refused.communicate()
    assert refused.returncode == 2 and "observatory site build" in error
    with observatory(made_site, "serve", "--port", "0") as served:
        try:
            assert served.stdout is not None
            address = served.stdout.readline().split()[0]
            with urllib.request.urlopen(f"{address}es/index.html") as answer:
                assert answer.read() == (made_site.folder / "es" / "index.html").read_bytes()
        finally:
            # without this a failure would wait for a server that never ends
            served.kill()


def test_a_folder_with_something_else_is_left_alone(made_site: Site, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine", "utf-8")
    with pytest.raises(UsageError, match="--output"):
        made_site.build(tmp_path)
    with pytest.raises(UsageError, match="1999Q1"):
        made_site.build(tmp_path / "new", "1999Q1.0")
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
