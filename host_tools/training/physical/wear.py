"""What happens to a document: each cause changes what it would change, with a strength of 0 to 1."""

from collections.abc import Callable

import cv2
import numpy as np

from training.physical.document import SHAPE, Document, Field, blur, noise, scribble, strokes


def _far_from_line(rng: np.random.Generator, level: bool) -> Field:
    """Distance in px of each place from a line across the zone that runs level (about) or upright, and wavers."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    along, over = (columns, rows) if level else (rows, columns)
    middle = rng.uniform(0.1, 0.9) * SHAPE[0 if level else 1]
    tilt = rng.normal(0, 0.02 if level else 0.2)
    return np.asarray(np.abs(over - middle - tilt * along + 3 * noise(rng, 300)), np.float32)


def _folded(page: Document, strength: float, rng: np.random.Generator) -> None:
    """A fold that was opened and closed: the film breaks along it, the sheet stands up beside it."""
    far = _far_from_line(rng, bool(rng.random() < 0.35))
    page.film *= 1 - np.clip(
        1.1 * strength * np.exp(-far / (3 + 9 * strength)) + 0.2 * noise(rng, 4) * (far < 20), 0, 1
    )
    page.lift += strength * np.exp(-far / 60)
    page.white *= 1 - 0.3 * strength * np.exp(-far / 3)


def _rubbed(page: Document, strength: float, rng: np.random.Generator) -> None:
    """Years in a pocket: ink goes first where the sheet stands high, more in some places."""
    where = np.clip(0.5 + 0.6 * noise(rng, 250, 0.4), 0, 1)
    height = 0.6 * page.relief + 0.5 * noise(rng, 9) + 0.3 * noise(rng, 4)
    page.film *= 1 / (1 + np.exp(3 * (height - 2.6 + 2.8 * strength * where)))


def _scratched(page: Document, strength: float, rng: np.random.Generator) -> None:
    """Keys and zips: long curves in which ink is gone, some of which shine."""
    paths = []
    for _ in range(int(4 + 40 * strength)):
        start, turn = rng.uniform(0, 1, 2) * SHAPE[::-1], rng.normal(0, 0.5)
        steps = np.cumsum(turn + rng.normal(0, 0.02, 30))
        way = np.cumsum(np.stack([np.cos(turn + 0.05 * steps), np.sin(turn + 0.05 * steps)], 1), 0) * rng.uniform(2, 30)
        paths.append((start + way).astype(np.int32))
    cut = blur(strokes(rng, paths, (1, 4)), 0.8)
    page.film *= 1 - np.clip(cut * rng.uniform(0.5, 1.3), 0, 1)
    page.shine += cut * strength * rng.uniform(-0.15, 0.25)


def _faded(page: Document, strength: float, rng: np.random.Generator) -> None:
    """The sun: ink pales, more at one side."""
    page.film *= np.clip(1 - strength * (0.72 + 0.12 * noise(rng, 900)), 0.15, 1)
    page.white *= 1 - 0.15 * strength


def _stained(page: Document, strength: float, rng: np.random.Generator) -> None:
    """Coffee: rings whose edge is darkest, and drops; water-based ink runs in it."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    for _ in range(int(rng.integers(1, 4))):
        far = np.hypot(rows - rng.uniform(-0.3, 1.3) * SHAPE[0], columns - rng.uniform(0, 1) * SHAPE[1])
        edge = far - rng.uniform(60, 500) + 12 * noise(rng, 120)
        inside = 1 / (1 + np.exp(np.minimum(edge / 4, 30)))
        page.stain += strength * (0.3 * inside + rng.uniform(0.3, 0.9) * np.exp(-((edge / 9) ** 2)))
        if rng.random() < 0.4:
            page.film += inside * (blur(page.film, 1 + 4 * strength) - page.film)


def _stamped(page: Document, strength: float, rng: np.random.Generator) -> None:
    """A stamp that reaches into the zone: frame, ring or words in patchy ink."""
    drawn = np.zeros(SHAPE, np.uint8)
    middle = (int(rng.uniform(0, SHAPE[1])), int(rng.uniform(-0.2, 1.2) * SHAPE[0]))
    sides = (int(rng.uniform(150, 400)), int(rng.uniform(80, 250)))
    if rng.random() < 0.5:
        cv2.ellipse(drawn, middle, sides, float(rng.uniform(0, 180)), 0, 360, 255, int(rng.integers(4, 14)))
    else:
        box = cv2.boxPoints((middle, (2 * sides[0], 2 * sides[1]), float(rng.uniform(-30, 30))))
        cv2.polylines(drawn, [box.astype(np.int32)], True, 255, int(rng.integers(4, 14)))
    said = "".join(rng.choice(list("ABCDEFGHIJKLMNOPRSTUVXYZ 0123456789"), 12))
    face, size = int(rng.integers(0, 5)), float(rng.uniform(1.5, 4))
    cv2.putText(drawn, said, (middle[0] - sides[0], middle[1]), face, size, 255, int(rng.integers(3, 9)))
    patchy = np.clip(0.7 + 0.5 * noise(rng, 12) + 0.3 * noise(rng, 150), 0, 1)
    page.stain += strength * rng.uniform(0.3, 1.3) * blur(np.asarray(drawn / np.float32(255), np.float32), 1.5) * patchy


def _signed(page: Document, strength: float, rng: np.random.Generator) -> None:
    """A signature or a pen's line that runs into the print."""
    paths = [scribble(rng, int(rng.integers(3, 9)), rng.uniform(20, 90)) for _ in range(int(rng.integers(1, 3)))]
    page.stain += strength * rng.uniform(0.4, 2.0) * blur(strokes(rng, paths, (2, 7)), 0.8)


def _blistered(page: Document, strength: float, rng: np.random.Generator) -> None:
    """Bubbles under the laminate: a bright rim, and the ink seen through air."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    for _ in range(int(2 + 16 * strength)):
        size = rng.uniform(6, 45)
        top, left = rng.uniform(0, SHAPE[0]), rng.uniform(0, SHAPE[1])
        reach = (slice(max(0, int(top - 60)), int(top + 60)), slice(max(0, int(left - 90)), int(left + 90)))
        far = np.hypot(rows[reach] - top, (columns[reach] - left) / rng.uniform(0.7, 2)) / size
        page.shine[reach] += strength * (
            0.25 / (1 + np.exp(np.minimum(far - 1, 3) * 12)) + 0.3 * np.exp(-(((far - 1) * 7) ** 2))
        )
        page.lift[reach] += strength * (far < 1)


def _peeled(page: Document, strength: float, rng: np.random.Generator) -> None:
    """Laminate that came off in part: a veil over what is under it, sharp at its edge."""
    loose = 1 / (1 + np.exp(-8 * (noise(rng, 500, 0.5) - 1.2 + strength)))
    page.shine += 0.45 * strength * loose
    page.lift += 0.7 * strength * loose


def _soiled(page: Document, strength: float, rng: np.random.Generator) -> None:
    """Fingers and dust: grease in ridges, specks, a hair."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
    for _ in range(int(rng.integers(1, 4))):
        far = np.hypot((rows - rng.uniform(0, 548)) * 0.8, columns - rng.uniform(0, SHAPE[1])) + 8 * noise(rng, 60)
        page.stain += strength * 0.2 * (far < 130) * (1 + np.cos(far * 2 * np.pi / rng.uniform(9, 14)))
    specks = (rng.random(SHAPE) < 3e-4 * strength).astype(np.float32)
    page.stain += 3 * blur(np.asarray(cv2.dilate(specks, np.ones((3, 3))), np.float32), rng.uniform(0.7, 2))
    hair = scribble(rng, 2, rng.uniform(40, 200))
    page.stain += strength * blur(strokes(rng, [hair], (1, 3)), 0.7)
    page.stain += 0.3 * strength * np.clip(noise(rng, 300), 0, 2)


def _soaked(page: Document, strength: float, rng: np.random.Generator) -> None:
    """A washing machine: ink crept into the sheet and thinned, the sheet cockled."""
    wet = np.clip(0.6 + 0.5 * noise(rng, 350), 0, 1)
    page.film += wet * (blur(page.film, 1 + 3.2 * strength) * (1 - 0.3 * strength) - page.film)
    page.lift += strength * np.clip(noise(rng, 200), 0, 1.5)
    page.white *= 1 + 0.06 * strength * noise(rng, 80)


CAUSES: tuple[Callable[[Document, float, np.random.Generator], None], ...] = (
    _folded,
    _rubbed,
    _rubbed,
    _scratched,
    _faded,
    _faded,
    _stained,
    _stamped,
    _signed,
    _blistered,
    _peeled,
    _soiled,
    _soaked,
)
