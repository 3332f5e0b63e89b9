"""CSV of every table, and its description as CSV on the Web.

Belongs here: CSV bytes and CSVW metadata. Does not belong here: other descriptions (dcat.py, schema_org.py).
Facts: W3C, Metadata Vocabulary for Tabular Data, 2015. Numbers are written with the fewest digits that read back
to the same number; no number, and no text where a column may lack one, is an empty cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from observatory import safe_text
from observatory.publishing.edition import Edition, Table

DATATYPES = {"string": "string", "number": "double", "integer": "integer", "boolean": "boolean"}
METADATA = "csv-metadata.json"
"""The name under which readers of CSV on the Web look for metadata beside a file."""


def table(one: Table) -> bytes:
    """A table as CSV: UTF-8, comma, a header line, rows in the order of the release.

    Text that a spreadsheet would take for a formula, or that acts on who reads it, is written as safe_text.cell says.
    """
    from pyarrow import csv

    sink = pa.BufferOutputStream()
    csv.write_csv(_harmless(one.content), sink, csv.WriteOptions(quoting_style="needed"))
    found: bytes = sink.getvalue().to_pybytes()
    return found


def _harmless(content: pa.Table) -> pa.Table:
    """The table with its texts as cells; each text that occurs is looked at once."""
    for at, field in enumerate(content.schema):
        if pa.types.is_string(field.type) and content.num_rows:
            encoded = content.column(at).combine_chunks().dictionary_encode()
            texts = encoded.dictionary.to_pylist()
            cells = [str(safe_text.cell(text)) for text in texts]
            if cells != texts:
                content = content.set_column(at, field, pa.array(cells, pa.string()).take(encoded.indices))
    return content


def metadata(edition: Edition, tables: Sequence[Table]) -> dict[str, Any]:
    """CSVW table group of the files ``<name>.csv`` that stand beside it."""
    name, licence = edition.licence
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "dc:title": edition.title,
        "dc:identifier": edition.release,
        "dc:issued": {"@value": edition.created, "@type": "xsd:dateTime"},
        "dc:license": {"@id": licence},
        "dc:rights": name,
        "dc:bibliographicCitation": edition.citation,
        "tables": [_table(one) for one in tables],
    }


def _table(one: Table) -> dict[str, Any]:
    columns = set(one.content.column_names)
    keys = [name for name in one.key if name in columns and one.content[name].null_count < one.rows]
    return {
        "url": f"{one.name}.csv",
        "dc:title": [{"@value": title, "@language": language} for language, title in one.titles.items()],
        "dc:description": one.definition,
        "dc:provenance": ", ".join(one.provenances),
        "dc:source": [source.citation for source in one.sources],
        "schema:unitText": one.unit,
        "notes": list(one.caveats),
        "tableSchema": {"columns": [_column(one, field) for field in one.fields], "primaryKey": keys},
    }


def _column(one: Table, field: Mapping[str, str]) -> dict[str, Any]:
    column = one.content[field["name"]]
    nothing: list[str] | str = [] if column.null_count == 0 and _has_empty_text(column) else ""
    # an empty text is a text where the column lacks none: CSVW would take it for nothing
    return {
        "name": field["name"],
        "titles": field["name"],
        "dc:description": field["description"],
        "datatype": DATATYPES[field["type"]],
        "required": column.null_count == 0 and not _has_empty_text(column),
        "null": nothing,
    }


def _has_empty_text(column: pa.ChunkedArray) -> bool:
    import pyarrow.compute as pc

    return pa.types.is_string(column.type) and bool(pc.any(pc.equal(column, "")).as_py())
