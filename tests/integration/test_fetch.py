"""Fetching from the publishers' stand-ins: stamps, drift, refusals, faults; the store is whole after each."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from observatory import fetching, quality
from observatory.build import Workspace
from observatory.fetching import Outcome
from observatory.settings import Settings
from observatory.snapshots import Store
from tests.servers import EurostatServer, Fault, PxWebServer, randomly
from tests.servers.eurostat_data import from_tsv
from tests.servers.faults import KINDS

ACCOUNTS = ("nama_10r_3empers", "nama_10r_3gva")
SOURCES = tuple(f"eurostat_{table}" for table in ACCOUNTS)
INDUSTRY = "PX_112311_cindus_ind01"
AGGREGATES = "eustat_industry_aggregates"


def embedded(table: str) -> bytes:
    """The embedded TSV of an accounts table."""
    settings = Settings()
    store = Store(settings.embedded, "embedded")
    return store.read(f"eurostat_{table}", store.lock().tables[f"eurostat_{table}"])


@pytest.fixture
def eurostat() -> Iterator[EurostatServer]:
    datasets = [from_tsv(embedded(table), table.upper()) for table in ACCOUNTS]
    with EurostatServer(datasets) as server:
        yield server


def workspace(data: Path, server: EurostatServer | None = None, bank: PxWebServer | None = None) -> Workspace:
    addresses: dict[str, str] = {}
    if server is not None:
        addresses |= {
            "eurostat_statistics": f"{server.base}/statistics/1.0",
            "eurostat_sdmx": f"{server.base}/sdmx/2.1",
            "eurostat_async": f"{server.base}/1.0/async",
        }
    if bank is not None:
        addresses |= {"eustat_api": bank.base, "eustat_files": bank.files}
    return Workspace(Settings(data=data, retries=2, **addresses))


def run(ws: Workspace, wanted: tuple[str, ...] = SOURCES, **options: bool) -> dict[str, Outcome]:
    clients = fetching.publishers(ws.settings, sleep=lambda seconds: None)
    return {o.source: o for o in fetching.fetch(ws, fetching.choose(ws, wanted), clients, **options)}


def test_a_first_fetch_stores_what_the_contract_describes(tmp_path: Path, eurostat: EurostatServer) -> None:
    found = run(workspace(tmp_path, eurostat))
    assert {o.state for o in found.values()} == {"fetched"}
    ws = workspace(tmp_path, eurostat)
    assert {ws.pins[s].store.name for s in SOURCES} == {"local"}
    entry = ws.pins[SOURCES[0]].entry
    assert (entry.provenance, entry.acquired, entry.format) == ("official", "fetched", "jsonstat")
    assert found[SOURCES[0]].drift.revised == 0 and found[SOURCES[0]].drift.unchanged == 2475


def test_figures_from_the_api_are_those_from_the_bulk_file(
    built: Workspace, tmp_path: Path, eurostat: EurostatServer
) -> None:
    import pyarrow.parquet as pq

    run(workspace(tmp_path, eurostat))
    ws = workspace(tmp_path, eurostat)
    for relation in [*ws.catalogue_tables, *(f"raw.{s}" for s in SOURCES), "core.employment", "core.gva"]:
        ws.make(relation)
    ws.make("indicators.ict_emp_share")
    ours, theirs = (pq.read_table(w.path("indicators.ict_emp_share")) for w in (ws, built))
    known = {(r["geo"], r["period"]): r["value"] for r in theirs.to_pylist()}
    again = {(r["geo"], r["period"]): r["value"] for r in ours.to_pylist() if (r["geo"], r["period"]) in known}
    assert again == known


def test_nothing_is_fetched_twice_and_the_lock_does_not_move(tmp_path: Path, eurostat: EurostatServer) -> None:
    run(workspace(tmp_path, eurostat), since_updated=True)
    lock = (tmp_path / "snapshots" / "lock.yaml").read_bytes()
    found = run(workspace(tmp_path, eurostat), since_updated=True)
    assert {o.state for o in found.values()} == {"up to date"}
    found = run(workspace(tmp_path, eurostat))
    assert {o.state for o in found.values()} == {"unchanged"}
    assert (tmp_path / "snapshots" / "lock.yaml").read_bytes() == lock


def test_a_dry_run_stores_nothing(tmp_path: Path, eurostat: EurostatServer) -> None:
    found = run(workspace(tmp_path, eurostat), dry_run=True)
    assert {o.state for o in found.values()} == {"would fetch"}
    assert not (tmp_path / "snapshots" / "lock.yaml").exists()


def test_every_answer_is_archived(tmp_path: Path, eurostat: EurostatServer) -> None:
    run(workspace(tmp_path, eurostat))
    lines = (tmp_path / "snapshots" / "archive" / "exchanges.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == len(eurostat.log)
    for line in map(json.loads, lines):
        assert (tmp_path / "snapshots" / "archive" / line["sha256"][:2] / line["sha256"]).exists()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b",ES21\t", b",ES2X\t", "ES21|ES2X"),
        (b"A,THS,", b"A,PC,", "THS|PC"),
        (b"wstatus", b"employment", "dimension|wstatus"),
        (b"\t2008 ", b"\t1908 ", "2008|1908"),
    ],
)
def test_a_drifted_table_is_refused_the_rest_arrives_the_one_before_stays(
    tmp_path: Path, old: bytes, new: bytes, says: str
) -> None:
    import re

    drifted = from_tsv(embedded(ACCOUNTS[0]).replace(old, new), ACCOUNTS[0].upper())
    sound = from_tsv(embedded(ACCOUNTS[1]), ACCOUNTS[1].upper())
    with EurostatServer([drifted, sound]) as server:
        found = run(workspace(tmp_path, server))
        assert found[SOURCES[0]].error is not None
        assert re.search(says, found[SOURCES[0]].detail), found[SOURCES[0]].detail
        assert found[SOURCES[1]].state == "fetched"
        ws = workspace(tmp_path, server)
    assert ws.pins[SOURCES[0]].store.name == "embedded" and ws.pins[SOURCES[1]].store.name == "local"


def test_a_change_of_unit_is_refused_by_its_magnitude(tmp_path: Path) -> None:
    head, *rows = embedded(ACCOUNTS[1]).decode().splitlines()

    def thousandfold(cell: str) -> str:
        number, _, flag = cell.strip().partition(" ")
        return cell if number == ":" else f"{float(number) * 1000} {flag}"

    lines = ["\t".join([row.split("\t")[0], *map(thousandfold, row.split("\t")[1:])]) for row in rows]
    data = ("\n".join([head, *lines]) + "\n").encode()
    with EurostatServer([from_tsv(data, ACCOUNTS[1].upper())]) as server:
        found = run(workspace(tmp_path, server), SOURCES[1:])
    detail = found[SOURCES[1]].detail
    assert found[SOURCES[1]].state == "refused" and ("factor of 1e+03" in detail or "sum(s)" in detail)


def test_eustats_real_file_of_2021_lacks_the_years_that_the_contract_promises(tmp_path: Path, shared: Path) -> None:
    data = (shared / "extracts" / "eustat" / f"{INDUSTRY}.px").read_bytes()
    with PxWebServer({INDUSTRY: data}, {INDUSTRY: "2021-04-16T09:05:00"}) as bank:
        outcome = run(workspace(tmp_path, bank=bank), (AGGREGATES,))[AGGREGATES]
    assert outcome.state == "refused" and "no 2024 in 'periodo'" in outcome.detail
    assert not (tmp_path / "snapshots" / "lock.yaml").exists()


def test_eustats_real_file_comes_whole_is_resolved_and_adds_up(tmp_path: Path, shared: Path) -> None:
    """With a contract of its time: the whole file; our names beside the publisher's codes."""
    import pyarrow.parquet as pq

    home = tmp_path / "home"
    for part in ("sql", "data/catalogue", "data/embedded"):
        shutil.copytree(Settings().home / part, home / part)
    contract = home / "data" / "catalogue" / "sources" / f"{AGGREGATES}.yaml"
    contract.write_text(contract.read_text("utf-8").replace("last: '2024'", "last: '2019'"), "utf-8")
    data = (shared / "extracts" / "eustat" / f"{INDUSTRY}.px").read_bytes()
    with PxWebServer({INDUSTRY: data}, {INDUSTRY: "2021-04-16T09:05:00"}) as bank:
        settings = workspace(tmp_path / "data", bank=bank).settings.model_copy(update={"home": home})
        outcome = run(Workspace(settings), (AGGREGATES,))[AGGREGATES]
        # the file, and the catalogue for the publisher's stamp (the one inside the file is the year 9999)
        assert [call.path.rsplit("/", 1)[-1] for call in bank.log] == [f"{INDUSTRY}.px", "DB"]
    assert outcome.state == "fetched", outcome.detail
    ws = Workspace(settings)
    assert ws.pins[AGGREGATES].read() == data and ws.pins[AGGREGATES].entry.format == "px"
    ws.make(f"raw.{AGGREGATES}")
    rows = pq.read_table(ws.path(f"raw.{AGGREGATES}")).to_pylist()
    assert len(rows) == 19_200 and sum(row["kind"] == "nil" for row in rows) == 360
    assert {row["territorio histórico__as"] for row in rows} == {"ES21", "ES211", "ES212", "ES213"}
    assert all(found.passed for found in quality.run(ws, f"raw.{AGGREGATES}"))


@pytest.mark.parametrize("times", [200, pytest.param(1_000, marks=pytest.mark.thorough)])
def test_faulty_exchanges_leave_the_store_whole(tmp_path: Path, times: int) -> None:
    """Each ends in success or one clear error; after each the lock is valid and every snapshot verifies."""
    dataset = from_tsv(embedded(ACCOUNTS[0]), ACCOUNTS[0].upper())
    kinds = [Fault(kind) for kind in KINDS if kind not in {"slow", "stall"}]
    seen: dict[str, int] = {}
    with EurostatServer([dataset], faults=randomly(20261123, 0.5, kinds)) as server:
        ws = workspace(tmp_path, server)
        while len(server.log) < times:
            outcome = run(ws, SOURCES[:1])[SOURCES[0]]
            seen[outcome.state] = seen.get(outcome.state, 0) + 1
            assert outcome.error is None or str(outcome.error)
            store = Store(tmp_path / "snapshots", "local")
            for source, entry in store.lock().tables.items():
                store.read(source, entry)
            assert not list((tmp_path / "snapshots").glob("**/*.part"))
            store.lock_path.unlink(missing_ok=True)  # so that the next success has something to store
    assert set(seen) >= {"fetched", "failed"}, seen
