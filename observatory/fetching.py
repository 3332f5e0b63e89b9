"""Fetching: newer bytes into the local store, one table at a time, each believed only after a look.

Belongs here: which contracted tables are asked for, the look (contract, drift), the report. Does not belong here: how
a publisher is asked (sources/), the store (snapshots.py), what is built afterwards (build.py).

One table's failure never loses another's success, and a refused table leaves the last good snapshot in the lock.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from observatory import additions, atomic
from observatory.build import Workspace, read_snapshot
from observatory.catalogue import Source
from observatory.drift import Drift, compare
from observatory.errors import DataError, ObservatoryError, PublisherError, UsageError
from observatory.settings import Settings
from observatory.snapshots import LockEntry, Pin, Store
from observatory.sources import Bases, Fetched, Publishers, same_stamp, stamp

if TYPE_CHECKING:
    import pyarrow as pa

State = Literal[
    "fetched", "unchanged", "up to date", "refused", "failed", "would fetch", "as contracted", "no snapshot"
]
STAMPS = "stamps.json"
OUTCOMES = "outcomes.json"
FAILED: tuple[State, ...] = ("refused", "failed")


@dataclass(frozen=True)
class Outcome:
    """What became of one table. ``error`` is set where it was refused (data) or failed (publisher)."""

    source: str
    state: State
    detail: str = ""
    drift: Drift = field(default_factory=Drift)
    error: ObservatoryError | None = None


def publishers(settings: Settings, **manners: Any) -> Publishers:
    """Clients over one transport, with the addresses and manners of the settings; every answer is archived.

    ``manners`` go to the transport as they are (a clock, a way to sleep).
    """
    from importlib.metadata import version

    from observatory.sources.transport import Policy, Transport
    from observatory.sources.wire import user_agent

    policy = Policy(user_agent=user_agent(version("kibs-observatory"), settings.contact), retries=settings.retries)
    names = ("eustat_api", "eustat_files", "eurostat_statistics", "eurostat_sdmx", "eurostat_async")
    bases = replace(Bases(), **{name: address for name in names if (address := getattr(settings, name))})
    if settings.ine:
        bases = replace(bases, files={**bases.files, "ine": settings.ine})
    return Publishers(Transport(policy, Archive(settings.snapshots / "archive"), **manners), bases)


class Archive:
    """Keeps every answer as it came, before anybody reads it: bodies by content hash, one line an exchange."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, url: str, request: bytes | None, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Keep one exchange."""
        digest = hashlib.sha256(body).hexdigest()
        path = self.folder / digest[:2] / digest
        if not path.exists():
            atomic.write_bytes(path, body)
        line = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "url": url,
            "request": request.decode("utf-8", "replace") if request else None,
            "status": status,
            "headers": dict(headers),
            "sha256": digest,
        }
        with (self.folder / "exchanges.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(line, ensure_ascii=False) + "\n")


def choose(ws: Workspace, wanted: Sequence[str], *, fetchable: bool = True) -> list[Source]:
    """Contracts by name, else all; with ``fetchable`` only those that say how they are asked for.

    Raises UsageError for an unknown name, or one that cannot be fetched.
    """
    sources = ws.catalogue.sources
    if unknown := [name for name in wanted if name not in sources]:
        raise UsageError(f"no source {', '.join(unknown)!r}", remedy=f"Sources: {', '.join(sources)}")
    if closed := [name for name in wanted if fetchable and not sources[name].asked()]:
        raise UsageError(f"{', '.join(closed)} cannot be fetched: the contract has no request")
    return [sources[name] for name in wanted] or [s for s in sources.values() if s.asked() or not fetchable]


def search(ws: Workspace, text: str) -> list[Source]:
    """Contracts whose id, table, titles, description or dimensions hold a text, in any case."""
    wanted = text.casefold()

    def says(source: Source) -> str:
        titles = " ".join(source.title.model_dump().values())
        return " ".join([source.id, source.table, titles, source.what, *(d.code for d in source.dimensions)])

    return [source for source in ws.catalogue.sources.values() if wanted in says(source).casefold()]


def check(ws: Workspace, source: Source, clients: Publishers | None) -> Outcome:
    """Hold a snapshot, or what the publisher answers today, against the contract; nothing is stored."""
    pin = ws.pins.get(source.id)
    try:
        if clients is not None:
            drift = _look(ws, source, pin, clients.fetch(source.asked()))
            return Outcome(source.id, "as contracted", f"{drift.added:,} added, {drift.revised:,} revised cells", drift)
        if pin is None:
            return Outcome(source.id, "no snapshot", "nothing to check yet")
        table = _believed(ws, source, pin.read(), pin.entry.format, pin.entry.provenance)
        return Outcome(source.id, "as contracted", f"{table.num_rows:,} cells, {pin.entry.provenance}")
    except DataError as error:
        return Outcome(source.id, "refused", str(error), error=error)
    except PublisherError as error:
        return Outcome(source.id, "failed", str(error), error=error)


def fetch(
    ws: Workspace,
    chosen: Sequence[Source],
    clients: Publishers,
    *,
    since_updated: bool = False,
    dry_run: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> list[Outcome]:
    """Fetch tables one after another and put the good ones into the local store.

    With ``since_updated`` the publishers' stamps are asked for first, and only tables whose stamp moved (or is unknown)
    are fetched. With ``dry_run`` nothing is stored.
    """
    store = Store(ws.settings.snapshots, "local")
    stamps: dict[str, str] = _read(store.root / STAMPS)
    now = clients.updated([s.asked() for s in chosen]) if since_updated else {}
    outcomes = []
    for number, source in enumerate(chosen, 1):
        pin = ws.pins.get(source.id)
        known = stamps.get(source.id) or (pin.entry.updated if pin and pin.store.name == store.name else None)
        if since_updated and same_stamp(now.get(source.table), known):
            outcome = Outcome(source.id, "up to date", f"stamp {known}")
        elif dry_run:
            outcome = Outcome(source.id, "would fetch", f"stamp {now.get(source.table) or 'not asked'}")
        else:
            outcome = _one(ws, source, pin, store, clients)
            if outcome.error is None and (moved := stamp(now.get(source.table))):
                stamps[source.id] = moved
                _write(store.root / STAMPS, stamps)
        if not dry_run:
            _record(ws.settings, outcome)
        outcomes.append(outcome)
        say(f"[{number}/{len(chosen)}] {line(outcome)}")
    return outcomes


def known_stamps(ws: Workspace) -> dict[str, str]:
    """The publisher's stamp of the edition that the local store holds, by source; what was never fetched is absent."""
    held = {s: pin.entry.updated for s, pin in ws.pins.items() if pin.store.name == "local" and pin.entry.updated}
    return held | _read(ws.settings.snapshots / STAMPS)


def recorded(settings: Settings) -> dict[str, dict[str, str]]:
    """How each source's last fetch on this machine ended: ``state``, ``detail`` and ``at`` (ISO, UTC)."""
    return _read(settings.snapshots / OUTCOMES)


def _record(settings: Settings, outcome: Outcome) -> None:
    """Keep how a fetch ended; a table that is up to date keeps what was said of it, unless that was a failure."""
    before = recorded(settings)
    known = before.get(outcome.source, {})
    if outcome.state == "up to date" and known and known.get("state") not in FAILED:
        return
    at = datetime.now(UTC).isoformat(timespec="seconds")
    said = {"state": outcome.state, "detail": outcome.detail, "at": at}
    _write(settings.snapshots / OUTCOMES, before | {outcome.source: said})


def _read(path: Path) -> dict[str, Any]:
    """A small file of ours; absent or damaged it is empty, which costs one full fetch, and the next one mends it."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, content: Mapping[str, Any]) -> None:
    atomic.write_text(path, json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def _one(ws: Workspace, source: Source, pin: Pin | None, store: Store, clients: Publishers) -> Outcome:
    try:
        fetched = clients.fetch(source.asked())
        entry = _entry(source, fetched)
        if pin is not None and pin.store.name == store.name and pin.entry.sha256 == entry.sha256:
            return Outcome(source.id, "unchanged", "the same bytes")
        drift = _look(ws, source, pin, fetched)
        store.add(source.id, fetched.body, entry)
    except DataError as error:
        return Outcome(source.id, "refused", str(error), error=error)
    except PublisherError as error:
        return Outcome(source.id, "failed", str(error), error=error)
    notes = "; ".join(fetched.notes)
    counts = f"{drift.added:,} added, {drift.revised:,} revised, {drift.unchanged:,} unchanged cells"
    return Outcome(source.id, "fetched", f"{counts}{'; ' + notes if notes else ''}", drift)


def _look(ws: Workspace, source: Source, pin: Pin | None, fetched: Fetched) -> Drift:
    """Read what came, hold it against the contract and against the snapshot before.

    Raises DataError where it is not to be believed. A synthetic snapshot is no measure for a real one.
    """
    new = _believed(ws, source, fetched.body, fetched.format, "official")
    if pin is None or pin.entry.provenance == "synthetic":
        return Drift(added=new.num_rows)
    old = read_snapshot(source, pin.read(), pin.entry.format, ws.catalogue, pin.entry.provenance)
    dimensions = [d.code for d in source.dimensions]
    drift = compare(old, new, dimensions, ws.engine)
    periods = next((d.code for d in source.dimensions if d.role == "time"), None)
    required = {d.code: d.codes for d in source.dimensions}
    if objections := drift.objections(required, periods):
        raise DataError(
            f"{source.id}: the table {source.table} is not what it was: {'; '.join(objections)}",
            remedy="The snapshot before stays. Compare with the publisher's page; if the change is right, amend "
            f"data/catalogue/sources/{source.id}.yaml and remove the entry from {pin.store.lock_path.name}",
        )
    return drift


def _believed(ws: Workspace, source: Source, data: bytes, form: str, provenance: str) -> pa.Table:
    """Read bytes and hold them against everything the contract says. Raises DataError where they differ."""
    table = read_snapshot(source, data, form, ws.catalogue, provenance)
    if table.num_rows < source.coverage.rows:
        raise DataError(
            f"{source.id}: {table.num_rows:,} cells, the contract promises {source.coverage.rows:,}",
            remedy="Ask for the whole table, or amend `coverage` in the contract",
        )
    for dimension in source.dimensions:
        have = {str(code) for code in table[dimension.code].unique().to_pylist()}
        promised = [p for p in (*dimension.codes, dimension.first, dimension.last) if p is not None]
        if gone := [code for code in promised if code not in have]:
            raise DataError(
                f"{source.id}: the table {source.table} has no {', '.join(gone)} in {dimension.code!r}, which the "
                "contract promises",
                remedy="The snapshot before stays. If the publisher gave it up, amend the contract",
            )
    if sums := additions.broken(source, table, ws.engine):
        raise DataError(
            f"{source.id}: {len(sums)} sum(s) of the table {source.table} do not hold, first {sums[0]}",
            remedy="The snapshot before stays. If the publisher's table is right, amend `adds_up` in the contract",
        )
    return table


def _entry(source: Source, fetched: Fetched) -> LockEntry:
    return LockEntry(
        publisher=source.publisher,
        table=source.table,
        request=fetched.request,
        retrieved_at=datetime.now(UTC).replace(microsecond=0),
        updated=stamp(fetched.updated),
        sha256=hashlib.sha256(fetched.body).hexdigest(),
        bytes=len(fetched.body),
        format=fetched.format,
        licence=source.licence,
        citation=source.citation,
        provenance="official",
        acquired="fetched",
        note="; ".join(fetched.notes),
    )


def line(outcome: Outcome) -> str:
    """One line a table, for a log."""
    return f"{outcome.source}: {outcome.state}{': ' + outcome.detail if outcome.detail else ''}"


def failures(outcomes: Sequence[Outcome]) -> Iterator[ObservatoryError]:
    """Errors of the tables that did not arrive."""
    return (outcome.error for outcome in outcomes if outcome.error is not None)
