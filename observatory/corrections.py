"""Known errors of publishers, put right in the open: what was published, what is right, why, and who says so.

Belongs here: the shape of a correction (``data/catalogue/corrections.yaml``), laying corrections over a raw table, and
what they say in words. Does not belong here: reading the file (catalogue.py), snapshots (a snapshot is never edited),
breaks and revisions, which are no errors.

A correction expires by itself: it holds only while the cell says what ``published`` says. Once the publisher has
mended the cell, or changed it otherwise, the table stops until somebody looks and removes the correction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from observatory.catalogue_models import Strict, Text
from observatory.contract_models import HOMES, Source
from observatory.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

FILE = "corrections.yaml"
Content = float | str | None


class Correction(Strict):
    """One cell or label of one table that is wrong as published.

    ``where`` gives codes by dimension, as the publisher has them: for a value one code of every dimension, for a
    label the one code that bears it. An empty ``published`` or ``right`` is a value that is not available. ``source``
    is the contract, ``evidence`` where the right content can be looked up.
    """

    source: Text
    where: dict[Text, Text] = Field(min_length=1)
    field: Literal["value", "label"]
    language: Literal["es", "eu", "en"] | None = None
    published: Content
    right: Content
    reason: Text
    evidence: Text
    expect: Literal["published"] = "published"

    @model_validator(mode="after")
    def _one_field(self) -> Correction:
        is_label = self.field == "label"
        if is_label != (self.language is not None):
            raise ValueError("a label has a `language`, a value has none")
        if is_label and len(self.where) != 1:
            raise ValueError("a label stands at one code of one dimension")
        if any(isinstance(content, str) != is_label for content in (self.published, self.right)):
            raise ValueError("`published` and `right` are texts of a label, and numbers (or empty) of a value")
        if self.published == self.right:
            raise ValueError("`published` and `right` are the same")
        return self

    @property
    def place(self) -> str:
        """The cell or label in words."""
        codes = ", ".join(f"{dimension} = {code}" for dimension, code in self.where.items())
        return f"{self.field}{f' ({self.language})' if self.language else ''} of {self.source} at {codes}"


class Corrections(Strict):
    """The whole file."""

    corrections: tuple[Correction, ...] = ()


def disagreements(corrections: Sequence[Correction], sources: Mapping[str, Source]) -> Iterator[str]:
    """Corrections of tables or dimensions that no contract has, that say too little, or that stand twice."""
    seen = set()
    for correction in corrections:
        if (contract := sources.get(correction.source)) is None:
            yield f"{FILE}: unknown source {correction.source!r}"
            continue
        have = {d.code for d in contract.dimensions}
        yield from (f"{FILE}: {correction.source}: unknown dimension {d!r}" for d in correction.where if d not in have)
        if correction.field == "value" and (open_ := sorted(have - set(correction.where))):
            yield f"{FILE}: {correction.place}: no code of {', '.join(open_)}, so it is not one cell"
        if correction.place in seen:
            yield f"{FILE}: {correction.place}: corrected twice"
        seen.add(correction.place)


def apply(
    table: pa.Table, corrections: Sequence[Correction], publisher: str
) -> tuple[pa.Table, tuple[Correction, ...]]:
    """Lay corrections over a raw table as a reader gives it; returns it with those that were applied.

    A corrected value keeps the publisher's flag; ``kind`` becomes what the right content is. A label in a language
    that the table does not come in is not applied. Raises DataError that names every correction whose cell is gone or
    no longer says what was published.
    """
    applied, problems = [], []
    for correction in corrections:
        column = _column(correction, publisher)
        if column not in table.column_names:
            continue
        at = _rows(table, correction.where)
        found = table[column].filter(at).unique().to_pylist()
        if found != [correction.published]:
            problems.append(f"{correction.place}: {_otherwise(found, correction)}")
            continue
        table = _put(table, column, at, correction.right)
        if column == "value":
            table = _put(table, "kind", at, "missing" if correction.right is None else "value")
        applied.append(correction)
    if problems:
        raise DataError(
            f"{FILE}: {len(problems)} correction(s) no longer hold:" + "".join(f"\n- {p}" for p in problems) + "\n",
            remedy=f"Look at the publisher's page and remove the correction from data/catalogue/{FILE} (or amend it)",
        )
    return table, tuple(applied)


def explain(corrections: Sequence[Correction], provenance: str | None) -> Iterator[str]:
    """Corrections in words, with whether a snapshot of that provenance has them; None for no snapshot."""
    if corrections and provenance != "official":
        yield f"Corrections (not applied: they are for official snapshots, this one is {provenance or 'none yet'}):"
    elif corrections:
        yield "Corrections (applied after reading; the snapshot itself is never edited):"
    for c in corrections:
        yield f"  {c.place}: {_said(c.published)} is wrong, {_said(c.right)} is right. {c.reason} ({c.evidence})"


def _column(correction: Correction, publisher: str) -> str:
    """Column of the raw table that holds the content; labels in the publisher's own language have no suffix."""
    if correction.field == "value":
        return "value"
    (dimension,) = correction.where
    own = correction.language == HOMES[publisher]
    return f"{dimension}__label" + ("" if own else f"_{correction.language}")


def _rows(table: pa.Table, where: Mapping[str, str]) -> pa.ChunkedArray:
    """Mask of the rows that have the codes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    mask = None
    for dimension, code in where.items():
        equal = pc.fill_null(pc.equal(table[dimension].cast(pa.string()), code), False)
        mask = equal if mask is None else pc.and_(mask, equal)
    return mask


def _put(table: pa.Table, column: str, at: pa.ChunkedArray, content: Content) -> pa.Table:
    """The table with other content at the marked rows of a column, whose type stays."""
    import pyarrow as pa
    import pyarrow.compute as pc

    field = table.schema.field(column)
    is_coded = pa.types.is_dictionary(field.type)
    plain = table[column].cast(field.type.value_type) if is_coded else table[column]
    changed = pc.if_else(at, pa.scalar(content, plain.type), plain)
    if is_coded:
        changed = changed.combine_chunks().dictionary_encode().cast(field.type)
    return table.set_column(table.schema.get_field_index(column), field, changed)


def _otherwise(found: Sequence[Content], correction: Correction) -> str:
    if not found:
        return "the table has no such cell"
    says = " and ".join(_said(content) for content in found)
    if list(found) == [correction.right]:
        return f"the publisher has mended it, it says {says}"
    return f"expected {_said(correction.published)} as it was published, found {says}"


def _said(content: Content) -> str:
    return "not available" if content is None else repr(content) if isinstance(content, str) else f"{content:g}"
