"""The scanner, asked twice with a few seconds between: who it is, its health before and after, settings, event log.

Nothing is changed on it, and no document is scanned. Its parts are measured over an empty glass, which a paired scanner
allows who has its key; everything else are questions, which it answers to anybody. A new thing that scanners tell is
one more line in `PARTS`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from kiosk import wire
from stillscan.boards.settings import known
from stillscan.errors import DeviceError, StillscanError
from stillscan.link.identity import Admission, NotPairedError
from stillscan.link.messages import Health, Hello, Message, State, named, plain
from stillscan.link.session import Session
from stillscan.link.transport import LinkLostError, Transport
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.bundle import remembered
from stillscan.technician.bundle.hidden import Hidden
from stillscan.technician.bundle.look import LOOK, looked
from stillscan.technician.bundle.measured import measured
from stillscan.technician.measuring import Clock
from stillscan.technician.through_kiosk import KioskPort

_POLL_MS = 200.0  # between two looks whether the run is over
_LEFT_OUT = ("boot_id", "streams")  # the one is a name of a start, the other is of this program itself
_CAPABILITIES = {
    "infrared": wire.CAN_INFRARED, "depth4": wire.CAN_DEPTH4, "depth8": wire.CAN_DEPTH8,
    "calibrate": wire.CAN_CALIBRATE,
}  # fmt: skip


class Visited(NamedTuple):
    """``trouble``: the kind of what was in the way, None for nothing; ``parts`` by name of their file."""

    trouble: str | None
    parts: dict[str, Any]


class Asked(NamedTuple):
    """An open session, and what was learnt at its beginning."""

    session: Session
    hello: Hello
    standing: str
    seconds: float
    hidden: Hidden
    clock: Clock | None
    """The scanner's beside ours from here on; None: it does not tell its own."""


def _scanner(asked: Asked) -> dict[str, Any]:
    """Who it is, and which version runs."""
    hello, told = asked.hello, asked.session.installed()
    facts: dict[str, Any] = {
        "reached": True,
        "standing": asked.standing,
        "scanner": None if hello.scanner_id is None else asked.hidden.of("scanner", hello.scanner_id),
        "board": hello.board_name,
        "firmware": hello.firmware,
        "protocol": f"{hello.major}.{hello.minor}",
        "width_px": hello.width_px,
        "rows": hello.rows,
        "line_us": hello.line_us,
        "can": [name for name, bit in _CAPABILITIES.items() if hello.capabilities & bit],
        "starts_of_pairing": hello.epoch,
        **remembered.condition(asked.session, hello, asked.hidden),
    }
    if told is None:
        return facts
    facts |= {"build": plain(told.build) or None, "on_trial": bool(told.trial)}
    return facts | {"build_failed": plain(told.failed) or None, "why_failed": named(wire.ROLLBACKS, told.why)}


def _settings(asked: Asked) -> dict[str, Any]:
    """Each setting; of a value beyond its range only that it is."""
    ours, rows, values = known(), [], {}
    for name, setting in asked.session.settings().items():
        row = ours.rows.get(name)
        fits = row is not None and ours.fits(name, setting.value)
        usual = setting.default if row is not None and ours.fits(name, setting.default) else None
        told = {"setting": name, "value": setting.value if fits else None, "default": usual, "in_range": None}
        if row is not None:  # a range that only the scanner tells may be any number
            told |= {"in_range": fits, "low": row.low, "high": row.high, "unit": row.unit}
            values[name] = setting.value
        rows.append({**told, "unexpected": setting.value != setting.default})
    return {"settings": rows, "clash": list(ours.clash(values))}


def _health(asked: Asked) -> dict[str, Any]:
    """Counters at the start and at the end of a short run, and what came over the line meanwhile."""
    session = asked.session
    start = _counters(session)
    seen: list[dict[str, Any]] = []
    end_ms = session.transport.now_ms() + asked.seconds * 1000
    while (left := end_ms - session.transport.now_ms()) > 0:
        told = _told(session.poll(min(left, _POLL_MS)))
        if told is not None:
            seen.append(told)
    end, line = _counters(session), session.reception
    counted = {
        "noise": line.noise, "lost_frames": line.lost_frames, "malformed": line.malformed, "unknown": line.unknown,
        "unproven": line.unproven,
    }  # fmt: skip
    return {"seconds": asked.seconds, "start": start, "end": end, "line": counted, "states": seen}


def _counters(session: Session) -> dict[str, int | None] | None:
    health = session.health()
    if health is None:
        return None
    return {name: getattr(health, name) for name in Health._fields if name not in _LEFT_OUT}


def _told(message: Message | None) -> dict[str, Any] | None:
    """A state, as its names."""
    if not isinstance(message, State):
        return None
    names = {"state": wire.STATES, "cause": wire.CAUSES, "part": wire.PARTS, "fault": wire.FAULTS}
    return {field: named(table, getattr(message, field)) for field, table in names.items()}


_DETAILS = {
    wire.EV_STATE: ("state", wire.STATES, "cause", wire.CAUSES),
    wire.EV_ABORT: ("cause", wire.CAUSES, "row", ()),
    wire.EV_FAULT: ("part", wire.PARTS, "fault", wire.FAULTS),
}
"""What detail and value of an event mean (PROTOCOL.md, LOG)."""


def _log(asked: Asked) -> dict[str, Any]:
    """The scanner's own events, with their age in seconds."""
    told, health = asked.session.log(), asked.session.health()
    entries = []
    for t_ms, event, detail, value in struct.iter_unpack(wire.LOG_ENTRY, told.entries if told else b""):
        row: dict[str, Any] = {"event": named(wire.EVENTS, event) if event < len(wire.EVENTS) else "unknown"}
        if health is not None:
            row["seconds_ago"] = max(0, health.uptime_ms - t_ms) // 1000
        if event in _DETAILS:
            first, names, second, others = _DETAILS[event]
            row |= {first: named(names, detail), second: named(others, value) if others and value >= 0 else value}
        entries.append(row)
    return {"answered": told is not None, "entries": entries}


PARTS: dict[str, tuple[str, Callable[[Asked], dict[str, Any]]]] = {
    "scanner.json": ("the scanner: board, firmware, build, pairing", _scanner),
    "settings.json": ("the scanner's settings, with their ranges", _settings),
    "health.json": ("the scanner's counters at the start and the end of a short run, and errors of the line", _health),
    "device-log.json": ("the scanner's own event log: starts, states, aborts, faults, calibrations", _log),
    "counters.json": ("the scanner's counters for life", lambda asked: remembered.life(asked.session, asked.hello)),
    "calibrations.json": (
        "the calibration in force, the specks that it bridges, and when the next is due",
        lambda asked: remembered.calibrations(asked.session, asked.hello),
    ),
    "history.json": (
        "events that outlived power cuts",
        lambda asked: remembered.history(asked.session, asked.hello),
    ),
    "parts.json": (
        "the scanner's parts beside the limits of a sound one, measured in short",
        lambda asked: measured(asked.session, asked.hello, asked.clock),
    ),
}
"""By file: what it tells, and the question. In this order they are asked."""


def visit(
    connect: Callable[[], Transport] | None,
    admission: Callable[[], Admission],
    seconds: float,
    hidden: Hidden,
    *,
    look: bool = False,
) -> Visited:
    """Ask everything, and ``look`` at the empty glass.

    Trouble is told in the result: a bundle is made without a scanner too.
    """
    if connect is None:
        return _nothing("missing")
    through_kiosk = False

    def connected() -> Transport:
        nonlocal through_kiosk
        transport = connect()
        through_kiosk = isinstance(transport, KioskPort)
        return transport

    try:
        asked = _opened(connected, admission, seconds, hidden)
    except DeviceError as error:
        return _nothing(error.kind, through_kiosk)
    parts: dict[str, Any] = {}
    trouble: str | None = None
    try:
        for name, (_, ask) in PARTS.items():
            parts[name] = _answered(ask, asked)
        if look:
            parts[LOOK] = looked(asked.session)
    except LinkLostError as error:  # what was told before it went away stays
        trouble = error.kind
    finally:
        asked.session.close()
    parts.setdefault("scanner.json", {"reached": False}).setdefault("trouble", trouble)
    if through_kiosk:
        parts["scanner.json"]["through_kiosk"] = True
    return Visited(trouble, parts)


def _answered(ask: Callable[[Asked], dict[str, Any]], asked: Asked) -> dict[str, Any]:
    """A part; of a question that is refused or not answered the kind of trouble. LinkLostError."""
    try:
        return ask(asked)
    except LinkLostError:
        raise
    except DeviceError as error:
        return {"trouble": error.kind}


def _nothing(kind: str, through_kiosk: bool = False) -> Visited:
    through = {"through_kiosk": True} if through_kiosk else {}
    return Visited(kind, {"scanner.json": {"reached": False, "trouble": kind, **through}})


def _opened(
    connect: Callable[[], Transport], admission: Callable[[], Admission], seconds: float, hidden: Hidden
) -> Asked:
    """A session: proven where the records know this scanner, else for questions alone. DeviceError."""
    standing = "paired"

    def admit(hello: Hello, transport: Transport) -> bytes | None:
        nonlocal standing
        if isinstance(transport, KioskPort):
            return None  # the kiosk has seen to it
        try:
            key = admission()(hello, transport)
        except NotPairedError as error:
            standing = error.kind
        except StillscanError:
            standing = "records"
        else:
            standing = "unpaired" if key is None else "paired"
            return key
        return None

    try:
        return _greeted(connect, admit, lambda: standing, seconds, hidden)
    except NotPairedError as error:  # it does not prove what it says: questions it answers all the same
        kind = error.kind
    return _greeted(connect, lambda *_: None, lambda: kind, seconds, hidden)


def _greeted(
    connect: Callable[[], Transport], admit: Admission, standing: Callable[[], str], seconds: float, hidden: Hidden
) -> Asked:
    session = Session(connect(), admission=admit)
    try:
        hello = session.open(wire.STREAM_EVENTS)
        clock = _clock(session, hello)
    except BaseException:
        session.close()
        raise
    return Asked(session, hello, standing(), seconds, hidden, clock)


def _clock(session: Session, hello: Hello) -> Clock | None:
    """LinkLostError."""
    try:
        return Clock(AtScanner(session)) if hello.minor >= remembered.SINCE else None
    except LinkLostError:
        raise
    except DeviceError:
        return None
