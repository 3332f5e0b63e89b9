"""The head of a PX file: bytes before DATA to decoded statements.

Belongs here: the syntax of keywords and lists, and the encoding. Does not belong here: what a keyword means
(px.py) or the cells (px_data.py). Facts: PX-file format specification, AXIS-VERSION 2013, SCB.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from observatory.errors import FormatError
from observatory.formats.text import refuse_html

DEFAULT_ENCODING = "cp1252"
"""What a file without CODEPAGE is in, unless its head is UTF-8 (Eustat: CHARSET="ANSI", no CODEPAGE)."""

# Possessive quantifiers: no pattern can go back over what it has read, so all are linear on any input.
_LEFT_SIDE = re.compile(
    rb"""\s*+([A-Za-z][\w-]*+)\s*+          # keyword
    (?:\[([^\]\[";=]*+)\])?\s*+             # language
    (?:\(((?:[^"()]++|"[^"]*+")*+)\))?\s*+  # subkeys
    =""",
    re.VERBOSE,
)
_RIGHT_SIDE = re.compile(rb'((?:[^";]++|"[^"]*+")*+);')
_ITEM = re.compile(r'\s*+((?:"[^"]*+"\s*+)++|[^",\s][^",]*+)(,|$)')
_QUOTED = re.compile(r'"([^"]*+)"')
_TEXT_ENCODING = re.compile(r"utf-8|ascii|iso8859-\d+|cp\d+|koi8-[rtu]")

Side = tuple[str, str, tuple[str, ...]]
RawStatement = tuple[bytes, bytes, bytes, bytes]


@dataclass(frozen=True)
class Statement:
    """``KEYWORD[language]("of",…)=text``; the default language is an empty ``language``."""

    keyword: str
    language: str
    of: tuple[str, ...]
    text: str

    @property
    def place(self) -> str:
        """The statement's left side, for messages."""
        return place(self.keyword, self.language, self.of)


@dataclass(frozen=True)
class Head:
    """All statements in order; ``start`` is the byte of the ``=`` after DATA, ``language`` the default one."""

    name: str
    encoding: str
    language: str
    start: int
    statements: Sequence[Statement]
    by_side: Mapping[Side, Statement]

    def items(self, keyword: str, language: str = "", of: tuple[str, ...] = ()) -> list[str]:
        """The texts of a statement, none where the file does not have it."""
        statement = self.by_side.get((keyword, language, of))
        return items(statement.text, self.name, statement.place) if statement else []

    def text(self, statement: Statement) -> str:
        """The texts of a statement as one."""
        return ", ".join(items(statement.text, self.name, statement.place))


def place(keyword: str, language: str = "", of: Sequence[str] = ()) -> str:
    """The left side of a statement as it stands in the file."""
    keys = ",".join(f'"{key}"' for key in of)
    return keyword + (f"[{language}]" if language else "") + (f"({keys})" if keys else "")


def parse(data: bytes, *, once: set[str], name: str) -> Head:
    """Read everything before DATA. ``once``: keywords that may stand only once per language and subkey.

    Raises FormatError for a page that is no PX file, a statement that does not end, bad lists and encodings.
    """
    raw, start = _split(data, name)
    encoding = _encoding(data, raw, name)
    language = _language(raw, encoding, name)
    statements = _decode(raw, encoding, language, name)
    by_side: dict[Side, Statement] = {}
    for statement in statements:
        side = (statement.keyword, statement.language, statement.of)
        if side in by_side and statement.keyword in once:
            raise FormatError(name, statement.place, expected="the statement once", found="it again")
        by_side.setdefault(side, statement)
    return Head(name, encoding, language, start, statements, by_side)


def items(text: str, name: str, where: str) -> list[str]:
    """The texts of a list; one text may go on in further quotes (old files hold lines short)."""
    text = text.strip()
    pieces = text.split('"')
    if len(pieces) > 2 and not pieces[0] and not pieces[-1] and {p.strip() for p in set(pieces[2:-1:2])} <= {","}:
        return pieces[1::2]  # the plain list that nearly every statement is
    found: list[str] = []
    position, separator = 0, ","
    while separator and text:
        item = _ITEM.match(text, position)
        if not item:
            rest = repr(text[position : position + 40])
            raise FormatError(name, where, expected="texts in quotes with commas between", found=rest)
        token = item[1]
        found.append("".join(_QUOTED.findall(token)) if token.startswith('"') else token.strip())
        position, separator = item.end(), item[2]
    return found


def _split(data: bytes, name: str) -> tuple[list[RawStatement], int]:
    """Cut the head into raw statements; return them and the place of the ``=`` after DATA."""
    position = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    refuse_html(data, name, "PX keywords")
    raw: list[RawStatement] = []
    while left := _LEFT_SIDE.match(data, position):
        keyword, language, keys = (group or b"" for group in left.groups())
        if keyword.upper() == b"DATA":
            return raw, left.end() - 1
        right = _RIGHT_SIDE.match(data, left.end())
        if not right:
            where = data[left.start(1) : left.end() - 1].decode("latin-1").strip()[:60]
            is_open = data.count(b'"', left.end()) % 2
            found = "the end of the file" + (" inside quotes" if is_open else "")
            raise FormatError(name, where, expected="a closing quote and ;", found=found)
        raw.append((keyword, language, keys, right[1]))
        position = right.end()
    rest = data[position : position + 60].strip()
    where = f"line {data.count(10, 0, position) + 1}"
    where += f" after {raw[-1][0].decode('latin-1')}" if raw else ""
    found = repr(rest[:40].decode("latin-1")) if rest else "the end of the file"
    raise FormatError(name, where, expected="KEYWORD=… and at last DATA=", found=found)


def _encoding(data: bytes, raw: Sequence[RawStatement], name: str) -> str:
    """The file's encoding: BOM, else CODEPAGE, else UTF-8 where the head is that, else windows-1252.

    CHARSET only tells ANSI from OEM; PxWeb itself looks at the bytes where CODEPAGE is absent.
    """
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8"
    pages = [text.strip().strip(b'"') for keyword, _, _, text in raw if keyword.upper() == b"CODEPAGE"]
    if not pages:
        try:
            for statement in raw:
                b" ".join(statement).decode("utf-8")
        except UnicodeDecodeError:
            return DEFAULT_ENCODING
        return "utf-8"
    page = pages[0].decode("latin-1")
    try:
        encoding = codecs.lookup(page).name
    except (LookupError, ValueError):
        encoding = ""
    # Only plain tables: a codec such as idna or utf-7 is no encoding of a file and can be made to hang.
    if not _TEXT_ENCODING.fullmatch(encoding):
        raise FormatError(name, "CODEPAGE", expected="an encoding such as utf-8", found=repr(page[:30]))
    return encoding


def _language(raw: Sequence[RawStatement], encoding: str, name: str) -> str:
    """The default language, empty where the file does not name it."""
    stated = [text.decode(encoding, "replace") for keyword, _, _, text in raw if keyword.upper() == b"LANGUAGE"]
    languages = items(stated[0], name, "LANGUAGE") if stated else [""]
    if len(languages) != 1:
        raise FormatError(name, "LANGUAGE", expected="one language", found=f"{len(languages)}")
    return languages[0]


def _decode(raw: Sequence[RawStatement], encoding: str, default: str, name: str) -> list[Statement]:
    """Decode the statements; those of the default language get an empty ``language``."""
    statements = []
    for keyword, language, keys, text in raw:
        word = keyword.decode("ascii").upper()
        try:
            tongue = language.strip().decode(encoding)
            tongue = "" if tongue == default else tongue
            of = tuple(items(keys.decode(encoding), name, f"{word}(…)"))
            statements.append(Statement(word, tongue, of, text.decode(encoding)))
        except UnicodeDecodeError as error:
            where = place(word, language.decode("latin-1"))
            byte = f"byte 0x{error.object[error.start]:02x}"
            raise FormatError(name, where, expected=f"text in {encoding}", found=byte) from error
    return statements
