"""Lines that run in a bow, as in a passport that is held open, and characters that a tilted sheet shows too low."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from mrz_vectors import VALID
from numpy.typing import NDArray
from training import devshots

from stillscan.mrz import bent, lines, read_image, spot
from stillscan.mrz.lines import PITCH_PX
from stillscan.mrz.read import NEGATIVE
from stillscan.simulator import printing

pytestmark = pytest.mark.slow

NOR = tuple(VALID["NOR"].split("|"))


def bowed(page: NDArray[np.uint8], bow_px: float, skewed: float = 0.0) -> NDArray[np.uint8]:
    """The page, its middle `bow_px` lower than its ends; `skewed` moves the lowest point to one side."""
    page = cv2.copyMakeBorder(page, 90, 90, 60, 60, cv2.BORDER_CONSTANT, value=60)
    rows, columns = np.indices(page.shape, np.float32)
    t = columns / page.shape[1] * 2 - 1
    down = np.float32(bow_px) * (1 - t * t + np.float32(skewed) * t * (1 - t * t))
    return np.asarray(cv2.remap(page, columns, rows - down, cv2.INTER_LINEAR, borderValue=60), np.uint8)


@pytest.mark.parametrize(("bow_px", "skewed"), [(55.0, 0.0), (-70.0, 0.0), (45.0, 0.6)])
def test_lines_in_a_bow_are_read(bow_px: float, skewed: float, ocr_b: Path) -> None:
    assert read_image(bowed(printing.page(NOR, ocr_b), bow_px, skewed)).lines == NOR


def test_a_row_in_a_bow_is_straightened_and_a_straight_one_left_alone(ocr_b: Path) -> None:
    page = bowed(printing.page(NOR, ocr_b), 60.0)
    found = [level for bar in spot.bars(page) if (level := bent.straightened(page, bar)) is not None]
    assert found
    ends = found[0].in_picture(np.array([found[0].bar.left, (found[0].bar.left + found[0].bar.right) / 2]))
    assert ends[1, 1] - ends[0, 1] > 30  # the middle of the row lies lower in the picture than its end
    straight = bowed(printing.page(NOR, ocr_b), 0.0)
    assert bent.straightened(straight, spot.bars(straight)[0]) is None


@pytest.mark.parametrize(("low", "grows"), [(0.7, 0.0), (1.0, 0.15), (1.0, 0.0)])
def test_how_high_characters_are(low: float, grows: float, ocr_b: Path) -> None:
    font, text = ocr_b, "0123456789KMNHEU" * 2
    line = np.concatenate([printing.glyph(character, font, 1) for character in text], axis=1)
    columns = (np.arange(len(text)) + 0.5) * line.shape[1] / len(text)
    crop = np.asarray(np.rint(230 - 190 * line), np.uint8)
    rows, across = np.indices(crop.shape, np.float32)
    high = np.float32(low) * (1 + np.float32(grows) * (across / crop.shape[1] * 2 - 1))
    seen = cv2.remap(crop, across, 23.5 + (rows - 23.5) / high, cv2.INTER_LINEAR, borderValue=230)
    ratio, more = lines.squeeze(np.asarray(seen, np.uint8)[None], columns[None], np.ones((1, len(text)), bool))
    assert line.shape[1] / len(text) == PITCH_PX
    assert ratio == pytest.approx(low, abs=0.1)
    assert more == pytest.approx(grows, abs=0.04)


def test_an_even_crop_has_no_height_and_nothing_is_set_right() -> None:
    columns = 15.0 + 30 * np.arange(40)
    assert lines.squeeze(np.full((1, 48, 1200), 128, np.uint8), columns[None], np.ones((1, 40), bool)) == (1.0, 0.0)


@pytest.mark.parametrize("kind", ["screen", "dark", "motion", "lamps"])
def test_each_distortion_is_drawn_the_same_again(kind: str, ocr_b: Path) -> None:
    one, other = (devshots.shot(ocr_b, kind, 5) for _ in range(2))
    assert np.array_equal(one.pixels, other.pixels)
    assert np.ptp(one.pixels) > 60


@pytest.mark.parametrize("kind", ["tilted to 45 degrees", "curved", "shadows", "little margin"])
def test_a_distortion_is_read(kind: str, ocr_b: Path) -> None:
    taken = devshots.shot(ocr_b, kind, 1)
    assert read_image(taken.pixels).lines == taken.lines


def test_a_photograph_in_negative_is_named(ocr_b: Path) -> None:
    taken = devshots.shot(ocr_b, "negative", 1)
    reading = read_image(taken.pixels)
    assert (reading.reason, reading.accepted) == (NEGATIVE, False)
