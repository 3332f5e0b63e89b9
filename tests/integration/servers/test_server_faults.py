"""What each fault looks like to a plain HTTP client, and which request meets it."""

from __future__ import annotations

import http.client
import threading
import time

import pytest
import requests

from tests.integration.servers.helpers import TABLE, small
from tests.servers import Fault, PxWebServer, every, randomly
from tests.servers.faults import KINDS, Plan, script, storm


def bank(faults: Plan | list[Fault | None]) -> PxWebServer:
    return PxWebServer({TABLE: small()}, faults=faults)


def get(server: PxWebServer, timeout: float = 5) -> requests.Response:
    return requests.get(f"{server.base}/es/DB/{TABLE}", timeout=timeout)


def test_a_list_is_gone_through_once() -> None:
    with bank([Fault("status", 500), None, Fault("status", 503)]) as server:
        assert [get(server).status_code for _ in range(4)] == [500, 200, 503, 200] == server.statuses


def test_server_errors_are_html_pages() -> None:
    with bank([Fault("status", 502, title="Bad Gateway")]) as server:
        answer = get(server)
    assert answer.status_code == 502 and "<title>Bad Gateway</title>" in answer.text


def test_every_third_request_and_only_where_it_matches() -> None:
    with bank(every(3, Fault("too_many", retry_after="0"), where=r"\.px$")) as server:
        requests.get(f"{server.base}/es/DB", timeout=5)
        answers = [get(server) for _ in range(6)]
    assert [a.status_code for a in answers] == [200, 200, 429, 200, 200, 429]
    assert answers[2].headers["Retry-After"] == "0" and answers[2].json()["error"].startswith("429 - Too many")


def test_a_storm_may_come_without_retry_after() -> None:
    with bank(storm(1, 2, Fault("too_many"))) as server:
        answers = [get(server) for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 429, 429, 200] and "Retry-After" not in answers[1].headers


def test_html_comes_with_200_and_a_title() -> None:
    with bank([Fault("html", title="Mantenimiento")]) as server:
        answer = get(server)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "<title>Mantenimiento</title>" in answer.text


def test_an_empty_body_is_200_and_nothing() -> None:
    with bank([Fault("empty")]) as server:
        answer = get(server)
    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b"", "0")


@pytest.mark.parametrize("kind", ["drop", "reset"])
def test_broken_connections_are_connection_errors(kind: str) -> None:
    with bank([Fault(kind)]) as server:
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            get(server)
        assert get(server).status_code == 200


def test_a_reset_comes_in_the_middle_of_the_body() -> None:
    with bank([Fault("reset")]) as server:
        port = int(server.root.rsplit(":", 1)[1])
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        line.request("GET", "/bankupx/api/v1/es/DB")
        answer = line.getresponse()
        assert answer.status == 200 and int(answer.headers["Content-Length"]) > 0
        with pytest.raises(ConnectionResetError):
            answer.read()


def test_a_truncated_body_is_shorter_than_its_length() -> None:
    with bank([Fault("truncated", share=0.25)]) as server:
        port = int(server.root.rsplit(":", 1)[1])
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        line.request("GET", "/bankupx/api/v1/es/DB")
        answer = line.getresponse()
        with pytest.raises(http.client.IncompleteRead) as cut:
            answer.read()
    assert len(cut.value.partial) == int(answer.headers["Content-Length"]) // 4


def test_a_length_that_is_too_small_hides_the_end() -> None:
    with bank([Fault("wrong_length", delta=-7)]) as server:
        cut, whole = get(server).content, get(server).content
    assert cut == whole[:-7]


def test_a_length_that_is_too_large_never_fills() -> None:
    with (
        bank([Fault("wrong_length", delta=5)]) as server,
        pytest.raises(requests.exceptions.RequestException),
    ):
        get(server)


@pytest.mark.parametrize("kind", ["slow", "stall"])
def test_slow_answers_arrive_and_a_client_may_lose_patience(kind: str) -> None:
    with bank([Fault(kind, seconds=0.4), Fault("stall", seconds=0.4)]) as server:
        start = time.monotonic()
        assert get(server).json()["title"] and time.monotonic() - start > 0.35
        with pytest.raises(requests.exceptions.ReadTimeout):
            get(server, timeout=0.1)


@pytest.mark.parametrize("kind", ["gzip_garbage", "gzip_cut"])
def test_bad_gzip_is_not_decoded_into_the_answer(kind: str) -> None:
    with bank([Fault(kind)]) as server:
        try:
            body = get(server).content
        except requests.exceptions.ContentDecodingError:
            body = b""
        assert body != get(server).content


def test_the_same_seed_gives_the_same_faults() -> None:
    kinds = [Fault(k) for k in KINDS]
    first, second, other = (randomly(seed, 0.3, kinds) for seed in (7, 7, 8))
    met = [[plan.next("/x") for _ in range(300)] for plan in (first, second, other)]
    assert met[0] == met[1] != met[2]
    assert 60 < len(first.met) < 120 and {f.kind for f in first.met} == set(KINDS)


def test_an_unknown_fault_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'rest' does not exist"):
        Fault("rest")


def test_a_stopped_server_breaks_the_connections_it_had() -> None:
    with requests.Session() as session:
        with bank(script([])) as server:
            address = server.base + "/es/DB"
            assert session.get(address, timeout=5).status_code == 200
        with pytest.raises(requests.ConnectionError):
            session.get(address, timeout=1)


def test_requests_at_the_same_time_are_noticed() -> None:
    with bank([Fault("stall", seconds=0.3)]) as server:
        threads = [threading.Thread(target=get, args=(server,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.peak > 1
    with bank([]) as server:
        assert [get(server).status_code for _ in range(50)] == [200] * 50 and server.peak == 1
