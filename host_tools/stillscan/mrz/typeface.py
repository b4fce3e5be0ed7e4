"""Whether print is OCR-B at all, and each character one of an MRZ's: what the other networks cannot say.

They know 37 characters and nothing else. A small network of its own sees each character's cell, and what the rest of
its line is like, and says which of the 37 it is, or none, and how likely the print is OCR-B. Where print is worn a more
thorough one is asked too.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import effort
from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.confusables import CONFUSABLE_OF
from stillscan.mrz.elsewhere import unlike
from stillscan.mrz.finding import QualityFinding
from stillscan.mrz.formats import printed
from stillscan.mrz.net import TYPEFACE, WORN_TYPEFACE, session
from stillscan.mrz.strokes import compared
from stillscan.mrz.sums import log_sum

OTHER = "the print is not that of travel documents"
FOREIGN = "a character that no MRZ has, line {line}, position {cell}"
STRANGE = ("other-print", "no-mrz-character")
CELL_ROWS, CELL_COLUMNS = 48, 36
"""Of a character's picture: a line's crop, and a fifth more than the pitch, so that wide characters are seen whole."""
_TWO_LINES = 88
"""Cells of a TD3: to so many the costs of a network apply."""
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
_OTHER, _OTHER_CERTAIN = 1.5, -1.6
"""Mean log odds of nine characters below which their print is not OCR-B, and below which it can be nothing else. Of
2,279 genuine strips that are accepted otherwise (levels 0 to 4, other weights, the third set; 271000 to 271359 and
281000 to 281359, in a cut that the network has not learned from) 6 have less than 1.5 at their worst place; of 11 in
typefaces that it has not learned one has more, which its single characters tell, of 95 of mixed print 72 have less
(by the quick network alone). Real print has less than our own: of 43 specimens one that is OCR-B and read right has
-1.2, three in other print have less than -2.0."""
_STRANGE, _STRANGE_CERTAIN = 7.5, 7.0
"""Log odds that no MRZ has a character, beyond what is usual in its print (see below), with which it is not accepted;
and the odds with which it can be nothing else. Of 333 strips in foreign characters, two over each other or other print
that are accepted otherwise (271000 and 281000 on) 5 pass, all worn, and 125 of 2,393 genuine ones are refused: 1 of 635
at levels 0 to 3, 12 of 576 at level 4, 44 of 507 of other weights, none and 68 of 275 and 400 of the third set's levels
0 to 3 and 4. With 6.5 and 7 4 pass, and 192 and 158 are refused; with 8 and 8.5 5 and 8 pass, and 116 and 103 are. Of
43 specimens one has more than 7, across which a word is printed."""
_LESS_LIKE = 1.75
"""Log odds for each by which a character is less like OCR-B than the rest of its print. With 1 whole print needs
another limit than worn (6.5 and 5 refuse half as many again in worn print), with 2 it is no better."""
_LITTLE_WORN = 0.03
"""Share of strokes usually missing beyond which the thorough network is asked too: 0 to 0.04 at levels 0 to 2, 0.06 at
level 3. With 0.05 and 0.08 4 and 9 more genuine strips of level 4 are refused, with 0 as many."""
_UNLIKE = 0.28
"""Share of strokes that one line of a strip lacks beyond what another does with which they were not printed by one
machine: print in another typeface lacks strokes of OCR-B in clean print too. Of 344 genuine strips that are accepted
otherwise (levels 0 to 4, other weights, the third set; 241000 to 241049) the greatest is 0.15 at the levels, 0.19 in
the third set and 0.26 in other weights; of 196 with new seeds (251000 to 251039) it refuses one, of other weights,
whose lines differ by 0.46. Of four strips of mixed print that passed (232000 to 232041, 234000 to 234041)
three have 0.34 and more."""
_BEYOND, _BEYOND_USUAL = 16.0, 1.5
"""Chosen, as the next two, with the network before this one; with this one 12 to 22, and as far about the others,
differ by chance. Log odds that ink beyond its strokes is worth, all the darkness of print, and times what is usual
that is none. With 0 15 of those 107 pass, with 12 8, with 20 7 (and one more genuine one is refused)."""
_LACKING, _LACKING_ANYWAY = 10.0, 0.25
"""Log odds that a stroke without ink is worth, and the share that may be missing beyond what is usual in its line.
Without them 9 of those 370 pass (small w, v, f and k, a capital xi), with 0.35 4; with 0.2 one of 418 is refused."""
_SECOND, _SECOND_ANYWAY = 12.0, 0.15
"""Log odds that a second character's ink is worth beside the strokes, all the darkness of print, and the share beyond
what is usual in a print that is none. Of 226 oddities in names, levels 0 to 4, two thirds of them two characters over
each other, that are certain otherwise 37 pass without it and 22 with it; of genuine strips it refuses none of 92 at
levels 0 to 3, and one more of 44 at level 4 and of 27 at level 5. With 0.1 20 pass, and five more of level 5 are
refused; with 0.25 27 pass."""
_APART, _APART_USUAL, _APART_ANYWAY = 60.0, 2.0, 0.05
"""Log odds that looking like none of its class elsewhere in the document is worth, and how many times what is usual in
a print, and beyond that how much, is none. Of 383 strips with foreign characters much like a letter, clean to worn,
that are certain otherwise 15 pass without it, and 7 do; of 792 genuine ones that are accepted otherwise it refuses one,
with 1.5 times 5, and with 0.1 at 1.5 times one again, but 9 pass."""
_AMONG, _WORST_USUAL = slice(-9, -3), 0.0
"""What is usual in a print that wears off: the mean of these characters, the greatest last; three foreign ones may come
after them. Log odds beyond that are not usual: with -0.8 7 of 27 certain strips of level 5 are refused, with 0 5, with
0.5 4; nothing changes at levels 0 to 4."""
_NO_ODDS = -20.0
"""Where nothing is printed."""


class Print(NamedTuple):
    """What the cells of lines look like."""

    characters: NDArray[np.float32]
    """(lines, cells, 38) log probability of each character of the alphabet, and of none of them."""
    own: NDArray[np.float32]
    """(lines, cells) log odds of OCR-B against other print."""
    beyond: NDArray[np.float32]
    """(lines, cells) ink where the likeliest character has none: see `strokes`."""
    lacking: NDArray[np.float32]
    """(lines, cells) ink that it has and that is not there: see `strokes`."""
    second: NDArray[np.float32]
    """(lines, cells) ink of a second character beside its strokes: see `strokes`."""
    unlike: NDArray[np.float32]
    """(lines, cells) how little it looks like the others of its class: see `elsewhere`."""


def cells(crops: NDArray[np.uint8], centres_px: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The pictures (lines, cells, CELL_ROWS, CELL_COLUMNS) of characters at `centres_px` (lines, cells) of crops."""
    beside = CELL_COLUMNS // 2
    wide = np.pad(crops, ((0, 0), (0, 0), (beside, beside)), mode="edge")
    first = np.clip(np.rint(centres_px).astype(int), 0, crops.shape[2])
    starting = np.lib.stride_tricks.sliding_window_view(wide, CELL_COLUMNS, axis=2).transpose(0, 2, 1, 3)
    return np.asarray(starting[np.arange(len(crops))[:, None], first], np.uint8)


def seen(crops: NDArray[np.uint8], centres_px: NDArray[np.float64], read: NDArray[np.intp]) -> Print:
    """What the network makes of the cells at `centres_px` (lines, cells) of crops (lines, 48, columns).

    `read`: the classes that whole lines were read as, which tell O from 0 and I from 1.
    """
    pictures = cells(without_streaks(crops), centres_px)
    characters, own = _said(TYPEFACE, pictures)
    ink = compared(pictures, characters[..., : len(ALPHABET)].argmax(axis=2))
    if _wear(ink[1]) > _LITTLE_WORN:
        again = _said(WORN_TYPEFACE, pictures)
        characters, own = (characters + again[0]) / 2, (own + again[1]) / 2
    return Print(characters, own, *ink, unlike(pictures, read))


def _said(net: str, pictures: NDArray[np.uint8]) -> list[NDArray[Any]]:
    """The first two fields of a `Print`."""
    effort.spend(net, pictures.shape[0] * pictures.shape[1] / _TWO_LINES)
    return list(session(net).run(None, {"cells": pictures}))


def _wear(lacking: NDArray[np.floating]) -> float:
    """Share of their strokes that characters usually lack, of (lines, cells)."""
    return float(np.mean([_usual(line) for line in lacking]))


def without_streaks(crops: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Crops (lines, 48, columns) with columns made as bright as those around that are darker above and below all lines.

    Dust on the line sensor does so, and makes a `$` of an S. What belongs to one character darkens one side of it.
    """
    outer = np.concatenate([crops[:, :_OUTER_ROWS], crops[:, -_OUTER_ROWS:]])
    level = outer.mean(axis=1, dtype=np.float32).max(axis=0)[None]
    around = cv2.blur(cv2.dilate(level, np.ones((1, _AROUND_PX), np.uint8)), (_AROUND_PX, 1))
    gain = np.clip(level / np.maximum(around, 1), _LEAST_GAIN, 1)[0]
    dark = np.flatnonzero(gain <= _STREAK)
    if not len(dark):
        return crops
    evened = crops.copy()
    evened[..., dark] = np.clip(np.rint(crops[..., dark] / gain[dark]), 0, 255)
    return evened


def doubt(prints: Sequence[Print], lines: tuple[str, ...], *, certain: bool = False) -> QualityFinding | None:
    """Why what one or several captures show cannot be these lines of a travel document, if so.

    Their mean tells: the same print is as strange in each. When any of three captures could refuse it by itself, 55 of
    294 genuine documents (levels 3 to 5, other weights, the third set; 601000 on) that are certain otherwise were, and
    20 are now; of 148 in foreign characters or other print (611000 on, too) 5 passed, and 6 do. With log odds that
    grow with the captures, as those of texts do, 25 are refused and 7 pass.

    `certain`: only what can be nothing else, for a text that is not accepted anyway.
    """
    shown = printed(lines)
    own = np.clip(np.mean([one.own for one in prints], axis=0), -_MOST, _MOST)
    own = np.where(shown, own, _MOST)
    beside = np.stack([np.convolve(line, np.full(_BESIDE, 1 / _BESIDE), "valid") for line in own])
    if beside.min() < (_OTHER_CERTAIN if certain else _OTHER):
        return QualityFinding("other-print", OTHER)
    said = np.mean([one.characters for one in prints], axis=0)
    said = said - log_sum(said)[..., None]
    classes = np.array([[ALPHABET.index(character) for character in line] for line in lines])
    mine, fellow = (
        np.take_along_axis(said, which[..., None], axis=2)[..., 0] for which in (classes, CONFUSABLE_OF[classes])
    )
    known = np.where(CONFUSABLE_OF[classes] == classes, mine, np.logaddexp(mine, fellow))
    odds = np.where(shown, said[..., -1] - known, _NO_ODDS)
    most = np.full((len(lines), 1), _STRANGE_CERTAIN)
    if not certain:
        ink, gaps, second, apart = (
            np.where(shown, np.mean([getattr(one, seen) for one in prints], axis=0), 0.0)
            for seen in ("beyond", "lacking", "second", "unlike")
        )
        usual = np.array([[_usual(line)] for line in gaps])
        # of a line that is printed in part the network has seen none, and its odds are not like those of the others
        whole = shown.all(axis=1, keepdims=True)
        if whole.any() and np.ptp(usual[whole]) > _UNLIKE:
            return QualityFinding("other-print", OTHER)
        most = np.where(whole, _STRANGE + min(_usual(odds), _WORST_USUAL), _STRANGE)
        odds = odds + _BEYOND * np.maximum(ink - _BEYOND_USUAL * _usual(ink), 0)
        odds = odds + _LACKING * np.maximum(gaps - usual - _LACKING_ANYWAY, 0)
        odds = odds + _SECOND * np.maximum(second - _usual(second) - _SECOND_ANYWAY, 0)
        odds = odds + _LESS_LIKE * np.maximum(own[shown].mean() - own, 0)
        odds = odds + _APART * np.maximum(apart - _APART_USUAL * _usual(apart) - _APART_ANYWAY, 0)
    over = odds - most
    if over.max() <= 0:
        return None
    line, cell = (int(at) + 1 for at in np.unravel_index(over.argmax(), over.shape))
    return QualityFinding("no-mrz-character", FOREIGN.format(line=line, cell=cell), line=line, characters=(cell, cell))


def _usual(values: NDArray[np.floating]) -> float:
    """What the worst characters of a print have, when those that may be foreign are left out."""
    return float(np.sort(values, axis=None)[_AMONG].mean())
