"""The contract of a survey wave, which follows from its codebook.

Belongs here: the shape of the estimates of a wave and what is said of them. Does not belong here: the codebook itself
(codebook.py), reading extracts (formats/survey.py), estimating (surveys.py).

Nothing but estimates of a wave is ever a table: answers of single firms stay in the private store.
"""

from __future__ import annotations

from pathlib import Path

from observatory import codebook
from observatory.codebook import Codebook
from observatory.contract_models import Coverage, Dimension, Source, Update
from observatory.errors import DataError

DOMAINS = ("all", "branch", "size", "territory")
DIMENSIONS = ("indicator", "variant", "domain", "category", "wave")


def load(folder: Path, problems: list[str]) -> dict[str, Codebook]:
    """Codebooks by source id, the name of their file. Problems are added to the list."""
    found: dict[str, Codebook] = {}
    for path in sorted(folder.glob("*.yaml")):
        place = f"surveys/{path.name}"
        try:
            found[path.stem] = codebook.read(path.read_bytes(), name=place)
        except (OSError, DataError) as error:
            problems.append(f"{place}: {error}")
            continue
        expected = f"survey_{found[path.stem].survey}_{found[path.stem].wave}"
        if path.stem != expected:
            problems.append(f"{place}: a codebook is called survey_<survey>_<wave>: expected {expected}")
    return found


def contract(source: str, book: Codebook) -> Source:
    """What the estimates of a wave are, as a source."""
    about: dict[str, dict[str, object]] = {
        "indicator": {"role": "measure"},
        "domain": {"role": "other", "codes": DOMAINS},
        "wave": {"role": "time", "first": book.wave, "last": book.wave},
    }
    made_up = " The wave is made up and evidence of nothing." if book.provenance == "synthetic" else ""
    return Source(
        id=source,
        publisher="survey",
        table=f"{book.survey}_{book.wave}",
        title=book.title,
        what=f"Estimates from the answers of firms, whole and by branch, size and territory.{made_up}",
        format="survey",
        units={"PC": "percent, points or firms, by indicator"},
        dimensions=tuple(
            Dimension.model_validate({"code": code, "role": "other"} | about.get(code, {})) for code in DIMENSIONS
        ),
        coverage=Coverage(rows=1),
        update=Update(period="irregular"),
        licence="Estimates may be reused with the source named; answers of firms are confidential and not published",
        citation=book.title.en,
        url="data/catalogue/surveys",
        quirks=(
            "Answers are kept apart, readable by their owner alone; tables, releases and the database hold estimates.",
            "A sample not drawn by design has no sampling error: its intervals are model-based and indicative.",
        ),
    )
