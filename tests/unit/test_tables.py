"""Tables on a terminal."""

from __future__ import annotations

import pyarrow as pa
import pytest

from observatory import tables


def test_counts_have_no_decimals_and_shares_have_three(capsys: pytest.CaptureFixture[str]) -> None:
    table = pa.table({"place": ["a", "b"], "n": [28000.0, None], "share": [2.0, 2.0956]})
    tables.show(table, "table")
    shown = capsys.readouterr().out
    assert "28,000 " in shown and "28,000.0" not in shown
    assert "2.000" in shown and "2.096" in shown
