"""What the simulated kiosk shows and sounds, over virtual time: a ring of WS2812 pixels and a piezo sounder."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

PIXEL_US = 30  # 24 bits at 800 kHz
_KEPT = 10_000  # a kiosk may run for days


class Light(NamedTuple):
    """What the ring was told: red, green and blue of its first pixel, 0..255."""

    at_us: int
    rgb: tuple[int, int, int]

    @property
    def colour(self) -> str:
        """The colour's name: dark, green, amber, white or red."""
        red, green, blue = self.rgb
        if not any(self.rgb):
            return "dark"
        if blue:
            return "white"
        return "amber" if red and green else "red" if red else "green"


class Ring:
    """``lights``: every write, the oldest first."""

    def __init__(self) -> None:
        self.lights: deque[Light] = deque([Light(0, (0, 0, 0))], _KEPT)

    def write(self, now_us: int, data: bytes) -> int:
        """Bytes on the data line, three a pixel in the order green, red, blue; returns the us that they take."""
        self.lights.append(Light(now_us, (data[1], data[0], data[2])))
        return len(data) // 3 * PIXEL_US

    @property
    def colour(self) -> str:
        """What it shows now, by name."""
        return self.lights[-1].colour


@dataclass
class Tone:
    """``volume`` is the duty, 65535 for always on; ``until_us`` is None while it sounds."""

    from_us: int
    hz: int
    volume: int
    until_us: int | None = None


class Beeper:
    """``tones``: all that was heard, the oldest first."""

    def __init__(self) -> None:
        self.tones: deque[Tone] = deque(maxlen=_KEPT)

    def drive(self, now_us: int, hz: int, duty: int) -> None:
        """Frequency and duty (0..65535) of the pin from now on."""
        last = self.tones[-1] if self.tones else None
        if last is not None and last.until_us is None:
            if (last.hz, last.volume) == (hz, duty):
                return
            last.until_us = now_us
        if duty:
            self.tones.append(Tone(now_us, hz, duty))

    @property
    def sounds(self) -> bool:
        """Is there a tone now?"""
        return bool(self.tones) and self.tones[-1].until_us is None
