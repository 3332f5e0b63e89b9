"""What all text formats share: bytes to text, gzip within bounds, an HTML page recognised as one.

Belongs here: the first look at a body. Does not belong here: the syntax of any format.
"""

from __future__ import annotations

import zlib

from observatory.errors import FormatError

MAX_BYTES = 2_000_000_000
"""Most bytes a compressed body may grow to."""

FREE_BYTES = 50_000_000
RATIO = 100
"""Beyond the free size a body may be at most so many times its compressed size: tables of figures reach some 30."""


def gunzip(data: bytes, name: str, limit: int = MAX_BYTES) -> bytes:
    """Decompress a gzip body, or give the bytes back if they are not gzip.

    Eurostat's bulk files come gzipped, sometimes without a Content-Encoding header. Raises FormatError for a
    truncated or damaged body, and for one that grows beyond ``limit`` bytes or beyond what figures compress to.
    """
    if not data.startswith(b"\x1f\x8b"):
        return data
    inflater = zlib.decompressobj(wbits=31)
    limit = min(limit, max(FREE_BYTES, RATIO * len(data)))
    try:
        text = inflater.decompress(data, limit)
    except zlib.error as error:
        raise FormatError(name, "gzip", expected="a whole gzip body", found=str(error)) from error
    if inflater.unconsumed_tail:
        raise FormatError(name, "gzip", expected=f"at most {limit} bytes", found="more than that")
    if inflater.unused_data:
        raise FormatError(name, "gzip", expected="one gzip body", found=f"{len(inflater.unused_data)} bytes after it")
    if not inflater.eof:
        raise FormatError(name, "gzip", expected="a whole gzip body", found="the end is missing")
    return text


def refuse_html(data: bytes, name: str, expected: str) -> None:
    """Raise FormatError with the page's title where a body is an HTML page instead of data."""
    start = data[:2000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.lower().startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return
    page = start.decode("utf-8", "replace")
    low = page.lower()
    opened, closed = low.find("<title"), low.find("</title")
    title = page[page.find(">", opened) + 1 : closed].strip() if 0 <= opened < closed else "no title"
    raise FormatError(name, "start of file", expected=expected, found=f"an HTML page ({title})")


def decode(data: bytes, name: str, encoding: str = "utf-8-sig") -> str:
    """Text of a body. Raises FormatError with the offset of the first byte that does not decode."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        found = f"byte 0x{data[error.start]:02x} at offset {error.start}"
        raise FormatError(name, "encoding", expected=f"{error.encoding} text", found=found) from error
