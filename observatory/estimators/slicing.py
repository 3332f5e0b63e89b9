"""Long tables a group at a time, so that an estimator holds the rows of one place and not of a continent.

Belongs here: cutting a table by a key and putting results together. Does not belong here: what a group means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

Row = dict[str, Any]


def slices(table: pa.Table, key: tuple[str, ...]) -> Iterator[tuple[Row, pa.Table]]:
    """The parts of ``table`` with one value of every column of ``key`` (a null is a value), in order of key.

    Parts share the memory of one sorted copy.
    """
    ordered = table.sort_by([(column, "ascending") for column in key]).combine_chunks()
    if not ordered.num_rows:
        return
    begins = np.zeros(ordered.num_rows, dtype=np.bool_)
    begins[0] = True
    for column in key:
        codes = pa.chunked_array(ordered[column]).combine_chunks().dictionary_encode(null_encoding="encode").indices
        numbers = codes.to_numpy(zero_copy_only=False)
        begins[1:] |= numbers[1:] != numbers[:-1]
    starts = [*np.flatnonzero(begins).tolist(), ordered.num_rows]
    for start, end in pairwise(starts):
        yield {column: ordered[column][start].as_py() for column in key}, ordered.slice(start, end - start)


def groups_of(table: pa.Table, key: tuple[str, ...]) -> Iterator[tuple[Row, list[Row]]]:
    """``slices`` with their rows as dictionaries."""
    for values, part in slices(table, key):
        yield values, part.to_pylist()


def gathered(rows: Iterable[Row]) -> dict[str, str]:
    """Provenance and sources of a figure made of ``rows``."""
    found: dict[str, set[str]] = {"provenance": set(), "sources": set()}
    for row in rows:
        for column, values in found.items():
            values.update((row[column] or "").split(";"))
    return {column: ";".join(sorted(values - {""})) for column, values in found.items()}


def joined(parts: Iterable[pa.Table], empty: Callable[[], pa.Table]) -> pa.Table:
    """Tables of one schema under each other; ``empty`` makes the table where there are none."""
    tables = list(parts)
    return pa.concat_tables(tables) if tables else empty()
