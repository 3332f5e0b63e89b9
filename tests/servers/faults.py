"""How an answer goes wrong between a publisher and us.

Belongs here: the faults, plans that say which request meets which fault, and sending a (spoilt) answer. Does
not belong here: errors that a publisher states in its own protocol (pxweb.py, eurostat.py).
"""

from __future__ import annotations

import gzip
import os
import random
import re
import socket
import struct
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.servers.base import Reply

KINDS = (
    "slow",  # the body dribbles in over ``seconds``
    "stall",  # nothing at all for ``seconds``, then the answer
    "truncated",  # Content-Length is right, the body stops at ``share`` and the connection closes
    "reset",  # the same, but the connection is reset
    "drop",  # the connection closes before a single byte
    "wrong_length",  # Content-Length is off by ``delta``
    "html",  # 200 with an HTML page that has a title
    "status",  # ``status`` with an HTML error page, as IIS and proxies send them
    "too_many",  # 429, with Retry-After if ``retry_after`` is given
    "gzip_garbage",  # Content-Encoding says gzip, the bytes do not
    "gzip_cut",  # gzip that ends before its end
    "empty",  # the right status and no body
)


# PxWeb's own words (eustat.md §3, errors).
TOO_MANY = b'{"error":"429 - Too many requests in too short timeframe. Please try again later."}'


@dataclass(frozen=True)
class Fault:
    """One way to spoil one answer; the fields that do not belong to ``kind`` are ignored."""

    kind: str
    status: int = 500
    seconds: float = 0.3
    share: float = 0.5
    delta: int = -7
    retry_after: str | None = None
    title: str = "Service Unavailable"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"fault {self.kind!r} does not exist: use one of {', '.join(KINDS)}")

    def wait(self) -> None:
        """Hold the answer back, if that is the fault."""
        if self.kind == "stall":
            time.sleep(self.seconds)

    def status_of(self, reply: Reply) -> int:
        """The status line this fault sends (0 where none is sent)."""
        own = {"html": 200, "status": self.status, "too_many": 429, "drop": 0}
        return own.get(self.kind, reply.status)


Chooser = Callable[[int], Fault | None]


class Plan:
    """Which request meets which fault. ``where`` limits it to paths that match a regular expression.

    The requests that match are counted from 0; the others pass unharmed and are not counted.
    """

    def __init__(self, choose: Chooser, where: str = "") -> None:
        self._choose = choose
        self._where = re.compile(where)
        self.seen = 0
        self.met: list[Fault] = []

    def next(self, path: str) -> Fault | None:
        """The fault for the request that has just come in for ``path`` (percent-decoded)."""
        if not self._where.search(path):
            return None
        fault = self._choose(self.seen)
        self.seen += 1
        if fault:
            self.met.append(fault)
        return fault


def script(faults: Iterable[Fault | None], where: str = "") -> Plan:
    """The faults in order, then none."""
    steps = list(faults)
    return Plan(lambda n: steps[n] if n < len(steps) else None, where)


def every(n: int, fault: Fault, where: str = "") -> Plan:
    """``fault`` on every nth request, the rest unharmed."""
    return Plan(lambda k: fault if (k + 1) % n == 0 else None, where)


def storm(start: int, length: int, fault: Fault, where: str = "") -> Plan:
    """``fault`` on ``length`` requests running, from number ``start`` (0 is the first)."""
    return Plan(lambda k: fault if start <= k < start + length else None, where)


def randomly(seed: int, rate: float, faults: Sequence[Fault], where: str = "") -> Plan:
    """A fault drawn from ``faults`` with probability ``rate``; the same seed gives the same sequence."""
    source = random.Random(seed)
    return Plan(lambda _: source.choice(faults) if source.random() < rate else None, where)


def as_plan(faults: Plan | Sequence[Fault | None] | None) -> Plan:
    """A plan from what a test hands over: a plan, a list to go through once, or nothing."""
    return faults if isinstance(faults, Plan) else script(faults or ())


def page(title: str) -> bytes:
    """An HTML page as web servers and proxies answer with."""
    head = f"<html><head><title>{title}</title></head>"
    return f"<!DOCTYPE html>\r\n{head}\r\n<body><h1>{title}</h1></body></html>\r\n".encode()


def send(handler: BaseHTTPRequestHandler, reply: Reply, fault: Fault | None) -> None:
    """Write ``reply`` to the wire, spoilt by ``fault``."""
    status, body, kind, headers = reply.status, reply.body, reply.content_type, dict(reply.headers)
    what = fault.kind if fault else ""
    if fault and what in ("html", "status"):
        status, body, kind, headers = (
            fault.status_of(reply),
            page(fault.title),
            "text/html; charset=utf-8",
            {},
        )
    elif fault and what == "too_many":
        status, body, kind, headers = 429, TOO_MANY, "application/json", {}
        if fault.retry_after is not None:
            headers = {"Retry-After": fault.retry_after}
    elif what == "empty":
        body = b""
    elif what == "gzip_garbage":
        headers["Content-Encoding"] = "gzip"
        body = b"\x1f\x8b" + bytes((b * 31 + 7) % 256 for b in range(200))
    elif fault and what == "gzip_cut":
        headers["Content-Encoding"] = "gzip"
        packed = gzip.compress(body)
        body = packed[: max(1, int(len(packed) * fault.share))]
    length = len(body) + (fault.delta if fault and what == "wrong_length" else 0)
    head = _head(handler, status, {"Content-Type": kind, "Content-Length": str(max(0, length)), **headers})
    if handler.command == "HEAD":
        body = b""
    _put(handler, head, body, fault)


def _head(handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str]) -> bytes:
    reason = handler.responses.get(status, ("",))[0]
    lines = [
        f"HTTP/1.1 {status} {reason}",
        "Server: Microsoft-IIS/10.0",
        f"Date: {handler.date_time_string()}",
    ]
    return "\r\n".join([*lines, *(f"{k}: {v}" for k, v in headers.items()), "", ""]).encode("latin-1")


def _put(handler: BaseHTTPRequestHandler, head: bytes, body: bytes, fault: Fault | None) -> None:
    what = fault.kind if fault else ""
    out = handler.connection
    if fault and what in ("drop", "truncated", "reset", "wrong_length"):
        handler.close_connection = True
    if fault and what == "slow":
        _dribble(out, head, body, fault.seconds)
    elif fault and what in ("truncated", "reset"):
        out.sendall(head + body[: int(len(body) * fault.share)])
        if what == "reset":
            _reset(out)
    elif what != "drop":
        out.sendall(head + body)


def _dribble(out: socket.socket, head: bytes, body: bytes, seconds: float) -> None:
    out.sendall(head)
    pieces = 10
    step = len(body) // pieces + 1
    for start in range(0, len(body), step):
        time.sleep(seconds / pieces)
        out.sendall(body[start : start + step])


def _reset(out: socket.socket) -> None:
    """Close so that the other side sees a reset, not an end: linger of zero seconds (RFC 9293, 3.10.5)."""
    # What was sent must be read before the reset, or the client's kernel throws it away unread.
    time.sleep(0.02)
    out.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(out.detach())
