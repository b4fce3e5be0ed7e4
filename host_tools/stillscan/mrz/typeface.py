"""Whether print is OCR-B at all, and each character one of an MRZ's: what networks that know nothing else cannot say.

Each character's picture is compared with what pictures of the character that was read may look like: in OCR-B, in other
typefaces, and with those of characters that no MRZ has. What counts is which explains it better, not how well: wear and
noise disturb all explanations alike.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import effort
from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.finding import QualityFinding
from stillscan.mrz.formats import printed

ROWS, COLUMNS = 20, 15
"""Of a character's picture: a cell of 40 x 30 px at half its resolution."""
PATCH_ROWS, PATCH_COLUMNS = 2 * ROWS, 2 * COLUMNS
_SHIFTS = tuple((down, right) for down in (-1, 0, 1) for right in (-1, 0, 1))
"""Places of a character about its cell's middle: whole rows of the small picture, half columns of it."""


OTHER = "the print is not that of travel documents"
STRANGE = ("other-print", "no-mrz-character")
FOREIGN = "a character that no MRZ has, line {line}, position {cell}"
_OTHER_TYPEFACE = -8.0
"""Mean log odds, one character's clipped at 20, above which print is another typeface. A cut of OCR-B that they have
not seen has -13 and less in what is accepted at levels 0 to 4 (-10.9 at level 5), common monospaced fonts of which
they have not seen any -6 and more; slab serifs down to -12 are none of them ever accepted."""
_ODDS_MOST = 20.0  # either way: a single damaged character counts for no more than a fifth of five that are plain
_LEAST_SHARE = 0.12
"""Of a picture must be left unexplained by the character that was read, before another may explain it better: clean
print of an unseen cut leaves 0.08."""
_BETTER = 1.28  # chosen with the two below
_WELL, _WELL_WORN = 2.5, 1.9
"""A character that no MRZ has leaves so many times less unexplained than what was read, and no more than so many times
what the print's characters leave in the median, less where the print is worn. Damage, which nothing explains, has less
than the first or more than the second: development strips 52000 to 60044 of levels 0 to 4."""
_MUCH_BETTER, _PASSABLY = 2.2, 6.0
"""The same in clear print, for characters whose pictures were not among those of the subspaces."""
_WORN = 0.12
"""Share of a picture that is left unexplained in the median above which print is worn: 0.02 to 0.1 at levels 0 to 3 of
the development strips, 0.15 to 0.24 at level 4."""
_MISSING = 0.05
"""Share of the median picture's strength below which nothing is printed there."""


class Explained(NamedTuple):
    """How much of each character's picture (lines, cells) stays unexplained: sums of squares, and the whole of it."""

    own: NDArray[np.float64]
    other: NDArray[np.float64]
    foreign: NDArray[np.float64]
    whole: NDArray[np.float64]

    @property
    def odds(self) -> float:
        """Mean log odds of other typefaces against OCR-B, each character's clipped."""
        noise = float(np.median(np.minimum(self.own, self.other))) / (ROWS * COLUMNS)
        return float(np.clip((self.own - self.other) / (2 * max(noise, 1e-6)), -_ODDS_MOST, _ODDS_MOST).mean())

    @property
    def strange(self) -> list[tuple[int, int]]:
        """(line, cell) of characters that no MRZ has, or where nothing is printed."""
        usual = max(float(np.median(self.own)), 1e-6)
        worn = float(np.median(self.own / np.maximum(self.whole, 1e-6))) > _WORN
        better, well = self.own / np.maximum(self.foreign, 1e-6), self.foreign / usual
        foreign = (better > _BETTER) & (well < (_WELL_WORN if worn else _WELL))
        if not worn:
            foreign |= (better > _MUCH_BETTER) & (well < _PASSABLY)
        foreign &= self.own > _LEAST_SHARE * self.whole
        missing = self.whole < _MISSING * float(np.median(self.whole))
        return [(int(line), int(cell)) for line, cell in np.argwhere(foreign | missing)]


def plain(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pictures (n, ROWS * COLUMNS) without their mean and slopes: paper and light."""
    return np.asarray(pictures - (pictures @ _light()) @ _light().T, np.float32)


@cache
def _light() -> NDArray[np.float32]:
    """(values, 3): orthonormal constant, slope down, slope across."""
    down, across = np.mgrid[:ROWS, :COLUMNS].reshape(2, -1).astype(np.float64)
    parts = np.stack([np.ones(ROWS * COLUMNS), down - down.mean(), across - across.mean()])
    return np.asarray((parts / np.linalg.norm(parts, axis=1, keepdims=True)).T, np.float32)


@cache
def _subspaces() -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """(characters, directions, values) of the own, other and foreign characters."""
    with np.load(Path(__file__).with_name("weights") / "typeface.npz") as stored:
        kinds = [stored[name].astype(np.float32) for name in ("own", "other", "foreign")]
    own, other, foreign = (np.linalg.qr(kind.transpose(0, 2, 1))[0].transpose(0, 2, 1) for kind in kinds)
    return own, other, foreign


def doubt(crops: NDArray[np.uint8], centres_px: NDArray[np.float64], lines: tuple[str, ...]) -> QualityFinding | None:
    """Why the print cannot be that of a travel document, if so. See `explain`."""
    effort.spend("typeface")
    seen = explain(crops, centres_px, lines)
    if seen.odds > _OTHER_TYPEFACE:
        return QualityFinding("other-print", OTHER)
    shown = printed(lines)
    strange = [place for place in seen.strange if shown[place]]
    if not strange:
        return None
    line, cell = strange[0][0] + 1, strange[0][1] + 1
    return QualityFinding("no-mrz-character", FOREIGN.format(line=line, cell=cell), line=line, characters=(cell, cell))


def explain(crops: NDArray[np.uint8], centres_px: NDArray[np.float64], lines: tuple[str, ...]) -> Explained:
    """For lines that were read in crops (lines, 48, columns) with characters at `centres_px` (lines, cells)."""
    windows = _windows(crops, centres_px)  # (lines * cells, shifts, values)
    classes = np.array([ALPHABET.index(character) for line in lines for character in line])
    own, other, foreign = _subspaces()
    whole = (windows**2).sum(axis=2)
    left_own = whole - ((windows @ own[classes].transpose(0, 2, 1)) ** 2).sum(axis=2)
    left_other = whole - ((windows @ other[classes].transpose(0, 2, 1)) ** 2).sum(axis=2)
    least, most = left_own.min(axis=1), whole.min(axis=1)
    left_foreign = np.full_like(least, np.inf)
    asked = least > _LEAST_SHARE * most  # the others are plainly what was read
    shown = (windows[asked] @ foreign.reshape(-1, foreign.shape[2]).T) ** 2
    explained = shown.reshape(*shown.shape[:2], *foreign.shape[:2]).sum(axis=3)
    left_foreign[asked] = (whole[asked] - explained.max(axis=2)).min(axis=1)
    return Explained(*(part.reshape(centres_px.shape) for part in (least, left_other.min(axis=1), left_foreign, most)))


def _windows(crops: NDArray[np.uint8], centres_px: NDArray[np.float64]) -> NDArray[np.float32]:
    """The pictures of all characters at all shifts, (lines * cells, shifts, values)."""
    found = []
    for crop, centres in zip(crops, centres_px, strict=True):
        ink = 255 - cv2.GaussianBlur(crop, (0, 0), 0.7).astype(np.float32)
        ink = cv2.copyMakeBorder(ink, 0, 0, PATCH_COLUMNS, PATCH_COLUMNS + 1, cv2.BORDER_REPLICATE)
        halves = [
            part[:, : part.shape[1] // 2 * 2].reshape(len(crop) // 2, 2, -1, 2).mean(axis=(1, 3))
            for part in (ink, ink[:, 1:])
        ]
        rows = (len(crop) // 2 - ROWS) // 2
        first = np.rint(centres).astype(int) - (PATCH_COLUMNS - 1) // 2 + PATCH_COLUMNS
        across, down = np.arange(COLUMNS), np.arange(ROWS)
        line = []
        for shift_down, shift_right in _SHIFTS:
            left = first + shift_right
            columns = (left // 2)[:, None] + across
            both = np.stack(halves)[
                (left % 2)[:, None, None], (rows + shift_down + down)[None, :, None], columns[:, None]
            ]
            line.append(both.reshape(len(centres), -1))
        found.append(np.stack(line, axis=1))
    windows = np.concatenate(found)
    return plain(windows.reshape(-1, ROWS * COLUMNS)).reshape(windows.shape)
