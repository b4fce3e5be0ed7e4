"""Grids over drawn centres: level lines, lines seen from aside, and text that goes on beside a grid."""

import numpy as np
import pytest
from numpy.typing import NDArray

from stillscan.mrz.character_grid import CharacterGrid, goes_on, grids
from stillscan.mrz.net import COLUMN_PX


def centres(columns_px: list[NDArray[np.float64]], width_px: int = 1476) -> NDArray[np.float32]:
    """(lines, m): what the network would say about characters at these columns."""
    at = np.arange(width_px // COLUMN_PX) * COLUMN_PX
    peaks = [np.exp(-0.5 * ((at[:, None] - line) / 4.5) ** 2).max(axis=1) for line in columns_px]
    noise = np.random.default_rng(1).uniform(0, 0.08, (len(peaks), len(at)))
    return np.asarray(0.9 * np.stack(peaks) + noise, np.float32)


def line(count: int, middle_px: float, pitch_px: float = 30, chirp: float = 0) -> NDArray[np.float64]:
    """Columns of `count` characters whose pitch grows to the right."""
    k = np.arange(count) - (count - 1) / 2
    return np.asarray(middle_px + pitch_px * k * (1 + chirp * k / (count - 1)), np.float64)


@pytest.mark.parametrize("lines", [[line(44, 740), line(44, 741)], [line(36, 700), line(36, 699)], [line(30, 738)] * 3])
def test_level_lines(lines: list[NDArray[np.float64]]) -> None:
    best = next(grids(centres(lines)))
    assert best.columns_px.shape == (len(lines), len(lines[0]))
    assert np.abs(best.columns_px - np.stack(lines)).max() < 2.5
    assert best.score > 0.7


@pytest.mark.parametrize("chirp", [-0.09, -0.04, 0.06, 0.09])
def test_lines_seen_from_aside(chirp: float) -> None:
    lines = [line(44, 900, 28.5, chirp), line(44, 906, 31, chirp * 0.9)]
    best = next(grids(centres(lines, 1800)))
    assert best.count == 44
    assert np.abs(best.columns_px - np.stack(lines)).max() < 6


@pytest.mark.parametrize("chirp", [-0.15, -0.12, 0.13, 0.15])
def test_short_lines_seen_steeply_from_aside(chirp: float) -> None:
    lines = [line(30, 900 + shift, 29, chirp) for shift in (-4, 0, 4)]
    best = next(grids(centres(lines, 1800), steep=True))
    assert best.count == 30
    assert np.abs(best.columns_px - np.stack(lines)).max() < 10


@pytest.mark.parametrize("extra", [0, 1])
def test_lines_of_which_one_has_a_character_too_many_begin_together(extra: int) -> None:
    """Scans of passports of Moldova and Kazakhstan: line 1 holds 45 characters, from the same margin on."""
    lines = [240 + 30.0 * np.arange(44 + extra), 240 + 30.75 * np.arange(44)]
    for order in (lines, lines[::-1]):
        best = next(grids(centres(order, 1800), steep=True))
        assert best.count == 44
        assert np.abs(best.columns_px[:, 0] - 240).max() < 6


def test_a_line_of_its_own() -> None:
    best = next(grids(centres([line(44, 738, 29.4)])))
    assert best.columns_px.shape == (1, 44)


def test_nothing_is_no_comb_or_a_poor_one() -> None:
    best = next(grids(np.zeros((2, 246), np.float32)), None)
    assert best is None or best.score < 0.1
    assert next(grids(np.ones((2, 30), np.float32)), None) is None


def test_text_that_goes_on_is_noticed() -> None:
    long = [line(44, 738), line(44, 738)]
    part = CharacterGrid(np.stack(long)[:, 2:38], 30.0, 0.9)
    assert goes_on(centres(long), part)
    assert not goes_on(centres([own[2:38] for own in long]), part)
    assert not goes_on(centres(long), CharacterGrid(np.stack(long), 30.0, 0.9))
