"""What an answer's bytes are, before anybody parses them as data, and what an unwanted answer says.

Belongs here: telling HTML, JSON, SOAP faults and gzip apart, a readable sentence out of each error body,
bounded decompression, the code lists of a JSON-stat answer. Does not belong here: requests (transport.py),
what one publisher means by an error (pxweb.py, eurostat.py) or cells (formats/).

Bodies are hostile until shown otherwise: every search is linear and looks at a bounded head, decompression
stops at a limit, XML is never parsed, and text is stripped of control characters before it reaches a
terminal.
"""

from __future__ import annotations

import gzip
import html
import io
import json
import zlib
from collections.abc import Mapping
from typing import Any

from observatory.errors import PublisherError
from observatory.formats.text import FREE_BYTES, RATIO

HEAD = 64 * 1024
GZIP = b"\x1f\x8b"
_CHUNK = 1024 * 1024


class DamagedError(PublisherError):
    """Compressed bytes that break off or make no sense: worth asking for again."""


def text(body: bytes, length: int = 200) -> str:
    """The first ``length`` characters of a body, on one line, printable; empty for an empty body."""
    words = body[:HEAD].decode("utf-8-sig", "replace").split()
    line = "".join(c for c in " ".join(words) if c.isprintable())
    return line if len(line) <= length else line[: length - 1] + "…"


def is_html(body: bytes, content_type: str = "") -> bool:
    """Whether a body is a web page, by its declared type or its first tag."""
    head = body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return content_type.lower().startswith("text/html") or head.startswith((b"<!doctype html", b"<html"))


def title(body: bytes) -> str:
    """The <title> of a web page, or its first words."""
    found = _between(body, b"<title", b"</title")
    return html.unescape(found) if found else text(body, 80)


def soap_fault(body: bytes) -> tuple[str, str] | None:
    """Code and text of a SOAP fault (Eurostat answers with one even on its REST addresses), else None."""
    if not body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") or b"fault" not in body[:HEAD].lower():
        return None
    code, reason = (
        _between(body, b"<faultcode", b"</faultcode"),
        _between(body, b"<faultstring", b"</faultstring"),
    )
    return (code, html.unescape(reason)) if code or reason else None


def is_client_fault(body: bytes) -> bool:
    """Whether a body is a SOAP fault that blames the request (code 4xx), whatever the HTTP status."""
    fault = soap_fault(body)
    return fault is not None and len(fault[0]) == 3 and fault[0].startswith("4")


def describe(body: bytes, content_type: str = "") -> str:
    """One sentence of what an error body says, whichever of the publishers' shapes it has."""
    if not body.strip():
        return "an empty body"
    if is_html(body, content_type):
        return f'an HTML page titled "{title(body)}"'
    fault = soap_fault(body)
    if fault:
        return f"SOAP fault {fault[0]}: {fault[1].rstrip('.')}"
    try:
        messages = errors_in(json.loads(body[: 4 * HEAD].decode("utf-8-sig")))
    except (ValueError, RecursionError):
        messages = []
    return "; ".join(m.rstrip(".") for m in messages)[:500] if messages else f'"{text(body)}"'


def errors_in(document: object) -> list[str]:
    """Messages of ``error`` or ``warning`` in a JSON answer: a string, an object or a list of either."""
    if not isinstance(document, dict):
        return []
    messages = []
    for key in ("error", "warning"):
        entries = document.get(key)
        for entry in entries if isinstance(entries, list) else [entries]:
            if isinstance(entry, dict):
                marks = [f"{k} {entry[k]}" for k in ("status", "id") if isinstance(entry.get(k), (int, str))]
                message = str(entry.get("label") or entry.get("message") or "no message")
                messages.append(text(f"{message} ({', '.join(marks)})".replace(" ()", "").encode(), 400))
            elif entry is not None:
                messages.append(text(str(entry).encode(), 400))
    return messages


def parse_json(body: bytes, url: str) -> Any:
    """Decode JSON, with or without a byte order mark. Raises PublisherError naming ``url``."""
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        kind = "too deeply nested" if isinstance(error, RecursionError) else text(str(error).encode(), 120)
        raise PublisherError(
            f"{url}: expected JSON, found {describe(body)} ({kind})",
            remedy="Try again later; if it stays so, the service has changed",
        ) from error


def cut_json(body: bytes) -> str | None:
    """Say so if a body is empty or is JSON that breaks off; None if it is whole or something else."""
    inner = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not inner:
        return "an empty body"
    pairs = {b"{": b"}", b"[": b"]"}
    wanted = pairs.get(inner[:1])
    return "the JSON breaks off" if wanted and inner[-1:] != wanted else None


def gunzip(body: bytes, max_bytes: int, url: str) -> bytes:
    """Decompress a body that is gzip by its first two bytes; other bodies come back as they are.

    Raises DamagedError, and PublisherError if the result exceeds ``max_bytes`` or what figures compress to.
    """
    if not body.startswith(GZIP):
        return body
    max_bytes = min(max_bytes, max(FREE_BYTES, RATIO * len(body)))
    parts, size = [], 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as stream:
            while part := stream.read(_CHUNK):
                size += len(part)
                if size > max_bytes:
                    raise PublisherError(
                        f"{url}: the compressed answer holds more than {max_bytes} bytes",
                        remedy="Raise the size limit if a table can be that large, else ask for fewer cells",
                    )
                parts.append(part)
    except (OSError, EOFError, zlib.error) as error:
        raise DamagedError(f"{url}: the answer is damaged gzip", remedy="Fetch it again") from error
    return b"".join(parts)


def categories(document: object, url: str) -> dict[str, dict[str, str]]:
    """Per dimension of a JSON-stat answer (1.2 or 2.0), its codes in order, each with its label.

    Dimensions come in the order of ``id``. Raises PublisherError if the document is not JSON-stat.
    """
    root = _inner(document, "dataset") or document
    dimensions = _inner(root, "dimension")
    ids = (root.get("id") if isinstance(root, dict) else None) or dimensions.get("id")
    if not isinstance(ids, list) or not all(isinstance(i, str) and _inner(dimensions, i) for i in ids):
        found = ", ".join(errors_in(document)) or text(str(document)[:300].encode())
        raise PublisherError(
            f"{url}: expected a JSON-stat answer with its dimensions, found {found}",
            remedy="Try again later; if it stays so, the service has changed",
        )
    return {name: _codes(_inner(_inner(dimensions, name), "category"), name, url) for name in ids}


def _codes(category: Mapping[str, Any], name: str, url: str) -> dict[str, str]:
    """Codes in the order of ``index`` (an object of positions, or a list), labels where given."""
    index, labels = category.get("index"), _inner(category, "label")
    if isinstance(index, dict) and all(isinstance(at, int) for at in index.values()):
        ordered = sorted(index, key=index.__getitem__)
    elif isinstance(index, list) and all(isinstance(code, str) for code in index):
        ordered = index
    elif index is None and labels:
        ordered = list(labels)
    else:
        raise PublisherError(f"{url}: dimension {name!r} has no list of codes", remedy="Try again later")
    return {code: str(labels.get(code, code)) for code in ordered}


def _inner(document: object, key: str) -> dict[str, Any]:
    """The object under ``key``, or an empty one."""
    found = document.get(key) if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}


def _between(body: bytes, opening: bytes, closing: bytes) -> str:
    """Text inside the first element whose tag begins with ``opening``, within the body's head."""
    head = body[:HEAD]
    lower = head.lower()
    start = lower.find(opening)
    start = lower.find(b">", start) + 1 if start >= 0 else 0
    end = lower.find(closing, start) if start else -1
    return text(head[start:end]) if end >= 0 else ""
