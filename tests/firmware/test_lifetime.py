"""What a device remembers of its whole life: counters and events, through power cuts and full file systems."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from kiosk import wire
from stillscan.link.messages import Counters, Error, History, Identity, State

from .rig import REST, Rig, slip

pytestmark = pytest.mark.process
MINUTE_MS = 61_000
HASTY = str(Path(__file__).parent / "board_hasty.py")  # a minute lasts half a second
STORED_MS = 700
Files = dict[str, bytes | None]


def kept(rig: Rig) -> Files:
    """What lies on the board now."""
    return {path.name: path.read_bytes() for path in rig.folder.iterdir() if path.is_file() and path.suffix != ".txt"}


def counters(rig: Rig) -> tuple[int, ...]:
    rig.host.send(wire.C_COUNTERS)
    return rig.next(Counters).values


def history(rig: Rig) -> bytes:
    found = b""
    while True:
        rig.host.send(wire.C_HISTORY, len(found))
        piece = rig.next(History)
        assert piece.offset == len(found)
        found += piece.data
        if not piece.data:
            assert len(found) == piece.total
            return found


def records(data: bytes) -> list[tuple[int, bytes]]:
    """As PROTOCOL.md says: what does not fit its CRC-32 is passed over, byte by byte."""
    found = []
    at = 0
    while at + 6 <= len(data):
        end = at + 2 + data[at + 1]
        if data[end : end + 4] == zlib.crc32(data[at:end]).to_bytes(4, "little"):
            found.append((data[at], data[at + 2 : end]))
            at = end + 4
        else:
            at += 1
    return found


def events(data: bytes) -> list[tuple[int, int, int]]:
    return [entry[1:] for kind, body in records(data) if kind == 2 for entry in struct.iter_unpack("<IBBh", body)]


def test_counters_go_on_where_the_power_was_cut() -> None:
    with Rig() as rig:
        for motion in (REST, slip(500)):
            rig.place(motion)
            rig.until(wire.DONE)
            rig.host.send(wire.C_FINISH, 1)
            rig.clear()
            rig.until(wire.EMPTY)
        before = counters(rig)
        assert before[wire.SWEEPS] == 3
        assert before[wire.ABORTS + wire.SLIP] == 1
        assert before[wire.LINES_SENT] > 500
        assert before[wire.STARTS] == 1
        assert 1 <= before[wire.LAMP_S] <= 5
        assert not (rig.folder / "counters.a").exists(), "nothing is written before a minute is over"
        rig.listen(MINUTE_MS)
        files = kept(rig)
    with Rig(files=files, boot_id=2) as rig:
        after = counters(rig)
        assert after[wire.STARTS] == 2
        assert after[wire.STORES] == 1
        assert after[wire.POWERED_S] >= 60
        for number in (wire.SWEEPS, wire.LINES_SENT, wire.ABORTS + wire.SLIP):
            assert after[number] == before[number]
        assert after[wire.LAMP_S] >= before[wire.LAMP_S]
        rig.place()
        rig.until(wire.DONE)
        assert counters(rig)[wire.SWEEPS] == 4


def test_at_most_one_write_a_minute_and_none_while_scanning() -> None:
    with Rig() as rig:
        rig.setting("time_limit", 120_000)
        rig.bus.usb.stalled = False
        rig.host.credit = lambda message: 20  # the sweep waits for more, again and again
        rig.setting("stall", 10_000)
        rig.listen(55_000)
        rig.place()
        rig.until(wire.SCANNING)
        rig.listen(9_000)
        assert rig.state == wire.SCANNING
        assert not list(rig.folder.glob("counters.*"))
        rig.host.credit = None
        rig.clear()
        rig.until(wire.EMPTY)
        rig.listen(1000)
        assert len(list(rig.folder.glob("counters.*"))) == 1
        stores = counters(rig)[wire.STORES]
        rig.listen(MINUTE_MS)
        assert counters(rig)[wire.STORES] == stores + 1
        assert len(list(rig.folder.glob("counters.*"))) == 2


def test_a_cut_within_any_write_costs_one_write_at_most() -> None:
    """The newer file cut off after some of its bytes, or never begun: the older one counts."""
    with Rig(script=HASTY) as rig:
        rig.setting("dwell", 200)
        rig.listen(STORED_MS)
        first = kept(rig)
        stores = counters(rig)[wire.STORES]
        rig.listen(500)
        second = kept(rig)
        assert counters(rig)[wire.STORES] == stores + 1
    (newer,) = [name for name in second if name.startswith("counters.") and second[name] != first.get(name)]
    whole = second[newer]
    assert whole is not None
    flipped = whole[:20] + bytes((whole[20] ^ 1,)) + whole[21:]
    for content in (b"", whole[:1], whole[:80], whole[:-1], flipped):
        with Rig(files={**second, newer: content}, boot_id=2) as rig:
            assert counters(rig)[wire.STORES] == stores, len(content)
    with Rig(files={**second, newer: flipped}, boot_id=2, script=HASTY) as rig:
        rig.listen(STORED_MS)
        assert counters(rig)[wire.STORES] > stores, "and the damaged one is written over"


def test_events_outlive_a_power_cut() -> None:
    with Rig(script=HASTY) as rig:
        rig.place(slip(500))
        rig.until(wire.DONE)
        rig.clear()
        rig.until(wire.EMPTY)
        rig.setting("dwell", 200)
        rig.listen(STORED_MS)
        files = kept(rig)
    with Rig(script=HASTY, files=files, boot_id=7) as rig:
        told = events(history(rig))
        assert (wire.EV_ABORT, wire.SLIP) in [event[:2] for event in told]
        assert (wire.EV_SETTING, 0, 200) in told
        assert not [event for event in told if event[0] == wire.EV_STATE], "too many to keep"
        rig.listen(STORED_MS)
        starts = [struct.unpack("<IB", body) for kind, body in records(history(rig)) if kind == 1]
        assert starts == [(1, 1), (7, 1)]


def test_events_take_4_kib_at_most_and_the_newest_stay() -> None:
    with Rig(script=HASTY) as rig:
        number = rig.host.settings()["dwell"].setting
        for value in range(400):
            rig.host.set(number, 100 + value)
            if value % 40 == 39:
                rig.listen(STORED_MS)
        data = history(rig)
        sizes = [path.stat().st_size for path in sorted(rig.folder.glob("events.*"))]
        assert max(sizes) <= 2048
        assert len(data) == sum(sizes) > 2048
        told = [event[2] for event in events(data) if event[0] == wire.EV_SETTING]
        assert told[-1] == 499
        assert told == sorted(told), "the oldest first"


def test_a_record_that_was_cut_off_hides_no_later_one() -> None:
    with Rig(script=HASTY) as rig:
        rig.setting("dwell", 200)
        rig.listen(STORED_MS)
        files = kept(rig)
    (name,) = [name for name in files if name.startswith("events.")]
    content = files[name]
    assert content is not None
    with Rig(script=HASTY, files={**files, name: content[:-3]}, boot_id=2) as rig:
        rig.setting("dwell", 300)
        rig.listen(STORED_MS)
        assert (wire.EV_SETTING, 0, 300) in events(history(rig))


def test_the_traceback_of_a_defect_is_kept_at_once() -> None:
    with Rig(script=str(Path(__file__).parent / "board_defect.py")) as rig:
        rig.place()
        rig.until(wire.FAULT)
        rig.listen(200)
        files = kept(rig)
    with Rig(files=files, boot_id=2) as rig:
        text = b"".join(body for kind, body in records(history(rig)) if kind == 3).decode()
        assert "Traceback" in text
        assert len(text) <= 4096
        assert counters(rig)[wire.DEFECTS] == 1


@pytest.mark.parametrize("name", ["counters.a", "counters.b", "events.a", "events.b"])
def test_a_file_system_that_refuses_costs_the_memory_and_nothing_else(name: str) -> None:
    with Rig(script=HASTY, files={name: None}) as rig:
        rig.listen(2 * STORED_MS)
        assert rig.state == wire.EMPTY
        rig.host.send(wire.C_COUNTERS)
        assert isinstance(rig.next(Counters), Counters)
        rig.place()
        rig.until(wire.DONE)


def test_files_of_a_newer_firmware_or_of_nonsense_are_no_harm() -> None:
    newer = bytes((200, 3)) + b"abc"
    record = newer + zlib.crc32(newer).to_bytes(4, "little")
    with Rig(
        script=HASTY, files={"events.a": record * 3, "events.b": b"\xff" * 5000, "counters.a": b"\0" * 400}
    ) as rig:
        rig.setting("dwell", 200)
        rig.listen(STORED_MS)
        assert (wire.EV_SETTING, 0, 200) in events(history(rig))
        assert counters(rig)[wire.STORES] >= 1


def test_who_it_is_and_when_it_was_calibrated() -> None:
    with Rig() as rig:
        rig.host.send(wire.C_IDENTITY)
        told = rig.next(Identity)
        assert told.number == rig.bus.chip.serial.hex()
        assert (told.reset_cause, told.temperature_c, told.supply) == (wire.POWER, 31.0, 4900)
        assert (told.calibrated, told.calibrated_at) == (0, wire.NO_TEMPERATURE), "by itself, when it was new"
        rig.host.send(wire.C_CALIBRATE, 1_795_953_600, 0)
        assert rig.next(State).state == wire.EMPTY
        rig.host.send(wire.C_IDENTITY)
        told = rig.next(Identity)
        assert (told.calibrated, told.calibrated_at) == (1_795_953_600, 3100)
        files = kept(rig)
    with Rig(files=files, boot_id=2) as rig:
        rig.host.send(wire.C_IDENTITY)
        assert rig.next(Identity).calibrated == 1_795_953_600
    with Rig(files={**files, "calibrated.json": b'{"00": [1]'}, boot_id=3) as rig:
        rig.host.send(wire.C_IDENTITY)
        assert rig.next(Identity).calibrated == 0


def test_a_module_that_cannot_be_loaded_is_told() -> None:
    """As on a board whose flash lost a bit since it was started."""
    with Rig(script=str(Path(__file__).parent / "board_unloadable.py")) as rig:
        assert rig.ask(wire.C_COUNTERS) == Error(wire.E_FAILED, wire.C_COUNTERS)
        assert rig.ask(wire.C_SERVICE, 10) == Error(wire.E_FAILED, wire.C_SERVICE)
        assert rig.state == wire.EMPTY
        rig.place()
        rig.until(wire.DONE)
