"""Pictures of what to look at: the scanner from above or opened, one thing marked; the wiring is that of the board."""

from __future__ import annotations

from collections.abc import Callable

from stillscan.boards.files import boards
from stillscan.boards.table import find_board
from stillscan.technician.limits import REFERENCE
from stillscan.technician.parts import read_parts
from stillscan.technician.schematic.draw import schematic
from stillscan.technician.schematic.svg import FAINT, INK, PAPER, Svg

_MARK, _MARKED = "#b45309", "#fef3c7"  # amber is told apart from ink and glass by those who see no red or no green
_GLASS, _STRIP, _CASE = "#dbeafe", "#ffffff", "#f1f5f9"
_WIDTH, _HEIGHT = 560.0, 380.0  # px of each picture

LABELS = {
    "glass": "the glass",
    "strip": "the white strip, above the glass",
    "presence": "the presence sensor, beside the glass",
    "flow": "the flow sensor, below the glass",
    "card": "the test card, face down, its text at the lower stop",
    "slide": "slide it to the right, flat on the glass",
    "ring": "the ring; the beeper is below it",
    "carriage": "carriage with sensor and lamps, on its screw; home is at the strip",
    "jumper": "the service jumper, beside the controller",
    "supplies": "12 V in, 5 V behind the converter, 3.3 V at pin 36",
}
"""What each marks."""
NAMES = (*LABELS, "wiring")


def picture(name: str, board: str, say: Callable[[str], str] = str) -> str:
    """One of NAMES as SVG text, its words as ``say`` has them. KeyError: there is none of that name."""
    if name == "wiring":
        table = find_board(board if board in boards() and board != "simulator" else REFERENCE)
        return schematic(table, read_parts(table), say)
    label = say(LABELS[name])
    svg = Svg(_WIDTH, _HEIGHT, label)
    if name in ("supplies", "jumper", "carriage"):
        _opened(svg, name, say)
    else:
        _from_above(svg, name, say)
    svg.write(_WIDTH / 2, _HEIGHT - 18, label, "middle", 15, _MARK, bold=True)
    return svg.text()


def _from_above(svg: Svg, name: str, say: Callable[[str], str]) -> None:
    """The case with glass, strip, stops, sensors and ring."""
    svg.box(20, 14, 520, 318, FAINT, _CASE, 10)
    svg.box(70, 50, 330, 26, *_colours(name == "strip", _STRIP))
    svg.box(70, 80, 330, 226, *_colours(name == "glass", _GLASS))
    svg.line((66, 80), (66, 310), (404, 310), width=5)
    svg.write(235, 322, say("stop"), "middle", 11, FAINT)
    svg.box(414, 180, 34, 24, *_colours(name == "presence", PAPER))
    svg.box(215, 110, 40, 26, *_colours(name == "flow", PAPER))
    for radius in (34.0, 24.0):  # an octagon stands for a ring
        points = [
            (492 + radius * x, 90 + radius * y)
            for x, y in ((1, 0.4), (0.4, 1), (-0.4, 1), (-1, 0.4), (-1, -0.4), (-0.4, -1), (0.4, -1), (1, -0.4))
        ]
        svg.shape(*points, colour=_MARK if name == "ring" else FAINT, fill=_MARKED if name == "ring" else PAPER)
    if name in ("card", "slide"):
        svg.box(70, 120, 250, 186, _MARK, PAPER, 2)
        for y in (268, 286):
            svg.line((84, y), (306, y), width=3, dashed=True)
        svg.write(195, 190, say("face down"), "middle", 13, FAINT)
    if name == "slide":
        svg.line((330, 210), (388, 210), colour=_MARK, width=4)
        svg.shape((388, 200), (404, 210), (388, 220), colour=_MARK, fill=_MARK)


def _opened(svg: Svg, name: str, say: Callable[[str], str]) -> None:
    """The case without its lid: supply, converter, controller, carriage."""
    svg.box(20, 14, 520, 318, FAINT, _CASE, 10)
    svg.box(40, 40, 330, 40, *_colours(name == "carriage", PAPER))
    svg.write(205, 60, say("carriage: sensor, lamps"), "middle", 13, INK)
    svg.line((40, 100), (400, 100), width=4)
    svg.write(205, 118, say("screw and rail"), "middle", 11, FAINT)
    svg.box(404, 84, 60, 34, FAINT, PAPER)
    svg.write(434, 101, say("motor"), "middle", 12)
    supply = name == "supplies"
    svg.box(28, 240, 116, 60, *_colours(supply, PAPER))
    svg.write(86, 262, "12 V", "middle", 14, bold=supply)
    svg.write(86, 282, say("supply, fuse"), "middle", 11, FAINT)
    svg.line((144, 270), (180, 270))
    svg.box(180, 240, 100, 60, *_colours(supply, PAPER))
    svg.write(230, 262, "5 V", "middle", 14, bold=supply)
    svg.write(230, 282, say("converter"), "middle", 11, FAINT)
    svg.box(340, 190, 130, 110, *_colours(supply, PAPER))
    svg.write(405, 214, say("controller"), "middle", 13)
    svg.write(405, 238, say("pin 36: 3.3 V"), "middle", 12, _MARK if supply else FAINT)
    svg.write(405, 258, say("pin 40: VBUS"), "middle", 12, FAINT)
    svg.write(405, 282, "USB", "middle", 12, FAINT)
    svg.box(486, 200, 30, 40, *_colours(name == "jumper", PAPER))
    svg.dot(501, 212)
    svg.dot(501, 228)


def _colours(marked: bool, fill: str) -> tuple[str, str]:
    """Of an outline and what it holds."""
    return (_MARK, _MARKED) if marked else (FAINT, fill)
