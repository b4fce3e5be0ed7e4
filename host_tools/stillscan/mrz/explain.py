"""A picture of what the reader saw: the rectified lines, and the characters it read with their probabilities."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from stillscan.files import may_write, refuse_same, write_whole
from stillscan.mrz.judge import SURE_CHARACTER, Reading
from stillscan.mrz.pages import examine_pages
from stillscan.mrz.why import why

_BAND_PX = 104  # the 48 rows of a crop, and 56 below it for its characters and their chances
_ROW_PX = 22  # of what is said below the lines
_INK, _UNSURE, _PAPER = "#1f2d3d", "#d0021b", "white"


def explain(source: str | Path | NDArray[Any], target: str | Path) -> Reading:
    """Read `source` like `read_image`, and write the picture of its lines to the file `target` (PNG).

    Unsure characters are red, with their probability in per cent below. MrzError when `source` cannot be loaded,
    InputError or EnvironmentTroubleError when `target` cannot be written or is the picture itself.
    """
    if isinstance(source, str | Path):
        refuse_same(source, target)
    may_write(target)
    reading, evidence = examine_pages(source)
    if evidence is None or reading.lines is None:
        drawn = Image.new("RGB", (900, 60), _PAPER)
        ImageDraw.Draw(drawn).text((12, 20), reading.reason or "", _UNSURE, ImageFont.load_default(18))
    else:
        drawn = _draw(evidence.crops, evidence.grid.columns_px, reading)
    picture = BytesIO()
    drawn.save(picture, "PNG")
    write_whole(target, picture.getvalue())
    return reading


def _draw(crops: NDArray[np.uint8], columns_px: NDArray[np.float64], reading: Reading) -> Image.Image:
    """Line by line the crop, the characters below it, and how probable they are; last why it was not accepted."""
    assert reading.lines is not None
    told = why(reading)
    below = ["accepted"] if told is None else [f"not accepted: {'; '.join((told.reason, *told.faults))}", *told.help]
    picture = Image.new("RGB", (crops.shape[2], _BAND_PX * len(crops) + 12 + _ROW_PX * len(below)), _PAPER)
    pen = ImageDraw.Draw(picture)
    large, small = ImageFont.load_default(24), ImageFont.load_default(11)
    corrected = {(fix.line, fix.position) for fix in reading.corrections}
    rows = zip(crops, columns_px, reading.lines, reading.characters, strict=True)
    for row, (crop, centres, text, chances) in enumerate(rows):
        top = row * _BAND_PX
        picture.paste(Image.fromarray(crop), (0, top))
        for column, (x, character, chance) in enumerate(zip(centres, text, chances, strict=True)):
            colour = _INK if chance >= SURE_CHARACTER else _UNSURE
            pen.line([(x, top), (x, top + 5)], _UNSURE)
            pen.text((x, top + 62), character, colour, large, anchor="mm")
            pen.text((x, top + 83), f"{100 * chance:.0f}", colour, small, anchor="mm")
            if (row + 1, column + 1) in corrected:
                pen.rectangle((x - 13, top + 49, x + 13, top + 75), outline=_UNSURE)
    for number, said in enumerate(below):
        pen.text((12, _BAND_PX * len(crops) + 8 + _ROW_PX * number), said, _INK, ImageFont.load_default(16))
    return picture
