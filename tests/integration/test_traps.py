"""Codes that look right and are not stop their table, and the message names them."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from observatory import quality, releases
from observatory.build import Workspace, read_snapshot
from observatory.errors import CheckFailed, DataError


def snapshot(ws: Workspace, source: str) -> bytes:
    return ws.pins[source].read()


def read(ws: Workspace, source: str, data: bytes) -> None:
    read_snapshot(ws.catalogue.sources[source], data, ws.pins[source].entry.format, ws.catalogue, "official")


def change(ws: Workspace, relation: str, key: dict[str, str], column: str, value: object) -> dict[str, quality.Result]:
    """Set a column of one row of a table, and run the checks of ``core.kibs`` or of the table itself."""
    path = ws.path(relation)
    read = pq.read_table(path)
    rows = read.to_pylist()
    [row] = [r for r in rows if key.items() <= r.items()]
    row[column] = value(row[column]) if callable(value) else value
    pq.write_table(pa.Table.from_pylist(rows, read.schema), path)
    return {r.name: r for r in quality.run(ws, relation)}


def test_the_region_of_rotterdam_under_both_numbers_is_refused(built: Workspace) -> None:
    """NL33 until NUTS 2021, NL36 since: other borders, so never one series."""
    data = snapshot(built, "eurostat_nama_10r_3empers")
    lines = [line for line in data.splitlines(keepends=True) if b",NL36\t" in line]
    assert lines
    with pytest.raises(DataError) as caught:
        read(built, "eurostat_nama_10r_3empers", data + b"".join(lines).replace(b",NL36\t", b",NL33\t"))
    text = str(caught.value)
    assert "eurostat_nama_10r_3empers.yaml: nama_10r_3empers: codes that are no one series" in text
    assert "geo: NL33 and NL36 (NUTS 2024:" in text


@pytest.mark.parametrize("code", ["48999", "28079", "00000"])
def test_a_municipality_that_nobody_knows_is_refused_by_code(built: Workspace, code: str) -> None:
    source = "eustat_establishments_municipality_cnae"
    data = snapshot(built, source)
    assert data.count(b'"48912"') == 3
    with pytest.raises(DataError) as caught:
        read(built, source, data.replace(b'"48912"', f'"{code}"'.encode()))
    assert f"1 code(s) of PX_200163_cdirae_est04b are not in the catalogue: municipio: {code}" in str(caught.value)


def test_a_table_of_a10_offered_for_kibs_fails_with_its_rows(copy: Workspace) -> None:
    """M_N holds M and N, so a table that has it in place of MA, MB, MC and N gives no KIBS but kibs_jkmn."""
    path = copy.path("core.employment_a38")
    table = pq.read_table(path)
    rows = [r for r in table.to_pylist() if r["activity"] not in {"MA", "MB", "MC", "N"}]
    merged = [r | {"activity": "M_N", "level": "a10"} for r in rows if r["activity"] == "K"]
    pq.write_table(pa.Table.from_pylist([*rows, *merged], table.schema), path)
    [found] = [r for r in quality.run(copy, "core.kibs") if not r.passed]
    assert found.name == "items_of_their_breakdown" and found.severity == "critical" and "A*10" in found.meaning
    assert {(row["activity"], row["source"]) for row in found.sample} == {
        ("M_N", "eustat_capitals_employment"),
        ("M_N", "eustat_employment_a38"),
    }
    with pytest.raises(CheckFailed, match=r"core\.kibs: items_of_their_breakdown"):
        releases.publish(copy, "2026Q4", datetime(2026, 12, 1, tzinfo=UTC))


def test_a_variant_made_of_a_merged_activity_fails_with_its_rows(copy: Workspace) -> None:
    path = copy.path("core.kibs")
    table = pq.read_table(path)
    row = next(r for r in table.to_pylist() if r["variant"] == "kibs_seed_sections" and r["measure"] == "employment")
    key = {c: row[c] for c in ("source", "measure", "variant", "geo", "period")}
    found = change(copy, "core.kibs", key, "activity", "NACE2:J+K+M_N")["made_of_its_divisions"]
    assert not found.passed and found.severity == "critical"
    [bad] = found.sample
    assert (bad["variant"], bad["activity"]) == ("kibs_seed_sections", "NACE2:J+K+M_N")
    assert {"77", "82"} <= set(bad["divisions"].split()) - set(bad["wanted"].split())


def test_a_use_table_that_does_not_balance_is_not_published(copy: Workspace) -> None:
    """Purchases and value added of a branch are its output; the check names the branch."""
    key = {"source": "eurostat_naio_10_cp16", "branch": "28", "product": "B1G", "origin": "total"}
    found = change(copy, "core.use", key, "value", lambda v: v + 10)["branches_close"]
    assert not found.passed and found.severity == "critical"
    [bad] = found.sample
    assert (bad["source"], bad["branch"], bad["period"]) == ("eurostat_naio_10_cp16", "28", "2022")
    assert bad["purchases"] + bad["value_added"] - bad["output"] == pytest.approx(10, abs=0.15)
    with pytest.raises(CheckFailed, match=r"core\.use: branches_close: a branch whose purchases"):
        releases.publish(copy, "2026Q4", datetime(2026, 12, 1, tzinfo=UTC))
