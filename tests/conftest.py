"""Fixtures for all tests: where the real files are, and a wall against the network."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from observatory import quality, releases
from observatory.build import Workspace
from observatory.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
# no test has a time limit: a busy machine is no failure
hypothesis_settings.register_profile("house", deadline=None)
hypothesis_settings.load_profile("house")

LONGEST = {"test_unwatched", "test_newcomer", "test_live_refresh"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for minutes on other processes goes first, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: item.path.stem not in LONGEST)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real files beside the repository; tests that need it skip where it is absent."""
    folder = ROOT.parent / "shared"
    if not (folder / "extracts").is_dir():
        pytest.skip("needs the real files of ../shared/extracts, which are not part of the repository")
    return folder


@pytest.fixture(autouse=True)
def no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine, so that no test depends on a publisher."""
    if request.node.get_closest_marker("live"):
        return
    real = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"a test tried to reach {address[0]}: tests run without a network")
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The repository's data, built, checked and published into a temporary folder; to be read, not changed.

    It takes half a minute, so parallel workers make it once and each takes a copy.
    """
    data = tmp_path_factory.mktemp("data") / "data"
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return build(data)
    common = tmp_path_factory.getbasetemp().parent / "built"
    with common.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (common / "done").exists():
            build(common / "data")
            (common / "done").touch()
    shutil.copytree(common / "data", data)
    return Workspace(Settings(data=data, threads=2))


def build(data: Path) -> Workspace:
    """Every table, check and the first release of the repository's data."""
    ws = Workspace(Settings(data=data, threads=2))
    for relation in ws.relations:
        ws.make(relation)
        quality.run(ws, relation)
    ws.make_database()
    releases.publish(ws, "2026Q3", datetime(2026, 8, 1, tzinfo=UTC))
    return ws


@pytest.fixture
def copy(built: Workspace, tmp_path: Path) -> Workspace:
    """A copy of the built workspace that a test may change."""
    shutil.copytree(built.settings.data_dir, tmp_path / "data")
    return Workspace(Settings(data=tmp_path / "data"))
