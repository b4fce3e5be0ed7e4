"""Recordings into which something was put that nobody may learn."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Protocol

from stillscan.recordings.file import VISIT, whole
from stillscan.recordings.rows import Row


class Canaries(Protocol):
    """Names, numbers, lines and keys."""

    def any(self) -> str: ...

    def ascii(self, length: int = 12) -> str: ...

    def number(self, digits: int = 11) -> str: ...

    def line(self) -> str: ...

    def secret(self) -> str: ...


def planted_recordings(canaries: Canaries, folder: Path) -> Path:
    """A folder of recordings: one that is sound, and some with something in every place, their sums right."""
    place = folder / canaries.ascii()
    place.mkdir()
    sound: list[tuple[float, Row]] = [
        (0.0, ["<state", 2, 0, 0, 0, 0, 1000]),
        (1.0, ["<band", 1, 0, 48, 1, 8, 1_030_000, 0, 0, 105, 1, 1476, 227]),
        (2.0, ["light", 1, 139, 227, 29, 2.1, 7.7, 0.17, 0.42]),
        (3.0, ["result", "verified", "ok", "TD3", 1, [], [], 480.0, 12.0]),
    ]
    planted: list[Row] = [
        *([name, canaries.any()] for name in ("<state", "<hello", "<history", "light", "lost", "not_read", "note")),
        ["<hello", 1, 2, 0, 1, 0, canaries.ascii(), 7, 1476, 274, 84667, 2950, 2048, 1, 15],
        ["<installed", 1, 0, canaries.ascii(), canaries.secret(), 0],
        ["result", canaries.ascii(), canaries.ascii(), canaries.ascii(), 1, [canaries.any()], [canaries.any()], 1, 1],
        ["<setting", 3, int(canaries.number(9))],
        ["light", 1, 139, int(canaries.number(9)), 29, 2.1],
        ["<band", 1, 0, int(canaries.number(9)), 1, 8, 1, 0, 0, 105, 1, 1476, 227],
        ["<state", 2, 0, 0, 0, 0, 1000, int(canaries.number())],
        ["<line", 0, 20, 2, 100, 0, 4, base64.b64encode(canaries.ascii().encode()).decode()],
        [canaries.any()],
    ]
    for number in range(1, 4):
        (place / f"visit-{number:06}.recording").write_bytes(whole(VISIT, sound))
    for number, row in enumerate(planted, 10):
        (place / f"visit-{number:06}.recording").write_bytes(whole(VISIT, [*sound[:2], (1.5, row), *sound[2:]]))
    head = {"recording": 1, "kind": "visit", "stillscan": canaries.any(), "made": canaries.any(), "by": canaries.any()}
    text = json.dumps(head).encode()
    (place / "visit-000090.recording").write_bytes(b"%08x %s\n" % (zlib.crc32(text), text))
    (place / "visit-000091.recording").write_text(canaries.line())
    (place / f"{canaries.ascii()}.recording").write_text(canaries.line())
    return place
