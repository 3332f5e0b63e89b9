"""Names of places in sentences: articles, contractions and Basque endings."""

import string
from pathlib import Path

import pytest

from observatory import catalogue
from observatory.publishing import site_messages as messages
from observatory.publishing.grammar import CASES, PREPOSITIONS, PlaceName
from observatory.publishing.site_labels import Labels
from observatory.publishing.site_messages import LANGUAGES

FORMS = {"es": {"", "el", *PREPOSITIONS}, "eu": {"", *CASES}, "en": {"", "the"}}


@pytest.mark.parametrize(
    ("language", "geo", "sentence", "said"),
    [
        ("es", "ES21", "frente {place:a}", "frente al País Vasco"),
        ("es", "EU27_2020", "frente {place:a}", "frente a la Unión Europea (27 países)"),
        ("es", "ES", "frente {place:a}", "frente a España"),
        ("es", "ES21", "parte {place:de}", "parte del País Vasco"),
        ("es", "ES30", "parte {place:de}", "parte de la Comunidad de Madrid"),
        ("es", "NL", "comparar {place:el}", "comparar los Países Bajos"),
        ("es", "48020", "comparar {place:el}", "comparar Bilbao"),
        ("es", "ES21", "{place}: 3", "País Vasco: 3"),
        ("en", "ES21", "in {place:the}", "in the Basque Country"),
        ("en", "ES", "in {place:the}", "in Spain"),
        ("eu", "ES21", "{place:rekin} alderatuta", "Euskadirekin alderatuta"),
        ("eu", "EU27_2020", "{place:rekin}", "Europar Batasunarekin (27 herrialde)"),
        ("eu", "ES300", "{place:rekin}", "Madrilekin"),
        ("eu", "NL", "{place:ren}", "Herbehereen"),
        ("eu", "NL", "{place:n}", "Herbehereetan"),
        ("eu", "48020", "{place:n}", "Bilbon"),
        ("eu", "UKD33", "{place:ren}", "Manchesterren"),
    ],
)
def test_a_name_takes_the_form_that_its_sentence_asks_for(
    root: Path, language: messages.Language, geo: str, sentence: str, said: str
) -> None:
    assert sentence.format(place=Labels(language, catalogue.load(root)).place(geo)) == said


def test_a_name_is_text_like_any_other() -> None:
    name = PlaceName("Bilbao", "es")
    assert name == "Bilbao" and f"{name:>8}" == "  Bilbao" and isinstance(name, str)


def test_messages_ask_only_for_forms_of_their_language() -> None:
    asked = set()
    for texts in messages.load().values():
        for language in LANGUAGES:
            for _, field, form, _ in string.Formatter().parse(texts[language]):
                if field in {"place", "comparator"}:
                    asked.add((language, form or ""))
    assert {("es", "a"), ("eu", "rekin"), ("en", "the")} < asked
    assert {(language, form) for language, form in asked if form not in FORMS[language]} == set()
