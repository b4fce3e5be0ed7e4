"""Measures this reader's own cost: `python -m bench.reader` (`make bench-reader`).

One core: ms of a strip by level of damage (development strips, `training.devset`), of a photograph of 12 megapixels, of
a strip that shows no MRZ, by kind, and of four captures of it (the slowest kinds); of
import and of the quick network's loading in a fresh process (the others are loaded where they are asked), the memory of
that process, and time and memory while rows stream in; with `--large` of files of 60 megapixels, by kind. How much is
read right is for `bench` and `training.evaluate`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.progress import track

from stillscan.mrz import CaptureReader, MrzReader, Reading, effort, read_image, read_strip
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
_LARGE_PX = (7000, 8500)
"""59.5 megapixels, nearly the most that is read."""
_LARGE_KINDS: dict[str, dict[str, Any]] = {
    "png": {"compress_level": 6},
    "jpg": {"quality": 92},
    "tif": {},
    "bmp": {},
    "webp": {"quality": 90, "method": 2},
    "jp2": {"quality_mode": "rates", "quality_layers": [12]},
    "avif": {"speed": 9},
}
"""Kinds of files, and how Pillow writes them."""
_READ_ONE = """
import pathlib, resource, sys, time
from stillscan.mrz import read_image
start = time.process_time()
accepted = read_image(sys.argv[1]).accepted
spent = (time.process_time() - start) * 1000
status = pathlib.Path("/proc/self/status")  # what resource tells on Linux holds the process that started this one
if status.exists():
    most = float(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
else:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
print(spent, most, accepted)
"""
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


def no_mrz_times(each: int) -> Iterator[tuple[str, float, float]]:
    """(kind, median ms of a strip, median ms of four captures of one) of strips that show no MRZ, on one core."""
    from training import no_mrz

    for kind in no_mrz.KINDS:
        strips = [no_mrz.picture(kind, seed) for seed in range(each)]
        yield kind, median(_core_ms(read_strip, strip) for strip in strips), median(map(_four_captures_ms, strips))


def _core_ms(read: Callable[[NDArray[np.uint8]], Reading], picture: NDArray[np.uint8]) -> float:
    """Milliseconds of a core's own time that reading takes."""
    start = time.process_time()
    read(picture)
    return (time.process_time() - start) * 1000


def _four_captures_ms(strip: NDArray[np.uint8]) -> float:
    reader = CaptureReader()
    return sum(_core_ms(reader.add, strip) for _ in range(4))


class Cost(NamedTuple):
    """A step's cost as it is modelled, and as it was measured here, in ms."""

    modelled: float
    measured: float


def step_costs(pictures: Iterable[NDArray[np.uint8]]) -> tuple[dict[str, Cost], float]:
    """The costs of each step that reading these pictures takes, and modelled over real time of all.

    A step's time is that until the next one begins.
    """
    took, amounts = dict.fromkeys(effort.COSTS_MS, 0.0), dict.fromkeys(effort.COSTS_MS, 0.0)
    step, began = "", 0.0

    def watch(name: str, amount: float) -> None:
        nonlocal step, began
        now = time.process_time()
        if step:
            took[step] += (now - began) * 1000
        if name:
            amounts[name] += amount
        step, began = name, time.process_time()

    with effort.watched(watch):
        for picture in pictures:
            read_image(picture)
            watch("", 0.0)
    modelled = sum(effort.COSTS_MS[name] * amount for name, amount in amounts.items())
    each = {name: Cost(effort.COSTS_MS[name], took[name] / amount) for name, amount in amounts.items() if amount}
    return each, modelled / max(sum(took.values()), 1e-9)


def effort_report(font: Path, each: int) -> Iterator[str]:
    """The table of modelled and measured costs."""
    from training import devset, no_mrz

    drawn = [devset.strip(font, level, seed).pixels for level in range(devset.LEVELS) for seed in range(each)]
    drawn += [no_mrz.picture(kind, seed) for kind in no_mrz.KINDS for seed in range(max(1, each // 4))]
    step_costs(drawn[:1])  # fills what is kept between readings
    each_step, ratio = step_costs(drawn)
    yield "step            modelled  measured"
    for name, cost in each_step.items():
        yield f"{name:15} {cost.modelled:8.2f} {cost.measured:9.2f}"
    yield f"modelled time of all: {ratio:.2f} of what it took here"


def photo_ms(font: Path, count: int) -> float:
    """Median ms of `count` photographs of passports, 12 megapixels each, already decoded."""
    from training import devphoto

    drawn = (devphoto.photo(font, "TD3", seed).pixels for seed in range(count))
    return median(read_image(cv2.resize(pixels, _PHOTO_PX, interpolation=cv2.INTER_CUBIC)).ms for pixels in drawn)


def large(font: Path) -> Iterator[str]:
    """What a photograph of a passport of 60 megapixels in colours takes as a file of each kind, in a fresh process."""
    from training import devphoto

    grey = cv2.resize(devphoto.photo(font, "TD3", 7).pixels, _LARGE_PX, interpolation=cv2.INTER_CUBIC)
    rng = np.random.default_rng(1)
    picture = np.stack([cv2.convertScaleAbs(grey, alpha=alpha) for alpha in (1, 0.97, 0.93)], axis=2)
    for rows in np.array_split(picture, 17):  # grain, without which a PNG would be a tenth as long
        rows[:] = np.clip(rows + rng.normal(0, 2.5, rows.shape), 0, 255)
    pixels = Image.fromarray(picture)
    with tempfile.TemporaryDirectory() as folder:
        for suffix, options in _LARGE_KINDS.items():
            path = Path(folder) / f"large.{suffix}"
            pixels.save(path, **options)
            command = [sys.executable, "-c", _READ_ONE, str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            ms, most, accepted = done.stdout.split()
            size = path.stat().st_size / 2**20
            told = "accepted" if accepted == "True" else "not accepted"
            yield f"{suffix}, {size:.0f} MB: {float(ms):.0f} ms of a core, {float(most):.0f} MB at most, {told}"
            path.unlink()


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
    for kind, one_ms, four_ms in no_mrz_times(max(3, each // 4)):
        yield f"no MRZ, one strip, {kind}: {one_ms:.0f} ms; four captures: {four_ms:.0f} ms"
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
    parser.add_argument("--effort", action="store_true", help="measure the costs of the model of effort instead")
    parser.add_argument("--large", action="store_true", help="measure files of 60 megapixels, each kind, instead")
    options = parser.parse_args(arguments)
    if options.each < 1:
        parser.error("--each is at least 1")
    cv2.setNumThreads(1)
    font = options.font or find_font()
    report = effort_report if options.effort else costs
    lines = large(font) if options.large else report(font, options.each)
    for line in track(lines, "measuring", console=Console(stderr=True), transient=True):
        print(line, flush=True)


if __name__ == "__main__":
    main()
