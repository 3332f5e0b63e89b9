"""The bank's server row by row: selections, errors, limits and quirks of eustat.md §3."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import requests

from tests.integration.servers.helpers import TABLE, query, small
from tests.servers import PxWebServer

PLACE, SECTOR, PERIOD = "territorio histórico", "sector ", "periodo"


@pytest.fixture
def bank() -> Iterator[PxWebServer]:
    with PxWebServer({TABLE: small()}, {TABLE: "2026-02-11T09:10:11"}) as server:
        yield server


def ask(bank: PxWebServer, body: object, lang: str = "es", table: str = TABLE) -> requests.Response:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return requests.post(f"{bank.base}/{lang}/DB/{table}", data=sent, timeout=5)


def sizes(answer: requests.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return answer.json()["dataset"]["dimension"]["size"]


def picked(answer: requests.Response, code: str) -> list[str]:
    return list(answer.json()["dataset"]["dimension"][code]["category"]["index"])


# Selections


def test_an_empty_query_is_the_whole_cube_in_json_stat(bank: PxWebServer) -> None:
    assert sizes(ask(bank, {"query": []})) == [2, 3, 3]


def test_item_answers_in_the_order_of_the_table(bank: PxWebServer) -> None:
    answer = ask(bank, query((SECTOR, "item", ["70", "62"])))
    assert sizes(answer) == [2, 2, 3] and picked(answer, SECTOR) == ["62", "70"]


def test_values_are_row_major_with_the_last_dimension_fastest(bank: PxWebServer) -> None:
    answer = ask(bank, query((PLACE, "item", ["48"]), (PERIOD, "item", ["2021", "2020"])))
    assert answer.json()["dataset"]["value"] == [10.5, 11.5, 13.5, 14.5, 16.5, 17.5]


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (["*"], ["62", "63", "70"]),
        (["6*"], ["62", "63"]),
        (["*0", "62*"], ["62", "70"]),
        (["6*", "*"], ["62", "63", "70"]),
    ],
)
def test_all_takes_one_wildcard_before_or_after(bank: PxWebServer, patterns: list[str], found: list[str]) -> None:
    assert picked(ask(bank, query((SECTOR, "all", patterns))), SECTOR) == found


def test_top_is_the_newest_of_time_and_the_first_of_others(bank: PxWebServer) -> None:
    answer = ask(bank, query((PERIOD, "Top", ["2"]), (SECTOR, "top", ["2"])))
    assert picked(answer, PERIOD) == ["2020", "2021"] and picked(answer, SECTOR) == ["62", "63"]


def test_top_of_time_that_runs_backwards_is_still_the_newest() -> None:
    cube = small()
    backwards = small(dims=[*cube.dims[:2], cube.dims[2].cut([2, 1, 0])])
    with PxWebServer({TABLE: backwards}) as bank:
        assert picked(ask(bank, query((PERIOD, "top", ["1"]))), PERIOD) == ["2021"]


def test_an_unknown_filter_counts_as_item(bank: PxWebServer) -> None:
    assert picked(ask(bank, query((SECTOR, "*", ["63"]))), SECTOR) == ["63"]


def test_a_variable_that_may_be_eliminated_is_summed_when_left_out() -> None:
    cube = small(symbols=None)
    dims = [
        cube.dims[0],
        *(d if d.time else d.__class__(**{**d.__dict__, "elimination": True}) for d in cube.dims[1:]),
    ]
    with PxWebServer({TABLE: small(dims=dims, symbols=None)}) as bank:
        answer = ask(bank, query())
        listed = requests.get(f"{bank.base}/es/DB/{TABLE}", timeout=5).json()["variables"]
    assert sizes(answer) == [2, 3] and answer.json()["dataset"]["value"][0] == 0.5 + 3.5 + 6.5
    assert [v.get("elimination") for v in listed] == [None, True, None]


# Errors


def refused(answer: requests.Response, text: str = "Parameter error", status: int = 400) -> None:
    assert (answer.status_code, answer.json()) == (status, {"error": text})
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("values", [["99"], ["62", "62"], ["Informática"], ["62", "99"]])
def test_a_wrong_or_doubled_code_names_the_variable(bank: PxWebServer, values: list[str]) -> None:
    refused(
        ask(bank, query((SECTOR, "item", values))),
        "The request for variable 'sector ' has an error. Please check your query.",
    )


@pytest.mark.parametrize(
    "body",
    [
        query(("sector", "item", ["62"])),  # the trailing blank is part of the name
        query(("lurralde historikoa", "item", ["48"])),  # codes stay Spanish
        query((SECTOR, "item", ["62"]), (SECTOR, "item", ["63"])),
        query((SECTOR, "all", ["62"])),
        query((SECTOR, "all", ["99*"])),
        query((SECTOR, "item", [])),
        query((PERIOD, "top", ["0"])),
        query((PERIOD, "top", ["2", "3"])),
        query((PERIOD, "top", ["two"])),
        query((SECTOR, "agg:A10", ["62"])),
        query((SECTOR, "agg_single:A10", ["62"])),
        query((SECTOR, "vs:other", ["62"])),
        query(form="json-stat3"),
        {"query": [{"code": SECTOR}]},
        {"query": [{"code": SECTOR, "selection": {"filter": None, "values": ["62"]}}]},
        {"response": {"format": "json"}},
        b"{not json",
        b"",
    ],
)
def test_other_mistakes_are_a_parameter_error(bank: PxWebServer, body: Any) -> None:
    refused(ask(bank, body))


@pytest.mark.parametrize(
    "path", ["/fr/DB", "/es/OTHER", f"/es/DB/x{TABLE}", f"/es/DB/{TABLE[:-3]}", f"/es/DB/a/{TABLE}"]
)
def test_unknown_languages_databases_and_tables_are_a_parameter_error(bank: PxWebServer, path: str) -> None:
    refused(requests.get(bank.base + path, timeout=5))


def test_a_search_without_an_index_says_so(bank: PxWebServer) -> None:
    refused(requests.get(f"{bank.base}/es/DB?query=kibs", timeout=5), "Search not activated")


def test_too_many_cells_are_forbidden_and_the_limit_itself_is_not() -> None:
    with PxWebServer({TABLE: small()}, max_cells=12) as bank:
        refused(ask(bank, query()), "Too many values selected", 403)
        assert sizes(ask(bank, query((PERIOD, "top", ["2"])))) == [2, 3, 2]


def test_too_many_calls_say_when_to_come_back() -> None:
    with PxWebServer({TABLE: small()}, max_calls=2, time_window=0.3) as bank:
        answers = [requests.get(f"{bank.base}/es/DB", timeout=5) for _ in range(3)]
        assert [a.status_code for a in answers] == [200, 200, 429] == bank.statuses
        refused(answers[2], "429 - Too many requests in too short timeframe. Please try again later.", 429)
        assert answers[2].headers["Retry-After"] == "1"
        time.sleep(0.35)
        assert requests.get(f"{bank.base}/es/DB", timeout=5).status_code == 200


def test_older_versions_say_404_for_every_400() -> None:
    with PxWebServer({TABLE: small()}, legacy_404=True, max_cells=5) as bank:
        refused(ask(bank, query((SECTOR, "all", ["62"]))), status=404)
        refused(requests.get(f"{bank.base}/es/DB/none.px", timeout=5), status=404)
        refused(ask(bank, query()), "Too many values selected", 403)


@pytest.mark.parametrize("path", ["/aviso.html", "/bankupx/pxweb/es", "/bankupx/Resources/PX/Databases/DB/none.px"])
def test_outside_the_api_there_is_a_page_with_a_title(bank: PxWebServer, path: str) -> None:
    answer = requests.get(bank.root + path, timeout=5)
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")
    assert "<title>Eustat - Error 404</title>" in answer.text


# Catalogue, metadata, configuration


def test_the_catalogue_speaks_the_language_asked_for(bank: PxWebServer) -> None:
    entry = {"id": TABLE, "type": "t", "text": "Taula. 2019 - 2021", "updated": "2026-02-11T09:10:11"}
    assert requests.get(f"{bank.base}/eu/DB", timeout=5).json() == [entry]
    assert requests.get(f"{bank.base}/eu", timeout=5).json() == [{"dbid": "DB", "text": "DB"}]


def test_metadata_keep_spanish_codes_and_leave_false_flags_out(bank: PxWebServer) -> None:
    place, sector, period = requests.get(f"{bank.base}/eu/DB/{TABLE}", timeout=5).json()["variables"]
    assert (place["code"], place["text"]) == (PLACE, "lurralde historikoa")
    assert list(sector) == ["code", "text", "values", "valueTexts"] and sector["valueTexts"] == [
        "a",
        "b",
        "c",
    ]
    assert period["time"] is True and "time" not in place


def test_long_value_lists_are_dropped_and_a_star_still_gets_them() -> None:
    with PxWebServer({TABLE: small()}, max_values=2) as bank:
        _, sector, period = requests.get(f"{bank.base}/es/DB/{TABLE}", timeout=5).json()["variables"]
        assert list(sector) == ["code", "text"] and list(period) == ["code", "text", "time"]
        assert picked(ask(bank, query((SECTOR, "all", ["*"]))), SECTOR) == ["62", "63", "70"]


@pytest.mark.parametrize("path", ["/es/DB?config", f"/es/DB/{TABLE}?config", "/es?config"])
def test_config_names_the_limits(path: str) -> None:
    with PxWebServer({TABLE: small()}, max_values=50, max_cells=60, max_calls=70, time_window=8) as bank:
        told = requests.get(bank.base + path, timeout=5).json()
    assert told == {"maxValues": 50, "maxCells": 60, "maxCalls": 70, "timeWindow": 8, "CORS": True}


def test_prettyprint_indents(bank: PxWebServer) -> None:
    plain = requests.get(f"{bank.base}/es/DB/{TABLE}", timeout=5)
    pretty = requests.get(f"{bank.base}/es/DB/{TABLE}?prettyprint=true", timeout=5)
    assert pretty.json() == plain.json() and b"\n" in pretty.content and b"\n" not in plain.content


def test_preflight_is_answered(bank: PxWebServer) -> None:
    answer = requests.options(f"{bank.base}/es/DB", timeout=5)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Methods"]) == (200, "GET, POST")


def test_equal_requests_are_answered_from_the_cache_for_a_while() -> None:
    with PxWebServer({TABLE: small()}, cache_seconds=0.4) as bank:
        before = ask(bank, query()).content
        refused(ask(bank, query(("later", "item", ["1"]))))
        bank.set_table(TABLE, small(values=np.zeros(18)))
        assert ask(bank, query()).content == before
        time.sleep(0.45)
        assert ask(bank, query()).content != before


# Formats and quirks


def test_nil_and_missing_are_both_null_and_only_status_tells(bank: PxWebServer) -> None:
    dataset = ask(bank, query()).json()["dataset"]
    assert list(dataset) == ["status", "dimension", "label", "source", "updated", "value"]
    assert dataset["status"] == {"4": "-", "7": ":"}
    assert [i for i, v in enumerate(dataset["value"]) if v is None] == [4, 7]


def test_without_symbols_there_is_no_status_but_an_extension() -> None:
    with PxWebServer({TABLE: small(symbols=None)}) as bank:
        first, second = (ask(bank, query(form=f)).json() for f in ("json-stat", "json-stat2"))
    assert list(first["dataset"]) == ["dimension", "label", "source", "updated", "value", "extension"]
    assert "status" not in second


def test_json_stat2_has_a_dimension_that_the_metadata_do_not(bank: PxWebServer) -> None:
    read = ask(bank, query(form="json-stat2"), lang="eu").json()
    assert (read["id"], read["size"]) == (["ContentsCode", PLACE, SECTOR, PERIOD], [1, 2, 3, 3])
    contents = read["dimension"]["ContentsCode"]
    assert contents["category"]["unit"] == {"EliminatedValue": {"base": "miles de euros", "decimals": 1}}
    assert read["role"] == {"time": [PERIOD], "metric": ["ContentsCode"]}


def test_json_keeps_symbols_and_spells_numbers_as_text(bank: PxWebServer) -> None:
    read = ask(bank, query(form="json")).json()
    assert [c["type"] for c in read["columns"]] == ["d", "d", "t", "c"]
    assert [row["values"] for row in read["data"]][3:8] == [["3.5"], ["-"], ["5.5"], ["6.5"], [":"]]
    assert read["data"][-1]["key"] == ["48", "70", "2021"] and read["metadata"][0]["updated"].startswith("9999-")


def test_the_three_csv_forms(bank: PxWebServer) -> None:
    wide, labels, codes = (
        ask(bank, query(form=f)).content.decode("windows-1252").split("\r\n") for f in ("csv", "csv2", "csv3")
    )
    assert wide[0] == '"territorio histórico","sector ","2019","2020","2021"'
    assert wide[2] == '"Araba/Álava","Información",3.5,-,5.5'
    assert labels[0] == '"territorio histórico","sector ","periodo","Tabla"'
    assert labels[5] == '"Araba/Álava","Información","2020",-'
    assert (codes[0], codes[5]) == ('"territorio histórico","sector ","periodo",""', '"01","63","2020",-')


def test_values_are_rounded_to_what_is_shown_and_the_file_is_not() -> None:
    plain = {"DECIMALS": "2", "SHOWDECIMALS": "0"}
    cube = small(values=np.array([0.5, 1.5, 2.5, 1.26] + [0.0] * 14), symbols=None, plain=plain)
    with PxWebServer({TABLE: cube}) as bank:
        shown = ask(bank, query()).json()["dataset"]["value"][:4]
        raw = requests.get(f"{bank.files}/{TABLE}", timeout=5).text
    assert shown == [0, 2, 2, 1]
    assert "0.5 1.5 2.5 1.26" in raw


@pytest.mark.parametrize(("rounding", "shown"), [("0", [0, 2, 2, -2]), ("1", [0, 2, 2, -2]), ("2", [1, 2, 3, -3])])
def test_a_half_goes_to_even_or_away_from_zero(rounding: str, shown: list[int]) -> None:
    cube = small(values=np.array([0.5, 1.5, 2.5, -2.5] + [0.0] * 14), symbols=None, plain={"ROUNDING": rounding})
    with PxWebServer({TABLE: cube}) as bank:
        assert ask(bank, query()).json()["dataset"]["value"][:4] == shown


def test_confidential_tables_never_show_one_or_two() -> None:
    cube = small(values=np.arange(18.0), symbols=None, plain={"CONFIDENTIAL": "1"})
    with PxWebServer({TABLE: cube}) as bank:
        assert ask(bank, query()).json()["dataset"]["value"][:5] == [0, 0, 3, 3, 4]


def test_a_data_note_stands_in_status_beside_its_value() -> None:
    with PxWebServer({TABLE: small(notes=[(("48", None, "2019"), "provisional")])}) as bank:
        dataset = ask(bank, query((SECTOR, "item", ["63"]))).json()["dataset"]
    assert dataset["status"] == {"1": "-", "3": "provisional"} and dataset["value"][3] == 12.5


@pytest.mark.parametrize(
    ("date", "stamp"),
    [
        ("20210416", "9999-12-31T22:59:59Z"),
        ("20210416 00:00", "2021-04-15T22:00:00Z"),
        ("20210116 09:30", "2021-01-16T08:30:00Z"),
    ],
)
def test_updated_is_valid_only_when_the_file_has_a_time(date: str, stamp: str) -> None:
    with PxWebServer({TABLE: small(plain={"CREATION-DATE": date, "DECIMALS": "1"})}) as bank:
        assert ask(bank, query()).json()["dataset"]["updated"] == stamp


def test_a_byte_order_mark_comes_on_data_only() -> None:
    with PxWebServer({TABLE: small()}, bom=True) as bank:
        assert ask(bank, query()).content.startswith(b"\xef\xbb\xbf{")
        assert requests.get(f"{bank.base}/es/DB/{TABLE}", timeout=5).content.startswith(b"{")
        assert ask(bank, query(form="csv")).content.startswith(b'"')


def test_bodies_with_a_byte_order_mark_or_accents_in_utf8_are_read(bank: PxWebServer) -> None:
    body = json.dumps(query((PLACE, "item", ["48"])), ensure_ascii=False).encode("utf-8-sig")
    assert sizes(ask(bank, body)) == [1, 3, 3]


def test_without_a_format_the_server_answers_as_configured() -> None:
    with PxWebServer({TABLE: small()}, default_format="px") as bank:
        assert ask(bank, query(form=None)).content.startswith(b'CHARSET="ANSI";\r\nAXIS-VERSION="2010";\r\nCODEPAGE=')


def test_the_log_counts_requests_and_hooks_change_tables_between_them() -> None:
    renamed = small(texts={"TITLE": {"es": "otra"}})
    with PxWebServer({TABLE: small()}, hooks={1: lambda s: s.set_table(TABLE, renamed)}) as bank:
        titles = [requests.get(f"{bank.base}/es/DB/{TABLE}", timeout=5).json()["title"] for _ in range(2)]
        ask(bank, query())
    assert titles == ["Tabla. 2019 - 2021", "otra"]
    assert [c.method for c in bank.log] == ["GET", "GET", "POST"] and len(bank.calls(TABLE, "POST")) == 1
    assert json.loads(bank.log[2].body) == query() and bank.peak == 1
