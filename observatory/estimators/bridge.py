"""Series carried from one version of a classification of activities to another, and joined at the changeover.

Belongs here: sums of carried divisions, the ratio of a period coded both ways, splicing backwards. Does not belong
here: which divisions may be carried at all and what must hold of the bridge (catalogue_bridge.py), the bridge itself
(``data/catalogue/activity_bridge.csv``), any figure of a weight.

Three ways, in this order: closed divisions and sets are carried exactly; a division whose weights are all known is a
weighted sum; else nothing is carried, the codes are named, and only the aggregates that the bridge lists are reported
in both codings side by side. Formulas: X_new(k) = sum over j of w(j to k) X_old(j); at the first new period T that is
coded both ways ratio = X_new(T) / X_old(T); before T the spliced series is ratio * X_old(t), and T is a break (B).
Linking by an overlap is common practice (IMF, Quarterly National Accounts Manual 2017, ch. 8, for chained series); here
the level is that of the new coding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import fsum
from typing import Any

import pyarrow as pa

from observatory.catalogue_bridge import Step, composed, label, plan
from observatory.catalogue_models import BridgeRow
from observatory.errors import DataError
from observatory.estimators import require
from observatory.estimators.trend import letters

CODING = ("classification", "version")
CELL = ("value", "status", "provenance", "sources")
LINKED_KEY = ("measure", "variant", "geo", "unit")
LINKED = {
    **dict.fromkeys((*LINKED_KEY, "activity", "period"), pa.string()),
    **dict.fromkeys(("value", "as_published", "ratio"), pa.float64()),
    **dict.fromkeys(("ratio_period", "how", "leaks", "status", "provenance", "source"), pa.string()),
}
REMEDY = (
    "Carry the closed sets and report the aggregates that data/catalogue/activity_bridge.csv lists; a weight needs a "
    "directory year coded both ways, named with its year"
)
Row = dict[str, Any]
Key = tuple[Any, ...]


def rows_of(bridge: pa.Table) -> list[BridgeRow]:
    """``catalogue.activity_bridge`` as rows. Raises DataError for columns that are missing."""
    require(bridge, BridgeRow.model_fields, "bridge")
    return [
        BridgeRow.model_validate({name: row[name] for name in BridgeRow.model_fields}) for row in bridge.to_pylist()
    ]


def carry(series: pa.Table, bridge: pa.Table, key: Sequence[str], divisions: pa.Table | None = None) -> pa.Table:
    """A series of divisions in the codes of another version.

    ``series`` has ``key`` (place, period …), classification, version, activity, value, status, provenance and sources,
    one row a cell; ``bridge`` is ``catalogue.activity_bridge``. Activities are divisions or TOTAL; with ``divisions``
    (``catalogue.activity_divisions``) also sections and other items, which are carried where they are made of closed
    sets and get the code of the item with the same divisions (K of NACE 2 becomes L of NACE 2.1).

    Returns the same columns with how (closed or weighted), weight_sources and leaks; a pair becomes one row ``70+73``.
    A part without a value leaves its sum without one (status M); weighted figures are E. A division that only gives a
    class away (47, 52, 82) counts in what receives it and has no row of its own. Raises DataError that names
    the codes without weights, the cells that stand twice, or the versions where the series has more than one.
    """
    require(series, (*key, *CODING, "activity", *CELL), "bridge.carry")
    cells, ends, rows = _one_coding(series, bridge, key, "bridge.carry")
    items = _items(divisions)
    codes = list(dict.fromkeys(activity for activity, _ in cells))
    wide = {code: parts for code in codes if len(parts := items.get((*ends[0], code), frozenset())) > 1}
    found = plan([code for code in codes if code not in wide], rows)
    refused = dict(found.refused)
    steps = [(step, label(step.old), label(step.new)) for step in found.steps]
    for code, parts in wide.items():
        whole = composed(parts, rows)
        if whole.refused or any(step.leaks for step in whole.steps):
            leaks = [f"{leak} leaks" for step in whole.steps for leak in step.leaks]
            refused[code] = tuple(dict.fromkeys([w for why in whole.refused.values() for w in why] + leaks))
            continue
        new = frozenset(c for step in whole.steps for c in step.new)
        steps.append((Step((code,), tuple(sorted(new)), "closed", (1.0,)), code, _named(new, items, ends[1])))
    if refused:
        raise DataError(_refusal(refused, ends, cells), remedy=REMEDY)
    keys = list(dict.fromkeys(at for _, at in cells))
    made = [
        dict(zip(key, at, strict=True))
        | dict(zip(CODING, ends[1], strict=True))
        | {"activity": new}
        | _sum(step, [cells.get((code, at)) for code in step.old])
        | {"how": step.how, "weight_sources": "; ".join(step.sources), "leaks": " ".join(step.leaks)}
        for at in keys
        for step, _, new in steps
    ]
    return _table(made, (*key, *CODING, "activity"), ("how", "weight_sources", "leaks"))


def aggregates(series: pa.Table, bridge: pa.Table, key: Sequence[str]) -> pa.Table:
    """The sums that are reported where weights are missing, in the coding that the series has.

    The series may be coded in either version; its columns and errors are those of ``carry``. Returns a row a key and
    aggregate whose divisions the series has, with the counterpart in the other version (``against``) and the classes
    by which the two differ (``leaks``).
    """
    require(series, (*key, *CODING, "activity", *CELL), "bridge.aggregates")
    cells, ends, rows = _one_coding(series, bridge, key, "bridge.aggregates", either=True)
    coding = {(str(r["classification"]), str(r["version"])) for r in series.select(list(CODING)).to_pylist()}
    is_old = coding == {ends[0]}
    have = {activity for activity, _ in cells}
    made = []
    for row in (r for r in rows if r.kind == "aggregate"):
        own, other = (row.old, row.new) if is_old else (row.new, row.old)
        if not own <= have:
            continue
        step = Step(tuple(sorted(own)), tuple(sorted(other)), "aggregate", (1.0,) * len(own))
        made += [
            dict(zip(key, at, strict=True))
            | dict(zip(CODING, ends[0] if is_old else ends[1], strict=True))
            | {"activity": label(own)}
            | _sum(step, [cells.get((code, at)) for code in step.old])
            | {"against": _against(ends[1] if is_old else ends[0], other), "leaks": " ".join(row.leaks)}
            for at in dict.fromkeys(at for _, at in cells)
        ]
    return _table(made, (*key, *CODING, "activity"), ("against", "leaks"))


def overlap_ratio(before: pa.Table, after: pa.Table, key: Sequence[str]) -> pa.Table:
    """The ratio of a series coded anew to the same series in the old coding, in the first period coded both ways.

    Both tables have ``key``, period, value, status, provenance and sources. Returns a row for every series of
    ``after`` that ``before`` has: key, period, before, after, ratio and the marks of the two cells. Without a common
    period in which both have a value and the old one is above nought, ratio is null, period empty and status M.
    """
    for table in (before, after):
        require(table, (*key, "period", *CELL), "bridge.overlap_ratio")
    old, new = _by_key(before, key, "bridge.overlap_ratio"), _by_key(after, key, "bridge.overlap_ratio")
    made = []
    for at in (at for at in new if at in old):
        both = _overlap(old[at], new[at])
        cells = [old[at][both], new[at][both]] if both else []
        made.append(
            dict(zip(key, at, strict=True))
            | {"period": both or "", **dict(zip(("before", "after"), (c["value"] for c in cells), strict=False))}
            | {"ratio": cells[1]["value"] / cells[0]["value"] if cells else None}
            | (_marks(cells, None) if cells else {"status": "M", "provenance": "", "sources": ""})
        )
    numbers = ("before", "after", "ratio")
    texts = (*key, "period", "status", "provenance", "sources")
    columns = {name: pa.array([row[name] for row in made], pa.string()) for name in texts}
    return pa.table(columns | {name: pa.array([row.get(name) for row in made], pa.float64()) for name in numbers})


def splice(before: pa.Table, after: pa.Table, key: Sequence[str], exact: bool = False) -> pa.Table:
    """One series on the new level: old periods times the overlap ratio, new ones as they are, the first of them B.

    Tables as in ``overlap_ratio``. Scaled figures are E, and their provenance and sources are also those of the two
    cells of the ratio. With ``exact`` (closed sets) old figures stay as they are. Where there is no ratio they stay as
    well and are marked D: the definition differs. Returns key, period, value, as_published, ratio, ratio_period,
    status, provenance, sources; a series that stands in one table alone is handed on.
    """
    ratios = {tuple(r[k] for k in key): r for r in overlap_ratio(before, after, key).to_pylist()}
    old, new = _by_key(before, key, "bridge.splice"), _by_key(after, key, "bridge.splice")
    made = []
    for at in dict.fromkeys([*old, *new]):
        made += [dict(zip(key, at, strict=True)) | row for row in _spliced(old, new, at, ratios.get(at), exact)]
    columns = {name: pa.array([row[name] for row in made], pa.string()) for name in (*key, "period")}
    columns |= {n: pa.array([row[n] for row in made], pa.float64()) for n in ("value", "as_published", "ratio")}
    texts = ("ratio_period", "status", "provenance", "sources")
    return pa.table(columns | {name: pa.array([row[name] for row in made], pa.string()) for name in texts})


def linked(table: pa.Table) -> pa.Table:
    """Estimator of ``core.kibs_linked``: every sum that crosses the bridge as one series.

    Takes measure, variant, geo, unit, side (from or to), how (closed or aggregate), leaks, activity, period, value,
    status, provenance, sources: sums in either coding. Returns the columns of ``LINKED``, sorted by key and period:
    ``activity`` says in which coding a figure is counted, ``as_published`` what it was before scaling. ``ratio`` is
    that of the overlap, also for closed sets, where it must be 1. Raises DataError for a cell that stands twice.
    """
    require(table, (*LINKED_KEY, "side", "how", "leaks", "activity", "period", *CELL), "bridge.linked")
    rows = table.to_pylist()
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["how"], []).append(row)
    notes = {tuple(row[k] for k in LINKED_KEY): row for row in rows if row["side"] == "from"}
    codes = {(tuple(row[k] for k in LINKED_KEY), row["side"], row["period"]): row["activity"] for row in rows}
    counted = {(tuple(row[k] for k in LINKED_KEY), row["side"]): row["activity"] for row in rows}
    made: list[Row] = []
    for how, found in groups.items():
        old, new = (_cells([r for r in found if r["side"] == side]) for side in ("from", "to"))
        for row in splice(old, new, LINKED_KEY, exact=how == "closed").to_pylist():
            at = tuple(row[k] for k in LINKED_KEY)
            is_new = (at, "to", row["period"]) in codes
            is_moved = how == "closed" or row["ratio"] is not None
            side = "to" if (at, "to") in counted and (is_new or is_moved) else "from"
            note = notes.get(at, {})
            row |= {"activity": counted[at, side], "how": how, "leaks": note.get("leaks", "")}
            made.append(row | {"source": row.pop("sources")})
    made.sort(key=lambda row: tuple(row[k] for k in (*LINKED_KEY, "period")))
    return pa.table({name: pa.array([row[name] for row in made], kind) for name, kind in LINKED.items()})


# --- parts of the above


def _cells(rows: Sequence[Row]) -> pa.Table:
    texts = (*LINKED_KEY, "period", "status", "provenance", "sources")
    columns = {name: pa.array([row[name] for row in rows], pa.string()) for name in texts}
    return pa.table(columns | {"value": pa.array([row["value"] for row in rows], pa.float64())})


def _spliced(
    old: Mapping[Key, Mapping[str, Row]],
    new: Mapping[Key, Mapping[str, Row]],
    at: Key,
    overlap: Row | None,
    exact: bool,
) -> list[Row]:
    fresh, past = new.get(at, {}), old.get(at, {})
    start = min(fresh, default="")
    ratio, when = (overlap["ratio"], overlap["period"]) if overlap else (None, "")
    same = {"ratio": ratio, "ratio_period": when}
    made = []
    for period in sorted({*past, *fresh}):
        row = fresh.get(period) or past[period]
        cells, factor, mark = [row], 1.0, ""
        if period in fresh:
            mark = "B" if past and period == start else ""
        elif fresh and not exact:
            factor, mark = (1.0, "D") if ratio is None else (ratio, "E")
            cells += [past[when], fresh[when]] if ratio is not None else []
        value = None if row["value"] is None else row["value"] * factor
        marks = _marks(cells, value, row["status"] + (mark if value is not None or mark == "B" else ""))
        made.append({"period": period, "value": value, "as_published": row["value"], **same, **marks})
    return made


def _overlap(old: Mapping[str, Row], new: Mapping[str, Row]) -> str | None:
    """The first period in which both have a value and the old one is above nought."""
    return next(
        (p for p in sorted(new) if p in old and new[p]["value"] is not None and (old[p]["value"] or 0) > 0), None
    )


def _by_key(table: pa.Table, key: Sequence[str], place: str) -> dict[Key, dict[str, Row]]:
    found: dict[Key, dict[str, Row]] = {}
    twice = []
    for row in table.to_pylist():
        at = tuple(row[name] for name in key)
        if row["period"] in found.setdefault(at, {}):
            twice.append(f"{' '.join(map(str, at))} {row['period']}")
        found[at][row["period"]] = row
    if twice:
        raise DataError(f"{place}: {len(twice)} cell(s) stand twice: {_some(twice)}", remedy="Give one row a cell")
    return found


Cells = dict[tuple[str, Key], Row]
Ends = tuple[tuple[str, str], tuple[str, str]]


def _one_coding(
    series: pa.Table, bridge: pa.Table, key: Sequence[str], place: str, *, either: bool = False
) -> tuple[Cells, Ends, list[BridgeRow]]:
    """Cells by activity and key, the ends of the bridge that fits their coding, and its rows."""
    codings: dict[tuple[str, str], list[str]] = {}
    cells: Cells = {}
    twice = []
    for row in series.to_pylist():
        at = tuple(row[name] for name in key)
        said = f"{row['activity']} {' '.join(map(str, at))}"
        codings.setdefault((row["classification"], row["version"]), []).append(said)
        twice += [said] if (row["activity"], at) in cells else []
        cells[row["activity"], at] = row
    if len(codings) != 1:
        told = "; ".join(f"{' '.join(coding)}: {_some(rows)}" for coding, rows in codings.items()) or "no rows"
        raise DataError(f"{place}: expected one version, found {len(codings)}: {told}", remedy="Carry one at a time")
    if twice:
        raise DataError(f"{place}: {len(twice)} cell(s) stand twice: {_some(twice)}", remedy="Give one row a cell")
    [coding] = codings
    fits: dict[Ends, list[BridgeRow]] = {}
    for row in rows_of(bridge):
        ends = ((row.from_classification, row.from_version), (row.to_classification, row.to_version))
        if ends[0] == coding or (either and ends[1] == coding):
            fits.setdefault(ends, []).append(row)
    if len(fits) != 1:
        known = ", ".join(f"{' '.join(a)} to {' '.join(b)}" for a, b in fits) or "none"
        raise DataError(
            f"{place}: expected one bridge for {' '.join(coding)} ({_some(codings[coding])}), found {known}",
            remedy="Name the bridge: give the rows of catalogue.activity_bridge that lead from this version",
        )
    [(ends, rows)] = fits.items()
    return cells, ends, rows


def _items(divisions: pa.Table | None) -> dict[tuple[str, str, str], frozenset[str]]:
    found: dict[tuple[str, str, str], set[str]] = {}
    for row in divisions.to_pylist() if divisions is not None else []:
        found.setdefault((row["classification"], row["version"], row["activity"]), set()).add(row["division"])
    return {item: frozenset(parts) for item, parts in found.items() if item[2] != "TOTAL"}


def _named(codes: frozenset[str], items: Mapping[tuple[str, str, str], frozenset[str]], coding: tuple[str, str]) -> str:
    """The item of a version that is made of ``codes``, or these joined."""
    return next((code for (*of, code), parts in items.items() if tuple(of) == coding and parts == codes), label(codes))


def _against(coding: tuple[str, str], codes: Iterable[str]) -> str:
    return f"{' '.join(coding)}: {label(codes)}"


def _refusal(refused: Mapping[str, Sequence[str]], ends: Ends, cells: Cells) -> str:
    told = "; ".join(f"{code} ({', '.join(why)})" for code, why in sorted(refused.items()))
    rows = [f"{activity} {' '.join(map(str, at))}" for activity, at in cells if activity in refused]
    return (
        f"activity_bridge.csv: {' '.join(ends[0])} to {' '.join(ends[1])}: no weights for {told}; "
        f"{len(rows)} row(s) cannot be carried: {_some(rows)}"
    )


def _some(rows: Sequence[str], most: int = 5) -> str:
    return ", ".join(rows[:most]) + (", …" if len(rows) > most else "")


def _sum(step: Step, cells: Sequence[Row | None]) -> Row:
    """The weighted sum of one step; without a value where a part has none."""
    have = [cell for cell in cells if cell is not None]
    values = [cell["value"] for cell in have]
    whole = len(have) == len(cells) and None not in values
    value = fsum(w * v for w, v in zip(step.weights, values, strict=True)) if whole else None
    mark = "E" if step.how == "weighted" else ""
    return {"value": value, **_marks(have, value, "".join(cell["status"] for cell in have) + mark)}


def _marks(cells: Sequence[Row], value: float | None, status: str | None = None) -> Row:
    """Status letters, weakest provenance and all sources of what a figure was made from."""
    found = letters([cell["status"] for cell in cells] if status is None else [status])
    found = "".join(letter for letter in found if letter != "A") or "A"
    if status is not None and value is None and not set(found) & set("MC"):
        found = "".join(sorted({*found, "M"} - {"A"}))
    # official < survey < synthetic in the alphabet as in strength: the greatest is the weakest
    return {
        "status": found,
        "provenance": max(_words(cells, "provenance"), default=""),
        "sources": ";".join(sorted(_words(cells, "sources"))),
    }


def _words(cells: Sequence[Row], column: str) -> set[str]:
    return {word for cell in cells for word in str(cell[column]).split(";") if word}


def _table(rows: Sequence[Row], key: Sequence[str], notes: Sequence[str]) -> pa.Table:
    texts = (*key, "status", "provenance", "sources", *notes)
    columns = {name: pa.array([row[name] for row in rows], pa.string()) for name in texts}
    return pa.table(columns | {"value": pa.array([row["value"] for row in rows], pa.float64())})
