"""One training line: text set in a random cut, warped, printed, worn and scanned, with the centre of each character."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from stillscan.mrz.alphabet import ALPHABET
from training import degrade, sensors, text
from training.glyphs import CELL_COLUMNS, CELL_ROWS, FAR_PX

ROWS, COLUMNS = 48, 1476
MOST_CHARACTERS = 44
_PITCH_PX = 30
_MARGIN_PX = 60
_TALL = 132
"""Rows of the canvas: the line itself and room for parts of the lines above and below, 75 px away."""


class Sample(NamedTuple):
    """A crop and its truth; unused characters have class -1."""

    pixels: NDArray[np.uint8]
    """(48, 1476) grey, 300 dpi."""
    centres_px: NDArray[np.float32]
    """(44,) column of each character's centre."""
    classes: NDArray[np.int8]
    """(44,) index into the alphabet."""


def _typeset(
    characters: str, cut: NDArray[np.int8], first_px: int, rng: np.random.Generator
) -> tuple[sensors.Line, NDArray[np.float32]]:
    """Distances (canvas) of one line of `cut` and the centre column of each character on the canvas."""
    canvas = np.full((_TALL, COLUMNS + 4 * _MARGIN_PX), FAR_PX * 20, np.int8)
    loose = rng.uniform(0, 0.9) if rng.random() < 0.4 else 0.0
    bounce = rng.uniform(0, 1.2) if rng.random() < 0.2 else 0.0
    centres = first_px + _PITCH_PX * np.arange(len(characters)) + np.rint(rng.normal(0, 1, len(characters)) * loose)
    downs = np.rint(rng.normal(0, 1, len(characters)) * bounce).astype(int)
    for character, centre, down in zip(characters, centres.astype(int), downs.tolist(), strict=True):
        left, top = centre + _MARGIN_PX - CELL_COLUMNS // 2, (_TALL - CELL_ROWS) // 2 + down
        place = canvas[top : top + CELL_ROWS, left : left + CELL_COLUMNS]
        np.minimum(place, cut[ALPHABET.index(character)], out=place)
    return np.asarray(canvas / 20, np.float32), (centres + _MARGIN_PX - 0.5).astype(np.float32)


def severity_of(rng: np.random.Generator, *, hard: bool = False) -> float:
    """How bad a training line is: all degrees occur, the middle and upper ones most; if `hard`, the upper ones."""
    return float(rng.beta(2.4, 1.0) if hard else rng.beta(1.6, 1.3))


def sample(cuts: list[NDArray[np.int8]], seed: int, index: int, *, hard: bool = False, broad: bool = False) -> Sample:
    """Training line number `index` of the series `seed`; the same arguments give the same line.

    `hard`: more damaged; `broad`: also by the causes of `causes`.
    """
    rng = np.random.default_rng((seed, index))
    characters, severity = text.line(rng), severity_of(rng, hard=hard)
    cut = cuts[int(rng.integers(len(cuts)))]
    pitch = float(np.clip(rng.normal(1, 0.02), 0.95, 1.05))
    room = COLUMNS - round(len(characters) * _PITCH_PX * pitch)
    first = int(rng.integers(18, max(19, room))) if rng.random() < 0.6 else int(rng.normal(86, 14))
    first = max(first, 16)
    canvas, centres = _typeset(characters, cut, round(first / pitch), rng)
    if rng.random() < 0.08:  # a neighbouring line reaches into the crop
        other, _ = _typeset(characters[::-1], cut, round(first / pitch), rng)
        shift = int(rng.choice([-1, 1]) * rng.integers(36, 48))
        canvas = np.minimum(canvas, np.roll(other, shift, axis=0))
    column, row = degrade.warp((ROWS, COLUMNS), severity, rng)
    column = column / pitch + _MARGIN_PX
    distance = cv2.remap(canvas, column, row + (_TALL - 1) / 2, cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE)
    seen = np.interp(centres, column[ROWS // 2 - 6 : ROWS // 2 + 6].mean(axis=0), np.arange(COLUMNS))
    pixels = degrade.photograph(
        np.asarray(distance, np.float32), float(seen[0]) - 12, float(seen[-1]) + 12, severity, rng, broad=broad
    )
    centres_px = np.zeros(MOST_CHARACTERS, np.float32)
    classes = np.full(MOST_CHARACTERS, -1, np.int8)
    centres_px[: len(seen)] = seen
    inside = (seen > 8) & (seen < COLUMNS - 9)
    classes[: len(seen)] = np.where(inside, [ALPHABET.index(character) for character in characters], -1)
    return Sample(pixels, centres_px, classes)
