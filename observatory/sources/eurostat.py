"""Eurostat's dissemination services: the statistics API (JSON-stat 2.0) and the SDMX 2.1 bulk TSV.

Belongs here: addresses, queued answers and how long to wait for them, refusals, and the search for the code
that does not exist. Does not belong here: retries (transport.py), cells and flags (formats/).

A whole dataset comes as TSV, a selection as JSON-stat. Eurostat answers 200 with an empty ``value`` when a
code does not exist, so that is an error here and names the code. Either service may queue a request: SDMX
gives an id (bare, or in an XML envelope ``queued``) to be asked for under ``async/status`` and
``async/data``, the statistics API asks to try again later. Addresses inside answers are never followed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import quote, urlencode

from observatory.errors import DataError, PublisherError, UsageError
from observatory.formats import parts as container
from observatory.sources import Fetched, bodies, fields, stamp
from observatory.sources.pxweb_query import nfc
from observatory.sources.transport import Check, Response, Transport
from observatory.sources.wire import count, shown

KEYS = frozenset({"selection", "route", "probe"})
"""Keys of a request beside ``table``: ``selection`` lists codes per dimension; ``route`` ``tsv`` (the whole
dataset, the default where nothing is selected) or ``json``; ``probe`` one code per dimension, to ask for the
stamp with.
"""

MAX_CATEGORIES = 50
"""Codes per dimension after a refusal for too many (416); larger requests are tried whole first."""
POLL_SECONDS = (2.0, 3.0, 5.0, 10.0, 15.0) + (30.0,) * 19
"""Waits between questions for a queued answer: ten minutes in all."""

_UUID = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_QUEUED = re.compile(rb"<queued>\s{0,64}<id>([A-Za-z0-9-]{4,64})</id>")
_STATE = re.compile(rb"\b(SUBMITTED|PROCESSING|AVAILABLE|EXPIRED|ERROR|UNKNOWN_REQUEST|FAILED)\b")
_TSV_HEAD = re.compile(rb"[A-Za-z_0-9,]{1,1000}\\(?:TIME_PERIOD|time)\t")
_TABLE = re.compile(r"[A-Za-z0-9_$-]{1,80}")

Filters = dict[str, list[str]]


class _TooManyCategoriesError(Exception):
    """Eurostat refused a request for its number of codes or the length of its address."""


class Eurostat:
    """The three addresses of the services, without a trailing ``/data``."""

    def __init__(self, transport: Transport, statistics: str, sdmx: str, asynchronous: str) -> None:
        self._transport = transport
        self._statistics = statistics.rstrip("/")
        self._sdmx = sdmx.rstrip("/")
        self._async = asynchronous.rstrip("/")

    def fetch(self, request: Mapping[str, Any]) -> Fetched:
        """Fetch a dataset or a selection of it by the route its request names (see ``KEYS``)."""
        table = _checked(fields(request, KEYS))
        filters = _filters(table, request.get("selection") or {})
        route = request.get("route") or ("json" if filters else "tsv")
        if route not in {"tsv", "json"} or (route == "tsv" and filters):
            raise UsageError(
                f"Eurostat {table}: route {route!r} cannot select in {len(filters)} dimensions",
                remedy="Use json for a selection, tsv for the whole dataset",
            )
        return self._by_json(table, filters) if route == "json" else self._by_tsv(table, request)

    def updated(self, requests: Iterable[Mapping[str, Any]]) -> dict[str, str | None]:
        """The stamp of each dataset, by one small JSON request each; None where the answer has none."""
        return {fields(request, KEYS): self._stamp(request) for request in requests}

    # Statistics API

    def _by_json(self, table: str, filters: Filters) -> Fetched:
        url = self._address(table, filters)
        try:
            answers = [self._json(url)]
        except _TooManyCategoriesError as error:
            answers = [
                self._json(self._address(table, part), final=True) for part in _by_fifties(table, filters, error)
            ]
        documents = [document for _, document in answers]
        if not any(document.get("value") for document in documents):
            raise self._empty(table, filters, documents[0])
        updates = {document.get("updated") for document in documents}
        if len(updates) > 1:
            raise DataError(
                f"Eurostat {table}: it was updated while its parts were fetched",
                remedy="Fetch the table again",
            )
        notes = [
            f"{name}: no such code in this edition: {', '.join(codes)}" for name, codes in _absent(documents, filters)
        ]
        notes += [text for document in documents[:1] for text in bodies.errors_in(document)]
        body = answers[0][0] if len(answers) == 1 else container.pack([body for body, _ in answers])
        layout = "jsonstat" if len(answers) == 1 else "jsonstat_parts"
        return Fetched(body, layout, stamp(documents[0].get("updated")), f"GET {url}", tuple(notes))

    def _json(self, url: str, *, final: bool = False) -> tuple[bytes, dict[str, Any]]:
        """One JSON-stat answer; a queued one is asked for again, for a bounded time."""
        for wait in (*POLL_SECONDS, None):
            response = self._transport.get(url, check=self._whole(url, bodies.cut_json))
            body = self._opened(response.body, url)
            if response.status in {414, 416} and not final:
                raise _TooManyCategoriesError(response.describe())
            if not _is_queued(response.status, body):
                if response.status != 200:
                    _refuse(url, response.status, body, response.content_type)
                document = bodies.parse_json(body, url)
                if not isinstance(document, dict) or "error" in document:
                    _refuse(url, response.status, body, response.content_type)
                bodies.categories(document, url)
                return body, document
            if wait is not None:
                self._transport.sleep(wait)
        raise _still_queued(url)

    def _empty(self, table: str, filters: Filters, document: dict[str, Any]) -> DataError:
        """The error for an answer without values, naming what does not exist if that can be found out."""
        absent = dict(_absent([document], filters)) or _without_data(document, filters) or self._search(table, filters)
        if absent:
            found = "; ".join(f"{name} has no {', '.join(codes)}" for name, codes in absent.items())
        else:
            found = f"no data for this combination of {', '.join(filters) or 'nothing'}"
        return DataError(
            f"Eurostat {table}: an answer without a single value: {found}",
            remedy="Correct the codes in the source's contract; codes go when a classification changes",
        )

    def _search(self, table: str, filters: Filters) -> dict[str, list[str]]:
        """Leave out one filter at a time: where values then come, that dimension's codes were wrong.

        At most one request a dimension, then one for the newest period without any, in case two are wrong.
        """
        trials: list[tuple[Filters, Filters]] = [
            ({k: v for k, v in filters.items() if k != name}, {name: codes}) for name, codes in filters.items()
        ]
        trials.append(({"lastTimePeriod": ["1"]}, {k: v for k, v in filters.items() if k != "time"}))
        for kept, left_out in trials:
            try:
                _, document = self._json(self._address(table, kept), final=True)
            except (PublisherError, DataError):
                continue
            absent = dict(_absent([document], left_out)) if document.get("value") else {}
            if absent:
                return absent
        return {}

    def _stamp(self, request: Mapping[str, Any]) -> str | None:
        """The dataset's ``updated``, from one cell if the request says which, else Spain's newest period."""
        table = _checked(fields(request, KEYS))
        filters = _filters(table, request.get("probe") or request.get("selection") or {"geo": ["ES"]})
        cell = {name: codes[:1] for name, codes in filters.items()}
        if "time" not in cell:
            cell["lastTimePeriod"] = ["1"]
        try:
            _, document = self._json(self._address(table, cell), final=True)
        except PublisherError:
            return None
        return stamp(document.get("updated"))

    def _address(self, table: str, filters: Filters) -> str:
        query = [("format", "JSON"), ("lang", "EN")]
        query += [(name, code) for name, codes in filters.items() for code in codes]
        return f"{self._statistics}/data/{quote(table)}?{urlencode(query)}"

    def _opened(self, body: bytes, url: str) -> bytes:
        """A body that may be gzip without saying so, decompressed."""
        return bodies.gunzip(body, self._transport.policy.max_bytes, url)

    def _whole(self, url: str, cut: Callable[[bytes], str | None]) -> Check:
        """A check that the body, once decompressed, does not break off."""

        def check(response: Response) -> str | None:
            try:
                return cut(self._opened(response.body, url))
            except bodies.DamagedError:
                return "the body's compression is damaged"

        return check

    # SDMX 2.1

    def _by_tsv(self, table: str, request: Mapping[str, Any]) -> Fetched:
        url = f"{self._sdmx}/data/{quote(table)}?format=TSV&compressed=true"
        response, body = self._get_tsv(url)
        key = queued_id(body)
        if key:
            response, body = self._collect(url, key)
        if response.status != 200 or not _TSV_HEAD.match(body):
            _refuse(response.url, response.status, body, response.content_type)
        if body.count(b"\n") < 2:
            raise DataError(
                f"Eurostat {table}: the TSV has a header and not a single series",
                remedy="The dataset may have been replaced: check it in Eurostat's data browser",
            )
        updated = self._stamp(request)
        notes = ["stored uncompressed: the compressed bytes differ from answer to answer"]
        if updated is None:
            notes.append("the dataset's date of update was not to be had")
        return Fetched(body, "eurostat_tsv", updated, f"GET {url}", tuple(notes))

    def _get_tsv(self, url: str) -> tuple[Response, bytes]:
        response = self._transport.get(url, check=self._whole(url, _cut_tsv))
        return response, self._opened(response.body, url)

    def _collect(self, url: str, key: str) -> tuple[Response, bytes]:
        """Wait for a queued extraction and fetch it."""
        status_url = f"{self._async}/status/{key}"
        for wait in (*POLL_SECONDS, None):
            response = self._transport.get(status_url)
            found = _STATE.findall(bodies.gunzip(response.body, 1024 * 1024, status_url)[: bodies.HEAD])
            state = found[-1].decode() if found and response.status == 200 else ""
            if state == "AVAILABLE":
                return self._get_tsv(f"{self._async}/data/{key}")
            if state not in {"SUBMITTED", "PROCESSING"}:
                raise PublisherError(
                    f"{shown(url)}: its queued extraction {key} ended as {state or response.describe()}",
                    remedy="Fetch the table again; a new extraction is then made",
                )
            if wait is not None:
                self._transport.sleep(wait)
        raise _still_queued(url)


def queued_id(body: bytes) -> str | None:
    """The id of a queued SDMX extraction: a bare UUID, or ``<queued><id>…`` in an XML envelope; else None."""
    if len(body) <= 100 and _UUID.fullmatch(body.strip()):
        return body.strip().decode()
    head = body[: bodies.HEAD]
    found = _QUEUED.search(head) if head.lstrip().startswith(b"<") else None
    return found[1].decode() if found else None


def _is_queued(status: int, body: bytes) -> bool:
    """Whether the statistics API asks to come back: 200 with a warning or 413 with an error."""
    return status in {200, 413} and len(body) < bodies.HEAD and b"ASYNCHRONOUS_RESPONSE" in body


def _absent(documents: Sequence[object], filters: Filters) -> Iterator[tuple[str, list[str]]]:
    """Dimensions with those requested codes that no answer knows; codes are compared without case."""
    known: dict[str, set[str]] = {}
    for document in documents:
        for name, codes in bodies.categories(document, "Eurostat").items():
            known.setdefault(name.casefold(), set()).update(nfc(code).casefold() for code in codes)
    for name, wanted in filters.items():
        absent = [c for c in wanted if nfc(c).casefold() not in known.get(name.casefold(), {nfc(c).casefold()})]
        if absent:
            yield name, absent


def _without_data(document: dict[str, Any], filters: Filters) -> dict[str, list[str]]:
    """Requested codes that the answer lists as positions without data, unless it lists all positions."""
    extension = document.get("extension")
    listed = extension.get("positions-with-no-data") if isinstance(extension, dict) else None
    found: dict[str, list[str]] = {}
    for name, codes in bodies.categories(document, "Eurostat").items():
        positions = listed.get(name) if isinstance(listed, dict) else None
        ordered = list(codes)
        if isinstance(positions, list) and name in filters and 0 < len(positions) < len(ordered):
            found[name] = [ordered[p] for p in positions if isinstance(p, int) and 0 <= p < len(ordered)]
    return {name: codes for name, codes in found.items() if codes}


def _by_fifties(table: str, filters: Filters, refusal: _TooManyCategoriesError) -> list[Filters]:
    """The requests that ask for at most fifty codes of each dimension at a time."""
    requests: list[Filters] = [{}]
    for name, codes in filters.items():
        runs = [codes[at : at + MAX_CATEGORIES] for at in range(0, len(codes), MAX_CATEGORIES)]
        requests = [{**request, name: run} for request in requests for run in runs]
    if not 1 < len(requests) <= 200:
        raise PublisherError(
            f"Eurostat {table}: too many codes for one request ({refusal}), "
            f"and {count(len(requests), 'request')} of {MAX_CATEGORIES} codes would be needed",
            remedy="Select fewer codes in the source's contract, or fetch the whole dataset (route: tsv)",
        )
    return requests


def _filters(table: str, selection: object) -> Filters:
    """A selection as lists of texts; a single text is a list of one."""
    filters: Filters = {}
    for name, codes in (selection if isinstance(selection, Mapping) else {"?": selection}).items():
        listed = [codes] if isinstance(codes, str) else list(codes) if isinstance(codes, list | tuple) else []
        plain = all(isinstance(code, str) and code for code in listed)
        if not listed or not plain or len(set(listed)) < len(listed) or name in {"?", "format", "lang"}:
            raise UsageError(
                f"Eurostat {table}: selection of {name!r} is {codes!r}",
                remedy="Give each dimension a list of codes, each once, as texts (quote '2015')",
            )
        filters[str(name)] = listed
    return filters


def _checked(table: str) -> str:
    if not _TABLE.fullmatch(table):
        raise UsageError(f"{table!r} is not a Eurostat dataset", remedy="Use an id such as nama_10r_3empers")
    return table


def _cut_tsv(body: bytes) -> str | None:
    """Say so if a body is empty or is TSV whose last line has no end."""
    if not body.strip():
        return "an empty body"
    return "the TSV breaks off" if _TSV_HEAD.match(body) and not body.endswith(b"\n") else None


def _still_queued(url: str) -> PublisherError:
    return PublisherError(
        f"{shown(url)}: still being extracted after {sum(POLL_SECONDS):g} s",
        remedy="Run the command again later: Eurostat keeps the result once it is made",
    )


def _refuse(url: str, status: int, body: bytes, content_type: str) -> NoReturn:
    """Say what an answer other than data means, whichever shape it has."""
    said = bodies.describe(body, content_type)
    if "EXTRACTION_TOO_BIG" in said or status == 413:
        remedy = "Select fewer codes in the source's contract: Eurostat gives at most 5,000,000 cells at once"
    elif bodies.is_html(body, content_type):
        remedy = "A web page where data was asked is likely a rate limit: run the command again in an hour"
    elif status == 404:
        remedy = "The dataset may have been replaced: look for it in Eurostat's data browser"
    elif status == 400:
        remedy = "Correct the dimensions and codes in the source's contract"
    else:
        remedy = "Run the command again later"
    raise PublisherError(f"{shown(url)}: Eurostat answered {status}, {said}", remedy=remedy)
