"""The board's end of the simulator: every pin, bus and clock access goes over a pair of pipes to the chip models.

Requests are records of 12 bytes (operation, channel, payload length, argument, time spent) and a payload; those that
want an answer get six 64-bit words (now, input pins, flags, lines, value, calm) and perhaps bytes. Nothing here
allocates after start-up.

The answer that ends a wait for a line brings the line with it, and what the board writes to the host wants no answer
where the cable is open: so a line of a sweep takes two questions. What is asked in each line is native code: as
bytecode its frames are taken from the heap.

``calm`` is a moment before which nothing happens that the board could notice: no pin changes, no line is complete, no
train of pulses comes to its end, and nobody asks what the time is. Until then the board lets time pass by itself, as
exactly as if it had asked; whatever it does that may bring something about makes the promise void.
"""

import sys
from array import array

import micropython
from micropython import const

WRITE_PIN, SPI, I2C_WRITE, I2C_READ, PWM, FEED = range(1, 7)
ADVANCE, IDLE, STEP_START, STEP_STOP, STEPS = range(7, 12)
FREE_LINES, FOLLOW, STOP_LINES, LINE, USB_WRITE, USB_READ, WATCHDOG, STEPPER_BUSY, PIXELS, VITAL = range(12, 22)

EDGE = 1  # flags: INT1 rose since the last answer
USB_BYTES = 2  # flags: the host has sent bytes
STEPPING = 4  # flags: pulses are still to come
WRITTEN = 1  # channel of USB_WRITE: it has taken its time, and wants no answer
OPEN = 8  # flags: the host takes what is written, as fast as the cable is
LINE_HERE = 16  # flags: the bytes of the line that has become complete follow the answer

_HEADER_BYTES = const(12)
_ANSWER_BYTES = const(48)
_to = open(int(sys.argv[2]), "wb")  # noqa: SIM115 - open as long as the board runs
_from = open(int(sys.argv[1]), "rb")  # noqa: SIM115
_queue = bytearray(4096)
_queued = 0
_spent = 0  # since the last request
_untold = 0  # of that, what the answer's clock has not been told: it is told by the next answer, or by wait
_waited = 0  # since the last request, without asking
answer = array("l", bytes(_ANSWER_BYTES))  # 64 bits; reading an item of type "q" would allocate
answer[1] = int(sys.argv[4])  # the levels of inputs, until the first answer
on_edge = None
buffers: tuple[bytearray, ...] = ()  # of lines, filled in turn
line = -1  # the latest that came with an answer


@micropython.viper
def _copy(source: ptr8, n: int, target: ptr8, at: int):
    for i in range(n):
        target[at + i] = source[i]


@micropython.viper
def _head(target: ptr8, at: int, kind: int, argument: int, spent: int):
    """The header of a record; ``struct`` would take three times as long."""
    words = ptr32(int(target) + at)
    words[0] = kind
    words[1] = argument
    words[2] = spent


@micropython.native
def post(
    operation: int, channel: int = 0, argument: int = 0, payload: bytes | bytearray | None = None, n: int = 0
) -> None:
    """Queue a request that wants no answer; it leaves with the next one that does."""
    global _queued, _spent, _untold, _waited
    if _queued + _HEADER_BYTES + n > len(_queue):
        flush()
    if operation != WRITE_PIN and operation != PWM and operation != FEED:
        answer[5] = 0  # this may take time, or set something going
    _head(_queue, _queued, operation | channel << 8 | n << 16, argument, _spent + _waited)
    _untold += _spent
    _spent = _waited = 0
    _queued += _HEADER_BYTES
    if n:
        _copy(payload, n, _queue, _queued)
        _queued += n


@micropython.native
def flush() -> None:
    global _queued
    _to.write(_queue, _queued)
    _queued = 0


@micropython.native
def ask(
    operation: int,
    channel: int = 0,
    argument: int = 0,
    payload: bytes | bytearray | None = None,
    n: int = 0,
    into: bytearray | None = None,
    size: int = 0,
) -> int:
    """Request and answer; ``size`` bytes of data follow the answer into ``into``. Returns the answer's value."""
    global _untold, line
    post(operation, channel, argument, payload, n)
    flush()
    _untold = 0
    if _from.readinto(answer) != _ANSWER_BYTES:
        raise SystemExit  # the simulator has gone
    value = answer[4]
    if size:
        _from.readinto(into, size)
    if answer[2] & LINE_HERE:
        line = answer[3] - 1
        _from.readinto(buffers[line & 1])
    if answer[2] & EDGE and on_edge is not None:
        on_edge()
    return value


@micropython.native
def wait(us: int) -> bool:
    """Let ``us`` pass without asking, if nothing happens meanwhile; False: something might, so ask."""
    global _spent, _untold, _waited
    now = answer[0] + _untold + _spent + us
    if now >= answer[5]:
        return False
    answer[0] = now
    _waited += _spent + us
    _spent = _untold = 0
    return True


@micropython.native
def spend(us: int) -> int:
    """Let ``us`` pass without asking; returns the time in us. So a loop that only looks at the clock does not hang."""
    global _spent
    _spent += us
    return answer[0] + _spent
