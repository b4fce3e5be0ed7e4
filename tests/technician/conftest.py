"""A board that answers like MicroPython on a serial port, a checkout for it, and a board of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stillscan.boards.new import make_board
from stillscan.technician.bundle import environment

from .fake_board import FakeBoard, checkout, use


@pytest.fixture(autouse=True)
def norway(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever these tests are run, the kiosk is in Norway."""
    monkeypatch.setattr(environment, "_zone_hours", lambda: 1.0)


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the command compiles."""
    root = checkout(tmp_path / "checkout")
    use(monkeypatch, root)
    return root


@pytest.fixture
def board(tmp_path: Path) -> Iterator[FakeBoard]:
    """New, with nothing in its file system."""
    folder = tmp_path / "board"
    folder.mkdir()
    with FakeBoard(folder) as fake:
        yield fake


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A board of one's own, new: simulated on this computer, also where an image of MicroPython is named, which the
    emulated chip would run."""
    monkeypatch.delenv("STILLSCAN_UF2", raising=False)
    monkeypatch.chdir(tmp_path)
    return make_board("mine", "rpi_pico")
