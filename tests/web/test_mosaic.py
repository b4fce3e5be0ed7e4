"""The picture of the scan on the page: our own reader reads no character from it, however it is stretched or joined."""

import base64
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1] / "mrz"))

from books import MemoryBook
from mrz_strips import person

from kiosk import wire
from stillscan.counter.counter import Counter
from stillscan.counter.mosaic import CELL_COLUMNS, CELL_ROWS, LEVELS, Mosaic
from stillscan.link.messages import Abort, Band, BandHeader, State
from stillscan.mrz import read_image, read_strip
from stillscan.simulator import printing
from tests.covering import some

ROWS, WIDTH = printing.STRIP_SHAPE
CHANCE = 0.2
"""Of a character: a reader that knows the kind of each field guesses one digit of ten right, and some by luck."""


def bands(strip: NDArray[np.uint8], rows: range | None = None) -> Iterator[Band]:
    for row in rows or range(len(strip)):
        yield Band(BandHeader(1, row, row, 1, 8, 0, 0, 0, 80, 255, strip.shape[1]), strip[row : row + 1])


def picture(told: dict[int, bytes]) -> NDArray[np.uint8]:
    """All that a page knows, one pixel a cell."""
    return np.array([list(told[row]) for row in sorted(told)], np.uint8)


def stretched(cells: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    for way in (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4):
        yield cv2.resize(cells, (WIDTH, ROWS), interpolation=way)


def joined(strip: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The best that any number of checks can tell: the cell at every place, to the pixel, of the document."""
    told = np.zeros((ROWS - CELL_ROWS + 1, WIDTH - CELL_COLUMNS + 1), np.uint8)
    for row in range(len(told)):
        for column in range(CELL_COLUMNS):
            mosaic = Mosaic()
            for band in bands(strip[row : row + CELL_ROWS, column:]):
                mosaic.add(band)
            told[row, column::CELL_COLUMNS] = np.frombuffer(mosaic.told[0], np.uint8)
    return told


def sharpened(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What was averaged, taken apart again as far as that goes, and its few greys spread over all."""
    wide = cv2.normalize(grey.astype(np.float32), None, 0, 255, cv2.NORM_MINMAX)
    return np.clip(3 * wide - 2 * cv2.GaussianBlur(wide, (0, 0), 12), 0, 255).astype(np.uint8)


def read(grey: NDArray[np.uint8], truth: tuple[str, ...]) -> float:
    """Which part of the characters (fillers aside) our reader gets right; it must accept nothing."""
    best = 0.0
    for reading in (read_strip(grey), read_strip(sharpened(grey)), read_image(grey)):
        assert not reading.accepted
        assert not reading.valid
        text, wanted = "".join(reading.lines or ()), "".join(truth)
        places = [place for place, character in enumerate(wanted) if character != "<" and place < len(text)]
        if places:
            best = max(best, sum(text[place] == wanted[place] for place in places) / len(places))
    return best


@pytest.mark.slow
@pytest.mark.parametrize("seed", some(range(10), 4))
def test_no_character_can_be_read_from_what_a_page_is_told(seed: int) -> None:
    lines = person(seed)
    strip = printing.strip(lines)
    mosaic = Mosaic()
    for band in bands(strip):
        mosaic.add(band)
    for grey in stretched(picture(mosaic.told)):
        assert read(grey, lines) < CHANCE


@pytest.mark.slow
def test_no_character_can_be_read_from_cells_at_every_place_joined() -> None:
    lines = person(0)
    told = joined(printing.strip(lines))
    assert read(cv2.resize(told, (WIDTH, ROWS)), lines) < CHANCE
    assert read(told, lines) < CHANCE


@pytest.mark.slow
def test_means_of_finer_cells_could_be_read() -> None:
    """The reader that is held against the mosaic reads means of 8 x 12 pixels in eight greys, if enough are joined."""
    lines = person(0)
    means = cv2.blur(printing.strip(lines).astype(np.float32), (8, 12))
    text = "".join(read_strip((means // 32 * 32 + 16).astype(np.uint8)).lines or ())
    assert sum(one == other for one, other in zip(text, "".join(lines), strict=True)) > 80


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 5.0])
def test_any_two_documents_look_the_same(noise: float) -> None:
    """With the sensor's noise too: nothing is told that depends on what is written."""
    seen = set()
    for seed in range(10):
        strip = printing.strip(person(seed)) + np.random.default_rng(seed).normal(0, noise, (ROWS, WIDTH))
        mosaic = Mosaic()
        for band in bands(np.clip(strip, 0, 255).astype(np.uint8)):
            mosaic.add(band)
        seen.add(picture(mosaic.told).tobytes())
    assert len(seen) == 1


def test_the_picture_shows_paper_print_and_where_it_is_dark() -> None:
    strip = printing.strip(person(0))
    strip[:, 720:] //= 8
    mosaic = Mosaic()
    for band in bands(strip):
        mosaic.add(band)
    cells = picture(mosaic.told)
    assert cells[0, 0] > cells[7, 0] > cells[7, 40]
    assert cells[0, 40] < 64


def test_sweeps_of_a_document_that_slides_tell_each_cell_once() -> None:
    strip = printing.strip(person(1))
    mosaic = Mosaic()
    events: list[int] = []
    for shift in range(6):
        slid = np.roll(strip, (shift, 3 * shift), (0, 1))
        for band in bands(slid):
            events += mosaic.add(band)
    assert sorted(events) == list(range(ROWS // CELL_ROWS))


def test_rows_of_an_aborted_sweep_count_with_those_of_the_next() -> None:
    strip = printing.strip(person(2))
    mosaic = Mosaic()
    events = [cell for band in bands(strip, range(100)) for cell in mosaic.add(band)]
    assert events == list(range(8))
    events = [cell for band in bands(strip, range(90, ROWS)) for cell in mosaic.add(band)]
    assert events == list(range(8, 22))
    assert len(set(picture(mosaic.told).ravel())) <= LEVELS


@pytest.mark.slow
def test_bands_of_any_shape_do_no_harm() -> None:
    mosaic = Mosaic()
    for width in (0, 1, 35, 36, 1476, 40):
        for row in (0, 5, 65535):
            header = BandHeader(1, 0, row, 2, 8, 0, 0, 0, 80, 255, width)
            mosaic.add(Band(header, np.zeros((2, width), np.uint8)))
    assert len(mosaic.told) <= 2
    for row in range(0, 65536, CELL_ROWS):
        mosaic.add(Band(BandHeader(1, 0, row, 1, 8, 0, 0, 0, 80, 255, 1476), np.zeros((1, 1476), np.uint8)))
    assert len(mosaic._open) < 100


def test_another_check_begins_with_an_empty_picture_and_a_new_window_sees_the_present_one() -> None:
    counter = Counter(MemoryBook(), "Moss")
    heard: list[dict[str, Any]] = []
    counter.watch(lambda event: heard.append(event[1]) if event[0] == "rows" else None)
    strip = printing.strip(person(3))
    for sweep in range(2):
        for band in bands(strip):
            counter.message(band)
        counter.message(Abort(1, wire.SLIP, 100, 0, 5000, 500, 0))
        assert len(heard) == 22 * (sweep // 2 + 1)
        assert counter.rows() == heard[-22:]
    assert len(base64.b64decode(heard[0]["pixels"])) == WIDTH // CELL_COLUMNS
    counter.message(State(wire.EMPTY, wire.NO_CAUSE, 0, 0, 1, 0))
    assert counter.rows() == []
    for band in bands(strip):
        counter.message(band)
    assert len(heard) == 44
