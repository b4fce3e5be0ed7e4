"""Commands and their refusals, the handshake as the device sees it, log and health."""

from __future__ import annotations

import struct

import pytest

from kiosk import wire
from stillscan.errors import DeviceError
from stillscan.link.framing import Decoder, encode
from stillscan.link.messages import Error, Health, Hello, Log

from ..wire.cases import cases
from .rig import ALL, Rig, row_seen, slip


def test_hello() -> None:
    with Rig(boot_id=77) as rig:
        hello = rig.hello
        assert (hello.major, hello.minor, hello.board_name, hello.boot_id) == (wire.MAJOR, wire.MINOR, "simulator", 77)
        assert (hello.width_px, hello.rows, hello.pitch_nm, hello.line_us) == (1476, 274, 84667, 2950)
        assert (hello.max_frame, hello.band_lines) == (wire.MAX_FRAME, 1)
        assert hello.capabilities & wire.CAN_DEPTH8


def test_another_major_version_is_refused() -> None:
    """HELLO is answered, so that the host can say what is wrong; then ERROR, and no subscription until it is right."""
    with Rig() as rig:
        rig.host.send(wire.C_HELLO, wire.MAJOR + 1, 0, b"")
        hello, error = (m for m in rig.listen(50) if isinstance(m, Hello | Error))
        assert isinstance(hello, Hello)
        assert hello.major == wire.MAJOR
        assert error == Error(wire.E_VERSION, wire.C_HELLO)
        assert rig.ask(wire.C_SUBSCRIBE, ALL) == Error(wire.E_VERSION, wire.C_SUBSCRIBE)
        rig.place()
        assert rig.listen(2000) == [], "not a word to a host that is not understood"
        rig.connect()
        rig.until(wire.DONE)


def test_newer_minor_version_is_welcome() -> None:
    """Longer bodies and unknown types; both are counted where the protocol says so."""
    with Rig() as rig:
        rig.kiosk.write(encode(wire.C_HELLO, 7, wire.pack(wire.C_HELLO, wire.MAJOR, 200, b"") + b"\x01\0more"))
        rig.kiosk.write(encode(wire.C_SUBSCRIBE, 8, wire.pack(wire.C_SUBSCRIBE, ALL) + b"\xff"))
        rig.kiosk.write(encode(0x70, 9, b"a command of tomorrow"))
        rig.place()
        rig.next(Hello)
        rig.until(wire.DONE)
        health = rig.host.health()
        assert health is not None
        assert (health.unknown, health.bad_frame, health.bad_crc) == (1, 0, 0)


def test_counters_of_damaged_frames() -> None:
    with Rig() as rig:
        good = encode(wire.C_SWEEP, 1, wire.pack(wire.C_SWEEP, 0, 1))
        for piece in (
            good[:-3] + bytes((good[-3] ^ 1,)) + good[-2:],  # CRC
            good[:4] + b"\0",  # cut off
            b"\r\nhello\r\n\0",  # noise
            b"\x11" * 500 + b"\0",  # longer than any command
            encode(wire.C_SWEEP, 2, b"\x01"),  # short body: ERROR malformed
            encode(wire.C_CREDIT, 3, b"\x01"),  # the same, CREDIT gets no answer
            encode(wire.M_STATE, 4, bytes(9)),  # no command
            encode(0, 5, b""),
        ):
            rig.kiosk.write(piece)
        errors = [m for m in rig.listen(200) if isinstance(m, Error)]
        assert errors == [Error(wire.E_MALFORMED, wire.C_SWEEP)]
        health = rig.host.health()
        assert health is not None
        assert (health.bad_crc, health.bad_frame, health.oversized, health.unknown) == (1, 4, 1, 2)


def test_garbage_in_mid_sweep_costs_nothing() -> None:
    """A hostile neighbour on the line while the host's credit comes through between."""
    with Rig() as rig:
        noise = [piece for piece in cases(2000, 3) if not _is_command(piece)]
        rig.place()
        for piece in noise[:200]:
            rig.kiosk.write(piece + b"\0")
            rig.poll(20)
        rig.until(wire.DONE)
        assert [row_seen(b) for b in rig.bands(1)] == list(range(274))
        health = rig.host.health()
        assert health is not None
        assert health.bad_crc + health.bad_frame + health.oversized > 50
        assert health.faults == 0


def test_noise_without_end_does_not_hold_up_the_loop() -> None:
    """A neighbour that never falls silent: the document is seen while its bytes still wait; the next host is served."""
    with Rig() as rig:
        rig.kiosk.write(b"\x55" * 1_000_000)
        rig.place()
        rig.until(wire.STILL)
        assert len(rig.bus.usb.to_device) > 900_000
        rig.bus.usb.to_device.clear()
        rig.connect()
        rig.until(wire.DONE)


def _is_command(piece: bytes) -> bool:
    return any(frame.kind < wire.M_HELLO for frame in Decoder().feed(piece + b"\0"))


def test_log_keeps_the_newest_64() -> None:
    with Rig() as rig:
        for value in range(300, 400):
            rig.host.set(0, value)
        log = rig.host.log()
        assert isinstance(log, Log)
        entries = list(struct.iter_unpack(wire.LOG_ENTRY, log.entries))
        assert [entry[1:] for entry in entries] == [(wire.EV_SETTING, 0, value) for value in range(336, 400)]
        times = [entry[0] for entry in entries]
        assert times == sorted(times)


def test_log_tells_an_abort() -> None:
    with Rig() as rig:
        rig.place(slip(600))
        rig.until(wire.DONE)
        log = rig.host.log()
        assert log is not None
        entries = [entry[1:] for entry in struct.iter_unpack(wire.LOG_ENTRY, log.entries)]
        assert entries[0] == (wire.EV_BOOT, 0, 0)
        assert (wire.EV_HOST, wire.MAJOR, wire.MINOR) in entries
        assert (wire.EV_ABORT, wire.SLIP, rig.aborts()[0].row) in entries
        assert entries[-1] == (wire.EV_STATE, wire.DONE, 0)


def test_health_counts_and_comes_by_itself() -> None:
    with Rig(streams=ALL | wire.STREAM_HEALTH) as rig:
        rig.place(slip(600))
        rig.until(wire.DONE)
        sent = len(rig.bands(1)) + len(rig.bands(2))
        scanning = [m for m in rig.heard if isinstance(m, Health)]
        rig.heard.clear()
        rig.listen(5000)
        health = [m for m in rig.heard if isinstance(m, Health)]
        assert len(health) in (4, 5)
        assert (health[-1].sweeps, health[-1].lines, health[-1].aborts, health[-1].faults) == (2, sent, 1, 0)
        assert len(scanning) <= 2, "not while scanning"
        assert 0 < health[-1].heap_free_min <= health[-1].heap_free
        rig.heard.clear()
        rig.setting("health", 100)
        rig.listen(1000)
        assert len([m for m in rig.heard if isinstance(m, Health)]) >= 8


def test_wrong_length_commands_of_the_host_raise() -> None:
    """The host's own session refuses what a device would not understand."""
    with Rig() as rig:
        with pytest.raises(DeviceError, match="refuses setting 200: unknown_setting"):
            rig.host.set(200, 1)
        assert rig.state == wire.EMPTY
