"""The bank's server against what was captured from the bank: the same bytes for the same cube."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import requests

from tests.integration.servers.helpers import from_json_stat2, from_metadata, query
from tests.servers import Cube, Dim, PxWebServer
from tests.servers.px_write import parse

CAPTURES = "extracts/eustat/captures"
EP31 = "PX_010152_cepv1_ep31"


def capture(shared: Path, name: str) -> bytes:
    return (shared / CAPTURES / name).read_bytes()


@pytest.mark.parametrize("form", ["json-stat", "json-stat2"])
def test_json_stat_answers_are_those_of_the_bank_byte_for_byte(shared: Path, form: str) -> None:
    cube = from_json_stat2(capture(shared, f"{EP31}.jsonstat2.trimmed.json"))
    version = {"json-stat": "jsonstat12", "json-stat2": "jsonstat2"}[form]
    with PxWebServer({EP31: cube}) as bank:
        answer = requests.post(f"{bank.base}/es/DB/{EP31}.px", json=query(form=form), timeout=5)
    assert answer.content == capture(shared, f"{EP31}.{version}.trimmed.json").strip()
    assert answer.headers["Content-Type"].startswith("application/json")


def test_metadata_are_those_of_the_bank_byte_for_byte(shared: Path) -> None:
    real = capture(shared, "PX_010154_cepv1_ep06b.metadata_es.2026-09-20.json")
    with PxWebServer({"ep06b": from_metadata(real)}) as bank:
        assert requests.get(f"{bank.base}/es/DB/ep06b.px", timeout=5).content == real.strip()


def test_metadata_of_a_newer_table_have_the_same_keys_in_the_same_order(shared: Path) -> None:
    real = capture(shared, "PX_050403_cpra_tab_a_25.metadata_es.json")
    with PxWebServer({"tab": from_metadata(real)}) as bank:
        served = requests.get(f"{bank.base}/es/DB/tab.px", timeout=5).content
    assert json.dumps(json.loads(served)) == json.dumps(json.loads(real))


def test_the_catalogue_is_that_of_the_bank_byte_for_byte_ghost_included(shared: Path) -> None:
    real = capture(shared, "catalogue_es.4_entries.2026-09-20.json")
    entries = json.loads(real)
    ghost, *tables = [e["id"] for e in entries]
    blank = Cube([Dim("periodo", ["2020"], {"es": ["2020"]}, time=True)], np.zeros(1))
    with PxWebServer(
        dict.fromkeys(tables, blank),
        {e["id"]: e["updated"] for e in entries},
        texts={e["id"]: e["text"] for e in entries},
        ghosts=[ghost],
    ) as bank:
        assert requests.get(f"{bank.base}/es/DB", timeout=5).content == real.strip()
        lost = requests.get(f"{bank.base}/es/DB/{ghost}", timeout=5)
    assert (lost.status_code, lost.json()) == (400, {"error": "Parameter error"})


def test_csv_is_that_of_the_bank_byte_for_byte(shared: Path) -> None:
    head = capture(shared, "PX_010901_cecv_ni11_1.csv_head.csv")
    header, *rows = [line.split(",") for line in head.decode("windows-1252").splitlines()]
    names = [cell.strip('"') for cell in header]
    zones = [row[1].strip('"') for row in rows]
    dims = [
        Dim(names[0], ["0"], {"es": ["Total"]}),
        Dim(names[1], [str(i) for i in range(len(zones))], {"es": zones}),
        Dim("periodo", names[2:], {"es": names[2:]}, time=True),
    ]
    values = np.array([float(v) for row in rows for v in row[2:]])
    with PxWebServer({"ni11": Cube(dims, values, plain={"DECIMALS": "1"})}) as bank:
        answer = requests.post(f"{bank.base}/es/DB/ni11.px", json=query(form="csv"), timeout=5)
    assert answer.content.rstrip(b"\r\n") == head.rstrip(b"\r\n")
    assert answer.headers["Content-Type"] == "text/csv; charset=windows-1252"


def test_the_raw_file_is_served_as_it_is_and_agrees_with_the_api(shared: Path) -> None:
    real = (shared / "extracts/eustat/PX_112311_cindus_ind01.px").read_bytes()
    with PxWebServer({"PX_112311_cindus_ind01": real}) as bank:
        raw = requests.get(f"{bank.files}/PX_112311_cindus_ind01.px", timeout=5)
        path = f"{bank.base}/es/DB/PX_112311_cindus_ind01.px"
        stat = requests.post(path, json=query(), timeout=5).json()["dataset"]
        again = parse(requests.post(path, json=query(form="px"), timeout=5).content)
    assert raw.content == real
    cube = parse(real)
    assert [v or 0 for v in stat["value"]] == cube.values.tolist() == again.values.tolist()
    assert set(stat["status"].values()) == {"-"}
    assert again.dims == cube.dims and again.texts == cube.texts


def test_captures_are_replayed_byte_exact(shared: Path) -> None:
    real = capture(shared, f"{EP31}.jsonstat12.trimmed.json")
    path = f"/bankupx/api/v1/es/DB/{EP31}.px"
    with PxWebServer({}, replay={path: real}) as bank:
        answer = requests.post(bank.root + path + "?prettyprint=true", json=query(), timeout=5)
    assert answer.content == real
    assert answer.headers["Content-Type"].startswith("application/json")
