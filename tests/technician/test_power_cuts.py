"""Power fails after every single write to the flash of an update, and in the middle of each: a whole version starts.

The writes are those of ``stillscan flash`` and of the loader on littlefs, noted by MicroPython's block device. Each cut
is then started by MicroPython with the loader itself, and every file of the version that it chooses is checked.
"""

from __future__ import annotations

import os
import struct
import subprocess
from itertools import groupby
from pathlib import Path

import pytest

from stillscan.boards.build import compiled
from stillscan.boards.image import littlefs
from stillscan.boards.versions import Version
from stillscan.cli import main
from stillscan.simulator.micropython import micropython

from .fake_board import HERE, FakeBoard, checkout

pytestmark = pytest.mark.process


class Update:
    """A board with one version, updated to another: what was written, and how it ended."""

    def __init__(self, sources: Path, folder: Path, mode: str) -> None:
        self.folder = folder
        folder.mkdir()
        self.log = folder / "log"
        self.image = folder / "image"
        self.old = Version.of(compiled("fake"))
        self.image.write_bytes(littlefs(self.old.alone(), 1408))
        self.before = self.image.read_bytes()
        checkout(sources, mode)
        (sources / "firmware" / "kiosk" / "version.py").write_text('"""Version."""\n\nVERSION = (0, 7, 0)\n')
        self.new = Version.of(compiled("fake"))
        with FakeBoard(folder, self.image) as board:
            board.hold_service()
            self.code = main(["flash", "--unsigned", "--port", board.port])

    def image_after(self, share: float) -> bytes:
        """The flash when power failed after this share of all writes."""
        log, flash = self.log.read_bytes(), bytearray(self.before)
        at = 0
        while at < share * len(log):
            block, offset = struct.unpack_from("<HH", log, at)
            erased = offset == 0xFFFF
            data = b"\xff" * 4096 if erased else log[at + 4 : at + 260]
            place = block * 4096 + (0 if erased else offset)
            flash[place : place + len(data)] = data
            at += 4 if erased else 260
        return bytes(flash)

    def cuts(self) -> list[list[str]]:
        """For every cut: the folder that starts, "1" on trial, and its build when every file of it is whole."""
        (self.folder / "before").write_bytes(self.before)
        done = subprocess.run(
            [micropython(), "-X", "heapsize=16m", *map(str, (HERE / "board_cuts.py", self.folder / "before")),
             str(self.log)],
            env={**os.environ, "MICROPYPATH": ""},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-500:] + done.stderr[-2000:]
        return [line.split() for line in done.stdout.splitlines()]


def test_an_update(sources: Path, tmp_path: Path) -> None:
    update = Update(sources, tmp_path / "board", "works")
    assert update.code == 0
    cuts = update.cuts()
    old, trial, new = ["a", "0", update.old.build], ["b", "1", update.new.build], ["b", "0", update.new.build]
    assert [kind for kind, _ in groupby(cuts)] == [old, trial, new], "never anything else, and never back"
    assert cuts.count(old) > 100, "most of the update happens beside the version that runs"

    assert update.image_after(1.0) == update.image.read_bytes(), "no write has escaped the log"
    for share in (0.2, 0.5, 0.8):
        folder = tmp_path / f"cut {share}"
        folder.mkdir()
        (folder / "image").write_bytes(update.image_after(share))
        with FakeBoard(folder, folder / "image") as board:
            board.hold_service()
            assert main(["flash", "--unsigned", "--port", board.port]) == 0, "what was cut off is done again"


def test_an_update_to_a_version_that_is_left(sources: Path, tmp_path: Path) -> None:
    update = Update(sources, tmp_path / "board", "raises")
    assert update.code == 1
    cuts = update.cuts()
    old, trial = ["a", "0", update.old.build], ["b", "1", update.new.build]
    assert [kind for kind, _ in groupby(cuts)] == [old, trial, old]
