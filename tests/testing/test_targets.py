"""A real board as a target, in place of which a simulated one answers on a pseudo-terminal; and what targets lack."""

import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stillscan.commands.world import SAMPLE
from stillscan.errors import InputError, NotHereError
from stillscan.scanning import reader_process
from stillscan.simulator.control import tell
from stillscan.simulator.kiosk import AGEING
from stillscan.testing import Scanner, passport
from stillscan.testing.targets import find, see

pytestmark = pytest.mark.process

LONG_MS = 120_000.0  # a bound for what hangs: the port's clock is the computer's, which may be busy

_TRIES = 5  # of a check that is given up: more than that is a fault


class Board:
    """A scanner on a port, and a person at it who lays the sample down, and takes it away by the scanner's lights."""

    def __init__(self, folder: Path) -> None:
        self.port = folder / "port"
        self.asked: list[str] = []
        self._control = folder / "control"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stillscan.cli", "device", "--hands", "nobody", "--link", str(self.port),
             "--control", str(self._control)],
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdout is not None
        assert self._process.stdout.readline()

    def person(self, text: str, wait: Callable[[Callable[[], bool]], None]) -> None:
        self.asked.append(text)
        wait(iter([False, True]).__next__)
        assert tell(self._control, f"customer {SAMPLE}") == "ok"

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    made = Board(tmp_path_factory.mktemp("board"))
    yield made
    made.close()


def test_what_needs_no_hand_runs_and_the_board_is_left_as_it_was_found(board: Board) -> None:
    with Scanner(target=find(str(board.port))) as scanner:
        before = scanner._driver.session.settings()["bump"].value
        scanner.set(bump=before + 50)
        assert scanner._driver.session.settings()["bump"].value == before + 50
        scanner.clock.run(100)
        assert scanner.measured().board == "simulator"
        assert scanner.measured().heap_free_min
    with Scanner(target=find(str(board.port))) as scanner:
        assert scanner._driver.session.settings()["bump"].value == before


def test_a_person_does_what_the_hand_should(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_process, "LIMIT_MS", LONG_MS)
    with Scanner(target=find(str(board.port), person=board.person)) as scanner:
        for _ in range(_TRIES):  # on a busy computer a check in real time was given up: it is laid down again
            scanner.lay(passport())
            scanner.expects(state="scanning", within_ms=LONG_MS)
            result = scanner.result(within_ms=LONG_MS)
            scanner.expects(state="empty", within_ms=LONG_MS)
            if result.outcome != "gave_up":
                break
        assert (result.outcome, result.lines) == ("verified", passport().lines)
        assert scanner.measured().checks[-1]["outcome"] == "verified"
    assert set(board.asked) == {"lay down: passport"}


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (lambda s: s.lay(passport()), "nobody is there to lay down: passport .--stillscan-ask"),
        (lambda s: s.world.fault("flow-nak"), "a real board cannot do world.fault"),
        (lambda s: s.world.light(0.5), "a real board cannot do world.light"),
        (lambda s: s.world.dirt("dust"), "a real board cannot do world.dirt"),
    ],
)
def test_what_a_board_cannot_do_is_said(board: Board, step: Callable[[Scanner], None], says: str) -> None:
    with Scanner(target=find(str(board.port))) as scanner, pytest.raises(NotHereError, match=says):
        step(scanner)


def test_another_board_than_the_test_is_for(board: Board) -> None:
    with Scanner(target=find(str(board.port), "rpi_pico")) as scanner, pytest.raises(NotHereError, match="not a rpi"):
        scanner.clock.run(1)


def test_what_is_no_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STILLSCAN_UF2", raising=False)
    with pytest.raises(InputError, match="name MicroPython's image"):
        see("chip", None)
    image = tmp_path / "image.uf2"
    head = struct.pack("<8I", 0x0A324655, 0x9E5D5157, 0x2000, 0x10000000, 256, 0, 1, 0xE48BFF56)
    image.write_bytes(head + bytes(476) + struct.pack("<I", 0x0AB16F30))
    with pytest.raises(NotHereError, match="RP2350 cannot be emulated"):
        find("chip", "rpi_pico2", str(image))
    with pytest.raises(InputError, match="no board"):
        find("chip", "none", str(image))
    image.write_bytes(os.urandom(8).ljust(512))
    with pytest.raises(InputError, match="not a UF2 image"):
        see("chip", str(image))


def test_what_the_emulated_kiosk_lacks_are_ways_to_age() -> None:
    from stillscan.simulator.chip.kiosk import LACKS

    assert set(LACKS) < set(AGEING)
