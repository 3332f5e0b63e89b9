"""Plain files by address, such as INE's table 28384: one GET, the bytes as they come.

Belongs here: the address of a file and the check that it is no web page. Does not belong here: separators,
encodings and thousands points, which are its format's business (formats/), nor retries (transport.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from observatory.errors import PublisherError, UsageError
from observatory.sources import Fetched, fields
from observatory.sources.transport import Response, Transport

KEYS = frozenset({"publisher", "address", "format"})
"""Keys of a request beside ``table``: ``address`` of the file, whole or below the publisher's base address;
``publisher`` whose base it is; ``format`` that reads it (default ``csv``)."""


class Files:
    """Files of publishers whose base addresses are ``bases``."""

    def __init__(self, transport: Transport, bases: Mapping[str, str]) -> None:
        self._transport = transport
        self._bases = bases

    def fetch(self, request: Mapping[str, Any]) -> Fetched:
        """Fetch a file; its stamp is the Last-Modified header. Raises PublisherError if it is not there or
        empty.
        """
        table = fields(request, KEYS)
        url = self._address(table, request)
        response = self._transport.get(url, check=_check)
        notes = []
        if response.status == 200 and not response.body.endswith(b"\n"):
            # A CSV cut short still looks like one: two answers that end alike are taken for whole.
            if self._transport.get(url, check=_check).body != response.body:
                raise PublisherError(
                    f"{url}: two answers differ and the first has no last line end: one of them is cut",
                    remedy="Fetch it again",
                )
            notes.append("the file's last line has no end; asked twice, the answers are equal")
        if response.status != 200:
            raise PublisherError(
                f"{url}: expected the file of table {table}, found {response.describe()}",
                remedy="Correct the address in the source's contract",
            )
        return Fetched(
            response.body, str(request.get("format", "csv")), _modified(response), f"GET {url}", tuple(notes)
        )

    def updated(self, requests: Iterable[Mapping[str, Any]]) -> dict[str, str | None]:
        """None for every table: a file has no catalogue, its bytes decide."""
        return {fields(request, KEYS): None for request in requests}

    def _address(self, table: str, request: Mapping[str, Any]) -> str:
        address, base = request.get("address"), self._bases.get(str(request.get("publisher")))
        if isinstance(address, str) and address.startswith(("http://", "https://")):
            return address
        if not isinstance(address, str) or base is None:
            raise UsageError(
                f"table {table}: address {address!r} is not complete",
                remedy=f"Give a whole address, or one below the base of: {', '.join(sorted(self._bases))}",
            )
        return f"{base.rstrip('/')}/{address.lstrip('/')}"


def _check(response: Response) -> str | None:
    return None if response.body.strip() else "an empty body"


def _modified(response: Response) -> str | None:
    try:
        return parsedate_to_datetime(response.headers.get("Last-Modified", "")).isoformat()
    except (ValueError, TypeError):
        return None
