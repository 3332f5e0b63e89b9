"""Extracts of a programme's registers: what is accepted, what is refused and where, and whose names stay inside."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory import register_book
from observatory.errors import DataError
from observatory.formats import register

KEY = b"a secret that stays the same"
BOOKS = register_book.load(Path(__file__).parents[3] / "data" / "catalogue" / "registers", [])
SESSION, KPI, CASE = (BOOKS[f"programme_{name}"] for name in ("session", "kpi", "case"))


def places(data: str, book: register_book.Register, key: bytes | None = KEY) -> list[str]:
    return [problem.place for problem in register.read(data.encode(), book, name="x.csv", key=key)[1]]


def test_a_spanish_spreadsheet_is_read_as_it_was_meant() -> None:
    text = (
        "Registro de sesiones\r\n\r\n"
        "Sesión;Cohorte;Actividad;Etapa;Estado;Fecha;Horas;Empresas asistentes;A fecha de;Tareas hechas\r\n"
        "S1;primera;Mentoría;1;Celebrada;05/02/2019;2,5;F1 F2;31/03/2019;Sí\r\n"
        "S2;primera;mentoria;2;prevista;;;F1;03/2019;no\r\n"
    )
    rows = register.table(text.encode("cp1252"), SESSION, name="sesiones.csv").to_pylist()
    first, second = rows
    assert first["extract_row"] == "4" and first["activity"] == "mentoring" and first["state"] == "held"
    assert (first["held_on"], first["as_of"], second["as_of"]) == ("2019-02-05", "2019-03-31", "2019-03")
    assert first["hours"] == first["value"] == 2.5 and first["homework_done"] == "yes"
    assert (second["value"], second["kind"]) == (None, "missing"), "hours that nobody wrote are not nought"
    assert first["firm_ids"] == "F1 F2"


def test_a_workbook_with_real_dates_and_numbers_is_read_alike() -> None:
    book = openpyxl.Workbook()
    book.active.append(["session_id", "activity", "state", "held_on", "hours", "as_of"])
    book.active.append(["S1", "mentoring", "held", date(2019, 2, 5), 2.5, date(2019, 3, 31)])
    data = io.BytesIO()
    book.save(data)
    (row,) = register.table(data.getvalue(), SESSION, name="sessions.xlsx").to_pylist()
    assert (row["held_on"], row["hours"], row["as_of"]) == ("2019-02-05", 2.5, "2019-03-31")


HEAD = "session_id;activity;state;step;hours;held_on;as_of\n"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (HEAD + "S1;mentoring;held;6;;;2019\n", "D2 (step)"),
        (HEAD + "S1;mentoring;held;1;-2;;2019\n", "E2 (hours)"),
        (HEAD + "S1;mentoring;held;1;2 h;;2019\n", "E2 (hours)"),
        (HEAD + "S1;talking;held;1;2;;2019\n", "B2 (activity)"),
        (HEAD + "S1;mentoring;held;1;2;31/02/2019;2019\n", "F2 (held_on)"),
        (HEAD + "S1;mentoring;held;1;2;;\n", "G2 (as_of)"),
        (HEAD + "S1;mentoring;held;1;2;;2019\nS1;mentoring;held;2;2;;2019\n", "row 3"),
        (HEAD + "S1;mentoring;held;1;=1+1;;2019\n", "E2 (hours)"),
        ("session_id;activity;state\nS1;mentoring;held\n", "row 1"),
        ("", "x.csv"),
        ("nothing;of;it\n1;2;3\n", "x.csv"),
        ("%PDF-1.7", "x.csv"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_place(text: str, place: str) -> None:
    assert places(text, SESSION) == [place]


def test_a_number_that_can_be_two_is_not_guessed() -> None:
    text = "case_id;kpi;target;as_of\nC1;sales;1.234;2019\n"
    assert places(text, KPI) == ["C2 (target)"]
    stated = KPI.model_copy(update={"number_format": "es"})
    assert register.table(text.encode(), stated, name="x")["target"].to_pylist() == [1234.0]


def test_names_become_pseudonyms_that_stay_the_same_and_tell_nothing() -> None:
    text = (
        "case_id;cohort;track;lead_firm_id;state;drop_reason;as_of\n"
        "Talleres Gárate 1;a;individual;Talleres Gárate, S.L.;open;Ana quit;2019\n"
        "C2;a;individual;TALLERES GARATE SL;open;;2019\nC3;a;group;F12;open;;2019\n"
    )
    first, second, third = register.table(text.encode(), CASE, name="x", key=KEY).to_pylist()
    assert first["lead_firm_id"] == second["lead_firm_id"] != third["lead_firm_id"] == "F12"
    said = str([first, second, third])
    assert "rate" not in said.lower() and "Ana" not in said and "drop_reason" not in first
    other = register.table(text.encode(), CASE, name="x", key=b"another secret of some length").to_pylist()
    assert other[0]["lead_firm_id"] != first["lead_firm_id"]


def test_without_a_key_a_name_is_refused_and_not_repeated() -> None:
    text = "case_id;cohort;track;lead_firm_id;state;as_of\nC1;a;individual;Talleres Gárate;open;2019\n"
    with pytest.raises(DataError, match="OBSERVATORY_PSEUDONYM_KEY") as caught:
        register.table(text.encode(), CASE, name="x")
    assert "rate" not in str(caught.value).lower().replace("separate", "")


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_give_rows_or_problems(data: bytes) -> None:
    rows, problems = register.read(HEAD.encode() + data, SESSION, name="x", key=KEY)
    assert problems or rows.num_rows == len(set(rows["session_id"].to_pylist()))


@pytest.mark.parametrize(
    ("written", "read"),
    [("2019", "2019"), ("2019-03", "2019-03"), ("3/2019", "2019-03"), ("1.3.2019", "2019-03-01"), ("2019-13", None)],
)
def test_dates_stay_as_exact_as_they_were_written(written: str, read: str | None) -> None:
    assert register.iso(written) == read
