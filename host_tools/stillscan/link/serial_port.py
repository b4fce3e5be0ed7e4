"""A scanner on a serial port (USB CDC), by pyserial."""

from __future__ import annotations

import errno
import time
from pathlib import Path

import serial

from stillscan.errors import DeviceError
from stillscan.link.transport import LinkLostError

_WRITE_TIMEOUT_S = 2.0
UDEV_RULE = Path(__file__).with_name("70-stillscan.rules")


class SerialTransport:
    """Opens ``port`` for this process alone. DeviceError says why it cannot be had."""

    def __init__(self, port: str) -> None:
        self.name = port
        try:
            self._serial = serial.Serial(port, timeout=0, write_timeout=_WRITE_TIMEOUT_S, exclusive=True)
        except (serial.SerialException, OSError, ValueError) as error:
            raise DeviceError(_why(port, error)) from None

    def read(self, timeout_ms: float) -> bytes:
        """See Transport."""
        try:
            self._serial.timeout = max(0.0, timeout_ms) / 1000
            first: bytes = self._serial.read(1)
            waiting = self._serial.in_waiting if first else 0
            return first + (self._serial.read(waiting) if waiting else b"")
        except (serial.SerialException, OSError, TypeError) as error:
            raise LinkLostError(f"{self.name}: the scanner went away ({_short(error)})") from None

    def write(self, data: bytes) -> None:
        """See Transport."""
        try:
            self._serial.write(data)
        except serial.SerialTimeoutException:
            raise LinkLostError(f"{self.name}: the scanner takes no data") from None
        except (serial.SerialException, OSError, TypeError) as error:
            raise LinkLostError(f"{self.name}: the scanner went away ({_short(error)})") from None

    def now_ms(self) -> float:
        """See Transport."""
        return time.monotonic() * 1000

    def close(self) -> None:
        """Give the port back."""
        self._serial.close()


def _short(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "input/output error"


def _why(port: str, error: BaseException) -> str:
    number = getattr(error, "errno", None)
    if number == errno.ENOENT:
        return f"{port}: there is no such port"
    if number in (errno.EACCES, errno.EPERM):
        return (
            f"{port}: no permission to open it; on Linux once: sudo cp {UDEV_RULE} /etc/udev/rules.d && sudo udevadm "
            "control --reload, then plug it in again"
        )
    if number in (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK) or "lock" in str(error):
        return f"{port}: another program uses it"
    return f"{port}: cannot be opened as a serial port"
