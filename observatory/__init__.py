"""A data observatory on knowledge-intensive business services (KIBS) and servitization.

The library. Only ``definitions.py`` and the ``assets`` package know Dagster. Imports run one way:
cli, assets → publishing, releases, models → sources, formats, snapshots, estimators → catalogue, settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["indicators", "load"]


def load(
    name: str, release: str | None = None, store: str | None = None, **wanted: str | Sequence[str]
) -> pd.DataFrame:
    """Published figures of an indicator as a pandas frame, e.g. ``load("ict_emp_share", geo="ES21")``.

    Every row has its unit, status and provenance; ``attrs`` has name, unit, definition, release, citation and
    provenance. ``release`` is an id, the latest by default; ``store`` is a shared one, for example
    ``s3://bucket/prefix`` (else OBSERVATORY_STORE says, else this machine's releases are read); ``wanted`` chooses rows
    by the values of columns. Raises UsageError for what does not exist, naming what does, and DataError for bytes that
    are not those that were published.
    """
    from observatory.publishing import frames

    return frames.load(name, release, store, **wanted)


def indicators(release: str | None = None, store: str | None = None) -> pd.DataFrame:
    """The indicators of a release as a pandas frame: name, unit, definition, rows, provenance, last update."""
    from observatory.publishing import frames

    return frames.indicators(release, store)
