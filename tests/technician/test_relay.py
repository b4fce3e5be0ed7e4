"""A technician at the scanner that a running kiosk holds: what is passed on, when, and who comes first."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import numpy as np
import pytest

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.framing import encode
from stillscan.link.messages import (
    Band,
    BandHeader,
    Error,
    Service,
    Setting,
    SweepBegin,
    Value,
)
from stillscan.link.reception import Reception
from stillscan.link.session import Session
from stillscan.link.transport import LinkLostError
from stillscan.technician import held_port
from stillscan.technician.at_scanner import AtScanner, ServiceOverError
from stillscan.technician.held_port import HeldPort
from stillscan.technician.relay import ASKS, GONE_S, KIOSK, NEEDS_PARTS, SCANS

from .relayed import Kiosk, command, heard, serve


@pytest.fixture
def kiosk() -> Kiosk:
    return Kiosk()


def test_a_question_and_its_answer(kiosk: Kiosk) -> None:
    with kiosk.relay.lease("tor") as lease:
        session = Session(lease)
        hello = session.open(0)
        assert (hello.board_name, hello.rows) == (kiosk.port.hello.board_name, kiosk.port.hello.rows)
        assert kiosk.sends() == [], "the kiosk has greeted and subscribed already"
        lease.write(command(wire.C_LOG))
        assert kiosk.port.woken
        assert kiosk.sends() == [wire.C_LOG]
        kiosk.say(Error(wire.E_FAILED, wire.C_LOG))
        assert [frame.kind for frame in heard(lease)] == [wire.M_ERROR]


@pytest.mark.parametrize("kind", [wire.C_SWEEP, wire.C_FINISH, wire.C_CREDIT, wire.C_SUBSCRIBE, wire.C_HELLO])
def test_what_the_kiosk_is_refused_is_no_answer_to_a_technician(kiosk: Kiosk, kind: int) -> None:
    """A stalled sweep is refused the next: that was told to whoever asked the scanner's name in that moment."""
    with kiosk.relay.lease("tor") as lease:
        lease.write(command(wire.C_IDENTITY))
        kiosk.say(Error(wire.E_WRONG_STATE, kind))
        assert heard(lease) == []


def test_its_state_is_told_at_once(kiosk: Kiosk) -> None:
    kiosk.state(wire.GAVE_UP, wire.ATTEMPTS)
    with kiosk.relay.lease("tor") as lease:
        session = Session(lease)
        session.open(0)
        session.send(wire.C_SUBSCRIBE, wire.STREAM_EVENTS)
        at = AtScanner(session)
        at.learn()
        assert at.state == wire.GAVE_UP


@pytest.mark.parametrize("state", [wire.PLACED, wire.STILL, wire.SCANNING, wire.MOVED, wire.DONE])
def test_in_mid_check_a_question_waits_and_a_measurement_is_refused(kiosk: Kiosk, state: int) -> None:
    kiosk.state(state)
    with kiosk.relay.lease("tor") as lease:
        for kind in sorted(NEEDS_PARTS):
            with pytest.raises(DeviceError, match="not now"):
                lease.write(encode(kind, 0, bytes(8) + b"\1"))
        asking = threading.Thread(target=lease.write, args=(command(wire.C_IDENTITY),))
        asking.start()
        assert kiosk.sends() == []
        kiosk.state(wire.DONE, wire.FINISHED)
        asking.join()
        assert kiosk.sends() == [wire.C_IDENTITY]


@pytest.mark.parametrize("kind", sorted(ASKS | NEEDS_PARTS))
@pytest.mark.parametrize("body", [b"", b"\xff", bytes(140)])
def test_a_command_that_is_none_is_passed_on_and_the_scanner_says_so(kiosk: Kiosk, kind: int, body: bytes) -> None:
    with kiosk.relay.lease("tor") as lease:
        lease.write(encode(kind, 0, body))
        assert kiosk.sends() == [kind]


def test_a_check_that_does_not_end_is_said(kiosk: Kiosk) -> None:
    kiosk.state(wire.SCANNING)
    with kiosk.relay.lease("tor") as lease:
        refused: list[str] = []

        def ask() -> None:
            try:
                lease.write(command(wire.C_IDENTITY))
            except DeviceError as error:
                refused.append(str(error))

        asking = threading.Thread(target=ask)
        asking.start()
        while asking.is_alive():
            kiosk.now_s += 1.0
            kiosk.state(wire.SCANNING)
            lease.read(0)  # however late the other thread begins: what nobody takes ends the lease
        assert refused == ["not now: a check goes on"]


@pytest.mark.parametrize("kind", sorted(NEEDS_PARTS))
def test_while_somebody_is_served_nothing_is_measured_over_the_empty_glass(kiosk: Kiosk, kind: int) -> None:
    kiosk.served = True
    with kiosk.relay.lease("tor") as lease:
        with pytest.raises(DeviceError, match="somebody is being served"):
            lease.write(encode(kind, 0, bytes(8) + b"\1"))
        lease.write(command(wire.C_COUNTERS))
        assert kiosk.sends() == [wire.C_COUNTERS], "who only asks disturbs nobody"


@pytest.mark.parametrize("kind", [wire.C_SWEEP, wire.C_CREDIT, wire.C_FINISH, 0x7F])
def test_what_is_the_kiosks_own_is_never_passed_on(kiosk: Kiosk, kind: int) -> None:
    with kiosk.relay.lease("tor") as lease:
        with pytest.raises(DeviceError, match="its own"):
            lease.write(encode(kind, 0, bytes(4)))
        assert kiosk.sends() == []


def test_every_command_is_for_technicians_or_the_kiosks_own() -> None:
    own = {wire.C_HELLO, wire.C_SUBSCRIBE, wire.C_CREDIT}
    assert own | SCANS | ASKS | NEEDS_PARTS == {number for name, number in vars(wire).items() if name.startswith("C_")}
    assert not ASKS & NEEDS_PARTS


def test_no_line_of_a_document_is_told(kiosk: Kiosk) -> None:
    with kiosk.relay.lease("tor") as lease:
        kiosk.say(Band(BandHeader(1, 1, 1, 1, 8, 0, 0, 0, 80, 255, 4), np.zeros((1, 4), np.uint8)))
        kiosk.say(SweepBegin(1, 1, 0, 9, 0, 0))
        assert heard(lease) == []


def test_a_visit_that_begins_takes_the_scanner_back_at_once(kiosk: Kiosk) -> None:
    with kiosk.relay.lease("tor") as lease:
        at = AtScanner(Session(lease))
        at.session.open(0)
        serve(kiosk, lease)
        lease.read(0)
        kiosk.served = True
        kiosk.turn()
        assert kiosk.port.sent == [(wire.C_SERVICE, wire.pack(wire.C_SERVICE, 0))]
        with pytest.raises(DeviceError, match="being served"):
            lease.write(command(wire.C_MEASURE, wire.LINES, 2, 100, 0, 4))
        kiosk.served = False
        kiosk.say(Service(0, 0, wire.ASKED, 40))
        with pytest.raises(ServiceOverError, match="has taken the scanner back"):
            at.measure(wire.LINES, 4)


def test_two_technicians_come_one_after_the_other(kiosk: Kiosk) -> None:
    with kiosk.relay.lease("tor"), pytest.raises(DeviceError, match="tor is at the scanner now"):
        kiosk.relay.begin("ragna")
    with kiosk.relay.lease("ragna") as lease:
        assert kiosk.relay.who == "ragna"
        serve(kiosk, lease)
    assert kiosk.sends() == [wire.C_SERVICE], "the parts go back with who had them"
    kiosk.say(Service(0, 0, wire.ASKED, 40))
    kiosk.state(wire.EMPTY)
    with kiosk.relay.lease("tor", 0.0):
        assert kiosk.relay.who == "tor"


def test_the_kiosks_own_look_makes_room_for_a_technician(kiosk: Kiosk) -> None:
    own = kiosk.relay.begin(KIOSK)
    kiosk.relay.begin("tor")
    assert kiosk.relay.who == "tor"
    with pytest.raises(LinkLostError, match="a technician has come"):
        own.read(0)
    with pytest.raises(DeviceError, match="tor is at the scanner"):
        kiosk.relay.begin(KIOSK)


def test_who_goes_without_a_word_is_forgotten(kiosk: Kiosk) -> None:
    lease = kiosk.relay.begin("tor")
    serve(kiosk, lease)
    kiosk.now_s += GONE_S + 1
    assert kiosk.sends() == [wire.C_SERVICE]
    assert kiosk.relay.who is None
    lease.read(0)  # what came before
    with pytest.raises(LinkLostError, match="has heard nothing"):
        lease.read(0)


def test_a_scanner_that_goes_away_is_said(kiosk: Kiosk) -> None:
    lease = kiosk.relay.begin("tor")
    kiosk.relay.turn(None)
    with pytest.raises(LinkLostError, match="lost its scanner"):
        lease.read(0)
    with pytest.raises(LinkLostError, match="lost its scanner"):
        lease.write(command(wire.C_LOG))
    lease.close()
    with pytest.raises(DeviceError, match="no scanner"):
        kiosk.relay.begin("tor")
    kiosk.turn()
    kiosk.relay.begin("tor")


def test_frames_that_the_kiosk_lost_are_lost_to_the_technician_too(kiosk: Kiosk) -> None:
    with kiosk.relay.lease("tor") as lease:
        reception = Reception()
        kiosk.say(Value(1, 0, 5, 0, 0))
        kiosk.port.reception.lost_frames += 3
        kiosk.say(Value(1, 1, 5, 0, 0))
        reception.feed(lease.read(0))
        assert reception.damaged == 3


def test_a_technician_who_takes_nothing_stops_nobody(kiosk: Kiosk) -> None:
    with kiosk.relay.lease("tor") as lease:
        for number in range(5000):
            kiosk.say(Value(1, number, 5, 0, 0))
        assert lease.over
        assert lease.read(0), "what has come is still there"
        with pytest.raises(LinkLostError):
            lease.read(0)


def test_what_was_done_and_by_whom_is_in_the_log(kiosk: Kiosk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "stillscan.service")

    def setting(value: int) -> Setting:
        return Setting(2, value, 150, 50, 5000, b"dwell", b"ms")

    kiosk.say(setting(150))
    with kiosk.relay.lease("tor") as lease:
        lease.write(command(wire.C_SETTING_SET, 2, 300))
        assert kiosk.sends() == [wire.C_SETTING_SET]
        kiosk.say(setting(300))
        serve(kiosk, lease)
        lease.write(command(wire.C_MEASURE, wire.TRIPS, 0, 0, 0, 4))
        kiosk.say(Service(0, 0, wire.DOCUMENT, 40))
        kiosk.state(wire.EMPTY)
        lease.write(command(wire.C_CALIBRATE, 0, 0))
    kiosk.say(setting(300))
    assert kiosk.relay.former == {"dwell": 150}
    assert [record.getMessage() for record in caplog.records] == [
        "service: tor set dwell from 150 to 300",
        "service: tor has the parts",
        "service: tor has measured: trips; ended: document",
        "service: tor asked to calibrate",
    ]


def test_a_service_that_the_scanner_refuses_is_none(kiosk: Kiosk) -> None:
    with kiosk.relay.lease("tor") as lease:
        lease.write(command(wire.C_SERVICE, 120))
        kiosk.turn()
        kiosk.say(Error(wire.E_WRONG_STATE, wire.C_SERVICE))
    assert kiosk.sends() == [wire.C_SERVICE], "nothing has to be ended"


# --- the note ---------------------------------------------------------------------------------------------------------


def test_the_note_is_there_as_long_as_the_kiosk_runs(tmp_path: Path) -> None:
    held = HeldPort("/dev/ttyACM0", "http://127.0.0.1:8765", held_port.new_secret())
    with held_port.noted(tmp_path, held):
        assert held_port.find(tmp_path, "/dev/ttyACM0") == held
        assert held_port.find(tmp_path, "/dev/ttyACM1") is None
        (note,) = tmp_path.iterdir()
        assert note.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == []


def test_a_link_and_its_port_are_one(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "port").touch()
    (tmp_path / "link").symlink_to(tmp_path / "port")
    with held_port.noted(tmp_path / "keys", HeldPort(str(tmp_path / "link"), "http://127.0.0.1:1", "s")):
        assert held_port.find(tmp_path / "keys", str(tmp_path / "port")) is not None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"port":1,"url":2,"secret":3}', b"\xff"])
def test_half_a_note_is_none(tmp_path: Path, content: bytes) -> None:
    held = HeldPort("p", "u", "s")
    with held_port.noted(tmp_path, held):
        (note,) = tmp_path.iterdir()
        note.write_bytes(content)
        assert held_port.find(tmp_path, "p") is None
    assert note.exists(), "it is somebody else's now"
