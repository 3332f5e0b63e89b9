"""Codes and periods go to SDMX and back without loss."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory.errors import DataError
from observatory.publishing import sdmx_ids as ids


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("NACE2:J", "NACE2@J"),
        ("JA+JB", "JA$2B$JB"),
        (None, "_Z"),
        ("_Z", "$$_Z"),
        ("", "$$"),
        ("EU27_2020", "EU27_2020"),
    ],
)
def test_a_code_in_sdmx(ours: str | None, theirs: str) -> None:
    assert ids.code(ours) == theirs and ids.text(theirs) == ours


@given(st.none() | st.text())
def test_a_code_comes_back_and_has_the_signs_of_sdmx(text: str | None) -> None:
    code = ids.code(text)
    assert ids.text(code) == text
    assert re.fullmatch(r"[A-Za-z0-9_@$-]+", code)


@given(st.none() | st.text(alphabet="_Z$@:2+", max_size=6), st.none() | st.text(alphabet="_Z$@:2+", max_size=6))
def test_two_codes_never_become_one(one: str | None, other: str | None) -> None:
    assert (ids.code(one) == ids.code(other)) == (one == other)


@given(st.integers(1000, 9000), st.integers(0, 900))
def test_a_window_of_years_comes_back(first: int, more: int) -> None:
    window = f"{first}/{first + more}"
    assert ids.period(window) == f"{first}-01-01/P{more + 1}Y" and ids.years(ids.period(window)) == window
    for plain in (str(first), f"{first}-{more % 12 + 1:02}"):
        assert ids.years(ids.period(plain)) == ids.period(plain) == plain


@pytest.mark.parametrize("wrong", ["2015Q1", "2015-13", "2015-3", "2015/2008", "", "08"])
def test_another_period_is_refused(wrong: str) -> None:
    with pytest.raises(DataError, match="expected a year, a month or a window of years"):
        ids.period(wrong)
