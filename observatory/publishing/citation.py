"""How a release is cited: CITATION.cff.

Belongs here: the citation file. Does not belong here: citations within other formats (edition.py has the one line).
Facts: Citation File Format 1.2.0.
"""

from __future__ import annotations

from typing import Any

from observatory.publishing.edition import MADE_UP, Edition


def cff(edition: Edition) -> str:
    """The release as a data set, its publishers' tables as references; a made-up table is nobody's and none of them."""
    import yaml

    entity = {"name": edition.title}
    document: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "If you use these figures, cite the release and the publishers of its sources.",
        "type": "dataset",
        "title": edition.title,
        "version": edition.release,
        "date-released": edition.created[:10],
        "license": edition.licence[0],
        "authors": [entity],
        "keywords": ["KIBS", "servitization", "Bilbao", "Basque Country"],
        "references": [
            {
                "type": "data",
                "title": source["title"],
                "authors": [{"name": source["title"].split(maxsplit=1)[0]}],
                "url": source["path"],
                "notes": f"{source['citation']} (provenance: {source['provenance']}; sha256 {source['sha256']})",
            }
            for source in edition.manifest["sources"]
            if source["provenance"] != MADE_UP
        ],
    }
    commit = str(edition.manifest["git_commit"])
    if commit != "unknown":
        document["commit"] = commit
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120))
