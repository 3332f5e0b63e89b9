"""Checks of what adds up: each stands, passes on the repository's data, and finds the fault it is for."""

import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from observatory import check_plans, check_report, quality, releases
from observatory.build import Workspace
from observatory.cli import main


def bad(ws: Workspace, folder: Path, relation: str, name: str, change: str) -> list[dict[str, Any]]:
    """Rows that the check ``name`` returns on the table as the SELECT ``change`` leaves it (``{}`` is the table).

    ``earlier.*`` is the table as it is built.
    """
    (check,) = [c for c in check_plans.planned(ws, relation) if c.name == name]
    changed, table = folder / "changed.parquet", relation.split(".")[1]
    views = ws.views([relation, *ws.inputs(relation), *check_plans.looks_at(ws, relation)])
    ws.engine.to_parquet(change.format(relation), views, changed, name="change")
    views |= {relation: changed, f"earlier.{table}": ws.path(relation)}
    return ws.engine.to_arrow(check.sql, views, name=name).to_pylist()


def where(codes: dict[str, str]) -> str:
    return " and ".join(f"{column} = '{code}'" for column, code in codes.items()) or "true"


def times(factor: float, **codes: str) -> str:
    """Multiply the value of the rows that have the codes."""
    return f"select * replace (case when {where(codes)} then value * {factor} else value end as value) from {{}}"


def without(**codes: str) -> str:
    return f"select * from {{}} where not ({where(codes)})"


CASES = [
    ("core.use", "supply_equals_use", times(1.01, branch="TU", source="eurostat_naio_10_cp16")),
    ("core.use", "supply_equals_use_at_one_price", times(1.01, branch="TU", source="eustat_use")),
    ("core.symmetric", "rows_close", times(1.01, kind="output")),
    ("core.gva_a38", "gdp_is_value_added_and_taxes", times(1.01, activity="gdp")),
    ("core.gva_a38", "unit_holds_between_years", times(1000, period="2015")),
    ("core.gva_a38", "no_sudden_jump", times(3, period="2015", geo="48020", activity="JC")),
    ("core.gva", "unit_holds_between_years", times(0.001, period="2015")),
    ("core.gva", "no_sudden_jump", times(3, period="2015", geo="ES21", activity="TOTAL")),
    ("core.employment", "unit_holds_between_years", times(1000, period="2015")),
    ("core.employment", "no_sudden_jump", times(0.3, period="2015", geo="ES21", activity="TOTAL")),
    ("core.employment_a38", "unit_holds_between_years", times(1000, period="2015")),
    ("core.employment_a38", "no_sudden_jump", times(3, period="2015", geo="ES21", activity="TOTAL")),
    ("core.establishments", "unit_holds_between_years", times(1000, period="2015")),
    ("core.establishments", "no_sudden_jump", times(3, period="2015", geo="48020", activity="TOTAL")),
    ("core.establishments", "municipalities_add_to_district", times(2, period="2015", geo="48020", activity="TOTAL")),
    ("core.enterprises", "unit_holds_between_years", times(1000, period="2015")),
    ("core.enterprises", "no_sudden_jump", times(3, period="2015", geo="ES21", activity="TOTAL")),
    ("core.industry_accounts", "unit_holds_between_years", times(1000, period="2015")),
    ("core.industry_accounts", "turnover_is_its_parts", times(1.1, period="2015", line="services_rendered")),
    ("core.kibs", "wider_variants_hold_more", times(0.1, variant="kibs_wide", period="2015")),
    ("indicators.serv_supply_share", "wider_sets_hold_more", times(0.1, variant="S_plus_repair_margin")),
    ("core.gva", "coverage_against_last_release", without(geo="ES21", period="2015")),
    ("core.gva", "unit_against_last_release", times(1000)),
    ("core.industry_accounts", "coverage_against_last_release", without(line="services_rendered")),
]


@pytest.mark.parametrize(("relation", "name", "change"), CASES, ids=[f"{r}-{n}" for r, n, _ in CASES])
def test_a_check_passes_as_built_and_finds_its_fault(
    built: Workspace, tmp_path: Path, relation: str, name: str, change: str
) -> None:
    passed = {r.name for r in quality.results(built) if r.table == relation and r.passed}
    assert name in passed
    assert bad(built, tmp_path, relation, name, change)


def test_the_sample_of_a_district_names_district_and_both_sums(built: Workspace, tmp_path: Path) -> None:
    change = times(2, period="2015", geo="48020", activity="TOTAL")
    (row,) = bad(built, tmp_path, "core.establishments", "municipalities_add_to_district", change)
    assert (row["geo"], row["activity"], row["period"]) == ("160", "TOTAL", "2015")
    assert row["municipalities"] > row["value"]


def test_every_core_table_is_held_against_the_release_before(built: Workspace) -> None:
    for relation in (r for r in built.models if r.startswith("core.")):
        names = {check.name for check in check_plans.planned(built, relation)}
        assert "coverage_against_last_release" in names, relation
        assert ("unit_against_last_release" in names) == ("value" in built.models[relation].columns), relation


def test_a_table_that_had_other_columns_is_not_compared(copy: Workspace, tmp_path: Path) -> None:
    earlier = tmp_path / "2026Q2.0"
    earlier.mkdir()
    table = pq.read_table(copy.path("core.gva"))
    pq.write_table(
        table.rename_columns(["place" if c == "geo" else c for c in table.column_names]), earlier / "gva.parquet"
    )
    found = {r.name: r for r in quality.run(copy, "core.gva", earlier)}
    assert found["coverage_against_last_release"].passed
    assert found["coverage_against_last_release"].observed == "no earlier release has this table with these columns"


def test_a_release_holds_its_page_of_checks_and_the_command_prints_it(
    built: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    release = releases.find(built.settings.releases)
    text = (release / "checks.md").read_text("utf-8")
    kept = check_report.read(release)
    assert text.startswith(f"# Checks of release {release.name}") and "Nothing: every check passed." in text
    for result in kept:
        assert f"| {result.name} | " in text and f"### {result.table}" in text
    assert "checks.md" in (release / "SHA256SUMS").read_text("utf-8")
    done = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=release, check=False)
    assert done.returncode == 0 and releases.verify(release) == []
    monkeypatch.setenv("OBSERVATORY_DATA", str(built.settings.data_dir))
    with pytest.raises(SystemExit) as ended:
        main(["releases", "checks", release.name])
    assert ended.value.code == 0 and capsys.readouterr().out.rstrip() == text.rstrip()


def test_data_docs_run_the_expectations_on_the_release_and_show_every_other_result(
    built: Workspace, tmp_path: Path
) -> None:
    release = releases.find(built.settings.releases)
    found = [r for r in check_report.read(release) if r.table in {"core.gva", "raw.eurostat_nama_10r_3gva"}]
    failed = quality.Result("core.gva", "made_up", "sql", "warning", "a row made up", False, "7 bad rows", [])
    page = quality.data_docs(built, release, [*found, failed], tmp_path / "docs")
    index = page.read_text("utf-8")
    assert "core.gva" in index and "core.gva.rows" in index and "raw.eurostat_nama_10r_3gva.rows" in index
    pages = [p.read_text("utf-8") for p in (tmp_path / "docs" / "validations").rglob("*.html")]
    assert len(pages) == 3
    (rows,) = [text for text in pages if "a row made up" in text]
    assert "Failed" in rows and "no_sudden_jump (warning): there must not be" in rows
    (columns,) = [text for text in pages if "there must not be two rows with the same source, geo" in text]
    assert "Succeeded" in columns


def test_data_docs_show_html_in_a_label_as_text(built: Workspace, tmp_path: Path) -> None:
    bad = "<img src=x onerror=alert(1)>"
    table = pq.read_table(releases.find(built.settings.releases) / "gva.parquet").slice(0, 3)
    odd = table.set_column(table.column_names.index("geo"), "geo", pa.array([bad, bad, "ES"]))
    release = tmp_path / "2026Q3.0"
    release.mkdir()
    pq.write_table(
        odd.set_column(table.column_names.index("period"), "period", pa.array([bad] * 3)), release / "gva.parquet"
    )
    note = quality.Result("core.gva", "made_up", "sql", "warning", f"a label {bad}", False, f"1 bad rows {bad}", [bad])
    kept = [r for r in check_report.read(releases.find(built.settings.releases)) if r.table == "core.gva"]
    quality.data_docs(built, release, [*kept, note], tmp_path / "docs")
    pages = [p.read_text("utf-8") for p in (tmp_path / "docs").rglob("*.html")]
    assert any("&lt;img src=x" in page for page in pages) and not any("<img src=x" in page for page in pages)


def test_data_docs_never_write_into_a_folder_that_holds_something(
    built: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("mine", "utf-8")
    monkeypatch.setenv("OBSERVATORY_DATA", str(built.settings.data_dir))
    with pytest.raises(SystemExit) as ended:
        main(["releases", "checks", "--data-docs", str(tmp_path)])
    assert ended.value.code == 2 and "is not an empty folder" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]
