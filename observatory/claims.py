"""The ledger of published statements: what was said, what we find, and what follows.

Belongs here: judging the rows of ``published_claims.csv`` against a release. Does not belong here: the statements
themselves (data) or any tuning of a figure to meet one; a mismatch is a finding.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from observatory.catalogue_models import Claim
from observatory.errors import DataError
from observatory.snapshots import Store

if TYPE_CHECKING:
    import pyarrow as pa

REPRODUCED = "reproduced"
REVISED = "revised since"
MISSED = "not reproduced"
UNTESTED = "not tested on real data"
REPORTED = "reported, not judged"
FILE = "claims.json"
NOT_COMPUTED = "{indicator} is not computed yet"
LIKELY = "likely source: {source}"
NO_FIGURE = "the sources hold no {indicator} for {where}"
MADE_UP = "only synthetic figures are at hand, and they prove nothing"
MISSING = "{indicator} for {where} is missing (status {status})"
ONE = "{value} (status {status})"
MEAN = "mean {mean} over {first}–{last}, from {start} to {end}, range {low}–{high}"
ACCEPTED = "accepted {low} to {high}"
NO_VINTAGE = "accepted {low} to {high}: reproduced by no vintage found"
EARLIER = "{value} in the vintage {vintage}"
EARLIER_FITS = "{value} in the vintage {vintage} was within accepted {low} to {high}"
NOW_ONE = "now {value} (status {status})"
NOW_MEAN = "now mean {mean} over {first}–{last}, from {start} to {end}, range {low}–{high}"
READINGS = "of its readings only {variants} can be meant"
ANY = "any"
WORDS = (
    *(NOT_COMPUTED, LIKELY, NO_FIGURE, MADE_UP, MISSING, ONE, MEAN, ACCEPTED, NO_VINTAGE, EARLIER, EARLIER_FITS),
    *(NOW_ONE, NOW_MEAN, READINGS, ANY),
)
"""Parts of what a verdict says, between semicolons, with places to fill in: the message ids of their translations."""


@dataclass(frozen=True)
class Verdict:
    """One figure of a statement: ours (None where there is none), the verdict, and why in a sentence.

    ``source`` holds the tables that our figure is from, or the likely ones where there is none; ``vintage`` the days of
    the publishers' stamps on those tables (of retrieval where a publisher gives none).
    """

    claim: Claim
    ours: float | None
    verdict: str
    why: str
    source: str = ""
    vintage: str = ""

    @property
    def key(self) -> str:
        """Number and part, e.g. ``13a``."""
        return f"{self.claim.claim}{self.claim.part}"


def judge(claims: Sequence[Claim], folder: Path) -> list[Verdict]:
    """Verdicts on all statements from the tables of a release directory, in the order of the file."""
    stamps = _stamps(folder)
    verdicts = [_judge(claim, folder / f"{claim.indicator}.parquet") for claim in claims]
    return [_with_vintage(_with_readings(verdict, verdicts), stamps) for verdict in verdicts]


def _stamps(folder: Path) -> dict[str, str]:
    """When the publishers last touched the tables of a release, by source; from the lock that it keeps."""
    tables = Store(folder, "release").lock().tables
    return {source: (entry.updated or entry.retrieved_at.isoformat())[:10] for source, entry in tables.items()}


def _with_vintage(verdict: Verdict, stamps: Mapping[str, str]) -> Verdict:
    dated = [f"{source} of {stamps[source]}" for source in verdict.source.split(";") if source in stamps]
    return replace(verdict, source=verdict.source or verdict.claim.likely_source, vintage="; ".join(dated))


def _with_readings(verdict: Verdict, verdicts: Sequence[Verdict]) -> Verdict:
    """Where a statement can be read in several ways, say which of them the figures leave."""
    same = [v for v in verdicts if v.claim.statement_en == verdict.claim.statement_en]
    fitting = [v.claim.variant for v in same if v.verdict == REPRODUCED]
    if len(same) < 2 or not fitting or len(fitting) == len(same):
        return verdict
    return replace(verdict, why=f"{verdict.why}; {READINGS.format(variants=', '.join(fitting))}")


def _judge(claim: Claim, path: Path) -> Verdict:
    if not path.exists():
        missing = NOT_COMPUTED.format(indicator=claim.indicator)
        return Verdict(claim, None, UNTESTED, f"{missing}; {LIKELY.format(source=claim.likely_source)}")
    rows = _rows(claim, path)
    where = ", ".join(part for part in (claim.geo, claim.period) if part)
    if rows.num_rows == 0:
        return Verdict(claim, None, UNTESTED, NO_FIGURE.format(indicator=claim.indicator, where=where))
    if set(rows["provenance"].to_pylist()) - {"official", "survey"}:
        return Verdict(claim, None, UNTESTED, MADE_UP)
    ours, said = _figure(rows)
    if ours is None:
        why = MISSING.format(indicator=claim.indicator, where=where, status=said)
        return Verdict(claim, None, UNTESTED, why)
    return replace(_compared(claim, ours, said), source=";".join(_sources(rows)))


def _compared(claim: Claim, ours: float, said: str) -> Verdict:
    """The verdict on a figure that there is."""
    if claim.low is None and claim.high is None:
        return Verdict(claim, ours, REPORTED, said)
    bounds = {"low": _bound(claim.low), "high": _bound(claim.high)}
    if _accepts(claim, ours):
        return Verdict(claim, ours, REPRODUCED, f"{said}; {ACCEPTED.format(**bounds)}")
    if claim.earlier_value is not None and _accepts(claim, claim.earlier_value):
        why = EARLIER_FITS.format(value=f"{claim.earlier_value:g}", vintage=claim.earlier_vintage, **bounds)
        return Verdict(claim, ours, REVISED, f"{why}; now {said}")
    parts = [said, NO_VINTAGE.format(**bounds)]
    if claim.earlier_value is not None:
        parts.insert(1, EARLIER.format(value=f"{claim.earlier_value:g}", vintage=claim.earlier_vintage))
    return Verdict(claim, ours, MISSED, "; ".join(parts))


def _accepts(claim: Claim, figure: float) -> bool:
    return (claim.low is None or claim.low <= figure) and (claim.high is None or figure <= claim.high)


def _bound(bound: float | None) -> str:
    return ANY if bound is None else f"{bound:g}"


def _rows(claim: Claim, path: Path) -> pa.Table:
    """The rows a statement speaks of: one period, or all years of a window that has no row of its own; the newest
    period where the statement names none."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    for column in ("geo", "variant", "activity", "comparator"):
        if wanted := getattr(claim, column):
            table = table.filter(pc.equal(table[column], wanted))
    period = claim.period or pc.max(table["period"]).as_py() or ""
    exact = table.filter(pc.equal(table["period"], period))
    if exact.num_rows or "/" not in claim.period:
        return exact
    first, last = claim.period.split("/")
    return table.filter(pc.and_(pc.greater_equal(table["period"], first), pc.less_equal(table["period"], last)))


def _sources(rows: pa.Table) -> list[str]:
    return sorted({source for cell in rows["sources"].unique().to_pylist() for source in cell.split(";")})


def _figure(rows: pa.Table) -> tuple[float | None, str]:
    """One figure for the rows, and how it reads: the value itself, or the mean of a window with its range; the letters
    of status alone where there is none."""
    found = [(p, v, s) for p, v, s in zip(*(rows[c].to_pylist() for c in ("period", "value", "status")), strict=True)]
    known = sorted((p, v) for p, v, _ in found if v is not None)
    if not known:
        return None, ", ".join(sorted({s for *_, s in found}))
    if len({p for p, _ in known}) != len(known):
        raise DataError(
            f"published_claims.csv: a statement fits several series of {rows['indicator'][0]}",
            remedy="Name the variant, activity and comparator in its row",
        )
    if len(known) == 1:
        return known[0][1], ONE.format(value=f"{known[0][1]:.3f}", status=found[0][2])
    values = [v for _, v in known]
    mean = sum(values) / len(values)
    (first, start), (last, end) = known[0], known[-1]
    figures = {"mean": mean, "start": start, "end": end, "low": min(values), "high": max(values)}
    return mean, MEAN.format(first=first, last=last, **{name: f"{figure:.2f}" for name, figure in figures.items()})


def row(verdict: Verdict) -> dict[str, Any]:
    """A verdict as a row to print."""
    claim = verdict.claim
    return {
        "claim": verdict.key,
        "statement": claim.statement_en,
        "place": claim.geo,
        "period": claim.period,
        "indicator": claim.indicator + (f" ({claim.variant})" if claim.variant else ""),
        "published": claim.value,
        "tolerance": _tolerance(claim),
        "ours": verdict.ours,
        "verdict": verdict.verdict,
        "why": verdict.why,
        "source": verdict.source.replace(";", "; "),
        "vintage": verdict.vintage,
    }


def _tolerance(claim: Claim) -> str:
    if claim.low is None and claim.high is None:
        return "not judged"
    return f"{_bound(claim.low)} to {_bound(claim.high)}"


def write(folder: Path, claims: Sequence[Claim]) -> None:
    """Keep the verdicts of a release beside its tables."""
    rows = [row(verdict) for verdict in judge(claims, folder)]
    (folder / FILE).write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", "utf-8")


def changed(before: Path | None, verdicts: Sequence[Verdict]) -> list[str]:
    """Statements whose verdict differs from the one kept in the release directory ``before``, each in a line.

    A statement that was taken out of the ledger is among them; one that is new in it is not. Raises DataError where
    the kept verdicts cannot be read.
    """
    if before is None or not (before / FILE).exists():
        return []
    try:
        old = {r["claim"]: r["verdict"] for r in json.loads((before / FILE).read_text("utf-8"))}
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{before / FILE}: not the verdicts of a release", remedy="Restore the directory") from error
    moved = [
        f"{v.key}: {old[v.key]} in {before.name}, now {v.verdict}: {v.why}"
        for v in verdicts
        if v.key in old and old[v.key] != v.verdict
    ]
    gone = [key for key in old if key not in {v.key for v in verdicts}]
    return moved + [f"{key}: {old[key]} in {before.name}, no longer in the ledger" for key in gone]
