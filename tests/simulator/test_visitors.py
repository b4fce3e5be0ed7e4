"""People at the simulated kiosk follow its light; who is called comes once."""

from __future__ import annotations

import numpy as np
import pytest

from stillscan.simulator.bus import Bus
from stillscan.simulator.glass import LINE_PX, ZONE_ROWS, Page
from stillscan.simulator.visitors import QUICK_US, WAIT_US, Visitors

from .world import AT_REST, scene

GREEN, AMBER, RED = (0, 255, 0), (255, 90, 0), (255, 0, 0)
OTHER = Page.from_array(np.zeros((ZONE_ROWS, LINE_PX), np.uint8))


class Light:
    """A kiosk that only shines: ``show`` a colour for so long."""

    def __init__(self, wait_us: int = WAIT_US) -> None:
        self.bus = Bus(scene(placed_us=None))
        self.visitors = Visitors(lambda number: AT_REST, wait_us)

    def show(self, rgb: tuple[int, int, int], us: int) -> bool:
        """Whether a passport lies on the glass afterwards."""
        red, green, blue = rgb
        self.bus.ring.write(self.bus.now_us, bytes((green, red, blue)))
        for _ in range(0, us + 1, 10_000):
            self.visitors.look(self.bus)
            self.bus.now_us += 10_000
        return self.bus.scene.pose(self.bus.now_us)[0]


@pytest.mark.parametrize("wait_us", [WAIT_US, QUICK_US])
def test_passports_come_at_the_green_light_and_go_when_it_is_green_again(wait_us: int) -> None:
    kiosk = Light(wait_us)
    assert not kiosk.show(GREEN, wait_us - 20_000)
    assert kiosk.show(GREEN, 20_000)
    assert kiosk.show(GREEN, 5 * wait_us), "it was not scanned yet"
    assert kiosk.show(AMBER, 5 * wait_us)
    assert not kiosk.show(GREEN, wait_us)
    assert kiosk.show(GREEN, wait_us), "the next one"


def test_red_is_taken_away_and_laid_down_once_more() -> None:
    kiosk = Light()
    kiosk.visitors.come(kiosk.bus, OTHER)
    assert kiosk.show(GREEN, WAIT_US)
    assert not kiosk.show(RED, WAIT_US)
    assert kiosk.show(GREEN, WAIT_US)
    assert kiosk.visitors.here


def test_who_is_called_comes_once_with_the_page_that_was_named() -> None:
    kiosk = Light()
    kiosk.visitors.come(kiosk.bus, OTHER)
    assert kiosk.show(GREEN, WAIT_US)
    assert kiosk.bus.scene.at(kiosk.bus.now_us).page is OTHER
    kiosk.show(AMBER, WAIT_US)
    assert not kiosk.show(GREEN, WAIT_US)
    assert not kiosk.visitors.here
    assert not kiosk.show(GREEN, 9 * WAIT_US)
    kiosk.visitors.come(kiosk.bus, OTHER)
    assert kiosk.show(GREEN, WAIT_US)


def test_who_waits_leaves_it_there_until_told_to_go() -> None:
    kiosk = Light()
    kiosk.visitors.call(OTHER, AT_REST, waits=True)
    assert kiosk.show(GREEN, WAIT_US)
    assert kiosk.show(AMBER, WAIT_US)
    for colour in (GREEN, RED):
        assert kiosk.show(colour, 9 * WAIT_US)
    kiosk.visitors.call(None)
    assert not kiosk.show(GREEN, 0)
    kiosk.visitors.call(OTHER)
    assert kiosk.show(GREEN, WAIT_US)
    kiosk.show(AMBER, WAIT_US)
    assert not kiosk.show(GREEN, WAIT_US), "the next one goes when it is green again"


def test_who_leaves_takes_the_passport() -> None:
    kiosk = Light()
    assert kiosk.show(GREEN, WAIT_US)
    kiosk.visitors.leave(kiosk.bus)
    assert not kiosk.show(GREEN, 9 * WAIT_US)
    assert (kiosk.visitors.here, kiosk.visitors.lying) == (False, False)
