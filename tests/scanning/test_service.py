# long-ok: one story a misfortune, and what they share
"""The kiosk that runs all day, in virtual time: whatever happens to the scanner, it says so and comes back to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from bench.scripted import HELLO, Scripted, polite

from kiosk import wire
from stillscan.errors import DeviceError, DeviceTrouble
from stillscan.link.framing import Frame, unstuff
from stillscan.link.identity import ScannerIdentity
from stillscan.link.inbox import DirectInbox
from stillscan.link.messages import Band, Hello, Message, State
from stillscan.link.transport import LinkLostError, Transport
from stillscan.scanning.inspection import NoticeKind
from stillscan.scanning.result import Result
from stillscan.scanning.service import Service
from stillscan.simulator.dirt import Dirt
from stillscan.simulator.glass import Page
from stillscan.simulator.hand import profile
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.simulator.scene import Scene
from stillscan.simulator.visitors import Visitors
from stillscan.testing.modelled_reader import ModelledReader
from stillscan.testing.simulate import TODAY, decider

pytestmark = pytest.mark.process

PAGE = Page.load(Path(str(files("stillscan.samples"))) / "nor-clean.png")
STILL = profile("still", 1, 60)
_LONGEST_MS = 600_000.0


class Enough(Exception):  # noqa: N818 - the test has seen what it wanted
    """Ends a service that never ends by itself."""


class Cable:
    """The port of a kiosk that goes on running when the port is closed, and may be out of reach for a while."""

    def __init__(self, kiosk: SimulatedKiosk) -> None:
        self.kiosk = kiosk
        self.name = "port"
        self.trouble: list[DeviceError] = []  # why the port cannot be opened, one an attempt
        self.opened = 0
        self.gone = False

    def connect(self) -> Transport:
        if self.trouble:
            raise self.trouble.pop(0)
        self.opened += 1
        self.gone = False
        return self

    def read(self, timeout_ms: float) -> bytes:
        assert self.kiosk.now_ms() < _LONGEST_MS, "it waits for ever"
        if self.gone:
            raise LinkLostError("port: the scanner went away", "gone")
        return self.kiosk.read(timeout_ms)

    def write(self, data: bytes) -> None:
        self.kiosk.write(data)

    def now_ms(self) -> float:
        return self.kiosk.now_ms()

    def close(self) -> None:
        self.gone = True


class Watcher:
    """Notes what is shown, and ends the service after so many results."""

    def __init__(self, results: int) -> None:
        self.results: list[Result] = []
        self.troubles: list[tuple[str, DeviceTrouble]] = []
        self.notices: list[tuple[str, NoticeKind]] = []
        self.connections = 0
        self.on_message: Callable[[Message], None] = lambda message: None
        self.on_result: Callable[[Result], None] = lambda result: None
        self._most = results

    def connected(self, hello: Hello, identity: ScannerIdentity) -> None:
        self.connections += 1

    def message(self, message: Message) -> None:
        self.on_message(message)

    def not_read(self, reason: str) -> None: ...

    def result(self, result: Result) -> None:
        self.results.append(result)
        self.on_result(result)
        if len(self.results) == self._most:
            raise Enough

    def trouble(self, text: str, kind: DeviceTrouble) -> None:
        self.troubles.append((text, kind))

    def notice(self, text: str, kind: NoticeKind) -> None:
        self.notices.append((text, kind))


@pytest.fixture
def cable() -> Iterator[Cable]:
    with SimulatedKiosk(Scene(PAGE, STILL, Dirt.profile("clean", 1), 1)) as kiosk:
        kiosk.visitors = Visitors(lambda number: STILL)
        yield Cable(kiosk)


def made(cable: Cable, watcher: Watcher, recipient: str | None = None, **others: Any) -> Service:
    """A service in virtual time; ``others`` are arguments in which it differs from that."""
    kiosk = cable.kiosk
    usual = {"connect": cable.connect, "inbox": DirectInbox, "pause": lambda seconds: kiosk.pass_time(seconds * 1000)}
    reader, judge = ModelledReader(kiosk.now_ms), decider(recipient, TODAY)
    return Service(reader=reader, judge=judge, display=watcher, **{**usual, **others})


def serve(cable: Cable, watcher: Watcher, recipient: str | None = None, **others: Any) -> None:
    service = made(cable, watcher, recipient, **others)
    with pytest.raises(Enough):
        service.run()


def verified(watcher: Watcher) -> list[str]:
    return [result.outcome if result.outcome != "gave_up" else result.reason for result in watcher.results]


def test_one_check_after_the_other(cable: Cable) -> None:
    watcher = Watcher(3)
    serve(cable, watcher)
    assert verified(watcher) == ["verified"] * 3
    assert (watcher.connections, watcher.troubles) == (1, [])


def test_a_scanner_that_is_not_there_yet_is_waited_for_and_told_once(cable: Cable) -> None:
    cable.trouble = [DeviceError("port: there is no such port", "missing") for _ in range(50)]
    cable.trouble += [DeviceError("port: another program uses it", "busy") for _ in range(50)]
    watcher = Watcher(1)
    serve(cable, watcher)
    assert verified(watcher) == ["verified"]
    assert [kind for _, kind in watcher.troubles] == ["missing", "busy"]


def test_a_scanner_that_was_unplugged_for_a_night(cable: Cable) -> None:
    watcher = Watcher(3)

    def pull(message: Message) -> None:
        if len(watcher.results) == 1 and isinstance(message, Band) and not watcher.troubles:
            cable.gone = True
            cable.trouble = [DeviceError("port: there is no such port", "missing") for _ in range(100)]

    watcher.on_message = pull
    serve(cable, watcher)
    assert verified(watcher)[-1] == "verified", "its owner may have taken the first passport away meanwhile"
    assert [kind for _, kind in watcher.troubles] == ["gone", "missing"]


@pytest.mark.parametrize("when", [wire.EMPTY, wire.PLACED, wire.STILL, wire.SCANNING, wire.DONE])
def test_a_subscription_that_ended_comes_back_within_two_seconds(cable: Cable, when: int) -> None:
    """Trials 1.1 and 1.3: the host was held up for a moment and the scanner has given it up."""
    watcher = Watcher(3)
    back_ms: list[float] = []

    def hold_up(message: Message) -> None:
        if len(watcher.results) == 1 and isinstance(message, State) and message.state == when and not watcher.troubles:
            cable.kiosk.bus.usb.stalled = True
            cable.kiosk.pass_time(5000)
            cable.kiosk.bus.usb.stalled = False
            back_ms.append(cable.kiosk.now_ms())
        elif back_ms and watcher.connections == 2 and len(back_ms) == 1:
            back_ms.append(cable.kiosk.now_ms())

    watcher.on_message = hold_up
    serve(cable, watcher)
    assert verified(watcher).count("verified") >= 2
    assert [kind for _, kind in watcher.troubles] == ["lost"]
    assert back_ms[1] - back_ms[0] < 2000


def test_so_it_is_while_a_document_is_to_be_taken_away(cable: Cable) -> None:
    """Trials 1.4."""
    watcher = Watcher(2)

    def hold_up(result: Result) -> None:
        if len(watcher.results) == 1:
            cable.kiosk.bus.usb.stalled = True
            cable.kiosk.pass_time(5000)
            cable.kiosk.bus.usb.stalled = False

    watcher.on_result = hold_up
    serve(cable, watcher)
    assert verified(watcher) == ["verified"] * 2


@pytest.mark.parametrize("well", [True, False])
def test_a_part_that_dies_while_a_document_is_to_be_taken_away(cable: Cable, well: bool) -> None:
    """Found by `make bench-soak`: after a check that had passed nobody told the scanner to try its parts again."""
    watcher = Watcher(2)
    seen = []

    def die(result: Result) -> None:
        cable.kiosk.fail("flow-nak")

    def mend(message: Message) -> None:
        if isinstance(message, State) and message.state == wire.FAULT:
            seen.append(message.part)
            cable.kiosk.fail("none")

    watcher.on_result, watcher.on_message = die, mend
    serve(cable, watcher, None if well else "Kari Nordmann")
    assert seen == [wire.FLOW]
    assert verified(watcher) == ["verified" if well else "refused"] * 2


def test_the_next_document_is_read_though_the_message_of_the_empty_glass_was_lost(cable: Cable) -> None:
    watcher = Watcher(2)
    feed = cable.kiosk.read

    def deaf_to_empty(timeout_ms: float) -> bytes:
        """The frames of EMPTY do not arrive, as if noise had hit them."""
        data = feed(timeout_ms)
        if not watcher.results:
            return data
        kept = [
            piece
            for piece in data.split(b"\0")
            if not (
                (plain := unstuff(piece))
                and plain[0] == wire.M_STATE
                and wire.unpack(wire.M_STATE, plain[3:-4])[0] == wire.EMPTY
            )
        ]
        return b"\0".join(kept)

    cable.kiosk.read = deaf_to_empty  # type: ignore[method-assign]
    serve(cable, watcher)
    assert verified(watcher) == ["verified"] * 2
    assert (watcher.connections, watcher.troubles) == (1, [])


def test_a_scanner_that_falls_silent_is_a_lost_link_like_any_other(cable: Cable) -> None:
    """Trials 1.7: nothing comes, and no error either."""
    watcher = Watcher(3)

    def mute(message: Message) -> None:
        usb = cable.kiosk.bus.usb
        if len(watcher.results) == 1 and isinstance(message, Band) and message.header.row == 100:
            usb.unplugged = True
        elif isinstance(message, State):
            usb.unplugged = False

    def plugged_again(seconds: float) -> None:
        cable.kiosk.pass_time(seconds * 1000)
        cable.kiosk.bus.usb.unplugged = False

    watcher.on_message = mute
    serve(cable, watcher, pause=plugged_again)
    assert verified(watcher)[-1] == "verified", "the document that lay there, or at least the next"
    assert "lost" in [kind for _, kind in watcher.troubles]


def test_something_else_on_the_port_is_told_and_tried_again(cable: Cable) -> None:
    class Talker:
        """Says the same for ever."""

        name = "port"

        def __init__(self) -> None:
            self._now_ms = 0.0

        def read(self, timeout_ms: float) -> bytes:
            self._now_ms += min(timeout_ms, 10.0)
            return b"login: \r\n" * 10

        def write(self, data: bytes) -> None: ...

        def now_ms(self) -> float:
            return self._now_ms

        def close(self) -> None: ...

    others = [Talker() for _ in range(4)]
    watcher = Watcher(1)
    serve(cable, watcher, connect=lambda: others.pop() if others else cable.connect())
    assert verified(watcher) == ["verified"]
    assert watcher.troubles == [("port: no stillscan scanner answers there, something else talks", "stranger")]


def test_once_has_patience_and_then_says_why(cable: Cable) -> None:
    tried: list[float] = []
    cable.trouble = [DeviceError("port: there is no such port", "missing") for _ in range(100)]
    service = made(cable, Watcher(9), pause=tried.append)
    with pytest.raises(DeviceError, match="no such port"):
        service.run_once(patience_s=10)
    assert sum(tried) == 10


def test_once_goes_on_after_a_lost_link(cable: Cable) -> None:
    watcher = Watcher(9)

    def pull(message: Message) -> None:
        if isinstance(message, Band) and not watcher.troubles:
            cable.gone = True

    watcher.on_message = pull
    service = made(cable, watcher)
    assert service.run_once(patience_s=10).outcome == "verified"
    assert [kind for _, kind in watcher.troubles] == ["gone"]


def never_keeps_its_link() -> Scripted:
    """A scanner that says HELLO and then that it sends to nobody."""

    def answer(device: Scripted, frame: Frame) -> None:
        polite(device, frame)
        if frame.kind in (wire.C_SUBSCRIBE, wire.C_HEALTH):
            device.say(wire.M_HEALTH, *[0] * 15, HELLO[6])

    return Scripted(answer)


def test_once_has_no_patience_without_end_for_a_scanner_that_never_keeps_its_link() -> None:
    opened: list[Scripted] = []

    def connect() -> Transport:
        opened.append(never_keeps_its_link())
        return opened[-1]

    service = Service(
        connect,
        ModelledReader(lambda: 0.0),
        decider(None, TODAY),
        Watcher(9),
        inbox=DirectInbox,
        pause=lambda seconds: None,
    )
    with pytest.raises(LinkLostError, match="has ended the subscription"):
        service.run_once(patience_s=10)
    assert 10 < len(opened) <= 21


def test_a_link_that_never_lasts_is_taken_up_twice_a_second() -> None:
    rests: list[float] = []

    def rest(seconds: float) -> None:
        rests.append(seconds)
        if len(rests) == 20:
            raise Enough

    watcher = Watcher(9)
    service = Service(
        never_keeps_its_link, ModelledReader(lambda: 0.0), decider(None, TODAY), watcher, inbox=DirectInbox, pause=rest
    )
    with pytest.raises(Enough):
        service.run()
    assert len(watcher.troubles) == 20
    assert rests == [0.5] * 20


def test_it_shows_that_it_lives_whatever_the_scanner_does(cable: Cable) -> None:
    """A watchdog is fed at least once a second of the scanner's time, connected or not."""
    cable.trouble = [DeviceError("port: there is no such port", "missing") for _ in range(20)]
    alive_ms: list[float] = []
    watcher = Watcher(2)
    serve(cable, watcher, alive=lambda: alive_ms.append(cable.now_ms()))
    gaps = [later - sooner for sooner, later in pairwise(alive_ms)]
    assert max(gaps) <= 1050


class Technician:
    """A guest who scans the first document that is laid down; ``finish`` it, or leave that to the service."""

    def __init__(self, *, finish: bool) -> None:
        self.scans = False
        self.heard_bands = 0
        self._finish, self._session, self._done = finish, None, False

    def turn(self, session: Any) -> None:
        self._session = session
        self.scans = session is not None and not self._done

    def heard(self, message: Message) -> None:
        self.heard_bands += isinstance(message, Band)
        if self.scans and isinstance(message, State) and message.state == wire.DONE:
            self._done = True
            if self._finish:
                assert self._session is not None
                self._session.send(wire.C_FINISH, wire.RESULTS.index("verified"))


@pytest.mark.parametrize("finish", [True, False])
def test_what_a_guest_scans_is_no_check_and_the_next_one_is(cable: Cable, *, finish: bool) -> None:
    guest, watcher = Technician(finish=finish), Watcher(1)
    shown: list[Message] = []
    watcher.on_message = shown.append
    with pytest.raises(Enough):
        made(cable, watcher, guest=guest).run()
    assert guest.heard_bands > 200
    (result,) = watcher.results
    assert (result.outcome, watcher.troubles) == ("verified", [])
    states = [message.state for message in shown if isinstance(message, State)]
    lent = states.index(wire.SERVICE)
    back = states.index(wire.EMPTY, lent)
    assert wire.SCANNING not in states[:back], "what the technician scans is shown to nobody"
    assert wire.SCANNING in states[back:]
    first = next(n for n, message in enumerate(shown) if isinstance(message, Band))
    assert first > shown.index(next(one for one in shown if isinstance(one, State) and one.state == wire.PLACED))


def test_a_link_that_is_lost_while_a_guest_scans_is_lost_like_any_other(cable: Cable) -> None:
    guest, watcher = Technician(finish=True), Watcher(1)

    def unplug(message: Message) -> None:
        if isinstance(message, State) and message.state == wire.SERVICE and not watcher.troubles:
            cable.gone = True

    watcher.on_message = unplug
    with pytest.raises(Enough):
        made(cable, watcher, guest=guest).run()
    assert [kind for _, kind in watcher.troubles] == ["gone"]
    assert verified(watcher) == ["verified"]
