"""The firmware under official MicroPython: what the host gets, and what becomes of it when something fails."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kiosk import wire
from stillscan.commands.world import SAMPLE, scene
from stillscan.link.messages import Abort, Band, State, SweepEnd
from stillscan.simulator.chip.kiosk import ChipKiosk
from stillscan.simulator.glass import LINE_PX

from .rig import Rig

pytestmark = pytest.mark.process

REFERENCE = 2 * 2 * LINE_PX + LINE_PX + 4  # bytes of reference.bin


@pytest.fixture(scope="module")
def booted(uf2: Path) -> Iterator[Rig]:
    with ChipKiosk(scene(SAMPLE, None, "still", "clean", 1, 10.0), uf2) as kiosk:
        yield Rig(kiosk)


@pytest.fixture(scope="module")
def scanned(booted: Rig) -> tuple[list[Band], list[bytes]]:
    """The bands of a document that was laid down and lies there since, and what the readout gave."""
    kiosk = booted.kiosk
    raw: list[bytes] = []
    kiosk.bus.readout.on_line = raw.append
    kiosk.bus.scene.place(kiosk.bus.now_us)
    bands = [message for message in booted.until(SweepEnd, 3000) if isinstance(message, Band)]
    kiosk.bus.readout.on_line = None
    return bands, raw


def test_a_waiting_host_is_greeted_within_a_second(booted: Rig) -> None:
    assert booted.hello_ms <= 1000
    assert booted.state.state == wire.EMPTY


def test_a_strip_is_what_the_adc_delivered(booted: Rig, scanned: tuple[list[Band], list[bytes]]) -> None:
    """Every sample, through FIFO, DMA, flat-field, frame and USB; sustained at the converter's pace."""
    bands, raw = scanned
    assert [band.header.row for band in bands] == list(range(48, 274))
    dark, gain = reference(booted)
    raw = raw[2:]  # what calibration left, and the first readout of a sweep, which is dropped
    assert len(raw) >= 225, "the last is reported with the next"
    for band, samples in zip(bands, raw, strict=False):
        light = np.maximum(np.frombuffer(samples, np.uint8).astype(int) - dark, 0)
        levels = np.minimum((light * gain >> 8) + 8, 255) >> 4
        assert np.array_equal(band.pixels[0], levels * 17)
    times = np.diff([band.header.t_us for band in bands])
    assert times.mean() <= 3000
    assert booted.session.reception.lost_frames == 0


@pytest.mark.usefixtures("scanned")
def test_lines_that_the_cable_is_too_slow_for_come_more_slowly(booted: Rig) -> None:
    """A band takes 1.4 lines on the cable: the carriage waits, and no row is lost or sent twice."""
    kiosk, session = booted.kiosk, booted.session
    kiosk.usb.slow = 6.5
    session.send(wire.C_SWEEP, 100, 160)
    heard = booted.until(SweepEnd, 4000)
    kiosk.usb.slow = 1.0
    assert not [message for message in heard if isinstance(message, Abort)]
    assert [message.header.row for message in heard if isinstance(message, Band)] == list(range(100, 161))
    health = session.health()
    assert health is not None
    assert health.credit_waits > 0


def reference(rig: Rig) -> tuple[np.ndarray, np.ndarray]:
    """The flat-field reference that the firmware stored in the chip's flash."""
    data = rig.file("reference.bin")
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
        booted = Rig(kiosk)
        state = booted.state
        assert (state.state, state.part, state.fault) == (wire.FAULT, part, what)
        assert booted.safe()
        kiosk.fail("none")
        booted.session.send(wire.C_RECOVER)
        heard = booted.until(State, 3000)
        assert isinstance(heard[-1], State)
        assert heard[-1].state == wire.EMPTY
