"""The parsers under test: each a function of bytes that returns, or raises an ObservatoryError.

Belongs here: how bytes reach a parser, what is asked of its result, words that help the fuzzer along. Does not belong
here: limits and what counts as a failure (harness.py).
"""

from __future__ import annotations

import functools
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from observatory import catalogue_files, codebook, models, register_book, snapshots
from observatory.contract_models import Source
from observatory.errors import DataError
from observatory.formats import eurostat_tsv, ine_csv, jsonstat, parts, px, register, sdmx_csv, survey

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
HOSTILE = HERE.parent / "unit" / "formats" / "hostile"
SECTION = re.compile(rb"^=== ([\w./\[\]-]{1,60})\n", re.MULTILINE)


@dataclass(frozen=True)
class Target:
    """A parser: what it is called, how it is fed, and words of its language, separated by blanks."""

    name: str
    parse: Callable[[bytes], object]
    language: str = ""

    @property
    def words(self) -> list[bytes]:
        """The words as bytes, with those that help everywhere."""
        return [*(word.encode() for word in self.language.split()), *_RAW]


def _table(read: Callable[..., Any]) -> Callable[[bytes], object]:
    def parse(data: bytes) -> object:
        table = read(data, name="input")
        table.validate(full=True)
        assert table.column_names[-3:] == ["value", "flag", "kind"], table.column_names
        assert set(table["kind"].unique().to_pylist()) <= {"value", "nil", "missing"}
        return table

    return parse


@functools.cache
def _book() -> codebook.Codebook:
    return codebook.read((HOSTILE / "codebook.yaml").read_bytes(), name="codebook")


def _survey(data: bytes) -> object:
    report = survey.read(data, _book(), name="input.csv")
    report.accepted.validate(full=True)
    assert report.accepted.num_rows <= len(report.rows)
    return [survey.render(report, language) for language in ("es", "eu", "en")]


@functools.cache
def _registers() -> dict[str, register_book.Register]:
    return register_book.load(HERE.parents[1] / "data" / "catalogue" / "registers", [])


def _register(data: bytes) -> object:
    book = _registers()["programme_session"]
    rows, problems = register.read(data, book, name="input.csv", key=b"a secret for fuzzing")
    rows.validate(full=True)
    assert all(len(str(problem)) < 2_000 for problem in problems)
    return rows, problems


def _workbook(data: bytes) -> object:
    """A workbook from sections ``=== member``; other members are the plain ones. Bytes of a zip are taken as they are.

    Sections let the fuzzer reach the XML: behind checksums and compression nearly every change is just damage.
    """
    return _survey(data if data.startswith(b"PK") else packed(data))


def packed(data: bytes) -> bytes:
    """The archive of a text with sections."""
    members = {path.relative_to(HERE / "workbook").as_posix(): path.read_bytes() for path in _plain()}
    pieces = SECTION.split(data)
    for name, content in zip(pieces[1::2], pieces[2::2], strict=True):
        members[name.decode()] = content
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member, content in members.items():
            archive.writestr(zipfile.ZipInfo(member), content)
    return buffer.getvalue()


@functools.cache
def _plain() -> list[Path]:
    return sorted(path for path in (HERE / "workbook").rglob("*") if path.is_file())


def _contract(data: bytes) -> object:
    problems: list[str] = []
    found = catalogue_files.parsed(data, "input.yaml", Source, problems)
    assert (found is None) == bool(problems)
    assert all(len(problem) < 5_000 for problem in problems)
    return found


def _lock(data: bytes) -> object:
    return snapshots.dump(snapshots.parse(data, "lock.yaml"))


def _model(data: bytes) -> object:
    path = Path("sql/core/input.sql")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise DataError("input.sql: not UTF-8", remedy="Save it as UTF-8") from error
    model = models.read(text, path)
    return model.inputs, model.key, model.columns


_NUMBERS = "1e308 -0 0x10 nan inf 1.234,5 1,234.5 99999999999999999999 .. - : 12,5%"
_YAML = "&a *a <<: !!python/object: !!int - { } [ ] : ? | >- null true 2020-01-01 ~"
_RAW = (b"\xef\xbb\xbf", b"\xff\xfe", b"\x00", b"\x1b[31m", "\u202e".encode(), b"\r\n", b"\x1f\x8b\x08", b"\n", b"\t")
_SHEET = """
<c <row <v> </v></c> <f> <is><t> <!DOCTYPE <![CDATA[ <mergeCell r="XFD1048576" r="A1" r="2" t="inlineStr" t="s" t="e"
t="d" t="b" s="1" &#0; &lt; ref="A1:B2" numFmtId="9" formatCode="0%" xl/sharedStrings.xml xl/styles.xml
"""
_SQL = """
/* */ select order by from core.a with x as ( read_csv('x') lateral ; checks: columns: union all pivot unnest(
::int over ( ' "x.csv" $$ getenv('HOME') group by all exclude ( ) , * = case when then end
"""
_CODEBOOK = "columns: scale: design: strata: header: unit: percent category file: encoding: separator:"

TARGETS = {
    target.name: target
    for target in (
        Target(
            "px",
            _table(px.read),
            "DATA= VALUES( CODES( KEYS( TIMEVAL( TLIST(A1 STUB= HEADING= CODEPAGE= CHARSET= LANGUAGES= "
            f'DATASYMBOL1= [en] DATANOTECELL("*")= ; "," " {_NUMBERS}',
        ),
        Target(
            "jsonstat",
            _table(jsonstat.read),
            '"value": "status": "size": "id": "dimension": "category": "index": "label": "class":"dataset" null NaN'
            f' \\ud800 {{"0":1}} 1e999 [] {{}} {_NUMBERS}',
        ),
        Target("jsonstat_parts", _table(parts.read), f"part-00001-of-00002.json ustar 00000000 {_NUMBERS}"),
        Target("eurostat_tsv", _table(eurostat_tsv.read), f"\\time \\TIME_PERIOD :c bu , {_NUMBERS}"),
        Target(
            "sdmx_csv",
            _table(sdmx_csv.read),
            f'DATAFLOW TIME_PERIOD OBS_VALUE OBS_FLAG CONF_STATUS UPDATE , " 01/01/26 {_NUMBERS}',
        ),
        Target("ine_csv", _table(ine_csv.read), f'Total ; " {_NUMBERS}'),
        Target("survey_csv", _survey, f'sep=; ; , | " Empresa =1+1 12,5% 10-may s/d k€ {_NUMBERS}'),
        Target(
            "register",
            _register,
            f"session_id;activity;state;hours;held_on;firm_ids;as_of 31/12/2019 2019-02 F1 {_NUMBERS}",
        ),
        Target("survey_xlsx", _workbook, f"{_SHEET} {_NUMBERS}"),
        Target("lock", _lock, f"tables: sha256: bytes: format: px retrieved_at: {_YAML}"),
        Target("contract", _contract, f"dimensions: resolve: label: request: service: file pxweb adds_up: {_YAML}"),
        Target("codebook", lambda data: codebook.read(data, name="input"), f"{_CODEBOOK} {_YAML}"),
        Target("model", _model, f"{_SQL} {_YAML}"),
    )
}


def seeds(target: Target) -> list[bytes]:
    """The corpus of a parser, in the order of file names."""
    return [path.read_bytes() for path in sorted((CORPUS / target.name).glob("*")) if path.is_file()]
