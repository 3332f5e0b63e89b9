"""From a survey wave's extract to the table of its estimates; the answers of firms stay in memory.

Belongs here: reading, weighting, disclosure control and estimating in their order, and the private store of waves. Does
not belong here: the mathematics (estimators/survey.py, disclosure.py), reading a file (formats/survey.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from observatory.catalogue_surveys import DIMENSIONS, DOMAINS
from observatory.codebook import Codebook
from observatory.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

WHOLE = "all"
KEPT = "survey_estimates"
COLUMNS = (*DIMENSIONS, "value", "lower", "upper", "n", "n_eff", "cv", "method", "reason", "flag", "kind")


def table(data: bytes, form: str, book: Codebook, name: str, rules: Path | None) -> pa.Table:
    """The estimates of a wave from its extract, or, of a wave whose answers are forgotten, those that were kept."""
    if form != KEPT:
        return estimates(data, book, name, rules)
    import io

    import pyarrow.parquet as pq

    return pq.read_table(io.BytesIO(data))


def keep(data: bytes, book: Codebook, name: str, rules: Path | None) -> bytes:
    """What stays of a wave when its answers go: the estimates as Parquet, the same bytes for the same answers."""
    import io

    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(estimates(data, book, name, rules), sink, compression="zstd")
    return sink.getvalue()


def estimates(data: bytes, book: Codebook, name: str, rules: Path | None) -> pa.Table:
    """The estimates of a wave: one row for each indicator, variant and domain, as a raw table.

    Columns: indicator, variant, domain (all, branch, size, territory), category, wave; value, lower, upper, n, n_eff,
    cv, method, reason; flag (status letters), kind (value or missing). ``rules`` is the file of disclosure rules: a
    wave that is not made up is not estimated without it. Raises DataError for an extract of which nothing is accepted,
    and never names an answer.
    """
    import pyarrow as pa

    from observatory.estimators import survey
    from observatory.formats.survey import read

    report = read(data, book, name=name)
    firms = report.accepted
    if firms.num_rows == 0:
        raise DataError(
            f"{name}: no firm of the extract was accepted",
            remedy=f"Run `observatory survey validate` on it; {len(report.rows)} rows were refused",
        )
    closed = _closed(firms, book, name, rules)
    tables = []
    for domain in DOMAINS:
        if domain != WHOLE and firms[domain].null_count == firms.num_rows:
            continue
        by = [] if domain == WHOLE else [domain]
        made = survey.estimate(firms if domain == WHOLE else firms.filter(firms[domain].is_valid()), by)
        tables.append(_shaped(made, domain, book.wave, closed))
    tables.append(_shaped(_response(book, firms.num_rows), WHOLE, book.wave, closed))
    return pa.concat_tables(tables)


def _closed(firms: pa.Table, book: Codebook, name: str, rules: Path | None) -> frozenset[tuple[str, str]]:
    """Domains (domain, category) that disclosure control closes; none of a made-up wave without rules."""
    if rules is None:
        if book.provenance == "synthetic":
            return frozenset()
        raise DataError(
            f"{name}: no disclosure rules, so nothing of this wave is estimated",
            remedy="Set OBSERVATORY_DISCLOSURE_RULES to a file outside the repository (CONTRIBUTING.md shows its keys)",
        )
    from observatory.disclosure import Rules, closed_domains

    return closed_domains(firms, [domain for domain in DOMAINS if domain != WHOLE], Rules.load(rules))


def _response(book: Codebook, answered: int) -> pa.Table:
    """The response rate of a wave: accepted firms of those invited (AAPOR RR1 where every invited firm is eligible);
    missing where the number is not known or the sample was not drawn by design."""
    import pyarrow as pa

    response, designed = book.design.response, book.design.is_designed
    value = 100 * answered / response.invited if response is not None and designed else None
    reason = (
        "" if value is not None else "the sample was not drawn by design" if response else "invited firms not known"
    )
    row = {"indicator": "svy_response_rate", "variant": "RR1", "value": value, "status": "A" if value else "M"}
    texts = [(column, pa.string()) for column in ("indicator", "variant", "status", "reason")]
    schema = pa.schema([*texts, ("value", pa.float64()), ("n", pa.float64())])
    return pa.Table.from_pylist(
        [row | {"reason": reason, "n": response.invited if value and response else None}], schema
    )


def _shaped(made: pa.Table, domain: str, wave: str, closed: frozenset[tuple[str, str]]) -> pa.Table:
    """Estimates with the columns of the raw table; a closed domain keeps its rows without figures."""
    import pyarrow as pa

    texts = {"indicator", "variant", "domain", "category", "wave", "method", "reason", "flag", "kind"}
    schema = pa.schema([(column, pa.string() if column in texts else pa.float64()) for column in COLUMNS])
    rows = []
    for row in made.to_pylist():
        category = WHOLE if domain == WHOLE else str(row[domain])
        kept = {column: row.get(column) for column in COLUMNS}
        kept |= {"domain": domain, "category": category, "wave": wave, "flag": row["status"]}
        if (domain, category) in closed:
            numbers = dict.fromkeys(("value", "lower", "upper", "n", "n_eff", "cv"))
            kept |= numbers | {"flag": "C", "reason": "suppressed: disclosure control"}
        kept["kind"] = "missing" if kept["value"] is None else "value"
        rows.append(kept)
    return pa.Table.from_pylist(rows, schema=schema)
