"""A scanner on a transport that answers questions with whatever a test has put into it."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from kiosk import wire
from stillscan.boards.release import firmware_version
from stillscan.boards.settings import known
from stillscan.link.framing import Decoder, encode

_MINOR = 1
"""Of protocol 1.1: it answers no question that came later."""
SOUND_HEALTH = {
    "uptime_ms": 3_600_000, "heap_free": 100_400, "heap_free_min": 100_400, "sweeps": 300, "lines": 60_000,
    "aborts": 20, "faults": 0, "frames_in": 900, "bad_crc": 0, "bad_frame": 0, "oversized": 0, "unknown": 0,
    "short_writes": 0, "credit_waits": 0, "streams": 0, "boot_id": 7,
}  # fmt: skip


@dataclass
class Device:
    """See Transport. ``rising`` is added to the counters from one HEALTH to the next."""

    board: bytes = b"rpi_pico2"
    firmware: tuple[int, int, int] = field(default_factory=firmware_version)
    scanner: bytes = bytes(8)
    build: bytes = b"0123456789abcdef"
    failed: bytes = b""
    why: int = 0
    health: dict[str, int] = field(default_factory=lambda: dict(SOUND_HEALTH))
    rising: dict[str, int] = field(default_factory=dict)
    settings: dict[int, int] = field(default_factory=dict)
    names: dict[int, bytes] = field(default_factory=dict)
    units: dict[int, bytes] = field(default_factory=dict)
    log: list[tuple[int, int, int, int]] = field(default_factory=list)
    silent: bool = False
    lose: int = 0
    """Frames that are left out once the run has begun."""

    def __post_init__(self) -> None:
        self.name, self.pseudo = "device", False
        self._now, self._sequence, self._asked = 0.0, 0, 0
        self._in, self._out = Decoder(), bytearray()

    def now_ms(self) -> float:
        return self._now

    def read(self, timeout_ms: float) -> bytes:
        if not self._out:
            self._now += max(timeout_ms, 1.0)
        out = bytes(self._out)
        self._out.clear()
        return out

    def write(self, data: bytes) -> None:
        for frame in self._in.feed(data):
            if not self.silent:
                self._answer(frame.kind, frame.body)

    def close(self) -> None:
        """It can be opened again."""

    def _say(self, kind: int, *values: object, more: bytes = b"") -> None:
        self._out += encode(kind, self._sequence, wire.pack(kind, *values) + more)
        self._sequence = (self._sequence + 1) & 0xFFFF

    def _answer(self, kind: int, body: bytes) -> None:
        if kind == wire.C_HELLO:
            self._say(
                wire.M_HELLO, wire.MAJOR, _MINOR, *self.firmware, self.board, 7, 1476, 274, 84667, 2950, 2048, 1,
                15, bytes(16), self.scanner, 0,
            )  # fmt: skip
        elif kind == wire.C_HEALTH:
            self._say(wire.M_HEALTH, *self.health.values())
            self.health = {name: value + self.rising.get(name, 0) for name, value in self.health.items()}
            self._sequence += self.lose
        elif kind == wire.C_INSTALLED:
            self._say(wire.M_INSTALLED, 0, 0, self.build, self.failed, self.why)
        elif kind == wire.C_LOG:
            entries = b"".join(struct.pack(wire.LOG_ENTRY, *entry) for entry in self.log)
            self._say(wire.M_LOG, len(self.log), more=entries)
        elif kind == wire.C_SETTING_GET:
            for number, row in enumerate(known().rows.values()):
                value = self.settings.get(number, row.default)
                name = self.names.get(number, row.name.encode())
                unit = self.units.get(number, row.unit.encode())
                self._say(wire.M_SETTING, number, value, row.default, row.low, row.high, name, unit)
