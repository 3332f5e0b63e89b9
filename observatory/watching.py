"""Which contracted tables a publisher has re-issued, and which it should have by now.

Belongs here: the comparison of two catalogue answers, and what a contract's update period promises by a day. Does not
belong here: asking publishers (sources/), fetching (fetching.py), when the question is put (assets/schedules.py).
Pure functions: no clock, no files, no network.

The cursor of a watch is a mapping from table to the publisher's stamp for which the table was last asked. A moved
stamp is a reason to fetch, not yet a change: the content hash decides that when the bytes have come (fetching.py).
"""

from __future__ import annotations

import calendar
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from observatory.contract_models import Source, Update
from observatory.sources import same_stamp, stamp

GRACE = timedelta(days=31)
LEAD = timedelta(days=92)
CYCLES = {"annual": 366, "quarterly": 92, "monthly": 31}


@dataclass(frozen=True)
class Look:
    """What one catalogue answer says.

    ``moved`` holds the tables to ask for with their new stamps, ``cursor`` what to compare the next answer with, and
    ``silent`` the watched tables that the answer does not stamp.
    """

    moved: dict[str, str]
    cursor: dict[str, str]
    silent: tuple[str, ...]


@dataclass(frozen=True)
class Due:
    """A promise of a contract: an edition stamped ``since`` or later was to be out on ``by``."""

    since: date
    by: date


def look(tables: Iterable[str], cursor: Mapping[str, str], answer: Mapping[str, str | None]) -> Look:
    """Compare a catalogue answer (table → stamp) with the cursor, for the watched tables only.

    A table moves when its stamp is another one, earlier or later (sources.same_stamp tolerates the clock's hour). A
    table new to the cursor moves. A stamp that is none (absent, empty, the year 9999) never counts and leaves the
    cursor as it was; entries that nobody watches are ignored. The cursor keeps the stamp asked for, not the one an
    hour off, so that jumps of the clock do not add up unseen.
    """
    seen: dict[str, str] = dict(cursor)
    moves: dict[str, str] = {}
    silent: list[str] = []
    for table in tables:
        now = stamp(answer.get(table))
        if now is None:
            silent.append(table)
        elif not same_stamp(cursor.get(table), now):
            moves[table] = seen[table] = now
    return Look(moves, seen, tuple(silent))


def unanswered(
    asked: Mapping[str, str], seen: Look, confirmed: Mapping[str, str], refused: Container[str], today: str
) -> list[str]:
    """Tables that were asked for on a day before ``today`` (ISO) and whose edition has not come.

    ``confirmed`` are the stamps of the editions in the store. A refused table is left alone: what its publisher sent
    would be refused again. A table that moved just now is asked for anyway.
    """
    return [
        table
        for table, day in asked.items()
        if day < today
        and table not in seen.moved
        and table not in refused
        and not same_stamp(seen.cursor.get(table), confirmed.get(table))
    ]


def due(contract: Source, today: date) -> Due | None:
    """What the contract's update period promises by ``today``, None for an irregular table.

    With months: neighbouring months are one window (December and January are). A year may have several, and a
    table need not move in each: a revision comes when there is something to revise. So the last edition must be of
    the full cycle before the newest window that closed a month ago, or up to three months early. Without months: of
    the last cycle and a month.
    """
    update = contract.update
    if update.period == "irregular":
        return None
    if not update.months:
        by = today - GRACE
        return Due(by - timedelta(days=CYCLES[update.period]), by)
    closed = sorted((w for w in _windows(update, today.year) if w[1] + GRACE < today), key=lambda window: window[1])
    windows_a_year = len(_groups(update.months))
    start, _ = closed[-windows_a_year]
    lead = min(LEAD, timedelta(days=CYCLES[update.period] // 2))
    return Due(start - lead, closed[-1][1])


def late(contract: Source, updated: str | None, today: date) -> Due | None:
    """The promise that a table has broken: its last edition is older than ``due`` allows. None where it has not.

    ``updated`` is the publisher's stamp of the last edition seen; a table without one is not judged.
    """
    promise, edition = due(contract, today), _moment(updated)
    if promise is None or edition is None or edition.date() >= promise.since:
        return None
    return promise


def _groups(months: Iterable[int]) -> list[tuple[int, int]]:
    """Windows as first month and length, neighbours joined over the turn of the year."""
    wanted = set(months)
    if len(wanted) == 12:
        return [(1, 12)]
    groups = []
    for first in sorted(m for m in wanted if (m - 2) % 12 + 1 not in wanted):
        length = 1
        while (first + length - 1) % 12 + 1 in wanted:
            length += 1
        groups.append((first, length))
    return groups


def _windows(update: Update, year: int) -> list[tuple[date, date]]:
    """First and last days of all windows from three years ago to this year."""
    windows = []
    for start_year in range(year - 3, year + 1):
        for first, length in _groups(update.months):
            last = start_year * 12 + first - 1 + length - 1
            end_year, end_month = divmod(last, 12)
            end = date(end_year, end_month + 1, calendar.monthrange(end_year, end_month + 1)[1])
            windows.append((date(start_year, first, 1), end))
    return windows


def _moment(text: str | None) -> datetime | None:
    found = stamp(text)
    return datetime.fromisoformat(found) if found is not None else None
