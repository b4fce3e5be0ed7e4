"""A document of the third set: what each place of its zone is like, and the random fields it is made with."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.devset import STRIP_SHAPE

FINE = 2
"""Pixels of the document for one of the scan: 600 dpi."""
SHAPE = (STRIP_SHAPE[0] * FINE, STRIP_SHAPE[1] * FINE)
LINES_PX = (88, 163)
"""Middle row of each line of text in the scan."""

Field = NDArray[np.float32]


@dataclass
class Document:
    """The zone at 600 dpi, each field (548, 2952)."""

    film: Field
    """Thickness of the ink, 1 where it is whole."""
    absorbance: float
    """Of ink of thickness 1, seen once through (natural logarithm)."""
    stain: Field
    """Absorbance of all else that lies on the sheet."""
    white: Field
    """Reflectance of the bare sheet."""
    relief: Field
    """Height in fibres' thicknesses, 0 on average."""
    shine: Field
    """Light thrown back by what lies on top, before it reaches the ink."""
    lift: Field
    """Distance from the sensor's glass, 0 to 1: out of focus."""


def noise(rng: np.random.Generator, size_px: float, across: float = 1.0) -> Field:
    """A field of mean 0 and deviation 1 whose patches are `size_px` wide and `across` times as high."""
    rows, columns = (max(3, round(side / size)) for side, size in zip(SHAPE, (size_px * across, size_px), strict=True))
    small = rng.normal(size=(rows, columns)).astype(np.float32)
    field = cv2.resize(small, SHAPE[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray((field - field.mean()) / max(float(field.std()), 1e-6), np.float32)


def blur(field: Field, sigma: float) -> Field:
    return np.asarray(cv2.GaussianBlur(field, (0, 0), sigma), np.float32) if sigma > 0.2 else field


def strokes(rng: np.random.Generator, paths: list[NDArray[np.int32]], width: tuple[int, int]) -> Field:
    """1 where a pen went along the paths (points of (column, row))."""
    drawn = np.zeros(SHAPE, np.uint8)
    for path in paths:
        cv2.polylines(drawn, [path.reshape(-1, 1, 2)], False, 255, int(rng.integers(*width)), cv2.LINE_AA)
    return np.asarray(drawn / np.float32(255), np.float32)


def scribble(rng: np.random.Generator, loops: int, height: float) -> NDArray[np.int32]:
    """Points of a signature: circles run through while the hand goes on to the right."""
    time = np.linspace(0, 2 * np.pi * loops, 40 * loops)
    size = height * (0.6 + 0.4 * np.interp(time, np.linspace(0, time[-1], loops + 2), rng.uniform(-1, 1, loops + 2)))
    left, top = rng.uniform(0, SHAPE[1] * 0.7), rng.uniform(0.2, 0.8) * SHAPE[0]
    columns = left + time * rng.uniform(10, 25) + size * np.cos(time)
    return np.stack([columns, top + size * np.sin(time + 0.5)], axis=1).astype(np.int32)
