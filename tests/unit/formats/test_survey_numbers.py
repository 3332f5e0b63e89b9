"""Numbers as people write them: what is one number, what is two, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory.formats import survey_numbers as numbers
from observatory.formats.survey_cells import clean, firm_key, is_date, missing, refusal


def parse(text: str) -> numbers.Number:
    return numbers.parse(clean(text).text)


@pytest.mark.parametrize(
    ("text", "es", "en"),
    [
        ("1.234,5", 1234.5, None),
        ("1,234.5", None, 1234.5),
        ("1.234", 1234.0, 1.234),
        ("1,234", 1.234, 1234.0),
        ("0.125", None, 0.125),
        ("0,125", 0.125, None),
        ("1234.567", None, 1234.567),
        ("1234,567", 1234.567, None),
        ("1.2345", None, 1.2345),
        ("1.234.567", 1234567.0, None),
        ("1,234,567", None, 1234567.0),
        ("12", 12.0, 12.0),
        (",5", 0.5, None),
        ("1 234,5", 1234.5, None),
        ("1 234.5", None, 1234.5),
        ("1\u00a0234\u202f567", None, None),
        ("1 234 567", 1234567.0, 1234567.0),
        ("1'234'567", 1234567.0, 1234567.0),
        ("12'5", 12.5, 12.5),
        ("-1.000,0", -1000.0, None),
        ("−12,5", -12.5, None),
        ("+3,5", 3.5, None),
        ("１２,５", 12.5, None),
        ("12,5 (1)", 12.5, None),
        ("12,5¹", 12.5, None),
        ("12,5 %*", 12.5, None),
    ],
)
def test_readings(text: str, es: float | None, en: float | None) -> None:
    number = parse(text)
    if text == "1\u00a0234\u202f567":  # two kinds of blank, one after cleaning
        es = en = 1234567.0
    assert (number.es, number.en) == (es, en)


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("12 %", "percent"),
        ("% 12", "percent"),
        ("12 por ciento", "percent"),
        ("ehuneko 12", "percent"),
        ("12 €", "euro"),
        ("€12", "euro"),
        ("EUR 12", "euro"),
        ("12 k€", "thousand_euro"),
        ("12 miles de euros", "thousand_euro"),
        ("12 mila", "thousand_euro"),
        ("12M€", "million_euro"),
        ("12 MM€", "million_euro"),
        ("12 millones de euros", "million_euro"),
        ("12 milioi euro", "million_euro"),
        ("12", ""),
    ],
)
def test_signs_of_units(text: str, sign: str) -> None:
    number = parse(text)
    assert (number.es, number.en, number.sign) == (12.0, 12.0, sign)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("1.23.4", "malformed_number"),
        ("1,23,456", "malformed_number"),
        ("1.234,56,7", "malformed_number"),
        ("01.234", "malformed_number"),
        ("0.123.456", "malformed_number"),
        ("5,", "malformed_number"),
        ("12 34", "malformed_number"),
        ("1'234", "apostrophe"),
        ("3 m€", "unclear_unit"),
        ("$5", "other_currency"),
        ("(1.234)", "in_brackets"),
        ("1,2E+06", "scientific"),
        ("10-20", "range"),
        ("10 a 20", "range"),
        ("< 5", "approximate"),
        ("aprox. 10", "approximate"),
        ("25 trabajadores", "not_a_number"),
        ("%", "not_a_number"),
    ],
)
def test_refusals(text: str, rule: str) -> None:
    number = parse(text)
    assert (number.refused, number.es, number.en) == (rule, None, None)


def written(cents: int, thousands: str, point: str, places: int) -> str:
    """An amount of hundredths, tenths or units as a person writes it."""
    whole, rest = divmod(abs(cents), 10**places)
    digits = f"{whole:,}".replace(",", thousands)
    return ("-" if cents < 0 else "") + digits + (f"{point}{rest:0{places}d}" if places else "")


@given(st.integers(-(10**12), 10**12), st.integers(0, 4))
def test_one_convention_is_never_read_as_the_other(amount: int, places: int) -> None:
    value = float(f"{amount}e-{places}")
    spanish, english = parse(written(amount, ".", ",", places)), parse(written(amount, ",", ".", places))
    assert spanish.es == english.en == pytest.approx(value, rel=1e-15)
    # Read the other way they are no number, the same number, or marked as two.
    assert spanish.en is None or spanish.en == spanish.es or spanish.is_ambiguous
    assert english.es is None or english.es == english.en or english.is_ambiguous
    assert spanish.evidence != "en"
    assert english.evidence != "es"


@given(st.text(alphabet="0123456789.,' -%€kM()¹", max_size=12))
def test_any_text_is_a_number_or_refused_by_a_rule(text: str) -> None:
    number = parse(text)
    assert bool(number.refused) == (number.es is None and number.en is None)


def test_a_column_shows_its_conventions() -> None:
    seen = numbers.seen([parse("1.234"), None, parse("12,5"), parse("12.5")])
    assert (seen.es_at, seen.en_at, seen.is_mixed, seen.settled) == (2, 3, True, None)
    assert numbers.seen([parse("1.234"), parse("7")]).settled is None
    assert numbers.seen([parse("1.234"), parse("1,234.5")]).settled == "en"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "empty"),
        ("s/d", "no_data"),
        ("S. D.", "no_data"),
        ("—", "no_data"),
        (".", "no_data"),
        ("daturik gabe", "no_data"),
        ("n.c.", "no_answer"),
        ("NS / NC", "no_answer"),
        ("ED/EE", "no_answer"),
        ("n/a", "not_applicable"),
        ("ez dagokio", "not_applicable"),
        ("0", None),
        ("no", None),
        ("-5", None),
    ],
)
def test_marks_for_no_answer(text: str, kind: str | None) -> None:
    assert missing(text) == kind


def test_own_marks_come_from_the_codebook() -> None:
    assert missing("rechaza", ["Rechaza"]) == "no_answer"
    assert missing("rechaza") is None


@pytest.mark.parametrize("text", ["10-may", "may-10", "2020-05-10 00:00:00", "10/05/2020", "05-oct", "10-mai", "12:30"])
def test_dates(text: str) -> None:
    assert is_date(text)


@pytest.mark.parametrize("text", ["10,5", "1.5", "10-49", "mayor 10", "aprox. 10", "marco 12"])
def test_no_dates(text: str) -> None:
    assert not is_date(text)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("#N/D", "formula_error"),
        ("#¡VALOR!", "formula_error"),
        ("#####", "formula_error"),
        ("=SUMA(A1:A2)", "formula_text"),
        ("=", ""),
        ("#1 Talleres", ""),
        ("Pe\ufffda", "lost_character"),
    ],
)
def test_cells_refused_whatever_their_column(text: str, rule: str) -> None:
    assert refusal(text) == rule


def test_a_firm_is_known_by_its_letters() -> None:
    assert firm_key("Talleres Gárate, S.L.") == firm_key("TALLERES  GARATE SL") == firm_key("Talleres Gárate S. L.")
    assert firm_key("Peña") != firm_key("Pena")
    assert firm_key("Forja 1") != firm_key("Forja 2")
