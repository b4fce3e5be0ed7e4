"""What strangers chose - a file's name, a device's words - comes to people as one printable line of bounded length."""

import argparse
import contextlib
import logging
import os
from pathlib import Path

import pytest
from PIL import Image

from kiosk import wire
from stillscan import log
from stillscan.cli import _parsed, main
from stillscan.commands import run
from stillscan.commands.parser import actions_of
from stillscan.errors import InputError, one_line
from stillscan.link.messages import Hello, parse
from stillscan.records.database import Database

from .test_unused_options import parsers

STRANGE = "a\x1b[31m\a\tb\nc\u202ed\udcff\x9b"


@pytest.mark.parametrize(
    "arguments",
    [
        ["simulate", "--document", STRANGE],
        ["simulate", "--document", "x.png", "--seed", STRANGE],
        ["simulate", "--document", "x" * 5000],
        ["simulate", "--document", "x.png", "--today", "9" * 5000],
        ["read", STRANGE],
        ["boards", "show", STRANGE],
        ["run", "--port", "x", "--config", STRANGE],
    ],
)
def test_a_strange_value(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(arguments)
    except SystemExit as leaving:  # of argparse
        code = leaving.code if isinstance(leaving.code, int) else 0
    told = capsys.readouterr().err
    assert code == 2
    assert told.endswith("\n")
    assert told[:-1].isprintable()
    assert len(told) < 800


def test_the_name_of_a_picture_that_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "a\x1b[31m\nb.png"
    Image.new("L", (400, 300), 255).save(picture)
    assert main(["read", str(picture)]) == 1
    assert capsys.readouterr().out.startswith(r"a\x1b[31m\nb.png: not read: ")


def test_letters_of_people_stay_as_they_are() -> None:
    assert one_line("Ærlig Østenbyen, 北京, 25\u00a0kr") == "Ærlig Østenbyen, 北京, 25\u00a0kr"


def test_what_a_device_calls_itself() -> None:
    body = wire.pack(
        wire.M_HELLO, 1, 0, 0, 1, 0, b"\x1b[2J\nboard\x07", 7, 1476, 274, 84667, 2950, 2048, 1, 15, b"", b"", 0
    )
    hello = parse(wire.M_HELLO, body)
    assert isinstance(hello, Hello)
    assert hello.board_name == r"\x1b[2J\nboard\x07"


def test_a_line_of_the_log_is_a_line(tmp_path: Path) -> None:
    place = tmp_path / "log"
    log.start(str(place), 0)
    try:
        logging.getLogger("stillscan.test").warning("port %s", "a\n2099-01-01T00:00:00.000Z ERROR forged")
    finally:
        log.stop()
    assert place.read_text(encoding="utf-8").count("\n") == 1


@pytest.mark.parametrize("option", ["document", "motion", "seed", "dirt", "fault", "today", "log", "recipient"])
def test_two_hyphens_are_a_value_like_any_other(
    option: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """argparse makes an empty list of them, which no command expects."""
    monkeypatch.chdir(tmp_path)
    with contextlib.suppress(SystemExit):
        main(["simulate", "--document", "missing.png", f"--{option}=--"])
    assert "internal error" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["device", "--link="],
        ["device", "--control="],
        ["device", "--document="],
        ["run", "--port", "x", "--once", "--known="],
        ["run", "--port", "sim", "--once", "--save-strip="],
        ["simulate", "--document", "x.png", "--log="],
    ],
)
def test_an_empty_name_of_a_file_is_not_the_default(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "is empty; leave it out" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["replay", ""], "FILE"),
        (["bundle", ""], "OUT.zip|read"),
        (["release", "verify", ""], "FILE|FOLDER"),
        (["rules", "decide", ""], "CASES.jsonl"),
        (["read", ""], "IMAGE"),
        (["fleet", "heads", "", "--state", "x"], "KIOSK"),
        (["fleet", "heads", "a", "--state="], "--state"),
        (["audit", "verify", "--witness="], "--witness"),
        (["run", "--port="], "--port"),
        (["run", "--port", "sim", "--office="], "--office"),
    ],
)
def test_an_empty_value_is_bad_input_everywhere(
    arguments: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert f"stillscan: {name}: is empty" in capsys.readouterr().err


@pytest.mark.process
@pytest.mark.parametrize("option", ["--link=/", "--link=a\0b", "--control=a\0b", "--control=/"])
def test_places_that_a_simulated_scanner_cannot_have(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["device", option]) == 2
    assert "internal error" not in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--config", "--known"])
def test_a_file_without_an_end_does_not_fill_the_memory(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--port", "/nonexistent/port", option, "/dev/zero"]) == 2
    assert capsys.readouterr().err == "stillscan: /dev/zero: is longer than 1 MB\n"


@pytest.mark.parametrize(
    "words", [["--log", "LOG", "verify"], ["verify", "--log", "LOG"], ["--log", "LOG", "verify", "-v"]]
)
def test_the_log_is_named_before_an_action_or_at_the_end(words: list[str], tmp_path: Path) -> None:
    given = [word.replace("LOG", str(tmp_path / "log")) for word in words]
    assert main(["audit", *given, "--database", str(tmp_path / "none.db")]) == 2
    assert "there is no such database" in (tmp_path / "log").read_text(encoding="utf-8")


@pytest.mark.slow
def test_every_action_takes_at_its_end_what_its_command_takes_for_it() -> None:
    for parser in parsers():
        options = {option: one for one in parser._actions for option in one.option_strings}
        assert {"--log", "-v"} <= options.keys(), parser.prog
        for action in actions_of(parser).values():
            both = [one for one in action._actions if one.option_strings and one.option_strings[0] in options]
            assert all(one.default == argparse.SUPPRESS for one in both), action.prog


def test_an_option_before_an_action_is_not_forgotten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = str(tmp_path / "mistyped.db")
    for words in (["--database", there, "list"], ["list", "--database", there]):
        assert main(["pair", *words]) == 2
        assert "mistyped.db: there is no such database" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--kiosk", "../x", "--database", "r.db"], "--database, --kiosk"),
        (["--page", "9000", "--open", "--office", "x"], "--page, --open, --office"),
        (["--quiet-hours", "01:00-02:00", "--releases", "x"], "--releases, --quiet-hours"),
        (["--config", "kiosk.toml"], "--page, --office"),
    ],
)
def test_what_can_do_nothing_without_the_page_is_told(
    words: list[str], named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kiosk.toml").write_text('office = "0001 Oslo"\npage = 9000\n')
    run._tell_unused(_parsed(["run", "--port", "sim", "--once", *words]))
    assert capsys.readouterr().err == f"stillscan: {named}: nothing without the clerk's page\n"


def test_what_is_wrong_with_an_option_is_told_where_it_does_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--port", "sim", "--once", "--known", "none.toml"]) == 2
    assert "no such file" in capsys.readouterr().err


def test_tables_within_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deep = tmp_path / "deep.toml"
    deep.write_text("a = " + "[" * 100_000)
    assert main(["run", "--port", "x", "--config", str(deep)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_log_into_a_pipe_that_nobody_reads(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is a pipe"):
        log.start(str(tmp_path / "pipe"), 0)


@pytest.mark.parametrize(
    "options",
    [
        ["audit", "export", "--database", "r.db", "--out", "$file"],
        ["run", "--port", "sim", "--once", "--save-strip", "$file"],
        ["run", "--port", "sim", "--once", "--record-link", "$file"],
        ["run", "--port", "x", "--office", "Sentrum", "--log", "$file"],
        ["boards", "draw", "rpi_pico", "$file"],
    ],
    ids=lambda options: options[-2],
)
@pytest.mark.parametrize(
    "content", [b"SQLite format 3\0" + bytes(84), b"-----BEGIN PRIVATE KEY-----\nx"], ids=["database", "key"]
)
def test_a_database_or_a_key_is_written_over_by_no_slip(
    options: list[str],
    content: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Database("r.db").close()
    kept = tmp_path / "kept.svg"
    kept.write_bytes(content)
    assert main([option.replace("$file", "kept.svg") for option in options]) == 2
    assert "it is not overwritten" in capsys.readouterr().err
    assert kept.read_bytes() == content
