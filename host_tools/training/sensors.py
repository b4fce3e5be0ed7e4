"""What sensors make of a lit line: unequal pixels, flicker, noise, coarse steps, compression."""

import cv2
import numpy as np
from numpy.typing import NDArray

Line = NDArray[np.float32]
"""Grey, cover or distances of one line, (rows, columns)."""


def line_sensor(grey: Line, severity: float, rng: np.random.Generator) -> Line:
    """Pixels of unequal gain, a lamp that flickers from row to row, steps of brightness between joined sweeps."""
    rows, columns = grey.shape
    if rng.random() < 0.3:
        grey = grey * (1 + rng.uniform(0, 0.05) * rng.standard_normal((1, columns), np.float32))
    if rng.random() < 0.25:
        grey = grey * (1 + rng.uniform(0, 0.03 + 0.05 * severity) * rng.standard_normal((rows, 1), np.float32))
    if rng.random() < 0.15:
        grey = grey * np.where(np.arange(rows) < rng.integers(0, rows), rng.uniform(0.8, 1.2), 1)[:, None]
    return np.asarray(grey, np.float32)


def sensor(grey: Line, severity: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Noise, four-bit steps, JPEG, and a random stretch of brightness."""
    amount = rng.uniform(0, 3 + 22 * severity * rng.random())
    noise = rng.standard_normal(grey.shape, np.float32)
    if rng.random() < 0.3:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.8), np.float32) * 2
    grey = np.asarray(np.clip(grey + amount * noise, 0, 255), np.float32)
    if rng.random() < 0.2:
        grey = np.asarray(np.rint(grey / 17) * 17, np.float32)
    if rng.random() < 0.12:
        grey = np.asarray(255 * (grey / 255) ** rng.uniform(0.5, 2.0), np.float32)
    out = np.rint(grey).astype(np.uint8)
    if rng.random() < 0.25:
        quality = int(rng.uniform(15 if rng.random() < severity else 45, 95))
        _, data = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, quality])
        out = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    return out
