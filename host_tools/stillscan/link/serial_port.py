"""A scanner on a serial port (USB CDC), by pyserial."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
import time
from pathlib import Path

import serial

try:
    import fcntl
    import termios
except ImportError:  # on Windows a port is opened by one program alone anyway
    termios = None  # type: ignore[assignment]

from stillscan.errors import DeviceError
from stillscan.link.transport import LinkLostError

_WRITE_TIMEOUT_S = 2.0
_PTY_MAJORS = (3, *range(136, 144))  # of Linux (Documentation/admin-guide/devices.txt): BSD and Unix98 slaves
_PTY_NAME = re.compile(r"/dev/(pts/|ttys\d)")  # of Linux and the BSDs, of macOS
UDEV_RULE = Path(__file__).with_name("70-stillscan.rules")


class SerialTransport:
    """Opens ``port`` for this process alone. DeviceError says why it cannot be had."""

    def __init__(self, port: str) -> None:
        self.name = port
        self.pseudo = False
        try:
            self._serial = serial.Serial(port, timeout=0, write_timeout=_WRITE_TIMEOUT_S, exclusive=True)
        except (serial.SerialException, OSError, ValueError) as error:
            raise _trouble(port, error) from None
        _keep_others_out(self._serial)
        self.pseudo = is_pseudo_terminal(self._serial)

    def read(self, timeout_ms: float) -> bytes:
        """See Transport."""
        timeout_s = max(0.0, timeout_ms) / 1000
        try:
            if timeout_s != self._serial.timeout:  # setting it anew costs system calls
                self._serial.timeout = timeout_s
            first: bytes = self._serial.read(1)
            waiting = self._serial.in_waiting if first else 0
            return first + (self._serial.read(waiting) if waiting else b"")
        except (serial.SerialException, OSError, TypeError) as error:
            raise LinkLostError(f"{self.name}: the scanner went away ({_short(error)})", "gone") from None

    def write(self, data: bytes) -> None:
        """See Transport."""
        try:
            self._serial.write(data)
        except serial.SerialTimeoutException:
            raise LinkLostError(f"{self.name}: the scanner takes no data") from None
        except (serial.SerialException, OSError, TypeError) as error:
            raise LinkLostError(f"{self.name}: the scanner went away ({_short(error)})", "gone") from None

    def now_ms(self) -> float:
        """See Transport."""
        return time.monotonic() * 1000

    def close(self) -> None:
        """Give the port back."""
        _let_others_in(self._serial)  # a pseudo-terminal that somebody else holds open would keep the mark
        self._serial.close()


def _short(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "input/output error"


def _trouble(port: str, error: BaseException) -> DeviceError:
    number = getattr(error, "errno", None)
    if number in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return DeviceError(f"{port}: there is no such port", "missing")
    if number in (errno.EACCES, errno.EPERM):
        return DeviceError(
            f"{port}: no permission to open it; on Linux once: sudo cp {UDEV_RULE} /etc/udev/rules.d && sudo udevadm "
            "control --reload, then plug it in again; a service's account: sudo usermod -aG dialout ACCOUNT",
            "rights",
        )
    if number in (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK) or "lock" in str(error):
        return DeviceError(f"{port}: another program uses it", "busy")
    return DeviceError(f"{port}: cannot be opened as a serial port", "stranger")


def is_pseudo_terminal(opened: serial.Serial) -> bool:
    """Whether a program of this computer is at the other end. By the device itself, which has many names."""
    if termios is None:
        return False
    try:
        major = os.major(os.fstat(opened.fileno()).st_rdev)
        name = os.ttyname(opened.fileno())
    except (OSError, serial.SerialException):
        return True  # not even a terminal
    return (sys.platform == "linux" and major in _PTY_MAJORS) or _PTY_NAME.match(name) is not None


def _keep_others_out(opened: serial.Serial) -> None:
    """Let nobody but root open the port as well; the lock that pyserial takes is a request that others may ignore."""
    if termios is not None:
        with contextlib.suppress(OSError, termios.error):
            fcntl.ioctl(opened.fileno(), termios.TIOCEXCL)


def _let_others_in(opened: serial.Serial) -> None:
    if termios is not None:
        with contextlib.suppress(OSError, termios.error, serial.SerialException):
            fcntl.ioctl(opened.fileno(), termios.TIOCNXCL)
