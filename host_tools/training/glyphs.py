"""A bank of cuts of OCR-B: distance of every pixel from the edge of the ink, for the 37 characters of each cut.

Half of the cuts are outlines of real fonts bent a little, half are drawn from pen strokes (see `skeletons`). Distances
instead of pictures, because stroke weight, ink spread and edge softness are then a threshold, chosen for every line.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from stillscan.mrz.alphabet import ALPHABET
from training import skeletons

CELL_ROWS = 44
CELL_COLUMNS = 40
"""A cell is wider than the pitch of 30 px, so that wide and slanted characters reach into their neighbours' room."""
FAR_PX = 6.0
"""Distances are cut off here; beyond it there is no ink at any weight."""
_FINE = 4
_CAPITAL_PX = 28.0
_PITCH_PX = 30.0
_FONT_SHARE = 0.5

Cut = NDArray[np.float32]
"""(37, CELL_ROWS, CELL_COLUMNS): px to the edge of the ink, negative inside; base line and pitch as in print."""


def font_distances(font_file: Path) -> NDArray[np.float32]:
    """The 37 characters of a font as distances in px, at `_FINE` times the resolution, scaled to a pitch of 30 px."""
    probe = ImageFont.truetype(str(font_file), 1000)
    font = ImageFont.truetype(str(font_file), round(1000 * _PITCH_PX * _FINE / probe.getlength("0")))
    _, top, _, bottom = font.getbbox("H", anchor="ls")
    rows, columns = CELL_ROWS * _FINE, CELL_COLUMNS * _FINE
    baseline, left = rows / 2 - (top + bottom) / 2, (CELL_COLUMNS - _PITCH_PX) / 2 * _FINE
    table = []
    for character in ALPHABET:
        cell = Image.new("L", (columns, rows), 0)
        ImageDraw.Draw(cell).text((left, baseline), character, fill=255, font=font, anchor="ls")
        inside = (np.asarray(cell) > 127).astype(np.uint8)
        outer = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5)
        inner = cv2.distanceTransform(inside, cv2.DIST_L2, 5)
        table.append((outer - inner) / _FINE)
    return np.asarray(np.stack(table), np.float32)


def _bend(rng: np.random.Generator, amount_px: float) -> NDArray[np.float32]:
    """Smooth random shift (rows, columns) of a cell's pixels, about `amount_px`."""
    coarse = rng.normal(0, amount_px, (5, 4)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (CELL_COLUMNS, CELL_ROWS), interpolation=cv2.INTER_CUBIC), np.float32)


def bent_font(distances: NDArray[np.float32], rng: np.random.Generator) -> Cut:
    """A font's outlines with strokes moved, widened, slanted: a neighbouring cut."""
    amount = float(rng.uniform(0, 0.9))
    wide, high, slant = rng.normal(1, 0.05), rng.normal(1, 0.04), rng.normal(0, 0.03)
    y, x = np.mgrid[:CELL_ROWS, :CELL_COLUMNS].astype(np.float32)
    y, x = y - (CELL_ROWS - 1) / 2, x - (CELL_COLUMNS - 1) / 2
    cut = []
    for table in distances:
        column = (x / wide + slant * y + _bend(rng, amount) + (CELL_COLUMNS - 1) / 2) * _FINE + (_FINE - 1) / 2
        row = (y / high + _bend(rng, amount) + (CELL_ROWS - 1) / 2) * _FINE + (_FINE - 1) / 2
        cut.append(
            cv2.remap(
                table, column.astype(np.float32), row.astype(np.float32), cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE
            )
        )
    return np.asarray(np.stack(cut), np.float32)


def drawn_cut(rng: np.random.Generator) -> Cut:
    """A cut from pen strokes, with its own width, height, slant, weight and shaky points."""
    width, height = rng.uniform(13.5, 17.5), _CAPITAL_PX - 3.8 + rng.normal(0, 0.8)
    taller, slant, wobble = rng.uniform(1.0, 1.1), rng.normal(0, 0.03), rng.uniform(0.01, 0.035)
    radius = rng.uniform(1.5, 2.3)
    y, x = np.mgrid[:CELL_ROWS, :CELL_COLUMNS].astype(np.float32)
    pixels = np.stack([x, y], axis=-1).reshape(-1, 1, 2)
    cut = []
    for character in ALPHABET:
        own_high = height * (taller if character.isdigit() else 1)
        own_wide = width * (rng.uniform(0.85, 1.0) if character in "0O<" else 1)
        ends = skeletons.segments(character, wobble, rng)
        down = (ends[..., 1] - 1) * own_high + height / 2
        right = (ends[..., 0] - 0.5) * own_wide - slant * down + rng.normal(0, 0.4)
        start, end = (
            np.stack([right[:, k] + (CELL_COLUMNS - 1) / 2, down[:, k] + (CELL_ROWS - 1) / 2], -1).astype(np.float32)
            for k in (0, 1)
        )
        along = end - start
        length = np.maximum((along**2).sum(-1), 1e-6)
        from_start = pixels - start
        share = np.clip((from_start * along).sum(-1) / length, 0, 1)
        gap = from_start - share[..., None] * along
        nearest = np.sqrt((gap**2).sum(-1).min(axis=1))
        cut.append((nearest - radius).reshape(CELL_ROWS, CELL_COLUMNS))
    return np.asarray(np.stack(cut), np.float32)


def bank(fonts: list[Path], count: int, seed: int) -> list[NDArray[np.int8]]:
    """`count` cuts, `pack`ed; cut i depends on `seed` and i alone."""
    tables = [font_distances(font) for font in fonts]
    packed = []
    for index in range(count):
        rng = np.random.default_rng((seed, index))
        from_font = bool(tables) and rng.random() < _FONT_SHARE
        packed.append(pack(bent_font(tables[int(rng.integers(len(tables)))], rng) if from_font else drawn_cut(rng)))
    return packed


def pack(cut: Cut) -> NDArray[np.int8]:
    """Distances as 1/20 px in 8 bits."""
    return np.rint(np.clip(cut, -FAR_PX, FAR_PX) * 20).astype(np.int8)
