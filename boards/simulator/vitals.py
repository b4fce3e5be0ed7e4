"""What the chip tells of itself, here told by the models (see boards/rp2/vitals.py)."""

import bus
from micropython import const

_SERIAL = const(0)
_RESET = const(1)
_TEMPERATURE = const(2)
_SUPPLY = const(3)
_SERIAL_BYTES = const(8)


def serial() -> bytes:
    told = bytearray(_SERIAL_BYTES)
    bus.ask(bus.VITAL, _SERIAL, 0, None, 0, told, _SERIAL_BYTES)
    return bytes(told)


def reset_cause() -> int:
    return bus.ask(bus.VITAL, _RESET)


def temperature() -> int:
    return bus.ask(bus.VITAL, _TEMPERATURE)


def supply_mv() -> int:
    return bus.ask(bus.VITAL, _SUPPLY)
