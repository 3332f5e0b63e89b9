"""The server's own PX reader and writer.

Belongs here: PX text to ``Cube`` and back (syntax: eustat.md §3.1). Does not belong here: anything the client
reads with; this module exists so that the two are not one. The sparse KEYS form is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from tests.servers.cube import NIL, SUM, TOKENS, Cube, Dim

WITH_LANGUAGE = ("TITLE", "CONTENTS", "UNITS", "SOURCE", "SUBJECT-AREA", "DESCRIPTION", "NOTE")
KEY = re.compile(r'([A-Z0-9_-]+)\s*(?:\[([^\]]+)\])?\s*(?:\(((?:"[^"]*"|[^)"])*)\))?\s*=(.*)', re.DOTALL)
STATEMENT = re.compile(r'((?:"[^"]*"|[^";])*);')
DATA = re.compile(r"\s*DATA\s*=")
BARE = (
    "DECIMALS",
    "SHOWDECIMALS",
    "ROUNDING",
    "CONFIDENTIAL",
    "COPYRIGHT",
    "AGGREGALLOWED",
    "OFFICIAL-STATISTICS",
)
SYMBOL_NAMES = {**{f"DATASYMBOL{n}": n for n in range(1, 7)}, "DATASYMBOLNIL": NIL, "DATASYMBOLSUM": SUM}
LINE = 250

Keys = dict[tuple[str, str, tuple[str, ...]], str]


def decode(data: bytes) -> str:
    """PX bytes as text: by a BOM, else by CODEPAGE in the first KB, else windows-1252."""
    if data.startswith(b"\xef\xbb\xbf"):
        return data.decode("utf-8-sig")
    page = re.search(rb'CODEPAGE\s*=\s*"([^"]+)"', data[:1024])
    return data.decode(page[1].decode("ascii") if page else "windows-1252", "replace")


def split(text: str) -> list[str]:
    """A list's members: quoted strings (continued ones joined) or bare words, parted by commas."""
    parts = re.findall(r'(?:"[^"]*"|[^,"])+', text)
    return ["".join(re.findall(r'"([^"]*)"', p)) if '"' in p else p.strip() for p in parts if p.strip()]


def statements(text: str) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    """(keyword, language or "", subkeys, raw right side) of each statement; DATA comes last."""
    at = 0
    while at < len(text):
        start = DATA.match(text, at)
        if start:
            yield "DATA", "", (), text[start.end() :].split(";", 1)[0]
            return
        found = STATEMENT.match(text, at)
        if not found:
            return
        key = KEY.fullmatch(found[1].strip())
        if not key:
            raise ValueError(f"not a PX statement: {found[1][:60]!r}")
        yield key[1], key[2] or "", tuple(split(key[3] or "")), key[4]
        at = found.end()


def parse(data: bytes) -> Cube:
    """PX bytes as a cube; ValueError where it is not PX or DATA is not as long as the sizes say."""
    keys: Keys = {(k, lang, sub): raw for k, lang, sub, raw in statements(decode(data))}
    if any(k == "KEYS" for k, _, _ in keys):
        raise ValueError("PX with KEYS is not served by this test server")
    main = first(keys, "LANGUAGE") or "es"
    languages = tuple(split(keys.get(("LANGUAGES", "", ()), ""))) or (main,)
    stub, heading = (split(keys.get((k, "", ()), "")) for k in ("STUB", "HEADING"))
    dims = [_dim(keys, n, name, languages, main) for n, name in enumerate(stub + heading)]
    tokens = [t.strip('"') for t in keys[("DATA", "", ())].split()]
    cells = int(np.prod([len(d.codes) for d in dims]))
    if len(tokens) != cells:
        raise ValueError(f"DATA has {len(tokens)} cells, the variables make {cells}")
    symbols = np.fromiter((TOKENS.get(t, 0) for t in tokens), np.uint8, cells)
    texts: dict[str, dict[str, str]] = {}
    for (keyword, lang, sub), raw in keys.items():
        if keyword in WITH_LANGUAGE and not sub:
            texts.setdefault(keyword, {})[lang or main] = "".join(split(raw))
    skip = {*WITH_LANGUAGE, *SYMBOL_NAMES, "DATA", "STUB", "HEADING", "LANGUAGES"}
    return Cube(
        dims=dims,
        values=np.fromiter((0.0 if t in TOKENS else float(t) for t in tokens), np.float64, cells),
        symbols=symbols,
        stub=len(stub),
        texts=texts,
        plain={k: "".join(split(raw)) for (k, lang, sub), raw in keys.items() if not (lang or sub or k in skip)},
        symbol_text={n: first(keys, k) for k, n in SYMBOL_NAMES.items() if first(keys, k)},
        notes=_notes(keys, dims),
        language=main,
        languages=languages,
    )


def first(keys: Keys, keyword: str) -> str:
    return "".join(split(keys.get((keyword, "", ()), "")))


def _dim(keys: Keys, place: int, name: str, languages: tuple[str, ...], main: str) -> Dim:
    names, texts = {main: name}, {}
    for lang in languages:
        tag = "" if lang == main else lang
        both = [n for k in ("STUB", "HEADING") for n in split(keys.get((k, tag, ()), ""))]
        names[lang] = both[place] if place < len(both) else name
        texts[lang] = split(keys.get(("VALUES", tag, (names[lang],)), ""))
    codes = split(keys.get(("CODES", "", (name,)), ""))
    timeval = keys.get(("TIMEVAL", "", (name,)))
    scale = re.search(r"TLIST\(\s*(\w+)", timeval or "")
    out = split(keys.get(("ELIMINATION", "", (name,)), "NO"))[0]
    values = texts[main]
    return Dim(
        code=name,
        codes=codes or values,
        texts={lang: t or values for lang, t in texts.items()},
        names=names,
        time=timeval is not None,
        elimination=out == "YES" if out in ("YES", "NO") else _code_of(out, codes or values, values),
        timeval=scale[1] if scale else "A1",
        map="".join(split(keys.get(("MAP", "", (name,)), ""))) or None,
        coded=bool(codes),
    )


def _code_of(text: str, codes: list[str], labels: list[str]) -> str:
    return codes[labels.index(text)] if text in labels else text


def _notes(keys: Keys, dims: list[Dim]) -> list[tuple[tuple[str | None, ...], str]]:
    """DATANOTECELL("*","48",…)="text": a value's code or label for each variable, * for all of them."""
    found = []
    for (keyword, lang, sub), raw in keys.items():
        if keyword == "DATANOTECELL" and not lang:
            where = [None if s == "*" else _code_of(s, d.codes, next(iter(d.texts.values())))
                     for s, d in zip(sub, dims, strict=True)]  # fmt: skip
            found.append((tuple(where), "".join(split(raw))))
    return found


def write(cube: Cube, *, response: bool = False) -> bytes:
    """A cube as PX bytes in windows-1252.

    As Eustat's files are laid out, or (``response``) as the API re-serialises one: AXIS-VERSION 2010,
    CODEPAGE, values rounded, symbols in quotes.
    """
    main = cube.language
    others = [lang for lang in cube.languages if lang != main]
    lines = ['CHARSET="ANSI";', f'AXIS-VERSION="{"2010" if response else "2005"}";']
    if response:
        lines.append('CODEPAGE="windows-1252";')
    lines += [f'LANGUAGE="{main}";', "LANGUAGES=" + quoted([main, *others]) + ";"]
    for key, text in cube.plain.items():
        if key not in ("CHARSET", "AXIS-VERSION", "CODEPAGE", "LANGUAGE"):
            lines.append(f"{key}={text};" if key in BARE else f'{key}="{text}";')
    for lang in [main, *others]:
        lines += _about(cube, lang, f"[{lang}]" if lang != main else "")
    for n, text in cube.symbol_text.items():
        name = next(k for k, v in SYMBOL_NAMES.items() if v == n)
        lines.append(f'{name}="{text}";')
    for where, text in cube.notes:
        lines.append(f'DATANOTECELL({quoted([w or "*" for w in where])})="{text}";')
    text = "\n".join([*lines, "DATA=", _data(cube, response)])
    return (text.replace("\n", "\r\n") if response else text).encode("windows-1252", "replace")


def _about(cube: Cube, lang: str, tag: str) -> list[str]:
    names = [d.name(lang) for d in cube.dims]
    lines = [f'{k}{tag}="{by[lang]}";' for k, by in cube.texts.items() if lang in by]
    for keyword, part in (("STUB", names[: cube.rows]), ("HEADING", names[cube.rows :])):
        lines += [f"{keyword}{tag}={quoted(part)};"] if part else []
    for dim, name in zip(cube.dims, names, strict=True):
        lines.append(f'VALUES{tag}("{name}")={quoted(dim.labels(lang))};')
        if dim.time:
            lines.append(f'TIMEVAL{tag}("{name}")=TLIST({dim.timeval}),{quoted(dim.labels(lang))};')
        if dim.coded:
            lines.append(f'CODES{tag}("{name}")={quoted(dim.codes)};')
        if dim.elimination:
            out = dim.elimination
            shown = "YES" if out is True else f'"{dim.labels(lang)[dim.codes.index(out)]}"'
            lines.append(f'ELIMINATION{tag}("{name}")={shown};')
        if dim.map:
            lines.append(f'MAP{tag}("{name}")="{dim.map}";')
    return lines


def quoted(items: list[str]) -> str:
    """A list as PX writes it, broken after a comma before the line grows too long."""
    out, width = [], 0
    for item in items:
        width += len(item) + 3
        out.append(("\n" if width > LINE else "") + f'"{item}"')
        width = len(item) + 3 if width > LINE else width
    return ",".join(out)


def _data(cube: Cube, response: bool) -> str:
    values = cube.shown() if response else cube.values
    tokens = numbers(values, cube.decimals) if response else [f"{v:.15g}" for v in values.tolist()]
    names = {code: f'"{token}"' if response else token for token, code in TOKENS.items()}
    marks = cube.marks
    for i in np.flatnonzero(marks).tolist():
        tokens[i] = names[int(marks[i])]
    # Breaks at a fixed count, not at rows: a reader may not trust them (eustat.md §3.1).
    return "\n".join(" ".join(tokens[i : i + 47]) for i in range(0, len(tokens), 47)) + ";\n"


def numbers(values: np.ndarray, decimals: int) -> list[str]:
    """Fixed decimals, a point, no thousands mark, no negative zero."""
    clean = values + 0.0
    if decimals == 0:
        return [str(v) for v in clean.astype(np.int64).tolist()]
    return [f"{v:.{decimals}f}" for v in clean.tolist()]
