"""What a sweep shows of light, paper and dirt, in numbers over so many pixels that none shows text."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stillscan.link.messages import Band
from stillscan.recordings.rows import Row

_LEAST_ROWS = 24  # of a sweep that is told of: 35,000 pixels, and some two heights of a letter
_PAPER, _INK = 0.85, 0.01  # quantiles over all pixels: an MRZ covers 7 % of its zone
_NORMAL = 1.4826  # median of absolute differences to rms, of a normal distribution
_STREAK_ROWS = 120  # fewer, and a letter could be as long as what is called a streak
_STREAK_PAPER = 0.9
"""The quantile over a column that is paper: whatever a document says covers less than nine tenths of a column so long,
so that a column's figure tells of streaks and never of letters."""
_STREAK_LOSS = 0.15  # as `stillscan clean` has it: half of what haze takes
_MOST_STREAKS = 12  # of a sweep: beyond that the glass is dirty, wherever


def light_row(bands: list[Band], pitch_mm: float) -> Row | None:
    """["light", sweep, rows, paper, ink, noise, (x_mm, width_mm, loss) of each streak...]; None for a short sweep.

    Paper and ink are grey values, 0..255, noise the rms of a pixel of paper.
    """
    if sum(band.header.lines for band in bands) < _LEAST_ROWS:
        return None
    picture = np.concatenate([band.pixels for band in bands])
    ink, paper = (float(value) for value in np.quantile(picture, (_INK, _PAPER)))
    flat = picture[:-1].astype(np.int16) > (ink + paper) / 2
    change = np.diff(picture.astype(np.int16), axis=0)[flat]
    noise = _NORMAL * float(np.median(np.abs(change))) / 2**0.5 if change.size else 0.0
    streaks = _streaks(picture, pitch_mm) if len(picture) >= _STREAK_ROWS else []
    return ["light", bands[0].header.sweep, len(picture), round(paper), round(ink), round(noise, 1), *streaks]


def _streaks(picture: NDArray[np.uint8], pitch_mm: float) -> list[float]:
    columns = np.quantile(picture, _STREAK_PAPER, axis=0)
    loss = 1.0 - columns / max(float(np.median(columns)), 1.0)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], (loss > _STREAK_LOSS).astype(np.int8), [0]))))
    found: list[float] = []
    runs = edges.reshape(-1, 2)
    runs = runs[(runs[:, 0] > 0) & (runs[:, 1] < len(loss))]  # at the sensor's ends it is the lid beside a document
    for first, end in runs[:_MOST_STREAKS]:
        middle, width, depth = (first + end) / 2 * pitch_mm, (end - first) * pitch_mm, loss[first:end].max()
        found += [round(float(middle), 1), round(float(width), 2), round(float(depth), 2)]
    return found
