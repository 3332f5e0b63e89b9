"""The directory of economic activities: establishments, enterprises, persons, births and deaths.

Belongs here: the tables of operations 200163 and 200165. Does not belong here: the accounts (accounts.py).

The cell is a class of CNAE-2009 in a municipality and year; every other count of establishments is a sum of cells, or
a split of such a sum. Bilbao's KIBS come to the journal's 8,000.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from observatory.synthetic import lists, numbers
from observatory.synthetic.economy import FIRST, Economy
from observatory.synthetic.px import Array, Axis, Table

SOURCE = "EUSTAT. Directorio de actividades económicas"
YEARS = range(2008, 2026)
KIBS = (*range(58, 64), *range(64, 67), *range(69, 76))
SERVED = (*(str(d) for d in KIBS), "78", "80")
BILBAO, BILBAO_KIBS, ANCHOR = "48020", 8_000, 2017
# Establishments of the region by section, and how much they lean to the capitals.
SIZES = {
    "A": 0, "B": 60, "C": 11_400, "D": 620, "E": 480, "F": 24_500, "G": 39_000, "H": 14_200, "I": 15_100, "J": 4_250,
    "K": 4_600, "L": 6_600, "M": 22_400, "N": 6_300, "O": 2_500, "P": 6_600, "Q": 10_600, "R": 5_000, "S": 12_200,
    "T": 40, "U": 5,
}  # fmt: skip
URBAN = {"J": 1.5, "K": 1.4, "L": 1.3, "M": 1.6, "N": 1.2, "P": 1.1, "C": 0.6, "D": 0.7, "E": 0.7, "B": 0.4}
HEAVY = {"6910": 14, "6920": 7, "7112": 9, "7111": 7, "6201": 5, "6202": 4, "7022": 5, "7311": 4, "7490": 6, "6622": 7}
FORMS = ((0.46, "1", "Persona física", "Pertsona fisikoa", "Natural person"),
         (0.44, "2", "Sociedades mercantiles", "Merkataritza-sozietateak", "Companies"),
         (0.10, "3", "Otras formas jurídicas", "Beste forma juridiko batzuk", "Other legal forms"))  # fmt: skip
STRATA = (
    (0.72, "01", "0-2"), (0.18, "02", "3-9"), (0.08, "03", "10-49"), (0.02, "04", ">=50"),
)  # fmt: skip
LEGAL = lists.axis("personalidad jurídica", [("0", *lists.TOTAL.values()), *(form[1:] for form in FORMS)])
STRATUM = lists.axis(
    "estrato de personas empleadas", [("00", *lists.TOTAL.values()), *((c, t, t, t) for _, c, t in STRATA)]
)
A10 = (
    ("01", "A", "Agricultura, ganadería y pesca", "Nekazaritza, abeltzaintza eta arrantza", "Agriculture and fishing"),
    ("02", "BCDE", "Industria, energía y saneamiento", "Industria, energia eta saneamendua", "Industry and energy"),
    ("03", "F", "Construcción", "Eraikuntza", "Construction"),
    ("04", "GHI", "Comercio, transporte y hostelería", "Merkataritza, garraioa eta ostalaritza", "Trade and transport"),
    ("05", "J", "Información y comunicaciones", "Informazioa eta komunikazioak", "Information and communications"),
    ("06", "K", "Actividades financieras y seguros", "Finantza- eta aseguru-jarduerak", "Finance and insurance"),
    ("07", "L", "Actividades inmobiliarias", "Higiezinen jarduerak", "Real estate"),
    ("08", "MN", "Actividades profesionales, científicas y administrativas",
     "Jarduera profesionalak, zientifikoak eta administratiboak", "Professional and administrative activities"),
    ("09", "OPQRSTU", "Administración pública, educación, sanidad y otros servicios",
     "Administrazio publikoa, hezkuntza, osasuna eta beste zerbitzu batzuk", "Public administration and other"),
)  # fmt: skip


@dataclass(frozen=True)
class Cells:
    """Establishments by (municipality, class, year), and what the axes mean."""

    counts: Array
    towns: Axis
    classes: Axis
    section: tuple[str, ...]

    def sections(self, codes: Sequence[str]) -> Array:
        """Sums by section: (municipality, section, year)."""
        groups = [[at for at, own in enumerate(self.section) if own == code] for code in codes]
        return numbers.by_group(self.counts, 1, groups)


def tables(home: Path, economy: Economy) -> dict[str, Table]:
    """Tables of the directory by source id."""
    cells = _cells(home)
    areas = _areas(home, cells.counts, cells.towns)
    sections = _areas(home, cells.sections(lists.SECTIONS), cells.towns)
    persons = _persons(economy)
    wide = [
        ("0", *lists.TOTAL.values()),
        ("00", "No determinada", "Zehaztugabea", "Not determined"),
        *((code, *words) for code, _, *words in A10),
    ]
    by_a10 = numbers.by_group(
        cells.sections(lists.SECTIONS),
        1,
        [[], *([lists.SECTIONS.index(s) for s in letters if s in lists.SECTIONS] for _, letters, *_ in A10)],
    )
    served = cells.classes.take(["0", *(c for c in cells.classes.codes if c[:2] in SERVED and c != "0")])
    kept = [cells.classes.codes.index(code) - 1 for code in served.codes[1:]]
    town_total = cells.counts.sum(axis=1, keepdims=True)
    by_seat = _by_territory(cells.counts, cells.towns)
    seats = _seats(by_seat * numbers.wobble("seat", 0.02, *by_seat.shape) * 0.9)
    split = _split(sections)
    return {
        "eustat_establishments_municipality_cnae": _table(
            (cells.towns, served), _usansolo(np.concatenate([town_total, cells.counts[:, kept]], axis=1), cells.towns),
        ),
        "eustat_establishments_municipality_a10": _table(
            (cells.towns, lists.axis("actividad (A10)", wide), LEGAL.take(["0"]), STRATUM.take(["00"])),
            _usansolo(numbers.with_total(by_a10, 1), cells.towns)[:, :, None, None, :],
        ),
        "eustat_establishments_district_cnae": _table(
            (lists.areas(home), cells.classes), numbers.with_total(areas, 1),
        ),
        "eustat_establishments_a21": _table(
            (lists.areas(home), lists.sections(home, "actividad (A21)"), LEGAL, STRATUM), _marginal(home, split),
        ),
        "eustat_establishment_births": _flow(home, "01b", split, 0.088),
        "eustat_establishment_deaths": _flow(home, "02b", split, 0.083),
        "eustat_enterprises_cnae": _table(
            (_seat_axis(), cells.classes), numbers.with_total(seats, 1),
        ),
        "eustat_enterprise_jobs_a21": _table(
            (_seat_axis(), lists.sections(home, "actividad (A21)")),
            numbers.with_total(_seats(_years(persons) * 0.96), 1), people=True,
        ),
        "eustat_establishment_jobs_a21": _table(
            (lists.territories("00"), lists.sections(home, "actividad (A21)")),
            numbers.with_total(numbers.with_total(_years(persons), 0), 1), people=True,
        ),
        "eustat_establishment_jobs_a21_sex": _sexes(home, persons),
        "eustat_establishment_jobs_area": _jobs_by_area(home, cells.towns, persons),
    }  # fmt: skip


def _table(
    axes: tuple[Axis, ...],
    values: Array,
    first: int = 2008,
    people: bool = False,
) -> Table:
    unit = ("personas", "pertsonak", "persons") if people else ("número", "kopurua", "number")
    last = first + values.shape[-1] - 1
    return Table(
        units=dict(zip(("es", "eu", "en"), unit, strict=True)),
        axes=(*axes, lists.periods(first, last)),
        values=values,
        source=SOURCE,
        created="20251210",
    )


def _cells(home: Path) -> Cells:
    classes = lists.classes(home)
    section = tuple(_section(code[:2]) for code in classes.codes[1:])
    towns = lists.municipalities(home)
    weight = _weights(home)
    pull = np.array([HEAVY.get(code, 1.0) for code in classes.codes[1:]])
    within = pull * 40 ** numbers.uniform("classes", len(pull))
    counts = np.zeros((len(weight), len(pull), len(YEARS)))
    growth = np.interp(np.arange(len(YEARS)), [0, 6, 10, 17], [1.02, 0.96, 1.0, 1.03])
    for letter, size in SIZES.items():
        members = np.flatnonzero(np.array(section) == letter)
        urban = np.where(weight >= 180, URBAN.get(letter, 1.0), 1.0) * weight
        share = np.outer(urban / urban.sum(), within[members] / within[members].sum())
        counts[:, members] = size * share[:, :, None] * growth * (1 + 0.012 * _trend(letter))
    counts *= numbers.wobble("cells", 0.35, *counts.shape[:2], 1)
    at = towns.codes.index(BILBAO)
    kibs = [n for n, code in enumerate(classes.codes[1:]) if int(code[:2]) in KIBS]
    counts[at, kibs] *= BILBAO_KIBS / counts[at, kibs, ANCHOR - YEARS[0]].sum()
    whole = numbers.steps(counts, numbers.uniform("draw", *counts.shape[:2], 1))
    whole[towns.codes.index("48916"), :, : 2023 - YEARS[0]] = 0
    return Cells(whole, towns, classes, section)


def _weights(home: Path) -> Array:
    """How large a municipality is: about its thousand inhabitants where it is a large one, else drawn."""
    known = np.array([float(row["size"] or 0) for row in lists.rows(home, "municipalities")])
    return np.where(known > 0, known, 0.25 * 24 ** numbers.uniform("towns", len(known)))


def _trend(letter: str) -> Array:
    """Years from the anchor for what grows, against it for what shrinks, nothing else."""
    direction = {"J": 1.5, "M": 1, "N": 1, "Q": 1, "P": 1, "C": -1, "G": -1, "K": -0.5}.get(letter, 0.0)
    return direction * (np.array(YEARS) - ANCHOR)


def _section(division: str) -> str:
    starts = {1: "A", 5: "B", 10: "C", 35: "D", 36: "E", 41: "F", 45: "G", 49: "H", 55: "I", 58: "J", 64: "K", 68: "L",
              69: "M", 77: "N", 84: "O", 85: "P", 86: "Q", 90: "R", 94: "S", 97: "T", 99: "U"}  # fmt: skip
    return starts[max(start for start in starts if start <= int(division))]


def _usansolo(values: Array, towns: Axis) -> Array:
    """Not available where the municipality did not exist yet."""
    values = values.copy()
    values[towns.codes.index("48916"), ..., : 2023 - YEARS[0]] = np.nan
    return values


def _by_territory(values: Array, towns: Axis) -> Array:
    groups = [[at for at, code in enumerate(towns.codes) if code[:2] == t] for t in lists.TERRITORIES]
    return numbers.by_group(values, 0, groups)


def _areas(home: Path, values: Array, towns: Axis) -> Array:
    """Municipalities summed to total, territories and districts; outside Gran Bilbao a territory is split."""
    territory = _by_territory(values, towns)
    big = [at for at, row in enumerate(lists.rows(home, "municipalities")) if row["district"] == "160"]
    gran_bilbao = values[big].sum(axis=0)
    districts = lists.rows(home, "districts")
    parts: dict[str, Array] = {"160": gran_bilbao}
    for at, code in enumerate(lists.TERRITORIES):
        own = [row for row in districts if row["territory"] == code and row["code"] != "160"]
        rest = territory[at] - gran_bilbao if code == "48" else territory[at]
        made = numbers.split(rest, np.array([float(row["weight"]) for row in own]))
        parts |= {row["code"]: made[..., n] for n, row in enumerate(own)}
    return np.concatenate([territory.sum(axis=0)[None], territory, np.stack([parts[r["code"]] for r in districts])])


def _split(sections: Array) -> Array:
    """Districts' establishments by legal form and stratum: (district, section, form, stratum, year)."""
    shares = np.outer([form[0] for form in FORMS], [stratum[0] for stratum in STRATA]).ravel()
    districts = sections[1 + len(lists.TERRITORIES) :]
    made = numbers.split(districts, shares)
    return np.moveaxis(made.reshape(*made.shape[:-1], len(FORMS), len(STRATA)), 2, -1)


def _marginal(home: Path, split: Array) -> Array:
    """Totals of every dimension before its members; territories are sums of their districts."""
    home_of = [row["territory"] for row in lists.rows(home, "districts")]
    groups = [[at for at, own in enumerate(home_of) if own == code] for code in lists.TERRITORIES]
    territory = numbers.by_group(split, 0, groups)
    values = np.concatenate([territory.sum(axis=0)[None], territory, split])
    return numbers.with_total(numbers.with_total(numbers.with_total(values, 3), 2), 1)


def _flow(home: Path, short: str, split: Array, rate: float) -> Table:
    """Births or deaths: a part of the establishments of each cell."""
    stock = split[..., 1:]
    made = numbers.steps(
        stock * rate * numbers.wobble(short, 0.2, *stock.shape), numbers.uniform(f"{short}d", *stock.shape)
    )
    return _table(
        (lists.areas(home), lists.sections(home, "actividad (A21)"), LEGAL, STRATUM), _marginal(home, made), first=2009
    )


def _persons(economy: Economy) -> Array:
    """Persons employed by (territory, section, year from 1995): a little below the jobs of the accounts."""
    groups = [[at for at, branch in enumerate(lists.ORDER) if branch[0] == letter] for letter in lists.SECTIONS]
    return np.round(numbers.by_group(economy.jobs, 1, groups) * 0.94)


def _years(values: Array) -> Array:
    return values[..., YEARS[0] - FIRST :]


def _seat_axis() -> Axis:
    territory = lists.territories("00", "sede social")
    rest = ("90", "Fuera de la C.A. de Euskadi", "Euskal AEtik kanpo", "Outside the Basque Country")
    items = list(zip(territory.codes, *territory.labels.values(), strict=True))
    return lists.axis("sede social", [*items, rest])


def _seats(territories: Array) -> Array:
    """Territories, and seats outside, behind their total."""
    inside = np.round(territories)
    outside = np.round(inside.sum(axis=0, keepdims=True) * 0.06)
    return numbers.with_total(np.concatenate([inside, outside]), 0)


def _sexes(home: Path, persons: Array) -> Table:
    recent = persons[..., 2018 - FIRST :]
    women = np.array([0.3 if s in "BCDEFH" else 0.72 if s in "PQST" else 0.5 for s in lists.SECTIONS])
    made = numbers.split(recent, np.stack([1 - women, women], axis=-1)[:, None, :])
    values = numbers.with_total(numbers.with_total(numbers.with_total(np.moveaxis(made, -1, 2), 2), 1), 0)
    sex = [("0", *lists.TOTAL.values()), ("1", "Hombres", "Gizonak", "Men"), ("6", "Mujeres", "Emakumeak", "Women")]
    return _table(
        (lists.territories("00"), lists.sections(home, "actividad (A21)"), lists.axis("sexo", sex)), values,
        first=2018, people=True,
    )  # fmt: skip


def _jobs_by_area(home: Path, towns: Axis, persons: Array) -> Table:
    """Total persons of every area; a territory is split among its municipalities, and so are its districts."""
    total = persons.sum(axis=1)
    weight = _weights(home)
    towns_part = np.zeros((len(towns.codes), total.shape[-1]))
    for at, code in enumerate(lists.TERRITORIES):
        own = [n for n, town in enumerate(towns.codes) if town[:2] == code]
        towns_part[own] = np.moveaxis(numbers.split(total[at], weight[own]), -1, 0)
    areas = _areas(home, towns_part, towns)
    area = lists.areas(home)
    items = list(zip(area.codes, *area.labels.values(), strict=True))
    items[0] = ("00001", *items[0][1:])
    items += list(zip(towns.codes, *towns.labels.values(), strict=True))
    return _table(
        (lists.axis("ámbitos territoriales", items),), np.concatenate([areas, towns_part]), first=FIRST, people=True,
    )  # fmt: skip
