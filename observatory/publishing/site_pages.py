"""The pages of the site in one language, as text by path.

Belongs here: what each page is given, and rendering. Does not belong here: layout (templates/), words
(site_messages.yaml), writing files (site.py), what the interactive pages hand to their scripts (site_meta.py).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from markupsafe import Markup, escape

from observatory.headline import SYNTHETIC
from observatory.publishing import numbers, site_content, site_meta, site_svg, translations
from observatory.publishing import site_messages as messages
from observatory.publishing.site_content import Indicator, Release, Row
from observatory.publishing.site_labels import LEVELS, Labels
from observatory.publishing.site_messages import LANGUAGES, NAMES, Language
from observatory.publishing.site_sentences import answers

if TYPE_CHECKING:
    import jinja2

MENU = (
    ("index.html", "nav.home"),
    ("indicators.html", "nav.indicators"),
    ("places.html", "nav.places"),
    ("compare.html", "nav.compare"),
    ("claims.html", "nav.claims"),
    ("releases.html", "nav.releases"),
    ("sources.html", "nav.sources"),
)


@dataclass(frozen=True)
class Edition:
    """The site in one language: the release shown, and all releases up to it, the newest first."""

    language: Language
    release: Release
    vintages: Sequence[Release]
    labels: Labels

    def text(self, message: str, **values: object) -> str:
        """A message in this edition's language."""
        return messages.text(self.language, message, **values)


@functools.cache
def environment() -> jinja2.Environment:
    """Templates with escaping on and unknown names refused."""
    import jinja2

    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.policies["json.dumps_kwargs"] = {}  # the order of indicators and places says something
    return found


def start_page() -> str:
    """The page above the languages."""
    found: str = environment().get_template("start.html").render(languages=LANGUAGES, names=NAMES, text=messages.text)
    return found


def pages(edition: Edition) -> Iterator[tuple[str, str]]:
    """All pages of an edition: path under the site's root, and text."""
    simple = (_home, _indicators, _places, _compare, _claims, _releases, _sources)
    for (path, _), make in zip(MENU, simple, strict=True):
        yield _render(edition, path, path, **make(edition))
    for one in edition.release.indicators.values():
        yield _render(edition, f"indicator/{one.name}.html", "indicator.html", **_indicator(edition, one))
    for geo in edition.release.places:
        yield _render(edition, f"place/{geo}.html", "place.html", **_place(edition, geo))


def _render(edition: Edition, path: str, template: str, **content: Any) -> tuple[str, str]:
    depth = path.count("/")
    language = edition.language
    common = {
        "lang": language,
        "languages": LANGUAGES,
        "names": NAMES,
        "path": path,
        "home": "../" * depth,
        "root": "../" * (depth + 1),
        "menu": MENU,
        "t": edition.text,
        "said": functools.partial(said, language),
        "labels": edition.labels,
        "description": "",
        "release": edition.release.name,
        "created": numbers.date(language, edition.release.manifest["created"]),
        "date": functools.partial(numbers.date, language),
        "number": functools.partial(numbers.number, language),
        "period": numbers.period,
    }
    text = environment().get_template(template).render(**(common | content))
    return f"{language}/{path}", text


def said(language: Language, text: str) -> Markup:
    """A text that a release holds in English, translated; one that has no translation is marked as English."""
    return marked(text, translations.translated(language, text))


def marked(text: str, found: str | None) -> Markup:
    """The translation found of an English text; the text itself, marked as English, if there is none."""
    return Markup('<span lang="en">{}</span>').format(text) if found is None else escape(found)


def title(one: Indicator, language: Language) -> str:
    """Name of an indicator in a language."""
    return str(one.resource["titles"][language])


def state(row: Row) -> str:
    """The address part that shows a row's series on its indicator's page."""
    return urlencode({name: row[name] for name in ("geo", "variant", "activity", "comparator") if row[name]})


def _home(edition: Edition) -> dict[str, Any]:
    release = edition.release
    found = answers(release, edition.language, edition.labels)
    return {
        "title": edition.text("home.title"),
        "description": " ".join(answer.sentence for answer in found)[:300],
        "answers": found,
        "titles": {one.name: title(one, edition.language) for one in release.indicators.values()},
        "link": state,
        "topics": [(topic, len(members)) for topic, members in by_topic(release)],
        "counts": {
            "indicators": len(release.indicators),
            "places": len(release.places),
            "releases": len(edition.vintages),
        },
    }


def by_topic(release: Release) -> list[tuple[str, list[Indicator]]]:
    """Indicators by topic, in the order of topics; a topic without any is left out."""
    found: dict[str, list[Indicator]] = {}
    for one in release.indicators.values():
        found.setdefault(one.topic, []).append(one)
    return list(found.items())


def _indicators(edition: Edition) -> dict[str, Any]:
    return {
        "title": edition.text("indicator.list_title"),
        "groups": by_topic(edition.release),
        "provenances": lambda one: sorted({row["provenance"] for row in one.rows}),
    }


def _indicator(edition: Edition, one: Indicator) -> dict[str, Any]:
    meta = site_meta.indicator(one, edition.vintages, edition.labels)
    definition = str(one.resource["description"])
    texts = [definition, *one.resource["caveats"]]
    return {
        "title": title(one, edition.language),
        "description": translations.translated(edition.language, definition) or definition,
        "has_english": any(translations.translated(edition.language, text) is None for text in texts),
        "indicator": one,
        "file": meta["releases"][0]["file"],
        "cite": meta["cite"].replace("{release}", edition.release.name),
        "downloads": [
            {"release": vintage["name"], "path": f"parquet/{vintage['name']}/{one.name}.parquet"}
            for vintage in meta["releases"]
        ],
        "meta": meta,
    }


def _places(edition: Edition) -> dict[str, Any]:
    labels = edition.labels
    ordered = sorted(edition.release.places, key=labels.order)
    groups = [(level, [geo for geo in ordered if labels.level(geo) == level]) for level in LEVELS]
    return {"title": edition.text("place.title"), "groups": [group for group in groups if group[1]]}


def _place(edition: Edition, geo: str) -> dict[str, Any]:
    labels = edition.labels
    groups = []
    is_synthetic = False
    for topic, indicators in by_topic(edition.release):
        lines = [line for one in indicators if (line := _line(edition, one, geo)) is not None]
        is_synthetic |= any(line["row"]["provenance"] == SYNTHETIC for line in lines)
        if lines:
            groups.append((topic, lines))
    parent = labels.parent(geo)
    return {
        "title": labels.place(geo),
        "level": labels.level(geo),
        "parent": labels.place(parent) if parent else "",
        "compare": urlencode({"geo": ",".join(dict.fromkeys([geo, *site_content.FOCUS[1:4]]))}),
        "groups": groups,
        "is_synthetic": is_synthetic,
    }


def _line(edition: Edition, one: Indicator, geo: str) -> dict[str, Any] | None:
    """What a place's page says of one indicator: the newest figure of its main series, and the series' course."""
    if geo not in one.main_figures:
        return None
    row, rows = one.main_figures[geo]
    known = [other for other in rows if other["value"] is not None]
    course = ""
    if known:
        ends = {"first": known[0], "last": known[-1]}
        values = {name: edition.labels.value(end["value"], end["unit"]) for name, end in ends.items()}
        course = edition.text("place.trend", **values, **{"from": known[0]["period"], "to": known[-1]["period"]})
    words = [edition.labels.variant(row["variant"] or "")]
    if (row["variant"] or "") in one.by_activity:
        words.append(edition.labels.activity(row["activity"] or ""))
    if row["comparator"]:
        words.append(f"{edition.text('column.comparator')}: {edition.labels.place(row['comparator'])}")
    return {
        "row": row,
        "title": title(one, edition.language),
        "variant": " · ".join(words),
        "link": state(row),
        "spark": site_svg.sparkline(rows, course),
    }


def _compare(edition: Edition) -> dict[str, Any]:
    return {
        "title": edition.text("compare.title"),
        "meta": site_meta.compare(edition.release, edition.labels),
        "is_synthetic": any(one.is_synthetic for one in edition.release.indicators.values()),
    }


def _claims(edition: Edition) -> dict[str, Any]:
    language = edition.language
    own = {f"{one.claim}{one.part}": one for one in edition.labels.catalogue.claims}
    lines = []
    for claim in edition.release.json("claims.json"):
        known = own.get(claim["claim"])
        same = known is not None and known.statement_en == claim["statement"]
        lines.append(
            claim
            | {
                "statement": getattr(known, f"statement_{language}") if same else claim["statement"],
                "lang": language if same else "en",
                "verdict": messages.known(language, f"verdict.{claim['verdict']}") or claim["verdict"],
                "why": marked(claim["why"], translations.sentence(language, claim["why"], _named(edition, claim))),
            }
        )
    plain = functools.partial(numbers.plain, language)
    return {"title": edition.text("claims.title"), "claims": lines, "plain": plain}


def _named(edition: Edition, claim: Mapping[str, Any]) -> dict[str, str]:
    """Names of the codes that a verdict's reason may hold: indicator, variants, place and period."""
    indicator = claim["indicator"].partition(" ")[0]
    known = edition.release.indicators.get(indicator)
    variants = {code: edition.labels.variant(code) for code in (known.words["variant"] if known else ())}
    codes, words = (
        ", ".join(part for part in (place, claim["period"]) if part)
        for place in (claim["place"], edition.labels.place(claim["place"]) if claim["place"] else "")
    )
    return variants | {codes: words} | ({indicator: title(known, edition.language)} if known else {})


def _releases(edition: Edition) -> dict[str, Any]:
    found = [
        {
            "name": one.name,
            "created": one.manifest["created"],
            "tables": len(one.manifest["resources"]),
            "commit": one.manifest["git_commit"],
            "differences": markdown(translations.markdown(edition.language, one.text("diff.md")), one.name),
        }
        for one in edition.vintages
    ]
    return {"title": edition.text("releases.title"), "releases": found}


def markdown(text: str, name: str) -> str:
    """Markdown as HTML: headings two levels down, tables in boxes that scroll, told apart by ``name`` and number.

    HTML in the text stays text.
    """
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
    drawn = str(parser.renderer.render(tokens, parser.options, {}))
    first, *rest = drawn.replace("</table>", "</table></div>").split("<table>")
    box = '<div class="scroll" role="region" tabindex="0" aria-label="{} – {}"><table>{}'
    return first + "".join(box.format(escape(name), place, part) for place, part in enumerate(rest, 1))


def _sources(edition: Edition) -> dict[str, Any]:
    checks: Sequence[Mapping[str, Any]] = edition.release.json("checks.json")
    variants = [(one.variant, edition.labels.variant(one.variant)) for one in edition.labels.catalogue.kibs_variants]
    return {
        "title": edition.text("sources.title"),
        "sources": edition.release.manifest["sources"],
        "checks": checks,
        "passed": sum(bool(check["passed"]) for check in checks),
        "flags": sorted(messages.section(edition.language, "status").items()),
        "definitions": variants,
    }
