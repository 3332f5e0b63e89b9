"""The release that the exports are tried on, opened once."""

from pathlib import Path

import pytest

from observatory.build import Workspace
from observatory.publishing.edition import Edition, opened

SEVERAL = ("ict_emp_share", "ict_trend_slope", "mfg_gva_share", "svy_mean_share", "serv_embodied_inputs", "hub_class")
"""Indicators of every kind: yearly and by window, official and made up, with bounds and cases, with missing figures."""


@pytest.fixture(scope="session")
def release(built: Workspace) -> Path:
    return built.settings.releases / "2026Q3.0"


@pytest.fixture(scope="session")
def edition(built: Workspace, release: Path) -> Edition:
    return opened(release, built.settings.home)
