"""What is mended of the emulator from outside, and what it says about images that are none."""

from itertools import pairwise
from pathlib import Path

import pytest
from rp2040py.gpio_pin import GPIOPinState

from stillscan.errors import InputError
from stillscan.simulator.chip.emulator import Emulator, see_image

from .conftest import ASLEEP, uf2_of

pytestmark = pytest.mark.slow

PIO0 = 0x50200000
GPIO_CTRL = 0x40014004  # of GPIO 0; the others follow every 8 bytes
SQUARE = (0xE001 | 9 << 8, 0xE000 | 9 << 8)  # set(pins, 1)[9], set(pins, 0)[9]


def test_the_pio_keeps_its_pace_while_the_core_sleeps(asleep: Emulator) -> None:
    chip = asleep.chip
    for at, instruction in enumerate(SQUARE):
        chip.write_uint32(PIO0 + 0x48 + 4 * at, instruction)
    chip.write_uint32(PIO0 + 0xC8, 125 << 16)  # a tick of 1 us
    chip.write_uint32(PIO0 + 0xCC, 1 << 12)  # back to the first after the second
    chip.write_uint32(PIO0 + 0xDC, 1 << 26 | 6 << 5)  # one pin, GPIO 6
    chip.write_uint32(GPIO_CTRL + 8 * 6, 6)
    chip.pio[0].pin_directions = 1 << 6
    edges: list[float] = []
    chip.gpio[6].add_listener(lambda new, old: edges.append(asleep.now_ns))
    asleep.run(1_000)
    chip.write_uint32(PIO0, 1)
    asleep.run(1_000_000)
    gaps = {round(later - earlier) for earlier, later in pairwise(edges)}
    assert gaps == {10_000}
    assert len(edges) == 100


def test_a_run_ends_at_its_moment(asleep: Emulator) -> None:
    asleep.run(123_456)
    assert asleep.now_ns == pytest.approx(123_456, abs=16)
    asleep.run(100)
    assert asleep.now_ns == pytest.approx(123_456, abs=16), "time never goes back"


def test_an_alarm_may_stop_a_run(asleep: Emulator) -> None:
    asleep.alarm(asleep.stop).after(5_000)
    asleep.run(1_000_000)
    assert asleep.now_ns == pytest.approx(5_000, abs=16)


def test_a_uart_does_not_ask_for_more_for_ever(asleep: Emulator) -> None:
    uart = asleep.chip.uart[0]
    uart.write_uint32(0x38, 1 << 5)  # the transmit interrupt is wanted
    assert not uart._interrupt_status & 1 << 5
    for byte in b"trace":
        uart.write_uint32(0, byte)
    assert uart._interrupt_status & 1 << 5
    assert asleep.console == b"trace"


@pytest.mark.parametrize("content", [b"", b"no image", bytes(512), b"\xff" * 1024])
def test_what_is_no_image_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "image.uf2"
    path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        Emulator(path, bytes(4096), 2048)
    assert "\n" not in str(refused.value)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (uf2_of(ASLEEP, family=0xE48BFF59), "is for another chip than the RP2040 (family 0xe48bff59)"),
        (uf2_of(ASLEEP, blocks=2), "is not whole: it has 1 of 2 blocks"),
        (uf2_of(ASLEEP, 0, 3) + uf2_of(ASLEEP, 2, 3), "is not whole: it has 2 of 3 blocks"),
        (uf2_of(ASLEEP)[:-4] + bytes(4), "not a UF2 image: block 0 is none"),
        (uf2_of(ASLEEP, 0, 2) + bytes(512), "not a UF2 image: block 1 is none"),
    ],
)
def test_an_image_of_another_chip_or_a_part_of_one_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "image.uf2"
    path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        see_image(path)
    assert str(refused.value) == f"{path}: {says}"


def test_an_image_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        Emulator(tmp_path / "none.uf2", bytes(4096), 2048)


def test_pin_states_are_those_that_listeners_hear(asleep: Emulator) -> None:
    heard: list[GPIOPinState] = []
    asleep.chip.gpio[6].add_listener(lambda new, old: heard.append(new))
    asleep.chip.write_uint32(GPIO_CTRL + 8 * 6, 5)
    asleep.chip.write_uint32(0xD0000024, 1 << 6)  # output
    asleep.chip.write_uint32(0xD0000014, 1 << 6)  # high
    asleep.chip.write_uint32(0xD0000018, 1 << 6)  # low
    assert heard[-2:] == [GPIOPinState.HIGH, GPIOPinState.LOW]
