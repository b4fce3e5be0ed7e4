"""What the chip does without Python: step pulses and lines, by PIO and DMA (see kiosk.parts)."""

from array import array

import chip
import periods
import programs
from machine import Pin, mem32
from micropython import const
from rp2 import DMA, StateMachine
from uctypes import addressof

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kiosk import parts

_PULL = const(0x8080)  # PIO instructions: pull(noblock); set(pins, 0); irq(clear, 4)
_PINS_LOW = const(0xE000)
_FORGET_MARK = const(0xC044)
_MOST_STEPS = const(2048)
_RING_BITS = const(10)  # of the table of write addresses: 256 lines, 0.87 s, longer than a write to the host blocks
_RING = (1 << _RING_BITS) // 4
_BUFFERS = const(8)  # power of two; motion, or the host's credit, may take a line's time now and then
_UNEXPOSED = const(1)  # readouts before line 0: what the sensor gathered since it was last read


class Stepper:
    """Counted, ramped pulse trains on a step/direction driver.

    A table of periods goes by DMA to a PIO program: see programs.train. ``disable`` is high until the first train; then
    the driver holds the carriage.
    """

    def __init__(self, machine: int, step: Pin, direction: Pin, disable: Pin) -> None:
        self._direction = direction
        self._disable = disable
        self._machine = StateMachine(machine, programs.train, freq=programs.TRAIN_HZ, set_base=step)
        self._at = chip.pio_addr(machine)
        self._fetches, self._waits = chip.pio_wrap(machine)
        self._table = array("I", bytes(4 * _MOST_STEPS))
        self._table_at = addressof(self._table)
        self._feed = DMA()
        self._feed_at = chip.dma_read_addr(self._feed)
        self._control = self._feed.pack_ctrl(inc_write=False, treq_sel=chip.pio_dreq(machine, receive=False))
        self._running = False
        self._steps = 0
        self._done = 0
        self._first = 0
        self._every = 0
        self._most_hz = 0.0

    def mark(self, first_step: int, every: int, most_hz: float) -> None:
        """The next trains mark step ``first_step`` and each ``every``-th after it, at most at ``most_hz``; 0: none."""
        self._first = first_step
        self._every = every
        self._most_hz = most_hz

    def start(self, direction: int, steps: int, start_hz: float, top_hz: float, accel_hz_per_s: float) -> None:
        """See kiosk.parts.Stepper. ValueError when ``steps`` is more than the table holds."""
        self.stop()
        if steps > _MOST_STEPS:
            raise ValueError("steps")
        self._steps = steps
        self._done = 0
        if not steps:
            return
        if self._every:
            top_hz = min(top_hz, self._most_hz)
        self._fill(steps, min(start_hz, top_hz), top_hz, accel_hz_per_s)
        self._direction(1 if direction > 0 else 0)
        self._disable(0)
        self._machine.restart()
        self._feed.config(
            read=self._table, write=self._machine, count=steps, ctrl=self._control, trigger=True
        )  # fills the FIFO before the first pulse
        self._running = True
        self._machine.active(1)

    def _fill(self, steps: int, start_hz: float, top_hz: float, accel_hz_per_s: float) -> None:
        """Periods of a trapezoid of speed over distance; fractions of a us at full speed are carried on."""
        table = self._table
        ramp = min(int((top_hz * top_hz - start_hz * start_hz) / (2 * accel_hz_per_s)), steps // 2)
        periods.ramp(table, steps, ramp, int(start_hz), int(accel_hz_per_s))
        periods.even(table, ramp, steps - ramp, int(256e6 / top_hz))
        periods.words(table, steps, programs.TRAIN_TICKS, self._first, self._every)

    def stop(self) -> None:
        """No pulse after this; ``done`` is exact."""
        if not self._running:
            return
        machine = self._machine
        machine.active(0)
        at = mem32[self._at]
        while at != self._fetches and at != self._waits:  # between taking a word and its pulse: let the pulse out
            machine.active(1)
            machine.active(0)
            at = mem32[self._at]
        self._done = self._taken()
        self._feed.active(0)
        while machine.tx_fifo():
            machine.exec(_PULL)
        machine.exec(_PINS_LOW)
        self._running = False

    def halt(self) -> None:
        """See kiosk.parts.Stepper; ``stop`` lets a pulse out that this has cut."""
        self._machine.active(0)

    def _taken(self) -> int:
        """Words that the program has taken: one a pulse."""
        fed: int = (mem32[self._feed_at] - self._table_at) // 4
        return fed - self._machine.tx_fifo()

    def done(self) -> int:
        """Pulses of the current or last train so far."""
        return self._taken() if self._running else self._done

    def busy(self) -> bool:
        """Are pulses, or the period after the last one, still to come?"""
        if not self._running:
            return False
        if self._taken() < self._steps or mem32[self._at] != self._fetches:
            return True
        self.stop()
        return False


class Lines:
    """Lines of an analogue sensor into eight buffers in turn.

    A mark makes the PIO program ``clocks`` read the sensor out and switch the ADC on for the window. The ADC's samples
    go by DMA (``samples``) into a buffer; at its end a second channel (``switch``) starts it anew on the next buffer.
    A readout holds the light since the mark before it, so line n is complete one line later; the first is dropped.
    ``late``: see kiosk.parts. ``widths_px``: sensor pixels before the window (1..1024), in it, and after it (1..2048).
    """

    def __init__(self, machine: int, stepper: Stepper, clock: Pin, start: Pin, widths_px: tuple[int, int, int]) -> None:
        before, width, after = widths_px
        self.late = _BUFFERS - 2
        self._stepper = stepper
        self._clocks = StateMachine(
            machine, programs.clocks, freq=programs.CLOCKS_HZ, sideset_base=clock, set_base=start
        )
        self._timer = StateMachine(machine + 1, programs.train, freq=programs.TRAIN_HZ)
        # The loops of the program run once more than their count; the window's first pixel stands before its loop.
        self._counts = array("I", ((before - 1) | (width - 2) << 10 | (after - 1) << 21,))
        ticks = (before + after) * programs.FAST_TICKS + width * programs.PIXEL_TICKS + programs.LINE_TICKS
        self.least_us = ticks * 1000000 // programs.CLOCKS_HZ + 10
        self._width = width
        self._buffers = tuple([bytearray(width) for _ in range(_BUFFERS)])
        # Addresses of the buffers in turn, in a table that the DMA's ring can hold: aligned to its own size.
        self._table = array("I", bytes(8 * _RING))
        self._table_at = (addressof(self._table) + 4 * _RING - 1) & ~(4 * _RING - 1)
        first = (self._table_at - addressof(self._table)) // 4
        for i in range(_RING):
            self._table[first + i] = addressof(self._buffers[(i + 1) % _BUFFERS])
        self._samples = DMA()
        self._switch = DMA()
        self._gate = DMA()
        self._beat = DMA()
        self._switch_at = chip.dma_read_addr(self._switch)
        self._samples_control = self._samples.pack_ctrl(
            size=0, inc_read=False, treq_sel=chip.DREQ_ADC, chain_to=chip.dma_number(self._switch), high_pri=True
        )
        self._samples_off = self._samples.pack_ctrl(enable=False)
        self._switch_control = self._switch.pack_ctrl(
            inc_write=False, ring_size=_RING_BITS, treq_sel=chip.DREQ_ALWAYS, high_pri=True
        )
        self._gate_control = self._gate.pack_ctrl(
            inc_read=False, inc_write=False, treq_sel=chip.pio_dreq(machine, receive=True), high_pri=True
        )
        self._beat_control = self._beat.pack_ctrl(
            inc_read=False, inc_write=False, treq_sel=chip.pio_dreq(machine + 1, receive=False)
        )
        self._period = array("I", (0,))
        self._total = 0

    def _begin(self) -> None:
        self.stop()
        mem32[chip.ADC_FCS] = chip.FCS_BYTES
        chip.drain_adc()
        self._total = 0
        self._switch.config(
            read=self._table_at, write=chip.dma_restart(self._samples), count=1, ctrl=self._switch_control
        )
        self._samples.config(
            read=chip.ADC_FIFO, write=self._buffers[0], count=self._width, ctrl=self._samples_control, trigger=True
        )
        clocks = self._clocks
        while clocks.rx_fifo():
            clocks.get()
        self._gate.config(read=clocks, write=chip.ADC_CS, count=chip.ENDLESS, ctrl=self._gate_control, trigger=True)
        clocks.exec(_FORGET_MARK)
        clocks.restart()
        clocks.put(self._counts)
        clocks.active(1)

    def free(self, line_us: int) -> None:
        """Lines one after another, ``least_us`` apart or more."""
        self._begin()
        self._period[0] = (max(line_us, self.least_us) - programs.TRAIN_TICKS - 1) << 1 | 1
        self._timer.restart()
        self._beat.config(
            read=self._period, write=self._timer, count=chip.ENDLESS, ctrl=self._beat_control, trigger=True
        )
        self._timer.active(1)

    def follow(self, stepper: parts.Stepper, first_step: int, steps_per_line: int) -> None:
        """Line n is exposed from step ``first_step + n * steps_per_line`` of the next train of the board's one stepper.

        The train runs no faster than the ADC can follow, whatever speed it is asked for.
        """
        self._begin()
        self._stepper.mark(first_step, steps_per_line, steps_per_line * 1e6 / self.least_us)

    def count(self) -> int:
        """Lines complete so far; asked at least once in 256 lines. Allocates nothing."""
        at = (mem32[self._switch_at] - self._table_at) // 4
        self._total += (at - self._total) & (_RING - 1)
        return max(0, self._total - _UNEXPOSED)

    def buffer(self, n: int) -> bytearray:
        """Samples of line n, whole until line n + 8 starts to arrive. Allocates nothing."""
        return self._buffers[(n + _UNEXPOSED) % _BUFFERS]

    def stop(self) -> None:
        """No line after this: clocks low, ADC idle."""
        self._stepper.mark(0, 0, 0.0)
        self._timer.active(0)
        self._beat.active(0)
        while self._timer.tx_fifo():
            self._timer.exec(_PULL)
        self._clocks.active(0)
        self._clocks.exec(_PINS_LOW)  # its side bit is 0: the clock goes low too
        self._gate.active(0)
        mem32[chip.ADC_CS] = chip.CS_IDLE
        # A channel that is aborted while enabled may still start the one it is chained to (RP2040-E13, RP2350-E5).
        self._samples.config(ctrl=self._samples_off)
        self._switch.active(0)
        self._samples.active(0)
