"""The golden frames, read from their file."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import NamedTuple

from kiosk import wire

TEXT = ("board", "name", "unit", "build", "failed")
RAW = ("nonce", "scanner", "serial")


class Golden(NamedTuple):
    """``fields`` in the order of the message; ``data`` follows them in the body; ``frame`` with delimiters."""

    name: str
    kind: int
    sequence: int
    fields: dict[str, int | bytes]
    data: bytes
    frame: bytes

    @property
    def body(self) -> bytes:
        """Packed by the shared wire module; a type that it does not know has data only.

        A message of an older minor version has its first fields only.
        """
        if self.kind not in wire.BODIES:
            return self.data
        codes = re.findall(r"\d*[a-zA-Z]", wire.BODIES[self.kind])[: len(self.fields)]
        return struct.pack("<" + "".join(codes), *self.fields.values()) + self.data


def _fields(text: str) -> tuple[dict[str, int | bytes], bytes]:
    fields: dict[str, int | bytes] = {}
    data = b""
    for part in text.split():
        name, _, value = part.partition("=")
        if name == "data":
            data = bytes.fromhex(value)
        else:
            fields[name] = value.encode() if name in TEXT else bytes.fromhex(value) if name in RAW else int(value)
    return fields, data


def _read() -> list[Golden]:
    found = []
    for line in (Path(__file__).parent / "golden_frames.txt").read_text().splitlines():
        if not line.startswith("#"):
            name, kind, sequence, text, frame = (part.strip() for part in line.split(" | "))
            found.append(Golden(name, int(kind, 16), int(sequence), *_fields(text), bytes.fromhex(frame)))
    return found


GOLDEN = _read()
