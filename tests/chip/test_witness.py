"""A second emulator of the RP2040, rp2040js, beside the product's own: do both say the same of one image?"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from stillscan.boards.build import compiled
from stillscan.boards.versions import Version
from stillscan.commands.world import SAMPLE, scene
from stillscan.link.messages import Band, Message, State, SweepEnd
from stillscan.link.session import Session
from stillscan.simulator.chip.kiosk import ChipKiosk
from stillscan.simulator.scene import Scene
from stillscan.testing.simulate import boot

from .conftest import ASLEEP, uf2_of
from .witness import Witness, missing

pytestmark = [pytest.mark.process, pytest.mark.slow]

LEVEL = 17  # of a pixel of 4 bits in one of 8


@pytest.fixture(scope="module", autouse=True)
def node() -> None:
    if (why := missing()) is not None:
        pytest.skip(why)


class Seen:
    """Boot, HELLO and one sweep, with the moments in ms by the chip's clock."""

    def __init__(self, kiosk: Witness | ChipKiosk, scene: Scene, connected: Callable[[], bool]) -> None:
        while not connected():
            kiosk.read(1)
        session = Session(kiosk)
        self.hello = session.open()
        self.hello_ms = kiosk.now_ms()
        self.state = boot(session)
        self.began_ms = kiosk.now_ms()
        scene.place(kiosk.now_us)
        self.heard: list[tuple[float, Message]] = []
        while not self.heard or not isinstance(self.heard[-1][1], SweepEnd):
            assert kiosk.now_ms() < self.began_ms + 3000
            if (message := session.poll(50)) is not None:
                self.heard.append((kiosk.now_ms() - self.began_ms, message))
        self.bands = [message for _, message in self.heard if isinstance(message, Band)]
        self.states = [(ms, message) for ms, message in self.heard if isinstance(message, State)]
        self.lost = session.reception.lost_frames


def a_scene() -> Scene:
    return scene(SAMPLE, None, "still", "clean", 1, 10.0)


@pytest.fixture(scope="module")
def both(uf2: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Seen, Seen]]:
    """The product's emulator, and the witness."""
    files = Version.of(compiled("rpi_pico")).alone()
    first, second = a_scene(), a_scene()
    ours = ChipKiosk(first, uf2)
    with Witness(second, uf2, files, tmp_path_factory.mktemp("witness")) as witness:
        yield Seen(ours, first, lambda: ours.usb.connected), Seen(witness, second, lambda: witness.connected)


def test_a_chip_without_a_program_keeps_time(tmp_path: Path) -> None:
    image = tmp_path / "asleep.uf2"
    image.write_bytes(uf2_of(ASLEEP))
    with Witness(a_scene(), image, {}, tmp_path) as witness:
        assert witness.read(12.0) == b""
        assert witness.now_ms() == pytest.approx(12.0, abs=0.001)
        assert not witness.connected


def test_both_greet_alike(both: tuple[Seen, Seen]) -> None:
    ours, witness = both
    assert witness.hello == ours.hello
    assert witness.hello_ms == pytest.approx(ours.hello_ms, rel=0.02)
    assert witness.state.state == ours.state.state
    assert witness.began_ms == pytest.approx(ours.began_ms, rel=0.02)


def test_both_go_through_the_same_states_at_the_same_time(both: tuple[Seen, Seen]) -> None:
    ours, witness = both
    assert [state.state for _, state in witness.states] == [state.state for _, state in ours.states]
    for (ms, _), (theirs_ms, _) in zip(ours.states, witness.states, strict=True):
        assert theirs_ms == pytest.approx(ms, rel=0.05, abs=1.0)


def test_both_scan_the_same_lines(both: tuple[Seen, Seen]) -> None:
    """The noise of a line is drawn anew for each, which turns a pixel of 4 bits by one level here and there."""
    ours, witness = both
    assert [band.header.row for band in witness.bands] == [band.header.row for band in ours.bands]
    assert (ours.lost, witness.lost) == (0, 0)
    apart = np.abs(pixels(ours) - pixels(witness))
    assert apart.max() <= LEVEL
    assert (apart > 0).mean() < 0.01
    assert line_us(witness) == pytest.approx(line_us(ours), rel=0.005)


def pixels(seen: Seen) -> np.ndarray:
    return np.array([band.pixels[0] for band in seen.bands]).astype(int)


def line_us(seen: Seen) -> float:
    times = [band.header.t_us for band in seen.bands]
    return float(np.mean([later - earlier for earlier, later in pairwise(times)]))
