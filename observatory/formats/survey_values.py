"""The cells of one column of a survey extract, read together into values in our units.

Belongs here: texts, codes and numbers of a column, with the rule under which each was read or refused. Does not
belong here: rows (survey.py), the syntax of a number (survey_numbers.py).

Units of the values: share in percent, amounts in thousand euro, weight as a number; texts and codes as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from observatory.codebook import NUMERIC, Column, plain
from observatory.formats import survey_cells as cells
from observatory.formats import survey_numbers as numbers
from observatory.formats.survey_cells import Value
from observatory.formats.survey_numbers import Convention, Number
from observatory.formats.survey_report import Finding, Level
from observatory.formats.survey_rules import figure, limits

_FACTORS: dict[str, float] = {
    "percent": 1.0,
    "share": 100.0,
    "euro": 0.001,
    "thousand_euro": 1.0,
    "million_euro": 1000.0,
    "number": 1.0,
}
_ANSWERS = {"si": "yes", "bai": "yes", "yes": "yes", "ez": "no", "no": "no"}
_SYMBOLS = ("+", "++", "=", "--")


@dataclass(frozen=True)
class Place:
    """Where a cell stands: its row's number and its address, and whether the sheet shows it as percent."""

    row: int
    address: str
    is_percent: bool = False


@dataclass
class Answer:
    """One cell as read. ``value`` is None where it is missing or refused; ``raw`` tells refused cells apart."""

    value: float | str | None = field(default=None, repr=False)
    missing: str = ""
    raw: str = field(default="", repr=False)
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_refused(self) -> bool:
        """Whether a rule refused the cell."""
        return any(finding.level == "refused" for finding in self.findings)


@dataclass(frozen=True)
class Reading:
    """A column's answers in the order of its cells, and the convention its numbers were read under."""

    answers: list[Answer]
    convention: Convention | None = None


@dataclass(frozen=True)
class _Reader:
    """What is the same for all cells of a column."""

    ours: str
    column: Column
    label: str
    scale: Mapping[str, str]
    codes: Mapping[str, str]

    def find(self, rule: str, level: Level, place: Place, raw: str, made: str = "", **facts: str) -> Finding:
        return Finding(rule, level, self.label, place.address, raw, made, facts)


def read(
    ours: str,
    column: Column,
    label: str,
    found: Sequence[tuple[Place, Value]],
    stated: Convention | None,
) -> Reading:
    """Read a column. ``found``: its cells from top to bottom; ``stated``: the codebook's number format."""
    scale = {plain(text): code for text, code in column.scale.items()}
    reader = _Reader(ours, column, label, scale, {plain(code): code for code in column.scale.values()})
    if column.unit in NUMERIC:
        reading = _numbers(reader, found, stated)
    else:
        symbols = any(isinstance(value, str) and value.strip() in _SYMBOLS for _, value in found)
        reading = Reading([_text(reader, place, value, symbols) for place, value in found])
    some_weight = ours == "weight" and any(answer.value is not None for answer in reading.answers)
    for (place, _), answer in zip(found, reading.answers, strict=True):
        if some_weight and answer.missing and not answer.is_refused:
            answer.findings.append(reader.find("weight_missing", "refused", place, answer.raw))
        elif column.required and answer.missing and not answer.is_refused:
            answer.findings.append(reader.find("required_missing", "refused", place, answer.raw))
    return reading


def _start(reader: _Reader, place: Place, value: Value) -> tuple[Answer, str]:
    """What is true of a cell whatever its unit: the cleaned text, and refusals."""
    raw = cells.shown(value)
    answer = Answer(raw=raw)
    if not isinstance(value, str):
        return answer, raw
    clean = cells.clean(value)
    answer.findings += [reader.find(rule, "repaired", place, raw, clean.text) for rule in clean.rules]
    if rule := cells.refusal(clean.text):
        answer.findings.append(reader.find(rule, "refused", place, raw))
    return answer, clean.text


def _text(reader: _Reader, place: Place, value: Value, symbols: bool) -> Answer:
    answer, text = _start(reader, place, value)
    if answer.is_refused:
        return answer
    column, scale, codes = reader.column, reader.scale, reader.codes
    folded = plain(text.replace("−", "-").replace("–", "-"))
    if folded in scale and text:
        answer.value = scale[folded]
    elif reader.ours == "expectation" and folded in {"-", "--"} and not symbols:
        answer.findings.append(reader.find("dash_unclear", "refused", place, answer.raw))
    elif folded in codes and text:
        answer.value = codes[folded]
    elif kind := cells.missing(text, column.missing):
        _missing(reader, place, answer, kind)
    elif cells.is_date(value if not isinstance(value, str) else text):
        answer.findings.append(reader.find("excel_date", "refused", place, answer.raw))
    elif column.unit == "category":
        expected = ", ".join(f"«{label}»" for label in column.scale)
        answer.findings.append(reader.find("unknown_label", "refused", place, answer.raw, expected=expected))
    elif column.unit == "yes_no":
        answer.value = _ANSWERS.get(folded)
        if isinstance(value, bool):
            answer.value = "yes" if value else "no"
        if answer.value is None:
            answer.findings.append(reader.find("unknown_yes_no", "refused", place, answer.raw))
    else:
        answer.value = text
    return answer


def _missing(reader: _Reader, place: Place, answer: Answer, kind: str) -> None:
    answer.missing = kind
    if kind != "empty":
        answer.findings.append(reader.find("missing_mark", "note", place, answer.raw, kind))


def _numbers(reader: _Reader, found: Sequence[tuple[Place, Value]], stated: Convention | None) -> Reading:
    read_ = [_number(reader, place, value) for place, value in found]
    parsed = [number for _, number in read_]
    seen = numbers.seen(parsed)
    convention = stated or seen.settled
    has_marks = any(number and (number.evidence or number.is_ambiguous) for number in parsed)
    rows = [place.row for place, _ in found]
    for (place, _), (answer, number) in zip(found, read_, strict=True):
        if number is None or answer.is_refused:
            continue
        if finding := _settle(reader, place, answer, number, stated, seen, rows):
            answer.findings.append(finding)
        if not answer.is_refused:
            value = number.en if convention == "en" else number.es
            assert value is not None
            _in_unit(reader, place, answer, number, value)
    if reader.column.unit == "percent":
        _refuse_shares(reader, found, read_)
    return Reading([answer for answer, _ in read_], convention if has_marks else None)


def _number(reader: _Reader, place: Place, value: Value) -> tuple[Answer, Number | None]:
    """A cell as a number that may still be two; None where it holds none."""
    answer, text = _start(reader, place, value)
    if answer.is_refused:
        return answer, None
    if isinstance(value, bool):
        answer.findings.append(reader.find("truth_value", "refused", place, answer.raw))
    elif isinstance(value, (int, float)):
        number = numbers.exact(float(value))
        if place.is_percent:
            number = replace(numbers.exact(round(100 * float(value), 10)), sign="percent", rules=("percent_format",))
        return answer, number
    elif kind := cells.missing(text, reader.column.missing):
        _missing(reader, place, answer, kind)
    elif cells.is_date(value if not isinstance(value, str) else text):
        answer.findings.append(reader.find("excel_date", "refused", place, answer.raw))
    else:
        number = numbers.parse(text)
        if not number.refused:
            return answer, number
        answer.findings.append(reader.find(number.refused, "refused", place, answer.raw))
    return answer, None


def _settle(
    reader: _Reader,
    place: Place,
    answer: Answer,
    number: Number,
    stated: Convention | None,
    seen: numbers.Seen,
    rows: Sequence[int],
) -> Finding | None:
    """How the convention of one cell was settled, or why it cannot be."""
    shows = number.evidence
    if stated:
        if shows and shows != stated:
            return reader.find("contradicts_codebook", "refused", place, answer.raw, format=stated)
        return None
    if not shows and not number.is_ambiguous:
        return None
    if seen.es_at is not None and seen.en_at is not None:
        facts = {"es_row": str(rows[seen.es_at]), "en_row": str(rows[seen.en_at])}
        return reader.find("contradicts_column", "refused", place, answer.raw, **facts)
    if not number.is_ambiguous:
        return None
    assert number.es is not None and number.en is not None
    if seen.settled is None:
        facts = {"es": figure(number.es), "en": figure(number.en)}
        return reader.find("ambiguous_number", "refused", place, answer.raw, **facts)
    at = seen.es_at if seen.es_at is not None else seen.en_at
    value = number.es if seen.settled == "es" else number.en
    row = str(rows[at]) if at is not None else ""
    return reader.find("settled_by_column", "repaired", place, answer.raw, figure(value), other=row)


def _in_unit(reader: _Reader, place: Place, answer: Answer, number: Number, value: float) -> None:
    """Turn a settled number into our unit, and hold it against the limits of its column."""
    unit = reader.column.unit
    factor, rule = _FACTORS[unit], ""
    if number.sign:
        is_share = unit in {"percent", "share"}
        if unit == "number" or is_share != (number.sign == "percent") or (number.sign == "euro" and unit != "euro"):
            answer.findings.append(reader.find("unit_contradicts", "refused", place, answer.raw, unit=unit))
            return
        factor = _FACTORS[number.sign]
        if "percent_format" not in number.rules:
            rule = "sign_removed" if number.sign == unit else "unit_in_cell"
    value *= factor
    made = figure(value)
    answer.findings += [
        reader.find(name, "repaired", place, answer.raw, made) for name in (*number.rules, rule) if name
    ]
    if broken := limits(reader.ours, value, "percent" if number.sign else unit):
        answer.findings.append(reader.find(broken, "refused", place, answer.raw, made))
        return
    answer.value = value


def _refuse_shares(
    reader: _Reader, found: Sequence[tuple[Place, Value]], read_: Sequence[tuple[Answer, Number | None]]
) -> None:
    """A percent column whose figures are all at most 1 is more likely one of shares: refuse them, zeros apart."""
    own = [
        (place, answer, answer.value)
        for (place, _), (answer, number) in zip(found, read_, strict=True)
        if number is not None and not number.sign and isinstance(answer.value, float)
    ]
    small = [(place, answer, value) for place, answer, value in own if 0 < value <= 1]
    are_all = len(small) == sum(value > 0 for _, _, value in own)
    for place, answer, value in small:
        if are_all:
            answer.findings.append(
                reader.find("percent_looks_share", "refused", place, answer.raw, figure(100 * value))
            )
            answer.value = None
        elif value < 1:
            answer.findings.append(reader.find("percent_below_one", "flagged", place, answer.raw, figure(value)))
