"""The models of ring and beeper: colours by name, and tones with their beginning and end."""

from __future__ import annotations

import pytest

from stillscan.simulator.bus import PIXELS, PWM, Bus
from stillscan.simulator.pins import PINS
from stillscan.simulator.signals import Beeper, Light, Ring, Tone

from .world import scene


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((0, 0, 0), "dark"),
        ((0, 3, 0), "green"),
        ((255, 90, 0), "amber"),
        ((1, 1, 0), "amber"),
        ((9, 9, 9), "white"),
        ((7, 0, 0), "red"),
    ],
)
def test_colours_have_names(rgb: tuple[int, int, int], name: str) -> None:
    assert Light(0, rgb).colour == name


def test_pixels_come_as_green_red_blue_and_take_their_time() -> None:
    ring = Ring()
    assert ring.colour == "dark"
    assert ring.write(500, bytes((90, 255, 0)) * 12) == 360
    assert list(ring.lights)[1:] == [Light(500, (255, 90, 0))]


def test_a_tone_ends_where_another_begins_or_none_is_left() -> None:
    beeper = Beeper()
    beeper.drive(0, 2000, 0)
    assert not beeper.tones
    beeper.drive(100, 600, 8000)
    beeper.drive(150, 600, 8000)
    assert beeper.sounds
    beeper.drive(200, 1200, 8000)
    beeper.drive(300, 1200, 0)
    assert not beeper.sounds
    assert list(beeper.tones) == [Tone(100, 600, 8000, 200), Tone(200, 1200, 8000, 300)]


def test_over_the_bus() -> None:
    """The frequency comes with the duty; only the beeper's pin sounds."""
    bus = Bus(scene())
    bus.handle(PIXELS, PINS["ring"], 0, 0, bytes((0, 255, 0)) * 12)
    assert (bus.ring.colour, bus.now_us) == ("red", 360)
    bus.handle(PWM, PINS["white"], 20_000 << 16 | 65535, 0, b"")
    assert not bus.beeper.sounds
    bus.handle(PWM, PINS["beeper"], 440 << 16 | 100, 40, b"")
    assert list(bus.beeper.tones) == [Tone(400, 440, 100)]
    assert bus.outputs[PINS["white"]] == 65535
