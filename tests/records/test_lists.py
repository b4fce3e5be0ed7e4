"""`--json` of each command that lists records: a line of JSON for each thing, and nothing where there is nothing."""

import argparse
import importlib
import io
import json
import sys

import pytest

from stillscan.cli import COMMANDS, main

pytestmark = pytest.mark.slow

LISTS = {
    ("audit", "show"): 5,
    ("consignment", "list"): 2,
    ("keys", "list"): 3,  # a key, and two secrets
    ("pair", "list"): 2,
    ("service", "list"): 20,  # procedures, of which the package has them all
    ("staff", "list"): 2,
    ("token", "list"): 2,
}


def _lists(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Commands below this one that are called list or show several, and print JSON."""
    found = {words} if words and words[-1] == "list" else set()
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                found |= _lists(below, (*words, name))
    return found


def test_every_list_is_walked() -> None:
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers()
    for name in COMMANDS:
        importlib.import_module(f"stillscan.commands.{name}").add_parser(subparsers)
    assert _lists(parser) == {words for words in LISTS if words[-1] == "list"}


def test_each_prints_a_line_for_each(
    letters: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--database", f"{tmp_path}/x.db", "--kiosk", "kiosk-1"]

    def done(*words: str) -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO("4711-blue\n"))
        assert main([*words, *at]) == 0
        return capsys.readouterr().out

    done("staff", "add", "anna", "--role", "clerk")
    for words in (("token", "list"), ("pair", "list"), ("consignment", "list")):
        assert done(*words, "--json") == ""
    done("consignment", "import", letters)
    done("staff", "add", "sol", "--role", "supervisor")
    for name in ("erp", "crm"):
        done("token", "add", name, "--scope", "audit")
    for number in range(2):
        done("pair", "--simulated", f"{tmp_path}/scanner-{number}")
    for words, least in LISTS.items():
        if words[0] == "service":  # asks no records
            assert main([*words, "--json"]) == 0
            lines = capsys.readouterr().out.splitlines()
        else:
            lines = done(*words, "--json").splitlines()
        assert len(lines) >= least, words
        assert all(isinstance(json.loads(line), dict) for line in lines), words
