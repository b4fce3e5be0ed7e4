"""The virtual clock in place of MicroPython's ``time``: us since power-on, modulo 2^30 as on the chip."""

import bus
import micropython
from micropython import const

_PERIOD = const(1 << 30)
_HALF = const(1 << 29)
_TURN_US = const(1700)  # of Python in a turn at rest, whose loop sleeps then: 7.1 ms on the emulated RP2040, not 5.4


@micropython.native
def ticks_us() -> int:
    return bus.spend(1) & (_PERIOD - 1)


@micropython.native
def ticks_ms() -> int:
    return bus.spend(1) // 1000 & (_PERIOD - 1)


@micropython.native
def ticks_diff(end: int, start: int) -> int:
    return ((end - start + _HALF) & (_PERIOD - 1)) - _HALF


@micropython.native
def ticks_add(ticks: int, delta: int) -> int:
    return (ticks + delta) & (_PERIOD - 1)


@micropython.native
def sleep_us(us: int) -> None:
    end = bus.spend(0) + us
    while True:  # an interrupt wakes the board in between
        left = end - bus.spend(0)
        if left <= 0:
            return
        if not bus.wait(left):
            bus.ask(bus.ADVANCE, 0, left)


def sleep_ms(ms: int) -> None:
    sleep_us(ms * 1000 + _TURN_US)


def sleep(seconds: float) -> None:
    sleep_ms(int(seconds * 1000))
