"""Development strips whose print is none of a travel document: other typefaces, characters that no MRZ has, mixtures.

Damage and text are those of `devset`; drawn apart from `typefaces`, which learns to tell such print. What is drawn here
must never be accepted, but for kinds that GENUINE names: OCR-B bolder, lighter, taller or lower than usual.
"""

import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha256
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from stillscan.mrz.alphabet import ALPHABET
from training import devset
from training.foreign import foreign_characters, kindred_characters

_FINE = 3
_PITCH_PX = 30
_CAPITAL_PX = 28
"""Height of capitals of typefaces that are not of one pitch."""
_BESIDE_PX = 5
"""How far the second of two characters over each other may lie beside its place, a sixth of the pitch."""
_ASIDE_PX, _LITTLE_PX = 2.0, 12
"""Two characters over each other are a third where no more than so much ink is further aside than that: a B struck over
an H is a B to anybody. That takes out 130 of the 630 pairs of OCRB.otf."""
GENUINE = ("weight", "height")
"""Kinds of print that are to be accepted."""


def is_learned(name: str) -> bool:
    """Which half of typefaces (by family) and foreign characters training may use; the other half is for the end."""
    return sha256(name.encode()).digest()[0] % 2 == 0


@cache
def doubles(font: Path) -> tuple[str, ...]:
    """Pairs of characters that are none of the 37 when they are printed over each other."""
    sized = ImageFont.truetype(str(font), round(_sized(font)[0].size / _FINE))
    drawn = []
    for character in ALPHABET[:-1]:
        cell = Image.new("L", (2 * _PITCH_PX, 2 * _PITCH_PX), 0)
        ImageDraw.Draw(cell).text((_PITCH_PX, 1.5 * _PITCH_PX), character, 255, sized, "ms")
        drawn.append(np.asarray(cell) > 127)
    ink = np.stack(drawn)
    away = np.stack([cv2.distanceTransform(1 - one.astype(np.uint8), cv2.DIST_L2, 5) for one in ink])
    found = []
    for one, other in permutations(range(len(ink)), 2):
        both, near = ink[one] | ink[other], np.minimum(away[one], away[other])
        more = (both & (away > _ASIDE_PX)).sum(axis=(1, 2))
        less = (ink & (near > _ASIDE_PX)).sum(axis=(1, 2))
        if np.maximum(more, less).min() > _LITTLE_PX:
            found.append(ALPHABET[one] + ALPHABET[other])
    return tuple(found)


class Glyph(NamedTuple):
    """One cell: a character in a font file, or two over each other."""

    character: str
    font: Path
    aside_px: tuple[float, float] = (0.0, 0.0)
    """How far, to the right and down, the second of two lies from where it belongs."""


Effect = Callable[[NDArray[np.uint8], np.random.Generator], NDArray[np.uint8]]
"""Changes a line's ink (rows, columns) at three times the resolution, 0..255."""


def strip(kind: str, font: Path, others: Sequence[Path], level: int, seed: int, capture: int = 0) -> devset.Strip:
    """Strip number `seed` of a `kind` of KINDS in OCR-B of `font` and typefaces `others`; see `devset.strip`."""
    rng = np.random.default_rng((531, level, seed))
    typeset, effect = KINDS[kind](font, others, rng)

    def ink(lines: tuple[str, ...], slope: float, _own: np.random.Generator) -> NDArray[np.float64]:
        return _print([typeset(row, line) for row, line in enumerate(lines)], slope, effect, rng)

    return devset.strip(font, level, seed, capture, ink)


Typeset = Callable[[int, str], list[Glyph]]
Kind = Callable[[Path, Sequence[Path], np.random.Generator], tuple[Typeset, Effect | None]]


def _chosen(others: Sequence[Path], rng: np.random.Generator) -> Path:
    return others[int(rng.integers(len(others)))]


def _all_in(font: Path) -> Typeset:
    return lambda _row, line: [Glyph(character, font) for character in line]


def _font(_font: Path, others: Sequence[Path], rng: np.random.Generator) -> tuple[Typeset, None]:
    return _all_in(_chosen(others, rng)), None


def _foreign(font: Path, others: Sequence[Path], rng: np.random.Generator) -> tuple[Typeset, None]:
    """One to three characters in names that no MRZ has, of OCR-B's own drawing where the font has them."""
    known = foreign_characters()
    wanted, count = rng.permutation(len(known))[:60], int(rng.choice([1, 1, 2, 3]))
    found = [
        Glyph(known[one], source)
        for one in wanted
        if (source := next((each for each in (font, *others) if has(each, known[one])), None)) is not None
    ][:count]

    def typeset(row: int, line: str) -> list[Glyph]:
        cells = [Glyph(character, font) for character in line]
        letters = [at for at in range(5, 44) if line[at] != "<"]
        for at, glyph in zip(rng.permutation(letters), found if row == 0 else (), strict=False):
            cells[int(at)] = glyph
        return cells

    return typeset, None


def _single(font: Path, others: Sequence[Path], rng: np.random.Generator) -> tuple[Typeset, None]:
    """One place of either line has what no MRZ has there: any foreign character, a small letter, one with an accent,
    two over each other, or nothing."""
    known, kind = foreign_characters(), int(rng.integers(5))
    if kind == 1:
        known = tuple(one for one in known if one.isascii() and one.islower())
    elif kind == 2:
        known = tuple(one for one in known if unicodedata.decomposition(one)[:1].isalnum())
    elif kind == 3:
        known = tuple("".join(pair) for pair in permutations(ALPHABET[:-1], 2))
    elif kind == 4:
        known = (" ",)
    fonts = (font, *(others[one] for one in rng.permutation(len(others))[:4])) if kind < 3 else (font,)
    there = [
        Glyph(known[one], each)
        for one in rng.permutation(len(known))[:20]
        for each in fonts
        if (known[one] in doubles(font) if kind == 3 else kind == 4 or has(each, known[one]))
    ]
    mine, row, place = there[int(rng.integers(min(len(there), 6)))], int(rng.integers(2)), float(rng.random())

    return _in_one_place(font, row, place, mine), None


def _in_one_place(font: Path, row: int, place: float, mine: Glyph) -> Typeset:
    """Text of the right typeface, with ``mine`` at that share of what is printed in the line ``row``."""

    def typeset(line: int, text: str) -> list[Glyph]:
        cells = [Glyph(character, font) for character in text]
        filled = [at for at in range(0 if line else 5, len(text)) if text[at] != "<"]
        if line == row:
            cells[filled[int(place * len(filled))]] = mine
        return cells

    return typeset


def _overprint(font: Path, _others: Sequence[Path], rng: np.random.Generator) -> tuple[Typeset, None]:
    """One place of either line has two characters over each other, one of them in its place and the other near it."""
    known, row, place = doubles(font), int(rng.integers(2)), float(rng.random())
    pair = known[int(rng.integers(len(known)))][:: int(rng.choice([1, -1]))]
    right, down = rng.uniform(-_BESIDE_PX, _BESIDE_PX, 2) * (rng.random() < 0.5)
    mine = Glyph(pair, font, (float(right), float(down)))

    return _in_one_place(font, row, place, mine), None


def _kindred(font: Path, others: Sequence[Path], rng: np.random.Generator) -> tuple[Typeset, None]:
    """One place of a name has a character of scripts and ranges that training has not used."""
    known, place = kindred_characters(), float(rng.random())
    fonts = (font, *(others[one] for one in rng.permutation(len(others))[:8]))
    mine = next(
        (Glyph(known[one], each) for one in rng.permutation(len(known)) for each in fonts if has(each, known[one])),
        Glyph("@", font),
    )

    def typeset(line: int, text: str) -> list[Glyph]:
        cells = [Glyph(character, font) for character in text]
        filled = [at for at in range(5, len(text)) if text[at] != "<"]
        if line == 0:
            cells[filled[int(place * len(filled))]] = mine
        return cells

    return typeset, None


def _one_line(font: Path, others: Sequence[Path], rng: np.random.Generator) -> tuple[Typeset, None]:
    """One line is OCR-B, the other is not."""
    other, which = _chosen(others, rng), int(rng.integers(2))
    return lambda row, line: _all_in(other if row == which else font)(row, line), None


def _part(font: Path, others: Sequence[Path], rng: np.random.Generator) -> tuple[Typeset, None]:
    """Eight to twenty characters of line 1 in another typeface."""
    other, first, many = _chosen(others, rng), int(rng.integers(5, 12)), int(rng.integers(8, 21))

    def typeset(row: int, line: str) -> list[Glyph]:
        return [Glyph(one, other if row == 0 and first <= at < first + many else font) for at, one in enumerate(line)]

    return typeset, None


def _with(effect: Effect) -> Kind:
    """OCR-B in another way of printing."""
    return lambda font, _others, _rng: (_all_in(font), effect)


def _dots(ink: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A needle printer: seven to nine rows of dots, each by itself."""
    step = _FINE * _CAPITAL_PX / int(rng.integers(7, 10))
    rows, columns = int(ink.shape[0] / step), int(ink.shape[1] / step)
    cells = np.asarray(Image.fromarray(ink).resize((columns, rows), Image.Resampling.BOX)) > rng.uniform(70, 120)
    drawn = Image.new("L", (ink.shape[1], ink.shape[0]), 0)
    pen, radius = ImageDraw.Draw(drawn), step * rng.uniform(0.36, 0.5)
    for row, column in np.argwhere(cells):
        x, y = (column + 0.5) * step, (row + 0.5) * step
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(drawn)


def _stencil(ink: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Bridges through the middle of each character."""
    ink, wide = ink.copy(), round(_FINE * rng.uniform(2.5, 4))
    first = int(np.flatnonzero((ink > 0).any(axis=0))[0])  # the left edge of a P, 10 px before the middle of its cell
    phase = first + _FINE * float(rng.uniform(5, 11)) - 2 * _PITCH_PX * _FINE
    for number in range(ink.shape[1] // (_PITCH_PX * _FINE)):
        middle = max(0, round(phase + number * _PITCH_PX * _FINE))
        ink[:, middle : middle + wide] = 0
    return ink


def _embossed(ink: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Only the shadow beside the strokes is dark."""
    shift = round(_FINE * rng.uniform(1, 2))
    return np.asarray(np.clip(np.roll(ink, (shift, shift), (0, 1)).astype(int) - ink, 0, 255), np.uint8)


def _hollow(ink: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Outlines."""
    wide = round(_FINE * rng.uniform(0.6, 1))
    around = [np.roll(ink, shift, axis) for axis in (0, 1) for shift in (-wide, wide)]
    return np.asarray(np.max([ink, *around], axis=0) - np.min([ink, *around], axis=0), np.uint8)


def _overwritten(ink: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A pen has changed several letters of the line."""
    drawn = Image.fromarray(ink)
    pen = ImageDraw.Draw(drawn)
    for _ in range(int(rng.integers(4, 9))):
        x = rng.uniform(300, 3000)
        y = ink.shape[0] / 2 + rng.normal(0, 10)
        ends = [(x + rng.normal(0, 28), y + rng.normal(0, 34)) for _ in range(int(rng.integers(3, 6)))]
        pen.line(ends, 255, round(_FINE * rng.uniform(1.5, 3)), "curve")
    return np.asarray(drawn)


def _weight(ink: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Strokes a little broader or thinner."""
    wide = int(rng.choice([-1, 1, 2]))
    around = [np.roll(ink, shift, axis) for axis in (0, 1) for shift in range(-abs(wide), abs(wide) + 1)]
    return np.asarray(np.max(around, axis=0) if wide > 0 else np.min(around, axis=0), np.uint8)


def _height(ink: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Characters a little taller or lower."""
    rows = round(ink.shape[0] * rng.uniform(0.93, 1.07))
    stretched = np.asarray(Image.fromarray(ink).resize((ink.shape[1], rows)))
    padded = np.pad(stretched, ((ink.shape[0], ink.shape[0]), (0, 0)))
    first = (len(padded) - ink.shape[0]) // 2
    return np.asarray(padded[first : first + ink.shape[0]], np.uint8)


KINDS: dict[str, Kind] = {
    "fonts": _font,
    "foreign": _foreign,
    "single": _single,
    "kindred": _kindred,
    "overprint": _overprint,
    "one-line": _one_line,
    "part": _part,
    "dots": _with(_dots),
    "stencil": _with(_stencil),
    "embossed": _with(_embossed),
    "hollow": _with(_hollow),
    "overwritten": _with(_overwritten),
    "weight": _with(_weight),
    "height": _with(_height),
}
"""What is drawn: see the functions. `overwritten` leaves some texts readable: there only wrong ones count."""


@cache
def _sized(font: Path) -> tuple[ImageFont.FreeTypeFont, bool]:
    """A font so large that its capitals or its pitch are those of print, and whether it has one pitch."""
    probe = ImageFont.truetype(str(font), 1000)
    even = len({round(probe.getlength(one)) for one in "0MIW<"}) == 1
    _, top, _, bottom = probe.getbbox("H", anchor="ls")
    size = 1000 * _PITCH_PX / probe.getlength("0") if even else 1000 * _CAPITAL_PX / max(bottom - top, 1)
    return ImageFont.truetype(str(font), round(size * _FINE)), even


@cache
def has(font: Path, character: str) -> bool:
    """Whether a font draws this character, and not only its sign for what it lacks."""
    drawn = ImageFont.truetype(str(font), 60)
    lacking, own = drawn.getmask("\ue123"), drawn.getmask(character)
    return own.getbbox() is not None and (own.size, bytes(own)) != (lacking.size, bytes(lacking))


def _print(
    lines: Sequence[Sequence[Glyph]], slope: float, effect: Effect | None, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Ink cover of the strip (rows, cols) with these lines."""
    rows, columns = devset.STRIP_SHAPE
    whole = np.zeros((rows * _FINE, columns * _FINE), np.uint8)
    left, high = 71 + rng.uniform(-10, 10), 60
    for cells, row in zip(lines, devset.LINE_ROWS_PX, strict=True):
        line = Image.new("L", (columns * _FINE, high * _FINE), 0)
        pen = ImageDraw.Draw(line)
        for at, (character, source, aside) in enumerate(cells):
            font, _ = _sized(source)
            _, top, _, bottom = font.getbbox("H", anchor="ls")
            x = left + _PITCH_PX * (at + 0.5)
            for one, (right, down) in zip(character, ((0.0, 0.0), aside), strict=False):
                start = (x + right) * _FINE, (high / 2 + down) * _FINE - (top + bottom) / 2
                pen.text(start, one, 255, font, "ms")
        drawn = np.asarray(line)
        drawn = drawn if effect is None else effect(drawn, rng)
        middle = columns * _FINE / 2
        moved = Image.fromarray(drawn).transform(
            line.size, Image.Transform.AFFINE, (1, 0, 0, -slope, 1, slope * middle), Image.Resampling.BILINEAR
        )
        first = round((row - high / 2) * _FINE)
        place = whole[first : first + high * _FINE]
        np.maximum(place, np.asarray(moved), out=place)
    return devset.cover(whole)
