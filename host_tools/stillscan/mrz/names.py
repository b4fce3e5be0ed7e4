"""The grammar of the name field: words with single fillers between them, a double filler, words, fillers to the end.

Holders with one name have it in place of the surname (Doc 9303-3, 4.6); some passports leave that empty and begin with
the double filler.

Which letters stand there is up to the print alone: names have no check digit, so nothing about them is guessed.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz.alphabet import ALPHABET

_BROKEN_GRAMMAR = -6.0
"""Log odds that a name field is not formed by the rules. One in 400 documents, which is assumed and not counted."""
_NO_SURNAME = -4.0
"""Log odds that a name field begins with the double filler. One in 55 documents, which is assumed and not counted: the
standard has no such field, some issuers do."""
_LETTER = slice(10, 36)  # classes A to Z, see `alphabet`
_FILLER = ALPHABET.index("<")
_START, _WORD, _GAP, _DOUBLE, _GIVEN, _GIVEN_GAP, _END, _NAMELESS, _NAMELESS_GAP = range(9)
"""States of the grammar; the numbers mean nothing."""
_STATES = 9
"""How many there are."""
_MOVES = (
    (_START, _WORD, True),
    (_WORD, _WORD, True),
    (_GAP, _WORD, True),
    (_NAMELESS, _NAMELESS_GAP, False),
    (_NAMELESS_GAP, _DOUBLE, False),
    (_DOUBLE, _GIVEN, True),
    (_GIVEN, _GIVEN, True),
    (_GIVEN_GAP, _GIVEN, True),
    (_WORD, _GAP, False),
    (_GAP, _DOUBLE, False),
    (_DOUBLE, _END, False),
    (_GIVEN, _GIVEN_GAP, False),
    (_GIVEN_GAP, _END, False),
    (_END, _END, False),
)
"""(state, next state, whether a letter leads there or a filler)."""
_FIRST = {_START: 0.0, _NAMELESS: _NO_SURNAME}
"""States to begin in, and their log odds."""
_NEVER = -1e9  # log probability of what cannot be: less than any sum of others
_LEAST = 1e-300  # keeps a logarithm finite


class Names(NamedTuple):
    """The best text of a name field: `log_best` its log likelihood, `log_all` that of all texts, and `marginals`
    (places, 37) the probability of each character in each place."""

    classes: NDArray[np.intp]
    log_best: float
    log_all: float
    marginals: NDArray[np.float64]


def decode_names(own: NDArray[np.float64]) -> Names:
    """The best name field for log likelihoods (places, 37)."""
    top = own[:, 10:].max(axis=1)
    chance = np.exp(own - top[:, None])
    letters, filler = chance[:, _LETTER].sum(axis=1), chance[:, _FILLER]
    log_chance, is_letter = _weighed(letters.tolist(), filler.tolist())
    free = np.maximum(letters + filler, _LEAST)
    log_free = float(np.log(free).sum()) + _BROKEN_GRAMMAR
    log_all = float(np.logaddexp(log_chance, log_free))
    grammar = float(np.exp(log_chance - log_all))

    best_letter = own[:, _LETTER].argmax(axis=1) + 10
    letter_gain, filler_gain = own[np.arange(len(own)), best_letter] - top, own[:, _FILLER] - top
    pattern, log_best = _best_pattern(letter_gain.tolist(), filler_gain.tolist())
    log_broken = float(np.maximum(letter_gain, filler_gain).sum()) + _BROKEN_GRAMMAR
    if log_broken > log_best:
        pattern, log_best = letter_gain >= filler_gain, log_broken
    else:  # the same text might also stand there by chance
        by_chance = float(np.where(pattern, letter_gain, filler_gain).sum()) + _BROKEN_GRAMMAR
        log_best = float(np.logaddexp(log_best, by_chance))
    marginals = np.zeros_like(own)
    is_letter = grammar * np.clip(is_letter, 0, 1) + (1 - grammar) * letters / free
    marginals[:, _LETTER] = chance[:, _LETTER] / np.maximum(letters, _LEAST)[:, None] * is_letter[:, None]
    marginals[:, _FILLER] = 1 - is_letter
    scale = float(top.sum())
    return Names(np.where(pattern, best_letter, _FILLER), log_best + scale, log_all + scale, marginals)


# The states are few and the places follow each other: plain numbers are much faster here than small arrays.


def _weighed(letters: list[float], fillers: list[float]) -> tuple[float, NDArray[np.float64]]:
    """Logarithm of the summed chance of all fields by the rules, and the chance of a letter in each place (places,)."""
    ahead, norms = [[math.exp(_FIRST.get(state, _NEVER)) for state in range(_STATES)]], []
    for chances in zip(fillers, letters, strict=True):
        after = [0.0] * _STATES
        for state, following, by_letter in _MOVES:
            after[following] += ahead[-1][state] * chances[by_letter]
        norms.append(max(sum(after), _LEAST))
        ahead.append([value / norms[-1] for value in after])
    is_letter, back = [], [1.0] * _STATES
    for place in range(len(letters) - 1, -1, -1):
        chances = fillers[place] / norms[place], letters[place] / norms[place]
        earlier, share = [0.0] * _STATES, 0.0
        for state, following, by_letter in _MOVES:
            way = back[following] * chances[by_letter]
            earlier[state] += way
            share += ahead[place][state] * way if by_letter else 0.0
        is_letter.append(share)
        back = earlier
    return float(np.log(norms).sum()), np.array(is_letter[::-1])


def _best_pattern(letter: list[float], filler: list[float]) -> tuple[NDArray[np.bool_], float]:
    """Which places hold a letter in the likeliest field by the rules, and its log likelihood."""
    best, trace = [_FIRST.get(state, _NEVER) for state in range(_STATES)], []
    for gains in zip(filler, letter, strict=True):
        reached, came = [_NEVER] * _STATES, [(_START, False)] * _STATES
        for state, following, by_letter in _MOVES:
            value = best[state] + gains[by_letter]
            if value > reached[following]:
                reached[following], came[following] = value, (state, by_letter)
        best = reached
        trace.append(came)
    total = max(best)
    state = best.index(total)
    pattern = np.zeros(len(letter), bool)
    for place in range(len(letter) - 1, -1, -1):
        state, pattern[place] = trace[place][state]
    return pattern, total
