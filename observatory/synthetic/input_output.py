"""Supply, use and symmetric tables by A86 at basic prices, which balance to the last thousand euro.

Belongs here: the tables of operation 170111. Does not belong here: mathematics of input and output (estimators/).
Output of a branch follows from its value added; what a product's intermediate uses leave of its domestic output is
final demand, so supply equals use by construction.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from observatory.synthetic import lists, numbers
from observatory.synthetic.accounts import THOUSANDS
from observatory.synthetic.economy import Economy, place
from observatory.synthetic.px import Array, Axis, Table

SOURCE = "EUSTAT. Tablas input-output"
YEARS = range(2015, 2024)
# The journal: services are 2 % of manufacturing's revenue, 5 % in machine tools; ICT services sell 6 to 7 times more
# to services than to manufacturing, and little of it abroad.
SERVICE_SHARE, MACHINE_TOOLS, ICT_RATIO, ICT_ABROAD = 0.02, 0.05, 6.5, 0.06
ICT, REPAIR, TRADE = "62", "42", "49"
CORE = [f"{code:02}" for code in range(59, 77) if code != 66]
PUBLIC = ("77", "79", "81", "86")
TOTAL = ("T", *lists.TOTAL.values())
ORIGIN = lists.axis(
    "origen geográfico",
    [
        ("10", "Total", "Guztira", "Total"),
        ("20", "C.A. de Euskadi", "Euskal AE", "Basque Country"),
        ("30", "Resto del Estado", "Estatuko gainerakoa", "Rest of Spain"),
        ("40", "Extranjero", "Atzerria", "Abroad"),
    ],
)
OUTPUT = ("P1", "Producción a precios básicos", "Produkzioa oinarrizko prezioetan", "Output at basic prices")
GVA = (
    "B1",
    "Valor añadido bruto a precios básicos",
    "Balio erantsi gordina oinarrizko prezioetan",
    "Gross value added",
)
DEMAND = (
    ("CI", "Total demanda intermedia", "Bitarteko eskaria guztira", "Total intermediate demand"),
    ("CH", "Consumo final de los hogares", "Etxeen azken kontsumoa", "Household consumption"),
    ("CP", "Consumo de las administraciones públicas", "Administrazio publikoen kontsumoa", "Government consumption"),
    ("FB", "Formación bruta de capital", "Kapitalaren eraketa gordina", "Gross capital formation"),
    ("EE", "Exportaciones al resto del Estado", "Estatuko gainerakora esportatutakoa", "Exports to the rest of Spain"),
    ("EX", "Exportaciones al extranjero", "Atzerrira esportatutakoa", "Exports abroad"),
    ("TE", "Total empleos", "Enpleguak guztira", "Total uses"),
)
SUPPLY = (
    ("TP", "Total producción a precios básicos", "Produkzioa guztira, oinarrizko prezioetan", "Total output"),
    (
        "IE",
        "Importaciones del resto del Estado",
        "Estatuko gainerakotik inportatutakoa",
        "Imports from the rest of Spain",
    ),
    ("IX", "Importaciones del extranjero", "Atzerritik inportatutakoa", "Imports from abroad"),
    ("TO", "Total oferta a precios básicos", "Eskaintza guztira, oinarrizko prezioetan", "Total supply"),
)


@dataclass(frozen=True)
class Flows:
    """One year: ``make`` (product, branch), ``inputs`` (origin, product, branch), ``final`` (origin, product, use) and
    value added of branches; origins are the region, the rest of Spain and abroad."""

    make: Array
    inputs: Array
    final: Array
    gva: Array


def tables(home: Path, economy: Economy) -> dict[str, Table]:
    """The six tables by source id."""
    branches = lists.rows(home, "a86")
    years = {year: _year(branches, economy, year) for year in YEARS}
    old, new = [y for y in YEARS if y < 2022], [y for y in YEARS if y >= 2022]
    return {
        "eustat_supply_base2015": _supply(branches, {y: years[y] for y in old}),
        "eustat_supply": _supply(branches, {y: years[y] for y in new}),
        "eustat_use_base2015": _use(branches, {y: years[y] for y in old}),
        "eustat_use": _use(branches, {y: years[y] for y in new}),
        "eustat_symmetric_base2015": _symmetric(branches, {2015: years[2015]}),
        "eustat_symmetric": _symmetric(branches, {2022: years[2022]}),
    }


def _codes(branches: tuple[dict[str, str], ...]) -> list[str]:
    return [row["code"] for row in branches]


def _making(codes: list[str]) -> Array:
    return np.array(["05" <= code <= "42" for code in codes])


def _year(branches: tuple[dict[str, str], ...], economy: Economy, year: int) -> Flows:
    codes = _codes(branches)
    region = economy.gva.sum(axis=0)[:, year - 1995]
    gva = np.zeros(len(codes))
    for branch in dict.fromkeys(row["a38"] for row in branches):
        own = [n for n, row in enumerate(branches) if row["a38"] == branch]
        gva[own] = numbers.split(region[[place(branch)]], np.array([float(branches[n]["weight"]) for n in own]))[0]
    ratio = np.array([float(row["gva_to_output_pct"]) for row in branches]) / 100
    output = np.round(gva / ratio)
    make = _make(codes, output, year)
    inputs = _inputs(branches, make.sum(axis=1), output - gva)
    return Flows(make, inputs, _final(codes, make.sum(axis=1), inputs), gva)


def _make(codes: list[str], output: Array, year: int) -> Array:
    """Who makes what: mostly one's own product; manufacturing some services, repair, trade and neighbours' goods."""
    n = len(codes)
    making = _making(codes)
    core = np.array([code in CORE for code in codes])
    share = np.diag(np.full(n, 1.0))
    lean = (0.3 + 1.4 * numbers.uniform("secondary", n)) * making
    lean *= SERVICE_SHARE / np.average(lean[making], weights=output[making])
    lean[codes.index("36")] = MACHINE_TOOLS
    others = making & (np.array(codes) != "36")
    rest = SERVICE_SHARE * output[making].sum() - MACHINE_TOOLS * output[codes.index("36")]
    lean[others] *= rest / (lean[others] * output[others]).sum()
    lean *= 1 + 0.02 * (year - 2017)
    mix = core * (0.1 + numbers.uniform("mix", n)) * np.where([c in ("62", "69", "70", "76") for c in codes], 5, 1)
    near = (np.abs(np.subtract.outer(np.arange(n), np.arange(n))) == 1) * 1.0
    for b in range(n):
        if making[b]:
            share[:, b] += lean[b] * mix / mix.sum() + 0.02 * near[:, b]
            share[codes.index(REPAIR), b] += 0.012
            share[codes.index(TRADE), b] += 0.008
        elif core[b]:
            share[:, b] += 0.01 * mix / mix.sum()
        share[b, b] -= share[:, b].sum() - 1
    return numbers.split(output, share.T).T


def _inputs(branches: tuple[dict[str, str], ...], product: Array, purchases: Array) -> Array:
    """Intermediate uses by origin; ICT's client ratio as calibrated; no product is used beyond its domestic output."""
    codes = _codes(branches)
    n = len(codes)
    letter = np.array([row["a38"][0] for row in branches])
    same = np.equal.outer([row["a38"] for row in branches], [row["a38"] for row in branches])
    goods = np.isin(letter, list("ABCDE"))
    service = np.isin(letter, list("GHIJKLMNOPQRST"))
    affinity = 0.05 + numbers.uniform("inputs", n, n) ** 2
    affinity *= (
        np.where(same, 6, 1) * np.where(np.outer(goods, goods), 3, 1) * np.where(np.outer(service, service), 2, 1)
    )
    want = np.sqrt(product)[:, None] * affinity
    want[np.isin(codes, PUBLIC)] *= 0.02
    raw = want / want.sum(axis=0) * purchases
    ict, making = codes.index(ICT), _making(codes)
    raw[ict, making] *= raw[ict, service].sum() / ICT_RATIO / raw[ict, making].sum()
    fixed = raw[ict].copy()
    raw[ict] = 0
    raw *= np.where(purchases > 0, purchases - fixed, 0) / np.maximum(raw.sum(axis=0), 1e-9)
    raw[ict] = fixed
    used = numbers.split(purchases, raw.T).T
    usual = np.where(goods, 0.35 + 0.4 * numbers.uniform("imported", n), 0.05 + 0.2 * numbers.uniform("imported", n))
    away = np.clip(np.maximum(usual, 1 - 0.7 * product / np.maximum(used.sum(axis=1), 1)), 0, 0.97)
    spain = 0.45 + 0.2 * numbers.uniform("spain", n)
    shares = np.stack([1 - away, away * spain, away * (1 - spain)], axis=-1)
    # a few cells round up: what is bought at home must not pass what is made at home
    return np.moveaxis(numbers.split(used, shares[:, None, :]), -1, 0)


def _final(codes: list[str], product: Array, inputs: Array) -> Array:
    """Final uses (origin, product, [households, government, capital, rest of Spain, abroad])."""
    rest = product - inputs[0].sum(axis=1)
    if (rest < 0).any():
        raise ValueError(f"{codes[int(rest.argmin())]}: more is used at home than is made")
    shares = np.zeros((len(codes), 5))
    for n, code in enumerate(codes):
        if code in PUBLIC:
            shares[n] = (0.6, 0.4, 0, 0, 0) if code == "86" else (0.06, 0.94, 0, 0, 0)
        elif code == ICT:
            shares[n] = (0.04, 0.06, 0.5, 0.4 - ICT_ABROAD, ICT_ABROAD)
        elif "05" <= code <= "42":
            shares[n] = (0.08, 0, 0.12, 0.42, 0.38)
        elif code == "47":
            shares[n] = (0.1, 0, 0.85, 0.05, 0)
        else:
            shares[n] = (0.62, 0.1, 0.04, 0.16, 0.08)
    home = numbers.split(rest, shares)
    bought = np.round(home[:, :3] * np.where(_making(codes), 1.5, 0.1)[:, None])
    away = numbers.split(bought, np.broadcast_to(np.array([0.6, 0.4]), (*bought.shape, 2)))
    none = np.zeros((len(codes), 2))
    return np.stack([home, np.hstack([away[..., 0], none]), np.hstack([away[..., 1], none])])


def _items(branches: tuple[dict[str, str], ...]) -> list[tuple[str, str, str, str]]:
    return [(row["code"], row["es"], row["eu"], row["en"]) for row in branches]


def _periods(years: dict[int, Flows]) -> Axis:
    return lists.periods(min(years), max(years))


def _supply(branches: tuple[dict[str, str], ...], years: dict[int, Flows]) -> Table:
    made = []
    for flows in years.values():
        own = flows.make.sum(axis=1, keepdims=True)
        brought = (flows.inputs.sum(axis=2) + flows.final.sum(axis=2))[1:].T
        body = np.hstack([flows.make, own, brought, own + brought.sum(axis=1, keepdims=True)])
        made.append(numbers.with_total(body, 0, last=True))
    axes = (
        lists.axis("producto", [*_items(branches), TOTAL]),
        lists.axis("rama", [*_items(branches), *SUPPLY]),
        _periods(years),
    )
    return Table(axes, np.stack(made, axis=-1), THOUSANDS, SOURCE, "20251230")


def _body(uses: Array, final: Array) -> Array:
    """Rows by origin with intermediate total, final uses and total; the total of origins before its members."""
    between = uses.sum(axis=2, keepdims=True)
    whole = between + final.sum(axis=2, keepdims=True)
    return numbers.with_total(np.concatenate([uses, between, final, whole], axis=2), 0)


def _below(body: Array, gva: Array, output: Array) -> Array:
    """Under the products their total; under that, for the total of origins alone, value added and output."""
    rows = numbers.with_total(body, 1, last=True)
    foot = np.zeros((rows.shape[0], 2, rows.shape[2]))
    foot[0, 0, : len(gva)], foot[0, 1, : len(gva)] = gva, output
    foot[0, :, len(gva)] = gva.sum(), output.sum()
    return np.concatenate([rows, foot], axis=1)


def _use(branches: tuple[dict[str, str], ...], years: dict[int, Flows]) -> Table:
    made = [_below(_body(f.inputs, f.final), f.gva, f.make.sum(axis=0)) for f in years.values()]
    axes = (
        lists.axis("producto", [*_items(branches), TOTAL, GVA, OUTPUT]),
        ORIGIN,
        lists.axis("rama", [*_items(branches), *DEMAND]),
        _periods(years),
    )
    values = np.stack([np.swapaxes(one, 0, 1) for one in made], axis=-1)
    return Table(axes, values, THOUSANDS, SOURCE, "20251230")


def _symmetric(branches: tuple[dict[str, str], ...], years: dict[int, Flows]) -> Table:
    """Product by product under the industry technology assumption (Miller and Blair 2009, ch. 5): U x^-1 V'."""
    made = []
    for flows in years.values():
        per_unit = flows.inputs / np.maximum(flows.make.sum(axis=0), 1)
        pure = per_unit @ flows.make.T
        square = numbers.split(flows.inputs.sum(axis=2), pure)
        product = flows.make.sum(axis=1)
        made.append(_below(_body(square, flows.final), product - square.sum(axis=(0, 1)), product))
    axes = (
        lists.axis("producto y componentes de valor añadido", [*_items(branches), TOTAL, GVA, OUTPUT]),
        ORIGIN,
        lists.axis("rama y componentes de la demanda", [*_items(branches), *DEMAND]),
        _periods(years),
    )
    values = np.stack([np.swapaxes(one, 0, 1) for one in made], axis=-1)
    return Table(axes, values, THOUSANDS, SOURCE, "20260119")
