"""A release as a DCAT-AP 3 catalogue: JSON-LD, and the same graph as Turtle.

Belongs here: the description and its two spellings. Does not belong here: what search engines read (schema_org.py).
Facts: SEMIC, DCAT-AP 3.0.0; W3C, DCAT 3; the Publications Office's lists of file types, languages and themes.

Addresses are relative to the document unless ``base`` is given: put it beside the release's files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from observatory.publishing import coverage
from observatory.publishing.edition import Edition, Table

AUTHORITY = "http://publications.europa.eu/resource/authority/"
PREFIXES = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
LANGUAGES = {"es": "SPA", "eu": "EUS", "en": "ENG"}
THEMES = {"ECON": "Economy and finance", "REGI": "Regions and cities"}
SHA256 = {"@id": "http://spdx.org/rdf/terms#checksumAlgorithm_sha256", "@type": "spdx:ChecksumAlgorithm"}
DESCRIPTIONS = {
    "es": "Indicadores sobre servicios intensivos en conocimiento y servitización en Bilbao y el País Vasco.",
    "eu": "Jakintza-zerbitzuei eta zerbitizazioari buruzko adierazleak, Bilborako eta Euskadirako.",
    "en": "Indicators of knowledge-intensive business services and servitization in Bilbao and the Basque Country.",
}
Node = dict[str, Any]


def catalogue(edition: Edition, tables: Sequence[Table], base: str = "") -> Node:
    """The release and these tables as JSON-LD. ``base`` is the address of the release's folder, ending in ``/``."""
    publisher = {"@id": f"{base}#publisher"}
    taxonomy = _authority("data-theme", "", "skos:ConceptScheme") | {"dct:title": _text("Data theme", "en")}
    themes = [_theme(code) | {"skos:prefLabel": _text(label, "en")} for code, label in THEMES.items()]
    root: Node = {
        "@id": f"{base}#catalogue",
        "@type": "dcat:Catalog",
        "dct:title": _text(edition.title, "en"),
        "dct:description": [_text(text, language) for language, text in DESCRIPTIONS.items()],
        "dct:publisher": publisher,
        "dct:license": {"@id": edition.licence[1], "@type": "dct:LicenseDocument"},
        "dct:language": [_authority("language", code, "dct:LinguisticSystem") for code in LANGUAGES.values()],
        "dct:issued": _typed(edition.created, "dateTime"),
        "dct:modified": _typed(edition.created, "dateTime"),
        "dcat:themeTaxonomy": {"@id": taxonomy["@id"]},
        "dcat:version": edition.release,
        "dcat:dataset": [{"@id": f"{base}#{table.name}"} for table in tables],
    }
    agent: Node = {"@id": publisher["@id"], "@type": "foaf:Agent", "foaf:name": _text(edition.title, "en")}
    nodes = [node for table in tables for node in _dataset(edition, table, base, publisher)]
    return {"@context": PREFIXES, "@graph": [root, agent, *nodes, taxonomy, *themes, *_sources(tables)]}


def _theme(code: str) -> Node:
    return _authority("data-theme", code, "skos:Concept")


def _sources(tables: Sequence[Table]) -> list[Node]:
    """The publishers' tables that these were made from; a dataset's source must itself be described as a dataset."""
    found = {source.address: source for table in tables for source in table.publishers}
    return [
        {
            "@id": address,
            "@type": "dcat:Dataset",
            "dct:title": _text(source.title, "en"),
            "dct:description": _text(source.citation, "en"),
        }
        for address, source in found.items()
    ]


def _dataset(edition: Edition, table: Table, base: str, publisher: Mapping[str, str]) -> list[Node]:
    name, span, warning = f"{base}#{table.name}", coverage.years(table), coverage.made_up(table)
    description = " ".join(filter(None, (warning, table.definition, f"Unit: {table.unit}.", *table.caveats)))
    node: Node = {
        "@id": name,
        "@type": "dcat:Dataset",
        "dct:title": [_text(title, language) for language, title in table.titles.items()],
        "dct:description": _text(description, "en"),
        "dct:identifier": f"{table.name}/{edition.release}",
        "dct:publisher": dict(publisher),
        "dct:issued": _typed(edition.created, "dateTime"),
        "dct:modified": _typed(edition.created, "dateTime"),
        "dct:accrualPeriodicity": _authority("frequency", "QUARTERLY", "dct:Frequency"),
        "dct:language": _authority("language", "ENG", "dct:LinguisticSystem"),
        "dct:provenance": {
            "@type": "dct:ProvenanceStatement",
            "rdfs:label": _text("; ".join([*table.provenances, *(s.citation for s in table.sources)]), "en"),
        },
        "dct:source": [{"@id": address} for address in dict.fromkeys(s.address for s in table.publishers)],
        "dct:bibliographicCitation": f"{table.title('en')} ({table.name}). {edition.citation}",
        "dcat:keyword": [_text(word, "en") for word in ("KIBS", "servitization", "Basque Country", *table.provenances)],
        "dcat:theme": [{"@id": _theme(code)["@id"]} for code in THEMES],
        "dcat:version": edition.release,
        "dcat:distribution": {"@id": f"{name}-parquet"},
    }
    if span:
        period = {"@type": "dct:PeriodOfTime", "dcat:startDate": _typed(span[0], "gYear")}
        node["dct:temporal"] = period | {"dcat:endDate": _typed(span[1], "gYear")}
    if found := coverage.places(table):
        labels = [{"@type": "dct:Location", "rdfs:label": _text(edition.place(code, "en"), "en")} for code in found]
        node["dct:spatial"] = labels
    return [node, _distribution(edition, table, base)]


def _distribution(edition: Edition, table: Table, base: str) -> Node:
    address = {"@id": f"{base}{table.path.name}", "@type": "rdfs:Resource"}
    resource = next(r for r in edition.manifest["resources"] if r["name"] == table.name)
    iana = "https://www.iana.org/assignments/media-types/"
    return {
        "@id": f"{base}#{table.name}-parquet",
        "@type": "dcat:Distribution",
        "dct:title": _text(f"{table.title('en')} (Parquet)", "en"),
        "dcat:accessURL": address,
        "dcat:downloadURL": address,
        "dct:format": _authority("file-type", "PARQUET", "dct:MediaTypeOrExtent"),
        "dcat:mediaType": {"@id": iana + resource["mediatype"], "@type": "dct:MediaType"},
        "dct:license": {"@id": edition.licence[1]},
        "dcat:byteSize": _typed(str(resource["size_bytes"]), "nonNegativeInteger"),
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": SHA256,
            "spdx:checksumValue": _typed(resource["hash"].removeprefix("sha256:"), "hexBinary"),
        },
    }


def _text(text: str, language: str) -> Node:
    return {"@value": text, "@language": language}


def _typed(text: str, kind: str) -> Node:
    return {"@value": text, "@type": f"xsd:{kind}"}


def _authority(name: str, code: str, kind: str) -> Node:
    return {"@id": f"{AUTHORITY}{name}{'/' if code else ''}{code}", "@type": kind}


def turtle(document: Mapping[str, Any]) -> str:
    """The graph of a document of :func:`catalogue` as Turtle."""
    lines = [f"@prefix {prefix}: <{address}> ." for prefix, address in document["@context"].items()]
    types: dict[str, str] = {}
    for node in document["@graph"]:
        _gather(node, types)
        body = " ;\n  ".join(_pairs(node))
        lines += ["", f"<{node['@id']}>\n  {body} ."]
    known = {node["@id"] for node in document["@graph"]}
    lines += ["", *(f"<{name}> a {_name(kind)} ." for name, kind in types.items() if name not in known)]
    return "\n".join(lines) + "\n"


def _gather(value: Any, types: dict[str, str]) -> None:
    """Types of named nodes that stand inside others: Turtle says them on lines of their own."""
    if isinstance(value, list):
        for item in value:
            _gather(item, types)
    elif isinstance(value, dict):
        if "@id" in value and "@type" in value:
            types[value["@id"]] = value["@type"]
        for item in value.values():
            _gather(item, types)


def _pairs(node: Mapping[str, Any]) -> list[str]:
    found = [f"a {_name(node['@type'])}"] if "@type" in node else []
    for key, value in node.items():
        if not key.startswith("@"):
            objects = value if isinstance(value, list) else [value]
            found += [f"{key} {', '.join(_object(item) for item in objects)}"] if objects else []
    return found


def _name(kind: str) -> str:
    return f"<{kind}>" if "://" in kind else kind


def _object(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if "@value" in value:
        text = json.dumps(value["@value"], ensure_ascii=False)
        return f"{text}@{value['@language']}" if "@language" in value else f"{text}^^{value['@type']}"
    return f"<{value['@id']}>" if "@id" in value else f"[ {' ; '.join(_pairs(value))} ]"
