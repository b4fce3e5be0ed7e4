"""Two scans of one page against each other: where both show the same, and where nothing can be told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stillscan.scanning.registration import REACH_PX, lay_still, offset
from tests.covering import examples

ROWS, COLUMNS = 274, 600


def page(seed: int = 0) -> NDArray[np.uint8]:
    """Two lines of strokes 30 px apart, no two characters alike, on paper."""
    rng = np.random.default_rng(seed)
    grey = np.full((ROWS + 2 * REACH_PX, COLUMNS + 2 * REACH_PX), 225.0)
    for row in (REACH_PX + 74, REACH_PX + 149):
        for left in range(20, grey.shape[1] - 30, 30):
            for _ in range(3):
                x, y = left + int(rng.integers(0, 18)), row + int(rng.integers(0, 20))
                grey[y : y + 8, x : x + 4] = 70
    return grey.astype(np.uint8)


def seen(first: int, last: int) -> NDArray[np.bool_]:
    rows = np.zeros(ROWS, np.bool_)
    rows[first : last + 1] = True
    return rows


def view(grey: NDArray[np.uint8], dx: int, dy: int, noise: float, seed: int) -> NDArray[np.uint8]:
    """The page moved to the right by dx and down by dy."""
    part = grey[REACH_PX - dy : REACH_PX - dy + ROWS, REACH_PX - dx : REACH_PX - dx + COLUMNS].astype(np.float64)
    return np.clip(part + noise * np.random.default_rng(seed).standard_normal(part.shape), 0, 255).astype(np.uint8)


moves = st.integers(-REACH_PX + 4, REACH_PX - 4)


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None)
@given(moves, moves, st.integers(0, 20), st.integers(0, 99))
def test_whole_scans_anywhere_within_reach(dx: int, dy: int, noise: int, seed: int) -> None:
    grey = page(seed)
    found = offset(view(grey, 0, 0, noise, 1), seen(0, 273), view(grey, dx, dy, noise, 2), seen(0, 273))
    assert found is not None
    assert abs(found.dx_px - dx) < 2
    assert abs(found.dy_px - dy) < 1


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (12, -20), (-24, 8)])
def test_the_end_of_one_and_the_begin_of_the_other(dx: int, dy: int) -> None:
    grey = page()
    found = offset(view(grey, 0, 0, 5, 1), seen(0, 110), view(grey, dx, dy, 5, 2), seen(75 + dy, 273))
    assert found is not None
    assert abs(found.dx_px - dx) < 2
    assert abs(found.dy_px - dy) < 1


@pytest.mark.parametrize("nothing", ["noise", "blank", "unseen", "no rows in common", "another page"])
def test_what_cannot_be_told_is_not(nothing: str) -> None:
    one, rows = view(page(), 0, 0, 5, 1), seen(0, 273)
    others = {
        "noise": (np.random.default_rng(1).integers(150, 250, one.shape).astype(np.uint8), rows),
        "blank": (np.full_like(one, 230), rows),
        "unseen": (one, seen(1, 0)),
        "no rows in common": (one, seen(200, 273)),
        "another page": (view(page(5), 0, 0, 5, 1), rows),
    }
    first = seen(0, 110) if nothing == "no rows in common" else rows
    assert offset(one, first, *others[nothing]) is None
    assert offset(*others[nothing], one, first) is None


def test_dust_that_stays_on_the_sensor_does_not_hold_the_page() -> None:
    grey = page()
    scans = [view(grey, 0, 0, 5, 1), view(grey, 9, -6, 5, 2)]
    for scan in scans:
        scan[:, [100, 101, 330, 331, 332, 470]] = 40
    found = offset(scans[0], seen(0, 273), scans[1], seen(0, 273))
    assert found is not None
    assert (round(found.dx_px / 2), round(found.dy_px)) in {(4, -6), (5, -6)}


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (30, -20), (-11, 40)])
def test_two_scans_of_what_lay_still(dx: int, dy: int) -> None:
    grey, rows = page(), seen(0, 273)
    assert lay_still(view(grey, 0, 0, 9, 1), rows, view(grey, dx, dy, 9, 2), rows)


@pytest.mark.slow
@pytest.mark.parametrize("row", [80, 120, 155])
@pytest.mark.parametrize(("dx", "dy"), [(6, 0), (-7, 0), (0, 6), (5, -5)])
def test_a_slip_of_half_a_millimetre_in_one_of_them(row: int, dx: int, dy: int) -> None:
    grey, rows = page(), seen(0, 273)
    moved = view(grey, 0, 0, 9, 2)
    moved[row:] = view(grey, dx, dy, 9, 2)[row:]
    assert not lay_still(view(grey, 0, 0, 9, 1), rows, moved, rows)
    assert not lay_still(moved, rows, view(grey, 0, 0, 9, 1), rows)


def test_where_nothing_is_printed_nothing_is_known_to_have_lain_still() -> None:
    blank, rows = np.full((ROWS, COLUMNS), 230, np.uint8), seen(0, 273)
    assert not lay_still(blank, rows, blank, rows)
