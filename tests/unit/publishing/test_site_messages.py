"""The catalogue of messages: whole in three languages, and every key that pages use is there."""

import re
from pathlib import Path

import pytest

from observatory.errors import DataError
from observatory.publishing import site_messages as messages

HERE = Path(messages.__file__).parent


def test_every_message_stands_in_three_languages_and_fills_in_the_same_words() -> None:
    found = messages.load()
    assert messages.problems(found) == [] and len(found) > 250


def test_gaps_are_told_by_key(tmp_path: Path) -> None:
    path = tmp_path / "site_messages.yaml"
    lines = ["a:", '  b: {es: "x", en: "y"}', '  c: {es: "{n}", eu: "{m}", en: "{n}"}', '  d: {es: 1, eu: "", en: ""}']
    path.write_text("\n".join(lines), "utf-8")
    with pytest.raises(DataError) as told:
        messages.load(path)
    for said in ("a.b has en, es", "a.c fills in different words", "a.d holds something"):
        assert said in str(told.value)


def test_the_templates_use_only_messages_that_exist() -> None:
    used = set()
    for path in (HERE / "templates").glob("*.html"):
        used |= set(re.findall(r"""\bt\(["']([a-z]+\.[\w ]+)["']""", path.read_text("utf-8")))
    assert len(used) > 60 and sorted(used - set(messages.load())) == []


def test_the_scripts_use_only_messages_that_exist() -> None:
    used = set()
    for path in (HERE / "static").glob("*.js"):
        used |= set(re.findall(r"\btext\.([a-z_]+)", path.read_text("utf-8")))
    known = set(messages.section("es", "script"))
    assert {"missing", "too_many"} < used and sorted(used - known - {"replace", "split"}) == []


def test_words_are_filled_in() -> None:
    assert messages.text("en", "site.release", release="2026Q4.0", date="today") == "Release 2026Q4.0, today"
    assert messages.known("eu", "unit.nothing of the kind") is None
    with pytest.raises(KeyError):
        messages.text("en", "site.nothing")
