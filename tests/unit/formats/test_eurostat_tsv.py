"""Eurostat's TSV, old and present: the whole real file of 2017, specimens, malformed files, a round trip."""

import gzip
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory.errors import FormatError
from observatory.formats import eurostat_tsv


def test_the_whole_file_of_2017_has_every_series_and_flag(shared: Path) -> None:
    """Counts of each kind of cell as counted in the file itself (reference of the publisher, 5.1)."""
    table = eurostat_tsv.read((shared / "extracts/eurostat/lfst_r_lfe2en2.tsv.gz").read_bytes(), name="lfst_r_lfe2en2")
    assert table.column_names == ["unit", "nace_r2", "age", "geo", "time", "value", "flag", "kind"]
    assert table.num_rows == 28_065 * 8
    assert Counter(zip(table["kind"].to_pylist(), table["flag"].to_pylist(), strict=True)) == {
        ("value", None): 114_872,
        ("value", "b"): 27_510,
        ("missing", "u"): 27_063,
        ("missing", None): 19_689,
        ("value", "u"): 15_750,
        ("missing", "c"): 7_496,
        ("missing", "bu"): 7_193,
        ("value", "bu"): 3_103,
        ("missing", "bc"): 1_837,
        ("missing", "b"): 7,
    }
    first = table.slice(0, 8).to_pylist()
    assert [row["time"] for row in first] == [str(year) for year in range(2015, 2007, -1)]
    assert first[0] == {
        "unit": "THS",
        "nace_r2": "A",
        "age": "Y15-24",
        "geo": "AT",
        "time": "2015",
        "value": 14.3,
        "flag": None,
        "kind": "value",
    }
    assert table["value"].null_count == 27_063 + 19_689 + 7_496 + 7_193 + 1_837 + 7


def test_the_old_gdp_file_carries_its_estimates(shared: Path) -> None:
    table = eurostat_tsv.read((shared / "extracts/eurostat/nama_10r_2gdp.tsv").read_bytes(), name="nama_10r_2gdp")
    assert set(table["flag"].unique().to_pylist()) >= {None, "e"}
    row = next(r for r in table.to_pylist() if (r["unit"], r["geo"], r["time"]) == ("EUR_HAB", "AT", "2014"))
    assert row["value"] == 38_500


def test_the_present_header_oldest_first_and_gzip() -> None:
    text = b"freq,unit,geo\\TIME_PERIOD\t2000 \t2001 \nA,THS,ES21\t9 \t333 p\nA,THS,ES\t: \t: c\n"
    plain = eurostat_tsv.read(text, name="t")
    assert plain.equals(eurostat_tsv.read(gzip.compress(text), name="t"))
    assert plain["TIME_PERIOD"].to_pylist() == ["2000", "2001"] * 2
    assert plain["value"].to_pylist() == [9.0, 333.0, None, None]
    assert plain["flag"].to_pylist() == [None, "p", None, "c"]
    assert plain["kind"].to_pylist() == ["value", "value", "missing", "missing"]


HEAD = b"a,b\\time\t2000 \t2001 \n"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"<html><head><title>Page not found</title>", r"start of file: .* HTML page \(Page not found\)"),
        (b"a,b\t2000\nx,y\t1\n", "row 1: expected dimensions"),
        (b"a,b\\time\nx,y\n", "row 1: expected at least one period"),
        (b"a,a\\time\t2000\n", "row 1: expected every dimension once"),
        (b"a,b\\time\t2000\t2000\n", "row 1: expected every period once"),
        (HEAD + b"x,y\t1 \t2 \nx,z\t1 \n", "row 3: expected 3 fields, found 2"),
        (HEAD + b"x,y\t1 \t2 \t3 \n", "row 2: expected 3 fields, found 4"),
        (HEAD + b"x,y\t1 \t2x \n", "row 2, period 2001: expected a number .* found '2x'"),
        (HEAD + b"x,y\t \t2 \n", "row 2, period 2000"),
        (HEAD + b"x\t1 \t2 \n", r"row 2: expected 2 codes \(a, b\)"),
        (HEAD + b"x,y\t1 \t2 \nx,y\t1 \t2 \n", "series 'x,y': expected every series once"),
        (HEAD + b"x,y\t1 \t2 \nx,z\t1", "end of file: expected a whole last row"),
        (HEAD + b"x,y\t1 \t2 \nx,z\t1 \t21", "end of file: expected a whole last row"),
        (HEAD[:-2], "end of file: expected a whole last row"),
        (HEAD + b"x,y\t1 \t2 \n\nx,z\t1 \t2 \n", "row 3: expected 2 codes"),
        (HEAD + b"x,y\t1 \t2 5\n", "row 2, period 2001: expected a number .* found '2 5'"),
        (HEAD + b"x,y\tnan \t2 \n", "row 2, period 2000: expected a number .* found 'nan'"),
        (HEAD + b"x,y\t2 \t2 \nx,z\t2 \t1e999 u\n", "row 3, period 2001: expected a number .* found '1e999 u'"),
        (b'{"error":"x"}', "row 1: expected dimensions"),
        (b"", "row 1: expected dimensions"),
        (HEAD + b"x,\xff\t1 \t2 \n", "encoding: .* byte 0xff at offset"),
        (gzip.compress(HEAD + b"x,y\t1 \t2 \n", mtime=0)[:-9], "gzip: .* the end is missing"),
        (b"\x1f\x8b\x08garbage" * 3, "gzip: expected a whole gzip body"),
    ],
)
def test_a_malformed_file_is_refused_with_its_place(data: bytes, says: str) -> None:
    with pytest.raises(FormatError, match=says) as caught:
        eurostat_tsv.read(data, name="some_file")
    assert str(caught.value).startswith("some_file: ")


def test_a_file_without_a_series_is_an_empty_table_and_line_ends_may_be_those_of_windows() -> None:
    empty = eurostat_tsv.read(HEAD, name="t")
    assert empty.num_rows == 0 and empty.column_names == ["a", "b", "time", "value", "flag", "kind"]
    rows = HEAD + b"x,y\t1 \t: bu\n"
    assert eurostat_tsv.read(rows.replace(b"\n", b"\r\n"), name="t").equals(eurostat_tsv.read(rows, name="t"))


def test_the_real_accounts_read_as_described(shared: Path) -> None:
    """99 rows of 25 years, 23 missing; flags p: 47 in value added (README of the figures)."""
    employment = eurostat_tsv.read((shared / "figures/nama_10r_3empers.tsv").read_bytes(), name="nama_10r_3empers")
    value_added = eurostat_tsv.read((shared / "figures/nama_10r_3gva.tsv").read_bytes(), name="nama_10r_3gva")
    for table in (employment, value_added):
        assert table.num_rows == 99 * 25
        assert Counter(table["kind"].to_pylist()) == {"value": 99 * 25 - 23, "missing": 23}
        assert set(table["flag"].unique().to_pylist()) == {None, "p"}
    assert Counter(value_added["flag"].to_pylist())["p"] == 47
    assert employment.column_names == [
        "freq",
        "unit",
        "wstatus",
        "nace_r2",
        "geo",
        "TIME_PERIOD",
        "value",
        "flag",
        "kind",
    ]
    figures = {(r["nace_r2"], r["geo"], r["TIME_PERIOD"]): r["value"] for r in employment.to_pylist()}
    share = 100 * figures["J", "ES21", "2008"] / figures["TOTAL", "ES21", "2008"]
    assert round(share, 3) == 2.118


def test_a_compressed_body_that_grows_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from observatory.formats import text

    monkeypatch.setattr(text, "MAX_BYTES", 1000)
    with pytest.raises(FormatError, match="at most 1000 bytes"):
        text.gunzip(gzip.compress(b"0" * 100_000), "bomb", text.MAX_BYTES)


CODE = st.text("ABCxyz0189_-", min_size=1, max_size=6)
CELL = st.tuples(
    st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False, width=32)),
    st.sampled_from(["", "b", "u", "c", "bu", "bc", "p", "e"]),
)


@given(
    series=st.lists(st.tuples(CODE, CODE), min_size=1, max_size=6, unique=True),
    periods=st.lists(st.integers(1900, 2100).map(str), min_size=1, max_size=5, unique=True),
    data=st.data(),
)
def test_what_is_written_is_what_is_read(
    series: list[tuple[str, str]], periods: list[str], data: st.DataObject
) -> None:
    cells = [[data.draw(CELL) for _ in periods] for _ in series]

    def written(value: float | None, flag: str) -> str:
        return f"{':' if value is None else repr(value)} {flag}"

    lines = ["\t".join(["u,geo\\time", *(f"{p} " for p in periods)])]
    lines += ["\t".join([",".join(key), *(written(*c) for c in row)]) for key, row in zip(series, cells, strict=True)]
    table = eurostat_tsv.read(("\n".join(lines) + "\n").encode(), name="t")
    expected = [
        (*key, period, value, flag or None, "missing" if value is None else "value")
        for key, row in zip(series, cells, strict=True)
        for period, (value, flag) in zip(periods, row, strict=True)
    ]
    assert [tuple(row.values()) for row in table.to_pylist()] == expected
