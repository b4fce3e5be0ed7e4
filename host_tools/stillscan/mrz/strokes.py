"""Ink where a character has none, and none where each cut has some: an accent, a hook, a second character under it, a
small letter, a shape of another typeface.

The places within 3 px of a stroke of OCR-B's, for each character of the alphabet, stand in `weights/strokes.png`, and
in white those that lie inside a stroke of every cut. How dark print is at which distance from its strokes a line tells
of itself: so a second character is seen also where blur and a broad pen put ink.
"""

from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from stillscan.mrz.alphabet import ALPHABET, FILLER
from stillscan.mrz.confusables import CONFUSABLE_OF

FILE = Path(__file__).with_name("weights") / "strokes.png"
NEAR_PX = 3.0
"""As far from a stroke ink belongs to it: blur, broad pens, and a cell that lies a pixel aside. With 2 clear bold print
has half as much beside its strokes as an accent, with 4 a third of the accents is too near."""
INSIDE_PX = 0.8
"""As far inside a stroke of every cut there must be ink: with 0.4 a fifth fewer foreign characters are told."""
NEAR, INSIDE = 128, 255
"""What the file says of a place; 0 is neither."""
_BLOT_PX = 5
"""Side of the square whose mean counts: with 3 scratches and specks weigh as much as accents."""
_HALF = 2
"""One in so many rows and columns tells what is not there, in a quarter of the time."""
_GAP, _LEAST = 5, 3
"""Of those, side of the square that is looked at for strokes that are not there, and how much of strokes must be in it:
9 px and 10. 7 and 6, 11 and 16 tell genuine from foreign characters as well."""
_OFF_PX, _LEAST_OFF = 3.2, 4
"""How far from the strokes that are read those of a second character count, and how many places (of those of `_HALF`)
it must have there. With 2.2 px bold genuine print has up to 0.28 there, a 1 under an S 0.37; with 2.8 0.22 and 0.69."""
_MOST_PX = 8
"""Distances from strokes beyond which print is equally dark: there is paper."""
_DOWN_PX, _RIGHT_PX = 3, 2
"""How far a line may lie beside its cells, up or down and aside."""
_PALE, _DARK = 0.5, 1.3
"""What is lighter than paper by more than this share of ink, or darker than so many times ink, counts no more."""
_FIT_PX = 1.5
"""How fast ink counts for less beside a stroke when a line is moved to where it fits best."""
_ROWS, _COLUMNS = slice(3, 45), slice(5, 31)
"""Of a cell (48 x 36) what no neighbour reaches."""
_PAPER, _INK = 0.7, 0.05
"""Ranks of a cell's pixels that tell its paper and its ink: an M covers a quarter of it, an I a tenth."""
_THIN = 3
"""One in so many pixels tells both, a sample of 576, in a third of the time."""


@cache
def _drawn() -> NDArray[np.uint8]:
    """(37, 48, 36) of the file."""
    drawn = np.asarray(cv2.imdecode(np.frombuffer(FILE.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE))
    return np.asarray(drawn.reshape(drawn.shape[0], len(ALPHABET), -1).transpose(1, 0, 2), np.uint8)


@cache
def _bare() -> NDArray[np.int16]:
    """(37, 48 * 36): 1 where a character has no stroke near, nor the letter or digit that it may be printed alike."""
    near = _drawn() >= NEAR
    return np.asarray(~(near | near[CONFUSABLE_OF]), np.int16).reshape(len(ALPHABET), -1)


@cache
def _inside() -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """(37, 24, 18) twice: 255 inside a stroke of a character and of what may be printed alike; and one over how much of
    them is around, 0 where that is little."""
    inside = _drawn() == INSIDE
    inside = (inside & inside[CONFUSABLE_OF])[:, ::_HALF, ::_HALF]
    around = np.stack([_around(one.astype(np.float32)) for one in inside])
    return inside * np.uint8(255), np.asarray(np.where(around < _LEAST, 0, 1 / np.maximum(around, 1)), np.float32)


@cache
def _distances() -> NDArray[np.float32]:
    """(37, 48, 36) px from a character's strokes."""
    return np.stack([cv2.distanceTransform((one != INSIDE).astype(np.uint8), cv2.DIST_L2, 5) for one in _drawn()])


@cache
def _fits() -> NDArray[np.float32]:
    """(37, 48, 36) by which ink is weighed when a line is moved to its strokes."""
    near = np.exp(-((_distances() / _FIT_PX) ** 2))
    return np.asarray(near - near.mean(axis=(1, 2), keepdims=True), np.float32)


@cache
def _rings() -> NDArray[np.intp]:
    """(37, 24 * 18) distance from strokes, in whole px; where neighbours reach one that is none."""
    inner = np.zeros(_drawn().shape[1:], bool)
    inner[_ROWS, _COLUMNS] = True
    rings = np.where(inner, np.minimum(np.rint(_distances()), _MOST_PX), _MOST_PX + 1)
    return rings[:, ::_HALF, ::_HALF].reshape(len(ALPHABET), -1).astype(np.intp)


@cache
def _ring_sizes() -> NDArray[np.intp]:
    """(37, rings) how many places of a character lie in each ring."""
    return np.stack([np.bincount(one, minlength=_MOST_PX + 2) for one in _rings()])


@cache
def _others() -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Places (37, places) off the strokes of a character in which others have theirs, and (37, others, places) the
    share that each of them is of each other's; where there are fewer places nothing, fewer others the first ones again.
    """
    shares, kept = [], []
    for read in range(len(ALPHABET)):
        off = (_drawn() == INSIDE) & (_distances()[read] > _OFF_PX)
        off[[read, CONFUSABLE_OF[read]]] = False
        off = off[:, ::_HALF, ::_HALF].reshape(len(ALPHABET), -1)
        count = off.sum(axis=1, keepdims=True)
        told = np.flatnonzero(count >= _LEAST_OFF)
        shares.append(np.resize(off[told] / count[told], off.shape))
        kept.append(np.flatnonzero(shares[-1].any(axis=0)))
    most = max(map(len, kept))
    places = np.zeros((len(kept), most), np.intp)
    narrow = np.zeros((len(kept), len(ALPHABET), most), np.float32)
    for read, at in enumerate(kept):
        places[read, : len(at)] = at
        narrow[read, :, : len(at)] = shares[read][:, at]
    return places, narrow


def _around(values: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums of the square about each place."""
    size, edge = (_GAP, _GAP), cv2.BORDER_CONSTANT
    return np.asarray(cv2.boxFilter(values, cv2.CV_32F, size, normalize=False, borderType=edge), np.float32)


def compared(
    cells: NDArray[np.uint8], classes: NDArray[np.intp]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """How dark the darkest spot is where the characters of `classes` (lines, n) have no stroke, how light the lightest
    where they have one, and how much darker than usual strokes are that another would have beside them: shares of ink.

    `cells` are their pictures, (lines, n, 48, 36).
    """
    count, size = cells.shape[1], cells.shape[2] * cells.shape[3]
    thin = cells.reshape(-1, size)[:, ::_THIN]
    ranks = [round(share * (thin.shape[1] - 1)) for share in (_INK, _PAPER)]
    # bytes are sorted by their value, "stable", in a quarter of the time that ranks alone take
    ink, paper = np.sort(thin, axis=1, kind="stable")[:, ranks].T.astype(np.int16)
    swing = np.maximum(np.median((paper - ink).reshape(-1, count), axis=1), 1)[:, None]
    lacking = _lacking(cells, classes, paper, np.repeat(swing, count))
    each = zip(cells, classes, paper.reshape(-1, count), swing[:, 0], strict=True)
    second = [_second(*line) for line in each]
    return _beyond(cells, classes, paper) / swing, lacking, np.stack(second)


def _beyond(cells: NDArray[np.uint8], classes: NDArray[np.intp], paper: NDArray[np.int16]) -> NDArray[np.float32]:
    """Darkness (lines, n) of the darkest spot without a stroke near."""
    size = cells.shape[2] * cells.shape[3]
    darker = (paper[:, None] - cells.reshape(-1, size)) * _bare()[classes.ravel()]
    spots = cv2.blur(_side_by_side(darker.reshape(-1, *cells.shape[2:])), (_BLOT_PX, _BLOT_PX))
    darkest = spots[_ROWS].max(axis=0).reshape(-1, cells.shape[3])[:, _COLUMNS].max(axis=1)
    return np.asarray(darkest.reshape(classes.shape), np.float32)


def _side_by_side(pictures: NDArray[Any]) -> NDArray[Any]:
    """(rows, n * columns) of pictures (n, rows, columns): filtered in half the time of such that lie below another."""
    return np.ascontiguousarray(pictures.transpose(1, 0, 2)).reshape(pictures.shape[1], -1)


def _lacking(
    cells: NDArray[np.uint8], classes: NDArray[np.intp], paper: NDArray[np.int16], swing: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Share of ink (lines, n) that is missing where most of it is; ink that is a little aside counts."""
    inside, share = (table[classes.ravel()] for table in _inside())
    count = len(inside)
    darkest = _darkest(cells.reshape(count, *cells.shape[2:])).reshape(count, -1)
    dark = np.clip(paper - swing, 0, 255).astype(np.uint8)[:, None]
    light = np.minimum(np.maximum(darkest, dark) - dark, np.minimum(swing, 255).astype(np.uint8)[:, None])
    there = _around(_side_by_side((light & inside.reshape(count, -1)).reshape(inside.shape)))
    gaps = (there * _side_by_side(share)).max(axis=0).reshape(count, -1).max(axis=1)
    return np.asarray((gaps / swing).reshape(classes.shape), np.float32)


def _darkest(cells: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The darkest value around each second place of each second row (cells, 24, 18), as far as ink may be aside: 3 px
    up or down, 2 to the side. With 2 px up or down, and lines put level before, one of six clean strips of a cut that
    is not among those of the file was refused. Strokes lie in rows 7 to 38 and columns 8 to 27: what is beyond the edge
    of a cell does not matter."""
    columns = cells.shape[2]
    flat = cells.ravel()  # in one piece: the ends of rows, where neighbours meet, are edges anyway
    two = np.minimum(flat[:-columns], flat[columns:])
    four = np.minimum(two[: -2 * columns], two[2 * columns :])
    seven = np.minimum(four[: -3 * columns], four[3 * columns :])
    pair = np.minimum(seven[:-1], seven[1:])
    found = np.empty_like(cells)
    inner = slice(3 * columns + 2, 3 * columns + 2 + len(seven) - 4)
    np.minimum(np.minimum(pair[:-3], pair[2:-1]), seven[4:], out=found.reshape(-1)[inner])
    darkest = np.ascontiguousarray(found[:, ::_HALF, ::_HALF])
    darkest[:, [0, 1, -1]] = 255
    darkest[..., [0, -1]] = 255
    return darkest


def _second(
    cells: NDArray[np.uint8], classes: NDArray[np.intp], paper: NDArray[np.int16], swing: float
) -> NDArray[np.float32]:
    """How much darker (n,) than the line is elsewhere, as far from its strokes, those of another character are, in the
    likeliest one's: cells of one line, (n, 48, 36). What may be printed alike is taken for the one that leaves less.
    """
    alike = np.flatnonzero(CONFUSABLE_OF[classes] != classes)
    which = np.concatenate([np.arange(len(classes)), alike])
    taken = np.concatenate([classes, CONFUSABLE_OF[classes[alike]]])
    told = taken != ALPHABET.index(FILLER)
    if not told.any():
        return np.zeros(len(classes), np.float32)
    which, taken = which[told], taken[told]
    wanted = _mean(_fits(), taken)[_DOWN_PX:-_DOWN_PX, _RIGHT_PX:-_RIGHT_PX]
    fit = cv2.matchTemplate(-_mean(cells.astype(np.float32), which), wanted, cv2.TM_CCOEFF)
    down, right = np.unravel_index(fit.argmax(), fit.shape)
    # Each of the places of _HALF is the mean of it and what is above and before it.
    moved = np.roll(cells, (1 + _DOWN_PX - down, 1 + _RIGHT_PX - right), (1, 2)).reshape(-1, cells.shape[2])
    half = moved.shape[1] // _HALF, moved.shape[0] // _HALF
    light = cv2.resize(moved, half, interpolation=cv2.INTER_AREA).reshape(len(classes), -1)
    dark = np.clip((paper[:, None] - light) / np.float32(swing), -_PALE, _DARK)[which]
    rings = _rings()[taken]
    sums = np.bincount(rings.ravel(), dark.ravel(), minlength=_MOST_PX + 2)
    usual = (sums / np.maximum(_ring_sizes()[taken].sum(axis=0), 1)).astype(np.float32)
    places, shares = _others()
    more = np.take_along_axis(dark, places[taken], axis=1) - usual[np.take_along_axis(rings, places[taken], axis=1)]
    left = np.matmul(shares[taken], more[..., None]).max(axis=(1, 2))
    found = np.full(len(classes), np.inf, np.float32)
    np.minimum.at(found, which, left)
    return np.where(np.isinf(found), np.float32(0), found)


def _mean(pictures: NDArray[np.float32], which: NDArray[np.intp]) -> NDArray[np.float32]:
    """Of those of `pictures` (n, rows, columns), each as often as `which` names it."""
    times = np.bincount(which, minlength=len(pictures)).astype(np.float32) / np.float32(len(which))
    return np.asarray((times @ pictures.reshape(len(pictures), -1)).reshape(pictures.shape[1:]), np.float32)
