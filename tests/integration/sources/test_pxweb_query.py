"""Selections, codes and the division of cubes, without a server."""

from __future__ import annotations

import itertools
import json
import math
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observatory.errors import DataError, PublisherError, UsageError
from observatory.sources import pxweb_query as q

SECTORS = q.Variable("sector (A86)", "sector", ("00", "62", "6201", "6202", "01"), ("Total", "a", "b", "c", "d"))
YEARS = q.Variable("periodo", "periodo", ("2008", "2009", "2010"), ("2008", "2009", "2010"), time=True)
LINES = q.Variable("principales variables ", "x", ("1", "2"), ("a", "b"))
TABLE = q.Metadata("PX_test", "A test", (SECTORS, LINES, YEARS))


def _chosen(raw):
    return q.resolve(TABLE, q.parse_selection(raw))


def test_real_metadata(shared):
    folder = shared / "extracts" / "eustat" / "captures"
    areas = json.loads((folder / "PX_010154_cepv1_ep06b.metadata_es.2026-09-20.json").read_text("utf-8-sig"))
    metadata = q.parse_metadata(areas, "PX_010154_cepv1_ep06b")
    assert metadata.variables[0].code == "ámbitos territoriales"
    assert metadata.variables[0].values is not None and "48020" in metadata.variables[0].values
    assert metadata.variables[-1].time and not any(v.elimination for v in metadata.variables)
    hours = json.loads((folder / "PX_050403_cpra_tab_a_25.metadata_es.json").read_text("utf-8-sig"))
    assert [len(v.values or ()) for v in q.parse_metadata(hours, "x").variables] == [4, 3, 5, 5, 11]


def test_values_left_out_above_max_values():
    metadata = q.parse_metadata({"title": "t", "variables": [{"code": "municipio", "text": "m"}]}, "t")
    assert metadata.variables[0].values is None and metadata.variables[0].labels is None
    with pytest.raises(DataError, match="gives no codes"):
        q.resolve(metadata, {})


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {"error": "Parameter error"},
        {"variables": []},
        {"variables": ["a"]},
        {"variables": [{"code": 1}]},
        {"variables": [{"code": "a", "values": "abc"}]},
        {"variables": [{"code": "a", "values": ["1", "2"], "valueTexts": ["x"]}]},
        {"variables": [{"code": "a", "values": ["1", "1"], "valueTexts": ["x", "y"]}]},
        {"variables": [{"code": "a"}, {"code": "a"}]},
    ],
)
def test_metadata_that_is_none(document):
    with pytest.raises(PublisherError, match="PX_x"):
        q.parse_metadata(document, "PX_x")


def test_dimensions_left_out_are_taken_whole_in_table_order():
    assert _chosen({}) == {
        "sector (A86)": ("00", "62", "6201", "6202", "01"),
        "principales variables ": ("1", "2"),
        "periodo": ("2008", "2009", "2010"),
    }


def test_item_comes_in_the_tables_order_with_the_tables_codes():
    assert _chosen({"sector (A86)": ["01", "00"]})["sector (A86)"] == ("00", "01")


@pytest.mark.parametrize(
    ("patterns", "codes"),
    [
        (["*"], ("00", "62", "6201", "6202", "01")),
        (["62*"], ("62", "6201", "6202")),
        (["*01"], ("6201", "01")),
        (["62*", "00*"], ("00", "62", "6201", "6202")),
    ],
)
def test_patterns(patterns, codes):
    assert _chosen({"sector (A86)": patterns})["sector (A86)"] == codes


def test_top_is_the_newest_of_time_but_the_first_of_others():
    assert _chosen({"periodo": {"top": 2}})["periodo"] == ("2009", "2010")
    assert _chosen({"sector (A86)": {"top": 2}})["sector (A86)"] == ("00", "62")
    assert _chosen({"periodo": {"top": 99}})["periodo"] == ("2008", "2009", "2010")
    falling = q.Variable("periodo", "p", ("2010", "2009"), ("2010", "2009"), time=True)
    assert q.top(falling, 1) == ("2010",)
    assert q.top(q.Variable("p", "p", ("2010",), None, time=True), 3) == ("2010",)


@pytest.mark.parametrize(
    "raw",
    [
        {"periodo": []},
        {"periodo": "2008"},
        {"periodo": ["2008", "2008"]},
        {"periodo": [2008]},
        {"periodo": ["2008", "20*"]},
        {"periodo": ["2*8"]},
        {"periodo": ["*0*"]},
        {"periodo": {"top": 0}},
        {"periodo": {"top": "1"}},
        {"periodo": {"top": True}},
        {"periodo": {"last": 1}},
        {"periodo": None},
        {"é": ["\u00e9", "e\u0301"]},
    ],
)
def test_selections_that_the_bank_would_refuse(raw):
    with pytest.raises(UsageError, match="selection of dimension"):
        q.parse_selection(raw)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"sector": ["00"]}, r"dimension 'sector' is not there; there are 'sector \(A86\)'"),
        ({"principales variables": ["1"]}, "only blanks or case differ from 'principales variables '"),
        ({"sector (A86)": ["0"]}, r"dimension 'sector \(A86\)': code '0' is not there; there are '00'"),
        ({"sector (A86)": ["99*"]}, r"no code fits 99\*"),
    ],
)
def test_what_the_table_does_not_have_is_named(raw, said):
    with pytest.raises(DataError, match=said):
        _chosen(raw)


def test_names_match_after_nfc_and_go_back_verbatim():
    written = unicodedata.normalize("NFD", "territorio histórico")
    metadata = q.Metadata("t", "", (q.Variable(written, "", ("á", "b"), None),))
    box = q.resolve(metadata, q.parse_selection({"territorio histórico": [unicodedata.normalize("NFD", "á")]}))
    assert box == {written: ("á",)}
    body = json.loads(q.body(box, {written: ("á", "b")}))
    assert body["query"][0]["code"] == written


def test_bodies_are_utf8_and_name_every_dimension():
    whole = {"principales variables ": ("1", "2"), "sector  (A84)": ("00", "01")}
    box = {"principales variables ": ("1", "2"), "sector  (A84)": ("01",)}
    sent = json.loads(q.body(box, whole).decode("utf-8"))
    assert sent == {
        "query": [
            {"code": "principales variables ", "selection": {"filter": "all", "values": ["*"]}},
            {"code": "sector  (A84)", "selection": {"filter": "item", "values": ["01"]}},
        ],
        "response": {"format": "json-stat"},
    }
    assert "histórico".encode() in q.body({"territorio histórico": ("1",)}, {"territorio histórico": ("1", "2")})


def test_est04b_fits_in_few_requests():
    box = {"municipio": _codes(252), "CNAE-2009": _codes(630), "periodo": _codes(18)}
    parts = q.plan(box, 100_000)
    assert len(parts) == 29 and max(map(q.cells, parts)) <= 100_000
    assert q.cells(box) == sum(map(q.cells, parts)) == 2_857_680


def test_limits_that_cannot_be_met():
    with pytest.raises(UsageError, match="asks for nothing"):
        q.plan({"a": ("1",)}, 0)
    with pytest.raises(DataError, match="more than 10000 requests"):
        q.plan({"a": _codes(200), "b": _codes(200)}, 3)
    assert q.plan({"a": ("1",), "b": ()}, 10) == []
    assert q.plan({}, 10) == [{}]


def _codes(size):
    return tuple(f"{n:04d}" for n in range(size))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=5), st.integers(1, 400))
def test_plan_covers_every_cell_once(sizes, limit):
    if math.prod(sizes) / limit > 3000:
        limit = math.prod(sizes)
    box = {f"d{n}": _codes(size) for n, size in enumerate(sizes)}
    parts = q.plan(box, limit)
    seen: set[tuple[str, ...]] = set()
    for part in parts:
        assert list(part) == list(box)
        assert 1 <= q.cells(part) <= limit
        cells = set(itertools.product(*part.values()))
        assert not cells & seen, "overlap"
        seen |= cells
    assert seen == set(itertools.product(*box.values())), "gap"
    for name, codes in box.items():
        first_seen = dict.fromkeys(code for part in parts for code in part[name])
        assert tuple(first_seen) == codes, "codes come in the table's order"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=4), st.integers(50, 5000))
def test_plan_asks_at_most_about_twice_as_often_as_needed(sizes, limit):
    if math.prod(sizes) / limit > 2000:
        limit = math.prod(sizes)
    box = {f"d{n}": _codes(size) for n, size in enumerate(sizes)}
    assert len(q.plan(box, limit)) <= 2 ** len(sizes) * math.ceil(q.cells(box) / limit)
