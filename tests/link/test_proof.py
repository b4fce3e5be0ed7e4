"""A session of paired ends: who can say what, and what a replay, a flipped bit, or another device comes to."""

from __future__ import annotations

import random

import pytest
from bench.paired import PAIRING, RESTING, WIDTH, PairedDevice, bits, flipped, rewritten

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.framing import encode
from stillscan.link.identity import NotPairedError, ScannerIdentity
from stillscan.link.messages import Abort, Band, Hello, Message, State, SweepBegin, SweepEnd
from stillscan.link.pairing import Pairing, is_id
from stillscan.link.session import Session
from stillscan.link.transport import LinkLostError
from stillscan.scanning.strips import StripStore
from tests.covering import WHOLE


def opened(device: PairedDevice) -> Session:
    session = Session(device, admission=lambda hello, transport: PAIRING.key)
    session.open()
    assert isinstance(session.poll(0), State)
    return session


def heard(session: Session) -> list[Message]:
    """All that has arrived."""
    return list(iter(lambda: session.poll(0), None))


def test_a_scanner_that_proves_itself_is_named() -> None:
    device = PairedDevice()
    session = opened(device)
    assert session.identity is not None
    identity = session.identity
    assert identity[:4] == (PAIRING.scanner, "scripted", "0.1.0+0011223344556677", 7)
    assert len(bytes.fromhex(identity.session)) == 16
    session.send(wire.C_SWEEP, 0, 273)
    session.send(wire.C_FINISH, 1)
    assert all(device.proven)
    assert [frame.kind for frame in device.commands] == [
        wire.C_HELLO, wire.C_SUBSCRIBE, wire.C_INSTALLED, wire.C_SWEEP, wire.C_FINISH,
    ]  # fmt: skip


def test_no_two_sessions_are_the_same() -> None:
    first, second = opened(PairedDevice()), opened(PairedDevice())
    assert first.identity is not None
    assert second.identity is not None
    assert first.identity.session != second.identity.session
    assert first._asked_hello != second._asked_hello


def test_whoever_knows_only_the_id_is_found_out_at_once() -> None:
    device = PairedDevice(key=bytes(32))
    session = Session(device, admission=lambda hello, transport: PAIRING.key)
    with pytest.raises(NotPairedError, match=r"^scanner_not_paired: scripted: .*does not prove that it is 0123"):
        session.open()
    assert session.identity is None
    assert device.now_ms() <= 5000


def test_a_scanner_that_is_let_in_without_a_key_is_believed_to_be_nobody() -> None:
    device = PairedDevice()
    session = Session(device)
    device.hello = (*device.hello[:5], b"rpi_pico", *device.hello[6:])
    session.open()
    assert session.identity is not None
    assert session.identity._replace(session="") == ScannerIdentity(None, "rpi_pico", "0.1.0", 7, "")


@pytest.mark.parametrize("field", range(2, 14))
def test_nobody_in_between_can_change_a_hello(field: int) -> None:
    """Board, version, geometry, boot: whatever HELLO says has gone into the keys."""
    device = PairedDevice()

    def change(frame: bytes) -> bytes:
        sizes = (1, 1, 1, 1, 1, 16, 4, 2, 2, 4, 2, 2, 1, 4)
        at = 3 + sum(sizes[:field])
        if frame[1:] and device.commands[-1].kind == wire.C_HELLO:
            return rewritten(frame, lambda plain: plain.__setitem__(at, plain[at] ^ 1))
        return frame

    device.tamper = change
    with pytest.raises(DeviceError, match="does not prove" if field not in (11, 12) else "claims what cannot be"):
        Session(device, admission=lambda hello, transport: PAIRING.key).open()


def test_a_hello_of_another_session_is_worth_nothing() -> None:
    """A man in the middle has recorded a whole session, and plays it to another host."""
    former = PairedDevice()
    opened(former)
    recorded = list(former.said)
    device = PairedDevice()
    device.tamper = lambda frame: recorded.pop(0) if recorded else b""
    with pytest.raises(NotPairedError, match="does not prove"):
        Session(device, admission=lambda hello, transport: PAIRING.key).open()


def a_sweep(device: PairedDevice) -> list[bytes]:
    """Says a short sweep, and what comes after it; its frames."""
    began = len(device.said)
    device.begin()
    for number in range(6):
        device.band(number)
    device.say(wire.M_ABORT, 9, wire.SLIP, 6, 1000, 200, 0, 0)
    device.say(wire.M_STATE, wire.MOVED, wire.SLIP, 0, 0, 1, 2000)
    device.say(wire.M_SWEEP_END, 9, 6, 5, 3000)
    return device.said[began:]


def test_a_sweep_counts_once() -> None:
    device = PairedDevice()
    session = opened(device)
    frames = a_sweep(device)
    first = heard(session)
    assert [type(message) for message in first] == [SweepBegin, *[Band] * 6, Abort, State, SweepEnd]
    assert session.prove() == []
    device.to_host += b"".join(frames)
    again = heard(session)
    assert not any(isinstance(message, SweepBegin | Abort | State | SweepEnd) for message in again)
    failed = session.prove()
    assert all(any(one is band for band in failed) for one in again), "nor does any band count"
    assert session.reception.unproven == len(frames)


def test_a_replayed_band_is_lost_and_no_more() -> None:
    """Again right behind itself, before either was verified, and much later."""
    device = PairedDevice()
    session = opened(device)
    device.begin()
    device.band(0)
    device.band(1)
    device.to_host += device.said[-1]
    device.band(2)
    device.to_host += device.said[-3]
    device.band(3)
    given = [message for message in heard(session) if isinstance(message, Band)]
    failed = session.prove()
    kept = [one.header.band for one in given if not any(one is band for band in failed)]
    assert kept == [0, 1, 2, 3]
    device.to_host += device.said[-1]
    late = [message for message in heard(session) if isinstance(message, Band)]
    assert [id(band) for band in session.prove()] == [id(band) for band in late]
    assert session.reception.unproven == 3


def test_a_sweep_of_a_former_session_is_worth_nothing() -> None:
    device = PairedDevice()
    opened(device)
    frames = a_sweep(device)
    session = Session(device, admission=lambda hello, transport: PAIRING.key)
    device.to_host.clear()
    session.open()
    heard(session)
    before = session.reception.unproven
    device.begin()
    device.to_host += b"".join(frames)
    bands = [message for message in heard(session) if isinstance(message, Band)]
    assert [band is failed for band, failed in zip(bands, session.prove(), strict=True)] == [True] * len(bands)
    assert session.reception.unproven - before == len(frames)


MESSAGES = {
    "state": (wire.M_STATE, wire.EMPTY, 0, 0, 0, 0, 5000),
    "begin": (wire.M_SWEEP_BEGIN, 10, 2, 0, 273, 0, 1),
    "end": (wire.M_SWEEP_END, 9, 6, 5, 3000),
    "abort": (wire.M_ABORT, 9, wire.SLIP, 6, 1000, 200, 0, 0),
    "error": (wire.M_ERROR, wire.E_WRONG_STATE, wire.C_SWEEP),
    "health": (wire.M_HEALTH, 1, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 0, 39, 7, 7),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_every_flipped_bit_of_a_message_is_noticed(name: str) -> None:
    device = PairedDevice()
    session = opened(device)
    device.say(*MESSAGES[name])
    good = device.said[-1]
    device.to_host.clear()
    for bit in range(bits(good)):
        device.to_host += flipped(good, bit)
        told = [message for message in heard(session) if not isinstance(message, Hello | Band)]
        assert told == [], f"bit {bit}"
    session.prove()
    device.to_host += good
    assert len(heard(session)) == 1, "and what is as it was said counts all the same"


@pytest.mark.slow
def test_every_flipped_bit_of_a_bands_head_is_one_lost_band() -> None:
    """Whichever field it is: no other band is lost with it, and the session goes on."""
    rng = random.Random(1)
    for bit in [
        *range(0, 8 * (3 + wire.BAND_HEADER), 3),
        *(rng.randrange(8 * 23, 8 * 700) for _ in range(20)),
        -1,
        -40,
    ]:
        device = PairedDevice()
        session = opened(device)
        device.begin()
        for number in range(5):
            device.band(number)
            if number == 2:
                good = device.said[-1]
                spoilt = flipped(good, bit if bit >= 0 else bits(good) + bit)
                del device.to_host[-len(good) :]
                device.to_host += spoilt
        given = [message for message in heard(session) if isinstance(message, Band)]
        failed = session.prove()
        kept = [band.header.band for band in given if not any(band is one for one in failed)]
        assert kept == [0, 1, 3, 4], f"bit {bit}"
        device.say(wire.M_STATE, *RESTING)
        assert isinstance(heard(session)[-1], State), f"bit {bit}"


def test_messages_in_another_order_are_lost() -> None:
    device = PairedDevice()
    session = opened(device)
    device.say(wire.M_STATE, wire.PLACED, 0, 0, 0, 0, 1)
    device.say(wire.M_STATE, wire.STILL, 0, 0, 0, 0, 2)
    device.to_host.clear()
    device.to_host += device.said[-1] + device.said[-2]
    assert [message.state for message in heard(session) if isinstance(message, State)] == [wire.STILL]
    device.begin()
    device.band(0)
    device.band(1)
    device.to_host.clear()
    device.to_host += device.said[-3] + device.said[-1] + device.said[-2]
    bands = [message for message in heard(session) if isinstance(message, Band)]
    failed = session.prove()
    assert [band.header.band for band in bands if not any(band is one for one in failed)] == [1]


def test_a_sweep_that_begins_behind_its_bands_loses_them() -> None:
    """Held back on the cable it still counts; what came before it is of no sweep, and goes into no strip."""
    device = PairedDevice()
    session = opened(device)
    device.begin()
    device.band(0)
    device.band(1)
    device.to_host.clear()
    device.to_host += device.said[-2] + device.said[-3] + device.said[-1]
    store = StripStore(274, WIDTH, 84.667)
    for message in heard(session):
        if isinstance(message, SweepBegin):
            store.begin(message)
        elif isinstance(message, Band):
            store.add(message)
    assert [len(sweep.rows) for sweep in store.sweeps] == [1]


@pytest.mark.parametrize("cut", range(1, 9))
def test_a_message_without_a_whole_tag_is_none(cut: int) -> None:
    device = PairedDevice()
    session = opened(device)
    device.say(wire.M_STATE, wire.PLACED, 0, 0, 0, 0, 1)
    good = device.said[-1]
    device.to_host.clear()

    def shorten(plain: bytearray) -> None:
        del plain[-cut:]

    device.to_host += rewritten(good, shorten)
    device.to_host += encode(wire.M_STATE, device.sequence, b"")
    device.to_host += encode(wire.M_BAND, device.sequence, b"x")
    assert heard(session) == []
    assert session.reception.unproven + session.reception.malformed == 3


def test_a_hello_that_somebody_else_has_asked_for_changes_nothing() -> None:
    device = PairedDevice()
    session = opened(device)
    device.to_host += encode(wire.M_HELLO, 77, wire.pack(wire.M_HELLO, *device.hello, bytes(16), bytes(8), 0))
    device.say(wire.M_STATE, wire.PLACED, 0, 0, 0, 0, 1)
    assert [type(message) for message in heard(session)] == [Hello, State]


@pytest.mark.parametrize("sequence", [0xFFFF - 5, 0xFFFF - 1, 0xFFFF])
def test_the_count_of_frames_never_begins_anew(sequence: int) -> None:
    """The sequence number does after some minutes: what had the same number then proves nothing now."""
    device = PairedDevice(sequence=sequence, epoch=6)
    session = opened(device)
    device.begin()
    for number in range(20):
        device.band(number)
    assert len([message for message in heard(session) if isinstance(message, Band)]) == 20
    assert session.prove() == []
    assert device.epoch == 7
    kept = device.said[-1]
    device.sequence = device.sequence - 1  # 65536 frames later the same number
    device.epoch += 1
    device.to_host += kept
    assert all(isinstance(message, Band) for message in heard(session))
    assert len(session.prove()) <= 1
    assert session.reception.unproven == 1


@pytest.mark.slow
def test_one_in_a_thousand_is_a_lost_band_and_no_attack() -> None:
    device = PairedDevice()
    session = opened(device)
    lost = given = 0
    thousands = 3 if WHOLE else 1
    for sweep in range(1, 4 * thousands + 1):
        device.begin(sweep)
        for number in range(250):
            device.band(number, sweep=sweep)
            if (250 * sweep + number) % 1000 == 999:
                good = device.said[-1]
                del device.to_host[-len(good) :]
                device.to_host += flipped(good, bits(good) - 1)
        given += len([message for message in heard(session) if isinstance(message, Band)])
        lost += len(session.prove())
    assert (given, lost, session.reception.unproven) == (1000 * thousands, thousands, thousands)


@pytest.mark.slow
def test_a_scanner_of_which_many_bands_fail_is_lost() -> None:
    device = PairedDevice()
    session = opened(device)
    device.tamper = lambda frame: flipped(frame, bits(frame) - 1) if len(frame) > 700 else frame
    device.begin()
    for number in range(200):
        device.band(number)
    with pytest.raises(LinkLostError, match="sends bands that do not prove that they are its own") as caught:
        heard(session)
    assert caught.value.kind == "unproven"


def test_a_pairing_is_read_whole_or_not_at_all() -> None:
    pairing = Pairing.new()
    written = pairing.written()
    assert Pairing.read(written) == pairing
    for end in range(len(written) - 2):
        assert Pairing.read(written[:end]) is None
    assert [is_id(text) for text in ("0" * 16, "A" * 16, pairing.scanner)] == [False, False, True]
    assert Pairing.new() != pairing
    assert pairing.key.hex() not in pairing.digest
