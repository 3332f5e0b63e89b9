"""Tables of the survey: intervals, the gate, domains, and the bootstrap against what is known of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from observatory.errors import DataError
from observatory.estimators import survey_bootstrap as boot
from observatory.estimators import survey_variance as variance
from observatory.estimators.survey import estimate, response_rates
from observatory.estimators.survey_gate import Gate

# The 56 made-up firms of check survey_56_synthetic: turnovers 1 to 56 in the order given, 300 in the population.
SHARES = np.repeat([0, 1, 2, 3, 5, 8, 10, 15, 20, 30, 45, 60], [11, 8, 6, 5, 6, 4, 5, 3, 3, 2, 2, 1]).astype(float)
OPEN_GATE = Gate(publish=1e9, warn=1e9, minimum=1, preferred=1, percentiles=1)


def wave(n: int = 56, **columns: Any) -> pa.Table:
    """A wave of firms drawn by design out of 300 in one stratum, 34 of 56 not expecting a rise."""
    base: dict[str, Any] = {
        "firm": [f"f{number}" for number in range(n)],
        "wave": ["2026"] * n,
        "branch": ["25", "28"] * (n // 2) + ["25"] * (n % 2),
        "size": ["S"] * n,
        "territory": ["48"] * n,
        "stratum": ["all"] * n,
        "population": pa.array([300] * n, pa.int64()),
        "weight": pa.nulls(n, pa.float64()),
        "share_pct": np.resize(SHARES, n),
        "turnover": np.arange(1.0, n + 1),
        "service_turnover": pa.nulls(n, pa.float64()),
        "expectation": (["+"] * 22 + ["="] * 24 + ["-"] * 10 + ["dk"] * n)[:n],
        "designed": [True] * n,
    }
    return pa.table(base | columns)


def row(table: pa.Table, indicator: str, variant: str = "unweighted", **place: Any) -> dict[str, Any]:
    found = [
        r
        for r in table.to_pylist()
        if (r["indicator"], r["variant"]) == (indicator, variant) and all(r[k] == v for k, v in place.items())
    ]
    assert len(found) == 1
    return found[0]


def test_mean_of_the_56_firms_by_design(shared: Path) -> None:
    checks = json.loads((shared / "reference" / "crosschecks.json").read_text(encoding="utf-8"))["checks"]
    wanted = next(c for c in checks if c["id"] == "survey_56_synthetic")["expected"]
    spread, df = variance.stratified_variance(SHARES, np.ones(56), np.zeros(56, int), [56], [56 / 300])
    free, _ = variance.stratified_variance(SHARES, np.ones(56), np.zeros(56, int), [56], [0.0])
    assert df == 55
    assert np.sqrt(spread) == pytest.approx(wanted["se_fpc"], abs=1e-9)
    found = variance.mean_interval(8.25, free, df)
    assert (found.lower, found.upper) == pytest.approx(wanted["t_ci95"], abs=1e-6)


def test_figures_of_the_56_firms() -> None:
    table = estimate(wave(), gate=OPEN_GATE)
    mean = row(table, "svy_mean_share")
    assert mean["value"] == pytest.approx(8.25)
    assert mean["cv"] == pytest.approx(100 * 1.497886678679 / 8.25)
    assert mean["method"] == "stratified FPC"
    assert row(table, "svy_tw_share", "turnover_weighted")["value"] == pytest.approx(13.61591478696742)
    assert row(table, "svy_median_share")["value"] == 3.0
    assert row(table, "svy_p90_p10_gap")["value"] == 20.0
    assert row(table, "svy_frontrunner_share")["value"] == pytest.approx(14.28571429)
    assert row(table, "svy_gini")["value"] == pytest.approx(0.6620284477427)
    assert row(table, "svy_gini", "corrected")["value"] == pytest.approx(0.6740653286108)
    zero, no_rise = row(table, "svy_zero_share"), row(table, "svy_no_increase_share")
    assert (zero["lower"], zero["upper"]) == pytest.approx((11.33859567, 31.84460763), abs=1e-6)
    assert (no_rise["lower"], no_rise["upper"]) == pytest.approx((47.6334028, 72.41958427), abs=1e-6)
    assert row(table, "svy_expectation_balance", "three_point")["value"] == pytest.approx(100 * 12 / 56)
    for figure in table.filter(pa.compute.is_valid(table["lower"])).to_pylist():
        assert figure["lower"] <= figure["value"] <= figure["upper"]


def test_without_design_every_interval_is_indicative() -> None:
    table = estimate(wave(designed=[False] * 56), gate=OPEN_GATE)
    methods = {r["indicator"]: r["method"] for r in table.to_pylist() if r["indicator"] != "svy_neff"}
    assert all(method.endswith("model-based, indicative") for method in methods.values())
    assert methods["svy_mean_share"].startswith("BCa bootstrap")
    assert methods["svy_zero_share"].startswith("Wilson")
    assert set(table["variant"].to_pylist()) == {"unweighted", "turnover_weighted", "three_point", "corrected"}
    weighted = estimate(wave(designed=[False] * 56, weight=np.arange(1.0, 57)), gate=OPEN_GATE)
    assert row(weighted, "svy_mean_share", "calibrated")["value"] == pytest.approx(13.61591478696742)
    zero = row(weighted, "svy_zero_share", "calibrated")
    assert zero["n_eff"] == pytest.approx(1596**2 / 60116)
    assert zero["method"] == "Wilson, Kish n_eff, model-based, indicative"
    assert row(weighted, "svy_neff", "calibrated_kish_deff")["value"] == pytest.approx(56 * 60116 / 1596**2)


def test_bca_agrees_with_scipy() -> None:
    """SciPy's bca, an implementation of its own, on the mean, the median and the Gini of the 56 firms."""
    from scipy.stats import bootstrap

    from observatory.estimators import survey_statistics as stats

    zeros, ones = np.zeros(56, dtype=np.int64), np.ones(56)
    plan, times = boot.simple_plan(56), 20_000
    ranks = boot.rank_replicates(SHARES, ones, zeros, plan, times, np.random.default_rng(1))
    means = boot.ratio_replicates(SHARES, ones, zeros, plan, times, np.random.default_rng(2))
    cases = ((means, 0, stats.mean, 0.25), (ranks, 2, stats.gini, 0.006))
    for found, k, statistic, tolerance in cases:
        ours = boot.bca(float(found.point[k]), found.draws[k], found.without_one[k], found.size, 0.95)
        theirs = bootstrap((SHARES,), statistic, vectorized=False, n_resamples=4000, rng=np.random.default_rng(3))
        interval = theirs.confidence_interval
        assert (ours.lower, ours.upper) == pytest.approx((interval.low, interval.high), abs=tolerance)
        assert ours.se == pytest.approx(theirs.standard_error, rel=0.06)


def test_rao_wu_has_the_stratified_variance() -> None:
    """The replicates of a total spread as the textbook variance with FPC says, a stratum of 2 and a census included."""
    random = np.random.default_rng(7)
    sampled, population = np.array([2, 5, 12, 4, 30]), np.array([10, 9, 100, 4, 31])
    code = np.repeat(np.arange(5), sampled)
    y, w = random.lognormal(2, 1, code.size), (population / sampled)[code]
    plan = boot.rao_wu_plan(sampled, sampled / population)
    found = boot.ratio_replicates(w * y, np.full(code.size, population.sum() / code.size), code, plan, 40_000, random)
    wanted = sum(
        (1 - n / N) * N**2 * y[code == h].var(ddof=1) / n
        for h, (n, N) in enumerate(zip(sampled, population, strict=True))
    )
    # The denominator is the same for all firms, but is drawn as well: take the total itself.
    units = boot.join((w * y,), code, np.zeros(code.size, dtype=np.int64), y)
    totals = np.concatenate([c @ units.columns[0] for c in boot.multipliers(units, plan, 40_000, random)])
    assert totals.var() == pytest.approx(wanted, rel=0.04)
    assert totals.mean() == pytest.approx(w @ y, rel=0.005)
    assert found.draws.shape == (1, 40_000)


def test_rao_wu_of_a_domain_draws_the_firms_outside_too() -> None:
    """The bootstrap of a domain's mean spreads as its linearised variance, which counts the firms outside as zeros."""
    random = np.random.default_rng(8)
    n = 400
    code = np.repeat([0, 1], n // 2)
    inside = np.flatnonzero(random.random(n) < 0.3)
    y, w = random.normal(10, 3, n), np.where(code == 0, 2.0, 8.0)
    sampled, fraction = np.array([200, 200]), np.array([0.5, 0.125])
    spread, df = variance.stratified_variance(y[inside], w[inside], code[inside], sampled, fraction)
    plan = boot.rao_wu_plan(sampled, fraction)
    found = boot.ratio_replicates((w * y)[inside], w[inside], code[inside], plan, 20_000, random)
    assert df == 398
    assert found.draws.std() == pytest.approx(np.sqrt(spread), rel=0.04)


@pytest.mark.parametrize("own_weights", [False, True])
def test_joined_units_give_the_intervals_of_single_firms(own_weights: bool) -> None:
    """5,000 firms in at most 2,000 units against the exact bootstrap: the standard errors agree within their noise."""
    random = np.random.default_rng(11)
    n = 5000
    code = random.integers(0, 4, n)
    x = np.where(random.random(n) < 0.2, 0.0, np.minimum(random.lognormal(1.5, 1.2, n), 100))
    w = random.lognormal(0, 0.5, n) if own_weights else 1.0 + code
    turnover = random.lognormal(5, 1.5, n)
    sampled = np.bincount(code)
    plan = boot.rao_wu_plan(sampled, np.full(4, 0.25))
    found = {}
    for limit in (10_000, 2000):
        ranks = boot.rank_replicates(x, w, code, plan, 4000, np.random.default_rng(1), limit)
        parts = (w * turnover * x, w * turnover)
        ratios = boot.ratio_replicates(*parts, code, plan, 4000, np.random.default_rng(2), limit)
        assert (ranks.size.size <= 1.1 * limit) and ranks.size.sum() == n
        found[limit] = np.append(ranks.draws.std(axis=1), ratios.draws.std())
    assert found[2000] == pytest.approx(found[10_000], rel=0.08)


def test_units_join_no_strata_and_lose_no_firm() -> None:
    code = np.repeat([0, 1, 2], 50)
    x = np.arange(150.0)
    units = boot.join((x,), code, np.zeros(150, dtype=np.int64), x, 12)
    assert units.size.sum() == 150
    assert units.size.size <= 15
    assert units.size @ units.columns[0] == pytest.approx(x.sum())
    assert np.bincount(units.stratum, units.size).tolist() == [50, 50, 50]
    alike = boot.join((np.zeros(150),), code, np.zeros(150, dtype=np.int64), np.zeros(150))
    assert alike.size.tolist() == [50, 50, 50]


def test_lonely_strata_are_collapsed_and_a_census_is_not_lonely() -> None:
    codes = [0, 1, 1, 2, 3, 4, 4]
    found = variance.strata(codes, [9, 8, 8, 7, 1, 6, 6], [True] * 7, waves=[0, 0, 0, 0, 1])
    assert found.of_firm.tolist() == [0, 0, 0, 0, 1, 2, 2]
    assert found.sampled.tolist() == [4, 1, 2]
    assert found.population.tolist() == [24, 1, 6]
    assert found.lonely.tolist() == [2, 0, 0]
    table = estimate(wave(stratum=["lone"] + ["rest"] * 55, population=pa.array([9] + [300] * 55)), gate=OPEN_GATE)
    assert row(table, "svy_mean_share", "design")["reason"] == "1 lonely strata collapsed"


def test_a_lonely_stratum_with_no_other_leaves_no_interval() -> None:
    table = estimate(wave(1), gate=OPEN_GATE)
    mean = row(table, "svy_mean_share")
    assert (mean["value"], mean["lower"], mean["upper"]) == (0.0, None, None)
    assert "no interval: a stratum of one firm" in mean["reason"]


def test_a_census_has_no_sampling_error() -> None:
    table = estimate(wave(population=pa.array([56] * 56)), gate=OPEN_GATE)
    for indicator in ("svy_mean_share", "svy_zero_share", "svy_gini", "svy_median_share"):
        found = row(table, indicator, "design")
        assert (found["lower"], found["upper"]) == pytest.approx((found["value"], found["value"]))


def test_design_weights_are_population_over_sample_where_none_are_given() -> None:
    stratum, population = ["a"] * 16 + ["b"] * 40, [16] * 16 + [400] * 40
    given = wave(stratum=stratum, population=pa.array(population))
    table = estimate(given, gate=OPEN_GATE)
    weighted = wave(stratum=stratum, population=pa.array(population), weight=[1.0] * 16 + [10.0] * 40)
    assert table == estimate(weighted, gate=OPEN_GATE)
    assert row(table, "svy_mean_share", "design")["value"] == pytest.approx(
        (SHARES[:16].sum() + 10 * SHARES[16:].sum()) / 416
    )


def test_the_gate_warns_suppresses_and_says_why() -> None:
    table = estimate(wave())
    mean, median = row(table, "svy_mean_share"), row(table, "svy_median_share")
    assert (mean["status"], mean["reason"]) == ("U", "CV 18.2 % above 16.5 %")
    assert (median["status"], median["value"], median["lower"], median["cv"]) == ("U", None, None, None)
    assert median["reason"].startswith("suppressed: CV ")
    assert row(table, "svy_gini")["status"] == "A"
    small = estimate(wave(4))
    assert {r["status"] for r in small.to_pylist() if r["indicator"] == "svy_median_share"} == {"C"}
    two = estimate(wave(2))
    assert set(two["status"].to_pylist()) == {"C"}
    assert set(two["value"].to_pylist()) == {None}
    assert set(two["reason"].to_pylist()) >= {"suppressed: 2 firms, 3 needed"}
    loose = row(estimate(wave(), gate=Gate(publish=20)), "svy_mean_share")
    assert (loose["status"], loose["reason"]) == ("A", "")


def test_a_share_of_one_or_two_firms_is_suppressed_from_either_side() -> None:
    for zeros in (2, 54):
        share = [0.0] * zeros + [5.0] * (56 - zeros)
        found = row(estimate(wave(share_pct=share), gate=Gate(warn=1e9)), "svy_zero_share")
        assert (found["status"], found["value"]) == ("C", None)
    nobody = row(estimate(wave(share_pct=[5.0] * 56)), "svy_zero_share")
    assert (nobody["status"], nobody["value"], nobody["lower"], nobody["reason"]) == ("U", 0.0, 0.0, "no CV")


def test_who_does_not_know_is_left_out_and_counted() -> None:
    answers = ["++"] * 20 + ["="] * 20 + ["--"] * 10 + ["dk"] * 4 + [None] * 2
    table = estimate(wave(expectation=answers), gate=OPEN_GATE)
    for indicator, variant in (("svy_no_increase_share", "unweighted"), ("svy_expectation_balance", "five_point")):
        found = row(table, indicator, variant)
        assert (found["n"], found["excluded"]) == (50, 6)
        assert "left out: 4 don't know, 2 without an answer" in found["reason"]
    assert row(table, "svy_no_increase_share")["value"] == pytest.approx(60)
    assert row(table, "svy_expectation_balance", "five_point")["value"] == pytest.approx(20)


def test_shares_and_turnover_that_are_missing_are_left_out_and_counted() -> None:
    share = [None] * 6 + SHARES[6:].tolist()
    table = estimate(wave(share_pct=share, turnover=[None] * 8 + [1.0] * 48), gate=OPEN_GATE)
    assert (row(table, "svy_mean_share")["n"], row(table, "svy_mean_share")["excluded"]) == (50, 6)
    assert row(table, "svy_tw_share", "turnover_weighted")["n"] == 48
    nothing = estimate(wave(share_pct=pa.nulls(56, pa.float64())))
    assert row(nothing, "svy_mean_share")["status"] == "M"
    no_service = estimate(wave(share_pct=[0.0] * 56))
    assert row(no_service, "svy_gini")["status"] == "M"


def test_domains_have_a_row_each_and_do_not_touch_one_another() -> None:
    both = estimate(wave(), ["branch", "size"], gate=OPEN_GATE)
    assert set(both["branch"].to_pylist()) == {"25", "28"}
    first = row(both, "svy_mean_share", branch="25")
    assert first["n"] == 28
    assert first["value"] == pytest.approx(SHARES[::2].mean())
    shuffled = wave().take(np.random.default_rng(5).permutation(56))
    again = estimate(shuffled, ["branch", "size"], gate=OPEN_GATE)
    numbers = ["value", "lower", "upper", "cv", "n_eff"]
    for column in numbers:
        found, wanted = (np.array(t[column].to_pylist(), dtype=float) for t in (again, both))
        assert found == pytest.approx(wanted, rel=1e-9, nan_ok=True)
    assert again.drop_columns(numbers) == both.drop_columns(numbers)
    alone = estimate(wave(designed=[False] * 56).filter(np.resize([True, False], 56)), ["branch"], gate=OPEN_GATE)
    among = estimate(wave(designed=[False] * 56), ["branch"], gate=OPEN_GATE)
    assert row(alone, "svy_gini", branch="25") == row(among, "svy_gini", branch="25")


def test_waves_are_samples_of_their_own() -> None:
    two = pa.concat_tables([wave(), wave(wave=["2027"] * 56, designed=[False] * 56, population=pa.array([400] * 56))])
    with pytest.raises(DataError, match="expected one wave, found 2026, 2027"):
        estimate(two)
    table = estimate(two, ["wave"], gate=OPEN_GATE)
    assert row(table, "svy_mean_share", wave="2026")["method"] == "stratified FPC"
    assert row(table, "svy_mean_share", wave="2027")["method"] == "BCa bootstrap, model-based, indicative"
    alone = row(estimate(wave(), ["wave"], gate=OPEN_GATE), "svy_gini", wave="2026")
    assert row(table, "svy_gini", wave="2026") == alone


def test_an_empty_table_gives_an_empty_table() -> None:
    empty = wave().slice(0, 0)
    table = estimate(empty, ["branch"])
    assert table.num_rows == 0
    assert table.column_names == estimate(wave(), ["branch"]).column_names
    assert (
        response_rates(pa.table({"outcome": pa.array([], pa.string()), "designed": pa.array([], pa.bool_())})).num_rows
        == 0
    )


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"weight": [None] * 6 + [1.0] * 50}, "wave 2026: expected a weight above 0 .* some firms without"),
        ({"weight": [-1.0] + [1.0] * 55}, "wave 2026: .* found -1"),
        ({"population": pa.array([40] * 56)}, "stratum all of wave 2026: .* at least the 56 firms sampled, found 40"),
        ({"population": pa.array([300] * 50 + [301] * 6)}, "found 300 to 301"),
        ({"population": pa.array([300] * 50 + [None] * 6)}, "300 and none"),
        ({"expectation": ["up"] * 56}, "found up"),
    ],
)
def test_contradictions_are_refused(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        estimate(wave(**columns))


def test_response_rates_of_aapor() -> None:
    outcome = ["complete"] * 56 + ["partial"] * 4 + ["refusal"] * 20 + ["non_contact"] * 10 + ["unknown"] * 100
    outcome += ["not_eligible"] * 30
    log = pa.table({"wave": ["2026"] * 220, "outcome": outcome, "designed": [True] * 220})
    found = {r["variant"]: r["value"] for r in response_rates(log, ["wave"]).to_pylist()}
    assert found["RR1"] == pytest.approx(100 * 56 / 190)
    assert found["RR2"] == pytest.approx(100 * 60 / 190)
    assert found["RR3"] == pytest.approx(100 * 56 / (90 + 100 * 90 / 120))
    chosen = response_rates(log.set_column(2, "designed", pa.array([False] * 220)))
    assert set(chosen["status"].to_pylist()) == {"M"}
    assert chosen["value"].null_count == 3
    assert set(chosen["reason"].to_pylist()) == {"not drawn by design: no response rate"}
    with pytest.raises(DataError, match="as outcome, found refused"):
        response_rates(pa.table({"outcome": ["refused"], "designed": [True]}))
