"""The build: freshness, failure, determinism."""

import hashlib
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from observatory import atomic
from observatory.build import Workspace
from observatory.engines.duckdb import DuckDB
from observatory.errors import DataError, StorageError
from observatory.settings import Settings


def test_nothing_is_stale_after_a_build_and_nothing_is_made_twice(copy: Workspace) -> None:
    assert copy.stale() == []
    assert copy.database_fresh()
    before = {r: copy.path(r).stat().st_mtime_ns for r in copy.relations}
    assert not any(copy.make(r)[1] for r in copy.relations)
    assert {r: copy.path(r).stat().st_mtime_ns for r in copy.relations} == before


def test_a_flipped_byte_in_a_table_makes_it_and_what_stands_on_it_stale(copy: Workspace) -> None:
    path = copy.path("core.gva")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    stale = copy.stale()
    assert stale[0] == "core.gva" and "indicators.mfg_gva_share" in stale and "indicators.ict_emp_share" not in stale
    for relation in stale:
        copy.make(relation)
    assert copy.stale() == []


def test_unchanged_output_ends_the_work_there(copy: Workspace) -> None:
    """A model whose text changed but whose rows did not leaves its readers fresh."""
    home = copy.settings.data_dir.parent / "home"
    for part in ("sql", "data/catalogue", "data/embedded"):
        shutil.copytree(copy.settings.home / part, home / part)
    model = home / "sql" / "core" / "gva.sql"
    model.write_text(model.read_text("utf-8").replace("question:", "question: Well,"), "utf-8")
    ws = Workspace(Settings(home=home, data=copy.settings.data_dir))
    assert ws.stale()[0] == "core.gva"
    assert ws.make("core.gva")[1]
    assert ws.stale() == []


def test_one_and_two_threads_give_the_same_bytes(built: Workspace, tmp_path: Path) -> None:
    assert built.settings.threads == 2
    alone = Workspace(Settings(data=tmp_path, threads=1))
    for relation in alone.relations:
        alone.make(relation)
        assert atomic.sha256(alone.path(relation)) == atomic.sha256(built.path(relation)), relation


def test_many_row_groups_written_by_threads_have_the_same_bytes(built: Workspace, tmp_path: Path) -> None:
    """Half a million rows span several row groups, which is where parallel writers could differ."""
    sql = "select range as a, hash(range) % 1000 as b, range / 7 as c from range(500000) order by a"
    sums = set()
    for threads in (1, 2):
        target = tmp_path / f"{threads}.parquet"
        DuckDB(tmp_path / "spill", threads).to_parquet(sql, {}, target, name="t")
        sums.add(hashlib.sha256(target.read_bytes()).hexdigest())
    assert len(sums) == 1


def test_beyond_its_memory_duckdb_spills_and_gives_the_same_bytes(tmp_path: Path) -> None:
    """Four million firms sorted within 64 MB; the folder is watched while it works, for it is empty afterwards."""
    sql = "select 'F' || range as firm, hash(range) as h from range(4000000) order by h, firm"
    sums, spilt = set(), 0
    with ThreadPoolExecutor(1) as pool:
        for limit in (None, "64MB"):
            target, spill = tmp_path / f"{limit}.parquet", tmp_path / f"spill {limit}"
            work = pool.submit(DuckDB(spill, 1, limit).to_parquet, sql, {}, target, name="t")
            while not work.done():
                spilt = max(spilt, sum(path.stat().st_size for path in spill.glob("*") if path.exists()))
                time.sleep(0.005)
            work.result()
            sums.add(hashlib.sha256(target.read_bytes()).hexdigest())
    assert len(sums) == 1
    assert spilt > 10_000_000


def test_with_too_little_memory_even_to_spill_the_remedy_is_said(tmp_path: Path) -> None:
    sql = "select 'F' || range as firm, hash(range) as h from range(4000000) order by h, firm"
    with pytest.raises(StorageError, match="OBSERVATORY_MEMORY_LIMIT"):
        DuckDB(tmp_path / "spill", 1, "8MB").to_parquet(sql, {}, tmp_path / "t.parquet", name="t")
    assert not (tmp_path / "t.parquet").exists()


def test_a_changed_snapshot_stops_the_run_and_names_the_file(built: Workspace, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for part in ("sql", "data/catalogue", "data/embedded"):
        shutil.copytree(built.settings.home / part, home / part)
    ws = Workspace(Settings(home=home))
    path = ws.pins["eurostat_nama_10r_3gva"].store.path(ws.pins["eurostat_nama_10r_3gva"].entry)
    path.write_bytes(path.read_bytes().replace(b"2801.71", b"2801.72"))
    with pytest.raises(DataError, match="has changed") as caught:
        ws.make("raw.eurostat_nama_10r_3gva")
    assert path.name in str(caught.value)
    assert not ws.path("raw.eurostat_nama_10r_3gva").exists()
    assert set(ws.failures) == {"raw.eurostat_nama_10r_3gva"}


def test_unmapped_codes_stop_the_build_and_are_listed_at_once(built: Workspace, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for part in ("sql", "data/catalogue", "data/embedded"):
        shutil.copytree(built.settings.home / part, home / part)
    places = home / "data" / "catalogue" / "geographies.csv"
    kept = [
        line for line in places.read_text("utf-8").splitlines(keepends=True) if not line.startswith(("ITH5,", "DK042,"))
    ]
    places.write_text("".join(kept), "utf-8")
    ws = Workspace(Settings(home=home))
    with pytest.raises(DataError) as caught:
        ws.make("raw.eurostat_nama_10r_3empers")
    assert "ITH5" in str(caught.value) and "DK042" in str(caught.value)


def test_every_table_and_column_of_the_database_is_commented(built: Workspace) -> None:
    with duckdb.connect(str(built.settings.database), read_only=True) as connection:
        tables = connection.execute(
            "select schema_name || '.' || table_name, comment from duckdb_tables() "
            "union all select schema_name || '.' || view_name, comment from duckdb_views() where not internal"
        ).fetchall()
        columns = connection.execute(
            "select schema_name || '.' || table_name || '.' || column_name from duckdb_columns() "
            "where comment is null and schema_name in ('raw', 'catalogue', 'core', 'indicators')"
        ).fetchall()
    assert {name for name, _ in tables} == set(built.relations)
    assert all(comment for _, comment in tables)
    assert columns == []


def test_a_reader_of_the_database_does_not_stop_a_rebuild(copy: Workspace) -> None:
    with duckdb.connect(str(copy.settings.database), read_only=True) as reader:
        (copy.settings.build / "database.json").unlink()
        assert copy.make_database()
        assert reader.execute("select count(*) from core.employment").fetchone()
