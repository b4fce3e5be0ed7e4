"""An option that can do nothing where it stands is refused, or told of: in every command, and before every action."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from importlib import import_module

import pytest

from stillscan.cli import COMMANDS, _parsed, main
from stillscan.commands import run
from stillscan.commands.parser import _READ, _WRITTEN, Parser, actions_of, add_log, keep_what_came_before
from stillscan.commands.world import SAMPLE, UF2_ALONE


def parsers() -> Iterator[argparse.ArgumentParser]:
    """Every command, and every action of one."""
    commands = Parser(prog="stillscan")
    subparsers = commands.add_subparsers()
    for name in COMMANDS:
        import_module(f"stillscan.commands.{name}").add_parser(subparsers)
        add_log(subparsers.choices[name])
        keep_what_came_before(subparsers.choices[name])

    def of(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
        yield parser
        for action in actions_of(parser).values():
            yield from of(action)

    for parser in subparsers.choices.values():
        yield from of(parser)


def given(option: argparse.Action) -> list[str]:
    """The option with a value that it takes."""
    if option.nargs == 0:
        return [option.option_strings[-1]]
    if option.choices is not None:
        return [option.option_strings[-1], str(list(option.choices)[-1])]
    return [option.option_strings[-1], "7" if option.type is not None else "x"]


BEFORE = [
    (parser.prog.split()[1:], option, name)
    for parser in parsers()
    for name, action in actions_of(parser).items()
    for option in parser._actions
    if option.option_strings and option.dest not in {one.dest for one in action._actions}
]
SIMULATED = [
    (parser.prog.split()[1:], option)
    for parser in parsers()
    for group in parser._action_groups
    if group.title == "only with --port sim"
    for option in group._group_actions
]


def test_there_are_such() -> None:
    assert len(BEFORE) >= 9
    assert {option.dest for _, option in SIMULATED} >= {"seed", "fault", "dirt", "motion", "document", "save_strip"}


@pytest.mark.parametrize(("command", "option", "action"), BEFORE)
def test_before_an_action_that_does_not_have_it(
    command: list[str], option: argparse.Action, action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, *given(option), action, "x"])
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert f": {option.option_strings[0]} does nothing before {action}; try " in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(("command", "option"), SIMULATED)
@pytest.mark.parametrize("port", [["--port", "/dev/none"], []])
def test_of_a_simulated_scanner_with_another_port(
    command: list[str], option: argparse.Action, port: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    more = {"check": ["--tracking", "RR123456785NO"], "bundle": ["x.zip"], "settings": []}.get(command[-1], [])
    procedure = ["cleaning"] if command == ["service", "run"] else []
    if command == ["check"] and not port:
        return  # --port has to be given
    assert main([*command, *procedure, *more, *port, *given(option)]) == 2
    assert capsys.readouterr().err == f"stillscan: {option.option_strings[0]} goes with --port sim\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--reconnect", "5"], "--reconnect: nothing without --once\n"),
        (["--reconnect", "5", "--no-page"], "--reconnect: nothing without --once\n"),
        (["--record-keep", "5"], "--record-keep: nothing without --record\n"),
        (["--quiet-hours", "01:00-02:00"], "--quiet-hours: nothing without --releases\n"),
        (["--reconnect", "5", "--once"], ""),
        (["--record-keep", "5", "--record", "x"], ""),
    ],
)
def test_of_a_kiosk(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    run._tell_unused(_parsed(["run", "--port", "sim", *words]))
    assert capsys.readouterr().err == (f"stillscan: {told}" if told else "")


def test_what_names_a_file_is_known_to_what_refuses_to_overwrite_it() -> None:
    """But for databases, which every writer refuses by their content."""
    files = {
        option.dest
        for parser in parsers()
        for option in parser._actions
        if re.search(r"\b(KEY)?FILE\b(?!\|URL)", str(option.metavar))
    }
    assert {"authority", "log", "vcd"} <= files
    assert files - {*_READ, *_WRITTEN} == set()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["simulate", "--scenario", "slip", "--uf2", "x"], UF2_ALONE),
        (["simulate", "--document", str(SAMPLE), "--uf2", "x"], UF2_ALONE),
        (["device", "--uf2", "x"], UF2_ALONE),
        (["replay", "x", "--as-test", "--plot", "x.png"], "--plot: nothing with --as-test"),
        (["device", "--bare"], "--bare goes with --board and a chip that is emulated"),
        *(
            (["device", "--board", "rpi_pico", "--link", "x", *words], "--board rpi_pico: with --link; without")
            for words in (["--pairing", "x"], ["--document", "x"], ["--hands", "nobody"], ["--motion", "slips"])
        ),
    ],
)
def test_of_what_is_not_done(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err.startswith(f"stillscan: {told}")
