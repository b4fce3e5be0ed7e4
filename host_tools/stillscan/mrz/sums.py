"""The places under check digits, weighed all at once: a dynamic programme over the two running sums modulo 10.

A step is one place, or the two places of a month or a day, which are possible only in certain pairs. Characters of
one value modulo 10 are interchangeable to the sums, so that a step has at most ten outcomes a sum. A state is
10 times the sum of the field plus the sum of the composite.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz.alphabet import ALPHABET, VALUE
from stillscan.mrz.places import Step

_DIGIT = np.array([VALUE[character] % 10 for character in ALPHABET])
_IN_GROUP = (_DIGIT[:, None] == np.arange(10)).astype(np.float64)
_OUTSIDE_GROUP = np.where(_IN_GROUP.T > 0, 0.0, -1e9)
_FILLER = ALPHABET.index("<")
_MONTHS = np.array([[month // 10, month % 10] for month in range(1, 13)] + [[_FILLER, _FILLER]])
_DAYS = np.array([[day // 10, day % 10] for day in range(1, 32)] + [[_FILLER, _FILLER]])
_FIELD, _COMPOSITE = np.divmod(np.arange(100), 10)
_NOWHERE = 100
"""Index of a state that cannot be: its chance is always nothing."""
_NEVER = -1e9


class Checked(NamedTuple):
    """The best text of the checked places; `log_all` covers all texts whose sums agree, `marginals` is (places, 37)."""

    classes: NDArray[np.intp]
    log_best: float
    log_all: float
    marginals: NDArray[np.float64]


class Move(NamedTuple):
    """One step of the programme: which states its outcomes join."""

    place: int
    pairs: NDArray[np.intp] | None
    """(outcomes, 2) classes when the step has two places; else the outcomes are the ten values of one."""
    source: NDArray[np.intp]
    """(outcomes, 100): the state before that leads to each state."""
    target: NDArray[np.intp]
    """(outcomes, 100): the state that each state leads to."""


def moves_of(steps: tuple[Step, ...]) -> tuple[Move, ...]:
    """The moves of all `steps`, months and days taken together."""
    moves: list[Move] = []
    skip = False
    for index, step in enumerate(steps):
        if skip:
            skip = False
            continue
        if step.pair:
            pairs = _MONTHS if step.pair == "month" else _DAYS
            digits, after = _DIGIT[pairs], steps[index + 1]
            field = digits @ np.array([step.field_weight, after.field_weight])
            composite = digits @ np.array([step.composite_weight, after.composite_weight])
            moves.append(Move(index, pairs, *_joins(field[:, None], composite[:, None], "")))
            skip = True
        else:
            digit = np.arange(10)[:, None]
            joins = _joins(digit * step.field_weight, digit * step.composite_weight, step.closes)
            moves.append(Move(index, None, *joins))
    return tuple(moves)


def _joins(
    field: NDArray[np.intp], composite: NDArray[np.intp], closes: str
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(source, target) of a step whose outcomes add `field` and `composite`, each (outcomes, 1).

    A field's check digit must equal its sum, which starts anew; the composite's ends everything in state 0.
    """
    digit = np.arange(len(field))[:, None]
    if closes == "composite":
        source = np.where(np.arange(100) == 0, digit, _NOWHERE)
        target = np.where(digit == np.arange(100), 0, _NOWHERE)
    elif closes == "field":
        source = np.where(_FIELD == 0, 10 * digit + (_COMPOSITE - composite) % 10, _NOWHERE)
        target = np.where(digit == _FIELD, (_COMPOSITE + composite) % 10, _NOWHERE)
    else:
        source = 10 * ((_FIELD - field) % 10) + (_COMPOSITE - composite) % 10
        target = 10 * ((_FIELD + field) % 10) + (_COMPOSITE + composite) % 10
    return source, target


def decode_checked(moves: tuple[Move, ...], own: NDArray[np.float64]) -> Checked:
    """Best text and probabilities of the checked places, from their log likelihoods (places, 37)."""
    scale = own.max(axis=1)
    gain = own - scale[:, None]
    chance = np.exp(gain)
    grouped = gain[:, None, :] + _OUTSIDE_GROUP
    top_class, top = grouped.argmax(axis=2), grouped.max(axis=2)
    mass = chance @ _IN_GROUP
    best, ahead = np.full(101, _NEVER), np.zeros(101)
    best[0] = ahead[0] = 1.0
    best[0] = 0.0
    traces, before, shares, norm = [], [], [], 0.0
    for place, pairs, source, _ in moves:
        if pairs is None:
            gains, likely = top[place], mass[place]
        else:
            gains = gain[place, pairs[:, 0]] + gain[place + 1, pairs[:, 1]]
            likely = chance[place, pairs[:, 0]] * chance[place + 1, pairs[:, 1]]
        before.append(ahead)
        shares.append(likely)
        ways = best[source] + gains[:, None]
        trace = ways.argmax(axis=0)
        traces.append(trace)
        best, after = np.append(ways[trace, np.arange(100)], _NEVER), np.append(likely @ ahead[source], 0.0)
        total = max(float(after.sum()), 1e-300)
        norm += float(np.log(total))
        ahead = after / total
    classes, state = np.empty(len(own), np.intp), int(best.argmax())
    log_best = float(best[state] + scale.sum())
    for (place, pairs, source, _), trace in zip(reversed(moves), reversed(traces), strict=True):
        outcome = int(trace[state])
        if pairs is None:
            classes[place] = top_class[place, outcome]
        else:
            classes[place : place + 2] = pairs[outcome]
        state = int(source[outcome, state]) % _NOWHERE
    marginals = _marginals(moves, before, shares, chance / np.maximum(mass @ _IN_GROUP.T, 1e-300))
    return Checked(classes, log_best, norm + float(scale.sum()), marginals)


def _marginals(
    moves: tuple[Move, ...],
    before: list[NDArray[np.float64]],
    shares: list[NDArray[np.float64]],
    in_group: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Probability of each character in each place, given that all sums agree: (places, 37).

    `before` holds the chances of the states ahead of each move, `shares` the chances of its outcomes by print alone,
    `in_group` the chance of each character among those of its value.
    """
    result = np.zeros_like(in_group)
    back = np.append(np.ones(100), 0.0)
    for (place, pairs, _, target), ahead, likely in zip(
        reversed(moves), reversed(before), reversed(shares), strict=True
    ):
        later = back[target]
        share = (later @ ahead[:100]) * likely
        share /= max(float(share.sum()), 1e-300)
        if pairs is None:
            result[place] = in_group[place] * share[_DIGIT]
        else:
            result[place] = np.bincount(pairs[:, 0], share, len(_DIGIT))
            result[place + 1] = np.bincount(pairs[:, 1], share, len(_DIGIT))
        earlier = likely @ later
        back = np.append(earlier / max(float(earlier.max()), 1e-300), 0.0)
    return result
