"""Tables on a terminal."""

from __future__ import annotations

import csv
import io
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from observatory import tables
from observatory.errors import UsageError


def test_counts_have_no_decimals_and_shares_have_three(capsys: pytest.CaptureFixture[str]) -> None:
    table = pa.table({"place": ["a", "b"], "n": [28000.0, None], "share": [2.0, 2.0956]})
    tables.show(table, "table")
    shown = capsys.readouterr().out
    assert "28,000 " in shown and "28,000.0" not in shown
    assert "2.000" in shown and "2.096" in shown


FIGURES = pa.table(
    {
        "indicator": ["ict_emp_share"] * 2,
        "geo": ["ES21", "ES"],
        "value": [2.0, 2.0956],
        "sources": ["eurostat_nama_10r_3empers;" * 3] * 2,
    }
)


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("LINES", "25")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")


def test_without_a_form_a_terminal_gets_a_table_and_a_pipe_csv(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tables.show(FIGURES, None, "Shares")
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["geo"], float(row["value"])) for row in rows] == [("ES21", 2.0), ("ES", 2.0956)]
    on_a_terminal(monkeypatch, 200)
    tables.show(FIGURES, None, "Shares")
    shown = re.sub(r"\x1b\[\d*m", "", capsys.readouterr().out)
    assert shown.lstrip().startswith("Shares") and "│ ES21" in shown and "│ ict_emp_share" in shown


def test_a_narrow_terminal_shows_what_differs_and_says_the_rest_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    on_a_terminal(monkeypatch, 60)
    tables.show(FIGURES, None, "Shares")
    shown = re.sub(r"\x1b\[\d*m", "", capsys.readouterr().out)
    assert "…" not in shown and shown.count("ict_emp_share") == 1 and "indicator: ict_emp_share" in shown
    assert [line.split()[1] for line in shown.splitlines() if line.startswith("│")] == ["ES21", "ES"]
    assert max(map(len, shown.splitlines())) <= 60


def test_parquet_goes_into_a_pipe_and_not_onto_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    tables.show(FIGURES, "parquet")
    assert pq.read_table(io.BytesIO(capfdbinary.readouterr().out)).equals(FIGURES)
    on_a_terminal(monkeypatch, 80)
    with pytest.raises(UsageError, match=r"figures\.parquet"):
        tables.show(FIGURES, "parquet")
    assert capfdbinary.readouterr().out == b""
