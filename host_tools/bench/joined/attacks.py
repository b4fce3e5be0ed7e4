"""Attacks: what is laid on the glass, and when, so that lines of two passports may come together."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from training import devset

from bench.joined.scanner import ROWS, WIDTH_PX, Change, Picture
from stillscan.simulator.printing import find_font

PX_PER_MM = 300 / 25.4
_KINDS_OF_PRINT = (0, 1, 1, 2, 2, 3)
"""Levels of the development set that a check reads at once; the worse ones are in the attacks by captures."""
_CAREFUL_MM, _CAREFUL_DEG = 0.6, 0.25
"""rms of what careful hands leave between two sheets that they lay together, face down: assumed."""
_EDGE_ROWS = 3
"""How broad the shadow at the edge of a sheet is that lies on another: 0.25 mm."""
_GAP = (103, 149)
"""Rows between the two lines."""


class Attack(NamedTuple):
    """``texts``: the lines of the documents that took part. Whatever else is accepted is a mixture."""

    kind: str
    pictures: list[Picture]
    changes: list[Change]
    counted_um: tuple[int, int]
    texts: list[tuple[str, ...]]


def attack(kind: str, seed: int) -> Attack:
    """The attack of a kind by its seed."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    return KINDS[kind](kind, rng)


def document(rng: np.random.Generator, levels: tuple[int, ...] = _KINDS_OF_PRINT) -> devset.Strip:
    """A passport of an invented person, of a print of its own."""
    return devset.strip(find_font(), int(rng.choice(levels)), int(rng.integers(1 << 30)))


def _laid(rng: np.random.Generator, picture: Picture, mm: float, degrees: float) -> Picture:
    """The picture moved and turned as by a hand; what is uncovered shows paper."""
    dx, dy = rng.normal(0, mm * PX_PER_MM, 2)
    turn = cv2.getRotationMatrix2D((WIDTH_PX / 2, ROWS / 2), float(rng.normal(0, degrees)), 1.0)
    turn[:, 2] += dx, dy
    paper = int(np.median(picture))
    moved = cv2.warpAffine(picture, turn, (WIDTH_PX, ROWS), flags=cv2.INTER_LINEAR, borderValue=paper)
    return np.asarray(moved, np.uint8)


def _over(rng: np.random.Generator, under: Picture, sheet: Picture, first_row: int, edge: bool) -> Picture:
    """The sheet covers all from this row on; its edge throws a shadow."""
    out = under.copy()
    out[first_row:] = sheet[first_row:]
    if edge:
        shade = rng.uniform(0.55, 0.9)
        part = out[first_row : first_row + _EDGE_ROWS].astype(np.float32) * shade
        out[first_row : first_row + _EDGE_ROWS] = np.rint(part).astype(np.uint8)
    return out


def _swapped(kind: str, rng: np.random.Generator) -> Attack:
    """One for the other while a slip interrupts the sweep, and perhaps back again."""
    one, other = document(rng), document(rng)
    pictures = [one.pixels, _laid(rng, other.pixels, float(rng.choice([0.0, 0.3, 1.0])), float(rng.choice([0.0, 0.2])))]
    changes = [Change(0, int(rng.integers(60, 200)), 1, abort=True)]
    for sweep in range(1, int(rng.integers(1, 4))):
        changes.append(Change(sweep, int(rng.integers(90, 200)), int(rng.integers(2)), abort=True))
    counted = (0, 0) if rng.random() < 0.5 else (int(rng.integers(-20, 21)) * 50, int(rng.integers(-20, 21)) * 50)
    return Attack(kind, pictures, changes, counted, [one.lines, other.lines])


def _between_lines(kind: str, rng: np.random.Generator) -> Attack:
    """As trials have it: one line of each, a slip in between."""
    one, other = document(rng), document(rng)
    changes = [Change(0, int(rng.integers(*_GAP)), 1, abort=True)]
    return Attack(kind, [one.pixels, other.pixels], changes, (0, 0), [one.lines, other.lines])


def _covered(rng: np.random.Generator, picture: Picture, line: int) -> Picture:
    """One line made hard or impossible to read: paper, a finger, or dirt over it."""
    out = picture.astype(np.float32)
    rows = slice(68, 108) if line == 0 else slice(143, 183)
    how = rng.integers(4)
    paper = float(np.median(picture))
    if how == 0:
        out[rows] = paper
    elif how == 1:
        out[rows] = cv2.GaussianBlur(out[rows], (0, 0), float(rng.uniform(3, 8)))
    elif how == 2:
        first = int(rng.integers(0, WIDTH_PX // 2))
        out[rows, first : first + int(rng.integers(200, 1000))] = rng.uniform(40, 120)
    else:
        out[rows] = paper + (out[rows] - paper) * rng.uniform(0.05, 0.25) + rng.normal(0, 12, out[rows].shape)
    return np.clip(np.rint(out), 0, 255).astype(np.uint8)


def _captures(kind: str, rng: np.random.Generator) -> Attack:
    """Another document at each capture, each with a line that cannot be read: evidence of one for the other's line."""
    one, other = document(rng, (1, 2, 3)), document(rng, (1, 2, 3))
    first = int(rng.integers(2))
    a, b = _covered(rng, one.pixels, first), _covered(rng, other.pixels, 1 - first)
    changes = [Change(0, ROWS, 1, abort=False), Change(1, ROWS, int(rng.integers(2)), abort=False)]
    return Attack(kind, [a, b], changes, (0, 0), [one.lines, other.lines])


def _worn_captures(kind: str, rng: np.random.Generator) -> Attack:
    """Another document at each capture, all of them hardly readable."""
    one, other = document(rng, (4, 5)), document(rng, (4, 5))
    changes = [Change(0, ROWS, 1, abort=False), Change(1, ROWS, int(rng.integers(2)), abort=False)]
    return Attack(kind, [one.pixels, other.pixels], changes, (0, 0), [one.lines, other.lines])


def _cut(kind: str, rng: np.random.Generator) -> Attack:
    """Two passports cut and laid together, or one under the other, before the scan begins."""
    one, other = document(rng), document(rng)
    row = int(rng.integers(*_GAP)) if rng.random() < 0.7 else int(rng.integers(60, 200))
    sheet = _laid(rng, other.pixels, _CAREFUL_MM, _CAREFUL_DEG)
    whole = _over(rng, one.pixels, sheet, row, edge=bool(rng.random() < 0.5))
    return Attack(kind, [whole], [], (0, 0), [one.lines, other.lines])


def _overlaid(kind: str, rng: np.random.Generator) -> Attack:
    """A sheet laid over the lower part at any moment of the sweep, and nothing noticed."""
    one, other = document(rng), document(rng)
    row = int(rng.integers(*_GAP)) if rng.random() < 0.7 else int(rng.integers(60, 200))
    sheet = _laid(rng, other.pixels, _CAREFUL_MM, _CAREFUL_DEG)
    whole = _over(rng, one.pixels, sheet, row, edge=bool(rng.random() < 0.5))
    changes = [Change(0, int(rng.integers(48, 200)), 1, abort=False)]
    return Attack(kind, [one.pixels, whole], changes, (0, 0), [one.lines, other.lines])


def _exchanged(kind: str, rng: np.random.Generator) -> Attack:
    """One for the other in the middle of a sweep, both laid into the corner as ordinary people do."""
    one, other = document(rng), document(rng)
    sheet = _laid(rng, other.pixels, 0.3, 0.1)
    row = int(rng.integers(*_GAP)) if rng.random() < 0.7 else int(rng.integers(60, 200))
    return Attack(kind, [one.pixels, sheet], [Change(0, row, 1, abort=False)], (0, 0), [one.lines, other.lines])


KINDS: dict[str, Callable[[str, np.random.Generator], Attack]] = {
    "swapped at a slip": _swapped,
    "a line of each": _between_lines,
    "captures, a line covered": _captures,
    "captures, worn": _worn_captures,
    "cut and laid together": _cut,
    "overlaid": _overlaid,
    "exchanged in a sweep": _exchanged,
}
