"""Texts of headers, checks and verdicts: whole in Spanish and Basque, the same places and figures in every language."""

import re
from pathlib import Path

import pytest

from observatory import causes, check_plans, claims, differences, models, quality
from observatory.causes import Cause
from observatory.differences import Difference
from observatory.publishing import extraction, translations
from observatory.publishing import site_messages as messages
from observatory.publishing.translations import FOLDER, sentence, translated

FIGURE = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")


def test_every_text_stands_in_both_languages_and_none_in_vain(root: Path) -> None:
    assert extraction.problems(root) == []
    assert len(extraction.extracted(root)) > 390


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_names_of_tables_and_columns_are_carried_unchanged(root: Path, language: str) -> None:
    """What is written with an underscore is a name in the release: it must be found by it in every language."""
    named = {text: set(re.findall(r"[A-Za-z]\w*_\w+", text)) for text in extraction.extracted(root)}
    lost = {
        text: names for text, names in named.items() if not all(n in (translated(language, text) or "") for n in names)
    }
    assert lost == {} and sum(map(bool, named.values())) > 40


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_figures_are_carried_unchanged(root: Path, language: str) -> None:
    lost = {}
    for text in extraction.extracted(root):
        said = translated(language, text) or ""
        if gone := {figure for figure in FIGURE.findall(text) if figure not in said}:
            lost[text] = gone
    assert lost == {}


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_every_unit_of_an_indicator_has_words(root: Path, language: messages.Language) -> None:
    units = {models.parse(path).header.unit for path in (root / "sql" / "indicators").glob("*.sql")}
    assert len(units) > 15
    assert {unit for unit in units if not messages.known(language, f"unit.{unit}")} == set()


def test_no_text_of_a_header_looks_like_one_with_places_to_fill_in(root: Path) -> None:
    made = {*causes.WORDS, *check_plans.WORDS, *claims.WORDS, *differences.WORDS, *quality.WORDS}
    assert {text for text in extraction.extracted(root) if messages.fields(text)} <= made


@pytest.mark.parametrize(
    ("english", "spanish", "basque"),
    [
        ("ESA 2010, chapter 11", "SEC 2010, capítulo 11", "KES 2010, 11. kapitulua"),
        (
            "a figure below 0 or above 3 in `value`",
            "una cifra por debajo de 0 o por encima de 3 en `value`",
            "0 baino txikiagoa edo 3 baino handiagoa den zifra bat `value` zutabean",
        ),
        ("a figure above 3 in `n`", "una cifra por encima de 3 en `n`", "3 baino handiagoa den zifra bat `n` zutabean"),
        ("0 of 12 values do not meet it", "0 de 12 valores no lo cumplen", "12 baliotatik 0 ez dute betetzen"),
        ("accepted 1 to any", "se acepta de 1 a sin límite", "onartzen dena: 1 – mugarik gabe"),
        ("what nobody says", None, None),
    ],
)
def test_a_text_is_found_whole_or_by_its_places(english: str, spanish: str | None, basque: str | None) -> None:
    assert (translated("es", english), translated("eu", english)) == (spanish, basque)
    assert translated("en", english) == english


def test_a_verdict_is_translated_part_by_part_with_decimal_commas() -> None:
    said = "2.118 (status A); 2.12 in the vintage about 2020; accepted 1.85 to 1.95: reproduced by no vintage found"
    assert sentence("es", said) == (
        "2,118 (estado A); 2,12 en la versión de los datos de hacia 2020; "
        "se acepta de 1,85 a 1,95: no la reproduce ninguna versión conocida de los datos"
    )
    assert sentence("en", said) == said
    names = {"ict_emp_share": "Peso del empleo TIC", "EU15, 2015": "UE de 15, 2015"}
    said_of = "the sources hold no ict_emp_share for EU15, 2015"
    assert sentence("es", said_of, names) == "las fuentes no tienen «Peso del empleo TIC» (UE de 15, 2015)"
    assert sentence("eu", f"{said}; and something else") is None


def test_an_update_keeps_what_is_translated_and_tells_what_is_missing(root: Path, tmp_path: Path) -> None:
    for language in translations.LANGUAGES:
        target = translations.path_of(language, tmp_path)
        target.parent.mkdir(parents=True)
        text = translations.path_of(language).read_text("utf-8")
        target.write_text(text.replace('msgid "own"', 'msgid "owned"'), "utf-8")
    missing = extraction.update(root, tmp_path)
    assert len(missing) == 2 and all("has no text for 'own'" in line for line in missing)
    assert translations.path_of("es", tmp_path).read_text("utf-8").count("#, fuzzy") == 1


def test_the_catalogues_are_as_the_update_writes_them(root: Path, tmp_path: Path) -> None:
    """Kept in the order and form of the tool, so that two people's additions merge."""
    for language in translations.LANGUAGES:
        target = translations.path_of(language, tmp_path)
        target.parent.mkdir(parents=True)
        target.write_bytes(translations.path_of(language).read_bytes())
    assert extraction.update(root, tmp_path) == []
    for language in translations.LANGUAGES:
        now, kept = (translations.path_of(language, folder).read_text("utf-8") for folder in (tmp_path, FOLDER))
        assert now.partition("#:")[2] == kept.partition("#:")[2] != ""  # the head tells the version of the tool


def test_all_that_a_comparison_of_releases_says_is_translated() -> None:
    """Codes and figures stay; every sentence, head and cause is in the language."""
    why = (Cause("revised source", causes.REVISED.format(source="x", moved=1, all=9, periods="2024")),)
    moved = {"geo": "ES21", "period": "2024", "before_value": 1.5, "now_value": 2.0}
    several = [
        Difference("a", 3, 3, revised=1, largest=[moved], why=why),
        Difference("b", None, 2, ["n"], [], [differences.UNIT_WAS.format(before="%", now="ratio")]),
        Difference("c", 1, 1),
    ]
    text = differences.render(several, "2026Q3.0", "2026Q4.0")
    assert translations.markdown("en", text) == text
    spanish = translations.markdown("es", text)
    for said in (
        "# De 2026Q3.0 a 2026Q4.0",
        "2 de 3 tablas difieren.",
        "| tabla | filas antes | filas ahora | añadidas | revisadas | retiradas | causa |",
        "| a | 3 | 3 | 0 | 1 | 0 | fuente revisada |",
        "| b | – | 2 | 0 | 0 | 0 | tabla nueva |",
        "- fuente revisada: x: 1 de 9 periodos tienen otras cifras u otras celdas (2024)",
        "- la unidad era “%”, ahora “ratio”",
        "## a: mayores revisiones",
        "Añadidas: n. Quitadas: ninguna.",
    ):
        assert said in spanish.split("\n"), said
    first = translations.markdown("eu", differences.render([Difference("a", None, 3)], None, "2026Q4.0"))
    assert "Lehen argitalpena; ez dago zerekin alderaturik." in first and "| taula | errenkadak |" in first
