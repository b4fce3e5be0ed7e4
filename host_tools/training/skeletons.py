"""Pen strokes of the 37 characters as OCR-B forms them, to draw cuts of the font that nobody has drawn.

Own drawing after the look of OCR-B (ISO 1073-2): coordinates in percent of the box of the pen's centre line, x to the
right and y down, 0 the top of a capital and 100 the base line. `;` parts strokes; `~` marks a smooth stroke, `@` a
closed smooth one, anything else is straight from point to point. Several drawings of a character are habits of print.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

_STEPS = 5
_O = "@50,0 78,10 96,34 98,50 96,66 78,90 50,100 22,90 4,66 2,50 4,34 22,10"
DRAWINGS: dict[str, tuple[str, ...]] = {
    "0": (
        "@50,0 80,6 100,26 100,74 80,94 50,100 20,94 0,74 0,26 20,6",
        "@50,0 86,16 96,50 86,84 50,100 14,84 4,50 14,16",
    ),
    "1": ("0,24 56,0 56,100", "8,20 62,0 62,100", "~0,26 34,18 56,0;56,0 56,100", "10,22 54,0 54,100;4,100 98,100"),
    "2": ("~2,16 22,2 50,0 80,6 96,28 88,48 60,64 22,80 4,100;4,100 96,100",),
    "3": (
        "2,0 96,0 48,40;~48,40 78,48 98,68 84,92 50,100 18,96 0,88",
        "2,0 96,0 48,40;~48,40 78,48 98,68 84,92 50,100 18,96 0,88",
        "~4,10 30,0 64,1 88,14 86,34 62,46 40,47;~40,47 72,50 96,66 92,86 66,99 34,100 2,90",
    ),
    "4": ("60,-2 2,76 100,76;66,46 66,100", "60,-2 2,74 100,74;68,40 68,100", "72,100 72,0 0,72 100,72"),
    "5": ("92,0 14,0 8,42;~8,42 36,40 72,46 96,68 84,92 48,99 4,100",),
    "6": (
        "~80,-4 44,28 12,52 2,72;@50,42 84,50 98,70 84,92 50,100 16,92 2,70 16,50",
        "~88,4 44,10 12,42 2,70;@50,42 84,50 98,70 84,92 50,100 16,92 2,70 16,50",
    ),
    "7": ("0,0 98,0;~98,0 72,38 50,66 46,100", "0,0 98,0 36,100"),
    "8": (
        "@50,0 80,6 92,24 78,42 50,47 22,42 8,24 20,6;@50,47 84,55 100,74 84,94 50,100 16,94 0,74 16,55",
        "@50,0 84,8 92,24 50,48 4,74 16,94 50,100 84,94 96,74 50,48 8,24 16,8",
    ),
    "9": (
        "~20,104 56,72 88,48 98,28;@50,0 84,8 98,30 84,50 50,58 16,50 2,30 16,8",
        "~12,96 56,90 88,58 98,30;@50,0 84,8 98,30 84,50 50,58 16,50 2,30 16,8",
    ),
    "A": ("0,100 42,0 58,0 100,100;18,66 82,66", "0,100 50,0 100,100;20,64 80,64"),
    "B": ("4,0 4,100;4,0 50,0;~50,0 82,6 94,24 82,42 54,48;4,48 54,48;~54,48 90,56 102,74 88,94 54,100;4,100 54,100",),
    "C": ("~96,26 86,6 56,0 24,8 4,34 2,62 16,92 52,100 84,94 96,74",),
    "D": (
        "8,0 8,100;~8,0 44,0 74,10 94,36 94,64 74,90 44,100 8,100",
        "4,0 4,100;4,0 44,0;~44,0 84,14 98,50 84,86 44,100;44,100 4,100",
    ),
    "E": ("98,0 4,0 4,100 98,100;4,48 84,48",),
    "F": ("98,0 6,0 6,100;6,48 84,48",),
    "G": (
        "~94,16 76,2 48,0 18,12 2,42 6,76 26,96 54,100 76,96 92,90;92,90 92,54 56,54",
        "~94,24 80,4 50,0 18,12 2,42 6,76 26,96 54,100 80,92 92,70;92,70 92,56 56,56",
    ),
    "H": ("4,0 4,100;96,0 96,100;4,50 96,50",),
    "I": ("50,0 50,100;10,0 90,0;10,100 90,100", "50,0 50,100;22,0 78,0;22,100 78,100"),
    "J": (
        "76,0 74,70;~74,70 66,94 36,100 10,92 2,70",
        "30,0 78,0 78,70;~78,70 68,94 38,100 10,92 0,72",
        "88,0 88,70;~88,70 78,94 44,100 12,92 2,66",
    ),
    "K": ("6,0 6,100;92,0 8,52;34,40 98,100", "6,0 6,100;94,0 6,58;36,42 98,100"),
    "L": ("4,0 4,100 98,100",),
    "M": ("4,100 4,0 18,0 50,62 82,0 96,0 96,100", "2,100 2,0 50,60 98,0 98,100"),
    "N": ("4,100 4,0 14,0 86,100 96,100 96,0", "4,100 4,0 96,100 96,0"),
    "O": (_O, "@50,0 82,8 98,36 98,64 82,92 50,100 18,92 2,64 2,36 18,8"),
    "P": ("4,100 4,0 54,0;~54,0 86,6 100,28 86,52 54,58;54,58 4,58",),
    "Q": ("@48,0 76,10 92,34 92,58 78,84 48,94 18,84 2,58 2,34 20,10;42,56 100,102", _O + ";56,70 100,104"),
    "R": ("4,100 4,0 50,0;~50,0 84,6 96,26 82,48 50,54;50,54 4,54;56,54 100,100",),
    "S": ("~94,24 80,4 50,0 18,6 8,24 22,42 50,50 82,58 96,76 80,96 48,100 16,94 2,76",),
    "T": ("0,0 100,0;50,0 50,100",),
    "U": ("2,0 2,66;~2,66 12,92 50,100 88,92 98,66;98,66 98,0",),
    "V": ("0,0 42,100 58,100 100,0", "0,0 50,100 100,0"),
    "W": ("0,0 16,100 28,100 50,44 72,100 84,100 100,0", "-2,0 24,100 50,36 76,100 102,0"),
    "X": ("4,0 98,100;96,0 2,100",),
    "Y": ("2,0 50,50 98,0;50,50 50,100",),
    "Z": ("6,0 94,0 4,100 98,100",),
    "<": ("98,8 4,50 98,92", "100,16 4,52 100,88", "100,24 6,56 100,90"),
}


@cache
def _strokes(drawing: str) -> tuple[tuple[str, NDArray[np.float64]], ...]:
    strokes = []
    for part in drawing.split(";"):
        kind = part[0] if part[0] in "~@" else "-"
        points = [tuple(map(float, pair.split(","))) for pair in part.lstrip("~@").split()]
        strokes.append((kind, np.array(points) / 100))
    return tuple(strokes)


def _smooth(points: NDArray[np.float64], closed: bool) -> NDArray[np.float64]:
    """Catmull-Rom curve through `points` (n, 2)."""
    if closed:
        ring = np.concatenate([points[-1:], points, points[:2]])
    else:
        ring = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    a, b, c, d = ring[:-3], ring[1:-2], ring[2:-1], ring[3:]
    t = (np.arange(_STEPS) / _STEPS)[None, :, None]
    a, b, c, d = (part[:, None, :] for part in (a, b, c, d))
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return np.concatenate([curve.reshape(-1, 2), ring[-2:-1]])


def segments(character: str, wobble: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Straight pieces (n, 2 ends, x and y) of one character, every point moved by `wobble` of the box (1 sigma).

    Points that strokes share move together, so that joints stay closed.
    """
    drawings = DRAWINGS[character]
    chosen = drawings[int(rng.integers(len(drawings)))]
    moved: dict[tuple[float, float], NDArray[np.float64]] = {}
    pieces = []
    for kind, points in _strokes(chosen):
        path = np.array([moved.setdefault((x, y), rng.normal((x, y), wobble)) for x, y in points.tolist()])
        curve = path if kind == "-" else _smooth(path, kind == "@")
        pieces.append(np.stack([curve[:-1], curve[1:]], axis=1))
    return np.concatenate(pieces)
