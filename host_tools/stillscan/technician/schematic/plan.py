"""Where everything goes: parts beside the controller in the order of its pins, and wires that do not cross.

Wires go from a pin straight out, along a track of the channel, and straight into the part. Where a wire would cross
others it becomes two labels of one name. Distances in pixels; ``side`` is -1 left and +1 right of the controller.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

from stillscan.boards.table import Board
from stillscan.technician.parts import Kiosk, Wire

PITCH = 40  # of the controller's pins
TOP = 74  # of its first pin
_ROW = 27  # of a part's pins
_SAYS = 12  # more above a wire with a symbol that has its value above
_HANGS = 36  # more below a wire with something between it and ground
_OUTER_ROW = 23  # of a part's pins on its far side
_GAP = 10  # between two parts, so that their frames do not touch
_CLEAR = 8  # between wires side by side
_HANGING = ("up", "down", "mosfet", "clamp")
_SAYING = ("series", "buffer", "mosfet")


class Port(NamedTuple):
    """One end of a wire at a part, with its pin at the controller."""

    signal: str
    wire: Wire
    gpio: int
    pin_side: int
    pin_y: float
    y: float  # from the part's upper edge, later from the picture's


class Placed(NamedTuple):
    """A part with its place."""

    key: str
    y: float
    height: float
    ports: list[Port]


class Side(NamedTuple):
    """One side of the controller: its parts, and the track of each wire (None: labels)."""

    parts: list[Placed]
    tracks: dict[str, int | None]


def pin_y(at: int) -> float:
    """Height of a pin of the edge: 1 to 20 downwards on the left, 21 to 40 upwards on the right."""
    return TOP + PITCH * (at - 1 if at <= 20 else 40 - at)


def plan(board: Board, kiosk: Kiosk, side: int) -> Side:
    """Places the parts of one side; a part goes where most of its wires leave the controller."""
    assert board.controller is not None
    edge = board.controller.edge
    wires: dict[str, list[Port]] = {}
    for signal, gpio in board.pins:
        if signal in kiosk.wires and gpio in edge:
            wire = kiosk.wires[signal]
            at = edge[gpio]
            wires.setdefault(wire.part, []).append(Port(signal, wire, gpio, 1 if at > 20 else -1, pin_y(at), 0))
    parts = []
    for key, ports in wires.items():
        if (1 if sum(port.pin_side for port in ports) > 0 else -1) == side:
            parts.append(_part(kiosk, key, ports))
    placed = _spread(sorted(parts, key=_best))
    return Side(placed, _tracks([port for part in placed for port in part.ports], side))


def _part(kiosk: Kiosk, key: str, ports: list[Port]) -> Placed:
    """Height of a part and of its pins, from its own upper edge."""
    y = 0.0
    rows: list[Port] = []
    for port in sorted(ports, key=lambda port: port.pin_y):
        kinds = {kind for kind, _ in port.wire.way}
        y += (_ROW + _SAYS * (not kinds.isdisjoint(_SAYING))) if rows else 0
        rows.append(port._replace(y=y))
        y += _HANGS * (not kinds.isdisjoint(_HANGING))
    height = max(y + 36, 16 + _OUTER_ROW * len(kiosk.parts[key].drawn), 50)
    return Placed(key, 0, height, [port._replace(y=port.y + (height - y) / 2) for port in rows])


def _best(part: Placed) -> float:
    """Upper edge with which the middle one of its wires is straight."""
    return sorted(port.pin_y - port.y for port in part.ports)[len(part.ports) // 2]


def _spread(parts: list[Placed]) -> list[Placed]:
    """Each part beside its pins, moved down and then up as far as needed that none lies on another."""
    tops: list[float] = []
    least = TOP - 25.0
    for part in parts:
        tops.append(max(least, _best(part)))
        least = tops[-1] + part.height + _GAP
    most = TOP + PITCH * 19 + 25.0
    for i in reversed(range(len(parts))):
        tops[i] = min(tops[i], most - parts[i].height)
        most = tops[i] - _GAP
    least = TOP - 25.0
    for i, part in enumerate(parts):  # more than the controller's height holds: the picture grows downwards
        tops[i] = max(least, tops[i])
        least = tops[i] + part.height + _GAP
    return [
        part._replace(y=top, ports=[port._replace(y=port.y + top) for port in part.ports])
        for part, top in zip(parts, tops, strict=True)
    ]


def _tracks(ports: list[Port], side: int) -> dict[str, int | None]:
    """Track of each wire, 0 next to the controller; None when its pin is on the other side or it would cross others."""
    kept = _longest_rising([port for port in ports if port.pin_side == side])
    tracks: dict[str, int | None] = {port.signal: None for port in ports}
    # A wire that goes up past another's pin lies farther out than that one; so does one that goes down past it.
    waits = {
        one.signal: [
            other
            for other in kept
            if (one.y - _CLEAR < other.pin_y < one.pin_y) or (one.pin_y < other.pin_y < one.y + _CLEAR)
        ]
        for one in kept
    }

    def track(signal: str) -> int:
        known = tracks[signal]
        if known is None:
            known = tracks[signal] = max((track(other.signal) + 1 for other in waits[signal]), default=0)
        return known

    for port in kept:
        track(port.signal)
    return tracks


def _longest_rising(ports: list[Port]) -> list[Port]:
    """The most wires, from the top, whose pins come in the same order (patience sorting)."""
    ends: list[float] = []
    last: list[int] = []
    before: list[int] = []
    for i, port in enumerate(ports):
        at = bisect_left(ends, port.pin_y)
        ends[at : at + 1] = [port.pin_y]
        last[at : at + 1] = [i]
        before.append(last[at - 1] if at else -1)
    chain = []
    i = last[-1] if last else -1
    while i >= 0:
        chain.append(ports[i])
        i = before[i]
    return chain[::-1]
