"""Whether print is OCR-B at all, and each character one of an MRZ's: what the other networks cannot say.

They know 37 characters and nothing else. A small network of its own sees each character's cell, and what the rest of
its line is like, and says which of the 37 it is, or none, and how likely the print is OCR-B.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import effort
from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.confusables import CONFUSABLE_OF
from stillscan.mrz.finding import QualityFinding
from stillscan.mrz.formats import printed
from stillscan.mrz.net import TYPEFACE, session

OTHER = "the print is not that of travel documents"
FOREIGN = "a character that no MRZ has, line {line}, position {cell}"
STRANGE = ("other-print", "no-mrz-character")
CELL_ROWS, CELL_COLUMNS = 48, 36
"""Of a character's picture: a line's crop, and a fifth more than the pitch, so that wide characters are seen whole."""
_OUTER_ROWS = 6
"""Rows above and below the letters of a line: see `quality`."""
_AROUND_PX = 25
"""Columns of which the brightest tell the paper: more than the 16 of the broadest streak."""
_STREAK, _LEAST_GAIN = 0.93, 0.3
"""Light that a column keeps where it is a streak, and the least that is believed: those of development strips keep 0.35
to 0.9. Without it 6 % of them were refused at levels 1 and 2."""
_BESIDE = 9
"""Characters side by side that are judged together: two single ones never decide, and no name hides in another type."""
_MOST = 6.0
"""Log odds beyond which a character counts no more, so that one cannot speak for all."""
_OTHER, _OTHER_CERTAIN = 0.5, 0.0
"""Mean log odds of nine characters below which their print is not OCR-B. Development strips of levels 0 to 4 that are
accepted have 1.6 and more at their worst place, in two cuts that the network has not learned from (272 strips, some of
them bolder, taller or lower); those in other typefaces 0.9 and less (195 strips), those of
them that would be accepted -0.7 and less; real print has less than our own (43 specimens)."""
_STRANGE, _STRANGE_UNCLEAR, _STRANGE_CERTAIN = -0.3, -1.0, -5.0
"""Log probability of the least likely character, less what is usual there (see below), below which no MRZ has it: in
clear print (none of 184 genuine strips of levels 0 to 3 falls below; a clean sharp s does), in other, and where it can
be nothing else. Of 116 development strips of level 4 that are certain otherwise (995000 to 995119) 2 fall below, 8 with
-0.3; of 29 of levels 3 and 4 that have a foreign character and would be accepted 15 do, 16 with -0.3. Of 38 scans and
photographs of specimens whose text is right one falls below -5, whose print is none of OCR-B's, two below -2.5."""
_USUAL, _TIMES = slice(3, 9), 8.0
"""What is usual in a print that wears off: so many times the mean of these of its characters, least likely first. Three
foreign ones may come before them."""
_SHARED = 0.7
"""What captures have in common does not average out: see `captures`."""


class Print(NamedTuple):
    """What the cells of lines look like."""

    characters: NDArray[np.float32]
    """(lines, cells, 38) log probability of each character of the alphabet, and of none of them."""
    own: NDArray[np.float32]
    """(lines, cells) log odds of OCR-B against other print."""


def cells(crops: NDArray[np.uint8], centres_px: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The pictures (lines, cells, CELL_ROWS, CELL_COLUMNS) of characters at `centres_px` (lines, cells) of crops."""
    beside = CELL_COLUMNS // 2
    wide = np.pad(crops, ((0, 0), (0, 0), (beside, beside)), mode="edge")
    first = np.clip(np.rint(centres_px).astype(int), 0, crops.shape[2])
    columns = first[..., None] + np.arange(CELL_COLUMNS)
    lines = np.arange(len(crops))[:, None, None]
    return np.ascontiguousarray(wide[lines, :, columns].transpose(0, 1, 3, 2))


def seen(crops: NDArray[np.uint8], centres_px: NDArray[np.float64]) -> Print:
    """What the network makes of the cells at `centres_px` (lines, cells) of crops (lines, 48, columns)."""
    effort.spend("typeface", centres_px.size / 88)
    characters, own = session(TYPEFACE).run(None, {"cells": cells(without_streaks(crops), centres_px)})
    return Print(characters, own)


def without_streaks(crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Crops (lines, 48, columns) with columns made as bright as those around that are darker above and below all lines.

    Dust on the line sensor does so, and makes a `$` of an S. What belongs to one character darkens one side of it.
    """
    outer = np.concatenate([crops[:, :_OUTER_ROWS], crops[:, -_OUTER_ROWS:]])
    level = outer.mean(axis=1, dtype=np.float32).max(axis=0)[None]
    around = cv2.blur(cv2.dilate(level, np.ones((1, _AROUND_PX), np.uint8)), (_AROUND_PX, 1))
    gain = np.clip(level / np.maximum(around, 1), _LEAST_GAIN, 1)[0]
    gain[gain > _STREAK] = 1
    return np.asarray(np.clip(np.rint(crops / gain), 0, 255), np.uint8)


def doubt(
    prints: Sequence[Print], lines: tuple[str, ...], *, clear: bool, certain: bool = False
) -> QualityFinding | None:
    """Why what one or several captures show cannot be these lines of a travel document, if so.

    `clear`: the print stands out clearly of its noise (see Evidence). `certain`: only what can be nothing else, for a
    text that is not accepted anyway.
    """
    many = len(prints) ** (1 - _SHARED)
    own = np.clip(many * np.mean([one.own for one in prints], axis=0), -_MOST, _MOST)
    own = np.where(printed(lines), own, _MOST)
    beside = np.stack([np.convolve(line, np.full(_BESIDE, 1 / _BESIDE), "valid") for line in own])
    if beside.min() < (_OTHER_CERTAIN if certain else _OTHER):
        return QualityFinding("other-print", OTHER)
    said = many * np.mean([one.characters for one in prints], axis=0)
    said = said - np.logaddexp.reduce(said, axis=2)[..., None]
    classes = np.array([[ALPHABET.index(character) for character in line] for line in lines])
    mine, fellow = (
        np.take_along_axis(said, which[..., None], axis=2)[..., 0] for which in (classes, CONFUSABLE_OF[classes])
    )
    chance = np.where(CONFUSABLE_OF[classes] == classes, mine, np.logaddexp(mine, fellow))
    chance = np.where(printed(lines), chance, 0.0)
    usual = _TIMES * float(np.sort(chance, axis=None)[_USUAL].mean())
    least = _STRANGE_CERTAIN if certain else _STRANGE if clear else _STRANGE_UNCLEAR
    if chance.min() - usual >= least:
        return None
    line, cell = (int(at) + 1 for at in np.unravel_index(chance.argmin(), chance.shape))
    return QualityFinding("no-mrz-character", FOREIGN.format(line=line, cell=cell), line=line, characters=(cell, cell))
