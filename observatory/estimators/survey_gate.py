"""The gate that decides whether a figure of the survey is shown, shown with a warning, or suppressed.

Belongs here: what a figure is, and the rules on its precision and on the number of firms behind it. Does not
belong here: how it is made (survey_figures.py), and disclosure control beyond counts of firms (dominance, p%).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NONE = float("nan")


@dataclass(frozen=True)
class Figure:
    """One estimate on its way to a row.

    ``cases``: firms with the feature, for shares; ``base``: what the CV divides by, if not the value;
    ``is_judged``: whether the gate looks at its CV.
    """

    indicator: str
    variant: str
    value: float
    n: int
    n_eff: float
    lower: float = NONE
    upper: float = NONE
    se: float = NONE
    base: float = NONE
    method: str = ""
    notes: tuple[str, ...] = ()
    excluded: int = 0
    cases: int | None = None
    is_percentile: bool = False
    is_judged: bool = True

    @property
    def cv(self) -> float:
        """Coefficient of variation in percent; NaN where the value is 0."""
        base = abs(self.value if np.isnan(self.base) else self.base)
        return 100 * self.se / base if base > 0 else NONE


@dataclass(frozen=True)
class Gate:
    """When a figure is published, warned of (status U) or suppressed.

    ``publish`` and ``warn``: coefficients of variation in percent up to which a figure is published, and shown
    with a warning; above, it is suppressed with U (convention of Statistics Canada). ``minimum``: firms that every
    cell needs, and both sides of a share unless one is empty, else suppressed with C; ``preferred``: firms below
    which a figure gets U; ``percentiles``: firms that a median or a percentile needs, else C.
    """

    publish: float = 16.5
    warn: float = 33.3
    minimum: int = 3
    preferred: int = 5
    percentiles: int = 10

    def judge(self, figure: Figure) -> tuple[str, str, bool]:
        """Status, reason, and whether the figure is shown."""
        n, few = figure.n, self.percentiles if figure.is_percentile else self.minimum
        if n == 0:
            return "M", "no firm with an answer", False
        if n < few:
            return "C", f"suppressed: {n} firms, {few} needed", False
        if figure.cases is not None and 0 < min(figure.cases, n - figure.cases) < self.minimum:
            return "C", f"suppressed: fewer than {self.minimum} firms on one side of the share", False
        if not np.isfinite(figure.value):
            return "M", "no value: nothing to divide by", False
        if not figure.is_judged:
            return "A", "", True
        if figure.cv > self.warn:
            return "U", f"suppressed: CV {figure.cv:.1f} % above {self.warn:g} %", False
        reasons = (
            f"CV {figure.cv:.1f} % above {self.publish:g} %" if figure.cv > self.publish else "",
            "" if np.isfinite(figure.cv) else "no CV",
            f"fewer than {self.preferred} firms" if n < self.preferred else "",
        )
        return ("U" if any(reasons) else "A"), "; ".join(filter(None, reasons)), True
