"""The embedded snapshots: the bytes, the figures they were typed from, and the sums that must hold in them.

Read here with the standard library alone, so that a mistake of a reader (formats/) cannot hide one of the data.
"""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from observatory import catalogue, snapshots

ROOT = Path(__file__).resolve().parents[2]
REGISTERS = ROOT / "data" / "catalogue" / "registers"
STORE = snapshots.Store(ROOT / "data" / "embedded", "embedded")
ACCOUNTS = {"eurostat_nama_10r_3empers": "nama_10r_3empers", "eurostat_nama_10r_3gva": "nama_10r_3gva"}
VALUATION = {"TOTAL", "P7", "TS_BP", "OTTM", "D21X31", "TS_PP"}
WITHHELD = {"P6_U2", "P6_U3", "P52", "P53"}
Key = tuple[str, ...]


def text(source: str) -> str:
    return STORE.read(source, STORE.lock().tables[source]).decode("utf-8")


@cache
def tsv(source: str) -> dict[Key, tuple[str, str]]:
    """Cells of a bulk TSV: (nace_r2, geo, period) → (value or ``:``, flag)."""
    lines = text(source).split("\n")
    periods = [p.strip() for p in lines[0].split("\t")[1:]]
    cells: dict[Key, tuple[str, str]] = {}
    for line in lines[1:-1]:
        key, *values = line.split("\t")
        for period, cell in zip(periods, values, strict=True):
            value, _, flag = cell.partition(" ")
            cells[(*key.split(",")[-2:], period)] = (value, flag)
    return cells


@cache
def amounts(source: str) -> dict[Key, Decimal]:
    return {key: Decimal(value) for key, (value, _) in tsv(source).items() if value != ":"}


@cache
def rows(source: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text(source), newline="")))


@cache
def matrix(source: str) -> dict[Key, Decimal]:
    """Cells of a supply or use table with a figure: (column, product) → million euro."""
    return {
        (r[axis], r[product]): Decimal(r["OBS_VALUE"])
        for r in rows(source)
        for axis, product in [axes(source)]
        if r["OBS_VALUE"]
    }


def axes(source: str) -> tuple[str, str]:
    return ("ind_impv", "prd_amo") if source.endswith("cp15") else ("ind_use", "prd_ava")


SUPPLY, USE = "eurostat_naio_10_cp15", "eurostat_naio_10_cp16"


def branches() -> list[str]:
    return sorted({column for column, _ in matrix(SUPPLY)} - VALUATION)


def products() -> list[str]:
    return sorted({product for _, product in matrix(SUPPLY)} - {"CPA_TOTAL"})


def manufacturing() -> list[str]:
    return [b for b in branches() if b.startswith("C")]


# --- the store


def test_every_entry_is_contracted_and_its_bytes_are_those_of_the_lock() -> None:
    contracts = catalogue.load(ROOT).sources
    lock = STORE.lock()
    real = {source: entry for source, entry in lock.tables.items() if entry.provenance != "synthetic"}
    registers = {path.stem for path in REGISTERS.glob("*.yaml")}
    assert len(registers) == 11
    assert set(real) == {*ACCOUNTS, SUPPLY, USE, "ine_industry_structure"} | registers
    for source, entry in real.items():
        if source in registers:
            assert (entry.provenance, entry.acquired) == ("programme", "transcribed")
            continue
        contract = contracts[source]
        assert (entry.provenance, entry.acquired) == ("official", "transcribed")
        if entry.publisher == "ine":
            continue
        assert (entry.publisher, entry.table, entry.format) == (contract.publisher, contract.table, contract.format)
        assert len(STORE.read(source, entry)) == entry.bytes
        assert (entry.provenance, entry.acquired) == ("official", "transcribed")
        assert entry.citation == f"{contract.citation}, data update 31 July 2026"
        assert entry.licence == contract.licence
        assert "inferred" in entry.note


def test_no_file_lies_in_the_store_that_the_lock_does_not_name() -> None:
    named = {STORE.path(entry) for entry in STORE.lock().tables.values()} | {STORE.lock_path}
    assert {path for path in STORE.root.rglob("*") if path.is_file()} == named


def test_the_lock_is_written_as_the_store_writes_it() -> None:
    assert STORE.lock_path.read_text("utf-8") == snapshots.dump(STORE.lock())
    assert list(STORE.lock().tables) == sorted(STORE.lock().tables)


# --- the accounts


@pytest.mark.parametrize("source", ACCOUNTS)
def test_the_shape_is_that_of_the_current_bulk_file(source: str) -> None:
    content = text(source)
    lines = content.split("\n")
    assert lines[-1] == ""
    assert "\r" not in content
    dimensions = "freq,unit,wstatus,nace_r2,geo" if source.endswith("empers") else "freq,unit,nace_r2,geo"
    assert lines[0] == dimensions + "\\TIME_PERIOD\t" + "\t".join(f"{year} " for year in range(2000, 2025))
    for line in lines[1:-1]:
        for cell in line.split("\t")[1:]:
            value, blank, flag = cell.partition(" ")
            assert blank == " "
            assert value == ":" or str(Decimal(value)) == value
            assert flag in {"", "p"}


@pytest.mark.parametrize(("source", "name"), ACCOUNTS.items())
def test_every_cell_of_the_accounts_is_that_of_the_figures(source: str, name: str, shared: Path) -> None:
    lines = (shared / "figures" / f"{name}.tsv").read_text("utf-8").splitlines()
    periods = [p.strip() for p in lines[0].split("\t")[1:]]
    typed: dict[Key, tuple[str, str]] = {}
    for line in lines[1:]:
        key, *values = line.split("\t")
        for period, cell in zip(periods, values, strict=True):
            words = cell.split()
            typed[(*key.split(",")[-2:], period)] = (words[0], words[1] if len(words) > 1 else "")
    assert tsv(source) == typed
    assert len(typed) == 99 * 25


@pytest.mark.parametrize("source", ACCOUNTS)
def test_missing_cells_and_flags(source: str) -> None:
    missing = [key for key, (value, _) in tsv(source).items() if value == ":"]
    assert len(missing) == 23
    assert {period for *_, period in missing} == {"2024"}
    provisional = [key for key, (_, flag) in tsv(source).items() if flag == "p"]
    assert len(provisional) == 47


@pytest.mark.parametrize(
    ("source", "tolerance"),
    [("eurostat_nama_10r_3empers", Decimal(0)), ("eurostat_nama_10r_3gva", Decimal("0.1"))],
)
def test_the_provinces_add_to_the_region(source: str, tolerance: Decimal) -> None:
    found = amounts(source)
    sums = 0
    for (activity, geo, period), value in found.items():
        parts = [found.get((activity, province, period)) for province in ("ES211", "ES212", "ES213")]
        if geo == "ES21" and None not in parts:
            assert abs(sum(p for p in parts if p is not None) - value) <= tolerance, (activity, period)
            sums += 1
    assert sums >= 3 * 24


@pytest.mark.parametrize(
    ("source", "part", "whole"),
    [
        ("eurostat_nama_10r_3empers", "J", "G-J"),
        ("eurostat_nama_10r_3empers", "C", "TOTAL"),
        ("eurostat_nama_10r_3gva", "C", "B-E"),
        ("eurostat_nama_10r_3gva", "B-E", "TOTAL"),
    ],
)
def test_a_part_is_within_its_whole(source: str, part: str, whole: str) -> None:
    found = amounts(source)
    for (activity, geo, period), value in found.items():
        if activity == part:
            assert value <= found[whole, geo, period] + Decimal("0.01")


@pytest.mark.parametrize("source", ACCOUNTS)
@pytest.mark.parametrize(
    ("part", "whole"),
    [
        ("CZ064", "CZ06"),
        ("DK042", "DK04"),
        ("EE001", "EE00"),
        ("NL366", "NL36"),
        ("FI19B", "FI19"),
        ("ES21", "ES"),
        ("ES30", "ES"),
        ("ES", "EU27_2020"),
    ],
)
def test_a_place_is_within_its_parent(source: str, part: str, whole: str) -> None:
    found = amounts(source)
    compared = [(v, found[a, whole, p]) for (a, geo, p), v in found.items() if geo == part and (a, whole, p) in found]
    assert len(compared) >= 100
    assert all(value < total for value, total in compared)


def share(source: str, part: str, whole: str, geo: str, period: str) -> float:
    found = amounts(source)
    return float(100 * found[part, geo, period] / found[whole, geo, period])


@pytest.mark.parametrize(
    ("source", "part", "geo", "period", "expected"),
    [
        ("eurostat_nama_10r_3empers", "J", "ES21", "2008", 2.118),
        ("eurostat_nama_10r_3empers", "J", "ES21", "2015", 2.096),
        ("eurostat_nama_10r_3empers", "J", "ES21", "2023", 2.756),
        ("eurostat_nama_10r_3empers", "J", "ES21", "2024", 2.963),
        ("eurostat_nama_10r_3empers", "J", "ES30", "2015", 6.174),
        ("eurostat_nama_10r_3empers", "J", "ES", "2015", 2.336),
        ("eurostat_nama_10r_3gva", "C", "ES21", "2008", 23.48),
        ("eurostat_nama_10r_3gva", "C", "ES21", "2015", 21.02),
        ("eurostat_nama_10r_3gva", "B-E", "ES21", "2008", 26.38),
        ("eurostat_nama_10r_3gva", "B-E", "ES21", "2015", 24.17),
    ],
)
def test_shares_that_must_come_out(source: str, part: str, geo: str, period: str, expected: float) -> None:
    digits = len(str(expected).partition(".")[2])
    assert round(share(source, part, "TOTAL", geo, period), digits) == expected


# --- supply and use


@pytest.mark.parametrize(("source", "count"), [(SUPPLY, 2622), (USE, 1690)])
def test_the_csv_is_in_the_publishers_form(source: str, count: int) -> None:
    axis, product = axes(source)
    header = ["DATAFLOW", "LAST UPDATE", "freq", "unit", "stk_flow", axis, product, "geo", "TIME_PERIOD"]
    assert text(source).splitlines()[0].split(",") == [*header, "OBS_VALUE", "OBS_FLAG", "CONF_STATUS"]
    fixed = {(r["freq"], r["unit"], r["stk_flow"], r["geo"], r["TIME_PERIOD"], r["LAST UPDATE"]) for r in rows(source)}
    assert fixed == {("A", "MIO_EUR", "TOTAL", "ES", "2022", "31/07/26 23:00:00")}
    assert {r["DATAFLOW"] for r in rows(source)} == {f"ESTAT:NAIO_10_{source[-4:].upper()}(1.0)"}
    assert len(rows(source)) == len({(r[axis], r[product]) for r in rows(source)}) == count


def test_every_cell_of_the_supply_table_is_that_of_both_extracts(shared: Path) -> None:
    typed: dict[Key, Decimal] = {}
    for name in ("naio_10_cp15_ES_2022_supply.csv", "naio_10_cp15_ES_2022_supply_service_rows.csv"):
        for r in csv.DictReader((shared / "figures" / name).open(encoding="utf-8")):
            key = (r["branch"], r["product"])
            assert typed.setdefault(key, Decimal(r["value"])) == Decimal(r["value"]), f"{key}: the extracts differ"
    assert matrix(SUPPLY) == typed


def test_every_cell_of_the_use_table_is_that_of_the_extract(shared: Path) -> None:
    typed = {}
    for r in csv.DictReader((shared / "figures" / "naio_10_cp16_ES_2022_use.csv").open(encoding="utf-8")):
        typed[r["use"], r["product"]] = r["value"]
    assert {(r["ind_use"], r["prd_ava"]): r["OBS_VALUE"] for r in rows(USE)} == typed


def test_cells_not_for_publication_are_rows_without_a_figure() -> None:
    assert {r["OBS_FLAG"] for r in rows(SUPPLY) + rows(USE)} == {""}
    assert {r["CONF_STATUS"] for r in rows(SUPPLY)} == {""}
    empty = [r for r in rows(USE) if r["OBS_VALUE"] == ""]
    assert len(empty) == 76
    assert {r["ind_use"] for r in empty} == WITHHELD
    assert {r["CONF_STATUS"] for r in empty} == {"N"}
    assert {r["CONF_STATUS"] for r in rows(USE) if r["OBS_VALUE"]} == {""}


def test_the_supply_table_closes() -> None:
    v = matrix(SUPPLY)
    assert (len(branches()), len(products()), len(manufacturing())) == (65, 65, 19)
    whole_columns = [c for c in {c for c, _ in v} if all((c, p) in v for p in products())]
    assert len(whole_columns) == 23
    for column in whole_columns:
        assert sum(v[column, p] for p in products()) == v[column, "CPA_TOTAL"], column
    whole_rows = [p for p in {p for _, p in v} if all((b, p) in v for b in branches())]
    assert len(whole_rows) == 23
    for p in whole_rows:
        assert sum(v[b, p] for b in branches()) == v["TOTAL", p], p
        assert v["TOTAL", p] + v["P7", p] == v["TS_BP", p], p
        assert v["TS_BP", p] + v["OTTM", p] + v["D21X31", p] == v["TS_PP", p], p


def test_the_use_table_closes() -> None:
    u = matrix(USE)
    rows_of_products = sorted({p for _, p in u} - {"B1G", "P1"})
    assert len(rows_of_products) == 19
    for p in rows_of_products:
        assert sum(u[b, p] for b in branches()) == u["TOTAL", p], p
        assert u["TOTAL", p] + u["TFU", p] == u["TU", p], p
        for total, parts in {
            "P3": ("P3_S13", "P3_S14", "P3_S15"),
            "P5": ("P51G", "P5M"),
            "P6": ("P6_B0", "P6_D0"),
            "TFU": ("P3", "P5", "P6"),
        }.items():
            assert sum(u[part, p] for part in parts) == u[total, p], (p, total)
    for column in [*branches(), "TOTAL"]:
        assert u[column, "CPA_TOTAL"] + u[column, "B1G"] == u[column, "P1"], column


def test_supply_equals_use() -> None:
    v, u = matrix(SUPPLY), matrix(USE)
    for p in sorted({p for _, p in u} - {"CPA_TOTAL", "B1G", "P1"}):
        assert v["TS_PP", p] == u["TU", p], p
    for b in branches():
        assert v[b, "CPA_TOTAL"] == u[b, "P1"], b


@pytest.mark.parametrize(
    ("extra", "columns", "expected"),
    [
        ((), "C", 4.12),
        ((), "C28", 4.76),
        ((), "without C33", 4.13),
        (("C33",), "C", 8.64),
        (("C33",), "C28", 29.92),
        (("G45", "G46", "G47"), "C", 5.09),
        (("G45", "G46", "G47"), "C28", 5.71),
        (("C33", "G45", "G46", "G47"), "C", 9.60),
        (("C33", "G45", "G46", "G47"), "C28", 30.86),
    ],
)
def test_services_in_manufacturing_output(extra: tuple[str, ...], columns: str, expected: float) -> None:
    v = matrix(SUPPLY)
    chosen = {"C": manufacturing(), "C28": ["C28"], "without C33": [b for b in manufacturing() if b != "C33"]}[columns]
    services = [p for p in products() if p[4] in "JKLMN"] + [f"CPA_{code}" for code in extra]
    total = sum(v[b, "CPA_TOTAL"] for b in chosen)
    assert round(float(100 * sum(v[b, p] for b in chosen for p in services) / total), 2) == expected


def test_clients_and_exports_of_computing_services() -> None:
    v, u, row = matrix(SUPPLY), matrix(USE), "CPA_J62_63"
    to_services = sum(u[b, row] for b in branches() if b[0] in "GHIJKLMNOPQRSTU")
    to_industry = sum(u[b, row] for b in manufacturing())
    assert (to_services, to_industry) == (Decimal("17930.3"), Decimal("975.1"))
    assert round(float(to_services / to_industry), 1) == 18.4
    assert round(float((to_services - u["J62_63", row]) / to_industry), 1) == 11.8
    assert round(float(100 * u["P6", row] / u["TU", row]), 1) == 28.2
    assert round(float(100 * u["P6", row] / v["TOTAL", row]), 1) == 35.9
