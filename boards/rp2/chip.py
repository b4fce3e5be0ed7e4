"""Registers that MicroPython has no name for, and what differs between RP2040 and RP2350 (datasheets, pico-sdk)."""

import sys

from machine import mem32
from micropython import const

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rp2 import DMA

# chip -> base of the ADC's registers, its DMA request line
_CHIPS = {"RP2040": (0x4004C000, 36), "RP2350": (0x400A0000, 48)}
_ADC, DREQ_ADC = _CHIPS[sys.implementation._machine.split()[-1]]  # "Raspberry Pi Pico 2 with RP2350"

ADC_CS = _ADC
ADC_FCS = _ADC + 0x08
ADC_FIFO = _ADC + 0x0C
CS_IDLE = 0x1  # EN, input 0 (GPIO 26); the PIO program `clocks` holds the same two numbers
CS_RUN = 0x9  # EN, START_MANY
FCS_BYTES = 0x0100000B  # THRESH 1, DREQ_EN, SHIFT to 8 bits, EN
FCS_EMPTY = 0x100

DREQ_ALWAYS = 0x3F
ENDLESS = 0x0FFFFFFF  # transfers: years; the bits above are a mode on the RP2350
_DMA = const(0x50000000)  # READ_ADDR of channel 0
_CHANNEL = const(0x40)
_WRITE_ADDR_TRIG = const(0x2C)  # writing the address starts the channel

_PIO = const(0x50200000)
_SM_EXECCTRL = const(0xCC)
_SM_ADDR = const(0xD4)
_SM_STRIDE = const(0x18)


def dma_number(channel: DMA) -> int:
    """Number of the channel, 0..11 (RP2350: 0..15)."""
    number: int = channel.channel  # type: ignore[attr-defined]  # missing in the stubs
    return number


def dma_read_addr(channel: DMA) -> int:
    """Address of the register that says where the channel reads next."""
    return _DMA + _CHANNEL * dma_number(channel)


def dma_restart(channel: DMA) -> int:
    """Address of the register that takes a new write address and starts the channel."""
    return dma_read_addr(channel) + _WRITE_ADDR_TRIG


def pio_dreq(machine: int, receive: bool) -> int:
    """DMA request line of state machine 0..11: its transmit or its receive FIFO."""
    return machine // 4 * 8 + machine % 4 + (4 if receive else 0)


def pio_addr(machine: int) -> int:
    """Address of the register that says which instruction (0..31) a state machine is at."""
    return _PIO + machine // 4 * 0x100000 + _SM_ADDR + machine % 4 * _SM_STRIDE


def pio_wrap(machine: int) -> tuple[int, int]:
    """First and last instruction (0..31) of the state machine's loop."""
    control: int = mem32[pio_addr(machine) - _SM_ADDR + _SM_EXECCTRL]
    return control >> 7 & 31, control >> 12 & 31


def drain_adc() -> None:
    """Throw away what the ADC's FIFO still holds."""
    while not mem32[ADC_FCS] & FCS_EMPTY:
        mem32[ADC_FIFO]
