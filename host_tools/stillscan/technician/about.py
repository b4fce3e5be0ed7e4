"""What a scanner says of itself, as programs and pages are told it: who it is, its counters, its settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from kiosk import wire
from stillscan.link.messages import named, plain
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.calibrating import due
from stillscan.technician.history import events, told

SETTINGS = {
    "dwell": "quiet before a sweep begins",
    "attempts": "sweeps of one document",
    "time_limit": "for one document, from when it is laid down",
    "slip": "movement within 50 ms that stops a sweep",
    "bump": "acceleration that stops a sweep",
    "flow_scale": "what the flow sensor counts in a decimetre",
    "squal_min": "quality of the flow sensor below which nothing lies there",
    "lamp": "brightness of the lamp",
    "infrared": "1: near infrared, 0: white",
    "depth": "of each pixel on its way to the computer",
    "stall": "without a computer that takes lines, until a sweep stops",
    "removed": "nothing on the glass, until a check ends",
    "health": "between two messages about its health",
    "line": "one line of the line sensor",
    "dwell_again": "quiet before a sweep goes on after movement",
    "restart_only": "1: after any movement a sweep begins anew",
    "ring": "brightness of the ring light; 0: dark",
    "volume": "how loud the beeper is; 0: silent",
    "bump_times": "a bump is at least so many times what the empty glass has",
    "slip_times": "a slip is at least so many times what the empty glass has",
    "line_8": "one line at 8 bits a pixel, where that is longer",
    "first_row": "where the sweep of a new document begins",
}
"""What each of the scanner's settings is (`kiosk.settings`), beside its unit."""
NOTHING = {"scanner": "not paired", "calibrated": "by itself only"}
"""What it means to people that `info` has nothing there; of all else it is not known."""


def info(at: AtScanner) -> dict[str, object]:
    """What `scanner info --json` says. DeviceError: it does not answer."""
    hello = at.session.hello
    if hello is None:
        raise AssertionError("the session is open")
    identity, counters, installed = at.identity(), at.counters(), at.session.installed()
    calibrated = datetime.fromtimestamp(identity.calibrated, UTC).isoformat() if identity.calibrated else None
    return {
        "serial": identity.number,
        "board": hello.board_name,
        "firmware": hello.firmware,
        "build": (plain(installed.build) or None) if installed is not None else None,
        "protocol": f"{hello.major}.{hello.minor}",
        "scanner": hello.scanner_id,
        "state": named(wire.STATES, at.state),
        "calibrated": calibrated,
        "calibration": due(identity),
        "lamp_hours": round(counters[wire.LAMP_S] / 3600, 2),
        "powered_hours": round(counters[wire.POWERED_S] / 3600, 2),
        "reset_cause": named(wire.RESET_CAUSES, identity.reset_cause),
        "temperature_c": identity.temperature_c,
        "supply_v": identity.supply / 1000 if identity.supply else None,
    }


def health(at: AtScanner) -> dict[str, dict[str, int | None]]:
    """What `scanner health --json` says: counters since power-on, and of its whole life. DeviceError."""
    return {"since_power_on": at.health()._asdict(), "life": _life(at.counters())}


def _life(counters: tuple[int, ...]) -> dict[str, int | None]:
    """Counters by name; those of causes and parts that never came are left out."""
    named_ones: dict[str, int | None] = dict(zip(wire.COUNTERS, counters, strict=False))
    for first, names, kind in ((wire.ABORTS, wire.CAUSES, "aborts"), (wire.PART_FAULTS, wire.PARTS, "faults")):
        for number, count in enumerate(counters[first : first + 16]):
            if count:
                named_ones[f"{kind}_{named(names, number)}"] = count
    return named_ones


def happened(at: AtScanner) -> dict[str, list[dict[str, object]]]:
    """What `scanner log --json` says: events that outlived power cuts, and those since power-on. DeviceError."""
    kept = told(at.history())
    recent = events(at.log().entries)
    return {"kept": [one._asdict() for one in kept], "since_power_on": [one._asdict() for one in recent]}


def settings(at: AtScanner, former: Mapping[str, int]) -> list[dict[str, object]]:
    """What `scanner settings --json` says; ``former``: what was changed had this value before. DeviceError."""
    return [
        {
            "name": name, "value": s.value, "unit": plain(s.unit), "default": s.default, "low": s.low, "high": s.high,
            "former": former.get(name), "about": SETTINGS.get(name, ""),
        }
        for name, s in at.session.settings().items()
    ]  # fmt: skip
