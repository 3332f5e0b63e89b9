"""Figures as pandas frames: what stands behind ``import observatory as ob``.

Belongs here: frames with what is known of them in ``attrs``. Does not belong here: files (exports.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from observatory import releases, sharing
from observatory.errors import UsageError
from observatory.publishing.edition import Edition, Table, opened
from observatory.settings import Settings

if TYPE_CHECKING:
    import pandas as pd


def edition(release: str | None = None, store: str | None = None) -> Edition:
    """A release of this machine or of a store, the latest by default. Raises UsageError naming those there are."""
    settings = Settings(store=store) if store else Settings()
    folder = sharing.releases(settings, [release] if release else [])
    return opened(releases.find(folder, release), settings.home)


def load(
    name: str, release: str | None = None, store: str | None = None, **wanted: str | Sequence[str]
) -> pd.DataFrame:
    """Rows of an indicator with the wanted values, with unit, status and provenance in every row.

    Raises UsageError for an indicator, a column or a value that is not there, naming what is; DataError naming the
    object of a shared store whose bytes have changed.
    """
    found = edition(release, store)
    (table,) = found.chosen([name])
    frame = table.content.to_pandas()
    for column, values in wanted.items():
        if column not in frame.columns:
            raise UsageError(f"{name} has no column {column!r}", remedy=f"It has: {', '.join(frame.columns)}")
        chosen = [values] if isinstance(values, str) else list(values)
        known = sorted(frame[column].dropna().astype(str).unique())
        if unknown := [value for value in chosen if value not in known]:
            raise UsageError(
                f"{name} has no {column} {', '.join(unknown)}", remedy=f"It has: {', '.join(known) or 'none'}"
            )
        frame = frame[frame[column].isin(chosen)]
    frame = frame.reset_index(drop=True)
    frame.attrs = about(found, table)
    frame.attrs["provenance"] = sorted(frame["provenance"].unique())
    return frame


def about(edition: Edition, table: Table) -> dict[str, object]:
    """What ``attrs`` says of a frame: the indicator, the release, and how to cite both."""
    return {
        "name": table.title("en"),
        "names": dict(table.titles),
        "unit": table.unit,
        "definition": table.definition,
        "caveats": list(table.caveats),
        "reference": table.reference,
        "release": edition.release,
        "citation": f"{table.title('en')} ({table.name}). {edition.citation}",
        "sources": [source.citation for source in table.sources],
        "provenance": list(table.provenances),
    }


def indicators(release: str | None = None, store: str | None = None) -> pd.DataFrame:
    """The indicators of a release, one a row: name, unit, definition, rows, provenance, last update of the sources."""
    import pandas as pd

    found = edition(release, store)
    rows = [
        {
            "indicator": table.name,
            "name": table.title("en"),
            "unit": table.unit,
            "definition": table.definition,
            "rows": table.rows,
            "provenance": ";".join(table.provenances),
            "updated": table.updated,
        }
        for table in found.indicators
    ]
    frame = pd.DataFrame(rows).set_index("indicator")
    frame.attrs = {"release": found.release, "citation": found.citation}
    return frame
