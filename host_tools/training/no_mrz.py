"""Pictures that show no MRZ: what lies on a scanner's glass when nobody laid a passport there, or laid it wrongly.

Each kind is drawn by a seed, as a strip of the line scanner or in any other size.
"""

import zlib
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

STRIP = 274, 1476
_WORDS = [
    "the",
    "recipient",
    "of",
    "this",
    "letter",
    "is",
    "asked",
    "to",
    "bring",
    "it",
    "with",
    "a",
    "valid",
    "proof",
    "of",
    "identity",
    "to",
    "the",
    "office",
    "that",
    "is",
    "named",
    "above",
    "not",
    "later",
    "than",
    "three",
    "weeks",
    "after",
    "it",
    "was",
    "sent",
    "what",
    "is",
    "not",
    "collected",
    "will",
    "be",
    "returned",
    "without",
    "further",
    "notice",
]

_Floats = NDArray[np.float32]
_Shape = tuple[int, int]


def _soft(rng: np.random.Generator, shape: _Shape, size_px: float) -> _Floats:
    """Values of about 0 to 1 in soft patches of that size."""
    small = rng.random((int(shape[0] / size_px) + 3, int(shape[1] / size_px) + 3)).astype(np.float32)
    return np.asarray(cv2.resize(small, shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)


def _written(rng: np.random.Generator, shape: _Shape, pitch_px: float | None, size_px: float) -> _Floats:
    """Paper with lines of words in print of that size: set evenly at `pitch_px`, or as the font has it."""
    picture = Image.new("L", shape[::-1], int(rng.integers(200, 250)))
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size_px)
    y = float(rng.uniform(-size_px / 2, size_px))
    while y < shape[0]:
        text = " ".join(rng.choice(_WORDS, 40))
        text = text.upper() if pitch_px and rng.random() < 0.5 else text
        x, dark = float(rng.uniform(0, 60)), int(rng.integers(20, 90))
        if pitch_px:
            for index, character in enumerate(text):
                pen.text((x + pitch_px * index, y), character, dark, font, anchor="ma")
        else:
            pen.text((x, y), text, dark, font)
        y += size_px * float(rng.uniform(1.3, 2.2))
    return np.asarray(picture, np.float32)


def _blank(rng: np.random.Generator, shape: _Shape) -> _Floats:
    return np.full(shape, rng.integers(3, 253), np.float32)


def _paper(rng: np.random.Generator, shape: _Shape) -> _Floats:
    return 215 + 25 * _soft(rng, shape, 400) + rng.normal(0, rng.uniform(0.5, 4), shape).astype(np.float32)


def _print(rng: np.random.Generator, shape: _Shape) -> _Floats:
    return _written(rng, shape, None, rng.uniform(22, 60))


def _typescript(rng: np.random.Generator, shape: _Shape) -> _Floats:
    """Ten characters an inch, as an MRZ has, or twelve."""
    pitch = float(rng.choice([25.0, 30.0]))
    return _written(rng, shape, pitch, pitch * rng.uniform(1.1, 1.4))


def _cloth(rng: np.random.Generator, shape: _Shape) -> _Floats:
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    warp, weft = rng.uniform(5, 32, 2)
    folds = 60 * _soft(rng, shape, 150)
    weave = 25 * np.sin(2 * np.pi * (x + 2 * folds / 60) / warp) * np.sin(2 * np.pi * y / weft)
    return np.asarray(rng.uniform(60, 170) + weave + folds + rng.normal(0, 6, shape), np.float32)


def _face(rng: np.random.Generator, shape: _Shape) -> _Floats:
    """A portrait: large soft forms, hair of fine strokes."""
    grey = 60 + 130 * _soft(rng, shape, 120) + 25 * _soft(rng, shape, 20)
    for _ in range(600):
        x, y, angle = rng.uniform(0, shape[1]), rng.uniform(0, shape[0] / 2), rng.normal(1.2, 0.4)
        end = int(x + 50 * np.cos(angle)), int(y + 50 * np.sin(angle))
        cv2.line(grey, (int(x), int(y)), end, (float(rng.uniform(30, 80)),), 1, cv2.LINE_AA)
    return grey


def _card(rng: np.random.Generator, shape: _Shape) -> _Floats:
    """The front of a card: security print, portrait, labels and what is filled in."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    bends = np.sin((y + 14 * np.sin(x / rng.uniform(40, 90))) * np.pi / rng.uniform(8, 25))
    picture = Image.fromarray(np.uint8(225 - 40 * np.abs(bends)))
    pen, high = ImageDraw.Draw(picture), shape[0]
    portrait = _face(rng, (high, round(0.25 * shape[1]))).clip(0, 255)
    picture.paste(Image.fromarray(portrait.astype(np.uint8)), (round(0.05 * shape[1]), round(0.1 * high)))
    for row in range(max(2, high // 90)):
        at = round(0.36 * shape[1]), round(0.05 * high) + 90 * row
        pen.text(at, " / ".join(rng.choice(_WORDS, 3)), 80, ImageFont.load_default(20))
        value = " ".join(rng.choice(_WORDS, 2)).upper() + f"  {rng.integers(10**8, 10**9)}"
        pen.text((at[0], at[1] + 24), value, 30, ImageFont.load_default(40))
    return np.asarray(picture, np.float32)


def _noise(rng: np.random.Generator, shape: _Shape) -> _Floats:
    grain = float(rng.choice([1.0, 2.0, 4.0]))
    return np.asarray(128 + 90 * (_soft(rng, shape, grain) - 0.5) + rng.normal(0, 30, shape), np.float32)


def _bar_code(rng: np.random.Generator, shape: _Shape) -> _Floats:
    module = int(rng.integers(3, 9))
    bars = np.repeat(rng.integers(0, 2, shape[1] // module + 1), module)[: shape[1]]
    grey = np.tile(235 - 200 * bars.astype(np.float32), (shape[0], 1))
    grey[: shape[0] // 5] = grey[-shape[0] // 5 :] = 235
    picture = Image.fromarray(grey.astype(np.uint8))
    digits = "  ".join(str(digit) for digit in rng.integers(0, 10, 26))
    ImageDraw.Draw(picture).text((40, shape[0] * 0.83), digits, 30, ImageFont.load_default(38))
    return np.asarray(picture, np.float32)


def _photograph(rng: np.random.Generator, shape: _Shape) -> _Floats:
    """A scene: patches of every size, and edges."""
    sizes = (4, 12, 40, 130, 400)
    grey = sum((12 * size**0.4 * (_soft(rng, shape, size) - 0.5) for size in sizes), np.full(shape, 120, np.float32))
    for _ in range(8):
        corner = rng.integers(0, shape[1]), rng.integers(0, shape[0])
        size = rng.integers(20, 400, 2)
        end = int(corner[0] + size[0]), int(corner[1] + size[1])
        cv2.rectangle(grey, (int(corner[0]), int(corner[1])), end, (float(rng.uniform(20, 230)),), -1)
    return np.asarray(grey + rng.normal(0, 3, shape), np.float32)


def _dirt(rng: np.random.Generator, shape: _Shape) -> _Floats:
    grey = np.full(shape, 220, np.float32) + rng.normal(0, 2, shape).astype(np.float32)
    for _ in range(int(rng.integers(100, 900))):
        centre = int(rng.integers(0, shape[1])), int(rng.integers(0, shape[0]))
        cv2.circle(grey, centre, int(rng.exponential(3)) + 1, (float(rng.uniform(20, 180)),), -1, cv2.LINE_AA)
    for column in rng.integers(0, shape[1], 12):
        grey[:, column : column + int(rng.integers(1, 5))] *= rng.uniform(0.4, 0.9)
    return grey


def _stripes(rng: np.random.Generator, shape: _Shape) -> _Floats:
    """What a broken line sensor or a blind leaves, along or across."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    along, period = rng.uniform(0, np.pi), rng.uniform(10, 80)
    wave = np.sin(2 * np.pi * (x * np.cos(along) + y * np.sin(along)) / period)
    return np.asarray(130 + rng.uniform(20, 90) * np.sign(wave) + rng.normal(0, 3, shape), np.float32)


_Draw = Callable[[np.random.Generator, _Shape], _Floats]
KINDS: dict[str, _Draw] = {
    "blank": _blank,
    "paper": _paper,
    "print": _print,
    "typescript": _typescript,
    "cloth": _cloth,
    "face": _face,
    "card": _card,
    "noise": _noise,
    "bar-code": _bar_code,
    "photograph": _photograph,
    "dirt": _dirt,
    "stripes": _stripes,
}


def picture(kind: str, seed: int, shape: _Shape = STRIP) -> NDArray[np.uint8]:
    """Picture number `seed` of a kind, (rows, cols) grey; the same arguments give the same picture."""
    rng = np.random.default_rng((zlib.crc32(kind.encode()), seed))
    return np.asarray(np.rint(KINDS[kind](rng, shape)).clip(0, 255), np.uint8)
