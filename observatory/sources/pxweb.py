"""Eustat's data bank: a PxWeb 25.1 server, asked for whole PX files first and through its v1 API otherwise.

Belongs here: catalogue, metadata, limits, the two ways to a table and what the bank's refusals mean. Does not
belong here: what a selection means and how a cube is divided (pxweb_query.py), retries (transport.py), cells
(formats/).

The whole table is one file, ``…/Resources/PX/Databases/DB/{table}.px``: no cell limit, all languages,
unrounded values. Through the API a table comes as JSON-stat 1.2 (2.0 would add a dimension ``ContentsCode``
that the table does not have) in as many requests as the cell limit demands; each answer is kept as it came
(formats/parts.py).

The bank gives no stamp with the data (its JSON-stat says the year 9999): ``updated`` is the catalogue's.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import quote

from observatory.errors import DataError, PublisherError, UsageError
from observatory.formats import parts as container
from observatory.sources import Fetched, bodies, fields, pxweb_query, same_stamp, stamp
from observatory.sources.pxweb_query import Box, Metadata, Variable
from observatory.sources.transport import Response, Transport
from observatory.sources.wire import count

KEYS = frozenset({"selection", "route", "language"})
"""Keys of a request beside ``table``: ``selection`` as pxweb_query.parse_selection reads it; ``route``
``auto`` (the file, else the API; the API where something is selected), ``file`` or ``api``; ``language`` of
the API's labels.
"""

ROUTES = ("auto", "file", "api")
LANGUAGES = ("es", "eu", "en")
MAX_HALVINGS = 12
_PX_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,64}[A-Z][A-Z0-9-]{1,40}\s{0,8}[\[(=]")
_TABLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")

__all__ = ["KEYS", "Config", "Entry", "PxWeb", "same_stamp"]


@dataclass(frozen=True)
class Entry:
    """One table of the catalogue; it may have no metadata, as seven tables have had none for years."""

    table: str
    title: str
    updated: str | None


@dataclass(frozen=True)
class Config:
    """The API's limits; the defaults are the cautious ones of PxWeb, used where the bank does not say."""

    max_values: int = 1_000
    max_cells: int = 100_000
    max_calls: int = 5
    window_seconds: int = 10


class _TooManyCellsError(Exception):
    """The bank refused a request for its number of cells."""


class PxWeb:
    """A PxWeb bank: ``api`` is the address before the language, ``files`` the folder of PX files."""

    def __init__(
        self, transport: Transport, api: str, files: str, *, database: str = "DB", language: str = "es"
    ) -> None:
        self._transport = transport
        self._api = api.rstrip("/")
        self._files = files.rstrip("/")
        self._database = database
        self._language = language
        self._catalogue: dict[str, Entry] | None = None
        self._config: Config | None = None
        self._no_stamps = False

    # Questions about the bank

    def catalogue(self) -> dict[str, Entry]:
        """All tables by id (without ``.px``), asked for once. Raises PublisherError."""
        if self._catalogue is None:
            url = f"{self._api}/{self._language}/{self._database}"
            response = self._transport.get(url, check=_check_json)
            document = bodies.parse_json(response.body, url) if response.status == 200 else None
            if not isinstance(document, list) or not document:
                raise PublisherError(
                    f"{url}: expected the list of tables, found {response.describe()}",
                    remedy="Check the bank's base address, or try again later",
                )
            entries = [_entry(item) for item in document]
            self._catalogue = {entry.table: entry for entry in entries if entry}
        return self._catalogue

    def config(self) -> Config:
        """The API's limits, asked for once; PxWeb's defaults where the bank does not answer or omits one."""
        if self._config is None:
            url = f"{self._api}/{self._language}/?config"
            try:
                response = self._transport.get(url, check=_check_json)
                found = bodies.parse_json(response.body, url) if response.status == 200 else {}
            except PublisherError:
                found = {}
            limits = found if isinstance(found, dict) else {}
            self._config = Config(
                _positive(limits.get("maxValues"), Config.max_values),
                _positive(limits.get("maxCells"), Config.max_cells),
                _positive(limits.get("maxCalls"), Config.max_calls),
                _positive(limits.get("timeWindow"), Config.window_seconds),
            )
        return self._config

    def metadata(self, table: str, *, language: str | None = None, learn: bool = True) -> Metadata:
        """Dimensions, codes and labels of a table.

        Codes that the bank left out (more than maxValues) are learned by a query, unless ``learn`` is False.
        Raises PublisherError for a table that the bank does not have or cannot describe.
        """
        url = self._address(table, language)
        response = self._transport.get(url, check=_check_json)
        if response.status != 200:
            _refuse(response, table, "its metadata")
        metadata = pxweb_query.parse_metadata(bodies.parse_json(response.body, url), table)
        return self._learned(metadata, url) if learn else metadata

    def updated(self, requests: Iterable[Mapping[str, Any]]) -> dict[str, str | None]:
        """The catalogue's stamp per table; None for a table it does not have, or if it cannot be had."""
        tables = [fields(request, KEYS) for request in requests]
        return {table: self._stamp(table) for table in tables}

    # The table itself

    def fetch(self, request: Mapping[str, Any]) -> Fetched:
        """Fetch a table by the route its request names (see ``KEYS``)."""
        table = fields(request, KEYS)
        route = request.get("route", "auto")
        selection = request.get("selection") or {}
        if route not in ROUTES or not isinstance(selection, Mapping) or (route == "file" and selection):
            raise UsageError(
                f"Eustat table {table}: route {route!r} with selection {selection!r} is not possible",
                remedy=f"Use one of the routes {', '.join(ROUTES)}; the file always holds the whole table",
            )
        if route == "api" or selection:
            return self._by_api(table, selection, request.get("language"))
        try:
            return self._by_file(table)
        except PublisherError as error:
            if route == "file":
                raise
            fetched = self._instead(table, error, request.get("language"))
            note = f"the table's file was not to be had ({error.message}); asked the API instead"
            return Fetched(fetched.body, fetched.format, fetched.updated, fetched.request, (note, *fetched.notes))

    def _instead(self, table: str, failure: PublisherError, language: str | None) -> Fetched:
        try:
            return self._by_api(table, {}, language)
        except PublisherError as error:
            raise PublisherError(f"{error.message}; and its file: {failure.message}", remedy=error.remedy) from failure

    def _by_file(self, table: str) -> Fetched:
        url = f"{self._files}/{_checked(table)}.px"
        response = self._transport.get(url, check=_check_px)
        if response.status != 200 or not _PX_HEAD.match(response.body):
            raise PublisherError(
                f"{url}: expected a PX file, found {response.describe()}", remedy="Fetch it through the API"
            )
        return Fetched(response.body, "px", self._stamp(table), f"GET {url}", self._unstamped(table))

    def _by_api(self, table: str, selection: Mapping[str, object], language: str | None) -> Fetched:
        url = self._address(table, language)
        choices = pxweb_query.parse_selection(selection)
        described = self.metadata(table, language=language, learn=False)
        metadata = self._learned(described, url)
        box = pxweb_query.resolve(metadata, choices)
        whole = {v.code: v.values or () for v in metadata.variables}
        parts = self._parts(url, table, box, whole)
        if len(parts) > 1 and self.metadata(table, language=language, learn=False) != described:
            raise DataError(
                f"Eustat table {table}: its metadata changed while its parts were fetched",
                remedy="Fetch the table again",
            )
        asked = json.dumps(selection, ensure_ascii=False, sort_keys=True) if selection else "everything"
        notes = (
            f"asked through the API in {count(len(parts), 'request')}",
            "the API rounds values to the decimals it shows",
        )
        body = parts[0] if len(parts) == 1 else container.pack(parts)
        layout = "jsonstat" if len(parts) == 1 else "jsonstat_parts"
        return Fetched(body, layout, self._stamp(table), f"POST {url} {asked}", notes + self._unstamped(table))

    def _parts(self, url: str, table: str, box: Box, whole: Mapping[str, tuple[str, ...]]) -> list[bytes]:
        """All parts of a box; a refusal for size halves the limit for what is still to come."""
        limit = self.config().max_cells
        waiting = deque(pxweb_query.plan(box, limit))
        parts: list[bytes] = []
        halvings = 0
        while waiting:
            try:
                parts.append(self._part(url, table, waiting[0], whole))
                waiting.popleft()
            except _TooManyCellsError as error:
                halvings += 1
                limit = min(limit, pxweb_query.cells(waiting[0])) // 2
                if limit < 1 or halvings > MAX_HALVINGS:
                    raise PublisherError(
                        f"Eustat table {table}: the bank refuses even requests of "
                        f"{count(pxweb_query.cells(waiting[0]), 'cell')} as too many",
                        remedy="Fetch the table's file (route: file)",
                    ) from error
                waiting = deque(smaller for part in waiting for smaller in pxweb_query.plan(part, limit))
        return parts

    def _part(self, url: str, table: str, box: Box, whole: Mapping[str, tuple[str, ...]]) -> bytes:
        """One answer, checked to hold exactly the codes that were asked for."""
        response = self._transport.post(url, pxweb_query.body(box, whole), check=_check_json)
        if response.status == 403 and "too many values" in bodies.describe(response.body).casefold():
            raise _TooManyCellsError
        if response.status != 200:
            _refuse(response, table, "data")
        found = _dimensions(response, url)
        wrong = [name for name in box if set(found.get(name, ())) != set(box[name])]
        wrong += [name for name, codes in found.items() if name not in box and len(codes) != 1]
        if wrong:
            raise DataError(
                f"Eustat table {table}: the answer has other codes than asked for in " + ", ".join(map(repr, wrong)),
                remedy="The table changed between its metadata and its data: fetch it again in a few minutes",
            )
        return response.body

    def _learned(self, metadata: Metadata, url: str) -> Metadata:
        """The same metadata with the codes that the bank left out."""
        if all(v.values is not None for v in metadata.variables):
            return metadata
        return Metadata(
            metadata.table, metadata.title, tuple(self._learn(v, metadata, url) for v in metadata.variables)
        )

    def _learn(self, variable: Variable, metadata: Metadata, url: str) -> Variable:
        if variable.values is not None:
            return variable
        others = [v.code for v in metadata.variables if v.code != variable.code]
        response = self._transport.post(url, pxweb_query.learn_body(variable.code, others), check=_check_json)
        if response.status != 200:
            _refuse(response, metadata.table, f"the codes of {variable.code!r}")
        codes = _dimensions(response, url).get(variable.code)
        if not codes:
            raise PublisherError(
                f"Eustat table {metadata.table}: the bank does not tell the codes of {variable.code!r}",
                remedy="Fetch the table's file (route: file)",
            )
        return variable.with_codes(codes)

    def _address(self, table: str, language: str | None) -> str:
        spoken = language or self._language
        if spoken not in LANGUAGES:
            raise UsageError(f"Eustat has no language {spoken!r}", remedy=f"Use one of {', '.join(LANGUAGES)}")
        return f"{self._api}/{spoken}/{quote(self._database)}/{_checked(table)}.px"

    def _stamp(self, table: str) -> str | None:
        """The catalogue's stamp; a catalogue that could not be had once is not asked for again for stamps."""
        if self._no_stamps:
            return None
        try:
            entry = self.catalogue().get(_checked(table))
        except PublisherError:
            self._no_stamps = True
            return None
        return entry.updated if entry else None

    def _unstamped(self, table: str) -> tuple[str, ...]:
        return () if self._stamp(table) else ("the catalogue gives no date of update for it",)


def _checked(table: str) -> str:
    """A table id without ``.px``. Raises UsageError for anything that could leave the bank's folder."""
    table = table.removesuffix(".px")
    if not _TABLE.fullmatch(table) or ".." in table:
        raise UsageError(f"{table!r} is not a table id", remedy="Look for it with `observatory sources search`")
    return table


def _entry(item: object) -> Entry | None:
    """A catalogue entry, None for folders and for what is no entry at all."""
    if not isinstance(item, dict) or not isinstance(item.get("id"), str) or item.get("type", "t") != "t":
        return None
    return Entry(item["id"].removesuffix(".px"), str(item.get("text", "")), stamp(item.get("updated")))


def _dimensions(response: Response, url: str) -> dict[str, dict[str, str]]:
    return bodies.categories(bodies.parse_json(response.body, url), url)


def _positive(found: object, default: int) -> int:
    """A limit as a whole number above zero, also if it comes as text."""
    if isinstance(found, str) and found.isascii() and found.isdecimal() and len(found) < 16:
        found = int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else default


def _check_json(response: Response) -> str | None:
    return bodies.cut_json(response.body)


def _check_px(response: Response) -> str | None:
    if not response.body.strip():
        return "an empty body"
    # Eustat's own files close DATA with a line end instead of `;`; the reader then insists on the number of cells
    whole = response.body.endswith(b"\n") or response.body[-256:].rstrip(b" \t\r\n\0\x1a").endswith(b";")
    return "the PX file breaks off" if _PX_HEAD.match(response.body) and not whole else None


def _refuse(response: Response, table: str, what: str) -> NoReturn:
    """Say what a 400, 403 or 404 means; before 2021-09-23 PxWeb answered 404 where it says 400 now."""
    said = response.describe()
    if response.status in {400, 404} and "request for variable" in said:
        remedy = "The table changed after its metadata was read: fetch it again in some minutes (two are cached)"
    elif response.status in {400, 404}:
        remedy = "The bank may have dropped or renamed the table: look for it with `observatory sources search`"
    elif response.status == 403:
        remedy = "The bank refuses this machine: open the address in a browser, or run from another network"
    else:
        remedy = "Run the command again later"
    raise PublisherError(f"Eustat table {table}: asked for {what}, the bank answered {said}", remedy=remedy)
