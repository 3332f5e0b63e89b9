"""An indicator, and a release, as schema.org describes data sets; for pages that search engines read.

Belongs here: the JSON-LD objects. Does not belong here: pages, catalogues for portals (dcat.py).
Facts: schema.org Dataset, DataCatalog, DataDownload, PropertyValue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from observatory.publishing import coverage
from observatory.publishing.edition import Edition, Table

MEDIA_TYPES = {
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
CONTEXT = "https://schema.org"


def dataset(
    edition: Edition, table: Table, language: str = "en", address: str = "", files: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """An indicator as a Dataset. ``address`` is its page, ``files`` the addresses of its downloads by ending.

    Without ``files`` the Parquet file of the release is named, relative to the document.
    """
    span, warning = coverage.years(table), coverage.made_up(table)
    description = " ".join(filter(None, (warning, table.definition, f"Unit: {table.unit}.", *table.caveats)))
    found: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "Dataset",
        "name": table.title(language),
        "alternateName": [t for t in dict.fromkeys(table.titles.values()) if t != table.title(language)],
        "description": description[:5000],
        "identifier": f"{table.name}/{edition.release}",
        "version": edition.release,
        "datePublished": edition.created,
        "license": edition.licence[1],
        "isAccessibleForFree": True,
        "inLanguage": language,
        "creator": {"@type": "Organization", "name": edition.title},
        "citation": [source.citation for source in table.publishers],
        "isBasedOn": list(dict.fromkeys(source.address for source in table.publishers)),
        "keywords": ["KIBS", "servitization", *table.provenances],
        "variableMeasured": {"@type": "PropertyValue", "name": table.title(language), "unitText": table.unit},
        "measurementTechnique": table.reference or table.definition,
        "spatialCoverage": [
            {"@type": "Place", "name": edition.place(code, language), "identifier": code}
            for code in coverage.places(table)
        ],
        "distribution": [
            {"@type": "DataDownload", "encodingFormat": MEDIA_TYPES.get(ending, ending), "contentUrl": where}
            for ending, where in (files or {"parquet": table.path.name}).items()
        ],
    }
    if span:
        found["temporalCoverage"] = "/".join(span)
    return found | ({"url": address, "@id": address} if address else {})


def catalogue(edition: Edition, datasets: Sequence[Mapping[str, Any]], language: str = "en") -> dict[str, Any]:
    """The release as a DataCatalog of datasets that :func:`dataset` described."""
    return {
        "@context": CONTEXT,
        "@type": "DataCatalog",
        "name": edition.title,
        "version": edition.release,
        "datePublished": edition.created,
        "license": edition.licence[1],
        "inLanguage": language,
        "dataset": [{key: value for key, value in one.items() if key != "@context"} for one in datasets],
    }
