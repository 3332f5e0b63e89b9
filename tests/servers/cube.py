"""A multilingual cube as the bank's server holds it in memory, and the cutting of a part of it.

Belongs here: the data structure and selection. Does not belong here: PX text (px_write.py), the wire formats
(pxweb_formats.py) or the rules of a query (pxweb.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

# Codes in ``Cube.symbols``: 0 a number, 1 to 6 DATASYMBOL1..6 (. .. ... and so on), 7 nil, 8 the sum symbol.
NIL, SUM = 7, 8
TOKENS = {"-": NIL, **{"." * n: n for n in range(1, 7)}, "." * 7: SUM}
DEFAULT_TEXT = {code: token for token, code in TOKENS.items()}


@dataclass(frozen=True)
class Dim:
    """One variable: ``code`` is its name in the table's main language, which stays so in every language.

    ``names`` and ``texts`` hold name and labels by language, ``texts`` in the order of ``codes``.
    ``elimination`` is False, True (summed) or the code of the value that stands for all. ``coded`` is False
    where the table has no CODES and the labels are the codes.
    """

    code: str
    codes: list[str]
    texts: dict[str, list[str]]
    names: dict[str, str] = field(default_factory=dict)
    time: bool = False
    elimination: bool | str = False
    timeval: str = "A1"
    map: str | None = None
    coded: bool = True

    def name(self, lang: str) -> str:
        return self.names.get(lang, self.code)

    def labels(self, lang: str) -> list[str]:
        return self.texts.get(lang) or next(iter(self.texts.values()))

    def cut(self, positions: list[int]) -> Dim:
        """The same variable with some of its values, in the table's order."""
        texts = {lang: [labels[i] for i in positions] for lang, labels in self.texts.items()}
        return replace(self, codes=[self.codes[i] for i in positions], texts=texts)


@dataclass(frozen=True)
class Cube:
    """A table.

    ``values`` and ``symbols`` are flat, row-major, last dimension fastest; the first ``stub`` dims are rows.
    ``texts`` holds the keywords that have a language (TITLE, CONTENTS, UNITS, SOURCE, SUBJECT-AREA),
    ``plain`` the others (MATRIX, DECIMALS, SHOWDECIMALS, CREATION-DATE …). ``symbol_text`` overrides what a
    symbol is shown as. ``notes`` are pairs of (a code or None for each dimension, text): data notes on cells.
    """

    dims: list[Dim]
    values: np.ndarray
    symbols: np.ndarray | None = None
    stub: int | None = None
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    plain: dict[str, str] = field(default_factory=dict)
    symbol_text: dict[int, str] = field(default_factory=dict)
    notes: list[tuple[tuple[str | None, ...], str]] = field(default_factory=list)
    language: str = "es"
    languages: tuple[str, ...] = ("es", "eu", "en")

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(d.codes) for d in self.dims)

    @property
    def rows(self) -> int:
        """How many dimensions stand in STUB; the rest are HEADING."""
        return len(self.dims) - 1 if self.stub is None else self.stub

    @property
    def marks(self) -> np.ndarray:
        """``symbols``, or zeros where every cell is a number."""
        return np.zeros(self.values.size, np.uint8) if self.symbols is None else self.symbols

    def text(self, keyword: str, lang: str) -> str:
        """A keyword's text in ``lang``, else in the main language, else nothing."""
        found = self.texts.get(keyword, {})
        return found.get(lang, found.get(self.language, ""))

    def number(self, keyword: str, default: int) -> int:
        return int(self.plain.get(keyword, default))

    @property
    def decimals(self) -> int:
        """Digits shown: SHOWDECIMALS when it is given and smaller than DECIMALS, else DECIMALS."""
        stored = self.number("DECIMALS", 0)
        shown = self.number("SHOWDECIMALS", -1)
        return shown if 0 <= shown < stored else stored

    def symbol(self, code: int) -> str:
        return self.symbol_text.get(code, DEFAULT_TEXT[code])

    def cut(self, positions: list[list[int]]) -> Cube:
        """The part at ``positions`` (one list a dimension); an empty list eliminates its dimension."""
        whole = [p or list(range(n)) for p, n in zip(positions, self.shape, strict=True)]
        grid = np.ix_(*whole)
        values, marks = self.values.reshape(self.shape)[grid], self.marks.reshape(self.shape)[grid]
        gone = [i for i, p in enumerate(positions) if not p]
        for axis in reversed(gone):
            values, marks = _eliminate(self.dims[axis], values, marks, axis)
        kept = [i for i in range(len(positions)) if i not in gone]
        notes = [
            (tuple(where[i] for i in kept), text) for where, text in self.notes if all(where[i] is None for i in gone)
        ]
        return replace(
            self,
            dims=[self.dims[i].cut(whole[i]) for i in kept],
            values=values.ravel(),
            symbols=marks.ravel(),
            stub=sum(i < self.rows for i in kept),
            notes=notes,
        )

    def shown(self) -> np.ndarray:
        """Values as published: CONFIDENTIAL turns 1 into 0 and 2 into 3, then rounding to ``decimals``.

        A half goes to the even neighbour (the server's default and ROUNDING=1), or away from zero
        (ROUNDING=2).
        """
        values = self.values
        if self.number("CONFIDENTIAL", 0):
            values = np.where(values == 1, 0, np.where(values == 2, 3, values))
        if self.number("ROUNDING", 0) == 2:
            scale = 10**self.decimals
            return np.copysign(np.floor(np.abs(values) * scale + 0.5) / scale, values)
        return np.round(values, self.decimals)

    def noted(self) -> dict[int, str]:
        """Flat index → text of the data notes; notes on codes that are not here fall away."""
        grid = np.arange(self.values.size).reshape(self.shape)
        found: dict[int, str] = {}
        for where, text in self.notes:
            places = [[d.codes.index(c)] if c in d.codes else [] for d, c in zip(self.dims, where, strict=True)]
            if any(c is not None and not p for c, p in zip(where, places, strict=True)):
                continue
            picked = [p or list(range(n)) for p, n in zip(places, self.shape, strict=True)]
            for index in grid[np.ix_(*picked)].ravel().tolist():
                found[index] = f"{found[index]}\r\n{text}" if index in found else text
        return found


def _eliminate(dim: Dim, values: np.ndarray, marks: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(dim.elimination, str):
        place = dim.codes.index(dim.elimination)
        return values.take(place, axis), marks.take(place, axis)
    total = np.where(marks == 0, values, 0).sum(axis)
    # A sum with nothing but symbols below it is the symbol itself.
    return total, np.where((marks == 0).any(axis), 0, marks.take(0, axis))
