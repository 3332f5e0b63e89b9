"""What kind of file the bytes of a survey extract are, whatever its name, and what letters they stand for.

Belongs here: sniffing, limits, decoding line by line. Does not belong here: splitting into cells (survey_sheet.py),
the inside of a workbook (survey_workbook.py).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass

from observatory.codebook import File
from observatory.formats import survey_workbook
from observatory.formats.survey_report import Finding
from observatory.formats.survey_sheet import SEPARATORS, Sheet, Unreadable, split

MAX_BYTES = 20_000_000
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FOREIGN = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"{\\rtf", "RTF"),
    (b"\x1f\x8b", "gzip"),
)


@dataclass(frozen=True)
class Opened:
    """A file's sheets, or the readings of a text file under each separator, with what was noticed on the way."""

    kind: str
    sheets: tuple[Sheet, ...]
    notes: tuple[Finding, ...] = ()
    encoding: str = ""


def open_bytes(data: bytes, file: File, name: str) -> Opened:
    """Tell what the bytes are and split them into cells. Raises Unreadable."""
    if len(data) > MAX_BYTES:
        raise Unreadable("too_big", size=f"{len(data) / 1e6:.0f}", limit=f"{MAX_BYTES / 1e6:.0f}")
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise Unreadable("empty_file")
    if data.startswith(_OLE):
        raise Unreadable("password" if "EncryptedPackage".encode("utf-16-le") in data else "old_excel")
    ending = name.lower().rpartition(".")[2]
    if data.startswith(b"PK\x03\x04"):
        notes = (Finding("really_workbook", "note"),) if ending in {"csv", "txt", "tsv"} else ()
        return Opened("xlsx", survey_workbook.sheets(data), notes)
    for start, kind in _FOREIGN:
        if data.startswith(start):
            raise Unreadable("not_a_table", kind=kind)
    head = data[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<!doctype html", b"<html", b"<head", b"<table", b"<?xml", b"<meta")):
        raise Unreadable("web_page")
    notes = (Finding("really_text", "note"),) if ending in {"xlsx", "xls", "xlsm", "ods"} else ()
    text, encoding, lines = decoded(data, file.encoding)
    if text.count("\x00") > len(text) / 100:
        raise Unreadable("not_a_table", kind="?")
    if lines:
        rule = "mixed_encodings" if encoding == "mixed" else "windows_letters"
        notes = (*notes, Finding(rule, "note", facts={"lines": _numbers(sorted(lines))}))
    directive = re.match(r"sep=(.)\s*?(?:\r\n|\r|\n)", text, re.IGNORECASE)
    if directive:  # a spreadsheet does not count this line
        text, lines = text[directive.end() :], frozenset(line - 1 for line in lines)
    tried = [file.separator] if file.separator else [directive[1]] if directive else list(SEPARATORS)
    mixed = lines if encoding == "mixed" else frozenset()
    return Opened("csv", tuple(split(text, separator, mixed) for separator in tried), notes, encoding)


def decoded(data: bytes, stated: str | None = None) -> tuple[str, str, frozenset[int]]:
    """Text, its encoding, and the lines (from 1) that are not UTF-8 and were read as windows-1252.

    A byte order mark wins over the codebook, the codebook over guessing. A byte that stands for no letter becomes
    U+FFFD; its cell is refused later.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace"), encoding, frozenset()
    if stated:
        try:
            return data.decode(stated, "replace"), stated, frozenset()
        except LookupError:
            raise Unreadable("unknown_encoding", encoding=stated) from None
    zeros = (data[0:2000:2].count(0), data[1:2000:2].count(0))
    if max(zeros) > len(data[:2000]) / 5:
        encoding = "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
        return data.decode(encoding, "replace"), encoding, frozenset()
    try:
        return data.decode("utf-8"), "utf-8", frozenset()
    except UnicodeDecodeError:
        return _line_by_line(data)


def _line_by_line(data: bytes) -> tuple[str, str, frozenset[int]]:
    texts: list[str] = []
    western: set[int] = set()
    has_utf8 = False
    for number, line in enumerate(re.split(rb"(?<=\n)|(?<=\r)(?!\n)", data), start=1):
        try:
            texts.append(line.decode("utf-8"))
            has_utf8 = has_utf8 or not line.isascii()
        except UnicodeDecodeError:
            texts.append(line.decode("cp1252", "replace"))
            western.add(number)
    return "".join(texts), "mixed" if has_utf8 else "windows-1252", frozenset(western)


def _numbers(lines: Sequence[int]) -> str:
    shown = ", ".join(map(str, lines[:8]))
    return f"{shown} …" if len(lines) > 8 else shown
