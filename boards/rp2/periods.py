"""Fills the table of a pulse train: in plain Python a sweep would wait 50 ms for it, and 3 ms for its ramp alone."""

from array import array

import micropython

TYPE_CHECKING = False
if TYPE_CHECKING:  # viper's pointer into a buffer
    ptr32 = array[int] | memoryview


@micropython.viper
def ramp(table: ptr32, steps: int, count: int, start_hz: int, accel_hz_per_s: int):
    """Periods in us of the first ``count`` of ``steps``, faster with each from ``start_hz``, and the same of the last,
    backwards. From 200 to 5000 steps/s, at most 100,000 steps/s^2.

    The speed of a step is the root of the speed squared, which grows by twice the acceleration a step; Newton's method
    finds it from that of the step before, in eighths of a step a second, so that fractions count.
    """
    square = (start_hz * start_hz + accel_hz_per_s) << 6
    speed = start_hz << 3
    for i in range(count):
        speed = (speed + square // speed) >> 1
        speed = (speed + square // speed) >> 1
        speed = (speed + square // speed) >> 1
        period = 8000000 // speed
        table[i] = period
        table[steps - 1 - i] = period
        square = square + (accel_hz_per_s << 7)


@micropython.viper
def even(table: ptr32, first: int, last: int, period: int):
    """Periods ``first`` to ``last - 1``: ``period`` in us / 256, its fractions carried on."""
    carried = 0
    for i in range(first, last):
        carried = carried + period
        table[i] = carried >> 8
        carried = carried & 255


@micropython.viper
def words(table: ptr32, steps: int, ticks: int, first: int, every: int):
    """Periods become words of programs.train, which itself takes ``ticks``: bit 0 marks step ``first``, counted from 1,
    and each ``every``-th after it; none when ``every`` is 0."""
    left = first - 1
    for i in range(steps):
        mark = 0
        if every:
            if left <= 0:
                mark = 1
                left = every
            left = left - 1
        table[i] = (table[i] - ticks - mark) << 1 | mark
