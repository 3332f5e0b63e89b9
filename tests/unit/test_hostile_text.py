"""Texts that want to be more than text: SQL, YAML, paths, formulas, HTML, characters that act."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from observatory import catalogue_files, codebook, models, releases, snapshots, strict_yaml, tables
from observatory.contract_models import Source
from observatory.engines.duckdb import DuckDB
from observatory.errors import DataError, FormatError, ObservatoryError, PublisherError, UsageError
from observatory.formats import jsonstat, parts, px, sdmx_csv
from observatory.publishing import csvw
from observatory.publishing.edition import Table
from observatory.safe_text import cell, json_escapes, visible
from observatory.sources import eurostat, pxweb

HEADER = "/*\nname: {en: N, es: N, eu: N}\ndefinition: d\nunit: u\nrow: r\ncolumns: {geo: place}\n*/\n"
PLACE = Path("sql/core/hostile.sql")


# --- SQL


@pytest.mark.parametrize(
    "sql",
    [
        "copy raw.t to 'x.csv'",
        "attach 'x.duckdb' as y",
        "pragma database_list",
        "install httpfs",
        "load httpfs",
        "set threads = 1",
        "call pragma_version()",
        "drop table raw.t",
        "insert into raw.t values (1)",
        "create table x as select 1",
        "export database 'x'",
        "with x as (insert into raw.t values (1) returning *) select * from x order by 1",
        "with x as (delete from raw.t returning *) select * from x order by 1",
        "with x as (update raw.t set a = 1 returning *) select * from x order by 1",
        "select geo from raw.t order by geo; drop table raw.t",
        "select * from read_csv('/etc/passwd') order by 1",
        "from read_text('/etc/passwd') order by 1",
        "select * from raw.t, read_blob('x') b order by 1",
        "select * from raw.t, lateral read_csv('x') order by 1",
        "select * from raw.t, lateral (select * from read_text('x')) order by 1",
        "select (select content from read_text('x')) as geo from raw.t order by geo",
        "select * from raw.t where exists (from glob('*')) order by 1",
        "select * from query('select 1') order by 1",
        "select * from query_table('raw.t') order by 1",
        "select * from duckdb_settings() order by 1",
        "select * from system.main.read_text('x') order by 1",
        "select * from '/etc/passwd' order by 1",
        'select * from "x.parquet" order by 1',
        "select * from 'https://example.invalid/x.csv' order by 1",
        'with "x.csv" as (select 1) select * from "x.csv" order by 1',
        'select * from (with "x.csv" as (select 1) select * from "x.csv") a, "x.csv" order by 1',
        "select * from other.raw.t order by 1",
        "select * from (describe raw.t) order by 1",
        "select getenv('HOME') as geo from raw.t order by geo",
        "select current_setting('temp_directory') as geo from raw.t order by geo",
        "select getvariable('x') as geo from raw.t order by geo",
        "select write_log('x') as geo from raw.t order by geo",
        "select now() as geo from raw.t order by geo",
        "select current_date as geo from raw.t order by geo",
        "select random() as geo from raw.t order by geo",
        "select uuid() as geo from raw.t order by geo",
        "select geo from raw.t using sample 3 rows order by geo",
        "select geo from raw.t tablesample 10% order by geo",
        "select geo from raw.t order by (select content from read_text('x'))",
        "select " + "(" * 2000 + "1" + ")" * 2000 + " as geo order by geo",
        "select '" + "x" * 200_000 + "' as geo order by geo",
        "select 'x as geo order by geo",
        "\x00",
        "",
    ],
)
def test_a_select_that_does_more_than_read_relations_is_refused(sql: str) -> None:
    model = models.read(HEADER + sql, PLACE)
    with pytest.raises(DataError) as caught:
        models.references(model.sql, PLACE)
    assert str(caught.value).startswith(f"{PLACE}: ") and caught.value.remedy
    assert len(str(caught.value)) < 2_000


@pytest.mark.parametrize(
    "sql",
    [
        "select geo from raw.t, lateral (select 1 as a) b order by geo",
        "select geo, unnest([1, 2]) as a from raw.t order by geo, a",
        "with recursive a as (select 1 as n union all select n + 1 from a) select * from a, raw.t order by n",
        "select geo, 'read_csv(1); drop table raw.t' as a from raw.t order by geo -- copy raw.t to 'x'",
        "select * from (pivot raw.t on a using sum(b)) order by all",
    ],
)
def test_a_select_that_reads_relations_alone_is_taken(sql: str) -> None:
    assert models.read(HEADER + sql, PLACE).inputs == ("raw.t",)


def test_sql_of_a_check_is_held_to_the_same_rules() -> None:
    with pytest.raises(DataError, match=r"hostile.sql: table function .*READ_TEXT"):
        models.references("select * from read_text('x') order by 1", PLACE)


def test_a_header_that_closes_its_comment_early_is_refused() -> None:
    sneaked = HEADER.replace("definition: d", "definition: d */ copy raw.t to 'x'; /*")
    with pytest.raises(DataError, match=r"hostile\.sql"):
        models.references(models.read(sneaked + "select geo from raw.t order by geo", PLACE).sql, PLACE)


def test_the_engine_takes_no_name_for_a_variable_or_a_file_from_the_network(tmp_path: Path) -> None:
    secret = pa.table({"a": [1]})
    assert secret.num_rows == 1
    with DuckDB(tmp_path).open() as connection:
        with pytest.raises(duckdb.Error, match="secret"):
            connection.execute("select * from secret")
        found = dict(
            connection.execute(
                "select name, value from duckdb_settings() where name in "
                "('autoinstall_known_extensions', 'allow_community_extensions', 'python_enable_replacements')"
            ).fetchall()
        )
    assert len(found) == 3 and {str(value).lower() for value in found.values()} == {"false"}


# --- YAML

BAD_YAML = {
    "a tag of Python": "!!python/object/apply:os.system [ls]",
    "a tag on a value": "a: !!python/name:os.system",
    "a tag of a type": "a: !!int ''",
    "a tag of our own": "a: !secret b",
    "an anchor": "a: &a 1",
    "an alias": "a: &a [1]\nb: *a",
    "a list within itself": "&a [*a]",
    "a merge": "a: &a {b: 1}\nc:\n  <<: *a",
    "a key given twice": "id: a\nid: b",
    "a key given twice, deeper": "a: [{b: 1, b: 2}]",
    "a list as a key": "? [a]\n: b",
    "levels without end": "[" * 5000,
    "a date that cannot be": "a: 2020-13-45",
    "a number without end": "a: " + "9" * 5000,
    "half a number": "a: 0x_",
    "two documents": "--- a\n--- b",
    "a NUL": "a: b\0",
    "half a character": "a: \ud800",
}


@pytest.mark.parametrize("text", BAD_YAML.values(), ids=BAD_YAML)
def test_yaml_that_is_more_than_data_is_one_kind_of_error(text: str) -> None:
    with pytest.raises(strict_yaml.yaml.YAMLError) as caught:
        strict_yaml.load(text)
    assert len(str(caught.value)) < 600


def test_plain_yaml_is_what_it_was() -> None:
    text = "a: [1, 2.5, true, null, 'x*', \"&y\"]\nb:\n  c: |\n    words\n"
    assert strict_yaml.load(text) == {"a": [1, 2.5, True, None, "x*", "&y"], "b": {"c": "words\n"}}
    assert strict_yaml.load("") is None


@pytest.mark.parametrize("text", [t for t in BAD_YAML.values() if "\ud800" not in t])
def test_every_reader_of_yaml_refuses_it_and_names_the_file(text: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^lock\.yaml: "):
        snapshots.parse(text.encode(), "lock.yaml")
    with pytest.raises(DataError, match=r"^book\.yaml: "):
        codebook.read(text.encode(), name="book.yaml")
    with pytest.raises(DataError, match=r"hostile\.sql: "):
        models.read(f"/*{text}*/\nselect 1 as geo order by geo", PLACE)
    problems: list[str] = []
    assert catalogue_files.parsed(text.encode(), "some.yaml", Source, problems) is None
    assert problems and all(p.startswith("some.yaml: ") and len(p) < 1_000 for p in problems)


# --- paths


def lock_with(**fields: object) -> bytes:
    entry = {
        "publisher": "eurostat", "table": "t", "request": "r", "retrieved_at": "2026-08-01T10:00:00Z", "updated": None,
        "sha256": "0a" * 32, "bytes": 1, "format": "px", "licence": "l", "citation": "c", "provenance": "official",
        "acquired": "fetched",
    }  # fmt: skip
    source = str(fields.pop("source", "s"))
    return json.dumps({"tables": {source: entry | fields}}).encode()


def test_a_sound_lock_is_read() -> None:
    assert snapshots.parse(lock_with(), "lock.yaml").tables["s"].format == "px"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("source", "../secret"),
        ("source", "/etc/passwd"),
        ("source", "C:\\x"),
        ("source", "a\u0000b"),
        ("source", "a.b"),
        ("sha256", "../" * 10 + "0a" * 17),
        ("sha256", "0A" * 32),
        ("sha256", "0a" * 32 + "\n"),
        ("format", "../models"),
        ("format", ".text"),
        ("format", "text"),
        ("format", ""),
    ],
)
def test_a_lock_can_name_no_path_and_no_module(field: str, text: str) -> None:
    with pytest.raises(DataError, match=r"^lock\.yaml: not a valid lock file"):
        snapshots.parse(lock_with(**{field: text}), "lock.yaml")


@pytest.mark.parametrize(
    "table", ["../x", "a/../b", "/etc/passwd", "C:\\x", "a\x00b", "a?b", "a#b", "a%2e%2e", "a b", "", ".", "..", "a\nb"]
)
def test_a_table_id_cannot_leave_its_address(table: str) -> None:
    asked: list[str] = []

    class Deaf:
        """A transport that must not be asked."""

        def get(self, url: str, **_: object) -> object:
            asked.append(url)
            raise PublisherError(url)

        post = get

    for client, request in (
        (pxweb.PxWeb(Deaf(), "https://a/api", "https://a/files"), {"service": "pxweb", "route": "file"}),
        (
            eurostat.Eurostat(Deaf(), "https://a/s", "https://a/x", "https://a/y"),
            {"service": "eurostat", "route": "tsv"},
        ),
    ):
        with pytest.raises(UsageError):
            client.fetch({**request, "table": table})
    assert asked == []


@pytest.mark.parametrize("member", ["../part-00001-of-00001.json", "/part-00001-of-00001.json", "C:\\part.json"])
def test_a_container_holds_files_of_its_own_names_alone(member: str) -> None:
    packed = parts.pack([b"{}"])
    header = bytearray(packed[:512])
    header[:100] = member.encode().ljust(100, b"\0")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with pytest.raises(FormatError, match="container"):
        parts.unpack(bytes(header) + packed[512:], "parts")


@pytest.mark.parametrize(
    "path", ["../x.parquet", "/etc/passwd", "a/b.parquet", "C:\\x", ".hidden", "", None, 7.5, "a\nb"]
)
def test_a_manifest_names_files_of_its_own_release_alone(path: object, tmp_path: Path) -> None:
    for key in ("name", "path"):
        resources = [{"name": "t", "relation": "core.t", "path": "t.parquet", key: path}]
        (tmp_path / "datapackage.json").write_text(json.dumps({"resources": resources}), "utf-8")
        with pytest.raises(DataError, match=f"{key}: expected the name of a file"):
            releases.manifest(tmp_path)


@pytest.mark.parametrize("release", ["..", "../2026Q4.0", "/etc", "2026Q4.0/..", "C:\\2026Q4.0", "2026Q4.0\x00"])
def test_a_release_is_chosen_by_its_id_alone(release: str, tmp_path: Path) -> None:
    (tmp_path / "2026Q4.0").mkdir()
    with pytest.raises(UsageError, match="no release"):
        releases.find(tmp_path, release)


# --- labels

LABEL = "<script>alert(1)</script> =1+1 [bold]x[/bold] \x1b[31mred\x07 \u202eevil\u202c a\u200bb"


def test_a_label_is_kept_as_published_and_shown_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    body = f'STUB="a";VALUES("a")="{LABEL}";CODES("a")="x";DATA=1;'.encode()
    document = {"class": "dataset", "id": ["a"], "size": [1], "value": [1]}
    document["dimension"] = {"a": {"category": {"index": ["x"], "label": {"x": LABEL}}}}
    for table in (px.read(body, name="t"), jsonstat.read(json.dumps(document).encode(), name="t")):
        assert table["a__label"].to_pylist() == [LABEL]
        shown = table.select(["a__label", "value"])
        for form in ("table", "csv"):
            tables.show(shown, form, "title \u202e")
            printed = capsys.readouterr().out
            assert "<script>alert(1)</script>" in printed and "[bold]x[/bold]" in printed
            assert "\\x1b[31mred\\x07" in printed and "\\u202eevil\\u202c" in printed and "a\\u200bb" in printed
            assert not set("\x1b\x07\u202e\u202c\u200b").intersection(printed)
        tables.show(shown, "json")
        printed = capsys.readouterr().out
        assert json.loads(printed) == [{"a__label": LABEL, "value": 1.0}]
        assert not set("\x1b\x07\u202e\u202c\u200b").intersection(printed)
        tables.tell(LABEL)
        assert capsys.readouterr().out == f"{visible(LABEL)}\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Peña, Iruñea & Ñ · «ü» – €", "Peña, Iruñea & Ñ · «ü» – €"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\rb", "a\\x0db"),
        ("a\x00\x7f\x9b", "a\\x00\\x7f\\x9b"),
        ("\u2066a\u2069\u200f\u061c", "\\u2066a\\u2069\\u200f\\u061c"),
        ("a\u2028b\u2029\u00ad\ufeff", "a\\u2028b\\u2029\\xad\\ufeff"),
        ("\U000e0041\ue000\ud800", "\\U000e0041\\ue000\\ud800"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("日本語 العربية 👍", "日本語 العربية 👍"),
    ],
)
def test_what_acts_is_written_out_and_what_is_read_stays(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown
    escaped = json_escapes(json.dumps(text, ensure_ascii=False))
    assert json.loads(escaped) == text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", "'=1+1"),
        ('=HYPERLINK("http://a")', '\'=HYPERLINK("http://a")'),
        ("+34 944", "'+34 944"),
        ("-5", "'-5"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\n=1", "'\n=1"),
        ("＝1+1", "'＝1+1"),
        ("\r=1", "'\\x0d=1"),
        ("  =1", "'  =1"),
        ("-", "-"),
        ("a=1", "a=1"),
        ("", ""),
        (-5, -5),
        (-5.25, -5.25),
        (True, True),
        (None, ""),
    ],
)
def test_text_is_never_a_formula_and_numbers_stay(value: object, written: object) -> None:
    assert cell(value) == written


def test_text_in_markdown_is_neither_html_nor_a_link_nor_a_new_cell() -> None:
    from markdown_it import MarkdownIt

    from observatory.check_report import _cell
    from observatory.differences import _cell as cell_of_differences

    bad = "<img src=x onerror=alert(1)> [a](javascript:b) ![p](http://a.invalid) <http://a.invalid> `c` "
    bad += "a|b \\| \u202ed\ne"
    for written in (_cell, cell_of_differences):
        page = MarkdownIt("commonmark", {"html": True}).enable("table").render(f"| a |\n|---|\n| {written(bad)} |\n")
        assert not {"<img", "<a ", "<code"}.intersection(re.findall(r"<\w+ ?", page)) and page.count("<td>") == 1
        assert "&lt;img src=x onerror=alert(1)&gt; [a](javascript:b)" in page and "a|b \\| \\u202ed e" in page


def test_exported_csv_is_read_back_by_column(capsys: pytest.CaptureFixture[str]) -> None:
    table = pa.table({"=name": ["=1+1", None, 'a\nb,c"d'], "value": [-1.5, 2.0, None], "n": [-3, 4, None]})
    tables.show(table, "csv")
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows == [["'=name", "value", "n"], ["'=1+1", "-1.5", "-3"], ["", "2.0", "4"], ['a\nb,c"d', "", ""]]


def test_csv_on_the_web_is_held_to_the_same_rule(tmp_path: Path) -> None:
    content = pa.table({"name": ["=1+1", None, "-", "Peña \u202ex", "=1+1"], "value": [-1.5, 2.0, None, 0.0, 1.0]})
    pq.write_table(content, tmp_path / "t.parquet")
    table = Table("t", "core.t", {}, "", "", (), "", (), (), (), 5, tmp_path / "t.parquet")
    rows = list(csv.reader(io.StringIO(csvw.table(table).decode())))
    assert [name for name, _ in rows] == ["name", "'=1+1", "", "-", "Peña \\u202ex", "'=1+1"]
    assert [value for _, value in rows] == ["value", "-1.5", "2", "", "0", "1"]


# --- headers of columns


@pytest.mark.parametrize("header", ["..a", "a[0]", "", 'a"', '"a', "a\rb", "*", "\u202ea"])
def test_names_of_columns_are_names(header: str) -> None:
    body = f"DATAFLOW,{header},TIME_PERIOD,OBS_VALUE\nd,x,2020,1\n".encode()
    with pytest.raises(FormatError, match="row 1"):
        sdmx_csv.read(body, name="t")


def test_a_dimension_may_be_called_like_our_own_words() -> None:
    body = b"DATAFLOW,count_all,TIME_PERIOD,OBS_VALUE\nd,x,2020,1\nd,x,2020,2\n"
    with pytest.raises(FormatError, match="observation x,2020: expected every observation once"):
        sdmx_csv.read(body, name="t")


def test_an_error_never_carries_what_it_found_without_end() -> None:
    digest = hashlib.sha256(b"").hexdigest()
    with pytest.raises(ObservatoryError) as caught:
        snapshots.parse(f"tables: {{s: {{sha256: {digest}, extra: {'x' * 100_000}}}}}".encode(), "lock.yaml")
    assert len(str(caught.value)) < 20_000
