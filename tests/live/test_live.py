"""The questions that only the real services can answer; run with ``pytest -m live`` and a network.

Each prints what it found and holds it against the contracts. What the references could not find is settled here: the
lines of the profit and loss account, the limits of the bank, the codes of totals and capitals, marks before JSON, the
age of the catalogue's stamps, and whether the datasets of Eurostat answer as expected.
"""

from __future__ import annotations

import json

import pytest

from observatory import fetching
from observatory.build import Workspace
from observatory.errors import ObservatoryError
from observatory.fetching import Outcome
from observatory.sources import Bases, Publishers

pytestmark = pytest.mark.live

WS = Workspace()
EUSTAT = [s for s in WS.catalogue.sources.values() if s.publisher == "eustat"]
OTHERS = [s for s in WS.catalogue.sources.values() if s.publisher in {"eurostat", "ine"}]


@pytest.fixture(scope="module")
def clients() -> Publishers:
    return fetching.publishers(WS.settings)


def raw(clients: Publishers, address: str) -> bytes:
    """The bytes of an answer, before anybody reads them."""
    return clients.pxweb._transport.get(address).body


def test_the_banks_catalogue_knows_every_contracted_table_and_its_stamps_are_dates(clients: Publishers) -> None:
    catalogue = clients.pxweb.catalogue()
    gone = [s.table for s in EUSTAT if s.table not in catalogue]
    print(f"{len(catalogue)} tables; contracted and not there: {gone or 'none'}")
    assert gone == []


def test_the_banks_limits(clients: Publishers) -> None:
    address = f"{Bases().eustat_api}/es/DB/{EUSTAT[0].table}.px?config"
    found = json.loads(raw(clients, address).decode("utf-8-sig"))
    print(f"?config: {found}")
    assert found["maxCells"] > 0


@pytest.mark.parametrize("source", [s.id for s in EUSTAT])
def test_the_banks_metadata_have_the_contracts_dimensions(clients: Publishers, source: str) -> None:
    table = WS.catalogue.sources[source].table
    found = json.loads(raw(clients, f"{Bases().eustat_api}/es/DB/{table}.px").decode("utf-8-sig"))
    dimensions = [v["code"] for v in found["variables"]]
    for variable in found["variables"]:
        pairs = list(zip(variable.get("values", []), variable.get("valueTexts", []), strict=False))
        print(f"{table} {variable['code']!r}: {pairs[:60]}")
    assert dimensions == [d.code for d in WS.catalogue.sources[source].dimensions]


@pytest.mark.parametrize("source", [s.id for s in (*EUSTAT, *OTHERS)])
def test_the_table_of_today_is_what_its_contract_says(clients: Publishers, source: str) -> None:
    outcome: Outcome = fetching.check(WS, WS.catalogue.sources[source], clients)
    print(fetching.line(outcome))
    assert outcome.error is None


def test_data_posts_carry_a_mark_or_not_and_status_comes_before_or_after_value(clients: Publishers) -> None:
    table = "PX_222315_ceit_tic01"
    response = clients.pxweb._transport.post(
        f"{Bases().eustat_api}/es/DB/{table}.px",
        json.dumps({"query": [], "response": {"format": "json-stat2"}}).encode(),
    )
    body = response.body
    keys = list(json.loads(body.decode("utf-8-sig")))
    print(f"BOM: {body.startswith(bytes([0xEF, 0xBB, 0xBF]))}; keys: {keys}")
    assert keys[0] == "version" and "ContentsCode" in body.decode("utf-8-sig")


def test_a_request_that_is_too_large_is_refused_in_words(clients: Publishers) -> None:
    with pytest.raises(ObservatoryError) as caught:
        clients.fetch({"service": "eurostat", "route": "json", "table": "nama_10r_3gdp_too_big_for_a_name"})
    print(caught.value)
    assert "nama_10r_3gdp_too_big_for_a_name" in str(caught.value)
