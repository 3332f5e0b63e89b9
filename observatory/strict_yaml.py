"""YAML that may come from anybody: plain data a few levels deep, or one kind of error.

Belongs here: reading a text as YAML within bounds. Does not belong here: what a document must hold (the models), which
words are numbers (a loader may differ: codebook.py).

Three things that YAML offers are refused because no file of ours needs them: tags (they name types to build), anchors
and aliases (a few lines can stand for more nodes than memory holds) and a key given twice (the last one would win).
Depth is bounded before anything is built: the C parser of libyaml overflows its stack where a text nests without end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import Any

import yaml

MAX_CHARACTERS = 8_000_000
"""Longest text taken: some ten times a lock of a thousand tables."""

MAX_DEPTH = 40
MAX_NODES = 200_000


class Loader(yaml.CSafeLoader):
    """YAML 1.1 as PyYAML reads it, five times faster than in Python."""


def mapping(loader: Any, node: yaml.MappingNode) -> dict[Hashable, Any]:
    """Build a mapping; a key given twice is an error instead of the last one winning."""
    keys = [str(key.value) for key, _ in node.value]
    if twice := [key for key, times in Counter(keys).items() if times > 1]:
        raise _refused(f"key given twice: {', '.join(twice)[:200]}", node.start_mark)
    built: dict[Hashable, Any] = loader.construct_mapping(node, deep=True)
    return built


Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)


def load(text: str, loader: type[Any] = Loader) -> Any:
    """The one document of ``text``, None if it is empty. ``loader`` is a PyYAML loader class.

    Raises yaml.YAMLError, with line and column where they are known, and nothing else.
    """
    if len(text) > MAX_CHARACTERS:
        raise yaml.YAMLError(f"expected at most {MAX_CHARACTERS} characters, found {len(text)}")
    try:
        _bounded(text)
        return loader(text).get_single_data()
    except (ValueError, OverflowError) as error:  # 2020-13-45 is no date, nine thousand digits are no number
        raise yaml.YAMLError(f"a value that cannot be: {error!s:.200}") from error


def _bounded(text: str) -> None:
    """Refuse what a text can only hold to do harm, event by event, which takes no memory."""
    depth = 0
    for nodes, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader)):
        if nodes > MAX_NODES:
            raise _refused(f"more than {MAX_NODES} values", event.start_mark)
        if (anchor := getattr(event, "anchor", None)) is not None:
            what = "alias" if isinstance(event, yaml.AliasEvent) else "anchor"
            raise _refused(f"{what} {anchor[:40]!r}: write the content out where it is needed", event.start_mark)
        if (tag := getattr(event, "tag", None)) is not None:
            raise _refused(f"tag {tag[:80]!r}: types follow from the content alone", event.start_mark)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _refused(f"more than {MAX_DEPTH} levels within each other", event.start_mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _refused(reason: str, mark: Any) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, reason, mark)
