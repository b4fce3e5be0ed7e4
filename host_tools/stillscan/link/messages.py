"""What a device says, typed. The fields and their order are wire.BODIES; a test holds both together."""

from __future__ import annotations

# long-ok: one table of what a device says: a type a message, and how it is read
import struct
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kiosk import wire
from stillscan.errors import one_line


def plain(field: bytes) -> str:
    """The text of a field of fixed length, printable whatever the device put there."""
    return one_line(field.rstrip(b"\0").decode("ascii", "replace"))


class Hello(NamedTuple):
    major: int
    minor: int
    fw_major: int
    fw_minor: int
    fw_patch: int
    board: bytes
    boot_id: int
    width_px: int
    rows: int
    pitch_nm: int
    line_us: int
    max_frame: int
    band_lines: int
    capabilities: int
    nonce: bytes = bytes(16)
    """Of this HELLO; zeros from a scanner that is not paired."""
    scanner: bytes = bytes(8)
    """The id that it got at its pairing; zeros from one that is not paired."""
    epoch: int = 0
    """How often its sequence has begun anew."""

    @property
    def scanner_id(self) -> str | None:
        """Hexadecimal; None for a scanner that is not paired."""
        return self.scanner.hex() if any(self.scanner) else None

    @property
    def firmware(self) -> str:
        return f"{self.fw_major}.{self.fw_minor}.{self.fw_patch}"

    @property
    def board_name(self) -> str:
        return plain(self.board)


class State(NamedTuple):
    state: int
    cause: int
    part: int
    fault: int
    attempt: int
    t_ms: int


class SweepBegin(NamedTuple):
    sweep: int
    attempt: int
    first_row: int
    last_row: int
    t_ms: int
    track: int


class SweepEnd(NamedTuple):
    sweep: int
    bands: int
    last_row: int
    t_ms: int


class Abort(NamedTuple):
    sweep: int
    cause: int
    row: int
    t_ms: int
    latency_us: int
    dx_um: int
    dy_um: int


class Health(NamedTuple):
    uptime_ms: int
    heap_free: int
    heap_free_min: int
    sweeps: int
    lines: int
    aborts: int
    faults: int
    frames_in: int
    bad_crc: int
    bad_frame: int
    oversized: int
    unknown: int
    short_writes: int
    credit_waits: int
    streams: int | None = None
    """What is subscribed to now; None from firmware that is older than the field."""
    boot_id: int | None = None
    """As in HELLO; None as above."""


class Setting(NamedTuple):
    setting: int
    value: int
    default: int
    low: int
    high: int
    name: bytes
    unit: bytes


class Error(NamedTuple):
    code: int
    about: int


class Installed(NamedTuple):
    slot: int
    trial: int
    build: bytes
    failed: bytes
    why: int


class Identity(NamedTuple):
    serial_bytes: int
    serial: bytes
    reset_cause: int
    temperature: int
    supply: int
    calibrated: int
    calibrated_at: int

    @property
    def number(self) -> str | None:
        """The board's serial number, hexadecimal; None when it has none, or one that no board can have."""
        serial = self.serial[: self.serial_bytes]
        return serial.hex() if any(serial) else None

    @property
    def temperature_c(self) -> float | None:
        """Of the chip; None when it is not measured."""
        return None if self.temperature == wire.NO_TEMPERATURE else self.temperature / 100


class Counters(NamedTuple):
    """``values``: as many as the device has; ``wire.COUNTERS``, then causes of aborts and parts (PROTOCOL.md)."""

    values: tuple[int, ...]


class History(NamedTuple):
    """``data``: a part of the stored events, from ``offset`` of ``total`` bytes on."""

    offset: int
    total: int
    data: bytes


class Service(NamedTuple):
    on: int
    left: int
    why: int
    row0_steps: int


class LineHeader(NamedTuple):
    number: int
    place: int
    lamp: int
    level: int
    t_us: int
    width_px: int


class Line(NamedTuple):
    """``samples``: (width_px,) uint8, as the converter gave them."""

    header: LineHeader
    samples: NDArray[np.uint8]


class Sample(NamedTuple):
    t_us: int
    dx: int
    dy: int
    squal: int
    good: int
    x_mg: int
    y_mg: int
    z_mg: int
    pins: int


class Value(NamedTuple):
    what: int
    number: int
    value: int
    flag: int
    t_us: int


class Measured(NamedTuple):
    what: int
    reached: int
    part: int
    fault: int


class Calibration(NamedTuple):
    """``specks``: (first pixel, pixels), ``strip`` of them on the white strip, then those on the sensor."""

    when: int
    temperature: int
    former: int
    strip: int
    sensor: int
    specks: tuple[tuple[int, int], ...]


class Uploaded(NamedTuple):
    """``high``, ``low``: the first 8 bytes of a file's SHA-256; 0 of none."""

    step: int
    value: int
    high: int
    low: int


class BandHeader(NamedTuple):
    sweep: int
    band: int
    row: int
    lines: int
    depth_bits: int
    t_us: int
    dx_um: int
    dy_um: int
    squal: int
    lamp: int
    width_px: int


class Band(NamedTuple):
    """``pixels``: (lines, width_px) uint8, flat-fielded, 0 black, whatever the depth on the wire was."""

    header: BandHeader
    pixels: NDArray[np.uint8]


class Log(NamedTuple):
    """Entries as packed by the device (wire.LOG_ENTRY), oldest first."""

    entries: bytes


Plain = (
    Hello | State | SweepBegin | SweepEnd | Abort | Health | Setting | Error | Installed | Identity | Service | Sample
    | Value | Measured | Uploaded
)  # fmt: skip
Message = Plain | Band | Log | Counters | History | Line | Calibration

PLAIN: dict[int, type[Plain]] = {
    wire.M_HELLO: Hello,
    wire.M_STATE: State,
    wire.M_SWEEP_BEGIN: SweepBegin,
    wire.M_SWEEP_END: SweepEnd,
    wire.M_ABORT: Abort,
    wire.M_HEALTH: Health,
    wire.M_SETTING: Setting,
    wire.M_ERROR: Error,
    wire.M_INSTALLED: Installed,
    wire.M_IDENTITY: Identity,
    wire.M_SERVICE: Service,
    wire.M_SAMPLE: Sample,
    wire.M_VALUE: Value,
    wire.M_MEASURED: Measured,
    wire.M_UPLOADED: Uploaded,
}


def named(names: tuple[str, ...], number: int) -> str:
    """Name of an enumeration's value; a newer minor version may have more of them: those keep their number."""
    return names[number] if number < len(names) else str(number)


def parse(kind: int, body: bytes) -> Message | None:
    """The message of a frame; None for a type that this version does not know. ValueError: the body is malformed."""
    if kind == wire.M_HEALTH:
        return _health(body)
    if kind in PLAIN:
        made: Message = PLAIN[kind](*wire.unpack(kind, body))  # type: ignore[arg-type]
        return made
    rest = WITH_DATA.get(kind)
    return rest(body) if rest is not None else None


_OLD_HEALTH = 42
"""Bytes of a HEALTH of protocol 1.0, which ends before `streams`."""


def _health(body: bytes) -> Health:
    if len(body) == _OLD_HEALTH:
        return Health(*wire.unpack(wire.M_HEALTH, body + bytes(5))[:-2])  # type: ignore[arg-type]
    return Health(*wire.unpack(wire.M_HEALTH, body))  # type: ignore[arg-type]


_NIBBLES = np.array([(byte >> 4, byte & 15) for byte in range(256)], np.uint8) * np.uint8(17)
"""(256, 2): the two pixels of a byte at 4 bits, the left one first, as 8 bits."""


def _band(body: bytes) -> Band:
    header = BandHeader(*wire.unpack(wire.M_BAND, body))  # type: ignore[arg-type]
    pixels = np.frombuffer(body, dtype=np.uint8, offset=wire.BAND_HEADER)
    if header.depth_bits == 4:
        pixels = _NIBBLES[pixels].ravel()
    elif header.depth_bits != 8:
        raise ValueError("unknown depth of pixels")
    if not header.lines or not header.width_px or len(pixels) != header.lines * header.width_px:
        raise ValueError("band of another size than its header says")
    return Band(header, pixels.reshape(header.lines, header.width_px))


def _log(body: bytes) -> Log:
    if len(body) < 1 or len(body) < 1 + 8 * body[0]:
        raise ValueError("log shorter than its count")
    return Log(body[1 : 1 + 8 * body[0]])


def _counters(body: bytes) -> Counters:
    if not body or len(body) < 1 + 4 * body[0]:
        raise ValueError("counters shorter than their count")
    return Counters(struct.unpack_from(f"<{body[0]}I", body, 1))


def _history(body: bytes) -> History:
    offset, total, size = (int(str(value)) for value in wire.unpack(wire.M_HISTORY, body))
    data = body[struct.calcsize(wire.BODIES[wire.M_HISTORY]) :]
    if len(data) < size:
        raise ValueError("history shorter than its head says")
    return History(offset, total, data[:size])  # to whoever has no key a tag is bytes behind it


def _line(body: bytes) -> Line:
    header = LineHeader(*wire.unpack(wire.M_LINE, body))  # type: ignore[arg-type]
    samples = np.frombuffer(body, dtype=np.uint8, offset=wire.LINE_HEADER)
    if not header.width_px or len(samples) != header.width_px:
        raise ValueError("line of another width than its header says")
    return Line(header, samples)


def _calibration(body: bytes) -> Calibration:
    when, temperature, former, strip, sensor = (int(str(value)) for value in wire.unpack(wire.M_CALIBRATION, body))
    data = body[struct.calcsize(wire.BODIES[wire.M_CALIBRATION]) :]
    size = 4 * (strip + sensor)
    if len(data) < size:
        raise ValueError("calibration with fewer specks than its head says")
    return Calibration(when, temperature, former, strip, sensor, tuple(struct.iter_unpack("<HH", data[:size])))


WITH_DATA: dict[int, Callable[[bytes], Message]] = {
    wire.M_BAND: _band,
    wire.M_LOG: _log,
    wire.M_COUNTERS: _counters,
    wire.M_HISTORY: _history,
    wire.M_LINE: _line,
    wire.M_CALIBRATION: _calibration,
}
"""Messages that end with data of a length that their head gives."""
