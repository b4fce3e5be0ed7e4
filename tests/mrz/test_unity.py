"""Lines of one print and of two: invented passports, whole and laid together."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from stillscan.mrz import read_strip
from stillscan.mrz.compose import compose
from stillscan.mrz.read import examine
from stillscan.mrz.unity import TWO_PRINTS, Difference, difference, distance
from stillscan.simulator.printing import strip

pytestmark = pytest.mark.slow

CUT_ROW = 125  # between the lines


def passport(primary: str, number: str) -> NDArray[np.uint8]:
    return strip(
        compose(
            "TD3", code="P<", issuer="NOR", primary=primary, secondary="KARI", number=number, nationality="NOR",
            birth="910517", sex="F", expiry="310101", optional=("",),
        )
    )  # fmt: skip


ONE, OTHER = passport("HANSEN", "N1234567"), passport("OLSEN", "X7654321")


def noisy(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    noise = np.random.default_rng(3).normal(0, 2, picture.shape)
    return np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8)


def joined(
    dx: float = 0.0, dy: float = 0.0, degrees: float = 0.0, ink: float = 1.0, paper: float = 1.0
) -> NDArray[np.uint8]:
    """The upper line of one, the lower line of the other, laid there so and printed so."""
    turn = cv2.getRotationMatrix2D((738, 163), degrees, 1.0)
    turn[:, 2] += dx, dy
    white = float(np.median(OTHER))
    printed = (white + ink * (OTHER - white)) * paper
    laid = cv2.warpAffine(printed.astype(np.float32), turn, OTHER.shape[::-1], borderValue=white * paper)
    out = ONE.copy()
    out[CUT_ROW:] = np.clip(np.rint(laid[CUT_ROW:]), 0, 255)
    return out


def measured(picture: NDArray[np.uint8]) -> Difference:
    _, evidence = examine(picture, is_strip=True)
    assert evidence is not None
    return difference(evidence)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("degrees", [0.0, 0.8])
def test_one_print_is_one_however_it_lies(turned: bool, degrees: float) -> None:
    turn = cv2.getRotationMatrix2D((738, 137), degrees, 1.0)
    picture = cv2.warpAffine(ONE, turn, ONE.shape[::-1], borderValue=225)
    picture = np.ascontiguousarray(picture[::-1, ::-1]) if turned else picture
    reading = read_strip(noisy(picture))
    assert reading.accepted
    assert reading.lines is not None
    assert "HANSEN" in reading.lines[0]


@pytest.mark.parametrize(
    "how",
    [
        {"dx": 6.0}, {"dx": -5.0, "dy": 2.0}, {"dy": 9.0}, {"ink": 0.7}, {"paper": 0.9}, {"dx": 3.0, "ink": 0.8},
    ],
)  # fmt: skip
def test_two_prints_laid_together_are_not_accepted(how: dict[str, float]) -> None:
    reading = read_strip(noisy(joined(**how)))
    assert not reading.accepted
    assert reading.reason == TWO_PRINTS
    assert [fault.code for fault in reading.quality] == ["two-prints"]


def test_of_two_prints_that_lean_differently_a_letter_may_be_told_that_looks_unlike_those_of_the_other() -> None:
    reading = read_strip(noisy(joined(degrees=0.5)))
    assert not reading.accepted
    assert [fault.code for fault in reading.quality] in (["two-prints"], ["no-mrz-character"])


@pytest.mark.parametrize("rows", [slice(0, CUT_ROW), slice(CUT_ROW, None)])
@pytest.mark.parametrize("columns", [slice(0, 900), slice(550, None)])
def test_a_stain_over_the_greater_part_of_one_line_is_no_other_paper(rows: slice, columns: slice) -> None:
    stained = ONE.astype(np.float32)
    stained[rows, columns] *= 0.85
    assert read_strip(noisy(cv2.blur(stained, (5, 5)))).accepted


@pytest.mark.slow
def test_how_far_they_are_apart_is_measured_to_a_fraction_of_a_pixel() -> None:
    here, there = (measured(noisy(picture)) for picture in (joined(), joined(dx=4.0, dy=-3.0)))
    assert there.shift_px - here.shift_px == pytest.approx(4.0, abs=0.4)
    assert there.spacing_px - here.spacing_px == pytest.approx(-3.0, abs=0.7)
    assert distance(here) < 1 < 2 < distance(there)
