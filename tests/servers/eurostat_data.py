"""A Eurostat dataset in memory: dimensions, numbers as published text, flags; and taking a part of it.

Belongs here: the structure, loading it from TSV or JSON-stat, selection. Does not belong here: the wire
formats (eurostat_formats.py) and the rules of a request (eurostat.py).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Dataset:
    """``dims`` maps each dimension to its codes and labels in order; the last one is ``time``.

    ``values`` and ``flags`` are keyed by the row-major index, last dimension fastest. Numbers are kept as the
    text the publisher writes (``797.90``), an absent cell is absent. A flag is what TSV shows (``p``, ``bu``,
    ``c``).
    """

    id: str
    dims: dict[str, dict[str, str]]
    values: dict[int, str]
    flags: dict[int, str] = field(default_factory=dict)
    label: str = ""
    dim_labels: dict[str, str] = field(default_factory=dict)
    updated: str = "2026-07-31T23:00:00+0200"
    structure_updated: str = "2026-06-01T23:00:00+0200"
    created: str = "2016-04-21T09:02:24+0200"
    structure_version: str = "51.0"

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(codes) for codes in self.dims.values())

    @property
    def filled(self) -> list[int]:
        """Indexes of the cells that have a value or a flag, in order."""
        return sorted({*self.values, *self.flags})

    def codes(self, index: int) -> list[str]:
        """The codes of one cell."""
        places = np.unravel_index(index, self.shape)
        return [list(codes)[int(i)] for codes, i in zip(self.dims.values(), places, strict=True)]

    def cut(self, picked: Mapping[str, list[str]]) -> Dataset:
        """The part with only the ``picked`` codes of each dimension that is named, in the dataset's order."""
        dims = {
            name: {c: text for c, text in codes.items() if name not in picked or c in picked[name]}
            for name, codes in self.dims.items()
        }
        sizes = tuple(len(codes) for codes in dims.values())
        old = np.array(self.filled, dtype=np.int64)
        if not math.prod(sizes) or not old.size:
            return replace(self, dims=dims, values={}, flags={})
        keep, places = np.ones(old.size, dtype=bool), []
        for (name, codes), at in zip(self.dims.items(), np.unravel_index(old, self.shape), strict=True):
            new_place = {c: i for i, c in enumerate(dims[name])}
            moved = np.array([new_place.get(c, -1) for c in codes])[at]
            keep &= moved >= 0
            places.append(moved)
        new = np.ravel_multi_index([p[keep] for p in places], sizes)
        moves = dict(zip(old[keep].tolist(), new.tolist(), strict=True))
        return replace(
            self,
            dims=dims,
            values={moves[i]: v for i, v in self.values.items() if i in moves},
            flags={moves[i]: f for i, f in self.flags.items() if i in moves},
        )


def from_cells(
    ident: str,
    dims: dict[str, dict[str, str]],
    cells: Iterable[tuple[tuple[str, ...], str, str]],
    **about: Any,
) -> Dataset:
    """A dataset from (codes, value text or "", flags or "") triples."""
    shape = [len(c) for c in dims.values()]
    place = [{c: i for i, c in enumerate(codes)} for codes in dims.values()]
    steps = [math.prod(shape[n + 1 :]) for n in range(len(shape))]
    values: dict[int, str] = {}
    flags: dict[int, str] = {}
    for codes, value, flag in cells:
        index = sum(p[c] * step for p, c, step in zip(place, codes, steps, strict=True))
        if value:
            values[index] = value
        if flag:
            flags[index] = flag
    return Dataset(ident.upper(), dims, values, flags, **about)


def from_tsv(
    data: bytes,
    ident: str,
    *,
    labels: Mapping[str, Mapping[str, str]] | None = None,
    freq: str = "A",
    **about: Any,
) -> Dataset:
    r"""A dataset from TSV with either header (``geo\time`` newest first, ``geo\TIME_PERIOD`` oldest first).

    Codes keep the order of their first appearance, periods become oldest first. A file without ``freq`` gets
    it, as every dataset has it today. ``labels`` maps dimension and code to a label; the code stands in where
    there is none.
    """
    head, *lines = data.decode("utf-8").splitlines()
    first, *periods = head.split("\t")
    names = first.rsplit("\\", 1)[0].split(",")
    periods = [p.strip() for p in periods]
    old = "freq" not in names
    names = ["freq", *names] if old else names
    seen: dict[str, dict[str, str]] = {name: {} for name in names}
    cells: list[tuple[tuple[str, ...], str, str]] = []
    for line in lines:
        key, *row = line.split("\t")
        codes = [freq, *key.split(",")] if old else key.split(",")
        for name, code in zip(names, codes, strict=True):
            seen[name].setdefault(code, (labels or {}).get(name, {}).get(code, code))
        for period, cell in zip(periods, row, strict=True):
            value, _, flag = cell.strip().partition(" ")
            cells.append(((*codes, period), "" if value == ":" else value, flag.strip()))
    seen["time"] = {p: p for p in sorted(periods)}
    return from_cells(ident, seen, cells, **about)


def from_json_stat(data: bytes) -> Dataset:
    """A dataset from an answer of the statistics API; numbers keep their text, codes their order."""
    read = json.loads(data, parse_float=str, parse_int=str)
    sizes = [int(n) for n in read["size"]]
    dims = {name: read["dimension"][name]["category"]["label"] for name in read["id"]}
    if [len(c) for c in dims.values()] != sizes:
        raise ValueError("size does not match the categories")
    about = {a["type"]: a.get("date", "") for a in read["extension"]["annotation"]}
    return Dataset(
        read["extension"]["id"],
        dims,
        {int(i): v for i, v in read["value"].items()},
        {int(i): _flag(s) for i, s in read.get("status", {}).items()},
        read["label"],
        {name: read["dimension"][name]["label"] for name in read["id"]},
        read["updated"],
        about["UPDATE_STRUCTURE"],
        about["CREATED"],
        read["extension"]["datastructure"]["version"],
    )


def _flag(status: str) -> str:
    flag, _, confidential = status.partition("|")
    return flag + confidential.lower()
