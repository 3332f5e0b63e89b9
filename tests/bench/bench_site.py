"""Budgets of the site: building 60 indicators x 40 places x 25 years, building it again, the weight of the home page,
and how soon a page can be used.

The figures are made up from a seed. A build is compared with what cannot be saved: writing the same files as safely,
and drawing one chart an indicator to SVG. Both are wall time within one run, as most of either is the disk's.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.chain import budget

INDICATORS, YEARS = 60, range(2000, 2025)
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
HOME_LIMIT = 1.5  # MB, with scripts


def made_up_release(folder: Path, places: list[str]) -> Path:
    """A release directory of INDICATORS x places x YEARS rows with intervals, as `releases` would leave it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    chance = random.Random(20)
    release = folder / "2026Q4.0"
    release.mkdir(parents=True)
    resources = []
    keys = [(geo, str(year)) for geo in places for year in YEARS]
    for number in range(INDICATORS):
        name = f"ict_made_up_{number:02}"
        value = [round(chance.uniform(0, 30), 6) for _ in keys]
        same = {"indicator": name, "variant": "section_j", "activity": "NACE2:J", "unit": "percent", "status": "A"}
        columns = {
            **{column: [word] * len(keys) for column, word in same.items()},
            "geo": [geo for geo, _ in keys],
            "period": [period for _, period in keys],
            "value": value,
            "lower": [v - 0.5 for v in value],
            "upper": [v + 0.5 for v in value],
            "n": [1000.0] * len(keys),
            "comparator": pa.nulls(len(keys), pa.string()),
            "provenance": ["synthetic"] * len(keys),
            "sources": ["made_up"] * len(keys),
        }
        pq.write_table(pa.table(columns), release / f"{name}.parquet")
        title = f"Made-up indicator {number}"
        resources.append(
            {
                "name": name,
                "path": f"{name}.parquet",
                "relation": f"indicators.{name}",
                "title": title,
                "titles": dict.fromkeys(("es", "eu", "en"), title),
                "description": "Made up to measure the site.",
                "unit": "percent",
                "caveats": [],
                "rows": len(keys),
                "content": hashlib.sha256(name.encode()).hexdigest(),
                "sources": [],
            }
        )
    manifest = {
        "version": release.name,
        "created": "2026-11-01T00:00:00+00:00",
        "git_commit": "0" * 40,
        "licenses": [],
        "sources": [],
        "resources": resources,
    }
    (release / "datapackage.json").write_text(json.dumps(manifest), "utf-8")
    (release / "SHA256SUMS").write_text("made up\n", "utf-8")
    (folder / "latest.json").write_text(json.dumps({"release": release.name}), "utf-8")
    return release


def timed(work: Callable[[], Any]) -> float:
    """Seconds that a piece of work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure() -> list[dict[str, object]]:
    """The rows of the result."""
    from observatory import atomic, catalogue
    from observatory.publishing import site, site_charts
    from observatory.settings import Settings

    known = catalogue.load(Settings().home)
    places = [one.geo for one in known.geographies][:40]
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        release = made_up_release(root / "releases", places)

        def build() -> None:
            site.build(root / "releases", root / "site", known, {})

        built = timed(build)
        files = {
            path.relative_to(root / "site"): path.read_bytes() for path in (root / "site").rglob("*") if path.is_file()
        }
        written = timed(lambda: [atomic.write_bytes(root / "bytes" / name, data) for name, data in files.items()])
        specification = site_charts.specifications("es", "%")["series"]
        drawn = timed(lambda: [draw(specification, release / f"ict_made_up_{n:02}.parquet") for n in range(INDICATORS)])
        again = timed(build)
        (release / "SHA256SUMS").write_text("made up, and something changed\n", "utf-8")
        changed = timed(build)
        rows = [
            budget(
                "site: build / (write its bytes + draw its charts)", built / (written + drawn), 2.0, f"{built:.1f} s"
            ),
            budget("site: build again, nothing changed / build", again / built, 0.1),
            budget("site: build again, inputs touched / build", changed / built, 1.0),
            budget("site: home page with scripts / 1.5 MB", weight(root / "site" / "es") / 1e6 / HOME_LIMIT, 1.0),
        ]
        return rows + usable(root / "site")


def draw(specification: dict[str, Any], path: Path) -> str:
    """One chart as the browser draws it: three places with their bands."""
    import pyarrow.parquet as pq
    import vl_convert

    rows = pq.read_table(path).to_pylist()[: 3 * len(YEARS)]
    points = [
        {"label": r["geo"], "run": r["geo"], **{c: r[c] for c in ("period", "value", "lower", "upper")}} for r in rows
    ]
    pairs = [(a, b) for a, b in itertools.pairwise(points) if a["label"] == b["label"]]
    segments = [{**a, "period2": b["period"], "value2": b["value"], "provisional": False} for a, b in pairs]
    data = {"points": points, "segments": segments, "bands": points, "marks": [{"word": "x"}], "reference": []}
    return str(vl_convert.vegalite_to_svg(specification | {"datasets": data, "width": 800}))


def weight(folder: Path) -> int:
    """Bytes of the home page and of the files that it loads."""
    text = (folder / "index.html").read_text("utf-8")
    loaded = [part.split('"')[0] for part in text.replace('href="../assets', 'src="../assets').split('src="')[1:]]
    return len(text.encode()) + sum((folder / name).stat().st_size for name in loaded)


def usable(folder: Path) -> list[dict[str, object]]:
    """Seconds from asking for a page to its figures and controls, and to its chart; nothing without Chromium."""
    if not CHROMIUM.exists():
        return []
    from playwright.sync_api import sync_playwright

    rows = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        page_of = "es/indicator/ict_made_up_00.html"
        asked = (
            ("home page usable", "es/index.html", "main"),
            ("indicator page usable", page_of, "#table tbody tr"),
            ("indicator page with its chart", page_of, "#picture[data-drawn]"),
        )
        for name, path, selector in asked:
            times = []
            for _ in range(5):
                page = browser.new_context(offline=True).new_page()

                def look(page: Any = page, path: str = path, selector: str = selector) -> None:
                    page.goto((folder / path).as_uri(), wait_until="commit")
                    page.wait_for_selector(selector)

                times.append(timed(look))
                page.context.close()
            rows.append(budget(f"site: {name} / one second", sorted(times)[2], 1.0, "median of 5"))
        browser.close()
    return rows
