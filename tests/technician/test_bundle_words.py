"""What of a log's words passes into a bundle as it is: codes, options, numbers that our source calls so, and what a
system says; and what the stand-in of an option's value tells."""

from __future__ import annotations

import errno
import itertools
import os
import tomllib
from pathlib import Path

import pytest

from stillscan.cli import main
from stillscan.records.errors import of_file
from stillscan.technician.bundle import templates
from stillscan.technician.bundle.findings import findings
from stillscan.technician.bundle.hidden import Hidden
from stillscan.technician.bundle.kiosk_log import KioskLog
from stillscan.technician.bundle.opened import Bundle, read_bundle
from stillscan.technician.bundle.plain import Plain
from tests.covering import some


@pytest.fixture
def log() -> KioskLog:
    return KioskLog(Plain(Hidden(), frozenset({"known", "lock-minutes"})))


def in_the_log(tmp_path: Path, said: str, configuration: str) -> Bundle:
    log, file, out = tmp_path / "run.log", tmp_path / "kiosk.toml", tmp_path / "out.zip"
    log.write_text(f"2026-11-28T10:00:00.000Z ERROR   stillscan.terminal.trouble: {said}\n", encoding="utf-8")
    file.write_text(configuration, encoding="utf-8")
    assert main(["bundle", str(out), "--kiosk-log", str(log), "--kiosk-config", str(file)]) == 0
    return read_bundle(str(out))


def test_reasons_that_stand_together_are_codes(log: KioskLog) -> None:
    said = "check: refused, document_expired,name_mismatch, 1 sweep, 900 ms after it lay still"
    assert log.message(said) == said
    assert "aase" not in log.message(said.replace("name_mismatch", "aase"))


@pytest.mark.parametrize("said", ["webhook: not taken, try 3: answered 403", "webhook: not taken, try 1: answered 502"])
def test_numbers_that_the_source_calls_so_pass(said: str, log: KioskLog) -> None:
    assert log.message(said) == said
    assert "91051712345" not in log.message("webhook: not taken, try 3: answered 91051712345")


def test_constants_of_our_own_source_stand_in_its_sentences(log: KioskLog) -> None:
    said = "--webhook-secret: /home/aase/hook: 24 bytes or more are needed"
    assert log.message(said).endswith(": 24 bytes or more are needed")


@pytest.mark.parametrize("number", sorted({errno.EACCES, errno.ENOSPC, errno.EROFS, errno.ECONNREFUSED, errno.EIO}))
def test_what_a_system_says_of_a_file_passes(number: int, log: KioskLog) -> None:
    for said in (os.strerror(number), os.strerror(number).lower()):
        assert log.message(f"/home/aase/x.db: cannot be written: {said}").endswith(f"cannot be written: {said}")


@pytest.mark.parametrize(
    ("number", "name"),
    [(errno.EROFS, "database_closed"), (errno.EIO, "database_closed"), (errno.ENOSPC, "disk_full")],
)
def test_what_a_system_says_of_the_records_own_files_is_their_trouble(number: int, name: str, log: KioskLog) -> None:
    said = of_file(Path("/home/aase/records.keys/kiosk.head"), OSError(number, os.strerror(number)))

    def names(by: str, error: object) -> list[str]:
        told = log.message(f"{error}") if by != "counter.counter: records" else log.message(f"records: {error}")
        line = f"2026-11-28T10:00:00.000Z WARNING stillscan.{by.partition(':')[0]}: {told}"
        return [one.name for one in findings(Bundle({}, {"kiosk-log.txt": [line] * 3}, "", ""))]

    assert names("counter.counter: records", said) == [name]
    assert name not in names("terminal.trouble", said), "of any file that a command was given"
    assert names("counter.counter: records", "/home/aase/x: quite another thing") == ["unexplained"]


@pytest.mark.parametrize("text", ["a = 'x", "[a", "a = ", "a 7", "a = [7", 'b = "\\q"', "a = 1\na = 2", "= 7"])
def test_where_a_toml_file_is_wrong_passes(text: str, log: KioskLog) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as raised:
        tomllib.loads(text)
    place = str(raised.value)[str(raised.value).rindex("(at ") :]
    assert log.message(f"/home/aase/known.toml: {raised.value}").endswith(place)
    assert "aase" not in log.message(f"/home/aase/known.toml: {raised.value}")


def test_options_are_names_and_other_words_with_dashes_are_not(log: KioskLog) -> None:
    assert log.message("look at --known or 'lock-minutes'").count("text-") == log.message("look at or").count("text-")
    assert "--aase" not in log.message("look at --aase")


def test_the_file_that_keeps_a_kiosk_from_starting_is_named_by_its_option(tmp_path: Path) -> None:
    file = tmp_path / "aase" / "list.toml"
    said = f"{file}: Illegal character '\\n' (at line 2, column 14)"
    read = in_the_log(tmp_path, said, f'port = "x"\nknown = "{file}"\n')
    ended = next(one for one in findings(read) if one.name == "ended")
    assert "(at line 2, column 14)" in ended.title
    assert "is what --known names" in ended.title
    assert "aase" not in " ".join(read.texts["kiosk-log.txt"])


def of_a_log_at(tmp_path: Path, log: Path) -> list[str]:
    out = tmp_path / "out.zip"
    (tmp_path / "kiosk.toml").write_text(f"log = '{log}'\n")
    assert main(["bundle", str(out), "--kiosk-config", str(tmp_path / "kiosk.toml")]) == 0
    return [one.name for one in findings(read_bundle(str(out)))]


def test_a_log_that_cannot_be_written_where_it_is_named(tmp_path: Path) -> None:
    assert of_a_log_at(tmp_path, tmp_path / "logs" / "run.log")[0] == "log_refused"


def test_a_log_that_is_a_folder_keeps_the_kiosk_from_starting(tmp_path: Path) -> None:
    assert of_a_log_at(tmp_path, tmp_path)[0] == "configuration_refused"


def test_a_log_that_is_still_to_come_is_no_finding(tmp_path: Path) -> None:
    assert "log_refused" not in of_a_log_at(tmp_path, tmp_path / "run.log")


def test_a_value_that_is_no_option_s_is_a_text(tmp_path: Path) -> None:
    read = in_the_log(tmp_path, "/home/aase/x.toml: no such file or folder", 'port = "x"\nknown = "/other/x.toml"\n')
    ended = next(one for one in findings(read) if one.name == "ended")
    assert "/text-" in ended.title
    assert "names)" not in ended.title


@pytest.mark.slow
def test_what_is_filled_into_our_sentences_is_in_none_of_them(log: KioskLog) -> None:
    """What is planted has a vowel: no stand-in is ever drawn with one (hidden.py)."""
    said = some([*templates.templates(), *templates._sentences()], 150)
    assert len(templates._sentences()) > 800
    for number, template in enumerate(said):
        planted = itertools.cycle(
            (f"zaqx{number}vwk", f"91051{number:06d}", f"/home/zaqx{number}vwk", "P<NORZAQXVWK<<ZAQX")
        )
        slots = [next(planted) if kind == "s" else "7" for kind in template.kinds]
        text = "".join(f"{one}{slot}" for one, slot in zip(template.literals, [*slots, ""], strict=True))
        for line in (text, f"/home/zaqx.toml: {text}", f"--zaqxvw 'zaqxvw' zaqxvw,zaqxvw: {text}"):
            shown = log.message(line).lower()
            assert "zaqx" not in shown
            assert f"91051{number:06d}" not in shown
