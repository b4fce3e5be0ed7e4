"""Random text printed in varied OCR-B and scanned with damage: what the glyph weights are made from."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stillscan.mrz.alphabet import ALPHABET
from stillscan.simulator import printing


def blur(picture: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    """Gaussian blur of the two last axes."""
    reach = int(3 * sigma_px) + 1
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma_px, 1e-3)) ** 2)
    weights /= weights.sum()
    for axis in (-2, -1):
        pad = [(0, 0)] * picture.ndim
        pad[axis] = (reach, reach)
        padded = np.pad(picture, pad, mode="edge")
        size = picture.shape[axis]
        picture = sum(
            weight * padded.take(np.arange(index, index + size), axis=axis) for index, weight in enumerate(weights)
        )
    return np.asarray(picture, np.float32)


def print_text(text: NDArray[np.intp], font: Path, rng: np.random.Generator) -> NDArray[np.float32]:
    """Ink 0..1 of random text (lines, columns of class numbers), 75 px a line, in a warped weight of the font."""
    slant, wide, high = rng.normal(0, 0.03), rng.normal(1.0, 0.05), rng.normal(1.0, 0.035)
    threshold, edge = rng.uniform(0.25, 0.6), rng.uniform(0.15, 0.4)
    shapes = []
    for character in ALPHABET:
        shape = printing.glyph(character, font, 2)
        rows, columns = shape.shape
        middle = (
            1 / wide,
            slant,
            columns / 2 * (1 - 1 / wide) - slant * rows / 2,
            0,
            1 / high,
            rows / 2 * (1 - 1 / high),
        )
        warped = Image.fromarray(shape).transform(
            (columns, rows), Image.Transform.AFFINE, middle, Image.Resampling.BILINEAR
        )
        shapes.append(_bend(np.asarray(warped, np.float32), rng))
    table = np.clip((blur(np.stack(shapes), 1.6) - threshold + edge / 2) / edge, 0, 1)
    table = table.reshape(len(ALPHABET), 48, 2, 30, 2).mean(axis=(2, 4))
    ink = np.zeros((75 * len(text) + 60, 40 + 30 * text.shape[1] + 40), np.float32)
    for row, line in enumerate(text):
        ink[30 + 75 * row + 13 : 30 + 75 * row + 61, 40:-40] = table[line].transpose(1, 0, 2).reshape(48, -1)
    return ink


def _bend(shape: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A character with its strokes moved by up to about 0.04 of its height, smoothly: a cut that nobody drew."""
    rows, columns = shape.shape
    moves = [
        np.asarray(
            Image.fromarray(rng.normal(0, 1.1, (5, 4)).astype(np.float32)).resize(
                (columns, rows), Image.Resampling.BICUBIC
            )
        )
        for _ in range(2)
    ]
    y = np.clip(np.arange(rows)[:, None] + moves[0], 0, rows - 1.001)
    x = np.clip(np.arange(columns) + moves[1], 0, columns - 1.001)
    top, left = y.astype(np.intp), x.astype(np.intp)
    down, right = (y - top).astype(np.float32), (x - left).astype(np.float32)
    upper = shape[top, left] * (1 - right) + shape[top, left + 1] * right
    lower = shape[top + 1, left] * (1 - right) + shape[top + 1, left + 1] * right
    return np.asarray(upper * (1 - down) + lower * down, np.float32)


def damage(ink: NDArray[np.float32], level: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A scan of `ink`, damage from 0 (new) to 1 (hardly readable): thin ink, scratches, stains, blur, noise, 4 bits."""
    shape = ink.shape
    kept = 1 - level * _clouds(shape, rng, 20) * rng.uniform(0, 0.8)
    for _ in range(rng.poisson(6 * level)):  # scratches take ink away along a line
        x, y = int(rng.integers(0, shape[1])), int(rng.integers(0, shape[0]))
        reach = int(rng.integers(20, 120))
        steps = np.arange(reach)
        angle = rng.uniform(0, np.pi)
        rows = np.clip(y + steps * np.sin(angle), 0, shape[0] - 2).astype(np.intp)
        columns = np.clip(x + steps * np.cos(angle), 0, shape[1] - 2).astype(np.intp)
        kept[rows, columns] = kept[rows + 1, columns] = 0.1
    rows, columns = np.arange(shape[0])[:, None], np.arange(shape[1])
    for _ in range(rng.poisson(25 * level**2)):  # spots where the ink came off
        y, x, reach = int(rng.integers(0, shape[0])), int(rng.integers(0, shape[1])), int(rng.integers(1, 7))
        near = np.s_[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]
        kept[near] *= rng.uniform(0, 0.7)
    ink = blur(ink * kept, rng.uniform(0.3, 0.6 + 0.9 * level))
    paper, dark = rng.uniform(170, 235), rng.uniform(0.65, 0.95) - 0.25 * level
    background = 1 - 0.25 * level * _clouds(shape, rng, int(rng.integers(10, 60)))
    waves = np.sin(columns * rng.uniform(0.1, 0.8) + rows * rng.uniform(0, 0.8))
    grey = paper * background * (1 - 0.06 * level * waves) * (1 - dark * ink)
    for column in rng.integers(0, shape[1], rng.poisson(8 * level)):
        grey[:, column : column + int(rng.integers(1, 4))] *= rng.uniform(0.4, 0.9)
    grey = np.clip(grey + rng.normal(0, 1 + 9 * level * rng.random(), shape), 0, 255)
    return np.asarray(np.rint(grey / 17) * 17 if rng.random() < 0.3 else np.rint(grey), np.uint8)


def _clouds(shape: tuple[int, ...], rng: np.random.Generator, size_px: int) -> NDArray[np.float32]:
    """Random patches 0..1 of about `size_px`."""
    small = rng.random((shape[0] // size_px + 2, shape[1] // size_px + 2)).astype(np.float32)
    return np.asarray(Image.fromarray(small).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)).clip(0, 1)
