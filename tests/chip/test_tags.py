"""Kernels in the chip's own instructions: tags by the published vectors, CRC and COBS byte for byte as on the host."""

from __future__ import annotations

import random
import zlib
from pathlib import Path

import pytest
from bench.chip.measure import installed, still_world

from stillscan.link.chaskey import tag
from stillscan.link.framing import stuff
from stillscan.simulator.chip.kiosk import ChipKiosk

from ..wire.test_chaskey import KEY, MESSAGES, VECTORS

_MOST_MS = 20_000.0  # of the chip's time
_MAIN = """
import micropython, sys
micropython.kbd_intr(-1)
sys.path.insert(0, "a")
import binascii, kernels
from kiosk import framing, proof
key = proof.words(bytes.fromhex({key!r}))
out = bytearray(2100)
for text in {messages!r}:
    message = bytes.fromhex(text)
    n = len(message)
    data = bytearray(n + 24)
    data[:n] = message
    kernels.seal(key, data, n)
    sealed = bytes(data[n : n + 8])
    data[:n] = message
    kernels.crc32_append(data, n, framing.CRC_TABLE)
    crc = bytes(data[n : n + 4])
    stuffed = bytes(out[: kernels.stuff(data, n, out)])
    print("row", binascii.hexlify(sealed), binascii.hexlify(crc), binascii.hexlify(stuffed), sep="|")
print("end")
"""


def messages() -> list[bytes]:
    """Those of the vectors, and some in which zero bytes and long runs without any lie in every place of a word."""
    rng = random.Random(3)
    found = MESSAGES[1:]
    for length in (1, 3, 4, 5, 253, 254, 255, 257, 765):
        found.append(bytes(rng.randrange(1, 256) for _ in range(length)))
        found.append(bytes(rng.choice((0, 1, 255)) for _ in range(length)))
        found.append(bytes(length))
    return found


@pytest.mark.process
def test_the_chips_kernels_come_to_the_same(uf2: Path) -> None:
    rows = messages()
    main = _MAIN.format(key=KEY.hex(), messages=[message.hex() for message in rows]).encode()
    with ChipKiosk(still_world(), uf2, files={**installed("rpi_pico"), "main.py": main}) as kiosk:
        text = b""
        while b"\nend" not in text:
            assert kiosk.now_ms() < _MOST_MS, text[-300:]
            text += kiosk.read(50)
    found = [line.split("|")[1:] for line in text.decode().splitlines() if line.startswith("row|")]
    assert len(found) == len(rows)
    for message, (sealed, crc, stuffed) in zip(rows, found, strict=True):
        assert sealed == printed(tag(KEY, message))
        assert crc == printed(zlib.crc32(message).to_bytes(4, "little"))
        assert stuffed == printed(b"\0" + stuff(message) + b"\0")
    assert [sealed for sealed, _, _ in found[:63]] == [printed(vector) for vector in VECTORS[1:]]


def printed(data: bytes) -> str:
    """As MicroPython prints it."""
    return str(data.hex().encode())
