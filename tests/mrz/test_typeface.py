"""Print that is not OCR-B, and characters that no MRZ has: named, and never accepted."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from mrz_vectors import VALID
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from training import devset

from stillscan.mrz import CaptureReader, read_captures, read_strip

pytestmark = pytest.mark.slow  # reads dozens of strips

NOR = tuple(VALID["NOR"].split("|"))
MONO = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSansMono.ttf"  # also in the subspaces of others


def printed(lines: tuple[str, ...], font_file: Path) -> NDArray[np.uint8]:
    """A clean strip with any characters, 274 x 1476, letters 30 px apart."""
    probe = ImageFont.truetype(str(font_file), 1000)
    font = ImageFont.truetype(str(font_file), round(3000 * 30 / probe.getlength("0")))
    picture = Image.new("L", (3 * 1476, 3 * 274), 225)
    pen = ImageDraw.Draw(picture)
    for line, row in zip(lines, (88, 163), strict=True):
        for column, character in enumerate(line):
            pen.text((3 * (71 + 30 * column), 3 * row), character, fill=30, font=font, anchor="lm")
    return np.asarray(picture.resize((1476, 274), Image.Resampling.BOX), np.uint8)


def test_the_same_drawing_of_a_genuine_text_is_accepted(ocr_b: Path) -> None:
    reading = read_strip(printed(NOR, ocr_b))
    assert (reading.lines, reading.accepted) == (NOR, True)


@pytest.mark.parametrize("character", "@ß&%$#*+=?Ä€")
def test_a_character_that_no_mrz_has_is_never_accepted(character: str, ocr_b: Path) -> None:
    for column in (7, 12, 17):
        first = NOR[0][:column] + character + NOR[0][column + 1 :]
        reading = read_strip(printed((first, NOR[1]), ocr_b))
        assert not reading.accepted
        if reading.quality and reading.quality[-1].code == "no-mrz-character":
            assert reading.reason == f"a character that no MRZ has, line 1, position {column + 1}"


def test_some_are_named(ocr_b: Path) -> None:
    """Those that the networks are sure to be letters: nothing else would keep the text from being accepted."""
    named = 0
    for character in "@ß%$Äu":
        for column in range(5, 21):
            first = NOR[0][:column] + character + NOR[0][column + 1 :]
            reading = read_strip(printed((first, NOR[1]), ocr_b))
            assert not reading.accepted
            named += "a character that no MRZ has" in (reading.reason or "")
    assert named >= 5


def test_nothing_printed_where_a_character_belongs_is_no_filler_of_a_name(ocr_b: Path) -> None:
    reading = read_strip(printed((NOR[0][:8] + " " + NOR[0][9:], NOR[1]), ocr_b))
    assert not reading.accepted


@pytest.mark.parametrize("level", [0, 2])
def test_another_typeface_is_never_accepted(level: int) -> None:
    for seed in range(4):
        drawn = devset.strip(MONO, level, 930 + seed)
        reading = read_strip(drawn.pixels)
        assert not reading.accepted
        assert not read_captures([drawn.pixels, devset.strip(MONO, level, 930 + seed, 1).pixels]).accepted


def test_captures_of_which_none_is_certain_do_not_make_it_a_letter(
    ocr_b: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only all of them together are certain of is looked at once more."""
    drawn = devset._td3

    def foreign(rng: np.random.Generator) -> tuple[str, ...]:
        lines = [list(line) for line in drawn(rng)]
        row = int(rng.integers(2))
        there = range(9) if row else [at for at in range(5, 44) if lines[0][at] != "<"]
        lines[row][int(rng.choice(list(there)))] = "@"
        return tuple("".join(line) for line in lines)

    monkeypatch.setattr(devset, "_td3", foreign)
    pictures = [devset.strip(ocr_b, 3, 710, capture).pixels for capture in range(3)]
    alone = [read_strip(picture) for picture in pictures]
    assert not any(own.accepted or "no MRZ has" in (own.reason or "") for own in alone), "or the test shows nothing"
    reader = CaptureReader()
    together = [reader.add(picture) for picture in pictures]
    assert not any(reading.accepted for reading in together)
    assert together[-1].reason == "a character that no MRZ has, line 1, position 13"


@pytest.mark.parametrize("level", [0, 2, 3])
def test_worn_print_of_the_right_typeface_stays_accepted(level: int, ocr_b: Path) -> None:
    drawn = [devset.strip(ocr_b, level, 940 + seed) for seed in range(6)]
    assert sum(read_strip(one.pixels).accepted for one in drawn) >= 5
