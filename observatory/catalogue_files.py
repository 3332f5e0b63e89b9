"""Files of ``data/catalogue`` as strict models: CSV files with a header line, YAML documents.

Belongs here: reading one file and saying what is wrong with it. Does not belong here: which files there are and what
must hold between them (catalogue.py), the models (catalogue_models.py, contract_models.py).
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Hashable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from observatory.catalogue_models import Row

M = TypeVar("M", bound=BaseModel)
R = TypeVar("R", bound=Row)


def _said(error: ValidationError) -> list[str]:
    return [f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}, found {e['input']!r}" for e in error.errors()]


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


class _Loader(yaml.CSafeLoader):
    """YAML where a key given twice is an error instead of the last one winning; five times faster than in Python."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    keys = [key.value for key, _ in node.value]
    if twice := [key for key, n in Counter(keys).items() if n > 1]:
        raise yaml.constructor.ConstructorError(None, None, f"key given twice: {', '.join(twice)}", node.start_mark)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def document(path: Path, place: str, model: type[M], problems: list[str]) -> M | None:
    """A YAML file as a model, or None after adding what is wrong with it, each with ``place`` before it."""
    try:
        return model.model_validate(_Loader(path.read_text("utf-8")).get_single_data())
    except ValidationError as error:
        problems += [f"{place}: {text}" for text in _said(error)]
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problems.append(f"{place}: cannot be read: {error}")
    return None
