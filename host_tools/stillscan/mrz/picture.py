"""Picture files and arrays of whole pages: loaded, brought to 300 dpi, and read where their MRZ is."""

import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from stillscan.mrz.errors import MrzError
from stillscan.mrz.read import Reading, read_strip

MAX_PIXELS = 60_000_000
STRIP_COLUMNS = 1476
_MAX_STRIP_ROWS = 330
_DPI = 300
_PAGE_MM = 125.0
_DPI_RANGE = (90, 700)
_BOTTOM_MM = 31.0
"""Height of the part of a page that is searched: the MRZ zone of 23.2 mm and some of what lies around it."""


def read_image(source: str | Path | NDArray[np.uint8]) -> Reading:
    """Read the MRZ of a strip or a whole upright page (100 to 600 dpi) from a file or an array (rows, cols[, 3 or 4]).

    A page's scale is that of its dpi tag, or else follows from taking it to be as wide as a passport (125 mm).
    MrzError when the file is missing, no picture, damaged or larger than 60 megapixels. `ms` leaves out the loading.
    """
    grey, dpi = _from_array(source) if isinstance(source, np.ndarray) else _load(Path(source))
    start = time.perf_counter()
    if min(grey.shape) < 20:
        return Reading(reason="the picture is too small to hold an MRZ")
    best: Reading | None = None
    for scale in _scales(grey, dpi):
        reading = read_strip(_bottom(grey, scale))
        if best is None or (reading.accepted, reading.valid, reading.confidence) > (
            best.accepted,
            best.valid,
            best.confidence,
        ):
            best = reading
        if best.accepted:
            break
    assert best is not None
    return replace(best, ms=round((time.perf_counter() - start) * 1000, 2))


def _from_array(array: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float | None]:
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise MrzError("a picture is an array (rows, cols) or (rows, cols, 3) of 8-bit values")
    if array.ndim == 2 or 0 in array.shape:
        return array[:, :, 0] if array.ndim == 3 else array, None
    colours = array[:, :, :3].astype(np.float32).mean(axis=2)
    return np.asarray(np.rint(colours), np.uint8), None


def _load(path: Path) -> tuple[NDArray[np.uint8], float | None]:
    """(grey picture, dpi of its tag) of a file; MrzError when it cannot be used."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd files; whatever matters raises below
            with Image.open(path) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise MrzError(f"{path.name}: the picture is larger than {MAX_PIXELS // 1_000_000} megapixels")
                tag = picture.info.get("dpi")
                upright = ImageOps.exif_transpose(picture)
                if upright.mode.startswith("I;16") or upright.mode in ("I", "F"):
                    deep = np.asarray(upright, np.float64)
                    return np.clip(deep / 257 if deep.max(initial=0) > 255 else deep, 0, 255).astype(np.uint8), _tag(
                        tag
                    )
                if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
                    rgba = upright.convert("RGBA")
                    upright = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
                return np.array(upright.convert("L")), _tag(tag)
    except FileNotFoundError:
        raise MrzError(f"{path.name}: no such file") from None
    except MrzError:
        raise
    except Image.DecompressionBombError:
        raise MrzError(f"{path.name}: the picture is larger than {MAX_PIXELS // 1_000_000} megapixels") from None
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged files
        raise MrzError(f"{path.name}: not a picture that can be read ({type(error).__name__})") from None


def _tag(tag: object) -> float | None:
    """The horizontal dpi of a picture's tag, when it is a number that a scanner could mean."""
    try:
        value = float(tag[0])  # type: ignore[index]
    except (TypeError, ValueError, IndexError, ZeroDivisionError, OverflowError):
        return None
    return value if _DPI_RANGE[0] <= value <= _DPI_RANGE[1] else None


def _scales(grey: NDArray[np.uint8], dpi: float | None) -> list[float]:
    """Factors to 300 dpi worth trying, likeliest first."""
    rows, columns = grey.shape
    if abs(columns - STRIP_COLUMNS) <= 40 and rows <= _MAX_STRIP_ROWS:
        return [1.0]
    found = [_DPI / dpi] if dpi else []
    by_width = _PAGE_MM / 25.4 * _DPI / columns
    for scale in (by_width, by_width * 85.6 / _PAGE_MM, by_width * 105 / _PAGE_MM):  # passport, card, TD2
        if 0.3 <= scale <= 6 and all(abs(scale / other - 1) > 0.02 for other in found):
            found.append(scale)
    return found or [1.0]


def _bottom(grey: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """The lowest part of a page at 300 dpi."""
    wanted = round(_BOTTOM_MM / 25.4 * _DPI / scale)
    part = grey[max(0, grey.shape[0] - wanted) :]
    if scale == 1.0:
        return part
    size = (max(1, min(4000, round(part.shape[1] * scale))), max(1, round(part.shape[0] * scale)))
    return np.asarray(
        Image.fromarray(part).resize(size, Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.BOX)
    )
