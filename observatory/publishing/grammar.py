"""Names of places in the forms that sentences need.

Belongs here: articles and contractions in Spanish, articles in English, cases in Basque. Does not belong here: the
names (data/catalogue) and the sentences (site_messages.yaml), which ask for a form as ``{place:de}``.
"""

from __future__ import annotations

from observatory.publishing.site_messages import Language

ARTICLES = {
    "es": {
        **dict.fromkeys(("Conjunto", "Gran", "País", "Piamonte", "Principado", "Reino", "Sureste"), "el"),
        **dict.fromkeys(("Comunidad", "Región", "República", "Unión"), "la"),
        **dict.fromkeys(("Países",), "los"),
    },
    "en": dict.fromkeys(
        ("Basque", "Benchmark", "Community", "European", "Median", "Netherlands", "United"),
        "the",
    ),
}
"""Article by the first word of a name; a name that begins with none of these has none."""
PREPOSITIONS = {"a": "a", "de": "de"}
CASES = {"ren": "en", "rekin": "ekin", "n": "en"}
"""Basque endings as they stand after a vowel, each with what stands after a consonant."""


class PlaceName(str):
    """The name of a place in a language, which a format specification puts in a form.

    Spanish: ``el`` with its article, ``a`` and ``de`` with preposition and article (*al País Vasco, de la Unión
    Europea, de España*). English: ``the`` with its article. Basque: ``ren``, ``rekin``, ``n`` with that ending
    (*Euskadiren, Madrilekin, Bilbon*); what stands in brackets is not declined.
    """

    __slots__ = ("language",)
    language: Language

    def __new__(cls, name: str, language: Language) -> PlaceName:
        """A name, as it is without a specification."""
        made = super().__new__(cls, name)
        made.language = language
        return made

    def __format__(self, form: str) -> str:
        if self.language == "eu" and form in CASES:
            return _declined(str(self), form)
        article = ARTICLES.get(self.language, {}).get(self.split(" ", maxsplit=1)[0], "")
        if self.language == "es" and form in PREPOSITIONS:
            return _contracted(PREPOSITIONS[form], article, str(self))
        if (self.language, form) in {("es", "el"), ("en", "the")}:
            return f"{article} {self}".strip()
        return super().__format__(form)


def _contracted(preposition: str, article: str, name: str) -> str:
    """``a`` and ``el`` are ``al``, ``de`` and ``el`` are ``del``."""
    begin = f"{preposition}l" if article == "el" else f"{preposition} {article}".rstrip()
    return f"{begin} {name}"


def _declined(name: str, case: str) -> str:
    """A proper name with a Basque ending: plural in *-ak*, else by its last letter; a final r is doubled."""
    stem, bracket, rest = name.partition(" (")
    if stem.endswith("ak"):
        declined = stem.removesuffix("ak") + ("etan" if case == "n" else CASES[case])
    elif stem[-1:].lower() in "aeiou":
        declined = stem + case
    else:
        declined = stem + ("r" if stem.endswith("r") else "") + CASES[case]
    return declined + bracket + rest
