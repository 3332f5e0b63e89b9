"""Primary rules: which cell tells too much of one of its firms.

Belongs here: the parameters and the rules on one cell's contributions. Does not belong here: tables (suppression.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from observatory import strict_yaml
from observatory.errors import DataError

Floats = npt.NDArray[np.float64]
REMEDY = "Write it outside the repository with the keys min_frequency, p_percent and, if wanted, dominance: {n, k}"


class Dominance(BaseModel):
    """The largest ``n`` units may not have more than ``k`` percent of a cell."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    n: Annotated[int, Field(ge=2)]
    k: Annotated[float, Field(gt=0, lt=100)]


class Rules(BaseModel):
    """The parameters of disclosure control; confidential, so they never stand in a message or a log."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min_frequency: Annotated[int, Field(ge=3)]
    p_percent: Annotated[float, Field(gt=0, lt=100)]
    dominance: Dominance | None = None

    @classmethod
    def load(cls, path: Path) -> Rules:
        """Read the rules. Raises DataError that names the file and the keys, and no value."""
        try:
            return cls.model_validate(strict_yaml.load(path.read_text("utf-8")))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise DataError(f"{path}: the disclosure rules cannot be read", remedy=REMEDY) from error
        except ValidationError as error:
            keys = ", ".join(sorted({".".join(map(str, e["loc"])) or "file" for e in error.errors()}))
            raise DataError(f"{path}: disclosure rules with a wrong or missing key: {keys}", remedy=REMEDY) from None


@dataclass(frozen=True)
class Cell:
    """Contributions of the units of one cell, largest first: a unit is a firm, or all firms of one holding."""

    units: tuple[str, ...]
    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float], units: Sequence[str]) -> Cell:
        """Sum contributions by unit. Raises DataError for a negative one, for which the rules do not hold."""
        if any(value < 0 for value in values):
            raise DataError(
                "disclosure: a negative contribution, for which no rule holds",
                remedy="Leave the variable out of published tables",
            )
        sums: dict[str, float] = {}
        for unit, value in zip(units, values, strict=True):
            sums[unit] = sums.get(unit, 0.0) + value
        ordered = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
        return cls(tuple(unit for unit, _ in ordered), tuple(value for _, value in ordered))

    @property
    def total(self) -> float:
        """Sum of all contributions."""
        return float(sum(self.values))

    def upper_needed(self, rules: Rules) -> float:
        """How far above the total the bound of an outsider must lie, so that the second largest unit cannot know the
        largest to within p%: p/100 x1 - (X - x1 - x2), at least 0 (ESS handbook, ch. 4)."""
        first = self.values[0] if self.values else 0.0
        rest = sum(self.values[2:])
        return max(0.0, rules.p_percent / 100 * first - rest)


def primary(cell: Cell, rules: Rules) -> list[str]:
    """Why a cell is unsafe: ``frequency``, ``dominance``, ``p_percent``; empty if it is safe. An empty cell is safe.

    Frequency counts units, so that two firms of one holding are one. A cell of nothing but noughts tells that every
    unit has nought: it is judged by frequency alone.
    """
    if not cell.units:
        return []
    found = ["frequency"] if len(cell.units) < rules.min_frequency else []
    total = cell.total
    if total > 0:
        if rules.dominance and sum(cell.values[: rules.dominance.n]) > rules.dominance.k / 100 * total:
            found.append("dominance")
        if sum(cell.values[2:]) < rules.p_percent / 100 * cell.values[0]:
            found.append("p_percent")
    return found


def unsafe_ratio(numerator: list[str], denominator: list[str]) -> list[str]:
    """Why a ratio may not be shown: what is wrong with either side of it, since the other may be known."""
    return [f"numerator {reason}" for reason in numerator] + [f"denominator {reason}" for reason in denominator]
