"""What must hold in a row and between rows of a survey extract.

Belongs here: limits of figures, figures of one row against each other, rows that are no firm, firms that stand twice.
Does not belong here: reading a cell (survey_values.py), finding the header (survey_columns.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from observatory.codebook import plain
from observatory.formats.survey_cells import firm_key, firm_stem
from observatory.formats.survey_report import Finding

TOLERANCE = 1.0
"""Points by which a stated share may differ from services over turnover."""

_TOTAL = re.compile(
    r"sub-?\s?total(?:es)?\b.*|total(?:es|ak|a)?(?:\s*(?:general|generales|muestra|encuesta|empresas|firms|sample|orokorra"
    r"|de (?:la )?(?:muestra|encuesta)|de empresas|ponderado))?|(?:gran|grand) total|suma|sum|guztira|guztizkoa|batura"
    r"|medias?(?: (?:ponderada|simple|aritmetica|total|muestra|general))?|promedio|average|mean|batezbestekoa"
    r"|batez besteko(?:a)?|mediana|median|desviacion(?: tipica)?|max(?:imo|imum)|min(?:imo|imum)|n"
)


def row_without_firm(texts: Sequence[str], firm: str, header: Sequence[str], places: Sequence[int]) -> str:
    """The rule for a row that is not a firm's answer (a header again, a total, a remark), or nothing."""
    mapped = [plain(texts[place]) if place < len(texts) else "" for place in places]
    if mapped == [plain(header[place]) for place in places]:
        return "repeated_header"
    filled = [text for text in texts if text]
    # Without a firm, only columns that are not ours can call the row a total: "Media" may be a size.
    unmapped = [text for place, text in enumerate(texts) if text and place not in places]
    first = firm or (unmapped[0] if unmapped else "")
    if _TOTAL.fullmatch(re.sub(r"[\s:=.]*\(?\s*(?:n\s*=\s*)?\d*\s*\)?[\s:.]*$", "", plain(first)) or "-"):
        return "total_row"
    if len(filled) == 1 and len(header) > 1:
        return "note_row"
    return "" if firm else "firm_missing"


def between_fields(
    values: Mapping[str, float | str | None], labels: Mapping[str, str], cells: Mapping[str, str]
) -> list[Finding]:
    """Services against turnover, and the stated share against both. Amounts in thousand euro, share in percent."""
    share, turnover, services = (_number(values.get(ours)) for ours in ("share_pct", "turnover", "service_turnover"))
    if turnover is None or services is None:
        return []
    facts = {"turnover": figure(turnover), "services": figure(services), "other": labels["turnover"]}
    if services > turnover:
        column, cell = labels["service_turnover"], cells["service_turnover"]
        return [Finding("service_over_turnover", "refused", column, cell, figure(services), facts=facts)]
    if share is None or turnover <= 0:
        return []
    computed = 100 * services / turnover
    if abs(computed - share) <= TOLERANCE + 1e-9:
        return []
    facts = {**facts, "computed": figure(round(computed, 1)), "share": figure(share)}
    return [Finding("share_differs", "flagged", labels["share_pct"], cells["share_pct"], figure(share), facts=facts)]


def limits(ours: str, value: float, unit: str) -> str:
    """The rule that a figure in our unit breaks, or nothing."""
    if ours == "share_pct" and unit == "share" and value > 100:
        return "share_over_one"
    if ours == "share_pct" and not 0 <= value <= 100:
        return "share_range"
    if ours in {"turnover", "service_turnover"} and value < 0:
        return "negative_amount"
    return "weight_not_positive" if ours == "weight" and value <= 0 else ""


def doubles(firms: Mapping[int, tuple[str, tuple[object, ...]]]) -> dict[int, Finding]:
    """Findings on firms that stand in several rows. ``firms``: by row, the name and all that was read in the row.

    Rows that say the same are one answer sent twice: the first stays. Rows that differ contradict each other, and
    nobody but the firm knows which holds: none stays.
    """
    groups: dict[str, list[int]] = {}
    for row, (name, _) in firms.items():
        groups.setdefault(firm_key(name), []).append(row)
    found: dict[int, Finding] = {}
    for rows in groups.values():
        if len(rows) < 2:
            continue
        facts = {"rows": ", ".join(map(str, rows)), "first": str(rows[0])}
        if len({firms[row][1] for row in rows}) == 1:
            found[rows[0]] = Finding("duplicate_kept", "note", facts=facts)
            found.update({row: Finding("duplicate_identical", "refused", facts=facts) for row in rows[1:]})
        else:
            found.update({row: Finding("duplicate_differs", "refused", facts=facts) for row in rows})
    return found


def similar(firms: Mapping[int, str]) -> dict[int, Finding]:
    """Remarks on firms whose names differ in nothing but the legal form."""
    groups: dict[str, dict[str, list[int]]] = {}
    for row, name in firms.items():
        groups.setdefault(firm_stem(name), {}).setdefault(firm_key(name), []).append(row)
    found: dict[int, Finding] = {}
    for keys in groups.values():
        if len(keys) > 1:
            rows = sorted(row for one in keys.values() for row in one)
            facts = {"rows": ", ".join(map(str, rows))}
            found.update({row: Finding("firm_similar", "flagged", facts=facts) for row in rows})
    return found


def figure(value: float) -> str:
    """A number for the report without any thousands mark, with a point before decimals only if it has some."""
    return f"{value:.6f}".rstrip("0").rstrip(".")


def _number(value: float | str | None) -> float | None:
    return value if isinstance(value, float) else None
