from __future__ import annotations

import pytest
from bench.scripted import HELLO, Scripted, polite
from hypothesis import given
from hypothesis import strategies as st

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.framing import Frame, encode
from stillscan.link.messages import Band, Error, State
from stillscan.link.session import WINDOW, Session, describe
from stillscan.link.transport import LinkLostError

STATE = (wire.EMPTY, 0, 0, 0, 0, 1234)


def opened(device: Scripted) -> Session:
    session = Session(device)
    session.open()
    return session


def band(device: Scripted, number: int) -> None:
    device.say(wire.M_BAND, 9, number, number, 1, 8, 0, 0, 0, 100, 1, 1476, behind=bytes(1476))


def test_open() -> None:
    device = Scripted(polite)
    session = Session(device)
    hello = session.open(wire.STREAM_EVENTS)
    assert (hello.firmware, hello.board_name, hello.rows) == ("0.1.0", "scripted", 274)
    assert [(f.kind, f.sequence, f.body[:2]) for f in device.commands] == [
        (wire.C_HELLO, 0, bytes((wire.MAJOR, wire.MINOR))),
        (wire.C_SUBSCRIBE, 1, bytes((wire.STREAM_EVENTS,))),
    ]


def test_hello_is_repeated_and_a_late_one_will_do() -> None:
    def slow(device: Scripted, frame: Frame) -> None:
        if len(device.commands) == 3:
            polite(device, frame)

    device = Scripted(slow)
    assert Session(device).open().boot_id == 7
    assert [f.kind for f in device.commands] == [wire.C_HELLO] * 3 + [wire.C_SUBSCRIBE]


def test_silence_is_no_scanner() -> None:
    device = Scripted(lambda device, frame: None)
    with pytest.raises(DeviceError, match=r"^scripted: no stillscan scanner answers there$"):
        Session(device).open()
    assert device.now_ms() == pytest.approx(3000)


def test_another_device_is_no_scanner() -> None:
    device = Scripted(lambda device, frame: device.to_host.extend(b"ERROR\r\n" * 50))
    with pytest.raises(DeviceError, match="no stillscan scanner"):
        Session(device).open()


@pytest.mark.parametrize(("major", "which"), [(2, "computer"), (0, "scanner")])
def test_another_major_version_is_refused(major: int, which: str) -> None:
    device = Scripted(lambda device, frame: device.say(wire.M_HELLO, major, 3, *HELLO[2:]))
    with pytest.raises(DeviceError, match=rf"speaks protocol {major}\.3.* speaks 1: update the {which}$") as caught:
        Session(device).open()
    assert "\n" not in str(caught.value)
    assert [f.kind for f in device.commands] == [wire.C_HELLO], "no subscription"


def test_newer_minor_version_is_welcome() -> None:
    """A longer HELLO, an unknown type, a longer STATE, an unknown state: all within one major version."""

    def newer(device: Scripted, frame: Frame) -> None:
        if frame.kind == wire.C_HELLO:
            device.say(wire.M_HELLO, 1, 9, *HELLO[2:], behind=b"\0new\xff")
        else:
            device.to_host += encode(0xC0, device.sequence, b"a message of tomorrow")
            device.sequence += 1
            device.say(wire.M_STATE, 99, 98, 97, 96, 1, 5, behind=b"\x01\x02")

    session = opened(Scripted(newer))
    state = session.poll(100)
    assert state == State(99, 98, 97, 96, 1, 5)
    assert describe(state) == "97: 96"
    assert (session.reception.unknown, session.reception.malformed, session.reception.lost_frames) == (1, 0, 0)


def test_counters() -> None:
    device = Scripted(polite)
    session = opened(device)
    whole = encode(wire.M_STATE, 1, wire.pack(wire.M_STATE, *STATE))
    device.to_host += whole[:5] + b"\0"  # cut off
    device.to_host += whole[:-3] + bytes((whole[-3] ^ 1,)) + whole[-2:]  # wrong CRC
    device.to_host += b"\r\n" + b"\x07" * 3000  # noise, longer than any frame
    device.to_host += encode(wire.M_STATE, 4, b"short")
    device.to_host += encode(wire.C_HELLO, 5, b"\x01\x00")  # a command is nothing that a device says
    device.to_host += encode(wire.M_STATE, 8, wire.pack(wire.M_STATE, *STATE))
    assert session.poll(10) == State(*STATE)
    assert session.poll(10) is None
    counted = session.reception.decoder
    assert (counted.bad_frame, counted.bad_crc, counted.oversized) == (1, 1, 1)
    assert (session.reception.malformed, session.reception.unknown, session.reception.lost_frames) == (1, 1, 3 + 2)


def test_sequence_goes_round() -> None:
    device = Scripted(polite)
    session = opened(device)
    session.reception._expected = 0xFFFF
    for sequence in (0xFFFF, 0, 1):
        device.to_host += encode(wire.M_STATE, sequence, wire.pack(wire.M_STATE, *STATE))
    assert [session.poll(10) is not None for _ in range(3)] == [True] * 3
    assert session.reception.lost_frames == 0
    session._sequence = 0xFFFF
    session.send(wire.C_FINISH, 1)
    session.send(wire.C_FINISH, 1)
    assert [f.sequence for f in device.commands[-2:]] == [0xFFFF, 0]


@pytest.mark.slow
def test_credit_is_granted_ahead_of_what_was_taken() -> None:
    device = Scripted(polite)
    session = opened(device)
    device.say(wire.M_SWEEP_BEGIN, 9, 1, 0, 273, 0, 1)
    for number in range(274):
        band(device, number)
    assert not [f for f in device.commands if f.kind == wire.C_CREDIT], "nothing taken, nothing granted"
    granted = 0
    while (message := session.poll(10)) is not None:
        credits = [wire.unpack(wire.C_CREDIT, f.body) for f in device.commands if f.kind == wire.C_CREDIT]
        assert {sweep for sweep, _ in credits} == {9}
        bands = [int(str(count)) for _, count in credits]
        assert bands == sorted(set(bands)), "each grant is new"
        granted = bands[-1]
        if isinstance(message, Band):
            assert message.header.band < granted <= message.header.band + WINDOW
    assert granted > 273


def test_commands_with_answers() -> None:
    def answers(device: Scripted, frame: Frame) -> None:
        polite(device, frame)
        if frame.kind == wire.C_HEALTH:
            device.say(wire.M_STATE, *STATE)
            device.say(wire.M_HEALTH, *range(14), 7, HELLO[6])
        elif frame.kind == wire.C_LOG:
            device.say(wire.M_LOG, 1, behind=bytes(8))
        elif frame.kind == wire.C_SETTING_GET:
            device.say(wire.M_SETTING, 0, 250, 250, 50, 5000, b"dwell", b"ms")
            device.say(wire.M_SETTING, 3, 150, 150, 30, 5000, b"slip", b"um")
        elif frame.kind == wire.C_SETTING_SET:
            number, value = wire.unpack(wire.C_SETTING_SET, frame.body)
            if number == 3:
                device.say(wire.M_SETTING, 3, value, 150, 30, 5000, b"slip", b"um")
            elif number == 4:
                device.say(wire.M_ERROR, wire.E_OUT_OF_RANGE, 4)

    session = opened(Scripted(answers))
    health = session.health()
    assert health is not None
    assert health.credit_waits == 13
    log = session.log()
    assert log is not None
    assert log.entries == bytes(8)
    assert {name: setting.value for name, setting in session.settings().items()} == {"dwell": 250, "slip": 150}
    session.set(3, 200)
    with pytest.raises(DeviceError, match="refuses setting 4: out_of_range"):
        session.set(4, 1)
    with pytest.raises(DeviceError, match="did not answer to setting 5"):
        session.set(5, 1)
    assert session.poll(0) == State(*STATE), "what came in between is still there"


def test_device_that_falls_silent() -> None:
    session = opened(Scripted(polite))
    assert session.health() is None
    assert session.log() is None
    assert session.settings() == {}


def test_device_that_goes_away() -> None:
    device = Scripted(polite)
    session = opened(device)
    device.gone = True
    with pytest.raises(LinkLostError):
        session.poll(10)
    with pytest.raises(LinkLostError):
        session.send(wire.C_FINISH, 0)
    assert LinkLostError.exit_code == 3


def test_errors_come_as_messages() -> None:
    device = Scripted(polite)
    session = opened(device)
    device.say(wire.M_ERROR, wire.E_WRONG_STATE, wire.C_SWEEP)
    assert session.poll(10) == Error(wire.E_WRONG_STATE, wire.C_SWEEP)


class WholeMicroseconds(Scripted):
    """Its clock knows no less, as the simulator's."""

    now_us = 0
    in_vain = 0

    def read(self, timeout_ms: float) -> bytes:
        passed = round(timeout_ms * 1000)
        self.in_vain += not passed
        assert self.in_vain < 3, "no time passes, for ever"
        self.now_us += passed
        return b""

    def now_ms(self) -> float:
        return self.now_us / 1000


@pytest.mark.slow
@given(st.integers(0, 10**9), st.integers(1, 400_000))
def test_a_wait_ends_whatever_floating_point_leaves_of_it(began_us: int, us: int) -> None:
    device = WholeMicroseconds(lambda device, frame: None)
    device.now_us = began_us
    assert Session(device).poll(us / 1000) is None
    assert device.now_us == began_us + us
