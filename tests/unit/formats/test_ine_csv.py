"""INE's long CSV: numbers with thousands points, two encodings, and what is refused."""

from __future__ import annotations

import pytest

from observatory.errors import FormatError
from observatory.formats import cube, ine_csv

HEAD = "Actividad principal;Resultados de explotación;Periodo;Total"
ROWS = (
    "TOTAL SECTOR INDUSTRIAL;Cifra de negocios;2018;657.218.953",
    "TOTAL SECTOR INDUSTRIAL;Prestaciones de servicios;2018;48.671.488",
    "B Industrias extractivas;Prestaciones de servicios;2018;829.982",
)


def lines(*rows: str, head: str = HEAD, end: str = "\r\n") -> str:
    return end.join([head, *rows]) + end


def read(body: str, encoding: str = "utf-8-sig"):
    return ine_csv.read(body.encode(encoding), name="28384")


@pytest.mark.parametrize(("encoding", "known"), [("utf-8-sig", "utf-8"), ("utf-8", "utf-8"), ("cp1252", "cp1252")])
def test_encodings(encoding: str, known: str) -> None:
    table = read(lines(*ROWS), encoding)
    assert table.column_names == [
        "Actividad principal",
        "Actividad principal__label",
        "Resultados de explotación",
        "Resultados de explotación__label",
        "Periodo",
        "Periodo__label",
        "value",
        "flag",
        "kind",
    ]
    assert table["value"].to_pylist() == [657218953.0, 48671488.0, 829982.0]
    assert table["Resultados de explotación"].to_pylist()[1] == "Prestaciones de servicios"
    assert table["Resultados de explotación__label"].to_pylist()[1] == "Prestaciones de servicios"
    assert set(table["kind"].to_pylist()) == {"value"}
    assert cube.about(table)["encoding"] == known


@pytest.mark.parametrize(
    ("figure", "value"),
    [("0", 0.0), ("12", 12.0), ("1.234", 1234.0), ("1234567", 1234567.0), ("1.234.567,89", 1234567.89), ("-3,5", -3.5)],
)
def test_numbers(figure: str, value: float) -> None:
    assert read(lines(f"A;B;2018;{figure}"))["value"].to_pylist() == [value]


@pytest.mark.parametrize(("figure", "flag"), [("", None), ("..", ".."), (".", "."), ("...", "...")])
def test_missing_figures(figure: str, flag: str | None) -> None:
    row = read(lines(f"A;B;2018;{figure}", "A;B;2017;5")).to_pylist()[0]
    assert (row["value"], row["flag"], row["kind"]) == (None, flag, "missing")


def test_quoted_fields_and_empty_lines() -> None:
    table = read(lines('"Captación; depuración";B;2018;5', "", "A;B;2018;6"))
    assert table["Actividad principal"].to_pylist() == ["Captación; depuración", "A"]


def test_a_last_line_without_end() -> None:
    assert read(lines(*ROWS).rstrip()).num_rows == 3


@pytest.mark.parametrize(
    ("body", "place", "found"),
    [
        (lines("A;B;2018;1.5"), "figure 1, Total", "'1.5'"),
        (lines("A;B;2018;5", "A;B;2017;1,234,5"), "figure 2, Total", "'1,234,5'"),
        (lines("A;B;2018;-"), "figure 1, Total", "'-'"),
        (lines("A;B;2018"), "line 2", "3 fields"),
        (lines("A;B;2018;1", "A;B;2018;2"), "row A;B;2018", "it stands twice"),
        (lines(), "rows", "none"),
        (lines("A;B;1", head="A;A;Total"), "header", "'A'"),
        (lines("A;1;2", head=";2018;2017"), "header", "2018"),
        (lines("A,2018,5", head="Actividad,Periodo,Total"), "header", "Actividad,Periodo,Total"),
        (lines('"A;B;2018;5'), "line", "unexpected end of data"),
        ("<html><head><title>Mantenimiento</title></head></html>", "start of file", "Mantenimiento"),
    ],
)
def test_what_is_refused(body: str, place: str, found: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(body)
    assert place in caught.value.where
    assert found in caught.value.found


def test_the_wide_layout_names_the_remedy() -> None:
    with pytest.raises(FormatError, match="csv_bdsc"):
        read(lines("TOTAL;1;2", head=";2018;2017"))
