"""Structural surveys: industry, services and the ICT sector.

Belongs here: the tables of operations 112311, 133000 and 222315. Does not belong here: the accounts they follow from
(economy.py). That the industrial account has a line for services is an assumption; the reference found none.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from observatory.synthetic import lists, numbers
from observatory.synthetic.accounts import THOUSANDS
from observatory.synthetic.economy import Economy, place
from observatory.synthetic.px import Array, Axis, Table

INDUSTRY, SERVICES, ICT = "EUSTAT. Encuesta industrial", "EUSTAT. Encuesta de servicios", "EUSTAT. Sector TIC"
ANCHOR = 2017
# The journal: services are 2 % of manufacturing's revenue and 5 % in machine tools; "do not grow very fast".
SERVICE_SHARE, MACHINE_TOOLS, GROWTH = 0.02, 0.05, 0.0004
ABSENT = (("01", "16"), ("20", "16"), ("01", "38"))
AGGREGATES = (
    ("100", "Personal ocupado", "Landun pertsonak", "Employed personnel"),
    ("110", "Horas trabajadas", "Lan egindako orduak", "Hours worked"),
    (
        "200",
        "Valor Añadido Bruto a coste de factores",
        "Balio erantsi gordina, faktoreen kostuan",
        "GVA at factor cost",
    ),
    ("210", "Costes de personal", "Langile-kostuak", "Personnel costs"),
    ("220", "-Sueldos y salarios brutos", "-Soldata gordinak", "-Gross wages and salaries"),
    ("230", "-Cotizaciones sociales", "-Gizarte-kotizazioak", "-Social contributions"),
    ("250", "Excedente Bruto de Explotación", "Ustiapen-soberakin gordina", "Gross operating surplus"),
    ("260", "Dotaciones para amortizaciones", "Amortizazioetarako zuzkidurak", "Depreciation"),
    ("270", "Excedente Neto de Explotación", "Ustiapen-soberakin garbia", "Net operating surplus"),
    ("280", "Inversión realizada", "Egindako inbertsioa", "Investment"),
)
ACCOUNT = (
    ("100", "Importe neto de la cifra de negocios", "Negozio-zifraren zenbateko garbia", "Net turnover"),
    ("110", "-Ventas de productos", "-Produktuen salmentak", "-Sales of products"),
    ("120", "-Ventas de mercaderías", "-Merkantzien salmentak", "-Sales of merchandise"),
    ("130", "-Prestaciones de servicios", "-Zerbitzu-emateak", "-Services rendered"),
    ("200", "Otros ingresos de explotación", "Bestelako ustiapen-sarrerak", "Other operating income"),
    (
        "300",
        "Compras y trabajos realizados por otras empresas",
        "Erosketak eta beste enpresek egindako lanak",
        "Purchases",
    ),
    ("400", "Gastos de personal", "Langile-gastuak", "Personnel expenses"),
    ("500", "Servicios exteriores", "Kanpoko zerbitzuak", "External services"),
    ("600", "Resultado de explotación", "Ustiapen-emaitza", "Operating result"),
)
LEVELS = (
    ("10", "Nivel tecnológico alto", "Goi-mailako teknologia", "High technology", ("CF", "CI")),
    ("20", "Nivel tecnológico medio-alto", "Maila ertain-altuko teknologia", "Medium-high", ("CE", "CJ", "CK", "CL")),
    ("30", "Nivel tecnológico medio-bajo", "Maila ertain-baxuko teknologia", "Medium-low", ("CD", "CG", "CH")),
    ("40", "Nivel tecnológico bajo", "Behe-mailako teknologia", "Low technology", ("CA", "CB", "CC", "CM")),
)
CONCEPT = lists.axis(
    "concepto",
    [
        ("10", "Valor añadido bruto (miles de euros)", "Balio erantsi gordina (mila euro)", "GVA (thousand euros)"),
        ("20", "Personal ocupado", "Landun pertsonak", "Employed personnel"),
    ],
)
EIA = ("B", "10-12", "13-15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30",
       "31-32", "33", "D", "E")  # fmt: skip
SECTIONS = ("G", "H", "I", "J", "L", "M", "N", "R", "S")


def tables(home: Path, economy: Economy) -> dict[str, Table]:
    """Tables of the surveys by source id."""
    a86 = [row for row in lists.rows(home, "a86") if "04" <= row["code"] <= "46"]
    gva, jobs = _branches(economy, a86, 2008, 2024)
    main = _aggregates(gva, jobs)
    account = _account(a86, gva, main[:, :, 3])
    recent = slice(2020 - 2008, 2023 - 2008)
    eia = [[n for n, row in enumerate(a86) if _within(row["divisions"], code)] for code in EIA]
    sector = _eia(home)
    return {
        "eustat_industry_aggregates": _industry(_whole(main), lists.industry(home), AGGREGATES),
        "eustat_industry_accounts": _industry(_whole(account), lists.industry(home), ACCOUNT),
        "eustat_industry_aggregates_a64": _industry(
            _whole(numbers.by_group(main[..., recent], 1, eia)), sector, AGGREGATES
        ),
        "eustat_industry_accounts_a64": _industry(
            _whole(numbers.by_group(account[..., recent], 1, eia)),
            sector,
            ACCOUNT,
        ),
        "eustat_industry_technology": _technology(a86, gva, jobs),
        "eustat_industry_technology_sectors": _technology_sectors(a86, gva, jobs),
        **_services(home, economy),
        **_ict(economy),
    }


def _branches(economy: Economy, a86: Sequence[dict[str, str]], first: int, last: int) -> tuple[Array, Array]:
    """Value added and jobs by (territory, branch of A86, year): a branch of A38 split by the weights of its members."""
    parts: list[Array] = []
    for source in (economy.gva, economy.jobs):
        wanted = economy.years(source, first, last)
        made = np.zeros((wanted.shape[0], len(a86), wanted.shape[-1]))
        for branch in dict.fromkeys(row["a38"] for row in a86):
            own = [n for n, row in enumerate(a86) if row["a38"] == branch]
            weight = np.array([float(a86[n]["weight"]) for n in own])
            shares = np.broadcast_to(weight, (wanted.shape[0], len(own))).copy()
            for t, territory in enumerate(lists.TERRITORIES):
                shares[t] *= [0.0 if (territory, a86[n]["code"]) in ABSENT else 1.0 for n in own]
            split = numbers.split(wanted[:, place(branch)], shares[:, None, :])
            made[:, own] = np.moveaxis(split, -1, 1)
        parts.append(made)
    return parts[0], parts[1]


def _aggregates(gva: Array, jobs: Array) -> Array:
    """(territory, branch, aggregate, year); 200 = 210 + 250, 210 = 220 + 230, 250 = 260 + 270."""
    pay = 0.6 * numbers.wobble("costs", 0.12, *gva.shape[:2], 1)
    costs: Array = np.asarray(np.round(gva * np.minimum(0.88, pay)), dtype=np.float64)
    wages: Array = np.round(costs * 0.78)
    surplus = gva - costs
    wear = np.round(surplus * 0.41)
    rows: list[Array] = [jobs, np.round(jobs * 1.68), gva, costs, wages, costs - wages, surplus, wear, surplus - wear]
    return np.stack([*rows, np.round(gva * 0.16 * numbers.wobble("invest", 0.4, *gva.shape))], axis=2)


def _account(a86: Sequence[dict[str, str]], gva: Array, personnel: Array) -> Array:
    """(territory, branch, line, year). Services are scaled so that manufacturing and machine tools have their share."""
    ratio = np.array([float(row["gva_to_output_pct"]) for row in a86]) / 100
    turnover = np.round(gva / ratio[:, None] * 1.04)
    years = np.arange(2008, 2008 + gva.shape[-1])
    lean = 0.25 + 1.5 * numbers.uniform("service", len(a86))
    codes = [row["code"] for row in a86]
    making = [n for n, code in enumerate(codes) if "05" <= code <= "42"]
    tools = codes.index("36")
    others = [n for n in making if n != tools]
    at = ANCHOR - 2008
    base = turnover[:, :, at].sum(axis=0)
    wanted = SERVICE_SHARE * base[making].sum() - MACHINE_TOOLS * base[tools]
    lean[others] *= wanted / (lean[others] * base[others]).sum()
    lean[tools] = MACHINE_TOOLS
    lean[[n for n in range(len(codes)) if n not in making]] = 0.015
    share = lean[:, None] * (1 + (years - ANCHOR) * GROWTH / SERVICE_SHARE)
    uneven = numbers.wobble("services by year", 0.06, *share.shape)
    uneven[:, at] = 1
    services = np.round(turnover * share * uneven)
    resale = np.round(turnover * 0.07 * numbers.wobble("resale", 0.6, len(a86), 1))
    other = np.round(turnover * 0.025)
    outside = np.round(turnover * 0.13)
    bought = turnover + other - outside - np.round(gva * 1.02)
    lines = [turnover, turnover - services - resale, resale, services, other, bought, personnel, outside]
    return np.stack([*lines, turnover + other - bought - personnel - outside], axis=2)


def _whole(values: Array) -> Array:
    """Total of the branches and of the territories."""
    return numbers.with_total(numbers.with_total(values, 1), 0)


def _industry(values: Array, sector: Axis, lines: Sequence[tuple[str, str, str, str]]) -> Table:
    name = "principales agregados" if lines is AGGREGATES else "cuenta de perdidas y ganancias"
    first = 2008 if values.shape[-1] > 3 else 2020
    return Table(
        units=THOUSANDS,
        axes=(
            lists.territories("00"),
            sector,
            lists.axis(name, lines),
            lists.periods(first, first + values.shape[-1] - 1),
        ),
        values=values,
        source=INDUSTRY,
        created="20260211",
    )


def _eia(home: Path) -> Axis:
    named = lists.activities(home)
    items: list[Sequence[str]] = [("00", "00 - Total", "00 - Guztira", "00 - Total")]
    for code in EIA:
        first = ("section", code) if code.isalpha() else ("division", code[:2])
        items.append((code, *(f"{code} - {word}" for word in named[first])))
    return lists.axis("sector (A64_EIA)", items)


def _within(divisions: str, code: str) -> bool:
    """Whether a branch of A86 belongs to a sector named by a letter or a span of divisions."""
    letters = {"B": range(5, 10), "D": range(35, 36), "E": range(36, 40)}
    low, _, high = code.partition("-")
    span = letters[code] if code in letters else range(int(low), int(high or low) + 1)
    return int(divisions[:2]) in span


def _technology(a86: Sequence[dict[str, str]], gva: Array, jobs: Array) -> Table:
    groups = [[n for n, row in enumerate(a86) if row["a38"] in members] for *_, members in LEVELS]
    values = np.stack([numbers.by_group(gva, 1, groups), numbers.by_group(jobs, 1, groups)], axis=2)
    items = [("00", *lists.TOTAL.values()), *(row[:4] for row in LEVELS)]
    return _plain(
        (lists.territories("00"), lists.axis("nivel tecnológico", items), CONCEPT, lists.periods(2008, 2024)),
        _whole(values),
    )


def _technology_sectors(a86: Sequence[dict[str, str]], gva: Array, jobs: Array) -> Table:
    groups = [[n for n, row in enumerate(a86) if row["a38"] in members] for *_, members in LEVELS[:2]]
    values = np.stack([g.sum(axis=0) for g in (gva, jobs)])
    made = np.moveaxis(numbers.by_group(values, 1, groups), 0, 1)
    items = [("00", *lists.TOTAL.values()), *(row[:4] for row in LEVELS[:2])]
    return _plain(
        (lists.axis("sector", items), CONCEPT, lists.periods(2008, 2024)),
        numbers.with_total(made, 0),
    )


def _plain(axes: tuple[Axis, ...], values: Array, source: str = INDUSTRY) -> Table:
    return Table(axes, values, THOUSANDS, source, "20260211")


def _services(home: Path, economy: Economy) -> dict[str, Table]:
    """Accounts of services: by A86 for market services, by section for the older table, a part of both elsewhere."""
    a86 = [
        r for r in lists.rows(home, "a86") if "48" <= r["code"] <= "85" and r["code"] not in ("77", "79", "81", "84")
    ]
    chosen = [row for row in a86 if row["a38"] in ("JA", "JB", "JC", "MA", "MB", "MC", "N")]
    made: dict[str, Table] = {}
    for stem, rows, last, name in (
        ("services", a86, 2024, "principales variables"),
        ("selected_services", chosen, 2023, "principales variables "),
    ):
        axis = lists.axis("sector A86", [("00", *lists.TOTAL.values()), *_labels(rows)])
        gva, jobs = _branches(economy, rows, 2009, last)
        main, lines = _service_lines(rows, gva, jobs)
        for kind, label, values, items in (
            ("aggregates", "principales agregados", main, AGGREGATES),
            ("accounts", name, lines, ACCOUNT),
        ):
            made[f"eustat_{stem}_{kind}"] = _plain(
                (lists.territories("00"), axis, lists.axis(label, items), lists.periods(2009, last)),
                _whole(values),
                SERVICES,
            )
        if stem == "services":
            made |= _by_section(home, rows, main, lines)
    return made


def _by_section(home: Path, rows: Sequence[dict[str, str]], main: Array, lines: Array) -> dict[str, Table]:
    groups = [[n for n, row in enumerate(rows) if row["a38"][0] == letter] for letter in SECTIONS]
    made = {}
    for kind, label, values, items in (
        ("aggregates", "principales agregados", main, AGGREGATES),
        ("accounts", "principales variables", lines, ACCOUNT),
    ):
        by_section = numbers.by_group(values, 1, groups)[..., : 2022 - 2009]
        made[f"eustat_services_{kind}_a21"] = _plain(
            (
                lists.territories("00"),
                lists.sections(home, "sector A21", SECTIONS),
                lists.axis(label, items),
                lists.periods(2009, 2021),
            ),
            _whole(by_section),
            SERVICES,
        )
    return made


def _labels(rows: Sequence[dict[str, str]]) -> list[tuple[str, str, str, str]]:
    return [(r["code"], r["es"], r["eu"], r["en"]) for r in rows]


def _service_lines(rows: Sequence[dict[str, str]], gva: Array, jobs: Array) -> tuple[Array, Array]:
    main = _aggregates(gva, jobs)
    ratio = np.array([float(row["gva_to_output_pct"]) for row in rows]) / 100
    margin = np.array([0.2 if row["a38"] == "G" else 1.0 for row in rows])
    turnover = np.round(gva / (ratio * margin)[:, None])
    goods = np.array([0.94 if row["a38"] == "G" else 0.04 for row in rows])[:, None]
    resale = np.round(turnover * goods)
    other, outside = np.round(turnover * 0.02), np.round(turnover * 0.16)
    bought = turnover + other - outside - gva
    costs = main[:, :, 3]
    lines = [turnover, 0 * turnover, resale, turnover - resale, other, bought, costs, outside]
    return main, np.stack([*lines, turnover + other - bought - costs - outside], axis=2)


def _ict(economy: Economy) -> dict[str, Table]:
    """The ICT sector of the OECD: electronics, and information and communication without publishing and media."""
    parts = (("20", "Industria TIC", "IKT industria", "ICT manufacturing"),
             ("30", "Comercio TIC", "IKT merkataritza", "ICT trade"),
             ("40", "Servicios TIC", "IKT zerbitzuak", "ICT services"))  # fmt: skip
    shares = {"20": (("CI", 0.55),), "30": (("G", 0.012),), "40": (("JB", 0.95), ("JC", 0.92))}

    def take(source: Array) -> Array:
        rows = [sum(share * source[:, place(b)] for b, share in shares[code]) for code, *_ in parts]
        return np.round(economy.years(np.stack(rows, axis=1), 2010, 2023))

    gva, jobs = take(economy.gva), take(economy.jobs)
    axes = (
        lists.territories("00"),
        lists.axis("sector de actividad", [("10", *lists.TOTAL.values()), *parts]),
        lists.periods(2010, 2023),
    )
    figures = {
        "enterprises": np.round(jobs / 8.4),
        "turnover": np.round(gva * 2.35),
        "gva": gva,
        "jobs": jobs,
    }
    return {f"eustat_ict_{what}": _plain(axes, _whole(values), ICT) for what, values in figures.items()}
