"""What print, wear, scanners and phones do to a line of text: from distances to the ink's edge to 8-bit grey.

Steps in the order of nature: geometry of the scan, ink on paper, wear of the ink, paper and security print, dirt and
light, optics, sensor. Each takes and gives one line (rows, columns); `severity` 0..1 scales how much goes wrong.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from training import causes
from training.sensors import Line, line_sensor, sensor


def field(shape: tuple[int, int], cell_px: tuple[float, float], rng: np.random.Generator) -> Line:
    """Smooth random values of about -2..2 that change over `cell_px` (down, across)."""
    rows, columns = (max(2, int(size / cell) + 2) for size, cell in zip(shape, cell_px, strict=True))
    coarse = rng.standard_normal((rows, columns), np.float32)
    return np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)


def _walk(size: int, cell_px: float, rng: np.random.Generator) -> Line:
    return np.asarray(field((2, size), (2, cell_px), rng)[0], np.float32)


def warp(shape: tuple[int, int], severity: float, rng: np.random.Generator) -> tuple[Line, Line]:
    """Where each pixel of the crop (rows, columns) comes from: (source column, source row) relative to the text line.

    Scale, slope, bow, uneven pitch, shaking rows (a hand moves the document while the line sensor passes), rows that
    were scanned twice or left out, and single characters out of line.
    """
    rows, columns = shape
    y = np.arange(rows, dtype=np.float32)[:, None] - (rows - 1) / 2
    x = np.arange(columns, dtype=np.float32)[None, :]
    middle = (x - columns / 2) / columns
    row = y / rng.normal(1, 0.06) - rng.normal(0, 1.8) - rng.normal(0, 1.6) * middle - rng.normal(0, 2.0) * middle**2
    column = x - rng.normal(0, 0.03) * y
    if rng.random() < 0.3 + 0.5 * severity:
        row = row + _walk(columns, 26, rng) * rng.uniform(0, 0.8 + severity)
    if rng.random() < 0.5:
        column = column + _walk(columns, float(rng.choice([40, 200])), rng) * rng.uniform(0, 2.0)
    if rng.random() < severity:
        jitter = rng.standard_normal(rows) * rng.uniform(0, 0.9 * severity) + _walk(rows, 8, rng) * rng.uniform(
            0, 2.4 * severity
        )
        column = column + jitter.astype(np.float32)[:, None]
        if rng.random() < 0.5:
            taken = y[:, 0] + np.cumsum(rng.choice([0.0, 1.0, -1.0], rows, p=[0.94, 0.03, 0.03]))
            row = row + (taken - taken.mean() - y[:, 0]).astype(np.float32)[:, None]
    if rng.random() < 0.25:  # two sweeps joined in the middle of the line, not quite in register
        below = y > rng.uniform(-rows / 2, rows / 2)
        column, row = column + below * rng.normal(0, 0.7), row + below * rng.normal(0, 0.6)
    if rng.random() < 0.25:
        row = row + field(shape, (10, 10), rng) * rng.uniform(0, 0.7)
        column = column + field(shape, (10, 10), rng) * rng.uniform(0, 0.7)
    return np.broadcast_to(column, shape).astype(np.float32), np.broadcast_to(row, shape).astype(np.float32)


def ink(distance: Line, severity: float, rng: np.random.Generator) -> Line:
    """Ink cover 0..1 from distances: weight, softness, blots, gaps in the stroke; worn, in dots, engraved."""
    shape = distance.shape
    spread = rng.normal(0, 0.4) + rng.normal(0, 0.3 + 0.2 * severity) * _walk(shape[1], 120, rng)[None, :] * 0.5
    rough = rng.uniform(0, 0.25 + 0.5 * severity) * field(shape, (2.5, 2.5), rng)
    soft = rng.uniform(0.8, 2.2)
    cover = np.clip(0.5 + (spread + rough - distance) / soft, 0, 1)
    kind = rng.random()
    if kind < 0.08:  # engraved by laser or printed by needles: a lattice of dots
        step = rng.uniform(2.2, 4.2)
        y, x = np.ogrid[: shape[0], : shape[1]]
        dots = np.cos(2 * np.pi * x / step + rng.random()) * np.cos(2 * np.pi * y / step)
        cover = cover * (1 - rng.uniform(0.1, 0.6) * (dots < rng.uniform(-0.3, 0.3)))
    elif kind < 0.16:  # uneven engraving or thin thermal print
        cover = cover * (1 - rng.uniform(0.1, 0.6) * np.clip(field(shape, (6, 12), rng) * 0.5 + 0.4, 0, 1))
    if rng.random() < 0.15 + 0.85 * severity:
        cover = _wear(cover, severity, rng)
    return np.asarray(cover, np.float32)


def _wear(cover: Line, severity: float, rng: np.random.Generator) -> Line:
    """Ink rubbed off in grains and patches, faded over longer stretches."""
    shape = cover.shape
    grain = field(shape, (rng.uniform(1.2, 4), rng.uniform(1.2, 5)), rng) + field(shape, (15, 40), rng) * rng.uniform(
        0.2, 1
    )
    limit = rng.normal(2.4 - 1.9 * severity, 0.4)
    kept = np.clip(0.5 + (limit - grain) / rng.uniform(0.4, 1.4), rng.uniform(0, 0.6), 1)
    fade = np.clip(1 - severity * rng.uniform(0, 0.9) * np.clip(_walk(shape[1], 150, rng) * 0.6 + 0.2, 0, 1), 0.1, 1)
    return np.asarray(cover * kept * fade[None, :], np.float32)


def scratches(shape: tuple[int, int], count: int, thickest_px: int, rng: np.random.Generator) -> Line:
    """Cover 0..1 of `count` random strokes."""
    drawn = np.zeros(shape, np.uint8)
    for _ in range(count):
        x, y, angle, reach = (
            rng.uniform(0, shape[1]),
            rng.uniform(0, shape[0]),
            rng.uniform(0, np.pi),
            rng.uniform(10, 160),
        )
        end = (int(x + reach * np.cos(angle)), int(y + reach * np.sin(angle)))
        cv2.line(
            drawn, (int(x), int(y)), end, int(rng.uniform(90, 255)), int(rng.integers(1, thickest_px + 1)), cv2.LINE_AA
        )
    return np.asarray(drawn / 255, np.float32)


def specks(shape: tuple[int, int], count: int, rng: np.random.Generator) -> Line:
    """Cover 0..1 of `count` grains of dirt of 1 to 7 px."""
    drawn = np.zeros(shape, np.uint8)
    for _ in range(count):
        middle = int(rng.uniform(0, shape[1])), int(rng.uniform(0, shape[0]))
        axes = int(rng.integers(0, 4)), int(rng.integers(0, 4))
        cv2.ellipse(drawn, middle, axes, rng.uniform(0, 180), 0, 360, int(rng.uniform(90, 255)), -1, cv2.LINE_AA)
    return np.asarray(drawn / 255, np.float32)


def security_print(shape: tuple[int, int], rng: np.random.Generator) -> Line:
    """Background 0..1: families of wavy lines, or texture."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    total = np.zeros(shape, np.float32)
    for _ in range(int(rng.integers(1, 4))):
        angle, period = rng.uniform(0, np.pi), rng.uniform(4, 28)
        along = x * np.cos(angle) + y * np.sin(angle)
        across = y * np.cos(angle) - x * np.sin(angle)
        swing = rng.uniform(0, 3) * np.sin(across * 2 * np.pi / rng.uniform(20, 200) + rng.uniform(0, 6.3))
        wave = np.sin(along * (2 * np.pi / period) + swing)
        total += np.clip((wave - rng.uniform(-0.5, 0.9)) * rng.uniform(1, 5), 0, 1) * rng.uniform(0.3, 1)
    if rng.random() < 0.4:
        total += np.clip(field(shape, (rng.uniform(3, 30), rng.uniform(3, 60)), rng) * 0.5, 0, 1)
    return np.asarray(np.clip(total, 0, 1), np.float32)


def paper(shape: tuple[int, int], severity: float, rng: np.random.Generator) -> Line:
    """Share of light the page gives back, about 0.3..1: security print, stains, scratches, dust columns, shadow."""
    light = np.ones(shape, np.float32)
    if rng.random() < 0.3 + 0.6 * severity:
        light -= security_print(shape, rng) * rng.uniform(0.02, 0.1 + 0.32 * severity)
    if rng.random() < 0.4 * severity + 0.1:
        light -= np.clip(field(shape, (30, 80), rng) - 0.5, 0, 1) * rng.uniform(0, 0.15 + 0.3 * severity)
    if rng.random() < 0.1 + 0.3 * severity:
        light -= specks(shape, int(rng.integers(1, int(8 + 60 * severity))), rng) * rng.uniform(0.15, 0.8)
    if rng.random() < 0.5 * severity:
        light -= scratches(shape, int(rng.integers(1, 10)), 2, rng) * rng.uniform(0.1, 0.7)
    if rng.random() < 0.1 + 0.5 * severity:  # dust on the sensor stays in its column; so do hot and dead pixels
        for column in rng.integers(0, shape[1], int(rng.integers(1, int(3 + 14 * severity)))):
            light[:, column : column + int(rng.integers(1, 5))] *= rng.uniform(0.25, 1.3)
    shadow = 1 + rng.uniform(0, 0.1 + 0.2 * severity) * _walk(shape[1], float(rng.choice([150, 700])), rng)
    light *= np.clip(shadow, 0.35, 1.5)[None, :]
    if rng.random() < 0.3:
        light *= np.clip(1 + rng.normal(0, 0.1) * np.linspace(-1, 1, shape[0])[:, None], 0.4, 1.6)
    return np.asarray(np.clip(light, 0.12, 1.4), np.float32)


def glare(shape: tuple[int, int], severity: float, rng: np.random.Generator) -> Line:
    """Added light 0..1: reflexes of lamps on the laminate."""
    added = np.zeros(shape, np.float32)
    if rng.random() < 0.08 + 0.45 * severity:
        y, x = np.ogrid[: shape[0], : shape[1]]
        for _ in range(int(rng.integers(1, 4))):
            far = ((y - rng.uniform(-20, shape[0] + 20)) / rng.uniform(8, 60)) ** 2
            far = far + ((x - rng.uniform(0, shape[1])) / rng.uniform(12, 140)) ** 2
            added += rng.uniform(0.1, 0.35 + 0.5 * severity) * np.exp(-far)
    return np.asarray(added, np.float32)


def border(grey: Line, distance: Line, first_px: float, last_px: float, rng: np.random.Generator) -> Line:
    """The page may end beside the text (dark lid, bright table), and strangers' strokes may stand above and below."""
    shape = grey.shape
    if rng.random() < 0.25:
        edge = int(first_px - rng.uniform(4, 70))
        if edge > 0:
            grey[:, :edge] = rng.uniform(0, 255)
    if rng.random() < 0.35:
        edge = int(last_px + rng.uniform(4, 90))
        if edge < shape[1]:
            grey[:, edge:] = (
                rng.uniform(0, 255) + rng.uniform(0, 30) * field((shape[0], shape[1]), (6, 12), rng)[:, edge:]
            )
    if rng.random() < 0.12:
        rows = int(rng.integers(1, 7))
        where = slice(0, rows) if rng.random() < 0.5 else slice(shape[0] - rows, None)
        far = distance[where].min(axis=0) > 3
        grey[where] = np.where(far, rng.uniform(20, 255), grey[where])
    return grey


def optics(grey: Line, severity: float, rng: np.random.Generator) -> Line:
    """Too few pixels, defocus and motion: blur of 0 to about 2.5 px sigma."""
    rows, columns = grey.shape
    if rng.random() < 0.2 + 0.3 * severity:  # 100 to 300 dpi, some above
        scale = rng.uniform(0.27 if rng.random() < 0.5 * severity + 0.1 else 0.55, 1.3)
        small = cv2.resize(grey, (round(columns * scale), round(rows * scale)), interpolation=cv2.INTER_AREA)
        way = cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_LINEAR
        grey = np.asarray(cv2.resize(small, (columns, rows), interpolation=way), np.float32)
    if rng.random() < 0.75:
        sigma = float(rng.uniform(0.3, 0.9 + 1.5 * severity * rng.random()))
        grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), sigma), np.float32)
    if rng.random() < 0.35 * severity:
        size = int(rng.integers(2, int(4 + 5 * severity)))
        kernel = (1, size) if rng.random() < 0.5 else (size, 1)
        grey = np.asarray(cv2.blur(grey, kernel), np.float32)
    if rng.random() < 0.12:  # sharpened by a phone
        grey = grey + rng.uniform(0.3, 1.2) * (grey - np.asarray(cv2.GaussianBlur(grey, (0, 0), 1.2), np.float32))
    return grey


def photograph(
    distance: Line, first_px: float, last_px: float, severity: float, rng: np.random.Generator, *, broad: bool
) -> NDArray[np.uint8]:
    """Distances (rows, columns) to the scanned crop in 8-bit grey; text runs from `first_px` to `last_px`.

    `broad` adds what `causes` draws.
    """
    shape = (distance.shape[0], distance.shape[1])
    cover = ink(distance, severity, rng)
    if broad:
        cover = causes.wear_ink(cover, severity, rng)
    if rng.random() < 0.5 * severity:
        cover = cover * (1 - scratches(shape, int(rng.integers(1, 25)), 3, rng))
    white = rng.uniform(120, 250)
    contrast = rng.uniform(0.55, 0.95) - severity * rng.uniform(0, 0.55)
    grey = white * paper(shape, severity, rng) * (1 - max(contrast, 0.12) * cover)
    if broad:
        grey = causes.lay_over(np.asarray(grey, np.float32), severity, rng)
    grey = grey + 255 * glare(shape, severity, rng)
    grey = border(np.asarray(grey, np.float32), distance, first_px, last_px, rng)
    grey = line_sensor(optics(grey, severity, rng), severity, rng)
    return sensor(causes.drift(grey, severity, rng) if broad else grey, severity, rng)
