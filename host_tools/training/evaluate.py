"""Reports on the development sets: `python -m training.evaluate --font OCRB7.ttf [--of KIND] [--each N]`.

Per level or format, for the whole reader: pictures read without an error, those also accepted, wrong ones accepted, how
far its probabilities are from the truth (expected calibration error of characters and of whole texts), and the time of
one. `--of strips` (levels 0 to 5), `physical` (strips of the third set, levels 0 to 5), `worn` (photographs of
passports with strips of the first) or `photos` (photographs of all formats). `--captures 3` joins so many captures of
each strip's document. The font is one that training did not use.
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

from stillscan.mrz.captures import read_captures
from stillscan.mrz.formats import FORMATS
from training import devphoto, devset, devshots, physical

_BINS = np.array([0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0000001])


KINDS = {
    "strips": [str(level) for level in range(devset.LEVELS)],
    "physical": [str(level) for level in range(len(physical.LEVELS))],
    "worn": [str(level) for level in range(devset.LEVELS)],
    "photos": list(FORMATS),
    "shots": list(devshots.KINDS),
}
"""What there is to be read, and its groups."""


class GradedReading(NamedTuple):
    """What the reader made of one document, held against the truth."""

    group: str
    seed: int
    right: bool
    accepted: bool
    confidence: float
    characters: tuple[float, ...]
    """Probability of each character, line by line; none when the format is not that of the document."""
    right_characters: tuple[bool, ...]
    ms: float


def draw(kind: str, group: str, seed: int, font_file: Path, capture: int = 0) -> devset.Strip | devphoto.Photo:
    """Picture number `seed` of a group."""
    if kind == "strips":
        return devset.strip(font_file, int(group), seed, capture)
    if kind == "shots":
        return devshots.shot(font_file, group, seed)
    if kind == "physical":
        return physical.strip(font_file, int(group), seed, capture)
    return devphoto.worn(font_file, int(group), seed) if kind == "worn" else devphoto.photo(font_file, group, seed)


def read(which: tuple[str, int], kind: str, font_file: Path, captures: int) -> GradedReading:
    """Read picture (group, seed), joined from so many `captures` of its document."""
    group, seed = which
    drawn = [draw(kind, group, seed, font_file, capture) for capture in range(captures)]
    reading, lines = read_captures([one.pixels for one in drawn]), drawn[0].lines
    right = reading.lines == lines
    alike = reading.lines is not None and [len(line) for line in reading.lines] == [len(line) for line in lines]
    chances = tuple(chance for row in reading.characters for chance in row) if alike else ()
    hits = tuple(one == other for one, other in zip("".join(reading.lines or ()), "".join(lines), strict=False))
    return GradedReading(
        group, seed, right, reading.accepted, reading.confidence, chances, hits if alike else (), reading.ms
    )


def calibration_error(chances: ArrayLike, right: ArrayLike) -> float:
    """Expected calibration error: mean gap between probability and share of what is right, over bins of probability."""
    said, hit = np.asarray(chances, np.float64).ravel(), np.asarray(right, np.float64).ravel()
    bins = np.digitize(said, _BINS) - 1
    gaps = [
        float((bins == index).mean()) * abs(float(said[bins == index].mean() - hit[bins == index].mean()))
        for index in np.unique(bins)
    ]
    return sum(gaps)


def report(readings: Iterable[GradedReading]) -> str:
    """The table, and which wrong texts were accepted."""
    rows = ["group  pictures   exact  accepted  wrong accepted  ECE characters  ECE texts  median ms"]
    done = list(readings)
    for group in dict.fromkeys(one.group for one in done):
        mine = [one for one in done if one.group == group]
        chances = [chance for one in mine for chance in one.characters]
        hits = [hit for one in mine for hit in one.right_characters]
        rows.append(
            f"{group:5} {len(mine):9d} {np.mean([one.right for one in mine]):7.2%}"
            f" {np.mean([one.right and one.accepted for one in mine]):9.2%}"
            f" {sum(one.accepted and not one.right for one in mine):15d} {calibration_error(chances, hits):15.5f}"
            f" {calibration_error([one.confidence for one in mine], [one.right for one in mine]):10.4f}"
            f" {np.median([one.ms for one in mine]):10.1f}"
        )
    rows += [f"wrong and accepted: {one.group}, seed {one.seed}" for one in done if one.accepted and not one.right]
    return "\n".join(rows)


def _one_thread() -> None:
    cv2.setNumThreads(1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--font", type=Path, required=True, help="a cut of OCR-B that training did not use")
    parser.add_argument("--of", choices=list(KINDS), default="strips", help="what is read (default strips)")
    parser.add_argument("--each", type=int, default=50, help="pictures of each level or format (default 50)")
    parser.add_argument("--first", type=int, default=0, help="number of the first")
    parser.add_argument(
        "--captures", type=int, default=1, help="captures of each document, joined (not of photographs)"
    )
    parser.add_argument("--groups", nargs="+", default=None, help="levels or formats (default all)")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    options = parser.parse_args(arguments)
    groups = KINDS[options.of] if options.groups is None else options.groups
    if unknown := sorted(set(groups) - set(KINDS[options.of])):
        parser.error(f"no such group: {', '.join(unknown)}; there are {', '.join(KINDS[options.of])}")
    if options.captures > 1 and options.of not in ("strips", "physical"):
        parser.error("--captures is for strips and physical")
    wanted = [(group, seed) for group in groups for seed in range(options.first, options.first + options.each)]
    with multiprocessing.get_context("spawn").Pool(options.workers, _one_thread) as pool:
        one = partial(read, kind=options.of, font_file=options.font, captures=options.captures)
        readings = pool.imap(one, wanted, chunksize=4)
        shown = track(readings, "reading", total=len(wanted), console=Console(stderr=True), transient=True)
        print(report(shown))


if __name__ == "__main__":
    main()
