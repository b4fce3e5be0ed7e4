"""What is wrong with a picture of an MRZ, in plain terms: for the person who is to clean, turn or shade something."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import effort
from stillscan.mrz.evidence import Evidence
from stillscan.mrz.finding import QualityFinding
from stillscan.mrz.lines import PX_PER_MM
from stillscan.mrz.pixels import ranked

_PAPER_PX = 3
"""Columns of which one tells the brightness of the paper."""
_DARK = 70
"""Grey of the paper; that of development strips has 182 and more. Nothing changes between 30 and 110, 48 strips of
levels 0 to 5."""
_LEAST_CONTRAST = 0.18
"""Print against paper. Development strips of levels 0 to 4 have 0.26 and more, of level 5 0.22 to 0.26: fainter print
is named. Nothing changes between 0.1 and 0.18; with 0.22 one of 48 strips is called faint, with 0.26 nine."""
_BLURRED = 0.19
"""Steepest change of brightness a pixel, as a share of the print's contrast: development strips, which are all in
focus, have 0.36 and more. Nothing changes between 0.12 and 0.27, 48 strips of levels 0 to 5."""
_SMEARED = 0.55
"""Steepness along one direction against the other: development strips, which are still, have 0.55 to 1. Nothing changes
between 0.4 and 0.55; with 0.62 one of 48 strips is called smeared, with 0.7 eight."""
_WORN_PROBABILITY = 0.9
"""Of a character that is in doubt. Nothing changes between 0.5 and 0.98, 48 strips of levels 0 to 5: no doubtful
character of theirs has little ink."""
_WORN_INK = 0.6
"""Ink of a worn character against the median of its line. Nothing changes between 0.4 and 0.6; with 0.7 one of 48
strips is called worn, with 0.8 two."""
_STREAK_LOSS = 0.25
"""Share of the light that a streak takes; those of the development strips take 0.1 to 0.65. A compromise without a
clear edge: on 48 strips of levels 0 to 5 147 streaks are named with 0.15, 123 with 0.25, 70 with 0.4."""
_OUTER_ROWS = 6
"""Rows at the top and at the bottom of a crop that are free of letters: of the (48 - 29) / 2 = 9 there, 3 are left for
letters that stand a little aside."""
_GLARE_GAIN = 1.12
"""Brightness against the median of the paper. A compromise without a clear edge: on 48 strips, 16 of them drawn with
glare, nine places are named with 1.08, three with 1.12, none with 1.25."""

_GLARE_COLUMNS = 12
"""Columns of the text that it covers at the least: of fewer, a third of a character, print loses nothing."""


def findings(
    evidence: Evidence, characters: tuple[tuple[float, ...], ...], size: tuple[int, ...]
) -> list[QualityFinding]:
    """Faults of the lines that were read with these probabilities in a picture of `size` (rows, cols)."""
    grey = evidence.crops
    effort.spend("quality", grey.size / 2 / 48 / 1476)
    thin = np.ascontiguousarray(grey[:, ::3, ::_PAPER_PX].transpose(0, 2, 1))
    rank = thin.shape[2] * 85 // 100
    seen = np.partition(thin, rank, axis=2)[:, :, rank]
    paper = np.repeat(seen, _PAPER_PX, axis=1)[:, : grey.shape[2]].astype(np.float32)  # of each column of each line
    white = ranked(seen, 0.5)
    dark = ranked(grey[:, 10:38:4, ::4], 0.04)
    contrast = (white - dark) / max(white, 1.0)
    found = []
    if white < _DARK:
        found.append(QualityFinding("too-dark", "the picture is too dark"))
    if contrast < _LEAST_CONTRAST:
        found.append(QualityFinding("faint", "the print is hardly darker than the paper"))
    found += _sharpness(grey, white - dark)
    found += _glare(evidence, paper, white)
    found += _streaks(evidence, grey, white)
    found += _worn(evidence, paper, characters)
    found += _cut_off(evidence, size)
    if evidence.turned:
        found.append(QualityFinding("upside-down", "the document lies upside down"))
    return found


def _text_ends(evidence: Evidence) -> tuple[float, float]:
    """Columns of the crops between which the text stands."""
    centres, half = evidence.grid.columns_px, evidence.grid.pitch_px / 2
    return float(centres[:, 0].min()) - half, float(centres[:, -1].max()) + half


def _mm(evidence: Evidence, column: float) -> float:
    return round(evidence.left_mm + column / PX_PER_MM, 1)


def _sharpness(grey: NDArray[np.uint8], contrast: float) -> Iterator[QualityFinding]:
    """Blur in all directions, or in one."""
    along = _steepness(grey[:, 6:42:6, 1:], grey[:, 6:42:6, :-1]) / max(contrast, 1.0)
    across = _steepness(grey[:, 7:42, ::6], grey[:, 6:41, ::6]) / max(contrast, 1.0)
    if max(along, across) < _BLURRED:
        yield QualityFinding("out-of-focus", "the picture is out of focus")
    elif min(along, across) < _SMEARED * max(along, across):
        yield QualityFinding("smear", "the picture is smeared by movement")


def _steepness(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """What the differences of pixels seldom exceed (2 in 100)."""
    steps = cv2.absdiff(np.ascontiguousarray(one).ravel(), np.ascontiguousarray(other).ravel())
    upto = np.bincount(np.asarray(steps, np.uint8).ravel(), minlength=256).cumsum()
    return float(np.searchsorted(upto, 0.98 * upto[-1]))


def _glare(evidence: Evidence, paper: NDArray[np.float32], white: float) -> Iterator[QualityFinding]:
    """Bright patches in which print fades; a bright spot beside the text fades none."""
    wide = cv2.blur(paper, (15, 1)).max(axis=0)
    left, right = _text_ends(evidence)
    for run in _runs(wide > max(min(_GLARE_GAIN * white, 254.0), white + 12), _GLARE_COLUMNS):
        first, last = max(run[0], left), min(run[1], right)
        if last - first >= _GLARE_COLUMNS:
            place = _mm(evidence, (first + last) / 2)
            yield QualityFinding("glare", f"glare at {place:.0f} mm", place)


def _streaks(evidence: Evidence, grey: NDArray[np.uint8], white: float) -> Iterator[QualityFinding]:
    """Columns that are dark above and below the letters of all lines: dust on the line sensor, or a scratch."""
    outer = np.concatenate([grey[:, :_OUTER_ROWS], grey[:, -_OUTER_ROWS:]])
    level = outer.mean(axis=1, dtype=np.float32).max(axis=0)  # the brightest of all: letters of others may reach in
    around = cv2.blur(cv2.dilate(level[None], np.ones((1, 25), np.uint8)), (25, 1))[0]
    left, right = _text_ends(evidence)
    for first, last in _runs(level < (1 - _STREAK_LOSS) * around, 1):
        middle = (first + last) / 2
        if last - first < 16 and left < middle < right and around[int(middle)] > 0.6 * white:
            yield QualityFinding("streak", f"dirt streak at {_mm(evidence, middle):.0f} mm", _mm(evidence, middle))


def _worn(
    evidence: Evidence, paper: NDArray[np.float32], characters: tuple[tuple[float, ...], ...]
) -> Iterator[QualityFinding]:
    """Doubtful characters with less ink than the others."""
    if min(min(row) for row in characters) >= _WORN_PROBABILITY:
        return
    places = zip(evidence.crops, paper, characters, evidence.grid.columns_px, strict=True)
    for line, (crop, light, probabilities, columns) in enumerate(places, start=1):
        ink = np.maximum(light - crop, 0)[9:39].mean(axis=0)
        cells = np.interp(columns, np.arange(len(ink)), cv2.blur(ink[None], (25, 1))[0])
        weak = (np.array(probabilities) < _WORN_PROBABILITY) & (cells < _WORN_INK * np.median(cells))
        for first, last in _runs(weak, 1):
            place = f"character {first + 1}" if first == last else f"characters {first + 1} to {last + 1}"
            yield QualityFinding("worn-ink", f"worn ink at {place} of line {line}", None, line, (first + 1, last + 1))


def _cut_off(evidence: Evidence, size: tuple[int, ...]) -> Iterator[QualityFinding]:
    """Text that runs into the edge of the picture."""
    (left, right), reach = evidence.corners[:, [0, -1]].transpose(1, 0, 2), evidence.pitch_px * 0.5
    for ends in (left, right):
        if (ends < reach - 1).any() or (ends > np.array([size[1], size[0]]) - reach).any():
            yield QualityFinding("cut-off", "the text is cut off at the edge of the picture")
            return


def _runs(flags: NDArray[np.bool_], least: int) -> Iterator[tuple[int, int]]:
    """(first, last) of the runs of True that are at least `least` long."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if end - first >= least:
            yield first, end - 1
