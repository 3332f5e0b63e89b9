"""Local stand-ins that hold every contracted table: Eustat's from the made-up snapshots, Eurostat's and INE's in the
shape of their contracts.

Belongs here: what the servers serve in a full live run. Does not belong here: how they answer (tests/servers/).
Figures that are not embedded are a hash of their codes; they prove nothing but the way.
"""

from __future__ import annotations

import csv
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product

from observatory.catalogue import Catalogue, Source
from observatory.corrections import Correction
from observatory.settings import Settings
from observatory.snapshots import Store
from tests.servers import EurostatServer, PxWebServer
from tests.servers.eurostat_data import Dataset, from_cells, from_tsv

STAMP = "2026-11-02T09:05:00"
INE = "/jaxiT3/files/t/es/csv_bdsc/28384.csv"
TURNOVER, SERVICES = 657_218_953, {2018: 48_671_488, 2017: 46_977_111, 2016: 44_775_482}
"""What INE published of the whole industry in 2018, in thousand euro; services of two years before as well."""
LINES = (
    "Importe neto de la cifra de negocios",
    "Ventas de productos",
    "Ventas de mercaderías",
    "Prestación de servicios",
)


@dataclass
class Publishers:
    """The running servers and the settings that lead to them."""

    bank: PxWebServer
    eurostat: EurostatServer

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables of a run against the servers."""
        return {
            "OBSERVATORY_EUSTAT_API": self.bank.base,
            "OBSERVATORY_EUSTAT_FILES": self.bank.files,
            "OBSERVATORY_EUROSTAT_STATISTICS": f"{self.eurostat.base}/statistics/1.0",
            "OBSERVATORY_EUROSTAT_SDMX": f"{self.eurostat.base}/sdmx/2.1",
            "OBSERVATORY_EUROSTAT_ASYNC": f"{self.eurostat.base}/1.0/async",
            "OBSERVATORY_INE": self.eurostat.root,
        }


@contextmanager
def every_contract(catalogue: Catalogue) -> Iterator[Publishers]:
    """Servers for all contracted tables."""
    store = Store(Settings().embedded, "embedded")
    have = {name: store.read(name, entry) for name, entry in store.lock().tables.items()}
    tables, datasets = {}, []
    for source in catalogue.sources.values():
        if source.publisher == "eustat":
            tables[source.table] = as_published(have[source.id], catalogue.corrected(source.id, "official"))
        elif source.publisher == "eurostat":
            datasets.append(dataset(source, have.get(source.id), catalogue))
    with (
        PxWebServer(tables, dict.fromkeys(tables, STAMP)) as bank,
        EurostatServer(datasets, replay={INE: ine_file()}) as eurostat,
    ):
        yield Publishers(bank, eurostat)


def as_published(data: bytes, known: Iterable[Correction]) -> bytes:
    """A made-up PX file with the errors that the real one is known for, so that their corrections hold."""
    for correction in known:
        (code,) = correction.where.values()
        label = re.compile(rf'"{code}[ /][^"]*"'.encode())
        tongue = data.index(f'VALUES[{correction.language}]("{next(iter(correction.where))}")'.encode())
        data = data[:tongue] + label.sub(f'"{correction.published}"'.encode(), data[tongue:], count=1)
    return data


def dataset(source: Source, embedded: bytes | None, catalogue: Catalogue) -> Dataset:
    """A dataset of Eurostat: the embedded figures where there are some, else all codes that the contract asks for."""
    if embedded is not None and source.format == "eurostat_tsv":
        return from_tsv(embedded, source.table)
    dims = {d.code.replace("TIME_PERIOD", "time"): codes(source, d.code, catalogue) for d in source.dimensions}
    if embedded is None:
        cells = [(c, str(zlib.crc32("".join(c).encode()) % 9000 + 1000), "") for c in product(*dims.values())]
        return from_cells(source.table, dims, cells)
    rows = list(csv.DictReader(io.StringIO(embedded.decode("utf-8-sig"))))
    names = [name.replace("time", "TIME_PERIOD") for name in dims]
    for name, column in zip(dims, names, strict=True):
        dims[name] = {row[column]: row[column] for row in rows}
    triples = [(tuple(row[n] for n in names), row["OBS_VALUE"], row["OBS_FLAG"]) for row in rows]
    return from_cells(source.table, dims, triples)


def codes(source: Source, name: str, catalogue: Catalogue) -> dict[str, str]:
    """Codes of a dimension with labels that its contract would recognise."""
    dimension = next(d for d in source.dimensions if d.code == name)
    selection = source.asked().get("selection", {})
    if dimension.role == "time" and not dimension.codes:
        return {str(y): str(y) for y in range(int(dimension.first or 2008), int(dimension.last or 2024) + 1)}
    chosen = [str(code) for code in selection.get(name, dimension.codes)]
    if not chosen:
        chosen = [
            row.eurostat_nace_r2[0]
            for row in catalogue.activities
            if (row.classification, row.version) == ("NACE", "2") and row.eurostat_nace_r2
        ]
    labels = {code: rule.name for rule in dimension.resolve for code in rule.codes}
    words = {"net_turnover": "Turnover", "services_rendered": "Turnover from service activities",
             "local_units": "Local units - number", "employment": "Persons employed - number"}  # fmt: skip
    return {code: words.get(labels.get(code, ""), code) for code in chosen}


def ine_file() -> bytes:
    """INE's table 28384 as its long CSV: thousands points, windows line ends."""
    activities = ["Total sector industrial"]
    activities += [f"{n:02} Rama {n:02}" for n in (*range(5, 34), *range(35, 40))]
    activities += [f"{n:02}{g} Grupo {n:02}.{g}" for n in range(10, 34) for g in (1, 2, 3, 4)]
    lines = ["Actividad principal (CNAE-2009 a 1, 2 y 3 dígitos);Resultados de explotación;Periodo;Total"]
    for activity in activities:
        for year in (2018, 2017, 2016):
            parts = [zlib.crc32(f"{activity}{line}{year}".encode()) % 900_000 for line in LINES[1:]]
            if activity == activities[0]:
                parts = [TURNOVER - 90_000_000 - SERVICES[year], 90_000_000, SERVICES[year]]
            for line, value in zip(LINES, [sum(parts), *parts], strict=True):
                lines.append(f"{activity};{line};{year};{value:,}".replace(",", "."))
    return ("\r\n".join(lines) + "\r\n").encode()
