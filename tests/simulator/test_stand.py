"""A scanner on its stand, as a process with a control socket: what another program sees of each misfortune."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk import wire
from stillscan.link.serial_port import SerialTransport
from stillscan.link.session import Session
from stillscan.link.transport import LinkLostError
from stillscan.simulator.control import tell

pytestmark = pytest.mark.process

_TRIES = 20_000
ENDLESS = "3600"


class Device:
    """``stillscan device`` with a link and a control socket in a folder."""

    def __init__(self, folder: Path) -> None:
        self.link, self._control = folder / "scanner", folder / "control"
        options = ("--link", str(self.link), "--control", str(self._control))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "stillscan.cli", "device", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == str(self.link)

    def tell(self, line: str) -> str:
        return tell(self._control, line, 60)

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.tell("status"))
        return found

    def until(self, **wanted: object) -> None:
        """Ask until the status is so."""
        for _ in range(_TRIES):
            if all(self.status()[name] == value for name, value in wanted.items()):
                return
        raise AssertionError(f"never {wanted}: {self.status()}")


@pytest.fixture(scope="module")
def device(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    made = Device(tmp_path_factory.mktemp("stand"))
    yield made
    made.process.terminate()
    _, errors = made.process.communicate(timeout=60)
    assert (made.process.returncode, errors.count("\n")) == (0, 1), errors
    assert not made.link.is_symlink()


def opened(device: Device) -> Session:
    session = Session(SerialTransport(str(device.link)))
    session.open()
    return session


def talk_on(session: Session) -> None:
    for _ in range(_TRIES):
        session.send(wire.C_HEALTH)
        session.poll(1)


def test_the_link_stays_and_the_port_changes(device: Device) -> None:
    session = opened(device)
    before = os.readlink(device.link)
    keeper = os.open(before, os.O_RDWR | os.O_NOCTTY)  # so that the number is not given out again
    assert device.tell("unplug 0") == "ok"
    with pytest.raises(LinkLostError):
        talk_on(session)
    session.transport.close()
    device.until(plugged=True)
    assert os.readlink(device.link) != before
    os.close(keeper)
    opened(device).transport.close()


def test_a_cable_that_is_out_has_no_port(device: Device) -> None:
    assert device.tell(f"unplug {ENDLESS}") == "ok"
    assert device.status()["plugged"] is False
    assert not device.link.exists()
    assert device.tell("power 0") == "ok"
    device.until(plugged=True)


def test_a_reboot_is_another_boot_on_the_same_port(device: Device) -> None:
    session = opened(device)
    assert session.hello is not None
    port, boot = os.readlink(device.link), session.hello.boot_id
    assert device.tell("reboot") == "ok"
    again = session.open()
    session.transport.close()
    assert (os.readlink(device.link), again.boot_id) == (port, boot + 1)
    assert device.status()["boots"] == boot + 1


def test_a_busy_port_is_locked(device: Device) -> None:
    assert device.tell(f"busy {ENDLESS}") == "ok"
    mine = os.open(device.link, os.O_RDWR | os.O_NOCTTY)
    with pytest.raises(BlockingIOError):
        fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(mine)
    assert device.tell("busy 0") == "ok"
    mine = os.open(device.link, os.O_RDWR | os.O_NOCTTY)
    for _ in range(_TRIES):
        device.status()
        try:
            fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        break
    os.close(mine)
    opened(device).transport.close()


def test_a_broken_part_is_named_and_mended(device: Device) -> None:
    assert device.tell("fault flow-nak") == "ok"
    session = opened(device)
    states = iter(lambda: session.poll(60_000), None)
    assert next(state.part for state in states if getattr(state, "state", None) == wire.FAULT) == wire.FLOW
    assert device.tell("mend") == "ok"
    session.send(wire.C_RECOVER)
    assert any(getattr(state, "state", None) == wire.EMPTY for state in states)
    session.transport.close()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "no command ''"),
        ("explode", "no command 'explode'"),
        ("mute", "how many seconds?"),
        ("noise soon", "how many seconds?"),
        ("unplug -1", "seconds: 0 to 3600"),
        ("power nan", "seconds: 0 to 3600"),
        ("fault tooth-ache", "no fault 'tooth-ache'"),
        ("customer /nowhere/passport.png", "passport.png: no such file"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused_in_one_line(device: Device, line: str, why: str) -> None:
    assert device.tell(line).startswith(f"error: {why}")
