"""What the chip tells of itself: number, reset, temperature, supply. Loaded when somebody asks (kiosk.identity)."""

import board
import chip
import machine
from machine import ADC, Pin, mem32
from micropython import const

from kiosk import wire

_READS = const(16)  # averaged: single ones differ by a degree
_VOLTS = 3.3  # of a reading of 65535
# V at 27 degrees, and less for each more (data sheets of RP2040, 4.9.5, and RP2350, 12.4.6)
_AT_27, _PER_DEGREE = 0.706, 0.001721
_DIVIDER = const(3)  # of VSYS on the Pico (its data sheet, 2.1)


def serial() -> bytes:
    """The number of the flash chip, which no two boards share."""
    return machine.unique_id()


def reset_cause() -> int:
    """Of wire.RESET_CAUSES. The watchdog is also how the chip is reset on purpose."""
    return wire.WATCHDOG if machine.reset_cause() == machine.WDT_RESET else wire.POWER


def temperature() -> int:
    """Of the chip, in hundredths of a degree Celsius; within some 5 degrees, for the reference is not exact."""
    volts = _volts(ADC(ADC.CORE_TEMP))
    return round((27 - (volts - _AT_27) / _PER_DEGREE) * 100)


def supply_mv() -> int:
    """VSYS; 0 on a board that does not measure it."""
    pin = board.PINS.get("supply")
    return 0 if pin is None else round(_volts(ADC(Pin(pin))) * _DIVIDER * 1000)


def _volts(adc: ADC) -> float:
    total = 0
    for _ in range(_READS):
        total += adc.read_u16()
    mem32[chip.ADC_CS] = chip.CS_IDLE  # the line engine's input again
    return total * _VOLTS / 65535 / _READS
