"""Firm surveys end to end: the embedded wave, a real one in the private store, disclosure, silence, forgetting."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from observatory import releases, survey_store, surveys
from observatory.build import Workspace
from observatory.errors import DataError, UsageError
from observatory.settings import Settings
from observatory.snapshots import Store
from observatory.synthetic import survey as made_up

WAVE = "survey_servitization_2018"
REAL = "survey_servitization_2030"


def rows(ws: Workspace, indicator: str, **wanted: str) -> list[dict[str, object]]:
    table = pq.read_table(ws.path(f"indicators.{indicator}")).to_pylist()
    return [row for row in table if all(row[k] == v for k, v in wanted.items())]


@pytest.mark.parametrize(
    ("indicator", "variant", "value", "lower", "upper"),
    [
        ("svy_mean_share", "unweighted", 10.0, None, None),
        ("svy_zero_share", "unweighted", 100 * 11 / 56, 11.3, 31.8),
        ("svy_no_increase_share", "unweighted", 100 * 34 / 56, 47.6, 72.4),
    ],
)
def test_the_embedded_wave_gives_the_journals_figures_and_says_synthetic(
    built: Workspace, indicator: str, variant: str, value: float, lower: float | None, upper: float | None
) -> None:
    """Wilson intervals of 11 and 34 of 56 firms; the mean within 0.05."""
    (row,) = rows(built, indicator, variant=variant)
    assert row["value"] == pytest.approx(value, abs=0.05) and row["n"] == 56
    if lower is not None:
        assert row["lower"] == pytest.approx(lower, abs=0.05) and row["upper"] == pytest.approx(upper, abs=0.05)
    assert {r["provenance"] for r in rows(built, indicator)} == {"synthetic"}
    assert "indicative" in str(row["sources"])


def test_frontrunners_are_above_a_fifth_of_the_firms(built: Workspace) -> None:
    (row,) = rows(built, "svy_frontrunner_share", variant="unweighted")
    assert float(str(row["value"])) > 20


def test_the_bridge_leads_from_the_firms_mean_to_the_official_share(built: Workspace) -> None:
    found = {str(r["variant"]): float(str(r["value"])) for r in rows(built, "svy_bridge")}
    assert found["firm_mean"] + found["difference:weighting"] == pytest.approx(found["turnover_weighted"])
    assert found["turnover_weighted"] + found["difference:selection"] == pytest.approx(found["official"])
    (official,) = rows(built, "serv_pl_share", geo="ES21", period="2018", variant="manufacturing")
    assert found["official"] == official["value"]


def test_no_table_of_the_build_or_the_database_holds_a_firm(built: Workspace) -> None:
    for path in built.settings.build.rglob("*.parquet"):
        assert "firm" not in pq.read_schema(path).names, path
    with duckdb.connect(str(built.settings.database), read_only=True) as connection:
        columns = connection.execute("select distinct column_name from duckdb_columns()").fetchall()
    assert ("firm",) not in columns and ("turnover",) not in columns


# --- a wave that is not made up, with planted answers

PLANTED = ("Tornillos Ficticios", "987654", "43,21")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A repository with a real wave: the made-up file under another codebook, one firm's answers planted."""
    home = tmp_path / "home"
    for part in ("sql", "data/catalogue", "data/embedded"):
        shutil.copytree(Settings().home / part, home / part)
    folder = home / "data" / "catalogue" / "surveys"
    book = (folder / f"{WAVE}.yaml").read_text("utf-8")
    book = book.replace("provenance: synthetic", "provenance: survey").replace("wave: '2018'", "wave: '2030'")
    (folder / f"{REAL}.yaml").write_text(book, "utf-8")
    model = home / "sql" / "core" / "survey_estimates.sql"
    model.write_text(model.read_text("utf-8").replace(f"from raw.{WAVE}", f"from raw.{REAL}"), "utf-8")
    (tmp_path / "rules.yaml").write_text("min_frequency: 3\np_percent: 13.37\ndominance: {n: 2, k: 87.65}\n", "utf-8")
    return home


def extract() -> bytes:
    text = made_up.write().decode("windows-1252")
    first = next(line for line in text.splitlines() if line.startswith("E001;"))
    cells = first.split(";")
    cells[0], cells[5], cells[6] = PLANTED
    return text.replace(first, ";".join(cells)).encode("windows-1252")


def workspace(home: Path, rules: bool = True) -> Workspace:
    path = home.parent / "rules.yaml" if rules else None
    return Workspace(Settings(home=home, data=home.parent / "data", disclosure_rules=path))


def test_without_disclosure_rules_nothing_of_a_real_wave_is_estimated(home: Path) -> None:
    with pytest.raises(DataError, match="no disclosure rules"):
        survey_store.add(workspace(home, rules=False), REAL, extract(), "extract.csv")
    assert not (home.parent / "data" / "restricted").exists()


def test_planted_answers_reach_no_release_log_check_message_or_database(
    home: Path, built: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    lines: list[str] = []
    ws = workspace(home)
    shutil.copytree(built.settings.build, ws.settings.build)  # all else is made already
    assert survey_store.add(ws, REAL, extract(), "extract.csv") == (56, 0)
    ws = Workspace(ws.settings, progress=lines.append)
    from observatory import quality

    for relation in ws.relations:
        ws.make(relation)
        quality.run(ws, relation)
    ws.make_database()
    from datetime import UTC, datetime

    releases.publish(ws, "2030Q1", datetime(2030, 2, 1, tzinfo=UTC))
    spellings = [word.encode() for word in (*PLANTED, "43.21", "987.654", "13.37", "87.65")]
    for path in ws.settings.data_dir.rglob("*"):
        if path.is_file() and ws.settings.restricted not in path.parents:
            content = path.read_bytes()
            assert [word for word in spellings if word in content] == [], path
    said = "\n".join(lines) + capsys.readouterr().out
    assert not any(word.decode() in said for word in spellings)
    found = rows(ws, "svy_mean_share", variant="unweighted")
    assert found[0]["provenance"] == "survey" and found[0]["value"] is not None


def test_only_a_sample_drawn_by_design_has_a_response_rate(home: Path) -> None:
    ws = workspace(home)
    book = ws.catalogue.codebooks[REAL]
    drawn = book.model_copy(update={"design": book.design.model_copy(update={"kind": "census"})})
    for one, value, flag in ((book, None, "M"), (drawn, 100 * 56 / 300, "A")):
        table = surveys.estimates(extract(), one, REAL, ws.settings.disclosure_rules).to_pylist()
        (row,) = [r for r in table if r["indicator"] == "svy_response_rate"]
        assert (row["value"], row["flag"]) == (pytest.approx(value) if value else None, flag)


def test_a_domain_of_too_few_firms_is_closed_and_says_by_what_kind_of_rule(home: Path) -> None:
    ws = workspace(home)
    data = extract().decode("windows-1252").replace("Automoción", "Otras industrias", 5).encode("windows-1252")
    table = surveys.estimates(data, ws.catalogue.codebooks[REAL], REAL, ws.settings.disclosure_rules).to_pylist()
    closed = [r for r in table if r["domain"] == "branch" and r["reason"] == "suppressed: disclosure control"]
    assert closed and all(r["value"] is None and r["n"] is None and r["flag"] == "C" for r in closed)
    assert {r["category"] for r in closed} >= {"automotive"} and len({r["category"] for r in closed}) >= 2


def test_a_forgotten_wave_keeps_its_estimates_and_the_proof_and_no_answer(home: Path) -> None:
    ws = workspace(home)
    survey_store.add(ws, REAL, extract(), "extract.csv")
    ws = Workspace(ws.settings)
    for relation in (*ws.catalogue_tables, f"raw.{REAL}"):
        ws.make(relation)
    before = pq.read_table(ws.path(f"raw.{REAL}"))
    entry = ws.pins[REAL].entry
    made = survey_store.forget(ws, REAL)
    assert entry.sha256 in made.note and "forgotten on" in made.note
    assert [p for p in ws.settings.restricted.rglob("*") if p.is_file()] == [ws.settings.restricted / "lock.yaml"]
    ws = Workspace(ws.settings)
    assert ws.pins[REAL].store.name == "local" and ws.pins[REAL].entry.provenance == "survey"
    ws.make(f"raw.{REAL}")
    assert pq.read_table(ws.path(f"raw.{REAL}")).equals(before)
    with pytest.raises(DataError, match="no answers"):
        survey_store.forget(ws, REAL)


def test_the_private_store_is_the_owners_alone(home: Path) -> None:
    ws = workspace(home)
    survey_store.add(ws, REAL, extract(), "extract.csv")
    assert {p.stat().st_mode & 0o077 for p in (ws.settings.restricted, *ws.settings.restricted.rglob("*"))} == {0}
    with pytest.raises(UsageError, match="made-up wave"):
        survey_store.add(ws, WAVE, extract(), "extract.csv")


def test_the_command_validates_in_three_languages_and_ends_with_4_on_a_refusal(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_bytes(made_up.write())
    bad.write_bytes(made_up.write().replace(b"E001;", b"E002;", 1))

    def validate(path: Path, language: str) -> subprocess.CompletedProcess[str]:
        words = ["-m", "observatory", "survey", "validate", str(path), "--language", language]
        return subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)

    done = validate(good, "es")
    assert done.returncode == 0 and "Filas: 56. Aceptadas: 56." in done.stdout
    assert validate(good, "eu").stdout != done.stdout and validate(good, "en").stdout != done.stdout
    refused = validate(bad, "en")
    assert refused.returncode == 4 and "Refused: 2." in refused.stdout


def test_the_store_of_the_repository_holds_no_microdata() -> None:
    lock = Store(Settings().embedded, "embedded").lock().tables
    assert {e.provenance for e in lock.values() if e.publisher == "survey"} == {"synthetic"}
