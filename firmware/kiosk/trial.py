"""A version that was just installed confirms itself, or has the one before it back (loader.py)."""

import time

from kiosk import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.commands import Commands
    from kiosk.parts import Slots
    from kiosk.scan import Scan

LIMIT_MS = 30000


class Trial:
    """Passed when a host was answered and every part has started; failed after 30 s without that."""

    def __init__(self, slots: Slots, commands: Commands, scan: Scan) -> None:
        self._slots = slots
        self._commands = commands
        self._scan = scan
        self._began_ms = time.ticks_ms()

    def step(self) -> None:
        """Does not return when the trial has failed. Writes to flash, so never while scanning."""
        state = self._scan.state
        if not self._slots.trial or state == wire.SCANNING:
            return
        if self._commands.spoken and state not in (wire.START, wire.FAULT):
            self._slots.confirm()
        elif time.ticks_diff(time.ticks_ms(), self._began_ms) >= LIMIT_MS:
            self._slots.undo(wire.LATE)
