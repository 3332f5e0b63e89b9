"""JSON-stat: the real answers of both publishers, every form of value and status, malformed files, round trips."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observatory.errors import FormatError
from observatory.formats import cube, jsonstat

EP31 = "extracts/eustat/captures/PX_010152_cepv1_ep31.jsonstat{}.trimmed.json"


def answer(value: Any, status: Any = None, **further: Any) -> dict[str, Any]:
    """A dataset of two places and three years, version 2.0."""
    dimension = {
        "place": {"label": "Place", "category": {"index": {"b": 1, "a": 0}, "label": {"a": "Araba", "b": "Bizkaia"}}},
        "year": {"category": {"index": ["2008", "2009", "2010"]}},
    }
    document = {"class": "dataset", "id": ["place", "year"], "size": [2, 3], "dimension": dimension, "value": value}
    return document | ({} if status is None else {"status": status}) | further


def read(document: Any) -> pa.Table:
    return jsonstat.read(json.dumps(document, separators=(",", ":")).encode(), name="some_table")


def cells(table: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(table[c].to_pylist() for c in ("value", "flag", "kind")), strict=True))


# real answers


@pytest.mark.parametrize("version", ["12", "2"])
def test_both_captures_of_eustat_hold_the_same_cells(shared: Path, version: str) -> None:
    data = (shared / EP31.format(version)).read_bytes()
    table = jsonstat.read(data, name="ep31")
    document = json.loads(data)
    inner = document.get("dataset", document)
    extra = ["ContentsCode", "ContentsCode__label"] if version == "2" else []
    own = ["ámbitos territoriales", "ámbitos territoriales__label", "periodo", "periodo__label"]
    assert table.column_names == [*extra, *own, "value", "flag", "kind"]
    assert table["value"].to_pylist() == inner["value"]
    assert table["flag"].to_pylist() == [inner["status"].get(str(n)) for n in range(70)]
    assert table["kind"].to_pylist() == ["missing" if 56 <= n < 66 else "value" for n in range(70)]
    assert table.select(own).slice(66, 1).to_pylist() == [
        dict(zip(own, ["48911", "Ajangiz", "1986", "1986"], strict=True))
    ]
    about = cube.about(table)
    assert about["title"] == "Población de la C.A. de Euskadi de hecho por ámbitos territoriales y periodo"
    assert about["source"] == "EUSTAT. Censos de Población y Viviendas"
    assert about["updated"] is None
    assert about["version"] == ("2.0" if version == "2" else "1.2")
    assert about["role"]["time"] == ["periodo"]


def test_the_extra_dimension_of_json_stat_2_is_kept_with_its_unit(shared: Path) -> None:
    table = jsonstat.read((shared / EP31.format("2")).read_bytes(), name="ep31")
    assert table["ContentsCode"].unique().to_pylist() == ["EliminatedValue"]
    about = cube.about(table)
    assert about["dimensions"]["ContentsCode"]["unit"] == {"EliminatedValue": {"base": "", "decimals": 0}}
    assert about["dimensions"]["ContentsCode"]["label"] == "EliminatedContents"
    assert about["role"]["metric"] == ["ContentsCode"]
    assert about["extension"]["px"]["matrix"] == "ep31"


def test_an_answer_of_eurostat_is_sparse_unsorted_and_complete(shared: Path) -> None:
    data = (shared / "extracts/eurostat/nama_10r_3empers_ES51_2018.json").read_bytes()
    table, document = jsonstat.read(data, name="nama_10r_3empers"), json.loads(data)
    found = dict(zip(table["nace_r2"].to_pylist(), table["value"].to_pylist(), strict=True))
    index = document["dimension"]["nace_r2"]["category"]["index"]
    assert found == {code: document["value"][str(at)] for code, at in index.items()}
    assert (found["TOTAL"], found["J"], found["R-U"]) == (3562.6, 98.0, 299.4)
    assert table["geo__label"].unique().to_pylist() == ["Cataluña"]
    about = cube.about(table)
    assert about["updated"] == "2026-07-31T23:00:00+0200"
    assert about["extension"]["id"] == "NAMA_10R_3EMPERS"
    assert about["role"] == {}


def test_zeros_are_values(shared: Path) -> None:
    data = (shared / "extracts/eurostat/nama_10_a64_e_ES_2022_THS_PER.json").read_bytes()
    table = jsonstat.read(data, name="nama_10_a64_e")
    found = dict(zip(table["nace_r2"].to_pylist(), table["value"].to_pylist(), strict=True))
    assert table.num_rows == 96 and table["value"].null_count == 0
    assert (found["TOTAL"], found["A"], found["U"]) == (20_827.7, 797.9, 0.0)


# what a cell can be


def test_null_with_a_dash_is_nil_and_any_other_null_is_missing() -> None:
    table = read(answer([None, None, None, None, 0, 7], {"0": "-", "1": ":", "3": "|C", "4": "-"}))
    assert cells(table) == [
        (None, "-", "nil"),
        (None, ":", "missing"),
        (None, None, "missing"),
        (None, "|C", "missing"),
        (0.0, "-", "value"),
        (7.0, None, "value"),
    ]


def test_a_text_beside_a_number_keeps_the_number() -> None:
    flags = {"0": "b", "1": "bp|C", "2": 'Break; see note: {1}, "2"', "5": "null"}
    table = read(answer([1, 2.5, 3, 4, 5, -6e2], flags))
    assert table["value"].to_pylist() == [1.0, 2.5, 3.0, 4.0, 5.0, -600.0]
    assert table["flag"].to_pylist() == [flags.get(str(n)) for n in range(6)]
    assert set(table["kind"].to_pylist()) == {"value"}


def test_cells_that_a_sparse_answer_leaves_out_have_a_row() -> None:
    table = read(answer({"4": 4, "0": 0, "2": None}, {"1": "c", "2": "-"}))
    assert cells(table) == [
        (0.0, None, "value"),
        (None, "c", "missing"),
        (None, "-", "nil"),
        (None, None, "missing"),
        (4.0, None, "value"),
        (None, None, "missing"),
    ]


def test_an_answer_without_values_is_all_missing() -> None:
    assert cells(read(answer({}))) == [(None, None, "missing")] * 6


@pytest.mark.parametrize(
    ("status", "flags"),
    [
        ("e", ["e"] * 6),
        (["e"], ["e"] * 6),
        (["", "b", None, ":", "", "-"], [None, "b", None, ":", None, "-"]),
        ({"5": "p", "0": ""}, [None, None, None, None, None, "p"]),
        ({"5": ","}, [None, None, None, None, None, ","]),
        ({"3": ",", "4": ",", "5": "p"}, [None, None, None, ",", ",", "p"]),
        ({"3": "p", "4": ":", "5": '":"'}, [None, None, None, "p", ":", '":"']),
        ({"5": 'año \\ " \n'}, [None, None, None, None, None, 'año \\ " \n']),
        ({}, [None] * 6),
        ("", [None] * 6),
        ([None], [None] * 6),
    ],
)
def test_every_form_of_status(status: Any, flags: list[str | None]) -> None:
    assert read(answer([1, 2, 3, 4, 5, None], status))["flag"].to_pylist() == flags


def test_a_single_status_of_a_dash_makes_every_null_nil() -> None:
    assert read(answer([1, None, 3, 4, 5, None], "-"))["kind"].to_pylist() == ["value", "nil"] + ["value"] * 3 + ["nil"]


# what a dataset can be


def test_codes_stand_in_the_order_of_their_positions_labels_where_given() -> None:
    table = read(answer([1, 2, 3, 4, 5, 6]))
    assert table.column_names == ["place", "place__label", "year", "value", "flag", "kind"]
    assert table["place"].to_pylist() == ["a"] * 3 + ["b"] * 3
    assert table["place__label"].to_pylist() == ["Araba"] * 3 + ["Bizkaia"] * 3
    assert table.schema.field("place").type == pa.dictionary(pa.int8(), pa.string())
    table.validate(full=True)


def test_an_index_may_be_absent_where_one_label_says_it_all() -> None:
    document = answer([1, 2, 3, 4, 5, 6])
    document["dimension"]["unit"] = {"category": {"label": {"THS": "Thousand"}}}
    table = read(document | {"id": ["unit", "place", "year"], "size": [1, 2, 3]})
    assert table["unit"].unique().to_pylist() == ["THS"]
    assert table["unit__label"].unique().to_pylist() == ["Thousand"]


def test_version_1_keeps_id_and_size_inside_dimension_under_any_name() -> None:
    document = answer([1, 2, 3, 4, 5, None], ["", "", "", "", "", "-"], label="T", updated="2026-01-01")
    document["dimension"] |= {"id": document.pop("id"), "size": document.pop("size"), "role": {"time": ["year"]}}
    del document["class"]
    tables = [read({name: document}) for name in ("dataset", "cpi*prod*2012")]
    assert tables[0].equals(tables[1]) and cells(tables[0])[5] == (None, "-", "nil")
    about = cube.about(tables[0])
    assert (about["version"], about["title"], about["updated"]) == ("1.2", "T", "2026-01-01")
    assert about["role"] == {"time": ["year"]}


def test_a_dataset_may_have_members_called_value_elsewhere() -> None:
    document = {"extension": {"value": list(range(40)), "status": {"0": "x"}}} | answer([1, 2, 3, 4, 5, 6], {"1": "p"})
    document["note"] = ['"value":[7,8,9]', {"value": {"1": 2}}]
    table = read(document)
    assert table["value"].to_pylist() == [1, 2, 3, 4, 5, 6]
    assert table["flag"].to_pylist() == [None, "p", None, None, None, None]
    assert cube.about(table)["extension"] == document["extension"]
    assert cube.about(table)["note"] == document["note"]


@pytest.mark.parametrize("updated", ["9999-12-31T22:59:59Z", None, 0, ""])
def test_a_date_of_the_year_9999_is_no_date(updated: Any) -> None:
    assert not cube.about(read(answer([1] * 6, updated=updated)))["updated"]


def test_a_byte_order_mark_and_gzip_change_nothing() -> None:
    data = json.dumps(answer([1, None, 3, 4, 5, 6], {"1": "c"})).encode()
    tables = [jsonstat.read(d, name="t") for d in (data, b"\xef\xbb\xbf" + data, gzip.compress(data))]
    assert tables[0].equals(tables[1]) and tables[0].equals(tables[2])


# malformed files

GOOD = json.dumps(answer([1, 2, 3, 4, 5, 6], {"1": "c"}), separators=(",", ":"))
DIMENSION = answer([])["dimension"]


def changed(**members: Any) -> str:
    return json.dumps(answer([1, 2, 3, 4, 5, 6]) | members, separators=(",", ":"))


def year(**members: Any) -> str:
    return changed(dimension=DIMENSION | {"year": {"category": members}})


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("<!DOCTYPE html><html><title>Busy</title>", r"an HTML page \(Busy\)"),
        ('<?xml version="1.0"?><S:Fault/>', "character 1: expected whole JSON"),
        ("", "character 1: expected whole JSON"),
        (GOOD[:-1], "character .*: expected whole JSON"),
        (GOOD[: GOOD.index("3,4")], "character .*: expected whole JSON"),
        (GOOD.replace("3,4", "3,,4"), "character .*: expected whole JSON"),
        (GOOD.replace("3,4", "3 4"), "character .*: expected whole JSON"),
        (GOOD.replace("3,4", "3,NaN"), "JSON: expected whole JSON, found NaN"),
        ("[" * 100_000, "JSON: expected whole JSON"),
        ("[1]", r"document: expected a JSON-stat dataset, found \[1\]"),
        ('{"error":{"status":404,"label":"ERR_NOT_FOUND_4"}}', "found the error .*404.*ERR_NOT_FOUND_4"),
        ('{"error":[{"status":400,"id":150,"label":"no such code"}]}', "found the error .*150.*no such code"),
        ('{"error":"Too many values selected"}', "found the error 'Too many values selected'"),
        ('{"warning":{"status":413,"label":"ASYNCHRONOUS_RESPONSE."}}', "found the warning .*ASYNCHRONOUS_RESPONSE"),
        ('{"class":"collection","link":{}}', "class: expected dataset, found 'collection'"),
        (f'{{"a":{GOOD},"b":{GOOD}}}', "expected one dataset with its dimension, found 2 in the members 'a', 'b'"),
        ('{"title":"t"}', "expected one dataset with its dimension, found 0 in the members 'title'"),
        (changed(value=[1, 2, 3, 4, 5]), r"value: expected 6 cells \(2 x 3\), found 5 cells"),
        (changed(value=[1, 2, 3, 4, 5, 6, 7]), r"value: expected 6 cells \(2 x 3\), found 7 cells"),
        (changed(value=[]), "expected 6 cells"),
        (changed(value=None), "value: expected an array or an object of cells, found None"),
        (changed(value=[1, 2, "3", 4, 5, 6]), r"cell 2 \(place=a, year=2010\): expected a number or null, found '3'"),
        (changed(value=[1, 2, 3, 4, True, 6]), r"cell 4 \(place=b, year=2009\): expected a number or null, found True"),
        (changed(value=[1, 2, 3, 4, [5], 6]), r"found \[5\]"),
        (GOOD.replace("3,4", "3,1e999"), r"cell 3 \(place=b, year=2008\): expected a number, found one beyond"),
        (changed(value=[1, 2, 10**400, "x", 5, 6]), "cell 3 .* found 'x'"),
        (changed(value=[1, 2, 10**400, 4, 5, 6], status=["x", " "] * 3), "cell 2 .* one beyond any range"),
        (changed(value={"6": 1}), "value: expected positions 0 to 5, found position 6"),
        (changed(value={"99999999999": 1}), "value: expected positions 0 to 5, found position 99999999999"),
        (changed(value={"-1": 1}), "value: expected positions"),
        (changed(value={"x": 1}), "value: expected positions of cells as keys, found 'x'"),
        (changed(value={"1": "x"}), r"cell 1 \(place=a, year=2009\): expected a number or null"),
        (changed(value={"7": "x"}), r"cell 7 \(beyond the last\): expected a number or null"),
        (changed(value={"1": 1, "01": 2}), "value: expected every position once, found 1 again"),
        (GOOD.replace("[1,2,3,4,5,6]", '{"3":1,"2":4,"3":2}'), "expected every .* once, found .*3"),
        (changed(status=["b", "c"]), "status: expected 6 statuses, one a cell, found 2"),
        (changed(status={"6": "b"}), "status: expected positions 0 to 5, found position 6"),
        (changed(status={"null": "b"}), "status: expected positions of cells as keys, found 'null'"),
        (changed(status={"1": 5}), r"status, cell 1 \(place=a, year=2009\): expected a text, found 5"),
        (changed(status=5), "status: expected an array or an object of cells, found 5"),
        (GOOD.replace('{"1":"c"}', '{"1":"c","1":"b"}'), "expected every .* once, found .*1"),
        (changed(id="place"), "id: expected a list of dimension names"),
        (changed(id=["place", "year", "year"], size=[2, 3, 3]), "dimension 'year': expected a name used once|18 cells"),
        (changed(id=["place"], size=[2]), "id: expected all members of dimension, found none of 'year'"),
        (changed(id=["place", "month"]), "expected .*'year'|dimension 'month'"),
        (changed(size=[6]), "size: expected a list of 2 sizes"),
        (changed(size=[3, 2]), "dimension 'place': expected 3 categories, its size, found 2"),
        (changed(size=[2, "3"]), "dimension 'year': expected '3' categories"),
        (changed(size=[2, 10**9]), "dimension 'year': expected 1000000000 categories, its size, found 3"),
        (changed(dimension=[]), "dimension: expected an object 'dimension'"),
        (changed(dimension=DIMENSION | {"year": {}}), "dimension 'year': expected an object 'category'"),
        (year(index=["2008", "2009", "2009"]), "dimension 'year': expected every code once, found 1 repeated: '2009'"),
        (GOOD.replace('"b":1,"a":0', '"b":1,"b":0'), "key 'b': expected every key once"),
        (year(index={"2008": 0, "2009": 1, "2010": 3}), "dimension 'year': expected positions 0 to 2, each once"),
        (year(index={"2008": 0, "2009": 1, "2010": "2"}), "dimension 'year': expected positions 0 to 2, each once"),
        (year(index=[2008, 2009, 2010]), "dimension 'year': expected an index of codes"),
        (year(label={"2008": "x", "2009": "y"}), "dimension 'year': expected an index of codes, found None"),
        (year(index=["2008", "2009", "2010"], label=["x"]), "dimension 'year': expected an object of labels"),
        (GOOD.replace("Araba", "\\ud800"), r"JSON: expected whole JSON, found .* '\\ud800' .* surrogates not allowed"),
        (changed(note=[]).replace("[]", "[" * 985 + "]" * 985), "JSON|levels deep"),
    ],
)
def test_a_malformed_answer_is_refused_with_its_place(data: str, says: str) -> None:
    with pytest.raises(FormatError, match=says) as caught:
        jsonstat.read(data.encode(), name="some_table")
    assert str(caught.value).startswith("some_table: ")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (GOOD.encode().replace(b"Araba", b"Araba \xff"), "encoding: expected utf-8 text, found byte 0xff at offset"),
        (GOOD.encode().replace(b'"c"', b'"\xe1"'), "encoding: expected utf-8 text, found byte 0xe1"),
        (GOOD.encode("utf-16"), "encoding"),
        (gzip.compress(GOOD.encode(), mtime=0)[:-9], "gzip: .* the end is missing"),
    ],
)
def test_bytes_that_do_not_decode_are_refused_with_their_place(data: bytes, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        jsonstat.read(data, name="some_table")


@pytest.mark.parametrize("sizes", [[10] * 9, [99] * 4, [10] * 70])
def test_a_declared_size_beyond_reason_is_refused_before_memory_is_taken(sizes: list[int]) -> None:
    names = [f"d{n}" for n in range(len(sizes))]
    codes = {"category": {"index": [str(n) for n in range(sizes[0])]}}
    document = {"id": names, "size": sizes, "dimension": dict.fromkeys(names, codes)}
    for value in ({str(n): n for n in range(10)}, list(range(10)), {}):
        tracemalloc.start()
        with pytest.raises(FormatError, match=r"at most|at least one in|expected 96059601 cells"):
            read(document | {"value": value})
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
        tracemalloc.stop()


# round trips

CODE = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5)
FLAG = st.sampled_from(["-", ":", "b", "bu", "|C", "b|C", "c", "see note 1, 2: {x}", 'a "quoted" one', "número"])
NUMBER = st.one_of(st.integers(-(10**6), 10**6), st.floats(allow_nan=False, allow_infinity=False))


@st.composite
def cubes(draw: st.DrawFn) -> tuple[dict[str, list[str]], list[float | None], list[str | None]]:
    """Dimensions with their codes, and a value and a flag a cell."""
    reserved = {"id", "size", "role", "value", "flag", "kind"}  # version 1 cannot name a dimension so
    names = draw(st.lists(CODE.filter(lambda c: c not in reserved), min_size=1, max_size=3, unique=True))
    codes = {name: draw(st.lists(CODE, min_size=1, max_size=4, unique=True)) for name in names}
    count = len(list(product(*codes.values())))
    values = draw(st.lists(st.one_of(st.none(), NUMBER), min_size=count, max_size=count))
    return codes, values, draw(st.lists(st.one_of(st.none(), FLAG), min_size=count, max_size=count))


def written(
    cube_: tuple[dict[str, list[str]], list[float | None], list[str | None]],
    version: int,
    sparse: bool,
    status: str,
    layout: dict[str, Any],
) -> bytes:
    """A cube as JSON-stat; sparse keys stand in reverse order."""
    codes, values, flags = cube_
    dimension: dict[str, Any] = {
        name: {"category": {"index": {code: at for at, code in reversed(list(enumerate(own)))}}}
        for name, own in codes.items()
    }
    order = reversed(range(len(values)))
    body: dict[str, Any] = {"value": values}
    if sparse:
        body["value"] = {str(n): values[n] for n in order if values[n] is not None}
    if status == "array":
        body["status"] = [flag or "" for flag in flags]
    elif status == "object":
        body["status"] = {str(n): flag for n, flag in enumerate(flags) if flag is not None}
    frame = {"id": list(codes), "size": [len(own) for own in codes.values()]}
    document = {**body, "dimension": dimension, **frame}
    if version == 1:
        document = {"dataset": {**body, "dimension": dimension | frame}}
    return json.dumps(document, **layout).encode()


LAYOUTS: list[dict[str, Any]] = [{"separators": (",", ":")}, {}, {"indent": 1}, {"ensure_ascii": False}]


@settings(max_examples=150, deadline=None)
@given(
    cubes(),
    st.sampled_from([1, 2]),
    st.booleans(),
    st.sampled_from(["array", "object", "none"]),
    st.sampled_from(LAYOUTS),
)
def test_what_is_written_is_what_is_read(
    random: tuple[dict[str, list[str]], list[float | None], list[str | None]],
    version: int,
    sparse: bool,
    status: str,
    layout: dict[str, Any],
) -> None:
    codes, values, flags = random
    if status == "array" and len(flags) == 1 and flags[0] is None:
        status = "none"
    seen = [None] * len(flags) if status == "none" else flags
    table = jsonstat.read(written(random, version, sparse, status, layout), name="t")
    keys = list(zip(*(table[name].to_pylist() for name in codes), strict=True))
    assert keys == list(product(*codes.values()))
    kinds = [
        "value" if value is not None else "nil" if flag == "-" else "missing"
        for value, flag in zip(values, seen, strict=True)
    ]
    assert cells(table) == list(zip(values, seen, kinds, strict=True))


def outcome(data: bytes) -> pa.Table | None:
    try:
        return jsonstat.read(data, name="t")
    except FormatError:
        return None


@settings(max_examples=400, deadline=None)
@given(
    st.booleans(),
    st.booleans(),
    st.lists(
        st.tuples(st.integers(0, 10_000), st.sampled_from([*list('"{}[],:\\ \nn7-'), ""])), min_size=1, max_size=3
    ),
)
def test_the_fast_way_reads_and_refuses_what_the_decoder_does(
    sparse: bool, in_full: bool, edits: list[tuple[int, str]]
) -> None:
    """A damaged answer must not be read otherwise because its cells were cut out of the bytes."""
    text = json.dumps(
        answer(
            {"5": 15, "3": None, "1": 125} if sparse else [11, 22, None, 44, 555, 66],
            {"1": "b", "3": ":", "2": "c, d"} if in_full else None,
        ),
        separators=(",", ":"),
    )
    start = text.index('"value"') - 2
    for place, letter in edits:
        at = start + place % (len(text) - start)
        text = text[:at] + letter + text[at + (place % 2) :]
    fast = outcome(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonstat, "_flat", lambda *_: None)
        slow = outcome(text.encode())
    assert (fast is None) == (slow is None), text
    assert fast is None or fast.equals(slow), text


@pytest.mark.parametrize("odd", ["01", "+1", ".5", "5.", "1.e2", "-.5", "-01"])
def test_a_number_that_json_forbids_is_refused_however_it_is_read(odd: str) -> None:
    with pytest.raises(FormatError):
        jsonstat.read(GOOD.replace('"value":[1,', f'"value":[{odd},').encode(), name="t")


@pytest.mark.parametrize("keys", ['{1"3":15,"1":7}', '{"1"3:15,"1":7}', '{"-0":15,"1":7}', '{"01":15,"1":7}'])
def test_a_damaged_key_never_puts_a_figure_into_another_cell(keys: str) -> None:
    body = GOOD.replace('"value":[1,2,3,4,5,6]', f'"value":{keys}')
    assert keys in body
    with pytest.raises(FormatError):
        jsonstat.read(body.encode(), name="t")


def test_many_cells_and_statuses_over_several_blocks_of_the_reader() -> None:
    """Enough bytes that the fast way reads them in more than one block, with new statuses in a late one."""
    count = 300_000
    values = [None if n % 7 == 0 else n / 4 for n in range(count)]
    status = {str(n): "-" if n % 14 == 0 else f"note {n // 100_000}" for n in range(0, count, 7)}
    dimension = {
        "a": {"category": {"index": [str(n) for n in range(300)]}},
        "b": {"category": {"index": [str(n) for n in range(1000)]}},
    }
    head = {"id": ["a", "b"], "size": [300, 1000], "dimension": dimension, "status": status}
    dense = read(head | {"value": values})
    assert dense["value"].to_pylist() == values
    assert dense["flag"].to_pylist() == [status.get(str(n)) for n in range(count)]
    assert dense["kind"].to_pylist()[:15:7] == ["nil", "missing", "nil"]
    sparse = read(head | {"value": {str(n): values[n] for n in reversed(range(count)) if n % 7}})
    assert sparse.equals(dense)
