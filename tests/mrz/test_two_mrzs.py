"""Two MRZs in one picture, however near to each other: none of them is accepted, for nobody knows which was meant."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from mrz_vectors import VALID
from numpy.typing import NDArray

from stillscan.mrz import read_image, read_strip
from stillscan.simulator import printing
from tests.covering import covering

pytestmark = pytest.mark.slow  # reads dozens of pictures

TWO = "the picture shows two MRZs"
SPACING, HEIGHT, PITCH, MARGIN = 75, 48, 30, 70


def block(name: str, font: Path, *, turned: bool = False) -> NDArray[np.float32]:
    """Ink 0..1 of an MRZ at 300 dpi."""
    lines = VALID[name].split("|")
    ink = np.zeros((SPACING * (len(lines) - 1) + HEIGHT, PITCH * len(lines[0])), np.float32)
    for number, line in enumerate(lines):
        row = np.concatenate([printing.glyph(character, font, 1) for character in line], axis=1)
        ink[SPACING * number : SPACING * number + HEIGHT] += row
    return ink[::-1, ::-1] if turned else ink


def laid(shape: tuple[int, int], *blocks: tuple[NDArray[np.float32], int, int]) -> NDArray[np.uint8]:
    """Paper with blocks (ink, top, left)."""
    ink = np.zeros(shape, np.float32)
    for own, top, left in blocks:
        ink[top : top + own.shape[0], left : left + own.shape[1]] += own[: shape[0] - top]
    noise = np.random.default_rng(5).normal(0, 3, shape)
    return np.clip(np.rint(225 - 195 * np.clip(ink, 0, 1) + noise), 0, 255).astype(np.uint8)


def stacked(one: NDArray[np.float32], other: NDArray[np.float32], gap: int) -> NDArray[np.uint8]:
    """One above the other, `gap` rows from the last line to the first."""
    second = 60 + one.shape[0] - HEIGHT + gap
    return laid((max(500, second + other.shape[0] + 60), 1476), (one, 60, MARGIN), (other, second, MARGIN))


PAIRS = [(*names, turned) for names in (("NOR", "PO"), ("TD2", "NOR"), ("TD1", "IDNOR")) for turned in (False, True)]


@pytest.mark.parametrize(("pair", "gap"), covering(PAIRS, [75, 90, 110, 150, 240, 400], each=2))
def test_one_above_the_other(pair: tuple[str, str, bool], gap: int, ocr_b: Path) -> None:
    *names, turned = pair
    picture = stacked(block(names[0], ocr_b), block(names[1], ocr_b, turned=turned), gap)
    assert read_image(picture).reason == TWO


@pytest.mark.parametrize("gap", [90, 300])
def test_on_a_page_that_lies_aslant(gap: int, ocr_b: Path) -> None:
    picture = stacked(block("NOR", ocr_b), block("PO", ocr_b), gap)
    turn = cv2.getRotationMatrix2D((738, 250), 37, 0.8)
    turn[:, 2] += 200, 400
    reading = read_image(np.asarray(cv2.warpAffine(picture, turn, (1900, 1900), borderValue=200), np.uint8))
    assert reading.reason == TWO


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("gap", "down"), [(0, 0), (30, 0), (90, 0), (150, 40), (600, 120)])
def test_side_by_side(gap: int, down: int, turned: bool, ocr_b: Path) -> None:
    one, other = block("TD2", ocr_b), block("NOR", ocr_b, turned=turned)
    shape = 400, 2 * MARGIN + one.shape[1] + gap + other.shape[1]
    reading = read_image(laid(shape, (one, 60, MARGIN), (other, 60 + down, MARGIN + one.shape[1] + gap)))
    assert not reading.accepted
    assert gap == 0 or reading.reason == TWO  # what stands without a gap may look like one text that goes on


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("names", "gap"), [(("NOR", "PO"), 85), (("TD2", "NOR"), 75), (("MRV-A", "D"), 75)])
def test_in_one_strip(names: tuple[str, str], gap: int, turned: bool, ocr_b: Path) -> None:
    one, other = block(names[0], ocr_b), block(names[1], ocr_b, turned=turned)
    strip = laid(printing.STRIP_SHAPE, (one, 5, MARGIN), (other, 5 + one.shape[0] - HEIGHT + gap, MARGIN))
    assert not read_strip(strip).accepted


def test_other_print_beside_an_mrz_is_none(ocr_b: Path) -> None:
    """Fields of a data page in OCR-B right above the MRZ: words with gaps, not 30 characters in a row."""
    ink = block("NOR", ocr_b)
    words = np.zeros((HEIGHT, ink.shape[1]), np.float32)
    for place, word in ((0, "HANSEN"), (14, "KARI"), (26, "01JAN2000")):
        row = np.concatenate([printing.glyph(character, ocr_b, 1) for character in word], axis=1)
        words[:, PITCH * place : PITCH * place + row.shape[1]] = row
    for above in (90, 150):
        picture = laid((500, 1476), (words, 200 - above, MARGIN), (ink, 200, MARGIN))
        reading = read_image(picture)
        assert (reading.lines, reading.accepted) == (tuple(VALID["NOR"].split("|")), True)
    strip = laid(printing.STRIP_SHAPE, (words, 20, MARGIN), (ink, 110, MARGIN))
    assert read_strip(strip).accepted
