"""Frames as they come in: COBS and CRC-32, compiled by viper, no allocation. How they go out is kiosk.kernels'."""

from array import array

import micropython

TYPE_CHECKING = False
if TYPE_CHECKING:  # viper's pointers into a buffer
    ptr8 = bytearray | memoryview
    ptr32 = array[int] | memoryview

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
