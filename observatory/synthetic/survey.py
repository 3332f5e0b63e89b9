"""A made-up wave of the servitization survey: 56 firms that give the journal's figures.

Belongs here: the answers and the file as a firm survey comes. Does not belong here: how it is read (formats/survey.py)
or estimated (estimators/survey.py). Mean share of services 10 %, 11 firms without, 34 that expect no rise.
"""

from __future__ import annotations

import numpy as np

from observatory.synthetic import numbers

FIRMS, ZEROS, NO_RISE, MEAN = 56, 11, 34, 10.0
HEAD = (
    "Encuesta de servitización 2018 (datos inventados)",
    "",
    "Empresa;Grupo;Rama;Tramo de empleo;Territorio;Facturación (miles de euros);Ingresos por servicios (%);"
    "Evolución esperada",
)
BRANCHES = ("Máquina herramienta", "Productos metálicos", "Automoción", "Material eléctrico", "Otras industrias")
SIZES = (("10-49", 0.0, 9e3), ("50-249", 9e3, 6e4), ("250 o más", 6e4, 1e9))
TERRITORIES = ("Bizkaia", "Gipuzkoa", "Araba/Álava")
RISE = ("Aumentará mucho", "Aumentará")
SAME = ("Se mantendrá", "Disminuirá", "Disminuirá mucho")


def answers() -> list[tuple[str, ...]]:
    """The rows of the file, in Spanish with decimal commas and thousands points."""
    shares = _shares()
    # the large firms sell few services: that is why a mean of firms is above the share in turnover
    order = np.argsort(shares + 90 * numbers.uniform("survey order", FIRMS))
    turnover = np.empty(FIRMS)
    turnover[order] = np.sort(1500 * 150 ** numbers.uniform("survey turnover", FIRMS))[::-1]
    hopeful = np.argsort(-shares + 25 * numbers.uniform("survey hope", FIRMS))[: FIRMS - NO_RISE]
    draw = numbers.uniform("survey words", FIRMS, 4)
    rows: list[tuple[str, ...]] = []
    for n in range(FIRMS):
        words = RISE[int(draw[n, 0] > 0.25)] if n in hopeful else SAME[min(int(draw[n, 0] * 1.6), 1)]
        size = next(name for name, low, high in SIZES if low <= turnover[n] < high)
        branch = BRANCHES[int(draw[n, 1] * len(BRANCHES))]
        territory = TERRITORIES[min(int(draw[n, 2] * 3.4), 2)]
        group = f"G{int(draw[n, 3] * 6) + 1}" if draw[n, 3] < 0.12 else ""
        money = f"{turnover[n]:,.0f}".replace(",", ".")
        share = f"{shares[n]:.1f}".replace(".", ",")
        rows.append((f"E{n + 1:03}", group, branch, size, territory, money, share, words))
    return rows


def _shares() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Shares of services in percent: eleven noughts, the rest skew, their mean exact to the decimal printed."""
    positive = FIRMS - ZEROS
    rank = (np.arange(positive) + 0.5) / positive
    raw = 0.5 + 60 * rank**2.4
    shares = np.round(raw * (MEAN * FIRMS / raw.sum()), 1)
    shares[-1] += round(MEAN * FIRMS - shares.sum(), 1)
    mixed = np.concatenate([np.zeros(ZEROS), shares])
    made: np.ndarray[tuple[int], np.dtype[np.float64]] = mixed[np.argsort(numbers.uniform("survey firms", FIRMS))]
    return made


def write() -> bytes:
    """The file: a title, an empty line, semicolons, windows-1252."""
    lines = [*HEAD, *(";".join(row) for row in answers())]
    return ("\r\n".join(lines) + "\r\n").encode("windows-1252")
