"""What a recording of a visit says, in the order of time: states, sweeps, displacement, and how it ended.

Times are in ms of the scanner's clock, from the placing on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kiosk import wire
from stillscan.boards.settings import known
from stillscan.errors import InputError
from stillscan.link.messages import named
from stillscan.recordings.file import VISIT, Recording
from stillscan.recordings.rows import Row

_LONGEST_MS = 3_600_000.0
"""Of a visit that is run again, an hour: one that goes on longer is a passport that was forgotten on the glass, and a
hand is drawn frame by frame, 24 bytes each."""
_AWAY = (wire.START, wire.EMPTY, wire.SERVICE)
_UM_PER_DM = 100_000  # the unit of the setting `flow_scale` is counts a dm
_REJECTED = 0x19  # SQUAL below which the flow sensor says that its picture is no good (its datasheet)
_WRAP = 1 << 30  # of the scanner's clocks, in ms and in us (PROTOCOL.md)


@dataclass(frozen=True)
class StateSeen:
    """A state that was entered, with the numbers of PROTOCOL.md."""

    at_ms: float
    state: int
    cause: int
    part: int
    fault: int


@dataclass(frozen=True)
class LookSeen:
    """A look at the motion sensors: counts since the one before, and whether the flow sensor's picture was ``good``."""

    at_ms: float
    dx: int
    dy: int
    squal: int
    good: bool = True
    present: bool = True
    bumped: bool = False


@dataclass
class SweepSeen:
    """``places``: (t_ms, row, dx_um, dy_um, squal, paper's grey) of each band."""

    begin_ms: float
    first_row: int
    track: int
    places: list[tuple[float, int, int, int, int, int]] = field(default_factory=list)
    end_ms: float | None = None
    abort: int = wire.NO_CAUSE
    row: int = 0
    """The first that was not sent, of one that was aborted."""


@dataclass
class Seen:
    """A visit. ``settings`` by name, ``result`` as recordings.visit.result_row has it, without its name."""

    settings: dict[str, int]
    states: list[StateSeen] = field(default_factory=list)
    sweeps: list[SweepSeen] = field(default_factory=list)
    looks: list[LookSeen] = field(default_factory=list)
    """All of them, with SAMPLEs among them; none of firmware that tells of its sensors in BANDs alone."""
    light: list[Row] = field(default_factory=list)
    result: Row | None = None

    @property
    def aborts(self) -> list[SweepSeen]:
        """The sweeps that were aborted."""
        return [sweep for sweep in self.sweeps if sweep.abort]


def seen(recording: Recording) -> Seen:
    """What it says. InputError: it is of a whole link, nothing happens in it, or for longer than an hour."""
    if recording.kind != VISIT:
        raise InputError("this is a recording of a whole link, not of a visit: --port play:FILE plays it")
    names = list(known().rows)
    found = Seen({name: row.default for name, row in known().rows.items()})
    start_ms: int | None = None
    looks = _Looks(found)
    for _, row in recording.rows:
        try:
            start_ms = _take(found, names, row, start_ms)
            looks.take(row, start_ms or 0)
        except (ValueError, TypeError, IndexError):
            continue  # a row of fewer fields than its name has, or empty ones: of a newer scanner
    if all(state.state in _AWAY for state in found.states):
        raise InputError("nothing happens in this recording: it was cut off before the document was placed")
    moments = [state.at_ms for state in found.states]
    moments += [at_ms for sweep in found.sweeps for at_ms in (sweep.begin_ms, sweep.end_ms or 0.0)]
    if max(map(abs, moments)) > _LONGEST_MS:
        raise InputError("this visit goes on for more than an hour, which is not run again")
    return found


def _take(found: Seen, names: list[str], row: Row, start_ms: int | None) -> int | None:
    name, values = row[0], row[1:]

    def since(t_ms: int) -> float:
        return float((t_ms - (start_ms or 0) + _WRAP // 2) % _WRAP - _WRAP // 2)

    if name == "<setting" and values[0] < len(names) and values[1] is not None:
        found.settings[names[values[0]]] = int(values[1])
    elif name == "<state":
        state, cause, part, fault, _, t_ms = values
        start_ms = t_ms if start_ms is None else start_ms
        found.states.append(StateSeen(since(t_ms), state, cause, part, fault))
    elif name == "<sweep_begin":
        _, _, first_row, _, t_ms, track = values
        found.sweeps.append(SweepSeen(since(t_ms), first_row, track))
    elif name == "<band" and found.sweeps:
        _, _, at, _, _, t_us, dx, dy, squal, _, _, paper = values
        t_ms = _ms(t_us, found.sweeps[-1].begin_ms, start_ms or 0)
        found.sweeps[-1].places.append((t_ms, at, dx, dy, squal, paper))
    elif name == "<abort" and found.sweeps:
        _, cause, at, t_ms, latency_us, dx, dy = values
        sweep = found.sweeps[-1]
        sweep.abort, sweep.row, sweep.end_ms = cause, at, since(t_ms) - latency_us / 1000
        squal, paper = sweep.places[-1][4:] if sweep.places else (0, 0)
        sweep.places.append((sweep.end_ms, at, dx, dy, squal, paper))
    elif name == "<sweep_end" and found.sweeps:
        found.sweeps[-1].end_ms = since(values[3])
    elif name == "light":
        found.light.append(row)
    elif name == "result":
        found.result = values
    return start_ms


def _ms(t_us: int, near_ms: float, start_ms: int) -> float:
    """Of the clock in us, which begins anew more often than that in ms, a moment not far from another."""
    near_us = (start_ms + near_ms) * 1000
    return near_ms + ((t_us - near_us + _WRAP // 2) % _WRAP - _WRAP // 2) / 1000


class _Looks:
    """Puts the looks that SAMPLEs and BANDs tell of in one row: ``take`` each row of the recording.

    A BAND tells where the document lay, not what was counted: the difference to what was known, on the same track.
    """

    def __init__(self, found: Seen) -> None:
        self._found = found
        self._track: int | None = None  # of the counts that are known
        self._counts = [0, 0]

    def take(self, row: Row, start_ms: int) -> None:
        """One more, which fits its name."""
        if row[0] == "<sample" and self._found.states:
            t_us, dx, dy, squal, good, _, _, _, pins = row[1:]
            near_ms = self._found.looks[-1].at_ms if self._found.looks else self._found.states[-1].at_ms
            at_ms = _ms(t_us, near_ms, start_ms)
            self._found.looks.append(LookSeen(at_ms, dx, dy, squal, bool(good), bool(pins & 1), bool(pins & 2)))
            self._counts = [self._counts[0] + good * dx, self._counts[1] + good * dy]
        elif row[0] == "<band" and self._found.looks:
            sweep = self._found.sweeps[-1]
            at_ms, _, *um, squal, _ = sweep.places[-1]
            counts = [round((value + 0.5) * self._found.settings["flow_scale"] / _UM_PER_DM) for value in um]
            if sweep.track != self._track:
                self._track, self._counts = sweep.track, counts
            dx, dy = (new - old for new, old in zip(counts, self._counts, strict=True))
            self._counts = counts
            self._found.looks.append(LookSeen(at_ms, dx, dy, squal, squal >= _REJECTED))


def told(state: StateSeen) -> dict[str, Any]:
    """A state by its names."""
    return {
        "t_ms": round(state.at_ms, 1),
        "state": named(wire.STATES, state.state), "cause": named(wire.CAUSES, state.cause),
        "part": named(wire.PARTS, state.part), "fault": named(wire.FAULTS, state.fault),
    }  # fmt: skip
