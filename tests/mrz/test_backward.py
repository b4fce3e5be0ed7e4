"""> printed where an MRZ has <: told with its place, whatever the networks make of it."""

from pathlib import Path

import numpy as np
import pytest
from mrz_vectors import VALID
from numpy.typing import NDArray

from stillscan.mrz import read_strip
from stillscan.simulator import printing

pytestmark = pytest.mark.slow


def printed(lines: list[str], font: Path) -> NDArray[np.uint8]:
    """A strip in which > may stand, which no MRZ may hold and `printing.strip` refuses."""
    strip = printing.strip([line.replace(">", "<") for line in lines], font)
    drawn = printing.glyph(">", font, 1)
    left = round(printing.LEFT_MM * printing.PX_PER_MM) - 4
    for line, centre_mm in zip(lines, printing.LINE_CENTRES_MM[2], strict=True):
        top = len(strip) - round(centre_mm * printing.PX_PER_MM) - 24
        for place in (left + 30 * index for index, character in enumerate(line) if character == ">"):
            ink = printing.PAPER + (printing.INK - printing.PAPER) * drawn
            strip[top : top + 48, place : place + 30] = np.rint(ink).astype(np.uint8)
    return strip


@pytest.mark.parametrize(("line", "position"), [(0, 2), (0, 16), (1, 36)])
def test_one_is_told_with_its_place(line: int, position: int, ocr_b: Path) -> None:
    lines = VALID["NOR"].split("|")
    assert lines[line][position - 1] == "<"
    lines[line] = lines[line][: position - 1] + ">" + lines[line][position:]
    reading = read_strip(printed(lines, ocr_b))
    reason = f"> is printed where an MRZ has <, line {line + 1}, position {position}"
    assert (reading.accepted, reading.reason) == (False, reason)
    assert [fault.text for fault in reading.quality if fault.code == "no-mrz-character"] == [reason]


def test_the_first_of_all_is_told(ocr_b: Path) -> None:
    reading = read_strip(printed([line.replace("<", ">") for line in VALID["NOR"].split("|")], ocr_b))
    assert (reading.accepted, reading.reason) == (False, "> is printed where an MRZ has <, line 1, position 2")


def test_a_mirrored_strip_is_told_as_mirrored(ocr_b: Path) -> None:
    strip = printing.strip(VALID["NOR"].split("|"), ocr_b)
    assert read_strip(np.ascontiguousarray(strip[:, ::-1])).reason == "the picture is mirrored"
