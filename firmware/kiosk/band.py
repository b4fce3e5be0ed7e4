"""The body of a BAND: what the line shows, and where the document was at that moment."""

import struct
import time

import micropython

from kiosk import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.displacement import Displacement
    from kiosk.drivers.lamp import Lamp
    from kiosk.flat_field import FlatField
    from kiosk.parts import Flow
    from kiosk.settings import Settings

    ptr8 = bytearray | memoryview  # viper's pointer into a buffer


class BandBody:
    """``fill`` (kiosk.parts.Fill) writes the line of ``samples``, band ``band`` of ``sweep``, which shows ``row``."""

    def __init__(
        self, flat_field: FlatField, lamp: Lamp, displacement: Displacement, flow: Flow, settings: Settings
    ) -> None:
        self._flat_field = flat_field
        self._lamp = lamp
        self._displacement = displacement
        self._flow = flow
        self._settings = settings
        self.samples = bytearray()
        self.sweep = 0
        self.band = 0
        self.row = 0
        self.fill = self._fill  # bound once, because binding allocates

    @micropython.native
    def _fill(self, body: memoryview, kept: bool) -> int:
        depth = self._settings.depth
        flat_field = self._flat_field
        if not kept:
            struct.pack_into(
                wire.BODIES[wire.M_BAND], body, 0, self.sweep, 0, 0, 1, depth, 0, 0, 0, 0, self._lamp.kind,
                flat_field.width_px,
            )  # fmt: skip
        now: int = time.ticks_us()  # type: ignore[assignment]  # the stubs keep ticks apart from numbers
        place = self._displacement
        _head(body, self.band, self.row, now, place.dx_um, place.dy_um, self._flow.squal)
        return flat_field.pack(self.samples, depth, body, wire.BAND_HEADER)


@micropython.viper
def _head(out: ptr8, band: int, row: int, t_us: int, dx_um: int, dy_um: int, squal: int):
    """What differs from band to band, into a BAND whose other fields are there; displacements held within +-32767.

    ``struct`` takes a tenth of a line's time for it on an RP2040.
    """
    if dx_um > 32767:
        dx_um = 32767
    if dx_um < -32767:
        dx_um = -32767
    if dy_um > 32767:
        dy_um = 32767
    if dy_um < -32767:
        dy_um = -32767
    out[2] = band
    out[3] = band >> 8
    out[4] = row
    out[5] = row >> 8
    out[8] = t_us
    out[9] = t_us >> 8
    out[10] = t_us >> 16
    out[11] = t_us >> 24
    out[12] = dx_um
    out[13] = dx_um >> 8
    out[14] = dy_um
    out[15] = dy_um >> 8
    out[16] = squal
