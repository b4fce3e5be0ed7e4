"""The chip models on the pins and buses of the emulated chip, driven by its registers as the firmware drives them."""

import numpy as np
import pytest

from stillscan.boards.files import chips
from stillscan.simulator.accelerometer import ADDRESS, WHO_AM_I
from stillscan.simulator.chip.board_pins import wiring
from stillscan.simulator.chip.emulator import Emulator
from stillscan.simulator.chip.parts import Parts
from stillscan.simulator.glass import LINE_PX
from stillscan.simulator.scene import Scene

BOARD = "rpi_pico"
PINS = wiring(BOARD).pins
I2C, SPI, ADC = 0x40044000, 0x4003C000, 0x4004C000
TX_ABRT, TX_EMPTY = 1 << 6, 1 << 4


@pytest.fixture
def parts(asleep: Emulator, world: Scene) -> Parts:
    return Parts(world, asleep, wiring(BOARD))


def output(emulator: Emulator, signal: str, level: int) -> None:
    """Drive a pin as the firmware does that owns it."""
    pin = PINS[signal]
    emulator.chip.write_uint32(0x40014004 + 8 * pin, 5)
    emulator.chip.write_uint32(0xD0000024, 1 << pin)
    emulator.chip.write_uint32(0xD0000014 if level else 0xD0000018, 1 << pin)


def pulse(emulator: Emulator, signal: str, count: int = 1) -> None:
    for _ in range(count):
        output(emulator, signal, 1)
        output(emulator, signal, 0)


def read_register(emulator: Emulator, address: int, register: int) -> int:
    """One register over I2C; how many us it took."""
    write = emulator.chip.write_uint32
    write(I2C + 0x6C, 0)
    write(I2C + 0x04, address)
    write(I2C + 0x1C, 114)  # 400 kHz: high and low of the clock
    write(I2C + 0x20, 187)
    write(I2C + 0x6C, 1)
    began = emulator.now_ns
    write(I2C + 0x10, register)
    write(I2C + 0x10, 1 << 8 | 1 << 9 | 1 << 10)  # read, stop, restart
    while emulator.chip.i2c[0].int_raw & (1 << 9) == 0 and emulator.now_ns < began + 1e6:
        emulator.run(emulator.now_ns + 5_000)
    return round((emulator.now_ns - began) / 1000)


@pytest.mark.slow
def test_a_register_over_i2c_takes_its_four_bytes(asleep: Emulator, parts: Parts) -> None:
    us = read_register(asleep, ADDRESS, WHO_AM_I)
    assert asleep.chip.read_uint32(I2C + 0x10) & 0xFF == 0x33
    assert us == pytest.approx(4 * 22.5, abs=6)


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["fault", "address"])
def test_nobody_acknowledges(asleep: Emulator, parts: Parts, missing: str) -> None:
    if missing == "fault":
        parts.accelerometer.fault = "nak"
    read_register(asleep, ADDRESS + (missing == "address"), WHO_AM_I)
    raised = asleep.chip.i2c[0].int_raw
    assert raised & TX_ABRT
    assert raised & TX_EMPTY


def test_bytes_over_spi_take_their_time(asleep: Emulator, parts: Parts) -> None:
    write = asleep.chip.write_uint32
    write(SPI + 0x10, 2)
    write(SPI + 0x00, 59 << 8 | 7)  # 48 MHz / 2 / 60
    write(SPI + 0x04, 2)
    output(asleep, "flow_select", 0)
    began = asleep.now_ns
    write(SPI + 0x08, 0x00)  # product id
    write(SPI + 0x08, 0)
    while asleep.chip.spi[0].rx_fifo.item_count < 2:
        asleep.run(asleep.now_ns + 1_000)
    assert (asleep.now_ns - began) / 1000 == pytest.approx(40, abs=2)
    asleep.chip.read_uint32(SPI + 0x08)
    assert asleep.chip.read_uint32(SPI + 0x08) == 0x49


def test_the_carriage_goes_by_the_step_pulses(asleep: Emulator, parts: Parts) -> None:
    before = parts.carriage.position_steps(0)
    output(asleep, "motor_off", 0)
    output(asleep, "direction", 1)
    pulse(asleep, "step", 12)
    assert parts.carriage.position_steps(0) == before + 12
    output(asleep, "direction", 0)
    pulse(asleep, "step", 30)
    assert parts.carriage.position_steps(0) == before - 18
    assert parts.motor.steps == 42


def test_without_the_motor_nothing_moves(asleep: Emulator, parts: Parts) -> None:
    before = parts.carriage.position_steps(0)
    output(asleep, "motor_off", 1)
    pulse(asleep, "step", 12)
    assert parts.carriage.position_steps(0) == before


@pytest.mark.slow
def test_the_home_switch_opens_at_home(asleep: Emulator, parts: Parts) -> None:
    home = asleep.chip.gpio[PINS["home"]]
    home.pad_value |= 1 << 6  # input enabled
    output(asleep, "motor_off", 0)
    output(asleep, "direction", 0)
    assert not home.input_value
    pulse(asleep, "step", round(parts.carriage.position_steps(0)))
    assert home.input_value
    output(asleep, "direction", 1)
    pulse(asleep, "step", 20)
    assert not home.input_value


def sampled_line(emulator: Emulator, before: int) -> bytes:
    """Start pulse, clocks up to the window, then a conversion a clock."""
    output(emulator, "sensor_start", 1)
    pulse(emulator, "sensor_clock")
    output(emulator, "sensor_start", 0)
    pulse(emulator, "sensor_clock", before)
    values = bytearray()
    for _ in range(LINE_PX):
        output(emulator, "sensor_clock", 1)
        emulator.chip.write_uint32(ADC, 0x5)  # enabled, one conversion
        emulator.run(emulator.now_ns + 2_100)
        values.append(emulator.chip.read_uint32(ADC + 0x04) >> 4)
        output(emulator, "sensor_clock", 0)
    return bytes(values)


@pytest.mark.slow
def test_the_adc_gets_the_line_that_the_start_pulse_ended(asleep: Emulator, parts: Parts) -> None:
    shown: list[bytes] = []
    expose = parts.line_sensor.expose

    def seen(*arguments: object) -> None:
        expose(*arguments)  # type: ignore[arg-type]
        shown.append(bytes(arguments[-1]))  # type: ignore[call-overload]

    parts.line_sensor.expose = seen  # type: ignore[method-assign]
    values = sampled_line(asleep, wiring(BOARD).before_px)
    assert values == shown[-1]
    assert 5 < np.frombuffer(values, np.uint8).mean() < 20, "no lamp is lit"


@pytest.mark.parametrize("board", chips())
def test_every_board_with_a_chip_can_be_wired(board: str) -> None:
    table = wiring(board)
    assert {"step", "direction", "home", "int1", "sensor_out"} <= set(table.pins)
    assert table.before_px > 0
    assert table.after_px > 0
