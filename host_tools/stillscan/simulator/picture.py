"""Picture files of pages, of whatever kind, to grey at 300 dpi."""

from __future__ import annotations

import warnings
from os import PathLike, fspath
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from stillscan.errors import InputError
from stillscan.files import opened, trouble

DPI = 300  # of the line sensor
MIN_SIDE_PX = 50  # 4 mm at 300 dpi, where two lines of text take 9 mm
MAX_PIXELS = 60_000_000  # as stillscan/mrz/picture.py has it: an A4 page at 600 dpi takes 35 million
# A tag that makes the page bigger than A4 with some margin, or tiny, is no measurement; nor are the 72 and 96 dpi that
# programs write by default.
_SIDE_MM = (10.0, 320.0)
_LOWEST_DPI = 100.0  # above the 96 dpi that programs write by default
# What can come over the sensor, with 35 mm for displacement; more need not be kept.
_KEEP_MM = (160.0, 60.0)


def read_page(path: str | PathLike[str], zone_width_px: int, zone_height_px: int) -> NDArray[np.uint8]:
    """(rows, columns) grey at 300 dpi, the lower left part of the page.

    A picture of exactly the zone's size is taken as it is. Any other is brought to 300 dpi by its own tag; without a
    believable tag it is taken to be 300 dpi. Of an animation the first frame counts; transparent is white; EXIF
    rotation is undone. InputError if the file is missing, unreadable, damaged, too small or too large.
    """
    name = Path(fspath(path)).name or fspath(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's size warning: the limit below is ours, and stricter
            with opened(path) as file, Image.open(file) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise InputError(f"{name}: a picture of more than {MAX_PIXELS // 1_000_000} megapixels")
                if min(image.size) < MIN_SIDE_PX:
                    raise InputError(f"{name}: smaller than {MIN_SIDE_PX} px")
                tag = image.info.get("dpi")
                image.load()
                turned = (image.getexif().get(0x0112) or 1) in (5, 6, 7, 8)  # EXIF orientation: on its side
                grey = _grey(ImageOps.exif_transpose(image))
    except Image.DecompressionBombError:
        raise InputError(f"{name}: a picture of more than {MAX_PIXELS // 1_000_000} megapixels") from None
    except InputError:
        raise
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged files
        if isinstance(error, OSError) and error.errno is not None:  # the system's own: it is not the picture's fault
            raise trouble(name, error) from None
        # Pillow's own words are many and may quote the file: one plain line instead.
        raise InputError(f"{name}: not a readable picture (damaged, empty, or of an unknown kind)") from None
    if grey.size == (zone_width_px, zone_height_px):
        return np.asarray(grey, dtype=np.uint8)
    return np.asarray(_resampled(grey, _resolution(tag, grey.size, turned)), dtype=np.uint8)


def _grey(image: Image.Image) -> Image.Image:
    """Mode L, whatever the mode was."""
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image, dtype=np.float64)
        top = 65535.0 if image.mode.startswith("I") and values.max() > 255 else 1.0 if values.max() <= 1 else 255.0
        return Image.fromarray(np.rint(np.clip(np.nan_to_num(values) / top, 0, 1) * 255).astype(np.uint8))
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("L")
    return image.convert("L") if image.mode in ("1", "L", "RGB") else image.convert("RGB").convert("L")


def _resolution(tag: object, size: tuple[int, int], turned: bool) -> tuple[float, float]:
    """Dots per inch in x and y: the file's tag if it is believable, else 300."""
    try:
        across, up = (float(value) for value in tag)  # type: ignore[attr-defined]
    except (TypeError, ValueError, ZeroDivisionError):
        return DPI, DPI
    dpi = (up, across) if turned else (across, up)
    for pixels, dots in zip(size, dpi, strict=True):
        if not dots >= _LOWEST_DPI or not _SIDE_MM[0] <= pixels / dots * 25.4 <= _SIDE_MM[1]:
            return DPI, DPI
    return dpi


def _resampled(grey: Image.Image, dpi: tuple[float, float]) -> Image.Image:
    """The lower left part at 300 dpi."""
    width = min(float(grey.width), _KEEP_MM[0] / 25.4 * dpi[0])
    height = min(float(grey.height), _KEEP_MM[1] / 25.4 * dpi[1])
    size = (max(round(width * DPI / dpi[0]), 1), max(round(height * DPI / dpi[1]), 1))
    box = (0.0, grey.height - height, width, float(grey.height))
    return grey.resize(size, Image.Resampling.BICUBIC, box=box)
