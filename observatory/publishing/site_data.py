"""Data files that a page loads with a script tag, as pages opened from a folder may not fetch.

Belongs here: packing an indicator's rows, column by column with codes, so that nothing is lost. Does not belong here:
drawing or choosing (static/*.js).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

CODED = ("variant", "geo", "activity", "period", "unit", "status", "comparator", "provenance", "sources")
NUMBERS = ("value", "lower", "upper", "n")
CODE = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:6]


def pack(table: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Columns as ``{name: {"words": distinct values, "codes": index per row}}`` and plain lists of numbers."""
    packed: dict[str, Any] = {}
    for name in CODED:
        words = sorted({value or "" for value in table[name]})
        place = {word: index for index, word in enumerate(words)}
        packed[name] = {"words": words, "codes": [place[value or ""] for value in table[name]]}
    return packed | {name: list(table[name]) for name in NUMBERS}


def file_name(indicator: str, content: str) -> str:
    """Name of a data file: it holds the hash of what is in it, so that releases share what did not change."""
    return f"{indicator}.{content[:12]}{CODE}.js"


def script(name: str, packed: Mapping[str, Any]) -> str:
    """A script that hands the data over under its file name."""
    return f"OBS.take({json.dumps(name)},{json.dumps(packed, ensure_ascii=True, separators=(',', ':'))});\n"
