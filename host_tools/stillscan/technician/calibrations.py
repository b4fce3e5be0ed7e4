"""What this computer keeps of calibrations: date, person, temperature, values; and when the next is due.

One file for all scanners, by serial number; written whole or as it was before. What is in force in the scanner itself
(flat-field, settings) is its own; this says who brought it there, and what was there before.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from stillscan.errors import InputError
from stillscan.files import read_whole, write_whole

STRIP, FLOW, CARD, AXES = KINDS = ("strip", "flow", "card", "axes")
UNKNOWN = "unknown"  # in place of the serial number of a board that tells nothing of itself
EVERY_DAYS = 365  # the yearly service
_KEPT = 20  # of a scanner and a kind: twenty years
_MOST_BYTES = 4_000_000  # of the file: a thousand scanners
_NEVER = {
    STRIP: "due: nobody has calibrated the white strip from this computer",
    FLOW: "due: the flow sensor's scale was never measured here against a ruler ('scanner calibrate --flow')",
    CARD: "due: the test card was never read here ('scanner calibrate --card')",
    AXES: "due: the accelerometer's axes were never measured here ('scanner calibrate --axes')",
}


class Calibrated(NamedTuple):
    """``when`` ISO 8601 in UTC; ``staff``: who had signed in; ``values`` by name."""

    kind: str
    when: str
    staff: str | None
    temperature_c: float | None
    values: dict[str, float | str | None]


class Calibrations:
    """In ``file``; None keeps nothing."""

    def __init__(self, file: Path | None) -> None:
        self._file = file

    def of(self, serial: str) -> list[Calibrated]:
        """Those of one scanner, the oldest first. InputError: the file is damaged."""
        return [_one(self._file, entry) for entry in self._all().get(serial, [])]

    def last(self, serial: str, kind: str) -> Calibrated | None:
        """The last of a kind."""
        return next((one for one in reversed(self.of(serial)) if one.kind == kind), None)

    def note(self, serial: str, done: Calibrated) -> None:
        """Keep it behind the others. InputError, EnvironmentTroubleError."""
        if self._file is None:
            return
        known = self._all()
        mine = [*known.get(serial, []), done._asdict()]
        same = [n for n, entry in enumerate(mine) if entry.get("kind") == done.kind]
        known[serial] = [entry for n, entry in enumerate(mine) if n not in same[:-_KEPT]]
        self._file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._file, json.dumps(known, ensure_ascii=False, indent=1).encode())

    def _all(self) -> dict[str, list[dict[str, Any]]]:
        if self._file is None or not self._file.exists():
            return {}
        try:
            known = json.loads(read_whole(self._file, _MOST_BYTES))
        except (ValueError, RecursionError):
            known = None
        if not isinstance(known, dict) or not all(isinstance(entries, list) for entries in known.values()):
            raise InputError(f"{self._file}: is no list of calibrations, or is damaged")
        return known


def _one(file: Path | None, entry: dict[str, Any]) -> Calibrated:
    try:
        found = Calibrated(**entry)
        datetime.fromisoformat(found.when)
    except (TypeError, ValueError):
        raise InputError(f"{file}: an entry is no calibration, or is damaged") from None
    return found


def next_due(last: Calibrated | None, kind: str, now: datetime, flow_scale: int | None = None) -> str:
    """When a kind of calibration is due next, and why. ``flow_scale``: the setting in force."""
    if last is None:
        return _NEVER[kind]
    if kind == FLOW and flow_scale is not None and last.values.get("flow_scale") not in (None, flow_scale):
        return f"due: the setting flow_scale is {flow_scale} and was calibrated to {last.values['flow_scale']}"
    day = datetime.fromisoformat(last.when) + timedelta(days=EVERY_DAYS)
    over = "due: it was on " if day <= now else ""
    return f"{over}{day.date().isoformat()}, a year after the last"
