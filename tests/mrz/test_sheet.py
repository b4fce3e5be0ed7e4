"""Paper of one sheet and of two, about lines that were read."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from stillscan.mrz.read import examine
from stillscan.mrz.sheet import NO_STEP, Step, step
from stillscan.mrz.unity import TWO_PRINTS

from .test_unity import ONE

CORNERS = np.array([[[85.0, 88.0], [1375.0, 88.0]], [[85.0, 163.0], [1375.0, 163.0]]])
SHAPE = (274, 1476)
GRAIN = 3.0


def paper(bright: float = 210.0, grain: float = GRAIN, seed: int = 1) -> NDArray[np.float64]:
    return bright + np.random.default_rng(seed).normal(0, grain, SHAPE)


def scanned(picture: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def joined(row: int, under: NDArray[np.float64]) -> NDArray[np.uint8]:
    """One sheet, and from this row on another."""
    out = paper()
    out[row:] = under[row:]
    return scanned(out)


def seen(picture: NDArray[np.uint8], *, turned: bool = False) -> Step:
    return step(picture, CORNERS, turned=turned)


def test_one_sheet_changes_nowhere() -> None:
    found = seen(scanned(paper()))
    assert found.paper < 0.01
    assert found.grain < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("row", [75, 103, 125, 148, 175])
def test_another_sheet_shows_wherever_it_begins(row: int) -> None:
    """Above the first line it is another's line too, but for what of it is covered; below the second likewise."""
    assert seen(joined(row, paper(bright=190, seed=2))).paper == pytest.approx(np.log(210 / 190), abs=0.02)
    assert seen(joined(row, paper(grain=1.5 * GRAIN, seed=2))).grain == pytest.approx(np.log(1.5), abs=0.12)
    assert seen(joined(row, paper(grain=GRAIN / 2, seed=2))).grain > 0.4


def test_it_shows_upside_down_as_well() -> None:
    picture = np.ascontiguousarray(joined(125, paper(bright=190, grain=2 * GRAIN, seed=2))[::-1, ::-1])
    corners = np.array(SHAPE[::-1]) - 1 - CORNERS
    found = step(picture, corners, turned=True)
    assert found.paper > 0.08
    assert found.grain > 0.5


def test_a_stain_and_a_veil_over_a_part_are_no_step() -> None:
    picture = paper()
    picture[120:, 200:900] = picture[120:, 200:900] * 0.8 + 20 * (np.random.default_rng(3).random((154, 700)) - 0.5)
    found = seen(scanned(picture))
    assert found.paper < 0.02
    assert found.grain < 0.1


def test_streaks_of_dust_are_no_grain() -> None:
    picture = paper()
    for column in np.random.default_rng(4).integers(90, 1370, 20):
        picture[130:, column] = 60
    assert seen(scanned(picture)).grain < 0.15


@pytest.mark.parametrize(("first", "end"), [(70, 274), (48, 184), (66, 182)])
def test_rows_that_were_not_scanned_are_not_compared(first: int, end: int) -> None:
    picture = scanned(paper())
    picture[:first], picture[end:] = 210, 210
    found = seen(picture)
    assert found.paper < 0.01
    assert found.grain < 0.15


def test_where_nothing_was_scanned_beside_the_lines_nothing_is_said() -> None:
    picture = np.full(SHAPE, 210, np.uint8)
    picture[74:103] = picture[149:178] = scanned(paper())[:29]
    assert seen(picture) == NO_STEP


@pytest.mark.parametrize(
    ("edge_rows", "columns"),
    [((-40.0, -5.0), (85.0, 1375.0)), ((250.0, 300.0), (85.0, 1375.0)), ((20.0, 90.0), (-30.0, 1500.0))],
)
def test_lines_near_the_edges_of_the_picture(edge_rows: tuple[float, float], columns: tuple[float, float]) -> None:
    corners = np.array([[[column, row] for column in columns] for row in edge_rows])
    assert step(scanned(paper()), corners, turned=False).paper < 0.01


@pytest.mark.parametrize(("calm", "accepted"), [(True, False), (False, True)])
def test_print_that_fits_on_another_sheet_is_not_accepted_in_a_calm_sweep(calm: bool, accepted: bool) -> None:
    """Movement may sharpen or soften what is scanned; a sweep without any cannot."""
    rng = np.random.default_rng(5)
    noise = rng.normal(0, 2, ONE.shape)
    noise[125:] *= 1.6
    reading, _ = examine(scanned(ONE + noise), is_strip=True, calm=calm)
    assert reading.accepted is accepted
    assert reading.reason == (None if accepted else TWO_PRINTS)


@pytest.mark.parametrize("noise", [0.0, 1.0, 4.0])
def test_one_print_on_one_sheet_is_accepted_in_a_calm_sweep(noise: float) -> None:
    picture = ONE + np.random.default_rng(6).normal(0, noise, ONE.shape)
    assert examine(scanned(picture), is_strip=True, calm=True)[0].accepted
