"""What went over the cable of a scanner under test, frame by frame, in its own time."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple, Protocol

from kiosk import wire
from stillscan.link.framing import Decoder

_KEPT = 50_000  # pieces: some forty checks; what is older is not what made the test fail
_KINDS = {getattr(wire, name): name for name in wire.FIELDS}
_RANDOM = ("nonce", "proof")  # another in each session, whatever the seed
_TO_DEVICE, _TO_HOST = "to the scanner", "to the computer"


class Frame(NamedTuple):
    """One frame: when it had come, which way it went, its name in PROTOCOL.md, and what it says but for pixels."""

    at_ms: float
    way: str
    name: str
    says: str


class _Cable(Protocol):
    def read(self, timeout_ms: float) -> bytes: ...

    def write(self, data: bytes) -> None: ...

    def now_ms(self) -> float: ...


class Frames:
    """Listens in on a kiosk from now on."""

    def __init__(self, kiosk: _Cable) -> None:
        self._pieces: deque[tuple[float, str, bytes]] = deque(maxlen=_KEPT)
        read, write = kiosk.read, kiosk.write

        def heard(timeout_ms: float) -> bytes:
            data = read(timeout_ms)
            if data:
                self._pieces.append((kiosk.now_ms(), _TO_HOST, bytes(data)))
            return data

        def said(data: bytes) -> None:
            self._pieces.append((kiosk.now_ms(), _TO_DEVICE, bytes(data)))
            write(data)

        for name, method in (("read", heard), ("write", said)):
            setattr(kiosk, name, method)  # of this one object

    def all(self) -> list[Frame]:
        """All that were whole, the oldest first."""
        decoders = {_TO_HOST: Decoder(), _TO_DEVICE: Decoder()}
        return [
            Frame(round(at_ms, 1), way, _KINDS.get(frame.kind, f"type {frame.kind}"), _told(frame.kind, frame.body))
            for at_ms, way, data in self._pieces
            for frame in decoders[way].feed(data)
        ]


def _told(kind: int, body: bytes) -> str:
    try:
        values = wire.unpack(kind, body)
    except (KeyError, ValueError, IndexError):
        return f"{len(body)} bytes"
    names = wire.FIELDS[_KINDS[kind]].split()
    said = zip(names, values, strict=False)
    return ", ".join(f"{name} {'...' if name in _RANDOM else _plain(value)}" for name, value in said)


def _plain(value: object) -> str:
    if not isinstance(value, bytes | bytearray | memoryview):
        return str(value)
    data = bytes(value).rstrip(b"\0")
    text = data.decode("ascii", "replace")
    return text if text.isascii() and text.isprintable() else data.hex()
