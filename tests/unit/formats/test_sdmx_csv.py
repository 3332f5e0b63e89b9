"""SDMX-CSV: the real extract, absent columns, malformed files."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory.errors import FormatError
from observatory.formats import cube, sdmx_csv

HEAD = "DATAFLOW,LAST UPDATE,freq,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS\n"
FLOW = "ESTAT:T(1.0),31/07/26 23:00:00"


def test_the_real_extract(shared: Path) -> None:
    table = sdmx_csv.read((shared / "extracts/eurostat/sdmx_csv_lfsa_argan.csv").read_bytes(), name="lfsa_argan")
    assert table.column_names == [
        "freq",
        "unit",
        "sex",
        "age",
        "citizen",
        "geo",
        "TIME_PERIOD",
        "value",
        "flag",
        "kind",
    ]
    assert table["value"].to_pylist() == [66.5, 66.6]
    assert table["flag"].to_pylist() == ["bd", "d"]
    assert cube.about(table)["dataflow"] == "ESTAT:LFSA_ARGAN(1.0)"
    assert cube.about(table)["updated"] == "2026-06-11T23:00:00"


def test_missing_values_flags_and_confidentiality() -> None:
    rows = [f"{FLOW},A,ES,2020,,,", f"{FLOW},A,ES,2021,:,u,", f"{FLOW},A,ES,2022,,,C", f"{FLOW},A,ES,2023,1.50,b,N"]
    text = (HEAD + "\n".join(rows) + "\n").encode()
    table = sdmx_csv.read(text, name="t")
    assert table.equals(sdmx_csv.read(gzip.compress(text), name="t"))
    assert table["value"].to_pylist() == [None, None, None, 1.5]
    assert table["flag"].to_pylist() == [None, "u", "|C", "b|N"]
    assert table["kind"].to_pylist() == ["missing", "missing", "missing", "value"]


@pytest.mark.parametrize("absent", [["CONF_STATUS"], ["OBS_FLAG", "CONF_STATUS"], ["LAST UPDATE"]])
def test_optional_columns_may_be_absent_and_order_does_not_matter(absent: list[str]) -> None:
    columns = [c for c in HEAD.strip().split(",") if c not in absent]
    cells = {"DATAFLOW": "E", "LAST UPDATE": "x", "freq": "A", "geo": "ES", "TIME_PERIOD": "2020", "OBS_VALUE": "2"}
    columns = columns[::-1]
    text = ",".join(columns) + "\n" + ",".join(cells.get(c, "") for c in columns) + "\n"
    table = sdmx_csv.read(text.encode(), name="t")
    assert table.select(["geo", "value"]).to_pylist() == [{"geo": "ES", "value": 2.0}]


def test_quoted_fields_are_read_and_the_latest_stamp_counts() -> None:
    text = '"DATAFLOW","LAST UPDATE","geo","TIME_PERIOD","OBS_VALUE"\n'
    text += '"E","31/12/25 23:00:00","A, B","2020","1"\n"E","01/01/26 11:00:00",C,2020,:\n'
    table = sdmx_csv.read(text.encode(), name="t")
    assert table["geo"].to_pylist() == ["A, B", "C"]
    assert table["value"].to_pylist() == [1.0, None]
    assert cube.about(table)["updated"] == "2026-01-01T11:00:00"
    odd = sdmx_csv.read(text.replace("31/12/25 23:00:00", "2026-07-31").encode(), name="t")
    assert cube.about(odd)["updated"] == "2026-07-31"


def test_a_message_without_observations_is_an_empty_table() -> None:
    table = sdmx_csv.read(HEAD.encode(), name="t")
    assert table.num_rows == 0 and table.column_names == ["freq", "geo", "TIME_PERIOD", "value", "flag", "kind"]


CODE = st.text(st.characters(exclude_categories=["C"], exclude_characters='"'), min_size=1, max_size=5)
ROW = st.tuples(
    st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
    st.sampled_from(["", "b", "u", "bu", "c", "p"]),
    st.sampled_from(["", "C", "N"]),
    st.sampled_from(["", ":"]),
)


@given(st.lists(st.tuples(CODE, CODE), max_size=8, unique=True), st.data(), st.booleans())
def test_what_is_written_is_what_is_read(keys: list[tuple[str, str]], data: st.DataObject, packed: bool) -> None:
    rows = [data.draw(ROW) for _ in keys]
    text = HEAD.replace("freq,", "")
    for (geo, period), (value, flag, status, missing) in zip(keys, rows, strict=True):
        text += f'{FLOW},"{geo}","{period}",{missing if value is None else repr(value)},{flag},{status}\n'
    body = gzip.compress(text.encode()) if packed else text.encode()
    table = sdmx_csv.read(body, name="t")
    marks = [(flag + (f"|{status}" if status else "")) or None for _, flag, status, _ in rows]
    expected = [
        (*key, row[0], mark, "missing" if row[0] is None else "value")
        for key, row, mark in zip(keys, rows, marks, strict=True)
    ]
    assert [tuple(row.values()) for row in table.to_pylist()] == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<!DOCTYPE html><html><title>Busy</title>", r"HTML page \(Busy\)"),
        ("freq,geo,TIME_PERIOD,OBS_VALUE\nA,ES,2020,1\n", "row 1: expected a column DATAFLOW"),
        (HEAD.replace("freq", "geo"), "row 1: expected every column once, found 'geo' twice"),
        (HEAD + f"{FLOW},A,ES,2020,1,\n", "expected 8 fields, found 7"),
        (HEAD + f"{FLOW},A,ES,2020,1,2,,\n", "OBS_VALUE|expected"),
        (HEAD + f"{FLOW},A,ES,2020,1.2.3,,\n", "row 2, OBS_VALUE: expected a number"),
        (HEAD + f"{FLOW},A,ES,2020,1,,\n{FLOW},A,ES,2021,NaN,,\n", "row 3, OBS_VALUE: expected a number"),
        (HEAD + f"{FLOW},A,ES,2020,1e999,,\n", "row 2, OBS_VALUE: expected a number"),
        (HEAD + f"{FLOW},A,ES,2020,1,,\n{FLOW},A,,2021,1,,\n", "row 3, geo: expected a code, found nothing"),
        (HEAD + f"{FLOW},A,ES,2020,1,,\n\n{FLOW},A,ES,2021,1,,\n", "row 3, freq: expected a code, found nothing"),
        (HEAD + f"{FLOW},A,ES,2020,1,,\n{FLOW},A,ES,2021,1,,", "end of file: expected a whole last row"),
        (HEAD[:-1], "end of file: expected a whole last row"),
        ("", "row 1: expected a column DATAFLOW"),
        (HEAD + f"{FLOW},A,ES,2020,1,,\n" * 2, "observation A,ES,2020: expected every observation once"),
        (HEAD + f"{FLOW},A,ES,2020,1,,\nOTHER,x,A,ES,2021,1,,\n", "DATAFLOW: expected one dataset"),
    ],
)
def test_a_malformed_file_is_refused_with_its_place(text: str, says: str) -> None:
    with pytest.raises(FormatError, match=says) as caught:
        sdmx_csv.read(text.encode(), name="some_file")
    assert str(caught.value).startswith("some_file: ")
