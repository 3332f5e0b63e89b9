"""The Eustat client against a bank of a few lines that follows PxWeb's rules and breaks them on demand."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from observatory.errors import DataError, PublisherError, UsageError
from observatory.formats import parts
from observatory.sources import bodies
from observatory.sources.pxweb import Config, PxWeb

CODES = {
    "territorio histórico": ("00", "01", "48", "20"),
    "sector (A86)": tuple(f"{n:02d}" for n in range(30)),
    "principales variables ": ("1", "2", "3"),
    "periodo": tuple(str(year) for year in range(2009, 2024)),
}
TABLE = "PX_133000_cesd_esd02b"
STAMP = "2026-07-03T09:12:41"
CATALOGUE = [
    {"id": f"{TABLE}.px", "type": "t", "text": "Servicios. 2009 - 2023", "updated": STAMP},
    {"id": "PX__fe_inem06.px", "type": "t", "text": "a ghost", "updated": "2023-01-09T15:04:41"},
    {"id": "PX_never.px", "type": "t", "text": "no stamp", "updated": "9999-12-31T22:59:59"},
    {"id": "folder", "type": "l", "text": "a folder"},
    "nonsense",
    {"text": "no id"},
]
PX = 'CHARSET="ANSI";\nAXIS-VERSION="2005";\nTITLE="Macromagnitudes, año";\nDATA=\n1 2 "-" ;\n'.encode("cp1252")


@dataclass
class Bank:
    """What the bank holds and how it misbehaves."""

    say: Any
    codes: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(CODES))
    config: bytes | None = b'{"maxValues":1000,"maxCells":100000,"maxCalls":10,"timeWindow":10,"CORS":true}'
    max_cells: int = 100_000
    max_values: int = 1000
    bom: bool = False
    px: bytes | None = PX
    old: bool = False
    busy_every: int = 0
    change_after: int | None = None
    catalogue: bytes = json.dumps(CATALOGUE, ensure_ascii=False).encode()

    def __call__(self, asked: Any, number: int) -> bytes:
        if self.busy_every and number % self.busy_every == 0:
            return self.say(429, b'{"error":"429 - Too many requests in too short timeframe."}', Retry_After=10)
        if self.change_after is not None and number >= self.change_after:
            self.codes = {**self.codes, "periodo": (*CODES["periodo"], "2024")}
        if "/Resources/PX/" in asked.path:
            return self.file()
        if asked.path.endswith(("/?config", "/DB")):
            body = self.catalogue if asked.path.endswith("/DB") else self.config
            return self.refuse("x") if body is None else self.say(200, body)
        if f"/{TABLE}.px" not in asked.path:
            return self.refuse("Parameter error")
        return self.say(200, self.metadata()) if asked.method == "GET" else self.data(json.loads(asked.body))

    def file(self) -> bytes:
        if self.px is None:
            return self.say(404, b"<html><title>eustat_404</title></html>", Content_Type="text/html")
        return self.say(200, self.px, Content_Type="application/octet-stream")

    def refuse(self, text: str, status: int = 400) -> bytes:
        return self.say(404 if self.old and status == 400 else status, json.dumps({"error": text}).encode())

    def metadata(self) -> bytes:
        variables = []
        for name, codes in self.codes.items():
            lists = {"values": codes, "valueTexts": [f"label {c}" for c in codes]}
            shown = lists if len(codes) <= self.max_values else {}
            variables.append({"code": name, "text": name, **shown, **({"time": True} if name == "periodo" else {})})
        return self.encoded({"title": "Servicios", "variables": variables})

    def data(self, query: dict[str, Any]) -> bytes:
        chosen = dict(self.codes)
        for part in query["query"]:
            codes, values = self.codes.get(part["code"]), part["selection"]["values"]
            if codes is None:
                return self.refuse("Parameter error")
            kind = part["selection"]["filter"]
            if kind == "top":
                number = int(values[0])
                chosen[part["code"]] = codes[-number:] if part["code"] == "periodo" else codes[:number]
            elif kind == "item":
                if not set(values) <= set(codes) or len(set(values)) < len(values):
                    return self.refuse(
                        f"The request for variable '{part['code']}' has an error. Please check your query."
                    )
                chosen[part["code"]] = tuple(c for c in codes if c in values)
        cells = list(itertools.product(*chosen.values()))
        if len(cells) > self.max_cells:
            return self.refuse("Too many values selected", 403)
        dimension: dict[str, Any] = {
            name: {
                "category": {
                    "index": {c: n for n, c in enumerate(cs)},
                    "label": {c: f"label {c}" for c in cs},
                }
            }
            for name, cs in chosen.items()
        }
        dimension |= {"id": list(chosen), "size": [len(c) for c in chosen.values()]}
        values = [hash_of(cell) for cell in cells]
        return self.encoded({"dataset": {"dimension": dimension, "value": values, "updated": "9999-12-31T22:59:59Z"}})

    def encoded(self, document: object) -> bytes:
        body = json.dumps(document, ensure_ascii=False).encode("utf-8-sig" if self.bom else "utf-8")
        return self.say(200, body) if isinstance(document, dict) and "dataset" in document else body


def hash_of(cell: tuple[str, ...]) -> int:
    """A value that depends on every code of its cell."""
    return sum(int(code) * 31**n for n, code in enumerate(cell)) % 1_000_003


@pytest.fixture
def bank(serve, rig, say):
    """A running bank, and a client of it; keywords set what the bank does."""

    def start(**how):
        held = Bank(say, **how)
        server = serve(held)
        made = rig()
        client = PxWeb(
            made.transport,
            f"{server.base}/bankupx/api/v1",
            f"{server.base}/bankupx/Resources/PX/Databases/DB",
        )
        return client, server, made

    return start


def _cells(fetched):
    table = parts.read(fetched.body, name="t") if fetched.format == "jsonstat_parts" else _single(fetched.body)
    columns = [table.column(name).to_pylist() for name in CODES]
    return dict(zip(zip(*columns, strict=True), table.column("value").to_pylist(), strict=True))


def _single(body):
    return parts.read(parts.pack([body]), name="t")


def test_catalogue_tolerates_ghosts_folders_and_nonsense(bank):
    client, server, _ = bank()
    entries = client.catalogue()
    assert list(entries) == [TABLE, "PX__fe_inem06", "PX_never"]
    assert entries[TABLE].updated == STAMP and entries["PX_never"].updated is None
    client.catalogue()
    assert server.paths() == ["/bankupx/api/v1/es/DB"]
    with pytest.raises(PublisherError, match=r"table PX__fe_inem06: .*Parameter error"):
        client.metadata("PX__fe_inem06")


def test_real_catalogue_entries(bank, shared):
    body = (shared / "extracts/eustat/captures/catalogue_es.4_entries.2026-09-20.json").read_bytes()
    client, _, _ = bank(catalogue=body)
    assert client.catalogue()["PX_010106_cidh_idh_a_01"].updated == "2026-06-02T09:23:43"


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"error":"Parameter error"}', b"7"])
def test_a_catalogue_that_is_none(bank, body):
    client, server, _ = bank(catalogue=body)
    with pytest.raises(PublisherError, match="expected the list of tables"):
        client.catalogue()
    asked = len(server.asked)
    assert client.updated([{"table": TABLE}, {"table": "PX_other"}]) == {TABLE: None, "PX_other": None}
    assert len(server.asked) == 2 * asked, "asked for once more, not once for each table"


def test_updated_comes_from_the_catalogue(bank):
    client, server, _ = bank()
    asked = [{"table": TABLE}, {"table": "PX_never"}, {"table": "PX_gone"}]
    assert client.updated(asked) == {TABLE: STAMP, "PX_never": None, "PX_gone": None}
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("body", "config"),
    [
        (b'{"maxValues":5,"maxCells":7,"maxCalls":9,"timeWindow":11,"CORS":true}', Config(5, 7, 9, 11)),
        (b'{"maxCells":"30000"}', Config(max_cells=30_000)),
        (b'{"maxCells":0,"maxValues":null,"maxCalls":true}', Config()),
        (b"[]", Config()),
        (b"{}", Config()),
        (None, Config()),
    ],
)
def test_config_falls_back_to_the_defaults(bank, body, config):
    client, _, _ = bank(config=body)
    assert client.config() == config


def test_whole_table_comes_as_its_file_first(bank):
    client, server, _ = bank()
    fetched = client.fetch({"service": "pxweb", "table": TABLE})
    assert (fetched.body, fetched.format, fetched.updated, fetched.notes) == (PX, "px", STAMP, ())
    assert fetched.request.endswith(f"/bankupx/Resources/PX/Databases/DB/{TABLE}.px")
    assert server.paths()[0].endswith(f"/DB/{TABLE}.px")


def test_api_takes_over_where_the_file_is_not_to_be_had(bank):
    client, _, _ = bank(px=None)
    fetched = client.fetch({"table": TABLE})
    assert fetched.format == "jsonstat" and fetched.updated == STAMP
    assert "eustat_404" in fetched.notes[0] and "1 request" in fetched.notes[1]
    assert _cells(fetched) == {cell: hash_of(cell) for cell in itertools.product(*CODES.values())}


def test_both_ways_closed_is_one_error_with_both_reasons(bank):
    client, _, _ = bank(px=b"<?xml version='1.0'?><nothing/>", codes={})
    with pytest.raises(PublisherError, match=r"metadata cannot be used .* and its file: .*expected a PX file"):
        client.fetch({"table": TABLE})


def test_file_that_breaks_off_is_asked_again(bank):
    client, server, _ = bank(px=PX[:-9])
    with pytest.raises(PublisherError, match="the PX file breaks off"):
        client.fetch({"table": TABLE, "route": "file"})
    assert len(server.asked) == 6


def test_bom_before_json(bank):
    client, _, _ = bank(bom=True)
    fetched = client.fetch({"table": TABLE, "route": "api"})
    assert fetched.body.startswith(b"\xef\xbb\xbf") and len(_cells(fetched)) == 4 * 30 * 3 * 15


@pytest.mark.parametrize("limit", [1000, 77, 20])
def test_parts_are_the_whole_table(bank, limit):
    client, server, _ = bank(config=json.dumps({"maxCells": limit}).encode(), max_cells=limit)
    fetched = client.fetch({"table": TABLE, "route": "api"})
    assert fetched.format == "jsonstat_parts"
    assert _cells(fetched) == {cell: hash_of(cell) for cell in itertools.product(*CODES.values())}
    assert sum(asked.method == "POST" for asked in server.asked) == len(parts.unpack(fetched.body, "t"))


def test_too_many_cells_halves_the_limit_and_asks_on(bank):
    client, server, _ = bank(config=None, max_cells=900)
    fetched = client.fetch({"table": TABLE, "route": "api"})
    assert _cells(fetched) == {cell: hash_of(cell) for cell in itertools.product(*CODES.values())}
    assert sum(asked.method == "POST" for asked in server.asked) < 20


def test_a_bank_that_refuses_every_size(bank):
    client, server, _ = bank(max_cells=0)
    with pytest.raises(PublisherError, match="refuses even requests of"):
        client.fetch({"table": TABLE, "route": "api"})
    assert len(server.asked) < 20


def test_429_every_third_request(bank):
    client, _, made = bank(config=b'{"maxCells":200}', max_cells=200, busy_every=3)
    fetched = client.fetch({"table": TABLE, "route": "api"})
    assert len(_cells(fetched)) == 4 * 30 * 3 * 15
    assert made.slept and set(made.slept) == {10.0}


def test_selection_goes_back_verbatim(bank):
    client, server, _ = bank()
    selection = {"principales variables ": ["2"], "sector (A86)": ["1*"], "periodo": {"top": 2}}
    fetched = client.fetch({"table": TABLE, "selection": selection})
    query = json.loads(next(asked.body for asked in server.asked if asked.method == "POST").decode())["query"]
    assert [part["code"] for part in query] == list(CODES)
    assert query[1]["selection"] == {"filter": "item", "values": [f"1{n}" for n in range(10)]}
    assert query[3]["selection"]["values"] == ["2022", "2023"]
    assert len(_cells(fetched)) == 4 * 10 * 2
    assert "principales variables " in fetched.request


def test_values_left_out_are_learned(bank):
    client, server, _ = bank(max_values=20)
    assert client.metadata(TABLE, learn=False).variables[1].values is None
    variable = client.metadata(TABLE).variables[1]
    assert variable.values == CODES["sector (A86)"] and variable.labels == tuple(f"label {c}" for c in variable.values)
    learned = json.loads(server.asked[-1].body)["query"]
    assert [part["selection"]["filter"] for part in learned] == ["all", "top", "top", "top"]
    fetched = client.fetch({"table": TABLE, "selection": {"sector (A86)": ["07"]}})
    assert len(_cells(fetched)) == 4 * 3 * 15


def test_table_that_changes_between_its_parts(bank):
    client, _, _ = bank(config=b'{"maxCells":1000}', max_cells=1000, change_after=4)
    with pytest.raises(DataError, match=r"changed while|other codes than asked for in 'periodo'"):
        client.fetch({"table": TABLE, "route": "api"})


@pytest.mark.parametrize("old", [False, True])
def test_refusals_are_understood_in_both_generations(bank, old):
    client, server, _ = bank(old=old)
    with pytest.raises(PublisherError, match="Parameter error") as missing:
        client.fetch({"table": "PX_missing", "route": "api"})
    assert "renamed" in missing.value.remedy and len(server.asked) == 1


def test_code_refused_after_metadata(serve, rig, say):
    held = Bank(say)
    server = serve(
        lambda asked, n: (
            held.refuse("The request for variable 'periodo' has an error.")
            if asked.method == "POST"
            else held(asked, n)
        )
    )
    client = PxWeb(rig().transport, f"{server.base}/api/v1", server.base)
    with pytest.raises(PublisherError, match="request for variable 'periodo'") as error:
        client.fetch({"table": TABLE, "route": "api"})
    assert "changed" in error.value.remedy


def test_403_that_is_not_about_cells(serve, rig, say):
    held = Bank(say)
    page = b"<html><title>Access denied</title></html>"
    server = serve(
        lambda asked, n: say(403, page, Content_Type="text/html") if asked.method == "POST" else held(asked, n)
    )
    client = PxWeb(rig().transport, f"{server.base}/api/v1", server.base)
    with pytest.raises(PublisherError, match="Access denied"):
        client.fetch({"table": TABLE, "route": "api"})
    assert sum(asked.method == "POST" for asked in server.asked) == 1


def test_contract_that_the_table_does_not_keep(bank):
    client, _, _ = bank()
    with pytest.raises(DataError, match="dimension 'sector A86' is not there"):
        client.fetch({"table": TABLE, "selection": {"sector A86": ["00"]}})


@pytest.mark.parametrize(
    "request_",
    [
        {"table": ""},
        {"table": TABLE, "route": "magic"},
        {"table": TABLE, "route": "file", "selection": {"periodo": ["2009"]}},
        {"table": TABLE, "colour": "red"},
        {"table": "../../etc/passwd"},
        {"table": "a..b"},
        {"table": TABLE, "route": "api", "language": "../x"},
        {"service": "pxweb", "table": TABLE, "selection": ["a"]},
    ],
)
def test_requests_that_cannot_be(bank, request_):
    client, server, _ = bank()
    with pytest.raises(UsageError):
        client.fetch(request_)
    assert server.asked == []


def test_json_stat_2_with_its_extra_dimension(shared):
    body = (shared / "extracts/eustat/captures/PX_010152_cepv1_ep31.jsonstat2.trimmed.json").read_bytes()
    found = bodies.categories(bodies.parse_json(body, "u"), "u")
    assert list(found) == ["ContentsCode", "ámbitos territoriales", "periodo"]
    assert list(found["ContentsCode"]) == ["EliminatedValue"]
    older = (shared / "extracts/eustat/captures/PX_010152_cepv1_ep31.jsonstat12.trimmed.json").read_bytes()
    assert list(bodies.categories(bodies.parse_json(older, "u"), "u")) == ["ámbitos territoriales", "periodo"]
    assert found["ámbitos territoriales"]["01"] == "Araba/Álava"
