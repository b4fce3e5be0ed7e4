"""A version on trial in the whole firmware: confirmed by HELLO and parts that start, else left within 30 s."""

from __future__ import annotations

import json

import pytest

from kiosk import wire
from stillscan.boards.files import firmware_folder, simulated_folders
from stillscan.boards.versions import Version
from stillscan.errors import DeviceError
from stillscan.link.messages import Installed

from .rig import Rig

# Both versions are that of the checkout: their one file leads there.
START = f"""
import sys
del sys.modules["start"]
sys.path[:] = {[str(folder) for folder in (*reversed(simulated_folders("simulator")), firmware_folder())]!r}
from start import run
""".encode()
VERSION = Version({}, {"start.py": START})
FILES: dict[str, bytes | None] = {
    "a": None, "a/start.py": START, "a/manifest": VERSION.manifest,
    "b": None, "b/start.py": START, "b/manifest": VERSION.manifest,
}  # fmt: skip
BUILD = VERSION.build.encode()
NEW = {"run": "a", "a": "old-build", "new": "b", "b": "new-build"}


class Unasked(Rig):
    """Nobody says HELLO."""

    def _boot(self, streams: int) -> None:
        pass


def stored(rig: Rig) -> dict[str, object]:
    found: dict[str, object] = json.loads((rig.folder / "slots.json").read_text())
    return found


def on_trial(**more: object) -> dict[str, bytes | None]:
    return FILES | {"slots.json": json.dumps(NEW | more).encode()}


def test_confirmed_once_a_host_was_answered_and_the_parts_run() -> None:
    with Rig(files=on_trial(failed="bad-build", why=wire.RESETS)) as rig:
        rig.listen(100)
        assert stored(rig) == {"run": "b", "a": "old-build", "b": "new-build"}
        assert rig.host.installed() == Installed(2, 0, BUILD, bytes(16), 0)


def test_a_version_that_was_left_is_named() -> None:
    state = {"run": "a", "a": "old-build", "b": "new-build", "failed": "new-build", "why": wire.LATE}
    with Rig(files=FILES | {"slots.json": json.dumps(state).encode()}) as rig:
        installed = rig.host.installed()
        assert installed is not None
        assert (installed.slot, installed.trial, installed.why) == (1, 0, wire.LATE)
        assert (installed.build.rstrip(b"\0"), installed.failed.rstrip(b"\0")) == (BUILD, b"new-build")


def test_a_version_whose_files_are_damaged_is_named() -> None:
    state = {"run": "b", "a": "old-build", "b": "new-build"}
    damaged = FILES | {"b/start.py": START + b"\n", "slots.json": json.dumps(state).encode()}
    with Rig(files=damaged) as rig:
        assert rig.host.installed() == Installed(1, 0, BUILD, b"new-build".ljust(16, b"\0"), wire.DAMAGED)
        assert stored(rig) == state


def test_a_device_without_slots_says_so() -> None:
    with Rig() as rig:
        assert rig.host.installed() == Installed(0, 0, bytes(16), bytes(16), 0)
        assert not (rig.folder / "slots.json").exists()


def test_left_when_a_part_does_not_start() -> None:
    """The host is answered all the while, and sees the fault; then the device restarts with the version before."""
    with Rig(files=on_trial(), fault="flow-nak") as rig:
        assert rig.state == wire.FAULT
        rig.listen(29_000)
        assert "new" in stored(rig)
        with pytest.raises(DeviceError, match="ended"):
            rig.listen(3000)
        assert stored(rig) == {"run": "a", "a": "old-build", "b": "new-build", "failed": "new-build", "why": wire.LATE}


def test_mended_in_time_it_is_confirmed() -> None:
    with Rig(files=on_trial(), fault="flow-nak") as rig:
        rig.listen(20_000)
        rig.kiosk.fail("none")
        rig.host.send(wire.C_RECOVER)
        rig.until(wire.EMPTY)
        rig.listen(100)
        assert stored(rig)["run"] == "b"


def test_left_when_no_host_speaks() -> None:
    with Unasked(files=on_trial()) as rig:
        rig.kiosk.pass_time(29_000)
        assert "new" in stored(rig)
        with pytest.raises(DeviceError, match="ended"):
            rig.kiosk.pass_time(3000)
        assert stored(rig)["why"] == wire.LATE


def test_never_written_while_scanning() -> None:
    with Rig(files=on_trial(), fault="flow-nak") as rig:
        rig.kiosk.fail("none")
        rig.place()
        rig.host.send(wire.C_RECOVER)
        rig.until(wire.DONE)
        assert len(rig.bands(1)) == 274
        assert stored(rig)["run"] == "b"
