"""The third set: TD3 strips as ink on paper under a lamp, worn by things that happen to passports.

Never tuned on: neither training nor thresholds look at it. It shares no code with `degrade`, `causes` or `devset`. A
document is a film of ink that absorbs light (Beer and Lambert, there and back), on a sheet with a relief, under a
laminate that may shine; each cause of wear changes one of these. Then a line sensor looks at it. Levels 0 to 5 say how
many causes, how strong, and how bad the sensor is; they were chosen so that the reader of 29 November 2026 read them
about as the strips that strangers had drawn (97 % at level 4, 55 % at level 5).
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from training import text
from training.devset import Strip
from training.physical.document import LINES_PX, SHAPE, Document
from training.physical.printing import PRINTERS, guilloche, sheet, typeset
from training.physical.scan import scan
from training.physical.wear import CAUSES


class Level(NamedTuple):
    """What a level allows."""

    causes: tuple[int, int]
    """Least and most causes of wear."""
    strength: tuple[float, float]
    """Of each cause, 0 to 1."""
    sensor: tuple[float, float]
    """How bad the scan is, 0 to 1."""


LEVELS = (
    Level((0, 0), (0.0, 0.0), (0.0, 0.05)),
    Level((1, 1), (0.05, 0.2), (0.05, 0.2)),
    Level((1, 2), (0.15, 0.35), (0.1, 0.35)),
    Level((2, 3), (0.25, 0.5), (0.2, 0.5)),
    Level((4, 5), (0.5, 0.8), (0.45, 0.8)),
    Level((4, 6), (0.7, 1.0), (0.65, 1.0)),
)


def worn(lines: tuple[str, ...], font_file: Path, level: Level, slope: float, rng: np.random.Generator) -> Document:
    """A document with the wear of a level."""
    relief = sheet(rng)
    printer = PRINTERS[int(rng.integers(len(PRINTERS)))]
    zeros = np.zeros(SHAPE, np.float32)
    page = Document(
        film=printer(typeset(lines, font_file, slope, rng), relief, rng),
        absorbance=rng.uniform(0.9, 1.6),
        stain=rng.uniform(0.02, 0.05 + 0.25 * level.strength[1]) * guilloche(rng),
        white=np.full(SHAPE, rng.uniform(0.7, 0.95), np.float32) * (1 + 0.01 * relief),
        relief=relief,
        shine=zeros.copy(),
        lift=zeros.copy(),
    )
    for which in rng.permutation(len(CAUSES))[: int(rng.integers(level.causes[0], level.causes[1] + 1))]:
        CAUSES[int(which)](page, float(rng.uniform(*level.strength)), rng)
    return page


def strip(font_file: Path, level: int, seed: int, capture: int = 0) -> Strip:
    """Strip number `seed` of `level` 0..5; the same arguments give the same strip.

    Another `capture` scans the same worn document once more: ink, wear and dirt are the same; hand, lamp, gain and
    noise are new.
    """
    rng = np.random.default_rng((3101, level, seed))
    while len(lines := text.mrz(rng)) != 2 or len(lines[0]) != 44 or lines[0][0] != "P":
        pass
    slope = float(rng.uniform(-1, 1)) * 0.004 * LEVELS[level].sensor[1]
    page = worn(lines, font_file, LEVELS[level], slope, rng)
    bad = float(rng.uniform(*LEVELS[level].sensor))
    pixels = scan(page, bad, np.random.default_rng((3101, level, seed, capture)))
    return Strip(pixels, lines, level, (float(LINES_PX[0]), float(LINES_PX[1])), slope)
