"""A version of the firmware as one file: the same from the same sources, and nothing that a board could not take."""

from __future__ import annotations

import contextlib
import random

import pytest

from stillscan.errors import InputError
from stillscan.fleet.rollout.firmware_file import pack, unpack


def test_firmware_is_the_same_file_from_the_same_sources() -> None:
    files = {"main.py": b"import loader\n", "loader.mpy": b"M1", "kiosk/app.mpy": b"M2" * 100}
    packed = pack(files)
    assert packed == pack(dict(reversed(files.items())))
    version = unpack(packed)
    assert {**version.loader, **version.files} == files


@pytest.mark.parametrize(
    "files",
    [
        {"../evil.py": b"x"},
        {"/etc/passwd": b"x"},
        {"a\\b.py": b"x"},
        {"main.py": b"x"},
        {"main.py": b"x", "loader.mpy": b"y", "picture.png": b"z"},
        {"main.py": b"x", "loader.mpy": b"0" * 5_000_000},
    ],
)
def test_files_that_no_board_has_are_refused(files: dict[str, bytes]) -> None:
    with pytest.raises(InputError):
        unpack(pack(files))


def test_any_bytes_are_a_version_or_one_line() -> None:
    whole = pack({"main.py": b"import loader\n", "loader.mpy": b"M1" * 50, "kiosk/app.mpy": b"M2" * 100})
    rng = random.Random(21)
    for _ in range(300):
        content = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        with contextlib.suppress(InputError):
            unpack(bytes(content[: rng.randrange(len(content) + 1)] if rng.random() < 0.3 else content))
