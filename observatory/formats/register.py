"""Extracts of a programme's registers as people send them: bytes and a codebook in, one table out.

Belongs here: columns, cells and rows of such a file, and what is wrong with them. Does not belong here: what a file is
and how a number or an invisible character is told (survey_file.py, survey_numbers.py, survey_cells.py, which surveys
and registers share), what the codebook is (register_book.py).

An extract is accepted whole or refused whole: a register is short, and a row left out would change a count.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import pyarrow as pa

from observatory.codebook import File, plain
from observatory.errors import DataError
from observatory.formats import survey_cells as cells
from observatory.formats import survey_file, survey_numbers
from observatory.formats.survey_cells import Value
from observatory.formats.survey_columns import header_texts
from observatory.formats.survey_sheet import Sheet, SheetRow, Unreadable, letter
from observatory.register_book import Column, Register

SEARCHED = 20
SHOWN = 40
PSEUDONYM = re.compile(r"[A-Z]{1,2}[0-9]{1,5}")
"""An id such as F12 tells nothing and stays as it is."""
_ISO = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_DAY = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
_MONTH = re.compile(r"(\d{1,2})[/.](\d{4})")
_YES = {"si": "yes", "bai": "yes", "yes": "yes", "ez": "no", "no": "no"}


@dataclass(frozen=True)
class Problem:
    """What is wrong and where: a cell's address, a row or the whole file. It never repeats a cell."""

    place: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}. {self.remedy}"


@dataclass
class _Reading:
    """One extract on its way."""

    book: Register
    key: bytes | None
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, place: str, what: str, remedy: str) -> None:
        self.problems.append(Problem(place, what, remedy))


def table(data: bytes, book: Register, *, name: str, key: bytes | None = None) -> pa.Table:
    """The rows of a register as a raw table: its columns, ``extract_row``, ``value``, ``flag`` and ``kind``.

    Texts, codes, pseudonyms and dates (ISO, as exact as they were written) are strings, numbers doubles; ``value`` is
    the register's measure, 1 where it has none, null where the cell is empty. Raises DataError with all that is wrong.
    """
    rows, problems = read(data, book, name=name, key=key)
    if problems:
        said = "\n  ".join(str(problem) for problem in problems[:SHOWN])
        raise DataError(
            f"{name}: {len(problems)} problem(s)\n  {said}", remedy="Mend the extract; nothing was taken in"
        )
    return rows


def read(data: bytes, book: Register, *, name: str, key: bytes | None = None) -> tuple[pa.Table, list[Problem]]:
    """The rows as :func:`table` has them, and everything that is wrong; with a problem the rows are not to be used.

    ``key`` makes pseudonyms of ids that are none; without it such an id is a problem.
    """
    reading = _Reading(book, key)
    records: list[dict[str, object]] = []
    try:
        opened = survey_file.open_bytes(data, File(), name)
        sheet, at, places = _layout(opened.sheets, book)
    except Unreadable as reason:
        finding = reason.finding
        reading.refuse(name, finding.text("en").rstrip("."), finding.remedy("en"))
    else:
        if lacking := [ours for ours, column in book.columns.items() if column.required and ours not in places]:
            wanted = ", ".join(lacking)
            reading.refuse(
                f"row {sheet.rows[at].number}", f"no column {wanted}", "Add it, or its title as the codebook spells it"
            )
        else:
            records = [_record(reading, row, places) for row in sheet.rows[at + 1 :] if not row.is_blank]
            _refuse_doubles(reading, records)
    return _arrow(records, book), reading.problems


def _layout(sheets: Sequence[Sheet], book: Register) -> tuple[Sheet, int, dict[str, int]]:
    """The sheet and row with most of the register's headers, and where each column of ours is. Raises Unreadable."""
    spellings = {plain(text): ours for ours, column in book.columns.items() for text in (ours, *column.header)}
    best: tuple[Sheet, int, dict[str, int]] | None = None
    for sheet in sheets:
        for at, row in enumerate(sheet.rows[:SEARCHED]):
            texts = header_texts(row)
            hits = {spellings[plain(text)]: place for place, text in enumerate(texts) if plain(text) in spellings}
            if hits and (best is None or len(hits) > len(best[2])):
                best = (sheet, at, hits)
    if best is None:
        if not any(not row.is_blank for sheet in sheets for row in sheet.rows):
            raise Unreadable("empty_file")
        raise Unreadable("no_header", wanted=", ".join(book.columns), rows=f"1-{SEARCHED}")
    return best


def _record(reading: _Reading, row: SheetRow, places: dict[str, int]) -> dict[str, object]:
    record: dict[str, object] = {"extract_row": str(row.number)}
    for ours, column in reading.book.columns.items():
        place = places.get(ours)
        cell: Value = row.cells[place] if place is not None and place < len(row.cells) else ""
        address = f"{letter(place)}{row.number} ({ours})" if place is not None else f"row {row.number} ({ours})"
        record[ours] = _value(reading, column, cell, address)
        if column.required and record[ours] is None and not any(p.place == address for p in reading.problems):
            reading.refuse(address, "nothing stands here", "Every row needs it")
    return record


def _value(reading: _Reading, column: Column, cell: Value, address: str) -> str | float | None:
    """One cell in the register's own terms; None where it is empty, private or wrong."""
    text = cells.clean(cell).text if isinstance(cell, str) else cells.shown(cell)
    if rule := cells.refusal(text):
        reading.refuse(address, rule.replace("_", " "), "Write the value itself into the cell")
        return None
    if not text or column.kind == "private":
        return None
    if column.kind == "number":
        return _number(reading, column, cell, text, address)
    if column.kind == "date":
        found = iso(cell if isinstance(cell, (date, datetime)) else text)
        if found is None:
            reading.refuse(address, "is no date", "Write 2019-03-31, 31/03/2019, 2019-03 or 2019")
        return found
    if column.kind in {"id", "ids"}:
        parts = [part for part in (re.split(r"[\s;,]+", text) if column.kind == "ids" else [text]) if part]
        return " ".join(filter(None, (_pseudonym(reading, part, address) for part in parts))) or None
    if column.kind == "text":
        return text
    codes = _YES if column.kind == "yes_no" else {plain(k): v for k, v in column.scale.items()}
    codes = codes | {plain(code): code for code in codes.values()}
    if isinstance(cell, bool):
        text = "yes" if cell else "no"
    found = codes.get(plain(text))
    if found is None:
        reading.refuse(address, "is none of the known answers", f"Known are: {', '.join(sorted(set(codes.values())))}")
    return found


def _number(reading: _Reading, column: Column, cell: Value, text: str, address: str) -> float | None:
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        value: float | None = float(cell)
    else:
        number = survey_numbers.parse(text)
        if number.refused or number.sign:
            reading.refuse(address, "is no plain number", "Write digits alone, without a unit")
            return None
        stated = reading.book.number_format
        if stated is None and number.es != number.en and number.es is not None and number.en is not None:
            reading.refuse(address, "can be two numbers", "State number_format (es or en) in the register's codebook")
            return None
        value = number.en if stated == "en" or number.es is None else number.es
    if value is not None and not (column.low is None or value >= column.low):
        reading.refuse(address, f"is below {column.low:g}", "Check the figure and its unit")
    elif value is not None and not (column.high is None or value <= column.high):
        reading.refuse(address, f"is above {column.high:g}", "Check the figure and its unit")
    return value


def iso(value: str | date) -> str | None:
    """A date as ISO text, as exact as it was written: day, month or year. None if it is none."""
    if isinstance(value, date):
        return value.strftime("%Y-%m-%d")
    if found := _ISO.fullmatch(value):
        year, month, day = (int(part) if part else None for part in found.groups())
    elif found := _DAY.fullmatch(value):
        day, month, year = (int(part) for part in found.groups())
    elif found := _MONTH.fullmatch(value):
        (month, year), day = (int(part) for part in found.groups()), None
    else:
        return None
    try:
        date(year or 0, month or 1, day or 1)
    except ValueError:
        return None
    parts = [f"{year:04d}", *(f"{part:02d}" for part in (month, day) if part is not None)]
    return "-".join(parts)


def _pseudonym(reading: _Reading, name: str, address: str) -> str | None:
    """A keyed hash of a name (HMAC, RFC 2104, with SHA-256), so that nobody finds it by trying names."""
    if PSEUDONYM.fullmatch(name):
        return name
    if reading.key is None:
        reading.refuse(
            address,
            "names somebody, and there is no key to make a pseudonym with",
            "Set OBSERVATORY_PSEUDONYM_KEY to a long secret that stays the same, or write ids such as F12",
        )
        return None
    return "X" + hmac.new(reading.key, cells.firm_key(name).encode(), "sha256").hexdigest()[:12]


def _refuse_doubles(reading: _Reading, records: Sequence[dict[str, object]]) -> None:
    """No two rows of one key in a month: the indicators are monthly, and what is told twice would count twice."""
    seen: dict[tuple[object, ...], dict[str, object]] = {}
    for record in records:
        key = tuple(str(record[ours])[:7] if ours == "as_of" else record[ours] for ours in reading.book.key)
        before = seen.setdefault(key, record)
        if before is not record:
            same = ", ".join("month" if ours == "as_of" else ours for ours in reading.book.key)
            reading.refuse(
                f"row {record['extract_row']}", f"has the {same} of row {before['extract_row']}", "Keep one of them"
            )


def _arrow(records: Sequence[dict[str, object]], book: Register) -> pa.Table:
    columns: dict[str, pa.Array] = {"extract_row": pa.array([record["extract_row"] for record in records], pa.string())}
    for ours, column in book.published().items():
        kind = pa.float64() if column.kind == "number" else pa.string()
        columns[ours] = pa.array([record[ours] for record in records], kind)
    value = columns[book.measure] if book.measure else pa.array([1.0] * len(records), pa.float64())
    kinds = pa.array(["missing" if one is None else "value" for one in value.to_pylist()], pa.string())
    return pa.table({**columns, "value": value, "flag": pa.nulls(len(records), pa.string()), "kind": kinds})
