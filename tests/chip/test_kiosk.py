"""The firmware under official MicroPython: what the host gets, and what becomes of it when something fails."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kiosk import wire
from stillscan.commands.world import SAMPLE, scene
from stillscan.link.messages import Band, Message, State, SweepEnd
from stillscan.link.session import Session
from stillscan.simulator.chip.kiosk import ChipKiosk
from stillscan.simulator.glass import LINE_PX
from stillscan.simulator.simulate import boot

REFERENCE = 2 * LINE_PX + LINE_PX + 4  # bytes of reference.bin


class Booted:
    def __init__(self, kiosk: ChipKiosk) -> None:
        while not kiosk.usb.connected:
            kiosk.read(1)
        self.kiosk = kiosk
        self.session = Session(kiosk)
        self.session.open()
        self.hello_ms = kiosk.now_ms()
        self.state = boot(self.session)

    def until(self, kind: type[Message], ms: float) -> list[Message]:
        heard: list[Message] = []
        end = self.kiosk.now_ms() + ms
        while self.kiosk.now_ms() < end:
            message = self.session.poll(50)
            if message is not None:
                heard.append(message)
                if isinstance(message, kind):
                    return heard
        raise AssertionError(f"no {kind.__name__} within {ms} ms: {[type(m).__name__ for m in heard]}")


@pytest.fixture(scope="module")
def booted(uf2: Path) -> Iterator[Booted]:
    with ChipKiosk(scene(SAMPLE, None, "still", "clean", 1, 10.0), uf2) as kiosk:
        yield Booted(kiosk)


def test_a_waiting_host_is_greeted_within_a_second(booted: Booted) -> None:
    assert booted.hello_ms <= 1000
    assert booted.state.state == wire.EMPTY


def test_a_strip_is_what_the_adc_delivered(booted: Booted) -> None:
    """Every sample, through FIFO, DMA, flat-field, frame and USB; sustained at the converter's pace."""
    kiosk, session = booted.kiosk, booted.session
    raw: list[bytes] = []
    kiosk.bus.readout.on_line = raw.append
    kiosk.bus.scene.place(kiosk.bus.now_us)
    bands = [message for message in booted.until(SweepEnd, 3000) if isinstance(message, Band)]
    assert [band.header.row for band in bands] == list(range(274))
    dark, gain = reference(kiosk)
    raw = raw[2:]  # what calibration left, and the first readout of a sweep, which is dropped
    assert len(raw) >= 273, "the last is reported with the next"
    for band, samples in zip(bands, raw, strict=False):
        light = np.maximum(np.frombuffer(samples, np.uint8).astype(int) - dark, 0)
        levels = np.minimum((light * gain >> 8) + 8, 255) >> 4
        assert np.array_equal(band.pixels[0], levels * 17)
    times = np.diff([band.header.t_us for band in bands])
    assert times.mean() <= 3000
    assert session.lost_frames == 0


def reference(kiosk: ChipKiosk) -> tuple[np.ndarray, np.ndarray]:
    """The flat-field reference that the firmware stored in the chip's flash."""
    import littlefs

    flash = bytes(kiosk.emulator.chip.flash[0xA0000:0x200000])
    system = littlefs.LittleFS(block_size=4096, block_count=352, mount=False)
    system.context.buffer = bytearray(flash)
    system.mount()
    with system.open("reference.bin", "rb") as file:
        data = file.read()
    assert len(data) == REFERENCE
    dark = np.frombuffer(data[:LINE_PX], np.uint8).astype(int)
    return dark, np.frombuffer(data[LINE_PX : 3 * LINE_PX], "<u2").astype(int)


@pytest.mark.parametrize(
    ("fault", "part", "what"),
    [
        ("accelerometer-nak", wire.PARTS.index("accelerometer"), wire.FAULTS.index("no_answer")),
        ("flow-nak", wire.PARTS.index("flow"), wire.FAULTS.index("no_answer")),
        ("carriage-no-home", wire.PARTS.index("carriage"), wire.FAULTS.index("no_home")),
        ("line-sensor-stuck", wire.PARTS.index("line_sensor"), wire.FAULTS.index("stuck")),
    ],
)
def test_a_broken_part_is_named_and_mended_without_a_power_cut(uf2: Path, fault: str, part: int, what: int) -> None:
    with ChipKiosk(scene(SAMPLE, None, "still", "clean", 1, 10.0), uf2) as kiosk:
        kiosk.fail(fault)
        booted = Booted(kiosk)
        state = booted.state
        assert (state.state, state.part, state.fault) == (wire.FAULT, part, what)
        assert kiosk.bus.outputs.lamp() == 0.0
        steps = kiosk.bus.motor.steps
        kiosk.pass_time(50)
        assert kiosk.bus.motor.steps == steps
        kiosk.fail("none")
        booted.session.send(wire.C_RECOVER)
        heard = booted.until(State, 3000)
        assert isinstance(heard[-1], State)
        assert heard[-1].state == wire.EMPTY
