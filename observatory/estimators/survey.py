"""The servitization survey as tables: estimates by domain and the response rate.

Belongs here: Arrow in and Arrow out. Does not belong here: the bridge to the official share (svy_bridge.sql), which
interval a figure gets and the quality gate (survey_figures.py), weights from margins (weighting.calibrate), and the
reading of files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from observatory.errors import DataError
from observatory.estimators import require
from observatory.estimators import survey_statistics as stats
from observatory.estimators.intervals import LEVEL, finite
from observatory.estimators.survey_figures import Answers, Cell, Settings, figures
from observatory.estimators.survey_gate import Figure, Gate
from observatory.estimators.survey_variance import strata

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
ANSWERS = ("share_pct", "turnover", "service_turnover", "expectation")
COLUMNS = ("wave", "stratum", "population", "weight", "designed", *ANSWERS)
FRONTRUNNER = 20.0  # percent of turnover
REPLICATES = 2000
SEED = 20_260_101
OUTCOMES = ("complete", "partial", "refusal", "non_contact", "other", "unknown", "not_eligible")


def estimate(
    table: pa.Table,
    by: Sequence[str] = (),
    *,
    replicates: int = REPLICATES,
    seed: int = SEED,
    level: float = LEVEL,
    gate: Gate | None = None,
    frontrunner: float = FRONTRUNNER,
) -> pa.Table:
    """All figures of the survey for each combination of ``by``, a row each.

    Input, one row a firm and wave: wave, stratum, population (firms N of the stratum, or null), weight (above 0;
    null for all firms of a wave or for none), designed (drawn by design), share_pct, turnover, service_turnover
    (null: share_pct of turnover), expectation (++ + = - -- dk or null), and the columns of ``by``. Waves are samples
    of their own: several need ``wave`` in ``by``. Designed firms without weight get N / n of their stratum.

    Output: indicator, variant, ``by``, value (percent; points for balance and gap; 0-1 for Gini; firms for n_eff),
    lower, upper, n (firms with an answer), excluded (firms without), n_eff (Kish; for weighted shares by design that
    of the stratified variance; for svy_tw_share with turnover as weight), cv (percent; of a balance relative to its
    distance from -100), method, status (A, U, C, M), reason. What is suppressed has a row without value, bounds, n_eff
    and cv.

    Weightings: ``unweighted``, and with weights ``design`` if all strata of the cell were drawn by design, else
    ``calibrated``. P90 / P10 is not given: with a tenth of the firms at 0 it is undefined. Memory and time: see
    survey_bootstrap. Raises DataError for a missing column, mixed waves, weights that are partly missing or not
    above 0, contradicting populations, and unknown answers.
    """
    require(table, dict.fromkeys((*COLUMNS, *by)), "survey.estimate")
    settings = Settings(replicates, seed, level, gate or Gate(), frontrunner)
    answers, weights = _answers(table, "wave" in by)
    cells, number = _cells(table, by)
    order = np.argsort(number, kind="stable")
    edges = np.searchsorted(number[order], np.arange(len(cells) + 1))
    rows: list[tuple[dict[str, Any], Figure]] = []
    for at, place in enumerate(cells):
        firms = np.sort(order[edges[at] : edges[at + 1]])
        label = "|".join(f"{column}={value}" for column, value in place.items())
        cell = Cell(answers, settings, firms, np.ones(firms.size), "unweighted", label)
        rows += [(place, figure) for figure in figures(cell)]
        if np.isfinite(weights[firms]).all():
            weighting = "design" if cell.is_designed else "calibrated"
            weighted = Cell(answers, settings, firms, weights[firms], weighting, label)
            rows += [(place, figure) for figure in figures(weighted)]
    keys = [(column, "ascending") for column in (*by, "indicator", "variant")]
    return _table(table, by, rows, settings.gate).sort_by(keys)


def response_rates(table: pa.Table, by: Sequence[str] = ()) -> pa.Table:
    """Response rates of the fieldwork in percent, for each combination of ``by``.

    Input, one row a firm asked: outcome (complete, partial, refusal, non_contact, other, unknown: whether it is
    eligible; not_eligible), designed (bool), and the columns of ``by``. Output: indicator, variant, ``by``, value, n
    (firms in the denominator, unknown ones included), status, reason. With I, P, R, NC, O, U: RR1 = I / (I + P + R +
    NC + O + U), RR2 counts P as answers, RR3 is RR1 with e U for U, e the eligible share of the firms whose
    eligibility is known. Source: AAPOR, Standard Definitions. A list that was not drawn by design has no response rate:
    M. Raises DataError for another outcome.
    """
    require(table, ("outcome", "designed", *by), "survey.response_rates")
    codes, names = _codes(table["outcome"])
    if strange := [str(name) for name in names if name not in OUTCOMES]:
        raise DataError(
            f"survey.response_rates: expected {', '.join(OUTCOMES)} as outcome, found {', '.join(strange)}",
            remedy="Recode the fieldwork log",
        )
    designed = _booleans(table["designed"])
    cells, number = _cells(table, by)
    rows = []
    for at, place in enumerate(cells):
        here = number == at
        tally = np.bincount(codes[here], minlength=len(names))
        count = {outcome: int(tally[names.index(outcome)]) if outcome in names else 0 for outcome in OUTCOMES}
        eligible = sum(count[outcome] for outcome in OUTCOMES[:5])
        known, answered = eligible + count["not_eligible"], (count["complete"], count["complete"] + count["partial"])
        asked = eligible + count["unknown"]
        guessed = eligible + (count["unknown"] * eligible / known if known else count["unknown"])
        parts = {"RR1": (answered[0], asked), "RR2": (answered[1], asked), "RR3": (answered[0], guessed)}
        by_design = bool(designed[here].all())
        for variant, (got, of) in parts.items():
            has = by_design and of > 0
            reason = "" if has else "no eligible firm" if by_design else "not drawn by design: no response rate"
            row = {"value": 100 * got / of if has else None, "n": asked, "status": "A" if has else "M"}
            rows.append({"indicator": "svy_response_rate", "variant": variant, **place, **row, "reason": reason})
    types = {"value": pa.float64(), "n": pa.int64(), "status": pa.string(), "reason": pa.string()}
    keys = [(column, "ascending") for column in (*by, "variant")]
    return pa.Table.from_pylist(rows, schema=_schema(table, by, types)).sort_by(keys)


def _answers(table: pa.Table, by_wave: bool) -> tuple[Answers, Floats]:
    """The microdata as columns, and the weight of each firm (NaN for all of a wave that has none)."""
    wave, waves = _codes(table["wave"])
    if len(waves) > 1 and not by_wave:
        raise DataError(
            f"survey.estimate: expected one wave, found {', '.join(map(str, waves))}",
            remedy="Put wave into `by`, or select one wave",
        )
    stratum, strata_names = _codes(table["stratum"])
    both, code = np.unique(wave * len(strata_names) + stratum, return_inverse=True)
    names = [f"{strata_names[at % len(strata_names)]} of wave {waves[at // len(strata_names)]}" for at in both]
    population, designed = _floats(table["population"]), _booleans(table["designed"])
    found = strata(code, population, designed, both // max(len(strata_names), 1), names)
    weight = _floats(table["weight"])
    given = np.bincount(wave, np.isfinite(weight), len(waves)) / np.maximum(np.bincount(wave, minlength=len(waves)), 1)
    partly, wrong = (given > 0) & (given < 1), ~(np.nan_to_num(weight, nan=1.0) > 0)
    if partly.any() or wrong.any():
        at = waves[int(partly.argmax())] if partly.any() else waves[wave[int(wrong.argmax())]]
        raise DataError(
            f"survey.estimate: wave {at}: expected a weight above 0 for every firm or for none, found "
            f"{'some firms without' if partly.any() else f'{weight[int(wrong.argmax())]:g}'}",
            remedy="Complete the weights of the wave (weighting.calibrate), or leave the column empty",
        )
    own = np.isnan(weight) & found.designed[found.of_firm]
    weight = np.where(own, population / np.bincount(code)[code] if code.size else weight, weight)
    expectation, names_of = _codes(table["expectation"])
    three, five = (stats.scores(names_of, five=scale)[expectation] for scale in (False, True))
    asked_five = np.bincount(wave, np.abs(five) == 1, len(waves)) > 0
    share, turnover, service = (_floats(table[column]) for column in ANSWERS[:3])
    unsure = np.asarray([name == "dk" for name in names_of], dtype=np.bool_)[expectation]
    service = np.where(np.isnan(service), share / 100 * turnover, service)
    return Answers(share, turnover, service, three, five, unsure, asked_five[wave], found), weight


def _cells(table: pa.Table, by: Sequence[str]) -> tuple[list[dict[str, Any]], Ints]:
    """The combinations of ``by`` that occur, and the number of each row's."""
    number = np.zeros(table.num_rows, dtype=np.int64)
    places: list[dict[str, Any]] = [{}] if table.num_rows else []
    for column in by:
        codes, names = _codes(table[column])
        pairs, number = np.unique(number * len(names) + codes, return_inverse=True)
        places = [places[pair // len(names)] | {column: names[pair % len(names)]} for pair in pairs]
    return places, number


def _codes(column: Any) -> tuple[Ints, list[Any]]:
    """Numbers of a column's values, and the values in order of their names, null last."""
    encoded = pc.dictionary_encode(column.combine_chunks(), null_encoding="encode")
    values = encoded.dictionary.to_pylist()
    order = sorted(range(len(values)), key=lambda at: (values[at] is None, str(values[at])))
    rank = np.empty(len(values), dtype=np.int64)
    rank[order] = np.arange(len(values))
    return rank[encoded.indices.to_numpy(zero_copy_only=False)], [values[at] for at in order]


def _floats(column: Any) -> Floats:
    """A numeric column as float64, NaN for null."""
    return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)


def _booleans(column: Any) -> npt.NDArray[np.bool_]:
    """A boolean column, null as False."""
    return np.asarray(pc.fill_null(column.cast(pa.bool_()), False).to_numpy(), dtype=np.bool_)


def _schema(table: pa.Table, by: Sequence[str], types: dict[str, pa.DataType]) -> pa.Schema:
    head = [("indicator", pa.string()), ("variant", pa.string())]
    return pa.schema([*map(pa.field, *zip(*head, strict=True)), *(table.schema.field(c) for c in by), *types.items()])


def _table(table: pa.Table, by: Sequence[str], rows: list[tuple[dict[str, Any], Figure]], gate: Gate) -> pa.Table:
    """Figures as rows, after the gate."""
    judged = [gate.judge(figure) for _, figure in rows]
    shown = np.asarray([is_shown for _, _, is_shown in judged], dtype=np.bool_)
    made = [figure for _, figure in rows]
    columns: dict[str, Any] = {
        "indicator": pa.array([figure.indicator for figure in made], pa.string()),
        "variant": pa.array([figure.variant for figure in made], pa.string()),
        **{c: pa.array([place[c] for place, _ in rows], table.schema.field(c).type) for c in by},
    }
    for name in ("value", "lower", "upper"):
        columns[name] = finite(np.where(shown, [getattr(figure, name) for figure in made], np.nan))
    columns["n"] = pa.array([figure.n for figure in made], pa.int64())
    columns["excluded"] = pa.array([figure.excluded for figure in made], pa.int64())
    for name in ("n_eff", "cv"):
        columns[name] = finite(np.where(shown, [getattr(figure, name) for figure in made], np.nan))
    columns["method"] = pa.array([figure.method for figure in made], pa.string())
    columns["status"] = pa.array([status for status, _, _ in judged], pa.string())
    reasons = ["; ".join(filter(None, (why, *figure.notes))) for (_, why, _), figure in zip(judged, made, strict=True)]
    columns["reason"] = pa.array(reasons, pa.string())
    return pa.table(columns)
