"""The places under check digits: the ways in which they may be filled, and the best text of all.

A way is a variant of the format together with a form of the issuer's document numbers, or with any other number at long
odds. Sums may be wrong, too, at longer ones.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import places
from stillscan.mrz.alphabet import ALPHABET
from stillscan.mrz.confusables import CONFUSABLE_OF
from stillscan.mrz.formats import Format
from stillscan.mrz.numbers import OTHERWISE, forms_of
from stillscan.mrz.sums import Move, decode_checked, log_sum, moves_of

_BROKEN_RULE = -7.0
"""Log odds that a document breaks the rules of its check digits (misprint, forgery, another format). One in 1,100
documents, which is assumed and not counted."""
HOPELESS = 12.0
"""Log odds at which a possibility is no longer worked out. Such a one is less likely than six in a million, far less
than any doubt that is judged (2 %). Nothing changes between 8 and 16, 24 strips of levels 3 to 5."""
_CONFUSABLES_APART = 6.0
"""Log odds by which print alone tells confusables apart where a check digit can: less than a broken rule, for there
are cuts whose O is every other cut's 0."""
_SHAPE_APART = 10.0
"""The same for all of a number together, where a form of its issuer's tells them apart: they are of one cut, and seen
beside each other. Two letters that are clearly printed count for more than a form (5), five doubtful ones for less."""
_SELDOM = -1.3
"""Log odds of each O or I in a number that has no such form: there are ten digits and 26 letters, and many states leave
these two out because they are misread (log 10/36)."""
_SLIGHT = 1e-3
"""Share that numbers of other forms have in all possibilities below which they are not worked out: a twentieth of the
doubt that is judged (2 %)."""
_ALSO_FREE = {odds: float(np.log1p(np.exp(odds))) for odds in (_BROKEN_RULE, OTHERWISE)}
"""A text that keeps a rule could also have come about where the rule is broken."""

_OTHER_LETTERS = np.array([_SELDOM if character in "OI" else 0.0 for character in ALPHABET])
"""(37,): log odds of characters in numbers without a form."""


class Checked(NamedTuple):
    """The places under check digits, in the order of the sums; `barred` (places of the number, 37): the characters that
    the number's form, if it has one of its issuer's, does not allow there."""

    classes: NDArray[np.intp]
    marginals: NDArray[np.float64]
    log_best: float
    log_all: float
    barred: NDArray[np.bool_]


class _Way(NamedTuple):
    """One way in which the places may have been filled: a variant of the format, and a form of its number, or -1."""

    variant: int
    shape: int
    values: NDArray[np.float64]
    log_most: float
    """Log likelihood of the best characters, whatever their sums."""
    log_odds: float
    """Of the way itself."""


def weigh_checked(form: Format, own: NDArray[np.float64], masks: Sequence[NDArray[np.float32]], issuer: str) -> Checked:
    """The best text of the places under check digits, from log likelihoods (places, 37) and what each variant of the
    format allows; `issuer` is the code whose numbers are looked up, empty when it is not certain."""
    own = np.maximum(own, own[:, CONFUSABLE_OF] - _CONFUSABLES_APART)
    shapes, at = forms_of(form, issuer), _number_places(form)
    ways = _ways([own + mask for mask in masks], shapes, at)
    log_shapes = log_sum(np.where(shapes, own[at], places.NEVER)).sum(axis=1)  # of numbers that have the forms
    log_number, log_others = float(log_sum(own[at]).sum()), float(log_sum(own[at] + _OTHER_LETTERS).sum())
    log_rest = float(log_sum(own).sum()) - log_number
    # what other numbers than those of the likeliest form have, beside it
    otherwise = float(np.exp(OTHERWISE) * np.expm1(min(log_number - float(log_shapes.max()), HOPELESS))) > _SLIGHT
    formed = {way.variant for way in ways if way.shape >= 0}
    done = [
        (way, decode_checked(_moves(form)[way.variant], way.values))
        for way in ways
        if way.shape >= 0 or otherwise or way.variant not in formed
    ]
    log_ways = [found.log_all + _weight(way, also=not otherwise) for way, found in done]
    unruly = _BROKEN_RULE + log_rest + float(np.logaddexp.reduce([log_others + OTHERWISE, *log_shapes]))
    log_all = float(np.logaddexp.reduce([*log_ways, unruly]))
    best, found = max(done, key=lambda one: one[1].log_best + _weight(one[0], also=True))
    log_best = found.log_best + _weight(best, also=True) + _ALSO_FREE[_BROKEN_RULE]
    classes = found.classes
    printed = max(ways, key=lambda way: way.log_most)
    as_printed = _BROKEN_RULE + printed.log_most
    if as_printed > found.log_best + _weight(best, also=True):  # a clearly wrong digit is not bent into one that agrees
        best, log_best, classes = printed, as_printed, printed.values.argmax(axis=1)
    marginals = np.exp(unruly - log_all) * np.exp(own - log_sum(own)[:, None])
    for log_way, (_, other) in zip(log_ways, done, strict=True):
        marginals += np.exp(log_way - log_all) * other.marginals
    barred = ~shapes[best.shape] if best.shape >= 0 else np.zeros_like(shapes[0])
    return Checked(classes, marginals, log_best, log_all, barred)


def _ways(variants: list[NDArray[np.float64]], shapes: NDArray[np.bool_], at: NDArray[np.intp]) -> list[_Way]:
    """The ways that are not hopeless; those whose number has no form of its issuer's at the odds of that."""
    ways = []
    tell = shapes & ~shapes[..., CONFUSABLE_OF]  # where a letter that the form bars looks like the digit that it allows
    tops = [float(values.max(axis=1).sum()) for values in variants]
    for variant, values in enumerate(variants):
        if tops[variant] < max(tops) + OTHERWISE - HOPELESS:
            continue
        number = values[at]
        top = float(number.max(axis=1).sum())
        told = np.where(tell, np.maximum(number, number[:, CONFUSABLE_OF]), np.where(shapes, number, places.NEVER))
        gains = told.max(axis=2).sum(axis=1) - top
        for shape in np.flatnonzero(gains > OTHERWISE - HOPELESS):
            best = np.arange(len(at)), told[shape].argmax(axis=1)
            log_odds = -min(float((told[shape][best] - number[best]).sum()), _SHAPE_APART)
            log_most = tops[variant] + float(gains[shape]) + log_odds
            ways.append(_Way(variant, int(shape), _with(values, at, told[shape]), log_most, log_odds))
        free = number + _OTHER_LETTERS
        log_most = tops[variant] - top + float(free.max(axis=1).sum()) + OTHERWISE
        ways.append(_Way(variant, -1, _with(values, at, free), log_most, OTHERWISE))
    most = max(way.log_most for way in ways)
    return [way for way in ways if way.log_most > most - HOPELESS]


def _with(values: NDArray[np.float64], at: NDArray[np.intp], number: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values of all places, those of the number exchanged."""
    own = values.copy()
    own[at] = number
    return own


def _weight(way: _Way, *, also: bool) -> float:
    """Log odds of a way; `also`: with what its texts have where numbers are formed otherwise."""
    return way.log_odds + (_ALSO_FREE[OTHERWISE] if also and way.shape >= 0 else 0.0)


@cache
def _number_places(form: Format) -> NDArray[np.intp]:
    """Which of the places under check digits the number field has."""
    field = range(form.number.first, form.number.end)
    steps = places.steps(form)
    return np.array([i for i, step in enumerate(steps) if step.line == form.number.line and step.column in field])


@cache
def _moves(form: Format) -> tuple[tuple[Move, ...], ...]:
    """The moves of the dynamic programme for each way to print the format."""
    return tuple(moves_of(steps) for steps in places.variant_steps(form))
