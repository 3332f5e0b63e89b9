"""A server of a few lines on this machine that says the bytes a test gives it, and clients to ask it."""

from __future__ import annotations

import itertools
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from observatory.sources.eurostat import Eurostat
from observatory.sources.transport import Policy, Transport


@dataclass
class Asked:
    """One request as the server saw it."""

    method: str
    path: str
    body: bytes
    headers: dict[str, str]


def reply(status: int = 200, body: bytes = b"", **headers: object) -> bytes:
    """A whole HTTP answer; underscores in header names are hyphens; Content_Length=None leaves it out."""
    named = {"Content_Type": "application/json", "Content_Length": len(body), **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in named.items() if value is not None]
    head = "".join(f"{line}\r\n" for line in [f"HTTP/1.1 {status} Said", *lines])
    return head.encode() + b"\r\n" + body


Answer = bytes | Callable[[socket.socket], None]


@dataclass
class Server:
    """Where it listens and what it was asked."""

    base: str
    asked: list[Asked] = field(default_factory=list)

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[Asked, int], Answer]], Server]]:
    """Start a server whose answers come from ``answer(asked, number)``; numbers count from 0."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    running: list[ThreadingHTTPServer] = []

    def start(answer: Callable[[Asked, int], Answer]) -> Server:
        known = Server("")
        guard = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def respond(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with guard:
                    number = len(known.asked)
                    known.asked.append(Asked(self.command, self.path, body, dict(self.headers)))
                said = answer(known.asked[number], number)
                if isinstance(said, bytes):
                    self.wfile.write(said)
                    self.close_connection = b"\r\nConnection: close" in said
                else:
                    said(self.connection)
                    self.close_connection = True

            do_GET = do_POST = respond

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that hangs up is part of the tests."""

        server = Quiet(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        running.append(server)
        known.base = f"http://127.0.0.1:{server.server_port}"
        return known

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@dataclass
class Rig:
    """A transport with its clock in our hands: ``slept`` and ``archived`` say what it did."""

    transport: Transport
    slept: list[float]
    archived: list[tuple[str, bytes | None, int, bytes]]


@pytest.fixture
def rig() -> Callable[..., Rig]:
    """Make a transport that does not really sleep; keywords change its policy."""

    def make(now: float = 0.0, **policy: Any) -> Rig:
        slept: list[float] = []
        archived: list[tuple[str, bytes | None, int, bytes]] = []
        settings: dict[str, Any] = {"user_agent": "kibs-observatory/test", "read_seconds": 5.0, **policy}
        transport = Transport(
            Policy(**settings),
            lambda url, asked, status, headers, body: archived.append((url, asked, status, body)),
            sleep=slept.append,
            now=lambda: now,
            chance=lambda: 1.0,
        )
        return Rig(transport, slept, archived)

    return make


@pytest.fixture
def say() -> Callable[..., bytes]:
    """Compose an HTTP answer."""
    return reply


class Dataset:
    """A dataset as the statistics API answers for it: known codes asked for, all where nothing is."""

    updated = "2026-07-31T23:00:00+0200"
    codes: ClassVar[dict[str, list[str]]] = {
        "freq": ["A"],
        "unit": ["THS"],
        "nace_r2": ["TOTAL", "J", "K"],
        "geo": ["ES", "ES21", "ES30", *(f"X{n:02d}" for n in range(120))],
        "time": ["2023", "2024"],
    }

    def __call__(self, asked: Asked, **more: Any) -> dict[str, Any]:
        """The answer to a request; keywords replace parts of it."""
        return self.document(self.query(asked), **more)

    @staticmethod
    def query(asked: Asked) -> dict[str, list[str]]:
        return parse_qs(urlsplit(asked.path).query)

    def document(self, query: dict[str, list[str]], **more: Any) -> dict[str, Any]:
        chosen = {d: [c for c in codes if c in query.get(d, codes)] for d, codes in self.codes.items()}
        if "lastTimePeriod" in query:
            chosen["time"] = chosen["time"][-int(query["lastTimePeriod"][0]) :]
        cells = list(itertools.product(*chosen.values()))
        return {
            "version": "2.0",
            "class": "dataset",
            "label": "Employment",
            "source": "ESTAT",
            "updated": self.updated,
            "value": {str(n): n for n in reversed(range(len(cells)))},
            "id": list(chosen),
            "size": [len(c) for c in chosen.values()],
            "dimension": {d: {"label": d, "category": self.category(codes)} for d, codes in chosen.items()},
            "extension": {"lang": "EN"},
            **more,
        }

    @staticmethod
    def category(codes: list[str]) -> dict[str, Any]:
        return {"index": {c: n for n, c in enumerate(codes)}, "label": {c: c for c in codes}}


@pytest.fixture
def nama() -> Dataset:
    """Regional accounts employment, or something of its shape."""
    return Dataset()


@pytest.fixture
def eurostat(serve, rig, say):
    """A client of a server that says ``answer(asked, number)``: bytes, a document, or it and a status."""

    def start(answer, **policy):
        def handle(asked, number):
            said = answer(asked, number)
            if isinstance(said, bytes):
                return said
            document, status = said if isinstance(said, tuple) else (said, 200)
            return say(status, json.dumps(document, ensure_ascii=False).encode())

        server = serve(handle)
        made = rig(**policy)
        bases = [f"{server.base}{path}" for path in ("/statistics/1.0", "/sdmx/2.1/", "/1.0/async")]
        return Eurostat(made.transport, *bases), server, made

    return start


@pytest.fixture
def tsv(eurostat, nama):
    """A client whose TSV requests are answered by ``answer``; the question for the stamp always works."""
    return lambda answer, **policy: eurostat(
        lambda asked, n: nama(asked) if "/statistics/" in asked.path else answer(asked, n), **policy
    )
