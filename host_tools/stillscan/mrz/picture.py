"""Picture files: their pages, loaded as 8-bit grey within bounded memory."""

import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps

from stillscan.errors import InputError
from stillscan.files import trouble
from stillscan.mrz.errors import MrzError
from stillscan.mrz.finding import QualityFinding
from stillscan.mrz.pixels import evened

MAX_PIXELS = 60_000_000  # an A4 page at 600 dpi takes 35 million
_ENOUGH_PIXELS = 16_000_000
"""Pictures above this are halved at once: even then text of a page is finer than the recogniser needs. Nothing but the
file's own pixels (4 bytes each, as Pillow has colours: 240 MB at most) is ever held at full size."""
_MOST_PAGES = 8
"""Pages of a file that are looked at: both sides of four documents, and no animation without an end."""
_WITH_PAGES = ("TIFF", "GIF")
"""Kinds of files whose further pictures are pages. In others (MPO of a telephone) they are the same one again."""
_BLANK = 4
"""Grey values that a picture spans at least when it shows something (`read` calls a flatter one blank)."""
_TRUNCATED = threading.Lock()  # Pillow has one switch for the whole process


def load(path: Path) -> Iterator[tuple[NDArray[np.uint8], tuple[QualityFinding, ...]]]:
    """The pictures in a file, at most eight: each grey (rows, cols), turned as its orientation tag says, and what is
    wrong with the file.

    MrzError when the file is missing, no picture, damaged or too large; EnvironmentTroubleError when the system does
    not let it be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd files; whatever matters raises below
            with Image.open(path) as picture:
                yield _page(picture, path.name)
                for number in range(1, _MOST_PAGES if picture.format in _WITH_PAGES else 1):
                    try:
                        picture.seek(number)
                    except EOFError:
                        return
                    yield _page(picture, path.name)
    except MrzError:
        raise
    except Image.DecompressionBombError:
        raise _too_large(path.name) from None
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged files
        if isinstance(error, OSError) and error.errno is not None:  # the system's own: it is not the picture's fault
            told = trouble(path.name, error)
            raise (MrzError(str(told)) if isinstance(told, InputError) else told) from None
        raise MrzError(f"{path.name}: not a picture that can be read (damaged, or of an unknown kind)") from None


def _page(picture: Image.Image, name: str) -> tuple[NDArray[np.uint8], tuple[QualityFinding, ...]]:
    """The picture that the file stands at."""
    if picture.width * picture.height > MAX_PIXELS:
        raise _too_large(name)
    if picture.format == "JPEG":
        halves = 2 if picture.width * picture.height > _ENOUGH_PIXELS else 1
        picture.draft("L", (picture.width // halves, picture.height // halves))
    faults = _decode(picture)
    small = picture.reduce(2) if picture.width * picture.height > _ENOUGH_PIXELS and _reducible(picture) else picture
    return _grey(ImageOps.exif_transpose(small)), faults


def _too_large(name: str) -> MrzError:
    return MrzError(f"{name}: the picture is larger than {MAX_PIXELS // 1_000_000} megapixels")


def _decode(picture: Image.Image) -> tuple[QualityFinding, ...]:
    """Decode the file's pixels; a JPEG that breaks off is taken as far as it goes, and that is told."""
    if picture.format != "JPEG":
        picture.load()
        return ()
    try:
        picture.load()
    except OSError as error:
        if error.errno is not None:
            raise
        with _TRUNCATED:
            ImageFile.LOAD_TRUNCATED_IMAGES = True
            try:
                picture.load()
            finally:
                ImageFile.LOAD_TRUNCATED_IMAGES = False
        return (QualityFinding("file-cut-off", "the file breaks off: its last part is missing"),)
    return ()


def _reducible(picture: Image.Image) -> bool:
    """Whether Pillow can average this kind of pixels; numbers of a palette cannot be."""
    return picture.mode in ("L", "LA", "La", "RGB", "RGBA", "RGBa", "CMYK", "YCbCr", "I", "F")


def _grey(picture: Image.Image) -> NDArray[np.uint8]:
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        return evened(np.asarray(picture))
    if picture.mode == "LAB":
        return np.array(picture.getchannel(0))
    if picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info:
        return _on_paper(picture.convert("RGBA"))
    return np.array(picture.convert("L"))


def _on_paper(rgba: Image.Image) -> NDArray[np.uint8]:
    """A picture with transparent parts, laid on white; white print, which cannot be seen there, on black."""
    grey, alpha = np.array(rgba.convert("L"), np.float32), np.array(rgba.getchannel(3), np.float32) / 255
    for paper in (255.0, 0.0):
        laid = np.asarray(np.rint(grey * alpha + paper * (1 - alpha)), np.uint8)
        if int(laid.max()) - int(laid.min()) >= _BLANK:
            break
    return laid
