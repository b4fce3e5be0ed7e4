"""ADNS-3080 optical-flow sensor at the level of SPI bytes, its reset pin included.

Registers, identities and the burst's layout are those of its data sheet (Avago), as public drivers have them:
RCmags/ADNS3080 (MIT) and ArduPilot's. The figures marked UNCONFIRMED await a real sensor behind the lens of a module.
"""

from stillscan.simulator.flow import Flow
from stillscan.simulator.scene import Scene

FRAME_US = 500  # 2,000 frames a second, what it begins with
COARSE_PER_MM = 5.0  # UNCONFIRMED: of 400 counts an inch, what is left through a lens at 25 mm
FINE_PER_MM = 4 * COARSE_PER_MM  # of 1,600 an inch
SQUAL_SHARE = 0.6  # UNCONFIRMED: of the PAA5100's figure over the same print; it goes to 169
RESET_US = 35_000  # until it answers
PRODUCT_ID, CONFIGURATION, MOTION_CLEAR, INVERSE_ID, BURST = 0x00, 0x0A, 0x12, 0x3F, 0x50
"""Registers, by the datasheet's names."""
_FINE, _MOVED, _OVERFLOWED = 0x10, 0x80, 0x10  # bits of Configuration_bits and of Motion
_MOST = 127  # counts in one read
_LOST = 25  # SQUAL of the PAA5100 below which nothing is seen that could be followed


class Adns3080(Flow):
    """One sensor; faults as Flow has them."""

    SIGNALS = ("flow_reset",)

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, FRAME_US, FINE_PER_MM)
        self._ready_us = -1  # never reset
        self._configuration = 0x09  # after a reset; UNCONFIRMED: the driver leaves all bits but one as they are
        self._at: int | None = None  # the register that is spoken of
        self._pending: bytes | None = None  # of a burst
        self._rest = [0.0, 0.0]  # of counts, by the resolution

    def drive(self, signal: str, level: int, now_us: int) -> None:
        """The reset pin: high resets, and after it goes low the sensor needs its time."""
        if level:
            self._ready_us = -1
        elif self._ready_us < 0:
            self._ready_us = now_us + RESET_US
            self._configuration = 0x09
            self._rest = [0.0, 0.0]
            self.reset(now_us)

    def select(self, now_us: int) -> None:
        """Chip select goes low: the next byte is an address."""
        self._at = self._pending = None

    def deselect(self, now_us: int) -> None:
        """Chip select goes high: ends a burst."""
        self._at = self._pending = None

    def exchange(self, data: bytes, now_us: int) -> bytes:
        """Full duplex: the bytes on MISO while ``data`` is on MOSI."""
        if self.fault in ("nak", "silent") or not 0 <= self._ready_us <= now_us:
            return (b"\x00" if self.fault == "silent" else b"\xff") * len(data)
        return bytes(self._answer(value, now_us) for value in data)

    def _answer(self, value: int, now_us: int) -> int:
        if self._pending:
            answer, self._pending = self._pending[0], self._pending[1:]
            return answer
        if self._at is None:
            self._at = value
            if value == BURST:
                self._pending = self._burst_of(self.look(now_us))
            return 0
        address, self._at = self._at, None
        if not address & 0x80:
            return self._register(address)
        if address & 0x7F == CONFIGURATION:
            self._configuration = value
        elif address & 0x7F == MOTION_CLEAR:
            self.look(now_us)
        return 0

    def _register(self, address: int) -> int:
        wrong = self.fault == "wrong-id"
        known = {PRODUCT_ID: 0x1A if wrong else 0x17, INVERSE_ID: 0xE5 if wrong else 0xE8}
        return known.get(address, self._configuration if address == CONFIGURATION else 0)

    def _burst_of(self, look: bytes) -> bytes:
        """Motion, dx, dy, SQUAL, shutter (upper, lower), brightest pixel, of what any flow sensor sees."""
        share = 1.0 if self._configuration & _FINE else COARSE_PER_MM / FINE_PER_MM
        counts, overflowed = [], False
        for axis in range(2):
            told = int.from_bytes(look[2 + 2 * axis : 4 + 2 * axis], "little", signed=True)
            wanted = told * share + self._rest[axis]
            whole = max(-_MOST, min(_MOST, round(wanted)))
            overflowed |= abs(round(wanted)) > _MOST
            self._rest[axis] = wanted - round(wanted)
            counts.append(whole)
        moved = (_MOVED if any(counts) else 0) | (_OVERFLOWED if overflowed else 0)
        squal = round(look[6] * SQUAL_SHARE) if look[6] >= _LOST else look[6] // 4
        return bytes((moved, counts[0] & 0xFF, counts[1] & 0xFF, squal, look[10], look[11], look[8]))
