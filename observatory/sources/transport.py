"""One way to ask any publisher over HTTP: patient with what passes, final with what does not.

Belongs here: time-outs, retries, waiting as long as the server asks, size limits, redirects, one request at a
time per host, the archive of every answer. Does not belong here: addresses, what a publisher's error means
(pxweb.py, eurostat.py) or what the bytes hold (formats/).

Proxies and certificate bundles come from the environment (HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE), as
requests reads them. Answers of 400 and above that a repetition cannot change go back to the caller, who knows
what they mean.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from observatory.errors import ObservatoryError, PublisherError, UsageError
from observatory.sources import bodies, wire

_CHUNK = 64 * 1024

Archive = Callable[[str, bytes | None, int, Mapping[str, str], bytes], None]
"""``archive(url, request_body, status, headers, body)``, called with every whole answer before it is judged.
"""

Check = Callable[["Response"], str | None]
"""Says what is visibly broken in a good answer's body (then it is asked for again), or None."""


@dataclass(frozen=True)
class Policy:
    """How patient, how large: times in seconds, sizes in bytes; ``retries`` follow the first attempt."""

    user_agent: str
    connect_seconds: float = 10.0
    read_seconds: float = 60.0
    total_seconds: float = 900.0
    max_bytes: int = 512 * 1024 * 1024
    retries: int = 5
    backoff_seconds: float = 1.0
    longest_wait_seconds: float = 120.0
    redirects: int = 5


@dataclass(frozen=True)
class Response:
    """A whole answer: where it came from, its status, its headers (any case) and its decoded body."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        """The declared type, empty if none."""
        return self.headers.get("Content-Type", "")

    def describe(self) -> str:
        """Status and what the body says, for an error message."""
        return f"{wire.phrase(self.status)}, {bodies.describe(self.body, self.content_type)}"


class _PassingError(Exception):
    """One attempt failed in a way that the next one may not."""

    def __init__(self, problem: str, *, unreachable: bool = False) -> None:
        super().__init__(problem)
        self.unreachable = unreachable


class _Session(requests.Session):
    """A session that leaves redirects to us: its own handling would read their bodies without a limit."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """No redirect is followed here."""


@dataclass
class _Host:
    """One server: its connection, whose turn it is, and whether the last call found nobody there."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    session: _Session = field(default_factory=_Session)
    unreachable: bool = False


class Transport:
    """Asks publishers, one request at a time per host; safe to share between threads."""

    def __init__(
        self,
        policy: Policy,
        archive: Archive,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        if not (policy.user_agent.isascii() and policy.user_agent.isprintable() and policy.user_agent.strip()):
            raise UsageError(
                f"{policy.user_agent!r} cannot be sent as a User-Agent",
                remedy="Use plain ASCII letters in the contact setting",
            )
        self.policy = policy
        self.sleep = sleep
        self.clock = clock
        self._archive = archive
        self._now = now
        self._chance = chance
        self._hosts: dict[tuple[str, int], _Host] = {}
        self._guard = threading.Lock()

    def get(self, url: str, *, check: Check | None = None) -> Response:
        """GET ``url``. Raises PublisherError when no usable answer came, naming what was tried."""
        return self._call("GET", url, None, {}, check)

    def post(
        self, url: str, body: bytes, *, content_type: str = "application/json", check: Check | None = None
    ) -> Response:
        """POST ``body`` (a query: it must be safe to repeat). Raises PublisherError as :meth:`get` does."""
        return self._call("POST", url, body, {"Content-Type": content_type}, check)

    def _call(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str], check: Check | None
    ) -> Response:
        host = self._host(url)
        with host.lock:
            # Where nobody answered a moment ago one attempt is enough, or sixty tables would wait in turn.
            attempts = 1 if host.unreachable else self.policy.retries + 1
            tried: list[str] = []
            for attempt in range(attempts):
                wait = None
                try:
                    response = self._attempt(host, method, url, body, headers)
                    host.unreachable = False
                    problem = self._problem(response, check)
                    if problem is None:
                        return response
                    tried.append(problem)
                    wait = self._asked_wait(response)
                except _PassingError as error:
                    tried.append(str(error))
                    host.unreachable = error.unreachable
                if attempt + 1 < attempts:
                    self.sleep(self._delay(attempt, wait))
            nobody = host.unreachable
        attempted = wire.count(len(tried), "attempt")
        raise PublisherError(
            f"{method} {wire.shown(url)}: no usable answer in {attempted} ({wire.tally(tried)})",
            remedy="Check the network and the proxy variables (HTTPS_PROXY, NO_PROXY), then run this again"
            if nobody
            else "The publisher has trouble at the moment: run this again later",
        )

    def _problem(self, response: Response, check: Check | None) -> str | None:
        """Why an answer is worth asking for again; None if it is to be used.

        A web page in place of data is final: PublisherError.
        """
        if response.status in wire.PASSING or response.status >= 500:
            if response.status >= 500 and bodies.is_client_fault(response.body):
                return None
            return response.describe()
        if response.status >= 400:
            return None
        if bodies.is_html(response.body, response.content_type):
            raise PublisherError(
                f"{wire.shown(response.url)}: asked for data, found an HTML page titled "
                f'"{bodies.title(response.body)}" (status {response.status})',
                remedy="Open the address in a browser; the service may be closed, moved or limiting requests",
            )
        return check(response) if check else None

    def _attempt(self, host: _Host, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Response:
        """One request and the redirects it leads to, every whole answer archived."""
        current = url
        for _ in range(self.policy.redirects + 1):
            response = self._exchange(host, method, current, body, headers)
            try:
                self._archive(response.url, body, response.status, response.headers, response.body)
            except OSError as error:
                reason = error.strerror or type(error).__name__
                raise ObservatoryError(
                    f"{wire.shown(url)}: the answer could not be archived ({reason})",
                    remedy="Free space or mend the permissions of the data folder, then fetch again",
                ) from error
            location = response.headers.get("Location")
            if response.status not in wire.REDIRECTS or not location:
                return response
            current = wire.redirect_target(current, location, method, response.status)
        raise PublisherError(
            f"{wire.shown(url)}: more than {self.policy.redirects} redirects",
            remedy="Set the address it leads to",
        )

    def _exchange(self, host: _Host, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Response:
        policy = self.policy
        try:
            with host.session.request(
                method,
                url,
                data=body,
                headers={"User-Agent": policy.user_agent, "Accept-Encoding": "gzip", **headers},
                timeout=(policy.connect_seconds, policy.read_seconds),
                allow_redirects=False,
                stream=True,
            ) as answer:
                content = self._read(answer, url)
                return Response(url, answer.status_code, CaseInsensitiveDict(answer.headers), content)
        except requests.exceptions.InvalidHeader as error:
            raise _PassingError("headers that contradict each other") from error
        except (requests.exceptions.InvalidProxyURL, ValueError) as error:
            raise UsageError(
                f"{wire.shown(url)}: not a request that can be sent ({type(error).__name__})",
                remedy="Correct the address, the contact setting or the proxy variables",
            ) from error
        except requests.exceptions.SSLError as error:
            if "CERTIFICATE_VERIFY_FAILED" not in str(error):
                raise _PassingError("the encrypted connection failed", unreachable=True) from error
            raise PublisherError(
                f"{wire.shown(url)}: the server's certificate is not trusted here",
                remedy="Set REQUESTS_CA_BUNDLE to the certificates of your network",
            ) from error
        except (requests.exceptions.RequestException, HTTPError) as error:
            never_there = isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.ProxyError)
            cause = wire.cause(error)
            raise _PassingError(cause, unreachable=never_there or cause in wire.NOBODY) from error

    def _read(self, answer: requests.Response, url: str) -> bytes:
        """The decoded body, within the size and the total time; shorter than announced is an HTTPError."""
        limit = self.policy.max_bytes
        announced = answer.headers.get("Content-Length", "")
        if announced.isascii() and announced.isdecimal() and (len(announced) > 18 or int(announced) > limit):
            raise _too_large(url, limit)
        deadline = self.clock() + self.policy.total_seconds
        parts, size = [], 0
        while part := answer.raw.read1(_CHUNK, decode_content=False):
            size += len(part)
            if size > limit:
                raise _too_large(url, limit)
            if self.clock() > deadline:
                raise PublisherError(
                    f"{wire.shown(url)}: {size} bytes after {self.policy.total_seconds:g} s and no end",
                    remedy="Run the command again later or allow more time in the settings",
                )
            parts.append(part)
        return _decoded(b"".join(parts), answer.headers.get("Content-Encoding", ""), limit, url)

    def _host(self, url: str) -> _Host:
        with self._guard:
            return self._hosts.setdefault(wire.origin(url)[1:], _Host())

    def _asked_wait(self, response: Response) -> float | None:
        """Seconds the server asks to wait; PublisherError if that is longer than we may."""
        wait = wire.retry_after(response.headers.get("Retry-After"), self._now())
        if wait is not None and wait > self.policy.longest_wait_seconds:
            raise PublisherError(
                f"{wire.shown(response.url)}: {wire.phrase(response.status)}, asks to wait {wait:.0f} s, "
                f"more than the {self.policy.longest_wait_seconds:g} s allowed",
                remedy="Run the command again after that time",
            )
        return wait

    def _delay(self, attempt: int, asked: float | None) -> float:
        """Seconds before the next attempt: doubling, with jitter, never less than the server asked for."""
        step = min(self.policy.longest_wait_seconds, self.policy.backoff_seconds * 2**attempt)
        return max(step * (0.5 + 0.5 * self._chance()), asked or 0.0)


def _decoded(body: bytes, encoding: str, limit: int, url: str) -> bytes:
    """The body without its transfer compression; we accept gzip alone.

    Done here and not by urllib3, which takes a stream that breaks off for a whole one.
    """
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"} or not body:
        return body
    if encoding not in {"gzip", "x-gzip"} or not body.startswith(bodies.GZIP):
        raise _PassingError(f"the body is not compressed as it says ({bodies.text(encoding.encode(), 40)})")
    try:
        return bodies.gunzip(body, limit, url)
    except bodies.DamagedError as error:
        raise _PassingError("the body's compression is damaged") from error


def _too_large(url: str, limit: int) -> PublisherError:
    return PublisherError(
        f"{wire.shown(url)}: the answer is larger than {limit} bytes",
        remedy="Raise the size limit if a table can be that large, else ask for fewer cells",
    )
