"""Lines and turns take as long as on a chip: what its converter, the pixels beside the window, and Python take."""

import ast
from itertools import pairwise
from pathlib import Path

import pytest

from stillscan.commands.world import SAMPLE, scene
from stillscan.link.messages import Band, SweepEnd
from stillscan.link.session import Session
from stillscan.simulator.bus import FEED
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.testing.simulate import boot

pytestmark = pytest.mark.process

BOARDS = Path(__file__).parents[2] / "boards"
TURN_US = 7100  # at rest on the emulated RP2040
LINE_US = 2973  # 1476 conversions of 2 us, 24 pixels of 0.4 us, 2 us around, 10 us to the next (boards/rp2)


def numbers(path: str) -> dict[str, int]:
    """The constants of a module that is not for this Python."""
    found = {}
    for node in ast.parse((BOARDS / path).read_text()).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = node.value.args[0] if isinstance(node.value, ast.Call) and node.value.args else node.value
            if isinstance(value, ast.Constant) and isinstance(value.value, int):
                found[node.targets[0].id] = value.value
    return found


def test_the_sensor_is_clocked_as_on_the_chip() -> None:
    chip, here = numbers("rp2/programs.py"), numbers("simulator/engines.py")
    for name in ("PIXEL_TICKS", "FAST_TICKS", "LINE_TICKS"):
        assert here["_" + name] == chip[name]
    assert here["_TICKS_PER_US"] * 1_000_000 == chip["CLOCKS_HZ"]


def test_lines_come_as_far_apart_as_the_converter_takes() -> None:
    world = scene(SAMPLE, None, "still", "clean", 1, 10.0)
    with SimulatedKiosk(world, "rpi_pico") as kiosk:
        session = Session(kiosk)
        session.open()
        boot(session)
        world.place(kiosk.now_us)
        times = []
        while not isinstance(message := session.poll(50), SweepEnd):
            if isinstance(message, Band):
                times.append(message.header.t_us)
    assert {later - earlier for earlier, later in pairwise(times[1:-1])} <= {LINE_US - 1, LINE_US, LINE_US + 1}


def test_turns_at_rest_come_as_far_apart_as_python_takes() -> None:
    fed: list[int] = []
    with SimulatedKiosk(scene(SAMPLE, None, "still", "clean", 1, 10.0), "rpi_pico") as kiosk:
        session = Session(kiosk)
        session.open()
        boot(session)
        feed = kiosk.bus._handlers[FEED]
        kiosk.bus._handlers[FEED] = lambda *record: (fed.append(kiosk.now_us), feed(*record))[1]
        session.poll(300)
    apart = sorted(later - earlier for earlier, later in pairwise(fed))
    assert apart[len(apart) // 2] == pytest.approx(TURN_US, rel=0.02)
