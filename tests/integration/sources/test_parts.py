"""Containers of JSON-stat answers: equal bytes for equal answers, one table, no overlap, no gap."""

from __future__ import annotations

import io
import itertools
import json
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from observatory.errors import FormatError
from observatory.formats import cube, jsonstat, parts
from observatory.sources import pxweb_query as q

BOX = {"sector (A86)": ("00", "62", "63"), "principales variables ": ("1", "2"), "periodo": ("2008", "2009")}


def _answer(box, whole):
    """JSON-stat 1.2 of a part: a value is its position in the whole cube; every fifth is nil or ``:``."""
    positions = {cell: n for n, cell in enumerate(itertools.product(*whole.values()))}
    values = [positions[cell] for cell in itertools.product(*box.values())]
    status = {str(n): "-" if v % 2 else ":" for n, v in enumerate(values) if v % 5 == 0}
    dimension = {
        name: {
            "label": name,
            "category": {
                "index": {code: n for n, code in enumerate(codes)},
                "label": {code: f"label of {code}" for code in codes},
            },
        }
        for name, codes in box.items()
    }
    dimension |= {"id": list(box), "size": [len(c) for c in box.values()], "role": {"time": [list(box)[-1]]}}
    body = {"dimension": dimension, "label": "A table", "value": [None if v % 5 == 0 else v for v in values]}
    return json.dumps({"dataset": {"status": status, **body} if status else body}, ensure_ascii=False).encode()


def _pack(boxes, whole=BOX):
    return parts.pack([_answer(box, whole) for box in boxes])


def test_same_answers_same_bytes():
    boxes = q.plan(BOX, 4)
    assert len(boxes) > 2
    assert _pack(boxes) == _pack(boxes)
    assert parts.unpack(_pack(boxes), "t") == [_answer(box, BOX) for box in boxes]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.integers(1, 40))
def test_random_cubes_come_back_whole(sizes, limit):
    whole = {f"d{n}": tuple(f"c{i}" for i in range(size)) for n, size in enumerate(sizes)}
    direct = jsonstat.read(_answer(whole, whole), name="direct")
    assembled = parts.read(_pack(q.plan(whole, limit), whole), name="parts")
    assert assembled.column_names == direct.column_names
    for column in direct.column_names:
        assert assembled.column(column).to_pylist() == direct.column(column).to_pylist(), column


def test_the_table_says_how_many_parts_it_had():
    table = parts.read(_pack(q.plan(BOX, 4)), name="t")
    assert cube.about(table)["parts"] == len(q.plan(BOX, 4))
    assert table.column("sector (A86)__label").to_pylist()[:1] == ["label of 00"]


def test_a_missing_part_is_missed():
    boxes = [_answer(box, BOX) for box in q.plan(BOX, 4)]
    data = parts.pack(boxes)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        names = archive.getnames()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in list(zip(names, boxes, strict=True))[:-1]:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    with pytest.raises(FormatError, match="expected parts 1 to 3"):
        parts.read(buffer.getvalue(), name="t")


def test_overlap_and_gap_are_named():
    whole = [BOX]
    halves = [{**BOX, "periodo": ("2008",)}, {**BOX, "periodo": ("2009",)}]
    with pytest.raises(FormatError, match=r"one cell for each of 3 x 2 x 2 codes, found 18 cells"):
        parts.read(_pack([*whole, halves[0]]), name="t")
    corner = {"sector (A86)": ("00",), "principales variables ": ("1",), "periodo": ("2009",)}
    with pytest.raises(FormatError, match="found 7 cells"):
        parts.read(_pack([halves[0], corner]), name="t")
    # As many cells as the cube has, yet some twice and some never: the double one is named.
    twice = [halves[0], halves[0]]
    with pytest.raises(FormatError, match="one cell for each"):
        parts.read(_pack(twice), name="t")
    left, right = {"a": ("1", "2"), "b": ("1",)}, {"a": ("2",), "b": ("1", "2")}
    with pytest.raises(FormatError, match=r"part 2: expected cells of its own, found a=2, b=1 again"):
        parts.read(_pack([left, right], {"a": ("1", "2"), "b": ("1", "2")}), name="t")


def test_parts_of_different_tables_do_not_fit():
    other = {"x": ("1",), "periodo": ("2008",)}
    data = parts.pack([_answer(BOX, BOX), _answer(other, other)])
    with pytest.raises(FormatError, match="part 2: expected dimensions sector"):
        parts.read(data, name="t")


def test_codes_that_multiply_to_nonsense_take_no_memory():
    names = [f"d{n}" for n in range(8)]
    boxes = [{name: (f"{name}{part}",) for name in names} for part in range(40)]
    data = parts.pack([_answer(box, box) for box in boxes])
    with pytest.raises(FormatError, match="at most"):
        parts.read(data, name="t")


@pytest.mark.parametrize("data", [b"", b"not a tar", b"\0" * 10240, _pack(q.plan(BOX, 4))[:700]])
def test_containers_that_are_none(data):
    with pytest.raises(FormatError, match=r"t: container"):
        parts.read(data, name="t")


def test_a_cut_answer_names_its_part():
    data = parts.pack([_answer(BOX, BOX), b'{"dataset": {'])
    with pytest.raises(FormatError, match="part 2"):
        parts.read(data, name="t")
