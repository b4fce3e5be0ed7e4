"""Prints MRZ text in OCR-B: the strip a flawless scan would give, or a whole data page around it.

`python -m stillscan.simulator.printing OUTDIR` writes the sample images of `stillscan/samples` anew (`make samples`).

Geometry: 300 dpi, 11.811 px/mm; a data page is 125 x 88 mm and its lowest 23.2 mm are the MRZ zone (Doc 9303-4).
The text is OCR-B size 1 with 2.54 mm = 30 px pitch, its first character 6.0 mm from the left edge, line centres 15.75
and 9.40 mm above the lower edge. TD1 has three lines 6.35 mm apart; here the lowest lies 5.6 mm above the edge, which
puts all three inside the zone.
"""

import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from stillscan.errors import InputError
from stillscan.mrz.formats import format_of

PX_PER_MM = 300 / 25.4  # 300 dpi; this and the lengths below: Geometry, above
STRIP_SHAPE = (274, 1476)  # 23.2 x 125 mm
PAGE_SHAPE = (1039, 1476)  # 88 x 125 mm
PITCH_PX = 30  # 2.54 mm
LEFT_MM = 6.0  # Doc 9303-4: 6.0 +- 1.0 mm
LINE_CENTRES_MM = {
    1: (9.40,),
    2: (15.75, 9.40),
    3: (18.30, 11.95, 5.60),
}  # above the lower edge, by the number of lines
INK = 30  # with PAPER a contrast of 0.87: the development set's strips of level 0 have 0.80 to 0.90
PAPER = 225  # as the development set's: 190 to 240
_OVERSAMPLING = 4  # points of a pixel along each side: edges have 17 shades
_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "C:/Windows/Fonts", "~/.fonts")
_MODULE_FONT = "node_modules/bwip-js/fonts/OCRB7.ttf"


def find_font() -> Path:
    """An OCR-B font file: $STILLSCAN_OCRB, else the system's (OCRB.otf before other cuts), else one of npm's bwip-js.

    InputError, which says how to get one, when there is none.
    """
    named = os.environ.get("STILLSCAN_OCRB")
    if named:
        if Path(named).is_file():
            return Path(named)
        raise InputError("STILLSCAN_OCRB names no file: set it to an OCR-B font (otf or ttf)")
    folders = [Path(folder).expanduser() for folder in (*_FONT_FOLDERS, "~/.local/share/fonts", "~/Library/Fonts")]
    for pattern in ("OCRB.[ot]tf", "OCRB*.[ot]tf"):
        for folder in folders:
            found = sorted(folder.rglob(pattern)) if folder.is_dir() else []
            if found:
                return found[0]
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / _MODULE_FONT).is_file():
            return folder / _MODULE_FONT
    raise InputError("no OCR-B font found: install Debian's fonts-ocr-b or set STILLSCAN_OCRB to an OCR-B font file")


@cache
def glyph(character: str, font_file: Path, oversampling: int = _OVERSAMPLING) -> NDArray[np.float32]:
    """Ink coverage 0..1 of one character in a cell of (48, 30) px times `oversampling`, capitals centred in it."""
    pitch = PITCH_PX * oversampling
    probe = ImageFont.truetype(str(font_file), 1000)
    font = ImageFont.truetype(str(font_file), round(1000 * pitch / probe.getlength("0")))
    _, top, _, bottom = font.getbbox("H", anchor="ls")
    cell = Image.new("L", (pitch, 48 * oversampling), 0)
    baseline = 24 * oversampling - (top + bottom) / 2
    ImageDraw.Draw(cell).text((0, baseline), character, fill=255, font=font, anchor="ls")
    return (np.asarray(cell, np.float32) / 255).astype(np.float32)


def ink(lines: Sequence[str], font_file: Path | None = None) -> NDArray[np.float32]:
    """Ink coverage 0..1 of the MRZ zone, (274, 1476), row 0 uppermost. MrzError for lines that are no MRZ."""
    format_of(lines)
    font = font_file or find_font()
    zone = np.zeros(STRIP_SHAPE, np.float32)
    # a letter's cell starts half a pitch minus half a letter before its left edge, about 4 px for most letters
    left = round(LEFT_MM * PX_PER_MM) - 4
    for line, centre_mm in zip(lines, LINE_CENTRES_MM[len(lines)], strict=True):
        cells = np.concatenate([glyph(character, font) for character in line], axis=1)
        height, width = cells.shape[0] // _OVERSAMPLING, cells.shape[1] // _OVERSAMPLING
        small = cells.reshape(height, _OVERSAMPLING, width, _OVERSAMPLING).mean(axis=(1, 3))
        top = STRIP_SHAPE[0] - round(centre_mm * PX_PER_MM) - height // 2
        zone[top : top + height, left : left + width] += small
    return np.clip(zone, 0, 1)


def strip(lines: Sequence[str], font_file: Path | None = None) -> NDArray[np.uint8]:
    """The MRZ zone as 8-bit grey at 300 dpi, (274, 1476): ink about 30 on paper of about 225."""
    return np.rint(PAPER + (INK - PAPER) * ink(lines, font_file)).astype(np.uint8)


def page(lines: Sequence[str], font_file: Path | None = None) -> NDArray[np.uint8]:
    """A whole invented data page, 125 x 88 mm at 300 dpi, (1039, 1476): portrait, printed fields, MRZ at the bottom."""
    font = font_file or find_font()
    image = Image.new("L", (PAGE_SHAPE[1], PAGE_SHAPE[0]), PAPER)
    draw = ImageDraw.Draw(image)
    for offset in range(0, PAGE_SHAPE[0] - STRIP_SHAPE[0], 24):  # faint security print
        draw.line([(0, offset), (PAGE_SHAPE[1], offset + 40)], fill=PAPER - 14, width=2)
    draw.rectangle((70, 180, 460, 690), fill=150)
    draw.ellipse((170, 270, 360, 500), fill=95)
    draw.pieslice((120, 500, 410, 880), 180, 360, fill=95)
    text = ImageFont.truetype(str(font), 46)
    fields = ("SPECIMEN", lines[0][2:5], lines[-1][:9].strip("<"), "01 JAN / JAN 2000", "OSLO")
    for row, field in enumerate(fields):
        draw.text((540, 130 + 120 * row), field, fill=INK + 20, font=text)
    whole = np.array(image, np.uint8)
    whole[PAGE_SHAPE[0] - STRIP_SHAPE[0] :] = strip(lines, font)
    return whole
