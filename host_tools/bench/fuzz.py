"""Feeds the reader what nobody should: `python -m bench.fuzz` (`make bench-fuzz`), 20,000 cases by default.

Pictures that look like text and are no MRZ, MRZs whose check digits are wrong, arrays of any shape and type, and files
whose bytes were changed, cut off, exchanged and put together. Nothing may be raised but MrzError, nothing accepted, and
neither effort nor memory go beyond their bounds. A case is drawn from its number alone: `--first 812 --cases 1` is
number 812 again.
"""

import argparse
import io
import multiprocessing
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.progress import track
from training import no_mrz

from stillscan.mrz import MrzError, read_image
from stillscan.mrz.alphabet import ALPHABET
from stillscan.simulator import printing

MOST_EFFORT_MS = 1200.0
"""What a picture may cost that shows something like an MRZ and cannot be read: with its second opinions, and once more
as a negative. A search that finds nothing ends at 360."""
MOST_MB = 600.0
_FILES = ("PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP", "PPM", "JPEG2000", "TGA", "ICO")
_TYPES = (np.uint8, np.int8, np.uint16, np.int32, np.int64, np.float16, np.float32, np.float64, np.bool_)
_ODD = (np.nan, np.inf, -np.inf, 1e300, -1.0, 0.5)


class Outcome(NamedTuple):
    """What came of a case."""

    number: int
    kind: str
    said: str
    """A reason, an error's name, or what is wrong."""
    wrong: bool
    effort_ms: float


def rows_like_text(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Strokes in even cells, in rows at the distances of lines: the rhythm of an MRZ without its characters."""
    shape = (274, 1476) if rng.random() < 0.6 else (int(rng.integers(60, 900)), int(rng.integers(80, 1200)))
    grey = np.full(shape, rng.integers(120, 250), np.uint8)
    pitch, high = float(rng.uniform(9, 36)), float(rng.uniform(8, 40))
    ink, y = float(rng.uniform(0, 100)), float(rng.uniform(0, 60))
    while y < shape[0]:
        for x in np.arange(rng.uniform(0, 60), shape[1], pitch):
            for _ in range(int(rng.integers(1, 4))):
                ends = rng.uniform((x, y), (x + pitch * 0.8, y + high), (2, 2)).astype(int)
                width = int(rng.integers(1, 5))
                cv2.line(grey, tuple(ends[0].tolist()), tuple(ends[1].tolist()), (ink,), width, cv2.LINE_AA)
        y += high * float(rng.uniform(1.2, 3.5))
    return grey


def wrong_mrz(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Characters of an MRZ in its print and places, with check digits that chance alone would make right."""
    columns, rows = ((44, 2), (36, 2), (30, 3))[int(rng.integers(0, 3))]
    letters = np.array(list(ALPHABET))
    lines = rng.choice(letters, (rows, columns))
    lines[0, :2] = rng.choice(("P<", "I<", "V<", "ID"), 1)[0][0], "<"
    lines[-1, -1] = lines[-1, 9] = "K"  # no check digit is a letter: certainly wrong, in every format
    if rows == 3:
        lines[0, 14] = lines[1, 6] = lines[1, -1] = "K"
    font = _font()
    ink = np.zeros(printing.STRIP_SHAPE, np.float32)
    for line, row in zip(lines, (70, 145, 220), strict=False):
        cells = np.concatenate([printing.glyph(character, font, 1) for character in line], axis=1)
        ink[row - 24 : row + 24, 70 : 70 + cells.shape[1]] += cells
    return np.asarray(np.rint(225 - 190 * np.clip(ink, 0, 1)), np.uint8)


@cache
def _font() -> Path:
    return printing.find_font()


def changed(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The picture turned, stretched, blurred, with noise, in light and shade, or as a negative."""
    if rng.random() < 0.4:
        turn = cv2.getRotationMatrix2D((picture.shape[1] / 2, picture.shape[0] / 2), float(rng.uniform(-180, 180)), 1.0)
        turn = turn * [[*[rng.uniform(0.5, 1.4)] * 2, 1.0]]
        picture = np.asarray(cv2.warpAffine(picture, turn, picture.shape[::-1], borderMode=cv2.BORDER_REPLICATE))
    if rng.random() < 0.3:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.3, 3))), np.uint8)
    if rng.random() < 0.4:
        noisy = picture + rng.normal(0, rng.uniform(1, 40), picture.shape)
        picture = np.clip(noisy * np.linspace(1, rng.uniform(0.4, 1.2), picture.shape[1]), 0, 255).astype(np.uint8)
    return 255 - picture if rng.random() < 0.15 else picture


def any_array(rng: np.random.Generator) -> NDArray[Any]:
    """Numbers of any type in any shape."""
    shape = [int(rng.choice((0, 1, 5, 23, 24, 60, 300))) for _ in range(int(rng.integers(0, 4)))]
    if shape and rng.random() < 0.5:
        shape[-1] = int(rng.integers(1, 6))
    # half as long as usual floats: up to 27 million numbers are drawn, and their memory would count as the reader's
    numbers = 100 + np.float32(10.0 ** rng.integers(0, 4)) * rng.standard_normal(shape, np.float32)
    odd = rng.random(shape, np.float32) < (0.02 if rng.random() < 0.3 else 0.0)
    with np.errstate(invalid="ignore", over="ignore"):
        found = np.asarray(numbers).astype(_TYPES[int(rng.integers(0, len(_TYPES)))])
        found[odd] = np.asarray(rng.choice(_ODD)).astype(found.dtype)
    return found


def damaged_file(rng: np.random.Generator) -> bytes:
    """A picture file of some kind whose bytes were changed; what it shows is never an MRZ."""
    grey = Image.fromarray(rows_like_text(rng) if rng.random() < 0.5 else wrong_mrz(rng))
    picture = grey.convert(str(rng.choice(("L", "RGB"))))
    buffer = io.BytesIO()
    picture.save(buffer, str(rng.choice(_FILES)))
    data = bytearray(buffer.getvalue())
    head = min(len(data), 600)
    for _ in range(int(rng.integers(0, 12))):  # most where sizes, kinds and tables stand
        at = int(rng.integers(0, head if rng.random() < 0.7 else len(data)))
        data[at] = int(rng.integers(0, 256))
    if rng.random() < 0.3:
        del data[int(rng.integers(0, len(data))) :]
    if rng.random() < 0.2:
        first, end = sorted(rng.integers(0, len(data) + 1, 2).tolist())
        data[first:end] = rng.bytes(int(rng.integers(0, 50))) if rng.random() < 0.5 else bytes(data[: end - first])
    return bytes(data)


def _no_mrz(rng: np.random.Generator) -> NDArray[np.uint8]:
    return no_mrz.picture(str(rng.choice(list(no_mrz.KINDS))), int(rng.integers(0, 10**9)))


KINDS: dict[str, Callable[[np.random.Generator], NDArray[Any] | bytes]] = {
    "rows like text": lambda rng: changed(rows_like_text(rng), rng),
    "wrong MRZ": lambda rng: changed(wrong_mrz(rng), rng),
    "no MRZ": lambda rng: changed(_no_mrz(rng), rng),
    "array": any_array,
    "file": damaged_file,
}


def case(number: int) -> tuple[str, NDArray[Any] | bytes]:
    """The kind and the source of a case."""
    kind = list(KINDS)[number % len(KINDS)]
    return kind, KINDS[kind](np.random.default_rng((zlib.crc32(kind.encode()), number)))


def run(number: int) -> Outcome:
    """Read a case."""
    kind, source = case(number)
    try:
        if isinstance(source, bytes):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "picture"
                path.write_bytes(source)
                reading = read_image(path)
        else:
            reading = read_image(source)
    except MrzError as error:
        return Outcome(number, kind, "MrzError", "\n" in str(error), 0.0)
    except Exception as error:  # what is looked for
        return Outcome(number, kind, f"{type(error).__name__}: {error}", wrong=True, effort_ms=0.0)
    if reading.accepted or not reading.reason:
        return Outcome(number, kind, "accepted", wrong=True, effort_ms=reading.effort_ms)
    dear = reading.effort_ms > MOST_EFFORT_MS
    return Outcome(number, kind, "costs too much" if dear else reading.reason, dear, reading.effort_ms)


def _largest_mb(_: int) -> float:
    """Memory that this process has held at most."""
    import resource  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)


def _one_thread() -> None:
    cv2.setNumThreads(1)


def report(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """What was said, by kind, and each case that is wrong."""
    for kind in KINDS:
        own = [one for one in outcomes if one.kind == kind]
        if own:
            most = max(one.effort_ms for one in own)
            yield f"{kind}: {len(own)}, effort {np.median([one.effort_ms for one in own]):.0f} ms, at most {most:.0f}"
            yield from (f"    {count:6}  {said}" for said, count in Counter(one.said for one in own).most_common(6))
    yield from (f"WRONG: number {one.number} ({one.kind}): {one.said}" for one in outcomes if one.wrong)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report; 1 when something went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=20_000, help="how many (default 20,000)")
    parser.add_argument("--first", type=int, default=0, help="number of the first")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default 1)")
    options = parser.parse_args(arguments)
    if options.cases < 1 or options.jobs < 1:
        parser.error("--cases and --jobs are at least 1")
    numbers = range(options.first, options.first + options.cases)
    with multiprocessing.get_context("spawn").Pool(options.jobs, _one_thread) as pool:
        found = pool.imap(run, numbers, chunksize=8)
        outcomes = list(track(found, "reading", total=len(numbers), console=Console(stderr=True), transient=True))
        largest = max(pool.map(_largest_mb, range(options.jobs), chunksize=1))
    for line in report(outcomes):
        print(line)
    print(f"memory: {largest:.0f} MB at most")
    return int(any(one.wrong for one in outcomes) or largest > MOST_MB)


if __name__ == "__main__":
    sys.exit(main())
