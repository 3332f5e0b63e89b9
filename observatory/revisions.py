"""Revisions: what earlier releases said of the same period, and whether they said too much or too little.

Belongs here: the release that stood at a given quarter, the revision triangle of an indicator, and statistics of its
revisions. Does not belong here: cell-by-cell comparison of two releases (differences.py), why a table changed
(causes.py), printing (cli.py).

A revision is a later figure minus an earlier one. A new vintage of accounts revises all years at once, so that the
revisions of one series are not independent draws: the test of bias says whether the mean could be nought given how
revisions scatter and follow each other, not how often the publisher errs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from observatory import releases
from observatory.errors import UsageError
from observatory.models import KEY

if TYPE_CHECKING:
    import pyarrow as pa

SERIES = (*(column for column in KEY if column not in {"indicator", "period"}), "unit")
"""What tells one series from another. The unit is part of it: figures in two units are no revision of each other."""
FEW = 10
"""Fewer revisions than this are tested without autocorrelation, which cannot be estimated from so few."""
Cells = dict[tuple[str | None, ...], list[float | None]]


@dataclass(frozen=True)
class Statistics:
    """Revisions of one series in its unit; ``t`` and ``p`` are None where all revisions are equal or there is one.

    ``relative_pct`` is 100 * sum of absolute revisions / sum of absolute earlier figures. ``lag`` is the number of
    lags in the standard error, nought for the plain one.
    """

    n: int
    mean_earlier: float
    mean_later: float
    mean_revision: float
    mean_absolute_revision: float
    relative_pct: float | None
    largest_revision: float
    largest_period: str
    t: float | None
    p: float | None
    lag: int


def as_of(folder: Path, quarter: str) -> Path:
    """The last release of ``quarter``, or of the quarters before it if it has none.

    Raises UsageError for a malformed quarter and for one before the first release.
    """
    if not releases.QUARTER.match(quarter):
        raise UsageError(f"{quarter!r} is not a quarter", remedy="Write it like 2026Q4")
    known = releases.names(folder)
    if not (standing := [name for name in known if name.partition(".")[0] <= quarter]):
        raise UsageError(f"no release stood in {quarter}", remedy=f"Releases: {', '.join(known) or 'none yet'}")
    return folder / standing[-1]


def triangle(folder: Path, indicator: str, wanted: Mapping[str, Sequence[str]]) -> tuple[pa.Table, str]:
    """All releases' figures of an indicator, and a title.

    Columns: variant, geo, activity, comparator, unit, period, then the value in each release that has the table,
    oldest first; null where that release has no figure. ``wanted`` chooses rows by column. Raises UsageError for an
    indicator that no release has, or a value that none of them has.
    """
    import pyarrow as pa

    files: dict[str, Path] = {}
    title = ""
    for release in releases.names(folder):
        found = {r["name"]: r for r in releases.manifest(folder / release)["resources"]}
        if indicator in found and found[indicator]["relation"].startswith("indicators."):
            files[release] = folder / release / found[indicator]["path"]
            title = found[indicator]["title"]
    if not files:
        among = f"{len(releases.names(folder))} releases"
        raise UsageError(f"none of {among} has an indicator {indicator!r}", remedy="See `observatory indicators list`")
    cells = _cells(list(files.values()), indicator, wanted)
    columns = [*SERIES, "period"]
    keys = sorted(cells, key=lambda key: tuple(part or "" for part in key))
    table = {name: pa.array([key[at] for key in keys], pa.string()) for at, name in enumerate(columns)}
    table |= {name: pa.array([cells[k][at] for k in keys], pa.float64()) for at, name in enumerate(files)}
    return pa.table(table), f"{title}: reference period by release"


def _cells(files: Sequence[Path], indicator: str, wanted: Mapping[str, Sequence[str]]) -> Cells:
    """Values of the wanted rows by series and period, one a file."""
    import pyarrow.parquet as pq

    cells: Cells = {}
    known: dict[str, set[str]] = {column: set() for column in wanted}
    columns = [*SERIES, "period"]
    for at, path in enumerate(files):
        there = pq.read_schema(path).names
        read = pq.read_table(path, columns=[c for c in (*columns, "value") if c in there]).to_pydict()
        nothing = [None] * len(read["period"])
        for *key, value in zip(*(read.get(c, nothing) for c in (*columns, "value")), strict=True):
            row = dict(zip(columns, key, strict=True))
            for column, seen in known.items():
                seen.add(row[column] or "")
            if all(row[column] in values for column, values in wanted.items()):
                cells.setdefault(tuple(key), [None] * len(files))[at] = value
    for column, values in wanted.items():
        if unknown := sorted(set(values) - known[column]):
            have = ", ".join(sorted(known[column] - {""})) or "none"
            raise UsageError(
                f"{indicator} has no {column} {', '.join(unknown)} in any release", remedy=f"It has: {have}"
            )
    return cells


def statistics(table: pa.Table) -> pa.Table:
    """Statistics of the revisions in a triangle, a row a series and step; input as ``triangle`` gives it.

    The step ``first`` to the latest release comes first: the figure first published against the latest one. Where
    there are more than two releases a row follows for each one and the next. Periods without a figure on both sides
    do not count, and a series without any has no row.
    """
    import pyarrow as pa

    names = table.column_names[len(SERIES) + 1 :]
    rows = []
    for series, members in groupby(table.to_pylist(), key=lambda row: tuple(row[c] for c in SERIES)):
        cells = {row["period"]: [row[name] for name in names] for row in members}
        for earlier, later, pairs in _steps(cells, names):
            if pairs:
                step = {"earlier": earlier, "later": later}
                rows.append(dict(zip(SERIES, series, strict=True)) | step | asdict(summarise(pairs)))
    texts = (*SERIES, "earlier", "later", "largest_period")
    kinds = {f: pa.string() if f in texts else pa.int64() if f in {"n", "lag"} else pa.float64() for f in _columns()}
    return pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()})


def _columns() -> list[str]:
    return [*SERIES, "earlier", "later", *Statistics.__dataclass_fields__]


def _steps(
    cells: Mapping[str, Sequence[float | None]], names: Sequence[str]
) -> Iterator[tuple[str, str, dict[str, tuple[float, float]]]]:
    """Pairs of figures by period: the first published and the latest, then each release and the next."""
    first: dict[str, tuple[float, float]] = {}
    for period, values in cells.items():
        published = next((v for v in values[:-1] if v is not None), None)
        if published is not None and values[-1] is not None:
            first[period] = (published, values[-1])
    yield "first", names[-1], first
    for (a, earlier), (b, later) in pairwise(enumerate(names)) if len(names) > 2 else ():
        both = {p: (v[a], v[b]) for p, v in cells.items()}
        yield earlier, later, {p: (x, y) for p, (x, y) in both.items() if x is not None and y is not None}


def summarise(pairs: Mapping[str, tuple[float, float]]) -> Statistics:
    """Statistics of the revisions of one series; ``pairs`` are the earlier and the later figure by period.

    At least one pair. Measures as in revision analysis at statistics offices: mean revision, mean absolute revision,
    the latter over the mean absolute earlier figure (relative), and a test whether the mean is nought.
    """
    periods = sorted(pairs)
    earlier, later = (np.array([pairs[p][side] for p in periods], dtype=np.float64) for side in (0, 1))
    revisions = later - earlier
    size = float(np.abs(earlier).sum())
    largest = int(np.abs(revisions).argmax())
    t, p, lag = bias(revisions, periods)
    return Statistics(
        n=len(periods),
        mean_earlier=float(earlier.mean()),
        mean_later=float(later.mean()),
        mean_revision=float(revisions.mean()),
        mean_absolute_revision=float(np.abs(revisions).mean()),
        relative_pct=100 * float(np.abs(revisions).sum()) / size if size else None,
        largest_revision=float(revisions[largest]),
        largest_period=periods[largest],
        t=t,
        p=p,
        lag=lag,
    )


def bias(revisions: npt.ArrayLike, periods: Sequence[str]) -> tuple[float | None, float | None, int]:
    """Student's t of the mean revision, its two-sided p with n - 1 degrees of freedom, and the lags used.

    t = mean / se with se² = 1 / (n (n - 1)) * sum_ij k_ij u_i u_j, u = revision - mean, Bartlett's
    k_ij = max(0, 1 - |year_i - year_j| / (L + 1)) and L = floor(4 (n / 100)^(2/9)): Newey and West 1987,
    Econometrica 55. Fewer than ``FEW`` revisions, or periods that are not years, take L = 0, which is the textbook t
    of a mean. None for a single revision or revisions that do not scatter.
    """
    from scipy.special import stdtr

    values = np.asarray(revisions, dtype=np.float64)
    n = values.size
    annual = all(len(period) == 4 and period.isdigit() for period in periods)
    lag = int(4 * (n / 100) ** (2 / 9)) if annual and n >= FEW else 0
    apart = values - values.mean()
    # a spread in the last digits is arithmetic, not evidence
    if n < 2 or np.abs(apart).max() <= 1e-12 * np.abs(values).max():
        return None, None, 0
    times = np.array(periods if annual else range(n), dtype=np.float64)
    kernel = np.maximum(0.0, 1 - np.abs(times[:, None] - times[None, :]) / (lag + 1))
    variance = float(apart @ kernel @ apart) / (n * (n - 1))
    if variance <= 0:
        return None, None, lag
    t = float(values.mean() / np.sqrt(variance))
    return t, 2 * float(stdtr(n - 1, -abs(t))), lag
