"""Faint rows of strokes in noise, turned by any angle."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from training import devset

from stillscan.errors import InputError
from stillscan.mrz import faint, read_image, read_strip
from stillscan.mrz.spot import Bar
from stillscan.simulator.printing import find_font
from tests.covering import examples

pytestmark = pytest.mark.slow

_PITCH_PX = 16
_ROWS = 330, 370
"""Centres of the two rows in the upright picture."""


def page(depth: float, seed: int) -> NDArray[np.float32]:
    """(600, 900): two rows of 44 cells with an upright stroke or two each, `depth` grey values deep."""
    rng = np.random.default_rng(seed)
    grey = np.full((600, 900), 200, np.float32)
    for row in _ROWS:
        for cell in range(44):
            for stroke in rng.choice([3, 6, 9], int(rng.integers(1, 3)), replace=False):
                left = 98 + _PITCH_PX * cell + int(stroke)
                grey[row - 7 : row + 8, left : left + 3] -= depth
    return cv2.GaussianBlur(grey, (0, 0), 0.8)


def turned(grey: NDArray[np.float32], degrees: float, noise: float) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The picture on a larger one, turned about its middle, with noise; and the (2, 3) way there."""
    matrix = cv2.getRotationMatrix2D((450, 300), degrees, 1.0)
    matrix[:, 2] += 600 - np.array([450, 300])
    out = cv2.warpAffine(grey, matrix, (1200, 1200), borderValue=(120,))
    out = out + noise * np.random.default_rng(1).standard_normal(out.shape)
    return np.clip(out, 0, 255).astype(np.uint8), matrix


def off_rows_px(bar: Bar, matrix: NDArray[np.float64]) -> float:
    """How far the middle of a bar lies from the nearer of the two rows, if it lies on their length at all."""
    back = cv2.invertAffineTransform(matrix)
    x, y = back[:, :2] @ ((bar.left + bar.right) / 2) + back[:, 2]
    return min(abs(y - row) for row in _ROWS) if 98 < x < 98 + 44 * _PITCH_PX else 1e6


@settings(max_examples=examples(20), deadline=None)
@given(st.floats(-180, 180), st.integers(0, 99))
def test_rows_that_hardly_stand_out(degrees: float, seed: int) -> None:
    picture, matrix = turned(page(18, seed), degrees, noise=9)
    best = min(faint.bars(picture)[:2], key=lambda bar: off_rows_px(bar, matrix))
    assert off_rows_px(best, matrix) < 5
    along = (best.right - best.left) @ cv2.invertAffineTransform(matrix)[:, :2].T
    assert abs(np.degrees(np.arctan(along[1] / along[0]))) < 1.1


@pytest.mark.parametrize("shape", [(24, 24), (24, 3000), (3000, 24), (700, 700)])
def test_pictures_without_rows(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(3).integers(0, 255, shape).astype(np.uint8)
    assert all(bar.pitch_px > 0 and bar.length_px > 0 for bar in faint.bars(noise))
    assert faint.bars(np.full(shape, 90, np.uint8)) == []


def test_what_is_hardly_readable_is_found_at_the_foot_of_a_page() -> None:
    try:
        strip = devset.strip(find_font(), 5, 2)
    except InputError as error:
        pytest.skip(str(error))
    page = np.full((1040, strip.pixels.shape[1]), np.median(strip.pixels), np.uint8)
    page[-len(strip.pixels) :] = strip.pixels
    assert read_strip(strip.pixels).lines == strip.lines
    assert read_image(page).lines == strip.lines
