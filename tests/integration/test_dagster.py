"""The graph as Dagster sees it."""

import re
import subprocess
import sys
from pathlib import Path

import dagster as dg

import assets
from observatory.build import Workspace


def test_the_asset_keys_are_those_of_the_house(built: Workspace, root: Path) -> None:
    """One file of sql/ is one asset, one source that a model reads is a snapshot and a raw table, and no more."""
    keys = {key.to_user_string() for key in assets.build(built).resolve_asset_graph().get_all_asset_keys()}
    files = {folder: sorted((root / "sql" / folder).glob("*.sql")) for folder in ("core", "indicators")}
    text = "".join(path.read_text("utf-8") for paths in files.values() for path in paths)
    sources = sorted(set(re.findall(r"\b(?:from|join) raw\.(\w+)", text)))
    assert len(sources) > 20 and len(files["indicators"]) > 60
    assert keys == {
        *(f"snapshots/{source}" for source in sources),
        *(f"raw/{source}" for source in sources),
        *(table.replace(".", "/") for table in built.catalogue_tables),
        *(f"{folder}/{path.stem}" for folder, paths in files.items() for path in paths),
        "database",
        "release",
    }


def test_assets_have_owners_kinds_descriptions_and_checks(built: Workspace) -> None:
    definitions = assets.build(built)
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.owners == ["team:observatory"] and node.kinds and node.description, key
    checked = {key.asset_key.to_user_string() for key in graph.asset_check_keys}
    assert {"raw/eurostat_nama_10r_3gva", "core/gva", "indicators/hub_lq"} <= checked
    blocking = {k.name for k in graph.asset_check_keys if graph.get_check_spec(k).blocking}
    assert "children_add_to_parent" in blocking and "against_last_release" not in blocking


def test_a_materialisation_says_rows_columns_and_content(built: Workspace) -> None:
    (asset,) = [a for a in assets.core.assets(built) if a.key == dg.AssetKey(["core", "gva"])]
    result = dg.materialize([asset], selection=[asset.key])
    (event,) = result.asset_materializations_for_node(asset.node_def.name)
    made = built.made("core.gva")
    assert made is not None
    assert event.metadata["dagster/row_count"].value == made.rows == 2475
    columns = event.metadata["dagster/column_schema"].value.columns
    assert [c.name for c in columns] == list(made.columns) and all(c.description for c in columns)
    assert event.tags["dagster/data_version"] == made.sha256


def test_the_quarterly_schedule_ticks_after_the_publishers(built: Workspace) -> None:
    schedule = assets.build(built).resolve_schedule_def("quarterly")
    assert schedule.execution_timezone == "Europe/Madrid" and schedule.job_name == "refresh"
    minute, hour, _, months, _ = str(schedule.cron_schedule).split()
    assert (int(hour), int(minute)) >= (9, 20) and months == "1,4,7,10"


def test_importing_the_definitions_loads_nothing_heavy() -> None:
    code = (
        "import observatory.definitions, sys; "
        "assert not {'great_expectations', 'pandas', 'altair', 'duckdb', 'assets'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_dg_finds_the_definitions_sound(root: Path) -> None:
    words = [str(Path(sys.executable).with_name("dg")), "check", "defs"]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All definitions loaded successfully" in done.stdout + done.stderr
