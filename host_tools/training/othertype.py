"""Lines of print to learn from what is none of a travel document: other typefaces, foreign characters, mixtures.

Glyphs are tables of distances to the ink's edge, as in `glyphs`; what else may print a document (needles, stencils,
embossing, a hand) is a change of such tables. Damage is that of `degrade`.
"""

import unicodedata
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from stillscan.mrz.alphabet import ALPHABET
from training import degrade, glyphs, text
from training.dataset import COLUMNS, MOST_CHARACTERS, ROWS
from training.devprint import has, is_learned
from training.foreign import foreign_characters
from training.glyphs import CELL_COLUMNS, CELL_ROWS, FAR_PX

FOREIGN = len(ALPHABET)
"""Class of a character that no MRZ has."""
UNKNOWN = -1
_FINE = 4
_PITCH_PX, _CAPITAL_PX = 30, 28
_MARGIN_PX = 60
_TALL = 96
_BROAD, _BROAD_WORN = 1 / 3, 1 / 2
"""Share of lines with the wear that `causes` draws."""
_TWO = 0.2
"""Share of strange cells with two characters: most of what passed with a tenth was such a cell in worn print."""
_OF_A_FONT = 48
"""Foreign characters that are taken from a font."""

Table = NDArray[np.float32]
"""(CELL_ROWS, CELL_COLUMNS): px to the edge of the ink, negative inside."""


class Bank(NamedTuple):
    """What lines are set from, packed as by `glyphs.pack`."""

    own: list[NDArray[np.int8]]
    """Cuts of OCR-B, (37, CELL_ROWS, CELL_COLUMNS) each."""
    others: list[NDArray[np.int8]]
    """Other typefaces, likewise."""
    foreign: list[NDArray[np.int8]]
    """Characters that no MRZ has, (CELL_ROWS, CELL_COLUMNS) each."""
    alike: list[NDArray[np.int8]]
    """Those of them that are letters or digits with something to them, or small ones."""


class PrintLine(NamedTuple):
    """A crop and its truth; unused cells have class -1 and unknown typeface."""

    pixels: NDArray[np.uint8]
    """(48, 1476) grey, 300 dpi."""
    centres_px: NDArray[np.float32]
    """(44,) column of each character's centre."""
    classes: NDArray[np.int8]
    """(44,) index into the alphabet, FOREIGN, or UNKNOWN."""
    own: NDArray[np.int8]
    """(44,) 1 for OCR-B, 0 for other print, UNKNOWN."""


def distances(font: Path, characters: Sequence[str]) -> NDArray[np.float32]:
    """Characters of a font as tables: of a pitch of 30 px, or if it has none with capitals of 28 px, made narrow."""
    probe = ImageFont.truetype(str(font), 1000)
    even = len({round(probe.getlength(one)) for one in "0MIW<"}) == 1
    _, top, _, bottom = probe.getbbox("H", anchor="ls")
    size = 1000 * _PITCH_PX / probe.getlength("0") if even else 1000 * _CAPITAL_PX / max(bottom - top, 1)
    drawn = ImageFont.truetype(str(font), round(size * _FINE))
    _, top, _, bottom = drawn.getbbox("H", anchor="ls")
    rows, columns = CELL_ROWS * _FINE, CELL_COLUMNS * _FINE
    found = []
    for character in characters:
        cell = Image.new("L", (columns, rows), 0)
        place = columns / 2, rows / 2 - (top + bottom) / 2
        ImageDraw.Draw(cell).text(place, character, fill=255, font=drawn, anchor="ms")
        inside = (np.asarray(cell) > 127).astype(np.uint8)
        outer, inner = (cv2.distanceTransform(part, cv2.DIST_L2, 5) for part in (1 - inside, inside))
        fine = (outer - inner) / _FINE
        found.append(cv2.resize(fine, (CELL_COLUMNS, CELL_ROWS), interpolation=cv2.INTER_AREA))
    return np.asarray(np.stack(found), np.float32)


def bank(own_fonts: list[Path], other_fonts: Sequence[Path], cuts: int, seed: int, *, half: bool = False) -> Bank:
    """`cuts` of OCR-B, and what the other fonts have, of foreign characters all or `half`: the same arguments give the
    same."""
    known = [one for one in foreign_characters() if not half or is_learned(one)]
    others, foreign, alike = [], [], []
    for index, font in enumerate((*own_fonts, *other_fonts)):
        rng = np.random.default_rng((seed, 11, index))
        if index >= len(own_fonts):
            others.append(glyphs.pack(distances(font, ALPHABET)))
        drawn = (known[one] for one in rng.permutation(len(known)) if has(font, known[one]))
        there = list(drawn if index < len(own_fonts) else islice(drawn, _OF_A_FONT))
        packed = [glyphs.pack(one) for one in (distances(font, there) if there else ())]
        foreign += packed
        alike += [one for one, name in zip(packed, there, strict=True) if _base(name) in ALPHABET]
    return Bank(glyphs.bank(own_fonts, cuts, seed), others, foreign, alike)


def _base(character: str) -> str:
    """The capital that a letter comes from, or the digit."""
    return unicodedata.normalize("NFKD", character)[:1].upper()


def line(of: Bank, seed: int, index: int, *, worn: bool = False) -> PrintLine:
    """Line number `index` of the series `seed`, on the average more worn if asked for; the same arguments give the same
    line."""
    rng = np.random.default_rng((seed, 12, index))
    characters = text.line(rng)
    if rng.random() < 0.4:
        characters = "".join(ALPHABET[one] for one in rng.integers(0, len(ALPHABET), len(characters)))
    cells, classes, own = _cells(of, characters, rng)
    severity = float(rng.beta(1.6, 1.6) if worn else rng.beta(1.1, 1.8))  # what is worse is not accepted anyway
    pitch = float(np.clip(rng.normal(1, 0.02), 0.95, 1.05))
    room = COLUMNS - round(len(characters) * _PITCH_PX * pitch)
    first = max(16, int(rng.integers(18, max(19, room))) if rng.random() < 0.5 else int(rng.normal(86, 14)))
    canvas = np.full((_TALL, COLUMNS + 4 * _MARGIN_PX), FAR_PX, np.float32)
    loose = rng.uniform(0, 0.9) if rng.random() < 0.4 else 0.0
    centres = round(first / pitch) + _PITCH_PX * np.arange(len(cells))
    centres = centres + np.rint(rng.normal(0, 1, len(cells)) * loose).astype(int)
    for cell, centre in zip(cells, centres.tolist(), strict=True):
        left, top = centre + _MARGIN_PX - CELL_COLUMNS // 2, (_TALL - CELL_ROWS) // 2
        place = canvas[top : top + CELL_ROWS, left : left + CELL_COLUMNS]
        np.minimum(place, cell, out=place)
    column, row = degrade.warp((ROWS, COLUMNS), severity, rng)
    column = column / pitch + _MARGIN_PX
    distance = cv2.remap(canvas, column, row + (_TALL - 1) / 2, cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE)
    middle = column[ROWS // 2 - 6 : ROWS // 2 + 6].mean(axis=0)
    seen = np.interp(centres + _MARGIN_PX - 0.5, middle, np.arange(COLUMNS))
    ends = float(seen[0]) - 12, float(seen[-1]) + 12
    broad = rng.random() < (_BROAD_WORN if worn else _BROAD)
    pixels = degrade.photograph(np.asarray(distance, np.float32), *ends, severity, rng, broad=broad)
    found = PrintLine(
        pixels,
        np.zeros(MOST_CHARACTERS, np.float32),
        np.full(MOST_CHARACTERS, UNKNOWN, np.int8),
        np.full(MOST_CHARACTERS, UNKNOWN, np.int8),
    )
    inside = (seen > 8) & (seen < COLUMNS - 9)
    found.centres_px[: len(seen)] = seen
    found.classes[: len(seen)] = np.where(inside, classes, UNKNOWN)
    found.own[: len(seen)] = np.where(inside, own, UNKNOWN)
    return found


def _cells(of: Bank, characters: str, rng: np.random.Generator) -> tuple[list[Table], list[int], list[int]]:
    """Tables, classes and typefaces of a line: OCR-B, another print, or a mixture."""
    classes, own = [ALPHABET.index(one) for one in characters], [1] * len(characters)
    cut = _of(of.own, rng) + np.float32(rng.normal(0, 0.35))
    cells = [cut[one] for one in classes]
    kind = rng.random()
    if kind < 0.22:  # the whole line
        where = range(len(cells))
    elif kind < 0.34:  # a part
        many = int(rng.integers(6, len(cells)))
        first = int(rng.integers(0, len(cells) - many + 1))
        where = range(first, first + many)
    else:  # single characters
        single = int(rng.integers(1, 4)) if kind < 0.42 else 0
        where = rng.permutation(len(cells))[:single].tolist()
    if len(where):
        other = _other(of, cut, rng)
        for at in where:
            cells[at], own[at] = other[classes[at]], 0
    if rng.random() < 0.6:
        many = int(rng.uniform(1, len(cells) * 0.6))
        for at in rng.permutation(len(cells))[:many].tolist():
            cells[at], classes[at], own[at] = _strange(of, cut, rng), FOREIGN, UNKNOWN
    return cells, classes, own


def _of(tables: list[NDArray[np.int8]], rng: np.random.Generator) -> NDArray[np.float32]:
    return np.asarray(tables[int(rng.integers(len(tables)))] / np.float32(20), np.float32)


def _other(of: Bank, cut: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """A cut of print that is not OCR-B's: another typeface, or (one in four) another way to print."""
    strange = rng.random() < 0.25
    if not strange or rng.random() < 0.4:
        cut = _of(of.others, rng) + np.float32(rng.normal(0, 0.4))
        cut = _moved(cut, rng, rng.normal(1, 0.04), rng.normal(1, 0.04), rng.normal(0, 0.04), 0.3)
    if not strange:
        return cut
    y, x = np.mgrid[:CELL_ROWS, :CELL_COLUMNS].astype(np.float32)
    kind = int(rng.integers(5))
    if kind == 0:  # needles
        step = _CAPITAL_PX / rng.integers(7, 10)
        row, column = np.rint(y / step) * step, np.rint(x / step) * step
        there = cut[:, np.clip(row, 0, CELL_ROWS - 1).astype(int), np.clip(column, 0, CELL_COLUMNS - 1).astype(int)]
        dot = np.hypot(y - row, x - column) - step * rng.uniform(0.34, 0.5)
        changed = np.where(there < rng.uniform(-0.3, 0.6), dot, FAR_PX)
    elif kind == 1:  # bridges of a stencil
        wide, middle = rng.uniform(2, 4), CELL_COLUMNS / 2 + rng.uniform(-7, 7)
        across = x - middle if rng.random() < 0.7 else y - CELL_ROWS / 2 - rng.uniform(-6, 6)
        changed = np.maximum(cut, wide / 2 - np.abs(across))
    elif kind == 2:  # outlines
        changed = np.abs(cut + rng.uniform(-0.5, 0.5)) - rng.uniform(0.4, 1.0)
    elif kind == 3:  # only the shadow beside the strokes
        by = rng.uniform(1, 2.2), rng.uniform(-2.2, 2.2)
        shift = np.array([[1, 0, by[1]], [0, 1, by[0]]], np.float32)
        size, edge = (CELL_COLUMNS, CELL_ROWS), cv2.BORDER_REPLICATE
        moved = np.stack([cv2.warpAffine(one, shift, size, borderMode=edge) for one in cut])
        changed = np.maximum(moved, -cut)
    else:  # a hand
        changed = _moved(cut, rng, rng.normal(1, 0.12), rng.normal(1, 0.08), rng.normal(0, 0.15), rng.uniform(1.8, 3))
    return np.asarray(changed, np.float32)


def _moved(
    cut: NDArray[np.float32], rng: np.random.Generator, wide: float, high: float, slant: float, bent_px: float
) -> NDArray[np.float32]:
    """A cut made wider, higher, slanting, and each of its characters bent."""
    y, x = np.mgrid[:CELL_ROWS, :CELL_COLUMNS].astype(np.float32)
    down, right = y - (CELL_ROWS - 1) / 2, x - (CELL_COLUMNS - 1) / 2
    moved = []
    for one in cut:
        bend = rng.normal(0, bent_px, (2, 5, 4)).astype(np.float32)
        rows, columns = (cv2.resize(each, (CELL_COLUMNS, CELL_ROWS), interpolation=cv2.INTER_CUBIC) for each in bend)
        column = right / wide + slant * down + columns + (CELL_COLUMNS - 1) / 2
        row = down / high + rows + (CELL_ROWS - 1) / 2
        moved.append(
            cv2.remap(
                one, column.astype(np.float32), row.astype(np.float32), cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE
            )
        )
    return np.asarray(np.stack(moved), np.float32)


def _strange(of: Bank, cut: NDArray[np.float32], rng: np.random.Generator) -> Table:
    """A character that no MRZ has: of some font, or one of the line's own with a mark to it; or nothing at all."""
    if rng.random() < 0.04:
        return np.full_like(cut[0], FAR_PX)
    if rng.random() < _TWO:
        return _two(cut, rng)
    kind = rng.random()
    if kind < 0.55:
        return _of(of.alike if kind < 0.35 else of.foreign, rng) + np.float32(rng.normal(0, 0.4))
    base = cut[int(rng.integers(len(ALPHABET) - 1))]
    y, x = np.mgrid[:CELL_ROWS, :CELL_COLUMNS].astype(np.float32)
    down, right = y - (CELL_ROWS - 1) / 2, x - (CELL_COLUMNS - 1) / 2
    pen = rng.uniform(1.0, 1.9)
    shape = int(rng.integers(9))
    if shape in (0, 1):  # small letters, superscripts
        scale = rng.uniform(0.55, 0.78)
        return _scaled(base, scale, rng.choice([1, 1, -1]) * _CAPITAL_PX / 2 * (1 - scale))
    if shape == 2:  # in a circle
        ring = np.abs(np.hypot(down, right) - rng.uniform(12, 14)) - pen
        return np.asarray(np.minimum(_scaled(base, 0.55, 0), ring), np.float32)
    if shape in (3, 4, 5):  # accents above, hooks below
        above = rng.random() < 0.75
        level = (-1 if above else 1) * rng.uniform(17, 20)
        ends = rng.uniform((-6, -2), (6, 2), (int(rng.integers(1, 4)), 2, 2)) + np.array([0, level])
        if rng.random() < 0.4:  # dots
            ends[:, 1] = ends[:, 0]
    elif shape == 6:  # strokes through it
        middle = rng.uniform((-3, -8), (3, 8))
        reach = rng.uniform(6, 13)
        angle = rng.choice([0, 0, np.pi / 2, np.pi / 4, -np.pi / 4]) + rng.normal(0, 0.15)
        along = reach * np.array([np.cos(angle), np.sin(angle)])
        ends = np.stack([middle - along, middle + along])[None]
    else:  # anything else: strokes without a letter, or beside one
        ends = rng.uniform((-11, -15), (11, 15), (int(rng.integers(1, 5)), 2, 2))
        base = base if rng.random() < 0.3 else np.full_like(base, FAR_PX)
    return np.asarray(np.minimum(base, _strokes(down, right, ends, pen)), np.float32)


def _two(cut: NDArray[np.float32], rng: np.random.Generator) -> Table:
    """Two characters in one cell, over each other or side by side; one alone never fills the place of another."""
    one, other = (cut[at] for at in rng.permutation(len(ALPHABET) - 1)[:2].tolist())
    if rng.random() < 0.6:
        return np.asarray(np.minimum(one, other), np.float32)
    parts = []
    for part, side in ((one, -1), (other, 1)):
        change = np.array([[0.5, 0, (CELL_COLUMNS - 1) / 4 + 6 * side], [0, 1, 0]])
        narrow = cv2.warpAffine(part, change, (CELL_COLUMNS, CELL_ROWS), borderMode=cv2.BORDER_REPLICATE)
        parts.append(narrow * 0.6 - 0.4)
    return np.asarray(np.minimum(*parts), np.float32)


def _scaled(base: Table, scale: float, down_px: float) -> Table:
    """A character smaller, about its middle, and lower."""
    change = np.array(
        [[scale, 0, (CELL_COLUMNS - 1) / 2 * (1 - scale)], [0, scale, (CELL_ROWS - 1) / 2 * (1 - scale) + down_px]]
    )
    size, edge = (CELL_COLUMNS, CELL_ROWS), cv2.BORDER_REPLICATE
    # the pen stays nearly as broad
    return np.asarray(cv2.warpAffine(base, change, size, borderMode=edge) * scale - 0.6 * (1 - scale), np.float32)


def _strokes(down: Table, right: Table, ends: NDArray[np.float64], pen: float) -> Table:
    """Distances to strokes of a pen between `ends` (n, 2, 2), (x, y) from the cell's middle."""
    pixels = np.stack([right, down], axis=-1).reshape(-1, 1, 2)
    start, along = ends[:, 0], ends[:, 1] - ends[:, 0]
    length = np.maximum((along**2).sum(-1), 1e-6)
    share = np.clip(((pixels - start) * along).sum(-1) / length, 0, 1)
    nearest = np.sqrt(((pixels - start - share[..., None] * along) ** 2).sum(-1).min(axis=1))
    return np.asarray((nearest - pen).reshape(down.shape), np.float32)
