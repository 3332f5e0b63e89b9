"""How to ask a publisher: one transport for all, one module per kind of service.

Belongs here: the uniform entry (:class:`Publishers`), the base addresses, what a fetch gives back, and the
comparison of publishers' stamps. Does not belong here: which tables are wanted (data/catalogue/sources),
reading bytes (formats/), keeping them (snapshots.py).

A request is a mapping: ``service`` (``pxweb``, ``eurostat`` or ``file``), ``table``, and what the service's
own module lists in ``KEYS``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from observatory.errors import UsageError
from observatory.sources.transport import Transport

CLOCK = timedelta(hours=1)


@dataclass(frozen=True)
class Bases:
    """Where the services live; tests and mirrors set others. ``files`` is by publisher of plain files."""

    eustat_api: str = "https://www.eustat.eus/bankupx/api/v1"
    eustat_files: str = "https://www.eustat.eus/bankupx/Resources/PX/Databases/DB"
    eurostat_statistics: str = "https://ec.europa.eu/eurostat/api/dissemination/statistics/1.0"
    eurostat_sdmx: str = "https://ec.europa.eu/eurostat/api/dissemination/sdmx/2.1"
    eurostat_async: str = "https://ec.europa.eu/eurostat/api/dissemination/1.0/async"
    files: Mapping[str, str] = field(default_factory=lambda: {"ine": "https://www.ine.es"})


@dataclass(frozen=True)
class Fetched:
    """A table's bytes and what must be known to ask for them again.

    ``format`` names the reader (``px``, ``jsonstat``, ``jsonstat_parts``, ``eurostat_tsv``, ``csv``);
    ``updated`` is the publisher's own stamp, None if it gives none; ``notes`` say what a reader of the log
    should know.
    """

    body: bytes
    format: str
    updated: str | None
    request: str
    notes: tuple[str, ...] = ()


class Client(Protocol):
    """What every service module offers."""

    def fetch(self, request: Mapping[str, Any]) -> Fetched:
        """Fetch one table whole. Raises PublisherError, or DataError if it is not what was asked for."""
        ...

    def updated(self, requests: Iterable[Mapping[str, Any]]) -> dict[str, str | None]:
        """The publisher's stamp per table, None where it gives none or did not answer."""
        ...


class Publishers:
    """All services over one transport; keep one for a run, so that the catalogue is asked for once."""

    def __init__(self, transport: Transport, bases: Bases | None = None) -> None:
        from observatory.sources.eurostat import Eurostat
        from observatory.sources.files import Files
        from observatory.sources.pxweb import PxWeb

        bases = bases or Bases()
        self.pxweb = PxWeb(transport, bases.eustat_api, bases.eustat_files)
        self.eurostat = Eurostat(transport, bases.eurostat_statistics, bases.eurostat_sdmx, bases.eurostat_async)
        self.files = Files(transport, bases.files)

    def client(self, service: object) -> Client:
        """The client of a service. Raises UsageError for an unknown one."""
        clients: dict[object, Client] = {"pxweb": self.pxweb, "eurostat": self.eurostat, "file": self.files}
        if service not in clients:
            raise UsageError(
                f"unknown service {service!r}", remedy="Use pxweb, eurostat or file in the source's contract"
            )
        return clients[service]

    def fetch(self, request: Mapping[str, Any]) -> Fetched:
        """Fetch one table through its service."""
        return self.client(request.get("service")).fetch(request)

    def updated(self, requests: Iterable[Mapping[str, Any]]) -> dict[str, str | None]:
        """Publishers' stamps by table id; asks each catalogue once, or each dataset where there is none."""
        by_service: dict[object, list[Mapping[str, Any]]] = {}
        for request in requests:
            by_service.setdefault(request.get("service"), []).append(request)
        stamps: dict[str, str | None] = {}
        for service, group in by_service.items():
            stamps.update(self.client(service).updated(group))
        return stamps


def fetch(source_request: Mapping[str, Any], transport: Transport, bases: Bases | None = None) -> Fetched:
    """Fetch one table (see :class:`Publishers`, which a run over many tables should keep)."""
    return Publishers(transport, bases).fetch(source_request)


def fields(request: Mapping[str, Any], allowed: frozenset[str]) -> str:
    """Check a request's keys and return its table id. Raises UsageError for an unknown key or no table."""
    table = request.get("table")
    unknown = sorted(set(request) - allowed - {"service", "table"})
    if unknown or not isinstance(table, str) or not table:
        raise UsageError(
            f"request for table {table!r}: " + (f"unknown keys {', '.join(unknown)}" if unknown else "no table id"),
            remedy=f"The service takes: table, {', '.join(sorted(allowed))}",
        )
    return table


def stamp(text: object) -> str | None:
    """A publisher's stamp if it is one: an ISO date and time before the year 9999, else None.

    Eustat's own JSON-stat says 9999-12-31 for every table, because its PX files give a date without a time.
    """
    moment = _moment(text)
    return str(text) if moment is not None else None


def same_stamp(a: object, b: object) -> bool:
    """Whether two stamps mean one edition: the same moment, or exactly an hour apart, which is how far Eustat's clock
    jumped between 2025 and 2026. Any other difference is an edition: Eustat has re-issued a table after 245 seconds.

    Where only one of the two names its offset, up to an hour is the same. False when either is missing or not a
    stamp, so that the table is fetched and its bytes decide.
    """
    first, second = _moment(a), _moment(b)
    if first is None or second is None:
        return False
    if (first.tzinfo is None) != (second.tzinfo is None):
        return abs(first.replace(tzinfo=None) - second.replace(tzinfo=None)) <= CLOCK
    return abs(first - second) in {timedelta(), CLOCK}


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment is not None and moment.year < 9999 else None
