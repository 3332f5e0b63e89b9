"""Building the site: plain files that open from a folder, without a server or a network.

Belongs here: which files there are, writing those that changed, removing those that are gone. Does not belong here:
what a page says (site_pages.py) or holds for its scripts (site_meta.py, site_data.py).

A build whose inputs are those of the last one does nothing; otherwise only files whose bytes differ are written, each
aside and renamed. ``site.json`` in the folder keeps the stamp and the hash of every file.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from observatory import atomic, releases
from observatory.catalogue import Catalogue
from observatory.errors import UsageError
from observatory.models import Header
from observatory.publishing import site_charts, site_content, site_data, site_meta
from observatory.publishing.site_content import Release
from observatory.publishing.site_labels import Labels
from observatory.publishing.site_messages import LANGUAGES, NAMES
from observatory.publishing.site_pages import Edition, pages, start_page

RECORD = "site.json"
TOOLS = ("altair", "Babel", "Jinja2", "markdown-it-py", "vl-convert-python")
STATIC = ("common.js", "chart.js", "xlsx.js", "parquet.js", "indicator.js", "compare.js", "start.js", "site.css")
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Built:
    """What a build did: the folder, the release shown, how many files there are, were written and were removed."""

    folder: Path
    release: str
    files: int
    written: int
    removed: int


def build(
    folder: Path,
    output: Path,
    catalogue: Catalogue,
    headers: Mapping[str, Header],
    release: str | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Built:
    """Build the site of a release (the latest by default) of ``folder`` into ``output``.

    Raises UsageError for a release that does not exist, or an output folder that holds something else.
    """
    shown = releases.find(folder, release)
    record = _record(output)
    stamp = _stamp(folder, shown, catalogue, headers)
    if record.get("stamp") == stamp and all((output / name).is_file() for name in record["files"]):
        say(f"site of {shown.name}: nothing has changed")
        return Built(output, shown.name, len(record["files"]), 0, 0)
    known: dict[str, str] = record.get("files", {})
    made: dict[str, str] = {}
    # a build that is cut short must be able to go on
    _keep(output, {"stamp": "", "release": shown.name, "files": known})
    written = 0
    for name, content in _files(folder, shown, output, known, catalogue, headers, say):
        if content is None:  # its name holds the hash of its content, and it is there
            made[name] = known[name]
            continue
        made[name] = hashlib.sha256(content).hexdigest()
        target = output / name
        if known.get(name) != made[name] or not target.is_file():
            atomic.write_bytes(target, content)
            written += 1
    gone = [name for name in known if name not in made]
    for name in gone:
        (output / name).unlink(missing_ok=True)
    _keep(output, {"stamp": stamp, "release": shown.name, "files": made})
    say(f"site of {shown.name}: {len(made)} files, {written} written, {len(gone)} removed")
    return Built(output, shown.name, len(made), written, len(gone))


def _keep(output: Path, record: Mapping[str, Any]) -> None:
    atomic.write_text(output / RECORD, json.dumps(record, indent=0, sort_keys=True) + "\n")


def _record(output: Path) -> dict[str, Any]:
    """What the last build into this folder left; empty for a new folder."""
    path = output / RECORD
    if path.is_file():
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return found
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise UsageError(
            f"{output}: expected a new or empty folder, or one with a site; found something else",
            remedy="Name another folder with --output",
        )
    return {}


def _stamp(folder: Path, shown: Path, catalogue: Catalogue, headers: Mapping[str, Header]) -> str:
    """Hash of everything that a build depends on: releases, code, texts, catalogue, tools."""
    digest = hashlib.sha256()
    for one in site_content.up_to(folder, shown):
        digest.update(f"{one.name}\n".encode() + (one / "SHA256SUMS").read_bytes())
    for path in sorted(HERE.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.name.encode() + path.read_bytes())
    names = (catalogue.geographies, catalogue.activities, catalogue.kibs_variants, catalogue.claims)
    digest.update(repr([*names, *sorted(headers.items())]).encode())
    digest.update(" ".join(f"{tool}={importlib.metadata.version(tool)}" for tool in TOOLS).encode())
    return digest.hexdigest()


def _files(
    folder: Path,
    shown: Path,
    output: Path,
    known: Mapping[str, str],
    catalogue: Catalogue,
    headers: Mapping[str, Header],
    say: Callable[[str], None],
) -> Iterator[tuple[str, bytes | None]]:
    """Every file of the site with its bytes, or with None where the one that is there stands."""
    vintages = [site_content.read(one, catalogue.variants, headers) for one in site_content.up_to(folder, shown)]
    yield from _assets(output)
    for vintage in vintages:
        yield from _data(vintage, output, known)
        say(f"data of {vintage.name}: {len(vintage.indicators)} indicators")
    figures = site_meta.side_by_side(vintages[0])
    name = site_meta.compare_file(vintages[0])
    yield f"data/{name}", site_data.script(name, figures).encode()
    yield "index.html", start_page().encode()
    for language in LANGUAGES:
        edition = Edition(language, vintages[0], vintages, Labels(language, catalogue))
        count = 0
        for path, text in pages(edition):
            yield path, text.encode()
            count += 1
        say(f"{NAMES[language]}: {count} pages")


def _assets(output: Path) -> Iterator[tuple[str, bytes | None]]:
    for name in STATIC:
        yield f"assets/{name}", (HERE / "static" / name).read_bytes()
    script = output / "assets" / "vega.js"
    line = f"/* {site_charts.bundle_version()} */\n".encode()
    if script.is_file() and script.read_bytes()[: len(line)] == line:
        yield "assets/vega.js", script.read_bytes()
    else:
        yield "assets/vega.js", site_charts.bundle().encode()


def _data(vintage: Release, output: Path, known: Mapping[str, str]) -> Iterator[tuple[str, bytes | None]]:
    for one in vintage.indicators.values():
        name = site_meta.data_file(one)
        target = f"data/{name}"
        there = target in known and (output / target).is_file()
        yield target, None if there else site_data.script(name, site_data.pack(one.columns)).encode()
        copy = f"parquet/{vintage.name}/{one.name}.parquet"
        there = copy in known and (output / copy).is_file()
        yield copy, None if there else one.path.read_bytes()
