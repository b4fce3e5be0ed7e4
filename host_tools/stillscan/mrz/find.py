"""Finds the text lines of an MRZ in the ink of a strip, and the character cells in them (300 dpi)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PITCH_PX = 30.0
SPACING_PX = 75.0
LINE_ROWS = 40
"""Rows of a character cell: 29 to 32 of them hold the letters, the others are paper above and below."""
MARGIN_ROWS = 6
"""Rows above and below that in a line's crop, for the recogniser to settle where the line really runs."""
_SLAB_PX = 36
_FAINT = 0.3
"""Share of full ink below which security print and noise lie: left out when the lines are looked for."""
_LETTER_ROWS = 29
_FLANK_ROWS = 9
_SKEWS = np.tan(np.radians(np.arange(-1.4, 1.41, 0.2)))
_FINE = np.tan(np.radians(np.arange(-0.15, 0.16, 0.05)))
_SPACINGS = range(68, 83)
_PITCHES = np.arange(28.6, 31.41, 0.1)


@dataclass(frozen=True)
class Block:
    """Two or three parallel lines of text."""

    centres_px: tuple[float, ...]
    """Row of each line's centre at the middle column."""
    slope: float
    """Rows down per column to the right."""
    score: float
    """Ink of the lines against the gaps between them; 0 is nothing."""


def blocks(ink: NDArray[np.float32]) -> list[Block]:
    """Candidates for the MRZ in `ink` (rows, cols), best first: the best pair of lines, and the best three lines."""
    if ink.shape[0] < 2 * SPACING_PX or ink.shape[1] < 20 * PITCH_PX:
        return []
    slope, profile = _skew(np.maximum(ink - _FAINT * np.percentile(ink[::3, ::3], 98), 0))
    marks = _line_marks(profile)
    found = [block for count in (3, 2) if (block := _best(marks, count, slope)) is not None]
    if len(found) == 2 and found[0].score < 0.6 * found[1].score:
        found.reverse()
    return found


def _skew(ink: NDArray[np.float32]) -> tuple[float, NDArray[np.float32]]:
    """The slope at which rows of text stand out most, and the mean ink of each row along it."""
    slabs = ink.shape[1] // _SLAB_PX
    strips = np.ascontiguousarray(ink[:, : slabs * _SLAB_PX]).reshape(-1, _SLAB_PX)
    means = (strips @ np.full(_SLAB_PX, 1 / _SLAB_PX, np.float32)).reshape(ink.shape[0], slabs)
    means = np.minimum(means, 2 * np.percentile(means, 90))  # a blot is no line
    middle = (np.arange(slabs) + 0.5) * _SLAB_PX - ink.shape[1] / 2

    def profiles(slopes: NDArray[np.float64]) -> NDArray[np.float32]:
        rows = np.arange(ink.shape[0])[None, :, None] + np.rint(slopes[:, None, None] * middle).astype(np.intp)
        inside = (rows >= 0) & (rows < ink.shape[0])
        taken = means[np.clip(rows, 0, ink.shape[0] - 1), np.arange(slabs)]
        return np.asarray(np.where(inside, taken, 0).mean(axis=2), np.float32)

    coarse = _SKEWS[int(np.argmax((profiles(_SKEWS) ** 2).sum(axis=1)))]
    fine = profiles(coarse + _FINE)
    best = int(np.argmax((fine**2).sum(axis=1)))
    return float(coarse + _FINE[best]), fine[best]


def _line_marks(profile: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much each row looks like the centre of a text line: ink of the letters less ink just above and below."""
    total = np.concatenate([[0], np.cumsum(profile)])

    def mean(first: int, size: int) -> NDArray[np.float32]:
        start = np.arange(len(profile)) + first
        low, high = np.clip(start, 0, len(profile)), np.clip(start + size, 0, len(profile))
        return np.asarray((total[high] - total[low]) / size, np.float32)

    half = _LETTER_ROWS // 2
    flanks = np.maximum(mean(-half - 2 - _FLANK_ROWS, _FLANK_ROWS), mean(half + 3, _FLANK_ROWS))
    return mean(-half, _LETTER_ROWS) - flanks


def _best(marks: NDArray[np.float32], count: int, slope: float) -> Block | None:
    """The best `count` lines at equal distance; None when one of them is no line."""
    best: Block | None = None
    for spacing in _SPACINGS:
        room = len(marks) - spacing * (count - 1)
        if room <= 0:
            continue
        rows = np.stack([marks[index * spacing : index * spacing + room] for index in range(count)])
        sums = rows.min(axis=0) * 0.5 + rows.mean(axis=0) * 0.5
        top = int(np.argmax(sums))
        if sums[top] > (best.score if best else 0.001):
            centres = tuple(float(top + index * spacing) for index in range(count))
            best = Block(centres, slope, float(sums[top]))
    return best


def crop(ink: NDArray[np.float32], centre_px: float, slope: float) -> NDArray[np.float32]:
    """One line straightened, (LINE_ROWS + 2 MARGIN_ROWS, cols); outside the picture there is no ink."""
    height = LINE_ROWS + 2 * MARGIN_ROWS
    columns = np.arange(ink.shape[1])
    top = centre_px + slope * (columns - ink.shape[1] / 2) - (height - 1) / 2
    first = np.floor(top).astype(np.intp)
    part = (top - first).astype(np.float32)
    padded = np.pad(ink, ((height, height), (0, 0)))
    rows = np.clip(first + height, 0, padded.shape[0] - height - 1) + np.arange(height + 1)[:, None]
    taken = padded[rows, columns]
    return np.asarray(taken[:-1] * (1 - part) + taken[1:] * part, np.float32)


@dataclass(frozen=True)
class Comb:
    """Where the characters of all lines stand: the centre of the first cell, the pitch, and how many there are."""

    first_px: float
    pitch_px: float
    count: int

    def centres(self) -> NDArray[np.float64]:
        """Centre column of every cell."""
        return np.asarray(self.first_px + self.pitch_px * np.arange(self.count), np.float64)


def comb(lines: list[NDArray[np.float32]]) -> Comb:
    """The comb of 44 or 36 cells (two lines) or 30 (three) that fits the straightened `lines` best."""
    ink = np.minimum(np.stack([line[MARGIN_ROWS + 4 : -MARGIN_ROWS - 4].sum(axis=0) for line in lines]), 12).sum(axis=0)
    columns = np.arange(len(ink))
    waves = np.exp(-2j * np.pi * columns / _PITCHES[:, None])
    strength = waves @ (ink - ink.mean())
    best = int(np.argmax(np.abs(strength)))
    pitch = float(_PITCHES[best])
    phase = float(-np.angle(strength[best]) / (2 * np.pi) * pitch) % pitch
    cells = np.arange(phase, len(ink), pitch)
    total = np.concatenate([[0], np.cumsum(ink)])
    low, high = np.clip(cells - pitch / 2, 0, len(ink)), np.clip(cells + pitch / 2, 0, len(ink))
    filled = total[np.rint(high).astype(np.intp)] - total[np.rint(low).astype(np.intp)]
    filled = np.minimum(filled, np.percentile(filled, 70))
    surplus = np.concatenate([[0], np.cumsum(filled - 0.4 * np.percentile(filled, 60))])
    choices = [
        (float(surplus[start + count] - surplus[start]), start, count)
        for count in ((30,) if len(lines) == 3 else (44, 36))
        for start in range(len(cells) - count + 1)
    ]
    if not choices:
        return Comb(pitch / 2, pitch, 0)
    _, start, count = max(choices)
    return Comb(float(cells[start]), pitch, count)
