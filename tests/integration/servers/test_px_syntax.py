"""The server's own PX reader and writer: the real file, and the syntax that breaks naive readers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.servers.cube import NIL, Cube, Dim
from tests.servers.px_write import parse, statements, write

SMALL = """CHARSET="ANSI";
LANGUAGE="es"; LANGUAGES="es","eu";
TITLE="Uno; dos = tres, DATA=4";
DATASYMBOL1=":";
STUB="lurra (a=b)",
"sector";
STUB[eu]="lurralde","sektore";
HEADING="periodo";
HEADING[eu]="aldia";
VALUES("lurra (a=b)")="Araba","Bizkaia";
VALUES("sector")="uno
dos","Añadido, todo";
VALUES[eu]("sektore")="bat","bi";
VALUES("periodo")="2019","2020";
TIMEVAL("periodo")=TLIST(Q1),"2019","2020";
CODES("sector")="10","20";
ELIMINATION("sector")="Añadido, todo";
DATANOTECELL("Bizkaia","10","*")="aviso";
DECIMALS=1;
DATA=
1.5 "-" . 2 3
4 "." -7.25;
"""


def test_the_real_file_reads_as_the_reference_describes_it(shared: Path) -> None:
    cube = parse((shared / "extracts/eustat/PX_112311_cindus_ind01.px").read_bytes())
    assert cube.shape == (4, 40, 10, 12)
    assert [d.code for d in cube.dims] == [
        "territorio histórico",
        "sector (A86)",
        "principales agregados",
        "periodo",
    ]
    assert cube.dims[0].codes == ["00", "01", "48", "20"]
    assert [d.time for d in cube.dims] == [False, False, False, True]
    assert cube.symbol(1) == ":"
    gross = cube.values.reshape(cube.shape)[:, 0, 2, [0, 7, 10, 11]]
    assert gross[0].tolist() == [17658352, 13542946, 15084027, 15295361]
    assert gross[2, [0, 3]].tolist() == [7254738, 5898511]
    assert int((cube.marks == NIL).sum()) > 0 and int(((cube.marks > 0) & (cube.marks != NIL)).sum()) == 0


def test_in_the_real_file_the_region_is_the_sum_of_its_provinces(shared: Path) -> None:
    cube = parse((shared / "extracts/eustat/PX_112311_cindus_ind01.px").read_bytes())
    values = cube.values.reshape(cube.shape)
    assert np.array_equal(values[0], values[1:].sum(0))


def test_the_real_file_survives_writing_and_reading(shared: Path) -> None:
    cube = parse((shared / "extracts/eustat/PX_112311_cindus_ind01.px").read_bytes())
    again = parse(write(cube))
    assert again.dims == cube.dims and again.texts == cube.texts and again.plain == cube.plain
    assert np.array_equal(again.values, cube.values) and np.array_equal(again.marks, cube.marks)


def test_quotes_hide_semicolons_equals_and_data() -> None:
    cube = parse(SMALL.encode("windows-1252"))
    assert cube.text("TITLE", "es") == "Uno; dos = tres, DATA=4"
    assert [d.code for d in cube.dims] == ["lurra (a=b)", "sector", "periodo"]


def test_data_lines_do_not_follow_rows_and_symbols_may_be_quoted() -> None:
    cube = parse(SMALL.encode("windows-1252"))
    assert cube.values.tolist() == [1.5, 0, 0, 2, 3, 4, 0, -7.25]
    assert cube.marks.tolist() == [0, NIL, 1, 0, 0, 0, 1, 0]


def test_codes_are_optional_and_languages_share_them() -> None:
    place, sector, period = parse(SMALL.encode("windows-1252")).dims
    assert (place.codes, place.coded) == (["Araba", "Bizkaia"], False)
    assert (sector.codes, sector.texts["eu"], sector.name("eu")) == (["10", "20"], ["bat", "bi"], "sektore")
    assert (sector.elimination, period.timeval) == ("20", "Q1")


def test_a_data_note_names_its_cells_by_code_or_label() -> None:
    assert parse(SMALL.encode("windows-1252")).noted() == {4: "aviso", 5: "aviso"}


def test_codepage_and_byte_order_mark_are_obeyed() -> None:
    named = SMALL.replace("LANGUAGE=", 'CODEPAGE="utf-8";\nLANGUAGE=', 1)
    for data in (named.encode(), SMALL.encode("utf-8-sig"), SMALL.encode("windows-1252")):
        assert parse(data).dims[1].texts["es"][1] == "Añadido, todo"


def test_a_table_without_heading_is_all_rows() -> None:
    text = 'LANGUAGE="es";STUB="a";VALUES("a")="x","y";DATA=1 2;'
    assert (parse(text.encode()).shape, parse(text.encode()).rows) == ((2,), 1)


def test_the_last_semicolon_may_be_missing() -> None:
    text = 'LANGUAGE="es";STUB="a";VALUES("a")="x","y";DATA=\n1 2\n'
    assert parse(text.encode()).values.tolist() == [1, 2]


@pytest.mark.parametrize("data", ["1", "1 2 3"])
def test_the_wrong_number_of_cells_is_refused(data: str) -> None:
    with pytest.raises(ValueError, match="the variables make 2"):
        parse(f'STUB="a";VALUES("a")="x","y";DATA={data};'.encode())


def test_the_sparse_form_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="KEYS"):
        parse(b'STUB="a";VALUES("a")="x";KEYS("a")=VALUES;DATA="x" 1;')


def test_long_lists_are_broken_after_a_comma_and_read_back() -> None:
    labels = [f"etiqueta número {i}" for i in range(200)]
    cube = Cube([Dim("d", [str(i) for i in range(200)], {"es": labels})], np.arange(200.0), languages=("es",))
    data = write(cube)
    assert max(len(line) for line in data.split(b"\n")) < 300
    assert parse(data).dims[0].texts["es"] == labels


def test_statements_end_with_data() -> None:
    keys = [key for key, *_ in statements(SMALL)]
    assert keys.index("DATASYMBOL1") == 4 and keys[-1] == "DATA" and keys.count("DATA") == 1
