"""A device that says what a test or a bench wrote down: a Transport without hardware or firmware."""

from __future__ import annotations

from collections.abc import Callable

from kiosk import wire
from stillscan.link.framing import Decoder, Frame, encode
from stillscan.link.transport import LinkLostError

HELLO = (1, 0, 0, 1, 0, b"scripted", 7, 1476, 274, 84667, 2950, 2048, 1, 15, b"", b"", 0)
Answer = Callable[["Scripted", Frame], None]


class Scripted:
    """``answer`` is called with every command; a clock that only waiting moves."""

    def __init__(self, answer: Answer) -> None:
        self.name = "scripted"
        self.pseudo = False
        self.commands: list[Frame] = []
        self.to_host = bytearray()
        self.gone = False
        self.sequence = 0
        self._answer = answer
        self._decoder = Decoder()
        self._now_ms = 0.0

    def say(self, kind: int, *values: object, behind: bytes = b"") -> None:
        """A message of the device; ``behind`` is what a newer minor version appends."""
        self.say_body(kind, wire.pack(kind, *values) + behind)

    def say_body(self, kind: int, body: bytes) -> None:
        """A message of the device whose body is made elsewhere."""
        self.to_host += encode(kind, self.sequence, body)
        self.sequence += 1

    def read(self, timeout_ms: float) -> bytes:
        if self.gone:
            raise LinkLostError("scripted: the scanner went away")
        data = bytes(self.to_host)
        self.to_host.clear()
        if not data:
            self._now_ms += timeout_ms
        return data

    def write(self, data: bytes) -> None:
        if self.gone:
            raise LinkLostError("scripted: the scanner went away")
        for frame in self._decoder.feed(data):
            self.commands.append(frame)
            self._answer(self, frame)

    def now_ms(self) -> float:
        return self._now_ms

    def close(self) -> None:
        self.gone = True


def polite(device: Scripted, frame: Frame) -> None:
    """Says HELLO; nothing else."""
    if frame.kind == wire.C_HELLO:
        device.say(wire.M_HELLO, *HELLO)
