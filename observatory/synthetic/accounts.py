"""Regional and municipal accounts by branch: value added, compensation, hours, employment; the capitals and towns.

Belongs here: the tables of operations 170112 and 170120. Does not belong here: the economy itself (economy.py).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from observatory.synthetic import lists, numbers
from observatory.synthetic.economy import LAST, Economy
from observatory.synthetic.px import Array, Axis, Table

ACCOUNTS = "EUSTAT. Cuentas económicas"
MUNICIPAL = "EUSTAT. PIB municipal"
THOUSANDS = {"es": "miles de euros", "eu": "mila euro", "en": "thousand euros"}
PERSONS = {"es": "personas", "eu": "pertsonak", "en": "persons"}
KIND = lists.axis(
    "tipo de dato",
    [
        ("10", "Nivel", "Maila", "Level"),
        ("20", "Incremento interanual", "Urte arteko hazkundea", "Year-on-year change"),
    ],
)
MEASURE = lists.axis(
    "tipo de medida",
    [
        ("10", "Precios corrientes (miles euros)", "Prezio arruntak (mila euro)", "Current prices (thousand euros)"),
        ("20", "Índice de volumen encadenado", "Bolumen-indize kateatua", "Chained volume index"),
    ],
)
GVA_ROWS = (
    ("39", "V.A.B. p/b", "B.E.G. o/p", "G.V.A. bp"),
    ("40", "Impuestos netos sobre los productos", "Produktuen gaineko zerga garbiak", "Net taxes on products"),
    ("41", "P.I.B. p/m", "B.P.G. m/p", "G.D.P. mp"),
)
TAX_RATE = 0.108


def tables(home: Path, economy: Economy) -> dict[str, Table]:
    """Tables of the accounts by source id."""
    gva, jobs = economy.gva, economy.jobs
    compensation = np.round(gva * economy.a38["compensation_pct"][:, None] / 100)
    hours = np.round(jobs * economy.a38["hours_per_job"][:, None] / 1000)
    return {
        "eustat_gva_a38": _gva(home, economy),
        "eustat_compensation_a38": _flows(home, economy, compensation, THOUSANDS),
        "eustat_hours_a38": _flows(
            home,
            economy,
            np.stack([hours, np.round(hours * 0.86)], axis=2),
            {"es": "miles de horas", "eu": "mila ordu", "en": "thousand hours"},
            _kinds(
                "horas trabajadas", "Horas trabajadas. Total", "Lan egindako orduak. Guztira", "Hours worked. Total"
            ),
        ),
        "eustat_employment_a38": _flows(
            home,
            economy,
            np.stack([jobs, np.round(jobs * 0.87)], axis=2),
            PERSONS,
            _kinds("tipo de empleo", "Empleo total", "Enplegua guztira", "Total employment"),
        ),
        "eustat_capitals_gva": _capitals_gva(home, economy),
        "eustat_capitals_employment": _capitals_jobs(home, economy),
        "eustat_towns_gva": _towns(home, economy),
    }


def _kinds(name: str, es: str, eu: str, en: str) -> Axis:
    return lists.axis(name, [("10", es, eu, en), ("20", "Personas asalariadas", "Soldatapekoak", "Employees")])


def _change(levels: Array) -> Array:
    """Percent on the year before, one decimal; the first year is not available."""
    before = np.concatenate([np.full_like(levels[..., :1], np.nan), levels[..., :-1]], axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(before > 0, np.round(100 * (levels / before - 1), 1), np.nan)


def _gva(home: Path, economy: Economy) -> Table:
    levels = economy.years(numbers.with_total(economy.gva, 0), 1995, 2024)
    total = levels.sum(axis=1, keepdims=True)
    taxes = np.round(total * TAX_RATE)
    # the region's taxes are those of its territories
    taxes[0] = taxes[1:].sum(axis=0)
    levels = np.concatenate([levels, 0 * total, total, taxes, total + taxes], axis=1)
    prices = np.cumprod(1 + 0.006 + 0.028 * numbers.uniform("prices", levels.shape[-1]))
    volume = levels / prices
    with np.errstate(divide="ignore", invalid="ignore"):
        index = np.round(100 * volume / volume[..., [2015 - 1995]], 1)
    values = np.stack([np.stack([levels, index], axis=2), np.stack([_change(levels), _change(volume)], axis=2)], axis=2)
    return Table(
        units=THOUSANDS,
        axes=(
            lists.territories("_T"),
            lists.branches(home, "sector", GVA_ROWS, "U"),
            KIND,
            MEASURE,
            lists.periods(1995, 2024),
        ),
        values=values,
        source=ACCOUNTS,
        created="20260313",
        decimals=1,
        nil=False,
    )


def _flows(
    home: Path,
    economy: Economy,
    values: Array,
    units: dict[str, str],
    kinds: Axis | None = None,
) -> Table:
    """A table of territory, branch, maybe a kind, level and change, years."""
    levels = economy.years(numbers.with_total(numbers.with_total(values, 1), 0), 1995, 2023)
    both = np.stack([levels, _change(levels)], axis=-2)
    axes = [lists.territories("_T"), lists.branches(home, "sector"), KIND, lists.periods(1995, 2023)]
    if kinds is not None:
        axes.insert(2, kinds)
    return Table(
        units=units,
        axes=tuple(axes),
        values=both,
        source=ACCOUNTS,
        created="20250919",
        decimals=1,
        nil=False,
    )


def _capitals_gva(home: Path, economy: Economy) -> Table:
    levels = economy.years(economy.capital_gva, 1996, 2023)
    total = levels.sum(axis=1, keepdims=True)
    taxes = np.round(total * TAX_RATE)
    levels = np.concatenate([levels, total, taxes, total + taxes], axis=1)
    values = np.stack([levels, np.round(100 * levels / levels[:, [-3]], 1)], axis=2)
    measure = lists.axis(
        "tipo de medida",
        [
            (
                "10",
                "Precios corrientes (miles euros)",
                "Prezio arruntak (mila euro)",
                "Current prices (thousand euros)",
            ),
            ("20", "Porcentaje", "Ehunekoa", "Percentage"),
        ],
    )
    return Table(
        units=THOUSANDS,
        axes=(
            lists.capitals(),
            lists.branches(home, "sector de actividad", GVA_ROWS),
            measure,
            lists.periods(1996, 2023),
        ),
        values=values,
        source=MUNICIPAL,
        created="20251218",
        decimals=1,
    )


def _capitals_jobs(home: Path, economy: Economy) -> Table:
    levels = numbers.with_total(economy.years(economy.capital_jobs, 2000, 2023), 1)
    return Table(
        units={"es": "puestos de trabajo", "eu": "lanpostuak", "en": "jobs"},
        axes=(lists.capitals(), lists.branches(home, "sector de actividad"), lists.periods(2000, 2023)),
        values=levels,
        source=MUNICIPAL,
        created="20251218",
    )


def _towns(home: Path, economy: Economy) -> Table:
    """Towns of more than 20,000: a part of what the territory's capital leaves."""
    wide = {"1": "A", "2": "BCDE", "3": "F", "4": "GHIJKLMNOPQRST"}
    groups = [[at for at, b in enumerate(lists.ORDER) if b[0] in letters] for letters in wide.values()]
    towns = [r for r in lists.rows(home, "municipalities") if r["size"] and float(r["size"]) >= 20]
    left = economy.gva.copy()
    for capital, code in enumerate(("48", "20", "01")):
        left[lists.TERRITORIES.index(code)] -= economy.capital_gva[capital]
    sizes = {t: sum(float(r["size"]) for r in towns if r["code"].startswith(t)) for t in lists.TERRITORIES}
    levels = []
    for row in towns:
        territory = row["code"][:2]
        if row["code"] in lists.CAPITALS:
            own = economy.capital_gva[list(lists.CAPITALS).index(row["code"])]
        else:
            own = left[lists.TERRITORIES.index(territory)] * float(row["size"]) / (sizes[territory] * 2)
        levels.append(np.round(numbers.by_group(own, 0, groups)))
    values = numbers.with_total(economy.years(np.stack(levels), 1996, LAST - 2), 1)
    sector = [
        ("0", *lists.TOTAL.values()),
        ("1", "Sector primario", "Lehen sektorea", "Primary sector"),
        ("2", "Industria", "Industria", "Industry"),
        ("3", "Construcción", "Eraikuntza", "Construction"),
        ("4", "Servicios", "Zerbitzuak", "Services"),
    ]
    return Table(
        units=THOUSANDS,
        axes=(
            lists.axis("municipio (>20.000 hab.)", [(r["code"], r["name"], r["name"], r["name"]) for r in towns]),
            lists.axis("sector de actividad", sector),
            lists.axis("unidades", [("10", "Miles de euros", "Mila euro", "Thousand euros")]),
            lists.periods(1996, 2023),
        ),
        values=values[:, :, None, :],
        source=MUNICIPAL,
        created="20251218",
    )
