"""The two PIO programs, 30 of a block's 32 instructions: step pulses with line marks, and the line sensor's clocks.

Both run in one PIO block, because they meet in one of its interrupt flags. While a program is assembled MicroPython
hides this module's names, so the numbers stand in the instructions.
"""
# ruff: noqa: F403, F405 - the names of the assembler

from rp2 import PIO, asm_pio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rp2.asm_pio import *

TRAIN_HZ = 1000000
TRAIN_TICKS = 12  # us of a period besides its delay; one more with a mark

CLOCKS_HZ = 10000000
PIXEL_TICKS = 20  # 2 us: one conversion of the ADC, 96 cycles of 48 MHz
FAST_TICKS = 4  # 2.5 MHz
LINE_TICKS = 20  # of a line besides its pixels: at most so many


@asm_pio(set_init=PIO.OUT_LOW, out_shiftdir=PIO.SHIFT_RIGHT)
def train() -> None:
    """A word for each step: bit 0 marks a line, the others hold the period in us less TRAIN_TICKS.

    The pulse comes first. It stalls at its first instruction when there are no more words; without a pin it only marks.
    """
    wrap_target()
    pull(block)
    out(y, 1)
    out(x, 31)
    set(pins, 1)[4]
    jmp(not_y, "unmarked")
    irq(4)
    label("unmarked")
    set(pins, 0)[1]
    label("wait")
    jmp(x_dec, "wait")
    wrap()


@asm_pio(set_init=PIO.OUT_LOW, sideset_init=PIO.OUT_LOW, out_shiftdir=PIO.SHIFT_RIGHT)
def clocks() -> None:
    """For each mark the start pulse, fast clocks, 1476 slow ones while the ADC runs, fast ones to the sensor's end.

    The side pin is the clock, the set pin the start pulse. The first word taken holds the counts (see engines.Lines).
    What is pushed goes by DMA into the ADC's control register: 9 starts conversions 1.4 us into the first slow pixel,
    when the output has settled, and 1 ends them within the last; so every line has the same phase and 1476 samples.
    """
    pull(block).side(0)
    mov(y, osr).side(0)
    wrap_target()
    wait(1, irq, 4).side(0)  # type: ignore[arg-type]  # the stub knows numbers only
    mov(osr, y).side(0)
    set(pins, 1).side(0)[1]
    nop().side(1)[1]
    set(pins, 0).side(0)[1]
    out(x, 10).side(0)
    label("before")
    nop().side(1)[1]
    jmp(x_dec, "before").side(0)[1]
    set(x, 9).side(1)[9]
    mov(isr, x).side(0)[3]
    push(noblock).side(0)[4]
    out(x, 11).side(0)
    label("window")
    nop().side(1)[9]
    jmp(x_dec, "window").side(0)[9]
    set(x, 1).side(0)[2]
    mov(isr, x).side(0)
    push(noblock).side(0)
    out(x, 11).side(0)[4]
    label("after")
    nop().side(1)[1]
    jmp(x_dec, "after").side(0)[1]
    wrap()
