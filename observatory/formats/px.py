"""PX files (PC-Axis, AXIS-VERSION up to 2013): dimensions and description.

Belongs here: what the keywords mean. Does not belong here: their syntax (px_head.py), the cells (px_data.py),
the table's layout (cube.py), fetching, or our own codes. Facts: PX-file format specification, SCB, and
Eustat's files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from observatory.errors import FormatError
from observatory.formats import cube, px_data, px_head
from observatory.formats.cube import Dimension
from observatory.formats.px_head import Head, Statement, place

_TABLE = {"STUB", "HEADING", "VALUES", "CODES", "TIMEVAL", "KEYS"}
_ONCE = _TABLE | {"LANGUAGE", "LANGUAGES", "CHARSET", "CODEPAGE"}
_NOTES = {"NOTE", "NOTEX", "VALUENOTE", "VALUENOTEX", "CELLNOTE", "CELLNOTEX"}
_NOTES |= {"DATANOTE", "DATANOTECELL", "DATANOTESUM"}
_OWN_KEYS = {"format", "encoding", "updated", "dimensions", "time", "notes", "translations", "details"}
_SYMBOL_ENDINGS = ("NIL", *"123456", "SUM")
_TIMEVAL = re.compile(r'TLIST\(\s*([A-Za-z]\d)\s*(?:,\s*"([^"]*)"\s*-\s*"([^"]*)"\s*)?\)\s*,?')
_PARTS_OF_YEAR = {"A": 1, "H": 2, "T": 3, "Q": 4, "M": 12}
_DIGITS = {"A": 0, "H": 1, "T": 1, "Q": 1, "M": 2, "W": 2, "D": 4}


def read(data: bytes, *, name: str) -> pa.Table:
    """Read a PX file into a long table, one row a cell, stub before heading, the last dimension fastest.

    ``flag`` is the text shown for a symbol (DATASYMBOL…), ``kind`` nil for ``-`` and missing for dots; a mark
    of DATANOTECELL stands in ``flag`` beside the value. Dimension names and codes are those of the default
    language. Raises FormatError with the keyword or the cell for anything malformed.
    """
    head = px_head.parse(data, once=_ONCE, name=name)
    names = _names(head)
    dimensions = [_dimension(head, names, at) for at in range(len(names[""]))]
    for dimension in dimensions:
        cube.check_dimension(dimension, name)
    cube.check_size([len(d.codes) for d in dimensions], name, where="VALUES")
    about = {"format": "PX", "encoding": head.encoding, **_about(head, names, dimensions)}
    cells = _read_cells(data, head, dimensions)
    notes = [(s.of, head.text(s)) for s in head.statements if s.keyword == "DATANOTECELL" and not s.language]
    cells = px_data.mark(cells, notes, dimensions, name)
    return cube.build(dimensions, cells.values, (cells.flags, cells.texts), cells.kinds, about, name)


def _names(head: Head) -> dict[str, list[str]]:
    """Names of the dimensions, stub before heading, by language; the default one is ``""`` and comes first.

    A language without names of its own has an empty list.
    """
    used = [language for _, language, _ in head.by_side if language]
    further = [t for t in dict.fromkeys([*head.items("LANGUAGES"), *used]) if t not in {"", head.language}]
    names = {tongue: head.items("STUB", tongue) + head.items("HEADING", tongue) for tongue in ["", *further]}
    if not names[""]:
        raise FormatError(head.name, "STUB", expected="STUB or HEADING with dimension names", found="neither")
    for language, own in names.items():
        if own and len(own) != len(names[""]):
            expected = f"{len(names[''])} dimension names in STUB and HEADING"
            raise FormatError(head.name, place("STUB", language), expected=expected, found=f"{len(own)} names")
    return names


def _dimension(head: Head, names: Mapping[str, Sequence[str]], at: int) -> Dimension:
    """Dimension number ``at``: codes (VALUES where there are none) and the labels of every language."""
    code = names[""][at]
    values = head.items("VALUES", of=(code,))
    if not values:
        where = place("VALUES", of=(code,))
        raise FormatError(head.name, where, expected="the values of a dimension", found="none")
    codes = head.items("CODES", of=(code,)) or values
    _same_number(head, place("CODES", of=(code,)), values, codes)
    labels = {"": values}
    for language, own_names in names.items():
        own_name = own_names[at] if own_names else code
        texts = head.items("VALUES", language, (own_name,))
        own_codes = head.items("CODES", language, (own_name,))
        if not language or not texts:
            continue
        _same_number(head, place("VALUES", language, (own_name,)), values, texts)
        if own_codes and own_codes != codes:
            where = place("CODES", language, (own_name,))
            expected = "the same codes as in the default language"
            raise FormatError(head.name, where, expected=expected, found="others")
        labels[language] = texts
    return Dimension(code, codes, labels)


def _same_number(head: Head, where: str, values: Sequence[str], found: Sequence[str]) -> None:
    if len(found) != len(values):
        expected = f"{len(values)} entries, as many as VALUES"
        raise FormatError(head.name, where, expected=expected, found=f"{len(found)}")


def _read_cells(data: bytes, head: Head, dimensions: Sequence[Dimension]) -> px_data.Cells:
    shown = {}
    for symbol, ending in zip(px_data.SYMBOLS, _SYMBOL_ENDINGS, strict=True):
        shown[symbol] = "".join(head.items(f"DATASYMBOL{ending}")) or symbol
    if not any(keyword == "KEYS" for keyword, _, _ in head.by_side):
        return px_data.dense(data, head.start, dimensions, shown, head.name)
    stub = len(head.items("STUB"))
    keyed = []
    for dimension in dimensions[:stub]:
        kind = head.items("KEYS", of=(dimension.code,))
        if kind not in (["CODES"], ["VALUES"]):
            where = place("KEYS", of=(dimension.code,))
            found = repr(", ".join(kind)) if kind else "nothing"
            raise FormatError(head.name, where, expected="CODES or VALUES", found=found)
        keys = dimension.codes if kind == ["CODES"] else dimension.labels[""]
        keyed.append((dimension, [key.encode(head.encoding) for key in keys]))
    return px_data.sparse(data, head.start, keyed, dimensions[stub:], shown, name=head.name)


def _about(head: Head, names: Mapping[str, Sequence[str]], dimensions: Sequence[Dimension]) -> dict[str, Any]:
    """What the file says of itself; every statement that is not the table itself is in here.

    Plain keywords by their name in lower case (``title``, ``units``, ``creation_date``), other languages
    below ``translations``, notes as a list, and what belongs to a dimension or value in ``details``.
    """
    about: dict[str, Any] = {}
    notes: list[dict[str, Any]] = []
    details: list[dict[str, Any]] = []
    tongues: dict[str, dict[str, Any]] = {language: {} for language in names if language}
    for statement in head.statements:
        if statement.keyword in _TABLE:
            continue
        key = statement.keyword.lower().replace("-", "_")
        target = tongues[statement.language] if statement.language else about
        if statement.keyword in _NOTES or statement.of or key in target or key in _OWN_KEYS:
            entry = {"keyword": statement.keyword, "language": statement.language, "of": list(statement.of)}
            entry["text"] = head.text(statement)
            (notes if statement.keyword in _NOTES else details).append(entry)
        else:
            target[key] = _plain(head, statement)
    stamps = [head.text(s) for s in head.statements if s.keyword == "LAST-UPDATED" and not s.language]
    return {
        **about,
        "updated": max(stamps, default=about.get("creation_date")),
        "dimensions": {
            dimension.code: {language: names[language][at] for language in tongues if names[language]}
            for at, dimension in enumerate(dimensions)
        },
        "time": _time(head, dimensions),
        "notes": notes,
        "translations": tongues,
        "details": details,
    }


def _plain(head: Head, statement: Statement) -> str | int | list[str]:
    """A list for LANGUAGES, a whole number for DECIMALS and SHOWDECIMALS, else text."""
    if statement.keyword == "LANGUAGES":
        return head.items("LANGUAGES", statement.language)
    text = head.text(statement)
    if statement.keyword not in {"DECIMALS", "SHOWDECIMALS"}:
        return text
    if not re.fullmatch(r"[0-9]{1,2}", text):
        raise FormatError(head.name, statement.place, expected="a number of decimals", found=repr(text[:20]))
    return int(text)


def _time(head: Head, dimensions: Sequence[Dimension]) -> dict[str, Any]:
    """Per time dimension its scale (A1, H1, T1, Q1, M1, W1, D1) and its periods, from TIMEVAL."""
    found = {}
    for dimension in dimensions:
        statement = head.by_side.get(("TIMEVAL", "", (dimension.code,)))
        if not statement:
            continue
        text = statement.text.strip()
        form = _TIMEVAL.match(text)
        if not form:
            expected = 'TLIST(A1),"2008",… or TLIST(A1,"2008"-"2019")'
            raise FormatError(head.name, statement.place, expected=expected, found=repr(text[:40]))
        scale, first, last = form.groups()
        periods = px_head.items(text[form.end() :], head.name, statement.place)
        if first:
            periods = _range(head, statement, (scale, first, last), len(dimension.codes))
        _same_number(head, statement.place, dimension.codes, periods)
        found[dimension.code] = {"scale": scale, "periods": periods}
    return found


def _range(head: Head, statement: Statement, span: tuple[str, str, str], expected: int) -> list[str]:
    """The periods of ``TLIST(A1,"2008"-"2019")``, counted before they are written out."""
    scale, first, last = span
    try:
        start, end = _ordinal(scale, first), _ordinal(scale, last)
    except ValueError as error:
        found = repr(f"{first}-{last}"[:40])
        raise FormatError(head.name, statement.place, expected=f"periods of scale {scale}", found=found) from error
    if end - start + 1 != expected:
        found = f"{end - start + 1} in {first}-{last}"
        raise FormatError(head.name, statement.place, expected=f"{expected} periods", found=found)
    return [_period(scale, ordinal) for ordinal in range(start, end + 1)]


def _ordinal(scale: str, text: str) -> int:
    """Number of a period on its scale. Raises ValueError for text that is no such period."""
    unit = scale[0].upper()
    if unit not in _DIGITS or not re.fullmatch(rf"[0-9]{{{4 + _DIGITS[unit]}}}", text):
        raise ValueError(text)
    year, part = int(text[:4]), int(text[4:] or 1)
    if unit == "D":
        return date(year, part // 100, part % 100).toordinal()
    if unit == "W":
        return (date.fromisocalendar(year, part, 1).toordinal() - 1) // 7
    if not 1 <= part <= _PARTS_OF_YEAR[unit]:
        raise ValueError(text)
    return year * _PARTS_OF_YEAR[unit] + part - 1


def _period(scale: str, ordinal: int) -> str:
    """The period with a number, in PX form: 2008, 20081 (H, T, Q), 200801 (M, W), 20080131 (D)."""
    unit = scale[0].upper()
    if unit == "D":
        return date.fromordinal(ordinal).strftime("%Y%m%d")
    if unit == "W":
        year, week, _ = date.fromordinal(ordinal * 7 + 1).isocalendar()
        return f"{year:04d}{week:02d}"
    year, part = divmod(ordinal, _PARTS_OF_YEAR[unit])
    digits = _DIGITS[unit]
    return f"{year:04d}" + (f"{part + 1:0{digits}d}" if digits else "")
