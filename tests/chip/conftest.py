"""The emulated chip: tests that boot it need an official MicroPython image, named by STILLSCAN_UF2."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def uf2() -> Path:
    """The image. A test that asks for it is skipped, with the reason, where none is named."""
    named = os.environ.get("STILLSCAN_UF2")
    if not named:
        pytest.skip("STILLSCAN_UF2 names no official MicroPython image for the Raspberry Pi Pico (UF2)")
    return Path(named)
