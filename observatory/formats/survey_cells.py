"""One cell of a survey extract as text: invisible characters, marks for "no answer", formula errors, dates.

Belongs here: what can be said of a cell alone. Does not belong here: numbers (survey_numbers.py), columns and rows
(survey.py), files and sheets (survey_sheet.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal

from observatory.codebook import plain

Value = str | float | bool | date | datetime | time | timedelta
"""What a cell holds: text from a CSV file; from a workbook numbers, dates and truth values too."""

Missing = Literal["empty", "no_data", "no_answer", "not_applicable"]

LOST = "\ufffd"
ERROR = "#ERROR"
"""Stands for a formula error whose own text is not known."""

UNSAVED = "#UNSAVED"
"""Stands for a formula whose result the workbook does not hold."""

_MARKS: dict[Missing, str] = {
    "no_data": "s/d sd sindatos sindato n/d nd nodisponible daturikgabe d/g datugabe nodata null none nan",
    "no_answer": "nc n/c ns/nc ns/nr nsnc ns nr nocontesta nosabe nosabe/nocontesta nosabenocontesta sinrespuesta"
    " ed/ee ed ee ezduerantzun ezdaki ezdaki/ezduerantzun dk dk/na dk/nr noanswer dontknow",
    "not_applicable": "n/a na np n/p noprocede noaplica noaplicable ezdagokio notapplicable",
}
_KINDS: dict[str, Missing] = {mark: kind for kind, marks in _MARKS.items() for mark in marks.split()}
_DASHES = re.compile(r"[-–—−.…_?]{1,3}")
_BLANKS = {**dict.fromkeys(range(0x2000, 0x200B), " "), 0xA0: " ", 0x202F: " ", 0x205F: " ", 0x3000: " ", 0x09: " "}
_QUOTES = ("'", "\u2019", "`")
_TWICE = re.compile("[\u00c2\u00c3\u00e2][\u0080-\u00bf\u0152-\u0178\u0192\u02c6\u02dc\u2013-\u2122]")
_ERROR = re.compile(r"#(?:N/[AD]|[¡¿A-ZÁÉÍÓÚ].*[!?]|ERROR.*|#+|CALC!|SPILL!|DESBORDAMIENTO!)|#+", re.IGNORECASE)
_FORMULA = re.compile(r"=\s*[-+(\"'A-Za-z0-9$@].*", re.DOTALL)
_LEGAL = re.compile(r"(?: (?:s coop|scoop|slu?|sll|sau?|sal|slp|sociedad (?:limitada|anonima)|sociedad cooperativa))+$")
_MONTHS = (
    "ene(?:ro)?|feb(?:rero|ruary)?|mar(?:zo|ch|txoa)?|abr(?:il)?|may(?:o)?|jun(?:io|e)?|jul(?:io|y)?|ago(?:sto)?"
    "|sept?(?:iembre|ember)?|oct(?:ubre|ober)?|nov(?:iembre|ember)?|dic(?:iembre)?|jan(?:uary)?|apr(?:il)?"
    "|aug(?:ust)?|dec(?:ember)?|urt(?:arrila)?|ots(?:aila)?|api(?:rila)?|mai(?:atza)?|eka(?:ina)?|uzt(?:aila)?"
    "|abu(?:ztua)?|ira(?:ila)?|urr(?:ia)?|aza(?:roa)?|abe(?:ndua)?"
)
_DATE = re.compile(
    rf"\d{{1,4}}[-/. ](?:{_MONTHS})\.?(?:[-/. ]\d{{2,4}})?"
    rf"|(?:{_MONTHS})\.?[-/. ]\d{{1,4}}"
    r"|\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?)?"
    r"|\d{1,2}[-/]\d{1,2}[-/]\d{2,4}(?: \d{1,2}:\d{2}(?::\d{2})?)?"
    r"|\d{1,2}\.\d{1,2}\.\d{4}"
    r"|\d{1,3}:\d{2}(?::\d{2})?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Clean:
    """A cell's text without what cannot be seen, and the names of the rules that were needed."""

    text: str = field(repr=False)
    rules: tuple[str, ...] = ()


def clean(text: str) -> Clean:
    """Take off invisible characters, wide forms, a leading apostrophe, line breaks and doubly encoded letters.

    Blanks at the ends and doubled blanks go without a rule: they carry nothing.
    """
    if text.isascii() and text.isprintable() and not text.startswith(_QUOTES):
        return Clean(" ".join(text.split()))
    rules: list[str] = []
    if _TWICE.search(text) and (once := _decoded_once(text)) is not None:
        text = once
        rules.append("encoded_twice")
    narrow = "".join(unicodedata.normalize("NFKC", c) if "\uff01" <= c <= "\uffee" else c for c in text)
    if narrow != text:
        rules.append("wide_characters")
    shown = "".join(c for c in narrow if c in "\n\r\t" or unicodedata.category(c) not in {"Cc", "Cf"})
    if shown != narrow:
        rules.append("hidden_characters")
    shown = shown.translate(_BLANKS).strip()
    if "\n" in shown or "\r" in shown:
        rules.append("line_break")
    words = " ".join(shown.split())
    if words.startswith(_QUOTES) and len(words) > 1 and not words.endswith(_QUOTES):
        words = words[1:].lstrip()
        rules.append("leading_apostrophe")
    return Clean(words, tuple(rules))


def missing(text: str, own: Iterable[str] = ()) -> Missing | None:
    """The kind of "no answer" a cleaned text stands for, or None if it is an answer. ``own``: the codebook's marks."""
    if not text:
        return "empty"
    folded = plain(text)
    if any(folded == plain(mark) for mark in own):
        return "no_answer"
    if _DASHES.fullmatch(text):
        return "no_data"
    return _KINDS.get(re.sub(r"[. '’]", "", folded))


def refusal(text: str) -> str:
    """The rule under which a cleaned text is refused whatever its column, or nothing."""
    if LOST in text:
        return "lost_character"
    if text == UNSAVED:
        return "formula_unsaved"
    if _ERROR.fullmatch(text):
        return "formula_error"
    if _FORMULA.fullmatch(text):
        return "formula_text"
    return ""


def is_date(value: Value) -> bool:
    """Whether a cell is a date or time: what a spreadsheet makes of 10-5, 10/5 or 10.5."""
    if isinstance(value, str):
        return bool(_DATE.fullmatch(value))
    return isinstance(value, (date, datetime, time, timedelta))


def shown(value: Value) -> str:
    """A cell as text for the report, at most 60 characters."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:57]}…"


def firm_key(name: str) -> str:
    """A firm's name without case, accents and punctuation: ``Talleres Gárate, S.L.`` is ``TALLERES GARATE SL``."""
    return " ".join(re.sub(r"[^\w&+ ]", " ", re.sub(r"(?<=\b\w)[. ]+(?=\w\b)|[.'’]", "", plain(name))).split())


def firm_stem(name: str) -> str:
    """A firm's key without its legal form, so that ``Talleres Garate`` comes near ``Talleres Gárate, S.L.``."""
    return _LEGAL.sub("", firm_key(name))


def _decoded_once(text: str) -> str | None:
    """Text that was UTF-8, read as windows-1252 and saved again; None if it was not."""
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return None
