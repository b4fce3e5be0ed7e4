"""What takes a folder is told at once, in every command, that something else is there, and what takes a file that a
folder is: nothing is done first."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pytest

from stillscan.cli import main
from stillscan.commands.parser import _EACH_BY_ITSELF, _FOLDERS, _is_file
from stillscan.testing.scenario import find_scenario

from .test_unused_options import parsers

TAKEN = [
    (parser.prog.split()[1:], option)
    for parser in parsers()
    for option in parser._actions
    if option.metavar in _FOLDERS
]


def before(parser: argparse.ArgumentParser, option: argparse.Action) -> list[str]:
    """The command, and what has to be named before this argument."""
    named = [] if option.option_strings else parser._actions[: parser._actions.index(option)]
    words = [str(next(iter(one.choices or "x"))) for one in named if not one.option_strings]
    return [*parser.prog.split()[1:], *words, *option.option_strings[-1:]]


FILES = [
    (before(parser, option), option)
    for parser in parsers()
    for option in parser._actions
    if _is_file(option) and option.metavar != _EACH_BY_ITSELF
]


def test_there_are_such() -> None:
    assert len(TAKEN) >= 50
    assert len(FILES) >= 150
    assert {option.dest for _, option in FILES} >= {"kiosk_log", "database", "vcd", "plot", "map", "key", "file", "log"}
    assert {option.dest for _, option in TAKEN} >= {"keys", "folder", "record", "firmware", "repository", "recordings"}


@pytest.mark.parametrize(
    ("command", "option"), TAKEN, ids=[f"{'-'.join(command)}-{option.dest}" for command, option in TAKEN]
)
def test_another_thing_where_a_folder_belongs(
    command: list[str], option: argparse.Action, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_text("kept")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    before = sorted(tmp_path.rglob("*"))
    for name in (*map(str, before), str(tmp_path / "file" / "below"), "/dev/null"):
        assert main([*command, *option.option_strings[-1:], name]) == 2
        told = capsys.readouterr().err
        assert told == f"stillscan: {name}: cannot be used as a folder: a part of this path is a file, not a folder\n"
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.parametrize("words", [words for words, _ in FILES], ids=["-".join((*w, o.dest)) for w, o in FILES])
def test_a_folder_where_a_file_belongs(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    assert main([*words, str(link)]) == 2
    assert capsys.readouterr().err == f"stillscan: {link}: is a folder, not a file\n"
    assert list(tmp_path.iterdir()) == [link]


def test_a_name_that_is_no_file_though_a_folder_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("read", "slip"):
        (tmp_path / name).mkdir()
    assert main(["bundle", "read", "none.zip"]) == 2
    assert "none.zip: no such file" in capsys.readouterr().err
    assert find_scenario("slip").is_file()
    assert main(["simulate", "--scenario", "."]) == 2
    assert ".: cannot be read: it is a folder, not a file" in capsys.readouterr().err
