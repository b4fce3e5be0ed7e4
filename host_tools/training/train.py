"""Trains the recogniser: `python -m training.train --seed N --steps M`; the same numbers repeat it.

One process makes fresh lines while another learns from them; no line is seen more than `_LOOKS` times. Writes
`weights/NAME.onnx` and its card: `quick` is asked first, `lines` where that is in doubt, `second` where both are.
Fonts: OCRB.otf and OCRBS.otf of Debian's fonts-ocr-b (or --font FILE ...). The cut that the development set is printed
in (OCRB7.ttf of npm's bwip-js) must not be among them. `--again` goes on from the package's weights, on lines that are
worn by the causes of `causes` too.
"""

import argparse
import copy
import json
import math
import multiprocessing
import multiprocessing.pool
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from stillscan.errors import InputError
from training import dataset, glyphs, resume
from training.export import WEIGHTS, export
from training.net import COLUMN_PX, QUICK, THOROUGH, LineNet, Plan, at_centres

BATCH = 32
_LOOKS = 2
_STORE = 12_000
_PEAK_RATE = 3e-3
_PEAK_RATE_AGAIN = 1e-3
"""Of weights that have learned before."""
_CENTRE_SIGMA_PX = 4.5
_OFF_CENTRE_PX = 3.0
_CENTRE_WEIGHT = 0.5
_KEEP = 0.999
SLOW_HALVES = ("DEFAULT", "NO AVX", "AVX2")
"""Processors that compute with 16-bit floats ten times slower than with 32-bit ones."""
_DEBIAN = Path("/usr/share/fonts/opentype/ocr-b")
_cuts: list[NDArray[np.int8]] = []


class Kind(NamedTuple):
    """A network that the package has."""

    plan: Plan
    hard: bool
    """Whether its lines are more damaged."""


NETS = {"quick": Kind(QUICK, hard=False), "lines": Kind(THOROUGH, hard=False), "second": Kind(THOROUGH, hard=True)}


class Course(NamedTuple):
    """What repeats a training, and stands on the card of what came of it."""

    seed: int
    steps: int
    cuts: int
    """Cuts of the font to print with."""


class Batch(NamedTuple):
    """Lines (n, 1, 48, 1476), centres (n, 44) in px, classes (n, 44) with -1 for none."""

    lines: Tensor
    centres_px: Tensor
    classes: Tensor


def default_fonts() -> list[Path]:
    """The two upright cuts of Debian's package; InputError when it is not installed."""
    fonts = [_DEBIAN / "OCRB.otf", _DEBIAN / "OCRBS.otf"]
    if not all(font.is_file() for font in fonts):
        raise InputError("no OCR-B fonts to train with: install Debian's fonts-ocr-b or name files with --font")
    return fonts


def _begin(fonts: list[Path], cuts: int, seed: int) -> None:
    """Start of a process that makes lines."""
    cv2.setNumThreads(1)
    _cuts.extend(glyphs.bank(fonts, cuts, seed))


def _make(index: int, seed: int, *, hard: bool, broad: bool) -> dataset.Sample:
    return dataset.sample(_cuts, seed, index, hard=hard, broad=broad)


def batch_of(samples: list[dataset.Sample]) -> Batch:
    """Samples as tensors."""
    lines = torch.from_numpy(np.stack([one.pixels for one in samples])).float().unsqueeze(1)
    centres = torch.from_numpy(np.stack([one.centres_px for one in samples]))
    return Batch(lines, centres, torch.from_numpy(np.stack([one.classes for one in samples])).long())


def loss_of(scores: Tensor, batch: Batch, off_px: Tensor) -> Tensor:
    """Cross entropy of the characters, read `off_px` beside their centres, and of the centre channel."""
    found = at_centres(scores, batch.centres_px + off_px)
    characters = F.cross_entropy(found.flatten(0, 1), batch.classes.flatten(), ignore_index=-1)
    columns = torch.arange(scores.shape[2]) * COLUMN_PX
    far = (columns[None, None] - batch.centres_px[..., None]).abs()
    far = torch.where(batch.classes[..., None] >= 0, far, 1e6).amin(1)
    target = torch.exp(-0.5 * (far / _CENTRE_SIGMA_PX) ** 2)
    return characters + _CENTRE_WEIGHT * F.binary_cross_entropy_with_logits(scores[:, -1], target)


def _rate(done: float) -> float:
    """Share of the peak learning rate when `done` (0..1) of the training is over."""
    return min(1.0, done / 0.04 + 0.02) * max(0.0, (1 + math.cos(math.pi * done)) / 2)


def _average(mean: LineNet, net: LineNet, keep: float) -> None:
    """Move the running mean of the weights towards those of this step."""
    with torch.no_grad():
        for old, new in zip(mean.state_dict().values(), net.state_dict().values(), strict=True):
            if old.is_floating_point():
                old.lerp_(new, 1 - keep)
            else:
                old.copy_(new)


def _batches(lines: Iterator[dataset.Sample], rng: np.random.Generator) -> Iterator[Batch]:
    """Batches drawn at random from a store that each batch renews in part."""
    store: list[dataset.Sample] = []
    while True:
        for _ in range(BATCH // _LOOKS if len(store) >= 2 * BATCH else 2 * BATCH):
            one = next(lines)
            if len(store) < _STORE:
                store.append(one)
            else:
                store[int(rng.integers(_STORE))] = one
        yield batch_of([store[int(index)] for index in rng.integers(0, len(store), BATCH)])


def train(
    fonts: list[Path], course: Course, kind: Kind, start_from: Path | None, *, workers: int, checkpoint: Path | None
) -> LineNet:
    """A trained network (averaged weights, evaluation mode), from random weights or from those of a file."""
    seed, steps = course.seed, course.steps
    torch.manual_seed(seed)
    rng = np.random.default_rng((seed, 7))
    net = LineNet(kind.plan)
    peak = _PEAK_RATE_AGAIN if start_from else _PEAK_RATE
    for weight in net.parameters():
        if weight.dim() == 4:
            weight.data = weight.data.contiguous(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(net.parameters(), lr=peak, weight_decay=0.02)
    quick_halves = torch.backends.cpu.get_cpu_capability() not in SLOW_HALVES
    start = shown = time.monotonic()
    losses: list[float] = []
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, _begin, (fonts, course.cuts, seed)) as pool:
        batches = _batches(_ordered(pool, seed, hard=kind.hard, broad=start_from is not None), rng)
        if start_from:
            resume.restore(net, start_from, torch.cat([next(batches).lines for _ in range(4)]))
        mean = copy.deepcopy(net)
        for step in range(steps):
            batch = next(batches)
            for group in optimiser.param_groups:
                group["lr"] = peak * _rate(step / steps)
            off = (torch.rand_like(batch.centres_px) * 2 - 1) * _OFF_CENTRE_PX
            with torch.autocast("cpu", torch.bfloat16, enabled=quick_halves):
                scores = net(batch.lines.contiguous(memory_format=torch.channels_last))
            loss = loss_of(scores.float(), batch, off)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            optimiser.step()
            _average(mean, net, min(_KEEP, (step + 1) / (step + 10)))
            losses.append(float(loss))
            if time.monotonic() - shown > 20:
                left = (time.monotonic() - start) / 60 * (steps / (step + 1) - 1)
                print(
                    f"step {step + 1} of {steps}  loss {np.mean(losses):.4f}  {left:.0f} min left",
                    file=sys.stderr,
                )
                shown, losses = time.monotonic(), []
                if checkpoint:
                    torch.save(mean.state_dict(), checkpoint)
    mean.eval()
    return mean


def _ordered(pool: multiprocessing.pool.Pool, seed: int, *, hard: bool, broad: bool) -> Iterator[dataset.Sample]:
    """Lines 0, 1, 2 ... of the series, made ahead by at most some hundreds."""
    waiting = []
    for chunk in range(2**40):
        make = partial(_make, seed=seed, hard=hard, broad=broad)
        waiting.append(pool.map_async(make, range(chunk * 64, chunk * 64 + 64), chunksize=16))
        if len(waiting) > 12:
            yield from waiting.pop(0).get()


def main(arguments: list[str] | None = None) -> None:
    """Train, calibrate, export."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--cuts", type=int, default=1200, help="different cuts of the font to print with")
    parser.add_argument("--workers", type=int, default=1, help="processes that make lines")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--font", type=Path, nargs="*", default=None)
    parser.add_argument("--net", choices=list(NETS), default="lines", help="which network (default lines)")
    parser.add_argument(
        "--again", action="store_true", help="go on from the package's weights, with more causes of wear"
    )
    parser.add_argument("--checkpoint", type=Path, default=None, help="file for the weights of the way there")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    fonts = options.font or default_fonts()
    start = time.monotonic()
    kind = NETS[options.net]
    before = WEIGHTS / f"{options.net}.onnx" if options.again else None
    course = Course(options.seed, options.steps, options.cuts)
    card: dict[str, Any] = course._asdict()
    if before:
        card["before"] = json.loads(before.with_suffix(".json").read_text())
    net = train(fonts, course, kind, before, workers=options.workers, checkpoint=options.checkpoint)
    card["minutes"] = round((time.monotonic() - start) / 60, 1)
    export(net, fonts, card, name=options.net, hard=kind.hard, broad=options.again)


if __name__ == "__main__":
    main()
