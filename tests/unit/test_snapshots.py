"""The store of publishers' bytes and its lock."""

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from observatory.errors import DataError
from observatory.snapshots import LockEntry, Store, resolve


def entry(data: bytes, **changes: object) -> LockEntry:
    fields = {
        "publisher": "eurostat",
        "table": "t",
        "request": "GET t",
        "retrieved_at": datetime(2026, 11, 1, tzinfo=UTC),
        "updated": None,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "format": "eurostat_tsv",
        "licence": "l",
        "citation": "c",
        "provenance": "official",
        "acquired": "fetched",
    }
    return LockEntry.model_validate(fields | changes)


def test_bytes_come_back_verified_and_the_lock_survives_a_reload(tmp_path: Path) -> None:
    store = Store(tmp_path, "local")
    assert store.add("a", b"one", entry(b"one"))
    again = Store(tmp_path, "local")
    assert again.read("a", again.lock().tables["a"]) == b"one"
    assert again.path(entry(b"one")).suffix == ".tsv"


def test_the_lock_changes_only_when_bytes_change(tmp_path: Path) -> None:
    store = Store(tmp_path, "local")
    store.add("a", b"one", entry(b"one"))
    before = store.lock_path.read_bytes()
    assert not store.add("a", b"one", entry(b"one", retrieved_at=datetime(2027, 1, 1, tzinfo=UTC)))
    assert store.lock_path.read_bytes() == before
    assert store.add("a", b"two", entry(b"two"))
    assert store.lock_path.read_bytes() != before


def test_a_changed_byte_stops_the_read_and_names_the_file(tmp_path: Path) -> None:
    store = Store(tmp_path, "local")
    store.add("a", b"one", entry(b"one"))
    path = store.path(entry(b"one"))
    path.write_bytes(b"onE")
    with pytest.raises(DataError, match="has changed") as caught:
        store.read("a", entry(b"one"))
    assert str(path) in str(caught.value)


def test_a_vanished_file_is_named(tmp_path: Path) -> None:
    store = Store(tmp_path, "local")
    store.add("a", b"one", entry(b"one"))
    store.path(entry(b"one")).unlink()
    with pytest.raises(DataError, match="cannot be read"):
        store.read("a", entry(b"one"))


@pytest.mark.parametrize("text", ["tables: [", "tables: {a: {publisher: x}}", "tablets: {}"])
def test_a_broken_lock_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "lock.yaml").write_text(text)
    with pytest.raises(DataError, match=r"lock\.yaml: not a valid lock"):
        Store(tmp_path, "local").lock()


def test_an_entry_that_does_not_describe_its_bytes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not describe these bytes"):
        Store(tmp_path, "local").add("a", b"two", entry(b"one"))
    assert not (tmp_path / "lock.yaml").exists()


def test_the_local_snapshot_goes_before_the_embedded_one(tmp_path: Path) -> None:
    embedded, local = Store(tmp_path / "e", "embedded"), Store(tmp_path / "l", "local")
    embedded.add("a", b"old", entry(b"old"))
    embedded.add("b", b"old", entry(b"old"))
    local.add("a", b"new", entry(b"new"))
    pins = resolve(embedded, local)
    assert {source: (pin.store.name, pin.read()) for source, pin in pins.items()} == {
        "a": ("local", b"new"),
        "b": ("embedded", b"old"),
    }


def test_a_private_store_is_readable_by_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = Store(tmp_path / "deep" / "restricted", "restricted", private=True)
        store.add("firms", b"secret", entry(b"secret"))
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in store.root.rglob("*") if path.is_file()}
    assert modes == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (store.root, store.root.parent)} == {0o700}
    assert store.read("firms", store.lock().tables["firms"]) == b"secret"


def test_a_private_store_that_others_can_read_is_refused(tmp_path: Path) -> None:
    store = Store(tmp_path / "restricted", "restricted", private=True)
    store.add("firms", b"secret", entry(b"secret"))
    store.path(entry(b"secret")).chmod(0o640)
    with pytest.raises(DataError, match="others on this machine can read"):
        store.lock()


def test_what_is_removed_leaves_the_lock_and_then_the_store(tmp_path: Path) -> None:
    store = Store(tmp_path, "local")
    store.add("one", b"same", entry(b"same"))
    store.add("two", b"same", entry(b"same"))
    assert store.remove("one") == entry(b"same")
    assert store.path(entry(b"same")).exists()
    store.remove("two")
    assert not store.path(entry(b"same")).exists() and store.remove("two") is None
