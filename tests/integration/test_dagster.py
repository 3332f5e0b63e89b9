"""The graph as Dagster sees it."""

import subprocess
import sys
from pathlib import Path

import dagster as dg

import assets
from observatory.build import Workspace


def test_the_asset_keys_are_those_of_the_house(built: Workspace) -> None:
    """A snapshot of the keys: a table that appears or goes is meant to be seen here."""
    keys = {key.to_user_string() for key in assets.build(built).resolve_asset_graph().get_all_asset_keys()}
    sources = """eurostat_naio_10_cp15 eurostat_naio_10_cp16 eurostat_nama_10r_3empers eurostat_nama_10r_3gva
        eustat_capitals_employment eustat_capitals_gva eustat_employment_a38 eustat_establishments_district_cnae
        eustat_establishments_municipality_cnae eustat_gva_a38 eustat_industry_accounts eustat_supply
        eustat_supply_base2015 eustat_symmetric eustat_symmetric_base2015 eustat_use eustat_use_base2015
        ine_industry_structure survey_servitization_2018"""
    core = """employment employment_a38 establishments gva gva_a38 industry_accounts kibs supply survey_estimates
        symmetric use"""
    indicators = """hub_class hub_export_share hub_extraregional_share hub_lq hub_primacy hub_primacy_ratio
        ict_catchup_years
        ict_client_ratio ict_emp_index ict_emp_share ict_gap_pp ict_rel_level ict_share_cagr ict_trend_slope
        kibs_avg_size kibs_emp_share kibs_employment kibs_establishments kibs_group_mix kibs_gva kibs_gva_share
        kibs_productivity kibs_support_ratio mfg_gva_share mfg_gva_stability serv_embodied_inputs
        serv_input_intensity serv_kibs_local_share serv_pl_share serv_pl_slope serv_supply_kibs_part
        serv_supply_share svy_bridge svy_expectation_balance svy_frontrunner_share svy_gini svy_mean_share
        svy_median_share svy_neff svy_no_increase_share svy_p90_p10_gap svy_response_rate svy_tw_share
        svy_zero_share"""
    catalogue = """activities activity_breakdowns activity_codes activity_divisions analysis_windows branch_blocks
        esa_items geographies geography_ancestors geography_breaks geography_codes geography_groups hub_thresholds
        kibs_definitions
        kibs_variants observation_flags published_claims service_sets"""
    assert keys == {
        *(f"snapshots/{s}" for s in sources.split()),
        *(f"raw/{s}" for s in sources.split()),
        *(f"catalogue/{t}" for t in catalogue.split()),
        *(f"core/{t}" for t in core.split()),
        *(f"indicators/{i}" for i in indicators.split()),
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
