"""The emulated chip on a pseudo-terminal, as a board on a serial port: it goes when the chip is reset, and comes back
when the chip has been found on the bus anew.
"""

from __future__ import annotations

import time
from pathlib import Path

from stillscan.simulator.chip.kiosk import ChipKiosk
from stillscan.simulator.kiosk import hold_back
from stillscan.simulator.pseudo_terminal import Terminal

_STEP_MS = 2.0  # of the chip's time: some 40 ms of a busy computer's, as often as the other program is looked at


class ChipPort:
    """``link`` is the name to open. ``command`` takes one line: `power` switches the board off and on; `service` does
    so while its service button is held, which is let go at the next reset; `time` asks how many ms of its own the chip
    has been on since.

    The chip's time never runs ahead of the computer's; it may lag behind, for a busy chip takes 15 times as long.
    """

    def __init__(self, kiosk: ChipKiosk, link: Path) -> None:
        self.kiosk = kiosk
        self.link = link
        self._held = False  # the service button, over the next reset
        self._terminal = Terminal(link)
        self._began_s = time.monotonic() - kiosk.now_ms() / 1000
        self._on_ms = kiosk.now_ms()
        self._usb_reset = kiosk.emulator.at_reset
        kiosk.emulator.at_reset = self._reset

    def _reset(self) -> None:
        """What the computer has not got rid of yet is lost."""
        self._on_ms = self.kiosk.now_ms()
        self._usb_reset()
        self.kiosk.bus.hold_service(self._held)
        self._held = False
        self.kiosk.usb.to_host.clear()
        self.kiosk.usb.to_device.clear()
        self._terminal.close()

    def command(self, line: str) -> str:
        """Carry a line out; "ok" and what was asked for, or "error: " and why."""
        if line == "time":
            return f"ok {self.kiosk.now_ms() - self._on_ms:.0f}"
        if line not in ("service", "power"):
            return f"error: no command '{line}'; there are: service, power, time"
        self._held = line == "service"
        self.kiosk.emulator.power_up()
        return "ok"

    def step(self) -> None:
        """A few milliseconds."""
        kiosk, usb = self.kiosk, self.kiosk.usb
        if usb.connected and not self._terminal.is_open:
            self._terminal.open()
        kiosk.write(self._terminal.read())
        self._terminal.write(kiosk.read(_STEP_MS))
        if usb.stalled and not self._terminal.full:
            usb.resume()
        usb.stalled = self._terminal.full
        self._began_s = hold_back(self._began_s, kiosk.now_ms() / 1000)

    def close(self) -> None:
        """The port goes away."""
        self._terminal.close()
