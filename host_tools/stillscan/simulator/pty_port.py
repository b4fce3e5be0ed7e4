"""The simulated scanner on a pseudo-terminal: another program opens it like a serial port."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import tty
from pathlib import Path

from stillscan.errors import InputError
from stillscan.files import trouble
from stillscan.simulator.cable import Cable
from stillscan.simulator.kiosk import SimulatedKiosk

_STEP_MS = 5.0  # of virtual time: under two lines of a sweep, so that bytes come as evenly as from a board


class PtyPort:
    """Carries bytes between a paced kiosk and a terminal, over a ``cable`` that may be bad.

    ``port`` is the name to open: ``link``, a symbolic link that stays the same however often the cable is pulled, or
    the terminal's own name, which changes. InputError for a link that cannot be made.
    """

    def __init__(self, kiosk: SimulatedKiosk, cable: Cable | None = None, link: Path | None = None) -> None:
        self.kiosk = kiosk
        self.cable = cable or Cable()
        self._link = link
        self._ends: tuple[int, int] | None = None
        self._unsent = b""
        self.kiosk.bus.usb.drain = self._drain
        self.plug()

    @property
    def plugged(self) -> bool:
        """Whether there is a terminal."""
        return self._ends is not None

    def plug(self, *, busy: bool = False) -> None:
        """A terminal appears. ``busy``: it is locked, as by a program that was quicker."""
        self.unplug()
        self._ends = master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        self.port = os.ttyname(slave)
        self.hold(busy)
        if self._link is not None:
            self._point(self._link)
            self.port = str(self._link)
        self.kiosk.bus.usb.unplugged = False

    def hold(self, busy: bool) -> None:
        """Lock the terminal as another program does that uses it, or unlock it."""
        if self._ends is not None:
            fcntl.flock(self._ends[1], fcntl.LOCK_EX if busy else fcntl.LOCK_UN)

    def _point(self, link: Path) -> None:
        try:
            beside = link.with_name(f".{link.name}.{os.getpid()}")
            if link.exists() and not link.is_symlink():
                raise InputError(f"{link}: this is there already and is no link")
            beside.symlink_to(self.port)
            beside.replace(link)
        except OSError as error:
            raise trouble(link, error, "made") from None
        except ValueError:  # no system has such a name
            raise InputError(f"{link}: cannot be made") from None

    def unplug(self) -> None:
        """The terminal goes away, as when a cable is pulled; the board runs on, and what it says is lost."""
        self._unsent = b""
        if self._ends is None:
            return
        if self._link is not None:
            self._link.unlink(missing_ok=True)
        for end in self._ends:
            os.close(end)
        self._ends = None
        usb = self.kiosk.bus.usb
        usb.unplugged, usb.stalled = True, False
        usb.to_device.clear()

    def step(self) -> None:
        """A few milliseconds. While the other program does not read, the USB cable is full and the firmware waits."""
        if self._ends is None:
            self.kiosk.read(_STEP_MS)
            return
        master = self._ends[0]
        with contextlib.suppress(BlockingIOError):
            self.kiosk.write(self.cable.to_device(os.read(master, 4096)))
        self._unsent += self.cable.to_host(self.kiosk.read(_STEP_MS))
        self._send()

    def _send(self) -> None:
        if self._ends is not None:
            with contextlib.suppress(BlockingIOError):
                while self._unsent:
                    self._unsent = self._unsent[os.write(self._ends[0], self._unsent) :]
        self.kiosk.bus.usb.stalled = bool(self._unsent)

    def _drain(self) -> None:
        """The board waits in a write: time passes as it does for the other program, which may read meanwhile."""
        self.kiosk.hold_time()
        self._send()

    def close(self) -> None:
        """As ``unplug``, for good."""
        self.unplug()
