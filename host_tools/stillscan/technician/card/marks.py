"""Where everything on the test card stands, in mm from its lower left corner, y upwards; and the card as pixels.

The scanner sees the lowest 23.2 mm of a card of 125 x 88 mm. Beside the MRZ, which stands where that of a passport
does, there is room for a ladder of ticks at the left and at the right (the carriage's pitch, and how the card lies), a
spine beside each (squareness), a ruler above the text (the sensor's scale), and grey fields and line pairs below it.
The card's upper edge has ladders of another pitch: who sees those sees it upside down.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WIDTH_MM, HEIGHT_MM = 125.0, 88.0  # of a passport's page (ISO/IEC 7810 ID-3)
ZONE_MM = 23.2  # of it the scanner sees (Doc 9303-4)
PX_PER_MM = 300 / 25.4  # of the line sensor
# 20.00 mm, and 1.6 to spare for a card laid askew; two are left out, so that no tick is taken for the next.
LADDER_MM = tuple(round(1.6 + 2.0 * n, 1) for n in range(11) if n not in (3, 4))
TURNED_MM = tuple(round(1.6 + 3.0 * n, 1) for n in range(7))  # from the upper edge; no two in three fit the other
TICK_MM = 0.4  # five pixels: its middle is known to a twentieth of one
LEFT_MM, RIGHT_MM = (0.9, 3.6), (121.4, 124.1)  # of the ladders; the MRZ has 6.0 to 117.8
SPINE_MM = 0.3  # four pixels
SPINES_MM = (4.7, 120.3)  # between ladder and MRZ
SPINE_ENDS_MM = (1.2, 22.0)  # as long as the ladder
RULER_MM = tuple(float(x) for x in range(15, 111, 5))  # ticks every 5 mm where numbers have room
RULER_Y_MM = (18.6, 20.8)  # above the upper line, which ends at 17.3
GREYS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # share of ink
GREY_X_MM, GREY_WIDTH_MM = 8.0, 10.0  # of the first field, and of each
FIELDS_Y_MM = (1.2, 6.0)  # below the lower line, which begins at 7.8
PAIRS = ((76.0, 0.25), (94.0, 0.5))  # where line pairs begin, and their width: boards/README.md asks for 0.25
PAIRS_WIDTH_MM = 14.0  # 56 of the finer ones
_PAPER, _INK = 235, 25  # 8-bit grey of the drawn card: office paper, toner
_SAMPLES = Path(__file__).parents[2] / "samples"
_SAMPLE = "uto-clean.png"


class Block(NamedTuple):
    """A rectangle of ``ink`` 0..1; edges in mm."""

    left: float
    bottom: float
    right: float
    top: float
    ink: float = 1.0


def blocks() -> list[Block]:
    """All that is printed but text."""
    found = []
    half = TICK_MM / 2
    for left, right in (LEFT_MM, RIGHT_MM):
        found += [Block(left, y - half, right, y + half) for y in LADDER_MM]
        found += [Block(left, HEIGHT_MM - y - half, right, HEIGHT_MM - y + half) for y in TURNED_MM]
    found += [Block(x - SPINE_MM / 2, SPINE_ENDS_MM[0], x + SPINE_MM / 2, SPINE_ENDS_MM[1]) for x in SPINES_MM]
    found += [Block(x - SPINE_MM / 2, RULER_Y_MM[0], x + SPINE_MM / 2, RULER_Y_MM[1]) for x in RULER_MM]
    for n, share in enumerate(GREYS):
        left = GREY_X_MM + n * GREY_WIDTH_MM
        found.append(Block(left, FIELDS_Y_MM[0], left + GREY_WIDTH_MM, FIELDS_Y_MM[1], share))
    for begin, pair in PAIRS:
        found += [
            Block(begin + n * pair, FIELDS_Y_MM[0], begin + (n + 0.5) * pair, FIELDS_Y_MM[1])
            for n in range(round(PAIRS_WIDTH_MM / pair))
        ]
    return [block for block in found if block.ink > 0]


def mrz_lines() -> tuple[str, ...]:
    """The text of the card: an invented person of a country that does not exist."""
    table = _SAMPLES / "truth.tsv"
    with open(table, encoding="utf-8", newline="") as file:
        rows = {row["file"]: row["lines"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}
    return tuple(rows[_SAMPLE].split("|"))


def mrz_picture() -> NDArray[np.uint8]:
    """(274, 1476) ink 0..255 of the lowest 23.2 mm, at 300 dpi: the text alone."""
    grey = np.asarray(Image.open(_SAMPLES / _SAMPLE).convert("L"), np.float32)
    paper, dark = float(np.median(grey)), float(grey.min())
    share = np.clip((paper - grey) / max(paper - dark, 1.0), 0.0, 1.0)
    ink: NDArray[np.uint8] = np.rint(255 * np.where(share > 0.02, share, 0.0)).astype(np.uint8)  # less is no print
    return ink


@cache
def _drawn() -> NDArray[np.uint8]:
    rows, width = round(HEIGHT_MM * PX_PER_MM), round(WIDTH_MM * PX_PER_MM)
    ink = np.zeros((rows, width), np.float64)
    for block in blocks():
        across = _covered(block.left, block.right, width)
        up = _covered(block.bottom, block.top, rows)[::-1]
        place = np.ix_(np.flatnonzero(up), np.flatnonzero(across))  # the rest stays: all of it took a second
        ink[place] = np.maximum(ink[place], block.ink * np.outer(up[place[0]], across[place[1]]))
    text = mrz_picture()
    ink[-len(text) :, : text.shape[1]] = np.maximum(ink[-len(text) :, : text.shape[1]], text / 255.0)
    return np.rint(_PAPER + (_INK - _PAPER) * ink).astype(np.uint8)


def picture(*, turned: bool = False) -> NDArray[np.uint8]:
    """The card as a flawless scan would show it, (1039, 1476) at 300 dpi; ``turned``: upside down."""
    found = _drawn()
    return found[::-1, ::-1].copy() if turned else found.copy()


def _covered(low_mm: float, high_mm: float, pixels: int) -> NDArray[np.float64]:
    """(pixels,) how much of each pixel lies between."""
    edges = np.arange(pixels + 1)
    inside = np.clip(edges, low_mm * PX_PER_MM, high_mm * PX_PER_MM)
    return np.asarray(np.diff(inside))
