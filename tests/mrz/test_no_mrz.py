"""Pictures without an MRZ: said quickly, in plain words, and never an exception."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from training import no_mrz

from stillscan.mrz import read_image, read_strip
from stillscan.simulator import printing
from tests.covering import examples, some

pytestmark = pytest.mark.slow  # draws and reads dozens of pictures

BLANK = "the picture is blank"
NONE = "no MRZ found"
EVEN_PRINT = {NONE, "there is text like that of an MRZ, but it is none", "a check digit does not agree"}
"""Print in even distances may look enough like an MRZ that it is told what is wrong with it."""
STRIP_MS, PICTURE_MS = 200, 420
"""Modelled effort of one core of the reference: a strip has 0.3 s on a computer that is a half slower."""


@pytest.mark.parametrize("kind", no_mrz.KINDS)
def test_a_strip_is_judged_quickly(kind: str) -> None:
    for seed in some(range(3), 1):
        strip = no_mrz.picture(kind, seed)
        reading = read_strip(strip)
        assert not reading.accepted
        assert reading.reason in {"blank": {BLANK}, "typescript": EVEN_PRINT}.get(kind, {NONE})
        assert reading.effort_ms < STRIP_MS
        assert reading.effort_ms == read_strip(strip).effort_ms


@pytest.mark.parametrize("kind", no_mrz.KINDS)
def test_a_photograph_is_judged_quickly(kind: str) -> None:
    reading = read_image(no_mrz.picture(kind, 7, (760, 1100)))
    assert not reading.accepted
    assert reading.reason
    assert reading.effort_ms < PICTURE_MS


@settings(max_examples=examples(12))
@given(st.sampled_from(list(no_mrz.KINDS)), st.integers(100, 10**6))
def test_no_other_picture_is_accepted_or_takes_long(kind: str, seed: int) -> None:
    reading = read_strip(no_mrz.picture(kind, seed))
    assert not reading.accepted
    assert reading.reason
    assert reading.effort_ms < STRIP_MS


@pytest.mark.parametrize(("angle", "down_px"), [(180, 0), (2.0, 0), (-2.0, 0), (182, 0), (0, 47), (0, -40), (178, 30)])
def test_a_strip_laid_otherwise_is_still_read(angle: float, down_px: int, ocr_b: Path) -> None:
    """Upside down, a little tilted, 4 mm higher or lower: a quick no may not cost what can be read."""
    import cv2
    from mrz_vectors import VALID

    lines = tuple(VALID["NOR"].split("|"))
    strip = printing.strip(lines, ocr_b)
    matrix = np.asarray(cv2.getRotationMatrix2D((738, 137), angle, 0.97), np.float64)
    matrix[1, 2] += down_px
    laid = cv2.warpAffine(strip, matrix, strip.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    assert read_strip(np.asarray(laid, np.uint8)).lines == lines
