"""Numbers and dates as each language writes them."""

import pytest

from observatory.publishing import numbers


@pytest.mark.parametrize(
    ("value", "places", "spanish", "english"),
    [
        (1234.5, 1, "1.234,5", "1,234.5"),
        (1234567.0, None, "1.234.567", "1,234,567"),
        (12.345, None, "12,3", "12.3"),
        (2.346, None, "2,35", "2.35"),
        (9.999999999999998, None, "10,0", "10.0"),
        (0.04104, None, "0,041", "0.041"),
        (-3.5, None, "−3,50", "−3.50"),
        (-0.0001, None, "0,000", "0.000"),
        (0.0, None, "0,00", "0.00"),
        (None, None, "–", "–"),
        (float("nan"), None, "–", "–"),
    ],
)
def test_a_number_has_the_signs_of_its_language(
    value: float | None, places: int | None, spanish: str, english: str
) -> None:
    assert numbers.number("es", value, places) == numbers.number("eu", value, places) == spanish
    assert numbers.number("en", value, places) == english


def test_a_percent_sign_is_held_to_its_number() -> None:
    assert numbers.with_sign("es", "2,31", "%") == "2,31\u00a0%" and numbers.with_sign("en", "2.31", "%") == "2.31%"
    assert numbers.with_sign("eu", "2,31", "%") == "%\u00a02,31"
    assert numbers.with_sign("eu", "2,31", "% urtean") == "%\u00a02,31 urtean"
    assert numbers.with_sign("en", "2.31", "years") == "2.31 years"


def test_a_published_figure_keeps_its_decimals() -> None:
    assert numbers.plain("es", 26.0) == "26" and numbers.plain("es", 28000.5) == "28.000,5"
    assert numbers.plain("en", -0.25) == "−0.25" and numbers.plain("en", None) == "–"


def test_dates_are_in_words() -> None:
    stamp = "2026-07-31T23:00:00+02:00"
    assert numbers.date("es", stamp) == "31 de julio de 2026"
    assert numbers.date("en", stamp) == "July 31, 2026" and "uztail" in numbers.date("eu", stamp)
    assert numbers.date("es", "") == "" and numbers.period("2008/2015") == "2008–2015"


def test_what_is_counted_has_no_decimals_where_it_is_whole() -> None:
    assert numbers.number("es", 3.0, unit="cases") == "3" and numbers.number("en", 45.0, unit="establishments") == "45"
    assert numbers.number("es", 12.5, unit="jobs") == "12,5" and numbers.number("en", 3.0, unit="ratio") == "3.00"
