"""A host that comes while the scanner is in any state: the check ends with a verdict or says what is in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest

from kiosk import wire
from stillscan.link.messages import Abort, Band, Message, State
from stillscan.link.session import Session
from stillscan.link.transport import LinkLostError
from stillscan.scanning.check import Check, Deaf
from stillscan.scanning.result import Result
from stillscan.simulator.dirt import Dirt
from stillscan.simulator.glass import Page
from stillscan.simulator.hand import Motion, profile
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.scene import Scene
from stillscan.testing.modelled_reader import ModelledReader
from stillscan.testing.simulate import TODAY, boot, decider

PAGE = Page.load(Path(str(files("stillscan.samples"))) / "nor-clean.png")
STILL = profile("still", 1, 60)


@dataclass
class Desk:
    """A booted kiosk with a passport at hand."""

    kiosk: SimulatedKiosk
    scene: Scene

    def lay(self, motion: Motion = STILL) -> None:
        self.scene.replace(PAGE, motion, self.kiosk.bus.now_us)

    def first_host(self, until: Callable[[Message], bool], finish: bool = False) -> None:
        """A host that is there until a message, and then no more."""
        session = Session(self.kiosk)
        session.open()
        while not until(session.poll(20_000) or pytest.fail("silence")):
            pass
        if finish:
            session.send(wire.C_FINISH, wire.RESULTS.index("verified"))
        self.kiosk.pass_time(10)
        self.kiosk.bus.usb.to_host.clear()

    def check(self, most_ms: float = 20_000) -> Result:
        session = Session(self.kiosk)
        session.open()
        return Check(session, ModelledReader(self.kiosk.now_ms), decider(None, TODAY)).run(most_ms)


@pytest.fixture
def desk() -> Iterator[Desk]:
    scene = Scene(PAGE, STILL, Dirt.profile("clean", 1), 1)
    with SimulatedKiosk(scene) as kiosk:
        session = Session(kiosk)
        session.open()
        assert boot(session).state == wire.EMPTY
        yield Desk(kiosk, scene)


def entered(state: int) -> Callable[[Message], bool]:
    return lambda message: isinstance(message, State) and message.state == state


@pytest.mark.parametrize("state", [wire.PLACED, wire.STILL, wire.SCANNING, wire.DONE], ids=lambda n: wire.STATES[n])
def test_the_next_host_reads_the_document_that_lies_there(desk: Desk, state: int) -> None:
    desk.lay()
    desk.first_host(entered(state))
    result = desk.check()
    assert (result.outcome, result.reason) == ("verified", "ok")


def test_the_next_host_after_a_movement(desk: Desk) -> None:
    desk.lay(profile("one-slip", 1, 60))
    desk.first_host(lambda message: isinstance(message, Abort))
    assert desk.check().outcome == "verified"


def test_the_next_host_in_mid_sweep(desk: Desk) -> None:
    desk.lay()
    desk.first_host(lambda message: isinstance(message, Band) and message.header.row == 100)
    assert desk.check().outcome == "verified"


def test_a_document_that_is_settled_is_not_judged_again(desk: Desk) -> None:
    desk.lay()
    desk.first_host(entered(wire.DONE), finish=True)
    result = desk.check(3000)
    assert (result.outcome, result.reason, result.lines) == ("gave_up", "no_document", None)


def test_one_check_after_the_other(desk: Desk) -> None:
    for _ in range(3):
        desk.lay()
        assert desk.check().outcome == "verified"
        desk.scene.clear(desk.kiosk.bus.now_us)
        desk.kiosk.pass_time(500)


def test_a_fault_is_named(desk: Desk) -> None:
    desk.kiosk.fail("flow-nak")
    desk.kiosk.pass_time(50)
    result = desk.check()
    assert (result.outcome, result.reason) == ("fault", "flow: no_answer")


def test_the_cable_is_pulled_in_mid_sweep(desk: Desk) -> None:
    """No error comes from the simulated port, only silence; after a while the host says so. Then the cable is back."""
    session = Session(desk.kiosk)
    session.open()

    class Pulls(Deaf):
        def message(self, message: Message) -> None:
            if isinstance(message, Band) and message.header.row == 100:
                desk.kiosk.bus.usb.unplugged = True

    desk.lay()
    with pytest.raises(LinkLostError, match=r"^simulator: the scanner does not answer any more$"):
        Check(session, ModelledReader(desk.kiosk.now_ms), decider(None, TODAY), Pulls()).run(20_000)
    desk.kiosk.bus.usb.unplugged = False
    desk.scene.clear(desk.kiosk.bus.now_us)
    desk.kiosk.pass_time(3000)
    desk.lay()
    assert desk.check().outcome == "verified"
