"""A table coded in CNAE-2025 comes in: one YAML, one part of a union, and the series run on with a break.

The table is made up here, for three capitals and two years; nobody has published one.
"""

from __future__ import annotations

import hashlib
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from observatory import quality, releases
from observatory.build import Workspace
from observatory.errors import DataError
from observatory.lineage import explain
from observatory.settings import Settings
from observatory.snapshots import LockEntry, Store
from observatory.synthetic.px import Axis, Table, write

SOURCE, BEFORE = "eustat_establishments_municipality_cnae2025", "eustat_establishments_municipality_cnae"
TOWNS = ("01059", "20069", "48020")
KIBS = ("58", "59", "60", "61", "62", "63", "64", "65", "66", "69", "70", "71", "72", "73", "74", "75", "78", "80")
PART = f"""  union all
  select coalesce("municipio__as", municipio), '{{version}}', coalesce("CNAE-2025__as", "CNAE-2025"), periodo,
    value, kind, provenance, source
  from raw.{SOURCE}
)
select
  geo,"""
Counts = dict[tuple[str, str, str], float]


def counts(ws: Workspace) -> Counts:
    """Establishments of the capitals in CNAE-2009 by place, division and year."""
    table = pq.read_table(ws.path("core.establishments"))
    rows = table.filter(pc.is_in(table["geo"], pa.array(TOWNS))).to_pylist()
    return {(r["geo"], r["activity"], r["period"]): r["value"] for r in rows if r["version"] == "2009"}


def recoded(old: Counts) -> Counts:
    """2025 coded anew, with moves as the correspondence names them, and 2026 a twentieth larger."""
    new: Counts = {}
    for town in TOWNS:
        cells = {code: old[town, code, "2025"] for code in (*KIBS, "TOTAL")}
        for source, target, part in (("63", "60", 0.2), ("70", "73", 0.1), ("74", "80", 0.05), ("74", "", 0.1)):
            moved = round(cells[source] * part)
            cells[source] -= moved
            if target:
                cells[target] += moved
        cells["60"] += 2  # from 47.91
        cells["61"] += 3  # from 82.99
        new |= {(town, code, "2025"): value for code, value in cells.items()}
        new |= {(town, code, "2026"): float(round(value * 1.05)) for code, value in cells.items()}
    return new


def specimen(new: Counts) -> bytes:
    def axis(code: str, codes: tuple[str, ...], labels: tuple[str, ...], *, time: bool = False) -> Axis:
        return Axis(code, codes, dict.fromkeys(("es", "eu", "en"), labels), time=time)

    years = ("2025", "2026")
    names = ("Vitoria-Gasteiz", "Donostia / San Sebastián", "Bilbao")
    axes = (
        axis("municipio", TOWNS, names),
        axis("CNAE-2025", ("0", *(f"{d}10" for d in KIBS)), ("Total", *(f"Clase {d}10" for d in KIBS))),
        axis("periodo", years, years, time=True),
    )
    values = [[[new[town, code, year] for year in years] for code in ("TOTAL", *KIBS)] for town in TOWNS]
    words = dict.fromkeys(("es", "eu", "en"), "x")
    return write(Table(axes, np.array(values), words, "Eustat", "20261201"), "PX_specimen_est04c", words)


def home_with(tmp: Path, built: Workspace, data: bytes, version: str) -> Workspace:
    """A repository with the contract, the snapshot and the part of the union, over a copy of the build."""
    home = tmp / "home"
    for part in ("sql", "data/catalogue", "data/embedded"):
        shutil.copytree(built.settings.home / part, home / part)
    shutil.copytree(built.settings.data_dir, tmp / "data", ignore=shutil.ignore_patterns("releases", "*.duckdb"))
    sources = home / "data" / "catalogue" / "sources"
    text = (sources / f"{BEFORE}.yaml").read_text("utf-8").split("\nquirks:")[0] + "\n"
    for old, new in (
        (f"id: {BEFORE}", f"id: {SOURCE}"),
        ("PX_200163_cdirae_est04b", "PX_specimen_est04c"),
        ("code: CNAE-2009", "code: CNAE-2025"),
        ("classification: CNAE 2009", "classification: CNAE 2025"),
        ("first: '2008', last: '2025'", "first: '2025', last: '2026'"),
        ("rows: 50000", "rows: 100"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    (sources / f"{SOURCE}.yaml").write_text(text, "utf-8")
    model = home / "sql" / "core" / "establishments.sql"
    sql = model.read_text("utf-8")
    assert sql.count(")\nselect\n  geo,") == 1
    model.write_text(sql.replace(")\nselect\n  geo,", PART.format(version=version)), "utf-8")
    entry = LockEntry(
        publisher="eustat",
        table="PX_specimen_est04c",
        request="none; made up for this test",
        retrieved_at=datetime(2026, 12, 1, tzinfo=UTC),
        updated=None,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        format="px",
        licence="None needed: no figure is real",
        citation="Made up for a test",
        provenance="synthetic",
        acquired="generated",
    )
    Store(home / "data" / "embedded", "embedded").add(SOURCE, data, entry)
    return Workspace(Settings(home=home, data=tmp / "data"))


@pytest.fixture(scope="module")
def old(built: Workspace) -> Counts:
    return counts(built)


@pytest.fixture(scope="module")
def new(old: Counts) -> Counts:
    return recoded(old)


@pytest.fixture(scope="module")
def changed(built: Workspace, new: Counts, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The build after the changeover: everything that the new table reaches, made again."""
    ws = home_with(tmp_path_factory.mktemp("change"), built, specimen(new), "2025")
    for relation in (f"raw.{SOURCE}", "core.establishments", "core.kibs", "core.kibs_linked"):
        ws.make(relation)
    for relation in ("core.structure", "indicators.kibs_establishments", "indicators.kibs_establishments_linked"):
        ws.make(relation)
    return ws


@pytest.fixture(scope="module")
def published(changed: Workspace) -> Workspace:
    """The same, with all else that the table reaches made, checked and released, as a refresh does it."""
    for relation in changed.stale():
        changed.make(relation)
    for relation in changed.relations:
        quality.run(changed, relation)
    releases.publish(changed, "2026Q4", datetime(2026, 12, 2, tzinfo=UTC))
    return changed


def linked(ws: Workspace, variant: str, geo: str = "48020") -> dict[str, dict[str, object]]:
    table = pq.read_table(ws.path("core.kibs_linked"))
    rows = table.filter(pc.and_(pc.equal(table["variant"], variant), pc.equal(table["geo"], geo))).to_pylist()
    return {r["period"]: r for r in rows if r["measure"] == "establishments"}


def total(cells: Counts, codes: tuple[str, ...], period: str, town: str = "48020") -> float:
    return sum(cells[town, code, period] for code in codes)


ICT, FINANCE = ("58", "59", "60", "61", "62", "63"), ("64", "65", "66")
PROFESSIONAL = ("69", "70", "71", "72", "73", "74", "75")


def test_both_codings_stand_in_core_with_their_version(changed: Workspace) -> None:
    table = pq.read_table(changed.path("core.establishments"))
    found = set(zip(table["source"].to_pylist(), table["version"].to_pylist(), strict=True))
    assert {(SOURCE, "2025"), (BEFORE, "2009")} <= found and len(found) == 3
    assert [r for r in quality.run(changed, "core.establishments") if not r.passed] == []


def test_finance_is_carried_exactly(changed: Workspace, old: Counts) -> None:
    rows = linked(changed, "kibs_seed_sections:finance")
    assert {p: r["value"] for p, r in rows.items() if p <= "2025"} == {
        p: total(old, FINANCE, p) for p in (str(y) for y in range(2008, 2026))
    }
    assert {r["ratio"] for r in rows.values()} == {1.0} and {r["how"] for r in rows.values()} == {"closed"}
    assert {r["activity"] for r in rows.values()} == {"CNAE2025:64+65+66"}
    assert [rows[p]["status"] for p in ("2024", "2025", "2026")] == ["A", "B", "A"]


def test_aggregates_are_spliced_by_the_ratio_and_break(changed: Workspace, old: Counts, new: Counts) -> None:
    for variant, codes in (("ict", ICT), ("professional_rd", PROFESSIONAL)):
        rows = linked(changed, f"kibs_seed_sections:{variant}")
        ratio = total(new, codes, "2025") / total(old, codes, "2025")
        assert ratio != 1 and all(r["ratio"] == pytest.approx(ratio) for r in rows.values())
        assert rows["2012"]["value"] == pytest.approx(total(old, codes, "2012") * ratio)
        assert rows["2012"]["as_published"] == total(old, codes, "2012") and rows["2012"]["status"] == "E"
        assert (rows["2025"]["value"], rows["2025"]["status"]) == (total(new, codes, "2025"), "B")
        assert (rows["2026"]["value"], rows["2026"]["status"]) == (total(new, codes, "2026"), "A")
        assert rows["2012"]["source"] == f"{BEFORE};{SOURCE}" and rows["2026"]["source"] == SOURCE
    assert linked(changed, "kibs_seed_sections:professional_rd")["2026"]["leaks"] == "74.20>18.12 74.90>80.09"


def test_the_indicator_runs_on_and_the_old_one_ends(changed: Workspace, built: Workspace, new: Counts) -> None:
    table = pq.read_table(changed.path("indicators.kibs_establishments_linked")).to_pylist()
    row = next(r for r in table if (r["variant"], r["geo"], r["period"]) == ("kibs_seed_sections", "48020", "2026"))
    assert row["value"] == total(new, (*ICT, *FINANCE, *PROFESSIONAL), "2026")
    assert row["activity"].startswith("CNAE2025:58+59") and row["provenance"] == "synthetic"
    name = "indicators.kibs_establishments"
    assert pq.read_table(changed.path(name)).equals(pq.read_table(built.path(name)))


def test_a_spliced_figure_leads_to_the_cells_of_both_codings(published: Workspace, new: Counts) -> None:
    asked = {"geo": "48020", "period": "2012", "variant": "kibs_seed_sections:ict"}
    document = explain(published, "kibs_establishments_linked", asked)
    assert document["is_traced"] and document["differences"] == []
    cells = pd.DataFrame(
        {d["dimension"]: d["code"] for d in c["dimensions"]} | {"value": c["value"], "source": c["source"]}
        for c in document["cells"]
    )
    assert set(cells["municipio"]) == {"48020"}
    by_edition = cells.groupby(["source", "periodo"])["value"].sum()
    assert set(by_edition.index) == {(BEFORE, "2012"), (BEFORE, "2025"), (SOURCE, "2025")}
    ratio = by_edition[SOURCE, "2025"] / by_edition[BEFORE, "2025"]
    assert by_edition[BEFORE, "2012"] * ratio == pytest.approx(document["figure"]["value"], rel=1e-12) and ratio != 1
    assert by_edition[SOURCE, "2025"] == total(new, ICT, "2025")
    assert set(document["snapshots"]) == {BEFORE, SOURCE} and document["figure"]["status"] == "E"


def test_all_other_indicators_stay_with_their_own_coding(published: Workspace, built: Workspace) -> None:
    anew = {
        "core.establishments",
        "core.structure",
        "core.kibs",
        "core.kibs_linked",
        "indicators.kibs_establishments_linked",
    }
    before = {name: built.made(name) for name in built.models if name not in anew}
    moved = [
        name
        for name, made in before.items()
        if made and published.made(name) and made.sha256 != published.made(name).sha256
    ]
    assert moved == []


def test_what_only_a_weight_could_carry_is_not_reported(changed: Workspace) -> None:
    assert linked(changed, "kibs_core") == linked(changed, "kibs_kamp") == linked(changed, "kibs_wide") == {}
    assert linked(changed, "p_kibs")["2026"]["activity"] == "CNAE2025:69+70+73"


def test_places_that_are_not_coded_anew_stay_as_they_were(changed: Workspace, built: Workspace) -> None:
    territory = linked(changed, "kibs_seed_sections", "ES213")
    assert territory == linked(built, "kibs_seed_sections", "ES213") and "2026" not in territory
    assert {r["activity"] for r in territory.values()} == {f"CNAE2009:{'+'.join((*ICT, *FINANCE, *PROFESSIONAL))}"}


def test_the_checks_hold_and_find_a_closed_set_that_is_not_equal(changed: Workspace) -> None:
    assert [r for r in quality.run(changed, "core.kibs_linked") if not r.passed] == []
    path = changed.path("core.kibs_linked")
    kept = path.read_bytes()
    rows = pq.read_table(path).to_pylist()
    for row in rows:
        if (row["variant"], row["geo"], row["measure"]) == ("kis_fin", "48020", "establishments"):
            row["ratio"] = 1.01
    pq.write_table(pa.Table.from_pylist(rows, pq.read_schema(path)), path)
    [found] = [r for r in quality.run(changed, "core.kibs_linked") if not r.passed]
    path.write_bytes(kept)
    assert found.name == "closed_sets_are_equal" and found.severity == "critical"
    assert found.sample[0]["geo"] == "48020" and found.sample[0]["ratio_period"] == "2025"


def test_the_new_coding_under_the_old_version_stops_and_names_its_rows(
    built: Workspace, new: Counts, tmp_path: Path
) -> None:
    """The quiet way to join letters over versions: a part of the union with the wrong version."""
    ws = home_with(tmp_path, built, specimen(new), "2009")
    ws.make(f"raw.{SOURCE}")
    with pytest.raises(DataError) as caught:
        ws.make("core.establishments")
    text = str(caught.value)
    assert "sql/core/establishments.sql: two versions of a classification meet" in text
    assert f"{SOURCE} is coded in NACE 2.1 by its contract, its rows say NACE 2: 114 rows such as" in text
    assert f"{SOURCE} 01059 58 2025" in text and "name the bridge" in text


def test_one_source_with_two_versions_stops_and_names_its_rows(built: Workspace, new: Counts, tmp_path: Path) -> None:
    ws = home_with(tmp_path, built, specimen(new), "' || case periodo when '2025' then '2009' else '2025' end || '")
    ws.make(f"raw.{SOURCE}")
    with pytest.raises(DataError) as caught:
        ws.make("core.establishments")
    text = str(caught.value)
    assert f"{SOURCE} has rows of NACE 2 and NACE 2.1 (NACE 2: 57 rows such as {SOURCE} 01059 58 2025" in text
    assert f"NACE 2.1: 57 rows such as {SOURCE} 01059 58 2026" in text


LETTERS = """/*
name: {en: Finance, es: Finanzas, eu: Finantzak}
definition: Divisions of K
unit: establishments
row: one place and year
*/
select 'k' as variant, e.geo, 'K' as activity, e.period, sum(e.value) as value, any_value(e.status) as status,
  any_value(e.provenance) as provenance, any_value(e.source) as sources
from core.establishments e
join catalogue.activities a on a.code = e.activity and a.level = 'division' and a.parent = 'K'
group by e.geo, e.period
order by geo, period
"""


def test_a_model_that_joins_on_letters_stops_and_names_the_rows(changed: Workspace) -> None:
    """K is finance in one version and ICT in the other; a look-up without the version would give both."""
    path = changed.settings.home / "sql" / "indicators" / "letters.sql"
    path.write_text(LETTERS, "utf-8")
    ws = Workspace(Settings(home=changed.settings.home, data=changed.settings.data_dir))
    try:
        with pytest.raises(DataError) as caught:
            ws.make("indicators.letters")
    finally:
        path.unlink()
    text = str(caught.value)
    assert "sql/indicators/letters.sql: versions of a classification meet unnamed" in text
    assert (
        "core.establishments (NACE 2, NACE 2.1)" in text and "catalogue.activities (NACE 1.1, NACE 2, NACE 2.1)" in text
    )
    assert "core.establishments in NACE 2.1: 114 rows such as " + f"{SOURCE} 01059 58 2025" in text
    assert "catalogue.activity_bridge" in text
    assert not ws.path("indicators.letters").exists()
