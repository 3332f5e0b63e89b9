"""Indicators as SDMX-CSV 2.0 messages.

Belongs here: the rows of a message. Does not belong here: its structure (sdmx_structure.py), reading SDMX-CSV of
publishers (formats/sdmx_csv.py). Facts: SDMX-CSV 2.0 field guide (part of SDMX 3.0).
"""

from __future__ import annotations

import csv
import io

from observatory.publishing import sdmx_ids as ids
from observatory.publishing.edition import Table

DIMENSIONS = {
    "FREQ": "",
    "INDICATOR": "indicator",
    "VARIANT": "variant",
    "REF_AREA": "geo",
    "ACTIVITY": "activity",
    "COUNTERPART_AREA": "comparator",
}
"""Dimensions but time, with our columns; all figures are yearly."""
NUMBERS = {"OBS_VALUE": "value", "LOWER_BOUND": "lower", "UPPER_BOUND": "upper", "OBS_COUNT": "n"}
TEXTS = {"UNIT_MEASURE": "unit", "SOURCES": "sources"}
CODES = {"OBS_STATUS": "status", "PROVENANCE": "provenance"}
COLUMNS = ("STRUCTURE", "STRUCTURE_ID", "ACTION", *DIMENSIONS, "TIME_PERIOD", *NUMBERS, *CODES, *TEXTS)


def message(table: Table) -> bytes:
    """All rows of an indicator; a missing figure is empty. Raises DataError for a period that SDMX cannot say."""
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(COLUMNS)
    flow = f"{ids.AGENCY}:{ids.indicator(table.name)}({ids.VERSION})"
    for row in table.content.to_pylist():
        codes = [ids.code(row[name]) for column, name in DIMENSIONS.items() if column not in {"FREQ", "INDICATOR"}]
        numbers = ["" if row[name] is None else repr(row[name]) for name in NUMBERS.values()]
        marks = [row[name] for name in (*CODES.values(), *TEXTS.values())]
        key = ["A", ids.indicator(row["indicator"]), *codes, ids.period(row["period"])]
        writer.writerow(["dataflow", flow, "I", *key, *numbers, *marks])
    return sink.getvalue().encode()
