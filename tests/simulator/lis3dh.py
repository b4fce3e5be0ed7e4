"""Talking to the modelled LIS3DH as a driver does."""

from __future__ import annotations

import numpy as np

from stillscan.simulator.accelerometer import Accelerometer
from stillscan.simulator.hand import Motion

from .world import AT_REST, scene

PERIOD_US = 2500  # 400 Hz


def chip_in(motion: Motion | str = AT_REST, placed_us: int | None = 0, seed: int = 1) -> Accelerometer:
    return Accelerometer(scene(motion, placed_us=placed_us, seed=seed))


def set_register(chip: Accelerometer, address: int, value: int, now_us: int) -> None:
    assert chip.write(bytes((address, value)), now_us)


def get_registers(chip: Accelerometer, address: int, now_us: int, count: int = 1) -> bytes:
    assert chip.write(bytes((address | (0x80 if count > 1 else 0),)), now_us)
    answer = chip.read(count, now_us)
    assert answer is not None
    return answer


def outputs_mg(chip: Accelerometer, now_us: int) -> list[int]:
    """The outputs as 12-bit numbers."""
    return [int(value) >> 4 for value in np.frombuffer(get_registers(chip, 0x28, now_us, 6), dtype="<i2")]


def armed(
    motion: Motion | str = AT_REST, threshold: int = 10, duration: int = 0, latch: bool = True, seed: int = 1
) -> Accelerometer:
    """400 Hz, high resolution, high-passed wake-up interrupt on any axis, settled at 100 ms."""
    chip = chip_in(motion, seed=seed)
    for address, value in ((0x20, 0x77), (0x21, 0x01), (0x22, 0x40), (0x23, 0x88), (0x24, 0x08 if latch else 0)):
        set_register(chip, address, value, 0)
    get_registers(chip, 0x26, 100_000)
    for address, value in ((0x32, threshold), (0x33, duration), (0x30, 0x2A)):
        set_register(chip, address, value, 100_000)
    return chip
