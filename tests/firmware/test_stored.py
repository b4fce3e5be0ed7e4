"""What the board keeps: settings and the flat-field reference, across restarts, damage and a full file system."""

from __future__ import annotations

import json
import struct
import zlib

import pytest

from kiosk import wire
from stillscan.link.messages import Error, Setting, State
from stillscan.simulator.glass import LINE_PX

from .rig import Rig, row_seen

DEFAULTS = {
    "dwell": 150, "attempts": 60, "time_limit": 15000, "slip": 130, "bump": 256, "flow_scale": 2000, "squal_min": 25,
    "lamp": 100, "infrared": 1, "depth": 8, "stall": 500, "removed": 1500, "health": 1000, "line": 2950,
    "dwell_again": 40, "restart_only": 0, "ring": 40, "volume": 50, "bump_times": 4, "slip_times": 4, "line_8": 2950,
    "first_row": 48,
}  # fmt: skip


NONE_STORED: dict[str, bytes | None] = {"settings.json": b"{}"}


def values(rig: Rig) -> dict[str, int]:
    return {name: setting.value for name, setting in rig.host.settings().items()}


def test_settings_are_read_set_and_stored() -> None:
    with Rig(files=NONE_STORED) as rig:
        settings = rig.host.settings()
        assert values(rig) == DEFAULTS
        assert [s.setting for s in settings.values()] == list(range(len(DEFAULTS)))
        slip_um = settings["slip"]
        assert (slip_um.unit.rstrip(b"\0"), slip_um.default, slip_um.low, slip_um.high) == (b"um", 130, 30, 5000)
        rig.host.send(wire.C_SETTING_GET, slip_um.setting)
        assert rig.next(Setting) == slip_um
        for value in (slip_um.low + 20, slip_um.high, 200):
            rig.host.set(slip_um.setting, value)
        rig.host.set(settings["depth"].setting, 4)
        assert values(rig) == DEFAULTS | {"slip": 200, "depth": 4}
        stored = {name: (rig.folder / name).read_bytes() for name in ("settings.json", "reference.bin")}
    with Rig(files=dict(stored)) as rig:
        assert values(rig) == DEFAULTS | {"slip": 200, "depth": 4}
        assert (rig.folder / "reference.bin").read_bytes() == stored["reference.bin"], "not measured again"
        rig.place()
        rig.until(wire.DONE)
        assert {b.header.depth_bits for b in rig.bands(1)} == {4}
        assert [row_seen(b) for b in rig.bands(1)] == list(range(48, 274))


def test_settings_out_of_range() -> None:
    with Rig(files=NONE_STORED) as rig:
        for number, setting in enumerate(rig.host.settings().values()):
            for value in (setting.low - 1, setting.high + 1, -(2**31), 2**31 - 1):
                assert rig.ask(wire.C_SETTING_SET, number, value) == Error(wire.E_OUT_OF_RANGE, number)
        depth = list(DEFAULTS).index("depth")
        assert rig.ask(wire.C_SETTING_SET, depth, 6) == Error(wire.E_OUT_OF_RANGE, depth)
        for number in (len(DEFAULTS), 254):
            assert rig.ask(wire.C_SETTING_SET, number, 1) == Error(wire.E_UNKNOWN_SETTING, number)
            assert rig.ask(wire.C_SETTING_GET, number) == Error(wire.E_UNKNOWN_SETTING, number)
        assert values(rig) == DEFAULTS
        assert (rig.folder / "settings.json").read_bytes() == b"{}"


def test_nothing_is_stored_while_scanning() -> None:
    with Rig(files=NONE_STORED) as rig:
        rig.place()
        rig.until(wire.SCANNING)
        assert rig.ask(wire.C_SETTING_SET, 0, 300) == Error(wire.E_WRONG_STATE, wire.C_SETTING_SET)
        rig.until(wire.DONE)
        assert len(rig.bands(1)) == 274 - 48
        assert values(rig) == DEFAULTS


def test_file_system_that_refuses() -> None:
    with Rig(files=NONE_STORED) as rig:
        (rig.folder / "settings.json.new").mkdir()
        (rig.folder / "reference.bin.new").mkdir()
        before = (rig.folder / "reference.bin").read_bytes()
        assert rig.ask(wire.C_SETTING_SET, 0, 300) == Error(wire.E_NOT_STORED, 0)
        assert values(rig) == DEFAULTS
        rig.host.send(wire.C_CALIBRATE, 0, 0)
        assert rig.next(Error) == Error(wire.E_NOT_STORED, wire.C_CALIBRATE)
        assert (rig.folder / "reference.bin").read_bytes() == before
        rig.place()
        rig.until(wire.DONE)


DAMAGED = {
    "empty": b"",
    "cut": b'{"slip": 200, "depth"',
    "not json": b"\xff\xfe\x00slip",
    "a list": b'["slip", 200]',
    "a number": b"7",
    "strange keys": b'{[]: 1, "slip": 200}',
    "wrong types": b'{"slip": "200", "depth": 8.0, "dwell": null, "lamp": true, "stall": [500], "bump": {}}',
    "out of range": b'{"slip": 1, "depth": 6, "dwell": 100000, "lamp": -5, "line": 1e99, "stall": 9999999999999}',
    "of the future": b'{"warp": 9}',
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_damaged_settings_leave_the_defaults(content: bytes) -> None:
    with Rig(files={"settings.json": content}) as rig:
        assert values(rig) == DEFAULTS
        rig.setting("slip", 200)
        stored = json.loads((rig.folder / "settings.json").read_text())
        assert stored["slip"] == 200
        rig.place()
        rig.until(wire.DONE)


def test_what_is_whole_in_a_settings_file_counts() -> None:
    with Rig(files={"settings.json": b'{"warp": 9, "slip": 200, "depth": 5, "dwell": 400}'}) as rig:
        assert values(rig) == DEFAULTS | {"slip": 200, "dwell": 400}


# --- reference --------------------------------------------------------------------------------------------------------


def _reference(dark: int, gain: int) -> bytes:
    data = bytes((dark,)) * LINE_PX + struct.pack("<H", gain) * LINE_PX
    return data + struct.pack("<I", zlib.crc32(data))


WHOLE = _reference(12, 256)


@pytest.mark.parametrize(
    "content",
    [b"", WHOLE[:-1], WHOLE + b"\0", bytes((WHOLE[0] ^ 1,)) + WHOLE[1:], bytes(len(WHOLE))],
    ids=["empty", "short", "long", "flipped", "zero"],
)
def test_damaged_reference_is_measured_anew(content: bytes) -> None:
    with Rig(files={"reference.bin": content}) as rig:
        stored = (rig.folder / "reference.bin").read_bytes()
        assert len(stored) == len(WHOLE) + 2 * LINE_PX, "with the gains of the other lamp too"
        assert stored[-4:] == struct.pack("<I", zlib.crc32(stored[:-4]))
        rig.place()
        rig.until(wire.DONE)
        assert [row_seen(b) for b in rig.bands(1)] == list(range(274))


def test_calibrate() -> None:
    with Rig(files={"reference.bin": WHOLE}) as rig:
        rig.host.send(wire.C_CALIBRATE, 0, 0)
        assert rig.next(State).state == wire.EMPTY
        assert (rig.folder / "reference.bin").read_bytes() != WHOLE
        rig.place()
        rig.until(wire.PLACED)
        assert rig.ask(wire.C_CALIBRATE, 0, 0) == Error(wire.E_WRONG_STATE, wire.C_CALIBRATE)
        rig.until(wire.DONE)
        white = [int(b.pixels[0, 1400:].mean()) for b in rig.bands(1)]
        assert min(white) > 225, "paper as bright as the ends of the line should be"


@pytest.mark.parametrize(
    ("fault", "part", "what"),
    [
        ("line-sensor-dark", "lamp", "no_light"),
        ("line-sensor-stuck", "line_sensor", "stuck"),
        ("carriage-jam", "carriage", "home_stuck"),
    ],
)
def test_calibrate_with_a_broken_part(fault: str, part: str, what: str) -> None:
    with Rig() as rig:
        rig.listen(1000)
        before = (rig.folder / "reference.bin").read_bytes()
        rig.kiosk.fail(fault)
        rig.host.send(wire.C_CALIBRATE, 0, 0)
        failed = rig.until(wire.FAULT)
        assert wire.PARTS[failed.part] == part
        assert wire.FAULTS[failed.fault] in (what, "no_home")
        assert rig.safe()
        assert (rig.folder / "reference.bin").read_bytes() == before
