"""Three lights beside the glass: ready (green), busy (white), trouble (red)."""

from kiosk import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from machine import Pin

_READY = (wire.EMPTY, wire.DONE)
_BUSY = (wire.PLACED, wire.STILL, wire.SCANNING, wire.MOVED)


class Indicator:
    """``ready``, ``busy``, ``trouble`` are machine.Pin outputs, lit at 1."""

    def __init__(self, ready: Pin, busy: Pin, trouble: Pin) -> None:
        self._ready = ready
        self._busy = busy
        self._trouble = trouble

    def show(self, state: int) -> None:
        """One light for each kind of state (wire.STATES)."""
        self._ready(1 if state in _READY else 0)
        self._busy(1 if state in _BUSY else 0)
        self._trouble(1 if state in (wire.GAVE_UP, wire.FAULT) else 0)
