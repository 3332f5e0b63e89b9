"""Eurostat's dissemination services: the statistics API, SDMX 2.1 data and the asynchronous endpoint.

Belongs here: routes, filters, limits, errors (eurostat.md §5). Does not belong here: serialising
(eurostat_formats.py), wire faults (faults.py).
"""

from __future__ import annotations

import gzip
import math
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.servers import eurostat_formats as formats
from tests.servers.base import Call, Hook, LocalServer, Reply
from tests.servers.eurostat_data import Dataset
from tests.servers.faults import Fault, Plan, page

BASE = "/eurostat/api/dissemination"
JSON, XML, TEXT = "application/json", "text/xml;charset=UTF-8", "text/plain;charset=UTF-8"
TSV = "text/tab-separated-values;charset=UTF-8"
SDMX_CSV = "application/vnd.sdmx.data+csv;version=1.0.0"
NOT_FILTERS = {
    "format",
    "lang",
    "geolevel",
    "sincetimeperiod",
    "untiltimeperiod",
    "lasttimeperiod",
    "compressed",
}
GEO_LEVELS = {"country": 2, "nuts1": 3, "nuts2": 4, "nuts3": 5}
NOT_YET = "DATA_NOT_YET_AVAILABLE: Requested data is not yet available."
LATER = "ASYNCHRONOUS_RESPONSE. Your request will be treated asynchronously. Please try again later."
NO_BOTH = "'geo' parameter and 'geoLevel' parameter cannot be set at the same time. Please choose one or the other."
BAD_QUERY = "Query is invalid as per its structure's definition."


class Refused(Exception):
    """A request that gets an error: HTTP status, the service's own number, its text."""

    def __init__(self, status: int, ident: int | None, label: str) -> None:
        super().__init__(label)
        self.status, self.ident, self.label = status, ident, label


@dataclass
class Job:
    """A queued SDMX request: its answer, and how many polls still say PROCESSING."""

    reply: Reply
    polls: int


class EurostatServer(LocalServer):
    """Datasets by id (in any case). ``base`` is …/eurostat/api/dissemination.

    ``max_rows`` is the size above which a request is refused with 413, ``max_categories`` the number of codes
    a request may name for one dimension (416; None: no such limit), ``async_over`` the size above which it is
    treated asynchronously (None: never). ``async_polls`` is how often the client is put off; ``async_shape``
    is ``warning`` (200 with a warning object) or ``error`` (413 with error[]) for the statistics API,
    ``sdmx_async`` is ``uuid`` (a bare id) or ``soap`` for SDMX, ``async_end`` what the last poll says
    (AVAILABLE, ERROR, EXPIRED). ``unknown_value`` is ``empty`` (200, nothing in ``value``) or ``error`` (400,
    id 150). ``error_list`` False sends ``error`` as an object. ``decimals`` pads JSON numbers, ``old_tsv``
    writes the header of the old facility, ``gzip_header`` names the compression of a compressed body,
    ``gzip_if_accepted`` compresses SDMX-CSV unasked and unnamed, ``conf_status`` and ``missing`` shape
    SDMX-CSV.
    """

    def __init__(
        self,
        datasets: Iterable[Dataset],
        *,
        max_rows: int = 5_000_000,
        max_categories: int | None = None,
        async_over: int | None = None,
        async_polls: int = 2,
        async_shape: str = "warning",
        sdmx_async: str = "uuid",
        async_end: str = "AVAILABLE",
        unknown_value: str = "empty",
        error_list: bool = True,
        decimals: int | None = None,
        old_tsv: bool = False,
        gzip_header: bool = False,
        gzip_if_accepted: bool = False,
        conf_status: bool = True,
        missing: str = "",
        replay: Mapping[str, bytes | Reply] | None = None,
        faults: Plan | Sequence[Fault | None] | None = None,
        hooks: Mapping[int, Hook] | None = None,
    ) -> None:
        super().__init__(replay=replay, faults=faults, hooks=hooks)
        self.datasets = {d.id.upper(): d for d in datasets}
        self.max_rows, self.max_categories = max_rows, max_categories
        self.async_over, self.async_polls, self.async_shape = async_over, async_polls, async_shape
        self.sdmx_async, self.async_end = sdmx_async, async_end
        self.unknown_value, self.error_list, self.decimals = unknown_value, error_list, decimals
        self.old_tsv, self.gzip_header, self.gzip_if_accepted = old_tsv, gzip_header, gzip_if_accepted
        self.conf_status, self.missing = conf_status, missing
        self._put_off: Counter[str] = Counter()
        self._jobs: dict[str, Job] = {}

    @property
    def base(self) -> str:
        return self.root + BASE

    def set_dataset(self, data: Dataset) -> None:
        """Replace a dataset while the server runs."""
        with self.lock:
            self.datasets[data.id.upper()] = data

    def answer(self, call: Call, headers: Message, client: str) -> Reply:
        parts = urlsplit(call.path)
        path = unquote(parts.path).removeprefix(BASE).strip("/").split("/")
        query = parse_qsl(parts.query, keep_blank_values=True)
        match path:
            case ["statistics", "1.0", "data", ident]:
                return self._statistics(ident, query, call.path)
            case ["sdmx", "2.1", "data", ident, *key]:
                return self._sdmx(ident, key[0] if key else "", query, headers, call.path)
            case ["async", what, ident] | ["1.0", "async", what, ident] if what in ("status", "data"):
                return self._async(what, ident)
        return Reply(404, page("404 - Not Found"), "text/html; charset=utf-8")

    def _dataset(self, ident: str) -> Dataset:
        found = self.datasets.get(ident.upper())
        if found is None:
            raise Refused(404, 100, f"ERR_NOT_FOUND_4: {ident.upper()} is not available for dissemination.")
        return found

    def _fits(self, rows: int) -> None:
        if rows > self.max_rows:
            ask = "please change your filters to reduce the extraction size"
            size = f"estimated {rows} rows, max authorised is {self.max_rows}"
            raise Refused(413, 413, f"EXTRACTION_TOO_BIG: The requested extraction is too big, {size}, {ask}")

    def _statistics(self, ident: str, query: list[tuple[str, str]], path: str) -> Reply:
        options = {k.lower(): v for k, v in query}
        try:
            part = self._filtered(self._dataset(ident), query, options)
        except Refused as no:
            return Reply(no.status, formats.error(no.status, no.label, no.ident, as_list=self.error_list), JSON)
        if self._asynchronous(part) and self._put_off[path] < self.async_polls:
            self._put_off[path] += 1
            if self.async_shape == "error":
                return Reply(413, formats.error(413, LATER, 413, as_list=self.error_list), JSON)
            return Reply(200, formats.dump({"warning": {"status": 413, "label": LATER}}).encode(), JSON)
        lang = options.get("lang", "EN").upper()
        return Reply(200, formats.json_stat(part, lang, decimals=self.decimals), JSON)

    def _asynchronous(self, part: Dataset) -> bool:
        return self.async_over is not None and math.prod(part.shape) > self.async_over

    def _filtered(self, data: Dataset, query: list[tuple[str, str]], options: dict[str, str]) -> Dataset:
        asked = _asked(query)
        if "geo" in asked and "geolevel" in options:
            raise Refused(400, None if not self.error_list else 140, NO_BOTH)
        picked = {n: _known(data, n, values) for n, values in asked.items() if n in data.dims}
        if "geolevel" in options and "geo" in data.dims:
            picked["geo"] = [c for c in data.dims["geo"] if _at_level(c, options["geolevel"])]
        picked["time"] = _periods(picked.get("time", list(data.dims["time"])), options)
        # The size is looked at before the names of dimensions: a bad name in a huge request says 413.
        self._fits(math.prod(len(picked.get(n, codes)) for n, codes in data.dims.items()))
        for name, values in asked.items():
            self._valid(data, name, values)
        return data.cut(picked)

    def _valid(self, data: Dataset, name: str, values: list[str]) -> None:
        if name not in data.dims:
            text = f'INVALID_QUERY_DIMENSION: {BAD_QUERY} Dimension "{name.upper()}" is not defined.'
            raise Refused(400, 150, text)
        if self.max_categories is not None and len(values) > self.max_categories:
            text = f"Too many categories have been requested. Maximum is {self.max_categories}."
            raise Refused(416, 416, text)
        if self.unknown_value == "error":
            _allowed(data, name, values)

    def _sdmx(self, ident: str, key: str, query: list[tuple[str, str]], headers: Message, path: str) -> Reply:
        options = {k.lower(): v for k, v in query}
        try:
            part = self._keyed(self._dataset(ident), key, options)
        except Refused as no:
            return Reply(no.status, formats.fault(no.ident or no.status, no.label), XML)
        reply = self._bulk(part, options, headers)
        if not self._asynchronous(part):
            return reply
        job = str(uuid.uuid5(uuid.NAMESPACE_URL, path))
        with self.lock:
            self._jobs[job] = Job(reply, self.async_polls)
        if self.sdmx_async == "soap":
            return Reply(200, formats.queued(job), XML)
        return Reply(200, job.encode(), TEXT)

    def _keyed(self, data: Dataset, key: str, options: dict[str, str]) -> Dataset:
        names = [n for n in data.dims if n != "time"]
        places = key.split(".") if key and key.lower() != "all" else [""] * len(names)
        if len(places) != len(names):
            text = f"The key has {len(places)} dimensions, {len(names)} are defined."
            raise Refused(400, 140, f"INVALID_QUERY: {BAD_QUERY} {text}")
        asked = {n: p.upper().split("+") for n, p in zip(names, places, strict=True) if p}
        for name, values in asked.items():
            _allowed(data, name, values)
        picked = {n: _known(data, n, values) for n, values in asked.items()}
        limits = {
            "sincetimeperiod": options.get("startperiod", ""),
            "untiltimeperiod": options.get("endperiod", ""),
        }
        picked["time"] = _periods(list(data.dims["time"]), {k: v for k, v in limits.items() if v})
        self._fits(math.prod(len(picked.get(n, codes)) for n, codes in data.dims.items()))
        part = data.cut(picked)
        if not part.filled:
            raise Refused(404, 100, "NO_RESULTS: The query did not return any results.")
        return part

    def _bulk(self, part: Dataset, options: dict[str, str], headers: Message) -> Reply:
        form, packed = options.get("format", "").upper(), options.get("compressed") == "true"
        sneaked = self.gzip_if_accepted and "gzip" in headers.get("Accept-Encoding", "")
        if form == "TSV":
            body, kind, suffix = formats.tsv(part, old=self.old_tsv), TSV, "tsv"
        elif form == "SDMX-CSV":
            body = formats.sdmx_csv(part, conf_status=self.conf_status, missing=self.missing)
            kind, suffix, packed = SDMX_CSV, "csv", packed or sneaked
        elif form == "JSON":
            body, kind, suffix = formats.json_stat(part, decimals=self.decimals), JSON, "json"
        else:
            return Reply(501, b"this test server does not write SDMX-ML", TEXT)
        name = f"estat_{part.id.lower()}.{suffix}{'.gz' if packed else ''}"
        extra = {"Content-Disposition": f'attachment; filename="{name}"'}
        if packed and self.gzip_header:
            extra["Content-Encoding"] = "gzip"
        return Reply(200, gzip.compress(body, mtime=0) if packed else body, kind, extra)

    def _async(self, what: str, ident: str) -> Reply:
        with self.lock:
            job = self._jobs.get(ident)
            if job is None:
                return Reply(404, formats.fault(100, "UNKNOWN_REQUEST: Unknown request."), XML)
            ready = job.polls <= 0
            if what == "status":
                job.polls -= 1
        if what == "status":
            state = self.async_end if ready else "PROCESSING"
            soap = self.sdmx_async == "soap"
            return Reply(200, formats.polled(ident, state) if soap else state.encode(), XML if soap else TEXT)
        if not ready or self.async_end != "AVAILABLE":
            return Reply(400, formats.fault(100, NOT_YET), XML)
        return job.reply


def _asked(query: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Dimension → codes of the filters, in any case; ``time_period`` is another name of ``time``."""
    asked: dict[str, list[str]] = {}
    for name, value in query:
        if name.lower() not in NOT_FILTERS:
            plain = "time" if name.lower() == "time_period" else name.lower()
            asked.setdefault(plain, []).append(value.upper())
    return asked


def _known(data: Dataset, name: str, values: list[str]) -> list[str]:
    return [c for c in data.dims[name] if c.upper() in values]


def _allowed(data: Dataset, name: str, values: list[str]) -> None:
    known = {c.upper() for c in data.dims[name]}
    bad = ", ".join(f"{name.upper()}={v}" for v in values if v not in known)
    if bad:
        text = f"The following values for dimension are not allowed: {bad}."
        raise Refused(400, 150, f"INVALID_QUERY_DIMENSION_VALUE: {BAD_QUERY} {text}")


def _at_level(code: str, level: str) -> bool:
    aggregate = code.startswith(("EU", "EA", "EFTA"))
    return aggregate if level == "aggregate" else not aggregate and len(code) == GEO_LEVELS.get(level)


def _periods(periods: list[str], options: dict[str, str]) -> list[str]:
    """The periods from ``sinceTimePeriod`` to ``untilTimePeriod``, or the last n of them."""
    since, until = options.get("sincetimeperiod", ""), options.get("untiltimeperiod", "9999")
    kept = [p for p in periods if since <= p <= until]
    last = options.get("lasttimeperiod")
    return kept[-int(last) :] if last else kept
