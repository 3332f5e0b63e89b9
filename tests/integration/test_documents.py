"""README, CHANGELOG and CONTRIBUTING are true: what they name is there. test_newcomer.py runs what they say."""

import re
from pathlib import Path

from typer.main import get_command

from observatory import models
from observatory.cli import app


def commands() -> set[str]:
    """Every command of the command line, e.g. ``releases verify``."""

    def walk(command: object, words: tuple[str, ...]) -> list[str]:
        children = getattr(command, "commands", None)
        if children is None:
            return [" ".join(words)]
        return [leaf for name, child in children.items() for leaf in walk(child, (*words, name))]

    return set(walk(get_command(app), ()))


def test_every_command_is_documented_and_every_documented_command_exists(root: Path) -> None:
    readme = (root / "README.md").read_text("utf-8")
    table = readme.split("## Commands")[1].split("\n## ")[0]
    for command in commands():
        first, *rest = command.split()
        assert re.search(rf"observatory {first}\b", readme), command
        assert not rest or rest[0] in table, command
    for words in re.findall(r"bin/observatory ([a-z]+(?: [a-z]+)?)", readme):
        assert words in commands() or words.split()[0] in commands(), words


def test_every_make_target_is_documented(root: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text("utf-8"), re.MULTILINE)) - {"help"}
    documented = set(re.findall(r"`make ([a-z]+)`", (root / "README.md").read_text("utf-8")))
    assert targets == documented


def test_ci_runs_the_two_commands_that_the_readme_names(root: Path) -> None:
    script = (root / ".ci" / "run").read_text("utf-8")
    assert "make check" in script and "make test" in script


def test_the_indicator_of_the_recipe_is_a_sound_model(root: Path, tmp_path: Path) -> None:
    text = (root / "CONTRIBUTING.md").read_text("utf-8").split("```diff\n")[1].split("```")[0]
    path = tmp_path / "indicators" / "finance_share.sql"
    path.parent.mkdir()
    path.write_text("".join(line[1:] for line in text.splitlines(keepends=True)), "utf-8")
    model = models.parse(path)
    assert model.inputs == ("core.employment",)


def test_the_lock_pins_with_hashes_and_names_no_index(root: Path) -> None:
    text = (root / "requirements.lock").read_text("utf-8")
    assert "://" not in text
    pins = re.findall(r"^[a-z0-9][^\s;]*==\S+", text, re.MULTILINE)
    assert len(pins) > 100
    assert text.count("--hash=sha256:") >= len(pins)
