"""A cube as a trilingual PX file, laid out as Eustat lays out its own.

Belongs here: axes, a table and its text. Does not belong here: what the figures are. Syntax: windows-1252 without a
CODEPAGE, ``DATASYMBOL1=":"``, keywords repeated per language with translated subkeys, a creation date without a time,
lines of DATA that do not follow the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

LANGUAGES = ("es", "eu", "en")
LINE = 200
PER_LINE = 60

Array = npt.NDArray[np.float64]
Words = dict[str, str]


@dataclass(frozen=True)
class Axis:
    """A dimension: its name in Spanish (``code``, the one the bank uses in every language), the names in the others,
    codes and, by language, their labels."""

    code: str
    codes: tuple[str, ...]
    labels: dict[str, tuple[str, ...]]
    names: Words = field(default_factory=dict)
    time: bool = False

    def name(self, language: str) -> str:
        """The dimension's name in a language."""
        return self.names.get(language, self.code)

    def take(self, codes: Sequence[str]) -> Axis:
        """The same dimension with some of its codes."""
        places = [self.codes.index(code) for code in codes]
        labels = {tongue: tuple(words[i] for i in places) for tongue, words in self.labels.items()}
        return replace(self, codes=tuple(codes), labels=labels)


@dataclass(frozen=True)
class Table:
    """A table: ``values`` has one axis of the array for each of ``axes``; NaN is not available (``:``), and a zero is
    written as nil (``-``) where ``nil`` says so."""

    axes: tuple[Axis, ...]
    values: Array
    units: Words
    source: str
    created: str
    decimals: int = 0
    nil: bool = True


def write(table: Table, name: str, title: Words) -> bytes:
    """The PX file of a table with the bank's id ``name``. The last axis is HEADING, the others STUB."""
    shape = tuple(len(axis.codes) for axis in table.axes)
    if table.values.shape != shape:
        raise ValueError(f"{name}: values are {table.values.shape}, the axes make {shape}")
    short = name.rsplit("_", 1)[-1]
    lines = [
        'CHARSET="ANSI";',
        'AXIS-VERSION="2005";',
        'LANGUAGE="es";',
        'LANGUAGES="es","eu","en";',
        f'CREATION-DATE="{table.created}";',
        f'MATRIX="{short}";',
        'SUBJECT-CODE="0";',
    ]
    for language in LANGUAGES:
        lines += _about(table, title[language], language, "" if language == "es" else f"[{language}]")
    lines += [f"DECIMALS={table.decimals};", f"SHOWDECIMALS={table.decimals};", 'DATASYMBOL1=":";', "DATA="]
    return ("\n".join(lines) + "\n" + _data(table) + ";\n").encode("windows-1252")


def _about(table: Table, title: str, language: str, tag: str) -> list[str]:
    names = [axis.name(language) for axis in table.axes]
    lines = [f'TITLE{tag}="{title}";', f'CONTENTS{tag}="{title}";', f'UNITS{tag}="{table.units[language]}";']
    lines += [f'SOURCE{tag}="{table.source}";']
    lines += [f"STUB{tag}={_quoted(names[:-1])};", f"HEADING{tag}={_quoted(names[-1:])};"]
    for axis, name in zip(table.axes, names, strict=True):
        labels = axis.labels[language]
        lines.append(f'VALUES{tag}("{name}")={_quoted(labels)};')
        if axis.time:
            lines.append(f'TIMEVAL{tag}("{name}")=TLIST(A1),{_quoted(labels)};')
        lines.append(f'CODES{tag}("{name}")={_quoted(axis.codes)};')
    return lines


def _quoted(items: Sequence[str]) -> str:
    parts, width = [], 0
    for item in items:
        width += len(item) + 3
        parts.append(("\n" if width > LINE else "") + f'"{item}"')
        width = len(item) + 3 if width > LINE else width
    return ",".join(parts)


def _data(table: Table) -> str:
    flat = table.values.ravel()
    if table.decimals:
        tokens = [f"{value:.{table.decimals}f}" for value in np.nan_to_num(flat).tolist()]
        tokens = [token.rstrip("0").rstrip(".") for token in tokens]
    else:
        tokens = [str(value) for value in np.nan_to_num(flat).round().astype(np.int64).tolist()]
    if table.nil:
        for place in np.flatnonzero(np.nan_to_num(flat, nan=1.0) == 0).tolist():
            tokens[place] = "-"
    for place in np.flatnonzero(np.isnan(flat)).tolist():
        tokens[place] = "."
    return "\n".join(" ".join(tokens[at : at + PER_LINE]) for at in range(0, len(tokens), PER_LINE))
