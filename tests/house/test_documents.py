"""What documents point to is there: files, anchors, targets of make, commands and their options."""

import argparse
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from stillscan.cli import COMMANDS

from .test_structure import FLOORS, rooms_of_package

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (
        *ROOT.glob("*.md"),
        *(found for top in ("boards", "firmware", "host_tools") for found in (ROOT / top).rglob("*.md")),
    )
)
BESIDE = ("", "firmware", "host_tools", "host_tools/stillscan")
"""Folders that a path in backticks may begin in, besides the document's own and those above it."""
ELSEWHERE = {
    ".venv/bin",
    "a/",
    "b/",
    "dist/",
    "build/",
    "main.py",
    "NAME.head",
    "firmware/release.json",
    "scanners/ID.json",
    "README.txt",
    "kiosk-log.txt",
    "recordings.txt",
}
"""Paths on a board, or made by a command."""


def _text(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def _code(document: str) -> Iterator[str]:
    """What stands in backticks, line by line of a fence, or indented by four."""
    text = re.sub(r"^```\w*\n(.*?)^```", lambda match: _indented(match[1]), _text(document), flags=re.M | re.S)
    for line in text.splitlines():
        if line.startswith("    "):
            yield line.strip()
        else:
            yield from re.findall(r"`([^`]+)`", line)


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def _anchors(document: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", _text(document)):
        if re.match(r"https?://|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / document).parent / path if path else ROOT / document
        if not file.exists() or (anchor and anchor not in _anchors(file)):
            dead.append(target)
    assert dead == []


@cache
def _names() -> frozenset[str]:
    return frozenset(path.name for path in ROOT.rglob("*") if ".venv" not in path.parts)


def _is_path(code: str) -> bool:
    """A word with a slash or the ending of a source file; no address, no address's path, no placeholder."""
    if (
        not re.fullmatch(r"[\w.-][\w./-]*", code)
        or code in ELSEWHERE
        or code.startswith("build/")
        or "..." in code
        or "NAME" in code
    ):
        return False
    if code.startswith("build/"):  # made by make: not there in a fresh checkout
        return False
    return bool(re.search(r"\.(py|md|toml|sh|txt)$", code) or ("/" in code and re.fullmatch(r"[a-z_.]+/.*", code)))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_in_backticks_exist(document: str) -> None:
    above = [folder.as_posix() for folder in Path(document).parents]
    gone = [
        code
        for code in re.findall(r"`([^`\n]+)`", _text(document))
        if _is_path(code)
        and not any((ROOT / folder / code).exists() for folder in (*above, *BESIDE))
        and not ("/" not in code and code in _names())
    ]
    assert gone == []


def test_tests_that_are_named_exist() -> None:
    """A document may point to the test that shows what it says."""
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = {name for document in DOCUMENTS for name in re.findall(r"`(test_\w+)`", _text(document))}
    assert named
    assert [name for name in sorted(named) if f"def {name}(" not in sources] == []


def test_the_architecture_names_every_room_on_its_floor() -> None:
    text = _text("host_tools/docs/architecture.md")
    told = {
        int(floor): set(re.findall(r"`(\w+)`", rooms))
        for floor, rooms in re.findall(r"^\| (\d+) \| (.*?) \|", text, re.M)
    }
    here = rooms_of_package() - {"__main__"}
    assert told == {number: set(rooms) & here for number, rooms in enumerate(FLOORS, 1) if rooms & here}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_targets_of_make_exist(document: str) -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert phony is not None
    asked = {target for code in _code(document) for target in re.findall(r"^make ([a-z][\w-]*)", code)}
    assert asked <= set(phony[1].split())


@cache
def _parsers() -> dict[str, argparse.ArgumentParser]:
    """Of each command, and of each of those below it as "command subcommand"."""
    found: dict[str, argparse.ArgumentParser] = {}
    top = argparse.ArgumentParser()
    subparsers = top.add_subparsers()
    for command in COMMANDS:
        import_module(f"stillscan.commands.{command}").add_parser(subparsers)
    waiting = dict(subparsers.choices)
    while waiting:
        found |= waiting
        waiting = {
            f"{command} {name}": below
            for command, parser in waiting.items()
            for action in parser._actions
            if isinstance(action, argparse._SubParsersAction)
            for name, below in action.choices.items()
        }
    return found


def _wrong(words: list[str]) -> str | None:
    """What is wrong with the words behind ``stillscan``; None when there are such a command and such options."""
    parsers = _parsers()
    commands = words[0].split("|")
    if unknown := [name for name in commands if name not in parsers]:
        return f"no command {unknown[0]}"
    options = set(parsers[commands[0]]._option_string_actions)
    above = commands[0]
    for word in words[1:]:
        below = {name for name in parsers if re.fullmatch(rf"{above} [^ ]+", name)}
        if not below or not re.fullmatch(r"[a-z|]+", word):
            break
        names = {f"{above} {name}" for name in word.split("|")}
        if names - below:
            return f"no command {sorted(names - below)[0]}"
        options |= {option for name in names for option in parsers[name]._option_string_actions}
        above = min(names)
    missing = [option for word in words for option in re.findall(r"^\[?(--[a-z][\w-]*)", word) if option not in options]
    return f"{commands[0]} has no {missing[0]}" if missing else None


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_and_their_options_exist(document: str) -> None:
    wrong = []
    for code in _code(document):
        match = re.match(r"(?:\.venv/bin/)?stillscan ([a-z][a-z|]*(?:\s.*)?)$", code.split("#")[0].strip())
        if match and (why := _wrong(match[1].split())):
            wrong.append(f"{code}: {why}")
    assert wrong == []


def test_the_test_sees_what_is_wrong() -> None:
    assert _wrong(["run", "--port", "sim"]) is None
    assert _wrong(["audit", "verify|show"]) is None
    assert _wrong(["nothing"]) == "no command nothing"
    assert _wrong(["audit", "mend"]) == "no command audit mend"
    assert _wrong(["fleet", "release", "sign", "FOLDER", "--key", "x"]) is None
    assert _wrong(["fleet", "release", "forge"]) == "no command fleet release forge"
    assert _wrong(["read", "x.png", "--louder"]) == "read has no --louder"
    assert _is_path("kiosk/wire.py")
    assert not _is_path("/face")


def _is_there(dotted: str) -> bool:
    """A module of the package, or a name in one."""
    module, _, name = dotted.rpartition(".")
    try:
        return hasattr(import_module(module), name) or import_module(dotted) is not None
    except ImportError:
        return False


@pytest.mark.parametrize("document", DOCUMENTS)
def test_names_of_the_package_exist(document: str) -> None:
    """`stillscan.room.name` in a sentence, `from stillscan.room import name` in a program."""
    named = set(re.findall(r"`(stillscan(?:\.\w+)+)[`(]", _text(document)))
    for module, names in re.findall(r"from (stillscan[\w.]*) import ([\w, ]+)", _text(document)):
        named |= {f"{module}.{name.strip()}" for name in names.split(",")}
    assert [name for name in sorted(named) if not _is_there(name)] == []
