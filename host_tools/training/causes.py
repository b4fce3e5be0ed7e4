"""Wear of training lines drawn from what happens to documents, each at a strength of its own.

`degrade` scales all that goes wrong by one severity, so that a line is as bad in one way as in another. In the world
one line is folded and else new, another pale and stamped. Each function here is a cause; a line gets some of them.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from training.sensors import Line


def _patches(shape: tuple[int, int], cell_px: tuple[float, float], rng: np.random.Generator) -> Line:
    """Smooth values 0..1, half of the area above 0.5, that change over `cell_px` (down, across)."""
    rows, columns = (max(2, int(size / cell) + 2) for size, cell in zip(shape, cell_px, strict=True))
    coarse = rng.normal(0.5, 0.45, (rows, columns)).astype(np.float32)
    return np.asarray(np.clip(cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC), 0, 1), np.float32)


def _soft(picture: Line, sigma_px: float) -> Line:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma_px), np.float32)


def _pen(drawn: NDArray[np.uint8], points: NDArray[np.float64], width_px: int) -> None:
    """Draw along `points` (n, column and row)."""
    cv2.polylines(drawn, [np.rint(points * 8).astype(np.int32)], False, 255, width_px, cv2.LINE_AA, 3)


# what takes ink away, or moves it


def _fold(cover: Line, rng: np.random.Generator) -> Line:
    """Ink broken along lines: some across the line of text, some along it."""
    y, x = np.mgrid[: cover.shape[0], : cover.shape[1]].astype(np.float32)
    for _ in range(int(rng.integers(1, 4))):
        if rng.random() < 0.7:
            far = np.abs(x - rng.uniform(0, cover.shape[1]) + rng.normal(0, 0.5) * y)
        else:
            far = np.abs(y - rng.uniform(2, cover.shape[0] - 2) + rng.normal(0, 0.01) * (x - cover.shape[1] / 2))
        far = far + rng.uniform(0, 2) * _patches((cover.shape[0], cover.shape[1]), (3, 3), rng)
        cover = cover * (1 - rng.uniform(0.3, 1) * np.exp(-((far / rng.uniform(1, 6)) ** 2)))
    return cover


def _rub(cover: Line, rng: np.random.Generator) -> Line:
    """Ink worn from the heights of the sheet, in places more, or from one side of the line more than from the other."""
    shape = (cover.shape[0], cover.shape[1])
    heights = _patches(shape, (rng.uniform(1.5, 5), rng.uniform(1.5, 6)), rng)
    much = _patches(shape, (rng.uniform(20, 200), rng.uniform(40, 500)), rng)
    if rng.random() < 0.3:
        above, below = rng.permutation([0.0, 1.3]).tolist()
        much = np.asarray(much * np.linspace(above, below, shape[0])[:, None], np.float32)
    limit = 1.15 - rng.uniform(0.2, 0.95) * much
    kept = np.clip(0.5 + (limit - heights) / rng.uniform(0.1, 0.6), rng.uniform(0, 0.35), 1)
    return np.asarray(cover * kept, np.float32)


def _fade(cover: Line, rng: np.random.Generator) -> Line:
    """Ink paled by light: over a stretch little may be left."""
    pale = _patches((cover.shape[0], cover.shape[1]), (400, rng.uniform(150, 900)), rng)
    return np.asarray(cover * np.exp(-rng.uniform(0.3, 2.2) * pale), np.float32)


def _wet(cover: Line, rng: np.random.Generator) -> Line:
    """Ink that crept into the sheet, or was wiped along."""
    where = _patches((cover.shape[0], cover.shape[1]), (100, rng.uniform(60, 400)), rng)
    moved = _soft(cover, rng.uniform(0.8, 3.0)) * rng.uniform(0.7, 1.1)
    if rng.random() < 0.3:
        moved = np.maximum(cover, np.asarray(cv2.blur(cover, (int(rng.integers(5, 15)), 1)), np.float32))
    return cover + where * (moved - cover)


def _miss(cover: Line, rng: np.random.Generator) -> Line:
    """What a print head leaves out: rows or columns, single ones or every so many; or it prints twice beside itself."""
    axis, kind = int(rng.integers(2)), rng.random()
    size = cover.shape[axis]
    if kind < 0.5:
        gone = np.asarray(rng.random(size) < rng.uniform(0.005, 0.08), np.float32)
    elif kind < 0.8:
        gone = np.asarray(0.5 + 0.5 * np.cos(2 * np.pi * np.arange(size) / rng.uniform(1.5, 5)), np.float32)
    else:
        push = np.array([[1, 0, rng.normal(0, 2)], [0, 1, rng.normal(0, 1.5)]], np.float32)
        ghost = cv2.warpAffine(cover, push, (cover.shape[1], cover.shape[0]))
        return np.asarray(np.maximum(cover, rng.uniform(0.2, 0.7) * ghost), np.float32)
    left = 1 - rng.uniform(0.3, 1) * gone
    return np.asarray(cover * (left[:, None] if axis == 0 else left[None, :]), np.float32)


def _creep(cover: Line, rng: np.random.Generator) -> Line:
    """Drops of an ink-jet that run along fibres: the edge frays."""
    y, x = np.mgrid[: cover.shape[0], : cover.shape[1]].astype(np.float32)
    much, cell = rng.uniform(0.5, 2.2), rng.uniform(1.3, 4)
    shape = (cover.shape[0], cover.shape[1])
    x, y = (
        x + much * (2 * _patches(shape, (cell, cell), rng) - 1),
        y + much * (2 * _patches(shape, (cell, cell), rng) - 1),
    )
    return np.asarray(cv2.remap(cover, x, y, cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE), np.float32)


def _scrape(cover: Line, rng: np.random.Generator) -> Line:
    """Bent scratches, many of them side by side where something was dragged."""
    drawn, shape = np.zeros(cover.shape, np.uint8), (cover.shape[0], cover.shape[1])
    for _ in range(int(rng.integers(1, 5))):
        start, turn = rng.uniform(0, 1, 2) * shape[::-1], rng.uniform(0, np.pi)
        turns = turn + np.cumsum(rng.normal(0, 0.08, 16))
        way = np.cumsum(np.stack([np.cos(turns), np.sin(turns)], 1), 0) * rng.uniform(2, 16)
        for _ in range(int(rng.integers(1, 7))):
            _pen(drawn, start + way + rng.normal(0, 8, 2), int(rng.integers(1, 4)))
    return np.asarray(cover * (1 - rng.uniform(0.4, 1) * (drawn / 255)), np.float32)


# what comes on top: shares of the light that it lets through


def _stamp(shape: tuple[int, int], rng: np.random.Generator) -> Line:
    """Frames, rings and words of a stamp, in patchy ink."""
    drawn = np.zeros(shape, np.uint8)
    middle = (int(rng.uniform(0, shape[1])), int(rng.uniform(-80, 80 + shape[0])))
    sides, width = (int(rng.uniform(40, 260)), int(rng.uniform(30, 150))), int(rng.integers(2, 8))
    turn = float(rng.uniform(-45, 45))
    if rng.random() < 0.5:
        for shrunk in range(int(rng.integers(1, 3))):
            inner = (sides[0] - 9 * shrunk, sides[1] - 9 * shrunk)
            cv2.ellipse(drawn, middle, inner, turn, 0, 360, 255, width, cv2.LINE_AA)
    else:
        corners = cv2.boxPoints((middle, (2 * sides[0], 2 * sides[1]), turn))
        cv2.polylines(drawn, [np.rint(corners).astype(np.int32)], True, 255, width, cv2.LINE_AA)
    for _ in range(int(rng.integers(0, 3))):
        word = "".join(chr(int(code)) for code in rng.integers(48, 91, int(rng.integers(4, 14))))
        place = (middle[0] - int(rng.uniform(0, 150)), int(rng.uniform(0, shape[0] + 20)))
        cv2.putText(
            drawn, word, place, int(rng.integers(0, 8)), float(rng.uniform(0.5, 2)), 255, int(rng.integers(1, 5))
        )
    patchy = _patches(shape, (rng.uniform(3, 20), rng.uniform(3, 20)), rng)
    return np.asarray(1 - rng.uniform(0.15, 0.8) * (drawn / 255) * np.clip(patchy + 0.3, 0, 1), np.float32)


def _sign(shape: tuple[int, int], rng: np.random.Generator) -> Line:
    """A pen that wanders through the line, or a hair."""
    drawn = np.zeros(shape, np.uint8)
    for _ in range(int(rng.integers(1, 4))):
        turns = np.cumsum(rng.normal(rng.normal(0, 0.1), 0.35, 160))
        way = np.cumsum(np.stack([np.cos(turns) + 0.3, np.sin(turns)], 1), 0) * rng.uniform(1.5, 4)
        start = rng.uniform(0, 1, 2) * shape[::-1] - way[80] * rng.random()
        _pen(drawn, start + way, int(rng.integers(1, 5)))
    return np.asarray(1 - rng.uniform(0.2, 0.95) * _soft(np.asarray(drawn / 255, np.float32), 0.6), np.float32)


def _spill(shape: tuple[int, int], rng: np.random.Generator) -> Line:
    """A stain with a dark edge."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    light = np.ones(shape, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        edge = np.hypot(y - rng.uniform(-150, 200), x - rng.uniform(0, shape[1])) - rng.uniform(20, 260)
        edge = edge + rng.uniform(0, 25) * _patches(shape, (40, 40), rng)
        light *= (
            1 - rng.uniform(0, 0.3) * (edge < 0) - rng.uniform(0, 0.45) * np.exp(-((edge / rng.uniform(1, 6)) ** 2))
        )
    return light


def _touch(shape: tuple[int, int], rng: np.random.Generator) -> Line:
    """A finger's ridges."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    y, x = y - rng.uniform(-40, 90), (x - rng.uniform(0, shape[1])) * rng.uniform(0.7, 1.2)
    far = np.hypot(y, x) + 12 * _patches(shape, (30, 30), rng)
    ridges = 0.5 + 0.5 * np.cos(2 * np.pi * far / rng.uniform(4, 8))
    return np.asarray(
        1 - rng.uniform(0.05, 0.35) * ridges * np.clip((rng.uniform(30, 90) - far) / 15, 0, 1), np.float32
    )


# what shines


def _bubbles(shape: tuple[int, int], rng: np.random.Generator) -> Line:
    """Air under the laminate: discs and bright rims."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    veil = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(1, 12))):
        radius, top, left = rng.uniform(3, 30), rng.uniform(-10, shape[0] + 10), int(rng.uniform(0, shape[1]))
        span = slice(max(0, left - 60), left + 60)
        far = np.hypot(y[:, span] - top, (x[:, span] - left) * rng.uniform(0.6, 1.3)) - radius
        veil[:, span] += rng.uniform(0, 0.35) * np.clip(0.5 - far, 0, 1) + rng.uniform(0, 0.4) * np.exp(
            -((far / 1.5) ** 2)
        )
    return veil


def _peel(shape: tuple[int, int], rng: np.random.Generator) -> Line:
    """A film that came off: a veil with a sharp edge, all over or in places."""
    loose = _patches(shape, (rng.uniform(20, 150), rng.uniform(40, 500)), rng)
    return np.asarray(
        rng.uniform(0.1, 0.6) * np.clip((loose - rng.uniform(0, 0.9)) * rng.uniform(2, 20), 0, 1), np.float32
    )


_INK: tuple[Callable[[Line, np.random.Generator], Line], ...] = (_fold, _rub, _fade, _wet, _miss, _creep, _scrape)
_TOP: tuple[Callable[[tuple[int, int], np.random.Generator], Line], ...] = (_stamp, _sign, _spill, _touch)
_SHINE: tuple[Callable[[tuple[int, int], np.random.Generator], Line], ...] = (_bubbles, _peel)


def _chosen(count: int, severity: float, rng: np.random.Generator) -> list[int]:
    """Which of `count` causes a line has: each with a tenth to a third of chance."""
    return [int(index) for index in rng.permutation(count) if rng.random() < 0.08 + 0.24 * severity]


def wear_ink(cover: Line, severity: float, rng: np.random.Generator) -> Line:
    """Ink cover 0..1 after what happened to it."""
    for index in _chosen(len(_INK), severity, rng):
        cover = np.asarray(_INK[index](cover, rng), np.float32)
    return cover


def lay_over(grey: Line, severity: float, rng: np.random.Generator) -> Line:
    """Grey values under what came on top, and under what shines."""
    shape = (grey.shape[0], grey.shape[1])
    for index in _chosen(len(_TOP), 0.7 * severity, rng):
        grey = np.asarray(grey * _TOP[index](shape, rng), np.float32)
    for index in _chosen(len(_SHINE), severity, rng):
        veil = np.clip(_SHINE[index](shape, rng), 0, 0.7)
        grey = np.asarray(grey + veil * (rng.uniform(150, 255) - grey), np.float32)
    if rng.random() < 0.3 * severity:  # the sheet stands off the glass in places
        grey = grey + _patches(shape, (100, 150), rng) * (_soft(grey, rng.uniform(1, 2.8)) - grey)
    return np.asarray(grey, np.float32)


def drift(grey: Line, severity: float, rng: np.random.Generator) -> Line:
    """A line sensor that is out of calibration, a lamp that changes, and the noise of few photons."""
    rows, columns = grey.shape
    if rng.random() < 0.35 * severity:
        grey = grey * (1 + rng.uniform(0, 0.07) * rng.standard_normal((1, columns), np.float32))
    if rng.random() < 0.35 * severity:
        grey = grey * (1 + rng.uniform(0, 0.07) * rng.standard_normal((rows, 1), np.float32))
    if rng.random() < 0.5 * severity:
        noise = rng.standard_normal(grey.shape, np.float32)
        grey = grey + np.float32(rng.uniform(0, 1.6)) * np.sqrt(np.clip(grey, 0, 255)) * noise
    return np.asarray(grey, np.float32)
