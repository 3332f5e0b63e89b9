"""Every row of the publishers' error, selection, encoding and missing-value tables has a test in this folder."""

from __future__ import annotations

import ast
import csv
from pathlib import Path

HERE = Path(__file__).parent


def rows() -> list[dict[str, str]]:
    with (HERE / "reference_rows.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def known() -> set[str]:
    trees = [ast.parse(path.read_text("utf-8")) for path in HERE.rglob("test_*.py")]
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_row_of_the_references_names_a_test_that_exists() -> None:
    there = known()
    assert [row for row in rows() if row["test"] not in there] == []


def test_no_table_of_the_references_is_left_out() -> None:
    have = {(row["publisher"], row["table"]) for row in rows()}
    wanted = {"eustat": ("selection", "errors", "encoding", "missing", "formats", "px", "updated", "operation")}
    wanted["eurostat"] = ("errors", "formats", "missing", "asynchronous", "editions")
    assert {(p, t) for p, tables in wanted.items() for t in tables} <= have
    assert len(rows()) == len({(row["publisher"], row["table"], row["row"]) for row in rows()}) >= 90
