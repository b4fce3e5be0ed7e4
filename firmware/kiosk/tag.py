"""Tags of frames: Chaskey-12 (ISO/IEC 29192-6; Mouha, eprint 2015/1182), cut off after 64 bits. No allocation.

What has to be fast, the permutation of whole blocks, is a kernel (`kiosk.kernels`, `boards/rp2/kernels.py`). What a tag
covers is a frame's type, sequence and body behind its epoch: how often the sequence has begun anew, u32.
"""

from array import array

import micropython

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.parts import Bytes, Kernels

    ptr8 = bytearray | memoryview  # viper's pointers into a buffer
    ptr32 = array[int] | memoryview

EPOCH = 4  # bytes of it before the frame
# Words of a key: key, doubled, doubled twice, state, last block, subkey that closes it, and two for the kernel.
_WORDS = 23


def words(key: bytes) -> array[int]:
    """A key of 16 bytes as the functions here take it, with room for their work."""
    made = array("I", key + bytes(4 * _WORDS - 16))
    _double(made, 0)
    _double(made, 4)
    return made


@micropython.viper
def _double(key: ptr32, at: int):
    """Twice the field element of four words at ``at``, behind it."""
    carry = (key[at + 3] >> 31) & 1
    key[at + 4] = (key[at] << 1) ^ (carry * 0x87)
    for i in range(1, 4):
        key[at + 4 + i] = (key[at + i] << 1) | ((key[at + i - 1] >> 31) & 1)


@micropython.viper
def _prepare(key: ptr32, key8: ptr8, data: ptr8, n: int) -> int:
    """State and last block; how many whole blocks come before that."""
    blocks = (n - 1) >> 4
    at = blocks << 4
    for i in range(4):
        key[12 + i] = key[i]
    left = n - at
    for i in range(16):
        if i < left:
            key8[64 + i] = data[at + i]
        else:
            key8[64 + i] = 0
    subkey = 4
    if left < 16:
        key8[64 + left] = 1
        subkey = 8
    key[20] = subkey
    for i in range(4):
        key[16 + i] = key[16 + i] ^ key[subkey + i]
    return blocks


@micropython.viper
def _write(key: ptr32, key8: ptr8, data: ptr8, n: int):
    subkey = key[20]
    key[12] = key[12] ^ key[subkey]
    key[13] = key[13] ^ key[subkey + 1]
    for i in range(8):
        data[n + i] = key8[48 + i]


@micropython.viper
def _same(key: ptr32, key8: ptr8, data: ptr8, n: int) -> int:
    """1 when the tag is what stands behind the data; it takes as long when it is not."""
    subkey = key[20]
    key[12] = key[12] ^ key[subkey]
    key[13] = key[13] ^ key[subkey + 1]
    differs = 0
    for i in range(8):
        differs = differs | (data[n + i] ^ key8[48 + i])
    if differs:
        return 0
    return 1


@micropython.native
def append(kernels: Kernels, key: array[int], data: Bytes, n: int) -> None:
    """Write the tag of ``data[:n]`` (n above 0; the data lie at a multiple of 4) behind it."""
    kernels.absorb(key, data, _prepare(key, key, data, n))
    _write(key, key, data, n)


@micropython.native
def matches(kernels: Kernels, key: array[int], data: Bytes, n: int) -> bool:
    """Is what follows ``data[:n]`` its tag?"""
    kernels.absorb(key, data, _prepare(key, key, data, n))
    return bool(_same(key, key, data, n))


@micropython.viper
def put_epoch(data: ptr8, epoch: int):
    """Write it before a frame."""
    data[0] = epoch
    data[1] = epoch >> 8
    data[2] = epoch >> 16
    data[3] = epoch >> 24
