from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from stillscan.simulator.dirt import Dirt
from stillscan.simulator.glass import LINE_PX, PX_PER_MM, ZONE_ROWS, Page, row_y_mm
from stillscan.simulator.line_sensor import LineSensor
from stillscan.simulator.scene import Scene

from .world import AT_REST, along, scene

HOME = 28.0


def _lines(sensor: LineSensor, y_mm: float, count: int = 1, lamp: float = 1.0, at_us: int = 0) -> NDArray[np.float64]:
    """(count, 1476) exposures of 3 ms with the carriage at rest."""
    out = bytearray(LINE_PX)
    lines = []
    for _ in range(count):
        sensor.expose(at_us, at_us + 3000, y_mm, y_mm, lamp, out)
        lines.append(np.frombuffer(bytes(out), dtype=np.uint8).astype(float))
    return np.array(lines)


def test_levels_of_paper_strip_and_dark() -> None:
    sensor = LineSensor(scene())
    paper = _lines(sensor, 10.0, 20).mean(axis=0)
    assert paper[700:776].mean() == pytest.approx(200, abs=2)
    assert paper[:20].mean() == pytest.approx(12 + 188 * 0.75, abs=4)
    assert paper[-20:].mean() == pytest.approx(12 + 188 * 0.75, abs=4)
    assert _lines(sensor, HOME, 20)[:, 700:776].mean() == pytest.approx(12 + 188 * 0.9, abs=2)
    assert _lines(sensor, 10.0, lamp=0.0).mean() == pytest.approx(12, abs=0.3)
    half = _lines(sensor, 10.0, 5, lamp=0.5)[:, 700:776].mean()
    assert half == pytest.approx(12 + 94, abs=2)


def test_noise_and_spread_of_pixels() -> None:
    sensor = LineSensor(scene())
    lines = _lines(sensor, 10.0, 200)
    assert lines[:, 600:900].std(axis=0).mean() == pytest.approx(1.2, abs=0.15)
    assert _lines(sensor, 10.0, 200, lamp=0.0).std(axis=0).mean() == pytest.approx(0.58, abs=0.1)  # with quantisation
    flat = lines.mean(axis=0)[600:876]
    assert flat.std() / flat.mean() == pytest.approx(0.02, abs=0.006)


def test_the_reference_strip_calibrates_the_pixels() -> None:
    sensor = LineSensor(scene())
    dark = _lines(sensor, HOME, 100, lamp=0.0).mean(axis=0)
    white = _lines(sensor, HOME, 100).mean(axis=0) - dark
    paper = (_lines(sensor, 10.0, 100).mean(axis=0) - dark) / white * 0.9
    assert np.abs(paper - 1.0).max() < 0.01


def test_motion_during_the_exposure_blurs() -> None:
    picture = np.zeros((ZONE_ROWS, LINE_PX), dtype=np.uint8)
    picture[:, 700:] = 255
    page = Page.from_array(picture)
    still = _lines(LineSensor(scene(page=page)), 10.0, 50).mean(axis=0)
    sliding = along((0, 0, 0, 0), (3000, 6 / PX_PER_MM, 0, 0))
    moved = _lines(LineSensor(scene(sliding, page)), 10.0, 50).mean(axis=0)
    assert (np.abs(still[690:715] - 106) < 80).sum() == 0
    assert still[700] > 180
    assert moved[700] < 30
    assert moved[703] == pytest.approx(12 + 188 / 2, abs=70), "partly dark, partly light"
    assert moved[706] > 180


def test_travel_of_the_carriage_integrates_rows() -> None:
    picture = np.zeros((ZONE_ROWS, LINE_PX), dtype=np.uint8)
    picture[100:] = 255
    sensor = LineSensor(scene(page=Page.from_array(picture)))
    out = bytearray(LINE_PX)
    sensor.expose(0, 3000, row_y_mm(98.5), row_y_mm(100.5), 1.0, out)
    assert np.mean(list(out[700:776])) == pytest.approx(12 + 188 / 2, abs=20)


def test_empty_glass_and_a_removed_document_are_lid() -> None:
    world = scene(along((0, 0, 0, 0), (10_000, 0, 0, 0), (20_000, 0, 0, 60)), placed_us=100_000)
    sensor = LineSensor(world)
    lid = pytest.approx(12 + 188 * 0.08, abs=1)
    assert _lines(sensor, 10.0, at_us=0)[:, 700:776].mean() == lid
    assert _lines(sensor, 10.0, at_us=100_000)[:, 700:776].mean() > 190
    assert _lines(sensor, 10.0, at_us=125_000)[:, 700:776].mean() == lid
    world.clear(200_000)
    assert _lines(sensor, 10.0, at_us=210_000)[:, 700:776].mean() == lid


def test_dirt_is_seen_and_can_be_wiped_off() -> None:
    world = scene()
    sensor = LineSensor(world)
    clean = _lines(sensor, 10.0, 10).mean(axis=0)
    world.dirt = dirt = Dirt.profile("dirty", 3)
    y_mm = dirt.blot_y_mm
    shade = (_lines(sensor, y_mm, 10).mean(axis=0) - 12) / (clean - 12)
    assert np.allclose(shade, dirt.column_transmission * dirt.glass_transmission(y_mm), atol=0.03)
    strip = (_lines(sensor, HOME, 10).mean(axis=0) - 12) / (clean - 12) / 0.9
    assert np.allclose(strip, dirt.column_transmission, atol=0.03), "the strip lies under the columns, not the blot"
    world.dirt = Dirt.profile("clean", 3)
    assert np.allclose(_lines(sensor, y_mm, 10).mean(axis=0), clean, atol=2)


def test_faults_and_seeds() -> None:
    sensor, again = LineSensor(scene()), LineSensor(scene())
    assert np.array_equal(_lines(sensor, 10.0, 3), _lines(again, 10.0, 3))
    other = Scene(again._scene.page, AT_REST, Dirt.profile("clean", 1), 2, 0)
    assert not np.array_equal(_lines(LineSensor(other), 10.0), _lines(again, 10.0))
    sensor.fault = "stuck"
    assert (_lines(sensor, 10.0) == 255).all()
    sensor.fault = "dark"
    assert _lines(sensor, 10.0).max() < 25


@pytest.mark.parametrize("dirt", ["clean", "dirty", "glass:spot:40,12:9 strip:streak:30,1:2"])
def test_lines_that_were_foreseen_are_as_those_that_were_not(dirt: str) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (ZONE_ROWS, LINE_PX + 40), dtype=np.uint8)
    moved = along((0, 0, 0, 0), (20_000, 0.3, -0.2, 0), (40_000, -2.0, 1.0, 0.6), (60_000, 0, 0, 30), (70_000, 0, 0, 0))
    ends_us = np.arange(0, 90_001, 3000.0)
    heights_mm = np.interp(ends_us, [0, 12_000, 90_000], [28.0, 20.0, -1.0])
    exposures = np.stack([ends_us[:-1], ends_us[1:], heights_mm[:-1], heights_mm[1:]], axis=1)

    def lines(*foreseen: slice) -> list[bytes]:
        world = scene(moved, Page.from_array(picture))
        world.dirt = Dirt.profile(dirt, 3)
        sensor, out, all_lines = LineSensor(world), bytearray(LINE_PX), []
        for number, exposure in enumerate(exposures.tolist()):
            for some in foreseen:
                if some.start == number:
                    sensor.foresee(exposures[some])
            if number == 14:
                world.go_on(AT_REST, 0, 42_000)
            if number == 21:
                world.dirt = Dirt.profile("dust", 4)
            sensor.expose(*exposure, 0.8 if number == 17 else 1.0, out)
            all_lines.append(bytes(out))
        return all_lines

    assert lines(slice(0, 10), slice(10, 24), slice(26, 30)) == lines()


def test_it_writes_into_the_callers_buffer_only() -> None:
    out = bytearray(b"\x07" * (LINE_PX + 10))
    LineSensor(scene()).expose(0, 3000, 10.0, 10.0, 1.0, memoryview(out)[5 : 5 + LINE_PX])
    assert out[:5] == out[-5:] == b"\x07" * 5
    assert len(out) == LINE_PX + 10
