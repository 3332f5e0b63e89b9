"""Eurostat's server: formats against real answers and files, filters, each error row of eurostat.md §5."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.servers import Dataset, EurostatServer
from tests.servers.eurostat_data import from_cells, from_json_stat, from_tsv

GEO = {"EU27_2020": "EU", "ES": "Spain", "ES21": "País Vasco", "ES211": "Araba/Álava", "ES30": "Madrid"}
DIMS = {
    "freq": {"A": "Annual"},
    "nace_r2": {"TOTAL": "Total", "J": "Information and communication", "M_N": "Professional"},
    "geo": GEO,
    "time": {"2020": "2020", "2021": "2021"},
}


def cells(index: int) -> tuple[str, str]:
    value = {4: "0", 5: ":", 8: "797.90"}.get(index, f"{index}.5")
    return "" if value == ":" else value, {5: "c", 6: "p", 7: "bu"}.get(index, "")


def tiny() -> Dataset:
    """30 cells: a zero at 4, confidential at 5 (no value), flags at 6 and 7, 797.90 at 8, none for M_N."""
    rows = [("A", n, g, t) for n in ("TOTAL", "J") for g in GEO for t in ("2020", "2021")]
    triples = [(codes, *cells(i)) for i, codes in enumerate(rows)]
    return from_cells("tiny_emp", DIMS, triples, label="Tiny")


@pytest.fixture
def server() -> Iterator[EurostatServer]:
    with EurostatServer([tiny()]) as running:
        yield running


def stat(server: EurostatServer, query: str = "", ident: str = "TINY_EMP") -> requests.Response:
    return requests.get(f"{server.base}/statistics/1.0/data/{ident}?format=JSON&lang=EN{query}", timeout=5)


def bulk(server: EurostatServer, key: str = "", form: str = "TSV", more: str = "") -> requests.Response:
    path = f"/sdmx/2.1/data/TINY_EMP{'/' if key else ''}{key}?format={form}{more}"
    return requests.get(server.base + path, timeout=5)


def pairs(value: Any) -> Any:
    """JSON with objects as lists of pairs, so that the order of keys counts."""
    return json.loads(value, object_pairs_hook=list, parse_float=str, parse_int=str)


def part(tree: Any, *keys: str) -> Any:
    for key in keys:
        tree = dict(tree)[key]
    return tree


# Formats


@pytest.mark.parametrize("name", ["nama_10r_3empers_ES51_2018", "nama_10_a64_e_ES_2022_THS_PER"])
def test_json_stat_is_that_of_the_service_key_by_key(shared: Path, name: str) -> None:
    real = (shared / f"extracts/eurostat/{name}.json").read_bytes()
    data = from_json_stat(real)
    with EurostatServer([data]) as server:
        answer = stat(server, ident=data.id)
    mine, theirs = pairs(answer.content), pairs(real)
    assert [k for k, _ in mine] == [k for k, _ in theirs]
    for key in ("version", "class", "label", "source", "updated", "id", "size", "dimension"):
        assert part(mine, key) == part(theirs, key), key
    assert sorted(part(mine, "value")) == sorted(part(theirs, "value"))
    mine, theirs = part(mine, "extension"), part(theirs, "extension")
    assert [k for k, _ in mine] == [k for k, _ in theirs]
    for key in ("lang", "id", "agencyId", "version", "datastructure", "positions-with-no-data"):
        assert part(mine, key) == part(theirs, key), key
    shape = [[[k for k, _ in note], part(note, "type")] for note in part(theirs, "annotation")]
    assert [[[k for k, _ in note], part(note, "type")] for note in part(mine, "annotation")] == shape


def test_real_answers_are_replayed_byte_exact(shared: Path) -> None:
    real = (shared / "extracts/eurostat/nama_10r_3empers_ES51_2018.json").read_bytes()
    path = "/eurostat/api/dissemination/statistics/1.0/data/NAMA_10R_3EMPERS"
    with EurostatServer([], replay={path: real}) as server:
        assert stat(server, "&geo=ES51", ident="NAMA_10R_3EMPERS").content == real


def test_keys_of_value_are_unsorted_sparse_and_zeros_are_there(server: EurostatServer) -> None:
    keys = list(stat(server).json()["value"])
    assert keys != sorted(keys, key=int) and "4" in keys and "5" not in keys and len(keys) == 19
    assert b'"8":797.90' in stat(server).content


def test_trailing_zeros_can_be_asked_for() -> None:
    with EurostatServer([tiny()], decimals=2) as server:
        assert b'"0":0.50' in stat(server).content


def test_status_is_there_only_where_something_is_flagged(server: EurostatServer) -> None:
    flagged, plain = stat(server).json(), stat(server, "&geo=EU27_2020").json()
    assert list(flagged)[5:7] == ["value", "status"]
    assert flagged["status"] == {"5": "|C", "6": "p", "7": "bu"}
    assert flagged["extension"]["status"]["label"]["|C"] == "|confidential"
    assert "status" not in plain and "status" not in plain["extension"] and "role" not in flagged


def test_positions_without_data_are_listed(server: EurostatServer) -> None:
    assert stat(server).json()["extension"]["positions-with-no-data"]["nace_r2"] == [2]


def test_tsv_has_the_current_header_and_trailing_blanks(server: EurostatServer) -> None:
    lines = bulk(server).text.split("\n")
    assert lines[0] == "freq,nace_r2,geo\\TIME_PERIOD\t2020 \t2021 "
    assert lines[3:6] == [
        "A,TOTAL,ES21\t0 \t: c",
        "A,TOTAL,ES211\t6.5 p\t7.5 bu",
        "A,TOTAL,ES30\t797.9 \t9.5 ",
    ]
    assert lines[-1] == "" and len(lines) == 12


def test_tsv_can_have_the_old_header() -> None:
    with EurostatServer([tiny()], old_tsv=True) as server:
        lines = bulk(server).text.split("\n")
    assert lines[0] == "nace_r2,geo\\time\t2021 \t2020 " and lines[3] == "TOTAL,ES21\t: c\t0 "


def test_a_compressed_body_is_gzip_and_says_so_only_if_told_to() -> None:
    plain = "freq,nace_r2"
    with EurostatServer([tiny()]) as server:
        silent = bulk(server, more="&compressed=true")
    with EurostatServer([tiny()], gzip_header=True) as server:
        named = bulk(server, more="&compressed=true")
    assert "Content-Encoding" not in silent.headers and gzip.decompress(silent.content).startswith(plain.encode())
    assert named.headers["Content-Encoding"] == "gzip" and named.text.startswith(plain)


@pytest.mark.parametrize("name", ["nama_10r_3empers", "nama_10r_3gva"])
def test_the_embedded_shape_is_loaded_and_written_cell_by_cell(shared: Path, name: str) -> None:
    real = (shared / f"figures/{name}.tsv").read_bytes()
    with EurostatServer([from_tsv(real, name)]) as server:
        path = f"{server.base}/sdmx/2.1/data/{name}?format=TSV"
        mine = requests.get(path, timeout=5).text

    def rows(text: str) -> dict[str, list[str]]:
        return {line.split("\t")[0]: [c.strip() for c in line.split("\t")[1:]] for line in text.splitlines()}

    assert rows(mine) == {k: v for k, v in rows(real.decode()).items() if set(v) != {":"}}


def test_the_whole_old_bulk_file_goes_through(shared: Path) -> None:
    real = gzip.decompress((shared / "extracts/eurostat/lfst_r_lfe2en2.tsv.gz").read_bytes())
    with EurostatServer([from_tsv(real, "lfst_r_lfe2en2")], old_tsv=True) as server:
        mine = requests.get(f"{server.base}/sdmx/2.1/data/lfst_r_lfe2en2?format=TSV", timeout=30).content
    kept = {line for line in real.split(b"\n") if line}
    written = {line for line in mine.split(b"\n") if line}
    assert written <= kept and mine.split(b"\n")[0] == real.split(b"\n")[0]
    assert all({c.strip() for c in line.split(b"\t")[1:]} == {b":"} for line in kept - written)


def test_sdmx_csv_is_that_of_the_service_byte_for_byte(shared: Path) -> None:
    real = (shared / "extracts/eurostat/sdmx_csv_lfsa_argan.csv").read_bytes()
    head, *rows = [line.split(",") for line in real.decode().splitlines()]
    names, times = head[2:-4], [row[-4] for row in rows]
    dims = {n: {c: c} for n, c in zip(names, rows[0][2:-4], strict=True)} | {"time": {t: t for t in times}}
    triples = [(tuple(row[2:-3]), row[-3], row[-2]) for row in rows]
    data = from_cells("LFSA_ARGAN", dims, triples, updated="2026-06-11T23:00:00+0200")
    with EurostatServer([data]) as server:
        answer = requests.get(f"{server.base}/sdmx/2.1/data/LFSA_ARGAN?format=SDMX-CSV", timeout=5)
    assert answer.content == real
    assert answer.headers["Content-Type"] == "application/vnd.sdmx.data+csv;version=1.0.0"


@pytest.mark.parametrize("missing", ["", ":"])
def test_sdmx_csv_shows_confidential_cells_and_may_lack_a_column(missing: str) -> None:
    with EurostatServer([tiny()], missing=missing) as server:
        assert f",TOTAL,ES21,2021,{missing},,C\n" in bulk(server, form="SDMX-CSV").text
    with EurostatServer([tiny()], conf_status=False) as server:
        assert bulk(server, form="SDMX-CSV").text.split("\n")[0].endswith("OBS_VALUE,OBS_FLAG")


def test_sdmx_csv_may_be_gzip_unasked_and_unnamed() -> None:
    with EurostatServer([tiny()], gzip_if_accepted=True) as server:
        body = bulk(server, form="SDMX-CSV").content
    assert gzip.decompress(body).startswith(b"DATAFLOW")


# Filters


def test_filters_are_repeated_parameters_in_any_case_and_order(server: EurostatServer) -> None:
    read = stat(server, "&geo=ES30&geo=es21&NACE_R2=J&time=2021").json()
    assert read["size"] == [1, 1, 2, 1] and read["value"] == {"0": 15.5, "1": 19.5}
    assert list(read["dimension"]["geo"]["category"]["index"]) == ["ES21", "ES30"]


@pytest.mark.parametrize(
    ("query", "periods"),
    [
        ("&sinceTimePeriod=2021", ["2021"]),
        ("&untilTimePeriod=2020", ["2020"]),
        ("&lastTimePeriod=1", ["2021"]),
        ("&time_period=2020", ["2020"]),
    ],
)
def test_periods_can_be_bounded(server: EurostatServer, query: str, periods: list[str]) -> None:
    assert list(stat(server, query).json()["dimension"]["time"]["category"]["index"]) == periods


@pytest.mark.parametrize(
    ("level", "found"), [("aggregate", ["EU27_2020"]), ("country", ["ES"]), ("nuts2", ["ES21", "ES30"])]
)
def test_geo_level_picks_areas_by_level(server: EurostatServer, level: str, found: list[str]) -> None:
    assert list(stat(server, f"&geoLevel={level}").json()["dimension"]["geo"]["category"]["index"]) == found


def test_a_key_picks_codes_by_position(server: EurostatServer) -> None:
    lines = bulk(server, ".J+TOTAL.ES30", more="&startPeriod=2021").text.split("\n")
    assert lines[:-1] == ["freq,nace_r2,geo\\TIME_PERIOD\t2021 ", "A,TOTAL,ES30\t9.5 ", "A,J,ES30\t19.5 "]


# Errors


def test_an_unknown_dataset_is_404_with_id_100(server: EurostatServer) -> None:
    answer = stat(server, ident="nope_xx")
    [error] = answer.json()["error"]
    assert (answer.status_code, error["status"], error["id"]) == (404, 404, 100)
    assert error["label"].startswith("ERR_NOT_FOUND_4: ")


def test_an_unknown_dimension_is_400_with_id_150(server: EurostatServer) -> None:
    answer = stat(server, "&indic_il=LI_R_MD60")
    assert answer.status_code == 400 and answer.json()["error"][0]["id"] == 150


def test_geo_and_geo_level_exclude_each_other(server: EurostatServer) -> None:
    answer = stat(server, "&geo=ES&geoLevel=nuts2")
    assert answer.status_code == 400
    assert "'geo' parameter and 'geoLevel' parameter cannot be set at the same time." in answer.text


def test_an_unknown_value_is_200_with_an_empty_value(server: EurostatServer) -> None:
    read = stat(server, "&geo=EU15").json()
    assert read["value"] == {} and read["size"] == [1, 3, 0, 2]


def test_a_known_value_without_data_is_200_with_an_empty_value(server: EurostatServer) -> None:
    read = stat(server, "&nace_r2=M_N").json()
    assert read["value"] == {} and read["size"] == [1, 1, 5, 2]


def test_an_unknown_value_can_be_an_error_that_names_it() -> None:
    with EurostatServer([tiny()], unknown_value="error") as server:
        answer = stat(server, "&geo=EU15&geo=ES")
    assert answer.status_code == 400 and answer.json()["error"][0]["label"].endswith("not allowed: GEO=EU15.")


@pytest.mark.parametrize("query", ["", "&no_such=1"])
def test_too_big_is_413_before_names_are_looked_at(query: str) -> None:
    with EurostatServer([tiny()], max_rows=29) as server:
        answer = stat(server, query)
        assert stat(server, "&time=2020").status_code == 200
    [error] = answer.json()["error"]
    assert (answer.status_code, error["id"]) == (413, 413)
    assert "EXTRACTION_TOO_BIG: " in error["label"] and "estimated 30 rows, max authorised is 29" in error["label"]


def test_too_big_is_a_soap_fault_on_sdmx_even_over_rest() -> None:
    with EurostatServer([tiny()], max_rows=29) as server:
        answer = bulk(server)
    assert answer.status_code == 413 and "<faultcode>413</faultcode><faultstring>EXTRACTION_TOO_BIG" in answer.text
    assert "xml" in answer.headers["Content-Type"]


def test_too_many_categories_are_416() -> None:
    with EurostatServer([tiny()], max_categories=1) as server:
        answer = stat(server, "&geo=ES&geo=ES21")
        assert stat(server, "&geo=ES").status_code == 200
    assert answer.status_code == 416 and "Maximum is 1" in answer.text


@pytest.mark.parametrize(
    ("key", "status", "code", "text"),
    [
        ("A.X.ES", 400, 150, "INVALID_QUERY_DIMENSION_VALUE"),
        ("A.J", 400, 140, "INVALID_QUERY"),
        ("A.M_N.ES", 404, 100, "NO_RESULTS"),
    ],
)
def test_sdmx_faults(server: EurostatServer, key: str, status: int, code: int, text: str) -> None:
    answer = bulk(server, key)
    assert answer.status_code == status
    assert f"<faultcode>{code}</faultcode><faultstring>{text}: " in answer.text


def test_error_can_be_an_object_with_its_status_as_text() -> None:
    with EurostatServer([tiny()], error_list=False) as server:
        assert stat(server, ident="nope_xx").json()["error"]["status"] == "404"
        assert set(stat(server, "&geo=ES&geoLevel=nuts2").json()["error"]) == {"status", "label"}


# Asynchronous answers


@pytest.mark.parametrize(("shape", "status", "key"), [("warning", 200, "warning"), ("error", 413, "error")])
def test_the_statistics_api_puts_off_in_two_shapes_and_then_answers(shape: str, status: int, key: str) -> None:
    with EurostatServer([tiny()], async_over=10, async_polls=2, async_shape=shape) as server:
        answers = [stat(server) for _ in range(3)]
        assert stat(server, "&geo=ES&nace_r2=J").status_code == 200
    assert [a.status_code for a in answers] == [status, status, 200]
    assert list(answers[0].json()) == [key] and "ASYNCHRONOUS_RESPONSE. " in answers[0].text
    assert answers[2].json()["size"] == [1, 3, 5, 2]


@pytest.mark.parametrize("prefix", ["", "/1.0"])
def test_sdmx_gives_a_bare_id_then_its_status_then_the_data(prefix: str) -> None:
    with EurostatServer([tiny()], async_over=0, async_polls=2) as server:
        ident = bulk(server, more="&compressed=true").text
        early = requests.get(f"{server.base}{prefix}/async/data/{ident}", timeout=5)
        states = [requests.get(f"{server.base}{prefix}/async/status/{ident}", timeout=5).text for _ in range(3)]
        data = requests.get(f"{server.base}{prefix}/async/data/{ident}", timeout=5)
    assert len(ident) == 36 and early.status_code == 400 and "DATA_NOT_YET_AVAILABLE" in early.text
    assert states == ["PROCESSING", "PROCESSING", "AVAILABLE"]
    assert gzip.decompress(data.content).startswith(b"freq,nace_r2,geo")


def test_sdmx_can_queue_in_soap() -> None:
    with EurostatServer([tiny()], async_over=0, async_polls=0, sdmx_async="soap", async_end="ERROR") as server:
        queued = bulk(server).text
        ident = queued.split("<id>")[1].split("<")[0]
        state = requests.get(f"{server.base}/1.0/async/status/{ident}", timeout=5).text
        unknown = requests.get(f"{server.base}/1.0/async/status/other", timeout=5)
    assert "<status>SUBMITTED</status>" in queued and f">{ident}</ns1:key><ns1:status>ERROR<" in state
    assert unknown.status_code == 404 and "UNKNOWN_REQUEST" in unknown.text


def test_a_dataset_can_change_between_two_calls() -> None:
    later = replace(tiny(), updated="2026-08-31T23:00:00+0200")
    with EurostatServer([tiny()], hooks={1: lambda s: s.set_dataset(later)}) as server:
        assert [stat(server).json()["updated"][:7] for _ in range(2)] == ["2026-07", "2026-08"]
