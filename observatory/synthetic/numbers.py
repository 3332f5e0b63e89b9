"""Whole numbers that add up, and noise that is the same on every machine.

Belongs here: seeded noise, splitting a total into whole parts, adding totals to an axis. Does not belong here: what
is split.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from observatory.synthetic.px import Array

SEED = 20180301


def uniform(name: str, *shape: int) -> Array:
    """Uniform numbers in 0..1 of a shape, the same for a name on every machine and in every order of use."""
    stream = np.random.Generator(np.random.PCG64(np.random.SeedSequence([SEED, zlib.crc32(name.encode())])))
    return stream.random(shape)


def wobble(name: str, size: float, *shape: int) -> Array:
    """Factors around 1, from ``1 - size`` to ``1 + size``."""
    return 1 + size * (2 * uniform(name, *shape) - 1)


def split(total: Array, shares: Array) -> Array:
    """Whole totals into whole parts along a new last axis, in proportion to ``shares`` and adding up exactly.

    ``total`` has shape (…), ``shares`` (…, k) or anything that broadcasts to it. Rounds the running sum, so that no
    part is more than one away from its exact value.
    """
    shares = np.broadcast_to(shares, (*total.shape, np.shape(shares)[-1]))
    running = np.cumsum(shares, axis=-1)
    whole = running[..., -1:]
    ratio = np.divide(running, whole, out=np.zeros_like(running, dtype=float), where=whole > 0)
    ratio[..., -1] = np.where(whole[..., 0] > 0, 1.0, 0.0)
    return np.diff(np.round(total[..., None] * ratio), axis=-1, prepend=0.0)


def steps(expected: Array, draw: Array) -> Array:
    """Whole numbers around ``expected``; the draw (0..1) decides whether a cell's part of a unit counts."""
    return np.floor(expected + draw)


def with_total(values: Array, axis: int, last: bool = False) -> Array:
    """The sum along an axis put before its other members, or behind them."""
    total = values.sum(axis=axis, keepdims=True)
    return np.concatenate([values, total] if last else [total, values], axis=axis)


def by_group(values: Array, axis: int, groups: Sequence[Sequence[int]]) -> Array:
    """Sums of the members of each group along an axis."""
    return np.stack([values.take(list(group), axis=axis).sum(axis=axis) for group in groups], axis=axis)
