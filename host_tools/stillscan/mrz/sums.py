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
_BY_VALUE = np.argsort(np.where(_IN_GROUP.T > 0, 0, 1), axis=1, kind="stable")[:, : int(_IN_GROUP.sum(axis=0).max())]
"""(10, 4): the classes of each value, and others where it has fewer."""
_NO_CLASS = np.where(np.take_along_axis(_IN_GROUP.T, _BY_VALUE, axis=1) > 0, 0.0, -1e9)
"""(10, 4): keeps the others out."""
_FILLER = ALPHABET.index("<")
_MONTHS = np.array([[month // 10, month % 10] for month in range(1, 13)] + [[_FILLER, _FILLER]])
_DAYS = np.array([[day // 10, day % 10] for day in range(1, 32)] + [[_FILLER, _FILLER]])
_FIELD, _COMPOSITE = np.divmod(np.arange(100), 10)  # a state is two running sums modulo 10
_NOWHERE = 100
"""Index of a state that cannot be: its chance is always nothing."""
_NEVER = -1e9  # log probability of what cannot be: less than any sum of others
_NEGLIGIBLE = 1e-6
"""Outcomes of a place that are so much less likely than its best are left out: a broken rule is likelier by far, and no
sum lets one place change alone."""
_STATES = np.arange(101)  # the hundred pairs of sums, and _NOWHERE
_CERTAIN = np.ones(1)


def log_sum(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of the sum of exponentials over the last axis."""
    top = values.max(axis=-1)
    return np.asarray(top + np.log(np.exp(values - top[..., None]).sum(axis=-1)))


class Summed(NamedTuple):
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
    """(outcomes, 101): the state before that leads to each state; the last state is none."""
    target: NDArray[np.intp]
    """(outcomes, 101): the state that each state leads to."""


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
    return _and_nowhere(source), _and_nowhere(target)


def _and_nowhere(states: NDArray[np.intp]) -> NDArray[np.intp]:
    """(outcomes, 101) of (outcomes, 100): what is nowhere stays so. (`np.pad` took an eighth of a first reading.)"""
    wide = np.full((len(states), 101), _NOWHERE, states.dtype)
    wide[:, :100] = states
    return wide


def decode_checked(moves: tuple[Move, ...], own: NDArray[np.float64]) -> Summed:
    """Best text and probabilities of the checked places, from their log likelihoods (places, 37)."""
    scale = own.max(axis=1)
    gain = own - scale[:, None]
    chance = np.exp(gain)
    grouped = gain[:, _BY_VALUE] + _NO_CLASS
    top_class, top = _BY_VALUE[np.arange(10), grouped.argmax(axis=2)], grouped.max(axis=2)
    mass = chance @ _IN_GROUP
    # most places are clear: only the outcomes that matter are followed
    matters = mass > _NEGLIGIBLE * mass.max(axis=1, keepdims=True)
    best, ahead = np.full(101, _NEVER), np.zeros(101)
    best[0], ahead[0] = 0.0, 1.0
    taken: list[_Taken] = []
    norms: list[float] = []
    for place, pairs, source, target in moves:
        if pairs is None:
            gains, likely, kept = top[place], mass[place], matters[place].nonzero()[0]
        else:
            gains = gain[place, pairs[:, 0]] + gain[place + 1, pairs[:, 1]]
            likely = chance[place, pairs[:, 0]] * chance[place + 1, pairs[:, 1]]
            kept = (likely > _NEGLIGIBLE * likely.max()).nonzero()[0]
        if len(kept) == 1:
            only = int(kept[0])
            taken.append(_Taken(kept, None, source[only], target[only], ahead, None))
            best, ahead = best[source[only]] + gains[only], ahead[source[only]]
            norms.append(float(likely[only]))
            continue
        ways, likely = source[kept], likely[kept]
        sums = best[ways] + gains[kept, None]
        trace = sums.argmax(axis=0)
        taken.append(_Taken(kept, likely, ways, target[kept], ahead, trace))
        best, ahead = sums[trace, _STATES], likely @ ahead[ways]
        norms.append(max(float(ahead.sum()), 1e-300))
        ahead /= norms[-1]
    norms.append(max(float(ahead.sum()), 1e-300))
    classes, state = np.empty(len(own), np.intp), int(best[:_NOWHERE].argmax())
    log_best, log_scale = float(best[state]), float(scale.sum())
    for (place, pairs, _, _), step in zip(reversed(moves), reversed(taken), strict=True):
        way = 0 if step.trace is None else step.trace[state]
        outcome = step.kept[way]
        if pairs is None:
            classes[place] = top_class[place, outcome]
        else:
            classes[place : place + 2] = pairs[outcome]
        state = int(step.source[state] if step.trace is None else step.source[way, state])
    marginals = _marginals(moves, taken, chance / np.maximum(mass[:, _DIGIT], 1e-300))
    return Summed(classes, log_best + log_scale, float(np.log(norms).sum()) + log_scale, marginals)


class _Taken(NamedTuple):
    """One step as it was taken: which outcomes were followed, their chances by print alone, their states before and
    after, the chances of the states ahead of it, and which outcome is the best way to each state.

    Where only one outcome is possible there is no choice: its chances and best ways are None, its states one row.
    """

    kept: NDArray[np.intp]
    likely: NDArray[np.float64] | None
    source: NDArray[np.intp]
    target: NDArray[np.intp]
    ahead: NDArray[np.float64]
    trace: NDArray[np.intp] | None


def _marginals(moves: tuple[Move, ...], taken: list[_Taken], in_group: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability of each character in each place, given that all sums agree: (places, 37).

    `in_group` is the chance of each character among those of its value.
    """
    result = np.zeros_like(in_group)
    outcomes = np.zeros((len(result), 10))
    back = np.ones(101)
    back[_NOWHERE] = 0
    for (place, pairs, _, _), step in zip(reversed(moves), reversed(taken), strict=True):
        later = back[step.target]
        if step.likely is None:
            share, back = _CERTAIN, later
        else:
            share = (later @ step.ahead) * step.likely
            share /= max(float(share.sum()), 1e-300)
            back = step.likely @ later
            back /= max(float(back.max()), 1e-300)
        if pairs is None:
            outcomes[place, step.kept] = share
        else:
            result[place] = np.bincount(pairs[step.kept, 0], share, len(_DIGIT))
            result[place + 1] = np.bincount(pairs[step.kept, 1], share, len(_DIGIT))
    return np.asarray(result + in_group * outcomes[:, _DIGIT], np.float64)
