"""Which part broke when, by what a scanner said of it: some faults are told long after they began."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, pairwise
from statistics import median

from kiosk import wire
from stillscan.testing.seen import Seen, StateSeen

_BROKEN = {
    (wire.FLOW, wire.NO_ANSWER): "flow-silent", (wire.FLOW, wire.WRONG_ID): "flow-wrong-id",
    (wire.FLOW, wire.STUCK): "flow-stuck", (wire.FLOW, wire.IMPLAUSIBLE): "flow-spin",
    (wire.FLOW, wire.NO_TEXTURE): "flow-blank",
    (wire.ACCELEROMETER, wire.NO_ANSWER): "accelerometer-nak", (wire.ACCELEROMETER, wire.STUCK): "accelerometer-stuck",
    (wire.ACCELEROMETER, wire.WRONG_ID): "accelerometer-wrong-id",
    (wire.ACCELEROMETER, wire.IMPLAUSIBLE): "accelerometer-full-scale",
    (wire.LINE_SENSOR, wire.NO_LIGHT): "line-sensor-dark", (wire.LINE_SENSOR, wire.TOO_BRIGHT): "line-sensor-saturated",
    (wire.LINE_SENSOR, wire.STUCK): "line-sensor-stuck", (wire.LAMP, wire.NO_LIGHT): "lamp-dark",
    (wire.CARRIAGE, wire.NO_HOME): "carriage-jam", (wire.CARRIAGE, wire.HOME_STUCK): "carriage-home-stuck",
    (wire.CARRIAGE, wire.LOST_STEPS): "carriage-slip", (wire.CARRIAGE, wire.STUCK): "carriage-jam",
    (wire.PRESENCE, wire.STUCK): "presence-stuck-present",
}  # fmt: skip
"""The simulator's fault by what a scanner says of a part (PROTOCOL.md, Parts and Faults)."""
BLINDING = ("flow-spin", "flow-blank")
"""From then on what the flow sensor counts is no movement of the document's."""
_FAST_MS = 550.0  # ten legs of 50 ms in which the flow is faster than any hand, and the one under way
_FULL_MS = 250.0  # eight readings of the accelerometer at the end of its range, and a look at the state
_TWO_READS_MS = 15.0  # of the flow sensor: as many bad pictures as make a lift
_LOOK_MS = 3.0  # from a part that does not answer to the STATE that says so: a line
_SOON_MS = 60.0  # after the first line: a carriage that jams later has let the text be read
_FIRST_LINES = 12  # of a visit, by which the usual light is known: 35 ms
_FLAT_LINES = 6.5  # 5 to 8: the line sensor is looked at every fourth (kiosk/drivers/cis.py)
_OTHER_LIGHT = 50  # grey values: paper differs by less from row to row, and light that goes takes more


def faults(visit: Seen) -> list[tuple[float, str]]:
    """(ms after the placing, name of the simulator's fault) of each part that the scanner named; 0: all along."""
    found: dict[str, float] = {}
    for state in visit.states:
        name = _BROKEN.get((state.part, state.fault))
        if name is None:
            continue
        if len(visit.states) == 1 and name == "presence-stuck-present":  # it began with the fault
            name = "presence-stuck-absent"
        found.setdefault(name, max(0.0, _BEGAN.get(name, _before(_LOOK_MS))(visit, state)))
    return [(at_ms, name) for name, at_ms in found.items()]


_Began = Callable[[Seen, StateSeen], float]


def _before(ms: float) -> _Began:
    return lambda _, state: state.at_ms - ms


def _other_light(visit: Seen, state: StateSeen) -> float:
    """From the first line on that is as bright as none before."""
    places = list(chain.from_iterable(sweep.places for sweep in visit.sweeps))
    usual = median([place[5] for place in places[:_FIRST_LINES]] or [0])
    changed = (place[0] for place in places if abs(place[5] - usual) > _OTHER_LIGHT)
    return next(changed, state.at_ms) - visit.settings["line"] / 1000


def _in_the_sweep(visit: Seen, state: StateSeen) -> float:
    """Soon after the last sweep had begun."""
    return visit.sweeps[-1].places[0][0] + _SOON_MS if visit.sweeps and visit.sweeps[-1].places else state.at_ms


def _out_of_sight(visit: Seen, _: StateSeen) -> float:
    """When the flow sensor lost the document; all along where it never had it."""
    lost = (sweep.end_ms for sweep in visit.aborts if sweep.abort == wire.LIFTED and sweep.end_ms is not None)
    return next(lost, 0.0) - _TWO_READS_MS


def _frozen(visit: Seen, state: StateSeen) -> float:
    """After the last look that differed from the one before; 200 that do not are a sensor that is stuck."""
    pairs = pairwise([look for look in visit.looks if look.at_ms < state.at_ms])
    changed = [b.at_ms for a, b in pairs if (a.dx, a.dy, a.squal) != (b.dx, b.dy, b.squal)]
    return changed[-1] if changed else state.at_ms - _LOOK_MS


def _flat_lines(visit: Seen, state: StateSeen) -> float:
    """Before so many lines as make it a fault; earlier if the light says so."""
    return min(_other_light(visit, state), state.at_ms - _FLAT_LINES * visit.settings["line"] / 1000)


_BEGAN: dict[str, _Began] = {
    "flow-stuck": _frozen, "flow-spin": _before(_FAST_MS), "flow-blank": _out_of_sight,
    "accelerometer-full-scale": _before(_FULL_MS),
    "line-sensor-dark": _other_light, "line-sensor-saturated": _other_light, "line-sensor-stuck": _flat_lines,
    "lamp-dark": _other_light, "carriage-jam": _in_the_sweep, "carriage-slip": lambda visit, state: 0.0,
}  # fmt: skip
"""When it began, of what is not told at once."""
