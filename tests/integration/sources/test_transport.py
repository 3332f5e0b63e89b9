"""What the transport does when servers behave, and when they do not."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import time
import zlib

import pytest
import requests

from observatory.errors import ObservatoryError, PublisherError, UsageError
from observatory.sources import bodies, wire
from observatory.sources.transport import Policy, Response, Transport


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_good_answer_is_archived_and_returned(serve, rig, say):
    server = serve(lambda asked, n: say(200, b'{"a": 1}', X_Mark="yes"))
    made = rig()
    response = made.transport.get(f"{server.base}/x?y=1")
    assert (response.status, response.body, response.headers["x-mark"]) == (200, b'{"a": 1}', "yes")
    assert made.archived == [(f"{server.base}/x?y=1", None, 200, b'{"a": 1}')]
    assert server.asked[0].headers["User-Agent"] == "kibs-observatory/test"
    assert made.slept == []


def test_post_sends_its_bytes_and_type(serve, rig, say):
    server = serve(lambda asked, n: say(200, b"{}"))
    made = rig()
    made.transport.post(f"{server.base}/q", "territorio histórico ".encode())
    assert server.asked[0].body.decode() == "territorio histórico "
    assert server.asked[0].headers["Content-Type"] == "application/json"
    assert made.archived[0][1] == server.asked[0].body


def test_429_waits_as_long_as_the_server_asks(serve, rig, say):
    server = serve(lambda asked, n: say(429, b'{"error":"slow"}', Retry_After="10") if n < 3 else say(200, b"{}"))
    made = rig()
    assert made.transport.get(server.base).status == 200
    assert made.slept == [10.0, 10.0, 10.0]
    assert [status for _, _, status, _ in made.archived] == [429, 429, 429, 200]


def test_429_storm_ends_in_one_error_that_says_what_was_tried(serve, rig, say):
    server = serve(lambda asked, n: say(429, b'{"error":"429 - Too many requests"}'))
    made = rig(retries=3)
    with pytest.raises(PublisherError, match=r"in 4 attempts \(4 × 429 Too Many Requests, 429 - Too many requests\)"):
        made.transport.get(server.base)
    assert made.slept == [1.0, 2.0, 4.0]
    assert len(server.asked) == 4


def test_429_with_a_long_wait_is_not_waited_for(serve, rig, say):
    server = serve(lambda asked, n: say(429, b"{}", Retry_After="3600"))
    with pytest.raises(PublisherError, match="asks to wait 3600 s"):
        rig().transport.get(server.base)
    assert len(server.asked) == 1


def test_500_then_fine(serve, rig, say):
    server = serve(lambda asked, n: say(500, b"oops") if n == 0 else say(200, b"{}"))
    assert rig().transport.get(server.base).status == 200


@pytest.mark.parametrize("status", [400, 403, 404, 413, 416])
def test_refusals_that_will_not_change_are_not_repeated(serve, rig, say, status):
    server = serve(lambda asked, n: say(status, b'{"error":"Parameter error"}'))
    made = rig()
    assert made.transport.get(server.base).status == status
    assert len(server.asked) == 1 and made.slept == []


def test_5xx_soap_fault_that_blames_the_request_is_not_repeated(serve, rig, say):
    fault = b"<S:Fault><faultcode>413</faultcode><faultstring>EXTRACTION_TOO_BIG</faultstring></S:Fault>"
    server = serve(lambda asked, n: say(500, fault, Content_Type="text/xml"))
    assert rig().transport.get(server.base).status == 500
    assert len(server.asked) == 1


@pytest.mark.parametrize("length", [5, 200])
def test_length_that_is_not_the_announced_one_is_asked_again(serve, rig, say, length):
    def answer(asked, n):
        return (
            say(200, b'{"value": [1, 2, 3]}', Content_Length=length, Connection="close") if n == 0 else say(200, b"{}")
        )

    server = serve(answer)
    response = rig().transport.get(server.base, check=lambda r: bodies.cut_json(r.body))
    assert response.body == b"{}" and len(server.asked) == 2


def test_reset_in_the_middle_of_a_body(serve, rig, say):
    def broken(connection):
        connection.sendall(say(200, b'{"val', Content_Length=1000))
        _reset(connection)

    server = serve(lambda asked, n: broken if n < 2 else say(200, b"{}"))
    made = rig()
    assert made.transport.get(server.base).body == b"{}"
    assert len(made.archived) == 1, "only whole answers are archived"


def test_connection_closed_without_an_answer(serve, rig):
    server = serve(lambda asked, n: _reset)
    with pytest.raises(PublisherError, match=r"2 × connection (reset|closed)"):
        rig(retries=1).transport.get(server.base)


def test_cut_chunks(serve, rig, say):
    cut = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n10\r\n{"a"'
    server = serve(lambda asked, n: cut if n == 0 else say(200, b"{}"))
    assert rig().transport.get(server.base).body == b"{}"


def test_body_slower_than_the_read_timeout(serve, rig, say):
    def silent(connection):
        connection.sendall(say(200, b'{"val', Content_Length=1000))
        time.sleep(0.6)

    server = serve(lambda asked, n: silent)
    with pytest.raises(PublisherError, match=r"2 × silence longer than the read time-out"):
        rig(retries=1, read_seconds=0.2).transport.get(server.base)


def test_body_that_drips_for_ever_meets_the_total_time(serve, rig, say):
    def drip(connection):
        connection.sendall(say(200, b"", Content_Length=100_000))
        for _ in range(40):
            connection.sendall(b" ")
            time.sleep(0.05)

    server = serve(lambda asked, n: drip)
    with pytest.raises(PublisherError, match=r"bytes after 0.3 s and no end"):
        rig(total_seconds=0.3).transport.get(server.base)
    assert len(server.asked) == 1


def test_html_with_200_shows_its_title_and_is_final(serve, rig, say):
    page = b"<!DOCTYPE html><html><head><TITLE>\n P\xc3\xa1gina \x1b[31m no encontrada </TITLE></head></html>"
    server = serve(lambda asked, n: say(200, page))
    with pytest.raises(PublisherError, match=r'titled "Página \[31m no encontrada" \(status 200\)'):
        rig().transport.get(server.base)
    assert len(server.asked) == 1


def test_html_is_known_by_its_declared_type(serve, rig, say):
    server = serve(lambda asked, n: say(200, b"Service unavailable", Content_Type="text/html; charset=utf-8"))
    with pytest.raises(PublisherError, match="Service unavailable"):
        rig().transport.get(server.base)


def test_announced_size_over_the_limit_is_refused_before_reading(serve, rig, say):
    server = serve(lambda asked, n: say(200, b"x", Content_Length=10**9, Connection="close"))
    with pytest.raises(PublisherError, match="larger than 1000 bytes"):
        rig(max_bytes=1000).transport.get(server.base)
    assert len(server.asked) == 1


def test_compressed_bomb_stops_at_the_limit(serve, rig, say):
    bomb = gzip.compress(b"0" * 50_000_000)
    server = serve(lambda asked, n: say(200, bomb, Content_Encoding="gzip"))
    with pytest.raises(PublisherError, match="more than 1000000 bytes"):
        rig(max_bytes=1_000_000).transport.get(server.base)


WHOLE = gzip.compress(b"a;b\n" * 1000, mtime=0)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"not gzip at all", "gzip"),
        (WHOLE[:-20], "gzip"),
        (WHOLE[:-2], "x-gzip"),
        (b"x", "br"),
        (WHOLE, "gzip, gzip"),
    ],
)
def test_damaged_compression_is_asked_again(serve, rig, say, body, encoding):
    said = [say(200, body, Content_Encoding=encoding), say(200, WHOLE, Content_Encoding="gzip")]
    server = serve(lambda asked, n: said[n])
    assert rig().transport.get(server.base).body == b"a;b\n" * 1000
    assert len(server.asked) == 2


def test_contradictory_lengths_are_not_our_fault(serve, rig, say):
    bad = b"HTTP/1.1 200 OK\r\nContent-Length: 2, 5\r\nConnection: close\r\n\r\n{}"
    server = serve(lambda asked, n: bad if n == 0 else say(200, b"{}"))
    assert rig().transport.get(server.base).status == 200


def test_redirect_on_the_same_host_is_followed_and_archived(serve, rig, say):
    server = serve(lambda asked, n: say(302, Location="/new?a=1") if asked.path == "/old" else say(200, b"{}"))
    made = rig()
    assert made.transport.get(f"{server.base}/old").url == f"{server.base}/new?a=1"
    assert [status for _, _, status, _ in made.archived] == [302, 200]


def test_redirect_to_another_host_or_the_local_network_is_refused(serve, rig, say):
    server = serve(lambda asked, n: say(302, Location="http://169.254.169.254/latest"))
    other = serve(lambda asked, n: say(200, b"{}"))
    with pytest.raises(PublisherError, match="it leads to the local network"):
        rig().transport.get(server.base)
    with pytest.raises(PublisherError, match="it leads to"):
        rig().transport.get(serve(lambda asked, n: say(302, Location=other.base)).base)
    assert other.asked == []


def test_endless_redirects_end(serve, rig, say):
    server = serve(lambda asked, n: say(302, Location=f"/{n}"))
    with pytest.raises(PublisherError, match="more than 5 redirects"):
        rig().transport.get(server.base)


@pytest.mark.parametrize(
    ("url", "location", "method", "status", "result"),
    [
        ("http://a.eus/x", "https://a.eus/y", "GET", 301, "https://a.eus/y"),
        ("https://a.eus/x", "y?z", "GET", 302, "https://a.eus/y?z"),
        ("https://a.eus/x", "/y", "POST", 307, "https://a.eus/y"),
        ("https://a.eus/x", "http://a.eus/x", "GET", 301, None),
        ("https://a.eus/x", "/y", "POST", 302, None),
        ("https://a.eus/x", "https://b.eus/", "GET", 302, None),
        ("https://a.eus/x", "https://a.eus:8443/", "GET", 302, None),
        ("https://a.eus/x", "file:///etc/passwd", "GET", 302, None),
        ("https://a.eus/x", "http://[::1", "GET", 302, None),
        ("https://a.eus/x", "//127.0.0.1/", "GET", 302, None),
    ],
)
def test_which_redirects_may_be_followed(url, location, method, status, result):
    if result:
        assert wire.redirect_target(url, location, method, status) == result
    else:
        with pytest.raises(PublisherError, match="refused a redirect"):
            wire.redirect_target(url, location, method, status)


def test_nobody_there_is_tried_once_after_the_first_failure(rig):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    made = rig(retries=2)
    with pytest.raises(PublisherError, match=r"3 attempts \(3 × connection refused\)") as first:
        made.transport.get(url)
    assert "proxy variables" in first.value.remedy
    with pytest.raises(PublisherError, match=r"1 attempt \(connection refused\)"):
        made.transport.get(url)


def test_one_request_at_a_time_per_host(serve, rig, say):
    busy, most = [0], [0]

    def answer(asked, n):
        busy[0] += 1
        most[0] = max(most[0], busy[0])
        time.sleep(0.05)
        busy[0] -= 1
        return say(200, b"{}")

    server = serve(answer)
    made = rig()
    threads = [threading.Thread(target=made.transport.get, args=(server.base,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.asked) == 6 and most[0] == 1


def test_full_disk_of_ours_is_not_the_publishers_failure(serve, say):
    def full(*args):
        raise OSError(28, "No space left on device")

    server = serve(lambda asked, n: say(200, b"{}"))
    transport = Transport(Policy("test"), full, sleep=lambda s: None)
    with pytest.raises(ObservatoryError, match="No space left on device") as error:
        transport.get(server.base)
    assert not isinstance(error.value, PublisherError) and len(server.asked) == 1


@pytest.mark.parametrize("url", ["ftp://a/b", "nonsense", "http://", "http://a:99999/", "http://[::1"])
def test_addresses_that_are_none(rig, url):
    with pytest.raises(UsageError, match="not an HTTP address"):
        rig().transport.get(url)


@pytest.mark.parametrize("agent", ["", "a\r\nX: y", "contacto: José"])
def test_user_agent_that_cannot_be_sent(agent):
    with pytest.raises(UsageError, match="User-Agent"):
        Transport(Policy(agent), lambda *a: None)


def test_user_agent_names_project_and_contact():
    assert wire.user_agent("0.1.0", "data@orkestra.eus") == "kibs-observatory/0.1.0 (+data@orkestra.eus)"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("10", 10.0),
        (" 0 ", 0.0),
        ("Thu, 01 Jan 1970 00:01:00 GMT", 30.0),
        ("Wed, 31 Dec 1969 00:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
        ("²", None),
    ],
)
def test_retry_after(header, seconds):
    assert wire.retry_after(header, now=30.0) == seconds


def test_errors_show_no_password():
    assert wire.shown("http://user:secret@a.eus/x?mail=a@b") == "a.eus/x?mail=a@b"
    error = requests.exceptions.ProxyError("Cannot connect to http://user:secret@proxy")
    assert wire.cause(error) == "the proxy refused"


def test_gunzip_of_what_is_no_gzip_damaged_or_too_large():
    assert bodies.gunzip(b"plain", 10, "u") == b"plain"
    assert bodies.gunzip(gzip.compress(b"a") + gzip.compress(b"b"), 10, "u") == b"ab"
    with pytest.raises(PublisherError, match="damaged gzip"):
        bodies.gunzip(gzip.compress(b"abc" * 100)[:-9], 1000, "u")
    with pytest.raises(PublisherError, match="more than 10 bytes"):
        bodies.gunzip(gzip.compress(b"abc" * 100), 10, "u")
    with pytest.raises(PublisherError, match="damaged gzip"):
        bodies.gunzip(bodies.GZIP + zlib.compress(b"x"), 10, "u")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error":"Parameter error"}', "Parameter error"),
        (b'\xef\xbb\xbf{"error":"Parameter error"}', "Parameter error"),
        (
            b'{"error":[{"status":404,"id":100,"label":"ERR_NOT_FOUND_4"}]}',
            "ERR_NOT_FOUND_4 (status 404, id 100)",
        ),
        (b'{"error":{"status":400,"label":"bad"}}', "bad (status 400)"),
        (b'{"warning":{"status":413,"label":"ASYNC"}}', "ASYNC (status 413)"),
        (
            b"<S:Fault><faultcode>413</faultcode><faultstring>A &amp; B</faultstring></S:Fault>",
            "SOAP fault 413: A & B",
        ),
        (b"<html><title>Oops</title>", 'an HTML page titled "Oops"'),
        (b"plain\x1b[2J words", '"plain[2J words"'),
        (b"  ", "an empty body"),
        (b"[" * 100_000, '"' + "[" * 199 + '…"'),
        (b'{"error": []}', '"{"error": []}"'),
    ],
)
def test_error_bodies_in_words(body, said):
    assert bodies.describe(body) == said


@pytest.mark.parametrize("body", [b"<title", b"<title>" * 20_000, b"<html><title>never closed", b"<" * 100_000])
def test_hostile_titles_take_no_time(body):
    start = time.perf_counter()
    bodies.describe(body)
    bodies.soap_fault(body)
    assert len(bodies.title(body)) <= 200 and time.perf_counter() - start < 1


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe{", b"[" * 100_000, b"1" * 5000, b""])
def test_json_that_is_none(body):
    with pytest.raises(PublisherError, match="expected JSON"):
        bodies.parse_json(body, "http://a/b")


def test_response_reads_headers_in_any_case():
    assert Response("u", 200, {}, b"").content_type == ""
