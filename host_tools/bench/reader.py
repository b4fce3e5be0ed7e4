"""Measures this reader's own cost: `python -m bench.reader` (`make bench-reader`).

One core: ms of a strip by level of damage (development strips, `training.devset`), of a photograph of 12 megapixels, of
import and of the quick network's loading in a fresh process (the others are loaded where they are asked), the memory of
that process, and time and memory while rows stream in. How much is read right is for `bench` and `training.evaluate`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from stillscan.mrz import MrzReader, read_image, read_strip
from stillscan.simulator.printing import find_font

_FRESH = """
import time
start = time.perf_counter()
import stillscan.mrz
from stillscan.mrz.net import QUICK, session
imported = time.perf_counter()
session(QUICK)
loaded = time.perf_counter()
import numpy, resource, sys
stillscan.mrz.read_strip(numpy.full((274, 1476), 200, numpy.uint8) - numpy.eye(274, 1476, dtype=numpy.uint8))
largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)
print((imported - start) * 1000, (loaded - imported) * 1000, largest)
"""
_PHOTO_PX = (4000, 3000)
_BAND_ROWS = 16
_HEIGHTS = (274, 548, 1096, 1644)


def start_up(times: int) -> tuple[float, float, float]:
    """Medians of so many fresh processes: ms of the import, ms of loading the quick network, MB resident at most."""
    runs = []
    with tempfile.TemporaryDirectory() as folder:  # modules are compiled once, as an installer does it, whatever is set
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        kept["PYTHONPYCACHEPREFIX"] = folder
        for _ in range(times + 1):
            done = subprocess.run([sys.executable, "-c", _FRESH], capture_output=True, text=True, check=True, env=kept)
            runs.append([float(value) for value in done.stdout.split()])
    imported, loaded, memory = (median(values) for values in zip(*runs[1:], strict=True))
    return imported, loaded, memory


def strip_times(font: Path, each: int) -> Iterator[tuple[int, float]]:
    """(level, median ms) of `each` strips of every level."""
    from training import devset

    for level in range(devset.LEVELS):
        drawn = [devset.strip(font, level, seed).pixels for seed in range(each)]
        read_strip(drawn[0])  # fills what is kept between readings
        yield level, median(read_strip(pixels).ms for pixels in drawn)


def photo_ms(font: Path, count: int) -> float:
    """Median ms of `count` photographs of passports, 12 megapixels each, already decoded."""
    from training import devphoto

    drawn = (devphoto.photo(font, "TD3", seed).pixels for seed in range(count))
    return median(read_image(cv2.resize(pixels, _PHOTO_PX, interpolation=cv2.INTER_CUBIC)).ms for pixels in drawn)


def streaming(rows: int, pixels: NDArray[np.uint8]) -> tuple[float, float]:
    """(ms of a row, MB allocated at most besides the reader) while a strip of `rows` rows comes in bands of 16.

    `pixels` is a strip; below it the rows are blank paper with noise.
    """
    noise = np.random.default_rng(1).integers(205, 225, (rows, pixels.shape[1])).astype(np.uint8)
    noise[: len(pixels)] = pixels

    def feed() -> None:
        for first in range(0, rows, _BAND_ROWS):
            reader.feed(first, noise[first : first + _BAND_ROWS])

    reader = MrzReader(rows, pixels.shape[1])
    start = time.perf_counter()
    feed()
    spent = (time.perf_counter() - start) * 1000 / rows
    reader = MrzReader(rows, pixels.shape[1])
    tracemalloc.start()
    feed()
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return spent, peak


def costs(font: Path, each: int) -> Iterator[str]:
    """The lines of the report on time and memory, as they are measured."""
    from training import devset

    imported, loaded, memory = start_up(5)
    both = imported + loaded
    yield f"import {imported:.0f} ms, quick network {loaded:.0f} ms: {both:.0f} ms; resident {memory:.0f} MB"
    for level, ms in strip_times(font, each):
        yield f"strip, level {level}: {ms:.1f} ms"
    yield f"photograph, 12 megapixels: {photo_ms(font, max(3, each // 4)):.0f} ms"
    strip = devset.strip(font, 1, 0).pixels
    for rows in _HEIGHTS:
        ms, peak = streaming(rows, strip)
        yield f"streaming {rows} rows: {ms:.2f} ms a row, {peak:.1f} MB"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what was measured, line by line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=20, help="strips of each level (default 20)")
    parser.add_argument("--font", type=Path, default=None, help="cut of OCR-B to print them with")
    options = parser.parse_args(arguments)
    if options.each < 1:
        parser.error("--each is at least 1")
    cv2.setNumThreads(1)
    lines = costs(options.font or find_font(), options.each)
    for line in track(lines, "measuring", console=Console(stderr=True), transient=True):
        print(line, flush=True)


if __name__ == "__main__":
    main()
