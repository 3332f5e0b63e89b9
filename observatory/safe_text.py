"""Text of others on its way to a terminal or a spreadsheet: shown for what it is, and never carried out.

Belongs here: making characters visible that act instead of being read, and cells harmless that a spreadsheet would take
for formulas. Does not belong here: what publishers sent, which is kept as it came (snapshots.py, raw tables).
"""

from __future__ import annotations

import re
import unicodedata

_ACTING = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_PLAIN = re.compile(r"[ -~\u00a1-\u00ac\u00ae-\u02af\u1e00-\u1eff\u2010-\u2027\u2030-\u205e\u2190-\u22ff]*")
_MARKUP = re.compile(r"[`|<\[]|\\(?=[!-/:-@\[-`{-~]|$)")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def visible(text: str, *, keep: str = "\n\t") -> str:
    """The text with every character that acts on its reader written out, as in ``\\x1b`` or ``\\u202e``.

    Those are control characters (a terminal obeys them), the marks that turn the direction of writing or join letters
    unseen (what is read is not what stands there), line separators, private and half characters; those in ``keep``
    stay.
    """
    if _PLAIN.fullmatch(text):
        return text
    return "".join(c if c in keep or unicodedata.category(c) not in _ACTING else _written(c) for c in text)


def cell(value: object) -> object:
    """A value for a CSV file that a spreadsheet may open: numbers as they are, None as nothing.

    Text is made visible, and text that begins with ``=``, ``+``, ``-``, ``@`` (of full width, too), a tab or the end
    of a line, with blanks before it or not, gets an apostrophe in front, which spreadsheets take for "this is text". A
    lone ``-``, which publishers write for nil, is no formula and stays. A program that wants the text as published
    takes JSON or Parquet.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        return value
    shown = visible(value)
    return f"'{shown}" if value.lstrip(" ").startswith(_FORMULA) and value != "-" else shown


def markdown(text: str) -> str:
    """Text within a line of Markdown: visible, and neither HTML nor a link, a picture, code, a new line or cell."""
    return _MARKUP.sub(r"\\\g<0>", visible(text.replace("\n", " ")))


def json_escapes(document: str) -> str:
    """JSON with every acting character inside its texts as ``\\uXXXX``: the same document, safe to look at."""
    if _PLAIN.fullmatch(document.replace("\n", "")):
        return document
    return "".join(c if c == "\n" or unicodedata.category(c) not in _ACTING else _utf16(c) for c in document)


def _written(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _utf16(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
