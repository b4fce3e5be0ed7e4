"""Cuts the surroundings of a row of text out of a picture, upright and at 300 dpi, and finds the lines next to it."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import effort, lines
from stillscan.mrz.lines import PITCH_PX, Track
from stillscan.mrz.spot import Bar

HALF_ROWS = 240
"""Two lines of the greatest distance to each side, and a letter."""
_COARSEST = 1.5
"""Times the resolution of a window that is sampled as it is: of finer pictures fewer pixels are enough."""
_MOST_CELLS = 48
"""The longest line, 44 characters, and two to each side."""
_SPACINGS_PX = range(40, 108, 2)
"""Distances of lines that occur: 75 px by the standard, less and more on cards and old passports."""
STROKE_PX = 31
"""A character: no stroke is wider."""
AROUND_PX = (61, 151)
"""Columns and rows over which ink is taken to be the background's. Smaller ones, (31, 101), change nothing; with (91,
201) one more of 14 photographs (of worn passports, levels 3 to 5, and of three formats) is read."""
_LAYOUTS = ((0, 1), (-1, 0), (0, 1, 2), (-1, 0, 1), (-2, -1, 0))
"""Lines there may be, counted from the row that was found."""


class Stack(NamedTuple):
    """Lines that may be one MRZ, uppermost first, in a window."""

    tracks: tuple[Track, ...]
    middle_px: float
    """Column of the middle of the text."""
    score: float


class Window(NamedTuple):
    """A part of a picture at about 300 dpi around a row of text that runs from left to right."""

    grey: NDArray[np.uint8]
    bar_columns: tuple[float, float]
    """Where the row of text was seen to begin and end."""
    to_picture: NDArray[np.float64]
    """(2, 3): (x, y, 1) of the window to (x, y) of the picture."""

    def in_picture(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (..., 2), (x, y) of the window, in the picture."""
        return np.asarray(points @ self.to_picture[:, :2].T + self.to_picture[:, 2], np.float64)


def around(grey: NDArray[np.uint8], bar: Bar) -> Window:
    """The window around `bar`, its text upright if it runs from `bar.left` to `bar.right`."""
    scale = bar.pitch_px / PITCH_PX
    along = (bar.right - bar.left) / bar.length_px
    across = np.array([-along[1], along[0]])
    cells = bar.length_px / bar.pitch_px
    spare = max(0.0, _MOST_CELLS - cells) + 2.5
    before, after = (
        min(spare, _to_edge(grey.shape, point, way) / bar.pitch_px + 1.5)
        for point, way in ((bar.left, -along), (bar.right, along))
    )
    width = round((before + cells + after) * PITCH_PX)
    corner = bar.left - along * before * bar.pitch_px - across * HALF_ROWS * scale
    matrix = np.column_stack([along * scale, across * scale, corner])
    effort.spend("window", width * 2 * HALF_ROWS / 1e6)
    part, to_part = _shrunk(grey, matrix, (width, 2 * HALF_ROWS), max(1.0, scale / _COARSEST))
    picture = cv2.warpAffine(
        part,
        to_part,
        (width, 2 * HALF_ROWS),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return Window(np.asarray(picture, np.uint8), (before * PITCH_PX, (before + cells) * PITCH_PX), matrix)


def _shrunk(
    grey: NDArray[np.uint8], matrix: NDArray[np.float64], size: tuple[int, int], shrink: float
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """What of a picture a window of `size` (columns, rows) at `matrix` shows, with so many times fewer pixels each way,
    and the window's matrix in it: sampling large pictures singly would take up moire, and all of one takes its time.
    """
    if shrink == 1:
        return grey, matrix
    ends = np.array([(0, 0, 1), (size[0], 0, 1), (0, size[1], 1), (*size, 1)]) @ matrix.T
    most = np.array(grey.shape[::-1])
    first = np.clip(np.floor(ends.min(axis=0) - 2 * shrink), 0, most - 1).astype(int)
    last = np.clip(np.ceil(ends.max(axis=0) + 2 * shrink), first + 1, most).astype(int)
    part = grey[first[1] : last[1], first[0] : last[0]]
    columns, rows = np.maximum(1, np.rint((last - first) / shrink)).astype(int).tolist()
    small = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA)
    times = np.array([columns, rows]) / (last - first)
    moved = matrix * times[:, None]
    moved[:, 2] += (0.5 - first) * times - 0.5
    return np.asarray(small, np.uint8), moved


def _to_edge(shape: tuple[int, ...], point: NDArray[np.float64], way: NDArray[np.float64]) -> float:
    """Pixels from `point` along `way` to the edge of the picture."""
    reaches = []
    for at, step, size in zip(point, way, (shape[1], shape[0]), strict=True):
        if abs(step) > 1e-6:
            reaches.append(((size - 1 if step > 0 else 0.0) - at) / step)
    return float(max(0.0, min(reaches)))


def stacks(window: Window) -> list[Stack]:
    """Pairs and threes of lines in the window that may be an MRZ, likeliest first."""
    effort.spend("stacks", window.grey.size / 1e6)
    ink = strokes(window.grey)
    ink -= cv2.blur(ink, AROUND_PX)
    marked = lines.marks(ink)
    first, last = (max(0, round(column / lines.SLAB_PX)) for column in window.bar_columns)
    seen = np.full(marked.shape, 0.0, np.float32)
    seen[:, first : max(first + 1, last)] = marked[:, first : max(first + 1, last)]
    share = max(1, last - first) / marked.shape[1]
    rough = (np.arange(-16.0, 17, 4), np.arange(-12.0, 13, 4) / max(share, 0.3), np.arange(-8.0, 9, 4))
    track, _ = lines.follow(seen, Track(HALF_ROWS - 0.5), rough)
    fine = (np.arange(-3.0, 4), np.arange(-3.0, 4), np.arange(-2.0, 3))
    track, best = lines.follow(seen, track, fine)
    found = []
    reach = 2 * max(_SPACINGS_PX)
    heights = lines.beside(seen, track, np.arange(-reach, reach + 1))
    for layout in _LAYOUTS:
        spacing = max(_SPACINGS_PX, key=lambda step: min(heights[reach + place * step] for place in layout))
        weakest = float(min(heights[reach + place * spacing] for place in layout))
        if weakest < 0.25 * best or weakest <= 0:
            continue
        tracks = tuple(_beside(seen, Track(track.row + place * spacing, track.tilt, track.bow)) for place in layout)
        score = weakest * (1 + 0.2 * (len(layout) == 3))
        found.append(Stack(tracks, text_middle(ink, tracks), score))
    return sorted(found, key=lambda stack: -stack.score)


def _beside(marked: NDArray[np.float32], near: Track) -> Track:
    """The line near to where it would be if it ran like the first: seen from aside, lines run apart."""
    rough, _ = lines.follow(marked, near, (np.arange(-6.0, 7, 2), np.arange(-24.0, 25, 3), np.zeros(1)))
    fine = (np.arange(-2.0, 3), np.arange(-3.0, 4), np.arange(-2.0, 3, 2))
    return lines.follow(marked, rough, fine)[0]


def strokes(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Ink 0..1 of thin strokes against the brightness around them, for a picture at 300 dpi."""
    square = cv2.getStructuringElement(cv2.MORPH_RECT, (STROKE_PX, STROKE_PX))
    closed = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, square)
    ink = (closed - grey).astype(np.float32) / np.maximum(closed, 24)
    strong = float(np.percentile(ink[::4, ::4], 97))
    return np.asarray(np.clip(ink / max(strong, 0.05), 0, 1), np.float32)


def text_middle(ink: NDArray[np.float32], tracks: tuple[Track, ...]) -> float:
    """Column in the middle of the text of all lines."""
    half = lines.LETTER_ROWS // 2
    columns = np.arange(ink.shape[1])
    letters, above, below = np.arange(-half, half + 1), np.arange(-half - 12, -half - 3), np.arange(half + 4, half + 13)
    sums = []
    for track in tracks:
        rows = np.rint(track.rows(columns.astype(np.float64), ink.shape[1])).astype(np.intp)
        taken, over, under = (
            ink[np.clip(rows + part[:, None], 0, ink.shape[0] - 1), columns].mean(axis=0)
            for part in (letters, above, below)
        )
        cells = cv2.blur((taken - (over + under) / 2)[None], (2 * round(PITCH_PX) + 1, 1))[0]
        sums.append(np.minimum(cells / max(float(np.percentile(cells, 60)), 1e-3), 1))
    surplus = np.concatenate([[0.0], np.cumsum(np.mean(sums, axis=0) - 0.45)])
    choices = []
    for cells_wide in (30,) if len(tracks) == 3 else (44, 36):
        width = round(cells_wide * PITCH_PX)
        padded = np.pad(surplus, (width // 3, width // 3), mode="edge")
        gains = padded[width:] - padded[:-width] if len(padded) > width else np.zeros(1)
        at = int(np.argmax(gains))
        choices.append((float(gains[at]), at - width // 3 + width / 2))
    return max(choices)[1]
