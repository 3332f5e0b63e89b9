"""What PxWeb 2025.v1 writes: metadata and the data formats of API v1.

Belongs here: cube to bytes, nothing else (eustat.md §3, formats). Does not belong here: queries, limits and
errors (pxweb.py). xlsx and sdmx exist on the real server and are not imitated.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from zoneinfo import ZoneInfo

import numpy as np

from tests.servers.cube import Cube
from tests.servers.px_write import numbers, write

NO_DATE = "9999-12-31T22:59:59Z"
MADRID = ZoneInfo("Europe/Madrid")
JSON = "application/json; charset=utf-8"
CSV = "text/csv; charset=windows-1252"
# How a generated title joins its parts; a language without its own words falls back to the English ones.
BY_AND = {"es": ("por", "y"), "en": ("by", "and")}


def dump(data: object, pretty: bool = False) -> bytes:
    """JSON as the server spells it: compact, UTF-8, without a byte-order mark."""
    if pretty:
        return json.dumps(data, ensure_ascii=False, indent=2).replace("\n", "\r\n").encode()
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def metadata(cube: Cube, lang: str, max_values: int) -> dict[str, object]:
    """The answer to GET table: false flags and nulls left out, long value lists dropped."""
    variables = []
    for dim in cube.dims:
        entry: dict[str, object] = {"code": dim.code, "text": dim.name(lang)}
        if len(dim.codes) <= max_values:
            entry |= {"values": dim.codes, "valueTexts": dim.labels(lang)}
        if dim.elimination:
            entry["elimination"] = True
        if dim.time:
            entry["time"] = True
        if dim.map:
            entry["map"] = dim.map
        variables.append(entry)
    return {"title": cube.text("TITLE", lang), "variables": variables}


def updated(cube: Cube) -> str:
    """CREATION-DATE as UTC; one that is not ``yyyyMMdd HH:mm`` becomes the last second of the year 9999."""
    try:
        local = datetime.strptime(cube.plain.get("CREATION-DATE", ""), "%Y%m%d %H:%M").replace(tzinfo=MADRID)
    except ValueError:
        return NO_DATE
    return local.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def label(cube: Cube, lang: str) -> str:
    """The generated title: CONTENTS by the variables. It is not the title of the metadata."""
    by, last_and = BY_AND.get(lang, BY_AND["en"])
    names = [d.name(lang) for d in cube.dims]
    joined = f"{', '.join(names[:-1])} {last_and} {names[-1]}" if len(names) > 1 else "".join(names)
    return f"{cube.text('CONTENTS', lang)} {by} {joined}"


def numeric(cube: Cube) -> list[int | float | None]:
    """Shown values as JSON numbers, integers without ``.0``; null for every symbol, nil and missing alike."""
    values = cube.shown() + 0.0
    out: list[int | float | None]
    if (values == np.rint(values)).all():
        out = values.astype(np.int64).tolist()
    else:
        out = [int(v) if v == int(v) else v for v in values.tolist()]
    for i in np.flatnonzero(cube.marks).tolist():
        out[i] = None
    return out


def status(cube: Cube) -> dict[str, str]:
    """Flat index → symbol text, or the data note next to a value."""
    marks, notes = cube.marks, cube.noted()
    places = sorted({*np.flatnonzero(marks).tolist(), *notes})
    return {str(i): cube.symbol(int(marks[i])) if marks[i] else notes[i] for i in places}


def _category(cube: Cube, lang: str) -> dict[str, dict[str, object]]:
    return {
        d.code: {
            "label": d.name(lang),
            "category": {
                "index": {code: i for i, code in enumerate(d.codes)},
                "label": dict(zip(d.codes, d.labels(lang), strict=True)),
            },
        }
        for d in cube.dims
    }


def _shown_decimals(cube: Cube) -> int:
    shown = cube.number("SHOWDECIMALS", -1)
    return shown if shown >= 0 else cube.number("DECIMALS", 0)


def json_stat(cube: Cube, lang: str) -> bytes:
    """JSON-stat 1.2: id, size, role inside ``dimension``; ``status`` first if needed, then no extension."""
    dimension: dict[str, object] = {
        code: {**entry, "extension": {"show": "value"}} for code, entry in _category(cube, lang).items()
    }
    dimension |= {"id": [d.code for d in cube.dims], "size": list(cube.shape)}
    dimension["role"] = _roles(cube)
    marked = status(cube)
    dataset: dict[str, object] = {"status": marked} if marked else {}
    dataset |= {"dimension": dimension, "label": label(cube, lang), "source": cube.text("SOURCE", lang)}
    dataset |= {"updated": updated(cube), "value": numeric(cube)}
    if not marked:
        # The server copies the dataset when there is a status, and forgets the extension in doing so.
        dataset["extension"] = {"px": {"decimals": _shown_decimals(cube)}}
    return dump({"dataset": dataset})


def _roles(cube: Cube) -> dict[str, list[str]]:
    time = [d.code for d in cube.dims if d.time]
    geo = [d.code for d in cube.dims if d.map]
    return {**({"time": time} if time else {}), **({"geo": geo} if geo else {})}


def json_stat2(cube: Cube, lang: str) -> bytes:
    """JSON-stat 2.0 with the extra first dimension ContentsCode (Eustat's files have no CONTVARIABLE)."""
    contents = cube.text("CONTENTS", lang)
    unit = {"base": cube.text("UNITS", lang), "decimals": cube.number("DECIMALS", 0)}
    dimension: dict[str, object] = {
        "ContentsCode": {
            "label": "EliminatedContents",
            "category": {
                "index": {"EliminatedValue": 0},
                "label": {"EliminatedValue": contents},
                "unit": {"EliminatedValue": unit},
            },
            "extension": {"elimination": True},
        }
    }
    for dim, (code, entry) in zip(cube.dims, _category(cube, lang).items(), strict=True):
        dimension[code] = {**entry, "extension": {"elimination": bool(dim.elimination), "show": "value"}}
    px = {
        "decimals": _shown_decimals(cube),
        "official-statistics": cube.plain.get("OFFICIAL-STATISTICS") == "YES",
        "aggregallowed": cube.plain.get("AGGREGALLOWED") != "NO",
        "language": lang,
        "contents": contents,
        "descriptiondefault": False,
        "heading": [d.code for d in cube.dims[cube.rows :]],
        "stub": [d.code for d in cube.dims[: cube.rows]],
        "matrix": cube.plain.get("MATRIX", ""),
        "subject-code": cube.plain.get("SUBJECT-CODE", ""),
        "subject-area": cube.text("SUBJECT-AREA", lang),
    }
    time = [d.code for d in cube.dims if d.time]
    dataset: dict[str, object] = {"version": "2.0", "class": "dataset", "label": label(cube, lang)}
    dataset |= {"source": cube.text("SOURCE", lang), "updated": updated(cube)}
    dataset["role"] = {**({"time": time} if time else {}), "metric": ["ContentsCode"]}
    dataset |= {"id": ["ContentsCode", *(d.code for d in cube.dims)], "size": [1, *cube.shape]}
    dataset |= {"dimension": dimension, "extension": {"px": px}, "value": numeric(cube)}
    marked = status(cube)
    return dump(dataset | ({"status": marked} if marked else {}))


def words(cube: Cube) -> list[str]:
    """Every cell as text: fixed decimals, or the symbol as it is shown."""
    out = numbers(cube.shown(), cube.decimals)
    marks = cube.marks
    for i in np.flatnonzero(marks).tolist():
        out[i] = cube.symbol(int(marks[i]))
    return out


def json_table(cube: Cube, lang: str) -> bytes:
    """The format ``json``: one row a cell, everything a string, symbols literally."""
    columns = [{"code": d.code, "text": d.name(lang), "type": "t" if d.time else "d"} for d in cube.dims]
    contents = cube.text("CONTENTS", lang)
    columns.append({"code": contents, "text": contents, "type": "c"})
    keys = product(*(d.codes for d in cube.dims))
    data = [{"key": list(key), "values": [word]} for key, word in zip(keys, words(cube), strict=True)]
    about = {"updated": updated(cube), "label": label(cube, lang), "source": cube.text("SOURCE", lang)}
    return dump({"columns": columns, "comments": [], "data": data, "metadata": [about]})


def csv(cube: Cube, lang: str) -> bytes:
    """Labels; a column for each stub variable, then one for each combination of heading values."""
    stub, heading = cube.dims[: cube.rows], cube.dims[cube.rows :]
    columns = [" ".join(c) for c in product(*(d.labels(lang) for d in heading))] if heading else [
        cube.text("CONTENTS", lang)
    ]  # fmt: skip
    return _lines([d.name(lang) for d in stub] + columns, [d.labels(lang) for d in stub], words(cube), len(columns))


def csv_long(cube: Cube, lang: str, codes: bool) -> bytes:
    """csv2 (labels, value column CONTENTS) and csv3 (codes, value column TABLEID); time comes last."""
    order = sorted(range(len(cube.dims)), key=lambda i: cube.dims[i].time)
    cells = np.array(words(cube), dtype=object).reshape(cube.shape).transpose(order).ravel().tolist()
    dims = [cube.dims[i] for i in order]
    names = [d.code if codes else d.name(lang) for d in dims]
    value = cube.plain.get("TABLEID", "") if codes else cube.text("CONTENTS", lang)
    return _lines([*names, value], [d.codes if codes else d.labels(lang) for d in dims], cells, 1)


def _lines(header: list[str], stub: list[list[str]], cells: list[str], width: int) -> bytes:
    out = [",".join(f'"{h}"' for h in header)]
    for n, key in enumerate(product(*stub)):
        row = cells[n * width : (n + 1) * width]
        out.append(",".join([*(f'"{k}"' for k in key), *row]))
    return ("\r\n".join(out) + "\r\n").encode("windows-1252", "replace")


def serialise(cube: Cube, lang: str, form: str) -> tuple[bytes, str] | None:
    """(body, content type) in a format by its lower-case name; None for a name the server does not know."""
    writers: dict[str, tuple[Callable[[], bytes], str]] = {
        "json-stat": (lambda: json_stat(cube, lang), JSON),
        "json-stat2": (lambda: json_stat2(cube, lang), JSON),
        "json": (lambda: json_table(cube, lang), JSON),
        "csv": (lambda: csv(cube, lang), CSV),
        "csv2": (lambda: csv_long(cube, lang, codes=False), CSV),
        "csv3": (lambda: csv_long(cube, lang, codes=True), CSV),
        "px": (lambda: write(cube, response=True), "application/octet-stream; charset=windows-1252"),
    }
    if form not in writers:
        return None
    build, kind = writers[form]
    return build(), kind
