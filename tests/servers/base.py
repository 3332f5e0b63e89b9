"""What both servers share: a threaded HTTP server, its log, replayed bytes and the hook for faults.

Belongs here: sockets, the request log, replay. Does not belong here: what a publisher answers (pxweb.py,
eurostat.py) and how an answer is spoilt on the wire (faults.py).
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self
from urllib.parse import unquote, urlsplit

from tests.servers.faults import Fault, Plan, as_plan, send


class Call(NamedTuple):
    """One request as it arrived: method, path with its query string as sent, body."""

    method: str
    path: str
    body: bytes


@dataclass
class Reply:
    """One answer before it meets the wire. ``headers`` come beside Content-Type and Content-Length."""

    status: int
    body: bytes
    content_type: str
    headers: dict[str, str] = field(default_factory=dict)


# Called with the server itself.
Hook = Callable[[Any], object]


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, for a server that cannot choose one itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class LocalServer(ABC):
    """A server on 127.0.0.1 at a free port; subclasses say what it answers in ``answer``.

    ``log`` holds every request, ``headers`` its headers and ``statuses`` what was sent, in the same order;
    ``peak`` is the largest number of requests that waited for their answer at once. ``replay`` maps a path,
    with or without its query string, to the bytes (or the Reply) to send instead of an answer. ``hooks``
    maps n to a function that is called with the server after n requests have been answered: how a table
    changes between two calls.
    """

    def __init__(
        self,
        *,
        replay: Mapping[str, bytes | Reply] | None = None,
        faults: Plan | Sequence[Fault | None] | None = None,
        hooks: Mapping[int, Hook] | None = None,
    ) -> None:
        self.replay = {unquote(path): data for path, data in (replay or {}).items()}
        self.plan = as_plan(faults)
        self.hooks = dict(hooks or {})
        self.log: list[Call] = []
        self.headers: list[dict[str, str]] = []
        self.statuses: list[int] = []
        self.peak = 0
        self.lock = threading.RLock()
        self._under_way = 0
        self._answered = 0
        self._open: set[socket.socket] = set()
        self._http: ThreadingHTTPServer | None = None

    @abstractmethod
    def answer(self, call: Call, headers: Message, client: str) -> Reply:
        """The publisher's answer to ``call``; ``client`` is the caller's address."""

    @property
    def root(self) -> str:
        """Scheme, host and port."""
        if self._http is None:
            raise RuntimeError("the server is not running: use it as a context manager, or call start()")
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def start(self) -> None:
        """Listen. The thread is a daemon: a test that dies does not leave a process behind."""
        self._http = _Http(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening and break the connections that clients kept open."""
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
            self._http = None
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def calls(self, part: str = "", method: str = "") -> list[Call]:
        """The logged requests whose decoded path contains ``part`` and, if given, with that method."""
        return [c for c in self.log if part in unquote(c.path) and method in ("", c.method)]

    def _replayed(self, call: Call) -> Reply | None:
        found = self.replay.get(unquote(call.path)) or self.replay.get(unquote(urlsplit(call.path).path))
        if found is None or isinstance(found, Reply):
            return found
        kind = "application/json; charset=utf-8" if found.lstrip(b"\xef\xbb\xbf \r\n")[:1] in (b"{", b"[") else ""
        return Reply(200, found, kind or "application/octet-stream")

    def _enter(self, call: Call, headers: Message) -> Fault | None:
        with self.lock:
            self.log.append(call)
            self.headers.append(dict(headers.items()))
            self._under_way += 1
            self.peak = max(self.peak, self._under_way)
            return self.plan.next(unquote(call.path))

    def _leave(self) -> None:
        with self.lock:
            self._under_way -= 1
            self._answered += 1
            hook = self.hooks.get(self._answered)
            if hook:
                hook(self)

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        call = Call(handler.command, handler.path, handler.rfile.read(length) if length else b"")
        fault = self._enter(call, handler.headers)
        try:
            reply = self._replayed(call) or self.answer(call, handler.headers, handler.client_address[0])
            # Before the bytes go out: a client that has read its answer finds it counted and the hook done.
            if fault:
                fault.wait()
            self.statuses.append(fault.status_of(reply) if fault else reply.status)
        finally:
            self._leave()
        send(handler, reply, fault)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is normal here; anything else must show."""
        if not isinstance(sys.exc_info()[1], OSError | ValueError):
            super().handle_error(request, client_address)


def _handler(server: LocalServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        timeout = 30

        def setup(self) -> None:
            super().setup()
            server._open.add(self.connection)

        def finish(self) -> None:
            server._open.discard(self.connection)
            super().finish()

        def any_method(self) -> None:
            server._serve(self)

        do_GET = do_POST = do_HEAD = do_OPTIONS = do_PUT = do_DELETE = any_method

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on standard error: the server keeps its own log."""

    return Handler
