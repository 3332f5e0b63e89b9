"""The Eurostat client and the bulk TSV: gzip with and without a word, queues, faults, broken ends."""

from __future__ import annotations

import gzip

import pytest

from observatory.errors import DataError, PublisherError
from observatory.sources.eurostat import POLL_SECONDS, queued_id

KEY = "98de05ea-540a-43d3-903b-7c9e14faf808"
HEAD = b"freq,unit,wstatus,nace_r2,geo\\TIME_PERIOD\t2023 \t2024 \n"
TSV = HEAD + b"A,THS,EMP,J,ES21\t27.3 \t29.1 p\n"


@pytest.mark.parametrize("headed", [True, False])
@pytest.mark.parametrize("packed", [True, False])
def test_whole_dataset_comes_as_tsv(tsv, say, headed, packed, nama):
    body = gzip.compress(TSV) if packed else TSV
    extra = {"Content_Encoding": "gzip"} if packed and headed else {}
    client, server, _ = tsv(lambda asked, n: say(200, body, Content_Type="text/tab-separated-values", **extra))
    fetched = client.fetch({"table": "nama_10r_3empers"})
    assert (fetched.body, fetched.format, fetched.updated) == (TSV, "eurostat_tsv", nama.updated)
    assert server.paths() == [
        "/sdmx/2.1/data/nama_10r_3empers?format=TSV&compressed=true",
        "/statistics/1.0/data/nama_10r_3empers?format=JSON&lang=EN&geo=ES&lastTimePeriod=1",
    ]


def test_compressed_twice(tsv, say):
    twice = gzip.compress(gzip.compress(TSV))
    client, _, _ = tsv(lambda asked, n: say(200, twice, Content_Encoding="gzip"))
    assert client.fetch({"table": "t"}).body == TSV


ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:env="e"><env:Body>'
    '<ns0:syncResponse xmlns:ns0="x">'
    "<processingTime>59</processingTime><queued><id>{}</id><status>{}</status></queued>"
    "</ns0:syncResponse></env:Body></env:Envelope>"
)


@pytest.mark.parametrize("first", [KEY, f" {KEY}\n", ENVELOPE.format(KEY, "SUBMITTED")])
@pytest.mark.parametrize("status", ["{}", ENVELOPE.replace("{}", KEY, 1)])
def test_queued_extraction_is_waited_for_and_collected(tsv, say, first, status):
    states = iter(["PROCESSING", "PROCESSING", "AVAILABLE"])

    def answer(asked, n):
        if asked.path.startswith("/sdmx/"):
            return say(200, first.encode(), Content_Type="text/plain")
        if asked.path == f"/1.0/async/status/{KEY}":
            return say(200, status.format(next(states)).encode(), Content_Type="text/plain")
        assert asked.path == f"/1.0/async/data/{KEY}"
        return say(200, gzip.compress(TSV), Content_Type="application/octet-stream")

    client, server, made = tsv(answer)
    assert client.fetch({"table": "t"}).body == TSV
    assert made.slept == [2.0, 3.0] and len(made.archived) == len(server.asked) == 6


@pytest.mark.parametrize("state", ["ERROR", "EXPIRED", "UNKNOWN_REQUEST", "", "<html><title>x</title>"])
def test_queued_extraction_that_fails(tsv, say, state):
    client, _, _ = tsv(lambda asked, n: say(200, KEY.encode() if "/sdmx/" in asked.path else state.encode()))
    with pytest.raises(PublisherError, match='titled "x"' if "<" in state else state or "an empty body"):
        client.fetch({"table": "t"})


def test_queued_extraction_that_never_ends(tsv, say):
    client, _, made = tsv(lambda asked, n: say(200, KEY.encode() if "/sdmx/" in asked.path else b"PROCESSING"))
    with pytest.raises(PublisherError, match="still being extracted"):
        client.fetch({"table": "t"})
    assert len(made.slept) == len(POLL_SECONDS)


@pytest.mark.parametrize("status", [200, 413, 500])
def test_soap_fault_whatever_the_status(tsv, say, status):
    fault = (
        b'<S:Fault xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><faultcode>413</faultcode><faultstring>'
        b"EXTRACTION_TOO_BIG: estimated 420709314 rows, max authorised is 5000000</faultstring></S:Fault>"
    )
    client, server, _ = tsv(lambda asked, n: say(status, fault, Content_Type="application/xml"))
    with pytest.raises(PublisherError, match="SOAP fault 413: EXTRACTION_TOO_BIG") as error:
        client.fetch({"table": "t"})
    assert "fewer codes" in error.value.remedy and len(server.asked) == 1


@pytest.mark.parametrize("body", [TSV[:-9], gzip.compress(TSV, mtime=0)[:-12], b"  "])
def test_tsv_that_breaks_off_is_asked_again(tsv, say, body):
    client, _, _ = tsv(lambda asked, n: say(200, body if n == 0 else TSV))
    assert client.fetch({"table": "t"}).body == TSV


def test_tsv_without_a_series_is_an_error(tsv, say):
    client, _, _ = tsv(lambda asked, n: say(200, HEAD))
    with pytest.raises(DataError, match="not a single series"):
        client.fetch({"table": "lfst_r_lfe2en2"})


@pytest.mark.parametrize("body", [b'{"error":"x"}', b"<other/>", b"hello\tworld\n", b"ASYNCHRONOUS_RESPONSE."])
def test_tsv_that_is_none(tsv, say, body):
    client, _, _ = tsv(lambda asked, n: say(200, body))
    with pytest.raises(PublisherError, match="Eurostat answered 200"):
        client.fetch({"table": "t"})


def test_tsv_bomb_stops_at_the_limit(tsv, say):
    bomb = gzip.compress(TSV * 100_000)
    client, _, _ = tsv(lambda asked, n: say(200, bomb), max_bytes=1_000_000)
    with pytest.raises(PublisherError, match="more than 1000000 bytes"):
        client.fetch({"table": "t"})


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (KEY.encode(), KEY),
        (ENVELOPE.format("a801f1c5", "SUBMITTED").encode(), "a801f1c5"),
        (f"{KEY} and more".encode(), None),
        (b"<queued><id>../../x</id></queued>", None),
        (TSV, None),
        (b"<queued>" * 10_000, None),
        (b"", None),
    ],
)
def test_queued_ids(body, key):
    assert queued_id(body) == key
