"""Straightened lines to a probability of each of the 37 characters in each cell, by a network of one hidden layer.

`glyphs.npz` holds its weights; `make_glyphs` makes them from printed and damaged OCR-B.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz.find import LINE_ROWS, MARGIN_ROWS, Comb

CELL_COLUMNS = 16
HIDDEN = 160
CLASSES = 38
"""The 37 characters and, last, what is none of them."""
FEATURES = LINE_ROWS // 2 * CELL_COLUMNS
_OFFSETS_PX = (np.arange(CELL_COLUMNS) - (CELL_COLUMNS - 1) / 2) * 2
_SHIFT_STEPS_PX = (3.0, 1.5)
_DROPS = (-3, -2, -1, 0, 1, 2, 3)
_TILTS = (-2, -1, 0, 1, 2)
"""Pairs of rows by which the ends of a line may lie off the slope that was found."""


class Glyphs(NamedTuple):
    """Weights of the network: features to hidden values to the odds of each class."""

    into: NDArray[np.float32]
    bias: NDArray[np.float32]
    out: NDArray[np.float32]
    end: NDArray[np.float32]


@cache
def glyphs() -> Glyphs:
    """The weights of the package, loaded once."""
    with np.load(Path(__file__).with_name("glyphs.npz"), allow_pickle=False) as store:
        return Glyphs(*(store[name].astype(np.float32) for name in Glyphs._fields))


def sample(line: NDArray[np.float32], centres: NDArray[np.float64]) -> NDArray[np.float32]:
    """Cells around `centres` (columns) of a line's crop at half resolution: (cells, all rows / 2, CELL_COLUMNS)."""
    rows = (line[::2] + line[1::2]) / 2
    padded = np.pad(rows, ((0, 0), (32, 33)))
    # a box of two columns ending half-way between them: the mean of x and x + 1 sits at x + 0.5
    boxed = (padded[:, :-1] + padded[:, 1:]) / 2
    at = np.clip(centres[:, None] + _OFFSETS_PX - 0.5 + 32, 0, boxed.shape[1] - 2)
    left = np.floor(at).astype(np.intp)
    part = (at - left).astype(np.float32)
    cells = boxed[:, left] * (1 - part) + boxed[:, left + 1] * part
    return cells.transpose(1, 0, 2).astype(np.float32, copy=False)


def features(cells: NDArray[np.float32], drops: NDArray[np.intp] | int = 0) -> NDArray[np.float32]:
    """Sampled cells to (cells, FEATURES), mean 0 and length 1 each, every cell `drops` pairs of rows further down."""
    first = np.broadcast_to(drops, len(cells)) + MARGIN_ROWS // 2
    rows = first[:, None] + np.arange(LINE_ROWS // 2)
    flat = cells[np.arange(len(cells))[:, None], rows].reshape(len(cells), FEATURES)
    flat = flat - flat.mean(axis=1, keepdims=True)
    length = np.sqrt(np.einsum("ij,ij->i", flat, flat))
    return np.asarray(flat / np.maximum(length, 0.5)[:, None], np.float32)


def log_probabilities(cells: NDArray[np.float32]) -> NDArray[np.float32]:
    """(cells, 37): log probability of each character; what they lack to 1 together is the chance that it is none."""
    known = glyphs()
    hidden = np.maximum(cells @ known.into + known.bias, 0)
    logits = hidden @ known.out + known.end
    logits -= logits.max(axis=1, keepdims=True)
    return np.asarray(logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)), np.float32)[:, :-1]


def read_cells(lines: list[NDArray[np.float32]], comb: Comb) -> NDArray[np.float32]:
    """Log probabilities (lines, cells, 37) with the comb and the lines moved to where the characters fit best."""
    start = comb.centres()
    cells = np.stack([sample(line, start) for line in lines])
    drops = _settle_rows(np.stack([_name(cells, drop) for drop in _DROPS]))
    tried = {0.0: _name(cells, drops)}
    for step in _SHIFT_STEPS_PX:
        best = max(tried, key=lambda shift: _fit(tried[shift]))
        for shift in (best - step, best + step):
            tried[shift] = _name(np.stack([sample(line, start + shift) for line in lines]), drops)
    return max(tried.values(), key=_fit)


def _name(cells: NDArray[np.float32], drops: NDArray[np.intp] | int) -> NDArray[np.float32]:
    """Log probabilities (lines, cells, 37) of sampled cells (lines, cells, rows, columns)."""
    lines, count = cells.shape[:2]
    each = np.broadcast_to(drops, (lines, count)).reshape(-1)
    flat = features(cells.reshape(lines * count, *cells.shape[2:]), each)
    return log_probabilities(flat).reshape(lines, count, -1)


def _settle_rows(likelihoods: NDArray[np.float32]) -> NDArray[np.intp]:
    """Where each line runs: pairs of rows to move down (lines, cells), from likelihoods (drops, lines, cells, 37).

    All lines tilt alike and each has its own height. Cells are cut off at a poor fit, so that stains do not pull.
    """
    fits = likelihoods.max(axis=3)
    fits = np.maximum(fits, -5)
    cells = np.linspace(-1, 1, fits.shape[2])
    best = (-np.inf, np.zeros(fits.shape[1:], np.intp))
    for tilt in _TILTS:
        # index into the drops of every cell, for every height of the line
        rows = np.arange(len(_DROPS))[:, None] + tilt * cells
        nearest = np.clip(np.rint(rows), 0, len(_DROPS) - 1).astype(np.intp)
        sums = np.take_along_axis(fits, nearest[:, None, :], axis=0).sum(axis=2)
        heights = sums.argmax(axis=0)
        total = float(sums.max(axis=0).sum())
        if total > best[0]:
            best = (total, nearest[heights] + _DROPS[0])
    return best[1]


def _fit(likelihoods: NDArray[np.float32]) -> float:
    """Mean over the cells, cut off so that a stain in a few of them does not pull the comb away."""
    return float(np.maximum(likelihoods.max(axis=2), -5).mean())
