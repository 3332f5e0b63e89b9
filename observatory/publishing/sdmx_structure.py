"""The structure of the SDMX-CSV messages: one data structure, a dataflow an indicator, its code lists, in SDMX-ML 3.0.

Belongs here: the structure message. Does not belong here: observations (sdmx_csv.py), ids (sdmx_ids.py).
Facts: SDMX-ML 3.0 schemas and SDMX 3.0, sections 2 and 6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from xml.etree import ElementTree as Xml

from observatory.publishing import sdmx_ids as ids
from observatory.publishing.edition import LANGUAGES, Edition, Table
from observatory.publishing.messages import COLUMNS, ORDER, PROVENANCES, STATUSES, words
from observatory.publishing.sdmx_csv import CODES, DIMENSIONS, NUMBERS, TEXTS

_SCHEMAS = "http://www.sdmx.org/resources/sdmxml/schemas/v3_0/"
MES, STR, COM = (f"{{{_SCHEMAS}{part}}}" for part in ("message", "structure", "common"))
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
DSD = "KIBS_INDICATORS"
CONCEPTS = "KIBS_CONCEPTS"
LISTS = {
    "FREQ": "CL_FREQ",
    "INDICATOR": "CL_INDICATOR",
    "VARIANT": "CL_VARIANT",
    "REF_AREA": "CL_AREA",
    "ACTIVITY": "CL_ACTIVITY",
    "COUNTERPART_AREA": "CL_AREA",
    "OBS_STATUS": "CL_OBS_STATUS",
    "PROVENANCE": "CL_PROVENANCE",
}
"""Code list of each coded component."""
Names = Mapping[str, str]


def message(edition: Edition, tables: Sequence[Table]) -> bytes:
    """The structure message of these indicators, readable by programs that know SDMX 3.0."""
    for prefix, name in (("mes", MES), ("str", STR), ("com", COM)):
        Xml.register_namespace(prefix, name.strip("{}"))
    root = Xml.Element(f"{MES}Structure")
    header = Xml.SubElement(root, f"{MES}Header")
    for tag, text in (("ID", f"{ids.AGENCY}_{edition.release.replace('.', '_')}"), ("Test", "false")):
        Xml.SubElement(header, MES + tag).text = text
    Xml.SubElement(header, f"{MES}Prepared").text = edition.created
    Xml.SubElement(header, f"{MES}Sender", id=ids.AGENCY)
    structures = Xml.SubElement(root, f"{MES}Structures")
    # the order of SDMX-ML 3.0: code lists, concepts, dataflows, data structures
    lists = Xml.SubElement(structures, f"{STR}Codelists")
    for name, codes in code_lists(edition, tables).items():
        code_list = _artefact(lists, "Codelist", name, dict.fromkeys(LANGUAGES, name))
        for code, names in codes.items():
            _named(Xml.SubElement(code_list, f"{STR}Code", id=code), names)
    _concepts(Xml.SubElement(structures, f"{STR}ConceptSchemes"))
    flows = Xml.SubElement(structures, f"{STR}Dataflows")
    for table in tables:
        flow = _artefact(flows, "Dataflow", ids.indicator(table.name), table.titles, table.definition)
        Xml.SubElement(flow, f"{STR}Structure").text = _urn("datastructure.DataStructure", DSD)
    _data_structure(Xml.SubElement(structures, f"{STR}DataStructures"), edition)
    Xml.indent(root)
    found: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return found + b"\n"


def code_lists(edition: Edition, tables: Sequence[Table]) -> dict[str, dict[str, Names]]:
    """Names of every code that the rows use, by code list, sorted by code."""
    used: dict[str, set[str | None]] = {name: set() for name in (*DIMENSIONS.values(), *CODES.values()) if name}
    for table in tables:
        for name, found in used.items():
            found.update(table.content[name].unique().to_pylist())
    titles = {ids.indicator(t.name): t.titles for t in tables}
    places = used["geo"] | used["comparator"]
    return {
        "CL_FREQ": {"A": {"es": "anual", "eu": "urtekoa", "en": "annual"}},
        "CL_INDICATOR": titles,
        "CL_VARIANT": _coded(used["variant"], lambda x, _: x),
        "CL_AREA": _coded(places, edition.place),
        "CL_ACTIVITY": _coded(used["activity"], lambda x, _: x),
        "CL_OBS_STATUS": _coded(used["status"], lambda x, language: "; ".join(words(STATUSES[y], language) for y in x)),
        "CL_PROVENANCE": _coded(used["provenance"], lambda x, language: words(PROVENANCES[x], language)),
    }


def _coded(texts: Iterable[str | None], name: Callable[[str, str], str]) -> dict[str, Names]:
    nothing = dict(zip(ORDER, COLUMNS["not_applicable"], strict=True))
    found: dict[str, Names] = {
        ids.code(x): nothing if x is None else {str(y): name(x, y) for y in LANGUAGES} for x in texts
    }
    return dict(sorted(found.items()))


def _urn(kind: str, name: str, item: str = "") -> str:
    part = f".{item}" if item else ""
    return f"urn:sdmx:org.sdmx.infomodel.{kind}={ids.AGENCY}:{name}({ids.VERSION}){part}"


def _named(element: Xml.Element, names: Names, description: str = "") -> None:
    for language, text in names.items():
        Xml.SubElement(element, f"{COM}Name", {LANG: language}).text = text
    if description:
        Xml.SubElement(element, f"{COM}Description", {LANG: "en"}).text = description


def _artefact(parent: Xml.Element, tag: str, name: str, names: Names, description: str = "") -> Xml.Element:
    found = Xml.SubElement(parent, STR + tag, id=name, agencyID=ids.AGENCY, version=ids.VERSION)
    _named(found, names, description)
    return found


def _concepts(parent: Xml.Element) -> None:
    scheme = _artefact(parent, "ConceptScheme", CONCEPTS, dict.fromkeys(LANGUAGES, CONCEPTS))
    frequency = ("frecuencia", "maiztasuna", "frequency")
    ours = {**DIMENSIONS, "TIME_PERIOD": "period", **NUMBERS, **CODES, **TEXTS}
    for concept, name in ours.items():
        names = dict(zip(ORDER, COLUMNS[name] if name else frequency, strict=True))
        _named(Xml.SubElement(scheme, f"{STR}Concept", id=concept), names)


def _component(parent: Xml.Element, tag: str, name: str, text_type: str = "String", **about: str) -> Xml.Element:
    """A component with its concept and its values: those of a code list, else of ``text_type``."""
    found = Xml.SubElement(parent, STR + tag, {"id": name, **about})
    Xml.SubElement(found, f"{STR}ConceptIdentity").text = _urn("conceptscheme.Concept", CONCEPTS, name)
    values = Xml.SubElement(found, f"{STR}LocalRepresentation")
    if name in LISTS:
        Xml.SubElement(values, f"{STR}Enumeration").text = _urn("codelist.Codelist", LISTS[name])
    else:
        Xml.SubElement(values, f"{STR}TextFormat", textType=text_type)
    return found


def _data_structure(parent: Xml.Element, edition: Edition) -> None:
    structure = _artefact(parent, "DataStructure", DSD, dict.fromkeys(LANGUAGES, edition.title))
    components = Xml.SubElement(structure, f"{STR}DataStructureComponents")
    dimensions = Xml.SubElement(components, f"{STR}DimensionList", id="DimensionDescriptor")
    for at, name in enumerate(DIMENSIONS, start=1):
        _component(dimensions, "Dimension", name, position=str(at))
    _component(dimensions, "TimeDimension", "TIME_PERIOD", "ObservationalTimePeriod")
    attributes = Xml.SubElement(components, f"{STR}AttributeList", id="AttributeDescriptor")
    for name in [*NUMBERS, *CODES, *TEXTS]:
        if name != "OBS_VALUE":
            usage = "optional" if name in NUMBERS else "mandatory"
            found = _component(attributes, "Attribute", name, "Double" if name in NUMBERS else "String", usage=usage)
            Xml.SubElement(Xml.SubElement(found, f"{STR}AttributeRelationship"), f"{STR}Observation")
    measures = Xml.SubElement(components, f"{STR}MeasureList", id="MeasureDescriptor")
    _component(measures, "Measure", "OBS_VALUE", "Double")
