"""What Eurostat's services write: JSON-stat 2.0, TSV, SDMX-CSV, error bodies and SOAP messages.

Belongs here: dataset to bytes (eurostat.md §5). Does not belong here: requests and limits (eurostat.py).
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from xml.sax.saxutils import escape

import numpy as np

from tests.servers.eurostat_data import Dataset

FLAG_LABELS = {
    "b": "break in time series",
    "d": "definition differs (see metadata)",
    "e": "estimated",
    "f": "forecast",
    "n": "not significant",
    "p": "provisional",
    "r": "revised",
    "s": "Eurostat estimate",
    "u": "low reliability",
    "z": "not applicable",
}
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
EXTRACTION = "http://estat.ec.europa.eu/disschain/soap/extraction"
ASYNC = "http://estat.ec.europa.eu/disschain/asynchronous"


def dump(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def status_of(flag: str) -> str:
    """A TSV flag as a JSON-stat status: ``<observation flag>|<confidentiality>``, the bar only with a C."""
    return flag.replace("c", "") + ("|C" if "c" in flag else "")


def status_label(status: str) -> str:
    flag, bar, _ = status.partition("|")
    return ", ".join(FLAG_LABELS.get(f, f) for f in flag) + ("|confidential" if bar else "")


def json_stat(data: Dataset, lang: str = "EN", *, decimals: int | None = None, shuffled: bool = True) -> bytes:
    """An answer of the statistics API (§5.3): unsorted ``value``, no ``role``, ``status`` only where flagged.

    ``decimals`` pads the numbers with trailing zeros; None leaves their text alone.
    """
    keys = sorted(data.values)
    if shuffled:
        random.Random(len(keys)).shuffle(keys)
    cells = ",".join(f'"{i}":{_number(data.values[i], decimals)}' for i in keys)
    head = {
        "version": "2.0",
        "class": "dataset",
        "label": data.label,
        "source": "ESTAT",
        "updated": data.updated,
    }
    marks = {str(i): status_of(data.flags[i]) for i in sorted(data.flags)}
    status = f'"status":{dump(marks)},' if marks else ""
    dimension = {
        name: {
            "label": data.dim_labels.get(name, name),
            "category": {"index": {c: i for i, c in enumerate(codes)}, "label": codes},
        }
        for name, codes in data.dims.items()
    }
    tail = {"id": list(data.dims), "size": list(data.shape), "dimension": dimension}
    tail["extension"] = _extension(data, lang, sorted(set(marks.values())))
    return f'{dump(head)[:-1]},"value":{{{cells}}},{status}{dump(tail)[1:]}'.encode()


def _number(text: str, decimals: int | None) -> str:
    return text if decimals is None else f"{Decimal(text):.{decimals}f}"


def _extension(data: Dataset, lang: str, statuses: list[str]) -> dict[str, object]:
    structure = {"id": data.id, "agencyId": "ESTAT", "version": data.structure_version}
    extension: dict[str, object] = {"lang": lang, "id": data.id, "agencyId": "ESTAT", "version": "1.0"}
    extension |= {"datastructure": structure, "annotation": annotation_list(data)}
    if statuses:
        extension["status"] = {"label": {s: status_label(s) for s in statuses}}
    extension["positions-with-no-data"] = no_data(data)
    return extension


def annotation_list(data: Dataset) -> list[dict[str, str]]:
    """The annotations in the order of a real answer; OBS_COUNT is a string."""
    periods = list(data.dims["time"]) or [""]
    doi = f"10.2908/{data.id}"
    sheet = f"https://ec.europa.eu/eurostat/cache/metadata/en/{data.id.lower()}_esms.htm"
    zipped = f"https://ec.europa.eu/eurostat/api/dissemination/files?file=metadata/{data.id.lower()}_esms.sdmx.zip"
    stamps = ("DATA", "GLOBAL", "PLANNED")
    return [
        {"type": "CREATED", "date": data.created},
        {
            "type": "DISSEMINATION_DOI_XML",
            "title": f"<adms:identifier><notation>{doi}</notation></adms:identifier>",
        },
        {"type": "DISSEMINATION_OBJECT_TYPE", "title": "DATASET"},
        *({"type": f"DISSEMINATION_TIMESTAMP_{s}", "date": data.updated} for s in stamps),
        {"type": "ESMS_HTML", "title": "Explanatory texts (metadata)", "href": sheet},
        {"type": "ESMS_SDMX", "title": "Explanatory texts (metadata)", "href": zipped},
        {"type": "OBS_COUNT", "title": str(len(data.values))},
        {"type": "OBS_PERIOD_OVERALL_LATEST", "title": periods[-1]},
        {"type": "OBS_PERIOD_OVERALL_OLDEST", "title": periods[0]},
        {"type": "SOURCE_INSTITUTIONS", "text": "Eurostat"},
        {"type": "UPDATE_DATA", "date": data.updated},
        {"type": "UPDATE_STRUCTURE", "date": data.structure_updated},
    ]


def no_data(data: Dataset) -> dict[str, list[int]]:
    """For each dimension, the positions at which no cell has a value."""
    if not data.values:
        return {name: list(range(len(codes))) for name, codes in data.dims.items()}
    places = np.unravel_index(np.array(sorted(data.values)), data.shape)
    return {
        name: sorted(set(range(len(codes))) - set(np.unique(at).tolist()))
        for (name, codes), at in zip(data.dims.items(), places, strict=True)
    }


def trimmed(text: str) -> str:
    """A number without trailing zeros, as TSV has it."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def _series(data: Dataset) -> Iterator[tuple[list[str], int]]:
    """Codes and first index of each series (all dimensions but time) that has a value or a flag."""
    width = data.shape[-1]
    for start in sorted({i // width * width for i in data.filled}) if width else []:
        yield data.codes(start)[:-1], start


def tsv(data: Dataset, *, old: bool = False) -> bytes:
    r"""TSV: current (§5.2: freq, ``\TIME_PERIOD``, oldest first) or old (§5.1: ``\time``, newest first)."""
    names = [n for n in data.dims if n != "time" and not (old and n == "freq")]
    skip = 1 if old and "freq" in data.dims else 0
    periods = list(data.dims["time"])
    order = list(range(len(periods)))[:: -1 if old else 1]
    head = ",".join(names) + ("\\time" if old else "\\TIME_PERIOD")
    lines = ["\t".join([head, *(f"{periods[i]} " for i in order)])]
    for codes, start in _series(data):
        cells = []
        for i in order:
            value = data.values.get(start + i)
            shown = ":" if value is None else value if old else trimmed(value)
            cells.append(f"{shown} {data.flags.get(start + i, '')}")
        lines.append("\t".join([",".join(codes[skip:]), *cells]))
    return ("\n".join(lines) + "\n").encode()


def sdmx_csv(data: Dataset, *, conf_status: bool = True, missing: str = "") -> bytes:
    """SDMX-CSV (§5.4): one row an observation; ``missing`` is what a cell with a flag and no value shows."""
    names = [n for n in data.dims if n != "time"]
    head = ["DATAFLOW", "LAST UPDATE", *names, "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG"]
    lines = [",".join([*head, "CONF_STATUS"] if conf_status else head)]
    stamp = datetime.strptime(data.updated, "%Y-%m-%dT%H:%M:%S%z").strftime("%d/%m/%y %H:%M:%S")
    for i in data.filled:
        flag = data.flags.get(i, "")
        row = [
            f"ESTAT:{data.id}(1.0)",
            stamp,
            *data.codes(i),
            data.values.get(i, missing),
            flag.replace("c", ""),
        ]
        lines.append(",".join([*row, "C" if "c" in flag else ""] if conf_status else row))
    return ("\n".join(lines) + "\n").encode()


def error(status: int, label: str, ident: int | None = None, *, as_list: bool = True) -> bytes:
    """An error body of the statistics API: ``error`` is a list, or one object with its status as text."""
    about: dict[str, object] = {"status": status if as_list else str(status)}
    about |= {} if ident is None else {"id": ident}
    about["label"] = label
    return dump({"error": [about] if as_list else about}).encode()


def fault(code: int, text: str) -> bytes:
    """A SOAP fault, which the SDMX endpoint sends even on REST."""
    inner = f"<faultcode>{code}</faultcode><faultstring>{escape(text)}</faultstring>"
    return f'<?xml version="1.0" encoding="UTF-8"?><S:Fault xmlns:S="{SOAP}">{inner}</S:Fault>'.encode()


def queued(ident: str) -> bytes:
    """The envelope that says a request was queued."""
    inner = f"<processingTime>92</processingTime><queued><id>{ident}</id><status>SUBMITTED</status></queued>"
    return _envelope(f'<ns0:syncResponse xmlns:ns0="{EXTRACTION}">{inner}</ns0:syncResponse>')


def polled(ident: str, status: str) -> bytes:
    """The envelope that says how far a queued request is."""
    inner = f"<ns1:status><ns1:key>{ident}</ns1:key><ns1:status>{status}</ns1:status></ns1:status>"
    spaces = f'xmlns:ns0="{ASYNC}" xmlns:ns1="{ASYNC}/status"'
    return _envelope(f"<ns0:asyncResponse {spaces}>{inner}</ns0:asyncResponse>")


def _envelope(body: str) -> bytes:
    inner = f'<env:Envelope xmlns:env="{SOAP}"><env:Header/><env:Body>{body}</env:Body></env:Envelope>'
    return f'<?xml version="1.0" encoding="UTF-8" ?>\n{inner}'.encode()
