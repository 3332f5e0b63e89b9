"""Programme monitoring: formulas against published values, the journal's facts, and made-up registers in full."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from observatory import survey_store
from observatory.build import Workspace
from observatory.errors import DataError
from observatory.estimators import programme
from observatory.settings import Settings

KEY = "a secret that stays the same"
BASE = {"geo": "48020", "activity": "NACE2:TOTAL", "period": "2019-03", "provenance": "programme", "sources": "x"}


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    # Newcombe 1998 (Statistics in Medicine 17), table I, exact; 0 of 3 and 3 of 3 in closed form
    [(81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (0, 20, 0.0, 0.1684), (1, 29, 0.0009, 0.1776),
     (0, 3, 0.0, 1 - 0.025 ** (1 / 3)), (3, 3, 0.025 ** (1 / 3), 1.0)],
)  # fmt: skip
def test_clopper_and_pearson(k: int, n: int, low: float, high: float) -> None:
    found = programme.clopper_pearson(k, n)
    assert (found.lower, found.upper) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize(
    ("k", "low", "high"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (7, 2.814, 14.423), (10, 4.795, 18.39)]
)
def test_garwood(k: int, low: float, high: float) -> None:
    """The usual table of exact limits for a Poisson count (Pearson and Hartley, Biometrika Tables, table 40)."""
    assert programme.garwood(k) == pytest.approx((low, high), abs=5e-4)


def test_kaplan_and_meier() -> None:
    """Remission under 6-MP (Freireich and others 1963, Blood 21): the median is 23 weeks."""
    ended = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    running = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    assert programme.median_time([float(t) for t in ended], [float(t) for t in running]) == 23
    assert programme.median_time([5.0], [6.0, 7.0]) is None
    assert programme.median_time([], []) is None


def test_elapsed_counts_from_the_first_day_to_the_last() -> None:
    assert programme.elapsed("2018", "2019", "2018-12-31") == pytest.approx(364 / 729)
    assert programme.elapsed("2018-02", "2019-06", "2020") == 1.0
    assert programme.elapsed("2018-02", "2019-06", "2017") == 0.0


def funnel(*cases: tuple[int, bool, bool]) -> dict[str, dict[str, Any]]:
    rows = [BASE | {"variant": "a", "furthest": f, "is_signed": s, "is_open": o} for f, s, o in cases]
    return {row["variant"]: row for row in programme.funnel(pa.Table.from_pylist(rows)).to_pylist()}


def test_an_open_case_is_no_failure() -> None:
    found = funnel((5, True, False), (3, False, True), (3, False, False), (1, False, True))
    assert found["a:reached:opened"]["value"] == 4 and found["a:reached:step=3"]["value"] == 3
    third = found["a:went_on:step=3"]
    assert (third["value"], third["n"], third["status"]) == (50.0, 2, "P"), "one went on, one stopped, one is open"
    assert found["a:went_on:step=1"]["n"] == 3 and found["a:went_on:step=5"]["value"] == 100.0
    assert (third["lower"], third["upper"]) == pytest.approx((1.258, 98.742), abs=1e-3)


def test_a_step_that_nobody_has_reached_has_its_row() -> None:
    found = funnel((3, False, True), (3, False, True))
    for step in (3, 4, 5):
        pending = found[f"a:went_on:step={step}"]
        assert (pending["value"], pending["n"], pending["status"]) == (None, 0, "M")
    assert found["a:reached:step=4"]["value"] == 0


@pytest.mark.parametrize(("k", "n", "value", "status"), [(1, 3, 100 / 3, "A"), (2, 2, None, "C"), (0, 0, None, "M")])
def test_two_firms_are_too_few_for_a_share(k: int, n: int, value: float | None, status: str) -> None:
    (row,) = programme.shares(pa.Table.from_pylist([BASE | {"variant": "a", "k": k, "n": n}])).to_pylist()
    assert row["value"] == (pytest.approx(value) if value else None) and row["status"] == status
    assert (row["n"], row["upper"] is None) == ((3.0, False) if value else (None, True))


def test_a_small_part_takes_another_with_it() -> None:
    rows = [BASE | {"variant": v, "n": n} for v, n in [("all", 12), ("sector=a", 2), ("sector=b", 4), ("sector=c", 6)]]
    found = {row["variant"]: row for row in programme.reach(pa.Table.from_pylist(rows)).to_pylist()}
    assert {v: row["status"] for v, row in found.items()} == {
        "all": "A",
        "sector=a": "C",
        "sector=b": "C",
        "sector=c": "A",
    }
    assert found["sector=a"]["value"] is None and found["sector=a"]["n"] is None


def test_each_period_closes_its_own_parts() -> None:
    parts = {"2018-12": {"all": 6, "sector=a": 2, "sector=b": 4}, "2019-03": {"all": 7, "sector=a": 3, "sector=b": 4}}
    rows = [BASE | {"period": at, "variant": v, "n": n} for at, some in parts.items() for v, n in some.items()]
    rows.append(BASE | {"period": "2019-06", "variant": "sector=a", "n": 1})
    found = programme.reach(pa.Table.from_pylist(rows)).to_pylist()
    closed = {(row["period"], row["variant"]) for row in found if row["status"] == "C"}
    assert closed == {("2018-12", "sector=a"), ("2018-12", "sector=b"), ("2019-06", "sector=a")}


def figures(ws: Workspace, name: str) -> dict[str, dict[str, Any]]:
    return {row["variant"]: row for row in pq.read_table(ws.path(f"indicators.{name}")).to_pylist()}


def test_the_journals_figures(built: Workspace) -> None:
    target = {
        n: figures(built, n)["target"]["value"]
        for n in ("pm_business_agreements", "pm_education_agreements", "pm_mentoring_hours")
    }
    assert target == {"pm_business_agreements": 15, "pm_education_agreements": 6, "pm_mentoring_hours": 90}
    steps = figures(built, "pm_funnel")
    assert [
        steps[f"first:reached:{s}"]["value"]
        for s in ("opened", "step=1", "step=2", "step=3", "step=4", "step=5", "signed")
    ] == [3, 3, 3, 3, 0, 0, 0]
    assert (steps["first:went_on:step=2"]["lower"], steps["first:went_on:step=2"]["upper"]) == pytest.approx(
        (29.24, 100), abs=0.01
    )
    assert steps["first:went_on:step=3"]["value"] is None, "three open cases decide nothing"
    levels = figures(built, "pm_challenge_level")
    assert [levels[f"challenge={c}"]["value"] for c in range(1, 9)] == [1, 1, 2, 2, 1, 2, 2, 2]
    pace = figures(built, "pm_pace")
    sessions = pace["pm_coproduction_sessions"]
    assert sessions["value"] == pytest.approx(7 / 9 / (423 / 514)) and sessions["lower"] == pytest.approx(
        0.380, abs=1e-3
    )
    assert pace["pm_business_agreements"]["status"] == "M", "the journal states no number signed"
    assert pace["pm_mentoring_hours:at_least"]["value"] == pytest.approx(6 / 90 / (880 / 1246))
    said = figures(built, "pm_satisfaction")
    assert (said["satisfied_in_words"]["value"], said["satisfied_in_words"]["n"]) == (3, 3)
    assert said["mean"]["value"] is None and said["mean"]["sources"] == "programme_feedback"
    aware = figures(built, "pm_awareness")["participants"]
    assert (aware["value"], aware["n"]) == (0, 3) and aware["upper"] == pytest.approx(70.76, abs=0.01)
    assert {row["provenance"] for row in [*pace.values(), *steps.values(), *levels.values()]} == {"programme"}


REGISTERS = {
    "target": "indicator;cohort;target;unit;starts_on;due_on;is_counted;as_of\n"
    "pm_business_agreements;all;15;agreements;2018-01-01;2019-12-31;yes;2018-12-31\n"
    "pm_mentoring_hours;all;90;hours;2018-01-01;2019-12-31;yes;2018-12-31\n"
    "pm_mentoring_hours;two;8;hours;2018-01-01;2019-12-31;yes;2018-12-31\n",
    "case": "case_id;cohort;track;lead_firm_id;state;as_of\n"
    "Alfa;one;individual;Alfa SA;signed;2018-12-31\nBeta;one;individual;Beta SA;dropped;2018-12-31\n"
    "Zeta;two;individual;Zeta SA;open;2018-12-31\n",
    "session": "session_id;case_id;cohort;activity;step;state;held_on;hours;mode;mentor_org;firm_ids;as_of\n"
    "S1;;one;mentoring;1;held;2018-02-01;2,5;Online;MIK;Alfa Beta;2018-12-31\n"
    "S2;;one;mentoring;2;held;2018-03-01;2;Presencial;;Alfa;2018-12-31\n"
    "S3;;one;mentoring;3;planned;2019-02-01;2;Online;MIK;Alfa;2018-12-31\n"
    "S4;Zeta;;mentoring;1;held;2018-04-01;1;Online;Idom;Zeta;2018-12-31\n",
    "stakeholder": "case_id;stakeholder_id;role;influence;power;plan_exists;as_of\n"
    "Alfa;Gamma;partner;5;4;yes;2018-12-31\nAlfa;Delta;funder;4;4;no;2018-12-31\nAlfa;Epsilon;other;1;1;;2018-12-31\n",
    "alliance": "alliance_id;case_id;counterpart_id;sort;impact;signed_on;as_of\n"
    "A1;Alfa;Gamma;business;2;2018-06-01;2018-12-31\nA2;Alfa;Gamma;business;5;2018-07-01;2018-12-31\n"
    "A3;Alfa;Delta;business;4;;2018-12-31\n",
    "risk": "case_id;risk;weight;likelihood;impact;as_of\nAlfa;secrets;2;3;5;2018-12-31\nAlfa;staff;1;2;1;2018-12-31\n"
    "Alfa;a client leaves;1;1;1;2018-12-31\n",
    "kpi": "case_id;kpi;baseline;target;actual;as_of\nAlfa;leads;0;10;12;2018-12-31\nAlfa;waste;8;4;6;2018-12-31\n"
    "Alfa;clients;0;3;;2018-12-31\n",
    "assessment": "as_of;challenge;level\n2018-12-31;1;Bajo\n2018-06-30;1;Alto\n",
    "participation": "firm_id;activity;territory;as_of\n"
    + "".join(f"Firma {n};training;{'ES213' if n < 5 else 'ES211'};2018-12-31\n" for n in range(6)),
    "feedback": "firm_id;score;informed;as_of\n" + "".join(f"Firma {n};{n + 5};Sí;2018-12-31\n" for n in range(6)),
    "commitment": "line;funder;planned;amount;written;as_of\ncourses;city;1000;250;yes;2018-12-31\n"
    "courses;region;1000;500;no;2018-12-31\n",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models of the programme and what they read."""
    root, home = Settings().home, tmp_path_factory.mktemp("home")
    for folder in ("data/catalogue", "data/embedded"):
        shutil.copytree(root / folder, home / folder)
    for path in [*(root / "sql/core").glob("programme_*.sql"), *(root / "sql/indicators").glob("pm_*.sql")]:
        target = home / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    return home


def taken_in(home: Path, data: Path, registers: dict[str, str]) -> Workspace:
    """Registers taken in as an analyst would, and all that is made of them."""
    settings = Settings(home=home, data=data, pseudonym_key=KEY)
    for name, text in registers.items():
        survey_store.add_register(Workspace(settings), name, text.encode(), f"{name}.csv")
    ws = Workspace(settings)
    for relation in ws.relations:
        if "programme_" in relation or relation.startswith("indicators."):
            ws.make(relation)
    return ws


@pytest.fixture(scope="module")
def full(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Made-up registers, all of them filled."""
    return taken_in(home, tmp_path_factory.mktemp("data"), REGISTERS)


def test_registers_in_full(full: Workspace) -> None:
    signed = figures(full, "pm_business_agreements")["signed"]
    assert (signed["value"], signed["status"]) == (1, "A"), "two papers of one pair are one agreement"
    hours = figures(full, "pm_mentoring_hours")
    assert (hours["session_hours"]["value"], hours["firm_hours"]["value"]) == (5.5, 8.0)
    by_mode = {v: row["value"] for v, row in hours.items() if v.startswith("session_hours:mode=")}
    assert by_mode == {"session_hours:mode=in_person": 2, "session_hours:mode=online": 3.5}
    by_mentor = {v: row["value"] for v, row in hours.items() if v.startswith("session_hours:mentor=")}
    assert sorted(by_mentor.values()) == [1, 2, 2.5] and by_mentor["session_hours:mentor=not_stated"] == 2
    assert hours["target"]["value"] == 90 and hours["target:cohort=two"]["value"] == 8
    rate = figures(full, "pm_target_rate")
    assert rate["pm_mentoring_hours"]["value"] == pytest.approx(100 * 5.5 / 90)
    assert rate["pm_mentoring_hours:cohort=two"]["value"] == pytest.approx(100 / 8), "the group's own hours alone"
    assert "pm_mentoring_hours:cohort=two" in figures(full, "pm_pace")
    assert figures(full, "pm_pace")["pm_business_agreements"]["value"] == pytest.approx(1 / 15 / (364 / 729))
    steps = figures(full, "pm_funnel")
    assert steps["one:reached:step=2"]["value"] == 2 and steps["one:reached:signed"]["value"] == 1
    assert (steps["one:went_on:step=2"]["value"], steps["one:went_on:step=2"]["status"]) == (50.0, "A")
    days = figures(full, "pm_step_time")
    assert (days["step=1"]["value"], days["step=1"]["status"]) == (28.0, "P"), "one case is still in it"
    assert days["step=2"]["value"] is None
    case = next(v for v in figures(full, "pm_risk_index") if figures(full, "pm_risk_index")[v]["value"] is not None)
    alfa = case.removeprefix("case=")
    assert figures(full, "pm_risk_index")[case]["value"] == pytest.approx(100 * (2 * 15 + 2 + 1) / (25 * 4))
    by_kind = {v: row["value"] for v, row in figures(full, "pm_risk_index").items() if v.startswith("risk=")}
    assert by_kind == {
        "risk=secrets": pytest.approx(60),
        "risk=staff": pytest.approx(8),
        "risk=other": pytest.approx(4),
    }
    kpi = figures(full, "pm_kpi_attainment")
    assert kpi[f"share:case={alfa}"]["value"] == 50 and kpi[f"capped_mean:case={alfa}"]["value"] == pytest.approx(75)
    cover = figures(full, "pm_stakeholder_coverage")
    assert cover[f"roles:case={alfa}"]["value"] == pytest.approx(100 * 2 / 6)
    assert (cover[f"managed_closely:case={alfa}"]["value"], cover[f"managed_closely:case={alfa}"]["n"]) == (50, 2)
    profile = figures(full, "pm_alliance_profile")
    assert profile[f"impact:case={alfa}"]["value"] == 4 and profile[f"intelligence:case={alfa}"]["status"] == "M"
    said = figures(full, "pm_satisfaction")
    assert said["mean"]["value"] == pytest.approx(7.5) and said["top_two"]["value"] == pytest.approx(100 * 2 / 6)
    assert figures(full, "pm_awareness")["participants"]["value"] == 100
    reach = figures(full, "pm_firm_reach")
    assert (
        reach["all"]["value"] == 6 and reach["territory=ES211"]["status"] == reach["territory=ES213"]["status"] == "C"
    )
    paid = {v: row["value"] for v, row in figures(full, "pm_secured_funding_share").items()}
    assert paid.pop("line=courses") == 12.5 and sorted(paid.values()) == [0, 12.5], "of the line, by who pays"
    assert all(v.startswith("line=courses:funder=") for v in paid)


LATER = {
    # three cases told of in March and again in June, everything else when it happened
    "case": "case_id;cohort;track;state;as_of\n"
    + "".join(f"C{n};one;group;open;2018-{day}\n" for day in ("03-31", "06-30") for n in (1, 2, 3)),
    "session": "session_id;cohort;activity;step;state;hours;firm_ids;as_of\n"
    "S1;one;mentoring;1;held;2;F1 F2 F3;2018-03-31\nS2;one;mentoring;2;held;1,5;F1 F2;2018-06-30\n"
    "S3;one;mentoring;2;held;1;;2018-06-30\n",
    "risk": "case_id;risk;weight;likelihood;impact;as_of\nC1;staff;1;5;5;2018-03-01\nC1;staff;1;1;5;2018-05-15\n",
    "kpi": "case_id;kpi;target;actual;as_of\nC1;accidents;0;0;2018-05-15\nC1;leads;4;1;2018-05-15\n",
    "participation": "firm_id;activity;as_of\nF1;training;2018-03-31\nF2;training;2018-03-31\nF3;training;2018-03-31\n"
    "F4;training;2018-06-30\nF1;event;2018-06-30\nF2;event;2018-06-30\nF3;event;2018-06-30\n",
    "feedback": "firm_id;step;score;informed;as_of\n"
    + "".join(f"F{n};{k};8;{'yes' if n < k else 'no'};2018-06-0{k}\n" for k in (1, 2) for n in (1, 2, 3)),
    "assessment": "as_of;challenge;level\n2018-03-31;1;low\n2018-06-30;1;high\n",
}


def test_registers_that_grow_through_the_year(home: Path, tmp_path: Path) -> None:
    ws = taken_in(home, tmp_path, LATER)

    def over_time(name: str, variant: str) -> dict[str, tuple[Any, str]]:
        rows = pq.read_table(ws.path(f"indicators.{name}")).to_pylist()
        found = {row["period"]: (row["value"], row["status"]) for row in rows if row["variant"] == variant}
        keys = [(row["variant"], row["period"]) for row in rows]
        assert len(set(keys)) == len(keys)
        return found

    march, june = "2018-03", "2018-06"
    assert over_time("pm_mentoring_hours", "session_hours") == {march: (2, "A"), june: (4.5, "A")}, (
        "all up to the month"
    )
    assert over_time("pm_mentoring_hours", "firm_hours") == {march: (6, "A"), june: (None, "M")}, (
        "whose firms nobody noted"
    )
    assert over_time("pm_mentoring_hours", "firm_hours:at_least")[june] == (9, "U")
    assert over_time("pm_funnel", "one:reached:step=2") == {march: (0, "A"), june: (3, "A")}
    assert over_time("pm_firm_reach", "all") == {march: (3, "A"), june: (4, "A")}
    assert over_time("pm_risk_index", "case=C1") == {march: (100, "A"), june: (20, "A")}, "what was told last"
    assert over_time("pm_kpi_attainment", "capped_mean:case=C1") == {march: (None, "M"), june: (62.5, "A")}
    assert over_time("pm_challenge_level", "challenge=1") == {march: (1, "A"), june: (3, "A")}
    (aware,) = over_time("pm_awareness", "participants").values()
    assert aware[0] == pytest.approx(100 / 3), "a firm counts once, with its last answer"
    assert over_time("pm_satisfaction", "mean") == {june: (None, "C")}, "six marks of three firms"
    assert over_time("pm_satisfaction", "mean:step=1") == {june: (None, "C")}


def test_satisfaction_by_step_hides_all_steps_where_one_has_too_few_firms(home: Path, tmp_path: Path) -> None:
    marks = [(n, 1, 8) for n in range(6)] + [(n, 2, 9) for n in range(5)]
    few = [(n, 3, 2) for n in range(4)]

    def told(rows: list[tuple[int, int, int]], data: Path) -> dict[str, tuple[Any, str]]:
        text = "firm_id;case_id;step;score;as_of\n" + "".join(f"F{n};C;{k};{s};2018-06-30\n" for n, k, s in rows)
        cases = "case_id;cohort;track;state;as_of\nC;one;group;open;2018-06-30\n"
        found = figures(taken_in(home, data, {"case": cases, "feedback": text}), "pm_satisfaction")
        return {variant: (row["value"], row["status"]) for variant, row in found.items() if variant.startswith("mean")}

    assert told(marks, tmp_path / "many") == {
        "mean": (pytest.approx(93 / 11), "A"),
        "mean:step=1": (8, "A"),
        "mean:step=2": (9, "A"),
        "mean:cohort=one": (pytest.approx(93 / 11), "A"),
    }
    assert told(marks + few, tmp_path / "few") == {
        "mean": (pytest.approx(101 / 15), "A"),
        **{f"mean:step={k}": (None, "C") for k in (1, 2, 3)},
        "mean:cohort=one": (pytest.approx(101 / 15), "A"),
    }


def test_what_is_told_twice_of_a_month_is_refused(home: Path, tmp_path: Path) -> None:
    twice = LATER["case"] + "C1;one;group;signed;2018-06-15\n"
    with pytest.raises(DataError, match=r"row 8: has the case_id, month of row 5\. Keep one of them"):
        taken_in(home, tmp_path, {"case": twice})


def test_nobody_is_named_in_what_is_built(full: Workspace) -> None:
    text = "".join(str(pq.read_table(path).to_pylist()) for path in full.settings.build.rglob("*.parquet"))
    assert len(text) > 10_000
    for name in ("Alfa", "Beta", "Gamma", "Delta", "Epsilon", "Zeta", "Firma", "MIK", "Idom", "city", "region"):
        assert name not in text
