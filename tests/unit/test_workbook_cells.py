"""Texts of the workbook never become formulas or links, and only finite numbers become cells."""

import io
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from observatory.errors import DataError
from observatory.models import INDICATOR_COLUMNS, KEY
from observatory.publishing.edition import Edition, Table
from observatory.publishing.series import headline
from observatory.publishing.workbook import number_format, workbook

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
MANIFEST = {
    "version": "2026Q1.0",
    "created": "2026-01-01T00:00:00+00:00",
    "title": "=1+1",
    "git_commit": "unknown",
    "licenses": [{"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/"}],
}


def release(folder: Path, rows: list[dict[str, object]], text: str = "plain") -> Edition:
    """A release of one indicator whose every text is ``text``."""
    normal = {"indicator": "x_y", "geo": "ES", "period": "2020", "status": "A", "provenance": "official", "unit": text}
    columns = {
        name: pa.array([{**normal, **row}.get(name) for row in rows], pa.float64() if name in NUMBERS else pa.string())
        for name in INDICATOR_COLUMNS
    }
    path = folder / "x_y.parquet"
    pq.write_table(pa.table(columns), path)
    fields = tuple({"name": n, "type": "number" if n in NUMBERS else "string", "description": n} for n in columns)
    titles = dict.fromkeys(("es", "eu", "en"), text)
    table = Table("x_y", "indicators.x_y", titles, text, text, (text,), text, fields, KEY, (), len(rows), path)
    return Edition(folder, MANIFEST, {"x_y": table})


NUMBERS = ("value", "lower", "upper", "n")


@pytest.mark.parametrize("text", ["=1+1", "{=SUM(A1)}", "https://example.org/", "mailto:a@b.c", "internal:A1", "123"])
def test_a_text_stays_a_text(tmp_path: Path, text: str) -> None:
    rows = [{"variant": text, "activity": text, "sources": text, "value": 1.5, "period": str(y)} for y in (2020, 2021)]
    data = workbook(release(tmp_path, rows, text), [release(tmp_path, rows, text).tables["x_y"]], "en")
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        sheets = [n for n in parts.namelist() if n.startswith("xl/worksheets/sheet")]
        roots = [ElementTree.fromstring(parts.read(name)) for name in sheets]
        relations = [parts.read(n).decode() for n in parts.namelist() if n.startswith("xl/worksheets/_rels")]
    assert not [cell for root in roots for cell in root.iter(f"{MAIN}f")]
    links = [link for root in roots for link in root.iter(f"{MAIN}hyperlink")]
    assert links and all(link.get("location") for link in links)
    assert not any("TargetMode" in relation for relation in relations)
    cells = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name("Other").to_python(skip_empty_area=False)
    assert [row[1] for row in cells[5:]] == [text, text] and [row[14] for row in cells[5:]] == [text, text]
    assert cells[5][6] == 1.5


def test_an_infinite_figure_stops_the_workbook_and_is_named(tmp_path: Path) -> None:
    made = release(tmp_path, [{"value": float("inf")}])
    with pytest.raises(DataError, match=r"x_y\.parquet: value of ES 2020: inf is no finite number"):
        workbook(made, made.indicators, "en")


@pytest.mark.parametrize(
    ("unit", "shown"),
    [
        ("persons or jobs", "#,##0"),
        ("agreements", "#,##0"),
        ("class from 0 to 3", "#,##0"),
        ("hours", "#,##0.0"),
        ("million euro", "#,##0.0"),
        ("index, 2008 = 100", "#,##0.0"),
        ("percent", "0.00"),
        ("ratio", "0.0000"),
        ("index from 0 to 1", "0.0000"),
        ("percentage points", "0.00"),
    ],
)
def test_figures_are_shown_as_their_unit_asks(unit: str, shown: str) -> None:
    assert number_format(unit) == shown


def row(geo: str, period: str, value: float | None, variant: str = "a", provenance: str = "official") -> dict:
    return {
        "variant": variant,
        "activity": "x",
        "comparator": None,
        "geo": geo,
        "period": period,
        "value": value,
        "provenance": provenance,
    }


def test_a_chart_prefers_the_headline_and_leaves_out_windows_and_single_years() -> None:
    rows = [row("ES", "2020", 1), row("ES", "2021", 2), row("ES21", "2020", 1), row("ES21", "2021", None)]
    rows += [
        row("ES", "2020/2021", 9, "kibs_jkmn"),
        row("ES", "2020", 1, "section_c"),
        row("ES", "2021", 1, "section_c"),
    ]
    (one,) = headline(rows)
    assert (one.place, one.first, one.last, one.made_up) == ("ES", 5, 6, False)
    (one,) = headline(rows[:4])
    assert (one.place, one.first, one.last) == ("ES", 0, 1)
    assert headline(rows[4:5]) == []


def test_a_chart_knows_that_one_of_its_figures_is_made_up() -> None:
    (one,) = headline([row("ES", "2020", 1), row("ES", "2021", 2, provenance="synthetic")])
    assert one.made_up
