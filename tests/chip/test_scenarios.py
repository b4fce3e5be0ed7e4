"""The scenarios that come with the package on the simulator and on the emulated chip: the same, at the same time."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from stillscan.cli import main
from stillscan.testing.scenario import shipped

pytestmark = [pytest.mark.process, pytest.mark.slow]

APART = 0.05
TURN_MS = 7.1  # of the loop at rest: soon after something happened it is more than one part in twenty
ROW = re.compile(r"(?<=row )\d+")
TURN_ROWS = 6  # lines that the firmware takes in a turn while it scans: how late a row may be told
SOME = ["verified", "slip", "bump"]
"""Each takes a minute or more; the others are walked with STILLSCAN_WHOLE."""


def carried_out(capsys: pytest.CaptureFixture[str], name: str, *board: str) -> dict[str, Any]:
    assert main(["simulate", "--scenario", name, "--json", *board]) == 0
    record: dict[str, Any] = json.loads(capsys.readouterr().out)
    return record


def since_laid(record: dict[str, Any]) -> list[tuple[str, float]]:
    """What happened from the moment the document was laid down, and when."""
    events = record["events"]
    laid_ms = next((event["at_ms"] for event in events if event["text"].startswith("lay(")), 0.0)
    return [(event["text"], event["at_ms"] - laid_ms) for event in events if event["at_ms"] >= laid_ms]


@pytest.mark.parametrize("name", shipped() if os.environ.get("STILLSCAN_WHOLE") == "1" else SOME)
def test_simulator_and_chip_do_the_same_at_the_same_time(
    capsys: pytest.CaptureFixture[str], uf2: Path, name: str
) -> None:
    chip = carried_out(capsys, name, "--board", "rpi_pico", "--uf2", str(uf2))
    here = carried_out(capsys, name)
    for key in ("outcome", "reason", "attempts", "aborts"):
        assert here[key] == chip[key], key
    ours, theirs = since_laid(here), since_laid(chip)
    assert [ROW.sub("", text) for text, _ in ours] == [ROW.sub("", text) for text, _ in theirs]
    for (text, our_ms), (their_text, their_ms) in zip(ours, theirs, strict=True):
        assert our_ms == pytest.approx(their_ms, rel=APART, abs=TURN_MS), text
        assert rows(text) == pytest.approx(rows(their_text), abs=TURN_ROWS), text


def rows(text: str) -> list[int]:
    return [int(number) for number in ROW.findall(text)]
