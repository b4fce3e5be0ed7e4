"""The map of dirt as a picture: the glass as it was seen, with a frame round each piece."""

from __future__ import annotations

import io
from os import PathLike

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from stillscan.files import write_whole
from stillscan.guidance.technicians import ENGLISH, Words
from stillscan.technician.dirt import HURTS, VERDICTS, DirtMap, Piece, verdict

_PX_PER_MM = 10  # of the picture: a speck of 0.2 mm is two pixels, and 125 mm fit on a screen
_MARGIN_PX, _ROW_PX = 12, 22  # room for a line of text of 14 px
_LEAST_FRAME_PX = 6  # half a frame's width: smaller ones are not seen
# Red and blue are told apart by those who see no red, on white and on black.
_HURTING, _HARMLESS, _INK, _GROUND = (200, 0, 0), (0, 90, 200), (30, 30, 30), (245, 245, 245)
_STRIP_MM, _SENSOR_MM = 2.5, 1.5  # bands above the glass in which the strip's and the sensor's pieces are shown


def save(found: DirtMap, name: str | PathLike[str], say: Words = ENGLISH) -> None:
    """Write it as PNG, in the words of a language. InputError, EnvironmentTroubleError: the file cannot be written."""
    content = io.BytesIO()
    drawn(found, say).save(content, "PNG")
    write_whole(name, content.getvalue())


def drawn(found: DirtMap, say: Words = ENGLISH) -> Image.Image:
    """From above: a band of the sensor, one of the white strip, the glass, and what to do."""
    width_px = round(found.glass.shape[1] * found.pitch_mm * _PX_PER_MM)
    top_mm = float(found.y_mm.max())
    glass_px = round((top_mm - float(found.y_mm.min())) * _PX_PER_MM)
    strip_px, sensor_px = round(_STRIP_MM * _PX_PER_MM), round(_SENSOR_MM * _PX_PER_MM)
    strip_top = _MARGIN_PX + sensor_px + _ROW_PX
    glass_top = strip_top + strip_px + _ROW_PX
    height = glass_top + glass_px + 2 * _ROW_PX + _MARGIN_PX
    picture = Image.new("RGB", (width_px + 2 * _MARGIN_PX, height), _GROUND)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(14)
    for title, top, high in (("sensor", _MARGIN_PX, sensor_px), ("white strip", strip_top, strip_px)):
        pen.rectangle((_MARGIN_PX, top, _MARGIN_PX + width_px, top + high), fill=(255, 255, 255), outline=_INK)
        pen.text((_MARGIN_PX, top + high + 2), say(title), _INK, font)
    grey = Image.fromarray(np.rint(255 * (1.0 - found.glass)).astype(np.uint8))
    picture.paste(grey.resize((width_px, glass_px)), (_MARGIN_PX, glass_top))
    pen.rectangle((_MARGIN_PX, glass_top, _MARGIN_PX + width_px, glass_top + glass_px), outline=_INK)
    word = verdict(found.pieces)
    pen.text((_MARGIN_PX, glass_top + glass_px + 4), f"{say('glass')}. {say(word)}: {say(VERDICTS[word])}", _INK, font)
    bottoms = {"sensor": _MARGIN_PX + sensor_px / 2, "strip": strip_top + strip_px, "glass": glass_top + glass_px}
    for piece in found.pieces:
        _frame(pen, piece, bottoms[piece.where] - piece.y_mm * _PX_PER_MM)
    return picture


def _frame(pen: ImageDraw.ImageDraw, piece: Piece, y_px: float) -> None:
    half = max(piece.size_mm / 2 * _PX_PER_MM, _LEAST_FRAME_PX)
    x_px = _MARGIN_PX + piece.x_mm * _PX_PER_MM
    colour = _HURTING if piece.hurts >= HURTS else _HARMLESS
    pen.ellipse((x_px - half, y_px - half, x_px + half, y_px + half), outline=colour, width=2)
