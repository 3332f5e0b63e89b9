"""PX files: random cubes, written by a small writer of the test's own, read back to the same cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from observatory.formats import px


def cells(table: pa.Table) -> list[tuple[float | None, str | None, str]]:
    return list(zip(*(table[c].to_pylist() for c in ("value", "flag", "kind")), strict=True))


@dataclass(frozen=True)
class Cube:
    """A cube to write: per dimension its name by language, codes or none, values by language."""

    names: Sequence[Sequence[str]]
    codes: Sequence[Sequence[str] | None]
    labels: Sequence[Sequence[Sequence[str]]]
    stub: int
    keys: Sequence[str] | None
    tokens: Sequence[str]
    encoding: str


LANGUAGES = ("es", "eu", "en")
TEXT = st.text(
    st.characters(codec="cp1252", exclude_categories=["Cc"], exclude_characters='"'), min_size=1, max_size=6
).filter(str.strip)
NUMBER = st.one_of(st.integers(-(10**9), 10**9).map(str), st.decimals(-1000, 1000, places=2).map(str))
SYMBOL = st.sampled_from(["-", *("." * n for n in range(1, 8))])
BLANK = st.text(" \n\t\r", min_size=1, max_size=3)


@st.composite
def cubes(draw: st.DrawFn) -> Cube:
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    free = TEXT.filter(lambda name: name not in {"value", "flag", "kind"} and "__label" not in name)
    names = [draw(st.lists(free, min_size=len(sizes), max_size=len(sizes), unique=True)) for _ in LANGUAGES]
    codes = [draw(st.none() | st.lists(TEXT, min_size=n, max_size=n, unique=True)) for n in sizes]
    labels = [[draw(st.lists(TEXT, min_size=n, max_size=n, unique=True)) for n in sizes] for _ in LANGUAGES]
    stub = draw(st.integers(0, len(sizes)))
    how = st.lists(st.sampled_from(["CODES", "VALUES"]), min_size=stub, max_size=stub)
    cells = int(np.prod(sizes))
    tokens = draw(st.lists(NUMBER | SYMBOL | st.just("0"), min_size=cells, max_size=cells))
    return Cube(
        names=names,
        codes=codes,
        labels=labels,
        stub=stub,
        keys=draw(st.none() | how) if stub else None,
        tokens=tokens,
        encoding=draw(st.sampled_from(["cp1252", "utf-8", "utf-8-sig"])),
    )


def write(cube_: Cube, draw: st.DrawFn) -> bytes:
    """A small PX writer: all languages, random line breaks, quoted and bare symbols, sparse rows."""

    def listed(texts: Sequence[str]) -> str:
        return ",\n".join(f'"{text}"' for text in texts)

    lines = [f"LANGUAGES={listed(LANGUAGES)};", 'LANGUAGE="es";', 'DATASYMBOL1=":";']
    if cube_.encoding == "utf-8":
        lines.append('CODEPAGE="utf-8";')
    for n, language in enumerate(LANGUAGES):
        tongue = f"[{language}]" if n else ""
        names = cube_.names[n]
        parts = {"STUB": names[: cube_.stub], "HEADING": names[cube_.stub :]}
        lines += [f"{part}{tongue}={listed(found)};" for part, found in parts.items() if found]
        for name, codes, labels in zip(names, cube_.codes, cube_.labels[n], strict=True):
            lines.append(f'VALUES{tongue}("{name}")={listed(labels)};')
            if codes:
                lines.append(f'CODES{tongue}("{name}")={listed(codes)};')
    lines += [f'KEYS("{name}")={how};' for name, how in zip(cube_.names[0], cube_.keys or [], strict=False)]
    shown = [f'"{t}"' if set(t) <= {"-", "."} and draw(st.booleans()) else t for t in cube_.tokens]
    if cube_.keys is None:
        data = "".join(token + draw(BLANK) for token in shown)
    else:
        data = "\n".join(sparse_rows(cube_, shown))
    codec = "utf-8-sig" if cube_.encoding == "utf-8-sig" else cube_.encoding
    return ("\n".join(lines) + "\nDATA=" + draw(BLANK) + data + ";").encode(codec)


def sparse_rows(cube_: Cube, shown: Sequence[str]) -> list[str]:
    keys = []
    for n, how in enumerate(cube_.keys or []):
        keys.append((cube_.codes[n] if how == "CODES" else None) or cube_.labels[0][n])
    width = int(np.prod([len(labels) for labels in cube_.labels[0][cube_.stub :]]))
    rows = []
    for at, row in enumerate(product(*keys)):
        found = shown[at * width : (at + 1) * width]
        if set(found) != {"0"}:
            rows.append(",".join(f'"{key}"' for key in row) + "," + " ".join(found))
    return rows[::-1]


def _is_utf8(data: bytes) -> bool:
    """Whether bytes of windows-1252 happen to be UTF-8 as well, such as Â and a hard blank: nobody can tell."""
    try:
        return not data.isascii() and bool(data.decode("utf-8"))
    except UnicodeDecodeError:
        return False


@settings(max_examples=150)
@given(st.data())
def test_a_written_cube_reads_back_to_the_same_cells(data: st.DataObject) -> None:
    made = data.draw(cubes())
    written = write(made, data.draw)
    assume(made.encoding != "cp1252" or not _is_utf8(written))
    table = px.read(written, name="made.px")
    flags = {"-": ("-", "nil"), ".": (":", "missing"), **{"." * n: ("." * n, "missing") for n in range(2, 8)}}
    expected = [(None, *flags[t]) if t in flags else (float(t), None, "value") for t in made.tokens]
    assert cells(table) == expected
    sizes = [len(labels) for labels in made.labels[0]]
    for n, name in enumerate(made.names[0]):
        places = np.indices(sizes)[n].reshape(-1)
        codes = made.codes[n] or made.labels[0][n]
        assert table[name].to_pylist() == [codes[at] for at in places]
        for tongue, suffix in enumerate(["", "_eu", "_en"]):
            assert table[f"{name}__label{suffix}"].to_pylist() == [made.labels[tongue][n][at] for at in places]
