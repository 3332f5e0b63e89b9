"""A table of the size of Eustat's largest, behind a small limit and a server that is often busy."""

from __future__ import annotations

import numpy as np
import pytest

from observatory.errors import PublisherError
from observatory.formats import parts, px
from observatory.sources import Bases, Publishers
from observatory.sources.transport import Policy, Transport
from tests.servers import Cube, Dim, Fault, PxWebServer, every
from tests.servers.px_write import write

TABLE = "PX_200163_cdirae_est04b"


def cube(sizes: tuple[int, int, int]) -> Cube:
    """Municipalities × classes × years, a third of the cells nil, some not available."""
    towns, classes, years = sizes
    names = {
        "municipio": [f"{n:05d}" for n in range(1000, 1000 + towns)],
        "CNAE-2009": ["0", *(f"{n:04d}" for n in range(100, 99 + classes))],
        "periodo": [str(2026 - years + n) for n in range(years)],
    }
    dims = [
        Dim(name, codes, dict.fromkeys(("es", "eu", "en"), codes), time=name == "periodo")
        for name, codes in names.items()
    ]
    rng = np.random.default_rng(4)
    values = rng.integers(0, 3000, towns * classes * years).astype(float)
    symbols = rng.choice([0, 0, 7, 1], values.size, p=[0.5, 0.15, 0.33, 0.02]).astype(np.uint8)
    return Cube(dims, values, symbols, symbol_text={1: ":"}, plain={"DECIMALS": "0", "CREATION-DATE": "20251210"})


def client(bank: PxWebServer, slept: list[float]) -> Publishers:
    policy = Policy(user_agent="kibs-observatory/test", retries=5)
    transport = Transport(policy, lambda *exchange: None, sleep=slept.append)
    return Publishers(transport, Bases(eustat_api=bank.base, eustat_files=bank.files))


def test_2_8_million_cells_behind_100_000_and_a_429_every_third_request_arrive_equal_to_the_direct_read() -> None:
    whole = cube((252, 630, 18))
    assert whole.values.size == 2_857_680
    slept: list[float] = []
    with PxWebServer({TABLE: whole}, max_cells=100_000, faults=every(3, Fault("too_many", retry_after=10))) as bank:
        fetched = client(bank, slept).fetch({"table": TABLE, "service": "pxweb", "route": "api"})
        asked = sum(call.method == "POST" for call in bank.log)
    assert fetched.format == "jsonstat_parts" and asked >= 29 and len(slept) >= 9
    ours = parts.read(fetched.body, name=TABLE)
    direct = px.read(write(whole), name=TABLE)
    assert ours.num_rows == direct.num_rows == 2_857_680
    for column in ("municipio", "CNAE-2009", "periodo", "kind"):
        assert ours[column].cast("string").equals(direct[column].cast("string")), column
    assert ours["value"].equals(direct["value"])


def test_a_server_that_is_always_busy_ends_in_one_error_and_nothing_is_mixed() -> None:
    with (
        PxWebServer(
            {TABLE: cube((20, 30, 4))}, max_cells=500, faults=every(1, Fault("too_many", retry_after=10))
        ) as bank,
        pytest.raises(PublisherError, match="429"),
    ):
        client(bank, []).fetch({"table": TABLE, "service": "pxweb", "route": "api"})


def test_metadata_that_change_before_the_data_come_are_asked_for_again_and_never_mixed() -> None:
    """The table gains a year between the metadata call and the first data call."""
    before, after = cube((20, 30, 4)), cube((20, 30, 5))
    with PxWebServer(
        {TABLE: before}, max_cells=800, hooks={2: lambda bank: bank.tables.update({TABLE: after})}
    ) as bank:
        fetched = client(bank, []).fetch({"table": TABLE, "service": "pxweb", "route": "api"})
    table = parts.read(fetched.body, name=TABLE)
    assert table.num_rows in {20 * 30 * 4, 20 * 30 * 5}
    assert len(set(table["periodo"].to_pylist())) * 600 == table.num_rows
