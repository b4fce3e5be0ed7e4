"""Whole documents anywhere in a picture: turned, tilted, small, large, several, mirrored."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from mrz_vectors import VALID
from numpy.typing import NDArray
from training import devphoto, devset

from stillscan.mrz import read_captures, read_image
from stillscan.simulator import printing
from tests.covering import examples, some

pytestmark = pytest.mark.slow

NOR = tuple(VALID["NOR"].split("|"))


def on_a_table(page: NDArray[np.uint8], angle: float, scale: float, tilt: float = 0.0) -> NDArray[np.uint8]:
    """A photograph of `page` on a dark table, turned by `angle` degrees; `tilt` shortens the far edge by that share."""
    rows, columns = page.shape
    reach = round(np.hypot(rows, columns) * scale * 1.06)
    corners = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    turn = np.radians(angle)
    centred = (corners - [columns / 2, rows / 2]) * scale
    centred[:2] *= 1 - tilt
    spread = centred @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + reach / 2
    matrix = cv2.getPerspectiveTransform(corners, spread.astype(np.float32))
    small = cv2.GaussianBlur(page, (0, 0), max(0.3, 0.4 / scale))
    return np.asarray(cv2.warpPerspective(small, matrix, (reach, reach), borderValue=70), np.uint8)


@pytest.mark.parametrize("angle", [0, 7, 90, 133, 180, 270, 301])
def test_turned(angle: float, ocr_b: Path) -> None:
    lines = NOR
    reading = read_image(on_a_table(printing.page(lines, ocr_b), angle, 0.8))
    assert reading.lines == lines
    if angle not in (90, 270):  # lying on its side, a page has no upper edge
        assert ("upside-down" in {fault.code for fault in reading.quality}) == (angle in (133, 180))


@pytest.mark.parametrize("name", ["TD1", "TD2", "MRV-A", "MRV-B"])
def test_other_formats(name: str, ocr_b: Path) -> None:
    lines = tuple(VALID[name].split("|"))
    assert read_image(on_a_table(printing.page(lines, ocr_b), 4, 0.6)).lines == lines


@pytest.mark.parametrize("scale", [0.4, 2.0])
def test_small_and_large(scale: float, ocr_b: Path) -> None:
    lines = NOR
    assert read_image(on_a_table(printing.page(lines, ocr_b), -3, scale)).lines == lines


def test_perspective(ocr_b: Path) -> None:
    lines = NOR
    assert read_image(on_a_table(printing.page(lines, ocr_b), 10, 0.8, tilt=0.12)).lines == lines


@pytest.mark.parametrize("form", ["TD3", "TD1", "TD2", "MRV-A", "MRV-B"])
def test_photographs_from_aside(form: str, ocr_b: Path) -> None:
    """Any angle, tilt, light and resolution: see the development photographs."""
    drawn = [devphoto.photo(ocr_b, form, seed) for seed in some(range(4), 2)]
    readings = [read_image(one.pixels) for one in drawn]
    assert 4 * sum(reading.lines == one.lines for reading, one in zip(readings, drawn, strict=True)) >= 3 * len(drawn)
    assert not [
        1 for reading, one in zip(readings, drawn, strict=True) if reading.accepted and reading.lines != one.lines
    ]


def test_mirrored(ocr_b: Path) -> None:
    page = printing.page(NOR, ocr_b)
    reading = read_image(np.ascontiguousarray(page[:, ::-1]))
    assert not reading.accepted
    assert reading.reason == "the picture is mirrored"


def test_two_mrzs(ocr_b: Path) -> None:
    first, second = printing.page(NOR, ocr_b), printing.page(tuple(VALID["PO"].split("|")), ocr_b)
    both = np.vstack([first, second])
    reading = read_image(both)
    assert not reading.accepted
    assert reading.reason == "the picture shows two MRZs"
    assert not read_captures([both, both]).accepted


def test_photograph_without_an_mrz(ocr_b: Path) -> None:
    page = printing.page(NOR, ocr_b)[:760]
    reading = read_image(on_a_table(page, 5, 0.7))
    assert not reading.accepted
    assert reading.reason


@settings(max_examples=examples(15), deadline=None)
@given(arrays.arrays(np.uint8, (12, 18)), st.integers(8, 60))
def test_any_picture_gives_a_reason(blocks: NDArray[np.uint8], size: int) -> None:
    reading = read_image(np.kron(blocks, np.ones((size, size), np.uint8)))
    assert not reading.accepted
    assert reading.reason


@pytest.mark.parametrize("level", [3, 4])
def test_faded_print_on_a_page(level: int, ocr_b: Path) -> None:
    for seed in some(range(3), 2):
        drawn = devset.strip(ocr_b, level, seed)
        page = np.full((1039, drawn.pixels.shape[1]), np.median(drawn.pixels), np.uint8)
        page[-len(drawn.pixels) :] = drawn.pixels
        assert read_image(page).lines == drawn.lines
        assert read_image(cv2.resize(page, None, fx=1.4, fy=1.4)).lines == drawn.lines
