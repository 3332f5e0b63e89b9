"""The open formats, read back by programs of others and by the project's own readers: every figure is the release's."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import yaml
from pyarrow import csv as arrow_csv

from observatory.formats import jsonstat as reader
from observatory.publishing import citation, csvw, dcat, jsonstat, llms, schema_org, sdmx_csv, sdmx_ids, sdmx_structure
from observatory.publishing.edition import KEY, MEASURES, Edition, Table

from .conftest import SEVERAL

# rdflib warns of names that it uses itself
pytestmark = pytest.mark.filterwarnings("ignore:(Dataset|Conj).*:DeprecationWarning")
ARROW = {"string": pa.string(), "double": pa.float64(), "boolean": pa.bool_(), "integer": pa.int64()}


def figures(table: Table) -> dict[tuple[object, ...], tuple[object, ...]]:
    """Numbers and status of every row, by key and provenance."""
    rows = table.content.to_pylist()
    found = {(*(row[k] for k in KEY), row["provenance"]): (*(row[m] for m in MEASURES), row["status"]) for row in rows}
    assert len(found) == table.rows
    return found


def test_csv_on_the_web_reads_back_to_every_table(edition: Edition) -> None:
    """The columns are read as the metadata says, and by nothing else."""
    tables = list(edition.tables.values())
    said = json.loads(json.dumps(csvw.metadata(edition, tables)))
    assert [t["url"] for t in said["tables"]] == [f"{t.name}.csv" for t in tables]
    for table, about in zip(tables, said["tables"], strict=True):
        columns = about["tableSchema"]["columns"]
        types = {column["name"]: ARROW[column["datatype"]] for column in columns}
        text = {column["name"] for column in columns if column["datatype"] == "string" and column["null"] == []}
        read = arrow_csv.read_csv(
            io.BytesIO(csvw.table(table)),
            convert_options=arrow_csv.ConvertOptions(
                column_types=types, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=True
            ),
        )
        for n, name in enumerate(read.column_names):
            column = read[name].fill_null("") if name in text else read[name]
            assert column.combine_chunks() == table.content[name].combine_chunks(), (table.name, name)
            assert columns[n]["required"] <= (read[name].null_count == 0)
        key = about["tableSchema"]["primaryKey"]
        assert not table.is_indicator or table.content.group_by(key).aggregate([]).num_rows == table.rows
        assert about["dc:provenance"] == ", ".join(table.provenances)


def cells(table: pa.Table) -> Iterator[tuple[tuple[object, ...], str, object, str]]:
    """Key, measure, number and status of the cells that the dataset names; the others are no rows."""
    named = pc.or_(pc.is_valid(table["flag"]), pc.is_valid(table["value"]))
    for row in table.select([*jsonstat.DIMENSIONS, "measure", "value", "flag"]).filter(named).to_pylist():
        key = tuple(None if row[d] == jsonstat.NONE else row[d] for d in jsonstat.DIMENSIONS)
        yield key, row["measure"], row["value"], row["flag"]


def test_json_stat_reads_back_to_every_figure_and_status(edition: Edition) -> None:
    for table in edition.indicators:
        read: dict[tuple[object, ...], dict[str, object]] = {}
        for key, measure, number, status in cells(reader.read(jsonstat.document(edition, table), name=table.name)):
            read.setdefault(key, {})[measure] = number
            assert read[key].setdefault("status", status) == status
        found = {key: (*(row.get(m) for m in MEASURES), row["status"]) for key, row in read.items()}
        assert found == figures(table), table.name


@pytest.mark.parametrize("language", ["es", "eu", "en"])
def test_json_stat_says_what_it_holds(edition: Edition, language: str) -> None:
    table = edition.tables["ict_trend_slope"]
    found = json.loads(jsonstat.document(edition, table, language))
    assert found["version"] == "2.0" and found["class"] == "dataset" and found["label"] == table.titles[language]
    assert found["role"] == {"time": ["period"], "geo": ["geo", "comparator"], "metric": ["measure"]}
    assert found["dimension"]["geo"]["category"]["label"]["ES"] == edition.place("ES", language) != "ES"
    assert found["dimension"]["measure"]["category"]["unit"]["lower"] == {"label": table.unit, "decimals": 2}
    assert found["extension"]["provenances"] == ["official"] and found["extension"]["release"] == "2026Q3.0"


def test_sdmx_csv_holds_every_figure(edition: Edition) -> None:
    for table in edition.indicators:
        read = csv.DictReader(io.StringIO(sdmx_csv.message(table).decode()))
        found = {}
        for row in read:
            named = {name: sdmx_ids.text(row[column]) for column, name in sdmx_csv.DIMENSIONS.items() if name}
            named["period"] = sdmx_ids.years(row["TIME_PERIOD"])
            numbers = [None if row[c] == "" else float(row[c]) for c in sdmx_csv.NUMBERS]
            found[(*(named[k] for k in KEY), row["PROVENANCE"])] = (*numbers, row["OBS_STATUS"])
            assert row["STRUCTURE_ID"] == f"KIBSOBS:{table.name.upper()}(1.0.0)"
        assert found == figures(table), table.name


def test_another_program_reads_the_structure_and_the_observations(edition: Edition) -> None:
    import sdmx
    from sdmx.reader.csv import Reader

    tables = edition.chosen(SEVERAL)
    structure = sdmx.read_sdmx(io.BytesIO(sdmx_structure.message(edition, tables)))
    assert set(structure.dataflow) == {name.upper() for name in SEVERAL}
    components = structure.structure[sdmx_structure.DSD]
    assert [d.id for d in components.dimensions] == [*sdmx_csv.DIMENSIONS, "TIME_PERIOD"]
    assert [m.id for m in components.measures] == ["OBS_VALUE"]
    assert {a.id for a in components.attributes} == {*sdmx_csv.NUMBERS, *sdmx_csv.CODES, *sdmx_csv.TEXTS} - {
        "OBS_VALUE"
    }
    for table in tables:
        flow = structure.dataflow[table.name.upper()]
        assert flow.structure is components and flow.name.localizations == table.titles
        (data,) = Reader().convert(io.BytesIO(sdmx_csv.message(table)), structure=flow).data
        rows = table.content.to_pylist()
        assert len(data.obs) == len(rows)
        for observation, row in zip(data.obs, rows, strict=True):
            assert (float(observation.value) if observation.value else None) == row["value"]
            marks = {name: found.value for name, found in observation.attached_attribute.items()}
            assert (marks["OBS_STATUS"], marks["PROVENANCE"]) == (row["status"], row["provenance"])
            for dimension, code in observation.dimension.values.items():
                if dimension in sdmx_structure.LISTS:
                    assert code.value in structure.codelist[sdmx_structure.LISTS[dimension]]


def test_the_catalogue_has_what_dcat_ap_makes_mandatory(edition: Edition) -> None:
    import pyshacl
    from rdflib import Graph
    from rdflib.compare import isomorphic

    tables = edition.chosen([*SEVERAL, "employment"], core=True)
    document = dcat.catalogue(edition, tables)
    base = "https://example.org/2026Q3.0/"
    linked = Graph().parse(data=json.dumps(document), format="json-ld", publicID=base)
    turtle = Graph().parse(data=dcat.turtle(document), format="turtle", publicID=base)
    assert isomorphic(linked, turtle)
    shapes = (Path(__file__).parent / "shapes.ttl").read_text("utf-8")
    conforms, _, report = pyshacl.validate(turtle, shacl_graph=shapes, shacl_graph_format="turtle")
    assert conforms, report
    addresses = {str(o) for o in turtle.objects(None, None) if str(o).endswith(".parquet") and "iana" not in str(o)}
    assert addresses == {f"{base}{table.path.name}" for table in tables}
    assert all((edition.folder / address.removeprefix(base)).is_file() for address in addresses)
    absolute = Graph().parse(data=dcat.turtle(dcat.catalogue(edition, tables, base)), format="turtle")
    assert isomorphic(absolute, turtle)


@pytest.mark.parametrize(
    ("where", "key"),
    [
        ("#catalogue", "dct:publisher"),
        ("#catalogue", "dct:title"),
        ("#publisher", "foaf:name"),
        ("#ict_emp_share", "dct:description"),
        ("#ict_emp_share", "dct:provenance"),
        ("#ict_emp_share-parquet", "dcat:accessURL"),
        ("data-theme", "dct:title"),
        ("data-theme/REGI", "skos:prefLabel"),
        ("nama_10r_3empers/default/table", "dct:title"),
        ("nama_10r_3empers/default/table", "@type"),
    ],
)
def test_the_shapes_find_what_is_lacking(edition: Edition, where: str, key: str) -> None:
    import pyshacl
    from rdflib import Graph

    document = dcat.catalogue(edition, edition.chosen(["ict_emp_share"]))
    (node,) = (one for one in document["@graph"] if one["@id"].endswith(where))
    del node[key]
    graph = Graph().parse(data=dcat.turtle(document), format="turtle", publicID="https://example.org/")
    shapes = (Path(__file__).parent / "shapes.ttl").read_text("utf-8")
    assert not pyshacl.validate(graph, shacl_graph=shapes, shacl_graph_format="turtle")[0]


def test_search_engines_are_told_what_is_made_up(edition: Edition) -> None:
    real = schema_org.dataset(edition, edition.tables["ict_emp_share"], "es")
    assert real["@type"] == "Dataset" and real["name"] == "Peso del empleo en servicios TIC"
    assert real["temporalCoverage"] == "2000/2024" and real["variableMeasured"]["unitText"] == "percent"
    assert {place["identifier"] for place in real["spatialCoverage"]} >= {"ES", "ES21", "EU27_2020"}
    assert real["distribution"][0]["contentUrl"] == "ict_emp_share.parquet" and real["isBasedOn"]
    made_up = schema_org.dataset(
        edition, edition.tables["svy_mean_share"], files={"csv": "x.csv"}, address="https://a.b/"
    )
    assert made_up["description"].startswith("12 of its 12 rows are made-up data") and made_up["isBasedOn"] == []
    assert made_up["distribution"][0] == {"@type": "DataDownload", "encodingFormat": "text/csv", "contentUrl": "x.csv"}
    whole = schema_org.catalogue(edition, [real, made_up])
    assert [one["name"] for one in whole["dataset"]] == [real["name"], made_up["name"]]
    assert all(50 <= len(schema_org.dataset(edition, t)["description"]) <= 5000 for t in edition.indicators)


def test_the_citation_names_the_release_and_the_publishers(edition: Edition) -> None:
    said = yaml.safe_load(citation.cff(edition))
    assert (said["cff-version"], said["type"], said["version"]) == ("1.2.0", "dataset", "2026Q3.0")
    assert (
        said["date-released"] == "2026-08-01" and said["license"] == "CC-BY-4.0" and said["authors"] and said["message"]
    )
    real = [s for s in edition.manifest["sources"] if s["provenance"] != "synthetic"]
    assert [reference["title"] for reference in said["references"]] == [s["title"] for s in real]
    assert all(reference["type"] == "data" and reference["authors"] for reference in said["references"])


def test_the_catalogue_for_machines_names_every_indicator_once(edition: Edition) -> None:
    text = llms.text(edition, edition.indicators)
    lines = text.splitlines()
    assert lines[0] == f"# {edition.title}" and lines[2].startswith("> ")
    for table in edition.indicators:
        (line,) = (x for x in lines if x.startswith(f"- [{table.name}]({table.name}.parquet)"))
        assert f"Unit: {table.unit}." in line and ("made-up data" in line) == (table.made_up > 0)
    assert llms.text(edition, []).startswith(f"# {edition.title}")
