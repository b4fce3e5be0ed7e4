"""The emulated chip: with a program of two instructions, or, where STILLSCAN_UF2 names it, official MicroPython."""

import os
import struct
from pathlib import Path

import pytest

from stillscan.commands.world import SAMPLE, scene
from stillscan.simulator.chip.emulator import Emulator
from stillscan.simulator.scene import Scene

ASLEEP = struct.pack("<HH", 0xBF20, 0xE7FD)  # wfe, and back to it


def uf2_of(program: bytes, number: int = 0, blocks: int = 1, family: int = 0xE48BFF56) -> bytes:
    """An image of one block for the beginning of the flash chip, or block ``number`` of so many."""
    at = 0x10000000 + 256 * number
    head = struct.pack("<8I", 0x0A324655, 0x9E5D5157, 0x2000, at, 256, number, blocks, family)
    return head + program.ljust(476, b"\0") + struct.pack("<I", 0x0AB16F30)


@pytest.fixture
def asleep(tmp_path: Path) -> Emulator:
    """A chip whose core sleeps for ever: its parts are driven by their registers from the test."""
    path = tmp_path / "asleep.uf2"
    path.write_bytes(uf2_of(ASLEEP))
    return Emulator(path, bytes(4096), 2048)


@pytest.fixture
def world() -> Scene:
    return scene(SAMPLE, None, "still", "clean", 1, 10.0)


@pytest.fixture(scope="session")
def uf2() -> Path:
    """The image. A test that asks for it is skipped, with the reason, where none is named."""
    named = os.environ.get("STILLSCAN_UF2")
    if not named:
        pytest.skip("STILLSCAN_UF2 names no official MicroPython image (UF2) for the Raspberry Pi Pico")
    return Path(named)
