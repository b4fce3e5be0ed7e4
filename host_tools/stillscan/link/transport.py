"""What carries bytes to a scanner and back. Sessions know nothing else of ports, pipes or simulators."""

from __future__ import annotations

from typing import Protocol

from stillscan.errors import DeviceError


class LinkLostError(DeviceError):
    """The link to the device is lost, for whatever reason; the one way back is to open it anew."""

    kind = "lost"


class Transport(Protocol):
    """Bytes both ways, and the clock that goes with them (the computer's, or the simulator's virtual one)."""

    name: str
    pseudo: bool
    """Whether a program of this computer is at the other end: a simulator, or the other side of a pseudo-terminal."""

    def read(self, timeout_ms: float) -> bytes:
        """What has arrived, waiting at most ``timeout_ms`` for the first byte; b"" when nothing came. LinkLostError."""
        ...

    def write(self, data: bytes) -> None:
        """All of ``data``. LinkLostError."""
        ...

    def now_ms(self) -> float:
        """A clock that never goes back."""
        ...

    def close(self) -> None: ...
