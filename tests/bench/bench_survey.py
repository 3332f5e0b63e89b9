"""Budgets of the survey estimators: 2,000 replicates at a million firms, in time per firm and in memory.

The sample is the hardest kind: shares and turnovers that are all distinct, 96 strata, weights per stratum. Each
figure is CPU time of the estimator alone, so that making the sample and importing do not count; nor do they in the
peak, which is what a process that estimates needs above one that only makes the sample.
"""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa

from observatory.estimators.survey import estimate
from tests.bench.chain import budget, spent

LARGE, SMALL = 1_000_000, 100_000
REPLICATES = 2_000
BRANCHES, SIZES = 24, 4
MOST_MEMORY = 400.0  # MiB above the sample
REPEATS = 2


def sample(firms: int, *, designed: bool) -> pa.Table:
    """A made-up wave: a fifth of the firms without service revenue, heavy-tailed turnover, from a seed."""
    random = np.random.default_rng(20260101)
    branch, size = random.integers(0, BRANCHES, firms), random.integers(0, SIZES, firms)
    stratum = branch * SIZES + size
    sampled = np.bincount(stratum, minlength=BRANCHES * SIZES)
    population = sampled * (2 + np.arange(sampled.size) % 5)
    share = np.where(random.random(firms) < 0.2, 0.0, np.minimum(random.lognormal(1.5, 1.2, firms), 100.0))
    answers = np.array(["++", "+", "=", "-", "--", "dk"])
    names = np.array([f"s{number:02d}" for number in range(sampled.size)])
    return pa.table(
        {
            "wave": pa.array(np.full(firms, "2026")),
            "branch": pa.array(branch),
            "stratum": pa.array(names[stratum]),
            "population": pa.array(population[stratum]),
            "weight": pa.array((population / sampled)[stratum]),
            "designed": pa.array(np.full(firms, designed)),
            "share_pct": pa.array(share),
            "turnover": pa.array(random.lognormal(7 + size, 1.5, firms)),
            "service_turnover": pa.nulls(firms, pa.float64()),
            "expectation": pa.array(answers[random.integers(0, answers.size, firms)]),
        }
    )


def seconds(firms: int, *, designed: bool) -> float:
    """Least CPU seconds of a few estimates of the whole sample, all figures and weightings."""
    table, found = sample(firms, designed=designed), []
    for _ in range(REPEATS):
        start = time.process_time()
        estimate(table, replicates=REPLICATES)
        found.append(time.process_time() - start)
    return min(found)


def measure() -> list[dict[str, object]]:
    """Time per firm at a million against a tenth of it, and the peak at a million, with and without design."""
    rows = []
    for designed, name in ((True, "Rao-Wu, 96 strata"), (False, "BCa")):
        large, small = seconds(LARGE, designed=designed), seconds(SMALL, designed=designed)
        ratio = (large / LARGE) / (small / SMALL)
        note = f"{large:.1f} s against {small:.1f} s CPU, {REPLICATES} replicates"
        rows.append(budget(f"survey, {name}: time per firm at 1 M / at 0.1 M", ratio, 1.0, note))
        code = "from tests.bench import bench_survey as bench; wave = bench.sample({}, designed={}); {}"
        made, used = (spent(["-c", code.format(LARGE, designed, then)]).peak for then in ("", "bench.estimate(wave)"))
        note = f"{used - made:.0f} MiB above {made:.0f} MiB of the sample"
        what = f"survey, {name}: memory at 1 M firms / {MOST_MEMORY:.0f} MiB"
        rows.append(budget(what, (used - made) / MOST_MEMORY, 1.0, note))
    return rows


if __name__ == "__main__":
    for row in measure():
        print(row)
