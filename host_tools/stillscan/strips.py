"""Strip store: every line of one document where it belongs on the document, whatever moved meanwhile.

The scanner sends with each line how far the document has slid since it was placed (optical flow). A line of the glass
is a line of the document, displaced: rows are put where they belong, shifted along x, and the gaps between them are
interpolated. A track ends when the document was lifted; what follows has no known place on what came before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from stillscan.link.messages import Band, SweepBegin

PAPER = 255  # rows that no sweep has seen
_FLOW_FRAME_US = 8264.0  # UNCONFIRMED: 121 frames a second
_LATE_US = 1500.0  # a new count is seen at the next line: half a line after it was there on average
_EXPOSED_US = 1900.0  # from the middle of an exposure to the time stamp of its line
_STILL_UM = 100  # counts that come and go by so much are the sensor's noise (2 counts)
_WIDEST_GAP = 3.2  # rows between two lines that may still be bridged
_TICKS = 1 << 30
_LID = 90  # no line of a document is darker all over; infrared paper is 200 and more, worn and stained 130

Rows = NDArray[np.float32]


@dataclass
class Sweep:
    """One attempt: lines in the order of their coming, on a track of the document's displacement."""

    attempt: int
    track: int
    pixels: list[NDArray[np.uint8]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    times_us: list[int] = field(default_factory=list)
    shifts_um: list[tuple[int, int]] = field(default_factory=list)
    missing_bands: int = 0
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

    @property
    def calm(self) -> bool:
        """Did the document lie still all through this sweep, as far as the counts tell?"""
        shifts = np.array(self.shifts_um).reshape(-1, 2)
        return bool(np.ptp(shifts, axis=0).max(initial=0) <= _STILL_UM)

    def displacement_um(self) -> NDArray[np.float64]:
        """(lines, 2) dx, dy at the middle of each exposure.

        The counts are a staircase with a step a flow frame; its mean over the frame that follows a moment is the
        straight line between two frames.
        """
        shifts = np.array(self.shifts_um, dtype=np.float64).reshape(-1, 2)
        if self.calm:
            return np.broadcast_to(np.median(shifts, axis=0), shifts.shape).copy()
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


@dataclass
class StripStore:
    """The sweeps over one document; ``rows`` x ``width_px`` and ``pitch_um`` as the scanner's HELLO says."""

    rows: int
    width_px: int
    pitch_um: float
    sweeps: list[Sweep] = field(default_factory=list)
    _fresh: int = 0  # the first sweep of this look
    _near: NDArray[np.bool_] = field(init=False)  # rows that have a line near them, on the newest track

    def __post_init__(self) -> None:
        self._near = np.zeros(self.rows, np.bool_)

    def begin(self, message: SweepBegin) -> None:
        """A new attempt."""
        if not self.sweeps or self.sweeps[-1].track != message.track:
            self._near[:] = False
        self.sweeps.append(Sweep(message.attempt, message.track))

    def look_anew(self) -> None:
        """What came until now was not good enough: the joined strip begins afresh with the next sweep."""
        self._near[:] = False
        self._fresh = len(self.sweeps)

    def missing(self, first_row: int, last_row: int) -> NDArray[np.intp]:
        """Rows of the document in first_row..last_row that no line of the newest track lies near.

        One or two rows between lines are not missed: ``joined`` bridges them. Nor are rows that have slid off the
        scanned zone by now: no sweep can bring them.
        """
        shifts = self.sweeps[-1].shifts_um if self.sweeps else []
        slid = shifts[-1][1] / self.pitch_um if shifts else 0.0
        first_row = max(first_row, 0, math.ceil(slid))
        last_row = min(last_row, self.rows - 1, math.floor(self.rows - 1 + slid))
        if first_row > last_row:
            return np.zeros(0, np.intp)
        lacking = ~np.pad(self._near[first_row : last_row + 1], 2, constant_values=False)
        three = lacking[:-2] & lacking[1:-1] & lacking[2:]
        wide = np.zeros_like(lacking)
        for shift in range(3):
            wide[shift : len(three) + shift] |= three
        found: NDArray[np.intp] = np.flatnonzero(wide[2:-2]) + first_row
        return found

    def add(self, band: Band) -> None:
        """Lines of the newest attempt; without one (the host came in the middle) they are left out."""
        if self.sweeps and band.header.width_px == self.width_px:
            self.sweeps[-1].add(band)
            place = band.header.row + band.header.dy_um / self.pitch_um
            first = max(0, round(place - 0.8))
            self._near[first : max(first, round(place + band.header.lines - 0.2) + 1)] = True

    def joined(self) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """(rows, width_px) of the document on its newest track, and which rows were seen; later sweeps come on top."""
        out = np.full((self.rows, self.width_px), PAPER, np.uint8)
        seen = np.zeros(self.rows, np.bool_)
        for sweep in self.sweeps[self._fresh :]:
            if sweep.rows and sweep.track == self.sweeps[-1].track:
                picture, covered = self._straight(sweep)
                out[covered] = picture[covered]
                seen |= covered
        _lid_to_paper(out)
        return out, seen

    def _straight(self, sweep: Sweep) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """One sweep's lines on the document's rows."""
        moved = sweep.displacement_um() / self.pitch_um
        place = np.array(sweep.rows) + moved[:, 1]
        order = np.argsort(place, kind="stable")
        place = place[order]
        wanted = np.arange(self.rows)
        above = np.clip(np.searchsorted(place, wanted, side="right") - 1, 0, len(place) - 1)
        below = np.clip(above + 1, 0, len(place) - 1)
        gap = place[below] - place[above]
        part = np.where(gap > 1e-6, (wanted - place[above]) / np.maximum(gap, 1e-6), 0.0)
        near = np.abs(wanted - place[above]) < 1.0
        covered = ((part >= 0.0) & (part <= 1.0) & (gap <= _WIDEST_GAP) & (gap > 1e-6)) | (near & (gap <= 1e-6))
        covered |= np.abs(place[above] - wanted) <= 0.5
        out = np.full((self.rows, self.width_px), PAPER, np.uint8)
        cache: dict[int, Rows] = {}

        def line(index: int) -> Rows:
            if index not in cache:
                cache[index] = _shifted(sweep.pixels[order[index]], moved[order[index], 0])
            return cache[index]

        for row in np.flatnonzero(covered):
            weight = min(max(float(part[row]), 0.0), 1.0)
            mixed = line(above[row])
            if weight > 1e-3:
                mixed = mixed + np.float32(weight) * (line(below[row]) - mixed)
            out[row] = np.rint(mixed).astype(np.uint8)
        return out, covered


def _lid_to_paper(picture: NDArray[np.uint8]) -> None:
    """Rows and columns beyond the document's edges show the dark lid: as paper they hide no text line's contrast."""
    for view in (picture, picture.T):
        view[np.percentile(view[:, ::4], 95, axis=1) < _LID] = PAPER


def _shifted(pixels: NDArray[np.uint8], by_px: float) -> Rows:
    """The line as if the document had not moved along x by ``by_px``."""
    whole = int(np.floor(by_px))
    part = np.float32(by_px - whole)
    at = np.clip(np.arange(len(pixels)) + whole, 0, len(pixels) - 1)
    following = np.clip(at + 1, 0, len(pixels) - 1)
    line = pixels.astype(np.float32)
    shifted: Rows = line[at] + part * (line[following] - line[at])
    return shifted
