"""The development set: TD3 strips at six levels of damage, drawn apart from the training data.

Nothing is shared with `glyphs` and `degrade`: another cut of the font (OCRB7.ttf of npm's bwip-js, not used for
training), outlines rasterised by Pillow, and its own damage in plain numpy. Levels: 0 ideal, 1 light wear, 2 worn,
3 badly worn with jitter and guilloche, 4 faded with streaks and glare, 5 hardly readable by eye.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from training import text

STRIP_SHAPE = (274, 1476)
LINE_ROWS_PX = (88, 163)
_FINE = 3
_PITCH_PX = 30
LEVELS = 6
Ink = Callable[[tuple[str, ...], float, np.random.Generator], NDArray[np.float64]]
"""Lines, their slope and chance to the ink cover 0..1 of a strip (rows, cols)."""


@dataclass(frozen=True)
class Damage:
    """Greatest amounts of one level."""

    contrast: tuple[float, float]
    blur_px: float
    noise: float
    worn: float = 0.0
    guilloche: float = 0.0
    jitter_px: float = 0.0
    streaks: int = 0
    scratches: int = 0
    glare: float = 0.0
    skew: float = 0.002


_DAMAGE = (
    Damage((0.80, 0.90), 0.4, 1.5, skew=0.0),
    Damage((0.65, 0.85), 0.7, 5, worn=0.15, guilloche=0.04, streaks=1),
    Damage((0.50, 0.75), 0.9, 8, worn=0.35, guilloche=0.08, jitter_px=0.4, streaks=3, scratches=4),
    Damage((0.40, 0.60), 1.1, 10, worn=0.55, guilloche=0.15, jitter_px=1.0, streaks=6, scratches=8),
    Damage((0.28, 0.42), 1.3, 12, worn=0.65, guilloche=0.15, jitter_px=1.2, streaks=12, scratches=10, glare=0.35),
    Damage((0.17, 0.30), 1.7, 15, worn=0.80, guilloche=0.16, jitter_px=1.7, streaks=18, scratches=16, glare=0.5),
)


class Strip(NamedTuple):
    """A drawn strip and its truth."""

    pixels: NDArray[np.uint8]
    """(274, 1476) grey, 300 dpi."""
    lines: tuple[str, ...]
    level: int
    rows_px: tuple[float, float]
    """Centre row of each line at the middle column."""
    slope: float
    """Rows down per column to the right."""


def _td3(rng: np.random.Generator) -> tuple[str, ...]:
    while len(lines := text.mrz(rng)) != 2 or len(lines[0]) != 44 or lines[0][0] != "P":
        pass
    return lines


@cache
def _font(font_file: Path) -> ImageFont.FreeTypeFont:
    probe = ImageFont.truetype(str(font_file), 1000)
    return ImageFont.truetype(str(font_file), round(1000 * _PITCH_PX * _FINE / probe.getlength("0")))


def _blur(picture: NDArray[np.float64], sigma_px: float) -> NDArray[np.float64]:
    reach = int(3 * sigma_px + 1)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma_px, 0.05)) ** 2)
    weights /= weights.sum()
    part = np.empty_like(picture)
    for axis in (0, 1):
        padded = np.pad(picture, [(reach, reach) if axis == this else (0, 0) for this in (0, 1)], mode="edge")
        picture = np.zeros_like(picture)
        for k, weight in enumerate(weights):
            moved = padded[k : k + len(picture)] if axis == 0 else padded[:, k : k + picture.shape[1]]
            picture += np.multiply(weight, moved, out=part)
    return picture


def _patches(rng: np.random.Generator, size_px: int) -> NDArray[np.float64]:
    """Values 0..1 in soft patches of about `size_px`."""
    coarse = rng.random((STRIP_SHAPE[0] // size_px + 2, STRIP_SHAPE[1] // size_px + 2))
    large = Image.fromarray(coarse.astype(np.float32)).resize(STRIP_SHAPE[::-1], Image.Resampling.BILINEAR)
    return np.asarray(large, np.float64)


def _print(lines: tuple[str, ...], font_file: Path, slope: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Ink cover of the strip: both lines, tilted by `slope`, in a weight of their own."""
    font = _font(font_file)
    image = Image.new("L", (STRIP_SHAPE[1] * _FINE, STRIP_SHAPE[0] * _FINE), 0)
    draw = ImageDraw.Draw(image)
    left = 71 + rng.uniform(-10, 10)
    weight = int(rng.integers(0, 3))
    _, top, _, bottom = font.getbbox("H", anchor="ls")
    for line, row in zip(lines, LINE_ROWS_PX, strict=True):
        for index, character in enumerate(line):
            x = left + _PITCH_PX * index
            y = row + slope * (x + _PITCH_PX / 2 - STRIP_SHAPE[1] / 2)
            place = (x * _FINE, y * _FINE - (top + bottom) / 2)
            draw.text(place, character, fill=255, font=font, anchor="ls", stroke_width=weight // 2)
    return cover(np.asarray(image))


def cover(fine: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Ink cover 0..1 of a strip (rows, cols) from ink 0..255 at three times the resolution."""
    rows = np.add.reduce([fine[one::_FINE] for one in range(_FINE)], dtype=np.uint16)
    whole = np.add.reduce([rows[:, one::_FINE] for one in range(_FINE)], dtype=np.uint16)
    return np.asarray(whole / _FINE**2 / 255, np.float64)


def _wear(ink: NDArray[np.float64], damage: Damage, rng: np.random.Generator) -> NDArray[np.float64]:
    """Ink lost in specks, in patches and along scratches."""
    specks = _blur(rng.standard_normal(STRIP_SHAPE), rng.uniform(0.6, 1.3))
    specks /= specks.std()
    limit = 2.6 - 2.2 * damage.worn * _patches(rng, int(rng.integers(15, 60)))
    kept = np.where(specks > limit, rng.uniform(0, 0.4), 1.0) * (1 - 0.7 * damage.worn * _patches(rng, 45) ** 2)
    for _ in range(int(rng.integers(0, damage.scratches + 1))):
        x, y, angle = rng.uniform(0, STRIP_SHAPE[1]), rng.uniform(70, 185), rng.uniform(0, np.pi)
        steps = np.arange(0, rng.uniform(20, 150), 0.5)
        rows = np.clip(y + steps * np.sin(angle), 0, STRIP_SHAPE[0] - 2).astype(int)
        columns = np.clip(x + steps * np.cos(angle), 0, STRIP_SHAPE[1] - 2).astype(int)
        kept[rows, columns] *= 0.2
        kept[rows + 1, columns] *= 0.4
    return ink * kept


def _guilloche(rng: np.random.Generator) -> NDArray[np.float64]:
    rows, columns = np.arange(STRIP_SHAPE[0], dtype=np.float64)[:, None], np.arange(STRIP_SHAPE[1], dtype=np.float64)
    total = np.zeros(STRIP_SHAPE)
    for _ in range(2):
        bend = rng.uniform(5, 25) * np.sin(columns / rng.uniform(40, 160) + rng.uniform(0, 6))
        squared = np.sin((rows + bend + columns * rng.uniform(-0.7, 0.7)) * np.pi / rng.uniform(7, 20)) ** 2
        total += squared * squared * squared
    return total / 2


def _shake(picture: NDArray[np.float64], amount_px: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Each row pushed sideways by a wandering hand."""
    walk = np.cumsum(rng.normal(0, 0.35, STRIP_SHAPE[0]))
    walk -= np.convolve(walk, np.ones(31) / 31, mode="same")
    walk = amount_px * walk / max(float(walk.std()), 1e-6) * 0.8 + rng.normal(0, 0.25 * amount_px, STRIP_SHAPE[0])
    columns = np.arange(STRIP_SHAPE[1])
    return np.stack([np.interp(columns + shift, columns, row) for row, shift in zip(picture, walk, strict=True)])


def strip(font_file: Path, level: int, seed: int, capture: int = 0, printed: Ink | None = None) -> Strip:
    """Strip number `seed` of `level` 0..5; the same arguments give the same strip.

    Another `capture` scans the same worn document once more: ink and paper are the same; what the hand, the dust on the
    sensor, the lamp and the noise do is new. `printed` draws its ink in another way (see `devprint`).
    """
    rng = np.random.default_rng((914, level, seed))
    damage, lines = _DAMAGE[level], _td3(rng)
    slope = float(rng.uniform(-damage.skew, damage.skew))
    ink = printed(lines, slope, rng) if printed else _print(lines, font_file, slope, rng)
    if damage.worn:
        ink = _wear(ink, damage, rng)
    light = 1 - damage.guilloche * _guilloche(rng) - 0.1 * damage.worn * _patches(rng, 90)
    contrast = rng.uniform(*damage.contrast)
    grey = rng.uniform(190, 240) * light * (1 - contrast * ink)
    if capture:
        rng = np.random.default_rng((914, level, seed, capture))
    if damage.jitter_px:
        grey = _shake(grey, damage.jitter_px, rng)
    grey = _blur(grey, rng.uniform(0.5, 1) * damage.blur_px)
    for column in rng.integers(0, STRIP_SHAPE[1], int(rng.integers(0, damage.streaks + 1))):
        grey[:, column : column + int(rng.integers(1, 4))] *= rng.uniform(0.35, 0.9)
    if damage.glare:
        rows, columns = np.ogrid[: STRIP_SHAPE[0], : STRIP_SHAPE[1]]
        for _ in range(int(rng.integers(1, 4))):
            far = ((rows - rng.uniform(40, 220)) / 40) ** 2 + (
                (columns - rng.uniform(0, 1476)) / rng.uniform(40, 120)
            ) ** 2
            grey += (255 - grey) * rng.uniform(0, damage.glare) * np.exp(-far)
    grey = grey + rng.normal(0, rng.uniform(0.6, 1) * damage.noise, STRIP_SHAPE)
    if level >= 2 and rng.random() < 0.3:
        grey = np.round(grey / 17) * 17
    rows_px = (float(LINE_ROWS_PX[0]), float(LINE_ROWS_PX[1]))
    return Strip(np.clip(np.rint(grey), 0, 255).astype(np.uint8), lines, level, rows_px, slope)
