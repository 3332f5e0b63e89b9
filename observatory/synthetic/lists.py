"""The dimensions of Eustat's tables: names, codes and labels in three languages.

Belongs here: code lists, those known (territories, branches of the industrial survey, classes, municipalities) and
plausible ones where the reference found none. Does not belong here: figures. Names of activities come from the
catalogue (data/catalogue/activities.csv), the rest from data/catalogue/synthetic/.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from observatory.synthetic.px import LANGUAGES, Axis

FOLDER = Path("data/catalogue/synthetic")
ORDER = (
    "A", "B", "CA", "CB", "CC", "CD", "CE", "CF", "CG", "CH", "CI", "CJ", "CK", "CL", "CM", "D", "E", "F", "G", "H",
    "I", "JA", "JB", "JC", "K", "L", "MA", "MB", "MC", "N", "O", "P", "QA", "QB", "R", "S", "T",
)  # fmt: skip
SECTIONS = tuple("BCDEFGHIJKLMNOPQRSTU")
TERRITORIES = ("01", "48", "20")
CAPITALS = {"48020": ("10", "Bilbao"), "20069": ("30", "Donostia / San Sebastián"), "01059": ("20", "Vitoria-Gasteiz")}
TOTAL = {"es": "Total", "eu": "Guztira", "en": "Total"}
WORDS = {
    "territorio histórico": ("lurralde historikoa", "province"),
    "territorio histórico y comarca": ("lurralde historikoa eta eskualdea", "province and region"),
    "ámbitos territoriales": ("lurralde-eremuak", "areas"),
    "municipio": ("udalerria", "municipality"),
    "municipio (>20.000 hab.)": ("udalerria (>20.000 biz.)", "municipality (>20,000 inhab.)"),
    "capital": ("hiriburua", "capital"),
    "sede social": ("egoitza soziala", "registered office"),
    "periodo": ("aldia", "period"),
    "sector": ("sektorea", "sector"),
    "sector de actividad": ("jarduera-sektorea", "sector of activity"),
    "sector (A86)": ("sektorea (A86)", "sector (A86)"),
    "sector A86": ("A86 sektorea", "A86 sector"),
    "sector A21": ("A21 sektorea", "A21 sector"),
    "sector (A64_EIA)": ("sektorea (A64_EIA)", "sector (A64_EIA)"),
    "actividad (A21)": ("jarduera (A21)", "activity (A21)"),
    "actividad (A10)": ("jarduera (A10)", "activity (A10)"),
    "CNAE-2009": ("EJSN-2009", "CNAE-2009"),
    "principales agregados": ("agregatu nagusiak", "main aggregates"),
    "principales variables": ("aldagai nagusiak", "main variables"),
    "principales variables ": ("aldagai nagusiak", "main variables"),
    "cuenta de perdidas y ganancias": ("galera eta irabazien kontua", "profit and loss account"),
    "nivel tecnológico": ("maila teknologikoa", "technological level"),
    "concepto": ("kontzeptua", "concept"),
    "tipo de dato": ("datu-mota", "type of data"),
    "tipo de medida": ("neurri-mota", "type of measure"),
    "tipo de empleo": ("enplegu-mota", "type of employment"),
    "horas trabajadas": ("lan egindako orduak", "hours worked"),
    "unidades": ("unitateak", "units"),
    "personalidad jurídica": ("nortasun juridikoa", "legal status"),
    "estrato de personas empleadas": ("enplegatuen tartea", "stratum of persons employed"),
    "sexo": ("sexua", "sex"),
    "producto": ("produktua", "product"),
    "rama": ("adarra", "branch"),
    "origen geográfico": ("jatorri geografikoa", "geographical origin"),
    "producto y componentes de valor añadido": (
        "produktua eta balio erantsiaren osagaiak",
        "product and components of value added",
    ),
    "rama y componentes de la demanda": ("adarra eta eskariaren osagaiak", "branch and components of demand"),
}


def axis(name: str, items: Sequence[Sequence[str]], time: bool = False) -> Axis:
    """A dimension from rows of code and label in Spanish, Basque and English."""
    labels = {tongue: tuple(item[at] for item in items) for at, tongue in enumerate(LANGUAGES, 1)}
    basque, english = WORDS[name]
    return Axis(name, tuple(item[0] for item in items), labels, {"eu": basque, "en": english}, time)


def periods(first: int, last: int) -> Axis:
    """Years."""
    return axis("periodo", [(str(y),) * 4 for y in range(first, last + 1)], time=True)


@lru_cache
def rows(home: Path, name: str) -> tuple[dict[str, str], ...]:
    """One of the generator's own tables."""
    with (home / FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@lru_cache
def activities(home: Path) -> dict[tuple[str, str], tuple[str, str, str]]:
    """Names of NACE Rev. 2 activities by level and code, in the order of the languages."""
    with (home / "data" / "catalogue" / "activities.csv").open(encoding="utf-8", newline="") as file:
        found = {}
        for row in csv.DictReader(file):
            if (row["classification"], row["version"]) == ("NACE", "2"):
                found[row["level"], row["code"]] = (row["name_es"], row["name_eu"], row["name_en"])
    return found


def territories(total: str, name: str = "territorio histórico") -> Axis:
    """The three territories behind their total, whose code differs from table to table."""
    whole = {
        "00": ("C.A. de Euskadi", "Euskal AE", "A. C. of Euskadi"),
        "_T": ("C.A. de Euskadi", "Euskal AE", "A. C. of Euskadi"),
    }[total]
    names = {"01": "Araba/Álava", "48": "Bizkaia", "20": "Gipuzkoa"}
    return axis(name, [(total, *whole), *((t, names[t], names[t], names[t]) for t in TERRITORIES)])


def branches(home: Path, name: str, extra: Sequence[Sequence[str]] = (), whole: Sequence[str] = ()) -> Axis:
    """A38 in its order, numbered, behind the total or before what else; ``whole`` adds its last, without figures."""
    named = activities(home)
    items = [("00", *TOTAL.values())] if not extra else []
    for at, code in enumerate([*ORDER, *whole], 1):
        words = named[("a38", code)] if ("a38", code) in named else named[("section", code)]
        items.append((f"{at:02}", *(f"{at:02}. {word}" for word in words)))
    return axis(name, [*items, *extra])


def sections(home: Path, name: str, codes: Sequence[str] = SECTIONS) -> Axis:
    """A21 behind its total."""
    named = activities(home)
    items = [(code, *(f"{code} - {word}" for word in named["section", code])) for code in codes]
    return axis(name, [("_T", *TOTAL.values()), *items])


def industry(home: Path) -> Axis:
    """The industrial branches of A86 behind their total."""
    items = [(r["code"], r["es"], r["eu"], r["en"]) for r in rows(home, "a86") if "04" <= r["code"] <= "46"]
    return axis("sector (A86)", [("00", "00 - Total", "00 - Guztira", "00 - Total"), *items])


def classes(home: Path, divisions: Sequence[str] = ()) -> Axis:
    """Classes of CNAE-2009 behind their total, without sums by division."""
    named = activities(home)
    items = [("0", *TOTAL.values())]
    for row in rows(home, "classes"):
        if not divisions or row["division"] in divisions:
            words = named["division", row["division"]]
            for code in row["classes"].split():
                items.append((code, *(f"{code[:2]}.{code[2:]} {word}" for word in words)))
    return axis("CNAE-2009", items)


def municipalities(home: Path) -> Axis:
    """The municipalities with their INE codes."""
    return axis("municipio", [(r["code"], r["name"], r["name"], r["name"]) for r in rows(home, "municipalities")])


def areas(home: Path) -> Axis:
    """Total, territories and districts."""
    territory = territories("00", "territorio histórico y comarca")
    first = list(zip(territory.codes, *(territory.labels[t] for t in LANGUAGES), strict=True))
    items = [(r["code"], r["name_es"], r["name_eu"], r["name_es"]) for r in rows(home, "districts")]
    return axis("territorio histórico y comarca", [*first, *items])


def capitals() -> Axis:
    """The three capitals under private codes."""
    return axis("capital", [(code, name, name, name) for code, name in CAPITALS.values()])
