"""Codes that are resolved at run time: what is found, what stops a table, and that nothing is guessed."""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from observatory import additions, catalogue, resolution
from observatory.contract_models import Source
from observatory.engines.duckdb import DuckDB
from observatory.errors import DataError
from observatory.formats import ine_csv, px

INDUSTRY, ACCOUNTS = "eustat_industry_aggregates", "eustat_industry_accounts"
TERRITORIES = {"01": "Araba/Álava", "48": "Bizkaia", "20": "Gipuzkoa"}
PERIODS = {"periodo": ["2022"]}


@pytest.fixture(scope="module")
def sources(root: Path) -> dict[str, Source]:
    return dict(catalogue.load(root).sources)


@pytest.fixture(scope="module")
def ind01(shared: Path) -> pa.Table:
    path = shared / "extracts" / "eustat" / "PX_112311_cindus_ind01.px"
    return px.read(path.read_bytes(), name=path.name)


Contract = Callable[..., Source]


@pytest.fixture(scope="module")
def contract(sources: dict[str, Source]) -> Contract:
    """A contract with other dimensions than its own."""

    def make(*dimensions: dict[str, Any], **changes: Any) -> Source:
        base = sources[INDUSTRY].model_dump(by_alias=True)
        return Source.model_validate(base | {"dimensions": dimensions, "adds_up": []} | changes)

    return make


def found(source: Source, dimension: str, labels: dict[str, str], **languages: dict[str, str]) -> dict[str, str]:
    """Resolve a table of one dimension with labels in Spanish and perhaps others."""
    spoken = {"es": labels, **languages} if labels else languages
    codes = list(labels) or list(next(iter(languages.values())))
    return dict(resolution.resolve(source, {dimension: codes}, {dimension: spoken}).found[dimension])


def refused(source: Source, dimension: str, labels: dict[str, str]) -> str:
    with pytest.raises(DataError) as caught:
        found(source, dimension, labels)
    return caught.value.message


def only(sources: dict[str, Source], source: str, dimension: str) -> Source:
    """A contract cut to one of its dimensions."""
    kept = tuple(d for d in sources[source].dimensions if d.code == dimension)
    return sources[source].model_copy(update={"dimensions": kept, "adds_up": ()})


def measure(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"code": "m", "role": "measure", "resolve": list(rules), **more}


# --- real tables


def test_the_real_table_of_industry(sources: dict[str, Source], ind01: pa.Table) -> None:
    found = resolution.of_table(sources[INDUSTRY], ind01)
    assert found.found["territorio histórico"] == {"00": "ES21", "01": "ES211", "48": "ES213", "20": "ES212"}
    sectors = found.found["sector (A86)"]
    assert (len(sectors), sectors["00"], sectors["36"], sectors["24"]) == (40, "TOTAL", "36", "24")
    assert found.code("principales agregados", "gva") == "200"
    assert found.code("principales agregados", "employment") == "100"
    assert found.how["territorio histórico"] == {
        "00": "Spanish label",
        "01": "code and label",
        "48": "code and label",
        "20": "code and label",
    }


def test_its_columns_stand_beside_the_codes(sources: dict[str, Source], ind01: pa.Table) -> None:
    made = resolution.columns(resolution.of_table(sources[INDUSTRY], ind01), ind01)
    assert list(made) == ["territorio histórico__as", "sector (A86)__as", "principales agregados__as"]
    codes, names = ind01["territorio histórico"].to_pylist(), made["territorio histórico__as"].to_pylist()
    pairs = set(zip(codes, names, strict=True))
    assert pairs == {("00", "ES21"), ("01", "ES211"), ("48", "ES213"), ("20", "ES212")}


def test_a_table_read_back_in_pieces_resolves_alike(
    sources: dict[str, Source], ind01: pa.Table, tmp_path: Path
) -> None:
    pq.write_table(ind01, tmp_path / "t.parquet", row_group_size=1000)
    again = pq.read_table(tmp_path / "t.parquet")
    whole, pieces = (resolution.of_table(sources[INDUSTRY], t) for t in (ind01, again))
    assert whole == pieces
    names = [whole.found["sector (A86)"][code] for code in again["sector (A86)"].to_pylist()]
    assert resolution.columns(pieces, again)["sector (A86)__as"].to_pylist() == names


def test_codes_without_a_rule_have_no_name(sources: dict[str, Source], contract: Contract) -> None:
    source = contract(measure({"as": "a", "codes": ["1"]}))
    table = pa.table({"m": ["1", "2", "1"], "value": [1.0, 2.0, 3.0]})
    made = resolution.columns(resolution.of_table(source, table), table)
    assert made["m__as"].to_pylist() == ["a", None, "a"]


def test_the_real_sums_hold_exactly(sources: dict[str, Source], ind01: pa.Table, tmp_path: Path) -> None:
    source = sources[INDUSTRY]
    codes = {d.code: [str(c) for c in ind01[d.code].unique().to_pylist()] for d in source.dimensions}
    rules = resolution.sums(source, resolution.of_table(source, ind01), codes)
    assert [(rule.dimension, rule.total, len(rule.parts)) for rule in rules] == [
        ("territorio histórico", "00", 3),
        ("sector (A86)", "00", 39),
        ("principales agregados", "200", 2),
        ("principales agregados", "210", 2),
        ("principales agregados", "250", 2),
    ]
    exact = source.model_copy(
        update={"adds_up": tuple(r.model_copy(update={"tolerance": 0.0}) for r in source.adds_up)}
    )
    assert additions.broken(exact, ind01, DuckDB(tmp_path)) == []


def areas(shared: Path) -> dict[str, str]:
    path = shared / "extracts" / "eustat" / "captures" / "PX_010154_cepv1_ep06b.metadata_es.2026-09-20.json"
    variable = json.loads(path.read_text("utf-8-sig"))["variables"][0]
    return dict(zip(variable["values"], variable["valueTexts"], strict=True))


def test_the_total_00001_of_a_real_capture(sources: dict[str, Source], shared: Path) -> None:
    source = only(sources, "eustat_establishment_jobs_area", "ámbitos territoriales")
    names = found(source, "ámbitos territoriales", areas(shared))
    assert names["00001"] == "ES21"
    assert {"48020", "20069", "01059", "160", "01", "48", "20"} <= set(names)
    assert len(names) == 8


def test_municipalities_of_a_real_capture(sources: dict[str, Source], shared: Path) -> None:
    towns = {code: label for code, label in areas(shared).items() if len(code) == 5 and code != "00001"}
    source = only(sources, "eustat_establishments_municipality_cnae", "municipio")
    assert found(source, "municipio", towns) == {c: c for c in ("01059", "48020", "20069")}


@pytest.mark.parametrize("total", ["00", "_T", "00001", "0"])
def test_the_total_is_known_by_its_label_whatever_its_code(sources: dict[str, Source], total: str) -> None:
    source = only(sources, "eustat_gva_a38", "territorio histórico")
    names = found(source, "territorio histórico", {total: "C.A. de Euskadi", **TERRITORIES})
    assert names == {total: "ES21", "01": "ES211", "48": "ES213", "20": "ES212"}


def test_territories_of_the_newer_real_capture(sources: dict[str, Source], shared: Path) -> None:
    path = shared / "extracts" / "eustat" / "captures" / "PX_050403_cpra_tab_a_25.metadata_es.json"
    variable = json.loads(path.read_text("utf-8-sig"))["variables"][0]
    labels = dict(zip(variable["values"], variable["valueTexts"], strict=True))
    source = only(sources, "eustat_employment_a38", "territorio histórico")
    assert found(source, "territorio histórico", labels)["_T"] == "ES21"


def test_real_codes_of_wide_branches(sources: dict[str, Source], shared: Path) -> None:
    path = shared / "extracts" / "eustat" / "codelist_PX_200163_cdirae_est02c_actividad_A10.csv"
    rows = list(csv.DictReader(path.open(encoding="utf-8")))
    labels = {r["code"]: r["label_es"] for r in rows if r["dimension"] == "actividad (A10)"}
    source = only(sources, "eustat_establishments_municipality_a10", "actividad (A10)")
    names = found(source, "actividad (A10)", labels)
    assert (names["0"], names["08"], "00" in names) == ("TOTAL", "M_N", False)


def test_the_capital_is_known_by_its_label_alone(sources: dict[str, Source]) -> None:
    source = only(sources, "eustat_capitals_gva", "capital")
    labels = {"10": "Vitoria-Gasteiz", "20": "Bilbao", "30": "Donostia / San Sebastián"}
    assert found(source, "capital", labels) == {"10": "01059", "20": "48020", "30": "20069"}


def test_the_texts_of_ine_are_codes_and_labels(sources: dict[str, Source]) -> None:
    source = sources["ine_industry_structure"]
    head = ";".join([*(d.code for d in source.dimensions), "Total"])
    activities = ("TOTAL SECTOR INDUSTRIAL", "28 Fabricación de maquinaria", "33 Reparación", "282 Otra maquinaria")
    results = (
        ("Cifra de negocios", 10),
        ("Ventas de productos", 7),
        ("Ventas de mercaderías", 2),
        ("Prestaciones de servicios", 1),
    )
    rows = [f"{a};{r};2018;{v}.000" for a in activities for r, v in results]
    table = ine_csv.read("\n".join([head, *rows, ""]).encode(), name="28384")
    names = resolution.of_table(source, table)
    assert names.code("Resultados de explotación", "services_rendered") == "Prestaciones de servicios"
    assert names.code(source.dimensions[0].code, "28") == "28 Fabricación de maquinaria"


# --- codes and labels


def test_a_listed_code_must_have_a_label_that_fits(sources: dict[str, Source]) -> None:
    source = only(sources, INDUSTRY, "sector (A86)")
    labels = {
        "00": "00 - Total",
        "36": "36 - Construcción naval",
        "38": "38 - Máquinas herramienta",
        "42": "Reparación",
    }
    text = refused(source, "sector (A86)", labels)
    assert "'36' should be 36, but 36 = '36 - Construcción naval'" in text
    assert "that label is now at 38 = '38 - Máquinas herramienta'" in text


def test_real_labels_moved_to_another_code_stop_the_table(sources: dict[str, Source], ind01: pa.Table) -> None:
    pairs = ind01.select(["sector (A86)", "sector (A86)__label"]).group_by(["sector (A86)", "sector (A86)__label"])
    labels = dict(zip(*(c.to_pylist() for c in pairs.aggregate([]).columns), strict=True))
    labels["36"], labels["37"] = labels["37"], labels["36"]
    text = refused(only(sources, INDUSTRY, "sector (A86)"), "sector (A86)", labels)
    assert "that label is now at 37 = '36 - Máquinas herramienta'" in text


def test_a_code_that_is_gone_is_sought_by_its_label(sources: dict[str, Source]) -> None:
    labels = {"_T": "Total", "ARA": "Araba/Álava", "BIZ": "Bizkaia", "GIP": "Gipuzkoa"}
    source = only(sources, INDUSTRY, "territorio histórico")
    assert found(source, "territorio histórico", labels)["BIZ"] == "ES213"


def test_without_labels_codes_decide(contract: Contract) -> None:
    source = contract(measure({"as": "a", "codes": ["1", "01"], "label": {"es": "uno"}}))
    assert resolution.resolve(source, {"m": ["01", "2"]}, {}).found["m"] == {"01": "a"}
    with pytest.raises(DataError, match="'a' is ambiguous, 2 codes fit: 1; 01"):
        resolution.resolve(source, {"m": ["1", "01"]}, {})


def test_a_label_alone_needs_labels(contract: Contract) -> None:
    source = contract(measure({"as": "a", "label": {"es": "uno"}}))
    with pytest.raises(DataError, match="known by its label alone, and the table has no labels in Spanish"):
        resolution.resolve(source, {"m": ["1"]}, {})


def test_an_ambiguous_label_lists_every_candidate(sources: dict[str, Source]) -> None:
    dimension = "cuenta de perdidas y ganancias"
    labels = {"1": "Cifra de negocios", "2": "Prestaciones de servicios", "3": "Otras prestaciones de servicios"}
    text = refused(only(sources, ACCOUNTS, dimension), dimension, labels)
    assert text.startswith("eustat_industry_accounts: table PX_112311_cindus_ind02: dimension 'cuenta de perdidas")
    assert "'services_rendered' is ambiguous, 2 codes fit" in text
    assert "2 = 'Prestaciones de servicios'; 3 = 'Otras prestaciones de servicios'" in text


def test_a_missing_label_lists_all_lines(sources: dict[str, Source]) -> None:
    dimension = "cuenta de perdidas y ganancias"
    labels = {str(n): f"Línea {n}" for n in range(40)} | {"99": "Prestaciones de servicios"}
    text = refused(only(sources, ACCOUNTS, dimension), dimension, labels)
    assert "nothing fits 'net_turnover'" in text
    assert all(f"{code} = {label!r}" in text for code, label in labels.items())


def test_all_that_is_wrong_with_a_table_is_said_at_once(sources: dict[str, Source]) -> None:
    source = sources[ACCOUNTS]
    codes = {"territorio histórico": ["00"], "sector (A86)": ["00"], "cuenta de perdidas y ganancias": ["1"], **PERIODS}
    labels = {name: {"es": dict.fromkeys(listed, "?")} for name, listed in codes.items()}
    with pytest.raises(DataError) as caught:
        resolution.resolve(source, codes, labels)
    for dimension in list(codes)[:3]:
        assert f"- dimension {dimension!r}: " in caught.value.message
    assert "nothing is chosen by itself" in caught.value.remedy


def test_two_rules_may_not_find_the_same_code(contract: Contract) -> None:
    source = contract(measure({"as": "a", "label": {"es": "uno"}}, {"as": "b", "label": {"es": "un"}}))
    assert "'b' and 'a' both find 1 = 'uno'" in refused(source, "m", {"1": "uno"})


def test_an_optional_code_may_be_absent_but_not_ambiguous(contract: Contract) -> None:
    source = contract(measure({"as": "a", "label": {"es": "uno"}, "optional": True}))
    assert found(source, "m", {"2": "dos"}) == {}
    assert "ambiguous" in refused(source, "m", {"1": "uno", "2": "uno bis"})


@pytest.mark.parametrize("label", ["Total", "Total ", "TOTAL\t", "total"])
def test_case_and_blanks_at_the_end_do_not_matter(contract: Contract, label: str) -> None:
    source = contract(measure({"as": "a", "label": {"es": "^total$"}}))
    assert found(source, "m", {"1": label, "2": "Subtotal"}) == {"1": "a"}


def test_accents_are_compared_composed(contract: Contract) -> None:
    source = contract(measure({"as": "a", "label": {"es": "inversión"}}))
    assert found(source, "m", {"1": unicodedata.normalize("NFD", "Inversión realizada")}) == {"1": "a"}


def test_any_of_the_three_languages_will_do_and_spanish_comes_first(contract: Contract) -> None:
    source = contract(measure({"as": "a", "label": {"es": "madera", "eu": "zur", "en": "wood"}}))
    wrong_english = {"12": "wood", "13": "wood"}
    assert found(source, "m", {"12": "textil", "13": "madera"}, en=wrong_english) == {"13": "a"}
    assert found(source, "m", {}, eu={"12": "ehunak", "13": "zura"}) == {"13": "a"}
    assert found(source, "m", {"12": "x", "13": "y"}, en={"12": "textile", "13": "wood"}) == {"13": "a"}


def test_labels_of_no_stated_language_are_the_publishers_own(contract: Contract) -> None:
    source = contract(measure({"as": "a", "label": {"es": "uno", "en": "one"}}))
    labels = {"m": {"": {"1": "uno", "2": "one"}}}
    assert resolution.resolve(source, {"m": ["1", "2"]}, labels).found["m"] == {"1": "a"}


def test_eurostats_own_labels_are_english(sources: dict[str, Source]) -> None:
    source = only(sources, "eurostat_sbs_r_nuts06_r2", "indic_sb")
    labels = {"": {"V11210": "Local units - number", "V16110": "Persons employed - number"}}
    names = resolution.resolve(source, {"indic_sb": list(labels[""])}, {"indic_sb": labels})
    assert names.found["indic_sb"] == {"V11210": "local_units", "V16110": "employment"}
    labels = {"": {"V11210": "Persons employed - number", "V16110": "Local units - number"}}
    with pytest.raises(DataError, match="'local_units' should be V11210"):
        resolution.resolve(source, {"indic_sb": list(labels[""])}, {"indic_sb": labels})


def test_codes_that_stand_for_themselves(contract: Contract) -> None:
    total = {"as": "TOTAL", "label": {"es": "^total"}}
    source = contract(measure(total, same="[0-9][0-9][0-9][0-9]", complete=True))
    assert found(source, "m", {"0": "Total", "6201": "x", "0111": "y"}) == {
        "0": "TOTAL",
        "6201": "6201",
        "0111": "0111",
    }
    assert "1 code(s) that no rule explains: 62 = 'z'" in refused(source, "m", {"0": "Total", "6201": "x", "62": "z"})
    assert "no code is '[0-9][0-9][0-9][0-9]'" in refused(source, "m", {"0": "Total"})


# --- renamed dimensions


def test_a_renamed_dimension_names_old_and_new(sources: dict[str, Source]) -> None:
    names = ["territorio histórico", "sector (A86)", "principales magnitudes", "periodo"]
    with pytest.raises(DataError) as caught:
        resolution.check_dimensions(sources[INDUSTRY], names)
    assert "dimension 'principales agregados' is now called 'principales magnitudes'" in caught.value.message
    assert "PX_112311_cindus_ind01" in caught.value.message


def test_a_blank_at_the_end_of_a_name_is_part_of_it(sources: dict[str, Source]) -> None:
    source = sources["eustat_selected_services_accounts"]
    names = [d.code for d in source.dimensions]
    assert "principales variables " in names
    assert resolution.check_dimensions(source, names)["principales variables "] == "principales variables "
    with pytest.raises(
        DataError, match=r"'principales variables ' is now called 'principales variables' \(only blanks"
    ):
        resolution.check_dimensions(source, [n.strip() for n in names])


def test_a_case_or_accent_changed_is_a_rename(sources: dict[str, Source]) -> None:
    names = ["territorio historico", "sector (A86)", "principales agregados", "periodo"]
    with pytest.raises(DataError, match="'territorio histórico' is now called 'territorio historico'"):
        resolution.check_dimensions(sources[INDUSTRY], names)


def test_names_are_compared_composed_and_kept_as_the_table_has_them(sources: dict[str, Source]) -> None:
    decomposed = unicodedata.normalize("NFD", "territorio histórico")
    source = only(sources, INDUSTRY, "territorio histórico")
    assert list(
        resolution.resolve(
            source, {decomposed: ["00", *TERRITORIES]}, {decomposed: {"es": {"00": "Total", **TERRITORIES}}}
        ).found
    ) == [decomposed]


def test_dimensions_gone_and_new_are_listed(sources: dict[str, Source]) -> None:
    with pytest.raises(DataError, match="gone: 'sector \\(A86\\)', 'principales agregados'; new: 'rama'"):
        resolution.check_dimensions(sources[INDUSTRY], ["territorio histórico", "rama", "periodo"])


# --- position in a classification


@pytest.fixture(scope="module")
def a38(root: Path) -> list[tuple[str, str]]:
    """Code and Spanish name of the 38 items in order, as the catalogue has them."""
    items = [
        a for a in catalogue.load(root).activities if a.eustat_a38 and (a.classification, a.version) == ("NACE", "2")
    ]
    ordered = sorted(items, key=lambda a: a.eustat_a38)
    return [(a.code, a.name_es) for a in ordered]


def numbered(items: list[tuple[str, str]], **extra: str) -> dict[str, str]:
    return {f"{n:02d}": f"{n:02d}. {name}" for n, (_, name) in enumerate(items, 1)} | extra


TOTALS = {"50": "Valor añadido bruto (p.b.)", "60": "Impuestos netos sobre los productos", "70": "P.I.B. p/m"}


def test_a38_by_position(sources: dict[str, Source], a38: list[tuple[str, str]]) -> None:
    names = found(only(sources, "eustat_gva_a38", "sector"), "sector", numbered(a38, **TOTALS))
    assert len(names) == 41
    assert [names[code] for code in ("22", "23", "24", "25", "27", "28", "29")] == [
        "JA",
        "JB",
        "JC",
        "K",
        "MA",
        "MB",
        "MC",
    ]
    assert (names["50"], names["60"], names["70"]) == ("TOTAL", "D21X31", "gdp")


def test_a38_by_position_whatever_the_codes(sources: dict[str, Source], a38: list[tuple[str, str]]) -> None:
    labels = {"_T": "Total"} | {f"X{n}": name for n, (_, name) in enumerate(a38)}
    names = found(only(sources, "eustat_employment_a38", "sector"), "sector", labels)
    assert (names["X0"], names["X21"], names["X37"]) == ("A", "JA", "U")


def test_a38_without_its_last_item(sources: dict[str, Source], a38: list[tuple[str, str]]) -> None:
    names = found(only(sources, "eustat_gva_a38", "sector"), "sector", numbered(a38[:37], **TOTALS))
    assert (names["37"], "38" in names) == ("T", False)


@pytest.mark.parametrize("cut", [slice(0, 36), slice(1, 38)])
def test_a38_is_refused_when_the_count_or_the_first_labels_are_wrong(
    sources: dict[str, Source], a38: list[tuple[str, str]], cut: slice
) -> None:
    text = refused(only(sources, "eustat_gva_a38", "sector"), "sector", numbered(a38[cut], **TOTALS))
    assert "38 items expected in order, 36 codes left" in text or "not in the expected order: 'A' would be 01" in text
    assert "Edición, audiovisual y emisión" in text


def test_a38_is_refused_with_one_code_too_many(sources: dict[str, Source], a38: list[tuple[str, str]]) -> None:
    text = refused(only(sources, "eustat_gva_a38", "sector"), "sector", numbered(a38, **TOTALS, **{"99": "Otros"}))
    assert "38 items expected in order, 39 codes left" in text
    assert "99 = 'Otros'" in text


def test_a38_is_refused_when_two_items_changed_places(sources: dict[str, Source], a38: list[tuple[str, str]]) -> None:
    swapped = [*a38]
    swapped[21], swapped[22] = swapped[22], swapped[21]
    text = refused(only(sources, "eustat_gva_a38", "sector"), "sector", numbered(swapped, **TOTALS))
    assert "'JA' would be 22 = '22. Telecomunicaciones'" in text


def test_a38_is_not_read_out_of_a_table_of_ten_branches(sources: dict[str, Source]) -> None:
    labels = {
        f"0{n}": name for n, name in enumerate(("Total", "Agricultura", "Industria", "Construcción", "Servicios"))
    }
    assert "4 codes left" in refused(
        only(sources, "eustat_capitals_employment", "sector de actividad"), "sector de actividad", labels
    )
