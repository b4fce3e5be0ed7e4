"""The table of a pulse train, filled by viper code, beside the formula."""

import json
import math
import os
import subprocess

import pytest

from stillscan.boards.files import boards_folder
from stillscan.simulator.micropython import micropython

SCRIPT = """
from array import array
import sys, json, periods
steps, count, start_hz, accel, even, ticks, first, every = map(int, sys.argv[1:])
table = array("I", bytes(4 * steps))
periods.ramp(table, steps, count, start_hz, accel)
periods.even(table, count, steps - count, even)
before = list(table)
periods.words(table, steps, ticks, first, every)
print(json.dumps([before, list(table)]))
"""


def filled(steps: int, count: int, start_hz: int, accel: int, even: int = 0, first: int = 0, every: int = 0):
    numbers = map(str, (steps, count, start_hz, accel, even, 12, first, every))
    done = subprocess.run(
        [micropython(), "-c", SCRIPT, *numbers],
        env={**os.environ, "MICROPYPATH": str(boards_folder() / "rp2")},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("start_hz", "accel", "count"),
    [(400, 20000, 41), (400, 20000, 221), (300, 20000, 2), (200, 100000, 100), (200, 20000, 9)],
)
def test_a_ramp_is_within_a_microsecond_of_the_formula(start_hz: int, accel: int, count: int) -> None:
    steps = 2 * count + 3
    table, _ = filled(steps, count, start_hz, accel)
    for i in range(count):
        exact = 1e6 / math.sqrt(start_hz**2 + accel * (2 * i + 1))
        assert table[i] == pytest.approx(exact, rel=1e-3, abs=1.5)
        assert table[steps - 1 - i] == table[i]
    assert table[count : count + 3] == [0, 0, 0]


def test_even_periods_keep_their_fractions() -> None:
    table, _ = filled(100, 1, 400, 20000, even=int(743.25 * 256))
    assert set(table[1:99]) == {743, 744}
    assert sum(table[1:97]) == 743.25 * 96


@pytest.mark.parametrize(("first", "every", "marked"), [(5, 4, [4, 8, 12, 16]), (1, 7, [0, 7, 14]), (0, 0, [])])
def test_words_carry_marks_and_what_is_left_of_the_period(first: int, every: int, marked: list[int]) -> None:
    table, words = filled(20, 1, 400, 20000, even=500 << 8, first=first, every=every)
    assert [i for i, word in enumerate(words) if word & 1] == marked
    assert [(word >> 1) + 12 + (word & 1) for word in words] == table
