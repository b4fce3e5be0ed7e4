"""Picture files: loaded as 8-bit grey within bounded memory."""

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from stillscan.errors import InputError
from stillscan.files import trouble
from stillscan.mrz.errors import MrzError
from stillscan.mrz.pixels import to_grey

MAX_PIXELS = 60_000_000  # an A4 page at 600 dpi takes 35 million
_MAX_BYTES = 120_000_000
"""What a decoded picture may take; Pillow holds colours in 4 bytes a pixel."""
_ENOUGH_PIXELS = 16_000_000
"""Pictures above this are halved at once: even then text of a page is finer than the recogniser needs."""
_DEEP_MODES = ("I", "F")


def load(path: Path) -> NDArray[np.uint8]:
    """The grey picture (rows, cols) in a file, turned as its orientation tag says, its first frame if it has many.

    MrzError when the file is missing, no picture, damaged or too large; EnvironmentTroubleError when the system does
    not let it be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd files; whatever matters raises below
            with Image.open(path) as picture:
                return _grey(picture, path.name)
    except MrzError:
        raise
    except Image.DecompressionBombError:
        raise MrzError(f"{path.name}: the picture is larger than {MAX_PIXELS // 1_000_000} megapixels") from None
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged files
        if isinstance(error, OSError) and error.errno is not None:  # the system's own: it is not the picture's fault
            told = trouble(path.name, error)
            raise (MrzError(str(told)) if isinstance(told, InputError) else told) from None
        raise MrzError(f"{path.name}: not a picture that can be read (damaged, or of an unknown kind)") from None


def _grey(picture: Image.Image, name: str) -> NDArray[np.uint8]:
    pixels = picture.width * picture.height
    if pixels > MAX_PIXELS:
        raise MrzError(f"{name}: the picture is larger than {MAX_PIXELS // 1_000_000} megapixels")
    if picture.format == "JPEG":
        halves = 2 if pixels > _ENOUGH_PIXELS else 1
        picture.draft("L", (picture.width // halves, picture.height // halves))
    each = 1 if picture.mode in ("1", "L", "P") else 2 if picture.mode.startswith("I;16") else 4
    if picture.width * picture.height * each > _MAX_BYTES:
        raise MrzError(f"{name}: the picture is too large to be decoded")
    upright = ImageOps.exif_transpose(picture)
    if picture.width * picture.height > _ENOUGH_PIXELS and upright.mode in ("L", "RGB", "CMYK"):
        upright = upright.reduce(2)
    if upright.mode.startswith("I;16"):
        return to_grey(np.asarray(upright).astype(np.uint16, copy=False))
    if upright.mode in _DEEP_MODES:
        deep = np.asarray(upright, np.float32)
        return to_grey(deep / np.float32(257) if deep.max(initial=0) > 255 else deep)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        rgba = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    return np.array(upright.convert("L"))
