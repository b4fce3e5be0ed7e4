"""Counters and a bounded event log in RAM: what a technician asks first. No personal data passes here."""

import gc
import struct
import time
from array import array

from kiosk import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.drivers.lamp import Lamp

ENTRIES = 64
_ENTRY_BYTES = struct.calcsize(wire.LOG_ENTRY)


class Health:
    """Since power-on; ``life`` has what is not in the counters that outlive it yet (kiosk.lifetime)."""

    def __init__(self, lamp: Lamp) -> None:
        self._lamp = lamp
        self._log = bytearray(ENTRIES * _ENTRY_BYTES)
        self.logged = 0
        self.sweeps = 0
        self.lines = 0
        self.aborts = 0
        self.faults = 0
        self.credit_waits = 0
        self.heap_free = 0
        self.heap_free_min = 1 << 29
        self.life = array("I", bytes(4 * wire.COUNTERS_KEPT))
        self.life[wire.STARTS] = 1
        self.told = [0, 0, 0, 0]  # sweeps, lines, ms of light, events: what is in them already
        self.told_ms = time.ticks_ms()  # and until when
        self.stores = 0

    def note(self, event: int, detail: int = 0, value: int = 0) -> None:
        """Log an event (wire.EVENTS) with a detail 0..255 and a value, held within 16 bits; the oldest falls out."""
        at = self.logged % ENTRIES * _ENTRY_BYTES
        value = max(-32768, min(32767, value))
        struct.pack_into(wire.LOG_ENTRY, self._log, at, time.ticks_ms(), event, detail, value)
        self.logged += 1
        if event == wire.EV_ABORT:
            self.life[wire.ABORTS + detail] += 1
        elif event == wire.EV_FAULT:
            self.life[wire.PART_FAULTS + detail] += 1

    def lit_ms(self) -> int:
        """For how long the lamp has shone since power-on."""
        return self._lamp.lit_ms

    def log(self, most: int) -> bytes:
        """The newest ``most`` entries, oldest first, each packed as wire.LOG_ENTRY."""
        first = max(0, self.logged - min(most, ENTRIES))
        out = bytearray()
        for i in range(first, self.logged):
            at = i % ENTRIES * _ENTRY_BYTES
            out += self._log[at : at + _ENTRY_BYTES]
        return bytes(out)

    def tidy(self) -> None:
        """Collect garbage between two sweeps; keeps the free heap after it, in bytes, and the least of these."""
        gc.collect()
        self.heap_free = gc.mem_free()
        self.heap_free_min = min(self.heap_free_min, self.heap_free)
