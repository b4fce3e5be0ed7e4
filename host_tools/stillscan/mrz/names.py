"""The grammar of the name field: words with single fillers between them, a double filler, words, fillers to the end.

Which letters stand there is up to the print alone: names have no check digit, so nothing about them is guessed.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz.alphabet import ALPHABET

_BROKEN_GRAMMAR = -6.0
"""Log odds that a name field is not formed by the rules."""
_LETTER = slice(10, 36)
_FILLER = ALPHABET.index("<")
_START, _WORD, _GAP, _DOUBLE, _GIVEN, _GIVEN_GAP, _END = range(7)
_AFTER_LETTER = {_START: _WORD, _WORD: _WORD, _GAP: _WORD, _DOUBLE: _GIVEN, _GIVEN: _GIVEN, _GIVEN_GAP: _GIVEN}
_AFTER_FILLER = {_WORD: _GAP, _GAP: _DOUBLE, _DOUBLE: _END, _GIVEN: _GIVEN_GAP, _GIVEN_GAP: _END, _END: _END}


class Names(NamedTuple):
    """The best text of a name field: `log_best` its log likelihood, `log_all` that of all texts, and `marginals`
    (places, 37) the probability of each character in each place."""

    classes: NDArray[np.intp]
    log_best: float
    log_all: float
    marginals: NDArray[np.float64]


@cache
def _steps() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(state, next state) for a letter and for a filler."""
    tables = np.zeros((2, 7, 7))
    for table, moves in zip(tables, (_AFTER_LETTER, _AFTER_FILLER), strict=True):
        for state, after in moves.items():
            table[state, after] = 1
    return tables[0], tables[1]


def decode_names(own: NDArray[np.float64]) -> Names:
    """The best name field for log likelihoods (places, 37)."""
    top = own[:, 10:].max(axis=1, keepdims=True)
    chance = np.exp(own - top)
    letters, filler = chance[:, _LETTER].sum(axis=1), chance[:, _FILLER]
    shares = chance[:, _LETTER] / np.maximum(letters, 1e-300)[:, None]
    by_letter, by_filler = _steps()
    places = len(own)
    ahead, norm = np.zeros((places + 1, 7)), np.zeros(places)
    ahead[0, _START] = 1
    for place in range(places):
        step = (ahead[place] @ by_letter) * letters[place] + (ahead[place] @ by_filler) * filler[place]
        norm[place] = max(float(step.sum()), 1e-300)
        ahead[place + 1] = step / norm[place]
    back = np.ones((places + 1, 7))
    is_letter = np.empty(places)
    for place in range(places - 1, -1, -1):
        after = back[place + 1] / norm[place]
        is_letter[place] = ahead[place] @ (by_letter @ after) * letters[place]
        back[place] = (by_letter @ after) * letters[place] + (by_filler @ after) * filler[place]
    log_grammar = float(np.log(norm).sum() + top.sum())
    free = letters + filler
    log_free = float(np.log(np.maximum(free, 1e-300)).sum() + top.sum()) + _BROKEN_GRAMMAR
    log_all = float(np.logaddexp(log_grammar, log_free))
    grammar = float(np.exp(log_grammar - log_all))

    best_letter = own[:, _LETTER].argmax(axis=1) + 10
    places_all = np.arange(places)
    letter_gain = own[places_all, best_letter] - top[:, 0]
    pattern, log_best = _best_pattern(letter_gain, own[:, _FILLER] - top[:, 0])
    log_best += float(top.sum())
    free_classes = np.where(letter_gain >= own[:, _FILLER] - top[:, 0], best_letter, _FILLER)
    log_broken = float(own[places_all, free_classes].sum()) + _BROKEN_GRAMMAR
    classes = np.where(pattern, best_letter, _FILLER)
    if log_broken > log_best:
        classes, log_best = free_classes, log_broken
    else:  # the same text might also stand there by chance
        log_best += float(np.log1p(np.exp(_BROKEN_GRAMMAR)))
    marginals = np.zeros_like(own)
    share_free = letters / np.maximum(free, 1e-300)
    is_letter = grammar * np.clip(is_letter, 0, 1) + (1 - grammar) * share_free
    marginals[:, _LETTER] = shares * is_letter[:, None]
    marginals[:, _FILLER] = 1 - is_letter
    return Names(classes.astype(np.intp), log_best, log_all, marginals)


def _best_pattern(letter: NDArray[np.float64], filler: NDArray[np.float64]) -> tuple[NDArray[np.bool_], float]:
    """Which places hold a letter in the likeliest field by the rules, and its log likelihood."""
    best = {_START: 0.0}
    trace: list[dict[int, tuple[int, bool]]] = []
    for gain_letter, gain_filler in zip(letter.tolist(), filler.tolist(), strict=True):
        reached: dict[int, float] = {}
        came: dict[int, tuple[int, bool]] = {}
        for state, sofar in best.items():
            for moves, gain, is_letter in ((_AFTER_LETTER, gain_letter, True), (_AFTER_FILLER, gain_filler, False)):
                after = moves.get(state)
                if after is not None and sofar + gain > reached.get(after, -np.inf):
                    reached[after], came[after] = sofar + gain, (state, is_letter)
        best = reached
        trace.append(came)
    state = max(best, key=lambda key: best[key])
    total = best[state]
    pattern = np.zeros(len(letter), bool)
    for place in range(len(letter) - 1, -1, -1):
        state, pattern[place] = trace[place][state]
    return pattern, total
