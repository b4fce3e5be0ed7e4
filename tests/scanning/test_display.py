"""What people are told at the end of a check: outcome, reasons, and what to do about the picture."""

import re
from importlib.resources import files

import pytest
from rich.console import Console

from kiosk import wire
from stillscan.commands.display import ConsoleOut, PlainLines, verdict_text
from stillscan.guidance import catalogue, languages
from stillscan.link.messages import State
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
    known = {key.removeprefix("quality.") for key in catalogue(language) if key.startswith("quality.")}
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


def test_what_a_newer_firmware_says_is_shown_by_its_name() -> None:
    assert verdict_text(Result("gave_up", "42"), "en")[1] == "42"
    assert verdict_text(Result("fault", "9: 17"), "en")[1:] == ["9", "17"]


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
