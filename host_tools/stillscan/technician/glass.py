"""What is known of the glass over the days: looks at it, where characters were in doubt, what stays after wiping.

Pieces of a look count more where characters of the last hundred scans were in doubt. What is still there after the
glass was wiped twice is a scratch: it is shown, and nobody is asked to wipe it again.
"""

from __future__ import annotations

import json
import logging
import math
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from stillscan.records.errors import RecordsError
from stillscan.records.files import is_there, read, replace
from stillscan.technician.dirt import GLASS, HURTS, KINDS, STRIP, Piece, verdict

FILE = "glass.json"
Spot = dict[str, Any]
"""A piece as `clean --json` says it."""
_DAYS = 100  # of history: a quarter of a year, in which a habit shows
_SCANS = 100  # as the service tools of page readers count them
_LEAST_SCANS = 20  # below that one bad passport is more than a tenth
_WINDOWS = 15  # of the glass from left to right, 8.3 mm each, three characters: as the same tools have them
_WIDTH_MM = 125.0  # what the line sensor sees
_MOST_DOUBT = 10  # of one scan; more are a bad passport and not the glass
_FAILING = 0.1  # the share of scans in doubt at one place from which it is the glass's doing
_SUSPECT_HURTS = 0.2  # a piece that alone would be let be: half a stroke and a fifth
_MARGIN_MM, _PITCH_MM = 6.0, 2.54  # of an MRZ's first character and between them (Doc 9303-4), laid into the corner
_SAME_MM = 1.0  # a piece is found again so near: the carriage's place and its middle differ by less
_WIPED_TIMES = 2  # what outlasts so many wipes is a scratch
_AGAIN = timedelta(hours=6)  # a place that fails is looked at again no sooner
_MOST_PIECES = 1000  # of one look: a glass that is covered has some hundred
_NUMBERS = ("x_mm", "y_mm", "size_mm", "hurts")
_LOG = logging.getLogger(__name__)


class Glass:
    """Kept in a file beside the keys, if ``path`` is given. Safe between threads."""

    def __init__(self, path: Path | None, now: Callable[[], datetime]) -> None:
        self._path = path
        self._now = now
        self._lock = threading.Lock()
        self._looks: list[dict[str, Any]] = []
        self._lasting: list[Spot] = []
        self._doubts: deque[list[int]] = deque(maxlen=_SCANS)
        self.wiped: int | None = None
        """How many pieces hurt when somebody wiped; None once it was looked at again."""
        self.improved: tuple[int, int] | None = None
        """Pieces that hurt before and after the last wipe."""
        self._read()

    # --- what happens -----------------------------------------------------------------------------------------------

    def scanned(self, unsure: Sequence[tuple[int, int]]) -> None:
        """A check is over; where characters were in doubt, by line and position from 1."""
        if len(unsure) > _MOST_DOUBT:
            return
        with self._lock:
            self._doubts.append(sorted({_window(_MARGIN_MM + (at - 0.5) * _PITCH_MM) for _, at in unsure}))

    def looked(self, spots: Sequence[Spot]) -> None:
        """A look has ended; with it a wipe that it was made for."""
        with self._lock:
            former = self._looks[-1]["spots"] if self._looks else []
            if self.wiped is not None:
                self._learn(former, spots)
                self.improved = (self.wiped, len(self._worth(spots)))
                self.wiped = None
            when = self._now()
            if self._looks and self._looks[-1]["when"][:10] == when.isoformat()[:10]:
                self._looks.pop()  # the last of a day stands for it
            self._looks = [*self._looks, {"when": when.isoformat(timespec="seconds"), "spots": list(spots)}][-_DAYS:]
            self._write()

    def was_wiped(self) -> None:
        """Somebody has wiped what they were asked to."""
        with self._lock:
            self.wiped = len(self._worth(self._looks[-1]["spots"])) if self._looks else 0
            self.improved = None

    def _learn(self, former: Sequence[Spot], spots: Sequence[Spot]) -> None:
        for spot in spots:
            if not any(_same(spot, one) for one in former):
                continue
            known = next((one for one in self._lasting if _same(spot, one)), None)
            if known is None:
                self._lasting.append({**spot, "wiped": 1})
            else:
                known["wiped"] += 1
        self._lasting = [one for one in self._lasting if any(_same(one, spot) for spot in spots)]

    # --- what is known ----------------------------------------------------------------------------------------------

    def failing(self) -> list[int]:
        """Windows of the glass, from the left, in which too many of the last scans were in doubt."""
        if len(self._doubts) < _LEAST_SCANS:
            return []
        most = _FAILING * len(self._doubts)
        return [at for at in range(_WINDOWS) if sum(at in one for one in self._doubts) > most]

    def worth(self) -> list[Spot]:
        """What is worth wiping by the last look: it hurts, a person can reach it, and wiping has not failed before."""
        with self._lock:
            return self._worth(self._looks[-1]["spots"]) if self._looks and self.wiped is None else []

    def _worth(self, spots: Sequence[Spot]) -> list[Spot]:
        failing = self.failing()
        lasting = [one for one in self._lasting if one["wiped"] >= _WIPED_TIMES]
        return [
            spot
            for spot in spots
            if spot["where"] in (GLASS, STRIP)
            and (spot["hurts"] >= HURTS or (spot["hurts"] >= _SUSPECT_HURTS and _window(spot["x_mm"]) in failing))
            and not any(_same(spot, one) for one in lasting)
        ]

    def last(self) -> dict[str, Any] | None:
        """The last look: what `clean --json` says, and ``when``. None: nobody has looked yet."""
        with self._lock:
            if not self._looks:
                return None
            look = self._looks[-1]
            return {**look, "verdict": verdict([Piece(**spot) for spot in look["spots"]])}

    def due(self) -> bool:
        """Whether to look when nobody is there: once a day, after a wipe, and where characters are in doubt."""
        if self.wiped is not None or not self._looks:
            return True
        last = datetime.fromisoformat(self._looks[-1]["when"])
        return last.date() != self._now().date() or (bool(self.failing()) and self._now() - last > _AGAIN)

    def history(self) -> list[dict[str, Any]]:
        """A row a day, oldest first: what `clean --history --json` says."""
        with self._lock:
            return [
                {
                    "when": look["when"],
                    "spots": len(look["spots"]),
                    "hurting": sum(spot["hurts"] >= HURTS for spot in look["spots"]),
                    "scratches": sum(
                        any(_same(spot, one) and one["wiped"] >= _WIPED_TIMES for one in self._lasting)
                        for spot in look["spots"]
                    ),
                }
                for look in self._looks
            ]

    # --- the file ---------------------------------------------------------------------------------------------------

    def _write(self) -> None:
        if self._path is None:
            return
        content = {"looks": self._looks, "lasting": self._lasting, "doubts": list(self._doubts)}
        try:
            replace(self._path, json.dumps(content).encode(), 0o600)
        except RecordsError as error:
            _LOG.warning("what is known of the glass is not kept: %s", error)

    def _read(self) -> None:
        try:
            if self._path is None or not is_there(self._path):
                return
            content = json.loads(read(self._path))
            for look in content["looks"]:
                datetime.fromisoformat(look["when"])
                _sound(look["spots"])
            _sound(content["lasting"])
            self._looks = [
                {
                    "when": look["when"],
                    "spots": [{name: spot[name] for name in Piece._fields} for spot in look["spots"]],
                }
                for look in content["looks"][-_DAYS:]
            ]
            self._lasting = [{**one, "wiped": int(one["wiped"])} for one in content["lasting"]]
            self._doubts.extend([int(at) for at in one] for one in content["doubts"])
        except (RecordsError, ValueError, KeyError, TypeError, AttributeError) as error:
            self._looks, self._lasting = [], []
            self._doubts.clear()
            _LOG.warning("what was known of the glass cannot be read, and begins anew: %s", type(error).__name__)


def _window(x_mm: float) -> int:
    return min(max(int(x_mm * _WINDOWS / _WIDTH_MM), 0), _WINDOWS - 1)


def _same(one: Spot, other: Spot) -> bool:
    return bool(
        one["where"] == other["where"]
        and abs(one["x_mm"] - other["x_mm"]) <= _SAME_MM
        and abs(one["y_mm"] - other["y_mm"]) <= _SAME_MM
    )


def pieces(told: Any) -> list[Spot]:
    """The pieces of a look that another program tells. ValueError: it is none."""
    try:
        _sound(told)
        found = [{name: one[name] for name in Piece._fields} for one in told]
        verdict([Piece(**one) for one in found])
    except (TypeError, KeyError, AttributeError):
        raise ValueError("no pieces of a look") from None
    if len(found) > _MOST_PIECES or any(one["kind"] not in KINDS for one in found):
        raise ValueError("no pieces of a look")
    if not all(math.isfinite(one[name]) for one in found for name in _NUMBERS):
        raise ValueError("no pieces of a look")
    return found


def _sound(spots: Sequence[Spot]) -> None:
    """ValueError, KeyError, TypeError for what is no list of pieces."""
    for spot in spots:
        for name in _NUMBERS:
            if type(spot[name]) not in (int, float):
                raise ValueError("no number")
        if spot["where"] not in (GLASS, STRIP, "sensor") or not isinstance(spot["kind"], str):
            raise ValueError("no piece")
