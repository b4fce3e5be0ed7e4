"""A character is held against the others of its document that were read as the same."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from test_typeface import MONO, NOR, printed

from stillscan.mrz import read_strip, typeface
from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.elsewhere import unlike

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("column", "size_px", "blur_px"), [(14, 36, 0.8), (14, 39, 1.2), (6, 36, 1.2), (6, 39, 1.2)])
def test_a_letter_that_stands_elsewhere_looks_as_it_does_there(
    column: int, size_px: int, blur_px: float, ocr_b: Path
) -> None:
    """A capital lambda in clear print: it has the strokes of an A but for its bar, which lies close to both."""
    first = "P<NORHANSEN<<KARI<ANNE".ljust(44, "<")
    assert first[column] == "A"
    whole = printed((first, NOR[1]), ocr_b)
    bare = Image.fromarray(printed((first[:column] + " " + first[column + 1 :], NOR[1]), ocr_b))
    font = ImageFont.truetype(str(MONO), size_px)
    ImageDraw.Draw(bare).text((71 + 30 * column + 12.5, 88), "\u039b", 30, font, "mm")
    for picture, accepted in ((whole, True), (np.asarray(bare), False)):
        assert read_strip(cv2.GaussianBlur(picture, (0, 0), blur_px)).accepted == accepted


def test_characters_are_held_against_the_others_of_their_class_alone(ocr_b: Path) -> None:
    """Whatever their shade and where they stand in their cells; what stands once has none, and a filler none either."""
    crop = printed(("OCOROS<<", "<<<<<<<<"), ocr_b)[64:112].copy()
    crop[:, 71 + 60 : 71 + 90] = np.roll(crop[:, 71 + 60 : 71 + 90] // 2 + 100, 1, axis=0)
    centres = np.array([71 + 15 + 30.0 * np.arange(8)])
    classes = np.array([[ALPHABET.index(one) for one in "OOOROS<<"]])
    found = unlike(typeface.cells(crop[None], centres), classes)[0]
    assert found[1] > 0.15 > 0.1 > max(found[0], found[2], found[4])
    assert not found[[3, 5, 6, 7]].any()
    blank = np.full((1, 8, typeface.CELL_ROWS, typeface.CELL_COLUMNS), 225, np.uint8)
    assert np.isfinite(unlike(blank, classes)).all()
