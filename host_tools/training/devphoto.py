"""Development photographs: documents of all five formats somewhere in a picture, drawn apart from the training data.

A page with portrait, labels and security print, its MRZ in another cut of the font, laid on a surface, turned by any
angle, seen from aside, lit unevenly, at 100 to 600 dpi, out of focus, noisy, compressed. Sizes and places of the text
follow ICAO Doc 9303 parts 3 to 7. `worn` does the same with the damaged strips of `devset`.
"""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from stillscan.mrz.formats import FORMATS
from training import devset, text

DPI = 400
_MM = DPI / 25.4
_PITCH_MM = 2.54
_SIZE_MM = {
    "TD1": (85.6, 54.0),
    "TD2": (105.0, 74.0),
    "TD3": (125.0, 88.0),
    "MRV-A": (120.0, 80.0),
    "MRV-B": (105.0, 74.0),
}
LINES_MM = {2: (15.75, 9.40), 3: (15.75, 11.05, 6.35)}
"""Distance of the lines' centres from the lower edge. The three lines of TD1 stand closer than the two of a book."""
_LABELS = (
    "Surname Given names Nationality Date of birth Sex Place of birth Date of issue Date of expiry Authority Height"
)


class Photo(NamedTuple):
    """A drawn picture of a document and its truth."""

    pixels: NDArray[np.uint8]
    lines: tuple[str, ...]
    dpi: float


def photo(font_file: Path, form: str, seed: int) -> Photo:
    """Photograph number `seed` of a document in format `form`; the same arguments give the same picture."""
    rng = np.random.default_rng((916, list(FORMATS).index(form), seed))
    lines = document_lines(form, rng)
    page = document(form, lines, font_file, rng)
    dpi = float(np.exp(rng.uniform(np.log(100), np.log(600))))
    return Photo(_camera(page, dpi, rng), lines, dpi)


def worn(font_file: Path, level: int, seed: int) -> Photo:
    """Photograph number `seed` of a passport whose MRZ is the development strip (`devset`) of that level and number."""
    rng = np.random.default_rng((917, level, seed))
    strip = devset.strip(font_file, level, seed)
    page = document("TD3", strip.lines, font_file, rng)
    high = round(strip.pixels.shape[0] * page.shape[1] / strip.pixels.shape[1])
    laid = cv2.resize(strip.pixels, (page.shape[1], high), interpolation=cv2.INTER_CUBIC)
    # the page is as bright as the strip in it
    page *= float(np.median(laid)) / float(np.median(page))
    page[-high:] = laid
    dpi = float(np.exp(rng.uniform(np.log(150), np.log(400))))
    return Photo(_camera(page, dpi, rng), strip.lines, dpi)


def document_lines(form: str, rng: np.random.Generator) -> tuple[str, ...]:
    """A random MRZ of the format."""
    wanted = FORMATS[form]
    while True:
        lines = text.mrz(rng)
        if (len(lines), len(lines[0])) == (wanted.rows, wanted.columns) and (lines[0][0] == "V") == form.startswith(
            "MRV"
        ):
            return lines


def document(form: str, lines: tuple[str, ...], font_file: Path, rng: np.random.Generator) -> NDArray[np.float32]:
    """The document at 400 dpi, grey 0..255."""
    wide, high = (round(side * _MM) for side in _SIZE_MM[form])
    y, x = np.mgrid[:high, :wide].astype(np.float32)
    tint = rng.uniform(0, 0.16) * np.abs(
        np.sin((y + 14 * np.sin(x / rng.uniform(40, 90))) * np.pi / rng.uniform(8, 25))
    )
    picture = Image.fromarray((rng.uniform(170, 245) * (1 - tint**2)).astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    left, top = round(5 * _MM), round(8 * _MM)
    portrait = rng.normal(120, 45, (12, 9)).clip(20, 230).astype(np.float32)
    size = (round(0.27 * wide), round(0.5 * high))
    head = Image.fromarray(cv2.resize(portrait, size, interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8))
    picture.paste(head, (left, top))
    small, large = ImageFont.load_default(round(1.7 * _MM)), ImageFont.load_default(round(2.6 * _MM))
    labels = _LABELS.split()
    for row in range(int(rng.integers(4, 9))):
        at = (left + size[0] + round(4 * _MM), top + round(row * 5.2 * _MM))
        if at[1] > high - round(26 * _MM):
            break
        pen.text(at, " / ".join(rng.choice(labels, 3)), int(rng.integers(40, 120)), small)
        value = " ".join(lines[-1][rng.integers(0, 20) :][: rng.integers(6, 14)].split("<"))
        pen.text((at[0], at[1] + round(1.8 * _MM)), value, int(rng.integers(10, 70)), large)
    dark = float(rng.uniform(15, 90))
    probe = ImageFont.truetype(str(font_file), 1000)
    font = ImageFont.truetype(str(font_file), round(1000 * _PITCH_MM * _MM / probe.getlength("0")))
    _, up, _, down = font.getbbox("H", anchor="ls")
    first = (_SIZE_MM[form][0] - _PITCH_MM * len(lines[0])) / 2 * _MM + rng.uniform(-1, 1) * _MM
    for line, above in zip(lines, LINES_MM[len(lines)], strict=True):
        for index, character in enumerate(line):
            at_px = (first + index * _PITCH_MM * _MM, high - above * _MM - (up + down) / 2)
            pen.text(at_px, character, round(dark), font, anchor="ls", stroke_width=int(rng.integers(0, 2)))
    return np.asarray(picture, np.float32)


def _camera(page: NDArray[np.float32], dpi: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The page on a surface, as a flatbed or a phone sees it."""
    scale, flatbed = dpi / DPI, rng.random() < 0.4
    high, wide = page.shape
    angle = rng.uniform(-4, 4) if flatbed or rng.random() < 0.6 else rng.uniform(0, 360)
    angle += 90 * float(rng.choice([0, 0, 0, 1, 2, 3]))
    corners = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], np.float32) - np.array([wide, high]) / 2
    turn = np.radians(angle)
    seen = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) * scale
    if not flatbed:  # one side is nearer to the camera
        seen = seen * (1 + rng.uniform(-0.09, 0.09, 2) @ (seen.T / np.abs(seen).max()))[:, None]
    margin = scale * wide * rng.uniform(0.02, 0.35, 4)
    seen = seen - seen.min(axis=0) + margin[:2]
    size = tuple(int(side) for side in np.ceil(seen.max(axis=0) + margin[2:]))
    ground = rng.uniform(5, 235) + rng.uniform(0, 25) * cv2.resize(
        rng.standard_normal((size[1] // 9 + 2, size[0] // 9 + 2)).astype(np.float32),
        size,
        interpolation=cv2.INTER_CUBIC,
    )
    whole = (corners + np.array([wide, high]) / 2).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(whole, seen.astype(np.float32))
    soft = cv2.GaussianBlur(page, (0, 0), max(0.3, 0.45 / scale))
    laid = cv2.warpPerspective(soft, matrix, size, flags=cv2.INTER_LINEAR)
    cover = cv2.warpPerspective(np.ones_like(page), matrix, size, flags=cv2.INTER_LINEAR)
    grey = laid + (1 - cover) * ground
    if not flatbed:
        y, x = np.mgrid[: size[1], : size[0]].astype(np.float32)
        slope = rng.uniform(-0.35, 0.35, 2)
        grey = grey * (1 + slope[0] * (x / size[0] - 0.5) + slope[1] * (y / size[1] - 0.5))
        if rng.random() < 0.3:
            middle, reach = rng.uniform(0.2, 0.8, 2) * size, rng.uniform(0.05, 0.15) * size[0]
            grey = grey + rng.uniform(20, 110) * np.exp(-((x - middle[0]) ** 2 + (y - middle[1]) ** 2) / reach**2)
    grey = cv2.GaussianBlur(grey, (0, 0), float(rng.uniform(0.3, 0.4 + 0.9 * min(1, dpi / 250))))
    grey = grey + rng.uniform(0.5, 8) * rng.standard_normal(grey.shape)
    out = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(40, 95))])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
