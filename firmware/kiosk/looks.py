"""Looks at the sensors that no BAND tells of, as SAMPLE, for who records a visit: how the document was moved between
two sweeps, and while the carriage gained speed."""

import struct
import time

import micropython

from kiosk import wire

_BYTES = struct.calcsize(wire.BODIES[wire.M_SAMPLE])

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.drivers.presence import Presence
    from kiosk.link import Link
    from kiosk.sensing import Sensing


class Looks:
    """``tell`` sends what the last look has shown, if that is new and somebody listens."""

    def __init__(self, link: Link, sensing: Sensing, presence: Presence) -> None:
        self._link = link
        self._sensing = sensing
        self._flow = sensing.flow
        self._presence = presence
        self._squal = -1
        self._pins = 0
        self._bumps = 0
        self._fill_sample = self._fill  # bound once, because binding allocates

    def begin(self) -> None:
        """Something was placed: this look is told whatever it shows."""
        self._squal = -1
        self._bumps = self._sensing.bumps
        self.tell()

    @micropython.native
    def tell(self) -> None:
        """After each look of which no BAND tells. Allocates nothing."""
        if not self._link.streams & wire.STREAM_SAMPLES:
            return
        flow = self._flow
        pins = 1 if self._presence.seen() else 0  # bits as SAMPLE has them
        if self._sensing.bumps != self._bumps:
            self._bumps = self._sensing.bumps
            pins |= 2
        if flow.dx or flow.dy or flow.squal != self._squal or pins != self._pins:
            self._squal = flow.squal
            self._pins = pins
            self._link.send_filled(wire.M_SAMPLE, self._fill_sample)

    def _fill(self, body: memoryview, kept: bool) -> int:
        flow = self._flow
        x_mg, y_mg, z_mg = self._sensing.read_mg
        struct.pack_into(
            wire.BODIES[wire.M_SAMPLE], body, 0, time.ticks_us(), flow.dx, flow.dy, flow.squal, int(flow.good),
            x_mg, y_mg, z_mg, self._pins,
        )  # fmt: skip
        return _BYTES
