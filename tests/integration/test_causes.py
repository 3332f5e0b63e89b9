"""A release after everything changed once: every table of the diff says why, and the ledger which verdict changed."""

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from observatory import quality, releases
from observatory.build import Workspace
from observatory.cli import main
from observatory.differences import Difference, compare, render
from observatory.settings import Settings
from observatory.snapshots import Store

EMPLOYMENT, GVA, INDUSTRY = "eurostat_nama_10r_3empers", "eurostat_nama_10r_3gva", "ine_industry_structure"


def cells(change: Callable[[str, str, str], str], text: str) -> str:
    """A TSV of Eurostat with every cell passed through ``change`` (series, period, cell)."""
    head, *rows = text.splitlines()
    periods = [period.strip() for period in head.split("\t")[1:]]
    lines = [head]
    for row in rows:
        series, *found = row.split("\t")
        lines.append("\t".join([series, *(change(series, p, c) for p, c in zip(periods, found, strict=True))]))
    return "\n".join([*lines, ""])


def fewer(series: str, period: str, cell: str) -> str:
    """One figure revised: section J of the Basque Country in 2015, which the journal speaks of."""
    return "15.00 " if series.endswith("J,ES21") and not series.endswith("G-J,ES21") and period == "2015" else cell


def one_year_more(text: str) -> str:
    """Every series with 2025, which repeats its last figure."""
    head, *rows = text.splitlines()
    return "\n".join([f"{head}\t2025 ", *(f"{row}\t{row.split(chr(9))[-1]}" for row in rows), ""])


def changed_home(ws: Workspace, home: Path) -> None:
    """The repository's data with one model changed, and a correction of one figure of INE."""
    for part in ("sql", "data/catalogue", "data/embedded"):
        shutil.copytree(ws.settings.home / part, home / part)
    model = home / "sql" / "indicators" / "serv_supply_kibs_part.sql"
    text = model.read_text("utf-8")
    assert "100 * cast(s.knowledge" in text
    model.write_text(text.replace("100 * cast(s.knowledge", "99 * cast(s.knowledge"), "utf-8")
    file = home / "data" / "catalogue" / "corrections.yaml"
    document = yaml.safe_load(file.read_text("utf-8"))
    document["corrections"].append(correction(ws))
    file.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")


def correction(ws: Workspace) -> dict[str, object]:
    """Services rendered of the whole of industry in 2018, made a tenth larger."""
    import pyarrow.parquet as pq

    rows = pq.read_table(ws.path(f"raw.{INDUSTRY}")).to_pylist()
    codes = [d.code for d in ws.catalogue.sources[INDUSTRY].dimensions]
    row = next(r for r in rows if r["value"] == 48671488)
    return {
        "source": INDUSTRY,
        "where": {code: str(row[code]) for code in codes},
        "field": "value",
        "published": row["value"],
        "right": row["value"] * 1.1,
        "reason": "Made up for a test",
        "evidence": "Nobody says so",
        "expect": "published",
    }


@pytest.fixture(scope="module")
def two(built: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The release of the repository's data, and one after a new period, a revision, a new method and a correction."""
    folder = tmp_path_factory.mktemp("causes")
    shutil.copytree(built.settings.data_dir, folder / "data")
    changed_home(built, folder / "home")
    local = Store(folder / "data" / "snapshots", "local")
    for source, change in ((EMPLOYMENT, lambda text: cells(fewer, text)), (GVA, one_year_more)):
        pin = built.pins[source]
        content = change(pin.read().decode()).encode()
        stamp = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        local.add(source, content, pin.entry.model_copy(update=stamp))
    ws = Workspace(Settings(home=folder / "home", data=folder / "data"))
    for relation in ws.relations:
        ws.make(relation)
        quality.run(ws, relation, releases.latest(ws.settings.releases))
    releases.publish(ws, "2026Q4", datetime(2026, 11, 1, tzinfo=UTC))
    return ws


@pytest.fixture(scope="module")
def differences(two: Workspace) -> dict[str, Difference]:
    folder = two.settings.releases
    found = compare(two.engine, folder / "2026Q3.0", folder / "2026Q4.0", releases.manifest)
    return {d.table: d for d in found}


@pytest.mark.parametrize(
    ("table", "kind", "what"),
    [
        ("gva", "new data", f"{GVA}: new periods 2025"),
        ("employment", "revised source", f"{EMPLOYMENT}: 1 of 25 periods hold other figures or cells (2015)"),
        ("serv_supply_kibs_part", "changed method", "indicators.serv_supply_kibs_part: its definition changed"),
        ("serv_pl_share", "corrected error", f"corrected: value of {INDUSTRY} at "),
    ],
)
def test_a_table_says_why_it_changed(differences: dict[str, Difference], table: str, kind: str, what: str) -> None:
    found = differences[table]
    assert not found.is_empty
    assert [cause.kind for cause in found.why] == [kind]
    assert found.why[0].what.startswith(what)


def test_cells_of_a_new_period_are_added_and_a_revision_is_revised(differences: dict[str, Difference]) -> None:
    assert differences["gva"].added > 0 and differences["gva"].revised == differences["gva"].withdrawn == 0
    assert (differences["employment"].added, differences["employment"].revised) == (0, 1)
    (largest,) = differences["employment"].largest
    assert (largest["geo"], largest["activity"], largest["period"], largest["now_value"]) == ("ES21", "J", "2015", 15.0)


def test_a_table_of_two_changed_sources_names_both(differences: dict[str, Difference]) -> None:
    kinds = {cause.kind for cause in differences["hub_lq"].why}
    assert kinds == {"new data", "revised source"}


def test_tables_that_are_the_same_have_no_cause(differences: dict[str, Difference]) -> None:
    assert differences["supply"].is_empty and differences["supply"].why == ()
    assert all(d.why for d in differences.values() if not d.is_empty)


def test_the_diff_of_a_release_and_the_command_say_causes_the_largest_first(
    two: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (two.settings.releases / "2026Q4.0" / "diff.md").read_text("utf-8")
    assert run(two, ["releases", "diff", "2026Q3.0", "2026Q4.0"], monkeypatch) == 0
    assert capsys.readouterr().out.rstrip() == text.rstrip()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")]
    head, *tables = rows[: 1 + len(two.models)]
    assert head == ["table", "rows before", "rows now", "added", "revised", "withdrawn", "cause"]
    causes = {row[0]: row[6] for row in tables}
    assert (causes["gva"], causes["employment"]) == ("new data", "revised source")
    assert (causes["serv_supply_kibs_part"], causes["serv_pl_share"]) == ("changed method", "corrected error")
    assert "## gva: causes" in text and f"- new data: {GVA}: new periods 2025" in text
    changed = [sum(int(n) for n in row[3:6]) for row in tables]
    assert changed == sorted(changed, reverse=True)


def test_a_release_before_causes_were_kept_is_still_compared(two: Workspace) -> None:
    folder = two.settings.releases

    def earlier(path: Path) -> dict[str, object]:
        found = releases.manifest(path)
        if path.name == "2026Q3.0":
            for kept in ("lineage", "snapshots", "library_sha256"):
                del found[kept]
        return found

    found = {d.table: d for d in compare(two.engine, folder / "2026Q3.0", folder / "2026Q4.0", earlier)}
    (cause,) = found["gva"].why
    assert cause.kind == "new data" and "the earlier release does not say of which periods" in cause.what
    assert found["serv_pl_share"].why == () and found["serv_pl_share"].revised
    assert "| not known |" in render(list(found.values()), "2026Q3.0", "2026Q4.0")


def run(ws: Workspace, words: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """Exit code of the command over the workspace's folders."""
    monkeypatch.setenv("OBSERVATORY_DATA", str(ws.settings.data_dir))
    monkeypatch.setenv("OBSERVATORY_HOME", str(ws.settings.home))
    with pytest.raises(SystemExit) as ended:
        main(words)
    return int(ended.value.code or 0)


def test_claims_ends_with_1_and_says_which_verdict_changed(
    two: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(two, ["claims", "--format", "csv"], monkeypatch) == 1
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert line.startswith("changed: 13b: reproduced in 2026Q3.0, now revised since: 2.09 in the vintage about 2020")
    (row,) = [row for row in csv.DictReader(io.StringIO(printed.out)) if row["claim"] == "13b"]
    assert row["verdict"] == "revised since"
    kept = json.loads((two.settings.releases / "2026Q4.0" / "claims.json").read_text("utf-8"))
    assert {r["claim"]: r["verdict"] for r in kept}["13b"] == "revised since"


def test_claims_of_the_first_release_has_nothing_to_compare(two: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(two, ["claims", "--release", "2026Q3.0"], monkeypatch) == 0
