"""Do two scans show the same print? Lines of invented people, as far as two sweeps have them in common."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from stillscan.mrz.compose import compose
from stillscan.scanning.agreement import Scan, compare, printed_rows
from stillscan.simulator.printing import strip

ROWS = 274
LINE_1, LINE_2 = slice(74, 103), slice(149, 178)  # rows of the letters


def passport(primary: str, secondary: str, number: str = "N1234567") -> NDArray[np.uint8]:
    lines = compose(
        "TD3", code="P<", issuer="NOR", primary=primary, secondary=secondary, number=number, nationality="NOR",
        birth="910517", sex="F", expiry="310101", optional=("",),
    )  # fmt: skip
    return strip(lines)


def scan(picture: NDArray[np.uint8], first: int, last: int, noise: float = 2.0, seed: int = 1) -> Scan:
    seen = np.zeros(ROWS, np.bool_)
    seen[first : last + 1] = True
    noisy = picture + np.random.default_rng(seed).normal(0, noise, picture.shape)
    return np.clip(np.rint(np.where(seen[:, None], noisy, 255)), 0, 255).astype(np.uint8), seen


KARI = passport("HANSEN", "KARI")


@pytest.mark.parametrize(("last", "first"), [(95, 80), (110, 88), (140, 89), (165, 151), (190, 160)])
def test_the_same_passport_agrees_wherever_the_sweep_was_interrupted(last: int, first: int) -> None:
    assert compare(scan(KARI, 48, last), scan(KARI, first, 200, seed=2)).verdict == "same"


@pytest.mark.slow
@pytest.mark.parametrize(("last", "first"), [(95, 80), (110, 88), (140, 89)])
@pytest.mark.parametrize(("primary", "secondary"), [("HANSEN", "OLA"), ("BERG", "KARI"), ("LIE", "AASE<MARIE")])
def test_another_person_of_the_same_state_and_family_does_not(
    primary: str, secondary: str, last: int, first: int
) -> None:
    other = passport(primary, secondary)
    assert compare(scan(KARI, 48, last), scan(other, first, 200, seed=2)).verdict == "other"


def test_print_that_was_there_and_is_covered_now_is_another() -> None:
    covered = KARI.copy()
    covered[LINE_1] = 225
    assert compare(scan(KARI, 48, 110), scan(covered, 88, 200, seed=2)).verdict != "same"


@pytest.mark.parametrize(("last", "first"), [(110, 103), (130, 106), (92, 89)])
def test_paper_alone_or_a_few_rows_tell_nothing(last: int, first: int) -> None:
    assert compare(scan(KARI, 48, last), scan(KARI, first, 200, seed=2)).verdict == "unclear"


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (4, -3), (-5, 4), (3, 2)])
def test_it_tells_where_the_second_shows_the_first(dx: int, dy: int) -> None:
    moved = np.roll(KARI, (dy, dx), axis=(0, 1))
    found = compare(scan(KARI, 48, 120), scan(moved, 80, 200, seed=2))
    assert found.verdict == "same"
    assert (found.dx_px, found.dy_rows) == (dx, dy)


def test_printed_rows_are_those_of_the_lines() -> None:
    rows = np.flatnonzero(printed_rows(scan(KARI, 48, 273)))
    lines = [*range(ROWS)][LINE_1] + [*range(ROWS)][LINE_2]
    assert set(rows) <= {row + near for row in lines for near in range(-4, 5)}
    assert len(rows) > 0.8 * len(lines)
    assert not printed_rows(scan(KARI, 105, 140)).any()
    assert not printed_rows((KARI, np.zeros(ROWS, np.bool_))).any()
