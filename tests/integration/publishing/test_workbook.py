"""The workbook, read back cell by cell: every figure of the release stands in it, and nothing else."""

import csv
import io
import math
import re
import shutil
import subprocess
import zipfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest
from python_calamine import CalamineWorkbook

from observatory.publishing import series, site_messages, translations
from observatory.publishing.edition import Edition, Language
from observatory.publishing.messages import COLUMNS, TOPICS, WORKBOOK, topic, words
from observatory.publishing.workbook import FIGURES, HEAD, NUMBERS, WIDEST, workbook

from . import pdf_text
from .conftest import SEVERAL

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LARGEST = 3_500
WHOLE = pytest.mark.parametrize("chosen", [SEVERAL, pytest.param(None, marks=pytest.mark.thorough, id="all")])
DRAWN = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"


@pytest.fixture(scope="session")
def small(edition: Edition) -> bytes:
    return workbook(edition, edition.chosen(SEVERAL), "es")


def expected(edition: Edition, name: str, language: Language) -> list[list[object]]:
    """The cells of an indicator's block as the release has them; no figure is an empty cell."""
    rows = []
    for row in series.arranged(edition.tables[name].content).to_pylist():
        cells = row | {"place": edition.place(row["geo"], language)}
        cells["unit"] = site_messages.known(language, f"unit.{row['unit']}") or row["unit"]
        cells["mark"] = words(WORKBOOK["mark"], language) if row["provenance"] == "synthetic" else ""
        cells["period"] = int(row["period"]) if row["period"].isdigit() else row["period"]
        rows.append(["" if cells[column] is None else cells[column] for column in FIGURES])
    return rows


def same(found: object, wanted: object) -> bool:
    """Whether two cells are equal; numbers to the 16 digits that XLSX keeps."""
    if isinstance(wanted, str) or not isinstance(found, float):
        return found == wanted
    assert isinstance(wanted, int | float)
    return found == float(f"{wanted:.16G}")


def test_every_cell_is_that_of_the_release(edition: Edition) -> None:
    """All indicators but the largest, whose blocks are written in the same way and would take half a minute."""
    chosen = [table for table in edition.indicators if table.rows <= LARGEST]
    read = CalamineWorkbook.from_filelike(io.BytesIO(workbook(edition, chosen, "eu")))
    seen = 0
    for name in TOPICS:
        members = [t.name for t in chosen if topic(t.name) == name]
        if not members:
            continue
        cells = read.get_sheet_by_name(words(TOPICS[name], "eu")).to_python(skip_empty_area=False)
        assert cells[HEAD][: len(FIGURES)] == [words(COLUMNS[column], "eu") for column in FIGURES]
        wanted = [row for member in members for row in expected(edition, member, "eu")]
        figures = [row[: len(FIGURES)] for row in cells[HEAD + 1 :]]
        assert len(figures) == len(wanted)
        wrong = [(f, w) for f, w in zip(figures, wanted, strict=True) if f != w and not all(map(same, f, w))]
        assert wrong == []
        seen += len(figures)
    assert seen == sum(table.rows for table in chosen) > 50_000 and len(chosen) > 40


def test_the_names_of_ranges_are_the_indicators_and_hold_their_rows(edition: Edition, small: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(small)) as parts:
        root = ElementTree.fromstring(parts.read("xl/workbook.xml"))
    names = {n.get("name"): n.text or "" for n in root.iter(f"{MAIN}definedName")}
    read = CalamineWorkbook.from_filelike(io.BytesIO(small))
    for name in SEVERAL:
        found = re.fullmatch(r"'?([^'!]+)'?!\$A\$(\d+):\$P\$(\d+)", names[name])
        assert found is not None, names[name]
        cells = read.get_sheet_by_name(found[1]).to_python(skip_empty_area=False)
        block = cells[int(found[2]) - 1 : int(found[3])]
        assert {row[0] for row in block} == {name} and len(block) == edition.tables[name].rows


def test_a_chart_shows_the_figures_of_the_headline_places(edition: Edition, small: bytes) -> None:
    """The basis for a drawn series is the cells that the chart points to; what it keeps beside them is not figures."""
    read = CalamineWorkbook.from_filelike(io.BytesIO(small))
    titles = {}
    with zipfile.ZipFile(io.BytesIO(small)) as parts:
        for part in (name for name in parts.namelist() if name.startswith("xl/charts/chart")):
            root = ElementTree.fromstring(parts.read(part))
            title = "".join(t.text or "" for t in root.find(f".//{DRAWN}title").iter() if t.tag.endswith("}t"))
            lines = {}
            for line in root.iter(f"{DRAWN}ser"):
                xs, ys = (line.find(f"{DRAWN}{axis}//{DRAWN}f").text for axis in ("xVal", "yVal"))
                lines[line.find(f"{DRAWN}tx//{DRAWN}v").text] = [*zip(points(read, xs), points(read, ys), strict=True)]
            titles[title] = lines
    assert set(titles) == {
        "Peso del empleo en servicios TIC",
        edition.tables["mfg_gva_share"].title("es"),
        f"{edition.tables['hub_class'].title('es')} [datos inventados]",
        f"{edition.tables['serv_embodied_inputs'].title('es')} [datos inventados]",
    }
    wanted = edition.tables["ict_emp_share"].content.to_pylist()
    lines = titles["Peso del empleo en servicios TIC"]
    assert {"Euskadi" in name or "Vasco" in name for name in lines} == {True, False}
    for code in series.PLACES:
        if (name := edition.place(code, "es")) in lines:
            rows = [r for r in wanted if r["geo"] == code]
            assert [x for x, _ in lines[name]] == [int(r["period"]) for r in rows]
            figures = ["" if r["value"] is None else r["value"] for r in rows]
            assert all(same(y, value) for (_, y), value in zip(lines[name], figures, strict=True))


def points(read: CalamineWorkbook, area: str) -> list[object]:
    """Cells of a range of one column, as a chart names it."""
    found = re.fullmatch(r"'?([^'!]+)'?!\$([A-Z])\$(\d+):\$[A-Z]\$(\d+)", area)
    assert found is not None, area
    rows = read.get_sheet_by_name(found[1]).to_python(skip_empty_area=False)[int(found[3]) - 1 : int(found[4])]
    return [row[ord(found[2]) - ord("A")] for row in rows]


@pytest.mark.parametrize("language", ["es", "eu", "en"])
def test_the_sheets_of_words(edition: Edition, language: Language) -> None:
    tables = edition.chosen(["ict_emp_share", "svy_mean_share"])
    read = CalamineWorkbook.from_filelike(io.BytesIO(workbook(edition, tables, language)))
    assert read.sheet_names == [
        words(WORKBOOK["contents"], language),
        words(TOPICS["ict_mfg"], language),
        words(TOPICS["svy"], language),
        words(WORKBOOK["definitions"], language),
        words(WORKBOOK["flags"], language),
    ]
    contents, real, invented, definitions, flags = (
        read.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in read.sheet_names
    )
    assert contents[0][0] == translations.translated(language, edition.title) and edition.release in str(contents[1][0])
    assert [row[1] for row in contents[10:]] == ["ict_emp_share", "svy_mean_share"]
    assert contents[11][4:6] == [12, 12] and contents[10][4:6] == [375, 0]
    assert real[2][0] == words(WORKBOOK["all_real"], language)
    assert invented[2][0] == words(WORKBOOK["made_up"], language, rows=12, all=12)
    assert {row[15] for row in invented[5:]} == {words(WORKBOOK["mark"], language)}
    table = edition.tables["ict_emp_share"]
    line = next(row for row in definitions if row[0] == "ict_emp_share")
    texts = [table.definition, *table.caveats, "ESA 2010, chapter 11"]
    definition, *caveats, reference = (translations.translated(language, text) for text in texts)
    assert line[1:5] == [*(table.titles[x] for x in ("es", "eu", "en")), definition]
    assert line[5:8] == ["percent" if language == "en" else "%", "\n".join(map(str, caveats)), reference]
    assert (definition == table.definition) == (language == "en")
    assert "Eurostat, nama_10r_3empers" in str(line[8]) and str(line[10]) == "2026-07-31"
    assert [row[0] for row in flags[4:14]] == list("ABCDEFMNPU")


def test_the_same_release_gives_the_same_bytes(edition: Edition, small: bytes) -> None:
    assert workbook(edition, edition.chosen(SEVERAL), "es") == small


def test_heads_stay_in_view_rows_can_be_filtered_and_made_up_rows_are_coloured(small: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(small)) as parts:
        styles = ElementTree.fromstring(parts.read("xl/styles.xml"))
        sheets = [ElementTree.fromstring(parts.read(f"xl/worksheets/sheet{n}.xml")) for n in range(2, 6)]
    fills = [fill.find(f".//{MAIN}fgColor") for fill in styles.find(f"{MAIN}fills")]
    orange = [n for n, colour in enumerate(fills) if colour is not None and colour.get("rgb") == "FFFCE4D6"]
    coloured = {n for n, xf in enumerate(styles.find(f"{MAIN}cellXfs")) if int(xf.get("fillId")) in orange}
    for sheet in sheets:
        assert sheet.find(f".//{MAIN}pane").get("ySplit") == "5"
        assert sheet.find(f"{MAIN}autoFilter").get("ref").startswith("A5:P")
        assert not list(sheet.iter(f"{MAIN}f"))
        texts = [row for row in sheet.iter(f"{MAIN}row") if int(row.get("r")) > 5]
        made_up = [{int(c.get("s", "0")) in coloured for c in row} for row in texts]
        assert all(len(kinds) == 1 for kinds in made_up)
    assert coloured


def office() -> str:
    """LibreOffice, or a reason to skip."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    if found is None:
        pytest.skip("LibreOffice is not installed: the workbook was read back with another program alone")
    return found


def converted(program: str, source: Path, to: str) -> None:
    """The workbook in another format, beside it."""
    profile = f"-env:UserInstallation={(source.parent / 'profile').as_uri()}"
    command = [program, profile, "--headless", "--convert-to", to, "--outdir", str(source.parent), str(source)]
    subprocess.run(command, check=True, capture_output=True)


def sheet_files(folder: Path) -> dict[str, list[list[str]]]:
    """Cells of every sheet that LibreOffice wrote, by the sheet's name."""
    found = {path.stem.partition("-")[2]: path.read_text("utf-8") for path in folder.glob("book-*.csv")}
    return {name: list(csv.reader(io.StringIO(text))) for name, text in found.items()}


def sheets_as(program: str, source: Path, shown: str) -> dict[str, list[list[str]]]:
    """Every sheet as CSV: comma, quotation mark, UTF-8; ``shown`` as the reader sees cells or with all digits."""
    converted(program, source, f"csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,{shown},false,false,-1")
    return sheet_files(source.parent)


@WHOLE
def test_libreoffice_reads_the_same_cells(edition: Edition, chosen: tuple[str, ...] | None, tmp_path: Path) -> None:
    program, source = office(), tmp_path / "book.xlsx"
    tables = edition.indicators if chosen is None else edition.chosen(chosen)
    source.write_bytes(workbook(edition, tables, "es"))
    read = sheets_as(program, source, "false")
    seen = 0
    for name in dict.fromkeys(topic(table.name) for table in tables):
        members = sorted(table.name for table in tables if topic(table.name) == name)
        wanted = [row for member in members for row in expected(edition, member, "es")]
        for found, row in zip(read[words(TOPICS[name], "es")][HEAD + 1 :], wanted, strict=True):
            for column, cell, value in zip(FIGURES, found, row, strict=False):
                is_number = column in NUMBERS and value != ""
                assert math.isclose(float(cell), value, rel_tol=1e-14) if is_number else cell == str(value)
            seen += 1
    assert seen == sum(table.rows for table in tables)


@WHOLE
def test_the_pdf_of_libreoffice_shows_every_cell_whole(
    edition: Edition, chosen: tuple[str, ...] | None, tmp_path: Path
) -> None:
    """What a reader sees in a cell stands in the PDF as often as in the workbook: one run of text for each, several for
    one that wraps. A text that its neighbour cut off and a number without room would not be found."""
    program, source = office(), tmp_path / "book.xlsx"
    tables = edition.indicators if chosen is None else edition.chosen(chosen)
    source.write_bytes(workbook(edition, tables, "es"))
    shown = sheets_as(program, source, "true")
    converted(program, source, "pdf")
    drawn = [re.sub(r"\s", "", run) for run in pdf_text.runs((tmp_path / "book.pdf").read_bytes())]
    whole = "".join(drawn)
    assert "###" not in whole and "\ufffd" not in whole
    cells = {re.sub(r"\s", "", cell) for rows in shown.values() for row in rows for cell in row if cell}
    assert [cell for cell in cells.difference(drawn) if cell not in whole] == []
    topics = {words(TOPICS[topic(table.name)], "es") for table in tables}
    figures = [cell for name in topics for row in shown[name][HEAD + 1 :] for cell in row]
    once = Counter(re.sub(r"\s", "", cell) for cell in figures if cell and len(cell) < WIDEST - 1)
    assert once - Counter(drawn) == Counter() and once.total() > 20_000


def test_every_sheet_is_set_up_for_paper_and_gives_wrapped_text_its_room(small: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(small)) as parts:
        names = sorted(name for name in parts.namelist() if name.startswith("xl/worksheets/sheet"))
        sheets = [ElementTree.fromstring(parts.read(name)) for name in names]
    assert len(sheets) == 7
    for sheet in sheets:
        setup = sheet.find(f"{MAIN}pageSetup")
        assert (setup.get("orientation"), setup.get("fitToHeight")) == ("landscape", "0")
        assert "&P / &N" in sheet.find(f"{MAIN}headerFooter/{MAIN}oddFooter").text
    definitions = [float(row.get("ht", 15)) for row in sheets[-2].iter(f"{MAIN}row") if int(row.get("r")) > HEAD + 1]
    assert len(definitions) == len(SEVERAL) and min(definitions) > 15
