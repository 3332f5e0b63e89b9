"""The codebook of a programme's register: what the columns of its extract are called and what may stand in them.

Belongs here: the strict shape of ``data/catalogue/registers/*.yaml`` and the contract that follows from it. Does not
belong here: reading an extract (formats/register.py), what is computed from registers (sql/).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from observatory import codebook
from observatory.catalogue_models import Names, Strict, Text, Words
from observatory.codebook import Texts
from observatory.contract_models import Coverage, Dimension, Source, Update
from observatory.errors import DataError

FOLDER = "registers"
Kind = Literal["id", "ids", "text", "private", "category", "yes_no", "number", "date"]


class Column(Strict):
    """One column of a register.

    ``header`` lists accepted spellings beside the column's own name. Kinds: ``id`` and ``ids`` (a list between blanks
    or semicolons) name a firm, an organisation or a case and leave the reader as pseudonyms; ``private`` is free text
    that never leaves it; ``date`` is a day, a month or a year; ``category`` has a ``scale`` of labels and codes.
    """

    header: Texts = ()
    kind: Kind = "text"
    required: bool = False
    scale: dict[Text, Text] = Field(default_factory=dict)
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        if (self.kind == "category") != bool(self.scale):
            raise ValueError("a scale belongs to kind category, and every category has one")
        if self.kind != "number" and (self.low is not None or self.high is not None):
            raise ValueError("low and high are for kind number")
        return self


class Register(Strict):
    """A register: ``key`` are the columns that no two rows share, ``measure`` the one that is its figure (else 1)."""

    name: Annotated[str, Field(pattern=r"^[a-z_]+$")]
    title: Names
    what: Text
    number_format: Literal["es", "en"] | None = None
    key: Words
    measure: str | None = None
    columns: dict[Annotated[str, Field(pattern=r"^[a-z_]+$")], Column] = Field(min_length=1)
    licence: Text
    citation: Text

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if strange := sorted(set(self.key) - set(self.columns)):
            raise ValueError(f"key: no column {', '.join(strange)}")
        if self.measure is not None and (
            self.measure not in self.columns or self.columns[self.measure].kind != "number"
        ):
            raise ValueError(f"measure: {self.measure} is no column of kind number")
        return self

    def published(self) -> dict[str, Column]:
        """Columns that leave the reader."""
        return {name: column for name, column in self.columns.items() if column.kind != "private"}


def load(folder: Path, problems: list[str]) -> dict[str, Register]:
    """Registers by source id, the name of their file. Problems are added to the list."""
    found: dict[str, Register] = {}
    for path in sorted(folder.glob("*.yaml")):
        place = f"{FOLDER}/{path.name}"
        try:
            found[path.stem] = codebook.document(path.read_bytes(), Register, name=place)
        except (OSError, DataError) as error:
            problems.append(f"{place}: {error}")
            continue
        if path.stem != f"programme_{found[path.stem].name}":
            problems.append(f"{place}: the file is called programme_<register>.yaml")
    return found


def contract(source: str, book: Register) -> Source:
    """What the extract of a register is, as a source. A register may be empty."""
    named = [name for name, column in book.published().items() if column.kind != "number"]
    return Source(
        id=source,
        publisher="programme",
        table=book.name,
        title=book.title,
        what=book.what,
        format="register",
        units={"N": "records" if book.measure is None else book.measure},
        dimensions=tuple(
            Dimension.model_validate({"code": name, "role": "time" if name == "as_of" else "other"})
            for name in ("extract_row", *named)
        ),
        coverage=Coverage(rows=0),
        update=Update(period="irregular"),
        licence=book.licence,
        citation=book.citation,
        url=f"data/catalogue/{FOLDER}",
        quirks=("Firms, organisations and cases appear under pseudonyms; free text stays in the extract.",),
    )
