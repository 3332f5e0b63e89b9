"""Codes and periods as SDMX writes them, and back.

Belongs here: the two translations, which lose nothing. Does not belong here: messages (sdmx_csv.py, sdmx_structure.py).
Facts: SDMX 3.0, section 6 (identifiers: letters, digits, ``_ @ $ -``; time ranges: start and duration, ISO 8601).
"""

from __future__ import annotations

import re

from observatory.errors import DataError

AGENCY = "KIBSOBS"
VERSION = "1.0.0"
NONE = "_Z"
"""The code of SDMX for "not applicable"."""
_PLAIN = re.compile(r"[A-Za-z0-9_-]")
_ESCAPE = re.compile(r"\$([0-9A-F]{0,6})\$|@")
_GREGORIAN = re.compile(r"\d{4}(-(0[1-9]|1[0-2]))?")
_WINDOW = re.compile(r"^(\d{4})/(\d{4})$")
_RANGE = re.compile(r"^(\d{4})-01-01/P(\d+)Y$")


def code(text: str | None) -> str:
    """An SDMX id: ``NACE2:J`` becomes ``NACE2@J``, any other sign its number (``+`` is ``$2B$``), None ``_Z``."""
    if text is None:
        return NONE
    if text in {"", NONE}:
        return "$$" + text
    return "".join(sign if _PLAIN.match(sign) else "@" if sign == ":" else f"${ord(sign):02X}$" for sign in text)


def text(code: str) -> str | None:
    """The text that :func:`code` made an id of."""
    if code == NONE:
        return None
    return _ESCAPE.sub(lambda found: ":" if found[0] == "@" else found[1] and chr(int(found[1], 16)), code)


def period(ours: str) -> str:
    """A year or month as it is; a window of years as a range: ``2008/2015`` is ``2008-01-01/P8Y``. Raises DataError."""
    if _GREGORIAN.fullmatch(ours):
        return ours
    window = _WINDOW.match(ours)
    if window is None or window[2] < window[1]:
        raise DataError(
            f"period {ours!r}: expected a year, a month or a window of years",
            remedy="Mend the model, or teach sdmx_ids.py",
        )
    return f"{window[1]}-01-01/P{int(window[2]) - int(window[1]) + 1}Y"


def years(theirs: str) -> str:
    """The period that :func:`period` made of ours."""
    found = _RANGE.match(theirs)
    return f"{found[1]}/{int(found[1]) + int(found[2]) - 1}" if found else theirs


def indicator(name: str) -> str:
    """Id of an indicator and its dataflow."""
    return name.upper()
