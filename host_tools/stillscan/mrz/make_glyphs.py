"""Makes `glyphs.npz`: `python -m stillscan.mrz.make_glyphs FONT...` (default: the installed OCR-B).

The weights of the package are from OCRB.otf and OCRBS.otf of Debian's fonts-ocr-b and OCRB7.ttf of npm's bwip-js.

Random text is printed in varied shapes of each font, damaged, flattened and cut into cells exactly as `read_strip` does
it, with the cells moved a little off the truth. A small network (one hidden layer) learns to name the 37 characters and
a 38th class for what is none: empty paper, blots, cells that hold two half characters. Plain numpy, seeded.
"""

import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import flatten, prints
from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.find import crop
from stillscan.mrz.recognise import CLASSES, FEATURES, HIDDEN, features, sample
from stillscan.simulator import printing

_STRIPS = 1600
_LINES = 3
_COLUMNS = 44
_JUNK = len(ALPHABET)
_EPOCHS = 14
_BATCH = 256
_SMOOTHING = 1e-5
"""Share of every label given to all classes alike, so that the network never grows surer than its data."""


def cells_of(font: Path, level: float, rng: np.random.Generator) -> tuple[NDArray[np.float16], NDArray[np.intp]]:
    """Features and class numbers of one damaged random text: every character, and some cells that hold none."""
    text = rng.integers(0, len(ALPHABET), (_LINES, _COLUMNS))
    ink = flatten.ink(prints.damage(prints.print_text(text, font, rng), level, rng))
    found, classes = [], []
    for row in range(_LINES):
        centre = 30 + 75 * row + 36.5
        line = crop(ink, centre + rng.uniform(-1.6, 1.6), rng.normal(0, 0.001))
        middles = 40 + 30 * np.arange(_COLUMNS) + 14.5
        moved = middles + rng.uniform(-1, 1) + rng.uniform(-0.6, 0.6, _COLUMNS)
        found.append(features(sample(line, moved)))
        classes.append(text[row])
        few = rng.choice(middles, 3, replace=False)
        found.append(features(sample(line, few + rng.choice((-1, 1), 3) * rng.uniform(9, 15, 3))))
        off = crop(ink, centre + rng.choice((-1, 1)) * rng.uniform(12, 37.5), 0.0)
        found.append(features(sample(off, rng.choice(middles, 2, replace=False))))
        classes.append(np.full(5, _JUNK))
    return np.concatenate(found).astype(np.float16), np.concatenate(classes)


def train(cells: NDArray[np.float16], classes: NDArray[np.intp], rng: np.random.Generator) -> list[NDArray[np.float32]]:
    """Weights [into, bias, out, bias] of the network, by Adam on the cross entropy."""
    weights = [
        rng.normal(0, (2 / FEATURES) ** 0.5 * 2, (FEATURES, HIDDEN)).astype(np.float32),
        np.zeros(HIDDEN, np.float32),
        rng.normal(0, (1 / HIDDEN) ** 0.5, (HIDDEN, CLASSES)).astype(np.float32),
        np.zeros(CLASSES, np.float32),
    ]
    first, second = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
    steps = _EPOCHS * (len(cells) // _BATCH)
    step = 0
    for epoch in range(_EPOCHS):
        order, losses = rng.permutation(len(cells)), []
        for start in range(0, len(cells) - _BATCH + 1, _BATCH):
            chosen = order[start : start + _BATCH]
            x = cells[chosen].astype(np.float32)
            hidden = np.maximum(x @ weights[0] + weights[1], 0)
            logits = hidden @ weights[2] + weights[3]
            odds = np.exp(logits - logits.max(axis=1, keepdims=True))
            odds /= odds.sum(axis=1, keepdims=True)
            losses.append(-np.log(odds[np.arange(_BATCH), classes[chosen]] + 1e-9).mean())
            error = odds - _SMOOTHING / CLASSES
            error[np.arange(_BATCH), classes[chosen]] -= 1 - _SMOOTHING
            error /= _BATCH
            back = (error @ weights[2].T) * (hidden > 0)
            gradients = [x.T @ back, back.sum(axis=0), hidden.T @ error, error.sum(axis=0)]
            step += 1
            rate = 2e-3 * (1 - step / (steps + 1))
            for index, gradient in enumerate(gradients):
                first[index] += 0.1 * (gradient - first[index])
                second[index] += 0.001 * (gradient**2 - second[index])
                scale = (1 - 0.999**step) ** 0.5 / (1 - 0.9**step)
                weights[index] -= rate * scale * first[index] / (np.sqrt(second[index]) + 1e-8)
        print(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}", file=sys.stderr, flush=True)
    return weights


def make(fonts: list[Path], seed: int = 1) -> dict[str, NDArray[np.float16]]:
    """Contents of glyphs.npz from these cuts."""
    rng = np.random.default_rng(seed)
    parts = [cells_of(fonts[index % len(fonts)], (index / _STRIPS) ** 0.8, rng) for index in range(_STRIPS)]
    weights = train(np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts]), rng)
    return {
        name: weight.astype(np.float16) for name, weight in zip(("into", "bias", "out", "end"), weights, strict=True)
    }


def main(arguments: list[str]) -> None:
    """Write glyphs.npz beside this module."""
    start = time.monotonic()
    fonts = [Path(name) for name in arguments] or [printing.find_font()]
    np.savez_compressed(Path(__file__).with_name("glyphs.npz"), **make(fonts))  # type: ignore[arg-type]
    print(f"{time.monotonic() - start:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
