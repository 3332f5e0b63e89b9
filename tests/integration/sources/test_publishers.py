"""The one entry for all services, stamps, plain files, and noise in place of answers."""

from __future__ import annotations

import random

import pytest

from observatory.errors import ObservatoryError, PublisherError, UsageError
from observatory.sources import Bases, Fetched, Publishers, fetch, same_stamp, stamp

STAMP = "2026-07-03T09:12:41"
TABLE = "PX_112311_cindus_ind01"
PX = b'CHARSET="ANSI";\nDATA=1 2;\n'
INE = {"service": "file", "publisher": "ine", "table": "28384", "address": "/jaxiT3/files/28384.csv"}


def _bases(base):
    return Bases(
        eustat_api=f"{base}/api/v1",
        eustat_files=f"{base}/px/DB",
        eurostat_statistics=f"{base}/statistics/1.0",
        eurostat_sdmx=f"{base}/sdmx/2.1",
        eurostat_async=f"{base}/1.0/async",
        files={"ine": f"{base}/ine/"},
    )


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (STAMP, STAMP, True),
        (STAMP, "2026-07-03T10:12:41", True),
        (STAMP, "2026-07-03T08:12:41", True),
        (STAMP, "2026-07-03T10:12:42", False),
        (STAMP, "2026-07-03T09:16:46", False),  # re-issued after 245 seconds, as Eustat has done
        ("2026-07-31T23:00:00+0200", "2026-07-31T21:00:00Z", True),
        ("2026-07-31T23:00:00+0200", "2026-07-31T23:30:00", True),
        ("9999-12-31T22:59:59Z", "9999-12-31T22:59:59Z", False),
        (None, None, False),
        (STAMP, None, False),
        ("yesterday", "yesterday", False),
    ],
)
def test_same_stamp(a, b, same):
    assert same_stamp(a, b) is same and same_stamp(b, a) is same


def test_stamp_refuses_what_is_none():
    assert stamp(STAMP) == STAMP
    assert [stamp(x) for x in ("9999-12-31T22:59:59Z", "", "soon", None, 7)] == [None] * 5


def test_one_entry_for_all_services(serve, rig, say, nama):
    catalogue = f'[{{"id":"{TABLE}.px","type":"t","text":"x","updated":"{STAMP}"}}]'.encode()

    def answer(asked, n):
        if asked.path.startswith("/ine/"):
            body = "Ramas;Total\nA;1.234,5\n".encode("cp1252")
            return say(200, body, Content_Type="text/csv", Last_Modified="Fri, 03 Jul 2026 08:00:00 GMT")
        return say(200, PX if asked.path.startswith("/px/") else catalogue)

    server = serve(answer)
    bases, transport = _bases(server.base), rig().transport
    eustat = {"service": "pxweb", "table": TABLE}
    assert fetch(eustat, transport, bases) == Fetched(PX, "px", STAMP, f"GET {server.base}/px/DB/{TABLE}.px")
    fetched = fetch(INE, transport, bases)
    assert (fetched.format, fetched.updated) == ("csv", "2026-07-03T08:00:00+00:00")
    assert fetched.request == f"GET {server.base}/ine/jaxiT3/files/28384.csv"
    publishers = Publishers(transport, bases)
    assert publishers.updated([eustat, INE]) == {TABLE: STAMP, "28384": None}
    publishers.fetch(eustat)
    assert server.paths().count("/api/v1/es/DB") == 2, "once for each Publishers"


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"table": TABLE}, "unknown service None"),
        ({**INE, "publisher": "nobody"}, "not complete"),
        ({**INE, "address": None}, "not complete"),
        ({**INE, "colour": "red"}, "unknown keys colour"),
    ],
)
def test_requests_that_cannot_be(rig, request_, said):
    with pytest.raises(UsageError, match=said):
        fetch(request_, rig().transport)


def test_a_file_that_is_not_there(serve, rig, say):
    server = serve(lambda asked, n: say(404, b"<html><title>No</title>", Content_Type="text/html"))
    with pytest.raises(PublisherError, match=r'expected the file of table 28384.*titled "No"'):
        fetch(INE, rig().transport, _bases(server.base))


def test_a_file_without_a_last_line_end_is_asked_for_twice(serve, rig, say):
    server = serve(lambda asked, n: say(200, b"a;b\n1;2"))
    assert "asked twice" in fetch(INE, rig().transport, _bases(server.base)).notes[0]
    assert len(server.asked) == 2
    changing = serve(lambda asked, n: say(200, b"a;b\n1;2"[: 6 + n]))
    with pytest.raises(PublisherError, match="one of them is cut"):
        fetch(INE, rig().transport, _bases(changing.base))


NOISE = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b"7",
    b'"x"',
    b"{",
    b"\xff\xfe",
    b"<html>",
    b"<x/>",
    b"\x1f\x8b\x08",
    PX,
    PX[:-2],
    b'{"variables":[{"code":"a","values":["1","2"],"valueTexts":["x","y"]}]}',
    b'{"variables":[{"code":"a"}]}',
    b'[{"id":"x.px"}]',
    b'{"maxCells":1}',
    b'{"maxCells":-1}',
    b'{"error":"Too many values selected"}',
    b'{"error":[null,{}]}',
    b'{"warning":[]}',
    b'{"value":{},"id":[]}',
    b'{"dataset":{"dimension":{"id":["a"],"a":{"category":{"index":{"1":0,"2":1}}}},"value":[1,2]}}',
    b'{"id":["a"],"dimension":{"a":{"category":{"index":["1"]}}},"value":{}}',
    b'{"id":["a"],"dimension":{"a":{"category":{"index":{"1":null}}}},"value":{"0":1}}',
    b'{"id":["a"],"dimension":{"a":null},"value":{"0":1}}',
    b'{"id":[{}],"dimension":{}}',
    b"[" * 5000,
    b"98de05ea-540a-43d3-903b-7c9e14faf808",
    b"AVAILABLE",
    b"PROCESSING",
    b"a,geo\\TIME_PERIOD\t2023 \nA,ES\t1 \n",
)
REQUESTS = (
    {"service": "pxweb", "table": "PX_a"},
    {"service": "pxweb", "table": "PX_a", "selection": {"a": ["1"]}},
    {"service": "eurostat", "table": "t"},
    {"service": "eurostat", "table": "t", "selection": {"a": ["1", "2"]}},
    INE,
)


@pytest.mark.parametrize("seed", range(60))
def test_noise_ends_in_bytes_or_in_one_clear_error(serve, rig, say, seed):
    chance = random.Random(seed)
    statuses = (200, 200, 200, 200, 200, 204, 302, 400, 403, 404, 413, 416, 429, 500, 503)

    def answer(asked, n):
        return say(chance.choice(statuses), chance.choice(NOISE))

    server = serve(answer)
    for request in REQUESTS:
        try:
            fetched = fetch(request, rig(retries=1).transport, _bases(server.base))
        except ObservatoryError as error:
            assert error.message and error.remedy
        else:
            assert fetched.body and fetched.format and fetched.request
