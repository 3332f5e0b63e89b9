"""Numbers as people write them in a survey, and the convention of a whole column.

Belongs here: ``1.234,5`` and ``1,234.5``, signs of units, and the rule that a cell which could be both is read only
where the codebook or another cell of its column settles it. Does not belong here: marks for "no answer" and dates
(survey_cells.py), limits of what a figure may be (survey_rules.py).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Convention = Literal["es", "en"]
Sign = Literal["", "percent", "euro", "thousand_euro", "million_euro"]

_FOOTNOTE = re.compile(
    r"(?<=[\d%€a-zA-Z.])\s*(?:\((?:\d{1,2}|[a-z]|\*+)\)|\[(?:\d{1,2}|[a-z]|\*+)\]|[*†‡¹²³⁴⁵⁶⁷⁸⁹⁰ª]+)$"
)
_MINUS = re.compile(r"^[−–—﹣‐‑]\s*(?=[\d,.])")
_LOOSE = re.compile(
    r"^(?:[<>≤≥~≈±]|aprox|apr\.|ca\.|c\.|unos|unas|circa|about|around|gutxi gorabehera|casi|m[aá]s de|menos de)", re.I
)
_RANGE = re.compile(r"^[\d.,]+\s*[%€]?\s*(?:-|–|—|/|\ba\b|\by\b|\bto\b|\beta\b|\.\.|…)\s*[\d.,]+\s*[%€]?$", re.I)
_SCIENTIFIC = re.compile(r"^[-+]?\d+(?:[.,]\d+)?e[-+]?\d+$", re.I)
_OTHER_MONEY = re.compile(r"[$£¥₧]|\b(?:usd|gbp|chf|ptas?|pesetas)\b", re.I)
_SIGNS: tuple[tuple[Sign, str], ...] = (
    ("percent", r"%|por\s?ciento|por\s?cien|ehuneko|per\s?cent|pct\.?"),
    (
        "million_euro",
        r"(?-i:M{1,2})\s?(?:€|(?i:eur(?:os?)?))|€\s?(?-i:M)|(?-i:MM?)"
        r"|(?:mill?\.?|millones|mill[oó]n|milioi|millions?|mio\.?)(?:\s?(?:de\s)?(?:€|eur(?:os?)?))?",
    ),
    ("thousand_euro", r"(?:k|miles|mila|thousands?)(?:\s?(?:de\s|of\s)?(?:€|eur(?:os?)?))?|€\s?k"),
    ("euro", r"€|eur(?:os?|ak)?"),
)
_UNCLEAR = re.compile(r"(?-i:m)\s?(?:€|eur(?:os?)?)?$|(?-i:m)$", re.I)
_GROUPED = re.compile(r"\d{1,3}(?:([ '’`´])\d{3})(?:\1\d{3})*(?:([.,])\d+)?")
_APOSTROPHE = re.compile(r"(\d+)['’`´](\d{1,2}|\d{4,})")
_ONE_GROUP = re.compile(r"\d{1,3}['’`´]\d{3}")
_ES = re.compile(r"\d{1,3}(?:\.\d{3})+,\d+|\d{1,3}(?:\.\d{3}){2,}|\d*,\d+")
_EN = re.compile(r"\d{1,3}(?:,\d{3})+\.\d+|\d{1,3}(?:,\d{3}){2,}|\d*\.\d+")
_LEADING_ZERO = re.compile(r"0\d|0[.,]\d{3}[.,]")
_EITHER = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")


@dataclass(frozen=True)
class Number:
    """A cell read as a number. ``refused`` names the rule where it is none.

    ``es`` and ``en`` are its values under the two conventions, None where it cannot be read so. A cell with the
    same value under both says nothing about its column.
    """

    es: float | None = field(default=None, repr=False)
    en: float | None = field(default=None, repr=False)
    sign: Sign = ""
    rules: tuple[str, ...] = ()
    refused: str = ""

    @property
    def evidence(self) -> Convention | None:
        """The one convention under which it is a number."""
        if self.refused or (self.es is None) == (self.en is None):
            return None
        return "en" if self.es is None else "es"

    @property
    def is_ambiguous(self) -> bool:
        """Whether it is a different number under either convention."""
        return self.es is not None and self.en is not None and self.es != self.en


@dataclass(frozen=True)
class Seen:
    """What a column's cells show: positions of the first cell that is only Spanish, and only English."""

    es_at: int | None
    en_at: int | None

    @property
    def is_mixed(self) -> bool:
        """Whether both conventions occur."""
        return self.es_at is not None and self.en_at is not None

    @property
    def settled(self) -> Convention | None:
        """The only convention that occurs."""
        if self.is_mixed:
            return None
        return "es" if self.es_at is not None else "en" if self.en_at is not None else None


def exact(value: float) -> Number:
    """A number that a workbook holds as a number: it has no convention."""
    return Number(value, value)


def parse(text: str) -> Number:
    """Read a cleaned text (survey_cells.clean). Never guesses: what is not surely a number is refused by a rule."""
    rules: list[str] = []
    body = _FOOTNOTE.sub("", text)
    if body != text:
        rules.append("footnote")
    body, minus = _MINUS.subn("-", body.strip())
    if minus:
        rules.append("unicode_minus")
    if rule := _no_number(body):
        return Number(refused=rule)
    body, sign = _sign(body)
    negative = body.startswith("-")
    body = body[1:].lstrip() if body.startswith(("-", "+")) else body
    if _GROUPED.fullmatch(body) and not _ONE_GROUP.fullmatch(body):
        body = re.sub(r"[ '’`´]", "", body)
        es, en = _decimal(body, ","), _decimal(body, ".")
        rules.append("blank_thousands")
    elif apostrophe := _APOSTROPHE.fullmatch(body):
        es = en = float(f"{apostrophe[1]}.{apostrophe[2]}")
        rules.append("decimal_apostrophe")
    elif re.fullmatch(r"[0-9]+", body):
        es = en = float(body)
    else:
        es = _value(body, _ES, ".", ",")
        en = _value(body, _EN, ",", ".")
    if (es is None and en is None) or math.inf in (es, en):
        return Number(refused=_why_not(body, sign))
    factor = -1.0 if negative else 1.0
    return Number(None if es is None else factor * es, None if en is None else factor * en, sign, tuple(rules))


def seen(numbers: Iterable[Number | None]) -> Seen:
    """The first cells of a column that show a convention; None stands for a cell without a number."""
    first: dict[Convention, int] = {}
    for at, number in enumerate(numbers):
        if number is not None and (shows := number.evidence):
            first.setdefault(shows, at)
    return Seen(first.get("es"), first.get("en"))


def _no_number(body: str) -> str:
    """The rule for texts that hold digits and are yet not one number."""
    if _LOOSE.match(body):
        return "approximate"
    if _SCIENTIFIC.match(body):
        return "scientific"
    if _RANGE.match(body):
        return "range"
    if _OTHER_MONEY.search(body):
        return "other_currency"
    if body.startswith("(") and body.endswith(")"):
        return "in_brackets"
    return ""


def _sign(body: str) -> tuple[str, Sign]:
    """The text without its sign of unit, at either end."""
    for sign, pattern in _SIGNS:
        after = re.fullmatch(rf"(.*\d)\s*(?:{pattern})", body, re.I)
        if found := after or re.fullmatch(rf"(?:{pattern})\s*([-+]?\s?[\d,.].*)", body, re.I):
            return found[1].strip(), sign
    return body, ""


def _decimal(body: str, point: str) -> float | None:
    """A number without thousands marks whose decimal mark, if it has one, must be ``point``."""
    other = "." if point == "," else ","
    return None if other in body else float(body.replace(point, "."))


def _value(body: str, pattern: re.Pattern[str], thousands: str, point: str) -> float | None:
    """Value under one convention; a single group such as ``1.234`` counts as thousands too."""
    if _LEADING_ZERO.match(body):
        return None
    one_group = _EITHER.fullmatch(body) and thousands in body
    if not (one_group or pattern.fullmatch(body)):
        return None
    return float(body.replace(thousands, "").replace(point, "."))


def _why_not(body: str, sign: Sign) -> str:
    if _ONE_GROUP.fullmatch(body):
        return "apostrophe"
    if not sign and _UNCLEAR.search(body) and re.match(r"[-+]?\d", body):
        return "unclear_unit"
    return "malformed_number" if re.fullmatch(r"[-+\d.,'’ ]+", body) else "not_a_number"
