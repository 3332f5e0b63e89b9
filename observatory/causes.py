"""Why a published table changed: what its manifest must say, and what two manifests say together.

Belongs here: the facts about snapshots, models and corrections that a release keeps, and the causes read from two of
them. Does not belong here: which cells changed (differences.py), writing a release (releases.py).

A cause is anything upstream of the table that is not what it was. Where several things changed at once all are named:
manifests do not say which of them moved a figure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from observatory.build import Workspace
from observatory.corrections import Correction
from observatory.engines.duckdb import literal, quote, relation

Manifest = Mapping[str, Any]
Kind = Literal["new data", "revised source", "changed method", "corrected error"]
UNUSED = "{source} is no longer used"
FIRST_USED = "{source} is used for the first time"
READ_OTHERWISE = "{source}: its contract reads the table in another way"
REPLACED = "{source}: {now} figures in place of {before} ones"
MADE_ANEW = "{source}: made-up figures made anew"
NEW_PERIODS = "{source}: new periods {periods}"
WITHDRAWN = "{source}: periods withdrawn {periods}"
REVISED = "{source}: {moved} of {all} periods hold other figures or cells ({periods})"
OTHER_SNAPSHOT = "{source}: another snapshot (the earlier release does not say of which periods)"
CORRECTED = "corrected: {place}, published {published}, right {right}"
NO_LONGER_CORRECTED = "no longer corrected: {place}, published {published}, right {right}"
NEW_MODEL = "{name}: defined for the first time"
GONE_MODEL = "{name}: no longer defined"
CHANGED_MODEL = "{name}: its definition changed"
LIBRARY = "the library changed (commit {before}, now {now})"
TOOL = "the version of {tool} was {before}, now {now}"
WORDS = (
    *get_args(Kind),
    UNUSED,
    FIRST_USED,
    READ_OTHERWISE,
    REPLACED,
    MADE_ANEW,
    NEW_PERIODS,
    WITHDRAWN,
    REVISED,
    OTHER_SNAPSHOT,
    CORRECTED,
    NO_LONGER_CORRECTED,
    NEW_MODEL,
    GONE_MODEL,
    CHANGED_MODEL,
    LIBRARY,
    TOOL,
)
"""Kinds of causes and what is said of them, with places to fill in: the message ids of their translations."""


@dataclass(frozen=True)
class Cause:
    """One reason, and in ``what`` the source, model or correction that it lies in."""

    kind: Kind
    what: str


def facts(ws: Workspace, used: Collection[str]) -> dict[str, Any]:
    """What the manifest keeps beside its tables, so that causes can be read from it.

    ``lineage`` holds per relation its version (hash of the model file, or of a reference table) and what it is made
    from; ``snapshots`` per source what it was read from and how; ``library_sha256`` is the hash of the library's
    source.
    """
    lineage: dict[str, dict[str, Any]] = {}
    for name in ws.relations:
        if name in ws.models:
            lineage[name] = {"version": ws.models[name].code_version, "made_from": list(ws.inputs(name))}
        elif name.startswith("catalogue.") and any(name in ws.inputs(model) for model in ws.models):
            made = ws.made(name)
            lineage[name] = {"version": made.sha256[:16] if made else "", "made_from": []}
    return {"library_sha256": ws.code_fingerprint, "lineage": lineage, "snapshots": _snapshots(ws, used)}


def _snapshots(ws: Workspace, used: Collection[str]) -> dict[str, dict[str, Any]]:
    """Per source: its snapshot's hash and provenance, what reads it, corrections, and a digest of each period.

    Made-up tables have no digests: they are the largest and nobody asks what was revised in them.
    """
    digests = _digests(ws, [source for source in used if ws.pins[source].entry.provenance != "synthetic"])
    found = {}
    for source in sorted(used):
        entry, made = ws.pins[source].entry, ws.made(f"raw.{source}")
        found[source] = {
            "sha256": entry.sha256,
            "provenance": entry.provenance,
            "reading": _reading(ws, source),
            "corrections": made.corrections if made else [],
            "periods": digests.get(source, {}),
        }
    return found


def _reading(ws: Workspace, source: str) -> str:
    """Hash of what a contract and a codebook say that decides how the bytes are read; their notes do not.

    Rules of disclosure are not in it: they are confidential, and short enough to be guessed from a hash.
    """
    book = ws.catalogue.codebooks.get(source) or ws.catalogue.registers.get(source)
    said = ws.catalogue.sources[source].model_dump_json(include={"dimensions", "series", "units"})
    return hashlib.sha256((said + (book.model_dump_json() if book else "")).encode()).hexdigest()[:16]


def _digests(ws: Workspace, used: Collection[str]) -> dict[str, dict[str, str]]:
    """A digest of all cells (codes, value, flag, kind) of each period; the order of the rows does not matter."""
    selects = []
    for source in sorted(used):
        dimensions = ws.catalogue.sources[source].dimensions
        time = next((quote(d.code) for d in dimensions if d.role == "time"), "''")
        made = ws.made(f"raw.{source}")
        have = made.columns if made else {}
        cell = [quote(d.code) for d in dimensions if d.code in have]
        cell += [quote(c) for c in ("value", "flag", "kind", "lower", "upper") if c in have]
        texts = ", ".join(f"coalesce(cast({c} as varchar), '')" for c in cell)
        selects.append(
            f"select {literal(source)} as source, cast({time} as varchar) as period, "
            f"printf('%016x', bit_xor(md5_number_lower(concat_ws('|', {texts})))) as digest "
            f"from {relation(f'raw.{source}')} group by all"
        )
    if not selects:
        return {}
    sql = f"select * from ({' union all '.join(selects)}) order by source, period"
    digests: dict[str, dict[str, str]] = {}
    rows = ws.engine.to_arrow(sql, ws.views([f"raw.{s}" for s in used]), name="digests of the snapshots")
    for row in rows.to_pylist():
        digests.setdefault(row["source"], {})[row["period"]] = row["digest"]
    return digests


def find(before: Manifest, now: Manifest, table: str) -> tuple[Cause, ...]:
    """Causes of a change of relation ``table`` between two releases, in the order in which data flows.

    A manifest without ``lineage`` (of a release before it was kept) says nothing but hashes of snapshots; then the
    cause says so.
    """
    if not all("lineage" in manifest for manifest in (before, now)):
        return tuple(_by_hash(before, now, table))
    names = sorted(_upstream(before, table) | _upstream(now, table))
    sources = [name.removeprefix("raw.") for name in names if name.startswith("raw.")]
    found = [cause for source in sources for cause in _source(before, now, source)]
    return (*found, *_method(before, now, [name for name in names if not name.startswith("raw.")]))


def _upstream(manifest: Manifest, name: str) -> set[str]:
    """The relation itself and everything that it is made from."""
    lineage, reached, wanted = manifest["lineage"], set[str](), [name]
    while wanted:
        if (found := wanted.pop()) not in reached:
            reached.add(found)
            wanted += lineage.get(found, {}).get("made_from", [])
    return reached


def _source(before: Manifest, now: Manifest, source: str) -> Iterator[Cause]:
    old, new = (manifest["snapshots"].get(source) for manifest in (before, now))
    if old is None or new is None:
        yield Cause("changed method", (UNUSED if new is None else FIRST_USED).format(source=source))
        return
    yield from _corrected(old["corrections"], new["corrections"])
    if old["reading"] != new["reading"]:
        yield Cause("changed method", READ_OTHERWISE.format(source=source))
    if old["sha256"] == new["sha256"]:
        return
    if old["provenance"] != new["provenance"]:
        what = REPLACED.format(source=source, now=new["provenance"], before=old["provenance"])
        yield Cause("new data", what)
        return
    if new["provenance"] == "synthetic":
        yield Cause("changed method", MADE_ANEW.format(source=source))
        return
    periods, earlier = new["periods"], old["periods"]
    come = sorted(set(periods) - set(earlier))
    gone = sorted(set(earlier) - set(periods))
    moved = sorted(p for p in set(periods) & set(earlier) if periods[p] != earlier[p])
    if come:
        yield Cause("new data", NEW_PERIODS.format(source=source, periods=listed(come)))
    if gone:
        yield Cause("revised source", WITHDRAWN.format(source=source, periods=listed(gone)))
    if moved:
        common = len(set(periods) & set(earlier))
        what = REVISED.format(source=source, moved=len(moved), all=common, periods=listed(moved))
        yield Cause("revised source", what)


def _corrected(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> Iterator[Cause]:
    before, now = ({_said(Correction.model_validate(given)) for given in applied} for applied in (old, new))
    for words, found in ((CORRECTED, now - before), (NO_LONGER_CORRECTED, before - now)):
        for place, published, right in sorted(found):
            yield Cause("corrected error", words.format(place=place, published=published, right=right))


def _said(c: Correction) -> tuple[str, str, str]:
    return c.place, str(c.published), str(c.right)


def _method(before: Manifest, now: Manifest, names: list[str]) -> Iterator[Cause]:
    for name in names:
        old, new = (manifest["lineage"].get(name, {}).get("version") for manifest in (before, now))
        if old != new:
            words = NEW_MODEL if old is None else GONE_MODEL if new is None else CHANGED_MODEL
            yield Cause("changed method", words.format(name=name))
    if before["library_sha256"] != now["library_sha256"]:
        yield Cause("changed method", LIBRARY.format(before=before["git_commit"], now=now["git_commit"]))
    for tool in sorted({*before["tools"], *now["tools"]}):
        old, new = before["tools"].get(tool), now["tools"].get(tool)
        if old != new:
            yield Cause("changed method", TOOL.format(tool=tool, before=old or "–", now=new or "–"))


def _by_hash(before: Manifest, now: Manifest, table: str) -> Iterator[Cause]:
    """What the citations of a table say where a manifest has nothing else."""
    old, new = (
        {s["title"]: s["sha256"] for r in manifest["resources"] if r["relation"] == table for s in r["sources"]}
        for manifest in (before, now)
    )
    for title in sorted({*old, *new}):
        if old.get(title) != new.get(title):
            yield Cause("new data", OTHER_SNAPSHOT.format(source=title))


def listed(periods: list[str]) -> str:
    """Periods in few words: unbroken years as a span."""
    years = all(len(p) == 4 and p.isdigit() for p in periods)
    if years and len(periods) > 2 and int(periods[-1]) - int(periods[0]) == len(periods) - 1:
        return f"{periods[0]}–{periods[-1]}"
    return ", ".join(periods) if len(periods) <= 8 else f"{', '.join(periods[:8])} …"
