"""PX files: the real Eustat file, a specimen for every feature, and malformed files."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from observatory.errors import FormatError
from observatory.formats import cube, px

HEAD = """CHARSET="ANSI";
LANGUAGE="es";
LANGUAGES="es","eu";
TITLE="Empleo";
TITLE[eu]="Enplegua";
STUB="territorio";
STUB[eu]="lurraldea";
HEADING="periodo";
HEADING[eu]="aldia";
VALUES("territorio")="Araba/Álava","Bizkaia";
VALUES[eu]("lurraldea")="Araba","Bizkaia";
VALUES("periodo")="2008","2009","2010";
CODES("territorio")="01","48";
"""


def read(text: str, encoding: str = "cp1252") -> pa.Table:
    return px.read(text.encode(encoding), name="table.px")


def cells(table: pa.Table) -> list[tuple[float | None, str | None, str]]:
    return list(zip(*(table[c].to_pylist() for c in ("value", "flag", "kind")), strict=True))


def values(table: pa.Table) -> list[float | None]:
    found: list[float | None] = table["value"].to_pylist()
    return found


# ---------------------------------------------------------------- the real file


@pytest.fixture(scope="module")
def ind01(shared: Path) -> pa.Table:
    path = shared / "extracts" / "eustat" / "PX_112311_cindus_ind01.px"
    return px.read(path.read_bytes(), name=path.name)


@pytest.fixture(scope="module")
def ind01_cube(ind01: pa.Table) -> np.ndarray:
    """territory x sector x aggregate x year, nil as zero."""
    return ind01["value"].fill_null(0.0).to_numpy().reshape(4, 40, 10, 12)


def test_real_file_has_all_its_cells(ind01: pa.Table) -> None:
    assert ind01.num_rows == 19_200
    kinds = ind01["kind"].to_pylist()
    assert (kinds.count("nil"), kinds.count("missing")) == (360, 0)
    assert ind01["flag"].to_pylist().count("-") == 360
    assert ind01["value"].null_count == 360
    assert ind01.column_names[::4][:4] == ["territorio histórico", "sector (A86)", "principales agregados", "periodo"]


def test_real_file_has_codes_and_labels_in_three_languages(ind01: pa.Table) -> None:
    first = ind01.slice(0, 1).to_pylist()[0]
    assert first["territorio histórico"] == "00"
    assert first["territorio histórico__label"] == "C.A. de Euskadi"
    assert first["territorio histórico__label_eu"] == "Euskal AE"
    assert first["territorio histórico__label_en"] == "A. C. of Euskadi"
    assert ind01["territorio histórico"].unique().to_pylist() == ["00", "01", "48", "20"]
    # The English labels are wrong in the file (12 is textiles), so they can be no key.
    row = ind01["sector (A86)"].to_pylist().index("12")
    assert ind01["sector (A86)__label"][row].as_py().startswith("12 - Textil")
    assert "wood" in ind01["sector (A86)__label_en"][row].as_py()


def test_real_file_adds_up_in_all_5280_sums(ind01_cube: np.ndarray) -> None:
    provinces = ind01_cube[0] == ind01_cube[1:].sum(axis=0)
    sectors = ind01_cube[:, 0] == ind01_cube[:, 1:].sum(axis=1)
    assert provinces.size + sectors.size == 5_280
    assert provinces.all()
    assert sectors.all()


def test_real_file_gives_the_published_totals(ind01: pa.Table, ind01_cube: np.ndarray) -> None:
    years = ind01["periodo"].unique().to_pylist()
    at = [years.index(year) for year in ("2008", "2015", "2018", "2019")]
    codes = ind01["principales agregados"].unique().to_pylist()
    gva, staff = ind01_cube[0, 0, codes.index("200")], ind01_cube[0, 0, codes.index("100")]
    assert gva[at].tolist() == [17_658_352, 13_542_946, 15_084_027, 15_295_361]
    assert staff[at].tolist() == [249_230, 194_458, 206_349, 207_004]
    assert ind01_cube[2, 0, codes.index("200")][[at[0], at[3]]].tolist() == [7_254_738, 5_898_511]


def test_real_file_describes_itself(ind01: pa.Table) -> None:
    about = cube.about(ind01)
    assert (about["matrix"], about["decimals"], about["updated"]) == ("ind01", 0, "20210416")
    assert (about["units"], about["translations"]["eu"]["units"]) == ("miles de euros", "mila euro")
    assert about["source"] == "EUSTAT. Encuesta industrial"
    assert about["encoding"] == "cp1252"
    assert about["dimensions"]["periodo"] == {"eu": "aldia", "en": "period"}
    assert about["time"]["periodo"] == {"scale": "A1", "periods": [str(y) for y in range(2008, 2020)]}


# ---------------------------------------------------------------- specimens


def test_symbols_keep_nil_and_missing_apart() -> None:
    data = 'DATASYMBOL1=":";DATASYMBOL6="x";DATASYMBOLNIL="–";DATASYMBOLSUM="s";DATA=1 "-" . "......" - ".......";'
    assert cells(read(HEAD + data)) == [
        (1.0, None, "value"),
        (None, "–", "nil"),
        (None, ":", "missing"),
        (None, "x", "missing"),
        (None, "–", "nil"),
        (None, "s", "missing"),
    ]


def test_symbols_without_a_text_show_themselves() -> None:
    table = read(HEAD + 'DATA=".." ... "...." ..... ....... -;')
    assert [flag for _, flag, _ in cells(table)] == ["..", "...", "....", ".....", ".......", "-"]
    assert [kind for _, _, kind in cells(table)] == ["missing"] * 5 + ["nil"]


@pytest.mark.parametrize(
    "data",
    [
        "1 2 3\n4 5 6;",
        "\n1\n2 3 4\r\n5\t6\n;\n",
        "1,2,3,4,5,6;",
        " 1 2\n\n\n3 4 5 6 ;\x1a",
        "1 2 3 4 5 6 \n",
        '"1" 2 3 4 5 6;',
    ],
)
def test_data_may_break_anywhere(data: str) -> None:
    assert values(read(HEAD + "DATA=" + data)) == [1, 2, 3, 4, 5, 6]


def test_numbers_of_all_shapes() -> None:
    table = read(HEAD + "DECIMALS=2;SHOWDECIMALS=1;DATA=-1.25 .5 0.10 1e3 -0 12345678901234567890;")
    assert values(table) == [-1.25, 0.5, 0.1, 1000.0, 0.0, 12345678901234567890.0]
    assert (cube.about(table)["decimals"], cube.about(table)["showdecimals"]) == (2, 1)


def test_quoted_text_may_hold_the_file_s_own_signs() -> None:
    note = 'NOTE="a; b=c, DATA=9 9 9; \'KEYS\' (x)";NOTE[eu]="bat, bi";\n'
    table = read(HEAD + note + 'SOURCE="uno, "\n"dos ""y tres";DATASYMBOL1=":";DATA=\n1 2 3 4 5 6;')
    about = cube.about(table)
    assert about["notes"] == [
        {"keyword": "NOTE", "language": "", "of": [], "text": "a; b=c, DATA=9 9 9; 'KEYS' (x)"},
        {"keyword": "NOTE", "language": "eu", "of": [], "text": "bat, bi"},
    ]
    assert about["source"] == "uno, dos y tres"
    assert values(table) == [1, 2, 3, 4, 5, 6]


def test_names_may_hold_brackets_equal_signs_and_trailing_blanks() -> None:
    text = 'STUB="a (x=1;[2]) ";HEADING="b, c";VALUES("a (x=1;[2]) ")=\n"p",\n  "q";VALUES("b, c")="r";DATA=1 2;'
    table = read(text)
    assert table.column_names[:4] == ["a (x=1;[2]) ", "a (x=1;[2]) __label", "b, c", "b, c__label"]
    assert table["a (x=1;[2]) "].to_pylist() == ["p", "q"]


def test_keywords_in_small_letters_and_with_blanks() -> None:
    table = read('Stub = "a" ; values ( "a" ) = "p" , "q" ; Data = 1 2 ;')
    assert table.to_pylist()[1] == {"a": "q", "a__label": "q", "value": 2.0, "flag": None, "kind": "value"}


def test_codes_are_optional() -> None:
    table = read(HEAD + "DATA=1 2 3 4 5 6;")
    assert table["periodo"].to_pylist() == table["periodo__label"].to_pylist() == ["2008", "2009", "2010"] * 2
    assert "periodo__label_eu" not in table.column_names


@pytest.mark.parametrize("part", ["STUB", "HEADING"])
def test_stub_or_heading_may_be_absent(part: str) -> None:
    table = read(f'{part}="a","b";VALUES("a")="x","y";VALUES("b")="1","2";DATA=1 2 3 4;')
    assert table.select(["a", "b", "value"]).to_pylist()[1] == {"a": "x", "b": "2", "value": 2.0}


def test_the_default_language_may_be_named() -> None:
    text = 'LANGUAGE="es";STUB[es]="a";VALUES[es]("a")="uno";VALUES[en]("a")="one";TITLE[es]="T";DATA=1;'
    table = read(text)
    assert table.to_pylist() == [
        {"a": "uno", "a__label": "uno", "a__label_en": "one", "value": 1.0, "flag": None, "kind": "value"}
    ]
    assert cube.about(table)["title"] == "T"


@pytest.mark.parametrize(
    ("declared", "codec", "found"),
    [
        ("", "cp1252", "cp1252"),
        ("", "utf-8", "utf-8"),
        ("", "utf-8-sig", "utf-8"),
        ('CODEPAGE="utf-8";', "utf-8", "utf-8"),
        ('CODEPAGE="iso-8859-15";', "iso-8859-15", "iso8859-15"),
        ('CODEPAGE="1252";', "cp1252", "cp1252"),
        ('CODEPAGE="windows-1252";', "utf-8-sig", "utf-8"),
    ],
)
def test_encodings(declared: str, codec: str, found: str) -> None:
    table = read('CHARSET="ANSI";' + declared + 'STUB="año";VALUES("año")="Araba/Álava";DATA=7;', codec)
    assert table["año"].to_pylist() == ["Araba/Álava"]
    assert cube.about(table)["encoding"] == found


@pytest.mark.parametrize(
    ("timeval", "scale", "periods"),
    [
        ('TLIST(A1),"2008","2009","2010"', "A1", ["2008", "2009", "2010"]),
        ('TLIST(A1,"2008"-"2010")', "A1", ["2008", "2009", "2010"]),
        ('TLIST(H1, "20082" - "20092")', "H1", ["20082", "20091", "20092"]),
        ('TLIST(Q1,"20084"-"20092")', "Q1", ["20084", "20091", "20092"]),
        ('TLIST(M1,"200811"-"200901")', "M1", ["200811", "200812", "200901"]),
        ('TLIST(W1,"200952"-"201001")', "W1", ["200952", "200953", "201001"]),
        ('TLIST(D1,"20080228"-"20080301")', "D1", ["20080228", "20080229", "20080301"]),
    ],
)
def test_timeval_as_list_and_as_range(timeval: str, scale: str, periods: list[str]) -> None:
    table = read(HEAD + f'TIMEVAL("periodo")={timeval};DATA=1 2 3 4 5 6;')
    assert cube.about(table)["time"] == {"periodo": {"scale": scale, "periods": periods}}


def test_keys_bring_rows_and_the_rest_is_zero() -> None:
    text = (
        'STUB="a","b";HEADING="t";VALUES("a")="Uno","Dos";CODES("a")="1","2";VALUES("b")="x","y; z";'
        'VALUES("t")="08","09";KEYS("a")=CODES;KEYS("b")=VALUES;DATASYMBOL1=":";'
        'DATA=\n"2","x",1 "-"\n"1","y; z", "." 4;'
    )
    assert cells(read(text)) == [
        (0.0, None, "value"),
        (0.0, None, "value"),
        (None, ":", "missing"),
        (4.0, None, "value"),
        (1.0, None, "value"),
        (None, "-", "nil"),
        (0.0, None, "value"),
        (0.0, None, "value"),
    ]


def test_keys_without_any_row_or_heading() -> None:
    keyed = 'STUB="a";VALUES("a")="x","y";KEYS("a")=VALUES;'
    assert values(read(keyed + "DATA= ;")) == [0, 0]
    assert values(read(keyed + 'DATA="y" 5;')) == [0, 5]


def test_a_data_note_stands_beside_the_value() -> None:
    notes = 'DATANOTECELL("48","2009")="p";DATANOTECELL("Bizkaia","*")="b";DATANOTECELL[eu]("Bizkaia","2008")="z";'
    assert cells(read(HEAD + notes + 'DATA=1 2 3 4 5 "-";')) == [
        (1.0, None, "value"),
        (2.0, None, "value"),
        (3.0, None, "value"),
        (4.0, "b", "value"),
        (5.0, "p b", "value"),
        (None, "- b", "nil"),
    ]


def test_every_statement_is_kept() -> None:
    more = (
        'MATRIX="m1";CONTENTS="Personas";UNITS="personas";UNITS("Araba")="miles";UNITS[eu]="pertsonak";'
        'CREATION-DATE="20210416";LAST-UPDATED="20260211 09:00";VALUENOTE("periodo","2008")="corte";'
        'CELLNOTE("01","2008")="ojo";DATANOTE("periodo")="e";DOMAIN("periodo")="d";PRECISION("periodo","2008")=1;'
        'NOTE="uno";NOTE="dos";DATANOTESUM="*";SURVEY="s";SURVEY="t";'
    )
    about = cube.about(read(HEAD + more + "DATA=1 2 3 4 5 6;"))
    assert (about["matrix"], about["contents"], about["units"]) == ("m1", "Personas", "personas")
    assert (about["creation_date"], about["updated"]) == ("20210416", "20260211 09:00")
    assert about["languages"] == ["es", "eu"]
    assert about["translations"]["eu"] == {"title": "Enplegua", "units": "pertsonak"}
    noted = [(n["keyword"], n["of"], n["text"]) for n in about["notes"]]
    assert noted == [
        ("VALUENOTE", ["periodo", "2008"], "corte"),
        ("CELLNOTE", ["01", "2008"], "ojo"),
        ("DATANOTE", ["periodo"], "e"),
        ("NOTE", [], "uno"),
        ("NOTE", [], "dos"),
        ("DATANOTESUM", [], "*"),
    ]
    detailed = [(d["keyword"], d["of"], d["text"]) for d in about["details"]]
    assert detailed == [
        ("UNITS", ["Araba"], "miles"),
        ("DOMAIN", ["periodo"], "d"),
        ("PRECISION", ["periodo", "2008"], "1"),
        ("SURVEY", [], "t"),
    ]


# ---------------------------------------------------------------- malformed files

SIX = "DATA=1 2 3 4 5 6;"
KEYED = 'STUB="a";HEADING="t";VALUES("a")="x","y";VALUES("t")="08","09";'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["line 1", "KEYWORD", "end of the file"]),
        ("<!DOCTYPE html><html><title>404 Eustat</title>", ["PX keywords", "HTML page (404 Eustat)"]),
        ('{"dataset": 1}', ["line 1", "KEYWORD", '{"dataset"']),
        (HEAD, ["line 13 after CODES", "at last DATA=", "end of the file"]),
        (HEAD + "DATA=1 2 3 4 5;", ["DATA", "6 cells (2 x 3)", "5 cells"]),
        (HEAD + "DATA=1 2 3 4 5 6 7;", ["DATA", "6 cells", "7 cells"]),
        (HEAD + "DATA=;", ["DATA", "6 cells", "0 cells"]),
        (HEAD + 'DATA=1 2 3 4 5 "";', ["DATA", "cell 6 (territorio=48, periodo=2010)", "quote"]),
        (HEAD + "DATA=1 2 3 4 x5 6;", ["DATA, cell 5 (territorio=48, periodo=2009)", "'x5'", "number or a symbol"]),
        (HEAD + "DATA=1 2 3 4 nan 6;", ["DATA, cell 5", "'nan'"]),
        (HEAD + "DATA=1 2 inf 4 5 6;", ["DATA, cell 3", "'inf'"]),
        (HEAD + "DATA=1 2 0x10 4 5 6;", ["DATA, cell 3", "'0x10'"]),
        (HEAD + "DATA=1 2!3 4 5 6;", ["DATA, cell 2", "'2!3'"]),
        (HEAD + "DATA=1 2 1_000 4 5 6;", ["DATA, cell 3", "'1_000'"]),
        (HEAD + "DATA=1 2 1e999 4 5 6;", ["DATA, cell 3", "beyond any range"]),
        (HEAD + "DATA=1 2 ........ 4 5 6;", ["DATA, cell 3", "'........'"]),
        (HEAD + "DATA=1 2 : 4 5 6;", ["DATA, cell 3", "':'"]),
        (HEAD + "DATA=1 2 1=1 4 5 6;", ["DATA, cell 3", "'1=1'"]),
        (HEAD + "DATA=1 2 1\x012 4 5 6;", ["DATA, cell 3"]),
        (HEAD + "DATA=1 2 \x00 4 5 6;", ["DATA, cell 3"]),
        (HEAD + "DATA=1 2 Ñ 4 5 6;", ["DATA, cell 3", "'Ñ'"]),
        (HEAD + 'DATA=1 2 3 4 5 6 "x y";', ["DATA, cell 7 (beyond the last)", "'x'"]),
        (HEAD + 'DATA=1 2 "3 4" 5 6;', ["DATA, cell 3", "quote"]),
        (HEAD + 'DATA=1 2 3 "4 5 6;', ["DATA, cell 4", "quote"]),
        (HEAD + "DATA=1 2 3 4 5 6", ["DATA", "a closing ;", "1 2 3 4 5 6'"]),
        (HEAD + SIX + HEAD, ["DATA", "end of the file after ;", "CHARSET"]),
        (HEAD.replace('"2010";', '"2010"') + SIX, ["VALUES", "texts in quotes", "CODES"]),
        (HEAD.replace('"Bizkaia";', '"Bizkaia;') + SIX, ["VALUES"]),
        (HEAD + 'NOTE="never closed;' + SIX, ["NOTE", "closing quote", "inside quotes"]),
        (HEAD + 'NOTE="a" "b" c;' + SIX, ["NOTE", "texts in quotes"]),
        (HEAD + 'NOTE="a",;' + SIX, ["NOTE", "texts in quotes"]),
        (HEAD.replace('"es";\nLANG', '"es","eu";\nLANG') + SIX, ["LANGUAGE", "one language", "2"]),
        (HEAD + "DECIMALS=two;" + SIX, ["DECIMALS", "number of decimals", "'two'"]),
        (HEAD + 'CODEPAGE="klingon";' + SIX, ["CODEPAGE", "encoding", "'klingon'"]),
        (HEAD + 'CODEPAGE="idna";' + SIX, ["CODEPAGE", "encoding", "'idna'"]),
        (HEAD + 'CODEPAGE="utf-8";' + SIX, ["VALUES", "utf-8", "byte 0xc1"]),
        (HEAD + 'SOURCE="\x81";' + SIX, ["SOURCE", "cp1252", "byte 0x81"]),
        (HEAD + 'CODES("periodo")="1","2";' + SIX, ['CODES("periodo")', "3 entries", "found 2"]),
        (HEAD + 'CODES("periodo")="1","2","1";' + SIX, ["periodo", "every code once", "'1'"]),
        (HEAD + 'VALUES("periodo")="a";' + SIX, ['VALUES("periodo")', "once", "again"]),
        (HEAD + 'VALUES[eu]("aldia")="a";' + SIX, ['VALUES[eu]("aldia")', "3 entries", "found 1"]),
        (HEAD + 'CODES[eu]("lurraldea")="48","01";' + SIX, ['CODES[eu]("lurraldea")', "same codes"]),
        (HEAD.replace('HEADING[eu]="aldia";', "") + SIX, ["STUB[eu]", "2 dimension names", "1 names"]),
        (HEAD.replace('VALUES("periodo")', 'VALUES("period")') + SIX, ['VALUES("periodo")', "none"]),
        ('TITLE="t";' + SIX, ["STUB", "dimension names", "neither"]),
        ('STUB="a","a";VALUES("a")="x";DATA=1;', ["'a'", "twice"]),
        ('STUB="kind";VALUES("kind")="x";DATA=1;', ["'kind'", "other than"]),
        (HEAD + 'TIMEVAL("periodo")=TLIST(A1),"2008";' + SIX, ['TIMEVAL("periodo")', "3 entries", "found 1"]),
        (HEAD + 'TIMEVAL("periodo")=TLIST(A1,"0000"-"9999");' + SIX, ["TIMEVAL", "3 periods", "10000"]),
        (HEAD + 'TIMEVAL("periodo")=TLIST(M1,"200813"-"200901");' + SIX, ["TIMEVAL", "scale M1", "200813"]),
        (HEAD + 'TIMEVAL("periodo")=TLIST(X1,"1"-"3");' + SIX, ["TIMEVAL", "scale X1"]),
        (HEAD + 'TIMEVAL("periodo")="2008";' + SIX, ["TIMEVAL", "TLIST"]),
        (HEAD + 'DATANOTECELL("01","2020")="x";' + SIX, ["DATANOTECELL(01,2020)", "'periodo'", "'2020'"]),
        (HEAD + 'DATANOTECELL("01")="x";' + SIX, ["DATANOTECELL(01)", "2 codes", "1 codes"]),
        (HEAD + 'DATANOTECELL("*","*")="x";' * 21 + SIX, ["DATANOTECELL(*,*)", "at most 20"]),
        (KEYED + 'KEYS("a")=NAMES;DATA="x" 1 2;', ['KEYS("a")', "CODES or VALUES", "'NAMES'"]),
        (KEYED + 'KEYS("t")=CODES;DATA="x" 1 2;', ['KEYS("a")', "CODES or VALUES", "nothing"]),
        (KEYED + 'KEYS("a")=VALUES;DATA="x" 1 2 "y" 3;', ["DATA", "1 keys and 2 cells", "5"]),
        (KEYED + 'KEYS("a")=VALUES;DATA="x" 1 2 "z" 3 4;', ["DATA, row 2", "'a'", "z"]),
        (KEYED + 'KEYS("a")=VALUES;DATA="x" 1 2 "x" 3 4;', ["DATA, row 2", "every row once", "x"]),
        (KEYED + 'KEYS("a")=VALUES;DATA="x" 1 2 "y" 3 q;', ["DATA, cell 4 (row=2, t=09)", "'q'"]),
        (KEYED + 'KEYS("a")=VALUES;DATA="x" 1 2 "y" 3 "";', ["DATA"]),
        (KEYED + 'KEYS("a")=VALUES;DATA="x" 1 2 "y 3 4;', ["DATA", "closing quote"]),
        (KEYED + 'KEYS("a")=VALUES;DATA="x" 1 2', ["DATA", "a closing ;"]),
        (KEYED + 'KEYS("a")=VALUES;DATA="x" 1 2;"y" 3 4;', ["DATA", "end of the file after ;"]),
    ],
)
def test_malformed_files_name_the_place(text: str, words: list[str]) -> None:
    with pytest.raises(FormatError) as caught:
        px.read(text.encode("latin-1"), name="table.px")
    message = str(caught.value)
    assert message.startswith("table.px: ")
    assert all(word in message for word in words), message


def test_every_cut_of_a_file_is_refused() -> None:
    whole = (HEAD + 'NOTE="a; DATA=1";\nDATA=\n10 20 30\n40 "-" 60;').encode("cp1252")
    assert values(px.read(whole, name="whole")) == [10, 20, 30, 40, None, 60]
    for size in range(len(whole)):
        with pytest.raises(FormatError):
            px.read(whole[:size], name="cut")


@pytest.mark.parametrize("keys", ["", "".join(f'KEYS("{d}")=VALUES;' for d in "abc")])
def test_a_billion_declared_cells_take_no_memory(keys: str) -> None:
    items = ",".join(f'"{n}"' for n in range(1000))
    head = 'STUB="a","b","c";' + "".join(f'VALUES("{d}")={items};' for d in "abc")
    data = (head + keys + "DATA=1 2 3 4 5 6 7 8 9 10;").encode()
    before = pa.total_allocated_bytes()
    tracemalloc.start()
    with pytest.raises(FormatError, match=r"VALUES: .*1000000000 declared \(1000 x 1000 x 1000\)"):
        px.read(data, name="table.px")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000
    assert pa.total_allocated_bytes() - before < 10_000_000


def test_a_large_sparse_cube_with_one_row_takes_no_memory() -> None:
    items = ",".join(f'"{n}"' for n in range(9000))
    head = f'STUB="a";HEADING="b";VALUES("a")={items};VALUES("b")={items};KEYS("a")=VALUES;'
    row = '"7" ' + "1 " * 9000
    tracemalloc.start()
    with pytest.raises(FormatError, match="most of 81000000 cells, found 9000 cells"):
        px.read((head + "DATA=" + row + ";").encode(), name="table.px")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize(
    "hostile",
    [
        b'"' * 2_000_001,
        b"A" * 2_000_000,
        b'NOTE="a"' + b' "a"' * 500_000,
        b"NOTE=" + b"a," * 1_000_000,
        b"NOTE(" * 400_000,
        b'NOTE("' + b'"("' * 500_000,
        b" " * 2_000_000,
        b"A=1;" * 200_000,
        HEAD.encode("cp1252") + b"DATA=" + b'"' * 2_000_001 + b";",
        HEAD.encode("cp1252") + b"DATA=" + b'"-' * 1_000_000 + b";",
        HEAD.encode("cp1252") + b"DATA=" + b"1" * 2_000_000 + b";",
        HEAD.encode("cp1252") + b"DATA=1 2 3 4 5 " + b"\n" * 3_000_000 + b"6 7;",
        KEYED.encode() + b'KEYS("a")=VALUES;DATA=' + b'"x"' * 500_000 + b";",
        HEAD.encode("cp1252") + b'TIMEVAL("periodo")=TLIST(A1' + b" " * 1_000_000 + b";DATA=1;",
        HEAD.encode("cp1252") + b'DATANOTECELL("01","2008")="x";' * 20_000 + b"DATA=1 2 3 4 5 6;",
    ],
    ids=range(15),
)
def test_hostile_bytes_are_refused_and_never_hang(hostile: bytes) -> None:
    with pytest.raises(FormatError):
        px.read(hostile, name="hostile")


@settings(max_examples=300)
@given(st.integers(0, 400), st.integers(0, 20), st.binary(max_size=8))
def test_a_damaged_file_is_read_or_refused_but_never_breaks_the_reader(at: int, cut: int, splice: bytes) -> None:
    more = 'TIMEVAL("periodo")=TLIST(A1,"2008"-"2010");DATANOTECELL("01","*")="p";'
    whole = (HEAD + more + 'DATA=1 "-" 3 . 5 6;').encode("cp1252")
    damaged = whole[:at] + splice + whole[at + cut :]
    try:
        table = px.read(damaged, name="damaged.px")
    except FormatError as error:
        assert str(error).startswith("damaged.px: ")
    else:
        table.validate(full=True)
        assert table.num_rows == table["value"].null_count + table["kind"].to_pylist().count("value")


@given(st.text("0123456789+-.eE", min_size=1, max_size=7))
@example("1e5")
@example("5.")
@example(".......")
@example("+1")
def test_a_token_is_a_number_a_symbol_or_an_error(token: str) -> None:
    text = f'STUB="a";VALUES("a")="x";DATA={token};'
    try:
        number = float(token)
    except ValueError:
        if set(token) == {"."} or token == "-":
            assert cells(read(text)) == [(None, token, "nil" if token == "-" else "missing")]
        else:
            with pytest.raises(FormatError, match=r"DATA, cell 1 \(a=x\)"):
                read(text)
    else:
        if np.isinf(number):
            with pytest.raises(FormatError, match="beyond any range"):
                read(text)
        else:
            assert cells(read(text)) == [(number, None, "value")]
