"""A line sensor looks at a document: light, hand, lens, lamp, gain, photons."""

import cv2
import numpy as np
from numpy.typing import NDArray

from training.devset import STRIP_SHAPE
from training.physical.document import SHAPE, Document, Field, blur


def _light(page: Document) -> Field:
    """What comes back from each place, 0 to 1: through stain and ink, off the sheet, and back; and what shines."""
    back = page.white * np.exp(-2 * (page.absorbance * np.clip(page.film, 0, 1.3) + 0.5 * np.clip(page.stain, 0, 3)))
    return np.asarray(back * (1 - np.clip(page.shine, 0, 0.6)) + np.clip(page.shine, -0.1, 0.6), np.float32)


def scan(page: Document, bad: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """One scan with a line sensor: (274, 1476) grey. `bad`, 0 to 1, is how far lens, hand and electronics are off."""
    light = _light(page)
    columns = np.arange(SHAPE[1], dtype=np.float32)
    # the hand: rows stand where its motion was measured, but for what the measurement errs by, and shake sideways
    erred = blur(rng.normal(size=(SHAPE[0], 1)).astype(np.float32), 14)[:, 0]
    pace = np.arange(SHAPE[0]) + 1.5 * bad * erred / max(float(erred.std()), 1e-6)
    sway = np.cumsum(rng.normal(0, 0.5, SHAPE[0]))
    sway = (sway - blur(sway.astype(np.float32)[:, None], 40)[:, 0]) * 0.7 * bad
    sway += rng.normal(0, 0.7 * bad, SHAPE[0])
    taken = np.ascontiguousarray(np.broadcast_to(pace.astype(np.float32)[:, None], SHAPE))
    pushed = columns + sway.astype(np.float32)[:, None]
    moved = cv2.remap(light, pushed, taken, cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE)
    # the lens: sharp on the glass, less so where the sheet stands off
    near = blur(np.asarray(moved, np.float32), 0.8 + 1.6 * bad)
    far = blur(near, 1 + 2.2 * bad)
    off = np.clip(page.lift + 0.3 * bad * rng.random(), 0, 1)
    light = near + off * (far - near)
    light = light * (1 - 0.12 * bad) + 0.12 * bad * float(light.mean())  # stray light
    grey = cv2.resize(light, STRIP_SHAPE[::-1], interpolation=cv2.INTER_AREA)
    # lamp and gain
    across = np.linspace(-1, 1, STRIP_SHAPE[1])
    lamp = 1 - bad * rng.uniform(0, 0.4) * (across - rng.uniform(-0.6, 0.6)) ** 2
    gain = 1 + 0.04 * bad * rng.normal(size=STRIP_SHAPE[1])
    for column in rng.integers(0, STRIP_SHAPE[1], int(rng.integers(0, 1 + round(14 * bad)))):  # dust on the glass
        gain[column : column + int(rng.integers(1, 5))] *= rng.uniform(0.4, 1.0)
    flicker = 1 + 0.03 * bad * rng.normal(size=(STRIP_SHAPE[0], 1))
    exposed = np.clip(grey * lamp * gain * flicker, 0, 1.3)
    # electrons: photon noise, dark noise, then the converter
    well = 20_000 / (1 + 60 * bad**2)
    electrons = rng.poisson(exposed * well) + rng.normal(0, 2 + 0.012 * bad * well, STRIP_SHAPE)
    level = electrons / well * rng.uniform(200, 265) + 12 * bad * rng.random()
    bits = 256 if rng.random() > 0.3 * bad else 32
    return np.asarray(np.clip(np.floor(np.clip(level, 0, 255) / 256 * bits) * (256 // bits), 0, 255), np.uint8)
