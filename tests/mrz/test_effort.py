"""What a reading costs, and readings that are told to stop."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from mrz_strips import scan
from mrz_vectors import VALID
from numpy.typing import NDArray
from training import devset

from stillscan.mrz import CaptureReader, effort, read_captures, read_image, read_strip
from stillscan.simulator import printing

pytestmark = pytest.mark.slow  # reads strips of all levels

NOR = tuple(VALID["NOR"].split("|"))


@pytest.fixture(scope="module")
def clean(ocr_b: Path) -> NDArray[np.uint8]:
    return printing.strip(NOR, ocr_b)


def test_plain_print_costs_little_and_worn_print_much(clean: NDArray[np.uint8], ocr_b: Path) -> None:
    assert 6 < read_strip(devset.strip(ocr_b, 0, 0).pixels).effort_ms < 15
    assert 6 < read_strip(clean).effort_ms < 25  # the thorough network is asked too
    assert 40 < read_strip(scan(NOR, 5, 2, ocr_b)).effort_ms < 300


def test_print_in_doubt_is_looked_at_by_itself_once(ocr_b: Path) -> None:
    steps: list[str] = []
    with effort.watched(lambda step, _amount: steps.append(step)):
        read_strip(scan(NOR, 5, 2, ocr_b))
    assert "second" in steps
    assert steps.count("typeface") == 1


def test_the_same_picture_costs_the_same_in_any_thread(clean: NDArray[np.uint8], ocr_b: Path) -> None:
    pictures = [clean, scan(NOR, 3, 2, ocr_b), clean[::-1, ::-1].copy(), np.full((274, 1476), 9, np.uint8)]
    alone = [read_strip(picture).effort_ms for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda picture: read_strip(picture).effort_ms, pictures * 2)) == alone * 2


def test_a_reading_ends_at_any_step_when_it_is_told_to(clean: NDArray[np.uint8]) -> None:
    asked = 0

    def count() -> bool:
        nonlocal asked
        asked += 1
        return False

    assert read_strip(clean, stop=count).accepted
    steps = asked
    assert steps > 5
    whole = read_strip(clean).effort_ms
    for last in range(steps):
        left = iter([False] * last + [True])
        reading = read_strip(clean, stop=lambda left=left: next(left))  # type: ignore[misc]
        assert (reading.accepted, reading.lines, reading.reason) == (False, None, "the time for reading is over")
        assert reading.effort_ms < whole
    assert read_image(clean, stop=lambda: True).reason == "the time for reading is over"


def test_steps_are_not_counted_where_nobody_asks() -> None:
    effort.spend("quick")
    assert not effort.exhausted()


def test_captures_are_examined_once(ocr_b: Path) -> None:
    captures = [scan(NOR, 5, seed, ocr_b) for seed in (3, 4, 5)]
    reader = CaptureReader()
    readings = [reader.add(capture) for capture in captures]
    joined = read_captures(captures)
    assert (readings[-1].lines, readings[-1].confidence) == (joined.lines, joined.confidence)
    assert readings[-1].effort_ms < 0.6 * joined.effort_ms
    alone = read_image(captures[2])
    reader.clear()
    assert (reader.read(captures[2]).lines, reader.read(captures[2]).confidence) == (alone.lines, alone.confidence)


def test_what_is_read_but_not_kept_is_no_former_capture(clean: NDArray[np.uint8], ocr_b: Path) -> None:
    other = printing.strip(tuple(VALID["PO"].split("|")), ocr_b)
    reader = CaptureReader()
    reader.read(other)
    assert reader.add(clean).lines == NOR
    assert reader.read(other).lines == tuple(VALID["PO"].split("|")), "another document counts by itself"


def test_a_stopped_reading_leaves_the_former_captures(clean: NDArray[np.uint8]) -> None:
    reader = CaptureReader()
    reader.add(clean)
    stopped = reader.add(np.zeros_like(clean), stop=lambda: True)
    assert not stopped.accepted or stopped.lines == NOR
    assert reader.add(clean).lines == NOR
    assert reader.add(np.full_like(clean, 255)).lines is None, "what shows no MRZ now is none"
    assert reader.add(clean).lines == NOR
