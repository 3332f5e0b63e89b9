"""The made-up snapshots in the embedded store.

Belongs here: making all of them, their lock entries, and comparing them with what is embedded. Does not belong here:
the figures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from observatory import atomic
from observatory.catalogue import Catalogue
from observatory.errors import DataError
from observatory.snapshots import Lock, LockEntry, Store, dump
from observatory.synthetic import accounts, directory, economy, input_output, px, survey, surveys

MADE = datetime(2026, 11, 23, tzinfo=UTC)
NO_LICENCE = "None needed: no figure is real"
MADE_UP = "Made up for this observatory; no figure is its publisher's"
WORDS = (NO_LICENCE, MADE_UP)
"""What the lock says of made-up tables where readers see it: the message ids of its translations."""
NOTE = (
    "Made up by `observatory synthetic`: the publisher's format, dimensions and spans, figures that only agree with "
    "each other and with the journal's. Evidence of nothing."
)
WAVE = "survey_servitization_2018"
PARTS = {
    "eustat_establishments_municipality_cnae": "the total and the classes of divisions 58-66, 69-75, 78, 80",
    "eustat_establishments_municipality_a10": "all legal forms and sizes together",
}


@dataclass(frozen=True)
class Snapshot:
    """One made-up snapshot."""

    source: str
    entry: LockEntry
    data: bytes


def generate(home: Path, catalogue: Catalogue) -> Iterator[Snapshot]:
    """All made-up snapshots, in the order of their source ids; the same every time.

    Raises DataError for a table without a contract.
    """
    state = economy.build(home)
    tables: dict[str, px.Table | None] = {WAVE: None}
    for module in (accounts, directory, surveys, input_output):
        tables |= module.tables(home, state)
    for source, table in sorted(tables.items()):
        contract = catalogue.sources.get(source)
        if contract is None:
            raise DataError(
                f"{source}: made up, but there is no contract", remedy="Add data/catalogue/sources/<id>.yaml"
            )
        data = px.write(table, contract.table, contract.title.model_dump()) if table else survey.write()
        entry = LockEntry(
            publisher=contract.publisher,
            table=contract.table,
            request=f"none; {PARTS.get(source, 'the whole table')}",
            retrieved_at=MADE,
            updated=None,
            sha256=hashlib.sha256(data).hexdigest(),
            bytes=len(data),
            format=contract.format,
            licence=NO_LICENCE,
            citation=MADE_UP,
            provenance="synthetic",
            acquired="generated",
            note=NOTE,
        )
        yield Snapshot(source, entry, data)


def differences(store: Store, made: list[Snapshot]) -> list[str]:
    """Sources whose embedded snapshot is not what the generator makes; empty if all are."""
    have = store.lock().tables
    known = {one.source for one in made}
    stale = [name for name, entry in have.items() if entry.provenance == "synthetic" and name not in known]
    return [one.source for one in made if have.get(one.source) != one.entry or _read(store, one) != one.data] + stale


def _read(store: Store, one: Snapshot) -> bytes | None:
    path = store.path(one.entry)
    return path.read_bytes() if path.exists() else None


def embed(store: Store, made: list[Snapshot]) -> list[str]:
    """Put the made-up snapshots into a store in place of those before; real ones stay. Returns what changed.

    Bytes come first, then the lock, then the removal of what no entry names any more.
    """
    changed = differences(store, made)
    if not changed:
        return []
    before = store.lock().tables
    if real := [one.source for one in made if one.source in before and before[one.source].provenance != "synthetic"]:
        raise DataError(
            f"{store.lock_path}: {', '.join(real)} hold real figures and are not replaced by made-up ones",
            remedy="Take them out of the generator (observatory/synthetic)",
        )
    for one in made:
        atomic.write_bytes(store.path(one.entry), one.data)
    tables = {name: entry for name, entry in before.items() if entry.provenance != "synthetic"}
    tables |= {one.source: one.entry for one in made}
    atomic.write_text(store.lock_path, dump(Lock(tables=dict(sorted(tables.items())))))
    kept = {store.path(entry) for entry in tables.values()}
    for entry in before.values():
        if store.path(entry) not in kept:
            store.path(entry).unlink(missing_ok=True)
    return changed
