from __future__ import annotations

import numpy as np
import pytest

from .lis3dh import PERIOD_US, armed, chip_in, get_registers, outputs_mg, set_register
from .world import AT_REST, WHITE, along


def test_identity_and_power_on_values() -> None:
    chip = chip_in()
    assert get_registers(chip, 0x0F, 0) == b"\x33"
    assert get_registers(chip, 0x1E, 0, 8) == bytes((0x10, 0, 0x07, 0, 0, 0, 0, 0))
    assert outputs_mg(chip, 10**6) == [0, 0, 0], "powered down"


def test_pointer_increments_only_when_asked() -> None:
    chip = chip_in()
    chip.write(bytes((0x80 | 0x32, 0x11, 0x22)), 0)
    assert get_registers(chip, 0x32, 0, 2) == b"\x11\x22"
    chip.write(bytes((0x32, 0x44, 0x55)), 0)
    assert get_registers(chip, 0x32, 0, 2) == b"\x55\x22"
    chip.write(b"\x32", 0)
    assert chip.read(2, 0) == b"\x55\x55"
    chip.write(b"\x0f\x00", 0)
    assert get_registers(chip, 0x0F, 0) == b"\x33", "read only"


def test_gravity_noise_and_formats() -> None:
    chip = chip_in()
    set_register(chip, 0x20, 0x77, 0)
    set_register(chip, 0x23, 0x08, 0)
    table = np.array([outputs_mg(chip, PERIOD_US * n) for n in range(1, 2001)])
    assert table.mean(axis=0) == pytest.approx([0, 0, 1000], abs=0.5)
    assert table.std(axis=0) == pytest.approx([3, 3, 3], rel=0.1)
    set_register(chip, 0x23, 0x38, 5_100_000)  # 16 g: 12 mg per digit
    assert outputs_mg(chip, 5_200_000)[2] == pytest.approx(1000 / 12, abs=2)
    set_register(chip, 0x23, 0x00, 5_300_000)  # 10 bit: 4 mg per digit, left-justified
    word = int(np.frombuffer(get_registers(chip, 0x28, 5_400_000, 6), dtype="<i2")[2])
    assert word % 64 == 0
    assert word / 64 == pytest.approx(250, abs=4)
    set_register(chip, 0x20, 0x74, 5_500_000)
    assert outputs_mg(chip, 5_600_000)[:2] == [0, 0], "x and y switched off"


@pytest.mark.parametrize(
    ("rate", "hertz"), [(1, 1), (2, 10), (3, 25), (4, 50), (5, 100), (6, 200), (7, 400), (9, 1344)]
)
def test_output_data_rates(rate: int, hertz: int) -> None:
    chip = chip_in()
    set_register(chip, 0x20, rate << 4 | 7, 500)
    due = 500 + -(-1_000_000 // hertz)
    assert get_registers(chip, 0x27, due - 1) == b"\x00"
    assert get_registers(chip, 0x27, due) == b"\x0f"
    outputs_mg(chip, due)
    assert get_registers(chip, 0x27, due) == b"\x00"
    assert get_registers(chip, 0x27, due + 2_100_000 // hertz) == b"\xff", "overrun"


def test_the_document_brings_its_movement_and_the_range_clips() -> None:
    chip = chip_in(along((0, 0, 0, 0, 0.5), (10**6, 0, 0, 0, 0.5), (2 * 10**6, 0, 0, 0, 3.0)), placed_us=10**6)
    set_register(chip, 0x20, 0x77, 0)
    set_register(chip, 0x23, 0x08, 0)
    assert outputs_mg(chip, 900_000)[2] == pytest.approx(1000, abs=15)
    assert outputs_mg(chip, 1_500_000)[2] == pytest.approx(1500, abs=15)
    assert outputs_mg(chip, 4_000_000)[2] == 2047


def test_high_pass_settles_and_is_reset_by_reference() -> None:
    chip = chip_in()
    for address, value in ((0x20, 0x77), (0x21, 0x08), (0x23, 0x08)):  # filtered data in the outputs
        set_register(chip, address, value, 0)
    step = 1000 * np.exp(-2 * np.pi / 50)
    assert outputs_mg(chip, PERIOD_US)[2] == pytest.approx(step, abs=12), "it starts from zero: gravity passes"
    assert outputs_mg(chip, 10 * PERIOD_US)[2] == pytest.approx(1000 * np.exp(-2 * np.pi / 5), abs=12)
    assert outputs_mg(chip, 200 * PERIOD_US)[2] == pytest.approx(0, abs=12)
    again = chip_in()
    for address, value in ((0x20, 0x77), (0x21, 0x08), (0x23, 0x08)):
        set_register(again, address, value, 0)
    get_registers(again, 0x26, PERIOD_US + 10)
    assert outputs_mg(again, 2 * PERIOD_US)[2] == pytest.approx(0, abs=15)


def test_fifo_streams_without_gap() -> None:
    plain, fifo = chip_in(), chip_in()
    for chip in (plain, fifo):
        set_register(chip, 0x20, 0x77, 0)
        set_register(chip, 0x23, 0x08, 0)
    set_register(fifo, 0x24, 0x40, 0)
    set_register(fifo, 0x2E, 0x8F, 0)
    assert get_registers(fifo, 0x2F, PERIOD_US - 1) == b"\x20"
    truth = [outputs_mg(plain, PERIOD_US * n) for n in range(1, 41)]
    assert get_registers(fifo, 0x2F, 5 * PERIOD_US) == b"\x05"
    words = np.frombuffer(get_registers(fifo, 0x28, 5 * PERIOD_US, 30), dtype="<i2").reshape(5, 3) >> 4
    assert words.tolist() == truth[:5]
    assert get_registers(fifo, 0x2F, 5 * PERIOD_US) == b"\x20"
    assert get_registers(fifo, 0x2F, 21 * PERIOD_US)[0] == 0x80 | 16, "above the watermark of 15"
    assert get_registers(fifo, 0x2F, 40 * PERIOD_US)[0] == 0xC0 | 31, "full: the oldest are lost"
    words = np.frombuffer(get_registers(fifo, 0x28, 40 * PERIOD_US, 6 * 32), dtype="<i2").reshape(32, 3) >> 4
    assert words.tolist() == truth[8:]


def test_fifo_survives_a_change_of_scene_and_of_registers() -> None:
    plain, fifo = chip_in(), chip_in()
    for chip in (plain, fifo):
        set_register(chip, 0x20, 0x77, 0)
        set_register(chip, 0x23, 0x08, 0)
    set_register(fifo, 0x24, 0x40, 0)
    set_register(fifo, 0x2E, 0x80, 0)
    truth = [outputs_mg(plain, PERIOD_US * n) for n in range(1, 21)]
    set_register(fifo, 0x32, 0x05, 8 * PERIOD_US)
    fifo._scene.replace(WHITE, AT_REST, 12 * PERIOD_US)
    words = np.frombuffer(get_registers(fifo, 0x28, 20 * PERIOD_US, 120), dtype="<i2").reshape(20, 3) >> 4
    assert words.tolist() == truth


def test_seeds_repeat() -> None:
    runs = []
    for seed in (1, 1, 2):
        chip = armed("bump", seed=seed)
        runs.append([get_registers(chip, 0x28, 100_000 + n * 3000, 6) for n in range(100)])
    assert runs[0] == runs[1] != runs[2]


def test_faults() -> None:
    chip = armed("bump", 4)
    chip.fault = "nak"
    assert not chip.write(b"\x0f", 10**6)
    assert chip.read(1, 10**6) is None
    assert not chip.int1(10**6)
    chip.fault = "wrong-id"
    assert get_registers(chip, 0x0F, 10**6) != b"\x33"
    chip.fault = "stuck"
    assert len({get_registers(chip, 0x28, n * 10**5, 6) for n in range(11, 60)}) == 1
    assert chip.next_int1_us(6 * 10**6, 9 * 10**6) is None
    chip.fault = "full-scale"
    assert outputs_mg(chip, 7 * 10**6) == [2047, -2048, 2047]
