"""Straightens the surroundings of a row of text that runs in a bow, as in a passport that is held open.

The row is followed from where it was seen, a step at a time, and what lies above and below it is moved with it: on a
sheet that bends like a part of a cylinder all lines run alike, and upright strokes stay upright.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import effort, lines, window
from stillscan.mrz.lines import LETTER_ROWS, PITCH_PX, SLAB_PX
from stillscan.mrz.spot import Bar

_STEP_PX = 3
"""Rows that a row of text is followed in."""
_STEEPEST = 7
"""Steps from one slab to the next: 21 px in 60, 19 degrees against the chord, as at a bend of 55 mm seen at 45
degrees."""
_STIFF = 0.0015
"""What a step costs, squared, in marks; a row of clear print has 0.1 to 0.2."""
_TEXT = 0.3
"""Share of the row's own mark that a slab has at least when there is text in it."""
_DEGREE = 4
"""Of the curve: a bow that is seen from aside, and another that a finger adds."""
_PASSES = 2
_LEAST_BEND_PX = 7.0
"""What runs straighter is followed as it is (`window.stacks`, to 8 px and more)."""
_GAP_SLABS = 3
"""Of text that a stain or glare has taken away."""
_FEWEST_SLABS = 5
"""Ten characters."""


class Straightened(NamedTuple):
    """The surroundings of a bent row of text, level."""

    grey: NDArray[np.uint8]
    """(rows, cols) at about 300 dpi."""
    bar: Bar
    """The row of text in it."""
    columns: NDArray[np.float64]
    """(cols,) of `part` that each column shows."""
    down: NDArray[np.float64]
    """(cols,) rows of `part` below those of `grey`."""
    part: window.Window
    """What was straightened."""

    def in_picture(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (..., 2), (x, y) of `grey`, in the picture."""
        known = np.arange(len(self.columns))
        x = np.interp(points[..., 0], known, self.columns)
        y = points[..., 1] + np.interp(points[..., 0], known, self.down)
        return self.part.in_picture(np.stack([x, y], axis=-1))


def straightened(grey: NDArray[np.uint8], bar: Bar) -> Straightened | None:
    """What lies around `bar` in a grey picture (rows, cols), level; None where it runs straight, or is no row."""
    part = window.around(grey, bar)
    path = _followed(part.grey, part.bar_columns)
    if path is None or path.bend_px < _LEAST_BEND_PX:
        return None
    # seen from the chord a bow leaves the window least
    ends = part.in_picture(np.array([[column, path.rows(np.array([column]))[0]] for column in path.ends]))
    part = window.around(grey, Bar(ends[0], ends[1], bar.height_px, bar.pitch_px, bar.rhythm))
    columns = np.arange(part.grey.shape[1], dtype=np.float64)
    middle = window.HALF_ROWS - 0.5
    down, level, row = np.zeros(len(columns)), part.grey, part.bar_columns
    for _ in range(_PASSES):  # what runs steeply is smeared: the second time it does not
        path = _followed(level, row)
        if path is None:
            return None
        row = path.ends
        down += path.rows(columns) - middle
        level = _moved(part.grey, columns, down)
    # characters are set evenly along the row, not along its chord
    along = np.concatenate([[0.0], np.cumsum(np.hypot(1, np.diff(down)))])
    even = np.interp(np.arange(int(along[-1])), along, columns)
    down = np.interp(even, columns, down)
    left, right = (np.array([np.interp(end, columns, along), middle]) for end in row)
    level_bar = Bar(left, right, LETTER_ROWS, PITCH_PX, bar.rhythm)
    return Straightened(_moved(part.grey, even, down), level_bar, even, down, part)


def _moved(grey: NDArray[np.uint8], columns: NDArray[np.float64], down: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The picture whose columns are these `columns` of `grey`, moved up by `down` rows."""
    effort.spend("window", len(columns) * len(grey) / 1e6)
    on_rows = np.arange(len(grey), dtype=np.float32)[:, None] + down.astype(np.float32)
    on_columns = np.ascontiguousarray(np.broadcast_to(columns.astype(np.float32), on_rows.shape))
    moved = cv2.remap(grey, on_columns, on_rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


class _Path(NamedTuple):
    """Where a row of text runs in a window."""

    curve: NDArray[np.float64]
    """Polynomial of the row over t, -1..1 between its ends."""
    ends: tuple[float, float]
    """Columns of its ends."""

    @property
    def bend_px(self) -> float:
        """How far the row lies from its chord at most."""
        rows = np.polyval(self.curve, np.linspace(-1, 1, 41))
        return float(np.abs(rows - np.linspace(rows[0], rows[-1], 41)).max())

    def t(self, columns: NDArray[np.float64] | float) -> NDArray[np.float64]:
        return np.asarray((np.asarray(columns) - self.ends[0]) / (self.ends[1] - self.ends[0]) * 2 - 1, np.float64)

    def rows(self, columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """The row at each column; beyond the ends it goes on straight."""
        t = self.t(columns)
        held = np.clip(t, -1, 1)
        slope = np.polyval(np.polyder(self.curve), held)
        return np.asarray(np.polyval(self.curve, held) + (t - held) * slope, np.float64)


def _followed(grey: NDArray[np.uint8], row: tuple[float, float]) -> _Path | None:
    """The row of text that runs through the middle of a window, of which a part was seen between these columns."""
    effort.spend("stacks", grey.size / 1e6)
    marked = np.ascontiguousarray(lines.marks(_ink(grey))[_STEP_PX // 2 :: _STEP_PX])
    slabs = marked.shape[1]
    first, last = (min(slabs - 1, max(0, int(column / SLAB_PX))) for column in row)
    start = (first + last) // 2
    right = _way(marked[:, start:], marked.shape[0] / 2)
    left = _way(marked[:, start::-1], right[0])
    way = np.concatenate([left[:0:-1], right])
    seen = marked[np.rint(way).astype(np.intp), np.arange(slabs)]
    own = float(np.median(seen[first : last + 1]))
    is_text = cv2.blur(seen[None].astype(np.float32), (3, 1))[0] > _TEXT * max(own, 1e-6)
    low, high = _reach(is_text, start)
    if own <= 0 or high - low < _FEWEST_SLABS:
        return None
    ends = low * SLAB_PX + 0.0, min(high * SLAB_PX, grey.shape[1]) - 1.0
    t = ((np.arange(low, high) + 0.5) * SLAB_PX - ends[0]) / (ends[1] - ends[0]) * 2 - 1
    weight = np.clip(seen[low:high] / own, 0.05, 1)
    degree = _DEGREE if high - low > 2 * _DEGREE else 2
    curve = np.polyfit(t, way[low:high] * _STEP_PX + _STEP_PX // 2, degree, w=weight)
    return _Path(curve, ends)


def _ink(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Thin dark strokes by how much darker they are, so that the grain of a dark table counts for little."""
    square = cv2.getStructuringElement(cv2.MORPH_RECT, (window.STROKE_PX, window.STROKE_PX))
    ink = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, square).astype(np.float32)
    ink = np.minimum(ink / max(float(np.percentile(ink[::4, ::4], 97)), 4.0), 1)
    return np.asarray(ink - cv2.blur(ink, window.AROUND_PX), np.float32)


def _reach(is_text: NDArray[np.bool_], start: int) -> tuple[int, int]:
    """The first slab of the text that `start` is in, and the one after its last."""
    ends = []
    for way in (is_text[start::-1], is_text[start:]):
        there = np.flatnonzero(way)
        gaps = np.flatnonzero(np.diff(there, prepend=0) > _GAP_SLABS)
        there = there[: gaps[0]] if len(gaps) else there
        ends.append(int(there[-1]) if len(there) else 0)
    return start - ends[0], start + ends[1] + 1


def _way(marked: NDArray[np.float32], start: float) -> NDArray[np.float64]:
    """Rows of `marked` (rows, slabs) along the best way from about `start` in the first slab to the last one."""
    rows, slabs = marked.shape
    at = np.arange(rows)
    best = np.where(np.abs(at - start) <= LETTER_ROWS / 2 / _STEP_PX, marked[:, 0], -1e3)
    steps = np.arange(-_STEEPEST, _STEEPEST + 1)
    came = np.zeros((slabs, rows), np.intp)
    source = np.clip(at[:, None] - steps, 0, rows - 1)
    for slab in range(1, slabs):
        reached = best[source] - _STIFF * steps**2
        choice = reached.argmax(axis=1)
        came[slab] = source[at, choice]
        best = reached[at, choice] + marked[:, slab]
    way = [int(best.argmax())]
    for slab in range(slabs - 1, 0, -1):
        way.append(int(came[slab, way[-1]]))
    return np.asarray(way[::-1], np.float64)
