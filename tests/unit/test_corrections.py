"""Corrections: laid over what was published, and gone once the publisher has mended it."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from observatory import build, catalogue, corrections
from observatory.corrections import Correction
from observatory.errors import DataError

INDUSTRY = "eustat_industry_aggregates"
BRANCH = "sector (A86)"


def correction(**content: Any) -> Correction:
    base = {
        "source": "t",
        "where": {"place": "01", "year": "2020"},
        "field": "value",
        "published": 80.0,
        "right": 8.0,
        "reason": "A nought too many.",
        "evidence": "The printed yearbook",
    }
    return Correction.model_validate(base | content)


def label(**content: Any) -> Correction:
    about = {"where": {"place": "01"}, "field": "label", "language": "en", "published": "Alaba", "right": "Álava"}
    return correction(**(about | content))


@pytest.fixture
def table() -> pa.Table:
    def coded(*texts: str | None) -> pa.DictionaryArray:
        return pa.array(texts, pa.string()).dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string()))

    return pa.table(
        {
            "place": coded("01", "01", "48", "48"),
            "place__label": coded("Álava", "Álava", "Bizkaia", "Bizkaia"),
            "place__label_en": coded("Alaba", "Alaba", "Biscay", "Biscay"),
            "year": coded("2019", "2020", "2019", "2020"),
            "value": pa.array([7.0, 80.0, None, 9.0]),
            "flag": coded(None, "p", ".", None),
            "kind": coded("value", "value", "missing", "value"),
        }
    )


def test_a_value_is_put_right_its_flag_stays_and_nothing_else_moves(table: pa.Table) -> None:
    mended, applied = corrections.apply(table, [correction()], "eustat")
    assert applied == (correction(),)
    assert mended["value"].to_pylist() == [7.0, 8.0, None, 9.0]
    assert mended.drop_columns(["value"]).equals(table.drop_columns(["value"]))
    assert mended.schema == table.schema
    assert table["value"].to_pylist() == [7.0, 80.0, None, 9.0]


def test_a_value_can_be_withdrawn_or_filled_in(table: pa.Table) -> None:
    wrong = correction(right=None)
    absent = correction(where={"place": "48", "year": "2019"}, published=None, right=3)
    mended, _ = corrections.apply(table, [wrong, absent], "eustat")
    assert mended["value"].to_pylist() == [7.0, None, 3.0, 9.0]
    assert mended["kind"].to_pylist() == ["value", "missing", "value", "value"]
    assert mended["flag"].to_pylist() == [None, "p", ".", None]


def test_a_label_is_put_right_in_its_language_on_all_rows_of_its_code(table: pa.Table) -> None:
    mended, _ = corrections.apply(table, [label()], "eustat")
    assert mended["place__label_en"].to_pylist() == ["Álava", "Álava", "Biscay", "Biscay"]
    assert mended.schema == table.schema
    own, _ = corrections.apply(table, [label(language="es", published="Álava", right="Araba/Álava")], "eustat")
    assert own["place__label"].to_pylist()[:2] == ["Araba/Álava"] * 2


def test_a_label_in_a_language_that_did_not_come_is_not_applied(table: pa.Table) -> None:
    mended, applied = corrections.apply(table, [label(language="eu")], "eustat")
    assert applied == () and mended.equals(table)


@pytest.mark.parametrize(
    ("one", "says"),
    [
        (correction(published=70.0, right=80.0), r"value of t at place = 01, year = 2020: the publisher has mended it"),
        (correction(published=70.0), r"expected 70 as it was published, found 80"),
        (correction(where={"place": "20", "year": "2020"}), "the table has no such cell"),
        (label(published="Araba", right="Alaba"), r"label \(en\) of t at place = 01: the publisher has mended it"),
        (label(published="Arabe"), "expected 'Arabe' as it was published, found 'Alaba'"),
    ],
)
def test_a_correction_that_no_longer_holds_stops_the_table(table: pa.Table, one: Correction, says: str) -> None:
    with pytest.raises(DataError, match=says) as stopped:
        corrections.apply(table, [one], "eustat")
    assert "remove the correction from data/catalogue/corrections.yaml" in stopped.value.remedy


def test_all_that_no_longer_hold_are_named_at_once(table: pa.Table) -> None:
    with pytest.raises(DataError, match=r"2 correction\(s\)[\s\S]*70[\s\S]*Arabe"):
        corrections.apply(table, [correction(published=70.0), correction(), label(published="Arabe")], "eustat")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"field": "label", "published": "a", "right": "b"}, "a label has a `language`"),
        ({"language": "en"}, "a value has none"),
        ({"field": "label", "language": "en", "published": "a", "right": "b"}, "one code of one dimension"),
        ({"published": "80"}, "numbers"),
        ({"right": 80.0}, "are the same"),
        ({"expect": "right"}, "expect"),
        ({"sources": "x"}, "sources"),
        ({"where": {}}, "where"),
    ],
)
def test_a_correction_that_makes_no_sense_is_refused(content: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        correction(**content)


def test_the_catalogue_finds_corrections_of_nothing(root: Path) -> None:
    sources = catalogue.load(root).sources
    loose = label(source=INDUSTRY, where={"sector": "12"})
    twice = label(source=INDUSTRY, where={BRANCH: "12"})
    found = list(corrections.disagreements([correction(), loose, twice, twice, correction(source=INDUSTRY)], sources))
    assert [text.removeprefix("corrections.yaml: ").split(" (")[0] for text in found] == [
        "unknown source 't'",
        f"{INDUSTRY}: unknown dimension 'sector'",
        "label",
        f"{INDUSTRY}: unknown dimension 'place'",
        f"{INDUSTRY}: unknown dimension 'year'",
        f"value of {INDUSTRY} at place = 01, year = 2020: no code of periodo, principales agregados, sector",
    ]


# --- the real file of 2021


@pytest.fixture(scope="module")
def real(shared: Path) -> bytes:
    return (shared / "extracts" / "eustat" / "PX_112311_cindus_ind01.px").read_bytes()


def english(table: pa.Table) -> dict[str, str]:
    return dict(zip(table[BRANCH].to_pylist(), table[f"{BRANCH}__label_en"].to_pylist(), strict=True))


def test_the_real_files_textiles_and_tobacco_are_put_right(root: Path, real: bytes) -> None:
    whole = catalogue.load(root)
    source = whole.sources[INDUSTRY]
    published = build.read_snapshot(source, real, "px", whole, "synthetic")
    mended = build.read_snapshot(source, real, "px", whole, "official")
    before, now = english(published), english(mended)
    assert before["12"] == "12 - Manufacture of wood and of products of wood and cork"
    assert now["12"] == "12 - Textiles, clothing, leather and footwear"
    assert (before["10"], now["10"]) == ("10/11 Beverage / Snuff", "10/11 Beverage / Tobacco")
    assert {code for code in now if now[code] != before[code]} == {"10", "12"}
    column = f"{BRANCH}__label_en"
    assert mended.drop_columns([column]).equals(published.drop_columns([column]))


def test_a_file_in_which_the_publisher_has_mended_a_label_stops(root: Path, real: bytes) -> None:
    whole = catalogue.load(root)
    mended = real.replace(b"10/11 Beverage / Snuff", b"10/11 Beverage / Tobacco")
    assert mended != real
    with pytest.raises(DataError, match=r"1 correction\(s\).*\n.*sector \(A86\) = 10: the publisher has mended it"):
        build.read_snapshot(whole.sources[INDUSTRY], mended, "px", whole, "official")


def test_made_up_snapshots_have_no_errors_of_a_publisher(root: Path) -> None:
    whole = catalogue.load(root)
    assert len(whole.corrected(INDUSTRY, "official")) == 2
    assert whole.corrected(INDUSTRY, "synthetic") == whole.corrected("eustat_industry_accounts", "official") == ()
    known = whole.corrected(INDUSTRY, "official")
    official, made_up = ("\n".join(corrections.explain(known, p)) for p in ("official", "synthetic"))
    assert "applied after reading" in official and "Snuff" in official and "NACE Rev. 2 division 12" in official
    assert "not applied" in made_up and list(corrections.explain((), None)) == []
