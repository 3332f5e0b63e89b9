"""The watch over publishers' catalogues: real visits replayed, and the promises of contracts."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from observatory import catalogue, watching
from observatory.contract_models import Source, Update
from observatory.settings import Settings
from observatory.watching import Due

CONTRACTS = catalogue.load(Settings().home).sources
WATCHED = {source.table: source for source in CONTRACTS.values() if source.publisher == "eustat"}
FIRST, LAST = date(2026, 3, 9), date(2026, 8, 22)
T = "PX_170112_cpib_pib_a_01"
BEFORE = "2026-03-10T09:14:09"


def days() -> Iterator[date]:
    return (FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1))


@pytest.fixture(scope="module")
def history(shared: Path) -> list[dict[str, str]]:
    """One row a change seen: table, day of the visit, stamp."""
    (file,) = (shared / "extracts" / "eustat").glob("catalogue_update_history_*.csv")
    with file.open(encoding="utf-8", newline="") as lines:
        return [row | {"table": row["id"].removesuffix(".px")} for row in csv.DictReader(lines)]


def replay(history: list[dict[str, str]], tables: list[str]) -> list[tuple[str, str, str]]:
    """Day, table and stamp of every question the watch would put, one catalogue answer a day."""
    answer: dict[str, str | None] = {"PX_010302_cegf_egf_a_01": "9999-12-31T00:00:00", "PX_122417_fe_emala01": None}
    cursor: dict[str, str] = {}
    asked = []
    for day in days():
        answer |= {row["table"]: row["updated_stamp"] for row in history if row["first_seen_date"] == day.isoformat()}
        seen = watching.look(tables, cursor, answer)
        asked += [(day.isoformat(), table, stamp) for table, stamp in seen.moved.items()]
        cursor = seen.cursor
    return asked


@pytest.mark.parametrize("which", ["contracted", "all"])
def test_the_visits_replayed_ask_for_exactly_what_changed(history: list[dict[str, str]], which: str) -> None:
    every = sorted({row["table"] for row in history})
    tables = sorted(WATCHED) if which == "contracted" else every
    asked = replay(history, tables)
    changed = [(r["first_seen_date"], r["table"], r["updated_stamp"]) for r in history if r["table"] in tables]
    assert sorted(asked) == sorted(changed)
    assert len(set(asked)) == len(asked) == {"contracted": 46, "all": 1433}[which]


def test_the_visits_replayed_ask_for_six_editions_after_the_first_day(history: list[dict[str, str]]) -> None:
    later = [(day, table) for day, table, _ in replay(history, sorted(WATCHED)) if day != FIRST.isoformat()]
    assert later == [
        ("2026-03-11", "PX_170112_cpib_pib_a_01"),
        ("2026-03-13", "PX_170112_cpib_pib_a_01"),
        ("2026-06-01", "PX_133000_cespe_espe01b"),
        ("2026-06-01", "PX_133000_cespe_espe02b"),
        ("2026-07-03", "PX_133000_cesd_esd01b"),
        ("2026-07-03", "PX_133000_cesd_esd02b"),
    ]


def test_a_clock_an_hour_off_in_every_visit_changes_nothing_of_what_is_asked(history: list[dict[str, str]]) -> None:
    """The same visits, with the server's clock put forward on 29 March, as daylight saving would."""

    def forward(row: dict[str, str]) -> str:
        day, time = row["updated_stamp"].split("T")
        return f"{day}T{int(time[:2]) + 1:02}{time[2:]}"

    asked = replay(history, sorted(WATCHED))
    moved = [r | {"first_seen_date": "2026-03-29", "updated_stamp": forward(r)} for r in history]
    standing = [r for r in moved if r["table"] in WATCHED and r["table"] != "PX_170112_cpib_pib_a_01"]
    untouched = [r for r in standing if len([x for x in history if x["table"] == r["table"]]) == 1]
    assert len(untouched) == 35
    assert replay([*history, *untouched], sorted(WATCHED)) == asked


def test_no_table_was_late_in_those_months_and_four_are_in_september(history: list[dict[str, str]]) -> None:
    stamps: dict[str, str] = {}
    for day in days():
        stamps |= {r["table"]: r["updated_stamp"] for r in history if r["first_seen_date"] == day.isoformat()}
        assert {t for t, s in WATCHED.items() if watching.late(s, stamps.get(t), day)} == set(), day
    september = date(2026, 9, 1)
    assert sorted(t for t, s in WATCHED.items() if watching.late(s, stamps.get(t), september)) == [
        f"PX_222315_ceit_tic0{n}" for n in (1, 2, 3, 4)
    ]


@pytest.mark.parametrize(
    ("now", "moves"),
    [
        (BEFORE, False),
        ("2026-03-10T10:14:09", False),
        ("2026-03-10T08:14:09", False),
        ("2026-03-10T10:14:10", True),
        ("2026-03-10T09:18:14", True),  # 245 s apart, as two editions of the production index were
        ("2026-03-10T10:37:00", True),
        ("2026-03-10T11:14:09", True),
        ("2026-03-09T09:14:09", True),  # back to an earlier edition is another edition
        ("2026-03-10T09:14:09+01:00", False),
        ("9999-12-31T23:59:59", False),
        ("soon", False),
        ("", False),
        (None, False),
    ],
)
def test_what_moves_a_table(now: str | None, moves: bool) -> None:
    seen = watching.look([T], {T: BEFORE}, {T: now, "PX__fe_inem06": "2026-03-12T09:00:00"})
    assert seen.moved == ({T: now} if moves else {})
    assert seen.cursor == {T: now if moves else BEFORE}
    assert seen.silent == ((T,) if now in {"9999-12-31T23:59:59", "soon", "", None} else ())


def test_jumps_of_the_clock_do_not_add_up() -> None:
    cursor = {T: BEFORE}
    for now in ("2026-03-10T10:14:09", "2026-03-10T11:14:09"):
        seen = watching.look([T], cursor, {T: now})
        cursor = seen.cursor
    assert seen.moved == {T: "2026-03-10T11:14:09"}


def test_a_table_that_vanishes_and_returns_unchanged_is_not_asked_for() -> None:
    gone = watching.look([T], {T: BEFORE}, {})
    assert gone.silent == (T,) and gone.cursor == {T: BEFORE}
    assert watching.look([T], gone.cursor, {T: BEFORE}).moved == {}
    assert watching.look([T, "new"], {T: BEFORE}, {"new": BEFORE}).moved == {"new": BEFORE}


def contract(**update: object) -> Source:
    return WATCHED[T].model_copy(update={"update": Update.model_validate(update)})


@pytest.mark.parametrize(
    ("update", "today", "promise"),
    [
        ({"period": "irregular"}, date(2026, 5, 1), None),
        ({"period": "annual", "months": [5]}, date(2026, 7, 1), Due(date(2025, 1, 29), date(2025, 5, 31))),
        ({"period": "annual", "months": [5]}, date(2026, 7, 2), Due(date(2026, 1, 29), date(2026, 5, 31))),
        # December and January are one window, which closes in the year after
        ({"period": "annual", "months": [12, 1]}, date(2026, 3, 4), Due(date(2025, 8, 31), date(2026, 1, 31))),
        # a revision in March need not come: the last edition may be of September
        ({"period": "annual", "months": [9, 3]}, date(2026, 5, 2), Due(date(2025, 6, 1), date(2026, 3, 31))),
        ({"period": "annual"}, date(2026, 5, 2), Due(date(2025, 3, 31), date(2026, 4, 1))),
        ({"period": "monthly"}, date(2026, 5, 2), Due(date(2026, 3, 1), date(2026, 4, 1))),
    ],
)
def test_what_a_contract_promises(update: dict[str, object], today: date, promise: Due | None) -> None:
    assert watching.due(contract(**update), today) == promise


def test_a_table_is_late_once_its_window_and_a_month_are_over() -> None:
    yearly = contract(period="annual", months=[5])
    assert watching.late(yearly, "2025-05-14T09:51:17", date(2026, 7, 1)) is None
    assert watching.late(yearly, "2025-05-14T09:51:17", date(2026, 7, 2)) == Due(date(2026, 1, 29), date(2026, 5, 31))
    assert watching.late(yearly, "2026-04-20T09:00:00", date(2026, 7, 2)) is None, "three weeks early is no delay"
    assert watching.late(yearly, None, date(2026, 7, 2)) is None
    assert watching.late(yearly, "9999-12-31T00:00:00", date(2026, 7, 2)) is None
