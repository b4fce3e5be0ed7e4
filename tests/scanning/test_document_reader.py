"""One document's rows and captures: what a line showed while its rows arrived is not looked for again."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from stillscan.mrz import CaptureReader, MrzReader, Reading, effort, net, stream
from stillscan.scanning.document_reader import DocumentReader

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def strip() -> NDArray[np.uint8]:
    return np.asarray(Image.open(Path(str(files("stillscan.samples"))) / "nor-clean.png").convert("L"), np.uint8)


def fed(strip: NDArray[np.uint8], rows: int = 2) -> DocumentReader:
    reader = DocumentReader()
    reader.begin(*strip.shape)
    for first in range(0, len(strip), rows):
        reader.feed(first, strip[first : first + rows])
    return reader


def shown(reader: DocumentReader | CaptureReader, picture: NDArray[np.uint8]) -> tuple[float, Reading]:
    """How many lines the quick network is shown for a reading, and the reading."""
    lines: list[float] = []
    with effort.watched(lambda step, amount: lines.append(amount) if step == net.QUICK else None):
        return (lambda reading: (sum(lines), reading))(reader.read(picture, calm=True))


def timeless(reading: Reading) -> Reading:
    return replace(reading, ms=0.0, effort_ms=0.0)


def test_lines_that_were_seen_as_they_arrived_are_not_shown_again(strip: NDArray[np.uint8]) -> None:
    looks, reading = shown(fed(strip), strip)
    afresh, alone = shown(CaptureReader(), strip)
    assert (looks, afresh) == (0, 2)
    assert reading.accepted
    assert timeless(reading) == timeless(alone)
    assert reading.effort_ms == pytest.approx(alone.effort_ms - 2 * effort.COSTS_MS[net.QUICK], abs=0.02)


def test_a_line_that_has_changed_since_is_shown_again(strip: NDArray[np.uint8]) -> None:
    reader, changed = fed(strip), strip.copy()
    changed[163, 700] ^= 1
    looks, reading = shown(reader, changed)
    assert looks == 1
    assert timeless(reading) == timeless(CaptureReader().read(changed, calm=True))


def test_nothing_is_known_of_the_document_before(strip: NDArray[np.uint8]) -> None:
    reader = fed(strip)
    reader.begin(*strip.shape)
    assert shown(reader, strip)[0] == 2


def test_of_any_number_of_lines_the_newest_are_known(strip: NDArray[np.uint8]) -> None:
    reader = MrzReader(1500)
    for first in range(0, 1500 - len(strip), 150):
        reader.feed(first, strip[:250])
    assert 0 < len(reader.known) <= 3


@pytest.mark.parametrize("rows", [1, 7, 16])
def test_ink_of_rows_that_arrive_bit_by_bit_is_that_of_the_picture(
    strip: NDArray[np.uint8], rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    inks: list[NDArray[np.float32]] = []
    looks = 0
    of_rows = stream.flatten.ink_of
    monkeypatch.setattr(stream.flatten, "ink_of", lambda own: (inks.append(of_rows(own)), inks[-1])[1])
    reader = MrzReader(*strip.shape)
    for first in range(0, 200, rows):
        reader.feed(first, strip[first : first + rows])
        if inks:
            top, bottom = max(0, first - 96), min(len(strip), first + rows + 96)
            seen = strip[top : first + rows]
            beyond = np.full((bottom - first - rows, strip.shape[1]), int(np.median(seen[:, ::8])), np.uint8)
            assert np.array_equal(inks[0], of_rows(stream.flatten.rows_of(np.concatenate([seen, beyond]))))
            looks, inks = looks + 1, []
    assert looks
