"""The flow sensor's scale against the line sensor: a document is scanned, slid, and scanned again.

The pixels of a line are 84.667 um apart, whatever the light and the height, so the line sensor is the ruler: how
far the second picture lies from the first is what the flow sensor should have counted. No picture is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from kiosk import wire
from stillscan.link.messages import Band, State
from stillscan.link.transport import LinkLostError
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.measuring import Measured

_LEAST_MM = 2.0  # a shorter way is known by half a pixel of 24: 2 %
_SURE = 0.08  # of the correlation's peak: two pictures of other print have 0.02
_SCAN_MS = 30_000.0  # until a person has laid it down, and it was scanned
SLIDE_MS = 5000.0  # a person reads what to do, and does it
_SETTLE_MS = 400.0  # between two looks at the messages while a hand slides
_PART, _WHAT = SCALE = "flow", "scale"

Picture = NDArray[np.float64]


def flow_scale(
    at: AtScanner,
    lay: Callable[[], None],
    slide: Callable[[], None],
    take: Callable[[], None],
    slide_ms: float = SLIDE_MS,
    ruler: Callable[[Picture], tuple[float | None, str]] | None = None,
) -> Measured:
    """Counted way over true way, in %. ``lay``, ``slide`` and ``take`` ask whoever stands there, and return at once.

    ``ruler`` finds the pixels of a mm in the whole picture of a printed ruler, or says why it cannot; without one they
    are those of the line sensor. ``slide_ms`` is how long a slide may take: false counts of the meantime are in it.

    The scanner has finished with the document afterwards, and nothing of it is kept.
    """
    session = at.session
    session.send(wire.C_SUBSCRIBE, wire.STREAM_EVENTS | wire.STREAM_BANDS)
    try:
        lay()
        first = scanned(at)
        if first is None:
            return Measured(_PART, _WHAT, None, "no document was scanned")
        pitch_mm, why = (session.hello.pitch_nm / 1e6 if session.hello else 0.0), ""
        if ruler is not None:
            first = again(at, 0.0) or first  # of a document the scanner leaves out the uppermost rows by itself
            px_per_mm, why = ruler(first[0])
            pitch_mm = 1.0 / px_per_mm if px_per_mm else 0.0
        if not pitch_mm:
            session.send(wire.C_FINISH, wire.RESULTS.index("verified"))
            return Measured(_PART, _WHAT, None, why)
        slide()
        second = again(at, slide_ms)
        session.send(wire.C_FINISH, wire.RESULTS.index("verified"))
        if second is None:
            return Measured(_PART, _WHAT, None, "the document was not scanned a second time")
    except LinkLostError as error:
        return Measured(_PART, _WHAT, None, str(error))  # what was measured before is told all the same
    finally:
        with suppress(LinkLostError):
            session.send(wire.C_SUBSCRIBE, wire.STREAM_EVENTS)
        take()
    return _compared(pitch_mm, first, second)


Scan = tuple[Picture, float, float]
"""(rows, width) by row of the glass, NaN where none came; dx_mm and dy_mm as the flow sensor has them."""


def scanned(at: AtScanner) -> Scan | None:
    """Of bands until DONE."""
    hello = at.session.hello
    if hello is None:
        return None
    picture = np.full((hello.rows, hello.width_px), np.nan)
    where: list[tuple[int, int]] = []
    end = at.session.transport.now_ms() + _SCAN_MS
    while (left := end - at.session.transport.now_ms()) > 0:
        message = at.poll(left)
        if isinstance(message, Band):
            picture[message.header.row : message.header.row + len(message.pixels)] = message.pixels
            where.append((message.header.dx_um, message.header.dy_um))
        elif isinstance(message, State) and message.state == wire.DONE:
            if not where:
                continue
            dx_um, dy_um = np.median(np.array(where), axis=0)
            return picture, dx_um / 1000, dy_um / 1000
        elif isinstance(message, State) and message.state in (wire.GAVE_UP, wire.FAULT):
            return None
    return None


def again(at: AtScanner, slide_ms: float) -> Scan | None:
    """Another sweep, once the document has been slid."""
    session = at.session
    rows = session.hello.rows if session.hello else 0
    end = session.transport.now_ms() + slide_ms
    while session.transport.now_ms() < end:  # the hand takes its time
        at.poll(_SETTLE_MS)
    session.send(wire.C_SWEEP, 0, rows - 1)
    return scanned(at)


def _compared(pitch_mm: float, first: Scan, second: Scan) -> Measured:
    (picture, x0, y0), (other, x1, y1) = first, second
    rows = ~np.asarray(np.isnan(picture) | np.isnan(other)).any(axis=1)
    if np.count_nonzero(rows) < len(picture) // 2:
        return Measured(_PART, _WHAT, None, "too few rows were scanned twice")
    down, right, peak = _shift(picture[rows], other[rows])
    true = np.array([right, -down]) * pitch_mm
    counted = np.array([x1 - x0, y1 - y0])
    axis = int(np.abs(true).argmax())
    if peak < _SURE or abs(true[axis]) < _LEAST_MM:
        return Measured(_PART, _WHAT, None, "it was slid by less than 2 mm, or turned")
    return Measured(_PART, _WHAT, round(100 * float(counted[axis] / true[axis]), 1))


def _shift(picture: Picture, other: Picture) -> tuple[float, float, float]:
    """Rows and pixels by which ``other`` lies further down and right, and how sure that is: by phase correlation."""
    window = np.outer(np.hanning(len(picture)), np.hanning(picture.shape[1]))
    spectra = [np.fft.rfft2((one - one.mean()) * window) for one in (picture, other)]
    cross = spectra[1] * np.conj(spectra[0])
    surface = np.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-9), s=picture.shape)
    down, right = np.unravel_index(int(surface.argmax()), surface.shape)
    height, width = surface.shape
    return (
        float(down if down <= height // 2 else down - height),
        float(right if right <= width // 2 else right - width),
        float(surface.max()),
    )
