"""Notebooks run from top to bottom, say what they should, and are kept without outputs."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

from observatory.build import Workspace
from observatory.errors import UsageError
from observatory.publishing import notes
from observatory.publishing.frames import load

NOTEBOOKS = sorted((Path(__file__).resolve().parents[3] / "notebooks").glob("*.ipynb"))


def test_there_are_four() -> None:
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_is_kept_without_outputs(
    path: Path, built: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OBSERVATORY_DATA", str(built.settings.data_dir))
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code), "strip the outputs"
    done = NotebookClient(notebook, timeout=None, kernel_name="python3").execute()
    shown = "".join(
        "".join(output.get("text", "")) + str(output.get("data", {}))
        for cell in done.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )
    expected = {
        "01": ("percent", "2026Q3.0", "official"),
        "02": ("nama_10r_3empers", "2.0955920305564155"),
        "03": ("common_shape", "unqualified name 'employment'"),
        "04": ("MADE-UP FIGURES", "official"),
    }[path.name[:2]]
    for words in expected:
        assert words in shown, words


@pytest.fixture
def share(built: Workspace, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    monkeypatch.setenv("OBSERVATORY_DATA", str(built.settings.data_dir))
    return load("ict_emp_share", variant="section_j", geo=["ES21", "ES"])


def test_a_chart_carries_its_source_and_its_mark(share: pd.DataFrame) -> None:
    picture = notes.chart(share).to_dict()
    assert share.attrs["citation"] in picture["title"]["subtitle"]
    assert all(words not in picture["title"]["subtitle"] for words in notes.MARKS.values() if words)
    made_up = share.assign(provenance="synthetic")
    made_up.attrs = share.attrs
    assert notes.MARKS["synthetic"] in notes.chart(made_up).to_dict()["title"]["subtitle"]


def test_a_table_carries_its_source_and_shows_labels_as_text(share: pd.DataFrame) -> None:
    odd = share.head(1).assign(sources="<script>alert(1)</script>")
    odd.attrs = share.attrs
    html = notes.table(odd)._repr_html_()
    assert "<script>" not in html and "&lt;script&gt;" in html and "ICT services share" in html
    assert share.attrs["citation"] in repr(notes.table(share.head(1)))


def test_what_cannot_be_drawn_is_said(share: pd.DataFrame) -> None:
    with pytest.raises(UsageError, match="stands twice"):
        notes.chart(pd.concat([share, share]))
    with pytest.raises(UsageError, match="does not say where it comes from"):
        notes.table(pd.DataFrame({"value": [1.0]}))
    with pytest.raises(UsageError, match="needs the column geo"):
        notes.chart(share.drop(columns="geo"))
