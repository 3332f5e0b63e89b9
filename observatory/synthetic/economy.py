"""The made-up regional economy: value added and employment by branch, territory and capital.

Belongs here: the few arrays from which every table follows, and their calibration to the journal's figures. Does not
belong here: tables (accounts.py and its neighbours). Arrays are (place, branch of A38 without U, year 1995-2025).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from observatory.synthetic import lists, numbers
from observatory.synthetic.px import Array

FIRST, LAST = 1995, 2025
YEARS = np.arange(FIRST, LAST + 1)
ANCHOR = 2017
# Value added of the region in million euro, by eye at turning points; between them a line.
LEVELS = {1995: 26e3, 2000: 37e3, 2008: 61e3, 2013: 57e3, 2019: 67e3, 2020: 61e3, 2022: 72e3, 2025: 84e3}
# The journal: more than 28,000 KIBS jobs in Bilbao, half of them professional; KIBS are 26 % of its value added.
BILBAO_JOBS = {"J": 7_450, "K": 6_850, "M": 14_300}
BILBAO_GVA_SHARE = 0.26
GROUPS = {"J": ("JA", "JB", "JC"), "K": ("K",), "M": ("MA", "MB", "MC")}


@dataclass(frozen=True)
class Economy:
    """``gva`` in thousand euro and ``jobs`` by territory; the same in the capitals (Bilbao, Donostia, Vitoria);
    ``a38`` the parameters of each branch."""

    gva: Array
    jobs: Array
    capital_gva: Array
    capital_jobs: Array
    a38: dict[str, Array]

    def years(self, values: Array, first: int, last: int) -> Array:
        """The years of a table, from the last axis."""
        return values[..., first - FIRST : last - FIRST + 1]


def place(branch: str) -> int:
    """Position of a branch of A38."""
    return lists.ORDER.index(branch)


def build(home: Path) -> Economy:
    """The economy; the same for the same parameters."""
    table = {row["branch"]: row for row in lists.rows(home, "a38")}
    a38 = {
        column: np.array([float(table[branch][column]) for branch in lists.ORDER])
        for column in next(iter(table.values()))
        if column != "branch"
    }
    gva = _gva(a38)
    jobs = _jobs(gva, a38)
    capital_gva, capital_jobs = _capitals(gva, jobs, a38)
    return Economy(gva, jobs, capital_gva, capital_jobs, a38)


def _gva(a38: dict[str, Array]) -> Array:
    total = np.interp(YEARS, list(LEVELS), list(LEVELS.values())) * 1000
    pace = (YEARS - 2008) / 15
    # the mix moves in a straight line between its two years and stands still before the first
    mix = a38["gva_2008"][:, None] + (a38["gva_2023"] - a38["gva_2008"])[:, None] * np.clip(pace, -0.4, 1.15)
    mix = np.maximum(mix * numbers.wobble("gva", 0.015, *mix.shape), 0.01)
    levels = np.round(total * mix / mix.sum(axis=0))
    araba, gipuzkoa = a38["araba_pct"], a38["gipuzkoa_pct"]
    shares = np.stack([araba, 100 - araba - gipuzkoa, gipuzkoa], axis=-1)[:, None, :]
    drift = numbers.wobble("territory", 0.02, *levels.shape, 3)
    return np.moveaxis(numbers.split(levels, shares * drift), -1, 0)


def _jobs(gva: Array, a38: dict[str, Array]) -> Array:
    nominal = np.interp(YEARS, [1995, 2008, 2015, 2025], [0.62, 0.93, 1.0, 1.24])
    per_job = a38["thousand_euro_per_job_2015"][:, None] * nominal
    return np.round(gva / per_job * numbers.wobble("jobs", 0.01, *gva.shape))


def _capitals(gva: Array, jobs: Array, a38: dict[str, Array]) -> tuple[Array, Array]:
    """Value added and jobs of the capitals: a share of their territory by branch.

    Bilbao's shares are scaled so that the journal's figures hold in the year of the anchor.
    """
    at = ANCHOR - FIRST
    bizkaia, gipuzkoa, araba = (lists.TERRITORIES.index(code) for code in ("48", "20", "01"))
    of_jobs, of_gva = a38["bilbao_pct"] / 100, a38["bilbao_pct"] / 100
    of_jobs, of_gva = of_jobs.copy(), of_gva.copy()
    kibs = [place(branch) for members in GROUPS.values() for branch in members]
    for group, wanted in BILBAO_JOBS.items():
        members = [place(branch) for branch in GROUPS[group]]
        factor = wanted / (jobs[bizkaia, members, at] * of_jobs[members]).sum()
        of_jobs[members] = np.minimum(of_jobs[members] * factor, 0.97)
    of_gva[kibs] = of_jobs[kibs]
    others = [at for at in range(len(lists.ORDER)) if at not in kibs]
    inside = (gva[bizkaia, :, at] * of_gva)[kibs].sum()
    outside = (gva[bizkaia, :, at] * of_gva)[others].sum()
    scale = inside * (1 - BILBAO_GVA_SHARE) / BILBAO_GVA_SHARE / outside
    of_gva[others] *= scale
    of_jobs[others] *= scale
    shares = [
        (bizkaia, of_gva, of_jobs),
        (gipuzkoa, a38["donostia_pct"] / 100, a38["donostia_pct"] / 100),
        (araba, a38["vitoria_pct"] / 100, a38["vitoria_pct"] / 100),
    ]
    noise = numbers.wobble("capitals", 0.01, len(shares), *gva.shape[1:])
    noise[:, :, at] = 1
    found_gva = np.stack([np.round(gva[t] * g[:, None] * n) for (t, g, _), n in zip(shares, noise, strict=True)])
    found_jobs = np.stack([np.round(jobs[t] * j[:, None] * n) for (t, _, j), n in zip(shares, noise, strict=True)])
    return found_gva, found_jobs
