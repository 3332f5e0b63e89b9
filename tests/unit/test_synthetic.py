"""The made-up economy: the same bytes every time, consistent with itself, calibrated to the journal, marked."""

from __future__ import annotations

import csv
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from observatory import additions, catalogue
from observatory.build import Workspace, read_snapshot
from observatory.errors import DataError
from observatory.settings import Settings
from observatory.snapshots import Store
from observatory.synthetic import economy, embed, lists, numbers

HOME = Settings().home
CATALOGUE = catalogue.load(HOME)
EUSTAT = sorted(name for name, source in CATALOGUE.sources.items() if source.publisher == "eustat")


@cache
def made() -> dict[str, embed.Snapshot]:
    return {one.source: one for one in embed.generate(HOME, CATALOGUE)}


@cache
def table(source: str) -> pa.Table:
    return read_snapshot(CATALOGUE.sources[source], made()[source].data, "px", CATALOGUE, "synthetic")


def spoken(found: pa.Table, dimension: str) -> pa.ChunkedArray:
    """Our name of each row's code, else the publisher's."""
    own = found[dimension].cast(pa.string())
    return (
        pc.coalesce(found[f"{dimension}__as"].cast(pa.string()), own)
        if f"{dimension}__as" in found.column_names
        else own
    )


def cells(source: str, **codes: str) -> dict[tuple[str, ...], float]:
    """Value by the remaining dimensions, nil as nought, what is not available left out."""
    found = table(source)
    names = [d.code for d in CATALOGUE.sources[source].dimensions]
    for name, wanted in codes.items():
        column = next(n for n in names if n.replace(" ", "_").startswith(name))
        found = found.filter(pc.equal(spoken(found, column), wanted))
        names.remove(column)
    found = found.filter(pc.not_equal(found["kind"].cast(pa.string()), "missing"))
    keys = [spoken(found, name).to_pylist() for name in names]
    return dict(zip(zip(*keys, strict=True), pc.fill_null(found["value"], 0.0).to_pylist(), strict=True))


def test_what_is_embedded_is_what_the_seed_makes_byte_for_byte() -> None:
    store = Store(HOME / "data" / "embedded", "embedded")
    assert embed.differences(store, list(made().values())) == []


def test_every_contracted_table_of_eustat_is_made_and_marked() -> None:
    assert sorted(made()) == [*EUSTAT, embed.WAVE]
    assert {(one.entry.provenance, one.entry.acquired) for one in made().values()} == {("synthetic", "generated")}
    assert all("Made up" in one.entry.note and "Made up" in one.entry.citation for one in made().values())


@pytest.mark.parametrize("source", EUSTAT)
def test_a_made_up_table_keeps_its_contract_and_its_sums(source: str) -> None:
    contract = CATALOGUE.sources[source]
    found = table(source)
    assert found.num_rows >= contract.coverage.rows
    periods = {str(p) for p in found["periodo"].unique().to_pylist()}
    time = next(d for d in contract.dimensions if d.role == "time")
    assert (min(periods), max(periods)) == (time.first, time.last)
    assert additions.broken(contract, found, Workspace().engine) == []


def test_files_are_trilingual_in_windows_1252_with_eustats_symbols() -> None:
    for source in EUSTAT:
        one = made()[source]
        head = one.data.split(b"\nDATA=", 1)[0].decode("windows-1252")
        assert 'LANGUAGES="es","eu","en";' in head and 'DATASYMBOL1=":";' in head and "CODEPAGE" not in head, source
        for dimension in CATALOGUE.sources[source].dimensions:
            assert f'CODES("{dimension.code}")=' in head
        assert "CODES[eu](" in head and "CODES[en](" in head


def test_bilbao_has_the_journals_8000_kibs_establishments() -> None:
    found = cells("eustat_establishments_municipality_cnae", municipio="48020", periodo="2017")
    kibs = [*range(58, 67), *range(69, 76)]
    total = sum(value for (code,), value in found.items() if code != "TOTAL" and int(code[:2]) in kibs)
    assert 7_900 <= total <= 8_100


def test_kibs_are_26_percent_of_bilbaos_value_added_and_employ_28000_half_of_them_professional() -> None:
    kibs = {"JA", "JB", "JC", "K", "MA", "MB", "MC"}
    gva = cells("eustat_capitals_gva", capital="48020", tipo="current", periodo="2017")
    assert 100 * sum(v for (b,), v in gva.items() if b in kibs) / gva[("TOTAL",)] == pytest.approx(26, abs=0.1)
    jobs = cells("eustat_capitals_employment", capital="48020", periodo="2017")
    total = sum(v for (b,), v in jobs.items() if b in kibs)
    assert 28_000 < total < 29_000
    assert sum(v for (b,), v in jobs.items() if b[0] == "M") / total == pytest.approx(0.5, abs=0.01)


def test_services_are_2_percent_of_manufacturing_turnover_and_5_of_machine_tools() -> None:
    found = cells("eustat_industry_accounts", territorio="ES21", periodo="2017")

    def share(codes: set[str]) -> float:
        services = sum(v for (code, line), v in found.items() if code in codes and line == "services_rendered")
        turnover = sum(v for (code, line), v in found.items() if code in codes and line == "net_turnover")
        return 100 * services / turnover

    making = {code for code, _ in found if code != "TOTAL" and "05" <= code <= "42"}
    assert share(making) == pytest.approx(2, abs=0.05) and share({"36"}) == pytest.approx(5, abs=0.05)


def test_industry_is_about_a_quarter_of_value_added_in_every_year_of_the_journal() -> None:
    found = cells("eustat_gva_a38", territorio="ES21", tipo_de_dato="level", tipo_de_medida="current")
    for year in range(2008, 2016):
        industry = sum(v for (b, y), v in found.items() if y == str(year) and b != "D21X31" and b[0] in "BCDE")
        assert 24 <= 100 * industry / found["TOTAL", str(year)] <= 27


@pytest.mark.parametrize(("source", "years"), [("eustat_use_base2015", 7), ("eustat_use", 2)])
def test_supply_equals_use_for_every_product_and_output_is_inputs_and_value_added(source: str, years: int) -> None:
    supply = cells(source.replace("use", "supply"))
    use = cells(source)
    products = {p for p, *_ in supply if p != "TOTAL"}
    periods = {y for *_, y in supply}
    assert len(periods) == years and len(products) == 82
    for year in periods:
        for product in products:
            assert supply[product, "TOTAL", year] == use[product, "total", "TOTAL", year]
            assert supply[product, "P1", year] == use[product, "region", "TOTAL", year]
            output = use["TOTAL", "total", product, year] + use["B1G", "total", product, year]
            assert output == use["P1", "total", product, year] == supply["TOTAL", product, year]


def test_ict_services_sell_six_to_seven_times_more_to_services_than_to_manufacturing() -> None:
    found = cells("eustat_use", producto="62", origen="total", periodo="2022")
    making = sum(v for (b,), v in found.items() if b.isdigit() and "05" <= b <= "42")
    services = sum(v for (b,), v in found.items() if b.isdigit() and b >= "48")
    assert 6 <= services / making <= 7


def test_municipalities_add_up_to_the_territory_and_its_classes_to_the_total() -> None:
    towns = cells("eustat_establishments_municipality_cnae", periodo="2020", CNAE="TOTAL")
    areas = cells("eustat_establishments_district_cnae", periodo="2020")
    for code, territory in (("48", "ES213"), ("20", "ES212"), ("01", "ES211")):
        own = sum(v for (town,), v in towns.items() if town[:2] == code)
        assert own == areas[territory, "TOTAL"]
    classes = sum(v for (area, code), v in areas.items() if area == "ES213" and code != "TOTAL")
    assert classes == areas["ES213", "TOTAL"]


def test_a_municipality_that_did_not_exist_yet_is_not_available_rather_than_nil() -> None:
    found = table("eustat_establishments_municipality_cnae")
    rows = found.filter(pc.equal(found["municipio"].cast(pa.string()), "48916"))
    early = rows.filter(pc.less(rows["periodo"].cast(pa.string()), "2023"))
    assert set(early["kind"].to_pylist()) == {"missing"}
    assert "missing" not in rows.filter(pc.equal(rows["periodo"].cast(pa.string()), "2024"))["kind"].to_pylist()


def test_the_mark_reaches_every_row_of_the_table(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    ws = Workspace(Settings(data=tmp_path))
    ws.make("raw.eustat_ict_jobs")
    assert set(pq.read_table(ws.path("raw.eustat_ict_jobs"))["provenance"].to_pylist()) == {"synthetic"}


def test_real_figures_are_never_replaced_by_made_up_ones(tmp_path: Path) -> None:
    shutil.copytree(HOME / "data" / "embedded", tmp_path / "embedded")
    store = Store(tmp_path / "embedded", "embedded")
    one = made()["eustat_ict_jobs"]
    store.lock_path.write_text(
        store.lock_path.read_text("utf-8").replace("provenance: synthetic", "provenance: official")
    )
    before = store.lock_path.read_bytes()
    with pytest.raises(DataError, match="hold real figures"):
        embed.embed(store, [one])
    assert store.lock_path.read_bytes() == before


def test_an_embedding_is_made_again_after_damage_and_leaves_nothing_behind(tmp_path: Path) -> None:
    shutil.copytree(HOME / "data" / "embedded", tmp_path / "embedded")
    store = Store(tmp_path / "embedded", "embedded")
    some = list(made().values())
    store.path(some[0].entry).unlink()
    assert embed.embed(store, some) == [some[0].source]
    assert embed.embed(store, some) == []
    assert embed.embed(store, some[1:]) == [some[0].source]
    assert not store.path(some[0].entry).exists() and some[0].source not in store.lock().tables


def test_a_split_adds_up_and_no_part_is_more_than_one_away() -> None:
    total = np.array([0.0, 7, 1000])
    shares = np.array([1.0, 2, 0, 4])
    parts = numbers.split(total, shares)
    assert parts.sum(axis=1).tolist() == total.tolist()
    assert (abs(parts - total[:, None] * shares / shares.sum()) <= 1).all() and (parts[:, 2] == 0).all()


def test_the_economy_is_the_same_in_every_order_of_use() -> None:
    first = numbers.uniform("a", 3).tolist()
    numbers.uniform("b", 5)
    assert numbers.uniform("a", 3).tolist() == first
    assert economy.build(HOME).gva.tolist() == economy.build(HOME).gva.tolist()


def test_the_made_up_district_has_the_towns_that_the_catalogue_says(root: Path) -> None:
    with (root / "data" / "catalogue" / "municipalities.csv").open(encoding="utf-8", newline="") as file:
        towns = {row["code"] for row in csv.DictReader(file) if row["district"] == "160"}
    assert towns == {row["code"] for row in lists.rows(root, "municipalities") if row["district"] == "160"}
    assert "48020" in towns
