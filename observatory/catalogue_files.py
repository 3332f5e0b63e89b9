"""Files of ``data/catalogue`` as strict models: CSV files with a header line, YAML documents.

Belongs here: reading one file and saying what is wrong with it. Does not belong here: which files there are and what
must hold between them (catalogue.py), the models (catalogue_models.py, contract_models.py).
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from observatory import strict_yaml
from observatory.catalogue_models import Row

M = TypeVar("M", bound=BaseModel)
R = TypeVar("R", bound=Row)


def _said(error: ValidationError) -> list[str]:
    return [f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}, found {e['input']!r:.200}" for e in error.errors()]


def rows(path: Path, model: type[R], problems: list[str]) -> list[R]:
    """All rows of a CSV file (UTF-8, comma, header line equal to the model's fields)."""
    expected = list(model.model_fields)
    found: list[R] = []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file, strict=True)
            if (header := next(reader, [])) != expected:
                problems.append(f"{path.name}: line 1: expected the columns {expected}, found {header}")
                return found
            for cells in reader:
                if len(cells) != len(expected):
                    problems.append(
                        f"{path.name}: line {reader.line_num}: {len(cells)} cells, expected {len(expected)}"
                    )
                    continue
                try:
                    found.append(model.model_validate(dict(zip(expected, cells, strict=True))))
                except ValidationError as error:
                    problems += [f"{path.name}: line {reader.line_num}: {text}" for text in _said(error)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problems.append(f"{path.name}: cannot be read: {error}")
    return found


def document(path: Path, place: str, model: type[M], problems: list[str]) -> M | None:
    """A YAML file as a model, or None after adding what is wrong with it, each with ``place`` before it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        problems.append(f"{place}: cannot be read: {error}")
        return None
    return parsed(data, place, model, problems)


def parsed(data: bytes, place: str, model: type[M], problems: list[str]) -> M | None:
    """As :func:`document`, for the bytes of a file (UTF-8)."""
    try:
        return model.model_validate(strict_yaml.load(data.decode("utf-8")))
    except ValidationError as error:
        problems += [f"{place}: {text}" for text in _said(error)]
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        problems.append(f"{place}: cannot be read: {error}")
    return None
