"""A version onto a scanner that runs, over its session: the real loader, link, commands and trial."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kiosk import wire
from stillscan.boards.build import compiled
from stillscan.boards.versions import Version
from stillscan.commands import fleet_kiosk
from stillscan.commands.fleet_kiosk import put
from stillscan.errors import DeviceError, StillscanError
from stillscan.link.inbox import DrainedInbox
from stillscan.link.messages import Uploaded
from stillscan.link.serial_port import SerialTransport
from stillscan.link.session import Session
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.relay import Relay
from stillscan.technician.upload import start, upload

from .fake_board import FakeBoard, checkout
from .test_flash import files, flash, new_version, state

pytestmark = pytest.mark.process


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked at more often than a board needs, which takes a second to come up: this one is there at once."""
    monkeypatch.setattr(fleet_kiosk, "_AGAIN_S", 0.05)


@pytest.fixture
def first(sources: Path, board: FakeBoard) -> Version:
    """What the board runs."""
    assert flash(board) == 0
    return Version.of(compiled("fake"))


@contextmanager
def kiosk(board: FakeBoard) -> Iterator[Relay]:
    """A kiosk that holds the port and takes it up again when it is lost, with a relay for guests."""
    relay, over = Relay(lambda: True), threading.Event()

    def work() -> None:
        while not over.is_set():
            try:
                session = Session(SerialTransport(board.port), DrainedInbox)
            except DeviceError:
                continue
            try:
                session.open()
                while not over.is_set():
                    relay.turn(session)
                    message = session.poll(100)
                    if message is not None:
                        relay.heard(message)
            except DeviceError:
                relay.turn(None)
            finally:
                session.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        while relay.state == wire.START:
            over.wait(0.01)
        yield relay
    finally:
        over.set()
        thread.join()


def test_a_running_kiosk_gets_a_version_and_keeps_the_one_before(
    sources: Path, board: FakeBoard, first: Version
) -> None:
    second = new_version(sources)
    with kiosk(board) as relay:
        put(relay, second)
        assert files(board, "b") == {**second.files, "manifest": second.manifest}
        assert state(board) == {"run": "b", "a": first.build, "b": second.build}
        third = new_version(sources, 8)
        less = Version(third.loader, {path: content for path, content in third.files.items() if "plan" not in path})
        put(relay, less)
        assert files(board, "a") == {**less.files, "manifest": less.manifest}
        assert state(board)["run"] == "a"


def test_a_version_that_does_not_come_up_is_left(sources: Path, board: FakeBoard, first: Version) -> None:
    checkout(sources, "raises")
    with kiosk(board) as relay, pytest.raises(StillscanError, match="was left, it ended with an error"):
        put(relay, Version.of(compiled("fake")))
    assert files(board, "a") == {**first.files, "manifest": first.manifest}
    assert state(board)["run"] == "a"


def test_power_that_fails_in_between_leaves_what_runs(sources: Path, board: FakeBoard, first: Version) -> None:
    second, sent = new_version(sources), []

    def cut(size: int) -> None:
        sent.append(size)
        if len(sent) == 5:
            board.restart()

    with kiosk(board) as relay, relay.lease("test") as lease:
        at = AtScanner(Session(lease))
        at.session.open(wire.STREAM_EVENTS)
        with pytest.raises(DeviceError):
            upload(at, second, cut)
    with kiosk(board) as relay:
        assert state(board)["run"] == "a"
        put(relay, second)
        assert files(board, "b") == {**second.files, "manifest": second.manifest}


def test_what_is_not_there_whole_is_not_started(board: FakeBoard, first: Version) -> None:
    with kiosk(board) as relay, relay.lease("test") as lease:
        at = AtScanner(Session(lease))
        at.session.open(wire.STREAM_EVENTS)
        with pytest.raises(DeviceError, match="out_of_range"):
            start(at, first)
        for body in (b"", b"\x02\0\0\0\0\x05../", b"\x02\0\0\0\0\x04/etc", b"\x09\0\0\0\0\0", b"\x03\0\0\0\0\x01x"):
            at.session.send_body(wire.C_UPLOAD, body)
            with pytest.raises(DeviceError, match="refuses"):
                at.next(Uploaded, 5000)
    assert state(board) == {"run": "a", "a": first.build}
