"""Picture files: their pages, loaded as 8-bit grey within bounded memory."""

import contextlib
import threading
import warnings
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile

from stillscan.errors import InputError
from stillscan.files import opened, trouble
from stillscan.mrz.errors import MrzError
from stillscan.mrz.finding import QualityFinding
from stillscan.mrz.pixels import BAND_ROWS, evened, greatest

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
_HEAD = 32  # bytes in which a kind of file is known
_NOT_READ = {
    b"%PDF": "a PDF is not read: save its page as a picture",
    b"ftyphei": "pictures of the kind HEIC are not read: save it as JPEG",
    b"ftyphev": "pictures of the kind HEIC are not read: save it as JPEG",
    b"ftypmif1": "pictures of the kind HEIF are not read: save it as JPEG",
}
"""What the first bytes of files tell that people take for pictures."""
_TURNED: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    2: lambda grey: grey[:, ::-1],
    3: lambda grey: grey[::-1, ::-1],
    4: lambda grey: grey[::-1],
    5: lambda grey: grey.T,
    6: lambda grey: grey.T[:, ::-1],
    7: lambda grey: grey[::-1, ::-1].T,
    8: lambda grey: grey.T[::-1],
}
"""How a picture is to be seen by its orientation tag (Exif 2.3, 4.6.4 A)."""
_TRUNCATED = threading.Lock()  # Pillow has one switch for the whole process


def load(path: Path) -> Iterator[tuple[NDArray[np.uint8], tuple[QualityFinding, ...]]]:
    """The pictures in a file, at most eight: each grey (rows, cols), turned as its orientation tag says, and what is
    wrong with the file.

    MrzError when the file is missing, no picture, damaged or too large; EnvironmentTroubleError when the system does
    not let it be read.
    """
    head = b""
    try:
        with warnings.catch_warnings(), _seekable(path) as file:
            warnings.simplefilter("ignore")  # Pillow warns of odd files; whatever matters raises below
            head = file.read(_HEAD)
            file.seek(0)
            with Image.open(file) as picture:
                yield _page(picture, path, by_opencv=file)
                for number in range(1, _MOST_PAGES if picture.format in _WITH_PAGES else 1):
                    try:
                        picture.seek(number)
                    except EOFError:
                        return
                    yield _page(picture, path)
    except (MrzError, InputError):
        raise
    except Image.DecompressionBombError:
        raise _too_large(path.name) from None
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged files
        if isinstance(error, OSError) and error.errno is not None:  # the system's own: it is not the picture's fault
            told = trouble(path.name or path, error)
            raise (MrzError(str(told)) if isinstance(told, InputError) else told) from None
        raise MrzError(f"{path.name}: {_kind_not_read(head)}") from None


@contextlib.contextmanager
def _seekable(path: Path) -> Iterator[BinaryIO]:
    """The file; what comes through a pipe is held in memory, as far as a picture can be long."""
    with opened(path) as file:
        yield file if file.seekable() else BytesIO(file.read(4 * MAX_PIXELS))


def _kind_not_read(head: bytes) -> str:
    """Why a file that begins so cannot be read as a picture."""
    told = (text for mark, text in _NOT_READ.items() if mark in head)
    return next(told, "not a picture that can be read (damaged, or of an unknown kind)")


def _page(
    picture: Image.Image, path: Path, *, by_opencv: BinaryIO | None = None
) -> tuple[NDArray[np.uint8], tuple[QualityFinding, ...]]:
    """The picture that the file stands at; `by_opencv`: the file of the first, which OpenCV can decode too."""
    pixels = picture.width * picture.height
    if pixels > MAX_PIXELS:
        raise _too_large(path.name)
    if pixels > _ENOUGH_PIXELS and picture.format == "JPEG2000":
        picture.reduce = 1  # type: ignore[method-assign,assignment]  # a property there: resolutions to leave out
    if picture.format == "JPEG":
        halves = 2 if pixels > _ENOUGH_PIXELS else 1
        picture.draft("L", (picture.width // halves, picture.height // halves))
    deep = _is_deep_colour(picture)
    if by_opencv is not None and (deep or (picture.format == "WEBP" and pixels > _ENOUGH_PIXELS)):
        decoded = _by_opencv(by_opencv, deep=deep)
        if decoded is not None:
            return _upright(_halved_bands(decoded, lambda band: band), picture), ()
    faults = _decode(picture)
    grey = _grey(picture)
    if faults and _lacks_half(grey):
        raise MrzError(f"{path.name}: the file breaks off: most of its picture is missing")
    return _upright(grey, picture), faults


def _lacks_half(grey: NDArray[np.uint8]) -> bool:
    """Whether the lower half is what decoders leave where a file has ended: black, or a JPEG's middle grey."""
    lower = grey[grey.shape[0] // 2 :]
    return int(lower.min()) == int(lower.max()) and int(lower.min()) in (0, 127, 128)


def _upright(grey: NDArray[np.uint8], picture: Image.Image) -> NDArray[np.uint8]:
    """The picture as its orientation tag says."""
    turn = _TURNED.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    return grey if turn is None else np.ascontiguousarray(turn(grey))


def _is_deep_colour(picture: Image.Image) -> bool:
    """Whether the file has more than 8 bits a colour, of which Pillow would keep the highest 8, used or not."""
    modes = (
        tile.args if isinstance(tile.args, str) else (tile.args or ("",))[0] for tile in getattr(picture, "tile", ())
    )
    return picture.mode == "RGB" and any(";16" in str(mode) for mode in modes)


def _by_opencv(file: BinaryIO, *, deep: bool) -> NDArray[np.uint8] | None:
    """Grey pixels by OpenCV, where Pillow would lose depth or take 16 bytes a pixel (WebP); None where it cannot."""
    at = file.tell()
    file.seek(0)
    data = np.frombuffer(file.read(), np.uint8)
    file.seek(at)
    flags = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION | (cv2.IMREAD_ANYDEPTH if deep else 0)
    decoded: NDArray[Any] | None = cv2.imdecode(data, flags)
    if decoded is None or decoded.ndim != 2:
        return None
    return np.asarray(evened(decoded) if deep else decoded, np.uint8)


def _too_large(name: str) -> MrzError:
    return MrzError(f"{name}: the picture is larger than {MAX_PIXELS // 1_000_000} megapixels")


def _decode(picture: Image.Image) -> tuple[QualityFinding, ...]:
    """Decode the file's pixels; one that breaks off is taken as far as it goes, and that is told."""
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


def _grey(picture: Image.Image) -> NDArray[np.uint8]:
    """A decoded picture as 8-bit grey, halved if it is large."""
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        most = max(greatest(np.asarray(band)) for band in _bands(picture))
        return _halved_bands(picture, lambda band: evened(np.asarray(band), most))
    if picture.mode == "LAB":
        return _halved_bands(picture, lambda band: np.asarray(band.getchannel(0)))
    if picture.mode not in ("RGBA", "LA", "PA", "RGBa", "La") and "transparency" not in picture.info:
        return _halved_bands(picture, lambda band: np.asarray(band.convert("L")))
    # transparent parts are laid on white; white print, which cannot be seen there, on black
    laid = _halved_bands(picture, lambda band: _on_paper(band, white=True))
    if int(laid.max()) - int(laid.min()) < _BLANK:
        laid = _halved_bands(picture, lambda band: _on_paper(band, white=False))
    return laid


def _bands(picture: Image.Image) -> Iterator[Image.Image]:
    """The picture, some rows at a time."""
    for top in range(0, picture.height, BAND_ROWS):
        yield picture.crop((0, top, picture.width, min(picture.height, top + BAND_ROWS)))


def _halved_bands(picture: Any, grey: Callable[[Any], NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """The bands of a picture (of Pillow, or an array) as `grey` makes them, halved where the whole is large."""
    bands: Iterator[Any]
    if isinstance(picture, np.ndarray):
        rows, columns = picture.shape
        bands = (picture[top : top + BAND_ROWS] for top in range(0, rows, BAND_ROWS))
    else:
        columns, rows = picture.size
        bands = _bands(picture)
    if rows * columns <= _ENOUGH_PIXELS:
        return np.concatenate([grey(band) for band in bands])
    parts = []
    for band in bands:
        part = grey(band)
        size = columns // 2, max(1, len(part) // 2)
        parts.append(np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8))
    return np.concatenate(parts)


def _on_paper(picture: Image.Image, *, white: bool) -> NDArray[np.uint8]:
    """A picture with transparent parts, laid on white paper or on black."""
    rgba = picture.convert("RGBA")
    grey, alpha = np.asarray(rgba.convert("L")), np.asarray(rgba.getchannel(3))
    seen = np.asarray(cv2.multiply(grey, alpha, scale=1 / 255), np.uint8)
    return seen + (255 - alpha if white else np.uint8(0))
