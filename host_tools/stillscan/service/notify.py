"""What systemd wants to hear of a service (sd_notify): that it is ready, how it is, and that it still works.

A datagram of lines NAME=VALUE to the socket that NOTIFY_SOCKET names. Without that variable nothing is sent.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Mapping

_OFTEN = 4  # the watchdog is fed four times as often as it asks, so that one late turn is no restart


class Notifier:
    """``ready``, ``status`` and ``stopping`` once each or when it changes; ``alive`` on every turn of the work."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self._every_s = _watchdog_s(environment) / _OFTEN
        self._fed_s = float("-inf")
        self._status = ""
        self._socket: socket.socket | None = None
        if self._address is not None:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)

    def ready(self) -> None:
        """The service serves from now on."""
        self._send("READY=1")

    def status(self, text: str) -> None:
        """How it is, in one line for ``systemctl status``."""
        if text != self._status:
            self._status = text
            self._send("STATUS=" + " ".join(text.split()))

    def alive(self) -> None:
        """The work goes on. Called by the work itself, never by a timer: a service that hangs is restarted."""
        now_s = time.monotonic()
        if self._every_s and now_s - self._fed_s >= self._every_s:
            self._fed_s = now_s
            self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """It was asked to stop and puts things away."""
        self._send("STOPPING=1")

    def close(self) -> None:
        """Nothing more will be said."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, line: str) -> None:
        if self._socket is not None and self._address is not None:
            with contextlib.suppress(OSError):  # a system that does not listen is no reason to stop
                self._socket.sendto(line.encode(), self._address)


def _address(name: str) -> str | None:
    """The socket's address: a path, or with "@" a name without a file."""
    if not hasattr(socket, "AF_UNIX") or name[:1] not in ("/", "@"):
        return None
    return "\0" + name[1:] if name.startswith("@") else name


def _watchdog_s(environment: Mapping[str, str]) -> float:
    """How long systemd waits for a sign of this very process; 0: it does not."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    try:
        return max(0, int(environment.get("WATCHDOG_USEC", "0"))) / 1e6
    except ValueError:
        return 0.0
