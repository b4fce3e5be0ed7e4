"""Trains the network that tells OCR-B from other print: `python -m training.typefaces --fonts DIR [DIR ...]`.

It sees the cells of a line, and says of each which character stands there, or that it is none an MRZ has, and whether
its print is OCR-B. Other typefaces are the files of the folders; `fonts.txt` lists those that the package's networks
learned from. Writes `weights/NAME.onnx` of the network that is asked for (`--net`), and its card.
"""

# Where the extra `train` is not installed, torch has no types to derive from.
# mypy: disallow-subclassing-any=False

import argparse
import json
import math
import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.confusables import CONFUSABLE_OF
from stillscan.mrz.net import TYPEFACE, WORN_TYPEFACE
from stillscan.mrz.strokes import FILE, INSIDE, INSIDE_PX, NEAR, NEAR_PX
from stillscan.mrz.typeface import CELL_COLUMNS, CELL_ROWS, cells
from training.export import STORED, WEIGHTS, small
from training.othertype import FOREIGN, Bank, PrintLine, bank, distances, line
from training.resume import mean_of, restore
from training.train import SLOW_HALVES, default_fonts

_FEATURES = 96
"""With 36, and 5,000 lines in place of 60,000, twice as many foreign characters pass at the same refusals."""
_BATCH = 24
_PEAK_RATE, _RATE_AGAIN = 3e-3, 1.2e-3
_OFF_PX = 1.3
_bank: list[Bank] = []


class Twice(nn.Module):
    """Looks again at what was seen, and adds what it finds."""

    def __init__(self, channels: int, between: int) -> None:
        super().__init__()
        self.more = nn.Sequential(*_convolution(channels, between, 1), nn.Conv2d(between, channels, 3, 1, 1))

    def forward(self, seen: Tensor) -> Tensor:
        """The same shape (n, channels, rows, columns)."""
        return F.relu(seen + self.more(seen))


def _convolution(before: int, channels: int, step: int) -> list[nn.Module]:
    return [nn.Conv2d(before, channels, 3, step, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()]


def _quick() -> list[nn.Module]:
    """Convolutions of 12 and 24 channels take a fifth longer: the processor computes sixteen at a time."""
    return [*_convolution(1, 16, 2), *_convolution(16, 32, 2), *_convolution(32, 32, 2)]


def _thorough() -> list[nn.Module]:
    """Three times the work of the quick one's: it is asked where print is worn, and may take a tenth of that time."""
    return [
        *_convolution(1, 16, 2), *_convolution(16, 32, 2), Twice(32, 24), *_convolution(32, 48, 2), Twice(48, 32),
    ]  # fmt: skip


_LAYERS = {TYPEFACE: (_quick, 32), WORN_TYPEFACE: (_thorough, 48)}
"""By network its convolutions, and how many channels come out of them."""
_WHAT = {
    TYPEFACE: "tells OCR-B from other print, and its 37 characters from others",
    WORN_TYPEFACE: "the same where print is worn",
}


class CellNet(nn.Module):
    """(lines, cells, 48, 36) grey to log probabilities of 37 characters and none of them, and the odds of OCR-B."""

    def __init__(self, name: str) -> None:
        super().__init__()
        layers, channels = _LAYERS[name]
        size = channels * math.ceil(CELL_ROWS / 8) * math.ceil(CELL_COLUMNS / 8)
        self.look = nn.Sequential(*layers(), nn.Flatten(), nn.Linear(size, _FEATURES), nn.ReLU())
        self.around = nn.Linear(_FEATURES, _FEATURES)
        self.say = nn.Sequential(nn.Linear(2 * _FEATURES, _FEATURES), nn.ReLU(), nn.Linear(_FEATURES, FOREIGN + 2))

    def forward(self, grey: Tensor) -> tuple[Tensor, Tensor]:
        """Log probabilities (lines, cells, 38), log odds (lines, cells)."""
        ink = grey.float()
        ink = ink - ink.mean((2, 3), keepdim=True)
        ink = ink / ink.square().mean((1, 2, 3), keepdim=True).sqrt().clamp(min=1.0)
        seen = self.look(ink.flatten(0, 1).unsqueeze(1)).unflatten(0, ink.shape[:2])
        line = F.relu(self.around(seen.mean(1, keepdim=True))).expand_as(seen)  # what the rest of the line is like
        said = self.say(torch.cat([seen, line], dim=2))
        return said[..., :-1].log_softmax(dim=2), said[..., -1]


class Cells(NamedTuple):
    """Windows (lines, cells, rows, cols), classes and typefaces (lines, cells)."""

    windows: Tensor
    classes: Tensor
    own: Tensor


def loss_of(said: tuple[Tensor, Tensor], truth: Cells) -> Tensor:
    """Cross entropy of characters (O and 0, I and 1 count as one) and of the typeface."""
    characters, own = said
    fellow = torch.from_numpy(np.append(CONFUSABLE_OF, FOREIGN))
    together = torch.where(
        fellow == torch.arange(FOREIGN + 1), characters, torch.logaddexp(characters, characters[..., fellow])
    )
    known, judged = truth.classes >= 0, truth.own >= 0
    right = F.nll_loss(together[known], truth.classes[known])
    return right + F.binary_cross_entropy_with_logits(own[judged], truth.own[judged].float())


def cells_of(lines: Sequence[PrintLine], rng: np.random.Generator) -> Cells:
    """Lines of one number of cells, each window a little beside its place."""
    windows = []
    for one in lines:
        crop = np.roll(one.pixels, int(rng.integers(-1, 2)), axis=0)
        off = rng.normal(0, 0.7) + rng.normal(0, _OFF_PX * 0.5, len(one.centres_px))
        windows.append(cells(crop[None], one.centres_px[None] + off)[0])
    classes, own = (np.stack([getattr(one, name) for one in lines]).astype(np.int64) for name in ("classes", "own"))
    return Cells(torch.from_numpy(np.stack(windows)), torch.from_numpy(classes), torch.from_numpy(own))


def _begin(fonts: Sequence[Path], cuts: int, seed: int, half: bool) -> None:
    cv2.setNumThreads(1)
    _bank.append(bank(default_fonts(), fonts, cuts, seed, half=half))


def _make(index: int, seed: int, *, worn: bool) -> PrintLine:
    return _short(line(_bank[0], seed, index, worn=worn))


def _short(one: PrintLine) -> PrintLine:
    """Without its unused cells."""
    used = int((one.centres_px > 0).sum())
    return PrintLine(one.pixels, one.centres_px[:used], one.classes[:used], one.own[:used])


def _batches(lines: Sequence[PrintLine], rng: np.random.Generator) -> Iterator[Cells]:
    """All lines once, in batches of one length."""
    found: list[list[PrintLine]] = []
    for length in sorted({len(one.centres_px) for one in lines}):
        mine = [one for one in lines if len(one.centres_px) == length]
        order = rng.permutation(len(mine))
        found += [
            [mine[at] for at in order[first : first + _BATCH]] for first in range(0, len(mine) - _BATCH + 1, _BATCH)
        ]
    for at in rng.permutation(len(found)):
        yield cells_of(found[at], rng)


def train(name: str, lines: Sequence[PrintLine], epochs: int, seed: int, start_from: Path | None = None) -> CellNet:
    """A trained network in evaluation mode; `start_from`: the exported one that it goes on from."""
    torch.manual_seed(seed)
    rng = np.random.default_rng((seed, 13))
    net = CellNet(name)
    if start_from:
        restore(net, start_from, next(_batches(lines, rng)).windows)
    net.to(memory_format=torch.channels_last)
    quick_halves = torch.backends.cpu.get_cpu_capability() not in SLOW_HALVES
    peak_rate = _RATE_AGAIN if start_from else _PEAK_RATE
    optimiser = torch.optim.AdamW(net.parameters(), lr=peak_rate, weight_decay=0.02)
    for epoch in range(epochs):
        losses, start = [], time.monotonic()
        batches = list(range(len(lines) // _BATCH))
        for step, batch in enumerate(_batches(lines, rng)):
            done = (epoch + step / len(batches)) / epochs
            for group in optimiser.param_groups:
                group["lr"] = peak_rate * min(1.0, done / 0.04 + 0.02) * max(0.0, (1 + math.cos(math.pi * done)) / 2)
            with torch.autocast("cpu", torch.bfloat16, enabled=quick_halves):
                characters, own = net(batch.windows)
            loss = loss_of((characters.float(), own.float()), batch)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            optimiser.step()
            losses.append(float(loss.detach()))
        minutes = (time.monotonic() - start) / 60 * (epochs - epoch - 1)
        print(f"round {epoch + 1} of {epochs}  loss {np.mean(losses):.4f}  {minutes:.0f} min left", file=sys.stderr)
    net.to(memory_format=torch.contiguous_format)
    net.eval()
    return net


def write(name: str, net: CellNet, card: dict[str, object], folder: Path, mean_with: Sequence[Path] = ()) -> None:
    """The network as ONNX with weights in bytes, and its card: the mean of it and of those exported ones."""
    target, learned = folder / f"{name}.onnx", folder / f"{name}.learned.onnx"
    torch.onnx.export(
        net,
        (torch.zeros(1, 44, CELL_ROWS, CELL_COLUMNS, dtype=torch.uint8),),
        str(learned),
        input_names=["cells"],
        output_names=["characters", "own"],
        dynamic_axes={name: {0: "n", 1: "m"} for name in ("cells", "characters", "own")},
        opset_version=17,
        dynamo=False,
    )
    mean_of((learned, *mean_with), target)
    learned.unlink()
    small(target, ("cells", "characters", "own"))
    (folder / f"{name}.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def write_strokes(fonts: Sequence[Path], target: Path) -> None:
    """The picture that `strokes` reads, cells side by side: where a character of any of the fonts is near, and where it
    is inside its strokes in all of them."""
    tables = np.stack([distances(font, ALPHABET) for font in fonts])
    rows, columns = (CELL_ROWS - tables.shape[2]) // 2, (tables.shape[3] - CELL_COLUMNS) // 2
    tables = tables[..., columns : columns + CELL_COLUMNS]
    said = np.where(tables.min(axis=0) < NEAR_PX, NEAR, 0)
    said = np.where(tables.max(axis=0) < -INSIDE_PX, INSIDE, said).astype(np.uint8)
    said = np.pad(said, ((0, 0), (rows, rows), (0, 0)))
    Image.fromarray(np.concatenate(list(said), axis=1)).save(target, optimize=True)


def main() -> int:
    """Command line: train, write the network and its card."""
    parser = argparse.ArgumentParser(prog="python -m training.typefaces", description=__doc__)
    parser.add_argument("--fonts", type=Path, nargs="+", required=True, help="folders of other typefaces")
    parser.add_argument("--net", choices=tuple(_LAYERS), default=TYPEFACE, help="which network (typeface)")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--lines", type=int, default=60_000)
    parser.add_argument("--epochs", type=int, default=3, help="how often each line is seen (3)")
    parser.add_argument("--cuts", type=int, default=300, help="different cuts of OCR-B (300)")
    parser.add_argument("--workers", type=int, default=1, help="processes that make lines (1)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--again", action="store_true", help="go on from the package's weights")
    parser.add_argument("--mean", action="store_true", help="with --again: the mean of the weights before and after")
    parser.add_argument("--worn", action="store_true", help="lines that are more worn")
    parser.add_argument("--half", action="store_true", help="leave half of the foreign characters out, for measuring")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="folder of the weights (the package's)")
    options = parser.parse_args()
    if options.mean and not options.again:
        parser.error("--mean needs --again: the mean is that of the weights before and after")
    torch.set_num_threads(options.threads)
    fonts = sorted(font for folder in options.fonts for font in folder.iterdir())
    with multiprocessing.get_context("spawn").Pool(
        options.workers, _begin, (fonts, options.cuts, options.seed, options.half)
    ) as pool:
        lines = pool.map(partial(_make, seed=options.seed, worn=options.worn), range(options.lines), chunksize=16)
    before = WEIGHTS / f"{options.net}.onnx"
    net = train(options.net, lines, options.epochs, options.seed, before if options.again else None)
    card = {
        "what": f"{_WHAT[options.net]}: see training/typefaces.py",
        "seed": options.seed,
        "lines": options.lines,
        "epochs": options.epochs,
        "cuts": options.cuts,
        "foreign": "half" if options.half else "all",
        "stored": STORED,
        "mean": options.mean,
        "worn": options.worn,
        "parameters": sum(weight.numel() for weight in net.parameters()),
        "own": [font.name for font in default_fonts()],
        "other": sorted({font.name.partition("__")[0] for font in fonts}),
    }
    write(options.net, net, card, options.out, [before] if options.mean else [])
    write_strokes(default_fonts(), options.out / FILE.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
