"""Calibration at two places of the white strip, and the former one to go back to."""

from __future__ import annotations

import random
import zlib
from unittest.mock import patch

import numpy as np
import pytest
from numpy.typing import NDArray

from kiosk import wire
from stillscan.link.messages import Calibration, Error, State
from stillscan.simulator.dirt import Dirt, Spot
from stillscan.simulator.glass import LINE_PX

from .rig import Rig

pytestmark = pytest.mark.process
NOW = 1_795_953_600


def dirty(text: str, seed: int = 1) -> Rig:
    """A scanner with this dirt."""
    made = Dirt.of([Spot.parse(part) for part in text.split()])
    with patch.object(Dirt, "profile", lambda *_: made):
        return Rig(seed=seed)


def calibrated(rig: Rig) -> Calibration:
    rig.host.send(wire.C_CALIBRATE, NOW, 0)
    assert rig.next(State).state == wire.EMPTY
    rig.host.send(wire.C_CALIBRATION)
    return rig.next(Calibration)


def gains(rig: Rig) -> NDArray[np.float64]:
    content = (rig.folder / "reference.bin").read_bytes()
    return np.frombuffer(content[LINE_PX : 3 * LINE_PX], "<u2").astype(np.float64)


def white_gains(rig: Rig) -> NDArray[np.float64]:
    content = (rig.folder / "reference.bin").read_bytes()
    return np.frombuffer(content[3 * LINE_PX : 5 * LINE_PX], "<u2").astype(np.float64)


def five_specks(seed: int) -> str:
    """On the strip, over its whole height: at home, at the second place, or between."""
    rng = random.Random(seed)
    xs = rng.sample(range(8, 118, 4), 5)
    return " ".join(f"strip:spot:{x},{rng.uniform(0.7, 1.9):.2f}:{rng.uniform(0.2, 0.7):.2f}" for x in xs)


@pytest.mark.parametrize("seed", range(6))
def test_with_five_specks_the_strip_reads_as_if_clean(seed: int) -> None:
    with Rig(seed=seed) as rig:
        calibrated(rig)
        clean = gains(rig)
    with dirty(five_specks(seed), seed) as rig:
        calibrated(rig)  # other noise than that of the clean one
        calibrated(rig)
        bridged = gains(rig)
    light = 230 * 256 / clean  # of the clean strip, as the converter gives it
    off = np.abs(np.rint(light * bridged / 256) - np.rint(light * clean / 256))  # of the picture, 0 to 255
    assert np.percentile(off, 99) <= 1
    assert off.max() <= 3


def test_specks_on_the_strip_are_told_from_those_on_the_sensor() -> None:
    with dirty("strip:spot:30,1.8:0.5 strip:spot:60,0.95:0.4 sensor:spot:90:0.4") as rig:
        found = calibrated(rig)
        assert (found.when, found.strip, found.sensor) == (NOW, 2, 1)
        middles = [(first + pixels / 2) * 25.4 / 300 for first, pixels in found.specks]
        assert middles == pytest.approx([30, 60, 90], abs=0.2)


def test_a_pixel_that_sees_nothing_stays_dark_and_its_noise_small() -> None:
    """With the gain of the light that it has it would flicker between dark and white."""
    with Rig(fault="line-sensor-dead-pixels") as rig:
        calibrated(rig)
        found = gains(rig)
        assert (np.count_nonzero(found > 3 * np.median(found)), found.max()) == (rig.bus.line_sensor.dead, 16 << 8)


def test_a_clean_scanner_has_no_specks() -> None:
    for seed in range(3):
        with Rig(seed=seed) as rig:
            found = calibrated(rig)
            assert (found.strip, found.sensor, found.specks) == (0, 0, ())


def test_both_lamps_are_calibrated_and_each_has_its_own_gains() -> None:
    with dirty("strip:spot:30,1.8:0.5 strip:spot:60,0.95:0.4") as rig:
        assert not white_gains(rig).any(), "by itself it measures the lamp that it uses"
        rig.bus.lamp.white = 0.7
        calibrated(rig)
        infrared, white = gains(rig), white_gains(rig)
        assert np.median(white / infrared) == pytest.approx(1 / 0.7, rel=0.03)
        assert np.abs(white / infrared * 0.7 - 1).max() < 0.1, "specks on the strip are bridged for both"
        for sweep, lamp in enumerate((0, 1), start=1):
            rig.setting("infrared", lamp)
            rig.place()
            rig.until(wire.DONE)
            assert {band.header.lamp for band in rig.bands(sweep)} == {lamp}
            rig.clear()
            rig.until(wire.EMPTY)
        assert (gains(rig) == infrared).all(), "nothing had to be measured anew"
        assert (white_gains(rig) == white).all()


def test_what_is_measured_by_itself_leaves_the_other_lamp_as_it_was() -> None:
    with Rig() as rig:
        calibrated(rig)
        white = white_gains(rig)
        rig.bus.lamp.infrared = 0.6
        rig.host.send(wire.C_CALIBRATE, 0, 0)
        assert rig.next(State).state == wire.EMPTY
        assert (white_gains(rig) == white).all()
        assert np.median(gains(rig)) > 1.5 * np.median(white)


def test_a_calibration_of_firmware_before_holds_one_lamp_and_is_taken() -> None:
    with Rig() as rig:
        calibrated(rig)
        content = (rig.folder / "reference.bin").read_bytes()[: 3 * LINE_PX]
    former = content + zlib.crc32(content).to_bytes(4, "little")
    with Rig(files={"reference.bin": former}) as rig:
        rig.place()
        rig.until(wire.DONE)
        assert (rig.folder / "reference.bin").read_bytes() == former


def test_a_lamp_that_no_check_needs_may_be_dark() -> None:
    with Rig() as rig:
        rig.bus.lamp.white = 0.0
        assert calibrated(rig).when == NOW
        assert not white_gains(rig).any()
        assert gains(rig).all()


def test_by_itself_it_looks_at_one_place() -> None:
    with Rig() as rig:
        rig.host.send(wire.C_CALIBRATION)
        found = rig.next(Calibration)
        assert (found.when, found.temperature, found.former) == (0, wire.NO_TEMPERATURE, 0)


def test_the_former_one_comes_back_and_forth() -> None:
    with Rig() as rig:
        assert rig.ask(wire.C_CALIBRATE, 0, 1) == Error(wire.E_FAILED, wire.C_CALIBRATE), "there is none"
        first = gains(rig)
        assert calibrated(rig).former == 1
        second = gains(rig)
        for wanted, when in ((first, 0), (second, NOW), (first, 0)):
            rig.host.send(wire.C_CALIBRATE, 0, 1)
            assert rig.next(State).state == wire.EMPTY
            assert (gains(rig) == wanted).all()
            rig.host.send(wire.C_CALIBRATION)
            assert rig.next(Calibration).when == when, "its date comes with it"
        rig.place()
        rig.until(wire.DONE)


def test_power_lost_in_every_step_leaves_a_scanner_that_works() -> None:
    """The files as they lie after each step of a calibration, and of going back; and cut off halfway."""
    with Rig() as rig:
        calibrated(rig)
        whole = (rig.folder / "reference.bin").read_bytes()
        old = (rig.folder / "reference.bin.old").read_bytes()
    left: list[dict[str, bytes | None]] = [
        {"reference.bin": old, "reference.bin.new": whole[:2000]},
        {"reference.bin": old, "reference.bin.new": whole},
        {"reference.bin.old": old, "reference.bin.new": whole},
        {"reference.bin": whole, "reference.bin.old": old, "calibrated.json.new": b'{"whe'},
        {"reference.bin": whole[:3000], "reference.bin.old": old},
        {"reference.bin.old": old[:100], "reference.bin.new": whole},
    ]
    for files in left:
        with Rig(files=files) as rig:
            assert rig.state == wire.EMPTY
            assert calibrated(rig).when == NOW
            rig.place()
            rig.until(wire.DONE)


def test_a_former_one_that_is_damaged_is_not_taken() -> None:
    with Rig() as rig:
        calibrated(rig)
        present = gains(rig)
        (rig.folder / "reference.bin.old").write_bytes(b"nothing")
        assert rig.ask(wire.C_CALIBRATE, 0, 1) == Error(wire.E_FAILED, wire.C_CALIBRATE)
        assert (gains(rig) == present).all()
        rig.place()
        rig.until(wire.DONE)


def test_never_in_the_middle_of_a_check() -> None:
    with Rig() as rig:
        rig.place()
        rig.until(wire.SCANNING)
        for back in (0, 1):
            assert rig.ask(wire.C_CALIBRATE, NOW, back) == Error(wire.E_WRONG_STATE, wire.C_CALIBRATE)
