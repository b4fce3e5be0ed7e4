"""A thousand damaged settings files: the kiosk starts with whole numbers in range, and can store again."""

from __future__ import annotations

import json
import random
from pathlib import Path

from ..wire.board import run_on_board

WHOLE = b'{"dwell": 400, "slip": 200, "depth": 4, "lamp": 80, "attempts": 5}'
PIECES = [
    b"[",
    b"]",
    b"{",
    b"}",
    b'"',
    b":",
    b",",
    b"1e9",
    b"-",
    b"null",
    b"true",
    b"\\u00",
    b"4.0",
    b"\xff",
    b"\0",
    b"9" * 30,
]


def damaged(rng: random.Random) -> bytes:
    content = bytearray(WHOLE)
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(content))
        how = rng.randrange(4)
        if how == 0:
            content[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            del content[at:]
        elif how == 2:
            content[at:at] = rng.choice(PIECES)
        else:
            content[at : at + rng.randrange(9)] = rng.choice(PIECES)
        content = content or bytearray(b" ")
    return bytes(content)


def test_damaged_files(tmp_path: Path) -> None:
    rng = random.Random(1)
    contents = [damaged(rng) for _ in range(1000)] + [b"[" * 5000, b'{"a":' * 2000, rng.randbytes(4096), WHOLE * 50]
    (tmp_path / "contents.json").write_text(json.dumps([content.hex() for content in contents]))
    script = str(Path(__file__).parent / "board_settings.py")
    lines = run_on_board(script, str(tmp_path / "contents.json"), str(tmp_path / "settings.json"))
    assert lines == [str(len(contents))]
