"""The five steps that every line goes through on its way to the host, compiled by viper for any chip, no allocation.

A board whose chip does them faster in its own instructions hands in its own (`Board.kernels`); then these are not even
loaded. They run within one line time (2.95 ms at 1476 px). Integers are 32 bits on the chip and 64 on a computer's
MicroPython, so every result is masked where the difference would show.
"""

from array import array

import micropython

TYPE_CHECKING = False
if TYPE_CHECKING:  # viper's pointers into a buffer
    ptr8 = bytearray | memoryview
    ptr16 = array[int] | memoryview
    ptr32 = array[int] | memoryview


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
def seal(key: ptr32, data: ptr8, n: int):
    """Write the tag of ``data[:n]`` behind it: Chaskey-12, cut off after 64 bits. ``key`` is of kiosk.proof."""
    one = 1
    mask = (one << 32) - 1  # on a chip of 32 bits -1, which leaves all bits
    words = ptr32(data)  # type: ignore[operator]  # viper's own cast
    last = ptr8(int(key) + 48)  # type: ignore[operator]
    blocks = (n - 1) >> 4
    left = n - (blocks << 4)
    for i in range(16):
        last[i] = data[(blocks << 4) + i] if i < left else 0
    subkey = 4
    if left < 16:
        last[left] = 1
        subkey = 8
    v0 = key[0]
    v1 = key[1]
    v2 = key[2]
    v3 = key[3]
    for block in range(blocks + 1):
        if block < blocks:
            at = block << 2
            v0 = v0 ^ words[at]
            v1 = v1 ^ words[at + 1]
            v2 = v2 ^ words[at + 2]
            v3 = v3 ^ words[at + 3]
        else:
            v0 = v0 ^ key[12] ^ key[subkey]
            v1 = v1 ^ key[13] ^ key[subkey + 1]
            v2 = v2 ^ key[14] ^ key[subkey + 2]
            v3 = v3 ^ key[15] ^ key[subkey + 3]
        for _ in range(12):
            v0 = v0 + v1
            v1 = ((v1 << 5) | ((v1 >> 27) & 0x1F)) ^ v0
            v0 = (v0 << 16) | ((v0 >> 16) & 0xFFFF)
            v2 = v2 + v3
            v3 = ((v3 << 8) | ((v3 >> 24) & 0xFF)) ^ v2
            v0 = (v0 + v3) & mask
            v3 = v3 & mask
            v3 = (((v3 << 13) | ((v3 >> 19) & 0x1FFF)) ^ v0) & mask
            v1 = v1 & mask
            v2 = (v2 + v1) & mask
            v1 = (((v1 << 7) | ((v1 >> 25) & 0x7F)) ^ v2) & mask
            v2 = ((v2 << 16) | ((v2 >> 16) & 0xFFFF)) & mask
    v0 = v0 ^ key[subkey]
    v1 = v1 ^ key[subkey + 1]
    for i in range(4):
        data[n + i] = v0 >> (i << 3)
        data[n + 4 + i] = v1 >> (i << 3)
