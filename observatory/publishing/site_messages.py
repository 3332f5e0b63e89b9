"""The texts of the site in Spanish, Basque and English.

Belongs here: reading the one catalogue of messages and filling in its places. Does not belong here: names of places,
activities and indicators, which are data (catalogue, model headers).
"""

from __future__ import annotations

import functools
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import yaml

from observatory.errors import DataError

Language = Literal["es", "eu", "en"]
LANGUAGES: tuple[Language, ...] = ("es", "eu", "en")
NAMES: Mapping[Language, str] = {"es": "Español", "eu": "Euskara", "en": "English"}
FILE = Path(__file__).with_name("site_messages.yaml")


@functools.cache
def load(path: Path = FILE) -> Mapping[str, Mapping[str, str]]:
    """All messages as ``section.key`` → language → text. Raises DataError naming every gap."""
    content = yaml.safe_load(path.read_text("utf-8"))
    found = {f"{section}.{key}": texts for section, keys in content.items() for key, texts in keys.items()}
    if gaps := problems(found):
        raise DataError(f"{path.name}: {'; '.join(gaps)}", remedy="Write the missing text in all three languages")
    return found


def fields(text: str) -> frozenset[str]:
    """Names in braces that a text wants filled in."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def problems(found: Mapping[str, Mapping[str, str]]) -> list[str]:
    """What is wrong with a catalogue: a language that lacks, one too many, or different places to fill in."""
    wrong = []
    for key, texts in found.items():
        if set(texts) != set(LANGUAGES):
            wrong.append(f"{key} has {', '.join(sorted(texts)) or 'nothing'}, expected {', '.join(LANGUAGES)}")
        elif not all(isinstance(text, str) for text in texts.values()):
            wrong.append(f"{key} holds something that is not text")
        elif len({fields(text) for text in texts.values() if text}) > 1:
            wrong.append(f"{key} fills in different words in its languages")
    return wrong


def text(language: Language, key: str, **values: object) -> str:
    """The message ``key`` with its places filled in. Raises KeyError for a key that is not in the catalogue."""
    return load()[key][language].format(**values) if values else load()[key][language]


def known(language: Language, key: str) -> str | None:
    """The message ``key``, or None if the catalogue has none."""
    texts = load().get(key)
    return texts[language] if texts else None


def section(language: Language, name: str) -> dict[str, str]:
    """All messages of a section by their short key."""
    prefix = f"{name}."
    return {key.removeprefix(prefix): texts[language] for key, texts in load().items() if key.startswith(prefix)}
