"""The rules and words of HTTP that need no connection: waits, redirects, names of what went wrong.

Belongs here: pure functions over headers, addresses and errors. Does not belong here: sending (transport.py)
or bodies (bodies.py).
"""

from __future__ import annotations

import ipaddress
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from itertools import groupby
from urllib.parse import urljoin, urlsplit

from observatory.errors import PublisherError, UsageError
from observatory.sources import bodies

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PASSING = frozenset({408, 425, 429})
"""Refusals that time mends."""


def user_agent(version: str, contact: str) -> str:
    """Who asks: the project, its version, and where to complain (an address of mail or web)."""
    return f"kibs-observatory/{version} (+{contact})" if contact else f"kibs-observatory/{version}"


def retry_after(header: str | None, now: float) -> float | None:
    """Seconds in a Retry-After header, which is seconds or a date (RFC 9110 §10.2.3); None if unreadable."""
    header = (header or "").strip()
    if header.isascii() and header.isdecimal():
        return float(header[:18])
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - now)
    except (ValueError, OverflowError, OSError):
        return None


def redirect_target(url: str, location: str, method: str, status: int) -> str:
    """The address a redirect leads to, if it may be followed: the same host, no way back to plain HTTP.

    A POST is repeated only for 307 and 308, which keep its body. Raises PublisherError otherwise.
    """
    try:
        target = urljoin(url, location)
        here, there = origin(url), origin(target)
    except (ValueError, UsageError):
        target, here, there = location, ("", "", 0), ("?", "?", 0)
    upgrade = here[0] == "http" and there == ("https", here[1], 443) and here[2] == 80
    if here != there and not upgrade:
        where = "the local network" if _is_local(there[1]) else "another host"
        problem = f"leads to {where}"
    elif method != "GET" and status not in {307, 308}:
        problem = "would lose the query"
    else:
        return target
    raise PublisherError(
        f"{shown(url)}: refused a redirect to {shown(target)}: it {problem}",
        remedy="If the publisher has moved, set the new base address in the settings",
    )


def shown(url: str) -> str:
    """An address as an error message may show it: no user name, no query of hundreds of codes."""
    address, mark, query = url.partition("?")
    return bodies.text((address.rpartition("@")[2] + mark + query).encode(), 200)


def phrase(status: int) -> str:
    """A status with its usual name."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"status {status}"


def count(number: int, noun: str) -> str:
    """``1 attempt``, ``2 attempts``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


NOBODY = ("the host's name is unknown here", "connection refused", "no connection in time")


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port; UsageError for anything that is not an HTTP address."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        port = 0
    if not port or not parts.hostname or parts.scheme not in {"http", "https"}:
        raise UsageError(f"{shown(url)}: not an HTTP address", remedy="Correct the base address in the settings")
    return parts.scheme, parts.hostname, port


def _is_local(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


def cause(error: BaseException) -> str:
    """What went wrong on the wire, in our words: the libraries' own texts may hold proxy passwords."""
    names: list[str] = []
    seen: list[BaseException] = [error]
    while seen and len(names) < 20:
        inner = seen.pop()
        names.append(type(inner).__name__)
        seen += [a for a in (inner.__cause__, inner.__context__, *inner.args) if isinstance(a, BaseException)]
        reason = getattr(inner, "reason", None)
        seen += [reason] if isinstance(reason, BaseException) else []
    for name, meaning in _CAUSES.items():
        if name in names:
            return meaning
    return f"broken exchange ({type(error).__name__})"


_CAUSES = {
    "NameResolutionError": NOBODY[0],
    "ConnectionRefusedError": NOBODY[1],
    "ConnectTimeoutError": NOBODY[2],
    "ProxyError": "the proxy refused",
    "ReadTimeoutError": "silence longer than the read time-out",
    "ReadTimeout": "silence longer than the read time-out",
    "IncompleteRead": "the body is shorter than announced",
    "InvalidChunkLength": "the body breaks off",
    "DecodeError": "the body's compression is damaged",
    "ConnectionResetError": "connection reset",
    "RemoteDisconnected": "connection closed without an answer",
}


def tally(tried: list[str]) -> str:
    """``2 × 429 …, connection reset``: what was tried, runs folded."""
    runs = [(problem, len(list(same))) for problem, same in groupby(tried)]
    return ", then ".join(f"{n} × {problem}" if n > 1 else problem for problem, n in runs)
