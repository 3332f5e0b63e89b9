"""Every contract against what is known of its publisher, and the words in which it explains itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from observatory import build, catalogue, resolution
from observatory.contract_models import Source
from observatory.errors import DataError
from observatory.sources import eurostat, files, pxweb, pxweb_query

FOLDER = Path(__file__).resolve().parents[2] / catalogue.FOLDER / "sources"
IDS = sorted(path.stem for path in FOLDER.glob("*.yaml"))
EUSTAT = [name for name in IDS if name.startswith("eustat_")]
EUROSTAT = [name for name in IDS if name.startswith("eurostat_")]
KEYS = {"pxweb": pxweb.KEYS, "eurostat": eurostat.KEYS, "file": files.KEYS}


@pytest.fixture(scope="module")
def whole() -> catalogue.Catalogue:
    return catalogue.load(FOLDER.parents[2])


@pytest.fixture(scope="module")
def index(shared: Path) -> dict[str, dict[str, Any]]:
    """All tables of Eustat's bank, by id without ``.px``."""
    path = shared / "extracts" / "eustat" / "catalogue_es_with_variables.2026-08-17.json"
    return {entry["id"].removesuffix(".px"): entry for entry in json.loads(path.read_text("utf-8"))["data"]}


def test_every_table_of_interest_has_a_contract(whole: catalogue.Catalogue, shared: Path) -> None:
    text = (shared / "reference" / "eustat.md").read_text("utf-8")
    section = text.split("## 2. Tables of interest")[1].split("Traps in this list")[0]
    wanted = {line.split("`")[1] for line in section.splitlines() if line.startswith("| `PX_")}
    assert len(wanted) == 37
    assert wanted - {s.table for s in whole.sources.values()} == set()


@pytest.mark.parametrize("name", EUSTAT)
def test_dimensions_and_periods_are_those_of_the_bank(
    whole: catalogue.Catalogue, index: dict[str, dict[str, Any]], name: str
) -> None:
    source = whole.sources[name]
    entry = index[source.table]
    assert [d.code for d in source.dimensions] == entry["variables"]
    (time,) = [d for d in source.dimensions if d.role == "time"]
    assert (time.code, time.first, time.last) == (entry["time_var"], entry["first_period"], entry["last_period"])
    assert source.url == entry["pxweb_url"]


@pytest.mark.parametrize("name", EUSTAT)
def test_months_of_update_are_those_seen(
    whole: catalogue.Catalogue, index: dict[str, dict[str, Any]], name: str
) -> None:
    source = whole.sources[name]
    year, month = index[source.table]["updated"].split("-")[:2]
    if source.update.months:
        assert int(month) in source.update.months
    else:
        assert int(year) < 2025, "a table that is still updated needs its month"


@pytest.mark.parametrize("name", IDS)
def test_its_request_is_one_that_the_client_takes(whole: catalogue.Catalogue, name: str) -> None:
    source = whole.sources[name]
    asked = source.asked()
    assert asked["table"] == source.table
    assert set(asked) - {"table", "service"} <= KEYS[asked["service"]]
    assert set(asked.get("selection", {})) <= {d.code for d in source.dimensions}
    if asked["service"] == "pxweb":
        pxweb_query.parse_selection(asked.get("selection", {}))


@pytest.mark.parametrize("name", EUROSTAT)
def test_what_eurostat_is_asked_for_is_what_the_contract_demands(whole: catalogue.Catalogue, name: str) -> None:
    source = whole.sources[name]
    selection = source.asked().get("selection", {})
    for dimension in source.dimensions:
        if dimension.code != "freq" and dimension.codes:
            assert set(selection[dimension.code]) == set(dimension.codes), dimension.code


@pytest.mark.parametrize("name", IDS)
def test_it_explains_itself(whole: catalogue.Catalogue, name: str) -> None:
    source = whole.sources[name]
    text = resolution.explain(source)
    assert source.table in text or source.table in source.asked().get("address", "")
    for dimension in source.dimensions:
        assert f"Dimension {dimension.code!r}" in text
        assert all(f"resolved at run time: {rule.name} is " in text for rule in dimension.resolve)
    for quirk in source.quirks:
        assert f"Note: {quirk}" in text
    assert "None" not in text


def test_what_the_accounts_of_industry_say(whole: catalogue.Catalogue) -> None:
    text = resolution.explain(whole.sources["eustat_industry_accounts"])
    for part in (
        "table PX_112311_cindus_ind02 of Eustat's bank, the whole PX file",
        "come from the PX file itself (VALUES and CODES, in Spanish, Basque and English)",
        "services_rendered is the one code whose label fits",
        "ES211 is the code 01, provided its label fits",
        "Whether the account has a line for services rendered is not known",
        "Must add up along 'territorio histórico': ES21 = ES211 + ES212 + ES213 within 2",
    ):
        assert part in text


def test_a_selection_and_a_splice_are_explained(whole: catalogue.Catalogue) -> None:
    text = resolution.explain(whole.sources["eustat_establishments_municipality_cnae"])
    assert "a selection, through the API" in text
    assert "Selected of 'CNAE-2009': 0*, 58*" in text
    text = resolution.explain(whole.sources["eustat_supply"])
    assert "Continues eustat_supply_base2015, side by side, without scaling, from 2022" in text


def test_the_selection_by_municipality_is_small(whole: catalogue.Catalogue) -> None:
    """252 municipalities x 18 years, against the 630 classes of the whole table."""
    patterns = whole.sources["eustat_establishments_municipality_cnae"].asked()["selection"]["CNAE-2009"]
    assert {p.rstrip("*") for p in patterns} == {
        "0",
        *map(str, (*range(58, 67), *range(69, 76), 78, 80)),
    }


def test_the_selection_by_municipality_fits_classes(whole: catalogue.Catalogue) -> None:
    patterns = whole.sources["eustat_establishments_municipality_cnae"].asked()["selection"]["CNAE-2009"]
    chosen = [
        c
        for c in ("0", "6201", "6910", "4711", "7022", "8010", "6810")
        if any(pxweb_query.fits(c, p) for p in patterns)
    ]
    assert chosen == ["0", "6201", "6910", "7022", "8010"]


# --- real answers


@pytest.mark.parametrize(
    ("name", "file", "refused"),
    [
        ("eurostat_nama_10_a64_e", "nama_10_a64_e_ES_2022_THS_PER.json", ""),
        ("eurostat_nama_10r_3empers", "nama_10r_3empers_ES51_2018.json", "geo: ES51"),
    ],
)
def test_a_real_answer_has_the_dimensions_of_its_contract(
    whole: catalogue.Catalogue, shared: Path, name: str, file: str, refused: str
) -> None:
    data = (shared / "extracts" / "eurostat" / file).read_bytes()
    source = whole.sources[name]
    if refused:
        with pytest.raises(DataError, match=refused):
            build.read_snapshot(source, data, "jsonstat", whole, "official")
    else:
        table = build.read_snapshot(source, data, "jsonstat", whole, "official")
        assert table.num_rows == 96


def test_the_real_table_of_industry_fits_its_contract(whole: catalogue.Catalogue, shared: Path) -> None:
    data = (shared / "extracts" / "eustat" / "PX_112311_cindus_ind01.px").read_bytes()
    table = build.read_snapshot(whole.sources["eustat_industry_aggregates"], data, "px", whole, "official")
    assert table.num_rows == 19_200
    row = {"territorio histórico__as": "ES213", "sector (A86)__as": "TOTAL", "principales agregados__as": "gva"}
    found = [r["value"] for r in table.to_pylist() if r["periodo"] == "2019" and row.items() <= r.items()]
    assert found == [5_898_511]


# --- what the models refuse


@pytest.fixture
def raw() -> dict[str, Any]:
    path = FOLDER / "eustat_industry_accounts.yaml"
    content: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return content


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"request": {"service": "pxweb", "table": "x"}}, "Extra inputs"),
    ({"request": {"service": "ftp"}}, "service"),
    ({"request": {"service": "pxweb", "route": "file", "selection": {"periodo": ["2020"]}}}, "the file always holds"),
    ({"request": {"service": "pxweb", "selection": {"periodo": ["20*", "2020"]}}}, "not both"),
    ({"request": {"service": "pxweb", "selection": {"periodo": ["2020", "2020"]}}}, "once each"),
    ({"request": {"service": "pxweb", "selection": {"periodo": {"top": 0}}}}, "top"),
    ({"request": {"service": "eurostat", "route": "tsv", "selection": {"geo": ["ES"]}}}, "only route json"),
    ({"request": {"service": "eurostat", "route": "json", "selection": {"geo": []}}}, "geo: give each code once"),
    ({"units": {}}, "units"),
    ({"adds_up": [{"dimension": "x", "total": "a", "parts": "some", "tolerance": 1}]}, "parts"),
    ({"series": {"name": "a", "base": "b", "splice": {"after": "c", "by": "guess", "at": "1", "reason": "d"}}}, "by"),
]


@pytest.mark.parametrize(("change", "expected"), REFUSED)
def test_a_contract_that_makes_no_sense(raw: dict[str, Any], change: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        Source.model_validate(raw | change)


@pytest.mark.parametrize(
    ("dimension", "expected"),
    [
        ({"resolve": [{"as": "a"}]}, "a rule needs codes, a label or both"),
        ({"resolve": [{"as": "a", "label": {}}]}, "a pattern in at least one language"),
        ({"resolve": [{"as": "a", "label": {"es": "("}}]}, "not a regular expression"),
        ({"resolve": [{"as": "a", "codes": ["1"]}, {"as": "a", "codes": ["2"]}]}, "more than one rule for a"),
        ({"complete": True}, "complete needs resolve, order or same"),
        ({"order": {"items": "a b", "labels": {"c": {"es": "x"}}}}, "not among the items: c"),
        ({"order": {"items": "a b", "labels": {}}}, "labels"),
    ],
)
def test_a_dimension_that_makes_no_sense(raw: dict[str, Any], dimension: dict[str, Any], expected: str) -> None:
    raw["dimensions"] = [{"code": "m", "role": "measure", **dimension}]
    with pytest.raises(ValueError, match=expected):
        Source.model_validate(raw)


def test_a_table_without_request_is_not_asked_for(raw: dict[str, Any]) -> None:
    del raw["request"]
    source = Source.model_validate(raw)
    assert source.asked() == {}
    assert "Not fetched" in resolution.explain(source)
