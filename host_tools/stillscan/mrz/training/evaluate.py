"""Reports on the development set: `python -m stillscan.mrz.training.evaluate --font OCRB7.ttf [--strips 50]`.

Per level, for the whole reader: strips read without an error, those also accepted, wrong ones accepted, how far its
probabilities are from the truth (expected calibration error of characters and of whole texts), and the time of a strip.
`--looks 3` joins so many scans of each document. The font must be one that training did not use.
"""

import argparse
import multiprocessing
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike
from rich.console import Console
from rich.progress import track

from stillscan.mrz.looks import read_looks
from stillscan.mrz.training import devset

_BINS = np.array([0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0000001])


class Look(NamedTuple):
    """What the reader made of one document."""

    level: int
    seed: int
    right: bool
    accepted: bool
    confidence: float
    characters: tuple[float, ...]
    """Probability of each character, line by line; none when the format is not that of the document."""
    right_characters: tuple[bool, ...]
    ms: float


def read(which: tuple[int, int], font_file: Path, looks: int) -> Look:
    """Read development strip (level, seed), joined from `looks` scans of it."""
    level, seed = which
    drawn = [devset.strip(font_file, level, seed, look) for look in range(looks)]
    reading, lines = read_looks([one.pixels for one in drawn]), drawn[0].lines
    right = reading.lines == lines
    alike = reading.lines is not None and [len(line) for line in reading.lines] == [len(line) for line in lines]
    chances = tuple(chance for row in reading.characters for chance in row) if alike else ()
    hits = tuple(one == other for one, other in zip("".join(reading.lines or ()), "".join(lines), strict=False))
    return Look(level, seed, right, reading.accepted, reading.confidence, chances, hits if alike else (), reading.ms)


def calibration_error(chances: ArrayLike, right: ArrayLike) -> float:
    """Expected calibration error: mean gap between probability and share of what is right, over bins of probability."""
    said, hit = np.asarray(chances, np.float64).ravel(), np.asarray(right, np.float64).ravel()
    bins = np.digitize(said, _BINS) - 1
    gaps = [
        float((bins == index).mean()) * abs(float(said[bins == index].mean() - hit[bins == index].mean()))
        for index in np.unique(bins)
    ]
    return sum(gaps)


def report(looks: Iterable[Look]) -> str:
    """The table, and which wrong texts were accepted."""
    rows = ["level  strips   exact  accepted  wrong accepted  ECE characters  ECE texts  median ms"]
    done = list(looks)
    for level in sorted({one.level for one in done}):
        mine = [one for one in done if one.level == level]
        chances = [chance for one in mine for chance in one.characters]
        hits = [hit for one in mine for hit in one.right_characters]
        rows.append(
            f"{level:5d} {len(mine):7d} {np.mean([one.right for one in mine]):7.2%}"
            f" {np.mean([one.right and one.accepted for one in mine]):9.2%}"
            f" {sum(one.accepted and not one.right for one in mine):15d} {calibration_error(chances, hits):15.5f}"
            f" {calibration_error([one.confidence for one in mine], [one.right for one in mine]):10.4f}"
            f" {np.median([one.ms for one in mine]):10.1f}"
        )
    rows += [
        f"wrong and accepted: level {one.level}, seed {one.seed}" for one in done if one.accepted and not one.right
    ]
    return "\n".join(rows)


def _one_thread() -> None:
    cv2.setNumThreads(1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--font", type=Path, required=True, help="a cut of OCR-B that training did not use")
    parser.add_argument("--strips", type=int, default=50, help="per level")
    parser.add_argument("--first", type=int, default=0, help="number of the first strip")
    parser.add_argument("--looks", type=int, default=1, help="scans of each document, joined")
    parser.add_argument("--levels", type=int, nargs="+", default=list(range(devset.LEVELS)))
    parser.add_argument("--workers", type=int, default=2, help="processes")
    options = parser.parse_args(arguments)
    seeds = range(options.first, options.first + options.strips)
    wanted = [(level, seed) for level in options.levels for seed in seeds]
    with multiprocessing.get_context("spawn").Pool(options.workers, _one_thread) as pool:
        looks = pool.imap(partial(read, font_file=options.font, looks=options.looks), wanted, chunksize=4)
        shown = track(looks, "reading", total=len(wanted), console=Console(stderr=True), transient=True)
        print(report(shown))


if __name__ == "__main__":
    main()
