"""Tags of frames: Chaskey-12 (ISO/IEC 29192-6; Mouha, eprint 2015/1182), cut off after 64 bits.

How a tag is made has to be fast, and is a kernel (`kiosk.kernels`, `boards/rp2/kernels.py`). What it covers is a
frame's type, sequence and body behind its epoch: how often the sequence has begun anew, u32.
"""

from array import array

import micropython

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk.parts import Bytes, Kernels

    ptr8 = bytearray | memoryview  # viper's pointers into a buffer
    ptr32 = array[int] | memoryview

EPOCH = 4  # bytes of it before the frame
BYTES = 8  # of a tag
_WORDS = 18  # of a key: itself, doubled, doubled twice; then six for the kernel's work


def words(key: bytes) -> array[int]:
    """A key of 16 bytes as the kernel takes it."""
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


class Matcher:
    """Whether the tag behind some data is right; allocates nothing, and takes as long when it is not."""

    def __init__(self, kernels: Kernels) -> None:
        self._kernels = kernels
        self._given = bytearray(BYTES)

    @micropython.native
    def matches(self, key: array[int], data: Bytes, n: int) -> bool:
        """Is what follows ``data[:n]`` its tag? The right one is written there."""
        _keep(data, n, self._given)
        self._kernels.seal(key, data, n)
        return not _differs(data, n, self._given)


@micropython.viper
def _keep(data: ptr8, n: int, out: ptr8):
    for i in range(8):
        out[i] = data[n + i]


@micropython.viper
def _differs(data: ptr8, n: int, given: ptr8) -> int:
    found = 0
    for i in range(8):
        found = found | (data[n + i] ^ given[i])
    return found


@micropython.viper
def put_epoch(data: ptr8, epoch: int):
    """Write it before a frame."""
    data[0] = epoch
    data[1] = epoch >> 8
    data[2] = epoch >> 16
    data[3] = epoch >> 24
