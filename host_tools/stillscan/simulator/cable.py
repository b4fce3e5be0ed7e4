"""What a bad cable does to the bytes between a scanner and its host; repeated by its seed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

NOISY_SHARE = 0.2  # of the pieces that pass while there is noise: enough that no sweep comes through whole
_MOST_GARBAGE = 256  # bytes a step
_LOGIN = b"login: \r\n"


class Cable:
    """Whole by itself; what breaks it lasts for so many seconds, and the latest counts."""

    def __init__(self, seed: int = 0, now_s: Callable[[], float] = time.monotonic) -> None:
        self._random = random.Random(seed)
        self._now_s = now_s
        self._kind = ""
        self._until_s = 0.0
        self._asked = False

    @property
    def fault(self) -> str:
        """What is wrong with it now; "" when nothing is."""
        if self._kind and self._now_s() >= self._until_s:
            self._kind = ""
        return self._kind

    def break_for(self, kind: str, seconds: float) -> None:
        """Begin a fault.

        "mute": nothing passes. "noise": bytes are altered, lost and added, both ways. "garbage": the host hears noise
        without end. "stranger": another device answers, which is no scanner.
        """
        if kind not in ("mute", "noise", "garbage", "stranger"):
            raise ValueError(kind)
        self._kind, self._until_s = kind, self._now_s() + seconds

    def to_device(self, data: bytes) -> bytes:
        """What of the host's bytes arrives."""
        self._asked = self._asked or bool(data)
        return self._through(data)

    def to_host(self, data: bytes) -> bytes:
        """What the host hears when the device says ``data``."""
        asked, self._asked = self._asked, False
        if self.fault == "garbage":
            return self._random.randbytes(self._random.randint(1, _MOST_GARBAGE))
        if self.fault == "stranger":
            return _LOGIN if asked else b""
        return self._through(data)

    def _through(self, data: bytes) -> bytes:
        if not self.fault:
            return data
        if self.fault != "noise":
            return b""
        if not data or self._random.random() >= NOISY_SHARE:
            return data
        at, length = self._random.randrange(len(data)), self._random.randint(0, 8)
        return data[:at] + self._random.randbytes(length) + data[at + self._random.randint(0, 8) :]
