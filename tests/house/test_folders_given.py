"""What takes a folder is told at once, in every command, that something else is there: nothing is done first."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pytest

from stillscan.cli import main
from stillscan.commands.parser import _FOLDERS

from .test_unused_options import parsers

TAKEN = [
    (parser.prog.split()[1:], option)
    for parser in parsers()
    for option in parser._actions
    if option.metavar in _FOLDERS
]


def test_there_are_such() -> None:
    assert len(TAKEN) >= 50
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
