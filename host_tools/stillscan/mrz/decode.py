"""Likelihoods of characters to the most probable MRZ that is possible at all, and how probable it is.

All check digits are weighed at once: a dynamic programme runs over the covered places with the two running sums
modulo 10 (the field's and the composite's) as state, once for the best text and once for the sum over all texts.
Names have no check digit, so nothing is corrected there: each letter is the likeliest one by itself.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stillscan.mrz import places
from stillscan.mrz.alphabet import ALPHABET, VALUE
from stillscan.mrz.formats import Format

_LAST_DIGIT = np.array([VALUE[character] % 10 for character in ALPHABET])
_SAME_DIGIT = [np.flatnonzero(digit == _LAST_DIGIT) for digit in range(10)]
_UNKNOWN_CODE = -9.0
"""Log odds against a code that is not in the list: codes are added now and then, but rarely."""
_BROKEN_RULE = -7.0
"""Log odds that a document breaks the rules of its check digits (misprint, forgery, another format). Without this way
out, a clear print with a wrong digit would be bent into the nearest text whose digits agree, and look certain."""
_TWINS = {"O": "0", "0": "O", "I": "1", "1": "I"}
"""Characters that some cuts print alike: there the place alone decides."""
_TWIN_OF = np.array([ALPHABET.index(_TWINS.get(character, character)) for character in ALPHABET])
_BACK = {weight: (np.arange(10) - weight * np.arange(10)[:, None]) % 10 for weight in (0, 1, 3, 7)}


class Decoded(NamedTuple):
    """The best text: `log_best` is its log likelihood, `log_all` that of all texts possible in its format."""

    form: Format
    lines: tuple[str, ...]
    log_best: float
    log_all: float
    characters: NDArray[np.float32]
    """(lines, columns): probability of each character of the text by its own place alone."""
    plainest: float
    """The least probability of a character by its print alone, whatever may stand in its place (twins together)."""


def decode(likelihoods: NDArray[np.float32]) -> Decoded | None:
    """Best MRZ for log likelihoods (lines, columns, 37); None when no format has this size.

    `log_all` of the result sums over all formats of the size, so that exp(log_best - log_all) is its probability.
    """
    found = [
        decoded
        for form in places.candidates(*likelihoods.shape[:2])
        if (decoded := _decode_as(form, likelihoods.astype(np.float64))) is not None
    ]
    if not found:
        return None
    best = max(found, key=lambda decoded: decoded.log_best)
    return best._replace(log_all=float(np.logaddexp.reduce([decoded.log_all for decoded in found])))


def _decode_as(form: Format, likelihoods: NDArray[np.float64]) -> Decoded | None:
    """Best text in one format; None when its first letter is out of the question."""
    masks = places.variants(form)
    first = likelihoods[0, 0] + masks[0][0, 0]
    if first.max() < likelihoods[0, 0].max() - 15:
        return None
    steps = places.steps(form)
    log_best, log_all = 0.0, 0.0
    covered = np.zeros(likelihoods.shape[:2], bool)
    masked = likelihoods + masks[0]
    classes = masked.argmax(axis=2)
    for span in (form.issuer, form.nationality):
        chosen, best, total = _code(masked[span.line, span.first : span.end])
        classes[span.line, span.first : span.end] = chosen
        covered[span.line, span.first : span.end] = True
        log_best, log_all = log_best + best, log_all + total

    steps = places.steps(form)
    rows, columns = np.array([step.line for step in steps]), np.array([step.column for step in steps])
    ways = [
        _checked(way, (likelihoods + mask)[rows, columns])
        for mask, way in zip(masks, places.variant_steps(form), strict=True)
    ]
    variant = max(range(len(ways)), key=lambda index: ways[index][1])
    classes[rows, columns] = ways[variant][0]
    covered[rows, columns] = True
    free = masked[~covered]
    log_best += ways[variant][1] + float(free.max(axis=1).sum())
    unruly = _BROKEN_RULE + float(_log_sum(likelihoods[rows, columns]).sum())
    log_all += float(np.logaddexp.reduce([*(way[2] for way in ways), unruly])) + float(_log_sum(free).sum())

    own = np.take_along_axis(likelihoods, classes[..., None], axis=2)[..., 0]
    twins = np.take_along_axis(likelihoods, _TWIN_OF[classes][..., None], axis=2)[..., 0]
    plainest = float(np.exp(np.maximum(own, twins)).min())
    characters = np.exp(np.minimum(own - _log_sum(likelihoods + masks[variant]), 0)).astype(np.float32)
    lines = tuple("".join(ALPHABET[index] for index in row) for row in classes)
    return Decoded(form, lines, log_best, log_all, characters, plainest)


def _log_sum(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of the sum of exponentials over the last axis."""
    top = values.max(axis=-1)
    return np.asarray(top + np.log(np.exp(values - top[..., None]).sum(axis=-1)))


def _code(own: NDArray[np.float64]) -> tuple[NDArray[np.intp], float, float]:
    """(classes, log likelihood, sum over all) of a three-letter code: one of the list, or with long odds any other."""
    listed = own[np.arange(3), places.CODE_CLASSES].sum(axis=1)
    free_best = float(own.max(axis=1).sum()) + _UNKNOWN_CODE
    free_all = float(_log_sum(own).sum()) + _UNKNOWN_CODE
    total = float(np.logaddexp(_log_sum(listed), free_all))
    best = int(listed.argmax())
    if listed[best] >= free_best:
        return places.CODE_CLASSES[best], float(listed[best]), total
    return own.argmax(axis=1), free_best, total


def _checked(steps: tuple[places.Step, ...], own: NDArray[np.float64]) -> tuple[NDArray[np.intp], float, float]:
    """(classes, log likelihood, sum over all) of the places under check digits, from their likelihoods (places, 37).

    States are [field sum, composite sum]; characters of one value modulo 10 are interchangeable, so that only the
    best of each ten groups matters to the best text and their sum to the total.
    """
    top = np.stack([own[:, same].max(axis=1) for same in _SAME_DIGIT], axis=1)
    top_class = np.stack([same[own[:, same].argmax(axis=1)] for same in _SAME_DIGIT], axis=1)
    scale = own.max(axis=1, keepdims=True)
    mass = np.stack([np.exp(own[:, same] - scale).sum(axis=1) for same in _SAME_DIGIT], axis=1)
    best, total = np.full((10, 10), places.NEVER), np.zeros((10, 10))
    best[0, 0], total[0, 0] = 0, 1
    digits, trace = np.arange(10)[:, None], []
    for step, gain, chance in zip(steps, top, mass, strict=True):
        composite = _BACK[step.composite_weight]
        if step.closes == "composite":  # the digit equals the composite sum; the fields are closed, their sum is 0
            best[0] += gain
            total[0] *= chance
            break
        if step.closes == "field":  # the digit equals the field sum, which starts again at 0
            ways = best[digits, composite] + gain[:, None]
            trace.append(ways.argmax(axis=0)[None].repeat(10, axis=0))
            sums = (total[digits, composite] * chance[:, None]).sum(axis=0)
            best, total = np.full((10, 10), places.NEVER), np.zeros((10, 10))
            best[0], total[0] = ways.max(axis=0), sums
        else:
            field = _BACK[step.field_weight]
            sources = field[:, :, None], composite[:, None, :]
            ways = best[sources] + gain[:, None, None]
            trace.append(ways.argmax(axis=0))
            best, total = ways.max(axis=0), (total[sources] * chance[:, None, None]).sum(axis=0)
    ends = steps[-1].closes == "composite"
    last = int(best[0].argmax()) if ends else 0
    chosen = np.empty(len(steps), np.intp)
    if ends:
        chosen[-1] = top_class[-1, last]
    field_sum, composite_sum = 0, last
    for index in range(len(trace) - 1, -1, -1):
        step, digit = steps[index], int(trace[index][field_sum, composite_sum])
        chosen[index] = top_class[index, digit]
        field_sum = digit if step.closes == "field" else (field_sum - step.field_weight * digit) % 10
        composite_sum = (composite_sum - step.composite_weight * digit) % 10
    everything = float(total[0].sum() if ends else total[0, 0])
    return chosen, float(best[0, last]), float(np.log(max(everything, 1e-300)) + scale.sum())
