"""Counters and a bounded event log in RAM: what a technician asks first. No personal data passes here."""

import gc
import struct
import time

from kiosk import wire

ENTRIES = 64
_ENTRY_BYTES = struct.calcsize(wire.LOG_ENTRY)


class Health:
    def __init__(self) -> None:
        self._log = bytearray(ENTRIES * _ENTRY_BYTES)
        self.logged = 0
        self.sweeps = 0
        self.lines = 0
        self.aborts = 0
        self.faults = 0
        self.credit_waits = 0
        self.heap_free = 0
        self.heap_free_min = 1 << 29

    def note(self, event: int, detail: int = 0, value: int = 0) -> None:
        """Log an event (wire.EVENTS) with a detail 0..255 and a value, held within 16 bits; the oldest falls out."""
        at = self.logged % ENTRIES * _ENTRY_BYTES
        value = max(-32768, min(32767, value))
        struct.pack_into(wire.LOG_ENTRY, self._log, at, time.ticks_ms(), event, detail, value)
        self.logged += 1

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
