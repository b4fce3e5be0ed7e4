"""From what a scanner said of a visit to the hand and the parts that make it say the same.

Where every look at the sensors was recorded, looks.py has the whole movement. Of older firmware each band tells where
the document lay in a sweep. Between sweeps nothing does: there the scanner says only that it was moved until it lay
still, and the hand is drawn so that it is (a slide there and back, or a lift).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from kiosk import wire
from stillscan.simulator.flow import COUNTS_PER_MM, FRAME_US
from stillscan.simulator.hand import FloatArray, Motion
from stillscan.testing.broken import BLINDING, faults
from stillscan.testing.looks import AWAY_MM, movement
from stillscan.testing.seen import LookSeen, Seen, StateSeen

_FRAME_MS = FRAME_US / 1000  # of the flow sensor
_AFTER_MS = 3000.0  # that are drawn beyond the last thing that was seen: the last pose holds from there on anyway
_SPEED = 8.0
"""mm/s of the slide between sweeps: three times what the setting `slip` allows by default, so that turning round is not
taken for lying still; and 10 mm/s less than a slip of a millimetre in 80 ms."""
_HALF_MS = 400.0  # of a slide there and back before it turns: 3 mm aside, less than the 8 mm that are a drift
_LATE_MS = 45.0  # after such a slide the last 50 ms still show it for so long (kiosk/slip.py, kiosk/tremor.py)
_EARLY_MS = 25.0  # before a slip was told of which no band tells: a slide of that speed is one after so long
_SAME_MS = 50.0  # between the sensor's signal and the STATE after the ABORT: fifteen times the longest latency
_TOLD_BANDS = 12  # of a sweep that was aborted: fewer begin later than the movement
_SWING_MM = 0.04  # rms of what is left of the way of a trembling hand without its mean: a count of the flow sensor
_SWING_FRAMES = 12  # a period of the slowest tremor
_LIFT_MM = 4.0  # of a lift that nobody saw how high: out of the flow sensor's sight, and within the presence sensor's
_LET_GO_MS = 200.0  # absence after the verdict that ends a visit (PROTOCOL.md, A session)
_POLL_MS = 5.0  # between two looks at the sensors while no sweep runs, and a look at the state behind it
_SPUN = 60  # looks: 0.3 s, as many as ten legs of 50 ms may be late by, and some
_PHASES = 40  # of a frame of the flow sensor that are tried: a fifteenth of a line each
_FRUITFUL = 24  # bands after which the quiet is short again (kiosk/policy.py)


@dataclass(frozen=True)
class Hand:
    """``motion`` since the placing; ``phase_us``: when the flow sensor takes its frames, after the placing."""

    motion: Motion
    phase_us: float
    faults: list[tuple[float, str]]
    """(ms after the placing, the simulator's name)."""
    looks: list[LookSeen] = field(default_factory=list)
    """What the flow sensor says, where that was recorded."""


@dataclass(frozen=True)
class _Unrest:
    start_ms: float
    stop_ms: float
    kind: str  # "slide", "lift", "away"


def hand(visit: Seen) -> Hand:
    """The hand and the parts of a visit."""
    broken = faults(visit)
    blind_ms = min((at_ms for at_ms, name in broken if name in BLINDING), default=np.inf)
    if visit.looks:
        gone_ms = min((one.start_ms for one in _unrest(visit) if one.stop_ms == np.inf), default=np.inf)
        motion = movement(visit.looks, visit.settings["flow_scale"], gone_ms, blind_ms)
        told = [one for one in broken if one[1] not in BLINDING]
        return Hand(motion, 0.0, told, visit.looks + (_spun(visit.looks) if len(told) < len(broken) else []))
    phase_us = _phase_us(visit)
    last_ms = max(visit.states[-1].at_ms, *(sweep.end_ms or 0.0 for sweep in visit.sweeps), 0.0) + _AFTER_MS
    times_ms = (phase_us / 1000) + _FRAME_MS * np.arange(-1, np.ceil(last_ms / _FRAME_MS) + 1)
    pose = np.zeros((len(times_ms), 3))
    spans = _followed(visit, times_ms, pose, blind_ms)
    unrest = [one for one in _unrest(visit) if one.kind != "lift" or one.start_ms < blind_ms]
    _between(times_ms, pose, spans, unrest)
    pose[:, :2] -= pose[0, :2]
    motion = Motion(times_ms * 1000, pose, np.zeros_like(pose))
    return Hand(motion, phase_us, broken)


def _spun(looks: list[LookSeen]) -> list[LookSeen]:
    """A sensor that spins or is blind goes on so after it was given up."""
    return [replace(looks[-1], at_ms=looks[-1].at_ms + _POLL_MS * (1 + at)) for at in range(_SPUN)]


def _phase_us(visit: Seen) -> float:
    """When after the placing a frame of the flow sensor begins, 0..FRAME_US.

    Counts change with frames alone; and a document that lies still at once does so from its first frame on.
    """
    phases = (np.arange(_PHASES) + 0.5) * FRAME_US / _PHASES
    votes = np.zeros(_PHASES)
    first_ms = next((state.at_ms for state in visit.states if state.state == wire.STILL), 0.0) - visit.settings["dwell"]
    if 0 < first_ms < _FRAME_MS + _POLL_MS:
        votes += (phases - (first_ms - _POLL_MS) * 1000) % FRAME_US <= _POLL_MS * 1000
    for sweep in visit.sweeps:
        for before, after in pairwise(sweep.places):
            before_ms, after_ms = before[0], after[0]
            if before[2:4] != after[2:4] and after_ms - before_ms < _FRAME_MS:
                votes += (phases - before_ms * 1000) % FRAME_US <= (after_ms - before_ms) * 1000
    best = np.flatnonzero(votes == votes.max())
    return float(phases[best[len(best) // 2]])


def _followed(visit: Seen, times_ms: FloatArray, pose: FloatArray, blind_ms: float) -> list[tuple[int, int]]:
    """Put into ``pose`` what the bands tell until ``blind_ms``; the spans of frames in which they do."""
    spans = []
    base, track, last = np.zeros(2), -1, np.zeros(2)
    for sweep in visit.sweeps:
        if sweep.track != track:
            base, track = base + last, sweep.track
            last = np.zeros(2)
        told = [place for place in sweep.places if place[0] < blind_ms]
        if not told:
            continue
        table = np.array(told, dtype=np.float64)
        if sweep.abort == wire.SLIP and len(table) <= _TOLD_BANDS:  # it begins later than the movement that ended it
            table = np.repeat(table[-1:], 2, axis=0)
            table[:, 0] = sweep.begin_ms - _EARLY_MS, table[-1, 0] - _EARLY_MS
        first, end = np.searchsorted(times_ms, (table[0, 0], table[-1, 0]))
        end = min(end + 1, len(times_ms))
        at = np.minimum(np.searchsorted(table[:, 0], times_ms[first:end]), len(table) - 1)
        counts = np.rint(table[at, 2:4] / 1000 * COUNTS_PER_MM) / COUNTS_PER_MM
        pose[first:end, :2] = base + _without_blips(counts)
        if sweep.abort == wire.LIFTED and len(told) == len(sweep.places):
            pose[max(end - 2, first) : end, 2] = _LIFT_MM  # from the last picture before the abort on
        last = counts[-1] if len(counts) else last
        spans.append((int(first), int(end)))
    return spans


def _without_blips(counts: FloatArray) -> FloatArray:
    """A count more in one frame alone is the sensor's noise, which the simulated one has too."""
    calm = counts.copy()
    blip = (counts[1:-1] != counts[:-2]) & (counts[:-2] == counts[2:])
    calm[1:-1][blip] = counts[:-2][blip]
    return calm


class _Moved:
    """When the document was moved, as the states tell one after another: ``take`` each."""

    def __init__(self, visit: Seen) -> None:
        self.found: list[_Unrest] = []
        self._visit, self._settings = visit, visit.settings
        self._dwell_ms = float(visit.settings["dwell"])  # of quiet before the next sweep
        self._start_ms: float | None = None
        self._kind = "slide"
        self._finished = visit.result is not None and visit.result[1] != "removed"

    def take(self, state: StateSeen) -> None:
        """One more."""
        if state.state == wire.PLACED:
            self._start_ms, self._kind = state.at_ms, "slide"
        elif state.state == wire.STILL:
            self._stop(state.at_ms - self._dwell_ms - (_LATE_MS if self._kind == "slide" else 0.0))
        elif state.state == wire.MOVED:
            self._start(state)
        elif state.state in (wire.DONE, wire.GAVE_UP, wire.FAULT):
            self._finished = self._finished or state.state == wire.GAVE_UP or state.cause == wire.FINISHED
            self._stop(state.at_ms)
        elif state.state == wire.EMPTY:
            gone_ms = state.at_ms - (_LET_GO_MS if self._finished else self._settings["removed"])
            self._stop(gone_ms)
            self.found.append(_Unrest(gone_ms, np.inf, "away"))

    def _start(self, state: StateSeen) -> None:
        sweeps = (sweep for sweep in self._visit.aborts if abs(state.at_ms - (sweep.end_ms or 0.0)) < _SAME_MS)
        sweep = next(sweeps, None)
        self._kind = {wire.LIFTED: "lift", wire.REMOVED: "away"}.get(state.cause, "slide")
        self._start_ms = state.at_ms if sweep is None or sweep.end_ms is None else sweep.end_ms
        if state.cause == wire.SLIP and (sweep is None or len(sweep.places) <= _TOLD_BANDS):
            self._start_ms -= _EARLY_MS
        if sweep is None:
            return
        short = len(sweep.places) - 1 < _FRUITFUL
        again = min(self._settings["dwell"], 2 * self._dwell_ms) if short else self._settings["dwell_again"]
        whole = self._kind != "slide" or self._settings["restart_only"]
        self._dwell_ms = float(self._settings["dwell"] if whole else again)

    def _stop(self, at_ms: float) -> None:
        if self._start_ms is not None and at_ms > self._start_ms:
            self.found.append(_Unrest(self._start_ms, at_ms, self._kind))
        self._start_ms = None


def _unrest(visit: Seen) -> list[_Unrest]:
    """When the document was moved."""
    moved = _Moved(visit)
    for state in visit.states:
        moved.take(state)
    return moved.found


def _between(times_ms: FloatArray, pose: FloatArray, spans: list[tuple[int, int]], unrest: list[_Unrest]) -> None:
    """Fill in what no band tells: held from span to span, and moved where the states say so."""
    if not spans:
        spans = [(0, 0)]
    ends = [(0, 0), *spans, (len(times_ms), len(times_ms))]
    for former, following in pairwise(ends):
        before, after = former[1], following[0]
        if _tremble(pose, former, following):
            continue
        here = pose[before - 1].copy() if before else pose[min(after, len(pose) - 1)].copy()
        there = pose[after].copy() if after < len(pose) else here
        here[2] = there[2] = 0.0
        first_ms = times_ms[before] if before < len(times_ms) else np.inf
        moved = [one for one in unrest if one.kind == "slide" and before <= np.searchsorted(times_ms, one.start_ms) + 1
                 and np.searchsorted(times_ms, one.stop_ms) <= after]  # fmt: skip
        turn = moved[-1].stop_ms if moved else first_ms
        pose[before:after] = np.where((times_ms[before:after] < turn)[:, None], here, there)
        for one in moved:
            _slide(times_ms, pose, before, after, one, here, there if one is moved[-1] else here)
    for one in unrest:
        if one.kind != "slide":
            inside = (times_ms >= one.start_ms) & (times_ms <= one.stop_ms)
            pose[inside, 2] = _LIFT_MM if one.kind == "lift" else AWAY_MM


def _tremble(pose: FloatArray, former: tuple[int, int], following: tuple[int, int]) -> bool:
    """Go on trembling between two spans, as the hand did in them: mirrored at their ends, the one passing into the
    other. False: it did not tremble in either."""
    frames = np.arange(former[1], following[0])
    if not len(frames):
        return False
    parts = []
    for span, edge, share in ((former, former[1] - 1, 1.0), (following, following[0], 0.0)):
        way = pose[slice(*span), :2]
        if len(way) >= _SWING_FRAMES and (way - _mean(way)).std(axis=0).max() > _SWING_MM:
            back = np.abs(frames - edge) % (2 * len(way) - 2)
            back = np.minimum(back, 2 * len(way) - 2 - back)
            parts.append((pose[edge - back if share else edge + back, :2], share))
    if not parts:
        return False
    part = np.linspace(1.0, 0.0, len(frames))[:, None]
    pose[frames, :2] = parts[0][0] if len(parts) == 1 else part * parts[0][0] + (1 - part) * parts[1][0]
    pose[frames, 2] = 0.0
    return True


def _mean(way: FloatArray) -> FloatArray:
    """(n, 2) running mean over a period of the slowest tremor."""
    wide = np.pad(way, ((_SWING_FRAMES // 2, _SWING_FRAMES // 2), (0, 0)), mode="edge")
    sums = np.cumsum(np.concatenate([np.zeros((1, 2)), wide]), axis=0)
    return np.asarray((sums[_SWING_FRAMES:] - sums[:-_SWING_FRAMES])[: len(way)] / _SWING_FRAMES, dtype=np.float64)


def _slide(
    times_ms: FloatArray, pose: FloatArray, before: int, after: int, one: _Unrest, here: FloatArray, there: FloatArray
) -> None:
    """There and back along the lines of text, so that the carriage's way stays what it was."""
    frames = np.arange(before, after)[
        (times_ms[before:after] >= one.start_ms) & (times_ms[before:after] <= one.stop_ms)
    ]
    if not len(frames):
        return
    t_ms = times_ms[frames] - one.start_ms
    length_ms = max(one.stop_ms - one.start_ms, _FRAME_MS)
    turns = max(1, round(length_ms / (2 * _HALF_MS)))
    half_ms = length_ms / (2 * turns)
    aside = _SPEED / 1000 * (half_ms - np.abs(t_ms % (2 * half_ms) - half_ms))
    share = np.clip(t_ms / length_ms, 0.0, 1.0)
    pose[frames, :2] = here[:2] + share[:, None] * (there[:2] - here[:2])
    pose[frames, 0] += aside
