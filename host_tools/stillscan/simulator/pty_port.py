"""The simulated scanner on a pseudo-terminal: another program opens it like a serial port."""

from __future__ import annotations

import contextlib
import os
import pty
import tty

from stillscan.simulator.kiosk import SimulatedKiosk

_STEP_MS = 5.0


class PtyPort:
    """Carries bytes between a paced kiosk and the terminal whose name is ``port``."""

    def __init__(self, kiosk: SimulatedKiosk) -> None:
        self._kiosk = kiosk
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.port = os.ttyname(self._slave)
        self._unsent = b""

    def step(self) -> None:
        """A few milliseconds. While the other program does not read, the USB cable is full and the firmware waits."""
        with contextlib.suppress(BlockingIOError):
            self._kiosk.write(os.read(self._master, 4096))
        self._unsent += self._kiosk.read(_STEP_MS)
        with contextlib.suppress(BlockingIOError):
            while self._unsent:
                self._unsent = self._unsent[os.write(self._master, self._unsent) :]
        self._kiosk.bus.usb.stalled = bool(self._unsent)

    def close(self) -> None:
        """The terminal goes away, as when a cable is pulled."""
        os.close(self._master)
        os.close(self._slave)
