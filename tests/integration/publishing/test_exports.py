"""The export command and `import observatory as ob`, as people and their programs use them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

import observatory as ob
from observatory.build import Workspace
from observatory.cli import app
from observatory.errors import ObservatoryError, UsageError
from observatory.publishing import exports
from observatory.publishing.edition import Edition, opened


@pytest.fixture
def here(built: Workspace, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The built data as the environment of a command."""
    monkeypatch.setenv("OBSERVATORY_DATA", str(built.settings.data_dir))
    return built.settings.data_dir


def run(*words: str) -> list[str]:
    result = CliRunner().invoke(app, ["export", *words], catch_exceptions=True)
    if isinstance(result.exception, ObservatoryError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


@pytest.mark.parametrize(
    ("form", "names"),
    [
        ("xlsx", {"kibs-2026Q3.0-en.xlsx"}),
        ("csv", {"ict_emp_share.csv", "ict_gap_pp.csv"}),
        ("csvw", {"ict_emp_share.csv", "ict_gap_pp.csv", "csv-metadata.json"}),
        ("jsonstat", {"ict_emp_share.json", "ict_gap_pp.json"}),
        ("sdmx-csv", {"ict_emp_share.csv", "ict_gap_pp.csv", "structure.xml"}),
        ("dcat", {"dcat.jsonld", "dcat.ttl"}),
        ("llms", {"llms.txt"}),
    ],
)
def test_every_format_writes_its_files_and_names_them(here: Path, tmp_path: Path, form: str, names: set[str]) -> None:
    words = ["--format", form, "--language", "en", "--output", str(tmp_path / "out")]
    words += ["--indicator", "ict_emp_share", "--indicator", "ict_gap_pp"]
    said = run(*words)
    assert {Path(line).name for line in said} == names == {path.name for path in (tmp_path / "out").iterdir()}
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    run(*words)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    assert set(exports.FORMATS) == {"xlsx", "csv", "csvw", "jsonstat", "sdmx-csv", "dcat", "llms", "citation"}


def test_without_a_folder_the_files_stand_beside_the_releases(copy: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBSERVATORY_DATA", str(copy.settings.data_dir))
    (said,) = run("--format", "citation", "--release", "2026Q3.0")
    assert Path(said) == copy.settings.data_dir / "exports" / "2026Q3.0" / "citation" / "CITATION.cff"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--format", "xlsx", "--indicator", "nope"),
            r"no indicator 'nope' in release 2026Q3\.0\. It has: .*ict_emp_share",
        ),
        (("--format", "csv", "--indicator", "nope"), r"no table 'nope' in release .*\. It has: .*employment"),
        (("--format", "jsonstat", "--indicator", "employment"), r"no indicator 'employment'"),
        (("--format", "csv", "--release", "2001Q1.0"), r"no release '2001Q1\.0'\. Releases: 2026Q3\.0"),
        (("--format", "citation", "--indicator", "ict_emp_share"), r"describes the whole release"),
    ],
)
def test_what_does_not_exist_is_answered_with_what_does(here: Path, words: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said) as error:
        run(*words)
    assert error.value.exit_code == 2


def test_an_unknown_format_is_answered_with_the_formats(edition: Edition, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no format 'pdf'\. Formats: xlsx, csv"):
        exports.export(edition, "pdf", tmp_path)
    result = CliRunner().invoke(app, ["export", "--format", "pdf"])
    assert result.exit_code == 2 and "jsonstat" in result.output


def test_the_help_ends_with_an_example() -> None:
    lines = CliRunner().invoke(app, ["export", "--help"]).stdout.split()
    assert " ".join(lines).endswith("--indicator ict_emp_share --output figures")


def test_a_file_that_cannot_be_made_leaves_the_one_before(
    edition: Edition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (before,) = exports.export(edition, "citation", tmp_path)
    standing = before.read_bytes()

    def fail(self: Path, target: Path) -> Path:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        exports.export(edition, "citation", tmp_path)
    assert before.read_bytes() == standing and [p.name for p in tmp_path.iterdir()] == ["CITATION.cff"]


def test_a_frame_says_what_it_is(here: Path, edition: Edition) -> None:
    frame = ob.load("ict_emp_share")
    table = edition.tables["ict_emp_share"]
    assert frame.to_dict("list").keys() == set(table.content.column_names)
    for name in ("value", "status", "unit", "period"):
        assert frame[name].astype(object).where(frame[name].notna(), None).tolist() == table.content[name].to_pylist()
    said = frame.attrs
    assert (said["unit"], said["release"], said["provenance"]) == ("percent", "2026Q3.0", ["official"])
    assert said["name"] == table.titles["en"] and said["definition"] == table.definition
    assert "release 2026Q3.0" in said["citation"] and "Eurostat" in said["sources"][0]
    chosen = ob.load("hub_lq", geo="ES21", comparator=["ES", "EU27_2020"])
    assert set(chosen["geo"]) == {"ES21"} and set(chosen["comparator"]) == {"ES", "EU27_2020"}
    assert set(chosen.attrs["provenance"]) == set(chosen["provenance"])


def test_the_list_of_indicators(here: Path, edition: Edition) -> None:
    frame = ob.indicators()
    assert list(frame.index) == [table.name for table in edition.indicators]
    assert frame.loc["ict_emp_share", ["unit", "rows", "provenance"]].tolist() == ["percent", 375, "official"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"name": "nope"}, "no indicator 'nope'.*It has: .*ict_emp_share"),
        ({"name": "ict_emp_share", "geo": "XX"}, "ict_emp_share has no geo XX. It has: .*ES21"),
        ({"name": "ict_emp_share", "place": "ES"}, "no column 'place'. It has: indicator, variant, geo"),
        ({"name": "ict_emp_share", "release": "x"}, "no release 'x'. Releases: 2026Q3.0"),
    ],
)
def test_a_frame_of_what_does_not_exist(here: Path, words: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ob.load(**words)


def test_importing_the_observatory_is_cheap() -> None:
    code = (
        "import sys, observatory; print([m for m in ('pandas', 'pyarrow', 'duckdb', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_names_of_places_are_optional(release: Path, edition: Edition) -> None:
    bare = opened(release)
    assert bare.place("ES21", "es") == "ES21" and bare.tables["ict_emp_share"].reference == ""
    assert edition.place("ES21", "en") == "Basque Country" and edition.place(None, "en") == ""


def example(root: Path, language: str) -> str:
    """The README's example of querying a release in a language."""
    section = (root / "README.md").read_text("utf-8").split("The release itself opens anywhere")[1]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_duckdb_example_runs(root: Path, release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(release)
    rows = duckdb.sql(example(root, "sql")).fetchall()
    assert [row[0] for row in rows] == [str(year) for year in range(2000, 2025)]


def test_the_duckdb_example_runs_in_the_shell(root: Path, release: Path) -> None:
    program = shutil.which("duckdb")
    if program is None:
        pytest.skip("DuckDB's shell is not installed: the example ran through the library alone")
    done = subprocess.run(
        [program, "-csv"],
        input=example(root, "sql"),
        cwd=release,
        capture_output=True,
        text=True,
        check=True,
    )
    heads, *rows = done.stdout.splitlines()
    assert heads == "period,value,status" and len(rows) == 25


def test_the_python_example_runs(root: Path, here: Path) -> None:
    names: dict[str, object] = {}
    exec(example(root, "python"), names)
    frame = names["frame"]
    assert len(frame) == 25 and frame.attrs["unit"] == "percent"


def test_the_r_example_runs(root: Path, release: Path) -> None:
    program = shutil.which("Rscript")
    if program is None:
        pytest.skip("R is not installed")
    has_arrow = subprocess.run([program, "-e", "library(arrow)"], capture_output=True, check=False).returncode == 0
    if not has_arrow:
        pytest.skip("R is installed without the package arrow")
    done = subprocess.run(
        [program, "-e", example(root, "r")],
        cwd=release,
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    assert "2024" in done.stdout
