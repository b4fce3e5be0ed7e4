"""Pictures of documents that people give: arrays, and files with one page or several."""

import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz.effort import Stop
from stillscan.mrz.errors import MrzError
from stillscan.mrz.evidence import Evidence
from stillscan.mrz.finding import QualityFinding
from stillscan.mrz.found import is_read
from stillscan.mrz.judge import Reading
from stillscan.mrz.pixels import evened_grey
from stillscan.mrz.read import examine, is_strip

TWO = "the pages show two MRZs"


class ReadPage(NamedTuple):
    """The reading of a page, and the evidence that rests on."""

    reading: Reading
    evidence: Evidence | None


def read_image(source: str | Path | NDArray[Any], *, stop: Stop | None = None) -> Reading:
    """Read the MRZ in any picture of a document: a strip, a flatbed page or a photograph, at any angle, 100 to 600 dpi.

    `source` is a file, or an array (rows, cols[, 3 or 4]) of numbers: integers of 8 to 16 bits, floats 0..255 or 0..1.
    Of a file with pages (TIFF, GIF) the first one that holds an MRZ is read; different ones on two pages are told, and
    neither is accepted. MrzError when the file is missing, damaged, no picture or too large (60 megapixels), or the
    array is none. `ms` leaves out the loading. `stop`: see `read_strip`.
    """
    return examine_pages(source, stop).reading


def examine_pages(source: str | Path | NDArray[Any], stop: Stop | None = None) -> ReadPage:
    """The page of a picture that holds an MRZ, the first one if none does; `ms` and `effort_ms` are of all pages."""
    chosen: ReadPage | None = None
    ms = effort_ms = 0.0
    for grey, faults in _pages(source):
        start = time.perf_counter()
        reading, evidence = examine(grey, is_strip=is_strip(grey), stop=stop)
        ms, effort_ms = ms + (time.perf_counter() - start) * 1000, effort_ms + reading.effort_ms
        page = ReadPage(replace(reading, quality=(*faults, *reading.quality)), evidence)
        if chosen is None or (is_read(page.reading) and not is_read(chosen.reading)):
            chosen = page
        elif is_read(page.reading) and page.reading.lines != chosen.reading.lines:
            fault = QualityFinding("two-mrzs", TWO)
            both = replace(chosen.reading, accepted=False, reason=TWO, quality=(*chosen.reading.quality, fault))
            chosen = chosen._replace(reading=both)
    if chosen is None:
        raise MrzError("there is no picture to read")
    return chosen._replace(reading=replace(chosen.reading, ms=round(ms, 2), effort_ms=round(effort_ms, 2)))


def _pages(source: str | Path | NDArray[Any]) -> Iterable[tuple[NDArray[np.uint8], tuple[QualityFinding, ...]]]:
    """The pictures (rows, cols) of a file, or the one that an array is, and what is wrong with it as a file.

    MrzError when it is none.
    """
    if isinstance(source, str | Path):
        from stillscan.mrz.picture import load  # with Pillow, which a scanner's lines do not need

        return load(Path(source))
    return [(evened_grey(source), ())]
