"""The simulated scanner on a pseudo-terminal: another program opens it like a serial port."""

from __future__ import annotations

from pathlib import Path

from stillscan.simulator.cable import Cable
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.pseudo_terminal import Terminal

_STEP_MS = 5.0  # of virtual time: under two lines of a sweep, so that bytes come as evenly as from a board


class PtyPort:
    """Carries bytes between a paced kiosk and a terminal, over a ``cable`` that may be bad.

    ``port`` is the name to open: ``link``, a symbolic link that stays the same however often the cable is pulled, or
    the terminal's own name, which changes. InputError for a link that cannot be made.
    """

    def __init__(self, kiosk: SimulatedKiosk, cable: Cable | None = None, link: Path | None = None) -> None:
        self.kiosk = kiosk
        self.cable = cable or Cable()
        self._terminal = Terminal(link)
        self.kiosk.bus.usb.drain = self._drain
        self.plug()

    @property
    def plugged(self) -> bool:
        """Whether there is a terminal."""
        return self._terminal.is_open

    def plug(self, *, busy: bool = False) -> None:
        """A terminal appears. ``busy``: it is locked, as by a program that was quicker."""
        self.unplug()
        self.port = self._terminal.open()
        self.hold(busy)
        self.kiosk.bus.usb.unplugged = False

    def hold(self, busy: bool) -> None:
        """Lock the terminal as another program does that uses it, or unlock it."""
        self._terminal.hold(busy)

    def unplug(self) -> None:
        """The terminal goes away, as when a cable is pulled; the board runs on, and what it says is lost."""
        if not self.plugged:
            return
        self._terminal.close()
        usb = self.kiosk.bus.usb
        usb.unplugged, usb.stalled = True, False
        usb.to_device.clear()

    def step(self) -> None:
        """A few milliseconds. While the other program does not read, the USB cable is full and the firmware waits."""
        if not self.plugged:
            self.kiosk.read(_STEP_MS)
            return
        self.kiosk.write(self.cable.to_device(self._terminal.read()))
        self._send(self.cable.to_host(self.kiosk.read(_STEP_MS)))

    def _send(self, data: bytes = b"") -> None:
        self._terminal.write(data)
        self.kiosk.bus.usb.stalled = self._terminal.full

    def _drain(self) -> None:
        """The board waits in a write: time passes as it does for the other program, which may read meanwhile."""
        self.kiosk.hold_time()
        self._send()

    def close(self) -> None:
        """As ``unplug``, for good."""
        self.unplug()
