"""PxWeb v1 queries as pure functions: metadata in, codes chosen, requests cut to the cell limit, bodies out.

Belongs here: what a table's metadata says, how a selection becomes codes, how a cube is divided. Does not
belong here: requests (pxweb.py) or cells (formats/).

Selection rules are those of PxWeb 2025 v1: ``item`` lists codes once each, ``all`` takes patterns that begin
or end with ``*``, ``top`` takes the newest n of a time variable but the first n of any other. Names and codes
are matched after Unicode NFC and sent back exactly as the bank wrote them, accents and trailing blanks
included.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from observatory.errors import DataError, PublisherError, UsageError

MAX_PARTS = 10_000
"""Most requests one table may be divided into."""

Box = dict[str, tuple[str, ...]]
"""Codes per dimension; the cells of a box are the product of them."""


@dataclass(frozen=True)
class Variable:
    """One dimension of a table; ``values`` is None where the bank left them out (more than maxValues)."""

    code: str
    text: str
    values: tuple[str, ...] | None
    labels: tuple[str, ...] | None
    time: bool = False
    elimination: bool = False

    def with_codes(self, codes: Mapping[str, str]) -> Variable:
        """The same variable with codes and labels learned otherwise."""
        return replace(self, values=tuple(codes), labels=tuple(codes.values()))


@dataclass(frozen=True)
class Metadata:
    """What the bank says of a table."""

    table: str
    title: str
    variables: tuple[Variable, ...]


@dataclass(frozen=True)
class Choice:
    """Which values of one dimension are wanted."""

    filter: Literal["item", "all", "top"]
    values: tuple[str, ...]


EVERYTHING = Choice("all", ("*",))


def parse_metadata(document: object, table: str) -> Metadata:
    """Read the answer to ``GET …/{table}``. Raises PublisherError if it is not table metadata."""
    try:
        if not isinstance(document, dict) or not isinstance(document["variables"], list):
            raise TypeError("no list of variables")
        variables = tuple(_variable(entry) for entry in document["variables"])
        if not variables or len({nfc(v.code) for v in variables}) < len(variables):
            raise TypeError("no variables, or one twice")
    except (KeyError, TypeError) as error:
        raise PublisherError(
            f"Eustat table {table}: its metadata cannot be used ({error})",
            remedy="It may be being replaced: try again tomorrow or look for its successor",
        ) from error
    return Metadata(table, str(document.get("title", "")), variables)


def _variable(entry: Any) -> Variable:
    code, values, labels = entry["code"], entry.get("values"), entry.get("valueTexts")
    for texts in (values, labels):
        if texts is not None and not (isinstance(texts, list) and all(isinstance(t, str) for t in texts)):
            raise TypeError(f"variable {code!r} has values that are no list of texts")
    if not isinstance(code, str) or (values is not None and labels is not None and len(values) != len(labels)):
        raise TypeError(f"variable {code!r} has another number of labels than of values")
    if values is not None and len(set(values)) < len(values):
        raise TypeError(f"variable {code!r} repeats a value")
    return Variable(
        code,
        str(entry.get("text", code)),
        tuple(values) if values is not None else None,
        tuple(labels) if values is not None and labels is not None else None,
        time=entry.get("time") is True,
        elimination=entry.get("elimination") is True,
    )


def parse_selection(raw: Mapping[str, object]) -> dict[str, Choice]:
    """Read a contract's selection: per dimension a list of codes, a list of patterns with ``*``, or ``{top:
    n}``.

    Raises UsageError for what PxWeb would refuse: an empty list, a code twice, ``*`` inside a pattern, codes
    and patterns mixed, a top below 1.
    """
    return {name: _choice(name, wanted) for name, wanted in raw.items()}


def _choice(name: str, wanted: object) -> Choice:
    def refuse(found: str) -> UsageError:
        return UsageError(
            f"selection of dimension {name!r}: {found}",
            remedy="Give a list of codes, a list of patterns such as 62*, or {top: n}",
        )

    if isinstance(wanted, Mapping):
        number = wanted.get("top")
        if set(wanted) != {"top"} or not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise refuse(f"expected {{top: n}} with n of at least 1, found {dict(wanted)!r}")
        return Choice("top", (str(number),))
    if isinstance(wanted, str) or not isinstance(wanted, Sequence) or not wanted:
        raise refuse(f"expected a list, found {wanted!r}")
    if not all(isinstance(value, str) and value for value in wanted):
        raise refuse(f"expected texts (quote codes such as '01'), found {list(wanted)!r}")
    values = tuple(wanted)
    if len({nfc(v) for v in values}) < len(values):
        raise refuse("a code stands twice")
    patterns = [v for v in values if "*" in v]
    if not patterns:
        return Choice("item", values)
    if len(patterns) < len(values):
        raise refuse("codes and patterns are mixed")
    if any(v.count("*") > 1 or not (v.startswith("*") or v.endswith("*")) for v in values):
        raise refuse("a pattern has one * at its beginning or its end")
    return Choice("all", values)


def resolve(metadata: Metadata, selection: Mapping[str, Choice]) -> Box:
    """Turn a selection into the table's own codes, in the table's order; dimensions left out are taken whole.

    All codes must be known. Raises DataError naming the dimension, code or pattern that the table does not
    have.
    """
    chosen: dict[str, Choice] = {}
    for name, choice in selection.items():
        code = match(name, [v.code for v in metadata.variables], f"Eustat table {metadata.table}: dimension")
        if code in chosen:
            raise DataError(
                f"Eustat table {metadata.table}: dimension {code!r} is selected twice",
                remedy="Name it once in the source's contract",
            )
        chosen[code] = choice
    return {v.code: _values(v, chosen.get(v.code, EVERYTHING), metadata.table) for v in metadata.variables}


def _values(variable: Variable, choice: Choice, table: str) -> tuple[str, ...]:
    values = variable.values
    place = f"Eustat table {table}, dimension {variable.code!r}"
    if not values:
        raise DataError(f"{place}: the bank gives no codes for it", remedy="Fetch the table as a whole")
    if choice.filter == "top":
        return top(variable, int(choice.values[0]))
    if choice.filter == "item":
        wanted = {match(code, values, f"{place}: code") for code in choice.values}
        return tuple(v for v in values if v in wanted)
    hits = {pattern: [v for v in values if fits(v, pattern)] for pattern in choice.values}
    empty = [pattern for pattern, found in hits.items() if not found]
    if empty:
        raise DataError(
            f"{place}: no code fits {', '.join(empty)}; there are {_some(values)}",
            remedy="Correct the pattern in the source's contract",
        )
    wanted = set().union(*hits.values())
    return tuple(v for v in values if v in wanted)


def fits(code: str, pattern: str) -> bool:
    """Whether a code fits a pattern of one ``*`` at its beginning or end (``*`` alone fits all)."""
    code, pattern = nfc(code), nfc(pattern)
    return code.endswith(pattern[1:]) if pattern.startswith("*") else code.startswith(pattern[:-1])


def top(variable: Variable, number: int) -> tuple[str, ...]:
    """The newest ``number`` values of a time variable, in the table's order; the first ones of any other.

    PxWeb tells the order of time by comparing the first two labels.
    """
    values, labels = variable.values or (), variable.labels or variable.values or ()
    rising = len(values) > 1 and labels[0] < labels[1]
    return values[-number:] if variable.time and rising else values[:number]


def match(wanted: str, candidates: Sequence[str], what: str) -> str:
    """The candidate equal to ``wanted``, exactly or after Unicode NFC. Raises DataError listing the
    candidates.

    Blanks and case are never folded: ``principales variables`` and ``principales variables `` are two names,
    and a bank that swaps one for the other has changed its table.
    """
    if wanted in candidates:
        return wanted
    equal = [c for c in candidates if nfc(c) == nfc(wanted)]
    if len(equal) == 1:
        return equal[0]
    near = [c for c in candidates if nfc(c).casefold().split() == nfc(wanted).casefold().split()]
    hint = f"; only blanks or case differ from {near[0]!r}" if near else ""
    raise DataError(
        f"{what} {wanted!r} is not there; there are {_some(candidates)}{hint}",
        remedy="The publisher may have renamed it: check the table and correct the source's contract",
    )


def nfc(text: str) -> str:
    """Unicode NFC, for comparing only: what is sent is the bank's own text."""
    return unicodedata.normalize("NFC", text)


def cells(box: Mapping[str, Sequence[str]]) -> int:
    """Number of cells of a box."""
    return math.prod(len(codes) for codes in box.values())


def plan(box: Box, max_cells: int) -> list[Box]:
    """Divide a box into boxes of at most ``max_cells`` cells: without overlap, without gap, in the table's
    order.

    The longest dimension is divided first, so that few requests do. Raises UsageError for a limit below one
    cell and DataError for more than ``MAX_PARTS`` requests.
    """
    if max_cells < 1:
        raise UsageError(f"a request of at most {max_cells} cells asks for nothing", remedy="Raise the limit")
    if cells(box) == 0:
        return []
    if cells(box) / max_cells > MAX_PARTS:
        raise DataError(
            f"{cells(box)} cells in requests of {max_cells} are more than {MAX_PARTS} requests",
            remedy="Select fewer codes in the source's contract",
        )
    parts: list[Box] = []
    waiting = deque([box])
    while waiting:
        current = waiting.popleft()
        if cells(current) <= max_cells:
            parts.append(current)
        else:
            waiting.extendleft(reversed(list(_divide(current, max_cells))))
        if len(parts) + len(waiting) > 2 * MAX_PARTS:
            raise DataError("the table needs too many requests", remedy="Select fewer codes in the contract")
    return parts


def _divide(box: Box, max_cells: int) -> Iterator[Box]:
    """Cut a box along its longest dimension into runs as long as the limit allows."""
    longest = max(box, key=lambda name: len(box[name]))
    codes = box[longest]
    run = max(1, max_cells // (cells(box) // len(codes)))
    for start in range(0, len(codes), run):
        yield {**box, longest: codes[start : start + run]}


def body(box: Mapping[str, Sequence[str]], whole: Mapping[str, Sequence[str]], layout: str = "json-stat") -> bytes:
    """The POST body that asks for a box of a table; a dimension taken whole is asked for with ``*``.

    UTF-8 with accents as they are; every dimension is named, so none can be eliminated on the server's side.
    """
    query = []
    for name, codes in box.items():
        everything = tuple(codes) == tuple(whole[name])
        selection = {"filter": "all", "values": ["*"]} if everything else {"filter": "item", "values": list(codes)}
        query.append({"code": name, "selection": selection})
    return json.dumps({"query": query, "response": {"format": layout}}, ensure_ascii=False).encode()


def learn_body(variable: str, others: Sequence[str], layout: str = "json-stat") -> bytes:
    """The POST body that learns a variable's codes: all of them, with one value of every other."""
    query = [{"code": variable, "selection": {"filter": "all", "values": ["*"]}}]
    query += [{"code": other, "selection": {"filter": "top", "values": ["1"]}} for other in others]
    return json.dumps({"query": query, "response": {"format": layout}}, ensure_ascii=False).encode()


def _some(texts: Sequence[str], most: int = 12) -> str:
    """The first texts of a list, quoted, and how many more there are."""
    head = ", ".join(map(repr, texts[:most]))
    return f"{head} and {len(texts) - most} more" if len(texts) > most else head or "none"
