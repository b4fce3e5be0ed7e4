"""Symbols of a wiring picture, each drawn at a point of a wire; ``side`` is the way to the part: -1 left, +1 right."""

from __future__ import annotations

from stillscan.technician.schematic.svg import FAINT, INK, PAPER, Svg, width_of

RAILS = {"12 V": "#b91c1c", "5 V": "#c2410c", "3.3 V": "#15803d", "USB": "#0369a1"}
_SMALL = 12  # size of a value beside its symbol; other text has 13
_DROP = 14  # from a wire down to what hangs on it


def shown(value: str) -> str:
    """A value as it is printed on parts: 10 kohm is 10 kΩ."""
    return value.replace("kohm", "kΩ").replace("ohm", "Ω")


def ground(svg: Svg, x: float, y: float) -> None:
    """The end of a wire that comes from above."""
    for i, half in enumerate((8, 5, 2)):
        svg.line((x - half, y + 4 * i), (x + half, y + 4 * i))


def net_width(name: str) -> float:
    """How far a name reaches."""
    return 17 + width_of(name, 13)


def net(svg: Svg, x: float, y: float, side: int, name: str) -> None:
    """The end of a wire: ground, a rail, or a name that stands at another end too."""
    if name == "GND":
        svg.line((x, y), (x + side * 12, y), (x + side * 12, y + 3))
        ground(svg, x + side * 12, y + 3)
        return
    colour = RAILS.get(name, INK)
    far = x + side * net_width(name)
    near = x + side * 8
    svg.shape((x, y), (near, y - 9), (far, y - 9), (far, y + 9), (near, y + 9), colour=colour)
    svg.write((near + far) / 2 - side * 1, y, name, "middle", 13, colour, bold=name in RAILS)


def series(svg: Svg, x: float, y: float, side: int, value: str) -> None:
    svg.box(x - 16, y - 6, 32, 12, round_=1)
    svg.write(x, y - 15, shown(value), "middle", _SMALL)


def up(svg: Svg, x: float, y: float, side: int, value: str) -> None:
    _hanging(svg, x, y, side, value)
    svg.write(x, y + _DROP + 34, "3.3 V", "middle", _SMALL, RAILS["3.3 V"], bold=True)


def down(svg: Svg, x: float, y: float, side: int, value: str) -> None:
    _hanging(svg, x, y, side, value)
    ground(svg, x, y + _DROP + 28)


def _hanging(svg: Svg, x: float, y: float, side: int, value: str) -> None:
    svg.dot(x, y)
    svg.line((x, y), (x, y + _DROP + 28))
    svg.box(x - 6, y + _DROP - 5, 12, 26, round_=1)
    svg.write(x - side * 11, y + _DROP + 8, shown(value), "start" if side < 0 else "end", _SMALL)


def buffer(svg: Svg, x: float, y: float, side: int, value: str) -> None:
    svg.shape((x - side * 11, y - 11), (x - side * 11, y + 11), (x + side * 11, y))
    svg.write(x, y - 19, value, "middle", _SMALL)


def mosfet(svg: Svg, x: float, y: float, side: int, value: str) -> None:
    """Gate towards the controller, drain towards the part, source to ground."""
    svg.box(x - 20, y - 14, 40, 28, PAPER, PAPER, 0)
    svg.line((x - side * 20, y), (x - side * 8, y))
    svg.line((x - side * 8, y - 9), (x - side * 8, y + 9), width=2.4)
    for step in (-9, 0, 9):
        svg.line((x - side * 3, y + step - 3), (x - side * 3, y + step + 3), width=2.4)
    svg.line((x - side * 3, y - 9), (x + side * 14, y - 9), (x + side * 14, y), (x + side * 20, y))
    svg.line((x - side * 3, y + 9), (x + side * 5, y + 9), (x + side * 5, y + _DROP + 28))
    svg.line((x - side * 3, y), (x + side * 5, y), (x + side * 5, y + 9))
    ground(svg, x + side * 5, y + _DROP + 28)
    svg.write(x, y - 20, value, "middle", _SMALL)


def clamp(svg: Svg, x: float, y: float, side: int, value: str) -> None:
    """Two diodes: to 3.3 V and from ground."""
    svg.dot(x, y)
    svg.line((x, y), (x, y + _DROP))
    svg.box(x - 27, y + _DROP, 54, 18)
    svg.write(x, y + _DROP + 9, value, "middle", _SMALL)
    svg.line((x - 16, y + _DROP + 18), (x - 16, y + _DROP + 24))
    svg.write(x - 16, y + _DROP + 31, "3.3 V", "middle", _SMALL, RAILS["3.3 V"], bold=True)
    svg.line((x + 16, y + _DROP + 18), (x + 16, y + _DROP + 26))
    ground(svg, x + 16, y + _DROP + 26)


def inside(svg: Svg, x: float, y: float, side: int, value: str) -> None:
    """A pull that is part of the chip or of a breakout: only said."""
    svg.write(x, y - 10, "pull-" + shown(value.partition(",")[0]), "end" if side > 0 else "start", _SMALL, FAINT)


DRAW = {
    "series": series,
    "up": up,
    "down": down,
    "buffer": buffer,
    "mosfet": mosfet,
    "clamp": clamp,
    "inside": inside,
}
