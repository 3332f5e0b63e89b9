"""`refresh --live` against servers that hold every contract: all arrives, nothing twice, what drifted is refused."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from observatory import catalogue
from observatory.settings import Settings
from observatory.snapshots import Store
from tests.integration.publishers import Publishers, every_contract

CONTRACTS = catalogue.load(Settings().home)
ASKED = {name for name, source in CONTRACTS.sources.items() if source.asked()}
ACCOUNT = "eustat_industry_accounts"


@pytest.fixture(scope="module")
def publishers() -> Iterator[Publishers]:
    with every_contract(CONTRACTS) as running:
        yield running


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("live")


def refresh(publishers: Publishers, data: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **publishers.environment, "OBSERVATORY_DATA": str(data)}
    words = [sys.executable, "-m", "observatory", "refresh", "--live", "--quarter", "2026Q4"]
    return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)


def test_a_live_refresh_fetches_every_contract_releases_then_fetches_nothing_then_refuses_what_drifted(
    publishers: Publishers, data: Path, root: Path
) -> None:
    first = refresh(publishers, data)
    assert first.returncode == 0, first.stderr[-3000:]
    assert f"{len(ASKED)} tables: {len(ASKED)} fetched" in first.stdout
    assert "Published release 2026Q4.0" in first.stdout
    store = Store(data / "snapshots", "local")
    lock = store.lock().tables
    assert set(lock) == ASKED
    assert {(e.provenance, e.acquired) for e in lock.values()} == {("official", "fetched")}

    before = store.lock_path.read_bytes()
    second = refresh(publishers, data)
    assert second.returncode == 0, second.stderr[-3000:]
    # INE's file has no stamp: it is asked for, and its bytes are the same
    assert f"{len(ASKED)} tables: {len(ASKED) - 1} up to date, 1 unchanged" in second.stdout
    assert "Nothing has changed since release 2026Q4.0" in second.stdout
    assert store.lock_path.read_bytes() == before

    table = CONTRACTS.sources[ACCOUNT].table
    sound = publishers.bank.tables[table]
    assert isinstance(sound, bytes)
    publishers.bank.tables[table] = sound.replace(b"cuenta de perdidas y ganancias", b"cuenta de resultados")
    publishers.bank.updated |= {table: "2026-11-20T09:05:00", "PX_222315_ceit_tic04": "2026-11-20T09:05:00"}
    third = refresh(publishers, data)
    assert third.returncode == 4, third.stdout[-2000:] + third.stderr[-3000:]
    assert re.search(r"cuenta de perdidas y ganancias.*is now called.*cuenta de resultados", third.stderr)
    assert "1 refused" in third.stdout and "Nothing has changed since release" in third.stdout
    assert store.lock().tables[ACCOUNT] == lock[ACCOUNT]
    assert store.read(ACCOUNT, lock[ACCOUNT]) == sound
