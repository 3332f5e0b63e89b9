"""What a reader of a PDF sees as text: enough of the format for the files that LibreOffice writes, no more."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

OBJECT = re.compile(rb"(\d+) 0 obj\b(.*?)\bendobj", re.DOTALL)
STREAM = re.compile(rb"stream\r?\n(.*)\r?\nendstream", re.DOTALL)
SHOWN = re.compile(rb"/(F\d+) [\d.]+ Tf|\[([^\]]*)\] ?TJ|<([0-9A-Fa-f]+)> ?Tj|\b(ET)\b")


def runs(data: bytes) -> Iterator[str]:
    """Each run of text in the order in which it is drawn, page by page."""
    objects = {int(number): body for number, body in OBJECT.findall(data)}
    fonts = {
        name: letters(inflated(objects[int(used[1])]))
        for body in objects.values()
        for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", body)
        if (used := re.search(rb"/ToUnicode (\d+) 0 R", objects[int(number)]))
    }
    for body in objects.values():
        if re.search(rb"/Type\s*/Page\b", body) and (content := re.search(rb"/Contents (\d+) 0 R", body)):
            yield from drawn(inflated(objects[int(content[1])]), fonts)


def inflated(body: bytes) -> bytes:
    """The content of a stream."""
    found = STREAM.search(body)
    assert found is not None
    return zlib.decompress(found[1])


def letters(table: bytes) -> dict[int, str]:
    """What a font's codes stand for, from its table."""
    found = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        for code, text in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            found[int(code, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be")
    return found


def drawn(content: bytes, fonts: dict[bytes, dict[int, str]]) -> Iterator[str]:
    """Runs of one page: what stands between BT and ET."""
    font: dict[int, str] = {}
    text = ""
    for name, several, one, end in SHOWN.findall(content):
        if name:
            font = fonts.get(name, {})
        elif end:
            yield text
            text = ""
        else:
            codes = b"".join(re.findall(rb"<([0-9A-Fa-f]+)>", several)) if several else one
            text += "".join(font.get(code, "\ufffd") for code in bytes.fromhex(codes.decode()))
