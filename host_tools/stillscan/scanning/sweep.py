"""One sweep as it came: its lines, and how far the document had slid at the middle of each exposure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.link.messages import Band

_FLOW_FRAME_US = 8264.0  # UNCONFIRMED: 121 frames a second
_LATE_US = 1500.0  # a new count is seen at the next line: half a line after it was there on average
_EXPOSED_US = 1900.0  # from the middle of an exposure to the time stamp of its line
_STILL_UM = 100  # counts that come and go by so much are the sensor's noise (2 counts)
_TICKS = 1 << 30  # the device's clock in us begins anew after so many (PROTOCOL.md)


class Slide(NamedTuple):
    """How far a document slid from one sweep to another, by the sensor, and the same way by the lines of both."""

    counted_um: float
    shown_um: float


@dataclass
class Sweep:
    """One attempt: lines in the order of their coming, on a track of the document's displacement."""

    attempt: int
    track: int
    pixels: list[NDArray[np.uint8]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    times_us: list[int] = field(default_factory=list)
    shifts_um: list[tuple[int, int]] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)
    """Of each line, the band that it came with."""
    missing_bands: int = 0
    void: bool = False
    """Whether its rows do not count: nothing ties them to those of other sweeps."""
    nudge_px: tuple[float, float] = (0.0, 0.0)
    """What must be added to the counted displacement (x, y): so the lines say (see `StripStore.settle`)."""
    _next_band: int = 0

    def add(self, band: Band) -> None:
        """Keep a band's lines; counts bands that never came."""
        header = band.header
        self.missing_bands += max(0, header.band - self._next_band)
        self._next_band = header.band + 1
        for i in range(header.lines):
            self.pixels.append(band.pixels[i])
            self.rows.append(header.row + i)
            self.times_us.append(header.t_us)
            self.shifts_um.append((header.dx_um, header.dy_um))
            self.bands.append(band)

    def forget(self, bands: Sequence[Band]) -> None:
        """Bands that were not the scanner's: as if they had been lost."""
        kept = [index for index, one in enumerate(self.bands) if not any(one is band for band in bands)]
        self.missing_bands += (len(self.bands) - len(kept)) > 0
        self.pixels = [self.pixels[index] for index in kept]
        self.rows = [self.rows[index] for index in kept]
        self.times_us = [self.times_us[index] for index in kept]
        self.shifts_um = [self.shifts_um[index] for index in kept]
        self.bands = [self.bands[index] for index in kept]

    @property
    def calm(self) -> bool:
        """Did the document lie still all through this sweep, as far as the counts tell?"""
        shifts = np.array(self.shifts_um or [(0, 0)]).reshape(-1, 2)
        return bool(np.ptp(shifts, axis=0).max(initial=0) <= _STILL_UM)

    def displacement_um(self) -> NDArray[np.float64]:
        """(lines, 2) dx, dy at the middle of each exposure.

        The counts are a staircase with a step a flow frame; its mean over the frame that follows a moment is the
        straight line between two frames.
        """
        counted = np.array(self.shifts_um).reshape(-1, 2)
        if self.calm:  # the median of whole numbers: of others numpy loads masked arrays first, 30 ms of a first check
            return np.broadcast_to(np.median(counted, axis=0), counted.shape).copy()
        shifts = counted.astype(np.float64)
        times = np.unwrap(np.array(self.times_us, dtype=np.float64), period=_TICKS)
        times = np.maximum.accumulate(times)
        begin = times - _EXPOSED_US + _LATE_US
        knots = np.concatenate((times[:1] - 2 * _FLOW_FRAME_US, times, times[-1:] + 2 * _FLOW_FRAME_US))
        held = np.concatenate((shifts[:1], shifts))
        sums = np.concatenate((np.zeros((1, 2)), np.cumsum(held * np.diff(knots)[:, None], axis=0)))
        mean = [
            (np.interp(begin + _FLOW_FRAME_US, knots, sums[:, axis]) - np.interp(begin, knots, sums[:, axis]))
            / _FLOW_FRAME_US
            for axis in range(2)
        ]
        return np.stack(mean, axis=1)
