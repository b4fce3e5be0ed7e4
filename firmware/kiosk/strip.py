"""Kernels over the pixels of a line and the bytes of a frame: compiled by viper, no allocation.

They run within one line time (2.95 ms at 1476 px). Integers are 32 bits on the chip and 64 on a computer's MicroPython,
so every result is masked where the difference would show.
"""

from array import array

import micropython

TYPE_CHECKING = False
if TYPE_CHECKING:  # viper's pointers into a buffer
    ptr8 = bytearray | memoryview
    ptr16 = array[int] | memoryview
    ptr32 = array[int] | memoryview

SAMPLED_EVERY = 16  # pixels: enough to see print, whose strokes are 4 px wide and stand in 44 places of a line

CRC_TABLE = array("I", bytes(1024))


@micropython.viper
def _fill(table: ptr32):
    """CRC-32 as in zlib and Ethernet, polynomial 0xEDB88320; in plain Python it is 45 ms of the chip's start."""
    one = 1
    high = 0xEDB8
    polynomial = high << 16 | 0x8320  # in parts, because a constant of more than 30 bits is an object on the chip
    mask = (one << 31) - 1
    for i in range(256):
        crc = i
        for _ in range(8):
            odd = crc & 1
            crc = (crc >> 1) & mask
            if odd:
                crc = crc ^ polynomial
        table[i] = crc


_fill(CRC_TABLE)


@micropython.viper
def flat8(raw: ptr8, dark: ptr8, gain: ptr16, out: ptr8, at: int, n: int):
    """Flat-field ``n`` pixels into ``out[at:at+n]``: (raw - dark) * gain / 256, held within 0..255."""
    for i in range(n):
        v = raw[i] - dark[i]
        if v < 0:
            v = 0
        v = (v * gain[i]) >> 8
        if v > 255:
            v = 255
        out[at + i] = v


@micropython.viper
def flat4(raw: ptr8, dark: ptr8, gain: ptr16, out: ptr8, at: int, n: int):
    """Flat-field as flat8, rounded to 16 levels; two pixels a byte, the left one in the high nibble; ``n`` is even."""
    i = 0
    while i < n:
        v = raw[i] - dark[i]
        if v < 0:
            v = 0
        v = ((v * gain[i]) >> 8) + 8
        if v > 255:
            v = 255
        w = raw[i + 1] - dark[i + 1]
        if w < 0:
            w = 0
        w = ((w * gain[i + 1]) >> 8) + 8
        if w > 255:
            w = 255
        out[at] = (v & 0xF0) | (w >> 4)
        at += 1
        i += 2


@micropython.viper
def band_header(out: ptr8, band: int, row: int, t_us: int, dx_um: int, dy_um: int, squal: int):
    """What differs from band to band, into a BAND whose other fields are there; displacements held within +-32767.

    ``struct`` takes a tenth of a line's time for it on an RP2040.
    """
    if dx_um > 32767:
        dx_um = 32767
    if dx_um < -32767:
        dx_um = -32767
    if dy_um > 32767:
        dy_um = 32767
    if dy_um < -32767:
        dy_um = -32767
    out[2] = band
    out[3] = band >> 8
    out[4] = row
    out[5] = row >> 8
    out[8] = t_us
    out[9] = t_us >> 8
    out[10] = t_us >> 16
    out[11] = t_us >> 24
    out[12] = dx_um
    out[13] = dx_um >> 8
    out[14] = dy_um
    out[15] = dy_um >> 8
    out[16] = squal


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


@micropython.viper
def crc32_append(data: ptr8, n: int, table: ptr32):
    """Write the CRC-32 of ``data[0:n]`` behind it, little-endian. A result of 32 bits would allocate on the chip."""
    crc = -1
    for i in range(n):
        crc = ((crc >> 8) & 0xFFFFFF) ^ table[(crc ^ data[i]) & 0xFF]
    crc = crc ^ -1
    for i in range(4):
        data[n + i] = crc & 0xFF
        crc = crc >> 8


@micropython.viper
def crc32_matches(data: ptr8, n: int, table: ptr32) -> int:
    """1 when the last four of ``n`` bytes are the CRC-32 of those before."""
    crc = -1
    n -= 4
    for i in range(n):
        crc = ((crc >> 8) & 0xFFFFFF) ^ table[(crc ^ data[i]) & 0xFF]
    crc = crc ^ -1
    for i in range(4):
        if data[n + i] != crc & 0xFF:
            return 0
        crc = crc >> 8
    return 1


@micropython.viper
def stuff(data: ptr8, n: int, out: ptr8) -> int:
    """COBS between two delimiters: ``n`` bytes into ``out``, which holds n + n/254 + 4; returns how many."""
    out[0] = 0
    mark = 1
    at = 2
    code = 1
    for i in range(n):
        v = data[i]
        if v:
            out[at] = v
            at += 1
            code += 1
        if v == 0 or code == 255:
            out[mark] = code
            mark = at
            at += 1
            code = 1
    out[mark] = code
    out[at] = 0
    return at + 1


@micropython.viper
def unstuff(data: ptr8, n: int) -> int:
    """COBS decoded in place: the length, or -1 when the bytes are not COBS. ``data[0:n]`` is without delimiters."""
    at = 0
    out = 0
    while at < n:
        code = data[at]
        at += 1
        end = at + code - 1
        if code == 0 or end > n:
            return -1
        while at < end:
            data[out] = data[at]
            out += 1
            at += 1
        if code != 255 and at < n:
            data[out] = 0
            out += 1
    return out


try:  # what the board's chip has in its own instructions
    import kernels
except ImportError:
    pass
else:
    crc32_append, flat4, flat8, stuff = kernels.crc32_append, kernels.flat4, kernels.flat8, kernels.stuff
