"""Survey extracts as a whole: units, designs, formats stated by the codebook, and what holds for any file."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from observatory import codebook
from observatory.formats import survey, survey_file, survey_messages, survey_sheet
from observatory.formats.survey_cells import UNSAVED
from observatory.formats.survey_columns import choose
from observatory.formats.survey_file import Opened
from observatory.formats.survey_frame import FRAME, LANGUAGES, MISSING
from observatory.formats.survey_sheet import Sheet, SheetRow, Unreadable, letter
from observatory.formats.survey_workbook import read_marks
from tests.unit.formats.survey_xlsx import Fault, Formula, Styled, workbook

CONTENT: dict[str, Any] = {
    "survey": "s",
    "wave": "2018",
    "title": {"es": "a", "eu": "b", "en": "c"},
    "provenance": "survey",
    "language": "es",
    "columns": {
        "firm": {"header": ["Empresa"], "unit": "text", "required": True},
        "share_pct": {"header": ["Cuota"], "unit": "percent"},
        "turnover": {"header": ["Ventas"], "unit": "thousand_euro"},
        "service_turnover": {"header": ["Servicios"], "unit": "thousand_euro"},
        "weight": {"header": ["Peso"], "unit": "number"},
    },
    "design": {"kind": "list"},
}


def book(**changes: Any) -> codebook.Codebook:
    content = {**CONTENT, **changes}
    columns = {name: {**CONTENT["columns"].get(name, {}), **c} for name, c in changes.get("columns", {}).items()}
    content["columns"] = {**CONTENT["columns"], **columns}
    return codebook.Codebook.model_validate(content)


def read(text: str, **changes: Any) -> survey.Report:
    return survey.read(text.encode(), book(**changes), name="extract.csv")


def rules(report: survey.Report) -> list[list[str]]:
    return [[finding.rule for finding in row.findings] for row in report.rows]


@pytest.mark.parametrize(
    ("stated", "cell", "value", "found"),
    [
        ("es", "1.234", 1234.0, []),
        ("en", "1.234", 1.234, []),
        ("es", "1,234", 1.234, []),
        ("en", "1,234", 1234.0, []),
        ("es", "1,234.5", None, ["contradicts_codebook"]),
        ("en", "1.234,5", None, ["contradicts_codebook"]),
        ("es", "12.5", None, ["contradicts_codebook"]),
        (None, "1.234", None, ["ambiguous_number"]),
    ],
)
def test_number_format_of_the_codebook(stated: str | None, cell: str, value: float | None, found: list[str]) -> None:
    report = read(f"Empresa;Ventas\nUno;{cell}\n", number_format=stated)
    assert rules(report) == [found]
    assert report.accepted["turnover"].to_pylist() == ([] if value is None else [value])


def test_the_format_of_one_column_says_nothing_of_another() -> None:
    report = read("Empresa;Cuota;Ventas\nUno;12,5;1.234\n")
    assert rules(report) == [["ambiguous_number"]]


@pytest.mark.parametrize(
    ("unit", "cell", "value"),
    [
        ("euro", "1500", 1.5),
        ("thousand_euro", "1500", 1500.0),
        ("million_euro", "1,5", 1500.0),
        ("euro", "1500 €", 1.5),
        ("euro", "2 M€", 2000.0),
        ("million_euro", "900 k€", 900.0),
        ("million_euro", "900 €", None),
        ("thousand_euro", "900 %", None),
    ],
)
def test_amounts_become_thousand_euro(unit: str, cell: str, value: float | None) -> None:
    report = read(f"Empresa;Ventas\nUno;{cell}\n", columns={"turnover": {"unit": unit}})
    assert report.accepted["turnover"].to_pylist() == ([] if value is None else [value])


def test_shares_become_percent() -> None:
    report = read(
        "Empresa;Cuota\nUno;0,125\nDos;1\nTres;12,5\nCuatro;12,5%\n", columns={"share_pct": {"unit": "share"}}
    )
    assert report.accepted["share_pct"].to_pylist() == [12.5, 100.0, 12.5]
    assert rules(report) == [[], [], ["share_over_one"], ["unit_in_cell"]]


def test_population_and_stratum_come_from_the_design() -> None:
    one = read("Empresa;Cuota\nUno;5\n", design={"kind": "probability", "strata": {"todas": 300}})
    assert one.accepted.select(["stratum", "population", "designed"]).to_pylist() == [
        {"stratum": "todas", "population": 300, "designed": True}
    ]
    none = read("Empresa;Cuota\nUno;5\n")
    assert none.accepted.select(["stratum", "population", "designed"]).to_pylist() == [
        {"stratum": survey.WHOLE, "population": None, "designed": False}
    ]
    columns = {"stratum": {"header": ["Estrato"], "unit": "text"}}
    several = {"kind": "census", "strata": {"A": 10, "B": 20}}
    two = read("Empresa;Estrato;Cuota\nUno;a;5\nDos;C;5\nTres;;5\n", columns=columns, design=several)
    assert two.accepted["population"].to_pylist() == [10]
    assert rules(two) == [[], ["unknown_stratum"], ["unknown_stratum"]]


def test_required_answers_ownread_marks_and_yes_or_no() -> None:
    columns = {
        "share_pct": {"required": True, "missing": ["rechaza"]},
        "branch": {"header": ["Exporta"], "unit": "yes_no"},
    }
    report = read("Empresa;Cuota;Exporta\nUno;rechaza;Sí\nDos;5;ez\nTres;7;quizá\n", columns=columns)
    assert rules(report) == [["missing_mark", "required_missing"], [], ["unknown_yes_no"]]
    assert report.accepted["branch"].to_pylist() == ["no"]
    assert report.columns["share_pct"].missing == {"no_answer": 1}


def test_a_file_may_be_in_the_encoding_that_the_codebook_says() -> None:
    data = "Empresa;Cuota\nPeña €;5\n".encode("iso-8859-15")
    report = survey.read(data, book(file={"encoding": "iso-8859-15"}), name="a.csv")
    assert report.accepted["firm"].to_pylist() == ["Peña €"]
    wrong = survey.read(data, book(file={"encoding": "ansi-7"}), name="a.csv")
    assert [finding.rule for finding in wrong.problems] == ["unknown_encoding"]


def test_the_header_may_be_named() -> None:
    text = "Empresa;Cuota\nUno;5\nEmpresa;Ventas\nDos;7\n"
    assert read(text).accepted["share_pct"].to_pylist()[0] == 5.0
    assert read(text, file={"header_row": 3}).accepted["turnover"].to_pylist() == [7.0]


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey_sheet, "MAX_ROWS", 2)
    assert [f.rule for f in read("Empresa;Cuota\nUno;5\nDos;6\n").problems] == ["too_many_rows"]
    monkeypatch.setattr(survey_file, "MAX_BYTES", 10)
    assert [f.rule for f in read("Empresa;Cuota\nUno;5\n").problems] == ["too_big"]


def test_sheets_are_chosen_by_the_codebook_or_by_their_header() -> None:
    rows = (SheetRow(1, ("Empresa", "Cuota")), SheetRow(2, ("Uno", 5.0)))
    opened = Opened("xlsx", (Sheet("Portada", (SheetRow(1, ("Notas",)),)), Sheet("A", rows), Sheet("B", rows)))
    with pytest.raises(Unreadable, match="sheets_several") as several:
        choose(opened, book())
    assert several.value.finding.facts["sheets"] == "«A», «B»"
    assert choose(opened, book(file={"sheet": "b"}))[0].sheet.name == "B"
    with pytest.raises(Unreadable, match="sheet_unknown"):
        choose(opened, book(file={"sheet": "C"}))
    layout, notes = choose(Opened("xlsx", opened.sheets[:2]), book())
    assert (layout.sheet.name, notes[0].rule) == ("A", "sheet_chosen")


def test_what_a_sheet_says_beyond_its_values() -> None:
    rows = [
        ["x", Fault("#N/A"), Formula("A1"), Formula("A1", 2.0)],
        [Styled(0.1, "percent"), Styled(0.1, "own_percent"), 1],
    ]
    marks = read_marks(workbook({"R&D": rows}, {"R&D": ["A1:B2"]}))["R&D"]
    assert marks.texts == {(1, 1): "#N/A", (1, 2): UNSAVED}
    assert marks.percent == {(2, 0), (2, 1)}
    assert marks.merged == ((1, 0, 2, 1),)


def test_a_formula_error_without_address_is_not_overlooked() -> None:
    data = workbook({"A": [["Empresa", "Cuota"], ["Uno", Fault("#N/A")]]})
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(changed, "w") as new:
        for part in old.namelist():
            new.writestr(part, old.read(part).replace(b'<c r="B2"', b"<c"))
    report = survey.read(changed.getvalue(), book(), name="a.xlsx")
    assert [finding.rule for finding in report.problems] == ["broken_workbook"]


def test_letters_of_columns() -> None:
    assert [letter(at) for at in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_every_message_stands_in_three_languages_with_the_same_facts() -> None:
    for rule, texts in survey_messages.MESSAGES.items():
        assert set(texts) == set(LANGUAGES), rule
        words = [set(re.findall(r"\{(\w+)\}", "".join(text))) for text in texts.values()]
        assert words[0] == words[1] == words[2], rule
        assert len({bool(remedy) for _, remedy in texts.values()}) == 1, rule
    assert len({frozenset(frame) for frame in FRAME.values()}) == 1
    assert len({frozenset(kinds) for kinds in MISSING.values()}) == 1


CELL = st.one_of(
    st.sampled_from(
        ["", "Uno", "Dos", "Total", "s/d", "1.234", "12,5", "12.5", "1.234,5", "150", "-3", "10-may", "#N/A"]
    ),
    st.text(max_size=6),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(CELL, max_size=6), max_size=12), st.sampled_from([None, "es", "en"]))
def test_rows_in_are_rows_accepted_repaired_and_refused(rows: list[list[str]], stated: str | None) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([["Empresa", "Cuota", "Ventas", "Servicios", "Peso"], *rows])
    data = out.getvalue().encode("utf-8", "replace")
    report = survey.read(data, book(number_format=stated), name="any.csv")
    counts = [report.count(state) for state in ("accepted", "repaired", "refused")]
    assert sum(counts) == len(report.rows)
    assert report.accepted.num_rows == counts[0] + counts[1]
    assert report.accepted["row"].to_pylist() == [row.row for row in report.rows if row.state != "refused"]
    shares = [share for share in report.accepted["share_pct"].to_pylist() if share is not None]
    assert all(0 <= share <= 100 for share in shares)
    for row in report.rows:
        assert (row.state == "refused") == any(finding.level == "refused" for finding in row.findings)
    for language in LANGUAGES:
        assert survey.render(report, language)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60), st.sampled_from([b"", b"Empresa;Cuota\n", b"\xff\xfe", b"PK\x03\x04", b"\xef\xbb\xbf"]))
def test_any_bytes_end_in_a_report(data: bytes, start: bytes) -> None:
    report = survey.read(start + data, book(), name="any.csv")
    assert report.is_read or report.problems
    assert survey.render(report, "en")


def test_a_codebook_is_read_from_yaml_as_written() -> None:
    content = Path(__file__).parent / "hostile" / "codebook.yaml"
    read_ = codebook.read(content.read_bytes(), name="codebook.yaml")
    scale = read_.columns["expectation"].scale
    assert (scale["Igual"], scale["Disminuirá"], scale["Aumentará mucho"]) == ("=", "-", "++")
    assert (read_.wave, read_.number_format, read_.design.fpc) == ("2018", None, True)


def test_plain_labels_of_yaml_stay_what_was_written() -> None:
    columns = {**CONTENT["columns"], "size": {"header": ["T"], "unit": "category", "scale": {"A": "x"}}}
    text = yaml.safe_dump({**CONTENT, "columns": columns}).replace("A: x", "No: 01, 10-49: 2020-05-10")
    text = text.replace("scale:\n      No: 01, 10-49: 2020-05-10", "scale: {No: 01, 10-49: 2020-05-10}")
    scale = codebook.read(text.encode(), name="c").columns["size"].scale
    assert scale == {"No": "01", "10-49": "2020-05-10"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
        ({"number_format": "de"}, "number_format"),
        ({"columns": {"share_pct": {"header": ["C"], "unit": "percent"}}}, "the column firm is needed"),
        ({"columns": {"firm": {"header": ["E"], "unit": "percent"}}}, "unit percent is not one of text"),
        (
            {"columns": {"firm": {"header": ["E"], "unit": "text"}, "holding": {"header": ["é"], "unit": "text"}}},
            "listed under two",
        ),
        ({"columns": {"firm": {"header": ["E"], "unit": "text", "scale": {"a": "b"}}}}, "a scale is for unit category"),
        (
            {
                "columns": {
                    "firm": {"header": ["E"], "unit": "text"},
                    "expectation": {"header": ["X"], "unit": "category", "scale": {"Sube": "up"}},
                }
            },
            "'up' is not one of",
        ),
        ({"design": {"kind": "list", "strata": {"a": 1, "b": 2}}}, "no column stratum"),
    ],
)
def test_codebooks_that_contradict_themselves(change: dict[str, Any], said: str) -> None:
    with pytest.raises(codebook.DataError, match=said) as refused:
        codebook.read(yaml.safe_dump({**CONTENT, **change}).encode(), name="wave.yaml")
    assert refused.value.message.startswith("wave.yaml: 1 problem(s)")


def test_a_key_given_twice_is_refused() -> None:
    with pytest.raises(codebook.DataError, match="key given twice: survey"):
        codebook.read(b"survey: a\nsurvey: b\n", name="wave.yaml")
