"""A board that answers like MicroPython on a serial port, and a checkout for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .fake_board import FakeBoard, checkout, use


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
