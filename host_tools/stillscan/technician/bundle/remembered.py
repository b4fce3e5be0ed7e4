"""What a scanner remembers of its life (protocol 1.2): counters, calibration, events that outlived power cuts."""

from __future__ import annotations

import builtins
import re
import time
from datetime import UTC, datetime
from functools import cache
from typing import Any

from kiosk import wire
from stillscan.boards.files import boards_folder, firmware_folder
from stillscan.errors import DeviceError
from stillscan.link.messages import Calibration, Hello, named
from stillscan.link.session import Session
from stillscan.link.transport import LinkLostError
from stillscan.technician.at_scanner import AtScanner
from stillscan.technician.bundle.hidden import Hidden
from stillscan.technician.calibrating import DUE_BECAUSE, next_calibration
from stillscan.technician.history import told

SINCE = 2
"""The minor version of the protocol in which scanners tell it, and lend their parts."""
_HOUR_S, _DAY_S = 3600, 86400  # seconds
_PLACE = re.compile(r'File "[^"]*?(\w+)\.(?:py|mpy)", line (\d{1,5})')
_NUMBER = re.compile(r"-?\d[\d.]*")
_TYPE = re.compile(r"\b(\w+(?:Error|Exception|Interrupt))\b")


def condition(session: Session, hello: Hello, hidden: Hidden) -> dict[str, Any]:
    """How it fares: temperature, supply, why it started last, hours of lamp and power, age of its calibration."""
    if hello.minor < SINCE:
        return {}
    at = AtScanner(session)
    try:
        identity, counters = at.identity(), at.counters()
    except LinkLostError:
        raise
    except DeviceError:  # the rest of what it says of itself is worth having all the same
        return {"remembered": False}
    days = (time.time() - identity.calibrated) / _DAY_S if identity.calibrated else None
    return {
        "serial": None if identity.number is None else hidden.of("serial", identity.number),
        "reset_cause": named(wire.RESET_CAUSES, identity.reset_cause),
        "temperature_c": identity.temperature_c,
        "supply_mv": identity.supply or None,
        "calibrated": bool(identity.calibrated),
        "calibrated_days": None if days is None else round(days, 1),
        "lamp_hours": round(counters[wire.LAMP_S] / _HOUR_S, 1),
        "powered_hours": round(counters[wire.POWERED_S] / _HOUR_S, 1),
    }


def life(session: Session, hello: Hello) -> dict[str, Any]:
    """Counters for life by name; aborts by cause and faults by part, where there were any."""
    if hello.minor < SINCE:
        return {}
    counters = AtScanner(session).counters()
    plain = dict(zip(wire.COUNTERS, counters, strict=False))
    return {**plain, "aborts": _by(counters, wire.ABORTS, wire.CAUSES, "cause"),
            "faults": _by(counters, wire.PART_FAULTS, wire.PARTS, "part")}  # fmt: skip


def _by(counters: tuple[int, ...], start: int, names: tuple[str, ...], called: str) -> list[dict[str, Any]]:
    there = zip(names, counters[start : start + len(names)], strict=False)
    return [{called: name, "count": count} for name, count in there if count]


def calibrations(session: Session, hello: Hello) -> dict[str, Any]:
    """The calibration in force: how old, the specks that it bridges, and when the next is due and why."""
    if hello.minor < SINCE:
        return {}
    found = AtScanner(session).ask(Calibration, wire.C_CALIBRATION)
    specks = [{"pixel": first, "pixels": wide, "of": "strip" if number < found.strip else "sensor"}
              for number, (first, wide) in enumerate(found.specks)]  # fmt: skip
    days = round((time.time() - found.when) / _DAY_S, 1) if found.when else None
    due = next_calibration(AtScanner(session).identity())
    left = None if due.day is None else (due.day - datetime.now(UTC).date()).days
    next_ = {"due": left is None or left <= 0, "because": due.because, "days_left": left}
    return {"days": days, "former": bool(found.former), "specks": specks, **next_}


def history(session: Session, hello: Hello) -> dict[str, Any]:
    """What happened before the last power cuts; of a defect its kind and its places in the firmware."""
    if hello.minor < SINCE:
        return {}
    rows: list[dict[str, Any]] = []
    for one in told(AtScanner(session).history()):
        row: dict[str, Any] = {"start": one.boot, "event": one.what}
        if one.what == "defect":
            row |= _defect(one.detail)
        elif one.what == "start":
            row["cause"] = one.detail.partition(",")[0]
        else:
            row["detail"] = _NUMBER.sub("#", one.detail)
        rows.append(row)
    return {"entries": rows}


def _defect(text: str) -> dict[str, Any]:
    types = [name for name in _TYPE.findall(text) if isinstance(getattr(builtins, name, None), type)]
    places = [{"module": module, "line": int(line)} for module, line in _PLACE.findall(text) if module in _modules()]
    return {"type": types[-1] if types else None, "places": places}


@cache
def _modules() -> frozenset[str]:
    """Names of the firmware's modules."""
    folders = (firmware_folder(), boards_folder())
    return frozenset(path.stem for folder in folders for path in folder.rglob("*.py"))


def words() -> frozenset[str]:
    """Names of the firmware's modules, of counters and of starts: what a scanner's memory is told in."""
    kinds = {name for name in dir(builtins) if name.endswith(("Error", "Exception", "Interrupt"))}
    return _modules() | {*wire.COUNTERS, *wire.RESET_CAUSES, *wire.SERVICE_ENDS, *DUE_BECAUSE} | kinds
