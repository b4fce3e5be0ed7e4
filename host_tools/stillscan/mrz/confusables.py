"""Letters and digits that some cuts print alike: O and 0, I and 1. Where they cannot be told apart, the sums must.

A cut whose O looks like its 0 deceives in every place at once, so that chances of single places must not be multiplied:
two such errors may even cancel in a check digit. The same document tells how its 0 looks, though: in its dates no O can
stand.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import places
from stillscan.mrz.alphabet import ALPHABET, VALUE, WEIGHTS
from stillscan.mrz.formats import FORMATS, Format

_CONFUSABLE = {"O": "0", "0": "O", "I": "1", "1": "I"}
_MOST = 10
"""More doubtful places than this are too many to be decided by a few check digits. Nothing changes between 4 and 20, 32
strips of levels 1 and 3 to 5."""
_FEWEST_ZEROS, _CLEARLY = 2, -0.1
"""Zeros of dates that must be seen, so that not one alone turns all others; and the log probability of being O or 0
(0.9) from which a place counts as one. Nothing changes between 1 and 4, or between -0.3 and -0.03: 32 strips of levels
1 and 3 to 5."""
_ZERO, _MOST_TURNED = -7.0, 5.0
"""Log odds of an O where a 0 must stand, below which the cut tells them apart, and by how much the odds elsewhere are
turned at most. Development strips 864000 to 864399, levels 0 to 4, one pass: where those of the zeros are at -13, every
O has more than -5.3 and every other 0 less than -6.2; where they are at -9, -2.3 and -3.6."""
CONFUSABLE_OF = np.array([ALPHABET.index(_CONFUSABLE.get(character, character)) for character in ALPHABET])
"""Class of the confusable of each class, its own where it has none."""


def weighed(likelihoods: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log likelihoods (lines, columns, 37) in which O and 0 are weighed against the zeros of the same document.

    Cuts differ, so that the network may take each O of one for a 0. Where it is surer of the zeros that must be zeros,
    the odds of the others are turned towards the O, and stretched so that a 0 as plain as those stays as sure.
    """
    letter, digit = ALPHABET.index("O"), ALPHABET.index("0")
    never_letter, either = _places(*likelihoods.shape[:2])
    odds = likelihoods[..., letter] - likelihoods[..., digit]
    both = np.logaddexp(likelihoods[..., letter], likelihoods[..., digit])
    zeros = odds[never_letter & (both > _CLEARLY)]
    if len(zeros) < _FEWEST_ZEROS or (turn := min(_ZERO - float(zeros.mean()), _MOST_TURNED)) <= 0:
        return likelihoods
    turned = np.where(either, (odds + turn) * (1 + turn / _MOST_TURNED), odds)
    result = likelihoods.copy()
    result[..., letter] = both - np.logaddexp(0, -turned)
    result[..., digit] = both - np.logaddexp(0, turned)
    return result


@cache
def _places(lines: int, columns: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(lines, columns) twice: where a 0 may stand and never an O, and where both may, in every format of Doc 9303."""
    forms = [form for form in places.candidates(lines, columns) if form.name in FORMATS]
    masks = [places.variants(form)[0] == 0 for form in forms]
    letter, digit = (np.array([mask[..., ALPHABET.index(one)] for mask in masks], bool) for one in "O0")
    return (digit & ~letter).all(axis=0), (digit & letter).all(axis=0)


def undecided(form: Format, lines: tuple[str, ...], doubtful: list[tuple[int, int]]) -> bool:
    """Whether some of the `doubtful` confusables (line, column) can be exchanged without any check digit noticing."""
    if len(doubtful) > _MOST:
        return True
    changes = [_change(form, lines, place) for place in doubtful]
    reached: set[tuple[int, ...]] = set()
    for change in changes:
        reached |= {tuple(sum(pair) % 10 for pair in zip(change, other, strict=True)) for other in reached} | {change}
    return any(not any(sums) for sums in reached)


def _change(form: Format, lines: tuple[str, ...], place: tuple[int, int]) -> tuple[int, ...]:
    """What exchanging the confusable at `place` adds to each sum of the format, modulo 10."""
    line, column = place
    mine = lines[line][column]
    step = VALUE[_CONFUSABLE[mine]] - VALUE[mine]
    changes = []
    for check in form.checks:
        covered = [(span.line, at) for span in check.covers for at in range(span.first, span.end)]
        ran_on = check.digit.of(lines) == "<"  # a number that runs on has its digit elsewhere
        weight = WEIGHTS[covered.index(place) % 3] if place in covered and not ran_on else 0
        changes.append(weight * step % 10)
    return tuple(changes)
