"""The common table shape: layout, guards, and what pandas and the metadata make of it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatory.errors import FormatError
from observatory.formats import cube
from observatory.formats.cube import Dimension

PLACE = Dimension("place", ["01", "48"], {"": ["Araba", "Bizkaia"], "eu": ["Araba", "Bizkaia"]})
YEAR = Dimension("year", ["2008", "2009", "2010"], {})


def six(kinds: list[int] | None = None) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(6.0), np.array(kinds or [0] * 6, dtype=np.int8)


def test_a_cube_becomes_one_row_a_cell_with_the_promised_columns() -> None:
    values, kinds = six([0, 1, 0, 2, 0, 0])
    flags = (np.array([-1, 0, -1, 1, -1, 1]), ["-", ":"])
    table = cube.build([PLACE, YEAR], values, flags, kinds, {"title": "Enplegua, año"}, "file")
    assert table.column_names == ["place", "place__label", "place__label_eu", "year", "value", "flag", "kind"]
    assert table["place"].to_pylist() == ["01"] * 3 + ["48"] * 3
    assert table["place__label"].to_pylist() == ["Araba"] * 3 + ["Bizkaia"] * 3
    assert table["year"].to_pylist() == ["2008", "2009", "2010"] * 2
    assert table["value"].to_pylist() == [0.0, None, 2.0, None, 4.0, 5.0]
    assert table["flag"].to_pylist() == [None, "-", None, ":", None, ":"]
    assert table["kind"].to_pylist() == ["value", "nil", "value", "missing", "value", "value"]
    assert cube.about(table) == {"title": "Enplegua, año"}
    table.validate(full=True)


def test_a_code_column_and_its_labels_share_their_indices() -> None:
    table = cube.build([PLACE, YEAR], six()[0], None, six()[1], {}, "file")
    places = {table[c].chunk(0).indices.buffers()[1].address for c in ("place", "place__label", "place__label_eu")}
    assert len(places) == 1
    assert table.schema.field("place").type == pa.dictionary(pa.int8(), pa.string())


@pytest.mark.parametrize(("size", "index"), [(127, pa.int8()), (128, pa.int16()), (32_768, pa.int32())])
def test_indices_take_the_smallest_type_that_holds_them(size: int, index: pa.DataType) -> None:
    codes = [str(n) for n in range(size)]
    table = cube.build([Dimension("d", codes, {})], np.zeros(size), None, np.zeros(size, np.int8), {}, "file")
    assert table.schema.field("d").type.index_type == index
    assert table["d"].to_pylist() == codes


def test_labels_may_repeat_and_pandas_still_reads_them() -> None:
    values, kinds = six()
    twice = Dimension("year", YEAR.codes, {"": ["Urtea", "Azkena", "Urtea"]})
    frame = cube.build([PLACE, twice], values, None, kinds, {}, "file").to_pandas()
    assert frame["year__label"].tolist() == ["Urtea", "Azkena", "Urtea"] * 2


def test_flag_texts_may_repeat() -> None:
    values, kinds = six([2] * 6)
    table = cube.build([PLACE, YEAR], values, (np.array([0, 1, 2, -1, 1, 0]), [":", "x", ":"]), kinds, {}, "file")
    assert table["flag"].to_pylist() == [":", "x", ":", None, "x", ":"]
    assert table.to_pandas()["flag"].dropna().tolist() == [":", "x", ":", "x", ":"]


def test_arrow_arrays_are_taken_as_they_are() -> None:
    values = pa.array([0.0, None, 2.0, None, 4.0, 5.0])
    flags = pa.array([None, "-", None, ":", None, "e"]).dictionary_encode()
    kinds = np.array([0, 1, 0, 2, 0, 0], dtype=np.int8)
    table = cube.build([PLACE, YEAR], values, flags, kinds, {}, "file")
    assert table["value"].to_pylist() == values.to_pylist()
    assert table["flag"].to_pylist() == flags.to_pylist()


def test_a_reader_that_contradicts_itself_is_stopped() -> None:
    with pytest.raises(ValueError, match="1 null values, 0 cells"):
        cube.build([PLACE, YEAR], pa.array([None, *range(5)], pa.float64()), None, six()[1], {}, "file")
    with pytest.raises(ValueError, match="kinds 0 to 3 of 3"):
        cube.build([PLACE, YEAR], six()[0], None, six([0, 1, 2, 3, 0, 0])[1], {}, "file")
    with pytest.raises(ValueError, match="flag 1 of 1"):
        cube.build([PLACE, YEAR], six()[0], (np.array([1] * 6), ["a"]), six()[1], {}, "file")


def test_an_empty_dimension_gives_no_rows() -> None:
    nothing = Dimension("year", [], {"": []})
    table = cube.build([PLACE, nothing], np.array([]), None, np.array([], np.int8), {}, "file")
    assert table.num_rows == 0
    assert table.column_names[-3:] == ["value", "flag", "kind"]


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_the_last_dimension_runs_fastest(sizes: list[int]) -> None:
    cells = int(np.prod(sizes))
    dimensions = [Dimension(f"d{n}", [f"c{i}" for i in range(size)], {}) for n, size in enumerate(sizes)]
    table = cube.build(dimensions, np.arange(cells) * 1.0, None, np.zeros(cells, np.int8), {}, "file")
    for row in (0, cells // 2, cells - 1):
        where = [int(place) for place in np.unravel_index(row, sizes)]
        assert [table[f"d{n}"][row].as_py() for n in range(len(sizes))] == [f"c{i}" for i in where]
        assert table["value"][row].as_py() == row


@pytest.mark.parametrize(
    ("dimensions", "words"),
    [
        ([PLACE, Dimension("year", ["2008", "2009", "2008"], {})], ["year", "every code once", "'2008'"]),
        ([PLACE, Dimension("year", YEAR.codes, {"eu": ["a"]})], ["year", "3 labels", "'eu'", "1 labels"]),
        ([PLACE, Dimension("place", YEAR.codes, {})], ["place", "twice"]),
        ([PLACE, Dimension("place__label", YEAR.codes, {})], ["place__label", "twice"]),
        ([PLACE, Dimension("value", YEAR.codes, {})], ["'value'", "other than"]),
        ([PLACE], ["number of cells", "2 cells", "6 cells"]),
        ([YEAR] * 3, ["27 cells (3 x 3 x 3)", "6 cells"]),
    ],
)
def test_bad_cubes_are_refused_by_name(dimensions: list[Dimension], words: list[str]) -> None:
    with pytest.raises(FormatError) as caught:
        cube.build(dimensions, six()[0], None, six()[1], {}, "table.px")
    assert caught.value.name == "table.px"
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize(
    ("sizes", "found", "words"),
    [
        ([1000, 1000, 1000], None, ["at most 100000000", "1000000000 declared (1000 x 1000 x 1000)"]),
        ([1000, 1000, 1000], 10, ["1000000000 cells", "found 10 cells"]),
        ([10**30, 10**30], None, ["declared"]),
        ([2, -1], None, ["sizes of 0 or more", "2 x -1"]),
        ([1] * 65, None, ["at most 64 dimensions", "65"]),
        ([2, 3], 5, ["6 cells (2 x 3)", "found 5"]),
    ],
)
def test_absurd_sizes_are_refused(sizes: list[int], found: int | None, words: list[str]) -> None:
    with pytest.raises(FormatError) as caught:
        cube.check_size(sizes, "table.px", found)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_size_that_holds_is_returned() -> None:
    assert cube.check_size([4, 40, 10, 12], "table.px", 19_200) == 19_200
    assert cube.check_size([], "table.px") == 1


def test_rows_get_the_same_measures() -> None:
    columns = {"geo": pa.array(["ES21", "ES21"]), "year": pa.array(["2008", "2009"]).dictionary_encode()}
    kinds = np.array([0, 2], dtype=np.int8)
    table = cube.from_rows(columns, np.array([1.5, np.nan]), pa.array(["b", "u"]), kinds, {"title": "T"}, name="f")
    assert table.to_pylist() == [
        {"geo": "ES21", "year": "2008", "value": 1.5, "flag": "b", "kind": "value"},
        {"geo": "ES21", "year": "2009", "value": None, "flag": "u", "kind": "missing"},
    ]
    assert all(pa.types.is_dictionary(table.schema.field(c).type) for c in ("geo", "year", "flag", "kind"))
    assert cube.about(table) == {"title": "T"}


def test_a_table_of_other_origin_says_nothing_of_itself() -> None:
    assert cube.about(pa.table({"a": [1]})) == {}
