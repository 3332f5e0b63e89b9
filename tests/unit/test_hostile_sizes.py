"""Inputs of a few kilobytes that stand for gigabytes: all of them in one process, which stays below 512 MiB."""

from __future__ import annotations

import subprocess
import sys

import pytest

BOMBS = r'''
import gzip, io, json, zipfile
from pathlib import Path

from observatory import codebook, models, snapshots, strict_yaml
from observatory.errors import ObservatoryError
from observatory.formats import eurostat_tsv, ine_csv, jsonstat, px, sdmx_csv, survey
from tests.fuzz.harness import peak
from tests.fuzz.targets import HOSTILE, packed

BOOK = codebook.read((HOSTILE / "codebook.yaml").read_bytes(), name="codebook")
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def px_of(dims, data=b"1", extra=b""):
    names = [b'"d%d"' % n for n in range(len(dims))]
    head = b'CHARSET="ANSI";STUB=' + b",".join(names) + b";"
    for name, size in zip(names, dims):
        head += b"VALUES(" + name + b")=" + b",".join(b'"%d"' % n for n in range(size)) + b";"
    return head + extra + b"DATA=" + data + b";"


def json_of(dims, value):
    ids = [f"d{n}" for n in range(len(dims))]
    dimension = {i: {"category": {"index": [str(n) for n in range(size)]}} for i, size in zip(ids, dims)}
    return {"class": "dataset", "id": ids, "size": dims, "dimension": dimension, "value": value}


def sheet(rows, after=""):
    xml = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{after}</worksheet>'
    return packed(b"=== xl/worksheets/sheet1.xml\n" + xml.encode())


def zipped(size):
    """A sound workbook with one long text, compressed a thousandfold."""
    source = zipfile.ZipFile(io.BytesIO(sheet(f'<row><c t="inlineStr"><is><t>{"x" * size}</t></is></c></row>')))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in source.namelist():
            archive.writestr(member, source.read(member))
    return buffer.getvalue()


def told(data):
    report = survey.read(data, BOOK, name="extract.csv")
    (problem,) = report.problems
    assert not report.rows
    return problem.rule


def json_declares():
    document = json_of([1], [1])
    document["size"] = [1_000_000_000]
    return json.dumps(document).encode()


LONG = "1" * 3_000_000
CELL = '<c r="A1"><v>1</v></c>'
DEEP_SQL = "/*\nname: {en: a, es: a, eu: a}\ndefinition: d\nunit: u\nrow: r\ncolumns: {a: a}\n*/\nselect " + "(" * 9000
CASES = {
    "px: dimensions multiply": lambda: px.read(px_of([3000, 3000, 3000]), name="x"),
    "px: more cells than declared": lambda: px.read(px_of([2], b"1 " * 1_000_000), name="x"),
    "px: fewer cells than declared": lambda: px.read(px_of([3000, 3000], b"1"), name="x"),
    "px: sparse rows of a huge cube": lambda: px.read(
        px_of([4000, 4000], b'"1","1" 1', b'KEYS("d0")=CODES;KEYS("d1")=CODES;'), name="x"),
    "px: a period of ten thousand years": lambda: px.read(
        px_of([2], b"1 1", b'TIMEVAL("d0")=TLIST(D1,"00010101"-"99991231");'), name="x"),
    "json-stat: size of a billion": lambda: jsonstat.read(json_declares(), name="x"),
    "json-stat: dimensions multiply": lambda: jsonstat.read(json.dumps(json_of([2] * 60, {})).encode(), name="x"),
    "json-stat: brackets without end": lambda: jsonstat.read(b'{"a":' * 200_000, name="x"),
    "json-stat: gzip": lambda: jsonstat.read(gzip.compress(b" " * 60_000_000), name="x"),
    "tsv: gzip": lambda: eurostat_tsv.read(gzip.compress(b"\t" * 60_000_000), name="x"),
    "tsv: periods without end": lambda: eurostat_tsv.read(
        ("a\\time\t" + "\t".join(map(str, range(300_000))) + "\nb" + "\t:" * 300_000 + "\n").encode(), name="x"),
    "tsv: a line without end": lambda: eurostat_tsv.read(b"a\\time\t2020\n" + LONG.encode() + b"\t1\n", name="x"),
    "tsv: lines of nothing": lambda: eurostat_tsv.read(b"a\\time\t2020\n" + b"\n" * 2_000_000, name="x"),
    "sdmx: a line without end": lambda: sdmx_csv.read(
        f"DATAFLOW,TIME_PERIOD,OBS_VALUE\nx,{LONG},1\n".encode(), name="x"),
    "sdmx: a quote that never closes": lambda: sdmx_csv.read(
        b'DATAFLOW,TIME_PERIOD,OBS_VALUE\nx,"2' + b"\n" * 3_000_000, name="x"),
    "sdmx: columns without end": lambda: sdmx_csv.read(
        ("DATAFLOW,TIME_PERIOD,OBS_VALUE," + ",".join(map(str, range(9000))) + "\n").encode(), name="x"),
    "ine: a line without end": lambda: ine_csv.read(f"a;Total\n{LONG};1\n".encode(), name="x"),
    "ine: fields without end": lambda: ine_csv.read(b"a;Total\n" + b";" * 10_000_000, name="x"),
    "ine: columns without end": lambda: ine_csv.read(
        (";".join(map(str, range(9000))) + ";Total\n" + ";" * 9000 + "1\n").encode(), name="x"),
    "survey: lines of nothing": lambda: told(b"a;b\n" + b"\n" * 15_000_000),
    "survey: returns of nothing in a broken quote": lambda: told(b'a;b\n"' + b"x;\r" * 5_000_000),
    "survey: separators without end": lambda: told(b"a;b\n" + b";" * 15_000_000),
    "survey: cells without end": lambda: told(b"a;b\n" + b"1;2;3;4;5;6;7;8;9;10;11;12;13;14;15\n" * 180_000),
    "survey: too many bytes": lambda: told(b"a;b\n" * 6_000_000),
    "workbook: the last cell of all": lambda: told(
        sheet(CELL + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')),
    "workbook: the last cell without address": lambda: told(sheet(CELL + '<row r="1048576"><c><v>1</v></c></row>')),
    "workbook: the last cell in characters": lambda: told(
        sheet(CELL + '<row><c r="XFD&#49;048576"><v>1</v></c></row>')),
    "workbook: a part behind another": lambda: told(packed(
        b"=== xl/worksheets/SHEET1.xml\n<worksheet><sheetData><row><c r=\"XFD1048576\"><v>1</v></c></row></sheetData>"
        b"</worksheet>")),
    "workbook: a part by another way": lambda: told(packed(
        b"=== xl/xl/worksheets/sheet1.xml\n<worksheet/>\n=== xl/worksheets/sheet1.xml\n"
        b"<worksheet><sheetData><row><c r=\"XFD1048576\"><v>1</v></c></row></sheetData></worksheet>"
        b"\n=== xl/_rels/workbook.xml.rels\n<Relationships><Relationship Id=\"rId1\" Type=\"a/worksheet\" "
        b"Target=\"xl/worksheets/sheet1.xml\"/></Relationships>")),
    "workbook: a part of another kind": lambda: told(packed(
        b"=== xl/_rels/workbook.xml.rels\n<Relationships><Relationship Id=\"rId1\" Type=\"a/worksheet\" "
        b"Target=\"worksheets/sheet1.bin\"/></Relationships>")),
    "workbook: a wide area": lambda: told(sheet(CELL + '<row r="190000"><c r="ZZ190000"><v>1</v></c></row>')),
    "workbook: merged without end": lambda: told(
        sheet(f"<row>{CELL}</row>", "<mergeCells>" + '<mergeCell ref="A1:B9"/>' * 5_000 + "</mergeCells>")),
    "workbook: a compressed text": lambda: told(zipped(40_000_000)),
    "workbook: tags that never close": lambda: told(sheet("<row>" + "<c>" * 200_000)),
    "workbook: blanks in tags": lambda: told(sheet("<c " + " " * 1_000_000 + "<c" * 100_000)),
    "workbook: entities": lambda: told(packed(
        b'=== xl/worksheets/sheet1.xml\n<!DOCTYPE a [<!ENTITY a "' + b"x" * 9000 + b'"><!ENTITY b "' + b"&a;" * 9000
        + b'">]><worksheet><sheetData><row><c><v>&b;</v></c></row></sheetData></worksheet>')),
    "lock: aliases": lambda: snapshots.parse(
        b"a: &a [x, x, x, x, x, x, x, x, x]\n"
        + b"".join(b"%c: &%c [%s]\n" % (n + 1, n + 1, b",".join([b"*%c" % n] * 9)) for n in range(97, 110))
        + b"tables: *n\n", "lock"),
    "lock: brackets without end": lambda: snapshots.parse(b"[" * 100_000, "lock"),
    "lock: dashes without end": lambda: snapshots.parse(b"- " * 100_000, "lock"),
    "lock: values without end": lambda: snapshots.parse(b"[" + b"a," * 1_000_000 + b"]", "lock"),
    "lock: too many characters": lambda: snapshots.parse(b"a" * 9_000_000, "lock"),
    "codebook: brackets without end": lambda: codebook.read(b"[" * 100_000, name="x"),
    "model: brackets without end": lambda: models.read(DEEP_SQL, Path("core/a.sql")).inputs,
    "model: a SELECT without end": lambda: models.read(
        DEEP_SQL[:-9000] + "1," * 60_000 + "1 order by 1", Path("core/a.sql")).inputs,
}
for name, case in CASES.items():
    try:
        said = case()
        assert said in {"too_big", "too_wide", "too_many_rows", "too_many_merged", "broken_workbook"}, (name, said)
    except ObservatoryError as error:
        said = str(error)
        assert len(said) < 2_000, name
    print(f"{name}: {said.splitlines()[0][:150]}")
print("peak", peak())
'''


@pytest.fixture(scope="module")
def said(root: object) -> list[str]:
    done = subprocess.run([sys.executable, "-c", BOMBS], cwd=str(root), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def test_every_bomb_is_refused_before_it_takes_memory(said: list[str]) -> None:
    assert len(said) > 40
    assert int(said[-1].removeprefix("peak ")) < 512 * 1024 * 1024


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("px: dimensions multiply", "at most 100000000 cells, found 27000000000 declared"),
        ("px: more cells than declared", "expected 2 cells"),
        ("json-stat: size of a billion", "expected 1000000000 categories"),
        ("tsv: gzip", "expected at most 50000000 bytes"),
        ("tsv: periods without end", "20000 periods"),
        ("ine: fields without end", "at most 100000 characters"),
        ("survey: lines of nothing", "too_many_rows"),
        ("workbook: the last cell of all", "too_many_rows"),
        ("workbook: a wide area", "too_wide"),
        ("workbook: a compressed text", "too_big"),
        ("lock: aliases", "lock: not a valid lock file: anchor 'a'"),
        ("model: brackets without end", "core/a.sql: "),
    ],
)
def test_the_refusal_names_the_limit(said: list[str], case: str, words: str) -> None:
    (line,) = [line for line in said if line.startswith(f"{case}: ")]
    assert words in line
