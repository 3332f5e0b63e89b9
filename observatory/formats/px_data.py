"""The DATA part of a PX file: bytes to values, kinds and flags.

Belongs here: tokens, symbols, sparse rows (KEYS) and the marks of DATANOTECELL. Does not belong here: the
keywords before DATA (px.py, px_head.py) or the table's layout (cube.py). Facts: PX-file format specification,
AXIS-VERSION 2013, SCB.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from observatory.errors import FormatError
from observatory.formats.cube import KIND_VALUE, Dimension, check_size

NIL = "-"
SYMBOLS = (NIL, *("." * dots for dots in range(1, 8)))
"""What can stand for a number: nil, symbols 1 to 6, and the symbol for a sum that lacks a part."""

SPARSE_FREE_CELLS = 10_000_000
SPARSE_RATIO = 1_000
"""A KEYS file above the first size must bring at least one cell in so many; else its size is a mistake."""

LONGEST_NUMBER = 400
NOTES_PER_CELL = 20
LONGEST_FLAG = 200

PIECE_BYTES = 1 << 20

_DATA_BYTES = b' \t\r\n\x0b\x0c,"0123456789+-.eE'
_BLANK = re.compile(rb"[\s,]")
_TOKEN = re.compile(rb'[^\s,"]+')
_NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_QUOTES = re.compile(rb'[^"]*+(?:"[^\s",;]++"[^"]*+)*+')
_SPARSE_BODY = re.compile(rb'=((?:[^";]++|"[^"]*+")*+)')
_SPARSE_TOKEN = re.compile(rb'"[^"]*"|[^\s,"]+')


@dataclass(frozen=True)
class Cells:
    """All cells in row-major order: values (any number where there is none), kinds, flags.

    ``flags`` are indices into ``texts``, -1 for none.
    """

    values: npt.NDArray[np.float64]
    kinds: npt.NDArray[np.int8]
    flags: npt.NDArray[np.int8] | npt.NDArray[np.int32]
    texts: list[str]


def dense(data: bytes, start: int, dimensions: Sequence[Dimension], shown: Mapping[str, str], name: str) -> Cells:
    """Read the cells after ``data[start] == '='``: one token a cell, lines broken anywhere.

    ``shown``: text that the publisher shows for each of ``SYMBOLS``. Raises FormatError for a cell count
    other than the product of the sizes, a token that is neither number nor symbol (with its coordinates), a
    cut file.
    """
    end = data.find(b";", start)
    _check_end(data, end, name)
    return _cells(data[start + 1 : end if end >= 0 else None], dimensions, shown, name)


def sparse(
    data: bytes,
    start: int,
    stub: Sequence[tuple[Dimension, Sequence[bytes]]],
    heading: Sequence[Dimension],
    shown: Mapping[str, str],
    *,
    name: str,
) -> Cells:
    """Read rows of the form ``"key","key",cell cell …``; the cells of a row that is not there are zero.

    ``stub``: each stub dimension with its keys (codes or values, encoded as in the file), ``heading``: the
    others.
    """
    found = _SPARSE_BODY.match(data, start)
    end = found.end(1) if found else start
    closed = data[end : end + 1] == b";"
    if not closed and end < len(data):
        raise FormatError(name, "DATA", expected="a closing quote", found="the end of the file")
    _check_end(data, end if closed else -1, name)
    tokens = _SPARSE_TOKEN.findall(data, start + 1, end)
    width = math.prod(len(d.codes) for d in heading)
    stride = len(stub) + width
    if len(tokens) % stride:
        expected = f"rows of {len(stub)} keys and {width} cells"
        raise FormatError(name, "DATA", expected=expected, found=f"{len(tokens)} keys and cells in all")
    rows = len(tokens) // stride
    dimensions = [*(dimension for dimension, _ in stub), *heading]
    total = check_size([len(d.codes) for d in dimensions], name)
    if total > max(SPARSE_FREE_CELLS, SPARSE_RATIO * rows * width):
        raise FormatError(name, "DATA", expected=f"most of {total} cells", found=f"{rows * width} cells")
    index = _row_index(tokens, stub, stride, name)
    row = Dimension("row", [str(n) for n in range(1, rows + 1)], {})
    cells = [token for n, token in enumerate(tokens) if n % stride >= len(stub)]
    return _spread(_cells(b" ".join(cells), [row, *heading], shown, name), index, total // width, width)


def mark(cells: Cells, notes: Sequence[tuple[Sequence[str], str]], dimensions: Sequence[Dimension], name: str) -> Cells:
    """Set the flags of DATANOTECELL: ``(a code, a value or * per dimension, text)`` each.

    The text joins the flag that a cell has already (after a blank), so that neither is lost. Raises
    FormatError for a note whose cells do not exist, and for notes that pile up beyond any use.
    """
    if not notes:
        return cells
    sizes = [len(d.codes) for d in dimensions]
    places = [_places(dimension) for dimension in dimensions]
    # A hostile file can cover all cells with every note; the work is bounded by the cube's size.
    left = NOTES_PER_CELL * math.prod(sizes)
    flags = cells.flags.astype(np.int32).reshape(sizes)
    names = list(cells.texts)
    index = {text: n for n, text in enumerate(names)}
    for keys, text in notes:
        where = f"DATANOTECELL({','.join(keys)})"
        area = _area(keys, dimensions, places, name, where)
        before, inverse = np.unique(flags[area], return_inverse=True)
        after = []
        for old in before.tolist():
            joined = text if old < 0 else f"{names[old]} {text}"
            if joined not in index:
                index[joined] = len(names)
                names.append(joined)
            after.append(index[joined])
        left -= inverse.size
        longest = max((len(names[n]) for n in after), default=0)
        if left < 0 or longest > LONGEST_FLAG:
            expected = f"at most {NOTES_PER_CELL} short notes a cell"
            raise FormatError(name, where, expected=expected, found="more, one upon the other")
        flags[area] = np.array(after, dtype=np.int32)[inverse].reshape(flags[area].shape)
    return Cells(cells.values, cells.kinds, flags.reshape(-1), names)


def _area(
    keys: Sequence[str],
    dimensions: Sequence[Dimension],
    places: Sequence[Mapping[str, int]],
    name: str,
    where: str,
) -> tuple[slice, ...]:
    """The part of the cube that one note covers."""
    if len(keys) != len(dimensions):
        expected = f"{len(dimensions)} codes, one a dimension"
        raise FormatError(name, where, expected=expected, found=f"{len(keys)} codes")
    area = []
    for key, dimension, place in zip(keys, dimensions, places, strict=True):
        if key == "*":
            area.append(slice(None))
        elif key in place:
            area.append(slice(place[key], place[key] + 1))
        else:
            raise FormatError(name, where, expected=f"a code or value of {dimension.code!r}", found=repr(key))
    return tuple(area)


def _places(dimension: Dimension) -> dict[str, int]:
    """Position by code and by value; where a text is both, the code wins."""
    values = {label: n for n, label in enumerate(dimension.labels.get("", ()))}
    return {**values, **{code: n for n, code in enumerate(dimension.codes)}}


def _check_end(data: bytes, end: int, name: str) -> None:
    """Refuse a cut file: ``end`` is the position of the closing ``;``, -1 if there is none.

    Eustat leaves ``;`` out after the last line of DATA, so a line end is taken in its place.
    """
    if end < 0:
        if not data[-1:].isspace():
            found = f"the end of the file after {data[-12:].decode('latin-1')!r}"
            raise FormatError(name, "DATA", expected="a closing ;", found=found)
        return
    rest = data[end + 1 : end + 1_000].strip(b" \t\r\n\x1a\x00")
    if rest:
        found = repr(rest[:30].decode("latin-1"))
        raise FormatError(name, "DATA", expected="the end of the file after ;", found=found)


def _cells(body: bytes, dimensions: Sequence[Dimension], shown: Mapping[str, str], name: str) -> Cells:
    """Read tokens between blanks; a token may stand in quotes."""
    with ThreadPoolExecutor(pa.cpu_count()) as pool:
        pieces = list(pool.map(_piece, _cut(body)))
    whole = [piece for piece in pieces if piece]
    if len(whole) < len(pieces):
        raise _bad_token(body, dimensions, name)
    values = np.concatenate([numbers for numbers, _ in whole])
    symbols = np.concatenate([symbols for _, symbols in whole])
    if not _quotes_hold(body, int(np.count_nonzero(symbols >= 0))):
        raise _bad_token(body, dimensions, name)
    check_size([len(d.codes) for d in dimensions], name, len(values), where="DATA")
    infinite = np.isinf(values) & (symbols < 0)
    if infinite.any():
        where = _cell(int(np.argmax(infinite)), dimensions)
        raise FormatError(name, where, expected="a number", found="one beyond any range")
    kinds = np.minimum(symbols, 1) + np.int8(1)  # -1: value, 0: nil, dots: missing
    used = [symbol for symbol in range(len(SYMBOLS)) if (symbols == symbol).any()]
    texts = list(dict.fromkeys(shown[SYMBOLS[symbol]] for symbol in used))
    if used in ([], [0]):
        return Cells(values, kinds, symbols, texts)
    text_of = np.full(len(SYMBOLS) + 1, -1, dtype=np.int8)  # its last entry is that of -1, no symbol
    text_of[used] = [texts.index(shown[SYMBOLS[symbol]]) for symbol in used]
    return Cells(values, kinds, text_of[symbols], texts)


def _cut(body: bytes) -> list[bytes]:
    """Pieces of whole tokens, for the processor's cache and its cores."""
    cuts = [0]
    while blank := _BLANK.search(body, cuts[-1] + PIECE_BYTES):
        cuts.append(blank.end())
    return [body[start:end] for start, end in pairwise([*cuts, len(body)])]


def _piece(piece: bytes) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int8]] | None:
    """Per token its number (any for a symbol) and its index in ``SYMBOLS`` (-1 for a number).

    None if a token is neither. Tokens and the blanks between them become the entries of one Arrow text array over
    the bytes as they are; its cast parses every entry that is not null.
    """
    if piece.translate(None, _DATA_BYTES):
        return None  # Arrow would take nan, inf and 0x10
    text = np.frombuffer(piece, dtype=np.uint8)
    solid = np.zeros(len(piece) + 2, dtype=bool)
    np.greater(text, ord('"'), out=solid[1:-1])  # of the bytes that can stand here, blanks are below
    if b"," in piece:
        solid[1:-1] &= text != ord(",")
    edges = np.flatnonzero(solid[1:] != solid[:-1])
    symbols = _symbols(piece, solid, edges)
    if not len(symbols):
        return np.zeros(0), symbols
    is_number = np.zeros(len(edges) - 1, dtype=bool)
    is_number[0::2] = symbols < 0
    bits = np.packbits(is_number, bitorder="little")
    buffers = [pa.py_buffer(buffer) for buffer in (bits, edges.astype(np.int32), piece)]
    numbers = _numbers(pa.Array.from_buffers(pa.string(), len(is_number), buffers), b"." in piece)
    return None if numbers is None else (numbers[0::2].astype(np.float64), symbols)


def _numbers(entries: pa.Array, has_points: bool) -> npt.NDArray[Any] | None:
    """The entries as numbers (anything where null), None if one is no number. Whole numbers parse faster."""
    for wanted, found in ((pa.int64(), np.int64), (pa.float64(), np.float64))[has_points:]:
        try:
            return np.frombuffer(entries.cast(wanted).buffers()[1], dtype=found, count=len(entries))
        except pa.ArrowInvalid:
            continue
    return None


def _symbols(piece: bytes, solid: npt.NDArray[np.bool_], edges: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
    """Index into ``SYMBOLS`` of each token: 0 for nil, else the number of dots; -1 for all others."""
    text = np.frombuffer(piece, dtype=np.uint8)
    starts = edges[0::2]
    lone_dash = (text == ord(NIL)) & ~solid[2:]
    symbols: npt.NDArray[np.int8] = lone_dash[starts].view(np.int8) - np.int8(1)
    if b"." in piece:
        sizes = edges[1::2] - starts
        at = np.flatnonzero((text[starts] == ord(".")) & (sizes < len(SYMBOLS)))
        for place in range(1, len(SYMBOLS) - 1):
            inside = np.minimum(starts[at] + place, len(text) - 1)
            at = at[(place >= sizes[at]) | (text[inside] == ord("."))]
        symbols[at] = sizes[at]
    return symbols


def _quotes_hold(body: bytes, symbols: int) -> bool:
    """Whether every quote belongs to a quoted token without blanks.

    Quotes stand around symbols; as many as two a symbol need no closer look.
    """
    quotes = np.count_nonzero(np.frombuffer(body, dtype=np.uint8) == ord('"'))
    return quotes in (0, 2 * symbols) or _QUOTES.fullmatch(body) is not None


def _bad_token(body: bytes, dimensions: Sequence[Dimension], name: str) -> FormatError:
    """Find the first token that is neither number nor symbol; slow, and only on the way out."""
    symbols = {symbol.encode() for symbol in SYMBOLS}
    for at, token in enumerate(_TOKEN.finditer(body)):
        if token[0] not in symbols and (len(token[0]) > LONGEST_NUMBER or not _NUMBER.fullmatch(token[0])):
            found = repr(token[0][:30].decode("latin-1"))
            return FormatError(
                name, _cell(at, dimensions), expected="a number or a symbol (-, . to .......)", found=found
            )
    good = _QUOTES.match(body)
    before = _TOKEN.findall(body, 0, good.end() if good else 0)
    where = _cell(len(before), dimensions)
    return FormatError(name, where, expected="quotes around a single symbol", found="a stray quote")


def _cell(at: int, dimensions: Sequence[Dimension]) -> str:
    """A cell in words: its number and ``dimension=code`` for each dimension."""
    if at >= math.prod(len(d.codes) for d in dimensions):
        return f"DATA, cell {at + 1} (beyond the last)"
    marks = []
    rest = at
    for dimension in reversed(dimensions):
        rest, place = divmod(rest, len(dimension.codes))
        marks.append(f"{dimension.code}={dimension.codes[place]}")
    return f"DATA, cell {at + 1} ({', '.join(reversed(marks))})"


def _row_index(
    tokens: Sequence[bytes], stub: Sequence[tuple[Dimension, Sequence[bytes]]], stride: int, name: str
) -> npt.NDArray[np.int64]:
    """Row-major position of every sparse row among all combinations of the stub."""
    rows = np.zeros(len(tokens) // stride, dtype=np.int64)
    for n, (dimension, keys) in enumerate(stub):
        place = {b'"%b"' % key: at for at, key in enumerate(keys)}
        positions = []
        for row, token in enumerate(tokens[n::stride], start=1):
            if token not in place:
                where = f"DATA, row {row}"
                found = repr(token.decode("latin-1"))
                raise FormatError(name, where, expected=f"a key of {dimension.code!r}", found=found)
            positions.append(place[token])
        rows = rows * len(keys) + np.array(positions, dtype=np.int64)
    order = np.argsort(rows, kind="stable")
    again = order[1:][np.diff(rows[order]) == 0]
    if len(again):
        at = int(again.min())
        keys_found = b",".join(tokens[at * stride : at * stride + len(stub)]).decode("latin-1")
        raise FormatError(name, f"DATA, row {at + 1}", expected="every row once", found=f"{keys_found} again")
    return rows


def _spread(cells: Cells, index: npt.NDArray[np.int64], rows: int, width: int) -> Cells:
    """Put rows in their place; all others are zero, a value without flag."""
    values = np.zeros((rows, width))
    kinds = np.full((rows, width), KIND_VALUE, dtype=np.int8)
    flags = np.full((rows, width), -1, dtype=np.int8)
    for whole, part in ((values, cells.values), (kinds, cells.kinds), (flags, cells.flags)):
        whole[index] = part.reshape(-1, width)
    return Cells(values.reshape(-1), kinds.reshape(-1), flags.reshape(-1), cells.texts)
