"""The explanation of a figure in words for a terminal.

Belongs here: laying out the document of lineage.py as lines. Does not belong here: finding anything out; whoever needs
all of it takes the document as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

SHOWN = 60  # rows of one table that are written out
LONGEST = 1_000  # characters of a formula's numbers that are written out
NEAREST = 4  # figures beside the one explained that are named
Document = Mapping[str, Any]


def lines(document: Document) -> Iterator[str]:
    """The explanation, a line at a time."""
    yield from _figure(document)
    if not document["is_traced"]:
        yield ""
        yield "The present build is not the one this release was made from, so the figure is not followed further:"
        yield from (f"  {line}" for line in document["differences"])
        commit = document["release"]["git_commit"]
        yield f"To follow it, check out commit {commit}, restore the snapshots below and refresh."
    yield from _formula(document)
    yield from _rows(document["rows"])
    yield from _cells(document)
    yield from _snapshots(document["snapshots"])
    yield from _checks(document["checks"])


def _figure(document: Document) -> Iterator[str]:
    figure, release = document["figure"], document["release"]
    place = ", ".join(str(figure[c]) for c in ("variant", "geo", "activity", "period") if figure[c] is not None)
    against = f", against {figure['comparator']}" if figure["comparator"] else ""
    yield f"{figure['indicator']}: {place}{against}"
    interval = (
        f", interval {_number(figure['lower'])} to {_number(figure['upper'])}" if figure["lower"] is not None else ""
    )
    if figure["lower"] is None and figure["upper"] is not None:
        interval = _interval(figure["lower"], figure["upper"])
    n = f", n = {_number(figure['n'])}" if figure["n"] is not None else ""
    if others := document["others"]:
        more = f"; and {len(others) - NEAREST} more" if len(others) > NEAREST else ""
        yield f"  the first of {len(others) + 1} that fit; the others: {'; '.join(others[:NEAREST])}{more}"
    yield f"  value {_number(figure['value'])} {figure['unit']}, status {figure['status']}{interval}{n}"
    yield f"  provenance {figure['provenance']}, sources {figure['sources']}"
    yield f"  release {release['id']} of {release['created']}, commit {release['git_commit']}"
    if "model" in document:
        model = document["model"]
        changed = "" if model["is_committed"] else " (not committed as it stands)"
        yield f"  model {model['path']}, sha256 {model['sha256']}, commit {model['commit']}{changed}"


def _interval(lower: float | None, upper: float | None) -> str:
    if lower is not None and upper is not None:
        return f", interval {_number(lower)} to {_number(upper)}"
    if lower is not None:
        return f", at least {_number(lower)}"
    return f", at most {_number(upper)}" if upper is not None else ""


def _formula(document: Document) -> Iterator[str]:
    if "definition" not in document:
        return
    yield ""
    yield f"Definition: {document['definition']}"
    if document["reference"]:
        yield f"  after {document['reference']}"
    estimator = document["model"]["estimator"]
    if estimator:
        yield f"  computed by the estimator {estimator} from the rows below"
    for step in document["formula"]:
        parts = [step["name"], step["expression"], _cut(step["numbers"]), _number(step["value"])]
        yield "  " + " = ".join(part for i, part in enumerate(parts) if i == 0 or part != parts[i - 1])
    yield from (f"  Caveat: {caveat}" for caveat in document["caveats"])


def _cut(numbers: str) -> str:
    return f"{numbers[:LONGEST]} … (all of it with --format json)" if len(numbers) > LONGEST else numbers


def _rows(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    by_relation: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows[1:]:
        by_relation.setdefault(row["relation"], []).append(row)
    for relation, found in by_relation.items():
        yield ""
        yield f"From {relation} ({len(found)} row{'s' * (len(found) > 1)}):"
        for row in found[:SHOWN]:
            key = " ".join(f"{column}={value}" for column, value in row["key"].items())
            value = "" if row["value"] is None and not row["unit"] else f"{_number(row['value'])} {row['unit'] or ''} "
            yield f"  {key}: {value}[{''.join(dict.fromkeys(row['status'] or ''))}]"
        yield from _rest(found)
    if any(not row["is_least"] for row in rows):
        yield "  (the inputs listed are enough for the figure; not each of them was tried for making a difference)"


def _cells(document: Document) -> Iterator[str]:
    by_source: dict[str, list[Mapping[str, Any]]] = {}
    for cell in document["cells"]:
        by_source.setdefault(cell["source"], []).append(cell)
    for source, found in by_source.items():
        snapshot = document["snapshots"][source]
        yield ""
        yield f"Cells of {snapshot['publisher']} {snapshot['table']} ({snapshot['title']}), {len(found)}:"
        for cell in found[:SHOWN]:
            dimensions = ", ".join(_dimension(d) for d in cell["dimensions"])
            flag = f" flag {cell['flag']}" if cell["flag"] else ""
            yield f"  {dimensions}: {_number(cell['value']) if cell['kind'] == 'value' else cell['kind']}{flag}"
        yield from _rest(found)


def _dimension(part: Mapping[str, Any]) -> str:
    label = f" ({part['label'].strip()})" if part["label"] and part["label"] != part["code"] else ""
    name = f" = {part['name']}" if part["name"] and part["name"] != part["code"] else ""
    return f"{part['dimension']} {part['code']}{label}{name}"


def _rest(found: Sequence[Any]) -> Iterator[str]:
    if len(found) > SHOWN:
        yield f"  … and {len(found) - SHOWN:,} more; all of them with --format json"


def _snapshots(snapshots: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for source, snapshot in snapshots.items():
        yield ""
        yield f"Snapshot {source}: sha256 {snapshot['sha256']}"
        stamps = [f"retrieved {snapshot['retrieved_at']}" if "retrieved_at" in snapshot else ""]
        stamps += [f"publisher's stamp {snapshot['updated']}" if snapshot["updated"] else ""]
        stamps += [f"{snapshot['provenance']}, {snapshot['acquired']}", f"{snapshot['store']} store"]
        yield "  " + "; ".join(stamp for stamp in stamps if stamp)
        yield f"  {snapshot['citation']}; {snapshot['licence']}"


def _checks(checks: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    by_table: dict[str, list[Mapping[str, Any]]] = {}
    for check in checks:
        by_table.setdefault(check["table"], []).append(check)
    if by_table:
        yield ""
        yield "Checks in this release:"
    for table, found in by_table.items():
        passed = sum(check["passed"] for check in found)
        yield f"  {table}: {passed} of {len(found)} passed: {', '.join(check['name'] for check in found)}"
        for check in found:
            if not check["passed"]:
                yield f"    {check['severity']}: {check['name']}: {check['meaning']}: {check['observed']}"


def _number(value: float | None) -> str:
    if value is None:
        return "none"
    text = str(value)
    return text.removesuffix(".0") if isinstance(value, float) else text
