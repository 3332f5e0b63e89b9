"""Cubes for the tests of the bank's server: from captures, and small ones by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.servers import Cube, Dim
from tests.servers.cube import NIL

TABLE = "PX_000000_tab.px"


def query(*selections: tuple[str, str, Sequence[str]], form: str | None = "json-stat") -> dict[str, Any]:
    """A request body from (variable, filter, values) triples."""
    asked = [{"code": c, "selection": {"filter": f, "values": list(v)}} for c, f, v in selections]
    return {"query": asked, **({"response": {"format": form}} if form else {})}


def small(**changes: Any) -> Cube:
    """2 territories × 3 sectors × 3 years: 0.5 to 17.5, one nil at 4 and one missing at 7."""
    dims = [
        Dim(
            "territorio histórico",
            ["01", "48"],
            {"es": ["Araba/Álava", "Bizkaia"]},
            {"eu": "lurralde historikoa"},
        ),
        Dim(
            "sector ",
            ["62", "63", "70"],
            {"es": ["Informática", "Información", "Gestión"], "eu": ["a", "b", "c"]},
        ),
        Dim("periodo", ["2019", "2020", "2021"], {"es": ["2019", "2020", "2021"]}, {"eu": "aldia"}, time=True),
    ]
    symbols = np.zeros(18, np.uint8)
    symbols[4], symbols[7] = NIL, 1
    whole = {
        "dims": dims,
        "values": np.arange(18) + 0.5,
        "symbols": symbols,
        "texts": {
            "TITLE": {"es": "Tabla. 2019 - 2021", "eu": "Taula. 2019 - 2021"},
            "CONTENTS": {"es": "Tabla", "eu": "Taula"},
            "UNITS": {"es": "miles de euros"},
            "SOURCE": {"es": "EUSTAT"},
        },
        "plain": {"CREATION-DATE": "20210416", "DECIMALS": "1", "SHOWDECIMALS": "1", "MATRIX": "tab"},
        "symbol_text": {1: ":"},
    }
    return Cube(**{**whole, **changes})


def from_json_stat2(capture: bytes) -> Cube:
    """The cube that a json-stat2 answer shows, without its ContentsCode."""
    read = json.loads(capture)
    px, names = read["extension"]["px"], read["id"][1:]
    dims = []
    for name in names:
        entry = read["dimension"][name]
        labels = entry["category"]["label"]
        dims.append(Dim(name, list(labels), {"es": list(labels.values())}, time=name in read["role"]["time"]))
    symbols = np.zeros(len(read["value"]), np.uint8)
    for index, text in read["status"].items():
        symbols[int(index)] = NIL if text == "-" else 1
    return Cube(
        dims,
        np.array([v or 0 for v in read["value"]], dtype=float),
        symbols,
        stub=len(px["stub"]),
        texts={
            "CONTENTS": {"es": px["contents"]},
            "SOURCE": {"es": read["source"]},
            "SUBJECT-AREA": {"es": px["subject-area"]},
        },
        plain={
            "DECIMALS": "0",
            "CREATION-DATE": "20231004",
            "MATRIX": px["matrix"],
            "SUBJECT-CODE": px["subject-code"],
        },
        symbol_text={1: ":"},
    )


def from_metadata(capture: bytes) -> Cube:
    """A cube of zeros with the variables of a metadata answer."""
    read = json.loads(capture)
    dims = [
        Dim(v["code"], v["values"], {"es": v["valueTexts"]}, {"es": v["text"]}, time=v.get("time", False))
        for v in read["variables"]
    ]
    cells = int(np.prod([len(d.codes) for d in dims]))
    return Cube(dims, np.zeros(cells), texts={"TITLE": {"es": read["title"]}})
