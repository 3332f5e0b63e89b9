"""`observatory models run`: models over tables that somebody names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

MODEL = """/*
name: {en: Firms by value, es: Empresas por valor, eu: Enpresak balioaren arabera}
definition: Every firm, the smallest value first.
unit: thousand euro
row: one firm
sources_note: raw.firm_panel.
columns: {firm: Its number, value: Its value}
*/
select firm, value from raw.firm_panel order by value, firm
"""


def test_a_panel_larger_than_memory_runs_in_a_new_data_folder(tmp_path: Path) -> None:
    rows = 3_000_000
    value = np.random.default_rng(8).permutation(rows).astype(float)
    pq.write_table(pa.table({"firm": np.arange(rows), "value": value}), tmp_path / "firms.parquet")
    model = tmp_path / "core" / "sorted_firms.sql"
    model.parent.mkdir()
    model.write_text(MODEL, "utf-8")
    limits = {
        "OBSERVATORY_DATA": str(tmp_path / "data"),
        "OBSERVATORY_MEMORY_LIMIT": "64MB",
        "OBSERVATORY_THREADS": "1",
    }
    words = ["models", "run", str(model), "--table", f"raw.firm_panel={tmp_path / 'firms.parquet'}"]
    command = [sys.executable, "-m", "observatory", *words, "--output", str(tmp_path / "out")]
    done = subprocess.run(command, env=os.environ | limits, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "core.sorted_firms" in done.stdout
    found = pq.read_table(tmp_path / "out" / "core" / "sorted_firms.parquet")
    assert found["value"].to_numpy().tolist() == list(range(rows))
    assert np.array_equal(found["firm"].to_numpy(), np.argsort(value))
