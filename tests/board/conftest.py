"""The suite for a board: with all of a kiosk's parts, or bare; and the checklist of boards/README.md filled in."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk import wire
from stillscan.link.messages import State
from stillscan.testing import Scanner

README = Path(__file__).parents[2] / "boards" / "README.md"
OUT = "STILLSCAN_CHECKLIST"
"""Names the file to fill; without it nothing is written."""
ROW = re.compile(r"^\| (\d+) \|")
BARE = ("flow-nak", "accelerometer-nak", "carriage-no-home")
"""What a controller without a kiosk looks like, where it is simulated."""

Fill = Callable[[int, str, bool], None]
_FOUND = pytest.StashKey[dict[int, list[str]]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_FOUND] = {}


@pytest.fixture
def fill(request: pytest.FixtureRequest) -> Fill:
    """Note a value beside a point of the checklist, and whether it is as it has to be."""
    found = request.config.stash[_FOUND]

    def note(point: int, value: str, good: bool) -> None:
        found.setdefault(point, []).append(f"{value}{'' if good else ' **(not as expected)**'}")

    return note


def state_of(scanner: Scanner) -> State:
    """What it came up with."""
    assert scanner.session.hello is not None
    state = scanner._driver.timeline.state
    assert state is not None
    return state


@pytest.fixture
def whole(scanner: Scanner) -> Scanner:
    """With all of a kiosk's parts."""
    state = state_of(scanner)
    if state.state == wire.FAULT:
        pytest.skip(f"a kiosk's parts are not all there, or do not work: {wire.PARTS[state.part]}")
    return scanner


@pytest.fixture
def bare(scanner: Scanner, request: pytest.FixtureRequest) -> Scanner:
    """Without them."""
    if request.config.getoption("--stillscan-on") in ("sim", "chip"):
        for fault in BARE:
            scanner.world.fault(fault)
    elif state_of(scanner).state != wire.FAULT:
        pytest.skip("this board has a kiosk's parts")
    return scanner


def filled(text: str, found: dict[int, list[str]]) -> str:
    """The checklist's tables with one more column."""
    lines = []
    for line in text[text.index("## Checklist for a real board") :].splitlines():
        row = ROW.match(line)
        if row:
            line += f" {'; '.join(found.get(int(row[1]), []))} |"
        elif line.startswith("| #"):
            line += " found |"
        elif line.startswith("|---"):
            line += "---|"
        lines.append(line)
    return "\n".join(lines) + "\n"


def pytest_sessionfinish(session: pytest.Session) -> None:
    out, found = os.environ.get(OUT), session.config.stash.get(_FOUND, {})
    if out and found:
        Path(out).write_text(filled(README.read_text(encoding="utf-8"), found), encoding="utf-8")
        print(f"\n{out}: {len(found)} points of the checklist have their values")
