"""The tables of a board, for the terminal and for its README.md: wiring, parts to order, power."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from stillscan.boards.table import Board
from stillscan.technician.parts import Kiosk
from stillscan.technician.power import budget

_WAYS = {
    "series": "{} in series",
    "up": "{} up to 3.3 V",
    "down": "{} down",
    "buffer": "over the {}, 5 V behind it",
    "mosfet": "gate of an {}",
    "clamp": "clamp {}",
    "inside": "pull-{}",
}


class Cells(NamedTuple):
    """A table: its name, its titles, and rows of as many texts."""

    name: str
    titles: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def markdown(self) -> str:
        """As it stands in README.md."""
        lines = [self.titles, tuple("---" for _ in self.titles), *self.rows]
        return "".join("|" + "".join(f" {cell} |" if cell else " |" for cell in line) + "\n" for line in lines)


def tables(board: Board, kiosk: Kiosk) -> tuple[Cells, ...]:
    """All of them."""
    return wiring(board, kiosk), others(kiosk), parts(kiosk), power(kiosk)


def wiring(board: Board, kiosk: Kiosk) -> Cells:
    """Every signal of PINS: its pin, the part at its other end, and what lies between."""
    edge = board.controller.edge if board.controller else {}
    rows = []
    for signal, gpio in board.pins:
        wire = kiosk.wires.get(signal)
        rows.append(
            (
                str(gpio),
                signal,
                str(edge.get(gpio, "")),
                f"{kiosk.parts[wire.part].name}, {wire.pin}" if wire else "",
                "; ".join(_WAYS[kind].format(value) for kind, value in wire.way) if wire else "",
                kiosk.notes.get(signal, ""),
            )
        )
    return Cells("wiring", ("GPIO", "signal", "pin", "goes to", "on the way there", "note"), rows)


def parts(kiosk: Kiosk) -> Cells:
    """What to buy."""
    rows = [(part.name, part.buy, part.note) for part in kiosk.parts.values()]
    return Cells("parts", ("part", "for example", "note"), rows)


def others(kiosk: Kiosk) -> Cells:
    """The pins of parts that no signal goes to."""
    rows = [
        (part.name, ", ".join(f"{pin} → {net}" for pin, net in part.drawn))
        for part in kiosk.parts.values()
        if part.drawn
    ]
    return Cells("other pins", ("part", "its other pins"), rows)


def power(kiosk: Kiosk) -> Cells:
    """Loads of every rail, then their sum beside what the rail can give, mA."""
    rows = []
    for rail in budget(kiosk):
        rows += [(rail.rail, load.what, _ma(load.typical), _ma(load.peak), load.why) for load in rail.loads]
        rows.append((rail.rail, "**all**", f"**{_ma(rail.typical)}**", f"**{_ma(rail.peak)}**", f"of {_ma(rail.most)}"))
    return Cells("power", ("rail", "load", "typical mA", "peak mA", "where it comes from"), rows)


def _ma(number: float) -> str:
    return f"{number:.0f}"
