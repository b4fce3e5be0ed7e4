"""The picture: controller in the middle with its pins where they are on the module, parts and power around it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from stillscan.boards.pins import SIGNALS, Controller
from stillscan.boards.table import Board
from stillscan.errors import InputError
from stillscan.technician.parts import Kiosk, Part
from stillscan.technician.schematic import symbols
from stillscan.technician.schematic.plan import PITCH, TOP, Placed, Port, Side, pin_y, plan
from stillscan.technician.schematic.svg import FAINT, INK, Svg, width_of

_HALF = 150  # of the controller
_PAD = 28  # of a pin at its edge
_CHANNEL = 26  # from the pin to the first track
_TRACK = 8  # between two tracks side by side
_SLOT = 55  # of a symbol on a wire
_STUB = 16  # of a wire that ends in a name
_PART = 222  # width of a part's box
_NET = 82  # beyond a part, for the names at its other pins
_NET_ROW = 23  # from one of those names to the next
_LINE = 40  # of the list of rails
_COLOURS = {"SPI": "#1d4ed8", "I2C": "#7c3aed", "UART": "#0f766e", "PWM": "#b45309", "ADC0": "#be123c"}
_SUPPLIES = {30: "RUN", 33: "AGND", 35: "ADC_VREF", 36: "3V3 OUT", 37: "3V3_EN", 39: "VSYS", 40: "VBUS"}
_SUPPLY_NETS = {"GND": "GND", "AGND": "GND", "3V3 OUT": "3.3 V", "VBUS": "USB"}


class _Column(NamedTuple):
    """One side of the picture: where the controller ends, the first track lies, and the parts begin."""

    side: int
    edge: float
    channel: float
    parts: float
    plan: Side


def schematic(board: Board, kiosk: Kiosk, say: Callable[[str], str] = str) -> str:
    """The wiring of a board as SVG, in words as ``say`` has them; pins, signals and rails keep their names.

    InputError for a board without a controller that is known.
    """
    if board.controller is None:
        raise InputError(f"{board.name} has no controller whose pins are known: there is nothing to draw")
    kiosk = kiosk._replace(
        rails={name: rail._replace(source=say(rail.source)) for name, rail in kiosk.rails.items()},
        parts={key: one._replace(name=say(one.name), model=say(_model(one))) for key, one in kiosk.parts.items()},
    )
    plans = {side: plan(board, kiosk, side) for side in (-1, 1)}
    rooms = {side: _HALF + _room(plans, side) for side in plans}
    middle, width = rooms[-1] + _PART + _NET, rooms[-1] + rooms[1] + 2 * (_PART + _NET)
    columns = [
        _Column(
            side,
            middle + side * _HALF,
            middle + side * (_HALF + _channel(plans, side)),
            middle + side * rooms[side],
            placed,
        )
        for side, placed in plans.items()
    ]
    bottom = max([pin_y(20) + 30, *(part.y + part.height for side in plans.values() for part in side.parts)]) + 24
    supplies = _supplies(kiosk)
    right = plans[1].parts[0].y if plans[1].parts else bottom
    above = right > TOP + _LINE * len(supplies)  # beside the controller, where it keeps its own supply pins
    svg = Svg(width, bottom + 36 + (0 if above else _LINE * len(supplies)), say(f"Wiring of {board.name}"))
    svg.write(24, 24, f"{board.name}: {say(board.about)}", size=18, bold=True)
    _controller(svg, middle, board, board.controller, say("inside"))
    for port in _labels(plans):
        symbols.net(svg, middle + port.pin_side * _HALF, port.pin_y, port.pin_side, port.signal)
    for column in columns:
        _wires(svg, column)
        for part in column.plan.parts:
            _part(svg, column, part, kiosk.parts[part.key])
    _power(svg, supplies, columns[1].parts if above else 140, TOP + 6 if above else bottom + 10)
    _legend(svg, svg.height - 20, width, say)
    return svg.text()


def _colour(signal: str) -> str:
    return _COLOURS.get(SIGNALS[signal].function.partition(" ")[0], INK) if signal in SIGNALS else INK


def _symbols(port: Port) -> list[tuple[str, str]]:
    return [(kind, value) for kind, value in port.wire.way if kind != "inside"]


def _ports(placed: Side) -> list[Port]:
    return [port for part in placed.parts for port in part.ports]


def _labels(plans: dict[int, Side]) -> list[Port]:
    """The wires of both sides that are drawn as two names."""
    return [port for placed in plans.values() for port in _ports(placed) if placed.tracks[port.signal] is None]


def _channel(plans: dict[int, Side], side: int) -> float:
    """From the controller to the first track: behind the names at pins that a wire would pass."""
    spans = [
        sorted((port.pin_y, port.y)) for port in _ports(plans[side]) if plans[side].tracks[port.signal] is not None
    ]
    names = [
        symbols.net_width(port.signal) + 8
        for port in _labels(plans)
        if port.pin_side == side and any(low - 12 < port.pin_y < high + 12 for low, high in spans)
    ]
    return max([_CHANNEL, *names])


def _room(plans: dict[int, Side], side: int) -> float:
    """From the controller to the parts: pins, channel, and the symbols and names on the wires."""
    placed = plans[side]
    tracks = 1 + max((track for track in placed.tracks.values() if track is not None), default=0)
    widths = [
        _SLOT * len(_symbols(port))
        + (_STUB + symbols.net_width(port.signal) if placed.tracks[port.signal] is None else 0)
        for port in _ports(placed)
    ]
    return _channel(plans, side) + _TRACK * tracks + 26 + max([_SLOT * 2, *widths])


def _controller(svg: Svg, middle: float, board: Board, controller: Controller, within: str) -> None:
    top = TOP - 30
    inside = [f"{signal}: GPIO {gpio}, {within}" for signal, gpio in board.pins if gpio in controller.inside]
    svg.box(middle - _HALF, top, 2 * _HALF, PITCH * 19 + 60, "#166534", "#f0fdf4", 12)
    svg.box(middle - 28, top - 12, 56, 26, INK, "#e5e7eb")
    svg.write(middle, top + 1, "USB", "middle", 12)
    signals = {controller.edge[gpio]: (gpio, signal) for signal, gpio in board.pins if gpio in controller.edge}
    gpios = {at: gpio for gpio, at in controller.edge.items()}
    taken = [0.0] * 20
    for at in range(1, 41):
        row = round((pin_y(at) - TOP) / PITCH)
        side = -1 if at <= 20 else 1
        edge, y = middle + side * _HALF, pin_y(at)
        svg.box(edge - (_PAD if side > 0 else 0), y - 10, _PAD, 20, "#a16207", "#fef3c7", 3)
        svg.write(edge - side * _PAD / 2, y, str(at), "middle", 12)
        inner = edge - side * (_PAD + 7)
        anchor = "end" if side > 0 else "start"
        if at in signals:
            gpio, signal = signals[at]
            svg.write(inner, y - 7, signal, anchor, 14, _colour(signal), bold=True)
            svg.write(inner, y + 9, f"GPIO {gpio}", anchor, 12, FAINT)
            taken[row] += width_of(signal, 15)
        else:
            name = f"GPIO {gpios[at]}" if at in gpios else _SUPPLIES.get(at, "GND")
            svg.write(inner, y, name, anchor, 12, FAINT)
            if name in _SUPPLY_NETS:
                symbols.net(svg, edge, y, side, _SUPPLY_NETS[name])
    emptiest = min(range(2, 17), key=lambda row: sum(taken[row : row + 3]))
    lines = [controller.name, controller.chip, *inside]
    for i, line in enumerate(lines):
        svg.write(middle, TOP + PITCH * (emptiest + 0.6) + 19 * i, line, "middle", 14 if i < 2 else 12, bold=i < 2)


def _wires(svg: Svg, column: _Column) -> None:
    """Lines first, so that names and symbols lie on them."""
    side, far = column.side, column.parts
    for port in _ports(column.plan):
        colour, track = _colour(port.signal), column.plan.tracks[port.signal]
        if track is None:
            near = far - side * (_STUB + _SLOT * len(_symbols(port)))
            svg.line((near, port.y), (far, port.y), colour=colour)
            symbols.net(svg, near, port.y, -side, port.signal)
        else:
            x = column.channel + side * _TRACK * track
            svg.line((column.edge, port.pin_y), (x, port.pin_y), (x, port.y), (far, port.y), colour=colour)
    for port in _ports(column.plan):
        for i, (kind, value) in enumerate(reversed(_symbols(port))):
            symbols.DRAW[kind](svg, far - side * (6 + _SLOT * (i + 0.5)), port.y, side, value)
        for kind, value in port.wire.way:
            if kind == "inside" and column.plan.tracks[port.signal] is not None:  # there is no room beside a name
                symbols.inside(svg, far - side * 6, port.y, side, value)


def _part(svg: Svg, column: _Column, placed: Placed, part: Part) -> None:
    side, x = column.side, column.parts
    far, middle = x + side * _PART, placed.y + placed.height / 2
    svg.box(min(x, far), placed.y, _PART, placed.height, INK, "#f8fafc", 6)
    for port in placed.ports:
        svg.write(x + side * 8, port.y, port.wire.pin, "start" if side > 0 else "end", 13, _colour(port.signal))
    for i, (pin, net) in enumerate(part.drawn):
        y = middle + _NET_ROW * (i - (len(part.drawn) - 1) / 2)
        svg.write(far - side * 8, y, pin, "end" if side > 0 else "start", 13)
        symbols.net(svg, far, y, side, net)
    inner = max(width_of(port.wire.pin) for port in placed.ports)
    outer = max((width_of(pin) for pin, _ in part.drawn), default=0)
    centre = (x + far + side * (inner - outer)) / 2
    svg.write(centre, middle - 9, part.name, "middle", 14, bold=True)
    svg.write(centre, middle + 9, _model(part), "middle", 12, FAINT)


def _model(part: Part) -> str:
    return part.model or re.split(r"[,;(]", part.buy)[0].strip()


def _supplies(kiosk: Kiosk) -> list[tuple[str | None, str, str | None]]:
    """Name that comes in, what it is, name that goes out: the rails, and parts that no signal goes to."""
    rails = [(rail.parent, rail.source, name) for name, rail in kiosk.rails.items()]
    wired = {wire.part for wire in kiosk.wires.values()}
    others = [
        (part.drawn[0][1], f"{part.name}: {_model(part)}", part.drawn[1][1] if len(part.drawn) > 1 else None)
        for key, part in kiosk.parts.items()
        if part.drawn and key not in wired
    ]
    return [*rails, *others]


def _power(svg: Svg, supplies: list[tuple[str | None, str, str | None]], x: float, y: float) -> None:
    for i, (parent, what, name) in enumerate(supplies):
        row = y + _LINE * i
        if parent:
            symbols.net(svg, x, row, -1, parent)
        svg.box(x, row - 14, _PART, 28, INK, "#f8fafc", 6)
        svg.write(x + _PART / 2, row, what, "middle", 12)
        if name:
            symbols.net(svg, x + _PART, row, 1, name)


def _legend(svg: Svg, y: float, width: float, say: Callable[[str], str]) -> None:
    x = 24.0
    for block, colour in (*_COLOURS.items(), (say("other signals"), INK)):
        text = block.removesuffix("0")
        svg.line((x, y), (x + 26, y), colour=colour, width=2.4)
        svg.write(x + 32, y, text)
        x += 52 + width_of(text)
    how = say("ends of one name are joined; grounds meet at the amplifier; grey pull-ups are built in")
    svg.write(width - 24, y, how, "end", 13, FAINT)
