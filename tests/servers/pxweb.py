"""Eustat's bank: PxWeb 2025.v1, API v1 and the raw PX files.

Belongs here: routes, queries, limits, errors (eustat.md §3). Does not belong here: serialising
(pxweb_formats.py), reading PX (px_write.py), wire faults (faults.py).
"""

from __future__ import annotations

import json
import math
import re
import time
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from email.message import Message
from typing import cast
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.servers.base import Call, Hook, LocalServer, Reply
from tests.servers.cube import Cube, Dim
from tests.servers.faults import TOO_MANY, Fault, Plan, page
from tests.servers.px_write import parse, write
from tests.servers.pxweb_formats import JSON, dump, metadata, serialise

API = "/bankupx/api/v1"
FILES = "/bankupx/Resources/PX/Databases/DB"
PARAMETER_ERROR = "Parameter error"
NOT_IMITATED = ("xlsx", "sdmx")


class Refused(Exception):
    """A request the server does not like: status and text of its answer."""

    def __init__(self, text: str = PARAMETER_ERROR, status: int = 400) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class PxWebServer(LocalServer):
    """A bank of tables. ``base`` is …/bankupx/api/v1, ``files`` the folder of raw PX files.

    ``tables`` maps ids (with or without ``.px``) to PX bytes or to a Cube, ``updated`` ids to the catalogue's
    naive local stamps, ``texts`` ids to the catalogue's text where it is not TITLE. ``ghosts`` are catalogue
    entries whose metadata never loads. ``max_values`` bounds the value lists of the metadata, ``max_cells`` a
    data request, ``max_calls`` the requests of one address in ``time_window`` seconds (None: no limiter).
    ``bom`` puts a byte-order mark before JSON data, ``legacy_404`` answers 404 where 2025.v1 says 400,
    ``outside_status`` is the status of the HTML page outside the API, ``cache_seconds`` keeps answers to
    equal requests.
    """

    def __init__(
        self,
        tables: Mapping[str, bytes | Cube],
        updated: Mapping[str, str] | None = None,
        *,
        texts: Mapping[str, str] | None = None,
        ghosts: Sequence[str] = (),
        max_cells: int = 100_000,
        max_values: int = 1000,
        max_calls: int | None = None,
        time_window: float = 10,
        default_format: str = "json-stat",
        bom: bool = False,
        cors: bool = True,
        legacy_404: bool = False,
        outside_status: int = 200,
        cache_seconds: float = 0,
        languages: Sequence[str] = ("es", "eu", "en"),
        replay: Mapping[str, bytes | Reply] | None = None,
        faults: Plan | Sequence[Fault | None] | None = None,
        hooks: Mapping[int, Hook] | None = None,
    ) -> None:
        super().__init__(replay=replay, faults=faults, hooks=hooks)
        self.tables = {bare(k): v for k, v in tables.items()}
        self.updated = {bare(k): v for k, v in (updated or {}).items()}
        self.texts = {bare(k): v for k, v in (texts or {}).items()}
        self.ghosts = [bare(g) for g in ghosts]
        self.max_cells, self.max_values, self.max_calls = max_cells, max_values, max_calls
        self.time_window, self.default_format, self.bom, self.cors = time_window, default_format, bom, cors
        self.legacy_404, self.outside_status, self.cache_seconds = legacy_404, outside_status, cache_seconds
        self.languages = tuple(languages)
        self._cubes: dict[str, Cube] = {}
        self._seen: defaultdict[str, deque[float]] = defaultdict(deque)
        self._cache: dict[tuple[str, bytes], tuple[float, Reply]] = {}

    @property
    def base(self) -> str:
        return self.root + API

    @property
    def files(self) -> str:
        return self.root + FILES

    def set_table(self, table: str, data: bytes | Cube, updated: str | None = None) -> None:
        """Replace a table while the server runs; without ``updated`` the catalogue keeps its stamp."""
        name = bare(table)
        with self.lock:
            self.tables[name] = data
            self._cubes.pop(name, None)
            if updated:
                self.updated[name] = updated

    def drop_table(self, table: str) -> None:
        """Take a table off the bank."""
        with self.lock:
            self.tables.pop(bare(table), None)
            self._cubes.pop(bare(table), None)

    def cube(self, table: str) -> Cube:
        """A table as the server understands it (PX is read at the first request for it)."""
        with self.lock:
            if table not in self._cubes:
                data = self.tables[table]
                self._cubes[table] = data if isinstance(data, Cube) else parse(data)
            return self._cubes[table]

    def answer(self, call: Call, headers: Message, client: str) -> Reply:
        path = unquote(urlsplit(call.path).path)
        if path.startswith(FILES + "/"):
            return self._file(path.removeprefix(FILES + "/"))
        if path != API and not path.startswith(API + "/"):
            return self._outside()
        if self._over_limit(client):
            return self._allow(Reply(429, TOO_MANY, "application/json", {"Retry-After": self._retry_after()}))
        if self.cors and call.method == "OPTIONS":
            allowed = {
                "Access-Control-Allow-Methods": "GET, POST",
                "Access-Control-Allow-Headers": "Content-Type",
            }
            return self._allow(Reply(200, b"", "text/html", allowed))
        kept = self._cache.get((call.path, call.body))
        if kept and time.monotonic() < kept[0]:
            return kept[1]
        try:
            reply = self._api(call, path.removeprefix(API).strip("/"))
        except Refused as refused:
            late = refused.status == 400 and self.legacy_404 and not refused.text.startswith("Search")
            reply = Reply(404 if late else refused.status, dump({"error": refused.text}), "application/json")
        if self.cache_seconds and reply.status != 403:
            # The real server keeps errors two minutes as well, except the one about size.
            self._cache[call.path, call.body] = (time.monotonic() + self.cache_seconds, reply)
        return self._allow(reply)

    def _allow(self, reply: Reply) -> Reply:
        if self.cors:
            reply.headers["Access-Control-Allow-Origin"] = "*"
        return reply

    def _retry_after(self) -> str:
        return str(math.ceil(self.time_window))

    def _over_limit(self, client: str) -> bool:
        """Sliding window for each address. A refused request counts too, as in the server's own limiter."""
        if self.max_calls is None:
            return False
        with self.lock:
            seen, now = self._seen[client], time.monotonic()
            while seen and seen[0] < now - self.time_window:
                seen.popleft()
            seen.append(now)
            return len(seen) > self.max_calls

    def _outside(self) -> Reply:
        return Reply(self.outside_status, page("Eustat - Error 404"), "text/html; charset=utf-8")

    def _file(self, name: str) -> Reply:
        data = self.tables.get(bare(name)) if name.endswith(".px") else None
        if data is None:
            return self._outside()
        body = write(data) if isinstance(data, Cube) else data
        return Reply(200, body, "application/octet-stream", {"Accept-Ranges": "bytes"})

    def _api(self, call: Call, path: str) -> Reply:
        query = urlsplit(call.path).query
        options = dict(parse_qsl(query, keep_blank_values=True))
        pretty = options.get("prettyprint", "").lower() == "true"
        if "config" in query.split("&"):
            return Reply(200, dump(self._config(), pretty), JSON)
        lang, *rest = path.split("/")
        if lang not in self.languages:
            raise Refused
        if not rest:
            return Reply(200, dump([{"dbid": "DB", "text": "DB"}], pretty), JSON)
        if rest[0] != "DB" or len(rest) > 2:
            raise Refused
        if len(rest) == 1:
            if options.get("query"):
                raise Refused("Search not activated")
            return Reply(200, dump(self.catalogue(lang), pretty), JSON)
        table = bare(rest[1])
        if table not in self.tables or not rest[1].endswith(".px"):
            raise Refused
        if call.method == "POST":
            return self._data(self.cube(table), lang, call.body)
        return Reply(200, dump(metadata(self.cube(table), lang, self.max_values), pretty), JSON)

    def _config(self) -> dict[str, object]:
        calls, window = self.max_calls or 10, self.time_window
        whole = int(window) if window == int(window) else window
        limits = {
            "maxValues": self.max_values,
            "maxCells": self.max_cells,
            "maxCalls": calls,
            "timeWindow": whole,
        }
        return {**limits, "CORS": self.cors}

    def catalogue(self, lang: str) -> list[dict[str, str]]:
        """The flat list of tables and ghosts, by id; ``updated`` is naive local time, absent if unknown."""
        entries = []
        for name in sorted({*self.tables, *self.ghosts}, key=lambda n: n.replace("_", " ")):
            text = self.texts.get(name) or (self.cube(name).text("TITLE", lang) if name in self.tables else name)
            stamp = self.updated.get(name)
            entry = {"id": f"{name}.px", "type": "t", "text": text}
            entries.append(entry | ({"updated": stamp} if stamp else {}))
        return entries

    def _data(self, cube: Cube, lang: str, body: bytes) -> Reply:
        try:
            asked = json.loads(body.decode("utf-8-sig"))
            picked = select(cube, asked["query"])
            form = ((asked.get("response") or {}).get("format") or self.default_format).lower()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise Refused from error
        if math.prod(len(p) for p in picked if p) > self.max_cells:
            raise Refused("Too many values selected", 403)
        if form in NOT_IMITATED:
            return Reply(501, b"this test server does not write " + form.encode(), "text/plain")
        done = serialise(cube.cut(picked), lang, form)
        if done is None:
            raise Refused
        data, kind = done
        return Reply(200, b"\xef\xbb\xbf" + data if self.bom and kind == JSON else data, kind)


def bare(table: str) -> str:
    """A table's id without ``.px``."""
    return table.removesuffix(".px")


def select(cube: Cube, query: list[dict[str, object]]) -> list[list[int]]:
    """The positions each variable keeps, in the table's order; an empty list for one that is eliminated."""
    asked = {q["code"]: cast("dict[str, object]", q["selection"]) for q in query}
    if len(asked) < len(query) or set(asked) - {d.code for d in cube.dims}:
        raise Refused
    picked = []
    for dim in cube.dims:
        everything = [] if dim.elimination else list(range(len(dim.codes)))
        positions = choose(dim, asked[dim.code]) if dim.code in asked else everything
        if not positions and not dim.elimination:
            raise Refused
        picked.append(positions)
    return picked


def choose(dim: Dim, selection: dict[str, object]) -> list[int]:
    """One variable's selection: groupings are always unknown here, an unrecognised filter counts as item."""
    filter_name, values = str(selection["filter"]), cast("list[str]", selection["values"])
    kind = filter_name.lower()
    if selection["filter"] is None or not isinstance(values, list):
        raise Refused
    if kind == "all":
        return _all(dim, values)
    if kind == "top":
        return _top(dim, values)
    if re.match(r"agg[:_]|vs:", kind):
        raise Refused
    found = [i for i, code in enumerate(dim.codes) if code in values]
    if len(found) != len(values):
        raise Refused(f"The request for variable '{dim.code}' has an error. Please check your query.")
    return found


def _all(dim: Dim, patterns: list[str]) -> list[int]:
    found: set[int] = set()
    for pattern in patterns:
        if pattern.startswith("*"):
            found |= {i for i, c in enumerate(dim.codes) if c.endswith(pattern[1:])}
        elif pattern.endswith("*"):
            found |= {i for i, c in enumerate(dim.codes) if c.startswith(pattern[:-1])}
        else:
            raise Refused
    return sorted(found)


def _top(dim: Dim, values: list[str]) -> list[int]:
    if len(values) != 1 or not re.fullmatch(r"\s*[+-]?\d+\s*", str(values[0])) or int(values[0]) < 1:
        raise Refused
    positions, labels = list(range(len(dim.codes))), next(iter(dim.texts.values()))
    newest_last = dim.time and len(labels) > 1 and labels[0] < labels[1]
    return positions[-int(values[0]) :] if newest_last else positions[: int(values[0])]
