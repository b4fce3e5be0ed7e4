"""Strip store: every line of one document where it belongs on the document, whatever moved meanwhile.

The scanner sends with each line how far the document has slid since it was placed (optical flow). A line of the glass
is a line of the document, displaced: rows are put where they belong, shifted along x, and the gaps between them are
interpolated. A track ends when the document was lifted; what follows has no known place on what came before.

Rows of several sweeps count together only where those show the same print in rows that they share (`tie`): whatever
happened between two sweeps, another document may lie there since.

Counts may err: each sweep is laid on those before by what both show, and a sensor that counts backwards is found out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from stillscan.link.messages import Band, SweepBegin
from stillscan.mrz.pixels import median
from stillscan.scanning.agreement import compare, printed_rows
from stillscan.scanning.dead_pixels import bridged
from stillscan.scanning.registration import offset
from stillscan.scanning.sweep import Slide, Sweep

PAPER = 255  # rows that no sweep has seen
_NO_WEIGHT = 1e-3  # less of a line than that changes no grey value
_WIDEST_GAP = 3.2  # rows between two lines that may still be bridged
_LEAST_ROWS = 24  # of either sweep, for being laid on each other
_MOST_NUDGE_PX = 16.0  # 1.4 mm: the counts of one placing err by no more, unless they are wrong altogether
_CLEARLY_MOVED_PX = 5.0  # 0.4 mm: farther than counts and lines may differ
_OPPOSITE_VOTES = 2
_MOST_TRIED = 2
_ANCHOR_ROWS = 14  # of print that the next sweep is to show again: half a line, less what counts may err
_CLOSE_ROWS = 8  # 0.7 mm above the rows that lack, for what was placed by counts that are a little wrong
_LEFT_PX, _RIGHT_PX = 60, 74  # 5.1 and 6.3 mm: the text of a passport begins and ends just beside
_LID = 90  # no line of a document is darker all over; infrared paper is 200 and more, worn and stained 130
_LIGHT = 0.05  # share of a line that is lighter where a document lies; dust and glare on the lid are less

Rows = NDArray[np.float32]
Tie = Literal["alone", "same", "other", "unclear"]
"""The newest sweep stands alone; shows the same print as those before it; shows another; or shares too little."""


@dataclass
class StripStore:
    """The sweeps over one document; ``rows`` x ``width_px`` and ``pitch_um`` as the scanner's HELLO says."""

    rows: int
    width_px: int
    pitch_um: float
    sweeps: list[Sweep] = field(default_factory=list)
    flow_sign: int = 1
    """-1 once it is known that the flow sensor counts backwards."""
    straighten: bool = True
    """Whether lines are put where the displacement says; else they stay where the glass saw them."""
    slides: list[Slide] = field(default_factory=list)  # between sweeps laid on each other, where it clearly moved
    _votes: int = 0  # pairs of sweeps that say it counts backwards, less those that say it does not
    _fresh: int = 0  # the first sweep of this capture
    _seen: NDArray[np.bool_] = field(init=False)  # pixels of the picture that was joined last
    _near: NDArray[np.bool_] = field(init=False)  # rows that have a line near them, on the newest track

    def __post_init__(self) -> None:
        self._near = np.zeros(self.rows, np.bool_)
        self._seen = np.zeros((self.rows, self.width_px), np.bool_)

    def begin(self, message: SweepBegin) -> None:
        """A new attempt."""
        if not self.sweeps or self.sweeps[-1].track != message.track:
            self._near[:] = False
        self.sweeps.append(Sweep(message.attempt, message.track))

    def capture_anew(self) -> None:
        """What came until now was not good enough: the joined strip begins afresh with the next sweep."""
        self._near[:] = False
        self._fresh = len(self.sweeps)

    @property
    def _counted_rows(self) -> float:
        """How far the document has slid by now, in rows, as the sensor counts."""
        shifts = self.sweeps[-1].shifts_um if self.sweeps else []
        return shifts[-1][1] / self.pitch_um if shifts else 0.0

    def as_device_counts(self, row: int) -> int:
        """The row to be asked for so that the scanner, which believes its sensor, goes to this row of the document."""
        if self.flow_sign > 0 or row == 0:
            return row
        return min(max(row + round(2 * self._counted_rows), 0), self.rows - 1)

    def missing(self, first_row: int, last_row: int) -> NDArray[np.intp]:
        """Rows of the document in first_row..last_row that no line of the newest track lies near.

        One or two rows between lines are not missed: ``joined`` bridges them. Nor are rows that have slid off the
        scanned zone by now: no sweep can bring them.
        """
        first_row, last_row = self._in_reach(first_row, last_row)
        if first_row > last_row:
            return np.zeros(0, np.intp)
        near = np.flatnonzero(self._near[first_row : last_row + 1]) + first_row
        edges = np.concatenate(([first_row - 3], near, [last_row + 3]))  # what lies beyond may be missing as well
        after = np.flatnonzero(np.diff(edges) > 3)
        gaps = [np.arange(edges[at] + 1, edges[at + 1]) for at in after]
        found: NDArray[np.intp] = np.concatenate(gaps) if gaps else np.zeros(0, np.intp)
        return found[(found >= first_row) & (found <= last_row)]

    def lacks(self, first_row: int, last_row: int) -> bool:
        """Whether any row is ``missing``: asked at each band."""
        first_row, last_row = self._in_reach(first_row, last_row)
        if first_row > last_row:
            return False
        near = self._near[first_row : last_row + 1].tobytes()
        return not (near[0] and near[-1]) or b"\0\0\0" in near

    def _in_reach(self, first_row: int, last_row: int) -> tuple[int, int]:
        """Of these rows the first and last that have not slid off the zone."""
        slid = self.flow_sign * self._counted_rows
        return max(first_row, 0, math.ceil(slid)), min(last_row, self.rows - 1, math.floor(self.rows - 1 + slid))

    def add(self, band: Band) -> None:
        """Lines of the newest attempt; without one (the host came in the middle) they are left out."""
        if self.sweeps and band.header.width_px == self.width_px:
            self.sweeps[-1].add(band)
            self._cover(band.header.row, band.header.lines, band.header.dy_um)

    def forget(self, bands: Sequence[Band]) -> None:
        """Bands that were added, and were not the scanner's: their rows are missing again."""
        for sweep in self.sweeps:
            sweep.forget(bands)
        self._cover_anew()

    def _cover(self, row: int, lines: int, dy_um: int) -> None:
        """These rows of the glass have been seen while the document was displaced by so much."""
        place = row + self.flow_sign * dy_um / self.pitch_um
        first = max(0, round(place - 0.8))
        self._near[first : max(first, round(place + lines - 0.2) + 1)] = True

    def settle(self) -> bool:
        """Lay the newest sweep, now that it is over, on one before that shows the same rows.

        True when this tells that the flow sensor counts backwards: from then on it is read the other way round.
        """
        newest = self.sweeps[-1]
        if len(newest.rows) < _LEAST_ROWS:
            return False
        others = [one for one in self.sweeps[:-1] if one.track == newest.track and len(one.rows) >= _LEAST_ROWS]
        for older in sorted(others, key=lambda one: float(np.hypot(*self._counted(one, newest))))[:_MOST_TRIED]:
            found = offset(*self._rows_of(older), *self._rows_of(newest))
            if found is not None and math.hypot(found.dx_px, found.dy_px) <= _MOST_NUDGE_PX:
                newest.nudge_px = newest.nudge_px[0] + found.dx_px, newest.nudge_px[1] - found.dy_px
                self._votes -= np.hypot(*self._counted(older, newest)) > _CLEARLY_MOVED_PX
                self._note_slide(older, newest)
                return False
            if self._backwards(older, newest):
                self._votes += 1
                break
        if self.flow_sign < 0 or self._votes < _OPPOSITE_VOTES:
            return False
        self.flow_sign = -1
        self._cover_anew()
        return True

    def _note_slide(self, older: Sweep, newest: Sweep) -> None:
        counted = self._counted(older, newest)
        way = float(np.hypot(*counted))
        if way > _CLEARLY_MOVED_PX:
            shown = self.flow_sign * counted + np.subtract(newest.nudge_px, older.nudge_px)
            self.slides.append(Slide(way * self.pitch_um, float(shown @ counted) / way * self.pitch_um))

    def tie(self) -> Tie:
        """What the newest sweep has to do with the rows that others of this capture have seen on its track."""
        *former, newest = self._joinable() or [Sweep(0, 0)]
        if not former or newest is not self.sweeps[-1]:
            return "alone"
        (base, base_seen), (rows, rows_seen) = self._laid(former), self._laid([newest])
        base_scan = base, np.asarray(base_seen.any(axis=1), np.bool_)
        scan = rows, np.asarray(rows_seen.any(axis=1), np.bool_)
        if not (printed_rows(base_scan) & ~scan[1]).any():
            return "same"  # no text is taken from the others
        found = compare(base_scan, scan)
        if found.verdict == "same":
            newest.nudge_px = newest.nudge_px[0] + found.dx_px, newest.nudge_px[1] - found.dy_rows
        return found.verdict

    def forget_former(self) -> None:
        """The rows of all sweeps but the newest do not count any more."""
        self._fresh = len(self.sweeps) - 1
        self._cover_anew()

    def forget_shorter(self) -> None:
        """Of the newest sweep and those before it the one that has seen less does not count any more."""
        *former, newest = self._joinable()
        rows = {row for sweep in former for row in sweep.rows}
        if len(newest.rows) >= len(rows):
            self.forget_former()
        else:
            newest.void = True
            self._cover_anew()

    def anchor(self, row: int) -> int:
        """From where to scan again so that the sweep shows enough of the print above ``row`` once more."""
        first = row - _CLOSE_ROWS
        above = np.flatnonzero(printed_rows(self.joined())[:row])
        if len(above):
            first = min(first, int(above[-_ANCHOR_ROWS]) if len(above) >= _ANCHOR_ROWS else int(above[0]) - _CLOSE_ROWS)
        return max(first, 0)

    def _joinable(self) -> list[Sweep]:
        """The sweeps of this capture whose rows count together, as far as their track tells."""
        track = self.sweeps[-1].track if self.sweeps else 0
        return [one for one in self.sweeps[self._fresh :] if one.rows and one.track == track and not one.void]

    def _cover_anew(self) -> None:
        self._near[:] = False
        for sweep in self._joinable():
            for row, (_, dy_um) in zip(sweep.rows, sweep.shifts_um, strict=True):
                self._cover(row, 1, dy_um)

    def _counted(self, older: Sweep, newest: Sweep) -> NDArray[np.float64]:
        """(x, y) px by which the sensor says that the document moved from one sweep to the other."""
        moved = np.median(newest.shifts_um, axis=0) - np.median(older.shifts_um, axis=0)
        return np.asarray(moved / self.pitch_um, np.float64)

    def _backwards(self, older: Sweep, newest: Sweep) -> bool:
        """Whether the lines of both fit when the counts are read the other way round."""
        if self.flow_sign < 0 or np.hypot(*self._counted(older, newest)) < _CLEARLY_MOVED_PX:
            return False
        found = offset(*self._rows_of(older, sign=-1), *self._rows_of(newest, sign=-1))
        against = found is not None and math.hypot(found.dx_px, found.dy_px) <= _CLEARLY_MOVED_PX
        if against:
            way_um = float(np.hypot(*self._counted(older, newest))) * self.pitch_um
            self.slides.append(Slide(way_um, -way_um))
        return against

    def joined(self) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """(rows, width_px) of the document on its newest track, and which rows were seen; later sweeps come on top.

        What slid beyond the sensor's ends is paper, unless another sweep has seen it: see ``torn``.
        """
        out, self._seen = self._laid(self._joinable())
        _lid_to_paper(out)
        rows = np.asarray(self._seen.any(axis=1), np.bool_)
        if rows.any():  # as bright as the document's: an edge beside the text is none of the print
            out[~rows] = median(out[rows, ::8])
        return out, rows

    def _laid(self, sweeps: list[Sweep]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """These sweeps on the document's rows, later ones on top, and which pixels (rows, width_px) were seen."""
        out = np.full((self.rows, self.width_px), PAPER, np.uint8)
        seen = np.zeros(out.shape, np.bool_)
        for sweep in sweeps:
            picture, covered = self._straight(sweep)
            np.copyto(out, picture, where=covered)
            seen |= covered
        return out, seen

    def calm(self, most_um: int) -> bool:
        """Whether the picture is of one sweep as it came, under which the document moved by ``most_um`` at most."""
        sweeps = self._joinable()
        return len(sweeps) == 1 and sweeps[0].calm and bool(np.abs(sweeps[0].shifts_um).max() <= most_um)

    def torn(self, first_row: int, last_row: int) -> bool:
        """Does the picture last ``joined`` lack a part of seen rows first_row..last_row where text may stand?"""
        part = self._seen[first_row : last_row + 1, _LEFT_PX : self.width_px - _RIGHT_PX]
        return bool((part.any(axis=1) & ~part.all(axis=1)).any())

    def _rows_of(self, sweep: Sweep, sign: int | None = None) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        picture, seen = self._straight(sweep, sign)
        return picture, np.asarray(seen.any(axis=1), np.bool_)

    def _straight(self, sweep: Sweep, sign: int | None = None) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """One sweep's lines on the document's rows, and which pixels (rows, width_px) it saw."""
        counted = sweep.displacement_um() if self.straighten else np.zeros((len(sweep.rows), 2))
        moved = (sign or self.flow_sign) * counted / self.pitch_um + sweep.nudge_px
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
        rows = np.flatnonzero(covered)
        above, below, slid = above[rows], below[rows], moved[order, 0]
        weight = np.clip(part[rows], 0.0, 1.0).astype(np.float32)
        weight[weight <= _NO_WEIGHT] = 0.0
        below = np.where(weight > 0, below, above)
        lines = bridged(np.array([sweep.pixels[index] for index in order]))
        if not slid.any() and not weight.any():  # it never moved: nothing to reckon, 3 ms less before the verdict
            return self._as_seen(rows, lines[above])
        block = _shifted(lines.astype(np.float32), slid)
        mixed = block[above]
        mixed += weight[:, None] * (block[below] - mixed)
        least, most = np.minimum(slid[above], slid[below]), np.maximum(slid[above], slid[below])
        first = np.maximum(0, np.ceil(-least))[:, None]
        last = np.minimum(self.width_px, self.width_px - np.ceil(most))[:, None]
        columns = np.arange(self.width_px)
        inside = (columns >= first) & (columns < last)
        seen = np.zeros((self.rows, self.width_px), np.bool_)
        seen[rows] = inside
        out = np.full(seen.shape, PAPER, np.uint8)
        out[rows] = np.where(inside, np.rint(mixed), PAPER).astype(np.uint8)
        return out, seen

    def _as_seen(self, rows: NDArray[np.intp], lines: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """``lines`` (n, width_px) on these ``rows``, and which pixels that are."""
        out = np.full((self.rows, self.width_px), PAPER, np.uint8)
        seen = np.zeros(out.shape, np.bool_)
        out[rows], seen[rows] = lines, True
        return out, seen


def _lid_to_paper(picture: NDArray[np.uint8]) -> None:
    """Rows and columns beyond the document's edges show the dark lid: as paper they hide no text line's contrast."""
    for view in (picture, picture.T):
        every_fourth = view[:, ::4]
        light = np.count_nonzero(every_fourth >= _LID, axis=1)
        view[light < _LIGHT * every_fourth.shape[1]] = PAPER


def _shifted(block: Rows, by_px: NDArray[np.float64]) -> Rows:
    """Lines (n, width) as if the document had not moved along x, each by its own ``by_px`` (n,)."""
    if not by_px.any():
        return block
    if np.ptp(by_px) == 0:  # it lay still somewhere else: all lines at once
        return _moved(block, float(by_px[0]))
    return np.stack([_moved(line, float(by)) for line, by in zip(block, by_px, strict=True)])


def _moved(pixels: Rows, by_px: float) -> Rows:
    """Pixels (..., width), those between two of them interpolated."""
    whole = int(np.floor(by_px))
    part = np.float32(by_px - whole)
    width = pixels.shape[-1]
    at = np.clip(np.arange(width) + whole, 0, width - 1)
    following = np.clip(at + 1, 0, width - 1)
    moved: Rows = pixels[..., at] + part * (pixels[..., following] - pixels[..., at])
    return moved
