"""Taking extracts of surveys and registers in, and letting answers go.

Belongs here: the private store's entries, and what is kept when a wave is forgotten. Does not belong here: reading and
estimating (surveys.py, formats/), the store itself (snapshots.py).
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from observatory import surveys
from observatory.build import Workspace
from observatory.codebook import Codebook
from observatory.errors import DataError, UsageError
from observatory.register_book import Register
from observatory.snapshots import LockEntry, Store


def codebook(ws: Workspace, source: str) -> Codebook:
    """The codebook of a wave. Raises UsageError, listing the waves, if there is none."""
    found = ws.catalogue.codebooks.get(source)
    if found is None:
        raise UsageError(
            f"no survey wave {source!r}",
            remedy=f"Waves: {', '.join(ws.catalogue.codebooks)}; a new one is data/catalogue/surveys/<id>.yaml",
        )
    return found


def private(ws: Workspace) -> Store:
    """The store of microdata."""
    return Store(ws.settings.restricted, "restricted", private=True)


def add(ws: Workspace, source: str, data: bytes, name: str) -> tuple[int, int]:
    """Put an extract into the private store; returns how many of its firms were accepted and refused.

    It is read and estimated first, so that what is stored can be used. Raises DataError otherwise.
    """
    from observatory.formats import survey

    book = codebook(ws, source)
    if book.provenance != "survey":
        raise UsageError(f"{source} is a made-up wave", remedy="Make it with `observatory synthetic`")
    report = survey.read(data, book, name=name)
    surveys.estimates(data, book, source, ws.settings.disclosure_rules)
    private(ws).add(source, data, provided(ws, source, data, "survey", f"extract {name}"))
    return report.accepted.num_rows, len(report.rows) - report.accepted.num_rows


def register(ws: Workspace, name: str) -> tuple[str, Register]:
    """Source id and codebook of a programme's register, by either name. Raises UsageError, listing them, if there is
    none."""
    source = name if name in ws.catalogue.registers else f"programme_{name}"
    if source not in ws.catalogue.registers:
        known = ", ".join(book.name for book in ws.catalogue.registers.values())
        raise UsageError(f"no register {name!r}", remedy=f"Registers: {known}")
    return source, ws.catalogue.registers[source]


def add_register(ws: Workspace, name: str, data: bytes, file: str) -> int:
    """Put a register's extract into the private store, in place of the one before; returns its rows.

    It is read first, so that what is stored can be used. Raises DataError with all that is wrong in it.
    """
    from observatory.formats import register as registers

    source, book = register(ws, name)
    rows = registers.table(data, book, name=file, key=ws.settings.key).num_rows
    private(ws).add(source, data, provided(ws, source, data, "register", f"extract {file}"))
    return rows


def forget(ws: Workspace, source: str) -> LockEntry:
    """Remove a wave's answers; its estimates stay, with the proof of what they were computed from.

    The estimates are durable before the answers go. Raises DataError if there are no answers to forget.
    """
    book = codebook(ws, source)
    store = private(ws)
    entry = store.lock().tables.get(source)
    if entry is None:
        raise DataError(
            f"{source}: no answers in {store.root}", remedy="They were never added, or are forgotten already"
        )
    kept = surveys.keep(store.read(source, entry), book, source, ws.settings.disclosure_rules)
    proof = (
        f"Estimates of {book.survey} {book.wave}; the answers (sha256 {entry.sha256}, {entry.bytes} bytes, added "
        f"{entry.retrieved_at:%Y-%m-%d}) were forgotten on {datetime.now(UTC):%Y-%m-%d}; computed by the library with "
        f"sha256 {ws.code_fingerprint}"
    )
    made = provided(ws, source, kept, surveys.KEPT, proof)
    Store(ws.settings.snapshots, "local").add(source, kept, made)
    store.remove(source)
    return made


def provided(ws: Workspace, source: str, data: bytes, form: str, note: str) -> LockEntry:
    """What the lock says of bytes that people gave us; their provenance is that of the contract's publisher."""
    contract = ws.catalogue.sources[source]
    return LockEntry(
        publisher=contract.publisher,
        table=contract.table,
        request="provided by hand",
        retrieved_at=datetime.now(UTC).replace(microsecond=0),
        updated=None,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        format=form,
        licence=contract.licence,
        citation=contract.citation,
        provenance="programme" if contract.publisher == "programme" else "survey",
        acquired="provided",
        note=note,
    )


def extract(path: Path) -> bytes:
    """The bytes of a file. Raises UsageError if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})", remedy="Check the path") from error
