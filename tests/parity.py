"""Whether two tables say the same: columns, rows in order, texts exactly, numbers within a relative difference."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

RELATIVE = 1e-9


def differences(expected: pa.Table, found: pa.Table, relative: float = RELATIVE) -> list[str]:
    """What differs, a line a column; empty where nothing does. Nulls and NaN equal themselves alone."""
    if expected.column_names != found.column_names:
        return [f"columns {found.column_names} instead of {expected.column_names}"]
    if expected.num_rows != found.num_rows:
        return [f"{found.num_rows} rows instead of {expected.num_rows}"]
    lines = []
    for name in expected.column_names:
        left, right = expected[name].combine_chunks(), found[name].combine_chunks()
        if left.type != right.type:
            lines.append(f"{name}: {right.type} instead of {left.type}")
            continue
        bad = _floats(left, right, relative) if pa.types.is_floating(left.type) else _others(left, right)
        if bad.any():
            at = int(np.flatnonzero(bad)[0])
            lines.append(f"{name}: {int(bad.sum())} differ, first in row {at}: {right[at]} instead of {left[at]}")
    return lines


def _floats(left: pa.Array, right: pa.Array, relative: float) -> np.ndarray:
    nulls = _nulls(left) != _nulls(right)
    a, b = (np.asarray(pc.fill_null(x, 0.0).to_numpy(zero_copy_only=False)) for x in (left, right))
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        near = np.abs(a - b) <= relative * np.maximum(np.abs(a), np.abs(b))
    return nulls | ~(same | (near & np.isfinite(a) & np.isfinite(b)))


def _others(left: pa.Array, right: pa.Array) -> np.ndarray:
    same = pc.fill_null(pc.equal(left, right), False).to_numpy(zero_copy_only=False)
    return ~(same | (_nulls(left) & _nulls(right)))


def _nulls(column: pa.Array) -> np.ndarray:
    return np.asarray(column.is_null().to_numpy(zero_copy_only=False))
