"""Where a published figure comes from: its formula with numbers, and every cell of a publisher behind it.

Belongs here: the walk from a figure through the models to raw rows, and the document that says what was found. Does not
belong here: which rows of one model matter (lineage_replay.py), the formula (lineage_formula.py), words for a terminal
(lineage_text.py).

A release holds figures, not the raw tables behind them. A figure is therefore followed through the present build, and
only where every table behind it is, by its hash, the one that the release was made from; else that is said and nothing
is followed.
"""

from __future__ import annotations

import difflib
import hashlib
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from observatory import headline, sharing
from observatory import releases as rel
from observatory.errors import DataError, UsageError
from observatory.estimators import FORMULAS, worked
from observatory.lineage_formula import Step, steps
from observatory.lineage_replay import Id, Replay, Row
from observatory.lineage_sql import Untraceable, column_lineage, named_columns
from observatory.models import INDICATOR_COLUMNS, KEY, Model

if TYPE_CHECKING:
    from observatory.build import Workspace

FIGURES = ("value", "lower", "upper", "n", "status")
ASKED = ("variant", "geo", "activity", "period", "comparator")
NEAREST = 6
SHOWN = 8


def explain(
    ws: Workspace, indicator: str, asked: Mapping[str, str | None], release: str | None = None
) -> dict[str, Any]:
    """Everything behind one figure of a release (the latest by default), as a document that JSON can hold.

    ``asked`` gives values of variant, geo, activity, period and comparator; those that are None may be anything, but
    one place and period must be left. The keys of the document:

    ``figure``       the row of the release: indicator, variant, geo, activity, period, comparator, value, unit, status,
                     lower, upper, n, provenance, sources
    ``others``       options that choose each other figure of that place and period, where several fit
    ``name``, ``definition``, ``reference``, ``caveats``   of the model's header
    ``release``      id, created, git_commit
    ``model``        path, sha256 of the file, commit that last changed it, is_committed, estimator
    ``is_traced``    whether the present build is that of the release; ``differences`` says in words where it is not.
                     If false, ``formula``, ``rows`` and ``cells`` are empty
    ``formula``      steps, each with name, expression, numbers, value, terms; those of tables behind the figure, where
                     few rows matter, after its own; empty where it cannot be told in a few lines, as what a matrix
                     gives
    ``rows``         tables between, the figure first: relation, row (number in its Parquet file, from 0), key, value,
                     unit, status, is_least (whether each input is known to matter), inputs (a list of [relation, row])
    ``cells``        what publishers sent: source, relation, row, dimensions (each with dimension, code, label, name),
                     value, flag, kind
    ``definitions``  reference tables that the models read
    ``snapshots``    by source: publisher, table, title, url, sha256, retrieved_at, updated, request, format, licence,
                     citation, provenance, acquired, store
    ``checks``       of every table on the way, as the release has them: table, name, kind, severity, meaning, passed,
                     observed

    Raises UsageError for an indicator, a release or a figure that there is not, naming the nearest; DataError if the
    build does not give its own figures.
    """
    folder = rel.find(sharing.releases(ws.settings, [release] if release else []), release)
    manifest = rel.manifest(folder)
    figure, others = find(folder, manifest, indicator, asked, ws.catalogue.variants)
    name = f"indicators.{indicator}"
    differences = unlike(ws, manifest, name)
    document: dict[str, Any] = {
        "figure": figure,
        "others": others,
        "release": {"id": folder.name, "created": manifest["created"], "git_commit": manifest["git_commit"]},
        "is_traced": not differences,
        "differences": differences,
        "formula": [],
        "rows": [],
        "cells": [],
    }
    relations = _behind(ws, name) if name in ws.models else [name]
    if name in ws.models:
        document |= _header(ws.models[name]) | {"model": model_file(ws, ws.models[name])}
    if not differences:
        rows, cells, formula = _follow(ws, name, figure)
        document |= {"rows": rows, "cells": cells, "formula": [asdict(step) for step in formula]}
        relations = [r for r in relations if r in {row["relation"] for row in (*rows, *cells)} or "catalogue." in r]
    sources = [r.removeprefix("raw.") for r in relations if r.startswith("raw.")]
    return document | {
        "definitions": [r for r in relations if r.startswith("catalogue.")],
        "snapshots": {source: _snapshot(ws, source) for source in sources}
        if not differences
        else _cited(manifest, name),
        "checks": _checks(folder, relations),
    }


# the figure ----------------------------------------------------------------------------------------------------------


def find(
    folder: Path, manifest: Mapping[str, Any], indicator: str, asked: Mapping[str, str | None], variants: Sequence[str]
) -> tuple[Row, list[str]]:
    """The row of a release that is asked for, and what would choose each of the other rows that fit.

    Of several for one place and period the first series is taken (headline.py; ``variants`` in their order). Raises
    UsageError naming the nearest where there is none, and how they differ where place or period is open.
    """
    import pyarrow.parquet as pq

    known = {r["name"]: r for r in manifest["resources"] if r["relation"].startswith("indicators.")}
    if indicator not in known:
        near = difflib.get_close_matches(indicator, known, 3, 0.5) or sorted(known)
        raise UsageError(f"no indicator {indicator!r} in release {folder.name}", remedy=f"Nearest: {', '.join(near)}")
    rows: list[Row] = pq.ParquetFile(folder / known[indicator]["path"]).read().to_pylist()
    wanted = {column: value for column, value in asked.items() if value is not None}
    found = [row for row in rows if all(row[column] == value for column, value in wanted.items())]
    open_ = [c for c in ASKED if c not in wanted and len({row[c] for row in found}) > 1]
    if found and not {"geo", "period"}.intersection(open_):
        first = headline.default_series(found, variants)
        chosen = next(row for row in found if headline.key(row) == first)
        return chosen, [_said(row, open_) for row in found if row is not chosen]
    if found:
        raise UsageError(
            f"{indicator}: {len(found)} figures{' fit ' if wanted else ''}{_said(wanted)}, "
            f"which differ in {', '.join(open_)}",
            remedy="Say which: " + "; ".join(_said(row, open_) for row in found[:NEAREST]) + _more(len(found)),
        )
    near_rows = sorted(rows, key=lambda row: -_nearness(row, wanted))[:NEAREST]
    raise UsageError(
        f"{indicator}: no figure with {_said(wanted)} in release {folder.name}",
        remedy="Nearest: " + "; ".join(_said(row, ASKED) for row in near_rows),
    )


def _nearness(row: Row, wanted: Mapping[str, str]) -> float:
    """How well a row fits: a point for each column that does, less for one that is only like it."""
    return sum(
        1.0 if row[column] == value else 0.9 * difflib.SequenceMatcher(None, row[column] or "", value).ratio()
        for column, value in wanted.items()
    )


def _said(row: Mapping[str, Any], columns: Iterable[str] = ASKED) -> str:
    return " ".join(f"--{c} {row[c]}" for c in columns if row.get(c) is not None)


def _more(count: int) -> str:
    return f"; and {count - NEAREST} more" if count > NEAREST else ""


# whether the present build is the release's --------------------------------------------------------------------------


def unlike(ws: Workspace, manifest: Mapping[str, Any], name: str) -> list[str]:
    """Where the tables behind a relation are not those that a release was made from, in words.

    The release has the hashes of its tables and snapshots, not of raw tables: that those lead to its tables is proved
    by making the rows again.
    """
    if name not in ws.models:
        return [f"there is no model of {name} any more"]
    found = []
    then = {r["relation"]: r["content"] for r in manifest["resources"]}
    stamped = {s["title"]: s["sha256"] for s in manifest["sources"]}
    for relation in _behind(ws, name):
        made = ws.made(relation)
        if made is None:
            found.append(f"{relation} has not been built, or its file was changed since")
        elif relation in ws.models and then.get(relation) != made.sha256:
            found.append(f"{relation}: the release has {_short(then.get(relation))}, the build {_short(made.sha256)}")
        if relation.startswith("raw."):
            entry = ws.pins[relation.removeprefix("raw.")].entry
            was = stamped.get(f"{entry.publisher} {entry.table}")
            if was != entry.sha256:
                found.append(
                    f"snapshot of {entry.publisher} {entry.table}: the release has {_short(was)}, "
                    f"the lock {_short(entry.sha256)}"
                )
    return found


def _short(digest: str | None) -> str:
    return f"{digest[:12]}…" if digest else "none"


def _behind(ws: Workspace, name: str) -> list[str]:
    """A relation and all that it is made from, the relation first, what publishers sent and definitions last."""
    reached = {name}
    waiting = [name]
    while waiting:
        new = set(ws.inputs(waiting.pop())) - reached
        reached |= new
        waiting += new
    models = [relation for relation in reversed(ws.models) if relation in reached]
    return models + sorted(reached - set(models), key=lambda r: (r.startswith("catalogue."), r))


# following a figure --------------------------------------------------------------------------------------------------


def _follow(ws: Workspace, name: str, figure: Row) -> tuple[list[Row], list[Row], list[Step]]:
    """Rows of models and cells of publishers behind a figure, and its formula."""
    wanted: dict[str, dict[int, Row]] = {name: _position(ws, name, figure)}
    rows: list[Row] = []
    formula: list[Step] = []
    for relation in _behind(ws, name):
        if relation not in wanted or relation not in ws.models:
            continue
        model = ws.models[relation]
        targets = wanted.pop(relation)
        with Replay(ws, model, list(targets.values())) as replay:
            made = replay.made_from()
            if model.header.estimator is None and len(targets) <= SHOWN:
                for row in targets.values():
                    formula += _named(model, name, row, steps(model.sql, {c: row[c] for c in model.key}, replay.rows))
            elif len(targets) <= SHOWN:
                for row in targets.values():
                    formula += _named(model, name, row, _estimated(model, row, replay))
        for (number, row), inputs in zip(targets.items(), made.rows, strict=True):
            rows.append(_row(model, number, row, inputs, made.is_least))
        for source, numbers in _grouped(i for inputs in made.rows for i in inputs).items():
            wanted.setdefault(source, {}).update(_take(ws, source, numbers))
    cells = [
        _cell(ws, relation, number, row)
        for relation, taken in sorted(wanted.items())
        for number, row in sorted(taken.items())
    ]
    return rows, cells, formula


def _estimated(model: Model, row: Row, replay: Replay) -> list[Step]:
    """The formulas of an estimator, with the numbers of the row of the SELECT or of the rows it takes together."""
    found: list[Step] = []
    key = ", ".join(column for column in model.key if column in named_columns(model.sql))
    for column, formula in FORMULAS.get(model.header.estimator or "", {}).items():
        if row.get(column) is not None:
            sql = f"with selected as ({model.sql}\n) select {key}, {formula} as {column} from selected"
            found += steps(sql, {c: row[c] for c in model.key}, replay.rows, column)
    estimator = model.header.estimator or ""
    if found or estimator not in worked.RULES:
        return found
    lines = worked.worked(estimator, replay.rows(model.sql), row)
    return [Step(line.name, line.expression, line.numbers, line.value) for line in lines]


def _named(model: Model, name: str, row: Row, found: list[Step]) -> Iterator[Step]:
    """Steps of a table behind the figure say of which row they are."""
    if model.relation == name:
        yield from found
    else:
        key = " ".join(str(row[c]) for c in model.key if row.get(c) is not None)
        yield from (replace(step, name=f"{model.relation} [{key}] {step.name}") for step in found)


def _position(ws: Workspace, name: str, figure: Row) -> dict[int, Row]:
    """The figure's row in the build, by its number."""
    import pyarrow.parquet as pq

    for number, row in enumerate(pq.ParquetFile(ws.path(name)).read().to_pylist()):
        if all(row[column] == figure[column] for column in KEY):
            return {number: row}
    raise DataError(f"{ws.path(name)}: no row of {_said(figure)}", remedy="Run `observatory refresh`")


def _grouped(ids: Iterable[Id]) -> dict[str, list[int]]:
    found: dict[str, set[int]] = {}
    for relation, number in ids:
        found.setdefault(relation, set()).add(number)
    return {relation: sorted(numbers) for relation, numbers in found.items()}


def _take(ws: Workspace, relation: str, numbers: list[int]) -> dict[int, Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.ParquetFile(ws.path(relation)).read().take(pa.array(numbers, pa.int64()))
    return dict(zip(numbers, table.to_pylist(), strict=True))


def _row(model: Model, number: int, row: Row, inputs: list[Id], is_least: bool) -> Row:
    return {
        "relation": model.relation,
        "row": number,
        "key": {c: row[c] for c in model.key if c != "indicator" and row.get(c) is not None},
        "value": row.get("value"),
        "unit": row.get("unit"),
        "status": row.get("status"),
        "is_least": is_least,
        "inputs": [list(one) for one in inputs],
    }


def _cell(ws: Workspace, relation: str, number: int, row: Row) -> Row:
    """A raw row in the publisher's words: its own codes and labels, and our name of a code where there is one."""
    source = relation.removeprefix("raw.")
    codes = [d.code for d in ws.catalogue.sources[source].dimensions if d.code in row]
    own = codes or [c for c in row if "__" not in c and c not in {"value", "flag", "kind", "source", "provenance"}]
    return {
        "source": source,
        "relation": relation,
        "row": number,
        "dimensions": [
            {"dimension": c, "code": row[c], "label": row.get(f"{c}__label"), "name": row.get(f"{c}__as")} for c in own
        ],
        "value": row.get("value"),
        "flag": row.get("flag") or None,
        "kind": row.get("kind"),
    }


# what stands beside it -----------------------------------------------------------------------------------------------


def _header(model: Model) -> dict[str, Any]:
    header = model.header
    return {
        "name": header.name.model_dump(),
        "definition": header.definition,
        "reference": header.reference,
        "caveats": header.caveats,
    }


def model_file(ws: Workspace, model: Model) -> dict[str, Any]:
    """The file of a model: path in the repository, hash, and the commit that last changed it."""
    home = ws.settings.home
    path = model.path.relative_to(home).as_posix() if model.path.is_relative_to(home) else model.path.name
    commit = _git(home, "log", "-1", "--format=%H", "--", path)
    return {
        "path": path,
        "sha256": hashlib.sha256(model.text.encode()).hexdigest(),
        "commit": commit or "unknown",
        "is_committed": bool(commit) and not _git(home, "status", "--porcelain", "--", path),
        "estimator": model.header.estimator,
    }


def _git(home: Path, *words: str) -> str:
    git = shutil.which("git")
    if git is None or not (home / ".git").exists():
        return ""
    answer = subprocess.run([git, "-C", str(home), *words], capture_output=True, text=True, check=False)
    return answer.stdout.strip() if answer.returncode == 0 else ""


def _snapshot(ws: Workspace, source: str) -> dict[str, Any]:
    pin = ws.pins[source]
    contract = ws.catalogue.sources[source]
    entry = pin.entry.model_dump(mode="json", exclude={"bytes", "note"})
    return entry | {"title": contract.title.en, "url": contract.url, "store": pin.store.name}


def _cited(manifest: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What the release itself says of the sources of a table."""
    (resource,) = [r for r in manifest["resources"] if r["relation"] == name]
    return {source["title"]: source for source in resource["sources"]}


def _checks(folder: Path, relations: Iterable[str]) -> list[dict[str, Any]]:
    import json

    wanted = {relation: place for place, relation in enumerate(relations)}
    found = [c for c in json.loads((folder / "checks.json").read_text("utf-8")) if c["table"] in wanted]
    shown = [{k: v for k, v in check.items() if k != "sample"} for check in found]
    return sorted(shown, key=lambda check: wanted[check["table"]])


# columns -------------------------------------------------------------------------------------------------------------


def columns_behind(ws: Workspace, name: str) -> dict[str, list[tuple[str, str]]]:
    """For every column of a model's table the columns (relation, column) that it is computed from, sorted.

    An estimator's figures (value, lower, upper, n, status) come from every column that its SELECT computes beside the
    key; its other columns from those of the same name. Empty for raw and reference tables, and where the SELECT cannot
    be followed.
    """
    if name not in ws.models:
        return {}
    model = ws.models[name]
    columns = {source: list(made.columns) for source in model.inputs if (made := ws.made(source))}
    try:
        found = column_lineage(model.sql, columns)
    except Untraceable:
        return {}
    if model.header.estimator:
        numbers = set().union(*(sources for column, sources in found.items() if column not in KEY))
        found = {column: found.get(column, set()) for column in INDICATOR_COLUMNS if column not in FIGURES}
        found |= dict.fromkeys(FIGURES, numbers)
    return {column: sorted(sources) for column, sources in found.items() if sources}
