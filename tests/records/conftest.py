"""Fixtures of the tests of records, and the module beside them."""

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import desk

from stillscan.records import importing, release


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = desk.NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of records, at desk.NOW."""
    clock = Clock()
    for module in (importing, release):
        monkeypatch.setattr(module, "utc_now", clock)
    return clock


@pytest.fixture
def place(tmp_path: Path) -> Iterator[desk.Place]:
    """Three letters and a desk."""
    place = desk.Place(tmp_path)
    yield place
    place.database.close()
