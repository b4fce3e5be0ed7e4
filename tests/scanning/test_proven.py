"""A check rests on what the scanner has proven: bands that fail, a scanner that is not let in any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from kiosk import wire
from stillscan.commands.world import SAMPLE, scene
from stillscan.errors import DeviceError
from stillscan.link.framing import Decoder, Frame, encode
from stillscan.link.identity import NotPairedError, ScannerIdentity
from stillscan.link.inbox import DirectInbox
from stillscan.link.messages import Hello, Message
from stillscan.link.pairing import Pairing
from stillscan.link.session import Session
from stillscan.link.transport import LinkLostError, Transport
from stillscan.mrz import Reading
from stillscan.scanning.check import Check
from stillscan.scanning.result import Judgement, Result
from stillscan.scanning.service import Service
from stillscan.simulator.kiosk import SimulatedKiosk
from stillscan.testing.modelled_reader import ModelledReader
from stillscan.testing.simulate import boot

pytestmark = pytest.mark.process
PAIRING = Pairing("0123456789abcdef", bytes(range(32)))
Spoil = Callable[[Frame], bytes | None]
"""The body that goes on instead of a band's, None for its own."""


def last_bit(frame: Frame) -> bytes:
    return frame.body[:-1] + bytes((frame.body[-1] ^ 1,))


class Between:
    """A man between scanner and host: ``spoil`` changes bands, with a CRC that fits."""

    def __init__(self, kiosk: SimulatedKiosk, spoil: Spoil) -> None:
        self.name, self.pseudo = kiosk.name, True
        self.write, self.now_ms = kiosk.write, kiosk.now_ms
        self._kiosk = kiosk
        self._spoil = spoil
        self._decoder = Decoder()

    def close(self) -> None:
        """The board goes on."""

    def read(self, timeout_ms: float) -> bytes:
        out = b""
        for frame in self._decoder.feed(self._kiosk.read(timeout_ms)):
            body = self._spoil(frame) if frame.kind == wire.M_BAND else None
            out += encode(frame.kind, frame.sequence, frame.body if body is None else body)
        return out


@pytest.fixture
def kiosk() -> Iterator[SimulatedKiosk]:
    with SimulatedKiosk(scene(SAMPLE, None, "still", "clean", 1, 30.0), pairing=PAIRING) as made:
        yield made


def verified(reading: Reading) -> tuple[Judgement, str]:
    return "verified", "ok"


def checked(kiosk: SimulatedKiosk, spoil: Spoil) -> tuple[Check, Result]:
    """A passport that lies still."""
    session = Session(Between(kiosk, spoil), admission=lambda hello, transport: PAIRING.key)
    session.open()
    boot(session)
    kiosk.bus.scene.place(kiosk.bus.now_us)
    check = Check(session, ModelledReader(kiosk.now_ms), verified)
    return check, check.run(20_000)


def row(frame: Frame) -> int:
    return int.from_bytes(frame.body[4:6], "little")


def test_a_clean_sweep_is_verified_whole(kiosk: SimulatedKiosk) -> None:
    check, result = checked(kiosk, lambda frame: None)
    assert (result.outcome, result.attempts) == ("verified", 1)
    assert check.session.reception.unproven == 0
    assert all(sweep.missing_bands == 0 for sweep in check.store.sweeps)


@pytest.mark.parametrize("first", [100, 143])
def test_a_band_that_fails_is_a_lost_band(kiosk: SimulatedKiosk, first: int) -> None:
    """In the middle of a text line: it is left out of what is read, and counted; the check goes on."""
    check, result = checked(kiosk, lambda frame: last_bit(frame) if row(frame) == first else None)
    assert result.outcome == "verified"
    assert check.session.reception.unproven == 1
    assert first not in [line for sweep in check.store.sweeps for line in sweep.rows][:200]


def test_rows_that_fail_are_scanned_again(kiosk: SimulatedKiosk) -> None:
    """Eight in a row, half the height of a text line, which no line beside them bridges."""
    spoilt: list[int] = []

    def spoil(frame: Frame) -> bytes | None:
        if 98 <= row(frame) < 106 and row(frame) not in spoilt:
            spoilt.append(row(frame))
            return last_bit(frame)
        return None

    check, result = checked(kiosk, spoil)
    assert result.outcome == "verified"
    assert result.attempts == 2
    assert check.session.reception.unproven == 8
    assert all(line in check.store.sweeps[-1].rows for line in spoilt), "another sweep has brought them"


def test_pixels_of_somebody_else_are_never_read(kiosk: SimulatedKiosk) -> None:
    """Other pixels in a band, with the tag that the scanner gave its own."""
    seen: list[Reading] = []
    foreign = bytes(738)

    def spoil(frame: Frame) -> bytes | None:
        return frame.body[:20] + foreign + frame.body[-8:] if row(frame) in (120, 121) else None

    check, result = checked(kiosk, spoil)
    assert result.outcome == "verified"
    for sweep in check.store.sweeps:
        assert all(pixels.any() for pixels in sweep.pixels), "black rows were the other's"
    assert seen == []


def test_a_sweep_that_is_all_foreign_is_a_lost_link(kiosk: SimulatedKiosk) -> None:
    with pytest.raises(LinkLostError, match="do not prove that they are its own"):
        checked(kiosk, last_bit)


class Shown:
    def __init__(self) -> None:
        self.identities: list[ScannerIdentity] = []
        self.troubles: list[str] = []
        self.results: list[Result] = []

    def connected(self, hello: Hello, identity: ScannerIdentity) -> None:
        self.identities.append(identity)

    def message(self, message: Message) -> None: ...

    def not_read(self, reason: str) -> None: ...

    def result(self, result: Result) -> None:
        self.results.append(result)

    def trouble(self, text: str, kind: str) -> None:
        self.troubles.append(kind)

    def notice(self, text: str, kind: str) -> None: ...


def served(kiosk: SimulatedKiosk, admission: Callable[[Hello, Transport], bytes | None]) -> tuple[Service, Shown]:
    shown = Shown()
    service = Service(
        lambda: Between(kiosk, lambda frame: None), ModelledReader(kiosk.now_ms), verified, shown, inbox=DirectInbox,
        pause=lambda seconds: kiosk.pass_time(seconds * 1000), admission=admission,
    )  # fmt: skip
    return service, shown


def refuse(hello: Hello, transport: Transport) -> bytes | None:
    raise NotPairedError("not this one", "unpaired")


def test_the_first_scanner_that_is_not_let_in_ends_the_program(kiosk: SimulatedKiosk) -> None:
    service, shown = served(kiosk, refuse)
    with pytest.raises(NotPairedError):
        service.run()
    with pytest.raises(NotPairedError):
        service.run_once(10.0)
    assert (shown.troubles, shown.identities) == ([], [])


def test_one_that_comes_when_the_program_serves_already_is_told_and_the_program_stays(kiosk: SimulatedKiosk) -> None:
    service, shown = served(kiosk, refuse)
    connect, tries, left = service._connect, [3], [5]

    def late() -> Transport:
        if tries[0]:
            tries[0] -= 1
            raise DeviceError("port: there is no such port", "missing")
        return connect()

    def alive() -> None:
        left[0] -= "unpaired" in shown.troubles
        if not left[0]:
            raise KeyboardInterrupt

    service._connect, service._alive = late, alive
    with pytest.raises(KeyboardInterrupt):
        service.run()
    assert shown.troubles == ["missing", "unpaired"]
    tries[0] = 2
    with pytest.raises(NotPairedError):
        service.run(10.0)


def test_one_that_is_revoked_later_is_told_and_the_program_stays(kiosk: SimulatedKiosk) -> None:
    """It is asked about again before each check; other troubles do not end what was let in once."""
    asked: list[int] = []

    def once(hello: Hello, transport: Transport) -> bytes | None:
        asked.append(1)
        if len(asked) > 2:  # at the start of the session, and before its first check
            raise NotPairedError("revoked meanwhile", "revoked")
        return PAIRING.key

    service, shown = served(kiosk, once)
    kiosk.bus.scene.place(kiosk.bus.now_us + 2_000_000)

    def leave(result: Result) -> None:
        shown.results.append(result)
        kiosk.bus.scene.clear(kiosk.bus.now_us + 500_000)

    shown.result = leave  # type: ignore[method-assign]
    left = [9]

    def alive() -> None:
        left[0] -= bool(shown.troubles)
        if not left[0]:
            raise KeyboardInterrupt

    service._alive = alive
    with pytest.raises(KeyboardInterrupt):
        service.run()
    assert [identity.scanner for identity in shown.identities] == [PAIRING.scanner]
    assert [result.outcome for result in shown.results] == ["verified"]
    assert set(shown.troubles) == {"revoked"}
