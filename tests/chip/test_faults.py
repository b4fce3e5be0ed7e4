"""Bad input on the chip itself: the cable, noise, damaged files, versions that fail. Safe outputs, and it goes on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kiosk import wire
from stillscan.boards.build import compiled
from stillscan.boards.versions import STATE, Version, state
from stillscan.commands.world import SAMPLE, scene
from stillscan.link.messages import Band, Message, State, SweepEnd
from stillscan.simulator.chip.kiosk import ChipKiosk

from .rig import Rig

pytestmark = pytest.mark.process

Switch = Callable[..., Rig]
LED = 25  # the GPIO of the Pico's own light

# In place of the new version's start.mpy.
RAISES = b"def run(slots):\n    raise RuntimeError('a defect')\n"
HANGS = b"import time\nimport board\ndef run(slots):\n    board.Board()\n    while True:\n        time.sleep(1)\n"
HANGS_EARLY = b"import gc\nimport time\nwhile True:\n    gc.collect()\n    time.sleep(1)\n"


@pytest.fixture
def switch(uf2: Path) -> Switch:
    """Switches a kiosk on, with these files beside or instead of those of a new board."""

    def on(files: dict[str, bytes] | None = None, hello: bool = True, service: bool = False) -> Rig:
        lies_there = {**Version.of(compiled("rpi_pico")).alone(), **(files or {})}
        kiosk = ChipKiosk(scene(SAMPLE, None, "still", "clean", 1, 60.0), uf2, files=lies_there)
        kiosk.bus.hold_service(service)
        return Rig(kiosk, hello)

    return on


def states(heard: list[Message]) -> list[str]:
    return [wire.STATES[message.state] for message in heard if isinstance(message, State)]


def test_the_cable_is_pulled_in_mid_sweep_and_plugged_in_again(switch: Switch) -> None:
    rig = switch()
    kiosk = rig.kiosk
    kiosk.bus.scene.place(kiosk.bus.now_us)
    for _ in range(40):
        rig.until(Band, 3000)
    assert kiosk.bus.outputs.lamp() > 0
    kiosk.usb.plug(False)
    kiosk.pass_time(1100)
    assert kiosk.bus.outputs.lamp() == 0.0
    kiosk.pass_time(800)  # the carriage goes home
    assert rig.safe()
    kiosk.usb.plug(True)
    rig.connect()
    heard = rig.until(SweepEnd, 4000)
    assert sum(isinstance(message, Band) for message in heard) == 274, "a host that comes late is given the whole zone"
    assert rig.resets_ms == []
    assert kiosk.console() == ""


def test_noise_without_end_does_not_hold_up_the_kiosk(switch: Switch) -> None:
    rig = switch()
    kiosk = rig.kiosk
    kiosk.write(b"\x55\xaa\x03\r\n\x04" * 170_000)  # Ctrl-C and Ctrl-D among it
    kiosk.bus.scene.place(kiosk.bus.now_us)
    heard: list[Message] = []
    while "still" not in states(heard):
        heard += rig.until(State, 2000)
    assert len(kiosk.usb.to_device) > 900_000
    kiosk.usb.to_device.clear()
    rig.connect()
    rig.until(SweepEnd, 5000)
    health = rig.session.health()
    assert health is not None
    assert health.oversized > 0
    assert rig.resets_ms == []


@pytest.mark.parametrize(
    "settings",
    [
        b'{"dwell": 40, "lamp": "full", "depth": 5, "slip": 1e9, "ring": 7',
        b"\xff\xfe\x00" * 500,
        b'{"version": 9, "dwell": 200, "lamp": {"white": 3}, "hologram": [1, 2], "depth": 16}',
    ],
    ids=["cut off", "no text", "of a newer version"],
)
def test_settings_that_make_no_sense_are_left_out(switch: Switch, settings: bytes) -> None:
    rig = switch({"settings.json": settings})
    assert rig.state.state == wire.EMPTY
    values = {name: setting.value for name, setting in rig.session.settings().items()}
    assert values["dwell"] == (200 if b"version" in settings else 150)
    assert (values["lamp"], values["depth"]) == (100, 4)


def test_the_service_button_opens_the_prompt_and_nothing_else_does(switch: Switch) -> None:
    held = switch(hello=False, service=True)
    while not held.kiosk.usb.connected:
        held.kiosk.read(1)
    held.kiosk.write(b"\r\nprint(6 * 7)\r\n")
    told = b""
    end = held.kiosk.now_ms() + 2000
    while b"42\r\n>>> " not in told and held.kiosk.now_ms() < end:
        told += held.kiosk.read(50)
    assert b"42\r\n>>> " in told
    assert held.safe()
    held.kiosk.pass_time(6000)
    assert held.resets_ms == [], "no watchdog runs beside the prompt"

    running = switch()
    running.kiosk.write(b"\x03\x03\r\nprint(6 * 7)\r\n\x04")
    running.kiosk.pass_time(200)
    assert b"42" not in running.kiosk.read(0)
    assert running.session.health() is not None
    assert running.resets_ms == []


def on_trial(start: bytes | None) -> dict[str, bytes]:
    """The files of an update that was just restarted: the version that runs in ``a``, a new one in ``b``."""
    version = Version.of(compiled("rpi_pico"))
    new = dict(version.files)
    if start is not None:
        del new["start.mpy"]
        new["start.py"] = start
    return {
        **{f"b/{path}": content for path, content in new.items()},
        "b/manifest": Version(version.loader, new).manifest,
        STATE: state({"run": "a", "a": version.build, "new": "b", "b": "new-build"}),
    }


def test_a_new_version_that_works_is_confirmed(switch: Switch) -> None:
    rig = switch(on_trial(None))
    rig.kiosk.pass_time(100)
    assert (rig.slots()["run"], "new" in rig.slots()) == ("b", False)
    installed = rig.session.installed()
    assert installed is not None
    assert (installed.slot, installed.trial) == (2, 0)


@pytest.mark.parametrize(
    ("start", "why", "times"),
    [(RAISES, wire.DEFECT, 1), (HANGS, wire.RESETS, 2), (HANGS_EARLY, wire.LATE, 1)],
    ids=["raises", "hangs", "hangs before its watchdog runs"],
)
def test_a_new_version_that_fails_is_left(switch: Switch, start: bytes, why: int, times: int) -> None:
    rig = switch(on_trial(start), hello=False)
    while len(rig.resets_ms) < times:
        rig.kiosk.pass_time(500)
        assert rig.kiosk.now_ms() < 35_000
        assert rig.safe()
    rig.connect()
    installed = rig.session.installed()
    assert installed is not None
    assert (installed.slot, installed.trial, installed.why) == (1, 0, why)
    assert installed.failed.rstrip(b"\0") == b"new-build"
    assert rig.slots()["run"] == "a"


def test_a_version_with_one_flipped_bit_is_left_for_the_other(switch: Switch) -> None:
    version = Version.of(compiled("rpi_pico"))
    scan = bytearray(version.files["kiosk/scan.mpy"])
    scan[len(scan) // 2] ^= 1
    whole = {f"b/{path}": content for path, content in version.files.items()} | {"b/manifest": version.manifest}
    rig = switch({**whole, "a/kiosk/scan.mpy": bytes(scan)})
    installed = rig.session.installed()
    assert installed is not None
    assert (installed.slot, installed.trial, installed.why) == (2, 0, wire.DAMAGED)
    assert installed.build.decode() == version.build
    assert rig.state.state == wire.EMPTY


def test_when_no_version_fits_the_prompt_says_what_to_do_and_the_light_blinks(switch: Switch) -> None:
    rig = switch({"a/kiosk/scan.mpy": b""}, hello=False)
    said = b""
    while b">>> " not in said:
        said += rig.kiosk.read(50)
        assert rig.kiosk.now_ms() < 5000
    assert b"stillscan flash" in said
    assert b"Traceback" not in said
    switched: list[float] = []
    rig.kiosk.emulator.chip.gpio[LED].add_listener(lambda new, old: switched.append(rig.kiosk.now_ms()))
    rig.kiosk.pass_time(1100)
    assert [round(ms) for ms in np.diff(switched)] == [250] * 3
    rig.kiosk.pass_time(6000)
    assert rig.safe()
    assert rig.resets_ms == [], "it waits, and starts nothing again and again"
