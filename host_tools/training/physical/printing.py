"""How a passport is printed: four printers, the sheet they print on and the security print under it."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from training.physical.document import FINE, LINES_PX, SHAPE, Field, blur, noise, strokes

PITCH_PX = 30 * FINE
"""From character to character."""


@cache
def _font(font_file: Path) -> ImageFont.FreeTypeFont:
    wide = ImageFont.truetype(str(font_file), 1000).getlength("0")
    return ImageFont.truetype(str(font_file), round(1000 * PITCH_PX / wide))


def typeset(lines: tuple[str, ...], font_file: Path, slope: float, rng: np.random.Generator) -> Field:
    """Where ink is meant to be."""
    page = Image.new("L", SHAPE[::-1])
    pen, font = ImageDraw.Draw(page), _font(font_file)
    left = 71 * FINE + rng.uniform(-8, 8) * FINE
    for row, line in zip(LINES_PX, lines, strict=True):
        for index, character in enumerate(line):
            column = left + PITCH_PX * (index + 0.5)
            level = FINE * (row + 12) + slope * (column - SHAPE[1] / 2)
            pen.text((column, level), character, fill=255, font=font, anchor="ms")
    return np.asarray(np.asarray(page, np.float32) / 255, np.float32)


def _toner(meant: Field, relief: Field, rng: np.random.Generator) -> Field:
    """A laser printer: grains that keep to their place, some fly beside it, and valleys stay bare."""
    grains = blur(meant, rng.uniform(0.7, 1.6)) + 0.05 * rng.normal(size=SHAPE).astype(np.float32)
    film = np.clip((grains - rng.uniform(0.3, 0.6)) * 5 + 0.5, 0, 1)
    near = blur(meant, 6) * (rng.random(SHAPE) < 0.004)
    return np.asarray(np.maximum(film, blur(near.astype(np.float32), 0.8) * 2) * (1 - 0.3 * (relief < -1.2)))


def _jet(meant: Field, relief: Field, rng: np.random.Generator) -> Field:
    """An ink-jet: drops that land a little off, creep along fibres, and a nozzle that is blocked leaves a row white."""
    pushed = (relief + noise(rng, 5)).astype(np.float32)
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    crept = cv2.remap(meant, columns + pushed * rng.uniform(0.3, 1.2), rows + pushed * 0.5, cv2.INTER_LINEAR)
    film = np.clip(
        (blur(np.asarray(crept, np.float32), rng.uniform(1.2, 2.4)) - rng.uniform(0.2, 0.45)) * 3 + 0.5, 0, 1
    )
    blocked = (rng.random((SHAPE[0], 1)) < rng.choice([0, 0, 0.04])).astype(np.float32)
    return np.asarray(film * (1 - 0.8 * blur(np.repeat(blocked, SHAPE[1], 1), 0.7)), np.float32)


def _engraved(meant: Field, _relief: Field, rng: np.random.Generator) -> Field:
    """A laser in polycarbonate: rows of charred dots below the surface, as deep as its power just is."""
    step = int(rng.integers(3, 6))
    rows = 0.75 + 0.25 * np.cos(2 * np.pi * np.arange(SHAPE[0], dtype=np.float32) / step)[:, None]
    depth = 1 + rng.uniform(0, 0.25) * noise(rng, 40, 0.1)
    return np.asarray(blur(meant * rows * depth, rng.uniform(1.2, 2.6)), np.float32)


def _ribbon(meant: Field, _relief: Field, rng: np.random.Generator) -> Field:
    """Thermal transfer: square dots of 300 dpi, lost where the head had a speck."""
    small = cv2.resize(meant, (SHAPE[1] // FINE, SHAPE[0] // FINE), interpolation=cv2.INTER_AREA)
    dots = (small > rng.uniform(0.35, 0.65)) & (rng.random((1, small.shape[1])) > rng.choice([0, 0.01, 0.03]))
    return blur(np.repeat(np.repeat(dots.astype(np.float32), FINE, 0), FINE, 1), 0.8)


PRINTERS = (_toner, _jet, _engraved, _ribbon)


def sheet(rng: np.random.Generator) -> Field:
    """The relief of a sheet of fibres."""
    relief = np.zeros(SHAPE, np.float32)
    for _ in range(3):
        starts = rng.uniform(0, 1, (500, 2)) * SHAPE[::-1]
        turns, lengths = rng.uniform(0, np.pi, 500), rng.uniform(20, 90, 500)
        ends = starts + np.stack([np.cos(turns), np.sin(turns)], 1) * lengths[:, None]
        relief += strokes(rng, list(np.stack([starts, ends], 1).astype(np.int32)), (1, 4))
    relief = blur(relief, 1.2) + 0.1 * noise(rng, 6)
    return np.asarray((relief - relief.mean()) / relief.std(), np.float32)


def guilloche(rng: np.random.Generator) -> Field:
    """Fine wavy lines of two families, 0 to 1."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    total = np.zeros(SHAPE, np.float32)
    for _ in range(2):
        wave = rng.uniform(15, 60) * np.sin(columns / rng.uniform(60, 300) + rng.uniform(0, 6))
        total += (np.cos((rows + wave) * 2 * np.pi / rng.uniform(14, 50)) > 0.75).astype(np.float32)
    return blur(np.minimum(total, 1), 1)
