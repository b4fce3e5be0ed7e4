"""Finds rows of evenly set text in any picture: whatever their direction, from 6 to 60 px high.

Dark strokes are closed to bars at several scales. What tells a line of an MRZ from other long bars is its rhythm:
characters of one pitch from end to end.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import effort

LONG_SIDES_PX = (560, 800, 1130, 1600)
"""Sizes at which is looked: the characters of an MRZ are 11 to 16 px apart in one of them."""
_STROKE_PX = 13
"""Nothing wider than this is a stroke (at the size looked at). With 11 and with 15 another one of 14 photographs (of
worn passports, levels 3 to 5, and of three formats) is read: no optimum was found."""
_GAP_PX = 7
"""Gaps of this many pixels are closed: more than between two characters, less than between two lines. With 5 one of 14
photographs (of worn passports, levels 3 to 5, and of three formats) fewer is accepted and one more is read, with 9 one
more is read."""
_LEAST_LENGTH_PX = 110
"""Ten characters at the least distance, 11 px. With 80 one more of 14 photographs (of worn passports, levels 3 to 5,
and of three formats) is read; nothing changes up to 140."""
_PITCH_RANGE = np.geomspace(0.62, 1.7, 60)
"""Distances of characters to be tried, against the height of the row. 1.03 by the standard (30 / 29 px), and widely
about it, because the height of a bar is a rough measure."""
_STANDS_OUT = (1.15, 2.2)
"""Strokes against what lies around them: the low one keeps faint print, the high one leaves out security print. Nothing
changes with (1.0, 1.9) and (1.3, 2.6), 14 photographs (of worn passports, levels 3 to 5, and of three formats)."""
_SPECTRUM = 4
"""The spectrum of a row is worked out so many times finer than its length gives. With 2 one of 14 photographs (of worn
passports, levels 3 to 5, and of three formats) fewer is accepted; nothing changes with 8."""
_MOST_ENLARGED = 2.9
"""Sizes to which a picture would have to be enlarged by more are left out. Nothing changes between 2 and 4, 14
photographs (of worn passports, levels 3 to 5, and of three formats)."""
_MOST_PIECES = 150
"""Bounds the time of joining them, longest first. Nothing changes between 75 and 300, 14 photographs (of worn
passports, levels 3 to 5, and of three formats)."""
_SAME_HEIGHTS = 0.25
"""Ends of a row that differ by less than this, against its height, are the same: a quarter of a character."""
_MOST_BARS = 8
"""Rows that the quick network glances at, likeliest first. Nothing changes between 5 and 12, 14 photographs (of worn
passports, levels 3 to 5, and of three formats)."""


@dataclass(frozen=True, eq=False)
class Bar:
    """A row of text in a picture: (x, y) of the ends of its centre line in pixels, its height and its rhythm."""

    left: NDArray[np.float64]
    right: NDArray[np.float64]
    height_px: float
    pitch_px: float = 0.0
    """Distance of two characters."""
    rhythm: float = 0.0
    """How evenly they are set, 0 to about 1."""

    @property
    def length_px(self) -> float:
        """From end to end."""
        return float(np.hypot(*(self.right - self.left)))

    @property
    def score(self) -> float:
        """How much the row looks like a line of an MRZ: characters in rhythm."""
        return self.rhythm * min(self.length_px / max(self.pitch_px, 1.0), 44.0)

    def scaled(self, times: float) -> "Bar":
        """The same row in a picture so many times as large."""
        left, right = ((end + 0.5) * times - 0.5 for end in (self.left, self.right))
        return Bar(left, right, self.height_px * times, self.pitch_px * times, self.rhythm)


def bars(grey: NDArray[np.uint8], sizes_px: tuple[int, ...] = LONG_SIDES_PX) -> list[Bar]:
    """Rows of text in a grey picture (rows, cols) that may belong to an MRZ, likeliest first, one for each place.

    `sizes_px`: lengths of the picture's longer side at which is looked.
    """
    found: list[Bar] = []
    longest = max(grey.shape)
    effort.spend("resize", grey.size / 1e6)
    source = grey
    for size in reversed(sizes_px):
        scale = size / longest
        if scale > _MOST_ENLARGED and size != sizes_px[0]:
            continue
        shape = max(8, round(grey.shape[1] * scale)), max(8, round(grey.shape[0] * scale))
        effort.spend("spot", shape[0] * shape[1] / 1e6)
        small = cv2.resize(source, shape, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
        source = np.asarray(small, np.uint8) if scale < 1 else source  # the next is smaller still
        seen = strokes(np.asarray(small, np.uint8))
        level = np.asarray(cv2.blur(seen, (61, 61)), np.uint8)
        for bar in _once([bar for share in _STANDS_OUT for bar in _joined(_pieces(seen, level, share))]):
            effort.spend("spot-row")
            found.append(measured(seen, bar).scaled(1 / scale))
    return _distinct(sorted(found, key=lambda bar: -bar.score))


def strokes(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """How much darker each pixel is than what lies around it, for thin things only."""
    square = cv2.getStructuringElement(cv2.MORPH_RECT, (_STROKE_PX, _STROKE_PX))
    return np.asarray(cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, square), np.uint8)


def _pieces(seen: NDArray[np.uint8], level: NDArray[np.uint8], stands_out: float) -> list[Bar]:
    """Long thin bars of closed strokes that are darker by that factor than `level`, the mean around them."""
    # text is dark against what lies around it; fine print of the background is weaker everywhere
    least = np.clip(np.float32(stands_out) * np.arange(256, dtype=np.float32), 8, 255).astype(np.uint8)  # of each level
    binary = cv2.compare(seen, cv2.LUT(level, least), cv2.CMP_GT)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_GAP_PX, _GAP_PX))
    closed = cv2.morphologyEx(binary, cv2.MORPH_CLOSE, disc)
    thick = cv2.morphologyEx(closed, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3)))
    outlines, _ = cv2.findContours(thick, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    pieces = []
    for outline in outlines:
        if len(outline) < 50:
            continue
        (x, y), (width, height), angle = cv2.minAreaRect(outline)
        if width < height:
            width, height, angle = height, width, angle + 90
        if not 4 <= height <= 34 or width < 2.5 * height:
            continue
        along = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
        along = -along if along[0] < 0 else along
        middle = np.array([x, y])
        pieces.append(Bar(middle - along * width / 2, middle + along * width / 2, height))
    return pieces


def _joined(pieces: list[Bar]) -> list[Bar]:
    """Pieces of one row that glare or a stamp has cut apart, joined end to end."""
    pieces = sorted(pieces, key=lambda bar: -bar.length_px)[:_MOST_PIECES]
    ends = np.array([(bar.left, bar.right) for bar in pieces]).reshape(-1, 2, 2)
    heights = np.array([bar.height_px for bar in pieces])
    left = np.ones(len(pieces), bool)
    done: list[Bar] = []
    for index, bar in enumerate(pieces):
        if not left[index]:
            continue
        left[index] = False
        while len(other := np.flatnonzero(left & _continues(bar, ends, heights))):
            left[other[0]] = False
            points = np.concatenate([[bar.left, bar.right], ends[other[0]]])
            order = np.argsort((points - bar.left) @ (bar.right - bar.left))
            bar = Bar(points[order[0]], points[order[-1]], max(bar.height_px, float(heights[other[0]])))
        if bar.length_px >= _LEAST_LENGTH_PX and bar.length_px > 6 * bar.height_px:
            done.append(bar)
    return done


def _continues(bar: Bar, ends: NDArray[np.float64], heights: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the rows with these ends (n, 2, 2) and heights (n,) continue the row `bar`."""
    length = bar.length_px
    right, down = (bar.right - bar.left) / length
    # not a matrix product, which takes twice as long for pairs of numbers
    x, y = ends[..., 0] - bar.left[0], ends[..., 1] - bar.left[1]
    aside = np.abs(y * right - x * down).max(axis=1)
    at = x * right + y * down
    gap = np.maximum(at.min(axis=1) - length, -at.max(axis=1))
    alike = (heights > 0.5 * bar.height_px) & (heights < 1.7 * bar.height_px)
    return np.asarray(alike & (aside <= 0.45 * np.maximum(heights, bar.height_px)) & (gap <= 7 * bar.height_px))


def _once(found: list[Bar]) -> list[Bar]:
    """Rows whose ends were found already, with the other threshold, are left out: measuring is what costs."""
    kept: list[Bar] = []
    ends = np.array([(*bar.left, *bar.right) for bar in found]).reshape(-1, 4)
    for index, bar in enumerate(found):
        if not index or np.abs(ends[:index] - ends[index]).max(axis=1).min() > _SAME_HEIGHTS * bar.height_px:
            kept.append(bar)
    return kept


def measured(seen: NDArray[np.uint8], bar: Bar, pitches: NDArray[np.float64] = _PITCH_RANGE) -> Bar:
    """The bar with the distance of its characters and how strong that rhythm is, from the `strokes` below it."""
    length, height = round(bar.length_px), max(4, round(bar.height_px))
    along = (bar.right - bar.left) / bar.length_px
    across = np.array([-along[1], along[0]])
    corner = bar.left - across * (height - 1) / 2
    matrix = np.column_stack([along, across, corner]).astype(np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    row = cv2.warpAffine(seen, matrix, (length, height), flags=flags).astype(np.float32)
    ink = np.minimum(row, np.percentile(row, 90) + 1).mean(axis=0)
    ink = (ink - cv2.blur(ink[None], (2 * height + 1, 1))[0]) * np.hanning(length)
    pitches = pitches * bar.height_px
    spectrum = np.abs(np.fft.rfft(ink, _SPECTRUM * length)) ** 2 / max(length * float(ink @ ink), 1e-6) * 2
    power = np.interp(_SPECTRUM * length / pitches, np.arange(len(spectrum)), spectrum)
    best = int(power.argmax())
    return Bar(bar.left, bar.right, bar.height_px, float(pitches[best]), float(power[best]))


def _distinct(found: list[Bar]) -> list[Bar]:
    """The best of those bars that lie on each other."""
    kept: list[Bar] = []
    for bar in found:
        middle = (bar.left + bar.right) / 2
        for other in kept:
            along = (other.right - other.left) / other.length_px
            away = middle - other.left
            if abs(away @ np.array([-along[1], along[0]])) < 0.7 * other.height_px and (
                -other.height_px < away @ along < other.length_px + other.height_px
            ):
                break
        else:
            kept.append(bar)
        if len(kept) == _MOST_BARS:
            break
    return kept
