"""The command line: what it prints, where, and how it ends."""

import csv
import io
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from observatory import releases
from observatory.build import Workspace


def observatory(*words: str, data: Path, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OBSERVATORY_DATA": str(data)}
    environment.pop("DAGSTER_HOME", None)
    if home is not None:
        environment["OBSERVATORY_HOME"] = str(home)
    return subprocess.run(
        [sys.executable, "-m", "observatory", *words], env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def half(built: Workspace, tmp_path: Path) -> Path:
    """A data folder whose tables are made and whose release is not: what follows has little left to do."""
    beside = shutil.ignore_patterns("releases", "*.duckdb")
    return shutil.copytree(built.settings.data_dir, tmp_path / "data", ignore=beside)


def test_a_live_refresh_without_any_publisher_says_so_and_still_releases(
    half: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("EUSTAT_API", "EUSTAT_FILES", "EUROSTAT_STATISTICS", "EUROSTAT_SDMX", "EUROSTAT_ASYNC", "INE"):
        monkeypatch.setenv(f"OBSERVATORY_{name}", "http://127.0.0.1:9")  # the discard port: nobody listens
    monkeypatch.setenv("OBSERVATORY_RETRIES", "0")
    done = observatory("refresh", "--live", data=half)
    assert done.returncode == 3, done.stderr
    asked = sum(1 for source in Workspace().catalogue.sources.values() if source.asked())
    assert f"{asked} tables: {asked} failed" in done.stdout and "Published release" in done.stdout
    assert "eurostat_nama_10r_3empers: failed" in done.stderr and "Traceback" not in done.stderr
    assert not (half / "snapshots" / "lock.yaml").exists()


def broken_home(root: Path, tmp_path: Path, file: str, old: str, new: str, indicators: Iterable[str] = ()) -> Path:
    """A copy of the repository's data with one text changed in one file; of the indicators some, or by default all."""
    home = tmp_path / "home"
    for part in ("sql", "data/catalogue", "data/embedded"):
        shutil.copytree(root / part, home / part)
    for other in (home / "sql" / "indicators").glob("*.sql") if indicators else ():
        if other.stem not in indicators:
            other.unlink()
    path = home / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    return home


def test_a_failed_critical_check_ends_with_1_and_publishes_nothing(root: Path, tmp_path: Path, half: Path) -> None:
    home = broken_home(
        root, tmp_path, "sql/indicators/ict_emp_share.sql", "100 * j.value", "-100 * j.value", ["ict_emp_share"]
    )
    done = observatory("refresh", data=half, home=home)
    assert done.returncode == 1
    assert "indicators.ict_emp_share" in done.stderr and "Nothing was published; there is no release yet" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (half / "releases").exists()


def test_a_critical_check_on_core_blocks_what_stands_on_it_alone(root: Path, tmp_path: Path, half: Path) -> None:
    stands, falls = {"ict_emp_share"}, {"mfg_gva_share", "mfg_gva_stability", "kibs_gva_share"}
    for name in stands | falls:
        (half / "build" / "indicators" / f"{name}.parquet").unlink()
    home = broken_home(root, tmp_path, "sql/core/gva.sql", "\n  r.value,", "\n  -r.value as value,", stands | falls)
    done = observatory("refresh", data=half, home=home)
    assert done.returncode == 1 and "core.gva" in done.stderr
    made = {path.stem for path in (half / "build" / "indicators").glob("*.parquet")}
    assert stands <= made and not made & falls


def test_bad_data_ends_with_4_names_every_place_and_keeps_what_can_be_made(root: Path, tmp_path: Path) -> None:
    home = broken_home(root, tmp_path, "data/catalogue/geographies.csv", "ITH5,", "ITX5,")
    done = observatory("refresh", data=tmp_path / "data", home=home)
    assert done.returncode == 4, done.stderr
    assert "ITH5" in done.stderr and "Traceback" not in done.stderr


def test_a_broken_model_ends_with_4_and_names_the_file(root: Path, tmp_path: Path) -> None:
    home = broken_home(root, tmp_path, "sql/core/gva.sql", "from raw.eurostat_nama_10r_3gva", "from raw.nobody")
    done = observatory("refresh", data=tmp_path / "data", home=home)
    assert done.returncode == 4
    assert "gva.sql: unknown relation raw.nobody" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["indicators", "show", "ict_emp_shar"], 2, "no indicator 'ict_emp_shar'"),
        (["indicators", "show", "ict_emp_share", "--geo", "XX"], 2, "has no geo XX"),
        (["indicators", "show", "ict_emp_share", "--release", "2019Q1.0"], 2, "no release '2019Q1.0'"),
        (["releases", "diff", "2019Q1.0"], 2, "no release '2019Q1.0'"),
        (["sources", "show", "nobody"], 2, "no source 'nobody'"),
        (["refresh", "--nonsense"], 2, "No such option"),
    ],
)
def test_wrong_use_ends_with_2_and_says_what_there_is(built: Workspace, words: list[str], code: int, says: str) -> None:
    done = observatory(*words, data=built.settings.data_dir)
    assert done.returncode == code
    assert says in done.stderr and not done.stdout


def test_figures_come_out_as_csv_json_and_parquet(built: Workspace, tmp_path: Path) -> None:
    show = ["indicators", "show", "ict_emp_share", "--geo", "ES21", "--period", "2015", "--format"]
    data = built.settings.data_dir
    (row,) = csv.DictReader(io.StringIO(observatory(*show, "csv", data=data).stdout))
    assert float(row["value"]) == pytest.approx(2.096, abs=0.0005) and row["status"] == "A"
    (same,) = json.loads(observatory(*show, "json", data=data).stdout)
    assert same["value"] == float(row["value"])
    assert observatory(*show[:-1], data=data).stdout == observatory(*show, "csv", data=data).stdout
    table = observatory(*show, "table", data=data).stdout
    assert "2.096" in table and "percent" in table and "2026Q3.0" in table


def test_the_other_commands_say_what_they_should(built: Workspace) -> None:
    data = built.settings.data_dir
    assert "eurostat_nama_10r_3empers" in observatory("sources", "list", data=data).stdout
    shown = observatory("sources", "show", "eurostat_nama_10r_3empers", data=data).stdout
    assert "acquired: transcribed" in shown and "provenance: official" in shown
    assert "ict_catchup_years" in observatory("indicators", "list", data=data).stdout
    assert "2026Q3.0" in observatory("releases", "list", data=data).stdout
    assert "1 release(s) whole" in observatory("releases", "verify", data=data).stdout
    ledger = observatory("claims", "--format", "csv", data=data)
    rows = list(csv.DictReader(io.StringIO(ledger.stdout)))
    assert ledger.returncode == 0
    assert {int(row["claim"][:-1]) for row in rows} == set(range(1, 20))
    assert {row["claim"] for row in rows if row["verdict"] == "not reproduced"} == {"13a", "15a", "17a"}


def test_a_damaged_release_ends_with_4(copy: Workspace) -> None:
    release = releases.find(copy.settings.releases)
    (release / "diff.md").write_text("tampered", "utf-8")
    done = observatory("releases", "verify", data=copy.settings.data_dir)
    assert done.returncode == 4 and "diff.md: bytes differ" in done.stderr


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("observatory indicators show ict_emp_s", ["ict_emp_share"]),
        ("observatory explain ict_emp_share --geo ES21", ["ES21", "ES211", "ES212", "ES213"]),
        ("observatory sources show eurostat_nama_10r_3g", ["eurostat_nama_10r_3gva"]),
        ("observatory releases diff 2026", ["2026Q3.0"]),
    ],
)
def test_the_shell_completes_what_is_half_written(built: Workspace, words: str, offered: list[str]) -> None:
    environment = {**os.environ, "OBSERVATORY_DATA": str(built.settings.data_dir)}
    environment |= {"_OBSERVATORY_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    program = "import sys; sys.argv[0] = 'observatory'; from observatory.cli import app; app(prog_name='observatory')"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split() == offered, done.stderr


def test_every_command_has_help_that_ends_with_an_example_that_it_understands() -> None:
    from typer.main import get_command

    from observatory.cli import app

    def leaves(command: object, words: tuple[str, ...]) -> list[tuple[tuple[str, ...], object]]:
        commands = getattr(command, "commands", None)
        if commands is None:
            return [(words, command)]
        return [leaf for name, child in commands.items() for leaf in leaves(child, (*words, name))]

    found = leaves(get_command(app), ())
    assert len(found) >= 9
    for words, command in found:
        assert command.help, words
        example = shlex.split((command.epilog or "").removeprefix("Example: observatory "))
        assert example[: len(words)] == list(words), words
        # parsed, not run: an option or a value that the command does not know ends here
        assert command.make_context(words[-1], example[len(words) :]).params is not None
