"""What people lay on a glass besides passports: a page of print, a blank one, cloth, the front of a card."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from stillscan.simulator.glass import LINE_PX, ZONE_ROWS
from stillscan.simulator.printing import INK, PAPER

_PROSE = (
    "The reading room is open on weekdays from nine to four, and on Saturdays until noon. Visitors are asked to leave "
    "coats and bags in the lockers beside the stairs. Books may be taken to any of the desks; newspapers stay on their "
    "racks. Whoever finds a page loose or a binding torn tells the person at the counter, who keeps glue and patience."
)


def draw_all(folder: Path) -> None:
    """Write text.png, blank.png, cloth.png and card.png, each the scanner's zone at 300 dpi."""
    for name, picture in (("text", prose(1)), ("blank", blank()), ("cloth", cloth(1)), ("card", card(1))):
        Image.fromarray(picture).save(folder / f"{name}.png", dpi=(300, 300))


def prose(seed: int) -> NDArray[np.uint8]:
    """Several lines of ordinary print in a proportional font: (274, 1476) grey."""
    chance = np.random.default_rng(seed)
    image = Image.new("L", (LINE_PX, ZONE_ROWS), PAPER)
    draw = ImageDraw.Draw(image)
    size = int(chance.integers(28, 44))
    font = ImageFont.load_default(size)
    words = _PROSE.split()
    at = int(chance.integers(len(words)))
    for top in range(int(chance.integers(0, 20)), ZONE_ROWS, round(size * 1.35)):
        line = ""
        while draw.textlength(f"{line} {words[at % len(words)]}", font=font) < LINE_PX - 90:
            line, at = f"{line} {words[at % len(words)]}".strip(), at + 1
        draw.text((45, top), line, fill=INK, font=font)
    return np.asarray(image, np.uint8)


def blank() -> NDArray[np.uint8]:
    """White paper."""
    return np.full((ZONE_ROWS, LINE_PX), PAPER, np.uint8)


def cloth(seed: int) -> NDArray[np.uint8]:
    """A sleeve: woven threads, uneven."""
    chance = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:ZONE_ROWS, 0:LINE_PX]
    weave = np.sin(rows * 1.1 + 0.3 * np.sin(columns / 40)) * np.sin(columns * 0.9)
    folds = 25 * np.sin(columns / 170 + rows / 90)
    return np.asarray(np.clip(110 + 40 * weave + folds + chance.normal(0, 8, weave.shape), 0, 255), np.uint8)


def card(seed: int) -> NDArray[np.uint8]:
    """The front of a card: a dark picture, a few printed fields, a number in relief."""
    chance = np.random.default_rng(seed)
    image = Image.new("L", (LINE_PX, ZONE_ROWS), 190)
    draw = ImageDraw.Draw(image)
    for x in range(-ZONE_ROWS, LINE_PX, 26):
        draw.line([(x, ZONE_ROWS), (x + ZONE_ROWS, 0)], fill=175, width=3)
    draw.rectangle((60, 30, 290, 274), fill=120)
    draw.ellipse((115, 60, 235, 220), fill=80)
    for row, words in enumerate(("DRIVING LICENCE", "1. SAMPLE  2. CARD", "4b. 01.02.2031", "5. 12 34 567890 1")):
        draw.text((360, 20 + 62 * row), words, fill=45, font=ImageFont.load_default(40))
    grey = np.asarray(image, np.float32) + chance.normal(0, 4, (ZONE_ROWS, LINE_PX))
    return np.asarray(np.clip(grey, 0, 255), np.uint8)
