"""What the chip tells of itself, here told by the models (see boards/rp2/vitals.py)."""

import bus

_SERIAL, _RESET, _TEMPERATURE, _SUPPLY = range(4)
_SERIAL_BYTES = 8


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
