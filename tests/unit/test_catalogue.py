"""The catalogue: what it holds, what it refuses, and that it says all that is wrong at once."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from observatory import catalogue
from observatory.errors import DataError

ACCOUNTS = "eustat_industry_accounts"
Records = Callable[[str], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def loaded() -> catalogue.Catalogue:
    return catalogue.load(Path(__file__).resolve().parents[2])


@pytest.fixture(scope="module")
def records(loaded: catalogue.Catalogue) -> Records:
    tables = loaded.tables()
    return lambda name: tables[name].to_pylist()


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    """A repository root with a catalogue of its own to break."""
    shutil.copytree(root / catalogue.FOLDER, tmp_path / catalogue.FOLDER)
    return tmp_path


def edit(copy: Path, name: str, old: str, new: str) -> None:
    path = copy / catalogue.FOLDER / name
    text = path.read_text("utf-8")
    assert text.count(old) >= 1, f"{old!r} is not in {name}"
    path.write_text(text.replace(old, new, 1), "utf-8")


def problems(copy: Path) -> list[str]:
    with pytest.raises(DataError) as caught:
        catalogue.load(copy)
    return caught.value.message.split("\n- ")[1:]


# --- what it refuses


def test_all_disagreements_between_files_are_reported_at_once(copy: Path) -> None:
    edit(copy, "geographies.csv", "ES212,nuts3,province,ES21,", "ES212,nuts3,province,ES29,")
    edit(copy, "geographies.csv", "CZ06,CZ06,CZ06", "CZ06,CZ06,DK04")
    edit(copy, "activities.csv", "NACE,2,division,62,J,", "NACE,2,division,61,J,")
    edit(copy, "kibs_definitions.csv", "kibs_kamp,ict,NACE,2,a88,62", "kibs_kamp,ict,NACE,2,a88,6201")
    edit(copy, "published_claims.csv", "percent,2008,ES21", "percent,2008,ES99")
    edit(copy, "sources/eurostat_nama_10r_3gva.yaml", "scheme: nuts2024", "scheme: nuts2030")
    edit(copy, "geography_breaks.csv", "NL33,NL36,NL33,NL36", "NL33,NL37,NL33,NL36")
    found = "\n".join(problems(copy))
    for expected in (
        "geographies.csv: unknown parent 'ES29'",
        "geographies.csv: code nuts2024 DK04 stands 2 times",
        "activities.csv: activity NACE 2 61 stands 2 times",
        "kibs_definitions.csv: kibs_kamp: 6201 is no activity of NACE 2",
        "published_claims.csv: unknown place 'ES99'",
        "sources/eurostat_nama_10r_3gva.yaml: dimensions.geo: unknown scheme 'nuts2030'",
        "geography_breaks.csv: unknown place 'NL37'",
    ):
        assert expected in found


def test_a_breakdown_that_misses_or_repeats_a_division_is_named(copy: Path) -> None:
    edit(copy, "activities.csv", "NACE,2,a38,MB,M,72,a38", "NACE,2,a38,MB,M,71,a38")
    [found] = [p for p in problems(copy) if "a38" in p]
    assert found.startswith("activities.csv: the items of a38 in NACE 2 are not all divisions once")
    assert "72" in found


def test_places_that_hold_each_other_are_named(copy: Path) -> None:
    edit(copy, "geographies.csv", "EE00,nuts2,region,EE,", "EE00,nuts2,region,EE001,")
    assert "geographies.csv: EE00 and EE001 hold each other" in problems(copy)


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("geographies.csv", "geo,level,", "geo,tier,", "geographies.csv: line 1: expected the columns"),
        ("geographies.csv", "ES,nuts0,", "ES,country,", "geographies.csv: line 4: level: "),
        ("geographies.csv", "ES30,nuts2,", "ES30,nuts2,,", "geographies.csv: line 21: 16 cells, expected 15"),
        ("observation_flags.csv", "eurostat,b,B", "eurostat,b,Q", "observation_flags.csv: line 2: status: "),
        ("published_claims.csv", ",1.9,1.85,1.95,", ",1.9,low,1.95,", "low: "),
        ("sources/eurostat_nama_10r_3gva.yaml", "what:", "whatever:", "whatever: Extra inputs are not permitted"),
        ("sources/eurostat_nama_10r_3gva.yaml", "role: geo", "role: place", "dimensions.3.role: "),
        ("sources/eurostat_nama_10r_3gva.yaml", "table:", "id: twice\ntable:", "key given twice: id"),
        ("sources/eurostat_nama_10r_3gva.yaml", "id: eurostat_", "id: ", "id: expected 'eurostat_nama_10r_3gva'"),
        ("sources/eurostat_nama_10r_3gva.yaml", "what: >-", "what: [", "sources/eurostat_nama_10r_3gva.yaml: cannot"),
        ("sources/eurostat_nama_10r_3gva.yaml", "codes: [CP_MEUR]", "codes: [PPS]", "no words in `units` for PPS"),
        (
            "sources/eurostat_nama_10r_3gva.yaml",
            "TOTAL, B-E, C",
            "TOTAL, BE, C",
            "unknown code in eurostat_nace_r2 'BE'",
        ),
        (f"sources/{ACCOUNTS}.yaml", "unit: PER", "unit: EGGS", "unknown unit 'EGGS'"),
        (f"sources/{ACCOUNTS}.yaml", "as: ES211", "as: ES219", "territorio histórico: unknown name in resolve 'ES219'"),
        (f"sources/{ACCOUNTS}.yaml", "as: ES211", "az: ES211", "resolve.1.as: Field required"),
        (
            f"sources/{ACCOUNTS}.yaml",
            "total: ES21,",
            "total: ES22,",
            "adds_up.0.territorio histórico: unknown code 'ES22'",
        ),
        (
            f"sources/{ACCOUNTS}.yaml",
            "dimension: sector (A86)",
            "dimension: sector",
            "adds_up.1: unknown dimension 'sector'",
        ),
        (
            "sources/eustat_use.yaml",
            "table: PX_170111_tio_tio_a_02",
            "table: PX_170111_tio_tio_a_01",
            "is that of eustat_supply",
        ),
        (f"sources/{ACCOUNTS}.yaml", "route: auto", "rout: auto", "request.pxweb.rout: Extra inputs"),
        ("sources/eustat_gva_a38.yaml", "items: A B CA", "items: A B CX", "labels"),
        ("sources/eustat_gva_a38.yaml", " JB JC K ", " JB JZ K ", "labels"),
        ("sources/eustat_gva_a38.yaml", " CB CC CD ", " CB CX CD ", "sector: unknown name in resolve 'CX'"),
        (
            "sources/eustat_use.yaml",
            "after: eustat_use_base2015",
            "after: eustat_supply",
            "is no other base of 'eustat_use'",
        ),
        ("sources/eustat_use.yaml", "base: current", "base: '2015'", "'eustat_use_base2015' has the same base '2015'"),
        ("kibs_variants.csv", "kibs_core,false", "kibs_core,true", "2 headline variants, expected one"),
        ("kibs_definitions.csv", "jkmn,ict,NACE,2,a10", "jkmn,ict,NACE,2,a38", "kibs_jkmn: J is no item of a38"),
    ],
)
def test_a_broken_file_is_named_with_its_line_or_key(copy: Path, name: str, old: str, new: str, expected: str) -> None:
    edit(copy, name, old, new)
    found = problems(copy)
    assert any(expected in problem for problem in found), found
    assert any(problem.startswith(name) for problem in found)


def test_an_absent_file_is_named(copy: Path) -> None:
    (copy / catalogue.FOLDER / "activities.csv").unlink()
    assert problems(copy)[0].startswith("activities.csv: cannot be read")


# --- unmapped codes


def raw(**columns: list[str]) -> pa.Table:
    rows = max(len(codes) for codes in columns.values())
    padded = {name: codes + codes[-1:] * (rows - len(codes)) for name, codes in columns.items()}
    return pa.table({name: pa.array(codes).dictionary_encode() for name, codes in padded.items()})


def test_unmapped_lists_every_code_with_its_dimension(loaded: catalogue.Catalogue) -> None:
    source = loaded.sources["eurostat_nama_10r_3empers"]
    known = {"freq": ["A"], "unit": ["THS"], "wstatus": ["EMP"], "TIME_PERIOD": ["1871"]}
    assert loaded.unmapped(source, raw(nace_r2=["TOTAL", "J"], geo=["ES21", "NL36"], **known)) == []
    table = raw(nace_r2=["J", "J62", "X", "Y"], geo=["ES21", "NL33", "UKD3"], **known | {"wstatus": ["SAL", "EMP"]})
    assert loaded.unmapped(source, table) == ["wstatus: SAL", "nace_r2: X", "nace_r2: Y", "geo: NL33", "geo: UKD3"]


def test_a_mark_that_nothing_explains_is_unmapped(loaded: catalogue.Catalogue) -> None:
    source = loaded.sources["eurostat_nama_10r_3empers"].model_copy(update={"dimensions": ()})
    assert loaded.unmapped(source, raw(flag=["p", "bu", "q", "|X"])) == ["flag: q", "flag: |X"]


def test_excluded_codes_are_not_unmapped(loaded: catalogue.Catalogue) -> None:
    source = loaded.sources["eurostat_nama_10r_3empers"]
    geo = source.dimensions[4].model_copy(update={"exclude": ("ESZZ",)})
    other = source.model_copy(update={"dimensions": (geo,)})
    assert loaded.unmapped(other, raw(geo=["ES21", "ESZZ", "ESZ"])) == ["geo: ESZ"]


def test_a_dimension_may_draw_on_two_schemes(loaded: catalogue.Catalogue) -> None:
    source = loaded.sources["eurostat_naio_10_cp16"]
    axis = [d for d in source.dimensions if d.code == "ind_use"]
    table = raw(ind_use=["J62_63", "P3_S13", "TU", "CPA_J62_63"])
    assert loaded.unmapped(source.model_copy(update={"dimensions": tuple(axis)}), table) == ["ind_use: CPA_J62_63"]


# --- places


def test_every_code_of_the_reference_is_mapped(records: Records, shared: Path) -> None:
    codes = {(r["scheme"], r["code"]): r["geo"] for r in records("geography_codes")}
    for row in csv.DictReader((shared / "reference" / "nuts.csv").open(encoding="utf-8")):
        for scheme in ("nuts2016", "nuts2021", "nuts2024", "itl2021"):
            if row[scheme]:
                assert (scheme, row[scheme]) in codes, row
        if row["nuts2024"]:
            assert codes["nuts2024", row["nuts2024"]] == row["nuts2024"]


def test_recoded_places(records: Records) -> None:
    codes = {(r["scheme"], r["code"]): (r["geo"], r["territory_changed"]) for r in records("geography_codes")}
    assert codes["nuts2021", "NL33"] == ("NL33", False)
    assert codes["nuts2024", "NL36"] == ("NL36", False)
    assert ("nuts2024", "NL33") not in codes
    assert codes["nuts2016", "FI197"] == ("FI19B", True)
    assert codes["nuts2024", "FI19B"] == ("FI19B", False)
    assert codes["nuts2024", "FI198"] == ("FI198", False)  # Keski-Suomi: the renumbering trap
    assert ("nuts2024", "UKD3") not in codes
    breaks = {(r["from_geo"], r["to_geo"]): r["territory"] for r in records("geography_breaks")}
    assert breaks["NL33", "NL36"] == "changed"


def test_eustats_codes_of_the_territories(records: Records) -> None:
    codes = {r["code"]: r["geo"] for r in records("geography_codes") if r["scheme"] == "eustat"}
    expected = {"00": "ES21", "_T": "ES21", "00001": "ES21", "01": "ES211", "20": "ES212", "48": "ES213"}
    assert codes.items() >= (expected | {"48020": "48020", "160": "160"}).items()


def test_parents_and_ancestors(records: Records) -> None:
    children = sorted(r["geo"] for r in records("geographies") if r["parent"] == "ES21")
    assert children == ["ES211", "ES212", "ES213"]
    ancestors: dict[str, set[str]] = {}
    for r in records("geography_ancestors"):
        ancestors.setdefault(r["geo"], set()).add(r["ancestor"])
    assert ancestors["48020"] == {"160", "ES213", "ES21", "ES", "EU15", "EU27_2020"}
    assert ancestors["UKD33"] == {"UKD3", "UK", "EU15"}
    assert "EU15" not in ancestors["CZ064"]


def test_groups(records: Records) -> None:
    groups: dict[str, set[str]] = {}
    for r in records("geography_groups"):
        groups.setdefault(r["grp"], set()).add(r["geo"])
    assert groups["benchmark"] == {"CZ06", "EE00", "NL36", "ITH5", "DK04", "FI19", "UKD3"}
    assert groups["orkestra"] == {"ITC1", "DE1"}
    assert groups["comparator"] == {"ES", "ES30", "EU15", "EU27_2020"}


# --- activities


def test_the_a38_list_and_its_positions(records: Records, shared: Path) -> None:
    reference = json.loads((shared / "reference" / "codelists.json").read_text("utf-8"))["a38"]
    found = {r["code"]: r["activity"] for r in records("activity_codes") if r["scheme"] == "eustat_a38"}
    assert found == {f"{item['pos']:02d}": item["code"] for item in reference}
    divisions = {r["code"]: r["divisions"] for r in records("activities") if r["version"] == "2"}
    assert {item["code"]: item["nace"] for item in reference} == {i["code"]: divisions[i["code"]] for i in reference}


def test_numbers_of_items(loaded: catalogue.Catalogue) -> None:
    expected = {"a6": 6, "a10": 10, "a21": 21, "a38": 38, "a64": 64, "a88": 88}
    items = [a for a in loaded.activities if (a.classification, a.version) == ("NACE", "2")]
    assert {b: sum(b in a.breakdowns for a in items) for b in expected} == expected
    newer = [a for a in loaded.activities if a.version == "2.1" and a.classification == "NACE"]
    assert {b: sum(b in a.breakdowns for a in newer) for b in ("a22", "a87")} == {"a22": 22, "a87": 87}


def test_a_letter_means_different_things_in_different_versions(loaded: catalogue.Catalogue, shared: Path) -> None:
    items = {(a.version, a.code): a for a in loaded.activities if a.classification == "NACE"}
    assert items["2", "K"].parts() == items["2.1", "L"].parts() == {"64", "65", "66"}
    assert items["2", "K"].parts() != items["2.1", "K"].parts()
    assert items["2.1", "62"].parent == "K"
    assert ("2.1", "45") not in items
    reference = json.loads((shared / "reference" / "codelists.json").read_text("utf-8"))["nace_rev21_sections"]
    sections = {code: a.divisions for (v, code), a in items.items() if v == "2.1" and a.level == "section"}
    assert {s: words[0] for s, words in sections.items()} == {s: text.split()[0] for s, text in reference.items()}


@pytest.mark.parametrize(
    ("name", "not_in_the_catalogue"),
    [("nama_10_a64_e_ES_2022_THS_PER.json", set()), ("nama_10r_3empers_ES51_2018.json", set())],
)
def test_every_activity_of_a_real_answer_is_mapped(
    loaded: catalogue.Catalogue, shared: Path, name: str, not_in_the_catalogue: set[str]
) -> None:
    answer = json.loads((shared / "extracts" / "eurostat" / name).read_text("utf-8"))
    codes = set(answer["dimension"]["nace_r2"]["category"]["index"])
    assert codes - loaded.schemes()["eurostat_nace_r2"] == not_in_the_catalogue


def test_spellings_of_one_activity(records: Records) -> None:
    codes = {(r["scheme"], r["code"]): r["activity"] for r in records("activity_codes")}
    for spelling in ("J62_63", "J62_J63"):
        assert codes["eurostat_nace_r2", spelling] == "62-63"
    assert codes["cpa_2_1", "CPA_J62_63"] == "62-63"
    assert codes["eurostat_nace_r2", "M_N"] == "M_N"
    assert codes["eustat_a38", "25"] == "K"


def test_names_stand_in_three_languages(loaded: catalogue.Catalogue) -> None:
    for a in loaded.activities:
        assert len({a.name_en, a.name_es, a.name_eu}) == 3, a


# --- KIBS


def test_variants_are_those_of_the_reference(records: Records, shared: Path) -> None:
    variants = json.loads((shared / "reference" / "codelists.json").read_text("utf-8"))["kibs_variants_nace_rev2"]
    found: dict[str, dict[str, list[str]]] = {}
    for r in records("kibs_definitions"):
        if r["breakdown"] in {"a88", "as_written"}:
            found.setdefault(r["variant"], {}).setdefault(r["grp"], []).append(r["activity"])
    for name, reference in variants.items():
        if "codes" in reference:
            assert sorted(code for codes in found[name].values() for code in codes) == sorted(reference["codes"])
        else:
            groups = {g: reference[g] for g in ("ict", "finance", "professional_rd", "support") if g in reference}
            assert found[name] == groups


def members(records: Records, variant: str) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for r in records("kibs_definitions"):
        if r["variant"] == variant:
            found.setdefault((r["classification"], r["breakdown"]), []).append(r["activity"])
    return found


def test_the_headline_is_carried_where_it_can_be_had_and_nowhere_else(records: Records) -> None:
    found = members(records, "kibs_seed_sections")
    assert set(found) == {("NACE", b) for b in ("a21", "a38", "a64", "a88")} | {("CPA", "a64"), ("Eustat", "a86")}
    assert found["NACE", "a21"] == ["J", "K", "M"]
    assert found["NACE", "a38"] == ["JA", "JB", "JC", "K", "MA", "MB", "MC"]
    assert sorted(found["CPA", "a64"]) == sorted(found["NACE", "a64"])


def test_a_variant_that_cuts_an_item_is_not_carried(records: Records) -> None:
    assert set(members(records, "kibs_kamp")) == {("NACE", "a88")}  # 62 without 63
    assert ("NACE", "a38") not in members(records, "kibs_core")  # MA is 69-71, MC 73-75
    assert sorted(members(records, "kibs_core")["NACE", "a64"]) == ["62-63", "69-70", "71", "72", "73"]


def test_the_variant_of_the_accounts_is_apart(records: Records) -> None:
    assert members(records, "kibs_jkmn") == {("NACE", "a10"): ["J", "K", "M_N"]}


# --- flags, statements, contracts


@pytest.mark.parametrize(
    ("publisher", "flag", "status"),
    [
        ("eurostat", "b", "B"),
        ("eurostat", "bu", "BU"),
        ("eurostat", "bc", "BC"),
        ("eurostat", "bd", "BD"),
        ("eurostat", "ep", "EP"),
        ("eurostat", "es", "E"),
        ("eurostat", "pr", "P"),
        ("eurostat", "r", "A"),
        ("eurostat", "bdu", "BDU"),
        ("eurostat", ":", "M"),
        ("eurostat", "|N", "C"),
        ("eurostat", "bu|C", "BCU"),
        ("eustat", "-", "A"),
        ("eustat", ":", "M"),
    ],
)
def test_flags_and_their_combinations(records: Records, publisher: str, flag: str, status: str) -> None:
    found = [r["status"] for r in records("observation_flags") if (r["publisher"], r["flag"]) == (publisher, flag)]
    assert found == [status]


def test_every_flag_stands_once(records: Records) -> None:
    rows = [(r["publisher"], r["flag"]) for r in records("observation_flags")]
    assert len(rows) == len(set(rows))


def test_the_nineteen_statements(loaded: catalogue.Catalogue) -> None:
    assert sorted({c.claim for c in loaded.claims}) == list(range(1, 20))
    figures = {(c.geo, c.period): c for c in loaded.claims if c.indicator == "ict_emp_share"}
    published = {key: (c.value, c.earlier_value) for key, c in figures.items()}
    assert published == {
        ("ES21", "2008"): (1.9, 2.12),
        ("ES21", "2015"): (2.1, 2.09),
        ("ES", "2015"): (2.4, 2.38),
        ("EU15", "2015"): (3.0, None),
        ("ES30", "2008"): (5.2, 5.80),
        ("ES30", "2015"): (6.3, 6.30),
    }
    judged = {c.low for c in figures.values() if c.geo == "EU15"}
    assert judged == {None}


def test_statements_name_indicators_of_the_reference_or_of_ours(
    loaded: catalogue.Catalogue, root: Path, shared: Path
) -> None:
    text = (shared / "reference" / "indicators.yaml").read_text("utf-8")
    ours = {path.stem for path in (root / "sql" / "indicators").glob("*.sql")}
    assert [c.indicator for c in loaded.claims if f"{{id: {c.indicator}," not in text and c.indicator not in ours] == []


def test_text_columns_are_never_null(loaded: catalogue.Catalogue) -> None:
    for name, table in loaded.tables().items():
        for column in table.column_names:
            if pa.types.is_string(table.schema.field(column).type):
                assert table[column].null_count == 0, f"{name}.{column}"
