"""When a sweep counts as stopped, over the registers of the chip's PIO with the program of the step pulses in it."""

import pytest

from stillscan.simulator.chip.board_pins import wiring
from stillscan.simulator.chip.emulator import Emulator
from stillscan.simulator.chip.parts import Parts
from stillscan.simulator.scene import Scene

pytestmark = pytest.mark.slow

BOARD = "rpi_pico"
PINS = wiring(BOARD).pins
PIO, IO = 0x50200000, 0x40014000
CTRL, TXF2, INSTRUCTIONS = PIO, PIO + 0x18, PIO + 0x48
CLKDIV, EXECCTRL, SHIFTCTRL, INSTR, PINCTRL = (PIO + 0xF8 + at for at in (0, 4, 8, 16, 20))  # of state machine 2
CLOCKS, TRAIN = 1 << 0, 1 << 2
# boards/rp2/programs.py: train, assembled
PULL, OUT_Y, OUT_X, HIGH, UNMARKED, IRQ, LOW, WAIT = 0x80A0, 0x6041, 0x603F, 0xE401, 0x0066, 0xC004, 0xE100, 0x0047
PERIOD_US = 1000


class Train:
    """A train of four steps, one a millisecond, with the sensor's clocks on."""

    def __init__(self, emulator: Emulator, parts: Parts) -> None:
        self.emulator, self.parts = emulator, parts
        self._write = emulator.chip.write_uint32
        for at, instruction in enumerate((PULL, OUT_Y, OUT_X, HIGH, UNMARKED, IRQ, LOW, WAIT)):
            self._write(INSTRUCTIONS + 4 * at, instruction)
        self._write(CLKDIV, 125 << 16)
        self._write(EXECCTRL, 7 << 12)
        self._write(SHIFTCTRL, 1 << 19)  # to the right
        self._write(PINCTRL, 1 << 26 | PINS["step"] << 5)
        self._write(INSTR, 0xE081)  # the pin is an output
        self._write(IO + 4 + 8 * PINS["step"], 6)
        self._write(IO + 4 + 8 * PINS["motor_off"], 5)
        self._write(0xD0000024, 1 << PINS["motor_off"])
        self._write(0xD0000018, 1 << PINS["motor_off"])
        for _ in range(4):
            self._write(TXF2, (PERIOD_US - 12) << 1)

    def enable(self, running: bool) -> None:
        self._write(CTRL, CLOCKS | TRAIN * running)

    def after(self, us: float) -> None:
        self.emulator.run(self.emulator.now_ns + us * 1000)


@pytest.fixture
def train(asleep: Emulator, world: Scene) -> Train:
    return Train(asleep, Parts(world, asleep, wiring(BOARD)))


def test_a_halt_is_one_stop_whenever_the_rest_of_the_pulse_is_let_out(train: Train) -> None:
    train.enable(True)
    began = train.parts.now_us
    train.after(2.5 * PERIOD_US)
    train.enable(False)
    halted = train.parts.now_us
    assert train.parts.motor.steps == 3
    train.after(3000)
    for _ in range(4):
        train.enable(True)
        train.enable(False)
        train.after(10)
    assert train.parts.motor.steps == 3
    assert [(stop.began_us, stop.stopped_us) for stop in train.parts.stops] == [(began, halted)]


def test_a_pulse_let_out_later_is_the_stop(train: Train) -> None:
    train.enable(True)
    began = train.parts.now_us
    train.after(PERIOD_US - 6)
    while train.emulator.chip.pio[0].machines[2].pc != 1:  # a word taken, its pulse to come
        train.after(0.1)
    train.enable(False)
    train.after(500)
    assert train.parts.motor.steps == 1
    train.enable(True)
    train.after(8)
    train.enable(False)
    assert train.parts.motor.steps == 2
    assert [(stop.began_us, stop.stopped_us) for stop in train.parts.stops] == [(began, train.parts.now_us)]


def test_a_train_that_came_to_its_end_was_not_stopped(train: Train) -> None:
    train.enable(True)
    train.after(5 * PERIOD_US)
    train.enable(False)
    assert train.parts.motor.steps == 4
    assert train.parts.stops == []


def test_a_sweep_that_begins_anew_is_another(train: Train) -> None:
    train.enable(True)
    train.after(5.5 * PERIOD_US)
    train.enable(False)
    train._write(TXF2, (PERIOD_US - 12) << 1)
    train.enable(True)
    again = train.parts.now_us
    train.after(0.5 * PERIOD_US)
    train.enable(False)
    assert [stop.began_us for stop in train.parts.stops] == [again]
