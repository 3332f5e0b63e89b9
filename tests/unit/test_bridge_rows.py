"""The bridge's rows say what the correspondence says, no more, and traps in the catalogue are refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from observatory import catalogue
from observatory.catalogue_bridge import composed, plan, ranges, twins
from observatory.catalogue_traps import renumbered
from observatory.errors import DataError

HEAD = "CNAE,2009,{},CNAE,2025,{},"


@pytest.fixture(scope="module")
def loaded() -> catalogue.Catalogue:
    return catalogue.load(Path(__file__).resolve().parents[2])


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    """A repository root with a catalogue of its own to break."""
    shutil.copytree(root / catalogue.FOLDER, tmp_path / catalogue.FOLDER)
    return tmp_path


def problems(copy: Path, name: str, old: str, new: str) -> str:
    path = copy / catalogue.FOLDER / name
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(DataError) as caught:
        catalogue.load(copy)
    return str(caught.value)


def divisions(rows: list[dict[str, Any]], side: str) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        if row["side"] == side and row["classification"] == "CNAE":
            found.setdefault((row["variant"], row["grp"]), set()).add(row["activity"])
    return {name: ranges(codes) for name, codes in found.items()}


# --- what the rows say


def test_the_rows_are_those_of_the_reference(loaded: catalogue.Catalogue, shared: Path) -> None:
    reference = json.loads((shared / "reference" / "codelists.json").read_text("utf-8"))["cnae2009_to_cnae2025"]
    rows = loaded.activity_bridge
    closed = {r.from_code: r.to_code for r in rows if r.is_closed}
    assert reference["exact_bridge_sets"].items() <= closed.items()
    single = [r for r in rows if r.kind == "division"]
    for item in reference["divisions"]:
        code = item["cnae2009"]
        assert {r.to_code for r in single if r.from_code == code} == set(item["cnae2025"]), code
        assert (code in closed) == (item["status"] == "closed"), code
    listed = {item["cnae2009"] for item in reference["divisions"]}
    # 47, 52 and 82 stand in the bridge for the classes that they give away
    assert {r.from_code for r in single} - listed == {"47", "52", "82"}


def test_no_weight_is_made_up(loaded: catalogue.Catalogue) -> None:
    """While no directory year is coded both ways, a part has no weight, and nobody is named as its source."""
    for row in loaded.activity_bridge:
        expected = (1.0, True) if row.is_closed else (None, False)
        assert (row.weight, bool(row.weight_source)) == expected, row
        assert row.weight_year == ""


def test_what_is_reported_in_place_of_weights(loaded: catalogue.Catalogue) -> None:
    wide = {ranges(r.old): (ranges(r.new), r.leaks) for r in loaded.activity_bridge if r.kind == "aggregate"}
    assert wide == {
        "58-63": ("58-63", ("47.91>60.39", "52.10>63.10", "82.99>61.20")),
        "69-75": ("69-75", ("74.20>18.12", "74.90>80.09")),
    }


def test_aggregates_are_sections_of_both_versions(loaded: catalogue.Catalogue) -> None:
    """J of 2009 is J and K of 2025, M is N, K is L, by divisions and never by letter."""
    sections = {(a.version, a.code): a.parts() for a in loaded.activities if a.level == "section"}
    assert sections["2", "J"] == sections["2.1", "J"] | sections["2.1", "K"]
    assert sections["2", "M"] == sections["2.1", "N"] and sections["2", "K"] == sections["2.1", "L"]
    assert all(sections["2", letter] != sections["2.1", letter] for letter in "JKLMN")


def test_the_bridge_holds_under_both_names(loaded: catalogue.Catalogue) -> None:
    rows = twins(loaded.activity_bridge, loaded.classifications)
    ends = {(r.from_classification, r.from_version, r.to_classification, r.to_version) for r in rows}
    assert ends == {("CNAE", "2009", "CNAE", "2025"), ("NACE", "2", "NACE", "2.1")}
    assert len(rows) == 2 * len(loaded.activity_bridge)


def test_which_variants_cross_the_bridge(loaded: catalogue.Catalogue) -> None:
    rows = loaded.tables()["kibs_bridge"].to_pylist()
    how = {(r["variant"], r["grp"]): r["how"] for r in rows}
    whole = {variant: h for (variant, grp), h in how.items() if not grp}
    assert {v for v, h in whole.items() if h == "closed"} == {"p_kibs", "kis_fin"}
    assert {v for v, h in whole.items() if h == "aggregate"} == {"kibs_seed_sections"}
    new, old = divisions(rows, "to"), divisions(rows, "from")
    assert new["kibs_seed_sections", ""] == old["kibs_seed_sections", ""] == "58-66 69-75"
    assert new["p_kibs", ""] == "69-70 73"
    assert ("kibs_core", "") in old and ("kibs_core", "") not in new
    missing = {(r["variant"], r["grp"]): r["missing"] for r in rows}
    assert missing["kibs_kamp", ""] == "74>18 74>74 74>80 80>80"
    assert missing["kibs_core", ""] == "47>60 52>63 60>60 63>60 63>63"


def test_a_pair_is_closed_and_its_halves_are_not(loaded: catalogue.Catalogue) -> None:
    rows = loaded.activity_bridge
    assert [(s.old, s.new, s.how) for s in plan({"70", "73"}, rows).steps] == [(("70", "73"), ("70", "73"), "closed")]
    assert plan({"70"}, rows).refused == {"70": ("70>70", "70>73", "73>73")}
    assert composed({"70", "73", "63"}, rows).steps == ()


# --- what the catalogue refuses


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (HEAD.format(62, 62), HEAD.format(62, 620), "62 to 620: 620 is no division of NACE 2.1"),
        (HEAD.format(62, 62), HEAD.format(45, 45), "45 to 45: 45 is no division of NACE 2.1"),
        ("62,CNAE,2025,62,division,true,1,", "62,CNAE,2025,62,division,true,0.9,", "a closed row has the weight 1"),
        (
            "63,CNAE,2025,60,division,false,,,",
            "63,CNAE,2025,60,division,false,0.2,,",
            "63 to 60: a weight and its source and year stand together or not at all",
        ),
        (
            "63,CNAE,2025,60,division,false,,,",
            "63,CNAE,2025,60,division,false,1.2,directory,2025",
            "63 to 60: weight 1.2 is no part of one",
        ),
        (
            "61,CNAE,2025,61,division,false,,,",
            "61,CNAE,2025,61,division,false,0.8,directory,2025",
            "the weights of 61 add up to 0.8",
        ),
        (
            "60,CNAE,2025,60,division,false,,,,",
            "60,CNAE,2025,62,division,false,,,,",
            "62 to 62 is not closed: there is 60 to 62",
        ),
        (HEAD.format(59, 59), HEAD.format(58, 58), "58 to 58 stands twice"),
        (",aggregate,false,,,,74.20>18.12 74.90>80.09,", ",aggregate,false,,,,,", "names its leaks"),
        ("70+73,CNAE,2025,70+73,set,", "70+73,CNAE,2025,70+73,division,", "a division of 2 and 2 division(s)"),
    ],
)
def test_rows_that_cannot_be_are_named(copy: Path, old: str, new: str, expected: str) -> None:
    assert f"activity_bridge.csv: {expected}".split(": ", 1)[1] in problems(copy, "activity_bridge.csv", old, new)


def test_a_version_that_nobody_lists_is_named(copy: Path) -> None:
    found = problems(copy, "classifications.csv", "CNAE,2025,NACE 2.1,", "CNAE,2026,NACE 2.1,")
    assert "activity_bridge.csv: CNAE 2025 is not in classifications.csv" in found


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        ("kibs_seed_sections,professional_rd,NACE,2,a10,M_N", "a10 M_N (69-75 77-82) merges the sections M and N"),
        ("kibs_core,ict,NACE,2,a6,G-J", "a6 G-J (45-47 49-53 55-56 58-63) merges the sections G and H and I and J"),
    ],
)
def test_an_activity_of_a10_is_refused_for_a_variant(copy: Path, member: str, expected: str) -> None:
    """A*10 merges M with N, so a table of it can give kibs_jkmn and no other variant."""
    path = copy / catalogue.FOLDER / "kibs_definitions.csv"
    path.write_text(path.read_text("utf-8") + member + "\n", "utf-8")
    with pytest.raises(DataError) as caught:
        catalogue.load(copy)
    text = str(caught.value)
    assert f"kibs_definitions.csv: {member.partition(',')[0]}: {expected}" in text
    assert "only kibs_jkmn may be made of it" in text


# --- renumbered regions


def test_codes_of_one_region_with_two_borders_are_named_together(loaded: catalogue.Catalogue) -> None:
    [pair] = renumbered({"ES21", "NL33", "NL36"}, loaded.geography_breaks)
    assert pair.startswith("NL33 and NL36 (NUTS 2024: ") and "series are not joined" in pair
    assert renumbered({"NL33C", "NL366", "EU15", "EU27_2020"}, loaded.geography_breaks) == []
    assert [p[:15] for p in renumbered({"FI197", "FI19B"}, loaded.geography_breaks)] == ["FI197 and FI19B"]


def test_bases_on_either_side_of_a_renumbering_are_not_spliced(copy: Path) -> None:
    folder = copy / catalogue.FOLDER / "sources"
    for name, code in (("eurostat_sbs_r_nuts06_r2", "NL33"), ("eurostat_sbs_r_nuts2021", "NL36")):
        path = folder / f"{name}.yaml"
        text = path.read_text("utf-8").replace("scheme: nuts2021", "scheme: nuts2021 nuts2024")
        text = text.replace("[CZ06, DK04,", f"[CZ06, {code}, DK04,", 1)
        if code == "NL36":
            text = text.replace(
                "base: from 2021}",
                "base: from 2021, splice: {after: eurostat_sbs_r_nuts06_r2, by: ratio, at: '2021', reason: r}}",
            )
        path.write_text(text, "utf-8")
    with pytest.raises(DataError, match=r"series\.splice\.after: NL33 and NL36 .* would be one series"):
        catalogue.load(copy)


def test_the_municipalities_are_those_of_the_bank(loaded: catalogue.Catalogue, shared: Path) -> None:
    lines = (shared / "extracts" / "eustat" / "codelist_ambitos_territoriales.csv").read_text("utf-8").splitlines()
    theirs = {line.split(",")[0] for line in lines if ",municipio," in line}
    assert {town.code for town in loaded.municipalities} == theirs and len(theirs) == 252
