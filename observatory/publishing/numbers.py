"""Numbers, dates and periods as readers of a language write them.

Belongs here: formats from Babel's locale data. Does not belong here: units and other words (site_messages.yaml).
"""

from __future__ import annotations

import functools
import math
from datetime import datetime

from observatory.publishing.site_messages import Language

MINUS = "\u2212"
COUNTED = (
    *("agreements", "cases", "days", "enterprises", "establishments", "firms", "hours", "jobs", "persons"),
    *("persons or jobs", "level from 1 to 3", "rank", "sessions"),
)
"""Units in which things are counted: a whole number of them has no decimals."""


PARTS = ("hours", "days")
"""Counted units of which there are parts, e.g. half an hour."""
ROUGH = ("index, ", "comparator", "years", "jobs per", "0-100")
FINE = ("index", "ratio", "nats", "bits", "per year", "standard")
"""Beginnings of units with one and with four decimals."""


def unit_decimals(unit: str) -> int:
    """Decimals of a column of figures of a unit, where all are shown with the same: 0 for what is counted, 1 for money,
    index numbers and parts of counts, 4 for ratios and measures near one, else 2."""
    if unit == "class from 0 to 3" or (unit in COUNTED and unit not in PARTS):
        return 0
    if "euro" in unit or unit in PARTS or unit.startswith(ROUGH):
        return 1
    return 4 if unit.startswith(FINE) else 2


def decimals(value: float, unit: str = "") -> int:
    """Decimals that a figure is shown with: fewer for larger ones (0 from 1000 on, 1 from 10, 2 from 1, else 3).

    None for a whole number of what is counted.
    """
    size = round(abs(value), 6)
    if unit in COUNTED and size.is_integer():
        return 0
    return 0 if size >= 1000 else 1 if size >= 10 else 2 if size >= 1 or size == 0 else 3


def number(language: Language, value: float | None, places: int | None = None, unit: str = "") -> str:
    """A number with the decimal and grouping signs of the language; an en dash for none.

    1234.5 is ``1.234,5`` in Spanish and Basque and ``1,234.5`` in English (with one place).
    """
    if value is None or math.isnan(value):
        return "–"
    from babel.numbers import format_decimal

    digits = decimals(value, unit) if places is None else places
    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    shown = format_decimal(abs(value), format=pattern, locale=language)
    return MINUS + shown if value < 0 and any(c not in "0.," for c in shown) else shown


def plain(language: Language, value: float | None) -> str:
    """A number as it was published: no more decimals than it has."""
    if value is None:
        return "–"
    from babel.numbers import format_decimal

    return str(format_decimal(value, format="#,##0.######", locale=language)).replace("-", MINUS)


def with_sign(language: Language, shown: str, unit: str) -> str:
    """A figure and its unit; a percent sign is held to it, in English without a space, in Basque before the figure."""
    if not unit.startswith("%"):
        return f"{shown} {unit}"
    space = "" if language == "en" else "\u00a0"
    return f"%{space}{shown}{unit[1:]}" if language == "eu" else f"{shown}{space}{unit}"


@functools.cache
def symbols(language: Language) -> tuple[str, str]:
    """Decimal and grouping sign of a language."""
    from babel import numbers

    return numbers.get_decimal_symbol(language), numbers.get_group_symbol(language)


def date(language: Language, stamp: str) -> str:
    """The day of an ISO stamp in words, or an empty text for none."""
    if not stamp:
        return ""
    from babel.dates import format_date

    return format_date(datetime.fromisoformat(stamp).date(), format="long", locale=language)


def period(text: str) -> str:
    """A period as it is shown: ``2008/2015`` as ``2008–2015``."""
    return text.replace("/", "–")
