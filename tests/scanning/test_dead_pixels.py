"""Columns of pixels that see nothing: bridged from their neighbours, wherever they are, and nothing else is touched."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from stillscan.mrz import MrzReader
from stillscan.scanning.dead_pixels import bridged
from tests.covering import examples
from tests.mrz.mrz_strips import person, scan

from .moving import along, empty, sweep

LINES = person(3)
STRIP = scan(LINES, 1, 5)
BRIGHT = int(np.quantile(STRIP, 0.7))
VALUES = {"dead": 0, "hot": 190, "grey": 110, "as bright as paper": BRIGHT, "bright": 255}
TEXT_PX = 90, 1380


def failed(columns: dict[int, int]) -> NDArray[np.uint8]:
    """The strip with columns of one value each."""
    spoilt = STRIP.copy()
    for column, value in columns.items():
        spoilt[:, column] = value
    return spoilt


def changed(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> list[int]:
    return [int(column) for column in np.flatnonzero((before != after).any(axis=0))]


@pytest.mark.slow
@pytest.mark.parametrize("level", range(6))
def test_a_sound_sensor_s_lines_stay_as_they_are(level: int) -> None:
    for seed in range(3):
        strip = scan(person(seed), level, 20 + seed)
        assert bridged(strip) is strip


@pytest.mark.slow
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@settings(max_examples=examples(20), deadline=None)
@given(column=st.integers(*TEXT_PX), beside=st.integers(1, 5))
def test_what_sees_nothing_is_as_its_neighbours_are(value: int, column: int, beside: int) -> None:
    spoilt = failed(dict.fromkeys(range(column, column + beside), value))
    mended = bridged(spoilt)
    assert set(changed(spoilt, mended)) <= set(range(column, column + beside))
    off = np.abs(mended.astype(int) - STRIP)[:, column : column + beside].mean()
    assert off < (25 if abs(value - BRIGHT) > 40 else 60), "a gap in strokes alone hardly stands out"


def test_one_that_only_flickers_between_two_steps_of_the_converter() -> None:
    spoilt = failed({700: 0})
    spoilt[::7, 700] = 17
    assert changed(spoilt, bridged(spoilt)) == [700]


def test_dead_and_hot_beside_each_other() -> None:
    spoilt = failed({640: 0, 641: 255})
    assert changed(spoilt, bridged(spoilt)) == [640, 641]


@pytest.mark.slow
@pytest.mark.parametrize("value", [0, 190, 110])
def test_what_is_printed_is_read_and_accepted(value: int) -> None:
    reader = MrzReader(*STRIP.shape)
    reader.feed(0, bridged(failed({300: value, 731: value, 1100: value, 1101: value})))
    reading = reader.result()
    assert (reading.accepted, reading.lines) == (True, LINES)


@pytest.mark.parametrize("beside", [3, 4, 5])
@pytest.mark.parametrize("value", [0, 110, 230])
def test_several_side_by_side_hide_a_stroke_and_not_the_text(value: int, beside: int) -> None:
    """Left dark, they are a stroke in every row, and nothing is accepted."""
    reader = MrzReader(*STRIP.shape)
    reader.feed(0, bridged(failed(dict.fromkeys(range(731, 731 + beside), value))))
    reading = reader.result()
    assert (reading.accepted, reading.lines) == (True, LINES)


@pytest.mark.parametrize("passes", [0.3, 0.6])
def test_dust_that_lets_something_through_is_left_to_the_reader(passes: float) -> None:
    dusty = STRIP.astype(np.float64)
    for column in range(400, 1200, 90):
        dusty[:, column : column + 2] *= passes
    dusty += np.random.default_rng(1).normal(0, 1.5, dusty.shape)  # of every line, after the dust
    spoilt = np.clip(dusty, 0, 255).astype(np.uint8)
    assert bridged(spoilt) is spoilt


def test_of_few_rows_nothing_is_said() -> None:
    stem = STRIP[:59].copy()
    stem[:, 500] = 0
    assert bridged(stem) is stem


def test_the_sensor_s_ends_and_what_is_all_dark_or_bright() -> None:
    for lines in (failed({0: 0, 1475: 0}), np.zeros_like(STRIP), np.full_like(STRIP, 255), STRIP[:, :2], STRIP[:0]):
        assert bridged(lines) is lines


@pytest.mark.slow
@pytest.mark.parametrize("motion", [along((0, 0, 0), (50, 0, 0)), along((0, 0, 0), (3000, 3, 2))])
def test_under_a_document_that_moves_it_is_a_column_of_the_sensor(motion) -> None:  # type: ignore[no-untyped-def]
    sound, spoilt = empty(), empty()
    sweep(sound, motion, 200_000)
    sweep(spoilt, motion, 200_000, dead={500: 0, 501: 0, 900: 230})
    (wanted, _), (found, _) = sound.joined(), spoilt.joined()
    assert np.abs(wanted.astype(int) - found)[:, 480:920].mean() < 0.5
