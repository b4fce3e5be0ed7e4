"""Looks at the pixels of a line: compiled by viper, no allocation. What every line goes through is kiosk.kernels'."""

from array import array

import micropython

TYPE_CHECKING = False
if TYPE_CHECKING:  # viper's pointers into a buffer
    ptr8 = bytearray | memoryview
    ptr16 = array[int] | memoryview

SAMPLED_EVERY = 16  # pixels: enough to see print, whose strokes are 4 px wide and stand in 44 places of a line


@micropython.viper
def spread(raw: ptr8, n: int) -> int:
    """Brightest minus darkest of every 16th of ``n`` pixels: 0 means that the sensor or its wire is stuck."""
    low = 255
    high = 0
    for i in range(0, n, 16):
        v = raw[i]
        if v < low:
            low = v
        if v > high:
            high = v
    return high - low


@micropython.viper
def differs(raw: ptr8, kept: ptr8, n: int, least: int) -> int:
    """1 when any 16th of ``n`` pixels is more than ``least`` from what was ``kept``; then these are kept instead."""
    for i in range(0, n, 16):
        v = raw[i] - kept[i >> 4]
        if v > least or v < 0 - least:
            for j in range(0, n, 16):
                kept[j >> 4] = raw[j]
            return 1
    return 0


@micropython.viper
def accumulate(raw: ptr8, total: ptr16, n: int):
    """Add ``n`` pixels to 16-bit sums (at most 257 lines)."""
    for i in range(n):
        total[i] = total[i] + raw[i]
