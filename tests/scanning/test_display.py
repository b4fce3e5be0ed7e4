"""What people are told at the end of a check: outcome, reasons, and what to do about the picture."""

import re
from importlib.resources import files

import pytest
from rich.console import Console

from kiosk import wire
from stillscan.commands.display import Both, ConsoleOut, LinkLines, PlainLines, verdict_text
from stillscan.errors import DeviceTrouble
from stillscan.guidance import catalogue, languages, say
from stillscan.link.identity import ScannerIdentity
from stillscan.link.messages import Hello, Message, State
from stillscan.mrz import QualityFinding
from stillscan.scanning.result import Result


def _codes() -> set[str]:
    """Every code that the reader's sources give to a finding."""
    text = "".join(
        entry.read_text(encoding="utf-8") for entry in files("stillscan.mrz").iterdir() if entry.name.endswith(".py")
    )
    return set(re.findall(r'QualityFinding\(\s*"([a-z-]+)"', text))


@pytest.mark.parametrize("language", languages())
def test_every_finding_has_its_sentence(language: str) -> None:
    keys = (key for key in catalogue(language) if key.startswith("quality.") and not key.endswith("_one"))
    known = {key.removeprefix("quality.") for key in keys}
    assert _codes() == known
    for code in sorted(known):
        finding = QualityFinding(code, "", x_mm=43.2, line=2, characters=(5, 9))
        said = verdict_text(Result("gave_up", "mrz_uncertain", quality=(finding,)), language)
        assert len(said) == 3
        assert "{" not in said[2]


def test_the_place_of_a_streak_is_said() -> None:
    result = Result("gave_up", "mrz_uncertain", quality=(QualityFinding("streak", "", x_mm=43.2),))
    assert verdict_text(result, "nb")[2] == "Tørk av glasset: stripe 43 mm fra venstre."


def test_a_picture_is_no_matter_of_advice_when_the_hand_was_the_reason() -> None:
    result = Result("gave_up", "time", quality=(QualityFinding("streak", "", x_mm=43.2),))
    assert len(verdict_text(result, "en")) == 2


def test_what_a_newer_firmware_says_is_a_sentence_with_its_name() -> None:
    assert verdict_text(Result("gave_up", "42"), "en")[1] == say("newer.cause", "en", name="42")
    told = verdict_text(Result("fault", "9: 17"), "en")[1:]
    assert told == [say("newer.part", "en", name="9"), say("newer.fault", "en", name="17")]


def test_a_scanner_that_talks_without_end_fills_no_journal() -> None:
    lines: list[str] = []

    class Out(ConsoleOut):
        def line(self, text: str) -> None:
            lines.append(text)

    plain = PlainLines("en", False, Out(Console()))
    for _ in range(2000):
        plain.message(State(wire.PLACED, 0, 0, 0, 0, 0))
        plain.message(State(wire.EMPTY, 0, 0, 0, 0, 0))
    assert 600 <= len(lines) <= 1200  # the minute may turn meanwhile


ANYONE = ScannerIdentity(None, "rpi_pico", "0.9.0", 7, "00" * 16)


class Shown:
    """A page, as far as it is told of the link."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def connected(self, hello: Hello, identity: ScannerIdentity) -> None:
        self.said.append("connected")

    def trouble(self, text: str, kind: DeviceTrouble) -> None:
        self.said.append(kind)

    def notice(self, text: str, kind: str) -> None:
        self.said.append(kind)

    def not_read(self, reason: str) -> None:
        self.said.append(reason)

    def message(self, message: Message) -> None:
        self.said.append("message")

    def result(self, result: Result) -> None:
        self.said.append(result.outcome)


def test_beside_a_page_the_terminal_tells_when_the_scanner_is_lost_and_when_it_is_back(
    capsys: pytest.CaptureFixture[str],
) -> None:
    hello = Hello(1, 1, 0, 9, 0, b"rpi_pico", 7, 1476, 274, 84667, 2950, 2048, 1, 0)
    page = Shown()
    beside = Both(LinkLines(PlainLines("en", False, ConsoleOut(Console(width=200)))), page)
    beside.connected(hello, ANYONE)
    assert capsys.readouterr().out == "", "what goes well is on the page"
    beside.trouble("/dev/ttyACM0: there is no such port", "missing")
    assert "/dev/ttyACM0: there is no such port" in capsys.readouterr().out
    beside.connected(hello, ANYONE)
    assert "rpi_pico" in capsys.readouterr().out
    beside.not_read("mrz_uncertain")
    assert page.said == ["connected", "missing", "connected", "mrz_uncertain"]
    assert capsys.readouterr().out == ""
